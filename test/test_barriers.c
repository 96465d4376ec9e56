/*
 * Rules against lists: set algebra against plain loops over raw cells on random corpora and
 * catalogues, planted findings of every kind, the shipped catalogue with its findings by name,
 * a catalogue of a thousand rules, and catalogues that must be refused.
 *
 * FUMAO_SEED (default 1) and FUMAO_CASES (random corpora, default 150).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "openness/barriers.h"

enum { ON = 20605, KNOWN = 20779 }; /* 2026-06-01, 2026-11-22 */

static uint64_t seed = 1;
static int cases = 150, at_case;
static struct arena program, season;
static struct classification *codes;
static struct corpus *shipped;
static struct rng rng;

#define HOLDS(cond) holds((cond), #cond, __LINE__)

static void holds(bool ok, const char *what, int line)
{
    if (!ok)
        fail_msg("line %d, seed %llu, case %d: %s", line, (unsigned long long)seed, at_case, what);
}

static int below(int n)
{
    return (int)rng_below(&rng, (uint32_t)n);
}

static bool chance(int percent)
{
    return below(100) < percent;
}

static void need(enum err r, const struct error *e)
{
    if (r != OK)
        fail_msg("%s %s: %s", e->file, e->field, e->detail_en);
}

/* --- corpora and catalogues from text ----------------------------------------------------- */

/* Only the dictionary of the shipped facts; the lists are those given. */
static struct corpus *corpus_of(const char *const *list, int n)
{
    struct corpus *c;
    struct error e = {0};
    struct str facts;
    assert_true(shipped_get("facts.json", &facts));
    need(law_begin(&c, &season, codes, facts, "facts.json", &e), &e);
    for (int i = 0; i < n; i++)
        need(law_add(c, &season, str_copy(&season, str_from(list[i])), "list", &e), &e);
    need(law_finish(c, &season, &e), &e);
    return c;
}

static struct catalogue *catalogue_of(const struct corpus *c, const char *json)
{
    struct catalogue *k;
    struct error e = {0};
    need(catalogue_read(&k, &season, c, str_from(json), "catalogue", &e), &e);
    return k;
}

static void find(const struct corpus *c, const struct catalogue *k, int edition,
                 struct barriers *out)
{
    struct snapshot *s;
    struct error e = {0};
    need(snapshot_create(&s, c, &e), &e);
    need(barriers_find(out, &season, s, k, ON, KNOWN, edition, &e), &e);
    snapshot_destroy(s);
}

/* --- random ones -------------------------------------------------------------------------- */

static const char *const leaves[] = {"7231", "7232", "723", "8730", "5512", "0511"};
static const char *const spots[] = {"CN-SH", "CN-SH-FTZ", "CN-HI", "CN-HI-FTZ", "CN-BJ"};
static const char *const lands[] = {"HK", "SG", "US", "CN"};
static const char *const kinds[] = {"firm", "person", "joint-venture", "branch"};
static const char *const ways[] = {"import", "export"};
static const char *const effects[] = {"prohibit", "qualification-barred", "require-approval",
                                      "require-local-presence", "restrict", "quota", "condition",
                                      "notify", "file"};

static void some(struct buf *b, const char *name, const char *const *of, int n, int percent)
{
    int sure = below(n);
    bool first = true;
    buf_printf(b, "\"%s\":[", name);
    for (int i = 0; i < n; i++)
        if (i == sure || chance(percent)) {
            buf_printf(b, "%s\"%s\"", first ? "" : ",", of[i]);
            first = false;
        }
    buf_z(b, "]");
}

static void random_scope(struct buf *b, bool investment)
{
    buf_z(b, "\"scope\":{");
    some(b, "sectors", leaves, 6, 25);
    buf_printf(b, ",\"modes\":[%s],", investment ? "3" : chance(25) ? "1,2,3,4"
                                      : chance(50) ? "1" : chance(50) ? "1,4" : "2,4");
    some(b, "directions", ways, chance(85) ? 1 : 2, 50);
    buf_char(b, ',');
    some(b, "kinds", kinds, investment ? 1 : 2, 60);
    buf_char(b, ',');
    some(b, "places", spots, 5, 50);
    buf_char(b, ',');
    some(b, "origins", lands, 4, 60);
    buf_z(b, "}");
}

static void random_item(struct buf *b, int key, bool investment)
{
    buf_printf(b, "{\"key\":\"%s%d\",\"no\":null,\"evidence\":\"%c\",\"effect\":\"%s\",",
               investment ? "i" : "k", key, 'A' + below(3), effects[below(9)]);
    random_scope(b, investment);
    if (chance(30))
        buf_z(b, ",\"applies_when\":[{\"fact\":\"activity\",\"is\":\"audit\"}]");
    if (chance(30))
        buf_z(b, ",\"lift\":[{\"zh\":\"x\",\"en\":\"x\",\"when\":"
                 "{\"fact\":\"entity.form\",\"is\":\"joint-venture\"}}]");
    buf_printf(b, ",\"basis\":[{\"title_zh\":\"%s\",\"matched\":%s}]",
               chance(50) ? "某法" : "负面清单", chance(50) ? "true" : "false");
    buf_z(b, ",\"sources\":[\"s\"],\"zh\":\"条\",\"en\":\"item\"}");
}

static const char *random_list(const char *id, bool investment, bool zone, const char *territory)
{
    struct buf b;
    buf_init(&b);
    buf_printf(&b, "{\"id\":\"%s\",\"title_zh\":\"t\",\"title_en\":\"t\",\"family\":\"%s\","
                   "\"layer\":\"%s\",\"default\":\"equal\",\"territory\":[%s],"
                   "\"beneficiaries\":[%s],\"edition_kind\":\"working\",\"complete\":%s,"
                   "\"valid_from\":\"%s\",\"known_from\":\"2024-01-01\",\"provisions\":[",
               id, investment ? "investment" : "cross-border", zone ? "zone" : "national",
               territory, chance(70) ? "\"*\"" : chance(50) ? "\"group:RCEP\"" : "\"HK\",\"US\"",
               chance(50) ? "true" : "false", chance(92) ? "2024-01-01" : "2026-06-02");
    int n = 0;
    for (int key = 0; key < 5; key++)
        if (chance(60) || key == 4) {
            buf_z(&b, n++ ? "," : "");
            random_item(&b, key, investment);
        }
    buf_z(&b, "]}");
    struct str s = str_copy(&season, buf_view(&b));
    buf_finish(&b);
    return s.p;
}

