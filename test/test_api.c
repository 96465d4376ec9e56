/* The programs' door: batches and lines against single questions, what is refused and how, ETags,
 * rates by a clock of our own, and every GET of openapi.json held to its own schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "api/batch.h"
#include "api/gallery.h"
#include "api/routes.h"
#include "schema.h"
#include "web/rate.h"

static struct arena forever, step;
static struct api api;

static int load(void **state)
{
    struct classification *codes;
    struct corpus *law;
    struct snapshot *s;
    (void)state;
    arena_init(&forever);
    arena_init(&step);
    if (classification_load(&codes, &forever, NULL) != OK ||
        law_load_shipped(&law, &forever, codes, NULL) != OK ||
        snapshot_create(&s, law, NULL) != OK)
        return 1;
    api = (struct api){codes, law, s, NULL};
    if (gallery_open(&api.gallery, codes, "sqlite::memory:", NULL) != OK)
        return 1;
    return 0;
}

/* --- asking without a wire -------------------------------------------------------------- */

struct said { /* one answer; valid until the next is asked for */
    int status;
    const char *type;
    struct str body; /* all pieces together, NUL-terminated */
    size_t longest_piece;
    struct str etag;
};

static struct str field(const struct response *rs, const char *name)
{
    for (int i = 0; i < rs->n_headers; i++)
        if (str_eq_nocase(rs->headers[i].key, str_from(name)))
            return str_copy(&step, rs->headers[i].value);
    return (struct str){NULL, 0};
}

static struct said ask(enum method method, const char *target, struct str body,
                       const struct http_field *headers, int n_headers)
{
    struct request rq = {.method = method, .arena = &step, .body = body, .headers = headers,
                         .n_headers = n_headers, .target = str_from(target)};
    struct response rs = {.status = 200, .arena = &step};
    struct said out = {0};
    struct buf piece, whole;
    arena_reset(&step);
    rq.path_raw = str_cut(rq.target, '?', &rq.query_raw);
    assert_true(http_decode(&step, rq.path_raw, false, &rq.path));
    assert_true(http_parse_fields(&step, rq.query_raw, &rq.query, &rq.n_query));
    api_handle(&api, &rq, &rs);
    buf_init(&piece);
    whole = rs.body;
    for (bool more = rs.piece != NULL; more;) {
        buf_clear(&piece);
        more = rs.piece(rs.piece_ctx, &piece);
        out.longest_piece = piece.n > out.longest_piece ? piece.n : out.longest_piece;
        buf_str(&whole, buf_view(&piece));
    }
    if (rs.piece_end != NULL)
        rs.piece_end(rs.piece_ctx);
    out.status = rs.status;
    out.type = rs.type;
    out.etag = field(&rs, "ETag");
    out.body = str_copy(&step, buf_view(&whole));
    buf_finish(&piece);
    buf_finish(&whole);
    return out;
}

static struct said get(const char *target)
{
    return ask(METHOD_GET, target, STR(""), NULL, 0);
}

static struct said post(const char *target, const char *body)
{
    return ask(METHOD_POST, target, str_from(body), NULL, 0);
}

static struct said post_lines(const char *target, struct str body)
{
    const struct http_field h = {STR("content-type"), STR("application/x-ndjson; charset=utf-8")};
    return ask(METHOD_POST, target, body, &h, 1);
}

