/*
 * The index of openness against brute force: every cell of a domain decided by the judge (small
 * domains, changed corpora too) or by the engine (larger ones); the contribution of a provision
 * against a corpus from which it was really taken out; weights, the time line, the STRI rules.
 * Everything comes from one seed, printed on failure: FUMAO_SEED (default 1).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "openness/openness.h"
#include "openness/stri.h"

static struct arena program, season;
static struct classification *codes;
static struct corpus *shipped;
static struct snapshot *snapshot;
static struct weights equal, trade, modes;
static struct rng rng;
static uint64_t seed = 1;
static day_t today;

static int below(int n)
{
    return (int)rng_below(&rng, (uint32_t)n);
}

static int load(void **state)
{
    (void)state;
    struct error e = {0};
    arena_init(&program);
    arena_init(&season);
    if (getenv("FUMAO_SEED"))
        seed = strtoull(getenv("FUMAO_SEED"), NULL, 10);
    today = day_from_civil(2026, 11, 25);
    if (classification_load(&codes, &program, &e) != OK ||
        law_load_shipped(&shipped, &program, codes, &e) != OK ||
        snapshot_create(&snapshot, shipped, &e) != OK ||
        weights_load(codes, STR("equal"), &program, &equal, &e) != OK ||
        weights_load(codes, STR("modes"), &program, &modes, &e) != OK ||
        weights_load(codes, STR("trade"), &program, &trade, &e) != OK) {
        fprintf(stderr, "%s:%d: %s: %s\n", e.file, e.line, e.field, e.detail_en);
        return -1;
    }
    return 0;
}

static int unload(void **state)
{
    (void)state;
    snapshot_destroy(snapshot);
    arena_finish(&season);
    arena_finish(&program);
    return 0;
}

static int begin(void **state)
{
    (void)state;
    arena_reset(&season);
    rng_seed(&rng, seed);
    return 0;
}

/* --- brute force ---------------------------------------------------------------------------- */

static void brute_cell(const struct weights *w, const struct answer *a, int64_t weight,
                       struct openness_sum *s)
{
    if (a->outcome == OUTCOME_ELSEWHERE) {
        s->elsewhere += weight;
        s->cells_elsewhere++;
        return;
    }
    bool carved = a->outcome == OUTCOME_CARVED_OUT ||
                  (a->outcome == OUTCOME_UNDETERMINED && a->treatment == EQUAL);
    s->weight += weight;
    s->cells++;
    s->carved += carved ? weight : 0;
    s->cells_carved += carved;
    s->lo += weight * w->score[carved ? PROHIBITED : a->treatment];
    s->hi += weight * w->score[carved ? EQUAL : a->must];
}

struct brute {
    struct openness_sum all, mode[5], place[TERRITORY_COUNT], *section, *origin;
};

static int section_of(int leaf)
{
    int at = codes->gbt.leaf[leaf];
    while (codes->gbt.code[at].parent >= 0)
        at = codes->gbt.code[at].parent;
    return at;
}

/* `s` NULL: the judge on corpus `c`. */
static void brute_force(const struct corpus *c, const struct snapshot *s,
                        const struct openness_question *q, struct brute *out)
{
    const struct scope *d = q->domain;
    static struct answer a;
    memset(out, 0, sizeof *out);
    out->section = ARENA_ARRAY(&season, struct openness_sum, (size_t)codes->gbt.n);
    out->origin = ARENA_ARRAY(&season, struct openness_sum, LIMIT_ORIGINS);
    for (int leaf = 0; leaf < codes->gbt.n_leaves; leaf++)
        for (int k = 0; k < COMBOS && bit_get(d->sector, (size_t)leaf); k++)
            for (int o = 0; o < codes->n_economies && ((d->combo >> k) & 1); o++)
                for (int p = 0; p < codes->n_places && bit_get(d->origin, (size_t)o); p++) {
                    if (!bit_get(d->place, (size_t)p))
                        continue;
                    struct question x = {
                        .sector = leaf, .mode = combo_mode(k), .origin = o, .place = p,
                        .direction = combo_direction(k), .kind = combo_kind(k), .on = q->on,
                        .known = q->known};
                    if (q->edition >= 0)
                        x.only = (uint64_t)1 << c->instrument[q->edition].layer;
                    if (s != NULL)
                        decide(s, &x, &a);
                    else
                        naive_decide(c, &x, &a);
                    int64_t weight = (int64_t)q->weights->leaf[leaf] * q->weights->mode[x.mode];
                    brute_cell(q->weights, &a, weight, &out->all);
                    brute_cell(q->weights, &a, weight, &out->mode[x.mode]);
                    brute_cell(q->weights, &a, weight, &out->place[place_territory(codes, p)]);
                    brute_cell(q->weights, &a, weight, &out->section[section_of(leaf)]);
                    brute_cell(q->weights, &a, weight, &out->origin[o]);
                }
}

