/*
 * bench_compare: diff side by side with a BDD library (BuDDy) and an SMT solver (Z3), on the same
 * pairs of editions in one run. Each does what it can: diff_make() counts, cuts the difference
 * into boxes and lays each to its items; BuDDy counts; Z3 finds one opened cell. A library that
 * was not there when this was built is said to be missing and left out.
 *
 * Conditions are not in the comparison: the made-up editions have none, and the shipped pairs are
 * read without theirs ("plain"). How long diff takes with every condition is on the next line.
 * At the end: the other questions of this house on the shipped corpus.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_setaffinity */
#endif
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bdd_diff.h"
#include "compare/diff.h"
#include "compare/map.h"
#include "compare/route.h"
#include "lists.h"
#include "openness/barriers.h"
#include "openness/openness.h"
#include "z3_diff.h"

enum { Z3_TIMEOUT_MS = 60000 };

static struct arena program, season;
static const struct classification *codes;
static day_t today;

/* Seconds of this thread: what other programs took from the core does not count. */
static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* --- one pair ------------------------------------------------------------------------------- */

/* Mean over at least a fifth of a second; *d is the last one, in the season's arena. */
static bool time_diff(const struct snapshot *s, int a, int b, struct diff *d, double *each)
{
    struct side x, y;
    struct error e = {0};
    struct arena keep = {0};
    const struct corpus *c = snapshot_corpus(s);
    int n = 0;
    double start = now_s();
    check(side_of_record(c, a, today, &x, &e) == OK && side_of_record(c, b, today, &y, &e) == OK);
    arena_init(&keep);
    do {
        arena_reset(&keep);
        if (diff_make(s, &x, &y, d, &keep, &e) != OK) {
            printf("  diff                 %s\n", e.detail_en);
            arena_finish(&keep);
            return false;
        }
        n++;
    } while (now_s() - start < 0.2);
    *each = (now_s() - start) / n;
    arena_finish(&keep);
    return true;
}

static void against_buddy(const struct corpus *c, int a, int b, const struct diff *d, double ours,
                          double compiled)
{
    struct bdd_counts x;
    if (!bdd_present()) {
        printf("  BuDDy                missing: built without libbdd-dev\n");
        return;
    }
    bdd_diff(c, a, b, &d->domain, &x);
    bool agree = x.total == d->total && x.opened == d->opened && x.closed == d->closed;
    double all = x.build_s + x.diff_s;
    printf("  BuDDy      %10.3f ms  = build %.3f + both directions %.3f; %d nodes; %.1f x the time of "
           "diff\n             counts %s; %.1f x if the snapshot is counted against diff, %.2f x if "
           "BuDDy's functions were there\n",
           all * 1e3, x.build_s * 1e3, x.diff_s * 1e3, x.nodes, all / ours,
           agree ? "agree" : "DIFFER", all / (ours + compiled), x.diff_s / ours);
    check(agree);
}

static void against_z3(const struct corpus *c, int a, int b, const struct diff *d, double ours)
{
    struct z3_answer x = {0};
    if (!z3_present()) {
        printf("  Z3                   missing: built without libz3-dev\n");
        return;
    }
    z3_opened(c, a, b, &d->domain, Z3_TIMEOUT_MS, &x);
    bool agree = x.opened == -1 || x.opened == (d->opened > 0);
    printf("  Z3         %10.3f ms  = build %.3f + solve %.3f, one opened cell: %s; %.0f x the time "
           "of diff\n",
           (x.build_s + x.solve_s) * 1e3, x.build_s * 1e3, x.solve_s * 1e3,
           x.opened == 1 ? "found" : x.opened == 0 ? "there is none" : "not found in 60 s",
           (x.build_s + x.solve_s) / ours);
    check(agree);
}

static void compare_pair(const char *name, const struct corpus *c, int a, int b)
{
    struct snapshot *s;
    struct diff d;
    double ours, from = now_s();
    check(snapshot_create(&s, c, NULL) == OK);
    double compiled = now_s() - from;
    printf("%s: %d and %d items, snapshot in %.1f ms\n", name, c->instrument[a].n,
           c->instrument[b].n, compiled * 1e3);
    if (time_diff(s, a, b, &d, &ours)) {
        printf("  diff       %10.3f ms  opened %llu, closed %llu of %llu cells, %d regions with "
               "their items\n",
               ours * 1e3, (unsigned long long)d.opened, (unsigned long long)d.closed,
               (unsigned long long)d.total, d.n_regions);
        against_buddy(c, a, b, &d, ours, compiled);
        against_z3(c, a, b, &d, ours);
    }
    fflush(stdout);
    snapshot_destroy(s);
}

static void shipped_pair(const struct corpus *c, const struct snapshot *s, const char *b)
{
    char name[96];
    struct diff d;
    double ours;
    int from = instrument_find(c, STR("cn-national-2024")), to = instrument_find(c, str_from(b));
    check(from >= 0 && to >= 0);
    snprintf(name, sizeof name, "cn-national-2024 to %s, plain", b);
    arena_reset(&season);
    compare_pair(name, lists_plain(&season, c), from, to);
    if (time_diff(s, from, to, &d, &ours))
        printf("  with every condition %.3f ms  opened %llu, closed %llu of %llu cells, %d regions\n",
               ours * 1e3, (unsigned long long)d.opened, (unsigned long long)d.closed,
               (unsigned long long)d.total, d.n_regions);
}

