/* A file becomes a batch. See batch.h for what holds when this is cut off at any moment. */
#include "declaration/batch_inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "declaration/quarantine.h"

/* --- the folder ----------------------------------------------------------------------------- */

static enum err lock_folder(struct taking *k, struct error *e)
{
    char path[BATCH_PATH + 8];
    snprintf(k->folder, sizeof k->folder, "%s.batches", db_path(k->d));
    if (strcmp(db_path(k->d), ":memory:") == 0)
        return err_set(e, ERR_USAGE, "内存中的存储没有批次%s", "a store in memory has no batches%s", "");
    if (mkdir(k->folder, 0700) == 0) {
        if (!file_sync_folder(k->folder))
            return file_fault(k->folder, e);
    } else if (errno != EEXIST) {
        return file_fault(k->folder, e);
    }
    snprintf(path, sizeof path, "%s/lock", k->folder);
    k->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (k->lock < 0)
        return file_fault(path, e);
    if (flock(k->lock, LOCK_EX | LOCK_NB) == 0)
        return OK;
    return err_set(e, ERR_BUSY, "另一个进程正在导入：%s", "somebody else is taking declarations in: %s",
                   k->folder);
}

static enum err has_row(struct db *d, struct str id, bool *there, struct error *e)
{
    struct db_stmt *s;
    TRY(db_prepare(d, "SELECT 1 FROM batch WHERE id=?1", &s, e));
    db_bind_text(s, 1, id);
    enum err r = db_step(s, there, e);
    db_finish(s);
    return r;
}

static bool is_id(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
            return false;
    return s.n == 64;
}

/* Only what this room makes is cleared away: *.part, and files named by a digest without a row. */
static enum err clear_leftovers(struct taking *k, struct error *e)
{
    DIR *d = opendir(k->folder);
    enum err r = OK;
    if (d == NULL)
        return file_fault(k->folder, e);
    for (struct dirent *f; r == OK && (f = readdir(d)) != NULL;) {
        struct str rest, name = str_from(f->d_name), id = str_cut(name, '.', &rest);
        bool there = false, part = name.n > 5 && memcmp(name.p + name.n - 5, ".part", 5) == 0;
        if (!part && is_id(id) && (rest.n == 0 || str_eqz(rest, "quarantine")))
            r = has_row(k->d, id, &there, e);
        else if (!part)
            continue;
        if (r == OK && !there && unlinkat(dirfd(d), f->d_name, 0) != 0 && errno != ENOENT)
            r = file_fault(k->folder, e);
    }
    closedir(d);
    return r;
}

/* --- the copy ------------------------------------------------------------------------------- */

static bool poured(void *ctx, int64_t bytes)
{
    struct taking *k = ctx;
    const struct intake *in = &k->t->intake;
    if (in->progress == NULL || intake_clock() - k->told < 0.25)
        return true;
    k->told = intake_clock();
    struct intake_progress p = {.bytes = bytes, .bytes_total = k->total};
    p.seconds = k->told - k->began;
    return in->progress(in->progress_ctx, &p);
}

static enum err copy_in(struct taking *k, struct error *e)
{
    bool standard = strcmp(k->t->path, "-") == 0;
    struct stat st;
    int fd = standard ? 0 : open(k->t->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
        int why = fd < 0 ? errno : EISDIR;
        enum err code = why == ENOENT   ? ERR_NOT_FOUND
                        : why == EACCES ? ERR_DENIED
                        : why == EISDIR ? ERR_INVALID
                                        : ERR_IO;
        if (fd > 0)
            close(fd);
        err_set(e, code, "不能读取 %s：%s", "cannot read %s: %s", k->t->path, strerror(why));
        err_at(e, k->t->path, 0, NULL);
        return code;
    }
    k->total = S_ISREG(st.st_mode) ? st.st_size : 0;
    k->began = intake_clock();
    k->told = k->began;
    char incoming[BATCH_PATH];
    snprintf(incoming, sizeof incoming, "%.600s/incoming", k->folder);
    enum err r = file_new_open(&k->copy, incoming, 0600)
                     ? file_pour(fd, k->copy.fd, incoming, poured, k, &k->bytes, k->id, e)
                     : file_fault(incoming, e);
    if (!standard)
        close(fd);
    snprintf(k->path, sizeof k->path, "%.600s/%.64s", k->folder, k->id);
    snprintf(k->quarantine, sizeof k->quarantine, "%.600s/%.64s.quarantine", k->folder, k->id);
    return r;
}

