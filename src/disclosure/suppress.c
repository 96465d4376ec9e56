/*
 * Secondary suppression. For each sensitive cell, the heaviest first, a proof is looked for that
 * it can move by its width: with cells that are unknown already; else with the cheapest others,
 * which are then suppressed too; by circuits, and where there is none by the cell suppression
 * program. What only one contributor stands behind that contributor knows: for each who is behind
 * a cell of a proof there must be another proof without its cells. At the end secondaries that
 * proofs can do without are opened again, the most valuable first: by circuits, then, of those that
 * are left, by programs of the unknown cells around. The attack has the last word: what it finds is
 * mended until it finds nothing.
 */
#define _GNU_SOURCE /* sort_by_r */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "disclosure/circuit.h"
#include "disclosure/repair.h"

enum {
    BRANCHES = 12, BUDGET_UNKNOWN = 20000, /* among unknown cells */
    BUDGET_OPEN = 60000,                   /* with open ones */
    FAIR = 8,
    TOTAL_WEIGHS = 16, /* the total of all is worth more than its value to its readers */
    ROUNDS_MAX = 20,                       /* of attack and mending */
    WITHIN = 300,                          /* unknown cells of a program that saves one */
};
#define NOBODY UINT32_MAX

struct lone_cell {
    uint32_t party;
    int cell;
};
struct ints {
    int *v, n, cap;
};
struct guard {
    struct system *s;
    struct ground g;
    int64_t *cost;      /* of making a cell unknown; 0: it is */
    uint8_t *held;      /* by the insider of the moment, or shown to all: does not move */
    struct ints holding;
    int n_lone;
    struct lone_cell *lone; /* by party */
    struct repair repair;
    int64_t base;       /* the price of being a cell */
    bool must;          /* there is no other way to prove it than this */
    bool may_open;      /* open cells may be used, and programs */
    int lps_most;       /* where they may not: programs of unknown cells until there were so many */
    struct ints support;    /* cells that the proofs of the target at hand move */
    struct ints met, left;  /* insiders, as in the attack; bits of a party number */
    int *proof_at;      /* of a cell: where the cells of its proofs begin in `proofs`, + 1 */
    struct ints proofs; /* n, then the cells */
    int *user_of;       /* of a cell: its last pair in `users`, + 1 */
    struct ints users;  /* target whose proof moves or moved the cell, the pair before + 1 */
    struct ints using;  /* targets whose proofs move the cell at hand */
    uint8_t *listed;    /* is in `using` */
    int *failed;        /* of a target: cells it could not do without */
};

static void push(struct ints *l, int v)
{
    if (l->n == l->cap) {
        l->cap = l->cap == 0 ? 256 : 2 * l->cap;
        l->v = realloc(l->v, (size_t)l->cap * sizeof *l->v);
        check(l->v != NULL);
    }
    l->v[l->n++] = v;
}

static void push_new(struct ints *l, int v)
{
    for (int i = 0; i < l->n; i++) {
        if (l->v[i] == v)
            return;
    }
    push(l, v);
}

/* --- who knows what ---------------------------------------------------------------------- */

static int by_party(const void *a, const void *b)
{
    const struct lone_cell *x = a, *y = b;
    if (x->party != y->party)
        return x->party < y->party ? -1 : 1;
    return (x->cell > y->cell) - (x->cell < y->cell);
}

/* All cells with one contributor, suppressed or not: an open one is no use to move anyway. */
static void list_lone(struct guard *g, struct arena *a)
{
    g->lone = ARENA_ARRAY(a, struct lone_cell, (size_t)g->s->n_cells + 1);
    for (int c = 0; c < g->s->n_cells; c++) {
        if (lone(&g->s->cell[c]))
            g->lone[g->n_lone++] = (struct lone_cell){g->s->cell[c].top_party[0], c};
    }
    sort_by(g->lone, (size_t)g->n_lone, sizeof *g->lone, by_party);
}

