/* COMMAND: stats check. Declarations against the rules, twice over the files: what a record says by
 * itself, and what it says beside the others of its party. What is left out goes to a quarantine
 * file, with its reason, to be corrected and sent again. Exit status 1 when anything was found. */
#include "cli/job.h"
#include "cli/stats.h"
#include "declaration/cube.h"
#include "declaration/history.h"
#include "declaration/quarantine.h"

#include <stdio.h>
#include <stdlib.h>

enum { BANKS_SHOWN = 10, BANK_LEAST = 100 /* records, to speak of a share */ };

struct sample { /* of what stays out */
    int64_t line;
    int column;
    enum column field;
    enum rule rule;
    char file[128];
    const char *why_zh, *why_en;
};
struct checking {
    struct stats_world w;
    struct intake in;
    struct tally *t, *again;
    struct history *h;
    struct history_report report;
    struct cube cube;
    struct quarantine q;
    int n_samples;
    struct sample sample[INTAKE_SAMPLES];
};

static enum err stays_out(void *ctx, const struct spoilt *x, struct error *e)
{
    struct checking *c = ctx;
    if (c->n_samples < INTAKE_SAMPLES) {
        struct sample *m = &c->sample[c->n_samples++];
        *m = (struct sample){.line = x->line, .column = x->column, .field = x->field,
                             .rule = x->rule, .why_zh = x->why_zh, .why_en = x->why_en};
        snprintf(m->file, sizeof m->file, "%s", x->file);
    }
    return quarantine_add(&c->q, x, e);
}

/* --- the two passes ------------------------------------------------------------------------- */

static enum err passes(const struct args *a, struct checking *c, struct error *e)
{
    struct stats_progress p;
    struct cube_options o = {.scheme = c->w.scheme, .rates = c->w.rates,
                             .register_path = option_get(a, "register")};
    int threads = c->in.n_threads > 0 ? c->in.n_threads : INTAKE_THREADS;
    o.n_threads = c->in.n_threads;
    c->t = tally_create();
    c->again = tally_create();
    c->h = history_create(c->w.scheme, threads);
    c->in.spoilt = stays_out;
    c->in.spoilt_ctx = c;
    stats_progress_init(&p, a, a->zh ? "检查 1/2" : "check 1/2", &c->in);
    enum err r = cube_compile(&o, &c->in, history_rows, c->h, c->t, &c->cube, e);
    stats_progress_end(&p);
    if (r == OK)
        r = history_settle(c->h, e);
    if (r != OK)
        return r;
    c->in.spoilt = NULL;
    c->in.rows = history_again;
    c->in.rows_ctx = c->h;
    stats_progress_init(&p, a, a->zh ? "检查 2/2" : "check 2/2", &c->in);
    r = intake_run(&c->in, c->again, e);
    stats_progress_end(&p);
    history_report(c->h, &c->report);
    c->t->rule[RULE_R7] = c->cube.queried_r7;
    c->t->rule[RULE_R8] = c->report.rule[RULE_R8];
    c->t->rule[RULE_R14] = c->report.rule[RULE_R14];
    return r;
}

/* R12: banks whose share of the residual code is above the rule's parameter. */
static bool much_residual(const struct scheme *s, const struct bank_tally *b)
{
    return b->records >= BANK_LEAST && b->residual * 1000 > b->records * s->rule[RULE_R12].value;
}

static void count_r12(struct checking *c)
{
    for (int i = 0; i < 10000; i++)
        c->t->rule[RULE_R12] += much_residual(c->w.scheme, &c->t->bank[i]);
}

/* The banks with most rejected and queried records. */
static int worst_banks(const struct tally *t, int out[BANKS_SHOWN])
{
    int n = 0;
    for (int i = 0; i < 10000; i++) {
        const struct bank_tally *b = &t->bank[i];
        int64_t found = b->rejected + b->queried;
        if (found == 0)
            continue;
        int at = n;
        while (at > 0 && t->bank[out[at - 1]].rejected + t->bank[out[at - 1]].queried < found)
            at--;
        if (at == BANKS_SHOWN)
            continue;
        int keep = n < BANKS_SHOWN ? n : BANKS_SHOWN - 1;
        memmove(&out[at + 1], &out[at], (size_t)(keep - at) * sizeof *out);
        out[at] = i;
        n = keep + 1;
    }
    return n;
}

/* --- words ---------------------------------------------------------------------------------- */

static void text_samples(const struct checking *c, bool zh, struct buf *b)
{
    const struct scheme *s = c->w.scheme;
    for (int i = 0; i < c->n_samples; i++) {
        const struct sample *m = &c->sample[i];
        buf_printf(b, "  %s:%lld", m->file, (long long)m->line);
        if (m->column > 0)
            buf_printf(b, ":%d", m->column);
        buf_printf(b, " %s [%.*s] %s\n", m->field < COL_COUNT ? column_name[m->field] : "",
                   STR_ARG(s->rule[m->rule].id), zh ? m->why_zh : m->why_en);
    }
    for (int i = 0; i < c->report.n_samples; i++) {
        const struct history_finding *f = &c->report.sample[i];
        buf_printf(b, "  %s  %s [%.*s]", f->report_no, f->party_id, STR_ARG(s->rule[f->rule].id));
        if (f->rule == RULE_R8) {
            buf_z(b, "  USD ");
            put_cents(b, f->cents);
            buf_z(b, zh ? "，通常约 " : ", usually about ");
            put_cents(b, f->usual);
        }
        buf_char(b, '\n');
    }
}

