/*
 * bench_statistics: declarations to a cube.
 *
 * bench_statistics [N]             N made-up records (10,000,000) as CSV in a folder of its own,
 *                                  compiled by 2 threads and by 1, with contributions kept, and
 *                                  screened; then once more with faults planted, among them report
 *                                  numbers met twice, for which the file is read again
 * bench_statistics --long [N]      100,000,000 records, 2 threads: they outgrow the memory given
 * bench_statistics --keep DIR [N]  leaves the files in DIR, for bench/duckdb.mjs
 * bench_statistics --again DIR [T] compiles what --keep left there, by T threads (2)
 * bench_statistics --sink [N]      straight into the sink: what packing and aggregation cost
 *                                  without reading
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "declaration/cube.h"
#include "declaration/generate.h"
#include "declaration/screen.h"

enum { FIRMS = 200000, MONTHS = 24 };

static struct arena program;
static const struct classification *codes;
static struct scheme *scheme;
static struct rates *rates;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double cpu_s(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Of this program alone; ru_maxrss would be that of whoever started it, when that is more. */
static long peak_mb(void)
{
    char line[128];
    long kb = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            kb = strtol(line + 6, NULL, 10);
        }
    }
    if (f != NULL) {
        fclose(f);
    }
    return kb / 1024;
}

static void load(void)
{
    struct classification *c;
    struct error e = {0};
    arena_init(&program);
    if (classification_load(&c, &program, &e) != OK ||
        scheme_load(&scheme, &program, c, &e) != OK ||
        rates_load(&rates, &program, scheme, NULL, &e) != OK) {
        fprintf(stderr, "%s %s:%d\n", e.detail_en, e.file, e.line);
        exit(1);
    }
    codes = c;
}

/* --- the sink alone ----------------------------------------------------------------------- */

struct firm {
    char id[PARTY_ID_BYTES];
    uint8_t place, code[3], partner[4];
};
struct made {
    struct firm *firm;
    int n_services, service[SCHEME_CODES], currency[4];
};

/* Small numbers are drawn more often: cubes of a uniform draw. */
static uint32_t skewed(struct rng *r, uint32_t n)
{
    uint64_t u = rng_next(r) >> 44;
    return (uint32_t)((u * u >> 20) * u * n >> 40);
}

