/* A rehearsal against the judge: drafts made by editing the national list, random questions read
 * as text, counts that add up, causes, witnesses, bad lines. FUMAO_SEED (default 1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "law/registry.h"
#include "rehearsal/rehearsal.h"

enum { QUESTIONS = 1500, DRAFTS = 6 };

static uint64_t seed = 1;
static struct arena program, season;
static struct classification *codes;
static struct db *db;
static struct rng rng;

static int below(int n)
{
    return (int)rng_below(&rng, (uint32_t)n);
}

static bool chance(int percent)
{
    return below(100) < percent;
}

/* --- drafts ----------------------------------------------------------------------------- */

static json_t *national(void)
{
    struct str text;
    check(shipped_get("instruments/cn-national-2024.json", &text));
    json_t *root = json_loadb(text.p, text.n, 0, NULL);
    check(root != NULL);
    json_object_set_new(root, "complete", json_false()); /* its count of items may change */
    return root;
}

struct stage {
    struct corpus *c;
    struct snapshot *s;
    int draft;
    day_t known;
};

static void open_stage(json_t *root, struct stage *st)
{
    struct error e = {0};
    char *z = json_dumps(root, JSON_COMPACT);
    arena_reset(&season);
    enum err r = registry_load_draft(db, &st->c, &st->draft, &st->known, &season, codes,
                                     str_from(z), "draft.json", &e);
    if (r != OK)
        fail_msg("%s %s:%d %s", e.detail_en, e.file, e.line, e.field);
    assert_int_equal(snapshot_create(&st->s, st->c, &e), OK);
    free(z);
    json_decref(root);
}

static json_t *remove_item(struct str *key)
{
    json_t *root = national(), *items = json_object_get(root, "provisions");
    size_t at = (size_t)below((int)json_array_size(items));
    *key = str_copy(&program, str_from(json_string_value(
                                  json_object_get(json_array_get(items, at), "key"))));
    json_array_remove(items, at);
    return root;
}

static json_t *change_effect(struct str *key)
{
    static const char *const effects[] = {"prohibit", "require-approval", "notify", "restrict"};
    json_t *root = national(), *items = json_object_get(root, "provisions");
    json_t *item = json_array_get(items, (size_t)below((int)json_array_size(items)));
    *key = str_copy(&program, str_from(json_string_value(json_object_get(item, "key"))));
    json_object_set_new(item, "effect", json_string(effects[below(4)]));
    return root;
}

static json_t *add_item(struct str *key)
{
    json_t *root = national(), *items = json_object_get(root, "provisions");
    json_t *item = json_deep_copy(json_array_get(items, 1));
    const struct code *k = &codes->gbt.code[below(codes->gbt.n)];
    *key = STR("test-item");
    json_object_set_new(item, "key", json_string("test-item"));
    json_object_set_new(item, "no", json_integer(900));
    json_object_set_new(json_object_get(item, "scope"), "sectors",
                        json_pack("[s#]", k->code.p, (int)k->code.n));
    json_object_del(item, "exceptions");
    json_array_append_new(items, item);
    json_object_set_new(root, "published_total", json_integer((json_int_t)json_array_size(items)));
    return root;
}

/* --- questions, as text and as the judge is asked -------------------------------------- */

static int pick_bit(const uint64_t *w, int n)
{
    int from = below(n);
    for (int i = 0; i < n; i++)
        if (bit_get(w, (size_t)((from + i) % n)))
            return (from + i) % n;
    return from;
}

static void random_facts(const struct corpus *c, const struct provision *p, struct facts *f)
{
    for (int i = 0; i < c->n_facts; i++) {
        const struct fact *x = &c->fact[i];
        bool asked = false;
        for (int k = 0; k < p->n_when; k++)
            asked |= c->expr[p->when[k]].fact == i;
        if (!x->derived && chance(asked ? 70 : 3))
            fact_set(f, i, x->type == FACT_BOOL   ? below(2)
                           : x->type == FACT_ENUM ? below(x->n_values)
                           : str_eqz(x->unit, "share") ? (int64_t)below(2) * FACT_SCALE
                                                       : (int64_t)below(9) * FACT_SCALE);
    }
}

