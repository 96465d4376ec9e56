/* Reading JSON with a place for every error. jansson is strict about UTF-8 and duplicates. */
#include "law/internal.h"

#include <stdio.h>

static int json_depth_max(const json_t *v, int depth)
{
    if (depth > LIMIT_JSON_DEPTH)
        return depth;
    int deepest = depth;
    if (json_is_object(v)) {
        const char *k;
        json_t *m;
        json_object_foreach((json_t *)(uintptr_t)v, k, m)
        {
            int d = json_depth_max(m, depth + 1);
            deepest = d > deepest ? d : deepest;
        }
    } else if (json_is_array(v)) {
        for (size_t i = 0; i < json_array_size(v); i++) {
            int d = json_depth_max(json_array_get(v, i), depth + 1);
            deepest = d > deepest ? d : deepest;
        }
    }
    return deepest;
}

enum err read_document(struct reader *r, struct str text, json_t **out)
{
    json_error_t je;
    *out = NULL;
    if (text.n > LIMIT_FILE_BYTES) {
        err_at(r->e, r->file, 0, "");
        return read_fail(r, "", "文件过大%s", "the file is too large%s", "");
    }
    json_t *v = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &je);
    if (v == NULL) {
        err_set(r->e, ERR_SYNTAX, "不是有效的 JSON:%s", "not valid JSON: %s", je.text);
        err_at(r->e, r->file, je.line, "");
        return ERR_SYNTAX;
    }
    if (!json_is_object(v) || json_depth_max(v, 1) > LIMIT_JSON_DEPTH) {
        json_decref(v);
        return read_fail(r, "", "须为对象且嵌套不过深%s",
                         "must be an object, not nested too deep%s", "");
    }
    *out = v;
    return OK;
}

enum err read_fail(struct reader *r, const char *field, const char *zh, const char *en,
                   const char *what)
{
    char at[256];
    snprintf(at, sizeof at, "%s%s%s", r->path, field[0] ? "/" : "", field);
    /* The two formats are literals of this room with one %s each. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
    err_set(r->e, ERR_INVALID, zh, en, what);
#pragma GCC diagnostic pop
    err_at(r->e, r->file, 0, at);
    return ERR_INVALID;
}

enum err read_text(struct reader *r, const json_t *o, const char *key, struct str *out)
{
    const json_t *v = json_object_get(o, key);
    *out = (struct str){NULL, 0};
    if (v == NULL || json_is_null(v))
        return OK;
    if (!json_is_string(v))
        return read_fail(r, key, "应为文本%s", "must be text%s", "");
    struct str s = {json_string_value(v), json_string_length(v)};
    *out = str_copy(r->a, s);
    return OK;
}

enum err read_text_needed(struct reader *r, const json_t *o, const char *key, struct str *out)
{
    TRY(read_text(r, o, key, out));
    if (out->n == 0)
        return read_fail(r, key, "缺少必填项%s", "is required%s", "");
    return OK;
}

enum err read_int(struct reader *r, const json_t *o, const char *key, int absent, int *out)
{
    const json_t *v = json_object_get(o, key);
    *out = absent;
    if (v == NULL || json_is_null(v))
        return OK;
    if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > 1000000)
        return read_fail(r, key, "应为 0 至 1000000 的整数%s",
                         "must be a whole number from 0 to 1000000%s", "");
    *out = (int)json_integer_value(v);
    return OK;
}

enum err read_bool(struct reader *r, const json_t *o, const char *key, bool absent, bool *out)
{
    const json_t *v = json_object_get(o, key);
    *out = absent;
    if (v == NULL || json_is_null(v))
        return OK;
    if (!json_is_boolean(v))
        return read_fail(r, key, "应为 true 或 false%s", "must be true or false%s", "");
    *out = json_is_true(v);
    return OK;
}

enum err read_day(struct reader *r, const json_t *o, const char *key, day_t absent, day_t *out)
{
    struct str s;
    TRY(read_text(r, o, key, &s));
    *out = absent;
    if (s.n == 0)
        return OK;
    if (!day_parse(s, out))
        return read_fail(r, key, "日期须为 YYYY-MM-DD:%s", "the date must be YYYY-MM-DD: %s",
                         s.p);
    return OK;
}

enum err read_grade(struct reader *r, const json_t *o, const char *key, bool needed, char *out)
{
    struct str s;
    TRY(read_text(r, o, key, &s));
    *out = 0;
    if (s.n == 0 && !needed)
        return OK;
    if (s.n != 1 || s.p[0] < 'A' || s.p[0] > 'C')
        return read_fail(r, key, "证据等级须为 A、B 或 C%s", "the evidence grade must be A, B or C%s",
                         "");
    *out = s.p[0];
    return OK;
}

enum err read_array(struct reader *r, const json_t *o, const char *key, const json_t **out)
{
    const json_t *v = json_object_get(o, key);
    *out = NULL;
    if (v == NULL || json_is_null(v))
        return OK;
    if (!json_is_array(v))
        return read_fail(r, key, "应为数组%s", "must be an array%s", "");
    *out = v;
    return OK;
}

enum err read_texts(struct reader *r, const json_t *o, const char *key, int *n, struct str **out)
{
    const json_t *list;
    TRY(read_array(r, o, key, &list));
    *n = list ? (int)json_array_size(list) : 0;
    *out = ARENA_ARRAY(r->a, struct str, (size_t)*n + 1);
    for (int i = 0; i < *n; i++) {
        const json_t *v = json_array_get(list, (size_t)i);
        if (!json_is_string(v))
            return read_fail(r, key, "应为文本数组%s", "must be an array of text%s", "");
        (*out)[i] = str_copy(r->a, (struct str){json_string_value(v), json_string_length(v)});
    }
    return OK;
}
