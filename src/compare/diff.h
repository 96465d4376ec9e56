/*
 * diff: two lists compared by what they mean, not by their words.
 *
 * On every cell both sides can speak about, and for every valuation of the facts there:
 *   opened  b is nowhere less favourable than a, and somewhere more;
 *   closed  b is somewhere less favourable (mixed: and elsewhere in the facts more);
 *   same    alike on all of them.
 * opened + closed + same = total, exactly. Cells that differ come as boxes that do not overlap,
 * each with the items that make the difference, and a witness: a question which both decide()
 * and the judge answer as said. Only items that differ in meaning or scope can change a cell, so
 * the work follows the edits, not the lists.
 */
#ifndef COMPARE_DIFF_H
#define COMPARE_DIFF_H

#include "compare/compare.h"
#include "compare/settle.h"
#include "space/grid.h"

struct diff_answer { /* of one side to the witness */
    enum outcome outcome;
    enum treatment must, treatment;
};

struct diff_region {
    enum change change;
    bool mixed;
    uint64_t cells;
    struct scope scope;
    int n_by;
    int by[2 * SETTLE_CAUSES]; /* provisions: those that make it, then their namesakes opposite */
    int n_causes;              /* how many of them make it */
    char evidence;             /* the lowest grade among by */
    struct facts facts;        /* of the witness */
    struct question a, b;      /* the witness; .facts is set by diff_witness */
    struct diff_answer was, is;
};

enum diff_note { NOTE_WORDING,  /* same meaning and scope; words, number, effect, grade differ */
                 NOTE_REKEYED,  /* the same rule under another key */
                 NOTE_REMOVED, NOTE_ADDED, NOTE_CHANGED };
struct diff_item { /* items side by side; -1: not there */
    enum diff_note note;
    int a, b;
    bool moves;            /* it makes some cell differ */
    const char *field[10]; /* what differs, by the names of the instrument file */
    int n_fields;
};

struct diff {
    struct side a, b;
    struct scope domain;
    uint64_t total, opened, closed, same;
    int n_regions;
    struct diff_region *region; /* opened first, then closed; most cells first */
    int n_items;
    struct diff_item *item;     /* none between views */
    int kept;                   /* items alike in every field */
    double seconds;
};

/* Errors: those of sides_domain; ERR_LIMIT (settle.h, more than 100,000 regions). Owner: arena. */
enum err diff_make(const struct snapshot *s, const struct side *a, const struct side *b,
                   struct diff *out, struct arena *arena, struct error *e);
/* Asks decide() and the judge again for every witness. ERR_INTEGRITY if an answer differs. */
enum err diff_verify(const struct snapshot *s, const struct diff *d, struct error *e);

void diff_json(const struct snapshot *s, const struct diff *d, struct buf *out, bool pretty);
/* For people, in full sentences; `all`: every region, not the largest twenty. */
void diff_text(const struct snapshot *s, const struct diff *d, bool zh, bool all,
               struct buf *out);

#endif
