/* COMMAND: check. One answer: the verdict in five lines, then why, then what to do. */
#include "cli/options.h"
#include "law/write.h"

#include <stdio.h>

static const struct sign {
    const char *sign, *zh, *en;
} signs[OUTCOME_COUNT] = {
    {"✕", "不可以", "prohibited"},
    {"△", "有条件", "allowed under conditions"},
    {"○", "可以,与境内提供者同等对待", "equal treatment: the same rules as for domestic suppliers"},
    {"→", "由其他规定管理", "governed elsewhere"},
    {"？", "保留领域,按现行规定", "carved out: the existing rules apply"},
    {"？", "尚不能确定,缺少事实", "undetermined: facts are missing"}};

static const char *certainty_words(const struct explanation *x, bool zh)
{
    bool final = x->answer.outcome == OUTCOME_PROHIBITED || x->answer.outcome == OUTCOME_CONDITIONAL;
    if (x->evidence == 'A')
        return zh ? "已核实(A)" : "confirmed (A)";
    if (x->evidence == 'B')
        return !final ? (zh ? "较有把握(B)" : "likely (B)")
               : zh   ? "很可能(B),请对照官方附件核实"
                      : "likely (B): confirm against the official annex";
    return zh ? "仅供参考(C),请对照官方附件核实"
              : "indicative (C): confirm against the official annex";
}

static void put_head(struct buf *b, const struct world *w, const struct question *q,
                     const struct explanation *x, bool zh)
{
    const struct classification *k = w->codes;
    const struct code *leaf = sector_leaf(k, q->sector);
    const struct economy *o = &k->economy[q->origin];
    const struct place *p = &k->place[q->place];
    const struct sign *g = &signs[x->answer.outcome];
    char on[11], known[11];
    day_format(q->on, on);
    day_format(q->known, known);
    buf_printf(b, "%s %s\n", g->sign, zh ? g->zh : g->en);
    struct str name = pick_words(zh, leaf->name_zh, leaf->name_en);
    struct str from = pick_words(zh, o->name_zh, o->name_en);
    struct str to = pick_words(zh, p->name_zh, p->name_en);
    buf_printf(b, "  %.*s %.*s · %s %d · %.*s → %.*s · %s\n", STR_ARG(leaf->code), STR_ARG(name),
               zh ? "模式" : "mode", q->mode, STR_ARG(from), STR_ARG(to), kind_name(q->kind));
    if (x->answer.treatment != SILENT && x->answer.must != x->answer.treatment)
        buf_printf(b, "  %s %s … %s\n", zh ? "区间" : "between", treatment_name(x->answer.must),
                   treatment_name(x->answer.treatment));
    if (x->answer.favoured_by >= 0) {
        const struct instrument *t = &w->corpus->instrument[w->corpus->layer[x->answer.favoured_by]];
        struct str title = pick_words(zh, t->title_zh, t->title_en);
        buf_printf(b, "  %s %.*s\n", zh ? "更优惠来自" : "more favourable by", STR_ARG(title));
    }
    buf_printf(b, "  %s: %s\n  %s %s · %s %s\n", zh ? "把握" : "how sure", certainty_words(x, zh),
               zh ? "按" : "law of", on, zh ? "平台所知截至" : "known on", known);
}

static void put_provision(struct buf *b, const struct corpus *c, int at, bool zh)
{
    const struct provision *p = &c->provision[at];
    struct str text = pick_words(zh, p->zh, p->en);
    buf_printf(b, "  · %.*s/%.*s", STR_ARG(c->instrument[p->instrument].id), STR_ARG(p->key));
    if (p->no > 0)
        buf_printf(b, " (%s %d)", zh ? "第" : "no", p->no);
    buf_printf(b, " [%c] %s\n    %.*s\n", p->evidence, effect_name(p->effect), STR_ARG(text));
    for (int i = 0; i < p->n_basis; i++)
        buf_printf(b, "    《%.*s》%.*s%s\n", STR_ARG(p->basis[i].title_zh),
                   STR_ARG(p->basis[i].article),
                   p->basis[i].matched ? "" : zh ? "(未核对)" : " (not matched)");
}