static void let_go(struct guard *g)
{
    for (int i = 0; i < g->holding.n; i++)
        g->held[g->holding.v[i]] = 0;
    g->holding.n = 0;
}

static void hold(struct guard *g, uint32_t party)
{
    int low = 0, high = party == NOBODY ? 0 : g->n_lone;
    while (low < high) {
        int mid = low + (high - low) / 2;
        if (g->lone[mid].party < party)
            low = mid + 1;
        else
            high = mid;
    }
    for (; party != NOBODY && low < g->n_lone && g->lone[low].party == party; low++) {
        if (g->held[g->lone[low].cell])
            continue;
        g->held[g->lone[low].cell] = 1;
        push(&g->holding, g->lone[low].cell);
    }
}

/* --- one proof --------------------------------------------------------------------------- */

static int64_t cost_unknown(const void *ctx, int cell)
{
    const struct guard *g = ctx;
    if (g->held[cell] || g->cost[cell] > 0)
        return -1;
    return lone(&g->s->cell[cell]);
}

static int64_t cost_any(const void *ctx, int cell)
{
    const struct guard *g = ctx;
    return g->held[cell] ? -1 : g->cost[cell] + (lone(&g->s->cell[cell]) ? g->base / 4 : 0);
}

/* The cell is part of a proof: it is unknown from now on. */
static void use(struct guard *g, int cell, int target)
{
    struct sdc_cell *c = &g->s->cell[cell];
    const struct sdc_cell *t = &g->s->cell[target];
    if (c->state == CELL_OPEN) {
        c->state = CELL_SECONDARY;
        g->cost[cell] = 0;
    }
    if (cell == target)
        return;
    push_new(&g->support, cell);
    if (lone(c) && !(lone(t) && t->top_party[0] == c->top_party[0]))
        push_new(&g->met, (int)c->top_party[0]);
}

/* Published figures hold after the move as well. */
static bool derived_allow(const struct guard *g, const struct circuit *c, int64_t amount)
{
    const struct system *s = g->s;
    for (int i = 0; i < c->n && s->n_derived > 0; i++) {
        for (int k = g->g.derived_first[c->cell[i]]; k < g->g.derived_first[c->cell[i] + 1];
             k++) {
            const struct derived *d = &s->derived[g->g.derived[k]];
            double a = (double)s->cell[d->a].value, b = (double)s->cell[d->b].value;
            for (int j = 0; j < c->n; j++) {
                double z = (double)(c->sign[j] * amount);
                a += c->cell[j] == d->a ? z : 0;
                b += c->cell[j] == d->b ? z : 0;
            }
            if (b < d->low * a || b > d->high * a)
                return false;
        }
    }
    return true;
}

static bool find_circuit(struct guard *g, int target, int64_t amount, bool both, bool open_too,
                         struct circuit *c)
{
    struct circuit_terms terms = {
        .need = llabs(amount), .both = both, .branches = BRANCHES,
        .budget = open_too ? BUDGET_OPEN : BUDGET_UNKNOWN, .dearest = INT64_MAX / 2,
        .enough = open_too ? 0 : 8, .cost = open_too ? cost_any : cost_unknown, .ctx = g};
    if (!circuit_find(&g->g, target, amount < 0 ? -1 : 1, &terms, c))
        return false;
    for (int i = 0; i < c->n && amount < 0; i++)
        c->sign[i] = (int8_t)-c->sign[i];
    return derived_allow(g, c, amount) && (!both || derived_allow(g, c, -amount));
}

static void use_all(struct guard *g, const int *cell, int n, int target)
{
    for (int i = 0; i < n; i++)
        use(g, cell[i], target);
}

static int64_t cost_of(const struct guard *g, const int *cell, int n)
{
    int64_t cost = 0;
    for (int i = 0; i < n; i++)
        cost += g->cost[cell[i]];
    return cost;
}

/* A circuit may cost so many times the move and the price of a cell. */
static int64_t fair_cost(const struct guard *g, int64_t amount)
{
    int64_t fair;
    return __builtin_mul_overflow(llabs(amount) + g->base, FAIR, &fair) ? INT64_MAX : fair;
}

