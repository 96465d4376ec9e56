/* portal, inside: what the pages of kept answers and of the log show. */
#ifndef PORTAL_KEPT_H
#define PORTAL_KEPT_H

#include "api/archive.h"
#include "portal/view.h"

struct kept_page {
    struct str id, origin, key;
    const struct archived *file;
    const struct kept *kept;
    struct kept_check check;
    struct kept_now now;
    bool signed_head, included; /* verified on this request */
    uint64_t size;              /* of the head that covers it */
};

struct ledger_row {
    uint64_t index;
    struct str leaf, kind, subject, link, day;
};
enum { LEDGER_ROWS = 30 };
struct ledger_page {
    struct str origin, key, note, root;
    uint64_t size;
    int n_rows;
    struct ledger_row row[LEDGER_ROWS]; /* the newest first */
};

void page_kept(struct buf *b, enum lang lang, const struct view *v, const struct kept_page *k);
void page_ledger(struct buf *b, enum lang lang, const struct view *v, const struct ledger_page *l);
struct str ledger_kind(const struct view *v, struct str kind);
struct str kept_day(const struct view *v, day_t d);
struct str kept_treatment(const struct view *v, struct str name); /* "approval" in words */
enum outcome kept_outcome(const struct kept *k);
struct str kept_rule_link(const struct view *v, struct str rule); /* "instrument/key" */
struct str kept_question(const struct view *v, const struct kept *k);
struct str kept_link(const struct view *v, const struct kept *k); /* the same question today */

#endif
