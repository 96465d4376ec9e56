/* generate, inside: parameters, controls, firms, blocks. Only generate*.c include it. */
#ifndef DECLARATION_GENERATE_INSIDE_H
#define DECLARATION_GENERATE_INSIDE_H

#include "declaration/generate.h"

enum { CELLS = FLOW_COUNT * CONTROL_ITEMS, /* flow x main item */
       PARTNERS_MAX = 224, REGIONS_MAX = 64, TENDERS_MAX = 16, LISTED_MAX = 16,
       KNOTS = 257, CODES_PER_CELL = 48, HOME_PARTNERS = 4, FIRM_SLOTS = 3,
       LAGS_IN_TIME = 4, LAGS = 10, LAG_ROWS = 100000, BANK_OFFICES = 10,
       QUOTE_EVERY = 64, /* records, of which one may have an open quote */
       REACH = 4096 /* records between a refund and its payment, at most */ };

/* --- whole-number arithmetic (generate_fixed.c) ------------------------------------------- */
int64_t fixed_log2(uint64_t x);   /* x > 0; log2(x) in units of 2^-32 */
uint64_t fixed_exp2(int64_t x); /* 2^x in units of 2^-16; x in units of 2^-32, below 47 */
uint64_t mix(uint64_t h);         /* splitmix64's finaliser: a bijection that scatters */
struct stream { uint64_t at; };   /* splitmix64 from any starting point */
static inline uint64_t stream_next(struct stream *s)
{
    s->at += 0x9E3779B97F4A7C15u;
    return mix(s->at);
}
static inline uint32_t below(uint64_t r, uint32_t n) /* by the high half of r */
{
    return (uint32_t)(((r >> 32) * n) >> 32);
}
/* Walker's alias table in whole numbers; total weight below 2^40. */
struct alias_entry { uint32_t cut, other; };
struct alias {
    uint32_t n;
    struct alias_entry *entry;
};
void alias_make(struct alias *out, struct arena *a, const uint64_t *weight, uint32_t n);
static inline uint32_t alias_draw(const struct alias *a, uint64_t r)
{
    uint32_t i = below(r, a->n);
    return (uint32_t)r < a->entry[i].cut ? i : a->entry[i].other;
}
/* Parts of a whole in proportion to weights, by largest remainders; first among equals. */
void parts(int64_t whole, const int64_t *weight, int n, int64_t *part);
/* Iterative proportional fitting (Deming and Stephan 1940) of n rows x m columns of weights:
 * weight x column (units of 2^-20) x row (2^-32) meets the row totals, and the column totals as
 * far as factors of 1/16 to 16 reach. */
void rake(const int64_t *weight, int n, int m, const int64_t *row_total,
          const int64_t *column_total, uint32_t *column, uint64_t *row);

/* --- parameters (generate_calibration.c) -------------------------------------------------- */
struct partner { uint8_t economy; char alpha3[3]; int64_t share[FLOW_COUNT]; };
struct home { uint8_t place, zone; char digits[2]; int64_t share, zone_ppm; }; /* zone 0: none */
struct tender { int currency; int64_t share, usd_e10, swing_ppm; };
struct calibration {
    int64_t mean_usd[CONTROL_ITEMS], season[FLOW_COUNT][12], plant[PLANT_COUNT];
    int64_t alpha_ppm, size_cap, amount_size_ppm, groups_ppm, key_ppm, large_ppm, medium_ppm,
        small_ppm, residents_ppm, nonresidents_ppm, advance_ppm, weekend_ppm, banks;
    int n_partners, n_homes, n_tenders, n_listed;
    struct partner partner[PARTNERS_MAX];
    int64_t affinity[CONTROL_ITEMS][PARTNERS_MAX]; /* ppm */
    struct home home[REGIONS_MAX];
    struct tender tender[TENDERS_MAX]; /* the first is USD, the second CNY */
    uint8_t listed[LISTED_MAX];
    uint32_t knot[3][KNOTS]; /* exp of a normal: below 1/64, between, above 63/64; 2^-16 */
    /* Codes by flow x item, and codes of one direction only, by the direction they lack. */
    int n_code[CELLS], n_wrong[FLOW_COUNT];
    uint8_t code[CELLS][CODES_PER_CELL], wrong[FLOW_COUNT][SCHEME_CODES];
    int8_t item_of[SCHEME_CODES]; /* 0..11 or -1 */
};
/* `span` says from when and for how many months; its totals come later. */
enum err calibration_load(struct calibration *c, struct arena *a, const struct generate_options *o,
                          const struct controls *span, struct error *e);

