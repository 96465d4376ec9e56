/* Programs that were reduced (patch.h) against the same programs as they stand: the interval of
 * every unknown cell of random systems, sparse and deep, with published rates, with values of
 * either sign, for outsiders and for those who know more; and what the attack says of cells that
 * hold the same contributions. Boxes (box.c) against a plain reading of what they are, and against
 * the program of everything; circuits against every relation. FUMAO_SEED (default 1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <math.h>

#include "disclosure/circuit.h"
#include "disclosure/patch.h"
#include "sanitized.h"

enum { SYSTEMS = SANITIZED ? 10 : 50, LOOKED_AT = 25 /* cells of a system */, DECLARED_MAX = 120 };

static uint64_t seed = 1;
static struct rng rng;
static struct arena season;

static int below(int n)
{
    return (int)rng_below(&rng, (uint32_t)n);
}

/* Groups of one to four codes: wholes with one part even where all is full. */
static void uneven_dimension(struct dimension *d, const char *id)
{
    int groups = 1 + below(3), each[3], n = 1 + groups;
    for (int g = 0; g < groups; g++)
        n += each[g] = 1 + below(4);
    *d = (struct dimension){str_from(id), n, ARENA_ARRAY(&season, struct node, (size_t)n)};
    d->node[0] = (struct node){.code = STR("_T"), .parent = -1};
    for (int g = 0, at = 1 + groups; g < groups; g++) {
        d->node[1 + g] = (struct node){.code = STR("g"), .parent = 0, .depth = 1};
        for (int i = 0; i < each[g]; i++)
            d->node[at++] = (struct node){.code = STR("x"), .parent = 1 + g, .depth = 2};
    }
}

static int first_leaf(const struct dimension *d)
{
    int i = 1;
    while (d->node[i].depth == 1)
        i++;
    return i;
}

static struct system *random_system(bool either_sign)
{
    static const char *const names[] = {"a", "b", "c"};
    static const struct rules rules = {.contributors_min = 3, .p_percent = 10, .width_percent = 20};
    struct plan *p = ARENA_NEW(&season, struct plan);
    struct contribution_at c[DECLARED_MAX];
    struct error e = {0};
    struct system *s;
    int n = 5 + below(DECLARED_MAX - 5);
    p->n_dims = 2 + below(2);
    p->n_tables = 2;
    p->table = ARENA_ARRAY(&season, struct table_spec, 2);
    for (int d = 0; d < p->n_dims; d++) {
        uneven_dimension(&p->dim[d], names[d]);
        p->table[0].depth[d] = d == 0 ? 1 : 2;
        p->table[1].depth[d] = d == 0 ? 2 : below(3);
    }
    for (int i = 0; i < n; i++) {
        c[i] = (struct contribution_at){.party = (uint32_t)below(9), .value = 1 + below(200)};
        for (int d = 0; d < p->n_dims; d++) {
            int first = first_leaf(&p->dim[d]);
            c[i].leaf[d] = (int16_t)(first + below(p->dim[d].n - first));
        }
        c[i].value = either_sign && below(3) == 0 ? -c[i].value : c[i].value;
    }
    assert_int_equal(system_build(&s, &season, p, &rules, c, (size_t)n, &e), OK);
    s->either_sign = either_sign;
    return s;
}

/* More codes than a box takes: eight groups of six, and groups of up to 20. */
static struct system *wide_system(void)
{
    static const struct rules rules = {.contributors_min = 3, .p_percent = 10, .width_percent = 20};
    struct plan *p = ARENA_NEW(&season, struct plan);
    enum { LINES = 400 };
    struct contribution_at *c = ARENA_ARRAY(&season, struct contribution_at, LINES);
    struct system *s;
    p->n_dims = 2 + below(2);
    p->n_tables = 1;
    p->table = ARENA_ARRAY(&season, struct table_spec, 1);
    for (int d = 0; d < p->n_dims; d++) {
        int groups = d == 0 ? 8 : 2, each = d == 0 ? 6 : 10 + below(10), n = 1 + groups * (each + 1);
        p->dim[d] = (struct dimension){STR("w"), n, ARENA_ARRAY(&season, struct node, (size_t)n)};
        for (int i = 0; i < n; i++)
            p->dim[d].node[i] = (struct node){.code = STR("x"), .parent = i > groups ? 1 + i % groups : 0,
                                              .depth = i == 0 ? 0 : i > groups ? 2 : 1};
        p->dim[d].node[0].parent = -1;
        p->table[0].depth[d] = 2;
    }
    for (int i = 0; i < LINES; i++) {
        c[i] = (struct contribution_at){.party = (uint32_t)below(60), .value = 1 + below(200)};
        for (int d = 0; d < p->n_dims; d++) {
            int first = first_leaf(&p->dim[d]), codes = p->dim[d].n - first;
            c[i].leaf[d] = (int16_t)(first + (d == 0 && below(2) ? below(6) : below(codes)));
        }
    }
    assert_int_equal(system_build(&s, &season, p, &rules, c, LINES, NULL), OK);
    return s;
}

