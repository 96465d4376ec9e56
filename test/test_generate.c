/* The made-up economy: the same bytes for the same seed, control totals to the cent, faults where
 * the truth says and nowhere else, identities that are valid, a heavy tail. Lines are read here by
 * plain cutting at commas, not by intake. FUMAO_ROWS (default 200,000). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "declaration/generate_inside.h"
#include "declaration/history.h"
#include "declaration/screen.h"

enum { SMALL_ROWS = 20000, SEED = 7 };

static struct arena arena;
static struct classification *codes;
static struct scheme *scheme;

/* --- one economy, read back ---------------------------------------------------------------- */

struct made {
    struct str rows, truth, reg, rates, controls;
};

static int temporary(char path[64])
{
    strcpy(path, "/tmp/fumao-generate-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd > 0);
    return fd;
}

static struct str slurp(int fd)
{
    off_t n = lseek(fd, 0, SEEK_END);
    char *p = malloc((size_t)n + 1);
    assert_non_null(p);
    assert_int_equal(pread(fd, p, (size_t)n, 0), n);
    p[n] = '\0';
    close(fd);
    return (struct str){p, (size_t)n};
}

static struct generate_options options(int64_t rows)
{
    return (struct generate_options){.scheme = scheme, .rows = rows, .seed = SEED, .faults = true,
                                     .late = true, .n_threads = 2};
}

static void make(struct generate_options o, struct made *m)
{
    char path[64];
    int fd[5];
    struct error e = {0};
    for (int i = 0; i < 5; i++) {
        fd[i] = temporary(path);
        unlink(path);
    }
    o.controls_fd = fd[4];
    if (generate(&o, fd[0], fd[1], fd[2], fd[3], &e) != OK)
        fail_msg("%s", e.detail_en);
    *m = (struct made){slurp(fd[0]), slurp(fd[1]), slurp(fd[2]), slurp(fd[3]), slurp(fd[4])};
}

static void drop(struct made *m)
{
    const struct str *all[] = {&m->rows, &m->truth, &m->reg, &m->rates, &m->controls};
    for (size_t i = 0; i < 5; i++)
        free((char *)(uintptr_t)all[i]->p);
}

static int cut(struct str line, struct str field[20])
{
    int n = 0;
    for (struct str rest = line; n < 20;) {
        const char *comma = memchr(rest.p, ',', rest.n);
        field[n++] = str_cut(rest, ',', &rest);
        if (comma == NULL)
            break;
    }
    return n;
}

static bool next_line(struct str *text, struct str *line)
{
    if (text->n == 0)
        return false;
    *line = str_cut(*text, '\n', text);
    return true;
}

/* Rows with their labels, in step: the truth is in order of lines. */
struct walk {
    struct str rows, truth, line, label[20], field[20];
    int64_t at, labelled; /* line of the row; of the next label, 0: none */
    int n;
    enum plant plant;     /* of the row */
    struct str rule;
};

static void next_label(struct walk *w)
{
    struct str line = {NULL, 0};
    w->labelled = 0;
    if (next_line(&w->truth, &line)) {
        assert_int_equal(cut(line, w->label), 5);
        assert_true(str_int(w->label[0], &w->labelled));
    }
}

static struct walk walk_begin(const struct made *m)
{
    struct walk w = {.rows = m->rows, .truth = m->truth, .at = 1};
    struct str line = {NULL, 0};
    assert_true(next_line(&w.rows, &line) && next_line(&w.truth, &line));
    next_label(&w);
    return w;
}

static bool walk_next(struct walk *w)
{
    if (!next_line(&w->rows, &w->line)) {
        assert_int_equal(w->labelled, 0); /* every label had its line */
        return false;
    }
    w->at++;
    w->n = cut(w->line, w->field);
    w->plant = PLANT_NONE;
    w->rule = STR("");
    if (w->labelled != w->at)
        return true;
    assert_true(str_eq(w->label[1], w->field[0]));
    for (int i = 1; i < PLANT_COUNT; i++)
        if (str_eqz(w->label[2], plant_name[i]))
            w->plant = (enum plant)i;
    assert_true(w->plant != PLANT_NONE);
    w->rule = w->label[3];
    next_label(w);
    return true;
}

/* --- tests --------------------------------------------------------------------------------- */

static void hash_of(const struct made *m, uint8_t out[32])
{
    struct hash h;
    hash_init(&h);
    hash_add(&h, m->rows.p, m->rows.n);
    hash_add(&h, m->truth.p, m->truth.n);
    hash_add(&h, m->reg.p, m->reg.n);
    hash_add(&h, m->rates.p, m->rates.n);
    hash_add(&h, m->controls.p, m->controls.n);
    hash_end(&h, out);
}

static void test_same_seed_same_bytes(void **state)
{
    (void)state;
    uint8_t first[32], other[32];
    for (int i = 0; i < 4; i++) { /* 1, 2, 3 threads; another seed */
        struct generate_options o = options(SMALL_ROWS);
        struct made m;
        o.n_threads = i < 3 ? i + 1 : 2;
        o.seed += i == 3;
        make(o, &m);
        hash_of(&m, i == 0 ? first : other);
        drop(&m);
        if (i == 3)
            assert_memory_not_equal(first, other, 32);
        else if (i > 0)
            assert_memory_equal(first, other, 32);
    }
}

/* Rates of the file, by month and currency, as the caller of a compilation would have them. */
static const struct rates *rates_of(const struct made *m, struct arena *a)
{
    char path[64];
    int fd = temporary(path);
    struct rates *r;
    struct error e = {0};
    assert_int_equal(write(fd, m->rates.p, m->rates.n), m->rates.n);
    close(fd);
    assert_int_equal(rates_load(&r, a, scheme, path, &e), OK);
    unlink(path);
    assert_true(r->made_up);
    return r;
}

static int item_of(struct str code)
{
    int i = scheme_code_find(scheme, code);
    assert_true(i >= 0 && scheme->code[i].n_targets > 0);
    struct str item = codes->ebops.code[scheme->code[i].target[0].to].code;
    for (int k = 0; k < CONTROL_ITEMS; k++)
        if (str_has_prefix(item, item_name(k)))
            return k;
    fail_msg("code %.*s has no main item", STR_ARG(code));
    return -1;
}

static int64_t row_cents(const struct walk *w, const struct rates *r, int *month)
{
    int64_t amount = 0, cents = 0, day = 0;
    assert_true(str_int(w->field[10], &amount) && str_int(w->field[12], &day));
    *month = (int)(day / 10000 - 2000) * 12 + (int)(day / 100 % 100) - 1;
    int currency = scheme_currency_find(scheme, w->field[9]);
    assert_true(rates_cents(r, scheme, currency, *month, amount, &cents));
    return cents;
}

static void check_controls(const struct made *m, const struct generate_options *o)
{
    struct arena a;
    struct controls k;
    struct error e = {0};
    arena_init(&a);
    assert_int_equal(generate_controls(o, &a, &k, &e), OK);
    const struct rates *r = rates_of(m, &a);
    struct walk w = walk_begin(m);
    int64_t rows = 0;
    while (walk_next(&w)) {
        int month;
        rows++;
        if (w.plant != PLANT_NONE && w.plant != PLANT_LATE && w.plant != PLANT_LISTED &&
            w.plant != PLANT_REFUND)
            continue;
        int64_t cents = row_cents(&w, r, &month);
        int flow = str_eqz(w.field[6], "D") ^ (w.plant == PLANT_REFUND);
        k.month[month - k.from][flow][item_of(w.field[7])].usd_cents -=
            w.plant == PLANT_REFUND ? -cents : cents;
    }
    assert_int_equal(rows, o->rows);
    for (int i = 0; i < k.n * CELLS; i++)
        assert_int_equal(
            k.month[i / CELLS][i / CONTROL_ITEMS % FLOW_COUNT][i % CONTROL_ITEMS].usd_cents, 0);
    arena_finish(&a);
}

/* Big, small, clean, and so small that a month has hardly more records than cells. */
static void test_control_totals(void **state)
{
    (void)state;
    static const int64_t rows[] = {SMALL_ROWS, SMALL_ROWS, 24 * GENERATE_MONTH_ROWS, 60000};
    for (int i = 0; i < 4; i++) {
        struct generate_options o = options(rows[i]);
        struct made m;
        o.faults = i != 1;
        o.late = i != 1;
        o.from = i == 3 ? day_from_civil(2016, 5, 1) : 0;
        o.months = i == 3 ? 3 : 0;
        make(o, &m);
        check_controls(&m, &o);
        if (i == 1)
            assert_true(str_eq(m.truth, STR("line,report_no,plant,rule,note\n")));
        drop(&m);
    }
}

/* Figures of the releases, read by a person: 亿 USD. */
static void test_published(void **state)
{
    (void)state;
    static const struct { int year, month, flow, item, usd_100m; } said[] = {
        {2026, 4, 0, 8, 96}, {2026, 4, 1, 3, 189}, {2026, 4, 0, 11, 1}, {2025, 8, 1, 2, 143},
        {2025, 8, 0, 9, 89}, {2025, 8, 1, 7, 36}};
    struct generate_options o = options(SMALL_ROWS);
    struct controls k;
    struct error e = {0};
    assert_int_equal(generate_controls(&o, &arena, &k, &e), OK);
    assert_int_equal(k.n, 24);
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        int m = (said[i].year - 2000) * 12 + said[i].month - 1 - k.from;
        const struct control *c = &k.month[m][said[i].flow][said[i].item];
        assert_int_equal(c->status, CONTROL_PUBLISHED);
        double want = said[i].usd_100m * 1e10 / (double)k.scale;
        assert_true(fabs((double)c->usd_cents - want) <= 0.5);
    }
    /* 2025-02: 317 of exports in all, SA 10 of it; the others share the rest. */
    int64_t sum = 0;
    int m = 25 * 12 + 1 - k.from;
    for (int i = 0; i < CONTROL_ITEMS; i++)
        sum += k.month[m][0][i].usd_cents;
    assert_true(fabs((double)sum - 317e10 / (double)k.scale) <= CONTROL_ITEMS);
    assert_int_equal(k.month[m][0][1].status, CONTROL_SHARED);
    assert_int_equal(k.month[m][0][0].status, CONTROL_PUBLISHED);
}

