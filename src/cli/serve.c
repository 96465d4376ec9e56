/* COMMAND: serve. The portal and the API until SIGTERM or SIGINT, then a clean drain. */
#include "cli/internal.h"
#include "cli/job.h"

#include "api/archive.h"
#include "api/gallery.h"
#include "portal/portal.h"
#include "web/callers.h"
#include "web/http.h"

#include <signal.h>
#include <stdio.h>

/* --rate N: requests a second of one client, five times as many at once; 0: no limit. */
static enum err read_rate(const struct args *a, struct http_options *o, struct error *e)
{
    const char *text = option_get(a, "rate");
    int64_t n;
    if (text == NULL)
        return OK;
    if (!str_int(str_from(text), &n) || n < 0 || n > 1000000) {
        err_set(e, ERR_USAGE, "“%s”不是 0 至 1000000 的整数",
                "\"%s\" is no whole number from 0 to 1000000", text);
        err_at(e, "", 0, "rate");
        return ERR_USAGE;
    }
    o->rate_per_s = (int)n;
    o->rate_burst = n > 200000 ? 1000000 : (int)n * 5;
    return OK;
}

/* --keys FILE: who asks by a key has a budget of its own. */
static enum err read_keys(const struct args *a, struct http_options *o, struct error *e)
{
    const char *path = option_get(a, "keys");
    enum err r = path != NULL ? callers_read(&o->callers, path, e) : OK;
    if (r == ERR_NOT_FOUND)
        err_hint(e, "fumao apikey add NAME --keys %s", path);
    return r;
}

static enum err serve(const struct args *a, struct world *w, struct error *e)
{
    struct portal p = {.codes = w->codes, .corpus = w->corpus, .snapshot = w->snapshot};
    struct error why = {0};
    struct http_options o = {.handler = portal_handle, .ctx = &p, .large = portal_large,
                             .uncounted = portal_uncounted, .rate_per_s = LIMIT_RATE_PER_S,
                             .rate_burst = LIMIT_RATE_BURST,
                             .forwarded = option_given(a, "behind-proxy")};
    const char *listen = option_get(a, "listen");
    struct http *http;
    char jobs[JOB_PATH];
    sigset_t stop;
    int sig;
    TRY(read_rate(a, &o, e));
    TRY(read_keys(a, &o, e));
    if (option_given(a, "jobs")) {
        TRY(job_folder(a, jobs, e));
        p.jobs = jobs;
    }
    /* Blocked before any thread is made, so that only this one receives them. */
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (archive_open(&p.archive, option_get(a, "store"), &why) != OK)
        fprintf(stderr, a->zh ? "不能留存答案：%s\n" : "answers cannot be kept: %s\n",
                a->zh ? why.detail_zh : why.detail_en);
    if (gallery_open(&p.gallery, w->codes, option_get(a, "store"), &why) != OK)
        fprintf(stderr, a->zh ? "不能读取统计：%s\n" : "statistics cannot be read: %s\n",
                a->zh ? why.detail_zh : why.detail_en);
    o.listen = listen ? listen : "127.0.0.1:8080";
    enum err r = http_start_with(&http, &o, e);
    if (r == OK) {
        fprintf(stderr, a->zh ? "fumao 就绪：http://127.0.0.1:%d/check\n"
                              : "fumao is ready: http://127.0.0.1:%d/check\n", http_port(http));
        sigwait(&stop, &sig);
        http_stop(http);
    }
    archive_close(p.archive);
    gallery_close(p.gallery);
    callers_destroy(o.callers);
    return r;
}

int verb_serve(const struct args *a)
{
    static const char *const allowed[] = {"listen", "rate", "keys", "behind-proxy", "jobs", NULL};
    struct error e = {0};
    struct world w;
    if (options_check(a, allowed, &e) != OK || world_open(&w, option_get(a, "store"), &e) != OK)
        return print_fault(a, &e);
    enum err r = serve(a, &w, &e);
    world_close(&w);
    return r == OK ? 0 : print_fault(a, &e);
}
