/* The registry: shipped texts once, corrections as new records, two clocks, a changed text found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "decide/decide.h"
#include "law/registry.h"

static struct arena arena;
static struct classification *codes;
static struct db *db;

static int load(void **state)
{
    (void)state;
    arena_init(&arena);
    return classification_load(&codes, &arena, NULL) != OK ||
           db_open(&db, "sqlite::memory:", NULL) != OK || registry_open(&(struct book){.d = db}, NULL) != OK;
}

static int unload(void **state)
{
    (void)state;
    db_close(db);
    arena_finish(&arena);
    return 0;
}

static struct corpus *corpus_now(void)
{
    struct corpus *c;
    struct error e = {0};
    enum err r = registry_load(db, &c, &arena, codes, &e);
    if (r != OK)
        fail_msg("%s", e.detail_en);
    return c;
}

static enum outcome outcome(const struct corpus *c, day_t known)
{
    struct snapshot *s;
    struct answer a, b;
    struct question q = {.mode = 1, .on = day_from_civil(2026, 6, 1), .known = known};
    struct sector_set set;
    assert_int_equal(sector_parse(codes, STR("7297"), &set, NULL), OK);
    while (!bit_get(set.leaf, (size_t)q.sector))
        q.sector++;
    q.origin = economy_find(codes, STR("SG"));
    assert_int_equal(snapshot_create(&s, c, NULL), OK);
    decide(s, &q, &a);
    naive_decide(c, &q, &b);
    snapshot_destroy(s);
    assert_int_equal(a.outcome, b.outcome);
    return a.outcome;
}

static void shipped_once(void **state)
{
    (void)state;
    struct corpus *c = corpus_now();
    assert_int_equal(c->n_instruments, 32);
    assert_int_equal(registry_open(&(struct book){.d = db}, NULL), OK);
    assert_string_equal(corpus_now()->hash, c->hash);
}

/* A correction takes one effect back; an answer of the day before keeps what it was. */
static void later_knowledge(void **state)
{
    (void)state;
    struct str text, key = STR("\"key\":\"customs-declaration\""), effect = STR("\"effect\":\"prohibit\"");
    struct buf b;
    size_t at, effect_at;
    day_t correction = day_from_civil(2027, 1, 10);
    assert_true(shipped_get("instruments/cn-national-2024.json", &text));
    assert_true(str_find(text, key, &at));
    struct str tail = {text.p + at, text.n - at};
    assert_true(str_find(tail, effect, &effect_at));
    buf_init(&b);
    buf_put(&b, text.p, at + effect_at);
    buf_z(&b, "\"effect\":\"require-approval\"");
    buf_put(&b, tail.p + effect_at + effect.n, tail.n - effect_at - effect.n);
    assert_int_equal(registry_put(&(struct book){.d = db}, STR("cn-national-2024"), buf_view(&b), correction, NULL), OK);
    assert_int_equal(registry_put(&(struct book){.d = db}, STR("cn-national-2024"), buf_view(&b), correction + 5, NULL),
                     OK); /* the same text again changes nothing */
    struct corpus *c = corpus_now();
    assert_int_equal(c->n_instruments, 33);
    assert_int_equal(outcome(c, correction - 1), OUTCOME_PROHIBITED);
    assert_int_equal(outcome(c, correction), OUTCOME_CONDITIONAL);
    assert_int_equal(outcome(c, correction + 100), OUTCOME_CONDITIONAL);
    /* Put back on the same day: the corrected record was never known. */
    assert_int_equal(registry_put(&(struct book){.d = db}, STR("cn-national-2024"), text, correction, NULL), OK);
    c = corpus_now();
    assert_int_equal(outcome(c, correction - 1), OUTCOME_PROHIBITED);
    assert_int_equal(outcome(c, correction + 100), OUTCOME_PROHIBITED);
    buf_finish(&b);
}

static void changed_text(void **state)
{
    (void)state;
    struct corpus *c;
    struct error e = {0};
    assert_int_equal(db_exec(db, "UPDATE instrument SET text=replace(text,'prohibit','restrict')"
                                 " WHERE id='cn-hainan-2021'", NULL), OK);
    assert_int_equal(registry_load(db, &c, &arena, codes, &e), ERR_INTEGRITY);
    assert_non_null(strstr(e.detail_en, "cn-hainan-2021"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shipped_once),
                                       cmocka_unit_test(later_knowledge),
                                       cmocka_unit_test(changed_text)};
    return cmocka_run_group_tests(tests, load, unload);
}
