/*
 * What changed, where a list bites, and the life of a rule: compare/chronicle.h, openness/heat.h
 * and compare/life.h on the shipped law and on a corpus with a corrected record; and the feed of
 * /changes, well formed (RFC 4287), the same ids in both languages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compare/chronicle.h"
#include "compare/compare.h"
#include "compare/life.h"
#include "openness/heat.h"
#include "portal/portal.h"
#include "sanitized.h"

static struct arena program;
static struct classification *codes;
static struct corpus *law;
static struct snapshot *snapshot;
static day_t today;

static int load(void **state)
{
    (void)state;
    struct error e = {0};
    arena_init(&program);
    today = day_from_civil(2026, 11, 25);
    if (classification_load(&codes, &program, &e) != OK ||
        law_load_shipped(&law, &program, codes, &e) != OK ||
        snapshot_create(&snapshot, law, &e) != OK) {
        fprintf(stderr, "%s:%d: %s: %s\n", e.file, e.line, e.field, e.detail_en);
        return -1;
    }
    return 0;
}

static int unload(void **state)
{
    (void)state;
    snapshot_destroy(snapshot);
    arena_finish(&program);
    return 0;
}

static int list(const char *id)
{
    int i = instrument_find(law, str_from(id));
    assert_true(i >= 0);
    return i;
}

/* --- events --------------------------------------------------------------------------------- */

static const struct event *event_of(const struct event *x, int n, enum event_kind k, int instrument)
{
    for (int i = 0; i < n; i++)
        if (x[i].kind == k && x[i].instrument == instrument)
            return &x[i];
    return NULL;
}

static void events_in_order(void **state)
{
    (void)state;
    struct event *x;
    int n = chronicle_make(law, today, &program, &x);
    char (*urn)[46] = calloc((size_t)n, sizeof *urn);
    assert_non_null(urn);
    assert_true(n > law->n_instruments);
    for (int i = 0; i < n; i++) {
        assert_true(x[i].day != DAY_MIN && x[i].day != DAY_MAX);
        assert_true(i == 0 || x[i - 1].day >= x[i].day);
        event_urn(law, &x[i], urn[i]);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(urn[i], urn[k]);
    }
    free(urn);
    /* Every text that binds from a day begins once; the open records are all known. */
    for (int i = 0; i < law->n_instruments; i++) {
        const struct event *b = event_of(x, n, EVENT_BEGINS, i);
        assert_int_equal(b != NULL, law->instrument[i].valid_from != DAY_MIN);
        assert_non_null(event_of(x, n, EVENT_KNOWN, i));
        assert_null(event_of(x, n, EVENT_WITHDRAWN, i));
    }
}

/* The id of an event is for ever: whoever changes this line breaks every reader's feed. */
static void an_id_is_for_ever(void **state)
{
    (void)state;
    struct event x = {.kind = EVENT_BEGINS, .day = day_from_civil(2024, 4, 21),
                      .instrument = list("cn-national-2024")};
    char urn[46];
    event_urn(law, &x, urn);
    assert_string_equal(urn, "urn:uuid:72501612-bff9-8057-b920-c9b71c2946bb");
}

static void neighbours(void **state)
{
    (void)state;
    int out[EVENT_AGAINST], n = chronicle_before(law, list("cn-ftz-2024"), today, out);
    bool national = false;
    for (int i = 0; i < n; i++) {
        struct side a, b;
        struct scope domain;
        national |= out[i] == list("cn-national-2024");
        assert_true(out[i] != list("cn-ftz-2024"));
        assert_int_equal(side_of_record(law, out[i], today, &a, NULL), OK);
        assert_int_equal(side_of_record(law, list("cn-ftz-2024"), today, &b, NULL), OK);
        assert_int_equal(sides_domain(law, &a, &b, &domain, NULL), OK);
    }
    assert_true(national);
    assert_int_equal(chronicle_before(law, list("wto-gats-china"), today, out), 0);
    assert_int_equal(chronicle_before(law, list("cn-hainan-2021"), today, out), 0);
}

