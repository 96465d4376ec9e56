/* COMMAND: stats. Declarations to statistics: which verb, and what they share. */
#include "cli/stats.h"
#include "cli/job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct below {
    const char *name;
    int (*run)(const struct args *a);
} verbs[] = {{"generate", stats_generate}, {"check", stats_check},     {"compile", stats_compile}, {"direct", stats_direct},
             {"audit", stats_audit},       {"publish", stats_publish}, {"query", stats_query},
             {"import", stats_import},     {"batches", stats_batches}, {"delete", stats_delete},
             {"quarantine", stats_quarantine}};
enum { N_VERBS = sizeof verbs / sizeof *verbs };

int verb_stats(const struct args *a)
{
    struct error e = {0};
    for (int i = 0; a->n > 1 && i < N_VERBS; i++)
        if (strcmp(a->word[1], verbs[i].name) == 0)
            return verbs[i].run(a);
    err_set(&e, ERR_USAGE, "stats 之后应为 generate、check、import、batches、quarantine、delete、compile、direct、"
                            "audit、publish 或 query%s%s",
            "after stats comes generate, check, import, batches, quarantine, delete, compile, direct, audit, "
            "publish or query%s%s",
            a->n > 1 ? ": " : "", a->n > 1 ? a->word[1] : "");
    for (int i = 0; a->n > 1 && i < N_VERBS; i++)
        if (str_distance(str_from(a->word[1]), str_from(verbs[i].name), 3) < 3)
            err_hint(&e, "fumao stats %s?", verbs[i].name);
    return print_fault(a, &e);
}

enum err stats_open(struct stats_world *w, const struct args *a, struct error *e)
{
    memset(w, 0, sizeof *w);
    arena_init(&w->arena);
    enum err r = classification_load(&w->codes, &w->arena, e);
    if (r == OK)
        r = scheme_load(&w->scheme, &w->arena, w->codes, e);
    if (r == OK)
        r = rates_load(&w->rates, &w->arena, w->scheme, option_get(a, "rates"), e);
    if (r == OK)
        w->scheme->rates = w->rates;
    else
        stats_close(w);
    return r;
}

void stats_close(struct stats_world *w)
{
    arena_finish(&w->arena);
    memset(w, 0, sizeof *w);
}

enum err stats_number(const struct args *a, const char *name, int64_t least, int64_t most,
                      int64_t otherwise, int64_t *out, struct error *e)
{
    const char *text = option_get(a, name);
    *out = otherwise;
    if (text == NULL || (str_int(str_from(text), out) && *out >= least && *out <= most))
        return OK;
    err_set(e, ERR_USAGE, "“%s”不是 %lld 至 %lld 的整数",
            "\"%s\" is not a whole number from %lld to %lld",
            text, (long long)least, (long long)most);
    err_at(e, "", 0, name);
    return ERR_USAGE;
}

/* Files are read twice when report numbers are doubled, so what can be read only once goes to a file
 * without a name first. */
static enum err spool(struct stats_world *w, int from, const char **path, struct error *e)
{
    const char *folder = getenv("TMPDIR");
    char block[1 << 16], name[40];
    folder = folder != NULL && folder[0] ? folder : "/tmp";
    int fd = file_nameless(folder);
    if (fd < 0) {
        err_set(e, ERR_IO, "无法在 %s 建立临时文件：%s", "no temporary file can be made in %s: %s", folder,
                strerror(errno));
        err_hint(e, "TMPDIR=...");
        return ERR_IO;
    }
    for (ssize_t n; (n = read(from, block, sizeof block)) != 0;) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || !file_write(fd, (struct str){block, (size_t)n})) {
            err_set(e, ERR_IO, "输入不能放入 %s：%s", "the input cannot be put into %s: %s", folder,
                    strerror(errno));
            err_hint(e, "TMPDIR=...");
            close(fd);
            return ERR_IO;
        }
    }
    snprintf(name, sizeof name, "/dev/fd/%d", fd); /* open until the program ends */
    *path = str_copy(&w->arena, str_from(name)).p;
    return OK;
}

