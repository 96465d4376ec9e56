/* Files of direct reports to lines. Twice over a file when lines of a cell were filed again: those
 * that stay out for the sake of another are found by the second reading, with their bytes. */
#include "declaration/direct_inside.h"

#include <stdlib.h>

#include "declaration/party_table.h"

const char *const direct_column_name[DIRECT_COLUMNS] = {
    "party_id", "form",   "period", "flow",  "item",  "mode",
    "country",  "currency", "amount", "filed", "remark"};
const struct columns direct_columns = {
    direct_column_name, DIRECT_COLUMNS,
    ((UINT32_C(1) << DIRECT_REMARK) - 1) & ~(UINT32_C(1) << DIRECT_COUNTRY)};

struct reading {
    const struct direct_options *o;
    struct direct *out;
    struct party_table *table;
    size_t cap;
    struct chunks file;
    struct chunk chunk;
    struct converter converter;
    struct arena arena;
    char *converted; /* room for one line of NDJSON in UTF-8 */
    uint32_t number; /* of the file */
    int64_t at;      /* line of the record */
    bool again;
    size_t next; /* again: the place in `line`, which is in order of place then */
    double began, told; /* intake_clock */
    int64_t bytes, total; /* as stored, of files read before; of all */
    struct error *e;
};

/* --- what stays out ------------------------------------------------------------------------- */

/* line: its values; NULL: they could not be read, or are of another cell than was meant. */
static enum err stays_out(struct reading *r, const struct direct_fields *x,
                          const struct direct_fault *f, const struct direct_line *line)
{
    struct direct_spoilt s = {.file = r->o->path[r->number], .line = r->at, .field = f->field,
                              .rule = f->rule, .raw = x->raw, .why_zh = f->why.zh,
                              .why_en = f->why.en};
    if (s.raw.n > LIMIT_DECLARATION_BYTES)
        s.raw.n = LIMIT_DECLARATION_BYTES;
    if (f->at != NULL && f->at >= x->text.p && f->at <= x->text.p + x->text.n)
        s.column = encoding_column(x->text, (size_t)(f->at - x->text.p), x->gb18030);
    if (line != NULL)
        direct_cell(r->o->scheme, x->f[DIRECT_PARTY].p, line, s.cell);
    return r->o->spoilt != NULL ? r->o->spoilt(r->o->spoilt_ctx, &s, r->e) : OK;
}

static enum err reject(struct reading *r, const struct direct_fields *x,
                       const struct direct_fault *f, const struct direct_line *line)
{
    if (r->again) /* told at the first reading */
        return OK;
    r->out->read++;
    r->out->rejected++;
    r->out->rule[f->rule]++;
    return stays_out(r, x, f, line);
}

static enum err malformed(struct reading *r, const struct direct_fields *x, const char *at,
                          struct reason why)
{
    const struct direct_fault f = {DIRECT_FORM, DIRECT_COLUMNS, at, why};
    return reject(r, x, &f, NULL);
}

/* --- one record ----------------------------------------------------------------------------- */

static enum err keep(struct reading *r, struct direct_line *x, struct str party)
{
    struct direct *d = r->out;
    if (d->n == LIMIT_DIRECT)
        return err_set(r->e, ERR_LIMIT, "报表行超过 LIMIT_DIRECT（%d）", "more than LIMIT_DIRECT (%d) lines",
                       (int)LIMIT_DIRECT);
    if (d->n == r->cap) {
        r->cap = r->cap == 0 ? 1024 : r->cap * 2;
        d->line = realloc(d->line, r->cap * sizeof *d->line);
        check(d->line != NULL);
    }
    x->party = party_table_intern(r->table, party.p, party.n);
    if (x->party == UINT32_MAX)
        return err_set(r->e, ERR_LIMIT, "主体超过 LIMIT_PARTIES（%d）", "more than LIMIT_PARTIES (%d) parties",
                       (int)LIMIT_PARTIES);
    x->file = r->number;
    x->line = (uint32_t)r->at;
    d->read++;
    d->line[d->n++] = *x;
    return OK;
}