static void same_sum(const struct openness_sum *a, const struct openness_sum *b, const char *what)
{
    if (memcmp(a, b, sizeof *a) != 0)
        fail_msg("seed %llu, %s: index %lld..%lld of %lld (%lld cells, %lld carved, %lld "
                 "elsewhere), brute force %lld..%lld of %lld (%lld, %lld, %lld)",
                 (unsigned long long)seed, what, (long long)a->lo, (long long)a->hi,
                 (long long)a->weight, (long long)a->cells, (long long)a->cells_carved,
                 (long long)a->cells_elsewhere, (long long)b->lo, (long long)b->hi,
                 (long long)b->weight, (long long)b->cells, (long long)b->cells_carved,
                 (long long)b->cells_elsewhere);
}

static void sum_into(struct openness_sum *to, const struct openness_sum *x)
{
    to->weight += x->weight, to->lo += x->lo, to->hi += x->hi, to->carved += x->carved;
    to->elsewhere += x->elsewhere, to->cells += x->cells;
    to->cells_carved += x->cells_carved, to->cells_elsewhere += x->cells_elsewhere;
}

static struct openness *measure(const struct snapshot *s, const struct openness_question *q)
{
    struct error e = {0};
    struct openness *x = ARENA_NEW(&season, struct openness);
    if (openness_measure(s, q, &season, x, &e) != OK)
        fail_msg("%s", e.detail_en);
    return x;
}

static void same_index(const struct corpus *c, const struct snapshot *s, const struct snapshot *by,
                       const struct openness_question *q)
{
    struct brute b;
    struct openness *x = measure(s, q);
    brute_force(c, by, q, &b);
    assert_true(b.all.cells + b.all.cells_elsewhere > 0);
    same_sum(&x->all, &b.all, "all");
    for (int m = 1; m <= 4; m++)
        same_sum(&x->mode[m], &b.mode[m], "mode");
    for (int t = 0; t < TERRITORY_COUNT; t++)
        same_sum(&x->place[t], &b.place[t], "place");
    for (int k = 0; k < x->n_sections; k++)
        same_sum(&x->by_section[k], &b.section[x->section[k]], "section");
    for (int k = 0; k < x->n_origins; k++) {
        struct openness_sum sum = {0};
        for (int o = 0; o < codes->n_economies; o++)
            if (bit_get(x->origins[k].origin, (size_t)o))
                sum_into(&sum, &b.origin[o]);
        same_sum(&x->origins[k].sum, &sum, "origin");
    }
}

