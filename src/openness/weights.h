/*
 * weights: how much a cell counts, and how open a treatment is. Weights are data, never code:
 * integers on the atoms of the space (sector leaves, modes) and on the treatments, each with its
 * source, so that every index is a quotient of two exact integers and can be recomputed by hand.
 *
 * Shipped: `equal` (every cell counts once), `modes` (the four modes count alike), `trade`
 * (imports by EBOPS item as published; `trade@2017-01` another month), `stri` (binary scores).
 * A file of one's own has the same columns: what,code,weight,period,evidence,source,note with
 *   sector  code "*" or a sector: every leaf of it gets the weight (a later row wins)
 *   spread  the weight, in its published unit, is divided equally over the leaves the code
 *           reaches: WEIGHT_PARTS parts to the unit; leaves in order of the code get one part
 *           more until nothing is left, so that the parts add up; shares of several codes add
 *   total   the published total, for the record; it is not spread
 *   mode    1 to 4      score   a treatment, 0 to WEIGHT_SCORE
 * Scores may not rise along the chain of treatments. A code that reaches no leaf keeps its weight
 * as `unplaced`: it is reported, never re-assigned. A leaf that no row reaches weighs 0 and counts
 * as not covered.
 */
#ifndef OPENNESS_WEIGHTS_H
#define OPENNESS_WEIGHTS_H

#include "law/law.h"

enum { WEIGHT_PARTS = 10000, WEIGHT_SCORE = 100, WEIGHT_LEAF_MAX = 100000000, WEIGHT_MODE_MAX = 100,
       WEIGHT_ITEMS = 64 };
#define WEIGHT_SUM_MAX INT64_C(100000000000) /* leaf weights together, times the largest mode */

struct weight_item { /* a `spread` row */
    struct str code, name, source;
    int64_t value;  /* as published */
    int leaves;     /* it was spread over; 0: unplaced */
    bool partial;   /* the concordance covers its leaves only in part */
    char evidence;  /* 'A' 'B' 'C', 0: a choice */
};

struct weights {
    struct str name, period, source; /* period empty if none applies */
    uint32_t leaf[LIMIT_SECTORS];
    uint32_t mode[5];           /* 1 to 4 */
    uint32_t score[PROHIBITED + 1]; /* of WEIGHT_SCORE */
    struct str score_source;
    int n_leaves, covered;      /* leaves, and those with a weight */
    int64_t total, placed, unplaced; /* of `spread`, in the published unit; total 0: not given */
    int n_items;
    struct weight_item item[WEIGHT_ITEMS];
};

/* A shipped name, with "@PERIOD" where the file has several (the last one otherwise).
 * ERR_NOT_FOUND with the names. */
enum err weights_load(const struct classification *codes, struct str name, struct arena *a,
                      struct weights *out, struct error *e);
/* A text of the form above; `file` is for the error. ERR_SYNTAX, ERR_INVALID, ERR_LIMIT, and the
 * errors of sector_parse. */
enum err weights_read(const struct classification *codes, struct str text, const char *file,
                      struct str period, struct arena *a, struct weights *out, struct error *e);
/* A shipped name, else a file. */
enum err weights_open(const struct classification *codes, const char *name_or_file,
                      struct arena *a, struct weights *out, struct error *e);

#endif
