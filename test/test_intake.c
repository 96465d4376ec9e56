/* Declaration files in: against a reader of one byte at a time, whatever the chunks and threads;
 * and every kind of bad file. FUMAO_SEED (default 1). */
#define _GNU_SOURCE /* memmem */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <iconv.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "naive_intake.h"

enum { FILES = 120, ROWS = 60, TODAY = 20000 };

static uint64_t seed = 1;
static struct rng rng;
static struct arena forever;
static struct scheme *scheme;
static char dir[] = "/tmp/test-intake-XXXXXX";
static char path[64];

static const char header[] = "report_no,party_id,party_kind,region,zone,bank,flow,code,country,"
                             "currency,amount,rate,date,advance,contract,remark\n";
/* A good record, by column; code and party are filled in by setup. */
static const char *good[COL_COUNT] = {"3100001234012403150001", "", "C", "310000", "CN-SH-FTZ",
                                      "1234", "C", "", "USA", "USD", "1234500", "7.1234",
                                      "2024-03-15", "N", "HT-1", "fee"};

static int below(int n)
{
    return (int)rng_below(&rng, (uint32_t)n);
}

static bool chance(int percent)
{
    return below(100) < percent;
}

static void write_file(struct str s)
{
    FILE *f = fopen(path, "w");
    check(f != NULL && fwrite(s.p, 1, s.n, f) == s.n && fclose(f) == 0);
}

/* --- running -------------------------------------------------------------------------------- */

struct seen {
    pthread_mutex_t lock;
    struct buf in;  /* accepted, each preceded by its line in 12 characters */
    struct buf out; /* spoilt, in the order they came */
    int64_t n_in, n_out, last_line;
    bool in_order;
};

static void take_rows(void *ctx, int thread, struct declaration *d, int n)
{
    struct seen *s = ctx;
    check(thread >= 0 && thread < INTAKE_THREADS && n > 0 && n <= INTAKE_BLOCK);
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < n; i++) {
        buf_printf(&s->in, "%012u", d[i].line_no);
        naive_accepted(&s->in, &d[i], d[i].line_no);
    }
    s->n_in += n;
    pthread_mutex_unlock(&s->lock);
}

static enum err take_spoilt(void *ctx, const struct spoilt *x, struct error *e)
{
    struct seen *s = ctx;
    (void)e;
    s->in_order = s->in_order && x->line >= s->last_line;
    s->last_line = x->line;
    s->n_out++;
    check(x->why_zh[0] != '\0');
    buf_printf(&s->out, "%012lld", (long long)x->line);
    naive_spoilt(&s->out, x);
    return OK;
}

