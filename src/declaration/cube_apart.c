/* Cells of a cube that is too large to hold twice: each part's go to a file, and come back merged.
 * Parts share no cell, so that merging is a matter of order alone. */
#include "declaration/cube_work.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

enum { READ_CELLS = 1024 }; /* of a part at a time: 57 KB, 15 MB for all parts */

static enum err cannot_write(const struct apart *x, struct error *e)
{
    err_set(e, ERR_IO, "不能在 %s 写临时文件：%s", "cannot write a temporary file in %s: %s", x->dir,
            strerror(errno));
    err_hint(e, "TMPDIR=... / --memory");
    return ERR_IO;
}

static enum err cannot_read(const struct apart *x, struct error *e)
{
    return err_set(e, ERR_IO, "不能读回 %s 中的临时文件：%s",
                   "cannot read back a temporary file in %s: %s", x->dir, strerror(errno));
}

enum err apart_open(struct apart *x, const char *dir, struct error *e)
{
    *x = (struct apart){.dir = dir, .fd = file_nameless(dir)};
    return x->fd >= 0 ? OK : cannot_write(x, e);
}

void apart_close(struct apart *x)
{
    if (x->fd >= 0) {
        close(x->fd);
    }
    x->fd = -1;
}

enum err apart_put(struct apart *x, const struct cell *c, size_t n, int64_t *at, struct error *e)
{
    *at = atomic_fetch_add(&x->end, (int64_t)(n * sizeof *c));
    return file_write_at(x->fd, c, n * sizeof *c, *at) ? OK : cannot_write(x, e);
}

/* --- merging ------------------------------------------------------------------------------- */

struct source { /* what is left of a part */
    int64_t at;
    size_t left;         /* in the file */
    struct cell *cell;   /* READ_CELLS of them */
    size_t next, n;      /* in cell */
};

static enum err refill(const struct apart *x, struct source *s, struct error *e)
{
    s->next = 0;
    s->n = s->left < READ_CELLS ? s->left : READ_CELLS;
    size_t bytes = s->n * sizeof *s->cell;
    if (!file_read_at(x->fd, s->cell, bytes, s->at)) {
        return cannot_read(x, e);
    }
    s->at += (int64_t)bytes;
    s->left -= s->n;
    return OK;
}

/* A heap of keys with the number of their source behind them; the least is first. */
static void sift_down(uint64_t *heap, int n, int i)
{
    const uint64_t x = heap[i];
    for (int child; (child = 2 * i + 1) < n; i = child) {
        child += child + 1 < n && heap[child + 1] < heap[child];
        if (x <= heap[child]) {
            break;
        }
        heap[i] = heap[child];
    }
    heap[i] = x;
}

static uint64_t head_of(const struct source *s, int number)
{
    return (uint64_t)s->cell[s->next].key << 32 | (uint64_t)number;
}

static enum err merge(const struct apart *x, struct source *s, uint64_t *heap, int n,
                      struct cell *out, struct error *e)
{
    while (n > 0) {
        const int number = (int)(heap[0] & UINT32_MAX);
        struct source *from = &s[number];
        *out++ = from->cell[from->next++];
        if (from->next == from->n && from->left > 0) {
            TRY(refill(x, from, e));
        }
        if (from->next < from->n) {
            heap[0] = head_of(from, number);
        } else {
            heap[0] = heap[--n];
        }
        sift_down(heap, n, 0);
    }
    return OK;
}

enum err apart_merge(const struct apart *x, const struct apart_part *part, int n_parts,
                     struct cell *out, struct error *e)
{
    struct source *s = calloc((size_t)n_parts, sizeof *s);
    uint64_t *heap = calloc((size_t)n_parts + 1, sizeof *heap);
    struct cell *room = malloc((size_t)n_parts * READ_CELLS * sizeof *room);
    enum err r = OK;
    int n = 0;
    check(s != NULL && heap != NULL && room != NULL);
    for (int i = 0; i < n_parts && r == OK; i++) {
        s[i] = (struct source){.at = part[i].at, .left = part[i].n,
                               .cell = room + (size_t)i * READ_CELLS};
        if (part[i].n > 0) {
            r = refill(x, &s[i], e);
            heap[n++] = r == OK ? head_of(&s[i], i) : 0;
        }
    }
    for (int i = n / 2; i >= 0 && r == OK; i--) {
        sift_down(heap, n, i);
    }
    if (r == OK) {
        r = merge(x, s, heap, n, out, e);
    }
    free(s);
    free(heap);
    free(room);
    return r;
}
