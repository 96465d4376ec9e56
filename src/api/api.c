/* The programs' door: routes, parameters and ETags, and problem+json for all that goes wrong. */
#include "api/gallery.h"
#include "api/routes.h"

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

void api_problem_json(const struct error *e, bool english, struct jsonw *w)
{
    const struct http_fault f = {.status = api_status(e->code), .title = err_name(e->code),
                                 .code = err_name(e->code), .zh = e->detail_zh,
                                 .en = e->detail_en, .hint = e->hint, .field = e->field};
    http_fault_json(&f, english, w);
}

void api_problem(const struct request *rq, const struct error *e, struct response *rs)
{
    bool english = http_wants_english(rq);
    struct jsonw w;
    buf_clear(&rs->body);
    rs->status = api_status(e->code);
    rs->type = "application/problem+json";
    http_set(rs, "Content-Language", english ? STR("en") : STR("zh"));
    http_set(rs, "Vary", STR("Accept-Language"));
    jsonw_init(&w, &rs->body, false);
    api_problem_json(e, english, &w);
}

/* --- parameters ------------------------------------------------------------------------- */

struct str api_arg(const struct api_call *c, const char *name)
{
    return str_trim(http_query(c->rq, name));
}

enum err api_day(const struct api_call *c, const char *name, day_t otherwise, day_t *out,
                 struct error *e)
{
    struct str s = api_arg(c, name);
    *out = otherwise;
    if (s.n == 0 || day_parse(s, out)) {
        return OK;
    }
    err_set(e, ERR_SYNTAX, "“%.*s”不是日期", "\"%.*s\" is not a date", (int)(s.n > 40 ? 40 : s.n),
            s.p);
    err_at(e, "", 0, name);
    err_hint(e, "YYYY-MM-DD");
    return ERR_SYNTAX;
}

enum err api_number(const struct api_call *c, const char *name, int otherwise, int most, int *out,
                    struct error *e)
{
    struct str s = api_arg(c, name);
    int64_t n = otherwise;
    if (s.n > 0 && (!str_int(s, &n) || n < 0 || n > most)) {
        err_set(e, ERR_INVALID, "%s 应为 0 至 %d 的整数", "%s is a whole number from 0 to %d", name,
                most);
        err_at(e, "", 0, name);
        return ERR_INVALID;
    }
    *out = (int)n;
    return OK;
}

enum err api_days(const struct api *api, day_t on, day_t known, struct error *e)
{
    struct question q = {.mode = 1, .on = on, .known = known};
    q.origin = str_eqz(api->codes->economy[0].alpha2, "CN"); /* any that is not China */
    return question_check(api->corpus, &q, e);
}

enum err api_no(struct error *e, enum err code, const char *field, struct str value,
                const char *hint)
{
    err_set(e, code, "没有“%.*s”", "there is no \"%.*s\"", (int)(value.n > 80 ? 80 : value.n),
            value.p);
    err_at(e, "", 0, field);
    err_hint(e, "%s", hint);
    return code;
}

/* --- routes ----------------------------------------------------------------------------- */

/* Does the path fit? What stands for {names} is taken. Segments are cut before they are decoded:
 * a code may hold an encoded slash. */
static bool fits(const char *pattern, struct api_call *c)
{
    struct str want = str_from(pattern + 1), have = c->rq->path_raw;
    int n = 0;
    have.p++;
    have.n--;
    while (want.n > 0 && have.n > 0) {
        struct str w = str_cut(want, '/', &want), h = str_cut(have, '/', &have);
        if (w.p[0] != '{') {
            if (!str_eq(w, h)) {
                return false;
            }
        } else if (n == API_PARTS || h.n == 0 ||
                   !http_decode(c->arena, h, false, &c->part[n++])) {
            return false;
        }
    }
    return want.n == 0 && have.n == 0;
}

static const struct api_param *param_of(const struct api_route *r, struct str name)
{
    for (int i = 0; i < r->n_params; i++) {
        if (str_eqz(name, r->param[i].name) && strcmp(r->param[i].in, "query") == 0) {
            return &r->param[i];
        }
    }
    return NULL;
}

static enum err odd_parameter(const struct api_route *r, struct str name, struct error *e)
{
    char list[sizeof e->hint];
    size_t n = 0;
    list[0] = '\0';
    for (int i = 0; i < r->n_params; i++) {
        size_t k = strlen(r->param[i].name);
        if (strcmp(r->param[i].in, "query") == 0 && n + k + 2 < sizeof list) {
            memcpy(list + n, r->param[i].name, k);
            n += k;
            list[n++] = ' ';
        }
    }
    list[n] = '\0';
    char field[64];
    size_t k = name.n < sizeof field ? name.n : sizeof field - 1;
    memcpy(field, name.p, k);
    field[k] = '\0';
    err_set(e, ERR_INVALID, "这个接口没有参数“%s”", "this route has no parameter \"%s\"", field);
    err_at(e, "", 0, field);
    err_hint(e, "%s", list);
    return ERR_INVALID;
}

