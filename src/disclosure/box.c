/*
 * A patch that is a box of coordinates. For each dimension the nodes that look best beside the
 * target's own, those above it, and some below: all combinations of them. Cells that balance each
 * other lie at the corners of boxes, so a small box holds what a ball of many times its size does
 * not.
 */
#include <math.h>
#include <stdlib.h>

#include "disclosure/patch.h"

enum { BOX_NODES = 40, BOX_CELLS = 2500, BOX_MOST = 12 /* siblings */ };
struct wish {
    const struct ground *g;
    int64_t (*cost)(const void *ctx, int cell);
    const void *ctx;
};
struct box {
    int n[DIMS_MAX], node[DIMS_MAX][BOX_NODES];
};

static void box_add(struct box *b, int dim, int node)
{
    for (int i = 0; i < b->n[dim]; i++) {
        if (b->node[dim][i] == node)
            return;
    }
    if (b->n[dim] < BOX_NODES)
        b->node[dim][b->n[dim]++] = node;
}

/* The target's line along a dimension at a node: what it costs to use, for its room. */
static double node_price(const struct wish *w, int target, int dim, int node, int64_t amount)
{
    const struct keys *k = w->g->keys;
    int64_t shift = node - w->g->s->cell[target].at[dim];
    int cell = keys_find(k, k->key[target] + (uint64_t)shift * k->radix[dim]);
    int64_t cost = cell < 0 ? -1 : w->cost(w->ctx, cell);
    if (cost < 0)
        return INFINITY;
    double room = (double)w->g->s->cell[cell].weight / (double)llabs(amount);
    return (1 + (double)cost) / fmax(fmin(room, 1), 1e-9);
}

/* The best `most` children of a node. */
static void box_children(const struct wish *w, struct box *b, int target, int dim, int node,
                         int most, int64_t amount)
{
    const int *first = w->g->child_first[dim];
    double price[BOX_NODES];
    int best[BOX_NODES], n = 0;
    for (int i = first[node]; i < first[node + 1]; i++) {
        int child = w->g->child[dim][i];
        double p = node_price(w, target, dim, child, amount);
        if (p == INFINITY || (n == most && p >= price[n - 1]))
            continue;
        int at = n < most ? n++ : most - 1;
        for (; at > 0 && price[at - 1] > p; at--) {
            price[at] = price[at - 1];
            best[at] = best[at - 1];
        }
        price[at] = p;
        best[at] = child;
    }
    for (int i = 0; i < n; i++)
        box_add(b, dim, best[i]);
}

static void box_dimension(const struct wish *w, struct box *b, int target, int dim, int most,
                          int64_t amount)
{
    const struct node *nodes = w->g->s->plan->dim[dim].node;
    b->n[dim] = 0;
    for (int node = w->g->s->cell[target].at[dim]; node >= 0; node = nodes[node].parent) {
        box_add(b, dim, node);
        if (node > 0)
            box_children(w, b, target, dim, nodes[node].parent, most, amount);
    }
    for (int i = 0; i < b->n[dim]; i++) { /* what is added is looked at in its turn */
        bool own = b->node[dim][i] == w->g->s->cell[target].at[dim];
        box_children(w, b, target, dim, b->node[dim][i], own ? most : most / 3 + 1, amount);
    }
}

bool patch_box(struct patch *p, int target, int64_t amount,
               int64_t (*cost)(const void *ctx, int cell), const void *ctx)
{
    const struct wish w = {p->g, cost, ctx};
    const struct keys *k = p->g->keys;
    struct box b;
    if (k == NULL)
        return false;
    double cells = INFINITY;
    for (int most = BOX_MOST; most >= 1 && cells > BOX_CELLS; most--) {
        cells = 1;
        for (int d = 0; d < k->n_dims; d++) {
            box_dimension(&w, &b, target, d, most, amount);
            cells *= b.n[d];
        }
    }
    if (cost(ctx, target) < 0)
        return false;
    patch_take(p, target);
    int at[DIMS_MAX] = {0};
    for (int d = 0; d < k->n_dims;) {
        uint64_t key = 0;
        for (int i = 0; i < k->n_dims; i++)
            key += (uint64_t)b.node[i][at[i]] * k->radix[i];
        int cell = keys_find(k, key);
        if (cell >= 0 && cost(ctx, cell) >= 0)
            patch_take(p, cell);
        for (d = 0; d < k->n_dims && ++at[d] == b.n[d]; d++)
            at[d] = 0;
    }
    patch_take_relations(p);
    return true;
}
