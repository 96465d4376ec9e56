#include "compare/procedure.h"
#include "law/write.h"

#include <jansson.h>

struct reading {
    struct arena *a;
    const char *file;
    struct error *e;
};

static enum err invalid(const struct reading *r, const char *field, const char *key)
{
    err_set(r->e, ERR_INVALID, "程序登记册中的“%s”不合格式", "\"%s\" of the register is not well formed",
            key);
    err_at(r->e, r->file, 0, field);
    return ERR_INVALID;
}

static struct str text(const struct reading *r, const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    if (!json_is_string(v))
        return (struct str){NULL, 0};
    return str_copy(r->a, (struct str){json_string_value(v), json_string_length(v)});
}

static char grade(const json_t *o)
{
    const char *z = json_string_value(json_object_get(o, "evidence"));
    return z != NULL && z[0] >= 'A' && z[0] <= 'C' && z[1] == 0 ? z[0] : 0;
}

static int days(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    json_int_t n = json_integer_value(v);
    return json_is_integer(v) && n >= 0 && n <= 3650 ? (int)n : -1;
}

static enum err read_ties(const struct reading *r, const json_t *ties, struct procedure *p)
{
    const json_t *keys = json_object_get(ties, "keys");
    size_t n = json_array_size(keys);
    if (ties == NULL || json_is_null(ties))
        return OK;
    p->tie = ARENA_ARRAY(r->a, struct procedure_tie, n + 1);
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(keys, i);
        if (!json_is_string(v))
            return invalid(r, "ties/keys", p->key.p);
        p->tie[p->n_ties++].key = str_copy(r->a, str_from(json_string_value(v)));
    }
    if (n > 0)
        return OK;
    struct procedure_tie *t = &p->tie[p->n_ties++];
    if (!family_parse(text(r, ties, "family"), &t->family) ||
        !effect_parse(text(r, ties, "effect"), &t->effect))
        return invalid(r, "ties", p->key.p);
    return OK;
}

static enum err read_steps(const struct reading *r, const json_t *steps, struct procedure *p)
{
    size_t n = json_array_size(steps);
    p->step = ARENA_ARRAY(r->a, struct procedure_step, n + 1);
    p->working_days = -1;
    for (size_t i = 0; i < n; i++) {
        const json_t *o = json_array_get(steps, i);
        struct procedure_step *s = &p->step[p->n_steps++];
        *s = (struct procedure_step){text(r, o, "by"), text(r, o, "do"), days(o, "working_days"),
                                     grade(o)};
        if (s->by.n == 0 || s->what.n == 0)
            return invalid(r, "steps", p->key.p);
        if (s->working_days >= 0 && !json_is_true(json_object_get(o, "renewal")))
            p->working_days = (p->working_days < 0 ? 0 : p->working_days) + s->working_days;
    }
    return OK;
}

static enum err read_procedure(const struct reading *r, const json_t *o, struct procedure *p)
{
    p->key = text(r, o, "key");
    p->zh = text(r, o, "zh");
    p->en = text(r, o, "en");
    p->authority = text(r, o, "authority");
    p->result = text(r, o, "result");
    p->evidence = grade(o);
    p->default_limits = json_is_true(json_object_get(o, "defaults"));
    if (p->key.n == 0 || p->zh.n == 0 || p->evidence == 0)
        return invalid(r, "procedures", p->key.n > 0 ? p->key.p : "key");
    const json_t *sources = json_object_get(o, "sources");
    p->source = ARENA_ARRAY(r->a, struct str, json_array_size(sources) + 1);
    for (size_t i = 0; i < json_array_size(sources); i++)
        p->source[p->n_sources++] =
            str_copy(r->a, str_from(json_string_value(json_array_get(sources, i))));
    TRY(read_steps(r, json_object_get(o, "steps"), p));
    return read_ties(r, json_object_get(o, "ties"), p);
}

static enum err read_defaults(const struct reading *r, const json_t *o, struct procedures *out)
{
    const json_t *rows = json_object_get(o, "rows");
    out->defaults_zh = text(r, o, "title_zh");
    out->defaults_en = text(r, o, "title_en");
    out->defaults = ARENA_ARRAY(r->a, struct procedure_default, json_array_size(rows) + 1);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *x = json_array_get(rows, i);
        struct procedure_default *d = &out->defaults[out->n_defaults++];
        *d = (struct procedure_default){text(r, x, "key"),         text(r, x, "zh"),
                                        text(r, x, "en"),          days(x, "working_days"),
                                        days(x, "extension"),      grade(x)};
        if (d->key.n == 0 || d->evidence == 0)
            return invalid(r, "defaults", "key");
    }
    return OK;
}

