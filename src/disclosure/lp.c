#include "disclosure/lp.h"

#include <stdlib.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstrict-prototypes" /* the header declares one without (void) */
#include <Clp_C_Interface.h>
#pragma GCC diagnostic pop

#include "base/base.h"

struct lp {
    Clp_Simplex *model;
};

struct lp *lp_create(int n_columns, const struct lp_rows *rows)
{
    struct lp *lp = malloc(sizeof *lp);
    check(lp != NULL);
    lp->model = Clp_newModel();
    check(lp->model != NULL);
    Clp_setLogLevel(lp->model, 0);
    Clp_resize(lp->model, 0, n_columns);
    /* The solver does not bear a program without rows: it gets one that says nothing. */
    static const int nothing_first[] = {0, 1}, nothing_column = 0;
    static const double one = 1, low = -LP_INFINITY, high = LP_INFINITY;
    if (rows->n == 0)
        Clp_addRows(lp->model, 1, &low, &high, nothing_first, &nothing_column, &one);
    else
        Clp_addRows(lp->model, rows->n, rows->low, rows->high, rows->first, rows->column,
                    rows->entry);
    for (int i = 0; i < n_columns; i++) {
        lp_lower(lp)[i] = 0;
        lp_upper(lp)[i] = 0;
        lp_cost(lp)[i] = 0;
    }
    /* All entries are 1 or near it: scaling would only blur them. */
    Clp_scaling(lp->model, 0);
    Clp_setPrimalTolerance(lp->model, 1e-8);
    Clp_setOptimizationDirection(lp->model, 1);
    return lp;
}

void lp_destroy(struct lp *lp)
{
    if (lp != NULL) {
        Clp_deleteModel(lp->model);
        free(lp);
    }
}

int lp_n_rows(const struct lp *lp)
{
    return Clp_numberRows(lp->model);
}

double *lp_lower(struct lp *lp)
{
    return Clp_columnLower(lp->model);
}

double *lp_upper(struct lp *lp)
{
    return Clp_columnUpper(lp->model);
}

double *lp_cost(struct lp *lp)
{
    return Clp_objective(lp->model);
}

static enum lp_status status_of(const struct lp *lp)
{
    switch (Clp_status(lp->model)) {
    case 0: return LP_OPTIMAL;
    case 1: return LP_INFEASIBLE;
    case 2: return LP_UNBOUNDED;
    default: return LP_FAILED;
    }
}

enum lp_status lp_solve(struct lp *lp)
{
    Clp_primal(lp->model, 0);
    return status_of(lp);
}

enum lp_status lp_solve_dual(struct lp *lp)
{
    Clp_dual(lp->model, 0);
    return status_of(lp);
}

const double *lp_solution(struct lp *lp)
{
    return Clp_getColSolution(lp->model);
}
