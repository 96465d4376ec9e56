/*
 * Publishing: one transaction, two clocks, replaced texts cut where the new one begins, and the
 * checks on save, each with a planted fault and without one.
 *
 * The days lie in 2090, after every day on which this program may run, so that no test depends
 * on the calendar.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "decide/decide.h"
#include "law/checks.h"
#include "law/registry.h"
#include "sanitized.h"

static struct arena arena;
static struct classification *codes;
static struct db *db;
static day_t known;

static int fresh(void **state)
{
    (void)state;
    arena_init(&arena);
    known = day_from_civil(2090, 1, 10);
    return classification_load(&codes, &arena, NULL) != OK ||
           db_open(&db, "sqlite::memory:", NULL) != OK || registry_open(&(struct book){.d = db}, NULL) != OK;
}

static int done(void **state)
{
    (void)state;
    db_close(db);
    arena_finish(&arena);
    return 0;
}

/* --- drafts, rows, answers ---------------------------------------------------------------- */

/* A national cross-border list with one item on customs declaration (class 7297, mode 1).
 * `more`: members of the instrument, each followed by a comma. */
static struct str draft(const char *id, const char *valid_from, const char *effect,
                        const char *more)
{
    struct buf b;
    buf_init(&b);
    buf_printf(&b, "{\"id\":\"%s\",%s\"family\":\"cross-border\",\"layer\":\"national\","
                   "\"default\":\"equal\",\"territory\":[\"CN\"],\"beneficiaries\":[\"*\"],"
                   "\"edition_kind\":\"working\",\"title_zh\":\"试\",\"title_en\":\"Trial\","
                   "\"valid_from\":\"%s\",\"provisions\":[{\"key\":\"customs-declaration\","
                   "\"effect\":\"%s\",\"evidence\":\"C\",\"zh\":\"报关\",\"en\":\"customs 0.25\","
                   "\"scope\":{\"sectors\":[\"7297\"],\"modes\":[1],\"directions\":[\"import\"],"
                   "\"kinds\":[\"firm\",\"person\"]}}]}", id, more, valid_from, effect);
    struct str s = str_copy(&arena, buf_view(&b));
    buf_finish(&b);
    return s;
}

static void publish(struct str text, day_t day)
{
    struct error e = {0};
    if (registry_publish(&(struct book){.d = db}, text, "draft.json", day, codes, &e) != OK)
        fail_msg("%s: %s", e.field, e.detail_en);
}

static const char *rows(void) /* the whole table, text included */
{
    struct db_stmt *s;
    struct buf b;
    bool row;
    buf_init(&b);
    assert_int_equal(db_prepare(db, "SELECT seq,id,hash,known_from,coalesce(known_to,'-'),text,"
                                    "published FROM instrument ORDER BY seq", &s, NULL), OK);
    while (db_step(s, &row, NULL) == OK && row)
        for (int i = 0; i < 7; i++) {
            buf_str(&b, db_text(s, i));
            buf_char(&b, i < 6 ? '\t' : '\n');
        }
    db_finish(s);
    buf_char(&b, 0);
    const char *z = str_copy(&arena, buf_view(&b)).p;
    buf_finish(&b);
    return z;
}

static struct corpus *law_now(void)
{
    struct corpus *c;
    struct error e = {0};
    if (registry_load(db, &c, &arena, codes, &e) != OK)
        fail_msg("%s", e.detail_en);
    return c;
}

static struct question question_of(day_t on, day_t knows)
{
    struct question q = {.mode = 1, .on = on, .known = knows,
                         .place = place_find(codes, STR("CN-SH")),
                         .origin = economy_find(codes, STR("SG"))};
    struct sector_set set;
    assert_int_equal(sector_parse(codes, STR("7297"), &set, NULL), OK);
    while (!bit_get(set.leaf, (size_t)q.sector))
        q.sector++;
    return q;
}

/* By the engine and by the judge, who must agree. */
static enum treatment treatment_by(const struct snapshot *s, const struct corpus *c, day_t on,
                                   day_t knows)
{
    static struct answer a, b;
    struct question q = question_of(on, knows);
    decide(s, &q, &a);
    naive_decide(c, &q, &b);
    assert_int_equal(a.treatment, b.treatment);
    assert_int_equal(a.outcome, b.outcome);
    return a.outcome == OUTCOME_ELSEWHERE ? SILENT : a.treatment;
}

