/* Lanes and their pool: from lines of a part to blocks, and to the spill file. */
#include "declaration/cube_work.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/file.h"
#include "base/huge.h"

enum { BLOCK_LEAST = 256, BLOCK_MOST = 32 * 1024, REGION_MOST = 1 << 30 };

/* --- slabs: memory that has been touched once is used again, since a fresh page costs more than
 * what is done with it ---------------------------------------------------------------------- */

void stock_init(struct stock *s)
{
    *s = (struct stock){0};
    check(pthread_mutex_init(&s->lock, NULL) == 0);
}

char *stock_take(struct stock *s)
{
    pthread_mutex_lock(&s->lock);
    char *slab = s->n > 0 ? s->slab[--s->n] : NULL;
    pthread_mutex_unlock(&s->lock);
    return slab != NULL ? slab : huge_alloc(CUBE_SLAB);
}

void stock_give(struct stock *s, char *const *slab, size_t n)
{
    pthread_mutex_lock(&s->lock);
    s->slab = realloc(s->slab, (s->n + n + 1) * sizeof *s->slab);
    check(s->slab != NULL);
    for (size_t i = 0; i < n; i++) {
        s->slab[s->n++] = slab[i];
    }
    pthread_mutex_unlock(&s->lock);
}

void stock_empty(struct stock *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->slab[i]);
    }
    s->n = 0;
}

void stock_finish(struct stock *s)
{
    stock_empty(s);
    free(s->slab);
    pthread_mutex_destroy(&s->lock);
}

void *store_take(struct store *t, size_t bytes)
{
    bytes = (bytes + CUBE_LINE - 1) & ~(size_t)(CUBE_LINE - 1);
    if (bytes > t->left) {
        t->slab = realloc(t->slab, (t->n + 1) * sizeof *t->slab);
        check(t->slab != NULL);
        if (bytes > CUBE_SLAB) { /* a slab of its own, and the open one stays open */
            return t->slab[t->n++] = huge_alloc(bytes);
        }
        t->at = t->slab[t->n++] = stock_take(t->stock);
        t->left = CUBE_SLAB;
    }
    char *p = t->at;
    t->at += bytes;
    t->left -= bytes;
    return p;
}

void store_finish(struct store *t)
{
    for (size_t i = 0; i < t->n; i++) {
        free(t->slab[i]);
    }
    free(t->slab);
    *t = (struct store){.stock = t->stock};
}

/* --- the pool ------------------------------------------------------------------------------ */

/* Every part of every lane holds an open block, so blocks are small when there is little memory:
 * a quarter of it at most stands open. */
void pool_init(struct pool *p, struct stock *stock, size_t memory_bytes, int n_lanes,
               const char *dir)
{
    *p = (struct pool){.stock = stock, .dir = dir, .fd = -1, .block_bytes = BLOCK_LEAST};
    check(pthread_mutex_init(&p->lock, NULL) == 0);
    size_t each = memory_bytes / ((size_t)n_lanes * CUBE_PARTS * 4);
    while (p->block_bytes * 2 <= each && p->block_bytes < BLOCK_MOST) {
        p->block_bytes *= 2;
    }
    p->most = memory_bytes / p->block_bytes;
}

/* Beyond REGION_MOST slabs come one by one: what is allowed may be more than there is. Address
 * space only, from the kernel and not from malloc, which may fill what it hands out: a small file
 * never touches most of it. */
void pool_region(struct pool *p, size_t bytes)
{
    bytes = (bytes < REGION_MOST ? bytes : REGION_MOST) & ~(size_t)(CUBE_SLAB - 1);
    p->region = bytes > 0 ? huge_map(bytes) : NULL;
    p->region_bytes = p->region != NULL ? bytes : 0;
}

void pool_finish(struct pool *p)
{
    if (p->block_bytes == 0) { /* finished before */
        return;
    }
    stock_give(p->stock, p->slab, p->n_slabs);
    free(p->slab);
    huge_unmap(p->region, p->region_bytes);
    if (p->fd >= 0) {
        close(p->fd);
    }
    pthread_mutex_destroy(&p->lock);
    *p = (struct pool){.fd = -1};
}

enum err pool_error(const struct pool *p, struct error *e)
{
    if (p->why == 0) {
        return OK;
    }
    err_set(e, ERR_IO, "不能在 %s 写临时文件：%s", "cannot write a temporary file in %s: %s",
            p->dir, strerror(p->why));
    err_hint(e, "TMPDIR=... / --memory");
    return ERR_IO;
}