static void write_facts(const struct corpus *c, const struct facts *f, json_t *o)
{
    json_t *facts = json_object();
    for (int i = 0; i < c->n_facts; i++) {
        const struct fact *x = &c->fact[i];
        char name[128];
        if (!bit_get(f->known, (size_t)i))
            continue;
        snprintf(name, sizeof name, "%.*s", STR_ARG(x->name));
        struct str v = x->type == FACT_ENUM ? x->value[f->value[i]].value : STR("");
        json_object_set_new(facts, name,
                            x->type == FACT_BOOL   ? json_boolean(f->value[i] != 0)
                            : x->type == FACT_ENUM ? json_stringn(v.p, v.n)
                                                   : json_integer(f->value[i] / FACT_SCALE));
    }
    json_object_set_new(o, "facts", facts);
}

struct random_question {
    struct question q;
    struct facts facts;
    int from, to; /* leaves */
    int64_t value;
};

static bool may_ask(const struct corpus *c, const struct question *q)
{
    return question_check(c, q, NULL) == OK;
}

/* Half of them where an item of a national list bites. */
static void random_question(const struct corpus *c, const struct stage *st,
                            struct random_question *x)
{
    const struct instrument *d = &c->instrument[st->draft];
    do {
        const struct provision *p = chance(50) ? &c->provision[d->first + below(d->n)]
                                               : &c->provision[below(c->n_provisions)];
        int combo = pick_bit(&p->scope.combo, COMBOS);
        memset(x, 0, sizeof *x);
        x->q = (struct question){.mode = combo_mode(combo), .kind = combo_kind(combo),
                                 .direction = combo_direction(combo),
                                 .origin = pick_bit(p->scope.origin, codes->n_economies),
                                 .place = pick_bit(p->scope.place, codes->n_places),
                                 .on = day_today() - below(1500), .known = day_today(),
                                 .facts = &x->facts};
        x->from = pick_bit(p->scope.sector, codes->gbt.n_leaves);
        x->to = x->from + 1;
        if (chance(70))
            random_facts(c, p, &x->facts);
    } while (!may_ask(c, &x->q));
    for (int l = 0; l < c->n_layers; l++) {
        struct question then = x->q;
        then.claims = (uint64_t)1 << l;
        if (chance(8) && may_ask(c, &then))
            x->q.claims |= then.claims;
    }
    x->value = chance(50) ? 0 : below(100000);
}

static void write_question(const struct corpus *c, struct random_question *x, FILE *f)
{
    char on[11];
    struct str code = sector_code(codes, x->from);
    if (chance(15)) { /* its division: all classes of it */
        int node = codelist_find(&codes->gbt, (struct str){code.p, 2});
        const struct code *k = &codes->gbt.code[node];
        code.n = 2;
        x->from = k->leaf_from;
        x->to = k->leaf_to;
    }
    day_format(x->q.on, on);
    json_t *o = json_pack("{s:s#, s:i, s:s#, s:s#, s:s, s:s, s:s}", "sector", code.p, (int)code.n,
                          "mode", x->q.mode, "from", codes->economy[x->q.origin].alpha2.p, 2,
                          "to", codes->place[x->q.place].code.p,
                          (int)codes->place[x->q.place].code.n, "kind", kind_name(x->q.kind),
                          "direction", direction_name(x->q.direction), "on", on);
    check(o != NULL);
    write_facts(c, &x->facts, o);
    json_t *claims = json_array();
    for (int l = 0; l < c->n_layers; l++)
        if ((x->q.claims >> l) & 1) {
            struct str id = c->instrument[c->layer[l]].id;
            json_array_append_new(claims, json_stringn(id.p, id.n));
        }
    json_object_set_new(o, "claims", claims);
    if (x->value > 0)
        json_object_set_new(o, "value", json_integer(x->value));
    check(json_dumpf(o, f, JSON_COMPACT) == 0);
    fputc('\n', f);
    json_decref(o);
}

/* --- what the judge says ---------------------------------------------------------------- */

