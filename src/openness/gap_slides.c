/* Slides: cells whose applied treatment became less favourable after entry into force. The
 * algebra is compare/floor.h; here its histories are read off the lists, slice by slice. */
#include "openness/gap_inside.h"

#include <stdlib.h>

enum { KIND_STEP, KIND_FLOOR, KINDS }; /* step by step; the floor of the agreement's term */

struct timeline {
    struct gap *g;
    const struct snapshot *s;
    struct arena *arena;
    uint64_t leave_out;
    int n;      /* slices */
    bool *added; /* there for t0 or for a place that was founded: nothing else changed */
    bool *alike; /* the lists are those of the slice before */
    day_t *day; /* first day of each that counts */
    uint64_t (*members)[ORIGIN_WORDS]; /* per slice */
    struct grid grid; /* common refinement of the slices */
    struct groups groups;
    int32_t *group; /* KINDS x n x class cells, made with the first slide */
    enum floor_kind floor;
    day_t t0;
};

/* Lists in force on a slice, the claimable left aside: nothing else moves an applied value. */
static bool slices_alike(const struct timeline *t, int v, int u)
{
    const struct snapshot *s = t->s;
    uint64_t lists = ~s->claimable & ~t->leave_out;
    if (((s->layer_valid[v] ^ s->layer_valid[u]) & lists) != 0)
        return false;
    for (int o = 0; o < s->origin.n; o++)
        if (((s->layer_origin[(size_t)v * (size_t)s->origin.n + (size_t)o] ^
              s->layer_origin[(size_t)u * (size_t)s->origin.n + (size_t)o]) & lists) != 0)
            return false;
    return true;
}

static bool founding_day(const struct timeline *t, day_t day)
{
    const struct classification *k = t->s->c->codes;
    for (int p = 0; p < k->n_places; p++)
        if (k->place[p].from == day && bit_get(t->g->domain.place, (size_t)p))
            return true;
    return false;
}

static void add_day(struct timeline *t, day_t day)
{
    const struct snapshot *s = t->s;
    uint64_t members[ORIGIN_WORDS];
    gap_members(s->c, t->g->request.agreement, day, members);
    bool alike = t->n > 0 &&
                 slices_alike(t, snapshot_slice(s->valid_day, s->n_valid, day),
                              snapshot_slice(s->valid_day, s->n_valid, t->day[t->n - 1]));
    bool same = alike && bits_equal(members, t->members[t->n - 1], ORIGIN_WORDS);
    if (same && day != t->t0 && !founding_day(t, day))
        return;
    t->added[t->n] = same;
    t->alike[t->n] = alike;
    t->day[t->n] = day;
    memcpy(t->members[t->n++], members, sizeof members);
}

static int by_day(const void *a, const void *b)
{
    day_t x = *(const day_t *)a, y = *(const day_t *)b;
    return (x > y) - (x < y);
}

static void timeline_days(struct timeline *t)
{
    const struct snapshot *s = t->s;
    const struct classification *k = s->c->codes;
    size_t room = (size_t)(s->n_valid + k->n_places) + 2;
    day_t *day = ARENA_ARRAY(t->arena, day_t, room);
    day_t first = s->c->instrument[t->g->request.agreement].valid_from;
    int n = 0;
    t->day = ARENA_ARRAY(t->arena, day_t, room);
    t->added = ARENA_ARRAY(t->arena, bool, room);
    t->alike = ARENA_ARRAY(t->arena, bool, room);
    t->members = arena_array(t->arena, room, sizeof *t->members);
    day[n++] = first;
    day[n++] = t->t0;
    for (int v = 0; v < s->n_valid; v++)
        day[n++] = s->valid_day[v];
    for (int p = 0; p < k->n_places; p++)
        if (bit_get(t->g->domain.place, (size_t)p))
            day[n++] = k->place[p].from;
    sort_by(day, (size_t)n, sizeof *day, by_day);
    for (int i = 0; i < n; i++)
        if (day[i] >= first && day[i] <= t->g->request.on && (i == 0 || day[i] != day[i - 1]))
            add_day(t, day[i]);
}

static void split_by(struct classes *c, const struct classes *other)
{
    for (int k = 0; k < other->n; k++) {
        uint64_t set[SECTOR_WORDS] = {0};
        classes_codes(other, k, set);
        classes_split(c, set);
    }
}

