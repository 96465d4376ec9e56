#include "web/http.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "web/accept.h"
#include "web/callers.h"
#include "web/page.h"
#include "web/rate.h"

enum {
    POOL_BYTES = 16 * 1024, /* per connection; the library clears it for each request */
    TIMEOUT_S = 15,
    CONNECTIONS_MAX = 1024,
    CONNECTIONS_PER_IP_MAX = 256,
    HEADERS_MAX = 96,
    DRAIN_MS_MAX = 5000,
    /* A body over the limit is read and dropped up to this many bytes, because a client that is
     * still writing when the connection closes loses the answer (RST). */
    DISCARD_BYTES_MAX = 8 * LIMIT_BODY_BYTES,
    PIECE_BYTES = 32 * 1024, /* asked for at once; the library sends what its pool holds */
};

struct http {
    struct MHD_Daemon *daemon;
    struct acceptor *acceptor;
    struct http_options options;
    struct rate *rate; /* NULL: no limit */
    int port;
    atomic_int active; /* requests between first sight and last byte */
    atomic_bool draining;
    atomic_llong large_bytes; /* held by bodies beyond LIMIT_BODY_BYTES each */
};

struct refusal {
    int status; /* 0: not refused */
    const char *zh, *en;
    int retry_s; /* 0: nothing to say */
};

/* One request and its answer. It lives in its own arena. */
struct exchange {
    struct arena arena;
    struct http *http;
    const char *uri_at; /* where the library holds the target; compared, never read */
    struct buf body;
    size_t body_bytes_seen, body_max;
    int64_t large_bytes; /* of http.large_bytes */
    bool begun, counted;
    struct rate_verdict rate; /* if counted: against the caller, else against the client */
    struct caller *caller;    /* who holds the key that was said; NULL if nobody does */
    unsigned char client[16];
    size_t client_n;
    struct refusal refused;
    struct request req;
    /* A streamed answer: what is left of the last piece, and where the next come from. */
    struct buf piece;
    size_t piece_at;
    http_piece *next;
    void (*piece_end)(void *ctx);
    void *piece_ctx;
};

/* ---- fields and headers ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool http_decode(struct arena *a, struct str s, bool plus, struct str *out)
{
    char *p = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '%') {
            if (s.n - i < 3 || hex_digit(s.p[i + 1]) < 0 || hex_digit(s.p[i + 2]) < 0) {
                return false;
            }
            c = (char)(hex_digit(s.p[i + 1]) * 16 + hex_digit(s.p[i + 2]));
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        p[n++] = c;
    }
    *out = (struct str){p, n};
    return str_utf8_valid(*out);
}

bool http_parse_fields(struct arena *a, struct str s, const struct http_field **out, int *n)
{
    struct http_field *fields = NULL;
    int count = 0;
    size_t room = 1;
    for (size_t i = 0; i < s.n && room < LIMIT_QUERY_ARGS; i++) {
        room += s.p[i] == '&';
    }
    while (s.n > 0) {
        struct str value, pair = str_cut(s, '&', &s);
        if (pair.n == 0) {
            continue;
        }
        if (fields == NULL) {
            fields = ARENA_ARRAY(a, struct http_field, room);
        }
        struct str key = str_cut(pair, '=', &value);
        if (count == LIMIT_QUERY_ARGS || !http_decode(a, key, true, &fields[count].key) ||
            !http_decode(a, value, true, &fields[count].value)) {
            return false;
        }
        count++;
    }
    *out = fields;
    *n = count;
    return true;
}

static struct str find_field(const struct http_field *f, int n, const char *key)
{
    for (int i = 0; i < n; i++) {
        if (str_eqz(f[i].key, key)) {
            return f[i].value;
        }
    }
    return (struct str){NULL, 0};
}

struct str http_query(const struct request *req, const char *key)
{
    return find_field(req->query, req->n_query, key);
}

struct str http_form(const struct request *req, const char *key)
{
    return find_field(req->form, req->n_form, key);
}

static int count_headers(const struct request *req, const char *name, struct str *first)
{
    int count = 0;
    for (int i = 0; i < req->n_headers; i++) {
        if (str_eq_nocase(req->headers[i].key, str_from(name)) && count++ == 0) {
            *first = req->headers[i].value;
        }
    }
    return count;
}

struct str http_header(const struct request *req, const char *name)
{
    struct str value = {NULL, 0};
    count_headers(req, name, &value);
    return value;
}

void http_set(struct response *res, const char *name, struct str value)
{
    for (size_t i = 0; i < value.n; i++) {
        check((unsigned char)value.p[i] >= 0x20 && value.p[i] != 0x7f);
    }
    int at = 0;
    while (at < res->n_headers && !str_eq_nocase(res->headers[at].key, str_from(name))) {
        at++;
    }
    check(at < HTTP_HEADERS_MAX);
    res->headers[at] = (struct http_field){str_copy(res->arena, str_from(name)),
                                           str_copy(res->arena, value)};
    if (at == res->n_headers) {
        res->n_headers++;
    }
}

void http_stream(struct response *res, http_piece *next, void (*end)(void *ctx), void *ctx)
{
    check(res->piece == NULL);
    res->piece = next;
    res->piece_end = end;
    res->piece_ctx = ctx;
}

void http_redirect(struct response *res, struct str location)
{
    res->status = MHD_HTTP_SEE_OTHER;
    http_set(res, "Location", location);
}

/* ---- negotiation ---- */