static struct corpus *random_corpus(void)
{
    const char *list[5];
    list[0] = random_list("a-national", false, false, "\"CN\"");
    list[1] = random_list("b-zones", false, true, "\"FTZ\"");
    list[2] = random_list("c-hainan", false, true, "\"CN-HI\"");
    list[3] = random_list("d-investment", true, false, "\"CN\"");
    list[4] = random_list("e-investment-zones", true, true, "\"FTZ\"");
    return corpus_of(list, 5);
}

static bool held(const struct corpus *c, const char *key)
{
    for (int i = 0; i < c->n_provisions; i++)
        if (str_eqz(c->provision[i].key, key))
            return true;
    return false;
}

static void random_rule(struct buf *b, const struct corpus *c, int i)
{
    char key[4] = {"ki"[below(2)], (char)('0' + below(5)), 0, 0};
    buf_printf(b, "{\"id\":\"r%d\",\"level\":\"%s\",\"binds\":%s,\"effect\":\"%s\",\"mapping\":"
                  "\"%s\",\"evidence\":\"%c\",\"basis\":[{\"title_zh\":\"l\"}],\"zh\":\"规\","
                  "\"en\":\"rule\",",
               i, chance(50) ? "local" : "national",
               chance(50) ? "\"foreign-only\"" : chance(50) ? "null" : "\"all\"",
               effects[below(9)], chance(50) ? "high" : chance(50) ? "medium" : "low",
               'A' + below(3));
    if (chance(65) && held(c, key))
        buf_printf(b, "\"list_key\":\"%s\",", key);
    if (chance(30))
        buf_z(b, "\"activity\":\"audit\",");
    if (chance(8))
        buf_printf(b, "\"valid_%s\":\"2026-06-01\",", chance(50) ? "from" : "to");
    random_scope(b, false);
    buf_z(b, "}");
}

static struct catalogue *random_catalogue(const struct corpus *c)
{
    struct buf b;
    int n = 1 + below(8);
    buf_init(&b);
    buf_printf(&b, "{\"id\":\"c\",\"title_zh\":\"t\",\"title_en\":\"t\",\"complete\":%s,"
                   "\"rules\":[",
               chance(50) ? "true" : "false");
    for (int i = 0; i < n; i++) {
        buf_z(&b, i ? "," : "");
        random_rule(&b, c, i);
    }
    buf_z(&b, "]}");
    struct str s = str_copy(&season, buf_view(&b));
    buf_finish(&b);
    return catalogue_of(c, s.p);
}

/* --- plain loops over raw cells ----------------------------------------------------------- */

struct cell {
    int sector, combo, origin, place;
};

static bool is_import(const struct cell *x)
{
    return combo_valid(x->combo) && combo_direction(x->combo) == IMPORT &&
           !str_eqz(codes->economy[x->origin].alpha2, "CN") &&
           codes->place[x->place].from <= ON;
}

static bool holds_cell(const struct scope *s, const struct cell *x)
{
    return scope_has(s, x->sector, x->combo, x->origin, x->place);
}

/* The list is one of the cell's deciding family and speaks there. */
static bool speaks(const struct instrument *i, const struct cell *x)
{
    bool investment = combo_mode(x->combo) == 3;
    bool party = i->group.n > 0 ? group_has(codes, i->group, x->origin, ON)
                                : bit_get(i->origin, (size_t)x->origin);
    return is_import(x) && investment == (i->family == FAMILY_INVESTMENT) && party &&
           bit_get(i->place, (size_t)x->place) && i->valid_from <= ON && ON < i->valid_to;
}

/* Calls `each` for the raw cells of a scope; only the few codes of these tests are in it. */
typedef void cell_fn(void *ctx, const struct cell *x);
static void each_cell(const struct scope *s, cell_fn *each, void *ctx)
{
    for (int l = 0; l < codes->gbt.n_leaves; l++)
        for (int c = 0; bit_get(s->sector, (size_t)l) && c < COMBOS; c++)
            for (int o = 0; ((s->combo >> c) & 1) && o < codes->n_economies; o++)
                for (int p = 0; bit_get(s->origin, (size_t)o) && p < codes->n_places; p++)
                    if (bit_get(s->place, (size_t)p))
                        each(ctx, &(struct cell){l, c, o, p});
}

static const struct barrier *get(const struct barriers *b, enum barrier_kind kind, int permit,
                                 const char *key, const struct corpus *c)
{
    for (int i = 0; i < b->n; i++) {
        const struct barrier *x = &b->barrier[i];
        if (x->kind == kind && x->permit == permit &&
            (key == NULL || (x->item >= 0 && str_eqz(c->provision[x->item].key, key))))
            return x;
    }
    return NULL;
}

static int boxes_with(const struct barrier *b, const struct cell *x)
{
    int n = 0;
    for (int i = 0; b && i < b->n_boxes; i++)
        n += holds_cell(&b->box[i].scope, x);
    return n;
}

struct expected { /* what the loops say of one rule */
    const struct corpus *c;
    const struct catalogue *k;
    const struct permit *r;
    const struct barriers *b;
    const struct barrier *of[2];   /* no item, beyond its item */
    uint64_t cells[2], lists[2], others;
    bool outside;
};

static bool own_key(const struct permit *r, const struct provision *p)
{
    return r->list_key.n > 0 && str_eq(r->list_key, p->key);
}

/* An item counts if it holds some cell where its list decides at all. */
static void find_live(void *ctx, const struct cell *x)
{
    struct { const struct instrument *i; bool live; } *v = ctx;
    v->live |= speaks(v->i, x);
}

