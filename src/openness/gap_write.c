/* A gap as text, JSON and CSV. */
#include "openness/gap_inside.h"
#include "decide/phrase.h"

enum { SHOW_FINDINGS = 6, SHOW_BOXES = 3, SHOW_ITEMS = 3 };

static const struct {
    const char *zh, *en;
} category_words[GAP_CATEGORIES] = {
    {"按持有的数据实施低于承诺，与事实无关",
     "less favourable than bound on the data held, whatever the facts"},
    {"是否低于承诺取决于事实", "whether it is less favourable than bound depends on facts"},
    {"实施优于承诺", "more favourable than bound (water)"},
    {"不低于承诺，优多少取决于事实", "never less favourable; how much more depends on facts"},
    {"实施与承诺相同", "the same as bound"},
    {"协定未作承诺", "the agreement promises nothing there"},
    {"没有持有的清单管辖，无从比较", "no list that is held governs: nothing to compare"}};

static const struct instrument *agreement_of(const struct corpus *c, const struct gap *g)
{
    return &c->instrument[g->request.agreement];
}

/* A fact of the schedule that limits every line of a mode ("horizontal-2-mode-3-..."): it is
 * held in words, so that no count can tell whether it takes a cell out of the promise. */
static bool horizontal_of(const struct headline *h, int mode)
{
    char words[16] = "-mode-0-";
    words[6] = (char)('0' + mode);
    return str_has_prefix(h->key, STR("horizontal-")) &&
           str_find(h->key, str_from(words), NULL);
}

static int horizontals(const struct instrument *t, int mode)
{
    int n = 0;
    for (int i = 0; i < t->n_headlines; i++)
        n += horizontal_of(&t->headline[i], mode);
    return n;
}

bool gap_possible(const struct corpus *c, const struct gap *g, const struct gap_finding *f)
{
    return f->evidence != 'A' || f->partial || f->contested || f->discretion ||
           horizontals(agreement_of(c, g), f->witness.mode) > 0;
}

/* A line that is wider than its text can show a place to look, not a finding. */
static const char *certainty_of(char evidence, bool partial)
{
    return certainty_name(partial ? 'C' : evidence);
}

static const char *floor_name(enum floor_kind k)
{
    return k == FLOOR_STEP ? "step" : k == FLOOR_STANDSTILL ? "standstill" : "ratchet";
}

/* --- JSON --------------------------------------------------------------------------------- */

static void span_json(struct jsonw *j, const char *key, struct span x)
{
    jsonw_key(j, key);
    jsonw_object(j);
    jsonw_kz(j, "must", treatment_name((enum treatment)x.lo));
    jsonw_kz(j, "treatment", treatment_name((enum treatment)x.hi));
    jsonw_end(j);
}

static void provisions_json(struct jsonw *j, const char *key, const struct corpus *c,
                            const int *list, int n)
{
    jsonw_key(j, key);
    jsonw_array(j);
    for (int i = 0; i < n; i++) {
        const struct provision *p = &c->provision[list[i]];
        jsonw_object(j);
        provision_name(j, c, p);
        kwords(j, "text", p->zh, p->en);
        kgrade(j, "evidence", p->evidence);
        jsonw_kbool(j, "partial", p->partial);
        ktexts(j, "sources", p->source, p->n_sources);
        jsonw_end(j);
    }
    jsonw_end(j);
}

static void regions_json(struct jsonw *j, const struct corpus *c, const struct gap *g, int first,
                         int n)
{
    jsonw_key(j, "regions");
    jsonw_array(j);
    for (int i = first; i < first + n; i++) {
        jsonw_object(j);
        jsonw_kint(j, "cells", (int64_t)g->box[i].cells);
        jsonw_key(j, "scope");
        scope_json(c->codes, &g->box[i].scope, &g->domain, j);
        jsonw_end(j);
    }
    jsonw_end(j);
}

static void cell_members(struct jsonw *j, const struct corpus *c, const struct question *q)
{
    jsonw_kstr(j, "sector", sector_code(c->codes, q->sector));
    jsonw_kint(j, "mode", q->mode);
    jsonw_kz(j, "kind", kind_name(q->kind));
    jsonw_kstr(j, "from", c->codes->economy[q->origin].alpha2);
    jsonw_kstr(j, "to", c->codes->place[q->place].code);
    jsonw_kday(j, "on", q->on);
}

