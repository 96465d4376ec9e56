/*
 * writer: the one thread that writes, so that many who wait share one commit. A job runs inside a
 * savepoint of the common transaction; what it did is durable, and its leaves under a signed
 * head, when writer_run returns OK. A job that fails takes back only itself.
 */
#ifndef LEDGER_WRITER_H
#define LEDGER_WRITER_H

#include "ledger/signer.h"

struct writer;
typedef enum err writer_fn(void *ctx, struct db *d, struct log *l, struct error *e);

/* Takes over the three; they must not be used by anyone else until writer_stop, which leaves
 * them to the caller again. */
enum err writer_start(struct writer **out, struct db *d, struct log *l,
                      const struct signer *signer, struct error *e);
void writer_stop(struct writer *w); /* runs what is queued; NULL allowed */
/* From any thread; blocks until the commit. ERR_BUSY when more than 4,096 wait. */
enum err writer_run(struct writer *w, writer_fn *job, void *ctx, struct error *e);
uint64_t writer_commits(const struct writer *w); /* transactions so far */

#endif
