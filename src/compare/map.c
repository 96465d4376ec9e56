#include "compare/map.h"

#include <stdlib.h>

struct group { /* class cells with one answer */
    uint8_t outcome, must, treatment;
    int16_t favoured_by;
    int32_t coarse; /* the first group that differs at most in what prevails */
    int n_prevailing;
    int *prevailing;
};

struct making {
    struct arena *a;
    const struct snapshot *s;
    struct map *m;
    struct grid grid;
    int32_t *of; /* class cell -> group */
    int n_groups, room;
    struct group *group;
    int32_t *slot; /* hash table of groups, twice the room */
};

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 29);
}

static uint64_t answer_hash(const struct answer *a)
{
    uint64_t h = mix((uint64_t)a->outcome << 16 | (uint64_t)a->must << 8 | (uint64_t)a->treatment,
                     (uint64_t)(a->favoured_by + 1));
    for (int i = 0; i < a->n_prevailing; i++)
        h = mix(h, (uint64_t)a->prevailing[i]);
    return h;
}

static bool coarsely_alike(const struct group *g, const struct answer *a)
{
    return g->outcome == a->outcome && g->must == a->must && g->treatment == a->treatment &&
           g->favoured_by == a->favoured_by;
}

static bool alike(const struct group *g, const struct answer *a)
{
    return coarsely_alike(g, a) && g->n_prevailing == a->n_prevailing &&
           memcmp(g->prevailing, a->prevailing, (size_t)a->n_prevailing * sizeof(int)) == 0;
}

static void rehash(struct making *k)
{
    int old = k->room;
    k->room = old == 0 ? 64 : 2 * old;
    struct group *group = ARENA_ARRAY(k->a, struct group, (size_t)k->room);
    if (old > 0)
        memcpy(group, k->group, (size_t)old * sizeof *group);
    k->group = group;
    k->slot = ARENA_ARRAY(k->a, int32_t, 2 * (size_t)k->room);
    memset(k->slot, 0xff, 2 * (size_t)k->room * sizeof *k->slot);
    for (int32_t g = 0; g < k->n_groups; g++) {
        struct answer a;
        a.outcome = (enum outcome)group[g].outcome;
        a.must = (enum treatment)group[g].must;
        a.treatment = (enum treatment)group[g].treatment;
        a.favoured_by = group[g].favoured_by;
        a.n_prevailing = group[g].n_prevailing;
        memcpy(a.prevailing, group[g].prevailing, (size_t)a.n_prevailing * sizeof(int));
        size_t at = answer_hash(&a) % (2 * (size_t)k->room);
        while (k->slot[at] >= 0)
            at = (at + 1) % (2 * (size_t)k->room);
        k->slot[at] = g;
    }
}

static int32_t group_of(struct making *k, const struct answer *a)
{
    if (k->n_groups == k->room)
        rehash(k);
    size_t n = 2 * (size_t)k->room, at = answer_hash(a) % n;
    for (; k->slot[at] >= 0; at = (at + 1) % n)
        if (alike(&k->group[k->slot[at]], a))
            return k->slot[at];
    int32_t new = k->n_groups++, coarse = 0;
    while (coarse < new && !coarsely_alike(&k->group[coarse], a))
        coarse++;
    k->slot[at] = new;
    k->group[new] = (struct group){
        (uint8_t)a->outcome, (uint8_t)a->must, (uint8_t)a->treatment, (int16_t)a->favoured_by,
        coarse, a->n_prevailing, ARENA_ARRAY(k->a, int, (size_t)a->n_prevailing + 1)};
    memcpy(k->group[new].prevailing, a->prevailing, (size_t)a->n_prevailing * sizeof(int));
    return new;
}

static struct question cell_question(const struct map *m, const struct grid *g, int s, int c,
                                     int p)
{
    int combo = g->combo.first[c];
    return (struct question){.sector = g->sector.first[s],
                             .mode = combo_mode(combo),
                             .origin = m->profile.origin,
                             .place = g->place.first[p],
                             .direction = IMPORT,
                             .kind = m->profile.kind,
                             .on = m->profile.on,
                             .known = m->profile.known,
                             .facts = m->profile.facts,
                             .claims = m->profile.claims};
}

/* Every class cell decided, counted and put into its group. */
static void decide_all(struct making *k)
{
    struct map *m = k->m;
    const struct grid *g = &k->grid;
    struct answer a;
    uint64_t sum = 0;
    k->of = ARENA_ARRAY(k->a, int32_t, grid_cells(g) + 1);
    for (int s = 0; s < g->sector.n; s++)
        for (int c = 0; c < g->combo.n; c++)
            for (int p = 0; p < g->place.n; p++) {
                struct question q = cell_question(m, g, s, c, p);
                decide(k->s, &q, &a);
                k->of[grid_at(g, s, c, 0, p)] = group_of(k, &a);
                uint64_t cells = grid_weight(g, s, c, 0, p);
                m->outcome[a.outcome] += cells;
                m->mode[q.mode][a.outcome] += cells;
                sum += cells;
            }
    m->cells = scope_weigh(&m->domain);
    check(sum == m->cells); /* complete, or there is no map */
}

struct taking {
    struct making *k;
    int room, n; /* n may exceed the room: then there are too many */
    struct map_region *region;
    uint64_t cells;
};

