/* Threads over the chunks of files, faults in order, counts, progress. */
#include "declaration/reading.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { AHEAD = 4, /* chunks per thread that may wait for an earlier one */
       BANKS = 10000, PROGRESS_MS = 250 };

/* --- counts ---------------------------------------------------------------------------------- */

struct tally *tally_create(void)
{
    struct tally *t = calloc(1, sizeof *t);
    check(t != NULL);
    t->bank = calloc(BANKS, sizeof *t->bank);
    check(t->bank != NULL);
    return t;
}

void tally_destroy(struct tally *t)
{
    if (t != NULL)
        free(t->bank);
    free(t);
}

static void tally_add(struct tally *t, const struct tally *x)
{
    t->records += x->records;
    t->accepted += x->accepted;
    t->rejected += x->rejected;
    t->excluded += x->excluded;
    t->queried += x->queried;
    t->not_service += x->not_service;
    for (int i = 0; i < RULE_COUNT; i++)
        t->rule[i] += x->rule[i];
    for (int i = 0; i < BANKS; i++) {
        struct bank_tally *b = &t->bank[i];
        const struct bank_tally *y = &x->bank[i];
        if (y->records == 0)
            continue;
        b->records += y->records;
        b->rejected += y->rejected;
        b->queried += y->queried;
        b->residual += y->residual;
        for (int k = 0; k < RULE_COUNT; k++)
            b->rule[k] += y->rule[k];
    }
}

/* --- one file -------------------------------------------------------------------------------- */

struct slot { /* of a chunk that was read, until all before it have been handed out */
    struct faults faults;
    bool done;
    int64_t records, end, taken;
};

struct run {
    const struct intake *in;
    struct reader *reader[INTAKE_THREADS];
    int n_slots;
    struct slot slot[INTAKE_THREADS * AHEAD];
    struct chunks file;
    pthread_mutex_t door; /* the next chunk */
    pthread_mutex_t turn; /* all below, and slots */
    pthread_cond_t moved;
    uint64_t taken, flushed; /* chunks */
    bool stop;
    bool mute; /* the caller's `spoilt` failed and is not called again */
    enum err failed;
    struct error error;
    struct intake_progress progress;
    int64_t bytes_before; /* of files that are done */
    int64_t begun_ms, told_ms;
};

double intake_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int64_t now_ms(void)
{
    return (int64_t)(intake_clock() * 1000);
}

static void fail(struct run *u, enum err r, const struct error *e)
{
    if (u->failed == OK) {
        u->failed = r;
        u->error = *e;
    }
    u->stop = true;
}

static bool tell(struct run *u, int64_t now)
{
    u->told_ms = now;
    u->progress.seconds = (double)(now - u->begun_ms) / 1000;
    return u->in->progress(u->in->progress_ctx, &u->progress);
}

static void tell_sometimes(struct run *u)
{
    struct error e = {0};
    int64_t now = u->in->progress != NULL ? now_ms() : 0;
    if (u->in->progress == NULL || now - u->told_ms < PROGRESS_MS || u->stop || tell(u, now))
        return;
    fail(u, err_set(&e, ERR_BUSY, "已按要求停止", "stopped as asked"), &e);
}

/* Faults go out even after a stop: what was read is handed out. */
static void hand_out_faults(struct run *u, struct slot *s)
{
    struct buf *b = &s->faults.spoilt;
    for (size_t i = 0; i < b->n && !u->mute; i += sizeof(struct spoilt)) {
        struct spoilt x;
        struct error e = {0};
        memcpy(&x, b->p + i, sizeof x);
        x.raw.p = s->faults.raw.p + (uintptr_t)x.raw.p;
        enum err r = u->in->spoilt(u->in->spoilt_ctx, &x, &e);
        if (r != OK) {
            fail(u, r, &e);
            u->mute = true;
        }
    }
    buf_clear(b);
    buf_clear(&s->faults.raw);
}

/* Under `turn`. */
static void flush(struct run *u)
{
    struct slot *s;
    while (u->flushed < u->taken && (s = &u->slot[u->flushed % (uint64_t)u->n_slots])->done) {
        hand_out_faults(u, s);
        u->progress.bytes = u->bytes_before + s->taken;
        u->progress.resume_byte = s->end;
        u->progress.records += s->records;
        s->done = false;
        u->flushed++;
    }
    pthread_cond_broadcast(&u->moved);
    tell_sometimes(u);
}

