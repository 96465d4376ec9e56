/* COMMAND: stats direct. Direct reports of enterprises: checked, summed, and set beside the
 * declarations of a cube. Exit status 1 when anything was found. */
#include "cli/stats.h"
#include "declaration/quarantine.h"

#include <stdio.h>
#include <stdlib.h>

enum { SHOWN = 10 };

struct sums {
    int64_t enterprises, cents;
};
struct reporting {
    struct stats_world w;
    struct direct_scheme *scheme;
    struct store store; /* only with --batches */
    struct intake in; /* paths, day and progress */
    struct direct d;
    struct cube cube;
    bool has_cube;
    struct direct_beside beside;
    struct register_entry *reg; /* of d.parties; NULL without --register */
    struct direct_unlisted unlisted;
    struct quarantine q;
    int64_t enterprises;
    struct sums item[FLOW_COUNT][DIRECT_MAIN];
};

static enum err stays_out(void *ctx, const struct direct_spoilt *x, struct error *e)
{
    struct reporting *r = ctx;
    struct str rule = r->scheme->rule[x->rule].id;
    const struct quarantine_entry entry = {
        x->file, x->field < DIRECT_COLUMNS ? direct_column_name[x->field] : "", x->line, x->column,
        rule, rule, x->why_zh, x->why_en, x->raw};
    return quarantine_put(&r->q, &entry, e);
}

/* Enterprises of an item: lines are in order of party, so that its last party tells. */
static void sum_up(struct reporting *r)
{
    uint32_t last[FLOW_COUNT][DIRECT_MAIN];
    memset(last, 0xff, sizeof last);
    for (size_t i = 0; i < r->d.n; i++) {
        const struct direct_line *x = &r->d.line[i];
        int main = direct_main(r->w.codes, x->item);
        struct sums *s = &r->item[x->flow][main];
        r->enterprises += i == 0 || r->d.line[i - 1].party != x->party;
        s->enterprises += last[x->flow][main] != x->party;
        last[x->flow][main] = x->party;
        s->cents += x->cents;
    }
}

static enum err read_reports(const struct args *a, struct reporting *r, struct error *e)
{
    struct stats_progress p;
    stats_progress_init(&p, a, a->zh ? "直报" : "direct reports", &r->in);
    const struct direct_options o = {
        .scheme = r->scheme, .path = r->in.path, .n_paths = r->in.n_paths, .today = r->in.today,
        .spoilt = stays_out, .spoilt_ctx = r, .progress = r->in.progress,
        .progress_ctx = r->in.progress_ctx};
    TRY(quarantine_open(&r->q, r->w.scheme, option_get(a, "quarantine"), e));
    enum err err = direct_read(&o, &r->d, e);
    stats_progress_end(&p);
    return quarantine_end(&r->q, err, e);
}

/* Who is a key enterprise is said by one register for both sources. */
static enum err register_again(struct cube *c, const char *path, struct error *e)
{
    free(c->reg);
    c->reg = NULL;
    return register_load(&c->reg, &c->parties, path, e);
}

static enum err set_beside(const struct args *a, struct reporting *r, struct error *e)
{
    const char *path = option_get(a, "cube"), *reg = option_get(a, "register");
    if (reg != NULL)
        TRY(register_load(&r->reg, &r->d.parties, reg, e));
    if (path != NULL) {
        TRY(cube_read(&r->cube, r->w.scheme, path, e));
        r->has_cube = true;
        if (reg != NULL)
            TRY(register_again(&r->cube, reg, e));
        TRY(direct_beside(&r->d, &r->cube, &r->beside, e));
    }
    if (reg != NULL || path != NULL)
        direct_unlisted(&r->d, r->reg, &r->cube, &r->unlisted);
    r->d.rule[DIRECT_UNLISTED] = r->unlisted.n;
    for (int i = 0; i < DIRECT_RULES; i++)
        r->d.rule[i] += r->beside.rule[i];
    return OK;
}

/* --- words ---------------------------------------------------------------------------------- */

static void put_month(struct buf *b, int month)
{
    char text[MONTH_TEXT];
    month_format(month, text);
    buf_z(b, text);
}

static void put_share(struct buf *b, int64_t part, int64_t whole)
{
    buf_printf(b, "%.1f%%", whole == 0 ? 0 : 100 * (double)part / (double)whole);
}

void direct_text(const struct direct_scheme *s, const struct tally *t,
                 const int64_t rule[DIRECT_RULES], bool zh, struct buf *b)
{
    static const char *const label[][4] = {
        {"lines", "accepted", "rejected", "replaced or without a rate"},
        {"报表行", "采用", "不采用", "已被替代或无汇率"}};
    const int64_t value[] = {t->records, t->accepted, t->rejected, t->excluded};
    counts_text(label[zh], value, 4, b);
    rules_text(s->rule, rule, DIRECT_RULES, zh, b);
}

