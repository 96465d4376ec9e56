/*
 * The map and the routes against brute force, on the shipped corpus and on scrambled ones (its
 * lists with other days, places, groups and claims, so that zones are founded while lists come
 * and go). A map is checked cell by cell with decide(), and on samples with the judge; routes
 * against all single and double changes over raw codes, without classes. Faults planted in true
 * results must be seen.
 *
 * FUMAO_SEED (default 1), FUMAO_CASES (questions for the routes, default 4000, under the
 * sanitizers 1000: as many corpora as two thousand fifty at a time).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compare/map.h"
#include "compare/route.h"
#include "sanitized.h"

enum { PROFILES = SANITIZED ? 120 : 220, JUDGED = 20, SAMPLES = 1500,
       QUESTIONS_EACH = SANITIZED ? 20 : 50, QUESTIONS = SANITIZED ? 1000 : 4000 };

static uint64_t seed = 1;
static int cases = QUESTIONS;
static struct arena program, season, scramble;
static struct corpus *shipped, *law; /* law: the one in use */
static struct snapshot *shipped_snapshot, *snapshot;
static struct rng rng;

static int below(int n)
{
    return (int)rng_below(&rng, (uint32_t)n);
}

static bool chance(int percent)
{
    return below(100) < percent;
}

static void use_shipped(void);

static void restart(const char *name)
{
    uint64_t h = seed;
    for (; *name; name++)
        h = h * 1099511628211u + (unsigned char)*name;
    rng_seed(&rng, h);
    arena_reset(&season);
    use_shipped();
}

static int pick_bit(const uint64_t *w, int n)
{
    int from = below(n);
    for (int i = 0; i < n; i++)
        if (bit_get(w, (size_t)((from + i) % n)))
            return (from + i) % n;
    return from;
}

/* --- corpora -------------------------------------------------------------------------------- */

static void use_shipped(void)
{
    if (snapshot != shipped_snapshot)
        snapshot_destroy(snapshot);
    law = shipped;
    snapshot = shipped_snapshot;
}

static void random_places(uint64_t set[PLACE_WORDS])
{
    memset(set, 0, sizeof(uint64_t) * PLACE_WORDS);
    int density = 20 + below(80);
    for (int p = 0; p < shipped->codes->n_places; p++)
        if (chance(density))
            bit_set(set, (size_t)p);
}

static void scramble_instrument(struct instrument *i, int places)
{
    const struct classification *k = shipped->codes;
    i->claimable = chance(35);
    if (chance(70))
        i->valid_from = day_from_civil(2010 + below(20), 1 + below(12), 1);
    if (chance(40))
        i->valid_to = i->valid_from + 1 + below(4000);
    if (chance(places))
        random_places(i->place);
    if (chance(25)) {
        i->group = k->membership[below(k->n_memberships)].group;
        bits_set_range(i->origin, 0, (size_t)k->n_economies);
    }
}

/* The shipped lists, come and gone on other days and in other places. */
static void use_scrambled(void)
{
    struct error e = {0};
    use_shipped();
    arena_reset(&scramble);
    struct corpus *c = ARENA_NEW(&scramble, struct corpus);
    *c = *shipped;
    c->instrument = ARENA_ARRAY(&scramble, struct instrument, (size_t)c->n_instruments);
    memcpy(c->instrument, shipped->instrument, (size_t)c->n_instruments * sizeof *c->instrument);
    c->provision = ARENA_ARRAY(&scramble, struct provision, (size_t)c->n_provisions);
    memcpy(c->provision, shipped->provision, (size_t)c->n_provisions * sizeof *c->provision);
    int places = chance(50) ? 15 : 50; /* few, so that places stay alike on some days */
    for (int l = 0; l < c->n_layers; l++)
        scramble_instrument(&c->instrument[c->layer[l]], places);
    for (int i = 0; i < c->n_provisions && places == 50; i++)
        if (chance(30))
            random_places(c->provision[i].scope.place);
    struct snapshot *s;
    if (snapshot_create(&s, c, &e) != OK)
        fail_msg("%s", e.detail_en);
    law = c;
    snapshot = s;
}

/* --- random questions and profiles -------------------------------------------------------- */

static int64_t random_value(int fact)
{
    const struct fact *f = &law->fact[fact];
    if (f->type != FACT_NUMBER)
        return below(f->type == FACT_BOOL ? 2 : f->n_values);
    for (int i = 0; i < 200; i++) {
        const struct expr *x = &law->expr[below(law->n_exprs)];
        if (x->fact == fact)
            return x->value + below(3) - 1;
    }
    return below(20) * FACT_SCALE / 2;
}

