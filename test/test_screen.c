/* Screening against the judge: every cell on some days, a million records over forty, on the
 * shipped law and on one made harsher; reasons, counts, samples, edges. FUMAO_SEED (default 1),
 * FUMAO_RECORDS (default 1,000,000). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/csv.h"
#include "declaration/screen.h"

enum { DAYS = 48, EPOCHS = 64, SIGNATURE = 8192, BLOCK = 1000 };

static uint64_t seed = 1;
static int records = 1000000;
static struct arena program;
static struct classification *codes;
static struct scheme *scheme;
static struct rng rng;
static day_t today;

static int below(int n)
{
    return (int)rng_below(&rng, (uint32_t)n);
}

/* --- the sets, in the words of screen.h ------------------------------------------------------- */

struct meaning { /* of a transaction code */
    bool open;
    bool supply[5][LIMIT_SECTORS]; /* mode, leaf */
    int n;
};
static struct meaning meaning[SCHEME_CODES];

/* Does a product of the item reach no class? Read from the concordance, product by product. */
static bool lacks_product(int item)
{
    struct str text, line;
    struct sector_set set;
    const struct code *code = codes->ebops.code;
    check(shipped_get("concordances/cpc21_ebops2010.csv", &text));
    str_cut(text, '\n', &text); /* the names of the columns: cpc21,ebops2010,... */
    while (text.n > 0) {
        char spec[64];
        line = str_cut(text, '\n', &text);
        struct str cpc = str_cut(line, ',', &line), ebops = str_cut(line, ',', &line);
        int at = codelist_find(&codes->ebops, ebops);
        if (at < item || at >= code[item].end)
            continue;
        snprintf(spec, sizeof spec, "cpc:%.*s", STR_ARG(cpc));
        if (sector_parse(codes, str_from(spec), &set, NULL) != OK)
            return true;
    }
    return false;
}

static void add_meaning(struct meaning *m, int item)
{
    char spec[64];
    struct sector_set set;
    bool modes = false;
    int at = scheme_item(scheme, item);
    m->open |= lacks_product(item);
    snprintf(spec, sizeof spec, "ebops:%.*s", STR_ARG(codes->ebops.code[item].code));
    if (sector_parse(codes, str_from(spec), &set, NULL) != OK || at < 0) {
        m->open = true;
        return;
    }
    for (int k = 0; k < scheme->n_mode[at]; k++) {
        const struct share *mode = &scheme->mode[at][k];
        modes |= mode->ppm > 0;
        for (int leaf = 0; leaf < codes->gbt.n_leaves && mode->ppm > 0; leaf++)
            m->supply[mode->to][leaf] |= bit_get(set.leaf, (size_t)leaf);
    }
    m->open |= !modes;
}

static void make_meanings(void)
{
    memset(meaning, 0, sizeof meaning);
    for (int i = 0; i < scheme->n_code; i++) {
        struct meaning *m = &meaning[i];
        for (int t = 0; t < scheme->code[i].n_targets && scheme->code[i].service; t++)
            if (scheme->code[i].target[t].ppm > 0)
                add_meaning(m, scheme->code[i].target[t].to);
        for (int mode = 1; mode <= 4; mode++)
            for (int leaf = 0; leaf < codes->gbt.n_leaves; leaf++)
                m->n += m->supply[mode][leaf];
    }
}

/* A set in words: `seen` has a bit for every outcome of the judge in it. */
static enum screen_outcome of_set(unsigned seen, bool open)
{
    bool prohibited = (seen >> OUTCOME_PROHIBITED) & 1, equal = (seen >> OUTCOME_EQUAL) & 1;
    bool elsewhere = (seen >> OUTCOME_ELSEWHERE) & 1;
    bool between = ((seen >> OUTCOME_CONDITIONAL) & 1) || ((seen >> OUTCOME_CARVED_OUT) & 1) ||
                   ((seen >> OUTCOME_UNDETERMINED) & 1);
    if (seen == 0)
        return SCREEN_UNSCREENED;
    if (prohibited && !equal && !elsewhere && !between && !open)
        return SCREEN_HIT;
    if (prohibited || between)
        return SCREEN_POSSIBLE;
    if (elsewhere || open)
        return SCREEN_UNSCREENED;
    return SCREEN_CLEAN;
}

