/*
 * Parameters and rules of declarations: the shipped tables load and hang together; check digits;
 * rates half to even against long division by hand; share_out sums to the whole; every rule that
 * needs one record only is met by the smallest change of a good one, and by no other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "declaration/intake.h"

static struct arena arena;
static struct classification *codes;
static struct scheme *scheme;

static void shipped_tables(void **state)
{
    (void)state;
    int services = 0;
    for (int i = 0; i < scheme->n_code; i++) {
        services += scheme->code[i].service;
        assert_true(scheme->code[i].n_targets > 0 || !scheme->code[i].service);
    }
    assert_int_equal(services, 61);
    int mapped = 0;
    for (int i = 0; i < 100; i++)
        mapped += scheme->province[i] != 0;
    assert_int_equal(mapped, 31);
    assert_true(scheme_code_find(scheme, STR("228021")) >= 0);
    assert_int_equal(scheme_code_find(scheme, STR("228020")), -1);
    int jpy = scheme_currency_find(scheme, STR("JPY"));
    assert_int_equal(scheme->currency[jpy].exponent, 0);
    /* The longest prefix: SI2 has two modes, its parent SI none of its own but SI1's do not count. */
    int si2 = scheme_item(scheme, codelist_find(&codes->ebops, STR("SI2")));
    assert_int_equal(scheme->n_mode[si2], 2);
    int sd = scheme_item(scheme, codelist_find(&codes->ebops, STR("SDB2")));
    assert_int_equal(scheme->mode[sd][0].to, 2);
}

/* GB 32100-2015 by its words: the remainder of the weighted sum, weights being powers of three. */
static bool unified_by_the_book(const char *id)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    int sum = 0, weight = 1;
    for (int i = 0; i < 18; i++) {
        const char *at = id[i] != '\0' ? strchr(alphabet, id[i]) : NULL;
        if (at == NULL)
            return false;
        sum += (int)(at - alphabet) * (i < 17 ? weight : 1);
        weight = weight * 3 % 31;
    }
    return sum % 31 == 0;
}

/* Every byte at every place, and its check character put right. */
static void unified_code(void **state)
{
    (void)state;
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    int valid = 0;
    for (int place = 0; place < 18; place++) {
        for (int c = 0; c < 256; c++) {
            char id[19] = "91310000MA1FL0001R";
            id[place] = (char)c;
            assert_int_equal(unified_code_valid(id), unified_by_the_book(id));
            for (int k = 0; k < 31 && place < 17; k++) {
                id[17] = alphabet[k];
                assert_int_equal(unified_code_valid(id), unified_by_the_book(id));
                valid += unified_code_valid(id);
            }
        }
    }
    assert_int_equal(valid, 17 * 31); /* one check character for each of the alphabet */
}

static void check_digits(void **state)
{
    (void)state;
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    char id[19] = "91310000MA00000000";
    id[17] = unified_code_check(id);
    assert_true(unified_code_valid(id));
    for (int i = 0; i < 18; i++) { /* modulo 31 is prime: one wrong character never passes */
        char good = id[i];
        for (int k = 0; k < 31; k++) {
            id[i] = alphabet[k];
            assert_int_equal(unified_code_valid(id), alphabet[k] == good);
        }
        id[i] = good;
    }
    id[3] = 'I';
    assert_false(unified_code_valid(id));
    /* The worked example of ISO 7064 MOD 11-2: 0794 has the check 0; 079 has X. */
    char person[19] = "11010519491231002X";
    assert_true(citizen_number_valid(person)); /* the example of GB 11643-1999 itself */
    for (int i = 0; i < 17; i++) {
        char good = person[i];
        for (char c = '0'; c <= '9'; c++) {
            person[i] = c;
            assert_int_equal(citizen_number_valid(person), c == good);
        }
        person[i] = good;
    }
}

