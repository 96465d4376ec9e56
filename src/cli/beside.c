/* Folders beside a store. See beside.h. */
#include "cli/beside.h"

#include <errno.h>
#include <stdio.h>

#include "declaration/batch.h"
#include "disclosure/shelf.h"
#include "ledger/files.h"

static const char *const ending[] = {".batches", ".releases"};
enum { N_ENDINGS = 2, ROOM = 700 };

enum err beside_check(struct db *d, const char *beside, struct beside *out, struct error *e)
{
    struct arena a;
    struct classification *codes;
    struct scheme *s;
    arena_init(&a);
    enum err r = batch_check(d, beside, &out->batches, e);
    if (r == OK)
        r = classification_load(&codes, &a, e);
    if (r == OK)
        r = scheme_load(&s, &a, codes, e);
    if (r == OK)
        r = shelf_check(d, s, beside, &out->releases, e);
    arena_finish(&a);
    return r;
}

void beside_remove(const char *of)
{
    char path[ROOM];
    for (int i = 0; i < N_ENDINGS; i++) {
        snprintf(path, sizeof path, "%.600s%s", of, ending[i]);
        file_remove_folder(path);
    }
}

enum err beside_copy(struct db *d, const char *from, const char *to, struct error *e)
{
    TRY(batch_copy(d, from, to, e));
    return shelf_copy(d, from, to, e);
}

enum err beside_replace(const char *from, const char *to, const char *aside, struct error *e)
{
    char source[ROOM], target[ROOM], old[ROOM];
    for (int i = 0; i < N_ENDINGS; i++) {
        snprintf(source, sizeof source, "%.600s%s", from, ending[i]);
        snprintf(target, sizeof target, "%.600s%s", to, ending[i]);
        snprintf(old, sizeof old, "%.600s%s", aside, ending[i]);
        if (rename(target, old) != 0 && errno != ENOENT)
            return file_fault(old, e);
        if (rename(source, target) != 0 && errno != ENOENT)
            return file_fault(target, e);
    }
    return file_sync_folder(to) ? OK : file_fault(to, e);
}
