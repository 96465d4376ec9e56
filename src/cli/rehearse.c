/* COMMAND: rehearse. */
#include "cli/internal.h"
#include "rehearsal/kept.h"
#include "rehearsal/rehearsal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *const outcome_zh[OUTCOME_COUNT] = {"不可以", "有条件", "同等对待", "由其他规定管理",
                                                      "保留领域", "尚不能确定"};
static const char *const shift_zh[SHIFT_COUNT] = {"不变", "变宽", "变严", "平移"};
static const char *const shift_en[SHIFT_COUNT] = {"same", "improved", "worsened", "sideways"};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* --- progress --------------------------------------------------------------------------- */

struct progress {
    double start, last;
    uint64_t bytes; /* of the file; 0: not known */
};

static void progress(void *ctx, uint64_t questions, uint64_t bytes)
{
    struct progress *p = ctx;
    double now = now_s(), spent = now - p->start;
    if (now - p->last < 0.2 || spent <= 0)
        return;
    p->last = now;
    fprintf(stderr, "\rrehearse %llu  %.0f /s", (unsigned long long)questions,
            (double)questions / spent);
    if (p->bytes > 0 && bytes > 0 && bytes <= p->bytes)
        fprintf(stderr, "  %3.0f%%  %.1f s left ", 100 * (double)bytes / (double)p->bytes,
                spent / (double)bytes * (double)(p->bytes - bytes));
    fputs("  ", stderr);
}

/* --- text ------------------------------------------------------------------------------- */

static struct str pick(bool zh, struct str a, struct str b)
{
    return (zh && a.n > 0) || b.n == 0 ? a : b;
}

static const char *outcome_word(enum outcome o, bool zh)
{
    return zh ? outcome_zh[o] : outcome_name(o);
}

static void put_head(const struct rehearsal *r, const struct weights *t, bool zh, struct buf *b)
{
    const struct instrument *d = &snapshot_corpus(r->s)->instrument[r->draft];
    char from[11];
    day_format(d->valid_from, from);
    buf_printf(b, zh ? "草案 %.*s  %.*s  自 %s 起\n" : "draft %.*s  %.*s  from %s\n",
               STR_ARG(d->id), STR_ARG(pick(zh, d->title_zh, d->title_en)), from);
    if (r->witnesses)
        buf_printf(b, zh ? "存储中没有留存的问题：改问见证题，草案触及的每一类格各一题，"
                           "事实一律未知\n"
                         : "the store keeps no answers: asked instead of one witness for each "
                           "class cell that\nthe draft touches, with every fact unknown\n");
    buf_printf(b, zh ? "问题 %llu（不能读 %llu） · 答案 %llu"
                     : "questions %llu (rejected %llu) · answers %llu",
               (unsigned long long)r->questions, (unsigned long long)r->rejected,
               (unsigned long long)r->all.answers);
    if (r->witnesses)
        buf_printf(b, zh ? " · 代表 %llu 格" : " · standing for %llu cells",
                   (unsigned long long)r->all.cells);
    buf_char(b, '\n');
    if (t != NULL)
        buf_printf(b, zh ? "权重 %.*s %.*s：答案有变的小类所占的份额，覆盖 %d/%d 个小类\n"
                         : "weights %.*s %.*s: the share of the classes whose answers changed; "
                           "%d of %d classes covered\n",
                   STR_ARG(t->name), STR_ARG(t->period), t->covered, t->n_leaves);
}

static void put_counts(const struct rehearsal *r, const struct tally *c, const struct weights *t,
                       bool zh, struct buf *b)
{
    buf_printf(b, "%llu", (unsigned long long)c->answers);
    if (r->witnesses)
        buf_printf(b, zh ? " · %llu 格" : " · %llu cells", (unsigned long long)c->cells);
    if (c->value > 0)
        buf_printf(b, zh ? " · 贸易额 %lld.%02d" : " · value %lld.%02d",
                   (long long)(c->value / 100), (int)(c->value % 100));
    int64_t share = t == NULL ? -1 : rehearsal_share(t, c->leaf);
    if (share >= 0)
        buf_printf(b, zh ? " · 份额 %.2f%%" : " · share %.2f %%", (double)share / 10000);
}

