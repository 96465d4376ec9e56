/*
 * The inner file of a release. Numbers are little-endian:
 *   "FUMAOREL" 2 | id | made_at 8 | cube 32 | digest 32 | dimensions 1
 *   per dimension: id | nodes 4 | the code of each
 *   cells 4, each: a node 2 per dimension | state 1 | value 8
 *   used 8, each: a node 2 per dimension | party 4 | value 8
 *   moved 8, each: a node 2 per dimension, and again | party 4 | value 8 (not in version 1)
 *   SHA-256 of all before it 32
 * A text is its length in 2 bytes and its bytes. See vintage.h.
 */
#define _GNU_SOURCE /* sort_by_r */
#include "disclosure/vintage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disclosure/codes.h"
#include "disclosure/difference.h"
#include "disclosure/unallocated.h"

static const char magic[8] = {'F', 'U', 'M', 'A', 'O', 'R', 'E', 'L'};
enum { VERSION = 2 };

/* --- writing -------------------------------------------------------------------------------- */

static void put(struct buf *b, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buf_char(b, (char)(v >> (8 * i)));
}

static void put_text(struct buf *b, struct str s)
{
    check(s.n <= UINT16_MAX);
    put(b, s.n, 2);
    buf_str(b, s);
}

static void put_at(struct buf *b, const struct plan *p, const int16_t *at)
{
    for (int d = 0; d < p->n_dims; d++)
        put(b, (uint64_t)(uint16_t)at[d], 2);
}

static void put_all(struct buf *b, const struct release *r, const struct plan *p)
{
    buf_put(b, magic, sizeof magic);
    put(b, VERSION, 1);
    put_text(b, r->id);
    put(b, (uint64_t)r->made_at, 8);
    buf_put(b, (const char *)r->cube, sizeof r->cube);
    buf_put(b, (const char *)r->digest, sizeof r->digest);
    put(b, (uint64_t)p->n_dims, 1);
    for (int d = 0; d < p->n_dims; d++) {
        put_text(b, p->dim[d].id);
        put(b, (uint64_t)p->dim[d].n, 4);
        for (int i = 0; i < p->dim[d].n; i++)
            put_text(b, p->dim[d].node[i].code);
    }
    put(b, (uint64_t)r->n_cells, 4);
    for (int i = 0; i < r->n_cells; i++) {
        put_at(b, p, r->cell[i].at);
        put(b, r->cell[i].state, 1);
        put(b, (uint64_t)r->cell[i].value, 8);
    }
    put(b, r->n_used, 8);
    for (size_t i = 0; i < r->n_used; i++) {
        put_at(b, p, r->used[i].leaf);
        put(b, r->used[i].party, 4);
        put(b, (uint64_t)r->used[i].value, 8);
    }
    put(b, r->n_moved, 8);
    for (size_t i = 0; i < r->n_moved; i++) {
        put_at(b, p, r->moved[i].from);
        put_at(b, p, r->moved[i].to);
        put(b, r->moved[i].party, 4);
        put(b, (uint64_t)r->moved[i].value, 8);
    }
    uint8_t sum[32];
    hash_sha256(b->p, b->n, sum);
    buf_put(b, (const char *)sum, sizeof sum);
}

static enum err io_error(const char *path, int why, bool writing, struct error *e)
{
    enum err code = ERR_IO;
    if (writing)
        err_set(e, ERR_IO, "不能写入 %s：%s", "cannot write %s: %s", path, strerror(why));
    else if (why == ENOENT || why == ENOTDIR)
        code = err_set(e, ERR_NOT_FOUND, "没有文件 %s", "there is no file %s", path);
    else
        err_set(e, ERR_IO, "不能读取 %s：%s", "cannot read %s: %s", path, strerror(why));
    err_at(e, path, 0, NULL);
    return code;
}

static enum err too_large(const char *path, struct error *e)
{
    err_set(e, ERR_LIMIT, "发布 %s 超过 %d 字节", "the release %s exceeds %d bytes", path,
            (int)LIMIT_RELEASE_BYTES);
    err_at(e, path, 0, NULL);
    return ERR_LIMIT;
}

static enum err taken(const char *path, struct error *e)
{
    err_set(e, ERR_CONFLICT, "已有发布文件 %s，发布不可更改",
            "there is a release %s already, and a release never changes", path);
    err_at(e, path, 0, NULL);
    return ERR_CONFLICT;
}

enum err release_may_be_made(const char *path, struct error *e)
{
    struct stat st;
    TRY(file_may_be_made(path, e));
    return lstat(path, &st) == 0 ? taken(path, e) : OK;
}

/* Not in the place of a release that is there. */
static enum err put_in_place(const char *path, const struct buf *b, struct error *e)
{
    struct file_new f;
    bool well = file_new_open(&f, path, 0600) && file_write(f.fd, buf_view(b)) &&
                file_new_end(&f, path, false);
    int why = errno;
    file_new_drop(&f);
    if (well)
        return OK;
    return why == EEXIST && !f.there ? taken(path, e) : io_error(path, why, true, e);
}