static void seen_init(struct seen *s)
{
    memset(s, 0, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    s->in_order = true;
}

static void seen_finish(struct seen *s)
{
    buf_finish(&s->in);
    buf_finish(&s->out);
    pthread_mutex_destroy(&s->lock);
}

static struct intake intake_of(struct seen *s, const char *const *from)
{
    return (struct intake){.scheme = scheme, .path = from, .n_paths = 1, .n_threads = 1,
                           .today = TODAY, .rows = take_rows, .rows_ctx = s,
                           .spoilt = take_spoilt, .spoilt_ctx = s};
}

static int by_line(const void *a, const void *b)
{
    const struct str *x = a, *y = b;
    return str_cmp(*x, *y);
}

/* Both kinds together, in the order of lines. */
static void in_line_order(const struct seen *s, struct buf *out)
{
    struct str rest[2] = {buf_view(&s->in), buf_view(&s->out)};
    size_t n = 0, cap = (size_t)(s->n_in + s->n_out + 2);
    struct str *all = calloc(cap, sizeof *all);
    check(all != NULL);
    for (int k = 0; k < 2; k++)
        while (rest[k].n > 0 && n < cap)
            all[n++] = str_cut(rest[k], '\n', &rest[k]);
    sort_by(all, n, sizeof *all, by_line);
    for (size_t i = 0; i < n; i++) {
        buf_put(out, all[i].p + 12, all[i].n - 12);
        buf_char(out, '\n');
    }
    free(all);
}

static enum err run_as(struct seen *s, int threads, size_t chunk, struct error *e)
{
    const char *from = path;
    struct intake in = intake_of(s, &from);
    struct tally *t = tally_create();
    in.n_threads = threads;
    in.chunk_bytes = chunk;
    enum err r = intake_run(&in, t, e);
    assert_int_equal(t->accepted, s->n_in);
    assert_int_equal(t->rejected + t->excluded, s->n_out);
    assert_int_equal(t->records, s->n_in + s->n_out);
    assert_true(s->in_order);
    tally_destroy(t);
    return r;
}

/* --- against the naive reader --------------------------------------------------------------- */

static const char *const strange[] = {"", "\"", "\"\"", "x", "=1+2", "-5", "1,000", "20240230",
    "2024-02-29", "20230229", "1999-12-31", "99999999", "12345678901234567890", "1234567890123456",
    "123456789012345", "0", "0.00000001", "1.", ".5", "1.123456789", "12.5", "123456789.12345678",
    "7", "1e3", "CHN", "HKG", "ZZZ", "usd", "XXX", "QQQ", "999998", "111111", "CN-SH-FTZ", "CN-SH",
    "CN-BJ-FTZ", "CN-XX", "000000", "990000", "310000", "440300", "D", "F", "C", "A", "R", "N",
    "运费", "\xE8\xBF", "\x80", "a\xFFz", "a\tb", "a\rb", "a\x01z", "3100001234012413450001",
    "3100009999012403150001", "2100001234012403152599", "0.0", "２０２４"};

static void put_field(struct buf *b, const char *z, bool quote)
{
    if (quote)
        buf_char(b, '"');
    for (; *z != '\0'; z++) {
        if (quote && *z == '"' && chance(95))
            buf_char(b, '"');
        buf_char(b, *z);
    }
    if (quote && chance(99))
        buf_char(b, '"');
}

static void put_text(struct buf *b)
{
    static const char *const bits[] = {"服务费", " ", "\n", "\r\n", "\r", "\"\"", ",", "x", "咨询",
                                       "\n\n", "abc"};
    buf_char(b, '"');
    for (int i = below(6); i > 0; i--)
        buf_z(b, bits[below((int)(sizeof bits / sizeof *bits))]);
    if (chance(92))
        buf_char(b, '"');
}

static void put_record(struct buf *b, const uint8_t *column, int n, int quote_percent)
{
    int odd = chance(40) ? below(n) : -1;
    for (int i = 0; i < n; i++) {
        if (i > 0 || chance(1))
            buf_char(b, ',');
        if (i == odd)
            put_field(b, strange[below((int)(sizeof strange / sizeof *strange))], chance(20));
        else if (column[i] >= COL_CONTRACT && chance(quote_percent))
            put_text(b);
        else
            put_field(b, good[column[i]], chance(quote_percent / 3));
        if (chance(1))
            break;
    }
    if (chance(1))
        buf_z(b, ",more");
}

static void mutate(struct buf *b, size_t from)
{
    static const char nasty[] = "\",\r\n\0\x80 a0\t\"\n";
    for (int i = below(8); i > 0 && b->n > from; i--) {
        size_t at = from + rng_below(&rng, (uint32_t)(b->n - from));
        b->p[at] = nasty[below((int)sizeof nasty - 1)];
    }
}

/* Columns in any order; those that may be absent sometimes are. */
static int pick_columns(uint8_t column[COL_COUNT])
{
    int n = 0;
    for (int i = 0; i < COL_COUNT; i++) {
        bool may = i == COL_ZONE || i == COL_RATE || i >= COL_ADVANCE;
        if (!may || chance(80))
            column[n++] = (uint8_t)i;
    }
    for (int i = n - 1; i > 0 && chance(90); i--) {
        int k = below(i + 1);
        uint8_t x = column[i];
        column[i] = column[k];
        column[k] = x;
    }
    return n;
}

static void make_file(struct buf *b, const uint8_t *column, int n, const char *eol)
{
    int quotes = chance(50) ? 5 : 60, blank = below(4);
    size_t body;
    buf_z(b, "\xEF\xBB\xBF"); /* so that it is UTF-8 whatever follows */
    for (int i = 0; i < n; i++) {
        buf_z(b, i > 0 ? "," : "");
        put_field(b, column_name[column[i]], false);
    }
    buf_z(b, eol);
    body = b->n;
    for (int i = below(ROWS); i >= 0; i--) {
        if (below(100) < blank)
            buf_z(b, eol);
        put_record(b, column, n, quotes);
        if (i > 0 || chance(50))
            buf_z(b, chance(97) ? eol : "\r\n");
    }
    if (chance(50))
        mutate(b, body);
    if (chance(10)) {
        int more = LIMIT_DECLARATION_BYTES - 200 + below(600) + (chance(30) ? 60000 : 0);
        while (more-- > 0)
            buf_char(b, chance(1) ? '\"' : 'y');
        buf_z(b, eol);
        put_record(b, column, n, quotes);
    }
}

static void compare(const struct buf *want, const struct buf *got, int file, int threads,
                    size_t chunk)
{
    struct str a = buf_view(want), b = buf_view(got), x, y;
    if (str_eq(a, b))
        return;
    do {
        x = str_cut(a, '\n', &a);
        y = str_cut(b, '\n', &b);
    } while (str_eq(x, y) && (a.n > 0 || b.n > 0));
    unlink("/tmp/test-intake-failed.csv");
    (void)!link(path, "/tmp/test-intake-failed.csv");
    fail_msg("seed %llu file %d threads %d chunk %zu\nwant %.*s\ngot  %.*s",
             (unsigned long long)seed, file, threads, chunk, (int)(x.n < 600 ? x.n : 600), x.p,
             (int)(y.n < 600 ? y.n : 600), y.p);
}

static void test_naive(void **state)
{
    static const char *const eols[] = {"\n", "\n", "\r\n", "\r"};
    static const size_t chunks[] = {64, 97, 300, 1500, 20000, 0};
    int64_t in = 0, out = 0;
    (void)state;
    for (int i = 0; i < FILES; i++) {
        uint8_t column[COL_COUNT];
        int n = pick_columns(column);
        const char *eol = eols[below(4)];
        struct buf file = {0}, want = {0};
        make_file(&file, column, n, eol);
        write_file(buf_view(&file));
        naive_intake(scheme, TODAY, (struct str){file.p + 3, file.n - 3}, column, n,
                     eol[0] == '\r' && eol[1] == '\0' ? '\r' : '\n', &want);
        for (int k = 0; k < 6; k++) {
            struct seen s;
            struct buf got = {0};
            struct error e = {0};
            int threads = 1 + below(3);
            seen_init(&s);
            assert_int_equal(run_as(&s, threads, chunks[k], &e), OK);
            in_line_order(&s, &got);
            compare(&want, &got, i, threads, chunks[k]);
            in += s.n_in;
            out += s.n_out;
            seen_finish(&s);
            buf_finish(&got);
        }
        buf_finish(&file);
        buf_finish(&want);
    }
    assert_true(in > 2000 && out > 2000); /* both kinds were met */
}

/* --- one thing at a time -------------------------------------------------------------------- */

static void good_row(struct buf *b, int replace, const char *with)
{
    for (int i = 0; i < COL_COUNT; i++) {
        buf_z(b, i > 0 ? "," : "");
        buf_z(b, i == replace ? with : good[i]);
    }
    buf_char(b, '\n');
}

static void csv_with(struct buf *b, int column, const char *value)
{
    buf_clear(b);
    buf_z(b, header);
    good_row(b, -1, NULL);
    good_row(b, column, value);
    good_row(b, -1, NULL);
}

struct last {
    int n;
    int64_t line;
    int column;
    enum column field;
    enum rule rule;
    char raw[128];
    const char *why;
};

static enum err keep_last(void *ctx, const struct spoilt *s, struct error *e)
{
    struct last *l = ctx;
    (void)e;
    l->n++;
    l->line = s->line;
    l->column = s->column;
    l->field = s->field;
    l->rule = s->rule;
    l->why = s->why_en;
    snprintf(l->raw, sizeof l->raw, "%.*s", STR_ARG(s->raw));
    return OK;
}

static enum err run_last(struct last *l, int64_t *accepted, struct error *e)
{
    const char *from = path;
    struct tally *t = tally_create();
    struct intake in = {.scheme = scheme, .path = &from, .n_paths = 1, .n_threads = 1,
                        .today = TODAY, .spoilt = keep_last, .spoilt_ctx = l};
    *l = (struct last){0};
    enum err r = intake_run(&in, t, e);
    *accepted = t->accepted;
    tally_destroy(t);
    return r;
}

static const struct {
    enum column c;
    const char *value;
    enum rule rule;
    enum why why;
} bad_values[] = {
    {COL_REPORT_NO, "310000123401240315001", RULE_FORM, WHY_REPORT_NO},
    {COL_REPORT_NO, "3100001234012402300001", RULE_REPORT, WHY_REPORT_DAY},
    {COL_AMOUNT, "=1+1", RULE_FORM, WHY_AMOUNT},
    {COL_AMOUNT, "99999999999999999999999999", RULE_FORM, WHY_AMOUNT},
    {COL_AMOUNT, "1000000000000000", RULE_FORM, WHY_AMOUNT},
    {COL_AMOUNT, "-1", RULE_FORM, WHY_AMOUNT},
    {COL_AMOUNT, "12.50", RULE_FORM, WHY_AMOUNT},
    {COL_AMOUNT, "", RULE_FORM, WHY_EMPTY},
    {COL_DATE, "20240230", RULE_FORM, WHY_DATE},
    {COL_DATE, "2023-02-29", RULE_FORM, WHY_DATE},
    {COL_DATE, "2024-13-01", RULE_FORM, WHY_DATE},
    {COL_DATE, "2024/03/15", RULE_FORM, WHY_DATE},
    {COL_CODE, "000001", RULE_R1, WHY_CODE_UNKNOWN},
    {COL_CODE, "22802A", RULE_FORM, WHY_CODE},
    {COL_CURRENCY, "XQQ", RULE_R5, WHY_CURRENCY_UNKNOWN},
    {COL_CURRENCY, "US$", RULE_FORM, WHY_CURRENCY},
    {COL_COUNTRY, "ZZZ", RULE_FORM, WHY_COUNTRY},
    {COL_COUNTRY, "US", RULE_FORM, WHY_COUNTRY},
    {COL_ZONE, "CN-BJ-FTZ", RULE_FORM, WHY_ZONE_ELSEWHERE},
    {COL_ZONE, "CN-SH", RULE_FORM, WHY_ZONE_ELSEWHERE},
    {COL_ZONE, "SH", RULE_FORM, WHY_ZONE},
    {COL_REGION, "990000", RULE_FORM, WHY_PROVINCE},
    {COL_RATE, "0.0", RULE_FORM, WHY_RATE_ZERO},
    {COL_RATE, "7,1", RULE_FORM, WHY_MANY},
    {COL_RATE, "1.123456789", RULE_FORM, WHY_RATE},
    {COL_ADVANCE, "X", RULE_FORM, WHY_ADVANCE},
    {COL_FLOW, "c", RULE_FORM, WHY_FLOW},
    {COL_PARTY_KIND, "E", RULE_FORM, WHY_PARTY_KIND},
    {COL_PARTY_ID, "91310000ABC", RULE_FORM, WHY_PARTY_ID},
    {COL_PARTY_ID, "91310000MA1FL0001[", RULE_FORM, WHY_PARTY_ID},
    {COL_PARTY_ID, "9131000@MA1FL00015", RULE_FORM, WHY_PARTY_ID},
    {COL_PARTY_ID, "91310000MA/FL00015", RULE_FORM, WHY_PARTY_ID},
    {COL_PARTY_ID, "91310000MA:FL00015", RULE_FORM, WHY_PARTY_ID},
    {COL_PARTY_ID, "91310000MA1FL0001x", RULE_FORM, WHY_PARTY_ID},
    {COL_BANK, "123", RULE_FORM, WHY_BANK},
    {COL_REMARK, "a\x01z", RULE_FORM, WHY_CONTROL},
    {COL_REMARK, "\xC3\x28", RULE_FORM, WHY_UTF8},
    {COL_REMARK, "\"open", RULE_FORM, WHY_OPEN_QUOTE},
    {COL_REMARK, "a\"b", RULE_FORM, WHY_STRAY_QUOTE},
    {COL_REMARK, "\"a\"b", RULE_FORM, WHY_BEHIND_QUOTE},
};

static void test_values(void **state)
{
    struct buf b = {0};
    (void)state;
    for (size_t i = 0; i < sizeof bad_values / sizeof *bad_values; i++) {
        struct last l;
        struct error e = {0};
        int64_t accepted;
        csv_with(&b, (int)bad_values[i].c, bad_values[i].value);
        write_file(buf_view(&b));
        assert_int_equal(run_last(&l, &accepted, &e), OK);
        if (l.n != 1 || l.line != 3 || l.rule != bad_values[i].rule ||
            strcmp(l.why, why_reason[bad_values[i].why].en) != 0)
            fail_msg("%s: %d faults, line %d, rule %d, %s", bad_values[i].value, l.n, (int)l.line,
                     (int)l.rule, l.why);
        assert_int_equal(accepted, 2);
        int column = 1; /* of the field; all before it is ASCII */
        for (int k = 0; k < (int)bad_values[i].c; k++)
            column += (int)strlen(good[k]) + 1;
        if (bad_values[i].why < WHY_EMPTY)
            assert_true(l.column >= column);
        else
            assert_int_equal(l.column, column);
        assert_true(l.field == (bad_values[i].why < WHY_EMPTY ? COL_COUNT : bad_values[i].c));
    }
    buf_finish(&b);
}

/* A formula in a text is text; so is what looks like one in quotes. */
static void test_good_values(void **state)
{
    static const struct { enum column c; const char *value; } t[] = {
        {COL_REMARK, "=cmd|' /C calc'!A0"}, {COL_REMARK, "\"a,\"\"b\"\"\nc\""}, {COL_REMARK, "a\tb"},
        {COL_DATE, "20240315"}, {COL_DATE, "2024-02-29"}, {COL_RATE, ""}, {COL_RATE, "7"},
        {COL_RATE, "123456789.12345678"}, {COL_ZONE, ""}, {COL_ADVANCE, ""}, {COL_ADVANCE, "A"},
        {COL_AMOUNT, "000000000000001"}, {COL_CONTRACT, "\"\""}, {COL_COUNTRY, "\"HKG\""}};
    struct buf b = {0};
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct last l;
        struct error e = {0};
        int64_t accepted;
        csv_with(&b, (int)t[i].c, t[i].value);
        write_file(buf_view(&b));
        assert_int_equal(run_last(&l, &accepted, &e), OK);
        if (accepted != 3)
            fail_msg("%s: %s", t[i].value, l.why);
    }
    buf_finish(&b);
}

