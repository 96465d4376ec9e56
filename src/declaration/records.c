/* One chunk to declarations and faults. */
#include "declaration/reading.h"
#include "declaration/report_numbers.h"

#include <stdlib.h>

struct reader *reader_create(const struct intake *in, const struct lookups *l, int number)
{
    struct reader *r = calloc(1, sizeof *r);
    check(r != NULL);
    r->in = in;
    r->lookups = l;
    r->number = number;
    r->severities = scheme_severities(in->scheme);
    r->tally = tally_create();
    r->scratch = calloc(1, READ_SCRATCH);
    check(r->scratch != NULL);
    r->scratch_used = READ_FRONT;
    chunk_init(&r->chunk, in->chunk_bytes);
    arena_init(&r->arena);
    return r;
}

void reader_destroy(struct reader *r)
{
    if (r == NULL)
        return;
    tally_destroy(r->tally);
    free(r->scratch);
    chunk_finish(&r->chunk);
    arena_finish(&r->arena);
    convert_finish(&r->converter);
    free(r);
}

/* --- scratch: text that lives until the rows have been handed out ---------------------------- */

static void hand_out_rows(struct reader *r)
{
    if (r->n_rows > 0 && r->in->rows != NULL)
        r->in->rows(r->in->rows_ctx, r->number, r->row, r->n_rows);
    r->n_rows = 0;
    r->scratch_used = READ_FRONT;
}

/* A record takes at most three times its bytes: converted, and its fields copied. */
static void make_room(struct reader *r)
{
    if (READ_SCRATCH - r->scratch_used < 6 * LIMIT_DECLARATION_BYTES)
        hand_out_rows(r);
}

static char *scratch(struct reader *r, size_t n)
{
    check(READ_SCRATCH - r->scratch_used >= n + READ_PAD);
    return r->scratch + r->scratch_used;
}

struct str reader_keep(struct reader *r, struct str s)
{
    char *p = scratch(r, s.n);
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    r->scratch_used += s.n;
    return (struct str){p, s.n};
}

static struct str unquoted(struct reader *r, struct str s)
{
    char *p = scratch(r, s.n);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        p[n++] = s.p[i];
        i += s.p[i] == '"';
    }
    r->scratch_used += n;
    return (struct str){p, n};
}

bool reader_convert(struct reader *r, struct str *s)
{
    size_t n;
    char *p = scratch(r, s->n / 2 * 3 + 1);
    bool good = convert(&r->converter, *s, p, &n);
    r->scratch_used += n;
    *s = (struct str){p, n};
    return good;
}

/* --- counting -------------------------------------------------------------------------------- */

static void count_rules(struct tally *t, struct bank_tally *b, uint32_t rules)
{
    for (; rules != 0; rules &= rules - 1) {
        int rule = __builtin_ctz(rules);
        t->rule[rule]++;
        if (b != NULL)
            b->rule[rule]++;
    }
}

/* bank NULL: it could not be read. */
static void count_out(struct reader *r, uint32_t rules, bool rejected, struct bank_tally *bank)
{
    struct tally *t = r->tally;
    t->records++;
    *(rejected ? &t->rejected : &t->excluded) += 1;
    if (bank != NULL) {
        bank->records++;
        bank->rejected += rejected;
    }
    count_rules(t, bank, rules);
}

static inline void count_in(struct reader *r, const struct declaration *d)
{
    struct tally *t = r->tally;
    const struct itrs_code *c = &r->in->scheme->code[d->code];
    struct bank_tally *b = &t->bank[d->bank];
    bool queried = (d->rules & r->severities.query) != 0;
    t->records++;
    t->accepted++;
    t->queried += queried;
    t->not_service += !c->service;
    b->records++;
    b->queried += queried;
    b->residual += c->residual;
    if (d->rules != 0)
        count_rules(t, b, d->rules);
}

/* --- what stays out -------------------------------------------------------------------------- */

/* The number in its own field, or, where no fields could be told, the only one in the record. */
static void keep_number(struct spoilt *s, const struct evidence *v)
{
    const char *at = v->at[COL_REPORT_NO], *end = v->text.p + v->text.n;
    if (at == NULL) {
        report_number_in(v->raw, s->report_no);
        return;
    }
    at += at < end && *at == '"';
    struct str field = {at, REPORT_DIGITS};
    if (end - at >= REPORT_DIGITS && report_number_valid(field) &&
        (end - at == REPORT_DIGITS || at[REPORT_DIGITS] < '0' || at[REPORT_DIGITS] > '9'))
        memcpy(s->report_no, at, REPORT_DIGITS);
}