static bool live(const struct corpus *c, const struct provision *p)
{
    struct { const struct instrument *i; bool live; } v = {&c->instrument[p->instrument], false};
    each_cell(&p->scope, find_live, &v);
    return v.live;
}

static void expect_cell(void *ctx, const struct cell *x)
{
    struct expected *v = ctx;
    uint64_t none = 0, beyond = 0;
    bool all_covered = true;
    for (int l = 0; l < v->c->n_layers; l++) {
        const struct instrument *i = &v->c->instrument[v->c->layer[l]];
        bool has_key = false, own = false, any = false;
        if (!speaks(i, x))
            continue;
        v->outside = false;
        for (int p = i->first; p < i->first + i->n; p++) {
            const struct provision *q = &v->c->provision[p];
            has_key |= own_key(v->r, q) && live(v->c, q);
            own |= own_key(v->r, q) && holds_cell(&q->scope, x);
            any |= holds_cell(&q->scope, x);
        }
        all_covered &= any;
        if (!has_key && !any)
            none |= (uint64_t)1 << l;
        if (has_key && !own)
            beyond |= (uint64_t)1 << l;
    }
    if (v->r->binds == BINDS_ALL)
        none = beyond = 0;
    int at = none ? 0 : beyond ? 1 : -1;
    for (int g = 0; g < 2; g++)
        HOLDS(boxes_with(v->of[g], x) == (g == at));
    if (at < 0)
        return;
    v->cells[at]++;
    v->lists[at] |= at ? beyond : none;
    v->others += at && all_covered;
}

static void rule_as_expected(struct expected *v, int permit)
{
    v->outside = true;
    v->of[0] = get(v->b, BARRIER_NO_LIST_ITEM, permit, NULL, v->c);
    v->of[1] = get(v->b, BARRIER_BEYOND_ITEM, permit, NULL, v->c);
    each_cell(&v->r->scope, expect_cell, v);
    for (int g = 0; g < 2; g++) {
        HOLDS((v->of[g] != NULL) == (v->cells[g] > 0));
        if (v->of[g] == NULL)
            continue;
        HOLDS(v->of[g]->cells == v->cells[g] && v->of[g]->lists == v->lists[g]);
        HOLDS(v->of[g]->under_others == (g ? v->others : 0));
        HOLDS(v->of[g]->possible == (v->r->binds == BINDS_UNKNOWN));
    }
}

/* --- contradictions and items, by plain loops --------------------------------------------- */

static bool path(enum effect e)
{
    return e != EFFECT_PROHIBIT && e != EFFECT_QUALIFICATION_BARRED && e != EFFECT_RESTRICT &&
           e != EFFECT_REQUIRE_LOCAL_PRESENCE;
}

static bool bars(enum effect e)
{
    return e == EFFECT_PROHIBIT || e == EFFECT_QUALIFICATION_BARRED;
}

static bool clash(const struct permit *r, const struct provision *p)
{
    bool same = own_key(r, p) || (r->activity >= 0 && p->n_when > 0); /* audit is the only one */
    return same && ((bars(p->effect) && path(r->effect) && r->binds != BINDS_ALL) ||
                    (bars(r->effect) && path(p->effect)));
}

struct region { /* of the items of one key in one family, within a rule or alone */
    const struct corpus *c;
    const struct permit *r; /* NULL: items without rule */
    const struct catalogue *k;
    const char *key;
    const struct barrier *of;
    uint64_t cells;
};

static bool named(const struct catalogue *k, const struct provision *p)
{
    bool rule = p->basis[0].matched;
    for (int i = 0; i < k->n; i++)
        rule |= own_key(&k->permit[i], p) && k->permit[i].valid_from <= ON &&
                ON < k->permit[i].valid_to;
    return rule;
}

static bool belongs(const struct region *v, const struct provision *p)
{
    if (!str_eqz(p->key, v->key))
        return false;
    return v->r ? clash(v->r, p) : !named(v->k, p);
}

/* The cell is counted at the first item that holds it. */
static void region_cell(const struct region *v, int item, const struct cell *x, uint64_t *cells)
{
    const struct provision *all = v->c->provision;
    if (!speaks(&v->c->instrument[all[item].instrument], x))
        return;
    for (int p = 0; p < item; p++)
        if (belongs(v, &all[p]) && holds_cell(&all[p].scope, x) &&
            speaks(&v->c->instrument[all[p].instrument], x))
            return;
    HOLDS(boxes_with(v->of, x) == 1);
    (*cells)++;
}

struct walk {
    struct region *v;
    int item;
};

static void walk_cell(void *ctx, const struct cell *x)
{
    struct walk *w = ctx;
    if (w->v->r == NULL || holds_cell(&w->v->r->scope, x))
        region_cell(w->v, w->item, x, &w->v->cells);
}

static void region_as_expected(struct region *v)
{
    for (int p = 0; p < v->c->n_provisions; p++)
        if (belongs(v, &v->c->provision[p]))
            each_cell(&v->c->provision[p].scope, walk_cell, &(struct walk){v, p});
    HOLDS((v->of != NULL) == (v->cells > 0));
    HOLDS(v->of == NULL || v->of->cells == v->cells);
}

/* Keys of the two families differ in their letter, so a key stands for its family. */
static void keys_as_expected(const struct corpus *c, const struct catalogue *k,
                             const struct barriers *b, int permit)
{
    for (int i = 0; i < 10; i++) {
        char key[3] = {"ki"[i / 5], (char)('0' + i % 5), 0};
        struct region v = {.c = c, .k = k, .key = key,
                           .r = permit < 0 ? NULL : &k->permit[permit]};
        v.of = get(b, permit < 0 ? BARRIER_ITEM_WITHOUT_RULE : BARRIER_CONTRADICTION, permit, key,
                   c);
        region_as_expected(&v);
    }
}

/* --- narrower territory, by the judge ----------------------------------------------------- */

struct narrow {
    const struct corpus *c;
    const struct permit *r; /* NULL: the zone list */
    int permit, zone, national; /* layers */
    const struct barriers *b;
    uint64_t cells;
};

