/*
 * audit: reads a whole log from its store and says whether it is what its keys signed. It needs
 * no open log (log_open refuses a damaged one), believes nothing but the key it is given, and
 * changes nothing. It demands:
 *
 *   - leaves numbered from 0 without a hole;
 *   - every checkpoint well formed, of this log's origin and of a size the log has; its roots
 *     those of the leaves; signed by the key in force at its size, which the last leaf of kind
 *     "key" before it names (signer.h);
 *   - the checkpoint that first covers a change of key signed by the key before it as well;
 *   - no leaf after the last checkpoint, in a log that names a key: nobody stands for it;
 *   - in the node files, as far as they are said to be on the disk, the hashes of the leaves.
 *
 * It cannot see a log cut back to one of its own checkpoints with the later ones taken away,
 * which is what an old backup is, nor a second log signed by the same key. Whoever saw more can:
 * `seen`, which a witness remembers (witness.h). Nor `made_at` of a checkpoint, which is not
 * signed.
 */
#ifndef LEDGER_AUDIT_H
#define LEDGER_AUDIT_H

#include "ledger/log.h"

/* Leaves done of total, and seconds since the beginning. */
typedef void log_progress_fn(void *ctx, uint64_t done, uint64_t total, double seconds);

struct log_seen { /* a head that somebody remembers */
    uint64_t size;
    struct digest root;
};

struct audit_ask {
    /* A key of this log that the caller trusts: changes of key after it must be signed by both;
     * those before it are on a log it signed. NULL: the first key of the log itself, which shows
     * that the log agrees with itself and no more. */
    const struct public_key *key;
    const struct log_seen *seen; /* NULL: nobody's */
    log_progress_fn *progress;   /* NULL: silent */
    void *ctx;
};

enum audit_seen { SEEN_NONE, SEEN_HOLDS, SEEN_SHORTER, SEEN_DIFFERS };

struct log_audit {
    uint64_t leaves, checkpoints, changes; /* changes of key */
    uint64_t breaks;      /* of them, before the trusted key, not signed by the key before */
    uint64_t node_hashes; /* compared with node files */
    uint64_t faults;
    struct error first; /* the first fault, ERR_INTEGRITY; names the entry or the checkpoint */
    struct checkpoint head; /* the last that holds; size 0 and no origin: none */
    struct public_key key;  /* in force at the end; n = 0: the log names none */
    enum audit_seen seen;   /* no fault of the log: the caller says what it means */
};

/* One read transaction: the connection must not be inside another. A log with faults gives OK and
 * says so in *out. ERR_NOT_FOUND when the store has no log; ERR_INTEGRITY when it cannot be read
 * as a store at all, ERR_IO. */
enum err log_audit(struct db *d, const struct audit_ask *ask, struct log_audit *out,
                   struct error *e);

/* The public half of the key file beside a store (`path`.key) under the name of the log in `d`:
 * whom to ask by, when nobody gave a key. False: there is none, or it is not ours to read. */
bool audit_own_key(struct db *d, const char *path, struct public_key *out);

#endif
