/* Opening and closing the program's world: store, code lists, corpus, snapshot. */
#include "cli/internal.h"

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
        r = db_open(&w->db, store, e);
    if (r == OK)
        r = registry_open(w->db, e);
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
    db_close(w->db);
    arena_finish(&w->arena);
    memset(w, 0, sizeof *w);
}
