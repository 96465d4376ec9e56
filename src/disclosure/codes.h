/* Nodes by their codes: the order that does not change when a plan grows. Private to the room. */
#ifndef DISCLOSURE_CODES_H
#define DISCLOSURE_CODES_H

#include "disclosure/disclosure.h"

struct codes {
    const struct plan *plan;
    int16_t *node[DIMS_MAX]; /* in order of code */
    int16_t *rank[DIMS_MAX]; /* of a node */
};
void codes_init(struct codes *c, struct arena *a, const struct plan *p);
int codes_find(const struct codes *c, int dim, struct str code); /* -1 */

#endif
