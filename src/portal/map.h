/* /map: everything that a profile may do, on one page: the form and, by GET, the map. */
#ifndef PORTAL_MAP_H
#define PORTAL_MAP_H

#include "compare/map.h"
#include "portal/figures.h"

enum { MAP_SHOWN = 3, MAP_FOLDED = 5 }; /* regions of an outcome; the twins have all */

struct map_page {
    const struct map *map;     /* NULL: nothing was asked, or it cannot be asked */
    const struct error *fault; /* why not */
    int origin, place;         /* as chosen, -1 */
    enum kind kind;
    struct str query;          /* of the question, for the twins */
    bool all_economies;        /* in the list to choose from */
};

/* This map, in the form of `suffix`; `economies`: with every economy in the list to choose from. */
struct str map_link(const struct view *v, const struct map_page *m, const char *suffix,
                    bool economies);
/* Beside a map the list holds the usual economies and the chosen one, which keeps the page small;
 * all are one link away, and on the page that asks first. */
bool map_offers(const struct view *v, const struct map_page *m, int economy);
uint64_t map_mode_cells(const struct map *m, int mode);
uint64_t map_open_cells(const uint64_t n[OUTCOME_COUNT]); /* ？: carved out or undetermined */
struct str map_witness(const struct view *v, const struct map_region *r);
int map_regions_of(const struct map *m, enum outcome o, int *first);

void page_map(struct buf *b, enum lang lang, const struct view *v, const struct map_page *m);
void page_map_form(struct buf *b, enum lang lang, const struct view *v, const struct map_page *m);
void page_map_row(struct buf *b, enum lang lang, const struct view *v, struct str name,
                  const uint64_t *n);
void page_map_region(struct buf *b, enum lang lang, const struct view *v, const struct map *m,
                     const struct map_region *r);

#endif