/* Some leaves (most of them with a provision), origins and places, all import combos. */
static void some_domain(int leaves, int origins, int places, day_t on, struct scope *out)
{
    static const char *const known_origins[] = {"HK", "MO", "TW", "SG", "US"};
    static const char *const known_places[] = {"CN", "CN-SH-FTZ", "CN-HI", "CN-HI-FTZ", "CN-GD"};
    struct scope whole;
    struct error e = {0};
    assert_int_equal(openness_domain(shipped, -1, on, NULL, &whole, &e), OK);
    memset(out, 0, sizeof *out);
    out->combo = whole.combo;
    for (int i = 0; i < leaves; i++) {
        const struct provision *p = &shipped->provision[below(shipped->n_provisions)];
        int leaf = below(codes->gbt.n_leaves);
        for (int k = 0; k < codes->gbt.n_leaves && below(10) > 0; k++)
            if (bit_get(p->scope.sector, (size_t)((leaf + k) % codes->gbt.n_leaves))) {
                leaf = (leaf + k) % codes->gbt.n_leaves;
                break;
            }
        bit_set(out->sector, (size_t)leaf);
    }
    for (int i = 0; i < origins; i++)
        bit_set(out->origin, (size_t)(i < 5 ? economy_find(codes, str_from(known_origins[i]))
                                            : below(codes->n_economies)));
    for (int i = 0; i < places; i++) {
        int at = i < 5 ? place_find(codes, str_from(known_places[i])) : -1;
        bit_set(out->place, (size_t)(at >= 0 ? at : below(codes->n_places)));
    }
    bits_and(out->origin, whole.origin, ORIGIN_WORDS);
    bits_and(out->place, whole.place, PLACE_WORDS);
}

/* --- corpora made from the shipped one -------------------------------------------------------- */

static struct corpus *copy_corpus(const struct corpus *of)
{
    struct corpus *c = ARENA_NEW(&season, struct corpus);
    *c = *of;
    c->provision = ARENA_ARRAY(&season, struct provision, (size_t)c->n_provisions);
    c->instrument = ARENA_ARRAY(&season, struct instrument, (size_t)c->n_instruments);
    memcpy(c->provision, of->provision, (size_t)c->n_provisions * sizeof *c->provision);
    memcpy(c->instrument, of->instrument, (size_t)c->n_instruments * sizeof *c->instrument);
    return c;
}

/* Really takes one provision out: what follows moves up. */
static struct corpus *without(const struct corpus *of, int provision)
{
    struct corpus *c = copy_corpus(of);
    memmove(&c->provision[provision], &c->provision[provision + 1],
            (size_t)(c->n_provisions - provision - 1) * sizeof *c->provision);
    c->n_provisions--;
    for (int i = 0; i < c->n_instruments; i++) {
        struct instrument *t = &c->instrument[i];
        if (t->first <= provision && provision < t->first + t->n)
            t->n--;
        else if (t->first > provision)
            t->first--;
    }
    return c;
}

/* Treatments, families, defaults and claims changed at random: permits and flows come into play,
 * treaties act, positive lists stand beside negative ones. */
static struct corpus *changed(void)
{
    static const enum family families[] = {FAMILY_CROSS_BORDER, FAMILY_INVESTMENT, FAMILY_PERMITS,
                                           FAMILY_FLOWS, FAMILY_MARKET_ACCESS, FAMILY_COMMITMENTS};
    struct corpus *c = copy_corpus(shipped);
    for (int i = 0; i < c->n_provisions; i++)
        if (c->provision[i].layer >= 0 && below(2))
            c->provision[i].treatment = (enum treatment)below(PROHIBITED + 1);
    for (int l = 0; l < c->n_layers; l++) {
        struct instrument *t = &c->instrument[c->layer[l]];
        if (below(3) == 0)
            t->family = families[below(6)];
        if (below(4) == 0)
            t->default_equal = !t->default_equal;
        if (below(2) == 0)
            t->claimable = false;
    }
    return c;
}

/* --- the index ------------------------------------------------------------------------------ */

static void index_is_what_the_judge_says(void **state)
{
    (void)state;
    struct scope domain;
    const struct weights *w[3] = {&equal, &trade, &modes};
    static const char *const editions[] = {"cn-national-2024", "cn-hainan-2021", "cn-fdi-2024"};
    for (int i = 0; i < 6; i++) {
        some_domain(14, 5, 5, today, &domain);
        struct openness_question q = {.weights = w[i % 3], .edition = -1, .on = today,
                                      .known = today, .domain = &domain};
        if (i >= 3)
            q.edition = instrument_find(shipped, str_from(editions[i - 3]));
        same_index(shipped, snapshot, NULL, &q);
    }
}

