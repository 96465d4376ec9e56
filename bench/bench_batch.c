#define _GNU_SOURCE /* strcasestr */
/* Decisions a second over HTTP: batches of 10,000 questions to /api/v1/decide?form=short, sent over
 * the loopback address by two clients that do nothing but send and read, on the machine that also
 * answers; then where the time goes, in process. Questions are seeded and made up: any class, mode,
 * economy and place, any day of the last 900; in the second mix every third has facts. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "api/batch.h"
#include "api/body.h"
#include "api/brief.h"

enum { CLIENTS = 2, ROUNDS = 3 };
static const double seconds = 3;

static struct api api;
static int port;
static struct buf request;

static double now(clockid_t c)
{
    struct timespec t;
    clock_gettime(c, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* --- questions -------------------------------------------------------------------------- */

static void put_fact(struct rng *r, struct jsonw *w)
{
    const struct fact *f;
    do
        f = &api.corpus->fact[rng_below(r, (uint32_t)api.corpus->n_facts)];
    while (f->derived || f->type == FACT_NUMBER);
    jsonw_key(w, "facts");
    jsonw_object(w);
    if (f->type == FACT_BOOL)
        jsonw_kbool(w, f->name.p, rng_below(r, 2) == 1);
    else
        jsonw_kstr(w, f->name.p, f->value[rng_below(r, (uint32_t)f->n_values)].value);
    jsonw_end(w);
}

static void put_question(struct rng *r, bool facts, struct jsonw *w)
{
    const struct classification *k = api.codes;
    struct question q = {.known = day_today()};
    do {
        q.mode = 1 + (int)rng_below(r, 4);
        q.sector = (int)rng_below(r, (uint32_t)k->gbt.n_leaves);
        q.origin = (int)rng_below(r, (uint32_t)k->n_economies);
        q.place = (int)rng_below(r, (uint32_t)k->n_places);
        q.kind = (enum kind)rng_below(r, 2);
        q.on = q.known - (day_t)rng_below(r, 900);
    } while (question_check(api.corpus, &q, NULL) != OK);
    jsonw_object(w);
    jsonw_kstr(w, "sector", sector_code(k, q.sector));
    jsonw_kint(w, "mode", q.mode);
    jsonw_kstr(w, "from", k->economy[q.origin].alpha2);
    jsonw_kstr(w, "to", k->place[q.place].code);
    jsonw_kz(w, "kind", kind_name(q.kind));
    jsonw_kday(w, "on", q.on);
    if (facts && rng_below(r, 3) == 0)
        put_fact(r, w);
    jsonw_end(w);
}

static void make_body(bool facts, struct buf *out)
{
    struct rng r;
    struct jsonw w;
    rng_seed(&r, 20261125);
    buf_clear(out);
    jsonw_init(&w, out, false);
    jsonw_array(&w);
    for (int i = 0; i < LIMIT_BATCH_ITEMS; i++)
        put_question(&r, facts, &w);
    jsonw_end(&w);
}

/* --- over HTTP -------------------------------------------------------------------------- */

static void handle(void *ctx, const struct request *rq, struct response *rs)
{
    api_handle(ctx, rq, rs);
}