/* A second record of the national list, and a text that is closed with none to follow. */
static void corrections(void **state)
{
    (void)state;
    int at = list("cn-national-2024"), gone = list("cn-fdi-2024"), n = law->n_instruments;
    struct corpus with = *law;
    struct event *x;
    struct instrument *t = calloc((size_t)n + 1, sizeof *t);
    assert_non_null(t);
    assert_true(gone < at);
    memcpy(t, law->instrument, (size_t)(at + 1) * sizeof *t);
    memcpy(t + at + 1, law->instrument + at, (size_t)(n - at) * sizeof *t);
    t[at].known_to = t[at + 1].known_from = day_from_civil(2026, 12, 1);
    t[gone].known_to = day_from_civil(2026, 12, 2);
    with.instrument = t;
    with.n_instruments = n + 1;
    int events = chronicle_make(&with, today, &program, &x);
    assert_int_equal(x[0].kind, EVENT_WITHDRAWN);
    assert_int_equal(x[0].instrument, gone);
    assert_int_equal(x[1].kind, EVENT_CORRECTED);
    assert_int_equal(x[1].instrument, at + 1);
    assert_non_null(event_of(x, events, EVENT_KNOWN, at));
    assert_null(event_of(x, events, EVENT_BEGINS, at)); /* the open record says when it begins */
    assert_non_null(event_of(x, events, EVENT_BEGINS, at + 1));
    assert_null(event_of(x, events, EVENT_BEGINS, gone));
    free(t);
}

/* --- the life of a rule --------------------------------------------------------------------- */

static void a_life(void **state)
{
    (void)state;
    struct life l;
    life_make(&l, law, STR("securities-accounts-individuals"), &program);
    assert_int_equal(l.n, 3);
    assert_string_equal(life_text_of(&l, 0)->id.p, "cn-hainan-2021");
    assert_int_equal(l.at[0].before, -1);
    for (int i = 1; i < l.n; i++) {
        assert_int_equal(l.at[i].before, i - 1);
        bool exceptions = false;
        for (int k = 0; k < l.at[i].n_changed; k++)
            exceptions |= strcmp(l.at[i].changed[k], "exceptions") == 0;
        assert_true(exceptions);
    }
    assert_int_equal(life_first(&l), day_from_civil(2021, 8, 26));
    assert_int_equal(life_last(&l), DAY_MAX);
    life_make(&l, law, STR("customs-declaration"), &program);
    bool ftz = false;
    for (int i = 0; i < l.n_absent; i++)
        ftz |= l.absent[i] == list("cn-ftz-2024");
    assert_true(ftz);
    life_make(&l, law, STR("no-such-rule"), &program);
    assert_int_equal(l.n, 0);
}

/* --- where a list bites --------------------------------------------------------------------- */

static struct heat heat;

static uint64_t sum_of(const struct heat_field *f)
{
    uint64_t n = 0;
    for (int o = 0; o < OUTCOME_COUNT; o++)
        n += f->outcome[o];
    return n;
}

/* Sections add up to the list, divisions to their section, outcomes to the cells. */
static void sums(void **state)
{
    (void)state;
    static const char *const ids[] = {"cn-national-2024", "cn-ftz-2024", "cn-hainan-2021",
                                      "cn-fdi-2024", "cn-fdi-ftz-2021"};
    int open = codelist_find(&codes->gbt, STR("J"));
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        uint64_t sections = 0, section = 0, divisions = 0;
        assert_int_equal(heat_make(snapshot, list(ids[i]), open, today, &heat, NULL), OK);
        assert_int_equal(sum_of(&heat.all), heat.cells);
        for (int r = 0; r < heat.n_rows; r++)
            for (int mode = 1; mode <= 4; mode++)
                for (int c = 0; c < heat.n_columns; c++) {
                    struct heat_field f = heat_column(&heat, r, mode, c);
                    const struct code *k = &codes->gbt.code[heat.row[r]];
                    assert_int_equal(sum_of(&f), f.cells);
                    sections += k->level == 1 ? f.cells : 0;
                    section += heat.row[r] == open ? f.outcome[OUTCOME_EQUAL] : 0;
                    divisions += k->level == 2 ? f.outcome[OUTCOME_EQUAL] : 0;
                }
        assert_int_equal(sections, heat.cells);
        assert_int_equal(section, divisions);
    }
    struct error e = {0};
    assert_int_equal(heat_make(snapshot, list("wto-gats-china"), -1, today, &heat, &e),
                     ERR_INVALID);
}