/* Under its own name, which it has until the folder is cleared or a row says it is a batch. */
static enum err give_name(struct taking *k, struct error *e)
{
    return file_new_end(&k->copy, k->path, true) ? OK : file_fault(k->path, e);
}

/* --- reading it ----------------------------------------------------------------------------- */

static enum err open_numbers(struct taking *k, struct error *e)
{
    struct db_stmt *s;
    bool row;
    TRY(db_prepare(k->d, "SELECT DISTINCT report_no FROM quarantined WHERE state='open' AND"
                         " report_no<>''", &s, e));
    enum err r;
    while ((r = db_step(s, &row, e)) == OK && row)
        report_numbers_add(&k->open, db_text(s, 0));
    db_finish(s);
    return r;
}

static void accepted(void *ctx, int thread, struct declaration *d, int n)
{
    struct taking *k = ctx;
    struct report_number *r;
    (void)thread;
    for (int i = 0; i < n; i++)
        if ((r = report_numbers_find(&k->open, d[i].report_no)) != NULL)
            report_number_met(r, 1);
}

enum err batch_left(struct taking *k, struct left left, struct str name, struct error *e)
{
    if (k->n_left == LIMIT_QUARANTINED)
        return err_set(e, ERR_LIMIT, "不采用的记录超过 LIMIT_QUARANTINED（%d）条：文件未导入",
                       "more than LIMIT_QUARANTINED (%d) records stay out: the file is refused",
                       (int)LIMIT_QUARANTINED);
    if (k->n_left == k->room) {
        k->room = k->room == 0 ? 256 : k->room * 2;
        k->left = realloc(k->left, k->room * sizeof *k->left);
        check(k->left != NULL);
    }
    left.name = k->names.n;
    left.n_name = (uint8_t)name.n;
    buf_str(&k->names, name);
    k->left[k->n_left++] = left;
    return OK;
}

/* A void record was accepted first, and is counted back. */
static enum err stays_out(void *ctx, const struct spoilt *x, struct error *e)
{
    struct taking *k = ctx;
    const struct scheme *scheme = k->t->cube->scheme;
    struct spoilt as_sent = *x;
    struct str number = str_from(x->report_no);
    struct report_number *r = report_numbers_find(&k->open, number);
    if (x->rule == RULE_TWICE && r != NULL)
        report_number_met(r, -1);
    bool aside = x->counted || scheme->rule[x->rule].severity == SEVERITY_EXCLUDE;
    TRY(batch_left(k, (struct left){.rule = (uint8_t)x->rule, .aside = aside, .line = x->line},
                   number, e));
    as_sent.file = k->name;
    return quarantine_add(&k->q, &as_sent, e);
}

static enum err read_declarations(struct taking *k, struct tally *tally, struct error *e)
{
    struct cube cube = {0};
    struct intake in = k->t->intake;
    const char *path = k->path;
    in.path = &path;
    in.n_paths = 1;
    in.from_byte = 0;
    in.spoilt = stays_out;
    in.spoilt_ctx = k;
    TRY(open_numbers(k, e));
    enum err r = quarantine_open(&k->q, k->t->cube->scheme, k->quarantine, e);
    if (r == OK)
        r = cube_compile(k->t->cube, &in, accepted, k, tally, &cube, e);
    cube_finish(&cube);
    return quarantine_end(&k->q, r, e);
}

