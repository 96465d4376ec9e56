#include "disclosure/shelf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char *const migrations[] = {
    "CREATE TABLE release(seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, made_at INTEGER NOT NULL,"
    " digest TEXT NOT NULL, cube TEXT NOT NULL, cells INTEGER NOT NULL, open INTEGER NOT NULL,"
    " leaf INTEGER NOT NULL, public TEXT NOT NULL) STRICT;"
    "CREATE TRIGGER release_kept BEFORE UPDATE ON release BEGIN SELECT RAISE(ABORT,'kept'); END;"
    "CREATE TRIGGER release_stays BEFORE DELETE ON release BEGIN SELECT RAISE(ABORT,'kept'); END;"};

bool release_made_up(struct str id)
{
    struct str end = STR(RELEASE_MADE_UP);
    return id.n >= end.n && memcmp(id.p + id.n - end.n, end.p, end.n) == 0;
}

enum err shelf_open(const struct book *b, struct error *e)
{
    return db_migrate(b->d, "disclosure", migrations, sizeof migrations / sizeof *migrations, e);
}

enum err shelf_list(struct db *d, struct arena *a, struct shelf_row **out, int *n,
                    struct error *e)
{
    struct db_stmt *s;
    bool row;
    int room = 16;
    struct shelf_row *r = ARENA_ARRAY(a, struct shelf_row, 16);
    *n = 0;
    TRY(db_prepare(d, "SELECT id,digest,made_at,leaf,cells,open FROM release ORDER BY seq", &s, e));
    enum err result;
    while ((result = db_step(s, &row, e)) == OK && row) {
        if (*n == room) {
            struct shelf_row *more = ARENA_ARRAY(a, struct shelf_row, (size_t)room * 2);
            memcpy(more, r, (size_t)room * sizeof *r);
            r = more;
            room *= 2;
        }
        r[(*n)++] = (struct shelf_row){str_copy(a, db_text(s, 0)), str_copy(a, db_text(s, 1)),
                                       db_int(s, 2), db_int(s, 3), (int)db_int(s, 4),
                                       (int)db_int(s, 5)};
    }
    db_finish(s);
    *out = r;
    return result;
}

static void digest_hex(const uint8_t digest[32], char out[65])
{
    hash_hex(digest, 32, out);
}

enum err shelf_public(struct db *d, struct arena *a, struct str id, struct str *out,
                      struct error *e)
{
    struct db_stmt *s;
    bool row;
    uint8_t digest[32];
    char hex[65];
    TRY(db_prepare(d, "SELECT public,digest,id FROM release WHERE id=?1 OR ?1=''"
                      " ORDER BY seq DESC LIMIT 1", &s, e));
    db_bind_text(s, 1, id.n == 0 ? STR("") : id);
    enum err result = db_step(s, &row, e);
    if (result == OK && !row) {
        result = id.n == 0 ? err_set(e, ERR_NOT_FOUND, "还没有发布任何统计", "nothing has been released yet")
                           : err_set(e, ERR_NOT_FOUND, "没有发布 %.*s", "there is no release %.*s",
                                     STR_ARG(id));
    } else if (result == OK) {
        *out = str_copy(a, db_text(s, 0));
        hash_sha256(out->p, out->n, digest);
        digest_hex(digest, hex);
        if (!str_eqz(db_text(s, 1), hex))
            result = err_set(e, ERR_INTEGRITY, "发布 %.*s 的内容与其摘要不符",
                             "the content of release %.*s does not have its digest",
                             STR_ARG(db_text(s, 2)));
    }
    db_finish(s);
    return result;
}

enum err shelf_path(struct db *d, struct arena *a, struct str id, const char **out,
                    struct error *e)
{
    const char *store = db_path(d);
    /* The id is a name of a file: what could leave the folder is no id. */
    for (size_t i = 0; i < id.n; i++)
        if (!((id.p[i] >= '0' && id.p[i] <= '9') || (id.p[i] >= 'a' && id.p[i] <= 'z') ||
              (id.p[i] >= 'A' && id.p[i] <= 'Z') || (i > 0 && (id.p[i] == '-' || id.p[i] == '.'))))
            return err_set(e, ERR_INVALID, "发布编号只用字母、数字、点和横线：%.*s",
                           "a release's id has letters, digits, dots and hyphens: %.*s", STR_ARG(id));
    if (id.n == 0 || id.n > 64)
        return err_set(e, ERR_INVALID, "发布编号应为 1 至 64 个字符", "a release's id has 1 to 64 characters");
    size_t room = strlen(store) + id.n + 16;
    char *p = arena_alloc(a, room);
    snprintf(p, room, "%s.releases", store);
    if (mkdir(p, 0700) != 0 && errno != EEXIST)
        return err_set(e, ERR_IO, "无法建立目录 %s", "the folder %s cannot be made", p);
    snprintf(p, room, "%s.releases/%.*s", store, STR_ARG(id));
    *out = p;
    return OK;
}

