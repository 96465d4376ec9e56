/*
 * disclosure: no published figure, and nothing that can be worked out of published figures, may
 * tell what one enterprise has declared.
 *
 * The room knows no trade word. It takes contributions (who, where in a product of code trees, how
 * much), a plan of tables over those trees, and rules; it builds the cells, finds those that are
 * sensitive, suppresses others to protect them, and then attacks the result as an outsider with
 * every published number would: by linear programming. All tables of a plan are ONE system: a cell
 * that lies in two tables is one variable, every "parent is the sum of its children" is one
 * relation, whatever table it comes from; so are zones against provinces, quarters against months,
 * growth rates, and the differences between a release and every earlier one (vintage.h).
 *
 *   cell       a tuple of nodes, one per dimension (node 0 is the total of its dimension)
 *   sensitive  fewer than `contributors_min` contributors, or the p % rule, or (n,k) dominance
 *              (Hundepool and others, Statistical Disclosure Control, 2012, ch. 4)
 *   protected  an attacker who knows all open cells, all relations and that values are not
 *              negative cannot place it more closely than [value - width, value + width]
 *   open       published as it is; suppressed cells are published as such, primary and secondary
 *              alike (SDMX CONF_STATUS "C"), so that the status does not tell the rule
 *
 * Integers are exact; the linear programs are floating point and judged with a margin
 * (docs/statistics.md). May include declaration/ and below; decide/ it has no use for.
 */
#ifndef DISCLOSURE_DISCLOSURE_H
#define DISCLOSURE_DISCLOSURE_H

#include "base/base.h"

enum { DIMS_MAX = 10 };

/* --- what is to be published ------------------------------------------------------------- */
struct node {
    struct str code;
    int parent;   /* -1 for node 0 */
    int depth;    /* 0 for node 0 */
    bool hidden;  /* never published as such, e.g. a province outside its zone; still a cell of
                     the system, since it can be worked out */
    bool absent;  /* in no table and no cell of the system: a year that is not complete, the sum
                     of all years. A sum of cells that are not sensitive is not sensitive either
                     (number of contributors, p %, dominance: all pass on), so it tells nothing more */
};
struct dimension {
    struct str id;  /* "period", "flow", "item", "partner", "place", "mode", ... */
    int n;
    struct node *node; /* parents before children; every contribution is at a leaf */
};
struct table_spec { /* all combinations of nodes down to these depths */
    struct str id;
    int depth[DIMS_MAX]; /* 0: the total only */
    int from[DIMS_MAX];  /* nodes above this depth are hidden in this table; mostly 0 */
};
struct coarser_way { /* in which a change goes coarser: nodes are kept down to these depths */
    int depth[DIMS_MAX];
};
struct plan {
    int n_dims;
    struct dimension dim[DIMS_MAX];
    int n_tables;
    struct table_spec *table;
    /* What may not be shown at its place (vintage.h, unallocated.h): the ways, the finest first, and
     * of each node its leaf "not allocated", 0: it has none; NULL: no node of the dimension has. */
    int n_ways;
    struct coarser_way *way;
    int16_t *unallocated[DIMS_MAX];
};

struct contribution_at { /* one contributor at one combination of leaves */
    int16_t leaf[DIMS_MAX];
    uint32_t party;
    int64_t value;
};

/* --- rules ------------------------------------------------------------------------------- */
struct rules { /* data/statistics/confidentiality.csv; 0 switches a rule off */
    int contributors_min;    /* 3 */
    int p_percent;           /* 10: unsafe if T - x1 - x2 < p/100 x1, x1 and x2 the two largest */
    int n_dominance[2], k_percent[2]; /* (1,..) or (2,..): the n largest have more than k % */
    int width_percent;       /* protection on both sides of a sensitive cell's value: p by default */
};
enum err rules_load(struct rules *out, struct error *e); /* the shipped ones */

/* --- the system -------------------------------------------------------------------------- */
enum cell_state { CELL_OPEN, CELL_PRIMARY, CELL_SECONDARY, CELL_HIDDEN };
struct sdc_cell {
    int16_t at[DIMS_MAX];
    uint8_t state;
    bool sensitive;       /* also of hidden cells */
    bool frozen;          /* must stay suppressed: it was so in an earlier release */
    bool shown;           /* all know it, whatever its state: an earlier release had it open */
    uint32_t contributors;
    uint32_t top_party[2];
    int64_t value;        /* may be negative */
    int64_t weight;       /* sum of |value| over contributors; equals value when none is negative */
    int64_t top[2];
};
struct relation { /* parent = sum of children; members are cells, the parent first */
    int first, n;   /* in system.member */
};
struct derived { /* low * cell a <= cell b <= high * cell a: a published growth rate or share */
    int a, b;
    double low, high;
};
struct system {
    const struct plan *plan;
    struct rules rules;
    int n_cells;
    struct sdc_cell *cell; /* in order of their coordinates */
    int n_relations;
    struct relation *relation;
    int n_members;
    int *member;
    int n_derived;
    struct derived *derived;
    bool either_sign;   /* an attacker does not know that values are not negative: differences */
    struct arena *arena;
};
/* Cells that hold no contribution are left out: they are published as zero, so an attacker knows
 * them, and no other cell can hide behind them. A cell where contributions of one contributor
 * cancel is kept. ERR_LIMIT. */
enum err system_build(struct system **out, struct arena *a, const struct plan *p,
                      const struct rules *r, const struct contribution_at *c, size_t n,
                      struct error *e);
int system_find(const struct system *s, const int16_t at[DIMS_MAX]); /* -1 */
bool cell_sensitive(const struct rules *r, const struct sdc_cell *c);
/* Publishes the rate of change or share of two cells to `decimals` of a percent. */
enum err system_derive(struct system *s, int a, int b, int decimals, struct error *e);

/* --- suppression ------------------------------------------------------------------------- */
struct suppression {
    int cells, sensitive, primary, secondary;
    int64_t value_open, value_suppressed; /* of cells that would be published, |value| */
    int lps;
    double seconds;
};
/* States of all cells: sensitive ones are suppressed, others with them until the attack finds
 * nothing; cells of least value first. Deterministic. ERR_LIMIT when it cannot be done. */
enum err system_suppress(struct system *s, int n_threads, struct suppression *out,
                         struct error *e);

/* --- the attack -------------------------------------------------------------------------- */
struct exposure {
    int cell;
    double low, high;   /* what the attacker knows */
    uint32_t insider;   /* the contributor that used its own figures; UINT32_MAX: an outsider */
};
struct attack {
    int targets, lps, components;
    int n_exposed;
    struct exposure *exposed;
    double seconds;
};
/* Solves two linear programs for every sensitive cell (all cells that are not open, as the states
 * stand), by programs of its own: components of unknown cells over the relations, open cells as
 * constants. With suppression it shares the finder of circuits, whose findings it checks afresh. A
 * program is spared where a move of cells that is checked in whole numbers proves the target
 * protected. Insiders: a contributor that is alone in a suppressed cell knows that cell; the attack
 * is repeated with its cells known. What must be kept from an insider is the width of what the
 * others declared: its own part of a cell it knows. */
enum err system_attack(const struct system *s, int n_threads, struct arena *a, struct attack *out,
                       struct error *e);
/* One cell's interval for an attacker to whom `known` (bit per cell, NULL: none) is known too. */
enum err system_interval(const struct system *s, int cell, const uint64_t *known, double *low,
                         double *high, struct error *e);

#endif
