/*
 * The log under attack: whoever can write to the store and does not have the key. Every way to
 * rewrite it must be found, by the audit alone where that is possible, and with a witness where
 * the log was only brought back to its past.
 *
 * FUMAO_AUDIT_ALL=1: one byte of every leaf through the whole audit (else of every 50th).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/backup.h"
#include "ledger/leaf.h"
#include "ledger/signer.h"
#include "ledger/witness.h"

enum { LEAVES = 10000, BATCH = 250 };

static char dir[] = "/tmp/fumao-audit-XXXXXX";
static struct rng rng;

/* The path of a file in the test's own directory; eight may be in use at once. */
static const char *file(const char *name)
{
    static char path[8][300];
    static int next;
    char *p = path[next++ % 8];
    snprintf(p, sizeof path[0], "%s/%s", dir, name);
    return p;
}

static void copy_file(const char *from, const char *to)
{
    char command[700];
    snprintf(command, sizeof command, "cp -p %s %s", from, to);
    assert_int_equal(system(command), 0);
}

struct shop { /* a store with its log */
    struct db *d;
    struct log *l;
    struct signer s;
};

static struct shop shop_open(const char *name)
{
    struct shop x = {0};
    struct error e = {0};
    char spec[320];
    snprintf(spec, sizeof spec, "sqlite:%s", file(name));
    if (db_open(&x.d, spec, &e) != OK || log_open(&x.l, x.d, PROFILE_SHA256, &e) != OK ||
        signer_open(&x.s, x.l, KEY_ED25519, 1790000000, &e) != OK)
        fail_msg("%s: %s", name, e.detail_en);
    return x;
}

static void shop_close(struct shop *x)
{
    signer_close(&x->s);
    log_close(x->l);
    db_close(x->d);
}

static void add(struct shop *x, int n, const char *word, bool is_signed)
{
    struct buf note;
    char leaf[160];
    buf_init(&note);
    assert_int_equal(db_exec(x->d, "BEGIN IMMEDIATE", NULL), OK);
    for (int i = 0; i < n; i++) {
        snprintf(leaf, sizeof leaf, "{\"at\":%llu,\"id\":\"%s-%d\",\"kind\":\"answer\"}",
                 1790000000ULL + log_size(x->l), word, i);
        assert_int_equal(log_append(x->l, str_from(leaf), NULL, NULL), OK);
    }
    if (is_signed)
        assert_int_equal(signer_checkpoint(&x->s, x->l, 1790000000, &note, NULL), OK);
    assert_int_equal(db_exec(x->d, "COMMIT", NULL), OK);
    assert_int_equal(log_commit(x->l, NULL), OK);
    buf_finish(&note);
}

static void last_note(struct shop *x, struct buf *note, struct checkpoint *c)
{
    assert_int_equal(log_last_checkpoint(x->l, note, NULL), OK);
    assert_int_equal(checkpoint_read(buf_view(note), c, NULL), OK);
}

static int set_up(void **state)
{
    (void)state;
    rng_seed(&rng, 20261125);
    if (mkdtemp(dir) == NULL)
        return 1;
    struct shop x = shop_open("big");
    for (int n = 1; n < LEAVES; n += BATCH)
        add(&x, n + BATCH <= LEAVES ? BATCH : LEAVES - n, "entry", true);
    assert_int_equal(log_size(x.l), LEAVES);
    shop_close(&x);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[300];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command) != 0;
}

/* --- what an audit says ------------------------------------------------------------------- */

static struct log_audit audit(struct db *d, const struct public_key *key,
                              const struct log_seen *seen)
{
    struct audit_ask ask = {.key = key, .seen = seen};
    struct log_audit out;
    struct error e = {0};
    if (log_audit(d, &ask, &out, &e) != OK)
        fail_msg("the audit did not run: %s", e.detail_en);
    return out;
}

static struct public_key key_of(const char *name)
{
    struct public_key k;
    struct shop x = shop_open(name);
    k = *key_public(x.s.key[0]);
    shop_close(&x);
    return k;
}

/* A copy of the big log, without its triggers. */
static struct db *victim(void)
{
    struct db *d;
    char spec[320];
    static int n;
    char name[32];
    snprintf(name, sizeof name, "victim%d", n++);
    snprintf(spec, sizeof spec, "sqlite:%s", file("big"));
    assert_int_equal(db_open_old(&d, spec, NULL), OK);
    assert_int_equal(db_copy(d, file(name), NULL), OK);
    db_close(d);
    snprintf(spec, sizeof spec, "sqlite:%s", file(name));
    assert_int_equal(db_open_old(&d, spec, NULL), OK);
    assert_int_equal(db_exec(d, "DROP TRIGGER entry_stays; DROP TRIGGER entry_not_deleted;"
                                "DROP TRIGGER checkpoint_stays;"
                                "DROP TRIGGER checkpoint_not_deleted;", NULL), OK);
    return d;
}

static void drop(struct db *d)
{
    char path[300];
    snprintf(path, sizeof path, "%s", db_path(d));
    db_close(d);
    unlink(path);
}

