#include "ledger/audit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ledger/leaf.h"
#include "ledger/nodes.h"

enum { PROGRESS_EVERY = 16384, NODE_ROOM = 32768 /* hashes read at once */ };

/* The node file, read in step with the leaves: node after node in the order of completion. */
struct node_file {
    int fd; /* -1: none, it is made when the log is opened */
    char name[32];
    uint64_t at, end; /* next node; how many are said to be on the disk */
    struct digest *room;
    uint64_t from, have; /* what room holds */
    bool odd;            /* one differs, and no checkpoint has told yet who is wrong */
    bool odd_leaf;       /* it is the hash of the leaf itself */
    bool told, is_short;
    uint64_t leaf;
};

struct audit_tree {
    struct hasher *hasher;
    struct frontier edge;
    struct node_file file;
};

struct audit {
    const struct audit_ask *ask;
    struct log_audit *out;
    char origin[128];
    uint64_t total, synced;
    int n_trees;
    struct audit_tree tree[HASH_KINDS];
    struct public_key key, before; /* in force now; at the last checkpoint. n = 0: none */
    uint64_t key_leaf;             /* that named `key` */
    bool anchored;                 /* from here on changes must be signed by both */
    struct db_stmt *checkpoints;
    bool more; /* the statement stands on a checkpoint */
    struct timespec began;
};

/* Where a fault is written: only the first is kept. */
static struct error *fault(struct audit *a)
{
    return a->out->faults++ == 0 ? &a->out->first : NULL;
}

static unsigned long long ull(uint64_t v)
{
    return v;
}

/* --- node files --------------------------------------------------------------------------- */

/* Nodes that differ are no fault yet: the next checkpoint tells whether file or leaf is wrong. */
static void compare_node(void *ctx, int level, uint64_t index, const struct digest *d)
{
    struct audit_tree *t = ctx;
    struct node_file *f = &t->file;
    (void)index;
    if (f->fd < 0 || f->at >= f->end)
        return;
    if (f->at >= f->from + f->have) {
        ssize_t got = pread(f->fd, f->room, NODE_ROOM * sizeof *f->room, (off_t)(f->at * 32));
        f->from = f->at;
        f->have = got < 0 ? 0 : (uint64_t)got / 32;
        if (f->have == 0) {
            f->is_short = true;
            f->end = f->at;
            return;
        }
    }
    if (!f->odd && memcmp(f->room[f->at - f->from].b, d->b, 32) != 0) {
        f->odd = true;
        f->odd_leaf = level == 0;
        f->leaf = t->edge.size;
    }
    f->at++;
}

static void open_nodes(struct node_file *f, const struct db *d, int tree, uint64_t synced)
{
    static const char *const suffix[] = {"sha256", "sm3"};
    char path[600];
    f->fd = -1;
    snprintf(f->name, sizeof f->name, "STORE.%s", suffix[tree]);
    if (strcmp(db_path(d), ":memory:") == 0 || synced == 0)
        return;
    snprintf(path, sizeof path, "%s.%s", db_path(d), suffix[tree]);
    f->fd = open(path, O_RDONLY | O_CLOEXEC);
    f->end = nodes_before(synced);
    f->room = f->fd < 0 ? NULL : malloc(NODE_ROOM * sizeof *f->room);
    check(f->fd < 0 || f->room != NULL);
}

static void node_file_wrong(struct audit *a, const struct node_file *f)
{
    struct error *e = fault(a);
    err_set(e, ERR_INTEGRITY, "节点文件 %s 与条目不符，自第 %llu 条起",
            "the node file %s is not that of the entries, from entry %llu on", f->name,
            ull(f->leaf));
    err_hint(e, "stop the program and remove the file: it is made again from the entries");
}

/* The roots hold, so what differs is the cache. */
static void settle_nodes(struct audit *a)
{
    for (int t = 0; t < a->n_trees; t++) {
        struct node_file *f = &a->tree[t].file;
        if (f->odd && !f->told) {
            node_file_wrong(a, f);
            f->told = true;
        }
    }
}

static void finish_nodes(struct audit *a)
{
    for (int t = 0; t < a->n_trees; t++) {
        struct node_file *f = &a->tree[t].file;
        a->out->node_hashes += f->at;
        if (f->odd && !f->told)
            err_set(fault(a), ERR_INTEGRITY, "第 %llu 条与节点文件 %s 不符",
                    "entry %llu and the node file %s do not agree", ull(f->leaf), f->name);
        if (f->is_short)
            err_set(fault(a), ERR_INTEGRITY, "节点文件 %s 只有 %llu 个节点，应有 %llu 个",
                    "the node file %s has %llu nodes of %llu", f->name, ull(f->at),
                    ull(nodes_before(a->synced)));
    }
}