static void made_up_pairs(void)
{
    static const struct {
        int items, edits;
    } sizes[] = {{70, 6}, {70, 29}, {1000, 6}, {1000, 29}, {1000, 100},
                 {10000, 6}, {10000, 29}, {10000, 100}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char name[64];
        snprintf(name, sizeof name, "made up, %d items, %d edits", sizes[i].items, sizes[i].edits);
        arena_reset(&season);
        compare_pair(name, lists_make(&season, codes, sizes[i].items, sizes[i].edits, 20261122), 0,
                     1);
    }
}

/* --- the other questions ---------------------------------------------------------------------- */

static void measure_map(const struct snapshot *s)
{
    struct map m;
    struct map_profile p = {.origin = economy_find(codes, STR("HK")), .kind = KIND_FIRM,
                            .place = -1, .on = today, .known = today};
    bits_set_range(p.sector, 0, (size_t)codes->gbt.n_leaves);
    arena_reset(&season);
    double from = now_s();
    check(map_make(&m, &season, s, &p, NULL) == OK);
    printf("map of a firm from HK  %10.1f ms  %llu cells, %d regions\n", (now_s() - from) * 1e3,
           (unsigned long long)m.cells, m.n_regions);
}

static void measure_route(const struct snapshot *s)
{
    struct rng r;
    struct routes x;
    struct question q = {.on = today, .known = today};
    int n = 0, found = 0;
    double spent = 0;
    rng_seed(&r, 20261122);
    while (n < 200) {
        int combo = (int)rng_below(&r, COMBOS);
        q.mode = combo_mode(combo);
        q.kind = combo_kind(combo);
        q.sector = (int)rng_below(&r, (uint32_t)codes->gbt.n_leaves);
        q.origin = (int)rng_below(&r, (uint32_t)codes->n_economies);
        q.place = (int)rng_below(&r, (uint32_t)codes->n_places);
        static struct answer a;
        if (question_check(snapshot_corpus(s), &q, NULL) != OK)
            continue;
        decide(s, &q, &a);
        if (a.treatment == EQUAL || a.treatment == SILENT)
            continue; /* nothing to improve */
        arena_reset(&season);
        double from = now_s();
        check(route_find(&x, &season, s, &q, NULL) == OK);
        spent += now_s() - from;
        n++;
        found += x.n > 0;
    }
    printf("route                  %10.2f ms  mean of %d questions that something stands in the way "
           "of; %d have a way\n", spent / n * 1e3, n, found);
}

static void measure_barriers(const struct snapshot *s)
{
    struct catalogue *k;
    struct barriers b;
    struct error e = {0};
    arena_reset(&season);
    check(catalogue_load_shipped(&k, &season, snapshot_corpus(s), &e) == OK);
    double from = now_s();
    check(barriers_find(&b, &season, s, k, today, today, -1, &e) == OK);
    printf("barriers               %10.1f ms  %d findings\n", (now_s() - from) * 1e3, b.n);
}

static void measure_openness(const struct snapshot *s)
{
    struct weights w;
    struct scope domain;
    struct openness x;
    struct error e = {0};
    arena_reset(&season);
    check(weights_load(codes, STR("equal"), &season, &w, &e) == OK);
    check(openness_domain(snapshot_corpus(s), -1, today, NULL, &domain, &e) == OK);
    struct openness_question q = {.weights = &w, .edition = -1, .on = today, .known = today,
                                  .domain = &domain};
    double from = now_s();
    check(openness_measure(s, &q, &season, &x, &e) == OK);
    printf("openness               %10.1f ms  %lld cells in %lld class cells, %d contributions\n",
           (now_s() - from) * 1e3, (long long)x.all.cells, (long long)x.class_cells,
           x.n_contributions);
}

int main(void)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    bool pinned = sched_setaffinity(0, sizeof one, &one) == 0;
    struct classification *k;
    struct corpus *c;
    struct snapshot *s;
    struct error e = {0};
    arena_init(&program);
    arena_init(&season);
    check(classification_load(&k, &program, &e) == OK);
    codes = k;
    today = day_from_civil(2026, 11, 22);
    check(law_load_shipped(&c, &program, codes, &e) == OK && snapshot_create(&s, c, &e) == OK);
    printf("one thread%s, seconds of its CPU time; made-up editions: seed 20261122\n"
           "conditions are not compared: made-up items have none, shipped ones are read without\n\n",
           pinned ? " on core 0" : "");
    shipped_pair(c, s, "cn-ftz-2024");
    shipped_pair(c, s, "cn-hainan-2021");
    made_up_pairs();
    printf("\nshipped corpus, %d provisions\n", c->n_provisions);
    measure_map(s);
    measure_route(s);
    measure_barriers(s);
    measure_openness(s);
    printf("rehearse: see bench_rehearse\n");
    snapshot_destroy(s);
    arena_finish(&season);
    arena_finish(&program);
    return 0;
}