/* The q of one element of an Accept header, in thousandths (RFC 9110 12.4.2). */
static int quality(struct str params)
{
    while (params.n > 0) {
        struct str p = str_trim(str_cut(params, ';', &params));
        if (p.n < 3 || (p.p[0] | 0x20) != 'q' || p.p[1] != '=') {
            continue;
        }
        if (p.p[2] != '0') {
            return 1000;
        }
        int q = 0, unit = 100;
        for (size_t i = 4; i < p.n && unit > 0 && p.p[i] >= '0' && p.p[i] <= '9'; i++) {
            q += unit * (p.p[i] - '0');
            unit /= 10;
        }
        return q;
    }
    return 1000;
}

/* The highest q in header `name` of any value that is, or as a language range begins with, one
 * of the n wanted; 0 if none is there. */
static int preference(const struct request *req, const char *name, const struct str *wanted,
                      size_t n, bool language)
{
    int best = 0;
    struct str list = http_header(req, name);
    while (list.n > 0) {
        struct str params, item = str_cut(list, ',', &list);
        item = str_trim(str_cut(item, ';', &params));
        if (language) {
            struct str region;
            item = str_cut(item, '-', &region);
        }
        for (size_t i = 0; i < n; i++) {
            int q = str_eq_nocase(item, wanted[i]) ? quality(params) : 0;
            best = q > best ? q : best;
        }
    }
    return best;
}

bool http_wants_html(const struct request *req)
{
    static const struct str html[] = {{"text/html", 9}};
    static const struct str json[] = {{"application/json", 16},
                                      {"application/problem+json", 24},
                                      {"application/*", 13},
                                      {"*/*", 3}};
    int q = preference(req, "Accept", html, 1, false);
    return q > 0 && q >= preference(req, "Accept", json, 4, false);
}

bool http_wants_english(const struct request *req)
{
    struct str asked = http_query(req, "lang");
    if (asked.n > 0) {
        return str_eqz(asked, "en");
    }
    static const struct str en[] = {{"en", 2}}, zh[] = {{"zh", 2}};
    return preference(req, "Accept-Language", en, 1, true) >
           preference(req, "Accept-Language", zh, 1, true);
}

void http_problem(const struct request *req, struct response *res, int status,
                  const char *detail_zh, const char *detail_en)
{
    bool english = http_wants_english(req);
    const char *detail = english ? detail_en : detail_zh;
    const char *title = MHD_get_reason_phrase_for((unsigned)status);
    struct buf *b = &res->body;
    buf_clear(b);
    res->status = status;
    res->n_headers = 0;
    http_set(res, "Cache-Control", STR("no-store"));
    http_set(res, "Vary", STR("Accept, Accept-Language"));
    http_set(res, "Content-Language", english ? STR("en") : STR("zh"));
    if (http_wants_html(req)) {
        res->type = "text/html; charset=utf-8";
        buf_printf(b, "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">"
                   "<title>%d %s</title></head>\n<body><h1>%d %s</h1><p>",
                   english ? "en" : "zh", status, title, status, title);
        page_put_text(b, detail);
        buf_z(b, "</p></body></html>\n");
        return;
    }
    res->type = "application/problem+json";
    struct jsonw w;
    jsonw_init(&w, b, false);
    http_fault_json(&(struct http_fault){.status = status, .title = title, .zh = detail_zh,
                                         .en = detail_en},
                    english, &w);
    buf_char(b, '\n');
}

static const char *text_or_null(const char *z)
{
    return z != NULL && z[0] != '\0' ? z : NULL;
}

