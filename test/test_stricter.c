/*
 * Rules that become stricter after a release. What was open stays known whatever the rules say now,
 * so the next release cannot protect it; what is new is judged by the new rules alone. Three states
 * of affairs, by hand: no shown cell becomes sensitive; one does and has not changed; one does and
 * has changed. A cell that was shown stays as it was and is counted; a change of it waits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "disclosure/system.h"
#include "disclosure/vintage.h"

enum { ITEMS = 4, REGIONS = 4, MONTHS = 2, FIRMS = 8, FEW = 4, STRICT = 6 };
enum { PERIOD, ITEM, REGION };

static struct arena arena;
static const struct rules loose = {.contributors_min = 3, .p_percent = 10, .n_dominance = {1, 2},
                                   .k_percent = {99, 80}, .width_percent = 10};

static struct node *tree(struct dimension *d, const char *id, const char *root, char letter, int n)
{
    d->id = str_from(id);
    d->n = n + 1;
    d->node = ARENA_ARRAY(&arena, struct node, (size_t)n + 1);
    d->node[0] = (struct node){.code = str_from(root), .parent = -1};
    for (int i = 1; i <= n; i++) {
        char code[4] = {letter, (char)('0' + i), 0, 0};
        d->node[i] = (struct node){.code = str_copy(&arena, str_from(code)), .depth = 1};
    }
    return d->node;
}

/* Months by item and region; there is no total of the months. */
static const struct plan *plan_of(void)
{
    struct plan *p = ARENA_NEW(&arena, struct plan);
    p->n_dims = 3;
    tree(&p->dim[PERIOD], "period", "_T", 'M', MONTHS)[0].absent = true;
    tree(&p->dim[ITEM], "item", "S", 'I', ITEMS);
    tree(&p->dim[REGION], "region", "CN", 'R', REGIONS);
    p->n_tables = 1;
    p->table = ARENA_NEW(&arena, struct table_spec);
    *p->table = (struct table_spec){.id = STR("all"), .depth = {1, 1, 1}};
    return p;
}

struct lines {
    struct contribution_at c[MONTHS * ITEMS * REGIONS * FIRMS];
    size_t n;
};

/* FIRMS even firms in every cell of a month; FEW in that of item 1 and region 1. */
static void month(struct lines *l, int m, int few, int64_t more)
{
    for (int i = 1; i <= ITEMS; i++)
        for (int r = 1; r <= REGIONS; r++)
            for (int f = 0; f < (i == 1 && r == 1 ? few : FIRMS); f++)
                l->c[l->n++] = (struct contribution_at){
                    .leaf = {(int16_t)m, (int16_t)i, (int16_t)r},
                    .party = (uint32_t)((i * REGIONS + r) * FIRMS + f),
                    .value = 1000 + 10 * f + (i == 1 && r == 1 ? more : 0)};
}

static enum err prepare(const struct plan *p, const struct rules *rules, const struct lines *l,
                        const struct release *before, struct vintage *v, struct error *e)
{
    struct vintage_task t = {.plan = p, .rules = rules, .earlier = &before,
                             .n_earlier = before != NULL, .now = l->c, .n_now = l->n,
                             .n_threads = 1};
    memset(e, 0, sizeof *e);
    return vintage_prepare(&t, &arena, v, e);
}

static struct release *release(const struct vintage *v, const char *id)
{
    static const uint8_t cube[32] = {7};
    struct release *r = ARENA_NEW(&arena, struct release);
    release_of(r, &arena, v->system, str_from(id), 1700000000, cube, &v->used);
    return r;
}

static const struct release_cell *shown_in(const struct release *r, int m, int item, int region)
{
    const int16_t at[] = {(int16_t)m, (int16_t)item, (int16_t)region};
    for (int i = 0; i < r->n_cells; i++)
        if (memcmp(r->cell[i].at, at, sizeof at) == 0)
            return &r->cell[i];
    return NULL;
}

static int open_cells(const struct release *r)
{
    int n = 0;
    for (int i = 0; i < r->n_cells; i++)
        n += r->cell[i].state == CELL_OPEN;
    return n;
}

