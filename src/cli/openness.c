/* COMMAND: openness. The index with its parts, what every item takes from it, its time line,
 * and with --weights stri a score in the manner of the OECD beside it. */
#include "cli/internal.h"
#include "law/write.h"
#include "openness/openness.h"
#include "openness/stri.h"

#include <stdio.h>

enum { TOP = 15 }; /* contributions shown in text */

struct job {
    struct world w;
    struct weights weights;
    struct openness_question q;
    struct scope domain;
    bool has_places, timeline, stri;
    uint64_t places[PLACE_WORDS];
    struct openness x;
    struct moment *moment;
    int n_moments;
    struct stri method;
    struct stri_score score[STRI_SECTORS];
};

/* --- the question --------------------------------------------------------------------------- */

/* A place, a place and what lies below it ("CN-HI+"), or a group of places ("FTZ"). */
static enum err parse_places(const struct classification *k, const char *text, uint64_t *out,
                             struct error *e)
{
    struct str s = str_from(text);
    int place;
    bool below = s.n > 0 && s.p[s.n - 1] == '+';
    s.n -= below;
    if (!below && place_find(k, s) < 0 && place_group_bits(k, s, out))
        return OK;
    TRY(place_parse(k, s, &place, e));
    bits_set_range(out, (size_t)place, below ? (size_t)k->place[place].end : (size_t)place + 1);
    return OK;
}

static enum err parse_day(const struct args *a, const char *name, day_t otherwise, day_t *out,
                          struct error *e)
{
    const char *text = option_get(a, name);
    *out = otherwise;
    if (text == NULL || day_parse(str_from(text), out))
        return OK;
    err_set(e, ERR_SYNTAX, "“%s”不是日期", "\"%s\" is not a date", text);
    err_at(e, "", 0, name);
    return ERR_SYNTAX;
}

static enum err parse_edition(const struct args *a, const struct corpus *c, int *out,
                              struct error *e)
{
    *out = -1;
    if (a->n > 2)
        return err_set(e, ERR_USAGE, "一次只看一份清单，多出 %s", "one list at a time: %s is too many",
                       a->word[2]);
    if (a->n < 2)
        return OK;
    *out = instrument_find(c, str_from(a->word[1]));
    if (*out >= 0 && c->instrument[*out].layer >= 0 && c->instrument[*out].default_equal)
        return OK;
    err_set(e, ERR_NOT_FOUND, "没有负面清单 %s", "there is no negative list %s", a->word[1]);
    err_hint(e, "fumao list log");
    return ERR_NOT_FOUND;
}

static enum err check_days(const struct job *j, struct error *e)
{
    struct question q = {.mode = 1, .on = j->q.on, .known = j->q.known};
    while (q.origin + 1 < j->w.codes->n_economies &&
           str_eqz(j->w.codes->economy[q.origin].alpha2, "CN"))
        q.origin++;
    return question_check(j->w.corpus, &q, e);
}

static enum err parse(const struct args *a, struct job *j, struct error *e)
{
    static const char *const allowed[] = {"weights", "on", "known", "to", "timeline", NULL};
    TRY(options_check(a, allowed, e));
    TRY(world_open(&j->w, option_get(a, "store"), e));
    const char *name = option_get(a, "weights"), *to = option_get(a, "to");
    TRY(parse_edition(a, j->w.corpus, &j->q.edition, e));
    TRY(parse_day(a, "known", day_today(), &j->q.known, e));
    TRY(parse_day(a, "on", j->q.known, &j->q.on, e));
    TRY(check_days(j, e));
    TRY(weights_open(j->w.codes, name ? name : "equal", &j->w.arena, &j->weights, e));
    j->has_places = to != NULL;
    if (to != NULL)
        TRY(parse_places(j->w.codes, to, j->places, e));
    for (int i = 0; i < a->n_options; i++)
        j->timeline |= strcmp(a->option[i].name, "timeline") == 0; /* it has no value */
    j->stri = str_eqz(j->weights.name, "stri");
    j->q.weights = &j->weights;
    j->q.domain = &j->domain;
    return openness_domain(j->w.corpus, j->q.edition, j->q.on, to ? j->places : NULL, &j->domain,
                           e);
}

