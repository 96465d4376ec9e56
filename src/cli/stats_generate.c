/* COMMAND: stats generate. */
#include "cli/stats.h"
#include "declaration/direct.h"
#include "declaration/generate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct progress {
    double start, last;
    bool zh;
};

static void progress(void *ctx, int64_t rows, int64_t of)
{
    struct progress *p = ctx;
    double now = now_s(), spent = now - p->start;
    if (now - p->last < 0.2 || spent <= 0 || rows == 0)
        return;
    p->last = now;
    fprintf(stderr, p->zh ? "\r生成  %lld 条  %.1f M/s  %3.0f%%  剩余 %.1f 秒  "
                          : "\rgenerate  %lld records  %.1f M/s  %3.0f%%  %.1f s left  ",
            (long long)rows, (double)rows / spent / 1e6, 100 * (double)rows / (double)of,
            spent / (double)rows * (double)(of - rows));
}

static enum err number(const struct args *a, const char *name, int64_t least, int64_t most,
                       int64_t *out, struct error *e)
{
    const char *z = option_get(a, name);
    if (z == NULL && !option_given(a, name))
        return OK;
    if (z != NULL && str_int(str_from(z), out) && *out >= least && *out <= most)
        return OK;
    err_set(e, ERR_USAGE, "--%s 应为 %lld 至 %lld 的整数", "--%s is a whole number from %lld to %lld",
            name, (long long)least, (long long)most);
    err_at(e, NULL, 0, name);
    return ERR_USAGE;
}

/* "2024-05" is its first day, "2024-05-31" (for --reported-to) itself. */
static enum err day(const struct args *a, const char *name, bool month, day_t *out, struct error *e)
{
    const char *z = option_get(a, name);
    char text[16];
    if (z == NULL && !option_given(a, name))
        return OK;
    snprintf(text, sizeof text, month ? "%s-01" : "%s", z == NULL ? "" : z);
    if (day_parse(str_from(text), out))
        return OK;
    err_set(e, ERR_USAGE, month ? "--%s 应为 YYYY-MM" : "--%s 应为 YYYY-MM-DD",
            month ? "--%s is YYYY-MM" : "--%s is YYYY-MM-DD", name);
    err_at(e, NULL, 0, name);
    return ERR_USAGE;
}

static enum err read_options(const struct args *a, struct generate_options *o, struct error *e)
{
    int64_t seed = 1, months = 0, enterprises = 0, threads = 0;
    o->rows = 100000;
    TRY(number(a, "rows", 48, INT64_C(1000000000), &o->rows, e));
    TRY(number(a, "seed", 0, INT64_MAX, &seed, e));
    TRY(number(a, "months", 1, GENERATE_MONTHS, &months, e));
    TRY(number(a, "enterprises", 200, LIMIT_PARTIES / 4, &enterprises, e));
    TRY(number(a, "threads", 1, 16, &threads, e));
    TRY(day(a, "from", true, &o->from, e));
    TRY(day(a, "reported-to", false, &o->reported_to, e));
    o->seed = (uint64_t)seed;
    o->months = (int)months;
    o->enterprises = (int)enterprises;
    o->n_threads = (int)threads;
    o->faults = !option_given(a, "no-faults");
    o->late = !option_given(a, "no-late");
    return OK;
}

/* Opens the file an option names; 0 when it is not given. */
static enum err open_file(const struct args *a, const char *name, int *fd, struct error *e)
{
    const char *path = option_get(a, name);
    *fd = 0;
    if (path == NULL && !option_given(a, name))
        return OK;
    *fd = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (*fd > 0)
        return OK;
    err_set(e, ERR_IO, "不能写 %s：%s", "cannot write %s: %s", path == NULL ? name : path,
            path == NULL ? "?" : strerror(errno));
    err_at(e, NULL, 0, name);
    *fd = 0;
    return ERR_IO;
}

enum { TRUTH, REGISTER, RATES, CONTROLS, FILES };
static const char *const file_option[FILES] = {"truth", "register", "rates", "controls"};