static void finding_json(struct jsonw *j, const struct corpus *c, const struct gap *g,
                         const struct gap_finding *f)
{
    jsonw_object(j);
    jsonw_kz(j, "category", gap_category_name(f->category));
    jsonw_kbool(j, "possible", gap_possible(c, g, f));
    jsonw_kint(j, "cells", (int64_t)f->cells);
    span_json(j, "applied", f->applied);
    span_json(j, "bound", f->bound);
    kgrade(j, "evidence", f->evidence);
    jsonw_kz(j, "certainty", certainty_of(f->evidence, f->partial || f->contested));
    jsonw_kbool(j, "partial", f->partial);
    jsonw_kbool(j, "contested", f->contested);
    jsonw_kbool(j, "discretion", f->discretion);
    provisions_json(j, "items", c, f->item, f->n_items);
    provisions_json(j, "lines", c, f->line, f->n_lines);
    const struct instrument *t = agreement_of(c, g);
    jsonw_key(j, "horizontal");
    jsonw_array(j);
    for (int i = 0; i < t->n_headlines; i++)
        if (horizontal_of(&t->headline[i], f->witness.mode))
            jsonw_str(j, t->headline[i].key);
    jsonw_end(j);
    regions_json(j, c, g, f->first_box, f->n_boxes);
    jsonw_key(j, "witness");
    jsonw_object(j);
    cell_members(j, c, &f->witness);
    kanswer(j, "without_claim", f->without.outcome, (enum treatment)f->without.value.lo,
            (enum treatment)f->without.value.hi);
    kanswer(j, "with_claim", f->with.outcome, (enum treatment)f->with.value.lo,
            (enum treatment)f->with.value.hi);
    jsonw_end(j);
    jsonw_end(j);
}

static void term_json(struct jsonw *j, const char *key, const struct term *t, const char *kind)
{
    jsonw_key(j, key);
    if (!t->known) {
        jsonw_null(j);
        return;
    }
    jsonw_object(j);
    if (kind != NULL)
        jsonw_kz(j, "kind", kind);
    jsonw_kday(j, "from", t->from);
    kwords(j, "text", t->zh, t->en);
    kgrade(j, "evidence", t->evidence);
    ktexts(j, "sources", t->source, t->n_sources);
    jsonw_end(j);
}

static void terms_json(struct jsonw *j, const struct terms *t)
{
    jsonw_key(j, "terms");
    jsonw_object(j);
    term_json(j, "standstill", &t->standstill, standstill_name(t->standstill.kind));
    term_json(j, "mfn", &t->mfn, mfn_name(t->mfn.kind));
    term_json(j, "renewal", &t->renewal, NULL);
    term_json(j, "local_exempt", &t->local_exempt, NULL);
    term_json(j, "schedule_state", &t->schedule_state, NULL);
    jsonw_end(j);
}

static void counts_json(struct jsonw *j, const struct gap *g)
{
    jsonw_kint(j, "cells", (int64_t)g->total);
    jsonw_key(j, "categories");
    if (g->layer < 0 || g->total == 0) {
        jsonw_null(j); /* nothing was compared: no zero may be read into it */
        return;
    }
    jsonw_object(j);
    for (int k = 0; k < GAP_CATEGORIES; k++)
        jsonw_kint(j, gap_category_name((enum gap_category)k), (int64_t)g->cells[k]);
    jsonw_end(j);
    jsonw_key(j, "on_partial_lines");
    jsonw_object(j);
    for (int k = 0; k < GAP_UNBOUND; k++)
        jsonw_kint(j, gap_category_name((enum gap_category)k), (int64_t)g->on_partial[k]);
    jsonw_end(j);
    jsonw_kint(j, "unbound_open", (int64_t)g->unbound_open);
    jsonw_kint(j, "unbound_by_line", (int64_t)g->unbound_by_line);
}

static void head_json(struct jsonw *j, const struct corpus *c, const struct gap *g)
{
    const struct instrument *t = agreement_of(c, g);
    jsonw_kstr(j, "agreement", t->id);
    kwords(j, "title", t->title_zh, t->title_en);
    jsonw_kday(j, "in_force_from", t->valid_from);
    jsonw_kday(j, "on", g->request.on);
    jsonw_kday(j, "known", g->request.known);
    jsonw_kbool(j, "in_force", g->in_force);
    jsonw_kbool(j, "party", g->party);
    jsonw_kbool(j, "schedule_held", g->layer >= 0);
    jsonw_kint(j, "held_lines", t->n);
    jsonw_kint(j, "members", g->members);
    jsonw_kint(j, "places", g->places);
    counts_json(j, g);
    terms_json(j, g->terms);
}