static void put_why(struct buf *b, const struct world *w, const struct explanation *x, bool zh)
{
    const struct corpus *c = w->corpus;
    buf_z(b, zh ? "\n为什么\n" : "\nwhy\n");
    for (int i = 0; i < x->answer.n_prevailing; i++)
        put_provision(b, c, x->answer.prevailing[i], zh);
    if (x->answer.outcome == OUTCOME_EQUAL)
        buf_z(b, zh ? "  · 不在起决定作用的清单之列;“同等”指与境内提供者适用同样的规则,不等于无须许可\n"
                    : "  · not on the deciding lists; \"equal\" means the rules for domestic "
                      "suppliers apply, not that no licence is needed\n");
    if (x->answer.outcome == OUTCOME_ELSEWHERE)
        buf_z(b, zh ? "  · 该日该地没有持有的清单适用于此类服务;请按当时的行业规定\n"
                    : "  · no list that is held speaks here on that day; the sector rules of the "
                      "time apply\n");
    for (int i = 0; i < x->n_carve_outs; i++) {
        const struct carve_out *k = &c->carve_out[x->carve_out[i]];
        struct str text = pick_words(zh, k->zh, k->en);
        if (k->has_sectors)
            buf_printf(b, "  · %s %d [%c] %.*s\n", zh ? "说明第" : "note", k->point, k->evidence,
                       STR_ARG(text));
    }
    for (int i = 0; i < x->n_elsewhere; i++) {
        const struct instrument *t = &c->instrument[x->elsewhere[i]];
        struct str title = pick_words(zh, t->title_zh, t->title_en);
        buf_printf(b, "  → %.*s: %s %d/%d\n", STR_ARG(title), zh ? "持有" : "held",
                   t->edition == EDITION_HEADLINE ? 0 : t->n, t->published_total);
    }
}

static void put_conditions(struct buf *b, const struct corpus *c, const struct explanation *x,
                           bool zh)
{
    for (int i = 0; i < x->answer.n_prevailing; i++) {
        const struct provision *p = &c->provision[x->answer.prevailing[i]];
        struct str who = pick_words(zh, p->authority_zh, p->authority_en);
        for (int k = 0; k < p->n_lift; k++) {
            const struct clause *l = &p->lift[k];
            struct str text = pick_words(zh, l->zh, l->en);
            buf_printf(b, "  %s %.*s", p->lift_join == JOIN_ANY && k > 0 ? (zh ? "或" : "or") : "·",
                       STR_ARG(text));
            if (l->when >= 0 && c->expr[l->when].fact >= 0)
                buf_printf(b, "  (%.*s)", STR_ARG(c->fact[c->expr[l->when].fact].name));
            buf_char(b, '\n');
        }
        if (who.n > 0)
            buf_printf(b, "  %s: %.*s\n", zh ? "主管" : "authority", STR_ARG(who));
    }
}

static void put_next(struct buf *b, const struct world *w, const struct explanation *x, bool zh)
{
    const struct corpus *c = w->corpus;
    buf_z(b, zh ? "\n怎么办\n" : "\nwhat to do\n");
    size_t before = b->n;
    if (x->next_fact >= 0) {
        const struct fact *f = &c->fact[x->next_fact];
        struct str text = pick_words(zh, f->zh, f->en);
        buf_printf(b, "  ? %.*s\n    --fact %.*s=", STR_ARG(text), STR_ARG(f->name));
        if (f->type == FACT_BOOL)
            buf_z(b, "true|false");
        for (int i = 0; i < f->n_values; i++)
            buf_printf(b, "%s%.*s", i ? "|" : "", STR_ARG(f->value[i].value));
        buf_z(b, f->type == FACT_NUMBER ? "N\n" : "\n");
    }
    put_conditions(b, c, x, zh);
    for (int i = 0; i < x->n_claims; i++) {
        const struct instrument *t = &c->instrument[c->layer[x->claim[i].layer]];
        buf_printf(b, "  --claim %.*s: %s %s\n", STR_ARG(t->id), signs[x->claim[i].outcome].sign,
                   treatment_name(x->claim[i].treatment));
    }
    if (b->n == before)
        buf_z(b, zh ? "  · 查许可事项与市场准入清单\n" : "  · check licences and the market access list\n");
    buf_printf(b, "\n%s %.16s\n", zh ? "快照" : "snapshot", c->hash);
}

/* --keep: the answer on the log, and a file that proves it. Said on standard error. */
static int keep(const struct args *a, struct world *w, const struct question *q,
                const struct explanation *x)
{
    struct error e = {0};
    char path[512];
    if (keep_answer(w, q, x, option_get(a, "out"), path, sizeof path, &e) != OK)
        return print_fault(a, &e);
    fprintf(stderr, a->zh ? "已留存：%s（核验：fumao ledger verify %s）\n"
                          : "kept: %s (to check it: fumao ledger verify %s)\n", path, path);
    return 0;
}

