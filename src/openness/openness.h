/*
 * openness: how open the law is, over the whole space and all texts at one time: by itself, against
 * what agreements bind, and against the rules that are applied. Files of the room:
 *
 *   weights.h    how much a cell and a treatment count, as data
 *   heat.h       where one list bites: counts of cells by section, mode and territory
 *   stri.h       a score in the manner of the OECD index, to stand beside ours
 *   gap.h        applied against bound, by agreement (terms.h, floor.h: what binds over time)
 *   barriers.h   rules of licensing (catalogue.h) against the lists that promise openness
 *
 * May include compare/ and below.
 *
 * Here the index: how open a list, or the law in force, is, as an exact share of the cells of the
 * space (imports only: an export has no deciding list). Nothing is known of the supplier and
 * nothing is claimed, so that a treatment is an interval, and the index is one too:
 *
 *     lo = sum of weight x score of the worst that may be   } over governed cells,
 *     hi = sum of weight x score of the best that may be    } / (WEIGHT_SCORE x sum of weight)
 *
 * with weight = leaf weight x mode weight. All sums are integers and exact; a quotient is only
 * made for printing. A cell for which no list speaks (ELSEWHERE) is counted apart: it is neither
 * open nor closed. A cell that a note carves out, or may carve out, is governed by rules that
 * are not in the list: it counts from the lowest score to the highest.
 *
 * The contribution of a provision is by how much lo and hi would rise if that one provision were
 * struck and nothing else. A layer takes its strictest match, so that of two items of one list
 * neither opens a cell alone; a family takes its most favourable layer, so that of two lists
 * striking in either is enough. Contributions therefore do not add up to what striking all of
 * them would give: the remainder (all - sum) says by how much, and may have either sign.
 *
 * The work is done on classes of codes split by every set that a layer in force can tell apart;
 * every answer is decide()'s own, and the join made here for "without this provision" is checked
 * against it in every cell.
 */
#ifndef OPENNESS_OPENNESS_H
#define OPENNESS_OPENNESS_H

#include "decide/decide.h"
#include "openness/weights.h"

enum { OPENNESS_SECTIONS = 32 };
enum territory_kind { TERRITORY_NATIONAL, TERRITORY_ZONES, TERRITORY_HAINAN, TERRITORY_COUNT };

struct openness_sum { /* weights; points are weight x score */
    int64_t weight, lo, hi;           /* governed cells; lo, hi in points */
    int64_t carved, elsewhere;        /* carved is part of weight, elsewhere is not */
    int64_t cells, cells_carved, cells_elsewhere; /* the same, unweighted */
};

struct contribution { /* in points: the rise if the provision were struck; may be negative in lo
                       * where what is left is carved out */
    int provision;
    int64_t lo, hi;
    int64_t cells; /* cells whose score changes */
};

struct openness_origins { /* economies that the law in force does not tell apart */
    uint64_t origin[ORIGIN_WORDS];
    int n;
    struct openness_sum sum;
};

struct openness {
    int edition; /* instrument, -1: the law in force */
    day_t on, known;
    int64_t class_cells; /* decided */
    struct openness_sum all, mode[5], place[TERRITORY_COUNT];
    int n_sections;
    int section[OPENNESS_SECTIONS]; /* index in gbt */
    struct openness_sum by_section[OPENNESS_SECTIONS];
    struct openness_sum leaf[LIMIT_SECTORS];
    int n_origins;
    struct openness_origins *origins;
    int grades[3]; /* provisions in force that were read, by grade A, B, C */
    int n_contributions; /* all provisions of the layers in force; greatest rise first */
    struct contribution *contribution;
    int64_t all_lo, all_hi; /* the rise if all of them were struck */
    int64_t sum_lo, sum_hi; /* the contributions added up; remainder = all - sum */
};

struct openness_question {
    const struct weights *weights;
    int edition; /* instrument read alone, -1: the law in force */
    day_t on, known;
    const struct scope *domain; /* cells to count; see openness_domain */
};

/* The import cells of the whole space on a day; of an edition (>= 0): in its places only.
 * `places`: only these (NULL: all). ERR_PLACE_DATE when no place is left. */
enum err openness_domain(const struct corpus *c, int edition, day_t on,
                         const uint64_t places[PLACE_WORDS], struct scope *out, struct error *e);

/* ERR_LIMIT when an answer has more matches than it can hold. Arrays lie in `a`. */
enum err openness_measure(const struct snapshot *s, const struct openness_question *q,
                          struct arena *a, struct openness *out, struct error *e);

/* The index on every day on which it can change, from the first on which a list speaks. The
 * domain of a moment is the whole of its day within q->domain's places. */
struct moment {
    day_t from;
    struct openness_sum all;
    int n_began, n_ended, n_places; /* texts that began or ended that day; places founded */
    int began[LIMIT_LAYERS], ended[LIMIT_LAYERS]; /* instruments */
};
enum err openness_timeline(const struct snapshot *s, const struct openness_question *q,
                           const uint64_t places[PLACE_WORDS], struct arena *a,
                           struct moment **out, int *n, struct error *e);

/* A text in force that is not held, or held in part: the index does not see all of it. */
bool openness_unseen(const struct corpus *c, const struct openness_question *q, int instrument);

enum territory_kind place_territory(const struct classification *c, int place);
/* points / (WEIGHT_SCORE x weight) as "0.1234", rounded half away from zero; "-" if weight is 0. */
void share_format(int64_t points, int64_t weight, char out[24]);
/* The index and all its parts as members of the open JSON object. */
void openness_json(const struct corpus *c, const struct openness_question *q,
                   const struct openness *x, struct jsonw *w);
void moments_json(const struct corpus *c, const struct moment *m, int n, struct jsonw *w);
void weights_json(const struct weights *x, struct jsonw *w);

#endif