static enum err read_it(struct taking *k, struct tally *tally, struct error *e)
{
    enum err r = k->t->direct != NULL ? batch_read_direct(k, tally, e)
                                      : read_declarations(k, tally, e);
    if (r != OK && e != NULL && strcmp(e->file, k->path) == 0) /* the copy is ours, not the asker's */
        err_at(e, k->t->path, 0, NULL);
    TRY(r);
    k->quarantine_id[0] = 0;
    if (k->n_left > 0)
        return file_sync_folder(k->quarantine) ? file_digest(k->quarantine, k->quarantine_id, e)
                                               : file_fault(k->quarantine, e);
    return unlink(k->quarantine) == 0 ? OK : file_fault(k->quarantine, e);
}

/* --- the row -------------------------------------------------------------------------------- */

static enum err log_batch(struct taking *k, const struct tally *tally, uint64_t *index,
                          struct error *e)
{
    struct buf leaf;
    struct jsonw w;
    *index = 0;
    if (k->t->book->log == NULL)
        return OK;
    buf_init(&leaf);
    jsonw_init(&w, &leaf, false);
    jsonw_object(&w);
    jsonw_kint(&w, "at", k->t->now);
    jsonw_kint(&w, "bytes", k->bytes);
    jsonw_kz(&w, "digest", k->id);
    jsonw_kz(&w, "kind", k->t->direct != NULL ? "direct" : "declarations");
    jsonw_kint(&w, "records", tally->records);
    jsonw_end(&w);
    enum err r = log_append(k->t->book->log, buf_view(&leaf), index, e);
    buf_finish(&leaf);
    return r;
}

static enum err put_batch(struct taking *k, const struct tally *t, struct error *e)
{
    struct db_stmt *s;
    uint64_t leaf;
    bool row;
    TRY(log_batch(k, t, &leaf, e));
    TRY(db_prepare(k->d, "INSERT INTO batch(id,name,bytes,taken_at,records,accepted,rejected,"
                         "excluded,queried,quarantine,state,leaf,kind)"
                         " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,'done',?11,?12)", &s, e));
    const int64_t number[] = {k->bytes, k->t->now, t->records, t->accepted, t->rejected,
                              t->excluded, t->queried};
    db_bind_text(s, 1, str_from(k->id));
    db_bind_text(s, 2, str_from(k->name));
    for (int i = 0; i < 7; i++)
        db_bind_int(s, 3 + i, number[i]);
    db_bind_text(s, 10, str_from(k->quarantine_id));
    db_bind_int(s, 11, (int64_t)leaf);
    db_bind_text(s, 12, k->t->direct != NULL ? STR("direct") : STR("declarations"));
    enum err r = db_step(s, &row, e);
    db_finish(s);
    return r;
}

static enum err put_left(struct taking *k, struct error *e)
{
    struct db_stmt *s;
    bool row;
    enum err r = OK;
    const struct rule_entry *rule = k->t->direct != NULL ? k->t->direct->rule
                                                         : k->t->cube->scheme->rule;
    TRY(db_prepare(k->d, "INSERT INTO quarantined VALUES(?1,?2,?3,?4,?5,?6,'')", &s, e));
    for (size_t i = 0; r == OK && i < k->n_left; i++) {
        const struct left *l = &k->left[i];
        db_bind_text(s, 1, str_from(k->id));
        db_bind_int(s, 2, (int64_t)i);
        db_bind_int(s, 3, l->line);
        db_bind_text(s, 4, (struct str){k->names.n > 0 ? k->names.p + l->name : "", l->n_name});
        db_bind_text(s, 5, rule[l->rule].id);
        db_bind_text(s, 6, l->aside ? STR("aside") : STR("open"));
        r = db_step(s, &row, e);
    }
    db_finish(s);
    return r;
}

