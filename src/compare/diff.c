/*
 * Diff: which items differ, which cells they touch, what becomes of each class of cells, and
 * the boxes that say so. Class cells with the same matching items are settled once.
 */
#include "compare/diff.h"
#include "compare/diff_items.h"

#include <stdlib.h>
#include <time.h>

enum { REGIONS_MAX = 100000 };

struct verdict { /* of one set of matching items; interned by key */
    struct settled settled;
    struct diff_answer was, is;
    int group; /* -1: same */
    int n_key, *key;
};

struct group { /* regions that read alike */
    int verdict;
    int n_by, by[2 * SETTLE_CAUSES];
};

struct work {
    const struct snapshot *s;
    const struct corpus *c;
    struct diff *d;
    struct arena *arena;
    int *meaning;
    uint64_t *rules[2];   /* of each side: bit = rule */
    uint64_t layers[2];   /* that may speak on each side */
    uint64_t *done;       /* differing items whose cells have been seen */
    uint64_t *touching;   /* rules of either side that touch the item at hand */
    uint64_t *all_origins;/* rules that touch some origin of the domain */
    int n_verdicts, cap_verdicts, n_slots, *slot;
    struct verdict *verdict;
    int n_groups, cap_groups;
    struct group *group;
    int cap_regions;
    const struct grid *grid; /* at hand, for the cover */
    const int32_t *settled;  /* its class cells: which verdict */
    struct error *e;
    enum err failed;
};

/* --- the rules of a side ------------------------------------------------------------------ */

static uint64_t side_layers(const struct work *w, const struct side *s)
{
    uint64_t layers = 0;
    if (s->instrument >= 0)
        return (uint64_t)1 << w->c->instrument[s->instrument].layer;
    for (int l = 0; l < w->c->n_layers; l++) {
        const struct instrument *i = &w->c->instrument[w->c->layer[l]];
        if ((i->family == s->family || i->family == FAMILY_COMMITMENTS) && !i->claimable &&
            i->valid_from <= s->on && s->on < i->valid_to && i->known_from <= s->known &&
            s->known < i->known_to && bit_get(i->place, (size_t)s->place))
            layers |= (uint64_t)1 << l;
    }
    return layers;
}

/* A positive list that acts by itself has no place in the search (settle.h). */
static enum err check_layers(const struct work *w, uint64_t layers)
{
    for (int l = 0; l < w->c->n_layers; l++) {
        const struct instrument *i = &w->c->instrument[w->c->layer[l]];
        if (((layers >> l) & 1) && !i->default_equal)
            return err_set(w->e, ERR_INVALID, "%.*s 是自行生效的正面清单，尚不能按含义比较",
                           "%.*s is a positive list that acts by itself: it cannot be compared so",
                           STR_ARG(i->id));
    }
    return OK;
}

static uint64_t *new_rows(const struct work *w)
{
    return ARENA_ARRAY(w->arena, uint64_t, (size_t)w->s->words + 1);
}

static void make_side(struct work *w, int side, const struct side *s)
{
    int v = snapshot_slice(w->s->valid_day, w->s->n_valid, s->on);
    int k = snapshot_slice(w->s->known_day, w->s->n_known, s->known);
    size_t words = (size_t)w->s->words;
    w->layers[side] = side_layers(w, s);
    w->rules[side] = new_rows(w);
    for (int r = 0; r < w->s->n_rules; r++)
        if ((w->layers[side] >> w->s->rule[r].layer) & 1)
            bit_set(w->rules[side], (size_t)r);
    bits_and(w->rules[side], w->s->valid.bits + (size_t)v * words, words);
    bits_and(w->rules[side], w->s->known.bits + (size_t)k * words, words);
}

/* --- verdicts ----------------------------------------------------------------------------- */

static uint64_t key_hash(const int *key, int n)
{
    uint64_t h = (uint64_t)n;
    for (int i = 0; i < n; i++) {
        h = (h ^ (uint64_t)(unsigned)key[i]) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 31;
    }
    return h;
}

static void rehash(struct work *w)
{
    free(w->slot);
    w->n_slots = w->n_slots == 0 ? 256 : w->n_slots * 2;
    w->slot = malloc((size_t)w->n_slots * sizeof *w->slot);
    check(w->slot != NULL);
    memset(w->slot, 0xff, (size_t)w->n_slots * sizeof *w->slot);
    for (int i = 0; i < w->n_verdicts; i++) {
        size_t at = key_hash(w->verdict[i].key, w->verdict[i].n_key) & (size_t)(w->n_slots - 1);
        while (w->slot[at] >= 0)
            at = (at + 1) & (size_t)(w->n_slots - 1);
        w->slot[at] = i;
    }
}