/* That `sql` is found; `word` must be in what is said of it. */
static void found(const char *sql, const char *word)
{
    struct db *d = victim();
    struct error e = {0};
    if (db_exec(d, sql, &e) != OK)
        fail_msg("%s: %s", sql, e.detail_en);
    struct log_audit a = audit(d, NULL, NULL);
    if (a.faults == 0 || strstr(a.first.detail_en, word) == NULL)
        fail_msg("%s: %llu faults, \"%s\" without \"%s\"", sql, (unsigned long long)a.faults,
                 a.first.detail_en, word);
    drop(d);
}

static void test_clean(void **state)
{
    (void)state;
    struct db *d = victim();
    struct public_key key = key_of("big");
    struct log_audit a = audit(d, &key, NULL);
    assert_string_equal(a.first.detail_en, "");
    assert_int_equal(a.faults, 0);
    assert_int_equal(a.leaves, LEAVES);
    assert_int_equal(a.checkpoints, 1 + (LEAVES - 1 + BATCH - 1) / BATCH);
    assert_int_equal(a.head.size, LEAVES);
    assert_int_equal(a.changes, 0);
    drop(d);
}

/* --- flips -------------------------------------------------------------------------------- */

/* Every byte of every leaf against the signed root, by the leaf's own audit path. */
static void test_every_byte(void **state)
{
    (void)state;
    struct shop x = shop_open("big");
    struct buf leaf, note;
    struct checkpoint c;
    struct proof_path p;
    struct hasher *h = hasher_create(HASH_SHA256);
    unsigned long long flips = 0, missed = 0;
    buf_init(&leaf);
    buf_init(&note);
    last_note(&x, &note, &c);
    assert_int_equal(checkpoint_open(buf_view(&note), key_public(x.s.key[0]), &c, NULL), OK);
    for (uint64_t i = 0; i < LEAVES; i++) {
        assert_int_equal(log_leaf(x.l, i, &leaf, NULL), OK);
        assert_int_equal(log_inclusion(x.l, i, c.size, HASH_SHA256, &p, NULL), OK);
        struct digest d = merkle_leaf(h, leaf.p, leaf.n);
        assert_true(merkle_check_inclusion(h, &d, i, c.size, &p, &c.root));
        for (size_t k = 0; k < leaf.n; k++) {
            char flip = (char)(1 + rng_below(&rng, 255));
            leaf.p[k] = (char)(leaf.p[k] ^ flip);
            d = merkle_leaf(h, leaf.p, leaf.n);
            missed += merkle_check_inclusion(h, &d, i, c.size, &p, &c.root);
            leaf.p[k] = (char)(leaf.p[k] ^ flip);
            flips++;
        }
    }
    print_message("%d leaves, %llu bytes flipped one at a time, %llu missed\n", LEAVES, flips,
                  missed);
    assert_int_equal(missed, 0);
    hasher_destroy(h);
    buf_finish(&leaf);
    buf_finish(&note);
    shop_close(&x);
}

static void set_leaf(struct db *d, uint64_t at, struct str leaf)
{
    struct db_stmt *s;
    bool row;
    assert_int_equal(db_prepare(d, "UPDATE entry SET leaf=?2 WHERE seq=?1", &s, NULL), OK);
    db_bind_int(s, 1, (int64_t)at);
    db_bind_text(s, 2, leaf);
    assert_int_equal(db_step(s, &row, NULL), OK);
    db_finish(s);
}

static void get_leaf(struct db *d, uint64_t at, struct buf *out)
{
    struct db_stmt *s;
    bool row;
    assert_int_equal(db_prepare(d, "SELECT leaf FROM entry WHERE seq=?1", &s, NULL), OK);
    db_bind_int(s, 1, (int64_t)at);
    assert_int_equal(db_step(s, &row, NULL), OK);
    assert_true(row);
    buf_clear(out);
    buf_str(out, db_text(s, 0));
    db_finish(s);
}

/* One byte of a leaf in the store, through the whole audit; and every byte of one leaf. */
static void test_flips_in_the_store(void **state)
{
    (void)state;
    struct db *d = victim();
    struct buf leaf;
    const char *all = getenv("FUMAO_AUDIT_ALL");
    uint64_t step = all != NULL && all[0] == '1' ? 1 : 50;
    int flips = 0;
    buf_init(&leaf);
    assert_int_equal(db_exec(d, "PRAGMA synchronous=OFF", NULL), OK);
    for (uint64_t i = 0; i < LEAVES; i += step) {
        get_leaf(d, i, &leaf);
        for (size_t k = 0; k < (i == 5000 ? leaf.n : 1); k++) {
            size_t at = i == 5000 ? k : (size_t)rng_below(&rng, (uint32_t)leaf.n);
            char was = leaf.p[at];
            leaf.p[at] = was == 'x' ? 'y' : 'x';
            set_leaf(d, i, buf_view(&leaf));
            struct log_audit a = audit(d, NULL, NULL);
            if (a.faults == 0)
                fail_msg("byte %zu of entry %llu was changed and not found", at,
                         (unsigned long long)i);
            leaf.p[at] = was;
            set_leaf(d, i, buf_view(&leaf));
            flips++;
        }
    }
    assert_int_equal(audit(d, NULL, NULL).faults, 0);
    print_message("%d changes of one byte in the store, each found by the audit\n", flips);
    buf_finish(&leaf);
    drop(d);
}

