#include "disclosure/patch.h"

#include <stdlib.h>

static void *zeroed(size_t n, size_t each)
{
    void *p = calloc(n + 1, each);
    check(p != NULL);
    return p;
}

void patch_init(struct patch *p, const struct ground *g)
{
    size_t cells = (size_t)g->s->n_cells, relations = (size_t)g->s->n_relations;
    *p = (struct patch){.g = g};
    p->column = zeroed(cells, sizeof(int));
    p->queue = zeroed(cells, sizeof(int));
    p->row_of = zeroed(relations, sizeof(int));
    p->rows = zeroed(relations, sizeof(int));
    p->tied = zeroed(cells, sizeof(int));
    p->next = zeroed(cells, sizeof(int));
    p->size = zeroed(cells, sizeof(int));
    p->entry = zeroed(cells, sizeof(int));
    p->met = zeroed(cells, sizeof(int));
    p->met_at = zeroed(cells, sizeof *p->met_at);
    p->variable = zeroed(cells, sizeof(int));
    p->work = zeroed(relations, sizeof(int));
    p->waits = zeroed(relations, 1);
    p->stuck = zeroed(cells, 1);
    p->way = zeroed(cells, 1);
    p->up = zeroed(cells, sizeof(int64_t));
    p->down = zeroed(cells, sizeof(int64_t));
}

