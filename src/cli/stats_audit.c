/* COMMAND: stats audit. A cube becomes tables; sensitive cells and what would tell them are
 * suppressed; then everything is attacked, with all that was published before. Writes the release
 * only when nothing is exposed. Exit status 1 when it cannot be had. */
#include "cli/stats.h"
#include "disclosure/shelf.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct auditing {
    struct stats_world w;
    struct store store;
    struct cube cube;
    struct publication *p;
    struct rules rules;
    struct contribution_at *now;
    size_t n_now;
    struct release **earlier;
    int n_earlier, threads, to;
    struct vintage v;
    struct release release;
};

static enum err month_option(const struct args *a, const char *name, int *out, struct error *e)
{
    const char *text = option_get(a, name);
    int64_t y, m;
    *out = INT_MAX;
    if (text == NULL)
        return OK;
    struct str s = str_from(text);
    if (s.n == 7 && s.p[4] == '-' && str_int((struct str){s.p, 4}, &y) && y >= 2000 && y < 2042 &&
        str_int((struct str){s.p + 5, 2}, &m) && m >= 1 && m <= 12) {
        *out = (int)((y - 2000) * 12 + m - 1);
        return OK;
    }
    err_set(e, ERR_SYNTAX, "月份应为 YYYY-MM：%s", "a month is YYYY-MM: %s", text);
    err_at(e, "", 0, name);
    return ERR_SYNTAX;
}

/* The id of a release is, by default, its last month; that of made-up data says so. */
static struct str release_id(const struct args *a, struct auditing *x)
{
    const struct dimension *d = &x->p->plan.dim[DIM_PERIOD];
    const char *asked = option_get(a, "id");
    struct str id = asked != NULL ? str_from(asked) : d->node[d->n - 1].code;
    if (!publication_made_up(&x->cube) || release_made_up(id))
        return id;
    struct buf b;
    buf_init(&b);
    buf_str(&b, id);
    buf_z(&b, RELEASE_MADE_UP);
    id = str_copy(&x->w.arena, buf_view(&b));
    buf_finish(&b);
    return id;
}

/* What is being done, for those who wait at a terminal: how long it takes is not known before. */
static void stage(const struct args *a, const char *zh, const char *en, size_t n)
{
    if (isatty(2)) {
        fprintf(stderr, a->zh ? zh : en, n);
        fputc('\n', stderr);
    }
}

static enum err prepare(const struct args *a, struct auditing *x, struct error *e)
{
    struct arena *m = &x->w.arena;
    stage(a, "制表：%zu 个单元的贡献", "tables of the contributions to %zu cells", x->cube.n_cells);
    TRY(publication_open(&x->p, m, x->w.scheme, &x->cube, x->to, e));
    TRY(publication_contributions(x->p, &x->cube, m, &x->now, &x->n_now, e));
    TRY(shelf_releases(x->store.db, m, &x->p->plan, &x->earlier, &x->n_earlier, e));
    stage(a, "抑制并攻击，对照 %zu 次以前的发布；每轮数秒至数分钟",
          "suppressing and attacking, beside %zu earlier releases; seconds to minutes",
          (size_t)x->n_earlier);
    struct vintage_task t = {.plan = &x->p->plan, .rules = &x->rules,
                             .earlier = (const struct release *const *)x->earlier,
                             .n_earlier = x->n_earlier, .now = x->now, .n_now = x->n_now,
                             .n_threads = x->threads,
                             .benchmark = option_given(a, "benchmark")};
    TRY(vintage_prepare(&t, m, &x->v, e));
    release_of(&x->release, m, x->v.system, release_id(a, x), (int64_t)time(NULL), x->cube.digest,
               &x->v.used);
    if (option_get(a, "release") == NULL)
        return OK;
    return release_write(&x->release, &x->p->plan, option_get(a, "release"), e);
}

static enum err run(const struct args *a, struct auditing *x, struct error *e)
{
    static const char *const allowed[] = {"to", "id", "release", "threads", "benchmark", NULL};
    int64_t threads;
    TRY(options_check(a, allowed, e));
    if (a->n != 3) {
        err_set(e, ERR_USAGE, "应给出一个数据立方文件%s", "one cube file is to be given%s", "");
        err_hint(e, "fumao stats compile FILE --cube CUBE; fumao stats audit CUBE");
        return ERR_USAGE;
    }
    TRY(stats_number(a, "threads", 1, INTAKE_THREADS, 2, &threads, e));
    x->threads = (int)threads;
    TRY(month_option(a, "to", &x->to, e));
    if (option_get(a, "release") != NULL)
        TRY(release_may_be_made(option_get(a, "release"), e));
    TRY(stats_open(&x->w, a, e));
    TRY(rules_load(&x->rules, e));
    TRY(store_open(&x->store, option_get(a, "store"), false, e));
    TRY(shelf_open(&x->store.book, e));
    TRY(cube_read(&x->cube, x->w.scheme, a->word[2], e));
    return prepare(a, x, e);
}

