/* Shared by the verbs of the log: keys given in words, files, progress, what an audit found. */
#ifndef CLI_LEDGER_H
#define CLI_LEDGER_H

#include "cli/internal.h"
#include "ledger/audit.h"
#include "ledger/witness.h"

/* A public key line, or a file that holds one (what has two "+" is a line). */
enum err key_argument(const char *word, struct public_key *out, struct error *e);
/* For log_audit; ctx: bool, a terminal. On stderr: share, rate, time left. */
void audit_progress(void *ctx, uint64_t done, uint64_t total, double seconds);
void audit_progress_end(bool tty);
/* Of a store or a copy of one. */
void audit_text(const struct log_audit *a, bool zh, struct buf *out);
void audit_members(const struct log_audit *a, struct jsonw *j);

/* The records and kept answers of a store as its log tells them (fsck.c). ERR_INTEGRITY. */
enum err store_replay(struct db *d, struct error *e);

int ledger_witness(const struct args *a);

#endif
