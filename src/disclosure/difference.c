/* What changed, by cell. See difference.h. */
#define _GNU_SOURCE /* sort_by_r */
#include "disclosure/difference.h"

#include <stdlib.h>

enum { CHAIN_MAX = 16, /* nodes from a leaf to the total */
       LEVELS_MOST = 1 << 20 };

/* --- cells by their coordinates --------------------------------------------------------- */

static const int16_t *at_of(const struct cell_index *x, int cell)
{
    return (const int16_t *)(const void *)(x->first + (size_t)cell * x->stride);
}

static size_t place_of(const struct cell_index *x, const int16_t *at)
{
    uint64_t h = 0x9e3779b97f4a7c15u;
    for (int d = 0; d < x->plan->n_dims; d++)
        h = (h ^ (uint64_t)(uint16_t)at[d]) * 0xa0761d6478bd642fu, h ^= h >> 29;
    return (size_t)h & x->mask;
}

int cell_index_find(const struct cell_index *x, const int16_t *at)
{
    for (size_t i = place_of(x, at); x->slot[i] >= 0; i = (i + 1) & x->mask)
        if (leaves_cmp(x->plan->n_dims, at_of(x, x->slot[i]), at) == 0)
            return x->slot[i];
    return -1;
}

/* The depths of some coordinates as one number. */
static int level_of(const struct cell_index *x, const int16_t *at)
{
    int level = 0;
    for (int d = 0; d < x->plan->n_dims; d++)
        level += x->plan->dim[d].node[at[d]].depth * x->level_step[d];
    return level;
}

static void levels_init(struct cell_index *x, struct arena *a)
{
    int n = 1;
    for (int d = 0; d < x->plan->n_dims; d++) {
        int deepest = 0;
        for (int i = 0; i < x->plan->dim[d].n; i++)
            if (x->plan->dim[d].node[i].depth > deepest)
                deepest = x->plan->dim[d].node[i].depth;
        x->level_step[d] = n;
        n *= deepest + 1;
        if (n > LEVELS_MOST) /* all are looked up; such a plan is refused later (ground.c) */
            return;
    }
    x->levels = ARENA_ARRAY(a, uint64_t, BITS_WORDS((size_t)n));
}

void cell_index_init(struct cell_index *x, struct arena *a, const struct plan *p,
                     const void *cells, size_t stride, int n)
{
    *x = (struct cell_index){.plan = p, .first = cells, .stride = stride, .n = n, .mask = 15};
    while (x->mask < (size_t)n * 2)
        x->mask = x->mask * 2 + 1;
    x->slot = ARENA_ARRAY(a, int32_t, x->mask + 1);
    memset(x->slot, 0xff, (x->mask + 1) * sizeof *x->slot);
    for (int d = 0; d < p->n_dims; d++)
        x->seen[d] = ARENA_ARRAY(a, uint64_t, BITS_WORDS((size_t)p->dim[d].n));
    levels_init(x, a);
    for (int c = 0; c < n; c++) {
        size_t i = place_of(x, at_of(x, c));
        while (x->slot[i] >= 0)
            i = (i + 1) & x->mask;
        x->slot[i] = c;
        for (int d = 0; d < p->n_dims; d++) {
            check(at_of(x, c)[d] >= 0 && at_of(x, c)[d] < p->dim[d].n);
            bit_set(x->seen[d], (size_t)at_of(x, c)[d]);
        }
        if (x->levels != NULL)
            bit_set(x->levels, (size_t)level_of(x, at_of(x, c)));
    }
}

/* --- lists of contributions -------------------------------------------------------------- */

int leaves_cmp(int n_dims, const int16_t *a, const int16_t *b)
{
    for (int d = 0; d < n_dims; d++)
        if (a[d] != b[d])
            return a[d] < b[d] ? -1 : 1;
    return 0;
}

static int line_cmp(int n_dims, const struct contribution_at *a, const struct contribution_at *b)
{
    int c = leaves_cmp(n_dims, a->leaf, b->leaf);
    return c ? c : (a->party > b->party) - (a->party < b->party);
}

static int line_cmp_r(const void *a, const void *b, void *n_dims)
{
    return line_cmp(*(const int *)n_dims, a, b);
}

const struct contribution_at *contributions_sorted(const struct contribution_at *c, size_t n,
                                                   int n_dims, struct arena *a, size_t *n_out)
{
    size_t i = 1, k = 0;
    while (i < n && line_cmp(n_dims, &c[i - 1], &c[i]) < 0)
        i++;
    *n_out = n;
    if (i >= n)
        return c;
    struct contribution_at *own = ARENA_ARRAY(a, struct contribution_at, n);
    memcpy(own, c, n * sizeof *own);
    sort_by_r(own, n, sizeof *own, line_cmp_r, &n_dims);
    for (i = 1; i < n; i++) {
        if (line_cmp(n_dims, &own[k], &own[i]) == 0)
            own[k].value += own[i].value;
        else
            own[++k] = own[i];
    }
    *n_out = k + 1;
    return own;
}

bool walk_step(struct walk *w, struct both *out)
{
    bool then = w->then < w->then_end, now = w->now < w->now_end;
    if (!then && !now)
        return false;
    int c = !then ? 1 : !now ? -1 : line_cmp(w->n_dims, w->then, w->now);
    *out = (struct both){c <= 0 ? w->then++ : NULL, c >= 0 ? w->now++ : NULL};
    return true;
}

/* --- effects ----------------------------------------------------------------------------- */

void effects_put(struct effects *f, const struct effect *what)
{
    if (f->n == f->cap) {
        f->cap = f->cap ? f->cap * 2 : 4096;
        f->e = realloc(f->e, f->cap * sizeof *f->e);
        check(f->e != NULL);
    }
    f->e[f->n++] = *what;
}

