/*
 * web: HTTP/1.1 at the border. Everything a request may get wrong is refused here, so that a
 * handler sees only a request that is well framed, within the limits of base/limits.h, and
 * whose path, query and form are decoded and valid UTF-8. Everything a response must carry
 * (the security headers, the length, 304 for a matching ETag) is added here, so that a handler
 * cannot forget it.
 *
 * Refused before the handler: Content-Length with Transfer-Encoding, a repeated Content-Length,
 * a transfer coding other than chunked, a NUL or control byte in a header, a folded header, no
 * Host or two, bad percent-encoding or UTF-8, %00 (all 400); more than LIMIT_QUERY_ARGS fields
 * (400); a target over LIMIT_URL_BYTES (414); a body over LIMIT_BODY_BYTES or what its path may
 * hold (413); more large bodies at once than LIMIT_BATCH_BODIES (503); a client over its rate
 * (429, web/rate.h); a key that nobody holds (401, web/callers.h) and two keys at once (400); a
 * method other than GET, HEAD, POST and OPTIONS (405). Head sections over 16 KiB, a
 * Content-Length that is no number, a line without a colon, a bad chunk and other versions of HTTP
 * are refused by the library itself, with a page of its own: 0.9.75 asks nobody.
 * A proxy stands in front (TLS, absolute deadlines).
 *
 * The handler runs on one of N event threads, several at once: what ctx points to is immutable
 * or locked. It fills *response; the request, its arena and all it points to live until the
 * answer is sent. Floor 1: knows base only.
 */
#ifndef WEB_HTTP_H
#define WEB_HTTP_H

#include "base/base.h"

enum method { METHOD_GET, METHOD_POST, METHOD_OPTIONS };

struct http_field {
    struct str key, value;
};

struct request {
    enum method method; /* HEAD comes as METHOD_GET with head set; its body is not sent */
    bool head;
    struct str target;    /* as sent: path and query */
    struct str path_raw;  /* as sent, before '?'; tells a/b from a%2Fb */
    struct str path;      /* decoded; starts with '/' */
    struct str query_raw; /* as sent, after '?'; empty if none */
    int n_query, n_form, n_headers;
    const struct http_field *query;   /* decoded, in order, keys may repeat */
    const struct http_field *form;    /* of an application/x-www-form-urlencoded POST */
    const struct http_field *headers; /* names as sent */
    struct str body;
    struct arena *arena;
    struct exchange *exchange; /* of http.c; NULL in a request that did not come by the wire */
};

enum { HTTP_HEADERS_MAX = 16 };

/* The next piece of a long answer, into an empty `out`; false when this was the last one. */
typedef bool http_piece(void *ctx, struct buf *out);

struct response {
    int status;       /* 200 unless set */
    const char *type; /* "text/html; charset=utf-8" unless set; a string that outlives the answer */
    struct buf body;
    int n_headers; /* set with http_set */
    struct http_field headers[HTTP_HEADERS_MAX];
    struct arena *arena; /* the request's */
    /* Set with http_stream: sent behind the body, piece by piece, as the client takes them. */
    http_piece *piece;
    void (*piece_end)(void *ctx);
    void *piece_ctx;
};

typedef void http_handler(void *ctx, const struct request *req, struct response *res);

/* Listens on "host:port", "[::1]:port" or ":port", which is 127.0.0.1; port 0 takes a free one. */
struct http;
struct callers;
struct http_options {
    const char *listen;
    http_handler *handler;
    void *ctx;
    const char *const *large;     /* paths whose body may have LIMIT_BATCH_BYTES; NULL-ended */
    const char *const *uncounted; /* paths that take no token (style sheets); both may be NULL */
    int rate_per_s, rate_burst; /* of one client; 0: no limit */
    struct callers *callers;    /* counted by key; NULL: no key is read. Outlives the server */
    int64_t bodies_max;         /* bytes of large bodies at one time; 0: LIMIT_BATCH_BODIES */
    bool forwarded;             /* a proxy of ours stands in front: its X-Forwarded-For counts */
    uint64_t (*now_ns)(void);   /* NULL: the monotonic clock */
};
enum err http_start_with(struct http **out, const struct http_options *o, struct error *e);
/* With LIMIT_BODY_BYTES everywhere and no limit of rate. */
enum err http_start(struct http **out, const char *listen, http_handler *handler, void *ctx,
                    struct error *e);
int http_port(const struct http *h);
/* Takes no new connections, waits up to 5 s for running requests, frees. Accepts NULL. */
void http_stop(struct http *h);

/* The first field of that name; {NULL,0} if there is none, {"",0} if it is empty. Names of
 * headers are compared without case. */
struct str http_header(const struct request *req, const char *name);
struct str http_query(const struct request *req, const char *key);
struct str http_form(const struct request *req, const char *key);

/* Sets a header (copies the value; CR, LF or NUL in it is a bug). Setting it again replaces. */
void http_set(struct response *res, const char *name, struct str value);
/* The answer goes on behind its body in pieces, whose sum nobody need hold: only what `next` gave
 * last. `end` is called once, sent or broken off; ctx lives as long as the request. */
void http_stream(struct response *res, http_piece *next, void (*end)(void *ctx), void *ctx);
/* Gives the answer its ETag before it is built. True if the client holds that very version: the
 * answer is 304 and whole. If the answer then turns out to be no 200, the ETag falls away. */
bool http_known(const struct request *req, struct response *res, struct str etag);
/* Takes `tokens` more from the bucket this request is counted against, where the head did not show
 * how much is asked. False: they are not there, and the answer is 429 and whole. */
bool http_charge(const struct request *req, struct response *res, int tokens);
/* 303 to a GET of `location`. */
void http_redirect(struct response *res, struct str location);
/* Replaces the answer by an error: application/problem+json (RFC 9457), or a small HTML page
 * where Accept prefers text/html. The detail is given in the language of ?lang= or of
 * Accept-Language, zh if neither says. */
void http_problem(const struct request *req, struct response *res, int status,
                  const char *detail_zh, const char *detail_en);
/* RFC 9457 with members of ours: code (stable, for programs), both languages, hint and field. NULL
 * and empty texts are written as null. `detail` is the one asked for. */
struct http_fault {
    int status;
    const char *title, *code, *zh, *en, *hint, *field;
};
void http_fault_json(const struct http_fault *f, bool english, struct jsonw *w);
bool http_wants_html(const struct request *req); /* Accept prefers text/html to JSON */
bool http_wants_english(const struct request *req);

/* Decodes %XX, and '+' as a space if plus. False on bad encoding, bad UTF-8 or NUL. */
bool http_decode(struct arena *a, struct str s, bool plus, struct str *out);
/* Splits "a=b&c=d". False on bad encoding or on more than LIMIT_QUERY_ARGS fields. */
bool http_parse_fields(struct arena *a, struct str s, const struct http_field **out, int *n);

#endif
