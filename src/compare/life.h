/*
 * life: one rule over all lists and editions that have it, by its stable key. A station is the
 * rule in one record of one text; beside it stands what changed against the station before: the
 * record before of the same text, else the last earlier text of its family. A list that should
 * have the rule and does not is named (absent), with how much of it is held.
 *
 * Of a corpus with all its records (registry_history) the life is whole; of one for deciding it
 * begins where that corpus begins.
 */
#ifndef COMPARE_LIFE_H
#define COMPARE_LIFE_H

#include "law/law.h"

enum { LIFE_FIELDS = 10 };

struct station { /* the rule in one record of one text */
    int provision, before; /* before: the station it is compared with, -1 */
    const char *changed[LIFE_FIELDS]; /* by the names of the instrument file */
    int n_changed;
    day_t gone_known; /* DAY_MAX: still in the record that follows, or none follows */
};
struct life {
    const struct corpus *c;
    struct str key;
    int n;
    struct station *at; /* in order of time */
    int n_absent;
    int *absent; /* current lists of the same families that do not have it */
};

/* n is 0 if no text has the key. Arrays lie in the arena. */
void life_make(struct life *l, const struct corpus *c, struct str key, struct arena *a);
const struct instrument *life_text_of(const struct life *l, int station);
day_t life_first(const struct life *l); /* the day it first bound */
/* The day it went: the last day of the current texts that have it; DAY_MAX: one of them is open;
 * DAY_MIN: in no current text. */
day_t life_last(const struct life *l);
/* A later record of the same text in which nothing about the rule changed. */
bool life_untouched(const struct life *l, int station);

#endif
