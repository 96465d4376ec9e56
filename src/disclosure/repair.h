/*
 * The cell suppression program for one target, private to disclosure/: the cheapest cells that,
 * once unknown, let the target move by its width. min sum cost |z|, M z = 0, z of the target
 * given, z >= -value (Kelly, Golden and Assad 1992; Fischetti and Salazar 2001 call it the
 * incremental attacker's heuristic). It looks at the cells around the target first.
 */
#ifndef DISCLOSURE_REPAIR_H
#define DISCLOSURE_REPAIR_H

#include "disclosure/patch.h"

struct repair {
    const struct ground *g;
    const int64_t *cost;    /* of a cell; 0: unknown already */
    const uint8_t *held;    /* cells that may not move */
    struct patch patch;
    int lps;
    double dear;            /* the unit of cost */
    int n_moved, *moved;    /* the answer: cells that move */
    double least;           /* what it costs */
};
void repair_init(struct repair *r, const struct ground *g, const int64_t *cost,
                 const uint8_t *held);
void repair_finish(struct repair *r);
/* The target moves by `amount`; both: everything has room to move the other way as well. At a cost
 * of `fair` no cheaper answer is looked for farther away; must: there is no other way, so all cells
 * are looked at before it gives up. */
bool repair_find(struct repair *r, int target, int64_t amount, bool both, bool must,
                 int64_t fair);
/* The same among cells that are unknown already, at most so many around the target: it costs
 * nothing, or is not to be had there. */
bool repair_within(struct repair *r, int target, int64_t amount, int most);

#endif
