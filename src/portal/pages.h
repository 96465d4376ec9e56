/* The compiled pages. Every page includes this, so that the compiler compares the two. */
#ifndef PORTAL_PAGES_H
#define PORTAL_PAGES_H

#include "portal/view.h"

void page_layout(struct buf *b, enum lang lang, const struct view *v, struct str title,
    struct html content);
void page_error(struct buf *b, enum lang lang, const struct view *v, const struct error *e);
void page_home(struct buf *b, enum lang lang, const struct view *v);
void page_hidden(struct buf *b, enum lang lang, const struct view *v, const char *but);
void page_ask_sector(struct buf *b, enum lang lang, const struct view *v);
void page_ask_mode(struct buf *b, enum lang lang, const struct view *v);
void page_ask_kind(struct buf *b, enum lang lang, const struct view *v);
void page_ask_from(struct buf *b, enum lang lang, const struct view *v);
void page_ask_to(struct buf *b, enum lang lang, const struct view *v);
void page_ask_review(struct buf *b, enum lang lang, const struct view *v);
void page_clauses(struct buf *b, enum lang lang, const struct view *v, enum msg title,
    const struct clause *c, int n);
void page_item(struct buf *b, enum lang lang, const struct view *v, const struct provision *p);
void page_next_fact(struct buf *b, enum lang lang, const struct view *v, int fact);
void page_hidden_answer(struct buf *b, enum lang lang, const struct view *v);
void page_asked(struct buf *b, enum lang lang, const struct view *v);
void page_todo(struct buf *b, enum lang lang, const struct view *v, const struct answer *a);
void page_claims(struct buf *b, enum lang lang, const struct view *v);
void page_near(struct buf *b, enum lang lang, const struct view *v);
void page_reserved(struct buf *b, enum lang lang, const struct view *v);
void page_coverage(struct buf *b, enum lang lang, const struct view *v);
void page_answer(struct buf *b, enum lang lang, const struct view *v, const struct answer *a);
void page_groups(struct buf *b, enum lang lang, const struct view *v);
void page_narrowing(struct buf *b, enum lang lang, const struct view *v);
void page_find(struct buf *b, enum lang lang, const struct view *v);
void page_status(struct buf *b, enum lang lang, const struct view *v);

#endif