/* With node files at hand the audit says which entry it is. */
static void test_names_the_entry(void **state)
{
    (void)state;
    struct shop x = shop_open("named");
    add(&x, 999, "entry", true);
    shop_close(&x); /* the node file is synced */
    x = shop_open("named");
    assert_int_equal(db_exec(x.d, "DROP TRIGGER entry_stays;"
                                  "UPDATE entry SET leaf=replace(leaf,'entry-321','entry-322')"
                                  " WHERE seq=322", NULL), OK);
    struct log_audit a = audit(x.d, NULL, NULL);
    assert_true(a.faults > 0);
    assert_non_null(strstr(a.first.detail_en, "entry 322 is not what was signed"));
    shop_close(&x);
}

static void test_node_file(void **state)
{
    (void)state;
    struct shop x = shop_open("nodes");
    add(&x, 499, "entry", true);
    shop_close(&x);
    int fd = open(file("nodes.sha256"), O_RDWR);
    assert_true(fd >= 0);
    off_t size = lseek(fd, 0, SEEK_END);
    struct db *d;
    char spec[320];
    snprintf(spec, sizeof spec, "sqlite:%s", file("nodes"));
    assert_int_equal(db_open_old(&d, spec, NULL), OK);
    assert_int_equal(audit(d, NULL, NULL).node_hashes, size / 32);
    for (int i = 0; i < 100; i++) {
        char was, other;
        off_t at = (off_t)rng_below(&rng, (uint32_t)size);
        assert_int_equal(pread(fd, &was, 1, at), 1);
        other = (char)~was;
        assert_int_equal(pwrite(fd, &other, 1, at), 1);
        struct log_audit a = audit(d, NULL, NULL);
        assert_int_equal(a.faults, 1);
        assert_non_null(strstr(a.first.detail_en, "is not that of the entries"));
        assert_int_equal(pwrite(fd, &was, 1, at), 1);
    }
    assert_int_equal(audit(d, NULL, NULL).faults, 0);
    assert_int_equal(ftruncate(fd, size - 32), 0);
    assert_int_equal(audit(d, NULL, NULL).faults, 1);
    unlink(file("nodes.sha256")); /* a cache may be absent */
    assert_int_equal(audit(d, NULL, NULL).faults, 0);
    close(fd);
    db_close(d);
}

/* --- rows --------------------------------------------------------------------------------- */

static void test_deleted(void **state)
{
    (void)state;
    char sql[200];
    static const int at[] = {0, 1, 2, 4999, 5000, 9998};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        snprintf(sql, sizeof sql, "DELETE FROM entry WHERE seq=%d", at[i]);
        snprintf(sql + 100, 100, "entry %d is missing", at[i]);
        found(sql, sql + 100);
        /* and the hole closed */
        snprintf(sql, sizeof sql, "DELETE FROM entry WHERE seq=%d;"
                                  "UPDATE entry SET seq=seq-1 WHERE seq>%d", at[i], at[i]);
        found(sql, "");
    }
    found("DELETE FROM entry WHERE seq=9999", "the log has 9999 entries, a signed checkpoint 10000");
    found("DELETE FROM entry", "the log has 0 entries");
    found("DELETE FROM checkpoint", "no signed checkpoint covers the entries from 0 on");
}

static void test_reordered(void **state)
{
    (void)state;
    static const int a[] = {0, 1, 17, 249, 250, 9998}, b[] = {1, 2, 9000, 250, 251, 9999};
    char sql[300];
    for (size_t i = 0; i < sizeof a / sizeof *a; i++) {
        snprintf(sql, sizeof sql, "UPDATE entry SET seq=-1 WHERE seq=%d;"
                                  "UPDATE entry SET seq=%d WHERE seq=%d;"
                                  "UPDATE entry SET seq=%d WHERE seq=-1", a[i], a[i], b[i], b[i]);
        found(sql, "signed");
    }
}

static void test_inserted(void **state)
{
    (void)state;
    found("INSERT INTO entry VALUES(-1,'{}')", "entry 0 is missing");
    found("INSERT INTO entry VALUES(10000,'{}')", "from 10000 on");
    found("INSERT INTO entry VALUES(10001,'{}')", "entry 10000 is missing");
    found("UPDATE entry SET seq=-seq-1 WHERE seq>=5000; UPDATE entry SET seq=-seq WHERE seq<0;"
          "INSERT INTO entry VALUES(5000,'{}')", "signed");
    /* a changed entry, and every checkpoint that speaks of it taken away */
    found("UPDATE entry SET leaf='{}' WHERE seq=9900; DELETE FROM checkpoint WHERE size>9900",
          "no signed checkpoint covers");
}

