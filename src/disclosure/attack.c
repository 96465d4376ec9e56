/*
 * The attack. What is not open is unknown; every relation that holds unknown cells is an equation
 * of them. The attacker's interval for a cell is the least and the greatest value it has in any
 * solution. The true values are one solution, so the search runs over moves away from them:
 * M z = 0, z >= -value where a value is known not to be negative.
 *
 *   1. an equation with one unknown tells it; again, until there is none
 *   2. a target that can be moved by a circuit, by as much as its width, is protected: the circuit
 *      is a proof, and it is checked here in whole numbers against every relation it touches
 *   3. else by linear programs over the cells around it and over a box of coordinates, all others
 *      held fast: a solution of one is a solution of the whole
 *   4. else by the linear program of all unknown cells it is connected with: only this one can
 *      find that a cell is exposed
 *
 * The linear programs are scaled so that the target's width is 1, and moves are cut at
 * REACH_MOST: both can only make intervals narrower, never hide an exposure.
 *
 * An insider holds fast all cells in which it is alone. Proofs that touch none of them still
 * stand, so only the targets whose proofs do are tried again.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "disclosure/circuit.h"
#include "disclosure/patch.h"

enum { NEAR_CELLS = 400, FAR_CELLS = 4000, BUDGET = 30000, BRANCHES = 12 };
#define REACH_MOST 1e5
#define MARGIN 1e-6 /* of the width: what the solver's rounding may be */
#define NOBODY UINT32_MAX

struct lone_cell { /* a suppressed cell with one contributor */
    uint32_t party;
    int cell;
};
struct parties_list {
    uint32_t *party;
    int n, cap;
};
struct span { /* what a target can do, in its widths; 1 is enough */
    double below, above;
};

struct assault {
    const struct system *s;
    struct ground g;
    uint8_t *told;     /* open, or worked out by elimination */
    int n_lone;
    struct lone_cell *lone; /* by party */
    int n_targets;
    int *target;       /* of twins the first: the others are known as it is, or are not */
    atomic_int next;
    int n_threads;
    struct raid *raid; /* one a thread */
};

struct raid { /* one thread's working memory */
    struct assault *as;
    uint32_t *held;     /* cell is held by the insider of this turn */
    uint32_t turn;
    int64_t *sum;       /* of a relation, while a circuit is checked */
    struct patch patch;
    struct parties_list met;  /* insiders that the proof depends on */
    struct parties_list left;
    bool hasty;               /* failure decides nothing: no large programs */
    int lps;
    int n_exposed, cap_exposed;
    struct exposure *exposed;
};

static void *zeroed(size_t n, size_t each)
{
    void *p = calloc(n + 1, each);
    check(p != NULL);
    return p;
}

static bool free_cell(const struct raid *r, int cell)
{
    return !r->as->told[cell] && r->held[cell] != r->turn;
}

static void meet(struct parties_list *l, uint32_t party)
{
    for (int i = 0; i < l->n; i++) {
        if (l->party[i] == party)
            return;
    }
    if (l->n == l->cap) {
        l->cap = l->cap == 0 ? 64 : 2 * l->cap;
        l->party = realloc(l->party, (size_t)l->cap * sizeof *l->party);
        check(l->party != NULL);
    }
    l->party[l->n++] = party;
}

/* A cell moved in a proof for a target: its only contributor could hold it. */
static void meet_cell(struct raid *r, int cell, int target)
{
    const struct sdc_cell *c = &r->as->s->cell[cell], *t = &r->as->s->cell[target];
    if (cell != target && lone(c) && !(lone(t) && t->top_party[0] == c->top_party[0]))
        meet(&r->met, c->top_party[0]);
}

/* --- proofs by circuits ------------------------------------------------------------------ */

struct permission {
    const struct raid *raid;
    int target;
};

static int64_t circuit_cost(const void *ctx, int cell)
{
    const struct permission *p = ctx;
    if (!free_cell(p->raid, cell))
        return -1;
    return lone(&p->raid->as->s->cell[cell]); /* the fewer an insider knows, the better */
}

/* Room in one cell for a move of `amount`. */
static bool has_room(const struct system *s, int cell, int64_t amount)
{
    return !bounded(s, cell) || s->cell[cell].value + amount >= 0;
}

