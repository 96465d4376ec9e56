/* openness, inside: several scopes laid over a domain. The domain is cut into classes by every
 * scope, so that a class cell is wholly inside or wholly outside of each; which scopes hold it
 * is one AND of four rows of bits. Exact, and independent of the number of raw cells. */
#ifndef OPENNESS_OVERLAY_H
#define OPENNESS_OVERLAY_H

#include "space/grid.h"

struct overlay {
    struct grid g;
    int n, words;     /* scopes; words of a row */
    uint64_t *row[4]; /* sector, combo, origin, place: class x words, bit i = scope i holds it */
    uint64_t *cell;   /* words: the cell asked for last */
};

void scope_and(struct scope *a, const struct scope *b); /* a &= b, each set on its own */
bool scope_meets(const struct scope *a, const struct scope *b); /* a cell in common */

/* ERR_LIMIT (LIMIT_REGION_CELLS) when the scopes cut the domain too fine. */
enum err overlay_build(struct overlay *o, struct arena *a, const struct classification *k,
                       const struct scope *domain, const struct scope *const *set, int n,
                       struct error *e);
/* The scopes that hold class cell (s, c, o, p): o->words words, valid until the next call. */
const uint64_t *overlay_cell(const struct overlay *v, int s, int c, int o, int p);

#endif
