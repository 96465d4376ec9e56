/* A screening as JSON. */
#include "declaration/screen_inside.h"
#include "law/write.h"

static void koutcomes(struct jsonw *w, const int64_t n[SCREEN_COUNT])
{
    for (int o = 0; o < SCREEN_COUNT; o++)
        jsonw_kint(w, screen_name[o], n[o]);
}

static bool any_outcome(const int64_t n[SCREEN_COUNT])
{
    int64_t sum = 0;
    for (int o = 0; o < SCREEN_COUNT; o++)
        sum += n[o];
    return sum > 0;
}

static void provisions_json(const struct screen *s, const struct screen_summary *sum,
                            struct jsonw *w)
{
    const struct corpus *c = s->corpus;
    jsonw_key(w, "provisions");
    jsonw_array(w);
    for (int i = 0; i < sum->n_provisions; i++) {
        const struct screen_provision *x = &sum->provision[i];
        const struct provision *p = &c->provision[x->provision];
        jsonw_object(w);
        provision_name(w, c, p);
        words_members(w, p->zh, p->en);
        kgrade(w, "evidence", p->evidence);
        jsonw_kint(w, "hit", x->hit);
        jsonw_kint(w, "possible", x->possible);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void codes_json(const struct screen *s, const struct screen_summary *sum, struct jsonw *w)
{
    jsonw_key(w, "codes");
    jsonw_array(w);
    for (int i = 0; i < s->scheme->n_code; i++) {
        const struct itrs_code *k = &s->scheme->code[i];
        int row = s->row_of[i];
        if (!any_outcome(sum->code[i]))
            continue;
        jsonw_object(w);
        jsonw_kstr(w, "code", k->code);
        words_members(w, k->name_zh, k->name_en);
        jsonw_kint(w, "supplies", row == NO_ROW ? 0 : s->supplies[row].n);
        jsonw_kbool(w, "partial", row != NO_ROW && s->supplies[row].partial);
        jsonw_kbool(w, "open", row == NO_ROW || s->supplies[row].open);
        koutcomes(w, sum->code[i]);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void sectors_json(const struct screen *s, const struct screen_summary *sum,
                         struct jsonw *w)
{
    jsonw_key(w, "sectors");
    jsonw_array(w);
    for (int i = 0; i < sum->n_sectors; i++) {
        const struct code *k = &s->corpus->codes->gbt.code[sum->sector[i].division];
        jsonw_object(w);
        jsonw_kstr(w, "code", k->code);
        words_members(w, k->name_zh, k->name_en);
        jsonw_kint(w, "hit", sum->sector[i].hit);
        jsonw_kint(w, "possible", sum->sector[i].possible);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void banks_json(const struct screen_summary *sum, struct jsonw *w)
{
    jsonw_key(w, "banks");
    jsonw_array(w);
    for (int i = 0; i < SCREEN_BANKS; i++) {
        char bank[8] = {(char)('0' + i / 1000), (char)('0' + i / 100 % 10),
                        (char)('0' + i / 10 % 10), (char)('0' + i % 10)};
        if (!any_outcome(sum->bank[i]))
            continue;
        jsonw_object(w);
        jsonw_kz(w, "bank", bank);
        koutcomes(w, sum->bank[i]);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void places_json(const struct screen *s, const struct screen_summary *sum, struct jsonw *w)
{
    const struct classification *c = s->corpus->codes;
    jsonw_key(w, "places");
    jsonw_array(w);
    for (int i = 0; i < c->n_places; i++) {
        if (!any_outcome(sum->place[i]))
            continue;
        jsonw_object(w);
        jsonw_kstr(w, "place", c->place[i].code);
        words_members(w, c->place[i].name_zh, c->place[i].name_en);
        koutcomes(w, sum->place[i]);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void reason_json(const struct screen *s, const struct screen_reason *r, struct jsonw *w)
{
    const struct corpus *c = s->corpus;
    jsonw_kint(w, "supplies", r->n_supplies);
    jsonw_kint(w, "prohibited", r->n_prohibited);
    jsonw_kint(w, "conditional", r->n_conditional);
    jsonw_kint(w, "equal", r->n_equal);
    jsonw_kint(w, "other", r->n_other);
    jsonw_kbool(w, "partial", r->partial);
    jsonw_kbool(w, "open", r->open);
    kgrade(w, "evidence", r->evidence);
    jsonw_key(w, "provisions");
    jsonw_array(w);
    for (int i = 0; i < r->n_provisions; i++) {
        jsonw_object(w);
        provision_name(w, c, &c->provision[r->provision[i]]);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_kstr(w, "next_fact", r->next_fact < 0 ? (struct str){NULL, 0}
                                                : c->fact[r->next_fact].name);
}

static void sample_json(const struct screen *s, const struct screen_sample *x, struct jsonw *w)
{
    const struct classification *c = s->corpus->codes;
    struct screen_reason r;
    screen_explain(s, &x->d, &r);
    jsonw_object(w);
    jsonw_kz(w, "report_no", x->report_no);
    jsonw_kstr(w, "code", s->scheme->code[x->d.code].code);
    jsonw_kz(w, "flow", x->d.flow == FLOW_DEBIT ? "debit" : "credit");
    jsonw_kbool(w, "refund", x->d.advance == ADVANCE_REFUND);
    jsonw_kz(w, "kind", kind_name(screen_kind(&x->d)));
    jsonw_kstr(w, "country", c->economy[x->d.country].alpha3);
    jsonw_kstr(w, "place", c->place[x->d.place].code);
    jsonw_kday(w, "on", x->d.on);
    reason_json(s, &r, w);
    jsonw_end(w);
}

static void samples_json(const struct screen *s, const struct screen_summary *sum,
                         struct jsonw *w)
{
    jsonw_key(w, "samples");
    jsonw_object(w);
    for (int o = 0; o < SCREEN_COUNT; o++) {
        jsonw_key(w, screen_name[o]);
        jsonw_array(w);
        for (int i = 0; i < sum->n_samples[o]; i++)
            sample_json(s, &sum->sample[o][i], w);
        jsonw_end(w);
    }
    jsonw_end(w);
}

void screen_json(struct screen *s, struct jsonw *w)
{
    const struct screen_summary *sum = screen_summary(s);
    jsonw_object(w);
    jsonw_kz(w, "snapshot", s->corpus->hash);
    jsonw_kday(w, "known", s->known);
    jsonw_kday(w, "from", s->from);
    jsonw_kday(w, "to", s->to);
    jsonw_key(w, "outcomes");
    jsonw_object(w);
    koutcomes(w, sum->outcome);
    jsonw_end(w);
    provisions_json(s, sum, w);
    codes_json(s, sum, w);
    sectors_json(s, sum, w);
    banks_json(sum, w);
    places_json(s, sum, w);
    samples_json(s, sum, w);
    jsonw_end(w);
}