struct expected {
    uint64_t answers, shift[SHIFT_COUNT], matrix[OUTCOME_COUNT][OUTCOME_COUNT];
    int64_t value[SHIFT_COUNT];
    uint64_t committed[LIMIT_LAYERS];
};

static enum shift judge(const struct answer *a, const struct answer *b)
{
    bool apart = a->outcome == OUTCOME_ELSEWHERE || b->outcome == OUTCOME_ELSEWHERE;
    int was = (int)a->treatment * 8 + (int)a->must, is = (int)b->treatment * 8 + (int)b->must;
    if (apart || was == is)
        return a->outcome == b->outcome ? SHIFT_SAME : SHIFT_SIDEWAYS;
    return is < was ? SHIFT_IMPROVED : SHIFT_WORSENED;
}

/* Treaties whose claim would better an answer that worsened. */
static void expect_commitments(const struct stage *st, const struct question *q,
                               const struct answer *now, struct expected *out)
{
    static struct answer a;
    for (int l = 0; l < st->c->n_layers; l++) {
        struct question then = *q;
        then.known = day_today();
        then.claims = (uint64_t)1 << l;
        if (((q->claims >> l) & 1) || !may_ask(st->c, &then))
            continue;
        then.known = st->known;
        then.claims |= q->claims;
        naive_decide(st->c, &then, &a);
        out->committed[l] += judge(now, &a) == SHIFT_IMPROVED;
    }
}

static void expect(const struct stage *st, const struct random_question *x, struct expected *out)
{
    static struct answer a, b;
    bool met[SHIFT_COUNT] = {false};
    struct question q = x->q;
    if (q.on < st->c->instrument[st->draft].valid_from)
        q.on = st->c->instrument[st->draft].valid_from;
    for (q.sector = x->from; q.sector < x->to; q.sector++) {
        q.known = st->known - 1;
        naive_decide(st->c, &q, &a);
        q.known = st->known;
        naive_decide(st->c, &q, &b);
        enum shift s = judge(&a, &b);
        if (s == SHIFT_WORSENED)
            expect_commitments(st, &q, &b, out);
        out->answers++;
        out->shift[s]++;
        out->matrix[a.outcome][b.outcome]++;
        met[s] = true;
    }
    met[SHIFT_SAME] = !met[SHIFT_IMPROVED] && !met[SHIFT_WORSENED] && !met[SHIFT_SIDEWAYS];
    for (int i = 0; i < SHIFT_COUNT; i++)
        out->value[i] += met[i] ? x->value : 0;
}

static void adds_up(const struct rehearsal *r)
{
    uint64_t all = 0, grouped = 0;
    for (int i = 0; i < SHIFT_COUNT; i++)
        all += r->tally[i].answers;
    assert_int_equal(all, r->all.answers);
    for (int g = 0; g < r->n_groups; g++) {
        const struct shift_group *x = r->group[g];
        grouped += x->count.answers;
        assert_true(x->count.questions <= x->count.answers && x->count.questions > 0);
        assert_int_equal(x->n_samples, x->count.answers < 5 ? (int)x->count.answers : 5);
        for (int i = 0; i < x->n_samples; i++) {
            assert_int_equal(x->sample[i].before.outcome, x->before);
            assert_int_equal(x->sample[i].after.outcome, x->after);
        }
    }
    assert_int_equal(grouped, rehearsal_changed(r));
}

static void agrees(const struct rehearsal *r, const struct expected *x)
{
    assert_int_equal(r->rejected, 0);
    assert_int_equal(r->questions, QUESTIONS);
    assert_int_equal(r->all.answers, x->answers);
    for (int i = 0; i < SHIFT_COUNT; i++) {
        assert_int_equal(r->tally[i].answers, x->shift[i]);
        assert_int_equal(r->tally[i].value, x->value[i]);
    }
    assert_memory_equal(r->matrix, x->matrix, sizeof x->matrix);
    assert_memory_equal(r->committed, x->committed, sizeof x->committed);
    adds_up(r);
}

