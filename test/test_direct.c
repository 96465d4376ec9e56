/* Direct reports of enterprises against a plain reading of docs/direct.md: which of several lines
 * of a cell counts, the same whatever the order and the files; every bad value named with its field
 * and its column; beside a cube made by hand. FUMAO_SEED (default 1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "declaration/direct.h"
#include "scratch.h"

enum { WORLDS = 60, LINES = 240, FIRMS = 5, FILES = 4, MONTHS = 4, CONTRIBUTIONS = 160,
       EVERY_RULE = (1 << DIRECT_RULES) - 1 };

static uint64_t seed = 1;
static struct rng rng;
static struct arena program;
static struct classification *codes;
static struct scheme *scheme;
static struct direct_scheme *direct_scheme;
static char folder[SCRATCH_PATH];
static char firm[FIRMS][PARTY_ID_BYTES + 1];
static day_t today;

static int below(int n)
{
    return (int)rng_below(&rng, (uint32_t)n);
}

static void make_firms(void)
{
    for (int i = 0; i < FIRMS; i++) {
        snprintf(firm[i], sizeof firm[i], "91%06dMA%07d", 310000 + i, 7654321 * (i + 1) % 9999999);
        firm[i][17] = unified_code_check(firm[i]);
        check(unified_code_valid(firm[i]));
    }
}

/* --- files ----------------------------------------------------------------------------------- */

static char file_path[FILES][SCRATCH_PATH + 16];

static void write_file(int number, struct str s)
{
    snprintf(file_path[number], sizeof file_path[number], "%s/%d", folder, number);
    FILE *f = fopen(file_path[number], "w");
    check(f != NULL && fwrite(s.p, 1, s.n, f) == s.n && fclose(f) == 0);
}

struct seen { /* what stays out */
    int n;
    struct { int file; int64_t line; int column; enum direct_column field; enum direct_rule rule;
             char raw[200]; } at[2 * LINES];
};

static enum err take_spoilt(void *ctx, const struct direct_spoilt *x, struct error *e)
{
    struct seen *s = ctx;
    (void)e;
    check(s->n < 2 * LINES && x->why_zh[0] != '\0' && x->why_en[0] != '\0');
    s->at[s->n].file = x->file[strlen(x->file) - 1] - '0';
    s->at[s->n].line = x->line;
    s->at[s->n].column = x->column;
    s->at[s->n].field = x->field;
    s->at[s->n].rule = x->rule;
    snprintf(s->at[s->n].raw, sizeof s->at[s->n].raw, "%.*s", STR_ARG(x->raw));
    s->n++;
    return OK;
}

static enum err run(int n_files, struct direct *out, struct seen *seen, struct error *e)
{
    const char *path[FILES];
    for (int i = 0; i < n_files; i++)
        path[i] = file_path[i];
    struct direct_options o = {.scheme = direct_scheme, .path = path, .n_paths = n_files,
                               .today = today, .spoilt = take_spoilt, .spoilt_ctx = seen};
    memset(out, 0, sizeof *out);
    if (seen != NULL)
        seen->n = 0;
    else
        o.spoilt = NULL;
    return direct_read(&o, out, e);
}

/* --- every bad value ------------------------------------------------------------------------- */

static const char *const good[DIRECT_COLUMNS] = {firm[0], "JB4", "202403", "C", "SJ21", "1", "USA",
                                                 "USD", "1234500", "2024-04-08", "服务 fee"};
