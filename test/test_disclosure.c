/* Disclosure: cells and relations against a plain count, the linear programs and the attack
 * against all vertices of tiny tables in exact fractions, suppression against the attacks of
 * docs/statistics.md, and what a careless release would have told. FUMAO_SEED (default 1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <math.h>

#include "disclosure/disclosure.h"
#include "sanitized.h"

static uint64_t seed = 1;
static struct rng rng;
static struct arena season;

static int below(int n)
{
    return (int)rng_below(&rng, (uint32_t)n);
}

static void want_ok(enum err r, const struct error *e)
{
    if (r != OK)
        fail_msg("%s %s", err_name(r), e->detail_en);
}

/* --- plans ------------------------------------------------------------------------------- */

static void flat_dimension(struct dimension *d, const char *id, int codes)
{
    d->id = str_from(id);
    d->n = codes + 1;
    d->node = ARENA_ARRAY(&season, struct node, (size_t)d->n);
    d->node[0] = (struct node){.code = STR("_T"), .parent = -1};
    for (int i = 1; i < d->n; i++)
        d->node[i] = (struct node){.code = STR("x"), .parent = 0, .depth = 1};
}

/* Groups of `each` codes below the total. */
static void grouped_dimension(struct dimension *d, const char *id, int groups, int each)
{
    d->id = str_from(id);
    d->n = 1 + groups + groups * each;
    d->node = ARENA_ARRAY(&season, struct node, (size_t)d->n);
    d->node[0] = (struct node){.code = STR("_T"), .parent = -1};
    for (int i = 0; i < groups; i++)
        d->node[1 + i] = (struct node){.code = STR("g"), .parent = 0, .depth = 1};
    for (int i = 0; i < groups * each; i++)
        d->node[1 + groups + i] =
            (struct node){.code = STR("x"), .parent = 1 + i / each, .depth = 2};
}

static struct plan *flat_plan(int n_dims, const int *codes)
{
    static const char *const names[] = {"a", "b", "c"};
    struct plan *p = ARENA_NEW(&season, struct plan);
    p->n_dims = n_dims;
    p->n_tables = 1;
    p->table = ARENA_ARRAY(&season, struct table_spec, 1);
    for (int d = 0; d < n_dims; d++) {
        flat_dimension(&p->dim[d], names[d], codes[d]);
        p->table[0].depth[d] = 1;
    }
    return p;
}

static struct system *build(const struct plan *p, const struct rules *r,
                            const struct contribution_at *c, size_t n)
{
    struct error e = {0};
    struct system *s;
    want_ok(system_build(&s, &season, p, r, c, n, &e), &e);
    return s;
}

static const struct rules usual = {.contributors_min = 3, .p_percent = 10, .width_percent = 10};

/* --- exact vertices ---------------------------------------------------------------------- */

struct fraction { int64_t n, d; }; /* d > 0 */

static struct fraction fraction(int64_t n, int64_t d)
{
    int64_t a = llabs(n), b = llabs(d);
    while (b != 0) {
        int64_t t = a % b;
        a = b;
        b = t;
    }
    a = a == 0 ? 1 : a;
    return d < 0 ? (struct fraction){-n / a, -d / a} : (struct fraction){n / a, d / a};
}
static struct fraction f_sub_product(struct fraction a, struct fraction b, struct fraction c)
{
    struct fraction bc = fraction(b.n * c.n, b.d * c.d);
    return fraction(a.n * bc.d - bc.n * a.d, a.d * bc.d);
}
static struct fraction f_divide(struct fraction a, struct fraction b)
{
    return fraction(a.n * b.d, a.d * b.n);
}

enum { UNKNOWN_MAX = 9, COLUMNS = UNKNOWN_MAX + 1, ROWS_MAX = 64, FAR_AWAY = 100000 };

/* Equations over unknown cells that are not negative; the last column is what is left of
 * FAR_AWAY, so that everything has a bound. */
struct exact {
    int n, rows;
    struct fraction m[ROWS_MAX][COLUMNS + 1];
    double low[UNKNOWN_MAX], high[UNKNOWN_MAX];
};

/* Eliminates a column from all rows but one, which is swapped into row k; false: nothing there. */
static bool pivot(struct exact *x, int k, int column)
{
    int from = k;
    while (from < x->rows && x->m[from][column].n == 0)
        from++;
    if (from == x->rows)
        return false;
    for (int c = 0; c <= COLUMNS && from != k; c++) {
        struct fraction t = x->m[k][c];
        x->m[k][c] = x->m[from][c];
        x->m[from][c] = t;
    }
    for (int r = 0; r < x->rows; r++) {
        if (r == k || x->m[r][column].n == 0)
            continue;
        struct fraction f = f_divide(x->m[r][column], x->m[k][column]);
        for (int c = 0; c <= COLUMNS; c++)
            x->m[r][c] = f_sub_product(x->m[r][c], f, x->m[k][c]);
    }
    return true;
}

/* Only rows that say something new. */
static void independent_rows(struct exact *x)
{
    int rank = 0;
    for (int c = 0; c < COLUMNS; c++)
        rank += pivot(x, rank, c);
    for (int r = rank; r < x->rows; r++)
        check(x->m[r][COLUMNS].n == 0);
    x->rows = rank;
}

