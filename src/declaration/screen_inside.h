/*
 * screen, inside. A record is looked up in one number, its cell:
 *
 *   the day gives a stretch of days on which nothing changes; the stretch gives the classes of
 *   origin and place; the cell is
 *   stretch | row (a code that reaches something) | kind | origin class | place class
 *
 * Cells 0 to SCHEME_CODES-1 stand for records that no list speaks on: exports, days outside,
 * codes that reach nothing; one for each code, so that counts by cell hold the counts by code.
 * Beside the cells a stretch keeps its grid: the answers themselves, by class of leaves, combo,
 * origin and place. Reports come from there; nothing is decided again.
 */
#ifndef DECLARATION_SCREEN_INSIDE_H
#define DECLARATION_SCREEN_INSIDE_H

#include "declaration/screen.h"

enum { SCREEN_MODES = 4, SCREEN_KINDS = 2, SCREEN_BANKS = 10000, SCREEN_STRETCHES = 1024,
       SCREEN_DIVISIONS = 128, DIVISION_WORDS = SCREEN_DIVISIONS / 64,
       FACT_NOT_ASKED = -2, NO_ROW = -1 };

struct supplies { /* what a transaction code stands for */
    int code;     /* in the scheme */
    int n;        /* leaves x modes */
    bool partial, open;
    uint64_t leaf[SCREEN_MODES][SECTOR_WORDS];
};

struct part { /* leaves of one class in one mode, of one code */
    int16_t class;
    uint8_t mode; /* 1 to 4 */
    int16_t weight; /* leaves */
    uint64_t division[DIVISION_WORDS];
};
struct row { /* of a stretch: a code's set in classes */
    int n;
    struct part *part;
};

struct verdict { /* answers that say the same */
    uint8_t outcome;
    int n;
    int *provision; /* those that prevail */
};
struct stretch { /* days on which nothing that a record meets changes */
    day_t on;
    struct grid grid;
    uint32_t base, row_cells, kind_cells; /* first cell; cells of a row, of a kind */
    uint32_t origin_at[LIMIT_ORIGINS];    /* UINT32_MAX: no foreign supplier */
    uint8_t place_at[LIMIT_PLACES];
    struct row *row;
    int32_t *verdict_of; /* grid cell -> verdict, -1: no code reaches it */
    int n_verdicts, room;
    struct verdict *verdict;
    int32_t *slot;       /* hash table of verdicts */
    _Atomic int16_t *fact; /* grid cell -> next question, filled when first asked for */
    _Atomic char *evidence;
    struct arena arena;
};

struct sample { /* of a record, to be told apart and ordered by memcmp: no gaps, zeroed */
    uint64_t hash;
    char report_no[24];
    int64_t amount;
    uint64_t report_key;
    day_t on;
    uint16_t bank;
    uint8_t report_part, party_kind, flow, advance, code, country, place, currency;
    uint8_t zero[2];
};
struct counters { /* of one thread */
    int64_t place[LIMIT_PLACES][SCREEN_COUNT];
    int64_t bank[SCREEN_BANKS][SCREEN_COUNT];
    uint64_t least[SCREEN_COUNT]; /* a hash below this one is a sample */
    int n_samples[SCREEN_COUNT];
    struct sample sample[SCREEN_COUNT][SCREEN_SAMPLES]; /* ascending */
    int64_t cell[];
};

struct screen {
    const struct scheme *scheme;
    const struct snapshot *snap;
    const struct corpus *corpus;
    day_t from, to, known;
    int16_t *stretch_of_day; /* from `from`; -1: nothing can be answered for that day */
    int n_stretches;
    struct stretch *stretch[SCREEN_STRETCHES];
    int n_rows;
    struct supplies *supplies; /* by row */
    int16_t row_of[SCHEME_CODES];
    uint32_t n_cells;
    uint8_t *outcome; /* by cell */
    struct counters *counters[INTAKE_THREADS];
    struct screen_summary summary;
    struct arena arena, summary_arena;
};

/* Decides the grid of a stretch; on several threads at a time, each with its own. */
void screen_stretch_decide(const struct screen *s, struct stretch *t);
/* Outcomes of the stretch's cells. */
void screen_stretch_fold(struct screen *s, const struct stretch *t);
void screen_stretch_finish(struct stretch *t);
/* The question that a grid cell stands for. */
struct question screen_question(const struct screen *s, const struct stretch *t, size_t at);
/* Keeps the SCREEN_SAMPLES smallest, each once, ascending. */
void screen_sample_put(struct sample *list, int *n, const struct sample *x);
/* A grid cell of a part; `cell` counts origin classes x place classes. */
static inline size_t screen_grid_at(const struct stretch *t, const struct part *p, enum kind kind,
                                    uint32_t cell)
{
    const struct grid *g = &t->grid;
    int combo = g->combo.of[combo_of(p->mode, IMPORT, kind)];
    return ((size_t)p->class * (size_t)g->combo.n + (size_t)combo) * t->kind_cells + cell;
}
/* A refund takes back a supply of the other flow. */
static inline bool screen_import(const struct declaration *d)
{
    return (d->flow == FLOW_DEBIT) != (d->advance == ADVANCE_REFUND);
}
/* The stretch of a record, NULL when its cell is one of those of the codes alone. */
static inline const struct stretch *screen_stretch(const struct screen *s,
                                                   const struct declaration *d)
{
    if (d->on < s->from || d->on > s->to || !screen_import(d) || s->row_of[d->code] == NO_ROW)
        return NULL;
    int t = s->stretch_of_day[d->on - s->from];
    return t < 0 || s->stretch[t]->origin_at[d->country] == UINT32_MAX ? NULL : s->stretch[t];
}
static inline uint32_t screen_cell(const struct screen *s, const struct declaration *d)
{
    const struct stretch *t = screen_stretch(s, d);
    if (t == NULL)
        return d->code;
    return t->base + (uint32_t)s->row_of[d->code] * t->row_cells +
           (d->party_kind == PARTY_UNIT ? 0 : t->kind_cells) + t->origin_at[d->country] +
           t->place_at[d->place];
}
static inline enum kind screen_kind(const struct declaration *d)
{
    return d->party_kind == PARTY_UNIT ? KIND_FIRM : KIND_PERSON;
}

#endif
