/*
 * Comparison by meaning, against brute force: every cell of a small space, every valuation of
 * the facts, both sides by the judge. Then the shipped lists, and the laws of a difference.
 * FUMAO_SEED (default 1), FUMAO_CASES (pairs of lists, default 320; 80 under the
 * sanitizers).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compare/diff.h"
#include "sanitized.h"
#include "small.h"

static struct rng rng;
static int cases = SANITIZED ? 80 : 320;
static struct arena program, season;
static struct corpus *shipped;
static struct snapshot *law;

static int below(int n)
{
    return (int)rng_below(&rng, (uint32_t)n);
}

/* --- brute force -------------------------------------------------------------------------- */

struct brute {
    const struct corpus *c;
    struct question a, b;
    bool better, worse;
};

static void try_facts(void *ctx, const struct facts *f)
{
    struct brute *t = ctx;
    struct answer a, b;
    t->a.facts = t->b.facts = f;
    naive_decide(t->c, &t->a, &a);
    naive_decide(t->c, &t->b, &b);
    t->better |= b.treatment < a.treatment || b.must < a.must;
    t->worse |= b.treatment > a.treatment || b.must > a.must;
}

static enum change brute_cell(const struct corpus *c, const struct diff *d, int sector, int combo,
                              int origin, int place)
{
    struct brute t = {.c = c};
    side_question(c, &d->a, sector, combo, origin, place, &t.a);
    side_question(c, &d->b, sector, combo, origin, place, &t.b);
    small_valuations(c, try_facts, &t);
    return t.worse ? CHANGE_CLOSED : t.better ? CHANGE_OPENED : CHANGE_NONE;
}

static enum change said(const struct diff *d, int sector, int combo, int origin, int place)
{
    enum change found = CHANGE_NONE;
    for (int i = 0; i < d->n_regions; i++)
        if (scope_has(&d->region[i].scope, sector, combo, origin, place)) {
            assert_int_equal(found, CHANGE_NONE); /* boxes do not overlap */
            found = d->region[i].change;
        }
    return found;
}

static void against_brute_force(const struct corpus *c, const struct diff *d)
{
    uint64_t opened = 0, closed = 0, total = 0;
    for (int s = 0; s < c->codes->gbt.n_leaves; s++)
        for (int k = 0; k < COMBOS; k++)
            for (int o = 0; o < c->codes->n_economies; o++)
                for (int p = 0; p < c->codes->n_places; p++) {
                    if (!scope_has(&d->domain, s, k, o, p))
                        continue;
                    enum change want = brute_cell(c, d, s, k, o, p);
                    assert_int_equal(said(d, s, k, o, p), want);
                    total++;
                    opened += want == CHANGE_OPENED;
                    closed += want == CHANGE_CLOSED;
                }
    assert_int_equal(d->total, total);
    assert_int_equal(d->opened, opened);
    assert_int_equal(d->closed, closed);
    assert_int_equal(d->same, total - opened - closed);
}

static struct snapshot *compile(const struct corpus *c)
{
    struct snapshot *s;
    struct error e = {0};
    assert_int_equal(snapshot_create(&s, c, &e), OK);
    return s;
}

static void make(const struct snapshot *s, const struct side *a, const struct side *b,
                 struct diff *d)
{
    struct error e = {0};
    enum err r = diff_make(s, a, b, d, &season, &e);
    if (r != OK)
        print_message("%s\n", e.detail_en);
    assert_int_equal(r, OK);
    r = diff_verify(s, d, &e);
    if (r != OK)
        print_message("%s\n", e.detail_en);
    assert_int_equal(r, OK);
}

static struct side edition(const struct corpus *c, int instrument)
{
    struct side s;
    struct error e = {0};
    assert_int_equal(side_of_record(c, instrument, 100, &s, &e), OK);
    return s;
}

/* --- pairs of random editions ------------------------------------------------------------- */

