/* Routes as JSON and as text. */
#include "compare/map.h"
#include "compare/route.h"
#include "decide/phrase.h"

#include <stdio.h>

static const char *const dimension_names[] = {"claim", "fact", "kind", "mode", "place", "date"};

/* --- values of facts ---------------------------------------------------------------------- */

static bool is_breakpoint(const struct corpus *c, int fact, int64_t v)
{
    for (int i = 0; i < c->n_exprs; i++)
        if (c->expr[i].fact == fact && c->expr[i].value == v)
            return true;
    return false;
}

static void put_number(struct buf *b, int64_t v)
{
    char z[32];
    int n = snprintf(z, sizeof z, "%lld.%04lld", (long long)(v / FACT_SCALE),
                     (long long)(v % FACT_SCALE));
    while (n > 0 && z[n - 1] == '0')
        n--;
    if (n > 0 && z[n - 1] == '.')
        n--;
    buf_put(b, z, (size_t)n);
}

static bool has_value(const struct route_change *x, int64_t v)
{
    for (int i = 0; i < x->n; i++)
        if (x->value[i] == v)
            return true;
    return false;
}

/* The values next to a breakpoint stand for everything on that side up to the next one. */
typedef void word_fn(void *ctx, struct str word);

static void number_words(const struct corpus *c, const struct route_change *x, word_fn *each,
                         void *ctx)
{
    struct buf b;
    buf_init(&b);
    for (int i = 0; i < x->n; i++) {
        int64_t v = x->value[i];
        bool exact = is_breakpoint(c, x->which, v);
        bool below = !exact && is_breakpoint(c, x->which, v + 1);
        int64_t at = exact ? v : below ? v + 1 : v - 1;
        if (!exact && has_value(x, at)) /* said with the breakpoint */
            continue;
        bool more = exact && has_value(x, v + 1) && !is_breakpoint(c, x->which, v + 1);
        bool less = exact && has_value(x, v - 1) && !is_breakpoint(c, x->which, v - 1);
        buf_clear(&b);
        if (more && less)
            continue; /* any value around it: its sides are said by themselves */
        buf_z(&b, more ? ">=" : less ? "<=" : exact ? "" : below ? "<" : ">");
        put_number(&b, at);
        each(ctx, buf_view(&b));
    }
    buf_finish(&b);
}

static void fact_words(const struct corpus *c, const struct route_change *x, word_fn *each,
                       void *ctx)
{
    const struct fact *f = &c->fact[x->which];
    if (f->type == FACT_NUMBER) {
        number_words(c, x, each, ctx);
        return;
    }
    for (int i = 0; i < x->n; i++)
        each(ctx, f->type == FACT_ENUM ? f->value[x->value[i]].value
                  : x->value[i]        ? STR("true")
                                       : STR("false"));
}

static void json_word(void *ctx, struct str word)
{
    jsonw_str(ctx, word);
}

static void text_word(void *ctx, struct str word)
{
    struct buf *b = ctx;
    if (b->n > 0 && b->p[b->n - 1] != ' ')
        buf_z(b, "|");
    buf_str(b, word);
}

void route_fact_words(const struct corpus *c, const struct route_change *x, struct buf *out)
{
    fact_words(c, x, text_word, out);
}

/* --- JSON --------------------------------------------------------------------------------- */

static void day_json(struct jsonw *w, day_t d)
{
    char z[11];
    day_format(d, z);
    jsonw_z(w, z);
}

static void value_json(struct jsonw *w, const struct corpus *c, const struct route_change *x,
                       int64_t v)
{
    switch (x->dimension) {
    case ROUTE_CLAIM: jsonw_str(w, c->instrument[c->layer[x->which]].id); break;
    case ROUTE_KIND: jsonw_z(w, kind_name((enum kind)v)); break;
    case ROUTE_MODE: jsonw_int(w, v); break;
    case ROUTE_PLACE: jsonw_str(w, c->codes->place[v].code); break;
    default: day_json(w, (day_t)v);
    }
}

