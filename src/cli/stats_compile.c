/* COMMAND: stats compile. Declarations into one exact cube: totals, counts, what disclosure rules
 * say of its cells, and the digest that is the same whatever the order or split of the files. */
#include "cli/job.h"
#include "cli/stats.h"
#include "declaration/batch.h"
#include "declaration/screen.h"
#include "disclosure/disclosure.h"

#include <stdlib.h>

struct compiling {
    struct stats_world w;
    struct world law; /* only with --screen */
    struct intake in;
    struct store store; /* only with --batches, and what is left out of them */
    struct report_numbers deleted;
    struct tally *t;
    struct cube cube;
    struct screen *screen;
    struct rules rules;
    int64_t few, close; /* cells with too few contributors; others that the p % rule meets */
    int64_t main_item[SCHEME_ITEMS][FLOW_COUNT];
};

/* What the rules say of base cells. Refunds make a sum less than what its contributors have, so
 * these counts are only about; the audit counts exactly, on what is published. */
static void count_sensitive(struct compiling *c)
{
    for (size_t i = 0; i < c->cube.n_cells; i++) {
        const struct cell *k = &c->cube.cell[i];
        int64_t sum = k->sum < 0 ? -k->sum : k->sum;
        struct sdc_cell x = {.contributors = k->contributors, .value = k->sum,
                             .weight = sum > k->top[0] + k->top[1] ? sum : k->top[0] + k->top[1],
                             .top = {k->top[0], k->top[1]}};
        if (k->contributors < (uint32_t)c->rules.contributors_min)
            c->few++;
        else if (cell_sensitive(&c->rules, &x))
            c->close++;
    }
}

/* Sums by main item, the code's targets split cell by cell. */
static void sum_items(struct compiling *c)
{
    const struct scheme *s = c->w.scheme;
    const struct codelist *ebops = &c->w.codes->ebops;
    for (size_t i = 0; i < c->cube.n_cells; i++) {
        struct cell_code k = cell_key_code(c->cube.cell[i].key);
        const struct itrs_code *code = &s->code[k.code];
        int64_t part[SCHEME_TARGETS];
        share_out(c->cube.cell[i].sum, code->target, code->n_targets, part);
        for (int t = 0; t < code->n_targets; t++) {
            int at = code->target[t].to;
            while (ebops->code[at].parent >= 0 && ebops->code[ebops->code[at].parent].parent >= 0)
                at = ebops->code[at].parent;
            c->main_item[scheme_item(s, at)][k.flow] += part[t];
        }
    }
}

static enum err open_screen(const struct args *a, struct compiling *c, int threads, struct error *e)
{
    if (!option_given(a, "screen"))
        return OK;
    TRY(world_open(&c->law, option_get(a, "store"), e));
    return screen_create(&c->screen, c->w.scheme, c->law.snapshot, c->w.scheme->from, c->in.today,
                         threads, e);
}

/* All that has been taken in, but for what was deleted. */
static enum err open_batches(const struct args *a, struct compiling *c, struct error *e)
{
    if (!option_given(a, "batches"))
        return OK;
    TRY(stats_taken_in(a, &c->w, &c->store, BATCH_DECLARATIONS, &c->in, e));
    return batch_deletions(c->store.db, &c->deleted, e);
}