/* --- the judge, swept and kept ---------------------------------------------------------------- */

typedef uint8_t seen_of[2][LIMIT_PLACES][LIMIT_ORIGINS];
struct epoch { /* days of one law */
    size_t n;
    uint8_t signature[SIGNATURE];
    seen_of *seen; /* by code */
};
struct trial {
    struct corpus *c;
    struct snapshot *snap;
    struct screen *s;
    int n_epochs;
    struct epoch epoch[EPOCHS];
    int n_days;
    day_t day[DAYS];
    struct epoch *of_day[DAYS];
};

static bool group_speaks(const struct corpus *c, struct str group)
{
    for (int i = 0; i < c->n_instruments; i++)
        if (c->instrument[i].is_layer && str_eq(c->instrument[i].group, group))
            return true;
    return false;
}

/* All that the judge reads of a day: which texts bind, which memberships hold. */
static void sign(const struct corpus *c, day_t on, struct epoch *x)
{
    x->n = 0;
    for (int i = 0; i < c->n_instruments; i++)
        if (c->instrument[i].is_layer)
            x->signature[x->n++] =
                c->instrument[i].valid_from <= on && on < c->instrument[i].valid_to;
    for (int m = 0; m < codes->n_memberships; m++)
        if (group_speaks(c, codes->membership[m].group))
            x->signature[x->n++] =
                codes->membership[m].from <= on && on < codes->membership[m].to;
    check(x->n <= SIGNATURE);
}

struct sweeping {
    seen_of *seen;
    int mode, leaf, kind;
};

/* Eight bytes at a time: most of this test's time went here. */
static void add_to_each(uint8_t *p, int n, uint8_t bit)
{
    uint64_t word, bits = bit * (UINT64_MAX / 255);
    for (; n >= 8; p += 8, n -= 8) {
        memcpy(&word, p, 8);
        word |= bits;
        memcpy(p, &word, 8);
    }
    for (int i = 0; i < n; i++)
        p[i] |= bit;
}

static void swept(void *ctx, int place, int from, int to, const struct answer *a)
{
    struct sweeping *w = ctx;
    uint8_t bit = (uint8_t)(1u << a->outcome);
    for (int i = 0; i < scheme->n_code; i++)
        if (meaning[i].supply[w->mode][w->leaf])
            add_to_each(w->seen[i][w->kind][place] + from, to - from, bit);
}

static void sweep(const struct corpus *c, day_t on, struct epoch *x)
{
    static uint64_t all[PLACE_WORDS];
    bits_set_range(all, 0, (size_t)codes->n_places);
    x->seen = calloc((size_t)scheme->n_code, sizeof *x->seen);
    check(x->seen != NULL);
    for (int mode = 1; mode <= 4; mode++)
        for (int leaf = 0; leaf < codes->gbt.n_leaves; leaf++) {
            bool asked = false;
            for (int i = 0; i < scheme->n_code; i++)
                asked |= meaning[i].supply[mode][leaf];
            for (int kind = 0; asked && kind < 2; kind++) {
                struct sweeping w = {x->seen, mode, leaf, kind};
                naive_sweep(c, leaf, combo_of(mode, IMPORT, kind ? KIND_PERSON : KIND_FIRM), on,
                            today, NULL, all, swept, &w);
            }
        }
}

static struct epoch *epoch_of(struct trial *t, day_t on)
{
    struct epoch *x = &t->epoch[t->n_epochs];
    check(t->n_epochs < EPOCHS);
    sign(t->c, on, x);
    for (int i = 0; i < t->n_epochs; i++)
        if (x->n == t->epoch[i].n && memcmp(t->epoch[i].signature, x->signature, x->n) == 0)
            return &t->epoch[i];
    t->n_epochs++;
    return x;
}