static void test_truncated(void **state)
{
    (void)state;
    struct shop x = shop_open("big");
    struct buf note;
    struct checkpoint c;
    buf_init(&note);
    last_note(&x, &note, &c);
    struct log_seen seen = {c.size, c.root};
    shop_close(&x);
    found("DELETE FROM entry WHERE seq>=5001", "signed checkpoint");
    found("DELETE FROM entry WHERE seq>=5050; DELETE FROM checkpoint WHERE size>5050",
          "no signed checkpoint covers the entries from 5001");
    found("DELETE FROM entry WHERE seq>=5050; DELETE FROM checkpoint WHERE size>5300",
          "a signed checkpoint 5251");
    /* Back to a checkpoint, the later ones gone: nobody can see it who did not see more. */
    struct db *d = victim();
    assert_int_equal(db_exec(d, "DELETE FROM checkpoint WHERE size>5001;"
                                "DELETE FROM entry WHERE seq>=5001", NULL), OK);
    struct log_audit a = audit(d, NULL, &seen);
    assert_int_equal(a.faults, 0);
    assert_int_equal(a.seen, SEEN_SHORTER);
    drop(d);
    d = victim();
    assert_int_equal(audit(d, NULL, &seen).seen, SEEN_HOLDS);
    seen.root.b[31] ^= 1;
    assert_int_equal(audit(d, NULL, &seen).seen, SEEN_DIFFERS);
    drop(d);
    buf_finish(&note);
}

/* --- checkpoints --------------------------------------------------------------------------- */

static void set_note(struct db *d, uint64_t size, struct str note)
{
    struct db_stmt *s;
    bool row;
    assert_int_equal(db_prepare(d, "UPDATE checkpoint SET note=?2 WHERE size=?1", &s, NULL), OK);
    db_bind_int(s, 1, (int64_t)size);
    db_bind_text(s, 2, note);
    assert_int_equal(db_step(s, &row, NULL), OK);
    db_finish(s);
}

/* Every byte of a checkpoint; then one by another key, over the true roots. */
static void test_rewritten_checkpoint(void **state)
{
    (void)state;
    struct shop x = shop_open("notes");
    struct buf note, forged;
    struct checkpoint c;
    struct key *k;
    add(&x, 9, "entry", true);
    buf_init(&note);
    buf_init(&forged);
    last_note(&x, &note, &c);
    assert_int_equal(db_exec(x.d, "DROP TRIGGER checkpoint_stays; PRAGMA synchronous=OFF", NULL), OK);
    for (size_t i = 0; i < note.n; i++) {
        char was = note.p[i];
        note.p[i] = was == 'A' ? 'B' : 'A';
        set_note(x.d, c.size, buf_view(&note));
        if (audit(x.d, NULL, NULL).faults == 0)
            fail_msg("byte %zu of the checkpoint was changed and not found", i);
        note.p[i] = was;
    }
    assert_int_equal(key_make(file("thief.key"), log_origin(x.l), KEY_ED25519, NULL), OK);
    assert_int_equal(key_open(&k, file("thief.key"), log_origin(x.l), NULL), OK);
    assert_int_equal(checkpoint_sign(&c, &k, 1, &forged, NULL), OK);
    set_note(x.d, c.size, buf_view(&forged));
    struct log_audit a = audit(x.d, NULL, NULL);
    assert_int_equal(a.faults, 1);
    assert_non_null(strstr(a.first.detail_en, "no signature by key"));
    set_note(x.d, c.size, buf_view(&note));
    assert_int_equal(audit(x.d, NULL, NULL).faults, 0);
    /* the wrong key */
    a = audit(x.d, key_public(k), NULL);
    assert_int_equal(a.faults, 1);
    assert_non_null(strstr(a.first.detail_en, "no checkpoint of the log is under the key"));
    key_close(k);
    buf_finish(&note);
    buf_finish(&forged);
    shop_close(&x);
    found("UPDATE checkpoint SET size=size+1 WHERE size=10000", "signed checkpoint 10001");
    found("UPDATE checkpoint SET size=size-1 WHERE size=10000", "has another size");
    found("UPDATE ledger SET value='fumao/0000000000000000' WHERE key='origin'", "another log");
    found("UPDATE ledger SET value='twin' WHERE key='profile'", "profile of hashes");
}

/* --- keys ---------------------------------------------------------------------------------- */

static void test_rotation(void **state)
{
    (void)state;
    struct shop x = shop_open("turned");
    struct error e = {0};
    struct buf note;
    struct checkpoint c;
    struct key *old;
    buf_init(&note);
    add(&x, 5, "before", true);
    struct public_key first = *key_public(x.s.key[0]);
    struct shop still = shop_open("turned"); /* a process that runs on with the old key */
    assert_int_equal(signer_rotate(&x.s, x.l, KEY_SM2, 1790000001, &e), OK);
    add(&x, 5, "between", true);
    assert_int_equal(log_refresh(still.l, &e), OK);
    assert_int_equal(signer_checkpoint(&still.s, still.l, 1790000003, &note, &e), ERR_CONFLICT);
    shop_close(&still);
    struct public_key second = *key_public(x.s.key[0]);
    copy_file(file("turned.key"), file("second.key"));
    assert_int_equal(signer_rotate(&x.s, x.l, KEY_ED25519, 1790000002, &e), OK);
    add(&x, 5, "after", true);
    struct log_audit a = audit(x.d, &first, NULL);
    assert_string_equal(a.first.detail_en, "");
    assert_int_equal(a.changes, 2);
    assert_int_equal(a.breaks, 0);
    assert_int_equal(audit(x.d, &second, NULL).faults, 0);
    assert_int_equal(audit(x.d, key_public(x.s.key[0]), NULL).faults, 0);
    assert_int_equal(audit(x.d, NULL, NULL).faults, 0);
    /* after the change, a signature by the key before is refused */
    last_note(&x, &note, &c);
    struct buf stale;
    buf_init(&stale);
    assert_int_equal(key_open(&old, file("second.key"), log_origin(x.l), &e), OK);
    assert_int_equal(checkpoint_sign(&c, &old, 1, &stale, &e), OK);
    assert_int_equal(db_exec(x.d, "DROP TRIGGER checkpoint_stays", NULL), OK);
    set_note(x.d, c.size, buf_view(&stale));
    a = audit(x.d, &first, NULL);
    assert_int_equal(a.faults, 1);
    assert_non_null(strstr(a.first.detail_en, "no signature by key"));
    key_close(old);
    buf_finish(&stale);
    buf_finish(&note);
    shop_close(&x);
}

