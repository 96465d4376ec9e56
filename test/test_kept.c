/*
 * Kept answers: what is written can be read and decided again, by the judge; what was changed in
 * one place is found; the log learns nothing of the question; and what became of the answer since
 * is said. FUMAO_SEED (default 1).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "law/registry.h"
#include "ledger/bundle.h"
#include "rehearsal/kept.h"

static struct arena program, step;
static struct classification *codes;
static struct corpus *law;
static struct snapshot *snap;
static struct rng rng;

static int below(int n)
{
    return (int)rng_below(&rng, (uint32_t)n);
}

static void random_question(struct question *q, struct facts *f)
{
    struct error e = {0};
    do {
        *q = (struct question){.sector = below(codes->gbt.n_leaves), .mode = 1 + below(4),
                               .kind = (enum kind)below(2), .origin = below(codes->n_economies),
                               .place = below(codes->n_places), .on = day_today(),
                               .known = day_today(), .facts = f};
    } while (question_check(law, q, &e) != OK);
    memset(f->known, 0, sizeof f->known);
    for (int i = 0; i < 6; i++) {
        int at = below(law->n_facts);
        const struct fact *x = &law->fact[at];
        if (!x->derived)
            fact_set(f, at, x->type == FACT_BOOL   ? below(2)
                            : x->type == FACT_ENUM ? below(x->n_values)
                            : str_eqz(x->unit, "share") ? below(FACT_SCALE + 1)
                                                        : below(100) * FACT_SCALE);
    }
}

static struct str content_of(const struct question *q)
{
    static struct explanation x;
    struct buf b;
    explain(snap, q, &x);
    buf_init(&b);
    kept_content(snap, q, &x, "00112233445566778899aabbccddeeff", &b);
    struct str s = str_copy(&step, buf_view(&b));
    buf_finish(&b);
    return s;
}

static void written_and_read_again(void **state)
{
    (void)state;
    static struct facts f;
    static struct kept k;
    for (int i = 0; i < 600; i++) {
        struct question q;
        struct error e = {0};
        struct kept_check x;
        arena_reset(&step);
        random_question(&q, &f);
        struct str content = content_of(&q);
        enum err r = kept_read(&step, law, content, &k, &e);
        if (r != OK)
            print_message("%s %s: %.*s\n", e.detail_en, e.field, STR_ARG(content));
        assert_int_equal(r, OK);
        assert_int_equal(k.q.sector, q.sector);
        assert_int_equal(k.q.place, q.place);
        assert_memory_equal(k.facts.known, f.known, sizeof f.known);
        for (int n = 0; n < law->n_facts; n++)
            if (bit_get(f.known, (size_t)n))
                assert_int_equal(k.facts.value[n], f.value[n]);
        kept_check(snap, &k, &x);
        assert_true(x.holds && x.same_snapshot && x.n_missing == 0);
    }
}

/* Every place of the answer where another word could stand. */
static void a_changed_word_is_found(void **state)
{
    (void)state;
    static const char *const swap[][2] = {
        {"\"outcome\":\"prohibited\"", "\"outcome\":\"equal\""},
        {"\"treatment\":\"prohibited\"", "\"treatment\":\"approval\""},
        {"\"must\":\"prohibited\"", "\"must\":\"equal\""},
        {"\"prevailing\":[\"cn-national-2024/customs-declaration\"]", "\"prevailing\":[]"},
        {"\"flip\":[\"cn-national-2024/customs-declaration\"]", "\"flip\":[\"cn-national-2024/vet-exam\"]"},
        {"\"mode\":1", "\"mode\":2"},
        {"\"sector\":\"5829\"", "\"sector\":\"6513\""}};
    static struct kept k;
    struct question q = {.mode = 1, .on = day_today(), .known = day_today()};
    struct sector_set set;
    struct error e = {0};
    assert_int_equal(sector_parse(codes, STR("5829"), &set, &e), OK);
    while (!bit_get(set.leaf, (size_t)q.sector))
        q.sector++;
    q.origin = economy_find(codes, STR("DE"));
    q.place = place_find(codes, STR("CN-SH"));
    struct str content = content_of(&q);
    for (size_t i = 0; i < sizeof swap / sizeof *swap; i++) {
        size_t at;
        struct buf b;
        struct kept_check x;
        assert_true(str_find(content, str_from(swap[i][0]), &at));
        buf_init(&b);
        buf_put(&b, content.p, at);
        buf_z(&b, swap[i][1]);
        buf_put(&b, content.p + at + strlen(swap[i][0]), content.n - at - strlen(swap[i][0]));
        assert_int_equal(kept_read(&step, law, buf_view(&b), &k, &e), OK);
        kept_check(snap, &k, &x);
        assert_false(x.holds);
        buf_finish(&b);
    }
}

