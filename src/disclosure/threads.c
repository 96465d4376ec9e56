/* Work on all processors: the rooms below have none of it to share. */
#include <pthread.h>
#include <unistd.h>

#include "disclosure/system.h"

enum { THREADS_MAX = 64 };

struct share_of_work {
    void (*work)(void *ctx, int thread);
    void *ctx;
    int thread;
};

int processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (int)n;
}

static void *run(void *arg)
{
    const struct share_of_work *w = arg;
    w->work(w->ctx, w->thread);
    return NULL;
}

void threads_run(int n, void (*work)(void *ctx, int thread), void *ctx)
{
    pthread_t thread[THREADS_MAX];
    struct share_of_work share[THREADS_MAX];
    n = n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : n;
    for (int i = 0; i < n; i++) {
        share[i] = (struct share_of_work){work, ctx, i};
        if (i > 0)
            check(pthread_create(&thread[i], NULL, run, &share[i]) == 0);
    }
    run(&share[0]);
    for (int i = 1; i < n; i++)
        pthread_join(thread[i], NULL);
}