static void test_headers(void **state)
{
    static const char all[] = "report_no,party_id,party_kind,region,zone,bank,flow,code,country,"
                              "currency,amount,rate,date,advance,contract,remark";
    const struct { struct str text; const char *say, *hint; } t[] = {
        {STR(""), "no header", all},
        {STR("\n"), "no header", all},
        {STR("report_no,amuont\n"), "no column \"amuont\"", "amount?"},
        {STR("REPORT_NO,amount\n"), "no column \"REPORT_NO\"", "report_no?"},
        {STR("report_no,report_no\n"), "named twice", ""},
        {STR("report_no,party_id\n"), "column \"party_kind\" is missing", ""},
        {STR("report_no,\"party_id\n"), "never closed", ""},
        {STR("\xFF\xFEr\0e\0"), "UTF-16", "UTF-8, GB18030"},
        {STR("r\0e\0"), "UTF-16", "UTF-8, GB18030"},
        {STR("\0r\0e"), "UTF-16", "UTF-8, GB18030"},
        {STR("=cmd\n"), "no column \"=cmd\"", all},
        {STR("report_no;amount\n"), "parted by commas", all},
        {STR("report_no\tamount\n"), "parted by commas", all},
        {STR("PK\3\4\x14\0\6\0"), "workbook or a zip", ""},
        {STR("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), "old workbook", ""},
        {STR("%PDF-1.7\n"), "PDF", ""},
        {STR("[{\"report_no\":1}]\n"), "JSON array", ""},
        {STR("\xEF\xBB\xBF\xEF\xBB\xBFreport_no\n"), "two byte order marks", ""},
    };
    struct last l;
    struct error e;
    int64_t accepted;
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        e = (struct error){0};
        write_file(t[i].text);
        assert_int_equal(run_last(&l, &accepted, &e), ERR_INVALID);
        if (strstr(e.detail_en, t[i].say) == NULL || e.detail_zh[0] == '\0' || e.file[0] == '\0')
            fail_msg("%s: %s", t[i].say, e.detail_en);
        assert_string_equal(e.hint, t[i].hint);
    }
    struct buf bomb = {0};
    buf_put(&bomb, header, sizeof header - 2);
    for (int i = 0; i < 100000; i++)
        buf_z(&bomb, ",c");
    buf_char(&bomb, '\n');
    write_file(buf_view(&bomb));
    assert_int_equal(run_last(&l, &accepted, &e), ERR_INVALID);
    write_file(str_from(header)); /* a header alone is a file without records */
    assert_int_equal(run_last(&l, &accepted, &e), OK);
    assert_int_equal(accepted + l.n, 0);
    snprintf(path + strlen(path), 8, ".none");
    assert_int_equal(run_last(&l, &accepted, &e), ERR_NOT_FOUND);
    path[strlen(path) - 5] = '\0';
    buf_finish(&bomb);
}

/* An unclosed quote costs its own record and no other, though quotes follow. */
static void test_open_quote(void **state)
{
    struct buf b = {0};
    struct last l;
    struct error e = {0};
    int64_t accepted;
    (void)state;
    buf_z(&b, header);
    for (int i = 0; i < 40; i++)
        good_row(&b, COL_REMARK, i == 10 ? "\"open" : i % 3 == 0 ? "\"a\nb\"" : "x");
    write_file(buf_view(&b));
    assert_int_equal(run_last(&l, &accepted, &e), OK);
    assert_int_equal(accepted, 39);
    assert_int_equal(l.n, 1);
    assert_int_equal(l.line, 2 + 10 + 4);
    buf_finish(&b);
}

/* A field may run over INTAKE_LINES lines and LIMIT_DECLARATION_BYTES, and no further: then its
 * lines are faults, one by one. */
static void test_many_lines(void **state)
{
    struct buf b = {0}, field = {0};
    struct last l;
    struct error e = {0};
    int64_t accepted;
    (void)state;
    for (int i = 0; i < 4; i++) {
        int breaks = i < 2 ? INTAKE_LINES - 1 + i : 1; /* eight lines, nine, two; two too long */
        buf_clear(&field);
        buf_char(&field, '"');
        for (int k = 0; k < breaks; k++)
            buf_z(&field, "x\n");
        for (int k = 0; k < (i < 2 ? 1 : LIMIT_DECLARATION_BYTES - 1000 + (i == 3) * 990); k++)
            buf_char(&field, 'y');
        buf_put(&field, "\"", 2); /* with its NUL */
        csv_with(&b, COL_REMARK, field.p);
        write_file(buf_view(&b));
        assert_int_equal(run_last(&l, &accepted, &e), OK);
        assert_int_equal(accepted, i % 2 == 0 ? 3 : 2);
        assert_int_equal(l.n, i % 2 == 0 ? 0 : breaks + 1);
    }
    buf_finish(&b);
    buf_finish(&field);
}

/* 10^5 columns in a record, in a chunk and longer than one. */
static void test_bombs(void **state)
{
    struct buf b = {0};
    struct last l;
    struct error e = {0};
    int64_t accepted;
    (void)state;
    for (int commas = 100; commas <= 1000000; commas *= 100) {
        buf_clear(&b);
        buf_z(&b, header);
        good_row(&b, -1, NULL);
        for (int i = 0; i < commas; i++)
            buf_char(&b, ',');
        buf_char(&b, '\n');
        good_row(&b, -1, NULL);
        write_file(buf_view(&b));
        assert_int_equal(run_last(&l, &accepted, &e), OK);
        assert_int_equal(accepted, 2);
        assert_int_equal(l.n, 1);
        assert_string_equal(l.why, why_reason[commas < 16000 ? WHY_MANY : WHY_LONG].en);
    }
    buf_finish(&b);
}

/* --- encodings ------------------------------------------------------------------------------ */

static void to_gb18030(struct str s, struct buf *out)
{
    iconv_t c = iconv_open("GB18030", "UTF-8");
    char *in = (char *)(uintptr_t)s.p;
    size_t left = s.n, room = s.n * 2;
    buf_clear(out);
    buf_reserve(out, room);
    char *to = out->p;
    assert_int_equal(iconv(c, &in, &left, &to, &room), 0);
    out->n = (size_t)(to - out->p);
    iconv_close(c);
}

/* The same file in both encodings: the same rows but for `line`. Some characters have a trail byte
 * that is a backslash or a letter, one has four bytes. */
static void test_gb18030(void **state)
{
    struct buf b = {0}, gb = {0};
    struct seen s;
    struct error e = {0};
    (void)state;
    for (int json = 0; json < 2; json++) {
        buf_clear(&b);
        if (!json)
            buf_z(&b, header);
        for (int i = 0; i < 30; i++) {
            static const char *const texts[] = {"技术服务费", "運費\"\"；䶮", "乗乊\xF0\xA0\x80\x80"};
            if (!json) {
                char field[64];
                snprintf(field, sizeof field, "\"%s\"", texts[i % 3]);
                good_row(&b, COL_REMARK, field);
                continue;
            }
            buf_char(&b, '{');
            for (int k = 0; k < COL_COUNT; k++)
                buf_printf(&b, "%s\"%s\":\"%s\"", k > 0 ? "," : "", column_name[k],
                           k == COL_REMARK ? i % 3 == 1 ? "運費\\\"；䶮" : texts[i % 3] : good[k]);
            buf_z(&b, "}\n");
        }
        to_gb18030(buf_view(&b), &gb);
        write_file(buf_view(&gb));
        seen_init(&s);
        assert_int_equal(run_as(&s, 2, 200, &e), OK);
        assert_int_equal(s.n_in, 30);
        int hits = 0;
        size_t at;
        for (struct str rest = buf_view(&s.in); str_find(rest, STR("[運費\"；䶮]"), &at);) {
            hits++;
            rest = (struct str){rest.p + at + 1, rest.n - at - 1};
        }
        assert_int_equal(hits, 10);
        assert_true(str_find(buf_view(&s.in), STR("[乗乊\xF0\xA0\x80\x80]"), NULL));
        seen_finish(&s);
        /* One broken character costs one record, and is named. */
        char *hit = memmem(gb.p, gb.n, "\xBC\xBC\xCA\xF5", 4); /* the first two of the text */
        assert_non_null(hit);
        hit[3] = ' ';
        write_file(buf_view(&gb));
        seen_init(&s);
        assert_int_equal(run_as(&s, 1, 0, &e), OK);
        assert_int_equal(s.n_in, 29);
        assert_true(str_find(buf_view(&s.out), STR("not valid GB18030"), NULL));
        seen_finish(&s);
    }
    buf_finish(&b);
    buf_finish(&gb);
}

/* --- NDJSON --------------------------------------------------------------------------------- */

static void json_row(struct buf *b, int replace, const char *with)
{
    buf_char(b, '{');
    for (int i = 0; i < COL_COUNT; i++) {
        buf_printf(b, "%s \"%s\" : ", i > 0 ? "," : "", column_name[i]);
        if (i == replace)
            buf_z(b, with);
        else
            buf_printf(b, "\"%s\"", good[i]);
    }
    buf_z(b, "}\n");
}

static void test_ndjson(void **state)
{
    static const struct { enum column c; const char *value; const char *why; } t[] = {
        {COL_AMOUNT, "1234500", NULL}, {COL_AMOUNT, "\"\\u0031\"", NULL}, {COL_RATE, "null", NULL},
        {COL_REMARK, "\"a\\n\\u8d39\\\"\"", NULL}, {COL_RATE, "7.1234", NULL},
        {COL_AMOUNT, "1e3", "digits"}, {COL_AMOUNT, "-1", "digits"},
        {COL_AMOUNT, "null", "required"}, {COL_AMOUNT, "true", "string, a number or null"},
        {COL_AMOUNT, "{}", "string, a number or null"}, {COL_AMOUNT, "1}", "behind the object"},
        {COL_AMOUNT, "01", "not well formed"}, {COL_AMOUNT, "", "a value is expected"},
        {COL_AMOUNT, "1,\"amount\":2", "named twice"}, {COL_AMOUNT, "1,\"amuont\":2", "no such"},
        {COL_REMARK, "\"\xC3(\"", "UTF-8"}, {COL_REMARK, "\"\\u0000\"", "escape"}};
    struct buf b = {0};
    struct last l;
    struct error e = {0};
    int64_t accepted;
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        buf_clear(&b);
        json_row(&b, -1, NULL);
        buf_char(&b, '\n');
        json_row(&b, (int)t[i].c, t[i].value);
        json_row(&b, -1, NULL);
        write_file(buf_view(&b));
        assert_int_equal(run_last(&l, &accepted, &e), OK);
        bool in = t[i].why == NULL;
        if (accepted != 2 + in || l.n != !in || (!in && strstr(l.why, t[i].why) == NULL))
            fail_msg("%s: %d, %s", t[i].value, (int)accepted, l.why);
        assert_true(in || (l.line == 3 && l.column > 100));
    }
    buf_finish(&b);
}

