/* A growing byte buffer on the heap. Growth failure aborts. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>
#include "base/str.h"

struct buf {
    char *p;
    size_t n, cap;
};

void buf_init(struct buf *b);
void buf_finish(struct buf *b); /* accepts a zeroed buf */
void buf_clear(struct buf *b);  /* keeps the memory */
void buf_grow(struct buf *b, size_t more); /* room for that many more bytes, and for some after */
/* Inline, because JSON and pages are written byte by byte. */
static inline void buf_reserve(struct buf *b, size_t more)
{
    if (b->cap - b->n < more) {
        buf_grow(b, more);
    }
}
static inline void buf_put(struct buf *b, const char *p, size_t n)
{
    if (n > 0) {
        buf_reserve(b, n);
        memcpy(b->p + b->n, p, n);
        b->n += n;
    }
}
static inline void buf_char(struct buf *b, char c)
{
    buf_reserve(b, 1);
    b->p[b->n++] = c;
}
static inline void buf_str(struct buf *b, struct str s)
{
    buf_put(b, s.p, s.n);
}
void buf_z(struct buf *b, const char *z);
void buf_int(struct buf *b, int64_t v);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct str buf_view(const struct buf *b);

#endif