static enum treatment treatment(const struct corpus *c, day_t on, day_t knows)
{
    struct snapshot *s;
    assert_int_equal(snapshot_create(&s, c, NULL), OK);
    enum treatment t = treatment_by(s, c, on, knows);
    snapshot_destroy(s);
    return t;
}

static const struct instrument *text_now(const struct corpus *c, const char *id)
{
    int at = instrument_find(c, str_from(id));
    assert_true(at >= 0);
    return &c->instrument[at];
}

/* The newest row under an id, as text of one column. */
static struct str column(const char *id, const char *name)
{
    char sql[128];
    struct db_stmt *s;
    bool row;
    snprintf(sql, sizeof sql, "SELECT %s FROM instrument WHERE id=?1 ORDER BY seq DESC LIMIT 1",
             name);
    assert_int_equal(db_prepare(db, sql, &s, NULL), OK);
    db_bind_text(s, 1, str_from(id));
    assert_int_equal(db_step(s, &row, NULL), OK);
    assert_true(row);
    struct str v = str_copy(&arena, db_text(s, 0));
    db_finish(s);
    return v;
}

#define REPLACES "\"replaces\":[\"cn-national-2024\"],"

/* --- publishing --------------------------------------------------------------------------- */

static void replaced_text_is_cut(void **state)
{
    (void)state;
    day_t begins = day_from_civil(2090, 6, 1);
    struct str old = column("cn-national-2024", "text");
    publish(draft("cn-new", "2090-06-01", "notify", REPLACES), known);
    struct corpus *c = law_now();
    assert_int_equal(treatment(c, begins - 1, known), PROHIBITED);
    assert_int_equal(treatment(c, begins, known), NOTIFY);
    /* What was known the day before is what it was: the old list goes on without an end. */
    assert_int_equal(treatment(c, begins, known - 1), PROHIBITED);
    assert_int_equal(treatment(c, begins - 1, known - 1), PROHIBITED);
    assert_int_equal(text_now(c, "cn-national-2024")->valid_to, begins);
    assert_true(str_eqz(text_now(c, "cn-national-2024")->ended_by, "cn-new"));
    assert_int_equal(text_now(c, "cn-national-2024")->known_from, known);
    assert_int_equal(text_now(c, "cn-new")->known_from, known);
    /* All the rest of the text is as it was. */
    struct str cut = column("cn-national-2024", "text"), end = STR("\"valid_to\":\"2090-06-01\""),
               by = STR(",\"ended_by\":\"cn-new\"}");
    size_t at;
    struct buf b;
    buf_init(&b);
    assert_true(str_find(cut, end, &at));
    assert_true(cut.n > by.n && str_eq((struct str){cut.p + cut.n - by.n, by.n}, by));
    buf_put(&b, cut.p, at);
    buf_z(&b, "\"valid_to\":null");
    buf_put(&b, cut.p + at + end.n, cut.n - at - end.n - by.n);
    buf_char(&b, '}');
    assert_true(str_eq(buf_view(&b), old));
    buf_finish(&b);
}

static void earlier_end_stays(void **state)
{
    (void)state;
    publish(draft("cn-a", "2090-06-01", "notify", REPLACES), known);
    publish(draft("cn-b", "2090-08-01", "prohibit", REPLACES), known + 1);
    assert_int_equal(text_now(law_now(), "cn-national-2024")->valid_to, day_from_civil(2090, 6, 1));
}

static void same_text_changes_nothing(void **state)
{
    (void)state;
    struct str text = draft("cn-new", "2090-06-01", "notify", REPLACES);
    publish(text, known);
    const char *before = rows(), *hash = law_now()->hash;
    publish(text, known);
    publish(text, known + 9);
    struct buf b; /* laid out for people */
    bool in_text = false;
    buf_init(&b);
    for (size_t i = 0; i < text.n; i++) {
        in_text ^= text.p[i] == '"';
        buf_char(&b, text.p[i]);
        if (!in_text && (text.p[i] == ',' || text.p[i] == '{'))
            buf_z(&b, "\n  ");
    }
    publish(buf_view(&b), known + 9);
    buf_finish(&b);
    assert_string_equal(rows(), before);
    assert_string_equal(law_now()->hash, hash);
    /* A shipped text is no news either. */
    publish(column("cn-hainan-2021", "text"), known);
    assert_string_equal(rows(), before);
}

struct log {
    int n, never_known;
};

static void count(void *ctx, const struct registry_row *r)
{
    struct log *l = ctx;
    l->n++;
    l->never_known += r->known_from == r->known_to;
}

