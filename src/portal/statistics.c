/* /stats and /stats/{table}: which rows, columns and cells are shown. */
#include "portal/statistics.h"

/* --- what is published -------------------------------------------------------------------- */

void stats_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct stats_page p = {0};
    struct shelf_row *row = NULL;
    struct error e = {0};
    struct gallery *g = v->portal->gallery;
    enum err r = gallery_there(g, &e);
    if (r == OK && h->json)
        r = statistics_list(g, v->arena, &h->rs->body, &e);
    else if (r == OK && h->twin == TWIN_CSV)
        r = statistics_list_csv(g, v->arena, &h->rs->body, &e);
    else if (r == OK)
        r = gallery_list(g, v->arena, &row, &p.n, &e);
    if (r != OK) {
        error_page(h, &e);
        return;
    }
    if (h->twin != TWIN_PAGE)
        return;
    for (int i = 0; i < p.n / 2; i++) {
        struct shelf_row x = row[i];
        row[i] = row[p.n - 1 - i];
        row[p.n - 1 - i] = x;
    }
    struct buf b;
    p.p = gallery_publication(g);
    p.release = row;
    buf_init(&b);
    page_stats(&b, v->lang, v, &p);
    frame(h, say(v, MSG_st_title), &b);
}

/* --- one table: rows and columns ---------------------------------------------------------- */

static const struct table_spec *spec(const struct stats_table *t)
{
    return &t->p->plan.table[t->q.table];
}

/* The last dimension of the table's own that nobody fixed makes the rows; when all are fixed, the
 * last of them makes one row. */
static int row_dim(const struct stats_table *t)
{
    int last = DIM_ITEM;
    for (int d = DIM_ITEM; d < DIM_COUNT; d++)
        if (spec(t)->depth[d] > 0)
            last = d;
    for (int d = DIM_COUNT - 1; d >= DIM_ITEM; d--)
        if (spec(t)->depth[d] > 0 && t->q.want[d] < 0)
            return d;
    return last;
}

/* Is the period the one that was asked for, or in it? Its year is offered in the form. */
static bool in_period(struct stats_table *t, int at)
{
    const struct node *node = t->p->plan.dim[DIM_PERIOD].node;
    bool in = t->q.want[DIM_PERIOD] < 0;
    for (; at > 0; at = node[at].parent) {
        in = in || at == t->q.want[DIM_PERIOD];
        t->year[at] = true;
    }
    return in;
}

/* Periods of the finest level that have figures; the latest of them. */
static void find_columns(struct stats_table *t, struct arena *a)
{
    const struct dimension *d = &t->p->plan.dim[DIM_PERIOD];
    bool *met = ARENA_ARRAY(a, bool, (size_t)d->n);
    int finest = 0, n = 0, most = t->q.want[DIM_PERIOD] < 0 ? STATS_COLUMNS : STATS_COLUMNS_ASKED;
    t->year = ARENA_ARRAY(a, bool, (size_t)d->n);
    for (int i = 0; i < t->answer.n; i++) {
        int at = t->answer.figure[i].at[DIM_PERIOD];
        if (!in_period(t, at))
            continue;
        met[at] = true;
        finest = d->node[at].depth > finest ? d->node[at].depth : finest;
    }
    t->col = ARENA_ARRAY(a, int, STATS_COLUMNS_ASKED);
    for (int i = d->n - 1; i >= 0 && n < most; i--)
        if (met[i] && d->node[i].depth == finest)
            t->col[n++] = i;
    for (int i = 0; i < n / 2; i++) {
        int x = t->col[i];
        t->col[i] = t->col[n - 1 - i];
        t->col[n - 1 - i] = x;
    }
    t->n_cols = n;
}

/* Trees are two deep below their total: the total, then each node and after it its parts. */
static void find_rows(struct stats_table *t, const int *col_of, struct arena *a)
{
    const struct dimension *d = &t->p->plan.dim[t->row_dim];
    bool *met = ARENA_ARRAY(a, bool, (size_t)d->n);
    t->row = ARENA_ARRAY(a, int, (size_t)d->n);
    for (int i = 0; i < t->answer.n; i++)
        if (col_of[t->answer.figure[i].at[DIM_PERIOD]] >= 0)
            met[t->answer.figure[i].at[t->row_dim]] = true;
    if (met[0])
        t->row[t->n_rows++] = 0;
    for (int i = 1; i < d->n; i++) {
        if (d->node[i].depth != 1)
            continue;
        if (met[i])
            t->row[t->n_rows++] = i;
        for (int k = i + 1; k < d->n; k++)
            if (d->node[k].parent == i && met[k])
                t->row[t->n_rows++] = k;
    }
}