static void random_facts(struct facts *f)
{
    int density = below(3) * 15;
    memset(f, 0, sizeof *f);
    for (int i = 0; i < law->n_facts; i++)
        if (!law->fact[i].derived && chance(density))
            fact_set(f, i, random_value(i));
}

/* A question that may be asked, mostly one that a provision answers. */
static void random_question(struct question *q, struct facts *f)
{
    struct error e;
    random_facts(f);
    do {
        const struct provision *p = &law->provision[below(law->n_provisions)];
        int combo = pick_bit(&p->scope.combo, COMBOS);
        *q = (struct question){.sector = pick_bit(p->scope.sector, law->codes->gbt.n_leaves),
                               .mode = combo_mode(combo), .kind = combo_kind(combo),
                               .direction = combo_direction(combo),
                               .origin = below(law->codes->n_economies),
                               .place = pick_bit(p->scope.place, law->codes->n_places),
                               .on = day_from_civil(2026, 6, 1),
                               .known = day_from_civil(2026, 11, 22),
                               .facts = chance(20) ? NULL : f};
        if (chance(40))
            q->on = day_from_civil(2001 + below(36), 1 + below(12), 1 + below(28));
        if (chance(30))
            q->place = below(law->codes->n_places);
        if (chance(30))
            q->origin = economy_find(law->codes, str_from((const char *[]){"HK", "MO", "TW", "SG"}
                                                              [below(4)]));
        for (int l = 0; l < law->n_layers; l++)
            if (law->instrument[law->layer[l]].claimable && chance(25))
                q->claims |= (uint64_t)1 << l;
    } while (question_check(law, q, &e) != OK);
}

static void random_profile(struct map_profile *p, struct facts *f)
{
    struct question q;
    struct error e;
    random_question(&q, f);
    *p = (struct map_profile){.origin = q.origin, .kind = q.kind, .place = q.place, .on = q.on,
                              .known = q.known, .facts = q.facts, .claims = q.claims};
    q.place = 0;
    if (chance(60) && question_check(law, &q, &e) == OK)
        p->place = -1;
    const struct codelist *l = &law->codes->gbt;
    for (int i = chance(50) ? 1 : 4; i > 0; i--) {
        const struct code *k = &l->code[below(l->n)];
        bits_set_range(p->sector, (size_t)k->leaf_from, (size_t)k->leaf_to);
    }
    if (chance(6))
        bits_set_range(p->sector, 0, (size_t)l->n_leaves);
    if (chance(40))
        p->regions_max = 1 + below(12);
}

/* --- the map ------------------------------------------------------------------------------ */

static bool same_answer(const struct map *m, const struct map_region *r, const struct answer *a)
{
    return r->outcome == a->outcome && r->must == a->must && r->treatment == a->treatment &&
           r->favoured_by == a->favoured_by &&
           (!m->by_prevailing ||
            (r->n_prevailing == a->n_prevailing &&
             memcmp(r->prevailing, a->prevailing, (size_t)a->n_prevailing * sizeof(int)) == 0));
}

static void question_of(const struct map *m, int leaf, int combo, int place, struct question *q)
{
    *q = (struct question){.sector = leaf, .mode = combo_mode(combo), .origin = m->profile.origin,
                           .place = place, .direction = combo_direction(combo),
                           .kind = combo_kind(combo), .on = m->profile.on,
                           .known = m->profile.known, .facts = m->profile.facts,
                           .claims = m->profile.claims};
}

struct tally {
    uint64_t cells, outcome[OUTCOME_COUNT], mode[5][OUTCOME_COUNT];
    uint8_t *seen; /* leaf x mode x place */
};

