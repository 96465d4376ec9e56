/* Reading data/obligations.json. */
#include "openness/terms.h"

#include <jansson.h>
#include <stdio.h>

static const char *const standstills[] = {"none", "consult", "standstill", "ratchet",
                                          "ratchet-marked"};
static const char *const mfns[] = {"none", "discussion", "listed-sectors", "automatic"};

const char *standstill_name(int kind)
{
    return standstills[kind];
}

const char *mfn_name(int kind)
{
    return mfns[kind];
}

struct reading {
    struct arena *a;
    const struct classification *codes;
    const char *file;
    struct error *e;
    char path[128];
};

static enum err fail(const struct reading *r, const char *field)
{
    char at[128];
    snprintf(at, sizeof at, "%.80s/%.40s", r->path, field);
    err_set(r->e, ERR_INVALID, "缺少或无法理解：%s", "missing or not understood: %s", field);
    err_at(r->e, r->file, 0, at);
    return ERR_INVALID;
}

static struct str text_of(const struct reading *r, const json_t *v)
{
    return str_copy(r->a, (struct str){json_string_value(v), json_string_length(v)});
}

static enum err read_words(const struct reading *r, const json_t *o, const char *key, int *n,
                           struct str **out)
{
    const json_t *list = json_object_get(o, key);
    if (!json_is_array(list))
        return fail(r, key);
    *n = (int)json_array_size(list);
    *out = ARENA_ARRAY(r->a, struct str, (size_t)*n + 1);
    for (int i = 0; i < *n; i++) {
        const json_t *v = json_array_get(list, (size_t)i);
        if (!json_is_string(v))
            return fail(r, key);
        (*out)[i] = text_of(r, v);
    }
    return OK;
}

static enum err read_kind(const struct reading *r, const json_t *o, const char *const *names,
                          int n, int *out)
{
    const char *z = json_string_value(json_object_get(o, "kind"));
    for (int i = 0; i < n && z != NULL; i++)
        if (strcmp(z, names[i]) == 0) {
            *out = i;
            return OK;
        }
    return fail(r, "kind");
}

/* *o: the member, NULL if it is null or absent: a term that is not known. */
static enum err read_term(struct reading *r, const json_t *row, const char *key, struct term *t,
                          const json_t **o)
{
    *o = json_object_get(row, key);
    if (*o == NULL || json_is_null(*o)) {
        *o = NULL;
        return OK;
    }
    const json_t *zh = json_object_get(*o, "zh"), *en = json_object_get(*o, "en"),
                 *from = json_object_get(*o, "from");
    const char *grade = json_string_value(json_object_get(*o, "evidence"));
    if (!json_is_string(zh) || !json_is_string(en))
        return fail(r, key);
    if (grade == NULL || strlen(grade) != 1 || strchr("ABC", grade[0]) == NULL)
        return fail(r, "evidence");
    t->known = true;
    t->evidence = grade[0];
    t->zh = text_of(r, zh);
    t->en = text_of(r, en);
    t->from = DAY_MIN;
    if (json_is_string(from) && !day_parse(text_of(r, from), &t->from))
        return fail(r, "from");
    TRY(read_words(r, *o, "sources", &t->n_sources, &t->source));
    /* A term that was read has a source to read it again in. */
    return t->evidence != 'C' && t->n_sources == 0 ? fail(r, "sources") : OK;
}

static enum err read_modes(struct reading *r, const json_t *o, unsigned *out)
{
    const json_t *list = json_object_get(o, "modes");
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_int_t m = json_integer_value(json_array_get(list, i));
        if (m < 1 || m > 4)
            return fail(r, "modes");
        *out |= 1u << m;
    }
    return OK;
}

static enum err read_mfn(struct reading *r, const json_t *o, struct terms *t)
{
    int n;
    struct str *list;
    TRY(read_kind(r, o, mfns, MFN_KINDS, &t->mfn.kind));
    t->mfn_earlier = json_is_true(json_object_get(o, "earlier_agreements"));
    TRY(read_words(r, o, "excluded", &n, &list));
    for (int i = 0; i < n; i++) {
        int economy = economy_find(r->codes, list[i]);
        if (economy < 0)
            return fail(r, "excluded");
        bit_set(t->mfn_excluded, (size_t)economy);
    }
    t->has_mfn_sectors = json_is_array(json_object_get(o, "sectors"));
    if (!t->has_mfn_sectors)
        return OK;
    TRY(read_words(r, o, "sectors", &n, &list));
    for (int i = 0; i < n; i++) {
        struct sector_set set;
        TRY(sector_parse(r->codes, list[i], &set, r->e));
        bits_or(t->mfn_sector, set.leaf, SECTOR_WORDS);
    }
    return OK;
}

static enum err read_row(struct reading *r, const json_t *row, struct terms *t)
{
    const json_t *o, *id = json_object_get(row, "id");
    if (!json_is_string(id))
        return fail(r, "id");
    t->id = text_of(r, id);
    TRY(read_term(r, row, "standstill", &t->standstill, &o));
    if (o != NULL) {
        TRY(read_kind(r, o, standstills, STANDSTILL_KINDS, &t->standstill.kind));
        TRY(read_modes(r, o, &t->modes));
    }
    TRY(read_term(r, row, "renewal", &t->renewal, &o));
    t->renewal_days = o ? (int)json_integer_value(json_object_get(o, "days")) : 0;
    TRY(read_term(r, row, "local_exempt", &t->local_exempt, &o));
    TRY(read_term(r, row, "schedule_state", &t->schedule_state, &o));
    TRY(read_term(r, row, "mfn", &t->mfn, &o));
    return o != NULL ? read_mfn(r, o, t) : OK;
}

enum err obligations_read(struct obligations **out, struct arena *a,
                          const struct classification *codes, struct str json, const char *file,
                          struct error *e)
{
    json_error_t je;
    struct reading r = {.a = a, .codes = codes, .file = file, .e = e};
    json_t *root = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, &je);
    const json_t *rows = json_object_get(root, "agreements");
    if (root == NULL) {
        err_set(e, ERR_SYNTAX, "不是有效的 JSON：%s", "not valid JSON: %s", je.text);
        err_at(e, file, je.line, "");
        return ERR_SYNTAX;
    }
    struct obligations *o = *out = ARENA_NEW(a, struct obligations);
    o->n = (int)json_array_size(rows);
    o->terms = ARENA_ARRAY(a, struct terms, (size_t)o->n + 1);
    enum err result = rows ? read_words(&r, root, "local_level", &o->n_local, &o->local)
                           : fail(&r, "agreements");
    for (int i = 0; i < o->n && result == OK; i++) {
        snprintf(r.path, sizeof r.path, "/agreements/%d", i);
        result = read_row(&r, json_array_get(rows, (size_t)i), &o->terms[i]);
    }
    json_decref(root);
    return result;
}

enum err obligations_load(struct obligations **out, struct arena *a,
                          const struct classification *codes, struct error *e)
{
    struct str text;
    if (!shipped_get("obligations.json", &text))
        return err_set(e, ERR_INTEGRITY, "程序内缺少 %s", "the program lacks %s",
                       "obligations.json");
    return obligations_read(out, a, codes, text, "obligations.json", e);
}

const struct terms *terms_of(const struct obligations *o, struct str id)
{
    static const struct terms unknown;
    for (int i = 0; i < o->n; i++)
        if (str_eq(o->terms[i].id, id))
            return &o->terms[i];
    return &unknown;
}