/* A pipe with a name, or what a shell makes of <(command). */
static enum err spool_pipe(struct stats_world *w, const char **path, struct error *e)
{
    struct stat st;
    if (stat(*path, &st) != 0 || !S_ISFIFO(st.st_mode))
        return OK; /* what cannot be read is told when it is opened */
    int fd = open(*path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return OK;
    enum err r = spool(w, fd, path, e);
    close(fd);
    return r;
}

static enum err paths(const struct args *a, int first, struct stats_world *w, struct intake *in,
                      struct error *e)
{
    const char **path = ARENA_ARRAY(&w->arena, const char *, (size_t)a->n);
    bool spooled = false;
    in->path = path;
    in->n_paths = a->n - first;
    for (int i = first; i < a->n; i++) {
        bool standard = strcmp(a->word[i], "-") == 0;
        path[i - first] = a->word[i];
        if (standard && spooled)
            return err_set(e, ERR_USAGE, "标准输入只能给一次%s", "standard input can be given once%s", "");
        spooled |= standard;
        TRY(standard ? spool(w, 0, &path[i - first], e) : spool_pipe(w, &path[i - first], e));
    }
    return OK;
}

enum err stats_intake(const struct args *a, int first, struct stats_world *w, struct intake *in,
                      struct error *e)
{
    TRY(stats_intake_once(a, first, w, in, e));
    return paths(a, first, w, in, e);
}

enum err stats_intake_once(const struct args *a, int first, struct stats_world *w, struct intake *in,
                      struct error *e)
{
    int64_t threads;
    const char *today = option_get(a, "today");
    memset(in, 0, sizeof *in);
    if (a->n <= first && !option_given(a, "batches")) {
        const char *verb = first == 2 ? a->word[1] : "";
        bool direct = strcmp(verb, "direct") == 0;
        err_set(e, ERR_USAGE, direct ? "没有给出直报文件%s" : "没有给出申报文件%s",
                direct ? "no file of reports is given%s" : "no file of declarations is given%s", "");
        err_hint(e, "fumao %s%s FILE...", first == 2 ? "stats " : a->word[0], verb);
        return ERR_USAGE;
    }
    TRY(stats_number(a, "threads", 1, INTAKE_THREADS, 0, &threads, e));
    in->scheme = w->scheme;
    in->n_threads = (int)threads;
    in->today = day_today();
    if (today != NULL && !day_parse(str_from(today), &in->today)) {
        err_set(e, ERR_SYNTAX, "“%s”不是日期", "\"%s\" is not a date", today);
        err_at(e, "", 0, "today");
        err_hint(e, "YYYY-MM-DD");
        return ERR_SYNTAX;
    }
    return OK;
}

/* --- progress ------------------------------------------------------------------------------- */

static bool progress(void *ctx, const struct intake_progress *p)
{
    const struct stats_progress *s = ctx;
    if (!job_progress(p))
        return false;
    if (!s->terminal || p->seconds <= 0)
        return true;
    double rate = (double)p->records / p->seconds, mb = (double)p->bytes / 1e6 / p->seconds;
    fprintf(stderr, "\r%s  %lld %s  %.2f M/s  %.0f MB/s", s->what, (long long)p->records,
            s->zh ? "条" : "records", rate / 1e6, mb);
    if (p->bytes_total > 0 && p->bytes > 0) {
        double left = p->seconds / (double)p->bytes * (double)(p->bytes_total - p->bytes);
        fprintf(stderr, s->zh ? "  %3.0f%%  剩余 %.0f 秒" : "  %3.0f%%  %.0f s left",
                100 * (double)p->bytes / (double)p->bytes_total, left < 0 ? 0 : left);
    }
    fprintf(stderr, s->zh ? "  不采用 %lld   " : "  %lld left out   ", (long long)p->spoilt);
    return true;
}

void stats_progress_init(struct stats_progress *p, const struct args *a, const char *what,
                         struct intake *in)
{
    *p = (struct stats_progress){what, a->zh, isatty(2) != 0};
    in->progress = progress;
    in->progress_ctx = p;
}

void stats_progress_end(struct stats_progress *p)
{
    if (p->terminal)
        fputs("\r\033[K", stderr);
}

void stats_next(const struct args *a, const char *verb, const char *of, const char *more)
{
    if (a->output != OUTPUT_TEXT)
        return;
    fflush(stdout);
    fprintf(stderr, a->zh ? "  → 下一步：fumao stats %s %s%s\n" : "  → next: fumao stats %s %s%s\n", verb,
            of, more);
}

/* --- words ---------------------------------------------------------------------------------- */

static void put_grouped(struct buf *b, uint64_t v)
{
    char digit[32];
    int n = 0;
    do {
        digit[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    while (n > 0) {
        buf_char(b, digit[--n]);
        if (n > 0 && n % 3 == 0)
            buf_char(b, ',');
    }
}

void put_count(struct buf *b, int64_t n)
{
    if (n < 0)
        buf_char(b, '-');
    put_grouped(b, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

void put_cents(struct buf *b, int64_t cents)
{
    uint64_t v = cents < 0 ? 0 - (uint64_t)cents : (uint64_t)cents;
    if (cents < 0)
        buf_char(b, '-');
    put_grouped(b, v / 100);
    buf_printf(b, ".%02u", (unsigned)(v % 100));
}

void counts_text(const char *const *label, const int64_t *value, int n, struct buf *b)
{
    for (int i = 0; i < n; i++) {
        buf_printf(b, "%s  ", label[i]);
        put_count(b, value[i]);
        buf_char(b, '\n');
    }
}

void rules_text(const struct rule_entry *rule, const int64_t *records, int n, bool zh,
                struct buf *b)
{
    static const char *const severity[][4] = {{"note", "query", "reject", "set aside"},
                                              {"提示", "待核", "不采用", "不计入"}};
    for (int i = 0; i < n; i++) {
        if (records[i] == 0)
            continue;
        buf_printf(b, "  %-9.*s ", STR_ARG(rule[i].id));
        put_count(b, records[i]);
        buf_printf(b, "  [%s] %.*s\n", severity[zh][rule[i].severity],
                   STR_ARG(zh ? rule[i].title_zh : rule[i].title_en));
    }
}

void tally_text(const struct tally *t, const struct scheme *s, bool zh, struct buf *b)
{
    static const char *const label[][6] = {
        {"records", "accepted", "rejected", "set aside", "to be asked about", "not services"},
        {"记录", "采用", "不采用", "不计入", "其中待核", "其中非服务"}};
    const int64_t value[] = {t->records, t->accepted, t->rejected, t->excluded, t->queried,
                             t->not_service};
    counts_text(label[zh], value, 6, b);
    rules_text(s->rule, t->rule, RULE_COUNT, zh, b);
}

void tally_json(const struct tally *t, const struct scheme *s, struct jsonw *w)
{
    static const char *const severity[] = {"note", "query", "reject", "exclude"};
    jsonw_kint(w, "records", t->records);
    jsonw_kint(w, "accepted", t->accepted);
    jsonw_kint(w, "rejected", t->rejected);
    jsonw_kint(w, "excluded", t->excluded);
    jsonw_kint(w, "queried", t->queried);
    jsonw_kint(w, "not_service", t->not_service);
    jsonw_key(w, "rules");
    jsonw_array(w);
    for (int i = 0; i < RULE_COUNT; i++) {
        if (t->rule[i] == 0)
            continue;
        const struct rule_entry *r = &s->rule[i];
        jsonw_object(w);
        jsonw_kstr(w, "rule", r->id);
        jsonw_kz(w, "severity", severity[r->severity]);
        jsonw_kint(w, "records", t->rule[i]);
        jsonw_key(w, "title");
        jsonw_object(w);
        jsonw_kstr(w, "zh", r->title_zh);
        jsonw_kstr(w, "en", r->title_en);
        jsonw_end(w);
        jsonw_end(w);
    }
    jsonw_end(w);
}
