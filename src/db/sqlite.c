#include "db/db.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

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
    if (strcmp(d->path, ":memory:") != 0)
        make_folders(d->path);
    return OK;
}

enum err db_open(struct db **out, const char *spec, struct error *e)
{
    struct db *d = calloc(1, sizeof *d);
    check(d != NULL);
    *out = NULL;
    enum err result = find_path(d, spec, e);
    if (result == OK && sqlite3_open(d->path, &d->handle) != SQLITE_OK) {
        result = fail(d->handle, e);
        err_at(e, d->path, 0, "");
    }
    if (result == OK) {
        sqlite3_busy_timeout(d->handle, 5000);
        result = db_exec(d, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                            "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;", e);
    }
    if (result != OK) {
        err_at(e, d->path, 0, "");
        db_close(d);
        return result;
    }
    *out = d;
    return OK;
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
    if (r == SQLITE_DONE)
        sqlite3_reset(s->s);
    return r == SQLITE_ROW || r == SQLITE_DONE ? OK : fail(sqlite3_db_handle(s->s), e);
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
