/* The inside of a party table, for the loop that packs rows: it computes all hashes of a block and
 * asks for the memory before it looks at the first slot. Private to the room. */
#ifndef DECLARATION_PARTY_TABLE_H
#define DECLARATION_PARTY_TABLE_H

#include "declaration/parties.h"

enum { BUCKET = 3 };
struct party_key { /* the identity, padded with NUL */
    uint64_t a, b;
    uint16_t c;
};
/* Three parties in one cache line, since the table is larger than the cache and every line that a
 * search touches is waited for. A full bucket runs over into the next one. */
struct party_bucket {
    uint64_t a[BUCKET], b[BUCKET]; /* a 0: free, as no identity begins with NUL */
    uint16_t c[BUCKET];
    uint8_t number[BUCKET][3]; /* of 24 bits, the low byte first */
    uint8_t n;
};
_Static_assert(sizeof(struct party_bucket) == 64 && LIMIT_PARTIES <= 1 << 24, "a cache line");
struct party_table {
    uint32_t n, most;   /* most: entries before it grows */
    uint64_t mask;      /* buckets - 1 */
    struct party_bucket *bucket;
};
static inline uint32_t bucket_number(const struct party_bucket *k, int i)
{
    return k->number[i][0] | (uint32_t)k->number[i][1] << 8 | (uint32_t)k->number[i][2] << 16;
}

static inline struct party_key party_key_of(const char *id, size_t n)
{
    struct party_key k;
    char padded[PARTY_ID_BYTES] = {0};
    if (n != PARTY_ID_BYTES) {
        check(n < PARTY_ID_BYTES);
        memcpy(padded, id, n);
        id = padded;
    }
    memcpy(&k.a, id, 8);
    memcpy(&k.b, id + 8, 8);
    memcpy(&k.c, id + 16, 2);
    return k;
}

/* The constants hold no ASCII, so no identity makes a factor zero. */
static inline uint64_t party_hash(struct party_key k)
{
    unsigned __int128 x = (unsigned __int128)(k.a ^ 0xa0e1d6c8f8bde2afu) *
                          (k.b ^ 0xe7b3fed1a0b4a8dbu ^ (uint64_t)k.c << 40);
    uint64_t h = (uint64_t)x ^ (uint64_t)(x >> 64) ^ k.c;
    return h * 0x9e3779b97f4a7c15u >> 20;
}

static inline void party_prefetch(const struct party_table *t, uint64_t hash)
{
    __builtin_prefetch(&t->bucket[hash & t->mask]);
}

uint32_t party_table_add(struct party_table *t, struct party_key k, uint64_t hash);

/* UINT32_MAX: not there. */
static inline uint32_t party_table_find(const struct party_table *t, struct party_key k,
                                        uint64_t hash)
{
    for (uint64_t i = hash & t->mask;; i = (i + 1) & t->mask) {
        const struct party_bucket *s = &t->bucket[i];
        for (int j = 0; j < BUCKET; j++) {
            if (s->a[j] == k.a && s->b[j] == k.b && s->c[j] == k.c) {
                return bucket_number(s, j);
            }
        }
        if (s->n < BUCKET) {
            return UINT32_MAX;
        }
    }
}

static inline uint32_t party_table_number(struct party_table *t, struct party_key k, uint64_t hash)
{
    uint32_t number = party_table_find(t, k, hash);
    return number != UINT32_MAX ? number : party_table_add(t, k, hash);
}

#endif