static void slide_json(struct jsonw *j, const struct corpus *c, const struct gap *g,
                       const struct slide_finding *f)
{
    jsonw_object(j);
    jsonw_kz(j, "floor", floor_name(f->kind));
    jsonw_kbool(j, "sure_on_the_data", f->worse == SURELY_WORSE);
    jsonw_kday(j, "before", f->before);
    jsonw_kday(j, "after", f->after);
    span_json(j, "was", f->floor);
    span_json(j, "became", f->value);
    jsonw_kint(j, "cells", (int64_t)f->cells);
    kgrade(j, "evidence", f->evidence);
    jsonw_kz(j, "certainty", certainty_of(f->evidence, false));
    provisions_json(j, "items", c, f->item, f->n_items);
    regions_json(j, c, g, f->first_box, f->n_boxes);
    jsonw_key(j, "witness");
    jsonw_object(j);
    cell_members(j, c, &f->witness);
    kanswer(j, "before", f->then.outcome, (enum treatment)f->then.value.lo,
            (enum treatment)f->then.value.hi);
    kanswer(j, "after", f->now.outcome, (enum treatment)f->now.value.lo,
            (enum treatment)f->now.value.hi);
    jsonw_end(j);
    jsonw_end(j);
}

static void slides_json(struct jsonw *j, const struct corpus *c, const struct gap *g)
{
    const struct gap_slides *x = &g->slides;
    jsonw_key(j, "slides");
    jsonw_object(j);
    jsonw_key(j, "days");
    jsonw_array(j);
    for (int i = 0; i < x->n_days; i++) {
        char day[11];
        day_format(x->day[i], day);
        jsonw_z(j, day);
    }
    jsonw_end(j);
    jsonw_kint(j, "cells", (int64_t)x->cells);
    jsonw_kint(j, "compared", (int64_t)x->compared);
    jsonw_kint(j, "lapses", (int64_t)x->lapses);
    jsonw_kbool(j, "floor_checked", x->floors);
    jsonw_key(j, "findings");
    jsonw_array(j);
    for (int i = 0; i < x->n; i++)
        slide_json(j, c, g, &x->finding[i]);
    jsonw_end(j);
    jsonw_end(j);
}

static const char *mfn_state_name(enum mfn_state s)
{
    static const char *const z[] = {"unknown", "not-automatic", "sectors-not-held", "done"};
    return z[s];
}

static void mfn_json(struct jsonw *j, const struct corpus *c, const struct gap *g)
{
    const struct gap_mfn *x = &g->mfn;
    jsonw_key(j, "mfn");
    jsonw_object(j);
    jsonw_kz(j, "state", mfn_state_name(x->state));
    jsonw_kint(j, "schedules_held", x->n_held);
    jsonw_kint(j, "schedules_not_held", x->n_unheld);
    jsonw_key(j, "further_cells");
    if (x->state == MFN_STATE_DONE)
        jsonw_int(j, (int64_t)x->further);
    else
        jsonw_null(j);
    jsonw_kint(j, "rounds", x->rounds);
    jsonw_key(j, "from");
    jsonw_array(j);
    for (int l = 0; l < c->n_layers; l++) {
        if (x->from[l] == 0)
            continue;
        jsonw_object(j);
        jsonw_kstr(j, "agreement", c->instrument[c->layer[l]].id);
        jsonw_kint(j, "cells", (int64_t)x->from[l]);
        jsonw_end(j);
    }
    jsonw_end(j);
    jsonw_end(j);
}

static void facts_json(struct jsonw *j, const struct instrument *t)
{
    jsonw_key(j, "facts");
    jsonw_array(j);
    for (int i = 0; i < t->n_headlines; i++) {
        jsonw_object(j);
        jsonw_kstr(j, "key", t->headline[i].key);
        kwords(j, "text", t->headline[i].zh, t->headline[i].en);
        jsonw_kz(j, "evidence", (char[2]){t->headline[i].evidence, 0});
        jsonw_end(j);
    }
    jsonw_end(j);
}

void gap_json(const struct snapshot *s, const struct gap *g, struct buf *out)
{
    const struct corpus *c = s->c;
    struct jsonw j;
    jsonw_init(&j, out, true);
    jsonw_object(&j);
    head_json(&j, c, g);
    jsonw_key(&j, "findings");
    jsonw_array(&j);
    for (int i = 0; i < g->n; i++)
        finding_json(&j, c, g, &g->finding[i]);
    jsonw_end(&j);
    slides_json(&j, c, g);
    mfn_json(&j, c, g);
    facts_json(&j, agreement_of(c, g));
    jsonw_kz(&j, "snapshot", c->hash);
    jsonw_end(&j);
    buf_char(out, '\n');
}