/* Every basis: all vertices are among their solutions. */
static void exact_solve(struct exact *x)
{
    independent_rows(x);
    for (int i = 0; i < x->n; i++) {
        x->low[i] = FAR_AWAY;
        x->high[i] = -1;
    }
    for (unsigned set = 0; set < 1U << (x->n + 1); set++) {
        if (__builtin_popcount(set) != x->rows)
            continue;
        int column[COLUMNS], n = 0;
        struct exact y = *x;
        bool inside = true;
        double at[UNKNOWN_MAX] = {0};
        for (int i = 0; i <= x->n && inside; i++) {
            if (set >> i & 1) {
                column[n] = i == x->n ? UNKNOWN_MAX : i;
                inside = pivot(&y, n, column[n]);
                n++;
            }
        }
        for (int k = 0; k < n && inside; k++) {
            struct fraction v = f_divide(y.m[k][COLUMNS], y.m[k][column[k]]);
            inside = v.n >= 0;
            if (column[k] < UNKNOWN_MAX)
                at[column[k]] = (double)v.n / (double)v.d;
        }
        for (int i = 0; i < x->n && inside; i++) {
            x->low[i] = fmin(x->low[i], at[i]);
            x->high[i] = fmax(x->high[i], at[i]);
        }
    }
    for (int i = 0; i < x->n; i++)
        x->high[i] = x->high[i] > FAR_AWAY / 100 ? INFINITY : x->high[i];
}

/* --- tiny tables ------------------------------------------------------------------------- */

enum { SIDE_MAX = 5, TINY_CELLS = SIDE_MAX * SIDE_MAX * SIDE_MAX };

/* A full table with totals as an array, by its own arithmetic. */
struct tiny {
    int n_dims, side[3]; /* the total and the codes */
    int64_t value[TINY_CELLS];
    int cell[TINY_CELLS];   /* of the system; -1 */
    int column[TINY_CELLS]; /* among the unknown; -1 */
    struct plan *plan;
    struct system *s;
};

static int tiny_cells(const struct tiny *t)
{
    int n = 1;
    for (int d = 0; d < t->n_dims; d++)
        n *= t->side[d];
    return n;
}

static void tiny_at(const struct tiny *t, int i, int16_t at[DIMS_MAX])
{
    memset(at, 0, DIMS_MAX * sizeof *at);
    for (int d = t->n_dims - 1; d >= 0; d--) {
        at[d] = (int16_t)(i % t->side[d]);
        i /= t->side[d];
    }
}

static int tiny_index(const struct tiny *t, const int16_t *at)
{
    int i = 0;
    for (int d = 0; d < t->n_dims; d++)
        i = i * t->side[d] + at[d];
    return i;
}

static void tiny_values(struct tiny *t, const struct contribution_at *c, int n)
{
    memset(t->value, 0, sizeof t->value);
    for (int i = 0; i < n; i++) {
        for (int mask = 0; mask < 1 << t->n_dims; mask++) {
            int16_t at[DIMS_MAX] = {0};
            for (int d = 0; d < t->n_dims; d++)
                at[d] = mask >> d & 1 ? c[i].leaf[d] : 0;
            t->value[tiny_index(t, at)] += c[i].value;
        }
    }
}

static void tiny_make(struct tiny *t, const struct rules *rules)
{
    struct contribution_at c[40];
    int codes[3], n = 8 + below(28);
    t->n_dims = 2 + below(2);
    for (int d = 0; d < t->n_dims; d++) {
        codes[d] = 2 + below(t->n_dims == 2 ? 3 : 2);
        t->side[d] = codes[d] + 1;
    }
    for (int i = 0; i < n; i++) {
        c[i] = (struct contribution_at){.party = (uint32_t)below(9), .value = 1 + below(9)};
        for (int d = 0; d < t->n_dims; d++)
            c[i].leaf[d] = (int16_t)(1 + below(codes[d]));
    }
    t->plan = flat_plan(t->n_dims, codes);
    t->s = build(t->plan, rules, c, (size_t)n);
    tiny_values(t, c, n);
    for (int i = 0; i < tiny_cells(t); i++) {
        int16_t at[DIMS_MAX];
        tiny_at(t, i, at);
        t->cell[i] = system_find(t->s, at);
        assert_int_equal(t->cell[i] >= 0, t->value[i] != 0);
        if (t->cell[i] >= 0)
            assert_int_equal(t->s->cell[t->cell[i]].value, t->value[i]);
    }
}

/* Some cells are unknown, inner ones more often than totals. */
static void tiny_states(struct tiny *t)
{
    int n = 0;
    for (int c = 0; c < t->s->n_cells; c++)
        t->s->cell[c].state = CELL_OPEN;
    for (int tries = 0; tries < 40 && n < UNKNOWN_MAX; tries++) {
        int c = below(t->s->n_cells), totals = 0;
        for (int d = 0; d < t->n_dims; d++)
            totals += t->s->cell[c].at[d] == 0;
        if (t->s->cell[c].state != CELL_OPEN || below(1 + 3 * totals) != 0)
            continue;
        t->s->cell[c].state = t->s->cell[c].sensitive ? CELL_PRIMARY
                              : below(2)              ? CELL_SECONDARY
                                                      : CELL_HIDDEN;
        n++;
    }
    for (int c = 0; c < t->s->n_cells; c++) /* the attack is on what was meant to be hidden */
        t->s->cell[c].sensitive &= t->s->cell[c].state != CELL_OPEN;
}

