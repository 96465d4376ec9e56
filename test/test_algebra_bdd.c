/* The algebra of diff against BuDDy on the whole space: the same numbers of opened and closed
 * cells on random pairs of editions whose items have no conditions. Skipped without libbdd.
 * FUMAO_SEED (default 1), FUMAO_CASES (default 60). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../bench/bdd_diff.h"
#include "../bench/lists.h"
#include "compare/diff.h"

static uint64_t seed = 1;
static int cases = 60;
static struct arena program, season;
static struct classification *codes;

static void compare_pair(int items, int edits, uint64_t from, int *moved)
{
    struct diff d;
    struct bdd_counts x;
    struct snapshot *s;
    struct side a, b;
    struct error e = {0};
    day_t day = day_from_civil(2026, 6, 1);
    arena_reset(&season);
    struct corpus *c = lists_make(&season, codes, items, edits, from);
    assert_int_equal(snapshot_create(&s, c, &e), OK);
    assert_int_equal(side_of_record(c, 0, day, &a, &e), OK);
    assert_int_equal(side_of_record(c, 1, day, &b, &e), OK);
    if (diff_make(s, &a, &b, &d, &season, &e) != OK)
        fail_msg("%s", e.detail_en);
    bdd_diff(c, 0, 1, &d.domain, &x);
    if (d.total != x.total || d.opened != x.opened || d.closed != x.closed)
        fail_msg("%d items, %d edits, seed %llu: diff %llu + %llu of %llu, BuDDy %llu + %llu of "
                 "%llu (FUMAO_SEED=%llu)",
                 items, edits, (unsigned long long)from, (unsigned long long)d.opened,
                 (unsigned long long)d.closed, (unsigned long long)d.total,
                 (unsigned long long)x.opened, (unsigned long long)x.closed,
                 (unsigned long long)x.total, (unsigned long long)seed);
    assert_int_equal(d.opened + d.closed + d.same, d.total);
    *moved += (d.opened > 0) + (d.closed > 0);
    snapshot_destroy(s);
}

static void diff_counts_as_buddy_counts(void **state)
{
    (void)state;
    static const int items[] = {5, 20, 70, 150, 600};
    struct rng r;
    int moved = 0;
    rng_seed(&r, seed);
    for (int i = 0; i < cases; i++) {
        int n = items[i % 5];
        compare_pair(n, 1 + (int)rng_below(&r, (uint32_t)n), rng_next(&r), &moved);
    }
    assert_true(moved > cases); /* a pair without a difference proves little */
}

static int setup(void **state)
{
    (void)state;
    arena_init(&program);
    arena_init(&season);
    return classification_load(&codes, &program, NULL) != OK;
}

static int teardown(void **state)
{
    (void)state;
    arena_finish(&season);
    arena_finish(&program);
    return 0;
}

int main(void)
{
    if (getenv("FUMAO_SEED"))
        seed = strtoull(getenv("FUMAO_SEED"), NULL, 10);
    if (getenv("FUMAO_CASES"))
        cases = atoi(getenv("FUMAO_CASES"));
    if (!bdd_present()) {
        print_message("skipped: built without libbdd (script/bootstrap --test installs it)\n");
        return 77; /* what meson counts as skipped */
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(diff_counts_as_buddy_counts)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