void gaps_json(const struct snapshot *s, const struct gap *g, int n, struct buf *out)
{
    struct jsonw j;
    jsonw_init(&j, out, true);
    jsonw_object(&j);
    jsonw_key(&j, "agreements");
    jsonw_array(&j);
    for (int i = 0; i < n; i++) {
        jsonw_object(&j);
        head_json(&j, s->c, &g[i]);
        jsonw_end(&j);
    }
    jsonw_end(&j);
    jsonw_kz(&j, "snapshot", s->c->hash);
    jsonw_end(&j);
    buf_char(out, '\n');
}

/* --- text --------------------------------------------------------------------------------- */

static void put_span(struct buf *b, struct span x)
{
    buf_z(b, treatment_name((enum treatment)x.lo));
    if (x.lo != x.hi)
        buf_printf(b, "…%s", treatment_name((enum treatment)x.hi));
}

static void put_provisions(struct buf *b, const struct corpus *c, const int *list, int n,
                           const char *label, bool zh)
{
    for (int i = 0; i < n && i < SHOW_ITEMS; i++) {
        const struct provision *p = &c->provision[list[i]];
        struct str text = pick_words(zh, p->zh, p->en);
        buf_printf(b, "    %s %.*s/%.*s [%c%s] %.*s\n", label,
                   STR_ARG(c->instrument[p->instrument].id), STR_ARG(p->key), p->evidence,
                   p->partial ? (zh ? "，范围宽于原文" : ", wider than its text") : "",
                   STR_ARG(text));
        if (p->n_sources > 0)
            buf_printf(b, "        %.*s\n", STR_ARG(p->source[0]));
    }
    if (n > SHOW_ITEMS)
        buf_printf(b, zh ? "    %s 另有 %d 条\n" : "    %s and %d more\n", label, n - SHOW_ITEMS);
}

static void put_regions(struct buf *b, const struct corpus *c, const struct gap *g, int first,
                        int n, bool zh)
{
    for (int i = first; i < first + n && i < first + SHOW_BOXES; i++) {
        buf_z(b, "    ");
        scope_words(c->codes, &g->box[i].scope, &g->domain, zh, b);
        buf_printf(b, zh ? "（%llu 格）\n" : " (%llu cells)\n",
                   (unsigned long long)g->box[i].cells);
    }
    if (n > SHOW_BOXES)
        buf_printf(b, zh ? "    另有 %d 个区域\n" : "    and %d more regions\n", n - SHOW_BOXES);
}

static void put_question(struct buf *b, const struct corpus *c, const struct question *q)
{
    buf_printf(b, "fumao check %.*s --mode %d --kind %s --from %.*s --to %.*s",
               STR_ARG(sector_code(c->codes, q->sector)), q->mode, kind_name(q->kind),
               STR_ARG(c->codes->economy[q->origin].alpha2),
               STR_ARG(c->codes->place[q->place].code));
}

static void put_shown(struct buf *b, const char *label, const struct shown *x)
{
    buf_printf(b, "%s%s (", label, outcome_name(x->outcome));
    put_span(b, x->value);
    buf_z(b, ")");
}

static const char *possible_words(bool possible, enum gap_category k, bool zh)
{
    if (k == GAP_BREACH)
        return possible ? (zh ? "可能不符" : "possible breach") : zh ? "不符" : "breach";
    if (k == GAP_FACTS)
        return zh ? "可能不符，取决于事实" : "possible breach, depends on facts";
    if (k == GAP_WATER)
        return possible ? (zh ? "可能有水分" : "possible water") : zh ? "水分" : "water";
    return k == GAP_WITHIN ? (zh ? "不低于承诺" : "within") : zh ? "相同" : "equal";
}

