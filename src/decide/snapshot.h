/* decide, inside: the compiled snapshot. Seven rows of bits per question: sector, combo,
 * origin, place, day of law, day of knowledge; bit r of a row says "rule r holds this code".
 * A question is the AND of six rows and a mask of the layers that speak. */
#ifndef DECIDE_SNAPSHOT_H
#define DECIDE_SNAPSHOT_H

#include "decide/decide.h"

struct rule { /* a provision that can decide, compact: 12 bytes in the hot loop */
    int provision;
    uint8_t layer;
    uint8_t treatment;
    bool plain; /* no fact, no exemption: its value is its treatment */
};

struct rows {
    int n;          /* codes */
    uint64_t *bits; /* n x words */
};

struct snapshot {
    const struct corpus *c;
    int n_rules;
    int words; /* per row, a multiple of 8 so that a row is whole 512-bit blocks */
    struct rule *rule; /* in order of the corpus */
    struct rows sector, combo, origin, place, valid, known;
    int n_valid, n_known;
    day_t *valid_day, *known_day; /* first day of each slice, ascending; slice 0 from DAY_MIN */
    uint64_t *layer_valid, *layer_known, *layer_place;
    uint64_t *layer_origin; /* n_valid x n_economies: dated groups change over time */
    uint64_t family_layers[FAMILY_COUNT];
    uint64_t default_equal, base, claimable;
    int mode_value[5]; /* enum index of "1".."4" in supply.mode */
    int territory_value[3]; /* CN, FTZ, HAINAN */
    int form_value[2];      /* joint-venture, other */
    uint8_t *place_territory; /* per place: 0 CN, 1 FTZ, 2 HAINAN */
    struct arena arena;
};

/* What exact classes must tell apart: these rules, these layers on these slices of valid time. */
struct looked_at {
    const uint64_t *rules; /* bit = rule */
    uint64_t layers;
    int valid[2];
};
void snapshot_grid_of(const struct snapshot *s, const struct looked_at *l,
                      const struct scope *domain, struct grid *out);

int snapshot_slice(const day_t *days, int n, day_t d); /* the last slice that starts <= d */
uint64_t snapshot_speaking(const struct snapshot *s, const struct question *q);
uint64_t snapshot_deciding(const struct snapshot *s, const struct question *q);

/* One rule on one question: docs/meaning.md section 3. */
struct bite {
    uint8_t lo, hi;
    bool out, lifted;
    uint8_t reason; /* set when out or lifted */
};
struct bite rule_bite(const struct snapshot *s, const struct provision *p,
                      const struct question *q);
/* Value of an expression: -1 false, 0 unknown, 1 true; *role gets the role of the unknown. */
int expr_value(const struct snapshot *s, const struct question *q, int node,
               enum fact_role *role);
/* Carve-outs of the speaking layers: 1 applies, 0 may apply, -1 none. `which` may be NULL. */
int carve_out_state(const struct snapshot *s, const struct question *q, uint64_t speaking,
                    int *which);

#endif