static bool random_edit(struct corpus *c, struct arena *a, struct rng *r, struct provision *p)
{
    switch (rng_below(r, 8)) {
    case 0:
        return false;
    case 1:
        small_item(c, a, r, p);
        return true;
    case 2:
        p->treatment = (enum treatment)(1 + rng_below(r, 4));
        return true;
    case 3:
        p->scope.sector[0] ^= (uint64_t)1 << rng_below(r, SMALL_LEAVES);
        return true;
    default:
        return true;
    }
}

static void editions_equal_brute_force(void **state)
{
    (void)state;
    int moved = 0;
    for (int i = 0; i < cases; i++) {
        arena_reset(&season);
        struct corpus *c = small_corpus(&season, &rng, 64);
        int a = small_list(c, &season, &rng, "a", FAMILY_CROSS_BORDER, LAYER_NATIONAL, 1 + below(5));
        int b = small_copy(c, &season, &rng, "b", a, random_edit);
        if (below(3) == 0) /* a foreign item as well */
            small_item(c, &season, &rng, &c->provision[c->n_provisions - 1]);
        struct snapshot *s = compile(c);
        struct side x = edition(c, a), y = edition(c, b);
        struct diff d, back;
        make(s, &x, &y, &d);
        against_brute_force(c, &d);
        moved += d.n_regions > 0;
        make(s, &y, &x, &back); /* what opens one way closes the other, but for mixed cells */
        assert_int_equal(back.same, d.same);
        assert_true(back.opened <= d.closed && d.opened <= back.closed);
        snapshot_destroy(s);
    }
    assert_true(moved > cases / 3); /* the pairs are worth comparing */
}

/* Equal in meaning, whatever the order, the keys, the numbers and the way scopes are cut. */
static bool rekey(struct corpus *c, struct arena *a, struct rng *r, struct provision *p)
{
    (void)c, (void)r;
    char key[32];
    snprintf(key, sizeof key, "other-%.*s", STR_ARG(p->key));
    p->key = str_copy(a, str_from(key));
    p->no += 7;
    p->zh = STR("reworded");
    return true;
}

static void split_one(struct corpus *c, int list)
{
    struct instrument *i = &c->instrument[list];
    struct provision *p = &c->provision[i->first + below(i->n)];
    struct provision *q = &c->provision[c->n_provisions++];
    *q = *p;
    q->key = STR("the-other-half");
    uint64_t half = p->scope.sector[0] & (uint64_t)below(1 << SMALL_LEAVES);
    p->scope.sector[0] &= ~half;
    q->scope.sector[0] = half;
    i->n++;
}

static void equal_editions_have_no_difference(void **state)
{
    (void)state;
    for (int i = 0; i < cases; i++) {
        arena_reset(&season);
        struct corpus *c = small_corpus(&season, &rng, 64);
        int a = small_list(c, &season, &rng, "a", FAMILY_INVESTMENT, LAYER_NATIONAL, 2 + below(5));
        int b = small_copy(c, &season, &rng, "b", a, i % 2 ? rekey : NULL);
        if (i % 4 > 1)
            split_one(c, b);
        struct snapshot *s = compile(c);
        struct side x = edition(c, a), y = edition(c, b);
        struct diff d;
        make(s, &x, &y, &d);
        assert_int_equal(d.n_regions, 0);
        assert_int_equal(d.same, d.total);
        if (i % 4 == 1)
            for (int k = 0; k < d.n_items; k++)
                assert_int_equal(d.item[k].note, NOTE_REKEYED);
        snapshot_destroy(s);
    }
}

/* --- pairs of views ----------------------------------------------------------------------- */