static void *grown(void *p, int *cap, size_t each)
{
    *cap = *cap * 2 + 64;
    p = realloc(p, (size_t)*cap * each);
    check(p != NULL);
    return p;
}

/* The verdict with this key, or a new one (*fresh). */
static int intern(struct work *w, const int *key, int n, bool *fresh)
{
    if (w->n_verdicts * 2 >= w->n_slots)
        rehash(w);
    size_t at = key_hash(key, n) & (size_t)(w->n_slots - 1);
    *fresh = false;
    for (; w->slot[at] >= 0; at = (at + 1) & (size_t)(w->n_slots - 1)) {
        const struct verdict *v = &w->verdict[w->slot[at]];
        if (v->n_key == n && memcmp(v->key, key, (size_t)n * sizeof *key) == 0)
            return w->slot[at];
    }
    if (w->n_verdicts == w->cap_verdicts)
        w->verdict = grown(w->verdict, &w->cap_verdicts, sizeof *w->verdict);
    struct verdict *v = &w->verdict[w->n_verdicts];
    memset(v, 0, sizeof *v);
    v->key = ARENA_ARRAY(w->arena, int, (size_t)n + 1);
    memcpy(v->key, key, (size_t)n * sizeof *key);
    v->n_key = n;
    v->group = -1;
    w->slot[at] = w->n_verdicts;
    *fresh = true;
    return w->n_verdicts++;
}

static struct diff_answer ask(const struct work *w, const struct question *q,
                              const struct facts *facts)
{
    struct answer a;
    struct question with = *q;
    with.facts = facts;
    decide(w->s, &with, &a);
    return (struct diff_answer){a.outcome, a.must, a.treatment};
}

static bool same_answer(const struct diff_answer *a, const struct diff_answer *b)
{
    return a->outcome == b->outcome && a->must == b->must && a->treatment == b->treatment;
}

/* Facts whose value does not matter to either answer are left out of the witness. */
static void shorten(const struct work *w, const struct question *a, const struct question *b,
                    struct verdict *v)
{
    for (int f = 0; f < w->c->n_facts; f++) {
        if (!bit_get(v->settled.facts.known, (size_t)f))
            continue;
        bit_clear(v->settled.facts.known, (size_t)f);
        struct diff_answer was = ask(w, a, &v->settled.facts);
        struct diff_answer is = ask(w, b, &v->settled.facts);
        if (!same_answer(&was, &v->was) || !same_answer(&is, &v->is))
            bit_set(v->settled.facts.known, (size_t)f);
    }
}

/* The group of a verdict that differs: same change, items and answers. */
static int group_of(struct work *w, int verdict)
{
    const struct verdict *v = &w->verdict[verdict];
    struct group g = {.verdict = verdict};
    for (int i = 0; i < v->settled.n_causes; i++)
        g.by[g.n_by++] = v->settled.cause[i];
    for (int i = 0; i < v->settled.n_causes; i++) {
        int other = diff_namesake(w->d, v->settled.cause[i]);
        if (other >= 0)
            g.by[g.n_by++] = other;
    }
    for (int i = 0; i < w->n_groups; i++) {
        const struct group *h = &w->group[i];
        const struct verdict *u = &w->verdict[h->verdict];
        if (h->n_by == g.n_by && memcmp(h->by, g.by, sizeof(int) * (size_t)g.n_by) == 0 &&
            u->settled.change == v->settled.change && u->settled.mixed == v->settled.mixed &&
            same_answer(&u->was, &v->was) && same_answer(&u->is, &v->is))
            return i;
    }
    if (w->n_groups == w->cap_groups)
        w->group = grown(w->group, &w->cap_groups, sizeof *w->group);
    w->group[w->n_groups] = g;
    return w->n_groups++;
}

/* --- class cells -------------------------------------------------------------------------- */