/* At the second reading: is it the next of those that stay out? */
static enum err once_more(struct reading *r, const struct direct_fields *x)
{
    struct direct *d = r->out;
    while (r->next < d->n && (d->line[r->next].file < r->number ||
                              (d->line[r->next].file == r->number && d->line[r->next].line < r->at)))
        r->next++;
    if (r->next == d->n || d->line[r->next].file != r->number || d->line[r->next].line != r->at ||
        !direct_stays_out(&d->line[r->next]))
        return OK;
    enum direct_rule rule = (enum direct_rule)__builtin_ctz(
        (unsigned)d->line[r->next].rules &
        (1u << DIRECT_TWICE | 1u << DIRECT_REPLACED | 1u << DIRECT_UNRATED));
    enum direct_column field = rule == DIRECT_UNRATED ? DIRECT_CURRENCY : DIRECT_AMOUNT;
    const struct direct_fault f = {rule, field, x->at[field], direct_reason[rule]};
    return stays_out(r, x, &f, &d->line[r->next]);
}

static enum err judge(struct reading *r, const struct direct_fields *x)
{
    struct direct_line line;
    struct direct_fault f;
    if (r->again)
        return once_more(r, x);
    if (!direct_judge(r->o->scheme, r->o->today, x, &line, &f))
        return reject(r, x, &f, f.rule == DIRECT_WHEN ? &line : NULL);
    return keep(r, &line, x->f[DIRECT_PARTY]);
}

static enum err csv_record(struct reading *r, const char *p, const struct record *c)
{
    const struct layout *l = &r->file.layout;
    struct direct_fields x = {.raw = {p, c->text}, .text = {p, c->text}, .gb18030 = l->gb18030};
    bool counted = c->why == WHY_FEW || c->why == WHY_MANY; /* told after what is worse */
    size_t bad = l->gb18030 ? gb18030_fault(x.raw) : utf8_fault(x.raw);
    if (c->why == WHY_LONG)
        return malformed(r, &x, NULL, why_reason[c->why]);
    if (c->why != WHY_NONE && !counted)
        return malformed(r, &x, p + c->at, why_reason[c->why]);
    if (bad < x.raw.n)
        return malformed(r, &x, p + bad, why_reason[l->gb18030 ? WHY_GB18030 : WHY_UTF8]);
    if (counted)
        return malformed(r, &x, p + c->at, why_reason[c->why]);
    for (int i = 0; i < l->n; i++) {
        struct str s = {p + c->field[i].from, c->field[i].to - c->field[i].from};
        x.at[l->column[i]] = s.p;
        if (s.n >= 2 && s.p[0] == '"') /* no value but a remark has a quote inside */
            s = (struct str){s.p + 1, s.n - 2};
        x.f[l->column[i]] = s;
    }
    return judge(r, &x);
}

static bool json_value(struct jsonr *j, struct str *out, enum why *y)
{
    enum jsonr_kind k = jsonr_peek(j);
    *out = (struct str){NULL, 0};
    if (k == JSONR_NULL)
        return jsonr_literal(j);
    if (k == JSONR_NUMBER)
        return jsonr_number(j, out);
    if (k == JSONR_STRING)
        return jsonr_string(j, out);
    *y = k == JSONR_NONE ? WHY_NONE : WHY_KIND;
    return false;
}