static void two_on_one_day(void **state)
{
    (void)state;
    day_t begins = day_from_civil(2090, 6, 1);
    struct log l = {0};
    publish(draft("cn-new", "2090-06-01", "notify", REPLACES), known);
    publish(draft("cn-new", "2090-06-01", "prohibit", REPLACES), known);
    publish(draft("cn-new", "2090-06-01", "require-approval", REPLACES), known);
    struct corpus *c = law_now();
    assert_int_equal(treatment(c, begins, known), APPROVAL);
    assert_int_equal(treatment(c, begins, known + 1000), APPROVAL);
    assert_int_equal(treatment(c, begins, known - 1), PROHIBITED);
    /* What was published first is in the store and in the log. */
    assert_int_equal(registry_log(db, STR("cn-new"), count, &l, NULL), OK);
    assert_int_equal(l.n, 3);
    assert_int_equal(l.never_known, 2);
    assert_non_null(strstr(rows(), "\"effect\":\"notify\""));
    /* Another text that replaces the same one, on the same day, earlier. */
    publish(draft("cn-other", "2090-05-01", "notify", REPLACES), known);
    c = law_now();
    assert_int_equal(text_now(c, "cn-national-2024")->valid_to, day_from_civil(2090, 5, 1));
    assert_int_equal(treatment(c, day_from_civil(2090, 5, 1), known), NOTIFY);
    assert_int_equal(treatment(c, day_from_civil(2090, 4, 30), known), PROHIBITED);
}

/* A correction of the new text moves the end it had set; one of the old text keeps it. */
static void ends_move_along(void **state)
{
    (void)state;
    struct str old = column("cn-national-2024", "text");
    publish(draft("cn-new", "2090-06-01", "notify", REPLACES), known);
    publish(draft("cn-new", "2090-07-01", "notify", REPLACES), known + 1);
    struct corpus *c = law_now();
    assert_int_equal(text_now(c, "cn-national-2024")->valid_to, day_from_civil(2090, 7, 1));
    assert_int_equal(treatment(c, day_from_civil(2090, 6, 15), known + 1), PROHIBITED);
    assert_int_equal(treatment(c, day_from_civil(2090, 6, 15), known), NOTIFY);
    const char *before = rows();
    publish(old, known + 2); /* the shipped text once more: its end was set since */
    assert_string_equal(rows(), before);
}

/* A record closed on or before the day from which its own text was known. */
static void never_known(void **state)
{
    (void)state;
    struct str old = column("cn-national-2024", "text");
    struct error e = {0};
    struct buf b;
    size_t at;
    day_t first = day_from_civil(2026, 11, 22); /* as the shipped text says */
    struct str effect = STR("\"effect\":\"prohibit\"");
    assert_true(str_find(old, STR("\"known_from\":\"2026-11-22\""), NULL));
    buf_init(&b);
    assert_true(str_find(old, effect, &at));
    buf_put(&b, old.p, at);
    buf_z(&b, "\"effect\":\"notify\"");
    buf_put(&b, old.p + at + effect.n, old.n - at - effect.n);
    assert_int_equal(registry_publish(&(struct book){.d = db}, buf_view(&b), "x", first - 1, codes, &e), ERR_CONFLICT);
    assert_int_equal(registry_publish(&(struct book){.d = db}, buf_view(&b), "x", first, codes, &e), OK);
    struct corpus *c = law_now();
    assert_int_equal(c->n_instruments, 32);
    assert_int_equal(text_now(c, "cn-national-2024")->known_from, first);
    buf_finish(&b);
}

static void first_record_is_known_from_its_day(void **state)
{
    (void)state;
    publish(draft("cn-new", "2090-06-01", "notify", ""), known);
    assert_int_equal(text_now(law_now(), "cn-new")->known_from, known);
    publish(draft("cn-older", "2090-06-01", "notify", "\"known_from\":\"2027-01-01\","), known);
    assert_int_equal(text_now(law_now(), "cn-older")->known_from, known);
}

