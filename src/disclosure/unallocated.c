/* Leaves "not allocated". See unallocated.h. */
#include "disclosure/unallocated.h"

#include "disclosure/difference.h"

bool unallocated_node(const struct plan *p, int dim, int node)
{
    int parent = p->dim[dim].node[node].parent;
    return p->unallocated[dim] != NULL && parent >= 0 && p->unallocated[dim][parent] == node;
}

bool unallocated_at(const struct plan *p, const int16_t *at)
{
    for (int d = 0; d < p->n_dims; d++)
        if (unallocated_node(p, d, at[d]))
            return true;
    return false;
}

uint16_t unallocated_kind(const struct plan *p, const int16_t *leaf)
{
    uint32_t kind = 0;
    for (int d = 0; d < p->n_dims; d++) {
        int depth = unallocated_node(p, d, leaf[d]) ? p->dim[d].node[leaf[d]].depth : 0;
        kind = kind * 3 + (uint32_t)(depth < 2 ? depth : 2);
    }
    return (uint16_t)kind; /* 3^DIMS_MAX is less than 2^16 */
}

/* Down to the depth a node is kept. Below, it is given up for the leaf of the nearest node above
 * that has one; where none has, the dimension has no such leaf and keeps it. */
static int node_by(const struct plan *p, int dim, int depth, int leaf)
{
    const struct node *node = p->dim[dim].node;
    int at = leaf;
    if (node[leaf].depth <= depth || p->unallocated[dim] == NULL)
        return leaf;
    while (node[at].depth > depth)
        at = node[at].parent;
    while (at >= 0 && p->unallocated[dim][at] == 0)
        at = node[at].parent;
    return at < 0 ? leaf : p->unallocated[dim][at];
}

bool unallocated_place(const struct plan *p, int way, const int16_t *leaf, int16_t *to)
{
    bool other = false;
    for (int d = 0; d < p->n_dims; d++) {
        to[d] = (int16_t)node_by(p, d, p->way[way].depth[d], leaf[d]);
        other |= to[d] != leaf[d];
    }
    return other;
}

const struct contribution_at *unallocated_lines(const struct plan *p, const struct moved *m,
                                                size_t n, struct arena *a, size_t *n_out)
{
    struct contribution_at *c = ARENA_ARRAY(a, struct contribution_at, n + 1);
    for (size_t i = 0; i < n; i++) {
        memcpy(c[i].leaf, m[i].to, sizeof c[i].leaf);
        c[i].party = m[i].party;
        c[i].value = m[i].value;
    }
    return contributions_sorted(c, n, p->n_dims, a, n_out);
}

/* Does the line go from a place of its own to one that a way may lead to from there? */
static bool goes_well(const struct plan *p, const struct moved *m)
{
    for (int d = 0; d < p->n_dims; d++) {
        int node = m->from[d], above = p->dim[d].node[m->to[d]].parent;
        if (m->to[d] == node)
            continue;
        do
            node = p->dim[d].node[node].parent;
        while (node > above);
        if (node != above || !unallocated_node(p, d, m->to[d]))
            return false;
    }
    return !unallocated_at(p, m->from) && unallocated_at(p, m->to);
}

bool unallocated_agrees(const struct plan *p, const struct release *r)
{
    struct arena a = {0};
    size_t n, at = 0;
    const struct contribution_at *line = unallocated_lines(p, r->moved, r->n_moved, &a, &n);
    bool well = true;
    for (size_t i = 0; i < r->n_moved; i++)
        well &= goes_well(p, &r->moved[i]);
    for (size_t i = 0; well && i < r->n_used; i++) {
        const struct contribution_at *u = &r->used[i];
        if (!unallocated_at(p, u->leaf))
            continue;
        well = at < n && leaves_cmp(p->n_dims, line[at].leaf, u->leaf) == 0 &&
               line[at].party == u->party && line[at].value == u->value;
        at++;
    }
    arena_finish(&a);
    return well && at == n;
}