/* Fields of a flat object. False: *at and *why say what is wrong. */
static bool json_fields(struct jsonr *j, struct direct_fields *x, const char **at,
                        struct reason *why)
{
    uint32_t seen = 0;
    bool first = true;
    struct str name;
    enum why y = WHY_NONE;
    *at = j->p;
    *why = why_reason[WHY_OBJECT];
    if (jsonr_peek(j) != JSONR_OBJECT || !jsonr_open(j))
        return false;
    while (y == WHY_NONE && jsonr_member(j, &first, &name)) {
        int c = column_find(&direct_columns, name);
        *at = name.p - 1;
        y = c == direct_columns.n ? WHY_KEY : (seen >> c & 1) != 0 ? WHY_KEY_TWICE : WHY_NONE;
        if (y != WHY_NONE)
            break;
        seen |= UINT32_C(1) << c;
        jsonr_peek(j); /* steps over white space */
        x->at[c] = *at = j->p;
        if (!json_value(j, &x->f[c], &y))
            break;
    }
    if (y == WHY_NONE && j->fault_en != NULL) {
        *at = j->fault_at;
        *why = (struct reason){j->fault_zh, j->fault_en};
        return false;
    }
    if (y == WHY_NONE && !jsonr_at_end(j)) {
        y = WHY_BEHIND;
        *at = j->p;
    }
    *why = why_reason[y];
    return y == WHY_NONE;
}

static enum err json_record(struct reading *r, struct str line)
{
    struct direct_fields x = {.raw = line, .text = line};
    struct jsonr j;
    struct reason why;
    const char *at;
    size_t n;
    bool gb = r->file.layout.gb18030;
    size_t bad = gb ? gb18030_fault(line) : utf8_fault(line);
    x.gb18030 = gb;
    if (bad < line.n || (gb && !convert(&r->converter, line, r->converted, &n)))
        return malformed(r, &x, line.p + bad, why_reason[gb ? WHY_GB18030 : WHY_UTF8]);
    if (gb)
        x.text = (struct str){r->converted, n};
    x.gb18030 = false;
    jsonr_init(&j, x.text, &r->arena);
    enum err err = json_fields(&j, &x, &at, &why) ? judge(r, &x) : malformed(r, &x, at, why);
    arena_reset(&r->arena);
    return err;
}

/* --- files ---------------------------------------------------------------------------------- */

static enum err chunk_records(struct reading *r)
{
    struct str rest = r->chunk.text;
    struct record c;
    bool json = r->file.layout.json;
    r->at = r->chunk.line;
    if (r->chunk.long_line)
        return malformed(r, &(struct direct_fields){.raw = rest, .text = rest}, NULL,
                         why_reason[WHY_LONG]);
    while (rest.n > 0) {
        record_read(rest, true, &r->file.layout, &c);
        struct str text = {rest.p, c.text};
        if (c.why == WHY_LONG && json)
            TRY(malformed(r, &(struct direct_fields){.raw = text, .text = text}, NULL,
                          why_reason[WHY_LONG]));
        else if (json && text.n > 0)
            TRY(json_record(r, text));
        else if (!json && (c.n_fields > 0 || c.why != WHY_NONE))
            TRY(csv_record(r, rest.p, &c));
        r->at += json ? 1 : c.lines;
        rest = (struct str){rest.p + c.bytes, rest.n - c.bytes};
    }
    return OK;
}

static enum err tell(struct reading *r, bool last)
{
    if (r->o->progress == NULL || (!last && intake_clock() - r->told < 0.25))
        return OK;
    struct intake_progress p = {.bytes = r->bytes + (last ? 0 : r->chunk.taken),
                                .bytes_total = r->total, .records = r->out->read,
                                .spoilt = r->out->rejected, .path = (int)r->number,
                                .seconds = intake_clock() - r->began};
    r->told = intake_clock();
    if (r->o->progress(r->o->progress_ctx, &p) || last)
        return OK;
    return err_set(r->e, ERR_BUSY, "已停止%s", "stopped%s", "");
}

static enum err one_file(struct reading *r)
{
    bool more = true;
    enum err err = chunks_open(&r->file, &direct_columns, r->o->path[r->number], READ_CHUNK, 0, r->e);
    while (err == OK && more) {
        err = chunks_take(&r->file, &r->chunk, &more, r->e);
        if (err == OK && more)
            err = chunk_records(r);
        if (err == OK && more)
            err = tell(r, false);
    }
    chunks_close(&r->file);
    r->bytes += r->chunk.taken;
    return err;
}

