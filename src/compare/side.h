/*
 * side: what stands on one side of a comparison.
 *
 * An *edition* is one list read alone, as if no other text spoke (question.only). A *view* is
 * what a family of lists comes to at one place on one day, for every economy or for one:
 * "cross-border@CN-SH@2025-01-01", "investment@CN-HI", "cross-border@CN-SH@2025-01-01@HK".
 * Only negative lists can be compared so; for a schedule of commitments there is gap.h.
 */
#ifndef COMPARE_SIDE_H
#define COMPARE_SIDE_H

#include "decide/decide.h"

struct side {
    struct str name;   /* as asked */
    int instrument;    /* the edition; -1: a view */
    enum family family;
    int place, origin; /* of a view; origin -1: every economy */
    day_t on, known;
};

/* An edition's id or a view. `today`: the day for what names none, and of knowledge. Errors:
 * ERR_NOT_FOUND (no such list, with a did-you-mean), ERR_INVALID (its items are not held, or it
 * is a positive list), ERR_SYNTAX, ERR_UNKNOWN_CODE, ERR_DATE_RANGE. */
enum err side_parse(const struct corpus *c, struct str spec, day_t today, struct side *out,
                    struct error *e);
/* The edition of a record that need not be the open one. */
enum err side_of_record(const struct corpus *c, int instrument, day_t today, struct side *out,
                        struct error *e);

/* What both sides speak about: the cells of the comparison. A dimension that a view fixes has
 * one code, that of side a. ERR_INVALID: different families, or no place in common. */
enum err sides_domain(const struct corpus *c, const struct side *a, const struct side *b,
                      struct scope *out, struct error *e);

/* The question of a cell for one side. */
void side_question(const struct corpus *c, const struct side *s, int sector, int combo,
                   int origin, int place, struct question *out);

#endif
