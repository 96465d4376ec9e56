/*
 * settle: one cell, two sides, every valuation of the facts.
 *
 * The value of a side is the least over its layers of the greatest over their items, as in
 * docs/meaning.md; both ends of the interval are compared. Whether side x can be stricter than
 * side y is asked threshold by threshold: some layer of y must have all its items below t while
 * every layer of x has an item at or above t. That is a small search over the facts those items
 * read; what it finds is a witness, and what it does not find does not exist.
 *
 * Complete valuations only: every fact an item reads is known. Clauses in words only stay
 * unknown, as they do for a user.
 */
#ifndef COMPARE_SETTLE_H
#define COMPARE_SETTLE_H

#include "decide/snapshot.h"

enum { SETTLE_LAYERS = 16, SETTLE_ITEMS = LIMIT_MATCHES, SETTLE_CAUSES = 8 };

struct cell_layer {
    int first, n; /* its items: item[first .. first+n) */
};
struct cell_side { /* what one side says on one cell */
    struct question q; /* with no facts */
    int n_layers;      /* layers that speak; all of them negative lists */
    struct cell_layer layer[SETTLE_LAYERS];
    int n_items;
    int item[SETTLE_ITEMS]; /* provisions that match, in order of the corpus within a layer */
};

enum change { CHANGE_NONE, CHANGE_OPENED, CHANGE_CLOSED };

struct settled {
    enum change change;
    bool mixed;      /* closed on some valuation and opened on another; counts as closed */
    int n_causes;
    int cause[SETTLE_CAUSES]; /* items of the stricter side that make the difference */
    struct facts facts;       /* the witness: known are just those that matter */
};

/* ERR_LIMIT when a cell has more items, layers or valuations than can be searched. */
enum err settle(const struct snapshot *s, const int *meaning, const struct cell_side *a,
                const struct cell_side *b, struct settled *out, struct error *e);

#endif
