/*
 * barriers: rules against lists. A negative list says what is closed to foreign suppliers; note
 * 1 promises that everything else is open to them as to domestic ones. A rule that hits
 * foreigners outside of every item is a hidden barrier; an item that no rule applies has no
 * effect; a rule and an item may contradict each other; a local rule or list may be stricter
 * than the national list (design N8; S0 art. 1).
 *
 * Rules and items are sets of cells; the findings are set algebra on them, on one pair of days,
 * over the negative lists (cross-border, investment; national and zone) in force. Only imports:
 * no list governs an export. docs/meaning.md says which list speaks where. Every region is a
 * union of disjoint boxes that together are the region, each with a witness: a question that
 * was decided again with these lists alone, and whose answer shows what the finding says.
 *
 *   no-list-item        a rule that binds foreigners (or whom it binds is not known: possible)
 *                       in cells where a list that speaks has no item, nor one that the rule
 *                       names as its own
 *   reaches-beyond-item the rule names its item, and reaches cells outside of it
 *   item-without-rule   no rule in the catalogue names the item and none is matched in it
 *   contradiction       a rule opens a path (approval, condition, quota, notice) where its item
 *                       prohibits, or prohibits where its item gives a path. Its item: the one
 *                       it names, or one of the same activity
 *   local-stricter      a zone list, or a local rule for foreigners, stricter than the national
 *                       list in the same cells, facts unknown, or item by item of one key
 */
#ifndef OPENNESS_BARRIERS_H
#define OPENNESS_BARRIERS_H

#include "decide/decide.h"
#include "openness/catalogue.h"

enum barrier_kind { BARRIER_NO_LIST_ITEM, BARRIER_BEYOND_ITEM, BARRIER_ITEM_WITHOUT_RULE,
                    BARRIER_CONTRADICTION, BARRIER_LOCAL_STRICTER, BARRIER_KINDS };

struct barrier_box {
    struct scope scope;
    uint64_t cells;
    struct question witness;
    enum outcome outcome; /* what the lists say there */
    enum treatment must, treatment, national; /* national: SILENT but for local-stricter */
};

struct barrier {
    enum barrier_kind kind;
    int permit, item, other; /* rule, provision, national provision compared with; -1: none */
    uint64_t lists;          /* layers: those without item; those that hold the item */
    uint64_t cells, under_others; /* beyond its item: of these, under another item */
    int n_boxes;
    struct barrier_box *box;
    char evidence;           /* lowest grade it rests on */
    bool possible;           /* whom the rule binds is not known; a contradiction not all A */
};

struct barriers {
    struct scope domain; /* imports of that day */
    uint64_t lists;      /* layers compared */
    int n_items;
    int n;
    struct barrier *barrier; /* by kind; then in the order of the catalogue, of the corpus */
    int count[BARRIER_KINDS];
    int compared, in_order;  /* rules; without any finding */
    int without_scope, not_in_force, outside; /* rules not compared; outside: no list speaks */
    int on_list_only;        /* items whose only matched basis is another negative list */
};

/* `edition`: a layer to look at alone, -1: all. A zone list is still compared with the national
 * one. Errors: ERR_LIMIT. Memory: the arena's. */
enum err barriers_find(struct barriers *out, struct arena *a, const struct snapshot *s,
                       const struct catalogue *k, day_t on, day_t known, int edition,
                       struct error *e);
const char *barrier_name(enum barrier_kind k);
void barriers_json(const struct snapshot *s, const struct catalogue *k, const struct barriers *b,
                   day_t on, day_t known, struct buf *out, bool pretty);

#endif
