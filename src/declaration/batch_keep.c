/* Are the files of batches what their rows say, and copies of them beside a backup. */
#include "declaration/batch_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "ledger/leaf.h"

static enum err same(const char *path, struct str want, struct error *e)
{
    char hex[FILE_HEX];
    enum err r = file_digest(path, hex, e);
    if (r == OK && str_eqz(want, hex))
        return OK;
    if (r == ERR_IO)
        return r;
    return err_set(e, ERR_INTEGRITY, r == OK ? "%s 的内容不是其批次所载的" : "缺少批次的文件 %s",
                   r == OK ? "%s is not what its batch says" : "the file of a batch is missing: %s",
                   path);
}

/* The entry of the log must speak of this batch. */
static enum err on_log(struct db *d, struct arena *a, const struct batch *b, struct error *e)
{
    struct db_stmt *s;
    struct str digest, records;
    int64_t n = -1;
    bool row;
    TRY(db_prepare(d, "SELECT leaf FROM entry WHERE seq=?1", &s, e));
    db_bind_int(s, 1, b->leaf);
    enum err r = db_step(s, &row, e);
    bool well = r == OK && row && leaf_member(a, db_text(s, 0), "digest", &digest) &&
                str_eq(digest, b->id) && leaf_member(a, db_text(s, 0), "records", &records) &&
                str_int(records, &n) && n == b->records;
    db_finish(s);
    TRY(r);
    return well ? OK
                : err_set(e, ERR_INTEGRITY, "批次 %.*s：日志第 %lld 条所载不是它",
                          "batch %.*s: entry %lld of the log is not about it", STR_ARG(b->id),
                          (long long)b->leaf);
}

static bool has_log(struct db *d)
{
    struct db_stmt *s;
    bool row = false;
    if (db_prepare(d, "SELECT 1 FROM entry LIMIT 1", &s, NULL) != OK)
        return false;
    (void)db_step(s, &row, NULL);
    db_finish(s);
    return row;
}

static enum err check_one(struct db *d, struct arena *a, const char *beside, const struct batch *b,
                          struct error *e)
{
    char path[BATCH_PATH];
    snprintf(path, sizeof path, "%.550s.batches/%.64s", beside, b->id.p);
    TRY(same(path, b->id, e));
    snprintf(path, sizeof path, "%.550s.batches/%.64s.quarantine", beside, b->id.p);
    if (b->quarantine.n > 0)
        TRY(same(path, b->quarantine, e));
    return has_log(d) ? on_log(d, a, b, e) : OK;
}

static enum err rows(struct db *d, struct arena *a, struct batch **list, int *n, struct error *e)
{
    bool there;
    *n = 0;
    TRY(batch_has_tables(d, &there, e));
    return there ? batch_list(d, a, list, n, e) : OK;
}

enum err batch_check(struct db *d, const char *beside, int64_t *n, struct error *e)
{
    struct arena a;
    struct batch *list;
    int count;
    arena_init(&a);
    enum err r = rows(d, &a, &list, &count, e);
    for (int i = 0; r == OK && i < count; i++)
        r = check_one(d, &a, beside != NULL ? beside : db_path(d), &list[i], e);
    *n = r == OK ? count : 0;
    arena_finish(&a);
    return r;
}

/* --- copies --------------------------------------------------------------------------------- */

static enum err copy_file(const char *from, const char *to, struct str want, struct error *e)
{
    char hex[FILE_HEX];
    int fd = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_set(e, ERR_INTEGRITY, "缺少批次的文件 %s：%s",
                       "the file of a batch is missing: %s: %s", from, strerror(errno));
    enum err r = file_pour_new(fd, to, hex, e);
    close(fd);
    if (r == OK && !str_eqz(want, hex))
        r = err_set(e, ERR_INTEGRITY, "%s 的内容不是其批次所载的", "%s is not what its batch says",
                    from);
    return r;
}

static enum err copy_one(const char *from, const char *to, const struct batch *b, struct error *e)
{
    char source[BATCH_PATH], target[BATCH_PATH];
    snprintf(source, sizeof source, "%.550s.batches/%.64s", from, b->id.p);
    snprintf(target, sizeof target, "%.550s.batches/%.64s", to, b->id.p);
    TRY(copy_file(source, target, b->id, e));
    if (b->quarantine.n == 0)
        return OK;
    snprintf(source, sizeof source, "%.550s.batches/%.64s.quarantine", from, b->id.p);
    snprintf(target, sizeof target, "%.550s.batches/%.64s.quarantine", to, b->id.p);
    return copy_file(source, target, b->quarantine, e);
}

enum err batch_copy(struct db *d, const char *from, const char *to, struct error *e)
{
    struct arena a;
    struct batch *list;
    char folder[BATCH_PATH];
    int n;
    arena_init(&a);
    enum err r = rows(d, &a, &list, &n, e);
    snprintf(folder, sizeof folder, "%.600s.batches", to);
    if (r == OK && n > 0)
        r = file_new_folder(folder, e);
    for (int i = 0; r == OK && i < n; i++)
        r = copy_one(from, to, &list[i], e);
    if (r == OK && n > 0)
        r = file_sync_whole(folder, e);
    arena_finish(&a);
    return r;
}
