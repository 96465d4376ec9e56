/* Whole-number arithmetic of the generator, so that every machine makes the same bytes. */
#include "declaration/generate_inside.h"

#include <stdlib.h>

uint64_t mix(uint64_t h)
{
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9u;
    h = (h ^ (h >> 27)) * 0x94D049BB133111EBu;
    return h ^ (h >> 31);
}

/* One bit of the fraction for each squaring of the mantissa. */
int64_t fixed_log2(uint64_t x)
{
    check(x > 0);
    int whole = 63 - __builtin_clzll(x);
    uint64_t m = whole >= 31 ? x >> (whole - 31) : x << (31 - whole); /* in [2^31, 2^32) */
    m <<= 31;                                                        /* [1, 2) in 2^-62 */
    int64_t out = (int64_t)whole << 32;
    for (int bit = 31; bit >= 0; bit--) {
        unsigned __int128 square = (unsigned __int128)m * m;
        bool two = (square >> 125) != 0;
        m = (uint64_t)(square >> (two ? 63 : 62));
        if (two)
            out += INT64_C(1) << bit;
    }
    return out;
}

/* 2^(1/2), 2^(1/4), 2^(1/8) ... in units of 2^-62, rounded down. */
static const uint64_t root_of_two[20] = {
    0x5A827999FCEF3242, 0x4C1BF828C6DC54B7, 0x45CAE0F1F545EB73, 0x42D561B3E6243D8A,
    0x4166C34C5615D0EB, 0x40B268F9DE0183B9, 0x4058F6A7ECCCD5B6, 0x402C6BE96AF2FB58,
    0x4016321B687027A8, 0x400B18178BA33B14, 0x40058BCE410147E8, 0x4002C5D7BFF71DAE,
    0x400162E807EE7E5B, 0x4000B1730DF6A524, 0x400058B9497B8151, 0x40002C5C955DD701,
    0x4000162E46D6F26B, 0x40000B1722757B1B, 0x4000058B90FD3E0C, 0x400002C5C86F3F26,
};

/* 2^x as the product of the roots of two that the bits of x's fraction name. */
uint64_t fixed_exp2(int64_t x)
{
    int64_t whole = x >> 32; /* rounds down */
    uint64_t fraction = (uint64_t)x & UINT32_MAX, out = UINT64_C(1) << 62;
    for (int i = 0; i < 20; i++) /* finer bits are below what is kept */
        if (fraction >> (31 - i) & 1)
            out = (uint64_t)(((unsigned __int128)out * root_of_two[i]) >> 62);
    int64_t down = 46 - whole;
    check(down >= 0);
    return down > 63 ? 0 : out >> down;
}

void alias_make(struct alias *out, struct arena *a, const uint64_t *weight, uint32_t n)
{
    check(n > 0);
    out->n = n;
    out->entry = ARENA_ARRAY(a, struct alias_entry, n);
    unsigned __int128 total = 0;
    uint64_t *left = malloc(n * sizeof *left);
    uint32_t *small = malloc(n * sizeof *small), *large = malloc(n * sizeof *large);
    check(left != NULL && small != NULL && large != NULL);
    for (uint32_t i = 0; i < n; i++)
        total += weight[i];
    check(total > 0);
    uint32_t n_small = 0, n_large = 0;
    const uint64_t one = UINT64_C(1) << 32;
    for (uint32_t i = 0; i < n; i++) {
        left[i] = (uint64_t)((unsigned __int128)weight[i] * n * one / total);
        if (left[i] < one)
            small[n_small++] = i;
        else
            large[n_large++] = i;
    }
    while (n_small > 0 && n_large > 0) {
        uint32_t s = small[--n_small], l = large[n_large - 1];
        out->entry[s] = (struct alias_entry){(uint32_t)left[s], l};
        left[l] -= one - left[s];
        if (left[l] < one) {
            n_large--;
            small[n_small++] = l;
        }
    }
    /* What is left over is one, but for rounding. */
    for (uint32_t i = 0; i < n_small; i++)
        out->entry[small[i]] = (struct alias_entry){UINT32_MAX, small[i]};
    for (uint32_t i = 0; i < n_large; i++)
        out->entry[large[i]] = (struct alias_entry){UINT32_MAX, large[i]};
    free(left);
    free(small);
    free(large);
}

void parts(int64_t whole, const int64_t *weight, int n, int64_t *part)
{
    __int128 total = 0;
    int64_t given = 0;
    for (int i = 0; i < n; i++)
        total += weight[i];
    check(total > 0);
    for (int i = 0; i < n; i++) {
        part[i] = (int64_t)((__int128)whole * weight[i] / total);
        given += part[i];
    }
    for (; given < whole; given++) {
        int best = 0;
        __int128 most = -1;
        for (int i = 0; i < n; i++) {
            __int128 rest = (__int128)whole * weight[i] - (__int128)part[i] * total;
            if (rest > most) {
                most = rest;
                best = i;
            }
        }
        part[best]++;
    }
}

enum { RAKE_ROUNDS = 12, COLUMN_ONE = 1 << 20 };

static void rake_rows(const int64_t *weight, int n, int m, const int64_t *total,
                      const uint32_t *column, uint64_t *row)
{
    for (int i = 0; i < n; i++) {
        __int128 sum = 0;
        for (int j = 0; j < m; j++)
            sum += (__int128)weight[i * m + j] * column[j];
        row[i] = sum > 0 ? (uint64_t)(((__int128)total[i] << 52) / sum) : 0;
    }
}

void rake(const int64_t *weight, int n, int m, const int64_t *row_total,
          const int64_t *column_total, uint32_t *column, uint64_t *row)
{
    for (int j = 0; j < m; j++)
        column[j] = COLUMN_ONE;
    for (int round = 0; round < RAKE_ROUNDS; round++) {
        rake_rows(weight, n, m, row_total, column, row);
        for (int j = 0; j < m; j++) {
            __int128 sum = 0;
            for (int i = 0; i < n; i++)
                sum += (__int128)weight[i * m + j] * (int64_t)(row[i] >> 8);
            __int128 want = sum > 0 ? ((__int128)column_total[j] << 44) / sum : COLUMN_ONE;
            column[j] = want < COLUMN_ONE / 16   ? COLUMN_ONE / 16
                        : want > COLUMN_ONE * 16 ? COLUMN_ONE * 16
                                                 : (uint32_t)want;
        }
    }
    rake_rows(weight, n, m, row_total, column, row);
}