static void tiny_row(const struct tiny *t, struct exact *x, int i, int sign, struct fraction *row)
{
    if (t->column[i] >= 0)
        row[t->column[i]] = fraction(sign, 1);
    else
        row[COLUMNS] = fraction(row[COLUMNS].n - sign * t->value[i], 1);
    (void)x;
}

/* What someone knows who sees open cells and those of `known` (bit per system cell). */
static void tiny_exact(struct tiny *t, const uint64_t *known, struct exact *x)
{
    memset(x, 0, sizeof *x);
    for (int r = 0; r < ROWS_MAX; r++) {
        for (int c = 0; c <= COLUMNS; c++)
            x->m[r][c] = fraction(0, 1);
    }
    for (int i = 0; i < tiny_cells(t); i++) {
        int c = t->cell[i];
        bool told = c < 0 || t->s->cell[c].state == CELL_OPEN || bit_get(known, (size_t)c);
        t->column[i] = told ? -1 : x->n++;
    }
    for (int i = 0; i < tiny_cells(t); i++) {
        int16_t at[DIMS_MAX];
        tiny_at(t, i, at);
        for (int d = 0; d < t->n_dims; d++) {
            if (at[d] != 0)
                continue;
            check(x->rows < ROWS_MAX - 1);
            struct fraction *row = x->m[x->rows];
            tiny_row(t, x, i, 1, row);
            bool any = t->column[i] >= 0;
            for (at[d] = 1; at[d] < t->side[d]; at[d]++) {
                int child = tiny_index(t, at);
                tiny_row(t, x, child, -1, row);
                any |= t->column[child] >= 0;
            }
            at[d] = 0;
            x->rows += any;
            if (!any)
                row[COLUMNS] = fraction(0, 1);
        }
    }
    for (int c = 0; c < x->n; c++)
        x->m[x->rows][c] = fraction(1, 1);
    x->m[x->rows][UNKNOWN_MAX] = fraction(1, 1);
    x->m[x->rows++][COLUMNS] = fraction(FAR_AWAY, 1);
    exact_solve(x);
}

static void hold(const struct tiny *t, uint32_t party, uint64_t *known)
{
    for (int c = 0; c < t->s->n_cells; c++) {
        const struct sdc_cell *cell = &t->s->cell[c];
        if (cell->state != CELL_OPEN && cell->contributors == 1 && cell->top_party[0] == party)
            bit_set(known, (size_t)c);
    }
}

static int compare_intervals(struct tiny *t, const uint64_t *known, const struct exact *x)
{
    int seen = 0;
    for (int i = 0; i < tiny_cells(t); i++) {
        struct error e = {0};
        double low, high;
        if (t->column[i] < 0)
            continue;
        want_ok(system_interval(t->s, t->cell[i], known, &low, &high, &e), &e);
        if (fabs(low - x->low[t->column[i]]) > 1e-6 ||
            (high != x->high[t->column[i]] && !(fabs(high - x->high[t->column[i]]) <= 1e-6)))
            fail_msg("cell %d of value %ld: program [%g, %g], exact [%g, %g]", t->cell[i],
                     (long)t->value[i], low, high, x->low[t->column[i]], x->high[t->column[i]]);
        seen++;
    }
    return seen;
}

/* Sensitive cells that are placed too closely, by the exact bounds. */
static bool exactly_exposed(const struct tiny *t, const struct exact *x, int i, uint32_t insider)
{
    const struct sdc_cell *c = &t->s->cell[t->cell[i]];
    int64_t others = c->weight;
    for (uint32_t k = 0; k < 2 && k < c->contributors; k++)
        others -= c->top_party[k] == insider ? c->top[k] : 0;
    double width = ceil((double)(others * t->s->rules.width_percent) / 100.0);
    double less = fmin(width, (double)others);
    if (t->column[i] < 0)
        return true;
    return x->high[t->column[i]] < (double)c->value + width - 1e-9 ||
           x->low[t->column[i]] > (double)c->value - less + 1e-9;
}

static bool attack_found(const struct attack *k, int cell, uint32_t insider)
{
    for (int i = 0; i < k->n_exposed; i++) {
        if (k->exposed[i].cell == cell && k->exposed[i].insider == insider)
            return true;
    }
    return false;
}

static bool insider_found(const struct attack *k, uint32_t insider)
{
    for (int i = 0; i < k->n_exposed; i++) {
        if (k->exposed[i].insider == insider)
            return true;
    }
    return false;
}

static void compare_attack(struct tiny *t, const struct attack *k, uint32_t insider)
{
    struct exact x;
    uint64_t none[4] = {0}, known[4] = {0};
    tiny_exact(t, none, &x);
    bool outside[TINY_CELLS];
    for (int i = 0; i < tiny_cells(t); i++)
        outside[i] = t->cell[i] >= 0 && t->s->cell[t->cell[i]].sensitive &&
                     exactly_exposed(t, &x, i, UINT32_MAX);
    if (insider != UINT32_MAX)
        hold(t, insider, known);
    tiny_exact(t, known, &x);
    for (int i = 0; i < tiny_cells(t); i++) {
        if (t->cell[i] < 0 || !t->s->cell[t->cell[i]].sensitive)
            continue;
        const struct sdc_cell *c = &t->s->cell[t->cell[i]];
        bool own = c->contributors == 1 && c->top_party[0] == insider;
        bool exposed = insider == UINT32_MAX
                           ? outside[i]
                           : !own && !outside[i] && exactly_exposed(t, &x, i, insider);
        if (attack_found(k, t->cell[i], insider) != exposed)
            fail_msg("cell %d, insider %d: exactly %s", t->cell[i], (int)insider,
                     exposed ? "exposed" : "protected");
    }
}

