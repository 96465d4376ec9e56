/* /zones and /zones/{code}: places, what is special there, and what the lists make of it. */
#ifndef PORTAL_ZONES_H
#define PORTAL_ZONES_H

#include "compare/diff.h"
#include "portal/figures.h"

enum { ZONES_TILES = 34, ZONE_REGIONS = 5, ZONE_FOLDED = 15 };

struct membership_row { /* of a place in a named group, with its days and its grade */
    struct str group, name_zh, name_en, note;
    int place;
    day_t from, to;
    char evidence; /* 0: not graded */
};

struct tile { /* one of 34 units of the grid; place -1: an economy, not in our tree of places */
    const char *code, *sign_zh;
    int column, row;
    int place, economy, zone; /* zone: its pilot free trade zone, -1 */
    bool port;       /* the free trade port */
    int pilots;      /* pilot places in it, itself included, on the day */
};

struct zone_view { /* one family of lists, there against nationally */
    enum family family;
    struct str national, here;   /* the two sides, as side_parse takes them */
    const struct diff *diff;     /* NULL: cannot be compared, and why */
    const struct error *why;
};

struct zones_page {
    struct tile tile[ZONES_TILES];
    int n_rows;
    struct membership_row *row;
    /* of one place */
    int place;
    int n_lists;
    int list[LIMIT_LAYERS]; /* instruments in force that speak there, those of zones first */
    bool special[LIMIT_LAYERS]; /* it does not speak in the whole country */
    struct zone_view view[2];
};

bool row_open(const struct view *v, const struct membership_row *r);
struct str row_days(const struct view *v, const struct membership_row *r);
struct str place_kind_word(const struct view *v, const struct place *p);
char place_grade(const struct place *p); /* 0: none */
struct str place_link(const struct view *v, int place);
struct str tile_title(const struct view *v, const struct tile *t);
struct str tile_marks(const struct view *v, const struct tile *t);
struct str tile_sign(const struct view *v, const struct tile *t);
struct str view_family(const struct view *v, const struct zone_view *z);
struct str diff_link(const struct view *v, const struct zone_view *z);
struct str answer_words(const struct view *v, const struct diff_answer *a);

void page_tiles(struct buf *b, enum lang lang, const struct view *v, const struct zones_page *z);
void page_zones(struct buf *b, enum lang lang, const struct view *v, const struct zones_page *z);
void page_zone(struct buf *b, enum lang lang, const struct view *v, const struct zones_page *z);
void page_zone_view(struct buf *b, enum lang lang, const struct view *v,
                    const struct zone_view *z);
void page_zone_region(struct buf *b, enum lang lang, const struct view *v, const struct diff *d,
                      const struct diff_region *r);

#endif
