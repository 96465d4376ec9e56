/*
 * space: the finite space of supplies. A supply is one cell: sector leaf x mode x direction x
 * supplier kind x origin economy x place (GATS I:2 for the modes). Mode, direction and kind are
 * folded into one dimension of 48 combos, of which 24 are valid (combo_valid): 4 modes x 2
 * directions x {firm, person}, and the four legal forms of mode 3 in both directions.
 *
 * A scope is a product of sets of codes, one set per dimension. Floor 3: knows code lists,
 * knows no law.
 */
#ifndef SPACE_SPACE_H
#define SPACE_SPACE_H

#include "classification/classification.h"

enum direction { IMPORT, EXPORT }; /* import: a foreign supplier serves China */

enum kind {
    KIND_FIRM,   /* legal person, form not said */
    KIND_PERSON, /* natural person */
    KIND_JV,     /* joint venture                  } mode 3 only */
    KIND_WFOE,   /* wholly foreign-owned enterprise } */
    KIND_BRANCH,
    KIND_REP, /* representative office */
    KIND_COUNT
};

enum { COMBOS = 4 * 2 * KIND_COUNT };

static inline int combo_of(int mode, enum direction d, enum kind k)
{
    return ((mode - 1) * 2 + (int)d) * KIND_COUNT + (int)k;
}
static inline int combo_mode(int combo) { return combo / (2 * KIND_COUNT) + 1; }
static inline enum direction combo_direction(int combo)
{
    return (enum direction)(combo / KIND_COUNT % 2);
}
static inline enum kind combo_kind(int combo) { return (enum kind)(combo % KIND_COUNT); }
static inline bool combo_valid(int combo)
{
    return combo_kind(combo) <= KIND_PERSON || combo_mode(combo) == 3;
}

struct scope { /* the product of five sets */
    uint64_t sector[SECTOR_WORDS];
    uint64_t combo; /* bit = combo */
    uint64_t origin[ORIGIN_WORDS];
    uint64_t place[PLACE_WORDS];
};

const char *direction_name(enum direction d); /* "import", "export" */
const char *kind_name(enum kind k);           /* "firm", "person", "joint-venture", ... */
bool direction_parse(struct str s, enum direction *out);
bool kind_parse(struct str s, enum kind *out);
bool scope_has(const struct scope *s, int leaf, int combo, int origin, int place);
void scope_clip(struct scope *s, const struct scope *to); /* s = the part of s within to */
/* Cells of the scope that are valid combos. */
uint64_t scope_weigh(const struct scope *s);

#endif
