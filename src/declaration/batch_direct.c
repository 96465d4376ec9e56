/* Files of direct reports as batches. A line that was rejected waits under the words of its cell, and
 * is resolved when a later file has the cell with a line that counts. */
#include "declaration/batch_inside.h"

static enum err stays_out(void *ctx, const struct direct_spoilt *x, struct error *e)
{
    struct taking *k = ctx;
    const struct rule_entry *rule = &k->t->direct->rule[x->rule];
    TRY(batch_left(k, (struct left){.rule = (uint8_t)x->rule, .line = x->line,
                                    .aside = rule->severity == SEVERITY_EXCLUDE},
                   str_from(x->cell), e));
    const struct quarantine_entry entry = {
        k->name, x->field < DIRECT_COLUMNS ? direct_column_name[x->field] : "", x->line, x->column,
        rule->id, rule->id, x->why_zh, x->why_en, x->raw};
    return quarantine_put(&k->q, &entry, e);
}

enum err batch_read_direct(struct taking *k, struct tally *tally, struct error *e)
{
    const char *path = k->path;
    const struct direct_options o = {
        .scheme = k->t->direct, .path = &path, .n_paths = 1, .today = k->t->intake.today,
        .spoilt = stays_out, .spoilt_ctx = k, .progress = k->t->intake.progress,
        .progress_ctx = k->t->intake.progress_ctx};
    TRY(quarantine_open(&k->q, k->t->cube->scheme, k->quarantine, e));
    TRY(quarantine_end(&k->q, direct_read(&o, &k->direct, e), e));
    tally->records = k->direct.read;
    tally->accepted = k->direct.accepted;
    tally->rejected = k->direct.rejected;
    tally->excluded = k->direct.excluded;
    return OK;
}

static enum err anything_open(struct db *d, bool *open, struct error *e)
{
    struct db_stmt *s;
    TRY(db_prepare(d, "SELECT 1 FROM quarantined q JOIN batch b ON b.id=q.batch WHERE"
                      " b.kind='direct' AND q.state='open' AND q.report_no<>'' LIMIT 1", &s, e));
    enum err r = db_step(s, open, e);
    db_finish(s);
    return r;
}

enum err batch_resolve_direct(struct taking *k, int64_t *n, struct error *e)
{
    struct db_stmt *s;
    bool row = false;
    *n = 0;
    TRY(anything_open(k->d, &row, e));
    if (!row)
        return OK;
    TRY(db_prepare(k->d, "UPDATE quarantined SET state='resolved',by_batch=?1 WHERE report_no=?2"
                         " AND state='open' RETURNING 1", &s, e));
    enum err r = OK;
    for (size_t i = 0; r == OK && i < k->direct.n; i++) {
        const struct direct_line *x = &k->direct.line[i];
        char cell[DIRECT_CELL];
        direct_cell(k->t->direct, k->direct.parties.id[x->party], x, cell);
        db_bind_text(s, 1, str_from(k->id));
        db_bind_text(s, 2, str_from(cell));
        while ((r = db_step(s, &row, e)) == OK && row)
            ++*n;
    }
    db_finish(s);
    return r;
}
