#include "naive_intake.h"

#include <stdlib.h>

/* --- what is compared ------------------------------------------------------------------------ */

static void put(struct buf *b, struct str s)
{
    buf_char(b, '[');
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20)
            buf_printf(b, "\\%d.", s.p[i]);
        else
            buf_char(b, s.p[i]);
    buf_char(b, ']');
}

void naive_accepted(struct buf *b, const struct declaration *d, int64_t line)
{
    buf_printf(b, "%lld in %d %d %d %d %d %d %d %d %u %d %d %lld %lld %x %llu %d ", (long long)line,
               d->party_kind, d->flow, d->advance, d->code, d->country, d->place, d->currency,
               d->bank, d->rules, d->on, d->reported, (long long)d->amount, (long long)d->rate_e8,
               d->rules, (unsigned long long)d->report_key, d->report_part);
    put(b, d->line);
    put(b, d->report_no);
    put(b, d->party_id);
    put(b, d->contract);
    put(b, d->remark);
    buf_char(b, '\n');
}

void naive_spoilt(struct buf *b, const struct spoilt *s)
{
    buf_printf(b, "%lld out col %d field %d rule %d %x %s ", (long long)s->line, s->column,
               (int)s->field, (int)s->rule, s->rules, s->why_en);
    put(b, s->raw);
    buf_char(b, '\n');
}

/* --- values ---------------------------------------------------------------------------------- */

static bool digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

static int64_t number(struct str s)
{
    int64_t v = 0;
    for (size_t i = 0; i < s.n; i++)
        v = v * 10 + (s.p[i] - '0');
    return v;
}

static struct str part(struct str s, size_t from, size_t n)
{
    return (struct str){s.p + from, n};
}

static bool day_of(struct str y, struct str m, struct str d, day_t *out)
{
    char text[11] = {y.p[0], y.p[1], y.p[2], y.p[3], '-', m.p[0], m.p[1], '-', d.p[0], d.p[1], 0};
    return day_parse((struct str){text, 10}, out);
}

static enum why value_report(struct str s, struct declaration *d)
{
    if (s.n != 22 || !digits(s))
        return WHY_REPORT_NO;
    char year[4] = {'2', '0', s.p[12], s.p[13]};
    if (!day_of((struct str){year, 4}, part(s, 14, 2), part(s, 16, 2), &d->reported))
        return WHY_REPORT_DAY;
    d->report_no = s;
    int64_t serial = number(part(s, 18, 4));
    int64_t key = number(part(s, 0, 6));
    key = key * 16384 + number(part(s, 6, 4));
    key = key * 128 + number(part(s, 10, 2));
    key = key * 65536 + (d->reported - day_from_civil(2000, 1, 1));
    d->report_key = (uint64_t)(key * 64 + serial / 256);
    d->report_part = (uint8_t)(serial % 256);
    return WHY_NONE;
}

static enum why value_party(struct str id, struct str kind, struct declaration *d)
{
    bool any = kind.p[0] == 'F', good = any ? id.n >= 1 && id.n <= 18 : id.n == 18;
    d->party_id = id;
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];
        good = good && ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                        (any && c >= 'a' && c <= 'z'));
    }
    return good ? WHY_NONE : any ? WHY_PARTY_ANY : WHY_PARTY_ID;
}

static enum why value_zone(const struct scheme *s, struct str f, struct declaration *d)
{
    int z = 0;
    while (z < s->codes->n_places && !str_eq(s->codes->place[z].code, f))
        z++;
    if (z == s->codes->n_places)
        return WHY_ZONE;
    if (d->place == 0)
        return WHY_NONE;
    int up = s->codes->place[z].parent;
    while (up > 0 && up != d->place)
        up = s->codes->place[up].parent;
    if (up != d->place)
        return WHY_ZONE_ELSEWHERE;
    d->place = (uint8_t)z;
    return WHY_NONE;
}

static enum why value_rate(struct str f, struct declaration *d)
{
    struct str decimals, whole = str_cut(f, '.', &decimals);
    bool dot = whole.n < f.n;
    if (!digits(whole) || whole.n > 9 || (dot && (!digits(decimals) || decimals.n > 8)))
        return WHY_RATE;
    d->rate_e8 = number(whole);
    for (size_t i = 0; i < 8; i++)
        d->rate_e8 = d->rate_e8 * 10 + (dot && i < decimals.n ? decimals.p[i] - '0' : 0);
    return d->rate_e8 > 0 ? WHY_NONE : WHY_RATE_ZERO;
}