/* Every cell of the box, decided by itself; NULL if all is as the region says. */
static const char *box_fault(const struct map *m, const struct map_region *r, struct tally *t)
{
    struct answer a;
    struct question q;
    uint64_t cells = 0;
    int places = law->codes->n_places;
    for (int s = 0; s < law->codes->gbt.n_leaves; s++)
        for (int c = 0; c < COMBOS && bit_get(r->box.sector, (size_t)s); c++)
            for (int p = 0; p < places && ((r->box.combo >> c) & 1); p++) {
                if (!bit_get(r->box.place, (size_t)p))
                    continue;
                question_of(m, s, c, p, &q);
                if (!bit_get(m->profile.sector, (size_t)s) || q.kind != m->profile.kind ||
                    q.direction != IMPORT || (m->profile.place >= 0 && p != m->profile.place) ||
                    law->codes->place[p].from > q.on || !combo_valid(c))
                    return "a cell that is not in the space";
                if (t->seen[(s * 5 + q.mode) * places + p]++)
                    return "a cell in two regions";
                decide(snapshot, &q, &a);
                if (!same_answer(m, r, &a))
                    return "another answer";
                t->outcome[a.outcome]++;
                t->mode[q.mode][a.outcome]++;
                cells++;
            }
    t->cells += cells;
    return cells == r->cells ? NULL : "cells of a region";
}

static uint64_t space_of(const struct map_profile *p)
{
    uint64_t places = 0;
    for (int i = 0; i < law->codes->n_places; i++)
        places += p->place < 0 ? law->codes->place[i].from <= p->on : i == p->place;
    return places * bits_count(p->sector, SECTOR_WORDS) * (p->kind > KIND_PERSON ? 1 : 4);
}

static const char *map_fault(const struct map *m)
{
    struct tally t = {0};
    const char *fault = NULL;
    t.seen = calloc((size_t)LIMIT_SECTORS * 5 * (size_t)law->codes->n_places, 1);
    for (int i = 0; i < m->n_regions && !fault; i++) {
        const struct map_region *r = &m->region[i];
        fault = box_fault(m, r, &t);
        const struct question *q = &r->witness;
        if (!fault && !scope_has(&r->box, q->sector, combo_of(q->mode, q->direction, q->kind),
                                 q->origin, q->place))
            fault = "a witness outside of its region";
        if (!fault && i > 0 &&
            (r[-1].outcome > r->outcome ||
             (r[-1].outcome == r->outcome && r[-1].cells < r->cells)))
            fault = "order of regions";
    }
    free(t.seen);
    if (fault)
        return fault;
    if (t.cells != m->cells || m->cells != space_of(&m->profile))
        return "cells of the space";
    if (memcmp(t.outcome, m->outcome, sizeof t.outcome) != 0 ||
        memcmp(t.mode, m->mode, sizeof t.mode) != 0)
        return "counts";
    return NULL;
}

static void map_is_what_decide_says(void **state)
{
    (void)state;
    static struct facts f;
    static struct map m;
    int split = 0, regions = 0;
    uint64_t cells = 0;
    restart("map");
    for (int i = 0; i < PROFILES; i++) {
        struct map_profile p;
        struct error e = {0};
        arena_reset(&season);
        if (i % 10 == 5)
            use_scrambled();
        else if (i % 10 == 0)
            use_shipped();
        random_profile(&p, &f);
        if (map_make(&m, &season, snapshot, &p, &e) != OK)
            fail_msg("%s", e.detail_en);
        const char *fault = map_fault(&m);
        if (fault)
            fail_msg("profile %d (FUMAO_SEED=%llu): %s", i, (unsigned long long)seed, fault);
        split += m.by_prevailing;
        regions = m.n_regions > regions ? m.n_regions : regions;
        cells += m.cells;
    }
    print_message("%d profiles, %llu cells, %d split by what prevails, up to %d regions\n",
                  PROFILES, (unsigned long long)cells, split, regions);
    assert_in_range(split, 1, PROFILES - 1); /* both ways of grouping came */
}

static void map_is_what_the_judge_says(void **state)
{
    (void)state;
    static struct facts f;
    static struct map m;
    struct answer a;
    restart("judge");
    for (int i = 0; i < JUDGED; i++) {
        struct map_profile p;
        struct error e = {0};
        arena_reset(&season);
        if (i % 2)
            use_scrambled();
        else
            use_shipped();
        random_profile(&p, &f);
        assert_int_equal(map_make(&m, &season, snapshot, &p, &e), OK);
        for (int k = 0; k < SAMPLES; k++) {
            const struct map_region *r = &m.region[below(m.n_regions)];
            struct question q;
            question_of(&m, pick_bit(r->box.sector, law->codes->gbt.n_leaves),
                        pick_bit(&r->box.combo, COMBOS),
                        pick_bit(r->box.place, law->codes->n_places), &q);
            naive_decide(law, &q, &a);
            assert_true(same_answer(&m, r, &a));
        }
    }
}