static struct made make_firms(void)
{
    static const char digits[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    static const char *const currency[] = {"USD", "CNY", "EUR", "HKD"};
    struct made m = {.firm = calloc(FIRMS, sizeof *m.firm)};
    struct rng r;
    check(m.firm != NULL);
    rng_seed(&r, 7);
    for (int i = 0; i < scheme->n_code; i++) {
        if (scheme->code[i].service) {
            m.service[m.n_services++] = i;
        }
    }
    for (int i = 0; i < 4; i++) {
        m.currency[i] = scheme_currency_find(scheme, str_from(currency[i]));
    }
    for (int i = 0; i < FIRMS; i++) {
        struct firm *f = &m.firm[i];
        memcpy(f->id, "91", 2);
        for (int k = 2; k < 18; k++) {
            f->id[k] = digits[rng_below(&r, k < 8 ? 10 : 31)];
        }
        f->place = scheme->province[11 + 10 * rng_below(&r, 5)];
        for (int k = 0; k < 3; k++) {
            f->code[k] = (uint8_t)m.service[skewed(&r, (uint32_t)m.n_services)];
        }
        for (int k = 0; k < 4; k++) {
            f->partner[k] = (uint8_t)skewed(&r, (uint32_t)codes->n_economies);
        }
    }
    return m;
}

/* Identities are copied beside, for they are in the first cache when a reader hands them out. */
static void make_block(const struct made *m, struct rng *r, struct declaration *d,
                       char id[][PARTY_ID_BYTES], int n, uint64_t *serial)
{
    for (int i = 0; i < n; i++) {
        uint64_t u = rng_next(r);
        const struct firm *f = &m->firm[skewed(r, FIRMS)];
        memcpy(id[i], f->id, PARTY_ID_BYTES);
        d[i] = (struct declaration){.party_id = {id[i], PARTY_ID_BYTES},
                                    .report_key = (*serial)++ * 0x9e3779b97f4a7c15u,
                                    .report_part = (uint8_t)u,
                                    .flow = u >> 8 & 1,
                                    .code = f->code[(u >> 9 & 3) % 3],
                                    .country = f->partner[u >> 11 & 3],
                                    .place = f->place,
                                    .currency = (uint8_t)m->currency[u >> 13 & 3],
                                    .on = day_from_civil(2023, 1, 1) + (int)(u >> 16) % 730,
                                    .amount = (int64_t)(u >> 40) + 1};
    }
}

struct feeding {
    const struct made *m;
    struct cube_builder *b; /* NULL: only made */
    int thread;
    int64_t n;
    double seconds;
    pthread_t id;
};

static void *feed(void *arg)
{
    struct feeding *f = arg;
    struct declaration d[INTAKE_BLOCK];
    char id[INTAKE_BLOCK][PARTY_ID_BYTES];
    struct rng r;
    uint64_t serial = (uint64_t)f->thread << 40;
    rng_seed(&r, (uint64_t)f->thread + 1);
    double from = cpu_s(CLOCK_THREAD_CPUTIME_ID);
    for (int64_t left = f->n; left > 0; left -= INTAKE_BLOCK) {
        int n = left < INTAKE_BLOCK ? (int)left : INTAKE_BLOCK;
        make_block(f->m, &r, d, id, n, &serial);
        if (f->b != NULL) {
            cube_rows(f->b, f->thread, d, n);
        }
    }
    f->seconds = cpu_s(CLOCK_THREAD_CPUTIME_ID) - from;
    return NULL;
}

static double feed_all(const struct made *m, struct cube_builder *b, int threads, int64_t n)
{
    struct feeding f[INTAKE_THREADS];
    double sum = 0;
    for (int i = 0; i < threads; i++) {
        f[i] = (struct feeding){.m = m, .b = b, .thread = i, .n = n / threads};
        check(pthread_create(&f[i].id, NULL, feed, &f[i]) == 0);
    }
    for (int i = 0; i < threads; i++) {
        check(pthread_join(f[i].id, NULL) == 0);
        sum += f[i].seconds;
    }
    return sum;
}

static void sink(int64_t n, int threads, bool contributions)
{
    struct made m = make_firms();
    const struct cube_options o = {.scheme = scheme, .rates = rates, .n_threads = threads,
                                   .contributions = contributions};
    struct cube_builder *b;
    struct cube c;
    struct error e = {0};
    double alone = feed_all(&m, NULL, threads, n);
    check(cube_begin(&b, &o, &e) == OK);
    double both = feed_all(&m, b, threads, n);
    const struct doubled *doubled;
    size_t n_doubled;
    double t0 = now_s(), u0 = cpu_s(CLOCK_PROCESS_CPUTIME_ID);
    check(cube_doubled(b, &doubled, &n_doubled, &e) == OK);
    double t1 = now_s(), u1 = cpu_s(CLOCK_PROCESS_CPUTIME_ID);
    if (cube_end(b, &c, &e) != OK) {
        fprintf(stderr, "%s\n", e.detail_en);
        exit(1);
    }
    double t2 = now_s(), u2 = cpu_s(CLOCK_PROCESS_CPUTIME_ID);
    char hex[65];
    hash_hex(c.digest, 32, hex);
    printf("sink, %d threads%s: %lld records, %zu cells, %zu contributions; %.1f ns a record and "
           "thread (%.1f with making them), doubled numbers %.3f s (%.3f of processor), cells "
           "%.3f s (%.3f), peak %ld MB%s\n"
           "  %s\n",
           threads, contributions ? ", contributions kept" : "", (long long)c.records, c.n_cells,
           c.n_contributions, (both - alone) / (double)n * 1e9, both / (double)n * 1e9, t1 - t0,
           u1 - u0, t2 - t1, u2 - u1, peak_mb(), c.spilled ? ", spilled" : "", hex);
    cube_finish(&c);
    free(m.firm);
}

/* --- from files --------------------------------------------------------------------------- */

enum { PATH_MOST = 512 };
struct files {
    char folder[PATH_MOST], csv[PATH_MOST + 16], reg[PATH_MOST + 16], rates[PATH_MOST + 16];
};

static int create_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) {
        perror(path);
        exit(1);
    }
    return fd;
}

static void name_files(struct files *f, const char *folder)
{
    snprintf(f->folder, sizeof f->folder, "%s", folder);
    snprintf(f->csv, sizeof f->csv, "%s/rows.csv", folder);
    snprintf(f->reg, sizeof f->reg, "%s/register.csv", folder);
    snprintf(f->rates, sizeof f->rates, "%s/rates.csv", folder);
}

static void write_files(const struct files *f, int64_t n, bool faults)
{
    const struct generate_options o = {.scheme = scheme, .rows = n, .seed = 1, .faults = faults,
                                       .late = faults, .n_threads = 2};
    struct error e = {0};
    double from = now_s();
    if (generate(&o, create_file(f->csv), 0, create_file(f->reg), create_file(f->rates), &e) !=
        OK) {
        fprintf(stderr, "%s\n", e.detail_en);
        exit(1);
    }
    struct stat st;
    check(stat(f->csv, &st) == 0);
    printf("%lld made-up records%s, %.1f MB, in %.1f s\n", (long long)n,
           faults ? ", with faults planted" : "", (double)st.st_size / 1e6, now_s() - from);
}

struct screening {
    struct screen *s;
    struct corpus *corpus;
    struct snapshot *snap;
};

static void screen_open(struct screening *s, int threads)
{
    struct error e = {0};
    struct classification *c;
    if (classification_load(&c, &program, &e) != OK ||
        law_load_shipped(&s->corpus, &program, c, &e) != OK ||
        snapshot_create(&s->snap, s->corpus, &e) != OK ||
        screen_create(&s->s, scheme, s->snap, day_from_civil(2023, 1, 1),
                      day_from_civil(2026, 12, 31), threads, &e) != OK) {
        fprintf(stderr, "%s\n", e.detail_en);
        exit(1);
    }
}