void http_fault_json(const struct http_fault *f, bool english, struct jsonw *w)
{
    char slug[64]; /* of the title, where there is no code: "not-found" */
    size_t n = 0;
    for (const char *t = f->title; *t != '\0' && n + 1 < sizeof slug; t++) {
        slug[n++] = *t == ' ' ? '-' : (char)(*t >= 'A' && *t <= 'Z' ? *t | 0x20 : *t);
    }
    slug[n] = '\0';
    jsonw_object(w);
    jsonw_kz(w, "type", "about:blank");
    jsonw_kz(w, "title", f->title);
    jsonw_kint(w, "status", f->status);
    jsonw_kz(w, "detail", english ? f->en : f->zh);
    jsonw_kz(w, "code", f->code != NULL ? f->code : slug);
    jsonw_kz(w, "detail_zh", f->zh);
    jsonw_kz(w, "detail_en", f->en);
    jsonw_kz(w, "hint", text_or_null(f->hint));
    jsonw_kz(w, "field", text_or_null(f->field));
    jsonw_end(w);
}

/* ---- the border ---- */

static const struct refusal accepted = {0, NULL, NULL, 0};

static bool is_token(struct str s) /* RFC 9110 5.6.2 */
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= 0x20 || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c) != NULL) {
            return false;
        }
    }
    return s.n > 0;
}

/*
 * libmicrohttpd 0.9.75 cuts a header value (and the target) at a NUL byte and gives no length
 * of its own. But it parses in place: in a whole request every piece begins where the one
 * before it ended, CR LF having been overwritten with two NULs. So a gap is a hidden byte. It
 * also is a folded header (the library copies those away) or a line that ended in LF alone:
 * both may be refused (RFC 9112 2.2, 5.2). Later versions refuse NUL themselves, and keep
 * another layout.
 */
enum { LAYOUT_IS_KNOWN = MHD_VERSION < 0x00097600 };

struct header_walk {
    struct request *req;
    struct http_field *fields;
    uintptr_t next;       /* where the next header must begin */
    const char *last_end; /* one past the last value */
    bool bad, many;
};

static bool only_blanks(const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\t')) {
        from++;
    }
    return from == to;
}

static enum MHD_Result each_header(void *cls, enum MHD_ValueKind kind, const char *key,
                                   size_t key_n, const char *value, size_t value_n)
{
    struct header_walk *w = cls;
    struct str v = {value, value_n};
    (void)kind;
    if (w->req->n_headers == HEADERS_MAX) {
        w->many = true;
        return MHD_NO;
    }
    w->bad = !is_token((struct str){key, key_n});
    if (LAYOUT_IS_KNOWN && !w->bad) {
        uintptr_t after_colon = (uintptr_t)key + key_n + 1;
        w->bad = (uintptr_t)key != w->next || (uintptr_t)value < after_colon ||
                 !only_blanks(key + key_n + 1, value);
        w->last_end = value + value_n;
        w->next = (uintptr_t)w->last_end + 2;
    }
    for (size_t i = 0; i < v.n && !w->bad; i++) {
        unsigned char c = (unsigned char)v.p[i];
        w->bad = (c < 0x20 && c != '\t') || c == 0x7f;
    }
    w->fields[w->req->n_headers++] = (struct http_field){{key, key_n}, str_trim(v)};
    return w->bad ? MHD_NO : MHD_YES;
}

static struct refusal read_headers(struct exchange *x, struct MHD_Connection *c,
                                   const char *version, struct http_field **out)
{
    int lines = MHD_get_connection_values(c, MHD_HEADER_KIND, NULL, NULL);
    size_t room = lines < 0 ? 0 : lines < HEADERS_MAX ? (size_t)lines : HEADERS_MAX;
    struct http_field *fields = ARENA_ARRAY(&x->arena, struct http_field, room + 1);
    struct header_walk w = {.req = &x->req, .fields = fields};
    w.next = (uintptr_t)version + strlen(version) + 2;
    x->req.headers = *out = fields;
    /* One blank between target and version, or the target hides a NUL. */
    w.bad = LAYOUT_IS_KNOWN &&
            (uintptr_t)version != (uintptr_t)x->uri_at + x->req.target.n + 1;
    if (!w.bad) {
        MHD_get_connection_values_n(c, MHD_HEADER_KIND, each_header, &w);
    }
    if (w.many) {
        return (struct refusal){431, "请求头的行数过多。", "Too many header lines.", 0};
    }
    if (LAYOUT_IS_KNOWN && !w.bad && x->req.n_headers > 0) {
        /* The last value is followed by the two line ends of the header section. */
        w.bad = memcmp(w.last_end, "\0\0\0\0", 4) != 0;
    }
    if (w.bad) {
        return (struct refusal){400, "请求头的格式不正确(含空字节、控制字符、折行或非法名称)。",
                                "Malformed header: NUL or control byte, folded line or bad name.",
                                0};
    }
    return accepted;
}

