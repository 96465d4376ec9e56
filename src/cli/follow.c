/* COMMAND: follow. Cells that somebody follows, and an address that is told when their meaning
 * changes: registered, listed, taken out, and told. */
#include "cli/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/options.h"
#include "watch/watch.h"
#include "web/post.h"

enum { MOMENT_CHARS = 21, ROUND_MOST_S = 86400 };

static const char *moment(int64_t s, char out[MOMENT_CHARS])
{
    time_t t = (time_t)s;
    struct tm tm;
    gmtime_r(&t, &tm);
    if (strftime(out, MOMENT_CHARS, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        out[0] = 0;
    return out;
}

static void cells_text(const struct watch *w, struct buf *b)
{
    buf_printf(b, "%.*s/%.*s/%.*s/%.*s", STR_ARG(w->words.sector), STR_ARG(w->words.mode),
               STR_ARG(w->words.from), STR_ARG(w->words.to));
}

/* --- add ------------------------------------------------------------------------------------ */

/* What the watch begins with: told already is all news, or with --since what lies before it. */
static enum err known_already(const struct args *a, struct world *w, struct watch *x,
                              struct watch_news *news, struct error *e)
{
    const char *since = option_get(a, "since");
    day_t from = DAY_MAX;
    int n = 0;
    if (since != NULL && !day_parse(str_from(since), &from)) {
        err_set(e, ERR_SYNTAX, "不是日期：%s", "not a date: %s", since);
        err_at(e, "", 0, "since");
        err_hint(e, "--since 2026-01-01");
        return ERR_SYNTAX;
    }
    TRY(watch_news(w->snapshot, &x->words, day_today(), &w->arena, news, e));
    for (int i = 0; i < news->n; i++)
        if (news->news[i]->day < from)
            news->key[n++] = news->key[i];
    news->n = n;
    return OK;
}

static void watch_members(const struct watch *w, struct jsonw *j, bool zh)
{
    char z[MOMENT_CHARS];
    jsonw_kint(j, "id", w->id);
    jsonw_kstr(j, "sector", w->words.sector);
    jsonw_kint(j, "mode", w->words.mode.p[0] - '0');
    jsonw_kstr(j, "from", w->words.from);
    jsonw_kstr(j, "to", w->words.to);
    jsonw_kstr(j, "url", w->url);
    jsonw_kbool(j, "private", w->within);
    jsonw_kz(j, "created", moment(w->created_at, z));
    jsonw_kz(j, "delivered", w->delivered_at > 0 ? moment(w->delivered_at, z) : NULL);
    jsonw_kstr(j, "last", w->last.n > 0 ? w->last : (struct str){NULL, 0});
    jsonw_kz(j, "state", watch_state_name(w->state));
    jsonw_kint(j, "failures", w->failures);
    jsonw_kz(j, "next", w->state == WATCH_FAILING ? moment(w->next_at, z) : NULL);
    jsonw_kstr(j, "fault", w->fault_en.n > 0 ? zh ? w->fault_zh : w->fault_en
                                             : (struct str){NULL, 0});
}

static void tell_added(const struct args *a, const struct watch *w, const char *secret)
{
    struct buf b;
    struct jsonw j;
    buf_init(&b);
    if (a->output == OUTPUT_JSON) {
        jsonw_init(&j, &b, true);
        jsonw_object(&j);
        watch_members(w, &j, a->zh);
        jsonw_kz(&j, "secret", secret);
        jsonw_end(&j);
        buf_char(&b, '\n');
    } else {
        buf_printf(&b, "%lld  ", (long long)w->id);
        cells_text(w, &b);
        buf_printf(&b, "  %.*s\n%s\n", STR_ARG(w->url), secret);
        fputs(a->zh ? "密钥只显示这一次，请交给接收方，用以核对签名。由 fumao follow send 发送。\n"
                    : "The secret is shown this once: give it to the receiver, who checks the "
                      "signature with it. fumao follow send does the telling.\n", stderr);
    }
    print_out(&b);
    explicit_bzero(b.p, b.n);
    buf_finish(&b);
}

static enum err add_with(const struct args *a, struct world *w, const struct watch_key *k,
                         struct watch *x, struct error *e)
{
    char secret[WATCH_SECRET_CHARS + 1], salt[2 * WATCH_KEY_BYTES + 1];
    struct watch_news news;
    TRY(known_already(a, w, x, &news, e));
    watch_salt(salt);
    x->salt = str_from(salt);
    x->key_id = str_from(k->id);
    TRY(watch_secret(k, x, secret, e));
    TRY(watch_add(w->db, x, news.key, news.n, e));
    tell_added(a, x, secret);
    explicit_bzero(secret, sizeof secret);
    return OK;
}

static enum err add(const struct args *a, struct world *w, struct error *e)
{
    struct watch_key k;
    struct watch x = {.words = {str_from(a->n > 2 ? a->word[2] : NULL),
                                str_from(option_get(a, "mode")), str_from(option_get(a, "from")),
                                str_from(option_get(a, "to"))},
                      .url = str_from(option_get(a, "url")),
                      .within = option_given(a, "private"),
                      .created_at = (int64_t)time(NULL)};
    if (a->n != 3 || x.words.mode.p == NULL || x.words.from.p == NULL || x.words.to.p == NULL ||
        x.url.p == NULL) {
        const char *missing = a->n < 3             ? "SECTOR"
                              : a->n > 3           ? a->word[3]
                              : !x.words.mode.p ? "--mode"
                              : !x.words.from.p ? "--from"
                              : !x.words.to.p   ? "--to"
                                                : "--url";
        err_set(e, ERR_USAGE, a->n > 3 ? "只能给出一个行业，多了 %s" : "缺少 %s",
                a->n > 3 ? "one sector at a time; what is %s?" : "%s is missing", missing);
        err_hint(e, "fumao follow add 7231 --mode 1 --from SG --to CN-SH-FTZ --url https://…");
        return ERR_USAGE;
    }
    enum err r = post_check(x.url, x.within, e);
    if (r != OK) {
        err_at(e, "", 0, "url");
        return r;
    }
    TRY(watch_key_open(&k, w->db, true, e));
    r = add_with(a, w, &k, &x, e);
    watch_key_close(&k);
    return r;
}

/* --- list, remove, resume ------------------------------------------------------------------- */

static void list_line(const struct watch *w, bool zh, struct buf *b)
{
    static const char *const words[WATCH_STATES] = {"正常", "未送达", "已停止"};
    char z[MOMENT_CHARS];
    buf_printf(b, "%lld  ", (long long)w->id);
    cells_text(w, b);
    buf_printf(b, "  %.*s  %s", STR_ARG(w->url), zh ? words[w->state] : watch_state_name(w->state));
    if (w->delivered_at > 0)
        buf_printf(b, zh ? "  最近送达 %s" : "  last told %s", moment(w->delivered_at, z));
    if (w->failures > 0)
        buf_printf(b, zh ? "  连续失败 %d 次" : "  %d failures in a row", w->failures);
    if (w->state == WATCH_FAILING)
        buf_printf(b, zh ? "，%s 后再试" : ", again after %s", moment(w->next_at, z));
    if (w->fault_en.n > 0)
        buf_printf(b, "  %.*s", STR_ARG(zh ? w->fault_zh : w->fault_en));
    buf_char(b, '\n');
}

static enum err list(const struct args *a, struct world *w, struct error *e)
{
    struct watch *x;
    struct jsonw j;
    struct buf b;
    int n;
    TRY(watch_list(w->db, &w->arena, 0, &x, &n, e));
    buf_init(&b);
    jsonw_init(&j, &b, true);
    if (a->output == OUTPUT_JSON)
        jsonw_array(&j);
    for (int i = 0; i < n; i++) {
        if (a->output != OUTPUT_JSON) {
            list_line(&x[i], a->zh, &b);
            continue;
        }
        jsonw_object(&j);
        watch_members(&x[i], &j, a->zh);
        jsonw_end(&j);
    }
    if (a->output == OUTPUT_JSON) {
        jsonw_end(&j);
        buf_char(&b, '\n');
    } else if (n == 0) {
        buf_z(&b, a->zh ? "没有关注\n" : "no watches\n");
    }
    print_out(&b);
    buf_finish(&b);
    return OK;
}

static enum err with_id(const struct args *a, struct world *w, struct error *e)
{
    int64_t id;
    if (!str_int(str_from(a->word[2]), &id) || id < 1) {
        err_set(e, ERR_USAGE, "“%s”不是关注的编号", "\"%s\" is no number of a watch", a->word[2]);
        err_hint(e, "fumao follow list");
        return ERR_USAGE;
    }
    return strcmp(a->word[1], "remove") == 0 ? watch_remove(w->db, id, e)
                                             : watch_resume(w->db, id, e);
}

/* --- send ----------------------------------------------------------------------------------- */

struct round {
    int watches, told, news, failed, waiting, stopped;
};

static void tell_sent(const struct args *a, const struct watch *w, const struct watch_sent *s)
{
    char z[MOMENT_CHARS];
    struct buf b;
    buf_init(&b);
    buf_printf(&b, "%lld  ", (long long)w->id);
    cells_text(w, &b);
    if (s->n > 0)
        buf_printf(&b, a->zh ? "  送达 %d 条" : "  %d told", s->n);
    if (s->end == WATCH_NOT_TOLD)
        buf_printf(&b, a->zh ? "  未送达：%s" : "  not told: %s",
                   a->zh ? s->why.detail_zh : s->why.detail_en);
    if (s->end == WATCH_NOT_TOLD && w->state == WATCH_STOPPED)
        buf_printf(&b, a->zh ? "；已停止，可用 fumao follow resume %lld 恢复"
                             : "; stopped: fumao follow resume %lld", (long long)w->id);
    else if (s->end == WATCH_NOT_TOLD)
        buf_printf(&b, a->zh ? "；%s 后再试" : "; again after %s", moment(w->next_at, z));
    buf_char(&b, '\n');
    print_out(&b);
    fflush(stdout);
    buf_finish(&b);
}

struct teller {
    const struct args *a;
    struct round *r;
};

static void count_sent(void *ctx, const struct watch *w, const struct watch_sent *s)
{
    const struct teller *t = ctx;
    if (s->end != WATCH_NOTHING_NEW && t->a->output != OUTPUT_JSON)
        tell_sent(t->a, w, s);
    t->r->news += s->n;
    t->r->told += s->n > 0;
    t->r->failed += s->end == WATCH_NOT_TOLD;
    t->r->stopped += s->end == WATCH_NOT_TOLD && w->state == WATCH_STOPPED;
}

static enum err send_due(const struct args *a, const struct watch_desk *k, struct watch *x, int n,
                         struct arena *arena, struct round *r, struct error *e)
{
    struct watch **due = ARENA_ARRAY(arena, struct watch *, (size_t)n + 1);
    struct teller t = {a, r};
    int64_t now = (int64_t)time(NULL);
    int n_due = 0;
    r->watches = n;
    for (int i = 0; i < n; i++) {
        bool is_due = watch_due(&x[i], now);
        r->stopped += x[i].state == WATCH_STOPPED;
        r->waiting += x[i].state == WATCH_FAILING && !is_due;
        if (is_due)
            due[n_due++] = &x[i];
    }
    return watch_send(k, due, n_due, arena, count_sent, &t, e);
}

static void tell_round(const struct args *a, const struct round *r)
{
    char z[MOMENT_CHARS];
    struct buf b;
    struct jsonw j;
    buf_init(&b);
    moment((int64_t)time(NULL), z);
    if (a->output != OUTPUT_JSON) {
        fprintf(stderr, a->zh ? "%s  关注 %d，送达 %d（%d 条），失败 %d，待再试 %d，已停止 %d\n"
                              : "%s  %d watches, %d told (%d news), %d failed, %d waiting, "
                                "%d stopped\n",
                z, r->watches, r->told, r->news, r->failed, r->waiting, r->stopped);
        buf_finish(&b);
        return;
    }
    jsonw_init(&j, &b, false);
    jsonw_object(&j);
    jsonw_kz(&j, "at", z);
    jsonw_kint(&j, "watches", r->watches);
    jsonw_kint(&j, "told", r->told);
    jsonw_kint(&j, "news", r->news);
    jsonw_kint(&j, "failed", r->failed);
    jsonw_kint(&j, "waiting", r->waiting);
    jsonw_kint(&j, "stopped", r->stopped);
    jsonw_end(&j);
    buf_char(&b, '\n');
    print_out(&b);
    fflush(stdout);
    buf_finish(&b);
}

/* One round with the law as it is now: the store is opened anew, because another process may have
 * published. `k` is opened and locked by the first round that finds a watch. */
static enum err send_round(const struct args *a, struct watch_key *k, struct round *r,
                           struct error *e)
{
    struct world w;
    struct watch *x;
    int n;
    TRY(world_open(&w, option_get(a, "store"), e));
    enum err result = watch_open(w.db, e);
    if (result == OK)
        result = watch_list(w.db, &w.arena, 0, &x, &n, e);
    if (result == OK && n > 0 && k->fd < 0) {
        result = watch_key_open(k, w.db, false, e);
        if (result == OK)
            result = watch_key_lock(k, e);
    }
    struct watch_desk desk = {w.db, w.snapshot, k, option_get(a, "ca"), day_today(),
                              LIMIT_WATCH_NEWS};
    if (result == OK)
        result = send_due(a, &desk, x, n, &w.arena, r, e);
    if (result == OK)
        tell_round(a, r);
    world_close(&w);
    return result;
}

static enum err round_seconds(const struct args *a, int64_t *s, struct error *e)
{
    const char *text = option_get(a, "watch");
    *s = 0;
    if (text == NULL || (str_int(str_from(text), s) && *s >= 1 && *s <= ROUND_MOST_S))
        return OK;
    err_set(e, ERR_USAGE, "“%s”不是 1 至 %d 的秒数", "\"%s\" is no number of seconds from 1 to %d",
            text, (int)ROUND_MOST_S);
    err_at(e, "", 0, "watch");
    return ERR_USAGE;
}

/* Status 1 when a target was not told: in a loop, in the last round. */
static enum err send_all(const struct args *a, bool *failed, struct error *e)
{
    struct watch_key k = {.fd = -1};
    int64_t every;
    const char *ca = option_get(a, "ca");
    enum err r = round_seconds(a, &every, e);
    if (r == OK && ca != NULL && access(ca, R_OK) != 0) { /* or it shows only when there is news */
        r = err_set(e, ERR_NOT_FOUND, "不能读取 %s：%s", "cannot read %s: %s", ca, strerror(errno));
        err_at(e, "", 0, "ca");
    }
    do {
        struct round round = {0};
        if (r == OK)
            r = send_round(a, &k, &round, e);
        *failed = round.failed > 0;
        struct timespec pause = {(time_t)every, 0};
        if (r == OK && every > 0)
            nanosleep(&pause, NULL);
    } while (r == OK && every > 0);
    watch_key_close(&k);
    return r;
}

/* --- the verb ------------------------------------------------------------------------------- */

static enum err usage(const struct args *a, struct error *e)
{
    err_set(e, ERR_USAGE, "follow 之后应为 add、list、remove ID、resume ID 或 send%s%s",
            "after follow comes add, list, remove ID, resume ID or send%s%s", a->n > 1 ? ": " : "",
            a->n > 1 ? options_words(a).p : "");
    err_hint(e, "fumao follow add SECTOR --mode N --from ECON --to PLACE --url URL");
    return ERR_USAGE;
}

static enum err allowed_for(const struct args *a, const char *verb, struct error *e)
{
    static const char *const add_options[] = {"mode", "from", "to", "url", "since", "private",
                                              NULL};
    static const char *const send_options[] = {"watch", "ca", NULL}, *const none[] = {NULL};
    return options_check(a, strcmp(verb, "add") == 0    ? add_options
                            : strcmp(verb, "send") == 0 ? send_options
                                                        : none, e);
}

static enum err run(const struct args *a, bool *failed, struct error *e)
{
    const char *verb = a->n > 1 ? a->word[1] : "";
    struct world w;
    bool adds = strcmp(verb, "add") == 0, lists = strcmp(verb, "list") == 0 && a->n == 2;
    bool one = (strcmp(verb, "remove") == 0 || strcmp(verb, "resume") == 0) && a->n == 3;
    TRY(allowed_for(a, verb, e));
    if (strcmp(verb, "send") == 0 && a->n == 2)
        return send_all(a, failed, e);
    if (!adds && !lists && !one)
        return usage(a, e);
    TRY(world_open(&w, option_get(a, "store"), e));
    enum err r = watch_open(w.db, e);
    if (r == OK)
        r = adds ? add(a, &w, e) : lists ? list(a, &w, e) : with_id(a, &w, e);
    world_close(&w);
    return r;
}

int verb_follow(const struct args *a)
{
    struct error e = {0};
    bool failed = false;
    return run(a, &failed, &e) != OK ? print_fault(a, &e) : failed ? 1 : 0;
}