static bool has_form(const struct walk *w) /* as a record without a fault looks */
{
    int64_t day = 0;
    struct str zone = w->field[4];
    return w->n == 16 && w->field[0].n == 22 && str_int(w->field[12], &day) &&
           memchr(w->line.p, '"', w->line.n) == NULL && str_has_prefix(w->field[14], STR("SYN-")) &&
           (zone.n == 0 || place_find(codes, zone) > 0);
}

static bool identity_valid(const struct walk *w)
{
    const char *p = w->field[1].p;
    if (str_eqz(w->field[2], "F"))
        return str_has_prefix(w->field[1], STR("SYN"));
    return w->field[1].n == 18 &&
           (str_eqz(w->field[2], "C") ? unified_code_valid(p) : citizen_number_valid(p));
}

/* Against the one direction of its code, which a refund turns round. */
static bool wrong_way(const struct walk *w, const struct itrs_code *c)
{
    bool credit = str_eqz(w->field[6], "C"), refund = str_eqz(w->field[13], "R");
    return credit != refund ? !c->credit : !c->debit;
}

/* What is wrong with a row, by looking at it alone: the rule, or "". */
static const char *row_fault(const struct walk *w)
{
    int64_t day = 0, amount = 0;
    if (!has_form(w))
        return "FORM";
    assert_true(str_int(w->field[12], &day) && str_int(w->field[10], &amount));
    day_t on = day_from_civil((int)(day / 10000), (int)(day / 100 % 100), (int)(day % 100));
    int y, m, d;
    day_to_civil(on, &y, &m, &d);
    if (d != day % 100)
        return "FORM";
    int code = scheme_code_find(scheme, w->field[7]);
    if (code < 0)
        return "R1";
    return !identity_valid(w)                                        ? "IDENTITY"
           : memcmp(w->field[0].p + 6, w->field[5].p, 4) != 0        ? "REPORT"
           : str_eqz(w->field[8], "CHN")                             ? "R3"
           : amount == 0                                             ? "R4"
           : scheme_currency_find(scheme, w->field[9]) < 0           ? "R5"
           : wrong_way(w, &scheme->code[code])                       ? "R2"
           : scheme->code[code].netting                              ? "R10"
                                                                     : "";
}

