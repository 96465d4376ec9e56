/* COMMAND: stats publish. A release onto the shelf and the log, after it has been attacked once
 * more, from its file alone, together with all that was published before. */
#include "cli/stats.h"
#include "disclosure/shelf.h"

#include <stdlib.h>

struct publishing {
    struct stats_world w;
    struct store store;
    struct publication *p;
    struct release release;
    struct shelf_attack attack;
};

static enum err run(const struct args *a, struct publishing *x, struct error *e)
{
    static const char *const allowed[] = {"threads", NULL};
    int64_t threads;
    TRY(options_check(a, allowed, e));
    if (a->n != 3) {
        err_set(e, ERR_USAGE, "应给出一个发布文件%s", "one release file is to be given%s", "");
        err_hint(e, "fumao stats audit CUBE --release RELEASE; fumao stats publish RELEASE");
        return ERR_USAGE;
    }
    TRY(stats_number(a, "threads", 1, INTAKE_THREADS, 2, &threads, e));
    TRY(stats_open(&x->w, a, e));
    TRY(store_open(&x->store, option_get(a, "store"), true, e));
    TRY(shelf_open(&x->store.book, e));
    TRY(shelf_read(&x->w.arena, x->w.scheme, a->word[2], &x->p, &x->release, e));
    return shelf_publish(&x->store.book, &x->w.arena, x->p, &x->release, (int)threads, &x->attack, e);
}

static void report(const struct args *a, const struct publishing *x)
{
    struct buf b;
    char hex[65];
    int open = 0, cells = 0;
    for (int i = 0; i < x->release.n_cells; i++) {
        open += x->release.cell[i].state == CELL_OPEN;
        cells += x->release.cell[i].state != CELL_HIDDEN;
    }
    hash_hex(x->release.digest, 32, hex);
    buf_init(&b);
    if (a->output == OUTPUT_JSON) {
        struct jsonw w;
        jsonw_init(&w, &b, false);
        jsonw_object(&w);
        jsonw_kstr(&w, "release", x->release.id);
        jsonw_kint(&w, "cells", cells);
        jsonw_kint(&w, "open", open);
        jsonw_kint(&w, "targets", x->attack.now.targets);
        jsonw_kint(&w, "differences", x->attack.differences.differences);
        jsonw_kint(&w, "exposed", x->attack.now.n_exposed + x->attack.differences.n_exposed);
        jsonw_kz(&w, "digest", hex);
        jsonw_end(&w);
        buf_char(&b, '\n');
    } else {
        buf_printf(&b, a->zh ? "已发布 %.*s：单元 %d，公开 %d\n摘要 %s\n"
                             : "published %.*s: %d cells, %d open\ndigest %s\n",
                   STR_ARG(x->release.id), cells, open, hex);
    }
    print_out(&b);
    buf_finish(&b);
    stats_next(a, "query", "month-item", "");
}

int stats_publish(const struct args *a)
{
    struct error e = {0};
    struct publishing *x = calloc(1, sizeof *x);
    check(x != NULL);
    int status = 0;
    if (run(a, x, &e) != OK)
        status = print_fault(a, &e);
    else
        report(a, x);
    store_close(&x->store);
    stats_close(&x->w);
    free(x);
    return status;
}