/* A parameter that the tag does not name is refused, never passed over; so is one said twice. */
static enum err check_parameters(const struct api_route *r, const struct request *rq,
                                 struct error *e)
{
    for (int i = 0; i < rq->n_query; i++) {
        const struct http_field *f = &rq->query[i];
        const struct api_param *p = param_of(r, f->key);
        if (p == NULL && !str_eqz(f->key, "lang")) {
            return odd_parameter(r, f->key, e);
        }
        for (int k = 0; k < i && p != NULL && !p->many; k++) {
            if (str_eq(rq->query[k].key, f->key)) {
                err_set(e, ERR_INVALID, "参数“%s”写了两次", "the parameter \"%s\" is said twice",
                        p->name);
                err_at(e, "", 0, p->name);
                return ERR_INVALID;
            }
        }
    }
    for (int i = 0; i < r->n_params; i++) {
        const struct api_param *p = &r->param[i];
        if (p->required && strcmp(p->in, "query") == 0 && http_query(rq, p->name).n == 0) {
            err_set(e, ERR_USAGE, "缺少“%s”", "%s is missing", p->name);
            err_at(e, "", 0, p->name);
            err_hint(e, "%s / %s", p->en, p->zh);
            return ERR_USAGE;
        }
    }
    return OK;
}

/* --- ETags ------------------------------------------------------------------------------ */

static int by_field(const void *a, const void *b)
{
    const struct http_field *x = a, *y = b;
    int d = str_cmp(x->key, y->key);
    return d != 0 ? d : str_cmp(x->value, y->value);
}

static void add_text(struct buf *b, struct str s)
{
    buf_int(b, (int64_t)s.n); /* lengths first: no two requests run into one text */
    buf_char(b, ':');
    buf_str(b, s);
}

struct str api_etag(const struct api *api, const struct request *rq, const char *language)
{
    struct http_field *sorted = ARENA_ARRAY(rq->arena, struct http_field, (size_t)rq->n_query + 1);
    char *tag = arena_alloc(rq->arena, 40);
    struct buf b;
    uint64_t h[2];
    int n = 0;
    buf_init(&b);
    buf_reserve(&b, 384 + rq->query_raw.n + rq->path_raw.n);
    for (int i = 0; i < rq->n_query; i++) {
        if (rq->query[i].value.n > 0 && !str_eqz(rq->query[i].key, "lang")) {
            sorted[n++] = rq->query[i];
        }
    }
    sort_by(sorted, (size_t)n, sizeof *sorted, by_field);
    add_text(&b, build_mark());
    add_text(&b, str_from(api->corpus->hash));
    add_text(&b, rq->path_raw);
    add_text(&b, str_from(language));
    buf_int(&b, day_today()); /* meant where no day is said, and the last that can be known */
    for (int i = 0; i < n; i++) {
        add_text(&b, sorted[i].key);
        add_text(&b, sorted[i].value);
    }
    hash_quick(b.p, b.n, 0, h);
    buf_finish(&b);
    tag[0] = '"';
    hash_hex((const uint8_t *)h, sizeof h, tag + 1);
    tag[33] = '"';
    return (struct str){tag, 34};
}

/* --- the door --------------------------------------------------------------------------- */

static void no_route(const struct api_call *c, bool other_method, struct error *e)
{
    if (other_method) {
        http_problem(c->rq, c->rs, 405, "这个接口不接受这种方法", "this route does not take this method");
        return;
    }
    err_set(e, ERR_NOT_FOUND, "没有“%.*s”", "there is no %.*s",
            (int)(c->rq->path.n > 200 ? 200 : c->rq->path.n), c->rq->path.p);
    err_hint(e, "/api, /api/v1/openapi.json");
    api_problem(c->rq, e, c->rs);
}

/* What an answer hangs on besides what api_etag knows: which release is the newest. */
static struct str mark_of(const struct api_route *r, const struct api_call *c)
{
    return str_has_prefix(str_from(r->path), STR("/api/v1/statistics"))
               ? gallery_newest(c->api->gallery, c->arena)
               : STR("");
}

static void run_route(const struct api_route *r, struct api_call *c, struct error *e)
{
    enum err code = check_parameters(r, c->rq, e);
    c->rs->type = "application/json";
    if (code == OK && c->rq->method == METHOD_GET) {
        http_set(c->rs, "Cache-Control", STR("no-cache")); /* keep it, and ask if it holds */
        if (http_known(c->rq, c->rs, api_etag(c->api, c->rq, mark_of(r, c).p))) {
            return;
        }
    }
    if (code == OK) {
        code = r->handle(c, e);
    }
    if (code != OK) {
        api_problem(c->rq, e, c->rs);
    }
}

void api_handle(const struct api *api, const struct request *rq, struct response *rs)
{
    struct api_call c = {.api = api, .rq = rq, .rs = rs, .arena = rq->arena};
    struct error e = {0};
    bool other_method = false;
    for (int i = 0; i < api_n_routes; i++) {
        const struct api_route *r = &api_routes[i];
        enum method method = strcmp(r->method, "POST") == 0 ? METHOD_POST : METHOD_GET;
        if (!fits(r->path, &c)) {
            continue;
        }
        if (method == rq->method) {
            run_route(r, &c, &e);
            return;
        }
        other_method = true;
    }
    no_route(&c, other_method, &e);
}

/*
 * API: GET /api/v1/openapi.json -> openapi
 * zh: 本接口的 OpenAPI 3.1 描述
 * en: This description, as OpenAPI 3.1
 * example: /api/v1/openapi.json
 */
enum err api_get_openapi(struct api_call *c, struct error *e)
{
    (void)e;
    buf_str(&c->rs->body, (struct str){api_openapi, api_openapi_n});
    return OK;
}