static enum why value_date(struct str f, struct declaration *d)
{
    char text[8];
    if (f.n == 10 && f.p[4] == '-' && f.p[7] == '-') {
        memcpy(text, f.p, 4);
        memcpy(text + 4, f.p + 5, 2);
        memcpy(text + 6, f.p + 8, 2);
        f = (struct str){text, 8};
    }
    return f.n == 8 && digits(f) && day_of(part(f, 0, 4), part(f, 4, 2), part(f, 6, 2), &d->on)
               ? WHY_NONE
               : WHY_DATE;
}

static enum why value_code(const struct scheme *s, struct str f, struct declaration *d)
{
    int at = scheme_code_find(s, f);
    d->code = (uint8_t)at;
    return f.n != 6 || !digits(f) ? WHY_CODE : at < 0 ? WHY_CODE_UNKNOWN : WHY_NONE;
}

static enum why value_country(const struct scheme *s, struct str f, struct declaration *d)
{
    for (int i = 0; i < s->codes->n_economies; i++)
        if (f.n == 3 && str_eq(f, s->codes->economy[i].alpha3)) {
            d->country = (uint8_t)i;
            return WHY_NONE;
        }
    return WHY_COUNTRY;
}

static enum why value_currency(const struct scheme *s, struct str f, struct declaration *d)
{
    int at = f.n == 3 ? scheme_currency_find(s, f) : -1;
    bool capitals = f.n == 3;
    for (size_t i = 0; i < f.n; i++)
        capitals = capitals && f.p[i] >= 'A' && f.p[i] <= 'Z';
    d->currency = (uint8_t)at;
    return !capitals ? WHY_CURRENCY : at < 0 ? WHY_CURRENCY_UNKNOWN : WHY_NONE;
}

static enum why value(const struct scheme *s, enum column c, const struct str *f,
                      struct declaration *d)
{
    struct str x = f[c], kind = f[COL_PARTY_KIND];
    bool kind_good = kind.n == 1 && memchr("CDF", kind.p[0], 3) != NULL;
    switch (c) {
    case COL_REPORT_NO: return value_report(x, d);
    case COL_PARTY_ID: return kind_good ? value_party(x, kind, d) : WHY_NONE;
    case COL_PARTY_KIND:
        d->party_kind = !kind_good         ? 0
                        : kind.p[0] == 'C' ? PARTY_UNIT
                        : kind.p[0] == 'D' ? PARTY_RESIDENT
                                           : PARTY_NONRESIDENT;
        return kind_good ? WHY_NONE : WHY_PARTY_KIND;
    case COL_REGION:
        d->place = x.n == 6 && digits(x) ? s->province[number(part(x, 0, 2))] : 0;
        return x.n != 6 || !digits(x) ? WHY_REGION : d->place == 0 ? WHY_PROVINCE : WHY_NONE;
    case COL_ZONE: return x.n == 0 ? WHY_NONE : value_zone(s, x, d);
    case COL_BANK:
        d->bank = x.n == 4 && digits(x) ? (uint16_t)number(x) : 0;
        return x.n == 4 && digits(x) ? WHY_NONE : WHY_BANK;
    case COL_FLOW:
        d->flow = str_eqz(x, "C") ? FLOW_CREDIT : FLOW_DEBIT;
        return str_eqz(x, "C") || str_eqz(x, "D") ? WHY_NONE : WHY_FLOW;
    case COL_CODE: return value_code(s, x, d);
    case COL_COUNTRY: return value_country(s, x, d);
    case COL_CURRENCY: return value_currency(s, x, d);
    case COL_AMOUNT:
        if (!digits(x) || x.n > 15)
            return WHY_AMOUNT;
        d->amount = number(x);
        return WHY_NONE;
    case COL_RATE: return x.n == 0 ? WHY_NONE : value_rate(x, d);
    case COL_DATE: return value_date(x, d);
    case COL_ADVANCE:
        d->advance = str_eqz(x, "A")   ? ADVANCE_PAID
                     : str_eqz(x, "R") ? ADVANCE_REFUND
                                       : ADVANCE_NONE;
        return x.n == 0 || str_eqz(x, "N") || str_eqz(x, "A") || str_eqz(x, "R") ? WHY_NONE
                                                                                 : WHY_ADVANCE;
    default: return WHY_NONE;
    }
}

/* --- records --------------------------------------------------------------------------------- */