static bool local(struct str rule) /* seen in one row */
{
    static const char *const rules[] = {"FORM", "IDENTITY", "REPORT", "R1", "R2",
                                        "R3",   "R4",       "R5",     "R10"};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (str_eqz(rule, rules[i]))
            return true;
    return false;
}

static day_t reported(const struct walk *w)
{
    const char *p = w->field[0].p + 12;
    return day_from_civil(2000 + (p[0] - '0') * 10 + p[1] - '0', (p[2] - '0') * 10 + p[3] - '0',
                          (p[4] - '0') * 10 + p[5] - '0');
}

/* Every labelled fault is in its line, and no line without a label has one. */
static void check_faults(const struct made *m, int64_t count[PLANT_COUNT])
{
    struct walk w = walk_begin(m);
    day_t before = DAY_MIN;
    memset(count, 0, PLANT_COUNT * sizeof *count);
    while (walk_next(&w)) {
        count[w.plant]++;
        const char *found = row_fault(&w);
        if (!str_eqz(local(w.rule) ? w.rule : STR(""), found))
            fail_msg("line %lld is %s, expected %.*s, found \"%s\": %.*s", (long long)w.at,
                     plant_name[w.plant], STR_ARG(w.rule), found, STR_ARG(w.line));
        if (found[0] != '\0')
            continue;
        int64_t day = 0;
        assert_true(str_int(w.field[12], &day));
        day_t on = day_from_civil((int)(day / 10000), (int)(day / 100 % 100), (int)(day % 100));
        day_t lag = reported(&w) - on;
        assert_true(on >= before); /* the file is in order of days */
        before = on;
        assert_true(lag >= 0);
        assert_true((lag > 10) == (w.plant == PLANT_LATE)); /* R15 */
        assert_true(str_eqz(w.field[13], "R") == (w.plant == PLANT_REFUND));
        if (w.plant == PLANT_LISTED)
            assert_true(str_eqz(w.field[6], "D"));
    }
}

