#include "ledger/signer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ledger/files.h"
#include "ledger/leaf.h"

static void key_path(const struct log *l, char *out, size_t room)
{
    snprintf(out, room, "%s.key", db_path(log_db(l)));
}

static enum err append_key(struct log *l, const struct key *k, int64_t now, struct error *e)
{
    struct buf leaf, line;
    buf_init(&leaf);
    buf_init(&line);
    public_key_write(key_public(k), &line);
    leaf_key(now, buf_view(&line), &leaf);
    enum err r = log_append(l, buf_view(&leaf), NULL, e);
    buf_finish(&leaf);
    buf_finish(&line);
    return r;
}

/* Ends the transaction in which a key was written. The commit stands even if a node file cannot
 * be written: it is made again at the next opening. */
static enum err end_writing(struct log *l, enum err r, struct error *e)
{
    if (r == OK && (r = db_exec(log_db(l), "COMMIT", e)) == OK) {
        (void)log_commit(l, NULL);
        return OK;
    }
    db_exec(log_db(l), "ROLLBACK", NULL);
    log_rollback(l);
    return r;
}

/* Appends and signs, inside a transaction. */
static enum err write_key(const struct signer *s, struct log *l, const struct key *k, int64_t now,
                          struct error *e)
{
    struct buf note;
    buf_init(&note);
    enum err r = append_key(l, k, now, e);
    if (r == OK)
        r = log_checkpoint(l, s->key, s->n, now, &note, e);
    buf_finish(&note);
    return r;
}

static enum err sync_folder(const char *path, struct error *e)
{
    return file_sync_folder(path)
               ? OK
               : err_set(e, ERR_IO, "%s 所在目录未能写入磁盘",
                         "the folder of %s did not reach the disk", path);
}

/* Another process may have been faster; its key is whole as well. */
static enum err make_or_take(const char *path, const char *name, enum key_kind kind,
                             struct error *e)
{
    enum err r = key_make(path, name, kind, e);
    if (r != ERR_CONFLICT)
        return r;
    if (e != NULL)
        *e = (struct error){0};
    return sync_folder(path, e);
}

static enum err make_first(struct signer *s, struct log *l, const char *path, enum key_kind kind,
                           int64_t now, struct error *e)
{
    TRY(make_or_take(path, log_origin(l), kind, e));
    TRY(key_open(&s->key[0], path, log_origin(l), e));
    s->n = 1;
    enum err r = db_exec(log_db(l), "BEGIN IMMEDIATE", e);
    if (r == OK) {
        r = log_refresh(l, e);
        if (r == OK && log_size(l) == 0)
            r = write_key(s, l, s->key[0], now, e);
        r = end_writing(l, r, e);
    }
    if (r != OK)
        signer_close(s);
    return r;
}

/* Opens a file that must hold the key that the log names. */
static enum err open_named(struct signer *s, struct log *l, const char *path,
                           const struct public_key *named, struct error *e)
{
    TRY(key_open(&s->key[0], path, log_origin(l), e));
    s->n = 1;
    const struct public_key *mine = key_public(s->key[0]);
    if (named->kind == mine->kind && named->n == mine->n &&
        memcmp(named->bytes, mine->bytes, mine->n) == 0)
        return OK;
    signer_close(s);
    return err_set(e, ERR_INTEGRITY, "密钥文件不是日志所指的密钥 %s",
                   "the key file does not hold the key that the log names, %s", named->name);
}

/* The new key takes the old one's place. */
static enum err put_in_place(const char *path, struct error *e)
{
    char fresh[620], old[620];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    snprintf(old, sizeof old, "%s.old", path);
    (void)rename(path, old);
    if (rename(fresh, path) != 0)
        return err_set(e, ERR_IO, "新密钥留在 %s", "the new key is left in %s", fresh);
    return sync_folder(path, e);
}