static int founded(int place, day_t on)
{
    while (codes->place[place].from > on)
        place = codes->place[place].parent;
    return place;
}

static bool is_import(const struct declaration *d)
{
    if (d->advance == ADVANCE_REFUND)
        return d->flow == FLOW_CREDIT; /* takes back a debit */
    return d->flow == FLOW_DEBIT;
}

static enum screen_outcome judged(const struct corpus *c, struct epoch *x,
                                  const struct declaration *d)
{
    int kind = d->party_kind == PARTY_UNIT ? 0 : 1;
    if (!is_import(d))
        return SCREEN_UNSCREENED;
    if (x->seen == NULL)
        sweep(c, d->on, x);
    return of_set(x->seen[d->code][kind][founded(d->place, d->on)][d->country],
                  meaning[d->code].open);
}

/* --- trials ----------------------------------------------------------------------------------- */

static void add_day(struct trial *t, day_t d)
{
    for (int i = 0; i < t->n_days; i++)
        if (t->day[i] == d)
            return;
    if (t->n_days < DAYS && d <= today)
        t->day[t->n_days++] = d;
}

static void make_trial(struct trial *t, struct corpus *c)
{
    struct error e = {0};
    memset(t, 0, sizeof *t);
    t->c = c;
    for (int i = 0; i < c->n_instruments; i++) /* both sides of every edge */
        if (c->instrument[i].is_layer && c->instrument[i].valid_from > scheme->from) {
            add_day(t, c->instrument[i].valid_from - 1);
            add_day(t, c->instrument[i].valid_from);
        }
    add_day(t, day_from_civil(2023, 10, 30)); /* the last zone is founded */
    add_day(t, day_from_civil(2023, 10, 31));
    add_day(t, scheme->from);
    add_day(t, today);
    day_t lists = day_from_civil(2021, 6, 1);
    while (t->n_days < DAYS)
        add_day(t, below(8) == 0 ? scheme->from + below(today - scheme->from)
                                 : lists + below(today - lists));
    for (int i = 0; i < t->n_days; i++)
        t->of_day[i] = epoch_of(t, t->day[i]);
    if (snapshot_create(&t->snap, c, &e) != OK ||
        screen_create(&t->s, scheme, t->snap, scheme->from, today, 2, &e) != OK)
        fail_msg("%s", e.detail_en);
}

static void end_trial(struct trial *t)
{
    screen_destroy(t->s);
    snapshot_destroy(t->snap);
    for (int i = 0; i < t->n_epochs; i++)
        free(t->epoch[i].seen);
}

static struct corpus *shipped_law(void)
{
    struct corpus *c;
    struct error e = {0};
    if (law_load_shipped(&c, &program, codes, &e) != OK)
        fail_msg("%s", e.detail_en);
    return c;
}

/* The shipped law with many items that bite whatever the facts, some of them on everything, some
 * only on persons, zones or one economy; so that there are hits and every mixture. */