static void match_rows(const struct work *w, const struct question *q, const uint64_t *side,
                       uint64_t *out)
{
    const struct snapshot *s = w->s;
    size_t n = (size_t)s->words;
    int combo = combo_of(q->mode, q->direction, q->kind);
    const uint64_t *sector = s->sector.bits + (size_t)q->sector * n;
    const uint64_t *kind = s->combo.bits + (size_t)combo * n;
    const uint64_t *origin = s->origin.bits + (size_t)q->origin * n;
    const uint64_t *place = s->place.bits + (size_t)q->place * n;
    for (size_t i = 0; i < n; i++)
        out[i] = side[i] & sector[i] & kind[i] & origin[i] & place[i];
}

/* The layers that speak on the side's cell, and their matching items. */
static enum err cell_side(const struct work *w, int side, const uint64_t *match,
                          struct cell_side *out)
{
    int v = snapshot_slice(w->s->valid_day, w->s->n_valid, out->q.on);
    uint64_t layers = w->layers[side] & w->s->layer_place[out->q.place] &
                      w->s->layer_origin[(size_t)v * (size_t)w->s->origin.n + (size_t)out->q.origin];
    int at[LIMIT_LAYERS];
    out->n_layers = out->n_items = 0;
    for (uint64_t left = layers; left != 0; left &= left - 1) {
        if (out->n_layers == SETTLE_LAYERS)
            return err_set(w->e, ERR_LIMIT, "同处生效的清单超过 %d 份",
                           "more than %d lists speak on one cell", SETTLE_LAYERS);
        at[__builtin_ctzll(left)] = out->n_layers;
        out->layer[out->n_layers++] = (struct cell_layer){0, 0};
    }
    /* Rules are in order of the corpus, and the rules of a layer lie together. */
    for (int i = 0; i < w->s->words; i++)
        for (uint64_t left = match[i]; left != 0; left &= left - 1) {
            const struct rule *r = &w->s->rule[i * 64 + __builtin_ctzll(left)];
            if (!((layers >> r->layer) & 1))
                continue;
            if (out->n_items == SETTLE_ITEMS)
                return err_set(w->e, ERR_LIMIT, "同一格的条目超过 %d 条",
                               "more than %d items match one cell", SETTLE_ITEMS);
            struct cell_layer *l = &out->layer[at[r->layer]];
            if (l->n++ == 0)
                l->first = out->n_items;
            out->item[out->n_items++] = r->provision;
        }
    return OK;
}

static void push(int *key, int *n, int v)
{
    key[(*n)++] = v;
}

/* Everything that the settling of the cell reads: the items, which exemptions serve, the derived
 * facts, the carve-outs that hold the sector. */
static int cell_key(const struct work *w, const struct cell_side *x, int *key)
{
    int n = 0;
    uint64_t carved = 0;
    push(key, &n, x->n_layers);
    for (int l = 0; l < x->n_layers; l++)
        push(key, &n, x->layer[l].n);
    for (int i = 0; i < x->n_items; i++) {
        const struct provision *p = &w->c->provision[x->item[i]];
        unsigned serves = 0;
        for (int k = 0; k < p->n_exemptions; k++)
            if ((!p->exemption[k].has_origins ||
                 bit_get(p->exemption[k].origin, (size_t)x->q.origin)) &&
                bit_get(p->exemption[k].place, (size_t)x->q.place))
                serves = serves * 31 + (unsigned)k + 1;
        push(key, &n, x->item[i]);
        push(key, &n, (int)serves);
    }
    for (int i = 0; i < w->c->n_carve_outs; i++)
        if (w->c->carve_out[i].has_sectors && bit_get(w->c->carve_out[i].sector, (size_t)x->q.sector))
            carved = carved * 67 + (uint64_t)i + 1;
    push(key, &n, (int)(carved & 0x7fffffff));
    push(key, &n, (int)(carved >> 31 & 0x7fffffff));
    push(key, &n, x->q.mode * 64 + (int)x->q.kind * 8 + w->s->place_territory[x->q.place]);
    return n;
}

static enum err settle_cell(struct work *w, const struct cell_side *a, const struct cell_side *b,
                            int *verdict)
{
    int key[4 * SETTLE_ITEMS + 2 * SETTLE_LAYERS + 16];
    bool fresh;
    int n = cell_key(w, a, key);
    n += cell_key(w, b, key + n);
    *verdict = intern(w, key, n, &fresh);
    if (!fresh)
        return OK;
    struct verdict *v = &w->verdict[*verdict];
    TRY(settle(w->s, w->meaning, a, b, &v->settled, w->e));
    if (v->settled.change == CHANGE_NONE)
        return OK;
    v->was = ask(w, &a->q, &v->settled.facts);
    v->is = ask(w, &b->q, &v->settled.facts);
    shorten(w, &a->q, &b->q, v);
    v->group = group_of(w, *verdict);
    for (int i = 0; i < v->settled.n_causes; i++)
        diff_item_moves(w->d, v->settled.cause[i]);
    return OK;
}

