/* /diff: two editions, or two situations, compared by meaning and by their words. */
#ifndef PORTAL_VERSUS_H
#define PORTAL_VERSUS_H

#include "compare/chronicle.h"
#include "compare/diff.h"
#include "compare/wording.h"
#include "portal/figures.h"

enum { VERSUS_CARDS = 20, VERSUS_CARDS_ALL = 500, VERSUS_BOXES = 4, VERSUS_FIELDS = 7,
       VERSUS_PAIRS = 24, VERSUS_CLAUSES = 32 };

enum versus_form { VERSUS_MEANING, VERSUS_SIDE, VERSUS_INLINE };

struct versus_card { /* one measure, or several that act together, and all its boxes */
    const struct diff_region *first;
    int n, *region;
    uint64_t cells;
    char evidence; /* the lowest of its boxes */
};

struct versus_clause { /* what was added to a measure, or taken away from it */
    enum msg what;
    struct str text;
};

struct versus_field { /* a part of an item whose words differ */
    enum msg name;
    struct str a, b;
    struct wording_run *run;
    int n;
};
struct versus_item { /* an item on both sides, or on one, in words */
    const struct diff_item *item;
    const struct provision *a, *b; /* NULL: not there */
    int n_fields;
    struct versus_field field[VERSUS_FIELDS];
};

struct versus_page {
    const struct diff *diff;
    enum versus_form form;
    struct str show, grade; /* as asked; empty: all */
    bool all;
    uint64_t by_grade[3];
    int n_cards, n_cards_all;
    struct versus_card *card;
    int n_items;
    struct versus_item *item;  /* those whose words differ */
    struct str path;           /* /diff/a...b, encoded */
};

struct versus_choice { /* the page that asks for two sides */
    int n_pairs;
    int pair[VERSUS_PAIRS][2];
};

struct str versus_link(const struct view *v, int a, int b); /* of two editions */
struct str versus_self(const struct view *v, const struct versus_page *p, const char *key,
                       const char *value); /* this page with one answer changed */
struct str versus_twin(const struct view *v, const struct versus_page *p, const char *ending);
struct str versus_side_title(const struct view *v, const struct side *s);
struct str versus_side_facts(const struct view *v, const struct side *s);
struct str versus_side_honesty(const struct view *v, const struct side *s); /* empty: official */
struct str versus_headline(const struct view *v, const struct diff *d);
struct str versus_note_word(const struct view *v, const struct diff_item *i);
struct str versus_maker_state(const struct view *v, const struct diff *d, int provision);
struct str versus_fields_text(const struct view *v, const struct diff_item *i);
/* Fields by the names of the instrument file, in words. */
struct str versus_field_names(const struct view *v, const char *const *field, int n);
int versus_clauses(const struct view *v, const struct diff *d, int provision,
                   struct versus_clause *out);
struct str versus_example(const struct view *v, const struct diff_region *r);
/* The place or the day of one side of a witness, where the sides differ in it; or empty. */
struct str versus_when_where(const struct view *v, const struct diff_region *r, bool b);
struct str versus_answer(const struct view *v, const struct diff_answer *a);
struct str versus_check_link(const struct view *v, const struct diff_region *r, bool b);
struct str versus_item_no(const struct view *v, const struct provision *p);
struct html versus_runs(const struct view *v, const struct versus_field *f, bool gone, bool came);
struct html versus_bar(const struct view *v, const struct diff *d);
bool versus_differs(const struct diff *d, int provision); /* is it among the items */
int versus_by_words(const struct diff *d, bool words); /* items that change words alone */

void page_versus(struct buf *b, enum lang lang, const struct view *v, const struct versus_page *p);
void page_versus_form(struct buf *b, enum lang lang, const struct view *v,
                      const struct versus_choice *c);
void page_versus_grades(struct buf *b, enum lang lang, const struct view *v,
                        const struct versus_page *p);
void page_versus_list(struct buf *b, enum lang lang, const struct view *v,
                      const struct versus_page *p, bool words);
void page_versus_card(struct buf *b, enum lang lang, const struct view *v,
                      const struct versus_page *p, const struct versus_card *c);
void page_versus_items(struct buf *b, enum lang lang, const struct view *v,
                       const struct versus_page *p);
void page_versus_words(struct buf *b, enum lang lang, const struct view *v,
                       const struct versus_page *p);

#endif