/* A file cut off anywhere loses one record, and says why. */
static void test_ndjson_cut(void **state)
{
    struct buf b = {0};
    struct last l;
    struct error e = {0};
    int64_t accepted;
    (void)state;
    json_row(&b, -1, NULL);
    struct str whole = {b.p, b.n - 1};
    for (size_t n = 1; n < whole.n; n++) {
        write_file((struct str){whole.p, n});
        assert_int_equal(run_last(&l, &accepted, &e), OK);
        if (accepted != 0 || l.n != 1 || l.why == NULL || l.why[0] == '\0' || l.line != 1)
            fail_msg("%.*s: %d, %s", (int)n, whole.p, (int)accepted, l.why);
    }
    buf_finish(&b);
}

/* --- gzip ----------------------------------------------------------------------------------- */

static void many_rows(struct buf *b, int n)
{
    buf_clear(b);
    buf_z(b, header);
    for (int i = 0; i < n; i++) {
        char amount[16];
        snprintf(amount, sizeof amount, "%d", 1 + i * 7919 % 1000003);
        good_row(b, COL_AMOUNT, i % 100 == 50 ? "bad" : amount);
    }
}

static void write_gz(struct str s, const char *mode)
{
    gzFile f = gzopen(path, mode);
    assert_non_null(f);
    assert_int_equal(gzwrite(f, s.p, (unsigned)s.n), (int)s.n);
    assert_int_equal(gzclose(f), Z_OK);
}