static char *slab_block(struct pool *p)
{
    if (p->slab_left < p->block_bytes && p->region_used < p->region_bytes) {
        p->slab_at = p->region + p->region_used;
        p->region_used += CUBE_SLAB;
        p->slab_left = CUBE_SLAB;
    } else if (p->slab_left < p->block_bytes) {
        p->slab = realloc(p->slab, (p->n_slabs + 1) * sizeof *p->slab);
        check(p->slab != NULL);
        p->slab_at = p->slab[p->n_slabs++] = stock_take(p->stock);
        p->slab_left = CUBE_SLAB;
    }
    char *block = p->slab_at;
    p->slab_at += p->block_bytes;
    p->slab_left -= p->block_bytes;
    p->n_blocks++;
    return block;
}

/* Where a block may be written, -1: nowhere. */
static int64_t spill_place(struct pool *p)
{
    int64_t at = -1;
    pthread_mutex_lock(&p->lock);
    if (p->fd < 0 && p->why == 0) {
        p->fd = file_nameless(p->dir);
        p->why = p->fd < 0 ? errno : 0;
    }
    if (p->why == 0) {
        at = p->spilled;
        p->spilled += (int64_t)p->block_bytes;
    }
    pthread_mutex_unlock(&p->lock);
    return at;
}

static void spill(struct pool *p, const char *block, int64_t at)
{
    if (at >= 0 && !file_write_at(p->fd, block, p->block_bytes, at)) {
        int why = errno;
        pthread_mutex_lock(&p->lock);
        p->why = p->why != 0 ? p->why : why;
        pthread_mutex_unlock(&p->lock);
    }
}

/* NULL: there are as many as there may be. A part's first block is always given. */
static char *pool_take(struct pool *p, bool first)
{
    char *block = NULL;
    pthread_mutex_lock(&p->lock);
    if (first || p->n_blocks < p->most) {
        block = slab_block(p);
    }
    pthread_mutex_unlock(&p->lock);
    return block;
}

static void list_add(struct lane_part *q, char *block)
{
    if (q->n_blocks == q->cap_blocks) {
        q->cap_blocks = q->cap_blocks ? 2 * q->cap_blocks : 4;
        q->block = realloc(q->block, q->cap_blocks * sizeof *q->block);
        check(q->block != NULL);
    }
    q->block[q->n_blocks++] = (struct block){block, 0};
}

static __attribute__((noinline)) void next_block(struct lane *l, struct lane_part *q)
{
    char *block = pool_take(l->pool, q->n_blocks == 0);
    if (block == NULL) { /* what is full goes out, and its memory is used again */
        struct block *last = &q->block[q->n_blocks - 1];
        block = last->p;
        last->at = spill_place(l->pool);
        spill(l->pool, block, last->at);
        last->p = NULL;
    }
    list_add(q, block);
    q->at = block;
    q->end = block + l->pool->block_bytes;
}

void lane_line(struct lane *l, unsigned part)
{
    struct lane_part *q = &l->part[part];
    if (q->at == q->end) {
        next_block(l, q);
    }
#ifdef __SSE2__
    for (int i = 0; i < CUBE_LINE; i += 16) {
        __m128i v = _mm_load_si128((const __m128i *)(const void *)(l->line[part] + i));
        _mm_stream_si128((__m128i *)(void *)(q->at + i), v);
    }
#else
    memcpy(q->at, l->line[part], CUBE_LINE);
#endif
    q->at += CUBE_LINE;
}

struct lane *lane_create(struct pool *p, unsigned item_bytes)
{
    struct lane *l = aligned_alloc(CUBE_LINE, sizeof *l);
    check(l != NULL);
    memset(l, 0, sizeof *l);
    l->pool = p;
    l->item_bytes = item_bytes;
    return l;
}

void lane_destroy(struct lane *l)
{
    for (int i = 0; l != NULL && i < CUBE_PARTS; i++) {
        free(l->part[i].block);
    }
    free(l);
}

static enum err read_spilled(const struct pool *p, int64_t at, char *out, struct error *e)
{
    if (file_read_at(p->fd, out, p->block_bytes, at)) {
        return OK;
    }
    return err_set(e, ERR_IO, "不能读回 %s 中的临时文件：%s",
                   "cannot read back a temporary file in %s: %s", p->dir, strerror(errno));
}

enum err lane_read(const struct lane *l, unsigned part, void *out, struct error *e)
{
    const struct lane_part *q = &l->part[part];
    size_t left = (size_t)q->n * l->item_bytes, in_line = left % CUBE_LINE;
    char *to = out;
    left -= in_line;
    for (uint32_t i = 0; left > 0; i++) {
        size_t take = left < l->pool->block_bytes ? left : l->pool->block_bytes;
        if (q->block[i].p != NULL) {
            memcpy(to, q->block[i].p, take);
        } else { /* only full blocks go out */
            TRY(read_spilled(l->pool, q->block[i].at, to, e));
        }
        to += take;
        left -= take;
    }
    memcpy(to, l->line[part], in_line);
    return OK;
}
