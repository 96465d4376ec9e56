/*
 * ask: the words of a question, as they come from a command line, a link, a form or a JSON body,
 * turned into a checked question. One parser for all of them, so that the same words mean the
 * same cell everywhere; nothing is guessed, and what is not said has one default.
 *
 * Defaults: kind firm, direction import, on and known today (+08:00), no facts, no claims.
 */
#ifndef API_ASK_H
#define API_ASK_H

#include "decide/decide.h"

enum { ASK_FACTS = 32, ASK_CLAIMS = 16 };

struct ask { /* {NULL,0} or an empty string: not said */
    struct str sector;    /* code with or without its list, or words */
    struct str mode;      /* "1" to "4" */
    struct str from, to;  /* economy, place */
    struct str kind, direction, on, known;
    int n_facts, n_claims;
    struct str fact[ASK_FACTS]; /* "name=value" */
    struct str claim[ASK_CLAIMS]; /* ids of instruments */
};

/* The sector alone. Words that clearly mean one class give it; ERR_AMBIGUOUS lists the
 * candidates in the hint; ERR_UNKNOWN_CODE when nothing fits. */
enum err ask_sector(const struct classification *c, struct str spec, struct sector_set *out,
                    struct error *e);

/* Everything. *q is about the first leaf of *sectors and reads *facts; a caller that wants the
 * other leaves sets q->sector. Ends with question_check(). The error names the field. */
enum err ask_parse(const struct classification *c, const struct corpus *law,
                   const struct ask *ask, struct sector_set *sectors, struct question *q,
                   struct facts *facts, struct error *e);

/* The next leaf of the set from `leaf` on; -1 after the last. */
int ask_leaf(const struct sector_set *s, int leaf);

/* A code that stands for many classes, as JSON: {"code","partial","classes","answers":[...]} with
 * what `one` writes of each class, q->sector set, in order. Ends with the first error of `one`. */
typedef enum err ask_answer_fn(void *ctx, const struct question *q, struct buf *out);
enum err ask_answers(const struct sector_set *set, struct question *q, ask_answer_fn *one,
                     void *ctx, struct buf *out);

#endif