static void index_of_changed_law(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++) {
        struct scope domain;
        struct error e = {0};
        struct snapshot *s;
        struct corpus *c = changed();
        assert_int_equal(snapshot_create(&s, c, &e), OK);
        some_domain(8, 5, 5, today, &domain);
        struct openness_question q = {.weights = i % 2 ? &trade : &modes, .edition = -1,
                                      .on = today, .known = today, .domain = &domain};
        same_index(c, s, NULL, &q);
        snapshot_destroy(s);
    }
}

static void index_is_what_the_engine_says(void **state)
{
    (void)state;
    static const int years[] = {2021, 2022, 2024, 2026};
    for (int i = 0; i < 4; i++) {
        struct scope domain;
        day_t on = day_from_civil(years[i], 11, 25);
        some_domain(120, 9, 12, on, &domain);
        struct openness_question q = {.weights = &equal, .edition = -1, .on = on, .known = today,
                                      .domain = &domain};
        same_index(shipped, snapshot, snapshot, &q);
    }
}

/* The parts of the whole space are the whole space, and a leaf of weight 0 adds nothing. */
static void parts_add_up(void **state)
{
    (void)state;
    struct scope domain;
    struct error e = {0};
    struct openness_sum mode = {0}, place = {0}, section = {0}, origin = {0}, leaf = {0};
    assert_int_equal(openness_domain(shipped, -1, today, NULL, &domain, &e), OK);
    struct openness_question q = {.weights = &trade, .edition = -1, .on = today, .known = today,
                                  .domain = &domain};
    struct openness *x = measure(snapshot, &q);
    for (int m = 1; m <= 4; m++)
        sum_into(&mode, &x->mode[m]);
    for (int t = 0; t < TERRITORY_COUNT; t++)
        sum_into(&place, &x->place[t]);
    for (int k = 0; k < x->n_sections; k++)
        sum_into(&section, &x->by_section[k]);
    for (int k = 0; k < x->n_origins; k++)
        sum_into(&origin, &x->origins[k].sum);
    for (int k = 0; k < codes->gbt.n_leaves; k++)
        sum_into(&leaf, &x->leaf[k]);
    same_sum(&x->all, &mode, "modes");
    same_sum(&x->all, &place, "places");
    same_sum(&x->all, &section, "sections");
    same_sum(&x->all, &origin, "origins");
    same_sum(&x->all, &leaf, "leaves");
    assert_int_equal(x->all.cells + x->all.cells_elsewhere, scope_weigh(&domain));
    assert_true(x->all.lo < x->all.hi && x->all.hi < x->all.weight * WEIGHT_SCORE);
}

/* No list, no index: nothing is open or closed before the first one. */
static void elsewhere_is_never_open(void **state)
{
    (void)state;
    struct scope domain;
    struct error e = {0};
    char z[24];
    day_t on = day_from_civil(2020, 1, 1);
    assert_int_equal(openness_domain(shipped, -1, on, NULL, &domain, &e), OK);
    struct openness_question q = {.weights = &equal, .edition = -1, .on = on, .known = today,
                                  .domain = &domain};
    struct openness *x = measure(snapshot, &q);
    assert_int_equal(x->all.weight, 0);
    assert_int_equal(x->all.hi, 0);
    assert_int_equal(x->all.cells_elsewhere, scope_weigh(&domain));
    share_format(x->all.hi, x->all.weight, z);
    assert_string_equal(z, "-");
}

/* --- contributions -------------------------------------------------------------------------- */

