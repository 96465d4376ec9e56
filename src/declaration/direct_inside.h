/* direct, inside: what reading hands to judging. Only direct_*.c include it. */
#ifndef DECLARATION_DIRECT_INSIDE_H
#define DECLARATION_DIRECT_INSIDE_H

#include "declaration/direct.h"
#include "declaration/reading.h"

struct direct_fields { /* one record */
    struct str raw;                  /* as it stood */
    struct str text;                 /* in which positions are counted; raw, or raw converted */
    struct str f[DIRECT_COLUMNS];    /* absent: {NULL, 0} */
    const char *at[DIRECT_COLUMNS];  /* begin of each in text; NULL: not in it */
    bool gb18030;                    /* text is */
};
struct direct_fault {
    enum direct_rule rule;
    enum direct_column field; /* DIRECT_COLUMNS: none */
    const char *at;           /* in text; NULL: all of it */
    struct reason why;
};
/* Values of fields and the rules of one line; `party` is the caller's to set. */
bool direct_judge(const struct direct_scheme *s, day_t today, const struct direct_fields *x,
                  struct direct_line *out, struct direct_fault *fault);
/* Which of several lines of a cell counts, and US cents: `line` in order of place on entry; marks
 * TWICE, REPLACED and UNRATED in rules, and orders by cell. ERR_LIMIT: totals beyond int64. */
enum err direct_settle(const struct direct_scheme *s, struct direct_line *line, size_t n,
                       struct error *e);
extern const struct reason direct_reason[DIRECT_RULES];
static inline bool direct_stays_out(const struct direct_line *x)
{
    return (x->rules & (1 << DIRECT_TWICE | 1 << DIRECT_REPLACED | 1 << DIRECT_UNRATED)) != 0;
}

#endif