static void the_leaf_commits_and_tells_nothing(void **state)
{
    (void)state;
    struct question q = {.mode = 1, .on = day_today(), .known = day_today()};
    struct buf leaf;
    struct error e = {0};
    q.origin = economy_find(codes, STR("DE"));
    struct str content = content_of(&q);
    buf_init(&leaf);
    kept_leaf(1000, content, &leaf);
    assert_int_equal(kept_leaf_check(buf_view(&leaf), content, &e), OK);
    assert_false(str_find(buf_view(&leaf), STR("DE"), NULL));
    struct str other = str_copy(&step, content);
    ((char *)(uintptr_t)other.p)[other.n / 2] ^= 1;
    assert_int_equal(kept_leaf_check(buf_view(&leaf), other, &e), ERR_INTEGRITY);
    buf_finish(&leaf);
}

static void names_are_uniform(void **state)
{
    (void)state;
    char zero[KEPT_ID + 1], ones[KEPT_ID + 1], id[KEPT_ID + 1];
    uint8_t random[10] = {0};
    kept_name(random, zero);
    assert_string_equal(zero, "aaaaaaaaaaaaaaaa");
    memset(random, 0xff, sizeof random);
    kept_name(random, ones);
    assert_string_equal(ones, "7777777777777777");
    for (int bit = 0; bit < 80; bit++) { /* every bit shows in exactly one character */
        int differ = 0;
        memset(random, 0, sizeof random);
        random[bit / 8] = (uint8_t)(0x80 >> bit % 8);
        kept_name(random, id);
        for (int i = 0; i < KEPT_ID; i++)
            differ += id[i] != 'a';
        assert_int_equal(differ, 1);
    }
}

/* The whole way: kept in a store, proved by a file, found again after the law has changed. */
static void kept_proved_and_overtaken(void **state)
{
    (void)state;
    static struct kept k;
    char path[64], spec[80];
    struct error e = {0};
    struct db *d;
    struct log *l;
    struct signer s;
    struct buf note, file;
    struct bundle b;
    struct checkpoint head;
    struct str again;
    uint64_t entry = 0, at = 0;
    snprintf(path, sizeof path, "/tmp/fumao-kept-%d.db", (int)getpid());
    snprintf(spec, sizeof spec, "sqlite:%s", path);
    assert_int_equal(db_open(&d, spec, &e), OK);
    assert_int_equal(log_open(&l, d, PROFILE_SHA256, &e), OK);
    assert_int_equal(signer_open(&s, l, KEY_ED25519, 1000, &e), OK);
    assert_int_equal(kept_migrate(d, &e), OK);
    struct question q = {.mode = 1, .on = day_today(), .known = day_today()};
    q.origin = economy_find(codes, STR("DE"));
    struct str content = content_of(&q);
    buf_init(&note);
    buf_init(&file);
    assert_int_equal(db_exec(d, "BEGIN IMMEDIATE", &e), OK);
    assert_int_equal(kept_put(d, l, "abcdefghijklmnop", 1000, content, &entry, &e), OK);
    assert_int_equal(signer_checkpoint(&s, l, 1000, &note, &e), OK);
    assert_int_equal(db_exec(d, "COMMIT", &e), OK);
    assert_int_equal(log_commit(l, &e), OK);
    assert_int_equal(kept_get(d, STR("abcdefghijklmnop"), &step, &again, &at, &e), OK);
    assert_true(str_eq(again, content) && at == entry);
    assert_int_equal(kept_get(d, STR("abcdefghijklmnoq"), &step, &again, &at, &e), ERR_NOT_FOUND);
    assert_int_equal(db_exec(d, "UPDATE kept SET content='x'", &e), ERR_IO);
    assert_int_equal(bundle_make(l, entry, buf_view(&note), key_public(s.key[0]), content, &file, &e), OK);
    assert_int_equal(bundle_read(&step, buf_view(&file), &b, &e), OK);
    assert_int_equal(bundle_verify(&b, key_public(s.key[0]), &head, &e), OK);
    assert_int_equal(kept_read(&step, law, b.content, &k, &e), OK);
    b.content = STR("{}");
    assert_int_equal(bundle_verify(&b, key_public(s.key[0]), &head, &e), ERR_INTEGRITY);
    buf_finish(&note);
    buf_finish(&file);
    signer_close(&s);
    log_close(l);
    db_close(d);
    static const char *const endings[] = {"", "-wal", "-shm", ".key", ".sha256"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(spec, sizeof spec, "%s%s", path, endings[i]);
        unlink(spec);
    }
}

