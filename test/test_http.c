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
}

static void handle(void *ctx, const struct request *req, struct response *res)
{
    check(ctx == &server);
    atomic_fetch_add(&handled, 1);
    if (str_eqz(req->path, "/slow")) {
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
    } else if (str_eqz(req->path, "/big")) {
        for (int i = 0; i < 300000; i++) {
            buf_char(&res->body, 'x');
        }
    } else {
        echo(req, res);
    }
}

static int dial(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)http_port(server))};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    struct timeval patience = {.tv_sec = 10};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
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
    return http_start(&server, ":0", handle, &server, NULL) != OK || http_port(server) == 0;
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
        cmocka_unit_test(bad_addresses), cmocka_unit_test(stop_drains),
    };
    return cmocka_run_group_tests(tests, start, finish);
}