/* A key put in by one who does not have the key before: refused, unless it is the one trusted. */
static void test_taken_over(void **state)
{
    (void)state;
    struct shop x = shop_open("taken");
    struct error e = {0};
    add(&x, 5, "before", true);
    struct public_key first = *key_public(x.s.key[0]);
    signer_close(&x.s); /* n = 0: the file is lost */
    unlink(file("taken.key"));
    assert_int_equal(signer_rotate(&x.s, x.l, KEY_ED25519, 1790000001, &e), OK);
    add(&x, 5, "after", true);
    struct log_audit a = audit(x.d, &first, NULL);
    assert_int_equal(a.faults, 1);
    assert_non_null(strstr(a.first.detail_en, "not signed by the key before"));
    assert_int_equal(audit(x.d, NULL, NULL).faults, 1);
    a = audit(x.d, key_public(x.s.key[0]), NULL);
    assert_int_equal(a.faults, 0);
    assert_int_equal(a.breaks, 1);
    shop_close(&x);
}

/* --- witness ------------------------------------------------------------------------------- */

static struct key *witness_key(const char *name)
{
    struct key *k = NULL;
    assert_int_equal(key_make(file(name), "witness/one", KEY_WITNESS, NULL), OK);
    assert_int_equal(key_open(&k, file(name), "witness/one", NULL), OK);
    return k;
}

static enum err look(const char *state, const struct log_view *v, const struct key *k,
                     const struct public_key *log_key, struct error *e)
{
    struct witness w;
    struct buf note;
    struct checkpoint c;
    int64_t time = 0;
    buf_init(&note);
    enum err r = witness_look(file(state), v, k, log_key, 1790000123, &w, &note, e);
    if (r == OK) {
        struct public_key p = public_key_witness(key_public(k));
        assert_int_equal(checkpoint_witnessed(buf_view(&note), &p, &c, &time, e), OK);
        assert_int_equal(time, 1790000123);
        assert_int_equal(c.size, w.seen.size);
    } else {
        assert_int_equal(note.n, 0);
    }
    witness_finish(&w);
    buf_finish(&note);
    return r;
}

static void fork_shop(const char *from, const char *to)
{
    char key[2][80];
    snprintf(key[0], sizeof key[0], "%s.key", from);
    snprintf(key[1], sizeof key[1], "%s.key", to);
    copy_file(file(from), file(to));
    copy_file(file(key[0]), file(key[1]));
}

static void same_state(const char *name, const char *kept)
{
    char command[700];
    snprintf(command, sizeof command, "cmp -s %s %s", file(name), file(kept));
    assert_int_equal(system(command), 0);
}

static void test_witness(void **state)
{
    (void)state;
    struct shop x = shop_open("left");
    struct error e = {0};
    add(&x, 99, "common", true);
    struct public_key log_key = *key_public(x.s.key[0]);
    shop_close(&x);
    fork_shop("left", "right"); /* the same key, the same past */
    fork_shop("left", "past");
    struct shop left = shop_open("left"), right = shop_open("right"), past = shop_open("past");
    struct log_view l = {.log = left.l}, r = {.log = right.l}, p = {.log = past.l};
    struct key *k = witness_key("w.key");
    assert_int_equal(look("w", &l, k, NULL, &e), ERR_NOT_FOUND); /* whose log? */
    assert_int_equal(look("w", &l, k, key_public(k), &e), ERR_INTEGRITY);
    assert_int_equal(look("w", &l, k, &log_key, &e), OK);
    assert_int_equal(look("w", &r, k, NULL, &e), OK); /* still the same */
    add(&left, 7, "left", true);
    add(&right, 7, "right", true);
    assert_int_equal(look("w", &l, k, NULL, &e), OK);
    copy_file(file("w"), file("w.kept"));
    assert_int_equal(look("w", &r, k, NULL, &e), ERR_INTEGRITY); /* same size, another root */
    assert_non_null(strstr(e.detail_en, "seen were 107 entries"));
    add(&right, 50, "right", true);
    assert_int_equal(look("w", &r, k, NULL, &e), ERR_INTEGRITY); /* larger */
    assert_int_equal(look("w", &p, k, NULL, &e), ERR_INTEGRITY); /* smaller */
    assert_non_null(strstr(e.detail_en, "shown are 100"));
    same_state("w", "w.kept"); /* a refusal leaves no trace */
    add(&left, 300, "left", true);
    assert_int_equal(look("w", &l, k, NULL, &e), OK);
    /* the fork is found in both directions by an audit with the witness's memory */
    struct witness w;
    assert_int_equal(witness_read(&w, file("w"), &e), OK);
    assert_int_equal(audit(left.d, NULL, &w.seen).seen, SEEN_HOLDS);
    add(&right, 500, "right", true);
    struct log_audit a = audit(right.d, NULL, &w.seen);
    assert_int_equal(a.faults, 0); /* the log agrees with itself */
    assert_int_equal(a.seen, SEEN_DIFFERS);
    witness_finish(&w);
    key_close(k);
    shop_close(&left);
    shop_close(&right);
    shop_close(&past);
}

