/* Inside diff: the items of two editions side by side, by key, then by meaning. */
#ifndef COMPARE_DIFF_ITEMS_H
#define COMPARE_DIFF_ITEMS_H

#include "compare/diff.h"
#include "compare/meaning.h"

/* Fills d->item and d->kept. */
void diff_items(const struct snapshot *s, const int *meaning, struct diff *d, struct arena *arena);
/* Can the provision change a cell: is it removed, added, or changed in meaning or scope? */
bool diff_item_differs(const struct diff *d, int provision);
void diff_item_moves(struct diff *d, int provision); /* it did change a cell */
int diff_namesake(const struct diff *d, int provision); /* on the other side; -1 */

#endif