static void keep_fault(struct reader *r, const struct evidence *v, struct spoilt *s, const char *at)
{
    struct faults *f = r->faults;
    if (r->in->spoilt == NULL)
        return;
    if (at != NULL && at >= v->text.p && at <= v->text.p + v->text.n)
        s->column = encoding_column(v->text, (size_t)(at - v->text.p),
                                    r->file->layout.gb18030 && v->text.p == v->raw.p);
    keep_number(s, v);
    s->file = r->file->path;
    s->line = r->line;
    s->raw = (struct str){(const char *)(uintptr_t)f->raw.n, v->raw.n};
    if (s->raw.n > LIMIT_DECLARATION_BYTES)
        s->raw.n = LIMIT_DECLARATION_BYTES;
    buf_put(&f->raw, v->raw.p, s->raw.n);
    buf_put(&f->spoilt, (const char *)s, sizeof *s);
}

static void put_fault(struct reader *r, const struct evidence *v, enum rule rule, uint32_t rules,
                      enum column field, const char *at, struct reason why)
{
    struct spoilt s = {.rule = rule, .rules = rules, .field = field, .why_zh = why.zh,
                       .why_en = why.en};
    keep_fault(r, v, &s, at);
}

void reader_fault(struct reader *r, const struct evidence *v, enum rule rule, uint32_t rules,
                  enum column field, const char *at, struct reason why)
{
    count_out(r, rules, true, NULL);
    put_fault(r, v, rule, rules, field, at, why);
}

static void form_fault(struct reader *r, struct str raw, const char *at, enum why y)
{
    struct evidence v = {.raw = raw, .text = raw};
    reader_fault(r, &v, RULE_FORM, UINT32_C(1) << RULE_FORM, COL_COUNT, at, why_reason[y]);
}

/* Values that cannot be read reject a record, whatever the severities of their rules. */
static void unreadable(struct reader *r, const struct evidence *v, const struct declaration *d,
                       const struct trouble *t)
{
    const char *at = v->at[t->field] != NULL ? v->at[t->field] : v->text.p;
    count_out(r, d->rules, true, t->bank_known ? &r->tally->bank[d->bank] : NULL);
    put_fault(r, v, t->rule, d->rules, t->field, at, why_reason[t->why]);
}

static void ruled_out(struct reader *r, const struct evidence *v, const struct declaration *d)
{
    uint32_t out = d->rules & (r->severities.reject | r->severities.exclude);
    enum rule rule = (enum rule)__builtin_ctz(out);
    const struct rule_reason *why = &rule_reason[rule];
    const char *at = why->field < COL_COUNT ? v->at[why->field] : NULL;
    count_out(r, d->rules, (out & r->severities.reject) != 0, &r->tally->bank[d->bank]);
    put_fault(r, v, rule, d->rules, why->field, at, why->why);
}

/* --- records --------------------------------------------------------------------------------- */

/* v NULL: the fields lie in `raw` themselves. */
static inline void judge(struct reader *r, struct str raw, const struct evidence *v,
                         const struct str f[COL_COUNT])
{
    struct declaration *d = &r->row[r->n_rows];
    struct trouble t;
    bool read = decode(r->lookups, f, d, &t);
    if (read) {
        d->line = raw;
        d->line_no = (uint32_t)r->line;
        declaration_check(r->in->scheme, r->in->today, d);
        if ((d->rules & (r->severities.reject | r->severities.exclude)) == 0) {
            count_in(r, d);
            if (++r->n_rows == INTAKE_BLOCK)
                hand_out_rows(r);
            return;
        }
    }
    struct evidence own = {.raw = raw, .text = raw};
    if (v == NULL) {
        for (int i = 0; i < COL_COUNT; i++)
            own.at[i] = f[i].p > raw.p && f[i].p[-1] == '"' ? f[i].p - 1 : f[i].p;
        v = &own;
    }
    if (read)
        ruled_out(r, v, d);
    else
        unreadable(r, v, d, &t);
}