static void test_faults(void **state)
{
    const struct made *m = *state;
    int64_t count[PLANT_COUNT], rows = 0;
    check_faults(m, count);
    for (int i = 0; i < PLANT_COUNT; i++)
        rows += count[i];
    static const struct { enum plant plant; double low, high; } share[] = { /* per cent */
        {PLANT_MISCODED, 0.9, 1.1}, {PLANT_PARTNER, 0.42, 0.58}, {PLANT_DUPLICATE, 0.13, 0.24},
        {PLANT_LATE, 2.8, 3.2}, {PLANT_REFUND, 0.9, 1.1}, {PLANT_LISTED, 0.42, 0.58},
        {PLANT_UNIT, 0.002, 0.02}, {PLANT_NETTING, 0.03, 0.07}, {PLANT_CHECK_DIGIT, 0.01, 0.035},
        {PLANT_TWICE, 0.015, 0.055}, {PLANT_OPEN_QUOTE, 0.002, 0.025},
        {PLANT_SHORT_ROW, 0.002, 0.025}};
    for (size_t i = 0; i < sizeof share / sizeof share[0]; i++) {
        double got = 100 * (double)count[share[i].plant] / (double)rows;
        if (got < share[i].low || got > share[i].high)
            fail_msg("%s: %.3f %%", plant_name[share[i].plant], got);
    }
    for (int i = 0; i < PLANT_COUNT; i++) /* no code of the shipped table has one direction only */
        assert_true(count[i] > 0 || i == PLANT_DIRECTION);
}

static void spill(const struct made *m, char path[64])
{
    int fd = temporary(path);
    assert_int_equal(write(fd, m->rows.p, m->rows.n), m->rows.n);
    close(fd);
}

struct expected { int64_t line; struct str rule; };
struct expectations {
    size_t n, at;
    struct expected *e;
};

/* Spoilt records come in the order of the file. */
static enum err expect_spoilt(void *ctx, const struct spoilt *s, struct error *e)
{
    struct expectations *x = ctx;
    (void)e;
    assert_true(x->at < x->n);
    const struct expected *want = &x->e[x->at++];
    if (want->line != s->line || !str_eq(want->rule, scheme->rule[s->rule].id))
        fail_msg("line %lld is %.*s; expected line %lld, %.*s", (long long)s->line,
                 STR_ARG(scheme->rule[s->rule].id), (long long)want->line, STR_ARG(want->rule));
    return OK;
}

/* The reader of declarations finds every planted fault that one record shows, and no other. */
static void test_intake(void **state)
{
    const struct made *m = *state;
    struct expectations x = {.e = malloc(m->rows.n / 64 * sizeof *x.e)};
    int64_t of_rule[RULE_COUNT] = {0};
    struct walk w = walk_begin(m);
    assert_non_null(x.e);
    while (walk_next(&w)) {
        for (int i = 0; i < RULE_COUNT; i++)
            of_rule[i] += str_eq(w.rule, scheme->rule[i].id);
        if (local(w.rule))
            x.e[x.n++] = (struct expected){w.at, w.rule};
    }
    char path[64];
    spill(m, path);
    const char *const paths[] = {path};
    struct intake in = {.scheme = scheme, .path = paths, .n_paths = 1, .today = DAY_MAX,
                        .n_threads = 2, .spoilt = expect_spoilt, .spoilt_ctx = &x};
    struct tally *t = tally_create();
    struct error e = {0};
    if (intake_run(&in, t, &e) != OK)
        fail_msg("%s", e.detail_en);
    unlink(path);
    assert_int_equal(x.at, x.n);
    assert_int_equal(t->rejected + t->excluded, (int64_t)x.n);
    assert_int_equal(t->rule[RULE_R15], of_rule[RULE_R15]);
    assert_int_equal(t->rule[RULE_R6], of_rule[RULE_R6]);
    assert_int_equal(t->rule[RULE_R11], 0);
    assert_int_equal(t->rule[RULE_WHEN], 0);
    tally_destroy(t);
    free(x.e);
}

