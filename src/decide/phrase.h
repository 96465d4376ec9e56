/* phrase: answers, questions and grades in the words of the reports that stand on decide/, zh and
 * en, and the question of a witness as JSON in the shape of the decide request, so that it can be run again. */
#ifndef DECIDE_PHRASE_H
#define DECIDE_PHRASE_H

#include "decide/decide.h"
#include "law/write.h"

const char *answer_sign(enum outcome o); /* ○ △ ✕ ？ → */
const char *treatment_phrase(enum treatment t, bool zh);
/* The answer in a few words: "prohibited", "approval needed", "open: between ... and ...". */
void answer_phrase(enum outcome o, enum treatment must, enum treatment hi, bool zh,
                   struct buf *out);
/* "confirmed" "likely" "indicative" in both languages; the JSON word is the English one. */
const char *certainty_phrase(char grade, bool zh);
void fact_phrase(const struct corpus *c, int fact, int64_t value, struct buf *out);
void question_phrase(const struct corpus *c, const struct question *q, const struct facts *facts,
                     bool zh, struct buf *out);
void question_json(const struct corpus *c, const struct question *q, const struct facts *facts,
                   struct jsonw *w);
/* outcome, must, treatment, favoured_by; no treatment where no text spoke. */
void verdict_members(struct jsonw *w, const struct corpus *c, enum outcome o, enum treatment must,
                     enum treatment hi, int favoured_by);
/* The three of them as an object, SILENT included. */
void kanswer(struct jsonw *w, const char *key, enum outcome o, enum treatment must,
             enum treatment hi);

#endif
