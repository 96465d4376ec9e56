/* COMMAND: stats import. Files become batches of the store: kept as they are, named by their
 * digest, on the log; what stays out waits in quarantine. The same file twice changes nothing. */
#include "cli/job.h"
#include "cli/stats.h"
#include "declaration/batch.h"

#include <stdlib.h>
#include <time.h>

struct importing {
    struct stats_world w;
    struct store store;
    struct intake in;
    struct cube_options o;
    struct direct_scheme *direct; /* only with --direct */
    struct buf out;
    struct jsonw j;
};

static void say(const struct args *a, struct importing *x, const struct batch_taken *t,
                const struct tally *tally)
{
    const struct batch *b = &t->batch;
    if (a->output == OUTPUT_JSON) {
        jsonw_object(&x->j);
        jsonw_kstr(&x->j, "batch", b->id);
        jsonw_kstr(&x->j, "name", b->name);
        jsonw_kint(&x->j, "bytes", b->bytes);
        jsonw_kbool(&x->j, "known", t->known);
        jsonw_kint(&x->j, "resolved", t->resolved);
        jsonw_kint(&x->j, "open", b->open);
        jsonw_kint(&x->j, "entry", b->leaf);
        if (t->known || x->direct != NULL) {
            jsonw_kint(&x->j, "records", b->records);
            jsonw_kint(&x->j, "accepted", b->accepted);
            jsonw_kint(&x->j, "rejected", b->rejected);
            jsonw_kint(&x->j, "excluded", b->excluded);
        } else {
            tally_json(tally, x->w.scheme, &x->j);
        }
        jsonw_end(&x->j);
        return;
    }
    buf_printf(&x->out, "%.*s  %.*s\n", 12, b->id.p, STR_ARG(b->name));
    if (t->known) {
        buf_z(&x->out, a->zh ? "已导入过，没有变化\n" : "taken in before; nothing has changed\n");
        return;
    }
    if (x->direct != NULL)
        direct_text(x->direct, tally, t->direct_rule, a->zh, &x->out);
    else
        tally_text(tally, x->w.scheme, a->zh, &x->out);
    if (t->resolved > 0) {
        buf_z(&x->out, a->zh ? "更正了先前隔离的记录  "
                               : "quarantined records of earlier batches put right  ");
        put_count(&x->out, t->resolved);
        buf_char(&x->out, '\n');
    }
    if (b->open > 0)
        buf_printf(&x->out, a->zh ? "待更正：fumao stats quarantine %.12s\n"
                                  : "to be corrected: fumao stats quarantine %.12s\n", b->id.p);
}

static enum err one(const struct args *a, struct importing *x, const char *path, struct error *e)
{
    struct stats_progress p;
    struct batch_taken taken;
    struct batch_task t = {.book = &x->store.book, .direct = x->direct, .cube = &x->o, .intake = x->in, .path = path,
                           .now = (int64_t)time(NULL)};
    struct tally *tally = tally_create();
    stats_progress_init(&p, a, a->zh ? "导入" : "import", &t.intake);
    enum err r = batch_take(&t, &x->w.arena, tally, &taken, e);
    stats_progress_end(&p);
    if (r == OK)
        say(a, x, &taken, tally);
    tally_destroy(tally);
    return r;
}

static enum err run(const struct args *a, struct importing *x, struct error *e)
{
    static const char *const allowed[] = {"rates", "threads", "today", "memory", "spill",
                                          "direct", "job", NULL};
    int64_t memory;
    TRY(options_check(a, allowed, e));
    TRY(stats_number(a, "memory", 1, 1 << 20, 320, &memory, e));
    TRY(stats_open(&x->w, a, e));
    TRY(stats_intake_once(a, 2, &x->w, &x->in, e));
    if (option_given(a, "direct"))
        TRY(direct_scheme_load(&x->direct, &x->w.arena, x->w.scheme, e));
    TRY(store_open(&x->store, option_get(a, "store"), true, e));
    TRY(batch_open(&x->store.book, e));
    x->o = (struct cube_options){.scheme = x->w.scheme, .rates = x->w.rates,
                                 .n_threads = x->in.n_threads, .spill_dir = option_get(a, "spill"),
                                 .memory_bytes = (size_t)memory << 20};
    for (int i = 2; i < a->n; i++)
        TRY(one(a, x, a->word[i], e));
    return OK;
}

static int import(const struct args *a)
{
    struct error e = {0};
    struct importing *x = calloc(1, sizeof *x);
    check(x != NULL);
    buf_init(&x->out);
    jsonw_init(&x->j, &x->out, false);
    if (a->output == OUTPUT_JSON)
        jsonw_array(&x->j);
    enum err r = run(a, x, &e);
    if (a->output == OUTPUT_JSON) { /* the files before the one that failed are taken in */
        jsonw_end(&x->j);
        buf_char(&x->out, '\n');
    }
    if (r == OK || x->out.n > 3)
        print_out(&x->out);
    buf_finish(&x->out);
    store_close(&x->store);
    stats_close(&x->w);
    free(x);
    return r == OK ? 0 : print_fault(a, &e);
}

int stats_import(const struct args *a)
{
    return job_or_here(a, "import", import);
}
