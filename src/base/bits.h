/* Dense bit sets over small fixed universes, in 64-bit words; loops are written so that the
 * compiler vectorises them. n is always the number of WORDS. */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BITS_WORDS(bits) (((bits) + 63) / 64)

static inline void bit_set(uint64_t *w, size_t i) { w[i / 64] |= (uint64_t)1 << (i % 64); }
static inline void bit_clear(uint64_t *w, size_t i) { w[i / 64] &= ~((uint64_t)1 << (i % 64)); }
static inline bool bit_get(const uint64_t *w, size_t i) { return (w[i / 64] >> (i % 64)) & 1; }
void bits_set_range(uint64_t *w, size_t from, size_t to); /* [from, to) */
size_t bits_count(const uint64_t *w, size_t n);
bool bits_any(const uint64_t *w, size_t n);
bool bits_equal(const uint64_t *a, const uint64_t *b, size_t n);
void bits_or(uint64_t *a, const uint64_t *b, size_t n);    /* a |= b  */
void bits_and(uint64_t *a, const uint64_t *b, size_t n);   /* a &= b  */
void bits_minus(uint64_t *a, const uint64_t *b, size_t n); /* a &= ~b */

#endif
