/* The answer as the contracted JSON object (design: command line, check -o json). */
#include "decide/snapshot.h"
#include "law/write.h"

static void question_json(struct jsonw *w, const struct corpus *c, const struct question *q)
{
    const struct classification *k = c->codes;
    const struct code *leaf = sector_leaf(k, q->sector);
    jsonw_key(w, "question");
    jsonw_object(w);
    jsonw_kstr(w, "sector", leaf->code);
    kwords(w, "sector_name", leaf->name_zh, leaf->name_en);
    jsonw_kint(w, "mode", q->mode);
    jsonw_kz(w, "direction", direction_name(q->direction));
    jsonw_kz(w, "kind", kind_name(q->kind));
    jsonw_kstr(w, "from", k->economy[q->origin].alpha2);
    jsonw_kstr(w, "to", k->place[q->place].code);
    kfacts(w, c, q->facts);
    klayers(w, "claims", c, q->claims);
    jsonw_end(w);
}

static void clause_json(struct jsonw *w, const struct corpus *c, const struct clause *x)
{
    jsonw_object(w);
    words_members(w, x->zh, x->en);
    if (x->when >= 0 && c->expr[x->when].fact >= 0)
        jsonw_kstr(w, "fact", c->fact[c->expr[x->when].fact].name);
    if (x->evidence)
        kgrade(w, "evidence", x->evidence);
    jsonw_end(w);
}

static void provision_json(struct jsonw *w, const struct corpus *c, int at)
{
    const struct provision *p = &c->provision[at];
    provision_name(w, c, p);
    kcount(w, "no", p->no);
    jsonw_kz(w, "effect", effect_name(p->effect));
    if (p->authority_en.n > 0 || p->authority_zh.n > 0)
        kwords(w, "authority", p->authority_zh, p->authority_en);
    else
        jsonw_kz(w, "authority", NULL);
    kbasis(w, p->basis, p->n_basis, true);
    kgrade(w, "evidence", p->evidence);
    kwords(w, "text", p->zh, p->en);
    ktexts(w, "sources", p->source, p->n_sources);
}

static void provisions_json(struct jsonw *w, const struct corpus *c, const char *key,
                            const int *list, int n)
{
    jsonw_key(w, key);
    jsonw_array(w);
    for (int i = 0; i < n; i++) {
        jsonw_object(w);
        provision_json(w, c, list[i]);
        jsonw_end(w);
    }
    jsonw_end(w);
}