static void contribution_is_removal(const struct corpus *of, const struct openness_question *q,
                                    const struct openness *x, const struct contribution *k)
{
    struct error e = {0};
    struct snapshot *s;
    struct corpus *c = without(of, k->provision);
    assert_int_equal(snapshot_create(&s, c, &e), OK);
    struct openness *y = measure(s, q);
    snapshot_destroy(s);
    if (y->all.lo - x->all.lo != k->lo || y->all.hi - x->all.hi != k->hi ||
        y->all.weight != x->all.weight)
        fail_msg("%s: said %lld %lld, removal gives %lld %lld",
                 of->provision[k->provision].key.p, (long long)k->lo, (long long)k->hi,
                 (long long)(y->all.lo - x->all.lo), (long long)(y->all.hi - x->all.hi));
}

static void contributions_are_removals(void **state)
{
    (void)state;
    static const char *const editions[] = {NULL, "cn-national-2024"};
    for (int k = 0; k < 2; k++) {
        struct scope domain;
        struct error e = {0};
        int moving = 0;
        int edition = k == 0 ? -1 : instrument_find(shipped, str_from(editions[k]));
        assert_int_equal(openness_domain(shipped, edition, today, NULL, &domain, &e), OK);
        struct openness_question q = {.weights = k == 0 ? &trade : &equal, .edition = edition,
                                      .on = today, .known = today, .domain = &domain};
        struct openness *x = measure(snapshot, &q);
        assert_true(x->n_contributions > 60);
        for (int i = 0; i < 24; i++) {
            int at = i < 8 ? i : below(x->n_contributions);
            contribution_is_removal(shipped, &q, x, &x->contribution[at]);
            moving += x->contribution[at].lo != 0;
        }
        assert_true(moving >= 8);
        for (int i = 1; i < x->n_contributions; i++)
            assert_true(x->contribution[i - 1].lo >= x->contribution[i].lo);
    }
}

/* Where permits, flows and acting treaties stand beside the lists, and silent layers among them. */
static void contributions_under_changed_law(void **state)
{
    (void)state;
    int moving = 0;
    for (int i = 0; i < 6; i++) {
        struct scope domain;
        struct error e = {0};
        struct snapshot *s;
        struct corpus *c = changed();
        assert_int_equal(snapshot_create(&s, c, &e), OK);
        some_domain(40, 5, 5, today, &domain);
        struct openness_question q = {.weights = &equal, .edition = -1, .on = today,
                                      .known = today, .domain = &domain};
        struct openness *x = measure(s, &q);
        snapshot_destroy(s);
        for (int k = 0; k < 10 && k < x->n_contributions; k++) {
            int at = k < 6 ? k : below(x->n_contributions);
            contribution_is_removal(c, &q, x, &x->contribution[at]);
            moving += x->contribution[at].lo != 0 || x->contribution[at].hi != 0;
        }
    }
    assert_true(moving > 0);
}

/* All of them struck: a corpus without any provision. The remainder is what is left over. */
static void all_struck(void **state)
{
    (void)state;
    struct scope domain;
    struct error e = {0};
    struct snapshot *s;
    int64_t lo = 0, hi = 0;
    assert_int_equal(openness_domain(shipped, -1, today, NULL, &domain, &e), OK);
    struct openness_question q = {.weights = &equal, .edition = -1, .on = today, .known = today,
                                  .domain = &domain};
    struct openness *x = measure(snapshot, &q);
    struct corpus *c = copy_corpus(shipped);
    c->n_provisions = 0;
    for (int i = 0; i < c->n_instruments; i++)
        c->instrument[i].first = c->instrument[i].n = 0;
    assert_int_equal(snapshot_create(&s, c, &e), OK);
    struct openness *y = measure(s, &q);
    snapshot_destroy(s);
    assert_int_equal(y->all.lo - x->all.lo, x->all_lo);
    assert_int_equal(y->all.hi - x->all.hi, x->all_hi);
    for (int i = 0; i < x->n_contributions; i++) {
        lo += x->contribution[i].lo;
        hi += x->contribution[i].hi;
    }
    assert_int_equal(lo, x->sum_lo);
    assert_int_equal(hi, x->sum_hi);
}

/* --- the time line -------------------------------------------------------------------------- */

