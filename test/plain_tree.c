#include "plain_tree.h"

#include <openssl/evp.h>

static struct digest hash(enum hash_kind k, uint8_t mark, const void *a, size_t an, const void *b,
                          size_t bn)
{
    struct digest d;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    check(c != NULL && EVP_DigestInit_ex(c, k == HASH_SM3 ? EVP_sm3() : EVP_sha256(), NULL) == 1 &&
          EVP_DigestUpdate(c, &mark, 1) == 1 && EVP_DigestUpdate(c, a, an) == 1 &&
          EVP_DigestUpdate(c, b, bn) == 1 && EVP_DigestFinal_ex(c, d.b, NULL) == 1);
    EVP_MD_CTX_free(c);
    return d;
}

struct digest plain_leaf(enum hash_kind k, struct str leaf)
{
    return hash(k, 0, leaf.p, leaf.n, "", 0);
}

struct digest plain_root(enum hash_kind k, const struct digest *leaf, uint64_t from, uint64_t to)
{
    if (from == to) {
        struct digest d;
        check(EVP_Digest("", 0, d.b, NULL, k == HASH_SM3 ? EVP_sm3() : EVP_sha256(), NULL) == 1);
        return d;
    }
    if (to - from == 1)
        return leaf[from];
    uint64_t half = 1;
    while (2 * half < to - from)
        half *= 2;
    struct digest left = plain_root(k, leaf, from, from + half);
    struct digest right = plain_root(k, leaf, from + half, to);
    return hash(k, 1, left.b, 32, right.b, 32);
}
