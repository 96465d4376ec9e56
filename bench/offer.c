/*
 * offer: GETs offered at a constant rate, however long the answers take (an open loop, which wrk
 * does not have). Request i is due at start + i / rate. It goes out on a free connection, or waits
 * for one, and its latency counts from the moment it was due, so that time spent in a queue is
 * counted: ours, the kernel's or the server's. The first tenth warms up and is not counted. One
 * thread, kept-alive connections, answers with Content-Length.
 *
 * offer PORT PATH RATE SECONDS [CONNECTIONS]   (on 127.0.0.1; 64 connections)
 */
#define _GNU_SOURCE /* strcasestr */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

enum { CONNECTIONS_MAX = 1024, HEAD_MAX = 16384, REQUEST_MAX = 2048 };

struct connection {
    int fd;
    long asked; /* the request under way, -1: free */
    long rest;  /* of the body, -1: the head is not whole yet */
    int n;      /* bytes of head */
    char head[HEAD_MAX];
};

static struct connection connection[CONNECTIONS_MAX];
static int idle[CONNECTIONS_MAX], n_idle;
static char request[REQUEST_MAX];
static int request_n;
static int64_t start_ns, *latency;
static double rate;
static long total, sent, done, most_waiting;
static int poll_fd, timer_fd;

static void fail(const char *what)
{
    fprintf(stderr, "offer: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t due(long i)
{
    return start_ns + (int64_t)((double)i * 1e9 / rate);
}

static void connect_all(int n, int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int i = 0; i < n; i++) {
        int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
        struct epoll_event in = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof to) != 0)
            fail("connect");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
            epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &in) != 0)
            fail("epoll");
        connection[i].fd = fd;
        connection[i].asked = -1;
        idle[n_idle++] = i;
    }
}

/* Sends what is due and has a connection. */
static void send_due(void)
{
    int64_t now = now_ns();
    while (sent < total && n_idle > 0 && due(sent) <= now) {
        struct connection *c = &connection[idle[--n_idle]];
        if (write(c->fd, request, (size_t)request_n) != request_n)
            fail("write");
        c->asked = sent++;
        c->rest = -1;
        c->n = 0;
    }
    long waiting = (long)((double)(now - start_ns) * rate / 1e9) + 1 - sent;
    if (sent < total && waiting > most_waiting)
        most_waiting = waiting;
}

static void set_timer(void)
{
    struct itimerspec t = {0};
    int64_t at = due(sent), now = now_ns();
    if (sent == total || n_idle == 0)
        return; /* an answer wakes us */
    at = at > now ? at : now + 1;
    t.it_value = (struct timespec){at / 1000000000, at % 1000000000};
    if (timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &t, NULL) != 0)
        fail("timer");
}

/* Reads the head when it is whole: status 200 and a length, or nothing counts. */
static void read_head(struct connection *c)
{
    static const char length[] = "\r\ncontent-length:";
    c->head[c->n] = 0;
    char *end = strstr(c->head, "\r\n\r\n");
    if (end == NULL)
        return;
    char *p = strcasestr(c->head, length);
    if (strncmp(c->head, "HTTP/1.1 200", 12) != 0 || p == NULL || p > end) {
        fprintf(stderr, "offer: not 200 with a length: %.60s\n", c->head);
        exit(1);
    }
    c->rest = strtol(p + sizeof length - 1, NULL, 10) - (c->n - (long)(end + 4 - c->head));
}

static void receive(int i)
{
    static char body[65536];
    struct connection *c = &connection[i];
    while (c->asked >= 0) {
        bool in_head = c->rest < 0;
        ssize_t n = in_head ? read(c->fd, c->head + c->n, (size_t)(HEAD_MAX - 1 - c->n))
                            : read(c->fd, body, sizeof body);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0)
            fail("read");
        if (in_head) {
            c->n += (int)n;
            read_head(c);
        } else {
            c->rest -= n;
        }
        if (c->rest == 0) {
            latency[c->asked] = now_ns() - due(c->asked);
            c->asked = -1;
            idle[n_idle++] = i;
            done++;
        }
    }
}

static void run(void)
{
    struct epoll_event ready[256];
    start_ns = now_ns() + 10000000;
    while (done < total) {
        send_due();
        set_timer();
        int n = epoll_wait(poll_fd, ready, 256, 10000);
        if (n == 0)
            fail("no answer for 10 s");
        for (int i = 0; i < n; i++) {
            uint64_t ticks;
            if (ready[i].data.u32 == UINT32_MAX)
                (void)!read(timer_fd, &ticks, sizeof ticks);
            else
                receive((int)ready[i].data.u32);
        }
    }
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void report(void)
{
    long warm = total / 10, n = total - warm;
    double seconds = (double)(now_ns() - start_ns) / 1e9;
    int64_t *x = latency + warm;
    sort_by(x, (size_t)n, sizeof *x, by_number);
    printf("offered %.0f/s, answered %.0f/s, %ld counted: median %.3f ms, 90 %% %.3f, 99 %% %.3f, "
           "99.9 %% %.3f, worst %.3f ms; at most %ld waited for a connection\n",
           rate, (double)done / seconds, n, (double)x[n / 2] / 1e6, (double)x[n * 9 / 10] / 1e6,
           (double)x[n * 99 / 100] / 1e6, (double)x[n * 999 / 1000] / 1e6,
           (double)x[n - 1] / 1e6, most_waiting);
}

int main(int argc, char **argv)
{
    struct epoll_event tick = {.events = EPOLLIN, .data.u32 = UINT32_MAX};
    int port = argc > 1 ? atoi(argv[1]) : 0, connections = argc > 5 ? atoi(argv[5]) : 64;
    rate = argc > 3 ? atof(argv[3]) : 0;
    total = argc > 4 ? (long)(rate * atof(argv[4])) : 0;
    if (port < 1 || port > 65535 || total < 10 || connections < 1 ||
        connections > CONNECTIONS_MAX) {
        fprintf(stderr, "usage: offer PORT PATH RATE SECONDS [CONNECTIONS]\n");
        return 2;
    }
    request_n = snprintf(request, sizeof request,
                         "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", argv[2]);
    latency = calloc((size_t)total, sizeof *latency);
    check(latency != NULL && request_n < REQUEST_MAX);
    poll_fd = epoll_create1(0);
    timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    if (poll_fd < 0 || timer_fd < 0 ||
        epoll_ctl(poll_fd, EPOLL_CTL_ADD, timer_fd, &tick) != 0)
        fail("epoll");
    connect_all(connections, port);
    run();
    report();
    free(latency);
    return 0;
}
