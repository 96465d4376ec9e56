/*
 * unallocated: the leaves "not allocated" of a plan, where a change goes that may not be shown at
 * its own place (docs/releases.md, "Going coarser"). No contribution of a cube lies at one; all
 * that does was moved there by the hold. Private to the room.
 */
#ifndef DISCLOSURE_UNALLOCATED_H
#define DISCLOSURE_UNALLOCATED_H

#include "disclosure/vintage.h"

/* Is one of the coordinates a leaf "not allocated"? Of leaves and of cells. */
bool unallocated_at(const struct plan *p, const int16_t *at);
bool unallocated_node(const struct plan *p, int dim, int node);
/* Which dimensions are not allocated at a leaf, and below which depth; 0: none. What lies at leaves
 * of different kinds can be told apart by subtracting cells of different tables. */
uint16_t unallocated_kind(const struct plan *p, const int16_t *leaf);
/* Where a change at `leaf` goes by a way; false when the way keeps it where it is. */
bool unallocated_place(const struct plan *p, int way, const int16_t *leaf, int16_t *to);
/* The lines of `moved` as contributions at the leaves they went to, in order, one each. */
const struct contribution_at *unallocated_lines(const struct plan *p, const struct moved *m,
                                                size_t n, struct arena *a, size_t *n_out);
/* Are they the lines of r->used at such leaves, and does each come from another kind of leaf? */
bool unallocated_agrees(const struct plan *p, const struct release *r);

#endif
