#include "base/hash.h"

#include <openssl/evp.h>

#include "base/err.h"

/* SHA-256 of memory cannot fail but for a broken library or no memory: both end the program. */
void hash_sha256(const void *p, size_t n, uint8_t out[32])
{
    check(EVP_Digest(p, n, out, NULL, EVP_sha256(), NULL) == 1);
}

void hash_hex(const uint8_t *p, size_t n, char *out)
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = hex[p[i] >> 4];
        out[2 * i + 1] = hex[p[i] & 15];
    }
    out[2 * n] = '\0';
}

void hash_init(struct hash *h)
{
    h->ctx = EVP_MD_CTX_new();
    check(h->ctx != NULL);
    check(EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) == 1);
}

void hash_add(struct hash *h, const void *p, size_t n)
{
    check(EVP_DigestUpdate(h->ctx, p, n) == 1);
}

void hash_end(struct hash *h, uint8_t out[32])
{
    check(EVP_DigestFinal_ex(h->ctx, out, NULL) == 1);
    EVP_MD_CTX_free(h->ctx);
    h->ctx = NULL;
}
