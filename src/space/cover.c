/*
 * The cover of a grid by disjoint boxes, greedily: from a seed cell that is left a box is grown
 * over the dimensions in every order, the heaviest is taken out, until nothing is left.
 *
 * Growing one dimension takes every class for which the whole slice (the box with that class in
 * place of the dimension) is left; the classes do not hinder each other, so one pass is enough,
 * and a dimension grown early cannot grow again later, when its slices are larger. That is why
 * each box is maximal. What is left of the group in hand is a bitmap with the places of one
 * (sector, combo, origin) in whole words, so that places are tested together.
 */
#include "space/grid.h"

#include <stdlib.h>

enum { SECTOR, COMBO, ORIGIN, PLACE, DIMENSIONS };

struct side { /* the classes of a box in one dimension, the seed's among them */
    int n;
    int16_t class[LIMIT_SECTORS];
};

struct cover {
    const struct grid *g;
    const struct classes *dimension[DIMENSIONS];
    size_t row_words;  /* words per (sector, combo, origin) */
    uint64_t *left;    /* cells of the group in hand that no box has taken */
    int seed[DIMENSIONS];
    struct side line[DIMENSIONS]; /* through the seed: nothing else can join the box */
    struct side side[DIMENSIONS], best[DIMENSIONS];
    uint64_t weight_best;
};

static void *room(size_t count, size_t bytes_each)
{
    void *p = calloc(count + 1, bytes_each);
    check(p);
    return p;
}

static uint64_t *row(const struct cover *v, int s, int c, int o)
{
    size_t combos = (size_t)v->g->combo.n, origins = (size_t)v->g->origin.n;
    return v->left + (((size_t)s * combos + (size_t)c) * origins + (size_t)o) * v->row_words;
}

/* Where class cell `at` stands, see grid_at. */
static void place_of(const struct cover *v, size_t at, int seat[DIMENSIONS])
{
    for (int d = PLACE; d > SECTOR; d--) {
        seat[d] = (int)(at % (size_t)v->dimension[d]->n);
        at /= (size_t)v->dimension[d]->n;
    }
    seat[SECTOR] = (int)at;
}

static void places_mask(const struct side *places, uint64_t mask[PLACE_WORDS])
{
    memset(mask, 0, PLACE_WORDS * sizeof *mask);
    for (int i = 0; i < places->n; i++)
        bit_set(mask, (size_t)places->class[i]);
}

/* Whether every cell of the product of three sides with the places of `mask` is left. */
static bool whole(const struct cover *v, const struct side *const in[3],
                  const uint64_t mask[PLACE_WORDS])
{
    for (int i = 0; i < in[SECTOR]->n; i++)
        for (int j = 0; j < in[COMBO]->n; j++)
            for (int k = 0; k < in[ORIGIN]->n; k++) {
                const uint64_t *r = row(v, in[SECTOR]->class[i], in[COMBO]->class[j],
                                        in[ORIGIN]->class[k]);
                for (size_t w = 0; w < v->row_words; w++)
                    if (mask[w] & ~r[w])
                        return false;
            }
    return true;
}

static void grow(struct cover *v, int d)
{
    uint64_t mask[PLACE_WORDS];
    struct side one = {.n = 1}, grown = {.n = 0};
    const struct side *in[3] = {&v->side[SECTOR], &v->side[COMBO], &v->side[ORIGIN]};
    if (d < PLACE) {
        places_mask(&v->side[PLACE], mask);
        in[d] = &one;
    }
    for (int i = 0; i < v->line[d].n; i++) {
        one.class[0] = v->line[d].class[i];
        if (d == PLACE)
            places_mask(&one, mask);
        if (one.class[0] == v->seed[d] || whole(v, in, mask))
            grown.class[grown.n++] = one.class[0];
    }
    v->side[d].n = grown.n;
    memcpy(v->side[d].class, grown.class, (size_t)grown.n * sizeof *grown.class);
}

static uint64_t weigh(const struct cover *v, const struct side side[DIMENSIONS])
{
    uint64_t weight = 1;
    for (int d = 0; d < DIMENSIONS; d++) {
        uint64_t sum = 0;
        for (int i = 0; i < side[d].n; i++)
            sum += (uint64_t)v->dimension[d]->weight[side[d].class[i]];
        weight *= sum;
    }
    return weight;
}

static void start(struct cover *v)
{
    for (int d = 0; d < DIMENSIONS; d++) {
        v->side[d].n = 1;
        v->side[d].class[0] = (int16_t)v->seed[d];
    }
}

/* The lines through the seed: what each dimension would take if it grew first. */
static void draw_lines(struct cover *v)
{
    start(v);
    for (int d = 0; d < DIMENSIONS; d++) {
        v->line[d].n = v->dimension[d]->n;
        for (int k = 0; k < v->line[d].n; k++)
            v->line[d].class[k] = (int16_t)k;
        grow(v, d);
        v->line[d].n = v->side[d].n;
        memcpy(v->line[d].class, v->side[d].class, (size_t)v->side[d].n * sizeof(int16_t));
        v->side[d].n = 1;
        v->side[d].class[0] = (int16_t)v->seed[d];
    }
}

static void sides_copy(struct side to[DIMENSIONS], const struct side from[DIMENSIONS])
{
    for (int d = 0; d < DIMENSIONS; d++) {
        to[d].n = from[d].n;
        memcpy(to[d].class, from[d].class, (size_t)from[d].n * sizeof(int16_t));
    }
}

static void try_order(struct cover *v, const int order[DIMENSIONS])
{
    start(v);
    for (int i = 0; i < DIMENSIONS; i++)
        grow(v, order[i]);
    uint64_t weight = weigh(v, v->side);
    if (weight > v->weight_best) { /* ties: the earlier order */
        v->weight_best = weight;
        sides_copy(v->best, v->side);
    }
}

