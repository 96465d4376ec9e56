/* Coordinates as keys, and the index over a system. */
#include "disclosure/system.h"

static int dim_depth(const struct dimension *d)
{
    int depth = 0;
    for (int i = 0; i < d->n; i++)
        depth = d->node[i].depth > depth ? d->node[i].depth : depth;
    return depth;
}

static void check_plan(const struct plan *p)
{
    check(p->n_dims >= 1 && p->n_dims <= DIMS_MAX);
    for (int d = 0; d < p->n_dims; d++) {
        const struct dimension *dim = &p->dim[d];
        check(dim->n >= 1 && dim->n <= INT16_MAX && dim->node[0].parent == -1);
        for (int i = 1; i < dim->n; i++) {
            int parent = dim->node[i].parent;
            check(parent >= 0 && parent < i && dim->node[i].depth == dim->node[parent].depth + 1);
        }
    }
}

/* All level vectors of one table: the box below its depths. */
static void want_box(struct keys *k, const int *most)
{
    int level[DIMS_MAX] = {0};
    for (;;) {
        int at = 0, d = 0;
        for (int i = 0; i < k->n_dims; i++)
            at += level[i] * k->level_step[i];
        k->wanted[at / 64] |= UINT64_C(1) << (at % 64);
        while (d < k->n_dims && level[d] == most[d])
            level[d++] = 0;
        if (d == k->n_dims)
            return;
        level[d]++;
    }
}

enum err keys_of(struct keys *k, struct arena *a, const struct plan *p, struct error *e)
{
    check_plan(p);
    *k = (struct keys){.n_dims = p->n_dims, .n_levels = 1};
    unsigned __int128 radix = 1;
    int depth[DIMS_MAX];
    for (int d = p->n_dims - 1; d >= 0; d--) {
        k->radix[d] = (uint64_t)radix;
        radix *= (unsigned)p->dim[d].n;
        if (radix >> 63)
            return err_set(e, ERR_LIMIT, "维度的组合太多，无法编号",
                           "too many combinations of the dimensions to be numbered");
        depth[d] = dim_depth(&p->dim[d]);
        k->level_step[d] = k->n_levels;
        k->n_levels *= depth[d] + 1;
        if (k->n_levels > 1 << 20)
            return err_set(e, ERR_LIMIT, "维度的层级组合太多",
                           "too many combinations of levels of the dimensions");
    }
    k->wanted = ARENA_ARRAY(a, uint64_t, (size_t)k->n_levels / 64 + 1);
    for (int t = 0; t < p->n_tables; t++) {
        int most[DIMS_MAX];
        for (int d = 0; d < p->n_dims; d++) {
            check(p->table[t].depth[d] >= 0);
            most[d] = p->table[t].depth[d] < depth[d] ? p->table[t].depth[d] : depth[d];
        }
        want_box(k, most);
    }
    return OK;
}

uint64_t keys_key(const struct keys *k, const int16_t at[DIMS_MAX])
{
    uint64_t key = 0;
    for (int d = 0; d < k->n_dims; d++)
        key += (uint64_t)at[d] * k->radix[d];
    return key;
}