struct attempt {
    const char *text;
    size_t n, from, end, next; /* end of the text, begin of what follows */
    int lines, n_fields;
    struct { size_t at; struct buf text; } field[LIMIT_CSV_FIELDS];
    size_t field_at; /* begin of the last field */
    enum why why;
    size_t at;
};

struct naive {
    const struct scheme *s;
    day_t today;
    const uint8_t *column;
    int n;
    char eol;
    struct buf *out;
};

static void out(struct naive *v, const struct attempt *a, int64_t line, enum column field,
                enum rule rule, uint32_t rules, const char *why, size_t at, bool whole)
{
    int column = 1;
    for (size_t i = a->from; i < at; i++)
        column += ((unsigned char)a->text[i] & 0xC0) != 0x80;
    size_t n = a->end - a->from;
    struct spoilt s = {.line = line, .column = whole ? 0 : column, .field = field, .rule = rule,
                       .rules = rules, .why_en = why,
                       .raw = {a->text + a->from,
                               n < LIMIT_DECLARATION_BYTES ? n : LIMIT_DECLARATION_BYTES}};
    naive_spoilt(v->out, &s);
}

static bool ends_here(const struct naive *v, const struct attempt *a, size_t i)
{
    return i == a->n || a->text[i] == v->eol ||
           (v->eol == '\n' && a->text[i] == '\r' && (i + 1 == a->n || a->text[i + 1] == '\n'));
}

static void close_record(const struct naive *v, struct attempt *a, size_t i)
{
    a->end = i;
    while (i < a->n && a->text[i] != v->eol)
        i++;
    a->next = i < a->n ? i + 1 : i;
}

static void open_field(struct attempt *a, size_t at)
{
    a->field_at = at;
    if (a->n_fields < LIMIT_CSV_FIELDS) {
        a->field[a->n_fields].at = at;
        buf_clear(&a->field[a->n_fields].text);
    }
    a->n_fields++;
}

static void add(struct attempt *a, char c)
{
    if (a->n_fields <= LIMIT_CSV_FIELDS)
        buf_char(&a->field[a->n_fields - 1].text, c);
}

/* What a walk that ended at `end` means, and how much of the file it takes. */
static void settle(const struct naive *v, struct attempt *a, size_t open, size_t control,
                   size_t end)
{
    bool several = a->lines > 1;
    if (a->why == WHY_OPEN_QUOTE || (several && (a->why != WHY_NONE || a->n_fields != v->n ||
                                                 end - a->from > LIMIT_DECLARATION_BYTES))) {
        a->why = WHY_OPEN_QUOTE;
        a->at = open;
        a->lines = 1;
    } else if (a->why == WHY_NONE && control != SIZE_MAX) {
        a->why = WHY_CONTROL;
        a->at = control;
    }
    if (a->lines == 1)
        for (end = a->from; !ends_here(v, a, end); end++)
            ;
    close_record(v, a, end);
}

/* A machine over bytes; control characters are looked for on the way. */
static void attempt(const struct naive *v, struct attempt *a)
{
    enum { BEGIN, PLAIN, QUOTED, CLOSED } state = BEGIN;
    size_t open = 0, control = SIZE_MAX, i = a->from;
    a->why = WHY_NONE;
    a->lines = 1;
    a->n_fields = 0;
    for (;; i++) {
        char c = i < a->n ? a->text[i] : '\0';
        if (state == BEGIN) {
            open_field(a, i);
            state = PLAIN;
            if (i < a->n && c == '"') {
                state = QUOTED;
                continue;
            }
        }
        if (state == QUOTED) {
            if (i == a->n || (c == v->eol && a->lines == INTAKE_LINES)) {
                a->why = WHY_OPEN_QUOTE;
                break;
            }
            if (c == v->eol) {
                if (a->lines++ == 1)
                    open = a->field_at;
            } else if (c == '"' && i + 1 < a->n && a->text[i + 1] == '"') {
                i++;
            } else if (c == '"') {
                state = CLOSED;
                continue;
            } else if ((unsigned char)c < 0x20 && c != '\t' && c != '\r' && c != '\n' &&
                       control == SIZE_MAX) {
                control = i;
            }
            add(a, c);
            continue;
        }
        if (ends_here(v, a, i))
            break;
        if (c == ',') {
            state = BEGIN;
        } else if (state == CLOSED || c == '"') {
            a->why = state == CLOSED ? WHY_BEHIND_QUOTE : WHY_STRAY_QUOTE;
            a->at = i;
            break;
        } else {
            if ((unsigned char)c < 0x20 && c != '\t' && control == SIZE_MAX)
                control = i;
            add(a, c);
        }
    }
    settle(v, a, a->lines == 1 ? a->field_at : open, control, i);
}

