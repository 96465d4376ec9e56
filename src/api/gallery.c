#include "api/gallery.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { KEPT_RELEASES = 4 };

struct shown { /* one table of one release */
    bool read;
    int n;
    struct gallery_figure *figure;
};
struct room { /* one release */
    bool used;
    uint64_t at; /* when it was last asked for, as asking counts */
    struct str id;
    struct arena arena;
    struct shown *table;
};
struct gallery {
    struct arena arena;
    struct scheme *scheme;
    struct publication *p;
    pthread_mutex_t lock; /* of all below */
    struct db *db;
    struct arena list_arena;
    struct shelf_row *row;
    int n_rows;
    int64_t looked_at; /* seconds of a clock that only goes on; -1: never */
    uint64_t asked;
    struct room room[KEPT_RELEASES];
};

/* --- opening ------------------------------------------------------------------------------ */

static enum err open_all(struct gallery *g, const struct classification *codes, const char *store,
                         struct error *e)
{
    TRY(scheme_load(&g->scheme, &g->arena, codes, e));
    TRY(publication_open_months(&g->p, &g->arena, g->scheme, 0, PUBLICATION_MONTHS, e));
    TRY(db_open(&g->db, store, e));
    TRY(shelf_open(&(struct book){.d = g->db}, e)); /* the table, should there be none yet */
    return db_exec(g->db, "PRAGMA query_only=1", e);
}

enum err gallery_open(struct gallery **out, const struct classification *codes, const char *store,
                      struct error *e)
{
    struct gallery *g = calloc(1, sizeof *g);
    check(g != NULL);
    *out = NULL;
    arena_init(&g->arena);
    arena_init(&g->list_arena);
    pthread_mutex_init(&g->lock, NULL);
    g->looked_at = -1;
    enum err r = open_all(g, codes, store, e);
    if (r != OK) {
        gallery_close(g);
        return r;
    }
    *out = g;
    return OK;
}

void gallery_close(struct gallery *g)
{
    if (g == NULL)
        return;
    for (int i = 0; i < KEPT_RELEASES; i++)
        if (g->room[i].used)
            arena_finish(&g->room[i].arena);
    db_close(g->db);
    arena_finish(&g->list_arena);
    arena_finish(&g->arena);
    pthread_mutex_destroy(&g->lock);
    free(g);
}

const struct publication *gallery_publication(const struct gallery *g)
{
    return g->p;
}

enum err gallery_there(const struct gallery *g, struct error *e)
{
    return g != NULL ? OK
                     : err_set(e, ERR_BUSY, "本服务没有打开统计库%s",
                               "this server has no statistics open%s", "");
}

/* --- which releases there are ------------------------------------------------------------- */

static int64_t now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec;
}

static enum err look(struct gallery *g, struct error *e)
{
    int64_t now = now_s();
    if (g->looked_at == now)
        return OK;
    arena_reset(&g->list_arena);
    g->n_rows = 0;
    TRY(shelf_list(g->db, &g->list_arena, &g->row, &g->n_rows, e));
    g->looked_at = now;
    return OK;
}

static struct shelf_row copied(const struct shelf_row *r, struct arena *a)
{
    struct shelf_row x = *r;
    x.id = str_copy(a, r->id);
    x.digest = str_copy(a, r->digest);
    return x;
}

enum err gallery_list(struct gallery *g, struct arena *a, struct shelf_row **out, int *n,
                      struct error *e)
{
    *n = 0;
    pthread_mutex_lock(&g->lock);
    enum err r = look(g, e);
    if (r == OK) {
        *out = ARENA_ARRAY(a, struct shelf_row, (size_t)g->n_rows + 1);
        for (; *n < g->n_rows; (*n)++)
            (*out)[*n] = copied(&g->row[*n], a);
    }
    pthread_mutex_unlock(&g->lock);
    return r;
}

struct str gallery_newest(struct gallery *g, struct arena *a)
{
    struct str digest = STR("");
    if (g == NULL)
        return digest;
    pthread_mutex_lock(&g->lock);
    if (look(g, NULL) == OK && g->n_rows > 0)
        digest = str_copy(a, g->row[g->n_rows - 1].digest);
    pthread_mutex_unlock(&g->lock);
    return digest;
}

/* --- one table of one release ------------------------------------------------------------- */

static struct room *room_of(struct gallery *g, struct str id)
{
    struct room *old = &g->room[0];
    g->asked++;
    for (int i = 0; i < KEPT_RELEASES; i++) {
        struct room *m = &g->room[i];
        if (m->used && str_eq(m->id, id)) {
            m->at = g->asked;
            return m;
        }
        if (!m->used || (old->used && m->at < old->at))
            old = m;
    }
    if (old->used)
        arena_finish(&old->arena);
    *old = (struct room){.used = true, .at = g->asked};
    arena_init(&old->arena);
    old->id = str_copy(&old->arena, id);
    old->table = ARENA_ARRAY(&old->arena, struct shown, (size_t)g->p->plan.n_tables);
    return old;
}

