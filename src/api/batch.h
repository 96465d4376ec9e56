/*
 * batch: many questions in one request, answered in their order. An array of up to
 * LIMIT_BATCH_ITEMS questions gives an array; lines of NDJSON give lines, all that the body holds.
 * A question that fails is a problem object in its place, and the others are answered. Answers are
 * written piece by piece, so that memory does not grow with them.
 *
 * The words of most questions were said before: codes, places and days that ask_parse() has once
 * accepted are remembered, also for the batches that follow on the same day. What is remembered is
 * only ever a success; whatever is not remembered goes through ask_parse(), so that an answer and
 * an error are the same as if the question had come alone.
 */
#ifndef API_BATCH_H
#define API_BATCH_H

#include "api/api.h"

enum batch_form { BATCH_ARRAY, BATCH_LINES };

struct batch_options {
    enum batch_form form;
    bool brief;   /* ?form=short */
    bool english; /* language of `detail` in problems */
};

struct batch;
/* Checks the frame of an array: ERR_SYNTAX if it is no JSON, ERR_LIMIT if it holds too many. What
 * is wrong with one question is not looked at yet. `text` must outlive it. */
enum err batch_create(struct batch **out, const struct api *api, struct str text,
                      const struct batch_options *o, struct error *e);
void batch_destroy(void *batch); /* accepts NULL */
/* Appends more answers, about `room` bytes of them; false when nothing is left. */
bool batch_next(struct batch *b, size_t room, struct buf *out);
/* How many there are: elements, or lines that are not blank. */
uint64_t batch_questions(const struct batch *b);
uint64_t batch_answers(const struct batch *b); /* written so far, problems included */

#endif