static struct corpus *harsh_law(void)
{
    struct corpus *c = shipped_law();
    for (int i = 0; i < c->n_provisions; i++) {
        struct provision *p = &c->provision[i];
        int first = below(codes->gbt.n_leaves), last = first + below(300);
        if (p->layer < 0 || below(4) > 0)
            continue;
        p->n_when = p->n_exceptions = p->n_lift = 0;
        p->treatment = below(2) ? PROHIBITED : (enum treatment)(NOTIFY + below(4));
        if (below(2) == 0)
            bits_set_range(p->scope.sector, (size_t)first,
                           (size_t)(last < codes->gbt.n_leaves ? last : codes->gbt.n_leaves));
        if (below(3) == 0)
            p->scope.combo = combos_of(0x1e, IMPORT, 1u << (below(2) ? KIND_PERSON : KIND_FIRM));
        if (below(3) == 0)
            p->scope.combo |= combos_of(2u << below(4), IMPORT, 3);
        if (below(6) == 0) { /* on everything, for a few */
            bits_set_range(p->scope.sector, 0, (size_t)codes->gbt.n_leaves);
            p->scope.combo = combos_of(0x1e, IMPORT, 3);
            memset(p->scope.origin, 0, sizeof p->scope.origin);
            for (int k = 0; k < 5; k++)
                bit_set(p->scope.origin, (size_t)below(codes->n_economies));
        }
        for (int k = 0; below(4) == 0 && k < 60; k++)
            bit_clear(p->scope.origin, (size_t)below(codes->n_economies));
        for (int k = 0; below(4) == 0 && k < 30; k++)
            bit_clear(p->scope.place, (size_t)below(codes->n_places));
    }
    return c;
}

/* Other parameters: items in one to three modes, one of which may have no share; codes of two
 * items. */
static void other_scheme(void)
{
    for (int i = 0; i < scheme->n_item; i++) {
        int n = 1 + below(3), first = below(4);
        scheme->n_mode[i] = n;
        for (int k = 0; k < n; k++)
            scheme->mode[i][k] = (struct share){(int16_t)(1 + (first + k * (1 + below(2))) % 4),
                                                k > 0 && below(3) == 0 ? 0 : PPM / n};
    }
    for (int i = 0; i < scheme->n_code; i++) {
        struct itrs_code *c = &scheme->code[i];
        if (c->n_targets == 1 && below(3) == 0)
            c->target[c->n_targets++] =
                (struct share){scheme->item[below(scheme->n_item)], below(3) == 0 ? 0 : PPM / 2};
    }
    make_meanings();
}

static int economy_below(void)
{
    static int china = -1;
    china = china < 0 ? economy_find(codes, STR("CN")) : china;
    int o = below(codes->n_economies);
    return o == china ? 0 : o;
}

static int draw(const struct trial *t, struct declaration *d)
{
    int at = below(t->n_days), party = below(4);
    memset(d, 0, sizeof *d);
    d->on = t->day[at];
    d->code = (uint8_t)below(scheme->n_code);
    d->country = (uint8_t)economy_below();
    d->place = (uint8_t)below(codes->n_places);
    d->party_kind = (uint8_t)(party == 3 ? PARTY_UNIT : party);
    d->flow = (uint8_t)(below(5) == 0 ? FLOW_CREDIT : FLOW_DEBIT);
    d->advance = (uint8_t)(below(20) == 0 ? ADVANCE_REFUND : below(2));
    d->bank = (uint16_t)below(10000);
    d->amount = 1 + below(1000000);
    d->report_key = rng_next(&rng);
    d->report_part = (uint8_t)below(20);
    return at;
}

static void same(enum screen_outcome is, enum screen_outcome should, const struct declaration *d)
{
    char on[11];
    if (is == should)
        return;
    day_format(d->on, on);
    fail_msg("seed %llu: %.*s %s %d from %.*s to %.*s on %s: %s, the judge says %s",
             (unsigned long long)seed, STR_ARG(scheme->code[d->code].code),
             d->flow == FLOW_DEBIT ? "debit" : "credit", d->party_kind,
             STR_ARG(codes->economy[d->country].alpha2), STR_ARG(codes->place[d->place].code), on,
             screen_name[is], screen_name[should]);
}

/* Every code, economy, place, kind and flow of a day. */
static void every_cell(const struct trial *t, int at, int64_t count[SCREEN_COUNT])
{
    int china = economy_find(codes, STR("CN"));
    struct declaration d = {.on = t->day[at]};
    for (int code = 0; code < scheme->n_code; code++)
        for (int o = 0; o < codes->n_economies; o++)
            for (int p = 0; p < codes->n_places && o != china; p++)
                for (int k = 0; k < 6; k++) {
                    d.code = (uint8_t)code;
                    d.country = (uint8_t)o;
                    d.place = (uint8_t)p;
                    d.party_kind = (uint8_t)(k % 3);
                    d.flow = (uint8_t)(k / 3);
                    enum screen_outcome is = screen_one(t->s, &d);
                    count[is]++;
                    same(is, judged(t->c, t->of_day[at], &d), &d);
                }
}

