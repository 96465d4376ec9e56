/*
 * decide: questions in, answers out. What an answer means is written once, in docs/meaning.md,
 * and implemented twice: decide() on a snapshot (bit-vector index; allocates nothing, cannot
 * fail) and naive_decide() (the judge: plain loops over the corpus, no classes, bitmaps or
 * diagrams). prove compares them on every cell. explain() adds what a person wants to know.
 *
 * A snapshot is immutable; readers take no lock; two snapshots side by side are a what-if.
 */
#ifndef DECIDE_DECIDE_H
#define DECIDE_DECIDE_H

#include "law/law.h"
#include "space/grid.h"

enum outcome { OUTCOME_PROHIBITED, OUTCOME_CONDITIONAL, OUTCOME_EQUAL, OUTCOME_ELSEWHERE,
               OUTCOME_CARVED_OUT, OUTCOME_UNDETERMINED, OUTCOME_COUNT };

enum reason { REASON_PREVAILS,    /* its value is the answer's */
              REASON_OUTRANKED,   /* a stricter provision of its own layer stands before it */
              REASON_FAVOURED,    /* its layer lost to a more favourable one */
              REASON_NOT_DECISIVE,/* its family was not the one that decided */
              REASON_LIFTED, REASON_EXCEPTED, REASON_EXEMPTED, REASON_NOT_THIS_ACTIVITY };

struct question {
    int sector, mode, origin, place;
    enum direction direction;
    enum kind kind;
    day_t on, known;
    const struct facts *facts; /* NULL: nothing is known */
    uint64_t claims;           /* bit = layer */
    uint64_t only;             /* bit = layer: as if no other text spoke; 0: all of them */
};

struct match {
    int provision; /* in the corpus */
    uint8_t lo, hi; /* enum treatment */
    uint8_t reason; /* enum reason */
};

struct answer {
    enum outcome outcome;
    enum treatment must, treatment; /* the interval: lo, hi */
    int favoured_by;                /* layer, -1 */
    int n_prevailing, n_flip, n_matches;
    int prevailing[LIMIT_MATCHES]; /* provisions, in order of the corpus */
    int flip[LIMIT_MATCHES];
    struct match match[LIMIT_MATCHES]; /* every match, in order of the corpus */
};

/* --- the engine ------------------------------------------------------------------------- */
struct snapshot;
/* Compiles the corpus. Errors: ERR_LIMIT. The corpus must outlive it. */
enum err snapshot_create(struct snapshot **out, const struct corpus *c, struct error *e);
void snapshot_destroy(struct snapshot *s); /* NULL allowed */
const struct corpus *snapshot_corpus(const struct snapshot *s);
size_t snapshot_bytes(const struct snapshot *s); /* resident index */
void decide(const struct snapshot *s, const struct question *q, struct answer *out);

/* Exact classes of codes on one pair of days, within `domain`: two codes of a class are alike in
 * every active rule, clause, layer and carve-out, so no question, whatever its facts and claims,
 * can tell them apart. A combo is always a class of its own. */
void snapshot_grid(const struct snapshot *s, day_t on, day_t known, const struct scope *domain,
                   struct grid *out);

/* The answer alone, facts unknown and nothing claimed, from the family diagrams of one pair of
 * days; the engine of sweeps. Owner: the caller. */
struct diagram;
struct diagram_answer {
    uint8_t outcome, must, treatment;
};
enum err diagram_create(struct diagram **out, const struct snapshot *s, day_t on, day_t known,
                        struct error *e);
void diagram_destroy(struct diagram *d);
size_t diagram_bytes(const struct diagram *d);
struct diagram_answer diagram_answer(const struct diagram *d, int sector, int combo, int origin,
                                     int place);

/* --- the judge -------------------------------------------------------------------------- */
void naive_decide(const struct corpus *c, const struct question *q, struct answer *out);

/* Decides every (place, origin) of one sector and combo. `place_ok` says which places exist.
 * Calls `cells(ctx, place, from, to, a)` for runs of origins [from, to) with one answer; `a` is
 * handed out again, without a new decision, only when nothing that the judge looks at differs
 * (the same provisions left after the filter, the same layers, the same territory). */
typedef void naive_cells_fn(void *ctx, int place, int from, int to, const struct answer *a);
void naive_sweep(const struct corpus *c, int sector, int combo, day_t on, day_t known,
                 const struct facts *facts, const uint64_t place_ok[PLACE_WORDS],
                 naive_cells_fn *cells, void *ctx);

/* --- questions and explanations --------------------------------------------------------- */
/* Checks what decide() takes for granted: days, place on its day, origin not China, claims. */
enum err question_check(const struct corpus *c, const struct question *q, struct error *e);

struct claim { int layer; enum outcome outcome; enum treatment must, treatment; };
struct missing { int fact; enum fact_role role; };
struct near { int provision; const char *dimension; }; /* "mode", "kind", "origin", "place" */

struct explanation {
    struct answer answer;
    char evidence;          /* 'A' 'B' 'C' */
    const char *certainty;  /* "confirmed" "likely" "indicative" */
    int n_missing;
    struct missing missing[32]; /* facts that could change the answer, best first */
    int next_fact;              /* the one question that narrows most, -1 */
    int n_claims;
    struct claim claim[LIMIT_LAYERS];
    int n_near;
    struct near near[16];
    int n_carve_outs;
    int carve_out[16]; /* those that apply or may apply, and those that name no sector */
    int n_elsewhere;
    int elsewhere[16]; /* instruments in force that are not held, or held in part */
    int n_layers;      /* deciding layers that spoke */
    int layer[LIMIT_LAYERS];
};
void explain(const struct snapshot *s, const struct question *q, struct explanation *out);

/* How sure an answer is, docs/meaning.md section 5, without the rest of explain(). */
char answer_evidence(const struct snapshot *s, const struct question *q, const struct answer *a);
const char *certainty_name(char evidence); /* "confirmed" "likely" "indicative" */

/* The answer as the contracted JSON object. */
void explanation_json(const struct snapshot *s, const struct question *q,
                      const struct explanation *x, struct buf *out, bool pretty);

/* --- the proof -------------------------------------------------------------------------- */
struct proof {
    uint64_t cells, valuations, differences;
    int rectangles;
    double seconds;
    char hash[65];
    char first_difference[512];
};
typedef void proof_progress_fn(void *ctx, int done, int total, double seconds);
/* Decides every cell of every elementary time rectangle with both programs, and all valuations
 * of the facts of each provision on the cells it touches. `only`: the rectangle that holds this
 * day of law; DAY_MIN: all of them. `layers`: the rectangles in which one of these layers is in
 * force; 0: all of them. Errors: ERR_USAGE, ERR_DATE_RANGE. */
enum err prove(const struct snapshot *s, day_t only, uint64_t layers, int n_threads,
               proof_progress_fn *progress, void *ctx, struct proof *out, struct error *e);

const char *outcome_name(enum outcome o); /* "prohibited", "carved-out", ... */
const char *reason_name(enum reason r);

#endif
