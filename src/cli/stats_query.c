/* COMMAND: stats query. What has been released, and nothing else (disclosure/figures.h). */
#include "cli/stats.h"
#include "disclosure/figures.h"
#include "disclosure/shelf.h"

#include <stdio.h>

struct asking {
    struct stats_world w;
    struct store store;
    struct publication *p;
    struct figures_question q;
    struct figures found;
};

/* The coarsest codes, as many as a hint holds. */
static void first_codes(const struct dimension *d, struct error *e)
{
    struct buf all;
    buf_init(&all);
    for (int i = 1; i < d->n; i++) {
        const struct node *n = &d->node[i];
        if (n->depth != 1 || n->absent || n->hidden)
            continue;
        if (all.n + n->code.n + 8 > sizeof e->hint) {
            buf_z(&all, ", ...");
            break;
        }
        buf_printf(&all, "%s%.*s", all.n > 0 ? ", " : "", STR_ARG(n->code));
    }
    err_hint(e, "%.*s", STR_ARG(buf_view(&all)));
    buf_finish(&all);
}

static enum err find_nodes(const struct args *a, struct asking *x, struct error *e)
{
    for (int d = 0; d < DIM_COUNT; d++) {
        const char *name = x->p->plan.dim[d].id.p, *code = option_get(a, name);
        if (code == NULL)
            continue;
        x->q.want[d] = str_from(code);
        if (publication_node(&x->p->plan, d, x->q.want[d]) >= 0)
            continue;
        err_set(e, ERR_UNKNOWN_CODE, "维度 %s 没有代码 %s", "the dimension %s has no code %s", name, code);
        err_at(e, "", 0, name);
        first_codes(&x->p->plan.dim[d], e);
        return ERR_UNKNOWN_CODE;
    }
    return OK;
}

static enum err run(const struct args *a, struct asking *x, struct error *e)
{
    static const char *const allowed[] = {"release", "period", "flow", "item", "partner", "place",
                                          "mode", "size", "ownership", "key", NULL};
    struct str text, id = str_from(option_get(a, "release"));
    TRY(options_check(a, allowed, e));
    if (a->n > 3)
        return err_set(e, ERR_USAGE, "一次只查一张表，多出 %s", "one table at a time: %s is too many",
                       a->word[3]);
    TRY(stats_open(&x->w, a, e));
    TRY(publication_open_months(&x->p, &x->w.arena, x->w.scheme, 0, PUBLICATION_MONTHS, e));
    x->q.p = x->p;
    TRY(figures_table(x->p, str_from(a->n == 3 ? a->word[2] : NULL), &x->q.table, e));
    TRY(find_nodes(a, x, e));
    TRY(store_open(&x->store, option_get(a, "store"), false, e));
    TRY(shelf_open(&x->store.book, e));
    enum err r = shelf_public(x->store.db, &x->w.arena, id, &text, e);
    if (r == ERR_NOT_FOUND && id.n == 0)
        err_hint(e, "fumao stats publish RELEASE");
    TRY(r);
    TRY(figures_read(&x->q, text, &x->w.arena, &x->found, e));
    if (x->found.n > 0)
        return OK;
    return err_set(e, ERR_NOT_FOUND, "发布 %.*s 中没有这样的数字", "release %.*s has no such figure",
                   STR_ARG(x->found.release));
}

static void put_text(const struct asking *x, bool zh, struct buf *b)
{
    const struct figures *f = &x->found;
    buf_printf(b, zh ? "发布 %.*s，美元\n" : "release %.*s, USD\n", STR_ARG(f->release));
    for (int i = 0; i < f->n; i++) {
        for (int d = 0; d < DIM_COUNT; d++)
            if (d == DIM_PERIOD || !str_eq(f->figure[i].code[d], x->p->plan.dim[d].node[0].code))
                buf_printf(b, "%.*s ", STR_ARG(f->figure[i].code[d]));
        buf_char(b, ' ');
        if (f->figure[i].open)
            put_cents(b, f->figure[i].value);
        else
            buf_z(b, zh ? "（不公开）" : "(confidential)");
        buf_char(b, '\n');
    }
    if (f->confidential > 0)
        buf_printf(b, zh ? "%d 个数字为保护企业不公开\n" : "%d figures are confidential, to protect enterprises\n",
                   f->confidential);
}

int stats_query(const struct args *a)
{
    struct error e = {0};
    struct asking x = {0};
    struct buf b;
    buf_init(&b);
    int status = 0;
    if (run(a, &x, &e) != OK) {
        status = print_fault(a, &e);
    } else {
        if (a->output == OUTPUT_JSON)
            figures_json(&x.found, x.p, &b);
        else if (a->output == OUTPUT_CSV)
            figures_csv(&x.found, x.p, &b);
        else
            put_text(&x, a->zh, &b);
        print_out(&b);
    }
    buf_finish(&b);
    store_close(&x.store);
    stats_close(&x.w);
    return status;
}
