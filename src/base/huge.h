/* Large memory: in huge pages where the system gives them. A table of some megabytes that is reached
 * at random costs more in page walks than in cache misses otherwise, and a small page costs more to
 * get than to fill. */
#ifndef BASE_HUGE_H
#define BASE_HUGE_H

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/err.h"

enum { HUGE_PAGE = 2 << 20 };

/* To be freed by free(). Not zeroed. */
static inline void *huge_alloc(size_t bytes)
{
    if (bytes < HUGE_PAGE) {
        void *small = malloc(bytes ? bytes : 1);
        check(small != NULL);
        return small;
    }
    size_t whole = (bytes + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1);
    void *p = aligned_alloc(HUGE_PAGE, whole);
    check(p != NULL);
    (void)madvise(p, whole, MADV_HUGEPAGE); /* a wish, not a need */
    return p;
}

/* Address space of which only what is touched becomes memory; zeroed. bytes: a multiple of HUGE_PAGE.
 * NULL: the system has not so much. */
static inline void *huge_map(size_t bytes)
{
    char *p = mmap(NULL, bytes + HUGE_PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    size_t before = -(uintptr_t)p & (HUGE_PAGE - 1);
    if (before > 0)
        (void)munmap(p, before);
    (void)munmap(p + before + bytes, HUGE_PAGE - before);
    (void)madvise(p + before, bytes, MADV_HUGEPAGE);
    return p + before;
}

static inline void huge_unmap(void *p, size_t bytes)
{
    if (p != NULL)
        (void)munmap(p, bytes);
}

#endif
