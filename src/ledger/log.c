/*
 * The log over a store: leaves in a table that takes no update and no deletion, node hashes in
 * files that can always be computed again.
 */
#include "ledger/log.h"
#include "ledger/nodes.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    SYNC_EVERY = 65536, /* leaves between two syncs of the node files */
    SYNC_WORTH = 4096,  /* so many make it worth a reader's while, who would have to wait to write */
    TILE = 256,
};

static const char *const migrations[] = {
    "CREATE TABLE entry (seq INTEGER PRIMARY KEY, leaf TEXT NOT NULL) STRICT;"
    "CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, note TEXT NOT NULL,"
    " made_at INTEGER NOT NULL) STRICT;"
    "CREATE TABLE ledger (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
    "CREATE TRIGGER entry_stays BEFORE UPDATE ON entry"
    " BEGIN SELECT RAISE(ABORT,'the log is append-only'); END;"
    "CREATE TRIGGER entry_not_deleted BEFORE DELETE ON entry"
    " BEGIN SELECT RAISE(ABORT,'the log is append-only'); END;"
    "CREATE TRIGGER checkpoint_stays BEFORE UPDATE ON checkpoint"
    " BEGIN SELECT RAISE(ABORT,'the log is append-only'); END;"
    "CREATE TRIGGER checkpoint_not_deleted BEFORE DELETE ON checkpoint"
    " BEGIN SELECT RAISE(ABORT,'the log is append-only'); END;",
    /* signer_key_at asks at every opening: not by reading back over millions of leaves. */
    "CREATE INDEX entry_key ON entry(seq) WHERE substr(leaf,-13)='\"kind\":\"key\"}'",
};

struct tree { /* one hash over the leaves */
    enum hash_kind kind;
    struct hasher *hasher;
    struct nodes nodes;
    struct frontier done;    /* committed */
    struct frontier pending; /* with what the open transaction has appended */
    struct { /* a root proved to be of a beginning of the tree: of that it stays the root */
        bool known;
        uint64_t size;
        struct digest root;
    } proved;
};

struct log {
    struct db *d;
    int n_trees; /* 1, or 2 with the SM3 twin */
    struct tree tree[HASH_KINDS];
    uint64_t synced; /* leaves whose nodes are known to be on disk */
    bool appended;   /* by this handle */
    bool opened;     /* the leaves have been held against the checkpoint */
    bool spoilt;     /* a node was not what it must be: the next opening computes all again */
    char origin[128];
    struct db_stmt *put, *get;
};

/* --- trees -------------------------------------------------------------------------------- */

static void made(void *ctx, int level, uint64_t index, const struct digest *d)
{
    struct nodes *n = &((struct tree *)ctx)->nodes;
    check(nodes_end(n) == nodes_place(level, index));
    nodes_add(n, d);
}

static void add_leaf(struct log *l, struct str leaf)
{
    for (int t = 0; t < l->n_trees; t++) {
        struct tree *x = &l->tree[t];
        struct digest d = merkle_leaf(x->hasher, leaf.p, leaf.n);
        frontier_add(x->hasher, &x->pending, &d, made, x);
    }
}

static bool get_node(void *ctx, int level, uint64_t index, struct digest *out)
{
    return nodes_get(&((const struct tree *)ctx)->nodes, level, index, out);
}

/* The frontier of the first `size` leaves, out of the node file. */
static bool read_frontier(struct tree *t, uint64_t size)
{
    struct frontier f = {.size = size};
    uint64_t start = 0;
    for (int level = MERKLE_LEVELS - 1; level >= 0; level--) {
        if (!((size >> level) & 1))
            continue;
        if (!nodes_get(&t->nodes, level, start >> level, &f.edge[level]))
            return false;
        start += (uint64_t)1 << level;
    }
    t->done = t->pending = f;
    return true;
}

static enum err write_nodes(struct log *l, struct error *e)
{
    for (int t = 0; t < l->n_trees; t++)
        TRY(nodes_write(&l->tree[t].nodes, e));
    return OK;
}

enum set { SET_ALWAYS, SET_ONCE /* whoever comes second finds what the first has set */ };