/* The order after `order` in the alphabet; false after the last. */
static bool next_order(int order[DIMENSIONS])
{
    int i = DIMENSIONS - 2, j = DIMENSIONS - 1;
    while (i >= 0 && order[i] > order[i + 1])
        i--;
    if (i < 0)
        return false;
    while (order[j] < order[i])
        j--;
    int held = order[i];
    order[i] = order[j], order[j] = held;
    for (int a = i + 1, b = DIMENSIONS - 1; a < b; a++, b--)
        held = order[a], order[a] = order[b], order[b] = held;
    return true;
}

/* A dimension that cannot grow may come anywhere: of the orders that differ only there, the
 * one is tried that has such dimensions at the end, ascending. */
static bool order_repeats(const struct cover *v, const int order[DIMENSIONS])
{
    for (int i = 0; i + 1 < DIMENSIONS; i++)
        if (v->line[order[i]].n == 1 && (v->line[order[i + 1]].n > 1 || order[i] > order[i + 1]))
            return true;
    return false;
}

static void find_best(struct cover *v)
{
    int order[DIMENSIONS] = {SECTOR, COMBO, ORIGIN, PLACE};
    draw_lines(v);
    uint64_t most = weigh(v, v->line); /* no box at this seed can be heavier */
    v->weight_best = 0;
    do
        if (!order_repeats(v, order))
            try_order(v, order);
    while (v->weight_best < most && next_order(order));
}

static void take(struct cover *v)
{
    uint64_t mask[PLACE_WORDS];
    places_mask(&v->best[PLACE], mask);
    for (int i = 0; i < v->best[SECTOR].n; i++)
        for (int j = 0; j < v->best[COMBO].n; j++)
            for (int k = 0; k < v->best[ORIGIN].n; k++)
                bits_minus(row(v, v->best[SECTOR].class[i], v->best[COMBO].class[j],
                               v->best[ORIGIN].class[k]), mask, v->row_words);
}

/* The codes of the classes of one side, in one pass over the codes. */
static void side_codes(const struct classes *c, const struct side *side, uint64_t *set)
{
    bool in[LIMIT_SECTORS] = {false};
    for (int i = 0; i < side->n; i++)
        in[side->class[i]] = true;
    for (int i = 0; i < c->n_codes; i++)
        if (c->of[i] >= 0 && in[c->of[i]])
            bit_set(set, (size_t)i);
}

static void emit(const struct cover *v, int group, cover_fn *each, void *ctx)
{
    struct box b = {.group = group, .cells = v->weight_best, .s = v->seed[SECTOR],
                    .c = v->seed[COMBO], .o = v->seed[ORIGIN], .p = v->seed[PLACE]};
    side_codes(&v->g->sector, &v->best[SECTOR], b.scope.sector);
    side_codes(&v->g->combo, &v->best[COMBO], &b.scope.combo);
    side_codes(&v->g->origin, &v->best[ORIGIN], b.scope.origin);
    side_codes(&v->g->place, &v->best[PLACE], b.scope.place);
    each(ctx, &b);
}

static void cover_group(struct cover *v, int group, const uint32_t *cell, size_t n,
                        cover_fn *each, void *ctx)
{
    int at[DIMENSIONS];
    for (size_t i = 0; i < n; i++) {
        place_of(v, cell[i], at);
        bit_set(row(v, at[SECTOR], at[COMBO], at[ORIGIN]), (size_t)at[PLACE]);
    }
    for (size_t i = 0; i < n; i++) {
        place_of(v, cell[i], v->seed);
        if (!bit_get(row(v, v->seed[SECTOR], v->seed[COMBO], v->seed[ORIGIN]),
                     (size_t)v->seed[PLACE]))
            continue;
        find_best(v);
        take(v);
        emit(v, group, each, ctx);
    }
}

/* Counting sort of the cells by group: first[k] .. first[k + 1] are those of group k. */
static uint32_t *cells_by_group(const int32_t *group, size_t cells, int32_t groups, size_t **first)
{
    size_t *at = room((size_t)groups + 2, sizeof *at);
    for (size_t i = 0; i < cells; i++)
        if (group[i] >= 0)
            at[group[i] + 2]++;
    for (int32_t k = 2; k <= groups + 1; k++)
        at[k] += at[k - 1];
    uint32_t *cell = room(at[groups + 1], sizeof *cell);
    for (size_t i = 0; i < cells; i++)
        if (group[i] >= 0)
            cell[at[group[i] + 1]++] = (uint32_t)i; /* afterwards at[k + 1] is the end of k */
    *first = at;
    return cell;
}

void grid_cover(const struct grid *g, const int32_t *group, cover_fn *each, void *ctx)
{
    size_t cells = grid_cells(g), *first;
    int32_t groups = 0;
    check(cells <= UINT32_MAX && g->place.n <= LIMIT_PLACES);
    for (size_t i = 0; i < cells; i++)
        groups = group[i] >= groups ? group[i] + 1 : groups;
    if (groups == 0)
        return;
    struct cover *v = room(1, sizeof *v);
    v->g = g;
    v->dimension[SECTOR] = &g->sector, v->dimension[COMBO] = &g->combo;
    v->dimension[ORIGIN] = &g->origin, v->dimension[PLACE] = &g->place;
    v->row_words = BITS_WORDS((size_t)g->place.n);
    v->left = room(cells / (size_t)g->place.n * v->row_words, sizeof *v->left);
    uint32_t *cell = cells_by_group(group, cells, groups, &first);
    for (int32_t k = 0; k < groups; k++)
        cover_group(v, k, cell + first[k], first[k + 1] - first[k], each, ctx);
    free(cell);
    free(first);
    free(v->left);
    free(v);
}
