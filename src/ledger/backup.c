#define _GNU_SOURCE /* renameat2: two names changed in one step */
#include "ledger/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ledger/files.h"
#include "ledger/leaf.h"
#include "ledger/signer.h"

static enum err io_error(const char *path, struct error *e)
{
    err_set(e, ERR_IO, "不能改名为 %s：%s", "cannot rename to %s: %s", path, strerror(errno));
    err_at(e, path, 0, "");
    return ERR_IO;
}

static enum err long_path(const char *path, struct error *e)
{
    return strlen(path) <= 450 ? OK
                               : err_set(e, ERR_USAGE, "路径超过 %d 字节",
                                         "the path is longer than %d bytes", 450);
}

/* Reads a copy again, whole: pages, then the log. `store`: beside which the key file lies. */
static enum err read_copy(const char *path, const char *store, struct audit_ask ask,
                          backup_check_fn *also, struct log_audit *out, struct error *e)
{
    struct db *d;
    struct public_key own;
    TRY(db_open_file(&d, path, e));
    if (ask.key == NULL && audit_own_key(d, store, &own))
        ask.key = &own;
    enum err r = db_integrity(d, e);
    if (r == OK)
        r = log_audit(d, &ask, out, e);
    if (r == OK && out->faults > 0) {
        if (e != NULL)
            *e = out->first;
        r = ERR_INTEGRITY;
    }
    if (r == OK && also != NULL)
        r = also(d, e);
    db_close(d);
    return r;
}

/* --- making ------------------------------------------------------------------------------- */

enum err backup_make(struct db *d, const char *path, backup_check_fn *also,
                     log_progress_fn *progress, void *ctx, struct log_audit *out,
                     struct error *e)
{
    char part[640];
    struct audit_ask ask = {.progress = progress, .ctx = ctx};
    TRY(long_path(path, e));
    snprintf(part, sizeof part, "%s.part", path);
    if (access(path, F_OK) == 0) {
        err_set(e, ERR_CONFLICT, "%s 已存在，不覆盖", "%s exists and is not overwritten", path);
        return ERR_CONFLICT;
    }
    TRY(db_copy(d, part, e));
    enum err r = read_copy(part, db_path(d), ask, also, out, e);
    /* Not rename(), which would replace a file that came in between. */
    if (r == OK && link(part, path) != 0)
        r = io_error(path, e);
    unlink(part);
    if (r == OK && !file_sync_folder(path))
        r = io_error(path, e);
    return r;
}

/* --- restoring ---------------------------------------------------------------------------- */

/* What a witness remembers against what the copy has. */
static enum err ask_witness(const struct restore_ask *ask, const struct log_audit *a,
                            struct error *e)
{
    if (ask->seen == NULL)
        return OK;
    if (strcmp(ask->seen_origin, a->head.origin) != 0)
        return err_set(e, ERR_USAGE, "见证所记为日志 %s，备份为日志 %s",
                       "the witness remembers the log %s, the backup has the log %s",
                       ask->seen_origin, a->head.origin);
    if (a->seen == SEEN_HOLDS || ask->force)
        return OK;
    if (a->seen == SEEN_SHORTER)
        err_set(e, ERR_INTEGRITY, "备份较旧：有 %llu 条，见证已见 %llu 条",
                "the backup is older: it has %llu entries, the witness saw %llu",
                (unsigned long long)a->leaves, (unsigned long long)ask->seen->size);
    else
        err_set(e, ERR_INTEGRITY, "备份的前 %llu 条不是见证所见的日志",
                "the first %llu entries of the backup are not the log that the witness saw",
                (unsigned long long)ask->seen->size);
    err_hint(e, "a newer backup; or --force, and the log will say so");
    return ERR_INTEGRITY;
}

/* A key file that is there must be the key that the restored log names. */
static enum err check_key_file(const struct restore_ask *ask, const struct log_audit *a,
                               struct error *e)
{
    char path[640];
    struct key *k;
    if (a->key.n == 0) /* the log names none */
        return OK;
    snprintf(path, sizeof path, "%s.key", ask->store);
    enum err r = key_open(&k, path, a->head.origin, e);
    if (r == ERR_NOT_FOUND)
        return OK;
    TRY(r);
    const struct public_key *mine = key_public(k);
    bool same = mine->n == a->key.n && memcmp(mine->bytes, a->key.bytes, mine->n) == 0;
    key_close(k);
    if (same)
        return OK;
    err_set(e, ERR_CONFLICT, "密钥文件 %s 不是备份中日志的密钥",
            "the key file %s is not the key of the log in the backup", path);
    err_hint(e, "put the key of that log there (after a change of key: %s.old), or move the file "
                "away and run: fumao ledger key rotate", path);
    return ERR_CONFLICT;
}

/* The store to be replaced: in nobody's use, one file if it can be read at all. */
static enum err settle_old(const struct restore_ask *ask, struct restored *out, struct error *e)
{
    struct db *d;
    struct db_stmt *s;
    char spec[512];
    bool row;
    snprintf(spec, sizeof spec, "sqlite:%s", ask->store);
    enum err r = db_open_old(&d, spec, e);
    if (r == ERR_INTEGRITY) /* damaged: that may be why it is replaced */
        return OK;
    TRY(r);
    if (db_prepare(d, "SELECT max(size) FROM checkpoint", &s, NULL) == OK) {
        if (db_step(s, &row, NULL) == OK && row && (uint64_t)db_int(s, 0) > out->seen)
            out->seen = (uint64_t)db_int(s, 0);
        db_finish(s);
    }
    r = db_settle(d, e);
    db_close(d);
    return r == ERR_INTEGRITY ? OK : r;
}

