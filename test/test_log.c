/*
 * The log over its store, its key and its writer, against roots computed by the definition of RFC
 * 9162 (plain_tree.h) from leaves the test knows. Damage is done to files and rows behind the
 * log's back: it may mend it or refuse, but never gives a wrong proof.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "events.h"
#include "ledger/audit.h"
#include "plain_tree.h"
#include "sanitized.h"
#include "scratch.h"

enum { MODEL = 70000 };

static char folder[SCRATCH_PATH], spec[SCRATCH_PATH + 48], path[SCRATCH_PATH + 32];
static struct rng rng;

/* --- what the log must be ----------------------------------------------------------------- */

static struct {
    uint64_t n;
    struct digest leaf[HASH_KINDS][MODEL];
    uint32_t text[MODEL]; /* leaf i is text_of(text[i]) */
    uint32_t next;
    uint64_t version; /* of the leaves; never the same again */
} model;

static void text_of(uint32_t n, struct buf *b)
{
    buf_clear(b);
    buf_printf(b, "{\"at\":0,\"kind\":\"t\",\"n\":%u,\"pad\":\"%.*s\"}", n, (int)(n % 90),
               "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhhiii"
               "iiiiiii");
}

static void model_add(uint32_t text)
{
    struct buf b;
    buf_init(&b);
    text_of(text, &b);
    check(model.n < MODEL);
    for (int k = 0; k < HASH_KINDS; k++)
        model.leaf[k][model.n] = plain_leaf((enum hash_kind)k, buf_view(&b));
    model.text[model.n++] = text;
    model.version++;
    buf_finish(&b);
}

/* Remembered as long as the leaves stay the same: the definition takes its time. */
static struct digest model_root(enum hash_kind k, uint64_t size)
{
    enum { ROOTS = 2048 };
    static struct {
        uint64_t of, size;
        struct digest root;
    } memo[HASH_KINDS][ROOTS];
    if (memo[k][size % ROOTS].of != model.version || memo[k][size % ROOTS].size != size) {
        memo[k][size % ROOTS].root = plain_root(k, model.leaf[k], 0, size);
        memo[k][size % ROOTS].of = model.version;
        memo[k][size % ROOTS].size = size;
    }
    return memo[k][size % ROOTS].root;
}

static void fresh(void)
{
    scratch_empty(folder);
    uint64_t version = model.version + 1;
    memset(&model, 0, sizeof model);
    model.version = version;
}

/* --- a handle ----------------------------------------------------------------------------- */

struct handle {
    struct db *d;
    struct log *l;
    struct error e;
};

static bool child; /* of a test: it must not go on with the tests that follow */

static void ok(struct handle *h, enum err r)
{
    if (r != OK && child) {
        fprintf(stderr, "%s: %s\n", err_name(r), h->e.detail_en);
        _exit(2);
    }
    if (r != OK)
        fail_msg("%s: %s", err_name(r), h->e.detail_en);
}

static enum err try_open(struct handle *h, enum log_profile profile)
{
    memset(h, 0, sizeof *h);
    ok(h, db_open(&h->d, spec, &h->e));
    return log_open(&h->l, h->d, profile, &h->e);
}

static void open_handle(struct handle *h, enum log_profile profile)
{
    ok(h, try_open(h, profile));
}

static void close_handle(struct handle *h)
{
    log_close(h->l);
    db_close(h->d);
    memset(h, 0, sizeof *h);
}

static void begin(struct handle *h)
{
    ok(h, db_exec(h->d, "BEGIN IMMEDIATE", &h->e));
}

static void commit(struct handle *h)
{
    ok(h, db_exec(h->d, "COMMIT", &h->e));
    ok(h, log_commit(h->l, &h->e));
}

static void rollback(struct handle *h)
{
    ok(h, db_exec(h->d, "ROLLBACK", &h->e));
    log_rollback(h->l);
}

static void add_text(struct handle *h, uint32_t text, uint64_t *index)
{
    struct buf b;
    buf_init(&b);
    text_of(text, &b);
    ok(h, log_append(h->l, buf_view(&b), index, &h->e));
    buf_finish(&b);
}

static void add(struct handle *h)
{
    uint64_t index;
    add_text(h, model.next, &index);
    assert_int_equal(index, model.n);
    model_add(model.next++);
}

static void add_committed(struct handle *h, int n)
{
    begin(h);
    for (int i = 0; i < n; i++)
        add(h);
    commit(h);
}

/* --- judging ------------------------------------------------------------------------------ */

struct count {
    int right, refused;
};

static void judge_inclusion(struct handle *h, struct hasher *hs, enum hash_kind k, uint64_t index,
                            uint64_t size, struct count *c)
{
    struct proof_path p;
    struct digest root = model_root(k, size);
    enum err r = log_inclusion(h->l, index, size, k, &p, &h->e);
    if (r == ERR_INTEGRITY) {
        assert_int_equal(p.n, 0);
        c->refused++;
        return;
    }
    ok(h, r);
    assert_true(merkle_check_inclusion(hs, &model.leaf[k][index], index, size, &p, &root));
    c->right++;
}

static void judge_growth(struct handle *h, struct hasher *hs, enum hash_kind k, uint64_t from,
                         uint64_t to, struct count *c)
{
    struct proof_path p;
    struct digest old = model_root(k, from), new = model_root(k, to);
    enum err r = log_consistency(h->l, from, to, k, &p, &h->e);
    if (r == ERR_INTEGRITY) {
        c->refused++;
        return;
    }
    ok(h, r);
    assert_true(merkle_check_consistency(hs, from, &old, to, &new, &p));
    c->right++;
}

static void judge_root(struct handle *h, enum hash_kind k, uint64_t size, struct count *c)
{
    struct digest got, want = model_root(k, size);
    enum err r = log_root(h->l, size, k, &got, &h->e);
    if (r == ERR_INTEGRITY) {
        c->refused++;
        return;
    }
    ok(h, r);
    assert_memory_equal(&got, &want, sizeof got);
    c->right++;
}

