/* The tables of batches, and what is read from them. */
#include "declaration/batch_inside.h"

#include <stdio.h>

#include "declaration/reading.h"

static const char *const migrations[] = {
    "CREATE TABLE batch(seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
    " bytes INTEGER NOT NULL, taken_at INTEGER NOT NULL, records INTEGER NOT NULL,"
    " accepted INTEGER NOT NULL, rejected INTEGER NOT NULL, excluded INTEGER NOT NULL,"
    " queried INTEGER NOT NULL, quarantine TEXT NOT NULL,"
    " state TEXT NOT NULL CHECK(state='done'), leaf INTEGER NOT NULL) STRICT;"
    "CREATE TRIGGER batch_kept BEFORE UPDATE ON batch BEGIN SELECT RAISE(ABORT,'kept'); END;"
    "CREATE TRIGGER batch_stays BEFORE DELETE ON batch BEGIN SELECT RAISE(ABORT,'kept'); END;"
    /* open: to be corrected; aside: nothing is to be corrected; by_batch: which one resolved it. */
    "CREATE TABLE quarantined(batch TEXT NOT NULL REFERENCES batch(id), n INTEGER NOT NULL,"
    " line INTEGER NOT NULL, report_no TEXT NOT NULL, rule TEXT NOT NULL,"
    " state TEXT NOT NULL CHECK(state IN('open','aside','resolved','deleted')),"
    " by_batch TEXT NOT NULL, PRIMARY KEY(batch,n)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX quarantined_no ON quarantined(report_no);"
    "CREATE TRIGGER quarantined_kept BEFORE UPDATE ON quarantined WHEN"
    " old.state NOT IN('open','aside') OR new.state IN('open','aside') OR new.batch<>old.batch"
    " OR new.n<>old.n OR new.line<>old.line OR"
    " new.report_no<>old.report_no OR new.rule<>old.rule"
    " BEGIN SELECT RAISE(ABORT,'kept'); END;"
    "CREATE TRIGGER quarantined_stays BEFORE DELETE ON quarantined"
    " BEGIN SELECT RAISE(ABORT,'kept'); END;"
    /* One act of deletion, one entry on the log: digest of salt and lines. */
    "CREATE TABLE deletion_act(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, digest TEXT NOT NULL,"
    " salt TEXT NOT NULL, leaf INTEGER NOT NULL) STRICT;"
    "CREATE TABLE deletion(report_no TEXT NOT NULL UNIQUE, reason TEXT NOT NULL,"
    " act INTEGER NOT NULL REFERENCES deletion_act(seq)) STRICT;"
    "CREATE TRIGGER deletion_kept BEFORE UPDATE ON deletion"
    " BEGIN SELECT RAISE(ABORT,'kept'); END;"
    "CREATE TRIGGER deletion_stays BEFORE DELETE ON deletion"
    " BEGIN SELECT RAISE(ABORT,'kept'); END;"
    "CREATE TRIGGER deletion_act_kept BEFORE UPDATE ON deletion_act"
    " BEGIN SELECT RAISE(ABORT,'kept'); END;"
    "CREATE TRIGGER deletion_act_stays BEFORE DELETE ON deletion_act"
    " BEGIN SELECT RAISE(ABORT,'kept'); END;",
    "ALTER TABLE batch ADD COLUMN kind TEXT NOT NULL DEFAULT 'declarations'"
    " CHECK(kind IN('declarations','direct'));"};

enum err batch_open(const struct book *b, struct error *e)
{
    return db_migrate(b->d, "declaration", migrations, sizeof migrations / sizeof *migrations, e);
}

enum err batch_has_tables(struct db *d, bool *there, struct error *e)
{
    struct db_stmt *s;
    TRY(db_prepare(d, "SELECT 1 FROM sqlite_master WHERE type='table' AND name='batch'", &s, e));
    enum err r = db_step(s, there, e);
    db_finish(s);
    return r;
}

const char *batch_path(const struct db *d, struct arena *a, struct str id, const char *ending)
{
    char *p = arena_alloc(a, BATCH_PATH);
    snprintf(p, BATCH_PATH, "%s.batches%s%.*s%s", db_path(d), id.n > 0 ? "/" : "", STR_ARG(id),
             ending);
    return p;
}

/* --- lists ---------------------------------------------------------------------------------- */