static void put_answer(const struct args *a, const struct world *w, const struct question *q,
                       const struct explanation *x, struct buf *b)
{
    if (a->output == OUTPUT_JSON) {
        explanation_json(w->snapshot, q, x, b, true);
        buf_char(b, '\n');
        return;
    }
    put_head(b, w, q, x, a->zh);
    put_why(b, w, x, a->zh);
    put_next(b, w, x, a->zh);
}

/* A code that stands for many classes: one line for each group of classes that agree. */
static int put_groups(const struct args *a, const struct world *w, struct question *q,
                      const struct sector_set *set, struct buf *b)
{
    static struct answer first[64];
    static int leaf_of[LIMIT_SECTORS], group_of[LIMIT_SECTORS];
    int n = 0, groups = 0;
    for (int l = ask_leaf(set, 0); l >= 0; l = ask_leaf(set, l + 1)) {
        struct answer x;
        q->sector = l;
        decide(w->snapshot, q, &x);
        int g = 0;
        while (g < groups && (first[g].outcome != x.outcome || first[g].treatment != x.treatment ||
                              first[g].must != x.must || first[g].favoured_by != x.favoured_by))
            g++;
        if (g == groups && groups < 64)
            first[groups++] = x;
        leaf_of[n] = l;
        group_of[n++] = g < 64 ? g : 63;
    }
    buf_printf(b, a->zh ? "%.*s:%d 个小类,%d 种答案%s\n" : "%.*s: %d classes, %d different answers%s\n",
               STR_ARG(set->code), n, groups,
               !set->partial ? "" : a->zh ? "(对照只是部分对应)" : " (the concordance is partial)");
    for (int g = 0; g < groups; g++) {
        buf_printf(b, "%s %s\n   ", signs[first[g].outcome].sign,
                   a->zh ? signs[first[g].outcome].zh : signs[first[g].outcome].en);
        for (int i = 0; i < n; i++)
            if (group_of[i] == g)
                buf_printf(b, " %.*s", STR_ARG(sector_code(w->codes, leaf_of[i])));
        buf_char(b, '\n');
    }
    return groups;
}

static enum err put_class(void *ctx, const struct question *q, struct buf *out)
{
    static struct explanation x;
    const struct world *w = ctx;
    explain(w->snapshot, q, &x);
    explanation_json(w->snapshot, q, &x, out, false);
    return OK;
}

int verb_check(const struct args *a)
{
    static const char *const allowed[] = {"mode", "from",  "to",    "kind", "direction",
                                          "on",   "known", "fact", "claim", "keep", "out", NULL};
    static struct facts facts;
    static struct sector_set set;
    struct error e = {0};
    struct world w;
    struct question q;
    struct ask ask;
    struct buf b;
    const char *known = option_get(a, "known");
    day_t day = DAY_MAX;
    if (known != NULL && !day_parse(str_from(known), &day))
        day = DAY_MAX; /* ask_parse says what is wrong with it */
    if (options_check(a, allowed, &e) != OK ||
        world_open_known(&w, option_get(a, "store"), day, &e) != OK)
        return print_fault(a, &e);
    enum err r = options_ask(a, &ask, &e);
    ask.sector = options_words(a);
    if (r == OK)
        r = ask_parse(w.codes, w.corpus, &ask, &set, &q, &facts, &e);
    if (r != OK) {
        int status = print_fault(a, &e);
        world_close(&w);
        return status;
    }
    bool keeps = option_given(a, "keep");
    static struct explanation x;
    int status = 0;
    if (keeps && set.count != 1) {
        err_set(&e, ERR_AMBIGUOUS, "一次只能留存一个小类的答案；所问行业有 %d 个小类",
                "an answer is kept for one class; this sector has %d", set.count);
        status = print_fault(a, &e);
        world_close(&w);
        return status;
    }
    buf_init(&b);
    if (set.count == 1) {
        explain(w.snapshot, &q, &x);
        put_answer(a, &w, &q, &x, &b);
    } else if (a->output == OUTPUT_JSON) {
        ask_answers(&set, &q, put_class, &w, &b); /* put_class cannot fail */
        buf_char(&b, '\n');
    } else {
        put_groups(a, &w, &q, &set, &b);
    }
    print_out(&b);
    fflush(stdout);
    if (keeps)
        status = keep(a, &w, &q, &x);
    buf_finish(&b);
    world_close(&w);
    return status;
}