static bool prove_by_program(struct guard *g, int target, int64_t amount, bool both)
{
    if (!repair_find(&g->repair, target, amount, both, true, fair_cost(g, amount)))
        return false;
    use_all(g, g->repair.moved, g->repair.n_moved, target);
    return true;
}

/* With what is unknown already. */
static bool prove_within(struct guard *g, int target, int64_t amount)
{
    if (g->repair.lps >= g->lps_most || !repair_within(&g->repair, target, amount, WITHIN))
        return false;
    use_all(g, g->repair.moved, g->repair.n_moved, target);
    return true;
}

/* Circuits move one cell against one; a program shares the move among several smaller ones. It is
 * asked where the circuit takes much more than there is to hide. */
static bool prove(struct guard *g, int target, int64_t amount, bool both)
{
    struct circuit c;
    if (find_circuit(g, target, amount, both, false, &c)) {
        use_all(g, c.cell, c.n, target);
        return true;
    }
    if (!g->may_open)
        return !both && prove_within(g, target, amount);
    bool circuit = find_circuit(g, target, amount, both, true, &c);
    int64_t fair = fair_cost(g, amount), cost = circuit ? c.cost : INT64_MAX;
    bool must = g->must && !both && !circuit;
    if (cost > fair && repair_find(&g->repair, target, amount, both, must, fair) &&
        cost_of(g, g->repair.moved, g->repair.n_moved) < cost) {
        use_all(g, g->repair.moved, g->repair.n_moved, target);
        return true;
    }
    if (circuit)
        use_all(g, c.cell, c.n, target);
    return circuit;
}

/* Both sides, against who knows the cells that are held; `rest` is what others declared. */
static bool prove_both(struct guard *g, int target, const struct sdc_cell *rest)
{
    int64_t above = width_above(&g->s->rules, rest);
    int64_t below = width_below(&g->s->rules, rest, g->s->either_sign);
    g->met.n = 0;
    if (above == below && prove(g, target, above, true))
        return true;
    return (above == 0 || prove(g, target, above, false)) &&
           (below == 0 || prove(g, target, -below, false));
}

static bool withstand(struct guard *g, int target, uint32_t party)
{
    struct sdc_cell rest = cell_without(&g->s->cell[target], party);
    let_go(g);
    hold(g, party);
    return prove_both(g, target, &rest);
}

/* Against all insiders that are left, at once: more than is asked for, but one proof for all. */
static bool withstand_left(struct guard *g, int target)
{
    let_go(g);
    for (int i = 0; i < g->left.n; i++)
        hold(g, (uint32_t)g->left.v[i]);
    return prove_both(g, target, &g->s->cell[target]);
}

/* Insiders whose cells the last proofs do not move are done with, unless more must be kept from
 * them than was proved. */
static void strike_safe(struct guard *g, int target, uint32_t insider)
{
    const struct sdc_cell *c = &g->s->cell[target];
    int64_t proved = cell_without(c, insider).weight;
    int n = 0;
    for (int i = 0; i < g->left.n; i++) {
        bool depends = cell_without(c, (uint32_t)g->left.v[i]).weight > proved;
        for (int k = 0; k < g->met.n && !depends; k++)
            depends = g->met.v[k] == g->left.v[i];
        if (depends)
            g->left.v[n++] = g->left.v[i];
    }
    g->left.n = n;
}

static bool withstand_insiders(struct guard *g, int target)
{
    bool may_open = g->may_open;
    struct ints t = g->left;
    g->left = g->met;
    g->met = t;
    for (int pass = 0; pass < 2 && g->left.n > 1; pass++) {
        g->may_open = may_open && pass == 1;
        g->must = false;
        if ((pass == 0 || may_open) && withstand_left(g, target))
            g->left.n = 0;
        g->may_open = may_open;
        g->must = true;
    }
    while (g->left.n > 0) {
        uint32_t insider = (uint32_t)g->left.v[--g->left.n];
        if (!withstand(g, target, insider))
            return false;
        strike_safe(g, target, insider);
    }
    return true;
}