static void test_gzip(void **state)
{
    struct buf b = {0};
    struct seen s;
    struct error e = {0};
    (void)state;
    many_rows(&b, 20000);
    size_t half = b.n / 2;
    write_gz((struct str){b.p, half}, "w"); /* two members */
    write_gz((struct str){b.p + half, b.n - half}, "a");
    for (int threads = 1; threads <= 3; threads++) {
        seen_init(&s);
        assert_int_equal(run_as(&s, threads, 0, &e), OK);
        assert_int_equal(s.n_in, 19800);
        assert_int_equal(s.n_out, 200);
        seen_finish(&s);
    }
    write_gz(buf_view(&b), "w");
    int64_t size = source_size(path);
    assert_int_equal(truncate(path, size * 2 / 3), 0);
    seen_init(&s);
    assert_int_equal(run_as(&s, 2, 0, &e), ERR_INVALID);
    assert_true(s.n_in > 10000 && s.n_in < 19800 && s.n_out > 100);
    char byte[32];
    snprintf(byte, sizeof byte, "byte %lld", (long long)(size * 2 / 3));
    assert_non_null(strstr(e.detail_en, byte));
    for (struct str rest = buf_view(&s.out); rest.n > 0;) /* not the line that was cut off */
        assert_true(str_find(str_cut(rest, '\n', &rest), STR("an amount has"), NULL));
    seen_finish(&s);
    write_gz(buf_view(&b), "w");
    FILE *f = fopen(path, "r+"); /* damage in the middle */
    fseek(f, size / 2, SEEK_SET);
    for (int i = 0; i < 64; i++)
        fputc(0xFF, f);
    fclose(f);
    seen_init(&s);
    assert_int_equal(run_as(&s, 2, 0, &e), ERR_INVALID);
    assert_true(s.n_in > 1000 && s.n_in < 19800);
    assert_non_null(strstr(e.detail_en, "damaged at byte"));
    seen_finish(&s);
    write_file(STR("\x1f\x8b\x08")); /* not even a header */
    seen_init(&s);
    assert_int_equal(run_as(&s, 1, 0, &e), ERR_INVALID);
    assert_non_null(strstr(e.detail_en, "byte 3"));
    seen_finish(&s);
    buf_finish(&b);
}

