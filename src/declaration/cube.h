/*
 * cube: declarations as exact cells. A base cell is flow x code x partner x place x month; it
 * holds the sum in US cents, the number of records, of contributors, and the two largest
 * contributors (|amount| of a contributor in the cell; company groups count as one). The five
 * numbers form a commutative monoid over shards that are disjoint by contributor.
 *
 * The road of a record: rows are packed to 16 bytes and parted by a hash of their cell; the parts
 * are sorted one by one, in cache; when they outgrow the memory given they go to a spill file and
 * come back part by part. Report numbers go the same way, 8 bytes each: RULE_TWICE finds the same
 * number again. Twice the same record is one record (the others are void); the same number over
 * records that differ voids all of them, since none can be trusted; either way the result does
 * not depend on the order.
 *
 * A contribution is what one contributor has in one base cell: the finest thing that is kept, and
 * the input of every table (disclosure/). One-to-many codes and modes of supply split
 * contributions by share_out, so parts always sum to the whole.
 */
#ifndef DECLARATION_CUBE_H
#define DECLARATION_CUBE_H

#include "declaration/intake.h"
#include "declaration/parties.h"

struct report_numbers;

/* 32 bits: flow 1 | code 7 | partner 8 | place 7 | month 9, from the top. */
typedef uint32_t cell_key;
static inline cell_key cell_key_make(unsigned flow, unsigned code, unsigned partner, unsigned place,
                                     unsigned month)
{
    return (flow << 31) | (code << 24) | (partner << 16) | (place << 9) | month;
}
struct cell_code { uint8_t flow, code, partner, place; uint16_t month; };
static inline struct cell_code cell_key_code(cell_key k)
{
    return (struct cell_code){(uint8_t)(k >> 31), (k >> 24) & 127, (k >> 16) & 255, (k >> 9) & 127,
                              k & 511};
}
int month_of(day_t d);                /* months since January 2000 */

struct cell {
    cell_key key;
    uint32_t count;        /* records */
    uint32_t contributors;
    uint32_t top_party[2]; /* contributor numbers; UINT32_MAX: none */
    int64_t sum;           /* cents, may be negative after refunds */
    int64_t top[2];        /* |cents| of the two largest; among equals the lower number first */
};
struct contribution {
    cell_key key;
    uint32_t party; /* contributor */
    int64_t cents;
    uint32_t count;
    uint32_t member; /* the enterprise itself, before groups */
};

struct cube_options {
    const struct scheme *scheme;
    const struct rates *rates;
    int n_threads;
    size_t memory_bytes;    /* of rows held before spilling; 0: 320 MB */
    const char *spill_dir;  /* NULL: $TMPDIR or /tmp */
    const char *register_path; /* NULL: none */
    bool contributions;     /* keep them */
    const struct report_numbers *without; /* cube_compile: records that are left out as deleted
                               (batch.h); NULL: none */
};
struct repeat { /* RULE_R7: one member, one cell, one day, the same cents more than once */
    cell_key key;
    uint32_t member;
    int64_t cents;
    uint32_t count; /* records, two or more */
    uint8_t day;    /* of the month */
};
struct doubled { uint64_t key; uint8_t part; }; /* a report number met more than once */
struct cube {
    int64_t records, voided, queried_r7, unrated; /* records: in cells; queried_r7: records that
                             repeat another one; unrated: no rate for the month, left out */
    int64_t credit, debit;  /* cents */
    size_t n_cells;
    struct cell *cell;      /* in order of key */
    size_t n_contributions;
    struct contribution *contribution; /* in order of key, member */
    size_t n_repeats;
    struct repeat *repeat;  /* the first LIMIT_REPEATS in order of key, member, day, cents */
    struct parties parties; /* without map */
    struct register_entry *reg;
    const struct scheme *scheme; /* whose indexes the keys are made of */
    uint8_t digest[32];     /* SHA-256 over the cells, docs/statistics.md */
    double seconds_rows, seconds_cells, seconds_digest; /* the digest is in neither */
    bool spilled;
};

struct cube_builder;
enum err cube_begin(struct cube_builder **out, const struct cube_options *o, struct error *e);
void cube_rows(void *builder, int thread, struct declaration *d, int n); /* intake_rows_fn */
/* Report numbers met more than once, so that the caller reads those records again (intake_run with
 * cube_again as `rows`) before cube_end. */
enum err cube_doubled(struct cube_builder *b, const struct doubled **out, size_t *n,
                      struct error *e);
void cube_again(void *builder, int thread, struct declaration *d, int n); /* intake_rows_fn */
enum err cube_end(struct cube_builder *b, struct cube *out, struct error *e); /* frees b */
void cube_abandon(struct cube_builder *b);
void cube_finish(struct cube *c);

/* All of it in one call: two passes only when there are doubled numbers. `also`, when not NULL,
 * sees every accepted block too (screening). */
enum err cube_compile(const struct cube_options *o, struct intake *in, intake_rows_fn *also,
                      void *also_ctx, struct tally *t, struct cube *out, struct error *e);

/* A cube as one file, to be audited later: written beside, synced, renamed; a SHA-256 at its end
 * is checked on reading (ERR_INTEGRITY). */
enum err cube_write(const struct cube *c, const struct scheme *s, const char *path,
                    struct error *e);
enum err cube_read(struct cube *out, const struct scheme *s, const char *path, struct error *e);
/* The monoid: cells of shards that are disjoint by contributor (parties renumbered). */
enum err cube_merge(struct cube *out, const struct cube *const *shard, int n, struct error *e);

#endif