static void text_counts(const struct reporting *r, bool zh, struct buf *b)
{
    const struct tally t = {.records = r->d.read, .accepted = r->d.accepted,
                            .rejected = r->d.rejected, .excluded = r->d.excluded};
    direct_text(r->scheme, &t, r->d.rule, zh, b);
    buf_z(b, zh ? "企业  " : "enterprises  ");
    put_count(b, r->enterprises);
    buf_char(b, '\n');
    if (r->d.months == 0)
        return;
    buf_z(b, zh ? "报告期  " : "months  ");
    put_month(b, r->d.from);
    buf_z(b, " – ");
    put_month(b, r->d.from + r->d.months - 1);
    buf_char(b, '\n');
}

static void text_items(const struct reporting *r, bool zh, struct buf *b)
{
    buf_z(b, zh ? "企业直报（流向、大类、企业数、美元）\n" : "reported (flow, main item, enterprises, USD)\n");
    for (int flow = 0; flow < FLOW_COUNT; flow++)
        for (int main = 0; main < DIRECT_MAIN; main++) {
            const struct sums *s = &r->item[flow][main];
            if (s->enterprises == 0)
                continue;
            buf_printf(b, "  %c S%c  %lld  ", "CD"[flow], 'A' + main, (long long)s->enterprises);
            put_cents(b, s->cents);
            buf_char(b, '\n');
        }
}

static void text_response(const struct reporting *r, bool zh, struct buf *b)
{
    const struct direct_beside *x = &r->beside;
    struct direct_month all = {0};
    for (int m = 0; m < r->d.months; m++) {
        all.expected += x->month[m].expected;
        all.answered += x->month[m].answered;
        all.expected_cents += x->month[m].expected_cents;
        all.answered_cents += x->month[m].answered_cents;
    }
    buf_printf(b, zh ? "重点企业 %lld 家，%lld 家报送过；应报 %lld 企业月，已报 %lld（"
                     : "key enterprises %lld, of which %lld have reported; %lld enterprise-months expected, "
                       "%lld answered (",
               (long long)x->key, (long long)x->key_answered, (long long)all.expected,
               (long long)all.answered);
    put_share(b, all.answered, all.expected);
    buf_z(b, zh ? "），按银行申报额 " : "), of the value that banks declared ");
    put_share(b, all.answered_cents, all.expected_cents);
    buf_char(b, '\n');
    if (x->n_missing > 0)
        buf_z(b, zh ? "未报（企业、月数、银行申报美元）\n" : "not answered (enterprise, months, USD by banks)\n");
    for (int i = 0; i < x->n_missing && i < SHOWN; i++) {
        buf_printf(b, "  %s  %lld  ", x->missing[i].id, (long long)x->missing[i].months);
        put_cents(b, x->missing[i].cents);
        buf_char(b, '\n');
    }
}

static void text_beside(const struct reporting *r, bool zh, struct buf *b)
{
    const struct direct_beside *x = &r->beside;
    buf_z(b, zh ? "两个来源（流向、大类、企业数、直报美元、银行美元、相差过大）\n"
                : "two sources (flow, main item, enterprises, USD reported, USD by banks, too far apart)\n");
    for (int flow = 0; flow < FLOW_COUNT; flow++)
        for (int main = 0; main < DIRECT_MAIN; main++) {
            const struct direct_item *s = &x->item[flow][main];
            if (s->enterprises == 0)
                continue;
            buf_printf(b, "  %c S%c  %lld  ", "CD"[flow], 'A' + main, (long long)s->enterprises);
            put_cents(b, s->direct);
            buf_z(b, "  ");
            put_cents(b, s->bank);
            buf_printf(b, "  %lld\n", (long long)s->differ);
        }
    if (x->n_differ > 0)
        buf_z(b, zh ? "相差最大（企业、流向、大类、直报、银行）\n"
                    : "widest apart (enterprise, flow, main item, reported, by banks)\n");
    for (int i = 0; i < x->n_differ && i < SHOWN; i++) {
        const struct direct_pair *p = &x->differ[i];
        buf_printf(b, "  %.*s  %c S%c  ", PARTY_ID_BYTES, r->d.parties.id[p->party], "CD"[p->flow],
                   'A' + p->main);
        put_cents(b, p->direct);
        buf_z(b, "  ");
        put_cents(b, p->bank);
        buf_char(b, '\n');
    }
}