enum err procedures_read(struct procedures *out, struct arena *a, struct str json,
                         const char *file, struct error *e)
{
    struct reading r = {a, file, e};
    json_error_t at;
    memset(out, 0, sizeof *out);
    json_t *root = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, &at);
    if (root == NULL) {
        err_set(e, ERR_SYNTAX, "不是合格的 JSON：%s", "not well-formed JSON: %s", at.text);
        err_at(e, file, at.line, "");
        return ERR_SYNTAX;
    }
    const json_t *list = json_object_get(root, "procedures");
    out->procedure = ARENA_ARRAY(a, struct procedure, json_array_size(list) + 1);
    enum err code = OK;
    for (size_t i = 0; i < json_array_size(list) && code == OK; i++)
        code = read_procedure(&r, json_array_get(list, i), &out->procedure[out->n++]);
    if (code == OK)
        code = read_defaults(&r, json_object_get(root, "defaults"), out);
    json_decref(root);
    return code;
}

enum err procedures_load(struct procedures *out, struct arena *a, struct error *e)
{
    struct str json;
    if (!shipped_get("procedures.json", &json)) {
        err_set(e, ERR_NOT_FOUND, "没有随附的 %s", "%s is not shipped", "procedures.json");
        return ERR_NOT_FOUND;
    }
    return procedures_read(out, a, json, "procedures.json", e);
}

const struct procedure *procedure_of(const struct procedures *r, const struct corpus *c,
                                     int provision)
{
    const struct provision *p = &c->provision[provision];
    const struct procedure *found = NULL;
    for (int i = 0; i < r->n; i++)
        for (int k = 0; k < r->procedure[i].n_ties; k++) {
            const struct procedure_tie *t = &r->procedure[i].tie[k];
            if (t->key.n > 0 && str_eq(t->key, p->key))
                return &r->procedure[i];
            if (t->key.n == 0 && found == NULL && t->effect == p->effect &&
                t->family == c->instrument[p->instrument].family)
                found = &r->procedure[i];
        }
    return found;
}

/* --- JSON ------------------------------------------------------------------------------- */

static void kdays(struct jsonw *w, const char *key, int n)
{
    jsonw_key(w, key);
    if (n < 0)
        jsonw_null(w);
    else
        jsonw_int(w, n);
}

static void defaults_json(const struct procedures *r, struct jsonw *w)
{
    jsonw_key(w, "default_limits");
    jsonw_object(w);
    jsonw_kstr(w, "law_zh", r->defaults_zh);
    jsonw_kstr(w, "law_en", r->defaults_en);
    jsonw_key(w, "rows");
    jsonw_array(w);
    for (int i = 0; i < r->n_defaults; i++) {
        const struct procedure_default *d = &r->defaults[i];
        jsonw_object(w);
        jsonw_kstr(w, "key", d->key);
        words_members(w, d->zh, d->en);
        kdays(w, "working_days", d->working_days);
        kdays(w, "extension", d->extension);
        kgrade(w, "evidence", d->evidence);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_end(w);
}

void procedure_json(const struct procedures *r, const struct procedure *p, struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kstr(w, "key", p->key);
    words_members(w, p->zh, p->en);
    jsonw_kstr(w, "authority", p->authority);
    kdays(w, "working_days", p->working_days);
    kgrade(w, "evidence", p->evidence);
    jsonw_key(w, "steps");
    jsonw_array(w);
    for (int i = 0; i < p->n_steps; i++) {
        jsonw_object(w);
        jsonw_kstr(w, "by", p->step[i].by);
        jsonw_kstr(w, "do", p->step[i].what);
        kdays(w, "working_days", p->step[i].working_days);
        kgrade(w, "evidence", p->step[i].evidence);
        jsonw_end(w);
    }
    jsonw_end(w);
    if (p->default_limits)
        defaults_json(r, w);
    jsonw_kstr(w, "result", p->result);
    ktexts(w, "sources", p->source, p->n_sources);
    jsonw_end(w);
}