/* --- stopping and going on ------------------------------------------------------------------ */

struct stop {
    struct intake_progress p;
    int calls, at; /* which call says stop; 0: none */
};

static bool stop_at(void *ctx, const struct intake_progress *p)
{
    struct stop *s = ctx;
    s->p = *p;
    return ++s->calls != s->at;
}

static void test_stop(void **state)
{
    struct buf b = {0}, whole = {0}, parts = {0};
    struct error e = {0};
    struct seen s;
    const char *from = path;
    (void)state;
    many_rows(&b, 3000);
    write_file(buf_view(&b));
    seen_init(&s);
    assert_int_equal(run_as(&s, 1, 0, &e), OK);
    in_line_order(&s, &whole);
    seen_finish(&s);
    for (int threads = 1; threads <= 3; threads++) {
        struct tally *t = tally_create();
        struct stop stop = {.at = 1};
        seen_init(&s);
        struct intake in = intake_of(&s, &from);
        in.n_threads = threads;
        in.chunk_bytes = 4000;
        in.progress = stop_at;
        in.progress_ctx = &stop;
        assert_int_equal(intake_run(&in, t, &e), ERR_BUSY);
        assert_int_equal(t->accepted, s.n_in);
        assert_true(s.n_in > 0 && s.n_in < 2000 && stop.calls == 2);
        assert_int_equal(stop.p.records, t->records);
        assert_int_equal(stop.p.bytes_total, b.n);
        in.from_byte = stop.p.resume_byte;
        stop = (struct stop){.at = 0};
        assert_int_equal(intake_run(&in, t, &e), OK); /* the same sink and counts go on */
        assert_int_equal(t->records, 3000);
        assert_int_equal(stop.p.resume_byte, b.n);
        assert_int_equal(stop.p.bytes, b.n);
        buf_clear(&parts);
        in_line_order(&s, &parts);
        compare(&whole, &parts, 0, threads, 4000);
        in.from_byte = stop.p.resume_byte - 1;
        assert_int_equal(intake_run(&in, t, &e), ERR_INVALID);
        in.from_byte = (int64_t)b.n + 5;
        assert_int_equal(intake_run(&in, t, &e), ERR_INVALID);
        tally_destroy(t);
        seen_finish(&s);
    }
    buf_finish(&b);
    buf_finish(&whole);
    buf_finish(&parts);
}

