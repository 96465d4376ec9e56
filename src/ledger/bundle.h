/*
 * bundle: one entry of the log with everything that proves it, in one small file (.fumao):
 *
 *   {"fumao":1,"index":N,"size":M,"entry":"<the leaf>","proof":["<base64>",...],
 *    "checkpoint":"<the signed note>","key":"<public key line>"[,"content":"<text>"]}
 *
 * It is checked without the server: the note's signature under a key the reader already trusts,
 * and the audit path from the entry to the note's root. The key in the file says which key is
 * meant; it proves nothing by itself. `content` is there when the entry commits to something that
 * is not on the log: the entry's "digest" must be its SHA-256.
 */
#ifndef LEDGER_BUNDLE_H
#define LEDGER_BUNDLE_H

#include "ledger/log.h"

enum { BUNDLE_BYTES = 1024 * 1024 };

struct bundle {
    struct str leaf, note, key; /* key: the public key line of the file */
    struct str content;         /* empty: there is none */
    uint64_t index, size;
    struct proof_path proof;
};

/* Of entry `index`, proved under the checkpoint `note`, which must cover it. */
enum err bundle_make(struct log *l, uint64_t index, struct str note,
                     const struct public_key *key, struct str content, struct buf *out,
                     struct error *e);
/* Strict: ERR_SYNTAX, ERR_LIMIT, ERR_INVALID name the member. Text lives in the arena. */
enum err bundle_read(struct arena *a, struct str text, struct bundle *out, struct error *e);
/* ERR_INTEGRITY names the part that does not hold: signature, size, inclusion or content. */
enum err bundle_verify(const struct bundle *b, const struct public_key *key,
                       struct checkpoint *out, struct error *e);

#endif
