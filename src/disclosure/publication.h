/*
 * publication: which figures of trade in services are made of a cube, and of what. The tables are
 * data (data/statistics/tables.csv), over nine trees:
 *
 *   period     all > year > quarter > month ("2026", "2026-Q1", "2026-01"); the sum of all years,
 *              and years and quarters that are not complete, are absent: a figure that grows by a
 *              month would tell that month
 *   flow       T > C credit, D debit
 *   item       S > the twelve main items of EBOPS 2010 > detail, as far as codes reach; what a code
 *              leaves at an item that has parts is the part "_X" (SDMX: not specified)
 *   partner    W1 > the economies of data/statistics/partners.csv and "_O", all others
 *   place      CN > provinces > zones and cities, and the rest of their province, which is hidden
 *   mode       _T > 1 2 3 4 (GATS I:2), by the allocation table
 *   size, ownership, key   _T > classes of the register
 *
 * Every tree but period and flow has a leaf "not allocated" below its root, "_N" ("SN" for items,
 * which EBOPS has), and items one below each main item with parts ("SJ_N"): where late changes go
 * that may not be shown at their own place, by the ways of data/statistics/coarser.csv.
 *
 * A contribution of the cube is split by the code's EBOPS targets and then by the item's modes, so
 * that parts always sum to the whole (share_out).
 */
#ifndef DISCLOSURE_PUBLICATION_H
#define DISCLOSURE_PUBLICATION_H

#include "declaration/cube.h"
#include "disclosure/disclosure.h"

enum publication_dim { DIM_PERIOD, DIM_FLOW, DIM_ITEM, DIM_PARTNER, DIM_PLACE, DIM_MODE, DIM_SIZE,
                       DIM_OWNERSHIP, DIM_KEY, DIM_COUNT };

struct publication_table { /* beside plan.table[i] */
    struct str title_zh, title_en;
};
struct publication {
    const struct scheme *scheme;
    struct plan plan;
    struct publication_table *title;
    int month_from, n_months; /* as cell keys count */
    int16_t *leaf[DIM_COUNT]; /* from what the cube says to a leaf; see publication.c */
    struct arena *arena;
};
/* Months that the cube has cells in, up to `to` (cell_code.month; INT_MAX: all). Errors: those of
 * the shipped tables; ERR_NOT_FOUND for an empty cube. */
enum err publication_open(struct publication **out, struct arena *a, const struct scheme *s,
                          const struct cube *c, int to, struct error *e);
/* The same for months that are known: those of a release. */
enum err publication_open_months(struct publication **out, struct arena *a, const struct scheme *s,
                                 int month_from, int n_months, struct error *e);
/* All months there are: to read a release before its months are known. */
enum { PUBLICATION_MONTHS = 512 };
/* Contributions at leaves, equal ones added up, in order of leaves and party. The cube must have
 * been made with contributions. */
enum err publication_contributions(const struct publication *p, const struct cube *c,
                                   struct arena *a, struct contribution_at **out, size_t *n,
                                   struct error *e);
/* Has it any party of the generator's? Its units' codes name region 99, which GB/T 2260 does not
 * have, and its persons begin with SYN (docs/economy.md). */
bool publication_made_up(const struct cube *c);
/* The node of a dimension by its code; -1. */
int publication_node(const struct plan *p, int dim, struct str code);

#endif