static void test_witness_follows_the_key(void **state)
{
    (void)state;
    struct shop x = shop_open("keys");
    struct error e = {0};
    struct log_view v = {.log = x.l};
    struct key *k = witness_key("w2.key");
    add(&x, 3, "entry", true);
    assert_int_equal(look("w2", &v, k, key_public(x.s.key[0]), &e), OK);
    assert_int_equal(signer_rotate(&x.s, x.l, KEY_SM2, 1790000001, &e), OK);
    add(&x, 3, "entry", true);
    assert_int_equal(signer_rotate(&x.s, x.l, KEY_ED25519, 1790000002, &e), OK);
    add(&x, 3, "entry", true);
    assert_int_equal(look("w2", &v, k, NULL, &e), OK);
    /* a change that the key before did not sign is not followed */
    signer_close(&x.s);
    unlink(file("keys.key"));
    assert_int_equal(signer_rotate(&x.s, x.l, KEY_ED25519, 1790000003, &e), OK);
    assert_int_equal(look("w2", &v, k, NULL, &e), ERR_INTEGRITY);
    assert_int_equal(look("w2", &v, k, key_public(x.s.key[0]), &e), OK); /* by hand */
    key_close(k);
    shop_close(&x);
}

/* Every byte of the memory: a changed one is refused or is another log; nothing is signed that
 * does not hold. */
static void test_witness_memory(void **state)
{
    (void)state;
    struct shop x = shop_open("memory");
    struct error e = {0};
    struct log_view v = {.log = x.l};
    struct key *k = witness_key("w3.key");
    struct witness w;
    struct arena arena;
    struct str text;
    add(&x, 3, "entry", true);
    assert_int_equal(look("w3", &v, k, key_public(x.s.key[0]), &e), OK);
    arena_init(&arena);
    assert_int_equal(file_read(&arena, file("w3"), &text, &e), OK);
    size_t head = 0;
    assert_true(str_find(text, STR("\n\n"), &head));
    for (size_t i = 0; i < head; i++) {
        char was = text.p[i], other = was == 'A' ? 'B' : 'A';
        int fd = open(file("w3"), O_WRONLY);
        assert_int_equal(pwrite(fd, &other, 1, (off_t)i), 1);
        if (witness_read(&w, file("w3"), &e) == OK) {
            print_message("byte %zu of the state may be anything\n", i);
            fail();
        }
        assert_int_equal(pwrite(fd, &was, 1, (off_t)i), 1);
        close(fd);
    }
    assert_int_equal(witness_read(&w, file("w3"), &e), OK);
    witness_finish(&w);
    arena_finish(&arena);
    key_close(k);
    shop_close(&x);
}

static void write_file(const char *name, struct str text)
{
    char path[300];
    snprintf(path, sizeof path, "%s", file(name));
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
        *slash = '/';
    }
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
    fclose(f);
}

/* The log as static files, as C2SP tlog-tiles lays them out. */
static void mirror(struct shop *x, const char *name)
{
    struct buf b, path;
    struct checkpoint c;
    buf_init(&b);
    buf_init(&path);
    last_note(x, &b, &c);
    buf_printf(&path, "%s/checkpoint", name);
    buf_char(&path, '\0');
    write_file(path.p, buf_view(&b));
    for (int level = 0; level < 3; level++) {
        uint64_t hashes = c.size >> (8 * level);
        for (uint64_t i = 0; i * 256 < hashes; i++) {
            int width = hashes - i * 256 < 256 ? (int)(hashes - i * 256) : 256;
            assert_int_equal(log_tile(x->l, level, i, width, &b, NULL), OK);
            buf_clear(&path);
            buf_printf(&path, "%s/", name);
            tile_path(level, i, width, &path);
            buf_char(&path, '\0');
            write_file(path.p, buf_view(&b));
        }
    }
    buf_finish(&b);
    buf_finish(&path);
}