/* --- boxes -------------------------------------------------------------------------------- */

/* A well-known economy inside the box stands for it in the witness, so that it reads well. */
static int witness_origin(const struct corpus *c, const struct scope *s)
{
    static const char *const known[] = {"US", "DE", "JP", "GB", "KR", "SG", "HK"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        int o = economy_find(c->codes, str_from(known[i]));
        if (o >= 0 && bit_get(s->origin, (size_t)o))
            return o;
    }
    int o = 0;
    while (!bit_get(s->origin, (size_t)o))
        o++;
    return o;
}

/* The facts are those of the very class cell: a box may hold several whose verdicts read alike. */
static void region_witness(const struct work *w, const struct box *b, struct diff_region *r)
{
    int sector = w->grid->sector.first[b->s], combo = w->grid->combo.first[b->c];
    int place = w->grid->place.first[b->p], origin = witness_origin(w->c, &b->scope);
    size_t cell = grid_at(w->grid, b->s, b->c, w->grid->origin.of[origin], b->p);
    const struct verdict *v = &w->verdict[w->settled[cell]];
    r->facts = v->settled.facts;
    side_question(w->c, &w->d->a, sector, combo, origin, place, &r->a);
    side_question(w->c, &w->d->b, sector, combo, origin, place, &r->b);
    r->was = v->was;
    r->is = v->is;
}

static void add_region(void *ctx, const struct box *b)
{
    struct work *w = ctx;
    const struct group *g = &w->group[b->group];
    const struct verdict *v = &w->verdict[g->verdict];
    struct diff *d = w->d;
    if (d->n_regions == REGIONS_MAX) {
        w->failed = err_set(w->e, ERR_LIMIT, "差异区域超过 %d 个", "more than %d regions differ",
                            REGIONS_MAX);
        return;
    }
    if (d->n_regions == w->cap_regions)
        d->region = grown(d->region, &w->cap_regions, sizeof *d->region);
    struct diff_region *r = &d->region[d->n_regions++];
    memset(r, 0, sizeof *r);
    r->change = v->settled.change;
    r->mixed = v->settled.mixed;
    r->cells = b->cells;
    r->scope = b->scope;
    r->n_causes = v->settled.n_causes;
    r->n_by = g->n_by;
    memcpy(r->by, g->by, sizeof r->by);
    r->evidence = 'A';
    for (int i = 0; i < r->n_by; i++)
        if (w->c->provision[r->by[i]].evidence > r->evidence)
            r->evidence = w->c->provision[r->by[i]].evidence;
    region_witness(w, b, r);
    *(r->change == CHANGE_OPENED ? &d->opened : &d->closed) += r->cells;
}

/* Settles the class cells of a grid, but for those that an item before has settled. */
static enum err settle_grid(struct work *w, const struct grid *g, int32_t *settled)
{
    size_t n = (size_t)w->s->words;
    uint64_t *match = malloc((2 * n + 1) * sizeof *match);
    check(match != NULL);
    struct cell_side a, b;
    enum err r = OK;
    size_t cells = grid_cells(g), inner = (size_t)g->origin.n * (size_t)g->place.n;
    for (size_t i = 0; i < cells && r == OK; i++) {
        int place = g->place.first[i % (size_t)g->place.n];
        int origin = g->origin.first[i / (size_t)g->place.n % (size_t)g->origin.n];
        int combo = g->combo.first[i / inner % (size_t)g->combo.n];
        int sector = g->sector.first[i / inner / (size_t)g->combo.n];
        settled[i] = -1;
        side_question(w->c, &w->d->a, sector, combo, origin, place, &a.q);
        side_question(w->c, &w->d->b, sector, combo, origin, place, &b.q);
        match_rows(w, &a.q, w->rules[0], match);
        match_rows(w, &b.q, w->rules[1], match + n);
        bool seen = false;
        for (size_t k = 0; k < n && !seen; k++)
            seen = ((match[k] | match[n + k]) & w->done[k]) != 0;
        if (seen)
            continue;
        int v;
        if ((r = cell_side(w, 0, match, &a)) == OK && (r = cell_side(w, 1, match + n, &b)) == OK &&
            (r = settle_cell(w, &a, &b, &v)) == OK)
            settled[i] = v;
    }
    free(match);
    return r;
}