/* A first release by the loose rules, in which all is open. */
static struct release *first(const struct plan *p, struct lines *l, int few)
{
    struct vintage v;
    struct error e;
    month(l, 1, few, 0);
    assert_int_equal(prepare(p, &loose, l, NULL, &v, &e), OK);
    struct release *r = release(&v, "M1");
    assert_int_equal(open_cells(r), r->n_cells);
    return r;
}

static struct rules stricter(void)
{
    struct rules r = loose;
    r.contributors_min = STRICT;
    return r;
}

/* What is exposed although no release showed it. A cell that was shown, as it was, is none. */
static int newly_exposed(const struct vintage *v, const struct release *before)
{
    int n = 0;
    struct attack x;
    struct error e;
    assert_int_equal(system_attack(v->system, 1, &arena, &x, &e), OK);
    for (int i = 0; i < x.n_exposed; i++) {
        const struct sdc_cell *c = &v->system->cell[x.exposed[i].cell];
        const struct release_cell *then =
            shown_in(before, c->at[PERIOD], c->at[ITEM], c->at[REGION]);
        n += then == NULL || then->state != CELL_OPEN || then->value != c->value;
    }
    return n;
}

/* No cell that was shown is sensitive now: the stricter rules cost nothing that was not theirs. */
static void none_becomes_sensitive(void **state)
{
    (void)state;
    const struct plan *p = plan_of();
    const struct rules rules = stricter();
    struct lines *l = ARENA_NEW(&arena, struct lines);
    struct release *one = first(p, l, FIRMS);
    struct vintage v;
    struct error e;
    month(l, 2, FEW, 0);
    assert_int_equal(prepare(p, &rules, l, one, &v, &e), OK);
    struct release *two = release(&v, "M2");
    for (int i = 0; i < one->n_cells; i++) {
        const int16_t *at = one->cell[i].at;
        const struct release_cell *now = shown_in(two, at[PERIOD], at[ITEM], at[REGION]);
        assert_non_null(now);
        assert_int_equal(now->state, CELL_OPEN);
        assert_int_equal(now->value, one->cell[i].value);
    }
    /* The new month is judged by the new rules: what the loose ones would show is suppressed. */
    assert_int_equal(shown_in(two, 2, 1, 1)->state, CELL_PRIMARY);
    assert_int_equal(newly_exposed(&v, one), 0);
    assert_int_equal(prepare(p, &loose, l, one, &v, &e), OK);
    assert_int_equal(shown_in(release(&v, "L2"), 2, 1, 1)->state, CELL_OPEN);
}

/* A shown cell is sensitive now, and has changed or not. */
static void shown_becomes_sensitive(bool changes)
{
    const struct plan *p = plan_of();
    const struct rules rules = stricter();
    struct lines *l = ARENA_NEW(&arena, struct lines);
    struct release *one = first(p, l, FEW);
    const struct release as_it_was = *one;
    struct vintage v;
    struct error e;
    assert_int_equal(shown_in(one, 1, 1, 1)->state, CELL_OPEN);
    if (changes) {
        l->n = 0;
        month(l, 1, FEW, 500);
    }
    month(l, 2, FEW, 0);
    assert_int_equal(prepare(p, &rules, l, one, &v, &e), OK);
    assert_memory_equal(one, &as_it_was, sizeof *one);
    struct release *two = release(&v, "M2");
    const struct release_cell *cell = shown_in(two, 1, 1, 1);
    assert_int_equal(v.known, 1);
    assert_int_equal(cell->state, CELL_OPEN);
    assert_int_equal(cell->value, shown_in(one, 1, 1, 1)->value); /* nobody learns a newer one */
    assert_int_equal(v.hold.held > 0, changes);
    assert_int_equal(newly_exposed(&v, one), 0);
    assert_int_equal(shown_in(two, 2, 1, 1)->state, CELL_PRIMARY);
}

static void shown_and_as_it_was(void **state)
{
    (void)state;
    shown_becomes_sensitive(false);
}

static void shown_and_changed(void **state)
{
    (void)state;
    shown_becomes_sensitive(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_becomes_sensitive),
        cmocka_unit_test(shown_and_as_it_was),
        cmocka_unit_test(shown_and_changed),
    };
    arena_init(&arena);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_finish(&arena);
    return failed;
}