void patch_finish(struct patch *p)
{
    void *all[] = {p->column, p->queue, p->row_of, p->rows, p->tied, p->next, p->size, p->entry,
                   p->met, p->met_at, p->variable, p->work, p->waits, p->stuck, p->way, p->up, p->down};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

/* --- its cells --------------------------------------------------------------------------- */

void patch_take(struct patch *p, int cell)
{
    if (p->column[cell] == 0) {
        p->queue[p->n_queue++] = cell;
        p->column[cell] = p->n_queue;
    }
}

static bool take_row(struct patch *p, int relation)
{
    if (p->row_of[relation] != 0)
        return false;
    p->rows[p->n_rows++] = relation;
    p->row_of[relation] = p->n_rows;
    return true;
}

void patch_take_relations(struct patch *p)
{
    const struct ground *g = p->g;
    for (int i = 0; i < p->n_queue; i++) {
        int cell = p->queue[i];
        for (int k = g->relation_first[cell]; k < g->relation_first[cell + 1]; k++)
            take_row(p, g->relation[k]);
    }
}

bool patch_around(struct patch *p, int target, int most, bool (*may)(const void *ctx, int cell),
                  const void *ctx)
{
    const struct ground *g = p->g;
    const struct system *s = g->s;
    int done = 0;
    if (may(ctx, target))
        patch_take(p, target);
    for (; done < p->n_queue && done < most; done++) {
        int cell = p->queue[done];
        for (int k = g->relation_first[cell]; k < g->relation_first[cell + 1]; k++) {
            const struct relation *rel = &s->relation[g->relation[k]];
            bool news = take_row(p, g->relation[k]);
            for (int i = 0; i < rel->n && news; i++) {
                if (may(ctx, s->member[rel->first + i]))
                    patch_take(p, s->member[rel->first + i]);
            }
        }
        for (int k = g->derived_first[cell]; k < g->derived_first[cell + 1]; k++) {
            const struct derived *d = &s->derived[g->derived[k]];
            if (may(ctx, d->a))
                patch_take(p, d->a);
            if (may(ctx, d->b))
                patch_take(p, d->b);
        }
    }
    bool all = done == p->n_queue;
    for (int i = done; i < p->n_queue; i++)
        p->column[p->queue[i]] = 0;
    p->n_queue = done;
    return all;
}

void patch_empty(struct patch *p)
{
    for (int i = 0; i < p->n_queue; i++)
        p->column[p->queue[i]] = 0;
    for (int i = 0; i < p->n_rows; i++)
        p->row_of[p->rows[i]] = 0;
    p->n_queue = p->n_rows = 0;
}

/* --- reduction --------------------------------------------------------------------------- */

/* Who stands for a cell, and whether it goes the same way; paths are halved. */
static int stands_for(struct patch *p, int i, int *way)
{
    *way = 1;
    while (p->tied[i] != i) {
        int up = p->tied[i];
        p->way[i] = (int8_t)(p->way[i] * p->way[up]);
        p->tied[i] = p->tied[up];
        *way *= p->way[i];
        i = p->tied[i];
    }
    return i;
}

/* The equation over those that stand for its cells: p->met has n of them, with their factors in
 * p->entry, which the caller sets back to 0. */
static int equation(struct patch *p, int row)
{
    const struct system *s = p->g->s;
    const struct relation *rel = &s->relation[p->rows[row]];
    int met = 0, n = 0;
    p->turn++;
    for (int k = 0; k < rel->n; k++) {
        int way, i = p->column[s->member[rel->first + k]] - 1;
        if (i < 0)
            continue;
        i = stands_for(p, i, &way);
        if (p->stuck[i])
            continue;
        if (p->met_at[i] != p->turn)
            p->met[met++] = i;
        p->met_at[i] = p->turn;
        p->entry[i] += k == 0 ? way : -way;
    }
    for (int k = 0; k < met; k++) {
        if (p->entry[p->met[k]] != 0)
            p->met[n++] = p->met[k];
    }
    return n;
}

static void forget_entries(struct patch *p, int n)
{
    for (int k = 0; k < n; k++)
        p->entry[p->met[k]] = 0;
}

static void look_again(struct patch *p, int i, int *n_work)
{
    const struct ground *g = p->g;
    int at = i;
    do {
        int cell = p->queue[at];
        for (int k = g->relation_first[cell]; k < g->relation_first[cell + 1]; k++) {
            int row = p->row_of[g->relation[k]] - 1;
            if (row >= 0 && !p->waits[row]) {
                p->waits[row] = 1;
                p->work[(*n_work)++] = row;
            }
        }
        at = p->next[at];
    } while (at != i);
}

static void hold_fast(struct patch *p, int i, int *n_work)
{
    p->stuck[i] = 1;
    look_again(p, i, n_work);
}

/* b moves as a does times way; the room of both is what both have. */
static void tie(struct patch *p, int a, int b, int way, int *n_work)
{
    if (p->size[a] < p->size[b]) {
        int t = a;
        a = b;
        b = t;
    }
    look_again(p, b, n_work);
    p->tied[b] = a;
    p->way[b] = (int8_t)way;
    p->size[a] += p->size[b];
    int next = p->next[a];
    p->next[a] = p->next[b];
    p->next[b] = next;
    int64_t up = way > 0 ? p->up[b] : p->down[b], down = way > 0 ? p->down[b] : p->up[b];
    p->up[a] = up < p->up[a] ? up : p->up[a];
    p->down[a] = down < p->down[a] ? down : p->down[a];
    if (p->up[a] == 0 && p->down[a] == 0)
        hold_fast(p, a, n_work);
}

static void look_at(struct patch *p, int row, int *n_work)
{
    int n = equation(p, row), a = p->met[0], b = p->met[1];
    int first = n > 0 ? p->entry[a] : 0, second = n > 1 ? p->entry[b] : 0;
    forget_entries(p, n);
    if (n == 1)
        hold_fast(p, a, n_work);
    else if (n == 2 && abs(first) == abs(second))
        tie(p, a, b, first == second ? -1 : 1, n_work);
}

static void each_alone(struct patch *p)
{
    for (int i = 0; i < p->n_queue; i++) {
        p->tied[i] = p->next[i] = i;
        p->size[i] = p->way[i] = 1;
        p->stuck[i] = 0;
        p->up[i] = INT64_MAX;
        p->down[i] = bounded(p->g->s, p->queue[i]) ? p->g->s->cell[p->queue[i]].value : INT64_MAX;
    }
}

static void reduce(struct patch *p)
{
    int n_work = 0;
    each_alone(p);
    for (int row = p->n_rows - 1; row >= 0 && !p->plain; row--) {
        p->waits[row] = 1;
        p->work[n_work++] = row;
    }
    while (n_work > 0) {
        int row = p->work[--n_work];
        p->waits[row] = 0;
        look_at(p, row, &n_work);
    }
}

/* --- the program ------------------------------------------------------------------------- */

struct lines { /* by those that stand for cells, then by variables */
    int n, n_entries;
    int n_equations; /* they come first; behind them what published rates say */
    int *first, *column;
    double *entry, *low, *high;
};

static void lines_init(struct lines *l, const struct patch *p)
{
    const struct ground *g = p->g;
    size_t rows = (size_t)p->n_rows + 1, entries = 1;
    for (int i = 0; i < p->n_queue; i++) {
        int cell = p->queue[i];
        size_t derived = (size_t)(g->derived_first[cell + 1] - g->derived_first[cell]);
        entries += (size_t)(g->relation_first[cell + 1] - g->relation_first[cell]) + 4 * derived;
        rows += 2 * derived;
    }
    *l = (struct lines){.first = zeroed(rows, sizeof(int)), .column = zeroed(entries, sizeof(int)),
                        .entry = zeroed(entries, sizeof(double)),
                        .low = zeroed(rows, sizeof(double)), .high = zeroed(rows, sizeof(double))};
}

static void lines_finish(struct lines *l)
{
    free(l->first);
    free(l->column);
    free(l->entry);
    free(l->low);
    free(l->high);
}

static void put(struct lines *l, int column, double entry)
{
    l->column[l->n_entries] = column;
    l->entry[l->n_entries++] = entry;
}

static void end_line(struct lines *l, double low, double high)
{
    if (l->n_entries > l->first[l->n]) {
        l->low[l->n] = low;
        l->high[l->n++] = high;
        l->first[l->n] = l->n_entries;
    }
}

static void put_cell(struct patch *p, struct lines *l, int cell, double factor)
{
    int way, i = p->column[cell] - 1;
    if (i < 0)
        return;
    i = stands_for(p, i, &way);
    if (!p->stuck[i])
        put(l, i, factor * way);
}

/* low a <= b <= high a, as moves away from the true values. */
static void put_derived(struct patch *p, struct lines *l, const struct derived *d, double unit,
                        bool both)
{
    const struct sdc_cell *cell = p->g->s->cell;
    double a = (double)cell[d->a].value, b = (double)cell[d->b].value;
    double below = (b - d->low * a) / unit, above = (d->high * a - b) / unit;
    below = below > 0 ? below : 0;
    above = above > 0 ? above : 0;
    put_cell(p, l, d->a, d->low);
    put_cell(p, l, d->b, -1);
    end_line(l, both ? -below : -LP_INFINITY, below);
    put_cell(p, l, d->b, 1);
    put_cell(p, l, d->a, -d->high);
    end_line(l, both ? -above : -LP_INFINITY, above);
}

static void put_all(struct patch *p, struct lines *l, double unit, bool both)
{
    const struct ground *g = p->g;
    for (int row = 0; row < p->n_rows; row++) {
        int n = equation(p, row);
        for (int k = 0; k < n; k++)
            put(l, p->met[k], p->entry[p->met[k]]);
        forget_entries(p, n);
        end_line(l, 0, 0);
    }
    l->n_equations = l->n;
    for (int i = 0; i < p->n_queue; i++) {
        int cell = p->queue[i];
        for (int k = g->derived_first[cell]; k < g->derived_first[cell + 1]; k++) {
            const struct derived *d = &g->s->derived[g->derived[k]];
            if (cell == d->b || p->column[d->b] == 0) /* once, not from both ends */
                put_derived(p, l, d, unit, both);
        }
    }
}

/* Marks the lines that are connected with the target. */
static uint8_t *connected(struct patch *p, const struct lines *l, int target)
{
    int *first = zeroed((size_t)p->n_queue + 1, sizeof *first);
    int *line = zeroed((size_t)l->n_entries, sizeof *line);
    int *queue = zeroed((size_t)p->n_queue, sizeof *queue), n = 0;
    uint8_t *in = zeroed((size_t)l->n, 1);
    for (int k = 0; k < l->n_entries; k++)
        first[l->column[k]]++;
    for (int i = 1; i <= p->n_queue; i++)
        first[i] += first[i - 1];
    for (int r = 0; r < l->n; r++) { /* fills from behind, so that first[] ends where lists begin */
        for (int k = l->first[r]; k < l->first[r + 1]; k++)
            line[--first[l->column[k]]] = r;
    }
    p->variable[target] = 1;
    queue[n++] = target;
    for (int done = 0; done < n; done++) {
        for (int k = first[queue[done]]; k < first[queue[done] + 1]; k++) {
            int r = line[k];
            for (int j = l->first[r]; j < l->first[r + 1] && !in[r]; j++) {
                if (p->variable[l->column[j]] == 0) {
                    p->variable[l->column[j]] = 1;
                    queue[n++] = l->column[j];
                }
            }
            in[r] = 1;
        }
    }
    free(first);
    free(line);
    free(queue);
    return in;
}

struct kept { /* lines by content; slot: line + 1 */
    uint32_t mask;
    int *slot;
};

static int by_column(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* An equation in its own order: smallest column first, its factor above 0. */
static void in_order(struct patch *p, struct lines *l, int r)
{
    int first = l->first[r], n = l->first[r + 1] - first;
    for (int k = first; k < first + n; k++)
        p->entry[l->column[k]] = (int)l->entry[k];
    sort_by(l->column + first, (size_t)n, sizeof *l->column, by_column);
    int turn = p->entry[l->column[first]] < 0 ? -1 : 1;
    for (int k = first; k < first + n; k++) {
        l->entry[k] = turn * p->entry[l->column[k]];
        p->entry[l->column[k]] = 0;
    }
}

static bool same_line(const struct lines *l, int a, int b)
{
    int n = l->first[a + 1] - l->first[a];
    return n == l->first[b + 1] - l->first[b] &&
           memcmp(l->column + l->first[a], l->column + l->first[b], (size_t)n * sizeof(int)) == 0 &&
           memcmp(l->entry + l->first[a], l->entry + l->first[b], (size_t)n * sizeof(double)) == 0;
}

/* Has the equation been met? */
static bool met_before(struct kept *x, const struct lines *l, int r)
{
    uint64_t h = 0;
    for (int k = l->first[r]; k < l->first[r + 1]; k++)
        h = (h ^ (uint64_t)l->column[k] ^ ((uint64_t)(int64_t)l->entry[k] << 32)) *
            UINT64_C(0x9E3779B97F4A7C15);
    uint32_t at = (uint32_t)(h >> 32) & x->mask;
    for (; x->slot[at] != 0; at = (at + 1) & x->mask) {
        if (same_line(l, x->slot[at] - 1, r))
            return true;
    }
    x->slot[at] = r + 1;
    return false;
}

/* Numbers the variables that are connected, and sets their room in its place. */
static void number(struct patch *p, const uint8_t *in)
{
    p->n_variables = 0;
    for (int i = 0; i < p->n_queue; i++) {
        if (p->tied[i] != i || p->stuck[i] || (in != NULL && p->variable[i] == 0)) {
            p->variable[i] = 0;
            continue;
        }
        int v = p->n_variables++;
        p->variable[i] = v + 1;
        p->up[v] = p->up[i]; /* v <= i: nothing that is still needed is lost */
        p->down[v] = p->down[i];
    }
    for (int i = 0; i < p->n_queue; i++) {
        int way, root = stands_for(p, i, &way);
        p->way[i] = (int8_t)(root == i ? 1 : way);
        p->tied[i] = root;
        if (root != i)
            p->variable[i] = p->stuck[root] ? 0 : p->variable[root];
    }
}

/* The lines that are left, each entry for what its variable goes up and what it goes down. */
static struct lp *finish_program(struct patch *p, struct lines *l, const uint8_t *in)
{
    struct lines out = {.first = zeroed((size_t)l->n + 1, sizeof(int)),
                        .column = zeroed(2 * (size_t)l->n_entries, sizeof(int)),
                        .entry = zeroed(2 * (size_t)l->n_entries, sizeof(double)),
                        .low = zeroed((size_t)l->n, sizeof(double)),
                        .high = zeroed((size_t)l->n, sizeof(double))};
    struct kept kept = {.mask = 15};
    while (kept.mask < 2 * (uint32_t)l->n)
        kept.mask = 2 * kept.mask + 1;
    kept.slot = zeroed(kept.mask, sizeof *kept.slot);
    for (int r = 0; r < l->n; r++) {
        if (in != NULL && !in[r])
            continue;
        if (r < l->n_equations && !p->plain) {
            in_order(p, l, r);
            if (met_before(&kept, l, r))
                continue;
        }
        for (int k = l->first[r]; k < l->first[r + 1]; k++) {
            int v = p->variable[l->column[k]] - 1;
            put(&out, 2 * v, l->entry[k]);
            put(&out, 2 * v + 1, -l->entry[k]);
        }
        end_line(&out, l->low[r], l->high[r]);
    }
    struct lp *lp = lp_create(2 * p->n_variables, &(struct lp_rows){out.n, out.first, out.column,
                                                                    out.entry, out.low, out.high});
    lines_finish(&out);
    free(kept.slot);
    return lp;
}

struct lp *patch_program(struct patch *p, double unit, bool both)
{
    int way, target;
    if (p->n_queue == 0)
        return NULL;
    reduce(p);
    target = stands_for(p, 0, &way);
    if (p->stuck[target])
        return NULL;
    struct lines l;
    lines_init(&l, p);
    put_all(p, &l, unit, both);
    for (int i = 0; i < p->n_queue; i++)
        p->variable[i] = 0;
    uint8_t *in = p->plain ? NULL : connected(p, &l, target);
    number(p, in);
    struct lp *lp = finish_program(p, &l, in);
    lines_finish(&l);
    free(in);
    return lp;
}

double patch_move(const struct patch *p, const double *solution, int i)
{
    int way, v = patch_variable(p, i, &way);
    return v < 0 ? 0 : way * (solution[2 * v] - solution[2 * v + 1]);
}
