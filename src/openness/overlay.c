#include "openness/overlay.h"

void scope_and(struct scope *a, const struct scope *b)
{
    bits_and(a->sector, b->sector, SECTOR_WORDS);
    a->combo &= b->combo;
    bits_and(a->origin, b->origin, ORIGIN_WORDS);
    bits_and(a->place, b->place, PLACE_WORDS);
}

static bool meet(const uint64_t *a, const uint64_t *b, int words)
{
    uint64_t any = 0;
    for (int i = 0; i < words; i++)
        any |= a[i] & b[i];
    return any != 0;
}

bool scope_meets(const struct scope *a, const struct scope *b)
{
    return (a->combo & b->combo) != 0 && meet(a->sector, b->sector, SECTOR_WORDS) &&
           meet(a->place, b->place, PLACE_WORDS) && meet(a->origin, b->origin, ORIGIN_WORDS);
}

static const uint64_t *side(const struct scope *s, int dimension)
{
    return dimension == 0   ? s->sector
           : dimension == 1 ? &s->combo
           : dimension == 2 ? s->origin
                            : s->place;
}

static void cut(struct classes *c, const struct scope *domain, int dimension, int n_codes,
                const struct scope *const *set, int n)
{
    classes_init(c, side(domain, dimension), n_codes);
    for (int i = 0; i < n; i++)
        classes_split(c, side(set[i], dimension));
}

static uint64_t *rows(struct arena *a, const struct classes *c, int dimension,
                      const struct scope *const *set, int n, int words)
{
    uint64_t *row = ARENA_ARRAY(a, uint64_t, (size_t)c->n * (size_t)words + 1);
    for (int k = 0; k < c->n; k++)
        for (int i = 0; i < n; i++)
            if (bit_get(side(set[i], dimension), (size_t)c->first[k]))
                bit_set(row + (size_t)k * (size_t)words, (size_t)i);
    return row;
}

enum err overlay_build(struct overlay *o, struct arena *a, const struct classification *k,
                       const struct scope *domain, const struct scope *const *set, int n,
                       struct error *e)
{
    const int n_codes[4] = {k->gbt.n_leaves, COMBOS, k->n_economies, k->n_places};
    struct classes *const dimension[4] = {&o->g.sector, &o->g.combo, &o->g.origin, &o->g.place};
    o->n = n;
    o->words = (int)BITS_WORDS((size_t)n + 1);
    o->cell = ARENA_ARRAY(a, uint64_t, (size_t)o->words);
    for (int d = 0; d < 4; d++) {
        cut(dimension[d], domain, d, n_codes[d], set, n);
        o->row[d] = rows(a, dimension[d], d, set, n, o->words);
    }
    if (grid_cells(&o->g) > LIMIT_REGION_CELLS)
        return err_set(e, ERR_LIMIT, "区域过碎，超过 %d 个格组（LIMIT_REGION_CELLS）",
                       "a region is cut too fine: more than %d class cells (LIMIT_REGION_CELLS)",
                       LIMIT_REGION_CELLS);
    return OK;
}

const uint64_t *overlay_cell(const struct overlay *v, int s, int c, int o, int p)
{
    const uint64_t *a = v->row[0] + (size_t)s * (size_t)v->words;
    const uint64_t *b = v->row[1] + (size_t)c * (size_t)v->words;
    const uint64_t *d = v->row[2] + (size_t)o * (size_t)v->words;
    const uint64_t *f = v->row[3] + (size_t)p * (size_t)v->words;
    for (int i = 0; i < v->words; i++)
        v->cell[i] = a[i] & b[i] & d[i] & f[i];
    return v->cell;
}