static void timeline_grid(struct timeline *t)
{
    const struct classification *codes = t->s->c->codes;
    const struct scope *domain = &t->g->domain;
    struct grid *one = ARENA_NEW(t->arena, struct grid);
    for (int i = 0; i < t->n; i++) {
        uint64_t founded[PLACE_WORDS] = {0};
        if (!t->alike[i])
            snapshot_grid(t->s, t->day[i], t->g->request.known, domain, i == 0 ? &t->grid : one);
        if (i > 0 && !t->alike[i]) {
            split_by(&t->grid.sector, &one->sector);
            split_by(&t->grid.origin, &one->origin);
            split_by(&t->grid.place, &one->place);
        }
        for (int p = 0; p < codes->n_places; p++)
            if (codes->place[p].from <= t->day[i])
                bit_set(founded, (size_t)p);
        classes_split(&t->grid.place, founded);
        classes_split(&t->grid.origin, t->members[i]);
    }
}

static void decide_slice(const struct timeline *t, size_t at, int slice, struct question *q,
                         struct answer *a)
{
    *q = gap_question(&t->grid, at, t->day[slice], t->g->request.known);
    q->only = ~t->leave_out;
    decide(t->s, q, a);
}

/* The pieces of one class cell. Before a place was founded or its economy was a party nothing
 * is owed there: not governed. */
static void cell_history(const struct timeline *t, size_t at, struct piece *h)
{
    static _Thread_local struct answer a;
    struct question q;
    for (int i = 0; i < t->n; i++) {
        if (!t->alike[i])
            decide_slice(t, at, i, &q, &a);
        bool there = t->s->c->codes->place[q.place].from <= t->day[i] &&
                     bit_get(t->members[i], (size_t)q.origin);
        h[i] = (struct piece){t->day[i], there && a.outcome != OUTCOME_ELSEWHERE, span_of(&a)};
    }
}

static int slice_of(const struct timeline *t, day_t from)
{
    return snapshot_slice(t->day, t->n, from);
}

enum { KEY_KIND, KEY_BY, KEY_AT, KEY_WORSE, KEY_FLO, KEY_FHI, KEY_VLO, KEY_VHI, KEY_GRADE,
       KEY_HEAD, KEY_ROOM = KEY_HEAD + LIMIT_MATCHES };

static void put_slide(struct timeline *t, size_t at, uint64_t weight, int kind,
                      const struct piece *h, const struct slide *x)
{
    static _Thread_local struct answer a;
    struct question q;
    int32_t key[KEY_ROOM];
    int slice = slice_of(t, h[x->at].from), by = slice_of(t, h[x->by].from), n = KEY_HEAD;
    decide_slice(t, at, by, &q, &a);
    char grade = gap_evidence(t->s, &q, &a);
    decide_slice(t, at, slice, &q, &a);
    key[KEY_KIND] = kind, key[KEY_BY] = by, key[KEY_AT] = slice;
    key[KEY_WORSE] = (int32_t)x->worse;
    key[KEY_FLO] = x->floor.lo, key[KEY_FHI] = x->floor.hi;
    key[KEY_VLO] = x->value.lo, key[KEY_VHI] = x->value.hi;
    key[KEY_GRADE] = grade_lower(grade, gap_evidence(t->s, &q, &a));
    for (int i = 0; i < a.n_prevailing; i++)
        key[n++] = a.prevailing[i];
    size_t cells = grid_cells(&t->grid), all = cells * (size_t)t->n * KINDS;
    if (t->group == NULL) {
        t->group = ARENA_ARRAY(t->arena, int32_t, all);
        memset(t->group, 0xff, all * sizeof *t->group);
    }
    t->group[((size_t)kind * (size_t)t->n + (size_t)slice) * cells + at] =
        groups_put(&t->groups, key, n, at, weight);
}

static void cell_slides(struct timeline *t, size_t at, uint64_t weight, struct piece *h,
                        struct slide *x)
{
    struct gap_slides *r = &t->g->slides;
    int governed = 0;
    bool lapsed = false;
    cell_history(t, at, h);
    for (int i = 0; i < t->n; i++) {
        governed += h[i].governed && (!t->added[i] || !h[i - 1].governed);
        lapsed |= i > 0 && h[i - 1].governed && !h[i].governed;
    }
    r->cells += weight;
    r->compared += governed > 1 ? weight : 0;
    r->lapses += lapsed ? weight : 0;
    int n = history_renewals(h, t->n, t->g->terms->renewal_days);
    int mode = t->grid.combo.first[at / ((size_t)t->grid.place.n * (size_t)t->grid.origin.n) %
                                   (size_t)t->grid.combo.n];
    unsigned modes = t->g->terms->modes;
    for (int kind = 0; kind < KINDS; kind++) {
        if (kind == KIND_FLOOR &&
            (!r->floors || (modes != 0 && !((modes >> combo_mode(mode)) & 1))))
            continue;
        int found = history_slides(h, n, kind == KIND_STEP ? FLOOR_STEP : t->floor,
                                   kind == KIND_STEP ? t->day[0] : t->t0, x, t->n);
        for (int i = 0; i < found; i++)
            put_slide(t, at, weight, kind, h, &x[i]);
    }
}

