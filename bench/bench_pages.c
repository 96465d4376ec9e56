/*
 * bench_pages: how long a page takes from request to finished HTML, in process, without a wire.
 * Every page there is of the kinds that follow from what is held (each list, measure, class, place
 * and agreement, neighbouring lists compared), and seeded questions for those that are as many as
 * there are questions (answers, maps, changes followed). Each in Chinese and in English, N times; a
 * page's time is the median of its builds, in seconds of the thread, so that other work on the
 * machine does not count.
 *
 * bench_pages [N]   N builds of each page (5)
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "api/archive.h"
#include "cli/internal.h"
#include "portal/portal.h"

enum { PATH_MAX_BYTES = 400, PAGES_MAX = 20000, QUESTIONS = 1000, FOLLOWED = 100,
       BUILDS_MAX = 101 };

struct page {
    const char *kind;
    char path[PATH_MAX_BYTES];
    bool english;
    int64_t ns;
    size_t bytes;
};

static struct page *page;
static int n_pages;
static struct world w;
static struct portal portal;
static struct rng rng;
static struct arena arena;

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void add(const char *kind, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(const char *kind, const char *fmt, ...)
{
    va_list args;
    struct page *p = &page[n_pages];
    check(n_pages + 2 <= PAGES_MAX);
    *p = (struct page){.kind = kind};
    va_start(args, fmt);
    int n = vsnprintf(p->path, sizeof p->path, fmt, args);
    va_end(args);
    check(n > 0 && n < PATH_MAX_BYTES);
    page[n_pages + 1] = *p;
    page[n_pages + 1].english = true;
    n_pages += 2;
}

/* --- which pages there are --------------------------------------------------------------- */

static struct str any_class(void)
{
    return sector_code(w.codes, (int)rng_below(&rng, (uint32_t)w.codes->gbt.n_leaves));
}

static struct str any_economy(void)
{
    struct str s;
    do {
        s = w.codes->economy[rng_below(&rng, (uint32_t)w.codes->n_economies)].alpha2;
    } while (str_eqz(s, "CN"));
    return s;
}

static struct str any_place(void)
{
    return w.codes->place[rng_below(&rng, (uint32_t)w.codes->n_places)].code;
}

static void add_fixed(void)
{
    static const char *const fixed[] = {
        "/", "/check", "/check?q=%E5%BE%8B%E5%B8%88", "/check?sector=7231",
        "/check?sector=7231&mode=3", "/check?sector=7231&mode=1&kind=firm",
        "/check?sector=7231&mode=1&kind=firm&from=SG",
        "/check?sector=7231&mode=1&kind=firm&from=SG&to=CN-SH-FTZ",
        "/find", "/find?q=%E4%BA%91", "/find?q=we%20repair%20lifts%20and%20air%20conditioners",
        "/lists", "/diff", "/changes", "/api", "/map", "/services", "/zones", "/agreements",
        "/ledger", "/status"};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        add("one of a kind", "%s", fixed[i]);
}

static void add_lists(void)
{
    for (int i = 0; i < w.corpus->n_instruments; i++) {
        const struct instrument *t = &w.corpus->instrument[i];
        if (!instrument_current(t))
            continue;
        add("/lists/ID", "/lists/%.*s", STR_ARG(t->id));
        if (t->kind == LAYER_TREATY)
            add("/agreements/ID", "/agreements/%.*s", STR_ARG(t->id));
        for (int k = 0; k < t->n; k++)
            add("/lists/ID/KEY", "/lists/%.*s/%.*s", STR_ARG(t->id),
                STR_ARG(w.corpus->provision[t->first + k].key));
    }
    static const char *const pairs[] = {
        "cn-national-2024...cn-ftz-2024", "cn-ftz-2024...cn-national-2024",
        "cn-hainan-2021...cn-national-2024", "cn-national-2024...cn-hainan-2021",
        "cross-border@CN-SH@2025-01-01...cross-border@CN-HI@2025-01-01"};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        add("/diff/A...B", "/diff/%s", pairs[i]);
        add("/diff/A...B", "/diff/%s?all=1", pairs[i]);
        add("/diff/A...B", "/diff/%s?view=side", pairs[i]);
        add("/diff/A...B", "/diff/%s?view=inline", pairs[i]);
    }
}

static void add_codes(void)
{
    for (int i = 0; i < w.codes->gbt.n; i++)
        add("/services/CODE", "/services/%.*s", STR_ARG(w.codes->gbt.code[i].code));
    for (int i = 0; i < w.codes->n_places; i++)
        add("/zones/CODE", "/zones/%.*s", STR_ARG(w.codes->place[i].code));
}

static void add_questions(void)
{
    for (int i = 0; i < QUESTIONS; i++) {
        struct str class = any_class(), from = any_economy(), to = any_place();
        int mode = 1 + (int)rng_below(&rng, 4);
        add("/check/...", "/check/%.*s/%d/%.*s/%.*s?on=2026-06-01", STR_ARG(class), mode,
            STR_ARG(from), STR_ARG(to));
        if (i >= FOLLOWED)
            continue;
        add("/follow/...", "/follow/%.*s/%d/%.*s/%.*s", STR_ARG(class), mode, STR_ARG(from),
            STR_ARG(to));
        add("/map?...", "/map?from=%.*s", STR_ARG(from));
        add("/map?...", "/map?from=%.*s&to=%.*s&kind=person", STR_ARG(from), STR_ARG(to));
    }
}