/* TABLES tables: intervals for an outsider, an insider and a coalition of two; the attack
 * for the outsider and every insider. */
static void test_tiny_tables(void **state)
{
    (void)state;
    enum { TABLES = SANITIZED ? 300 : 1000 };
    int intervals = 0, exposed = 0, inside = 0;
    for (int round = 0; round < TABLES; round++) {
        struct rules rules = usual;
        struct tiny t;
        struct exact x;
        struct attack k;
        struct error e = {0};
        rules.width_percent = 10 + below(60);
        tiny_make(&t, &rules);
        tiny_states(&t);
        uint64_t known[4] = {0};
        for (int knows = 0; knows < 3; knows++) {
            tiny_exact(&t, known, &x);
            intervals += compare_intervals(&t, known, &x);
            hold(&t, (uint32_t)below(9), known);
        }
        want_ok(system_attack(t.s, 1 + below(3), &season, &k, &e), &e);
        for (uint32_t party = 0; party < 9; party++) {
            uint64_t own[4] = {0};
            hold(&t, party, own);
            if (own[0] | own[1] | own[2])
                compare_attack(&t, &k, party);
            else
                assert_false(insider_found(&k, party));
        }
        compare_attack(&t, &k, UINT32_MAX);
        exposed += k.n_exposed;
        for (int i = 0; i < k.n_exposed; i++)
            inside += k.exposed[i].insider != UINT32_MAX;
        arena_reset(&season);
    }
    print_message("%d intervals, %d exposures, %d of them to insiders\n", intervals, exposed,
                  inside);
    assert_true(intervals > 10 * TABLES && exposed > TABLES / 2 && inside > TABLES / 20);
}

/* --- building ---------------------------------------------------------------------------- */

static bool lies_below(const struct dimension *d, int leaf, int node)
{
    while (leaf > node)
        leaf = d->node[leaf].parent;
    return leaf == node;
}

/* One cell the long way round: a sum for each of `parties`. */
static struct sdc_cell plain_cell(const struct plan *p, const int16_t *at,
                                  const struct contribution_at *c, int n, int parties)
{
    struct sdc_cell out = {.top_party = {UINT32_MAX, UINT32_MAX}};
    for (int party = 0; party < parties; party++) {
        int64_t sum = 0;
        for (int i = 0; i < n; i++) {
            bool in = c[i].party == (uint32_t)party;
            for (int d = 0; d < p->n_dims && in; d++)
                in = lies_below(&p->dim[d], c[i].leaf[d], at[d]);
            sum += in ? c[i].value : 0;
        }
        int64_t size = llabs(sum);
        out.value += sum;
        out.weight += size;
        out.contributors += sum != 0;
        int place = size > out.top[0] ? 0 : size > out.top[1] ? 1 : 2;
        if (place == 0) {
            out.top[1] = out.top[0];
            out.top_party[1] = out.top_party[0];
        }
        if (place < 2) {
            out.top[place] = size;
            out.top_party[place] = (uint32_t)party;
        }
    }
    return out;
}

enum { PARTIES = 12, DECLARED = 150 };

/* Three dimensions, two of them grouped, and two tables that overlap. */
static struct plan *grouped_plan(void)
{
    struct plan *p = ARENA_NEW(&season, struct plan);
    p->n_dims = 3;
    grouped_dimension(&p->dim[0], "a", 2, 3);
    grouped_dimension(&p->dim[1], "b", 3, 2);
    flat_dimension(&p->dim[2], "c", 3);
    p->n_tables = 2;
    p->table = ARENA_ARRAY(&season, struct table_spec, 2);
    p->table[0] = (struct table_spec){.depth = {2, 1, 1}};
    p->table[1] = (struct table_spec){.depth = {1, 2, 0}, .from = {1, 0, 0}};
    return p;
}

static void declare(const struct plan *p, struct contribution_at *c, int n, int least, int most)
{
    for (int i = 0; i < n; i++) {
        c[i] = (struct contribution_at){.party = (uint32_t)below(PARTIES),
                                        .value = least + below(most - least + 1)};
        for (int d = 0; d < p->n_dims; d++) {
            int leaves = p->dim[d].node[p->dim[d].n - 1].depth == 2 ? 6 : 3;
            c[i].leaf[d] = (int16_t)(p->dim[d].n - 1 - below(leaves));
        }
    }
}

static bool wanted(const struct plan *p, const int16_t *at, bool shown)
{
    for (int t = 0; t < p->n_tables; t++) {
        bool in = true;
        for (int d = 0; d < p->n_dims; d++) {
            int depth = p->dim[d].node[at[d]].depth;
            in &= depth <= p->table[t].depth[d] && (!shown || depth >= p->table[t].from[d]);
        }
        if (in)
            return true;
    }
    return false;
}

