/*
 * The cells of all tables of a plan as one system. A cell belongs to exactly one level vector (the
 * depths of its nodes), so each level vector that a table wants is one pass over the
 * contributions, whichever and however many tables want it. Contributions are sorted by
 * contributor first: a cell then meets each of its contributors in one stretch, and needs no set
 * of them to count them and to keep the two largest.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "disclosure/system.h"

/* --- contributions by contributor -------------------------------------------------------- */

static void sort_by_party(const struct contribution_at *c, uint32_t *order, uint32_t *spare,
                          size_t n)
{
    enum { BITS = 11, BINS = 1 << BITS };
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    for (int shift = 0; shift < 32; shift += BITS) {
        size_t start[BINS] = {0}, sum = 0;
        for (size_t i = 0; i < n; i++)
            start[(c[i].party >> shift) & (BINS - 1)]++;
        for (int b = 0; b < BINS; b++) {
            size_t count = start[b];
            start[b] = sum;
            sum += count;
        }
        for (size_t i = 0; i < n; i++)
            spare[start[(c[order[i]].party >> shift) & (BINS - 1)]++] = order[i];
        uint32_t *t = order;
        order = spare;
        spare = t;
    }
    /* Three passes: what is sorted lies in the caller's `spare`. */
}

/* --- one level vector -------------------------------------------------------------------- */

struct gathered { /* a cell while its contributions come in */
    uint64_t key;
    int64_t value, weight, current, top[2];
    uint32_t party, contributors, top_party[2];
};
struct gathering {
    struct gathered *cell;
    uint32_t n, cap, mask;
    uint32_t *slot;
    bool overflow;
};

static void close_party(struct gathering *g, struct gathered *c)
{
    if (c->current == 0)
        return;
    int64_t size = c->current < 0 ? -c->current : c->current;
    g->overflow |= __builtin_add_overflow(c->value, c->current, &c->value);
    g->overflow |= __builtin_add_overflow(c->weight, size, &c->weight);
    c->contributors++;
    /* Contributors come in order of their numbers: among equals the lower one stays first. */
    if (size > c->top[0]) {
        c->top[1] = c->top[0];
        c->top_party[1] = c->top_party[0];
        c->top[0] = size;
        c->top_party[0] = c->party;
    } else if (size > c->top[1]) {
        c->top[1] = size;
        c->top_party[1] = c->party;
    }
    c->current = 0;
}