static enum err set_value(struct log *l, const char *key, struct str value, enum set how,
                          struct error *e)
{
    struct db_stmt *s;
    bool row;
    TRY(db_prepare(l->d,
                   how == SET_ONCE
                       ? "INSERT INTO ledger VALUES(?1,?2) ON CONFLICT(key) DO NOTHING"
                       : "INSERT INTO ledger VALUES(?1,?2) ON CONFLICT(key) DO UPDATE SET value=?2",
                   &s, e));
    db_bind_text(s, 1, str_from(key));
    db_bind_text(s, 2, value);
    enum err r = db_step(s, &row, e);
    db_finish(s);
    return r;
}

static enum err get_value(struct log *l, const char *key, char *out, size_t room, struct error *e)
{
    struct db_stmt *s;
    bool row;
    out[0] = 0;
    TRY(db_prepare(l->d, "SELECT value FROM ledger WHERE key=?1", &s, e));
    db_bind_text(s, 1, str_from(key));
    enum err r = db_step(s, &row, e);
    if (r == OK && row)
        snprintf(out, room, "%.*s", STR_ARG(db_text(s, 0)));
    db_finish(s);
    return r;
}

/* How far the node files are on the disk, and the roots there ("<sha256>[ <sm3>]"), in one
 * statement: neither is ever seen without the other. */
static enum err say_synced(struct log *l, uint64_t size, struct error *e)
{
    struct db_stmt *s;
    bool row;
    char n[24], roots[2 * 65] = "";
    snprintf(n, sizeof n, "%llu", (unsigned long long)size);
    for (int t = 0; t < l->n_trees && size > 0; t++) {
        struct digest root = frontier_root(l->tree[t].hasher, &l->tree[t].done);
        hash_hex(root.b, sizeof root.b, roots + 65 * t);
        if (t > 0)
            roots[65 * t - 1] = ' ';
    }
    TRY(db_prepare(l->d, "INSERT INTO ledger VALUES('synced',?1),('synced_roots',?2)"
                         " ON CONFLICT(key) DO UPDATE SET value=excluded.value", &s, e));
    db_bind_text(s, 1, str_from(n));
    db_bind_text(s, 2, str_from(roots));
    enum err r = db_step(s, &row, e);
    db_finish(s);
    return r;
}

/* Node files reach the disk at times of their own; how far is remembered in the store. */
static enum err sync_nodes(struct log *l, struct error *e)
{
    uint64_t size = l->tree[0].done.size;
    if (size == l->synced || l->spoilt)
        return OK;
    for (int t = 0; t < l->n_trees; t++)
        TRY(nodes_sync(&l->tree[t].nodes, e));
    TRY(say_synced(l, size, e));
    l->synced = size;
    return OK;
}

/* --- opening ------------------------------------------------------------------------------ */

static enum err stored_size(struct log *l, uint64_t *size, struct error *e)
{
    struct db_stmt *s;
    bool row;
    TRY(db_prepare(l->d, "SELECT coalesce(max(seq)+1,0) FROM entry", &s, e));
    enum err r = db_step(s, &row, e);
    *size = r == OK && row ? (uint64_t)db_int(s, 0) : 0;
    db_finish(s);
    return r;
}

/* Adds the leaves [from, to) that are in the store and not in the trees. */
static enum err catch_up(struct log *l, uint64_t to, struct error *e)
{
    struct db_stmt *s;
    bool row = true;
    uint64_t next = l->tree[0].pending.size;
    TRY(db_prepare(l->d, "SELECT seq,leaf FROM entry WHERE seq>=?1 AND seq<?2 ORDER BY seq", &s, e));
    db_bind_int(s, 1, (int64_t)next);
    db_bind_int(s, 2, (int64_t)to);
    enum err r;
    while ((r = db_step(s, &row, e)) == OK && row) {
        if ((uint64_t)db_int(s, 0) != next) {
            r = err_set(e, ERR_INTEGRITY, "日志缺少第 %llu 条", "the log has no entry %llu",
                        (unsigned long long)next);
            break;
        }
        add_leaf(l, db_text(s, 1));
        next++;
        if (next % SYNC_EVERY == 0 && (r = write_nodes(l, e)) != OK)
            break;
    }
    db_finish(s);
    if (r == OK && next != to)
        r = err_set(e, ERR_INTEGRITY, "日志缺少第 %llu 条", "the log has no entry %llu",
                    (unsigned long long)next);
    if (r == OK)
        r = write_nodes(l, e);
    for (int t = 0; t < l->n_trees && r == OK; t++)
        l->tree[t].done = l->tree[t].pending;
    if (r != OK)
        log_rollback(l); /* half of them would be taken for an open transaction's */
    return r;
}