static bool derived_hold(struct raid *r, const struct circuit *c, int64_t amount)
{
    const struct ground *g = &r->as->g;
    const struct system *s = r->as->s;
    for (int i = 0; i < c->n; i++) {
        for (int k = g->derived_first[c->cell[i]]; k < g->derived_first[c->cell[i] + 1]; k++) {
            const struct derived *d = &s->derived[g->derived[k]];
            double a = (double)s->cell[d->a].value, b = (double)s->cell[d->b].value;
            for (int j = 0; j < c->n; j++) {
                a += c->cell[j] == d->a ? (double)(c->sign[j] * amount) : 0;
                b += c->cell[j] == d->b ? (double)(c->sign[j] * amount) : 0;
            }
            if (b < d->low * a || b > d->high * a)
                return false;
        }
    }
    return true;
}

/* The proof: every cell may move and has room, every relation still holds. */
static bool circuit_holds(struct raid *r, const struct circuit *c, int target, int64_t amount)
{
    const struct ground *g = &r->as->g;
    const struct system *s = r->as->s;
    bool holds = c->n > 0 && c->cell[0] == target && c->sign[0] == 1;
    for (int pass = 0; pass < 3; pass++) { /* add up, look, wipe */
        for (int i = 0; i < c->n; i++) {
            int cell = c->cell[i];
            if (pass == 0)
                holds &= free_cell(r, cell) && has_room(s, cell, c->sign[i] * amount);
            for (int k = g->relation_first[cell]; k < g->relation_first[cell + 1]; k++) {
                int rel = g->relation[k];
                bool whole = s->member[s->relation[rel].first] == cell;
                if (pass == 0)
                    r->sum[rel] += whole ? c->sign[i] : -c->sign[i];
                else if (pass == 1)
                    holds &= r->sum[rel] == 0;
                else
                    r->sum[rel] = 0;
            }
        }
    }
    return holds && derived_hold(r, c, amount);
}

/* A move of the target by `amount`: up when it is more than 0; and down as well when `both`. */
static bool circuit_proof(struct raid *r, int target, int64_t amount, bool both)
{
    struct permission permission = {r, target};
    struct circuit_terms terms = {.need = llabs(amount), .both = both, .branches = BRANCHES,
                                  .budget = BUDGET, .dearest = INT64_MAX / 2, .enough = 8,
                                  .cost = circuit_cost, .ctx = &permission};
    struct circuit c;
    /* Of a circuit that goes down all signs are turned, the amount is negative. */
    if (!circuit_find(&r->as->g, target, amount < 0 ? -1 : 1, &terms, &c))
        return false;
    for (int i = 0; i < c.n && amount < 0; i++)
        c.sign[i] = (int8_t)-c.sign[i];
    if (!circuit_holds(r, &c, target, amount) ||
        (both && !circuit_holds(r, &c, target, -amount)))
        return false;
    for (int i = 0; i < c.n; i++)
        meet_cell(r, c.cell[i], target);
    return true;
}

/* --- proofs by linear programs ----------------------------------------------------------- */

static bool may_move(const void *ctx, int cell)
{
    return free_cell(ctx, cell);
}

static int64_t no_cost(const void *ctx, int cell)
{
    return free_cell(ctx, cell) ? 0 : -1;
}

/* The variable of the target is one column, the other is held at 0: it does not go the other way.
 * Returns its own. */
static int program_bounds(const struct raid *r, struct lp *lp, int sign, double unit, double most)
{
    const struct patch *p = &r->patch;
    for (int v = 0; v < p->n_variables; v++) {
        lp_lower(lp)[2 * v] = lp_lower(lp)[2 * v + 1] = 0;
        lp_upper(lp)[2 * v] = p->up[v] == INT64_MAX ? most : fmin((double)p->up[v] / unit, most);
        lp_upper(lp)[2 * v + 1] =
            p->down[v] == INT64_MAX ? most : fmin((double)p->down[v] / unit, most);
        lp_cost(lp)[2 * v] = lp_cost(lp)[2 * v + 1] = 0;
    }
    int way, v = patch_variable(p, 0, &way), against = sign * way < 0;
    lp_upper(lp)[2 * v + !against] = 0;
    return 2 * v + against;
}