static void cents(void **state)
{
    (void)state;
    static int64_t table[2 * SCHEME_CURRENCIES];
    int usd = scheme_currency_find(scheme, STR("USD")), jpy = scheme_currency_find(scheme, STR("JPY"));
    int kwd = scheme_currency_find(scheme, STR("KWD"));
    struct rates r = {.n = 2, .usd_e10 = table};
    table[usd] = INT64_C(10000000000);
    table[jpy] = 50000000;              /* half a cent a yen */
    table[kwd] = INT64_C(32500000000);  /* 3.25 dollars a dinar of 1,000 */
    int64_t c;
    assert_true(rates_cents(&r, scheme, usd, 0, 12345, &c));
    assert_int_equal(c, 12345);
    static const int64_t half[][2] = {{1, 0}, {2, 1}, {3, 2}, {5, 2}, {7, 4}, {-1, 0}, {-3, -2}, {-5, -2}};
    for (size_t i = 0; i < sizeof half / sizeof half[0]; i++) {
        assert_true(rates_cents(&r, scheme, jpy, 0, half[i][0], &c));
        assert_int_equal(c, half[i][1]);
    }
    assert_true(rates_cents(&r, scheme, kwd, 0, 1000, &c));
    assert_int_equal(c, 325);
    assert_false(rates_cents(&r, scheme, kwd, 1, 1000, &c)); /* no rate that month */
    assert_false(rates_cents(&r, scheme, kwd, 2, 1000, &c)); /* no such month */
    table[usd] = INT64_C(1000000000000);
    assert_false(rates_cents(&r, scheme, usd, 0, INT64_MAX / 2, &c));
}

static void parts(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 7);
    for (int round = 0; round < 20000; round++) {
        struct share s[4];
        int n = 1 + (int)rng_below(&rng, 4), left = PPM;
        for (int i = 0; i < n; i++) {
            s[i].ppm = i == n - 1 ? left : (int)rng_below(&rng, (uint32_t)left - (uint32_t)(n - 1 - i)) + 1;
            left -= s[i].ppm;
            s[i].to = (int16_t)i;
        }
        int64_t whole = (int64_t)rng_below(&rng, 2000) - 1000, part[4], sum = 0;
        if (round % 7 == 0)
            whole *= INT64_C(1000000000000);
        share_out(whole, s, n, part);
        for (int i = 0; i < n; i++) {
            sum += part[i];
            __int128 exact = (__int128)whole * s[i].ppm, off = (__int128)part[i] * PPM - exact;
            assert_true(off < PPM && off > -PPM);
        }
        assert_int_equal(sum, whole);
    }
}

static struct declaration good(void)
{
    static char id[19] = "91310000MA00000000";
    id[17] = unified_code_check(id);
    struct declaration d = {.party_id = {id, 18}, .report_no = STR("3100001234012603150007"),
                            .bank = 1234, .flow = FLOW_DEBIT, .amount = 100000};
    d.code = (uint8_t)scheme_code_find(scheme, STR("228021"));
    d.country = (uint8_t)economy_find(codes, STR("USA"));
    d.place = (uint8_t)place_find(codes, STR("CN-SH"));
    d.currency = (uint8_t)scheme_currency_find(scheme, STR("USD"));
    d.on = day_from_civil(2026, 3, 12);
    d.reported = day_from_civil(2026, 3, 15);
    return d;
}

static void rule_is(struct declaration d, int rule)
{
    declaration_check(scheme, day_from_civil(2026, 6, 1), &d);
    uint32_t want = rule < 0 ? 0 : UINT32_C(1) << rule;
    if (d.rules != want)
        print_error("rule %d: found %x\n", rule, d.rules);
    assert_int_equal(d.rules, want);
}

static uint8_t code_at(const char *z)
{
    return (uint8_t)scheme_code_find(scheme, str_from(z));
}