static void draft_is_as_published(void **state)
{
    (void)state;
    struct str text = draft("cn-new", "2090-06-01", "notify", REPLACES);
    struct corpus *c;
    struct error e = {0};
    int at;
    day_t from;
    for (int round = 0; round < 3; round++) {
        const char *before = rows();
        if (registry_load_draft(db, &c, &at, &from, &arena, codes, text, "draft.json", &e) != OK)
            fail_msg("%s", e.detail_en);
        assert_string_equal(rows(), before);
        assert_true(from > day_today());
        assert_true(str_eqz(c->instrument[at].id, "cn-new"));
        assert_int_equal(c->instrument[at].known_from, from);
        assert_true(instrument_current(&c->instrument[at]));
        publish(text, from);
        assert_string_equal(law_now()->hash, c->hash);
        assert_int_equal(law_now()->n_provisions, c->n_provisions);
        text = draft("cn-new", round == 0 ? "2090-06-15" : "2090-05-15", "prohibit", REPLACES);
    }
}

/* What the department published stands before what a newer program brings. */
static void shipped_does_not_undo(void **state)
{
    (void)state;
    publish(draft("cn-national-2024", "2024-04-21", "notify", ""), known);
    const char *before = rows();
    assert_int_equal(db_exec(db, "UPDATE meta SET value='older' WHERE key='shipped'", NULL), OK);
    assert_int_equal(registry_open(&(struct book){.d = db}, NULL), OK);
    assert_string_equal(rows(), before);
}

static void refused(struct str text, day_t day, enum err want, const char *field)
{
    struct error e = {0};
    const char *before = rows();
    assert_int_equal(registry_publish(&(struct book){.d = db}, text, "draft.json", day, codes, &e), want);
    if (strcmp(e.field, field) != 0)
        fail_msg("field %s, not %s: %s", e.field, field, e.detail_en);
    assert_string_equal(rows(), before);
    law_now();
}

static void errors_change_nothing(void **state)
{
    (void)state;
    struct error e = {0};
    refused(STR("{\"id\":\"x\""), known, ERR_SYNTAX, "");
    refused(draft("cn-new", "2090-06-01", "forbid", REPLACES), known, ERR_INVALID,
            "/provisions/0/effect");
    refused(draft("cn-new", "2090-06-01", "notify", "\"replaces\":[\"cn-nothing\"],"), known,
            ERR_INVALID, "/replaces");
    refused(draft("cn-new", "2090-06-01", "notify", "\"replaces\":[\"cn-new\"],"), known,
            ERR_INVALID, "/replaces");
    refused(draft("cn-new", "2024-04-21", "notify", REPLACES), known, ERR_INVALID, "/valid_from");
    refused(draft("cn-new", "2090-06-01", "notify", "\"known_to\":\"2091-01-01\","), known,
            ERR_INVALID, "/known_to");
    refused(draft("cn-new", "2090-06-01", "notify", "\"known_from\":\"2090-02-01\","), known,
            ERR_INVALID, "known_from");
    refused(draft("cn-new", "2090-06-01", "notify", "\"classification\":\"GB/T 4754-2011\","),
            known, ERR_INVALID, "/classification");
    refused(draft("cn-new", "2090-06-01", "notify", ""), day_from_civil(2020, 1, 1), ERR_INVALID,
            "known_from");
    /* The first text is amended before the second one is found missing. */
    refused(draft("cn-new", "2090-06-01", "notify",
                  "\"replaces\":[\"cn-national-2024\",\"cn-nothing\"],"), known, ERR_INVALID,
            "/replaces");
    /* The store fails half way: the draft is in, the text it replaces is not. */
    assert_int_equal(db_exec(db, "CREATE TEMP TRIGGER half BEFORE INSERT ON instrument"
                                 " WHEN NEW.id='cn-national-2024'"
                                 " BEGIN SELECT RAISE(ABORT,'full'); END", NULL), OK);
    refused(draft("cn-new", "2090-06-01", "notify", REPLACES), known, ERR_IO, "");
    assert_int_equal(db_exec(db, "DROP TRIGGER half", NULL), OK);
    publish(draft("cn-new", "2090-06-01", "notify", ""), known + 5);
    refused(draft("cn-new", "2090-06-01", "prohibit", ""), known, ERR_CONFLICT, "");
    /* The store moved on after it was looked at. */
    const char *seen = law_now()->hash;
    publish(draft("cn-other", "2090-06-01", "notify", ""), known + 5);
    const char *before = rows();
    assert_int_equal(registry_publish_seen(&(struct book){.d = db}, draft("cn-new", "2090-06-01", "prohibit", ""), "d",
                                           known + 6, seen, codes, &e), ERR_CONFLICT);
    assert_string_equal(rows(), before);
    assert_int_equal(registry_publish_seen(&(struct book){.d = db}, draft("cn-new", "2090-06-01", "prohibit", ""), "d",
                                           known + 6, law_now()->hash, codes, &e), OK);
}