static void text_modes(const struct reporting *r, bool zh, struct buf *b)
{
    buf_z(b, zh ? "直报的提供模式（大类、模式 1 至 4 的份额）\n" : "modes reported (main item, shares of modes 1 to 4)\n");
    for (int main = 0; main < DIRECT_MAIN; main++) {
        const int64_t *m = r->beside.mode[main];
        int64_t all = m[0] + m[1] + m[2] + m[3];
        if (all == 0)
            continue;
        buf_printf(b, "  S%c ", 'A' + main);
        for (int i = 0; i < SCHEME_MODES; i++) {
            buf_char(b, ' ');
            put_share(b, m[i], all);
        }
        buf_char(b, '\n');
    }
}

static void text_unlisted(const struct reporting *r, bool zh, struct buf *b)
{
    const struct direct_unlisted *x = &r->unlisted;
    if (x->n_sample > 0)
        buf_z(b, zh ? "名录未列为重点企业而报送\n" : "reported, and no key enterprise of the register\n");
    for (int i = 0; i < x->n_sample && i < SHOWN; i++)
        buf_printf(b, "  %.*s\n", PARTY_ID_BYTES, r->d.parties.id[x->sample[i]]);
}

/* --- data ----------------------------------------------------------------------------------- */

static void month_member(struct jsonw *w, const char *key, int month)
{
    char text[MONTH_TEXT];
    month_format(month, text);
    jsonw_kz(w, key, text);
}

static void open_item(struct jsonw *w, int flow, int main)
{
    const char code[3] = {'S', (char)('A' + main), 0}, letter[2] = {"CD"[flow], 0};
    jsonw_object(w);
    jsonw_kz(w, "flow", letter);
    jsonw_kz(w, "item", code);
}