static void random_states(struct system *s, int most)
{
    for (int c = 0; c < s->n_cells; c++)
        s->cell[c].state = s->cell[c].sensitive   ? CELL_PRIMARY
                           : below(most) == 0 ? CELL_SECONDARY
                                              : CELL_OPEN;
    for (int i = below(4); i > 0; i--) {
        int a = below(s->n_cells), b = below(s->n_cells);
        struct error e = {0};
        if (a != b && s->cell[a].value > 0 && s->cell[b].value > 0)
            assert_int_equal(system_derive(s, a, b, 1, &e), OK);
    }
}

static void same(const struct system *s, int c, double got, double want)
{
    double size = 1 + (double)s->cell[c].weight + (isinf(want) ? 0 : fabs(want));
    if (got != want && !(fabs(got - want) <= 1e-6 * size))
        fail_msg("cell %d of value %lld: reduced %.9g, as it stands %.9g", c,
                 (long long)s->cell[c].value, got, want);
}

static void test_intervals(void **state)
{
    (void)state;
    int seen = 0, placed = 0, endless = 0;
    for (int round = 0; round < SYSTEMS; round++) {
        struct system *s = random_system(round % 3 == 2);
        struct inquiry *reduced, *plain;
        struct error e = {0};
        uint64_t *known = ARENA_ARRAY(&season, uint64_t, BITS_WORDS((size_t)s->n_cells) + 1);
        random_states(s, 2 + below(6));
        assert_int_equal(inquiry_open(&reduced, s, false, &e), OK);
        assert_int_equal(inquiry_open(&plain, s, true, &e), OK);
        for (int knows = 0; knows < 2; knows++) {
            for (int i = 0; i < LOOKED_AT; i++) {
                double low[2], high[2];
                int c = below(s->n_cells);
                if (s->cell[c].state == CELL_OPEN)
                    continue;
                inquiry_interval(reduced, c, known, &low[0], &high[0]);
                inquiry_interval(plain, c, known, &low[1], &high[1]);
                same(s, c, low[0], low[1]);
                same(s, c, high[0], high[1]);
                seen++;
                placed += low[1] == high[1];
                endless += isinf(high[1]);
            }
            for (int c = 0; c < s->n_cells; c++)
                if (below(12) == 0)
                    bit_set(known, (size_t)c);
        }
        inquiry_close(reduced);
        inquiry_close(plain);
        arena_reset(&season);
    }
    print_message("%d intervals, %d of them points, %d without end\n", seen, placed, endless);
    assert_true(seen > 10 * SYSTEMS && placed > SYSTEMS && endless > SYSTEMS / 5);
}

/* Two parts of an open whole go against each other; a third beside them, alone, is stuck. */
static void test_ties(void **state)
{
    (void)state;
    struct sdc_cell cell[6] = {
        {.state = CELL_OPEN, .value = 30, .weight = 30}, {.state = CELL_PRIMARY, .value = 10, .weight = 10},
        {.state = CELL_PRIMARY, .value = 20, .weight = 20}, {.state = CELL_OPEN, .value = 17, .weight = 17},
        {.state = CELL_PRIMARY, .value = 7, .weight = 7},  {.state = CELL_OPEN, .value = 10, .weight = 10}};
    struct relation relation[2] = {{0, 3}, {3, 3}};
    int member[6] = {0, 1, 2, 3, 4, 5};
    struct system s = {.n_cells = 6, .cell = cell, .n_relations = 2, .relation = relation,
                       .n_members = 6, .member = member};
    struct ground g;
    struct patch p;
    struct error e = {0};
    assert_int_equal(ground_of(&g, &season, &s, &e), OK);
    patch_init(&p, &g);
    for (int target = 1; target <= 4; target++) {
        for (int c = 1; c < 5; c++)
            if (c != 3 && (c == target || c < 3))
                patch_take(&p, target == 4 ? 4 : c);
        patch_take_relations(&p);
        struct lp *lp = patch_program(&p, 1, false);
        if (target == 1) {
            int way[2], v = patch_variable(&p, 0, &way[0]);
            assert_non_null(lp);
            assert_int_equal(p.n_variables, 1);
            assert_int_equal(patch_variable(&p, 1, &way[1]), v);
            assert_int_equal(way[0], -way[1]);
            assert_int_equal(way[0] > 0 ? p.down[v] : p.up[v], 10);
            assert_int_equal(way[0] > 0 ? p.up[v] : p.down[v], 20);
        }
        if (target == 4)
            assert_null(lp);
        lp_destroy(lp);
        patch_empty(&p);
    }
    patch_finish(&p);
    arena_reset(&season);
}

