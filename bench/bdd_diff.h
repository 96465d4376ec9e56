/* The same comparison by a BDD library (BuDDy, Debian's libbdd-dev): a cell is 32 bits (sector 11,
 * combo 6, origin 8, place 7, in this order); of each edition one Boolean function for each
 * treatment: the cells in which an item stands at or above it. Opened: some treatment holds in a
 * and not in b; closed: the other way round. Conditions are not read (see lists_plain). */
#ifndef BENCH_BDD_DIFF_H
#define BENCH_BDD_DIFF_H

#include "decide/decide.h"

struct bdd_counts {
    uint64_t total, opened, closed;
    double build_s, diff_s; /* both editions built; both directions compared and counted */
    int nodes;              /* of the eight functions and the two results */
};

bool bdd_present(void); /* false: built without the library, and bdd_diff() is a bug */
/* `a`, `b`: instruments. The domain is the product of sets that diff_make() found. */
void bdd_diff(const struct corpus *c, int a, int b, const struct scope *domain,
              struct bdd_counts *out);

#endif
