/*
 * Questions answered by hand from the lists and docs/meaning.md (golden.csv), put to the engine
 * and to the judge. Where they differ the page and the data decide who is right; an expectation
 * is never changed to please a program.
 *
 * GOLDEN (or the first argument) names the file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "decide/decide.h"

static struct arena arena;
static const struct corpus *corpus;
static struct snapshot *snapshot;
static const char *path = "test/golden.csv";

static void refuse(const struct error *e, const char *what)
{
    fail_msg("%s: %s %s:%d %s", what, e->detail_en, e->file, e->line, e->field);
}

static int setup(void **state)
{
    (void)state;
    struct classification *codes;
    struct corpus *c;
    struct error e = {0};
    arena_init(&arena);
    if (classification_load(&codes, &arena, &e) != OK)
        refuse(&e, "codes");
    if (law_load_shipped(&c, &arena, codes, &e) != OK)
        refuse(&e, "law");
    corpus = c;
    if (snapshot_create(&snapshot, corpus, &e) != OK)
        refuse(&e, "snapshot");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    snapshot_destroy(snapshot);
    arena_finish(&arena);
    return 0;
}

/* --- a row of the file as a question ------------------------------------------------------ */

static void read_facts(const struct csv *row, struct facts *f)
{
    struct error e = {0};
    struct str rest = csv_get(row, "facts");
    while (rest.n > 0) {
        struct str one = str_cut(rest, ';', &rest);
        /* A derived fact may be refused at this border; it must not decide in any case. */
        if (fact_parse(corpus, one, f, &e) != OK && !str_has_prefix(one, STR("entity.form=")))
            refuse(&e, "fact");
    }
}

static uint64_t read_claims(const struct csv *row)
{
    uint64_t claims = 0;
    struct str rest = csv_get(row, "claims");
    while (rest.n > 0) {
        struct str one = str_cut(rest, ' ', &rest);
        int at = instrument_find(corpus, one);
        if (at < 0 || corpus->instrument[at].layer < 0)
            fail_msg("claim of no layer: %.*s", STR_ARG(one));
        claims |= (uint64_t)1 << corpus->instrument[at].layer;
    }
    return claims;
}

static struct question read_question(const struct csv *row, struct facts *f)
{
    struct error e = {0};
    struct question q = {.facts = f, .known = day_from_civil(2026, 11, 22)};
    struct sector_set sector;
    int64_t mode;
    memset(f, 0, sizeof *f);
    if (sector_parse(corpus->codes, csv_get(row, "sector"), &sector, &e) != OK)
        refuse(&e, "sector");
    assert_int_equal(sector.count, 1);
    for (int i = 0; i < corpus->codes->gbt.n_leaves; i++)
        if (bit_get(sector.leaf, (size_t)i))
            q.sector = i;
    if (economy_parse(corpus->codes, csv_get(row, "from"), &q.origin, &e) != OK)
        refuse(&e, "from");
    if (place_parse(corpus->codes, csv_get(row, "to"), &q.place, &e) != OK)
        refuse(&e, "to");
    assert_true(str_int(csv_get(row, "mode"), &mode));
    q.mode = (int)mode;
    assert_true(direction_parse(csv_get(row, "direction"), &q.direction));
    assert_true(kind_parse(csv_get(row, "kind"), &q.kind));
    assert_true(combo_valid(combo_of(q.mode, q.direction, q.kind)));
    assert_true(day_parse(csv_get(row, "on"), &q.on));
    read_facts(row, f);
    q.claims = read_claims(row);
    return q;
}

/* --- an answer against the row ------------------------------------------------------------ */

static int differ(const struct csv *row, const char *who, const char *column, struct str got)
{
    struct str want = csv_get(row, column);
    if (str_eq(want, got))
        return 0;
    struct str id = csv_get(row, "id"), why = csv_get(row, "why");
    print_error("%.*s: %s: %s: want \"%.*s\", got \"%.*s\" (%.*s)\n", STR_ARG(id), who, column,
                STR_ARG(want), STR_ARG(got), STR_ARG(why));
    return 1;
}

static int compare(const struct csv *row, const char *who, const struct answer *a)
{
    struct buf b;
    struct str favoured = {"", 0};
    int n = 0;
    buf_init(&b);
    if (a->favoured_by >= 0)
        favoured = corpus->instrument[corpus->layer[a->favoured_by]].id;
    for (int i = 0; i < a->n_prevailing; i++) {
        const struct provision *p = &corpus->provision[a->prevailing[i]];
        buf_z(&b, i > 0 ? " " : "");
        buf_str(&b, corpus->instrument[p->instrument].id);
        buf_z(&b, "/");
        buf_str(&b, p->key);
    }
    n += differ(row, who, "outcome", str_from(outcome_name(a->outcome)));
    n += differ(row, who, "treatment", str_from(treatment_name(a->treatment)));
    n += differ(row, who, "must", str_from(treatment_name(a->must)));
    n += differ(row, who, "favoured_by", favoured);
    n += differ(row, who, "prevailing", (struct str){b.p, b.n});
    buf_finish(&b);
    return n;
}

static void golden(void **state)
{
    (void)state;
    static struct answer a;
    struct error e = {0};
    struct csv row = {0};
    struct str text;
    bool more = true;
    int rows = 0, differences = 0;
    if (file_read(&arena, path, &text, &e) != OK || csv_open(&row, &arena, text, path, &e) != OK)
        refuse(&e, path);
    for (;;) {
        struct facts f;
        if (csv_next(&row, &more, &e) != OK)
            refuse(&e, path);
        if (!more)
            break;
        struct question q = read_question(&row, &f);
        decide(snapshot, &q, &a);
        differences += compare(&row, "engine", &a);
        naive_decide(corpus, &q, &a);
        differences += compare(&row, "judge", &a);
        rows++;
    }
    print_message("%d questions\n", rows);
    assert_in_range(rows, 70, 100000); /* a file cut short is no pass */
    assert_int_equal(differences, 0);
}

int main(int argc, char **argv)
{
    if (getenv("GOLDEN"))
        path = getenv("GOLDEN");
    if (argc > 1)
        path = argv[1];
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
