/*
 * The log: appends in batches and one by one, beside a bare SQLite loop that makes the same
 * inserts in the same run; proofs, opening and memory at a million leaves and at LEAVES; the
 * audit of a million.
 *
 *   bench_ledger [LEAVES]     10,000,000 if not said; about 350 bytes of disk a leaf
 *
 * Stores lie under $FUMAO_BENCH_DIR, $TMPDIR or /tmp and are removed. A single commit is as fast
 * as the disk syncs: only the ratio says something of the program.
 */
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ledger/audit.h"
#include "ledger/writer.h"

enum {
    BATCH = 5000,
    RATE_LEAVES = 500000,
    MILLION = 1000000,
    THREADS = 16,
    ROUNDS = 5,
    PROOFS = 20000
};
static const double round_s = 1;

static char folder[256];
static const char *const name_of[] = {"SHA-256", "SHA-256 and SM3"};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void ok(enum err r, const struct error *e)
{
    if (r == OK)
        return;
    fprintf(stderr, "bench_ledger: %s\n", e->detail_en);
    exit(1);
}

/* About 200 bytes, as a kept answer has them without its facts. */
static struct str leaf_of(uint64_t n, char out[400])
{
    int bytes =
        snprintf(out, 400,
                 "{\"at\":%llu,\"kind\":\"answer\",\"n\":%llu,\"outcome\":\"conditional\","
                 "\"question\":{\"direction\":\"import\",\"from\":\"SG\",\"mode\":1,"
                 "\"on\":\"2026-11-25\",\"sector\":\"gbt:%04llu\",\"to\":\"CN-SH\"},"
                 "\"snapshot\":\"%016llx\"}",
                 (unsigned long long)(1700000000 + n), (unsigned long long)n,
                 (unsigned long long)(n % 9000), (unsigned long long)(n * 0x9e3779b97f4a7c15U));
    return (struct str){out, (size_t)bytes};
}

static void paths(const char *name, char path[300], char spec[320])
{
    snprintf(path, 300, "%s/%s.db", folder, name);
    snprintf(spec, 320, "sqlite:%s", path);
}

static void remove_store(const char *name)
{
    static const char *const end[] = {"", "-wal", "-shm", ".sha256", ".sm3", ".key"};
    char path[300], spec[320], file[320];
    paths(name, path, spec);
    for (size_t i = 0; i < sizeof end / sizeof *end; i++) {
        snprintf(file, sizeof file, "%s%s", path, end[i]);
        unlink(file);
    }
}

struct open_log {
    struct db *d;
    struct log *l;
    struct signer s;
};

static void open_log(struct open_log *o, const char *name, enum log_profile profile)
{
    char path[300], spec[320];
    struct error e = {0};
    paths(name, path, spec);
    ok(db_open(&o->d, spec, &e), &e);
    ok(log_open(&o->l, o->d, profile, &e), &e);
    ok(signer_open(&o->s, o->l, KEY_ED25519, 0, &e), &e);
}

static void close_log(struct open_log *o)
{
    signer_close(&o->s);
    log_close(o->l);
    db_close(o->d);
}

/* Until the log has `to` leaves, a head for each batch. */
static void fill(struct open_log *o, uint64_t to)
{
    struct error e = {0};
    struct buf note;
    char text[400];
    buf_init(&note);
    while (log_size(o->l) < to) {
        uint64_t n = log_size(o->l), end = n + BATCH < to ? n + BATCH : to;
        ok(db_exec(o->d, "BEGIN IMMEDIATE", &e), &e);
        for (; n < end; n++)
            ok(log_append(o->l, leaf_of(n, text), NULL, &e), &e);
        ok(signer_checkpoint(&o->s, o->l, 0, &note, &e), &e);
        ok(db_exec(o->d, "COMMIT", &e), &e);
        ok(log_commit(o->l, &e), &e);
    }
    buf_finish(&note);
}

/* --- SQLite alone ------------------------------------------------------------------------- */

static sqlite3 *bare_open(void)
{
    sqlite3 *d;
    char path[300], spec[320];
    paths("bare", path, spec);
    check(sqlite3_open(path, &d) == SQLITE_OK &&
          sqlite3_exec(d,
                       "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                       "CREATE TABLE entry(seq INTEGER PRIMARY KEY, leaf TEXT NOT NULL) STRICT",
                       NULL, NULL, NULL) == SQLITE_OK);
    return d;
}