/* No source restricts a code to one direction, so none of the shipped table is. A ministry's may
 * have such codes: here two are, made up for this test alone; what is planted is found. */
static void test_one_direction(void **state)
{
    (void)state;
    struct itrs_code *debit = &scheme->code[scheme_code_find(scheme, STR("231030"))];
    struct itrs_code *credit = &scheme->code[scheme_code_find(scheme, STR("228031"))];
    struct made m;
    void *made = &m;
    int64_t count[PLANT_COUNT], planted[2] = {0};
    debit->credit = credit->debit = false;
    make(options(SMALL_ROWS * 10), &m);
    check_faults(&m, count);
    test_intake(&made);
    struct walk w = walk_begin(&m);
    while (walk_next(&w)) {
        if (w.plant != PLANT_DIRECTION)
            continue;
        bool receipt = str_eqz(w.field[6], "C");
        assert_true(str_eqz(w.rule, "R2"));
        assert_true(str_eq(w.field[7], receipt ? debit->code : credit->code));
        planted[receipt]++;
    }
    print_message("planted against the direction of a code: %lld receipts, %lld payments\n",
                  (long long)planted[1], (long long)planted[0]);
    assert_true(planted[0] > 0 && planted[1] > 0);
    debit->credit = credit->debit = true;
    drop(&m);
}

/* What a party's other records tell: mistakes of unit stand out (some true payments do too), and
 * every refund finds its payment. */
static void test_history(void **state)
{
    const struct made *m = *state;
    struct arena a;
    char path[64];
    int64_t units = 0;
    struct walk w = walk_begin(m);
    while (walk_next(&w))
        units += w.plant == PLANT_UNIT;
    arena_init(&a);
    scheme->rates = rates_of(m, &a);
    spill(m, path);
    const char *const paths[] = {path};
    struct history *h = history_create(scheme, 2);
    struct intake in = {.scheme = scheme, .path = paths, .n_paths = 1, .today = DAY_MAX,
                        .n_threads = 2, .rows = history_rows, .rows_ctx = h};
    struct error e = {0};
    struct history_report report;
    for (int i = 0; i < 2; i++) {
        struct tally *t = tally_create();
        assert_int_equal(intake_run(&in, t, &e), OK);
        tally_destroy(t);
        in.rows = history_again;
        if (i == 0)
            assert_int_equal(history_settle(h, &e), OK);
    }
    history_report(h, &report);
    print_message("mistakes of unit %lld, R8 %lld\n", (long long)units,
                  (long long)report.rule[RULE_R8]);
    assert_true(report.rule[RULE_R8] >= units && report.rule[RULE_R8] <= units + 20);
    assert_int_equal(report.rule[RULE_R14], 0);
    history_destroy(h);
    unlink(path);
    scheme->rates = NULL;
    arena_finish(&a);
}

/* Every listed activity is a possible hit under the lists in force on its day. */
static void test_listed(void **state)
{
    const struct made *m = *state;
    struct arena a;
    struct corpus *c;
    struct snapshot *snap;
    struct screen *s;
    struct error e = {0};
    day_t from = day_from_civil(2024, 5, 1), to = day_from_civil(2026, 4, 30);
    int64_t listed = 0;
    arena_init(&a);
    assert_int_equal(law_load_shipped(&c, &a, codes, &e), OK);
    assert_int_equal(snapshot_create(&snap, c, &e), OK);
    assert_int_equal(screen_create(&s, scheme, snap, from, to, 2, &e), OK);
    struct walk w = walk_begin(m);
    while (walk_next(&w)) {
        int64_t day = 0;
        if (w.plant != PLANT_LISTED)
            continue;
        assert_true(str_int(w.field[12], &day));
        struct str place = w.field[4].n > 0 ? w.field[4] : STR("CN-BJ");
        struct declaration d = {.flow = str_eqz(w.field[6], "D") ? FLOW_DEBIT : FLOW_CREDIT};
        d.on = day_from_civil((int)(day / 10000), (int)(day / 100 % 100), (int)(day % 100));
        d.code = (uint8_t)scheme_code_find(scheme, w.field[7]);
        d.country = (uint8_t)economy_find(codes, w.field[8]);
        d.place = (uint8_t)place_find(codes, place);
        enum screen_outcome o = screen_one(s, &d);
        assert_true(o == SCREEN_POSSIBLE || o == SCREEN_HIT);
        listed++;
    }
    assert_true(listed > 0);
    screen_destroy(s);
    snapshot_destroy(snap);
    arena_finish(&a);
}