/* Every size and index of a small log, some of a large one. */
static struct count judge_tree(struct handle *h, enum hash_kind k)
{
    struct count c = {0};
    struct hasher *hs = hasher_create(k);
    uint64_t step = model.n <= 40 ? 1 : model.n / 20;
    assert_int_equal(log_size(h->l), model.n);
    for (uint64_t size = 0; size <= model.n; size += size == model.n ? 1 : step) {
        if (size + step > model.n && size != model.n)
            size = model.n; /* the whole tree is always among them */
        judge_root(h, k, size, &c);
        for (uint64_t i = 0; i < size; i += step)
            judge_inclusion(h, hs, k, i, size, &c);
        for (uint64_t i = 0; i <= size; i += step)
            judge_growth(h, hs, k, i, size, &c);
    }
    hasher_destroy(hs);
    return c;
}

static void all_right(struct handle *h, bool twin)
{
    assert_int_equal(judge_tree(h, HASH_SHA256).refused, 0);
    if (twin)
        assert_int_equal(judge_tree(h, HASH_SM3).refused, 0);
}

static int64_t count_rows(struct handle *h, const char *sql)
{
    struct db_stmt *s;
    bool row;
    ok(h, db_prepare(h->d, sql, &s, &h->e));
    ok(h, db_step(s, &row, &h->e));
    int64_t n = row ? db_int(s, 0) : -1;
    db_finish(s);
    return n;
}

/* --- appending ---------------------------------------------------------------------------- */

static void transactions_at_random(void **state)
{
    struct handle h;
    (void)state;
    fresh();
    open_handle(&h, PROFILE_TWIN);
    for (int round = 0; round < 60; round++) {
        uint64_t before = model.n;
        begin(&h);
        for (int i = (int)rng_below(&rng, 9); i > 0; i--)
            add(&h);
        if (rng_below(&rng, 2) == 0) { /* a savepoint taken back */
            uint64_t here = model.n;
            struct log_mark m = log_mark(h.l);
            ok(&h, db_exec(h.d, "SAVEPOINT s", &h.e));
            for (int i = (int)rng_below(&rng, 9); i > 0; i--)
                add(&h);
            ok(&h, db_exec(h.d, "ROLLBACK TO s; RELEASE s", &h.e));
            log_return(h.l, &m);
            model.n = here;
            for (int i = (int)rng_below(&rng, 3); i > 0; i--)
                add(&h);
        }
        if (rng_below(&rng, 3) == 0) {
            rollback(&h);
            model.n = before;
        } else {
            commit(&h);
        }
        assert_int_equal(log_size(h.l), model.n);
        if (rng_below(&rng, 8) == 0) {
            close_handle(&h);
            open_handle(&h, PROFILE_SHA256); /* the profile stays what it was made with */
        }
        if (round % 6 == 5)
            all_right(&h, true);
    }
    close_handle(&h);
}

static void sizes_survive_reopening(void **state)
{
    static const int sizes[] = {0, 1, 2, 3, 4, 7, 8, 9, 255, 256, 257, 1000};
    struct handle h;
    struct buf b, want;
    (void)state;
    buf_init(&b);
    buf_init(&want);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        fresh();
        open_handle(&h, i % 2 ? PROFILE_TWIN : PROFILE_SHA256);
        char origin[128];
        snprintf(origin, sizeof origin, "%s", log_origin(h.l));
        assert_true(str_has_prefix(str_from(origin), STR("fumao/")));
        add_committed(&h, sizes[i]);
        all_right(&h, i % 2);
        close_handle(&h);
        open_handle(&h, PROFILE_SHA256);
        assert_string_equal(origin, log_origin(h.l));
        all_right(&h, i % 2);
        for (uint64_t at = 0; at < model.n; at += 1 + model.n / 10) {
            text_of(model.text[at], &want);
            ok(&h, log_leaf(h.l, at, &b, &h.e));
            assert_true(str_eq(buf_view(&b), buf_view(&want)));
        }
        assert_int_equal(log_leaf(h.l, model.n, &b, NULL), ERR_NOT_FOUND);
        close_handle(&h);
    }
    buf_finish(&b);
    buf_finish(&want);
}

static void a_store_in_memory_is_a_log(void **state)
{
    struct handle h = {0};
    struct signer s;
    struct buf note;
    (void)state;
    fresh();
    ok(&h, db_open(&h.d, "sqlite::memory:", &h.e));
    ok(&h, log_open(&h.l, h.d, PROFILE_TWIN, &h.e));
    add_committed(&h, 37);
    all_right(&h, true);
    ok(&h, signer_open(&s, h.l, KEY_ED25519, 0, &h.e));
    assert_int_equal(s.n, 0);
    assert_int_equal(signer_rotate(&s, h.l, KEY_ED25519, 0, NULL), ERR_INVALID);
    buf_init(&note);
    ok(&h, signer_checkpoint(&s, h.l, 0, &note, &h.e));
    assert_int_equal(log_last_checkpoint(h.l, &note, NULL), ERR_NOT_FOUND);
    buf_finish(&note);
    close_handle(&h);
}

