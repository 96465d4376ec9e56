/* /stats: what has been released, and each of its tables. All figures come through api/gallery.h,
 * which knows nothing that was not published. */
#ifndef PORTAL_STATISTICS_H
#define PORTAL_STATISTICS_H

#include "api/gallery.h"
#include "portal/figures.h"

enum { STATS_COLUMNS = 6, STATS_COLUMNS_ASKED = 12, STATS_ROWS = 50, STATS_POINTS = 36,
       STATS_POINTS_MIN = 3 };

struct stats_page {
    const struct publication *p;
    int n;
    const struct shelf_row *release; /* newest first */
};

struct stats_table {
    const struct publication *p;
    struct gallery *gallery;
    struct gallery_question q;    /* as asked */
    struct gallery_answer answer; /* of all periods; flow and all that are no rows are fixed */
    int flow;                     /* a node; both together unless one was asked for */
    int row_dim;                  /* the last dimension of its own that was not fixed */
    int n_rows, first, n_shown;   /* all of them; from which on, how many this page shows */
    int *row;                     /* nodes, those with any figure, each before its parts */
    bool *year;                   /* by node of the period: is it, or does it hold, one there is */
    int n_cols, *col;             /* periods of the finest level, the earliest first */
    const struct gallery_figure **cell; /* n_rows x n_cols; NULL: nothing was declared */
    int64_t unit;                 /* cents */
};

struct str stats_name(const struct view *v, const struct publication *p, int dim, int node);
struct str stats_code(const struct publication *p, int dim, int node);
struct str stats_dim_word(const struct view *v, int dim);
struct str stats_title(const struct view *v, const struct publication *p, int table);
struct str stats_day(const struct view *v, int64_t at); /* of China */
/* The unit in which a table with figures up to this one is shown, and its name. */
int64_t stats_unit(const struct view *v, int64_t cents);
struct str stats_unit_word(const struct view *v, int64_t unit);
/* Two decimals, half to even; "<0.01" for what would look like nothing. */
struct str stats_amount(const struct view *v, int64_t cents, int64_t unit);
/* This table with one answer changed ("" takes it away); `ending` is that of a twin. */
struct str stats_link(const struct view *v, const struct stats_table *t, const char *ending,
                      const char *key, struct str value);
struct str stats_row_link(const struct view *v, const struct stats_table *t, int node);
struct str stats_page_link(const struct view *v, const struct stats_table *t, int page);
struct str stats_command(const struct view *v, const struct stats_table *t);
struct str stats_what(const struct view *v, const struct stats_table *t); /* what is fixed */
bool stats_offers(const struct stats_table *t, int dim, int node); /* in the form */
struct html stats_chart(const struct view *v, const struct stats_table *t); /* may be empty */

void page_stats(struct buf *b, enum lang lang, const struct view *v, const struct stats_page *p);
void page_stats_table(struct buf *b, enum lang lang, const struct view *v,
                      const struct stats_table *t);
void page_stats_form(struct buf *b, enum lang lang, const struct view *v,
                     const struct stats_table *t);

#endif
