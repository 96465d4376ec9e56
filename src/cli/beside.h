/* What lies beside a store and belongs to it: the files of batches (STORE.batches) and of releases
 * (STORE.releases). A backup has them beside it, under its own name. */
#ifndef CLI_BESIDE_H
#define CLI_BESIDE_H

#include "cli/internal.h"

struct beside {
    int64_t batches, releases;
};
/* Every file against its row, hash by hash. `beside`: the path before the endings; NULL: that of
 * the store. */
enum err beside_check(struct db *d, const char *beside, struct beside *out, struct error *e);
/* FROM.* to TO.*, for the rows of `d`; what could not be finished is taken away. */
enum err beside_copy(struct db *d, const char *from, const char *to, struct error *e);
void beside_remove(const char *of);
/* TO.* (moved to ASIDE.* where there are any) gives way to FROM.*. */
enum err beside_replace(const char *from, const char *to, const char *aside, struct error *e);

#endif
