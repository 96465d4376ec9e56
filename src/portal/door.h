/* door, inside: the programs' door described for people: routes out of the tags of api/, each with
 * a request and the answer it really gets. */
#ifndef PORTAL_DOOR_H
#define PORTAL_DOOR_H

#include "api/routes.h"
#include "portal/view.h"

struct door_example {
    struct str answer; /* the first bytes of it */
    size_t bytes;      /* of the whole */
    bool cut;
};

struct door {
    const struct door_example *example; /* one for each route */
};

void page_api(struct buf *b, enum lang lang, const struct view *v, const struct door *d);
struct str door_word(const struct view *v, const char *zh, const char *en);
struct str door_curl(const struct view *v, const struct api_route *r);
const char *door_anchor(const struct view *v, const struct api_route *r); /* id of its heading */
bool door_has_query(const struct api_route *r);

#endif
