/* COMMAND: prove. */
#include "cli/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void progress(void *ctx, int done, int total, double seconds)
{
    static double last;
    if (done > total)
        done = total;
    double step = *(bool *)ctx ? 0.2 : 10;
    if (seconds - last < step || done == 0)
        return;
    last = seconds;
    fprintf(stderr, "%sprove %3d%%  %d/%d  %.1f s left%s", *(bool *)ctx ? "\r" : "",
            (int)(100.0 * done / total), done, total, seconds / done * (total - done),
            *(bool *)ctx ? "  " : "\n");
}

static void print_json(const struct world *w, const struct proof *p)
{
    struct buf b;
    struct jsonw j;
    buf_init(&b);
    jsonw_init(&j, &b, true);
    jsonw_object(&j);
    jsonw_key(&j, "editions");
    jsonw_array(&j);
    for (int l = 0; l < w->corpus->n_layers; l++)
        jsonw_str(&j, w->corpus->instrument[w->corpus->layer[l]].id);
    jsonw_end(&j);
    jsonw_kint(&j, "rectangles", p->rectangles);
    jsonw_kint(&j, "cells", (int64_t)p->cells);
    jsonw_kint(&j, "valuations", (int64_t)p->valuations);
    jsonw_kint(&j, "differences", (int64_t)p->differences);
    if (p->differences > 0)
        jsonw_kz(&j, "first_difference", p->first_difference);
    jsonw_key(&j, "seconds");
    jsonw_real(&j, p->seconds, 2);
    jsonw_kz(&j, "hash", p->hash);
    jsonw_kz(&j, "snapshot", w->corpus->hash);
    jsonw_end(&j);
    buf_char(&b, '\n');
    print_out(&b);
    buf_finish(&b);
}

static void print_text(bool zh, const struct proof *p)
{
    printf(zh ? "格数 %llu · 时间矩形 %d · 事实取值组合 %llu\n差异 %llu · 用时 %.2f 秒\n摘要 %s\n"
              : "cells %llu · time rectangles %d · valuations of facts %llu\ndifferences %llu · "
                "%.2f s\nhash %s\n",
           (unsigned long long)p->cells, p->rectangles, (unsigned long long)p->valuations,
           (unsigned long long)p->differences, p->seconds, p->hash);
    if (p->differences > 0)
        printf("%s\n", p->first_difference);
}

/* The editions named on the command line, as layers. */
static enum err editions(const struct args *a, const struct corpus *c, uint64_t *layers,
                         struct error *e)
{
    *layers = 0;
    for (int i = 1; i < a->n; i++) {
        int at = instrument_find(c, str_from(a->word[i]));
        if (at < 0 || c->instrument[at].layer < 0) {
            err_set(e, ERR_NOT_FOUND, "没有可证明的清单 %s", "there is no list %s to prove",
                    a->word[i]);
            err_hint(e, "fumao list log");
            return ERR_NOT_FOUND;
        }
        *layers |= (uint64_t)1 << c->instrument[at].layer;
    }
    return OK;
}

int verb_prove(const struct args *a)
{
    static const char *const allowed[] = {"threads", "on", NULL};
    struct error e = {0};
    struct world w;
    struct proof p;
    int64_t threads = sysconf(_SC_NPROCESSORS_ONLN);
    bool tty = isatty(2);
    if (options_check(a, allowed, &e) != OK)
        return print_fault(a, &e);
    day_t only = DAY_MIN;
    const char *on = option_get(a, "on");
    if (on != NULL && !day_parse(str_from(on), &only)) {
        err_set(&e, ERR_SYNTAX, "“%s”不是日期", "\"%s\" is not a date", on);
        err_at(&e, "", 0, "on");
        return print_fault(a, &e);
    }
    if (option_get(a, "threads") && !str_int(str_from(option_get(a, "threads")), &threads))
        threads = 0; /* prove() names the range */
    threads = threads > 64 && !option_get(a, "threads") ? 64 : threads;
    if (world_open(&w, option_get(a, "store"), &e) != OK)
        return print_fault(a, &e);
    uint64_t layers;
    enum err r = editions(a, w.corpus, &layers, &e);
    if (r == OK)
        r = prove(w.snapshot, only, layers, threads > 64 ? 0 : (int)threads, progress, &tty, &p,
                  &e);
    if (tty)
        fprintf(stderr, "\r\033[K");
    int status = r == OK ? (p.differences > 0 ? 1 : 0) : print_fault(a, &e);
    if (r == OK && a->output == OUTPUT_JSON)
        print_json(&w, &p);
    else if (r == OK)
        print_text(a->zh, &p);
    world_close(&w);
    return status;
}
