/* http.c in this process, spoken to with raw sockets: what is refused, what reaches the handler,
 * what every response carries, and that stopping waits for a running request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "web/callers.h"
#include "web/http.h"

static struct http *server;
static atomic_bool slow_running;
static atomic_int handled;

static void echo(const struct request *req, struct response *res)
{
    struct buf *b = &res->body;
    res->type = "text/plain; charset=utf-8";
    buf_printf(b, "method=%d head=%d path=%.*s raw=%.*s\n", (int)req->method, req->head,
               STR_ARG(req->path), STR_ARG(req->path_raw));
    for (int i = 0; i < req->n_query; i++) {
        buf_printf(b, "q[%.*s]=[%.*s]\n", STR_ARG(req->query[i].key),
                   STR_ARG(req->query[i].value));
    }
    for (int i = 0; i < req->n_form; i++) {
        buf_printf(b, "f[%.*s]=[%.*s]\n", STR_ARG(req->form[i].key), STR_ARG(req->form[i].value));
    }
    buf_printf(b, "body=%zu x-a=[%.*s]\n", req->body.n, STR_ARG(http_header(req, "x-a")));
    for (int i = 0; i < req->n_headers; i++) {
        buf_printf(b, "h[%.*s]=[%.*s]\n", STR_ARG(req->headers[i].key),
                   STR_ARG(req->headers[i].value));
    }
}

static atomic_int streams_ended;

static bool next_piece(void *ctx, struct buf *out)
{
    int *n = ctx;
    for (int i = 0; i < 1000; i++) {
        buf_printf(out, "%06d\n", *n * 1000 + i);
    }
    return ++*n < 50;
}

static void end_stream(void *ctx)
{
    (void)ctx;
    atomic_fetch_add(&streams_ended, 1);
}

static void handle(void *ctx, const struct request *req, struct response *res)
{
    check(ctx == &server);
    atomic_fetch_add(&handled, 1);
    if (str_eqz(req->path, "/thread")) {
        buf_printf(&res->body, "thread %lx.", (unsigned long)pthread_self());
    } else if (str_eqz(req->path, "/slow")) {
        atomic_store(&slow_running, true);
        nanosleep(&(struct timespec){.tv_nsec = 400 * 1000 * 1000}, NULL);
        buf_z(&res->body, "slow but whole");
    } else if (str_eqz(req->path, "/etag")) {
        http_set(res, "ETag", STR("\"abc\""));
        http_set(res, "Cache-Control", STR("no-cache"));
        buf_z(&res->body, "content");
    } else if (str_eqz(req->path, "/go")) {
        http_redirect(res, STR("/there?x=1"));
    } else if (str_eqz(req->path, "/missing")) {
        buf_z(&res->body, "half written");
        http_problem(req, res, 404, "没有<这>页", "no <such> page");
    } else if (str_eqz(req->path, "/stream")) {
        res->type = "text/plain";
        buf_z(&res->body, "head\n");
        http_stream(res, next_piece, end_stream, ARENA_NEW(req->arena, int));
    } else if (str_eqz(req->path, "/known")) {
        if (!http_known(req, res, STR("\"k1\""))) {
            buf_z(&res->body, "built");
        }
        if (http_query(req, "fail").n > 0) {
            http_problem(req, res, 404, "无", "none");
        }
    } else if (str_eqz(req->path, "/charge")) {
        int64_t n = 0;
        check(str_int(http_query(req, "n"), &n));
        if (http_charge(req, res, (int)n)) {
            buf_z(&res->body, "charged");
        }
    } else if (str_eqz(req->path, "/big")) {
        for (int i = 0; i < 300000; i++) {
            buf_char(&res->body, 'x');
        }
    } else {
        echo(req, res);
    }
}

static void dial_with(int fd)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)http_port(server))};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    struct timeval patience = {.tv_sec = 10};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
}

static int dial(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    dial_with(fd);
    return fd;
}

static bool write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
        if (k <= 0) {
            return false;
        }
        p += k;
        n -= (size_t)k;
    }
    return true;
}

/* All the server sends until it closes. */
static const char *read_all(int fd, struct buf *b)
{
    char chunk[65536];
    ssize_t k;
    buf_clear(b);
    while ((k = recv(fd, chunk, sizeof chunk, 0)) > 0) {
        buf_put(b, chunk, (size_t)k);
    }
    close(fd);
    buf_char(b, '\0');
    return b->p;
}

