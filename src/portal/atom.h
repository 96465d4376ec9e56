/* portal, inside: the parts of an Atom feed (RFC 4287). Nothing in a feed hangs on the host: ids
 * are UUIDs of names, links are paths. */
#ifndef PORTAL_ATOM_H
#define PORTAL_ATOM_H

#include "portal/view.h"

void atom_day(struct buf *b, const char *name, day_t d); /* its midnight in +08:00 */
void atom_link(struct buf *b, const char *rel, const char *type, struct str href);
void atom_text(struct buf *b, const char *name, struct str s);
/* Opens the feed: id made of `name`, title, the newest day, self and page links. */
void atom_begin(struct buf *b, const struct view *v, struct str name, struct str title,
                day_t updated, struct str self, struct str page);
void atom_end(struct buf *b);

#endif
