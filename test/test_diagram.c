/*
 * The family diagrams against decide(): every answer of a diagram is the answer of the engine
 * with no fact known and nothing claimed. Everything comes from one seed, printed on failure.
 * FUMAO_SEED (default 1), FUMAO_CELLS (random cells per day, default 300,000).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "decide/decide.h"

static struct arena program;
static struct snapshot *snapshot;
static const struct classification *codes;
static struct rng rng;
static uint64_t seed = 1;
static long cells = 300000;
static long decided; /* cells that some list speaks about: the comparison is not empty */
static const char *const days[3] = {"2022-06-15", "2024-11-05", "2026-11-01"};

static int below(int n)
{
    return (int)rng_below(&rng, (uint32_t)n);
}

static int load(void **state)
{
    (void)state;
    struct error e = {0};
    struct classification *k;
    struct corpus *c;
    arena_init(&program);
    if (getenv("FUMAO_SEED"))
        seed = strtoull(getenv("FUMAO_SEED"), NULL, 10);
    if (getenv("FUMAO_CELLS"))
        cells = strtol(getenv("FUMAO_CELLS"), NULL, 10);
    if (classification_load(&k, &program, &e) != OK ||
        law_load_shipped(&c, &program, k, &e) != OK || snapshot_create(&snapshot, c, &e) != OK) {
        fprintf(stderr, "%s:%d: %s: %s\n", e.file, e.line, e.field, e.detail_en);
        return -1;
    }
    codes = k;
    return 0;
}

static int unload(void **state)
{
    (void)state;
    snapshot_destroy(snapshot);
    arena_finish(&program);
    return 0;
}

static void same(const struct diagram *d, day_t on, day_t known, int sector, int combo, int origin,
                 int place)
{
    struct question q = {.sector = sector, .mode = combo_mode(combo),
                         .direction = combo_direction(combo), .kind = combo_kind(combo),
                         .origin = origin, .place = place, .on = on, .known = known};
    struct answer a;
    decide(snapshot, &q, &a);
    decided += a.outcome != OUTCOME_ELSEWHERE;
    struct diagram_answer x = diagram_answer(d, sector, combo, origin, place);
    if (x.outcome == (uint8_t)a.outcome && x.must == (uint8_t)a.must &&
        x.treatment == (uint8_t)a.treatment)
        return;
    fail_msg("seed %llu: sector %d combo %d origin %d place %d: diagram %d [%d, %d], decide %d "
             "[%d, %d]", (unsigned long long)seed, sector, combo, origin, place, x.outcome, x.must,
             x.treatment, (int)a.outcome, (int)a.must, (int)a.treatment);
}

static int any_combo(void)
{
    int combo = below(COMBOS);
    while (!combo_valid(combo))
        combo = below(COMBOS);
    return combo;
}

static void one_day(day_t on, day_t known)
{
    struct diagram *d;
    assert_int_equal(diagram_create(&d, snapshot, on, known, NULL), OK);
    assert_true(diagram_bytes(d) > 0);
    for (long i = 0; i < cells; i++)
        same(d, on, known, below(codes->gbt.n_leaves), any_combo(), below(codes->n_economies),
             below(codes->n_places));
    for (int i = 0; i < 20; i++) {
        int place = below(codes->n_places), origin = below(codes->n_economies);
        for (int sector = 0; sector < codes->gbt.n_leaves; sector++)
            for (int combo = 0; combo < COMBOS; combo++)
                if (combo_valid(combo))
                    same(d, on, known, sector, combo, origin, place);
    }
    diagram_destroy(d);
    assert_true(decided > cells / 20);
    decided = 0;
}

static void equals_decide(void **state)
{
    (void)state;
    rng_seed(&rng, seed);
    for (int i = 0; i < 3; i++) {
        day_t on;
        assert_true(day_parse(str_from(days[i]), &on));
        one_day(on, DAY_MAX - 1); /* everything the platform has had and not taken back */
    }
}

static void accepts_nothing(void **state)
{
    (void)state;
    diagram_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_decide),
                                       cmocka_unit_test(accepts_nothing)};
    return cmocka_run_group_tests(tests, load, unload);
}
