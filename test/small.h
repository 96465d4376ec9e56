/*
 * A small world for tests that compare with brute force: 8 classes, 3 economies, 4 places, 5
 * facts that are not derived (2 bool, 2 enums of three, 1 number), and random negative lists
 * over them. Everything comes from the generator given.
 */
#ifndef TEST_SMALL_H
#define TEST_SMALL_H

#include "decide/decide.h"

enum { SMALL_LEAVES = 8, SMALL_ORIGINS = 3, SMALL_PLACES = 4, SMALL_FACTS = 8,
       SMALL_FIRST_FACT = 3 /* 0..2 are derived */ };

/* A corpus without lists. `a` owns everything. */
struct corpus *small_corpus(struct arena *a, struct rng *r, int room_for_provisions);
/* Appends a negative list of the family with n random items keyed "k0".. ; speaks where it is
 * told (bit sets; NULL: everywhere). Instruments must be added with their items in order. */
int small_list(struct corpus *c, struct arena *a, struct rng *r, const char *id,
               enum family family, enum layer_kind kind, int n);
/* Appends a copy of list `from` under another id, each item passed to `edit` (may be NULL),
 * which may change it, or return false to leave it out. */
typedef bool small_edit(struct corpus *c, struct arena *a, struct rng *r, struct provision *p);
int small_copy(struct corpus *c, struct arena *a, struct rng *r, const char *id, int from,
               small_edit *edit);
void small_item(struct corpus *c, struct arena *a, struct rng *r, struct provision *p);
/* Every complete valuation of the facts that some item of the corpus reads: calls each(). */
typedef void small_facts_fn(void *ctx, const struct facts *f);
void small_valuations(const struct corpus *c, small_facts_fn *each, void *ctx);

#endif