static enum err compare_within(struct work *w, const struct scope *domain)
{
    static _Thread_local struct grid g;
    struct looked_at l = {.rules = w->touching, .layers = w->layers[0] | w->layers[1],
                          .valid = {snapshot_slice(w->s->valid_day, w->s->n_valid, w->d->a.on),
                                    snapshot_slice(w->s->valid_day, w->s->n_valid, w->d->b.on)}};
    snapshot_grid_of(w->s, &l, domain, &g);
    size_t cells = grid_cells(&g);
    if (cells == 0)
        return OK;
    int32_t *settled = malloc(2 * cells * sizeof *settled), *group = settled + cells;
    check(settled != NULL);
    enum err r = settle_grid(w, &g, settled);
    if (r == OK) {
        w->grid = &g;
        w->settled = settled;
        for (size_t i = 0; i < cells; i++)
            group[i] = settled[i] < 0 ? -1 : w->verdict[settled[i]].group;
        grid_cover(&g, group, add_region, w);
        r = w->failed;
    }
    free(settled);
    return r;
}

/* --- the items that differ ---------------------------------------------------------------- */

static void or_rows(const struct work *w, const struct rows *r, const uint64_t *codes,
                    uint64_t *out)
{
    size_t n = (size_t)w->s->words;
    memset(out, 0, n * sizeof *out);
    for (int i = 0; i < r->n; i++)
        if (bit_get(codes, (size_t)i))
            bits_or(out, r->bits + (size_t)i * n, n);
}

/* Rules of either side that touch the domain. */
static void find_touching(struct work *w, const struct scope *domain, bool all_origins)
{
    size_t n = (size_t)w->s->words;
    uint64_t *row = malloc((n + 1) * sizeof *row);
    check(row != NULL);
    memcpy(w->touching, w->rules[0], n * sizeof *row);
    bits_or(w->touching, w->rules[1], n);
    or_rows(w, &w->s->sector, domain->sector, row);
    bits_and(w->touching, row, n);
    or_rows(w, &w->s->combo, &domain->combo, row);
    bits_and(w->touching, row, n);
    or_rows(w, &w->s->place, domain->place, row);
    bits_and(w->touching, row, n);
    if (all_origins)
        memcpy(row, w->all_origins, n * sizeof *row);
    else
        or_rows(w, &w->s->origin, domain->origin, row);
    bits_and(w->touching, row, n);
    free(row);
}

static enum err compare_item(struct work *w, int rule)
{
    const struct scope *x = &w->c->provision[w->s->rule[rule].provision].scope;
    struct scope domain = w->d->domain;
    scope_clip(&domain, x);
    find_touching(w, &domain, bits_equal(domain.origin, w->d->domain.origin, ORIGIN_WORDS));
    TRY(compare_within(w, &domain));
    bit_set(w->done, (size_t)rule);
    return OK;
}

static enum err compare_editions(struct work *w)
{
    diff_items(w->s, w->meaning, w->d, w->arena);
    or_rows(w, &w->s->origin, w->d->domain.origin, w->all_origins);
    for (int r = 0; r < w->s->n_rules; r++) {
        bool in = bit_get(w->rules[0], (size_t)r) || bit_get(w->rules[1], (size_t)r);
        if (in && diff_item_differs(w->d, w->s->rule[r].provision))
            TRY(compare_item(w, r));
    }
    return OK;
}

/* Economies for which no list speaks on one of the sides are not compared. */
static void clip_to_governed(struct work *w)
{
    const struct side *side[] = {&w->d->a, &w->d->b};
    for (int k = 0; k < 2; k++) {
        int v = snapshot_slice(w->s->valid_day, w->s->n_valid, side[k]->on);
        for (int o = 0; o < w->s->origin.n; o++) {
            size_t at = (size_t)(side[k]->origin >= 0 ? side[k]->origin : o);
            if ((w->layers[k] & w->s->layer_origin[(size_t)v * (size_t)w->s->origin.n + at]) == 0)
                bit_clear(w->d->domain.origin, (size_t)o);
        }
    }
    w->d->total = scope_weigh(&w->d->domain);
}