static void put_finding(struct buf *b, const struct corpus *c, const struct gap *g,
                        const struct gap_finding *f, bool zh)
{
    char day[11];
    buf_printf(b, "  %s · %llu %s · %s ", possible_words(gap_possible(c, g, f), f->category, zh),
               (unsigned long long)f->cells, zh ? "格" : "cells", zh ? "实施" : "applied");
    put_span(b, f->applied);
    buf_z(b, zh ? "，承诺 " : ", bound ");
    put_span(b, f->bound);
    buf_printf(b, " · %s (%c)\n", certainty_of(f->evidence, f->partial || f->contested),
               f->evidence);
    if (f->discretion)
        buf_z(b, zh ? "    审批与条件之间：裁量不能按文字比较\n"
                    : "    approval against condition: discretion cannot be compared in words\n");
    if (f->contested)
        buf_z(b, zh ? "    另有减让表条目在此表示不作承诺\n"
                    : "    another line of the schedule says \"unbound\" there\n");
    put_regions(b, c, g, f->first_box, f->n_boxes, zh);
    put_provisions(b, c, f->item, f->n_items, zh ? "清单" : "list", zh);
    put_provisions(b, c, f->line, f->n_lines, zh ? "承诺" : "line", zh);
    int n = horizontals(agreement_of(c, g), f->witness.mode);
    if (n > 0)
        buf_printf(b, zh ? "    另须看模式%d的 %d 项水平承诺（见末尾）\n"
                         : "    to be read with the horizontal commitments of mode %d (%d, at the "
                           "end)\n",
                   f->witness.mode, n);
    day_format(f->witness.on, day);
    buf_z(b, zh ? "    例：" : "    e.g. ");
    put_question(b, c, &f->witness);
    buf_printf(b, " --on %s [--claim %.*s]\n      ", day, STR_ARG(agreement_of(c, g)->id));
    put_shown(b, zh ? "不援引：" : "without the claim: ", &f->without);
    put_shown(b, zh ? "；援引：" : "; with it: ", &f->with);
    buf_char(b, '\n');
}

static void put_findings(struct buf *b, const struct corpus *c, const struct gap *g, bool zh)
{
    for (int k = 0; k < GAP_UNBOUND; k++) {
        int n = 0;
        for (int i = 0; i < g->n; i++)
            n += g->finding[i].category == (enum gap_category)k;
        if (n == 0)
            continue;
        buf_printf(b, zh ? "\n%s：%d 组\n" : "\n%s: %d findings\n",
                   zh ? category_words[k].zh : category_words[k].en, n);
        int shown = 0;
        for (int i = 0; i < g->n && shown < SHOW_FINDINGS; i++)
            if (g->finding[i].category == (enum gap_category)k) {
                put_finding(b, c, g, &g->finding[i], zh);
                shown++;
            }
        if (n > shown)
            buf_printf(b, zh ? "  另有 %d 组（-o json 列出全部）\n" : "  and %d more (-o json gives all)\n",
                       n - shown);
    }
}

static void put_term(struct buf *b, const struct term *t, const char *label, const char *kind,
                     bool zh)
{
    struct str text = pick_words(zh, t->zh, t->en);
    if (!t->known)
        return;
    buf_printf(b, "  %s%s%s [%c] %.*s\n", label, kind ? ": " : "", kind ? kind : "", t->evidence,
               STR_ARG(text));
}

static void put_terms(struct buf *b, const struct terms *t, bool zh)
{
    buf_z(b, zh ? "\n义务条款\n" : "\nterms\n");
    put_term(b, &t->standstill, zh ? "静止与棘轮" : "standstill",
             standstill_name(t->standstill.kind), zh);
    put_term(b, &t->mfn, zh ? "最惠国待遇" : "MFN", mfn_name(t->mfn.kind), zh);
    put_term(b, &t->renewal, zh ? "延续或更新" : "renewal", NULL, zh);
    put_term(b, &t->local_exempt, zh ? "地方措施" : "local measures", NULL, zh);
    put_term(b, &t->schedule_state, zh ? "承诺表的状态" : "state of the schedule", NULL, zh);
    if (!t->standstill.known)
        buf_z(b, zh ? "  静止与棘轮：未读到，不作推断\n" : "  standstill: not read, nothing is inferred\n");
    if (!t->mfn.known)
        buf_z(b, zh ? "  最惠国待遇：未读到，不作推断\n" : "  MFN: not read, nothing is inferred\n");
}

static void put_slide(struct buf *b, const struct corpus *c, const struct gap *g,
                      const struct slide_finding *f, bool zh)
{
    char before[11], after[11];
    day_format(f->before, before);
    day_format(f->after, after);
    buf_printf(b, "  %s · %s → %s · %llu %s · ", floor_name(f->kind), before, after,
               (unsigned long long)f->cells, zh ? "格" : "cells");
    put_span(b, f->floor);
    buf_z(b, " → ");
    put_span(b, f->value);
    buf_printf(b, " · %s%s (%c)\n",
               f->worse == SURELY_WORSE ? "" : zh ? "取决于事实，" : "depends on facts, ",
               certainty_of(f->evidence, false), f->evidence);
    put_regions(b, c, g, f->first_box, f->n_boxes, zh);
    put_provisions(b, c, f->item, f->n_items, zh ? "清单" : "list", zh);
    buf_z(b, zh ? "    例：" : "    e.g. ");
    put_question(b, c, &f->witness);
    buf_printf(b, " --on %s\n      ", after);
    buf_printf(b, "%s ", before);
    put_shown(b, "", &f->then);
    put_shown(b, zh ? "；此后 " : "; then ", &f->now);
    buf_char(b, '\n');
}

