/* Opening and closing the program's world: store, code lists, corpus, snapshot. */
#include "cli/internal.h"

#include <time.h>

enum err store_open(struct store *s, const char *spec, bool write, struct error *e)
{
    memset(s, 0, sizeof *s);
    enum err r = db_open(&s->db, spec, e);
    if (r == OK)
        r = log_open(&s->log, s->db, PROFILE_SHA256, e);
    if (r == OK)
        r = signer_open(&s->signer, s->log, KEY_ED25519, (int64_t)time(NULL), e);
    if (!write && (r == ERR_NOT_FOUND || r == ERR_DENIED) && s->log != NULL)
        r = OK;
    s->book = (struct book){s->db, s->log, &s->signer};
    if (r == OK)
        r = registry_open(&s->book, e);
    if (r != OK)
        store_close(s);
    return r;
}

void store_close(struct store *s)
{
    signer_close(&s->signer);
    log_close(s->log);
    db_close(s->db);
    memset(s, 0, sizeof *s);
}

enum err world_open(struct world *w, const char *store, struct error *e)
{
    return world_open_known(w, store, DAY_MAX, e);
}

enum err world_open_known(struct world *w, const char *store, day_t known, struct error *e)
{
    memset(w, 0, sizeof *w);
    arena_init(&w->arena);
    enum err r = classification_load(&w->codes, &w->arena, e);
    if (r == OK)
        r = store_open(&w->store, store, false, e);
    w->db = w->store.db;
    if (r == OK)
        r = known == DAY_MAX
                ? registry_load(w->db, &w->corpus, &w->arena, w->codes, e)
                : registry_load_known(w->db, known, &w->corpus, &w->arena, w->codes, e);
    if (r == OK)
        r = snapshot_create(&w->snapshot, w->corpus, e);
    if (r != OK)
        world_close(w);
    return r;
}

void world_close(struct world *w)
{
    snapshot_destroy(w->snapshot);
    store_close(&w->store);
    arena_finish(&w->arena);
    memset(w, 0, sizeof *w);
}