enum err signer_open(struct signer *s, struct log *l, enum key_kind kind, int64_t now,
                     struct error *e)
{
    char path[600], fresh[620];
    struct public_key named;
    memset(s, 0, sizeof *s);
    if (strcmp(db_path(log_db(l)), ":memory:") == 0)
        return OK;
    key_path(l, path, sizeof path);
    if (log_size(l) == 0)
        return make_first(s, l, path, kind, now, e);
    TRY(signer_key_at(l, log_size(l), &named, e));
    enum err r = open_named(s, l, path, &named, e);
    if (r != ERR_NOT_FOUND && r != ERR_INTEGRITY)
        return r;
    /* A change of key that broke off between the commit and the renaming is ended here. */
    snprintf(fresh, sizeof fresh, "%s.new", path);
    if (access(fresh, F_OK) == 0 && open_named(s, l, fresh, &named, NULL) == OK)
        return put_in_place(path, e);
    if (r == ERR_NOT_FOUND) {
        err_set(e, ERR_NOT_FOUND, "缺少日志的密钥文件 %s", "the key file of the log is missing: %s", path);
        err_hint(e, "restore the file, or: fumao ledger key rotate");
    }
    return r;
}

void signer_close(struct signer *s)
{
    for (int i = 0; i < s->n; i++)
        key_close(s->key[i]);
    memset(s, 0, sizeof *s);
}

/* Inside a transaction, so that no other process changes the key as well. */
static enum err write_change(struct signer *s, struct log *l, const char *fresh, enum key_kind kind,
                             int64_t now, struct error *e)
{
    struct public_key named;
    TRY(log_refresh(l, e));
    TRY(signer_key_at(l, log_size(l), &named, e));
    if (s->n == 1 && memcmp(named.id, key_public(s->key[0])->id, sizeof named.id) != 0)
        return err_set(e, ERR_CONFLICT, "密钥已被他人更换为 %s", "the key was changed by another process, to one of %s",
                       named.name);
    unlink(fresh); /* of a change that was never committed: the log does not name it */
    TRY(key_make(fresh, log_origin(l), kind, e));
    TRY(key_open(&s->key[s->n], fresh, log_origin(l), e));
    s->n++;
    enum err r = write_key(s, l, s->key[s->n - 1], now, e);
    if (r != OK)
        unlink(fresh);
    return r;
}

enum err signer_rotate(struct signer *s, struct log *l, enum key_kind kind, int64_t now,
                       struct error *e)
{
    char path[600], fresh[620];
    int before = s->n;
    key_path(l, path, sizeof path);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    if (strcmp(db_path(log_db(l)), ":memory:") == 0)
        return err_set(e, ERR_INVALID, "内存中的存储没有密钥%s", "a store in memory has no key%s", "");
    TRY(db_exec(log_db(l), "BEGIN IMMEDIATE", e));
    enum err r = end_writing(l, write_change(s, l, fresh, kind, now, e), e);
    if (r != OK) { /* a commit that failed may yet come true, so the file is left */
        while (s->n > before)
            key_close(s->key[--s->n]);
        return r;
    }
    if (s->n == 2) {
        key_close(s->key[0]);
        s->key[0] = s->key[1];
        s->n = 1;
    }
    return put_in_place(path, e);
}

enum err signer_key_at(struct log *l, uint64_t size, struct public_key *out, struct error *e)
{
    struct db_stmt *s;
    bool row;
    struct str line = {NULL, 0};
    struct arena a;
    TRY(db_prepare(log_db(l), "SELECT leaf FROM entry"
                              " WHERE seq<?1 AND substr(leaf,-13)='\"kind\":\"key\"}'"
                              " ORDER BY seq DESC LIMIT 1", &s, e));
    db_bind_int(s, 1, (int64_t)size);
    arena_init(&a);
    enum err r = db_step(s, &row, e);
    if (r == OK && (!row || !leaf_member(&a, db_text(s, 0), "key", &line)))
        r = err_set(e, ERR_NOT_FOUND, "日志%s没有写明密钥", "the log %s names no key", log_origin(l));
    if (r == OK)
        r = public_key_read(line, out, e);
    db_finish(s);
    arena_finish(&a);
    return r;
}

enum err signer_checkpoint(const struct signer *s, struct log *l, int64_t now, struct buf *note,
                           struct error *e)
{
    struct public_key named;
    if (s->n == 0)
        return OK;
    /* A process that runs on after a change of key must not sign with the old one: the audit
     * would never accept its heads. */
    TRY(signer_key_at(l, MERKLE_SIZE_MAX, &named, e));
    if (memcmp(named.id, key_public(s->key[s->n - 1])->id, sizeof named.id) != 0)
        return err_set(e, ERR_CONFLICT, "密钥已被他人更换为 %s，须重新打开日志",
                       "the key was changed by another process, to one of %s: open the log again",
                       named.name);
    return log_checkpoint(l, s->key, s->n, now, note, e);
}
