/*
 * figures: reading what has been released. The public content of a release is all that is read
 * here, so nothing that was not published can come out. A figure is named by a node of every
 * dimension; what is not said is the total, and every period.
 */
#ifndef DISCLOSURE_FIGURES_H
#define DISCLOSURE_FIGURES_H

#include "disclosure/publication.h"

struct figure {
    struct str code[DIM_COUNT];
    bool open;     /* else confidential, and value is 0 */
    int64_t value; /* US cents */
};
struct figures_question {
    const struct publication *p;  /* publication_open_months over all months */
    int table;                    /* in p->plan.table: its figures; -1: of any table */
    struct str want[DIM_COUNT];   /* n = 0: the table's nodes; without a table the total */
};
struct figures {
    struct str release, cube; /* id, hex digest */
    int64_t made_at;
    int n, confidential;
    struct figure *figure;    /* in order of the release */
};
/* `text` must outlive the figures. ERR_INTEGRITY when it is no release. */
enum err figures_read(const struct figures_question *q, struct str text, struct arena *a,
                      struct figures *out, struct error *e);
/* ERR_NOT_FOUND with a hint; -1 for {NULL,0}. */
enum err figures_table(const struct publication *p, struct str id, int *out, struct error *e);

/* One figure as an object: its codes, value (null when confidential), conf_status (F or C). */
void figure_json(const struct figure *f, const struct publication *p, struct jsonw *w);
void figures_json(const struct figures *f, const struct publication *p, struct buf *out);
void figures_csv(const struct figures *f, const struct publication *p, struct buf *out);

#endif
