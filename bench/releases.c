/*
 * releases CUBE...: releases one after another of cubes that stats compile made, in order of time,
 * each suppressed and audited beside all before it, over the shipped tables and some more, at
 * least fifty in all. Files are written where it is run. For bench/vintages.sh.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "disclosure/publication.h"
#include "disclosure/vintage.h"

enum { THREADS = 2 };

static struct arena season;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Beside the tables that ship: each adds what the margins of the others do not have. */
static const struct { const char *id; int at[DIM_COUNT]; } more_tables[] = {
    {"month-partner", {[DIM_PERIOD] = 3, [DIM_FLOW] = 1, [DIM_PARTNER] = 1}},
    {"month-province", {[DIM_PERIOD] = 3, [DIM_FLOW] = 1, [DIM_PLACE] = 1}},
    {"quarter-item-mode", {[DIM_PERIOD] = 2, [DIM_FLOW] = 1, [DIM_ITEM] = 1, [DIM_MODE] = 1}},
};

static void add_tables(struct plan *p)
{
    enum { MORE = sizeof more_tables / sizeof more_tables[0] };
    struct table_spec *all = ARENA_ARRAY(&season, struct table_spec, (size_t)p->n_tables + MORE);
    memcpy(all, p->table, (size_t)p->n_tables * sizeof *all);
    for (int i = 0; i < MORE; i++) {
        all[p->n_tables].id = str_from(more_tables[i].id);
        memcpy(all[p->n_tables++].depth, more_tables[i].at, sizeof more_tables[i].at);
    }
    p->table = all;
}

/* Tables that hold a published cell: each combination of levels is one, "by year", "by year and
 * item", and so on. */
static int count_tables(const struct system *s)
{
    enum { TABLES_MAX = 1024 };
    int n = 0, *seen = ARENA_ARRAY(&season, int, TABLES_MAX);
    for (int c = 0; c < s->n_cells; c++) {
        int code = 0, i = 0;
        for (int d = 0; d < s->plan->n_dims; d++)
            code = code * 4 + s->plan->dim[d].node[s->cell[c].at[d]].depth;
        while (i < n && seen[i] != code)
            i++;
        if (s->cell[c].state == CELL_HIDDEN || i < n)
            continue;
        check(n < TABLES_MAX);
        seen[n++] = code;
    }
    return n;
}

static void print_vintage(const struct publication *p, const struct vintage *v, double seconds)
{
    const struct suppression *u = &v->suppression;
    double all = (double)u->value_open + (double)u->value_suppressed;
    struct str last = p->plan.dim[DIM_PERIOD].node[p->plan.dim[DIM_PERIOD].n - 1].code;
    printf("%-8.*s %6d %7d %7.1f%% %7.2f%% %7zu %8d %7d %6d %7d %7.1f %7.1f %7.1f\n", STR_ARG(last),
           count_tables(v->system), u->cells,
           100.0 * (u->primary + u->secondary) / u->cells,
           100 * (double)u->value_suppressed / all, v->hold.held, v->differences.differences,
           v->attack.n_exposed + v->differences.n_exposed, v->rounds, u->lps, u->seconds,
           v->differences.seconds, seconds);
    fflush(stdout);
}

/* One release of a cube, beside all before it, whose plan is this one's as well: nodes by code. */
static void release_next(const struct scheme *scheme, const char *path, struct release **shelf,
                         int n)
{
    struct error e = {0};
    struct cube cube;
    struct publication *p;
    struct rules rules;
    struct contribution_at *now;
    struct vintage v;
    char file[64];
    size_t n_now;
    check(rules_load(&rules, &e) == OK);
    check(cube_read(&cube, scheme, path, &e) == OK);
    check(publication_open(&p, &season, scheme, &cube, INT32_MAX, &e) == OK);
    check(publication_contributions(p, &cube, &season, &now, &n_now, &e) == OK);
    add_tables(&p->plan);
    for (int i = 0; i < n; i++) {
        snprintf(file, sizeof file, "%d.release", i);
        shelf[i] = ARENA_NEW(&season, struct release);
        check(release_read(shelf[i], &season, &p->plan, file, &e) == OK);
    }
    struct vintage_task t = {.plan = &p->plan, .rules = &rules, .n_earlier = n, .now = now,
                             .earlier = (const struct release *const *)shelf, .n_now = n_now,
                             .n_threads = THREADS};
    double begun = now_s();
    if (vintage_prepare(&t, &season, &v, &e) != OK) {
        fprintf(stderr, "%s: %s\n", path, e.detail_en);
        exit(1);
    }
    print_vintage(p, &v, now_s() - begun);
    struct release r;
    release_of(&r, &season, v.system, STR("bench"), n, cube.digest, &v.used);
    snprintf(file, sizeof file, "%d.release", n);
    check(release_write(&r, &p->plan, file, &e) == OK);
    cube_finish(&cube);
    arena_reset(&season);
}

int main(int argc, char **argv)
{
    int n = argc - 1;
    struct error e = {0};
    struct arena codes = {0};
    struct classification *c;
    struct scheme *scheme;
    enum { RELEASES = 120 };
    struct release *shelf[RELEASES];
    double begun = now_s();
    check(n <= RELEASES && classification_load(&c, &codes, &e) == OK);
    check(scheme_load(&scheme, &codes, c, &e) == OK);
    printf("%-8s %6s %7s %8s %8s %7s %8s %7s %6s %7s %7s %7s %7s\n", "release", "tables", "cells",
           "shut", "value", "waiting", "differ", "exposed", "rounds", "lps", "suppr s", "diff s",
           "all s");
    for (int i = 0; i < n; i++)
        release_next(scheme, argv[1 + i], shelf, i);
    printf("%d releases in %.0f s\n", n, now_s() - begun);
    arena_finish(&codes);
    arena_finish(&season);
    return 0;
}