static void judge(const struct corpus *c, const struct cell *x, uint64_t only, struct answer *a)
{
    struct question q = {.sector = x->sector, .mode = combo_mode(x->combo),
                         .direction = combo_direction(x->combo), .kind = combo_kind(x->combo),
                         .origin = x->origin, .place = x->place, .on = ON, .known = KNOWN,
                         .only = only};
    naive_decide(c, &q, a);
}

static int by_key(const struct corpus *c, const struct answer *z, const struct answer *n)
{
    for (int i = 0; i < z->n_matches; i++)
        for (int k = 0; k < n->n_matches; k++) {
            const struct provision *a = &c->provision[z->match[i].provision];
            const struct provision *b = &c->provision[n->match[k].provision];
            if (str_eq(a->key, b->key) && a->treatment > b->treatment)
                return z->match[i].provision;
        }
    return -1;
}

static void narrow_cell(void *ctx, const struct cell *x)
{
    struct narrow *v = ctx;
    struct answer n, z;
    const struct instrument *i = &v->c->instrument[v->c->layer[v->national]];
    if (!speaks(i, x) || (v->zone >= 0 && !speaks(&v->c->instrument[v->c->layer[v->zone]], x)))
        return;
    judge(v->c, x, (uint64_t)1 << v->national, &n);
    int provision = -1, found = 0;
    bool stricter = v->r != NULL && v->r->treatment > n.treatment;
    if (v->r == NULL) {
        judge(v->c, x, (uint64_t)1 << v->zone, &z);
        stricter = z.treatment > n.treatment ||
                   (z.treatment == n.treatment && z.must > n.must);
        provision = stricter ? z.prevailing[0] : by_key(v->c, &z, &n);
        stricter = provision >= 0;
    }
    for (int k = 0; k < v->b->n; k++) {
        const struct barrier *b = &v->b->barrier[k];
        if (b->kind == BARRIER_LOCAL_STRICTER && b->permit == v->permit &&
            b->lists == (uint64_t)1 << (v->r ? v->national : v->zone)) {
            int held_by = boxes_with(b, x);
            HOLDS(held_by == (stricter && b->item == provision));
            found += held_by;
        }
    }
    HOLDS(found == stricter);
    v->cells += stricter;
}

static uint64_t stricter_total(const struct barriers *b, bool rules)
{
    uint64_t n = 0;
    for (int i = 0; i < b->n; i++)
        if (b->barrier[i].kind == BARRIER_LOCAL_STRICTER && (b->barrier[i].permit >= 0) == rules)
            n += b->barrier[i].cells;
    return n;
}

/* All the cells that any item of the tests can reach. */
static void reach_of(const struct corpus *c, struct scope *s)
{
    *s = (struct scope){0};
    for (int p = 0; p < c->n_provisions; p++) {
        bits_or(s->sector, c->provision[p].scope.sector, SECTOR_WORDS);
        s->combo |= c->provision[p].scope.combo;
        bits_or(s->origin, c->provision[p].scope.origin, ORIGIN_WORDS);
        bits_or(s->place, c->provision[p].scope.place, PLACE_WORDS);
    }
}

static void stricter_as_expected(const struct corpus *c, const struct catalogue *k,
                                 const struct barriers *b)
{
    static const int pair[3][2] = {{1, 0}, {2, 0}, {4, 3}}; /* zone, national: layers */
    struct scope reach;
    uint64_t cells = 0;
    reach_of(c, &reach);
    for (int i = 0; i < 3; i++) {
        struct narrow v = {.c = c, .permit = -1, .zone = pair[i][0], .national = pair[i][1],
                           .b = b};
        each_cell(&reach, narrow_cell, &v);
        cells += v.cells;
    }
    HOLDS(cells == stricter_total(b, false));
    cells = 0;
    for (int r = 0; r < k->n; r++)
        for (int national = 0; national <= 3; national += 3) {
            const struct permit *p = &k->permit[r];
            struct narrow v = {.c = c, .r = p, .permit = r, .zone = -1, .national = national,
                               .b = b};
            if (p->level == LEVEL_LOCAL && p->binds != BINDS_ALL && p->valid_to > ON)
                each_cell(&p->scope, narrow_cell, &v);
            cells += v.cells;
        }
    HOLDS(cells == stricter_total(b, true));
}

/* --- every witness by the judge; grades --------------------------------------------------- */

static void witnesses_hold(const struct corpus *c, const struct barriers *b)
{
    for (int i = 0; i < b->n; i++)
        for (int k = 0; k < b->barrier[i].n_boxes; k++) {
            const struct barrier_box *x = &b->barrier[i].box[k];
            const struct question *q = &x->witness;
            struct answer a;
            naive_decide(c, q, &a);
            HOLDS(a.outcome == x->outcome && a.treatment == x->treatment && a.must == x->must);
            HOLDS(scope_has(&x->scope, q->sector, combo_of(q->mode, q->direction, q->kind),
                            q->origin, q->place));
            HOLDS(scope_weigh(&x->scope) == x->cells);
        }
}

static void grades_hold(const struct corpus *c, const struct catalogue *k,
                        const struct barriers *b)
{
    for (int i = 0; i < b->n; i++) {
        const struct barrier *x = &b->barrier[i];
        if (x->permit >= 0)
            HOLDS(x->evidence >= k->permit[x->permit].evidence &&
                  x->evidence >= k->permit[x->permit].mapping);
        if (x->item >= 0)
            HOLDS(x->evidence >= c->provision[x->item].evidence);
        if (x->kind == BARRIER_NO_LIST_ITEM)
            HOLDS(x->evidence >= 'B'); /* no list is so whole that an absence is certain */
        if (x->kind == BARRIER_CONTRADICTION)
            HOLDS(x->possible == (x->evidence != 'A'));
        if (x->kind == BARRIER_ITEM_WITHOUT_RULE && !k->complete)
            HOLDS(x->evidence == 'C');
        HOLDS(i == 0 || x->kind >= b->barrier[i - 1].kind);
    }
}

static int rules_with_findings(const struct catalogue *k, const struct barriers *b)
{
    int n = 0;
    for (int r = 0; r < k->n; r++) {
        bool any = false;
        for (int i = 0; i < b->n; i++)
            any |= b->barrier[i].permit == r;
        n += any;
    }
    return n;
}