/* More lists than there are layers: refused whole, and the store still loads. */
static void too_many_lists(void **state)
{
    (void)state;
    struct error e = {0};
    char id[32];
    enum err r = OK;
    const char *before = NULL;
    int n = 0;
    while (r == OK && n < 70) {
        snprintf(id, sizeof id, "cn-list-%02d", n++);
        before = rows();
        r = registry_publish(&(struct book){.d = db}, draft(id, "2090-06-01", "notify", ""), "d", known, codes, &e);
    }
    assert_int_equal(r, ERR_LIMIT);
    assert_int_equal(n, LIMIT_LAYERS - 6 + 1); /* six shipped texts are layers */
    assert_string_equal(rows(), before);
    law_now();
}

static void hundred_corrections(void **state)
{
    (void)state;
    enum { N = SANITIZED ? 70 : 100 }; /* more than the window of 60 holds */
    day_t on = day_from_civil(2090, 6, 1);
    struct error e = {0};
    for (int i = 0; i < N; i++) {
        char words[64];
        snprintf(words, sizeof words, "\"note_en\":\"correction %d\",%s", i, REPLACES);
        publish(draft("cn-new", "2090-06-01", i % 2 ? "prohibit" : "notify", words), known + i);
    }
    struct corpus *c = law_now();
    assert_true(c->n_layers <= LIMIT_LAYERS);
    struct question q = question_of(on, known + N);
    day_t opens = DAY_MAX; /* the first day of knowledge in the window */
    for (int i = 0; i < c->n_instruments; i++)
        opens = c->instrument[i].known_from < opens ? c->instrument[i].known_from : opens;
    assert_in_range(opens, known + N - 60, known + N - 50);
    struct snapshot *s;
    assert_int_equal(snapshot_create(&s, c, NULL), OK);
    for (day_t k = opens; k < known + N + 3; k++) {
        int i = k < known + N ? k - known : N - 1;
        assert_int_equal(treatment_by(s, c, on, k), i % 2 ? PROHIBITED : NOTIFY);
        assert_int_equal(treatment_by(s, c, on - 1, k), PROHIBITED); /* the old list */
    }
    snapshot_destroy(s);
    /* Earlier knowledge is refused, not answered from half of the texts; asked of its own
     * corpus it is there. */
    q.known = opens - 1;
    assert_int_equal(question_check(c, &q, &e), ERR_DATE_RANGE);
    for (int i = 0; i < N; i += 7) {
        assert_int_equal(registry_load_known(db, known + i, &c, &arena, codes, &e), OK);
        assert_int_equal(treatment(c, on, known + i), i % 2 ? PROHIBITED : NOTIFY);
    }
    assert_int_equal(registry_load_known(db, known - 1, &c, &arena, codes, &e), OK);
    assert_int_equal(treatment(c, on, known - 1), PROHIBITED);
    assert_int_equal(instrument_find(c, STR("cn-new")), -1);
    /* People see all of them. */
    assert_int_equal(registry_history(db, &c, &arena, codes, &e), OK);
    int n = 0;
    for (int i = 0; i < c->n_instruments; i++)
        n += str_eqz(c->instrument[i].id, "cn-new");
    assert_int_equal(n, N);
    assert_int_equal(c->n_layers, 0);
}

/* --- checks ------------------------------------------------------------------------------- */

struct item {
    const char *key, *sectors, *effect, *more; /* more: members, each followed by a comma */
};

static void add_list(struct corpus *c, const char *id, const char *head, const struct item *item)
{
    struct buf b;
    struct error e = {0};
    buf_init(&b);
    buf_printf(&b, "{\n\"id\":\"%s\",\n%s\"layer\":\"national\",\"default\":\"equal\","
                   "\"territory\":[\"CN\"],\"beneficiaries\":[\"*\"],\"edition_kind\":\"official\","
                   "\"title_zh\":\"试\",\"title_en\":\"Trial\",\n\"provisions\":[\n", id, head);
    for (int i = 0; item[i].key != NULL; i++)
        buf_printf(&b, "%s{\"zh\":\"文\",\"en\":\"Text\",\"evidence\":\"B\",%s\"effect\":\"%s\",\n"
                       "\"key\":\"%s\",\n\"scope\":{\"sectors\":[%s],\"modes\":[1],"
                       "\"directions\":[\"import\"],\"kinds\":[\"firm\"]}}", i ? ",\n" : "",
                   item[i].more, item[i].effect, item[i].key, item[i].sectors);
    buf_z(&b, "\n]}\n");
    struct str text = str_copy(&arena, buf_view(&b));
    buf_finish(&b);
    if (law_add(c, &arena, text, id, &e) != OK)
        fail_msg("%s: %s", e.field, e.detail_en);
}

