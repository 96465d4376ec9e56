#include "ledger/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "ledger/files.h"
#include "ledger/leaf.h"

enum { TILE = 256, TILE_LEVELS = 8 /* levels of the tree in one level of tiles */ };

void witness_finish(struct witness *w)
{
    buf_finish(&w->note);
    memset(w, 0, sizeof *w);
}

/* --- the memory --------------------------------------------------------------------------- */

static enum err bad_line(const char *path, int line, struct error *e)
{
    err_set(e, ERR_SYNTAX, "见证状态第 %d 行不合格式", "line %d of the witness state is malformed",
            line);
    err_at(e, path, line, "");
    return ERR_SYNTAX;
}

/* "<name> <value>\n"; the value, NULL if the line is another. */
static struct str take_line(struct str *rest, const char *name)
{
    struct str value, line = str_cut(*rest, '\n', rest);
    struct str mark = str_cut(line, ' ', &value);
    return str_eqz(mark, name) ? value : (struct str){NULL, 0};
}

static enum err read_state(struct witness *w, struct str text, const char *path, struct error *e)
{
    struct checkpoint c;
    struct str rest = text;
    int64_t size;
    size_t n;
    if (!str_eqz(str_cut(rest, '\n', &rest), "fumao-witness/1"))
        return bad_line(path, 1, e);
    struct str origin = take_line(&rest, "origin");
    if (origin.n == 0 || origin.n >= sizeof w->origin)
        return bad_line(path, 2, e);
    memcpy(w->origin, origin.p, origin.n);
    if (public_key_read(take_line(&rest, "key"), &w->log_key, NULL) != OK)
        return bad_line(path, 3, e);
    if (!str_int(take_line(&rest, "size"), &size) || size < 0)
        return bad_line(path, 4, e);
    w->seen.size = (uint64_t)size;
    if (!base64_read(take_line(&rest, "root"), w->seen.root.b, 32, &n) || n != 32)
        return bad_line(path, 5, e);
    if (str_cut(rest, '\n', &rest).n != 0 || checkpoint_read(rest, &c, NULL) != OK)
        return bad_line(path, 6, e);
    /* The same thing twice: a memory that was edited by hand must not be half believed. */
    if (c.size != w->seen.size || memcmp(c.root.b, w->seen.root.b, 32) != 0 ||
        strcmp(c.origin, w->origin) != 0)
        return bad_line(path, 6, e);
    buf_str(&w->note, rest);
    return OK;
}

enum err witness_read(struct witness *out, const char *path, struct error *e)
{
    struct arena a;
    struct str text;
    memset(out, 0, sizeof *out);
    buf_init(&out->note);
    arena_init(&a);
    enum err r = file_read(&a, path, &text, e);
    if (r == OK)
        r = read_state(out, text, path, e);
    arena_finish(&a);
    if (r != OK)
        witness_finish(out);
    return r;
}

static void state_text(const struct witness *w, struct buf *b)
{
    buf_printf(b, "fumao-witness/1\norigin %s\nkey ", w->origin);
    public_key_write(&w->log_key, b);
    buf_printf(b, "\nsize %llu\nroot ", (unsigned long long)w->seen.size);
    base64_write(b, w->seen.root.b, 32);
    buf_z(b, "\n\n");
    buf_str(b, buf_view(&w->note));
}

/* --- mirrors of static files --------------------------------------------------------------- */

void tile_path(int level, uint64_t index, int width, struct buf *out)
{
    if (level < 0)
        buf_z(out, "tile/entries/");
    else
        buf_printf(out, "tile/%d/", level);
    uint64_t unit = 1;
    while (index / unit >= 1000)
        unit *= 1000;
    for (; unit > 1; unit /= 1000)
        buf_printf(out, "x%03d/", (int)(index / unit % 1000));
    buf_printf(out, "%03d", (int)(index % 1000));
    if (width < TILE)
        buf_printf(out, ".p/%d", width);
}

static enum err read_below(const char *dir, const char *name, struct arena *a, struct str *out,
                           struct error *e)
{
    struct buf path;
    buf_init(&path);
    buf_printf(&path, "%s/%s", dir, name);
    buf_char(&path, '\0');
    enum err r = file_read(a, path.p, out, e);
    buf_finish(&path);
    return r;
}

struct mirror { /* tiles of the tree of `size` leaves, one held */
    const char *dir;
    uint64_t size;
    struct hasher *hasher;
    int level;
    uint64_t index;
    int width; /* hashes held, 0: none */
    struct digest hash[TILE];
    struct error *e;
};