static enum err keep_figures(const struct gallery *g, const struct figures *f, struct arena *a,
                             struct shown *out, struct error *e)
{
    out->figure = ARENA_ARRAY(a, struct gallery_figure, (size_t)f->n + 1);
    for (int i = 0; i < f->n; i++) {
        struct gallery_figure *x = &out->figure[i];
        *x = (struct gallery_figure){.open = f->figure[i].open, .value = f->figure[i].value};
        for (int d = 0; d < DIM_COUNT; d++) {
            int node = publication_node(&g->p->plan, d, f->figure[i].code[d]);
            if (node < 0)
                return err_set(e, ERR_INTEGRITY, "发布含有未知的代码%s",
                               "the release has a code that is unknown%s", "");
            x->at[d] = (int16_t)node;
        }
    }
    out->n = f->n;
    out->read = true;
    return OK;
}

static enum err read_table(struct gallery *g, struct room *m, int table, struct error *e)
{
    struct arena step;
    struct figures f;
    struct str text;
    struct figures_question q = {.p = g->p, .table = table};
    if (m->table[table].read)
        return OK;
    arena_init(&step);
    enum err r = shelf_public(g->db, &step, m->id, &text, e);
    if (r == OK)
        r = figures_read(&q, text, &step, &f, e);
    if (r == OK)
        r = keep_figures(g, &f, &m->arena, &m->table[table], e);
    arena_finish(&step);
    return r;
}

static const struct shelf_row *row_of(const struct gallery *g, struct str id)
{
    for (int i = g->n_rows - 1; i >= 0; i--)
        if (id.n == 0 || str_eq(g->row[i].id, id))
            return &g->row[i];
    return NULL;
}

static bool fits(const struct gallery_question *q, const struct gallery_figure *f,
                 const struct dimension *period)
{
    for (int d = 0; d < DIM_COUNT; d++) {
        int at = f->at[d];
        while (d == DIM_PERIOD && at > q->want[d] && q->want[d] >= 0)
            at = period->node[at].parent; /* parents come before children */
        if (q->want[d] >= 0 && at != q->want[d])
            return false;
    }
    return true;
}

static void pick_out(const struct gallery *g, const struct gallery_question *q,
                     const struct shown *s, struct arena *a, struct gallery_answer *out)
{
    const struct dimension *period = &g->p->plan.dim[DIM_PERIOD];
    out->figure = ARENA_ARRAY(a, struct gallery_figure, (size_t)s->n + 1);
    for (int i = 0; i < s->n; i++) {
        if (!fits(q, &s->figure[i], period))
            continue;
        out->figure[out->n++] = s->figure[i];
        out->confidential += !s->figure[i].open;
    }
}

static enum err read_locked(struct gallery *g, const struct gallery_question *q, struct arena *a,
                            struct gallery_answer *out, struct error *e)
{
    TRY(look(g, e));
    const struct shelf_row *row = row_of(g, q->release);
    if (row == NULL && q->release.n > 0) {
        err_set(e, ERR_NOT_FOUND, "没有发布 %.*s", "there is no release %.*s",
                (int)(q->release.n > 64 ? 64 : q->release.n), q->release.p);
        err_at(e, "", 0, "release");
        return ERR_NOT_FOUND;
    }
    if (row == NULL)
        return OK;
    struct room *m = room_of(g, row->id);
    TRY(read_table(g, m, q->table, e));
    out->released = true;
    out->release = copied(row, a);
    pick_out(g, q, &m->table[q->table], a, out);
    return OK;
}

enum err gallery_read(struct gallery *g, const struct gallery_question *q, struct arena *a,
                      struct gallery_answer *out, struct error *e)
{
    memset(out, 0, sizeof *out);
    pthread_mutex_lock(&g->lock);
    enum err r = read_locked(g, q, a, out, e);
    pthread_mutex_unlock(&g->lock);
    return r;
}

/* --- questions ---------------------------------------------------------------------------- */

static enum err ask_node(const struct gallery *g, int d, struct str code, int table, int *out,
                         struct error *e)
{
    const struct plan *p = &g->p->plan;
    const char *name = p->dim[d].id.p;
    int node = publication_node(p, d, code), depth = p->table[table].depth[d];
    enum err r = OK;
    *out = node;
    if (node != 0 && depth == 0)
        r = err_set(e, ERR_INVALID, "这张表不按 %s 分列", "this table is not by %s", name);
    else if (node < 0 || p->dim[d].node[node].hidden || p->dim[d].node[node].depth > depth)
        r = err_set(e, ERR_UNKNOWN_CODE, "这张表的 %s 没有“%.*s”",
                    "%s of this table has no \"%.*s\"", name, (int)(code.n > 40 ? 40 : code.n),
                    code.p);
    if (r != OK)
        err_at(e, "", 0, name);
    return r;
}

enum err gallery_ask(const struct gallery *g, const struct request *rq, struct str table,
                     struct gallery_question *out, struct error *e)
{
    *out = (struct gallery_question){.release = str_trim(http_query(rq, "release"))};
    struct str id = {table.p, table.n > 64 ? 64 : table.n};
    TRY(figures_table(g->p, id, &out->table, e));
    for (int d = 0; d < DIM_COUNT; d++) {
        struct str code = str_trim(http_query(rq, g->p->plan.dim[d].id.p));
        out->want[d] = -1;
        if (code.n > 0)
            TRY(ask_node(g, d, code, out->table, &out->want[d], e));
    }
    return OK;
}
