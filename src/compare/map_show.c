/* The map as JSON, CSV and text. */
#include "compare/map.h"
#include "decide/phrase.h"

const struct map_sign map_signs[OUTCOME_COUNT] = {
    {"✕", "不可以", "prohibited"},
    {"△", "有条件", "allowed under conditions"},
    {"○", "与境内提供者同等对待", "equal treatment: the rules for domestic suppliers"},
    {"→", "由其他规定管理", "governed elsewhere"},
    {"？", "保留领域，按现行规定", "carved out: the existing rules apply"},
    {"？", "尚不能确定，缺少事实", "undetermined: facts are missing"}};

/* --- JSON ------------------------------------------------------------------------------- */

static void profile_json(struct jsonw *w, const struct corpus *c, const struct map *m)
{
    const struct map_profile *p = &m->profile;
    struct scope everything;
    scope_whole(c->codes, p->on, &everything);
    jsonw_key(w, "profile");
    jsonw_object(w);
    jsonw_kstr(w, "from", c->codes->economy[p->origin].alpha2);
    jsonw_kz(w, "kind", kind_name(p->kind));
    jsonw_kz(w, "direction", direction_name(IMPORT));
    jsonw_key(w, "to");
    jsonw_str(w, p->place < 0 ? STR("*") : c->codes->place[p->place].code);
    jsonw_key(w, "space");
    scope_json(c->codes, &m->domain, &everything, w);
    kfacts(w, c, p->facts);
    klayers(w, "claims", c, p->claims);
    jsonw_kday(w, "on", p->on);
    jsonw_kday(w, "known", p->known);
    jsonw_end(w);
}

static void counts_json(struct jsonw *w, const uint64_t count[OUTCOME_COUNT])
{
    static const char *const keys[OUTCOME_COUNT] = {"prohibited", "conditional", "equal",
                                                    "elsewhere",  "carved_out",  "undetermined"};
    for (int o = 0; o < OUTCOME_COUNT; o++)
        jsonw_kint(w, keys[o], (int64_t)count[o]);
}

static uint64_t mode_cells(const struct map *m, int mode)
{
    uint64_t n = 0;
    for (int o = 0; o < OUTCOME_COUNT; o++)
        n += m->mode[mode][o];
    return n;
}