static int line_is_runs(const struct corpus *c, const struct snapshot *s, struct moment **m)
{
    struct error e = {0};
    int n;
    struct openness_question q = {.weights = &modes, .edition = -1, .on = today, .known = today};
    assert_int_equal(openness_timeline(s, &q, NULL, &season, m, &n, &e), OK);
    for (int i = 0; i < n; i++) {
        struct scope domain;
        day_t next = i + 1 < n ? (*m)[i + 1].from - 1 : (*m)[i].from + 900;
        day_t days[2] = {(*m)[i].from, next};
        for (int k = 0; k < 2; k++) {
            q.on = days[k];
            q.domain = &domain;
            assert_int_equal(openness_domain(c, -1, q.on, NULL, &domain, &e), OK);
            struct openness *x = measure(s, &q);
            same_sum(&x->all, &(*m)[i].all, "moment");
        }
    }
    return n;
}

static void timeline_is_separate_runs(void **state)
{
    (void)state;
    struct moment *m;
    int n = line_is_runs(shipped, snapshot, &m);
    assert_true(n >= 4);
    assert_int_equal(m[0].from, day_from_civil(2021, 8, 26)); /* the first list: Hainan */
    assert_int_equal(m[0].n_began, 1);
    assert_true(m[n - 1].from <= today);
}

/* Two lists that end on one day: what they governed is governed by no list from then on. */
static void timeline_of_a_list_that_ends(void **state)
{
    (void)state;
    struct error e = {0};
    struct snapshot *s;
    struct moment *m;
    struct corpus *c = copy_corpus(shipped);
    int fdi = instrument_find(c, STR("cn-fdi-2024")), zone = instrument_find(c, STR("cn-ftz-2024"));
    c->instrument[fdi].valid_to = day_from_civil(2025, 3, 1);
    c->instrument[zone].valid_to = day_from_civil(2025, 3, 1);
    assert_int_equal(snapshot_create(&s, c, &e), OK);
    int n = line_is_runs(c, s, &m);
    assert_int_equal(m[n - 1].from, day_from_civil(2025, 3, 1));
    assert_int_equal(m[n - 1].n_ended, 2);
    assert_true(m[n - 1].all.elsewhere > m[n - 2].all.elsewhere);
    snapshot_destroy(s);
}

/* --- weights -------------------------------------------------------------------------------- */

static uint64_t leaf_sum(const struct weights *w)
{
    uint64_t sum = 0;
    for (int i = 0; i < w->n_leaves; i++)
        sum += w->leaf[i];
    return sum;
}

static void weights_add_up(void **state)
{
    (void)state;
    struct error e = {0};
    struct weights *w = ARENA_NEW(&season, struct weights);
    assert_int_equal(leaf_sum(&equal), codes->gbt.n_leaves);
    assert_int_equal(equal.covered, codes->gbt.n_leaves);
    /* SAFE, April 2026, debit, RMB 100 million: transport 862, travel 1,297, total 3,819 */
    assert_true(str_eqz(trade.period, "2026-04"));
    assert_int_equal(trade.total, 3819);
    assert_int_equal(trade.n_items, 12);
    assert_in_range(trade.placed + trade.unplaced, trade.total - 1, trade.total + 1);
    assert_int_equal(leaf_sum(&trade), trade.placed * WEIGHT_PARTS);
    for (int i = 0; i < trade.n_items; i++)
        if (str_eqz(trade.item[i].code, "ebops:SD")) {
            assert_int_equal(trade.item[i].value, 1297);
            assert_int_equal(trade.item[i].leaves, 0);
        }
    assert_int_equal(weights_load(codes, STR("trade@2017-01"), &season, w, &e), OK);
    assert_int_equal(w->total, 2939);
    assert_int_equal(leaf_sum(w), w->placed * WEIGHT_PARTS);
    assert_int_equal(weights_load(codes, STR("trade@1999-01"), &season, w, &e), ERR_INVALID);
    assert_int_equal(weights_load(codes, STR("trad"), &season, w, &e), ERR_NOT_FOUND);
    assert_int_equal(modes.mode[1], 3);
    assert_int_equal(modes.mode[3], 1);
    assert_int_equal(equal.score[EQUAL], WEIGHT_SCORE);
    assert_int_equal(equal.score[PROHIBITED], 0);
}