static void check_cell(const struct plan *p, const struct system *s, const int16_t *at,
                       const struct contribution_at *c, int n, int *seen)
{
    struct sdc_cell plain = plain_cell(p, at, c, n, PARTIES);
    int i = system_find(s, at);
    bool any = false;
    for (int k = 0; k < n; k++) {
        bool in = c[k].value != 0;
        for (int d = 0; d < p->n_dims && in; d++)
            in = lies_below(&p->dim[d], c[k].leaf[d], at[d]);
        any |= in;
    }
    assert_int_equal(i >= 0, any && wanted(p, at, false));
    if (i < 0)
        return;
    const struct sdc_cell *cell = &s->cell[i];
    (*seen)++;
    assert_int_equal(cell->value, plain.value);
    assert_int_equal(cell->weight, plain.weight);
    assert_int_equal(cell->contributors, plain.contributors);
    assert_int_equal(cell->state, wanted(p, at, true) ? CELL_OPEN : CELL_HIDDEN);
    assert_int_equal(cell->sensitive, cell_sensitive(&s->rules, &plain));
    for (int k = 0; k < 2; k++) {
        assert_int_equal(cell->top[k], plain.top[k]);
        assert_int_equal(cell->top_party[k], plain.top_party[k]);
    }
}

static void check_relations(const struct system *s)
{
    for (int r = 0; r < s->n_relations; r++) {
        const int *m = &s->member[s->relation[r].first];
        int64_t sum = s->cell[m[0]].value;
        assert_true(s->relation[r].n >= 2);
        for (int i = 1; i < s->relation[r].n; i++)
            sum -= s->cell[m[i]].value;
        assert_int_equal(sum, 0);
    }
}

/* A relation for every cell and dimension with children in a table: counted by another road. */
static int plain_relations(const struct plan *p, const struct system *s)
{
    int n = 0;
    for (int c = 0; c < s->n_cells; c++) {
        for (int d = 0; d < p->n_dims; d++) {
            bool any = false;
            for (int node = 1; node < p->dim[d].n && !any; node++) {
                int16_t at[DIMS_MAX];
                memcpy(at, s->cell[c].at, sizeof at);
                any = p->dim[d].node[node].parent == at[d];
                at[d] = (int16_t)node;
                any = any && system_find(s, at) >= 0;
            }
            n += any;
        }
    }
    return n;
}

static void test_build(void **state)
{
    (void)state;
    int seen = 0;
    for (int round = 0; round < 20; round++) {
        struct contribution_at c[DECLARED];
        struct plan *p = grouped_plan();
        declare(p, c, DECLARED / (1 + round % 3), round % 2 ? -5 : 0, 20);
        struct system *s = build(p, &usual, c, DECLARED / (1 + (size_t)round % 3));
        int before = seen;
        for (int x = 0; x < p->dim[0].n * p->dim[1].n * p->dim[2].n; x++) {
            int16_t at[DIMS_MAX] = {(int16_t)(x / (p->dim[1].n * p->dim[2].n)),
                                    (int16_t)(x / p->dim[2].n % p->dim[1].n),
                                    (int16_t)(x % p->dim[2].n)};
            check_cell(p, s, at, c, DECLARED / (1 + round % 3), &seen);
        }
        assert_int_equal(seen - before, s->n_cells);
        check_relations(s);
        assert_int_equal(s->n_relations, plain_relations(p, s));
        arena_reset(&season);
    }
    assert_true(seen > 1000);
}

static void test_hidden_nodes_and_limits(void **state)
{
    (void)state;
    struct error e = {0};
    struct system *s;
    struct plan *p = flat_plan(2, (int[]){2, 2});
    p->dim[0].node[2].hidden = true;
    struct contribution_at c[] = {{.leaf = {1, 1}, .party = 1, .value = INT64_MAX},
                                  {.leaf = {2, 2}, .party = 2, .value = 5}};
    assert_int_equal(system_build(&s, &season, p, &usual, c, 2, &e), ERR_LIMIT);
    c[0].value = 7;
    s = build(p, &usual, c, 2);
    assert_int_equal(s->cell[system_find(s, (int16_t[DIMS_MAX]){2, 2})].state, CELL_HIDDEN);
    assert_int_equal(s->cell[system_find(s, (int16_t[DIMS_MAX]){2, 0})].state, CELL_HIDDEN);
    assert_int_equal(s->cell[system_find(s, (int16_t[DIMS_MAX]){1, 1})].state, CELL_OPEN);
    s = build(p, &usual, c, 0); /* nothing declared: no cells, nothing to protect */
    struct suppression u;
    struct attack k;
    assert_int_equal(s->n_cells, 0);
    want_ok(system_suppress(s, 2, &u, &e), &e);
    want_ok(system_attack(s, 2, &season, &k, &e), &e);
    assert_int_equal(k.n_exposed, 0);
    arena_reset(&season);
}

/* --- rules ------------------------------------------------------------------------------- */

static struct sdc_cell made(uint32_t contributors, int64_t weight, int64_t first, int64_t second)
{
    return (struct sdc_cell){.contributors = contributors, .value = weight, .weight = weight,
                             .top = {first, second}};
}

static void expect_sensitive(struct rules r, struct sdc_cell c, bool want)
{
    assert_int_equal(cell_sensitive(&r, &c), want);
}

