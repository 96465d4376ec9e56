/* COMMAND: stats batches, stats quarantine, stats delete. What has been taken in, what of it waits
 * to be corrected, and what is taken back. */
#include "cli/stats.h"
#include "declaration/batch.h"
#include "declaration/quarantine.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct looking {
    struct stats_world w;
    struct store store;
    struct buf out;
    struct direct_scheme *direct;
    struct batch *list;
    int n;
};

static enum err look(struct looking *x, const struct args *a, bool write, struct error *e)
{
    TRY(stats_open(&x->w, a, e));
    TRY(direct_scheme_load(&x->direct, &x->w.arena, x->w.scheme, e));
    TRY(store_open(&x->store, option_get(a, "store"), write, e));
    TRY(batch_open(&x->store.book, e));
    return batch_list(x->store.db, &x->w.arena, &x->list, &x->n, e);
}

static int over(struct looking *x, const struct args *a, enum err r, const struct error *e)
{
    if (r == OK)
        print_out(&x->out);
    buf_finish(&x->out);
    store_close(&x->store);
    stats_close(&x->w);
    free(x);
    return r == OK ? 0 : print_fault(a, e);
}

static struct looking *begin(void)
{
    struct looking *x = calloc(1, sizeof *x);
    check(x != NULL);
    buf_init(&x->out);
    return x;
}

static void put_day(struct buf *b, int64_t seconds)
{
    char day[11];
    day_format((day_t)((seconds + 8 * 3600) / 86400), day);
    buf_z(b, day);
}

/* --- what other verbs read of them ---------------------------------------------------------- */

enum err stats_taken_in(const struct args *a, struct stats_world *w, struct store *store,
                        enum batch_kind kind, struct intake *in, struct error *e)
{
    struct batch *list;
    int n;
    bool direct = kind == BATCH_DIRECT;
    if (!option_given(a, "batches"))
        return OK;
    if (a->n > 2)
        return err_set(e, ERR_USAGE, "--batches 读取已导入的批次，不另给文件%s",
                       "--batches reads what has been taken in: give no files%s", "");
    TRY(store_open(store, option_get(a, "store"), false, e));
    TRY(batch_open(&store->book, e));
    TRY(batch_list(store->db, &w->arena, &list, &n, e));
    n = batch_of_kind(list, n, kind);
    if (n == 0) {
        err_set(e, ERR_NOT_FOUND, direct ? "没有直报批次%s" : "没有批次%s",
                direct ? "no direct reports have been taken in%s" : "there are no batches%s", "");
        err_hint(e, "fumao stats import %sFILE", direct ? "--direct " : "");
        return ERR_NOT_FOUND;
    }
    const char **path = ARENA_ARRAY(&w->arena, const char *, (size_t)n);
    for (int i = 0; i < n; i++)
        path[i] = batch_path(store->db, &w->arena, list[i].id, "");
    in->path = path;
    in->n_paths = n;
    return OK;
}

/* --- batches -------------------------------------------------------------------------------- */

