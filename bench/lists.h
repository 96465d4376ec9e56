/* Two editions of a made-up negative list in one corpus, for comparing diffs: the second is the
 * first after some edits (an item left out, added, made stricter or softer, its sectors widened,
 * some economies or places taken out). Shaped like the held lists: nodes of the sector tree, one
 * to three an item; modes 1, 2 and 4; nearly always all economies; past a few hundred items most
 * are narrow and local, as a country-wide register would be. No item has conditions, so that a
 * cell has one value and a Boolean function can say all. Seeded; no law is in it. */
#ifndef BENCH_LISTS_H
#define BENCH_LISTS_H

#include "decide/decide.h"

/* Instrument 0 is the first edition, 1 the second. Memory: the arena's. */
struct corpus *lists_make(struct arena *a, const struct classification *codes, int items,
                          int edits, uint64_t seed);
/* A corpus read without its conditions: every item of its layers as if nothing could lift it and
 * no fact narrowed it. The instruments keep their places in the corpus. */
struct corpus *lists_plain(struct arena *a, const struct corpus *c);

#endif
