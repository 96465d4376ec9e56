/*
 * Following cells: news on a day if and only if the meaning of a followed cell changed on it, by
 * brute force over a small space; and on the shipped lists.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compare/follow.h"
#include "small.h"

static struct rng rng;
static struct arena program, season;
static struct corpus *shipped;
static struct snapshot *law;

static int below(int n)
{
    return (int)rng_below(&rng, (uint32_t)n);
}

struct brute {
    const struct corpus *c;
    struct question a, b;
    bool differs;
};

static void try_facts(void *ctx, const struct facts *f)
{
    struct brute *t = ctx;
    struct answer a, b;
    t->a.facts = t->b.facts = f;
    naive_decide(t->c, &t->a, &a);
    naive_decide(t->c, &t->b, &b);
    t->differs |= a.treatment != b.treatment || a.must != b.must;
}

static bool any_cell_differs(const struct corpus *c, const struct followed *f, day_t day)
{
    for (int s = 0; s < c->codes->gbt.n_leaves; s++)
        for (int k = KIND_FIRM; k <= KIND_PERSON; k++) {
            struct brute t = {.c = c};
            if (!bit_get(f->sector, (size_t)s))
                continue;
            t.a = (struct question){.sector = s, .mode = f->mode, .kind = (enum kind)k,
                                    .origin = f->origin, .place = f->place, .on = day - 1, .known = 9};
            t.b = t.a;
            t.b.on = day;
            small_valuations(c, try_facts, &t);
            if (t.differs)
                return true;
        }
    return false;
}

static bool random_edit(struct corpus *c, struct arena *a, struct rng *r, struct provision *p)
{
    if (rng_below(r, 6) == 0)
        return false;
    if (rng_below(r, 6) == 0)
        small_item(c, a, r, p);
    p->no += 3; /* renumbered and reworded throughout: no news */
    p->zh = STR("reworded");
    return true;
}

static void news_if_and_only_if_the_meaning_changed(void **state)
{
    (void)state;
    int told = 0, silent = 0;
    for (int i = 0; i < 400; i++) {
        arena_reset(&season);
        struct corpus *c = small_corpus(&season, &rng, 64);
        struct error e = {0};
        struct snapshot *s;
        struct news *news;
        int n, on_day = 0;
        int a = small_list(c, &season, &rng, "a", FAMILY_CROSS_BORDER, LAYER_NATIONAL, 1 + below(4));
        int b = small_copy(c, &season, &rng, "b", a, random_edit);
        c->instrument[a].valid_to = c->instrument[b].valid_from = 50;
        assert_int_equal(snapshot_create(&s, c, &e), OK);
        struct followed f = {.mode = (int[]){1, 2, 4}[below(3)], .origin = below(SMALL_ORIGINS),
                             .place = below(SMALL_PLACES)};
        f.sector[0] = (uint64_t)below(255) + 1;
        assert_int_equal(follow_make(s, &f, 9, &season, &news, &n, &e), OK);
        for (int k = 0; k < n; k++) {
            on_day += news[k].day == 50;
            if (news[k].day == 50) {
                assert_int_equal(news[k].kind, FOLLOW_CHANGED);
                assert_true(news[k].opened + news[k].closed > 0 && news[k].n_by > 0);
            }
        }
        assert_int_equal(on_day, any_cell_differs(c, &f, 50));
        told += on_day;
        silent += !on_day;
        snapshot_destroy(s);
    }
    assert_true(told > 50 && silent > 50);
}

static void a_correction_is_news_of_its_day(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        arena_reset(&season);
        struct corpus *c = small_corpus(&season, &rng, 64);
        struct error e = {0};
        struct snapshot *s;
        struct news *news;
        int n;
        int a = small_list(c, &season, &rng, "a", FAMILY_CROSS_BORDER, LAYER_NATIONAL, 3);
        int b = small_copy(c, &season, &rng, "a", a, NULL);
        c->instrument[a].known_to = c->instrument[b].known_from = 7;
        struct provision *p = &c->provision[c->instrument[b].first];
        *p = (struct provision){.key = p->key, .instrument = b, .layer = p->layer,
                                .treatment = PROHIBITED, .effect = EFFECT_PROHIBIT, .evidence = 'A'};
        p->scope.sector[0] = 1;
        p->scope.combo = combos_of(1u << 1, IMPORT, ~0u);
        bits_set_range(p->scope.origin, 0, SMALL_ORIGINS);
        bits_set_range(p->scope.place, 0, SMALL_PLACES);
        assert_int_equal(snapshot_create(&s, c, &e), OK);
        struct followed f = {.mode = 1, .origin = 0, .place = 0};
        f.sector[0] = 1;
        assert_int_equal(follow_make(s, &f, 9, &season, &news, &n, &e), OK);
        int corrected = 0;
        for (int k = 0; k < n; k++)
            if (news[k].kind == FOLLOW_CORRECTED) {
                corrected++;
                assert_int_equal(news[k].day, 7);
            }
        assert_true(corrected <= 1);
        f.sector[0] = 0x80 & ~c->provision[c->instrument[a].first].scope.sector[0];
        assert_int_equal(follow_make(s, &f, 9, &season, &news, &n, &e), OK);
        for (int k = 0; k < n; k++) /* untouched cells */
            assert_int_not_equal(news[k].kind, FOLLOW_CORRECTED);
        snapshot_destroy(s);
    }
}

static struct news *shipped_news(const char *sector, int mode, const char *from, const char *to,
                                 int *n)
{
    struct error e = {0};
    struct sector_set set;
    struct followed f = {.mode = mode, .origin = economy_find(shipped->codes, str_from(from)),
                         .place = place_find(shipped->codes, str_from(to))};
    struct news *news;
    day_t today;
    day_parse(STR("2026-11-25"), &today);
    assert_int_equal(sector_parse(shipped->codes, str_from(sector), &set, &e), OK);
    memcpy(f.sector, set.leaf, sizeof f.sector);
    assert_int_equal(follow_make(law, &f, today, &season, &news, n, &e), OK);
    return news;
}

static void the_shipped_lists(void **state)
{
    (void)state;
    int n;
    day_t national, hainan;
    day_parse(STR("2024-04-21"), &national);
    day_parse(STR("2021-08-26"), &hainan);
    struct news *news = shipped_news("5829", 1, "DE", "CN-SH", &n);
    assert_int_equal(n, 1);
    assert_int_equal(news[0].kind, FOLLOW_GOVERNED);
    assert_int_equal(news[0].day, national);
    /* In Hainan the national list opened nothing that Hainan's had closed. */
    news = shipped_news("5829", 1, "DE", "CN-HI", &n);
    assert_int_equal(n, 1);
    assert_int_equal(news[0].day, hainan);
}

static int load(void **state)
{
    (void)state;
    struct error e = {0};
    struct classification *codes;
    arena_init(&program);
    arena_init(&season);
    rng_seed(&rng, getenv("FUMAO_SEED") ? (uint64_t)atoll(getenv("FUMAO_SEED")) : 1);
    return classification_load(&codes, &program, &e) == OK &&
                   law_load_shipped(&shipped, &program, codes, &e) == OK &&
                   snapshot_create(&law, shipped, &e) == OK
               ? 0
               : -1;
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(news_if_and_only_if_the_meaning_changed),
        cmocka_unit_test(a_correction_is_news_of_its_day),
        cmocka_unit_test(the_shipped_lists),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