static enum err refuse(void *ctx, const struct spoilt *s, struct error *e)
{
    (void)s;
    ++*(int *)ctx;
    return err_set(e, ERR_IO, "满", "full");
}

static void test_refusal(void **state)
{
    struct buf b = {0};
    struct error e = {0};
    const char *from = path;
    int calls = 0;
    struct intake in = {.scheme = scheme, .path = &from, .n_paths = 1, .n_threads = 2,
                        .today = TODAY, .spoilt = refuse, .spoilt_ctx = &calls,
                        .chunk_bytes = 1000};
    struct tally *t = tally_create();
    (void)state;
    many_rows(&b, 3000);
    write_file(buf_view(&b));
    assert_int_equal(intake_run(&in, t, &e), ERR_IO);
    assert_string_equal(e.detail_en, "full");
    assert_int_equal(calls, 1);
    assert_true(t->records < 3000);
    tally_destroy(t);
    buf_finish(&b);
}

/* --- counts, keys, several files ------------------------------------------------------------ */

static void see_key(void *ctx, int thread, struct declaration *d, int n)
{
    (void)ctx;
    (void)thread;
    for (int i = 0; i < n; i++) {
        uint64_t k = d[i].report_key;
        int y, m, day;
        char text[64];
        day_to_civil(day_from_civil(2000, 1, 1) + (day_t)(k >> 6 & 0xFFFF), &y, &m, &day);
        snprintf(text, sizeof text, "%06u%04u%02u%02d%02d%02d%04u", (unsigned)(k >> 43),
                 (unsigned)(k >> 29 & 0x3FFF), (unsigned)(k >> 22 & 0x7F), y - 2000, m, day,
                 (unsigned)(k & 63) * 256 + d[i].report_part);
        assert_true(str_eqz(d[i].report_no, text));
        assert_true(day_from_civil(y, m, day) == d[i].reported);
    }
}