/* --- keys --------------------------------------------------------------------------------- */

static bool same_key(const struct public_key *x, const struct public_key *y)
{
    return x->n > 0 && x->n == y->n && x->kind == y->kind && memcmp(x->id, y->id, 4) == 0 &&
           memcmp(x->bytes, y->bytes, x->n) == 0;
}

/* As signer_key_at finds it: the kind is the last member of a canonical key leaf. */
static void look_for_key(struct audit *a, uint64_t index, struct str leaf)
{
    static const char tail[] = "\"kind\":\"key\"}";
    struct arena arena;
    struct str line;
    struct public_key k;
    if (leaf.n < sizeof tail || memcmp(leaf.p + leaf.n - (sizeof tail - 1), tail, sizeof tail - 1))
        return;
    arena_init(&arena);
    if (!leaf_member(&arena, leaf, "key", &line) || public_key_read(line, &k, NULL) != OK) {
        err_set(fault(a), ERR_INTEGRITY, "第 %llu 条应写明密钥，但不能读出",
                "entry %llu should name a key, and none can be read there", ull(index));
    } else {
        a->out->changes += a->key.n > 0 && !same_key(&a->key, &k);
        a->key = k;
        a->key_leaf = index;
    }
    arena_finish(&arena);
}

/* A key is taken over only on the word of the one before it. */
static void check_change(struct audit *a, struct str note)
{
    struct checkpoint c;
    if (a->before.n == 0 || same_key(&a->before, &a->key) ||
        checkpoint_open(note, &a->before, &c, NULL) == OK)
        return;
    if (a->anchored)
        err_set(fault(a), ERR_INTEGRITY, "第 %llu 条更换密钥，未经先前的密钥签名",
                "the change of key at entry %llu is not signed by the key before it",
                ull(a->key_leaf));
    else
        a->out->breaks++;
}

static bool check_signature(struct audit *a, struct str note, uint64_t size)
{
    struct checkpoint c;
    struct error why = {0};
    if (a->key.n == 0 && a->ask->key != NULL)
        a->key = *a->ask->key; /* the log names none */
    if (a->key.n == 0) {
        err_set(fault(a), ERR_INTEGRITY, "大小为 %llu 的检查点之前没有写明密钥",
                "no key is named before the checkpoint of size %llu", ull(size));
        return false;
    }
    check_change(a, note);
    a->before = a->key;
    a->anchored |= a->ask->key == NULL || same_key(a->ask->key, &a->key);
    if (checkpoint_open(note, &a->key, &c, &why) == OK)
        return true;
    struct error *e = fault(a);
    if (e != NULL) {
        err_set(e, ERR_INTEGRITY, "大小为 %llu 的检查点：%.200s", "the checkpoint of size %llu: %.200s",
                ull(size), why.detail_en);
        snprintf(e->detail_zh, sizeof e->detail_zh, "大小为 %llu 的检查点：%.250s", ull(size),
                 why.detail_zh);
    }
    return false;
}

/* --- checkpoints -------------------------------------------------------------------------- */

/* Says which entry it is, if the node file has the hash of what was signed. */
static void wrong_root(struct audit *a, uint64_t size)
{
    const struct node_file *f = &a->tree[0].file;
    struct error *e = fault(a);
    if (f->odd && f->odd_leaf && !f->told)
        err_set(e, ERR_INTEGRITY, "第 %llu 条不是已签名的内容（检查点大小 %llu）",
                "entry %llu is not what was signed (checkpoint of size %llu)", ull(f->leaf),
                ull(size));
    else
        err_set(e, ERR_INTEGRITY, "条目 %llu 至 %llu 不是大小为 %llu 的检查点所签名的内容",
                "entries %llu to %llu are not what the checkpoint of size %llu signed",
                ull(a->out->head.size), ull(size) - 1, ull(size));
}

static bool check_roots(struct audit *a, const struct checkpoint *c)
{
    struct digest root = frontier_root(a->tree[0].hasher, &a->tree[0].edge);
    bool fits = memcmp(root.b, c->root.b, 32) == 0;
    if (!fits)
        wrong_root(a, c->size);
    if (c->has_sm3 != (a->n_trees == 2)) {
        err_set(fault(a), ERR_INTEGRITY, "大小为 %llu 的检查点与日志的散列配置不同",
                "the checkpoint of size %llu is of another profile of hashes", ull(c->size));
        return false;
    }
    if (!c->has_sm3)
        return fits;
    root = frontier_root(a->tree[1].hasher, &a->tree[1].edge);
    if (memcmp(root.b, c->sm3.b, 32) == 0)
        return fits;
    err_set(fault(a), ERR_INTEGRITY, "大小为 %llu 的检查点：SM3 树根不符",
            "the checkpoint of size %llu: the SM3 root does not fit", ull(c->size));
    return false;
}

