/* COMMAND: backup, restore. */
#include "cli/beside.h"
#include "cli/ledger.h"
#include "ledger/backup.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static enum err usage(const char *line, struct error *e)
{
    return err_set(e, ERR_USAGE, "用法：%s", "usage: %s", line);
}

/* --- backup --------------------------------------------------------------------------------- */

static void say_backup(const struct args *a, const char *store, const struct log_audit *x,
                       struct buf *out)
{
    const char *file = a->word[1];
    struct stat st = {0};
    struct jsonw j;
    (void)stat(file, &st);
    if (a->output == OUTPUT_JSON) {
        jsonw_init(&j, out, true);
        jsonw_object(&j);
        jsonw_kz(&j, "file", file);
        jsonw_kint(&j, "bytes", (int64_t)st.st_size);
        audit_members(x, &j);
        jsonw_kbool(&j, "key_included", false);
        jsonw_key(&j, "key_file");
        struct buf path;
        buf_init(&path);
        buf_printf(&path, "%s.key", store);
        jsonw_str(&j, buf_view(&path));
        buf_finish(&path);
        jsonw_end(&j);
        buf_char(out, '\n');
        return;
    }
    audit_text(x, a->zh, out);
    buf_printf(out,
               a->zh ? "备份 %s（%lld 字节）已写成，并已重新读取核对\n"
                       "密钥不在备份中：%s.key 须另行保存，与备份分开\n"
                     : "The backup %s (%lld bytes) is written; it was read again and holds.\n"
                       "The key is NOT in it: keep %s.key elsewhere, apart from the backups.\n",
               file, (long long)st.st_size, store);
}

/* The files beside the store, for what the copy says is there; without them it is no backup. */
static enum err backup_beside(struct db *d, const char *file, struct error *e)
{
    struct db *copy;
    TRY(db_open_file(&copy, file, e));
    enum err r = beside_copy(copy, db_path(d), file, e);
    db_close(copy);
    if (r != OK)
        unlink(file);
    if (r != OK && r != ERR_CONFLICT) /* what was there before is not ours to take away */
        beside_remove(file);
    return r;
}

int verb_backup(const struct args *a)
{
    static const char *const allowed[] = {NULL};
    struct error e = {0};
    struct db *d = NULL;
    struct log_audit x;
    struct buf out;
    bool tty = isatty(2);
    enum err r = options_check(a, allowed, &e);
    if (r == OK && a->n != 2)
        r = usage("fumao backup FILE [--store sqlite:PATH]", &e);
    if (r == OK)
        r = db_open_old(&d, option_get(a, "store"), &e);
    if (r == OK)
        r = backup_make(d, a->word[1], store_replay, audit_progress, &tty, &x, &e);
    audit_progress_end(tty);
    if (r == OK)
        r = backup_beside(d, a->word[1], &e);
    buf_init(&out);
    if (r == OK)
        say_backup(a, db_path(d), &x, &out);
    print_out(&out);
    buf_finish(&out);
    db_close(d);
    return r == OK ? 0 : print_fault(a, &e);
}

/* --- restore -------------------------------------------------------------------------------- */

