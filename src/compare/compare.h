/*
 * compare: lists by what they mean. Two texts, or the law of two days, stand against each other
 * cell by cell and under every valuation of the facts; so does one supplier's question against
 * those beside it. Files of the room, each with a header of its own:
 *
 *   diff.h       two sides: what is opened, closed, the same (settle.h: one cell of them)
 *   meaning.h    which items say the same, whatever their key, number or words
 *   wording.h    two texts of one rule, word by word, for people to read
 *   chronicle.h  everything that changed in the law held, as dated events
 *   life.h       one rule over all lists and editions that have it
 *   follow.h     some cells, and every day on which their meaning changed
 *   map.h        everything that a supplier's profile may do
 *   route.h      the smallest changes that make an answer better (procedure.h: how long they take)
 *
 * Counts of cells are exact and add up to what was asked about, regions do not overlap, and what is
 * said of a region has a witness: a question that is answered so. Nothing here writes to the store;
 * what is made lies in the arena that is given. May include decide/ and below.
 *
 * What stands on one side of a comparison is a *side*, read by side.c.
 * An *edition* is one list read alone, as if no other text spoke (question.only). A *view* is
 * what a family of lists comes to at one place on one day, for every economy or for one:
 * "cross-border@CN-SH@2025-01-01", "investment@CN-HI", "cross-border@CN-SH@2025-01-01@HK".
 * Only negative lists can be compared so; for a schedule of commitments there is gap.h.
 */
#ifndef COMPARE_COMPARE_H
#define COMPARE_COMPARE_H

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
