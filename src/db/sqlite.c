#include "db/db.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

struct db {
    sqlite3 *handle;
    char path[512];
};

struct db_stmt {
    sqlite3_stmt *s;
};

static enum err fail(sqlite3 *h, struct error *e)
{
    int code = h ? sqlite3_errcode(h) : SQLITE_NOMEM;
    enum err kind = code == SQLITE_BUSY || code == SQLITE_LOCKED ? ERR_BUSY
                    : code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? ERR_INTEGRITY
                                                                      : ERR_IO;
    return err_set(e, kind, "存储出错:%s", "the store failed: %s", h ? sqlite3_errmsg(h) : "?");
}

static void make_folders(char *path)
{
    for (char *p = path + 1; *p; p++)
        if (*p == '/') {
            *p = 0;
            if (mkdir(path, 0777) != 0 && errno != EEXIST) {
                *p = '/';
                return; /* opening the file will name the reason */
            }
            *p = '/';
        }
}

static enum err find_path(struct db *d, const char *spec, struct error *e)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (spec != NULL) {
        if (strncmp(spec, "sqlite:", 7) != 0 || spec[7] == 0 || strlen(spec) > 500) {
            err_set(e, ERR_USAGE, "不认识的存储:%s", "not a store: %s", spec);
            err_at(e, "", 0, "--store");
            err_hint(e, "sqlite:PATH");
            return ERR_USAGE;
        }
        snprintf(d->path, sizeof d->path, "%s", spec + 7);
    } else if (data != NULL && data[0] == '/') {
        snprintf(d->path, sizeof d->path, "%s/fumao/fumao.db", data);
    } else {
        snprintf(d->path, sizeof d->path, "%s/.local/share/fumao/fumao.db",
                 home && home[0] == '/' ? home : "/tmp");
    }
    return OK;
}

enum err db_place(const char *spec, char *out, size_t room, struct error *e)
{
    struct db d = {0};
    TRY(find_path(&d, spec, e));
    snprintf(out, room, "%s", d.path);
    return OK;
}