/* "<leaves> <root>[ <root>]" as last said, or "". */
static enum err read_synced(struct log *l, char *out, size_t room, struct error *e)
{
    struct db_stmt *s;
    bool row;
    out[0] = 0;
    TRY(db_prepare(l->d, "SELECT n.value||' '||r.value FROM ledger n, ledger r"
                         " WHERE n.key='synced' AND r.key='synced_roots'", &s, e));
    enum err r = db_step(s, &row, e);
    if (r == OK && row)
        snprintf(out, room, "%.*s", STR_ARG(db_text(s, 0)));
    db_finish(s);
    return r;
}

/* Takes up the node files where they were last synced: false when they are short or have not
 * the roots they had then. */
static bool resume(struct log *l, const char *said, uint64_t size)
{
    int64_t synced;
    struct str rest, root;
    if (!str_int(str_cut(str_from(said), ' ', &rest), &synced) || synced <= 0 ||
        (uint64_t)synced > size)
        return false;
    for (int t = 0; t < l->n_trees; t++) {
        struct tree *x = &l->tree[t];
        char hex[65];
        nodes_cut(&x->nodes, (uint64_t)synced);
        if (!read_frontier(x, (uint64_t)synced))
            return false;
        struct digest d = frontier_root(x->hasher, &x->done);
        hash_hex(d.b, sizeof d.b, hex);
        root = str_cut(rest, ' ', &rest);
        if (!str_eqz(root, hex))
            return false;
    }
    l->synced = (uint64_t)synced;
    return true;
}

/* All nodes will be computed again. The store must not go on saying that they are on the disk:
 * the power may fail on the way. */
static enum err start_again(struct log *l, const char *said, struct error *e)
{
    for (int t = 0; t < l->n_trees; t++) {
        struct tree *x = &l->tree[t];
        nodes_cut(&x->nodes, 0);
        memset(&x->done, 0, sizeof x->done);
        x->pending = x->done;
        x->proved.known = false;
    }
    l->synced = 0;
    return said[0] == 0 || strcmp(said, "0 ") == 0 ? OK : say_synced(l, 0, e);
}

/* The last checkpoint; without one an empty origin. */
static enum err read_head(struct log *l, struct checkpoint *c, struct error *e)
{
    struct buf note;
    buf_init(&note);
    memset(c, 0, sizeof *c);
    enum err r = log_last_checkpoint(l, &note, e);
    if (r == OK)
        r = checkpoint_read(buf_view(&note), c, e);
    buf_finish(&note);
    return r == ERR_NOT_FOUND ? OK : r;
}

/* Its roots must be those of the trees at its size. */
static bool head_fits(struct log *l, const struct checkpoint *c)
{
    struct digest root;
    for (int t = 0; t < l->n_trees && c->origin[0] != 0; t++) {
        struct tree *x = &l->tree[t];
        const struct digest *want = x->kind == HASH_SHA256 ? &c->root : &c->sm3;
        if (x->kind == HASH_SM3 && !c->has_sm3)
            continue;
        if (!merkle_root(x->hasher, c->size, get_node, x, &root) ||
            memcmp(root.b, want->b, sizeof root.b) != 0)
            return false;
    }
    return true;
}

/* The head is read before the leaves are counted: others may be writing, and whatever is committed
 * later can only add to the leaves that it stands on. */
static enum err load_trees(struct log *l, struct error *e)
{
    char said[192];
    struct checkpoint head;
    uint64_t size;
    TRY(read_head(l, &head, e));
    TRY(read_synced(l, said, sizeof said, e));
    TRY(stored_size(l, &size, e));
    if (head.size > size)
        return err_set(e, ERR_INTEGRITY, "日志只有 %llu 条，签名的检查点却有 %llu 条",
                       "the log has %llu entries, its signed checkpoint %llu",
                       (unsigned long long)size, (unsigned long long)head.size);
    bool resumed = resume(l, said, size);
    if (!resumed)
        TRY(start_again(l, said, e));
    TRY(catch_up(l, size, e));
    if (!head_fits(l, &head) && resumed) { /* the cache may be at fault; the leaves decide */
        TRY(start_again(l, said, e));
        TRY(catch_up(l, size, e));
    }
    if (!head_fits(l, &head))
        return err_set(e, ERR_INTEGRITY, "日志的条目不是检查点所签名的 %llu 条",
                       "the entries of the log are not the %llu that its checkpoint signs",
                       (unsigned long long)head.size);
    l->opened = true;
    return OK;
}

