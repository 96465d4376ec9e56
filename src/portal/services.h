/* /services and /services/{code}: the tree of GB/T 4754-2017, and how open a node is today. */
#ifndef PORTAL_SERVICES_H
#define PORTAL_SERVICES_H

#include "portal/figures.h"

enum { SERVICE_PLACES = 3, SERVICE_ITEMS = 200, SERVICE_SHOWN = 8, SERVICE_FOREIGN = 12,
       SERVICE_LISTS = 4 };

/* What is answered to a firm of one economy, nothing known and nothing claimed, today: in the
 * country, in a pilot zone (the first that was founded) and in Hainan. Per class of sectors. */
struct strip {
    int origin;
    int place[SERVICE_PLACES];
    struct classes sector;
    uint8_t outcome[SERVICE_PLACES][5][LIMIT_SECTORS]; /* place, mode 1 to 4, class of sectors */
};

struct foreign { /* a code of another classification that reaches this node */
    const struct codelist *list;
    int code;
    bool partial; /* it, or a step on the way, is wider or narrower than the node */
};

struct service_page {
    const struct strip *strip;
    int node; /* in the tree, -1: the root */
    int n_items[2]; /* of negative lists and the like; of commitments */
    int item[2][SERVICE_ITEMS];
    int more[2]; /* not kept */
    bool all_items; /* ?items=all: shown; else the first of them */
    int n_foreign;
    struct foreign *foreign;
};

struct service_counts {
    int n[OUTCOME_COUNT];
};

int service_first(const struct view *v, const struct service_page *s); /* child, -1 */
int service_next(const struct view *v, const struct service_page *s, int child);
struct service_counts service_count(const struct view *v, const struct service_page *s, int node,
                                    int place, int mode); /* mode 0: all four */
enum outcome service_outcome(const struct service_page *s, int leaf, int place, int mode);
char service_grade(const struct view *v, const struct service_page *s, int leaf, int place,
                   int mode);
struct str service_link(const struct view *v, int node);
struct str service_check(const struct view *v, const struct service_page *s, int node, int place,
                         int mode);
struct str service_column(const struct view *v, const struct service_page *s, int place);
struct str service_level(const struct view *v, int level);
const char *service_list_name(const struct codelist *l);
struct str foreign_check(const struct view *v, const struct foreign *f);

void page_services(struct buf *b, enum lang lang, const struct view *v,
                   const struct service_page *s);
void page_service(struct buf *b, enum lang lang, const struct view *v,
                  const struct service_page *s);
void page_service_children(struct buf *b, enum lang lang, const struct view *v,
                           const struct service_page *s);
void page_service_strip(struct buf *b, enum lang lang, const struct view *v,
                        const struct service_page *s);
void page_service_counts(struct buf *b, enum lang lang, const struct view *v,
                         struct service_counts n);

#endif
