/*
 * signer: the keys by which a log signs its heads. The key lives in a file beside the store
 * (STORE.key, mode 0600), made with the log. Which key signs is itself on the log: a leaf
 * {"at":..,"key":"<public key line>","kind":"key"} says "from here on this one"; a change of key
 * is signed by both, so that whoever trusts the old one can follow.
 */
#ifndef LEDGER_SIGNER_H
#define LEDGER_SIGNER_H

#include "ledger/log.h"

struct signer {
    int n;               /* 1; 2 at the moment of a change */
    struct key *key[2];
};

/* Opens the key of the log; for an empty log makes it and appends the first leaf (inside a
 * transaction of its own). ERR_NOT_FOUND when the log has leaves and the file is gone, ERR_DENIED
 * when others may read it, ERR_INTEGRITY when it is not the key the log names. A store in memory
 * has no signer: n = 0. */
enum err signer_open(struct signer *s, struct log *l, enum key_kind kind, int64_t now,
                     struct error *e);
void signer_close(struct signer *s);
/* Makes a new key (the old file gets the ending .old), appends the leaf, signs with both. */
enum err signer_rotate(struct signer *s, struct log *l, enum key_kind kind, int64_t now,
                       struct error *e);
/* The public key the log names at this size; ERR_NOT_FOUND before the first. */
enum err signer_key_at(struct log *l, uint64_t size, struct public_key *out, struct error *e);
enum err signer_checkpoint(const struct signer *s, struct log *l, int64_t now, struct buf *note,
                           struct error *e); /* log_checkpoint by these keys; nothing if n = 0.
                            * ERR_CONFLICT when the log names another key by now */

#endif
