/*
 * follow: the cells somebody cares about, and every day on which their meaning changed. A
 * supplier follows a sector, a mode, a place and an economy; an edition that is new, renumbered
 * or reworded without touching those cells is no news. Two clocks: the law of a day (by what is
 * known today), and corrections (the law of today, as known before and after).
 *
 * A change is a diff of two views (diff.h) clipped to the cells. Where a list begins or ends to
 * speak there, that is news too: before and after cannot be compared.
 */
#ifndef COMPARE_FOLLOW_H
#define COMPARE_FOLLOW_H

#include "compare/diff.h"

struct followed {
    uint64_t sector[SECTOR_WORDS];
    int mode, origin, place;
};

enum follow_kind { FOLLOW_GOVERNED, FOLLOW_UNGOVERNED, FOLLOW_CHANGED, FOLLOW_CORRECTED };
enum { FOLLOW_BY = 8 };
struct news {
    enum follow_kind kind;
    day_t day;            /* of law; of a correction: on which it became known */
    uint64_t opened, closed; /* cells among those followed */
    int n_by;
    int by[FOLLOW_BY];    /* provisions that make it */
    bool example;         /* there is a witness: */
    struct question a, b; /* .facts: NULL; set them to &facts */
    struct facts facts;
    struct diff_answer was, is;
};

/* Newest first; the array lies in the arena. ERR_LIMIT as diff_make. */
enum err follow_make(const struct snapshot *s, const struct followed *f, day_t today,
                     struct arena *a, struct news **out, int *n, struct error *e);
const char *follow_name(enum follow_kind k); /* "governed" ... "corrected" */

#endif