static enum err compare_views(struct work *w)
{
    clip_to_governed(w);
    size_t n = (size_t)w->s->words;
    memcpy(w->touching, w->rules[0], n * sizeof *w->touching);
    bits_or(w->touching, w->rules[1], n);
    return compare_within(w, &w->d->domain);
}

static int by_size(const void *a, const void *b)
{
    const struct diff_region *x = a, *y = b;
    if (x->change != y->change)
        return x->change < y->change ? -1 : 1;
    if (x->cells != y->cells)
        return x->cells > y->cells ? -1 : 1;
    if (x->by[0] != y->by[0])
        return x->by[0] < y->by[0] ? -1 : 1;
    return (x->a.sector > y->a.sector) - (x->a.sector < y->a.sector);
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static enum err compare(struct work *w)
{
    TRY(check_layers(w, w->layers[0] | w->layers[1]));
    return w->d->a.instrument >= 0 ? compare_editions(w) : compare_views(w);
}

static void keep_regions(struct work *w)
{
    struct diff *d = w->d;
    sort_by(d->region, (size_t)d->n_regions, sizeof *d->region, by_size);
    struct diff_region *kept = ARENA_ARRAY(w->arena, struct diff_region, (size_t)d->n_regions + 1);
    memcpy(kept, d->region, (size_t)d->n_regions * sizeof *kept);
    free(d->region);
    d->region = kept;
}

enum err diff_make(const struct snapshot *s, const struct side *a, const struct side *b,
                   struct diff *out, struct arena *arena, struct error *e)
{
    double start = seconds_now();
    struct work w = {.s = s, .c = snapshot_corpus(s), .d = out, .arena = arena, .e = e};
    memset(out, 0, sizeof *out);
    out->a = *a;
    out->b = *b;
    TRY(sides_domain(w.c, a, b, &out->domain, e));
    out->total = scope_weigh(&out->domain);
    w.meaning = ARENA_ARRAY(arena, int, (size_t)w.c->n_provisions + 1);
    meaning_ids(w.c, w.meaning);
    make_side(&w, 0, a);
    make_side(&w, 1, b);
    w.done = new_rows(&w);
    w.touching = new_rows(&w);
    w.all_origins = new_rows(&w);
    out->region = malloc(1);
    check(out->region != NULL);
    enum err r = compare(&w);
    keep_regions(&w);
    free(w.verdict);
    free(w.slot);
    free(w.group);
    check(r != OK || out->opened + out->closed <= out->total);
    out->same = out->total - out->opened - out->closed;
    out->seconds = seconds_now() - start;
    return r;
}

static enum err verify_side(const struct snapshot *s, const struct diff_region *r,
                            const struct question *asked, const struct diff_answer *said,
                            struct error *e)
{
    struct question q = *asked;
    struct answer engine, judge;
    q.facts = &r->facts;
    decide(s, &q, &engine);
    naive_decide(snapshot_corpus(s), &q, &judge);
    if (engine.outcome == said->outcome && engine.must == said->must &&
        engine.treatment == said->treatment && judge.outcome == said->outcome &&
        judge.must == said->must && judge.treatment == said->treatment)
        return OK;
    return err_set(e, ERR_INTEGRITY, "证例与判定不符(条目 %.*s)",
                   "a witness is not answered as said (item %.*s)",
                   STR_ARG(snapshot_corpus(s)->provision[r->by[0]].key));
}

enum err diff_verify(const struct snapshot *s, const struct diff *d, struct error *e)
{
    for (int i = 0; i < d->n_regions; i++) {
        const struct diff_region *r = &d->region[i];
        TRY(verify_side(s, r, &r->a, &r->was, e));
        TRY(verify_side(s, r, &r->b, &r->is, e));
        bool better = r->is.treatment < r->was.treatment || r->is.must < r->was.must;
        bool worse = r->is.treatment > r->was.treatment || r->is.must > r->was.must;
        if (r->change == CHANGE_OPENED ? !better : !worse)
            return err_set(e, ERR_INTEGRITY, "证例未显示差异(条目 %.*s)",
                           "a witness shows no difference (item %.*s)",
                           STR_ARG(snapshot_corpus(s)->provision[r->by[0]].key));
    }
    return OK;
}