static enum err run(const struct args *a, struct generate_options *o, int fd[FILES],
                    struct arena *arena, struct error *e)
{
    struct classification *codes;
    struct scheme *scheme;
    struct progress p = {.start = now_s(), .zh = a->zh};
    TRY(read_options(a, o, e));
    TRY(classification_load(&codes, arena, e));
    TRY(scheme_load(&scheme, arena, codes, e));
    o->scheme = scheme;
    for (int i = 0; i < FILES; i++)
        TRY(open_file(a, file_option[i], &fd[i], e));
    o->controls_fd = fd[CONTROLS];
    bool tty = isatty(2);
    o->progress = tty ? progress : NULL;
    o->progress_ctx = &p;
    p.last = p.start;
    enum err r = generate(o, STDOUT_FILENO, fd[TRUTH], fd[REGISTER], fd[RATES], e);
    if (tty)
        fputs("\r\033[K", stderr);
    return r;
}

/* Direct reports of the key enterprises of a cube, instead of declarations. */
static enum err run_direct(const struct args *a, int fd[FILES], struct arena *arena, struct error *e)
{
    struct generate_options o = {0};
    struct classification *codes;
    struct scheme *scheme;
    struct direct_scheme *direct;
    struct cube cube;
    struct buf out, truth;
    TRY(read_options(a, &o, e));
    TRY(classification_load(&codes, arena, e));
    TRY(scheme_load(&scheme, arena, codes, e));
    TRY(direct_scheme_load(&direct, arena, scheme, e));
    TRY(open_file(a, file_option[TRUTH], &fd[TRUTH], e));
    TRY(cube_read(&cube, scheme, option_get(a, "direct-of"), e));
    buf_init(&out);
    buf_init(&truth);
    enum err r = direct_make(direct, &cube, o.seed, o.faults, &out, &truth, e);
    if (r == OK && (!file_write(STDOUT_FILENO, buf_view(&out)) ||
                    (fd[TRUTH] > 0 && !file_write(fd[TRUTH], buf_view(&truth)))))
        r = err_set(e, ERR_IO, "写入失败：%s", "cannot write: %s", strerror(errno));
    buf_finish(&out);
    buf_finish(&truth);
    cube_finish(&cube);
    return r;
}

int stats_generate(const struct args *a)
{
    static const char *const with_cube[] = {"direct-of", "seed", "truth", "no-faults", NULL};
    static const char *const allowed[] = {"rows", "seed", "from", "months", "enterprises",
                                          "register", "truth", "rates", "controls", "reported-to",
                                          "threads", "no-faults", "no-late", NULL};
    struct error e = {0};
    struct generate_options o = {0};
    struct arena arena;
    int fd[FILES] = {0};
    bool direct = option_get(a, "direct-of") != NULL;
    if (options_check(a, direct ? with_cube : allowed, &e) != OK)
        return print_fault(a, &e);
    if (a->n > 2) {
        err_set(&e, ERR_USAGE, "stats generate 不接受“%s”：记录写到标准输出",
                "stats generate takes no \"%s\": records go to standard output", a->word[2]);
        err_hint(&e, "fumao stats generate --rows 100000 --seed 1 > d.csv");
        return print_fault(a, &e);
    }
    arena_init(&arena);
    enum err r = direct ? run_direct(a, fd, &arena, &e) : run(a, &o, fd, &arena, &e);
    for (int i = 0; i < FILES; i++)
        if (fd[i] > 0 && close(fd[i]) != 0 && r == OK)
            r = err_set(&e, ERR_IO, "不能写完 --%s 的文件", "the file of --%s cannot be written whole",
                        file_option[i]);
    arena_finish(&arena);
    if (r != OK)
        return print_fault(a, &e);
    fputs(a->zh ? "fumao: 合成数据，不代表任何真实企业或交易\n"
                : "fumao: made-up data; no real enterprise or payment is in it\n",
          stderr);
    return 0;
}
