#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"

void buf_init(struct buf *b)
{
    *b = (struct buf){0};
}

void buf_finish(struct buf *b)
{
    free(b->p);
    *b = (struct buf){0};
}

void buf_clear(struct buf *b)
{
    b->n = 0;
}

void buf_grow(struct buf *b, size_t more)
{
    size_t need, cap = b->cap < 256 ? 256 : b->cap;
    char *p = NULL;
    if (!__builtin_add_overflow(b->n, more, &need) && need <= SIZE_MAX / 4) {
        /* Doubling keeps the cost of a byte constant however the buffer is filled. */
        while (cap < need) {
            cap *= 2;
        }
        p = realloc(b->p, cap);
    }
    if (p == NULL) {
        fprintf(stderr, "fumao: out of memory (buffer, %zu more bytes)\n", more);
        abort();
    }
    b->p = p;
    b->cap = cap;
}

void buf_z(struct buf *b, const char *z)
{
    buf_str(b, str_from(z));
}

void buf_int(struct buf *b, int64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    /* Unsigned, because -INT64_MIN does not exist. */
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        digits[--at] = (char)('0' + u % 10);
        u /= 10;
    } while (u > 0);
    if (v < 0) {
        digits[--at] = '-';
    }
    buf_put(b, digits + at, sizeof digits - at);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    buf_reserve(b, 128); /* most texts fit and are formatted once */
    int n = vsnprintf(b->p + b->n, b->cap - b->n, fmt, args);
    check(n >= 0);
    if ((size_t)n >= b->cap - b->n) {
        buf_reserve(b, (size_t)n + 1);
        vsnprintf(b->p + b->n, b->cap - b->n, fmt, again);
    }
    b->n += (size_t)n;
    va_end(again);
    va_end(args);
}

struct str buf_view(const struct buf *b)
{
    /* Nothing written is an empty text, not a missing one ({NULL,0} would print as null). */
    return b->p == NULL ? STR("") : (struct str){b->p, b->n};
}
