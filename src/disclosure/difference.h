/*
 * difference: what changed between two lists of contributions, gathered by cell. Private to the
 * room: hold.c decides with it, vintage_attack.c judges with it.
 *
 * A change at a combination of leaves is an effect in every cell above it, one per combination of
 * ancestors that is a cell; a contributor's effects in one cell add up before the rule is asked,
 * so that +5 here and -5 there is no change of the cell above both.
 *
 * A change that no cell published then covers is new: no figure of then has a part in it, and the
 * rules of its own release protect it. So a cell that was hidden then and holds something new (the
 * sum of all months) has no difference to look at; that of its older parts is theirs.
 */
#ifndef DISCLOSURE_DIFFERENCE_H
#define DISCLOSURE_DIFFERENCE_H

#include "disclosure/disclosure.h"

/* Cells by their coordinates. `cells` are structs that begin with int16_t at[DIMS_MAX]. */
struct cell_index {
    const struct plan *plan;
    const char *first;
    size_t stride;
    int n;
    size_t mask;
    int32_t *slot;               /* -1: free */
    uint64_t *seen[DIMS_MAX];    /* nodes that some cell has */
    int level_step[DIMS_MAX];    /* depths as one number, and those that some cell has */
    uint64_t *levels;
};
void cell_index_init(struct cell_index *x, struct arena *a, const struct plan *p,
                     const void *cells, size_t stride, int n);
int cell_index_find(const struct cell_index *x, const int16_t *at); /* -1 */
bool cell_index_covers(const struct cell_index *x, const int16_t *leaf); /* some cell is above */

int leaves_cmp(int n_dims, const int16_t *a, const int16_t *b);
/* In order of leaves and party, one line each; c itself when it is so already. */
const struct contribution_at *contributions_sorted(const struct contribution_at *c, size_t n,
                                                   int n_dims, struct arena *a, size_t *n_out);

/* One step of walking two sorted lists side by side. */
struct both { const struct contribution_at *then, *now; /* one may be NULL */ };
struct walk {
    const struct contribution_at *then, *then_end, *now, *now_end;
    int n_dims;
};
bool walk_step(struct walk *w, struct both *out);

struct effect {
    int32_t cell;
    uint32_t party;
    int32_t item;      /* the caller's, -1: none */
    uint8_t choice;    /* of the item, with which change[0] holds; with any other change[1] */
    uint16_t kind;     /* of the leaf it lies at: unallocated_kind */
    int64_t change[2];
};
struct effects { /* on the heap, reused */
    struct effect *e;
    size_t n, cap;
    size_t *start; /* after effects_sort: of each cell, and the end */
};
void effects_add(struct effects *f, const struct cell_index *x, const struct effect *what,
                 const int16_t *leaf);
void effects_put(struct effects *f, const struct effect *what); /* as it is */
void effects_sort(struct effects *f, int n_cells); /* by cell and party */
void effects_finish(struct effects *f);
/* The figures of one cell's difference: contributors, top, weight, value. choice[item] is what has
 * been chosen for an item; without items, and with NULL, change[0] holds. */
void effects_cell(const struct effects *f, int cell, const uint8_t *choice, struct sdc_cell *out);
/* The same of one kind of leaf alone; EFFECTS_ALL: of all. */
enum { EFFECTS_ALL = -1, EFFECTS_KINDS = 80 };
void effects_cell_of(const struct effects *f, int cell, const uint8_t *choice, int kind,
                     struct sdc_cell *out);
/* The kinds that a cell's effects lie at, each once; 0 when it is the own place alone. */
int effects_kinds(const struct effects *f, int cell, uint16_t kind[EFFECTS_KINDS]);

#endif