static struct buf got;

static const char *talk_n(const char *p, size_t n)
{
    int fd = dial();
    write_all(fd, p, n);
    shutdown(fd, SHUT_WR);
    return read_all(fd, &got);
}

static const char *talk(const char *request)
{
    return talk_n(request, strlen(request));
}

static int status_of(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? atoi(answer + 9) : 0;
}

static void has(const char *answer, const char *part)
{
    if (strstr(answer, part) == NULL) {
        fail_msg("no \"%s\" in:\n%s", part, answer);
    }
}

static void has_not(const char *answer, const char *part)
{
    if (strstr(answer, part) != NULL) {
        fail_msg("\"%s\" in:\n%s", part, answer);
    }
}

static void secured(const char *answer)
{
    has(answer, "\r\nContent-Security-Policy: default-src 'self'; base-uri 'none'; form-action "
                "'self'; frame-ancestors 'none'; object-src 'none'\r\n");
    has(answer, "\r\nX-Content-Type-Options: nosniff\r\n");
    has(answer, "\r\nReferrer-Policy: same-origin\r\n");
    has(answer, "\r\nPermissions-Policy: camera=(), microphone=(), geolocation=()\r\n");
    has(answer, "\r\nCross-Origin-Opener-Policy: same-origin\r\n");
}

#define END "Host: x\r\nConnection: close\r\n\r\n"

static void good_requests(void **state)
{
    (void)state;
    const char *a = talk("GET /a%2Fb/%E6%9C%8D?q=1+2&k=%3D%26&e=&lone HTTP/1.1\r\n"
                         "X-A:  v \r\n" END);
    assert_int_equal(status_of(a), 200);
    secured(a);
    has(a, "path=/a/b/服 raw=/a%2Fb/%E6%9C%8D\n");
    has(a, "q[q]=[1 2]\nq[k]=[=&]\nq[e]=[]\nq[lone]=[]\n");
    has(a, "x-a=[v]");
    has(a, "Content-Type: text/plain; charset=utf-8\r\n");
    has_not(a, "Strict-Transport-Security");
    a = talk("GET / HTTP/1.1\r\nX-Forwarded-Proto: https\r\n" END);
    has(a, "Strict-Transport-Security: max-age=31536000\r\n");
    a = talk("HEAD /etag HTTP/1.1\r\n" END);
    assert_int_equal(status_of(a), 200);
    secured(a);
    has(a, "Content-Length: 7\r\n");
    has_not(a, "content");
    a = talk("OPTIONS /x HTTP/1.1\r\n" END);
    has(a, "method=2 head=0");
    a = talk("GET /go HTTP/1.1\r\n" END);
    assert_int_equal(status_of(a), 303);
    has(a, "Location: /there?x=1\r\n");
    talk("GET /big HTTP/1.1\r\n" END);
    has(got.p, "Content-Length: 300000\r\n");
    assert_int_equal(strlen(strstr(got.p, "\r\n\r\n") + 4), 300000);
    a = talk("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\n" END);
    has(a, "path=/1");
    has(a, "path=/2");
}

static void forms(void **state)
{
    (void)state;
    const char *a = talk("POST /f HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded; "
                         "charset=utf-8\r\nContent-Length: 17\r\n" END "a=1+2&b=%E6%9C%8D");
    assert_int_equal(status_of(a), 200);
    has(a, "method=1");
    has(a, "f[a]=[1 2]\nf[b]=[服]\nbody=17");
    a = talk("POST /f HTTP/1.1\r\nContent-Type: application/json\r\n"
             "Transfer-Encoding: chunked\r\n" END "2\r\n{}\r\n0\r\n\r\n");
    assert_int_equal(status_of(a), 200);
    has(a, "body=2");
    has_not(a, "f[");
    a = talk("POST /f HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
             "Content-Length: 5\r\n" END "a=%FF");
    assert_int_equal(status_of(a), 400);
    /* A header section that comes in many pieces is read in place all the same. */
    char line[128];
    int fd = dial();
    assert_true(write_all(fd, "GET /pieces HTTP/1.1\r\n", 22));
    for (int i = 0; i < 60; i++) {
        int n = snprintf(line, sizeof line, "X-%d: %0100d\r\n", i, i);
        assert_true(write_all(fd, line, (size_t)n / 2));
        nanosleep(&(struct timespec){.tv_nsec = 1000 * 1000}, NULL);
        assert_true(write_all(fd, line + n / 2, (size_t)(n - n / 2)));
    }
    assert_true(write_all(fd, END, strlen(END)));
    assert_int_equal(status_of(read_all(fd, &got)), 200);
}

