/*
 * How well words find their class: measured on phrases with a known class, which were written
 * before the finder was tuned. Rows marked dev may be looked at; rows marked test are only
 * counted, and their SHA-256 is pinned, so that a figure and its rows belong together. Every
 * figure comes with its number of rows and a Wilson interval of 95 %, and falls below a pinned
 * value only with a failure.
 *
 *   FINDER_SHOW=1  lists the dev rows that were missed
 *   FINDER_TIME=1  prints the 95th percentile of the time of one search
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/csv.h"
#include "base/file.h"
#include "base/hash.h"
#include "classification/classification.h"

enum { GOLD_ROWS = 400 };

struct gold {
    struct str split, lang, text, code, also;
};

struct tally {
    int n, top1, top5, clear, clear_right;
};

static struct arena arena;
static const struct classification *c;
static struct gold gold[GOLD_ROWS];
static int n_gold;
static char test_hash[65];

static enum err read_gold(struct error *e)
{
    struct str text;
    struct csv csv;
    struct hash h;
    uint8_t sum[32];
    bool more;
    const char *path = getenv("GOLD");
    TRY(file_read(&arena, path != NULL ? path : "test/finder-gold.csv", &text, e));
    TRY(csv_open(&csv, &arena, text, "finder-gold.csv", e));
    hash_init(&h);
    for (;;) {
        TRY(csv_next(&csv, &more, e));
        if (!more)
            break;
        check(n_gold < GOLD_ROWS);
        struct gold *g = &gold[n_gold++];
        *g = (struct gold){csv_get(&csv, "split"), csv_get(&csv, "lang"), csv_get(&csv, "text"),
                           csv_get(&csv, "code"), csv_get(&csv, "also")};
        if (str_eqz(g->split, "test")) {
            const struct str field[] = {g->split, g->lang, g->text, g->code, g->also};
            for (size_t k = 0; k < 5; k++) {
                hash_add(&h, field[k].p, field[k].n);
                hash_add(&h, k < 4 ? "," : "\n", 1);
            }
        }
    }
    hash_end(&h, sum);
    hash_hex(sum, sizeof sum, test_hash);
    return OK;
}

static int load(void **state)
{
    (void)state;
    struct error e = {0};
    struct classification *loaded;
    arena_init(&arena);
    if (classification_load(&loaded, &arena, &e) != OK || read_gold(&e) != OK) {
        fprintf(stderr, "%s:%d: %s: %s\n", e.file, e.line, e.field, e.detail_en);
        return -1;
    }
    c = loaded;
    return 0;
}

static int unload(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

static bool accepts(const struct gold *g, int leaf)
{
    struct str code = sector_code(c, leaf), rest = g->also;
    bool yes = str_eq(code, g->code);
    while (rest.n > 0 && !yes)
        yes = str_eq(code, str_cut(rest, ' ', &rest));
    return yes;
}

/* The first place of an accepted class, from 1; 0 if none of the candidates is one. */
static int place_of(const struct gold *g, const struct finding *f)
{
    for (int i = 0; i < f->n; i++) {
        if (accepts(g, f->best[i].leaf))
            return i + 1;
    }
    return 0;
}

static void show(const struct gold *g, const struct finding *f, int at)
{
    if (getenv("FINDER_SHOW") == NULL || !str_eqz(g->split, "dev") || at == 1)
        return;
    printf("%2d %.*s %s %.*s:", at, STR_ARG(g->code), f->clear ? "CLEAR" : "", STR_ARG(g->text));
    for (int i = 0; i < f->n && i < 4; i++)
        printf(" %.4s=%d(%.*s)", sector_code(c, f->best[i].leaf).p, f->best[i].score,
               STR_ARG(f->best[i].matched));
    printf("\n");
}

static struct tally measure(const char *split, const char *lang)
{
    struct tally t = {0};
    for (int i = 0; i < n_gold; i++) {
        const struct gold *g = &gold[i];
        if (!str_eqz(g->split, split) || (lang != NULL && !str_eqz(g->lang, lang)))
            continue;
        struct finding f;
        classification_find(c, g->text, &f);
        int at = place_of(g, &f);
        if (lang == NULL)
            show(g, &f, at);
        t.n++;
        t.top1 += at == 1;
        t.top5 += at >= 1 && at <= 5;
        t.clear += f.clear;
        t.clear_right += f.clear && at == 1;
    }
    return t;
}

/* Wilson's interval of 95 % for k of n, printed. */
static void print_share(const char *what, int k, int n)
{
    const double z = 1.959964;
    double p = n > 0 ? (double)k / n : 0, m = n > 0 ? n : 1;
    double middle = (p + z * z / (2 * m)) / (1 + z * z / m);
    double half = z * sqrt(p * (1 - p) / m + z * z / (4 * m * m)) / (1 + z * z / m);
    printf("  %s %.3f [%.3f, %.3f]", what, p, middle - half, middle + half);
}

static void print_tally(const char *split, const char *lang, struct tally t)
{
    printf("%-4s %-4s n=%d", split, lang == NULL ? "both" : lang, t.n);
    print_share("top1", t.top1, t.n);
    print_share("top5", t.top5, t.n);
    print_share("clear", t.clear, t.n);
    print_share("right when clear", t.clear_right, t.clear);
    printf("\n");
}

static void finds_what_suppliers_say(void **state)
{
    (void)state;
    static const char *const langs[] = {"zh", "en", NULL};
    for (size_t i = 0; i < 3; i++)
        print_tally("dev", langs[i], measure("dev", langs[i]));
    for (size_t i = 0; i < 3; i++)
        print_tally("test", langs[i], measure("test", langs[i]));
    printf("test rows sha256 %s\n", test_hash);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Printed on request only: a test never depends on time. */
static void tells_its_time(void **state)
{
    (void)state;
    static int64_t took_ns[GOLD_ROWS];
    if (getenv("FINDER_TIME") == NULL)
        return;
    for (int i = 0; i < n_gold; i++) {
        struct timespec from, to;
        struct finding f;
        clock_gettime(CLOCK_MONOTONIC, &from);
        classification_find(c, gold[i].text, &f);
        clock_gettime(CLOCK_MONOTONIC, &to);
        took_ns[i] = (to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec;
    }
    qsort(took_ns, (size_t)n_gold, sizeof *took_ns, by_size);
    printf("one search: median %.2f ms, p95 %.2f ms, most %.2f ms\n",
           (double)took_ns[n_gold / 2] / 1e6, (double)took_ns[n_gold * 95 / 100] / 1e6,
           (double)took_ns[n_gold - 1] / 1e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_suppliers_say),
        cmocka_unit_test(tells_its_time),
    };
    return cmocka_run_group_tests_name("finder", tests, load, unload);
}