static void some_records(const struct trial *t, int n, int64_t count[SCREEN_COUNT])
{
    for (int i = 0; i < n; i++) {
        struct declaration d;
        int at = draw(t, &d);
        enum screen_outcome is = screen_one(t->s, &d);
        count[is]++;
        same(is, judged(t->c, t->of_day[at], &d), &d);
    }
}

/* Supply by supply, with the judge on the very day: the sweeps above were kept over days. */
static void without_keeping(const struct trial *t, int n)
{
    static struct answer a;
    for (int i = 0; i < n; i++) {
        struct declaration d;
        unsigned seen = 0;
        draw(t, &d);
        d.on = scheme->from + below(today - scheme->from);
        for (int mode = 1; mode <= 4; mode++)
            for (int leaf = 0; leaf < codes->gbt.n_leaves; leaf++) {
                struct question q = {
                    .sector = leaf, .mode = mode, .origin = d.country,
                    .place = founded(d.place, d.on),
                    .direction = is_import(&d) ? IMPORT : EXPORT, .on = d.on, .known = today,
                    .kind = d.party_kind == PARTY_UNIT ? KIND_FIRM : KIND_PERSON};
                if (!meaning[d.code].supply[mode][leaf])
                    continue;
                naive_decide(t->c, &q, &a);
                seen |= 1u << a.outcome;
            }
        same(screen_one(t->s, &d), of_set(seen, meaning[d.code].open), &d);
    }
}

static void try_law(struct corpus *c, const char *name)
{
    struct trial t;
    int64_t cells[SCREEN_COUNT] = {0}, drawn[SCREEN_COUNT] = {0};
    make_trial(&t, c);
    assert_true(t.n_days >= 40);
    for (int i = 0; i < 3; i++)
        every_cell(&t, (int)(t.n_days * i / 3), cells);
    every_cell(&t, 0, cells); /* the day before a list */
    some_records(&t, records, drawn);
    without_keeping(&t, 300);
    printf("%s: %d laws in %d days; records:", name, t.n_epochs, t.n_days);
    for (int o = 0; o < SCREEN_COUNT; o++) {
        printf(" %s %lld", screen_name[o], (long long)drawn[o]);
        assert_true(drawn[o] > 0 || o == SCREEN_HIT);
    }
    printf("\n");
    if (strcmp(name, "harsh") == 0)
        assert_true(drawn[SCREEN_HIT] > records / 1000);
    end_trial(&t);
}

static void test_shipped(void **state)
{
    (void)state;
    try_law(shipped_law(), "shipped");
}

static void test_harsh(void **state)
{
    (void)state;
    other_scheme(); /* and from here on */
    try_law(harsh_law(), "harsh");
}

/* --- reasons ---------------------------------------------------------------------------------- */

struct expected {
    int n[OUTCOME_COUNT], supplies;
    int *provision, fact[LIMIT_FACTS];
    char evidence;
};

static void expect_supply(const struct trial *t, const struct question *q, struct expected *x)
{
    static struct explanation e;
    static struct answer a;
    naive_decide(t->c, q, &a);
    explain(t->snap, q, &e);
    x->n[a.outcome]++;
    x->supplies++;
    if (a.outcome == OUTCOME_ELSEWHERE)
        return;
    for (int i = 0; i < a.n_prevailing; i++)
        x->provision[a.prevailing[i]]++;
    if (e.next_fact >= 0)
        x->fact[e.next_fact]++;
    x->evidence = e.evidence > x->evidence ? e.evidence : x->evidence;
}