static void record_rules(void **state)
{
    (void)state;
    struct declaration d = good();
    rule_is(d, -1);
    char id[19];
    memcpy(id, d.party_id.p, 19);
    id[4] = id[4] == '1' ? '2' : '1';
    d.party_id.p = id;
    rule_is(d, RULE_IDENTITY);
    d.party_kind = PARTY_RESIDENT;
    rule_is(d, RULE_IDENTITY);
    d.party_kind = PARTY_NONRESIDENT;
    rule_is(d, -1);
    d = good();
    d.party_kind = PARTY_RESIDENT;
    d.party_id = STR("11010519491231002X");
    rule_is(d, -1);
    d = good();
    d.bank = 1235;
    rule_is(d, RULE_REPORT);
    d = good();
    d.report_no = STR("9900001234012603150007");
    rule_is(d, RULE_REPORT);
    d = good();
    d.on = d.reported + 1;
    rule_is(d, RULE_WHEN);
    d = good();
    d.on = d.reported = day_from_civil(2026, 6, 2);
    rule_is(d, RULE_WHEN);
    d = good();
    d.country = (uint8_t)economy_find(codes, STR("CHN"));
    rule_is(d, RULE_R3);
    static const char *const apart[] = {"HKG", "MAC", "TWN"};
    for (int i = 0; i < 3; i++) {
        d.country = (uint8_t)economy_find(codes, str_from(apart[i]));
        rule_is(d, -1);
    }
    d = good();
    d.amount = 0;
    rule_is(d, RULE_R4);
}

static void code_rules_met(void **state)
{
    (void)state;
    struct declaration d = good();
    struct itrs_code *c = &scheme->code[d.code];
    c->from = d.on + 1; /* R1 */
    rule_is(d, RULE_R1);
    c->from = d.on;
    rule_is(d, -1);
    c->to = d.on;
    rule_is(d, RULE_R1);
    c->to = DAY_MAX;
    c->debit = false; /* R2: no shipped code is restricted, a ministry's may be */
    rule_is(d, RULE_R2);
    d.flow = FLOW_CREDIT;
    rule_is(d, -1);
    d.advance = ADVANCE_REFUND; /* a refund received takes back a payment */
    rule_is(d, RULE_R2);
    d.flow = FLOW_DEBIT;
    rule_is(d, -1);
    c->debit = true;
    c->from = scheme->from;
    d = good();
    d.remark = STR("2026年广告投放");
    rule_is(d, RULE_R6);
    d.code = code_at("228024");
    rule_is(d, -1);
    d.code = code_at("121010");
    rule_is(d, RULE_R11);
    d.remark = STR("螺丝");
    rule_is(d, -1);
    d = good();
    d.code = code_at("999999");
    rule_is(d, RULE_R10);
    d = good();
    d.country = (uint8_t)economy_find(codes, STR("CYM"));
    rule_is(d, RULE_R13);
    d.code = code_at("226000");
    rule_is(d, -1);
}

static void large_and_late(void **state)
{
    (void)state;
    struct rates *rates;
    assert_int_equal(rates_load(&rates, &arena, scheme, NULL, NULL), OK);
    struct declaration d = good();
    d.amount = INT64_C(5000000000);
    rule_is(d, RULE_R9);
    d.amount--;
    rule_is(d, -1);
    d.currency = (uint8_t)scheme_currency_find(scheme, STR("EUR"));
    d.amount = INT64_C(6000000000);
    rule_is(d, -1); /* without rates only USD is looked at */
    scheme->rates = rates;
    rule_is(d, RULE_R9);
    scheme->rates = NULL;
    d = good();
    d.on = d.reported - 10;
    rule_is(d, -1);
    d.on--;
    rule_is(d, RULE_R15);
}

static void severities_part_the_rules(void **state)
{
    (void)state;
    struct severities m = scheme_severities(scheme);
    assert_int_equal(m.note | m.query | m.reject | m.exclude, (UINT32_C(1) << RULE_COUNT) - 1);
    assert_int_equal(m.note & m.query, 0);
    assert_int_equal(m.exclude, UINT32_C(1) << RULE_R10);
    assert_true(m.reject & (UINT32_C(1) << RULE_FORM));
}

int main(void)
{
    struct error e;
    arena_init(&arena);
    if (classification_load(&codes, &arena, &e) != OK || scheme_load(&scheme, &arena, codes, &e) != OK) {
        fprintf(stderr, "%s:%d: %s\n", e.file, e.line, e.detail_en);
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped_tables), cmocka_unit_test(unified_code), cmocka_unit_test(check_digits), cmocka_unit_test(cents),
        cmocka_unit_test(parts), cmocka_unit_test(record_rules), cmocka_unit_test(code_rules_met),
        cmocka_unit_test(large_and_late), cmocka_unit_test(severities_part_the_rules)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_finish(&arena);
    return failed;
}
