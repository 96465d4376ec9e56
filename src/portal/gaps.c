/* The book of gaps: gaps.h says why it is here and how it is shared. */
#include "portal/gaps.h"

#include <pthread.h>
#include <stdlib.h>

struct gap_book {
    const struct snapshot *snapshot;
    char hash[65]; /* another snapshot may lie at the same address */
    day_t day;
    int readers; /* the process itself counts as one while the book is current */
    struct arena arena;
    int n;
    int *instrument;
    struct gap_entry *entry;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct gap_book *current; /* under the lock, as are all counts of readers */

static void make_entry(struct gap_book *b, const struct obligations *o, int instrument)
{
    struct gap_entry *e = &b->entry[b->n];
    struct gap *g = ARENA_NEW(&b->arena, struct gap);
    struct gap_request r = {.agreement = instrument, .origin = -1, .place = -1, .on = b->day,
                            .known = b->day};
    b->instrument[b->n++] = instrument;
    if (gap_make(g, &b->arena, b->snapshot, o, &r, &e->why) == OK) {
        e->gap = g;
    }
}

static struct gap_book *make(const struct view *v)
{
    const struct corpus *c = v->law;
    struct gap_book *b = calloc(1, sizeof *b);
    struct obligations *o;
    struct error e = {0};
    check(b != NULL);
    arena_init(&b->arena);
    b->snapshot = v->portal->snapshot;
    memcpy(b->hash, c->hash, sizeof b->hash);
    b->day = v->today;
    b->readers = 1;
    b->instrument = ARENA_ARRAY(&b->arena, int, (size_t)c->n_instruments + 1);
    b->entry = ARENA_ARRAY(&b->arena, struct gap_entry, (size_t)c->n_instruments + 1);
    /* Shipped inside the program and read by its tests: it cannot fail here. */
    check(obligations_load(&o, &b->arena, v->codes, &e) == OK);
    for (int i = 0; i < c->n_instruments; i++) {
        if (gap_is_agreement(c, i, b->day)) {
            make_entry(b, o, i);
        }
    }
    return b;
}

static void drop(struct gap_book *b)
{
    if (--b->readers == 0) {
        arena_finish(&b->arena);
        free(b);
    }
}

static bool fits(const struct gap_book *b, const struct view *v)
{
    return b->snapshot == v->portal->snapshot && b->day == v->today &&
           strcmp(b->hash, v->law->hash) == 0;
}

struct gap_book *gap_book_take(const struct view *v)
{
    pthread_mutex_lock(&lock);
    if (current != NULL && !fits(current, v)) {
        drop(current);
        current = NULL;
    }
    if (current == NULL) {
        current = make(v);
    }
    struct gap_book *b = current;
    b->readers++;
    pthread_mutex_unlock(&lock);
    return b;
}

void gap_book_give(struct gap_book *b)
{
    pthread_mutex_lock(&lock);
    drop(b);
    pthread_mutex_unlock(&lock);
}

int gap_book_count(const struct gap_book *b)
{
    return b->n;
}

const struct gap_entry *gap_book_entry(const struct gap_book *b, int i)
{
    return &b->entry[i];
}

int gap_book_instrument(const struct gap_book *b, int i)
{
    return b->instrument[i];
}

const struct gap_entry *gap_book_of(const struct gap_book *b, int instrument)
{
    for (int i = 0; i < b->n; i++) {
        if (b->instrument[i] == instrument) {
            return &b->entry[i];
        }
    }
    return NULL;
}