static enum err run(struct job *j, struct error *e)
{
    TRY(openness_measure(j->w.snapshot, &j->q, &j->w.arena, &j->x, e));
    if (j->timeline)
        TRY(openness_timeline(j->w.snapshot, &j->q, j->has_places ? j->places : NULL,
                              &j->w.arena, &j->moment, &j->n_moments, e));
    if (!j->stri)
        return OK;
    TRY(stri_load(&j->method, j->w.codes, &j->w.arena, e));
    for (int i = 0; i < j->method.n_sectors; i++)
        stri_measure_sector(&j->method, j->w.corpus, i, j->q.edition, j->q.on, j->q.known,
                            &j->score[i]);
    return OK;
}

/* --- text ----------------------------------------------------------------------------------- */

static void put_range(struct buf *b, int64_t lo, int64_t hi, int64_t weight)
{
    char x[24], y[24];
    share_format(lo, weight, x);
    share_format(hi, weight, y);
    buf_printf(b, "%7s … %-7s", x, y);
}

static void put_row(struct buf *b, const struct openness_sum *s, struct str code, struct str name)
{
    buf_z(b, "  ");
    put_range(b, s->lo, s->hi, s->weight);
    buf_printf(b, "  %.*s%s%.*s\n", STR_ARG(code), code.n > 0 && name.n > 0 ? " " : "",
               STR_ARG(name));
}

/* "AD AE AF …": the first few economies of a group. */
static void put_economies(struct buf *b, const struct classification *k,
                          const struct openness_origins *o)
{
    int shown = 0;
    for (int i = 0; i < k->n_economies && shown < 4; i++)
        if (bit_get(o->origin, (size_t)i) && ++shown < 4)
            buf_printf(b, " %.*s", STR_ARG(k->economy[i].alpha2));
    if (o->n > 3)
        buf_z(b, " …");
}

static void put_head(struct buf *b, const struct job *j, bool zh)
{
    const struct openness_sum *s = &j->x.all;
    const struct weights *w = &j->weights;
    char on[11], known[11];
    day_format(j->q.on, on);
    day_format(j->q.known, known);
    buf_z(b, zh ? "开放度 " : "openness ");
    put_range(b, s->lo, s->hi, s->weight);
    struct str what = zh ? STR("现行法") : STR("the law in force");
    if (j->q.edition >= 0)
        what = j->w.corpus->instrument[j->q.edition].id;
    buf_printf(b, zh ? "\n  %.*s · %s · 平台所知截至 %s · 权重 %.*s"
                     : "\n  %.*s · %s · known on %s · weights %.*s",
               STR_ARG(what), on, known, STR_ARG(w->name));
    if (w->period.n > 0)
        buf_printf(b, "@%.*s", STR_ARG(w->period));
    buf_printf(b, zh ? "\n  0 为封闭，1 为开放；事实未知时从最差算到最好\n"
                       "  计入 %lld 格，其中保留领域 %lld 格；另有 %lld 格没有清单管理，不计入\n"
                       "  所依据条目：A 级 %d · B 级 %d · C 级 %d\n"
                     : "\n  0 is closed, 1 is open; facts unknown, so from the worst to the best\n"
                       "  %lld cells counted, %lld of them carved out; %lld more that no list "
                       "governs, counted apart\n  items it rests on: %d A · %d B · %d C\n",
               (long long)s->cells, (long long)s->cells_carved, (long long)s->cells_elsewhere,
               j->x.grades[0], j->x.grades[1], j->x.grades[2]);
}