static uint32_t key_slot(const struct keys *k, uint64_t key)
{
    return (uint32_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & k->mask;
}

void keys_fill(struct keys *k, struct arena *a, const struct sdc_cell *cell, int n)
{
    uint32_t size = 16;
    while (size < 2 * (uint32_t)n)
        size *= 2;
    k->mask = size - 1;
    k->slot = ARENA_ARRAY(a, uint32_t, size);
    k->key = ARENA_ARRAY(a, uint64_t, (size_t)n + 1);
    for (int c = 0; c < n; c++) {
        k->key[c] = keys_key(k, cell[c].at);
        uint32_t i = key_slot(k, k->key[c]);
        while (k->slot[i] != 0)
            i = (i + 1) & k->mask;
        k->slot[i] = (uint32_t)c + 1;
    }
}

int keys_find(const struct keys *k, uint64_t key)
{
    for (uint32_t i = key_slot(k, key); k->slot[i] != 0; i = (i + 1) & k->mask) {
        if (k->key[k->slot[i] - 1] == key)
            return (int)k->slot[i] - 1;
    }
    return -1;
}

/* Turns counts at first[i + 1] into where each list begins. */
static void counts_to_starts(int *first, int n)
{
    for (int i = 0; i < n; i++)
        first[i + 1] += first[i];
}

static void index_relations(struct ground *g, struct arena *a)
{
    const struct system *s = g->s;
    g->relation_first = ARENA_ARRAY(a, int, (size_t)s->n_cells + 2);
    g->relation = ARENA_ARRAY(a, int, (size_t)s->n_members + 1);
    for (int i = 0; i < s->n_members; i++)
        g->relation_first[s->member[i] + 1]++;
    counts_to_starts(g->relation_first, s->n_cells);
    int *at = ARENA_ARRAY(a, int, (size_t)s->n_cells + 1);
    memcpy(at, g->relation_first, (size_t)s->n_cells * sizeof *at);
    for (int r = 0; r < s->n_relations; r++) {
        const struct relation *rel = &s->relation[r];
        for (int i = 0; i < rel->n; i++)
            g->relation[at[s->member[rel->first + i]]++] = r;
    }
}

static void index_derived(struct ground *g, struct arena *a)
{
    const struct system *s = g->s;
    g->derived_first = ARENA_ARRAY(a, int, (size_t)s->n_cells + 2);
    g->derived = ARENA_ARRAY(a, int, 2 * (size_t)s->n_derived + 1);
    for (int i = 0; i < s->n_derived; i++) {
        check(s->derived[i].a != s->derived[i].b);
        g->derived_first[s->derived[i].a + 1]++;
        g->derived_first[s->derived[i].b + 1]++;
    }
    counts_to_starts(g->derived_first, s->n_cells);
    int *at = ARENA_ARRAY(a, int, (size_t)s->n_cells + 1);
    memcpy(at, g->derived_first, (size_t)s->n_cells * sizeof *at);
    for (int i = 0; i < s->n_derived; i++) {
        g->derived[at[s->derived[i].a]++] = i;
        g->derived[at[s->derived[i].b]++] = i;
    }
}

static void index_children(struct ground *g, struct arena *a, const struct plan *p)
{
    for (int d = 0; d < p->n_dims; d++) {
        const struct dimension *dim = &p->dim[d];
        int *first = ARENA_ARRAY(a, int, (size_t)dim->n + 2);
        int *child = ARENA_ARRAY(a, int, (size_t)dim->n + 1);
        int *at = ARENA_ARRAY(a, int, (size_t)dim->n + 1);
        for (int i = 1; i < dim->n; i++)
            first[dim->node[i].parent + 1]++;
        counts_to_starts(first, dim->n);
        memcpy(at, first, (size_t)dim->n * sizeof *at);
        for (int i = 1; i < dim->n; i++)
            child[at[dim->node[i].parent]++] = i;
        g->child_first[d] = first;
        g->child[d] = child;
    }
}

static bool same_content(const struct sdc_cell *a, const struct sdc_cell *b)
{
    return a->value == b->value && a->weight == b->weight && a->contributors == b->contributors &&
           a->sensitive == b->sensitive && memcmp(a->top, b->top, sizeof a->top) == 0 &&
           memcmp(a->top_party, b->top_party, sizeof a->top_party) == 0;
}

/* A whole with one part is that part under another name: what is known of one is known of the
 * other, by whomever. By union-find, the lower number above. */
static void find_twins(struct ground *g, struct arena *a)
{
    const struct system *s = g->s;
    g->twin = ARENA_ARRAY(a, int, (size_t)s->n_cells + 1);
    for (int c = 0; c < s->n_cells; c++)
        g->twin[c] = c;
    for (int r = 0; r < s->n_relations; r++) {
        const int *m = &s->member[s->relation[r].first];
        if (s->relation[r].n != 2 || !same_content(&s->cell[m[0]], &s->cell[m[1]]))
            continue;
        int x = m[0], y = m[1];
        while (g->twin[x] != x)
            x = g->twin[x] = g->twin[g->twin[x]];
        while (g->twin[y] != y)
            y = g->twin[y] = g->twin[g->twin[y]];
        g->twin[x > y ? x : y] = x < y ? x : y;
    }
    for (int c = 0; c < s->n_cells; c++)
        g->twin[c] = g->twin[g->twin[c]]; /* those before it are settled */
}

enum err ground_of(struct ground *g, struct arena *a, const struct system *s, struct error *e)
{
    *g = (struct ground){.s = s};
    index_relations(g, a);
    index_derived(g, a);
    find_twins(g, a);
    if (s->plan == NULL)
        return OK;
    g->keys = ARENA_NEW(a, struct keys);
    TRY(keys_of(g->keys, a, s->plan, e));
    keys_fill(g->keys, a, s->cell, s->n_cells);
    index_children(g, a, s->plan);
    return OK;
}