static void views_equal_brute_force(void **state)
{
    (void)state;
    int moved = 0;
    for (int i = 0; i < cases; i++) {
        arena_reset(&season);
        struct corpus *c = small_corpus(&season, &rng, 64);
        int a = small_list(c, &season, &rng, "a", FAMILY_CROSS_BORDER, LAYER_NATIONAL, 1 + below(4));
        int b = small_copy(c, &season, &rng, "b", a, random_edit);
        memset(c->instrument[b].place, 0, sizeof c->instrument[b].place);
        c->instrument[b].place[0] = (uint64_t)below(15) + 1;
        c->instrument[b].valid_from = below(3);
        c->instrument[b].kind = LAYER_ZONE;
        struct snapshot *s = compile(c);
        struct side x = {.name = STR("x"), .instrument = -1, .family = FAMILY_CROSS_BORDER,
                         .place = below(SMALL_PLACES), .origin = -1, .on = below(4), .known = 9};
        struct side y = x;
        y.place = below(SMALL_PLACES);
        y.on = below(4);
        if (below(3) == 0) {
            x.origin = below(SMALL_ORIGINS);
            y.origin = below(SMALL_ORIGINS);
        }
        struct diff d;
        make(s, &x, &y, &d);
        against_brute_force(c, &d);
        moved += d.n_regions > 0;
        snapshot_destroy(s);
    }
    assert_true(moved > cases / 10);
}

/* --- the shipped lists -------------------------------------------------------------------- */

static void diff_of(const char *a, const char *b, struct diff *d)
{
    struct error e = {0};
    struct side x, y;
    day_t today;
    day_parse(STR("2026-11-24"), &today);
    assert_int_equal(side_parse(shipped, str_from(a), today, &x, &e), OK);
    assert_int_equal(side_parse(shipped, str_from(b), today, &y, &e), OK);
    make(law, &x, &y, d);
}

static bool removed(const struct diff *d, const char *key)
{
    for (int i = 0; i < d->n_items; i++)
        if (d->item[i].note == NOTE_REMOVED && d->item[i].moves &&
            str_eqz(shipped->provision[d->item[i].a].key, key))
            return true;
    return false;
}

static int count(const struct diff *d, enum diff_note note)
{
    int n = 0;
    for (int i = 0; i < d->n_items; i++)
        n += d->item[i].note == note;
    return n;
}

/* The four items that a researcher of the ministry named as absent in Hainan. */
static void national_against_hainan(void **state)
{
    (void)state;
    struct diff d;
    diff_of("cn-national-2024", "cn-hainan-2021", &d);
    assert_int_equal(count(&d, NOTE_REMOVED), 4);
    assert_true(removed(&d, "auctioneer-exam") && removed(&d, "ship-survey") &&
                removed(&d, "customs-declaration") && removed(&d, "vet-exam"));
    assert_int_equal(count(&d, NOTE_ADDED), 0);
    assert_int_equal(count(&d, NOTE_CHANGED), 6);
    assert_int_equal(d.closed, 0);
    assert_true(d.opened > 0);
    assert_int_equal(d.opened + d.same, d.total);
    struct diff back;
    diff_of("cn-hainan-2021", "cn-national-2024", &back);
    assert_int_equal(back.closed, d.opened);
    assert_int_equal(back.opened, 0);
}

static void national_against_zones(void **state)
{
    (void)state;
    struct diff d;
    diff_of("cn-national-2024", "cn-ftz-2024", &d);
    assert_int_equal(shipped->instrument[d.a.instrument].n - shipped->instrument[d.b.instrument].n, 3);
    assert_int_equal(count(&d, NOTE_REMOVED), 3);
    assert_true(removed(&d, "auctioneer-exam") && removed(&d, "customs-declaration") &&
                removed(&d, "vet-exam"));
    assert_int_equal(d.closed, 0);
}

/* A zone is the national list or the zone list, whichever is more favourable: the view of the
 * zone differs from that of its province by what the zone list opens, and by nothing more. */
static void a_zone_against_its_province(void **state)
{
    (void)state;
    struct diff lists, views;
    diff_of("cn-national-2024", "cn-ftz-2024", &lists);
    diff_of("cross-border@CN-SH@2026-06-01", "cross-border@CN-SH-FTZ@2026-06-01", &views);
    assert_int_equal(views.closed, 0);
    assert_int_equal(views.opened, lists.opened / 22);
    diff_of("cross-border@CN-SH@2026-06-01", "cross-border@CN-SH@2025-01-01", &views);
    assert_int_equal(views.n_regions, 0);
}

