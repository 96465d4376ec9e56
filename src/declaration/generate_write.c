/* Records as lines of CSV, faults included, and the labels of what was planted. */
#include "declaration/generate_inside.h"

#include <stdlib.h>

enum { LINE_BYTES = 512, NUMBER_BYTES = 22 };

struct line { /* the fields of one record, faults not yet in */
    const struct drawn *d;
    const struct firm *f;
    char report[NUMBER_BYTES];
    day_t on, reported;
    struct str code, remark;
    const char *country;
    int flow;
    int64_t contract; /* its record's number */
};

static char *put(char *p, const char *text, size_t n)
{
    memcpy(p, text, n);
    return p + n;
}

static char *put_z(char *p, const char *text)
{
    return put(p, text, strlen(text));
}

static char *put_digits(char *p, uint64_t v, int n) /* exactly n, with zeros before */
{
    for (int i = n - 1; i >= 0; i--, v /= 10)
        p[i] = (char)('0' + v % 10);
    return p + n;
}

static char *put_number(char *p, int64_t v)
{
    char text[20];
    int n = 0;
    do {
        text[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    while (n > 0)
        *p++ = text[--n];
    return p;
}

static char *put_day(char *p, day_t d, bool long_year)
{
    int y, m, day;
    day_to_civil(d, &y, &m, &day);
    p = put_digits(p, (uint64_t)y, long_year ? 4 : 2);
    p = put_digits(p, (uint64_t)m, 2);
    return put_digits(p, (uint64_t)day, 2);
}

/* Days from payment to declaration. The first are in time; the others end in a later month. */
static const uint8_t lag_days[LAGS] = {0, 1, 2, 3, 33, 41, 49, 57, 69, 88};

/* Two records with the same day of declaration differ in their lag, or have the same day of
 * payment and differ in their number within that day: so no report number comes twice. */
static void report_number(const struct line *l, int64_t in_day, int bank, char out[NUMBER_BYTES])
{
    char *p = put(out, l->f->digits, 2);
    p = put(p, "0000", 4);
    p = put_digits(p, (uint64_t)bank, 4);
    char serial[6], day[6];
    put_digits(serial, (uint64_t)l->d->lag * LAG_ROWS + (uint64_t)(in_day % LAG_ROWS), 6);
    put_day(day, l->reported, false);
    p = put(p, serial, 2);
    p = put(p, day, 6);
    put(p, serial + 2, 4);
}

/* The bank's rate to CNY, near the month's, 6 decimals. */
static char *put_rate(const struct model *y, char *p, int month, const struct drawn *d)
{
    if (d->tender == 1)
        return p;
    const int64_t *row = &y->rates->usd_e10[(size_t)month * SCHEME_CURRENCIES];
    __int128 e6 = (__int128)row[y->c.tender[d->tender].currency] * 1000000 /
                  row[y->c.tender[1].currency];
    int64_t near = 9980000 + (int64_t)((uint64_t)d->weight * 2654435761u >> 16) % 40000;
    int64_t v = (int64_t)(e6 * near / 10000000);
    p = put_number(p, v / 1000000);
    *p++ = '.';
    return put_digits(p, (uint64_t)(v % 1000000), 6);
}

static char *put_party(const struct line *l, char *p)
{
    char *id = p;
    p = put(p, l->f->id, l->f->id_bytes);
    if (l->d->plant == PLANT_CHECK_DIGIT) /* another last character than the valid one */
        id[17] = id[17] == '7' ? '8' : '7';
    *p++ = ',';
    *p++ = "CDF"[l->f->kind];
    *p++ = ',';
    p = put(p, l->f->digits, 2);
    return put(p, "0000,", 5);
}

static char *put_zone(const struct model *y, const struct line *l, char *p)
{
    const struct place *z = &y->o->scheme->codes->place[l->f->zone];
    if (l->f->zone != 0 && l->on >= z->from)
        p = put(p, z->code.p, z->code.n);
    *p++ = ',';
    return p;
}

static char *put_money(const struct model *y, const struct line *l, int month, char *p)
{
    const struct drawn *d = l->d;
    if (d->plant == PLANT_CURRENCY)
        p = put_z(p, "ZZZ");
    else
        p = put(p, y->o->scheme->currency[y->c.tender[d->tender].currency].code, 3);
    *p++ = ',';
    p = put_number(p, d->plant == PLANT_ZERO_AMOUNT ? 0
                      : d->plant == PLANT_UNIT      ? d->amount * 1000
                                                    : d->amount);
    *p++ = ',';
    p = put_rate(y, p, month, d);
    *p++ = ',';
    return p;
}

/* A day that the month does not have. */
static char *put_on(const struct line *l, char *p, int days)
{
    p = put_day(p, l->on, true);
    if (l->d->plant == PLANT_BAD_DAY)
        put_digits(p - 2, (uint64_t)days + 1, 2);
    *p++ = ',';
    return p;
}

/* Every contract begins with SYN: what this file holds is made up. */
static char *put_end(const struct model *y, const struct line *l, char *p)
{
    const struct drawn *d = l->d;
    bool paid = (uint64_t)d->weight * 2654435761u % PPM < (uint64_t)y->c.advance_ppm;
    *p++ = d->plant == PLANT_REFUND ? 'R' : paid ? 'A' : 'N';
    if (d->plant == PLANT_SHORT_ROW) { /* the last two fields are not there */
        *p++ = '\n';
        return p;
    }
    *p++ = ',';
    if (d->plant == PLANT_OPEN_QUOTE)
        *p++ = '"';
    p = put(p, "SYN-", 4);
    p = put_number(p, l->contract);
    *p++ = ',';
    p = put(p, l->remark.p, l->remark.n);
    *p++ = '\n';
    return p;
}

/* R6 can see a wrong code when the remark speaks, and not for the wrong code. */
static bool remark_tells(const struct model *y, const struct line *l, int code)
{
    const struct scheme *s = y->o->scheme;
    bool speaks = false, fits = false;
    for (int i = 0; i < s->n_word; i++) {
        if (str_find(l->remark, s->word[i].text, NULL)) {
            speaks = true;
            fits |= bit_get(s->word[i].codes, (size_t)code);
        }
    }
    return speaks && !fits;
}

static enum rule miscode(const struct model *y, struct line *l)
{
    const struct drawn *d = l->d;
    int flow = d->cell / CONTROL_ITEMS, item = d->cell % CONTROL_ITEMS;
    int cell = flow * CONTROL_ITEMS + (item + 1 + d->mark % (CONTROL_ITEMS - 1)) % CONTROL_ITEMS;
    int code = y->c.code[cell][d->mark % y->c.n_code[cell]], word = y->word[d->code];
    l->code = y->o->scheme->code[code].code;
    if (word >= 0 && (d->mark & 1) != 0)
        l->remark = y->o->scheme->word[word].text;
    return remark_tells(y, l, code) ? RULE_R6 : RULE_COUNT;
}

/* Puts the fault into the fields it is of; the others are put in as they are written. Gives the
 * rule that should find it, RULE_COUNT: none can. */
static enum rule spoil(const struct model *y, struct line *l)
{
    const struct drawn *d = l->d;
    int n = y->c.n_partners;
    static const enum rule found_by[PLANT_COUNT] = {
        [PLANT_NONE] = RULE_COUNT, [PLANT_PARTNER] = RULE_COUNT, [PLANT_DUPLICATE] = RULE_R7,
        [PLANT_TWICE] = RULE_TWICE, [PLANT_UNIT] = RULE_R8, [PLANT_LATE] = RULE_R15,
        [PLANT_CHECK_DIGIT] = RULE_IDENTITY, [PLANT_UNKNOWN_CODE] = RULE_R1,
        [PLANT_DIRECTION] = RULE_R2, [PLANT_HOME_COUNTRY] = RULE_R3, [PLANT_ZERO_AMOUNT] = RULE_R4,
        [PLANT_CURRENCY] = RULE_R5, [PLANT_BAD_DAY] = RULE_FORM, [PLANT_BANK] = RULE_REPORT,
        [PLANT_NETTING] = RULE_R10, [PLANT_REFUND] = RULE_COUNT, [PLANT_SHORT_ROW] = RULE_FORM,
        [PLANT_OPEN_QUOTE] = RULE_FORM, [PLANT_LISTED] = RULE_COUNT};
    switch (d->plant) {
    case PLANT_MISCODED:
        return miscode(y, l);
    case PLANT_PARTNER:
        l->country = y->c.partner[(d->partner + 1 + d->mark % (n - 1)) % n].alpha3;
        break;
    case PLANT_UNKNOWN_CODE:
        l->code = (struct str){y->unknown_code, 6};
        l->remark = STR("");
        break;
    case PLANT_DIRECTION:
        l->code = y->o->scheme->code[y->c.wrong[l->flow][d->mark % y->c.n_wrong[l->flow]]].code;
        l->remark = STR("");
        break;
    case PLANT_HOME_COUNTRY:
        l->country = "CHN";
        break;
    case PLANT_NETTING:
        l->code = (d->mark & 1) != 0 ? STR("999998") : STR("999999");
        l->remark = STR("");
        break;
    default:
        break;
    }
    return found_by[d->plant];
}

static void label(struct written *w, const struct line *l, enum rule rule)
{
    if (w->n_labels == w->cap_labels) {
        w->cap_labels = w->cap_labels ? 2 * w->cap_labels : 4096;
        w->label = realloc(w->label, w->cap_labels * sizeof *w->label);
        check(w->label != NULL);
    }
    struct label *x = &w->label[w->n_labels++];
    *x = (struct label){.line = w->lines, .plant = l->d->plant, .rule = (uint8_t)rule};
    memcpy(x->report_no, l->report, NUMBER_BYTES);
}

static char *put_line(const struct model *y, const struct line *l, const struct month_plan *m,
                      int month, int bank, char *p)
{
    p = put(p, l->report, NUMBER_BYTES);
    *p++ = ',';
    p = put_party(l, p);
    p = put_zone(y, l, p);
    p = put_digits(p, (uint64_t)bank + (l->d->plant == PLANT_BANK), 4);
    *p++ = ',';
    *p++ = "CD"[l->flow];
    *p++ = ',';
    p = put(p, l->code.p, l->code.n);
    *p++ = ',';
    p = put(p, l->country, 3);
    *p++ = ',';
    p = put_money(y, l, month, p);
    p = put_on(l, p, m->days);
    return put_end(y, l, p);
}

/* Some remarks say what was paid for, some that all is made up, most say nothing. */
static struct str remark_of(const struct model *y, const struct drawn *d)
{
    uint32_t r = (d->weight * UINT32_C(2246822519)) >> 28;
    if (r < 3)
        return STR("样例");
    return r < 5 && y->word[d->code] >= 0 ? y->o->scheme->word[y->word[d->code]].text
                                          : (struct str){"", 0};
}

void block_write(const struct model *y, struct block b, const struct drawn *d,
                 struct written *out)
{
    const struct month_plan *m = &y->month[b.month];
    int month = y->k.from + b.month;
    buf_clear(&out->text);
    out->lines = 0;
    out->n_labels = 0;
    for (int i = 0; i < b.n; i++) {
        const struct drawn *r = &d[i];
        /* A copy is declared like the record it repeats; the same number twice is the same. */
        int64_t of = r->pair != UINT32_MAX ? (int64_t)r->pair : i;
        int64_t at = r->plant == PLANT_TWICE ? of : i;
        int64_t in_day = b.first + at - m->day_first[r->day];
        struct line l = {.d = r, .f = &y->firms.firm[r->firm],
                         .on = m->day + r->day, .flow = r->cell / CONTROL_ITEMS,
                         .code = y->o->scheme->code[r->code].code, .remark = remark_of(y, r),
                         .country = y->c.partner[r->partner].alpha3};
        l.reported = l.on + lag_days[r->lag];
        if (y->o->reported_to != 0 && l.reported > y->o->reported_to)
            continue;
        l.flow ^= r->plant == PLANT_REFUND;
        l.contract = m->first + b.first + of;
        int bank = l.f->bank + (int)(in_day / LAG_ROWS);
        report_number(&l, in_day, bank, l.report);
        enum rule rule = spoil(y, &l);
        if (r->plant != PLANT_NONE)
            label(out, &l, rule);
        out->lines++;
        buf_reserve(&out->text, LINE_BYTES);
        char *p = out->text.p + out->text.n;
        out->text.n += (size_t)(put_line(y, &l, m, month, bank, p) - p);
    }
}

void truth_write(const struct model *y, const struct written *w, int64_t line_first,
                 struct buf *out)
{
    for (size_t i = 0; i < w->n_labels; i++) {
        const struct label *x = &w->label[i];
        struct str rule = x->rule == RULE_COUNT ? STR("") : y->o->scheme->rule[x->rule].id;
        buf_int(out, line_first + x->line);
        buf_char(out, ',');
        buf_put(out, x->report_no, NUMBER_BYTES);
        buf_char(out, ',');
        buf_z(out, plant_name[x->plant]);
        buf_char(out, ',');
        buf_str(out, rule);
        buf_z(out, ",made up\n");
    }
}
