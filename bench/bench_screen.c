/*
 * bench_screen: how fast declarations are screened, once they are read: tables made for two years
 * up to today, then screen_rows on blocks of decoded records, drawn over all codes, economies,
 * places, banks and days, which is harder on caches than real files are.
 *
 * bench_screen [MILLIONS]    default 10
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "declaration/screen.h"

enum { RECORDS = 1 << 16 };

static double now_s(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct declaration *draw(const struct scheme *s, day_t from, day_t to)
{
    struct declaration *d = calloc(RECORDS, sizeof *d);
    static const char name[] = "3100001234012409010001";
    struct rng r;
    check(d != NULL);
    rng_seed(&r, 1);
    for (int i = 0; i < RECORDS; i++) {
        d[i].report_no = (struct str){name, sizeof name - 1};
        d[i].report_key = rng_next(&r);
        d[i].code = (uint8_t)rng_below(&r, (uint32_t)s->n_code);
        d[i].country = (uint8_t)rng_below(&r, (uint32_t)s->codes->n_economies);
        d[i].place = (uint8_t)rng_below(&r, (uint32_t)s->codes->n_places);
        d[i].party_kind = (uint8_t)rng_below(&r, 3);
        d[i].flow = rng_below(&r, 4) == 0 ? FLOW_CREDIT : FLOW_DEBIT;
        d[i].bank = (uint16_t)rng_below(&r, 10000);
        d[i].on = from + (day_t)rng_below(&r, (uint32_t)(to - from) + 1);
        d[i].amount = 1;
    }
    return d;
}

int main(int argc, char **argv)
{
    struct arena a;
    struct error e = {0};
    struct classification *codes;
    struct corpus *c;
    struct scheme *scheme;
    struct snapshot *snap;
    struct screen *s;
    int64_t millions = argc > 1 ? atoll(argv[1]) : 10, done = 0;
    day_t to = day_today(), from = to - 730;
    arena_init(&a);
    if (classification_load(&codes, &a, &e) != OK ||
        law_load_shipped(&c, &a, codes, &e) != OK ||
        scheme_load(&scheme, &a, codes, &e) != OK || snapshot_create(&snap, c, &e) != OK) {
        fprintf(stderr, "bench_screen: %s\n", e.detail_en);
        return 1;
    }
    double t = now_s(CLOCK_MONOTONIC);
    if (screen_create(&s, scheme, snap, from, to, 2, &e) != OK) {
        fprintf(stderr, "bench_screen: %s\n", e.detail_en);
        return 1;
    }
    printf("tables of 24 months   %8.1f ms\n", (now_s(CLOCK_MONOTONIC) - t) * 1e3);
    struct declaration *d = draw(scheme, from, to);
    t = now_s(CLOCK_THREAD_CPUTIME_ID);
    for (; done < millions * 1000000; done += RECORDS)
        for (int i = 0; i < RECORDS; i += INTAKE_BLOCK)
            screen_rows(s, 0, d + i, INTAKE_BLOCK);
    t = now_s(CLOCK_THREAD_CPUTIME_ID) - t;
    printf("screen_rows           %8.1f M records/s, %.1f ns each, one thread\n",
           (double)done / t / 1e6, t * 1e9 / (double)done);
    t = now_s(CLOCK_MONOTONIC);
    const struct screen_summary *sum = screen_summary(s);
    printf("summary               %8.1f ms\n", (now_s(CLOCK_MONOTONIC) - t) * 1e3);
    for (int o = 0; o < SCREEN_COUNT; o++)
        printf("%-20s  %8.1f %%\n", screen_name[o],
               100 * (double)sum->outcome[o] / (double)done);
    screen_destroy(s);
    snapshot_destroy(snap);
    free(d);
    arena_finish(&a);
    return 0;
}