static enum err resolve(struct taking *k, int64_t *n, struct error *e)
{
    struct db_stmt *s;
    bool row = false;
    enum err r = OK;
    *n = 0;
    TRY(db_prepare(k->d, "UPDATE quarantined SET state='resolved',by_batch=?1 WHERE"
                         " report_no=?2 AND state='open' AND rule<>'TWICE' RETURNING 1", &s, e));
    for (size_t i = 0; r == OK && i <= k->open.mask; i++) {
        const struct report_number *m = &k->open.slot[i];
        if (!m->used || m->met <= 0)
            continue;
        db_bind_text(s, 1, str_from(k->id));
        db_bind_text(s, 2, (struct str){m->digits, REPORT_DIGITS});
        while ((r = db_step(s, &row, e)) == OK && row)
            ++*n;
    }
    db_finish(s);
    return r;
}

static enum err put_rows(struct taking *k, const struct tally *t, int64_t *resolved,
                         struct error *e)
{
    TRY(book_begin(k->t->book, e));
    enum err r = put_batch(k, t, e);
    if (r == OK)
        r = k->t->direct != NULL ? batch_resolve_direct(k, resolved, e)
                                 : resolve(k, resolved, e); /* before its own: a batch resolves earlier ones */
    if (r == OK)
        r = put_left(k, e);
    return book_end(k->t->book, r, e);
}

/* --- all of it ------------------------------------------------------------------------------ */

static enum err find_row(struct taking *k, struct arena *a, struct batch *out, struct error *e)
{
    struct batch *list;
    const struct batch *found;
    int n;
    TRY(batch_list(k->d, a, &list, &n, e));
    TRY(batch_find(list, n, str_from(k->id), &found, e));
    *out = *found;
    return OK;
}

/* The same file once more changes nothing, but for a copy that was lost or damaged meanwhile. */
static enum err known_one(struct taking *k, struct error *e)
{
    char hex[FILE_HEX];
    if (file_digest(k->path, hex, NULL) == OK && strcmp(hex, k->id) == 0)
        return OK;
    return give_name(k, e);
}

static enum err take(struct taking *k, struct arena *a, struct tally *tally,
                     struct batch_taken *out, struct error *e)
{
    TRY(lock_folder(k, e));
    TRY(clear_leftovers(k, e));
    enum err r = copy_in(k, e);
    if (r == OK)
        r = has_row(k->d, str_from(k->id), &out->known, e);
    if (r == OK && out->known) {
        r = known_one(k, e);
    } else if (r == OK) {
        r = give_name(k, e);
        if (r == OK)
            r = read_it(k, tally, e);
        memcpy(out->direct_rule, k->direct.rule, sizeof out->direct_rule);
        if (r == OK)
            r = put_rows(k, tally, &out->resolved, e);
        if (r != OK) { /* nothing of it stays; a kill would leave it to the next one */
            unlink(k->path);
            unlink(k->quarantine);
        }
    }
    file_new_drop(&k->copy);
    return r == OK ? find_row(k, a, &out->batch, e) : r;
}

/* What people call the file: its last name, cut between characters. */
static void name_it(struct taking *k)
{
    const char *slash = strrchr(k->t->path, '/');
    struct str s = str_from(slash != NULL ? slash + 1 : k->t->path);
    size_t n = s.n < BATCH_NAME ? s.n : BATCH_NAME;
    while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
        n--;
    snprintf(k->name, sizeof k->name, "%.*s", (int)n, s.p);
}

enum err batch_take(const struct batch_task *t, struct arena *a, struct tally *tally,
                    struct batch_taken *out, struct error *e)
{
    struct taking *k = calloc(1, sizeof *k);
    check(k != NULL);
    memset(out, 0, sizeof *out);
    k->t = t;
    k->d = t->book->d;
    k->lock = -1;
    k->q.file.fd = k->copy.fd = -1;
    report_numbers_init(&k->open);
    buf_init(&k->names);
    name_it(k);
    enum err r = take(k, a, tally, out, e);
    if (k->lock >= 0)
        close(k->lock);
    report_numbers_finish(&k->open);
    buf_finish(&k->names);
    direct_finish(&k->direct);
    free(k->left);
    free(k);
    return r;
}