static void put_slides(struct buf *b, const struct corpus *c, const struct gap *g, bool zh)
{
    const struct gap_slides *x = &g->slides;
    char first[11], last[11];
    if (x->n_days == 0)
        return;
    day_format(x->day[0], first);
    day_format(x->day[x->n_days - 1], last);
    buf_printf(b, zh ? "\n生效以来的倒退（%s 起，%d 个时段，最近一个自 %s）\n"
                     : "\nslides since entry into force (from %s, %d slices, the last from %s)\n",
               first, x->n_days, last);
    buf_printf(b, zh ? "  %llu 格中 %llu 格在两个以上时段有清单管辖，可以比较；%llu 格曾有间断（间断既不是开放也不是倒退）\n"
                     : "  of %llu cells %llu were governed in two slices or more and could be "
                       "compared; %llu had a gap (neither a liberalisation nor a slide)\n",
               (unsigned long long)x->cells, (unsigned long long)x->compared,
               (unsigned long long)x->lapses);
    if (!x->floors)
        buf_z(b, zh ? "  没有读到可以逐格核对的静止或棘轮义务，只比较相邻时段\n"
                    : "  no standstill or ratchet that could be checked cell by cell was read: "
                      "neighbouring slices only\n");
    if (x->n == 0)
        buf_z(b, zh ? "  按持有的数据没有倒退\n" : "  no slide on the data held\n");
    for (int i = 0; i < x->n && i < SHOW_FINDINGS; i++)
        put_slide(b, c, g, &x->finding[i], zh);
    if (x->n > SHOW_FINDINGS)
        buf_printf(b, zh ? "  另有 %d 组（-o json 列出全部）\n" : "  and %d more (-o json gives all)\n",
                   x->n - SHOW_FINDINGS);
}

static void put_mfn(struct buf *b, const struct corpus *c, const struct gap *g, bool zh)
{
    const struct gap_mfn *x = &g->mfn;
    static const struct {
        const char *zh, *en;
    } words[] = {{"没有读到最惠国待遇条款，不作传递", "no clause was read: nothing is propagated"},
                 {"条款不是自动的，不作传递", "the clause is not automatic: nothing is propagated"},
                 {"条款限于所列部门，部门未持有，无从传递",
                  "the clause is limited to listed sectors that are not held: nothing to "
                  "propagate"},
                 {"", ""}};
    buf_printf(b, zh ? "\n最惠国待遇\n" : "\nmost-favoured-nation treatment\n");
    if (x->state != MFN_STATE_DONE) {
        buf_printf(b, "  %s\n", zh ? words[x->state].zh : words[x->state].en);
        return;
    }
    buf_printf(b, zh ? "  可参照的协定：承诺表已持有 %d 项，未持有 %d 项（未持有的无可传递）\n"
                     : "  agreements referred to: %d with a schedule held, %d without (nothing to "
                       "propagate from those)\n",
               x->n_held, x->n_unheld);
    if (x->further == 0)
        buf_z(b, zh ? "  按持有的承诺表，成员没有可以另外援引的格\n"
                    : "  by the schedules held, a member could claim nothing further\n");
    for (int l = 0; l < c->n_layers; l++)
        if (x->from[l] > 0)
            buf_printf(b, zh ? "  可另外援引 %.*s 的待遇：%llu 格\n"
                             : "  could further claim the treatment of %.*s in %llu cells\n",
                       STR_ARG(c->instrument[c->layer[l]].id), (unsigned long long)x->from[l]);
}

static void put_facts(struct buf *b, const struct instrument *t, bool held, bool zh)
{
    if (t->n_headlines == 0)
        return;
    if (held)
        buf_z(b, zh ? "\n与每项结果一并阅读\n" : "\nto be read with every finding\n");
    for (int i = 0; i < t->n_headlines; i++) {
        struct str text = pick_words(zh, t->headline[i].zh, t->headline[i].en);
        buf_printf(b, "  · [%c] %.*s\n", t->headline[i].evidence, STR_ARG(text));
    }
}