struct seen { struct str number, row; int64_t at; enum plant plant; };

static int by_number(const void *x, const void *y)
{
    const struct seen *a = x, *b = y;
    int order = str_cmp(a->number, b->number);
    return order != 0 ? order : (a->at > b->at) - (a->at < b->at);
}

/* A report number comes once; twice only where the truth says so: the same row again, the second
 * being labelled, or two that differ, both labelled. */
static void test_report_numbers(void **state)
{
    const struct made *m = *state;
    size_t n = 0, lines = 0;
    for (size_t i = 0; i < m->rows.n; i++)
        lines += m->rows.p[i] == '\n';
    struct seen *s = malloc(lines * sizeof *s);
    assert_non_null(s);
    struct walk w = walk_begin(m);
    int same = 0, other = 0;
    while (walk_next(&w))
        s[n++] = (struct seen){w.field[0], w.line, w.at, w.plant};
    sort_by(s, n, sizeof *s, by_number);
    for (size_t i = 1; i < n; i++) {
        bool twice = str_eq(s[i].number, s[i - 1].number);
        if (!twice) {
            assert_true(s[i].plant != PLANT_TWICE ||
                        (i + 1 < n && str_eq(s[i].number, s[i + 1].number)));
            continue;
        }
        assert_int_equal(s[i].plant, PLANT_TWICE);
        bool equal = str_eq(s[i].row, s[i - 1].row);
        assert_true(equal == (s[i - 1].plant != PLANT_TWICE));
        same += equal;
        other += !equal;
    }
    assert_true(same > 0 && other > 0);
    free(s);
}

/* A duplicate has party, amount, day and counterpart of the row before it and a number of its own;
 * a refund has the contract, party and currency of an earlier payment of the other flow. */
static void test_pairs(void **state)
{
    const struct made *m = *state;
    struct walk w = walk_begin(m);
    struct str *by_contract = calloc(m->rows.n / 64, sizeof *by_contract);
    struct str before[20] = {{NULL, 0}};
    assert_non_null(by_contract);
    while (walk_next(&w)) {
        static const int same_r7[] = {1, 8, 9, 10, 12};
        if (w.plant == PLANT_DUPLICATE) {
            for (int i = 0; i < 5; i++)
                assert_true(str_eq(before[same_r7[i]], w.field[same_r7[i]]));
            assert_false(str_eq(before[0], w.field[0]));
        }
        memcpy(before, w.field, sizeof before);
        if (w.n < 16 || w.plant == PLANT_OPEN_QUOTE)
            continue;
        int64_t contract = 0, amount = 0, first = 0;
        struct str old[20];
        assert_true(str_int((struct str){w.field[14].p + 4, w.field[14].n - 4}, &contract));
        if (w.plant != PLANT_REFUND) {
            if (by_contract[contract].n == 0)
                by_contract[contract] = w.line;
            continue;
        }
        assert_true(by_contract[contract].n > 0); /* it is earlier in the file */
        assert_int_equal(cut(by_contract[contract], old), 16);
        assert_true(str_eq(old[1], w.field[1]) && str_eq(old[7], w.field[7]) &&
                    str_eq(old[8], w.field[8]) && str_eq(old[9], w.field[9]));
        assert_false(str_eq(old[6], w.field[6]));
        assert_true(str_int(w.field[10], &amount) && str_int(old[10], &first) && amount <= first);
        assert_true(str_cmp(old[12], w.field[12]) <= 0);
    }
    free(by_contract);
}

struct holder { struct str id; int64_t cents; };

static int by_id(const void *x, const void *y)
{
    return str_cmp(((const struct holder *)x)->id, ((const struct holder *)y)->id);
}

static int by_cents(const void *x, const void *y)
{
    const struct holder *a = x, *b = y;
    return (a->cents < b->cents) - (a->cents > b->cents);
}

