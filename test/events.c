#include "events.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ledger/audit.h"
#include "plain_tree.h"

enum err events_prepare(struct db *d, struct error *e)
{
    return db_exec(d,
                   "CREATE TABLE IF NOT EXISTS kept(who INTEGER PRIMARY KEY, last INTEGER NOT NULL,"
                   " total INTEGER NOT NULL) STRICT",
                   e);
}

static enum err change_row(const struct event *v, struct db *d, struct error *e)
{
    struct db_stmt *s;
    bool row;
    TRY(db_prepare(d,
                   "INSERT INTO kept VALUES(?1,?2,?2) ON CONFLICT(who) DO UPDATE"
                   " SET last=?2, total=total+?2",
                   &s, e));
    db_bind_int(s, 1, v->who);
    db_bind_int(s, 2, v->n);
    enum err r = db_step(s, &row, e);
    db_finish(s);
    return r;
}

enum err event_write(void *event, struct db *d, struct log *l, struct error *e)
{
    const struct event *v = event;
    struct buf b;
    TRY(change_row(v, d, e));
    buf_init(&b);
    buf_printf(&b, "{\"at\":0,\"kind\":\"event\",\"n\":%lld,\"pad\":\"", (long long)v->n);
    for (size_t i = 0; i < v->pad; i++)
        buf_char(&b, (char)('a' + i % 26));
    buf_printf(&b, "\",\"who\":%d}", v->who);
    enum err r = log_append(l, buf_view(&b), NULL, e);
    buf_finish(&b);
    if (r == OK && v->fails)
        r = err_set(e, ERR_CONFLICT, "%s", "%s", "this one fails");
    return r;
}

/* --- judging ------------------------------------------------------------------------------ */

struct judge {
    struct event_check *out;
    struct db *d;
    struct log *l;
    struct rng *rng;
    struct digest *leaf[HASH_KINDS]; /* leaf hashes */
    uint64_t n, room;
    uint16_t (*seen)[EVENT_NUMBERS];
    int64_t last[EVENT_WRITERS], total[EVENT_WRITERS];
    uint64_t newest; /* leaves up to the last event that was told to be done */
    bool twin;
    double from;
};

