/*
 * sort: qsort and (where _GNU_SOURCE is defined) qsort_r, but of nothing too. C17 7.22.5 wants a
 * valid pointer even where n is 0, and an empty list of ours may well be a null pointer. The
 * plain names are poisoned, so that no file falls back to them unawares.
 */
#ifndef BASE_SORT_H
#define BASE_SORT_H

#include <stddef.h>
#include <stdlib.h>

/* Not stable; `order` as for qsort, over n items of `size` bytes. */
static inline void sort_by(void *item, size_t n, size_t size,
                           int (*order)(const void *, const void *))
{
    if (n > 1)
        qsort(item, n, size, order);
}

#ifdef _GNU_SOURCE
static inline void sort_by_r(void *item, size_t n, size_t size,
                             int (*order)(const void *, const void *, void *), void *context)
{
    if (n > 1)
        qsort_r(item, n, size, order, context);
}
#endif

#pragma GCC poison qsort qsort_r

#endif
