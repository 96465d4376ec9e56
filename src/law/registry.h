/* The registry of instruments in the store: see registry.c. */
#ifndef LAW_REGISTRY_H
#define LAW_REGISTRY_H

#include "db/db.h"
#include "law/law.h"

/* Migrates, and puts in the shipped texts if they are not there. One transaction. */
enum err registry_open(struct db *d, struct error *e);
/* The corpus of all records that are open today. ERR_INTEGRITY if a text was changed. */
enum err registry_load(struct db *d, struct corpus **out, struct arena *a,
                       const struct classification *codes, struct error *e);

#endif
