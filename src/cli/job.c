/* COMMAND: job. Long work in a process of its own: started by --job, followed, let go of, taken up
 * again, stopped, and its output shown. */
#include "cli/job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct { /* of this process, when it is a job */
    bool is_job;
    struct job job;
    char folder[JOB_PATH];
    int64_t told_ms;
} own;
static volatile sig_atomic_t asked_to_stop, let_go;

static void on_stop(int sig)
{
    (void)sig;
    asked_to_stop = 1;
}

static void on_let_go(int sig)
{
    (void)sig;
    let_go = 1;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void pause_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

enum err job_folder(const struct args *a, char out[JOB_PATH], struct error *e)
{
    char store[512];
    TRY(db_place(option_get(a, "store"), store, sizeof store, e));
    if (strcmp(store, ":memory:") == 0)
        return err_set(e, ERR_USAGE, "内存中的存储没有任务%s", "a store in memory has no jobs%s", "");
    snprintf(out, JOB_PATH, "%s.jobs", store);
    return OK;
}

/* --- inside the job ------------------------------------------------------------------------- */

bool job_progress(const struct intake_progress *p)
{
    struct job *j = &own.job;
    int64_t now = now_ms();
    if (!own.is_job)
        return true;
    double s = p->seconds > 0 ? p->seconds : 1;
    j->updated = (int64_t)time(NULL);
    j->rows = p->records;
    j->bytes = p->bytes;
    j->total = p->bytes_total;
    j->rejects = p->spoilt;
    j->rows_per_s = (int64_t)((double)p->records / s);
    j->bytes_per_s = (int64_t)((double)p->bytes / s);
    j->seconds_left = p->bytes_total > 0 && j->bytes_per_s > 0
                          ? (p->bytes_total - p->bytes) / j->bytes_per_s
                          : -1;
    if (now - own.told_ms >= 1000 / JOB_WRITES_PER_S) {
        own.told_ms = now;
        (void)job_write(j, own.folder, NULL); /* a disk that is full does not end the work */
    }
    return !asked_to_stop;
}

/* What was said on stderr is the error; the beginning of it, whole characters. */
static void take_error(struct job *j)
{
    char path[JOB_PATH];
    struct arena a;
    struct str s;
    arena_init(&a);
    job_path(path, own.folder, j->id, ".err");
    if (file_read(&a, path, &s, NULL) == OK) {
        s = str_trim(s);
        size_t n = s.n < sizeof j->error - 1 ? s.n : sizeof j->error - 1;
        while (n > 0 && !str_utf8_valid((struct str){s.p, n}) && s.n - n < 4096)
            n--;
        memcpy(j->error, s.p, n);
        j->error[n] = 0;
    }
    arena_finish(&a);
}

_Noreturn static void be_job(const struct args *a, int out, int (*run)(const struct args *a))
{
    struct sigaction stop = {.sa_handler = on_stop};
    char path[JOB_PATH];
    own.is_job = true;
    setsid();
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    sigaction(SIGTERM, &stop, NULL);
    job_path(path, own.folder, own.job.id, ".err");
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int err = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    own.job.pid = (int64_t)getpid();
    if (nothing < 0 || err < 0 || dup2(nothing, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 ||
        job_write(&own.job, own.folder, NULL) != OK)
        _exit(err_exit_status(ERR_IO));
    int status = run(a);
    bool written = fflush(stdout) == 0 && fsync(1) == 0;
    fflush(stderr);
    if (!written && status < 2)
        status = err_exit_status(ERR_IO);
    own.job.status = status;
    own.job.updated = (int64_t)time(NULL);
    own.job.state = status < 2 ? JOB_FINISHED : asked_to_stop ? JOB_STOPPED : JOB_FAILED;
    own.job.seconds_left = status < 2 ? 0 : -1;
    if (status >= 2)
        take_error(&own.job);
    (void)job_write(&own.job, own.folder, NULL);
    _exit(status);
}

/* --- following ------------------------------------------------------------------------------ */

static void say_progress(const struct job *j, bool zh)
{
    fprintf(stderr, "\r%s  %lld %s  %lld MB/s", j->what, (long long)j->rows, zh ? "条" : "records",
            (long long)(j->bytes_per_s / 1000000));
    if (j->total > 0)
        fprintf(stderr, zh ? "  %3.0f%%  剩余 %lld 秒" : "  %3.0f%%  %lld s left",
                100 * (double)j->bytes / (double)j->total,
                (long long)(j->seconds_left < 0 ? 0 : j->seconds_left));
    fprintf(stderr, zh ? "  不采用 %lld   " : "  %lld left out   ", (long long)j->rejects);
}

static void copy_out(const char *folder, const char *id, const char *ending, FILE *to)
{
    char path[JOB_PATH], piece[4096];
    size_t n;
    job_path(path, folder, id, ending);
    FILE *f = fopen(path, "rbe");
    while (f != NULL && (n = fread(piece, 1, sizeof piece, f)) > 0)
        if (fwrite(piece, 1, n, to) != n)
            break;
    if (f != NULL)
        fclose(f);
}

static int ended(const struct args *a, const struct job *j, const char *folder)
{
    struct error e = {0};
    copy_out(folder, j->id, ".out", stdout);
    if (j->state == JOB_BROKEN) {
        err_set(&e, ERR_IO, "任务 %s 中断：其进程已不在", "job %s is broken: its process is gone",
                j->id);
        err_hint(&e, a->zh ? "再运行一次即可" : "run it again: that completes it");
        return print_fault(a, &e);
    }
    copy_out(folder, j->id, ".err", stderr);
    return j->status;
}

static int follow(const struct args *a, const char *folder, const char *id)
{
    struct sigaction go = {.sa_handler = on_let_go};
    struct error e = {0};
    struct job j;
    bool tty = isatty(2);
    sigaction(SIGINT, &go, NULL);
    while (job_read(&j, folder, str_from(id), &e) == OK) {
        if (j.state != JOB_RUNNING) {
            if (tty)
                fputs("\r\033[K", stderr);
            return ended(a, &j, folder);
        }
        if (tty)
            say_progress(&j, a->zh);
        if (let_go) {
            fprintf(stderr, a->zh ? "\n任务继续：fumao job attach %s\n"
                                  : "\nthe job goes on: fumao job attach %s\n", id);
            return 0;
        }
        pause_ms(tty ? 250 : 50);
    }
    return print_fault(a, &e);
}

/* --- starting ------------------------------------------------------------------------------- */

/* The store's own folder may not be there yet. */
static bool make_folders(char *path)
{
    for (char *p = path + 1; *p; p++)
        if (*p == '/') {
            *p = 0;
            bool well = mkdir(path, 0777) == 0 || errno == EEXIST;
            *p = '/';
            if (!well)
                return false;
        }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static enum err prepare(const struct args *a, const char *what, int *out, struct error *e)
{
    char path[JOB_PATH];
    struct job *j = &own.job;
    time_t now = time(NULL);
    struct tm tm;
    for (int i = 2; i < a->n; i++)
        if (strcmp(a->word[i], "-") == 0)
            return err_set(e, ERR_USAGE, "任务不能读标准输入：请给出文件%s",
                           "a job cannot read standard input: give a file%s", "");
    TRY(job_folder(a, own.folder, e));
    if (!make_folders(own.folder))
        return err_set(e, ERR_IO, "无法建立目录 %s：%s", "the folder %s cannot be made: %s", own.folder,
                       strerror(errno));
    job_tidy(own.folder);
    gmtime_r(&now, &tm);
    strftime(j->id, sizeof j->id, "%Y%m%d-%H%M%S", &tm);
    snprintf(j->id + strlen(j->id), sizeof j->id - strlen(j->id), "-%ld", (long)getpid());
    snprintf(j->what, sizeof j->what, "%s", what);
    j->started = j->updated = (int64_t)now;
    j->seconds_left = -1;
    job_path(path, own.folder, j->id, ".out");
    *out = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600); /* the lock goes with it */
    if (*out < 0 || flock(*out, LOCK_EX | LOCK_NB) != 0)
        return err_set(e, ERR_IO, "无法建立 %s：%s", "cannot make %s: %s", path, strerror(errno));
    return job_write(j, own.folder, e);
}

int job_or_here(const struct args *a, const char *what, int (*run)(const struct args *a))
{
    struct error e = {0};
    int out = -1;
    if (!option_given(a, "job"))
        return run(a);
    if (prepare(a, what, &out, &e) != OK)
        return print_fault(a, &e);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        be_job(a, out, run);
    close(out); /* so that the lock is the child's alone */
    if (pid < 0) {
        err_set(&e, ERR_IO, "不能启动进程：%s", "no process can be started: %s", strerror(errno));
        return print_fault(a, &e);
    }
    fprintf(stderr, a->zh ? "任务 %s\n" : "job %s\n", own.job.id);
    int status = follow(a, own.folder, own.job.id);
    (void)waitpid(pid, NULL, WNOHANG);
    return status;
}

/* --- verbs ---------------------------------------------------------------------------------- */

static const char *state_word(enum job_state s, bool zh)
{
    static const char *const word[] = {"进行中", "已完成", "失败", "已停止", "中断"};
    return zh ? word[s] : job_state_name(s);
}

static int list(const struct args *a, const char *folder)
{
    struct error e = {0};
    struct arena arena;
    struct job *j;
    struct jsonw w;
    struct buf b;
    int n;
    arena_init(&arena);
    buf_init(&b);
    enum err r = job_list(&arena, folder, 1000, &j, &n, &e);
    if (r == OK && a->output == OUTPUT_JSON) {
        jsonw_init(&w, &b, false);
        jsonw_array(&w);
        for (int i = 0; i < n; i++)
            job_json(&j[i], false, folder, &w);
        jsonw_end(&w);
        buf_char(&b, '\n');
    } else if (r == OK) {
        for (int i = 0; i < n; i++)
            buf_printf(&b, "%s  %-8s  %s  %lld %s  %s\n", j[i].id, j[i].what,
                       state_word(j[i].state, a->zh), (long long)j[i].rows,
                       a->zh ? "条" : "records", j[i].error);
        if (n == 0)
            buf_z(&b, a->zh ? "没有任务\n" : "no jobs\n");
    }
    print_out(&b);
    buf_finish(&b);
    arena_finish(&arena);
    return r == OK ? 0 : print_fault(a, &e);
}

static enum err stop(const struct job *j, struct error *e)
{
    if (j->state != JOB_RUNNING)
        return err_set(e, ERR_CONFLICT, "任务 %s 已不在进行：%s", "job %s is not running: %s", j->id,
                       job_state_name(j->state));
    if (j->pid > 1 && kill((pid_t)j->pid, SIGTERM) == 0)
        return OK;
    return err_set(e, ERR_IO, "不能停止任务 %s：%s", "job %s cannot be stopped: %s", j->id,
                   strerror(errno));
}

static int one(const struct args *a, const char *folder, const char *verb)
{
    struct error e = {0};
    struct job j;
    enum err r = job_read(&j, folder, str_from(a->word[2]), &e);
    if (r == OK && strcmp(verb, "attach") == 0)
        return follow(a, folder, j.id);
    if (r == OK && strcmp(verb, "output") == 0)
        copy_out(folder, j.id, ".out", stdout);
    else if (r == OK)
        r = stop(&j, &e);
    return r == OK ? 0 : print_fault(a, &e);
}

int verb_job(const struct args *a)
{
    static const char *const allowed[] = {NULL};
    struct error e = {0};
    char folder[JOB_PATH];
    const char *verb = a->n > 1 ? a->word[1] : "";
    enum err r = options_check(a, allowed, &e);
    if (r == OK)
        r = job_folder(a, folder, &e);
    if (r == OK && strcmp(verb, "list") == 0 && a->n == 2)
        return list(a, folder);
    bool known = strcmp(verb, "attach") == 0 || strcmp(verb, "stop") == 0 ||
                 strcmp(verb, "output") == 0;
    if (r == OK && known && a->n == 3)
        return one(a, folder, verb);
    if (r == OK)
        err_set(&e, ERR_USAGE, "用法：%s", "usage: %s",
                "fumao job list | attach ID | stop ID | output ID");
    return print_fault(a, &e);
}