static void random_against_loops(void **state)
{
    (void)state;
    int met[BARRIER_KINDS] = {0};
    rng_seed(&rng, seed);
    for (at_case = 0; at_case < cases; at_case++) {
        arena_reset(&season);
        struct corpus *c = random_corpus();
        struct catalogue *k = random_catalogue(c);
        struct barriers b;
        int compared = 0, outside = 0, not_in_force = 0;
        find(c, k, -1, &b);
        for (int r = 0; r < k->n; r++) {
            struct expected v = {.c = c, .k = k, .r = &k->permit[r], .b = &b};
            if (v.r->valid_to <= ON) {
                not_in_force++;
                continue;
            }
            rule_as_expected(&v, r);
            keys_as_expected(c, k, &b, r);
            outside += v.outside;
            compared += !v.outside;
        }
        keys_as_expected(c, k, &b, -1);
        stricter_as_expected(c, k, &b);
        witnesses_hold(c, &b);
        grades_hold(c, k, &b);
        HOLDS(b.compared == compared && b.outside == outside && b.not_in_force == not_in_force);
        HOLDS(b.in_order == compared - rules_with_findings(k, &b));
        for (int i = 0; i < BARRIER_KINDS; i++)
            met[i] += b.count[i] > 0;
    }
    for (int i = 0; i < BARRIER_KINDS; i++) /* or the loops above would prove little */
        HOLDS(met[i] > cases / 20);
}

/* --- planted findings --------------------------------------------------------------------- */

#define LIST(id, family, layer, where, items)                                                     \
    "{\"id\":\"" id "\",\"title_zh\":\"t\",\"title_en\":\"t\",\"family\":\"" family               \
    "\",\"layer\":\"" layer "\",\"default\":\"equal\",\"territory\":[\"" where                    \
    "\"],\"beneficiaries\":[\"*\"],\"edition_kind\":\"working\",\"complete\":true,"               \
    "\"valid_from\":\"2024-01-01\",\"known_from\":\"2024-01-01\",\"provisions\":[" items "]}"
#define ITEM(key, effect, sector, modes, basis)                                                   \
    "{\"key\":\"" key "\",\"no\":null,\"evidence\":\"A\",\"effect\":\"" effect                    \
    "\",\"scope\":{\"sectors\":[\"" sector "\"],\"modes\":[" modes "],\"directions\":"            \
    "[\"import\"],\"kinds\":[\"firm\"]},\"basis\":[" basis "],\"sources\":[\"s\"],"               \
    "\"zh\":\"条\",\"en\":\"item\"}"
#define LAW "{\"title_zh\":\"某法\",\"matched\":true}"
#define RULE(id, level, binds, effect, key, sector)                                               \
    "{\"id\":\"" id "\",\"level\":\"" level "\",\"binds\":" binds ",\"effect\":\"" effect         \
    "\",\"list_key\":" key ",\"scope\":{\"sectors\":[\"" sector "\"],\"modes\":[1],"              \
    "\"directions\":[\"import\"],\"kinds\":[\"firm\"],\"origins\":[\"HK\"],"                      \
    "\"places\":[\"CN-SH-FTZ\"]},\"mapping\":\"high\",\"evidence\":\"A\","                        \
    "\"basis\":[{\"title_zh\":\"某法\"}],\"zh\":\"规\",\"en\":\"rule\"}"
#define CATALOGUE(rules)                                                                          \
    "{\"id\":\"c\",\"title_zh\":\"t\",\"title_en\":\"t\",\"complete\":true,\"rules\":[" rules "]}"
#define FOREIGN "\"foreign-only\""

static const char *const planted_lists[] = {
    LIST("a", "cross-border", "national", "CN",
         ITEM("law", "prohibit", "7231", "1", LAW) ","
         ITEM("film", "condition", "8730", "1", LAW))};

struct planted {
    const char *rule;
    enum barrier_kind kind;
    const char *item; /* key, NULL: none */
    uint64_t cells;
    bool possible;
    char evidence;
};

static void planted_rules(void **state)
{
    (void)state;
    static const struct planted row[] = {
        {CATALOGUE(RULE("x", "national", FOREIGN, "require-approval", "null", "7232")),
         BARRIER_NO_LIST_ITEM, NULL, 1, false, 'B'},
        {CATALOGUE(RULE("x", "national", "null", "require-approval", "null", "7232")),
         BARRIER_NO_LIST_ITEM, NULL, 1, true, 'B'},
        {CATALOGUE(RULE("x", "national", FOREIGN, "prohibit", "\"law\"", "723")),
         BARRIER_BEYOND_ITEM, "law", 2, false, 'A'},
        {CATALOGUE(RULE("x", "national", FOREIGN, "require-approval", "\"law\"", "7231")),
         BARRIER_CONTRADICTION, "law", 1, false, 'A'},
        {CATALOGUE(RULE("x", "national", FOREIGN, "prohibit", "\"film\"", "8730")),
         BARRIER_CONTRADICTION, "film", 1, false, 'A'},
        {CATALOGUE(RULE("x", "local", FOREIGN, "prohibit", "null", "8730")),
         BARRIER_LOCAL_STRICTER, NULL, 1, false, 'A'}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct barriers b;
        arena_reset(&season);
        struct corpus *c = corpus_of(planted_lists, 1);
        at_case = (int)i;
        find(c, catalogue_of(c, row[i].rule), -1, &b);
        HOLDS(b.n == 1 && b.barrier[0].kind == row[i].kind && b.barrier[0].permit == 0);
        HOLDS(b.barrier[0].cells == row[i].cells && b.barrier[0].n_boxes == 1);
        HOLDS(b.barrier[0].possible == row[i].possible && b.barrier[0].lists == 1);
        HOLDS(b.barrier[0].evidence == row[i].evidence);
        HOLDS(row[i].item ? str_eqz(c->provision[b.barrier[0].item].key, row[i].item)
                          : b.barrier[0].item < 0);
        HOLDS(b.count[row[i].kind] == 1 && b.in_order == 0 && b.compared == 1);
    }
}

