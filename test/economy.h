/*
 * A small made-up economy whose reports come in over months: firms of very different sizes, a few
 * of them late, some corrected. For the tests of releases. What a release of a month may know is
 * economy_now; quarters are published when they are complete, the sum of all months never.
 */
#ifndef TEST_ECONOMY_H
#define TEST_ECONOMY_H

#include "disclosure/vintage.h"

enum { ECON_PERIOD, ECON_ITEM, ECON_REGION, ECON_DIMS };

struct economy_size {
    int firms, items, regions, months;
    int late_per_mille, corrected_per_mille;
};
struct report {
    struct contribution_at c;
    int month;      /* it is about */
    int known;      /* month of the release that first could have it */
    int corrected;  /* month from which `better` holds; INT_MAX: never */
    int64_t better;
};
struct economy {
    struct economy_size size;
    struct report *report;
    size_t n_reports;
    struct arena arena;
};
void economy_init(struct economy *e, const struct economy_size *size, uint64_t seed);
void economy_finish(struct economy *e);
/* The plan and the contributions of a release after that month (from 0). */
const struct plan *economy_plan(struct economy *e, struct arena *a, int month);
size_t economy_now(const struct economy *e, struct arena *a, int month,
                   struct contribution_at **out);
extern const struct rules economy_rules;

#endif
