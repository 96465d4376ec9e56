/*
 * A thin face over the COIN-OR Clp solver, private to disclosure/: min c x, low <= A x <= high,
 * lower <= x <= upper. One model belongs to one thread; bounds and costs are changed in place, and
 * the next solution starts from the last basis.
 */
#ifndef DISCLOSURE_LP_H
#define DISCLOSURE_LP_H

#include <stdbool.h>

#define LP_INFINITY 1e50 /* more than the solver's own infinity of 1e30 */

struct lp;
struct lp_rows { /* row r: entries first[r] .. first[r + 1] */
    int n;
    const int *first, *column;
    const double *entry, *low, *high;
};
enum lp_status { LP_OPTIMAL, LP_INFEASIBLE, LP_UNBOUNDED, LP_FAILED };

struct lp *lp_create(int n_columns, const struct lp_rows *rows);
void lp_destroy(struct lp *lp); /* accepts NULL */
int lp_n_rows(const struct lp *lp);
double *lp_lower(struct lp *lp); /* of each column; initially 0 */
double *lp_upper(struct lp *lp); /* initially 0 */
double *lp_cost(struct lp *lp);  /* initially 0 */
/* By the primal simplex method, for many solutions of one program; or by the dual one, for a
 * program whose costs are not negative. */
enum lp_status lp_solve(struct lp *lp);
enum lp_status lp_solve_dual(struct lp *lp);
const double *lp_solution(struct lp *lp);

#endif
