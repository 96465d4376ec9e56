/* An arena owns everything allocated from it until it is reset or finished. Memory is zeroed
 * and 16-byte aligned. An allocation that fails aborts the program (see base.h). */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_block;
struct arena {
    struct arena_block *head;
    size_t bytes_total; /* handed out since init or reset */
};

void arena_init(struct arena *a);
void arena_finish(struct arena *a); /* accepts a zeroed arena */
void arena_reset(struct arena *a);
void *arena_alloc(struct arena *a, size_t bytes);
void *arena_array(struct arena *a, size_t count, size_t bytes_each); /* checks the product */
char *arena_copy(struct arena *a, const char *p, size_t n);          /* NUL-terminated copy */

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_array((a), (n), sizeof(type)))

#endif