static void expect_reason(const struct trial *t, const struct declaration *d, struct expected *x)
{
    memset(x->provision, 0, (size_t)t->c->n_provisions * sizeof(int));
    memset(x->n, 0, sizeof x->n);
    memset(x->fact, 0, sizeof x->fact);
    x->supplies = x->evidence = 0;
    for (int mode = 1; mode <= 4; mode++)
        for (int leaf = 0; leaf < codes->gbt.n_leaves; leaf++) {
            struct question q = {.sector = leaf, .mode = mode, .origin = d->country,
                                 .place = founded(d->place, d->on), .on = d->on, .known = today,
                                 .direction = is_import(d) ? IMPORT : EXPORT,
                                 .kind = d->party_kind == PARTY_UNIT ? KIND_FIRM : KIND_PERSON};
            if (meaning[d->code].supply[mode][leaf])
                expect_supply(t, &q, x);
        }
}

static void check_reason(const struct trial *t, const struct declaration *d,
                         const struct expected *x)
{
    static struct screen_reason r;
    int provisions = 0;
    screen_explain(t->s, d, &r);
    assert_int_equal(r.outcome, screen_one(t->s, d));
    assert_true(screen_class(t->s, d) < screen_classes(t->s));
    assert_int_equal(r.open, meaning[d->code].open || meaning[d->code].n == 0);
    assert_int_equal(r.n_supplies, x->supplies);
    assert_int_equal(r.n_prohibited, x->n[OUTCOME_PROHIBITED]);
    assert_int_equal(r.n_conditional, x->n[OUTCOME_CONDITIONAL]);
    assert_int_equal(r.n_equal, x->n[OUTCOME_EQUAL]);
    assert_int_equal(r.n_prohibited + r.n_conditional + r.n_equal + r.n_other, r.n_supplies);
    assert_int_equal(r.evidence, x->evidence);
    for (int i = 0; i < t->c->n_provisions; i++)
        provisions += x->provision[i] > 0;
    assert_int_equal(r.n_provisions, provisions < LIMIT_MATCHES ? provisions : LIMIT_MATCHES);
    for (int i = 0; i < r.n_provisions; i++) {
        int p = r.provision[i], last = i > 0 ? r.provision[i - 1] : -1;
        assert_true(x->provision[p] > 0);
        assert_true(last < 0 || x->provision[last] > x->provision[p] ||
                    (x->provision[last] == x->provision[p] && last < p));
    }
    int best = -1;
    for (int f = 0; f < t->c->n_facts; f++)
        if (x->fact[f] > (best < 0 ? 0 : x->fact[best]))
            best = f;
    assert_int_equal(r.next_fact, best);
    if (r.outcome == SCREEN_HIT)
        assert_true(r.n_prohibited == r.n_supplies && r.n_provisions > 0 && !r.open);
    if (r.outcome == SCREEN_CLEAN)
        assert_true(r.n_equal == r.n_supplies && r.n_provisions == 0 && !r.open);
}

static void try_reasons(struct corpus *c)
{
    struct trial t;
    struct expected x;
    make_trial(&t, c);
    x.provision = calloc((size_t)c->n_provisions, sizeof(int));
    for (int i = 0; i < 50 + records / 5000; i++) {
        struct declaration d;
        draw(&t, &d);
        expect_reason(&t, &d, &x);
        check_reason(&t, &d, &x);
    }
    free(x.provision);
    end_trial(&t);
}

static void test_reasons(void **state)
{
    (void)state;
    try_reasons(shipped_law());
    try_reasons(harsh_law());
}

/* --- counts and samples ----------------------------------------------------------------------- */

static void name_reports(struct declaration *d, int n, char (*name)[24])
{
    for (int i = 0; i < n; i++) {
        int at = snprintf(name[i], 24, "%020llu%02d",
                          (unsigned long long)(d[i].report_key % 10000000000000000000ull),
                          d[i].report_part);
        d[i].report_no = (struct str){name[i], (size_t)at};
    }
}