static void two_handles(void **state)
{
    struct handle h[2];
    (void)state;
    fresh();
    open_handle(&h[0], PROFILE_TWIN);
    open_handle(&h[1], PROFILE_TWIN);
    for (int round = 0; round < 40; round++) {
        struct handle *a = &h[rng_below(&rng, 2)], *b = a == &h[0] ? &h[1] : &h[0];
        add_committed(a, 1 + (int)rng_below(&rng, 5));
        if (rng_below(&rng, 2) == 0) {
            assert_true(log_size(b->l) < model.n); /* not looked yet */
            ok(b, log_refresh(b->l, &b->e));
            all_right(b, true);
        }
        /* The other begins behind: its first append takes in what it has missed, and a savepoint
         * from before that is no way back to less. */
        uint64_t here = model.n;
        begin(b);
        struct log_mark m = log_mark(b->l);
        ok(b, db_exec(b->d, "SAVEPOINT s", &b->e));
        add(b);
        ok(b, db_exec(b->d, "ROLLBACK TO s; RELEASE s", &b->e));
        log_return(b->l, &m);
        model.n = here;
        if (rng_below(&rng, 2) == 0) {
            add(b);
            commit(b);
        } else {
            rollback(b);
        }
        all_right(b, true);
    }
    for (int i = 0; i < 2; i++) {
        ok(&h[i], log_refresh(h[i].l, &h[i].e));
        all_right(&h[i], true);
        close_handle(&h[i]);
    }
    open_handle(&h[0], PROFILE_TWIN);
    all_right(&h[0], true);
    close_handle(&h[0]);
}

static void refresh_leaves_an_open_transaction_alone(void **state)
{
    struct handle h;
    (void)state;
    fresh();
    open_handle(&h, PROFILE_SHA256);
    add_committed(&h, 5);
    begin(&h);
    add(&h);
    ok(&h, log_refresh(h.l, &h.e));
    assert_int_equal(log_size(h.l), 5);
    rollback(&h);
    model.n = 5;
    all_right(&h, false);
    close_handle(&h);
}

static void leaves_have_a_limit(void **state)
{
    struct handle h;
    struct buf b, got;
    (void)state;
    fresh();
    open_handle(&h, PROFILE_SHA256);
    buf_init(&b);
    buf_init(&got);
    while (b.n < LOG_LEAF_BYTES)
        buf_char(&b, 'x');
    begin(&h);
    ok(&h, log_append(h.l, buf_view(&b), NULL, &h.e));
    buf_char(&b, 'x');
    assert_int_equal(log_append(h.l, buf_view(&b), NULL, &h.e), ERR_LIMIT);
    commit(&h);
    assert_int_equal(log_size(h.l), 1);
    ok(&h, log_tile(h.l, -1, 0, 1, &got, &h.e));
    assert_int_equal(got.n, 2 + 65535);
    assert_memory_equal(got.p, "\xff\xff", 2);
    buf_finish(&b);
    buf_finish(&got);
    close_handle(&h);
}

/* A statement that failed must take the next values. */
static void a_failed_append_harms_nothing(void **state)
{
    struct handle h;
    (void)state;
    fresh();
    open_handle(&h, PROFILE_SHA256);
    ok(&h, db_exec(h.d,
                   "CREATE TRIGGER refuse BEFORE INSERT ON entry WHEN new.leaf='refused'"
                   " BEGIN SELECT RAISE(ABORT,'refused'); END",
                   &h.e));
    begin(&h);
    add(&h);
    assert_int_not_equal(log_append(h.l, STR("refused"), NULL, NULL), OK);
    assert_int_not_equal(log_append(h.l, STR("refused"), NULL, NULL), OK);
    add(&h);
    commit(&h);
    all_right(&h, false);
    close_handle(&h);
}

static void the_store_refuses_changes(void **state)
{
    static const char *const sql[] = {
        "UPDATE entry SET leaf='{}' WHERE seq=0",
        "UPDATE entry SET seq=9 WHERE seq=0",
        "DELETE FROM entry WHERE seq=0",
        "DELETE FROM entry",
        "UPDATE checkpoint SET note='x'",
        "UPDATE checkpoint SET made_at=1",
        "DELETE FROM checkpoint",
        "INSERT INTO entry VALUES(0,'again')",
        "INSERT INTO entry VALUES(NULL,NULL)",
        "INSERT INTO entry VALUES(99,x'00')",
    };
    struct handle h;
    struct signer s;
    (void)state;
    fresh();
    open_handle(&h, PROFILE_SHA256);
    ok(&h, signer_open(&s, h.l, KEY_ED25519, 0, &h.e));
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++)
        assert_int_not_equal(db_exec(h.d, sql[i], NULL), OK);
    assert_int_equal(count_rows(&h, "SELECT count(*) FROM entry"), 1);
    assert_int_equal(count_rows(&h, "SELECT count(*) FROM checkpoint"), 1);
    signer_close(&s);
    close_handle(&h);
}

/* --- checkpoints -------------------------------------------------------------------------- */

static void heads_are_signed(void **state)
{
    struct handle h;
    struct signer s;
    struct buf note, again;
    struct checkpoint c;
    struct public_key key;
    (void)state;
    fresh();
    buf_init(&note);
    buf_init(&again);
    open_handle(&h, PROFILE_TWIN);
    assert_int_equal(log_last_checkpoint(h.l, &note, NULL), ERR_NOT_FOUND);
    ok(&h, signer_open(&s, h.l, KEY_ED25519, 7, &h.e));
    ok(&h, signer_key_at(h.l, 1, &key, &h.e));
    assert_int_equal(signer_key_at(h.l, 0, &key, NULL), ERR_NOT_FOUND);
    for (int i = 0; i < 5; i++) {
        begin(&h);
        add_text(&h, (uint32_t)i, NULL);
        ok(&h, signer_checkpoint(&s, h.l, 8 + i, &note, &h.e));
        ok(&h, signer_checkpoint(&s, h.l, 99, &again, &h.e)); /* of this size there is one */
        assert_true(str_eq(buf_view(&note), buf_view(&again)));
        if (i == 2)
            rollback(&h);
        else
            commit(&h);
    }
    assert_int_equal(count_rows(&h, "SELECT count(*) FROM checkpoint"), 5);
    ok(&h, log_last_checkpoint(h.l, &note, &h.e));
    ok(&h, checkpoint_open(buf_view(&note), &key, &c, &h.e));
    struct digest root[2];
    for (int k = 0; k < HASH_KINDS; k++)
        ok(&h, log_root(h.l, 5, (enum hash_kind)k, &root[k], &h.e));
    assert_int_equal(c.size, 5);
    assert_string_equal(c.origin, log_origin(h.l));
    assert_true(c.has_sm3);
    assert_memory_equal(&c.root, &root[0], 32);
    assert_memory_equal(&c.sm3, &root[1], 32);
    buf_finish(&note);
    buf_finish(&again);
    signer_close(&s);
    close_handle(&h);
}