/* The checkpoint at hand, whose size the trees have just reached. */
static void check_note(struct audit *a, int64_t size, struct str note)
{
    struct checkpoint c;
    struct error why = {0};
    a->out->checkpoints++;
    if (checkpoint_read(note, &c, &why) != OK || (int64_t)c.size != size) {
        err_set(fault(a), ERR_INTEGRITY, "第 %lld 个大小的检查点不能读，或大小不是所记的",
                "the checkpoint kept as of size %lld cannot be read or has another size",
                (long long)size);
        return;
    }
    if (strcmp(c.origin, a->origin) != 0) {
        err_set(fault(a), ERR_INTEGRITY, "大小为 %llu 的检查点属于另一日志 %s",
                "the checkpoint of size %llu is of another log, %s", ull(c.size), c.origin);
        return;
    }
    bool roots = check_roots(a, &c);
    bool is_signed = check_signature(a, note, c.size);
    if (roots && is_signed) {
        settle_nodes(a);
        a->out->head = c;
    }
}

static enum err next_checkpoint(struct audit *a, struct error *e)
{
    return db_step(a->checkpoints, &a->more, e);
}

/* All checkpoints up to the size the trees have; at the end, the rest, which the log lacks. */
static enum err reach(struct audit *a, bool end, struct error *e)
{
    uint64_t size = a->tree[0].edge.size;
    const struct log_seen *seen = a->ask->seen;
    if (seen != NULL && seen->size == size) {
        struct digest root = frontier_root(a->tree[0].hasher, &a->tree[0].edge);
        a->out->seen = memcmp(root.b, seen->root.b, 32) == 0 ? SEEN_HOLDS : SEEN_DIFFERS;
    }
    while (a->more) {
        int64_t at = db_int(a->checkpoints, 0);
        if (at > (int64_t)size && !end)
            return OK;
        if (at == (int64_t)size)
            check_note(a, at, db_text(a->checkpoints, 1));
        else
            err_set(fault(a), ERR_INTEGRITY, "日志有 %llu 条，签名的检查点却有 %lld 条",
                    "the log has %llu entries, a signed checkpoint %lld", ull(size),
                    (long long)at);
        TRY(next_checkpoint(a, e));
    }
    return OK;
}

/* --- leaves ------------------------------------------------------------------------------- */

static double seconds_since(const struct timespec *t)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - t->tv_sec) + (double)(now.tv_nsec - t->tv_nsec) / 1e9;
}

static void take_leaf(struct audit *a, uint64_t index, struct str leaf)
{
    for (int t = 0; t < a->n_trees; t++) {
        struct audit_tree *x = &a->tree[t];
        struct digest d = merkle_leaf(x->hasher, leaf.p, leaf.n);
        frontier_add(x->hasher, &x->edge, &d, compare_node, x);
    }
    look_for_key(a, index, leaf);
    if (a->ask->progress != NULL && (index + 1) % PROGRESS_EVERY == 0)
        a->ask->progress(a->ask->ctx, index + 1, a->total, seconds_since(&a->began));
}

static enum err read_leaves(struct audit *a, struct db_stmt *s, struct error *e)
{
    bool row;
    uint64_t next = 0;
    TRY(next_checkpoint(a, e));
    TRY(reach(a, false, e));
    for (;; next++) {
        TRY(db_step(s, &row, e));
        if (!row)
            break;
        if (db_int(s, 0) != (int64_t)next) {
            /* Every root after it would be wrong as well: the first fault says enough. */
            err_set(fault(a), ERR_INTEGRITY, "缺少第 %llu 条，其处为第 %lld 条",
                    "entry %llu is missing, entry %lld stands there", ull(next),
                    (long long)db_int(s, 0));
            break;
        }
        take_leaf(a, next, db_text(s, 1));
        TRY(reach(a, false, e));
    }
    a->out->leaves = next;
    return row ? OK : reach(a, true, e);
}