static void keep_proofs(struct guard *g, int target)
{
    g->proof_at[target] = g->proofs.n + 1;
    push(&g->proofs, g->support.n);
    for (int i = 0; i < g->support.n; i++) {
        int cell = g->support.v[i];
        push(&g->proofs, cell);
        push(&g->users, target);
        push(&g->users, g->user_of[cell]);
        g->user_of[cell] = g->users.n - 1;
    }
}

/* Against everybody; what is shown to all cannot be. The proofs' cells are kept when all of it
 * stands. */
static bool protect(struct guard *g, int target)
{
    const struct sdc_cell *c = &g->s->cell[target];
    g->support.n = 0;
    if (width_above(&g->s->rules, c) > 0 &&
        (c->shown || !withstand(g, target, NOBODY) || !withstand_insiders(g, target)))
        return false;
    keep_proofs(g, target);
    return true;
}

static enum err cannot(const struct guard *g, int target, struct error *e)
{
    const struct system *s = g->s;
    char at[256] = "";
    size_t n = 0;
    for (int d = 0; s->plan != NULL && d < s->plan->n_dims; d++) {
        struct str code = s->plan->dim[d].node[s->cell[target].at[d]].code;
        int more = snprintf(at + n, sizeof at - n, "%s%.*s", d > 0 ? "." : "", STR_ARG(code));
        n += more < 0 || (size_t)more >= sizeof at - n ? 0 : (size_t)more;
    }
    return err_set(e, ERR_LIMIT, "敏感单元格 %s 无法保护：没有可以一并隐去的单元格",
                   "the sensitive cell %s cannot be protected: there is nothing to suppress with it",
                   at);
}

/* --- order ------------------------------------------------------------------------------- */

struct ranked {
    int64_t rank;
    int cell;
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank > y->rank ? -1 : 1;
    return (x->cell > y->cell) - (x->cell < y->cell);
}

static struct ranked *targets_of(const struct guard *g, struct arena *a, int *n)
{
    struct ranked *r = ARENA_ARRAY(a, struct ranked, (size_t)g->s->n_cells + 1);
    *n = 0;
    for (int c = 0; c < g->s->n_cells; c++) {
        if (g->s->cell[c].sensitive && g->g.twin[c] == c) /* twins move together */
            r[(*n)++] = (struct ranked){g->s->cell[c].weight, c};
    }
    sort_by(r, (size_t)*n, sizeof *r, by_rank);
    return r;
}

static struct ranked *secondaries_of(const struct guard *g, struct arena *a, int *n)
{
    struct ranked *r = ARENA_ARRAY(a, struct ranked, (size_t)g->s->n_cells + 1);
    *n = 0;
    for (int c = 0; c < g->s->n_cells; c++) {
        if (g->s->cell[c].state == CELL_SECONDARY && !g->s->cell[c].frozen)
            r[(*n)++] = (struct ranked){g->s->cell[c].weight, c};
    }
    sort_by(r, (size_t)*n, sizeof *r, by_rank);
    return r;
}

/* --- the steps --------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* A cell costs what it is worth, and something for being a cell at all: the middle value of those
 * that could be taken. */
static void price(struct guard *g)
{
    struct system *s = g->s;
    int64_t *size = calloc((size_t)s->n_cells + 1, sizeof *size);
    check(size != NULL);
    int n = 0;
    for (int c = 0; c < s->n_cells; c++) {
        if (!unknown(&s->cell[c]))
            size[n++] = s->cell[c].weight;
    }
    sort_by(size, (size_t)n, sizeof *size, by_size);
    int64_t base = g->base = n > 0 ? size[n / 2] : 1;
    for (int c = 0; c < s->n_cells; c++) {
        static const int16_t top[DIMS_MAX];
        int64_t w = s->cell[c].weight, most = INT64_MAX / 4096;
        w = 1 + base + (w < most ? w : most);
        if (memcmp(s->cell[c].at, top, sizeof top) == 0)
            w *= TOTAL_WEIGHS;
        g->cost[c] = unknown(&s->cell[c]) ? 0 : w;
    }
    free(size);
}

