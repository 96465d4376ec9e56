/*
 * A circuit: cells that can move together by one and the same amount, up or down, so that every
 * relation still holds. Private to disclosure/.
 *
 * In one dimension a node moves with a sibling (which moves the other way) or with its parent, and
 * with one node of every level below it. The product of one such path for each dimension is a
 * circuit: the two by two corners of a table, the eight of a cube, and the like in linked tables,
 * since every relation runs along one dimension. Most cells that are protected at all are so by a
 * circuit, and one is found a thousand times faster than a linear program is solved. Not all
 * protection is of this form: what has no circuit is left to the linear program. What it finds
 * balances in every relation, but of published rates it knows nothing; the attack takes its word for
 * neither.
 */
#ifndef DISCLOSURE_CIRCUIT_H
#define DISCLOSURE_CIRCUIT_H

#include "disclosure/system.h"

enum { CIRCUIT_CELLS = 256 };

struct circuit_terms {
    int64_t need;    /* every cell moves by so much */
    bool both;       /* there must be room for it in either direction */
    int branches;    /* ways tried at each step, the cheapest first */
    int budget;      /* cells looked at before giving up */
    int64_t dearest; /* the sum of costs must stay below */
    int64_t enough;  /* at this cost nothing cheaper is looked for */
    int64_t (*cost)(const void *ctx, int cell); /* less than 0: may not move */
    const void *ctx;
};
struct circuit {
    int n;
    int cell[CIRCUIT_CELLS]; /* the target first */
    int8_t sign[CIRCUIT_CELLS];
    int64_t cost;
};
/* The cheapest that was found; the target moves with `sign`. */
bool circuit_find(const struct ground *g, int target, int sign, const struct circuit_terms *t,
                  struct circuit *out);

#endif