static void test_rules(void **state)
{
    (void)state;
    struct rules r = {.contributors_min = 3}, p = {.p_percent = 10};
    expect_sensitive(r, made(2, 100, 50, 50), true);
    expect_sensitive(r, made(3, 100, 98, 1), false);
    /* 100 - x1 - x2 against a tenth of x1: the second largest is the attacker. */
    expect_sensitive(p, made(3, 1000, 700, 230), false); /* 70 is just enough */
    expect_sensitive(p, made(3, 999, 700, 230), true);
    expect_sensitive(p, made(1, 100, 100, 0), true);
    struct rules one = {.n_dominance = {1, 0}, .k_percent = {99, 0}};
    expect_sensitive(one, made(5, 10000, 9900, 50), false);
    expect_sensitive(one, made(5, 10000, 9901, 50), true);
    struct rules two = {.n_dominance = {1, 2}, .k_percent = {0, 80}};
    expect_sensitive(two, made(5, 10000, 4000, 4000), false);
    expect_sensitive(two, made(5, 10000, 4001, 4000), true);
    struct rules off = {.contributors_min = 0};
    expect_sensitive(off, made(1, 100, 100, 0), false);
    /* Sums near the end of 64 bits do not wrap. */
    expect_sensitive(p, made(3, INT64_MAX, INT64_MAX / 2, INT64_MAX / 2), true);
    expect_sensitive(p, made(30, INT64_MAX, INT64_MAX / 30, INT64_MAX / 30), false);
    struct rules shipped;
    struct error e = {0};
    want_ok(rules_load(&shipped, &e), &e);
    assert_int_equal(shipped.contributors_min, 3);
    assert_int_equal(shipped.p_percent, 10);
    assert_int_equal(shipped.width_percent, 10);
    assert_int_equal(shipped.n_dominance[0] * 1000 + shipped.k_percent[0], 1099);
    assert_int_equal(shipped.n_dominance[1] * 1000 + shipped.k_percent[1], 2080);
}

/* --- suppression ------------------------------------------------------------------------- */

static void primaries_only(struct system *s)
{
    for (int c = 0; c < s->n_cells; c++) {
        if (s->cell[c].state != CELL_HIDDEN)
            s->cell[c].state = s->cell[c].sensitive ? CELL_PRIMARY : CELL_OPEN;
    }
}

static int exposed_by(const struct system *s)
{
    struct error e = {0};
    struct attack k;
    want_ok(system_attack(s, 2, &season, &k, &e), &e);
    return k.n_exposed;
}

/* What was said to be suppressed and open is what the states say. */
static void check_counts(const struct system *s, const struct suppression *u)
{
    int n[4] = {0}, sensitive = 0;
    int64_t open = 0, suppressed = 0;
    for (int c = 0; c < s->n_cells; c++) {
        const struct sdc_cell *cell = &s->cell[c];
        n[cell->state]++;
        if (cell->state == CELL_HIDDEN)
            continue;
        sensitive += cell->sensitive;
        *(cell->state == CELL_OPEN ? &open : &suppressed) += llabs(cell->value);
    }
    assert_int_equal(u->cells, s->n_cells - n[CELL_HIDDEN]);
    assert_int_equal(u->sensitive, sensitive);
    assert_int_equal(u->primary, n[CELL_PRIMARY]);
    assert_int_equal(u->secondary, n[CELL_SECONDARY]);
    assert_int_equal(u->value_open, open);
    assert_int_equal(u->value_suppressed, suppressed);
}

/* Suppresses and looks at what must hold of any release. */
static struct suppression suppress(struct system *s, int threads)
{
    struct error e = {0};
    struct suppression u;
    int64_t before = 0, after = 0;
    for (int c = 0; c < s->n_cells; c++)
        before += s->cell[c].value;
    want_ok(system_suppress(s, threads, &u, &e), &e);
    for (int c = 0; c < s->n_cells; c++) {
        after += s->cell[c].value;
        assert_false(s->cell[c].sensitive && s->cell[c].state == CELL_OPEN);
        assert_false(s->cell[c].frozen && s->cell[c].state == CELL_OPEN);
        assert_false(s->cell[c].state == CELL_PRIMARY && !s->cell[c].sensitive);
    }
    assert_int_equal(before, after);
    assert_int_equal(exposed_by(s), 0);
    check_counts(s, &u);
    return u;
}

/* A heavy tail in whole numbers: most firms are small, a few have nearly all. */
static int64_t firm_size(void)
{
    int64_t size = 1000 + below(1000);
    while (size < 100000000 && below(2) == 0)
        size *= 2;
    return size;
}

static int crowded(int n) /* low codes more often */
{
    int a = below(n), b = below(n);
    return a < b ? a : b;
}

static struct contribution_at *economy(const struct plan *p, const int *codes, int firms, size_t *n)
{
    struct contribution_at *c = ARENA_ARRAY(&season, struct contribution_at, 3 * (size_t)firms);
    *n = 0;
    for (int f = 0; f < firms; f++) {
        int64_t size = firm_size();
        int16_t home[DIMS_MAX] = {0};
        for (int d = 0; d < p->n_dims; d++)
            home[d] = (int16_t)(p->dim[d].n - codes[d] + crowded(codes[d]));
        for (int i = 1 + below(3); i > 0; i--) {
            struct contribution_at *x = &c[(*n)++];
            *x = (struct contribution_at){.party = (uint32_t)f, .value = size / i};
            memcpy(x->leaf, home, sizeof home);
            x->leaf[0] = (int16_t)(p->dim[0].n - codes[0] + crowded(codes[0]));
        }
    }
    return c;
}