static void put_tallies(const struct rehearsal *r, const struct weights *t, bool zh, struct buf *b)
{
    for (int i = 0; i < SHIFT_COUNT; i++) {
        buf_printf(b, "  %-10s ", zh ? shift_zh[i] : shift_en[i]);
        put_counts(r, &r->tally[i], t, zh, b);
        buf_char(b, '\n');
    }
}

static void put_verdict(const struct corpus *c, const struct verdict *v, bool zh, struct buf *b)
{
    buf_z(b, outcome_word(v->outcome, zh));
    if (v->treatment != SILENT && v->must != v->treatment)
        buf_printf(b, " %s…%s", treatment_name(v->must), treatment_name(v->treatment));
    else if (v->treatment != SILENT)
        buf_printf(b, " %s", treatment_name(v->treatment));
    if (v->favoured_by >= 0)
        buf_printf(b, " (%.*s)", STR_ARG(c->instrument[c->layer[v->favoured_by]].id));
    buf_printf(b, " [%c]", v->evidence);
}

static void put_sample(const struct rehearsal *r, const struct sample *s, bool zh, struct buf *b)
{
    const struct corpus *c = snapshot_corpus(r->s);
    char on[11];
    day_format(s->q.on, on);
    buf_z(b, "      ");
    if (!r->witnesses)
        buf_printf(b, zh ? "第 %ld 行 " : "line %ld ", s->line);
    if (s->id[0])
        buf_printf(b, "%s ", s->id);
    buf_printf(b, "%.*s m%d %.*s>%.*s %s %s: ", STR_ARG(sector_code(c->codes, s->q.sector)),
               s->q.mode, STR_ARG(c->codes->economy[s->q.origin].alpha2),
               STR_ARG(c->codes->place[s->q.place].code), kind_name(s->q.kind), on);
    put_verdict(c, &s->before, zh, b);
    buf_z(b, " → ");
    put_verdict(c, &s->after, zh, b);
    buf_char(b, '\n');
}

static void put_group(const struct rehearsal *r, const struct shift_group *g,
                      const struct weights *t, bool zh, struct buf *b)
{
    const struct corpus *c = snapshot_corpus(r->s);
    buf_printf(b, "%s → %s  %s  ", outcome_word(g->before, zh), outcome_word(g->after, zh),
               zh ? shift_zh[g->shift] : shift_en[g->shift]);
    put_counts(r, &g->count, t, zh, b);
    buf_char(b, '\n');
    for (int i = 0; i < g->n_causes && i < REHEARSE_CAUSES; i++) {
        const struct provision *p = &c->provision[g->cause[i]];
        buf_printf(b, "    %.*s/%.*s [%c] %.*s\n", STR_ARG(c->instrument[p->instrument].id),
                   STR_ARG(p->key), p->evidence, STR_ARG(pick(zh, p->zh, p->en)));
    }
    const char *reason = shift_reason(g);
    if (reason != NULL && strcmp(reason, "list") == 0)
        buf_z(b, zh ? "    不因条目：一份清单在此生效或失效\n"
                    : "    no provision: a list begins or ends there\n");
    else if (reason != NULL)
        buf_z(b, zh ? "    不因条目：两份文件的保留领域不同（保留领域按文件编号登记）\n"
                    : "    no provision: the carve-outs of the texts differ (they are kept by id)\n");
    if (g->n_causes > REHEARSE_CAUSES)
        buf_printf(b, zh ? "    另 %d 条\n" : "    and %d more\n", g->n_causes - REHEARSE_CAUSES);
    for (int i = 0; i < g->n_samples; i++)
        put_sample(r, &g->sample[i], zh, b);
}

static void put_commitments(const struct rehearsal *r, bool zh, struct buf *b)
{
    const struct corpus *c = snapshot_corpus(r->s);
    for (int l = 0; l < c->n_layers; l++) {
        const struct instrument *i = &c->instrument[c->layer[l]];
        if (r->committed[l] > 0)
            buf_printf(b, zh ? "涉及承诺 %.*s  %.*s：%llu 个变严的答案，援引后会更宽\n"
                             : "commitment %.*s  %.*s: %llu worsened answers that its claim "
                               "betters\n",
                       STR_ARG(i->id), STR_ARG(pick(zh, i->title_zh, i->title_en)),
                       (unsigned long long)r->committed[l]);
    }
}