static void judge_end(struct audit *a)
{
    uint64_t leaves = a->out->leaves, head = a->out->head.size;
    finish_nodes(a);
    if (a->out->faults == 0 && a->key.n > 0 && head < leaves) {
        struct error *e = fault(a);
        err_set(e, ERR_INTEGRITY, "自第 %llu 条起没有签名的检查点（共 %llu 条）",
                "no signed checkpoint covers the entries from %llu on (of %llu)", ull(head),
                ull(leaves));
        err_hint(e, "written while the key file was not at hand? fumao ledger checkpoint");
    }
    if (a->ask->key != NULL && !a->anchored)
        err_set(fault(a), ERR_INTEGRITY, "日志从未由密钥 %s（%02x%02x%02x%02x）签名",
                "no checkpoint of the log is under the key %s (%02x%02x%02x%02x)",
                a->ask->key->name, a->ask->key->id[0], a->ask->key->id[1], a->ask->key->id[2],
                a->ask->key->id[3]);
    if (a->ask->seen != NULL && a->out->seen == SEEN_NONE)
        a->out->seen = SEEN_SHORTER;
    a->out->key = a->key;
}

/* --- the whole ---------------------------------------------------------------------------- */

/* One value of one row; false if there is no row. */
static enum err one_text(struct db *d, const char *sql, char *out, size_t room, bool *there,
                         struct error *e)
{
    struct db_stmt *s;
    TRY(db_prepare(d, sql, &s, e));
    enum err r = db_step(s, there, e);
    out[0] = 0;
    if (r == OK && *there)
        snprintf(out, room, "%.*s", STR_ARG(db_text(s, 0)));
    db_finish(s);
    return r;
}

static enum err read_settings(struct audit *a, struct db *d, struct error *e)
{
    char z[128];
    bool there;
    int64_t v = 0;
    TRY(one_text(d, "SELECT count(*) FROM sqlite_master WHERE type='table' AND"
                    " name IN ('entry','checkpoint','ledger')", z, sizeof z, &there, e));
    if (strcmp(z, "3") != 0)
        return err_set(e, ERR_NOT_FOUND, "存储 %s 没有日志", "the store %s has no log", db_path(d));
    TRY(one_text(d, "SELECT value FROM ledger WHERE key='origin'", a->origin, sizeof a->origin,
                 &there, e));
    TRY(one_text(d, "SELECT value FROM ledger WHERE key='profile'", z, sizeof z, &there, e));
    a->n_trees = strcmp(z, "twin") == 0 ? 2 : 1;
    TRY(one_text(d, "SELECT value FROM ledger WHERE key='synced'", z, sizeof z, &there, e));
    a->synced = str_int(str_from(z), &v) && v > 0 ? (uint64_t)v : 0;
    TRY(one_text(d, "SELECT count(*) FROM entry", z, sizeof z, &there, e));
    a->total = str_int(str_from(z), &v) ? (uint64_t)v : 0;
    if (a->synced > a->total) /* then the log is too short, or the word is wrong */
        a->synced = a->total;
    return OK;
}

static enum err run(struct audit *a, struct db *d, struct error *e)
{
    struct db_stmt *leaves = NULL;
    TRY(read_settings(a, d, e));
    for (int t = 0; t < a->n_trees; t++) {
        a->tree[t].hasher = hasher_create((enum hash_kind)t);
        open_nodes(&a->tree[t].file, d, t, a->synced);
    }
    TRY(db_prepare(d, "SELECT size,note FROM checkpoint ORDER BY size", &a->checkpoints, e));
    TRY(db_prepare(d, "SELECT seq,leaf FROM entry ORDER BY seq", &leaves, e));
    enum err r = read_leaves(a, leaves, e);
    db_finish(leaves);
    if (r == OK)
        judge_end(a);
    return r;
}

enum err log_audit(struct db *d, const struct audit_ask *ask, struct log_audit *out,
                   struct error *e)
{
    struct audit a = {.ask = ask, .out = out};
    memset(out, 0, sizeof *out);
    for (int t = 0; t < HASH_KINDS; t++)
        a.tree[t].file.fd = -1;
    clock_gettime(CLOCK_MONOTONIC, &a.began);
    TRY(db_exec(d, "BEGIN", e)); /* leaves and checkpoints of one moment */
    enum err r = run(&a, d, e);
    db_finish(a.checkpoints);
    db_exec(d, "ROLLBACK", NULL);
    for (int t = 0; t < HASH_KINDS; t++) {
        if (a.tree[t].file.fd >= 0)
            close(a.tree[t].file.fd);
        free(a.tree[t].file.room);
        hasher_destroy(a.tree[t].hasher);
    }
    return r;
}

bool audit_own_key(struct db *d, const char *path, struct public_key *out)
{
    struct key *k;
    char file[600], origin[128];
    bool there;
    snprintf(file, sizeof file, "%s.key", path);
    if (one_text(d, "SELECT value FROM ledger WHERE key='origin'", origin, sizeof origin, &there,
                 NULL) != OK || !there || key_open(&k, file, origin, NULL) != OK)
        return false;
    *out = *key_public(k);
    key_close(k);
    return true;
}
