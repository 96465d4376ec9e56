#include "declaration/screen_law.h"
#include "decide/snapshot.h"

#include <stdlib.h>

static int slice_of(const struct snapshot *s, day_t d)
{
    return snapshot_slice(s->valid_day, s->n_valid, d);
}

static uint64_t layers_on(const struct snapshot *s, day_t on, day_t known)
{
    int k = snapshot_slice(s->known_day, s->n_known, known);
    return s->layer_valid[slice_of(s, on)] & s->layer_known[k] & ~s->claimable;
}

day_t unclaimed_until(const struct snapshot *s, day_t d, day_t last)
{
    for (int v = 0; v < s->n_valid; v++)
        if (s->valid_day[v] > d && s->valid_day[v] - 1 < last)
            last = s->valid_day[v] - 1;
    return last;
}

bool unclaimed_alike(const struct snapshot *s, day_t a, day_t b, day_t known)
{
    uint64_t layers = layers_on(s, a, known);
    size_t n = (size_t)s->origin.n;
    const uint64_t *x = s->layer_origin + (size_t)slice_of(s, a) * n;
    const uint64_t *y = s->layer_origin + (size_t)slice_of(s, b) * n;
    if (layers != layers_on(s, b, known))
        return false;
    for (size_t o = 0; o < n; o++)
        if ((layers & x[o]) != (layers & y[o]))
            return false;
    return true; /* rules live as long as their layers */
}

void unclaimed_grid(const struct snapshot *s, day_t on, day_t known, const struct scope *domain,
                    struct grid *out)
{
    int v = slice_of(s, on);
    struct looked_at l = {.layers = layers_on(s, on, known), .valid = {v, v}};
    uint64_t *rules = calloc((size_t)s->words + 1, sizeof *rules);
    check(rules != NULL);
    for (int r = 0; r < s->n_rules; r++)
        if ((l.layers >> s->rule[r].layer) & 1)
            bit_set(rules, (size_t)r);
    l.rules = rules;
    snapshot_grid_of(s, &l, domain, out);
    free(rules);
}