static enum err open_trees(struct log *l, enum log_profile profile, struct error *e)
{
    static const char *const suffix[] = {"sha256", "sm3"};
    char path[600], z[128];
    TRY(get_value(l, "profile", z, sizeof z, e));
    if (z[0] == 0) {
        TRY(set_value(l, "profile", profile == PROFILE_TWIN ? STR("twin") : STR("sha256"), SET_ONCE,
                      e));
        TRY(get_value(l, "profile", z, sizeof z, e));
    }
    l->n_trees = strcmp(z, "twin") == 0 ? 2 : 1;
    TRY(get_value(l, "origin", l->origin, sizeof l->origin, e));
    for (int t = 0; t < l->n_trees; t++) {
        struct tree *x = &l->tree[t];
        bool memory = strcmp(db_path(l->d), ":memory:") == 0;
        x->kind = (enum hash_kind)t;
        x->hasher = hasher_create(x->kind);
        snprintf(path, sizeof path, "%s.%s", db_path(l->d), suffix[t]);
        TRY(nodes_open(&x->nodes, memory ? NULL : path, e));
    }
    return load_trees(l, e);
}

/* A log has a name of its own: two logs are never told apart by their host alone. */
static enum err make_origin(struct log *l, struct error *e)
{
    char z[128];
    struct buf b;
    uint8_t random[8];
    char hex[17];
    TRY(get_value(l, "origin", z, sizeof z, e));
    if (z[0] != 0)
        return OK;
    random_bytes(random, sizeof random);
    hash_hex(random, sizeof random, hex);
    buf_init(&b);
    buf_printf(&b, "fumao/%s", hex);
    enum err r = set_value(l, "origin", buf_view(&b), SET_ONCE, e);
    buf_finish(&b);
    return r;
}

enum err log_open(struct log **out, struct db *d, enum log_profile profile, struct error *e)
{
    struct log *l = calloc(1, sizeof *l);
    check(l != NULL);
    *out = NULL;
    l->d = d;
    for (int t = 0; t < HASH_KINDS; t++)
        l->tree[t].nodes.fd = -1;
    enum err r = db_migrate(d, "ledger", migrations, sizeof migrations / sizeof *migrations, e);
    if (r == OK)
        r = make_origin(l, e);
    if (r == OK)
        r = db_prepare(d, "INSERT INTO entry VALUES(?1,?2)", &l->put, e);
    if (r == OK)
        r = db_prepare(d, "SELECT leaf FROM entry WHERE seq=?1", &l->get, e);
    if (r == OK)
        r = open_trees(l, profile, e);
    if (r != OK) {
        log_close(l);
        return r;
    }
    *out = l;
    return OK;
}

void log_close(struct log *l)
{
    if (l == NULL)
        return;
    const struct tree *x = &l->tree[0];
    if (l->opened && x->done.size == x->pending.size &&
        (l->appended || x->done.size - l->synced >= SYNC_WORTH))
        (void)sync_nodes(l, NULL); /* what is not synced is computed again */
    for (int t = 0; t < HASH_KINDS; t++) {
        nodes_close(&l->tree[t].nodes);
        hasher_destroy(l->tree[t].hasher);
    }
    db_finish(l->put);
    db_finish(l->get);
    free(l);
}

uint64_t log_size(const struct log *l)
{
    return l->tree[0].done.size;
}

struct db *log_db(const struct log *l)
{
    return l->d;
}

const char *log_origin(const struct log *l)
{
    return l->origin;
}

enum err log_refresh(struct log *l, struct error *e)
{
    uint64_t size;
    if (l->tree[0].pending.size != l->tree[0].done.size)
        return OK; /* a transaction of ours is open, and others have to wait for it */
    TRY(stored_size(l, &size, e));
    if (size < l->tree[0].done.size)
        return err_set(e, ERR_INTEGRITY, "日志变短了：%llu 条", "the log has become shorter: %llu entries",
                       (unsigned long long)size);
    return size == l->tree[0].done.size ? OK : catch_up(l, size, e);
}