static char *as_json(struct screen *s)
{
    struct buf b;
    struct jsonw w;
    buf_init(&b);
    jsonw_init(&w, &b, false);
    screen_json(s, &w);
    buf_char(&b, 0);
    json_t *root = json_loads(b.p, 0, NULL);
    assert_non_null(root);
    json_decref(root);
    return b.p;
}

struct screened { /* another way of counting */
    int64_t outcome[SCREEN_COUNT], code[SCHEME_CODES][SCREEN_COUNT];
    int64_t place[LIMIT_PLACES][SCREEN_COUNT], bank[10000][SCREEN_COUNT];
    int64_t (*provision)[2];
};

static void count_one(const struct trial *t, const struct declaration *d, struct screened *n)
{
    static struct screen_reason r;
    screen_explain(t->s, d, &r);
    n->outcome[r.outcome]++;
    n->code[d->code][r.outcome]++;
    n->place[d->place][r.outcome]++;
    n->bank[d->bank][r.outcome]++;
    for (int i = 0; i < r.n_provisions; i++)
        if (r.outcome == SCREEN_HIT || r.outcome == SCREEN_POSSIBLE)
            n->provision[r.provision[i]][r.outcome == SCREEN_POSSIBLE]++;
}

static void check_counts(const struct trial *t, const struct screened *n)
{
    const struct screen_summary *sum = screen_summary(t->s);
    int lines = 0;
    assert_memory_equal(sum->outcome, n->outcome, sizeof n->outcome);
    assert_memory_equal(sum->code, n->code, sizeof n->code);
    assert_memory_equal(sum->place, n->place, sizeof n->place);
    assert_memory_equal(sum->bank, n->bank, sizeof n->bank);
    for (int i = 0; i < t->c->n_provisions; i++)
        lines += n->provision[i][0] + n->provision[i][1] > 0;
    assert_int_equal(sum->n_provisions, lines);
    for (int i = 0; i < sum->n_provisions; i++) {
        assert_int_equal(sum->provision[i].hit, n->provision[sum->provision[i].provision][0]);
        assert_int_equal(sum->provision[i].possible, n->provision[sum->provision[i].provision][1]);
    }
    assert_true(sum->n_sectors > 0);
    for (int i = 0; i < sum->n_sectors; i++)
        assert_int_equal(codes->gbt.code[sum->sector[i].division].level, 2);
}

/* Samples are the smallest hashes, whatever order the records came in: nothing that is a sample
 * of the whole may be missing from the samples of a part that holds it. */
static void test_counts(void **state)
{
    (void)state;
    enum { N = 20 * BLOCK };
    struct trial t;
    struct screen *shuffled;
    struct error e = {0};
    struct declaration *d = calloc(N, sizeof *d);
    char(*name)[24] = calloc(N, sizeof *name);
    struct screened *n = calloc(1, sizeof *n);
    make_trial(&t, harsh_law());
    n->provision = calloc((size_t)t.c->n_provisions, sizeof *n->provision);
    for (int i = 0; i < N; i++)
        draw(&t, &d[i]);
    for (int i = 1; i < N; i++) /* the same number twice, over records that differ or not */
        if (i % 3 == 0) {
            d[i] = i % 2 ? d[i - 1] : d[i];
            d[i].report_key = d[i - 1].report_key;
            d[i].report_part = d[i - 1].report_part;
        }
    name_reports(d, N, name);
    for (int i = 0; i < N; i++)
        count_one(&t, &d[i], n);
    for (int i = 0; i < N; i += BLOCK)
        screen_rows(t.s, 0, d + i, BLOCK);
    check_counts(&t, n);
    assert_int_equal(screen_create(&shuffled, scheme, t.snap, scheme->from, today, 1, &e), OK);
    for (int i = N - 1; i > 0; i--) {
        int k = below(i + 1);
        struct declaration x = d[i];
        d[i] = d[k];
        d[k] = x;
    }
    for (int i = 0; i < N; i += BLOCK)
        screen_rows(shuffled, i / BLOCK % 3, d + i, BLOCK);
    char *a = as_json(t.s), *b = as_json(shuffled);
    assert_string_equal(a, b);
    for (int o = 0; o < SCREEN_COUNT; o++)
        assert_int_equal(screen_summary(t.s)->n_samples[o], SCREEN_SAMPLES);
    free(a);
    free(b);
    free(n->provision);
    free(n);
    free(name);
    free(d);
    screen_destroy(shuffled);
    end_trial(&t);
}