static void what_became_of_it(void **state)
{
    (void)state;
    static struct kept k;
    struct question q = {.mode = 1, .on = day_today(), .known = day_today()};
    struct error e = {0};
    struct kept_now now;
    q.origin = economy_find(codes, STR("DE"));
    assert_int_equal(kept_read(&step, law, content_of(&q), &k, &e), OK);
    kept_now(snap, &k, day_today(), &step, &now);
    assert_true(now.same && now.n_gone == 0 && now.n_come == 0);
    struct str *invented = ARENA_ARRAY(&step, struct str, 1);
    *invented = STR("cn-national-1999/abolished");
    k.prevailing = invented; /* as if another rule had decided then */
    k.n_prevailing = 1;
    kept_now(snap, &k, day_today(), &step, &now);
    assert_false(now.same);
    assert_int_equal(now.n_gone, 1);
    assert_true(str_eq(now.gone[0], *invented));
}

static void bad_contents(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err want;
    } bad[] = {
        {"", ERR_SYNTAX},        {"[]", ERR_SYNTAX},
        {"{}", ERR_INVALID},     {"{\"snapshot\":\"x\"}", ERR_INVALID},
        {"{\"snapshot\":\"x\",\"answer\":{\"outcome\":\"equal\",\"must\":\"equal\",\"treatment\":"
         "\"equal\",\"evidence\":\"A\",\"prevailing\":[],\"flip\":[1]}}", ERR_INVALID},
        {"{\"snapshot\":\"x\",\"snapshot\":\"y\"}", ERR_SYNTAX}};
    static struct kept k;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error e = {0};
        assert_int_equal(kept_read(&step, law, str_from(bad[i].text), &k, &e), bad[i].want);
        assert_true(e.detail_zh[0] != 0);
    }
}

static int load(void **state)
{
    (void)state;
    struct error e = {0};
    arena_init(&program);
    arena_init(&step);
    if (classification_load(&codes, &program, &e) != OK ||
        law_load_shipped(&law, &program, codes, &e) != OK || snapshot_create(&snap, law, &e) != OK) {
        print_message("%s\n", e.detail_en);
        return -1;
    }
    return 0;
}

static int unload(void **state)
{
    (void)state;
    snapshot_destroy(snap);
    arena_finish(&step);
    arena_finish(&program);
    return 0;
}

int main(void)
{
    const char *seed = getenv("FUMAO_SEED");
    rng_seed(&rng, seed != NULL ? (uint64_t)atoll(seed) : 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_and_read_again), cmocka_unit_test(a_changed_word_is_found),
        cmocka_unit_test(the_leaf_commits_and_tells_nothing), cmocka_unit_test(names_are_uniform),
        cmocka_unit_test(kept_proved_and_overtaken), cmocka_unit_test(what_became_of_it),
        cmocka_unit_test(bad_contents),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
