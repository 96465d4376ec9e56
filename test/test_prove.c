/* The proof over one time rectangle finds no difference on the shipped law, is the same on one
 * thread and two, and finds a planted one: a proof that cannot fail proves nothing. The engine
 * knows nothing of what is planted, so the two proofs must have the same hash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "decide/decide.h"

static struct arena arena;
static struct classification *codes;
static struct corpus *corpus;
static struct snapshot *snapshot;
static struct proof clean; /* on two threads */

static int load(void **state)
{
    struct error e = {0};
    (void)state;
    arena_init(&arena);
    return classification_load(&codes, &arena, &e) != OK ||
           law_load_shipped(&corpus, &arena, codes, &e) != OK ||
           snapshot_create(&snapshot, corpus, &e) != OK;
}

static int unload(void **state)
{
    (void)state;
    snapshot_destroy(snapshot);
    arena_finish(&arena);
    return 0;
}

static struct proof proof_on(const char *day, int threads)
{
    struct proof p;
    struct error e = {0};
    day_t on;
    assert_true(day_parse(str_from(day), &on));
    assert_int_equal(prove(snapshot, on, 0, threads, NULL, NULL, &p, &e), OK);
    assert_int_equal(p.rectangles, 1);
    return p;
}

static void no_difference(void **state)
{
    (void)state;
    uint64_t places = 0;
    for (int p = 0; p < codes->n_places; p++)
        places += codes->place[p].from <= day_from_civil(2021, 9, 1);
    clean = proof_on("2021-09-01", 2);
    uint64_t cells = places * (uint64_t)codes->n_economies * 24 * (uint64_t)codes->gbt.n_leaves;
    assert_int_equal(clean.differences, 0);
    assert_true(clean.cells > cells); /* every cell, and the valuations on top */
    assert_true(clean.valuations > 1000);
}

/* The rule is compiled into the snapshot; changing the corpus afterwards moves only the judge. */
static void planted_difference(void **state)
{
    (void)state;
    int hainan = instrument_find(corpus, STR("cn-hainan-2021"));
    const struct provision *found = provision_find(corpus, hainan, STR("air-traffic-control"));
    assert_non_null(found);
    struct provision *p = &corpus->provision[found - corpus->provision];
    enum treatment was = p->treatment;
    p->treatment = APPROVAL; /* a plain rule: the engine reads its own copy */
    struct proof bad = proof_on("2021-09-01", 1);
    p->treatment = was;
    assert_true(bad.differences > 0);
    assert_non_null(strstr(bad.first_difference, "air-traffic-control"));
    assert_int_equal(bad.cells, clean.cells);
    assert_int_equal(bad.valuations, clean.valuations);
    assert_string_equal(bad.hash, clean.hash);
}

static void outside(void **state)
{
    struct proof p;
    struct error e = {0};
    (void)state;
    assert_int_equal(prove(snapshot, day_from_civil(1990, 1, 1), 0, 1, NULL, NULL, &p, &e),
                     ERR_DATE_RANGE);
    assert_int_equal(prove(snapshot, DAY_MIN, 0, 0, NULL, NULL, &p, &e), ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_difference),
                                       cmocka_unit_test(planted_difference),
                                       cmocka_unit_test(outside)};
    return cmocka_run_group_tests(tests, load, unload);
}