static bool load_tile(struct mirror *m, int level, uint64_t index)
{
    uint64_t hashes = m->size >> (level * TILE_LEVELS), before = index * TILE;
    int width = hashes - before >= TILE ? TILE : (int)(hashes - before);
    struct arena a;
    struct str text = {NULL, 0};
    struct buf name;
    if (m->width > 0 && m->level == level && m->index == index)
        return true;
    m->width = 0;
    arena_init(&a);
    buf_init(&name);
    /* A partial tile may be gone once the full one is there. */
    for (int w = width;; w = TILE) {
        buf_clear(&name);
        tile_path(level, index, w, &name);
        buf_char(&name, '\0');
        if (read_below(m->dir, name.p, &a, &text, m->e) == OK || w == TILE)
            break;
    }
    bool whole = text.n >= (size_t)width * 32 && text.n % 32 == 0;
    if (whole) {
        memcpy(m->hash, text.p, (size_t)width * 32);
        m->level = level;
        m->index = index;
        m->width = width;
    } else if (text.n > 0) {
        err_set(m->e, ERR_INTEGRITY, "瓦片 %s 的长度不对", "the tile %s has a wrong length", name.p);
    }
    buf_finish(&name);
    arena_finish(&a);
    return whole;
}

/* The hash of a complete subtree: out of a tile, or of the hashes of a tile below it. */
static bool mirror_node(void *ctx, int level, uint64_t index, struct digest *out)
{
    struct mirror *m = ctx;
    int tile_level = level / TILE_LEVELS, n = 1 << (level % TILE_LEVELS);
    uint64_t first = index << (level % TILE_LEVELS);
    struct digest d[TILE];
    if (!load_tile(m, tile_level, first / TILE))
        return false;
    int at = (int)(first % TILE);
    if (at + n > m->width)
        return false;
    memcpy(d, m->hash + at, (size_t)n * sizeof *d);
    for (; n > 1; n /= 2)
        for (int i = 0; i < n / 2; i++)
            d[i] = merkle_node(m->hasher, &d[2 * i], &d[2 * i + 1]);
    *out = d[0];
    return true;
}

static enum err mirror_growth(const char *dir, uint64_t from, uint64_t to, struct proof_path *p,
                              struct error *e)
{
    struct error why = {0};
    struct mirror m = {.dir = dir, .size = to, .hasher = hasher_create(HASH_SHA256), .e = &why};
    bool made = merkle_consistency(m.hasher, from, to, mirror_node, &m, p);
    hasher_destroy(m.hasher);
    if (made)
        return OK;
    if (why.code == OK)
        err_set(&why, ERR_INTEGRITY, "镜像 %s 的瓦片不全", "the tiles of the mirror %s are not all there",
                dir);
    if (e != NULL)
        *e = why;
    return why.code;
}

static enum err view_note(const struct log_view *v, struct buf *note, struct error *e)
{
    struct arena a;
    struct str text;
    buf_clear(note);
    if (v->log != NULL)
        return log_last_checkpoint(v->log, note, e);
    arena_init(&a);
    enum err r = read_below(v->dir, "checkpoint", &a, &text, e);
    if (r == OK)
        buf_str(note, text);
    arena_finish(&a);
    return r;
}

static enum err view_growth(const struct log_view *v, uint64_t from, uint64_t to,
                            struct proof_path *p, struct error *e)
{
    return v->log != NULL ? log_consistency(v->log, from, to, HASH_SHA256, p, e)
                          : mirror_growth(v->dir, from, to, p, e);
}

/* --- changes of the log's key --------------------------------------------------------------- */

/* Does the first checkpoint that covers entry `seq`, in which the log names `fresh`, carry the
 * word of both keys, and is it part of the log as it stands? */
static enum err change_holds(struct log *l, int64_t seq, const struct public_key *old,
                             const struct public_key *fresh, bool *holds, struct error *e)
{
    struct db_stmt *s;
    struct checkpoint c;
    struct digest root;
    bool row;
    *holds = false;
    TRY(db_prepare(log_db(l), "SELECT note FROM checkpoint WHERE size>?1 ORDER BY size LIMIT 1", &s,
                   e));
    db_bind_int(s, 1, seq);
    enum err r = db_step(s, &row, e);
    if (r == OK && row && checkpoint_open(db_text(s, 0), old, &c, NULL) == OK &&
        checkpoint_open(db_text(s, 0), fresh, &c, NULL) == OK) {
        r = log_root(l, c.size, HASH_SHA256, &root, e);
        *holds = r == OK && memcmp(root.b, c.root.b, 32) == 0;
    }
    db_finish(s);
    return r;
}

/* The key that signs now, for whoever trusts *key. */
static enum err follow_key(struct log *l, struct public_key *key, struct error *e)
{
    struct db_stmt *s;
    struct arena a;
    bool row, holds;
    enum err r;
    TRY(db_prepare(log_db(l), "SELECT seq,leaf FROM entry WHERE leaf LIKE '%\"kind\":\"key\"}'"
                              " ORDER BY seq", &s, e));
    arena_init(&a);
    while ((r = db_step(s, &row, e)) == OK && row) {
        struct str line;
        struct public_key next;
        if (!leaf_member(&a, db_text(s, 1), "key", &line) ||
            public_key_read(line, &next, NULL) != OK || memcmp(next.id, key->id, 4) == 0)
            continue;
        if ((r = change_holds(l, db_int(s, 0), key, &next, &holds, e)) != OK)
            break;
        if (holds)
            *key = next;
    }
    db_finish(s);
    arena_finish(&a);
    return r;
}