/* --- damage to the node files ------------------------------------------------------------- */

static const char *const suffix[] = {".sha256", ".sm3"};

static void node_path(int tree, char out[SCRATCH_PATH + 64])
{
    snprintf(out, SCRATCH_PATH + 64, "%s%s", path, suffix[tree]);
}

static void spoil(int tree, uint64_t from, uint64_t bytes)
{
    char file[SCRATCH_PATH + 64];
    node_path(tree, file);
    int fd = open(file, O_WRONLY);
    check(fd >= 0);
    for (uint64_t i = 0; i < bytes; i++) {
        uint8_t byte = (uint8_t)rng_next(&rng);
        check(pwrite(fd, &byte, 1, (off_t)(from + i)) == 1);
    }
    close(fd);
}

enum damage { MISSING, EMPTY, SHORT, ODD, GARBAGE, ONE_NODE, ZEROED, TAIL, DAMAGES };

static void do_damage(enum damage d, int tree)
{
    char file[SCRATCH_PATH + 64];
    struct stat st;
    node_path(tree, file);
    check(stat(file, &st) == 0);
    uint64_t n = (uint64_t)st.st_size;
    switch (d) {
    case MISSING:
        check(unlink(file) == 0);
        break;
    case EMPTY:
        check(truncate(file, 0) == 0);
        break;
    case SHORT:
        check(truncate(file, (off_t)(n / 64 * 32)) == 0);
        break;
    case ODD:
        check(truncate(file, (off_t)(n - 5)) == 0);
        break;
    case GARBAGE:
        spoil(tree, 0, n);
        break;
    case ONE_NODE:
        spoil(tree, rng_below(&rng, (uint32_t)(n / 32)) * 32, 32);
        break;
    case ZEROED:
        check(truncate(file, 0) == 0 && truncate(file, (off_t)n) == 0);
        break;
    case TAIL:
        spoil(tree, n, 1000);
        break;
    default:
        check(false);
    }
}

/* Closed, so everything was synced; then spoilt. One opening may refuse proofs, the next must
 * not: with signed heads to hold against, and without. */
static void damage_once(enum damage d, int trees, bool heads, int n)
{
    struct handle h;
    struct signer s = {0};
    fresh();
    open_handle(&h, PROFILE_TWIN);
    if (heads) {
        struct buf leaf;
        buf_init(&leaf);
        ok(&h, signer_open(&s, h.l, KEY_ED25519, 0, &h.e));
        ok(&h, log_leaf(h.l, 0, &leaf, &h.e));
        for (int k = 0; k < HASH_KINDS; k++)
            model.leaf[k][0] = plain_leaf((enum hash_kind)k, buf_view(&leaf));
        model.n = 1;
        model.version++;
        buf_finish(&leaf);
    }
    for (int i = 0; i < 3; i++) {
        struct buf note;
        buf_init(&note);
        begin(&h);
        for (int m = 0; m < n; m++)
            add(&h);
        ok(&h, signer_checkpoint(&s, h.l, 0, &note, &h.e));
        commit(&h);
        buf_finish(&note);
    }
    signer_close(&s);
    close_handle(&h);
    for (int t = 0; t < HASH_KINDS; t++)
        if (trees & (1 << t))
            do_damage(d, t);
    open_handle(&h, PROFILE_TWIN);
    int refused = judge_tree(&h, HASH_SHA256).refused + judge_tree(&h, HASH_SM3).refused;
    if (d != GARBAGE && d != ONE_NODE && d != ZEROED)
        assert_int_equal(refused, 0); /* seen at the opening */
    add_committed(&h, 3);
    close_handle(&h);
    open_handle(&h, PROFILE_TWIN);
    all_right(&h, true);
    close_handle(&h);
}

static void node_files_are_mended(void **state)
{
    (void)state;
    for (int d = 0; d < DAMAGES; d++)
        for (int trees = 1; trees < 4; trees++)
            for (int heads = 0; heads < 2; heads++)
                for (int size = 0; size < 3; size++)
                    damage_once((enum damage)d, trees, heads, 2 + 5 * size);
}

/* Every node of a log, spoilt alone: each is seen at the opening or when a proof needs it. */
static void every_node_is_checked(void **state)
{
    struct handle h;
    int seen = 0, mended = 0;
    (void)state;
    for (uint64_t node = 0; node < 2 * 21 - 3; node++) { /* 21 = 10101b: 39 nodes */
        fresh();
        open_handle(&h, PROFILE_SHA256);
        add_committed(&h, 21);
        close_handle(&h);
        spoil(0, node * 32 + rng_below(&rng, 32), 1);
        open_handle(&h, PROFILE_SHA256);
        int refused = judge_tree(&h, HASH_SHA256).refused;
        seen += refused > 0;
        mended += refused == 0;
        close_handle(&h);
        open_handle(&h, PROFILE_SHA256);
        all_right(&h, false);
        close_handle(&h);
    }
    assert_true(seen > 0 && mended > 0);
}

/* The files change under an open handle. */
static void damage_while_open(void **state)
{
    struct handle h;
    (void)state;
    fresh();
    open_handle(&h, PROFILE_SHA256);
    add_committed(&h, 300);
    spoil(0, 0, 300 * 32);
    assert_true(judge_tree(&h, HASH_SHA256).refused > 0);
    struct buf b;
    buf_init(&b);
    assert_int_equal(log_tile(h.l, 0, 0, 256, &b, NULL), ERR_INTEGRITY);
    assert_int_equal(b.n, 0);
    buf_finish(&b);
    add_committed(&h, 10); /* appending needs no file */
    close_handle(&h);
    open_handle(&h, PROFILE_SHA256);
    all_right(&h, false);
    close_handle(&h);
}

