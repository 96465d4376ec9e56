/* Are the files of releases what their rows say, and copies of them beside a backup. */
#include "disclosure/shelf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "ledger/files.h"

enum { KEEP_PATH = 700 };

static enum err rows(struct db *d, struct arena *a, struct shelf_row **row, int *n,
                     struct error *e)
{
    struct db_stmt *s;
    bool there;
    *n = 0;
    TRY(db_prepare(d, "SELECT 1 FROM sqlite_master WHERE type='table' AND name='release'", &s, e));
    enum err r = db_step(s, &there, e);
    db_finish(s);
    return r == OK && there ? shelf_list(d, a, row, n, e) : r;
}

static void path_of(char out[KEEP_PATH], const char *beside, struct str id)
{
    snprintf(out, KEEP_PATH, "%.600s.releases/%.*s", beside, (int)(id.n < 64 ? id.n : 64), id.p);
}

static enum err check_one(struct db *d, const struct scheme *s, const char *beside,
                          const struct shelf_row *row, struct error *e)
{
    char path[KEEP_PATH], hex[65];
    struct arena a;
    struct publication *p;
    struct release r;
    struct str public;
    arena_init(&a);
    path_of(path, beside, row->id);
    enum err err = shelf_public(d, &a, row->id, &public, e);
    if (err == OK && access(path, F_OK) != 0)
        err = err_set(e, ERR_INTEGRITY, "缺少发布的文件 %s", "the file of a release is missing: %s",
                      path);
    if (err == OK)
        err = shelf_read(&a, s, path, &p, &r, e);
    if (err == OK) {
        hash_hex(r.digest, 32, hex);
        if (!str_eqz(row->digest, hex) || !str_eq(r.id, row->id))
            err = err_set(e, ERR_INTEGRITY, "文件 %s 不是其发布的", "%s is not the file of its release",
                          path);
    }
    arena_finish(&a);
    return err;
}

enum err shelf_check(struct db *d, const struct scheme *s, const char *beside, int64_t *n,
                     struct error *e)
{
    struct arena a;
    struct shelf_row *row;
    int count;
    arena_init(&a);
    enum err r = rows(d, &a, &row, &count, e);
    for (int i = 0; r == OK && i < count; i++)
        r = check_one(d, s, beside != NULL ? beside : db_path(d), &row[i], e);
    *n = r == OK ? count : 0;
    arena_finish(&a);
    return r;
}

static enum err copy_one(const char *from, const char *to, struct str id, struct error *e)
{
    char source[KEEP_PATH], target[KEEP_PATH], went[FILE_HEX], came[FILE_HEX];
    path_of(source, from, id);
    path_of(target, to, id);
    int fd = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_set(e, ERR_INTEGRITY, "缺少发布的文件 %s：%s",
                       "the file of a release is missing: %s: %s", source, strerror(errno));
    enum err r = file_pour_new(fd, target, went, e);
    close(fd);
    if (r == OK)
        r = file_digest(target, came, e);
    if (r == OK && strcmp(went, came) != 0)
        r = err_set(e, ERR_IO, "%s 写入后读回不同", "%s reads differently from what was written", target);
    return r;
}

enum err shelf_copy(struct db *d, const char *from, const char *to, struct error *e)
{
    struct arena a;
    struct shelf_row *row;
    char folder[KEEP_PATH];
    int n;
    arena_init(&a);
    enum err r = rows(d, &a, &row, &n, e);
    snprintf(folder, sizeof folder, "%.600s.releases", to);
    if (r == OK && n > 0)
        r = file_new_folder(folder, e);
    for (int i = 0; r == OK && i < n; i++)
        r = copy_one(from, to, row[i].id, e);
    if (r == OK && n > 0)
        r = file_sync_whole(folder, e);
    arena_finish(&a);
    return r;
}
