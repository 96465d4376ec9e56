/* /lists, /lists/{id} and /lists/{id}/{key}: texts on their time line, one list and where it
 * bites, one measure and its life. */
#ifndef PORTAL_LISTS_H
#define PORTAL_LISTS_H

#include "compare/chronicle.h"
#include "compare/life.h"
#include "openness/heat.h"
#include "portal/figures.h"

enum { LISTS_PAIRS = 24, LIST_PAIRS = 12, LIST_ITEMS = 20 };

struct lists_page {
    int n_pairs[FAMILY_COUNT];
    int pair[FAMILY_COUNT][LISTS_PAIRS][2]; /* neighbouring editions: earlier, later */
};

struct list_page {
    const struct instrument *t;
    const struct heat *heat; /* NULL: not a negative list held item by item */
    int section;             /* in gbt, opened; -1 */
    int n_items;             /* shown: the first ones, or with ?items=all every one */
    int n_pairs;
    int pair[LIST_PAIRS][2]; /* it and its neighbours, the earlier one first */
};

struct measure_page {
    const struct provision *p;
    struct life life;
};

struct html lists_timeline(const struct view *v, enum family f);
struct str territory_text(const struct view *v, const struct instrument *t);

struct html list_held_bar(const struct view *v, const struct instrument *t);
struct str list_held_sentence(const struct view *v, const struct instrument *t);
struct str list_section_link(const struct view *v, const struct list_page *p, int code);
struct str list_field_link(const struct view *v, const struct list_page *p, int code, int mode,
                           int column);
struct str list_items_link(const struct view *v, const struct list_page *p);
struct str list_heat_link(const struct view *v, const struct list_page *p, const char *ending);
struct str list_column_name(const struct view *v, const struct heat *h, int column);
enum msg list_field_word(const struct heat_field *f);
struct str list_share(const struct view *v, const struct heat_field *f);

struct str life_sentence(const struct view *v, const struct life *l);
struct str life_changed(const struct view *v, const struct life *l, int station);
bool life_untouched_at(const struct life *l, int station); /* nothing to be shown */
struct str life_diff_link(const struct view *v, const struct life *l, int station); /* or empty */

void page_lists(struct buf *b, enum lang lang, const struct view *v, const struct lists_page *p);
void page_instrument(struct buf *b, enum lang lang, const struct view *v,
                     const struct list_page *p);
void page_heat(struct buf *b, enum lang lang, const struct view *v, const struct list_page *p);
void page_heat_fields(struct buf *b, enum lang lang, const struct view *v,
                      const struct list_page *p, int row);
void page_measure(struct buf *b, enum lang lang, const struct view *v,
                  const struct measure_page *p);
void page_life(struct buf *b, enum lang lang, const struct view *v, const struct measure_page *p);

#endif