static void text_quality(const struct checking *c, bool zh, struct buf *b)
{
    int bank[BANKS_SHOWN], n = worst_banks(c->t, bank);
    if (n > 0)
        buf_z(b, zh ? "银行（不采用、待核、其他类占比）\n" : "banks (rejected, queried, share of the residual code)\n");
    for (int i = 0; i < n; i++) {
        const struct bank_tally *t = &c->t->bank[bank[i]];
        buf_printf(b, "  %04d  %lld + %lld / %lld  %.1f%%%s\n", bank[i], (long long)t->rejected,
                   (long long)t->queried, (long long)t->records,
                   t->records == 0 ? 0 : 100 * (double)t->residual / (double)t->records,
                   much_residual(c->w.scheme, t) ? "  R12" : "");
    }
    if (c->report.n_parties > 0)
        buf_z(b, zh ? "主体（待核 / 记录）\n" : "parties (queried / records)\n");
    for (int i = 0; i < c->report.n_parties && i < BANKS_SHOWN; i++)
        buf_printf(b, "  %-18s  %u / %u\n", c->report.party[i].id, c->report.party[i].queries,
                   c->report.party[i].records);
}

static void json_samples(const struct checking *c, struct jsonw *w)
{
    const struct scheme *s = c->w.scheme;
    jsonw_key(w, "samples");
    jsonw_array(w);
    for (int i = 0; i < c->n_samples; i++) {
        const struct sample *m = &c->sample[i];
        jsonw_object(w);
        jsonw_kz(w, "file", m->file);
        jsonw_kint(w, "line", m->line);
        jsonw_kint(w, "column", m->column);
        jsonw_kz(w, "field", m->field < COL_COUNT ? column_name[m->field] : NULL);
        jsonw_kstr(w, "rule", s->rule[m->rule].id);
        jsonw_kz(w, "zh", m->why_zh);
        jsonw_kz(w, "en", m->why_en);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_key(w, "queries");
    jsonw_array(w);
    for (int i = 0; i < c->report.n_samples; i++) {
        const struct history_finding *f = &c->report.sample[i];
        jsonw_object(w);
        jsonw_kz(w, "report_no", f->report_no);
        jsonw_kz(w, "party_id", f->party_id);
        jsonw_kstr(w, "rule", s->rule[f->rule].id);
        if (f->rule == RULE_R8) {
            jsonw_kint(w, "usd_cents", f->cents);
            jsonw_kint(w, "usual_usd_cents", f->usual);
        }
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void json_quality(const struct checking *c, struct jsonw *w)
{
    jsonw_key(w, "banks");
    jsonw_array(w);
    for (int i = 0; i < 10000; i++) {
        const struct bank_tally *t = &c->t->bank[i];
        if (t->records == 0)
            continue;
        char code[8];
        snprintf(code, sizeof code, "%04d", i);
        jsonw_object(w);
        jsonw_kz(w, "bank", code);
        jsonw_kint(w, "records", t->records);
        jsonw_kint(w, "rejected", t->rejected);
        jsonw_kint(w, "queried", t->queried);
        jsonw_kint(w, "residual", t->residual);
        jsonw_kbool(w, "r12", much_residual(c->w.scheme, t));
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_key(w, "parties");
    jsonw_array(w);
    for (int i = 0; i < c->report.n_parties; i++) {
        jsonw_object(w);
        jsonw_kz(w, "party_id", c->report.party[i].id);
        jsonw_kint(w, "records", c->report.party[i].records);
        jsonw_kint(w, "queries", c->report.party[i].queries);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void report(const struct args *a, struct checking *c)
{
    struct buf b;
    struct jsonw w;
    buf_init(&b);
    if (a->output == OUTPUT_JSON) {
        jsonw_init(&w, &b, false);
        jsonw_object(&w);
        tally_json(c->t, c->w.scheme, &w);
        jsonw_kint(&w, "parties_with_history", c->report.with_history);
        json_quality(c, &w);
        json_samples(c, &w);
        jsonw_end(&w);
        buf_char(&b, '\n');
    } else {
        tally_text(c->t, c->w.scheme, a->zh, &b);
        text_quality(c, a->zh, &b);
        text_samples(c, a->zh, &b);
        if (option_get(a, "quarantine") != NULL)
            buf_printf(&b, a->zh ? "隔离文件 %s\n" : "quarantine in %s\n", c->q.path);
    }
    print_out(&b);
    buf_finish(&b);
}

static int check_here(const struct args *a)
{
    static const char *const allowed[] = {"rates", "register", "threads", "today", "quarantine", "job", NULL};
    struct error e = {0};
    struct checking *c = calloc(1, sizeof *c);
    check(c != NULL);
    c->q.file.fd = -1;
    enum err r = options_check(a, allowed, &e);
    if (r == OK)
        r = stats_open(&c->w, a, &e);
    if (r == OK)
        r = stats_intake(a, 2, &c->w, &c->in, &e);
    if (r == OK)
        r = quarantine_open(&c->q, c->w.scheme, option_get(a, "quarantine"), &e);
    if (r == OK)
        r = quarantine_end(&c->q, passes(a, c, &e), &e);
    int status;
    if (r == OK) {
        count_r12(c);
        report(a, c);
        status = c->t->rejected + c->t->queried + c->t->rule[RULE_R7] + c->t->rule[RULE_R8] +
                             c->t->rule[RULE_R14] > 0;
    } else {
        status = print_fault(a, &e);
    }
    cube_finish(&c->cube);
    history_destroy(c->h);
    tally_destroy(c->t);
    tally_destroy(c->again);
    stats_close(&c->w);
    free(c);
    return status;
}

int stats_check(const struct args *a)
{
    return job_or_here(a, "check", check_here);
}