static void faults_in_a_map_are_seen(void **state)
{
    (void)state;
    static struct map m;
    struct error e = {0};
    restart("faults");
    struct map_profile p = {.origin = economy_find(law->codes, STR("SG")), .place = -1,
                            .on = day_from_civil(2026, 6, 1),
                            .known = day_from_civil(2026, 11, 22)};
    const struct codelist *l = &law->codes->gbt;
    const struct code *k = &l->code[codelist_find(l, STR("I"))];
    bits_set_range(p.sector, (size_t)k->leaf_from, (size_t)k->leaf_to);
    assert_int_equal(map_make(&m, &season, snapshot, &p, &e), OK);
    assert_null(map_fault(&m));
    struct map_region *r = &m.region[m.n_regions - 1], whole = *r;
    r->treatment = r->treatment == EQUAL ? CONDITION : EQUAL;
    assert_non_null(map_fault(&m));
    *r = whole;
    m.n_regions--; /* a region is missing */
    assert_non_null(map_fault(&m));
    m.n_regions++;
    bits_set_range(r->box.sector, (size_t)k->leaf_from, (size_t)k->leaf_to);
    assert_non_null(map_fault(&m)); /* too wide */
    *r = whole;
    m.mode[2][OUTCOME_EQUAL]--;
    assert_non_null(map_fault(&m));
    m.mode[2][OUTCOME_EQUAL]++;
    assert_null(map_fault(&m));
}

static void a_map_of_nothing_is_refused(void **state)
{
    (void)state;
    static struct map m;
    struct error e = {0};
    restart("refused");
    struct map_profile p = {.origin = economy_find(law->codes, STR("SG")), .place = -1,
                            .on = day_from_civil(2026, 6, 1),
                            .known = day_from_civil(2026, 11, 22)};
    assert_int_equal(map_make(&m, &season, snapshot, &p, &e), ERR_INVALID);
    bit_set(p.sector, 7);
    p.origin = economy_find(law->codes, STR("CN"));
    assert_int_equal(map_make(&m, &season, snapshot, &p, &e), ERR_INVALID);
    p.origin = economy_find(law->codes, STR("SG"));
    p.on = day_from_civil(1980, 1, 1);
    assert_int_equal(map_make(&m, &season, snapshot, &p, &e), ERR_DATE_RANGE);
    p.on = day_from_civil(2015, 1, 1);
    p.place = place_find(law->codes, STR("CN-XJ-FTZ"));
    assert_int_equal(map_make(&m, &season, snapshot, &p, &e), ERR_PLACE_DATE);
}

/* --- routes by brute force ---------------------------------------------------------------- */

struct change {
    int dimension, which;
    int64_t value;
};
struct verdict { /* of a changed question */
    bool valid;
    int lo, hi;
};

enum { CHANGES_MAX = 1024 };
static struct change changes[CHANGES_MAX];
static int n_changes;
static struct verdict alone[CHANGES_MAX];

static void change_add(int dimension, int which, int64_t value)
{
    for (int i = 0; i < n_changes; i++)
        if (changes[i].dimension == dimension && changes[i].which == which &&
            changes[i].value == value)
            return;
    assert_true(n_changes < CHANGES_MAX);
    changes[n_changes++] = (struct change){dimension, which, value};
}

static void change_facts(const struct question *q)
{
    for (int f = 0; f < law->n_facts; f++) {
        const struct fact *k = &law->fact[f];
        if (k->role != ROLE_CONDITION || k->derived)
            continue;
        int n = k->type == FACT_BOOL ? 2 : k->n_values;
        bool known = q->facts && bit_get(q->facts->known, (size_t)f);
        for (int v = 0; v < n && k->type != FACT_NUMBER; v++)
            if (!known || q->facts->value[f] != v)
                change_add(ROUTE_FACT, f, v);
        for (int x = 0; x < law->n_exprs && k->type == FACT_NUMBER; x++)
            for (int d = -1; d <= 1 && law->expr[x].fact == f; d++)
                if (law->expr[x].value + d >= 0 &&
                    (!known || q->facts->value[f] != law->expr[x].value + d))
                    change_add(ROUTE_FACT, f, law->expr[x].value + d);
    }
}

static void change_day(const struct question *q, day_t d)
{
    if (d > q->on && d != DAY_MAX)
        change_add(ROUTE_DATE, 0, d);
}