/* A copy of an open store is what a process that was killed leaves: the end of the node files is
 * not said to be on the disk, and nothing in it is believed. */
static void copy_store(const char *to)
{
    static const char *const part[] = {"", "-wal", ".sha256"};
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        char from[SCRATCH_PATH + 64], into[SCRATCH_PATH + 64], block[4096];
        size_t n;
        snprintf(from, sizeof from, "%s%s", path, part[i]);
        snprintf(into, sizeof into, "%s%s", to, part[i]);
        FILE *in = fopen(from, "rb"), *out = fopen(into, "wb");
        check(in != NULL && out != NULL);
        while ((n = fread(block, 1, sizeof block, in)) > 0)
            check(fwrite(block, 1, n, out) == n);
        fclose(in);
        check(fclose(out) == 0);
    }
}

static void after_the_last_sync_nothing_is_believed(void **state)
{
    struct handle h, c = {0};
    char copy[SCRATCH_PATH + 32], copy_spec[SCRATCH_PATH + 48], nodes[SCRATCH_PATH + 64];
    (void)state;
    snprintf(copy, sizeof copy, "%s/copy.db", folder);
    snprintf(copy_spec, sizeof copy_spec, "sqlite:%s", copy);
    for (int way = 0; way < 3; way++) {
        fresh();
        open_handle(&h, PROFILE_SHA256);
        add_committed(&h, 100);
        close_handle(&h);
        open_handle(&h, PROFILE_SHA256);
        add_committed(&h, 77);
        copy_store(copy);
        snprintf(nodes, sizeof nodes, "%s.sha256", copy);
        off_t synced = (2 * 100 - __builtin_popcount(100)) * 32;
        check(truncate(nodes, way == 0 ? synced : way == 1 ? synced + 40 : synced) == 0);
        if (way == 2)
            check(truncate(nodes, synced + 77 * 64) == 0); /* zeros */
        ok(&c, db_open(&c.d, copy_spec, &c.e));
        ok(&c, log_open(&c.l, c.d, PROFILE_SHA256, &c.e));
        all_right(&c, false);
        close_handle(&c);
        close_handle(&h);
    }
}

/* --- tiles -------------------------------------------------------------------------------- */

static void judge_tile(struct handle *h, int level, uint64_t index, int width)
{
    struct buf b;
    int shift = 8 * level;
    buf_init(&b);
    ok(h, log_tile(h->l, level, index, width, &b, &h->e));
    assert_int_equal(b.n, width * 32);
    for (int i = 0; i < width; i++) {
        uint64_t from = (index * 256 + (uint64_t)i) << shift;
        struct digest d =
            plain_root(HASH_SHA256, model.leaf[0], from, from + (UINT64_C(1) << shift));
        assert_memory_equal(b.p + 32 * i, d.b, 32);
    }
    buf_finish(&b);
}

static void judge_entries(struct handle *h, uint64_t index, int width)
{
    struct buf b, want;
    buf_init(&b);
    buf_init(&want);
    ok(h, log_tile(h->l, -1, index, width, &b, &h->e));
    size_t at = 0;
    for (int i = 0; i < width; i++) {
        text_of(model.text[index * 256 + (uint64_t)i], &want);
        size_t n = (size_t)(uint8_t)b.p[at] << 8 | (uint8_t)b.p[at + 1];
        assert_int_equal(n, want.n);
        assert_memory_equal(b.p + at + 2, want.p, n);
        at += 2 + n;
    }
    assert_int_equal(at, b.n);
    buf_finish(&b);
    buf_finish(&want);
}

static void tiles_are_the_tree(void **state)
{
    static const struct {
        int level;
        uint64_t index;
        int width;
        enum err why;
    } none[] = {
        {0, 258, 1, ERR_NOT_FOUND},
        {0, 257, 209, ERR_NOT_FOUND},
        {1, 1, 2, ERR_NOT_FOUND},
        {2, 0, 2, ERR_NOT_FOUND},
        {3, 0, 1, ERR_NOT_FOUND},
        {-1, 257, 209, ERR_NOT_FOUND},
        {5, 0, 1, ERR_NOT_FOUND},
        {5, UINT64_C(1) << 39, 256, ERR_NOT_FOUND},
        {0, 0, 0, ERR_USAGE},
        {0, 0, 257, ERR_USAGE},
        {6, 0, 1, ERR_USAGE},
        {-2, 0, 1, ERR_USAGE},
        {0, UINT64_C(1) << 40, 1, ERR_USAGE},
        {0, UINT64_MAX, 1, ERR_USAGE},
    };
    struct handle h;
    struct buf b;
    (void)state;
    fresh();
    buf_init(&b);
    open_handle(&h, PROFILE_SHA256);
    add_committed(&h, 66000); /* 257 tiles of 256 and one of 208; over 65,536 nodes are synced */
    for (int width = 1; width <= 256; width += 17)
        judge_tile(&h, 0, rng_below(&rng, 257), width);
    judge_tile(&h, 0, 256, 256);
    judge_tile(&h, 0, 257, 208);
    judge_tile(&h, 1, 0, 256);
    judge_tile(&h, 1, 0, 100);
    judge_tile(&h, 1, 1, 1);
    judge_tile(&h, 2, 0, 1);
    judge_entries(&h, 0, 256);
    judge_entries(&h, 257, 208);
    judge_entries(&h, 100, 3);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_int_equal(log_tile(h.l, none[i].level, none[i].index, none[i].width, &b, NULL),
                         none[i].why);
        assert_int_equal(b.n, 0);
    }
    buf_finish(&b);
    close_handle(&h);
}