static void mark_primaries(struct system *s)
{
    for (int c = 0; c < s->n_cells; c++) {
        struct sdc_cell *cell = &s->cell[c];
        if (cell->state != CELL_HIDDEN)
            cell->state = cell->sensitive ? CELL_PRIMARY
                          : cell->frozen  ? CELL_SECONDARY
                                          : CELL_OPEN;
    }
}

static enum err protect_all(struct guard *g, struct arena *a, struct error *e)
{
    int n;
    struct ranked *target = targets_of(g, a, &n);
    for (int i = 0; i < n; i++) {
        if (!protect(g, target[i].cell))
            return cannot(g, target[i].cell, e);
    }
    return OK;
}

static bool in_proof(const struct guard *g, int target, int cell)
{
    int at = g->proof_at[target] - 1;
    for (int i = 1; at >= 0 && i <= g->proofs.v[at]; i++) {
        if (g->proofs.v[at + i] == cell)
            return true;
    }
    return false;
}

/* Who could not do without a cell before most likely cannot now. */
static int by_failures(const void *a, const void *b, void *ctx)
{
    const struct guard *g = ctx;
    int x = *(const int *)a, y = *(const int *)b;
    if (g->failed[x] != g->failed[y])
        return g->failed[x] > g->failed[y] ? -1 : 1;
    return (x > y) - (x < y);
}

/* Targets whose proofs move the cell. */
static void list_users(struct guard *g, int cell)
{
    g->using.n = 0;
    for (int i = g->user_of[cell] - 1; i >= 0; i = g->users.v[i + 1] - 1) {
        int target = g->users.v[i];
        if (!g->listed[target] && in_proof(g, target, cell)) {
            g->listed[target] = 1;
            push(&g->using, target);
        }
    }
    for (int i = 0; i < g->using.n; i++)
        g->listed[g->using.v[i]] = 0;
    sort_by_r(g->using.v, (size_t)g->using.n, sizeof *g->using.v, by_failures, g);
}

/* Opens a secondary if all targets whose proofs move it find others. Few cells of a deep plan can
 * be opened, so whoever is likely to say no is asked first. */
static void open_one(struct guard *g, int cell)
{
    g->s->cell[cell].state = CELL_OPEN;
    g->cost[cell] = 1;
    list_users(g, cell);
    for (int i = 0; i < g->using.n; i++) {
        if (!protect(g, g->using.v[i])) {
            g->failed[g->using.v[i]]++;
            g->s->cell[cell].state = CELL_SECONDARY;
            g->cost[cell] = 0;
            return;
        }
    }
}

static int count_unknown(const struct system *s)
{
    int n = 0;
    for (int c = 0; c < s->n_cells; c++)
        n += unknown(&s->cell[c]);
    return n;
}

/* Proofs may take so many programs; without them, circuits only. A cell that could not be opened
 * cannot be when still more are open, so each is asked for once. */
static void open_again(struct guard *g, struct arena *a, int programs)
{
    int n;
    struct ranked *secondary = secondaries_of(g, a, &n);
    g->may_open = false;
    g->lps_most = g->repair.lps + programs;
    for (int i = 0; i < n; i++)
        open_one(g, secondary[i].cell);
    g->may_open = true;
}

/* What the attack still finds, by a program: its circuits were tried. */
static enum err mend(struct guard *g, const struct attack *k, struct error *e)
{
    for (int i = 0; i < k->n_exposed; i++) {
        int target = k->exposed[i].cell;
        if (g->g.twin[target] != target)
            continue;
        struct sdc_cell c = cell_without(&g->s->cell[target], k->exposed[i].insider);
        int64_t above = width_above(&g->s->rules, &c);
        int64_t below = width_below(&g->s->rules, &c, g->s->either_sign);
        let_go(g);
        hold(g, k->exposed[i].insider);
        g->met.n = g->support.n = 0;
        if (above == below && prove_by_program(g, target, above, true))
            continue;
        if ((above > 0 && !prove_by_program(g, target, above, false)) ||
            (below > 0 && !prove_by_program(g, target, -below, false)))
            return cannot(g, target, e);
    }
    return OK;
}