/* Provisions out of play because a more favourable rule displaced them for this origin. */
static void overridden_json(struct jsonw *w, const struct corpus *c, const struct question *q,
                            const struct answer *a)
{
    jsonw_key(w, "overridden");
    jsonw_array(w);
    for (int i = 0; i < a->n_matches; i++) {
        const struct provision *p = &c->provision[a->match[i].provision];
        if (a->match[i].reason != REASON_EXEMPTED)
            continue;
        jsonw_object(w);
        provision_name(w, c, p);
        for (int k = 0; k < p->n_exemptions; k++)
            if (bit_get(p->exemption[k].origin, (size_t)q->origin)) {
                jsonw_kstr(w, "by", p->exemption[k].source);
                kwords(w, "because", p->exemption[k].zh, p->exemption[k].en);
                break;
            }
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void matches_json(struct jsonw *w, const struct corpus *c, const struct answer *a)
{
    jsonw_key(w, "matches");
    jsonw_array(w);
    for (int i = 0; i < a->n_matches; i++) {
        const struct match *m = &a->match[i];
        const struct provision *p = &c->provision[m->provision];
        jsonw_object(w);
        provision_name(w, c, p);
        jsonw_kz(w, "must", treatment_name((enum treatment)m->lo));
        jsonw_kz(w, "may", treatment_name((enum treatment)m->hi));
        jsonw_kz(w, "reason", reason_name((enum reason)m->reason));
        jsonw_end(w);
    }
    jsonw_end(w);
}

/* Conditions of the prevailing provisions: what to arrange, and from whom. */
static void obligations_json(struct jsonw *w, const struct corpus *c, const struct answer *a)
{
    jsonw_key(w, "obligations");
    jsonw_array(w);
    for (int i = 0; i < a->n_matches; i++) {
        const struct match *m = &a->match[i];
        const struct provision *p = &c->provision[m->provision];
        if ((m->reason != REASON_PREVAILS && m->reason != REASON_LIFTED) || p->n_lift == 0)
            continue;
        jsonw_object(w);
        jsonw_kstr(w, "key", p->key);
        jsonw_kz(w, "join", p->lift_join == JOIN_ANY    ? "any"
                            : p->lift_join == JOIN_CASE ? "case"
                                                        : "all");
        kwords(w, "authority", p->authority_zh, p->authority_en);
        jsonw_key(w, "conditions");
        jsonw_array(w);
        for (int k = 0; k < p->n_lift; k++)
            clause_json(w, c, &p->lift[k]);
        jsonw_end(w);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void extras_json(struct jsonw *w, const struct corpus *c, const struct explanation *x)
{
    jsonw_key(w, "near");
    jsonw_array(w);
    for (int i = 0; i < x->n_near; i++) {
        jsonw_object(w);
        jsonw_kz(w, "change", x->near[i].dimension);
        provision_json(w, c, x->near[i].provision);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_key(w, "claims");
    jsonw_array(w);
    for (int i = 0; i < x->n_claims; i++) {
        const struct instrument *t = &c->instrument[c->layer[x->claim[i].layer]];
        jsonw_object(w);
        jsonw_kstr(w, "instrument", t->id);
        kwords(w, "title", t->title_zh, t->title_en);
        jsonw_kz(w, "outcome", outcome_name(x->claim[i].outcome));
        jsonw_kz(w, "treatment", treatment_name(x->claim[i].treatment));
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_key(w, "offers"); /* support and pilot instruments: none is held yet */
    jsonw_array(w);
    jsonw_end(w);
    jsonw_key(w, "elsewhere");
    jsonw_array(w);
    for (int i = 0; i < x->n_elsewhere; i++) {
        const struct instrument *t = &c->instrument[x->elsewhere[i]];
        jsonw_object(w);
        jsonw_kstr(w, "instrument", t->id);
        kwords(w, "title", t->title_zh, t->title_en);
        jsonw_kint(w, "published", t->published_total);
        jsonw_kint(w, "held", t->edition == EDITION_HEADLINE ? 0 : t->n);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_key(w, "carve_outs");
    jsonw_array(w);
    for (int i = 0; i < x->n_carve_outs; i++) {
        const struct carve_out *k = &c->carve_out[x->carve_out[i]];
        jsonw_object(w);
        jsonw_kstr(w, "instrument", c->instrument[k->instrument].id);
        jsonw_kint(w, "point", k->point);
        jsonw_kstr(w, "topic", k->topic);
        jsonw_kbool(w, "sector", k->has_sectors);
        kgrade(w, "evidence", k->evidence);
        kwords(w, "text", k->zh, k->en);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void fact_question_json(struct jsonw *w, const struct corpus *c, int at)
{
    const struct fact *f = &c->fact[at];
    static const char *const roles[] = {"scope", "condition", "state"};
    static const char *const types[] = {"bool", "enum", "number"};
    jsonw_object(w);
    jsonw_kstr(w, "fact", f->name);
    jsonw_kz(w, "type", types[f->type]);
    jsonw_kz(w, "role", roles[f->role]);
    kwords(w, "question", f->zh, f->en);
    jsonw_key(w, "values");
    jsonw_array(w);
    for (int i = 0; i < f->n_values; i++) {
        jsonw_object(w);
        jsonw_kstr(w, "value", f->value[i].value);
        words_members(w, f->value[i].zh, f->value[i].en);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_end(w);
}

static void coverage_json(struct jsonw *w, const struct corpus *c, const struct explanation *x)
{
    /* The edition that speaks nearest: the favouring one, else the first that spoke. */
    int layer = x->answer.favoured_by >= 0 ? x->answer.favoured_by
                : x->n_layers > 0          ? x->layer[0]
                                           : -1;
    jsonw_key(w, "coverage");
    if (layer < 0) {
        jsonw_null(w);
        return;
    }
    const struct instrument *t = &c->instrument[c->layer[layer]];
    jsonw_object(w);
    jsonw_kstr(w, "edition", t->id);
    jsonw_kint(w, "published", t->published_total);
    jsonw_kint(w, "held", t->n);
    kby_grade(w, t->grades);
    jsonw_kbool(w, "complete", t->complete);
    jsonw_kz(w, "kind", edition_kind_name(t->edition));
    jsonw_end(w);
}

static void verdict_json(struct jsonw *w, const struct corpus *c, const struct answer *a)
{
    bool none = a->treatment == SILENT;
    jsonw_kz(w, "outcome", outcome_name(a->outcome));
    jsonw_kz(w, "treatment", none ? NULL : treatment_name(a->treatment));
    jsonw_key(w, "interval");
    if (none) {
        jsonw_null(w);
    } else {
        jsonw_object(w);
        jsonw_kz(w, "must", treatment_name(a->must));
        jsonw_kz(w, "may", treatment_name(a->treatment));
        jsonw_end(w);
    }
    klayer(w, "favoured_by", c, a->favoured_by);
}

static void missing_json(struct jsonw *w, const struct corpus *c, const struct explanation *x)
{
    jsonw_key(w, "missing");
    jsonw_array(w);
    for (int i = 0; i < x->n_missing; i++)
        fact_question_json(w, c, x->missing[i].fact);
    jsonw_end(w);
    jsonw_key(w, "next_question");
    if (x->next_fact >= 0)
        fact_question_json(w, c, x->next_fact);
    else
        jsonw_null(w);
}

void explanation_json(const struct snapshot *s, const struct question *q,
                      const struct explanation *x, struct buf *out, bool pretty)
{
    const struct corpus *c = s->c;
    const struct answer *a = &x->answer;
    struct jsonw w;
    buf_reserve(out, 4096); /* most answers fit, and grow no more */
    jsonw_init(&w, out, pretty);
    jsonw_object(&w);
    question_json(&w, c, q);
    verdict_json(&w, c, a);
    provisions_json(&w, c, "prevailing", a->prevailing, a->n_prevailing);
    provisions_json(&w, c, "flip", a->flip, a->n_flip);
    overridden_json(&w, c, q, a);
    obligations_json(&w, c, a);
    extras_json(&w, c, x);
    missing_json(&w, c, x);
    matches_json(&w, c, a);
    jsonw_kz(&w, "certainty", x->certainty);
    kgrade(&w, "evidence", x->evidence);
    coverage_json(&w, c, x);
    jsonw_kz(&w, "snapshot", c->hash);
    jsonw_kday(&w, "on", q->on);
    jsonw_kday(&w, "known", q->known);
    jsonw_end(&w);
}
