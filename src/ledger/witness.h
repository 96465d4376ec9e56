/*
 * witness: somebody outside the reach of those who run the log, who remembers the last head it
 * saw and signs a new one only if that one contains the old. Two views of one log cannot both
 * carry its cosignature, and a log that was cut back or rewritten gets none. It vouches for growth
 * alone: it has not read the entries.
 *
 * What it remembers is a small text file, replaced as a whole and on the disk before a
 * cosignature leaves (a crash between the two costs a signature, never a memory):
 *
 *     fumao-witness/1
 *     origin <origin>
 *     key <public key line of the log>
 *     size <n>
 *     root <base64>
 *     (empty line)
 *     <the checkpoint as it was signed>
 *
 * A change of the log's key is followed from a store, whose checkpoints show both signatures; a
 * mirror of static files has the last checkpoint only, so there the new key is given by hand.
 */
#ifndef LEDGER_WITNESS_H
#define LEDGER_WITNESS_H

#include "ledger/audit.h"

struct witness { /* what it saw last */
    char origin[128];
    struct public_key log_key;
    struct log_seen seen;
    struct buf note;
};
void witness_finish(struct witness *w); /* accepts a zeroed one */
/* ERR_NOT_FOUND: it has seen nothing yet; ERR_SYNTAX names the line. */
enum err witness_read(struct witness *out, const char *path, struct error *e);

/* A log as a witness sees it: an open store, or DIR with checkpoint and tile/... as the C2SP
 * tlog-tiles say (widths of partial tiles: those of the checkpoint, or the full tile). */
struct log_view {
    struct log *log;
    const char *dir; /* when log is NULL */
};

/* Looks at the log once. `log_key` (NULL: the one remembered) is trusted: the first time it must
 * be given. On OK *out is what is now remembered at `path`, and *cosigned the checkpoint with one
 * more line. ERR_INTEGRITY: the log is smaller or not a continuation, and says both views;
 * nothing is written or signed then. ERR_BUSY: another one is at work on this memory. */
enum err witness_look(const char *path, const struct log_view *v, const struct key *witness,
                      const struct public_key *log_key, int64_t now, struct witness *out,
                      struct buf *cosigned, struct error *e);

/* Where a tile lies below a mirror: level -1 the entries; width 256: the full tile. */
void tile_path(int level, uint64_t index, int width, struct buf *out);

#endif