static void put_weights(struct buf *b, const struct weights *w, bool zh)
{
    bool own = zh && str_eqz(w->score_source, "own choice");
    struct str source = own ? STR("本平台自定") : w->score_source;
    buf_printf(b, zh ? "  得分：同等 %u · 通知 %u · 条件 %u · 审批 %u · 禁止 %u（满分 %d）；来源：%.*s\n"
                     : "  scores: equal %u · notify %u · condition %u · approval %u · prohibited "
                       "%u (of %d); source: %.*s\n",
               w->score[EQUAL], w->score[NOTIFY], w->score[CONDITION], w->score[APPROVAL],
               w->score[PROHIBITED], WEIGHT_SCORE, STR_ARG(source));
    if (w->n_items > 0)
        buf_printf(b, zh ? "  权重来源：%.*s，%.*s；已落到小类 %lld / %lld，未能落到 %lld；有权重的小类 %d / %d\n"
                         : "  weights from: %.*s, %.*s; placed on classes %lld of %lld, not placed "
                           "%lld; classes with a weight %d of %d\n",
                   STR_ARG(w->source), STR_ARG(w->period), (long long)w->placed,
                   (long long)(w->total ? w->total : w->placed + w->unplaced),
                   (long long)w->unplaced, w->covered, w->n_leaves);
    for (int i = 0; i < w->n_items; i++)
        if (w->item[i].leaves == 0)
            buf_printf(b, zh ? "    未能落到小类：%.*s %.*s %lld\n" : "    not placed: %.*s %.*s %lld\n",
                       STR_ARG(w->item[i].code), STR_ARG(w->item[i].name),
                       (long long)w->item[i].value);
}

static void put_parts(struct buf *b, const struct job *j, bool zh)
{
    static const char *const places[TERRITORY_COUNT][2] = {
        {"全国（试验区、海南以外）", "national (outside of zones and Hainan)"},
        {"自由贸易试验区", "pilot free trade zones"},
        {"海南", "Hainan"}};
    static const char *const modes[] = {"", "1", "2", "3", "4"};
    const struct openness *x = &j->x;
    const struct classification *k = j->w.codes;
    struct str none = STR("");
    buf_z(b, zh ? "\n按模式\n" : "\nby mode\n");
    for (int m = 1; m <= 4; m++)
        put_row(b, &x->mode[m], str_from(modes[m]), none);
    buf_z(b, zh ? "\n按地点\n" : "\nby place\n");
    for (int t = 0; t < TERRITORY_COUNT; t++)
        put_row(b, &x->place[t], none, str_from(places[t][!zh]));
    buf_z(b, zh ? "\n按来源（所依据的法不加区分的经济体为一组）\n"
                : "\nby origin (economies that the law does not tell apart)\n");
    for (int o = 0; o < x->n_origins; o++) {
        const struct openness_origins *g = &x->origins[o];
        buf_z(b, "  ");
        put_range(b, g->sum.lo, g->sum.hi, g->sum.weight);
        buf_printf(b, "  %d:", g->n);
        put_economies(b, k, g);
        buf_char(b, '\n');
    }
    buf_z(b, zh ? "\n按门类\n" : "\nby section\n");
    for (int i = 0; i < x->n_sections; i++) {
        const struct code *c = &k->gbt.code[x->section[i]];
        put_row(b, &x->by_section[i], c->code, pick_words(zh, c->name_zh, c->name_en));
    }
}

static void put_contributions(struct buf *b, const struct job *j, bool zh)
{
    const struct openness *x = &j->x;
    const struct corpus *c = j->w.corpus;
    int64_t weight = x->all.weight;
    int moving = 0;
    for (int i = 0; i < x->n_contributions; i++)
        moving += x->contribution[i].lo != 0 || x->contribution[i].hi != 0;
    buf_printf(b, zh ? "\n只删去一条时指数的上升：最差、最好（%d 条中有 %d 条单独起作用）\n"
                     : "\nhow far the index would rise, worst and best, if one item alone were "
                       "struck (%d items, %d of them move it alone)\n",
               x->n_contributions, moving);
    for (int i = 0; i < x->n_contributions && i < TOP && i < moving; i++) {
        const struct contribution *k = &x->contribution[i];
        const struct provision *p = &c->provision[k->provision];
        struct str text = pick_words(zh, p->zh, p->en);
        buf_z(b, "  ");
        put_range(b, k->lo, k->hi, weight);
        buf_printf(b, "  %.*s/%.*s [%c] %s\n                       %.*s\n",
                   STR_ARG(c->instrument[p->instrument].id), STR_ARG(p->key), p->evidence,
                   effect_name(p->effect), STR_ARG(text));
    }
    buf_z(b, "  ");
    put_range(b, x->sum_lo, x->sum_hi, weight);
    buf_z(b, zh ? "  各条相加\n  " : "  all of them added up\n  ");
    put_range(b, x->all_lo, x->all_hi, weight);
    buf_z(b, zh ? "  全部删去\n  " : "  all of them struck\n  ");
    put_range(b, x->all_lo - x->sum_lo, x->all_hi - x->sum_hi, weight);
    buf_z(b, zh ? "  余项：同一清单内条目重叠时为正（只删一条不起作用），两份清单中删任一份即可时为负\n"
                : "  remainder: above zero where items of a list stand behind one another, below "
                  "where striking in either of two lists is enough\n");
}