static FILE *random_file(const struct stage *st, struct expected *x)
{
    static struct random_question q;
    FILE *f = tmpfile();
    check(f != NULL);
    memset(x, 0, sizeof *x);
    for (int i = 0; i < QUESTIONS; i++) {
        random_question(st->c, st, &q);
        write_question(st->c, &q, f);
        expect(st, &q, x);
    }
    rewind(f);
    return f;
}

static void run(const struct stage *st, FILE *f, struct rehearsal *r)
{
    struct error e = {0};
    rehearsal_init(r, st->s, st->draft, st->known);
    if (rehearse_file(r, f, NULL, NULL, &e) != OK)
        fail_msg("%s", e.detail_en);
    fclose(f);
}

/* Only this item differs: whatever changed was laid to it. */
static void laid_to(const struct rehearsal *r, struct str key)
{
    for (int g = 0; g < r->n_groups; g++) {
        assert_true(r->group[g]->n_causes >= 1);
        for (int i = 0; i < r->group[g]->n_causes; i++)
            assert_true(str_eq(snapshot_corpus(r->s)->provision[r->group[g]->cause[i]].key, key));
    }
}

typedef json_t *draft_fn(struct str *key);

static void against_the_judge(draft_fn *make, bool may_improve, bool may_worsen)
{
    struct stage st;
    struct expected x;
    struct rehearsal r;
    uint64_t changed = 0, committed = 0;
    rng_seed(&rng, seed);
    for (int i = 0; i < DRAFTS; i++) {
        struct str key;
        open_stage(make(&key), &st);
        FILE *f = random_file(&st, &x);
        run(&st, f, &r);
        agrees(&r, &x);
        laid_to(&r, key);
        assert_true(may_improve || r.tally[SHIFT_IMPROVED].answers == 0);
        assert_true(may_worsen || r.tally[SHIFT_WORSENED].answers == 0);
        changed += rehearsal_changed(&r);
        for (int l = 0; l < LIMIT_LAYERS; l++)
            committed += x.committed[l];
        rehearsal_finish(&r);
        snapshot_destroy(st.s);
    }
    print_message("%llu answers changed, %llu against commitments (FUMAO_SEED=%llu)\n",
                  (unsigned long long)changed, (unsigned long long)committed,
                  (unsigned long long)seed);
    assert_true(changed > 0); /* a rehearsal without a change proves nothing */
}

static void an_item_removed(void **state)
{
    (void)state;
    against_the_judge(remove_item, true, false);
}

static void an_item_added(void **state)
{
    (void)state;
    against_the_judge(add_item, false, true);
}

static void an_effect_changed(void **state)
{
    (void)state;
    against_the_judge(change_effect, true, true);
}

/* The same words under another id: nothing moves but what the preamble carves out, which is
 * written for an id. Without carve-outs nothing moves at all. */
static void a_copy_replaces(void **state)
{
    (void)state;
    for (int carved = 0; carved < 2; carved++) {
        struct stage st;
        struct expected x;
        struct rehearsal r;
        json_t *root = national();
        rng_seed(&rng, seed);
        json_object_set_new(root, "id", json_string("cn-national-test"));
        json_object_set_new(root, "replaces", json_pack("[s]", "cn-national-2024"));
        json_object_set_new(root, "valid_from", json_string("2027-01-01"));
        json_object_del(root, "known_from");
        open_stage(root, &st);
        if (!carved) {
            st.c->n_carve_outs = 0;
            snapshot_destroy(st.s);
            assert_int_equal(snapshot_create(&st.s, st.c, NULL), OK);
        }
        FILE *f = random_file(&st, &x);
        run(&st, f, &r);
        agrees(&r, &x);
        assert_int_equal(r.tally[SHIFT_IMPROVED].answers + r.tally[SHIFT_WORSENED].answers, 0);
        if (!carved)
            assert_int_equal(rehearsal_changed(&r), 0);
        for (int g = 0; g < r.n_groups; g++)
            assert_true(r.group[g]->before == OUTCOME_CARVED_OUT ||
                        r.group[g]->before == OUTCOME_UNDETERMINED);
        rehearsal_finish(&r);
        snapshot_destroy(st.s);
    }
}