/* Can the target move by 1? With the fewest other moves, and those of cells with one contributor
 * only if it must be: few insiders can then take the proof apart. */
static bool move_by_one(struct raid *r, struct lp *lp, int target, int own)
{
    const struct patch *p = &r->patch;
    for (int i = 0; i < p->n_queue; i++) {
        int way, v = patch_variable(p, i, &way);
        if (v >= 0)
            lp_cost(lp)[2 * v] += lone(&r->as->s->cell[p->queue[i]]) ? 4 : 1;
    }
    for (int v = 0; v < p->n_variables; v++)
        lp_cost(lp)[2 * v + 1] = lp_cost(lp)[2 * v];
    if (lp_upper(lp)[own] < 1)
        return false;
    lp_lower(lp)[own] = lp_upper(lp)[own] = 1;
    r->lps++;
    if (lp_solve_dual(lp) != LP_OPTIMAL)
        return false;
    for (int i = 0; i < p->n_queue; i++) {
        if (fabs(patch_move(p, lp_solution(lp), i)) > 1e-9)
            meet_cell(r, p->queue[i], target);
    }
    return true;
}

/* As far as it goes. */
static double reach_of(struct raid *r, struct lp *lp, int own, enum lp_status *status)
{
    lp_cost(lp)[own] = -1;
    *status = lp_solve(lp);
    r->lps++;
    return *status == LP_OPTIMAL ? lp_solution(lp)[own] : 0;
}

/* In the cells of the patch, which are all there are or not. */
static double patch_proof(struct raid *r, int target, int sign, double unit, bool all)
{
    struct patch *p = &r->patch;
    struct lp *lp = patch_program(p, unit, false);
    int own = lp == NULL ? -1 : program_bounds(r, lp, sign, unit, REACH_MOST);
    double reach = 0;
    if (lp != NULL && move_by_one(r, lp, target, own)) {
        reach = 1;
    } else if (lp != NULL && all && !r->hasty) {
        enum lp_status status;
        program_bounds(r, lp, sign, unit, REACH_MOST);
        lp_upper(lp)[own] = fmin(1, lp_upper(lp)[own]);
        reach = reach_of(r, lp, own, &status);
        /* At the very edge the program may say both; then everyone is part of it. */
        for (int k = 0; k < p->n_queue && reach >= 1 - MARGIN; k++)
            meet_cell(r, p->queue[k], target);
    }
    lp_destroy(lp);
    patch_empty(p);
    return reach;
}

/* How far the target goes in a direction, in units of `need`, in programs of growing size; 1 is
 * as good as more. Only the last, of all that it is connected with, can say that it goes no
 * farther, and it takes a hundred times as long as the others: where failure decides nothing
 * (hasty) it is not asked. */
static double program_proof(struct raid *r, int target, int sign, int64_t need)
{
    static const int sizes[] = {NEAR_CELLS, FAR_CELLS, INT32_MAX};
    double reach = 0, unit = (double)need;
    bool all = false;
    for (int i = 0; i < (r->hasty ? 2 : 3) && !all && reach < 1 - MARGIN; i++) {
        if (i == 1 && patch_box(&r->patch, target, need, no_cost, r))
            reach = patch_proof(r, target, sign, unit, false);
        if (reach >= 1 - MARGIN)
            break;
        all = patch_around(&r->patch, target, sizes[i], may_move, r);
        reach = patch_proof(r, target, sign, unit, all);
    }
    return reach;
}

/* --- targets ----------------------------------------------------------------------------- */

static void hold_cells(struct raid *r, uint32_t party)
{
    const struct assault *as = r->as;
    int low = 0, high = as->n_lone;
    while (low < high) {
        int mid = low + (high - low) / 2;
        if (as->lone[mid].party < party)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < as->n_lone && as->lone[low].party == party; low++)
        r->held[as->lone[low].cell] = r->turn;
}

/* A proof that someone who knows the held cells cannot place `rest` of the target; r->met has the
 * insiders whom it depends on. */