/* Decides every cell of a row of the heat one by one, and some of them by the judge. */
static uint64_t row_cell_by_cell(const struct side *s, const struct scope *d, int row)
{
    static struct answer a, judge;
    uint64_t outcome[5][OUTCOME_COUNT] = {0}, seen = 0;
    const struct code *k = &codes->gbt.code[heat.row[row]];
    for (int sector = k->leaf_from; sector < k->leaf_to; sector++)
        for (int combo = 0; combo < COMBOS; combo++)
            for (int origin = 0; origin < codes->n_economies; origin++)
                for (int place = 0; place < codes->n_places; place++) {
                    struct question q;
                    if (!combo_valid(combo) || !scope_has(d, sector, combo, origin, place))
                        continue;
                    side_question(law, s, sector, combo, origin, place, &q);
                    decide(snapshot, &q, &a);
                    outcome[q.mode][a.outcome]++;
                    if (seen++ % 997 == 0) {
                        naive_decide(law, &q, &judge);
                        assert_int_equal(judge.outcome, a.outcome);
                    }
                }
    for (int mode = 1; mode <= 4; mode++)
        for (int o = 0; o < OUTCOME_COUNT; o++) {
            uint64_t said = 0;
            for (int c = 0; c < heat.n_columns; c++)
                said += heat_column(&heat, row, mode, c).outcome[o];
            assert_int_equal(outcome[mode][o], said);
        }
    return seen;
}

/* The Hainan list section by section; under the sanitizers every third section. */
static void cell_by_cell(void **state)
{
    (void)state;
    struct side s;
    struct scope d;
    uint64_t seen = 0, said = 0;
    assert_int_equal(heat_make(snapshot, list("cn-hainan-2021"), -1, today, &heat, NULL), OK);
    assert_int_equal(side_of_record(law, list("cn-hainan-2021"), today, &s, NULL), OK);
    assert_int_equal(sides_domain(law, &s, &s, &d, NULL), OK);
    for (int r = 0; r < heat.n_rows; r += SANITIZED ? 3 : 1) {
        seen += row_cell_by_cell(&s, &d, r);
        for (int mode = 1; mode <= 4; mode++)
            for (int c = 0; c < heat.n_columns; c++)
                said += heat_column(&heat, r, mode, c).cells;
    }
    assert_int_equal(seen, said);
    assert_true(SANITIZED ? seen > heat.cells / 5 : seen == heat.cells);
}

/* --- the feed ------------------------------------------------------------------------------- */

/* Tags nest, attributes are quoted, & begins an entity, nothing stands outside of the root. */
static bool well_formed(struct str s)
{
    struct str open[16];
    int depth = 0, roots = 0;
    size_t i = 0;
    if (str_has_prefix(s, STR("<?xml")) && str_find(s, STR("?>"), &i))
        i += 2;
    while (i < s.n) {
        if (s.p[i] == '&') {
            const char *end = memchr(s.p + i, ';', s.n - i);
            if (end == NULL || end - (s.p + i) > 8)
                return false;
        }
        if (s.p[i] != '<') {
            if (depth == 0 && s.p[i] != '\n')
                return false;
            i++;
            continue;
        }
        bool closing = s.p[i + 1] == '/', quoted = false;
        size_t from = i + 1 + closing, to = from, end = from;
        while (to < s.n && s.p[to] != '>' && s.p[to] != ' ' && s.p[to] != '/')
            to++;
        for (end = to; end < s.n && (quoted || s.p[end] != '>'); end++) {
            if (s.p[end] == '<')
                return false;
            quoted ^= s.p[end] == '"';
        }
        struct str name = {s.p + from, to - from};
        if (end == s.n || name.n == 0)
            return false;
        if (closing) {
            if (depth == 0 || !str_eq(open[--depth], name))
                return false;
        } else if (s.p[end - 1] != '/') {
            roots += depth == 0;
            if (depth == 16)
                return false;
            open[depth++] = name;
        }
        i = end + 1;
    }
    return depth == 0 && roots == 1;
}