/* --- witnesses -------------------------------------------------------------------------- */

static json_t *without(const char *key)
{
    json_t *root = national(), *items = json_object_get(root, "provisions");
    for (size_t i = json_array_size(items); i-- > 0;)
        if (strcmp(json_string_value(json_object_get(json_array_get(items, i), "key")), key) == 0)
            json_array_remove(items, i);
    return root;
}

static bool moved(const struct stage *st, struct question *q)
{
    static struct answer a, b;
    q->known = st->known - 1;
    decide(st->s, q, &a);
    q->known = st->known;
    decide(st->s, q, &b);
    return judge(&a, &b) != SHIFT_SAME;
}

static uint64_t count_moved(const struct stage *st, const struct scope *whole, int sector)
{
    uint64_t n = 0;
    for (int k = 0; k < COMBOS; k++)
        for (int o = 0; o < codes->n_economies; o++)
            for (int p = 0; p < codes->n_places; p++) {
                struct question q = {.sector = sector, .mode = combo_mode(k), .origin = o,
                                     .place = p, .direction = combo_direction(k),
                                     .kind = combo_kind(k), .on = day_today()};
                n += scope_has(whole, sector, k, o, p) && moved(st, &q);
            }
    return n;
}

static void witnesses_stand_for_every_cell(void **state)
{
    (void)state;
    struct stage st;
    struct rehearsal r;
    struct scope whole;
    uint64_t cells = 0;
    open_stage(without("customs-declaration"), &st);
    const struct provision *p = NULL;
    for (int i = 0; i < st.c->n_provisions && p == NULL; i++)
        if (str_eqz(st.c->provision[i].key, "customs-declaration") &&
            str_eqz(st.c->instrument[st.c->provision[i].instrument].id, "cn-national-2024"))
            p = &st.c->provision[i];
    assert_non_null(p);
    scope_whole(codes, day_today(), &whole);
    rehearsal_init(&r, st.s, st.draft, st.known);
    assert_int_equal(rehearse_witnesses(&r, NULL, NULL, NULL), OK);
    adds_up(&r);
    for (int s = 0; s < codes->gbt.n_leaves; s++)
        if (bit_get(p->scope.sector, (size_t)s))
            cells += count_moved(&st, &whole, s);
    assert_true(cells > 0);
    assert_int_equal(r.all.cells - r.tally[SHIFT_SAME].cells, cells);
    rehearsal_finish(&r);
    snapshot_destroy(st.s);
}

#define CELL "\"sector\":\"7297\",\"mode\":1,\"from\":\"DE\",\"to\":\"CN\""

/* --- bad lines -------------------------------------------------------------------------- */