static enum err read(const char *rows, struct weights *w, struct error *e)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, "what,code,weight,period,evidence,source,note\n");
    buf_z(&b, rows);
    enum err r = weights_read(codes, str_copy(&season, buf_view(&b)), "mine.csv",
                              (struct str){NULL, 0}, &season, w, e);
    buf_finish(&b);
    return r;
}

static void weights_of_ones_own(void **state)
{
    (void)state;
    struct error e = {0};
    struct weights *w = ARENA_NEW(&season, struct weights);
    assert_int_equal(read("sector,72,5,,,x,\nsector,7231,9,,,x,\nmode,2,7,,,x,\n"
                          "score,approval,10,,,x,\n", w, &e), OK);
    int leaf = codes->gbt.code[codelist_find(&codes->gbt, STR("7231"))].leaf_from;
    assert_int_equal(w->leaf[leaf], 9);
    assert_int_equal(w->leaf[leaf + 1], 5);
    assert_int_equal(w->leaf[0], 0);
    assert_int_equal(w->mode[2], 7);
    assert_int_equal(w->score[APPROVAL], 10);
    /* 1 unit over the leaves of 723: the parts add up to 10,000 whatever their number */
    assert_int_equal(read("spread,723,1,,,x,\n", w, &e), OK);
    assert_int_equal(leaf_sum(w), WEIGHT_PARTS);
    assert_int_equal(read("sector,99999,1,,,x,\n", w, &e), ERR_UNKNOWN_CODE);
    assert_int_equal(e.line, 2);
    assert_int_equal(read("sector,72,-1,,,x,\n", w, &e), ERR_INVALID);
    assert_int_equal(read("sector,72,1.5,,,x,\n", w, &e), ERR_INVALID);
    assert_int_equal(read("mode,5,1,,,x,\n", w, &e), ERR_INVALID);
    assert_int_equal(read("score,equal,101,,,x,\n", w, &e), ERR_INVALID);
    assert_int_equal(read("sector,*,1,,,x,\nscore,prohibited,60,,,x,\n", w, &e), ERR_INVALID);
    assert_int_equal(read("weight,72,1,,,x,\n", w, &e), ERR_INVALID);
    assert_int_equal(read("mode,1,1,,,x,\n", w, &e), ERR_INVALID); /* no class has a weight */
    assert_int_equal(read("sector,*,100000000,,,x,\n", w, &e), ERR_LIMIT);
}

