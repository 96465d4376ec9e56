/* portal, inside: handlers and what they share. */
#ifndef PORTAL_INSIDE_H
#define PORTAL_INSIDE_H

#include "portal/view.h"

/* What a page has beside itself, at the same address with another ending. */
enum twin { TWIN_PAGE, TWIN_JSON = 1, TWIN_CSV = 2, TWIN_SVG = 4, TWIN_ATOM = 8 };

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

void check_handle(struct handled *h);
void answer_handle(struct handled *h);
struct str style_text(void);
struct str style_version(void); /* the first 12 digits of its hash */

#endif
