/* Deletion: report_no,reason lines become rows that are never changed. */
#include "base/table.h"
#include "declaration/batch_inside.h"

#include <stdio.h>

struct asked { /* one line */
    struct str number, reason;
    int line;
    bool known; /* deleted before */
};
struct deleting {
    const struct book *book;
    struct arena *a;
    const char *path;
    struct asked *asked;
    int n, room;
    struct report_numbers set;
    int64_t now;
};

static enum err at_line(const struct deleting *k, int line, const char *field, enum err r,
                        struct error *e)
{
    err_at(e, k->path, line, field);
    return r;
}

static enum err add_line(struct deleting *k, const struct table *t, struct error *e)
{
    struct asked x = {table_text(t, "report_no"), table_text(t, "reason"), t->csv.line, false};
    if (!report_number_valid(x.number))
        return table_fail(t, "report_no", "“%.*s”不是 22 位申报号码",
                          "\"%.*s\" is not a report number of 22 digits", x.number, e);
    if (x.reason.n == 0 || x.reason.n > BATCH_REASON)
        return table_fail(t, "reason", "删除须有理由，至多 500 字节%.*s",
                          "a deletion has a reason of at most 500 bytes%.*s", STR(""), e);
    if (!report_numbers_add(&k->set, x.number))
        return table_fail(t, "report_no", "号码 %.*s 重复", "the number %.*s is there twice",
                          x.number, e);
    if (k->n == k->room) {
        int room = k->room == 0 ? 64 : k->room * 2;
        struct asked *more = ARENA_ARRAY(k->a, struct asked, (size_t)room);
        if (k->n > 0)
            memcpy(more, k->asked, (size_t)k->n * sizeof *more);
        k->asked = more;
        k->room = room;
    }
    x.number = str_copy(k->a, x.number);
    x.reason = str_copy(k->a, x.reason);
    k->asked[k->n++] = x;
    return OK;
}

static enum err read_lines(struct deleting *k, struct error *e)
{
    static const char *const columns[] = {"report_no", "reason", NULL};
    struct table t;
    struct str text;
    bool more;
    TRY(file_read(k->a, k->path, &text, e));
    TRY(table_open_text(&t, k->a, text, k->path, columns, e));
    for (;;) {
        TRY(table_next(&t, &more, e));
        if (!more)
            return OK;
        TRY(add_line(k, &t, e));
    }
}

static enum err known_ones(struct deleting *k, struct error *e)
{
    struct report_numbers gone;
    enum err r = batch_deletions(k->book->d, &gone, e);
    for (int i = 0; r == OK && i < k->n; i++)
        k->asked[i].known = report_numbers_find(&gone, k->asked[i].number) != NULL;
    report_numbers_finish(&gone);
    return r;
}

/* --- is there anything under these numbers? ------------------------------------------------- */

static void accepted(void *ctx, int thread, struct declaration *d, int n)
{
    struct deleting *k = ctx;
    struct report_number *r;
    (void)thread;
    for (int i = 0; i < n; i++)
        if ((r = report_numbers_find(&k->set, d[i].report_no)) != NULL)
            report_number_met(r, 1);
}

static enum err look_through_batches(struct deleting *k, const struct intake *asked,
                                     struct error *e)
{
    struct batch *list;
    int n;
    TRY(batch_list(k->book->d, k->a, &list, &n, e));
    n = batch_of_kind(list, n, BATCH_DECLARATIONS);
    if (n == 0)
        return OK;
    const char **path = ARENA_ARRAY(k->a, const char *, (size_t)n);
    for (int i = 0; i < n; i++)
        path[i] = batch_path(k->book->d, k->a, list[i].id, "");
    struct intake in = *asked;
    struct tally *tally = tally_create();
    in.path = path;
    in.n_paths = n;
    in.rows = accepted;
    in.rows_ctx = k;
    in.spoilt = NULL;
    enum err r = intake_run(&in, tally, e);
    tally_destroy(tally);
    return r;
}

static enum err in_quarantine(struct deleting *k, struct str number, bool *there, struct error *e)
{
    struct db_stmt *s;
    TRY(db_prepare(k->book->d, "SELECT 1 FROM quarantined WHERE report_no=?1 AND"
                               " state IN('open','aside') LIMIT 1", &s, e));
    db_bind_text(s, 1, number);
    enum err r = db_step(s, there, e);
    db_finish(s);
    return r;
}

static enum err all_are_there(struct deleting *k, struct error *e)
{
    for (int i = 0; i < k->n; i++) {
        const struct asked *x = &k->asked[i];
        bool there = x->known || report_numbers_find(&k->set, x->number)->met > 0;
        if (!there)
            TRY(in_quarantine(k, x->number, &there, e));
        if (there)
            continue;
        err_set(e, ERR_NOT_FOUND, "没有批次采用过申报号码 %.*s，也不在隔离中",
                "no batch has accepted the report number %.*s, nor is it in quarantine",
                STR_ARG(x->number));
        return at_line(k, x->line, "report_no", ERR_NOT_FOUND, e);
    }
    return OK;
}