static void compile_once(const struct files *f, int threads, bool screened, bool contributions)
{
    struct error e = {0};
    struct rates *own;
    const char *path = f->csv;
    struct screening s = {0};
    check(rates_load(&own, &program, scheme, f->rates, &e) == OK);
    struct intake in = {.scheme = scheme, .path = &path, .n_paths = 1, .n_threads = threads,
                        .today = DAY_MAX};
    const struct cube_options o = {.scheme = scheme, .rates = own, .n_threads = threads,
                                   .register_path = f->reg, .contributions = contributions,
                                   .spill_dir = f->folder};
    struct tally *t = tally_create();
    struct cube c;
    if (screened) {
        screen_open(&s, threads);
    }
    double from = now_s(), cpu = cpu_s(CLOCK_PROCESS_CPUTIME_ID);
    if (cube_compile(&o, &in, screened ? screen_rows : NULL, s.s, t, &c, &e) != OK) {
        fprintf(stderr, "%s\n", e.detail_en);
        exit(1);
    }
    double took = now_s() - from;
    cpu = cpu_s(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    struct stat st;
    check(stat(f->csv, &st) == 0);
    char hex[65];
    hash_hex(c.digest, 32, hex);
    printf("%d threads%s%s: %.3f s (%.3f of processor), rows %.3f s, cells %.3f s, digest %.3f s: "
           "%.2f M records/s, %.2f without the digest, %.0f MB/s, peak %ld MB%s\n"
           "  %lld read, %lld in %zu cells, %lld rejected, %lld void, %lld repeated, credit %lld "
           "debit %lld cents\n  %s\n",
           threads, screened ? ", screened" : "", contributions ? ", contributions kept" : "", took,
           cpu, c.seconds_rows, c.seconds_cells, c.seconds_digest,
           (double)t->records / took / 1e6,
           (double)t->records / (took - c.seconds_digest) / 1e6,
           (double)st.st_size / took / 1e6, peak_mb(), c.spilled ? ", spilled" : "",
           (long long)t->records, (long long)c.records, c.n_cells, (long long)t->rejected,
           (long long)c.voided, (long long)c.queried_r7, (long long)c.credit, (long long)c.debit,
           hex);
    screen_destroy(s.s);
    tally_destroy(t);
    cube_finish(&c);
}

/* Every measurement in a process of its own, so that peaks are its own. */
static void apart(const struct files *f, int64_t make, bool faults, int threads, bool screened,
                  bool contributions)
{
    fflush(stdout);
    pid_t child = fork();
    check(child >= 0);
    if (child == 0) {
        if (make > 0) {
            write_files(f, make, faults);
        } else {
            compile_once(f, threads, screened, contributions);
        }
        fflush(stdout);
        _exit(0);
    }
    int status;
    check(waitpid(child, &status, 0) == child);
    if (status != 0) {
        exit(1);
    }
}

static void measure(const struct files *f, int64_t n, bool faults, bool brief)
{
    apart(f, n, faults, 0, false, false);
    apart(f, 0, false, 2, false, false);
    if (!brief) {
        apart(f, 0, false, 1, false, false);
        apart(f, 0, false, 2, false, true);
        apart(f, 0, false, 2, true, false);
    }
}

int main(int argc, char **argv)
{
    char folder[PATH_MOST];
    const char *tmp = getenv("TMPDIR");
    bool is_long = argc > 1 && strcmp(argv[1], "--long") == 0;
    bool keep = argc > 2 && strcmp(argv[1], "--keep") == 0;
    load();
    if (argc > 1 && strcmp(argv[1], "--sink") == 0) {
        sink(argc > 2 ? atoll(argv[2]) : 10000000, argc > 3 ? atoi(argv[3]) : 2, argc > 4);
        arena_finish(&program);
        return 0;
    }
    struct files f;
    if (argc > 2 && strcmp(argv[1], "--again") == 0) {
        name_files(&f, argv[2]);
        compile_once(&f, argc > 3 ? atoi(argv[3]) : 2, false, false);
        arena_finish(&program);
        return 0;
    }
    snprintf(folder, sizeof folder, "%s/fumao-bench-XXXXXX", tmp != NULL ? tmp : "/tmp");
    check(keep || mkdtemp(folder) != NULL);
    name_files(&f, keep ? argv[2] : folder);
    int at = is_long ? 2 : keep ? 3 : 1;
    int64_t n = argc > at ? atoll(argv[at]) : is_long ? 100000000 : 10000000;
    measure(&f, n, false, is_long);
    if (!is_long && !keep) {
        measure(&f, n, true, true);
    }
    if (!keep) {
        unlink(f.csv);
        unlink(f.reg);
        unlink(f.rates);
        rmdir(f.folder);
    }
    arena_finish(&program);
    return 0;
}