static enum err attack_and_mend(struct guard *g, int n_threads, struct suppression *out,
                                struct error *e)
{
    struct arena season = {0};
    enum err r = OK;
    int round = 0;
    for (; r == OK && round < ROUNDS_MAX; round++) {
        struct attack k;
        arena_reset(&season);
        r = system_attack(g->s, n_threads, &season, &k, e);
        if (r == OK)
            out->lps += k.lps;
        if (r == OK && k.n_exposed == 0)
            break;
        if (r == OK)
            r = mend(g, &k, e);
    }
    arena_finish(&season);
    if (r == OK && round == ROUNDS_MAX)
        r = err_set(e, ERR_LIMIT, "隐去 %d 轮后仍有单元格暴露",
                    "cells are still exposed after %d rounds of suppression", ROUNDS_MAX);
    return r;
}

static void count_states(const struct system *s, struct suppression *out)
{
    for (int c = 0; c < s->n_cells; c++) {
        const struct sdc_cell *cell = &s->cell[c];
        if (cell->state == CELL_HIDDEN)
            continue;
        int64_t size = cell->value < 0 ? -cell->value : cell->value;
        out->cells++;
        out->sensitive += cell->sensitive;
        out->primary += cell->state == CELL_PRIMARY;
        out->secondary += cell->state == CELL_SECONDARY;
        *(cell->state == CELL_OPEN ? &out->value_open : &out->value_suppressed) += size;
    }
}

static enum err guard_init(struct guard *g, struct system *s, struct arena *a, struct error *e)
{
    *g = (struct guard){.s = s, .may_open = true, .must = true};
    TRY(ground_of(&g->g, a, s, e));
    g->cost = ARENA_ARRAY(a, int64_t, (size_t)s->n_cells + 1);
    g->held = ARENA_ARRAY(a, uint8_t, (size_t)s->n_cells + 1);
    for (int c = 0; c < s->n_cells; c++)
        g->held[c] = s->cell[c].shown;
    g->proof_at = ARENA_ARRAY(a, int, (size_t)s->n_cells + 1);
    g->user_of = ARENA_ARRAY(a, int, (size_t)s->n_cells + 1);
    g->listed = ARENA_ARRAY(a, uint8_t, (size_t)s->n_cells + 1);
    g->failed = ARENA_ARRAY(a, int, (size_t)s->n_cells + 1);
    list_lone(g, a);
    price(g);
    repair_init(&g->repair, &g->g, g->cost, g->held);
    return OK;
}

static void guard_finish(struct guard *g)
{
    repair_finish(&g->repair);
    free(g->holding.v);
    free(g->support.v);
    free(g->met.v);
    free(g->left.v);
    free(g->proofs.v);
    free(g->users.v);
    free(g->using.v);
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

enum err system_suppress(struct system *s, int n_threads, struct suppression *out,
                         struct error *e)
{
    double begun = seconds_now();
    struct arena season = {0};
    struct guard g;
    *out = (struct suppression){0};
    mark_primaries(s);
    enum err r = guard_init(&g, s, &season, e);
    if (r == OK) {
        r = protect_all(&g, &season, e);
        if (r == OK) {
            open_again(&g, &season, 0);
            if (count_unknown(s) <= LIMIT_SPARING_CELLS)
                open_again(&g, &season, LIMIT_SPARING_PROGRAMS);
        }
        if (r == OK)
            r = attack_and_mend(&g, n_threads, out, e);
        out->lps += g.repair.lps;
        guard_finish(&g);
    }
    count_states(s, out);
    out->seconds = seconds_now() - begun;
    arena_finish(&season);
    return r;
}
