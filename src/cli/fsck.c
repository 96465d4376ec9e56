/* COMMAND: fsck. Is the store what the log says, and the log what was signed? Changes nothing. */
#include "cli/beside.h"
#include "cli/ledger.h"
#include "ledger/leaf.h"
#include "rehearsal/kept.h"

#include <stdio.h>
#include <unistd.h>

struct findings {
    struct log_audit audit;
    uint64_t editions, kept, answers; /* kept: contents in the store; answers: on the log */
    bool has_records, has_kept;
    struct beside beside;
};

static enum err has_table(struct db *d, const char *name, bool *there, struct error *e)
{
    struct db_stmt *s;
    TRY(db_prepare(d, "SELECT 1 FROM sqlite_master WHERE type='table' AND name=?1", &s, e));
    db_bind_text(s, 1, str_from(name));
    enum err r = db_step(s, there, e);
    db_finish(s);
    return r;
}

static enum err check_log(const struct args *a, struct db *d, struct log_audit *x, struct error *e)
{
    struct public_key own;
    bool tty = isatty(2);
    struct audit_ask ask = {.progress = audit_progress, .ctx = &tty};
    if (audit_own_key(d, db_path(d), &own))
        ask.key = &own;
    else
        fprintf(stderr, a->zh ? "! 读不到密钥文件：只核对日志与其自身是否一致\n"
                              : "! The key file cannot be read: the log is only shown to agree with itself\n");
    enum err r = log_audit(d, &ask, x, e);
    audit_progress_end(tty);
    if (r == OK && x->faults > 0) {
        *e = x->first;
        r = ERR_INTEGRITY;
    }
    return r;
}

/* A kept answer's content against its entry. */
static enum err check_kept(struct db_stmt *s, struct error *e)
{
    struct error why = {0};
    struct str name = db_text(s, 0);
    if (db_text(s, 3).p == NULL)
        return err_set(e, ERR_INTEGRITY, "留存答案 %.*s：日志没有第 %lld 条",
                       "kept answer %.*s: the log has no entry %lld", STR_ARG(name),
                       (long long)db_int(s, 2));
    if (kept_leaf_check(db_text(s, 3), db_text(s, 1), &why) == OK)
        return OK;
    return err_set(e, ERR_INTEGRITY, "留存答案 %.*s：内容不是第 %lld 条所载的",
                   "kept answer %.*s: its content is not what entry %lld commits to", STR_ARG(name),
                   (long long)db_int(s, 2));
}

static enum err check_all_kept(struct db *d, uint64_t *n, struct error *e)
{
    struct db_stmt *s;
    bool row;
    enum err r;
    TRY(db_prepare(d, "SELECT k.id,k.content,k.entry,e.leaf FROM kept k"
                      " LEFT JOIN entry e ON e.seq=k.entry ORDER BY k.entry", &s, e));
    while ((r = db_step(s, &row, e)) == OK && row) {
        if ((r = check_kept(s, e)) != OK)
            break;
        ++*n;
    }
    db_finish(s);
    return r;
}

/* Answers on the log. The store may have fewer contents: they belong to whoever asked. */
static enum err count_answers(struct db *d, uint64_t *n, struct error *e)
{
    struct db_stmt *s;
    struct arena a;
    bool row;
    enum err r;
    TRY(db_prepare(d, "SELECT leaf FROM entry WHERE leaf LIKE '%\"kind\":\"answer\"}'", &s, e));
    arena_init(&a);
    while ((r = db_step(s, &row, e)) == OK && row) {
        struct str kind;
        *n += leaf_member(&a, db_text(s, 0), "kind", &kind) && str_eqz(kind, "answer");
    }
    arena_finish(&a);
    db_finish(s);
    return r;
}

/* The rooms' own tables against the log. */
static enum err replay(struct db *d, struct findings *f, struct error *e)
{
    struct book book = {.d = d};
    TRY(has_table(d, "instrument", &f->has_records, e));
    if (f->has_records)
        TRY(registry_replay(&book, &f->editions, e));
    TRY(has_table(d, "kept", &f->has_kept, e));
    if (f->has_kept)
        TRY(check_all_kept(d, &f->kept, e));
    return count_answers(d, &f->answers, e);
}

enum err store_replay(struct db *d, struct error *e)
{
    struct findings f = {0};
    return replay(d, &f, e);
}

static enum err check_store(const struct args *a, struct db *d, struct findings *f, struct error *e)
{
    TRY(db_integrity(d, e));
    TRY(check_log(a, d, &f->audit, e));
    TRY(replay(d, f, e));
    return beside_check(d, NULL, &f->beside, e);
}

static void say(const struct args *a, const struct findings *f, struct buf *out)
{
    struct jsonw j;
    if (a->output == OUTPUT_JSON) {
        jsonw_init(&j, out, true);
        jsonw_object(&j);
        audit_members(&f->audit, &j);
        jsonw_kint(&j, "editions", (int64_t)f->editions);
        jsonw_kint(&j, "kept", (int64_t)f->kept);
        jsonw_kint(&j, "kept_on_log", (int64_t)f->answers);
        jsonw_kint(&j, "batches", f->beside.batches);
        jsonw_kint(&j, "releases", f->beside.releases);
        jsonw_kbool(&j, "ok", true);
        jsonw_end(&j);
        buf_char(out, '\n');
        return;
    }
    buf_z(out, a->zh ? "存储文件  完好\n" : "store file   sound\n");
    audit_text(&f->audit, a->zh, out);
    buf_printf(out, a->zh ? "文件沿革  %llu 条，与日志重放一致\n留存答案  %llu 个内容，与日志一致（日志共 %llu 个）\n"
                          : "editions     %llu, as the log tells them\n"
                            "kept         %llu, as the log commits to them (%llu on the log)\n",
               (unsigned long long)f->editions, (unsigned long long)f->kept,
               (unsigned long long)f->answers);
    if (f->beside.batches > 0)
        buf_printf(out, a->zh ? "申报批次  %lld 个文件，与其摘要一致\n"
                              : "batches      %lld files, each with its digest\n",
                   (long long)f->beside.batches);
    if (f->beside.releases > 0)
        buf_printf(out, a->zh ? "统计发布  %lld 个文件，与书架一致\n"
                              : "releases     %lld files, each as on the shelf\n",
                   (long long)f->beside.releases);
    buf_z(out, "OK\n");
}

int verb_fsck(const struct args *a)
{
    static const char *const allowed[] = {NULL};
    struct error e = {0};
    struct db *d = NULL;
    struct findings f = {0};
    struct buf out;
    enum err r = options_check(a, allowed, &e);
    if (r == OK && a->n != 1)
        r = err_set(&e, ERR_USAGE, "用法：%s", "usage: %s", "fumao fsck [--store sqlite:PATH]");
    if (r == OK)
        r = db_open_old(&d, option_get(a, "store"), &e);
    if (r == OK)
        r = check_store(a, d, &f, &e);
    buf_init(&out);
    if (r == OK)
        say(a, &f, &out);
    print_out(&out);
    buf_finish(&out);
    db_close(d);
    return r == OK ? 0 : print_fault(a, &e);
}
