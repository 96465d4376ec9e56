/* A section of the answer page: what would improve the answer. */
#ifndef PORTAL_ROUTES_H
#define PORTAL_ROUTES_H

#include "compare/route.h"
#include "portal/figures.h"

enum { ROUTES_SHOWN = 5, ROUTES_FOLDED = 15 };

struct str route_words(const struct view *v, const struct route *r); /* what is changed */
struct str route_link(const struct view *v, const struct route *r);  /* the changed question */
struct str route_missing(const struct view *v, const struct route *r);
struct str route_command(const struct view *v);

/* Writes nothing for NULL and where nothing is to be improved. */
void page_routes(struct buf *b, enum lang lang, const struct view *v, const struct routes *r);
void page_route(struct buf *b, enum lang lang, const struct view *v, const struct route *r);

#endif
