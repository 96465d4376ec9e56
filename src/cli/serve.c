/* COMMAND: serve. The portal and the API until SIGTERM or SIGINT, then a clean drain. */
#include "cli/internal.h"
#include "portal/portal.h"
#include "web/http.h"

#include <signal.h>
#include <stdio.h>

static enum err serve(const struct args *a, struct world *w, struct error *e)
{
    struct portal p = {.codes = w->codes, .corpus = w->corpus, .snapshot = w->snapshot};
    const char *listen = option_get(a, "listen");
    struct http *http;
    sigset_t stop;
    int sig;
    /* Blocked before any thread is made, so that only this one receives them. */
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    TRY(http_start(&http, listen ? listen : "127.0.0.1:8080", portal_handle, &p, e));
    fprintf(stderr, a->zh ? "fumao 就绪:http://127.0.0.1:%d/check\n" : "fumao is ready: http://127.0.0.1:%d/check\n",
            http_port(http));
    sigwait(&stop, &sig);
    http_stop(http);
    return OK;
}

int verb_serve(const struct args *a)
{
    static const char *const allowed[] = {"listen", NULL};
    struct error e = {0};
    struct world w;
    if (options_check(a, allowed, &e) != OK || world_open(&w, option_get(a, "store"), &e) != OK)
        return print_fault(a, &e);
    enum err r = serve(a, &w, &e);
    world_close(&w);
    return r == OK ? 0 : print_fault(a, &e);
}