static uint32_t gathering_slot(const struct gathering *g, uint64_t key)
{
    uint32_t i = (uint32_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & g->mask;
    while (g->slot[i] != 0 && g->cell[g->slot[i] - 1].key != key)
        i = (i + 1) & g->mask;
    return i;
}

static void gathering_grow(struct gathering *g)
{
    g->cap = g->cap == 0 ? 1024 : g->cap * 2;
    g->mask = g->cap * 2 - 1;
    g->cell = realloc(g->cell, g->cap * sizeof *g->cell);
    free(g->slot);
    g->slot = calloc((size_t)g->mask + 1, sizeof *g->slot);
    check(g->cell != NULL && g->slot != NULL);
    for (uint32_t i = 0; i < g->n; i++)
        g->slot[gathering_slot(g, g->cell[i].key)] = i + 1;
}

static struct gathered *gathering_cell(struct gathering *g, uint64_t key, uint32_t party)
{
    uint32_t at = g->cap == 0 ? 0 : gathering_slot(g, key);
    if (g->cap == 0 || g->slot[at] == 0) {
        if (g->n == g->cap) {
            gathering_grow(g);
            at = gathering_slot(g, key);
        }
        g->cell[g->n] = (struct gathered){.key = key, .party = party,
                                          .top_party = {UINT32_MAX, UINT32_MAX}};
        g->slot[at] = ++g->n;
    }
    return &g->cell[g->slot[at] - 1];
}

struct building {
    const struct plan *plan;
    const struct keys *keys;
    const struct contribution_at *c;
    const uint32_t *order; /* by contributor */
    size_t n;
    int n_levels;
    int *level;            /* level vectors that are wanted */
    struct gathering *gathering;
    atomic_int next;
};

/* The node of each leaf at a depth, as its share of the key; UINT64_MAX: the leaf lies higher, or
 * the node is absent. */
static uint64_t *leaf_keys(const struct building *b, int dim, int depth)
{
    const struct dimension *d = &b->plan->dim[dim];
    uint64_t *out = malloc((size_t)d->n * sizeof *out);
    check(out != NULL);
    for (int leaf = 0; leaf < d->n; leaf++) {
        int node = leaf;
        while (d->node[node].depth > depth)
            node = d->node[node].parent;
        bool none = d->node[node].depth < depth || d->node[node].absent;
        out[leaf] = none ? UINT64_MAX : (uint64_t)node * b->keys->radix[dim];
    }
    return out;
}

static void gather_level(const struct building *b, int level, struct gathering *g)
{
    uint64_t *part[DIMS_MAX];
    int dim[DIMS_MAX], n_dims = 0;
    for (int d = 0; d < b->plan->n_dims; d++) {
        int depth = level / b->keys->level_step[d];
        level %= b->keys->level_step[d];
        if (depth == 0 && !b->plan->dim[d].node[0].absent)
            continue; /* all lie below the total, whose share of the key is 0 */
        dim[n_dims] = d;
        part[n_dims++] = leaf_keys(b, d, depth);
    }
    for (size_t i = 0; i < b->n; i++) {
        const struct contribution_at *c = &b->c[b->order[i]];
        uint64_t key = 0;
        bool in = c->value != 0;
        for (int d = 0; d < n_dims && in; d++) {
            uint64_t p = part[d][c->leaf[dim[d]]];
            in = p != UINT64_MAX;
            key += p;
        }
        if (!in)
            continue;
        struct gathered *cell = gathering_cell(g, key, c->party);
        if (cell->party != c->party) {
            close_party(g, cell);
            cell->party = c->party;
        }
        g->overflow |= __builtin_add_overflow(cell->current, c->value, &cell->current);
        g->overflow |= cell->current == INT64_MIN;
    }
    for (uint32_t i = 0; i < g->n; i++)
        close_party(g, &g->cell[i]);
    for (int d = 0; d < n_dims; d++)
        free(part[d]);
}

static void gather_levels(void *ctx, int thread)
{
    struct building *b = ctx;
    (void)thread;
    int i;
    while ((i = atomic_fetch_add(&b->next, 1)) < b->n_levels) {
        gather_level(b, b->level[i], &b->gathering[i]);
        free(b->gathering[i].slot);
        b->gathering[i].slot = NULL;
    }
}

/* --- the cells --------------------------------------------------------------------------- */

/* Shown by at least one table, with none of its nodes hidden there. */
static bool shown(const struct plan *p, const int16_t at[DIMS_MAX])
{
    for (int d = 0; d < p->n_dims; d++) {
        if (p->dim[d].node[at[d]].hidden)
            return false;
    }
    for (int t = 0; t < p->n_tables; t++) {
        bool in = true;
        for (int d = 0; d < p->n_dims && in; d++) {
            int depth = p->dim[d].node[at[d]].depth;
            in = depth >= p->table[t].from[d] && depth <= p->table[t].depth[d];
        }
        if (in)
            return true;
    }
    return false;
}

static int by_key(const void *a, const void *b)
{
    uint64_t x = ((const struct gathered *)a)->key, y = ((const struct gathered *)b)->key;
    return (x > y) - (x < y);
}

static void cell_of(struct sdc_cell *out, const struct gathered *g, const struct system *s,
                    const struct keys *k)
{
    uint64_t key = g->key;
    *out = (struct sdc_cell){.contributors = g->contributors, .value = g->value,
                             .weight = g->weight,
                             .top_party = {g->top_party[0], g->top_party[1]},
                             .top = {g->top[0], g->top[1]}};
    for (int d = 0; d < k->n_dims; d++) {
        out->at[d] = (int16_t)(key / k->radix[d]);
        key %= k->radix[d];
    }
    out->state = shown(s->plan, out->at) ? CELL_OPEN : CELL_HIDDEN;
    out->sensitive = cell_sensitive(&s->rules, out);
}

static enum err collect_cells(struct system *s, struct building *b, struct error *e)
{
    size_t n = 0;
    bool overflow = false;
    for (int i = 0; i < b->n_levels; i++) {
        n += b->gathering[i].n;
        overflow |= b->gathering[i].overflow;
    }
    if (overflow)
        return err_set(e, ERR_LIMIT, "金额合计超出 64 位整数", "a sum of values exceeds 64 bits");
    if (n > LIMIT_TABLE_CELLS)
        return err_set(e, ERR_LIMIT, "发布计划有 %zu 个单元格，上限为 %d (LIMIT_TABLE_CELLS)",
                       "the plan has %zu cells, the limit is %d (LIMIT_TABLE_CELLS)", n,
                       LIMIT_TABLE_CELLS);
    struct gathered *all = malloc((n + 1) * sizeof *all);
    check(all != NULL);
    n = 0;
    for (int i = 0; i < b->n_levels; i++) {
        if (b->gathering[i].n > 0)
            memcpy(all + n, b->gathering[i].cell, b->gathering[i].n * sizeof *all);
        n += b->gathering[i].n;
    }
    sort_by(all, n, sizeof *all, by_key);
    s->n_cells = (int)n;
    s->cell = ARENA_ARRAY(s->arena, struct sdc_cell, n + 1);
    for (size_t i = 0; i < n; i++)
        cell_of(&s->cell[i], &all[i], s, b->keys);
    free(all);
    return OK;
}

static enum err build_cells(struct system *s, const struct keys *k,
                            const struct contribution_at *c, size_t n, struct error *e)
{
    struct building b = {.plan = s->plan, .keys = k, .c = c, .n = n};
    uint32_t *order = malloc(2 * (n + 1) * sizeof *order);
    b.level = malloc((size_t)k->n_levels * sizeof *b.level);
    check(order != NULL && b.level != NULL);
    sort_by_party(c, order, order + n, n);
    b.order = order + n;
    /* The finest first: they take longest. */
    for (int level = k->n_levels - 1; level >= 0; level--) {
        if (keys_wanted(k, level))
            b.level[b.n_levels++] = level;
    }
    b.gathering = calloc((size_t)b.n_levels + 1, sizeof *b.gathering);
    check(b.gathering != NULL);
    threads_run(processors(), gather_levels, &b);
    enum err r = collect_cells(s, &b, e);
    for (int i = 0; i < b.n_levels; i++)
        free(b.gathering[i].cell);
    free(b.gathering);
    free(b.level);
    free(order);
    return r;
}

/* --- relations --------------------------------------------------------------------------- */

/* The cell one step up along a dimension; -1 from the total and below an absent node. Else it is
 * always there: tables are boxes, and a cell without contributions has no child with any. */
static int cell_above(const struct system *s, const struct keys *k, int cell, int dim)
{
    int node = s->cell[cell].at[dim];
    if (node == 0)
        return -1;
    int parent = s->plan->dim[dim].node[node].parent;
    if (s->plan->dim[dim].node[parent].absent)
        return -1;
    int above = keys_find(k, k->key[cell] - (uint64_t)(node - parent) * k->radix[dim]);
    check(above >= 0);
    return above;
}

/* A relation for every cell and dimension in which it has children. One child alone is one too:
 * the parent then equals it. */
static void build_relations(struct system *s, const struct keys *k)
{
    int dims = s->plan->n_dims;
    size_t all = (size_t)s->n_cells * (size_t)dims;
    int *children = calloc(all + 1, sizeof *children);
    int *above = malloc((all + 1) * sizeof *above);
    check(children != NULL && above != NULL);
    for (int c = 0; c < s->n_cells; c++) {
        for (int d = 0; d < dims; d++) {
            int up = cell_above(s, k, c, d);
            above[(size_t)c * (size_t)dims + (size_t)d] = up;
            if (up >= 0 && children[(size_t)up * (size_t)dims + (size_t)d]++ == 0) {
                s->n_relations++;
                s->n_members++;
            }
            s->n_members += up >= 0;
        }
    }
    s->relation = ARENA_ARRAY(s->arena, struct relation, (size_t)s->n_relations + 1);
    s->member = ARENA_ARRAY(s->arena, int, (size_t)s->n_members + 1);
    int n = 0, at = 0;
    for (size_t i = 0; i < all; i++) {
        if (children[i] == 0)
            continue;
        s->relation[n] = (struct relation){at, 1};
        s->member[at] = (int)(i / (size_t)dims);
        at += children[i] + 1;
        children[i] = n++;
    }
    for (int c = 0; c < s->n_cells; c++) {
        for (int d = 0; d < dims; d++) {
            int up = above[(size_t)c * (size_t)dims + (size_t)d];
            if (up < 0)
                continue;
            struct relation *r = &s->relation[children[(size_t)up * (size_t)dims + (size_t)d]];
            s->member[r->first + r->n++] = c;
        }
    }
    free(children);
    free(above);
}

static void check_leaves(const struct plan *p, const struct contribution_at *c, size_t n,
                         struct arena *a)
{
    for (int d = 0; d < p->n_dims; d++) {
        const struct dimension *dim = &p->dim[d];
        bool *inner = ARENA_ARRAY(a, bool, (size_t)dim->n);
        for (int i = 1; i < dim->n; i++)
            inner[dim->node[i].parent] = true;
        for (size_t i = 0; i < n; i++)
            check(c[i].leaf[d] >= 0 && c[i].leaf[d] < dim->n && !inner[c[i].leaf[d]]);
    }
}

enum err system_build(struct system **out, struct arena *a, const struct plan *p,
                      const struct rules *r, const struct contribution_at *c, size_t n,
                      struct error *e)
{
    if (n >= UINT32_MAX)
        return err_set(e, ERR_LIMIT, "贡献记录太多", "too many contributions");
    struct arena season = {0};
    struct keys k;
    struct system *s = ARENA_NEW(a, struct system);
    *s = (struct system){.plan = p, .rules = *r, .arena = a};
    enum err result = keys_of(&k, &season, p, e);
    if (result == OK) {
        check_leaves(p, c, n, &season);
        result = build_cells(s, &k, c, n, e);
    }
    if (result == OK) {
        keys_fill(&k, &season, s->cell, s->n_cells);
        build_relations(s, &k);
        *out = s;
    }
    arena_finish(&season);
    return result;
}

int system_find(const struct system *s, const int16_t at[DIMS_MAX])
{
    int low = 0, high = s->n_cells;
    while (low < high) {
        int mid = low + (high - low) / 2, order = 0;
        for (int d = 0; d < DIMS_MAX && order == 0; d++)
            order = (s->cell[mid].at[d] > at[d]) - (s->cell[mid].at[d] < at[d]);
        if (order == 0)
            return mid;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return -1;
}