/* Texts in force that are not held item by item, or in part: the index does not see them. */
static void put_unseen(struct buf *b, const struct job *j, bool zh)
{
    const struct corpus *c = j->w.corpus;
    for (int i = 0; i < c->n_instruments; i++) {
        const struct instrument *t = &c->instrument[i];
        struct str title = pick_words(zh, t->title_zh, t->title_en);
        if (openness_unseen(c, &j->q, i))
            buf_printf(b, zh ? "  未完全计入（持有 %d/%d 条）：%.*s\n"
                             : "  not seen in full (held %d/%d): %.*s\n",
                       t->layer < 0 ? 0 : t->n, t->published_total, STR_ARG(title));
    }
}

static void put_timeline(struct buf *b, const struct job *j, bool zh)
{
    const struct corpus *c = j->w.corpus;
    buf_z(b, zh ? "\n沿革（自首份清单起）：指数、受清单管理的份额（指数只就这一份额计算）\n"
                : "\ntime line (from the first list): index, share that lists govern (the index is "
                  "of that share only)\n");
    for (int i = 0; i < j->n_moments; i++) {
        const struct moment *m = &j->moment[i];
        char day[11], governed[24];
        day_format(m->from, day);
        buf_printf(b, "  %s  ", day);
        put_range(b, m->all.lo, m->all.hi, m->all.weight);
        share_format(m->all.weight * WEIGHT_SCORE, m->all.weight + m->all.elsewhere, governed);
        buf_printf(b, " %s", governed);
        for (int k = 0; k < m->n_began; k++)
            buf_printf(b, "  +%.*s", STR_ARG(c->instrument[m->began[k]].id));
        for (int k = 0; k < m->n_ended; k++)
            buf_printf(b, "  -%.*s", STR_ARG(c->instrument[m->ended[k]].id));
        if (m->n_places > 0)
            buf_printf(b, zh ? "  新设地点 %d 个" : "  places founded: %d", m->n_places);
        buf_char(b, '\n');
    }
}

/* Our index over the leaves of an OECD sector. */
static struct openness_sum sector_sum(const struct job *j, int sector)
{
    struct openness_sum s = {0};
    for (int i = 0; i < j->w.codes->gbt.n_leaves; i++) {
        if (!bit_get(j->method.sector[sector].leaf, (size_t)i))
            continue;
        s.weight += j->x.leaf[i].weight;
        s.lo += j->x.leaf[i].lo;
        s.hi += j->x.leaf[i].hi;
        s.cells += j->x.leaf[i].cells;
    }
    return s;
}

static void stri_format(const struct stri_score *s, char out[24])
{
    share_format(s->points * WEIGHT_SCORE, s->full, out);
}

static void put_stri(struct buf *b, const struct job *j, bool zh)
{
    const struct stri *t = &j->method;
    buf_printf(b,
               zh ? "\n仿 STRI 得分（0 开放，1 封闭）· 本指数（0 封闭，1 开放）· 经合组织全部国家平均"
                    "（%.*s，年份为推定）\n"
                  : "\nSTRI-like score (0 open, 1 closed) · our index (0 closed, 1 open) · OECD "
                    "all-country average (%.*s, year assumed)\n",
               STR_ARG(t->sector[0].year));
    for (int i = 0; i < t->n_sectors; i++) {
        const struct stri_sector *x = &t->sector[i];
        struct openness_sum s = sector_sum(j, i);
        struct str name = pick_words(zh, x->zh, x->en);
        char score[24];
        stri_format(&j->score[i], score);
        buf_printf(b, "  %s [%c]  ", score, j->score[i].evidence ? j->score[i].evidence : '-');
        put_range(b, s.lo, s.hi, s.weight);
        buf_printf(b, " %9.*s%s  %-5.*s %.*s%s\n", STR_ARG(x->average), x->verified ? " " : "?",
                   STR_ARG(x->code), STR_ARG(name), x->partial ? " ~" : "");
    }
    buf_z(b, zh ? "  ~ 对照只覆盖一部分 · ? 未核实\n" : "  ~ partial concordance · ? not verified\n");
    for (int i = 0; i < t->n_facts; i++) {
        const struct stri_fact *f = &t->fact[i];
        struct str text = pick_words(zh, f->zh, f->en);
        if (!str_eqz(f->kind, "method"))
            buf_printf(b, "  · %s%.*s\n", f->verified ? "" : zh ? "（未核实）" : "(not verified) ",
                       STR_ARG(text));
    }
}

