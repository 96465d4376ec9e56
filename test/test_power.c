/*
 * Power loss. A store is written through the writer on a disk whose power fails at a random
 * moment (test/crash_vfs.h), up to three times on the same store, and each time must open
 * afterwards with every event that was acknowledged, the log whole and every proof right.
 *
 * FUMAO_POWER_SEEDS: how many stores (script/soak: 5,000); without it as many as fit into
 * FUMAO_POWER_SECONDS (20; 10 under the sanitizers; at least 160 stores whatever the time).
 * FUMAO_SEED: the first seed; one seed alone is one story again, but
 * for the seeds that write from several threads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>
#include <pthread.h>

#include "crash_vfs.h"
#include "events.h"
#include "sanitized.h"
#include "scratch.h"

enum disk { DISK_HONEST, DISK_LIES_OF_NODES, DISK_UNSYNCED /* the mutant: synchronous=OFF */ };
enum { EVENTS_MAX = 48, THREADS = 3 };

static char folder[SCRATCH_PATH], spec[SCRATCH_PATH + 32];
static struct telling told;

static struct {
    uint64_t stores, powers, done, proofs, refused, leaves;
} sum;

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *z = getenv(name);
    return z != NULL && z[0] != 0 ? strtoull(z, NULL, 10) : otherwise;
}

/* --- one life of a store between two power failures --------------------------------------- */

struct life {
    struct rng rng;
    struct db *d;
    struct log *l;
    struct signer signer;
    struct writer *w;
    int64_t next[EVENT_WRITERS];
};

static bool open_store(struct life *x, enum disk disk, bool twin)
{
    if (db_open(&x->d, spec, NULL) != OK)
        return false;
    if (disk == DISK_UNSYNCED && db_exec(x->d, "PRAGMA synchronous=OFF", NULL) != OK)
        return false;
    return events_prepare(x->d, NULL) == OK &&
           log_open(&x->l, x->d, twin ? PROFILE_TWIN : PROFILE_SHA256, NULL) == OK &&
           signer_open(&x->signer, x->l, KEY_ED25519, 1700000000, NULL) == OK &&
           writer_start(&x->w, x->d, x->l, &x->signer, NULL) == OK;
}

static void close_store(struct life *x)
{
    writer_stop(x->w);
    signer_close(&x->signer);
    log_close(x->l);
    db_close(x->d);
    x->w = NULL;
    x->l = NULL;
    x->d = NULL;
}

static void write_one(struct life *x, struct rng *rng, int who)
{
    struct event v = {who, x->next[who]++, 0, rng_below(rng, 8) == 0};
    v.pad = rng_below(rng, 4) == 0 ? rng_below(rng, 3000) : rng_below(rng, 60);
    check(v.n < EVENT_NUMBERS);
    enum err r = writer_run(x->w, event_write, &v, NULL);
    if (r == OK)
        told.of[who][v.n] = TOLD_DONE;
    else if (v.fails)
        told.of[who][v.n] = TOLD_FAILED; /* any other failure may come true all the same */
}

struct hand {
    struct life *x;
    struct rng rng;
    int who, n;
};

static void *write_some(void *arg)
{
    struct hand *h = arg;
    for (int i = 0; i < h->n && !crash_happened(); i++)
        write_one(h->x, &h->rng, h->who);
    return NULL;
}

static void write_all(struct life *x, int n, bool threads)
{
    struct hand h[THREADS];
    pthread_t t[THREADS];
    int hands = threads ? THREADS : 1;
    for (int i = 0; i < hands; i++) {
        h[i] = (struct hand){.x = x, .who = i, .n = n};
        rng_seed(&h[i].rng, rng_next(&x->rng));
        if (threads)
            check(pthread_create(&t[i], NULL, write_some, &h[i]) == 0);
        else
            write_some(&h[i]);
    }
    for (int i = 0; i < hands && threads; i++)
        pthread_join(t[i], NULL);
}

static void live(struct life *x, enum disk disk, bool threads)
{
    static const uint32_t spans[] = {40, 150, 500};
    bool twin = rng_below(&x->rng, 2) == 0;
    crash_install();
    crash_begin(folder, rng_next(&x->rng), 1 + rng_below(&x->rng, spans[rng_below(&x->rng, 3)]));
    crash_lie(disk == DISK_LIES_OF_NODES);
    for (bool on = true; on && !crash_happened();) {
        if (open_store(x, disk, twin))
            write_all(x, 1 + (int)rng_below(&x->rng, EVENTS_MAX), threads);
        uint32_t then = rng_below(&x->rng, 4); /* closed and opened again: all is synced between */
        if (then == 0)
            crash_now();
        on = then > 1;
        close_store(x);
    }
    crash_settle();
    crash_remove();
}

/* --- many lives --------------------------------------------------------------------------- */

