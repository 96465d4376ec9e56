/*
 * questions: a stream of kept questions, one JSON object a line (NDJSON), read as the programs'
 * door reads the body of /api/v1/decide:
 *   {"sector":"7231","mode":1,"from":"DE","to":"CN-SH","kind":"firm","direction":"import",
 *    "on":"2026-06-01","facts":{"name":true},"claims":["wto-gats-china"],"id":"a1","value":250000}
 * `sector` is a code of any list or words that clearly mean one class; `kind` is firm, `direction`
 * import and `on` today unless said; `id` is the asker's own mark, `value` the trade behind the
 * question in cents. `known` is read and checked, and not used: a rehearsal asks by what is known
 * now. A field that is not named here is refused, never passed over. Blank lines are skipped.
 *
 * Memory does not grow with the stream. A bad line is an error that names line and field; the next
 * call goes on behind it. Only ERR_IO ends the stream.
 */
#ifndef REHEARSAL_QUESTIONS_H
#define REHEARSAL_QUESTIONS_H

#include "decide/decide.h"

#include <stdio.h>

struct asked { /* one question; valid until the next is read */
    long line;
    char id[LIMIT_QUESTION_ID + 1]; /* empty: not said */
    int64_t value;                  /* cents; 0: not said */
    uint64_t cells;                 /* what a witness stands for; 0: a kept question */
    const uint64_t *leaves;         /* SECTOR_WORDS: one question for each */
    struct question q;              /* sector: the first leaf; known: the day given */
    struct facts facts;
};

struct questions;
/* `c` and `f` must outlive it. `known`: the platform's day that questions are checked against. */
struct questions *questions_create(const struct corpus *c, day_t known, FILE *f);
void questions_destroy(struct questions *in); /* NULL allowed; leaves the file open */
/* The next question; *more = false at the end. Errors: those of a question (ERR_SYNTAX,
 * ERR_INVALID, ERR_UNKNOWN_CODE, ERR_CLAIM ...), ERR_LIMIT, ERR_IO. */
enum err questions_next(struct questions *in, struct asked *out, bool *more, struct error *e);
uint64_t questions_bytes(const struct questions *in); /* read so far */

#endif