static void put_counts(struct buf *b, const struct gap *g, bool zh)
{
    buf_printf(b, zh ? "%d 个成员 · %d 个地点 · %llu 格\n" : "members %d · places %d · cells %llu\n",
               g->members, g->places, (unsigned long long)g->total);
    uint64_t partial = 0;
    for (int k = 0; k < GAP_CATEGORIES; k++) {
        buf_printf(b, "  %-10s %12llu  %5.2f%%  %s", gap_category_name((enum gap_category)k),
                   (unsigned long long)g->cells[k],
                   100.0 * (double)g->cells[k] / (double)(g->total ? g->total : 1),
                   zh ? category_words[k].zh : category_words[k].en);
        if (g->on_partial[k] > 0 && k < GAP_UNBOUND)
            buf_printf(b, zh ? "；%llu 格靠宽于原文的条目" : "; %llu on lines wider than their text",
                       (unsigned long long)g->on_partial[k]);
        buf_char(b, '\n');
        partial += k < GAP_UNBOUND ? g->on_partial[k] : 0;
    }
    if (partial > 0)
        buf_z(b, zh ? "  宽于原文的条目最多按“有条件”计，其上的“优于承诺”可能只是因此\n"
                    : "  a line wider than its text counts as a condition at most: what is more "
                      "favourable there may be so for that alone\n");
    buf_printf(b, zh ? "  其中未承诺而实际同等对待 %llu 格，减让表明示不作承诺 %llu 格\n"
                     : "  of the unbound, %llu cells are equal in practice; in %llu a line says "
                       "unbound\n",
               (unsigned long long)g->unbound_open, (unsigned long long)g->unbound_by_line);
}

void gap_text(const struct snapshot *s, const struct gap *g, bool zh, struct buf *b)
{
    const struct corpus *c = s->c;
    const struct instrument *t = agreement_of(c, g);
    struct str title = pick_words(zh, t->title_zh, t->title_en);
    char on[11], from[11];
    day_format(g->request.on, on);
    day_format(t->valid_from, from);
    buf_printf(b, "%.*s (%.*s)\n%s %s · %s %s\n", STR_ARG(title), STR_ARG(t->id),
               zh ? "按" : "law of", on, zh ? "生效" : "in force from", from);
    if (!g->in_force)
        buf_z(b, zh ? "该日不在有效期内\n" : "not in force on that day\n");
    else if (!g->party)
        buf_z(b, zh ? "所问经济体当日不是成员\n" : "the economy is not a member on that day\n");
    else if (g->places == 0)
        buf_z(b, zh ? "协定不及于该地点\n" : "the agreement does not reach that place\n");
    else if (g->layer < 0)
        buf_z(b, zh ? "未持有其承诺表条目：无从比较；已知事实：\n"
                    : "its schedule of lines is not held: nothing can be compared; known facts:\n");
    else
        put_counts(b, g, zh);
    if (g->layer < 0)
        put_facts(b, t, false, zh);
    put_findings(b, c, g, zh);
    put_terms(b, g->terms, zh);
    if (!g->in_force || !g->party || g->places == 0)
        return;
    put_slides(b, c, g, zh);
    put_mfn(b, c, g, zh);
    if (g->layer >= 0)
        put_facts(b, t, true, zh);
}

void gaps_text(const struct snapshot *s, const struct gap *g, int n, bool zh, struct buf *b)
{
    for (int i = 0; i < n; i++) {
        const struct instrument *t = agreement_of(s->c, &g[i]);
        const struct terms *k = g[i].terms;
        struct str title = pick_words(zh, t->title_zh, t->title_en);
        buf_printf(b, "%-22.*s %.*s\n    ", STR_ARG(t->id), STR_ARG(title));
        if (!g[i].in_force)
            buf_z(b, zh ? "该日不在有效期内 · " : "not in force on that day · ");
        if (g[i].layer < 0)
            buf_z(b, zh ? "承诺表未持有" : "schedule not held");
        else
            buf_printf(b, zh ? "持有 %d 条" : "%d lines held", t->n);
        const char *unknown = zh ? "未知" : "unknown";
        buf_printf(b, " · %s %s", zh ? "静止与棘轮" : "standstill",
                   k->standstill.known ? standstill_name(k->standstill.kind) : unknown);
        if (k->standstill.known)
            buf_printf(b, " (%c)", k->standstill.evidence);
        buf_printf(b, " · %s %s", zh ? "最惠国" : "MFN",
                   k->mfn.known ? mfn_name(k->mfn.kind) : unknown);
        if (k->mfn.known)
            buf_printf(b, " (%c)", k->mfn.evidence);
        for (int c = 0; c < GAP_CATEGORIES && g[i].total > 0; c++)
            buf_printf(b, "%s%s %llu", c == 0 ? "\n    " : " · ",
                       gap_category_name((enum gap_category)c), (unsigned long long)g[i].cells[c]);
        buf_char(b, '\n');
    }
}

