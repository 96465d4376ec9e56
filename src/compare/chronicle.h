/*
 * chronicle: everything that changed in the law held, as a list of dated events. Two clocks, two
 * kinds of event: a text begins or ends to bind (valid), and a record becomes known to the
 * platform, for the first time, in the place of an earlier record, or is withdrawn (known).
 * Beginnings and ends are those of the records that are open: what a correction took back never
 * happened. An event of a day that has not come is part of it; the reader sees the day.
 *
 * An event has a name that does not change with the language, the host or the day on which it is
 * asked for: kind, text and day. Feeds make their ids of it.
 */
#ifndef COMPARE_CHRONICLE_H
#define COMPARE_CHRONICLE_H

#include "law/law.h"

enum event_kind { EVENT_BEGINS, EVENT_ENDS, EVENT_KNOWN, EVENT_CORRECTED, EVENT_WITHDRAWN,
                  EVENT_COUNT };
enum { EVENT_AGAINST = 4 };

struct event {
    enum event_kind kind;
    day_t day;
    int instrument; /* the record */
    int n_against;  /* of a beginning: lists held that it can be compared with (diff.h) */
    int against[EVENT_AGAINST];
};

/* Newest first; of one day: beginnings, ends, then records, each in order of id. Returns how
 * many; the array lies in the arena. */
int chronicle_make(const struct corpus *c, day_t today, struct arena *a, struct event **out);
/* The lists to set a negative list against: the last edition before it of its own kind (national,
 * zone), and the others in force when it began; all open, held, with a place in common. */
int chronicle_before(const struct corpus *c, int instrument, day_t today,
                     int out[EVENT_AGAINST]);

const char *event_name(enum event_kind k); /* "begins" ... "withdrawn" */
/* A UUID (RFC 9562, version 8) of a name as "urn:uuid:..."; the same for ever. */
void chronicle_urn(struct str name, char out[46]);
void event_urn(const struct corpus *c, const struct event *x, char out[46]);
void chronicle_json(const struct corpus *c, const struct event *x, int n, struct buf *out);

#endif