static void put_faults(const struct rehearsal *r, bool zh, struct buf *b)
{
    for (int i = 0; i < r->n_faults; i++) {
        const struct error *e = &r->fault[i];
        buf_printf(b, zh ? "不能读：第 %d 行 %s：%s [%s]\n" : "rejected: line %d %s: %s [%s]\n", e->line,
                   e->field, zh ? e->detail_zh : e->detail_en, err_name(e->code));
    }
    if (r->rejected > (uint64_t)r->n_faults)
        buf_printf(b, zh ? "不能读：另 %llu 行\n" : "rejected: %llu more lines\n",
                   (unsigned long long)r->rejected - (unsigned long long)r->n_faults);
}

static void put_text(const struct rehearsal *r, const struct weights *t, double seconds, bool zh,
                     struct buf *b)
{
    put_head(r, t, zh, b);
    put_tallies(r, t, zh, b);
    for (int i = 0; i < r->n_groups; i++)
        put_group(r, r->group[i], t, zh, b);
    if (r->n_groups > 0)
        buf_z(b, zh ? "[A] 已核实 · [B] 很可能 · [C] 仅供参考：B、C 级请对照官方附件核实\n"
                    : "[A] confirmed, [B] likely, [C] indicative: confirm B and C against the "
                      "official annex\n");
    put_commitments(r, zh, b);
    buf_z(b, zh ? "预警：尚无留存的预警\n" : "alerts: none are kept yet\n");
    put_faults(r, zh, b);
    buf_printf(b, "%s %.16s · %.2f s\n", zh ? "快照" : "snapshot", snapshot_corpus(r->s)->hash,
               seconds);
}

/* --- CSV: one row for each group -------------------------------------------------------- */

static void put_number(struct buf *b, int64_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)n);
    csv_write_field(b, str_from(text), false);
}

static void put_row(const struct rehearsal *r, const struct shift_group *g,
                    const struct weights *t, struct buf *b)
{
    const struct corpus *c = snapshot_corpus(r->s);
    struct buf causes;
    char worst[2] = "";
    buf_init(&causes);
    for (int i = 0; i < g->n_causes && i < REHEARSE_CAUSES; i++) {
        const struct provision *p = &c->provision[g->cause[i]];
        buf_printf(&causes, "%s%.*s/%.*s", i ? " " : "", STR_ARG(c->instrument[p->instrument].id),
                   STR_ARG(p->key));
        worst[0] = p->evidence > worst[0] ? p->evidence : worst[0];
    }
    csv_write_field(b, str_from(outcome_name(g->before)), true);
    csv_write_field(b, str_from(outcome_name(g->after)), false);
    csv_write_field(b, str_from(shift_name(g->shift)), false);
    put_number(b, (int64_t)g->count.answers);
    put_number(b, (int64_t)g->count.questions);
    put_number(b, (int64_t)g->count.cells);
    put_number(b, g->count.value);
    if (t == NULL)
        csv_write_field(b, STR(""), false);
    else
        put_number(b, rehearsal_share(t, g->count.leaf));
    put_number(b, g->n_causes);
    csv_write_field(b, buf_view(&causes), false);
    csv_write_field(b, str_from(worst), false);
    csv_write_end(b);
    buf_finish(&causes);
}

static void put_csv(const struct rehearsal *r, const struct weights *t, struct buf *b)
{
    buf_z(b, "before,after,change,answers,questions,cells,value_cents,weight_share_ppm,"
             "causes_total,causes,evidence\r\n");
    for (int i = 0; i < r->n_groups; i++)
        put_row(r, r->group[i], t, b);
}

/* --- the verb --------------------------------------------------------------------------- */

struct stage { /* what one run opens */
    struct world w;
    struct corpus *corpus; /* with the draft */
    struct snapshot *snapshot;
    struct weights weights;
    bool weighted;
    int draft;
    day_t known;
    FILE *questions; /* NULL: the witness set */
};