static void print_text(const struct job *j, bool zh, struct buf *b)
{
    put_head(b, j, zh);
    put_weights(b, &j->weights, zh);
    put_unseen(b, j, zh);
    if (j->timeline) {
        put_timeline(b, j, zh);
        return;
    }
    put_parts(b, j, zh);
    put_contributions(b, j, zh);
    if (j->stri)
        put_stri(b, j, zh);
}

/* --- JSON and CSV --------------------------------------------------------------------------- */

static void stri_sector_json(const struct job *j, int i, struct jsonw *w)
{
    const struct stri *t = &j->method;
    const struct stri_sector *x = &t->sector[i];
    const struct stri_score *k = &j->score[i];
    struct openness_sum s = sector_sum(j, i);
    char z[24];
    jsonw_object(w);
    jsonw_kstr(w, "code", x->code);
    words_members(w, x->zh, x->en);
    jsonw_kint(w, "leaves", x->n_leaves);
    jsonw_kbool(w, "partial", x->partial);
    stri_format(k, z);
    jsonw_key(w, "score");
    jsonw_raw(w, str_from(z));
    jsonw_kint(w, "points", k->points);
    jsonw_kint(w, "full", k->full);
    jsonw_kint(w, "provisions", k->provisions);
    kgrade(w, "evidence", k->evidence);
    jsonw_key(w, "measures");
    jsonw_array(w);
    for (int m = 0; m < t->n_measures; m++) {
        if (!k->scored[m])
            continue;
        jsonw_object(w);
        jsonw_kstr(w, "measure", t->measure[m].id);
        jsonw_kstr(w, "area", t->area[t->measure[m].area].id);
        jsonw_kz(w, "by", k->found[m] ? "provision" : "closing-or-bundle");
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_kint(w, "index_lo_points", s.lo);
    jsonw_kint(w, "index_hi_points", s.hi);
    jsonw_kint(w, "index_full_points", s.weight * WEIGHT_SCORE);
    jsonw_key(w, "all_country_average");
    jsonw_raw(w, x->average.n > 0 ? x->average : STR("null"));
    jsonw_kstr(w, "average_year_assumed", x->year);
    jsonw_kbool(w, "verified", x->verified);
    jsonw_kstr(w, "note", x->note);
    jsonw_end(w);
}

static void stri_json(const struct job *j, struct jsonw *w)
{
    const struct stri *t = &j->method;
    jsonw_key(w, "stri");
    jsonw_object(w);
    jsonw_key(w, "areas");
    jsonw_array(w);
    for (int i = 0; i < t->n_areas; i++) {
        jsonw_object(w);
        jsonw_kstr(w, "area", t->area[i].id);
        words_members(w, t->area[i].zh, t->area[i].en);
        jsonw_kint(w, "share", t->area[i].share);
        jsonw_kbool(w, "verified", t->area[i].verified);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_key(w, "sectors");
    jsonw_array(w);
    for (int i = 0; i < t->n_sectors; i++)
        stri_sector_json(j, i, w);
    jsonw_end(w);
    jsonw_key(w, "method");
    jsonw_array(w);
    for (int i = 0; i < t->n_facts; i++) {
        jsonw_object(w);
        jsonw_kstr(w, "kind", t->fact[i].kind);
        words_members(w, t->fact[i].zh, t->fact[i].en);
        jsonw_kbool(w, "verified", t->fact[i].verified);
        jsonw_kstr(w, "source", t->fact[i].source);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_end(w);
}

static void print_json(const struct job *j, struct buf *b)
{
    struct jsonw w;
    jsonw_init(&w, b, true);
    jsonw_object(&w);
    openness_json(j->w.corpus, &j->q, &j->x, &w);
    if (j->timeline)
        moments_json(j->w.corpus, j->moment, j->n_moments, &w);
    if (j->stri)
        stri_json(j, &w);
    jsonw_end(&w);
    buf_char(b, '\n');
}

/* Numbers are written bare: the guard of csv_write_field is for text, and a fall is negative. */
static void csv_row(struct buf *b, const char *part, struct str code, int64_t lo, int64_t hi,
                    int64_t weight, int64_t cells)
{
    char x[24], y[24];
    share_format(lo, weight, x);
    share_format(hi, weight, y);
    csv_write_field(b, str_from(part), true);
    csv_write_field(b, code, false);
    buf_printf(b, ",%s,%s,%lld,%lld,%lld,%lld", weight ? x : "", weight ? y : "", (long long)lo,
               (long long)hi, (long long)weight * WEIGHT_SCORE, (long long)cells);
    csv_write_end(b);
}

static void csv_sum(struct buf *b, const char *part, struct str code, const struct openness_sum *s)
{
    csv_row(b, part, code, s->lo, s->hi, s->weight, s->cells);
}

static void csv_contributions(const struct job *j, struct buf *b)
{
    for (int i = 0; i < j->x.n_contributions; i++) {
        const struct contribution *k = &j->x.contribution[i];
        const struct provision *p = &j->w.corpus->provision[k->provision];
        struct buf id;
        buf_init(&id);
        buf_printf(&id, "%.*s/%.*s", STR_ARG(j->w.corpus->instrument[p->instrument].id),
                   STR_ARG(p->key));
        csv_row(b, "contribution", buf_view(&id), k->lo, k->hi, j->x.all.weight, k->cells);
        buf_finish(&id);
    }
}

static void print_csv(const struct job *j, struct buf *b)
{
    static const char *const modes[] = {"", "1", "2", "3", "4"};
    static const char *const places[] = {"national", "zones", "hainan"};
    const struct codelist *gbt = &j->w.codes->gbt;
    buf_z(b, "part,code,lo,hi,lo_points,hi_points,full_points,cells\r\n");
    for (int i = 0; j->timeline && i < j->n_moments; i++) {
        char day[11];
        day_format(j->moment[i].from, day);
        csv_sum(b, "from", str_from(day), &j->moment[i].all);
    }
    if (j->timeline)
        return;
    csv_sum(b, "all", STR(""), &j->x.all);
    for (int m = 1; m <= 4; m++)
        csv_sum(b, "mode", str_from(modes[m]), &j->x.mode[m]);
    for (int t = 0; t < TERRITORY_COUNT; t++)
        csv_sum(b, "place", str_from(places[t]), &j->x.place[t]);
    for (int i = 0; i < j->x.n_sections; i++)
        csv_sum(b, "section", gbt->code[j->x.section[i]].code, &j->x.by_section[i]);
    csv_contributions(j, b);
    for (int i = 0; j->stri && i < j->method.n_sectors; i++)
        csv_row(b, "stri", j->method.sector[i].code, j->score[i].points * WEIGHT_SCORE,
                j->score[i].points * WEIGHT_SCORE, j->score[i].full, 0);
}

int verb_openness(const struct args *a)
{
    struct error e = {0};
    static struct job j; /* a few hundred kilobytes */
    struct buf b;
    memset(&j, 0, sizeof j);
    enum err r = parse(a, &j, &e);
    if (r == OK)
        r = run(&j, &e);
    int status = r == OK ? 0 : print_fault(a, &e);
    buf_init(&b);
    if (r == OK && a->output == OUTPUT_JSON)
        print_json(&j, &b);
    else if (r == OK && a->output == OUTPUT_CSV)
        print_csv(&j, &b);
    else if (r == OK)
        print_text(&j, a->zh, &b);
    print_out(&b);
    buf_finish(&b);
    world_close(&j.w);
    return status;
}