/* Few firms have much; and partners have the shares of the calibration, HKG first. */
static void test_heavy_tail(void **state)
{
    const struct made *m = *state;
    struct arena a;
    arena_init(&a);
    const struct rates *r = rates_of(m, &a);
    struct walk w = walk_begin(m);
    size_t n = 0, firms = 0;
    struct holder *h = malloc(m->rows.n / 64 * sizeof *h);
    double hkg[2] = {0}, all[2] = {0}, total = 0, top = 0;
    assert_non_null(h);
    while (walk_next(&w)) {
        int month, debit = str_eqz(w.field[6], "D");
        if (w.plant != PLANT_NONE)
            continue;
        int64_t cents = row_cents(&w, r, &month);
        h[n++] = (struct holder){w.field[1], cents};
        all[debit] += (double)cents;
        hkg[debit] += str_eqz(w.field[8], "HKG") ? (double)cents : 0;
        total += (double)cents;
    }
    sort_by(h, n, sizeof *h, by_id);
    for (size_t i = 0; i < n; i++) {
        if (firms > 0 && str_eq(h[firms - 1].id, h[i].id))
            h[firms - 1].cents += h[i].cents;
        else
            h[firms++] = h[i];
    }
    sort_by(h, firms, sizeof *h, by_cents);
    for (size_t i = 0; i < firms / 100; i++)
        top += (double)h[i].cents;
    print_message("largest firm %.1f %%, top 1 %% %.1f %%, HKG %.1f %% and %.1f %%\n",
                  100 * (double)h[0].cents / total, 100 * top / total, 100 * hkg[0] / all[0],
                  100 * hkg[1] / all[1]);
    assert_true(top / total > 0.12 && top / total < 0.5);
    assert_true((double)h[0].cents / total < 0.15);
    /* Partners that no record has leave their share to the others. */
    assert_true(fabs(hkg[0] / all[0] - 0.195) < 0.03 && fabs(hkg[1] / all[1] - 0.174) < 0.03);
    free(h);
    arena_finish(&a);
}

/* The register holds the enterprises, once each, valid; a few per cent are in groups. */
static void test_register(void **state)
{
    const struct made *m = *state;
    struct str text = m->reg, line = {NULL, 0}, f[20];
    int n = 0, key = 0, large = 0, grouped = 0;
    assert_true(next_line(&text, &line));
    assert_true(str_eq(line, STR("party_id,size,ownership,group,key,note")));
    while (next_line(&text, &line)) {
        assert_int_equal(cut(line, f), 6);
        assert_true(f[0].n == 18 && unified_code_valid(f[0].p));
        assert_true(str_has_prefix(f[0], STR("9199"))); /* a province that does not exist */
        assert_true(str_eqz(f[5], "made up"));
        n++;
        key += str_eqz(f[4], "1");
        large += str_eqz(f[1], "large");
        grouped += f[3].n > 0;
    }
    int firms = (int)(m->rows.n / 116 / 50);
    assert_true(n > firms * 9 / 10 && n < firms * 11 / 10);
    assert_true(key * 100 > n * 9 / 10 && key * 100 < n * 12 / 10);
    assert_true(large > key && grouped * 100 > n * 2 && grouped * 100 < n * 4);
}

/* What is known on a day is the part of the whole that was reported by then, line for line. */
static void test_vintages(void **state)
{
    (void)state;
    struct generate_options o = options(SMALL_ROWS);
    struct made all, part;
    make(o, &all);
    o.reported_to = day_from_civil(2025, 3, 31);
    make(o, &part);
    struct walk w = walk_begin(&all);
    struct str rest = part.rows, line = {NULL, 0};
    int64_t kept = 0, late = 0;
    assert_true(next_line(&rest, &line));
    while (walk_next(&w)) {
        if (reported(&w) > o.reported_to) {
            late += w.n == 16 && str_cmp(w.field[12], STR("20250301")) < 0;
            continue;
        }
        kept++;
        assert_true(next_line(&rest, &line) && str_eq(line, w.line));
    }
    assert_int_equal(rest.n, 0);
    assert_true(kept > SMALL_ROWS / 4 && kept < SMALL_ROWS / 2 && late > 0);
    w = walk_begin(&part); /* labels still fit their lines */
    while (walk_next(&w))
        ;
    drop(&all);
    drop(&part);
}