static void bad_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text, *field;
        enum err code;
    } lines[] = {
        {"{" CELL "}", NULL, OK},
        {"", NULL, OK},
        {"{\"sector\":\"7297\",\"mode\":\"2\",\"from\":\"DEU\",\"to\":\"CN\",\"id\":7}\r", NULL, OK},
        {"not json", "", ERR_SYNTAX},
        {"[1]", "", ERR_SYNTAX},
        {"{\"sector\":\"7297\",\"sector\":\"72\",\"mode\":1}", "", ERR_SYNTAX},
        {"{\"sector\":\"7297\",\"mode\":5,\"from\":\"DE\",\"to\":\"CN\"}", "mode", ERR_INVALID},
        {"{\"sector\":\"7297\",\"mode\":1,\"from\":\"DE\"}", "to", ERR_USAGE},
        {"{\"sector\":\"9Z\",\"mode\":1,\"from\":\"DE\",\"to\":\"CN\"}", "sector", ERR_UNKNOWN_CODE},
        {"{\"sector\":\"7297\",\"mode\":1,\"from\":\"XX\",\"to\":\"CN\"}", "from", ERR_UNKNOWN_CODE},
        {"{\"sector\":\"7297\",\"mode\":1,\"from\":\"DE\",\"to\":\"CN-XX\"}", "to", ERR_UNKNOWN_CODE},
        {"{\"sector\":\"7297\",\"mode\":1,\"from\":\"CN\",\"to\":\"CN\"}", "from", ERR_INVALID},
        {"{" CELL ",\"kind\":\"branch\"}", "kind",
         ERR_INVALID},
        {"{" CELL ",\"color\":1}", "color",
         ERR_INVALID},
        {"{" CELL ",\"on\":\"2026-02-30\"}", "on",
         ERR_INVALID},
        {"{" CELL ",\"on\":\"1900-01-01\"}", "on",
         ERR_DATE_RANGE},
        {"{" CELL ",\"facts\":{\"no.such\":true}}",
         "fact", ERR_UNKNOWN_FACT},
        {"{" CELL ",\"claims\":[\"no-such\"]}",
         "claims", ERR_CLAIM},
        {"{\"sector\":\"7297\",\"mode\":1,\"from\":\"TW\",\"to\":\"CN\","
         "\"claims\":[\"agreement-rcep\"]}", "claims", ERR_CLAIM},
        {"{" CELL ",\"value\":-1}", "value",
         ERR_INVALID},
        {"{" CELL ",\"value\":1.5}", "value",
         ERR_INVALID},
        {"{" CELL ",\"known\":null}", NULL, OK},
    };
    enum { N = sizeof lines / sizeof *lines };
    struct stage st;
    struct rehearsal r;
    FILE *f = tmpfile();
    int bad = 0, good = 0;
    check(f != NULL);
    open_stage(national(), &st);
    for (int i = 0; i < N; i++)
        fprintf(f, "%s\n", lines[i].text);
    for (int i = 0; i < 300 * 1024; i++) /* a line past the limit, longer than a block */
        fputc('x', f);
    fprintf(f, "\n{" CELL "}"); /* no newline */
    rewind(f);
    run(&st, f, &r);
    for (int i = 0; i < N; i++) {
        if (lines[i].code == OK) {
            good += lines[i].text[0] != 0;
            continue;
        }
        const struct error *e = &r.fault[bad++];
        assert_int_equal(e->line, i + 1);
        assert_int_equal(e->code, lines[i].code);
        assert_string_equal(e->field, lines[i].field);
        assert_true(e->detail_zh[0] && e->detail_en[0]);
    }
    assert_int_equal(r.fault[bad].line, N + 1);
    assert_int_equal(r.fault[bad].code, ERR_LIMIT);
    assert_int_equal(r.rejected, bad + 1);
    assert_int_equal(r.questions, good + 1);
    rehearsal_finish(&r);
    snapshot_destroy(st.s);
}

/* All are counted, the first twenty are kept. */
static void many_bad_lines(void **state)
{
    (void)state;
    struct stage st;
    struct rehearsal r;
    FILE *f = tmpfile();
    check(f != NULL);
    open_stage(national(), &st);
    for (int i = 0; i < 50000; i++)
        fprintf(f, "%d\n", i);
    rewind(f);
    run(&st, f, &r);
    assert_int_equal(r.rejected, 50000);
    assert_int_equal(r.questions, 0);
    assert_int_equal(r.n_faults, REHEARSE_FAULTS);
    assert_int_equal(r.fault[REHEARSE_FAULTS - 1].line, REHEARSE_FAULTS);
    rehearsal_finish(&r);
    snapshot_destroy(st.s);
}

static int setup(void **state)
{
    (void)state;
    arena_init(&program);
    arena_init(&season);
    return classification_load(&codes, &program, NULL) != OK ||
           db_open(&db, "sqlite::memory:", NULL) != OK || registry_open(&(struct book){.d = db}, NULL) != OK;
}

static int teardown(void **state)
{
    (void)state;
    db_close(db);
    arena_finish(&season);
    arena_finish(&program);
    return 0;
}

int main(void)
{
    if (getenv("FUMAO_SEED"))
        seed = strtoull(getenv("FUMAO_SEED"), NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_item_removed),  cmocka_unit_test(an_item_added),
        cmocka_unit_test(an_effect_changed), cmocka_unit_test(a_copy_replaces),
        cmocka_unit_test(witnesses_stand_for_every_cell), cmocka_unit_test(bad_lines),
        cmocka_unit_test(many_bad_lines)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
