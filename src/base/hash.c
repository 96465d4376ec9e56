#include "base/hash.h"

#include <limits.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/err.h"

/* SHA-256 of memory cannot fail but for a broken library or no memory: both end the program. */
void hash_sha256(const void *p, size_t n, uint8_t out[32])
{
    check(EVP_Digest(p, n, out, NULL, EVP_sha256(), NULL) == 1);
}

void hash_hmac(const void *key, size_t key_n, const void *p, size_t n, uint8_t out[32])
{
    unsigned got = 0;
    check(key_n <= INT_MAX);
    check(HMAC(EVP_sha256(), key, (int)key_n, p, n, out, &got) != NULL && got == 32);
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

/* Two lanes of multiply and fold, as in the wyhash family; the lanes never share a constant. */
static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 x = (unsigned __int128)a * b;
    return (uint64_t)x ^ (uint64_t)(x >> 64);
}

void hash_quick(const void *p, size_t n, uint64_t seed, uint64_t out[2])
{
    static const uint64_t k[4] = {0xa0761d6478bd642fu, 0xe7037ed1a0b428dbu, 0x8ebc6af09c88c6e3u,
                                  0x589965cc75374cc3u};
    const unsigned char *at = p;
    uint64_t a = seed ^ k[0], b = fold(seed ^ k[1], k[2] ^ n), left = n;
    while (left > 0) {
        uint64_t v[2] = {0, 0};
        size_t take = left < 16 ? (size_t)left : 16;
        memcpy(v, at, take);
        a = fold(a ^ v[0] ^ k[1], v[1] ^ k[3]) + v[0];
        b = fold(b ^ v[1] ^ k[2], v[0] ^ k[0]) + (v[1] ^ a);
        at += take;
        left -= take;
    }
    out[0] = fold(a ^ k[2] ^ n, b ^ k[3]);
    out[1] = fold(b ^ k[1] ^ n, a ^ k[0]) ^ out[0] >> 32;
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