/* --- appending ---------------------------------------------------------------------------- */

enum err log_append(struct log *l, struct str leaf, uint64_t *index, struct error *e)
{
    bool row;
    if (leaf.n > LOG_LEAF_BYTES)
        return err_set(e, ERR_LIMIT, "日志条目超过 %d 字节", "a log entry is larger than %d bytes",
                       LOG_LEAF_BYTES);
    if (l->tree[0].pending.size == l->tree[0].done.size)
        TRY(log_refresh(l, e)); /* the first of this transaction: others may have been here */
    uint64_t at = l->tree[0].pending.size;
    db_bind_int(l->put, 1, (int64_t)at);
    db_bind_text(l->put, 2, leaf);
    TRY(db_step(l->put, &row, e));
    add_leaf(l, leaf);
    if (index != NULL)
        *index = at;
    return OK;
}

enum err log_commit(struct log *l, struct error *e)
{
    l->appended = l->appended || l->tree[0].pending.size > l->tree[0].done.size;
    for (int t = 0; t < l->n_trees; t++)
        l->tree[t].done = l->tree[t].pending;
    TRY(write_nodes(l, e));
    return l->tree[0].done.size - l->synced >= SYNC_EVERY ? sync_nodes(l, e) : OK;
}

void log_rollback(struct log *l)
{
    for (int t = 0; t < l->n_trees; t++) {
        nodes_cut(&l->tree[t].nodes, l->tree[t].done.size);
        l->tree[t].pending = l->tree[t].done;
    }
}

struct log_mark log_mark(const struct log *l)
{
    struct log_mark m = {.size = l->tree[0].pending.size};
    for (int t = 0; t < l->n_trees; t++)
        m.pending[t] = l->tree[t].pending;
    return m;
}

void log_return(struct log *l, const struct log_mark *m)
{
    if (m->size < l->tree[0].done.size) {
        log_rollback(l); /* others' leaves have been taken in since: those stay */
        return;
    }
    for (int t = 0; t < l->n_trees; t++) {
        nodes_cut(&l->tree[t].nodes, m->size);
        l->tree[t].pending = m->pending[t];
    }
}

/* --- checkpoints -------------------------------------------------------------------------- */

enum err log_last_checkpoint(struct log *l, struct buf *note, struct error *e)
{
    struct db_stmt *s;
    bool row;
    TRY(db_prepare(l->d, "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1", &s, e));
    enum err r = db_step(s, &row, e);
    buf_clear(note);
    if (r == OK && row)
        buf_str(note, db_text(s, 0));
    db_finish(s);
    if (r == OK && !row)
        return err_set(e, ERR_NOT_FOUND, "日志%s还没有检查点", "the log %s has no checkpoint yet",
                       l->origin);
    return r;
}

static void head(struct log *l, struct checkpoint *c)
{
    memset(c, 0, sizeof *c);
    snprintf(c->origin, sizeof c->origin, "%s", l->origin);
    c->size = l->tree[0].pending.size;
    c->root = frontier_root(l->tree[0].hasher, &l->tree[0].pending);
    c->has_sm3 = l->n_trees == 2;
    if (c->has_sm3)
        c->sm3 = frontier_root(l->tree[1].hasher, &l->tree[1].pending);
}

static enum err last_size(struct log *l, int64_t *size, struct error *e)
{
    struct db_stmt *s;
    bool row;
    TRY(db_prepare(l->d, "SELECT coalesce(max(size),-1) FROM checkpoint", &s, e));
    enum err r = db_step(s, &row, e);
    *size = r == OK && row ? db_int(s, 0) : -1;
    db_finish(s);
    return r;
}

enum err log_checkpoint(struct log *l, struct key *const *keys, int n, int64_t now,
                        struct buf *note, struct error *e)
{
    struct checkpoint c;
    struct db_stmt *s;
    bool row;
    int64_t last;
    TRY(last_size(l, &last, e));
    head(l, &c);
    if (last >= 0 && (uint64_t)last >= c.size)
        return log_last_checkpoint(l, note, e);
    buf_clear(note);
    TRY(checkpoint_sign(&c, keys, n, note, e));
    TRY(db_prepare(l->d, "INSERT OR IGNORE INTO checkpoint VALUES(?1,?2,?3)", &s, e));
    db_bind_int(s, 1, (int64_t)c.size);
    db_bind_text(s, 2, buf_view(note));
    db_bind_int(s, 3, now);
    enum err r = db_step(s, &row, e);
    db_finish(s);
    return r;
}

