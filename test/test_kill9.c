/*
 * kill -9. A child writes events from four threads and says on a pipe what it tries and what was
 * acknowledged; it is killed at a random moment, from its first instruction on, and the store must
 * hold everything it said. The next child goes on with the same store.
 *
 * FUMAO_KILLS: how many times (20; script/soak: 200). FUMAO_SEED: of the moments.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "events.h"
#include "scratch.h"

enum { THREADS = 4, STORE_EVENTS = 1500 };
enum word { TRIES, DONE, FAILED };

struct said { /* one write to the pipe, whole or not at all */
    int32_t who, word;
    int64_t n;
};

static char folder[SCRATCH_PATH], spec[SCRATCH_PATH + 32];
static struct telling told;
static int64_t next[EVENT_WRITERS];

/* --- the child ---------------------------------------------------------------------------- */

static struct {
    int pipe;
    bool early; /* the mutant: acknowledges before the commit */
    struct writer *w;
    uint64_t seed;
} child;

static void say(int who, enum word word, int64_t n)
{
    struct said s = {who, (int32_t)word, n};
    if (write(child.pipe, &s, sizeof s) != (ssize_t)sizeof s)
        _exit(1);
}

static enum err job(void *ctx, struct db *d, struct log *l, struct error *e)
{
    const struct event *v = ctx;
    enum err r = event_write(ctx, d, l, e);
    if (r == OK && child.early)
        say(v->who, DONE, v->n);
    return r;
}

static void *write_events(void *arg)
{
    int who = (int)(intptr_t)arg;
    struct rng rng;
    rng_seed(&rng, child.seed + (uint64_t)who);
    for (int64_t n = next[who]; n < EVENT_NUMBERS; n++) {
        struct event v = {who, n, rng_below(&rng, 300), rng_below(&rng, 10) == 0};
        say(who, TRIES, n);
        enum err r = writer_run(child.w, job, &v, NULL);
        if (r == OK && !child.early)
            say(who, DONE, n);
        else if (r == ERR_CONFLICT)
            say(who, FAILED, n);
    }
    return NULL;
}

static _Noreturn void be_child(void)
{
    struct db *d;
    struct log *l;
    struct signer s;
    pthread_t t[THREADS];
    if (db_open(&d, spec, NULL) != OK || events_prepare(d, NULL) != OK ||
        log_open(&l, d, PROFILE_TWIN, NULL) != OK ||
        signer_open(&s, l, KEY_ED25519, 1700000000, NULL) != OK ||
        writer_start(&child.w, d, l, &s, NULL) != OK)
        _exit(2);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&t[i], NULL, write_events, (void *)(intptr_t)i) != 0)
            _exit(3);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    _exit(0);
}

/* --- the parent --------------------------------------------------------------------------- */

static void hear(const struct said *s)
{
    assert_in_range(s->who, 0, EVENT_WRITERS - 1);
    assert_in_range(s->n, 1, EVENT_NUMBERS - 1);
    if (s->word == DONE)
        told.of[s->who][s->n] = TOLD_DONE;
    if (s->word == FAILED)
        told.of[s->who][s->n] = TOLD_FAILED;
    if (s->n >= next[s->who])
        next[s->who] = s->n + 1;
    if (s->n > told.max)
        told.max = s->n;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Listens until the moment has come, kills, and hears the rest. */
static void listen_and_kill(int fd, pid_t pid, double ms)
{
    struct said s[64];
    double end = now_ms() + ms;
    bool alive = true;
    for (;;) {
        double left = end - now_ms();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready = alive && left > 0 ? poll(&p, 1, (int)left + 1) : 0;
        if (alive && now_ms() >= end) {
            kill(pid, SIGKILL);
            alive = false;
        }
        if (alive && ready == 0)
            continue;
        ssize_t n = read(fd, s, sizeof s);
        if (n <= 0)
            break;
        for (size_t i = 0; i < (size_t)n / sizeof *s; i++)
            hear(&s[i]);
    }
}

/* False: the child ended by itself, with an error. */
static bool one_life(struct rng *rng, bool early)
{
    int fd[2], status;
    uint32_t ms = rng_below(rng, 4) == 0 ? rng_below(rng, 8) : 8 + rng_below(rng, 120);
    child.seed = rng_next(rng);
    child.early = early;
    assert_int_equal(pipe(fd), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(fd[0]);
        child.pipe = fd[1];
        be_child();
    }
    close(fd[1]);
    listen_and_kill(fd[0], pid, ms);
    close(fd[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFSIGNALED(status))
        printf("the child ended with %d\n", WEXITSTATUS(status));
    return WIFSIGNALED(status) || WEXITSTATUS(status) == 0;
}

static void new_store(void)
{
    scratch_empty(folder);
    memset(&told, 0, sizeof told);
    for (int i = 0; i < EVENT_WRITERS; i++)
        next[i] = 1;
}

static void begin(struct rng *rng)
{
    const char *seed = getenv("FUMAO_SEED");
    rng_seed(rng, seed != NULL ? strtoull(seed, NULL, 10) : 20261125);
    new_store();
}

static void nothing_acknowledged_is_lost(void **state)
{
    const char *z = getenv("FUMAO_KILLS");
    int kills = z != NULL ? atoi(z) : 20;
    double slowest = 0;
    struct event_check c = {0};
    struct rng rng;
    uint64_t done = 0;
    (void)state;
    begin(&rng);
    for (int i = 0; i < kills; i++) {
        if (told.max > STORE_EVENTS) { /* checking takes its time */
            done += c.done;
            new_store();
        }
        assert_true(one_life(&rng, false));
        events_check(spec, &told, &rng, &c);
        slowest = c.open_ms > slowest ? c.open_ms : slowest;
        if (c.faults + c.audit > 0)
            fail_msg("after kill %d: %llu faults: %s", i + 1, (unsigned long long)c.faults,
                     c.first);
        assert_int_equal(c.refused, 0);
    }
    printf("%d kills: %llu events acknowledged, 0 lost; opening took %.0f ms at most\n", kills,
           (unsigned long long)(done + c.done), slowest);
    assert_true(done + c.done > 0);
}

static void mutant_is_caught(void **state)
{
    struct event_check c = {0};
    struct rng rng;
    int kills = 0;
    (void)state;
    begin(&rng);
    while (c.faults == 0 && kills < 100) {
        assert_true(one_life(&rng, true));
        kills++;
        events_check(spec, &told, &rng, &c);
    }
    printf("acknowledged before the commit: caught at kill %d: %s\n", kills, c.first);
    assert_true(c.faults > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_acknowledged_is_lost),
        cmocka_unit_test(mutant_is_caught),
    };
    scratch_make(folder, "kill9");
    snprintf(spec, sizeof spec, "sqlite:%s/store.db", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_remove(folder);
    return failed;
}