static void say_restored(const struct args *a, const struct restore_ask *ask,
                         const struct restored *x, struct buf *out)
{
    struct jsonw j;
    if (a->output == OUTPUT_JSON) {
        jsonw_init(&j, out, true);
        jsonw_object(&j);
        jsonw_kz(&j, "store", ask->store);
        audit_members(&x->audit, &j);
        jsonw_kint(&j, "seen", (int64_t)x->seen);
        jsonw_kz(&j, "replaced", x->aside[0] ? x->aside : NULL);
        jsonw_kbool(&j, "recorded_signed", x->is_signed);
        jsonw_end(&j);
        buf_char(out, '\n');
        return;
    }
    audit_text(&x->audit, a->zh, out);
    buf_printf(out, a->zh ? "已恢复到 %s；日志第 %llu 条记有此次恢复\n"
                          : "Restored to %s; entry %llu of the log says so.\n",
               ask->store, (unsigned long long)x->audit.leaves);
    if (x->aside[0])
        buf_printf(out, a->zh ? "原存储在 %s\n" : "The store that was there is now %s\n", x->aside);
    if (x->seen > x->audit.leaves)
        buf_printf(out,
                   a->zh ? "! 备份之后签过的 %llu 条不在此日志中：持有旧检查点的人会看出\n"
                         : "! %llu entries that were signed after the backup are not in this log: whoever "
                           "holds a later checkpoint will see it\n",
                   (unsigned long long)(x->seen - x->audit.leaves));
    if (!x->is_signed && ask->key == NULL)
        buf_z(out, a->zh ? "! 未给出密钥，也没有密钥文件：只核对备份与其自身是否一致 (--key)\n"
                         : "! No key was given and there is no key file: the backup is only shown to agree "
                           "with itself (--key)\n");
    if (!x->is_signed)
        buf_printf(out,
                   a->zh ? "! 没有密钥文件 %s.key：放回后运行 fumao ledger checkpoint，或 fumao ledger key rotate\n"
                         : "! There is no key file %s.key: put it back and run fumao ledger checkpoint, or "
                           "fumao ledger key rotate\n",
                   ask->store);
}

/* Beside the backup, checked, to where they wait for the store: STORE.restore.*. */
static enum err stage_beside(const struct restore_ask *ask, const char *stage, struct error *e)
{
    struct db *d;
    struct beside n;
    TRY(db_open_file(&d, ask->file, e));
    enum err r = beside_check(d, ask->file, &n, e);
    if (r == OK)
        r = beside_copy(d, ask->file, stage, e);
    db_close(d);
    if (r == ERR_CONFLICT)
        err_hint(e, "left by a restoring that was interrupted: look at it, then remove it");
    else if (r != OK)
        beside_remove(stage);
    return r;
}

static enum err restore_all(const struct restore_ask *ask, struct restored *x, struct error *e)
{
    char stage[700], aside[700];
    snprintf(stage, sizeof stage, "%.500s.restore", ask->store);
    if (access(ask->store, F_OK) != 0 || ask->force)
        TRY(stage_beside(ask, stage, e));
    enum err r = backup_restore(ask, x, e);
    if (r != OK) {
        beside_remove(stage);
        return r;
    }
    snprintf(aside, sizeof aside, "%.500s.old-%lld", ask->store, (long long)ask->now);
    return beside_replace(stage, ask->store, x->aside[0] ? x->aside : aside, e);
}

static enum err restore(const struct args *a, struct buf *out, struct error *e)
{
    char path[512];
    struct public_key key;
    struct witness w = {0};
    struct restored x;
    bool tty = isatty(2);
    const char *given = option_get(a, "key"), *state = option_get(a, "witness");
    struct restore_ask ask = {.file = a->word[1], .store = path, .force = option_given(a, "force"),
                              .now = (int64_t)time(NULL), .also = store_replay,
                              .progress = audit_progress, .ctx = &tty};
    TRY(db_place(option_get(a, "store"), path, sizeof path, e));
    if (given != NULL)
        TRY(key_argument(given, &key, e));
    ask.key = given != NULL ? &key : NULL;
    if (state != NULL) {
        TRY(witness_read(&w, state, e));
        ask.seen = &w.seen;
        ask.seen_origin = w.origin;
    }
    enum err r = restore_all(&ask, &x, e);
    audit_progress_end(tty);
    if (r == OK)
        say_restored(a, &ask, &x, out);
    witness_finish(&w);
    return r;
}

int verb_restore(const struct args *a)
{
    static const char *const allowed[] = {"witness", "force", "key", NULL};
    struct error e = {0};
    struct buf out;
    enum err r = options_check(a, allowed, &e);
    if (r == OK && a->n != 2)
        r = usage("fumao restore FILE [--store sqlite:PATH] [--witness STATE] [--key LINE] [--force]", &e);
    buf_init(&out);
    if (r == OK)
        r = restore(a, &out, &e);
    print_out(&out);
    buf_finish(&out);
    return r == OK ? 0 : print_fault(a, &e);
}