static void test_counts(void **state)
{
    struct buf b = {0};
    struct error e = {0};
    const char *from[2] = {path, path};
    struct intake in = {.scheme = scheme, .path = from, .n_paths = 2, .n_threads = 2,
                        .today = TODAY, .rows = see_key, .chunk_bytes = 500};
    struct tally *t = tally_create();
    char number[] = "3199991234992403150000";
    (void)state;
    buf_z(&b, header);
    for (int i = 0; i < 100; i++) {
        snprintf(number + 18, 5, "%04d", i * 101 % 10000);
        good_row(&b, i < 90 ? COL_REPORT_NO : COL_PARTY_ID, i < 90 ? number : "913100000000000001");
    }
    good_row(&b, COL_BANK, "12X4");
    good_row(&b, COL_COUNTRY, "CHN");
    write_file(buf_view(&b));
    assert_int_equal(intake_run(&in, t, &e), OK);
    assert_int_equal(t->records, 204);
    assert_int_equal(t->accepted, 180);
    assert_int_equal(t->rejected, 24);
    assert_int_equal(t->rule[RULE_IDENTITY], 20);
    assert_int_equal(t->rule[RULE_FORM], 2);
    assert_int_equal(t->rule[RULE_R3], 2);
    assert_int_equal(t->bank[1234].records, 202); /* one record names no bank */
    assert_int_equal(t->bank[1234].rejected, 22);
    assert_int_equal(t->bank[1234].rule[RULE_IDENTITY], 20);
    tally_destroy(t);
    buf_finish(&b);
}

/* --- a line without an end ------------------------------------------------------------------ */

enum { LONG_MB = 300 };

static void *write_long(void *fd)
{
    static char piece[1 << 16];
    struct buf b = {0};
    FILE *f = fdopen(*(int *)fd, "w");
    csv_with(&b, COL_REMARK, "\"x\ny\"");
    fwrite(b.p, 1, b.n, f);
    memset(piece, 'z', sizeof piece);
    for (int i = 0; i < LONG_MB * 16; i++)
        fwrite(piece, 1, sizeof piece, f);
    fputc('\n', f);
    fwrite(b.p + sizeof header - 1, 1, b.n - sizeof header + 1, f);
    fclose(f);
    buf_finish(&b);
    return NULL;
}

static void test_long_line(void **state)
{
    int fd[2], keep = dup(0);
    struct rusage before, after;
    const char *from = "-";
    struct last l = {0};
    struct error e = {0};
    struct tally *t = tally_create();
    struct intake in = {.scheme = scheme, .path = &from, .n_paths = 1, .n_threads = 2,
                        .today = TODAY, .spoilt = keep_last, .spoilt_ctx = &l};
    pthread_t writer;
    (void)state;
    assert_int_equal(pipe(fd), 0);
    dup2(fd[0], 0);
    close(fd[0]);
    getrusage(RUSAGE_SELF, &before);
    pthread_create(&writer, NULL, write_long, &fd[1]);
    assert_int_equal(intake_run(&in, t, &e), OK);
    pthread_join(writer, NULL);
    getrusage(RUSAGE_SELF, &after);
    dup2(keep, 0);
    close(keep);
    assert_int_equal(t->accepted, 6);
    assert_int_equal(l.n, 1);
    assert_int_equal(l.line, 6);
    assert_string_equal(l.why, why_reason[WHY_LONG].en);
    assert_true(after.ru_maxrss - before.ru_maxrss < 40 * 1024); /* kilobytes */
    tally_destroy(t);
}

/* --- all ------------------------------------------------------------------------------------ */

static int setup(void **state)
{
    struct classification *codes;
    struct error e = {0};
    const char *z = getenv("FUMAO_SEED");
    static char party[19] = "91310000MA1FL0001";
    static char code[8];
    (void)state;
    seed = z != NULL ? strtoull(z, NULL, 10) : 1;
    rng_seed(&rng, seed);
    arena_init(&forever);
    check(classification_load(&codes, &forever, &e) == OK);
    check(scheme_load(&scheme, &forever, codes, &e) == OK);
    check(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/file", dir);
    party[17] = unified_code_check(party);
    good[COL_PARTY_ID] = party;
    int i = 0;
    while (!scheme->code[i].service || !scheme->code[i].credit || scheme->code[i].netting)
        i++;
    snprintf(code, sizeof code, "%.*s", STR_ARG(scheme->code[i].code));
    good[COL_CODE] = code;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    rmdir(dir);
    arena_finish(&forever);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_naive),   cmocka_unit_test(test_values),
        cmocka_unit_test(test_good_values), cmocka_unit_test(test_headers),
        cmocka_unit_test(test_open_quote), cmocka_unit_test(test_many_lines), cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_gb18030), cmocka_unit_test(test_ndjson),
        cmocka_unit_test(test_ndjson_cut),
        cmocka_unit_test(test_gzip),    cmocka_unit_test(test_stop),
        cmocka_unit_test(test_refusal), cmocka_unit_test(test_counts),
        cmocka_unit_test(test_long_line),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
