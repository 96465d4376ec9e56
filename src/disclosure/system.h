/*
 * Private to disclosure/: a system with an index over it. Made when it is needed, never kept in
 * struct system, so that nobody has to keep it up to date.
 */
#ifndef DISCLOSURE_SYSTEM_H
#define DISCLOSURE_SYSTEM_H

#include "disclosure/disclosure.h"

/* What lies where: relations and derived figures of a cell, cells by coordinates. */
struct ground {
    const struct system *s;
    int *relation_first, *relation;   /* of cell c: relation[relation_first[c] ...] */
    int *derived_first, *derived;
    int *twin;                        /* the first cell that holds the very same contributions */
    struct keys *keys;                /* NULL: the system has no plan (it was made by hand) */
    int *child_first[DIMS_MAX], *child[DIMS_MAX]; /* nodes below a node */
};

/* Coordinates as one number, and the level vectors (one depth per dimension) of a plan. */
struct keys {
    int n_dims;
    uint64_t radix[DIMS_MAX];  /* the first dimension weighs most, so keys sort like cells */
    int level_step[DIMS_MAX];
    int n_levels;              /* all thinkable level vectors */
    uint64_t *wanted;          /* bit per level vector: a table has it */
    uint32_t mask;
    uint32_t *slot;            /* cell + 1 */
    uint64_t *key;             /* of each cell */
};

enum err keys_of(struct keys *k, struct arena *a, const struct plan *p, struct error *e);
/* After the cells are known. */
void keys_fill(struct keys *k, struct arena *a, const struct sdc_cell *cell, int n);
uint64_t keys_key(const struct keys *k, const int16_t at[DIMS_MAX]);
int keys_find(const struct keys *k, uint64_t key);
static inline bool keys_wanted(const struct keys *k, int level)
{
    return (k->wanted[level / 64] >> (level % 64)) & 1;
}

enum err ground_of(struct ground *g, struct arena *a, const struct system *s, struct error *e);

/* How far an attacker must be kept from the value of a sensitive cell, above and below. A cell of
 * contributions of either sign has a width by its weight; but what cannot be negative is not asked
 * to be. */
int64_t width_above(const struct rules *r, const struct sdc_cell *c);
int64_t width_below(const struct rules *r, const struct sdc_cell *c, bool either_sign);

/* What the others have declared: an insider knows its own part, so the width that it must be kept
 * from is that of the rest. (Of a contributor beyond the two largest the part is not known; it is
 * at most a third.) */
struct sdc_cell cell_without(const struct sdc_cell *c, uint32_t party);

/* Does the only contributor of the cell know it? */
static inline bool lone(const struct sdc_cell *c)
{
    return c->contributors == 1;
}
static inline bool unknown(const struct sdc_cell *c)
{
    return c->state != CELL_OPEN;
}
static inline bool bounded(const struct system *s, int cell)
{
    return s->cell[cell].value >= 0 && !s->either_sign;
}

/* Many questions as that of system_interval, with what they share made once; the system must not
 * change meanwhile. plain: the linear program as it stands, without reduction (patch.h); tests hold
 * one against the other. */
struct inquiry;
enum err inquiry_open(struct inquiry **out, const struct system *s, bool plain, struct error *e);
void inquiry_close(struct inquiry *q); /* accepts NULL */
void inquiry_interval(struct inquiry *q, int cell, const uint64_t *known, double *low,
                      double *high);

int processors(void);
/* work(ctx, thread) on that many threads, the caller's among them. */
void threads_run(int n, void (*work)(void *ctx, int thread), void *ctx);

#endif