/* --- building ------------------------------------------------------------------------------ */

static void answer(const struct page *p, struct response *rs)
{
    static const struct http_field languages[] = {{STR("Accept-Language"), STR("zh")},
                                                  {STR("Accept-Language"), STR("en")}};
    struct request rq = {.arena = &arena, .target = str_from(p->path),
                         .headers = &languages[p->english], .n_headers = 1};
    rq.path_raw = str_cut(rq.target, '?', &rq.query_raw);
    check(http_decode(&arena, rq.path_raw, false, &rq.path));
    check(http_parse_fields(&arena, rq.query_raw, &rq.query, &rq.n_query));
    *rs = (struct response){.status = 200, .arena = &arena};
    portal_handle(&portal, &rq, rs);
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void build(struct page *p, int builds)
{
    int64_t ns[BUILDS_MAX];
    for (int i = 0; i < builds; i++) {
        struct response rs;
        int64_t start = now_ns();
        answer(p, &rs);
        ns[i] = now_ns() - start;
        p->bytes = rs.body.n;
        if (rs.status != 200) {
            fprintf(stderr, "bench_pages: %s gives %d\n", p->path, rs.status);
            exit(1);
        }
        buf_finish(&rs.body);
        arena_reset(&arena);
    }
    sort_by(ns, (size_t)builds, sizeof *ns, by_number);
    p->ns = ns[builds / 2];
}

/* --- what came out -------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
    const struct page *x = a, *y = b;
    return (x->ns > y->ns) - (x->ns < y->ns);
}

static void report(const char *kind) /* NULL: all of them */
{
    int n = 0, last = -1;
    int64_t *bytes = malloc(sizeof *bytes * (size_t)n_pages);
    int *at = malloc(sizeof *at * (size_t)n_pages);
    check(bytes != NULL && at != NULL);
    for (int i = 0; i < n_pages; i++) { /* in order of time */
        if (kind != NULL && strcmp(page[i].kind, kind) != 0)
            continue;
        at[n] = i;
        bytes[n++] = (int64_t)page[i].bytes;
        last = i;
    }
    sort_by(bytes, (size_t)n, sizeof *bytes, by_number);
    printf("%-14s %5d pages, median %.3f ms, 99 %% under %.3f ms, worst %.3f ms (%s, %s); "
           "%.1f KB, at most %.1f KB\n",
           kind != NULL ? kind : "all", n, (double)page[at[n / 2]].ns / 1e6,
           (double)page[at[n - 1 - n / 100]].ns / 1e6, (double)page[last].ns / 1e6,
           page[last].path, page[last].english ? "en" : "zh", (double)bytes[n / 2] / 1000,
           (double)bytes[n - 1] / 1000);
    free(bytes);
    free(at);
}

static void measure(int builds)
{
    static const char *const kinds[] = {"one of a kind", "/check/...",   "/lists/ID",
                                        "/lists/ID/KEY", "/diff/A...B",  "/services/CODE",
                                        "/zones/CODE",   "/agreements/ID", "/map?...",
                                        "/follow/..."};
    struct page first = {.path = "/agreements"};
    rng_seed(&rng, 20261129);
    add_fixed();
    add_lists();
    add_codes();
    add_questions();
    build(&first, 1);
    printf("the first page of agreements after a start, which makes the gaps of the day: %.1f ms\n",
           (double)first.ns / 1e6);
    for (int i = 0; i < n_pages; i++)
        build(&page[i], builds);
    sort_by(page, (size_t)n_pages, sizeof *page, by_time);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        report(kinds[i]);
    report(NULL);
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/bench-pages-XXXXXX", spec[64];
    struct error e = {0};
    int builds = argc > 1 ? atoi(argv[1]) : 5;
    if (builds < 1 || builds > BUILDS_MAX) {
        fprintf(stderr, "usage: bench_pages [1 to %d builds of each page]\n", BUILDS_MAX);
        return 2;
    }
    check(mkdtemp(dir) != NULL);
    snprintf(spec, sizeof spec, "sqlite:%s/s.db", dir);
    arena_init(&arena);
    page = calloc(PAGES_MAX, sizeof *page);
    if (page == NULL || world_open(&w, spec, &e) != OK) {
        fprintf(stderr, "bench_pages: %s\n", e.detail_en);
        return 1;
    }
    portal = (struct portal){.codes = w.codes, .corpus = w.corpus, .snapshot = w.snapshot};
    if (archive_open(&portal.archive, spec, &e) != OK) {
        fprintf(stderr, "bench_pages: %s\n", e.detail_en);
        return 1;
    }
    measure(builds);
    archive_close(portal.archive);
    world_close(&w);
    arena_finish(&arena);
    free(page);
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command) == 0 ? 0 : 1;
}
