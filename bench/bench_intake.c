/* Declarations from CSV to checked records: millions a second by threads, plain, quoted and gzip.
 * bench_intake [ROWS]: default 4,000,000; made-up rows of about 105 bytes in a temporary file. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "declaration/intake.h"

static struct arena forever;
static struct scheme *scheme;

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct str pick_code(struct rng *r)
{
    for (;;) {
        const struct itrs_code *c = &scheme->code[rng_below(r, (uint32_t)scheme->n_code)];
        if (c->service && c->credit && c->debit)
            return c->code;
    }
}

static void put_row(struct rng *r, struct buf *b, int i, bool quoted)
{
    static const char *const country[] = {"USA", "SGP", "JPN", "DEU", "GBR", "KOR", "HKG", "FRA"};
    static const char *const region[] = {"110000", "310000", "440300", "330100", "510100"};
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    char party[19] = "91", day[9];
    const char *q = quoted ? "\"" : "", *g = region[rng_below(r, 5)];
    uint32_t firm = rng_below(r, 20000) * 2654435761u;
    for (int k = 2; k < 17; k++) {
        party[k] = alphabet[(firm >> (k % 4 * 7)) % 31];
        firm = firm * 1664525u + 1013904223u;
    }
    party[17] = unified_code_check(party);
    party[18] = '\0';
    snprintf(day, sizeof day, "2024%02u%02u", 1 + rng_below(r, 12), 1 + rng_below(r, 28));
    buf_printf(b, "%s%04u01%s%04d,%s,C,%s,,%04d,%c,%.*s,%s,%s,%u,%u.%04u,%s,N,%sHT%06d%s,%s%s%s\n",
               g, (unsigned)i % 50, day + 2, i % 10000, party, g, i % 50, i % 3 ? 'C' : 'D',
               STR_ARG(pick_code(r)), country[rng_below(r, 8)], i % 4 ? "USD" : "EUR",
               100 + rng_below(r, 90000000), 6 + rng_below(r, 2), rng_below(r, 10000), day, q, i, q,
               q, i % 8 ? "" : "服务费", q);
}

static size_t write_rows(const char *path, int rows, bool quoted)
{
    struct rng r;
    struct buf b;
    size_t bytes = 0;
    FILE *f = fopen(path, "w");
    check(f != NULL);
    rng_seed(&r, 1);
    buf_init(&b);
    buf_z(&b, "report_no,party_id,party_kind,region,zone,bank,flow,code,country,currency,amount,"
              "rate,date,advance,contract,remark\n");
    for (int i = 0; i <= rows; i++) {
        if (b.n > 1 << 20 || i == rows) {
            check(fwrite(b.p, 1, b.n, f) == b.n);
            bytes += b.n;
            buf_clear(&b);
        }
        if (i < rows)
            put_row(&r, &b, i, quoted);
    }
    check(fclose(f) == 0);
    buf_finish(&b);
    return bytes;
}

static void pack(const char *from, const char *to)
{
    static char piece[1 << 20];
    FILE *in = fopen(from, "r");
    gzFile out = gzopen(to, "w1");
    check(in != NULL && out != NULL);
    for (size_t n; (n = fread(piece, 1, sizeof piece, in)) > 0;)
        check(gzwrite(out, piece, (unsigned)n) == (int)n);
    check(gzclose(out) == Z_OK);
    fclose(in);
}

struct sink {
    int64_t n, cents;
    char pad[48]; /* a cache line for each thread */
};

static void sink_rows(void *ctx, int thread, struct declaration *d, int n)
{
    struct sink *s = (struct sink *)ctx + thread;
    s->n += n;
    for (int i = 0; i < n; i++)
        s->cents += d[i].amount;
}

static void run(const char *what, const char *path, size_t bytes, int threads)
{
    double best = 1e9, least = 1e9; /* by the clock, and of the processors */
    int64_t n = 0;
    for (int k = 0; k < 3; k++) {
        struct sink sink[INTAKE_THREADS] = {{0}};
        struct tally *t = tally_create();
        struct error e = {0};
        struct intake in = {.scheme = scheme, .path = &path, .n_paths = 1, .n_threads = threads,
                            .today = DAY_MAX, .rows = sink_rows, .rows_ctx = sink};
        double from = now(CLOCK_MONOTONIC), used = now(CLOCK_PROCESS_CPUTIME_ID);
        if (intake_run(&in, t, &e) != OK) {
            fprintf(stderr, "%s\n", e.detail_en);
            exit(1);
        }
        double s = now(CLOCK_MONOTONIC) - from, c = now(CLOCK_PROCESS_CPUTIME_ID) - used;
        best = s < best ? s : best;
        least = c < least ? c : least;
        n = t->records;
        if (t->accepted != t->records)
            printf("(%lld of %lld not accepted)\n", (long long)(n - t->accepted), (long long)n);
        tally_destroy(t);
    }
    printf("%-7s %d thread%s %6.2f M records/s %7.1f MB/s %6.1f ns of processor a record\n", what,
           threads, threads > 1 ? "s" : " ", (double)n / best / 1e6, (double)bytes / best / 1e6,
           least * 1e9 / (double)n);
}

int main(int argc, char **argv)
{
    int rows = argc > 1 ? atoi(argv[1]) : 4000000;
    char dir[] = "/tmp/bench-intake-XXXXXX", plain[64], quoted[64], gz[64];
    struct classification *codes;
    struct error e = {0};
    arena_init(&forever);
    check(classification_load(&codes, &forever, &e) == OK);
    check(scheme_load(&scheme, &forever, codes, &e) == OK);
    check(mkdtemp(dir) != NULL && rows > 0);
    snprintf(plain, sizeof plain, "%s/plain.csv", dir);
    snprintf(quoted, sizeof quoted, "%s/quoted.csv", dir);
    snprintf(gz, sizeof gz, "%s/plain.csv.gz", dir);
    size_t n = write_rows(plain, rows, false), m = write_rows(quoted, rows, true);
    pack(plain, gz);
    for (int threads = 1; threads <= 2; threads++) {
        run("plain", plain, n, threads);
        run("quoted", quoted, m, threads);
        run("gzip", gz, n, threads);
    }
    unlink(plain);
    unlink(quoted);
    unlink(gz);
    rmdir(dir);
    arena_finish(&forever);
    return 0;
}