enum err release_write(const struct release *r, const struct plan *p, const char *path,
                       struct error *e)
{
    struct buf b = {0};
    put_all(&b, r, p);
    enum err code = OK;
    if (b.n > LIMIT_RELEASE_BYTES)
        code = too_large(path, e);
    else
        code = put_in_place(path, &b, e);
    buf_finish(&b);
    return code;
}

/* --- reading -------------------------------------------------------------------------------- */

struct reader {
    const uint8_t *p, *end;
    bool bad;
    const char *path;
    struct error *e;
    const struct plan *plan;
    int16_t *node[DIMS_MAX]; /* number in the file -> node of the plan, -1: gone */
    int n_nodes[DIMS_MAX];
    struct str *code[DIMS_MAX];
};

static enum err damaged(struct reader *r)
{
    err_set(r->e, ERR_INTEGRITY, "%s 不是发布文件，或已损坏", "%s is not a release, or it is damaged", r->path);
    err_at(r->e, r->path, 0, NULL);
    return ERR_INTEGRITY;
}

static const uint8_t *take(struct reader *r, size_t n)
{
    if (r->bad || (size_t)(r->end - r->p) < n) {
        r->bad = true;
        return NULL;
    }
    r->p += n;
    return r->p - n;
}

static uint64_t get(struct reader *r, int bytes)
{
    const uint8_t *p = take(r, (size_t)bytes);
    uint64_t v = 0;
    for (int i = 0; p && i < bytes; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static struct str get_text(struct reader *r, struct arena *a)
{
    size_t n = (size_t)get(r, 2);
    const uint8_t *p = take(r, n);
    return p ? str_copy(a, (struct str){(const char *)p, n}) : STR("");
}

static enum err get_dimensions(struct reader *r, struct arena *a)
{
    struct codes codes;
    codes_init(&codes, a, r->plan);
    bool same = get(r, 1) == (uint64_t)r->plan->n_dims;
    for (int d = 0; same && !r->bad && d < r->plan->n_dims; d++) {
        same = str_eq(get_text(r, a), r->plan->dim[d].id);
        r->n_nodes[d] = (int)(get(r, 4) & INT16_MAX);
        r->node[d] = ARENA_ARRAY(a, int16_t, (size_t)r->n_nodes[d] + 1);
        r->code[d] = ARENA_ARRAY(a, struct str, (size_t)r->n_nodes[d] + 1);
        for (int i = 0; i < r->n_nodes[d]; i++) {
            r->code[d][i] = get_text(r, a);
            r->node[d][i] = (int16_t)codes_find(&codes, d, r->code[d][i]);
        }
    }
    if (r->bad)
        return damaged(r);
    if (!same) {
        err_set(r->e, ERR_INVALID, "发布 %s 的维度与当前方案不同",
                "the release %s has other dimensions than the plan", r->path);
        err_at(r->e, r->path, 0, NULL);
        return ERR_INVALID;
    }
    return OK;
}

static enum err get_at(struct reader *r, int16_t *at)
{
    for (int d = 0; d < r->plan->n_dims; d++) {
        int i = (int)get(r, 2);
        if (r->bad || i >= r->n_nodes[d])
            return damaged(r);
        at[d] = r->node[d][i];
        if (at[d] < 0) {
            err_set(r->e, ERR_UNKNOWN_CODE, "发布 %s 的代码 %.*s 不在当前方案中",
                    "the release %s has the code %.*s, which is not in the plan", r->path,
                    (int)r->code[d][i].n, r->code[d][i].p);
            err_at(r->e, r->path, 0, NULL);
            return ERR_UNKNOWN_CODE;
        }
    }
    return OK;
}

static int cell_order(const void *a, const void *b, void *n_dims)
{
    return leaves_cmp(*(const int *)n_dims, ((const struct release_cell *)a)->at,
                      ((const struct release_cell *)b)->at);
}

static enum err get_cells(struct reader *r, struct arena *a, struct release *out)
{
    int n_dims = r->plan->n_dims;
    uint64_t n = get(r, 4), each = (uint64_t)n_dims * 2 + 9;
    if (r->bad || n > INT32_MAX || n * each > (uint64_t)(r->end - r->p))
        return damaged(r);
    out->n_cells = (int)n;
    out->cell = ARENA_ARRAY(a, struct release_cell, n + 1);
    for (uint64_t i = 0; i < n; i++) {
        TRY(get_at(r, out->cell[i].at));
        out->cell[i].state = (uint8_t)get(r, 1);
        out->cell[i].value = (int64_t)get(r, 8);
        if (out->cell[i].state > CELL_HIDDEN)
            return damaged(r);
    }
    sort_by_r(out->cell, n, sizeof *out->cell, cell_order, &n_dims);
    return OK;
}

static enum err get_used(struct reader *r, struct arena *a, struct release *out)
{
    uint64_t n = get(r, 8), each = (uint64_t)r->plan->n_dims * 2 + 12;
    if (r->bad || n > (uint64_t)(r->end - r->p) / each)
        return damaged(r);
    struct contribution_at *used = ARENA_ARRAY(a, struct contribution_at, n + 1);
    for (uint64_t i = 0; i < n; i++) {
        TRY(get_at(r, used[i].leaf));
        used[i].party = (uint32_t)get(r, 4);
        used[i].value = (int64_t)get(r, 8);
    }
    /* Nodes may have other numbers now; the order is by number. */
    out->used = (struct contribution_at *)contributions_sorted(used, n, r->plan->n_dims, a,
                                                               &out->n_used);
    return OK;
}

static int moved_order(const void *a, const void *b, void *n_dims)
{
    const struct moved *x = a, *y = b;
    int c = leaves_cmp(*(const int *)n_dims, x->from, y->from);
    return c ? c : (x->party > y->party) - (x->party < y->party);
}

static enum err get_moved(struct reader *r, struct arena *a, struct release *out)
{
    int n_dims = r->plan->n_dims;
    uint64_t n = get(r, 8), each = (uint64_t)n_dims * 4 + 12;
    if (r->bad || n > (uint64_t)(r->end - r->p) / each)
        return damaged(r);
    struct moved *m = ARENA_ARRAY(a, struct moved, n + 1);
    for (uint64_t i = 0; i < n; i++) {
        TRY(get_at(r, m[i].from));
        TRY(get_at(r, m[i].to));
        m[i].party = (uint32_t)get(r, 4);
        m[i].value = (int64_t)get(r, 8);
    }
    sort_by_r(m, n, sizeof *m, moved_order, &n_dims);
    for (uint64_t i = 1; i < n; i++)
        if (moved_order(&m[i - 1], &m[i], &n_dims) == 0)
            return damaged(r);
    out->moved = m;
    out->n_moved = n;
    return OK;
}

static enum err parse(struct reader *r, struct arena *a, struct release *out)
{
    uint8_t sum[32];
    if (r->end - r->p < (ptrdiff_t)(sizeof magic + 1 + sizeof sum))
        return damaged(r);
    r->end -= sizeof sum;
    hash_sha256(r->p, (size_t)(r->end - r->p), sum);
    if (memcmp(sum, r->end, sizeof sum) != 0 || memcmp(r->p, magic, sizeof magic) != 0)
        return damaged(r);
    r->p += sizeof magic;
    int version = (int)get(r, 1);
    if (version < 1 || version > VERSION)
        return damaged(r);
    out->id = get_text(r, a);
    out->made_at = (int64_t)get(r, 8);
    const uint8_t *hashes = take(r, 64);
    if (!hashes)
        return damaged(r);
    memcpy(out->cube, hashes, 32);
    memcpy(out->digest, hashes + 32, 32);
    TRY(get_dimensions(r, a));
    TRY(get_cells(r, a, out));
    TRY(get_used(r, a, out));
    if (version > 1)
        TRY(get_moved(r, a, out));
    if (!unallocated_agrees(r->plan, out))
        return damaged(r);
    struct buf b = {0};
    release_public(out, r->plan, &b);
    hash_sha256(b.p, b.n, sum);
    buf_finish(&b);
    return r->p == r->end && memcmp(sum, out->digest, sizeof sum) == 0 ? OK : damaged(r);
}

static enum err read_open(int fd, const char *path, struct buf *b, struct error *e)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return io_error(path, errno, false, e);
    if (!S_ISREG(st.st_mode))
        return io_error(path, EINVAL, false, e);
    if (st.st_size > LIMIT_RELEASE_BYTES)
        return too_large(path, e);
    for (ssize_t got = 1; got != 0;) {
        buf_reserve(b, 1u << 16);
        got = read(fd, b->p + b->n, 1u << 16);
        if (got < 0 && errno != EINTR)
            return io_error(path, errno, false, e);
        b->n += got > 0 ? (size_t)got : 0;
        if (b->n > LIMIT_RELEASE_BYTES)
            return too_large(path, e);
    }
    return OK;
}

static enum err read_whole(const char *path, struct buf *b, struct error *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return io_error(path, errno, false, e);
    enum err code = read_open(fd, path, b, e);
    close(fd);
    return code;
}

enum err release_read(struct release *out, struct arena *a, const struct plan *p, const char *path,
                      struct error *e)
{
    struct buf b = {0};
    *out = (struct release){0};
    enum err code = read_whole(path, &b, e);
    if (code == OK) {
        struct reader r = {.p = (const uint8_t *)b.p, .path = path, .e = e, .plan = p};
        r.end = r.p + b.n;
        code = parse(&r, a, out);
    }
    buf_finish(&b);
    return code;
}