/* The same rules for all, the rule inside its item, the ban under a ban: nothing to find. */
static void nothing_to_find(void **state)
{
    (void)state;
    struct barriers b;
    arena_reset(&season);
    at_case = 0;
    struct corpus *c = corpus_of(planted_lists, 1);
    find(c, catalogue_of(c, CATALOGUE(
             RULE("a", "national", "\"all\"", "require-approval", "null", "7232") ","
             RULE("b", "local", "\"all\"", "prohibit", "null", "7232") ","
             RULE("c", "national", FOREIGN, "prohibit", "\"law\"", "7231") ","
             RULE("d", "national", "\"all\"", "require-approval", "\"law\"", "7231") ","
             RULE("e", "local", FOREIGN, "notify", "\"film\"", "8730"))), -1, &b);
    HOLDS(b.n == 0 && b.in_order == 5 && b.compared == 5);
}

static void planted_item(void **state)
{
    (void)state;
    const char *list[] = {LIST("a", "cross-border", "national", "CN",
                               ITEM("law", "prohibit", "7231", "1", ""))};
    const char *sister[] = {LIST("a", "cross-border", "national", "CN",
                                 ITEM("law", "prohibit", "7231", "1",
                                      "{\"title_zh\":\"（负面清单）\",\"matched\":true}"))};
    struct barriers b;
    arena_reset(&season);
    struct corpus *c = corpus_of(list, 1);
    find(c, catalogue_of(c, CATALOGUE("")), -1, &b);
    HOLDS(b.n == 1 && b.barrier[0].kind == BARRIER_ITEM_WITHOUT_RULE && b.barrier[0].item == 0);
    HOLDS(b.barrier[0].evidence == 'A' && b.barrier[0].box[0].outcome == OUTCOME_PROHIBITED);
    find(c, catalogue_of(c, CATALOGUE(RULE("r", "national", FOREIGN, "prohibit", "\"law\"",
                                           "7231"))), -1, &b);
    HOLDS(b.n == 0);
    c = corpus_of(sister, 1);
    find(c, catalogue_of(c, CATALOGUE("")), -1, &b);
    HOLDS(b.n == 0 && b.on_list_only == 1);
}

static void planted_zone(void **state)
{
    (void)state;
    const char *list[] = {
        LIST("a", "cross-border", "national", "CN", ITEM("law", "restrict", "7231", "1", LAW)),
        LIST("b", "cross-border", "zone", "CN-SH-FTZ",
             ITEM("law", "prohibit", "7231", "1", LAW) "," ITEM("film", "file", "8730", "1", LAW))};
    struct barriers b;
    arena_reset(&season);
    at_case = 0;
    struct corpus *c = corpus_of(list, 2);
    find(c, catalogue_of(c, CATALOGUE("")), -1, &b);
    HOLDS(b.n == 2 && b.count[BARRIER_LOCAL_STRICTER] == 2);
    for (int i = 0; i < 2; i++) {
        const struct barrier *x = &b.barrier[i];
        bool law = str_eqz(c->provision[x->item].key, "law");
        HOLDS(x->lists == 2 && x->permit == -1 && c->provision[x->item].layer == 1);
        HOLDS(x->box[0].national == (law ? CONDITION : EQUAL));
        HOLDS(x->box[0].treatment == (law ? PROHIBITED : NOTIFY));
        HOLDS(law ? x->other == 0 && x->evidence == 'A' : x->other < 0 && x->evidence == 'B');
    }
    /* One edition at a time: the national one alone is compared with its zones. */
    find(c, catalogue_of(c, CATALOGUE("")), 0, &b);
    HOLDS(b.lists == 1 && b.n_items == 1 && b.count[BARRIER_LOCAL_STRICTER] == 2);
}

/* A zone list that dropped an item: there, the rule of the national item has no item. */
static void dropped_in_the_zone(void **state)
{
    (void)state;
    const char *list[] = {
        LIST("a", "cross-border", "national", "CN", ITEM("law", "prohibit", "7231", "1", LAW)),
        LIST("b", "cross-border", "zone", "CN-SH-FTZ", ITEM("film", "file", "8730", "1", LAW))};
    struct barriers b;
    arena_reset(&season);
    at_case = 0;
    struct corpus *c = corpus_of(list, 2);
    find(c, catalogue_of(c, CATALOGUE(RULE("r", "national", FOREIGN, "prohibit", "\"law\"",
                                           "7231"))), -1, &b);
    const struct barrier *x = get(&b, BARRIER_NO_LIST_ITEM, 0, NULL, c);
    HOLDS(x != NULL && x->lists == 2 && x->cells == 1 && x->box[0].outcome == OUTCOME_EQUAL);
}

/* --- the shipped catalogue ---------------------------------------------------------------- */

static void shipped_findings(void **state)
{
    (void)state;
    static const char *const golden[BARRIER_KINDS][24] = {
        {"direct-selling", "trademark-must-use-agency", "seed-agency"},
        {"feed", "cabotage-maritime-code", "intl-shipping-cabotage", "non-open-waters",
         "insurance-domestic", "patent-must-use-agency", "foreign-survey", "foreign-doctors"},
        {"fdi-air-transport", "fdi-airports-atc", "fdi-medical-institutions", "fdi-publishing",
         "fdi-programme-production", "fdi-film", "auctioneer-exam", "air-traffic-control",
         "computer-reservation-systems", "satellite-capacity", "bank-card-clearing",
         "exchange-membership-settlement", "futures-accounts-individuals", "enterprise-annuity",
         "forensic-authentication", "customs-declaration", "vet-exam", "construction-services",
         "urban-planning"},
        {"foreign-ship-domestic", "cabotage-maritime-code", "film-shoot"},
        {NULL}};
    struct catalogue *k;
    struct error e = {0};
    struct barriers b;
    arena_reset(&season);
    need(catalogue_load_shipped(&k, &season, shipped, &e), &e);
    find(shipped, k, -1, &b);
    assert_int_equal(k->n, 60);
    assert_int_equal(b.compared, 49);
    assert_int_equal(b.without_scope, 11);
    assert_int_equal(b.in_order, 36);
    assert_int_equal(b.n_items, 262);
    int at = 0;
    for (int kind = 0; kind < BARRIER_KINDS; kind++)
        for (int i = 0; i < 24 && golden[kind][i]; i++, at++) {
            const struct barrier *x = &b.barrier[at];
            assert_true(at < b.n && (int)x->kind == kind);
            struct str id = x->permit >= 0 ? k->permit[x->permit].id
                                           : shipped->provision[x->item].key;
            assert_string_equal(id.p, golden[kind][i]);
            assert_true(x->evidence != 'A');
        }
    assert_int_equal(at, b.n);
    witnesses_hold(shipped, &b);
    grades_hold(shipped, k, &b);
}