/* A spoilt node under a tile: that tile is refused, and one it has no part in is given. */
static void spoilt_tiles_are_refused(void **state)
{
    struct handle h;
    struct buf b;
    (void)state;
    fresh();
    buf_init(&b);
    open_handle(&h, PROFILE_SHA256);
    add_committed(&h, 1000);
    spoil(0, (2 * 300 - __builtin_popcount(300)) * 32, 32); /* leaf 300 */
    judge_tile(&h, 0, 0, 256);
    assert_int_equal(log_tile(h.l, 0, 1, 256, &b, NULL), ERR_INTEGRITY);
    assert_int_equal(log_tile(h.l, 0, 1, 45, &b, NULL), ERR_INTEGRITY);
    judge_tile(&h, 0, 1, 44);
    judge_tile(&h, 0, 2, 256);
    judge_tile(&h, 1, 0, 3);
    buf_finish(&b);
    close_handle(&h);
}

/* --- an administrator --------------------------------------------------------------------- */

static void make_signed_log(int n)
{
    struct handle h;
    struct signer s;
    struct buf note;
    fresh();
    buf_init(&note);
    open_handle(&h, PROFILE_TWIN);
    ok(&h, signer_open(&s, h.l, KEY_ED25519, 0, &h.e));
    for (int i = 0; i < n; i++) {
        begin(&h);
        add_text(&h, (uint32_t)i, NULL);
        ok(&h, signer_checkpoint(&s, h.l, i, &note, &h.e));
        commit(&h);
    }
    buf_finish(&note);
    signer_close(&s);
    close_handle(&h);
}

static uint64_t audit_faults(struct handle *h)
{
    struct log_audit a;
    ok(h, log_audit(h->d, &(struct audit_ask){0}, &a, &h->e));
    return a.faults;
}

/* Whoever has the file can take the triggers away and write what he likes. */
static void tampering_is_found(void **state)
{
    static const struct {
        const char *sql;
        bool at_opening; /* refused even with the node files in place */
    } deeds[] = {
        {"UPDATE entry SET leaf=replace(leaf,'\"n\":5','\"n\":6') WHERE seq=6", false},
        {"UPDATE entry SET leaf=leaf||' ' WHERE seq=19", false},
        {"UPDATE entry SET seq=100 WHERE seq=3; UPDATE entry SET seq=3 WHERE seq=4;"
         "UPDATE entry SET seq=4 WHERE seq=100",
         false},
        {"DELETE FROM entry WHERE seq=7", false},
        {"DELETE FROM entry WHERE seq=20", true},
        {"DELETE FROM entry WHERE seq>10", true},
        {"DELETE FROM entry", true},
        {"INSERT INTO entry VALUES(21,'{}')", false},
        {"INSERT INTO entry VALUES(-1,'{}')", false},
        {"INSERT INTO entry VALUES(40,'{}')", true},
        {"UPDATE checkpoint SET note=replace(note,'\n21\n','\n20\n') WHERE size=21", true},
        {"UPDATE checkpoint SET note=(SELECT note FROM checkpoint WHERE size=9) WHERE size=8",
         false},
        {"UPDATE checkpoint SET note='' WHERE size=21", true},
        {"DELETE FROM checkpoint; UPDATE entry SET leaf='{}' WHERE seq=5", false},
    };
    struct handle h;
    (void)state;
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        make_signed_log(20);
        ok(&h, db_open(&h.d, spec, &h.e));
        h.l = NULL;
        assert_int_equal(audit_faults(&h), 0);
        ok(&h, db_exec(h.d,
                       "DROP TRIGGER entry_stays; DROP TRIGGER entry_not_deleted;"
                       "DROP TRIGGER checkpoint_stays; DROP TRIGGER checkpoint_not_deleted",
                       &h.e));
        ok(&h, db_exec(h.d, deeds[i].sql, &h.e));
        if (audit_faults(&h) == 0)
            fail_msg("the audit does not see: %s", deeds[i].sql);
        enum err r = log_open(&h.l, h.d, PROFILE_TWIN, &h.e);
        if (deeds[i].at_opening && r != ERR_INTEGRITY && r != ERR_SYNTAX)
            fail_msg("%s: opened, %s", deeds[i].sql, err_name(r));
        close_handle(&h);
    }
}

/* Without the node files the leaves themselves stand against the head. */
static void changed_leaves_are_refused_at_opening(void **state)
{
    static const char *const sql[] = {
        "UPDATE entry SET leaf=leaf||' ' WHERE seq=6",
        "DELETE FROM entry WHERE seq=7",
        "UPDATE entry SET seq=-seq WHERE seq IN (3,4); UPDATE entry SET seq=seq+7 WHERE seq<0",
    };
    struct handle h;
    (void)state;
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++)
        for (int again = 0; again < 2; again++) {
            if (again == 0) {
                make_signed_log(20);
                ok(&h, db_open(&h.d, spec, &h.e));
                ok(&h,
                   db_exec(h.d, "DROP TRIGGER entry_stays; DROP TRIGGER entry_not_deleted", &h.e));
                ok(&h, db_exec(h.d, sql[i], &h.e));
                db_close(h.d);
                for (int t = 0; t < HASH_KINDS; t++)
                    do_damage(MISSING, t);
            }
            assert_int_equal(try_open(&h, PROFILE_TWIN), ERR_INTEGRITY);
            close_handle(&h);
        }
}

/* --- the key ------------------------------------------------------------------------------ */

static void key_file(const char *end, char out[SCRATCH_PATH + 64])
{
    snprintf(out, SCRATCH_PATH + 64, "%s.key%s", path, end);
}

