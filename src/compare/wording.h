/*
 * wording: two texts of one rule set against each other, word by word, for people to read. It
 * says nothing about meaning (diff.h does that): it shows which words went and which came.
 *
 * A word is one Chinese character, one run of letters or digits, one run of spaces, or one other
 * character. What is kept is a longest common subsequence of words, so that no shorter edit
 * exists; then what is kept between two edits but shows no more than one character is given up,
 * because a lone comma or character between changes is harder to read than the whole change.
 *
 * Invariants: the kept and gone runs in order are `a`, the kept and came runs in order are `b`,
 * byte for byte; gone stands before came; no two neighbours are of one kind; no run is empty.
 * Memory is linear in the two texts (Hirschberg 1975), time is the product of what differs: if
 * that is more than LIMIT_WORDING_CELLS, all of it is given as gone and come.
 */
#ifndef COMPARE_WORDING_H
#define COMPARE_WORDING_H

#include "base/base.h"

enum wording_kind { WORDING_KEPT, WORDING_GONE, WORDING_CAME };
struct wording_run {
    enum wording_kind kind;
    struct str text; /* of `a` if kept or gone, of `b` if come */
};

/* The number of runs; the array lies in the arena, the text in a and b. */
int wording_diff(struct str a, struct str b, struct arena *arena, struct wording_run **out);
/* Words in common: what is kept before slight runs are given up. */
int wording_common(struct str a, struct str b, struct arena *arena);

#endif