static void json_counts(const struct reporting *r, struct jsonw *w)
{
    jsonw_kint(w, "read", r->d.read);
    jsonw_kint(w, "accepted", r->d.accepted);
    jsonw_kint(w, "rejected", r->d.rejected);
    jsonw_kint(w, "excluded", r->d.excluded);
    jsonw_kint(w, "enterprises", r->enterprises);
    jsonw_key(w, "rules");
    jsonw_object(w);
    for (int i = 0; i < DIRECT_RULES; i++) {
        char id[16];
        snprintf(id, sizeof id, "%.*s", STR_ARG(r->scheme->rule[i].id));
        jsonw_kint(w, id, r->d.rule[i]);
    }
    jsonw_end(w);
    if (r->d.months > 0) {
        month_member(w, "from", r->d.from);
        month_member(w, "to", r->d.from + r->d.months - 1);
    }
    jsonw_key(w, "items");
    jsonw_array(w);
    for (int i = 0; i < FLOW_COUNT * DIRECT_MAIN; i++) {
        const struct sums *s = &r->item[i / DIRECT_MAIN][i % DIRECT_MAIN];
        if (s->enterprises == 0)
            continue;
        open_item(w, i / DIRECT_MAIN, i % DIRECT_MAIN);
        jsonw_kint(w, "enterprises", s->enterprises);
        jsonw_kint(w, "usd_cents", s->cents);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void json_unlisted(const struct reporting *r, struct jsonw *w)
{
    jsonw_key(w, "unlisted");
    jsonw_array(w);
    for (int i = 0; i < r->unlisted.n_sample; i++)
        jsonw_str(w, (struct str){r->d.parties.id[r->unlisted.sample[i]], PARTY_ID_BYTES});
    jsonw_end(w);
}

static void json_response(const struct reporting *r, struct jsonw *w)
{
    const struct direct_beside *x = &r->beside;
    jsonw_kint(w, "key", x->key);
    jsonw_kint(w, "key_answered", x->key_answered);
    jsonw_key(w, "months");
    jsonw_array(w);
    for (int m = 0; m < r->d.months; m++) {
        jsonw_object(w);
        month_member(w, "month", r->d.from + m);
        jsonw_kint(w, "expected", x->month[m].expected);
        jsonw_kint(w, "answered", x->month[m].answered);
        jsonw_kint(w, "expected_usd_cents", x->month[m].expected_cents);
        jsonw_kint(w, "answered_usd_cents", x->month[m].answered_cents);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_key(w, "missing");
    jsonw_array(w);
    for (int i = 0; i < x->n_missing; i++) {
        jsonw_object(w);
        jsonw_kz(w, "party_id", x->missing[i].id);
        jsonw_kint(w, "months", x->missing[i].months);
        jsonw_kint(w, "bank_usd_cents", x->missing[i].cents);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void json_sources(const struct reporting *r, struct jsonw *w)
{
    const struct direct_beside *x = &r->beside;
    jsonw_key(w, "items");
    jsonw_array(w);
    for (int i = 0; i < FLOW_COUNT * DIRECT_MAIN; i++) {
        const struct direct_item *s = &x->item[i / DIRECT_MAIN][i % DIRECT_MAIN];
        if (s->enterprises == 0 && s->abroad == 0)
            continue;
        open_item(w, i / DIRECT_MAIN, i % DIRECT_MAIN);
        jsonw_kint(w, "enterprises", s->enterprises);
        jsonw_kint(w, "direct_usd_cents", s->direct);
        jsonw_kint(w, "bank_usd_cents", s->bank);
        jsonw_kint(w, "differ", s->differ);
        jsonw_kint(w, "mode3_usd_cents", s->abroad);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_key(w, "differ");
    jsonw_array(w);
    for (int i = 0; i < x->n_differ; i++) {
        const struct direct_pair *p = &x->differ[i];
        open_item(w, p->flow, p->main);
        jsonw_kstr(w, "party_id", (struct str){r->d.parties.id[p->party], PARTY_ID_BYTES});
        jsonw_kint(w, "direct_usd_cents", p->direct);
        jsonw_kint(w, "bank_usd_cents", p->bank);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void json_modes(const struct reporting *r, struct jsonw *w)
{
    jsonw_key(w, "modes");
    jsonw_array(w);
    for (int main = 0; main < DIRECT_MAIN; main++) {
        const int64_t *m = r->beside.mode[main];
        const char code[3] = {'S', (char)('A' + main), 0};
        if (m[0] + m[1] + m[2] + m[3] == 0)
            continue;
        jsonw_object(w);
        jsonw_kz(w, "item", code);
        jsonw_key(w, "usd_cents");
        jsonw_array(w);
        for (int i = 0; i < SCHEME_MODES; i++)
            jsonw_int(w, m[i]);
        jsonw_end(w);
        jsonw_end(w);
    }
    jsonw_end(w);
}

/* --- all of it ------------------------------------------------------------------------------ */

static void report(const struct args *a, const struct reporting *r)
{
    struct buf b;
    struct jsonw w;
    buf_init(&b);
    if (a->output == OUTPUT_JSON) {
        jsonw_init(&w, &b, false);
        jsonw_object(&w);
        json_counts(r, &w);
        if (r->has_cube || r->reg != NULL)
            json_unlisted(r, &w);
        if (r->has_cube) {
            jsonw_key(&w, "beside");
            jsonw_object(&w);
            json_response(r, &w);
            json_sources(r, &w);
            json_modes(r, &w);
            jsonw_end(&w);
        }
        jsonw_end(&w);
        buf_char(&b, '\n');
    } else {
        text_counts(r, a->zh, &b);
        text_items(r, a->zh, &b);
        text_unlisted(r, a->zh, &b);
        if (r->has_cube) {
            text_response(r, a->zh, &b);
            text_beside(r, a->zh, &b);
            text_modes(r, a->zh, &b);
        }
        if (option_get(a, "quarantine") != NULL)
            buf_printf(&b, a->zh ? "隔离文件 %s\n" : "quarantine in %s\n", r->q.path);
    }
    print_out(&b);
    buf_finish(&b);
}

static enum err run(const struct args *a, struct reporting *r, struct error *e)
{
    static const char *const allowed[] = {"rates", "cube", "register", "quarantine", "today", "batches", NULL};
    TRY(options_check(a, allowed, e));
    TRY(stats_open(&r->w, a, e));
    TRY(direct_scheme_load(&r->scheme, &r->w.arena, r->w.scheme, e));
    TRY(stats_intake(a, 2, &r->w, &r->in, e));
    TRY(stats_taken_in(a, &r->w, &r->store, BATCH_DIRECT, &r->in, e));
    TRY(read_reports(a, r, e));
    TRY(set_beside(a, r, e));
    sum_up(r);
    return OK;
}

static bool anything_found(const struct reporting *r)
{
    for (int i = 0; i < DIRECT_RULES; i++)
        if (r->d.rule[i] > 0 && r->scheme->rule[i].severity != SEVERITY_NOTE &&
            r->scheme->rule[i].severity != SEVERITY_EXCLUDE)
            return true;
    return r->d.rule[DIRECT_UNRATED] > 0;
}

int stats_direct(const struct args *a)
{
    struct error e = {0};
    struct reporting *r = calloc(1, sizeof *r);
    int status;
    check(r != NULL);
    r->q.file.fd = -1;
    if (run(a, r, &e) == OK) {
        report(a, r);
        status = anything_found(r);
    } else {
        status = print_fault(a, &e);
    }
    direct_beside_finish(&r->beside);
    free(r->reg);
    direct_finish(&r->d);
    cube_finish(&r->cube);
    store_close(&r->store);
    stats_close(&r->w);
    free(r);
    return status;
}
