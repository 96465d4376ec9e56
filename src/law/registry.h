/* The registry of instruments in the store: see registry.c. Every record has its entry on the log,
 * in the same transaction. A book without a log is for tests of other things. */
#ifndef LAW_REGISTRY_H
#define LAW_REGISTRY_H

#include "ledger/book.h"
#include "law/law.h"

/* Migrates, and puts in the shipped texts if they are not there. One transaction. Records made
 * before the store had a log get their entries now. */
enum err registry_open(const struct book *b, struct error *e);
/* A new record of `id`, known from that day on; it closes the open one. Nothing is changed when
 * the open record has the same text. Two statements: call it inside a transaction. */
enum err registry_put(const struct book *b, struct str id, struct str text, day_t known,
                      struct error *e);
/* The corpus of all records, closed ones with the days on which they were known, so that later
 * knowledge never rewrites an earlier answer. When the closed records of lists are more than the
 * layers have room for, the earliest are left out and knowledge begins later (registry.c).
 * ERR_INTEGRITY if a text was changed. */
enum err registry_load(struct db *d, struct corpus **out, struct arena *a,
                       const struct classification *codes, struct error *e);
/* The corpus as it was known on one day, however long ago: for questions of that day alone. */
enum err registry_load_known(struct db *d, day_t known, struct corpus **out, struct arena *a,
                             const struct classification *codes, struct error *e);
/* All records there ever were, to be read by people: no layers, carve-outs or hash, not for
 * decide(). */
enum err registry_history(struct db *d, struct corpus **out, struct arena *a,
                          const struct classification *codes, struct error *e);

/* What the law would be if the draft `text` were published: the corpus of all records and, known
 * from *known on (the day after today, or after the last day on which a record of the store
 * begins or began to be known, so that today's answers stay as they are), the draft, its
 * open predecessor of the same id closed on that day, and every text it `replaces` ending where
 * the draft begins. *draft: its index among the instruments. The store is not changed. */
enum err registry_load_draft(struct db *d, struct corpus **out, int *draft, day_t *known,
                             struct arena *a, const struct classification *codes,
                             struct str text, const char *file, struct error *e);
/* Publishes a draft in one transaction: its record, and for every text it `replaces` a record
 * that ends where the draft begins; both texts change in nothing else (publish.c says more).
 * Nothing is changed after an error, and nothing that could not be loaded again is written. The
 * same text once more changes nothing. ERR_CONFLICT if a record it closes is known only from a
 * later day. */
enum err registry_publish(const struct book *b, struct str text, const char *file, day_t known,
                          const struct classification *codes, struct error *e);
/* The same, if the corpus of the store still has the hash `seen`; else ERR_CONFLICT. What was
 * shown to a person is then what is done. */
enum err registry_publish_seen(const struct book *b, struct str text, const char *file,
                               day_t known, const char *seen, const struct classification *codes,
                               struct error *e);

struct registry_row { /* a record as the store has it, those never known included */
    struct str id, hash;
    day_t known_from, known_to; /* DAY_MAX: open */
    bool published;             /* false: shipped with the program */
};
typedef void registry_row_fn(void *ctx, const struct registry_row *r);
enum err registry_log(struct db *d, struct str id, registry_row_fn *each, void *ctx,
                      struct error *e);

/* Replays the editions of the log: the records it tells of must be those of the store, in order,
 * each with its hash and days, and every text must have its hash. *faults counts; the first is
 * in *e (ERR_INTEGRITY). */
enum err registry_replay(const struct book *b, uint64_t *records, struct error *e);

#endif