/* --- a thousand rules --------------------------------------------------------------------- */

static const char *thousand_rules(void)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, "{\"id\":\"c\",\"title_zh\":\"t\",\"title_en\":\"t\",\"complete\":false,"
              "\"rules\":[");
    for (int i = 0; i < 1000; i++) {
        const struct provision *p = &shipped->provision[below(shipped->n_provisions)];
        bool keyed = p->layer >= 0 && chance(50);
        buf_printf(&b, "%s{\"id\":\"r%d\",\"level\":\"%s\",\"binds\":%s,\"effect\":\"%s\","
                       "\"list_key\":%s%.*s%s,\"mapping\":\"medium\",\"evidence\":\"C\","
                       "\"zh\":\"规\",\"en\":\"rule\",\"scope\":{\"sectors\":[",
                   i ? "," : "", i, chance(10) ? "local" : "national",
                   chance(80) ? FOREIGN : "null", effects[below(9)], keyed ? "\"" : "",
                   keyed ? (int)p->key.n : 4, keyed ? p->key.p : "null", keyed ? "\"" : "");
        for (int n = 1 + below(4), l = 0; l < n; l++) {
            struct str code = codes->gbt.code[below(codes->gbt.n)].code;
            buf_printf(&b, "%s\"%.*s\"", l ? "," : "", STR_ARG(code));
        }
        buf_printf(&b, "],\"modes\":[%d,4],\"directions\":[\"import\"],\"kinds\":[\"firm\","
                       "\"person\"]}}",
                   1 + below(3));
    }
    buf_z(&b, "]}");
    struct str s = str_copy(&season, buf_view(&b));
    buf_finish(&b);
    return s.p;
}

static void a_thousand_rules(void **state)
{
    (void)state;
    struct barriers b;
    arena_reset(&season);
    at_case = 0;
    rng_seed(&rng, seed);
    const char *json = thousand_rules();
    const char *out = getenv("FUMAO_CATALOGUE_OUT"); /* to time the command on it */
    if (out != NULL) {
        FILE *f = fopen(out, "w");
        assert_non_null(f);
        fputs(json, f);
        fclose(f);
    }
    struct catalogue *k = catalogue_of(shipped, json);
    find(shipped, k, -1, &b);
    HOLDS(b.compared == 1000 && b.in_order == 1000 - rules_with_findings(k, &b));
    for (int i = 0; i < b.n; i++) {
        uint64_t cells = 0;
        for (int x = 0; x < b.barrier[i].n_boxes; x++)
            cells += b.barrier[i].box[x].cells;
        HOLDS(cells == b.barrier[i].cells && cells > 0);
    }
    witnesses_hold(shipped, &b);
    grades_hold(shipped, k, &b);
}

/* --- catalogues that must be refused ------------------------------------------------------ */

#define SCOPE                                                                                     \
    "{\"sectors\":[\"7231\"],\"modes\":[1],\"directions\":[\"import\"],\"kinds\":[\"firm\"]}"
#define BODY(more)                                                                                \
    "{\"id\":\"x\",\"level\":\"national\",\"zh\":\"规\",\"en\":\"rule\"" more "}"
#define FULL "\"effect\":\"file\",\"mapping\":\"high\",\"evidence\":\"C\",\"scope\":" SCOPE
#define HEAD "{\"id\":\"c\",\"title_zh\":\"t\",\"title_en\":\"t\",\"complete\":false,"
#define SCOPED(scope)                                                                             \
    CATALOGUE(BODY(",\"effect\":\"file\",\"mapping\":\"high\",\"evidence\":\"C\",\"scope\":" scope))