/* --- rows ----------------------------------------------------------------------------------- */

static enum err put_act(struct deleting *k, int64_t fresh, int64_t *act, struct error *e)
{
    uint8_t salt[16], digest[32];
    char salt_hex[33], hex[65];
    struct buf text, leaf;
    struct jsonw w;
    struct db_stmt *s;
    uint64_t index = 0;
    bool row;
    random_bytes(salt, sizeof salt);
    hash_hex(salt, sizeof salt, salt_hex);
    buf_init(&text);
    buf_init(&leaf);
    buf_printf(&text, "%s\n", salt_hex);
    for (int i = 0; i < k->n; i++)
        if (!k->asked[i].known)
            buf_printf(&text, "%.*s,%.*s\n", STR_ARG(k->asked[i].number),
                       STR_ARG(k->asked[i].reason));
    hash_sha256(text.p, text.n, digest);
    hash_hex(digest, 32, hex);
    jsonw_init(&w, &leaf, false);
    jsonw_object(&w);
    jsonw_kint(&w, "at", k->now);
    jsonw_kz(&w, "digest", hex);
    jsonw_kz(&w, "kind", "deletions");
    jsonw_kint(&w, "records", fresh);
    jsonw_end(&w);
    enum err r = k->book->log == NULL ? OK : log_append(k->book->log, buf_view(&leaf), &index, e);
    buf_finish(&text);
    buf_finish(&leaf);
    TRY(r);
    TRY(db_prepare(k->book->d, "INSERT INTO deletion_act(at,digest,salt,leaf) VALUES(?1,?2,?3,?4)"
                               " RETURNING seq", &s, e));
    db_bind_int(s, 1, k->now);
    db_bind_text(s, 2, str_from(hex));
    db_bind_text(s, 3, str_from(salt_hex));
    db_bind_int(s, 4, (int64_t)index);
    r = db_step(s, &row, e);
    *act = r == OK && row ? db_int(s, 0) : 0;
    db_finish(s);
    return r;
}

static enum err put_lines(struct deleting *k, int64_t act, struct error *e)
{
    struct db_stmt *put = NULL, *settle = NULL;
    bool row;
    enum err r = db_prepare(k->book->d, "INSERT INTO deletion VALUES(?1,?2,?3)", &put, e);
    if (r == OK)
        r = db_prepare(k->book->d, "UPDATE quarantined SET state='deleted' WHERE report_no=?1 AND"
                                   " state IN('open','aside')", &settle, e);
    for (int i = 0; r == OK && i < k->n; i++) {
        const struct asked *x = &k->asked[i];
        if (x->known)
            continue;
        db_bind_text(put, 1, x->number);
        db_bind_text(put, 2, x->reason);
        db_bind_int(put, 3, act);
        r = db_step(put, &row, e);
        db_bind_text(settle, 1, x->number);
        if (r == OK)
            r = db_step(settle, &row, e);
    }
    db_finish(put);
    db_finish(settle);
    return r;
}

static enum err put_all(struct deleting *k, struct batch_deleted *out, struct error *e)
{
    int64_t act = 0;
    TRY(book_begin(k->book, e)); /* from here on nobody else deletes */
    enum err r = known_ones(k, e);
    for (int i = 0; i < k->n; i++)
        out->deleted += !k->asked[i].known;
    if (r == OK && out->deleted > 0)
        r = put_act(k, out->deleted, &act, e);
    if (r == OK && out->deleted > 0)
        r = put_lines(k, act, e);
    return book_end(k->book, r, e);
}

enum err batch_delete(const struct book *b, const struct scheme *s, struct arena *a,
                      const char *path, const struct intake *in, int64_t now,
                      struct batch_deleted *out, struct error *e)
{
    struct deleting k = {.book = b, .a = a, .path = path, .now = now};
    struct intake with = *in;
    with.scheme = s;
    *out = (struct batch_deleted){0};
    report_numbers_init(&k.set);
    enum err r = read_lines(&k, e);
    out->asked = k.n;
    if (r == OK)
        r = known_ones(&k, e);
    bool fresh = false;
    for (int i = 0; i < k.n; i++)
        fresh |= !k.asked[i].known;
    if (r == OK && fresh) {
        r = look_through_batches(&k, &with, e);
        if (r == OK)
            r = all_are_there(&k, e);
        if (r == OK)
            r = put_all(&k, out, e);
    }
    report_numbers_finish(&k.set);
    return r;
}