/* The attack looks at one of several cells with the same contributions, and answers for all. */
static void test_twins(void **state)
{
    (void)state;
    int twins = 0, exposed = 0;
    for (int round = 0; round < SYSTEMS; round++) {
        struct system *s = random_system(false);
        struct error e = {0};
        struct attack k;
        struct ground g;
        struct inquiry *plain;
        random_states(s, 2 + below(8));
        assert_int_equal(ground_of(&g, &season, s, &e), OK);
        assert_int_equal(system_attack(s, 2, &season, &k, &e), OK);
        assert_int_equal(inquiry_open(&plain, s, true, &e), OK);
        for (int c = 0, at = 0; c < s->n_cells; c++) {
            const struct sdc_cell *cell = &s->cell[c];
            double low, high;
            if (!cell->sensitive || (g.twin[c] == c && below(4) != 0) || below(4) != 0)
                continue;
            while (at < k.n_exposed && k.exposed[at].cell < c)
                at++;
            bool found = at < k.n_exposed && k.exposed[at].cell == c &&
                         k.exposed[at].insider == UINT32_MAX;
            inquiry_interval(plain, c, NULL, &low, &high);
            double above = (double)width_above(&s->rules, cell);
            double below_it = (double)width_below(&s->rules, cell, false), v = (double)cell->value;
            assert_int_equal(found, high < v + above - 1e-6 * above ||
                                        low > v - below_it + 1e-6 * below_it);
            twins += g.twin[c] != c;
            exposed += found && g.twin[c] != c;
        }
        inquiry_close(plain);
        arena_reset(&season);
    }
    print_message("%d twins, %d of them exposed\n", twins, exposed);
    assert_true(twins > 3 * SYSTEMS && exposed > SYSTEMS / 2);
}

/* --- equal equations ------------------------------------------------------------------------ */

enum { HAND_CELLS = 14, HAND_RELATIONS = 11 };

struct by_hand {
    struct system s;
    struct sdc_cell cell[HAND_CELLS];
    struct relation relation[HAND_RELATIONS];
    int member[4 * HAND_RELATIONS];
};

static void hand_cell(struct by_hand *h, uint8_t state, int64_t value)
{
    h->cell[h->s.n_cells++] = (struct sdc_cell){.state = state, .value = value, .weight = value};
}

static void hand_relation(struct by_hand *h, const int *cell, int n)
{
    struct system *s = &h->s;
    s->cell = h->cell;
    s->relation = h->relation;
    s->member = h->member;
    h->relation[s->n_relations++] = (struct relation){s->n_members, n};
    for (int i = 0; i < n; i++)
        h->member[s->n_members++] = cell[i];
}

/* How far the first cell of the patch goes, in units. */
static double reach(struct patch *p, int sign, double unit, int *equations)
{
    struct lp *lp = patch_program(p, unit, false);
    *equations = lp == NULL ? 0 : lp_n_rows(lp);
    if (lp == NULL)
        return 0;
    for (int v = 0; v < p->n_variables; v++) {
        lp_upper(lp)[2 * v] = p->up[v] == INT64_MAX ? LP_INFINITY : (double)p->up[v] / unit;
        lp_upper(lp)[2 * v + 1] = p->down[v] == INT64_MAX ? LP_INFINITY : (double)p->down[v] / unit;
    }
    int way, v = patch_variable(p, 0, &way), against = sign * way < 0;
    lp_upper(lp)[2 * v + !against] = 0;
    lp_cost(lp)[2 * v + against] = -1;
    enum lp_status status = lp_solve(lp);
    assert_true(status == LP_OPTIMAL || status == LP_UNBOUNDED);
    double out = status == LP_UNBOUNDED ? INFINITY : lp_solution(lp)[2 * v + against];
    lp_destroy(lp);
    return out;
}

