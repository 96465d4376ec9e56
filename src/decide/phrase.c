/* Words of reports. */
#include "decide/phrase.h"

const char *answer_sign(enum outcome o)
{
    static const char *const signs[OUTCOME_COUNT] = {"✕", "△", "○", "→", "？", "？"};
    return signs[o];
}

const char *treatment_phrase(enum treatment t, bool zh)
{
    static const char *const words[][2] = {{"同等对待", "equal treatment"},
                                           {"告知或备案", "notice or filing"},
                                           {"附条件", "conditions"},
                                           {"须经批准", "approval needed"},
                                           {"禁止", "prohibited"},
                                           {"未提及", "silent"}};
    return words[t][zh ? 0 : 1];
}

void answer_phrase(enum outcome o, enum treatment must, enum treatment hi, bool zh,
                   struct buf *out)
{
    buf_z(out, answer_sign(o));
    buf_char(out, ' ');
    if (o == OUTCOME_ELSEWHERE) {
        buf_z(out, zh ? "由其他规定管理" : "governed elsewhere");
    } else if (o == OUTCOME_CARVED_OUT) {
        buf_z(out, zh ? "清单之外，依现行规定" : "carved out: existing rules apply");
    } else if (must == hi) {
        buf_z(out, treatment_phrase(hi, zh));
    } else {
        buf_z(out, treatment_phrase(must, zh));
        buf_z(out, zh ? "至" : " to ");
        buf_z(out, treatment_phrase(hi, zh));
        buf_z(out, zh ? "(视事实)" : " (depends on facts)");
    }
}

const char *certainty_phrase(char grade, bool zh)
{
    switch (grade) {
    case 'A':
        return zh ? "已核对条文" : "confirmed";
    case 'B':
        return zh ? "很可能(依背后的法规)" : "likely";
    default:
        return zh ? "仅供参考" : "indicative";
    }
}

void fact_phrase(const struct corpus *c, int fact, int64_t value, struct buf *out)
{
    const struct fact *f = &c->fact[fact];
    buf_str(out, f->name);
    buf_char(out, '=');
    if (f->type == FACT_BOOL)
        buf_z(out, value != 0 ? "true" : "false");
    else if (f->type == FACT_ENUM)
        buf_str(out, f->value[value].value);
    else if (value % FACT_SCALE == 0)
        buf_int(out, value / FACT_SCALE);
    else
        buf_printf(out, "%.4f", (double)value / FACT_SCALE);
}

static const char *kind_phrase(enum kind k, bool zh)
{
    static const char *const words[KIND_COUNT][2] = {
        {"企业", "firm"}, {"个人", "person"}, {"合资企业", "joint venture"},
        {"外商独资企业", "wholly foreign-owned enterprise"}, {"分支机构", "branch"},
        {"代表机构", "representative office"}};
    return words[k][zh ? 0 : 1];
}

void question_phrase(const struct corpus *c, const struct question *q, const struct facts *facts,
                     bool zh, struct buf *out)
{
    const struct code *k = sector_leaf(c->codes, q->sector);
    const struct economy *o = &c->codes->economy[q->origin];
    const struct place *p = &c->codes->place[q->place];
    struct str sector = pick_words(zh, k->name_zh, k->name_en);
    struct str from = pick_words(zh, o->name_zh, o->name_en);
    struct str to = pick_words(zh, p->name_zh, p->name_en);
    if (zh)
        buf_printf(out, "%.*s的%s以模式%d在%.*s提供%.*s %.*s", STR_ARG(from),
                   kind_phrase(q->kind, true), q->mode, STR_ARG(to), STR_ARG(k->code),
                   STR_ARG(sector));
    else
        buf_printf(out, "a %s from %.*s, class %.*s %.*s, mode %d, in %.*s", kind_phrase(q->kind, false),
                   STR_ARG(from), STR_ARG(k->code), STR_ARG(sector), q->mode, STR_ARG(to));
    const char *before = zh ? "，其中 " : ", with ";
    for (int f = 0; facts != NULL && f < c->n_facts; f++) {
        if (!bit_get(facts->known, (size_t)f))
            continue;
        buf_z(out, before);
        fact_phrase(c, f, facts->value[f], out);
        before = zh ? "、" : ", ";
    }
}

static void fact_json(const struct corpus *c, int f, int64_t value, struct jsonw *w)
{
    jsonw_key(w, c->fact[f].name.p);
    if (c->fact[f].type == FACT_BOOL)
        jsonw_bool(w, value != 0);
    else if (c->fact[f].type == FACT_ENUM)
        jsonw_str(w, c->fact[f].value[value].value);
    else if (value % FACT_SCALE == 0)
        jsonw_int(w, value / FACT_SCALE);
    else
        jsonw_real(w, (double)value / FACT_SCALE, 4);
}

void question_json(const struct corpus *c, const struct question *q, const struct facts *facts,
                   struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kstr(w, "sector", sector_code(c->codes, q->sector));
    jsonw_kint(w, "mode", q->mode);
    jsonw_kz(w, "direction", direction_name(q->direction));
    jsonw_kz(w, "kind", kind_name(q->kind));
    jsonw_kstr(w, "from", c->codes->economy[q->origin].alpha2);
    jsonw_kstr(w, "to", c->codes->place[q->place].code);
    jsonw_kday(w, "on", q->on);
    jsonw_kday(w, "known", q->known);
    jsonw_key(w, "facts");
    jsonw_object(w);
    for (int f = 0; facts != NULL && f < c->n_facts; f++)
        if (bit_get(facts->known, (size_t)f))
            fact_json(c, f, facts->value[f], w);
    jsonw_end(w);
    jsonw_end(w);
}

void verdict_members(struct jsonw *w, const struct corpus *c, enum outcome o, enum treatment must,
                     enum treatment hi, int favoured_by)
{
    bool none = hi == SILENT;
    jsonw_kz(w, "outcome", outcome_name(o));
    jsonw_kz(w, "must", none ? NULL : treatment_name(must));
    jsonw_kz(w, "treatment", none ? NULL : treatment_name(hi));
    klayer(w, "favoured_by", c, favoured_by);
}

void kanswer(struct jsonw *w, const char *key, enum outcome o, enum treatment must,
             enum treatment hi)
{
    jsonw_key(w, key);
    jsonw_object(w);
    jsonw_kz(w, "outcome", outcome_name(o));
    jsonw_kz(w, "must", treatment_name(must));
    jsonw_kz(w, "treatment", treatment_name(hi));
    jsonw_end(w);
}