static void keys_change_and_are_found(void **state)
{
    struct handle h;
    struct signer s;
    struct public_key first, second, named;
    struct checkpoint c;
    struct buf note;
    char now[SCRATCH_PATH + 64], new[SCRATCH_PATH + 64], old[SCRATCH_PATH + 64];
    (void)state;
    fresh();
    buf_init(&note);
    key_file("", now);
    key_file(".new", new);
    key_file(".old", old);
    open_handle(&h, PROFILE_SHA256);
    ok(&h, signer_open(&s, h.l, KEY_ED25519, 0, &h.e));
    first = *key_public(s.key[0]);
    FILE *f = fopen(new, "w"); /* of a change that broke off before the commit */
    check(f != NULL && fclose(f) == 0);
    ok(&h, signer_rotate(&s, h.l, KEY_SM2, 1, &h.e));
    assert_int_equal(s.n, 1);
    second = *key_public(s.key[0]);
    ok(&h, log_last_checkpoint(h.l, &note, &h.e));
    ok(&h, checkpoint_open(buf_view(&note), &first, &c, &h.e)); /* signed by both */
    ok(&h, checkpoint_open(buf_view(&note), &second, &c, &h.e));
    ok(&h, signer_key_at(h.l, 1, &named, &h.e));
    assert_memory_equal(named.id, first.id, 4);
    ok(&h, signer_key_at(h.l, 2, &named, &h.e));
    assert_memory_equal(named.id, second.id, 4);
    assert_int_equal(access(new, F_OK), -1);
    signer_close(&s);
    for (int cut = 0; cut < 2; cut++) { /* it broke off between commit and renaming */
        check(rename(now, new) == 0);
        if (cut == 0)
            check(rename(old, now) == 0);
        ok(&h, signer_open(&s, h.l, KEY_ED25519, 2, &h.e));
        assert_memory_equal(key_public(s.key[0])->id, second.id, 4);
        assert_int_equal(access(new, F_OK), -1);
        signer_close(&s);
    }
    check(rename(now, new) == 0 && rename(old, now) == 0 && unlink(new) == 0);
    assert_int_equal(signer_open(&s, h.l, KEY_ED25519, 3, NULL), ERR_INTEGRITY);
    check(unlink(now) == 0);
    assert_int_equal(signer_open(&s, h.l, KEY_ED25519, 3, NULL), ERR_NOT_FOUND);
    assert_int_equal(s.n, 0);
    buf_finish(&note);
    close_handle(&h);
}

static void a_change_of_key_that_fails_changes_nothing(void **state)
{
    struct handle h;
    struct signer s;
    struct public_key first;
    char file[SCRATCH_PATH + 64];
    (void)state;
    fresh();
    open_handle(&h, PROFILE_SHA256);
    ok(&h, signer_open(&s, h.l, KEY_ED25519, 0, &h.e));
    first = *key_public(s.key[0]);
    ok(&h, db_exec(h.d,
                   "CREATE TRIGGER refuse BEFORE INSERT ON checkpoint BEGIN"
                   " SELECT RAISE(ABORT,'refused'); END",
                   &h.e));
    assert_int_not_equal(signer_rotate(&s, h.l, KEY_ED25519, 1, NULL), OK);
    assert_int_equal(s.n, 1);
    assert_memory_equal(key_public(s.key[0])->id, first.id, 4);
    assert_int_equal(log_size(h.l), 1);
    signer_close(&s);
    ok(&h, signer_open(&s, h.l, KEY_ED25519, 2, &h.e));
    key_file(".new", file);
    assert_int_equal(access(file, F_OK), -1);
    signer_close(&s);
    close_handle(&h);
}

/* Two who have the log open: the second to change the key must look again. */
static void two_change_the_key(void **state)
{
    struct handle h[2];
    struct signer s[2];
    (void)state;
    fresh();
    for (int i = 0; i < 2; i++) {
        open_handle(&h[i], PROFILE_SHA256);
        ok(&h[i], signer_open(&s[i], h[i].l, KEY_ED25519, 0, &h[i].e));
    }
    assert_int_equal(count_rows(&h[0], "SELECT count(*) FROM entry"), 1);
    ok(&h[0], signer_rotate(&s[0], h[0].l, KEY_ED25519, 1, &h[0].e));
    assert_int_equal(signer_rotate(&s[1], h[1].l, KEY_ED25519, 1, NULL), ERR_CONFLICT);
    for (int i = 0; i < 2; i++) {
        signer_close(&s[i]);
        close_handle(&h[i]);
    }
}

/* Eight processes that all find no store make one log with one name and one key. */
static void born_in_many_processes(void **state)
{
    enum { MANY = 8, EACH = 10 };
    struct handle h;
    struct signer s;
    pid_t pid[MANY];
    int status;
    (void)state;
    fresh();
    fflush(NULL);
    for (int i = 0; i < MANY; i++)
        if ((pid[i] = fork()) == 0) {
            child = true;
            if (try_open(&h, PROFILE_TWIN) != OK ||
                signer_open(&s, h.l, KEY_ED25519, 0, &h.e) != OK) {
                fprintf(stderr, "%s\n", h.e.detail_en);
                _exit(1);
            }
            for (int n = 0; n < EACH; n++) {
                struct buf note;
                buf_init(&note);
                begin(&h);
                add_text(&h, (uint32_t)n, NULL);
                ok(&h, signer_checkpoint(&s, h.l, 0, &note, &h.e));
                commit(&h);
                buf_finish(&note);
            }
            signer_close(&s);
            close_handle(&h);
            _exit(0);
        }
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
        assert_int_equal(status, 0);
    }
    open_handle(&h, PROFILE_SHA256);
    ok(&h, signer_open(&s, h.l, KEY_ED25519, 0, &h.e));
    assert_int_equal(log_size(h.l), 1 + MANY * EACH);
    assert_int_equal(audit_faults(&h), 0);
    signer_close(&s);
    close_handle(&h);
}

/* The same without a log, and often: who turns a new store to WAL beside others is told "busy" at
 * once now and then, and tries again. */