static void slide_make(const struct timeline *t, const struct group_key *k,
                       struct slide_finding *f)
{
    static _Thread_local struct answer a;
    struct question q;
    f->kind = k->key[KEY_KIND] == KIND_STEP ? FLOOR_STEP : t->floor;
    f->worse = (enum worse)k->key[KEY_WORSE];
    f->before = t->day[k->key[KEY_BY]];
    f->after = t->day[k->key[KEY_AT]];
    f->floor = (struct span){(uint8_t)k->key[KEY_FLO], (uint8_t)k->key[KEY_FHI]};
    f->value = (struct span){(uint8_t)k->key[KEY_VLO], (uint8_t)k->key[KEY_VHI]};
    f->evidence = (char)k->key[KEY_GRADE];
    f->cells = k->cells;
    f->n_items = k->n - KEY_HEAD;
    int *list = ARENA_ARRAY(t->arena, int, (size_t)f->n_items + 1);
    for (int i = 0; i < f->n_items; i++)
        list[i] = k->key[KEY_HEAD + i];
    f->item = list;
    decide_slice(t, k->at, k->key[KEY_BY], &q, &a);
    f->then = shown_of(&a);
    decide_slice(t, k->at, k->key[KEY_AT], &q, &a);
    f->now = shown_of(&a);
    q.only = 0;
    f->witness = q;
}

static void take_slide_boxes(void *ctx, int group, int first, int n)
{
    struct slide_finding *f = ctx;
    f[group].first_box = first;
    f[group].n_boxes = n;
}

static bool term_floor(const struct gap *g, enum floor_kind *kind)
{
    const struct term *x = &g->terms->standstill;
    *kind = x->kind == STANDSTILL_RATCHET ? FLOOR_RATCHET : FLOOR_STANDSTILL;
    return x->known && (x->kind == STANDSTILL_RATCHET || x->kind == STANDSTILL_FIXED);
}

static void timeline_slides(struct timeline *t)
{
    size_t cells = grid_cells(&t->grid);
    struct gap *g = t->g;
    struct piece *h = ARENA_ARRAY(t->arena, struct piece, (size_t)t->n);
    struct slide *x = ARENA_ARRAY(t->arena, struct slide, (size_t)t->n);
    const struct grid *d = &t->grid;
    for (int s = 0; s < d->sector.n; s++)
        for (int c = 0; c < d->combo.n; c++)
            for (int o = 0; o < d->origin.n; o++)
                for (int p = 0; p < d->place.n; p++)
                    cell_slides(t, grid_at(d, s, c, o, p), grid_weight(d, s, c, o, p), h, x);
    g->slides.n = t->groups.n;
    g->slides.finding = ARENA_ARRAY(t->arena, struct slide_finding, (size_t)t->groups.n + 1);
    for (int i = 0; i < t->groups.n; i++)
        slide_make(t, &t->groups.of[i], &g->slides.finding[i]);
    for (int i = 0; i < KINDS * t->n && t->groups.n > 0; i++)
        gap_cover(g, t->arena, d, t->group + (size_t)i * cells, take_slide_boxes,
                  g->slides.finding);
}

void gap_slides_make(struct gap *g, struct arena *a, const struct snapshot *s, uint64_t leave_out)
{
    struct timeline *t = ARENA_NEW(a, struct timeline);
    day_t from = g->terms->standstill.from;
    day_t entry = s->c->instrument[g->request.agreement].valid_from;
    *t = (struct timeline){.g = g, .s = s, .arena = a, .leave_out = leave_out};
    g->slides.floors = term_floor(g, &t->floor);
    t->t0 = g->slides.floors && from > entry ? from : entry;
    timeline_days(t);
    g->slides.n_days = t->n;
    g->slides.day = t->day;
    timeline_grid(t);
    groups_init(&t->groups, a);
    timeline_slides(t);
}
