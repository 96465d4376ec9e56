#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/huge.h"

enum {
    ALIGN = 16,
    BLOCK_MIN = 4 * 1024,
    BLOCK_MAX = 1024 * 1024,
};

struct arena_block {
    _Alignas(ALIGN) struct arena_block *next;
    size_t cap, used; /* of mem, in bytes */
    _Alignas(ALIGN) unsigned char mem[];
};

static _Noreturn void no_memory(size_t bytes)
{
    fprintf(stderr, "fumao: out of memory (arena, %zu bytes)\n", bytes);
    abort();
}

static struct arena_block *block_new(size_t cap)
{
    struct arena_block *b = cap < HUGE_PAGE ? malloc(sizeof *b + cap)
                                            : huge_alloc(sizeof *b + cap);
    if (b == NULL) {
        no_memory(cap);
    }
    b->next = NULL;
    b->cap = cap;
    b->used = 0;
    return b;
}

/* Makes room for `bytes` (a multiple of ALIGN) and returns the block to take them from. Blocks
 * double so that a big arena has few; a request that is large against the next block gets one
 * of its own behind the head, so that the rest of the head is not lost. */
static struct arena_block *block_for(struct arena *a, size_t bytes)
{
    size_t next = a->head == NULL ? BLOCK_MIN : a->head->cap * 2;
    if (next > BLOCK_MAX) {
        next = BLOCK_MAX;
    }
    if (bytes > next / 4) {
        struct arena_block *own = block_new(bytes > BLOCK_MIN ? bytes : BLOCK_MIN);
        if (a->head == NULL) {
            a->head = own;
        } else {
            own->next = a->head->next;
            a->head->next = own;
        }
        return own;
    }
    struct arena_block *b = block_new(next);
    b->next = a->head;
    a->head = b;
    return b;
}

/* Not zeroed: arena_copy overwrites it at once. */
static void *take(struct arena *a, size_t bytes)
{
    if (bytes > SIZE_MAX / 2) {
        no_memory(bytes);
    }
    /* Nothing asked for still gets its own address, so that NULL never means success. */
    size_t need = bytes == 0 ? ALIGN : (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    struct arena_block *b = a->head;
    if (b == NULL || b->cap - b->used < need) {
        b = block_for(a, need);
    }
    void *p = b->mem + b->used;
    b->used += need;
    a->bytes_total += need;
    return p;
}

static void free_chain(struct arena_block *b)
{
    while (b != NULL) {
        struct arena_block *next = b->next;
        free(b);
        b = next;
    }
}

void arena_init(struct arena *a)
{
    *a = (struct arena){0};
}

void arena_finish(struct arena *a)
{
    free_chain(a->head);
    *a = (struct arena){0};
}

/* Keeps one block, so that a request loop does not go to malloc each time; a block of unusual
 * size is given back, so that one huge request does not stay in memory for ever. */
void arena_reset(struct arena *a)
{
    struct arena_block *keep = a->head;
    if (keep != NULL && keep->cap > BLOCK_MAX) {
        arena_finish(a);
        return;
    }
    if (keep != NULL) {
        free_chain(keep->next);
        keep->next = NULL;
        keep->used = 0;
    }
    a->bytes_total = 0;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
    return memset(take(a, bytes), 0, bytes);
}

void *arena_array(struct arena *a, size_t count, size_t bytes_each)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, bytes_each, &bytes)) {
        no_memory(SIZE_MAX);
    }
    return arena_alloc(a, bytes);
}

char *arena_copy(struct arena *a, const char *p, size_t n)
{
    check(n < SIZE_MAX);
    char *copy = take(a, n + 1);
    if (n > 0) {
        memcpy(copy, p, n);
    }
    copy[n] = '\0';
    return copy;
}
