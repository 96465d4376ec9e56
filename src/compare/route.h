/*
 * route: the smallest changes that make an answer better. A change sets one of: a claim, a fact
 * with role condition that a matching provision reads, the kind, the mode, the place, the day
 * of law (the first day of a later slice: a day on which a list, a membership or a zone starts
 * or ends). Each fact and each claim is a dimension of its own; no dimension is changed twice.
 * The changed question is one that can be asked (question_check).
 *
 * A change *improves* when the new answer is not elsewhere and its interval is not worse at
 * either end and better at one. One change that improves is a route. Two changes are a route
 * when they improve and neither of them alone gives an answer at least as good at both ends.
 * Values that lead to the same answer, provisions and all, are one route with several values.
 *
 * Order: what may be (hi), what must be (lo), number of changes, working days of the procedure
 * where the register knows them (unknown last), then claim, fact, kind, mode, place, date.
 */
#ifndef COMPARE_ROUTE_H
#define COMPARE_ROUTE_H

#include "compare/procedure.h"
#include "decide/decide.h"

enum route_dimension { ROUTE_CLAIM, ROUTE_FACT, ROUTE_KIND, ROUTE_MODE, ROUTE_PLACE, ROUTE_DATE };

struct route_change {
    enum route_dimension dimension;
    int which;      /* the layer claimed, the fact; else 0 */
    int n;          /* values that do alike */
    int64_t *value; /* ascending: kind, mode, place, day, value of the fact; 1 for a claim */
};

struct route {
    int n_changes;
    struct route_change change[2]; /* in the order of enum route_dimension, then of `which` */
    enum outcome outcome;
    enum treatment must, treatment;
    int favoured_by; /* layer, -1 */
    int n_prevailing;
    int *prevailing;
    char evidence;         /* of the new answer */
    const char *certainty;
    int n_missing;         /* facts that the new answer still depends on */
    int *missing;
    struct question example; /* with one value of each change */
    const struct procedure *procedure; /* NULL: the register ties none to this route */
};

enum route_state {
    ROUTE_SOUGHT,   /* every smallest change was looked for */
    ROUTE_NOT_NEEDED, /* nothing on the lists stands in the way: the interval is [EQUAL, EQUAL] */
    ROUTE_ELSEWHERE /* no list that is held governs the question: there is nothing to improve */
};

struct routes {
    enum route_state state;
    struct question question;
    struct explanation *now;
    struct procedures procedures;
    int n;
    struct route *route; /* the best first */
};

/* Everything lives in the arena; q->facts must outlive the routes. Errors: those of
 * question_check() and of reading the register of procedures. */
enum err route_find(struct routes *out, struct arena *a, const struct snapshot *s,
                    const struct question *q, struct error *e);
void route_json(const struct routes *r, const struct snapshot *s, struct buf *out, bool pretty);
/* The values of a change of fact as a short text: "true", "minor|major", ">=50". */
void route_fact_words(const struct corpus *c, const struct route_change *x, struct buf *out);
/* Without the line that names the sector (`head` false), for groups of sectors that agree. */
void route_text(const struct routes *r, const struct snapshot *s, bool head, bool zh,
                struct buf *out);

#endif
