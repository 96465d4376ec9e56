/*
 * R8 and R14 against a plain reading of their words: every party's amounts in an array, sorted,
 * median and MAD by hand; every refund against every payment. Random declarations, several
 * threads, and the same findings whatever the threads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "declaration/cube.h"
#include "declaration/history.h"

enum { RECORDS = 4000, PARTIES = 60 };

static struct arena arena;
static struct classification *codes;
static struct scheme *scheme;
static struct declaration record[RECORDS];
static char id[PARTIES][19], number[RECORDS][23];
static int party_of[RECORDS];

static void make(uint64_t seed)
{
    static const char *const currency[] = {"USD", "JPY", "CNY"};
    static const char *const contract[] = {"", "A-1", "A-2"};
    struct rng rng;
    rng_seed(&rng, seed);
    for (int i = 0; i < PARTIES; i++)
        snprintf(id[i], sizeof id[i], "PARTY%03d", i);
    for (int i = 0; i < RECORDS; i++) {
        struct declaration *d = &record[i];
        /* Some parties have many records, some fewer than a history needs. */
        int p = party_of[i] = (int)(rng_below(&rng, PARTIES) * rng_below(&rng, PARTIES) / PARTIES);
        snprintf(number[i], sizeof number[i], "310000123401260315%04d", i);
        *d = (struct declaration){.report_no = {number[i], 22}, .party_id = str_from(id[p])};
        d->code = (uint8_t)(1 + rng_below(&rng, 2));
        d->currency = (uint8_t)scheme_currency_find(scheme, str_from(currency[rng_below(&rng, 3)]));
        d->flow = (uint8_t)rng_below(&rng, 2);
        d->on = day_from_civil(2026, 3, 1) + (day_t)rng_below(&rng, 20);
        d->amount = 1 + rng_below(&rng, 100000);
        if (rng_below(&rng, 40) == 0)
            d->amount *= 100000;
        d->contract = str_from(contract[rng_below(&rng, 3)]);
        d->advance = rng_below(&rng, 25) == 0 ? ADVANCE_REFUND : ADVANCE_NONE;
    }
}

static int64_t cents(const struct declaration *d)
{
    int64_t c = 0;
    assert_true(rates_cents(scheme->rates, scheme, d->currency, month_of(d->on), d->amount, &c));
    return c;
}

static int rising(const void *x, const void *y)
{
    return *(const int32_t *)x < *(const int32_t *)y ? -1 : *(const int32_t *)x > *(const int32_t *)y;
}

static bool far_by_words(int at)
{
    int32_t log[RECORDS], off[RECORDS];
    int n = 0;
    if (record[at].advance == ADVANCE_REFUND || cents(&record[at]) <= 0)
        return false;
    for (int i = 0; i < RECORDS; i++)
        if (party_of[i] == party_of[at] && record[i].advance != ADVANCE_REFUND && cents(&record[i]) > 0)
            log[n++] = history_log(cents(&record[i]));
    if (n < HISTORY_MIN)
        return false;
    sort_by(log, (size_t)n, sizeof *log, rising);
    int32_t median = log[(n - 1) / 2];
    for (int i = 0; i < n; i++)
        off[i] = abs(log[i] - median);
    sort_by(off, (size_t)n, sizeof *off, rising);
    int32_t mad = off[(n - 1) / 2] < HISTORY_LOG / 2 ? HISTORY_LOG / 2 : off[(n - 1) / 2];
    return abs(history_log(cents(&record[at])) - median) > mad * scheme->rule[RULE_R8].value;
}

static bool alone_by_words(int at)
{
    const struct declaration *r = &record[at];
    if (r->advance != ADVANCE_REFUND)
        return false;
    for (int i = 0; i < RECORDS; i++) {
        const struct declaration *d = &record[i];
        if (party_of[i] == party_of[at] && d->advance != ADVANCE_REFUND && d->code == r->code &&
            d->currency == r->currency && d->flow != r->flow && d->on <= r->on &&
            d->amount >= r->amount &&
            (d->contract.n == 0 || r->contract.n == 0 || str_eq(d->contract, r->contract)))
            return false;
    }
    return true;
}

static void run(int threads, struct history_report *out)
{
    struct history *h = history_create(scheme, threads);
    for (int i = 0; i < RECORDS; i += 100)
        history_rows(h, i / 100 % threads, &record[i], 100);
    assert_int_equal(history_settle(h, NULL), OK);
    for (int i = 0; i < RECORDS; i += 50)
        history_again(h, i / 50 % threads, &record[i], 50);
    history_report(h, out);
    history_destroy(h);
}

static void as_the_words_say(void **state)
{
    (void)state;
    static struct history_report got, other;
    int met[RULE_COUNT] = {0};
    for (uint64_t seed = 1; seed <= 6; seed++) {
        make(seed);
        int far = 0, alone = 0;
        for (int i = 0; i < RECORDS; i++)
            record[i].rules = 0;
        run(1, &got);
        for (int i = 0; i < RECORDS; i++) {
            assert_int_equal((record[i].rules >> RULE_R8) & 1, far_by_words(i));
            far += far_by_words(i);
            alone += alone_by_words(i);
        }
        assert_int_equal(got.rule[RULE_R8], far);
        assert_int_equal(got.rule[RULE_R14], alone);
        met[RULE_R8] += far;
        met[RULE_R14] += alone;
        for (int i = 0; i < RECORDS; i++)
            record[i].rules = 0;
        run(3, &other);
        assert_memory_equal(&got, &other, sizeof got);
    }
    assert_true(met[RULE_R8] > 10 && met[RULE_R14] > 10); /* the test has seen both */
}

static void logarithm(void **state)
{
    (void)state;
    assert_int_equal(history_log(1), 0);
    assert_int_equal(history_log(2), HISTORY_LOG);
    assert_int_equal(history_log(INT64_C(1) << 40), 40 * HISTORY_LOG);
    int32_t before = -1;
    for (int64_t x = 1; x < INT64_MAX / 3; x += x / 7 + 1) {
        assert_true(history_log(x) >= before);
        before = history_log(x);
    }
    assert_int_equal(history_log(0), 0);
}

int main(void)
{
    struct rates *rates;
    struct error e;
    arena_init(&arena);
    if (classification_load(&codes, &arena, &e) != OK || scheme_load(&scheme, &arena, codes, &e) != OK ||
        rates_load(&rates, &arena, scheme, NULL, &e) != OK) {
        fprintf(stderr, "%s:%d: %s\n", e.file, e.line, e.detail_en);
        return 1;
    }
    scheme->rates = rates;
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_the_words_say), cmocka_unit_test(logarithm)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_finish(&arena);
    return failed;
}