static const struct { const char *json, *field; enum err code; } bad[] = {
    {"{", "", ERR_SYNTAX},
    {"[]", "", ERR_INVALID},
    {"{\"id\":\"c\",\"id\":\"d\"}", "", ERR_SYNTAX},
    {HEAD "\"rule\":[]}", "/rule", ERR_INVALID},
    {HEAD "\"notes\":[]}", "/rules", ERR_INVALID},
    {"{\"id\":\"c\",\"title_zh\":\"t\",\"title_en\":\"t\",\"rules\":[]}", "/complete",
     ERR_INVALID},
    {CATALOGUE("7"), "/rules/0", ERR_INVALID},
    {CATALOGUE(BODY("," FULL ",\"colour\":1")), "/rules/0/colour", ERR_INVALID},
    {CATALOGUE(BODY(",\"effect\":\"file\",\"mapping\":\"high\",\"scope\":" SCOPE)),
     "/rules/0/evidence", ERR_INVALID},
    {CATALOGUE(BODY(",\"effect\":\"file\",\"mapping\":\"high\",\"evidence\":\"D\",\"scope\":"
                    SCOPE)), "/rules/0/evidence", ERR_INVALID},
    {CATALOGUE(BODY(",\"effect\":\"file\",\"mapping\":\"high\",\"evidence\":\"B\",\"scope\":"
                    SCOPE)), "/rules/0/basis", ERR_INVALID},
    {CATALOGUE(BODY(",\"effect\":\"file\",\"evidence\":\"C\",\"scope\":" SCOPE)),
     "/rules/0/mapping", ERR_INVALID},
    {CATALOGUE(BODY(",\"effect\":\"commit\",\"mapping\":\"high\",\"evidence\":\"C\",\"scope\":"
                    SCOPE)), "/rules/0/effect", ERR_INVALID},
    {CATALOGUE(BODY(",\"mapping\":\"high\",\"evidence\":\"C\",\"scope\":" SCOPE)),
     "/rules/0/effect", ERR_INVALID},
    {CATALOGUE(BODY(",\"effect\":\"file\",\"evidence\":\"C\"")), "/rules/0/scope", ERR_INVALID},
    {CATALOGUE(BODY("," FULL ",\"binds\":\"aliens\"")), "/rules/0/binds", ERR_INVALID},
    {CATALOGUE(BODY("," FULL ",\"list_key\":\"no-such-item\"")), "/rules/0/list_key",
     ERR_INVALID},
    {CATALOGUE(BODY("," FULL ",\"activity\":\"juggling\"")), "/rules/0/activity", ERR_INVALID},
    {CATALOGUE(BODY("," FULL ",\"valid_from\":\"2026-02-30\"")), "/rules/0/valid_from",
     ERR_INVALID},
    {CATALOGUE(BODY("," FULL ",\"valid_from\":\"2026-01-02\",\"valid_to\":\"2026-01-02\"")),
     "/rules/0/valid_to", ERR_INVALID},
    {CATALOGUE(BODY("," FULL ",\"conditions\":[{\"when\":{\"fact\":\"activity\"},"
                    "\"zh\":\"x\",\"en\":\"x\"}]")), "/rules/0/conditions/when", ERR_INVALID},
    {CATALOGUE(BODY("," FULL) "," BODY("," FULL)), "/rules/1/id", ERR_INVALID},
    {CATALOGUE("{\"id\":\"x\",\"zh\":\"规\",\"en\":\"r\"," FULL "}"), "/rules/0/level",
     ERR_INVALID},
    {SCOPED("{\"sectors\":[\"9999\"],\"modes\":[1],\"directions\":[\"import\"],\"kinds\":"
            "[\"firm\"]}"), "/rules/0/scope/sectors", ERR_INVALID},
    {SCOPED("{\"sectors\":[7231],\"modes\":[1],\"directions\":[\"import\"],\"kinds\":"
            "[\"firm\"]}"), "/rules/0/scope/sectors", ERR_INVALID},
    {SCOPED("{\"sectors\":[\"72\"],\"except\":[\"0\"],\"modes\":[1],\"directions\":"
            "[\"import\"],\"kinds\":[\"firm\"]}"), "/rules/0/scope/except", ERR_INVALID},
    {SCOPED("{\"sectors\":[\"72\"],\"modes\":[5],\"directions\":[\"import\"],\"kinds\":"
            "[\"firm\"]}"), "/rules/0/scope/modes", ERR_INVALID},
    {SCOPED("{\"sectors\":[\"72\"],\"modes\":[1],\"directions\":[\"in\"],\"kinds\":"
            "[\"firm\"]}"), "/rules/0/scope/directions", ERR_INVALID},
    {SCOPED("{\"sectors\":[\"72\"],\"modes\":[1],\"directions\":[\"import\"],\"kinds\":"
            "[\"company\"]}"), "/rules/0/scope/kinds", ERR_INVALID},
    {SCOPED("{\"sectors\":[\"72\"],\"modes\":[1],\"directions\":[\"import\"],\"kinds\":"
            "[\"firm\"],\"places\":[\"CN-XX\"]}"), "/rules/0/scope/places", ERR_INVALID},
    {SCOPED("{\"sectors\":[\"72\"],\"modes\":[1],\"directions\":[\"import\"],\"kinds\":"
            "[\"firm\"],\"origins\":[\"QQ\"]}"), "/rules/0/scope/origins", ERR_INVALID},
    {SCOPED("{\"sectors\":[\"72\"],\"except\":[\"72\"],\"modes\":[1],\"directions\":"
            "[\"import\"],\"kinds\":[\"firm\"]}"), "/rules/0/scope", ERR_INVALID},
    {SCOPED("{\"sector\":[\"72\"],\"modes\":[1],\"directions\":[\"import\"],\"kinds\":"
            "[\"firm\"]}"), "/rules/0/scope/sector", ERR_INVALID}};

static void refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct catalogue *k;
        struct error e = {0};
        arena_reset(&season);
        at_case = (int)i;
        HOLDS(catalogue_read(&k, &season, shipped, str_from(bad[i].json), "bad.json", &e) ==
              bad[i].code);
        HOLDS(e.code == bad[i].code && strcmp(e.file, "bad.json") == 0);
        if (strcmp(e.field, bad[i].field) != 0)
            fail_msg("case %zu: field %s, not %s (%s)", i, e.field, bad[i].field, e.detail_en);
        HOLDS(e.detail_zh[0] && e.detail_en[0]);
    }
    struct catalogue *k; /* and the base they were made from is good */
    struct error e = {0};
    need(catalogue_read(&k, &season, shipped, str_from(CATALOGUE(BODY("," FULL))), "good", &e), &e);
}

static int load(void **state)
{
    (void)state;
    struct error e = {0};
    if (getenv("FUMAO_SEED"))
        seed = strtoull(getenv("FUMAO_SEED"), NULL, 10);
    if (getenv("FUMAO_CASES"))
        cases = atoi(getenv("FUMAO_CASES"));
    arena_init(&program);
    arena_init(&season);
    if (classification_load(&codes, &program, &e) != OK ||
        law_load_shipped(&shipped, &program, codes, &e) != OK) {
        fprintf(stderr, "%s: %s\n", e.file, e.detail_en);
        return -1;
    }
    return 0;
}

static int unload(void **state)
{
    (void)state;
    arena_finish(&season);
    arena_finish(&program);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_against_loops), cmocka_unit_test(planted_rules),
        cmocka_unit_test(nothing_to_find),      cmocka_unit_test(planted_item),
        cmocka_unit_test(planted_zone),         cmocka_unit_test(dropped_in_the_zone),
        cmocka_unit_test(shipped_findings),     cmocka_unit_test(a_thousand_rules),
        cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, load, unload);
}