/* --- edges ------------------------------------------------------------------------------------ */

static void test_edges(void **state)
{
    (void)state;
    struct error e = {0};
    struct corpus *c = shipped_law();
    struct snapshot *snap;
    struct screen *s = NULL;
    struct screen_reason r;
    day_t from = day_from_civil(2024, 1, 1), to = day_from_civil(2024, 12, 31);
    assert_int_equal(snapshot_create(&snap, c, &e), OK);
    assert_int_equal(screen_create(&s, scheme, snap, to, from, 1, &e), ERR_USAGE);
    assert_int_equal(screen_create(&s, scheme, snap, to - LIMIT_SCREEN_DAYS, to, 1, &e), ERR_LIMIT);
    assert_int_equal(screen_create_known(&s, scheme, snap, from, to, day_from_civil(1990, 1, 1), 1,
                                         &e), ERR_DATE_RANGE);
    assert_null(s);
    assert_int_equal(screen_create(&s, scheme, snap, from, to, 0, &e), OK);
    struct declaration d = {.flow = FLOW_DEBIT, .on = to, .party_kind = PARTY_UNIT};
    d.code = (uint8_t)scheme_code_find(scheme, STR("226000"));
    d.country = (uint8_t)economy_find(codes, STR("SG"));
    d.place = (uint8_t)place_find(codes, STR("CN-SH"));
    assert_int_equal(screen_one(s, &d), SCREEN_POSSIBLE);
    screen_explain(s, &d, &r);
    assert_true(r.n_provisions > 0 && r.evidence >= 'A');
    d.on = to + 1; /* outside of what was prepared */
    assert_int_equal(screen_one(s, &d), SCREEN_UNSCREENED);
    screen_explain(s, &d, &r);
    assert_true(r.n_other == r.n_supplies && r.n_provisions == 0 && r.evidence == 0);
    d.on = to;
    d.country = (uint8_t)economy_find(codes, STR("CN")); /* nobody foreign */
    assert_int_equal(screen_one(s, &d), SCREEN_UNSCREENED);
    d.country = (uint8_t)economy_find(codes, STR("HK"));
    d.code = (uint8_t)scheme_code_find(scheme, STR("121010")); /* goods */
    assert_int_equal(screen_one(s, &d), SCREEN_UNSCREENED);
    screen_explain(s, &d, &r);
    assert_true(r.n_supplies == 0 && r.open);
    screen_destroy(s);
    screen_destroy(NULL);
    snapshot_destroy(snap);
}

int main(void)
{
    struct error e = {0};
    const char *z = getenv("FUMAO_SEED"), *n = getenv("FUMAO_RECORDS");
    seed = z != NULL ? strtoull(z, NULL, 10) : 1;
    records = n != NULL ? atoi(n) : records;
    rng_seed(&rng, seed);
    arena_init(&program);
    today = day_today();
    if (classification_load(&codes, &program, &e) != OK ||
        scheme_load(&scheme, &program, codes, &e) != OK) {
        fprintf(stderr, "%s:%d %s\n", e.file, e.line, e.detail_en);
        return 1;
    }
    make_meanings();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipped), cmocka_unit_test(test_edges), cmocka_unit_test(test_harsh),
        cmocka_unit_test(test_reasons), cmocka_unit_test(test_counts)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_finish(&program);
    return failed;
}
