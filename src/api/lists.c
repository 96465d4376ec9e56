/* Instruments, provisions and the search as JSON: the twins of /lists and /find. */
#include "api/api.h"

static void kpair(struct jsonw *w, const char *key, struct str zh, struct str en)
{
    jsonw_key(w, key);
    jsonw_object(w);
    jsonw_kstr(w, "zh", zh);
    jsonw_kstr(w, "en", en);
    jsonw_end(w);
}

static void kgrade(struct jsonw *w, char grade)
{
    char z[2] = {grade, 0};
    jsonw_kz(w, "evidence", grade ? z : NULL);
}

static void strings(struct jsonw *w, const char *key, const struct str *s, int n)
{
    jsonw_key(w, key);
    jsonw_array(w);
    for (int i = 0; i < n; i++) {
        jsonw_str(w, s[i]);
    }
    jsonw_end(w);
}

static void instrument_head(struct jsonw *w, const struct instrument *t)
{
    jsonw_kstr(w, "id", t->id);
    kpair(w, "title", t->title_zh, t->title_en);
    jsonw_kz(w, "family", family_name(t->family));
    jsonw_kz(w, "layer", layer_kind_name(t->kind));
    jsonw_kz(w, "edition_kind", edition_kind_name(t->edition));
    jsonw_kbool(w, "decides", t->is_layer);
    jsonw_kbool(w, "claimable", t->claimable);
    jsonw_kbool(w, "complete", t->complete);
    jsonw_kday(w, "published", t->published);
    jsonw_kday(w, "valid_from", t->valid_from);
    jsonw_kday(w, "valid_to", t->valid_to);
    jsonw_kday(w, "known_from", t->known_from);
    jsonw_kday(w, "known_to", t->known_to);
    jsonw_kint(w, "published_total", t->published_total);
    jsonw_kint(w, "held", t->n);
    jsonw_key(w, "by_grade");
    jsonw_object(w);
    jsonw_kint(w, "A", t->grades[0]);
    jsonw_kint(w, "B", t->grades[1]);
    jsonw_kint(w, "C", t->grades[2]);
    jsonw_end(w);
    jsonw_kz(w, "hash", t->hash);
}

void api_lists_json(const struct api *api, struct buf *out)
{
    struct jsonw w;
    jsonw_init(&w, out, false);
    jsonw_object(&w);
    jsonw_key(&w, "instruments");
    jsonw_array(&w);
    for (int i = 0; i < api->corpus->n_instruments; i++) {
        if (!instrument_current(&api->corpus->instrument[i]))
            continue;
        jsonw_object(&w);
        instrument_head(&w, &api->corpus->instrument[i]);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_kz(&w, "snapshot", api->corpus->hash);
    jsonw_end(&w);
}

static void clauses(struct jsonw *w, const char *key, const struct clause *x, int n)
{
    jsonw_key(w, key);
    jsonw_array(w);
    for (int i = 0; i < n; i++) {
        jsonw_object(w);
        kpair(w, "text", x[i].zh, x[i].en);
        jsonw_kbool(w, "checkable", x[i].when >= 0);
        jsonw_kstr(w, "source", x[i].source);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void provision(struct jsonw *w, const struct corpus *c, const struct provision *p)
{
    jsonw_object(w);
    jsonw_kstr(w, "instrument", c->instrument[p->instrument].id);
    jsonw_kstr(w, "key", p->key);
    jsonw_key(w, "no");
    if (p->no > 0) {
        jsonw_int(w, p->no);
    } else {
        jsonw_null(w);
    }
    jsonw_kstr(w, "section", p->section);
    kpair(w, "text", p->zh, p->en);
    jsonw_kz(w, "effect", effect_name(p->effect));
    jsonw_kz(w, "treatment", treatment_name(p->treatment));
    kgrade(w, p->evidence);
    jsonw_kbool(w, "partial", p->partial);
    kpair(w, "authority", p->authority_zh, p->authority_en);
    clauses(w, "exceptions", p->exception, p->n_exceptions);
    clauses(w, "exemptions", p->exemption, p->n_exemptions);
    clauses(w, "conditions", p->lift, p->n_lift);
    jsonw_key(w, "basis");
    jsonw_array(w);
    for (int i = 0; i < p->n_basis; i++) {
        jsonw_object(w);
        jsonw_kstr(w, "title_zh", p->basis[i].title_zh);
        jsonw_kstr(w, "version", p->basis[i].version);
        jsonw_kstr(w, "article", p->basis[i].article);
        jsonw_kbool(w, "matched", p->basis[i].matched);
        jsonw_kstr(w, "note", p->basis[i].note);
        jsonw_end(w);
    }
    jsonw_end(w);
    strings(w, "sources", p->source, p->n_sources);
    jsonw_kstr(w, "note", p->note);
    jsonw_end(w);
}

void api_list_json(const struct api *api, int instrument, struct buf *out)
{
    const struct corpus *c = api->corpus;
    const struct instrument *t = &c->instrument[instrument];
    struct jsonw w;
    jsonw_init(&w, out, false);
    jsonw_object(&w);
    instrument_head(&w, t);
    kpair(&w, "issuer", t->issuer_zh, t->issuer_en);
    jsonw_kstr(&w, "document_no", t->document_no);
    kpair(&w, "note", t->note_zh, t->note_en);
    strings(&w, "sources", t->source, t->n_sources);
    jsonw_key(&w, "preamble");
    jsonw_array(&w);
    for (int i = 0; i < t->n_notes; i++) {
        jsonw_object(&w);
        jsonw_kint(&w, "point", t->note[i].point);
        kpair(&w, "text", t->note[i].zh, t->note[i].en);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_key(&w, "provisions");
    jsonw_array(&w);
    for (int i = 0; i < t->n; i++) {
        provision(&w, c, &c->provision[t->first + i]);
    }
    jsonw_end(&w);
    jsonw_end(&w);
}

void api_provision_json(const struct api *api, const struct provision *p, struct buf *out)
{
    struct jsonw w;
    jsonw_init(&w, out, false);
    provision(&w, api->corpus, p);
}

void api_find_json(const struct api *api, struct str words, struct buf *out)
{
    struct finding f = {0};
    struct jsonw w;
    if (words.n > 0) {
        classification_find(api->codes, words, &f);
    }
    jsonw_init(&w, out, false);
    jsonw_object(&w);
    jsonw_key(&w, "classes");
    jsonw_array(&w);
    for (int i = 0; i < f.n; i++) {
        const struct code *k = sector_leaf(api->codes, f.best[i].leaf);
        jsonw_object(&w);
        jsonw_kstr(&w, "code", k->code);
        kpair(&w, "title", k->name_zh, k->name_en);
        jsonw_kint(&w, "score", f.best[i].score);
        jsonw_kstr(&w, "matched", f.best[i].matched);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_kbool(&w, "clear", f.clear);
    jsonw_end(&w);
}