static int dial(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    check(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
    return fd;
}

/* Reads one answer with a Content-Length; returns the bytes of its body. */
static size_t read_answer(int fd, char *room, size_t cap)
{
    size_t n = 0, whole = 0, body = 0;
    while (whole == 0 || n < whole) {
        ssize_t k = recv(fd, room + (whole == 0 ? n : 0), whole == 0 ? cap - n - 1 : cap - 1, 0);
        check(k > 0);
        n += (size_t)k;
        if (whole != 0)
            continue;
        room[n] = '\0';
        char *end = strstr(room, "\r\n\r\n"), *length = strcasestr(room, "\r\nContent-Length:");
        if (end == NULL)
            continue;
        check(strncmp(room, "HTTP/1.1 200", 12) == 0 && length != NULL);
        body = strtoull(length + 17, NULL, 10);
        whole = (size_t)(end - room) + 4 + body;
    }
    return body;
}

static void *client(void *until)
{
    static _Thread_local char room[1 << 20];
    int fd = dial();
    long batches = 0;
    while (now(CLOCK_MONOTONIC) < *(double *)until) {
        for (size_t sent = 0; sent < request.n;) {
            ssize_t k = send(fd, request.p + sent, request.n - sent, 0);
            check(k > 0);
            sent += (size_t)k;
        }
        check(read_answer(fd, room, sizeof room) > 2);
        batches++;
    }
    close(fd);
    return (void *)batches;
}

/* User and system time of the whole process: server, clients and the kernel's loopback. */
static double cpu_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

static double over_http(const struct buf *body, double *cpu_ns)
{
    pthread_t thread[CLIENTS];
    long batches = 0;
    buf_clear(&request);
    buf_printf(&request, "POST /api/v1/decide?form=short HTTP/1.1\r\nHost: x\r\n"
                         "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n", body->n);
    buf_put(&request, body->p, body->n);
    double from = now(CLOCK_MONOTONIC), until = from + seconds, cpu = cpu_seconds();
    for (int i = 0; i < CLIENTS; i++)
        check(pthread_create(&thread[i], NULL, client, &until) == 0);
    for (int i = 0; i < CLIENTS; i++) {
        void *n;
        pthread_join(thread[i], &n);
        batches += (long)n;
    }
    double decisions = (double)batches * LIMIT_BATCH_ITEMS;
    *cpu_ns = (cpu_seconds() - cpu) * 1e9 / decisions;
    return decisions / (now(CLOCK_MONOTONIC) - from);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* --- where the time goes ---------------------------------------------------------------- */

enum part { FRAME, READ, DECIDE, WRITE, WHOLE, PARTS };

struct times {
    double ns[PARTS];
};

static double since(double *t)
{
    double was = *t;
    *t = now(CLOCK_THREAD_CPUTIME_ID);
    return (*t - was) * 1e9 / LIMIT_BATCH_ITEMS;
}

static void one_pass(struct str body, struct arena *a, struct question *q, struct facts *facts,
                     struct times *out)
{
    static struct answer answers[LIMIT_BATCH_ITEMS];
    struct ask ask;
    struct sector_set set;
    struct jsonr r;
    bool first = true;
    struct buf b;
    struct batch *batch;
    double t = now(CLOCK_THREAD_CPUTIME_ID);
    jsonr_init(&r, body, a);
    jsonr_skip(&r);
    out->ns[FRAME] = since(&t);
    jsonr_init(&r, body, a);
    jsonr_open(&r);
    for (int i = 0; jsonr_element(&r, &first); i++)
        check(ask_from_json(&r, &ask, NULL) == OK);
    out->ns[READ] = since(&t);
    jsonr_init(&r, body, a);
    jsonr_open(&r);
    first = true;
    for (int i = 0; jsonr_element(&r, &first); i++) {
        check(ask_from_json(&r, &ask, NULL) == OK);
        check(ask_parse(api.codes, api.corpus, &ask, &set, &q[i], &facts[i], NULL) == OK);
    }
    since(&t);
    for (int i = 0; i < LIMIT_BATCH_ITEMS; i++)
        decide(api.snapshot, &q[i], &answers[i]);
    out->ns[DECIDE] = since(&t);
    buf_init(&b);
    for (int i = 0; i < LIMIT_BATCH_ITEMS; i++)
        brief_json(api.snapshot, &q[i], &answers[i], &b);
    out->ns[WRITE] = since(&t);
    buf_finish(&b);
    check(batch_create(&batch, &api, body, &(struct batch_options){BATCH_ARRAY, true, true}, NULL) ==
          OK);
    batch_next(batch, SIZE_MAX / 2, &b);
    check(batch_answers(batch) == LIMIT_BATCH_ITEMS);
    out->ns[WHOLE] = since(&t);
    batch_destroy(batch);
    buf_finish(&b);
}

static void where_it_goes(const struct buf *body)
{
    static const char *const names[PARTS] = {"frame checked", "JSON read", "decided",
                                             "certainty and short form written",
                                             "whole batch, codes remembered"};
    struct question *q = calloc(LIMIT_BATCH_ITEMS, sizeof *q);
    struct facts *facts = calloc(LIMIT_BATCH_ITEMS, sizeof *facts);
    struct times best = {{1e9, 1e9, 1e9, 1e9, 1e9}}, t;
    struct arena a;
    arena_init(&a);
    check(q != NULL && facts != NULL);
    for (int i = 0; i < 7; i++) {
        one_pass(buf_view(body), &a, q, facts, &t);
        arena_reset(&a);
        for (int k = 0; k < PARTS; k++)
            best.ns[k] = t.ns[k] < best.ns[k] ? t.ns[k] : best.ns[k];
    }
    for (int k = 0; k < PARTS; k++)
        printf("  %-34s %6.0f ns a question\n", names[k], best.ns[k]);
    arena_finish(&a);
    free(q);
    free(facts);
}

int main(void)
{
    static const char *const large[] = {"/api/v1/decide", NULL};
    struct arena arena;
    struct classification *codes;
    struct corpus *law;
    struct snapshot *snapshot;
    struct http *http;
    struct buf body;
    arena_init(&arena);
    check(classification_load(&codes, &arena, NULL) == OK);
    check(law_load_shipped(&law, &arena, codes, NULL) == OK);
    check(snapshot_create(&snapshot, law, NULL) == OK);
    api = (struct api){.codes = codes, .corpus = law, .snapshot = snapshot};
    check(http_start_with(&http, &(struct http_options){.listen = "127.0.0.1:0", .handler = handle,
                                                        .ctx = &api, .large = large,
                                                        .rate_per_s = 1000000,
                                                        .rate_burst = 1000000}, NULL) == OK);
    port = http_port(http);
    buf_init(&body);
    buf_init(&request);
    for (int facts = 0; facts < 2; facts++) {
        double rate[ROUNDS], cpu[ROUNDS];
        make_body(facts, &body);
        for (int i = 0; i < ROUNDS; i++)
            rate[i] = over_http(&body, &cpu[i]);
        sort_by(rate, ROUNDS, sizeof *rate, by_value);
        printf("%s: %.0f decisions/s over HTTP (%.0f to %.0f), %d clients, %.0f bytes a question\n",
               facts ? "every third with a fact" : "without facts", rate[ROUNDS / 2], rate[0],
               rate[ROUNDS - 1], CLIENTS, (double)body.n / LIMIT_BATCH_ITEMS);
        sort_by(cpu, ROUNDS, sizeof *cpu, by_value);
        printf("  %-34s %6.0f ns a question, on one core\n", "server, clients and kernel", cpu[ROUNDS / 2]);
        where_it_goes(&body);
    }
    http_stop(http);
    buf_finish(&body);
    buf_finish(&request);
    snapshot_destroy(snapshot);
    arena_finish(&arena);
    return 0;
}