struct bad {
    enum direct_column field;
    const char *value;
    enum direct_rule rule;
};
static const struct bad bad[] = {
    {DIRECT_PARTY, "", DIRECT_FORM},
    {DIRECT_PARTY, "9131000", DIRECT_FORM},
    {DIRECT_PARTY, "91310000ma00000000", DIRECT_FORM},
    {DIRECT_PARTY, "91310000-A00000000", DIRECT_FORM},
    {DIRECT_PARTY, "913100001234567890X", DIRECT_FORM},
    {DIRECT_SHEET, "", DIRECT_FORM},
    {DIRECT_SHEET, "JB1", DIRECT_FORM},
    {DIRECT_SHEET, "JB9", DIRECT_FORM},
    {DIRECT_SHEET, "jb4", DIRECT_FORM},
    {DIRECT_SHEET, "JB44", DIRECT_FORM},
    {DIRECT_PERIOD, "", DIRECT_FORM},
    {DIRECT_PERIOD, "202413", DIRECT_FORM},
    {DIRECT_PERIOD, "202400", DIRECT_FORM},
    {DIRECT_PERIOD, "2024-13", DIRECT_FORM},
    {DIRECT_PERIOD, "2024/03", DIRECT_FORM},
    {DIRECT_PERIOD, "20243", DIRECT_FORM},
    {DIRECT_PERIOD, "20240301", DIRECT_FORM},
    {DIRECT_PERIOD, "2024-3", DIRECT_FORM},
    {DIRECT_FLOW, "", DIRECT_FORM},
    {DIRECT_FLOW, "c", DIRECT_FORM},
    {DIRECT_FLOW, "X", DIRECT_FORM},
    {DIRECT_FLOW, "CC", DIRECT_FORM},
    {DIRECT_ITEM, "", DIRECT_FORM},
    {DIRECT_ITEM, "SM", DIRECT_FORM},
    {DIRECT_ITEM, "SJ99", DIRECT_FORM},
    {DIRECT_ITEM, "sj21", DIRECT_FORM},
    {DIRECT_ITEM, "S", DIRECT_FORM},  /* of no main item */
    {DIRECT_ITEM, "SF11Y", DIRECT_FORM}, /* gross premiums */
    {DIRECT_ITEM, "SN", DIRECT_FORM}, /* what is not allocated: nobody's own item */
    {DIRECT_MODE, "", DIRECT_FORM},
    {DIRECT_MODE, "0", DIRECT_FORM},
    {DIRECT_MODE, "5", DIRECT_FORM},
    {DIRECT_MODE, "01", DIRECT_FORM},
    {DIRECT_MODE, "-1", DIRECT_FORM},
    {DIRECT_COUNTRY, "XQX", DIRECT_FORM},
    {DIRECT_COUNTRY, "US", DIRECT_FORM},
    {DIRECT_COUNTRY, "usa", DIRECT_FORM},
    {DIRECT_CURRENCY, "", DIRECT_FORM},
    {DIRECT_CURRENCY, "QQQ", DIRECT_FORM},
    {DIRECT_CURRENCY, "usd", DIRECT_FORM},
    {DIRECT_CURRENCY, "US", DIRECT_FORM},
    {DIRECT_AMOUNT, "", DIRECT_FORM},
    {DIRECT_AMOUNT, "-1", DIRECT_FORM},
    {DIRECT_AMOUNT, "+1", DIRECT_FORM},
    {DIRECT_AMOUNT, "1.5", DIRECT_FORM},
    {DIRECT_AMOUNT, "1e3", DIRECT_FORM},
    {DIRECT_AMOUNT, "1 000", DIRECT_FORM},
    {DIRECT_AMOUNT, "1000000000000000", DIRECT_FORM},
    {DIRECT_FILED, "", DIRECT_FORM},
    {DIRECT_FILED, "2024-02-30", DIRECT_FORM},
    {DIRECT_FILED, "20240431", DIRECT_FORM},
    {DIRECT_FILED, "2024-4-8", DIRECT_FORM},
    {DIRECT_FILED, "2024-04", DIRECT_FORM},
    {DIRECT_PARTY, "91310000MA00000000", DIRECT_IDENTITY},
    {DIRECT_PARTY, "91310000MI00000000", DIRECT_IDENTITY}, /* no letter of the alphabet */
    {DIRECT_COUNTRY, "CHN", DIRECT_HOME},
    {DIRECT_FILED, "2024-03-31", DIRECT_WHEN}, /* the last day is not over */
    {DIRECT_FILED, "20240101", DIRECT_WHEN},
    {DIRECT_FILED, "20240702", DIRECT_WHEN}, /* today is the first of July */
};
enum { BADS = sizeof bad / sizeof bad[0] };

/* Columns in another order each time; fields in quotes or not. The column of each field, in
 * characters of the record, is the place of its first byte, quote included. */
static void put_record(struct buf *out, const char *const value[DIRECT_COLUMNS], const int *order,
                       bool json, int quotes, int column[DIRECT_COLUMNS])
{
    int at = 1 + json;
    buf_z(out, json ? "{" : "");
    for (int i = 0; i < DIRECT_COLUMNS; i++) {
        int c = order[i];
        const char *v = value[c];
        bool quoted = json || quotes >> i & 1;
        if (i > 0) {
            buf_char(out, ',');
            at++;
        }
        if (json) {
            buf_printf(out, "\"%s\":", direct_column_name[c]);
            at += (int)strlen(direct_column_name[c]) + 3;
        }
        column[c] = at;
        buf_printf(out, quoted ? "\"%s\"" : "%s", v);
        for (at += 2 * quoted; *v != '\0'; v++)
            at += (*v & 0xC0) != 0x80;
    }
    buf_z(out, json ? "}\n" : "\n");
}

static void random_order(int order[DIRECT_COLUMNS])
{
    for (int i = 0; i < DIRECT_COLUMNS; i++) {
        int j = below(i + 1);
        order[i] = order[j];
        order[j] = i;
    }
}

