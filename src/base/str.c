#define _GNU_SOURCE /* memmem */
#include "base/str.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"

bool str_eqz(struct str a, const char *z)
{
    return str_eq(a, str_from(z));
}

static unsigned char lower(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 'A' && u <= 'Z' ? (unsigned char)(u + ('a' - 'A')) : u;
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.n != b.n) {
        return false;
    }
    for (size_t i = 0; i < a.n; i++) {
        if (lower(a.p[i]) != lower(b.p[i])) {
            return false;
        }
    }
    return true;
}

int str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n == 0 ? 0 : memcmp(a.p, b.p, n);
    return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

bool str_has_prefix(struct str s, struct str prefix)
{
    return prefix.n <= s.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool str_find(struct str hay, struct str needle, size_t *at)
{
    size_t where = 0;
    if (needle.n > 0) {
        const char *hit = hay.n == 0 ? NULL : memmem(hay.p, hay.n, needle.p, needle.n);
        if (hit == NULL) {
            return false;
        }
        where = (size_t)(hit - hay.p);
    }
    if (at != NULL) {
        *at = where;
    }
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
    while (s.n > 0 && is_space(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && is_space(s.p[s.n - 1])) {
        s.n--;
    }
    return s;
}

struct str str_cut(struct str s, char sep, struct str *rest)
{
    const char *hit = s.n == 0 ? NULL : memchr(s.p, sep, s.n);
    size_t n = hit == NULL ? s.n : (size_t)(hit - s.p);
    if (rest != NULL) {
        *rest = hit == NULL ? STR("") : (struct str){hit + 1, s.n - n - 1};
    }
    return (struct str){s.p, n};
}

struct str str_copy(struct arena *a, struct str s)
{
    /* No text stays no text: writers print {NULL,0} as null, an empty text as "". */
    return s.p == NULL ? s : (struct str){arena_copy(a, s.p, s.n), s.n};
}

bool str_int(struct str s, int64_t *out)
{
    size_t i = s.n > 0 && s.p[0] == '-' ? 1 : 0;
    bool negative = i == 1;
    int64_t v = 0;
    if (i == s.n) {
        return false;
    }
    for (; i < s.n; i++) {
        int digit = s.p[i] - '0';
        if (digit < 0 || digit > 9) {
            return false;
        }
        /* Counted in its final sign, because INT64_MIN has no positive twin. */
        if (__builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, negative ? -digit : digit, &v)) {
            return false;
        }
    }
    *out = v;
    return true;
}

/* Length of the well-formed sequence at p (Unicode table 3-7), or 0; *cp gets its code point. */
static size_t utf8_decode(const unsigned char *p, size_t n, int32_t *cp)
{
    if (p[0] < 0x80) {
        *cp = p[0];
        return 1;
    }
    size_t len = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || n < len) {
        return 0;
    }
    /* The second byte rules out overlong forms, surrogates and what lies above U+10FFFF. */
    unsigned lo = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
    unsigned hi = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;
    if (p[1] < lo || p[1] > hi) {
        return 0;
    }
    int32_t v = p[0] & (0x7F >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 0;
        }
        v = v * 64 + (p[i] & 0x3F);
    }
    *cp = v;
    return len;
}

/* Eight bytes of ASCII, none of them NUL. */
static inline bool plain_eight(const char *p)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    uint64_t v;
    memcpy(&v, p, 8);
    return ((v | (v - ones)) & tops) == 0;
}

bool str_utf8_valid(struct str s)
{
    int32_t cp;
    for (size_t i = 0; i < s.n;) {
        if (s.n - i >= 8 && plain_eight(s.p + i)) {
            i += 8;
            continue;
        }
        size_t len = utf8_decode((const unsigned char *)s.p + i, s.n - i, &cp);
        if (len == 0 || cp == 0) {
            return false;
        }
        i += len;
    }
    return true;
}

int32_t str_utf8_next(struct str s, size_t *i)
{
    int32_t cp = -1;
    if (*i >= s.n) {
        return -1;
    }
    size_t len = utf8_decode((const unsigned char *)s.p + *i, s.n - *i, &cp);
    if (len == 0) {
        ++*i; /* one byte only: what follows may be good again */
        return 0xFFFD;
    }
    *i += len;
    return cp;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* One row of the table: row[j] is the distance of a[0..i) and b[0..j). Returns its minimum. */
static int distance_row(struct str a, struct str b, size_t i, const int *before2, const int *before,
                        int *row)
{
    int min = row[0] = (int)i;
    for (size_t j = 1; j <= b.n; j++) {
        bool same = a.p[i - 1] == b.p[j - 1];
        int d = least(before[j] + 1, row[j - 1] + 1);
        d = least(d, before[j - 1] + (same ? 0 : 1));
        if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1]) {
            d = least(d, before2[j - 2] + 1);
        }
        row[j] = d;
        min = least(min, d);
    }
    return min;
}

/* The restricted form (optimal string alignment): swapped neighbours cost one and are not
 * edited again, which is what a typing error looks like. Gives min(distance, cap). */
int str_distance(struct str a, struct str b, int cap)
{
    size_t apart = a.n > b.n ? a.n - b.n : b.n - a.n;
    if (cap <= 0 || apart >= (size_t)cap) {
        return cap;
    }
    check(a.n < INT32_MAX / 2 && b.n < INT32_MAX / 2);
    int small[3 * 128];
    size_t width = b.n + 1;
    int *mem = width <= 128 ? small : calloc(3 * width, sizeof *mem);
    check(mem != NULL);
    int *before2 = mem, *before = mem + width, *row = mem + 2 * width;
    int answer = cap;
    for (size_t j = 0; j < width; j++) {
        before[j] = (int)j;
    }
    size_t i = 1;
    for (; i <= a.n; i++) {
        int min = distance_row(a, b, i, before2, before, row);
        /* A row is at most one more than the row above it, so a swap from two rows up cannot
         * get below the cap again either. */
        if (min >= cap) {
            break;
        }
        int *spare = before2;
        before2 = before;
        before = row;
        row = spare;
    }
    if (i > a.n) {
        answer = least(before[b.n], cap);
    }
    if (mem != small) {
        free(mem);
    }
    return answer;
}
