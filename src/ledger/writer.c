#include "ledger/writer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { WAITING_MAX = 4096, BATCH_MAX = 512 };

struct job {
    writer_fn *fn;
    void *ctx;
    struct error *e;
    enum err result;
    bool done;
    struct job *next;
};

struct writer {
    struct db *d;
    struct log *l;
    const struct signer *signer;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t come, finished;
    struct job *first, **last;
    int waiting;
    bool stopping;
    atomic_uint_fast64_t commits;
};

/* One job in its savepoint. What comes back concerns the whole batch: not OK when the store can
 * take no more in this transaction. */
static enum err run_job(struct writer *w, struct job *j, struct error *e)
{
    TRY(db_exec(w->d, "SAVEPOINT job", e));
    struct log_mark mark = log_mark(w->l);
    j->result = j->fn(j->ctx, w->d, w->l, j->e);
    if (j->result == OK)
        return db_exec(w->d, "RELEASE job", e);
    log_return(w->l, &mark);
    /* Fails when SQLite has ended the transaction itself, as it does when the disk is full. */
    return db_exec(w->d, "ROLLBACK TO job; RELEASE job", e);
}

static enum err commit(struct writer *w, struct error *e)
{
    struct buf note;
    buf_init(&note);
    enum err r = signer_checkpoint(w->signer, w->l, (int64_t)time(NULL), &note, e);
    buf_finish(&note);
    if (r == OK)
        r = db_exec(w->d, "COMMIT", e);
    if (r != OK)
        return r;
    atomic_fetch_add(&w->commits, 1);
    /* The commit stands; a node file that cannot be written is made again at the next opening. */
    (void)log_commit(w->l, NULL);
    return OK;
}

/* Everything that waits, up to a limit, as one transaction. */
static void run_batch(struct writer *w, struct job *list)
{
    struct error e = {0};
    enum err r = db_exec(w->d, "BEGIN IMMEDIATE", &e);
    for (struct job *j = list; r == OK && j != NULL; j = j->next)
        r = run_job(w, j, &e);
    if (r == OK)
        r = commit(w, &e);
    if (r == OK)
        return;
    db_exec(w->d, "ROLLBACK", NULL);
    log_rollback(w->l);
    for (struct job *j = list; j != NULL; j = j->next)
        if (j->result == OK) { /* those that failed by themselves have their own reason */
            j->result = r;
            if (j->e != NULL)
                *j->e = e;
        }
}

static struct job *take(struct writer *w)
{
    struct job *list = w->first, **at = &w->first;
    for (int n = 0; *at != NULL && n < BATCH_MAX; n++, w->waiting--)
        at = &(*at)->next;
    w->first = *at;
    *at = NULL;
    if (w->first == NULL)
        w->last = &w->first;
    return list;
}

static void *work(void *arg)
{
    struct writer *w = arg;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (w->first == NULL && !w->stopping)
            pthread_cond_wait(&w->come, &w->lock);
        if (w->first == NULL)
            break;
        struct job *list = take(w), *next;
        pthread_mutex_unlock(&w->lock);
        run_batch(w, list);
        pthread_mutex_lock(&w->lock);
        for (struct job *j = list; j != NULL; j = next) {
            next = j->next; /* once done is seen, the job's owner may return */
            j->done = true;
        }
        pthread_cond_broadcast(&w->finished);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

enum err writer_start(struct writer **out, struct db *d, struct log *l,
                      const struct signer *signer, struct error *e)
{
    struct writer *w = calloc(1, sizeof *w);
    check(w != NULL);
    w->d = d;
    w->l = l;
    w->signer = signer;
    w->last = &w->first;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->come, NULL);
    pthread_cond_init(&w->finished, NULL);
    if (pthread_create(&w->thread, NULL, work, w) != 0) {
        free(w);
        return err_set(e, ERR_IO, "无法启动写入线程%s", "the writing thread could not be started%s", "");
    }
    *out = w;
    return OK;
}

void writer_stop(struct writer *w)
{
    if (w == NULL)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->come);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->come);
    pthread_cond_destroy(&w->finished);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

enum err writer_run(struct writer *w, writer_fn *fn, void *ctx, struct error *e)
{
    struct job j = {.fn = fn, .ctx = ctx, .e = e};
    pthread_mutex_lock(&w->lock);
    if (w->stopping || w->waiting >= WAITING_MAX) {
        pthread_mutex_unlock(&w->lock);
        return err_set(e, ERR_BUSY, "等待写入的请求超过 %d 个", "more than %d requests wait to be written",
                       WAITING_MAX);
    }
    *w->last = &j;
    w->last = &j.next;
    w->waiting++;
    pthread_cond_signal(&w->come);
    while (!j.done)
        pthread_cond_wait(&w->finished, &w->lock);
    pthread_mutex_unlock(&w->lock);
    return j.result;
}

uint64_t writer_commits(const struct writer *w)
{
    return atomic_load(&w->commits);
}
