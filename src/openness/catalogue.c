/* Reading a catalogue of rules, with a place for every error. */
#include "openness/catalogue.h"

#include "space/grid.h"

#include <jansson.h>
#include <stdio.h>

struct reading {
    struct arena *a;
    const struct corpus *c;
    const char *file;
    char path[64]; /* "/rules/3" */
    struct error *e;
};

static enum err fail(struct reading *r, enum err code, const char *field, const char *zh,
                     const char *en, const char *what)
{
    char at[128];
    snprintf(at, sizeof at, "%s%s%s", r->path, field[0] ? "/" : "", field);
    /* The two formats are literals of this file with one %s each. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
    err_set(r->e, code, zh, en, what);
#pragma GCC diagnostic pop
    err_at(r->e, r->file, 0, at);
    return code;
}

static enum err invalid(struct reading *r, const char *field, const char *zh, const char *en,
                        const char *what)
{
    return fail(r, ERR_INVALID, field, zh, en, what);
}

/* Every member must be one of the names: a misspelt one would silently change a rule. */
static enum err only_names(struct reading *r, const json_t *o, const char *field,
                           const char *const *names)
{
    const char *k;
    json_t *v;
    if (!json_is_object(o))
        return invalid(r, field, "应为对象%s", "must be an object%s", "");
    json_object_foreach((json_t *)(uintptr_t)o, k, v)
    {
        bool known = false;
        for (int i = 0; names[i] && !known; i++)
            known = strcmp(names[i], k) == 0;
        if (!known) {
            char at[64];
            snprintf(at, sizeof at, "%s%s%.40s", field, field[0] ? "/" : "", k);
            return invalid(r, at, "没有这个字段：%s", "there is no such field: %s", k);
        }
    }
    return OK;
}

static enum err text(struct reading *r, const json_t *o, const char *key, bool needed,
                     struct str *out)
{
    const json_t *v = json_object_get(o, key);
    *out = (struct str){NULL, 0};
    if (v != NULL && !json_is_null(v) && !json_is_string(v))
        return invalid(r, key, "应为文本%s", "must be text%s", "");
    if (json_is_string(v))
        *out = str_copy(r->a, (struct str){json_string_value(v), json_string_length(v)});
    if (needed && out->n == 0)
        return invalid(r, key, "缺少必填项%s", "is required%s", "");
    return OK;
}

/* An array, or NULL when absent or null. */
static enum err array(struct reading *r, const json_t *o, const char *key, const char *field,
                      const json_t **out)
{
    const json_t *v = json_object_get(o, key);
    *out = NULL;
    if (v == NULL || json_is_null(v))
        return OK;
    if (!json_is_array(v))
        return invalid(r, field, "应为数组%s", "must be an array%s", "");
    *out = v;
    return OK;
}

static enum err day(struct reading *r, const json_t *o, const char *key, day_t absent, day_t *out)
{
    struct str s;
    TRY(text(r, o, key, false, &s));
    *out = absent;
    if (s.n > 0 && !day_parse(s, out))
        return invalid(r, key, "日期须为 YYYY-MM-DD：%s", "the date must be YYYY-MM-DD: %s", s.p);
    return OK;
}

/* The position of a text among names; -1 if it is absent, an error if it is another one. */
static enum err choice(struct reading *r, const json_t *o, const char *key,
                       const char *const *names, int *out)
{
    struct str s;
    TRY(text(r, o, key, false, &s));
    *out = -1;
    for (int i = 0; names[i]; i++)
        if (str_eqz(s, names[i]))
            *out = i;
    if (s.n > 0 && *out < 0)
        return invalid(r, key, "不可识别的取值：%s", "unknown value: %s", s.p);
    return OK;
}

/* --- the scope ---------------------------------------------------------------------------- */

static const char *item(const json_t *list, size_t i)
{
    const char *z = json_string_value(json_array_get(list, i));
    return z ? z : "?";
}

static enum err sectors(struct reading *r, const json_t *s, const char *key, const char *field,
                        uint64_t *bits)
{
    const struct codelist *g = &r->c->codes->gbt;
    const json_t *list;
    TRY(array(r, s, key, field, &list));
    for (size_t i = 0; list && i < json_array_size(list); i++) {
        int at = codelist_find(g, str_from(item(list, i)));
        if (at < 0)
            return invalid(r, field, "未知的行业代码：%s", "unknown sector code: %s", item(list, i));
        bits_set_range(bits, (size_t)g->code[at].leaf_from, (size_t)g->code[at].leaf_to);
    }
    return OK;
}

static enum err places(struct reading *r, const json_t *s, uint64_t *bits)
{
    const struct classification *k = r->c->codes;
    const json_t *list;
    TRY(array(r, s, "places", "scope/places", &list));
    if (list == NULL)
        bits_set_range(bits, 0, (size_t)k->n_places);
    for (size_t i = 0; list && i < json_array_size(list); i++) {
        int at = place_find(k, str_from(item(list, i)));
        if (at >= 0)
            bits_set_range(bits, (size_t)at, (size_t)k->place[at].end);
        else if (!place_group_bits(k, str_from(item(list, i)), bits))
            return invalid(r, "scope/places", "未知的地点：%s", "unknown place: %s", item(list, i));
    }
    return OK;
}

static enum err origins(struct reading *r, const json_t *s, uint64_t *bits)
{
    const struct classification *k = r->c->codes;
    const json_t *list;
    TRY(array(r, s, "origins", "scope/origins", &list));
    if (list == NULL)
        bits_set_range(bits, 0, (size_t)k->n_economies);
    for (size_t i = 0; list && i < json_array_size(list); i++) {
        int at = economy_find(k, str_from(item(list, i)));
        if (str_eqz(str_from(item(list, i)), "*"))
            bits_set_range(bits, 0, (size_t)k->n_economies);
        else if (at < 0)
            return invalid(r, "scope/origins", "未知的经济体：%s", "unknown economy: %s",
                           item(list, i));
        else
            bit_set(bits, (size_t)at);
    }
    return OK;
}

static enum err modes(struct reading *r, const json_t *s, unsigned *out)
{
    const json_t *list;
    TRY(array(r, s, "modes", "scope/modes", &list));
    for (size_t i = 0; list && i < json_array_size(list); i++) {
        json_int_t mode = json_integer_value(json_array_get(list, i));
        if (mode < 1 || mode > 4)
            return invalid(r, "scope/modes", "模式须为 1 至 4%s", "a mode is 1 to 4%s", "");
        *out |= 1U << mode;
    }
    return OK;
}

/* Kinds as in a list item: in mode 3 a firm stands for all its legal forms. */
static enum err combos(struct reading *r, const json_t *s, uint64_t *out)
{
    const json_t *list;
    unsigned mode_bits = 0, kinds = 0;
    TRY(modes(r, s, &mode_bits));
    TRY(array(r, s, "kinds", "scope/kinds", &list));
    for (size_t i = 0; list && i < json_array_size(list); i++) {
        enum kind k;
        if (!kind_parse(str_from(item(list, i)), &k))
            return invalid(r, "scope/kinds", "未知的主体类型：%s", "unknown supplier kind: %s",
                           item(list, i));
        kinds |= 1U << k;
    }
    if (kinds & (1U << KIND_FIRM))
        kinds |= 1U << KIND_JV | 1U << KIND_WFOE | 1U << KIND_BRANCH | 1U << KIND_REP;
    TRY(array(r, s, "directions", "scope/directions", &list));
    for (size_t i = 0; list && i < json_array_size(list); i++) {
        enum direction d;
        if (!direction_parse(str_from(item(list, i)), &d))
            return invalid(r, "scope/directions", "方向须为 import 或 export：%s",
                           "a direction is import or export: %s", item(list, i));
        *out |= combos_of(mode_bits, d, kinds);
    }
    return OK;
}

static enum err scope(struct reading *r, const json_t *o, struct permit *p)
{
    static const char *const names[] = {"sectors", "except", "modes", "directions", "kinds",
                                        "places", "origins", NULL};
    const json_t *s = json_object_get(o, "scope");
    uint64_t except[SECTOR_WORDS] = {0};
    if (s == NULL)
        return invalid(r, "scope", "缺少必填项（来源未给出时写 null）%s",
                       "is required (null if the source gives none)%s", "");
    p->has_scope = !json_is_null(s);
    if (!p->has_scope)
        return OK;
    TRY(only_names(r, s, "scope", names));
    TRY(sectors(r, s, "sectors", "scope/sectors", p->scope.sector));
    TRY(sectors(r, s, "except", "scope/except", except));
    bits_minus(p->scope.sector, except, SECTOR_WORDS);
    TRY(places(r, s, p->scope.place));
    TRY(origins(r, s, p->scope.origin));
    TRY(combos(r, s, &p->scope.combo));
    if (scope_weigh(&p->scope) == 0)
        return invalid(r, "scope", "范围为空%s", "the scope is empty%s", "");
    return OK;
}

/* --- one rule ----------------------------------------------------------------------------- */

/* A schedule line or a displacement is no rule of a catalogue. */
static enum err effect(struct reading *r, const json_t *o, struct permit *p)
{
    const char *names[EFFECT_COMMIT + 1] = {NULL};
    int at;
    for (int i = 0; i < EFFECT_COMMIT; i++)
        names[i] = effect_name((enum effect)i);
    TRY(choice(r, o, "effect", names, &at));
    if (at < 0 && p->has_scope)
        return invalid(r, "effect", "缺少必填项%s", "is required%s", "");
    p->effect = at < 0 ? EFFECT_COUNT : (enum effect)at;
    p->treatment = at < 0 ? EQUAL : effect_treatment(p->effect);
    return OK;
}

static enum err conditions(struct reading *r, const json_t *o, struct permit *p)
{
    static const char *const names[] = {"when", "zh", "en", NULL};
    const json_t *list;
    TRY(array(r, o, "conditions", "conditions", &list));
    p->n_conditions = list ? (int)json_array_size(list) : 0;
    p->condition = ARENA_ARRAY(r->a, struct clause, (size_t)p->n_conditions + 1);
    for (int i = 0; i < p->n_conditions; i++) {
        const json_t *c = json_array_get(list, (size_t)i), *when;
        TRY(only_names(r, c, "conditions", names));
        when = json_object_get(c, "when");
        if (when != NULL && !json_is_null(when))
            return invalid(r, "conditions/when", "条件只能以文字给出%s",
                           "a condition is in words only%s", "");
        p->condition[i].when = -1;
        TRY(text(r, c, "zh", true, &p->condition[i].zh));
        TRY(text(r, c, "en", true, &p->condition[i].en));
    }
    return OK;
}

static enum err grounds(struct reading *r, const json_t *o, struct permit *p)
{
    static const char *const names[] = {"title_zh", "version", "article", "note", NULL};
    const json_t *list;
    TRY(array(r, o, "basis", "basis", &list));
    p->n_basis = list ? (int)json_array_size(list) : 0;
    p->basis = ARENA_ARRAY(r->a, struct basis, (size_t)p->n_basis + 1);
    for (int i = 0; i < p->n_basis; i++) {
        const json_t *b = json_array_get(list, (size_t)i);
        TRY(only_names(r, b, "basis", names));
        TRY(text(r, b, "title_zh", true, &p->basis[i].title_zh));
        TRY(text(r, b, "version", false, &p->basis[i].version));
        TRY(text(r, b, "article", false, &p->basis[i].article));
        TRY(text(r, b, "note", false, &p->basis[i].note));
    }
    TRY(array(r, o, "sources", "sources", &list));
    p->n_sources = list ? (int)json_array_size(list) : 0;
    p->source = ARENA_ARRAY(r->a, struct str, (size_t)p->n_sources + 1);
    for (int i = 0; i < p->n_sources; i++) {
        const json_t *s = json_array_get(list, (size_t)i);
        if (!json_is_string(s))
            return invalid(r, "sources", "应为文本数组%s", "must be an array of text%s", "");
        p->source[i] = str_copy(r->a, (struct str){json_string_value(s), json_string_length(s)});
    }
    return OK;
}

static enum err grade(struct reading *r, const json_t *o, struct permit *p)
{
    static const char *const letters[] = {"A", "B", "C", NULL};
    static const char *const fits[] = {"high", "medium", "low", NULL};
    int at;
    TRY(choice(r, o, "evidence", letters, &at));
    if (at < 0)
        return invalid(r, "evidence", "证据等级须为 A、B 或 C%s",
                       "the evidence grade must be A, B or C%s", "");
    p->evidence = (char)('A' + at);
    if (p->evidence != 'C' && p->n_basis == 0)
        return invalid(r, "basis", "%s 级须写明所依据的法律", "grade %s needs the statute it rests on",
                       letters[at]);
    TRY(choice(r, o, "mapping", fits, &at));
    if (at < 0 && p->has_scope)
        return invalid(r, "mapping", "缺少必填项%s", "is required%s", "");
    p->mapping = (char)('A' + (at < 0 ? 2 : at));
    return OK;
}

/* The item the rule rests on must be one that some list holds, or held. */
static enum err key(struct reading *r, const json_t *o, struct permit *p)
{
    TRY(text(r, o, "list_key", false, &p->list_key));
    if (p->list_key.n == 0)
        return OK;
    for (int i = 0; i < r->c->n_provisions; i++)
        if (r->c->provision[i].layer >= 0 && str_eq(r->c->provision[i].key, p->list_key))
            return OK;
    return invalid(r, "list_key", "没有哪个清单有条目 %s", "no list holds an item %s", p->list_key.p);
}

static enum err activity(struct reading *r, const json_t *o, struct permit *p)
{
    struct str s;
    TRY(text(r, o, "activity", false, &s));
    p->activity = -1;
    if (s.n == 0)
        return OK;
    int at = fact_find(r->c, STR("activity"));
    for (int i = 0; at >= 0 && i < r->c->fact[at].n_values; i++)
        if (str_eq(r->c->fact[at].value[i].value, s))
            p->activity = i;
    if (p->activity < 0)
        return invalid(r, "activity", "未知的业务：%s", "unknown activity: %s", s.p);
    return OK;
}

static enum err rule(struct reading *r, const json_t *o, struct permit *p)
{
    static const char *const names[] = {
        "id", "register", "level", "binds", "effect", "list_key", "scope", "mapping", "activity",
        "conditions", "authority_zh", "authority_en", "basis", "zh", "en", "evidence", "note",
        "sources", "valid_from", "valid_to", NULL};
    static const char *const levels[] = {"national", "local", NULL};
    static const char *const bound[] = {"foreign-only", "all", NULL};
    int at;
    TRY(only_names(r, o, "", names));
    TRY(text(r, o, "id", true, &p->id));
    TRY(text(r, o, "register", false, &p->source_register));
    TRY(text(r, o, "zh", true, &p->zh));
    TRY(text(r, o, "en", true, &p->en));
    TRY(text(r, o, "authority_zh", false, &p->authority_zh));
    TRY(text(r, o, "authority_en", false, &p->authority_en));
    TRY(text(r, o, "note", false, &p->note));
    TRY(choice(r, o, "level", levels, &at));
    if (at < 0)
        return invalid(r, "level", "缺少必填项%s", "is required%s", "");
    p->level = (enum level)at;
    TRY(choice(r, o, "binds", bound, &at));
    p->binds = at < 0 ? BINDS_UNKNOWN : at == 0 ? BINDS_FOREIGN : BINDS_ALL;
    TRY(day(r, o, "valid_from", DAY_MIN, &p->valid_from));
    TRY(day(r, o, "valid_to", DAY_MAX, &p->valid_to));
    if (p->valid_from >= p->valid_to)
        return invalid(r, "valid_to", "时间区间为空%s", "the interval of time is empty%s", "");
    TRY(scope(r, o, p));
    TRY(effect(r, o, p));
    TRY(conditions(r, o, p));
    TRY(grounds(r, o, p));
    TRY(grade(r, o, p));
    TRY(key(r, o, p));
    return activity(r, o, p);
}

/* --- the file ----------------------------------------------------------------------------- */

static enum err rules(struct reading *r, const json_t *list, struct catalogue *k)
{
    if (json_array_size(list) > LIMIT_PERMITS)
        return fail(r, ERR_LIMIT, "rules", "规则过多（LIMIT_PERMITS）%s",
                    "too many rules (LIMIT_PERMITS)%s", "");
    k->permit = ARENA_ARRAY(r->a, struct permit, json_array_size(list) + 1);
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct permit *p = &k->permit[k->n];
        snprintf(r->path, sizeof r->path, "/rules/%d", k->n);
        TRY(rule(r, json_array_get(list, i), p));
        for (int d = 0; d < k->n; d++)
            if (str_eq(k->permit[d].id, p->id))
                return invalid(r, "id", "重复的编号：%s", "a repeated id: %s", p->id.p);
        k->n++;
    }
    return OK;
}