static void test_mirror(void **state)
{
    (void)state;
    struct shop x = shop_open("source");
    struct error e = {0};
    struct key *k = witness_key("w4.key");
    struct public_key log_key = *key_public(x.s.key[0]);
    struct log_view v;
    char at[300];
    snprintf(at, sizeof at, "%s", file("mirror"));
    v = (struct log_view){.dir = at};
    static const int grow[] = {1, 1, 1, 252, 1, 1, 1, 255, 513, 3};
    for (size_t i = 0; i < sizeof grow / sizeof *grow; i++) {
        add(&x, grow[i], "entry", true);
        mirror(&x, "mirror");
        if (look("w4", &v, k, i == 0 ? &log_key : NULL, &e) != OK)
            fail_msg("at %llu: %s", (unsigned long long)log_size(x.l), e.detail_en);
    }
    for (int i = 0; i < 30; i++) {
        add(&x, 1 + (int)rng_below(&rng, 3000), "entry", true);
        mirror(&x, "mirror");
        if (look("w4", &v, k, NULL, &e) != OK)
            fail_msg("at %llu: %s", (unsigned long long)log_size(x.l), e.detail_en);
    }
    /* a fork, as files */
    shop_close(&x);
    fork_shop("source", "forked");
    x = shop_open("source");
    struct shop y = shop_open("forked");
    add(&x, 5, "entry", true);
    mirror(&x, "mirror");
    assert_int_equal(look("w4", &v, k, NULL, &e), OK);
    add(&y, 600, "other", true);
    mirror(&y, "mirror");
    assert_int_equal(look("w4", &v, k, NULL, &e), ERR_INTEGRITY);
    assert_non_null(strstr(e.detail_en, "not signed"));
    /* a damaged tile, and one that is gone */
    uint64_t from = log_size(x.l);
    struct buf b;
    buf_init(&b);
    add(&x, 700, "entry", true);
    mirror(&x, "mirror");
    buf_z(&b, "mirror/");
    tile_path(0, from / 256, 256, &b);
    buf_char(&b, '\0');
    write_file(b.p, STR("short"));
    assert_int_equal(look("w4", &v, k, NULL, &e), ERR_INTEGRITY);
    assert_non_null(strstr(e.detail_en, "wrong length"));
    unlink(file(b.p));
    assert_int_equal(look("w4", &v, k, NULL, &e), ERR_NOT_FOUND);
    mirror(&x, "mirror");
    assert_int_equal(look("w4", &v, k, NULL, &e), OK);
    buf_clear(&b);
    tile_path(0, 1234067, 256, &b);
    tile_path(-1, 1000, 3, &b);
    buf_char(&b, '\0');
    assert_string_equal(b.p, "tile/0/x001/x234/067tile/entries/x001/000.p/3");
    buf_finish(&b);
    key_close(k);
    shop_close(&x);
    shop_close(&y);
}

/* --- backups ------------------------------------------------------------------------------- */

static struct restore_ask restore_of(const char *backup, const char *store)
{
    static char path[2][300];
    snprintf(path[0], sizeof path[0], "%s", file(backup));
    snprintf(path[1], sizeof path[1], "%s", file(store));
    return (struct restore_ask){.file = path[0], .store = path[1], .now = 1790001000};
}

static void test_backup(void **state)
{
    (void)state;
    struct shop x = shop_open("live");
    struct error e = {0};
    struct log_audit a;
    struct restored done;
    add(&x, 99, "entry", true);
    assert_int_equal(backup_make(x.d, file("b1"), NULL, NULL, NULL, &a, &e), OK);
    assert_int_equal(a.leaves, 100);
    assert_int_equal(backup_make(x.d, file("b1"), NULL, NULL, NULL, &a, &e), ERR_CONFLICT);
    assert_int_not_equal(access(file("b1.key"), F_OK), 0);
    assert_int_not_equal(access(file("b1-wal"), F_OK), 0);
    struct restore_ask ask = restore_of("b1", "live");
    assert_int_equal(backup_restore(&ask, &done, &e), ERR_CONFLICT); /* a store is there */
    ask.force = true;
    assert_int_equal(backup_restore(&ask, &done, &e), ERR_BUSY); /* and in use */
    add(&x, 50, "later", true);
    shop_close(&x);
    /* what a witness saw is more than the backup has */
    struct log_view v;
    struct key *k = witness_key("w5.key");
    x = shop_open("live");
    v = (struct log_view){.log = x.l};
    assert_int_equal(look("w5", &v, k, key_public(x.s.key[0]), &e), OK);
    shop_close(&x);
    struct witness w;
    assert_int_equal(witness_read(&w, file("w5"), &e), OK);
    copy_file(file("live.key"), file("fresh.key"));
    ask = restore_of("b1", "fresh");
    ask.seen = &w.seen;
    ask.seen_origin = w.origin;
    assert_int_equal(backup_restore(&ask, &done, &e), ERR_INTEGRITY);
    assert_non_null(strstr(e.detail_en, "has 100 entries, the witness saw 150"));
    assert_int_not_equal(access(file("fresh"), F_OK), 0);
    assert_int_not_equal(access(file("fresh.restore"), F_OK), 0);
    ask.force = true;
    ask.seen_origin = "fumao/another"; /* not even then: it is the wrong witness */
    assert_int_equal(backup_restore(&ask, &done, &e), ERR_USAGE);
    ask.seen_origin = w.origin;
    if (backup_restore(&ask, &done, &e) != OK)
        fail_msg("%s", e.detail_en);
    assert_true(done.is_signed);
    /* it says so on its log, and the witness does not sign it */
    x = shop_open("fresh");
    struct buf leaf;
    buf_init(&leaf);
    assert_int_equal(log_leaf(x.l, 100, &leaf, &e), OK);
    buf_char(&leaf, '\0');
    assert_string_equal(leaf.p,
                        "{\"at\":1790001000,\"from\":100,\"kind\":\"restore\",\"witness\":150}");
    assert_int_equal(audit(x.d, NULL, NULL).faults, 0);
    v = (struct log_view){.log = x.l};
    assert_int_equal(look("w5", &v, k, NULL, &e), ERR_INTEGRITY);
    add(&x, 200, "again", true);
    assert_int_equal(look("w5", &v, k, NULL, &e), ERR_INTEGRITY); /* nor when it has outgrown it */
    buf_finish(&leaf);
    shop_close(&x);
    witness_finish(&w);
    key_close(k);
}

