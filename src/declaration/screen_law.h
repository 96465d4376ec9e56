/* screen, inside: what of a snapshot can matter to a question that claims nothing. Apart from the
 * other files because decide/snapshot.h and declaration.h both have a `rule`. */
#ifndef DECLARATION_SCREEN_LAW_H
#define DECLARATION_SCREEN_LAW_H

#include "decide/decide.h"

/* The last day up to `last` on which the law is that of `d`. */
day_t unclaimed_until(const struct snapshot *s, day_t d, day_t last);
/* The same texts speak, for the same economies. */
bool unclaimed_alike(const struct snapshot *s, day_t a, day_t b, day_t known);
/* snapshot_grid without what only a claim would bring in: fewer classes, just as exact. */
void unclaimed_grid(const struct snapshot *s, day_t on, day_t known, const struct scope *domain,
                    struct grid *out);

#endif