/* The next chunk and its slot; false: no more. One thread at a time. */
static bool take(struct run *u, struct reader *r, struct slot **slot)
{
    struct error e = {0};
    bool more = false;
    pthread_mutex_lock(&u->door);
    pthread_mutex_lock(&u->turn);
    while (!u->stop && u->taken - u->flushed == (uint64_t)u->n_slots)
        pthread_cond_wait(&u->moved, &u->turn);
    bool stop = u->stop;
    *slot = &u->slot[u->taken % (uint64_t)u->n_slots];
    pthread_mutex_unlock(&u->turn);
    enum err err = stop ? OK : chunks_take(&u->file, &r->chunk, &more, &e);
    pthread_mutex_lock(&u->turn);
    if (err != OK)
        fail(u, err, &e);
    u->taken += more;
    pthread_mutex_unlock(&u->turn);
    pthread_mutex_unlock(&u->door);
    return more;
}

static void *work(void *reader)
{
    struct reader *r = reader;
    struct run *u = r->run;
    struct slot *s;
    while (take(u, r, &s)) {
        int64_t records = r->tally->records, out = r->tally->rejected + r->tally->excluded;
        r->faults = &s->faults;
        reader_chunk(r);
        pthread_mutex_lock(&u->turn);
        s->records = r->tally->records - records;
        s->end = r->chunk.end;
        s->taken = r->chunk.taken;
        s->done = true;
        u->progress.spoilt += r->tally->rejected + r->tally->excluded - out;
        flush(u);
        pthread_mutex_unlock(&u->turn);
    }
    return NULL;
}

/* The caller's thread is the first. */
static void work_together(struct run *u)
{
    pthread_t thread[INTAKE_THREADS];
    int n = 1;
    while (n < u->in->n_threads && pthread_create(&thread[n], NULL, work, u->reader[n]) == 0)
        n++;
    work(u->reader[0]);
    for (int i = 1; i < n; i++)
        pthread_join(thread[i], NULL);
}

static enum err read_file(struct run *u, int i, struct error *e)
{
    int64_t from = i == 0 ? u->in->from_byte : 0;
    u->taken = u->flushed = 0;
    u->progress.path = i;
    enum err r = chunks_open(&u->file, &declaration_columns, u->in->path[i],
                             u->in->chunk_bytes, from, e);
    if (r == OK) {
        u->progress.resume_byte = u->file.resume;
        work_together(u);
        u->bytes_before += source_taken(u->file.source);
        u->progress.bytes = u->bytes_before;
        r = u->failed;
        if (r != OK && e != NULL)
            *e = u->error;
    }
    chunks_close(&u->file);
    return r;
}

/* --- all of it ------------------------------------------------------------------------------- */

static int threads(int asked)
{
    long n = asked > 0 ? asked : sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > INTAKE_THREADS ? INTAKE_THREADS : (int)n;
}

static struct run *run_create(const struct intake *in, const struct lookups *l)
{
    struct run *u = calloc(1, sizeof *u);
    check(u != NULL);
    u->in = in;
    u->n_slots = in->n_threads * AHEAD;
    pthread_mutex_init(&u->door, NULL);
    pthread_mutex_init(&u->turn, NULL);
    pthread_cond_init(&u->moved, NULL);
    for (int i = 0; i < in->n_threads; i++) {
        u->reader[i] = reader_create(in, l, i);
        u->reader[i]->run = u;
        u->reader[i]->file = &u->file;
    }
    u->begun_ms = now_ms();
    u->told_ms = u->begun_ms - PROGRESS_MS; /* the first chunk is told at once */
    bool known = true;
    for (int i = 0; i < in->n_paths; i++) {
        int64_t size = source_size(in->path[i]);
        u->progress.bytes_total += size;
        known = known && size > 0;
    }
    if (!known)
        u->progress.bytes_total = 0;
    return u;
}

static void run_destroy(struct run *u)
{
    for (int i = 0; i < u->in->n_threads; i++)
        reader_destroy(u->reader[i]);
    for (int i = 0; i < u->n_slots; i++) {
        buf_finish(&u->slot[i].faults.spoilt);
        buf_finish(&u->slot[i].faults.raw);
    }
    pthread_mutex_destroy(&u->door);
    pthread_mutex_destroy(&u->turn);
    pthread_cond_destroy(&u->moved);
    free(u);
}

enum err intake_run(const struct intake *asked, struct tally *t, struct error *e)
{
    struct intake in = *asked;
    in.n_threads = threads(in.n_threads);
    in.chunk_bytes = in.chunk_bytes > 0 ? in.chunk_bytes : READ_CHUNK;
    struct lookups *l = lookups_create(in.scheme);
    struct run *u = run_create(&in, l);
    enum err r = OK;
    for (int i = 0; i < in.n_paths && r == OK; i++)
        r = read_file(u, i, e);
    for (int i = 0; i < in.n_threads; i++)
        tally_add(t, u->reader[i]->tally);
    if (in.progress != NULL)
        tell(u, now_ms());
    run_destroy(u);
    lookups_destroy(l);
    return r;
}