void reader_fields(struct reader *r, const struct evidence *v, const struct str f[COL_COUNT])
{
    judge(r, v->raw, v, f);
}

/* Fields of a record with quotes, or of another encoding. */
static bool careful_fields(struct reader *r, const char *p, const struct record *c,
                           struct evidence *v, struct str f[COL_COUNT], enum column *bad)
{
    const struct layout *l = &r->file->layout;
    for (int i = 0; i < l->n; i++) {
        struct str s = {p + c->field[i].from, c->field[i].to - c->field[i].from};
        int column = l->column[i];
        v->at[column] = s.p;
        if (s.n >= 2 && s.p[0] == '"') {
            s = (struct str){s.p + 1, s.n - 2};
            if (memchr(s.p, '"', s.n) != NULL)
                s = unquoted(r, s);
        }
        f[column] = s;
        *bad = (enum column)column;
        if (l->gb18030 && column >= COL_CONTRACT && s.n > 0 && !reader_convert(r, &f[column]))
            return false;
    }
    return true;
}

static void careful_record(struct reader *r, const char *p, const struct record *c)
{
    const struct layout *l = &r->file->layout;
    struct str raw = {p, c->text}, f[COL_COUNT] = {{NULL, 0}};
    struct evidence v = {.raw = raw, .text = raw};
    enum column bad;
    make_room(r);
    if (c->why == WHY_LONG)
        form_fault(r, raw, NULL, c->why);
    else if (c->why != WHY_NONE && c->why != WHY_FEW && c->why != WHY_MANY)
        form_fault(r, raw, p + c->at, c->why);
    else if (!l->gb18030 && utf8_fault(raw) < raw.n)
        form_fault(r, raw, p + utf8_fault(raw), WHY_UTF8);
    else if (l->gb18030 && gb18030_fault(raw) < raw.n)
        form_fault(r, raw, p + gb18030_fault(raw), WHY_GB18030);
    else if (c->why != WHY_NONE)
        form_fault(r, raw, p + c->at, c->why);
    else if (!careful_fields(r, p, c, &v, f, &bad))
        reader_fault(r, &v, RULE_FORM, UINT32_C(1) << RULE_FORM, bad, v.at[bad],
                     why_reason[WHY_GB18030]);
    else
        judge(r, raw, &v, f);
}

static size_t careful(struct reader *r, struct str rest)
{
    struct record c;
    record_read(rest, true, &r->file->layout, &c);
    if (c.n_fields > 0 || c.why != WHY_NONE)
        careful_record(r, rest.p, &c);
    r->line += c.lines;
    return c.bytes;
}

static bool plain_text(const struct layout *y, const char *p, const struct plain_line *l)
{
    return l->high_to == 0 ||
           (!y->gb18030 &&
            str_utf8_valid((struct str){p + l->high_from, l->high_to - l->high_from}));
}

static void csv_chunk(struct reader *r)
{
    const struct layout *y = &r->file->layout;
    const char *p = r->chunk.text.p, *end = p + r->chunk.text.n;
    struct str f[COL_COUNT] = {{NULL, 0}}; /* absent columns stay so */
    struct plain_line l;
    while (p < end) {
        if (plain_line_read(p, y, f, &l) && plain_text(y, p, &l)) {
            judge(r, (struct str){p, l.text}, NULL, f);
            r->line++;
            p += l.bytes; /* past the end when the last line has no eol */
        } else {
            p += careful(r, (struct str){p, (size_t)(end - p)});
        }
    }
}

static void json_chunk(struct reader *r)
{
    struct str rest = r->chunk.text;
    while (rest.n > 0) {
        struct record c;
        record_read(rest, true, &r->file->layout, &c);
        struct str line = {rest.p, c.text};
        make_room(r);
        if (c.why == WHY_LONG)
            form_fault(r, line, NULL, WHY_LONG);
        else if (line.n > 0)
            ndjson_line(r, line);
        r->line++;
        rest = (struct str){rest.p + c.bytes, rest.n - c.bytes};
    }
}

void reader_chunk(struct reader *r)
{
    r->line = r->chunk.line;
    if (r->chunk.long_line)
        form_fault(r, r->chunk.text, NULL, WHY_LONG);
    else if (r->file->layout.json)
        json_chunk(r);
    else
        csv_chunk(r);
    hand_out_rows(r);
}