static void all_changes(const struct question *q)
{
    n_changes = 0;
    for (int i = 1; i <= 4; i++)
        if (i != q->mode)
            change_add(ROUTE_MODE, 0, i);
    for (int i = 0; i < KIND_COUNT; i++)
        if (i != (int)q->kind)
            change_add(ROUTE_KIND, 0, i);
    for (int i = 0; i < law->codes->n_places; i++) {
        if (i != q->place)
            change_add(ROUTE_PLACE, 0, i);
        change_day(q, law->codes->place[i].from);
    }
    for (int i = 0; i < law->n_layers; i++) {
        const struct instrument *t = &law->instrument[law->layer[i]];
        if (t->claimable && !((q->claims >> i) & 1))
            change_add(ROUTE_CLAIM, i, 1);
        change_day(q, t->valid_from);
        change_day(q, t->valid_to);
    }
    for (int i = 0; i < law->codes->n_memberships; i++) {
        change_day(q, law->codes->membership[i].from);
        change_day(q, law->codes->membership[i].to);
    }
    change_facts(q);
}

static void make_change(struct question *q, struct facts *f, const struct change *x)
{
    if (x->dimension == ROUTE_MODE)
        q->mode = (int)x->value;
    if (x->dimension == ROUTE_KIND)
        q->kind = (enum kind)x->value;
    if (x->dimension == ROUTE_PLACE)
        q->place = (int)x->value;
    if (x->dimension == ROUTE_DATE)
        q->on = (day_t)x->value;
    if (x->dimension == ROUTE_CLAIM)
        q->claims |= (uint64_t)1 << x->which;
    if (x->dimension == ROUTE_FACT) {
        fact_set(f, x->which, x->value);
        q->facts = f;
    }
}

/* Decides with one or two changes (y may be NULL). */
static struct verdict changed(const struct question *q, const struct change *x,
                              const struct change *y, struct answer *a)
{
    static struct facts f;
    struct question then = *q;
    struct error e;
    if (x->dimension == ROUTE_FACT || (y && y->dimension == ROUTE_FACT)) {
        if (q->facts)
            f = *q->facts;
        else
            memset(&f, 0, sizeof f);
    }
    make_change(&then, &f, x);
    if (y)
        make_change(&then, &f, y);
    if (question_check(law, &then, &e) != OK)
        return (struct verdict){0};
    decide(snapshot, &then, a);
    return (struct verdict){true, (int)a->must, (int)a->treatment};
}

static bool good_enough(struct verdict x, struct verdict than)
{
    return x.valid && x.hi <= than.hi && x.lo <= than.lo;
}

static bool better(const struct answer *now, struct verdict v)
{
    return v.valid && v.hi < SILENT && v.hi <= (int)now->treatment && v.lo <= (int)now->must &&
           (v.hi < (int)now->treatment || v.lo < (int)now->must);
}

struct raw { /* a route over raw codes, and the route it came from */
    struct change x, y; /* y.dimension -1: a single change */
    const struct route *route;
};

