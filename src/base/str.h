/* A slice of text: pointer and length by value, not owned, not NUL-terminated by promise.
 * (Text copied by str_copy is also NUL-terminated.) */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct arena;
struct str {
    const char *p;
    size_t n;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_ARG(s) (int)(s).n, (s).p /* for "%.*s" */

static inline struct str str_from(const char *z)
{
    return z ? (struct str){z, strlen(z)} : (struct str){NULL, 0};
}
static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
bool str_eqz(struct str a, const char *z);
bool str_eq_nocase(struct str a, struct str b); /* ASCII letters only */
int str_cmp(struct str a, struct str b);        /* bytewise, like memcmp then length */
bool str_has_prefix(struct str s, struct str prefix);
bool str_find(struct str hay, struct str needle, size_t *at); /* at may be NULL */
struct str str_trim(struct str s);                            /* ASCII white space */
/* Cuts s at the first `sep`; *rest gets what follows (empty if none). */
struct str str_cut(struct str s, char sep, struct str *rest);
struct str str_copy(struct arena *a, struct str s);
bool str_int(struct str s, int64_t *out);  /* whole string is a decimal integer */
bool str_utf8_valid(struct str s);         /* strict: no surrogates, no overlong, no NUL */
/* Next code point at *i (advances); 0xFFFD on bad bytes; -1 at the end. */
int32_t str_utf8_next(struct str s, size_t *i);
/* Damerau-Levenshtein distance over bytes, capped at `cap`; for did-you-mean. */
int str_distance(struct str a, struct str b, int cap);

#endif