/* The ancestors of a leaf, itself first, that some cell has. */
static int chain_of(const struct cell_index *x, int d, int node, int16_t *out)
{
    const struct dimension *dim = &x->plan->dim[d];
    int n = 0;
    check(node >= 0 && node < dim->n);
    for (; node >= 0; node = dim->node[node].parent) {
        if (!bit_get(x->seen[d], (size_t)node))
            continue;
        check(n < CHAIN_MAX);
        out[n++] = (int16_t)node;
    }
    return n;
}

/* Every cell above a leaf, every dimension turning, the last one fastest; the first alone when
 * there is nowhere to put an effect. */
static bool cells_above(const struct cell_index *x, const int16_t *leaf, struct effects *f,
                        const struct effect *what)
{
    int16_t chain[DIMS_MAX][CHAIN_MAX], at[DIMS_MAX] = {0};
    int n[DIMS_MAX], i[DIMS_MAX] = {0}, n_dims = x->plan->n_dims, d;
    int rise[DIMS_MAX][CHAIN_MAX], level = 0; /* of a node, in the number of the depths */
    bool found = false;
    for (d = 0; d < n_dims; d++) {
        n[d] = chain_of(x, d, leaf[d], chain[d]);
        if (n[d] == 0)
            return false;
        at[d] = chain[d][0];
        for (int k = 0; k < n[d]; k++)
            rise[d][k] = x->plan->dim[d].node[chain[d][k]].depth * x->level_step[d];
        level += rise[d][0];
    }
    do { /* most combinations of levels are in no table */
        bool some = x->levels == NULL || bit_get(x->levels, (size_t)level);
        int cell = some ? cell_index_find(x, at) : -1;
        found |= cell >= 0;
        if (found && !f)
            return true;
        if (cell >= 0) {
            struct effect here = *what;
            here.cell = cell;
            effects_put(f, &here);
        }
        for (d = n_dims - 1; d >= 0; d--) {
            level -= rise[d][i[d]];
            i[d] = i[d] + 1 < n[d] ? i[d] + 1 : 0;
            level += rise[d][i[d]];
            at[d] = chain[d][i[d]];
            if (i[d] > 0)
                break;
        }
    } while (d >= 0);
    return found;
}

void effects_add(struct effects *f, const struct cell_index *x, const struct effect *what,
                 const int16_t *leaf)
{
    cells_above(x, leaf, f, what);
}

bool cell_index_covers(const struct cell_index *x, const int16_t *leaf)
{
    return cells_above(x, leaf, NULL, NULL);
}

static int party_cmp(const void *a, const void *b)
{
    const struct effect *x = a, *y = b;
    if (x->party != y->party)
        return x->party < y->party ? -1 : 1;
    return (x->item > y->item) - (x->item < y->item);
}

void effects_sort(struct effects *f, int n_cells)
{
    size_t *start = calloc((size_t)n_cells + 2, sizeof *start);
    struct effect *sorted = malloc((f->n + 1) * sizeof *sorted);
    check(start != NULL && sorted != NULL);
    for (size_t i = 0; i < f->n; i++)
        start[f->e[i].cell + 2]++;
    for (int c = 0; c < n_cells; c++)
        start[c + 2] += start[c + 1];
    for (size_t i = 0; i < f->n; i++)
        sorted[start[f->e[i].cell + 1]++] = f->e[i];
    for (int c = 0; c < n_cells; c++)
        if (start[c + 1] - start[c] > 1)
            sort_by(sorted + start[c], start[c + 1] - start[c], sizeof *sorted, party_cmp);
    free(f->e);
    free(f->start);
    f->e = sorted;
    f->cap = f->n + 1;
    f->start = start;
}

void effects_finish(struct effects *f)
{
    free(f->e);
    free(f->start);
    *f = (struct effects){0};
}

static void count_party(struct sdc_cell *c, uint32_t party, int64_t net)
{
    int64_t size = net < 0 ? -net : net;
    if (net == 0)
        return;
    c->contributors++;
    c->value += net;
    c->weight += size;
    int rank = size > c->top[0] ? 0 : size > c->top[1] ? 1 : 2;
    if (rank == 0) {
        c->top[1] = c->top[0];
        c->top_party[1] = c->top_party[0];
    }
    if (rank < 2) {
        c->top[rank] = size;
        c->top_party[rank] = party;
    }
}

int effects_kinds(const struct effects *f, int cell, uint16_t kind[EFFECTS_KINDS])
{
    int n = 0;
    bool other = false;
    for (size_t i = f->start[cell]; i < f->start[cell + 1]; i++) {
        int k = 0;
        while (k < n && kind[k] != f->e[i].kind)
            k++;
        check(k < EFFECTS_KINDS);
        kind[k] = f->e[i].kind;
        n = k == n ? n + 1 : n;
        other |= f->e[i].kind != 0;
    }
    return other ? n : 0;
}

void effects_cell(const struct effects *f, int cell, const uint8_t *choice, struct sdc_cell *out)
{
    effects_cell_of(f, cell, choice, EFFECTS_ALL, out);
}

void effects_cell_of(const struct effects *f, int cell, const uint8_t *choice, int kind,
                     struct sdc_cell *out)
{
    *out = (struct sdc_cell){.top_party = {UINT32_MAX, UINT32_MAX}};
    size_t i = f->start[cell], end = f->start[cell + 1];
    while (i < end) {
        uint32_t party = f->e[i].party;
        int64_t net = 0;
        for (; i < end && f->e[i].party == party; i++) {
            const struct effect *e = &f->e[i];
            if (kind == EFFECTS_ALL || e->kind == kind)
                net += e->change[choice && e->item >= 0 && choice[e->item] != e->choice];
        }
        count_party(out, party, net);
    }
}