static struct refusal check_framing(const struct request *req)
{
    struct str host = {0}, length = {0}, coding = {0};
    int lengths = count_headers(req, "Content-Length", &length);
    int codings = count_headers(req, "Transfer-Encoding", &coding);
    int64_t bytes = 0;
    if (lengths > 1) {
        return (struct refusal){400, "Content-Length 重复。", "Content-Length is repeated.", 0};
    }
    if (lengths == 1 && codings > 0) {
        return (struct refusal){400, "不能同时有 Content-Length 和 Transfer-Encoding。",
                                "Content-Length and Transfer-Encoding exclude each other.", 0};
    }
    if (codings > 1 || (codings == 1 && !str_eq_nocase(coding, STR("chunked")))) {
        return (struct refusal){400, "只接受 Transfer-Encoding: chunked。",
                                "The only transfer coding accepted is chunked.", 0};
    }
    if (count_headers(req, "Host", &host) != 1 || host.n == 0) {
        return (struct refusal){400, "必须有且只有一个 Host 请求头。",
                                "Exactly one Host header is required.", 0};
    }
    if (lengths == 1 && (!str_int(length, &bytes) || bytes < 0)) {
        return (struct refusal){400, "Content-Length 不是数字。", "Content-Length is no number.", 0};
    }
    return accepted;
}

static struct refusal too_large(const struct exchange *x)
{
    return x->body_max > LIMIT_BODY_BYTES
               ? (struct refusal){413, "请求体超过上限 16 MiB(LIMIT_BATCH_BYTES)。",
                                  "The body is over the limit of 16 MiB (LIMIT_BATCH_BYTES).", 0}
               : (struct refusal){413, "请求体超过上限 1 MiB(LIMIT_BODY_BYTES)。",
                                  "The body is over the limit of 1 MiB (LIMIT_BODY_BYTES).", 0};
}

/* Bytes that are read before the connection is cut. */
static size_t discard_max(const struct exchange *x)
{
    size_t some = x->body_max + LIMIT_BODY_BYTES;
    return some > DISCARD_BYTES_MAX ? some : DISCARD_BYTES_MAX;
}

static struct refusal read_target(struct request *req)
{
    struct str t = req->target;
    if (t.n > LIMIT_URL_BYTES) {
        return (struct refusal){414, "地址超过上限 4096 字节(LIMIT_URL_BYTES)。",
                                "The target is over the limit of 4096 bytes (LIMIT_URL_BYTES).", 0};
    }
    for (size_t i = 0; i < t.n; i++) {
        if ((unsigned char)t.p[i] <= 0x20 || t.p[i] == 0x7f) {
            return (struct refusal){400, "地址中有空格或控制字符。",
                                    "Blank or control byte in the target.", 0};
        }
    }
    req->path_raw = str_cut(t, '?', &req->query_raw);
    if (req->path_raw.n == 0 || req->path_raw.p[0] != '/') {
        return (struct refusal){400, "地址必须以 / 开头。", "The target must begin with /.", 0};
    }
    if (!http_decode(req->arena, req->path_raw, false, &req->path)) {
        return (struct refusal){400, "路径的百分号编码或 UTF-8 不正确。",
                                "Bad percent-encoding or UTF-8 in the path.", 0};
    }
    if (!http_parse_fields(req->arena, req->query_raw, &req->query, &req->n_query)) {
        return (struct refusal){400, "查询串的编码不正确,或超过 64 个参数。",
                                "Bad encoding in the query, or more than 64 fields.", 0};
    }
    return accepted;
}

static struct refusal read_method(struct request *req, const char *method)
{
    static const struct {
        const char *name;
        enum method method;
        bool head;
    } methods[] = {{"GET", METHOD_GET, false},
                   {"HEAD", METHOD_GET, true},
                   {"POST", METHOD_POST, false},
                   {"OPTIONS", METHOD_OPTIONS, false}};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(method, methods[i].name) == 0) {
            req->method = methods[i].method;
            req->head = methods[i].head;
            return accepted;
        }
    }
    return (struct refusal){405, "只支持 GET、HEAD、POST 和 OPTIONS。",
                            "Only GET, HEAD, POST and OPTIONS are known.", 0};
}

static bool listed(const char *const *paths, struct str path)
{
    for (; paths != NULL && *paths != NULL; paths++) {
        if (str_eqz(path, *paths)) {
            return true;
        }
    }
    return false;
}

static uint64_t monotonic_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static const struct refusal too_many = {429, "请求过于频繁，请稍后再试。",
                                        "Too many requests: try again later.", 0};

/* Whoever speaks to us directly, or whom our proxy says it speaks for. */
static void count_client(struct exchange *x, struct MHD_Connection *c)
{
    const struct http_options *o = &x->http->options;
    unsigned char address[16];
    const union MHD_ConnectionInfo *i =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct str client = rate_client(i != NULL ? i->client_addr : NULL);
    if (o->forwarded) {
        struct str said = rate_client_forwarded(http_header(&x->req, "X-Forwarded-For"), address);
        client = said.n > 0 ? said : client;
    }
    x->client_n = client.n;
    if (client.n > 0) {
        memcpy(x->client, client.p, client.n);
    }
    x->rate = rate_take(x->http->rate, client, o->now_ns());
    x->counted = true;
}

