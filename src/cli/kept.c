/* COMMAND: check --keep, and what `ledger verify FILE` says of a kept answer. */
#include "cli/internal.h"
#include "decide/phrase.h"
#include "ledger/bundle.h"
#include "rehearsal/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static enum err unwritten(const char *path, int why, struct error *e)
{
    err_set(e, why == EEXIST ? ERR_CONFLICT : ERR_IO, "无法写入 %s：%s", "cannot write %s: %s", path,
            strerror(why));
    if (why == EEXIST)
        err_hint(e, "--out FILE");
    return e->code;
}

/* Made before anything is put on the log, which never forgets: a name that is taken keeps nothing. */
static enum err make_file(const char *path, int *fd, struct error *e)
{
    *fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    return *fd >= 0 ? OK : unwritten(path, errno, e);
}

/* Closes it, and takes it away again unless `text` went into it whole. */
static enum err end_file(int fd, const char *path, enum err r, struct str text, struct error *e)
{
    if (r == OK && (!file_write(fd, text) || fsync(fd) != 0))
        r = unwritten(path, errno, e);
    close(fd);
    if (r != OK)
        unlink(path);
    return r;
}

static enum err put(struct store *s, const char *id, struct str content, uint64_t *entry,
                    struct buf *note, struct error *e)
{
    int64_t now = (int64_t)time(NULL);
    TRY(kept_migrate(s->db, e));
    TRY(db_exec(s->db, "BEGIN IMMEDIATE", e));
    enum err r = kept_put(s->db, s->log, id, now, content, entry, e);
    if (r == OK)
        r = signer_checkpoint(&s->signer, s->log, now, note, e);
    if (r == OK && (r = db_exec(s->db, "COMMIT", e)) == OK)
        return log_commit(s->log, e);
    db_exec(s->db, "ROLLBACK", NULL);
    log_rollback(s->log);
    return r;
}

/* Keeps the answer in the store and on the log, and writes ID.fumao (or `out`). */
enum err keep_answer(struct world *w, const struct question *q, const struct explanation *x,
                     const char *out, char *path, size_t room, struct error *e)
{
    uint8_t random[26];
    char id[KEPT_ID + 1], nonce[33];
    struct buf content, note, file;
    uint64_t entry = 0;
    int fd;
    if (w->store.signer.n == 0)
        return err_set(e, ERR_DENIED, "日志的密钥不可读，不能留存%s",
                       "the key of the log cannot be read: nothing can be kept%s", "");
    random_bytes(random, sizeof random);
    kept_name(random, id);
    hash_hex(random + 10, 16, nonce);
    if ((size_t)snprintf(path, room, "%s%s", out ? out : id, out ? "" : ".fumao") >= room)
        return err_set(e, ERR_USAGE, "路径太长：%s", "the path is too long: %s", out);
    TRY(make_file(path, &fd, e));
    buf_init(&content);
    buf_init(&note);
    buf_init(&file);
    kept_content(w->snapshot, q, x, nonce, &content);
    enum err r = put(&w->store, id, buf_view(&content), &entry, &note, e);
    if (r == OK)
        r = bundle_make(w->store.log, entry, buf_view(&note), key_public(w->store.signer.key[0]),
                        buf_view(&content), &file, e);
    r = end_file(fd, path, r, buf_view(&file), e);
    buf_finish(&content);
    buf_finish(&note);
    buf_finish(&file);
    return r;
}

static void rules(struct buf *b, const struct str *list, int n)
{
    for (int i = 0; i < n; i++)
        buf_printf(b, "%s%.*s", i == 0 ? "" : ", ", STR_ARG(list[i]));
}

static void checked_text(bool zh, const struct corpus *c, const struct kept *k,
                         const struct kept_check *x, const struct kept_now *now, struct buf *b)
{
    char on[11], known[11];
    day_format(k->q.on, on);
    day_format(k->q.known, known);
    buf_z(b, zh ? "问题  " : "question  ");
    question_phrase(c, &k->q, &k->facts, zh, b);
    buf_printf(b, zh ? "\n      按 %s 的法律，以 %s 所知\n答案  %.*s（%.*s 至 %.*s）证据 %.*s\n"
                     : "\n          law of %s, as known on %s\nanswer    %.*s (%.*s to %.*s), evidence %.*s\n",
               on, known, STR_ARG(k->outcome), STR_ARG(k->must), STR_ARG(k->treatment),
               STR_ARG(k->evidence));
    for (int i = 0; i < k->n_editions; i++)
        if (k->edition[i].instrument < 0)
            buf_printf(b, zh ? "✕ 手头没有版本 %.*s（摘要 %.*s）\n" : "✕ not at hand: edition %.*s with hash %.*s\n",
                       STR_ARG(k->edition[i].id), STR_ARG(k->edition[i].hash));
    if (x->holds)
        buf_z(b, zh ? "✓ 判定器重新判定，答案相同\n" : "✓ the judge decided it again and gives the same answer\n");
    else if (x->field != NULL)
        buf_printf(b, zh ? "✕ 判定器重新判定，%s 不同\n" : "✕ the judge decided it again: %s differs\n", x->field);
    if (now->same) {
        buf_z(b, zh ? "  至今未变\n" : "  unchanged since\n");
        return;
    }
    buf_z(b, zh ? "  现在：" : "  today: ");
    answer_phrase(now->outcome, now->must, now->treatment, zh, b);
    if (now->n_gone > 0) {
        buf_z(b, zh ? "；不再起作用 " : "; no longer deciding: ");
        rules(b, now->gone, now->n_gone);
    }
    if (now->n_come > 0) {
        buf_z(b, zh ? "；新起作用 " : "; now deciding: ");
        rules(b, now->come, now->n_come);
    }
    buf_char(b, '\n');
}

static void checked_json(const struct corpus *c, const struct kept *k,
                         const struct kept_check *x, const struct kept_now *now, struct jsonw *w)
{
    jsonw_key(w, "kept");
    jsonw_object(w);
    jsonw_key(w, "question");
    question_json(c, &k->q, &k->facts, w);
    jsonw_kstr(w, "outcome", k->outcome);
    jsonw_kstr(w, "must", k->must);
    jsonw_kstr(w, "treatment", k->treatment);
    jsonw_kbool(w, "same_snapshot", x->same_snapshot);
    jsonw_kint(w, "editions_missing", x->n_missing);
    jsonw_kbool(w, "holds", x->holds);
    jsonw_kz(w, "differs_in", x->field);
    jsonw_kbool(w, "unchanged_since", now->same);
    jsonw_kz(w, "outcome_now", outcome_name(now->outcome));
    jsonw_end(w);
}

/* After the signature and the inclusion have held: the answer itself. JSON members when `w`, text
 * into `out` else. ERR_INTEGRITY if the judge does not give the answer again. */
enum err verify_kept(struct world *w, const struct bundle *b, bool zh, struct jsonw *json,
                     struct buf *out, struct error *e)
{
    static struct kept k;
    static struct kept_now now;
    struct kept_check x;
    TRY(kept_leaf_check(b->leaf, b->content, e));
    TRY(kept_read(&w->arena, w->corpus, b->content, &k, e));
    kept_check(w->snapshot, &k, &x);
    kept_now(w->snapshot, &k, day_today(), &w->arena, &now);
    if (json != NULL)
        checked_json(w->corpus, &k, &x, &now, json);
    else
        checked_text(zh, w->corpus, &k, &x, &now, out);
    if (x.holds)
        return OK;
    return err_set(e, ERR_INTEGRITY, "无法重现答案%s", "the answer could not be reproduced%s", "");
}
