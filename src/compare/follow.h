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

/* The cells in the words of an address: /follow/SECTOR/MODE/FROM/TO. */
struct follow_words {
    struct str sector, mode, from, to;
};
/* Reads the cells and puts the words into their normal form, so that cells asked for in two
 * spellings ("gbt:7231" "SGP", "7231" "SG") have one name. ERR_UNKNOWN_CODE, ERR_INVALID,
 * ERR_SYNTAX (the mode). */
enum err follow_read(const struct classification *c, struct arena *a, struct follow_words *w,
                     struct followed *out, struct error *e);
/* What an id is made of (chronicle_urn): the cells, the clock and the day; never language, host or
 * the day on which it is asked for. Without news (NULL): of the cells. */
struct str follow_id_name(struct arena *a, const struct follow_words *w, const struct news *n);
/* The same and what the news says, as far as it is not of today: news that is itself revised (a
 * list that is to come is corrected) keeps its id and gets another key. */
struct str follow_key_name(struct arena *a, const struct follow_words *w, const struct news *n);
/* kind, day, opened, closed, by, example: into the object that is open. */
void follow_members(const struct corpus *c, const struct news *n, struct jsonw *w);
/* The example with what it was and is; n->example. */
void follow_phrase(const struct corpus *c, const struct news *n, bool zh, struct buf *out);

#endif