static json_t *parse(struct str s)
{
    json_error_t e;
    json_t *j = json_loadb(s.p, s.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
    if (j == NULL)
        fail_msg("no JSON: %s in %.200s", e.text, s.p);
    return j;
}

static void has_code(struct said a, int status, const char *code, const char *field_name)
{
    json_t *j = parse(a.body);
    assert_int_equal(a.status, status);
    assert_string_equal(a.type, "application/problem+json");
    assert_string_equal(json_string_value(json_object_get(j, "code")), code);
    if (field_name != NULL)
        assert_string_equal(json_string_value(json_object_get(j, "field")), field_name);
    assert_true(json_string_length(json_object_get(j, "detail_zh")) > 0);
    assert_true(json_string_length(json_object_get(j, "detail_en")) > 0);
    json_decref(j);
}

/* --- questions, good and bad ------------------------------------------------------------ */

static const char *draw_of(struct rng *r, const char *const *list, int n)
{
    return list[rng_below(r, (uint32_t)n)];
}
#define DRAW(r, list) draw_of(r, list, (int)(sizeof(list) / sizeof *(list)))

static void put_random(struct rng *r, struct buf *b)
{
    static const char *const sectors[] = {"7231", "6513", "gbt:7297", "72", "法律服务", "ebops:SJ21", "云", "9411",
                                          "0000", "", " 7231 ", "\\u0037231", "L"};
    static const char *const modes[] = {"1", "2", "3", "\"4\"", "5", "1.0", "true", "null", "\"3\""};
    static const char *const from[] = {"SG", "HK", "hk", "SGP", "CN", "XX", "US", "DE", ""};
    static const char *const to[] = {"CN", "CN-SH", "CN-SH-FTZ", "cn-hi", "CN-XX", "CN-GD", "CN-BJ"};
    static const char *const kinds[] = {"firm", "person", "joint-venture", "branch", "x"};
    static const char *const days[] = {"2026-06-01", "2015-06-01", "2024-04-21", "2026-02-30",
                                       "1900-01-01", "2021-08-26", "2099-01-01", "today"};
    static const char *const more[] = {
        "\"facts\":{\"place\":\"CN\"}", "\"facts\":[\"place=CN\"]", "\"facts\":{\"place\":7}",
        "\"facts\":{}", "\"claims\":[\"wto-gats-china\"]", "\"claims\":[\"agreement-rcep\"]",
        "\"claims\":[\"no\"]", "\"direction\":\"export\"", "\"direction\":\"in\"", "\"known\":\"2020-01-01\"",
        "\"odd\":1", "\"mode\":1", "\"facts\":{\"place\":{}}", "\"known\":null"};
    buf_printf(b, "{\"sector\":\"%s\",\"mode\":%s,\"from\":\"%s\"", DRAW(r, sectors), DRAW(r, modes),
               DRAW(r, from));
    buf_printf(b, ", \"to\" : \"%s\"", DRAW(r, to));
    if (rng_below(r, 2) == 0)
        buf_printf(b, ",\"kind\":\"%s\"", DRAW(r, kinds));
    if (rng_below(r, 3) > 0)
        buf_printf(b, ",\"on\":\"%s\"", DRAW(r, days));
    if (rng_below(r, 2) == 0)
        buf_printf(b, ",%s", DRAW(r, more));
    buf_char(b, '}');
}

/* Whatever a batch remembers, each of its answers is what the question gets alone. */
static void batch_is_singles(const char *target, int n, uint64_t seed)
{
    struct rng r;
    struct buf body;
    struct str *question = calloc((size_t)n, sizeof *question);
    size_t *at = calloc((size_t)n + 1, sizeof *at);
    rng_seed(&r, seed);
    buf_init(&body);
    buf_char(&body, '[');
    for (int i = 0; i < n; i++) {
        if (i > 0)
            buf_z(&body, ", ");
        at[i] = body.n;
        put_random(&r, &body);
        at[n] = body.n;
        question[i].n = body.n - at[i];
    }
    buf_z(&body, "]\n");
    struct said a = ask(METHOD_POST, target, buf_view(&body), NULL, 0);
    assert_int_equal(a.status, 200);
    json_t *all = parse(a.body);
    int errors = 0;
    assert_int_equal(json_array_size(all), n);
    for (int i = 0; i < n; i++) {
        struct said one = ask(METHOD_POST, target,
                              (struct str){body.p + at[i], question[i].n}, NULL, 0);
        json_t *j = parse(one.body);
        errors += one.status != 200;
        if (!json_equal(j, json_array_get(all, (size_t)i)))
            fail_msg("seed %llu, question %d %.*s: alone %s", (unsigned long long)seed, i,
                     (int)question[i].n, body.p + at[i], one.body.p);
        json_decref(j);
    }
    assert_in_range(errors, n / 10, n); /* the draw must try both */
    assert_true(errors < n * 95 / 100);
    json_decref(all);
    buf_finish(&body);
    free(question);
    free(at);
}

static void batches(void **state)
{
    (void)state;
    batch_is_singles("/api/v1/decide?form=short", 4000, 20261125);
    batch_is_singles("/api/v1/decide?form=short", 4000, 7); /* what was remembered is used again */
    batch_is_singles("/api/v1/decide", 600, 11);
    assert_string_equal(post("/api/v1/decide", " [ ] ").body.p, "[]\n");
}

static void single_is_get(void **state)
{
    (void)state;
    struct said a = get("/api/v1/decide?sector=7231&mode=1&from=SG&to=CN-SH-FTZ&fact=place%3DCN&on=2026-06-01");
    assert_int_equal(a.status, 200);
    char *was = strdup(a.body.p);
    a = post("/api/v1/decide", "{\"sector\":\"7231\",\"mode\":1,\"from\":\"SG\",\"to\":\"CN-SH-FTZ\","
                               "\"facts\":{\"place\":\"CN\"},\"on\":\"2026-06-01\"}");
    assert_string_equal(was, a.body.p);
    free(was);
}

/* A code of many classes: each with the routes that it has when it is asked for alone. */
static void routes_of_many(void **state)
{
    (void)state;
    const char *rest = "&mode=1&from=SG&to=CN-SH&on=2026-06-01";
    char target[200], before[8] = "";
    snprintf(target, sizeof target, "/api/v1/route?sector=gbt:729%s", rest);
    json_t *many = parse(get(target).body), *list = json_object_get(many, "answers");
    assert_int_equal(json_object_size(many), 4);
    assert_string_equal(json_string_value(json_object_get(many, "code")), "729");
    assert_true(json_is_false(json_object_get(many, "partial")));
    assert_true(json_array_size(list) > 1);
    assert_int_equal(json_integer_value(json_object_get(many, "classes")), json_array_size(list));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const char *class = json_string_value(
            json_object_get(json_object_get(one, "question"), "sector"));
        assert_true(strcmp(before, class) < 0);
        snprintf(before, sizeof before, "%s", class);
        snprintf(target, sizeof target, "/api/v1/route?sector=%s%s", class, rest);
        json_t *alone = parse(get(target).body);
        assert_true(json_equal(one, alone));
        json_decref(alone);
    }
    json_decref(many);
}