enum err shelf_releases(struct db *d, struct arena *a, const struct plan *p,
                        struct release ***out, int *n, struct error *e)
{
    struct shelf_row *row;
    TRY(shelf_list(d, a, &row, n, e));
    *out = ARENA_ARRAY(a, struct release *, (size_t)*n + 1);
    for (int i = 0; i < *n; i++) {
        const char *path;
        char hex[65];
        struct release *r = (*out)[i] = ARENA_NEW(a, struct release);
        TRY(shelf_path(d, a, row[i].id, &path, e));
        TRY(release_read(r, a, p, path, e));
        digest_hex(r->digest, hex);
        if (!str_eqz(row[i].digest, hex) || !str_eq(r->id, row[i].id))
            return err_set(e, ERR_INTEGRITY, "文件 %s 不是发布 %.*s", "the file %s is not release %.*s",
                           path, STR_ARG(row[i].id));
    }
    return OK;
}

/* --- a release with its own plan ------------------------------------------------------------ */

static void months_of(const struct publication *all, const struct release *r, int *from, int *n)
{
    int first = PUBLICATION_MONTHS, last = 0;
    const int16_t *leaf = all->leaf[DIM_PERIOD];
    for (size_t i = 0; i < r->n_used; i++) {
        /* Leaves rise with their months. */
        int lo = 0, hi = all->n_months - 1, at = r->used[i].leaf[DIM_PERIOD];
        while (lo < hi) {
            int mid = (lo + hi) / 2;
            if (leaf[mid] < at)
                lo = mid + 1;
            else
                hi = mid;
        }
        first = lo < first ? lo : first;
        last = lo > last ? lo : last;
    }
    *from = first > last ? 0 : first;
    *n = last - *from + 1;
}

enum err shelf_read(struct arena *a, const struct scheme *s, const char *path,
                    struct publication **p, struct release *out, struct error *e)
{
    struct publication *all;
    int from, n;
    TRY(publication_open_months(&all, a, s, 0, PUBLICATION_MONTHS, e));
    TRY(release_read(out, a, &all->plan, path, e));
    months_of(all, out, &from, &n);
    TRY(publication_open_months(p, a, s, from, n, e));
    return release_read(out, a, &(*p)->plan, path, e);
}

/* --- publishing ----------------------------------------------------------------------------- */

static int order_at(const int16_t *a, const int16_t *b)
{
    for (int d = 0; d < DIMS_MAX; d++)
        if (a[d] != b[d])
            return a[d] < b[d] ? -1 : 1;
    return 0;
}

/* The states of a release on a system built afresh of its contributions; what the release does not
 * show is not open, whatever it was. */
static enum err take_states(struct system *s, const struct release *r, struct error *e)
{
    int at = 0, met = 0;
    for (int i = 0; i < s->n_cells; i++) {
        struct sdc_cell *c = &s->cell[i];
        while (at < r->n_cells && order_at(r->cell[at].at, c->at) < 0)
            at++;
        bool there = at < r->n_cells && order_at(r->cell[at].at, c->at) == 0;
        if (!there) {
            if (c->state != CELL_HIDDEN)
                c->state = CELL_SECONDARY;
            continue;
        }
        met++;
        if (r->cell[at].state == CELL_HIDDEN)
            continue;
        bool open = r->cell[at].state == CELL_OPEN;
        if (open && r->cell[at].value != c->value)
            return err_set(e, ERR_INTEGRITY, "发布中的数值与其构成不符",
                           "a figure of the release is not what it is made of");
        c->state = open ? CELL_OPEN : c->sensitive ? CELL_PRIMARY : CELL_SECONDARY;
    }
    if (met != r->n_cells)
        return err_set(e, ERR_INTEGRITY, "发布含有其构成之外的单元",
                       "the release has cells that it is not made of");
    return OK;
}