static enum err all_files(struct reading *r)
{
    r->began = intake_clock();
    r->told = r->began;
    r->bytes = 0;
    for (r->number = 0; r->number < (uint32_t)r->o->n_paths; r->number++)
        TRY(one_file(r));
    return r->again ? OK : tell(r, true);
}

static int by_place(const void *x, const void *y)
{
    const struct direct_line *a = x, *b = y;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    return (a->line > b->line) - (a->line < b->line);
}

/* Those that stay out for the sake of others, in order of place, then read again. */
static enum err tell_of_others(struct reading *r)
{
    struct direct *d = r->out, all = *d;
    if (r->o->spoilt == NULL)
        return OK;
    d->line = malloc((d->n + 1) * sizeof *d->line);
    check(d->line != NULL);
    d->n = 0;
    for (size_t i = 0; i < all.n; i++)
        if (direct_stays_out(&all.line[i]))
            d->line[d->n++] = all.line[i];
    sort_by(d->line, d->n, sizeof *d->line, by_place);
    r->again = true;
    enum err err = d->n > 0 ? all_files(r) : OK;
    free(d->line);
    d->line = all.line;
    d->n = all.n;
    return err;
}

/* --- all of it ------------------------------------------------------------------------------ */

static void count(struct direct *d)
{
    size_t n = 0;
    int last = 0;
    d->from = INT16_MAX;
    for (size_t i = 0; i < d->n; i++) {
        const struct direct_line *x = &d->line[i];
        for (int rule = 0; rule < DIRECT_RULES; rule++) /* notes of what counts alone */
            d->rule[rule] += (rule < DIRECT_LATE || !direct_stays_out(x)) && (x->rules >> rule & 1);
        d->rejected += x->rules >> DIRECT_TWICE & 1;
        d->excluded += direct_stays_out(x) && (x->rules >> DIRECT_TWICE & 1) == 0;
        if (direct_stays_out(x))
            continue;
        d->from = x->month < d->from ? x->month : d->from;
        last = x->month > last ? x->month : last;
        d->line[n++] = *x;
    }
    d->n = n;
    d->accepted = (int64_t)n;
    d->months = n > 0 ? last - d->from + 1 : 0;
}

/* Numbers of parties in order of identity. */
static void number_parties(struct reading *r)
{
    struct direct *d = r->out;
    parties_merge(&d->parties, &r->table, 1);
    for (size_t i = 0; i < d->n; i++)
        d->line[i].party = d->parties.map[0][d->line[i].party];
}

static enum err read_all(struct reading *r)
{
    TRY(all_files(r));
    number_parties(r);
    TRY(direct_settle(r->o->scheme, r->out->line, r->out->n, r->e));
    enum err err = tell_of_others(r);
    count(r->out);
    return err;
}

enum err direct_read(const struct direct_options *o, struct direct *out, struct error *e)
{
    struct error ignored;
    struct reading r = {.o = o, .out = out, .e = e != NULL ? e : &ignored};
    *out = (struct direct){.scheme = o->scheme};
    for (int i = 0; i < o->n_paths; i++)
        r.total += source_size(o->path[i]);
    r.table = party_table_create();
    r.converted = malloc(LIMIT_DECLARATION_BYTES * 2 + READ_PAD);
    check(r.converted != NULL);
    chunk_init(&r.chunk, READ_CHUNK);
    arena_init(&r.arena);
    enum err err = read_all(&r);
    arena_finish(&r.arena);
    chunk_finish(&r.chunk);
    convert_finish(&r.converter);
    free(r.converted);
    party_table_destroy(r.table);
    if (err != OK)
        direct_finish(out);
    return err;
}

void direct_finish(struct direct *d)
{
    parties_finish(&d->parties);
    free(d->line);
    *d = (struct direct){0};
}