static int by_raw(const void *p, const void *q)
{
    const struct raw *a = p, *b = q;
    const int64_t x[] = {a->x.dimension, a->x.which, a->y.dimension,
                         a->y.which,     a->x.value, a->y.value};
    const int64_t y[] = {b->x.dimension, b->x.which, b->y.dimension,
                         b->y.which,     b->x.value, b->y.value};
    for (int i = 0; i < 6; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

static struct raw raw_of(const struct change *x, const struct change *y)
{
    struct raw r = {*x, {-1, 0, 0}, NULL};
    if (!y)
        return r;
    bool swap = y->dimension < x->dimension ||
                (y->dimension == x->dimension && y->which < x->which);
    return swap ? (struct raw){*y, *x, NULL} : (struct raw){*x, *y, NULL};
}

static struct raw *raws;
static size_t n_raws, room_raws;

static const char *expand(const struct routes *r)
{
    n_raws = 0;
    for (int i = 0; i < r->n; i++) {
        const struct route_change *x = &r->route[i].change[0], *y = &r->route[i].change[1];
        int m = r->route[i].n_changes == 2 ? y->n : 1;
        if (n_raws + (size_t)(x->n * m) > room_raws) {
            room_raws = 2 * room_raws + (size_t)(x->n * m);
            raws = realloc(raws, room_raws * sizeof *raws);
            assert_non_null(raws);
        }
        for (int k = 0; k < x->n * m; k++) {
            struct raw *w = &raws[n_raws++];
            w->x = (struct change){(int)x->dimension, x->which, x->value[k / m]};
            w->y = (struct change){-1, 0, 0};
            if (r->route[i].n_changes == 2)
                w->y = (struct change){(int)y->dimension, y->which, y->value[k % m]};
            w->route = &r->route[i];
        }
    }
    if (n_raws > 0)
        sort_by(raws, n_raws, sizeof *raws, by_raw);
    for (size_t i = 1; i < n_raws; i++)
        if (by_raw(&raws[i - 1], &raws[i]) == 0)
            return "a change given twice";
    return NULL;
}

static bool route_says(const struct route *r, const struct answer *a)
{
    return r->outcome == a->outcome && r->must == a->must && r->treatment == a->treatment &&
           r->favoured_by == a->favoured_by && r->n_prevailing == a->n_prevailing &&
           memcmp(r->prevailing, a->prevailing, (size_t)a->n_prevailing * sizeof(int)) == 0;
}

static const char *raw_fault(const struct question *q, const struct answer *now,
                             const struct raw *w)
{
    static struct answer a, b;
    const struct change *y = w->y.dimension < 0 ? NULL : &w->y;
    struct verdict v = changed(q, &w->x, y, &a);
    if (!better(now, v))
        return "a change that does not improve";
    if (!route_says(w->route, &a))
        return "another answer than the route says";
    if (y && (good_enough(changed(q, &w->x, NULL, &b), v) ||
              good_enough(changed(q, y, NULL, &b), v)))
        return "two changes where one is enough";
    return NULL;
}

static bool same_but_scale(const struct change *a, const struct change *b)
{
    bool scale = a->dimension == ROUTE_DATE ||
                 (a->dimension == ROUTE_FACT && law->fact[a->which].type == FACT_NUMBER);
    return a->dimension == b->dimension && a->which == b->which &&
           (scale || a->value == b->value);
}

/* There, or (numbers and days have more values than slices) another value that does alike. */
static bool found(const struct raw *w, const struct answer *a)
{
    if (n_raws > 0 && bsearch(w, raws, n_raws, sizeof *raws, by_raw))
        return true;
    for (size_t i = 0; i < n_raws; i++)
        if ((same_but_scale(&w->x, &raws[i].x) && same_but_scale(&w->y, &raws[i].y)) &&
            route_says(raws[i].route, a) && by_raw(w, &raws[i]) != 0)
            return true;
    return false;
}

static const char *missing_route(const struct question *q, const struct answer *now)
{
    static struct answer a;
    all_changes(q);
    for (int i = 0; i < n_changes; i++) {
        alone[i] = changed(q, &changes[i], NULL, &a);
        struct raw w = raw_of(&changes[i], NULL);
        if (better(now, alone[i]) && !found(&w, &a))
            return "a single change is missing";
    }
    for (int i = 0; i < n_changes; i++)
        for (int k = i + 1; k < n_changes; k++) {
            if (changes[i].dimension == changes[k].dimension &&
                changes[i].which == changes[k].which)
                continue;
            struct verdict v = changed(q, &changes[i], &changes[k], &a);
            if (!better(now, v) || good_enough(alone[i], v) || good_enough(alone[k], v))
                continue;
            struct raw w = raw_of(&changes[i], &changes[k]);
            if (!found(&w, &a))
                return "a pair of changes is missing";
        }
    return NULL;
}

static int days_of(const struct route *r)
{
    return r->procedure && r->procedure->working_days >= 0 ? r->procedure->working_days : 9999;
}

static bool in_order(const struct route *a, const struct route *b)
{
    const int x[] = {(int)a->treatment, (int)a->must, a->n_changes, days_of(a),
                     (int)a->change[0].dimension};
    const int y[] = {(int)b->treatment, (int)b->must, b->n_changes, days_of(b),
                     (int)b->change[0].dimension};
    for (int i = 0; i < 5; i++)
        if (x[i] != y[i])
            return x[i] < y[i];
    return true;
}

static const char *routes_fault(const struct routes *r)
{
    static struct answer now;
    decide(snapshot, &r->question, &now);
    enum route_state state = now.outcome == OUTCOME_ELSEWHERE ? ROUTE_ELSEWHERE
                             : now.treatment == EQUAL         ? ROUTE_NOT_NEEDED
                                                              : ROUTE_SOUGHT;
    if (r->state != state || (state != ROUTE_SOUGHT && r->n > 0))
        return "state";
    if (state != ROUTE_SOUGHT)
        return NULL;
    const char *fault = expand(r);
    for (size_t i = 0; i < n_raws && !fault; i++)
        fault = raw_fault(&r->question, &now, &raws[i]);
    for (int i = 1; i < r->n && !fault; i++)
        if (!in_order(&r->route[i - 1], &r->route[i]))
            fault = "order";
    return fault ? fault : missing_route(&r->question, &now);
}

static void print_question(const struct question *q)
{
    print_error("  sector %.*s mode %d %s %s from %.*s to %.*s on %d\n",
                STR_ARG(sector_code(law->codes, q->sector)), q->mode, direction_name(q->direction),
                kind_name(q->kind), STR_ARG(law->codes->economy[q->origin].alpha2),
                STR_ARG(law->codes->place[q->place].code), q->on);
}

static void routes_are_all_the_smallest_changes(void **state)
{
    (void)state;
    static struct facts f;
    struct question q;
    struct routes r;
    struct error e = {0};
    int states[3] = {0}, pairs = 0, singles = 0, most = 0;
    bool dimension[6] = {0};
    restart("routes");
    for (int i = 0; i < cases; i++) {
        arena_reset(&season);
        if (i % (2 * QUESTIONS_EACH) == 0)
            use_shipped();
        else if (i % QUESTIONS_EACH == 0)
            use_scrambled();
        random_question(&q, &f);
        if (route_find(&r, &season, snapshot, &q, &e) != OK)
            fail_msg("%s", e.detail_en);
        const char *fault = routes_fault(&r);
        if (fault) {
            print_question(&q);
            fail_msg("question %d (FUMAO_SEED=%llu): %s", i, (unsigned long long)seed, fault);
        }
        states[r.state]++;
        most = r.n > most ? r.n : most;
        for (int k = 0; k < r.n; k++) {
            *(r.route[k].n_changes == 2 ? &pairs : &singles) += 1;
            dimension[r.route[k].change[0].dimension] = true;
            dimension[r.route[k].change[r.route[k].n_changes - 1].dimension] = true;
        }
    }
    print_message("%d questions: sought %d, not needed %d, elsewhere %d; %d single and %d double "
                  "routes, at most %d\n",
                  cases, states[0], states[1], states[2], singles, pairs, most);
    for (int i = 0; i < 3; i++)
        assert_true(states[i] > 0);
    for (int i = 0; i < 6; i++)
        assert_true(dimension[i]); /* routes of every dimension came */
    assert_true(singles > 0 && pairs > 0);
}

static struct question doctor(void)
{
    const struct classification *k = law->codes;
    struct sector_set set;
    assert_int_equal(sector_parse(k, STR("8411"), &set, NULL), OK);
    struct question q = {.mode = 4, .kind = KIND_PERSON, .origin = economy_find(k, STR("SG")),
                         .place = place_find(k, STR("CN-SH")), .on = day_from_civil(2026, 6, 1),
                         .known = day_from_civil(2026, 11, 22)};
    while (!bit_get(set.leaf, (size_t)q.sector))
        q.sector++;
    return q;
}

static void faults_in_routes_are_seen(void **state)
{
    (void)state;
    struct routes r;
    struct error e = {0};
    restart("planted");
    struct question q = doctor();
    assert_int_equal(route_find(&r, &season, snapshot, &q, &e), OK);
    assert_null(routes_fault(&r));
    assert_true(r.n >= 2);
    struct route first = r.route[0], second = r.route[1];
    r.n--; /* one is missing */
    assert_non_null(routes_fault(&r));
    r.n++;
    r.route[0].treatment = CONDITION; /* another answer */
    assert_non_null(routes_fault(&r));
    r.route[0] = first;
    r.route[1] = first; /* twice */
    assert_non_null(routes_fault(&r));
    r.route[1] = second;
    for (int i = 0; i < r.n; i++) /* two changes where one is enough */
        if (r.route[i].n_changes == 1 && r.route[i].change[0].dimension == ROUTE_MODE) {
            struct route one = r.route[i];
            static int64_t value = KIND_FIRM;
            r.route[i].n_changes = 2;
            r.route[i].change[1] = one.change[0];
            r.route[i].change[0] = (struct route_change){ROUTE_KIND, 0, 1, &value};
            assert_non_null(routes_fault(&r));
            r.route[i] = one;
        }
    assert_null(routes_fault(&r));
    struct route last = r.route[r.n - 1];
    r.route[r.n - 1] = first;
    r.route[0] = last;
    assert_non_null(routes_fault(&r)); /* order, or a repeated answer */
}

/* The register is tied by key, and no time limit is made up. */
static void procedures_are_those_of_the_register(void **state)
{
    (void)state;
    struct routes r;
    struct procedures p;
    struct error e = {0};
    restart("procedures");
    static struct facts f;
    struct question q = doctor();
    fact_set(&f, fact_find(law, STR("person.cn_employer")), 1);
    q.facts = &f;
    assert_int_equal(route_find(&r, &season, snapshot, &q, &e), OK);
    int tied = 0;
    for (int i = 0; i < r.n; i++) {
        const struct procedure *x = r.route[i].procedure;
        if (!x)
            continue;
        assert_true(str_eqz(x->key, "foreign-doctor"));
        assert_int_equal(x->evidence, 'C');
        assert_int_equal(x->working_days, -1);
        tied++;
    }
    assert_true(tied > 0);
    assert_int_equal(procedures_load(&p, &season, &e), OK);
    assert_int_equal(p.n, 11);
    for (int i = 0; i < law->n_provisions; i++)
        if (law->instrument[law->provision[i].instrument].family == FAMILY_INVESTMENT)
            assert_null(procedure_of(&p, law, i));
    for (int i = 0; i < law->n_provisions; i++) {
        const struct provision *x = &law->provision[i];
        const struct procedure *of = procedure_of(&p, law, i);
        if (law->instrument[x->instrument].family == FAMILY_CROSS_BORDER)
            assert_true((of != NULL) == (x->effect == EFFECT_REQUIRE_APPROVAL ||
                                         str_eqz(x->key, "foreign-doctors-short-term")));
        if (of && x->effect == EFFECT_REQUIRE_APPROVAL)
            assert_true(str_eqz(of->key, "negative-list-permit") && of->working_days == -1);
    }
    for (int i = 0; i < p.n; i++)
        if (str_eqz(p.procedure[i].key, "data-assessment"))
            assert_int_equal(p.procedure[i].working_days, 5 + 7 + 45); /* no renewal */
    arena_reset(&season);
}

static void a_broken_register_is_refused(void **state)
{
    (void)state;
    struct procedures p;
    struct error e = {0};
    restart("register");
    assert_int_equal(procedures_read(&p, &season, STR("{\"procedures\":["), "x", &e), ERR_SYNTAX);
    assert_int_equal(
        procedures_read(&p, &season, STR("{\"procedures\":[{\"key\":\"a\"}]}"), "x", &e),
        ERR_INVALID);
    assert_int_equal(
        procedures_read(&p, &season,
                        STR("{\"procedures\":[{\"key\":\"a\",\"zh\":\"x\",\"evidence\":\"B\","
                            "\"steps\":[],\"ties\":{\"family\":\"none\",\"effect\":\"x\"}}]}"),
                        "x", &e),
        ERR_INVALID);
}

static int setup(void **state)
{
    (void)state;
    struct classification *codes;
    struct error e = {0};
    arena_init(&program);
    arena_init(&season);
    arena_init(&scramble);
    if (classification_load(&codes, &program, &e) != OK ||
        law_load_shipped(&shipped, &program, codes, &e) != OK ||
        snapshot_create(&shipped_snapshot, shipped, &e) != OK)
        fail_msg("%s %s:%d %s", e.detail_en, e.file, e.line, e.field);
    law = shipped;
    snapshot = shipped_snapshot;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(raws);
    use_shipped();
    snapshot_destroy(shipped_snapshot);
    arena_finish(&scramble);
    arena_finish(&season);
    arena_finish(&program);
    return 0;
}

int main(void)
{
    const char *s = getenv("FUMAO_SEED"), *n = getenv("FUMAO_CASES");
    if (s)
        seed = strtoull(s, NULL, 10);
    if (n && atoi(n) > 0)
        cases = atoi(n);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map_is_what_decide_says),
        cmocka_unit_test(map_is_what_the_judge_says),
        cmocka_unit_test(faults_in_a_map_are_seen),
        cmocka_unit_test(a_map_of_nothing_is_refused),
        cmocka_unit_test(routes_are_all_the_smallest_changes),
        cmocka_unit_test(faults_in_routes_are_seen),
        cmocka_unit_test(procedures_are_those_of_the_register),
        cmocka_unit_test(a_broken_register_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