/* A key that nobody holds is counted against whoever sends it, or guessing would be free. */
static struct refusal count_request(struct exchange *x, struct MHD_Connection *c,
                                    struct http_field *headers)
{
    const struct http_options *o = &x->http->options;
    struct str key;
    int keys = o->callers != NULL ? callers_take_key(headers, x->req.n_headers, &key) : 0;
    if (listed(o->uncounted, x->req.path)) {
        return accepted;
    }
    x->caller = keys == 1 ? callers_find(o->callers, key) : NULL;
    if (x->caller != NULL) {
        x->rate = rate_bucket_take(&x->caller->bucket, o->now_ns());
        x->counted = true;
    } else if (x->http->rate != NULL) {
        count_client(x, c);
    }
    if (x->counted && !x->rate.allowed) {
        struct refusal r = too_many;
        r.retry_s = x->rate.retry_s;
        return r;
    }
    if (keys > 1) {
        return (struct refusal){400, "只能给出一个密钥（X-Api-Key 或 Authorization: Bearer）。",
                                "One key at most: X-Api-Key or Authorization: Bearer.", 0};
    }
    return keys == 0 || x->caller != NULL
               ? accepted
               : (struct refusal){401, "密钥无效。", "The key is not valid.", 0};
}

bool http_charge(const struct request *req, struct response *res, int tokens)
{
    struct exchange *x = req->exchange;
    if (x == NULL || !x->counted || tokens == 0) {
        return true;
    }
    uint64_t now = x->http->options.now_ns();
    x->rate = x->caller != NULL
                  ? rate_bucket_take_more(&x->caller->bucket, tokens, now)
                  : rate_take_more(x->http->rate,
                                   (struct str){(const char *)x->client, x->client_n}, tokens,
                                   now);
    if (!x->rate.allowed) {
        char seconds[16];
        int n = snprintf(seconds, sizeof seconds, "%d", x->rate.retry_s);
        http_problem(req, res, too_many.status, too_many.zh, too_many.en);
        http_set(res, "Retry-After", (struct str){seconds, (size_t)n});
    }
    return x->rate.allowed;
}

static struct refusal expect_body(struct exchange *x)
{
    int64_t bytes = 0;
    struct str length = http_header(&x->req, "Content-Length");
    bool said = length.n > 0 && str_int(length, &bytes);
    bool large = listed(x->http->options.large, x->req.path);
    x->body_max = large ? LIMIT_BATCH_BYTES : LIMIT_BODY_BYTES;
    if (said && bytes > (int64_t)x->body_max &&
        (bytes > (int64_t)discard_max(x) || http_header(&x->req, "Expect").n > 0)) {
        return too_large(x);
    }
    if (said && bytes <= (int64_t)x->body_max) {
        buf_reserve(&x->body, (size_t)bytes); /* not touched before it is filled */
    }
    return accepted;
}

/* Checks in the order in which a wrong answer would do harm: the frame first. */
static struct refusal begin(struct exchange *x, struct MHD_Connection *c, const char *method,
                            const char *version)
{
    struct http_field *headers;
    struct refusal r = read_headers(x, c, version, &headers);
    if (r.status == 0) {
        r = check_framing(&x->req);
    }
    if (r.status == 0) {
        r = read_method(&x->req, method);
    }
    if (r.status == 0) {
        r = read_target(&x->req);
    }
    if (r.status == 0) {
        r = count_request(x, c, headers);
    }
    return r.status == 0 ? expect_body(x) : r;
}

static struct refusal read_form(struct request *req)
{
    struct str params, type = http_header(req, "Content-Type");
    type = str_trim(str_cut(type, ';', &params));
    if (req->method == METHOD_POST &&
        str_eq_nocase(type, STR("application/x-www-form-urlencoded")) &&
        !http_parse_fields(req->arena, req->body, &req->form, &req->n_form)) {
        return (struct refusal){400, "表单的编码不正确,或超过 64 个字段。",
                                "Bad encoding in the form, or more than 64 fields.", 0};
    }
    return accepted;
}

/* ---- the answer ---- */