static void stores_born_in_many_processes(void **state)
{
    enum { STORES = SANITIZED ? 40 : 150, MANY = 8 };
    (void)state;
    for (int k = 0; k < STORES; k++) {
        pid_t pid[MANY];
        int status;
        fresh();
        fflush(NULL);
        for (int i = 0; i < MANY; i++)
            if ((pid[i] = fork()) == 0) {
                struct handle h = {0};
                child = true;
                ok(&h, db_open(&h.d, spec, &h.e));
                db_close(h.d);
                _exit(0);
            }
        for (int i = 0; i < MANY; i++) {
            assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
            assert_int_equal(status, 0);
        }
    }
}

/* Whoever opens a log while another process writes to it sees a beginning of it, never a fault. */
static void opened_while_others_write(void **state)
{
    struct handle h;
    struct signer s;
    int status, opened = 0;
    (void)state;
    make_signed_log(3);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        child = true;
        open_handle(&h, PROFILE_TWIN);
        ok(&h, signer_open(&s, h.l, KEY_ED25519, 0, &h.e));
        for (int n = 0; n < 3000; n++) {
            struct buf note;
            buf_init(&note);
            begin(&h);
            add_text(&h, (uint32_t)n, NULL);
            ok(&h, signer_checkpoint(&s, h.l, 0, &note, &h.e));
            commit(&h);
            buf_finish(&note);
        }
        _exit(0); /* killed, as it were: nothing is closed */
    }
    while (waitpid(pid, &status, WNOHANG) == 0 || opened == 0) {
        open_handle(&h, PROFILE_TWIN);
        ok(&h, signer_open(&s, h.l, KEY_ED25519, 0, &h.e));
        opened++;
        signer_close(&s);
        close_handle(&h);
    }
    assert_int_equal(status, 0);
    assert_true(opened >= 10); /* a reader has not to wait for a pause of the writer */
    open_handle(&h, PROFILE_TWIN);
    assert_int_equal(log_size(h.l), 4 + 3000);
    assert_int_equal(audit_faults(&h), 0);
    close_handle(&h);
}

/* --- the writer --------------------------------------------------------------------------- */

static enum err end_transaction(void *ctx, struct db *d, struct log *l, struct error *e)
{
    (void)ctx, (void)l;
    check(db_exec(d, "ROLLBACK", NULL) == OK); /* as SQLite does when the disk is full */
    return err_set(e, ERR_IO, "%s", "%s", "full");
}

struct burst {
    struct writer *w;
    int who, done, failed;
};

static void *write_burst(void *arg)
{
    struct burst *b = arg;
    for (int i = 1; i <= 60; i++) {
        struct event v = {b->who, i, 10, i % 7 == 0};
        struct error e = {0};
        bool ends = b->who == 0 && i % 10 == 5;
        enum err r = writer_run(b->w, ends ? end_transaction : event_write, &v, &e);
        b->done += r == OK;
        b->failed += r != OK && e.code == r;
    }
    return NULL;
}

static void the_writer_keeps_jobs_apart(void **state)
{
    struct handle h;
    struct signer s;
    struct writer *w;
    struct burst b[6];
    pthread_t t[6];
    int done = 0;
    (void)state;
    fresh();
    open_handle(&h, PROFILE_SHA256);
    ok(&h, events_prepare(h.d, &h.e));
    ok(&h, signer_open(&s, h.l, KEY_ED25519, 0, &h.e));
    ok(&h, writer_start(&w, h.d, h.l, &s, &h.e));
    for (int i = 0; i < 6; i++) {
        b[i] = (struct burst){w, i, 0, 0};
        check(pthread_create(&t[i], NULL, write_burst, &b[i]) == 0);
    }
    for (int i = 0; i < 6; i++) {
        pthread_join(t[i], NULL);
        done += b[i].done;
        assert_true(b[i].failed >= 8);
    }
    assert_true(writer_commits(w) > 0);
    writer_stop(w);
    assert_int_equal(log_size(h.l), 1 + done);
    assert_int_equal(count_rows(&h, "SELECT count(*) FROM entry"), 1 + done);
    assert_int_equal(audit_faults(&h), 0);
    signer_close(&s);
    close_handle(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transactions_at_random),
        cmocka_unit_test(sizes_survive_reopening),
        cmocka_unit_test(a_store_in_memory_is_a_log),
        cmocka_unit_test(two_handles),
        cmocka_unit_test(refresh_leaves_an_open_transaction_alone),
        cmocka_unit_test(leaves_have_a_limit),
        cmocka_unit_test(a_failed_append_harms_nothing),
        cmocka_unit_test(the_store_refuses_changes),
        cmocka_unit_test(heads_are_signed),
        cmocka_unit_test(node_files_are_mended),
        cmocka_unit_test(every_node_is_checked),
        cmocka_unit_test(damage_while_open),
        cmocka_unit_test(after_the_last_sync_nothing_is_believed),
        cmocka_unit_test(tiles_are_the_tree),
        cmocka_unit_test(spoilt_tiles_are_refused),
        cmocka_unit_test(tampering_is_found),
        cmocka_unit_test(changed_leaves_are_refused_at_opening),
        cmocka_unit_test(keys_change_and_are_found),
        cmocka_unit_test(a_change_of_key_that_fails_changes_nothing),
        cmocka_unit_test(two_change_the_key),
        cmocka_unit_test(born_in_many_processes),
        cmocka_unit_test(stores_born_in_many_processes),
        cmocka_unit_test(opened_while_others_write),
        cmocka_unit_test(the_writer_keeps_jobs_apart),
    };
    const char *seed = getenv("FUMAO_SEED");
    rng_seed(&rng, seed != NULL ? strtoull(seed, NULL, 10) : 20261125);
    scratch_make(folder, "log");
    snprintf(path, sizeof path, "%s/store.db", folder);
    snprintf(spec, sizeof spec, "sqlite:%s", path);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_remove(folder);
    return failed;
}