static struct batch read_row(struct db_stmt *s, struct arena *a)
{
    return (struct batch){.id = str_copy(a, db_text(s, 0)),
                          .name = str_copy(a, db_text(s, 1)),
                          .quarantine = str_copy(a, db_text(s, 2)),
                          .bytes = db_int(s, 3),
                          .taken_at = db_int(s, 4),
                          .records = db_int(s, 5),
                          .accepted = db_int(s, 6),
                          .rejected = db_int(s, 7),
                          .excluded = db_int(s, 8),
                          .queried = db_int(s, 9),
                          .leaf = db_int(s, 10),
                          .open = db_int(s, 11),
                          .kind = str_eqz(db_text(s, 12), "direct") ? BATCH_DIRECT
                                                                    : BATCH_DECLARATIONS};
}

enum err batch_list(struct db *d, struct arena *a, struct batch **out, int *n, struct error *e)
{
    struct db_stmt *s;
    bool row;
    int room = 64;
    struct batch *r = ARENA_ARRAY(a, struct batch, 64);
    *n = 0;
    TRY(db_prepare(d, "SELECT id,name,quarantine,bytes,taken_at,records,accepted,rejected,excluded,"
                      "queried,leaf,(SELECT count(*) FROM quarantined q WHERE q.batch=b.id AND"
                      " q.state='open'),kind FROM batch b ORDER BY seq", &s, e));
    enum err result;
    while ((result = db_step(s, &row, e)) == OK && row) {
        if (*n == room) {
            struct batch *more = ARENA_ARRAY(a, struct batch, (size_t)room * 2);
            memcpy(more, r, (size_t)room * sizeof *r);
            r = more;
            room *= 2;
        }
        r[(*n)++] = read_row(s, a);
    }
    db_finish(s);
    *out = r;
    return result;
}

int batch_of_kind(struct batch *list, int n, enum batch_kind kind)
{
    int kept = 0;
    for (int i = 0; i < n; i++)
        if (list[i].kind == kind)
            list[kept++] = list[i];
    return kept;
}

enum err batch_find(const struct batch *list, int n, struct str id, const struct batch **out,
                    struct error *e)
{
    int found = 0;
    for (int i = 0; i < n && id.n > 0; i++)
        if (str_has_prefix(list[i].id, id)) {
            *out = &list[i];
            found++;
        }
    if (found == 1)
        return OK;
    if (found > 1)
        return err_set(e, ERR_AMBIGUOUS, "有 %d 个批次以 %.*s 开头", "%d batches begin with %.*s",
                       found, STR_ARG(id));
    err_set(e, ERR_NOT_FOUND, "没有批次 %.*s", "there is no batch %.*s", STR_ARG(id));
    err_hint(e, "fumao stats batches");
    return ERR_NOT_FOUND;
}

enum err batch_quarantined(struct db *d, struct str batch, quarantined_fn *each, void *ctx,
                           struct error *e)
{
    struct db_stmt *s;
    bool row;
    TRY(db_prepare(d, "SELECT q.batch,q.n,q.line,q.report_no,q.rule FROM quarantined q JOIN batch b"
                      " ON b.id=q.batch WHERE q.state='open' AND (?1='' OR q.batch=?1)"
                      " ORDER BY b.seq,q.n", &s, e));
    db_bind_text(s, 1, batch.n == 0 ? STR("") : batch);
    enum err r;
    while ((r = db_step(s, &row, e)) == OK && row) {
        struct quarantined q = {.batch = db_text(s, 0), .n = db_int(s, 1), .line = db_int(s, 2),
                                .report_no = db_text(s, 3), .rule = db_text(s, 4)};
        if ((r = each(ctx, &q, e)) != OK)
            break;
    }
    db_finish(s);
    return r;
}

enum err batch_header(const char *path, enum batch_kind kind, struct buf *out, struct error *e)
{
    struct source *s;
    struct buf probe;
    struct layout l;
    size_t got = 1;
    TRY(source_open(&s, path, e));
    buf_init(&probe);
    enum err r = OK;
    while (r == OK && got > 0 && probe.n < READ_PROBE) {
        buf_reserve(&probe, READ_PROBE);
        r = source_read(s, probe.p + probe.n, READ_PROBE - probe.n, &got, e);
        probe.n += got;
    }
    source_close(s);
    if (r == OK)
        r = layout_read(&l, kind == BATCH_DIRECT ? &direct_columns : &declaration_columns,
                        buf_view(&probe), got == 0, path, e);
    if (r == OK && !l.json)
        buf_put(out, probe.p, l.body);
    buf_finish(&probe);
    return r;
}

enum err batch_deletions(struct db *d, struct report_numbers *out, struct error *e)
{
    struct db_stmt *s;
    bool row;
    report_numbers_init(out);
    TRY(db_prepare(d, "SELECT report_no FROM deletion", &s, e));
    enum err r;
    while ((r = db_step(s, &row, e)) == OK && row)
        report_numbers_add(out, db_text(s, 0));
    db_finish(s);
    return r;
}