/* RFC 9110 13.1.2: weak comparison, "*" matches any. */
static bool etag_matches(struct str list, struct str etag)
{
    if (str_has_prefix(etag, STR("W/"))) {
        etag = (struct str){etag.p + 2, etag.n - 2};
    }
    while (list.n > 0) {
        struct str item = str_trim(str_cut(list, ',', &list));
        if (str_has_prefix(item, STR("W/"))) {
            item = (struct str){item.p + 2, item.n - 2};
        }
        if (str_eq(item, etag) || str_eqz(item, "*")) {
            return true;
        }
    }
    return false;
}

static void drop_header(struct response *res, const char *name)
{
    for (int i = 0; i < res->n_headers; i++) {
        if (str_eq_nocase(res->headers[i].key, str_from(name))) {
            res->headers[i] = res->headers[--res->n_headers];
            return;
        }
    }
}

/* "*" is left to conditional(): whether there is anything at all, only the answer tells. */
bool http_known(const struct request *req, struct response *res, struct str etag)
{
    struct str held = http_header(req, "If-None-Match");
    http_set(res, "ETag", etag);
    if (req->method != METHOD_GET || held.n == 0 || str_find(held, STR("*"), NULL) ||
        !etag_matches(held, etag)) {
        return false;
    }
    res->status = MHD_HTTP_NOT_MODIFIED;
    return true;
}

static void conditional(const struct request *req, struct response *res)
{
    struct str etag = find_field(res->headers, res->n_headers, "ETag");
    if (etag.n > 0 && res->status != 200 && res->status != MHD_HTTP_NOT_MODIFIED) {
        drop_header(res, "ETag"); /* it was given before the answer was known to be an error */
    }
    if (etag.n > 0 && res->status == 200 && req->method == METHOD_GET &&
        etag_matches(http_header(req, "If-None-Match"), etag)) {
        res->status = MHD_HTTP_NOT_MODIFIED;
        buf_clear(&res->body);
    }
}

