/* The registry of instruments in the store: see registry.c. */
#ifndef LAW_REGISTRY_H
#define LAW_REGISTRY_H

#include "db/db.h"
#include "law/law.h"

/* Migrates, and puts in the shipped texts if they are not there. One transaction. */
enum err registry_open(struct db *d, struct error *e);
/* A new record of `id`, known from that day on; it closes the open one. Nothing is changed when
 * the open record has the same text. Two statements: call it inside a transaction. */
enum err registry_put(struct db *d, struct str id, struct str text, day_t known,
                      struct error *e);
/* The corpus of all records, closed ones with the days on which they were known, so that later
 * knowledge never rewrites an earlier answer. ERR_INTEGRITY if a text was changed. */
enum err registry_load(struct db *d, struct corpus **out, struct arena *a,
                       const struct classification *codes, struct error *e);

#endif