static struct corpus *new_corpus(void)
{
    struct corpus *c;
    struct str facts;
    assert_true(shipped_get("facts.json", &facts));
    assert_int_equal(law_begin(&c, &arena, codes, facts, "facts.json", NULL), OK);
    return c;
}

static struct law_findings findings(const struct corpus *c, int at)
{
    struct law_findings f;
    law_checks(c, at, &arena, &f);
    return f;
}

#define CROSS "\"family\":\"cross-border\",\n"
#define SOURCED "\"sources\":[\"x\"],"

static struct law_findings check_list(const char *head, const struct item *item)
{
    struct corpus *c = new_corpus();
    add_list(c, "list", head, item);
    assert_int_equal(law_finish(c, &arena, NULL), OK);
    return findings(c, 0);
}

/* Exactly one finding, with that code, severity, key and line; no code: none. */
static void expect(struct law_findings f, const char *code, enum severity severity,
                   const char *key, int line)
{
    for (int i = 0; i < f.n && (code == NULL || f.n != 1); i++)
        print_error("%s %.*s: %s\n", f.f[i].code, STR_ARG(f.f[i].key), f.f[i].en.p);
    assert_int_equal(f.n, code != NULL);
    assert_int_equal(f.n_errors, code != NULL && severity == FINDING_ERROR);
    if (code == NULL)
        return;
    assert_string_equal(f.f[0].code, code);
    assert_int_equal(f.f[0].severity, severity);
    assert_true(str_eqz(f.f[0].key, key));
    assert_int_equal(f.f[0].line, line);
    assert_true(f.f[0].zh.n > 0 && f.f[0].en.n > 0);
}

static void pairs_of_items(void **state)
{
    (void)state;
#define WHEN(v) "\"applies_when\":[{\"fact\":\"activity\",\"is\":\"" v "\"}],"
    /* Apart in sector, or in what they apply to. */
    expect(check_list(CROSS, (struct item[]){{"a", "\"72\"", "prohibit", SOURCED},
                                             {"b", "\"73\"", "notify", SOURCED}, {0}}),
           NULL, FINDING_ERROR, "", 0);
    expect(check_list(CROSS, (struct item[]){
                                 {"a", "\"72\"", "prohibit", SOURCED WHEN("audit")},
                                 {"b", "\"7232\"", "notify",
                                  SOURCED WHEN("open-securities-account")},
                                 {0}}),
           NULL, FINDING_ERROR, "", 0);
    /* A bar without a condition over the whole of a milder item. */
    expect(check_list(CROSS, (struct item[]){{"a", "\"72\"", "prohibit", SOURCED},
                                             {"b", "\"7232\"", "notify", SOURCED}, {0}}),
           "contradiction", FINDING_ERROR, "b", 10);
    expect(check_list(CROSS, (struct item[]){{"b", "\"7232\"", "notify", SOURCED WHEN("audit")},
                                             {"a", "\"72\"", "prohibit", SOURCED WHEN("audit")},
                                             {0}}),
           "contradiction", FINDING_ERROR, "b", 7);
    /* As strict, wider: redundant. */
    expect(check_list(CROSS, (struct item[]){{"a", "\"72\"", "notify", SOURCED},
                                             {"b", "\"7232\"", "file", SOURCED}, {0}}),
           "redundant", FINDING_WARNING, "b", 10);
    /* The wider one does not always apply: an overlap, no more. */
    expect(check_list(CROSS, (struct item[]){{"a", "\"72\"", "prohibit", SOURCED WHEN("audit")},
                                             {"b", "\"7232\"", "notify", SOURCED}, {0}}),
           "overlap", FINDING_WARNING, "b", 10);
    expect(check_list(CROSS, (struct item[]){
                                 {"a", "\"72\"", "prohibit",
                                  SOURCED "\"exceptions\":[{\"zh\":\"例外\",\"en\":\"but\"}],"},
                                 {"b", "\"7232\"", "notify", SOURCED}, {0}}),
           "overlap", FINDING_WARNING, "b", 10);
    const struct item two[] = {{"a", "\"72\",\"73\"", "prohibit", SOURCED},
                               {"b", "\"7232\",\"74\"", "notify", SOURCED}, {0}};
    struct law_findings f = check_list(CROSS, two);
    expect(f, "overlap", FINDING_WARNING, "b", 10);
    /* One leaf, one combo, every economy and place. */
    assert_int_equal(f.f[0].cells, codes->n_economies * codes->n_places);
    assert_true(str_find(f.f[0].en, STR("7232"), NULL));
}