/* --- CSV ---------------------------------------------------------------------------------- */

static void csv_z(struct buf *b, const char *z, bool first)
{
    csv_write_field(b, str_from(z), first);
}

static void csv_n(struct buf *b, uint64_t n)
{
    struct buf x;
    buf_init(&x);
    buf_int(&x, (int64_t)n);
    csv_write_field(b, buf_view(&x), false);
    buf_finish(&x);
}

static void csv_header(struct buf *b, const char *const *names)
{
    for (int i = 0; names[i]; i++)
        csv_z(b, names[i], i == 0);
    csv_write_end(b);
}

static void csv_keys(struct buf *b, const struct corpus *c, const int *list, int n)
{
    struct buf x;
    buf_init(&x);
    for (int i = 0; i < n; i++) {
        const struct provision *p = &c->provision[list[i]];
        buf_printf(&x, "%s%.*s/%.*s", i ? " " : "", STR_ARG(c->instrument[p->instrument].id),
                   STR_ARG(p->key));
    }
    csv_write_field(b, buf_view(&x), false);
    buf_finish(&x);
}

static void csv_finding(struct buf *b, const struct corpus *c, const struct gap *g,
                        const struct gap_finding *f, const struct box *box)
{
    char grade[2] = {f->evidence, 0};
    struct buf words;
    csv_z(b, gap_category_name(f->category), true);
    csv_z(b, gap_possible(c, g, f) ? "yes" : "no", false);
    csv_n(b, box ? box->cells : f->cells);
    csv_z(b, treatment_name((enum treatment)f->applied.lo), false);
    csv_z(b, treatment_name((enum treatment)f->applied.hi), false);
    csv_z(b, treatment_name((enum treatment)f->bound.lo), false);
    csv_z(b, treatment_name((enum treatment)f->bound.hi), false);
    csv_z(b, grade, false);
    csv_z(b, certainty_of(f->evidence, f->partial || f->contested), false);
    csv_z(b, f->discretion ? "yes" : "no", false);
    csv_keys(b, c, f->item, f->n_items);
    csv_keys(b, c, f->line, f->n_lines);
    buf_init(&words);
    if (box)
        scope_words(c->codes, &box->scope, &g->domain, false, &words);
    csv_write_field(b, buf_view(&words), false);
    buf_finish(&words);
    csv_write_end(b);
}

/* A row per region, so that the cells of the rows add up to the compared ones. */
void gap_csv(const struct snapshot *s, const struct gap *g, struct buf *out)
{
    static const char *const head[] = {"category",   "possible",  "cells",    "applied_must",
                                       "applied",    "bound_must", "bound",   "evidence",
                                       "certainty",  "discretion", "items",   "lines",
                                       "where",      NULL};
    csv_header(out, head);
    for (int i = 0; i < g->n; i++) {
        const struct gap_finding *f = &g->finding[i];
        for (int k = 0; k < f->n_boxes; k++)
            csv_finding(out, s->c, g, f, &g->box[f->first_box + k]);
        if (f->n_boxes == 0)
            csv_finding(out, s->c, g, f, NULL);
    }
    for (int k = GAP_UNBOUND; k < GAP_CATEGORIES && g->total > 0; k++) {
        csv_z(out, gap_category_name((enum gap_category)k), true);
        csv_z(out, "", false);
        csv_n(out, g->cells[k]);
        for (int i = 3; head[i]; i++)
            csv_z(out, "", false);
        csv_write_end(out);
    }
}

void gaps_csv(const struct snapshot *s, const struct gap *g, int n, struct buf *out)
{
    static const char *const head[] = {"agreement", "schedule_held", "lines", "standstill", "mfn",
                                       "breach", "facts", "water", "within", "equal", "unbound",
                                       "ungoverned", "cells", NULL};
    csv_header(out, head);
    for (int i = 0; i < n; i++) {
        const struct instrument *t = agreement_of(s->c, &g[i]);
        const struct terms *k = g[i].terms;
        csv_write_field(out, t->id, true);
        csv_z(out, g[i].layer >= 0 ? "yes" : "no", false);
        csv_n(out, (uint64_t)t->n);
        csv_z(out, k->standstill.known ? standstill_name(k->standstill.kind) : "unknown", false);
        csv_z(out, k->mfn.known ? mfn_name(k->mfn.kind) : "unknown", false);
        for (int c = 0; c <= GAP_CATEGORIES; c++)
            if (g[i].total == 0)
                csv_z(out, "", false);
            else
                csv_n(out, c < GAP_CATEGORIES ? g[i].cells[c] : g[i].total);
        csv_write_end(out);
    }
}