/* The questions of the answers that the store keeps; NULL if it keeps none. */
static enum err open_kept(struct db *d, FILE **out, struct error *e)
{
    uint64_t n = 0;
    *out = tmpfile();
    if (*out == NULL)
        return err_set(e, ERR_IO, "无法建立临时文件%s", "no temporary file can be made%s", "");
    enum err r = kept_questions(d, *out, &n, e);
    if (r == OK && n > 0) {
        rewind(*out);
        return OK;
    }
    fclose(*out);
    *out = NULL;
    return r;
}

static enum err open_questions(struct db *d, const char *name, FILE **out, struct error *e)
{
    if (name == NULL)
        return open_kept(d, out, e);
    *out = name == NULL ? NULL : strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
    if (name == NULL || *out != NULL)
        return OK;
    err_set(e, ERR_NOT_FOUND, "打不开 %s", "cannot open %s", name);
    err_at(e, name, 0, "questions");
    return ERR_NOT_FOUND;
}

static enum err open_stage(const struct args *a, struct stage *s, struct error *e)
{
    struct str text;
    TRY(world_open(&s->w, option_get(a, "store"), e));
    TRY(file_read(&s->w.arena, a->word[1], &text, e));
    TRY(registry_load_draft(s->w.db, &s->corpus, &s->draft, &s->known, &s->w.arena, s->w.codes,
                            text, a->word[1], e));
    TRY(snapshot_create(&s->snapshot, s->corpus, e));
    s->weighted = option_get(a, "weights") != NULL;
    if (s->weighted)
        TRY(weights_open(s->w.codes, option_get(a, "weights"), &s->w.arena, &s->weights, e));
    return open_questions(s->w.db, option_get(a, "questions"), &s->questions, e);
}

static void close_stage(struct stage *s)
{
    if (s->questions != NULL && s->questions != stdin)
        fclose(s->questions);
    snapshot_destroy(s->snapshot);
    world_close(&s->w);
}

static enum err run(const struct stage *s, struct rehearsal *r, struct error *e)
{
    struct progress p = {.start = now_s()};
    struct stat st;
    bool tty = isatty(2);
    p.last = p.start;
    if (s->questions != NULL && fstat(fileno(s->questions), &st) == 0 && S_ISREG(st.st_mode))
        p.bytes = (uint64_t)st.st_size;
    rehearse_progress_fn *tell = tty ? progress : NULL;
    enum err code = s->questions != NULL ? rehearse_file(r, s->questions, tell, &p, e)
                                         : rehearse_witnesses(r, tell, &p, e);
    if (tty)
        fputs("\r\033[K", stderr);
    return code;
}

static void print_result(const struct args *a, const struct stage *s, const struct rehearsal *r,
                         double seconds)
{
    const struct weights *t = s->weighted ? &s->weights : NULL;
    struct buf b;
    buf_init(&b);
    if (a->output == OUTPUT_JSON)
        rehearsal_json(r, t, seconds, &b);
    else if (a->output == OUTPUT_CSV)
        put_csv(r, t, &b);
    else
        put_text(r, t, seconds, a->zh, &b);
    print_out(&b);
    buf_finish(&b);
    if (r->rejected > 0 && a->output != OUTPUT_TEXT)
        fprintf(stderr, a->zh ? "fumao: %llu 行不能读\n" : "fumao: %llu lines were rejected\n",
                (unsigned long long)r->rejected);
}

int verb_rehearse(const struct args *a)
{
    static const char *const allowed[] = {"questions", "weights", NULL};
    static struct stage s;
    static struct rehearsal r;
    struct error e = {0};
    if (options_check(a, allowed, &e) != OK)
        return print_fault(a, &e);
    if (a->n != 2) {
        err_set(&e, ERR_USAGE, "应给出一份草案文件，给出了 %d 份", "one draft file is needed, not %d",
                a->n - 1);
        err_hint(&e, "fumao rehearse DRAFT.json --questions FILE");
        return print_fault(a, &e);
    }
    int status = 0;
    if (open_stage(a, &s, &e) == OK) {
        double start = now_s();
        rehearsal_init(&r, s.snapshot, s.draft, s.known);
        if (run(&s, &r, &e) == OK) {
            print_result(a, &s, &r, now_s() - start);
            status = rehearsal_changed(&r) > 0 ? 1 : 0;
        }
        rehearsal_finish(&r);
    }
    if (e.code != OK)
        status = print_fault(a, &e);
    close_stage(&s);
    return status;
}
