/* COMMAND: screen. Declarations against the lists of their own day. */
#include "cli/stats.h"
#include "declaration/screen.h"
#include "law/write.h"

#include <stdlib.h>

enum { TEXT_LINES = 20, TEXT_SAMPLES = 5, TEXT_PROVISIONS = 3, TITLE_POINTS = 60,
       FLUSH_BYTES = 1 << 20, NOT_ASKED = -2 };

static const char *const outcome_zh[SCREEN_COUNT] = {"未见限制", "可能涉及", "涉及禁止", "无清单可比"};

struct desk {
    const struct args *a;
    struct world w;
    struct stats_world params; /* code lists of the world; nothing of its own but the scheme */
    struct screen *s;
    struct tally *tally;
    struct buf out;
    struct first { int provision, fact; } *first; /* by class of records, for -o csv */
};

/* --- -o csv: a line for every record ---------------------------------------------------------- */

static struct first first_of(struct desk *k, const struct declaration *d)
{
    struct first *r = &k->first[screen_class(k->s, d)];
    if (r->fact == NOT_ASKED) {
        struct screen_reason x;
        screen_explain(k->s, d, &x);
        *r = (struct first){x.n_provisions > 0 ? x.provision[0] : -1, x.next_fact};
    }
    return *r;
}

static void put_rows(void *ctx, int thread, struct declaration *d, int n)
{
    struct desk *k = ctx;
    const struct corpus *c = k->w.corpus;
    screen_rows(k->s, thread, d, n);
    for (int i = 0; i < n; i++) {
        struct first r = first_of(k, &d[i]);
        buf_int(&k->out, d[i].line_no);
        buf_char(&k->out, ',');
        buf_str(&k->out, d[i].report_no);
        buf_char(&k->out, ',');
        buf_z(&k->out, screen_name[screen_one(k->s, &d[i])]);
        buf_char(&k->out, ',');
        if (r.provision >= 0) {
            const struct provision *p = &c->provision[r.provision];
            buf_str(&k->out, c->instrument[p->instrument].id);
            buf_char(&k->out, '/');
            buf_str(&k->out, p->key);
        }
        buf_char(&k->out, ',');
        if (r.fact >= 0)
            buf_str(&k->out, c->fact[r.fact].name);
        buf_z(&k->out, "\r\n");
    }
    if (k->out.n > FLUSH_BYTES) {
        print_out(&k->out);
        buf_clear(&k->out);
    }
}

static void begin_csv(struct desk *k, struct intake *in)
{
    uint32_t n = screen_classes(k->s);
    k->first = ARENA_ARRAY(&k->w.arena, struct first, n);
    for (uint32_t i = 0; i < n; i++)
        k->first[i].fact = NOT_ASKED;
    buf_z(&k->out, "line,report_no,outcome,provision,fact\r\n");
    in->n_threads = 1; /* lines in the order of the files */
    in->rows = put_rows;
    in->rows_ctx = k;
}

/* --- text ------------------------------------------------------------------------------------- */

/* The first words of a title; some are whole sentences. */
static struct str title(struct str s, bool *cut)
{
    size_t i = 0;
    for (int n = 0; n < TITLE_POINTS && i < s.n; n++)
        str_utf8_next(s, &i);
    *cut = i < s.n;
    return (struct str){s.p, i};
}

static void put_title(struct buf *b, struct str zh, struct str en, bool in_zh)
{
    bool cut;
    struct str s = title(pick_words(in_zh, zh, en), &cut);
    buf_printf(b, "%.*s%s", STR_ARG(s), cut ? "…" : "");
}

static void put_number(struct buf *b, int64_t n)
{
    struct buf x;
    buf_init(&x);
    put_count(&x, n);
    buf_printf(b, "%14.*s", (int)x.n, x.p);
    buf_finish(&x);
}

