/* brief: the short form of one answer: outcome, treatment, must, favoured_by, the provisions that
 * prevail as "instrument/key", and certainty. No reasons: for those who ask by the thousand. */
#ifndef API_BRIEF_H
#define API_BRIEF_H

#include "decide/decide.h"

void brief_json(const struct snapshot *s, const struct question *q, const struct answer *a,
                struct buf *out);

#endif
