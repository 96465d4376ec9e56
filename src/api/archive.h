/*
 * archive: the log and the kept answers, for the many threads of the server. One connection
 * writes (writer.h: many who wait share one commit), another reads behind a lock. What is read
 * has been committed; a head that is served covers it within the same commit.
 */
#ifndef API_ARCHIVE_H
#define API_ARCHIVE_H

#include "ledger/bundle.h"
#include "ledger/writer.h"
#include "rehearsal/kept.h"

struct archive;

/* Opens the store twice more. ERR_DENIED or ERR_NOT_FOUND when the key cannot be read: a server
 * that cannot sign must not take what it cannot prove. */
enum err archive_open(struct archive **out, const char *store, struct error *e);
void archive_close(struct archive *a); /* NULL allowed */

/* Keeps an answer; id gets its name. Durable and under a signed head when it returns. */
enum err archive_keep(struct archive *a, const struct snapshot *s, const struct question *q,
                      const struct explanation *x, char id[KEPT_ID + 1], struct error *e);

struct archived {
    struct str content, leaf;
    uint64_t entry;
    struct str file;   /* the whole .fumao file */
    struct str note;   /* the head that covers it */
    struct str key;    /* the public key line */
};
/* ERR_NOT_FOUND. Text lives in the arena. */
enum err archive_get(struct archive *a, struct str id, struct arena *arena, struct archived *out,
                     struct error *e);

enum err archive_checkpoint(struct archive *a, struct buf *out, struct error *e);
enum err archive_tile(struct archive *a, int level, uint64_t index, int width, struct buf *out,
                      struct error *e);
enum err archive_leaf(struct archive *a, uint64_t index, struct buf *out, struct error *e);
uint64_t archive_size(struct archive *a);
void archive_key(const struct archive *a, struct buf *line);
const char *archive_origin(const struct archive *a);

#endif