/* The first attack: totals minus what is shown, 12 sectors by 31 provinces. */
static void test_totals(void **state)
{
    (void)state;
    static const int codes[] = {12, 31};
    size_t n;
    struct plan *p = flat_plan(2, codes);
    struct contribution_at *c = economy(p, codes, 2200, &n);
    struct system *s = build(p, &usual, c, n);
    primaries_only(s);
    int naive = exposed_by(s);
    struct suppression u = suppress(s, 2);
    print_message("totals: %d exposed with primaries only; %d + %d of %d cells suppressed\n", naive,
                  u.primary, u.secondary, u.cells);
    assert_true(naive > 0 && u.secondary > 0);
    assert_int_equal(s->cell[0].state, CELL_OPEN); /* the total of all */
    arena_reset(&season);
}

/* The second: a cube with all three two-way margins. */
static void test_cube(void **state)
{
    (void)state;
    static const int codes[] = {12, 31, 8};
    /* Most of the time goes by in Clp, which the sanitizers do not see: one cube is enough there. */
    for (int firms = 6000; firms <= (SANITIZED ? 6000 : 20000); firms += 14000) {
        size_t n;
        struct plan *p = flat_plan(3, codes);
        struct contribution_at *c = economy(p, codes, firms, &n);
        struct system *s = build(p, &usual, c, n);
        primaries_only(s);
        int naive = exposed_by(s);
        struct suppression u = suppress(s, 2);
        print_message("cube of %d firms: %d exposed with primaries only; %d + %d of %d cells "
                      "suppressed, %d programs\n",
                      firms, naive, u.primary, u.secondary, u.cells, u.lps);
        assert_true(naive > 0 && u.secondary > 0);
        assert_int_equal(s->cell[0].state, CELL_OPEN);
        arena_reset(&season);
    }
}

/* The third: a zone and its province are both safe, what lies between them is not. */
static void test_zones(void **state)
{
    (void)state;
    enum { PROVINCES = 12 };
    static const int codes[] = {6, 2 * PROVINCES};
    struct plan *p = flat_plan(2, codes);
    grouped_dimension(&p->dim[1], "place", PROVINCES, 2);
    p->table[0].depth[1] = 2;
    for (int i = 0; i < PROVINCES; i++)
        p->dim[1].node[1 + PROVINCES + 2 * i].hidden = true; /* outside the zone */
    size_t n;
    struct contribution_at *c = economy(p, codes, 900, &n);
    struct system *s = build(p, &usual, c, n);
    primaries_only(s);
    int hidden = 0, naive = 0;
    struct error e = {0};
    struct attack k;
    want_ok(system_attack(s, 1, &season, &k, &e), &e);
    bool *told = ARENA_ARRAY(&season, bool, (size_t)s->n_cells);
    for (int i = 0; i < k.n_exposed; i++) { /* a cell may be told to several insiders */
        int cell = k.exposed[i].cell;
        naive += !told[cell] && s->cell[cell].state == CELL_HIDDEN;
        told[cell] = true;
    }
    for (int i = 0; i < s->n_cells; i++)
        hidden += s->cell[i].state == CELL_HIDDEN && s->cell[i].sensitive;
    suppress(s, 2);
    print_message("zones: %d of %d sensitive remainders exposed with primaries only\n", naive,
                  hidden);
    assert_true(naive > 0 && hidden >= naive);
    arena_reset(&season);
}

/* Suppression of tiny tables, looked at with exact vertices instead of the attack. */
static void test_tiny_suppressed(void **state)
{
    (void)state;
    int looked = 0, insiders = 0;
    for (int round = 0; round < 400; round++) {
        struct rules rules = {.contributors_min = 2 + round % 2, .width_percent = 10 + below(20),
                              .p_percent = round % 3 ? 10 : 0};
        struct tiny t;
        tiny_make(&t, &rules);
        suppress(t.s, 1 + below(2));
        int unknown = 0;
        for (int c = 0; c < t.s->n_cells; c++)
            unknown += t.s->cell[c].state != CELL_OPEN;
        for (uint32_t party = 0; party <= 9 && unknown <= UNKNOWN_MAX; party++) {
            struct exact x;
            uint64_t known[4] = {0};
            uint32_t insider = party == 9 ? UINT32_MAX : party;
            hold(&t, insider, known);
            tiny_exact(&t, known, &x);
            for (int i = 0; i < tiny_cells(&t); i++) {
                const struct sdc_cell *c = &t.s->cell[t.cell[i] < 0 ? 0 : t.cell[i]];
                if (t.cell[i] < 0 || !c->sensitive ||
                    (c->contributors == 1 && c->top_party[0] == insider))
                    continue;
                assert_false(exactly_exposed(&t, &x, i, insider));
                looked++;
                insiders += party < 9;
            }
        }
        arena_reset(&season);
    }
    print_message("%d protected cells by exact bounds, %d of them against insiders\n", looked,
                  insiders);
    assert_true(looked > 500 && insiders > 400);
}

/* Secondaries that could be opened, each alone, and nobody would be exposed. */
static int to_spare(struct system *s, int *secondaries)
{
    int n = 0;
    for (int c = 0; c < s->n_cells; c++) {
        if (s->cell[c].state != CELL_SECONDARY || s->cell[c].frozen)
            continue;
        ++*secondaries;
        s->cell[c].state = CELL_OPEN;
        n += exposed_by(s) == 0;
        s->cell[c].state = CELL_SECONDARY;
    }
    return n;
}

/* Of small tables nothing is suppressed in vain: flat ones, and deep ones of two tables that go
 * deeper in different dimensions. */
