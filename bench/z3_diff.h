/* The question "does the second edition open a cell?" to Z3 (Debian's libz3-dev), over bit vectors:
 * sector 11, combo 6, origin 8, place 7. Sets are unions of intervals of codes. One witness. */
#ifndef BENCH_Z3_DIFF_H
#define BENCH_Z3_DIFF_H

#include "decide/decide.h"

struct z3_answer {
    int opened; /* 1 yes, 0 no, -1 not found out in the time allowed */
    int sector, combo, origin, place; /* the witness */
    double build_s, solve_s;
};

bool z3_present(void);
void z3_opened(const struct corpus *c, int a, int b, const struct scope *domain,
               unsigned timeout_ms, struct z3_answer *out);

#endif