static enum err run(const struct args *a, struct compiling *c, struct error *e)
{
    static const char *const allowed[] = {"rates", "register", "threads", "today", "memory", "cube",
                                          "screen", "spill", "batches", "job", NULL};
    struct stats_progress p;
    int64_t memory;
    TRY(options_check(a, allowed, e));
    TRY(stats_number(a, "memory", 1, 1 << 20, 320, &memory, e));
    if (option_get(a, "cube") != NULL)
        TRY(file_may_be_made(option_get(a, "cube"), e));
    TRY(stats_open(&c->w, a, e));
    TRY(stats_intake(a, 2, &c->w, &c->in, e));
    TRY(open_batches(a, c, e));
    TRY(rules_load(&c->rules, e));
    struct cube_options o = {.scheme = c->w.scheme, .rates = c->w.rates,
                             .n_threads = c->in.n_threads, .memory_bytes = (size_t)memory << 20,
                             .spill_dir = option_get(a, "spill"),
                             .register_path = option_get(a, "register"),
                             .contributions = option_get(a, "cube") != NULL,
                             .without = c->deleted.n > 0 ? &c->deleted : NULL};
    TRY(open_screen(a, c, c->in.n_threads > 0 ? c->in.n_threads : INTAKE_THREADS, e));
    c->t = tally_create();
    stats_progress_init(&p, a, a->zh ? "编制" : "compile", &c->in);
    enum err r = cube_compile(&o, &c->in, c->screen != NULL ? screen_rows : NULL, c->screen, c->t,
                              &c->cube, e);
    stats_progress_end(&p);
    c->t->rule[RULE_R7] = c->cube.queried_r7;
    if (r == OK && option_get(a, "cube") != NULL)
        r = cube_write(&c->cube, c->w.scheme, option_get(a, "cube"), e);
    if (r == OK) {
        count_sensitive(c);
        sum_items(c);
    }
    return r;
}

/* --- words ---------------------------------------------------------------------------------- */