static void refused_requests(void **state)
{
#define CASE(status, text) {status, text, sizeof text - 1}
    static const struct {
        int status;
        const char *p;
        size_t n;
    } cases[] = {
        CASE(400, "POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n" END
                  "0\r\n\r\n"),
        CASE(400, "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n" END "abcd"),
        CASE(400, "POST / HTTP/1.1\r\nContent-Length: 4\r\ncontent-length: 4\r\n" END "abcd"),
        CASE(400, "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n" END "0\r\n\r\n"),
        CASE(400, "POST / HTTP/1.1\r\nTransfer-Encoding : chunked\r\n" END "0\r\n\r\n"),
        CASE(400, "GET / HTTP/1.1\r\n\r\n"),
        CASE(400, "GET / HTTP/1.0\r\n\r\n"),
        CASE(400, "GET / HTTP/1.1\r\nHost: y\r\n" END),
        CASE(400, "GET / HTTP/1.1\r\nHost : x\r\nConnection: close\r\n\r\n"),
        CASE(400, "GET / HTTP/1.1\r\nX-A: b\0c\r\n" END),
        CASE(400, "GET / HTTP/1.1\r\nX-A: b\0\r\n" END),
        CASE(400, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-A: b\0c\r\n\r\n"),
        CASE(400, "GET / HTTP/1.1\r\nX-A: \0\r\n" END),
        CASE(400, "GET / HTTP/1.1\r\nX-A: b\x01\r\n" END),
        CASE(400, "GET / HTTP/1.1\r\nX-A: a\r\n folded\r\n" END),
        CASE(400, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-A: a\r\n folded\r\n\r\n"),
        CASE(400, "GET / HTTP/1.1\r\nX A: a\r\n" END),
        CASE(400, "GET /a\0b HTTP/1.1\r\n" END),
        CASE(400, "GET /a b HTTP/1.1\r\n" END),
        CASE(400, "GET /%zz HTTP/1.1\r\n" END),
        CASE(400, "GET /%E6%9C HTTP/1.1\r\n" END),
        CASE(400, "GET /%4 HTTP/1.1\r\n" END),
        CASE(400, "GET /a%00 HTTP/1.1\r\n" END),
        CASE(400, "GET /%C0%AE HTTP/1.1\r\n" END),
        CASE(400, "GET /?a=%f HTTP/1.1\r\n" END),
        CASE(400, "GET /?%ff=1 HTTP/1.1\r\n" END),
        CASE(400, "GET http://x/ HTTP/1.1\r\n" END),
        CASE(405, "PUT / HTTP/1.1\r\nContent-Length: 1\r\n" END "a"),
        CASE(405, "get / HTTP/1.1\r\n" END),
        CASE(405, "DELETE / HTTP/1.1\r\n" END),
        CASE(413, "POST / HTTP/1.1\r\nContent-Length: 99999999\r\n" END),
        CASE(413, "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n" END),
    };
    (void)state;
    int before = atomic_load(&handled);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *a = talk_n(cases[i].p, cases[i].n);
        if (status_of(a) != cases[i].status) {
            fail_msg("case %zu wants %d: %s -> %s", i, cases[i].status, cases[i].p, a);
        }
        secured(a);
        has(a, "Content-Type: application/problem+json\r\n");
        has(a, "\r\nConnection: close\r\n");
    }
    assert_int_equal(atomic_load(&handled), before);
    has(talk("PUT / HTTP/1.1\r\n" END), "\r\nAllow: GET, HEAD, POST, OPTIONS\r\n");
}

static void limits(void **state)
{
    static char target[5200], many[1024], body[2 * 1024 * 1024];
    (void)state;
    memset(body, 'a', sizeof body);
    snprintf(target, sizeof target, "GET /%.5000s HTTP/1.1\r\n" END, body);
    assert_int_equal(status_of(talk(target)), 414);
    secured(got.p);
    snprintf(target, sizeof target, "GET /%.4095s HTTP/1.1\r\n" END, body);
    assert_int_equal(status_of(talk(target)), 200);
    struct buf b = {0};
    for (int i = 0; i < 65; i++) {
        buf_z(&b, "a&");
    }
    snprintf(many, sizeof many, "GET /?%.*s HTTP/1.1\r\n" END, 130, b.p);
    assert_int_equal(status_of(talk(many)), 400);
    snprintf(many, sizeof many, "GET /?%.*s HTTP/1.1\r\n" END, 128, b.p);
    assert_int_equal(status_of(talk(many)), 200);
    for (int chunked = 0; chunked < 2; chunked++) {
        buf_clear(&b);
        buf_printf(&b, "POST / HTTP/1.1\r\n%s\r\n" END "%s",
                   chunked ? "Transfer-Encoding: chunked" : "Content-Length: 2097152",
                   chunked ? "200000\r\n" : "");
        buf_put(&b, body, sizeof body);
        buf_z(&b, chunked ? "\r\n0\r\n\r\n" : "");
        assert_int_equal(status_of(talk_n(b.p, b.n)), 413);
        secured(got.p);
    }
    buf_clear(&b);
    buf_printf(&b, "POST / HTTP/1.1\r\nContent-Length: %d\r\n" END, LIMIT_BODY_BYTES);
    buf_put(&b, body, LIMIT_BODY_BYTES);
    has(talk_n(b.p, b.n), "body=1048576");
    buf_finish(&b);
}

static void etags(void **state)
{
    static const char *const matching[] = {"\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*"};
    char request[256];
    (void)state;
    for (int i = 0; i < 4; i++) {
        snprintf(request, sizeof request, "GET /etag HTTP/1.1\r\nIf-None-Match: %s\r\n" END,
                 matching[i]);
        const char *a = talk(request);
        assert_int_equal(status_of(a), 304);
        secured(a);
        has(a, "ETag: \"abc\"\r\n");
        assert_string_equal(strstr(a, "\r\n\r\n"), "\r\n\r\n");
    }
    assert_int_equal(status_of(talk("GET /etag HTTP/1.1\r\nIf-None-Match: \"ab\"\r\n" END)), 200);
    has(got.p, "content");
}

static void problems(void **state)
{
    (void)state;
    const char *a = talk("GET /missing HTTP/1.1\r\nAccept: */*\r\nAccept-Language: en-GB\r\n" END);
    assert_int_equal(status_of(a), 404);
    secured(a);
    has(a, "Content-Type: application/problem+json\r\n");
    has(a, "\r\n\r\n{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
           "\"detail\":\"no <such> page\",\"code\":\"not-found\",\"detail_zh\":\"没有<这>页\","
           "\"detail_en\":\"no <such> page\",\"hint\":null,\"field\":null}\n");
    a = talk("GET /missing?lang=zh HTTP/1.1\r\nAccept: application/json;q=0.5, text/html\r\n"
             "Accept-Language: en\r\n" END);
    has(a, "Content-Type: text/html; charset=utf-8\r\n");
    has(a, "没有&lt;这&gt;页");
    a = talk("GET /missing HTTP/1.1\r\nAccept: text/html;q=0.3,*/*;q=0.8\r\n"
             "Accept-Language: zh;q=0.2, en;q=0.9\r\n" END);
    has(a, "application/problem+json");
    has(a, "no <such> page");
}

/* Connections that live at one time are dealt out evenly to the threads that serve them. */
static void connections_spread(void **state)
{
    enum { AT_ONCE = 32 };
    static const char request[] = "GET /thread HTTP/1.1\r\nHost: x\r\n\r\n";
    int fd[AT_ONCE], same = 0;
    char first[64] = "", id[64];
    (void)state;
    if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
        skip();
    /* All sockets first: the server's descriptors follow each other, as they do when the clients
     * are other processes. */
    for (int i = 0; i < AT_ONCE; i++)
        fd[i] = socket(AF_INET, SOCK_STREAM, 0);
    for (int i = 0; i < AT_ONCE; i++)
        dial_with(fd[i]);
    for (int i = 0; i < AT_ONCE; i++) {
        char answer[4096];
        ssize_t n = 0, k;
        assert_true(write_all(fd[i], request, sizeof request - 1));
        do {
            k = recv(fd[i], answer + n, sizeof answer - 1 - (size_t)n, 0);
            assert_true(k > 0);
            n += k;
            answer[n] = '\0';
        } while (strstr(answer, "thread ") == NULL || answer[n - 1] != '.');
        snprintf(id, sizeof id, "%.40s", strstr(answer, "thread "));
        if (i == 0)
            memcpy(first, id, sizeof first);
        same += strcmp(first, id) == 0;
    }
    for (int i = 0; i < AT_ONCE; i++)
        close(fd[i]);
    assert_in_range(same, 1, AT_ONCE / 2 + 4);
}

static void *call_slow(void *arg)
{
    (void)arg;
    return (void *)(intptr_t)status_of(talk("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
}

static void stop_drains(void **state)
{
    pthread_t t;
    void *status = NULL;
    (void)state;
    assert_int_equal(pthread_create(&t, NULL, call_slow, NULL), 0);
    while (!atomic_load(&slow_running)) {
        nanosleep(&(struct timespec){.tv_nsec = 1000 * 1000}, NULL);
    }
    http_stop(server);
    server = NULL;
    pthread_join(t, &status);
    assert_int_equal((intptr_t)status, 200);
    has(got.p, "slow but whole");
    has(got.p, "Connection: close");
    http_stop(NULL);
}

/* Fifty thousand lines in pieces: all of them, in order, and the end is told once; also when the
 * client goes away in the middle. */
static void streams(void **state)
{
    (void)state;
    atomic_store(&streams_ended, 0);
    const char *a = talk("GET /stream HTTP/1.0\r\nHost: x\r\n\r\n"); /* 1.0: no chunks between */
    assert_int_equal(status_of(a), 200);
    secured(a);
    const char *line = strstr(a, "\r\n\r\nhead\n");
    assert_non_null(line);
    line += 9;
    for (int i = 0; i < 50000; i++, line += 7) {
        assert_int_equal(atoi(line), i);
    }
    assert_int_equal(*line, '\0');
    has(talk("GET /stream HTTP/1.1\r\n" END), "Transfer-Encoding: chunked\r\n");
    int fd = dial();
    const char request[] = "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n";
    write_all(fd, request, sizeof request - 1);
    close(fd);
    for (int i = 0; i < 2000 && atomic_load(&streams_ended) < 3; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000 * 1000}, NULL);
    }
    assert_int_equal(atomic_load(&streams_ended), 3);
}

static void known_before(void **state)
{
    (void)state;
    const char *a = talk("GET /known HTTP/1.1\r\n" END);
    has(a, "ETag: \"k1\"\r\n");
    has(a, "built");
    a = talk("GET /known HTTP/1.1\r\nIf-None-Match: W/\"k0\", \"k1\"\r\n" END);
    assert_int_equal(status_of(a), 304);
    has(a, "ETag: \"k1\"\r\n");
    has_not(a, "built");
    a = talk("GET /known?fail=1 HTTP/1.1\r\nIf-None-Match: *\r\n" END);
    assert_int_equal(status_of(a), 404);
    has_not(a, "ETag");
}

static const char *post_bytes(const char *path, size_t n)
{
    struct buf b = {0};
    buf_printf(&b, "POST %s HTTP/1.1\r\nContent-Length: %zu\r\n" END, path, n);
    buf_reserve(&b, n);
    memset(b.p + b.n, 'x', n);
    b.n += n;
    const char *a = talk_n(b.p, b.n);
    buf_finish(&b);
    return a;
}

static void large_bodies(void **state)
{
    (void)state;
    assert_int_equal(status_of(post_bytes("/small", LIMIT_BODY_BYTES + 1)), 413);
    assert_int_equal(status_of(post_bytes("/large", LIMIT_BODY_BYTES + 1)), 200);
    has(got.p, "body=1048577");
    assert_int_equal(status_of(post_bytes("/large", LIMIT_BATCH_BYTES)), 200);
    assert_int_equal(status_of(post_bytes("/large", LIMIT_BATCH_BYTES + 1)), 413);
    has(got.p, "LIMIT_BATCH_BYTES");
    assert_int_equal(status_of(post_bytes("/larger", LIMIT_BODY_BYTES + 1)), 413);
}

/* Bytes count when they have come, and are given back when the request ends. */
static void large_bodies_together(void **state)
{
    struct http *was = server;
    static const char *const large[] = {"/large", NULL};
    (void)state;
    assert_int_equal(http_start_with(&server, &(struct http_options){.listen = ":0", .handler = handle,
                                                  .ctx = &server, .large = large,
                                                  .bodies_max = 4 * 1024 * 1024}, NULL), OK);
    char *x = malloc(LIMIT_BATCH_BYTES);
    assert_non_null(x);
    memset(x, 'x', LIMIT_BATCH_BYTES);
    const char head[] = "POST /large HTTP/1.1\r\nContent-Length: 16777216\r\n" END;
    int idle = dial(), busy = dial();
    assert_true(write_all(idle, head, sizeof head - 1)); /* a head alone keeps nobody out */
    assert_true(write_all(busy, head, sizeof head - 1));
    assert_true(write_all(busy, x, 4 * 1024 * 1024));
    int status = 0;
    for (int i = 0; i < 500 && status != 503; i++) { /* until the server has read what was sent */
        status = status_of(post_bytes("/large", 3 * 1024 * 1024));
        assert_true(status == 200 || status == 503);
    }
    assert_int_equal(status, 503);
    has(got.p, "Retry-After: 1\r\n");
    close(busy);
    close(idle);
    for (int i = 0; i < 500 && status != 200; i++) {
        status = status_of(post_bytes("/large", 3 * 1024 * 1024));
    }
    assert_int_equal(status, 200);
    free(x);
    http_stop(server);
    server = was;
}

static atomic_ullong fake_ns;

static uint64_t fake_now(void)
{
    return atomic_load(&fake_ns);
}

static void rates(void **state)
{
    static const char *const free_paths[] = {"/free", NULL};
    struct http *was = server;
    (void)state;
    atomic_store(&fake_ns, 5000000000u);
    assert_int_equal(http_start_with(&server, &(struct http_options){.listen = ":0", .handler = handle,
                                                  .ctx = &server, .uncounted = free_paths,
                                                  .rate_per_s = 1, .rate_burst = 2, .forwarded = true,
                                                  .now_ns = fake_now}, NULL), OK);
    const char *a = talk("GET /x HTTP/1.1\r\n" END);
    assert_int_equal(status_of(a), 200);
    has(a, "RateLimit-Limit: 2\r\nRateLimit-Remaining: 1\r\nRateLimit-Reset: 1\r\n");
    assert_int_equal(status_of(talk("GET /x HTTP/1.1\r\n" END)), 200);
    a = talk("GET /x HTTP/1.1\r\nAccept-Language: en\r\n" END);
    assert_int_equal(status_of(a), 429);
    secured(a);
    has(a, "Retry-After: 1\r\n");
    has(a, "RateLimit-Remaining: 0\r\n");
    has(a, "\"code\":\"too-many-requests\"");
    a = talk("GET /free HTTP/1.1\r\n" END);
    assert_int_equal(status_of(a), 200);
    has_not(a, "RateLimit");
    a = talk("GET /x HTTP/1.1\r\nX-Forwarded-For: 192.0.2.1, 192.0.2.7\r\n" END);
    assert_int_equal(status_of(a), 200); /* another client, and its bucket is full */
    has(a, "RateLimit-Remaining: 1\r\n");
    atomic_fetch_add(&fake_ns, 1000000000u);
    assert_int_equal(status_of(talk("GET /x HTTP/1.1\r\n" END)), 200);
    assert_int_equal(status_of(talk("GET /x HTTP/1.1\r\n" END)), 429);
    http_stop(server);
    server = was;
}

/* ---- keys ---- */

static char keys_path[] = "/tmp/fumao-http-keys-XXXXXX";
static char key_of[2][CALLER_KEY_CHARS + 1];
static struct callers *callers;
static struct http *without_keys;

/* Two callers: 1 a second and 3 at once, 1 and 5; anybody else 1 and 2. */
static int start_keyed(void **state)
{
    static const char *const free_paths[] = {"/free", NULL};
    struct buf b;
    (void)state;
    buf_init(&b);
    callers_write_head(&b);
    for (int i = 0; i < 2; i++) {
        struct caller k = {.name = i == 0 ? STR("one") : STR("two"), .per_s = 1};
        k.burst = 3 + 2 * i;
        caller_make_key(key_of[i], k.digest);
        caller_write(&k, &b);
    }
    int fd = mkstemp(keys_path); /* 0600 */
    bool well = fd >= 0 && write(fd, b.p, b.n) == (ssize_t)b.n && close(fd) == 0;
    buf_finish(&b);
    well = well && callers_read(&callers, keys_path, NULL) == OK;
    unlink(keys_path);
    memcpy(keys_path + sizeof keys_path - 7, "XXXXXX", 6);
    without_keys = server;
    atomic_store(&fake_ns, 5000000000u);
    const struct http_options o = {.listen = ":0", .handler = handle, .ctx = &server,
                                   .uncounted = free_paths, .rate_per_s = 1, .rate_burst = 2,
                                   .callers = callers, .now_ns = fake_now};
    return !well || http_start_with(&server, &o, NULL) != OK;
}

static int finish_keyed(void **state)
{
    (void)state;
    http_stop(server);
    server = without_keys;
    callers_destroy(callers);
    return 0;
}

/* `header` is a printf format with one %s, for the key. */
__attribute__((format(printf, 2, 0)))
static const char *with(const char *path, const char *header, const char *key)
{
    char said[200], request[400];
    snprintf(said, sizeof said, header, key);
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n%s\r\n" END, path, said);
    return talk(request);
}

static void keys_have_budgets(void **state)
{
    const char *a;
    (void)state;
    for (int left = 2; left >= 0; left--) {
        char limit[64];
        snprintf(limit, sizeof limit, "RateLimit-Limit: 3\r\nRateLimit-Remaining: %d\r\n", left);
        a = with("/x", left == 1 ? "authorization: BEARER %s" : "X-Api-Key: %s", key_of[0]);
        assert_int_equal(status_of(a), 200);
        has(a, limit);
        has_not(a, key_of[0]); /* though the handler writes every header */
        has(a, left == 1 ? "h[authorization]=[]" : "h[X-Api-Key]=[]");
    }
    a = with("/x", "X-Api-Key: %s", key_of[0]);
    assert_int_equal(status_of(a), 429);
    has(a, "Retry-After: 1\r\n");
    a = with("/x", "X-Api-Key: %s", key_of[1]); /* another key, another bucket */
    assert_int_equal(status_of(a), 200);
    has(a, "RateLimit-Limit: 5\r\nRateLimit-Remaining: 4\r\n");
    a = with("/x", "X-A: %s", "no key"); /* and the address has its own still */
    assert_int_equal(status_of(a), 200);
    has(a, "RateLimit-Limit: 2\r\nRateLimit-Remaining: 1\r\n");
    a = with("/x", "Authorization: Basic %s", "eDp5"); /* not ours */
    assert_int_equal(status_of(a), 200);
    has(a, "RateLimit-Limit: 2\r\nRateLimit-Remaining: 0\r\n");
    has(a, "h[Authorization]=[Basic eDp5]");
    assert_int_equal(status_of(with("/x", "X-A: %s", "")), 429);
    assert_int_equal(status_of(with("/x", "X-Api-Key: %s", key_of[1])), 200);
}

static void unknown_keys(void **state)
{
    char near[CALLER_KEY_CHARS + 1], body[600];
    int before = atomic_load(&handled);
    (void)state;
    memcpy(near, key_of[0], sizeof near);
    near[CALLER_KEY_CHARS - 1] ^= 1;
    const char *a = with("/x", "X-Api-Key: %s", near);
    assert_int_equal(status_of(a), 401);
    secured(a);
    has(a, "Content-Type: application/problem+json\r\n");
    has(a, "WWW-Authenticate: Bearer realm=\"fumao\"\r\n");
    has(a, "RateLimit-Limit: 2\r\nRateLimit-Remaining: 1\r\n"); /* the address pays */
    has_not(a, near);
    snprintf(body, sizeof body, "%s", strstr(a, "\r\n\r\n"));
    a = with("/x", "Authorization: Bearer%s", "");
    assert_int_equal(status_of(a), 401);
    assert_string_equal(strstr(a, "\r\n\r\n"), body);
    assert_int_equal(status_of(with("/x", "X-Api-Key: %s", "guess")), 429);
    assert_int_equal(atomic_load(&handled), before); /* no handler saw any of these */
    a = with("/free", "X-Api-Key: %s", "guess"); /* not counted, not looked up, yet blanked */
    assert_int_equal(status_of(a), 200);
    has(a, "h[X-Api-Key]=[]");
    atomic_fetch_add(&fake_ns, 1000000000u);
    a = with("/x", "Authorization: Bearer 1\r\nX-Api-Key: %s", key_of[0]);
    assert_int_equal(status_of(a), 400);
    has(a, "RateLimit-Limit: 2\r\n"); /* neither key pays */
    assert_int_equal(status_of(with("/x", "X-Api-Key: %s", key_of[0])), 200);
}

static void keys_not_read(void **state)
{
    (void)state;
    const char *a = with("/x", "X-Api-Key: %s", "whatever");
    assert_int_equal(status_of(a), 200);
    has(a, "h[X-Api-Key]=[whatever]");
    has(with("/charge?n=1000000", "X-A: %s", ""), "charged"); /* nothing is counted */
}

static void charges(void **state)
{
    static const char said[] = "X-Api-Key: %s";
    (void)state;
    const char *a = with("/charge?n=1", said, key_of[0]);
    has(a, "charged");
    has(a, "RateLimit-Limit: 3\r\nRateLimit-Remaining: 1\r\nRateLimit-Reset: 2\r\n");
    a = with("/charge?n=1", said, key_of[0]); /* one for the request, none is left for more */
    assert_int_equal(status_of(a), 429);
    has(a, "Retry-After: 2\r\n"); /* the whole price */
    has(a, "RateLimit-Remaining: 0\r\nRateLimit-Reset: 3\r\n");
    has(a, "too-many-requests");
    has_not(a, "charged");
    atomic_fetch_add(&fake_ns, 2000000000u);
    has(with("/charge?n=1", said, key_of[0]), "charged");
    atomic_fetch_add(&fake_ns, 2000000000u); /* two are there: no full bucket */
    assert_int_equal(status_of(with("/charge?n=100", said, key_of[0])), 429);
    atomic_fetch_add(&fake_ns, 2000000000u);
    a = with("/charge?n=100", said, key_of[0]); /* more than a bucket, and it was full */
    has(a, "charged");
    has(a, "RateLimit-Remaining: 0\r\nRateLimit-Reset: 101\r\n");
    a = with("/x", said, key_of[0]);
    assert_int_equal(status_of(a), 429);
    has(a, "Retry-After: 99\r\n");
    a = with("/charge?n=3", said, key_of[1]);
    has(a, "RateLimit-Remaining: 1\r\n"); /* not the other's debt */
    a = with("/charge?n=1", "X-A: %s", "");
    has(a, "RateLimit-Remaining: 0\r\n"); /* by address as well */
    assert_int_equal(status_of(with("/x", "X-A: %s", "")), 429);
    atomic_fetch_add(&fake_ns, 98000000000u);
    assert_int_equal(status_of(with("/x", said, key_of[0])), 429);
    atomic_fetch_add(&fake_ns, 1000000000u);
    assert_int_equal(status_of(with("/x", said, key_of[0])), 200);
}

static void bad_addresses(void **state)
{
    static const char *const bad[] = {"", "x", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                                      ":-1", "127.0.0.1:8x", "no.such.host.invalid:1"};
    struct http *h = NULL;
    struct error e;
    char taken[32];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(http_start(&h, bad[i], handle, NULL, &e), ERR_USAGE);
        assert_null(h);
    }
    snprintf(taken, sizeof taken, "127.0.0.1:%d", http_port(server));
    assert_int_equal(http_start(&h, taken, handle, NULL, &e), ERR_IO);
    has(e.detail_en, "Address already in use");
}

static int start(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    static const char *const large[] = {"/large", NULL};
    const struct http_options o = {.listen = ":0", .handler = handle, .ctx = &server, .large = large};
    return http_start_with(&server, &o, NULL) != OK || http_port(server) == 0;
}

static int finish(void **state)
{
    (void)state;
    http_stop(server);
    buf_finish(&got);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_requests), cmocka_unit_test(forms),
        cmocka_unit_test(refused_requests), cmocka_unit_test(limits),
        cmocka_unit_test(etags), cmocka_unit_test(problems),
        cmocka_unit_test(streams), cmocka_unit_test(known_before),
        cmocka_unit_test(large_bodies), cmocka_unit_test(large_bodies_together),
        cmocka_unit_test(rates),
        cmocka_unit_test_setup_teardown(keys_have_budgets, start_keyed, finish_keyed),
        cmocka_unit_test_setup_teardown(unknown_keys, start_keyed, finish_keyed),
        cmocka_unit_test_setup_teardown(charges, start_keyed, finish_keyed),
        cmocka_unit_test(keys_not_read),
        cmocka_unit_test(bad_addresses), cmocka_unit_test(connections_spread),
        cmocka_unit_test(stop_drains),
    };
    return cmocka_run_group_tests(tests, start, finish);
}