static bool move_companion(const struct restore_ask *ask, const char *aside, const char *suffix)
{
    char from[640], to[680];
    snprintf(from, sizeof from, "%s%s", ask->store, suffix);
    snprintf(to, sizeof to, "%s%s", aside, suffix);
    return rename(from, to) == 0 || errno == ENOENT;
}

/* Puts the copy in place. A journal or a node file of the old store beside the new one would be
 * taken for its own, so they go first. At every moment there is a whole store under the name. */
static enum err put_in_place(const struct restore_ask *ask, const char *copy, bool old,
                             struct restored *out, struct error *e)
{
    char aside[640], day[24];
    time_t now = (time_t)ask->now;
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(day, sizeof day, "%Y%m%dT%H%M%SZ", &tm);
    snprintf(aside, sizeof aside, "%s.old-%s", ask->store, day);
    if (old && access(aside, F_OK) == 0)
        return err_set(e, ERR_CONFLICT, "%s 已存在", "%s exists", aside);
    if (!move_companion(ask, aside, "-wal") || !move_companion(ask, aside, "-shm") ||
        !move_companion(ask, aside, ".sha256") || !move_companion(ask, aside, ".sm3"))
        return io_error(aside, e);
    if (!old) {
        if (rename(copy, ask->store) != 0)
            return io_error(ask->store, e);
    } else {
        if (renameat2(AT_FDCWD, copy, AT_FDCWD, ask->store, RENAME_EXCHANGE) != 0 ||
            rename(copy, aside) != 0)
            return io_error(aside, e);
        snprintf(out->aside, sizeof out->aside, "%s", aside);
    }
    return file_sync_folder(ask->store) ? OK : io_error(ask->store, e);
}

static enum err append_restore(struct db *d, struct log *l, const struct signer *s,
                               const struct restore_ask *ask, struct restored *out,
                               struct error *e)
{
    struct buf leaf, note;
    buf_init(&leaf);
    buf_init(&note);
    leaf_restore(ask->now, out->audit.leaves, out->seen, &leaf);
    enum err r = db_exec(d, "BEGIN IMMEDIATE", e);
    if (r == OK) {
        r = log_append(l, buf_view(&leaf), NULL, e);
        if (r == OK)
            r = signer_checkpoint(s, l, ask->now, &note, e);
        if (r == OK)
            r = db_exec(d, "COMMIT", e);
        if (r == OK)
            r = log_commit(l, e);
        else
            db_exec(d, "ROLLBACK", NULL);
    }
    buf_finish(&leaf);
    buf_finish(&note);
    return r;
}

/* The restored store says of itself that it is one. */
static enum err record(const struct restore_ask *ask, struct restored *out, struct error *e)
{
    struct db *d;
    struct log *l = NULL;
    struct signer s = {0};
    char spec[512];
    snprintf(spec, sizeof spec, "sqlite:%s", ask->store);
    TRY(db_open_old(&d, spec, e));
    enum err r = log_open(&l, d, PROFILE_SHA256, e);
    if (r == OK) {
        r = signer_open(&s, l, KEY_ED25519, ask->now, e);
        r = r == ERR_NOT_FOUND ? OK : r; /* no key file: said by is_signed */
    }
    if (r == OK)
        r = append_restore(d, l, &s, ask, out, e);
    out->is_signed = r == OK && s.n > 0;
    signer_close(&s);
    log_close(l);
    db_close(d);
    return r;
}

static enum err judge_copy(const struct restore_ask *ask, const char *copy, struct restored *out,
                           struct error *e)
{
    struct audit_ask audit = {.key = ask->key, .seen = ask->seen, .progress = ask->progress,
                              .ctx = ask->ctx};
    TRY(read_copy(copy, ask->store, audit, ask->also, &out->audit, e));
    TRY(ask_witness(ask, &out->audit, e));
    return check_key_file(ask, &out->audit, e);
}

enum err backup_restore(const struct restore_ask *ask, struct restored *out, struct error *e)
{
    struct db *source;
    char copy[640];
    bool old = access(ask->store, F_OK) == 0;
    memset(out, 0, sizeof *out);
    out->seen = ask->seen != NULL ? ask->seen->size : 0;
    TRY(long_path(ask->store, e));
    snprintf(copy, sizeof copy, "%s.restore", ask->store);
    if (old && !ask->force) {
        err_set(e, ERR_CONFLICT, "存储 %s 已存在", "there is a store %s", ask->store);
        err_hint(e, "--force keeps it aside");
        return ERR_CONFLICT;
    }
    TRY(db_open_file(&source, ask->file, e));
    enum err r = db_copy(source, copy, e);
    db_close(source);
    if (r == ERR_CONFLICT)
        err_hint(e, "left by a restoring that was interrupted: look at it, then remove it");
    TRY(r);
    r = judge_copy(ask, copy, out, e);
    if (r == OK && old)
        r = settle_old(ask, out, e);
    if (r == OK)
        return (r = put_in_place(ask, copy, old, out, e)) == OK ? record(ask, out, e) : r;
    unlink(copy);
    return r;
}
