/*
 * A grid: each dimension of the space cut into classes of codes that nobody needs to tell
 * apart, so that a question about millions of cells is a loop over a few thousand class cells.
 * The classes are exact: they are split by whole sets of codes, never by a signature.
 *
 * A class cell (s, c, o, p) stands for weight(s) x weight(c) x weight(o) x weight(p) cells.
 * Class cells are numbered sector-major, place fastest (grid_at). Codes outside of the domain
 * have class -1.
 */
#ifndef SPACE_GRID_H
#define SPACE_GRID_H

#include "space/space.h"

struct classes {
    int n_codes; /* in the list: 1,381 leaves, 48 combos, 249 economies, 87 places */
    int n;       /* classes */
    int16_t of[LIMIT_SECTORS];    /* code -> class, -1: outside of the domain */
    int16_t first[LIMIT_SECTORS]; /* class -> its lowest code; ascending */
    int16_t weight[LIMIT_SECTORS];/* class -> number of codes */
};

struct grid {
    struct classes sector, combo, origin, place;
};

/* One class holding the codes of `domain` below n_codes (none if it holds none). */
void classes_init(struct classes *c, const uint64_t *domain, int n_codes);
/* Splits every class into the codes that are in `set` and those that are not. Numbering stays
 * ascending by the lowest code. */
void classes_split(struct classes *c, const uint64_t *set);
/* Every code of the domain a class of its own. */
void classes_each(struct classes *c, const uint64_t *domain, int n_codes);
/* Classes by equal keys: `key` is n_codes x words; codes whose keys are equal word by word and
 * that lie in `domain` share a class. */
void classes_by_key(struct classes *c, const uint64_t *domain, int n_codes, const uint64_t *key,
                    int words);
void classes_codes(const struct classes *c, int class, uint64_t *set); /* |= its codes */

static inline size_t grid_cells(const struct grid *g)
{
    return (size_t)g->sector.n * (size_t)g->combo.n * (size_t)g->origin.n * (size_t)g->place.n;
}
static inline size_t grid_at(const struct grid *g, int s, int c, int o, int p)
{
    return (((size_t)s * (size_t)g->combo.n + (size_t)c) * (size_t)g->origin.n + (size_t)o) *
               (size_t)g->place.n + (size_t)p;
}
static inline uint64_t grid_weight(const struct grid *g, int s, int c, int o, int p)
{
    return (uint64_t)g->sector.weight[s] * (uint64_t)g->combo.weight[c] *
           (uint64_t)g->origin.weight[o] * (uint64_t)g->place.weight[p];
}

/*
 * The cover: cells of each group cut into boxes that do not overlap, found greedily (largest
 * first growth over the dimensions in several orders). Promise: the boxes of a group are
 * disjoint, lie inside the group, together are the group, and each was maximal among what was
 * left when it was taken. Not promised: the least possible number of boxes (NP-hard).
 *
 * group[i] for class cell i: number of its group, -1: in no group (left out).
 */
struct box {
    int group;
    struct scope scope; /* the product of sets of codes */
    uint64_t cells;
    int s, c, o, p;     /* a class cell inside it: where it was grown from */
};
typedef void cover_fn(void *ctx, const struct box *b);
void grid_cover(const struct grid *g, const int32_t *group, cover_fn *each, void *ctx);

/*
 * Scopes in words and as JSON. What is written is the part of `s` that lies in `domain`, and
 * `domain` is what goes without saying: a dimension that holds all of the domain's codes is left
 * out of the words ("everything" if all are) and "*" in JSON; a scope without a cell is "nothing".
 *   en: "division 73 (...) except 7330 · mode 1 (firms), mode 4 · Japan · Hainan and below"
 *   JSON: {"sectors":[{"code":"73","except":["7330"]}] | "*", "supplies":[{"mode":1,
 *         "direction":"import","kinds":["firm"]}] | "*", "origins":["HK"] |
 *         {"except":["HK"]} | "*", "places":["FTZ","CN-HI+"] | {"except":["FTZ"]} | "*",
 *         "leaves":n}; "except" of a sector is absent when there is none
 * Sector sets are written by a tree walk with the fewest codes: a node, with the nodes wholly
 * out of the set as its exceptions, is taken when that is not longer than its parts; a node with
 * one class is written as that class; {"code":"*","except":[...]}, the domain but for these, when
 * that is shorter than anything else. A place "CN-HI+" is CN-HI and all below it that the domain
 * holds, "FTZ" the pilot zones that the domain holds, any other code the place alone. An
 * {"except"} of origins or places is taken out of the domain. Words give the first 12 terms of a
 * list and the number of the others; JSON gives all.
 */
void scope_words(const struct classification *c, const struct scope *s,
                 const struct scope *domain, bool zh, struct buf *out);
void scope_json(const struct classification *c, const struct scope *s,
                const struct scope *domain, struct jsonw *w);
/* The sector part alone, in words; the domain is all leaves ("all services"). */
void sectors_words(const struct classification *c, const uint64_t set[SECTOR_WORDS],
                   bool with_names, bool zh, struct buf *out);
/* All leaves, import and export, all economies but CN for imports' origin (a supply from China
 * to China is no trade), all places that exist on `on`. */
void scope_whole(const struct classification *c, day_t on, struct scope *out);
/* Combos of some modes (bit m of `modes`), one direction and some kinds (bit k of `kinds`); a
 * kind that has no meaning in a mode is skipped. */
uint64_t combos_of(unsigned modes, enum direction d, unsigned kinds);

#endif