static void test_nothing_to_spare(void **state)
{
    (void)state;
    int spare = 0, secondaries = 0, frozen = 0, deep = 0;
    for (int round = 0; round < (SANITIZED ? 30 : 120); round++) {
        struct rules rules = {.contributors_min = 2 + round % 2, .width_percent = 5 + below(30),
                              .p_percent = round % 3 ? 10 : 0};
        struct tiny t;
        if (round % 3 == 0) {
            struct contribution_at c[DECLARED];
            struct plan *p = grouped_plan();
            declare(p, c, DECLARED, 0, 20);
            t.s = build(p, &rules, c, DECLARED);
        } else {
            tiny_make(&t, &rules);
        }
        for (int c = below(9); round % 5 == 0 && c < t.s->n_cells; c += 9) {
            t.s->cell[c].frozen = true;
            frozen++;
        }
        suppress(t.s, 1);
        int before = secondaries;
        spare += to_spare(t.s, &secondaries);
        deep += round % 3 == 0 ? secondaries - before : 0;
        arena_reset(&season);
    }
    print_message("%d of %d secondaries (%d of deep tables) could be opened\n", spare, secondaries,
                  deep);
    assert_int_equal(spare, 0);
    assert_true(frozen > 0 && deep > 0 && secondaries > (SANITIZED ? 100 : 400));
}

/* The same states whatever the threads and the order of the contributions. */
static void test_deterministic(void **state)
{
    (void)state;
    static const int codes[] = {8, 12, 5};
    size_t n;
    struct plan *p = flat_plan(3, codes);
    struct contribution_at *c = economy(p, codes, 1500, &n);
    struct system *one = build(p, &usual, c, n);
    suppress(one, 1);
    for (size_t i = n; i > 1; i--) {
        size_t k = (size_t)below((int)i);
        struct contribution_at x = c[k];
        c[k] = c[i - 1];
        c[i - 1] = x;
    }
    struct system *two = build(p, &usual, c, n);
    suppress(two, 3);
    assert_int_equal(one->n_cells, two->n_cells);
    for (int i = 0; i < one->n_cells; i++) {
        assert_memory_equal(&one->cell[i].at, &two->cell[i].at, sizeof one->cell[i].at);
        assert_int_equal(one->cell[i].state, two->cell[i].state);
        assert_int_equal(one->cell[i].top_party[1], two->cell[i].top_party[1]);
    }
    arena_reset(&season);
}

/* Cells that an earlier release suppressed stay so, and help. */
static void test_frozen(void **state)
{
    (void)state;
    static const int codes[] = {5, 6};
    size_t n;
    struct plan *p = flat_plan(2, codes);
    struct contribution_at *c = economy(p, codes, 300, &n);
    struct system *s = build(p, &usual, c, n);
    for (int i = 0; i < s->n_cells; i += 7)
        s->cell[i].frozen = true;
    suppress(s, 2);
    arena_reset(&season);
}

/* A growth rate beside a suppressed figure tells it, unless it is part of the system. */
static void test_derived(void **state)
{
    (void)state;
    static const int codes[] = {2, 4};
    struct plan *p = flat_plan(2, codes);
    struct contribution_at c[24];
    int n = 0;
    /* Two years by four items; item 1 has one firm, the others six each. */
    for (int year = 1; year <= 2; year++) {
        c[n++] = (struct contribution_at){.leaf = {(int16_t)year, 1}, .party = 99,
                                          .value = 5000 + 200 * year};
        for (int i = 0; i < 6; i++)
            c[n++] = (struct contribution_at){.leaf = {(int16_t)year, (int16_t)(2 + i % 3)},
                                              .party = (uint32_t)i, .value = 10000 + i};
    }
    struct rules rules = {.contributors_min = 2, .width_percent = 10};
    struct system *s = build(p, &rules, c, (size_t)n);
    struct error e = {0};
    suppress(s, 1);
    int target = system_find(s, (int16_t[DIMS_MAX]){2, 1}), base = -1;
    /* The rate of the suppressed cell against a published one. */
    for (int i = 0; i < s->n_cells && base < 0; i++)
        base = s->cell[i].state == CELL_OPEN && s->cell[i].value > 0 ? i : -1;
    assert_true(target >= 0 && base >= 0 && s->cell[target].state == CELL_PRIMARY);
    want_ok(system_derive(s, base, target, 1, &e), &e);
    const struct derived *d = &s->derived[0];
    double a = (double)s->cell[base].value, b = (double)s->cell[target].value;
    assert_true(d->low * a <= b && b <= d->high * a && d->high - d->low < 0.00101);
    assert_true(exposed_by(s) > 0);
    suppress(s, 1); /* with the rate in the system the base must go as well */
    assert_int_not_equal(s->cell[base].state, CELL_OPEN);
    assert_int_equal(system_derive(s, target, base, 0, &e), OK);
    s->cell[target].value = 0;
    assert_int_equal(system_derive(s, target, base, 0, &e), ERR_INVALID);
    arena_reset(&season);
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
        DRAWING(test_build),
        DRAWING(test_hidden_nodes_and_limits),
        DRAWING(test_rules),
        DRAWING(test_tiny_tables),
        DRAWING(test_tiny_suppressed),
        DRAWING(test_totals),
        DRAWING(test_cube),
        DRAWING(test_zones),
        DRAWING(test_deterministic),
        DRAWING(test_frozen),
        DRAWING(test_derived),
        DRAWING(test_nothing_to_spare),
    };
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    arena_finish(&season);
    return r;
}