static void add_number(struct MHD_Response *m, const char *name, int n)
{
    char text[12];
    size_t at = sizeof text - 1;
    text[at] = '\0';
    do { /* n is never negative; printf is slow for every answer of all */
        text[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    MHD_add_response_header(m, name, text + at);
}

/* draft-ietf-httpapi-ratelimit-headers-06; later drafts fold the three into one field. */
static void add_rate(struct MHD_Response *m, const struct rate_verdict *v)
{
    add_number(m, "RateLimit-Limit", v->burst);
    add_number(m, "RateLimit-Remaining", v->remaining);
    add_number(m, "RateLimit-Reset", v->reset_s);
}

static void add_headers(struct MHD_Response *m, const struct exchange *x,
                        const struct response *res)
{
    static const char *const always[][2] = {
        {"Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; "
                                    "frame-ancestors 'none'; object-src 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "same-origin"},
        {"Permissions-Policy", "camera=(), microphone=(), geolocation=()"},
        {"Cross-Origin-Opener-Policy", "same-origin"}};
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        MHD_add_response_header(m, always[i][0], always[i][1]);
    }
    if (str_eq_nocase(http_header(&x->req, "X-Forwarded-Proto"), STR("https"))) {
        MHD_add_response_header(m, "Strict-Transport-Security", "max-age=31536000");
    }
    if (res->body.n > 0 || res->piece != NULL) {
        MHD_add_response_header(m, "Content-Type", res->type);
    }
    if (x->counted) {
        add_rate(m, &x->rate);
    }
    if (x->refused.retry_s > 0) {
        add_number(m, "Retry-After", x->refused.retry_s);
    }
    if (res->status == MHD_HTTP_UNAUTHORIZED) { /* RFC 9110 15.5.2 wants it */
        MHD_add_response_header(m, "WWW-Authenticate", "Bearer realm=\"fumao\"");
    }
    if (res->status == MHD_HTTP_METHOD_NOT_ALLOWED &&
        find_field(res->headers, res->n_headers, "Allow").p == NULL) {
        MHD_add_response_header(m, "Allow", "GET, HEAD, POST, OPTIONS");
    }
    for (int i = 0; i < res->n_headers; i++) {
        MHD_add_response_header(m, res->headers[i].key.p, res->headers[i].value.p);
    }
    /* After a refusal the rest of the stream is not to be trusted. */
    if (x->refused.status != 0 || atomic_load(&x->http->draining)) {
        MHD_add_response_header(m, "Connection", "close");
    }
}

/* What the library calls for more of a streamed answer. */
static ssize_t read_piece(void *cls, uint64_t at, char *out, size_t room)
{
    struct exchange *x = cls;
    (void)at;
    while (x->piece_at == x->piece.n) {
        if (x->next == NULL) {
            return MHD_CONTENT_READER_END_OF_STREAM;
        }
        buf_clear(&x->piece);
        x->piece_at = 0;
        if (!x->next(x->piece_ctx, &x->piece)) {
            x->next = NULL;
        }
    }
    size_t left = x->piece.n - x->piece_at, n = left < room ? left : room;
    memcpy(out, x->piece.p + x->piece_at, n);
    x->piece_at += n;
    return (ssize_t)n;
}

/* The body is the first piece. The exchange outlives the sending (on_completed). */
static struct MHD_Response *stream(struct exchange *x, struct response *res)
{
    x->piece = res->body;
    buf_init(&res->body);
    x->next = res->piece;
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE_BYTES, read_piece, x, NULL);
}

/* Hands the body over: the library frees it when the last byte is sent. */
static enum MHD_Result send_response(struct MHD_Connection *c, struct exchange *x,
                                     struct response *res)
{
    struct MHD_Response *m;
    if (res->piece != NULL) {
        m = stream(x, res);
    } else if (res->body.n == 0) {
        buf_finish(&res->body);
        m = MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
    } else {
        m = MHD_create_response_from_buffer_with_free_callback(res->body.n, res->body.p, free);
    }
    if (m == NULL) { /* no memory for a few hundred bytes */
        buf_finish(&res->body);
        return MHD_NO;
    }
    add_headers(m, x, res);
    enum MHD_Result result = MHD_queue_response(c, (unsigned)res->status, m);
    MHD_destroy_response(m);
    return result;
}

static enum MHD_Result answer(struct MHD_Connection *c, struct exchange *x)
{
    struct response res = {
        .status = 200, .type = "text/html; charset=utf-8", .arena = &x->arena};
    if (x->refused.status != 0) {
        http_problem(&x->req, &res, x->refused.status, x->refused.zh, x->refused.en);
    } else {
        x->http->options.handler(x->http->options.ctx, &x->req, &res);
        conditional(&x->req, &res);
    }
    x->piece_end = res.piece_end;
    x->piece_ctx = res.piece_ctx;
    return send_response(c, x, &res);
}

/* ---- what the library calls ---- */

/* First sight of a request: the target as it was sent, before the library decodes it. */
static void *on_target(void *cls, const char *uri, struct MHD_Connection *c)
{
    struct arena a;
    (void)c;
    arena_init(&a);
    struct exchange *x = ARENA_NEW(&a, struct exchange);
    x->arena = a;
    x->http = cls;
    x->uri_at = uri;
    x->req.arena = &x->arena;
    x->req.exchange = x;
    x->req.target = str_copy(&x->arena, str_from(uri));
    return x;
}

/* What large bodies hold beyond LIMIT_BODY_BYTES is counted as it comes, so that a head alone,
 * which only says that much will follow, keeps nobody out. */
static struct refusal count_large(struct exchange *x, int64_t n)
{
    int64_t most = x->http->options.bodies_max;
    x->large_bytes += n;
    return atomic_fetch_add(&x->http->large_bytes, n) + n <= most
               ? accepted
               : (struct refusal){503, "同时上传的大请求过多，请稍后再试。",
                                  "Too many large requests at once: try again later.", 1};
}

static void collect(struct exchange *x, const char *p, size_t n)
{
    x->body_bytes_seen += n;
    if (x->refused.status != 0) {
        return; /* read and dropped */
    }
    if (x->body_bytes_seen > x->body_max) {
        x->refused = too_large(x);
    } else if (x->body_bytes_seen > LIMIT_BODY_BYTES) {
        x->refused = count_large(x, (int64_t)n);
    }
    if (x->refused.status != 0) {
        buf_finish(&x->body);
    } else {
        buf_put(&x->body, p, n);
    }
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_n, void **con_cls)
{
    struct http *h = cls;
    struct exchange *x = *con_cls;
    (void)url;
    check(x != NULL);
    if (!x->begun) {
        x->begun = true;
        atomic_fetch_add(&h->active, 1);
        x->refused = begin(x, c, method, version);
        return x->refused.status != 0 ? answer(c, x) : MHD_YES;
    }
    if (*upload_n > 0) {
        collect(x, upload, *upload_n);
        *upload_n = 0;
        return x->body_bytes_seen > discard_max(x) ? MHD_NO : MHD_YES;
    }
    if (x->refused.status == 0) {
        x->req.body = buf_view(&x->body);
        x->refused = read_form(&x->req);
    }
    return answer(c, x);
}

static void on_completed(void *cls, struct MHD_Connection *c, void **con_cls,
                         enum MHD_RequestTerminationCode why)
{
    struct http *h = cls;
    struct exchange *x = *con_cls;
    (void)c;
    (void)why;
    if (x == NULL) {
        return;
    }
    bool begun = x->begun;
    if (x->piece_end != NULL) {
        x->piece_end(x->piece_ctx);
    }
    atomic_fetch_sub(&h->large_bytes, x->large_bytes);
    buf_finish(&x->piece);
    buf_finish(&x->body);
    struct arena a = x->arena; /* x lies in it */
    arena_finish(&a);
    *con_cls = NULL;
    if (begun) {
        atomic_fetch_sub(&h->active, 1);
    }
}

/* ---- start and stop ---- */

/* The library has decoded nothing: http_decode does, strictly. */
static size_t keep_escapes(void *cls, struct MHD_Connection *c, char *s)
{
    (void)cls;
    (void)c;
    return strlen(s);
}

static enum err split_listen(const char *listen, char host[256], char port[8], struct error *e)
{
    const char *colon = strrchr(listen, ':');
    int64_t number = -1;
    size_t n = colon == NULL ? 0 : (size_t)(colon - listen);
    if (colon == NULL || n >= 256 || strlen(colon + 1) > 5 ||
        !str_int(str_from(colon + 1), &number) || number < 0 || number > 65535) {
        return err_set(e, ERR_USAGE, "监听地址应为 主机:端口,不是“%s”",
                       "listen address must be host:port, not \"%s\"", listen);
    }
    if (n >= 2 && listen[0] == '[' && listen[n - 1] == ']') {
        listen++;
        n -= 2;
    } else if (n == 0) {
        listen = "127.0.0.1";
        n = strlen(listen);
    }
    memcpy(host, listen, n);
    host[n] = '\0';
    snprintf(port, 8, "%d", (int)number);
    return OK;
}

static int bind_socket(const struct addrinfo *ai)
{
    int on = 1;
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 || listen(fd, 1024) != 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static enum err open_socket(const char *where, int *fd, int *port, struct error *e)
{
    char host[256], service[8];
    TRY(split_listen(where, host, service, e));
    struct addrinfo *ai = NULL, hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    int failed = getaddrinfo(host, service, &hints, &ai);
    if (failed != 0) {
        return err_set(e, ERR_USAGE, "无法解析监听地址“%s”:%s",
                       "cannot resolve listen address \"%s\": %s", where, gai_strerror(failed));
    }
    *fd = bind_socket(ai);
    int why = errno;
    freeaddrinfo(ai);
    if (*fd < 0) {
        return err_set(e, ERR_IO, "无法监听 %s:%s", "cannot listen on %s: %s", where,
                       strerror(why));
    }
    struct sockaddr_storage at;
    socklen_t n = sizeof at;
    check(getsockname(*fd, (struct sockaddr *)&at, &n) == 0);
    *port = ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                           : ((struct sockaddr_in *)&at)->sin_port);
    return OK;
}

static unsigned cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 64 ? 64 : (unsigned)n;
}

