/*
 * events: what the tests of durability write, and how they judge a store afterwards. An event is
 * number `n` (1, 2, ...) of a writer `who`. It changes a row and appends a leaf in one
 * transaction; some fail after having done both and must leave no trace.
 */
#ifndef TEST_EVENTS_H
#define TEST_EVENTS_H

#include "ledger/writer.h"

enum { EVENT_WRITERS = 8, EVENT_NUMBERS = 65536 };

struct event {
    int who;
    int64_t n;
    size_t pad; /* bytes more in the leaf */
    bool fails;
};

enum err events_prepare(struct db *d, struct error *e); /* the table of the rows */
enum err event_write(void *event, struct db *d, struct log *l, struct error *e); /* a writer_fn */

/* What the writers were told. */
enum told { TOLD_NOTHING, TOLD_DONE, TOLD_FAILED };
struct telling {
    int64_t max; /* the highest number in use */
    uint8_t of[EVENT_WRITERS][EVENT_NUMBERS];
};

/* Opens the store and looks for everything that must hold: every event that was told to be done
 * is there, once, and under a head signed by the log's key; none that failed; the rows are what
 * the leaves say when they are played again; the store and the trees are whole; proofs and tiles
 * hold against roots computed without ledger/. */
struct event_check {
    uint64_t leaves, done, proofs;
    uint64_t faults;
    uint64_t refused; /* proofs refused for a damaged node file; the next opening mends it */
    uint64_t audit;   /* faults that log_audit finds */
    double open_ms;   /* store, log and key opened */
    char first[400];  /* the first fault */
};
void events_check(const char *spec, const struct telling *t, struct rng *rng,
                  struct event_check *out);

#endif
