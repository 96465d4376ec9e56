/* The programs' door: /api/v1/decide, and problem+json for everything that goes wrong. */
#include "api/api.h"

#include <jansson.h>
#include <stdlib.h>

int api_status(enum err code)
{
    switch (code) {
    case OK:
        return 200;
    case ERR_UNKNOWN_CODE:
    case ERR_NOT_FOUND:
        return 404;
    case ERR_AMBIGUOUS:
    case ERR_CLAIM:
    case ERR_CONFLICT:
    case ERR_PLACE_DATE:
        return 409;
    case ERR_LIMIT:
        return 413;
    case ERR_DENIED:
        return 403;
    case ERR_INTEGRITY:
    case ERR_IO:
        return 500;
    case ERR_BUSY:
        return 503;
    default:
        return 400;
    }
}

void api_problem(const struct error *e, struct response *rs)
{
    struct jsonw w;
    buf_clear(&rs->body);
    rs->status = api_status(e->code);
    rs->type = "application/problem+json";
    jsonw_init(&w, &rs->body, false);
    jsonw_object(&w);
    jsonw_kz(&w, "type", "about:blank");
    jsonw_kz(&w, "title", err_name(e->code));
    jsonw_kint(&w, "status", rs->status);
    jsonw_kz(&w, "code", err_name(e->code));
    jsonw_kz(&w, "detail", e->detail_en);
    jsonw_kz(&w, "detail_zh", e->detail_zh);
    jsonw_kz(&w, "hint", e->hint[0] ? e->hint : NULL);
    jsonw_kz(&w, "field", e->field[0] ? e->field : NULL);
    jsonw_end(&w);
}

/* --- a question out of fields ----------------------------------------------------------- */

static struct str *ask_field(struct ask *a, struct str name)
{
    const struct {
        const char *name;
        struct str *at;
    } fields[] = {{"sector", &a->sector}, {"mode", &a->mode},           {"from", &a->from},
                  {"to", &a->to},         {"kind", &a->kind},           {"on", &a->on},
                  {"known", &a->known},   {"direction", &a->direction}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (str_eqz(name, fields[i].name)) {
            return fields[i].at;
        }
    }
    return NULL;
}

static enum err too_many(const char *field, int limit, struct error *e)
{
    err_set(e, ERR_LIMIT, "%s 超过 %d 项", "more than %2$d of %1$s", field, limit);
    err_at(e, "", 0, field);
    return ERR_LIMIT;
}

static enum err add_fact(struct ask *a, struct str s, struct error *e)
{
    if (s.n > 0 && a->n_facts == ASK_FACTS) {
        return too_many("fact", ASK_FACTS, e);
    }
    if (s.n > 0) {
        a->fact[a->n_facts++] = s;
    }
    return OK;
}

static enum err add_claim(struct ask *a, struct str s, struct error *e)
{
    if (s.n > 0 && a->n_claims == ASK_CLAIMS) {
        return too_many("claim", ASK_CLAIMS, e);
    }
    if (s.n > 0) {
        a->claim[a->n_claims++] = s;
    }
    return OK;
}

enum err ask_from_query(const struct request *rq, struct ask *out, struct error *e)
{
    for (int i = 0; i < rq->n_query; i++) {
        const struct http_field *f = &rq->query[i];
        struct str *at = ask_field(out, f->key);
        if (at != NULL) {
            *at = f->value;
        } else if (str_eqz(f->key, "fact")) {
            TRY(add_fact(out, f->value, e));
        } else if (str_eqz(f->key, "claim")) {
            TRY(add_claim(out, f->value, e));
        }
    }
    return OK;
}

/* --- a question out of a JSON body ------------------------------------------------------ */

static enum err bad_field(const char *name, struct error *e)
{
    err_set(e, ERR_INVALID, "字段“%s”不能这样写", "the field \"%s\" cannot be written so", name);
    err_at(e, "", 0, name);
    err_hint(e, "{\"sector\":\"7231\",\"mode\":1,\"from\":\"SG\",\"to\":\"CN-SH\","
                "\"facts\":{\"name\":true},\"claims\":[\"wto-gats-china\"]}");
    return ERR_INVALID;
}

static bool scalar(struct arena *a, const json_t *v, struct str *out)
{
    if (json_is_string(v)) {
        *out = str_copy(a, (struct str){json_string_value(v), json_string_length(v)});
        return true;
    }
    if (json_is_boolean(v)) {
        *out = json_is_true(v) ? STR("true") : STR("false");
        return true;
    }
    if (json_is_number(v)) {
        char *z = json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
        *out = str_copy(a, str_from(z));
        free(z);
        return out->n > 0;
    }
    return false;
}

/* "facts": {"name": value}, or a list of "name=value". */
static enum err body_facts(struct arena *a, json_t *v, struct ask *out, struct error *e)
{
    const char *name;
    json_t *x;
    size_t i;
    json_array_foreach(v, i, x) {
        struct str s;
        if (!json_is_string(x) || !scalar(a, x, &s)) {
            return bad_field("facts", e);
        }
        TRY(add_fact(out, s, e));
    }
    json_object_foreach(v, name, x) {
        struct str s, value;
        struct buf b;
        if (!scalar(a, x, &value)) {
            return bad_field("facts", e);
        }
        buf_init(&b);
        buf_z(&b, name);
        buf_char(&b, '=');
        buf_str(&b, value);
        s = str_copy(a, buf_view(&b));
        buf_finish(&b);
        TRY(add_fact(out, s, e));
    }
    return json_is_array(v) || json_is_object(v) ? OK : bad_field("facts", e);
}

