/* Keys to numbers, and the boxes of a cover sorted by group. */
#include "openness/gap_inside.h"

#include <stdlib.h>

static uint64_t key_hash(const int32_t *key, int n)
{
    uint64_t h = (uint64_t)n;
    for (int i = 0; i < n; i++) {
        h = (h ^ (uint32_t)key[i]) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    return h;
}

void groups_init(struct groups *g, struct arena *a)
{
    *g = (struct groups){.arena = a, .room = 64, .slots = 256};
    g->of = ARENA_ARRAY(a, struct group_key, 64);
    g->slot = ARENA_ARRAY(a, int32_t, 256);
    memset(g->slot, 0xff, 256 * sizeof *g->slot);
}

static void groups_grow(struct groups *g)
{
    struct group_key *old = g->of;
    g->room *= 2;
    g->slots *= 2;
    g->of = ARENA_ARRAY(g->arena, struct group_key, (size_t)g->room);
    g->slot = ARENA_ARRAY(g->arena, int32_t, (size_t)g->slots);
    memcpy(g->of, old, (size_t)g->n * sizeof *old);
    memset(g->slot, 0xff, (size_t)g->slots * sizeof *g->slot);
    for (int i = 0; i < g->n; i++) {
        size_t at = g->of[i].hash % (size_t)g->slots;
        while (g->slot[at] >= 0)
            at = (at + 1) % (size_t)g->slots;
        g->slot[at] = i;
    }
}

int groups_put(struct groups *g, const int32_t *key, int n, size_t first_at, uint64_t cells)
{
    if (g->n == g->room)
        groups_grow(g);
    uint64_t h = key_hash(key, n);
    size_t at = h % (size_t)g->slots, bytes = (size_t)n * sizeof *key;
    for (; g->slot[at] >= 0; at = (at + 1) % (size_t)g->slots) {
        struct group_key *k = &g->of[g->slot[at]];
        if (k->hash != h || k->n != n || memcmp(k->key, key, bytes) != 0)
            continue;
        k->cells += cells;
        return g->slot[at];
    }
    int32_t *copy = ARENA_ARRAY(g->arena, int32_t, (size_t)n + 1);
    memcpy(copy, key, bytes);
    g->slot[at] = g->n;
    g->of[g->n] = (struct group_key){copy, n, h, first_at, cells};
    return g->n++;
}

struct pile { /* of boxes */
    struct box *box;
    int n, room;
};

static void pile_box(void *ctx, const struct box *b)
{
    struct pile *p = ctx;
    if (p->n == p->room) {
        p->room = p->room ? 2 * p->room : 256;
        p->box = realloc(p->box, (size_t)p->room * sizeof *p->box);
        check(p->box != NULL);
    }
    p->box[p->n++] = *b;
}

static int by_group(const void *x, const void *y)
{
    const struct box *a = x, *b = y;
    if (a->group != b->group)
        return a->group - b->group;
    if (a->cells != b->cells)
        return a->cells < b->cells ? 1 : -1;
    int order[4] = {a->s - b->s, a->c - b->c, a->o - b->o, a->p - b->p};
    for (int i = 0; i < 4; i++)
        if (order[i] != 0)
            return order[i];
    return 0;
}

void gap_cover(struct gap *g, struct arena *a, const struct grid *grid, const int32_t *group,
               take_boxes_fn *take, void *ctx)
{
    struct pile p = {0};
    grid_cover(grid, group, pile_box, &p);
    if (p.n > 0)
        sort_by(p.box, (size_t)p.n, sizeof *p.box, by_group);
    struct box *all = ARENA_ARRAY(a, struct box, (size_t)(g->n_boxes + p.n) + 1);
    if (g->n_boxes > 0)
        memcpy(all, g->box, (size_t)g->n_boxes * sizeof *all);
    if (p.n > 0)
        memcpy(all + g->n_boxes, p.box, (size_t)p.n * sizeof *all);
    for (int i = 0, k; i < p.n; i = k) {
        for (k = i; k < p.n && p.box[k].group == p.box[i].group; k++)
            ;
        take(ctx, p.box[i].group, g->n_boxes + i, k - i);
    }
    g->box = all;
    g->n_boxes += p.n;
    free(p.box);
}