static double hand_reach(struct by_hand *h, int target, int *equations)
{
    struct ground g;
    struct patch p;
    assert_int_equal(ground_of(&g, &season, &h->s, NULL), OK);
    patch_init(&p, &g);
    patch_take(&p, target);
    for (int c = 0; c < h->s.n_cells; c++)
        if (h->cell[c].state != CELL_OPEN)
            patch_take(&p, c);
    patch_take_relations(&p);
    double out = reach(&p, 1, 1, equations);
    patch_finish(&p);
    arena_reset(&season);
    return out;
}

/* One equation in three forms: 60 = 10 + 20 + 30; the same of other cells, each of them the whole
 * of one of the first, its parts in another order; and of cells that make an open whole with the
 * first ones, which turns it round. One of them is left. */
static void test_equal_equations(void **state)
{
    (void)state;
    static const int64_t value[14] = {60, 10, 20, 30, 60, 10, 20, 30, 240, 90, 80, 70, 300, 100};
    static const int wholes[3][4] = {{0, 1, 2, 3}, {4, 7, 5, 6}, {8, 10, 11, 9}};
    struct by_hand h = {0};
    int equations;
    for (int c = 0; c < 14; c++)
        hand_cell(&h, c < 12 ? CELL_PRIMARY : CELL_OPEN, value[c]);
    for (int k = 0; k < 3; k++)
        hand_relation(&h, wholes[k], 4);
    for (int c = 0; c < 4; c++) {
        hand_relation(&h, (int[]){c + 4, c}, 2);
        hand_relation(&h, (int[]){c == 0 ? 12 : 13, c + 8, c}, 3);
    }
    /* 10 goes up as the other parts go down, and the whole to where its counterpart is nothing. */
    assert_true(fabs(hand_reach(&h, 1, &equations) - 90) < 1e-6);
    assert_int_equal(equations, 1);
    assert_true(fabs(hand_reach(&h, 0, &equations) - 240) < 1e-6);
    assert_int_equal(equations, 1);
}

/* Of the same cells, but not the same: a = b + c and b = a + c hold only where c stays. */
static void test_unequal_equations(void **state)
{
    (void)state;
    struct by_hand h = {0};
    int equations;
    for (int c = 0; c < 3; c++)
        hand_cell(&h, CELL_PRIMARY, c < 2 ? 50 : 0);
    hand_relation(&h, (int[]){0, 1, 2}, 3);
    hand_relation(&h, (int[]){1, 0, 2}, 3);
    assert_true(fabs(hand_reach(&h, 2, &equations)) < 1e-6);
    assert_int_equal(equations, 2);
    assert_true(isinf(hand_reach(&h, 0, &equations)));
}

/* --- boxes ----------------------------------------------------------------------------------- */

enum { READ_NODES = 40, READ_CELLS = 2500, READ_SIBLINGS = 12 };

struct prices {
    const struct system *s;
    const int64_t *cost; /* of an open cell; NULL: it may not move */
};

static int64_t price_of(const void *ctx, int cell)
{
    const struct prices *x = ctx;
    if (x->s->cell[cell].state != CELL_OPEN)
        return 0;
    return x->cost == NULL ? -1 : x->cost[cell];
}

struct reading { /* what box.c says a box is, read plainly: its nodes of each dimension */
    const struct prices *prices;
    int target;
    int64_t amount;
    int n[DIMS_MAX], node[DIMS_MAX][READ_NODES];
};

static void read_node(struct reading *b, int d, int node)
{
    for (int i = 0; i < b->n[d]; i++)
        if (b->node[d][i] == node)
            return;
    if (b->n[d] < READ_NODES)
        b->node[d][b->n[d]++] = node;
}

/* What the target's move would cost in the cell beside it, by the room that it has for it. */
static double read_price(const struct reading *b, int d, int node)
{
    const struct system *s = b->prices->s;
    int16_t at[DIMS_MAX];
    memcpy(at, s->cell[b->target].at, sizeof at);
    at[d] = (int16_t)node;
    int cell = system_find(s, at);
    if (cell < 0 || price_of(b->prices, cell) < 0)
        return INFINITY;
    double share = (double)s->cell[cell].weight / (double)llabs(b->amount);
    return (1 + (double)price_of(b->prices, cell)) / (share > 1 ? 1 : share < 1e-9 ? 1e-9 : share);
}