static void put_provision_name(struct buf *b, const struct corpus *c, int at)
{
    const struct provision *p = &c->provision[at];
    buf_printf(b, "%.*s/%.*s [%c]", STR_ARG(c->instrument[p->instrument].id), STR_ARG(p->key),
               p->evidence);
}

static void put_heading(struct buf *b, const char *words, bool zh)
{
    buf_printf(b, zh ? "\n%s\n%14s%14s\n" : "\n%s\n%14s%14s\n", words, zh ? "涉及禁止" : "hit",
               zh ? "可能涉及" : "possible");
}

static void put_head(struct desk *k, const struct screen_summary *sum, bool zh)
{
    char known[11];
    const char *on = option_get(k->a, "on-known");
    int64_t all = 0;
    for (int o = 0; o < SCREEN_COUNT; o++)
        all += sum->outcome[o];
    day_format(day_today(), known);
    buf_z(&k->out, zh ? "已筛查 " : "screened ");
    put_count(&k->out, all);
    buf_z(&k->out, zh ? " 笔；拒收 " : " declarations; not screened, because rejected: ");
    put_count(&k->out, k->tally->rejected);
    buf_z(&k->out, zh ? "，不计入 " : ", set aside: ");
    put_count(&k->out, k->tally->excluded);
    buf_printf(&k->out, zh ? "\n平台所知截至 %s · 快照 %.16s\n" : "\nknown on %s · snapshot %.16s\n",
               on != NULL ? on : known, k->w.corpus->hash);
    for (int o = SCREEN_COUNT - 1; o >= 0; o--) {
        static const int order[SCREEN_COUNT] = {SCREEN_UNSCREENED, SCREEN_CLEAN, SCREEN_POSSIBLE,
                                                SCREEN_HIT};
        int x = order[o];
        int64_t permille = all > 0 ? (sum->outcome[x] * 1000 + all / 2) / all : 0;
        put_number(&k->out, sum->outcome[x]);
        buf_printf(&k->out, " %4d.%d%%  %s\n", (int)(permille / 10), (int)(permille % 10),
                   zh ? outcome_zh[x] : screen_name[x]);
    }
}

static void put_provisions(struct desk *k, const struct screen_summary *sum, bool zh)
{
    const struct corpus *c = k->w.corpus;
    put_heading(&k->out, zh ? "按条目" : "by provision", zh);
    for (int i = 0; i < sum->n_provisions && i < TEXT_LINES; i++) {
        const struct provision *p = &c->provision[sum->provision[i].provision];
        put_number(&k->out, sum->provision[i].hit);
        put_number(&k->out, sum->provision[i].possible);
        buf_z(&k->out, "  ");
        put_provision_name(&k->out, c, sum->provision[i].provision);
        buf_char(&k->out, ' ');
        put_title(&k->out, p->zh, p->en, zh);
        buf_char(&k->out, '\n');
    }
    put_heading(&k->out, zh ? "按行业大类" : "by sector (division)", zh);
    for (int i = 0; i < sum->n_sectors && i < TEXT_LINES; i++) {
        const struct code *x = &k->w.codes->gbt.code[sum->sector[i].division];
        put_number(&k->out, sum->sector[i].hit);
        put_number(&k->out, sum->sector[i].possible);
        buf_printf(&k->out, "  %.*s ", STR_ARG(x->code));
        put_title(&k->out, x->name_zh, x->name_en, zh);
        buf_char(&k->out, '\n');
    }
}

/* Lines of one kind: the most hits and possible hits first, at most TEXT_LINES. */
struct line { int index; int64_t hit, possible; };