/* --- words ---------------------------------------------------------------------------------- */

static void put_json(const struct auditing *x, struct buf *b)
{
    const struct vintage *v = &x->v;
    const struct suppression *s = &v->suppression;
    struct jsonw w;
    char hex[65];
    jsonw_init(&w, b, false);
    jsonw_object(&w);
    jsonw_kstr(&w, "release", x->release.id);
    jsonw_kint(&w, "tables", x->p->plan.n_tables);
    jsonw_kint(&w, "cells", s->cells);
    jsonw_kint(&w, "sensitive", s->sensitive);
    jsonw_kint(&w, "primary", s->primary);
    jsonw_kint(&w, "secondary", s->secondary);
    jsonw_kint(&w, "value_open", s->value_open);
    jsonw_kint(&w, "value_suppressed", s->value_suppressed);
    jsonw_key(&w, "earlier");
    jsonw_object(&w);
    jsonw_kint(&w, "releases", x->n_earlier);
    jsonw_kint(&w, "held", (int64_t)v->hold.held);
    jsonw_kint(&w, "held_value", v->hold.held_value);
    jsonw_kint(&w, "unallocated", (int64_t)v->hold.unallocated);
    jsonw_kint(&w, "unallocated_value", v->hold.unallocated_value);
    jsonw_kint(&w, "differences", v->differences.differences);
    jsonw_kint(&w, "sensitive", v->differences.sensitive);
    jsonw_kint(&w, "known", v->known);
    jsonw_end(&w);
    jsonw_key(&w, "attack");
    jsonw_object(&w);
    jsonw_kint(&w, "targets", v->attack.targets);
    jsonw_kint(&w, "programs", v->attack.lps + s->lps);
    jsonw_kint(&w, "exposed", v->attack.n_exposed + v->differences.n_exposed);
    jsonw_end(&w);
    jsonw_kint(&w, "rounds", v->rounds);
    hash_hex(x->release.digest, 32, hex);
    jsonw_kz(&w, "digest", hex);
    hash_hex(x->release.cube, 32, hex);
    jsonw_kz(&w, "cube", hex);
    jsonw_end(&w);
    buf_char(b, '\n');
}

static double percent(int64_t part, int64_t whole)
{
    return whole == 0 ? 0 : 100 * (double)part / (double)whole;
}

static void put_text(const struct auditing *x, bool zh, struct buf *b)
{
    const struct vintage *v = &x->v;
    const struct suppression *s = &v->suppression;
    int shut = s->primary + s->secondary;
    buf_printf(b, zh ? "发布 %.*s：%d 张表\n" : "release %.*s: %d tables\n", STR_ARG(x->release.id),
               x->p->plan.n_tables);
    buf_printf(b, zh ? "单元 %d，敏感 %d，抑制 %d（%.1f%%），占值 %.2f%%\n"
                     : "cells %d, sensitive %d, suppressed %d (%.1f %%), %.2f %% of the value\n",
               s->cells, s->sensitive, shut, percent(shut, s->cells),
               percent(s->value_suppressed, s->value_open + s->value_suppressed));
    buf_printf(b, zh ? "以前的发布 %d，其差额 %d，未分配的变动 %zu，暂缓的 %zu\n"
                     : "earlier releases %d, differences %d, changes not allocated %zu, that wait %zu\n",
               x->n_earlier, v->differences.differences, v->hold.unallocated, v->hold.held);
    if (v->known > 0)
        buf_printf(b, zh ? "按现行规则敏感、但以前已公开的单元 %d：维持原样\n"
                         : "sensitive by the rules of now, but shown before: %d cells, which stay\n",
                   v->known);
    buf_printf(b, zh ? "攻击：目标 %d，线性规划 %d，推出 %d\n" : "attack: targets %d, linear programs %d, exposed %d\n",
               v->attack.targets, v->attack.lps + s->lps,
               v->attack.n_exposed + v->differences.n_exposed);
}

int stats_audit(const struct args *a)
{
    struct error e = {0};
    struct auditing *x = calloc(1, sizeof *x);
    struct buf b;
    check(x != NULL);
    buf_init(&b);
    enum err r = run(a, x, &e);
    int status = 0;
    if (r != OK) {
        status = print_fault(a, &e);
    } else {
        if (a->output == OUTPUT_JSON)
            put_json(x, &b);
        else
            put_text(x, a->zh, &b);
        print_out(&b);
        if (option_get(a, "release") != NULL)
            stats_next(a, "publish", option_get(a, "release"), "");
    }
    buf_finish(&b);
    cube_finish(&x->cube);
    store_close(&x->store);
    stats_close(&x->w);
    free(x);
    return status;
}