static void fault(struct judge *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void fault(struct judge *j, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    if (j->out->faults++ == 0)
        vsnprintf(j->out->first, sizeof j->out->first, fmt, args);
    va_end(args);
}

static void count_event(struct judge *j, const struct telling *t, struct str leaf)
{
    long long n = 0;
    int who = -1;
    struct str tail;
    size_t at;
    if (!str_has_prefix(leaf, STR("{\"at\":0,\"kind\":\"event\",\"n\":")))
        return;
    if (!str_find(leaf, STR("\"who\":"), &at))
        at = 0;
    tail = (struct str){leaf.p + at, leaf.n - at};
    if (sscanf(leaf.p + 27, "%lld", &n) != 1 || sscanf(tail.p, "\"who\":%d", &who) != 1 || n < 1 ||
        n >= EVENT_NUMBERS || who < 0 || who >= EVENT_WRITERS) {
        fault(j, "leaf %llu is none of ours", (unsigned long long)j->n);
        return;
    }
    j->seen[who][n]++;
    j->last[who] = n;
    j->total[who] += n;
    if (t->of[who][n] == TOLD_FAILED)
        fault(j, "event %lld of %d failed and is there", n, who);
    if (t->of[who][n] == TOLD_DONE)
        j->newest = j->n + 1;
}

static void read_leaves(struct judge *j, const struct telling *t)
{
    struct db_stmt *s;
    bool row;
    check(db_prepare(j->d, "SELECT seq,leaf FROM entry ORDER BY seq", &s, NULL) == OK);
    while (db_step(s, &row, NULL) == OK && row) {
        struct str leaf = db_text(s, 1);
        if ((uint64_t)db_int(s, 0) != j->n)
            fault(j, "leaf %llu is missing", (unsigned long long)j->n);
        if (j->n == j->room) {
            j->room = j->room == 0 ? 1024 : 2 * j->room;
            for (int k = 0; k < HASH_KINDS; k++) {
                j->leaf[k] = realloc(j->leaf[k], j->room * sizeof *j->leaf[k]);
                check(j->leaf[k] != NULL);
            }
        }
        for (int k = 0; k < (j->twin ? 2 : 1); k++)
            j->leaf[k][j->n] = plain_leaf((enum hash_kind)k, leaf);
        count_event(j, t, leaf);
        j->n++;
    }
    db_finish(s);
    j->out->leaves = j->n;
}

static void check_told(struct judge *j, const struct telling *t)
{
    for (int who = 0; who < EVENT_WRITERS; who++)
        for (int n = 1; n <= t->max; n++) {
            if (t->of[who][n] == TOLD_DONE)
                j->out->done++;
            if (t->of[who][n] == TOLD_DONE && j->seen[who][n] == 0)
                fault(j, "event %d of %d was told to be done and is lost", n, who);
            if (j->seen[who][n] > 1)
                fault(j, "event %d of %d is there %d times", n, who, j->seen[who][n]);
        }
}

/* The leaves played again make the rows. */
static void check_rows(struct judge *j)
{
    struct db_stmt *s;
    bool row;
    check(db_prepare(j->d,
                     "SELECT coalesce(max(last),0),coalesce(max(total),0) FROM kept WHERE who=?1",
                     &s, NULL) == OK);
    for (int who = 0; who < EVENT_WRITERS; who++) {
        db_bind_int(s, 1, who);
        if (db_step(s, &row, NULL) != OK || db_int(s, 0) != j->last[who] ||
            db_int(s, 1) != j->total[who])
            fault(j, "the row of %d is not what the leaves say", who);
        db_reset(s);
    }
    db_finish(s);
}

static void check_store(struct judge *j)
{
    struct db_stmt *s;
    bool row;
    check(db_prepare(j->d, "PRAGMA integrity_check", &s, NULL) == OK);
    if (db_step(s, &row, NULL) != OK || !row || !str_eqz(db_text(s, 0), "ok"))
        fault(j, "the store is not whole");
    db_finish(s);
}

/* The last head: signed, of these leaves, and over everything that was told to be done. */
static void check_head(struct judge *j)
{
    struct buf note;
    struct checkpoint c;
    struct public_key key;
    struct error e = {0};
    buf_init(&note);
    enum err r = log_last_checkpoint(j->l, &note, &e);
    if (r == OK && (r = signer_key_at(j->l, j->n, &key, &e)) == OK)
        r = checkpoint_open(buf_view(&note), &key, &c, &e);
    if (r != OK) {
        if (j->n > 0)
            fault(j, "the last head: %s", e.detail_en);
    } else if (c.size > j->n || c.size < j->newest) {
        fault(j, "the last head is of %llu leaves", (unsigned long long)c.size);
    } else {
        struct digest want = plain_root(HASH_SHA256, j->leaf[0], 0, c.size);
        struct digest twin = j->twin ? plain_root(HASH_SM3, j->leaf[1], 0, c.size) : want;
        if (memcmp(&want, &c.root, 32) != 0 || (j->twin && memcmp(&twin, &c.sm3, 32) != 0))
            fault(j, "the last head is not of these leaves");
    }
    buf_finish(&note);
}

static void check_proof(struct judge *j, struct hasher *h, enum hash_kind k, uint64_t index,
                        uint64_t size, const struct digest *root)
{
    struct proof_path p;
    struct error e = {0};
    enum err r = log_inclusion(j->l, index, size, k, &p, &e);
    j->out->proofs++;
    if (r == ERR_INTEGRITY)
        j->out->refused++;
    else if (r != OK)
        fault(j, "proof of %llu in %llu: %s", (unsigned long long)index, (unsigned long long)size,
              e.detail_en);
    else if (!merkle_check_inclusion(h, &j->leaf[k][index], index, size, &p, root))
        fault(j, "wrong proof of %llu in %llu", (unsigned long long)index,
              (unsigned long long)size);
}

static void check_growth(struct judge *j, struct hasher *h, enum hash_kind k, uint64_t from,
                         uint64_t to, const struct digest *root)
{
    struct proof_path p;
    struct digest old = plain_root(k, j->leaf[k], 0, from);
    enum err r = log_consistency(j->l, from, to, k, &p, NULL);
    j->out->proofs++;
    if (r == ERR_INTEGRITY)
        j->out->refused++;
    else if (r != OK || !merkle_check_consistency(h, from, &old, to, root, &p))
        fault(j, "wrong proof from %llu to %llu", (unsigned long long)from, (unsigned long long)to);
}

static void check_proofs(struct judge *j, enum hash_kind k)
{
    struct hasher *h = hasher_create(k);
    struct digest root;
    for (int i = 0; i < 12 && j->n > 0; i++) {
        uint64_t size = i < 6 ? j->n : 1 + rng_below(j->rng, (uint32_t)j->n);
        struct digest want = plain_root(k, j->leaf[k], 0, size);
        enum err r = log_root(j->l, size, k, &root, NULL);
        if (r == ERR_INTEGRITY)
            j->out->refused++;
        else if (r != OK || memcmp(&root, &want, 32) != 0)
            fault(j, "wrong root of %llu", (unsigned long long)size);
        check_proof(j, h, k, rng_below(j->rng, (uint32_t)size), size, &want);
        check_growth(j, h, k, rng_below(j->rng, (uint32_t)size + 1), size, &want);
    }
    hasher_destroy(h);
}

static void check_tile(struct judge *j)
{
    struct buf b;
    buf_init(&b);
    uint64_t tile = j->n == 0 ? 0 : rng_below(j->rng, (uint32_t)(j->n + 255) / 256);
    int width = (int)(j->n - tile * 256 < 256 ? j->n - tile * 256 : 256);
    enum err r = width == 0 ? ERR_NOT_FOUND : log_tile(j->l, 0, tile, width, &b, NULL);
    if (r == ERR_INTEGRITY)
        j->out->refused++;
    else if (width > 0 && (r != OK || b.n != (size_t)width * 32 ||
                           memcmp(b.p, j->leaf[0] + tile * 256, b.n) != 0))
        fault(j, "wrong tile %llu", (unsigned long long)tile);
    buf_finish(&b);
}

static void audit(struct judge *j)
{
    struct log_audit a;
    struct error e = {0};
    enum err r = log_audit(j->d, &(struct audit_ask){0}, &a, &e);
    if (r != OK && (r != ERR_NOT_FOUND || j->n > 0))
        fault(j, "the audit: %s", e.detail_en);
    else if (r == OK && (j->out->audit = a.faults) > 0 && j->out->first[0] == 0)
        snprintf(j->out->first, sizeof j->out->first, "the audit: %s", a.first.detail_en);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void judge(struct judge *j, const struct telling *t)
{
    struct signer signer = {0};
    struct error e = {0};
    struct digest root;
    if (events_prepare(j->d, &e) != OK || log_open(&j->l, j->d, PROFILE_SHA256, &e) != OK) {
        fault(j, "the log does not open: %s", e.detail_en);
        return;
    }
    if (signer_open(&signer, j->l, KEY_ED25519, 0, &e) != OK)
        fault(j, "the key does not open: %s", e.detail_en);
    j->out->open_ms = now_ms() - j->from;
    j->twin = log_root(j->l, 0, HASH_SM3, &root, NULL) == OK;
    check_store(j);
    read_leaves(j, t);
    if (log_size(j->l) != j->n)
        fault(j, "the log has %llu leaves, the store %llu", (unsigned long long)log_size(j->l),
              (unsigned long long)j->n);
    check_told(j, t);
    check_rows(j);
    if (j->out->faults == 0) {
        check_head(j);
        check_proofs(j, HASH_SHA256);
        if (j->twin)
            check_proofs(j, HASH_SM3);
        check_tile(j);
    }
    signer_close(&signer);
    audit(j);
}

void events_check(const char *spec, const struct telling *t, struct rng *rng,
                  struct event_check *out)
{
    struct judge j = {.out = out, .rng = rng};
    struct error e = {0};
    memset(out, 0, sizeof *out);
    j.seen = calloc(EVENT_WRITERS, sizeof *j.seen);
    check(j.seen != NULL);
    j.from = now_ms();
    if (db_open(&j.d, spec, &e) != OK)
        fault(&j, "the store does not open: %s", e.detail_en);
    else
        judge(&j, t);
    log_close(j.l);
    db_close(j.d);
    for (int k = 0; k < HASH_KINDS; k++)
        free(j.leaf[k]);
    free(j.seen);
}