/* --- reading ------------------------------------------------------------------------------ */

static enum err no_entry(uint64_t index, uint64_t size, struct error *e)
{
    return err_set(e, ERR_NOT_FOUND, "没有第 %llu 条(共 %llu 条)",
                   "there is no entry %llu (the log has %llu)", (unsigned long long)index,
                   (unsigned long long)size);
}

enum err log_leaf(struct log *l, uint64_t index, struct buf *out, struct error *e)
{
    bool row = false;
    buf_clear(out);
    if (index >= log_size(l))
        return no_entry(index, log_size(l), e);
    db_bind_int(l->get, 1, (int64_t)index);
    enum err r = db_step(l->get, &row, e);
    if (r == OK && row)
        buf_str(out, db_text(l->get, 0));
    db_reset(l->get);
    return r == OK && !row ? no_entry(index, log_size(l), e) : r;
}

static struct tree *tree_of(struct log *l, enum hash_kind k, struct error *e)
{
    if ((int)k < l->n_trees)
        return &l->tree[k];
    err_set(e, ERR_NOT_FOUND, "此日志没有 %s 树", "this log has no %s tree", "SM3");
    return NULL;
}

/* The node files are a cache beside the store, and anything may have befallen them. They are made
 * again from the leaves at the next opening. */
static enum err damaged(struct log *l, struct error *e)
{
    l->spoilt = true;
    (void)say_synced(l, 0, NULL);
    err_set(e, ERR_INTEGRITY, "%s 的节点文件已损坏，不给出证明",
            "the node files of %s are damaged, no proof is given", db_path(l->d));
    err_hint(e, "the next command makes them again from the entries");
    return ERR_INTEGRITY;
}

static bool prove_root(struct tree *t, uint64_t size, struct digest *out)
{
    struct proof_path p;
    struct digest head = frontier_root(t->hasher, &t->done);
    *out = head;
    return size == t->done.size ||
           (merkle_root(t->hasher, size, get_node, t, out) &&
            merkle_consistency(t->hasher, size, t->done.size, get_node, t, &p) &&
            merkle_check_consistency(t->hasher, size, out, t->done.size, &head, &p));
}

/* The root at `size`, proved to be of a beginning of the tree whose edge this handle holds. The
 * last one is remembered: most proofs are asked under one head. */
static bool root_at(struct tree *t, uint64_t size, struct digest *out)
{
    if (!t->proved.known || t->proved.size != size) {
        t->proved.known = prove_root(t, size, &t->proved.root);
        t->proved.size = size;
    }
    *out = t->proved.root;
    return t->proved.known;
}

/* Proofs are made from the node files and checked before they are given: what the files say is
 * never believed. */
static bool prove_inclusion(struct tree *t, uint64_t index, uint64_t size, struct proof_path *out)
{
    struct digest leaf, root;
    return root_at(t, size, &root) && nodes_get(&t->nodes, 0, index, &leaf) &&
           merkle_inclusion(t->hasher, index, size, get_node, t, out) &&
           merkle_check_inclusion(t->hasher, &leaf, index, size, out, &root);
}

static bool prove_consistency(struct tree *t, uint64_t from, uint64_t to, struct proof_path *out)
{
    struct digest old, new;
    return root_at(t, from, &old) && root_at(t, to, &new) &&
           merkle_consistency(t->hasher, from, to, get_node, t, out) &&
           merkle_check_consistency(t->hasher, from, &old, to, &new, out);
}

enum err log_inclusion(struct log *l, uint64_t index, uint64_t size, enum hash_kind k,
                       struct proof_path *out, struct error *e)
{
    struct tree *t = tree_of(l, k, e);
    if (t == NULL)
        return ERR_NOT_FOUND;
    if (size > log_size(l) || index >= size)
        return no_entry(index, size > log_size(l) ? log_size(l) : size, e);
    if (prove_inclusion(t, index, size, out))
        return OK;
    out->n = 0;
    return damaged(l, e);
}