enum err http_start(struct http **out, const char *listen, http_handler *handler, void *ctx,
                    struct error *e)
{
    return http_start_with(
        out, &(struct http_options){.listen = listen, .handler = handler, .ctx = ctx}, e);
}

enum err http_start_with(struct http **out, const struct http_options *o, struct error *e)
{
    int fd = -1, port = 0;
    *out = NULL;
    TRY(open_socket(o->listen, &fd, &port, e));
    struct http *h = calloc(1, sizeof *h);
    check(h != NULL);
    h->options = *o;
    h->options.now_ns = o->now_ns != NULL ? o->now_ns : monotonic_ns;
    h->options.bodies_max = o->bodies_max != 0 ? o->bodies_max : LIMIT_BATCH_BODIES;
    h->rate = o->rate_per_s > 0 ? rate_create(o->rate_per_s, o->rate_burst) : NULL;
    h->port = port;
    /* A pool of one is refused by the library: no pool is one thread. */
    unsigned threads = cores() == 1 ? 0 : cores();
    h->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL,
        on_request, h, MHD_OPTION_THREAD_POOL_SIZE, threads,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)CONNECTIONS_PER_IP_MAX,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, h,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, h,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_END);
    if (h->daemon == NULL) {
        close(fd);
        rate_destroy(h->rate);
        free(h);
        return err_set(e, ERR_IO, "无法启动 HTTP 服务(%s)", "cannot start the HTTP server (%s)",
                       o->listen);
    }
    h->acceptor = acceptor_start(h->daemon, fd);
    *out = h;
    return OK;
}

int http_port(const struct http *h)
{
    return h->port;
}

void http_stop(struct http *h)
{
    if (h == NULL) {
        return;
    }
    atomic_store(&h->draining, true);
    acceptor_stop(h->acceptor);
    for (int ms = 0; ms < DRAIN_MS_MAX && atomic_load(&h->active) > 0; ms += 5) {
        nanosleep(&(struct timespec){.tv_nsec = 5 * 1000 * 1000}, NULL);
    }
    MHD_stop_daemon(h->daemon);
    rate_destroy(h->rate);
    free(h);
}