static bool prove(struct raid *r, int target, const struct sdc_cell *rest, struct span *span)
{
    int64_t above = width_above(&r->as->s->rules, rest);
    int64_t below = width_below(&r->as->s->rules, rest, r->as->s->either_sign);
    *span = (struct span){1, 1};
    r->met.n = 0;
    if (below == above && circuit_proof(r, target, above, true))
        return true;
    if (above > 0 && !circuit_proof(r, target, above, false))
        span->above = program_proof(r, target, 1, above);
    if (below > 0 && !circuit_proof(r, target, -below, false))
        span->below = program_proof(r, target, -1, below);
    return span->above >= 1 - MARGIN && span->below >= 1 - MARGIN;
}

static bool withstand(struct raid *r, int target, uint32_t party, struct span *span)
{
    struct sdc_cell rest = cell_without(&r->as->s->cell[target], party);
    r->turn++;
    if (party != NOBODY)
        hold_cells(r, party);
    return prove(r, target, &rest, span);
}

static void expose(struct raid *r, int target, uint32_t party, struct span span)
{
    const struct sdc_cell *c = &r->as->s->cell[target];
    if (r->n_exposed == r->cap_exposed) {
        r->cap_exposed = r->cap_exposed == 0 ? 64 : 2 * r->cap_exposed;
        r->exposed = realloc(r->exposed, (size_t)r->cap_exposed * sizeof *r->exposed);
        check(r->exposed != NULL);
    }
    struct sdc_cell rest = cell_without(c, party);
    double above = (double)width_above(&r->as->s->rules, &rest);
    double below = (double)width_below(&r->as->s->rules, &rest, r->as->s->either_sign);
    r->exposed[r->n_exposed++] =
        (struct exposure){.cell = target, .low = (double)c->value - span.below * below,
                          .high = (double)c->value + span.above * above, .insider = party};
}

/* One proof against all insiders that are left, should they conspire: more than is asked for, but
 * mostly there is one. */
static bool withstand_left(struct raid *r, int target)
{
    struct span span;
    r->turn++;
    for (int i = 0; i < r->left.n; i++)
        hold_cells(r, r->left.party[i]);
    r->hasty = true;
    bool held = prove(r, target, &r->as->s->cell[target], &span);
    r->hasty = false;
    return held;
}

/* Insiders whose cells the last proof does not move are done with; but not those from whom more
 * must be kept than it moves, since they have declared less of the target themselves. */
static void strike_safe(struct raid *r, int target, uint32_t insider)
{
    const struct sdc_cell *c = &r->as->s->cell[target];
    int64_t proved = cell_without(c, insider).weight;
    int n = 0;
    for (int i = 0; i < r->left.n; i++) {
        bool depends = cell_without(c, r->left.party[i]).weight > proved;
        for (int k = 0; k < r->met.n && !depends; k++)
            depends = r->met.party[k] == r->left.party[i];
        if (depends)
            r->left.party[n++] = r->left.party[i];
    }
    r->left.n = n;
}

static void assault_target(struct raid *r, int target)
{
    struct span span = {0, 0};
    if (width_above(&r->as->s->rules, &r->as->s->cell[target]) == 0)
        return;
    if (r->as->told[target] || !withstand(r, target, NOBODY, &span)) {
        expose(r, target, NOBODY, span);
        return;
    }
    struct parties_list spare = r->left;
    r->left = r->met; /* insiders for whom there is no proof yet */
    r->met = spare;
    if (r->left.n > 1 && withstand_left(r, target))
        r->left.n = 0;
    while (r->left.n > 0) {
        uint32_t insider = r->left.party[--r->left.n];
        if (withstand(r, target, insider, &span))
            strike_safe(r, target, insider);
        else
            expose(r, target, insider, span);
    }
}

static void raid_run(void *ctx, int thread)
{
    struct assault *as = ctx;
    int i;
    while ((i = atomic_fetch_add(&as->next, 1)) < as->n_targets)
        assault_target(&as->raid[thread], as->target[i]);
}

/* --- the whole --------------------------------------------------------------------------- */

static void raid_init(struct raid *r, struct assault *as)
{
    size_t cells = (size_t)as->s->n_cells, relations = (size_t)as->s->n_relations;
    *r = (struct raid){.as = as};
    r->held = zeroed(cells, sizeof *r->held);
    r->sum = zeroed(relations, sizeof *r->sum);
    patch_init(&r->patch, &as->g);
}

static void raid_finish(struct raid *r)
{
    free(r->held);
    free(r->sum);
    patch_finish(&r->patch);
    free(r->met.party);
    free(r->left.party);
    free(r->exposed);
}