static size_t bad_utf8(struct str s)
{
    for (size_t i = 0, n; i < s.n; i += n) {
        for (n = 1; n <= 4 && (i + n > s.n || !str_utf8_valid(part(s, i, n))); n++)
            ;
        if (n > 4)
            return i;
    }
    return s.n;
}

static void read_values(struct naive *v, struct attempt *a, int64_t line)
{
    struct str f[COL_COUNT] = {{NULL, 0}};
    size_t at[COL_COUNT] = {0};
    struct declaration d = {.rules = 0};
    enum column first = COL_COUNT;
    enum why why = WHY_NONE;
    enum rule rule = RULE_FORM;
    for (int i = 0; i < COL_COUNT; i++)
        at[i] = a->from;
    for (int i = 0; i < v->n; i++) {
        f[v->column[i]] = buf_view(&a->field[i].text);
        at[v->column[i]] = a->field[i].at;
    }
    for (int i = 0; i < COL_COUNT; i++) {
        enum why y = value(v->s, (enum column)i, f, &d);
        enum rule r = y == WHY_CODE_UNKNOWN       ? RULE_R1
                      : y == WHY_CURRENCY_UNKNOWN ? RULE_R5
                      : y == WHY_REPORT_DAY       ? RULE_REPORT
                                                  : RULE_FORM;
        if (y == WHY_NONE)
            continue;
        d.rules |= UINT32_C(1) << r;
        if (why == WHY_NONE) {
            first = (enum column)i;
            why = f[i].n == 0 ? WHY_EMPTY : y;
            rule = r;
        }
    }
    if (why != WHY_NONE) {
        out(v, a, line, first, rule, d.rules, why_reason[why].en, at[first], false);
        return;
    }
    d.line = (struct str){a->text + a->from, a->end - a->from};
    d.contract = f[COL_CONTRACT];
    d.remark = f[COL_REMARK];
    declaration_check(v->s, v->today, &d);
    struct severities m = scheme_severities(v->s);
    uint32_t bad = d.rules & (m.reject | m.exclude);
    if (bad == 0) {
        naive_accepted(v->out, &d, line);
        return;
    }
    rule = (enum rule)__builtin_ctz(bad);
    const struct rule_reason *w = &rule_reason[rule];
    out(v, a, line, w->field, rule, d.rules, w->why.en, at[w->field], false);
}

static void one(struct naive *v, struct attempt *a, int64_t line)
{
    struct str raw = {a->text + a->from, a->end - a->from};
    uint32_t form = 1u << RULE_FORM;
    size_t bad = bad_utf8(raw);
    if (a->why != WHY_NONE)
        out(v, a, line, COL_COUNT, RULE_FORM, form, why_reason[a->why].en, a->at, false);
    else if (bad < raw.n)
        out(v, a, line, COL_COUNT, RULE_FORM, form, why_reason[WHY_UTF8].en, a->from + bad, false);
    else if (a->n_fields < v->n)
        out(v, a, line, COL_COUNT, RULE_FORM, form, why_reason[WHY_FEW].en, a->end, false);
    else if (a->n_fields > v->n)
        out(v, a, line, COL_COUNT, RULE_FORM, form, why_reason[WHY_MANY].en, a->field[v->n].at,
            false);
    else
        read_values(v, a, line);
}

void naive_intake(const struct scheme *s, day_t today, struct str file, const uint8_t *columns,
                  int n_columns, char eol, struct buf *result)
{
    struct naive v = {s, today, columns, n_columns, eol, result};
    struct attempt *a = calloc(1, sizeof *a);
    check(a != NULL);
    a->text = file.p;
    a->n = file.n;
    int64_t line = 1;
    for (a->next = 0; a->next < a->n; line += a->lines) {
        a->from = a->next;
        a->lines = 1;
        size_t i = a->from;
        while (!ends_here(&v, a, i))
            i++;
        close_record(&v, a, i);
        if (line == 1 || a->end == a->from)
            continue; /* the header, an empty line */
        if (a->end - a->from > LIMIT_DECLARATION_BYTES) {
            out(&v, a, line, COL_COUNT, RULE_FORM, 1u << RULE_FORM, why_reason[WHY_LONG].en, 0,
                true);
            continue;
        }
        attempt(&v, a);
        one(&v, a, line);
    }
    for (int i = 0; i < LIMIT_CSV_FIELDS; i++)
        buf_finish(&a->field[i].text);
    free(a);
}