static void numbers(void **state)
{
    (void)state;
#define NO(n) SOURCED "\"no\":" #n ","
#define WHOLE CROSS "\"complete\":true,\"published_total\":2,\n"
    expect(check_list(WHOLE, (struct item[]){{"a", "\"72\"", "prohibit", NO(1)},
                                             {"b", "\"73\"", "notify", NO(2)}, {0}}),
           NULL, FINDING_ERROR, "", 0);
    /* An item without a printed number may be the one that is missing. */
    expect(check_list(WHOLE, (struct item[]){{"a", "\"72\"", "prohibit", NO(1)},
                                             {"b", "\"73\"", "notify", SOURCED}, {0}}),
           NULL, FINDING_ERROR, "", 0);
    const struct item same[] = {{"a", "\"72\"", "prohibit", NO(1)},
                                {"b", "\"73\"", "notify", NO(1)}, {0}};
    struct law_findings f = check_list(WHOLE, same);
    assert_int_equal(f.n, 2);
    assert_string_equal(f.f[0].code, "gap"); /* errors in order of line */
    assert_int_equal(f.f[0].line, 4);
    assert_true(str_find(f.f[0].en, STR("lacks number 2"), NULL));
    assert_string_equal(f.f[1].code, "number-twice");
    assert_true(str_eqz(f.f[1].key, "b"));
    f = check_list(WHOLE, (struct item[]){{"a", "\"72\"", "prohibit", NO(1)},
                                          {"b", "\"73\"", "notify", NO(3)}, {0}});
    assert_int_equal(f.n_errors, 2);
    assert_string_equal(f.f[1].code, "number-beyond");
    expect(check_list(CROSS "\"published_total\":3,\n\"unlocated\":2,\n",
                      (struct item[]){{"a", "\"72\"", "prohibit", NO(1)}, {0}}),
           "unlocated", FINDING_WARNING, "", 5);
}

static void basis_and_marks(void **state)
{
    (void)state;
    expect(check_list(CROSS, (struct item[]){{"a", "\"72\"", "prohibit",
                                              "\"basis\":[{\"title_zh\":\"法\"}],"}, {0}}),
           NULL, FINDING_ERROR, "", 0);
    struct corpus *c = law_now(); /* cn-hainan-2021 has items of grade C without either */
    int at = instrument_find(c, STR("cn-hainan-2021")), bare = 0;
    struct law_findings f = findings(c, at);
    for (int i = 0; i < f.n; i++)
        bare += strcmp(f.f[i].code, "no-basis") == 0;
    assert_int_equal(bare, 5);
    expect(check_list(CROSS, (struct item[]){{"a", "\"72\"", "prohibit",
                                              "\"sources\":[\"? where\"],"}, {0}}),
           "mark-left", FINDING_ERROR, "a", 6);
    expect(check_list(CROSS "\"note_zh\":\"【待核实】\",\n",
                      (struct item[]){{"a", "\"72\"", "prohibit", SOURCED}, {0}}),
           "mark-left", FINDING_ERROR, "", 4);
    expect(check_list(CROSS, (struct item[]){{"a", "\"72\"", "prohibit", "\"sources\":[\"why?\"],"},
                                             {0}}),
           NULL, FINDING_ERROR, "", 0);
}

