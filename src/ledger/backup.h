/*
 * backup: a store as one file, and back. A copy is taken while others write, ends at a commit and
 * so at a signed checkpoint, and counts as a backup only after the copy itself was read again and
 * audited. It holds everything but two things: the node files, which are made again from the
 * entries, and the key (STORE.key), which must be kept elsewhere: whoever has a backup must not be
 * able to sign.
 *
 * Every backup is a past of the log, and a log brought back to its past forks: what was signed in
 * between is denied. So a restored store says so on its own log, with the size it came back to and
 * the largest size that is known to have been signed (leaf.h); and what a witness remembers is
 * asked, when it is at hand, before anything is replaced.
 */
#ifndef LEDGER_BACKUP_H
#define LEDGER_BACKUP_H

#include "ledger/audit.h"

/* What the rooms above know of their own tables and the log: called on the copy, reads only. */
typedef enum err backup_check_fn(struct db *copy, struct error *e);

/* Copies, audits, gives it its name, which must be free (ERR_CONFLICT). The audit asks for the key
 * in the key file beside the store, when it can be read. ERR_INTEGRITY: the copy does not hold,
 * which is the store's fault; there is no file then. */
enum err backup_make(struct db *d, const char *path, backup_check_fn *also,
                     log_progress_fn *progress, void *ctx, struct log_audit *out,
                     struct error *e);

struct restore_ask {
    const char *file, *store;     /* paths */
    const struct public_key *key; /* NULL: the one in the key file, else the log's own first */
    const char *seen_origin;      /* of the log the witness remembers */
    const struct log_seen *seen;  /* NULL: no witness */
    bool force;                   /* replace a store; go back behind what was seen */
    int64_t now;
    backup_check_fn *also; /* NULL: the log alone */
    log_progress_fn *progress;
    void *ctx;
};
struct restored {
    struct log_audit audit;
    uint64_t seen;    /* the largest size known to have been signed: witness, or store replaced */
    char aside[640];  /* where the replaced store is now; empty: there was none */
    bool is_signed;   /* the entry of the restoring is under a signed checkpoint */
};
/* ERR_INTEGRITY: the backup does not hold, or is older than what was seen or no part of it;
 * ERR_CONFLICT: there is a store, or its key file is not the key of the backup's log; ERR_BUSY:
 * the store is in use; ERR_USAGE: the witness remembers another log. Nothing is changed then. */
enum err backup_restore(const struct restore_ask *ask, struct restored *out, struct error *e);

#endif
