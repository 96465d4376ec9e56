/* SHA-256 (FIPS 180-4) over OpenSSL. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

void hash_sha256(const void *p, size_t n, uint8_t out[32]);
void hash_hex(const uint8_t *p, size_t n, char *out); /* 2n characters and a NUL */

/* HMAC-SHA-256 (RFC 2104). */
void hash_hmac(const void *key, size_t key_n, const void *p, size_t n, uint8_t out[32]);

/* 128 bits of a text, fast and not for secrets or proofs: for tables and for ETags. The same seed
 * gives the same hash on every machine of one byte order. */
void hash_quick(const void *p, size_t n, uint64_t seed, uint64_t out[2]);

struct hash {
    void *ctx;
};
void hash_init(struct hash *h);
void hash_add(struct hash *h, const void *p, size_t n);
void hash_end(struct hash *h, uint8_t out[32]); /* also frees */

#endif
