/* /changes: everything that changed in the law held, newest first. */
#ifndef PORTAL_CHANGES_H
#define PORTAL_CHANGES_H

#include "compare/chronicle.h"
#include "portal/figures.h"

enum { CHANGES_SHOWN = 60, CHANGES_FEED = 100, CHANGES_FOLD = 4 };

struct changes_page {
    int n;
    const struct event *event;
    struct str family; /* as asked; empty: all */
};

/* Events of one day and one kind are one entry of the page; how many from i on. */
int changes_run(const struct changes_page *p, int i);
struct str changes_sentence(const struct view *v, const struct event *x); /* with the title */
enum msg changes_word(enum event_kind k);
struct str changes_link(const struct view *v, const char *ending, struct str family);
/* The feed (RFC 4287). An entry is updated on its day; before that day has come, on the day the
 * text became known. Nothing in it hangs on the host. */
void changes_atom(const struct view *v, struct str family, const struct event *x, int n,
                  struct buf *out);

void page_changes(struct buf *b, enum lang lang, const struct view *v,
                  const struct changes_page *p);
void page_event(struct buf *b, enum lang lang, const struct view *v, const struct event *x);

#endif