static void bare_insert(sqlite3_stmt *s, uint64_t n)
{
    char text[400];
    struct str leaf = leaf_of(n, text);
    check(sqlite3_bind_int64(s, 1, (int64_t)n) == SQLITE_OK &&
          sqlite3_bind_text(s, 2, leaf.p, (int)leaf.n, SQLITE_STATIC) == SQLITE_OK &&
          sqlite3_step(s) == SQLITE_DONE && sqlite3_reset(s) == SQLITE_OK);
}

/* Inserts in transactions of `batch` for `most` rows or `seconds`; rows a second. */
static double bare_rate(uint64_t most, uint64_t batch, double seconds, double *cpu)
{
    sqlite3 *d = bare_open();
    sqlite3_stmt *s;
    uint64_t n = 0;
    check(sqlite3_prepare_v2(d, "INSERT INTO entry VALUES(?1,?2)", -1, &s, NULL) == SQLITE_OK);
    double from = now_s(), cpu_from = cpu_s();
    while (n < most && now_s() - from < seconds) {
        check(sqlite3_exec(d, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
        for (uint64_t i = 0; i < batch; i++)
            bare_insert(s, n++);
        check(sqlite3_exec(d, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
    }
    double rate = (double)n / (now_s() - from);
    *cpu = (double)n / (cpu_s() - cpu_from);
    sqlite3_finalize(s);
    sqlite3_close(d);
    remove_store("bare");
    return rate;
}

/* --- rates -------------------------------------------------------------------------------- */

static void batches(void)
{
    double cpu[3], bare = bare_rate(RATE_LEAVES, BATCH, 1e9, &cpu[0]);
    printf("appends in batches of %d, %d leaves; bare SQLite: %.0f/s (%.0f per second of CPU)\n",
           BATCH, RATE_LEAVES, bare, cpu[0]);
    for (int p = 0; p < 2; p++) {
        struct open_log o;
        open_log(&o, "rate", (enum log_profile)p);
        double from = now_s(), cpu_from = cpu_s();
        fill(&o, RATE_LEAVES);
        double rate = RATE_LEAVES / (now_s() - from);
        cpu[p + 1] = RATE_LEAVES / (cpu_s() - cpu_from);
        printf("  %-16s %9.0f/s, %.2f of bare (%.0f per second of CPU, %.2f)\n", name_of[p], rate,
               rate / bare, cpu[p + 1], cpu[p + 1] / cpu[0]);
        close_log(&o);
        remove_store("rate");
    }
}

static enum err append_one(void *ctx, struct db *d, struct log *l, struct error *e)
{
    char text[400];
    (void)d;
    return log_append(l, leaf_of(*(const uint64_t *)ctx, text), NULL, e);
}

static struct {
    struct writer *w;
    double end;
    atomic_uint_fast64_t done;
} single;

static void *write_singles(void *arg)
{
    struct error e = {0};
    (void)arg;
    while (now_s() < single.end) {
        uint64_t n = atomic_load(&single.done);
        ok(writer_run(single.w, append_one, &n, &e), &e);
        atomic_fetch_add(&single.done, 1);
    }
    return NULL;
}

struct round {
    double appends, commits, seconds;
};

static void single_round(enum log_profile p, struct round *sum)
{
    struct open_log o;
    struct error e = {0};
    pthread_t t[THREADS];
    open_log(&o, "single", p);
    ok(writer_start(&single.w, o.d, o.l, &o.s, &e), &e);
    atomic_store(&single.done, 0);
    double from = now_s();
    single.end = from + round_s;
    for (int i = 0; i < THREADS; i++)
        check(pthread_create(&t[i], NULL, write_singles, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    sum->seconds += now_s() - from;
    sum->appends += (double)atomic_load(&single.done);
    sum->commits += (double)writer_commits(single.w);
    writer_stop(single.w);
    close_log(&o);
    remove_store("single");
}

/* In turn: a disk that others use is never the same for long. */
static void singles(void)
{
    double cpu, bare = 0;
    struct round r[2] = {0};
    for (int i = 0; i < ROUNDS; i++) {
        bare += bare_rate(UINT64_MAX, 1, round_s, &cpu) / ROUNDS;
        for (int p = 0; p < 2; p++)
            single_round((enum log_profile)p, &r[p]);
    }
    printf("durable single appends, mean of %d rounds; bare SQLite, one loop: %.0f/s\n", ROUNDS,
           bare);
    for (int p = 0; p < 2; p++) {
        double rate = r[p].appends / r[p].seconds;
        printf("  %-16s %9.0f/s from %d threads, %.2f of bare; %.0f commits/s, %.1f a commit\n",
               name_of[p], rate, THREADS, rate / bare, r[p].commits / r[p].seconds,
               r[p].appends / r[p].commits);
    }
}

/* --- a large log -------------------------------------------------------------------------- */

static long status_kb(const char *key)
{
    char line[200];
    long kb = -1;
    size_t n = strlen(key);
    FILE *f = fopen("/proc/self/status", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, key, n) == 0)
            kb = atol(line + n);
    if (f != NULL)
        fclose(f);
    return kb;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void time_proofs(struct log *l, enum hash_kind k, bool whole)
{
    static double us[PROOFS];
    struct rng rng;
    struct error e = {0};
    double sum = 0;
    rng_seed(&rng, 20261125);
    for (int i = 0; i < PROOFS; i++) {
        struct proof_path p;
        uint64_t size = whole ? log_size(l) : 1 + rng_next(&rng) % log_size(l);
        uint64_t index = rng_next(&rng) % size;
        double from = now_s();
        ok(log_inclusion(l, index, size, k, &p, &e), &e);
        us[i] = (now_s() - from) * 1e6;
        sum += us[i];
    }
    sort_by(us, PROOFS, sizeof *us, ascending);
    printf("  inclusion, %s, %s: median %.1f us, mean %.1f, 99th percentile %.1f\n",
           k == HASH_SM3 ? "SM3" : "SHA-256", whole ? "under the head" : "at any size",
           us[PROOFS / 2], sum / PROOFS, us[PROOFS * 99 / 100]);
}

/* In a process of its own, whose memory is that of nothing else. */
static void look(const char *name, bool twin)
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    check(pid >= 0);
    if (pid > 0) {
        check(waitpid(pid, &status, 0) == pid && status == 0);
        return;
    }
    struct open_log o;
    double from = now_s();
    open_log(&o, name, PROFILE_SHA256);
    printf("%llu leaves, %s: opened in %.1f ms\n", (unsigned long long)log_size(o.l), name_of[twin],
           (now_s() - from) * 1e3);
    for (int k = 0; k < (twin ? 2 : 1); k++) {
        time_proofs(o.l, (enum hash_kind)k, true);
        time_proofs(o.l, (enum hash_kind)k, false);
    }
    fill(&o, log_size(o.l) + 10 * BATCH);
    printf("  memory after %d proofs and %d appends: %ld kB, at most %ld kB\n", 2 * PROOFS,
           10 * BATCH, status_kb("VmRSS:"), status_kb("VmHWM:"));
    close_log(&o);
    fflush(NULL);
    _exit(0);
}

static void audit(const char *name, bool twin)
{
    char path[300], spec[320];
    struct db *d;
    struct error e = {0};
    struct log_audit a;
    paths(name, path, spec);
    ok(db_open(&d, spec, &e), &e);
    double from = now_s(), cpu = cpu_s();
    ok(log_audit(d, &(struct audit_ask){0}, &a, &e), &e);
    printf("  audit of %llu leaves, %llu heads, %s: %.2f s (%.2f s of CPU), %llu faults\n",
           (unsigned long long)a.leaves, (unsigned long long)a.checkpoints, name_of[twin],
           now_s() - from, cpu_s() - cpu, (unsigned long long)a.faults);
    db_close(d);
}

static void grow(const char *name, enum log_profile profile, uint64_t to)
{
    struct open_log o;
    open_log(&o, name, profile);
    uint64_t had = log_size(o.l);
    double from = now_s();
    fill(&o, to);
    printf("%s: %llu leaves added in %.1f s, memory at most %ld kB\n", name_of[profile],
           (unsigned long long)(to - had), now_s() - from, status_kb("VmHWM:"));
    close_log(&o);
}

int main(int argc, char **argv)
{
    uint64_t leaves = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
    const char *dir = getenv("FUMAO_BENCH_DIR") ? getenv("FUMAO_BENCH_DIR") : getenv("TMPDIR");
    if (argc > 2 || leaves < MILLION) {
        fprintf(stderr, "usage: bench_ledger [LEAVES], at least %d\n", MILLION);
        return 2;
    }
    snprintf(folder, sizeof folder, "%s/fumao-bench-XXXXXX",
             dir && strlen(dir) < 200 ? dir : "/tmp");
    check(mkdtemp(folder) != NULL);
    batches();
    singles();
    grow("plain", PROFILE_SHA256, MILLION);
    audit("plain", false);
    look("plain", false);
    remove_store("plain");
    grow("twin", PROFILE_TWIN, MILLION);
    audit("twin", true);
    look("twin", true);
    if (leaves > MILLION) {
        grow("twin", PROFILE_TWIN, leaves);
        look("twin", true);
    }
    remove_store("twin");
    rmdir(folder);
    return 0;
}
