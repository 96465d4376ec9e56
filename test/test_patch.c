/* Programs that were reduced (patch.h) against the same programs as they stand: the interval of
 * every unknown cell of random systems, sparse and deep, with published rates, with values of
 * either sign, for outsiders and for those who know more; and what the attack says of cells that
 * hold the same contributions. FUMAO_SEED (default 1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <math.h>

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

int main(void)
{
    const char *s = getenv("FUMAO_SEED");
    if (s != NULL)
        seed = strtoull(s, NULL, 10);
    rng_seed(&rng, seed);
    print_message("seed %llu\n", (unsigned long long)seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ties),
        cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_twins),
    };
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    arena_finish(&season);
    return r;
}