static void totals_json(struct jsonw *w, const struct map *m)
{
    jsonw_kint(w, "cells", (int64_t)m->cells);
    jsonw_key(w, "outcomes");
    jsonw_object(w);
    counts_json(w, m->outcome);
    jsonw_end(w);
    jsonw_key(w, "modes");
    jsonw_array(w);
    for (int mode = 1; mode <= 4; mode++) {
        if (mode_cells(m, mode) == 0)
            continue;
        jsonw_object(w);
        jsonw_kint(w, "mode", mode);
        jsonw_kint(w, "cells", (int64_t)mode_cells(m, mode));
        counts_json(w, m->mode[mode]);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void witness_json(struct jsonw *w, const struct corpus *c, const struct map_region *r)
{
    const struct question *q = &r->witness;
    jsonw_key(w, "witness");
    jsonw_object(w);
    jsonw_kstr(w, "sector", sector_code(c->codes, q->sector));
    jsonw_kint(w, "mode", q->mode);
    jsonw_kstr(w, "to", c->codes->place[q->place].code);
    kgrade(w, "evidence", r->evidence);
    jsonw_end(w);
    jsonw_key(w, "prevailing");
    jsonw_array(w);
    for (int i = 0; i < r->n_prevailing; i++) {
        const struct provision *p = &c->provision[r->prevailing[i]];
        jsonw_object(w);
        provision_name(w, c, p);
        kgrade(w, "evidence", p->evidence);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void region_json(struct jsonw *w, const struct corpus *c, const struct map *m,
                        const struct map_region *r)
{
    jsonw_object(w);
    verdict_members(w, c, r->outcome, r->must, r->treatment, r->favoured_by);
    jsonw_kint(w, "cells", (int64_t)r->cells);
    jsonw_key(w, "box");
    scope_json(c->codes, &r->box, &m->domain, w);
    witness_json(w, c, r);
    jsonw_end(w);
}

void map_json(const struct map *m, const struct snapshot *s, struct buf *out, bool pretty)
{
    const struct corpus *c = snapshot_corpus(s);
    struct jsonw w;
    jsonw_init(&w, out, pretty);
    jsonw_object(&w);
    profile_json(&w, c, m);
    totals_json(&w, m);
    jsonw_kz(&w, "split_by", m->by_prevailing ? "prevailing" : "outcome");
    jsonw_key(&w, "regions");
    jsonw_array(&w);
    for (int i = 0; i < m->n_regions; i++)
        region_json(&w, c, m, &m->region[i]);
    jsonw_end(&w);
    jsonw_kz(&w, "snapshot", c->hash);
    jsonw_end(&w);
}

/* --- CSV -------------------------------------------------------------------------------- */

static void field(struct buf *out, struct str s)
{
    csv_write_field(out, s, false);
}

static void box_fields(const struct map *m, const struct corpus *c, const struct map_region *r,
                       struct buf *out)
{
    struct buf b;
    struct scope one = m->domain;
    buf_init(&b);
    sectors_words(c->codes, r->box.sector, false, false, &b);
    field(out, buf_view(&b));
    buf_clear(&b);
    for (int k = 0; k < COMBOS; k++)
        if ((r->box.combo >> k) & 1)
            buf_printf(&b, "%s%d", b.n > 0 ? " " : "", combo_mode(k));
    field(out, buf_view(&b));
    buf_clear(&b);
    memcpy(one.place, r->box.place, sizeof one.place);
    if (bits_equal(one.place, m->domain.place, PLACE_WORDS))
        buf_char(&b, '*');
    else
        scope_words(c->codes, &one, &m->domain, false, &b);
    field(out, buf_view(&b));
    buf_clear(&b);
    struct jsonw w;
    jsonw_init(&w, &b, false); /* the words leave out what is long */
    scope_json(c->codes, &r->box, &m->domain, &w);
    field(out, buf_view(&b));
    buf_finish(&b);
}

void map_csv(const struct map *m, const struct snapshot *s, struct buf *out)
{
    const struct corpus *c = snapshot_corpus(s);
    struct buf b;
    buf_init(&b);
    buf_z(out, "outcome,must,treatment,favoured_by,cells,sectors,modes,places,box,witness_sector,"
               "witness_mode,witness_to,evidence,prevailing\r\n");
    for (int i = 0; i < m->n_regions; i++) {
        const struct map_region *r = &m->region[i];
        csv_write_field(out, str_from(outcome_name(r->outcome)), true);
        field(out, str_from(treatment_name(r->must)));
        field(out, str_from(treatment_name(r->treatment)));
        field(out, r->favoured_by < 0 ? STR("") : c->instrument[c->layer[r->favoured_by]].id);
        buf_clear(&b);
        buf_int(&b, (int64_t)r->cells);
        field(out, buf_view(&b));
        box_fields(m, c, r, out);
        field(out, sector_code(c->codes, r->witness.sector));
        field(out, (struct str){&"1234"[r->witness.mode - 1], 1});
        field(out, c->codes->place[r->witness.place].code);
        field(out, (struct str){&r->evidence, 1});
        buf_clear(&b);
        for (int j = 0; j < r->n_prevailing; j++) {
            const struct provision *p = &c->provision[r->prevailing[j]];
            buf_printf(&b, "%s%.*s/%.*s", j > 0 ? " " : "",
                       STR_ARG(c->instrument[p->instrument].id), STR_ARG(p->key));
        }
        field(out, buf_view(&b));
        csv_write_end(out);
    }
    buf_finish(&b);
}

/* --- text ------------------------------------------------------------------------------- */

static void head_text(const struct map *m, const struct corpus *c, bool zh, struct buf *out)
{
    const struct map_profile *p = &m->profile;
    const struct classification *k = c->codes;
    char on[11], known[11];
    day_format(p->on, on);
    day_format(p->known, known);
    struct str from = pick_words(zh, k->economy[p->origin].name_zh, k->economy[p->origin].name_en);
    int sectors = (int)bits_count(m->domain.sector, SECTOR_WORDS);
    int places = (int)bits_count(m->domain.place, PLACE_WORDS);
    buf_printf(out, zh ? "%.*s · %s · 进口 · %d 个小类 · " : "%.*s · %s · import · %d classes · ",
               STR_ARG(from), kind_name(p->kind), sectors);
    if (p->place >= 0)
        buf_str(out, pick_words(zh, k->place[p->place].name_zh, k->place[p->place].name_en));
    else
        buf_printf(out, zh ? "%d 个地方" : "%d places", places);
    buf_printf(out, zh ? "\n按 %s · 平台所知截至 %s · 共 %llu 格\n\n"
                       : "\nlaw of %s · known on %s · %llu cells\n\n",
               on, known, (unsigned long long)m->cells);
}

/* The columns ○ △ ✕ ？ →; the carved-out and the undetermined share a sign. */
static void row_text(const char *name, const uint64_t n[OUTCOME_COUNT], struct buf *out)
{
    uint64_t open = n[OUTCOME_CARVED_OUT] + n[OUTCOME_UNDETERMINED];
    buf_printf(out, "%s %9llu %9llu %9llu %9llu %9llu\n", name,
               (unsigned long long)n[OUTCOME_EQUAL], (unsigned long long)n[OUTCOME_CONDITIONAL],
               (unsigned long long)n[OUTCOME_PROHIBITED], (unsigned long long)open,
               (unsigned long long)n[OUTCOME_ELSEWHERE]);
}

static void table_text(const struct map *m, bool zh, struct buf *out)
{
    static const char *const names[2][6] = {
        {"", "mode 1", "mode 2", "mode 3", "mode 4", "total "},
        {"", "模式 1", "模式 2", "模式 3", "模式 4", "合计  "}};
    buf_z(out, "               ○         △         ✕        ？         →\n");
    for (int mode = 1; mode <= 4; mode++)
        if (mode_cells(m, mode) > 0)
            row_text(names[zh][mode], m->mode[mode], out);
    row_text(names[zh][5], m->outcome, out);
    buf_printf(out, zh ? "？：保留领域 %llu，尚不能确定 %llu\n"
                       : "？: carved out %llu, undetermined %llu\n",
               (unsigned long long)m->outcome[OUTCOME_CARVED_OUT],
               (unsigned long long)m->outcome[OUTCOME_UNDETERMINED]);
    buf_z(out, zh ? "[A] 已核实；[B] 较有把握、[C] 仅供参考，请对照官方附件核实，不是最终的拒绝\n"
                  : "[A] confirmed; [B] likely and [C] indicative: confirm against the official "
                    "annex, never a final refusal\n");
}

static void why_text(const struct map_region *r, const struct corpus *c, bool sure, bool zh,
                     struct buf *out)
{
    if (r->treatment == SILENT)
        return;
    buf_printf(out, "             %s", treatment_name(r->must));
    if (r->must != r->treatment)
        buf_printf(out, " … %s", treatment_name(r->treatment));
    buf_printf(out, " [%c]", r->evidence);
    if (r->favoured_by >= 0)
        buf_printf(out, zh ? " · 更优惠来自 %.*s" : " · more favourable by %.*s",
                   STR_ARG(c->instrument[c->layer[r->favoured_by]].id));
    for (int i = 0; i < r->n_prevailing && i < 3; i++) {
        const struct provision *p = &c->provision[r->prevailing[i]];
        buf_printf(out, " · %.*s/%.*s [%c]", STR_ARG(c->instrument[p->instrument].id),
                   STR_ARG(p->key), p->evidence);
    }
    if (r->n_prevailing > 3)
        buf_printf(out, " · +%d", r->n_prevailing - 3);
    if (!sure && r->n_prevailing > 0)
        buf_printf(out, zh ? "（例：%.*s 模式 %d %.*s）" : " (for example %.*s mode %d %.*s)",
                   STR_ARG(sector_code(c->codes, r->witness.sector)), r->witness.mode,
                   STR_ARG(c->codes->place[r->witness.place].code));
    buf_char(out, '\n');
}

/* The regions of one outcome, the largest; says what it leaves out. */
static void outcome_text(const struct map *m, const struct corpus *c, enum outcome o, bool zh,
                         struct buf *out)
{
    enum { SHOWN = 12 };
    int n = 0;
    uint64_t rest = 0;
    const struct map_sign *g = &map_signs[o];
    if (m->outcome[o] == 0)
        return;
    buf_printf(out, "\n%s %s · %llu\n", g->sign, zh ? g->zh : g->en,
               (unsigned long long)m->outcome[o]);
    for (int i = 0; i < m->n_regions; i++) {
        const struct map_region *r = &m->region[i];
        if (r->outcome != o)
            continue;
        if (++n > SHOWN) {
            rest += r->cells;
            continue;
        }
        buf_printf(out, "  %9llu  ", (unsigned long long)r->cells);
        scope_words(c->codes, &r->box, &m->domain, zh, out);
        buf_char(out, '\n');
        why_text(r, c, m->by_prevailing, zh, out);
    }
    if (n > SHOWN)
        buf_printf(out, zh ? "  %9llu  另有 %d 个区域（-o json）\n"
                           : "  %9llu  in %d more regions (-o json)\n",
                   (unsigned long long)rest, n - SHOWN);
}

void map_text(const struct map *m, const struct snapshot *s, bool zh, struct buf *out)
{
    const struct corpus *c = snapshot_corpus(s);
    static const enum outcome order[OUTCOME_COUNT] = {
        OUTCOME_EQUAL,      OUTCOME_CONDITIONAL,  OUTCOME_PROHIBITED,
        OUTCOME_CARVED_OUT, OUTCOME_UNDETERMINED, OUTCOME_ELSEWHERE};
    head_text(m, c, zh, out);
    table_text(m, zh, out);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        outcome_text(m, c, order[i], zh, out);
    buf_printf(out, "\n%s %.16s\n", zh ? "快照" : "snapshot", c->hash);
}
