/*
 * gallery: what has been released, for the many threads of the server. It reads the public content
 * of releases (disclosure/shelf.h) over a connection of its own that cannot write, and nothing
 * else, so that no page can show what was not published. A release never changes: its figures are
 * kept by its id, a table at a time, as they are asked for. Which release is the newest is looked
 * up at most once a second.
 */
#ifndef API_GALLERY_H
#define API_GALLERY_H

#include "disclosure/figures.h"
#include "disclosure/shelf.h"
#include "web/http.h"

struct gallery;

enum err gallery_open(struct gallery **out, const struct classification *codes, const char *store,
                      struct error *e);
void gallery_close(struct gallery *g); /* NULL allowed */

/* Trees and tables, over every month there may be; nodes below are its nodes. */
const struct publication *gallery_publication(const struct gallery *g);

/* Oldest first, copied into the arena. */
enum err gallery_list(struct gallery *g, struct arena *a, struct shelf_row **out, int *n,
                      struct error *e);
/* The digest of the newest release; empty: none, or no gallery. What ETags hang on. */
struct str gallery_newest(struct gallery *g, struct arena *a);

struct gallery_question {
    struct str release;      /* empty: the newest */
    int table;               /* in publication.plan.table */
    int want[DIM_COUNT];     /* a node; -1: every one. A period stands for what lies in it too */
};
/* Out of a query: release, period, flow, item, partner, place, mode, size, ownership, key; empty
 * ones say nothing. ERR_NOT_FOUND: no such table; ERR_UNKNOWN_CODE: no such node in this table;
 * ERR_INVALID: the table does not have the dimension. */
enum err gallery_ask(const struct gallery *g, const struct request *rq, struct str table,
                     struct gallery_question *out, struct error *e);

struct gallery_figure {
    int16_t at[DIM_COUNT];
    bool open;     /* else confidential, and value is 0 */
    int64_t value; /* US cents */
};
struct gallery_answer {
    bool released; /* false: there is no release yet, and all else is empty */
    struct shelf_row release;
    int n, confidential;
    struct gallery_figure *figure; /* in order of the release */
};
/* ERR_NOT_FOUND: no such release. */
enum err gallery_read(struct gallery *g, const struct gallery_question *q, struct arena *a,
                      struct gallery_answer *out, struct error *e);

/* Bodies: the pages' twins and the API's answers. No gallery: ERR_BUSY. */
enum err statistics_list(struct gallery *g, struct arena *a, struct buf *out, struct error *e);
enum err statistics_table(struct gallery *g, const struct request *rq, struct str table,
                          struct buf *out, struct error *e);
enum err statistics_list_csv(struct gallery *g, struct arena *a, struct buf *out,
                             struct error *e);
enum err statistics_table_csv(struct gallery *g, const struct request *rq, struct str table,
                              struct buf *out, struct error *e);
enum err gallery_there(const struct gallery *g, struct error *e);

#endif