/* What was wrong with the store after one of its power failures; empty: nothing. */
static void store_of_seed(uint64_t seed, enum disk disk, char out[500])
{
    struct life x = {0};
    struct event_check c, again;
    out[0] = 0;
    scratch_empty(folder);
    memset(&told, 0, sizeof told);
    rng_seed(&x.rng, seed);
    for (int who = 0; who < EVENT_WRITERS; who++)
        x.next[who] = 1;
    bool threads = seed % 4 == 3;
    for (int power = 0, n = 1 + (int)rng_below(&x.rng, 3); power < n && out[0] == 0; power++) {
        live(&x, disk, threads);
        for (int who = 0; who < EVENT_WRITERS; who++)
            told.max = x.next[who] > told.max ? x.next[who] - 1 : told.max;
        events_check(spec, &told, &x.rng, &c);
        if (c.faults == 0 && c.refused > 0) {
            events_check(spec, &told, &x.rng, &again);
            if (again.refused > 0 || again.faults > 0)
                snprintf(out, 500, "seed %llu, not mended: %s", (unsigned long long)seed,
                         again.first);
        }
        if (c.faults > 0 || (disk != DISK_LIES_OF_NODES && c.audit > 0))
            snprintf(out, 500, "seed %llu, power failure %d: %s", (unsigned long long)seed,
                     power + 1, c.first);
        sum.powers++;
        sum.done += c.done;
        sum.proofs += c.proofs;
        sum.refused += c.refused;
        sum.leaves += c.leaves;
    }
    sum.stores++;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void report(const char *what)
{
    printf("%s: %llu stores, %llu power failures, %llu leaves, %llu acknowledged, %llu proofs"
           " (%llu refused)\n",
           what, (unsigned long long)sum.stores, (unsigned long long)sum.powers,
           (unsigned long long)sum.leaves, (unsigned long long)sum.done,
           (unsigned long long)sum.proofs, (unsigned long long)sum.refused);
}

static uint64_t sweep(enum disk disk, const char *what, uint64_t share)
{
    char first[500] = "", why[500];
    uint64_t wrong = 0, seeds = setting("FUMAO_POWER_SEEDS", 0);
    uint64_t from = setting("FUMAO_SEED", 20261125);
    double seconds = (double)setting("FUMAO_POWER_SECONDS", SANITIZED ? 10 : 20);
    double end = now_s() + seconds / (double)share;
    memset(&sum, 0, sizeof sum);
    for (uint64_t i = 0; seeds > 0 ? i < seeds / share : i < 160 / share || now_s() < end; i++) {
        store_of_seed(from + i, disk, why);
        if (why[0] != 0 && wrong++ == 0)
            snprintf(first, sizeof first, "%s", why);
    }
    report(what);
    if (first[0] != 0)
        printf("  %llu wrong, the first: %s\n", (unsigned long long)wrong, first);
    return wrong;
}

static void nothing_acknowledged_is_lost(void **state)
{
    (void)state;
    assert_int_equal(sweep(DISK_HONEST, "honest disk", 1), 0);
    assert_int_equal(sum.refused, 0);
    assert_true(sum.done > 0);
}

/* The node files are only a cache: a disk that loses what it said it had synced of them costs
 * time at the next opening, and never a wrong proof. */
static void node_files_are_not_believed(void **state)
{
    (void)state;
    assert_int_equal(sweep(DISK_LIES_OF_NODES, "disk that lies of the node files", 4), 0);
}

static void faults_fired(void **state)
{
    struct crash_counts c = crash_counts();
    (void)state;
    printf("%llu cuts, sectors dropped %llu, garbled %llu, writes torn %llu, reordered %llu, files"
           " vanished %llu, returned %llu, node files %llu\n",
           (unsigned long long)c.cuts, (unsigned long long)c.dropped, (unsigned long long)c.garbled,
           (unsigned long long)c.torn, (unsigned long long)c.reordered,
           (unsigned long long)c.vanished, (unsigned long long)c.returned,
           (unsigned long long)c.nodes);
    assert_true(c.cuts > 0 && c.dropped > 0 && c.garbled > 0 && c.torn > 0 && c.reordered > 0);
    assert_true(c.vanished > 0 && c.returned > 0 && c.nodes > 0);
}

/* A store that does not sync loses acknowledged events: if this test cannot see that, it sees
 * nothing. */
static void mutant_is_caught(void **state)
{
    char why[500];
    int caught = 0, n = 0;
    (void)state;
    for (; n < 200 && caught < 3; n++) {
        store_of_seed(1000 + (uint64_t)n, DISK_UNSYNCED, why);
        caught += why[0] != 0;
    }
    printf("synchronous=OFF: caught %d times in %d stores; the last: %s\n", caught, n, why);
    assert_true(caught >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_acknowledged_is_lost),
        cmocka_unit_test(node_files_are_not_believed),
        cmocka_unit_test(faults_fired),
        cmocka_unit_test(mutant_is_caught),
    };
    scratch_make(folder, "power");
    snprintf(spec, sizeof spec, "sqlite:%s/store.db", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_remove(folder);
    return failed;
}