static void bad_values(bool json, bool other_order, int quotes)
{
    struct buf text = {0};
    struct seen seen;
    struct direct d;
    int order[DIRECT_COLUMNS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
        column[BADS][DIRECT_COLUMNS], line = json ? 0 : 1;
    if (other_order)
        random_order(order);
    for (int i = 0; i < DIRECT_COLUMNS && !json; i++)
        buf_printf(&text, "%s%s", i ? "," : "", direct_column_name[order[i]]);
    buf_z(&text, json ? "" : "\n");
    for (int i = 0; i < BADS; i++) {
        const char *value[DIRECT_COLUMNS];
        memcpy(value, good, sizeof value);
        value[bad[i].field] = bad[i].value;
        put_record(&text, value, order, json, quotes, column[i]);
    }
    int ignored[DIRECT_COLUMNS];
    put_record(&text, good, order, json, quotes, ignored);
    write_file(0, buf_view(&text));
    assert_int_equal(run(1, &d, &seen, NULL), OK);
    for (size_t i = 0; i < d.n; i++) {
        int n = (int)d.line[i].line - line - 1;
        if (n < BADS)
            fail_msg("%s \"%s\" is accepted", direct_column_name[bad[n].field], bad[n].value);
    }
    assert_int_equal(d.read, BADS + 1);
    assert_int_equal(d.rejected, BADS);
    assert_int_equal(d.accepted, 1);
    assert_int_equal(d.line[0].line, line + BADS + 1);
    assert_int_equal(seen.n, BADS);
    for (int i = 0; i < BADS; i++) {
        if (seen.at[i].rule != bad[i].rule || seen.at[i].field != bad[i].field ||
            seen.at[i].column != column[i][bad[i].field] || seen.at[i].line != line + i + 1)
            fail_msg("%s \"%s\": rule %d, field %d, line %d, column %d, not %d",
                     direct_column_name[bad[i].field], bad[i].value, seen.at[i].rule,
                     seen.at[i].field, (int)seen.at[i].line, seen.at[i].column,
                     column[i][bad[i].field]);
        if (other_order || quotes || json)
            continue;
        assert_non_null(strstr(seen.at[i].raw, "服务 fee"));
    }
    direct_finish(&d);
    buf_finish(&text);
}

static void test_bad_values(void **state)
{
    (void)state;
    bad_values(false, false, 0);
    bad_values(true, false, 0);
    for (int i = 0; i < 20; i++) {
        bad_values(false, true, below(1 << DIRECT_COLUMNS));
        bad_values(true, true, 0);
    }
}

/* What is on the edge and good. */
static void test_good_values(void **state)
{
    (void)state;
    static const struct bad edge[] = {
        {DIRECT_AMOUNT, "0", 0},           {DIRECT_AMOUNT, "999999999999999", 0},
        {DIRECT_AMOUNT, "000000000000001", 0}, {DIRECT_COUNTRY, "", 0},
        {DIRECT_COUNTRY, "HKG", 0},        {DIRECT_COUNTRY, "TWN", 0},
        {DIRECT_PERIOD, "2024-03", 0},     {DIRECT_FILED, "20240401", 0},
        {DIRECT_FILED, "2024-07-01", 0},   {DIRECT_ITEM, "SJ", 0},
        {DIRECT_ITEM, "SC3B1", 0},         {DIRECT_REMARK, "", 0},
        {DIRECT_SHEET, "JB2", 0},          {DIRECT_SHEET, "JB8", 0},
    };
    enum { EDGES = sizeof edge / sizeof edge[0] };
    for (int i = 0; i < EDGES; i++) {
        struct buf text = {0};
        struct seen seen;
        struct direct d;
        const char *value[DIRECT_COLUMNS];
        int order[DIRECT_COLUMNS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, column[DIRECT_COLUMNS];
        memcpy(value, good, sizeof value);
        value[edge[i].field] = edge[i].value;
        put_record(&text, value, order, true, 0, column);
        write_file(0, buf_view(&text));
        assert_int_equal(run(1, &d, &seen, NULL), OK);
        if (d.accepted != 1)
            fail_msg("%s \"%s\"", direct_column_name[edge[i].field], edge[i].value);
        bool late = edge[i].field == DIRECT_FILED && strcmp(edge[i].value, "2024-07-01") == 0;
        assert_int_equal(d.rule[DIRECT_LATE], late);
        direct_finish(&d);
        buf_finish(&text);
    }
}

/* The tenth is in time, the eleventh is late; over the end of a year too. */
static void test_late(void **state)
{
    (void)state;
    static const struct { const char *period, *filed; int late; } day[] = {
        {"202403", "2024-04-10", 0}, {"202403", "2024-04-11", 1}, {"202312", "2024-01-10", 0},
        {"202312", "2024-01-11", 1}, {"202402", "2024-03-10", 0}, {"202402", "2024-03-11", 1}};
    for (size_t i = 0; i < sizeof day / sizeof day[0]; i++) {
        struct buf text = {0};
        struct direct d;
        const char *value[DIRECT_COLUMNS];
        int order[DIRECT_COLUMNS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, column[DIRECT_COLUMNS];
        memcpy(value, good, sizeof value);
        value[DIRECT_PERIOD] = day[i].period;
        value[DIRECT_FILED] = day[i].filed;
        put_record(&text, value, order, true, 0, column);
        write_file(0, buf_view(&text));
        assert_int_equal(run(1, &d, NULL, NULL), OK);
        assert_int_equal(d.accepted, 1);
        assert_int_equal(d.rule[DIRECT_LATE], day[i].late);
        assert_int_equal(d.line[0].rules >> DIRECT_LATE & 1, day[i].late);
        direct_finish(&d);
        buf_finish(&text);
    }
}

/* --- random lines ------------------------------------------------------------------------------ */

struct plain { /* a line, by places in short lists */
    int firm, form, month, flow, item, mode, country, currency, filed, bad, id;
    int64_t amount;
    int file, line; /* where it is now */
};
static const char *const form_code[] = {"JB3", "JB4"};
static const char *const item_code[] = {"SJ21", "SC12", "SC", "SE1", "SC3B1"};
static const char *const country_code[] = {"", "USA", "HKG"};
static const char *const currency_code[] = {"USD", "JPY", "KWD"};
static struct plain lines[LINES];
static int n_lines, n_files;
static bool few; /* cells, so that many lines are of the same */

static struct plain random_line(void)
{
    int wide = few ? 1 : 2;
    return (struct plain){.firm = below(FIRMS), .form = below(wide), .month = below(MONTHS),
                          .flow = below(2), .item = below(few ? 2 : 5),
                          .mode = below(few ? 1 : 4) + 1, .country = below(few ? 1 : 3),
                          .currency = below(few ? 1 : 3), .filed = below(few ? 3 : 12),
                          .bad = below(12) == 0 ? 1 + below(3) : 0,
                          .amount = below(3) * (int64_t)1234567};
}

static void make_lines(void)
{
    n_lines = 1 + below(LINES);
    for (int i = 0; i < n_lines; i++) {
        lines[i] = random_line();
        lines[i].id = i;
    }
}

static int month_number(const struct plain *x)
{
    /* Of no rate in the shipped table: January 2014. */
    return (x->month == 0 ? 14 * 12 : 24 * 12 + x->month);
}

static day_t filed_day(const struct plain *x)
{
    int m = month_number(x) + 1;
    return day_from_civil(2000 + m / 12, m % 12 + 1, 5) + x->filed;
}

static void put_line(struct buf *out, const struct plain *x)
{
    int m = month_number(x), year, month, day;
    char id[PARTY_ID_BYTES + 1];
    memcpy(id, firm[x->firm], sizeof id);
    if (x->bad == 1)
        id[17] = id[17] == '0' ? '1' : '0';
    day_to_civil(filed_day(x), &year, &month, &day);
    buf_printf(out, "%s,%s,%04d-%02d,%c,%s,%d,%s,%s,%lld,%04d%02d%02d,r%d\n", id,
               form_code[x->form], 2000 + m / 12, m % 12 + 1, "CD"[x->flow], item_code[x->item],
               x->mode, x->bad == 2 ? "CHN" : country_code[x->country],
               x->bad == 3 ? "QQQ" : currency_code[x->currency], (long long)x->amount, year, month,
               day, x->id);
}

/* The lines as they stand, cut into files anywhere. */
static void write_lines(int files)
{
    struct buf text = {0};
    n_files = files;
    for (int f = 0, i = 0; f < files; f++) {
        int to = f == files - 1 ? n_lines : i + below(n_lines - i + 1);
        buf_clear(&text);
        for (int c = 0; c < DIRECT_COLUMNS; c++)
            buf_printf(&text, "%s%s", c ? "," : "", direct_column_name[c]);
        buf_z(&text, "\n");
        for (int n = 2; i < to; i++, n++) {
            lines[i].file = f;
            lines[i].line = n;
            put_line(&text, &lines[i]);
        }
        write_file(f, buf_view(&text));
    }
    buf_finish(&text);
}

static void shuffle(void)
{
    for (int i = n_lines - 1; i > 0; i--) {
        int j = below(i + 1);
        struct plain x = lines[i];
        lines[i] = lines[j];
        lines[j] = x;
    }
}

/* --- the plain reading --------------------------------------------------------------------------- */

static bool same_cell(const struct plain *a, const struct plain *b)
{
    return a->firm == b->firm && a->form == b->form && a->month == b->month &&
           a->flow == b->flow && a->item == b->item && a->mode == b->mode &&
           a->country == b->country && a->currency == b->currency;
}

static int64_t cents_of(const struct plain *x)
{
    int64_t cents;
    int currency = scheme_currency_find(scheme, str_from(currency_code[x->currency]));
    if (x->amount == 0)
        return 0;
    return rates_cents(scheme->rates, scheme, currency, month_number(x), x->amount, &cents) ? cents
                                                                                           : -1;
}

/* DIRECT_RULES: it counts. */
static enum direct_rule naive_rule(int i)
{
    static const enum direct_rule own[] = {DIRECT_RULES, DIRECT_IDENTITY, DIRECT_HOME,
                                           DIRECT_FORM};
    const struct plain *x = &lines[i];
    bool replaced = false, twice = false;
    if (x->bad != 0)
        return own[x->bad];
    for (int j = 0; j < n_lines; j++) {
        const struct plain *y = &lines[j];
        if (j == i || y->bad != 0 || !same_cell(x, y))
            continue;
        replaced |= y->filed > x->filed;
        twice |= y->filed == x->filed && y->amount != x->amount;
        replaced |= y->filed == x->filed && y->amount == x->amount &&
                    (y->file < x->file || (y->file == x->file && y->line < x->line));
    }
    for (int j = 0; j < n_lines; j++) /* later ones decide */
        if (lines[j].bad == 0 && same_cell(x, &lines[j]) && lines[j].filed > x->filed)
            return DIRECT_REPLACED;
    if (twice)
        return DIRECT_TWICE;
    if (replaced)
        return DIRECT_REPLACED;
    return cents_of(x) < 0 ? DIRECT_UNRATED : DIRECT_RULES;
}

static bool usual(const struct plain *x)
{
    static const int by_item[][2] = {{1, 4}, {1, 1}, {1, 1}, {3, 4}, {1, 1}}; /* modes.csv */
    return x->mode == by_item[x->item][0] || x->mode == by_item[x->item][1];
}

static bool is_line(const struct direct *d, const struct direct_line *l, const struct plain *x)
{
    return memcmp(d->parties.id[l->party], firm[x->firm], PARTY_ID_BYTES) == 0 &&
           str_eqz(direct_scheme->form[l->form].code, form_code[x->form]) &&
           l->flow == x->flow && l->mode == x->mode && l->month == month_number(x) &&
           str_eqz(codes->ebops.code[l->item].code, item_code[x->item]) &&
           (l->country < 0 ? x->country == 0
                           : str_eqz(codes->economy[l->country].alpha3, country_code[x->country])) &&
           memcmp(scheme->currency[l->currency].code, currency_code[x->currency], 3) == 0 &&
           l->filed == filed_day(x) && l->amount == x->amount && l->cents == cents_of(x);
}

static const struct direct_line *line_at(const struct direct *d, int file, int line)
{
    for (size_t i = 0; i < d->n; i++)
        if ((int)d->line[i].file == file && (int)d->line[i].line == line)
            return &d->line[i];
    return NULL;
}

static bool spoilt_at(const struct seen *s, const struct plain *x, enum direct_rule rule)
{
    int n = 0;
    bool found = false;
    for (int i = 0; i < s->n; i++) {
        if (s->at[i].file == x->file && s->at[i].line == x->line) {
            found |= s->at[i].rule == rule;
            n++;
        }
    }
    return found && n == 1;
}

static int rule_at(const struct seen *s, const struct plain *x)
{
    int rule = DIRECT_RULES;
    for (int i = 0; i < s->n; i++)
        if (s->at[i].file == x->file && s->at[i].line == x->line)
            rule = (int)s->at[i].rule;
    return rule;
}

static void check_lines(const struct direct *d, const struct seen *seen)
{
    int64_t rule[DIRECT_RULES] = {0}, accepted = 0;
    int from = INT16_MAX, to = -1;
    for (int i = 0; i < n_lines; i++) {
        enum direct_rule want = naive_rule(i);
        const struct plain *x = &lines[i];
        const struct direct_line *l = line_at(d, x->file, x->line);
        if (want < DIRECT_RULES) {
            rule[want]++;
            if (l != NULL || !spoilt_at(seen, x, want))
                fail_msg("file %d, line %d: not rule %d, but %s %d", x->file, x->line, want,
                     l != NULL ? "counts" : "another", rule_at(seen, x));
            continue;
        }
        if (l == NULL || !is_line(d, l, x))
            fail_msg("file %d, line %d does not count", x->file, x->line);
        accepted++;
        from = month_number(x) < from ? month_number(x) : from;
        to = month_number(x) > to ? month_number(x) : to;
        bool late = x->filed > 5;
        rule[DIRECT_LATE] += late;
        rule[DIRECT_USUAL] += !usual(x);
        assert_int_equal(l->rules, late << DIRECT_LATE | !usual(x) << DIRECT_USUAL);
    }
    assert_int_equal(d->read, n_lines);
    assert_int_equal(d->accepted, accepted);
    assert_int_equal(d->n, accepted);
    assert_int_equal(d->rejected, rule[DIRECT_FORM] + rule[DIRECT_IDENTITY] + rule[DIRECT_HOME] +
                                      rule[DIRECT_TWICE]);
    assert_int_equal(d->excluded, rule[DIRECT_REPLACED] + rule[DIRECT_UNRATED]);
    assert_int_equal(seen->n, d->rejected + d->excluded);
    for (int i = 0; i < DIRECT_RULES; i++)
        assert_int_equal(d->rule[i], rule[i]);
    assert_int_equal(d->months, accepted ? to - from + 1 : 0);
    if (accepted)
        assert_int_equal(d->from, from);
}

static int by_cell(const struct direct_line *a, const struct direct_line *b)
{
    const int64_t x[] = {a->party, a->month, a->flow, a->item, a->mode, a->form, a->country,
                         a->currency},
                  y[] = {b->party, b->month, b->flow, b->item, b->mode, b->form, b->country,
                         b->currency};
    for (int i = 0; i < 8; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

static void check_order(const struct direct *d)
{
    for (size_t i = 0; i < d->n; i++) {
        assert_true(i == 0 || by_cell(&d->line[i - 1], &d->line[i]) < 0);
        assert_true(d->line[i].party < d->parties.n && d->parties.n <= FIRMS);
    }
    for (uint32_t i = 1; i < d->parties.n; i++)
        assert_true(memcmp(d->parties.id[i - 1], d->parties.id[i], PARTY_ID_BYTES) < 0);
}

/* Same in everything but where the lines are. */
static void check_same(const struct direct *a, const struct direct *b)
{
    assert_int_equal(a->read, b->read);
    assert_int_equal(a->accepted, b->accepted);
    assert_int_equal(a->rejected, b->rejected);
    assert_int_equal(a->excluded, b->excluded);
    assert_memory_equal(a->rule, b->rule, sizeof a->rule);
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->from, b->from);
    assert_int_equal(a->months, b->months);
    assert_int_equal(a->parties.n, b->parties.n);
    for (size_t i = 0; i < a->n; i++) {
        assert_int_equal(by_cell(&a->line[i], &b->line[i]), 0);
        assert_int_equal(a->line[i].amount, b->line[i].amount);
        assert_int_equal(a->line[i].cents, b->line[i].cents);
        assert_int_equal(a->line[i].filed, b->line[i].filed);
        assert_int_equal(a->line[i].rules, b->line[i].rules);
    }
}

static void test_lines(void **state)
{
    (void)state;
    for (int world = 0; world < WORLDS; world++) {
        struct direct first, again;
        struct seen seen;
        few = world % 2 == 0;
        make_lines();
        write_lines(1);
        assert_int_equal(run(1, &first, &seen, NULL), OK);
        check_lines(&first, &seen);
        check_order(&first);
        for (int round = 0; round < 3; round++) {
            shuffle();
            write_lines(1 + below(FILES));
            assert_int_equal(run(n_files, &again, &seen, NULL), OK);
            check_lines(&again, &seen);
            check_order(&again);
            check_same(&first, &again);
            direct_finish(&again);
        }
        direct_finish(&first);
    }
}

/* --- beside a cube ----------------------------------------------------------------------------- */

/* Declarations of some of the firms and of one that never reports; contributions by hand. */
enum { CUBE_FIRMS = FIRMS };
static struct contribution contribution[CONTRIBUTIONS];
static struct register_entry entry[CUBE_FIRMS];
static char cube_id[CUBE_FIRMS][PARTY_ID_BYTES];

static int by_id(const void *a, const void *b)
{
    return memcmp(a, b, PARTY_ID_BYTES);
}

static int by_key(const void *a, const void *b)
{
    const struct contribution *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->member > y->member) - (x->member < y->member);
}

static struct cube make_cube(void)
{
    static const char *const code[] = {"222011", "228039", "221000", "225010"};
    struct cube c = {.scheme = scheme, .contribution = contribution, .reg = entry};
    for (int i = 0; i < CUBE_FIRMS; i++) /* firm 0 declares nothing; one declares alone */
        memcpy(cube_id[i], i == 0 ? "91999999MA0000000X" : firm[i], PARTY_ID_BYTES);
    sort_by(cube_id, CUBE_FIRMS, sizeof cube_id[0], by_id);
    for (uint32_t i = 0; i < CUBE_FIRMS; i++)
        entry[i] = (struct register_entry){.key = below(4) != 0, .contributor = i};
    c.parties = (struct parties){.n = CUBE_FIRMS, .id = cube_id};
    int n_made = below(2) ? CONTRIBUTIONS : 1 + below(20); /* sparse: months of nothing but 0 */
    for (int i = 0; i < n_made; i++) {
        int at = scheme_code_find(scheme, str_from(code[below(3)]));
        struct plain x = {.month = 1 + below(MONTHS)}; /* one more than is reported */
        bool round = below(3) == 0;
        contribution[c.n_contributions++] = (struct contribution){
            .key = cell_key_make((unsigned)below(2), (unsigned)at, (unsigned)below(3), 1,
                                 (unsigned)month_number(&x)),
            .party = (uint32_t)(i % CUBE_FIRMS), .member = (uint32_t)(i % CUBE_FIRMS),
            .cents = round ? 1234567 * below(3) : below(3000001) - 1000000, .count = 1};
    }
    sort_by(contribution, c.n_contributions, sizeof contribution[0], by_key);
    size_t n = 0; /* one contribution a cell and member */
    for (size_t i = 0; i < c.n_contributions; i++)
        if (n == 0 || by_key(&contribution[n - 1], &contribution[i]) != 0)
            contribution[n++] = contribution[i];
    c.n_contributions = n;
    return c;
}

static bool has_answered(const struct direct *d, const char *id, int month)
{
    for (size_t i = 0; i < d->n; i++)
        if (memcmp(d->parties.id[d->line[i].party], id, PARTY_ID_BYTES) == 0 &&
            (month < 0 || d->line[i].month == month))
            return true;
    return false;
}

static int main_of(int item)
{
    return codes->ebops.code[item].code.p[1] - 'A';
}

/* The number of the codes of this test with several targets is small, so parts are made here. */
static int64_t bank_of(const struct direct *d, const struct cube *c, const char *id, int flow,
                       int main)
{
    int64_t sum = 0;
    for (size_t i = 0; i < c->n_contributions; i++) {
        struct cell_code k = cell_key_code(contribution[i].key);
        const struct itrs_code *code = &scheme->code[k.code];
        int64_t part[SCHEME_TARGETS];
        if (k.flow != flow || memcmp(cube_id[contribution[i].member], id, PARTY_ID_BYTES) != 0 ||
            !has_answered(d, id, k.month))
            continue;
        share_out(contribution[i].cents, code->target, code->n_targets, part);
        for (int t = 0; t < code->n_targets; t++)
            sum += main_of(code->target[t].to) == main ? part[t] : 0;
    }
    return sum;
}

static int64_t wide(int64_t a, int64_t b)
{
    return llabs(a) > llabs(b) ? llabs(a) : llabs(b);
}

static void check_items(const struct direct *d, const struct cube *c, const struct direct_beside *b)
{
    int64_t differ = 0;
    int64_t mode[DIRECT_MAIN][SCHEME_MODES] = {{0}};
    for (size_t i = 0; i < d->n; i++)
        mode[main_of(d->line[i].item)][d->line[i].mode - 1] += d->line[i].cents;
    assert_memory_equal(mode, b->mode, sizeof mode);
    for (int flow = 0; flow < FLOW_COUNT; flow++) {
        for (int main = 0; main < DIRECT_MAIN; main++) {
            struct direct_item want = {0};
            for (uint32_t p = 0; p < d->parties.n; p++) {
                int64_t own = 0, bank = bank_of(d, c, d->parties.id[p], flow, main);
                for (size_t i = 0; i < d->n; i++) {
                    const struct direct_line *l = &d->line[i];
                    if (l->party != p || l->flow != flow || main_of(l->item) != main)
                        continue;
                    *(l->mode == 3 ? &want.abroad : &own) += l->cents;
                }
                want.enterprises += own != 0 || bank != 0;
                want.direct += own;
                want.bank += bank;
                want.differ += 5 * llabs(own - bank) > wide(own, bank);
            }
            differ += want.differ;
            assert_memory_equal(&want, &b->item[flow][main], sizeof want);
        }
    }
    assert_int_equal(b->rule[DIRECT_DIFFERS], differ);
    assert_int_equal(b->n_differ, differ < DIRECT_SAMPLES ? differ : DIRECT_SAMPLES);
    for (int i = 0; i < b->n_differ; i++) {
        const struct direct_pair *x = &b->differ[i], *y = x - 1;
        assert_int_equal(x->bank, bank_of(d, c, d->parties.id[x->party], x->flow, x->main));
        assert_true(5 * llabs(x->direct - x->bank) > wide(x->direct, x->bank));
        assert_true(i == 0 || llabs(x->direct - x->bank) <= llabs(y->direct - y->bank));
        if (i > 0 && llabs(x->direct - x->bank) == llabs(y->direct - y->bank))
            assert_true(y->party < x->party ||
                        (y->party == x->party &&
                         (y->flow < x->flow || (y->flow == x->flow && y->main < x->main))));
    }
}

static void check_months(const struct direct *d, const struct cube *c, const struct direct_beside *b)
{
    int64_t missing = 0, months[CUBE_FIRMS] = {0}, cents[CUBE_FIRMS] = {0};
    for (int m = 0; m < d->months; m++) {
        struct direct_month want = {0};
        for (uint32_t p = 0; p < CUBE_FIRMS; p++) {
            int64_t sum = 0;
            bool there = false, answered = has_answered(d, cube_id[p], d->from + m);
            for (size_t i = 0; i < c->n_contributions; i++) {
                if (contribution[i].member == p &&
                    cell_key_code(contribution[i].key).month == d->from + m) {
                    sum += llabs(contribution[i].cents);
                    there = true;
                }
            }
            if (!there || !entry[p].key)
                continue;
            want.expected++;
            want.expected_cents += sum;
            want.answered += answered;
            want.answered_cents += answered ? sum : 0;
            months[p] += !answered;
            cents[p] += answered ? 0 : sum;
            missing += !answered;
        }
        assert_memory_equal(&want, &b->month[m], sizeof want);
    }
    assert_int_equal(b->rule[DIRECT_MISSING], missing);
    int gaps = 0;
    for (int p = 0; p < CUBE_FIRMS; p++)
        gaps += months[p] > 0;
    assert_int_equal(b->n_missing, gaps);
    for (int i = 0; i < gaps; i++) {
        int p = 0;
        while (p < CUBE_FIRMS && memcmp(cube_id[p], b->missing[i].id, PARTY_ID_BYTES) != 0)
            p++;
        assert_true(p < CUBE_FIRMS);
        assert_int_equal(b->missing[i].months, months[p]);
        assert_int_equal(b->missing[i].cents, cents[p]);
        assert_true(i == 0 || b->missing[i - 1].cents >= b->missing[i].cents);
    }
}

/* Entries of those who report: as in the cube's register, and firm 0 is a key enterprise. */
static struct register_entry *register_of(const struct direct *d)
{
    struct register_entry *reg = calloc(d->parties.n + 1, sizeof *reg);
    assert_non_null(reg);
    for (uint32_t i = 0; i < d->parties.n; i++) {
        reg[i].key = memcmp(d->parties.id[i], firm[0], PARTY_ID_BYTES) == 0;
        for (int p = 0; p < CUBE_FIRMS; p++)
            reg[i].key |= entry[p].key && memcmp(d->parties.id[i], cube_id[p], PARTY_ID_BYTES) == 0;
    }
    return reg;
}

static void check_unlisted(const struct direct *d, const struct cube *c,
                           const struct register_entry *reg, int64_t n)
{
    struct direct_unlisted x;
    direct_unlisted(d, reg, c, &x);
    assert_int_equal(x.n, n);
    assert_int_equal(x.n_sample, n < DIRECT_SAMPLES ? n : DIRECT_SAMPLES);
    for (int i = 0; i < x.n_sample; i++) {
        assert_true(i == 0 || x.sample[i - 1] < x.sample[i]);
        assert_true(has_answered(d, d->parties.id[x.sample[i]], -1));
    }
}

static void check_beside(const struct direct *d, const struct cube *c, const struct direct_beside *b)
{
    int64_t key = 0, answered = 0, unlisted = 0;
    for (int p = 0; p < CUBE_FIRMS; p++) {
        key += entry[p].key;
        answered += entry[p].key && has_answered(d, cube_id[p], -1);
        unlisted += !entry[p].key && has_answered(d, cube_id[p], -1);
    }
    assert_int_equal(b->key, key);
    assert_int_equal(b->key_answered, answered);
    check_items(d, c, b);
    check_months(d, c, b);
    /* Firm 0 declares nothing, so the cube does not hold it; a register may. */
    unlisted += has_answered(d, firm[0], -1);
    check_unlisted(d, c, NULL, unlisted);
    struct register_entry *reg = register_of(d);
    check_unlisted(d, c, reg, unlisted - has_answered(d, firm[0], -1));
    free(reg);
}

static void test_beside(void **state)
{
    (void)state;
    for (int world = 0; world < WORLDS; world++) {
        struct direct d, again;
        struct direct_beside b, other;
        few = world % 2 == 0;
        make_lines();
        struct cube c = make_cube();
        write_lines(1);
        assert_int_equal(run(1, &d, NULL, NULL), OK);
        assert_int_equal(direct_beside(&d, &c, &b, NULL), OK);
        check_beside(&d, &c, &b);
        shuffle();
        write_lines(1 + below(FILES));
        assert_int_equal(run(n_files, &again, NULL, NULL), OK);
        assert_int_equal(direct_beside(&again, &c, &other, NULL), OK);
        check_beside(&again, &c, &other);
        for (int i = 0; i < b.n_differ; i++) {
            assert_int_equal(b.differ[i].party, other.differ[i].party);
            assert_int_equal(b.differ[i].flow, other.differ[i].flow);
            assert_int_equal(b.differ[i].main, other.differ[i].main);
            assert_int_equal(b.differ[i].direct, other.differ[i].direct);
        }
        for (int i = 0; i < b.n_missing; i++)
            assert_memory_equal(b.missing[i].id, other.missing[i].id, PARTY_ID_BYTES);
        direct_beside_finish(&b);
        direct_beside_finish(&other);
        direct_finish(&d);
        direct_finish(&again);
    }
}

/* Twenty percent of the larger is not too much, a cent above it is. */
static void test_limit(void **state)
{
    (void)state;
    static const struct { int64_t direct, bank; int differ; } pair[] = {
        {1000, 800, 0}, {1000, 799, 1}, {800, 1000, 0}, {799, 1000, 1}, {0, 1, 1}, {1, 0, 1},
        {0, -5, 1},     {500, -1, 1},   {5, 4, 0},      {4, 3, 1}};
    for (size_t i = 0; i < sizeof pair / sizeof pair[0]; i++) {
        struct buf text = {0};
        struct direct d;
        struct direct_beside b;
        struct cube c = make_cube();
        int at = scheme_code_find(scheme, STR("222011"));
        struct plain x = {.month = 1};
        buf_printf(&text, "{\"party_id\":\"%s\",\"form\":\"JB4\",\"period\":\"2024-02\",\"flow\":"
                          "\"C\",\"item\":\"SC12\",\"mode\":1,\"currency\":\"USD\",\"amount\":%lld,"
                          "\"filed\":20240305}\n", firm[1], (long long)pair[i].direct);
        uint32_t member = 0;
        while (memcmp(cube_id[member], firm[1], PARTY_ID_BYTES) != 0)
            member++;
        contribution[0] = (struct contribution){
            .key = cell_key_make(FLOW_CREDIT, (unsigned)at, 1, 1, (unsigned)month_number(&x)),
            .party = member, .member = member, .cents = pair[i].bank, .count = 1};
        c.n_contributions = 1;
        write_file(0, buf_view(&text));
        assert_int_equal(run(1, &d, NULL, NULL), OK);
        assert_int_equal(d.accepted, 1);
        assert_int_equal(direct_beside(&d, &c, &b, NULL), OK);
        assert_int_equal(b.rule[DIRECT_DIFFERS], pair[i].differ);
        assert_int_equal(b.item[FLOW_CREDIT][2].enterprises, 1);
        direct_beside_finish(&b);
        direct_finish(&d);
        buf_finish(&text);
    }
}

static void test_no_contributions(void **state)
{
    (void)state;
    struct direct d;
    struct direct_beside b;
    struct error e = {0};
    struct cube c = make_cube();
    make_lines();
    write_lines(1);
    assert_int_equal(run(1, &d, NULL, NULL), OK);
    c.n_contributions = 0;
    c.n_cells = 1; /* compiled without them */
    assert_int_equal(direct_beside(&d, &c, &b, &e), ERR_INVALID);
    assert_true(e.detail_zh[0] != '\0' && e.detail_en[0] != '\0');
    direct_finish(&d);
}

/* --- modes of every item ------------------------------------------------------------------------ */

/* modes.csv by its longest prefix, for items that no transaction code stands for too. */
static void test_usual(void **state)
{
    (void)state;
    static const struct { const char *prefix, *modes; } row[] = {
        {"SA", "2"}, {"SB", "2"}, {"SC", "1"}, {"SD", "2"}, {"SE", "34"}, {"SF", "1"}, {"SG", "1"},
        {"SH", "1"}, {"SI1", "1"}, {"SI2", "14"}, {"SI3", "1"}, {"SJ", "14"}, {"SK1", "14"},
        {"SK2", "14"}, {"SL", "1"}};
    static const char *const item[] = {"SA", "SB", "SC1", "SC3B", "SC3B1", "SCA", "SD5", "SDA1", "SDZ",
                                       "SE", "SE2", "SF42", "SG1", "SH42", "SI1", "SI21", "SI32",
                                       "SJ1121", "SJ35", "SK11", "SK24", "SL3"};
    for (size_t i = 0; i < sizeof item / sizeof item[0]; i++) {
        for (int mode = 1; mode <= 4; mode++) {
            struct buf text = {0};
            struct direct d;
            size_t k = 0;
            while (strncmp(item[i], row[k].prefix, strlen(row[k].prefix)) != 0)
                k++;
            buf_printf(&text, "{\"party_id\":\"%s\",\"form\":\"JB4\",\"period\":\"2024-02\","
                              "\"flow\":\"C\",\"item\":\"%s\",\"mode\":%d,\"currency\":\"USD\","
                              "\"amount\":1,\"filed\":20240305}\n", firm[1], item[i], mode);
            write_file(0, buf_view(&text));
            assert_int_equal(run(1, &d, NULL, NULL), OK);
            assert_int_equal(d.accepted, 1);
            if (d.rule[DIRECT_USUAL] != (strchr(row[k].modes, '0' + mode) == NULL))
                fail_msg("mode %d of %s", mode, item[i]);
            direct_finish(&d);
            buf_finish(&text);
        }
    }
}

int main(void)
{
    struct error e = {0};
    struct rates *rates;
    if (getenv("FUMAO_SEED") != NULL)
        seed = strtoull(getenv("FUMAO_SEED"), NULL, 10);
    rng_seed(&rng, seed);
    print_message("seed %llu\n", (unsigned long long)seed);
    arena_init(&program);
    if (classification_load(&codes, &program, &e) != OK ||
        scheme_load(&scheme, &program, codes, &e) != OK ||
        rates_load(&rates, &program, scheme, NULL, &e) != OK ||
        direct_scheme_load(&direct_scheme, &program, scheme, &e) != OK) {
        fprintf(stderr, "%s %s:%d\n", e.detail_en, e.file, e.line);
        return 1;
    }
    scheme->rates = rates;
    today = day_from_civil(2024, 7, 1);
    make_firms();
    scratch_make(folder, "direct");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_values), cmocka_unit_test(test_good_values),
        cmocka_unit_test(test_late),       cmocka_unit_test(test_lines),
        cmocka_unit_test(test_beside),     cmocka_unit_test(test_limit),
        cmocka_unit_test(test_no_contributions), cmocka_unit_test(test_usual),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_remove(folder);
    arena_finish(&program);
    return failed;
}