static enum err no_store(const char *path, struct error *e)
{
    err_set(e, ERR_NOT_FOUND, "没有存储 %s", "there is no store %s", path);
    err_at(e, path, 0, "");
    return ERR_NOT_FOUND;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Of several that turn a new store to WAL at the same time, SQLite tells some "busy" at once, without
 * the wait it was asked for, since they would wait for one another: they begin again. */
static enum err set_up(struct db *d, const char *pragmas, struct error *e)
{
    int64_t until = now_ms() + LIMIT_STORE_WAIT_MS;
    enum err r;
    while ((r = db_exec(d, pragmas, e)) == ERR_BUSY && now_ms() < until)
        sqlite3_sleep(5);
    return r;
}

static enum err open_handle(struct db *d, int flags, struct error *e)
{
    if (sqlite3_open_v2(d->path, &d->handle, flags, NULL) != SQLITE_OK)
        return fail(d->handle, e);
    sqlite3_busy_timeout(d->handle, LIMIT_STORE_WAIT_MS);
    /* EXTRA comes first: a new store is turned to WAL over a rollback journal, and one that was
     * back in its folder after a power failure would empty the store. With WAL it means FULL. */
    return set_up(d, flags & SQLITE_OPEN_READONLY
                         ? "PRAGMA trusted_schema=OFF; SELECT count(*) FROM sqlite_master"
                         : "PRAGMA synchronous=EXTRA; PRAGMA journal_mode=WAL;"
                           "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;", e);
}

static enum err open_path(struct db *d, int flags, struct error *e)
{
    bool memory = strcmp(d->path, ":memory:") == 0;
    if (!(flags & SQLITE_OPEN_CREATE) && (memory || access(d->path, F_OK) != 0))
        return no_store(d->path, e);
    if ((flags & SQLITE_OPEN_CREATE) && !memory)
        make_folders(d->path);
    enum err result = open_handle(d, flags, e);
    if (result != OK)
        err_at(e, d->path, 0, "");
    return result;
}

static enum err open_spec(struct db **out, const char *spec, int flags, struct error *e)
{
    struct db *d = calloc(1, sizeof *d);
    check(d != NULL);
    *out = NULL;
    enum err result = find_path(d, spec, e);
    if (result == OK)
        result = open_path(d, flags, e);
    if (result != OK) {
        db_close(d);
        return result;
    }
    *out = d;
    return OK;
}

enum err db_open(struct db **out, const char *spec, struct error *e)
{
    return open_spec(out, spec, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, e);
}

enum err db_open_old(struct db **out, const char *spec, struct error *e)
{
    return open_spec(out, spec, SQLITE_OPEN_READWRITE, e);
}

enum err db_open_file(struct db **out, const char *path, struct error *e)
{
    char spec[512];
    *out = NULL;
    if (strlen(path) > 500)
        return err_set(e, ERR_USAGE, "路径超过 %d 字节", "the path is longer than %d bytes", 500);
    snprintf(spec, sizeof spec, "sqlite:%s", path);
    return open_spec(out, spec, SQLITE_OPEN_READONLY, e);
}

void db_close(struct db *d)
{
    if (d == NULL)
        return;
    sqlite3_close(d->handle);
    free(d);
}

const char *db_path(const struct db *d)
{
    return d->path;
}

enum err db_exec(struct db *d, const char *sql, struct error *e)
{
    return sqlite3_exec(d->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? OK : fail(d->handle, e);
}

/* Versions by room. A store from before rooms had versions of their own has the registry's in
 * user_version. */
static enum err version_get(struct db *d, const char *room, int *version, struct error *e)
{
    struct db_stmt *s;
    bool row;
    TRY(db_prepare(d, "SELECT coalesce((SELECT version FROM room_version WHERE room=?1),"
                      " CASE ?1 WHEN 'law' THEN (SELECT user_version FROM pragma_user_version)"
                      " ELSE 0 END)", &s, e));
    db_bind_text(s, 1, str_from(room));
    enum err result = db_step(s, &row, e);
    *version = result == OK && row ? (int)db_int(s, 0) : 0;
    db_finish(s);
    return result;
}

static enum err version_set(struct db *d, const char *room, int version, struct error *e)
{
    struct db_stmt *s;
    bool row;
    TRY(db_prepare(d, "INSERT INTO room_version VALUES(?1,?2)"
                      " ON CONFLICT(room) DO UPDATE SET version=?2", &s, e));
    db_bind_text(s, 1, str_from(room));
    db_bind_int(s, 2, version);
    enum err result = db_step(s, &row, e);
    db_finish(s);
    return result;
}

static enum err migrate_step(struct db *d, const char *room, const char *script, int to,
                             struct error *e)
{
    TRY(db_exec(d, "BEGIN IMMEDIATE", e));
    int now = 0;
    enum err result = version_get(d, room, &now, e); /* another process may have been faster */
    if (result == OK && now < to) {
        result = db_exec(d, script, e);
        if (result == OK)
            result = version_set(d, room, to, e);
    }
    if (result == OK)
        return db_exec(d, "COMMIT", e);
    db_exec(d, "ROLLBACK", NULL);
    return result;
}

enum err db_migrate(struct db *d, const char *room, const char *const *scripts, int n,
                    struct error *e)
{
    int version = 0;
    TRY(db_exec(d, "CREATE TABLE IF NOT EXISTS room_version"
                   " (room TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT", e));
    TRY(version_get(d, room, &version, e));
    if (version > n)
        return err_set(e, ERR_CONFLICT, "存储版本 %d 比本程序新", "the store has version %d, newer than this program",
                       version);
    for (int i = version; i < n; i++)
        TRY(migrate_step(d, room, scripts[i], i + 1, e));
    return OK;
}

enum err db_prepare(struct db *d, const char *sql, struct db_stmt **out, struct error *e)
{
    struct db_stmt *s = calloc(1, sizeof *s);
    check(s != NULL);
    if (sqlite3_prepare_v2(d->handle, sql, -1, &s->s, NULL) != SQLITE_OK) {
        free(s);
        *out = NULL;
        return fail(d->handle, e);
    }
    *out = s;
    return OK;
}

void db_bind_text(struct db_stmt *s, int at, struct str v)
{
    check(sqlite3_bind_text64(s->s, at, v.p ? v.p : "", v.n, SQLITE_TRANSIENT, SQLITE_UTF8) ==
          SQLITE_OK);
}

void db_bind_int(struct db_stmt *s, int at, int64_t v)
{
    check(sqlite3_bind_int64(s->s, at, v) == SQLITE_OK);
}

enum err db_step(struct db_stmt *s, bool *row, struct error *e)
{
    int r = sqlite3_step(s->s);
    *row = r == SQLITE_ROW;
    enum err result = r == SQLITE_ROW || r == SQLITE_DONE ? OK : fail(sqlite3_db_handle(s->s), e);
    if (r != SQLITE_ROW)
        sqlite3_reset(s->s); /* after a failure too: it takes no values before */
    return result;
}

struct str db_text(struct db_stmt *s, int column)
{
    const char *p = (const char *)sqlite3_column_text(s->s, column);
    return (struct str){p, (size_t)sqlite3_column_bytes(s->s, column)};
}

int64_t db_int(struct db_stmt *s, int column)
{
    return sqlite3_column_int64(s->s, column);
}

void db_reset(struct db_stmt *s)
{
    sqlite3_reset(s->s);
}

void db_finish(struct db_stmt *s)
{
    if (s == NULL)
        return;
    sqlite3_finalize(s->s);
    free(s);
}

/* --- copies ------------------------------------------------------------------------------- */

static enum err copy_pages(struct db *d, sqlite3 *to, struct error *e)
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", d->handle, "main");
    if (b == NULL)
        return fail(to, e);
    /* All pages in one step: one read of one moment, which writers do not disturb (WAL). */
    (void)sqlite3_backup_step(b, -1);
    return sqlite3_backup_finish(b) == SQLITE_OK ? OK : fail(to, e);
}

/* The file and its name on the disk. */
static bool sync_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool well = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return well && file_sync_folder(path);
}

