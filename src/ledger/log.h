/*
 * log: the append-only log in the store. Every fact that must not be rewritten in silence (an
 * edition published, an answer kept, a key changed ...) is a leaf: one canonical JSON object,
 * written in the same transaction as the state it records. Rows are never updated or deleted;
 * the store's triggers refuse it, and the tree shows it if they were taken away.
 *
 *   entry(seq, leaf)            the leaves, seq from 0 without a hole
 *   checkpoint(size, note, made_at)   the signed heads, one per commit at most
 *
 * The hashes of complete subtrees live beside the store in plain files (STORE.sha256, STORE.sm3:
 * 32 bytes a node in order of completion). They are a cache: what was not known to be on disk
 * when the log was last synced is computed again from the leaves, the roots are checked against
 * the store and the last checkpoint when the log is opened, and every proof and tile of hashes is
 * checked before it is given: ERR_INTEGRITY, never a wrong one.
 *
 * Leaves, canonical: UTF-8, keys sorted bytewise, no white space, no floats, strings escaped as
 * jsonw writes them. Every leaf has "kind", "at" (seconds since 1970, UTC) and what the kind
 * needs (docs/ledger.md).
 */
#ifndef LEDGER_LOG_H
#define LEDGER_LOG_H

#include "db/db.h"
#include "ledger/note.h"

enum { LOG_LEAF_BYTES = 65535 /* an entries bundle has 16-bit lengths */ };

struct log; /* not for two threads at once: one handle each, over its own connection */
enum log_profile { PROFILE_SHA256, PROFILE_TWIN /* with the SM3 root as well */ };

/* Migrates, loads or rebuilds the node files (beside db_path; in memory for ":memory:"). The
 * profile is fixed when the log is made. ERR_INTEGRITY when leaves and checkpoints disagree. */
enum err log_open(struct log **out, struct db *d, enum log_profile profile, struct error *e);
void log_close(struct log *l);
uint64_t log_size(const struct log *l);  /* committed leaves, as far as this handle has looked */
/* Looks for leaves that another process or connection has committed. */
enum err log_refresh(struct log *l, struct error *e);
const char *log_origin(const struct log *l);

/* Inside the caller's transaction (begun IMMEDIATE, so that no other writer is between): adds a
 * leaf of at most LOG_LEAF_BYTES and gives its index. The tree moves only when log_commit follows
 * the transaction's commit; log_rollback forgets what was added. */
enum err log_append(struct log *l, struct str leaf, uint64_t *index, struct error *e);
enum err log_commit(struct log *l, struct error *e);
void log_rollback(struct log *l);
/* A place inside the transaction to return to when a savepoint is rolled back. */
struct log_mark {
    uint64_t size;
    struct frontier pending[HASH_KINDS];
};
struct log_mark log_mark(const struct log *l);
void log_return(struct log *l, const struct log_mark *m);
struct db *log_db(const struct log *l);

/* Signs the head with what has been appended and keeps it: inside the transaction, as its last
 * act, so that a head is never known before its leaves are safe. The last checkpoint is given
 * again when it has this size already. */
enum err log_checkpoint(struct log *l, struct key *const *keys, int n, int64_t now,
                        struct buf *note, struct error *e);
enum err log_last_checkpoint(struct log *l, struct buf *note, struct error *e); /* ERR_NOT_FOUND */

enum err log_leaf(struct log *l, uint64_t index, struct buf *out, struct error *e);
enum err log_inclusion(struct log *l, uint64_t index, uint64_t size, enum hash_kind k,
                       struct proof_path *out, struct error *e);
enum err log_consistency(struct log *l, uint64_t from, uint64_t to, enum hash_kind k,
                         struct proof_path *out, struct error *e);
enum err log_root(struct log *l, uint64_t size, enum hash_kind k, struct digest *out,
                  struct error *e);
/* C2SP tlog-tiles: the tile of `level` and `index` with `width` hashes (1..256), or the entries
 * bundle of level -1. ERR_NOT_FOUND when the log is not that large. */
enum err log_tile(struct log *l, int level, uint64_t index, int width, struct buf *out,
                  struct error *e);

#endif