enum err log_consistency(struct log *l, uint64_t from, uint64_t to, enum hash_kind k,
                         struct proof_path *out, struct error *e)
{
    struct tree *t = tree_of(l, k, e);
    if (t == NULL)
        return ERR_NOT_FOUND;
    if (to > log_size(l) || from > to)
        return no_entry(to, log_size(l), e);
    if (prove_consistency(t, from, to, out))
        return OK;
    out->n = 0;
    return damaged(l, e);
}

enum err log_root(struct log *l, uint64_t size, enum hash_kind k, struct digest *out,
                  struct error *e)
{
    struct tree *t = tree_of(l, k, e);
    if (t == NULL)
        return ERR_NOT_FOUND;
    if (size > log_size(l))
        return no_entry(size, log_size(l), e);
    return root_at(t, size, out) ? OK : damaged(l, e);
}

/* Entries, each behind its length in two bytes, high byte first. */
static enum err entries_bundle(struct log *l, uint64_t first, int width, struct buf *out,
                               struct error *e)
{
    struct db_stmt *s;
    bool row;
    int n = 0;
    TRY(db_prepare(l->d, "SELECT leaf FROM entry WHERE seq>=?1 AND seq<?2 ORDER BY seq", &s, e));
    db_bind_int(s, 1, (int64_t)first);
    db_bind_int(s, 2, (int64_t)first + width);
    enum err r;
    while ((r = db_step(s, &row, e)) == OK && row) {
        struct str leaf = db_text(s, 0);
        buf_char(out, (char)(leaf.n >> 8));
        buf_char(out, (char)(leaf.n & 0xff));
        buf_str(out, leaf);
        n++;
    }
    db_finish(s);
    return r == OK && n != width ? no_entry(first + (uint64_t)n, log_size(l), e) : r;
}

/* The tree whose leaves are the complete subtrees of one level. */
struct above {
    const struct nodes *nodes;
    int level;
};

static bool node_above(void *ctx, int level, uint64_t index, struct digest *out)
{
    const struct above *a = ctx;
    return nodes_get(a->nodes, level + a->level, index, out);
}

static bool subtree_holds(struct tree *t, int level, uint64_t index, const struct digest *d)
{
    struct above a = {&t->nodes, level};
    struct proof_path p;
    struct digest root;
    uint64_t size = t->done.size >> level;
    return root_at(t, size << level, &root) &&
           merkle_inclusion(t->hasher, index, size, node_above, &a, &p) &&
           merkle_check_inclusion(t->hasher, d, index, size, &p, &root);
}

/* A tile's hashes, joined as far as they make complete subtrees, must be those of the tree. */
static bool tile_holds(struct tree *t, int shift, uint64_t first, int width,
                       const struct digest d[TILE])
{
    int at = 0;
    for (int level = 8; level >= 0; level--) {
        struct frontier f = {0};
        int n = width & (1 << level);
        for (int i = 0; i < n; i++)
            frontier_add(t->hasher, &f, &d[at + i], NULL, NULL);
        if (n != 0 && !subtree_holds(t, shift + level, (first + (uint64_t)at) >> level, &f.edge[level]))
            return false;
        at += n;
    }
    return true;
}

static enum err hash_tile(struct log *l, int shift, uint64_t first, int width, struct buf *out,
                          struct error *e)
{
    struct digest d[TILE];
    struct tree *t = &l->tree[0];
    for (int i = 0; i < width; i++)
        if (!nodes_get(&t->nodes, shift, first + (uint64_t)i, &d[i]))
            return damaged(l, e);
    if (!tile_holds(t, shift, first, width, d))
        return damaged(l, e);
    buf_put(out, (const char *)d, (size_t)width * sizeof *d);
    return OK;
}

enum err log_tile(struct log *l, int level, uint64_t index, int width, struct buf *out,
                  struct error *e)
{
    buf_clear(out);
    if (level < -1 || level > 5 || width < 1 || width > TILE || index >> 40 != 0)
        return err_set(e, ERR_USAGE, "没有这样的瓦片：层 %d", "no such tile: level %d", level);
    int shift = level < 0 ? 0 : level * 8;
    uint64_t first = index * TILE, end = (first + (uint64_t)width) << shift;
    if (end > log_size(l) || end >> shift != first + (uint64_t)width)
        return no_entry(end - 1, log_size(l), e);
    if (level < 0)
        return entries_bundle(l, first, width, out, e);
    return hash_tile(l, shift, first, width, out, e);
}