static void lines(void **state)
{
    (void)state;
    struct said a = post_lines("/api/v1/decide?form=short",
                               STR("{\"sector\":\"7231\",\"mode\":1,\"from\":\"SG\",\"to\":\"CN-SH\"}\r\n\n"
                                   "{\"sector\":\"7231\",\"mode\":1} x\n[]\n"
                                   "{\"sector\":\"6513\",\"mode\":1,\"from\":\"SG\",\"to\":\"CN\"}"));
    const char *want[] = {"\"outcome\":\"undetermined\"", "\"code\":\"syntax\"", "\"code\":\"invalid\"",
                          "\"outcome\":\"equal\""};
    struct str rest = a.body;
    assert_string_equal(a.type, "application/x-ndjson");
    for (int i = 0; i < 4; i++) {
        struct str line = str_cut(rest, '\n', &rest);
        assert_true(str_find(line, str_from(want[i]), NULL));
        json_decref(parse(line));
    }
    assert_int_equal(rest.n, 0);
}

/* Two thousand full answers are megabytes; no piece is more than one answer over its size. */
static void lines_are_bounded(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b);
    for (int i = 0; i < 2000; i++)
        buf_z(&b, "{\"sector\":\"7231\",\"mode\":1,\"from\":\"SG\",\"to\":\"CN-SH\"}\n");
    struct said a = post_lines("/api/v1/decide", buf_view(&b));
    int n = 0;
    for (size_t i = 0; i < a.body.n; i++)
        n += a.body.p[i] == '\n';
    assert_int_equal(n, 2000);
    assert_true(a.body.n > 4 * 1024 * 1024);
    assert_true(a.longest_piece < 64 * 1024);
    buf_clear(&b);
    for (int i = 0; i < LIMIT_QUESTION_BYTES; i++)
        buf_char(&b, ' ');
    buf_z(&b, "{\"sector\":\"");
    for (int i = 0; i < LIMIT_QUESTION_BYTES; i++)
        buf_char(&b, 'x');
    buf_z(&b, "\"}\n{\"sector\":\"6513\",\"mode\":1,\"from\":\"SG\",\"to\":\"CN\"}\n");
    a = post_lines("/api/v1/decide?form=short", buf_view(&b));
    assert_true(str_find(a.body, STR("\"code\":\"limit\""), NULL));
    assert_true(str_find(a.body, STR("\"outcome\":\"equal\""), NULL));
    buf_finish(&b);
}