enum err db_copy(struct db *d, const char *path, struct error *e)
{
    sqlite3 *to = NULL;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(e, errno == EEXIST ? ERR_CONFLICT : ERR_IO, "不能新建 %s：%s",
                       "cannot make %s: %s", path, strerror(errno));
    close(fd);
    enum err r = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK ? OK
                                                                                 : fail(to, e);
    if (r == OK)
        r = copy_pages(d, to, e);
    /* The copy says of itself that it has a journal beside it; it has none. */
    if (r == OK && sqlite3_exec(to, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL) != SQLITE_OK)
        r = fail(to, e);
    sqlite3_close(to);
    if (r == OK && !sync_file(path))
        r = err_set(e, ERR_IO, "不能写完 %s：%s", "cannot finish %s: %s", path, strerror(errno));
    if (r != OK)
        unlink(path);
    return r;
}

enum err db_settle(struct db *d, struct error *e)
{
    struct db_stmt *s;
    bool row;
    TRY(db_prepare(d, "PRAGMA journal_mode=DELETE", &s, e));
    enum err r = db_step(s, &row, e);
    if (r == ERR_BUSY || (r == OK && !(row && str_eqz(db_text(s, 0), "delete")))) {
        r = err_set(e, ERR_BUSY, "存储 %s 正被别的程序使用", "another program has the store %s open",
                    d->path);
        err_hint(e, "stop it first: fumao serve?");
    }
    db_finish(s);
    return r;
}

enum err db_integrity(struct db *d, struct error *e)
{
    static const char *const sql[] = {"PRAGMA integrity_check(1)",
                                      "SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1"};
    for (int i = 0; i < 2; i++) {
        struct db_stmt *s;
        bool row;
        TRY(db_prepare(d, sql[i], &s, e));
        enum err r = db_step(s, &row, e);
        if (r == OK && row && !(i == 0 && str_eqz(db_text(s, 0), "ok")))
            r = err_set(e, ERR_INTEGRITY, "存储文件损坏：%.*s", "the store file is damaged: %.*s",
                        STR_ARG(db_text(s, 0)));
        db_finish(s);
        TRY(r);
    }
    return OK;
}