/* An equation with one unknown tells it. */
static void eliminate(struct assault *as, struct arena *a)
{
    const struct system *s = as->s;
    int *count = ARENA_ARRAY(a, int, (size_t)s->n_relations + 1);
    int *ready = ARENA_ARRAY(a, int, 2 * (size_t)s->n_relations + 1), n = 0;
    for (int r = 0; r < s->n_relations; r++) {
        for (int i = 0; i < s->relation[r].n; i++)
            count[r] += !as->told[s->member[s->relation[r].first + i]];
        if (count[r] == 1)
            ready[n++] = r;
    }
    while (n > 0) {
        const struct relation *rel = &s->relation[ready[--n]];
        for (int i = 0; i < rel->n; i++) {
            int cell = s->member[rel->first + i];
            if (as->told[cell])
                continue;
            as->told[cell] = 1;
            for (int k = as->g.relation_first[cell]; k < as->g.relation_first[cell + 1]; k++) {
                if (--count[as->g.relation[k]] == 1)
                    ready[n++] = as->g.relation[k];
            }
        }
    }
}

static int by_party(const void *a, const void *b)
{
    const struct lone_cell *x = a, *y = b;
    if (x->party != y->party)
        return x->party < y->party ? -1 : 1;
    return (x->cell > y->cell) - (x->cell < y->cell);
}

static int by_cell(const void *a, const void *b)
{
    const struct exposure *x = a, *y = b;
    if (x->cell != y->cell)
        return x->cell < y->cell ? -1 : 1;
    /* The outsider first. */
    return ((x->insider + 1) > (y->insider + 1)) - ((x->insider + 1) < (y->insider + 1));
}

static enum err assault_init(struct assault *as, const struct system *s, struct arena *a,
                             struct error *e)
{
    *as = (struct assault){.s = s};
    TRY(ground_of(&as->g, a, s, e));
    as->told = ARENA_ARRAY(a, uint8_t, (size_t)s->n_cells + 1);
    as->target = ARENA_ARRAY(a, int, (size_t)s->n_cells + 1);
    as->lone = ARENA_ARRAY(a, struct lone_cell, (size_t)s->n_cells + 1);
    for (int c = 0; c < s->n_cells; c++) {
        as->told[c] = !unknown(&s->cell[c]) || s->cell[c].shown;
        if (s->cell[c].sensitive && as->g.twin[c] == c)
            as->target[as->n_targets++] = c;
        if (unknown(&s->cell[c]) && lone(&s->cell[c]))
            as->lone[as->n_lone++] = (struct lone_cell){s->cell[c].top_party[0], c};
    }
    sort_by(as->lone, (size_t)as->n_lone, sizeof *as->lone, by_party);
    return OK;
}

