/* portal, inside: handlers and what they share. */
#ifndef PORTAL_INSIDE_H
#define PORTAL_INSIDE_H

#include "portal/view.h"

struct handled { /* one request on its way through a handler */
    struct view v;
    struct response *rs;
    bool json;          /* the twin was asked for */
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
