/*
 * floor: what the terms of an agreement do to treatment over time, and what a most-favoured-
 * nation clause does to it between economies. Pure functions over small arrays: they know no
 * list, so that the algebra can be tried on invented histories.
 *
 * A span is an interval of treatments (lo <= hi; the truth lies between, facts decide). A
 * history is a run of pieces in order of time, without holes; a piece on which no list governs
 * carries no span. An ungoverned piece is neither a liberalisation nor a slide.
 *
 * Floors: `step` compares each governed piece with the governed piece right before it;
 * `standstill` with the value on the day t0; `ratchet` with the most favourable value since t0
 * (a running union of what was open, hence monotone: the floor never rises).
 */
#ifndef OPENNESS_FLOOR_H
#define OPENNESS_FLOOR_H

#include "decide/decide.h"

struct span {
    uint8_t lo, hi; /* enum treatment */
};
struct piece { /* holds from `from` to the day before the next piece */
    day_t from;
    bool governed;
    struct span value;
};

enum floor_kind { FLOOR_STEP, FLOOR_STANDSTILL, FLOOR_RATCHET };
enum worse { NOT_WORSE, MAY_BE_WORSE, SURELY_WORSE };

/* Is `now` less favourable than `then`? Surely if even its best is worse than the other's
 * worst; perhaps if either end moved up. */
enum worse span_worse(struct span then, struct span now);

/* "Continuation or prompt renewal": a piece of at most `grace` days between two governed ones,
 * and either ungoverned or more favourable than both, continues the piece before it. Changes h
 * in place; returns the new number of pieces (equal neighbours stay apart). grace 0: nothing. */
int history_renewals(struct piece *h, int n, int grace);

/* The floor that binds just before piece `at`, by pieces that begin on or hold on t0 or later.
 * false: there is none yet (nothing governed since t0). */
bool history_floor(const struct piece *h, int n, enum floor_kind kind, day_t t0, int at,
                   struct span *out);

struct slide { /* piece `at` is less favourable than the floor set by piece `by` (or later ones) */
    int at, by;
    struct span floor, value;
    enum worse worse;
};
/* Slides at the pieces where the value changes, in order of time; returns how many there are,
 * writes at most `room`. */
int history_slides(const struct piece *h, int n, enum floor_kind kind, day_t t0,
                   struct slide *out, int room);

/*
 * Most-favoured-nation treatment as a least fixed point. own[(i * parties + o) * cells + c] is
 * what agreement i gives party o in cell c (SILENT: nothing). A clause of agreement i lets its
 * beneficiaries claim, in marked cells, what any agreement it refers to gives any other party
 * that is not excluded, what that one got by its own clause included:
 *     benefit(i,o,c) = min(own(i,o,c), min over (j,p) in Ref of benefit(j,p,c)).
 * Finite and monotone, so iteration from own ends in the least solution.
 */
struct mfn_clause {
    int agreement;
    uint64_t refers; /* bit = agreement: whose treatment may be claimed */
    uint64_t beneficiary[ORIGIN_WORDS]; /* bit = party of this space */
    uint64_t excluded[ORIGIN_WORDS];    /* parties whose treatment may not be claimed */
    const uint64_t *marked;             /* bit = cell; NULL: all */
};
struct mfn_space {
    int agreements, parties; /* at most 64, ORIGIN_WORDS * 64 */
    size_t cells;
    const uint8_t *own;
    int n_clauses;
    const struct mfn_clause *clause;
};
/* benefit: room for agreements x parties x cells; via (NULL allowed): the agreement whose own
 * treatment it is. Returns the rounds until nothing changed. */
int mfn_least(const struct mfn_space *m, uint8_t *benefit, uint8_t *via);

#endif