static enum err body_claims(struct arena *a, json_t *v, struct ask *out, struct error *e)
{
    json_t *x;
    size_t i;
    if (!json_is_array(v)) {
        return bad_field("claims", e);
    }
    json_array_foreach(v, i, x) {
        struct str s;
        if (!json_is_string(x) || !scalar(a, x, &s)) {
            return bad_field("claims", e);
        }
        TRY(add_claim(out, s, e));
    }
    return OK;
}

/* Nesting is counted before the parser sees the text: its own limit is far above ours. */
static bool too_deep(struct str s)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            if (++depth > LIMIT_JSON_DEPTH) {
                return true;
            }
        } else if (c == ']' || c == '}') {
            depth--;
        }
    }
    return false;
}

static enum err body_fields(struct arena *a, json_t *root, struct ask *out, struct error *e)
{
    const char *name;
    json_t *v;
    if (!json_is_object(root)) {
        return bad_field("", e);
    }
    json_object_foreach(root, name, v) {
        struct str *at = ask_field(out, str_from(name));
        if (json_is_null(v)) {
            continue;
        }
        if (strcmp(name, "facts") == 0 || strcmp(name, "fact") == 0) {
            TRY(body_facts(a, v, out, e));
        } else if (strcmp(name, "claims") == 0 || strcmp(name, "claim") == 0) {
            TRY(body_claims(a, v, out, e));
        } else if (at == NULL || !scalar(a, v, at)) {
            return bad_field(name, e); /* an odd field is refused, never passed over */
        }
    }
    return OK;
}

static enum err ask_from_body(const struct request *rq, struct ask *out, struct error *e)
{
    json_error_t where;
    if (too_deep(rq->body)) {
        return err_set(e, ERR_LIMIT, "JSON 嵌套超过 %d 层", "JSON nested deeper than %d",
                       (int)LIMIT_JSON_DEPTH);
    }
    json_t *root = json_loadb(rq->body.p ? rq->body.p : "", rq->body.n, JSON_REJECT_DUPLICATES,
                              &where);
    if (root == NULL) {
        err_set(e, ERR_SYNTAX, "正文不是 JSON（第 %d 行）：%s", "the body is not JSON (line %d): %s",
                where.line, where.text);
        return ERR_SYNTAX;
    }
    enum err code = body_fields(rq->arena, root, out, e);
    json_decref(root);
    return code;
}

/* --- answers ---------------------------------------------------------------------------- */

static void groups_json(const struct api *api, const struct question *q,
                        const struct sector_set *set, struct arena *a, struct buf *out)
{
    struct answer_group *g;
    struct jsonw w;
    int n = answer_groups(api->snapshot, q, set, a, &g);
    jsonw_init(&w, out, false);
    jsonw_object(&w);
    jsonw_kstr(&w, "list", set->list);
    jsonw_kstr(&w, "sector", set->code);
    jsonw_kint(&w, "classes", set->count);
    jsonw_kbool(&w, "partial", set->partial);
    jsonw_key(&w, "groups");
    jsonw_array(&w);
    for (int i = 0; i < n; i++) {
        bool silent = g[i].treatment == SILENT;
        jsonw_object(&w);
        jsonw_kz(&w, "outcome", outcome_name(g[i].outcome));
        jsonw_kz(&w, "must", silent ? NULL : treatment_name(g[i].must));
        jsonw_kz(&w, "treatment", silent ? NULL : treatment_name(g[i].treatment));
        jsonw_key(&w, "sectors");
        jsonw_array(&w);
        for (int k = 0; k < LIMIT_SECTORS; k++) {
            if (bit_get(g[i].leaves, (size_t)k)) {
                jsonw_str(&w, sector_code(api->codes, k));
            }
        }
        jsonw_end(&w);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_kz(&w, "snapshot", api->corpus->hash);
    jsonw_kday(&w, "on", q->on);
    jsonw_kday(&w, "known", q->known);
    jsonw_end(&w);
}

void api_answer(const struct api *api, const struct ask *ask, struct arena *a,
                struct response *rs)
{
    struct sector_set *set = ARENA_NEW(a, struct sector_set);
    struct facts *facts = ARENA_NEW(a, struct facts);
    struct explanation *x = ARENA_NEW(a, struct explanation);
    struct question q;
    struct error e = {0};
    if (ask_parse(api->codes, api->corpus, ask, set, &q, facts, &e) != OK) {
        api_problem(&e, rs);
        return;
    }
    rs->type = "application/json";
    if (set->count == 1) {
        explain(api->snapshot, &q, x);
        explanation_json(api->snapshot, &q, x, &rs->body, false);
    } else {
        groups_json(api, &q, set, a, &rs->body);
    }
}

void api_handle(const struct api *api, const struct request *rq, struct response *rs)
{
    struct ask ask = {0};
    struct error e = {0};
    enum err code;
    if (!str_eqz(rq->path, "/api/v1/decide")) {
        err_set(&e, ERR_NOT_FOUND, "没有“%.*s”", "there is no %.*s", STR_ARG(rq->path));
        err_hint(&e, "/api/v1/decide");
        api_problem(&e, rs);
        return;
    }
    code = rq->method == METHOD_POST ? ask_from_body(rq, &ask, &e)
                                     : ask_from_query(rq, &ask, &e);
    if (code != OK) {
        api_problem(&e, rs);
        return;
    }
    api_answer(api, &ask, rq->arena, rs);
}
