/*
 * heat: what one negative list says of each part of the economy, in exact counts of cells, so
 * that a reader sees where it bites. The list is read alone, as if no other text spoke, with no
 * fact known: an item that hangs on what the supplier does gives "undetermined", never "equal".
 *
 * A row is a section of GB/T 4754, or a division of the one section that is opened; a column is a
 * mode on one kind of territory (the country at large, the pilot zones, Hainan). The counts of a
 * field by outcome add up to its cells; the fields of all sections to the cells of the list:
 * imports, every economy and place for which it speaks. Every answer is decide()'s own, on exact
 * classes of codes.
 */
#ifndef OPENNESS_HEAT_H
#define OPENNESS_HEAT_H

#include "openness/openness.h"

enum { HEAT_ROWS = 64 };

struct heat_field {
    uint64_t cells, outcome[OUTCOME_COUNT];
    char evidence; /* the lowest grade that a cell of it rests on; 0: no cell */
};
struct heat {
    int edition;
    day_t on, known;
    uint64_t cells;
    int n_rows, row[HEAT_ROWS]; /* index in gbt */
    struct heat_field field[HEAT_ROWS][5][TERRITORY_COUNT]; /* by mode 1 to 4 */
    struct heat_field all;
    /* Columns that are alike in every row are one: the territories of each. */
    int n_columns;
    unsigned column[TERRITORY_COUNT]; /* bit = territory_kind; none where there is no place */
    unsigned modes;                   /* bit = mode, those with cells */
};

/* `open`: a section in gbt whose divisions stand below it, -1: none. ERR_INVALID if the list is
 * not a negative list held item by item. */
enum err heat_make(const struct snapshot *s, int edition, int open, day_t today, struct heat *out,
                   struct error *e);
/* A field of a column: its territories added up. */
struct heat_field heat_column(const struct heat *h, int row, int mode, int column);
/* The outcome a field is shown as: the strictest that any cell of it has. */
enum outcome heat_worst(const struct heat_field *f);
void heat_json(const struct corpus *c, const struct heat *h, struct jsonw *w);

#endif
