/*
 * map: everything that a supplier's profile may do. A profile is an economy, a kind, some
 * sectors, one place or every place there is on the day, two days, the facts that are known and
 * the treaties that are claimed; direction import. Its space is sectors x modes 1 to 4 (those in
 * which the kind exists) x places, and the map says of every cell of it what decide() says.
 *
 * The counts by mode and outcome add up to the space: the map is complete or there is none. The
 * regions are disjoint boxes that together are the space; within one, outcome, interval and
 * favoured_by are the same everywhere. So are the provisions that prevail, unless that would
 * take more than `regions_max` regions: then `by_prevailing` is false and the provisions
 * shown are those of the witness alone.
 */
#ifndef COMPARE_MAP_H
#define COMPARE_MAP_H

#include "decide/decide.h"

enum { MAP_REGIONS_MAX = 400 };

struct map_profile {
    int origin;
    enum kind kind;
    uint64_t sector[SECTOR_WORDS];
    int place; /* -1: every place that exists on `on` */
    day_t on, known;
    const struct facts *facts; /* NULL: nothing is known; must outlive the map */
    uint64_t claims;           /* bit = layer */
    int regions_max;           /* 0: MAP_REGIONS_MAX */
};

struct map_region {
    enum outcome outcome;
    enum treatment must, treatment;
    int favoured_by; /* layer, -1 */
    struct scope box;
    uint64_t cells;
    struct question witness; /* one cell of the box */
    char evidence;           /* of the witness */
    int n_prevailing;        /* of the witness; of every cell if the map is by_prevailing */
    int *prevailing;
};

struct map {
    struct map_profile profile;
    struct scope domain; /* the space of the profile */
    uint64_t cells;
    uint64_t outcome[OUTCOME_COUNT];
    uint64_t mode[5][OUTCOME_COUNT]; /* [1] to [4] */
    bool by_prevailing;
    int n_regions;
    struct map_region *region; /* by outcome, the largest first */
};

/* Everything lives in the arena. Errors: those of question_check(), and ERR_INVALID when no
 * sector is asked for. */
enum err map_make(struct map *out, struct arena *a, const struct snapshot *s,
                  const struct map_profile *p, struct error *e);
void map_json(const struct map *m, const struct snapshot *s, struct buf *out, bool pretty);
void map_csv(const struct map *m, const struct snapshot *s, struct buf *out);
/* Counts by mode and outcome, then the regions; of many regions the largest. */
void map_text(const struct map *m, const struct snapshot *s, bool zh, struct buf *out);

/* How an outcome is shown to people: ○ △ ✕ ？ → and a few words. */
struct map_sign {
    const char *sign, *zh, *en;
};
extern const struct map_sign map_signs[OUTCOME_COUNT];

#endif