static void too_many(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b);
    for (int n = LIMIT_BATCH_ITEMS; n <= LIMIT_BATCH_ITEMS + 1; n++) {
        buf_clear(&b);
        for (int i = 0; i < n; i++)
            buf_z(&b, i == 0 ? "[{}" : ",{}");
        buf_char(&b, ']');
        struct said a = ask(METHOD_POST, "/api/v1/decide?form=short", buf_view(&b), NULL, 0);
        if (n == LIMIT_BATCH_ITEMS)
            assert_int_equal(a.status, 200);
        else
            has_code(a, 413, "limit", NULL);
    }
    buf_finish(&b);
}

static void refusals(void **state)
{
    static const struct {
        const char *target, *body;
        int status;
        const char *code, *field;
    } cases[] = {
        {"/api/v1/decide", "", 400, "invalid", NULL},
        {"/api/v1/decide", "{\"sector\":", 400, "syntax", NULL},
        {"/api/v1/decide", "{\"sector\":\"7231\"} {}", 400, "syntax", NULL},
        {"/api/v1/decide", "[{},]", 400, "syntax", NULL},
        {"/api/v1/decide", "[{}", 400, "syntax", NULL},
        {"/api/v1/decide", "[{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]", 400, "syntax", NULL},
        {"/api/v1/decide", "{\"sector\":\"\\ud800\"}", 400, "syntax", NULL},
        {"/api/v1/decide", "{\"sector\":\"\\u0000\"}", 400, "syntax", NULL},
        {"/api/v1/decide", "{\"mode\":01}", 400, "syntax", NULL},
        {"/api/v1/decide", "{\"mode\":1,\"mode\":1}", 400, "invalid", "mode"},
        {"/api/v1/decide", "{\"fact\":[],\"facts\":[]}", 400, "invalid", "facts"},
        {"/api/v1/decide", "{\"facts\":{\"a\":1,\"a\":2}}", 400, "invalid", "a"},
        {"/api/v1/decide", "{\"colour\":1}", 400, "invalid", "colour"},
        {"/api/v1/decide", "{\"mode\":[1]}", 400, "invalid", "mode"},
        {"/api/v1/decide", "{\"sector\":\"7231\",\"mode\":9}", 400, "invalid", "mode"},
        {"/api/v1/decide", "{\"sector\":\"9999\",\"mode\":1}", 404, "unknown-code", "sector"},
        {"/api/v1/decide?form=tiny", "{}", 400, "invalid", "form"},
        {"/api/v1/decide?forms=short", "{}", 400, "invalid", "forms"},
        {"/api/v1/decide", NULL, 400, "usage", "sector"},
        {"/api/v1/diff?a=cn-national-2024", NULL, 400, "usage", "b"},
        {"/api/v1/diff?a=cn-national-2024&b=no-such", NULL, 404, "not-found", "b"},
        {"/api/v1/lists?colour=1", NULL, 400, "invalid", "colour"},
        {"/api/v1/lists/no-such", NULL, 404, "not-found", "id"},
        {"/api/v1/gap/no-such", NULL, 404, "not-found", "id"},
        {"/api/v1/codes/no", NULL, 404, "not-found", "list"},
        {"/api/v1/codes/gbt/0000", NULL, 404, "unknown-code", "code"},
        {"/api/v1/provisions?evidence=D", NULL, 400, "invalid", "evidence"},
        {"/api/v1/provisions?limit=1001", NULL, 400, "invalid", "limit"},
        {"/api/v1/provisions?on=2026-02-30", NULL, 400, "syntax", "on"},
        {"/api/v1/search?q=a&q=b", NULL, 400, "invalid", "q"},
        {"/api/v1/map?from=XX", NULL, 404, "unknown-code", "from"},
        {"/api/v1/openness?weights=stri", NULL, 400, "invalid", "weights"},
        {"/api/v1/barriers?on=1900-01-01", NULL, 400, "date-range", "on"},
        {"/api/v1/no-such", NULL, 404, "not-found", NULL},
        {"/api/", NULL, 404, "not-found", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct said a = cases[i].body != NULL ? post(cases[i].target, cases[i].body)
                                              : get(cases[i].target);
        if (a.status != cases[i].status)
            fail_msg("%s %s: %d %s", cases[i].target, cases[i].body, a.status, a.body.p);
        has_code(a, cases[i].status, cases[i].code, cases[i].field);
    }
    assert_int_equal(post("/api/v1/lists", "{}").status, 405);
}

static json_t *searched(const char *among)
{
    struct buf target;
    buf_init(&target);
    buf_z(&target, "/api/v1/search?q=repair%20of%20lifts%20and%20air%20conditioners");
    buf_z(&target, among);
    buf_char(&target, '\0');
    struct said a = get(target.p);
    buf_finish(&target);
    assert_int_equal(a.status, 200);
    return parse(a.body);
}

/* The finder asks back, and an answer leaves its classes, in the order they had. */
static void search_narrows(void **state)
{
    (void)state;
    json_t *all = searched(""), *choice, *code, *class;
    size_t i, k, left = 0;
    assert_true(json_array_size(json_object_get(json_object_get(all, "ask"), "choices")) >= 2);
    json_array_foreach(json_object_get(json_object_get(all, "ask"), "choices"), i, choice) {
        struct buf among;
        buf_init(&among);
        json_array_foreach(json_object_get(choice, "codes"), k, code)
            buf_printf(&among, "%s%s", k == 0 ? "&among=" : ",", json_string_value(code));
        buf_char(&among, '\0');
        json_t *some = searched(among.p), *classes = json_object_get(some, "classes");
        assert_int_equal(json_array_size(classes), k);
        json_array_foreach(classes, k, class)
            assert_true(str_find(str_from(among.p),
                                 str_from(json_string_value(json_object_get(class, "code"))),
                                 NULL));
        left += k;
        buf_finish(&among);
        json_decref(some);
    }
    assert_true(left >= 2 && left <= json_array_size(json_object_get(all, "classes")));
    json_decref(all);
    has_code(get("/api/v1/search?q=lift&among=4920,49x"), 404, "unknown-code", "among");
    has_code(get("/api/v1/search?q=lift&among=49"), 404, "unknown-code", "among");
}

static void languages(void **state)
{
    const struct http_field en = {STR("Accept-Language"), STR("en-GB, zh;q=0.5")};
    (void)state;
    struct said a = ask(METHOD_GET, "/api/v1/lists/x", STR(""), &en, 1);
    assert_true(str_find(a.body, STR("\"detail\":\"there is no"), NULL));
    a = get("/api/v1/lists/x");
    assert_true(str_find(a.body, STR("\"detail\":\"没有"), NULL));
}

static void conditional(void **state)
{
    (void)state;
    struct said a = get("/api/v1/diff?a=cn-national-2024&b=cn-ftz-2024");
    char tag[64];
    assert_int_equal(a.etag.n, 34);
    memcpy(tag, a.etag.p, 35);
    const struct http_field held = {STR("If-None-Match"), str_from(tag)};
    const struct http_field other = {STR("If-None-Match"), STR("\"0123\"")};
    const struct http_field any = {STR("If-None-Match"), STR("*")};
    const char *same = "/api/v1/diff?b=cn-ftz-2024&lang=en&a=cn-national-2024";
    a = ask(METHOD_GET, same, STR(""), &held, 1);
    assert_int_equal(a.status, 304); /* the order of parameters and the language do not count */
    assert_int_equal(a.body.n, 0);
    assert_int_equal(ask(METHOD_GET, same, STR(""), &other, 1).status, 200);
    assert_int_equal(ask(METHOD_GET, "/api/v1/lists/x", STR(""), &any, 1).status, 404);
    assert_int_equal(ask(METHOD_GET, "/api/v1/diff?a=cn-ftz-2024&b=cn-national-2024", STR(""), &held, 1)
                         .status, 200);
}

/* --- rates ------------------------------------------------------------------------------ */

static void rates(void **state)
{
    struct rate *r = rate_create(10, 5);
    struct rate_verdict v;
    uint64_t now = 1000000000u;
    (void)state;
    for (int i = 0; i < 5; i++) {
        v = rate_take(r, STR("aaaa"), now);
        assert_true(v.allowed);
        assert_int_equal(v.remaining, 4 - i);
        assert_int_equal(v.burst, 5);
    }
    assert_int_equal(v.reset_s, 1);
    v = rate_take(r, STR("aaaa"), now);
    assert_false(v.allowed);
    assert_int_equal(v.retry_s, 1);
    assert_true(rate_take(r, STR("bbbb"), now).allowed); /* another client is another bucket */
    assert_false(rate_take(r, STR("aaaa"), now + 99999999u).allowed); /* a token is 100 ms */
    assert_true(rate_take(r, STR("aaaa"), now + 100000000u).allowed);
    v = rate_take(r, STR("aaaa"), now + 10000000000u);
    assert_true(v.allowed && v.remaining == 4); /* full again, never fuller */
    rate_destroy(r);
}

/* A flood of addresses costs no memory, and shuts out neither them nor one who came before. */
static void floods(void **state)
{
    struct rate *r = rate_create(1, 3);
    (void)state;
    assert_true(rate_take(r, STR("good"), 1).allowed);
    for (uint32_t i = 0; i < 200000; i++)
        assert_true(rate_take(r, (struct str){(const char *)&i, sizeof i}, 2).allowed);
    assert_true(rate_take(r, STR("good"), 3).allowed);
    rate_destroy(r);
}

static void forwarded(void **state)
{
    unsigned char a[16], b[16];
    (void)state;
    assert_int_equal(rate_client_forwarded(STR("1.2.3.4, 10.0.0.9"), a).n, 4);
    assert_int_equal(rate_client_forwarded(STR("10.0.0.9"), b).n, 4);
    assert_memory_equal(a, b, 4); /* what the client itself wrote before it does not count */
    assert_int_equal(rate_client_forwarded(STR("2001:db8::1"), a).n, 8);
    assert_int_equal(rate_client_forwarded(STR("2001:db8::ffff"), b).n, 8);
    assert_memory_equal(a, b, 8);
    assert_int_equal(rate_client_forwarded(STR("unknown"), a).n, 0);
    assert_int_equal(rate_client_forwarded(STR(""), a).n, 0);
}

/* --- openapi.json ----------------------------------------------------------------------- */

static json_t *description;

static bool fits(const json_t *schema, const json_t *v, char *where, size_t room, size_t at)
{
    return schema_fits(description, schema, v, where, room, at);
}

static void check_operation(const char *path, const char *method, json_t *op)
{
    const char *example = json_string_value(json_object_get(op, "x-example"));
    json_t *content = json_object_get(op, "requestBody"), *body = NULL;
    char where[1024] = "";
    assert_non_null(example);
    content = json_object_get(json_object_get(content, "content"), "application/json");
    body = json_object_get(content, "example");
    char *text = body != NULL ? json_dumps(body, 0) : NULL;
    struct said a = strcmp(method, "post") == 0 ? post(example, text) : get(example);
    if (a.status != 200)
        fail_msg("%s %s: %d %s", method, example, a.status, a.body.p);
    json_t *answer = parse(a.body);
    json_t *responses = json_object_get(json_object_get(op, "responses"), "200");
    json_t *schema = json_object_get(
        json_object_get(json_object_get(responses, "content"), "application/json"), "schema");
    assert_non_null(schema);
    assert_non_null(json_object_get(json_object_get(op, "responses"), "401"));
    if (!fits(schema, answer, where, sizeof where, 0))
        fail_msg("%s does not fit its schema at %s", path, where);
    if (body != NULL && !fits(json_object_get(content, "schema"), body, where, sizeof where, 0))
        fail_msg("the body of %s does not fit its schema at %s", path, where);
    json_decref(answer);
    free(text);
}

static bool fits_named(const char *name, const json_t *v, char *where, size_t room)
{
    json_t *schema = json_pack("{s:s+}", "$ref", "#/components/schemas/", name);
    bool well = fits(schema, v, where, room, 0);
    json_decref(schema);
    return well;
}

/* Not only the example, which is of one class: many classes, an approval to apply for, an answer
 * that a zone makes better, exports. And the schema is not one that anything fits. */
static void routes_fit(void **state)
{
    static const char *const query[] = {
        "sector=gbt:729&mode=1&from=SG&to=CN-SH", "sector=gbt:88&mode=3&from=US&to=CN-SH-FTZ",
        "sector=gbt:72&mode=1&from=SG&to=CN-SH&direction=export"};
    (void)state;
    description = parse((struct str){api_openapi, api_openapi_n});
    for (size_t i = 0; i < sizeof query / sizeof *query; i++) {
        char target[200], where[1024] = "";
        snprintf(target, sizeof target, "/api/v1/route?%s&on=2026-06-01", query[i]);
        json_t *many = parse(get(target).body), *list = json_object_get(many, "answers");
        if (!fits_named("route_classes", many, where, sizeof where))
            fail_msg("%s does not fit at %s", target, where);
        assert_true(fits_named("route", many, where, sizeof where));
        assert_true(fits_named("route", json_array_get(list, 0), where, sizeof where));
        json_object_del(json_object_get(json_array_get(list, json_array_size(list) - 1), "now"),
                        "certainty");
        assert_false(fits_named("route", many, where, sizeof where));
        json_decref(many);
    }
    json_decref(description);
}

static void every_route(void **state)
{
    const char *path, *method;
    json_t *item, *op;
    int n = 0;
    (void)state;
    description = parse((struct str){api_openapi, api_openapi_n});
    json_object_foreach(json_object_get(description, "paths"), path, item)
        json_object_foreach(item, method, op) {
            check_operation(path, method, op);
            n++;
        }
    assert_int_equal(n, api_n_routes);
    json_t *key = json_object_get(json_object_get(json_object_get(description, "components"),
                                                  "securitySchemes"), "key");
    assert_string_equal(json_string_value(json_object_get(key, "name")), "X-Api-Key");
    char where[256];
    json_t *schema = json_pack("{s:s}", "$ref", "#/components/schemas/answer");
    json_t *empty = json_object();
    assert_false(fits(schema, empty, where, sizeof where, 0)); /* the checker can fail */
    struct said a = get("/api/v1/lists/x");
    json_t *problem = parse(a.body);
    json_object_set_new(schema, "$ref", json_string("#/components/schemas/problem"));
    assert_true(fits(schema, problem, where, sizeof where, 0));
    json_decref(problem);
    json_decref(empty);
    json_decref(schema);
    json_decref(description);
}

/* --- the reader alone ------------------------------------------------------------------- */

static void reader(void **state)
{
    static const char *const good[] = {"{}", "[]", "0", "-1.5e+3", "\"a\\n\\u00e9\\ud83d\\ude00\"", "true",
                                       " [ 1 , { \"a\" : null } ] ", "\"一二三四五六七八九\""};
    static const char *const bad[] = {"",     "{",      "[1,]",   "{\"a\"}", "01", "1.", "1e", "-", "+1",
                                      "tru",  "\"",     "\"\\x\"", "\"\t\"",  "[1 2]", "{\"a\":1,}", "nul",
                                      "\"\\u12\"", "\"\xff\"", "\"\\udc00\"", "{a:1}", "[}", "1 1", "'a'"};
    struct jsonr r;
    struct str s;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        jsonr_init(&r, str_from(good[i]), &step);
        if (!jsonr_skip(&r) || !jsonr_at_end(&r))
            fail_msg("refused: %s (%s)", good[i], r.fault_en);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        jsonr_init(&r, str_from(bad[i]), &step);
        if (jsonr_skip(&r) && jsonr_at_end(&r))
            fail_msg("taken: %s", bad[i]);
    }
    jsonr_init(&r, STR("\"a\\n\\u00e9\\ud83d\\ude00\\\"\""), &step);
    assert_true(jsonr_string(&r, &s));
    assert_true(str_eq(s, STR("a\né😀\"")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reader),      cmocka_unit_test(batches),   cmocka_unit_test(single_is_get),
        cmocka_unit_test(lines),       cmocka_unit_test(lines_are_bounded),
        cmocka_unit_test(too_many),    cmocka_unit_test(refusals),  cmocka_unit_test(languages),
        cmocka_unit_test(conditional), cmocka_unit_test(rates),     cmocka_unit_test(floods),
        cmocka_unit_test(forwarded),   cmocka_unit_test(every_route),
        cmocka_unit_test(search_narrows), cmocka_unit_test(routes_of_many),
        cmocka_unit_test(routes_fit)};
    return cmocka_run_group_tests(tests, load, NULL);
}
