/* /follow/{sector}/{mode}/{from}/{to}: the days on which the meaning of some cells changed, as a
 * page, as JSON and as a feed. A change that does not touch the cells is no entry. */
#ifndef PORTAL_FOLLOW_H
#define PORTAL_FOLLOW_H

#include "compare/follow.h"
#include "portal/view.h"

struct follow_page {
    int n;
    const struct news *news;
    struct followed cells;
    struct follow_words words; /* in normal form */
};

struct str follow_title(const struct view *v, const struct follow_page *p);
struct str follow_sentence(const struct view *v, const struct news *n);
struct str follow_link(const struct view *v, const struct follow_page *p, const char *ending);
struct str follow_cells(const struct view *v, uint64_t n); /* "1,234 cells" */
struct str follow_example(const struct view *v, const struct news *n);
struct str follow_ask(const struct view *v, const struct news *n); /* the example as a question */
void page_follow(struct buf *b, enum lang lang, const struct view *v,
                 const struct follow_page *p);

#endif