static void texts_that_replace(void **state)
{
    (void)state;
    const struct item one[] = {{"a", "\"72\"", "prohibit", SOURCED}, {0}};
    struct corpus *c = new_corpus();
    add_list(c, "a", CROSS "\"valid_from\":\"2090-01-01\",\n\"ended_by\":\"d\",", one);
    add_list(c, "b", CROSS "\"valid_from\":\"2090-02-01\",\n\"replaces\":[\"a\"],", one);
    add_list(c, "c", CROSS "\"valid_from\":\"2090-01-01\",\n\"replaces\":[\"a\"],", one);
    add_list(c, "d", CROSS "\"valid_from\":\"2090-02-01\",\n\"replaces\":[\"zz\"],", one);
    add_list(c, "e", "\"family\":\"permits\",\n\"valid_from\":\"2090-03-01\",\n"
                     "\"replaces\":[\"b\"],", one);
    add_list(c, "f", CROSS "\"valid_from\":\"2090-02-01\",\n\"replaces\":[\"h\"],", one);
    add_list(c, "g", CROSS "\"valid_from\":\"2090-02-01\",\n\"replaces\":[\"f\"],", one);
    add_list(c, "h", CROSS "\"valid_from\":\"2090-02-01\",\n\"replaces\":[\"g\"],", one);
    assert_int_equal(law_finish(c, &arena, NULL), OK);
    expect(findings(c, 0), NULL, FINDING_ERROR, "", 0);
    expect(findings(c, 1), NULL, FINDING_ERROR, "", 0);
    expect(findings(c, 2), "replaces-later", FINDING_ERROR, "", 4);
    struct law_findings f = findings(c, 3);
    assert_int_equal(f.n, 2);
    assert_string_equal(f.f[0].code, "replaces-unknown");
    assert_string_equal(f.f[1].code, "still-ended"); /* a names d, and d no longer replaces it */
    expect(findings(c, 4), "replaces-family", FINDING_WARNING, "", 5);
    f = findings(c, 6);
    assert_int_equal(f.n_errors, 2);
    bool named = false;
    for (int i = 0; i < f.n; i++)
        named |= strcmp(f.f[i].code, "cycle") == 0 &&
                 str_find(f.f[i].en, STR("g → f → h → g"), NULL);
    assert_true(named);
}

static void items_that_displace(void **state)
{
    (void)state;
#define DISPLACES(k) SOURCED "\"displaces\":[\"" k "\"],"
    struct corpus *c = new_corpus();
    add_list(c, "l", CROSS, (struct item[]){{"rule", "\"72\"", "prohibit", SOURCED}, {0}});
    add_list(c, "m", CROSS, (struct item[]){{"x", "", "displace", DISPLACES("rule")},
                                            {"p", "", "displace", DISPLACES("q")}, {0}});
    add_list(c, "n", CROSS, (struct item[]){{"q", "", "displace", DISPLACES("p")}, {0}});
    assert_int_equal(law_finish(c, &arena, NULL), OK);
    expect(findings(c, 0), NULL, FINDING_ERROR, "", 0);
    struct law_findings f = findings(c, 1);
    expect(f, "cycle", FINDING_ERROR, "p", 9);
    assert_true(str_find(f.f[0].en, STR("p → q → p"), NULL));
    c->instrument[0].known_to = known; /* the list was closed and no other has the rule */
    f = findings(c, 1);
    assert_int_equal(f.n, 2);
    assert_string_equal(f.f[1].code, "displaces-gone");
}

static void lines(void **state)
{
    (void)state;
    struct str j = STR("{\"x\": \"a\\\"}\",\n \"p\": [ {\"k\":1},\n"
                       "  {\"k\": [2,\n 3] , \"z\":\n4}\n],\"q\":true}");
    assert_int_equal(law_line(j, "/x"), 1);
    assert_int_equal(law_line(j, "/p"), 2);
    assert_int_equal(law_line(j, "/p/0/k"), 2);
    assert_int_equal(law_line(j, "/p/1"), 3);
    assert_int_equal(law_line(j, "/p/1/k/1"), 4);
    assert_int_equal(law_line(j, "/p/1/z"), 5);
    assert_int_equal(law_line(j, "/q"), 6);
    assert_int_equal(law_line(j, "/p/1/none/deeper"), 3);
    assert_int_equal(law_line(j, "/p/7"), 2);
    assert_int_equal(law_line(j, ""), 1);
    assert_int_equal(law_line(STR(""), "/p"), 0);
    assert_int_equal(law_line(STR("{\"p\""), "/p/1"), 1); /* cut off: never beyond the end */
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, done)
    const struct CMUnitTest tests[] = {
        TEST(replaced_text_is_cut), TEST(earlier_end_stays), TEST(same_text_changes_nothing),
        TEST(two_on_one_day), TEST(ends_move_along), TEST(never_known),
        TEST(first_record_is_known_from_its_day), TEST(draft_is_as_published),
        TEST(shipped_does_not_undo), TEST(errors_change_nothing), TEST(too_many_lists),
        TEST(hundred_corrections), TEST(pairs_of_items), TEST(numbers), TEST(basis_and_marks),
        TEST(texts_that_replace), TEST(items_that_displace), TEST(lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
