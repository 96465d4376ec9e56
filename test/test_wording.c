/*
 * Words set side by side (compare/wording.h): known texts, the invariants on random texts, the
 * longest common subsequence against the full table, the limit, and memory. Everything comes
 * from one seed, printed on failure: FUMAO_SEED (default 1).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compare/wording.h"

static struct rng rng;
static uint64_t seed = 1;

/* "kept[-gone-]{+came+}" */
static void shown(const char *a, const char *b, char *out, size_t room)
{
    struct arena arena;
    struct wording_run *run;
    arena_init(&arena);
    int n = wording_diff(str_from(a), str_from(b), &arena, &run);
    out[0] = 0;
    for (int i = 0; i < n; i++) {
        static const char *const form[] = {"%.*s", "[-%.*s-]", "{+%.*s+}"};
        size_t at = strlen(out);
        snprintf(out + at, room - at, form[run[i].kind], STR_ARG(run[i].text));
    }
    arena_finish(&arena);
}

static void known_texts(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"", "", ""},
        {"", "新增", "{+新增+}"},
        {"删去", "", "[-删去-]"},
        {"不得从事报关业务", "不得从事报关业务", "不得从事报关业务"},
        {"境外个人不得报考执业兽医", "境外个人可以报考执业兽医", "境外个人[-不得-]{+可以+}报考执业兽医"},
        {"须经主管部门批准", "须经国务院主管部门批准", "须经{+国务院+}主管部门批准"},
        {"The firm may not advise clients.", "The branch may not advise any clients.",
         "The [-firm-]{+branch+} may not advise{+ any+} clients."},
        /* A lone character between two edits is given up, two are kept. */
        {"甲乙丙", "丁乙戊", "[-甲乙丙-]{+丁乙戊+}"},
        {"甲乙乙丙", "丁乙乙戊", "[-甲-]{+丁+}乙乙[-丙-]{+戊+}"},
        {"one, two", "six, ten", "[-one, two-]{+six, ten+}"},
        /* Part of a word is not kept: a reader reads words. */
        {"regulation", "regulations", "[-regulation-]{+regulations+}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char got[512];
        shown(rows[i][0], rows[i][1], got, sizeof got);
        assert_string_equal(got, rows[i][2]);
    }
}

/* --- random texts --------------------------------------------------------------------------- */

static const char *const alphabet[] = {"境", "外", "，", " ", "ab", "c", "—", "9", "é", "𠮷"};

static size_t random_text(char *out, int most)
{
    int n = (int)rng_below(&rng, (uint32_t)most + 1);
    size_t at = 0;
    for (int i = 0; i < n; i++) {
        const char *z = alphabet[rng_below(&rng, sizeof alphabet / sizeof *alphabet)];
        memcpy(out + at, z, strlen(z));
        at += strlen(z);
    }
    out[at] = 0;
    return at;
}

/* Kept and gone are a, kept and came are b; order, kinds and lengths as promised. */
static void check_runs(struct str a, struct str b, const struct wording_run *run, int n)
{
    size_t at_a = 0, at_b = 0;
    for (int i = 0; i < n; i++) {
        assert_true(run[i].text.n > 0);
        if (i > 0) {
            assert_true(run[i].kind != run[i - 1].kind);
            assert_false(run[i].kind == WORDING_GONE && run[i - 1].kind == WORDING_CAME);
        }
        if (run[i].kind != WORDING_CAME) {
            assert_true(at_a + run[i].text.n <= a.n);
            assert_memory_equal(a.p + at_a, run[i].text.p, run[i].text.n);
            at_a += run[i].text.n;
        }
        if (run[i].kind != WORDING_GONE) {
            assert_true(at_b + run[i].text.n <= b.n);
            assert_memory_equal(b.p + at_b, run[i].text.p, run[i].text.n);
            at_b += run[i].text.n;
        }
        assert_true(str_utf8_valid(run[i].text));
    }
    assert_int_equal(at_a, a.n);
    assert_int_equal(at_b, b.n);
}

static void random_invariants(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        char a[400], b[400];
        struct arena arena;
        struct wording_run *run;
        struct str x = {a, random_text(a, 40)}, y = {b, random_text(b, 40)};
        arena_init(&arena);
        int n = wording_diff(x, y, &arena, &run);
        check_runs(x, y, run, n);
        if (str_eq(x, y))
            assert_true(n <= 1);
        arena_finish(&arena);
    }
}

/* Characters of three bytes are words of their own: the full table is the judge. */
static void longest_common(void **state)
{
    (void)state;
    static const char *const few[] = {"甲", "乙", "丙"};
    for (int i = 0; i < 3000; i++) {
        char a[3 * 24], b[3 * 24];
        int m = (int)rng_below(&rng, 24), n = (int)rng_below(&rng, 24), table[25][25] = {{0}};
        struct arena arena;
        for (int k = 0; k < m; k++)
            memcpy(a + 3 * k, few[rng_below(&rng, 3)], 3);
        for (int k = 0; k < n; k++)
            memcpy(b + 3 * k, few[rng_below(&rng, 3)], 3);
        for (int x = 1; x <= m; x++)
            for (int y = 1; y <= n; y++) {
                int best = table[x - 1][y] > table[x][y - 1] ? table[x - 1][y] : table[x][y - 1];
                bool same = memcmp(a + 3 * (x - 1), b + 3 * (y - 1), 3) == 0;
                table[x][y] = same ? table[x - 1][y - 1] + 1 : best;
            }
        arena_init(&arena);
        struct str s = {a, (size_t)m * 3}, t = {b, (size_t)n * 3};
        assert_int_equal(wording_common(s, t, &arena), table[m][n]);
        arena_finish(&arena);
    }
}

/* --- limits --------------------------------------------------------------------------------- */

static void beyond_the_limit(void **state)
{
    (void)state;
    enum { N = 1100 }; /* N * N > LIMIT_WORDING_CELLS */
    static char a[3 * N + 16], b[3 * N + 16];
    struct arena arena;
    struct wording_run *run;
    size_t n = 0;
    assert_true((int64_t)N * N > LIMIT_WORDING_CELLS);
    for (int i = 0; i < N; i++, n += 3) {
        memcpy(a + n, i % 2 ? "甲" : "乙", 3);
        memcpy(b + n, i % 3 ? "甲" : "丙", 3);
    }
    memcpy(a, "头", 3);
    memcpy(b, "头", 3);
    struct str x = {a, n}, y = {b, n};
    arena_init(&arena);
    int runs = wording_diff(x, y, &arena, &run);
    check_runs(x, y, run, runs);
    assert_true(runs == 3 || runs == 4); /* the same head, all gone, all come, perhaps a tail */
    /* Memory is linear: some dozens of bytes for each byte of text. */
    assert_true(arena.bytes_total < 100 * 2 * n);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts),
        cmocka_unit_test(random_invariants),
        cmocka_unit_test(longest_common),
        cmocka_unit_test(beyond_the_limit),
    };
    if (getenv("FUMAO_SEED"))
        seed = strtoull(getenv("FUMAO_SEED"), NULL, 10);
    rng_seed(&rng, seed);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed)
        fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
    return failed;
}