static void two_origins(void **state)
{
    (void)state;
    struct diff d;
    diff_of("cross-border@CN-SH@2026-06-01@US", "cross-border@CN-SH@2026-06-01@HK", &d);
    assert_true(d.opened > 0);
    assert_int_equal(d.closed, 0);
    assert_int_equal(d.total, 1381 * 6);
}

static void fails(const char *a, const char *b, enum err want)
{
    struct side x, y;
    struct error e = {0};
    struct diff d;
    day_t today;
    day_parse(STR("2026-11-24"), &today);
    enum err r = side_parse(shipped, str_from(a), today, &x, &e);
    if (r == OK)
        r = side_parse(shipped, str_from(b), today, &y, &e);
    if (r == OK)
        r = diff_make(law, &x, &y, &d, &season, &e);
    assert_int_equal(r, want);
    assert_true(e.detail_zh[0] != 0 && e.detail_en[0] != 0);
}

static void bad_operands(void **state)
{
    (void)state;
    fails("cn-nationall-2024", "cn-ftz-2024", ERR_NOT_FOUND);
    fails("cn-national-2024", "cn-fdi-2024", ERR_INVALID);
    fails("cn-national-2024", "wto-gats-china", ERR_INVALID);
    fails("cn-national-2024", "cn-market-access-2025", ERR_INVALID);
    fails("cn-national-2024", "cross-border@CN-SH", ERR_INVALID);
    fails("cross-border@CN-SH@2026-06-01@HK", "cross-border@CN-SH", ERR_INVALID);
    fails("cross-border", "cross-border@CN-SH", ERR_NOT_FOUND);
    fails("cross-border@", "cross-border@CN-SH", ERR_SYNTAX);
    fails("crossborder@CN-SH", "cross-border@CN-SH", ERR_SYNTAX);
    fails("cross-border@CN-XX", "cross-border@CN-SH", ERR_UNKNOWN_CODE);
    fails("cross-border@CN-SH@2026-13-01", "cross-border@CN-SH", ERR_SYNTAX);
    fails("cross-border@CN-SH@2020-01-01", "cross-border@CN-SH", ERR_DATE_RANGE);
}

static void written_out(void **state)
{
    (void)state;
    struct diff d;
    struct buf b;
    buf_init(&b);
    diff_of("cn-national-2024", "cn-hainan-2021", &d);
    diff_text(law, &d, true, false, &b);
    diff_text(law, &d, false, true, &b);
    assert_true(str_utf8_valid(buf_view(&b)));
    assert_true(str_find(buf_view(&b), STR("第46项 customs-declaration"), NULL));
    assert_true(str_find(buf_view(&b), STR("3 not located"), NULL));
    buf_clear(&b);
    diff_json(law, &d, &b, false);
    assert_true(str_find(buf_view(&b), STR("\"by\":[\"auctioneer-exam\"]"), NULL));
    buf_finish(&b);
}

static int load(void **state)
{
    (void)state;
    struct error e = {0};
    struct classification *codes;
    arena_init(&program);
    arena_init(&season);
    if (classification_load(&codes, &program, &e) != OK ||
        law_load_shipped(&shipped, &program, codes, &e) != OK ||
        snapshot_create(&law, shipped, &e) != OK) {
        print_message("%s\n", e.detail_en);
        return -1;
    }
    return 0;
}

static int unload(void **state)
{
    (void)state;
    snapshot_destroy(law);
    arena_finish(&season);
    arena_finish(&program);
    return 0;
}

int main(void)
{
    const char *seed = getenv("FUMAO_SEED"), *many = getenv("FUMAO_CASES");
    rng_seed(&rng, seed != NULL ? (uint64_t)atoll(seed) : 1);
    if (many != NULL)
        cases = atoi(many);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(editions_equal_brute_force),
        cmocka_unit_test(equal_editions_have_no_difference),
        cmocka_unit_test(views_equal_brute_force),
        cmocka_unit_test(national_against_hainan),
        cmocka_unit_test(national_against_zones),
        cmocka_unit_test(a_zone_against_its_province),
        cmocka_unit_test(two_origins),
        cmocka_unit_test(bad_operands),
        cmocka_unit_test(written_out),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
