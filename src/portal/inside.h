/* portal, inside: handlers and what they share. */
#ifndef PORTAL_INSIDE_H
#define PORTAL_INSIDE_H

#include "portal/view.h"

/* What a page has beside itself, at the same address with another ending. */
enum twin { TWIN_PAGE, TWIN_JSON = 1, TWIN_CSV = 2, TWIN_SVG = 4, TWIN_ATOM = 8,
            TWIN_FUMAO = 16 };

struct handled { /* one request on its way through a handler */
    struct view v;
    struct response *rs;
    enum twin twin;     /* which form was asked for */
    bool json;          /* twin == TWIN_JSON */
    int n_parts;
    struct str part[8]; /* decoded segments of the path */
};

/* Puts `content` (freed here) into the frame of the site. */
void frame(struct handled *h, struct str title, struct buf *content);
void error_page(struct handled *h, const struct error *e);

void follow_handle(struct handled *h);
void keep_handle(struct handled *h);
void job_handle(struct handled *h);
void jobs_handle(struct handled *h);
void kept_handle(struct handled *h);
void ledger_handle(struct handled *h);
void tile_handle(struct handled *h);
void checkpoint_handle(struct handled *h);
void api_page_handle(struct handled *h);
void check_handle(struct handled *h);
void answer_handle(struct handled *h);
void changes_handle(struct handled *h);
void diff_form_handle(struct handled *h);
void diff_handle(struct handled *h);
void heat_handle(struct handled *h);
void list_handle(struct handled *h);
void lists_handle(struct handled *h);
void measure_handle(struct handled *h);
void map_handle(struct handled *h);
void services_handle(struct handled *h);
void service_handle(struct handled *h);
void zones_handle(struct handled *h);
void zone_handle(struct handled *h);
void agreements_handle(struct handled *h);
void agreement_handle(struct handled *h);
void stats_handle(struct handled *h);
void stats_table_handle(struct handled *h);
void script_handle(struct handled *h);
void large_handle(struct handled *h);
bool large_wanted(const struct request *rq);
struct str style_text(void);
struct str style_version(void); /* the first 12 digits of its hash */

#endif