static void change_json(struct jsonw *w, const struct corpus *c, const struct route_change *x)
{
    jsonw_object(w);
    jsonw_kz(w, "dimension", dimension_names[x->dimension]);
    if (x->dimension == ROUTE_FACT)
        jsonw_kstr(w, "fact", c->fact[x->which].name);
    jsonw_key(w, "values");
    jsonw_array(w);
    if (x->dimension == ROUTE_FACT)
        fact_words(c, x, json_word, w);
    else
        for (int i = 0; i < x->n; i++)
            value_json(w, c, x, x->value[i]);
    jsonw_end(w);
    jsonw_end(w);
}

static void answer_json(struct jsonw *w, const struct corpus *c, enum outcome o,
                        enum treatment must, enum treatment may, int favoured_by, char evidence,
                        const char *certainty)
{
    verdict_members(w, c, o, must, may, favoured_by);
    kgrade(w, "evidence", evidence);
    jsonw_kz(w, "certainty", certainty);
}

static void prevailing_json(struct jsonw *w, const struct corpus *c, const int *list, int n)
{
    jsonw_key(w, "prevailing");
    jsonw_array(w);
    for (int i = 0; i < n; i++) {
        const struct provision *p = &c->provision[list[i]];
        jsonw_object(w);
        provision_name(w, c, p);
        jsonw_kz(w, "effect", effect_name(p->effect));
        kgrade(w, "evidence", p->evidence);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void one_json(struct jsonw *w, const struct corpus *c, const struct routes *all,
                     const struct route *r)
{
    jsonw_object(w);
    jsonw_key(w, "changes");
    jsonw_array(w);
    for (int i = 0; i < r->n_changes; i++)
        change_json(w, c, &r->change[i]);
    jsonw_end(w);
    answer_json(w, c, r->outcome, r->must, r->treatment, r->favoured_by, r->evidence,
                r->certainty);
    prevailing_json(w, c, r->prevailing, r->n_prevailing);
    jsonw_kbool(w, "conditional", r->n_missing > 0);
    jsonw_key(w, "missing");
    jsonw_array(w);
    for (int i = 0; i < r->n_missing; i++)
        jsonw_str(w, c->fact[r->missing[i]].name);
    jsonw_end(w);
    jsonw_key(w, "procedure");
    if (r->procedure)
        procedure_json(&all->procedures, r->procedure, w);
    else
        jsonw_null(w);
    jsonw_end(w);
}

static void asked_json(struct jsonw *w, const struct corpus *c, const struct question *q)
{
    jsonw_key(w, "question");
    jsonw_object(w);
    jsonw_kstr(w, "sector", sector_code(c->codes, q->sector));
    jsonw_kint(w, "mode", q->mode);
    jsonw_kz(w, "direction", direction_name(q->direction));
    jsonw_kz(w, "kind", kind_name(q->kind));
    jsonw_kstr(w, "from", c->codes->economy[q->origin].alpha2);
    jsonw_kstr(w, "to", c->codes->place[q->place].code);
    kfacts(w, c, q->facts);
    klayers(w, "claims", c, q->claims);
    jsonw_kday(w, "on", q->on);
    jsonw_kday(w, "known", q->known);
    jsonw_end(w);
}

void route_json(const struct routes *r, const struct snapshot *s, struct buf *out, bool pretty)
{
    static const char *const states[] = {"sought", "not-needed", "elsewhere"};
    const struct corpus *c = snapshot_corpus(s);
    const struct answer *a = &r->now->answer;
    struct jsonw w;
    jsonw_init(&w, out, pretty);
    jsonw_object(&w);
    asked_json(&w, c, &r->question);
    jsonw_key(&w, "now");
    jsonw_object(&w);
    answer_json(&w, c, a->outcome, a->must, a->treatment, a->favoured_by, r->now->evidence,
                r->now->certainty);
    prevailing_json(&w, c, a->prevailing, a->n_prevailing);
    jsonw_end(&w);
    jsonw_kz(&w, "state", states[r->state]);
    jsonw_key(&w, "routes");
    jsonw_array(&w);
    for (int i = 0; i < r->n; i++)
        one_json(&w, c, r, &r->route[i]);
    jsonw_end(&w);
    jsonw_kz(&w, "snapshot", c->hash);
    jsonw_end(&w);
}

/* --- text --------------------------------------------------------------------------------- */

static void place_text(const struct routes *all, const struct corpus *c,
                       const struct route_change *x, bool zh, struct buf *b)
{
    struct scope domain, s;
    day_t last = all->question.on;
    for (int i = 0; i < x->n; i++)
        last = c->codes->place[x->value[i]].from > last ? c->codes->place[x->value[i]].from : last;
    scope_whole(c->codes, last, &domain);
    s = domain;
    memset(s.place, 0, sizeof s.place);
    for (int i = 0; i < x->n; i++)
        bit_set(s.place, (size_t)x->value[i]);
    scope_words(c->codes, &s, &domain, zh, b);
    if (x->n > 1)
        buf_printf(b, zh ? "（%d 处）" : " (%d places)", x->n);
}

static void change_text(const struct routes *all, const struct corpus *c,
                        const struct route_change *x, bool zh, struct buf *b)
{
    struct buf words;
    char day[11];
    buf_init(&words);
    switch (x->dimension) {
    case ROUTE_CLAIM:
        buf_printf(b, zh ? "援引 %.*s" : "claim %.*s",
                   STR_ARG(c->instrument[c->layer[x->which]].id));
        break;
    case ROUTE_FACT:
        fact_words(c, x, text_word, &words);
        struct str ask = pick_words(zh, c->fact[x->which].zh, c->fact[x->which].en);
        buf_printf(b, zh ? "%.*s → %.*s（%.*s）" : "%.*s → %.*s (%.*s)", STR_ARG(ask),
                   STR_ARG(buf_view(&words)), STR_ARG(c->fact[x->which].name));
        break;
    case ROUTE_KIND:
        for (int i = 0; i < x->n; i++)
            text_word(&words, str_from(kind_name((enum kind)x->value[i])));
        buf_printf(b, zh ? "主体类型改为 %.*s" : "as %.*s", STR_ARG(buf_view(&words)));
        break;
    case ROUTE_MODE:
        for (int i = 0; i < x->n; i++)
            text_word(&words, (struct str){&"1234"[x->value[i] - 1], 1});
        buf_printf(b, zh ? "改用模式 %.*s" : "in mode %.*s", STR_ARG(buf_view(&words)));
        break;
    case ROUTE_PLACE:
        buf_z(b, zh ? "改在 " : "in ");
        place_text(all, c, x, zh, b);
        break;
    case ROUTE_DATE:
        day_format((day_t)x->value[0], day);
        buf_printf(b, zh ? "等到 %s" : "wait until %s", day);
        break;
    }
    buf_finish(&words);
}

static void verdict_text(enum outcome o, enum treatment must, enum treatment may, char evidence,
                         bool zh, struct buf *b)
{
    buf_printf(b, "%s %s", map_signs[o].sign, zh ? map_signs[o].zh : map_signs[o].en);
    if (may != SILENT)
        buf_printf(b, " · %s", treatment_name(must));
    if (may != SILENT && must != may)
        buf_printf(b, " … %s", treatment_name(may));
    if (may != SILENT)
        buf_printf(b, " [%c]", evidence);
    buf_char(b, '\n');
}

static void procedure_text(const struct procedures *all, const struct procedure *p, bool zh,
                           struct buf *b)
{
    struct str name = pick_words(zh, p->zh, p->en);
    buf_printf(b, zh ? "     程序：%.*s（%.*s）[%c]" : "     procedure: %.*s (%.*s) [%c]",
               STR_ARG(name), STR_ARG(p->authority), p->evidence);
    if (p->working_days >= 0)
        buf_printf(b, zh ? " · %d 个工作日" : " · %d working days", p->working_days);
    else
        buf_z(b, zh ? " · 登记册没有时限" : " · the register has no time limit");
    buf_char(b, '\n');
    for (int i = 0; p->default_limits && i < all->n_defaults; i++) {
        const struct procedure_default *d = &all->defaults[i];
        if (!str_eqz(d->key, "decide"))
            continue;
        struct str law = pick_words(zh, all->defaults_zh, all->defaults_en);
        struct str row = pick_words(zh, d->zh, d->en);
        buf_printf(b, zh ? "     %.*s：%.*s [%c]\n" : "     %.*s: %.*s [%c]\n", STR_ARG(law),
                   STR_ARG(row), d->evidence);
    }
}

static void one_text(const struct routes *all, const struct corpus *c, const struct route *r,
                     int number, bool zh, struct buf *b)
{
    buf_printf(b, "%3d. ", number);
    for (int i = 0; i < r->n_changes; i++) {
        if (i > 0)
            buf_z(b, zh ? "，并且 " : ", and ");
        change_text(all, c, &r->change[i], zh, b);
    }
    buf_z(b, "\n     ");
    verdict_text(r->outcome, r->must, r->treatment, r->evidence, zh, b);
    if (r->favoured_by >= 0)
        buf_printf(b, zh ? "     更优惠来自 %.*s\n" : "     more favourable by %.*s\n",
                   STR_ARG(c->instrument[c->layer[r->favoured_by]].id));
    for (int i = 0; i < r->n_prevailing && i < 3; i++) {
        const struct provision *p = &c->provision[r->prevailing[i]];
        buf_printf(b, "     · %.*s/%.*s [%c] %s\n", STR_ARG(c->instrument[p->instrument].id),
                   STR_ARG(p->key), p->evidence, effect_name(p->effect));
    }
    if (r->n_missing > 0) {
        buf_z(b, zh ? "     还取决于：" : "     still depends on: ");
        for (int i = 0; i < r->n_missing && i < 4; i++)
            buf_printf(b, "%s%.*s", i ? (zh ? "、" : ", ") : "",
                       STR_ARG(c->fact[r->missing[i]].name));
        buf_printf(b, r->n_missing > 4 ? " +%d\n" : "\n", r->n_missing - 4);
    }
    if (r->procedure)
        procedure_text(&all->procedures, r->procedure, zh, b);
}

static void head_text(const struct routes *r, const struct corpus *c, bool zh, struct buf *b)
{
    const struct classification *k = c->codes;
    const struct question *q = &r->question;
    const struct code *leaf = sector_leaf(k, q->sector);
    char on[11];
    day_format(q->on, on);
    struct str name = pick_words(zh, leaf->name_zh, leaf->name_en);
    struct str from = pick_words(zh, k->economy[q->origin].name_zh, k->economy[q->origin].name_en);
    struct str to = pick_words(zh, k->place[q->place].name_zh, k->place[q->place].name_en);
    buf_printf(b, "%.*s %.*s · %s %d · %.*s → %.*s · %s · %s\n", STR_ARG(leaf->code),
               STR_ARG(name), zh ? "模式" : "mode", q->mode, STR_ARG(from), STR_ARG(to),
               kind_name(q->kind), on);
}

static void none_text(const struct routes *r, bool zh, struct buf *b)
{
    if (r->state == ROUTE_ELSEWHERE)
        buf_z(b, zh ? "没有持有的清单管辖这一问题，因此没有可以改善的答案。\n"
                    : "No list that is held governs this question: nothing to improve.\n");
    else if (r->state == ROUTE_NOT_NEEDED)
        buf_z(b, zh ? "清单上没有阻碍，无须改变。\n"
                    : "Nothing on the lists stands in the way: no change is needed.\n");
    else if (r->n == 0)
        buf_z(b, zh ? "没有一两项改变能改善这一答案。\n" : "No one or two changes improve this answer.\n");
}

void route_text(const struct routes *r, const struct snapshot *s, bool head, bool zh,
                struct buf *out)
{
    enum { SHOWN = 20 };
    const struct corpus *c = snapshot_corpus(s);
    const struct answer *a = &r->now->answer;
    if (head)
        head_text(r, c, zh, out);
    buf_z(out, zh ? "现在：" : "now: ");
    verdict_text(a->outcome, a->must, a->treatment, r->now->evidence, zh, out);
    for (int i = 0; i < a->n_prevailing; i++) {
        const struct provision *p = &c->provision[a->prevailing[i]];
        buf_printf(out, "  · %.*s/%.*s [%c] %s\n", STR_ARG(c->instrument[p->instrument].id),
                   STR_ARG(p->key), p->evidence, effect_name(p->effect));
    }
    none_text(r, zh, out);
    for (int i = 0; i < r->n && i < SHOWN; i++)
        one_text(r, c, &r->route[i], i + 1, zh, out);
    if (r->n > 0)
        buf_z(out, zh ? "[A] 已核实；[B] 较有把握、[C] 仅供参考，请对照官方附件核实\n"
                      : "[A] confirmed; [B] likely and [C] indicative: confirm against the "
                        "official annex\n");
    if (r->n > SHOWN)
        buf_printf(out, zh ? "另有 %d 条（-o json）\n" : "%d more (-o json)\n", r->n - SHOWN);
}