static enum err attack_again(struct db *d, struct arena *a, const struct publication *p,
                             const struct release *r, int n_threads, struct shelf_attack *x,
                             struct error *e)
{
    struct rules rules;
    struct system *s;
    struct release **earlier;
    int n, known;
    TRY(rules_load(&rules, e));
    TRY(system_build(&s, a, &p->plan, &rules, r->used, r->n_used, e));
    TRY(shelf_releases(d, a, &p->plan, &earlier, &n, e));
    TRY(vintage_mark_shown(s, (const struct release *const *)earlier, n, &known, e));
    TRY(take_states(s, r, e));
    TRY(system_attack(s, n_threads, a, &x->now, e));
    if (x->now.n_exposed == 0)
        TRY(vintage_attack(s, r->used, r->n_used, (const struct release *const *)earlier, n, a,
                           &x->differences, e));
    if (x->now.n_exposed + x->differences.n_exposed == 0)
        return OK;
    return err_set(e, ERR_CONFLICT, "未发布：攻击推出了 %d 个单元、%d 个差额",
                   "not published: the attack places %d cells and %d differences", x->now.n_exposed,
                   x->differences.n_exposed);
}

static enum err log_release(const struct book *b, const struct release *r, const char *digest,
                            uint64_t *index, struct error *e)
{
    struct buf leaf;
    struct jsonw w;
    char cube[65];
    *index = 0;
    if (b->log == NULL)
        return OK;
    digest_hex(r->cube, cube);
    buf_init(&leaf);
    jsonw_init(&w, &leaf, false);
    jsonw_object(&w);
    jsonw_kint(&w, "at", r->made_at);
    jsonw_kz(&w, "cube", cube);
    jsonw_kz(&w, "digest", digest);
    jsonw_kstr(&w, "id", r->id);
    jsonw_kz(&w, "kind", "statistics");
    jsonw_end(&w);
    enum err result = log_append(b->log, buf_view(&leaf), index, e);
    buf_finish(&leaf);
    return result;
}

static enum err put_row(const struct book *b, const struct publication *p, const struct release *r,
                        struct error *e)
{
    struct db_stmt *s;
    struct buf public;
    char digest[65], cube[65];
    uint64_t leaf;
    bool row;
    int open = 0, shown = 0;
    for (int i = 0; i < r->n_cells; i++) {
        open += r->cell[i].state == CELL_OPEN;
        shown += r->cell[i].state != CELL_HIDDEN;
    }
    digest_hex(r->digest, digest);
    digest_hex(r->cube, cube);
    TRY(log_release(b, r, digest, &leaf, e));
    TRY(db_prepare(b->d, "INSERT INTO release(id,made_at,digest,cube,cells,open,leaf,public)"
                         " VALUES(?1,?2,?3,?4,?5,?6,?7,?8)", &s, e));
    buf_init(&public);
    release_public(r, &p->plan, &public);
    db_bind_text(s, 1, r->id);
    db_bind_int(s, 2, r->made_at);
    db_bind_text(s, 3, str_from(digest));
    db_bind_text(s, 4, str_from(cube));
    db_bind_int(s, 5, shown);
    db_bind_int(s, 6, open);
    db_bind_int(s, 7, (int64_t)leaf);
    db_bind_text(s, 8, buf_view(&public));
    enum err result = db_step(s, &row, e);
    db_finish(s);
    buf_finish(&public);
    return result;
}

static enum err follows(struct db *d, struct arena *a, struct str id, struct error *e)
{
    struct shelf_row *row;
    int n;
    TRY(shelf_list(d, a, &row, &n, e));
    if (n == 0 || str_cmp(row[n - 1].id, id) < 0)
        return OK;
    return err_set(e, ERR_CONFLICT, "编号 %.*s 应排在已发布的 %.*s 之后",
                   "the id %.*s must come after %.*s, which is published", STR_ARG(id),
                   STR_ARG(row[n - 1].id));
}

/* The file first: a row without its file could not be compared with, a file without its row is
 * only a file. */
enum err shelf_publish(const struct book *b, struct arena *a, const struct publication *p,
                       const struct release *r, int n_threads, struct shelf_attack *x,
                       struct error *e)
{
    const char *path;
    memset(x, 0, sizeof *x);
    TRY(shelf_path(b->d, a, r->id, &path, e));
    TRY(book_begin(b, e)); /* from here on no other release can come between */
    enum err result = follows(b->d, a, r->id, e);
    if (result == OK)
        result = attack_again(b->d, a, p, r, n_threads, x, e);
    if (result == OK) {
        remove(path); /* left by a publication that was cut off before its row */
        result = release_write(r, &p->plan, path, e);
    }
    if (result == OK)
        result = put_row(b, p, r, e);
    return book_end(b, result, e);
}