static void take_box(void *ctx, const struct box *b)
{
    struct taking *t = ctx;
    struct making *k = t->k;
    t->cells += b->cells;
    if (t->n == t->room && t->k->m->by_prevailing) {
        t->n++;
        return;
    }
    if (t->n > t->room)
        return;
    if (t->n == t->room) { /* the coarse cover is taken whatever its size */
        struct map_region *more = ARENA_ARRAY(k->a, struct map_region, 2 * (size_t)t->room);
        memcpy(more, t->region, (size_t)t->n * sizeof *more);
        t->region = more;
        t->room *= 2;
    }
    /* The witness may lie in another group of the same coarse one. */
    const struct group *g = &k->group[k->of[grid_at(&k->grid, b->s, b->c, b->o, b->p)]];
    struct map_region *r = &t->region[t->n++];
    *r = (struct map_region){.outcome = (enum outcome)g->outcome,
                             .must = (enum treatment)g->must,
                             .treatment = (enum treatment)g->treatment,
                             .favoured_by = g->favoured_by,
                             .box = b->scope,
                             .cells = b->cells,
                             .witness = cell_question(k->m, &k->grid, b->s, b->c, b->p),
                             .n_prevailing = g->n_prevailing,
                             .prevailing = g->prevailing};
}

/* Cuts the groups into boxes; false if there are too many for the fine grouping. */
static bool cover(struct making *k, const int32_t *group)
{
    int most = k->m->profile.regions_max;
    struct taking t = {.k = k, .room = most > 0 ? most : MAP_REGIONS_MAX};
    t.region = ARENA_ARRAY(k->a, struct map_region, (size_t)t.room);
    grid_cover(&k->grid, group, take_box, &t);
    check(t.cells == k->m->cells);
    if (t.n > t.room)
        return false;
    k->m->region = t.region;
    k->m->n_regions = t.n;
    return true;
}

static void find_regions(struct making *k)
{
    size_t n = grid_cells(&k->grid);
    k->m->by_prevailing = true;
    if (cover(k, k->of))
        return;
    k->m->by_prevailing = false;
    int32_t *coarse = ARENA_ARRAY(k->a, int32_t, n + 1);
    for (size_t i = 0; i < n; i++)
        coarse[i] = k->group[k->of[i]].coarse;
    check(cover(k, coarse));
}

static int by_outcome(const void *x, const void *y)
{
    const struct map_region *a = x, *b = y;
    if (a->outcome != b->outcome)
        return a->outcome < b->outcome ? -1 : 1;
    if (a->cells != b->cells)
        return a->cells > b->cells ? -1 : 1;
    const struct question *p = &a->witness, *q = &b->witness;
    if (p->sector != q->sector)
        return p->sector < q->sector ? -1 : 1;
    return p->mode != q->mode ? p->mode - q->mode : p->place - q->place;
}

/* docs/meaning.md section 5, as explain() has it; cheaper where provisions prevail. */
static void grade(struct making *k)
{
    const struct corpus *c = snapshot_corpus(k->s);
    struct explanation *x = ARENA_NEW(k->a, struct explanation);
    for (int i = 0; i < k->m->n_regions; i++) {
        struct map_region *r = &k->m->region[i];
        r->evidence = 'A';
        for (int j = 0; j < r->n_prevailing; j++)
            if (c->provision[r->prevailing[j]].evidence > r->evidence)
                r->evidence = c->provision[r->prevailing[j]].evidence;
        if (r->treatment == EQUAL) {
            explain(k->s, &r->witness, x);
            r->evidence = x->evidence;
        }
    }
}

static enum err profile_check(const struct corpus *c, const struct map_profile *p,
                              struct error *e)
{
    struct question q = {.origin = p->origin, .mode = 3, .kind = p->kind, .direction = IMPORT,
                         .place = p->place < 0 ? 0 : p->place, .on = p->on, .known = p->known,
                         .facts = p->facts, .claims = p->claims};
    if (!bits_any(p->sector, SECTOR_WORDS)) {
        err_set(e, ERR_INVALID, "没有服务类别：%s", "no sector: %s", "sector");
        err_at(e, "", 0, "sector");
        return ERR_INVALID;
    }
    return question_check(c, &q, e); /* every kind exists in mode 3 */
}

enum err map_make(struct map *out, struct arena *a, const struct snapshot *s,
                  const struct map_profile *p, struct error *e)
{
    const struct corpus *c = snapshot_corpus(s);
    TRY(profile_check(c, p, e));
    memset(out, 0, sizeof *out);
    out->profile = *p;
    scope_whole(c->codes, p->on, &out->domain);
    memcpy(out->domain.sector, p->sector, sizeof p->sector);
    out->domain.combo = combos_of(0x1e, IMPORT, 1u << p->kind);
    memset(out->domain.origin, 0, sizeof out->domain.origin);
    bit_set(out->domain.origin, (size_t)p->origin);
    if (p->place >= 0) {
        memset(out->domain.place, 0, sizeof out->domain.place);
        bit_set(out->domain.place, (size_t)p->place);
    }
    struct making *k = ARENA_NEW(a, struct making);
    k->a = a;
    k->s = s;
    k->m = out;
    snapshot_grid(s, p->on, p->known, &out->domain, &k->grid);
    decide_all(k);
    find_regions(k);
    sort_by(out->region, (size_t)out->n_regions, sizeof *out->region, by_outcome);
    grade(k);
    return OK;
}
