/* The gaps of all agreements for today, made once and shared.
 *
 * A gap takes tens of milliseconds and a handler may not change its context, so that this is the
 * one place of the portal that keeps something between requests: one book for the process, for
 * one snapshot and one day, behind a lock. The first reader of a day makes the book while the
 * others wait; from then on a reader takes the lock only to count himself in and out. A book
 * that is replaced (a new day, another snapshot) is freed by its last reader. Nothing in a book
 * changes after it was made. */
#ifndef PORTAL_GAPS_H
#define PORTAL_GAPS_H

#include "openness/gap.h"
#include "portal/view.h"

struct gap_entry {
    const struct gap *gap; /* NULL: it could not be made */
    struct error why;
};

struct gap_book;
/* Every taken book is given back. The entries are in order of the corpus. */
struct gap_book *gap_book_take(const struct view *v);
void gap_book_give(struct gap_book *b);
int gap_book_count(const struct gap_book *b);
const struct gap_entry *gap_book_entry(const struct gap_book *b, int i);
const struct gap_entry *gap_book_of(const struct gap_book *b, int instrument); /* NULL if none */
int gap_book_instrument(const struct gap_book *b, int i);

#endif
