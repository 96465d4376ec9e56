#define _GNU_SOURCE /* accept4 */
#include "web/accept.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/base.h"

enum { PAUSE_NS = 10 * 1000 * 1000 };

struct acceptor {
    struct MHD_Daemon *daemon;
    int fd, stop_fd;
    pthread_t thread;
};

/* Takes all that wait. Over a limit (of all, of one address) the library closes the connection. */
static void take_waiting(struct acceptor *a)
{
    for (;;) {
        struct sockaddr_storage from;
        socklen_t n = sizeof from;
        int fd = accept4(a->fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            MHD_add_connection(a->daemon, fd, (const struct sockaddr *)&from, n);
            continue;
        }
        if (errno == EAGAIN) {
            return;
        }
        if (errno != EINTR && errno != ECONNABORTED) {
            /* No descriptor or no memory left: it does not get better by trying at once. */
            nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
            return;
        }
    }
}

static void *accept_all(void *ctx)
{
    struct acceptor *a = ctx;
    struct pollfd wait[] = {{.fd = a->fd, .events = POLLIN}, {.fd = a->stop_fd, .events = POLLIN}};
    for (;;) {
        int n = poll(wait, 2, -1);
        check(n > 0 || errno == EINTR || errno == ENOMEM);
        if (n > 0 && wait[1].revents != 0) {
            return NULL;
        }
        if (n > 0 && wait[0].revents != 0) {
            take_waiting(a);
        }
    }
}

struct acceptor *acceptor_start(struct MHD_Daemon *daemon, int fd)
{
    struct acceptor *a = calloc(1, sizeof *a);
    check(a != NULL);
    a->daemon = daemon;
    a->fd = fd;
    a->stop_fd = eventfd(0, EFD_CLOEXEC);
    check(a->stop_fd >= 0 && pthread_create(&a->thread, NULL, accept_all, a) == 0);
    return a;
}

void acceptor_stop(struct acceptor *a)
{
    uint64_t one = 1;
    check(write(a->stop_fd, &one, sizeof one) == sizeof one);
    pthread_join(a->thread, NULL);
    close(a->stop_fd);
    close(a->fd);
    free(a);
}