static void batches_json(struct looking *x)
{
    struct jsonw w;
    jsonw_init(&w, &x->out, false);
    jsonw_array(&w);
    for (int i = 0; i < x->n; i++) {
        const struct batch *b = &x->list[i];
        jsonw_object(&w);
        jsonw_kstr(&w, "batch", b->id);
        jsonw_kstr(&w, "name", b->name);
        jsonw_kz(&w, "kind", b->kind == BATCH_DIRECT ? "direct" : "declarations");
        jsonw_kint(&w, "bytes", b->bytes);
        jsonw_kint(&w, "taken_at", b->taken_at);
        jsonw_kint(&w, "records", b->records);
        jsonw_kint(&w, "accepted", b->accepted);
        jsonw_kint(&w, "rejected", b->rejected);
        jsonw_kint(&w, "excluded", b->excluded);
        jsonw_kint(&w, "queried", b->queried);
        jsonw_kint(&w, "open", b->open);
        jsonw_kint(&w, "entry", b->leaf);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    buf_char(&x->out, '\n');
}

static void batches_text(struct looking *x, bool zh)
{
    if (x->n == 0)
        buf_z(&x->out, zh ? "没有批次\n" : "no batches\n");
    for (int i = 0; i < x->n; i++) {
        const struct batch *b = &x->list[i];
        buf_printf(&x->out, "%.12s  ", b->id.p);
        put_day(&x->out, b->taken_at);
        if (b->kind == BATCH_DIRECT)
            buf_z(&x->out, zh ? "  直报" : "  direct");
        buf_z(&x->out, zh ? "  记录 " : "  records ");
        put_count(&x->out, b->records);
        buf_z(&x->out, zh ? "  采用 " : "  accepted ");
        put_count(&x->out, b->accepted);
        buf_z(&x->out, zh ? "  待更正 " : "  open ");
        put_count(&x->out, b->open);
        buf_printf(&x->out, "  %.*s\n", STR_ARG(b->name));
    }
}

int stats_batches(const struct args *a)
{
    static const char *const allowed[] = {NULL};
    struct error e = {0};
    struct looking *x = begin();
    enum err r = options_check(a, allowed, &e);
    if (r == OK && a->n != 2)
        r = err_set(&e, ERR_USAGE, "用法：%s", "usage: %s", "fumao stats batches");
    if (r == OK)
        r = look(x, a, false, &e);
    if (r == OK && a->output == OUTPUT_JSON)
        batches_json(x);
    else if (r == OK)
        batches_text(x, a->zh);
    return over(x, a, r, &e);
}

/* --- quarantine ----------------------------------------------------------------------------- */

struct open_ones { /* of one batch, by their places in its file */
    int64_t *n;
    size_t count, room, at;
    struct buf *out;
};
struct listing {
    struct looking *x;
    const struct args *a;
    struct jsonw w;
    struct open_ones ones;
};

static const struct rule_entry *rule_of(const struct looking *x, const struct quarantined *q)
{
    bool direct = false;
    for (int i = 0; i < x->n; i++)
        if (str_eq(x->list[i].id, q->batch))
            direct = x->list[i].kind == BATCH_DIRECT;
    const struct rule_entry *rule = direct ? x->direct->rule : x->w.scheme->rule;
    for (int i = 0; i < (direct ? (int)DIRECT_RULES : (int)RULE_COUNT); i++)
        if (str_eq(rule[i].id, q->rule))
            return &rule[i];
    return NULL;
}

static enum err list_one(void *ctx, const struct quarantined *q, struct error *e)
{
    struct listing *l = ctx;
    struct buf *b = &l->x->out;
    (void)e;
    if (l->a->output == OUTPUT_JSON) {
        jsonw_object(&l->w);
        jsonw_kstr(&l->w, "batch", q->batch);
        jsonw_kint(&l->w, "line", q->line);
        jsonw_kstr(&l->w, "report_no", q->report_no.n > 0 ? q->report_no : (struct str){NULL, 0});
        jsonw_kstr(&l->w, "rule", q->rule);
        jsonw_end(&l->w);
        return OK;
    }
    const struct rule_entry *rule = rule_of(l->x, q);
    buf_printf(b, "%.12s  %6lld  %-22.*s  %-8.*s  %.*s\n", q->batch.p, (long long)q->line,
               STR_ARG(q->report_no), STR_ARG(q->rule),
               STR_ARG(rule == NULL ? STR("") : l->a->zh ? rule->title_zh : rule->title_en));
    return OK;
}

static enum err note_one(void *ctx, const struct quarantined *q, struct error *e)
{
    struct open_ones *o = ctx;
    (void)e;
    if (o->count == o->room) {
        o->room = o->room == 0 ? 256 : o->room * 2;
        o->n = realloc(o->n, o->room * sizeof *o->n);
        check(o->n != NULL);
    }
    o->n[o->count++] = q->n;
    return OK;
}

/* The record as it was sent, on a line of its own; the file is read in order, as the list is. */
static enum err put_record(void *ctx, int64_t n, struct str record, struct error *e)
{
    struct open_ones *o = ctx;
    (void)e;
    if (o->at == o->count || o->n[o->at] != n)
        return OK;
    o->at++;
    buf_str(o->out, record);
    buf_z(o->out, "\r\n");
    return OK;
}

/* Columns first, then the records: to be corrected and taken in again. */
static enum err records_of(struct looking *x, const struct batch *b, struct buf *columns,
                           struct error *e)
{
    struct open_ones o = {.out = &x->out};
    struct buf own;
    enum err r = batch_quarantined(x->store.db, b->id, note_one, &o, e);
    buf_init(&own);
    if (r == OK && o.count > 0)
        r = batch_header(batch_path(x->store.db, &x->w.arena, b->id, ""), b->kind, &own, e);
    if (r == OK && o.count > 0 && columns->p == NULL) {
        buf_str(&x->out, buf_view(&own));
        buf_reserve(columns, 1);
        buf_str(columns, buf_view(&own));
    } else if (r == OK && o.count > 0 && !str_eq(buf_view(columns), buf_view(&own))) {
        r = err_set(e, ERR_CONFLICT, "批次的栏目不同：请逐批列出，如 %.12s",
                    "batches have different columns: list them one by one, as %.12s", b->id.p);
    }
    if (r == OK && o.count > 0)
        r = quarantine_read(batch_path(x->store.db, &x->w.arena, b->id, ".quarantine"), put_record,
                            &o, e);
    buf_finish(&own);
    free(o.n);
    return r;
}

static enum err list_open(struct looking *x, const struct args *a, struct str only, struct error *e)
{
    struct listing l = {.x = x, .a = a};
    struct buf columns;
    enum err r = OK;
    if (a->output == OUTPUT_CSV) {
        buf_init(&columns);
        for (int i = 0; r == OK && i < x->n; i++)
            if (only.n == 0 || str_eq(only, x->list[i].id))
                r = records_of(x, &x->list[i], &columns, e);
        buf_finish(&columns);
        return r;
    }
    jsonw_init(&l.w, &x->out, false);
    if (a->output == OUTPUT_JSON)
        jsonw_array(&l.w);
    r = batch_quarantined(x->store.db, only, list_one, &l, e);
    if (a->output == OUTPUT_JSON) {
        jsonw_end(&l.w);
        buf_char(&x->out, '\n');
    } else if (r == OK && x->out.n == 0) {
        buf_z(&x->out, a->zh ? "没有待更正的记录\n" : "nothing waits to be corrected\n");
    }
    return r;
}

int stats_quarantine(const struct args *a)
{
    static const char *const allowed[] = {NULL};
    struct error e = {0};
    struct looking *x = begin();
    const struct batch *one = NULL;
    enum err r = options_check(a, allowed, &e);
    if (r == OK && a->n > 3)
        r = err_set(&e, ERR_USAGE, "用法：%s", "usage: %s", "fumao stats quarantine [BATCH]");
    if (r == OK)
        r = look(x, a, false, &e);
    if (r == OK && a->n == 3)
        r = batch_find(x->list, x->n, str_from(a->word[2]), &one, &e);
    if (r == OK)
        r = list_open(x, a, one != NULL ? one->id : STR(""), &e);
    return over(x, a, r, &e);
}

/* --- delete --------------------------------------------------------------------------------- */

static enum err take_back(struct looking *x, const struct args *a, struct error *e)
{
    struct intake in = {.today = DAY_MAX};
    struct stats_progress p;
    struct batch_deleted d;
    struct jsonw w;
    int64_t threads;
    TRY(stats_number(a, "threads", 1, INTAKE_THREADS, 0, &threads, e));
    in.n_threads = (int)threads;
    stats_progress_init(&p, a, a->zh ? "查找" : "look for", &in);
    enum err r = batch_delete(&x->store.book, x->w.scheme, &x->w.arena, a->word[2], &in,
                              (int64_t)time(NULL), &d, e);
    stats_progress_end(&p);
    if (r == OK && a->output == OUTPUT_JSON) {
        jsonw_init(&w, &x->out, false);
        jsonw_object(&w);
        jsonw_kint(&w, "asked", d.asked);
        jsonw_kint(&w, "deleted", d.deleted);
        jsonw_end(&w);
        buf_char(&x->out, '\n');
    } else if (r == OK) {
        buf_printf(&x->out, a->zh ? "删除 %lld 个申报号码，另 %lld 个先前已删除\n"
                                  : "%lld report numbers deleted, %lld were deleted before\n",
                   (long long)d.deleted, (long long)(d.asked - d.deleted));
    }
    return r;
}

int stats_delete(const struct args *a)
{
    static const char *const allowed[] = {"rates", "threads", NULL};
    struct error e = {0};
    struct looking *x = begin();
    enum err r = options_check(a, allowed, &e);
    if (r == OK && a->n != 3)
        r = err_set(&e, ERR_USAGE, "用法：%s", "usage: %s",
                    "fumao stats delete FILE (report_no,reason)");
    if (r == OK)
        r = look(x, a, true, &e);
    if (r == OK)
        r = take_back(x, a, &e);
    return over(x, a, r, &e);
}