static void shares_are_rounded(void **state)
{
    (void)state;
    char z[24];
    static const struct { int64_t points, weight; const char *text; } cases[] = {
        {0, 1, "0.0000"}, {100, 1, "1.0000"}, {1, 3, "0.0033"}, {200, 3, "0.6667"},
        {1, 200, "0.0001"}, {-1, 200, "-0.0001"}, {1, 201, "0.0000"}, {-1, 201, "0.0000"},
        {INT64_C(4000000000000000000), INT64_C(80000000000000000), "0.5000"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        share_format(cases[i].points, cases[i].weight, z);
        assert_string_equal(z, cases[i].text);
    }
}

/* --- STRI ----------------------------------------------------------------------------------- */

/* Areas of 60 and 40 points; a closes b; c, d and e: c closes d, d and e are a bundle. */
static void stri_rules(void **state)
{
    (void)state;
    struct stri *t = ARENA_NEW(&season, struct stri);
    struct stri_score s = {0};
    t->n_areas = 2;
    t->area[0].share = 60;
    t->area[1].share = 40;
    t->n_measures = 5;
    for (int i = 0; i < 5; i++)
        t->measure[i] = (struct stri_measure){.area = i > 1, .closed_by = -1};
    t->measure[1].closed_by = 0;
    t->measure[3].closed_by = 2;
    t->measure[3].bundle = t->measure[4].bundle = STR("pair");
    stri_close(t, &s);
    assert_int_equal(s.points, 0);
    assert_int_equal(s.full, 2 * 60 + 3 * 40);
    for (int i = 0; i < 3; i++) { /* one measure moves the score by exactly its weight */
        s = (struct stri_score){0};
        s.found[i] = true;
        stri_close(t, &s);
        assert_int_equal(s.points, t->area[t->measure[i].area].share);
    }
    s = (struct stri_score){0}; /* the whole sector closed: b follows */
    s.found[0] = s.whole[0] = true;
    stri_close(t, &s);
    assert_int_equal(s.points, 120);
    assert_true(s.scored[1] && !s.found[1]);
    s = (struct stri_score){0}; /* a bundle scores if one of it does */
    s.found[4] = true;
    stri_close(t, &s);
    assert_int_equal(s.points, 80);
    s = (struct stri_score){0}; /* closing, then the bundle */
    s.found[2] = s.whole[2] = true;
    stri_close(t, &s);
    assert_int_equal(s.points, 120);
    for (int i = 0; i < 5; i++)
        s.found[i] = true;
    stri_close(t, &s);
    assert_int_equal(s.points, s.full);
}

static void stri_of_the_lists(void **state)
{
    (void)state;
    struct error e = {0};
    struct stri *t = ARENA_NEW(&season, struct stri);
    struct stri_score a, b;
    int64_t weights = 0, scored = 0;
    if (stri_load(t, codes, &season, &e) != OK)
        fail_msg("%s:%d %s: %s", e.file, e.line, e.field, e.detail_en);
    assert_int_equal(t->n_areas, 5);
    assert_int_equal(t->n_sectors, 22);
    /* MFN: without zones and arrangements nothing changes. */
    struct corpus *c = copy_corpus(shipped);
    for (int i = 0; i < c->n_instruments; i++)
        if (c->instrument[i].kind != LAYER_NATIONAL)
            c->instrument[i].valid_to = c->instrument[i].valid_from + 1;
    for (int i = 0; i < t->n_sectors; i++) {
        stri_measure_sector(t, shipped, i, -1, today, today, &a);
        stri_measure_sector(t, c, i, -1, today, today, &b);
        assert_memory_equal(&a, &b, sizeof a);
        assert_true(0 <= a.points && a.points <= a.full);
        assert_true(t->sector[i].n_leaves > 0);
        scored += a.points;
    }
    for (int m = 0; m < t->n_measures; m++)
        weights += t->area[t->measure[m].area].share;
    assert_int_equal(weights, a.full); /* weights are share / full: they add up to 1 */
    assert_true(scored > 0);
    stri_measure_sector(t, shipped, 0, -1, day_from_civil(2020, 1, 1), today, &a);
    assert_int_equal(a.points, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(index_is_what_the_judge_says, begin),
        cmocka_unit_test_setup(index_of_changed_law, begin),
        cmocka_unit_test_setup(index_is_what_the_engine_says, begin),
        cmocka_unit_test_setup(parts_add_up, begin),
        cmocka_unit_test_setup(elsewhere_is_never_open, begin),
        cmocka_unit_test_setup(contributions_are_removals, begin),
        cmocka_unit_test_setup(contributions_under_changed_law, begin),
        cmocka_unit_test_setup(all_struck, begin),
        cmocka_unit_test_setup(timeline_is_separate_runs, begin),
        cmocka_unit_test_setup(timeline_of_a_list_that_ends, begin),
        cmocka_unit_test_setup(weights_add_up, begin),
        cmocka_unit_test_setup(weights_of_ones_own, begin),
        cmocka_unit_test_setup(shares_are_rounded, begin),
        cmocka_unit_test_setup(stri_rules, begin),
        cmocka_unit_test_setup(stri_of_the_lists, begin),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