static enum err whole(struct reading *r, const json_t *root, struct catalogue *k)
{
    static const char *const names[] = {"id", "title_zh", "title_en", "complete", "notes", "rules",
                                        NULL};
    const json_t *list, *complete = json_object_get(root, "complete");
    TRY(only_names(r, root, "", names));
    TRY(text(r, root, "id", true, &k->id));
    TRY(text(r, root, "title_zh", true, &k->title_zh));
    TRY(text(r, root, "title_en", true, &k->title_en));
    if (!json_is_boolean(complete))
        return invalid(r, "complete", "应为 true 或 false%s", "must be true or false%s", "");
    k->complete = json_is_true(complete);
    TRY(array(r, root, "rules", "rules", &list));
    if (list == NULL)
        return invalid(r, "rules", "缺少必填项%s", "is required%s", "");
    return rules(r, list, k);
}

enum err catalogue_read(struct catalogue **out, struct arena *a, const struct corpus *c,
                        struct str json, const char *file, struct error *e)
{
    struct reading r = {.a = a, .c = c, .file = file, .e = e};
    json_error_t je;
    *out = ARENA_NEW(a, struct catalogue);
    if (json.n > LIMIT_FILE_BYTES)
        return fail(&r, ERR_LIMIT, "", "文件过大（LIMIT_FILE_BYTES）%s",
                    "the file is too large (LIMIT_FILE_BYTES)%s", "");
    json_t *root = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, &je);
    if (root == NULL) {
        err_set(e, ERR_SYNTAX, "不是有效的 JSON：%s", "not valid JSON: %s", je.text);
        err_at(e, file, je.line, "");
        return ERR_SYNTAX;
    }
    enum err result = whole(&r, root, *out);
    json_decref(root);
    return result;
}

enum err catalogue_load_shipped(struct catalogue **out, struct arena *a, const struct corpus *c,
                                struct error *e)
{
    struct str json;
    if (!shipped_get("permits.json", &json))
        return err_set(e, ERR_INTEGRITY, "程序中没有 %s", "the program holds no %s",
                       "permits.json");
    return catalogue_read(out, a, c, json, "permits.json", e);
}

const char *binds_name(enum binds b)
{
    return b == BINDS_FOREIGN ? "foreign-only" : b == BINDS_ALL ? "all" : NULL;
}

const char *level_name(enum level l)
{
    return l == LEVEL_LOCAL ? "local" : "national";
}