static struct str get(struct arena *a, const char *path, const char *lang, bool family,
                      struct response *rs)
{
    struct portal p = {.codes = codes, .corpus = law, .snapshot = snapshot};
    struct http_field query[] = {{STR("lang"), str_from(lang)},
                                 {STR("family"), STR("cross-border")}};
    struct request rq = {.method = METHOD_GET, .target = str_from(path),
                         .path_raw = str_from(path), .path = str_from(path),
                         .n_query = family ? 2 : 1, .query = query, .arena = a};
    memset(rs, 0, sizeof *rs);
    rs->arena = a;
    buf_init(&rs->body);
    portal_handle(&p, &rq, rs);
    return buf_view(&rs->body);
}

static int count(struct str s, const char *what)
{
    int n = 0;
    size_t at;
    while (str_find(s, str_from(what), &at)) {
        n++;
        s.p += at + 1;
        s.n -= at + 1;
    }
    return n;
}

static void feed(void **state)
{
    (void)state;
    struct arena a;
    struct response zh, en, few, bad;
    arena_init(&a);
    struct str x = get(&a, "/changes.atom", "zh", false, &zh);
    struct str y = get(&a, "/changes.atom", "en", false, &en);
    assert_string_equal(zh.type, "application/atom+xml; charset=utf-8");
    assert_true(well_formed(x) && well_formed(y));
    int entries = count(x, "<entry>");
    assert_true(entries > 30);
    assert_int_equal(count(x, "<id>urn:uuid:"), entries + 1);
    assert_int_equal(count(x, "<updated>"), entries + 1);
    assert_int_equal(count(x, "T00:00:00+08:00</updated>"), entries + 1);
    assert_int_equal(count(x, "<title>"), entries + 1);
    assert_int_equal(count(x, "rel=\"self\""), 1);
    assert_int_equal(count(x, "<author>"), 1);
    assert_true(count(x, "/diff/cn-national-2024...cn-ftz-2024") > 0);
    for (size_t at; str_find(x, STR("<id>"), &at);) { /* the same ids, in the same order */
        struct str id = {x.p + at, 49}, same = {NULL, 0};
        size_t there;
        assert_true(str_find(y, STR("<id>"), &there));
        same = (struct str){y.p + there, 49};
        assert_true(str_eq(id, same));
        x = (struct str){x.p + at + 4, x.n - at - 4};
        y = (struct str){y.p + there + 4, y.n - there - 4};
    }
    struct str some = get(&a, "/changes.atom", "en", true, &few); /* with & in its address */
    assert_true(well_formed(some) && count(some, "<entry>") > 2);
    assert_true(count(some, "<entry>") < entries && count(some, "&amp;") > 0);
    get(&a, "/diff/no-such-list...cn-ftz-2024.csv", "zh", false, &bad);
    assert_int_equal(bad.status, 404);
    assert_true(well_formed(STR("<a><b c=\"<\"/></a>")) == false);
    assert_false(well_formed(STR("<a><b></a></b>")));
    assert_false(well_formed(STR("<a>x & y</a>")));
    buf_finish(&zh.body);
    buf_finish(&en.body);
    buf_finish(&few.body);
    buf_finish(&bad.body);
    arena_finish(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_in_order), cmocka_unit_test(an_id_is_for_ever),
        cmocka_unit_test(neighbours),      cmocka_unit_test(corrections),
        cmocka_unit_test(a_life),          cmocka_unit_test(sums),
        cmocka_unit_test(cell_by_cell),    cmocka_unit_test(feed),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