static enum err open_note(const struct log_view *v, struct str note, struct public_key *key,
                          struct checkpoint *c, struct error *e)
{
    struct error why = {0};
    enum err r = checkpoint_open(note, key, c, &why);
    if (r == ERR_INTEGRITY && v->log != NULL) {
        TRY(follow_key(v->log, key, e));
        r = checkpoint_open(note, key, c, &why);
    }
    if (r != OK && e != NULL) {
        *e = why;
        if (v->log == NULL)
            err_hint(e, "if the log has a new key and you have it from elsewhere: --log-key LINE");
    }
    return r;
}

/* --- looking --------------------------------------------------------------------------------- */

static enum err refuse(const struct witness *w, const struct checkpoint *c, struct error *e)
{
    char old[65], new[65];
    hash_hex(w->seen.root.b, 32, old);
    hash_hex(c->root.b, 32, new);
    return err_set(e, ERR_INTEGRITY,
                   "不签名：曾见 %llu 条（根 %.16s…），现示 %llu 条（根 %.16s…），后者不包含前者",
                   "not signed: seen were %llu entries (root %.16s…), shown are %llu (root %.16s…), "
                   "which do not contain them",
                   (unsigned long long)w->seen.size, old, (unsigned long long)c->size, new);
}

/* Is the log at `c` the one remembered, or that one and more? */
static enum err check_growth(const struct witness *w, const struct log_view *v,
                             const struct checkpoint *c, struct error *e)
{
    struct proof_path p;
    if (strcmp(c->origin, w->origin) != 0)
        return err_set(e, ERR_INTEGRITY, "不签名：所记为日志 %s，现示为 %s",
                       "not signed: the log remembered is %s, the one shown is %s", w->origin,
                       c->origin);
    if (c->size < w->seen.size)
        return refuse(w, c, e);
    if (c->size == w->seen.size)
        return memcmp(c->root.b, w->seen.root.b, 32) == 0 ? OK : refuse(w, c, e);
    TRY(view_growth(v, w->seen.size, c->size, &p, e));
    struct hasher *h = hasher_create(HASH_SHA256);
    bool holds = merkle_check_consistency(h, w->seen.size, &w->seen.root, c->size, &c->root, &p);
    hasher_destroy(h);
    return holds ? OK : refuse(w, c, e);
}

static enum err remember(const char *path, struct witness *w, const struct checkpoint *c,
                         struct str note, struct error *e)
{
    struct buf text;
    snprintf(w->origin, sizeof w->origin, "%s", c->origin);
    w->seen = (struct log_seen){c->size, c->root};
    buf_clear(&w->note);
    buf_str(&w->note, note);
    buf_init(&text);
    state_text(w, &text);
    enum err r = file_replace(path, buf_view(&text), 0644, e);
    buf_finish(&text);
    return r;
}

static enum err look(const char *path, const struct log_view *v, const struct key *witness,
                     const struct public_key *log_key, int64_t now, struct witness *w,
                     struct buf *note, struct buf *cosigned, struct error *e)
{
    struct checkpoint c;
    enum err r = witness_read(w, path, e);
    bool first = r == ERR_NOT_FOUND;
    if (first && log_key == NULL) {
        err_hint(e, "the first time, and only then: --log-key LINE. A witness that lost its state "
                    "must not go on: make a new key");
        return r;
    }
    if (!first)
        TRY(r);
    if (log_key != NULL)
        w->log_key = *log_key;
    TRY(view_note(v, note, e));
    TRY(open_note(v, buf_view(note), &w->log_key, &c, e));
    if (!first)
        TRY(check_growth(w, v, &c, e));
    /* Signed into memory first: it leaves the program only after the state is on the disk. */
    TRY(checkpoint_cosign(buf_view(note), witness, now, cosigned, e));
    r = remember(path, w, &c, buf_view(note), e);
    if (r != OK)
        buf_clear(cosigned);
    return r;
}

enum err witness_look(const char *path, const struct log_view *v, const struct key *witness,
                      const struct public_key *log_key, int64_t now, struct witness *out,
                      struct buf *cosigned, struct error *e)
{
    char lock[620];
    struct buf note;
    memset(out, 0, sizeof *out);
    if (strlen(path) > 500)
        return err_set(e, ERR_USAGE, "路径超过 %d 字节", "the path is longer than %d bytes", 500);
    snprintf(lock, sizeof lock, "%s.lock", path);
    int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_set(e, ERR_IO, "不能打开 %s：%s", "cannot open %s: %s", lock, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return err_set(e, ERR_BUSY, "另一见证程序正在使用 %s", "another witness is at work on %s", path);
    }
    buf_init(&note);
    enum err r = look(path, v, witness, log_key, now, out, &note, cosigned, e);
    buf_finish(&note);
    close(fd);
    return r;
}
