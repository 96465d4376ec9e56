#include "declaration/quarantine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static enum err fault(const char *path, struct error *e)
{
    return err_set(e, ERR_IO, "无法写入 %s：%s", "cannot write %s: %s", path, strerror(errno));
}

enum err quarantine_open(struct quarantine *q, const struct scheme *s, const char *path,
                         struct error *e)
{
    q->file.fd = -1;
    q->file.fresh[0] = 0;
    q->s = s;
    q->n = 0;
    buf_init(&q->out);
    buf_init(&q->rules);
    if (path == NULL)
        return OK;
    if (strlen(path) >= sizeof q->path)
        return err_set(e, ERR_USAGE, "路径太长：%s", "the path is too long: %s", path);
    TRY(file_may_be_made(path, e));
    snprintf(q->path, sizeof q->path, "%s", path);
    if (!file_new_open(&q->file, path, 0600))
        return err_set(e, ERR_IO, "无法建立 %s：%s", "cannot make %s: %s", path, strerror(errno));
    buf_z(&q->out, "file,line,column,field,rule,rules,why_zh,why_en,record\r\n");
    return OK;
}

static void put_rules(const struct scheme *s, uint32_t rules, struct buf *b)
{
    bool first = true;
    for (int i = 0; i < RULE_COUNT; i++) {
        if ((rules >> i & 1) == 0)
            continue;
        if (!first)
            buf_char(b, ' ');
        buf_str(b, s->rule[i].id);
        first = false;
    }
}

/* The record as it stood is one field, so that what was sent can be had back byte by byte. */
enum err quarantine_put(struct quarantine *q, const struct quarantine_entry *x, struct error *e)
{
    q->n++;
    if (q->file.fd < 0)
        return OK;
    struct buf *b = &q->out;
    csv_write_field(b, str_from(x->file), true);
    buf_printf(b, ",%lld,%d,%s,%.*s,%.*s", (long long)x->line, x->column, x->field,
               STR_ARG(x->rule), STR_ARG(x->rules));
    csv_write_field(b, str_from(x->why_zh), false);
    csv_write_field(b, str_from(x->why_en), false);
    buf_z(b, ",\"");
    for (size_t i = 0; i < x->raw.n; i++) {
        if (x->raw.p[i] == '"')
            buf_char(b, '"');
        buf_char(b, x->raw.p[i]);
    }
    buf_z(b, "\"\r\n");
    if (b->n < 1 << 20)
        return OK;
    if (!file_write(q->file.fd, buf_view(b)))
        return fault(q->path, e);
    buf_clear(b);
    return OK;
}

enum err quarantine_add(struct quarantine *q, const struct spoilt *x, struct error *e)
{
    buf_clear(&q->rules);
    put_rules(q->s, x->rules, &q->rules);
    const struct quarantine_entry entry = {
        x->file, x->field < COL_COUNT ? column_name[x->field] : "", x->line, x->column,
        q->s->rule[x->rule].id, buf_view(&q->rules), x->why_zh, x->why_en, x->raw};
    return quarantine_put(q, &entry, e);
}

enum err quarantine_end(struct quarantine *q, enum err r, struct error *e)
{
    if (q->file.fd >= 0) {
        if (r == OK && (!file_write(q->file.fd, buf_view(&q->out)) ||
                        !file_new_end(&q->file, q->path, true)))
            r = fault(q->path, e);
        file_new_drop(&q->file);
    }
    buf_finish(&q->out);
    buf_finish(&q->rules);
    return r;
}

/* --- reading back --------------------------------------------------------------------------- */

/* Only what quarantine_add writes is read: the ninth field of every line, without its quotes. A
 * file may be larger than memory should be, so bytes go through one at a time. */
struct back {
    FILE *f;
    struct buf record;
    int field;
    bool quoted, after; /* after: a quote within quotes, which may end the field or be one */
};

/* False at the end of the file. */
static bool next_record(struct back *k)
{
    int c;
    buf_clear(&k->record);
    k->field = 0;
    k->quoted = k->after = false;
    while ((c = getc_unlocked(k->f)) != EOF) {
        if (k->quoted && !k->after) {
            k->after = c == '"';
            if (c == '"')
                continue;
        } else if (c == '"') { /* begins a field, or is a doubled one */
            bool doubled = k->after;
            k->quoted = true;
            k->after = false;
            if (!doubled)
                continue;
        } else {
            k->quoted = k->after = false;
            if (c == '\n')
                return true;
            if (c == ',' || c == '\r') {
                k->field += c == ',';
                continue;
            }
        }
        if (k->field == 8)
            buf_char(&k->record, (char)c);
    }
    return false;
}

enum err quarantine_read(const char *path, quarantine_record_fn *each, void *ctx, struct error *e)
{
    struct back k = {.f = fopen(path, "rbe")};
    enum err r = OK;
    if (k.f == NULL)
        return err_set(e, errno == ENOENT ? ERR_INTEGRITY : ERR_IO, "不能读取 %s：%s",
                       "cannot read %s: %s", path, strerror(errno));
    buf_init(&k.record);
    for (int64_t n = -1; r == OK && next_record(&k); n++)
        if (n >= 0) /* the first line names the fields */
            r = each(ctx, n, buf_view(&k.record), e);
    buf_finish(&k.record);
    fclose(k.f);
    return r;
}