/* Unknown cells that equations connect, by union-find with halved paths. */
static int count_components(const struct assault *as, struct arena *a)
{
    const struct system *s = as->s;
    int *up = ARENA_ARRAY(a, int, (size_t)s->n_cells + 1), n = 0;
    for (int c = 0; c < s->n_cells; c++) {
        up[c] = c;
        n += !as->told[c];
    }
    for (int r = 0; r < s->n_relations; r++) {
        int root = -1;
        for (int i = 0; i < s->relation[r].n; i++) {
            int c = s->member[s->relation[r].first + i];
            if (as->told[c])
                continue;
            while (up[c] != c)
                c = up[c] = up[up[c]];
            if (root >= 0 && root != c) {
                up[c] = root;
                n--;
            } else {
                root = c;
            }
        }
    }
    return n;
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* What is found of a cell is found of all its twins. */
static void gather_results(struct assault *as, struct arena *a, struct attack *out)
{
    const struct system *s = as->s;
    int *last = zeroed((size_t)s->n_cells, sizeof *last); /* of twins, a ring backwards */
    int *before = zeroed((size_t)s->n_cells, sizeof *before), room = 0;
    for (int c = 0; c < s->n_cells; c++) {
        before[c] = last[as->g.twin[c]];
        last[as->g.twin[c]] = c + 1;
    }
    for (int i = 0; i < as->n_threads; i++) {
        const struct raid *r = &as->raid[i];
        for (int k = 0; k < r->n_exposed; k++)
            for (int c = last[r->exposed[k].cell]; c > 0; c = before[c - 1])
                room++;
        out->lps += r->lps;
    }
    out->exposed = ARENA_ARRAY(a, struct exposure, (size_t)room + 1);
    for (int i = 0; i < as->n_threads; i++) {
        const struct raid *r = &as->raid[i];
        for (int k = 0; k < r->n_exposed; k++) {
            for (int c = last[r->exposed[k].cell]; c > 0; c = before[c - 1]) {
                out->exposed[out->n_exposed] = r->exposed[k];
                out->exposed[out->n_exposed++].cell = c - 1;
            }
        }
    }
    free(last);
    free(before);
    sort_by(out->exposed, (size_t)out->n_exposed, sizeof *out->exposed, by_cell);
}

enum err system_attack(const struct system *s, int n_threads, struct arena *a, struct attack *out,
                       struct error *e)
{
    double begun = seconds_now();
    struct arena season = {0};
    struct assault as;
    *out = (struct attack){0};
    enum err result = assault_init(&as, s, &season, e);
    if (result == OK) {
        eliminate(&as, &season);
        for (int c = 0; c < s->n_cells; c++)
            out->targets += s->cell[c].sensitive;
        out->components = count_components(&as, &season);
        as.n_threads = n_threads < 1 ? 1 : n_threads > 64 ? 64 : n_threads;
        as.raid = ARENA_ARRAY(&season, struct raid, (size_t)as.n_threads);
        for (int i = 0; i < as.n_threads; i++)
            raid_init(&as.raid[i], &as);
        threads_run(as.n_threads, raid_run, &as);
        gather_results(&as, a, out);
        for (int i = 0; i < as.n_threads; i++)
            raid_finish(&as.raid[i]);
    }
    out->seconds = seconds_now() - begun;
    arena_finish(&season);
    return result;
}

/* --- single intervals -------------------------------------------------------------------- */

struct inquiry {
    struct arena arena;
    struct assault as;
    struct raid raid;
    uint8_t *open;  /* what is told to everybody */
};

enum err inquiry_open(struct inquiry **out, const struct system *s, bool plain, struct error *e)
{
    struct inquiry *q = zeroed(1, sizeof *q);
    enum err result = assault_init(&q->as, s, &q->arena, e);
    q->open = q->as.told;
    q->as.told = ARENA_ARRAY(&q->arena, uint8_t, (size_t)s->n_cells + 1);
    raid_init(&q->raid, &q->as);
    q->raid.turn = 1;
    q->raid.patch.plain = plain;
    *out = q;
    if (result == OK)
        return OK;
    inquiry_close(q);
    *out = NULL;
    return result;
}

void inquiry_close(struct inquiry *q)
{
    if (q == NULL)
        return;
    raid_finish(&q->raid);
    arena_finish(&q->arena);
    free(q);
}

void inquiry_interval(struct inquiry *q, int cell, const uint64_t *known, double *low,
                      double *high)
{
    const struct system *s = q->as.s;
    struct raid *r = &q->raid;
    check(cell >= 0 && cell < s->n_cells);
    *low = *high = (double)s->cell[cell].value;
    for (int c = 0; c < s->n_cells; c++)
        q->as.told[c] = q->open[c] | (known != NULL && (known[c / 64] >> (c % 64) & 1));
    patch_around(&r->patch, cell, INT32_MAX, may_move, r);
    double unit = fmax(1, (double)s->cell[cell].weight);
    struct lp *lp = patch_program(&r->patch, unit, false);
    for (int sign = -1; sign <= 1 && lp != NULL; sign += 2) {
        enum lp_status status;
        int own = program_bounds(r, lp, sign, unit, LP_INFINITY);
        double reach = unit * reach_of(r, lp, own, &status);
        reach = status == LP_UNBOUNDED ? INFINITY : reach;
        *(sign > 0 ? high : low) += sign * reach;
    }
    lp_destroy(lp);
    patch_empty(&r->patch);
}

enum err system_interval(const struct system *s, int cell, const uint64_t *known, double *low,
                         double *high, struct error *e)
{
    struct inquiry *q;
    TRY(inquiry_open(&q, s, false, e));
    inquiry_interval(q, cell, known, low, high);
    inquiry_close(q);
    return OK;
}
