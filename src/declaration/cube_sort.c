/* LSD radix sort, digits of up to 11 bits laid over the bits that vary: constant time per item
 * whatever the order it comes in. */
#include "declaration/cube_work.h"

enum { DIGIT = 11, RADIX = 1 << DIGIT, DIGITS_MOST = 8 };

struct digits {
    int n;
    int shift[DIGITS_MOST], bits[DIGITS_MOST];
};

/* From below: constant bits are passed over, and a digit ends where its varying bits do. */
static struct digits lay_digits(uint64_t varying)
{
    struct digits d = {0};
    while (varying != 0) {
        int shift = __builtin_ctzll(varying);
        uint64_t part = varying >> shift & (RADIX - 1);
        d.shift[d.n] = shift;
        d.bits[d.n++] = 64 - __builtin_clzll(part);
        varying &= ~(part << shift);
    }
    check(d.n <= DIGITS_MOST);
    return d;
}

static void starts(uint32_t *count, int bits)
{
    uint32_t at = 0;
    for (int k = 0; k < 1 << bits; k++) {
        uint32_t n = count[k];
        count[k] = at;
        at += n;
    }
}

struct row *sort_rows(struct row *p, struct row *spare, size_t n)
{
    uint32_t count[DIGITS_MOST][RADIX];
    uint64_t varying = 0;
    for (size_t i = 1; i < n; i++) {
        varying |= p[i].word ^ p[0].word;
    }
    const struct digits d = lay_digits(varying);
    memset(count, 0, (size_t)d.n * sizeof count[0]);
    for (size_t i = 0; i < n; i++) {
        for (int k = 0; k < d.n; k++) {
            count[k][p[i].word >> d.shift[k] & ((1u << d.bits[k]) - 1)]++;
        }
    }
    for (int k = 0; k < d.n; k++) {
        const int shift = d.shift[k];
        const uint64_t low = (1u << d.bits[k]) - 1;
        starts(count[k], d.bits[k]);
        for (size_t i = 0; i < n; i++) {
            spare[count[k][p[i].word >> shift & low]++] = p[i];
        }
        struct row *swap = p;
        p = spare;
        spare = swap;
    }
    return p;
}

uint64_t *sort_words(uint64_t *p, uint64_t *spare, size_t n, uint64_t mask)
{
    uint32_t count[DIGITS_MOST][RADIX];
    uint64_t varying = 0;
    for (size_t i = 1; i < n; i++) {
        varying |= p[i] ^ p[0];
    }
    const struct digits d = lay_digits(varying & mask);
    memset(count, 0, (size_t)d.n * sizeof count[0]);
    for (size_t i = 0; i < n; i++) {
        for (int k = 0; k < d.n; k++) {
            count[k][p[i] >> d.shift[k] & ((1u << d.bits[k]) - 1)]++;
        }
    }
    for (int k = 0; k < d.n; k++) {
        const int shift = d.shift[k];
        const uint64_t low = (1u << d.bits[k]) - 1;
        starts(count[k], d.bits[k]);
        for (size_t i = 0; i < n; i++) {
            spare[count[k][p[i] >> shift & low]++] = p[i];
        }
        uint64_t *swap = p;
        p = spare;
        spare = swap;
    }
    return p;
}