/* The cheapest children, among equals the first. */
static void read_children(struct reading *b, int d, int node, int most)
{
    const struct dimension *dim = &b->prices->s->plan->dim[d];
    bool taken[256] = {false};
    for (int k = 0; k < most; k++) {
        int best = -1;
        for (int i = 1; i < dim->n; i++)
            if (dim->node[i].parent == node && !taken[i] && !isinf(read_price(b, d, i)) &&
                (best < 0 || read_price(b, d, i) < read_price(b, d, best)))
                best = i;
        if (best < 0)
            return;
        taken[best] = true;
        read_node(b, d, best);
    }
}

static int64_t read_box(struct reading *b, int most)
{
    const struct plan *p = b->prices->s->plan;
    int64_t cells = 1;
    for (int d = 0; d < p->n_dims; d++) {
        int own = b->prices->s->cell[b->target].at[d];
        b->n[d] = 0;
        for (int node = own; node >= 0; node = p->dim[d].node[node].parent) {
            read_node(b, d, node);
            if (node > 0)
                read_children(b, d, p->dim[d].node[node].parent, most);
        }
        for (int i = 0; i < b->n[d]; i++)
            read_children(b, d, b->node[d][i], b->node[d][i] == own ? most : most / 3 + 1);
        cells *= b->n[d];
    }
    return cells;
}

static bool in_box(const struct reading *b, const struct sdc_cell *c)
{
    for (int d = 0; d < b->prices->s->plan->n_dims; d++) {
        bool in = false;
        for (int i = 0; i < b->n[d]; i++)
            in |= b->node[d][i] == c->at[d];
        if (!in)
            return false;
    }
    return true;
}

struct boxes { int seen, small, whole, same, narrower; };

/* The cells of the patch are those of the box; true when that is all that may move. */
static bool check_box(const struct patch *p, const struct prices *x, int target, int64_t amount,
                      struct boxes *n)
{
    struct reading b = {.prices = x, .target = target, .amount = amount};
    int most = READ_SIBLINGS, may = 0, want = 0;
    while (read_box(&b, most) > READ_CELLS && most > 1)
        most--;
    assert_int_equal(p->queue[0], target);
    for (int c = 0; c < x->s->n_cells; c++) {
        bool in = price_of(x, c) >= 0 && in_box(&b, &x->s->cell[c]);
        assert_int_equal(p->column[c] > 0, in || c == target);
        want += in || c == target;
        may += price_of(x, c) >= 0;
    }
    assert_int_equal(p->n_queue, want);
    n->small += most < READ_SIBLINGS;
    return want == may;
}

/* What goes in a box goes in the whole, and as far when the box is the whole. */
static void check_reach(struct patch *p, const struct system *s, struct inquiry *plain, int c,
                        bool whole, struct boxes *n)
{
    double low, high, unit = fmax(1, (double)s->cell[c].weight), v = (double)s->cell[c].value;
    int equations;
    inquiry_interval(plain, c, NULL, &low, &high);
    double up = v + unit * reach(p, 1, unit, &equations);
    double down = v - unit * reach(p, -1, unit, &equations);
    assert_true(up <= high + 1e-6 * unit && down >= low - 1e-6 * unit);
    if (whole) {
        same(s, c, up, high);
        same(s, c, down, low);
    }
    bool far = (up == high || up >= high - 1e-6 * unit) &&
               (down == low || down <= low + 1e-6 * unit);
    n->same += far;
    n->narrower += !far;
    n->whole += whole;
}

static void look_at_box(struct patch *p, const struct system *s, struct inquiry *plain, int c,
                        int64_t *cost, struct boxes *n)
{
    struct prices x = {s, below(2) ? cost : NULL};
    int64_t amount = (1 + below(300)) * (below(2) ? 1 : -1);
    bool may = price_of(&x, c) >= 0;
    assert_int_equal(patch_box(p, c, amount, price_of, &x), may);
    if (may) {
        bool whole = check_box(p, &x, c, amount, n);
        if (x.cost == NULL && plain != NULL)
            check_reach(p, s, plain, c, whole, n);
        n->seen++;
    }
    patch_empty(p);
}

