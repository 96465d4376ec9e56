#include "economy.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>

const struct rules economy_rules = {.contributors_min = 3, .p_percent = 10,
                                    .n_dominance = {1, 2}, .k_percent = {99, 80},
                                    .width_percent = 10};

static struct node node_of(struct arena *a, const char *code, int parent, int depth)
{
    return (struct node){.code = str_copy(a, str_from(code)), .parent = parent, .depth = depth};
}

static void flat_tree(struct dimension *d, struct arena *a, const char *id, const char *root,
                      char letter, int n)
{
    char code[16];
    d->id = str_from(id);
    d->node = ARENA_ARRAY(a, struct node, (size_t)n + 1);
    d->node[d->n++] = node_of(a, root, -1, 0);
    for (int i = 1; i <= n; i++) {
        snprintf(code, sizeof code, "%c%02d", letter, i);
        d->node[d->n++] = node_of(a, code, 0, 1);
    }
}

static int n_quarters(const struct economy *e)
{
    return (e->size.months + 2) / 3;
}

const struct plan *economy_plan(struct economy *e, struct arena *a, int month)
{
    struct plan *p = ARENA_NEW(a, struct plan);
    struct dimension *d = &p->dim[ECON_PERIOD];
    char code[16];
    p->n_dims = ECON_DIMS;
    d->id = STR("period");
    d->node = ARENA_ARRAY(a, struct node, 1 + (size_t)n_quarters(e) + (size_t)e->size.months);
    d->node[d->n++] = node_of(a, "_T", -1, 0);
    d->node[0].absent = true;
    for (int q = 0; q < n_quarters(e); q++) {
        snprintf(code, sizeof code, "%d-Q%d", 2025 + q / 4, q % 4 + 1);
        d->node[d->n] = node_of(a, code, 0, 1);
        d->node[d->n++].absent = q * 3 + 2 > month;
    }
    for (int m = 0; m < e->size.months; m++) {
        snprintf(code, sizeof code, "%d-%02d", 2025 + m / 12, m % 12 + 1);
        d->node[d->n++] = node_of(a, code, 1 + m / 3, 2);
    }
    flat_tree(&p->dim[ECON_ITEM], a, "item", "S", 'I', e->size.items);
    flat_tree(&p->dim[ECON_REGION], a, "region", "CN", 'R', e->size.regions);
    p->n_tables = 1;
    p->table = ARENA_NEW(a, struct table_spec);
    *p->table = (struct table_spec){.id = STR("all"), .depth = {2, 1, 1}};
    return p;
}

static double uniform(struct rng *r)
{
    return ((double)(rng_next(r) >> 11) + 0.5) / 9007199254740992.0;
}

static void add_report(struct economy *e, struct rng *r, uint32_t firm, int m, int item,
                       int region, double size)
{
    struct report *p = &e->report[e->n_reports++];
    bool late = rng_below(r, 1000) < (uint32_t)e->size.late_per_mille;
    bool wrong = rng_below(r, 1000) < (uint32_t)e->size.corrected_per_mille;
    *p = (struct report){.month = m, .corrected = INT_MAX};
    p->c.leaf[ECON_PERIOD] = (int16_t)(1 + n_quarters(e) + m);
    p->c.leaf[ECON_ITEM] = (int16_t)(1 + item);
    p->c.leaf[ECON_REGION] = (int16_t)(1 + region);
    p->c.party = firm;
    p->c.value = 1 + (int64_t)(size * (0.5 + uniform(r)));
    p->known = m + (late ? 1 + (int)rng_below(r, 3) : 0);
    if (wrong) {
        p->corrected = p->known + 1 + (int)rng_below(r, 3);
        p->better = 1 + (int64_t)((double)p->c.value * (0.3 + uniform(r)));
    }
}

void economy_init(struct economy *e, const struct economy_size *size, uint64_t seed)
{
    struct rng r;
    *e = (struct economy){.size = *size};
    rng_seed(&r, seed);
    e->report = ARENA_ARRAY(&e->arena, struct report,
                            (size_t)size->firms * 3 * (size_t)size->months);
    for (int f = 0; f < size->firms; f++) {
        double big = 10000 * fmin(pow(uniform(&r), -1 / 1.15), 2000);
        int region = (int)(uniform(&r) * size->regions);
        int n = 1 + (int)rng_below(&r, 3), first = (int)rng_below(&r, (uint32_t)size->items);
        for (int k = 0; k < n; k++)
            for (int m = 0; m < size->months; m++)
                if (rng_below(&r, 10) < 7)
                    add_report(e, &r, (uint32_t)f, m, (first + k * k) % size->items, region,
                               big / (1 + 2 * k));
    }
}

void economy_finish(struct economy *e)
{
    arena_finish(&e->arena);
}

size_t economy_now(const struct economy *e, struct arena *a, int month,
                   struct contribution_at **out)
{
    size_t n = 0;
    *out = ARENA_ARRAY(a, struct contribution_at, e->n_reports + 1);
    for (size_t i = 0; i < e->n_reports; i++) {
        const struct report *r = &e->report[i];
        if (r->known > month)
            continue;
        (*out)[n] = r->c;
        if (r->corrected <= month)
            (*out)[n].value = r->better;
        n++;
    }
    return n;
}
