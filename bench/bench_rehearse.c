/*
 * bench_rehearse: a draft on kept questions. The draft is the shipped national list with every
 * seventh item left out and every fifth turned into an approval; the questions are made up
 * (questions.h) and read as NDJSON text from a file, as the program does.
 *
 * bench_rehearse [N]                 N questions (1,000,000), and the witness set
 * bench_rehearse --write FILE N SEED the questions alone
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include <jansson.h>

#include "law/registry.h"
#include "questions.h"
#include "rehearsal/rehearsal.h"

static struct arena program;
static const struct classification *codes;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static long peak_kb(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

static struct str make_draft(void)
{
    struct str text;
    check(shipped_get("instruments/cn-national-2024.json", &text));
    json_t *root = json_loadb(text.p, text.n, 0, NULL);
    json_t *items = json_object_get(root, "provisions");
    for (size_t i = json_array_size(items); i-- > 0;) {
        json_t *item = json_array_get(items, i);
        if (i % 5 == 1)
            json_object_set_new(item, "effect", json_string("require-approval"));
        if (i % 7 == 3)
            json_array_remove(items, i);
    }
    json_object_set_new(root, "complete", json_false());
    char *z = json_dumps(root, JSON_COMPACT);
    text = str_copy(&program, str_from(z));
    free(z);
    json_decref(root);
    return text;
}

static void report(const char *what, const struct rehearsal *r, double seconds)
{
    printf("%s: %llu questions, %llu answers, %llu rejected in %.2f s: %.0f questions/s, %.0f "
           "answers/s\n",
           what, (unsigned long long)r->questions, (unsigned long long)r->all.answers,
           (unsigned long long)r->rejected, seconds, (double)r->questions / seconds,
           (double)r->all.answers / seconds);
    printf("  improved %llu, worsened %llu, sideways %llu in %d groups; peak memory %ld MB\n",
           (unsigned long long)r->tally[SHIFT_IMPROVED].answers,
           (unsigned long long)r->tally[SHIFT_WORSENED].answers,
           (unsigned long long)r->tally[SHIFT_SIDEWAYS].answers, r->n_groups, peak_kb() / 1024);
}

static void measure(long n)
{
    static struct rehearsal r;
    struct db *d;
    struct corpus *c;
    struct snapshot *s;
    struct error e = {0};
    int draft;
    day_t known;
    check(db_open(&d, "sqlite::memory:", &e) == OK && registry_open(&(struct book){.d = d}, &e) == OK);
    enum err code = registry_load_draft(d, &c, &draft, &known, &program, codes, make_draft(),
                                        "draft", &e);
    if (code != OK)
        fprintf(stderr, "bench_rehearse: %s %s:%d %s\n", e.detail_en, e.file, e.line, e.field);
    check(code == OK && snapshot_create(&s, c, &e) == OK);
    FILE *f = tmpfile();
    check(f != NULL);
    write_questions(f, c, n, 20261122);
    printf("%.0f MB of questions; before: peak memory %ld MB\n", (double)ftell(f) / 1e6,
           peak_kb() / 1024);
    for (int part = 0; part < 2; part++) {
        rewind(f);
        rehearsal_init(&r, s, draft, known);
        double from = now_s();
        check((part == 0 ? rehearse_file(&r, f, NULL, NULL, &e)
                         : rehearse_witnesses(&r, NULL, NULL, &e)) == OK);
        report(part == 0 ? "rehearse, JSON in" : "witness set", &r, now_s() - from);
        rehearsal_finish(&r);
    }
    fclose(f);
    snapshot_destroy(s);
    db_close(d);
}

static int write_file(const char *path, long n, uint64_t seed)
{
    struct corpus *c;
    FILE *f = fopen(path, "w");
    if (f == NULL || law_load_shipped(&c, &program, codes, NULL) != OK)
        return 1;
    write_questions(f, c, n, seed);
    return fclose(f) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct classification *k;
    int status = 0;
    arena_init(&program);
    check(classification_load(&k, &program, NULL) == OK);
    codes = k;
    if (argc == 5 && strcmp(argv[1], "--write") == 0)
        status = write_file(argv[2], atol(argv[3]), strtoull(argv[4], NULL, 10));
    else if (argc <= 2)
        measure(argc == 2 ? atol(argv[1]) : 1000000);
    else
        status = 2;
    if (status != 0)
        fprintf(stderr, "usage: bench_rehearse [N | --write FILE N SEED]\n");
    arena_finish(&program);
    return status;
}
