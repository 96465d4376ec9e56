#include "disclosure/repair.h"

#include <math.h>
#include <stdlib.h>

enum { CLOSE_CELLS = 300, NEAR_CELLS = 1500, FAR_CELLS = 8000, ROUNDS = 4 };
#define ROOM_MOST 1e6 /* of the target's move */
#define STILL 1e-7 /* a move smaller than that share of the target's is the solver's rounding */

static void *zeroed(size_t n, size_t each)
{
    void *p = calloc(n + 1, each);
    check(p != NULL);
    return p;
}

void repair_init(struct repair *r, const struct ground *g, const int64_t *cost,
                 const uint8_t *held)
{
    *r = (struct repair){.g = g, .cost = cost, .held = held};
    patch_init(&r->patch, g);
    r->moved = zeroed((size_t)g->s->n_cells, sizeof(int));
}

void repair_finish(struct repair *r)
{
    patch_finish(&r->patch);
    free(r->moved);
}

static bool may_move(const void *ctx, int cell)
{
    const struct repair *r = ctx;
    return !r->held[cell];
}

static int64_t cost(const void *ctx, int cell)
{
    const struct repair *r = ctx;
    return r->held[cell] ? -1 : r->cost[cell];
}

static bool is_unknown(const void *ctx, int cell)
{
    const struct repair *r = ctx;
    return !r->held[cell] && r->cost[cell] == 0;
}

/* The target moves by 1, whatever way its variable goes; false: there is no room for that. */
static bool set_bounds(const struct repair *r, struct lp *lp, int64_t amount, bool both)
{
    const struct patch *p = &r->patch;
    double unit = (double)llabs(amount);
    for (int v = 0; v < p->n_variables; v++) {
        double up = fmin((double)p->up[v] / unit, ROOM_MOST);
        double down = fmin((double)p->down[v] / unit, ROOM_MOST);
        lp_lower(lp)[2 * v] = lp_lower(lp)[2 * v + 1] = 0;
        lp_upper(lp)[2 * v] = both ? fmin(up, down) : up;
        lp_upper(lp)[2 * v + 1] = both ? fmin(up, down) : down;
    }
    int way, own = 2 * patch_variable(p, 0, &way), side = (amount > 0) == (way > 0) ? 0 : 1;
    bool room = lp_upper(lp)[own + side] >= 1;
    for (int k = 0; k < 2; k++)
        lp_lower(lp)[own + k] = lp_upper(lp)[own + k] = k == side ? 1 : 0;
    return room;
}

/* A cell that is suppressed costs the same however little it moves. A program knows only costs by
 * the unit, so the cost is spread over the move that is expected of it: at first the most there is
 * room and need for, then what it was in the last solution. Cells that move together are
 * suppressed together. */
static void set_costs(const struct repair *r, struct lp *lp, const double *last)
{
    const struct patch *p = &r->patch;
    for (int v = 0; v < p->n_variables; v++)
        lp_cost(lp)[2 * v] = 0;
    for (int i = 0; i < p->n_queue; i++) {
        int way, v = patch_variable(p, i, &way), cell = p->queue[i];
        if (v < 0)
            continue;
        double expected = fmin(1, fmax(lp_upper(lp)[2 * v], lp_upper(lp)[2 * v + 1]));
        if (last != NULL && last[i] > STILL)
            expected = last[i];
        /* Nothing is quite free, or useless rounds of moves would cost nothing. */
        lp_cost(lp)[2 * v] += 1e-6 + (double)r->cost[cell] / r->dear / fmax(expected, 1e-6);
        lp_cost(lp)[2 * v] += lone(&r->g->s->cell[cell]) ? 1e-4 : 0; /* what an insider knows */
    }
    for (int v = 0; v < p->n_variables; v++)
        lp_cost(lp)[2 * v + 1] = lp_cost(lp)[2 * v];
}

/* What the solution suppresses; its cells become the answer if that is the least so far. */
static void keep_moved(struct repair *r, const double *moved)
{
    const struct patch *p = &r->patch;
    double cost = 0;
    for (int i = 0; i < p->n_queue; i++)
        cost += moved[i] > STILL ? (double)r->cost[p->queue[i]] : 0;
    if (cost >= r->least)
        return;
    r->least = cost;
    r->n_moved = 0;
    for (int i = 0; i < p->n_queue; i++) {
        if (moved[i] > STILL)
            r->moved[r->n_moved++] = p->queue[i];
    }
}

static void solve(struct repair *r, int64_t amount, bool both)
{
    struct patch *p = &r->patch;
    struct lp *lp = patch_program(p, (double)llabs(amount), both);
    double *moved = zeroed((size_t)p->n_queue, sizeof *moved);
    r->dear = 1;
    for (int i = 0; i < p->n_queue; i++)
        r->dear = fmax(r->dear, (double)r->cost[p->queue[i]] / 1e3);
    bool room = lp != NULL && set_bounds(r, lp, amount, both);
    /* Of the largest programs one solution is enough: each takes half a minute. */
    int rounds = p->n_queue > FAR_CELLS ? 1 : ROUNDS;
    for (int round = 0; room && round < rounds && r->least > 0; round++) {
        double before = r->least;
        set_costs(r, lp, round == 0 ? NULL : moved);
        r->lps++;
        if ((round == 0 ? lp_solve_dual(lp) : lp_solve(lp)) != LP_OPTIMAL)
            break;
        for (int i = 0; i < p->n_queue; i++)
            moved[i] = fabs(patch_move(p, lp_solution(lp), i));
        keep_moved(r, moved);
        if (round > 0 && r->least >= before)
            break;
    }
    free(moved);
    lp_destroy(lp);
    patch_empty(p);
}

/* Among unknown cells; in a box; in balls, larger and larger if it must be. */
bool repair_find(struct repair *r, int target, int64_t amount, bool both, bool must,
                 int64_t fair)
{
    static const int balls[] = {NEAR_CELLS, FAR_CELLS, INT32_MAX};
    r->n_moved = 0;
    r->least = INFINITY;
    patch_around(&r->patch, target, CLOSE_CELLS, is_unknown, r);
    solve(r, amount, both);
    if (r->least > 0 && patch_box(&r->patch, target, amount, cost, r))
        solve(r, amount, both);
    bool all = false;
    for (int i = 0; i < 3 && !all; i++) {
        if (i > 0 && (!must || r->least < INFINITY))
            break;
        if (r->least <= (double)fair)
            break;
        /* Before all that there are, all that are unknown: they cost nothing. */
        if (i == 2) {
            patch_around(&r->patch, target, INT32_MAX, is_unknown, r);
            solve(r, amount, both);
        }
        if (r->least == 0)
            break;
        all = patch_around(&r->patch, target, balls[i], may_move, r);
        solve(r, amount, both);
    }
    return r->least < INFINITY;
}

bool repair_within(struct repair *r, int target, int64_t amount, int most)
{
    r->n_moved = 0;
    r->least = INFINITY;
    patch_around(&r->patch, target, most, is_unknown, r);
    solve(r, amount, false);
    return r->least == 0;
}
