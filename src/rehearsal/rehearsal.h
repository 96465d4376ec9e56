/*
 * rehearsal: what was asked, and what a draft would do to it. Files of the room:
 *
 *   kept.h       an answer somebody relies on, written down so that it can be checked in ten years
 *   questions.h  a stream of kept questions, one JSON object a line
 *
 * May include openness/ (weights) and below.
 *
 * A rehearsal sets a draft edition against kept questions. Every question is asked twice, on its
 * own day or on the draft's first day if that is later: by the law as it is known today, and by the
 * law with the draft. A sector code that stands for several classes is asked for each; what is
 * counted is answers, one for each class.
 *
 * An answer has *improved* when its treatment (the worst that may be) is more favourable than
 * before, or the same and what must be (the least) is; *worsened* the other way round; moved
 * *sideways* when only its outcome word changed (equal -> carved out), or when one of the two is
 * "elsewhere", which has no treatment to compare; else it is the *same*.
 *
 * A change is laid to provisions of the texts that the draft changes: those that prevail in the
 * worse of the two answers and do not stand with the same value in the other (sideways: of both);
 * if there are none, any that match on one side and do not stand on the other (a claimed treaty
 * decided before); if there are none either, a layer came or went, and what prevails in the worse
 * answer is named.
 *
 * Commitments: for answers that worsened, the treaties whose claim would give a better one.
 *
 * The corpus is that of registry_load_draft(): in it the draft is known from `known` on. Memory
 * does not grow with the questions, only with the kinds of change (LIMIT_REHEARSE_GROUPS).
 */
#ifndef REHEARSAL_REHEARSAL_H
#define REHEARSAL_REHEARSAL_H

#include "openness/weights.h"
#include "rehearsal/questions.h"

enum shift { SHIFT_SAME, SHIFT_IMPROVED, SHIFT_WORSENED, SHIFT_SIDEWAYS, SHIFT_COUNT };

enum { REHEARSE_CAUSES = 8, REHEARSE_SAMPLES = 5, REHEARSE_FAULTS = 20, REHEARSE_TABLE = 65536 };

struct verdict {
    enum outcome outcome;
    enum treatment must, treatment;
    int favoured_by; /* layer, -1 */
    char evidence;   /* lowest grade the answer rests on */
};

struct sample { /* a question of a group, with both answers */
    long line;      /* 0: a witness */
    char id[LIMIT_QUESTION_ID + 1];
    int64_t value;
    uint64_t cells;
    struct question q; /* facts: NULL */
    struct verdict before, after;
};

struct tally {
    uint64_t answers, cells;
    uint64_t questions; /* with at least one such answer; same: with no other */
    int64_t value;      /* of those questions, in cents */
    uint64_t leaf[SECTOR_WORDS]; /* classes with at least one such answer */
};

struct shift_group { /* alike in both outcomes, the kind of change and the causes */
    enum outcome before, after;
    enum shift shift;
    int n_causes; /* may be more than are kept */
    int cause[REHEARSE_CAUSES]; /* provisions, in order of the corpus */
    struct tally count;
    int n_samples;
    struct sample sample[REHEARSE_SAMPLES];
    long last_line; /* so that a question of several classes counts once */
};

struct rehearsal {
    const struct snapshot *s;
    int draft;   /* instrument */
    day_t known; /* first day on which the draft is known */
    bool witnesses; /* no kept questions: one for each class cell that the draft touches */
    uint64_t questions, rejected;
    struct tally all, tally[SHIFT_COUNT];
    uint64_t matrix[OUTCOME_COUNT][OUTCOME_COUNT]; /* answers: [before][after] */
    uint64_t committed[LIMIT_LAYERS]; /* worsened answers that a claim of the layer betters */
    int n_groups;
    struct shift_group **group; /* most answers first, once done */
    int n_faults;                /* the first rejected lines */
    struct error fault[REHEARSE_FAULTS];
    struct shift_group **table; /* by hash */
    struct arena arena;
};

typedef void rehearse_progress_fn(void *ctx, uint64_t questions, uint64_t bytes);

void rehearsal_init(struct rehearsal *r, const struct snapshot *s, int draft, day_t known);
void rehearsal_finish(struct rehearsal *r);
/* One question; its days are set here. Errors: ERR_LIMIT (groups, or a sum of values that no
 * longer fits). After the last one rehearsal_sort() puts the groups in order. */
enum err rehearse_ask(struct rehearsal *r, const struct asked *k, struct error *e);
void rehearsal_sort(struct rehearsal *r);
/* All questions of the file. Bad lines are counted and kept in `fault`. Errors: ERR_IO
 * and those of rehearse_ask(). */
enum err rehearse_file(struct rehearsal *r, FILE *f, rehearse_progress_fn *progress, void *ctx,
                       struct error *e);
/* The witness set instead: one question, without facts or claims, for each class cell of the
 * draft's first day (today, if it is in force already) that a provision of the draft, or of a text
 * it ends, holds, or where only one of them speaks, or where their carve-outs differ. */
enum err rehearse_witnesses(struct rehearsal *r, rehearse_progress_fn *progress, void *ctx,
                            struct error *e);
uint64_t rehearsal_changed(const struct rehearsal *r); /* answers */
/* Why a group without causes changed: "list" (one began or ended there), "carve-outs" (those of
 * the texts differ: they are written for an id, and a draft with a new one has none); else NULL. */
const char *shift_reason(const struct shift_group *g);
const char *shift_name(enum shift c); /* "same", "improved", "worsened", "sideways" */
/* The share of the weight that lies on these classes, in parts of a million; -1 if nothing weighs.
 * Modes are not weighed: what trade series know is the class. */
int64_t rehearsal_share(const struct weights *t, const uint64_t leaf[SECTOR_WORDS]);
/* `t` NULL: without weights. */
void rehearsal_json(const struct rehearsal *r, const struct weights *t, double seconds,
                    struct buf *out);

#endif