/* The scheme numbers items as codes name them; readers look for them by their code. */
static void items_by_code(const struct compiling *c, int order[SCHEME_ITEMS])
{
    for (int i = 0; i < c->w.scheme->n_item; i++) {
        struct str code = c->w.codes->ebops.code[c->w.scheme->item[i]].code;
        int at = i;
        for (; at > 0; at--) {
            if (str_cmp(c->w.codes->ebops.code[c->w.scheme->item[order[at - 1]]].code, code) < 0)
                break;
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
}

static void json_items(const struct compiling *c, struct jsonw *w)
{
    jsonw_key(w, "items");
    jsonw_array(w);
    int order[SCHEME_ITEMS];
    items_by_code(c, order);
    for (int k = 0; k < c->w.scheme->n_item; k++) {
        int i = order[k];
        if (c->main_item[i][0] == 0 && c->main_item[i][1] == 0)
            continue;
        const struct code *item = &c->w.codes->ebops.code[c->w.scheme->item[i]];
        jsonw_object(w);
        jsonw_kstr(w, "item", item->code);
        jsonw_kint(w, "credit_cents", c->main_item[i][FLOW_CREDIT]);
        jsonw_kint(w, "debit_cents", c->main_item[i][FLOW_DEBIT]);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void put_json(const struct compiling *c, struct buf *b)
{
    struct jsonw w;
    char hex[65];
    jsonw_init(&w, b, false);
    jsonw_object(&w);
    tally_json(c->t, c->w.scheme, &w);
    jsonw_kint(&w, "compiled", c->cube.records);
    jsonw_kint(&w, "deleted", c->t->deleted);
    jsonw_kint(&w, "voided", c->cube.voided);
    jsonw_kint(&w, "unrated", c->cube.unrated);
    jsonw_kz(&w, "currency", "USD");
    jsonw_kint(&w, "credit_cents", c->cube.credit);
    jsonw_kint(&w, "debit_cents", c->cube.debit);
    jsonw_kint(&w, "enterprises", c->cube.parties.n);
    jsonw_kint(&w, "cells", (int64_t)c->cube.n_cells);
    jsonw_key(&w, "disclosure");
    jsonw_object(&w);
    jsonw_kint(&w, "few_contributors", c->few);
    jsonw_kint(&w, "p_percent_or_dominance", c->close);
    jsonw_end(&w);
    json_items(c, &w);
    hash_hex(c->cube.digest, 32, hex);
    jsonw_kz(&w, "digest", hex);
    jsonw_kbool(&w, "rates_made_up", c->w.rates->made_up);
    if (c->screen != NULL) {
        jsonw_key(&w, "screening");
        screen_json(c->screen, &w);
    }
    jsonw_end(&w);
    buf_char(b, '\n');
}

static void put_line(struct buf *b, const char *label, int64_t cents)
{
    buf_printf(b, "%s  USD ", label);
    put_cents(b, cents);
    buf_char(b, '\n');
}

static void text_items(const struct compiling *c, bool zh, struct buf *b)
{
    int order[SCHEME_ITEMS];
    items_by_code(c, order);
    for (int k = 0; k < c->w.scheme->n_item; k++) {
        int i = order[k];
        if (c->main_item[i][0] == 0 && c->main_item[i][1] == 0)
            continue;
        const struct code *item = &c->w.codes->ebops.code[c->w.scheme->item[i]];
        buf_printf(b, "  %-4.*s ", STR_ARG(item->code));
        put_cents(b, c->main_item[i][FLOW_CREDIT]);
        buf_z(b, "  ");
        put_cents(b, c->main_item[i][FLOW_DEBIT]);
        buf_printf(b, "  %.*s\n", STR_ARG(zh ? item->name_zh : item->name_en));
    }
}

static void put_text(const struct compiling *c, bool zh, bool own_rates, struct buf *b)
{
    char hex[65];
    tally_text(c->t, c->w.scheme, zh, b);
    if (c->t->deleted > 0) {
        buf_z(b, zh ? "已删除，不计入  " : "deleted, left out  ");
        put_count(b, c->t->deleted);
        buf_char(b, '\n');
    }
    put_line(b, zh ? "贷方（出口）" : "credit (exports)", c->cube.credit);
    put_line(b, zh ? "借方（进口）" : "debit (imports)", c->cube.debit);
    text_items(c, zh, b);
    buf_z(b, zh ? "单元 " : "cells ");
    put_count(b, (int64_t)c->cube.n_cells);
    buf_z(b, zh ? "，贡献者过少 " : ", too few contributors in ");
    put_count(b, c->few);
    buf_z(b, zh ? "，另由一两家占优 " : ", dominated besides ");
    put_count(b, c->close);
    buf_z(b, zh ? "\n主体 " : "\nparties ");
    put_count(b, c->cube.parties.n);
    buf_printf(b, zh ? "，重复申报号作废 %lld，缺汇率 %lld\n" : ", void by a doubled number %lld, without a rate %lld\n",
               (long long)c->cube.voided, (long long)c->cube.unrated);
    if (c->w.rates->made_up && own_rates)
        buf_z(b, zh ? "--rates 的汇率为虚构，仅用于合成数据\n"
                    : "the rates of --rates are made up, for synthetic data only\n");
    else if (c->w.rates->made_up)
        buf_z(b, zh ? "汇率为虚构，仅用于合成数据；实际编制请给出 --rates\n"
                    : "the rates are made up, for synthetic data; give --rates to compile real ones\n");
    hash_hex(c->cube.digest, 32, hex);
    buf_printf(b, "%s %s\n", zh ? "摘要" : "digest", hex);
}

static int compile_here(const struct args *a)
{
    struct error e = {0};
    struct compiling *c = calloc(1, sizeof *c);
    struct buf b;
    int status = 0;
    check(c != NULL);
    buf_init(&b);
    if (run(a, c, &e) != OK) {
        status = print_fault(a, &e);
    } else {
        if (a->output == OUTPUT_JSON)
            put_json(c, &b);
        else
            put_text(c, a->zh, option_get(a, "rates") != NULL, &b);
        print_out(&b);
        if (option_get(a, "cube") != NULL)
            stats_next(a, "audit", option_get(a, "cube"), " --release FILE");
    }
    buf_finish(&b);
    screen_destroy(c->screen);
    world_close(&c->law);
    store_close(&c->store);
    report_numbers_finish(&c->deleted);
    cube_finish(&c->cube);
    tally_destroy(c->t);
    stats_close(&c->w);
    free(c);
    return status;
}

int stats_compile(const struct args *a)
{
    return job_or_here(a, "compile", compile_here);
}