static void test_restore_replaces(void **state)
{
    (void)state;
    struct shop x = shop_open("used");
    struct error e = {0};
    struct log_audit a;
    struct restored done;
    add(&x, 20, "entry", true);
    assert_int_equal(backup_make(x.d, file("b2"), NULL, NULL, NULL, &a, &e), OK);
    add(&x, 20, "later", true);
    shop_close(&x);
    struct restore_ask ask = restore_of("b2", "used");
    ask.force = true;
    if (backup_restore(&ask, &done, &e) != OK)
        fail_msg("%s", e.detail_en);
    assert_int_equal(done.seen, 41); /* what the store that is now aside had signed */
    assert_int_equal(access(done.aside, F_OK), 0);
    char nodes[700]; /* of the old store: they must not be taken for the new one's */
    snprintf(nodes, sizeof nodes, "%s.sha256", done.aside);
    assert_int_equal(access(nodes, F_OK), 0);
    x = shop_open("used");
    assert_int_equal(log_size(x.l), 22);
    assert_int_equal(audit(x.d, key_public(x.s.key[0]), NULL).faults, 0);
    shop_close(&x);
    /* after a change of key, the backup of before needs the key of before */
    x = shop_open("used");
    assert_int_equal(signer_rotate(&x.s, x.l, KEY_ED25519, 1790002000, &e), OK);
    shop_close(&x);
    ask.now++;
    assert_int_equal(backup_restore(&ask, &done, &e), ERR_INTEGRITY); /* not under this key */
    struct public_key old;
    struct key *k;
    assert_int_equal(key_open(&k, file("used.key.old"), a.head.origin, &e), OK);
    old = *key_public(k);
    key_close(k);
    ask.key = &old;
    assert_int_equal(backup_restore(&ask, &done, &e), ERR_CONFLICT);
    assert_int_equal(rename(file("used.key.old"), file("used.key")), 0);
    assert_int_equal(backup_restore(&ask, &done, &e), OK);
}

/* A backup with one byte changed anywhere does not come back as what it was not: it is refused, or
 * the byte was one that no entry, checkpoint or row has. */
static void test_damaged_backup(void **state)
{
    (void)state;
    struct shop x = shop_open("frail");
    struct error e = {0};
    struct log_audit a;
    struct restored done;
    add(&x, 300, "entry", true);
    assert_int_equal(backup_make(x.d, file("b3"), NULL, NULL, NULL, &a, &e), OK);
    shop_close(&x);
    copy_file(file("frail.key"), file("back.key"));
    struct restore_ask ask = restore_of("b3", "back");
    int fd = open(file("b3"), O_RDWR), refused = 0;
    off_t size = lseek(fd, 0, SEEK_END);
    for (int i = 0; i < 200; i++) {
        char was, other;
        off_t at = (off_t)rng_below(&rng, (uint32_t)size);
        assert_int_equal(pread(fd, &was, 1, at), 1);
        other = (char)~was;
        assert_int_equal(pwrite(fd, &other, 1, at), 1);
        enum err r = backup_restore(&ask, &done, &e);
        refused += r != OK;
        if (r == OK) {
            assert_memory_equal(done.audit.head.root.b, a.head.root.b, 32);
            assert_int_equal(done.audit.leaves, a.leaves);
            unlink(file("back"));
        } else {
            assert_int_not_equal(access(file("back"), F_OK), 0);
        }
        unlink(file("back-wal"));
        unlink(file("back-shm"));
        unlink(file("back.sha256"));
        assert_int_equal(pwrite(fd, &was, 1, at), 1);
    }
    close(fd);
    print_message("200 bytes of a backup of %lld changed: %d refused, the others held the same log\n",
                  (long long)size, refused);
    assert_true(refused > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_flips_in_the_store),
        cmocka_unit_test(test_names_the_entry),
        cmocka_unit_test(test_node_file),
        cmocka_unit_test(test_deleted),
        cmocka_unit_test(test_reordered),
        cmocka_unit_test(test_inserted),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_rewritten_checkpoint),
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_taken_over),
        cmocka_unit_test(test_witness),
        cmocka_unit_test(test_witness_follows_the_key),
        cmocka_unit_test(test_witness_memory),
        cmocka_unit_test(test_mirror),
        cmocka_unit_test(test_backup),
        cmocka_unit_test(test_restore_replaces),
        cmocka_unit_test(test_damaged_backup),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