/* --- controls and rates (generate_controls.c) --------------------------------------------- */
/* out->from and out->n are the caller's. */
enum err controls_make(struct controls *out, struct arena *a, const struct generate_options *o,
                       const struct calibration *c, struct rates **rates, struct error *e);
void controls_write(const struct controls *k, struct buf *out);
void rates_write(const struct rates *r, const struct controls *k, const struct calibration *c,
                 const struct scheme *s, struct buf *out);
struct str item_name(int item); /* "SA" .. "SL" */

/* --- who declares (generate_firms.c) ------------------------------------------------------ */
struct firm {
    char id[18];
    uint8_t id_bytes, kind, place, zone; /* zone 0: none */
    char digits[2];
    uint8_t n_slots;
    uint16_t bank;
    uint32_t group;  /* of companies; 0: none */
    uint32_t weight; /* number of payments, relative */
};
struct habit { /* what drawing a record needs of its firm: small, so that many stay in cache */
    uint32_t mean; /* size ^ elasticity, 2^-8 */
    uint8_t partner[HOME_PARTNERS], n_partners;
    bool steady;   /* one activity, many payments: a mistake of unit stands out */
    bool numbered; /* its number has a check digit */
};
struct activity { uint32_t firm; uint8_t code; };
/* A row of Walker's table with what it leads to, so that one look in memory is enough. */
struct choice { uint32_t cut, firm[2]; uint8_t code[2]; };
struct firms {
    int n;
    struct firm *firm; /* the largest first */
    struct habit *habit;
    int64_t steady_ppm; /* share of the steady in all payments */
    uint32_t n_choices[CELLS];
    struct choice *choice[CELLS];
};
void firms_make(struct firms *f, struct arena *a, const struct calibration *c,
                const struct controls *k, int n, int64_t rows, uint64_t seed);
void register_write(const struct firms *f, const struct calibration *c, struct buf *out);

/* --- records (generate_block.c) ----------------------------------------------------------- */
struct month_plan {
    int64_t rows, first; /* `first`: number of its first record in the file */
    int n_blocks, block; /* blocks of this month, number of the first */
    int days;
    day_t day;           /* the first */
    int64_t day_first[32]; /* number, within the month, of each day's first record */
    struct alias cell;
    uint64_t row[CELLS]; /* raking factor, 2^-32 */
};
struct drawn { /* one record before it is written */
    uint32_t firm, weight, pair; /* pair: place in the block of the record it repeats or refunds */
    uint8_t cell, partner, code, tender, plant, day, lag, mark; /* mark: other choices, as bits */
    bool repeated, closes;
    uint8_t part; /* of a refund, in 64ths */
    int64_t amount;
};
struct model {
    const struct generate_options *o;
    struct calibration c;
    struct controls k;
    struct rates *rates;
    struct firms firms;
    struct arena *arena;
    struct alias tender;
    uint32_t plant_cut[PLANT_COUNT]; /* running sums in 2^-32 */
    struct month_plan month[GENERATE_MONTHS];
    uint32_t column[CELLS][PARTNERS_MAX]; /* raking factors, 2^-20 */
    int64_t block_rows;
    int n_blocks;
    int64_t (*sum)[CELLS][PARTNERS_MAX]; /* of weights, by block */
    int64_t (*target)[CELLS];            /* cents, by block */
    char unknown_code[6];                /* a code that there is not */
    int16_t word[SCHEME_CODES];          /* of remarks, that speaks for the code; -1: none */
};
struct block { /* where it lies */
    int month, n;
    int64_t first; /* number of its first record within the month */
};
struct block block_at(const struct model *y, int block);
/* Draws a block's records; `sum`, when not NULL, gets the weights of those without a fault. */
void block_draw(const struct model *y, struct block b, struct drawn *d,
                int64_t sum[CELLS][PARTNERS_MAX]);
/* Amounts, such that the block's targets are met to the cent. */
void block_amounts(const struct model *y, struct block b, struct drawn *d,
                   const int64_t target[CELLS]);

/* --- lines (generate_write.c) ------------------------------------------------------------- */
struct label { uint32_t line; uint8_t plant, rule; char report_no[22]; };
struct written {
    struct buf text;
    uint32_t lines;
    size_t n_labels, cap_labels;
    struct label *label;
};
void block_write(const struct model *y, struct block b, const struct drawn *d,
                 struct written *out);
void truth_write(const struct model *y, const struct written *w, int64_t line_first,
                 struct buf *out);

#endif
