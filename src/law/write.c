/* Nouns of the law in reports. See write.h. */
#include "law/write.h"

void words_members(struct jsonw *w, struct str zh, struct str en)
{
    jsonw_kstr(w, "zh", zh);
    jsonw_kstr(w, "en", en);
}

void kwords(struct jsonw *w, const char *key, struct str zh, struct str en)
{
    jsonw_key(w, key);
    jsonw_object(w);
    words_members(w, zh, en);
    jsonw_end(w);
}

void ktexts(struct jsonw *w, const char *key, const struct str *list, int n)
{
    jsonw_key(w, key);
    jsonw_array(w);
    for (int i = 0; i < n; i++)
        jsonw_str(w, list[i]);
    jsonw_end(w);
}

void kcount(struct jsonw *w, const char *key, int64_t n)
{
    jsonw_key(w, key);
    if (n > 0)
        jsonw_int(w, n);
    else
        jsonw_null(w);
}

void kgrade(struct jsonw *w, const char *key, char grade)
{
    char z[2] = {grade, 0};
    jsonw_kz(w, key, grade ? z : NULL);
}

void kby_grade(struct jsonw *w, const int grades[3])
{
    jsonw_key(w, "by_grade");
    jsonw_object(w);
    jsonw_kint(w, "A", grades[0]);
    jsonw_kint(w, "B", grades[1]);
    jsonw_kint(w, "C", grades[2]);
    jsonw_end(w);
}

/* --- texts ---------------------------------------------------------------------------------- */

void instrument_kinds(struct jsonw *w, const struct instrument *t)
{
    jsonw_kz(w, "family", family_name(t->family));
    jsonw_kz(w, "layer", layer_kind_name(t->kind));
    jsonw_kz(w, "edition_kind", edition_kind_name(t->edition));
}

void instrument_days(struct jsonw *w, const struct instrument *t)
{
    jsonw_kday(w, "valid_from", t->valid_from);
    jsonw_kday(w, "valid_to", t->valid_to);
    jsonw_kday(w, "known_from", t->known_from);
    jsonw_kday(w, "known_to", t->known_to);
}

void instrument_held(struct jsonw *w, const struct instrument *t)
{
    jsonw_kint(w, "published", t->published_total);
    jsonw_kint(w, "held", t->n);
    jsonw_kint(w, "unlocated", t->unlocated);
    jsonw_kbool(w, "complete", t->complete);
    kby_grade(w, t->grades);
}

void klayer(struct jsonw *w, const char *key, const struct corpus *c, int layer)
{
    const struct str none = {NULL, 0};
    jsonw_kstr(w, key, layer < 0 ? none : c->instrument[c->layer[layer]].id);
}

void klayers(struct jsonw *w, const char *key, const struct corpus *c, uint64_t layers)
{
    jsonw_key(w, key);
    jsonw_array(w);
    for (int l = 0; l < c->n_layers; l++)
        if ((layers >> l) & 1)
            jsonw_str(w, c->instrument[c->layer[l]].id);
    jsonw_end(w);
}

/* --- provisions ----------------------------------------------------------------------------- */

void provision_name(struct jsonw *w, const struct corpus *c, const struct provision *p)
{
    jsonw_kstr(w, "instrument", c->instrument[p->instrument].id);
    jsonw_kstr(w, "key", p->key);
}

void kbasis(struct jsonw *w, const struct basis *basis, int n, bool matched)
{
    jsonw_key(w, "basis");
    jsonw_array(w);
    for (int i = 0; i < n; i++) {
        jsonw_object(w);
        jsonw_kstr(w, "title_zh", basis[i].title_zh);
        jsonw_kstr(w, "version", basis[i].version);
        jsonw_kstr(w, "article", basis[i].article);
        if (matched)
            jsonw_kbool(w, "matched", basis[i].matched);
        jsonw_kstr(w, "note", basis[i].note);
        jsonw_end(w);
    }
    jsonw_end(w);
}

/* --- facts ---------------------------------------------------------------------------------- */

void kfact(struct jsonw *w, const struct fact *f, int64_t value)
{
    jsonw_key(w, f->name.p);
    if (f->type == FACT_BOOL)
        jsonw_bool(w, value != 0);
    else if (f->type == FACT_ENUM)
        jsonw_str(w, f->value[value].value);
    else
        jsonw_real(w, (double)value / FACT_SCALE, 4);
}

void kfacts(struct jsonw *w, const struct corpus *c, const struct facts *f)
{
    jsonw_key(w, "facts");
    jsonw_object(w);
    for (int i = 0; f != NULL && i < c->n_facts; i++)
        if (bit_get(f->known, (size_t)i))
            kfact(w, &c->fact[i], f->value[i]);
    jsonw_end(w);
}