static void fill_cells(struct stats_table *t, const struct view *v)
{
    const struct plan *p = &t->p->plan;
    int n_rows = p->dim[t->row_dim].n, n_cols = p->dim[DIM_PERIOD].n;
    int *row_of = ARENA_ARRAY(v->arena, int, (size_t)n_rows);
    int *col_of = ARENA_ARRAY(v->arena, int, (size_t)n_cols);
    int64_t most = 0;
    memset(row_of, -1, (size_t)n_rows * sizeof *row_of);
    memset(col_of, -1, (size_t)n_cols * sizeof *col_of);
    for (int i = 0; i < t->n_cols; i++)
        col_of[t->col[i]] = i;
    find_rows(t, col_of, v->arena);
    for (int i = 0; i < t->n_rows; i++)
        row_of[t->row[i]] = i;
    t->cell = ARENA_ARRAY(v->arena, const struct gallery_figure *,
                          (size_t)t->n_rows * (size_t)t->n_cols + 1);
    for (int i = 0; i < t->answer.n; i++) {
        const struct gallery_figure *f = &t->answer.figure[i];
        int row = row_of[f->at[t->row_dim]], col = col_of[f->at[DIM_PERIOD]];
        if (row < 0 || col < 0)
            continue;
        t->cell[row * t->n_cols + col] = f;
        int64_t size = f->value < 0 ? -f->value : f->value;
        most = size > most ? size : most;
    }
    t->unit = stats_unit(v, most);
}

static enum err read_page(struct stats_table *t, const struct view *v, struct error *e)
{
    struct str s = str_trim(http_query(v->rq, "page"));
    int64_t n = 1;
    int pages = t->n_rows == 0 ? 1 : (t->n_rows + STATS_ROWS - 1) / STATS_ROWS;
    if (s.n > 0 && (!str_int(s, &n) || n < 1 || n > pages)) {
        err_set(e, ERR_NOT_FOUND, "这张表只有 %d 页", "this table has %d pages", pages);
        err_at(e, "", 0, "page");
        return ERR_NOT_FOUND;
    }
    t->first = ((int)n - 1) * STATS_ROWS;
    t->n_shown = t->n_rows - t->first < STATS_ROWS ? t->n_rows - t->first : STATS_ROWS;
    return OK;
}

static enum err make_table(struct stats_table *t, const struct handled *h, struct error *e)
{
    const struct view *v = &h->v;
    t->gallery = v->portal->gallery;
    t->p = gallery_publication(t->gallery);
    TRY(gallery_ask(t->gallery, v->rq, h->part[1], &t->q, e));
    struct gallery_question q = t->q;
    t->row_dim = row_dim(t);
    q.want[DIM_PERIOD] = -1; /* all are read: the form offers the years that there are */
    for (int d = DIM_FLOW; d < DIM_COUNT; d++)
        if (d != t->row_dim && q.want[d] < 0)
            q.want[d] = 0;
    t->flow = q.want[DIM_FLOW];
    TRY(gallery_read(t->gallery, &q, v->arena, &t->answer, e));
    find_columns(t, v->arena);
    fill_cells(t, v);
    return read_page(t, v, e);
}

void stats_table_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct stats_table *t = ARENA_NEW(v->arena, struct stats_table);
    struct error e = {0};
    struct buf b;
    struct gallery *g = v->portal->gallery;
    enum err r = gallery_there(g, &e);
    if (r == OK && h->json)
        r = statistics_table(g, v->rq, h->part[1], &h->rs->body, &e);
    else if (r == OK && h->twin == TWIN_CSV)
        r = statistics_table_csv(g, v->rq, h->part[1], &h->rs->body, &e);
    else if (r == OK)
        r = make_table(t, h, &e);
    if (r != OK) {
        error_page(h, &e);
        return;
    }
    if (h->twin != TWIN_PAGE)
        return;
    buf_init(&b);
    page_stats_table(&b, v->lang, v, t);
    frame(h, stats_title(v, t->p, t->q.table), &b);
}
