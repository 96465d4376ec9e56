/* gap, inside: what the categories, the slides and the propagation share. */
#ifndef OPENNESS_GAP_INSIDE_H
#define OPENNESS_GAP_INSIDE_H

#include "decide/snapshot.h"
#include "openness/gap.h"

/* Keys to numbers 0, 1, 2 ... in order of their first coming. */
struct groups {
    struct arena *arena;
    int n, room, slots;
    struct group_key {
        const int32_t *key;
        int n;
        uint64_t hash;
        size_t at; /* class cell where it first came */
        uint64_t cells;
    } *of;
    int32_t *slot;
};
void groups_init(struct groups *g, struct arena *a);
int groups_put(struct groups *g, const int32_t *key, int n, size_t at, uint64_t cells);

/* Boxes of a cover, appended to the gap's, sorted by group and size; each finding takes its own
 * run through `take`. */
typedef void take_boxes_fn(void *ctx, int group, int first, int n);
void gap_cover(struct gap *g, struct arena *a, const struct grid *grid, const int32_t *group,
               take_boxes_fn *take, void *ctx);

uint64_t gap_local_layers(const struct corpus *c, const struct obligations *o);
/* What the question asks, over the cells of one grid. */
struct question gap_question(const struct grid *grid, size_t at, day_t on, day_t known);
struct span span_of(const struct answer *a);
struct shown shown_of(const struct answer *a);
char gap_evidence(const struct snapshot *s, const struct question *q, const struct answer *a);
char grade_lower(char a, char b);
/* The interval of one agreement's lines; SILENT if nothing binds. false: more lines on a cell
 * than an answer holds. */
bool gap_bound(const struct snapshot *s, struct question q, int layer, struct answer *a,
               struct span *out);
/* Economies that are members on a day. */
void gap_members(const struct corpus *c, int instrument, day_t on, uint64_t out[ORIGIN_WORDS]);

void gap_slides_make(struct gap *g, struct arena *a, const struct snapshot *s, uint64_t leave_out);
enum err gap_mfn_make(struct gap *g, struct arena *a, const struct snapshot *s,
                      const struct obligations *o, struct error *e);
static inline bool layer_excluded(uint64_t set, int layer)
{
    return layer >= 0 && ((set >> layer) & 1);
}

#endif
