/*
 * A patch: some cells of a system that may move, and the linear program of their moves. Private to
 * disclosure/. All cells beside it are held fast, so that a solution of the patch is one of the
 * whole; when the patch is everything the target is connected with, there are no others.
 *
 * Before it becomes a program it is reduced, without changing what its cells can do:
 *
 *   stuck    an equation with one cell left holds it fast; so does no room in either direction
 *   tied     an equation with two cells left lets them move only together, the same way or against
 *            each other: they are one variable, with the least room of any of them. In a deep
 *            and sparse plan most wholes have one part, and most cells go that way
 *   apart    what no equation connects with the target any more cannot matter to it
 *   twice    equations that say the same are one
 *
 * `plain` leaves all of this out: the tests hold one against the other.
 */
#ifndef DISCLOSURE_PATCH_H
#define DISCLOSURE_PATCH_H

#include "disclosure/lp.h"
#include "disclosure/system.h"

struct patch {
    const struct ground *g;
    bool plain;
    /* The cells: */
    int *column;            /* of a cell: its place in the queue + 1; 0: it does not move */
    int *row_of;            /* of a relation: its place in rows + 1 */
    int *queue, *rows;      /* queue: the target first */
    int n_queue, n_rows;
    /* The variables, by place in the queue; of a patch that is reduced: */
    int *tied;              /* towards the cell that stands for it, by union-find; itself */
    int8_t *way;            /* +1: moves as tied[] does; -1: against it */
    int *next;              /* rings of cells that are tied together */
    int *size;
    uint8_t *stuck;         /* of one that stands for others */
    int *entry, *met, *work; /* room for one equation, and equations to look at */
    uint32_t *met_at, turn;
    uint8_t *waits;         /* equation is in work */
    int n_variables;
    int *variable;          /* of a place in the queue: its variable + 1; 0: it cannot move */
    int64_t *up, *down;     /* of a variable: its room; INT64_MAX: no end */
};
void patch_init(struct patch *p, const struct ground *g);
void patch_finish(struct patch *p);

/* Cells that may move, nearest to the target first, at most so many; true when that is all there
 * are. The patch must be empty. */
bool patch_around(struct patch *p, int target, int most, bool (*may)(const void *ctx, int cell),
                  const void *ctx);
/* Or those in a box of coordinates around the target, chosen for room and low cost (box.c); cost
 * less than 0: may not move. False: there are no coordinates, or the target may not move. */
bool patch_box(struct patch *p, int target, int64_t amount,
               int64_t (*cost)(const void *ctx, int cell), const void *ctx);
/* Or cell by cell, and then the relations they are in. */
void patch_take(struct patch *p, int cell);
void patch_take_relations(struct patch *p);
void patch_empty(struct patch *p);

/* The program; a move of 1 is `unit`. Variable v is two columns, 2 v for what it goes up and 2 v + 1
 * for what it goes down, without bounds or costs yet. both: published rates hold for the moves
 * turned round as well. NULL: the target (the first cell) cannot move. */
struct lp *patch_program(struct patch *p, double unit, bool both);
/* The variable of the i-th cell, -1 if it cannot move; and whether it goes along or against it. */
static inline int patch_variable(const struct patch *p, int i, int *sign)
{
    *sign = p->way[i];
    return p->variable[i] - 1;
}
/* What the i-th cell moves in a solution. */
double patch_move(const struct patch *p, const double *solution, int i);

#endif
