/*
 * gap: what applies against what is bound. For an agreement and its members, every cell of their
 * imports falls into one category, and the categories add up to the space:
 *
 *   applied  the interval of decide() with nothing claimed, facts unknown, and the agreement's
 *            own layer left out (with local-level texts where the agreement exempts them);
 *   bound    the interval of the agreement's lines alone; without a line that binds: unbound.
 *
 *   breach      applied.lo > bound.hi: less favourable than bound, whatever the facts
 *   facts       applied.hi > bound.hi only: whether it is less favourable depends on facts
 *   water       applied.hi < bound.lo: more favourable than bound, whatever the facts
 *   equal       the same interval
 *   within      none of these: never less favourable; how much more depends on facts
 *   unbound     the agreement promises nothing there
 *   ungoverned  no list that is held speaks (ELSEWHERE), so that there is nothing to compare
 *
 * A finding gathers cells with the same list items against the same lines. One that rests on
 * grades B or C or on a line wider than its text is "possible", never more. A schedule that is
 * not held gives no categories at all. Slides over time and MFN: compare/floor.h.
 */
#ifndef OPENNESS_GAP_H
#define OPENNESS_GAP_H

#include "openness/floor.h"
#include "openness/terms.h"

enum gap_category { GAP_BREACH, GAP_FACTS, GAP_WATER, GAP_WITHIN, GAP_EQUAL, GAP_UNBOUND,
                    GAP_UNGOVERNED, GAP_CATEGORIES };

struct gap_request {
    int agreement;     /* index of its instrument */
    int origin, place; /* -1: all members, all places of that day */
    day_t on, known;
    bool counts_only; /* no findings, slides or MFN */
};

struct shown { /* a witness that was decided again */
    enum outcome outcome;
    struct span value;
};
struct gap_finding {
    enum gap_category category;
    struct span applied, bound;
    int n_items, n_lines; /* prevailing list items; lines that set the bound */
    const int *item, *line; /* provisions */
    char evidence;   /* lowest grade of what it rests on */
    bool partial;    /* a line or item is wider than its text */
    bool contested;  /* another line of the schedule says "unbound" there */
    bool discretion; /* approval against condition: discretion cannot be compared in words */
    uint64_t cells;
    int first_box, n_boxes;
    struct question witness;
    struct shown without, with; /* the claim */
};
struct slide_finding {
    enum floor_kind kind;
    enum worse worse;
    day_t before, after; /* the floor was set on the one, the slide came with the other */
    struct span floor, value;
    int n_items; /* what prevails after */
    const int *item;
    char evidence;
    uint64_t cells;
    int first_box, n_boxes;
    struct question witness; /* on the day after */
    struct shown then, now;
};
struct gap_slides {
    int n_days;      /* slices compared, from entry into force to the day asked */
    const day_t *day;
    uint64_t cells, compared; /* all; those governed in two slices or more */
    uint64_t lapses;          /* cells that were governed, then ungoverned */
    bool floors;              /* a floor beyond step by step was checked */
    int n;
    struct slide_finding *finding;
};
enum mfn_state { MFN_STATE_UNKNOWN, MFN_STATE_NOT_AUTOMATIC, MFN_STATE_NOT_MARKED, MFN_STATE_DONE };
struct gap_mfn {
    enum mfn_state state;
    int rounds, n_held, n_unheld; /* agreements referred to: schedules held, not held */
    uint64_t further; /* cells in which a member gets more than by its own agreements */
    uint64_t from[LIMIT_LAYERS]; /* of these by layer of the agreement it comes from */
};

struct gap {
    struct gap_request request;
    const struct terms *terms;
    int layer; /* -1: the schedule is not held */
    bool in_force, party; /* on that day; party: some member is left */
    struct scope domain;
    int members, places;
    size_t class_cells;
    uint64_t total, cells[GAP_CATEGORIES];
    uint64_t on_partial[GAP_CATEGORIES]; /* of these, where a line is wider than its text: the
                                          * bound value is then at most a condition */
    uint64_t unbound_open, unbound_by_line; /* of unbound: applied EQUAL; a line says unbound */
    int n, n_boxes;
    struct gap_finding *finding; /* most severe first, then most cells */
    struct box *box;
    struct gap_slides slides;
    struct gap_mfn mfn;
};

bool gap_is_agreement(const struct corpus *c, int instrument, day_t known);
/* Errors: ERR_LIMIT, ERR_DATE_RANGE, ERR_PLACE_DATE. */
enum err gap_make(struct gap *out, struct arena *a, const struct snapshot *s,
                  const struct obligations *o, const struct gap_request *r, struct error *e);
enum gap_category gap_category_of(bool governed, struct span applied, struct span bound);

const char *gap_category_name(enum gap_category k); /* "breach", "facts", ... */
/* No finding that rests on B, C, discretion or a line to be read with others is more than that. */
bool gap_possible(const struct corpus *c, const struct gap *g, const struct gap_finding *f);
void gap_json(const struct snapshot *s, const struct gap *g, struct buf *out);
void gap_text(const struct snapshot *s, const struct gap *g, bool zh, struct buf *out);
void gap_csv(const struct snapshot *s, const struct gap *g, struct buf *out);
/* Several agreements, counts only. */
void gaps_json(const struct snapshot *s, const struct gap *g, int n, struct buf *out);
void gaps_text(const struct snapshot *s, const struct gap *g, int n, bool zh, struct buf *out);
void gaps_csv(const struct snapshot *s, const struct gap *g, int n, struct buf *out);

#endif