static void test_boxes(void **state)
{
    (void)state;
    struct boxes n = {0};
    for (int round = 0; round < SYSTEMS; round++) {
        bool wide = round % 5 == 4; /* its program as it stands would take a second */
        struct system *s = wide ? wide_system() : random_system(round % 3 == 2);
        int64_t *cost = ARENA_ARRAY(&season, int64_t, (size_t)s->n_cells + 1);
        struct inquiry *plain;
        struct ground g;
        struct patch p;
        random_states(s, 1 + below(6));
        for (int c = 0; c < s->n_cells; c++)
            cost[c] = below(10) == 0 ? -1 : 1 + below(50);
        assert_int_equal(ground_of(&g, &season, s, NULL), OK);
        assert_int_equal(inquiry_open(&plain, s, true, NULL), OK);
        patch_init(&p, &g);
        for (int i = 0; i < LOOKED_AT; i++)
            look_at_box(&p, s, wide ? NULL : plain, below(s->n_cells), cost, &n);
        patch_finish(&p);
        inquiry_close(plain);
        arena_reset(&season);
    }
    print_message("%d boxes, %d with fewer siblings; %d reach as far as all cells do, %d of them "
                  "are all, %d do not\n", n.seen, n.small, n.same, n.whole, n.narrower);
    assert_true(n.seen > 15 * SYSTEMS && n.same > 2 * SYSTEMS);
    /* Few systems have the odd kinds of box, and the ten under the sanitizers may have none. */
    assert_true(SANITIZED || (n.small > 0 && n.whole > 0 && n.narrower > 0));
}

/* --- circuits -------------------------------------------------------------------------------- */

static void check_circuit(const struct system *s, const struct circuit_terms *t,
                          const struct circuit *c, int target, int sign)
{
    int *move = ARENA_ARRAY(&season, int, (size_t)s->n_cells);
    int64_t cost = 0;
    assert_true(c->n > 0 && c->cell[0] == target && c->sign[0] == sign);
    for (int i = 0; i < c->n; i++) {
        int cell = c->cell[i];
        move[cell] += c->sign[i];
        cost += i > 0 ? price_of(t->ctx, cell) : 0;
        assert_true(i == 0 || price_of(t->ctx, cell) >= 0);
        if ((t->both || c->sign[i] < 0) && !s->either_sign && s->cell[cell].value >= 0)
            assert_true(s->cell[cell].value >= t->need);
    }
    assert_int_equal(cost, c->cost);
    for (int r = 0; r < s->n_relations; r++) {
        const int *m = &s->member[s->relation[r].first];
        int sum = move[m[0]];
        for (int i = 1; i < s->relation[r].n; i++)
            sum -= move[m[i]];
        assert_int_equal(sum, 0);
    }
}

/* Also where tables go deeper in different dimensions. */
static void test_circuits(void **state)
{
    (void)state;
    int found = 0;
    for (int round = 0; round < SYSTEMS; round++) {
        struct system *s = random_system(round % 3 == 2);
        int64_t *cost = ARENA_ARRAY(&season, int64_t, (size_t)s->n_cells + 1);
        struct ground g;
        random_states(s, 1 + below(4));
        for (int c = 0; c < s->n_cells; c++)
            cost[c] = 1 + below(50);
        assert_int_equal(ground_of(&g, &season, s, NULL), OK);
        for (int i = 0; i < 2 * LOOKED_AT; i++) {
            struct prices x = {s, below(2) ? cost : NULL};
            struct circuit_terms t = {.need = 1 + below(30), .both = below(2), .branches = 12,
                                      .budget = 20000, .dearest = INT64_MAX / 2,
                                      .enough = below(2) ? 8 : 0, .cost = price_of, .ctx = &x};
            struct circuit c;
            int target = below(s->n_cells), sign = below(2) ? 1 : -1;
            if (circuit_find(&g, target, sign, &t, &c)) {
                check_circuit(s, &t, &c, target, sign);
                found++;
            }
        }
        arena_reset(&season);
    }
    print_message("%d circuits\n", found);
    assert_true(found > 5 * SYSTEMS);
}

/* Each test draws from the seed, so that none depends on how much the ones before it drew. */
static int draw_anew(void **state)
{
    (void)state;
    rng_seed(&rng, seed);
    return 0;
}

#define DRAWING(test) cmocka_unit_test_setup(test, draw_anew)

int main(void)
{
    const char *s = getenv("FUMAO_SEED");
    if (s != NULL)
        seed = strtoull(s, NULL, 10);
    print_message("seed %llu\n", (unsigned long long)seed);
    const struct CMUnitTest tests[] = {
        DRAWING(test_ties),
        DRAWING(test_intervals),
        DRAWING(test_twins),
        DRAWING(test_equal_equations),
        DRAWING(test_unequal_equations),
        DRAWING(test_boxes),
        DRAWING(test_circuits),
    };
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    arena_finish(&season);
    return r;
}