static int by_most(const void *x, const void *y)
{
    const struct line *a = x, *b = y;
    if (a->hit + a->possible != b->hit + b->possible)
        return a->hit + a->possible > b->hit + b->possible ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

typedef void put_name_fn(struct desk *k, int index, bool zh);

static void put_lines(struct desk *k, const int64_t (*count)[SCREEN_COUNT], int n,
                      const char *words, put_name_fn *name, bool zh)
{
    struct line *line = ARENA_ARRAY(&k->w.arena, struct line, (size_t)n);
    int used = 0;
    for (int i = 0; i < n; i++)
        if (count[i][SCREEN_HIT] + count[i][SCREEN_POSSIBLE] > 0)
            line[used++] = (struct line){i, count[i][SCREEN_HIT], count[i][SCREEN_POSSIBLE]};
    sort_by(line, (size_t)used, sizeof *line, by_most);
    put_heading(&k->out, words, zh);
    for (int i = 0; i < used && i < TEXT_LINES; i++) {
        put_number(&k->out, line[i].hit);
        put_number(&k->out, line[i].possible);
        buf_z(&k->out, "  ");
        name(k, line[i].index, zh);
        buf_char(&k->out, '\n');
    }
    if (used > TEXT_LINES)
        buf_printf(&k->out, zh ? "%30s其余 %d 项见 -o json\n" : "%30s%d more: -o json\n", "",
                   used - TEXT_LINES);
}

static void put_code(struct desk *k, int index, bool zh)
{
    const struct itrs_code *x = &k->params.scheme->code[index];
    buf_printf(&k->out, "%.*s ", STR_ARG(x->code));
    put_title(&k->out, x->name_zh, x->name_en, zh);
}

static void put_place(struct desk *k, int index, bool zh)
{
    const struct place *x = &k->w.codes->place[index];
    buf_printf(&k->out, "%.*s ", STR_ARG(x->code));
    put_title(&k->out, x->name_zh, x->name_en, zh);
}

static void put_bank(struct desk *k, int index, bool zh)
{
    (void)zh; /* banks have numbers here, no names */
    buf_printf(&k->out, "%04d", index);
}

static void put_sample(struct desk *k, const struct screen_sample *x, bool zh)
{
    const struct corpus *c = k->w.corpus;
    const struct declaration *d = &x->d;
    struct screen_reason r;
    char on[11];
    screen_explain(k->s, d, &r);
    day_format(d->on, on);
    buf_printf(&k->out, "  %s  %s  %.*s → %.*s  %s  ", x->report_no, on,
               STR_ARG(k->w.codes->economy[d->country].alpha2),
               STR_ARG(k->w.codes->place[d->place].code),
               d->party_kind == PARTY_UNIT ? "firm" : "person");
    put_code(k, d->code, zh);
    buf_printf(&k->out,
               zh ? "\n    %d 种供给：禁止 %d，有条件 %d，同等 %d，其他 %d%s%s [%c]\n"
                  : "\n    %d supplies: prohibited %d, conditional %d, equal %d, other %d%s%s "
                    "[%c]\n",
               r.n_supplies, r.n_prohibited, r.n_conditional, r.n_equal, r.n_other,
               !r.partial ? "" : zh ? "；对照只是部分对应" : "; the concordance is partial",
               !r.open ? "" : zh ? "；有产品对应不到小类" : "; some products reach no class",
               r.evidence ? r.evidence : '-');
    for (int i = 0; i < r.n_provisions && i < TEXT_PROVISIONS; i++) {
        buf_z(&k->out, "    · ");
        put_provision_name(&k->out, c, r.provision[i]);
        buf_char(&k->out, '\n');
    }
    if (r.next_fact >= 0) {
        const struct fact *f = &c->fact[r.next_fact];
        struct str words = pick_words(zh, f->zh, f->en);
        buf_printf(&k->out, "    ? %.*s (%.*s)\n", STR_ARG(words), STR_ARG(f->name));
    }
}

static void put_text(struct desk *k, bool zh)
{
    const struct screen_summary *sum = screen_summary(k->s);
    static const enum screen_outcome shown[2] = {SCREEN_HIT, SCREEN_POSSIBLE};
    put_head(k, sum, zh);
    if (sum->outcome[SCREEN_HIT] + sum->outcome[SCREEN_POSSIBLE] == 0)
        return;
    put_provisions(k, sum, zh);
    put_lines(k, sum->code, SCHEME_CODES, zh ? "按交易编码" : "by transaction code", put_code, zh);
    put_lines(k, sum->bank, 10000, zh ? "按银行" : "by bank", put_bank, zh);
    put_lines(k, sum->place, LIMIT_PLACES, zh ? "按地区" : "by place", put_place, zh);
    for (int i = 0; i < 2; i++) {
        int n = sum->n_samples[shown[i]];
        if (n > 0)
            buf_printf(&k->out, zh ? "\n样本：%s\n" : "\nsamples: %s\n",
                       zh ? outcome_zh[shown[i]] : screen_name[shown[i]]);
        for (int j = 0; j < n && j < TEXT_SAMPLES; j++)
            put_sample(k, &sum->sample[shown[i]][j], zh);
    }
}

/* --- the verb --------------------------------------------------------------------------------- */

static void put_json(struct desk *k)
{
    struct jsonw w;
    jsonw_init(&w, &k->out, true);
    jsonw_object(&w);
    jsonw_key(&w, "intake");
    jsonw_object(&w);
    tally_json(k->tally, k->params.scheme, &w);
    jsonw_end(&w);
    jsonw_key(&w, "screening");
    screen_json(k->s, &w);
    jsonw_end(&w);
    buf_char(&k->out, '\n');
}

static enum err open_desk(struct desk *k, struct intake *in, struct error *e)
{
    const char *z = option_get(k->a, "on-known");
    day_t known = DAY_MAX;
    if (z != NULL && !day_parse(str_from(z), &known)) {
        err_set(e, ERR_SYNTAX, "不是日期：%s", "not a date: %s", z);
        err_at(e, "", 0, "on-known");
        return ERR_SYNTAX;
    }
    TRY(world_open_known(&k->w, option_get(k->a, "store"), known, e));
    k->params.codes = k->w.codes;
    TRY(scheme_load(&k->params.scheme, &k->w.arena, k->w.codes, e));
    TRY(stats_intake(k->a, 1, &k->params, in, e));
    known = z != NULL ? known : day_today();
    TRY(screen_create_known(&k->s, k->params.scheme, k->w.snapshot, k->params.scheme->from,
                            day_today(), known, in->n_threads, e));
    k->tally = tally_create();
    in->rows = screen_rows;
    in->rows_ctx = k->s;
    if (k->a->output == OUTPUT_CSV)
        begin_csv(k, in);
    return OK;
}

static enum err run(struct desk *k, struct intake *in, struct error *e)
{
    struct stats_progress p;
    stats_progress_init(&p, k->a, k->a->zh ? "筛查" : "screen", in);
    enum err r = intake_run(in, k->tally, e);
    stats_progress_end(&p);
    return r;
}

int verb_screen(const struct args *a)
{
    static const char *const allowed[] = {"on-known", "threads", "today", NULL};
    struct desk k = {.a = a};
    struct intake in = {0};
    struct error e = {0};
    int status = 0;
    buf_init(&k.out);
    enum err r = options_check(a, allowed, &e);
    if (r == OK)
        r = open_desk(&k, &in, &e);
    if (r == OK)
        r = run(&k, &in, &e);
    if (r == OK) {
        const struct screen_summary *sum = screen_summary(k.s);
        status = sum->outcome[SCREEN_HIT] + sum->outcome[SCREEN_POSSIBLE] > 0 ? 1 : 0;
        if (a->output == OUTPUT_JSON)
            put_json(&k);
        else if (a->output == OUTPUT_TEXT)
            put_text(&k, a->zh);
        print_out(&k.out);
    } else {
        print_out(&k.out); /* -o csv: what was screened until then */
        status = print_fault(a, &e);
    }
    buf_finish(&k.out);
    screen_destroy(k.s);
    tally_destroy(k.tally);
    world_close(&k.w);
    return status;
}