static void test_refused(void **state)
{
    (void)state;
    struct generate_options o[] = {options(24 * GENERATE_MONTH_ROWS - 1), options(SMALL_ROWS),
                                   options(SMALL_ROWS), options(SMALL_ROWS), options(SMALL_ROWS)};
    o[1].months = GENERATE_MONTHS + 1;
    o[2].from = day_from_civil(2013, 1, 1); /* before the codes */
    o[3].enterprises = 10;
    o[4].from = day_from_civil(2039, 6, 1);
    for (int i = 0; i < 5; i++) {
        struct error e = {0};
        assert_int_equal(generate(&o[i], STDOUT_FILENO, 0, 0, 0, &e), ERR_USAGE);
        assert_true(e.detail_zh[0] != '\0' && e.field[0] != '\0');
    }
    struct generate_options full = options(SMALL_ROWS);
    struct error e = {0};
    FILE *f = fopen("/dev/full", "w");
    if (f != NULL) {
        assert_int_equal(generate(&full, fileno(f), 0, 0, 0, &e), ERR_IO);
        fclose(f);
    }
}

/* --- arithmetic ---------------------------------------------------------------------------- */

static void test_arithmetic(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, SEED);
    for (int i = 0; i < 10000; i++) {
        uint64_t x = (rng_next(&rng) >> rng_below(&rng, 63)) | 1;
        assert_true(fabs((double)fixed_log2(x) / 4294967296.0 - log2((double)x)) < 1e-8);
        int64_t y = (int64_t)(rng_next(&rng) >> 27) - (INT64_C(8) << 32);
        double want = exp2((double)y / 4294967296.0) * 65536;
        assert_true(fabs((double)fixed_exp2(y) - want) < 1 + want * 1e-6);
    }
    int64_t weight[7] = {3, 0, 5, 1, 1, 1, 9}, part[7], sum = 0;
    parts(1001, weight, 7, part);
    for (int i = 0; i < 7; i++) {
        sum += part[i];
        assert_true(llabs(part[i] * 20 - 1001 * weight[i]) < 20);
    }
    assert_int_equal(sum, 1001);
}

/* The chances that Walker's table gives are the weights. */
static void test_alias(void **state)
{
    (void)state;
    enum { N = 50 };
    uint64_t weight[N], total = 0;
    double chance[N] = {0};
    struct rng rng;
    struct alias a;
    rng_seed(&rng, SEED);
    for (int i = 0; i < N; i++)
        total += weight[i] = i % 7 == 0 ? 0 : rng_below(&rng, 1u << (i % 30));
    alias_make(&a, &arena, weight, N);
    for (int i = 0; i < N; i++) {
        chance[i] += a.entry[i].cut / 4294967296.0 / N;
        chance[a.entry[i].other] += (1 - a.entry[i].cut / 4294967296.0) / N;
    }
    for (int i = 0; i < N; i++)
        assert_true(fabs(chance[i] - (double)weight[i] / (double)total) < 1e-8);
}

static void test_rake(void **state)
{
    (void)state;
    static const int64_t weight[6] = {100000, 40000, 10000, 30000, 90000, 20000};
    static const int64_t rows[2] = {5000000, 3000000}, columns[3] = {4000000, 3500000, 500000};
    uint32_t column[3];
    uint64_t row[2];
    double r[2] = {0}, c[3] = {0};
    rake(weight, 2, 3, rows, columns, column, row);
    for (int i = 0; i < 6; i++) {
        double v = (double)weight[i] * column[i % 3] / 1048576.0;
        v *= (double)row[i / 3] / 4294967296.0;
        r[i / 3] += v;
        c[i % 3] += v;
    }
    for (int i = 0; i < 2; i++)
        assert_true(fabs(r[i] / (double)rows[i] - 1) < 1e-6);
    for (int i = 0; i < 3; i++)
        assert_true(fabs(c[i] / (double)columns[i] - 1) < 1e-3);
}

static struct made big;

static int setup(void **state)
{
    const char *rows = getenv("FUMAO_ROWS");
    struct error e = {0};
    arena_init(&arena);
    if (classification_load(&codes, &arena, &e) != OK ||
        scheme_load(&scheme, &arena, codes, &e) != OK)
        return -1;
    make(options(rows != NULL ? atoll(rows) : 200000), &big);
    *state = &big;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    drop(&big);
    arena_finish(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arithmetic),     cmocka_unit_test(test_alias),
        cmocka_unit_test(test_rake),           cmocka_unit_test(test_same_seed_same_bytes),
        cmocka_unit_test(test_control_totals), cmocka_unit_test(test_published),
        cmocka_unit_test(test_faults),         cmocka_unit_test(test_intake),
        cmocka_unit_test(test_one_direction),
        cmocka_unit_test(test_history),        cmocka_unit_test(test_listed),
        cmocka_unit_test(test_report_numbers), cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_heavy_tail),     cmocka_unit_test(test_register),
        cmocka_unit_test(test_vintages),       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
