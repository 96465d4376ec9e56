/*
 * The room space: classes against a naive reference, the cover's promises by replay, scopes
 * through JSON and back, and the terms of a sector set against two slower ways to the fewest.
 * Everything comes from one seed (SEED below); a failure names the round it came from.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "law/law.h"
#include "space/grid.h"

enum { SEED = 20261125, GRIDS = 2500, BIG_GRIDS = 12, SCOPES = 2000, SETS = 2000,
       BOXES_MAX = 200000 };

static struct arena arena;
static const struct classification *codes;
static const struct corpus *corpus;
static struct rng rng;
static int round_at;

#define REQUIRE(cond) require((cond), #cond, __LINE__)

static void require(bool holds, const char *what, int line)
{
    if (!holds)
        fail_msg("line %d, seed %d, round %d: %s", line, SEED, round_at, what);
}

static int load(void **state)
{
    (void)state;
    struct error e = {0};
    struct classification *c;
    struct corpus *law;
    arena_init(&arena);
    if (classification_load(&c, &arena, &e) != OK || law_load_shipped(&law, &arena, c, &e) != OK) {
        fprintf(stderr, "%s: %s\n", e.file, e.detail_en);
        return -1;
    }
    codes = c;
    corpus = law;
    return 0;
}

static int unload(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

static int below(int n)
{
    return (int)rng_below(&rng, (uint32_t)n);
}

static bool chance(int percent)
{
    return below(100) < percent;
}

static void random_bits(uint64_t *set, int n, int percent)
{
    for (int i = 0; i < n; i++)
        if (chance(percent))
            bit_set(set, (size_t)i);
}

/* --- classes ------------------------------------------------------------------------------ */

enum { SPLITS_MAX = 12, KEY_WORDS = (SPLITS_MAX + 63) / 64 };

/* Two codes share a class if and only if no set parts them; numbers ascend by the lowest code. */
static void compare_classes(const struct classes *c, const uint64_t *domain, int n,
                            uint64_t (*set)[SECTOR_WORDS], int sets)
{
    int next = 0, weight[LIMIT_SECTORS] = {0};
    for (int i = 0; i < n; i++) {
        int same = -1;
        for (int j = 0; j < i && same < 0; j++) {
            bool alike = bit_get(domain, (size_t)j);
            for (int k = 0; k < sets; k++)
                alike &= bit_get(set[k], (size_t)i) == bit_get(set[k], (size_t)j);
            same = alike ? j : -1;
        }
        int expected = !bit_get(domain, (size_t)i) ? -1 : same >= 0 ? c->of[same] : next;
        REQUIRE(c->of[i] == expected);
        if (expected < 0)
            continue;
        if (expected == next) {
            REQUIRE(c->first[next] == i);
            next++;
        }
        weight[expected]++;
    }
    REQUIRE(c->n == next && c->n_codes == n);
    for (int k = 0; k < next; k++)
        REQUIRE(c->weight[k] == weight[k]);
}

static void classes_are_exact(void **state)
{
    (void)state;
    rng_seed(&rng, SEED);
    for (round_at = 0; round_at < 300; round_at++) {
        static struct classes c, by_key;
        static uint64_t set[SPLITS_MAX][SECTOR_WORDS], key[LIMIT_SECTORS * KEY_WORDS];
        uint64_t domain[SECTOR_WORDS] = {0};
        int n = round_at % 50 == 0 ? LIMIT_SECTORS : 1 + below(90), sets = below(SPLITS_MAX + 1);
        random_bits(domain, n, chance(30) ? 100 : below(101));
        memset(set, 0, sizeof set);
        memset(key, 0, sizeof key);
        classes_init(&c, domain, n);
        for (int k = 0; k < sets; k++) {
            random_bits(set[k], n, below(101));
            classes_split(&c, set[k]);
            for (int i = 0; i < n; i++)
                if (bit_get(set[k], (size_t)i))
                    bit_set(key + i * KEY_WORDS, (size_t)k);
        }
        compare_classes(&c, domain, n, set, sets);
        classes_by_key(&by_key, domain, n, key, KEY_WORDS);
        compare_classes(&by_key, domain, n, set, sets);
        uint64_t together[SECTOR_WORDS] = {0};
        for (int k = 0; k < c.n; k++)
            classes_codes(&c, k, together);
        REQUIRE(bits_equal(together, domain, SECTOR_WORDS));
        classes_each(&c, domain, n);
        REQUIRE(c.n == (int)bits_count(domain, SECTOR_WORDS));
    }
}

/* --- cover -------------------------------------------------------------------------------- */

struct boxes {
    int n;
    struct box *box;
};

static void keep(void *ctx, const struct box *b)
{
    struct boxes *all = ctx;
    assert_true(all->n < BOXES_MAX);
    all->box = realloc(all->box, (size_t)(all->n + 1) * sizeof *b);
    assert_non_null(all->box);
    all->box[all->n++] = *b;
}

static void random_classes(struct classes *c, int n_codes, int classes)
{
    uint64_t domain[SECTOR_WORDS] = {0}, key[LIMIT_SECTORS];
    random_bits(domain, n_codes, 90);
    bit_set(domain, (size_t)below(n_codes));
    for (int i = 0; i < n_codes; i++)
        key[i] = (uint64_t)(classes < n_codes ? below(classes) : i);
    classes_by_key(c, domain, n_codes, key, 1);
}

/* Groups as laws make them: rectangles laid over one another, then some noise. */
static void random_groups(const struct grid *g, int32_t *group, int groups, int layers, int noise)
{
    const struct classes *dim[4] = {&g->sector, &g->combo, &g->origin, &g->place};
    for (size_t i = 0; i < grid_cells(g); i++)
        group[i] = 0;
    for (; layers > 0; layers--) {
        bool in[4][LIMIT_SECTORS];
        int32_t k = below(groups + 1) - 1;
        for (int d = 0; d < 4; d++) {
            int percent = chance(40) ? 100 : below(100);
            for (int i = 0; i < dim[d]->n; i++)
                in[d][i] = chance(percent);
        }
        for (int s = 0; s < g->sector.n; s++)
            for (int c = 0; c < g->combo.n; c++)
                for (int o = 0; o < g->origin.n; o++)
                    for (int p = 0; p < g->place.n; p++)
                        if (in[0][s] && in[1][c] && in[2][o] && in[3][p])
                            group[grid_at(g, s, c, o, p)] = k;
    }
    for (size_t i = 0; i < grid_cells(g); i++)
        if (chance(noise))
            group[i] = below(groups + 1) - 1;
}

/* The classes whose codes a box holds; each must be held whole or not at all. */
static void box_classes(const struct classes *c, const uint64_t *set, bool in[LIMIT_SECTORS])
{
    int held[LIMIT_SECTORS] = {0};
    for (int i = 0; i < c->n_codes; i++)
        if (bit_get(set, (size_t)i)) {
            REQUIRE(c->of[i] >= 0);
            held[c->of[i]]++;
        }
    for (int k = 0; k < c->n; k++) {
        REQUIRE(held[k] == 0 || held[k] == c->weight[k]);
        in[k] = held[k] > 0;
    }
}

/* Whether the product is left in group k; if `take`, takes it and adds its weight. */
static bool product_left(const struct grid *g, int32_t *left, int k, bool in[4][LIMIT_SECTORS],
                         bool take, uint64_t *weight)
{
    for (int s = 0; s < g->sector.n; s++)
        for (int c = 0; in[0][s] && c < g->combo.n; c++)
            for (int o = 0; in[1][c] && o < g->origin.n; o++)
                for (int p = 0; in[2][o] && p < g->place.n; p++) {
                    size_t at = grid_at(g, s, c, o, p);
                    if (!in[3][p])
                        continue;
                    if (left[at] != k)
                        return false;
                    if (take) {
                        left[at] = -1;
                        *weight += grid_weight(g, s, c, o, p);
                    }
                }
    return true;
}

static void replay_box(const struct grid *g, int32_t *left, const struct box *b)
{
    const struct classes *dim[4] = {&g->sector, &g->combo, &g->origin, &g->place};
    const uint64_t *set[4] = {b->scope.sector, &b->scope.combo, b->scope.origin, b->scope.place};
    int seed[4] = {b->s, b->c, b->o, b->p};
    bool in[4][LIMIT_SECTORS] = {{false}};
    uint64_t weight = 0;
    for (int d = 0; d < 4; d++) {
        box_classes(dim[d], set[d], in[d]);
        REQUIRE(in[d][seed[d]]);
    }
    REQUIRE(product_left(g, left, b->group, in, false, NULL)); /* inside, and disjoint */
    for (int d = 0; d < 4; d++)
        for (int k = 0; k < dim[d]->n; k++) {
            if (in[d][k])
                continue;
            bool held[LIMIT_SECTORS];
            memcpy(held, in[d], sizeof held);
            memset(in[d], 0, sizeof in[d]);
            in[d][k] = true; /* the slice that would be added */
            REQUIRE(!product_left(g, left, b->group, in, false, NULL));
            memcpy(in[d], held, sizeof held);
        }
    REQUIRE(product_left(g, left, b->group, in, true, &weight));
    REQUIRE(weight == b->cells && weight == bits_count(b->scope.sector, SECTOR_WORDS) *
                bits_count(&b->scope.combo, 1) * bits_count(b->scope.origin, ORIGIN_WORDS) *
                bits_count(b->scope.place, PLACE_WORDS));
}

/* The weight of the box that grows from the seed when the dimensions grow in this order. */
static uint64_t grown(const struct grid *g, int32_t *left, const struct box *b, const int order[4])
{
    const struct classes *dim[4] = {&g->sector, &g->combo, &g->origin, &g->place};
    int seed[4] = {b->s, b->c, b->o, b->p};
    bool in[4][LIMIT_SECTORS] = {{false}};
    uint64_t weight = 1;
    for (int d = 0; d < 4; d++)
        in[d][seed[d]] = true;
    for (int i = 0; i < 4; i++) {
        int d = order[i];
        bool taken[LIMIT_SECTORS] = {false};
        uint64_t sum = 0;
        for (int k = 0; k < dim[d]->n; k++) {
            memset(in[d], 0, sizeof in[d]);
            in[d][k] = true;
            taken[k] = product_left(g, left, b->group, in, false, NULL);
            sum += taken[k] ? (uint64_t)dim[d]->weight[k] : 0;
        }
        memcpy(in[d], taken, sizeof taken);
        weight *= sum;
    }
    return weight;
}

/* No order gives more than what was taken, and one gives as much. */
static void replay_orders(const struct grid *g, int32_t *left, const struct box *b)
{
    uint64_t most = 0;
    for (int code = 0; code < 4 * 4 * 4 * 4; code++) {
        int order[4] = {code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6};
        if ((1 << order[0] | 1 << order[1] | 1 << order[2] | 1 << order[3]) != 15)
            continue;
        uint64_t weight = grown(g, left, b, order);
        most = weight > most ? weight : most;
    }
    REQUIRE(b->cells == most);
}

static int replay(const struct grid *g, const int32_t *group, bool orders)
{
    struct boxes all = {0, NULL};
    size_t cells = grid_cells(g);
    int32_t *left = malloc(cells * sizeof *left);
    assert_non_null(left);
    memcpy(left, group, cells * sizeof *left);
    grid_cover(g, group, keep, &all);
    for (int i = 0; i < all.n; i++) {
        REQUIRE(i == 0 || all.box[i - 1].group <= all.box[i].group);
        if (orders)
            replay_orders(g, left, &all.box[i]);
        replay_box(g, left, &all.box[i]);
    }
    for (size_t i = 0; i < cells; i++)
        REQUIRE(left[i] == -1); /* complete */
    free(left);
    free(all.box);
    return all.n;
}

static void cover_case(int most, int noise, bool orders)
{
    static struct grid g;
    random_classes(&g.sector, 1 + below(most * 3), 1 + below(most));
    random_classes(&g.combo, 1 + below(COMBOS), 1 + below(4));
    random_classes(&g.origin, 1 + below(20), 1 + below(5));
    random_classes(&g.place, 1 + below(chance(20) ? 87 : 12), chance(20) ? 87 : 1 + below(4));
    int32_t *group = malloc(grid_cells(&g) * sizeof *group);
    assert_non_null(group);
    random_groups(&g, group, 1 + below(4), below(5), noise);
    replay(&g, group, orders);
    free(group);
}

static void covers_keep_their_promises(void **state)
{
    (void)state;
    rng_seed(&rng, SEED + 1);
    for (round_at = 0; round_at < GRIDS; round_at++)
        cover_case(6, chance(50) ? 0 : below(60), round_at % 8 == 0);
    for (round_at = GRIDS; round_at < GRIDS + BIG_GRIDS; round_at++)
        cover_case(300, 0, false);
}

/* What must come out in one piece does, and a cross comes out heavier arm first. */
static void covers_a_box_by_itself(void **state)
{
    (void)state;
    static struct grid g;
    uint64_t all[SECTOR_WORDS];
    memset(all, 0xff, sizeof all);
    round_at = 0;
    classes_each(&g.sector, all, 1381);
    classes_each(&g.combo, all, 24);
    classes_each(&g.origin, all, 10);
    classes_each(&g.place, all, 3);
    int32_t *group = calloc(grid_cells(&g), sizeof *group);
    assert_non_null(group);
    assert_int_equal(replay(&g, group, false), 1);
    for (int s = 0; s < 1381; s++)
        for (int c = 0; c < 24; c++)
            for (int o = 0; o < 10; o++)
                for (int p = 0; p < 3; p++)
                    group[grid_at(&g, s, c, o, p)] = s == 5 || c == 7 ? 1 : -1;
    struct boxes boxes = {0, NULL};
    grid_cover(&g, group, keep, &boxes);
    assert_int_equal(boxes.n, 2);
    assert_int_equal(boxes.box[0].cells, 1381 * 10 * 3);
    assert_int_equal(boxes.box[1].cells, 23 * 10 * 3);
    free(boxes.box);
    free(group);
}

/* --- JSON and back ------------------------------------------------------------------------ */

static void node_apply(const char *code, uint64_t *set, bool in)
{
    int at = codelist_find(&codes->gbt, str_from(code));
    REQUIRE(at >= 0);
    for (int i = codes->gbt.code[at].leaf_from; i < codes->gbt.code[at].leaf_to; i++) {
        if (in) {
            REQUIRE(!bit_get(set, (size_t)i)); /* no two terms overlap */
            bit_set(set, (size_t)i);
        } else {
            bit_clear(set, (size_t)i);
        }
    }
}

/* Returns the number of codes written. */
static int sectors_back(const json_t *list, const uint64_t *domain, uint64_t *set)
{
    int written = 0;
    size_t i, j;
    json_t *term, *code;
    json_array_foreach(list, i, term) {
        uint64_t one[SECTOR_WORDS] = {0};
        const char *name = json_string_value(json_object_get(term, "code"));
        REQUIRE(name != NULL);
        if (strcmp(name, "*") == 0)
            bits_or(one, domain, SECTOR_WORDS);
        else
            node_apply(name, one, true);
        json_array_foreach(json_object_get(term, "except"), j, code) {
            node_apply(json_string_value(code), one, false);
            written++;
        }
        bits_or(set, one, SECTOR_WORDS);
        written++;
    }
    return written;
}

static void supplies_back(const json_t *list, uint64_t *combo)
{
    size_t i, j;
    json_t *x, *kind;
    json_array_foreach(list, i, x) {
        enum direction d;
        int mode = (int)json_integer_value(json_object_get(x, "mode"));
        const char *way = json_string_value(json_object_get(x, "direction"));
        REQUIRE(mode >= 1 && mode <= 4 && direction_parse(str_from(way), &d));
        json_array_foreach(json_object_get(x, "kinds"), j, kind) {
            enum kind k;
            REQUIRE(kind_parse(str_from(json_string_value(kind)), &k));
            *combo |= (uint64_t)1 << combo_of(mode, d, k);
        }
    }
}

static void place_back(const char *code, const uint64_t *domain, uint64_t *set)
{
    uint64_t one[PLACE_WORDS] = {0};
    struct str name = str_from(code);
    bool under = name.n > 0 && code[name.n - 1] == '+';
    name.n -= under;
    int at = place_find(codes, name);
    if (!place_group_bits(codes, name, one)) {
        REQUIRE(at >= 0);
        bits_set_range(one, (size_t)at, (size_t)(under ? codes->place[at].end : at + 1));
    }
    bits_and(one, domain, PLACE_WORDS);
    bits_or(set, one, PLACE_WORDS);
}

/* A list or {"except": list}, of economies or of places. */
static void listing_back(const json_t *x, bool places, const uint64_t *domain, uint64_t *set)
{
    size_t i, words = places ? (size_t)PLACE_WORDS : (size_t)ORIGIN_WORDS;
    uint64_t listed[ORIGIN_WORDS] = {0};
    const json_t *list = json_is_object(x) ? json_object_get(x, "except") : x;
    json_t *code;
    REQUIRE(json_is_array(list));
    json_array_foreach(list, i, code) {
        const char *z = json_string_value(code);
        if (places)
            place_back(z, domain, listed);
        else
            bit_set(listed, (size_t)economy_find(codes, str_from(z)));
    }
    if (json_is_object(x)) {
        bits_or(set, domain, words);
        bits_minus(set, listed, words);
    } else {
        bits_or(set, listed, words);
    }
}

static bool is_star(const json_t *x)
{
    return json_is_string(x) && strcmp(json_string_value(x), "*") == 0;
}

static void scope_back(const json_t *x, const struct scope *domain, struct scope *out)
{
    const json_t *sectors = json_object_get(x, "sectors"), *origins = json_object_get(x, "origins");
    const json_t *supplies = json_object_get(x, "supplies"), *places = json_object_get(x, "places");
    *out = *domain;
    if (!is_star(sectors)) {
        memset(out->sector, 0, sizeof out->sector);
        sectors_back(sectors, domain->sector, out->sector);
    }
    if (!is_star(supplies)) {
        out->combo = 0;
        supplies_back(supplies, &out->combo);
    }
    if (!is_star(origins)) {
        memset(out->origin, 0, sizeof out->origin);
        listing_back(origins, false, domain->origin, out->origin);
    }
    if (!is_star(places)) {
        memset(out->place, 0, sizeof out->place);
        listing_back(places, true, domain->place, out->place);
    }
    REQUIRE(json_integer_value(json_object_get(x, "leaves")) ==
            (json_int_t)bits_count(out->sector, SECTOR_WORDS));
}

static void scope_and(struct scope *a, const struct scope *b)
{
    bits_and(a->sector, b->sector, SECTOR_WORDS);
    a->combo &= b->combo;
    bits_and(a->origin, b->origin, ORIGIN_WORDS);
    bits_and(a->place, b->place, PLACE_WORDS);
}

static json_t *as_json(const struct scope *s, const struct scope *domain)
{
    struct buf out;
    struct jsonw w;
    buf_init(&out);
    jsonw_init(&w, &out, false);
    scope_json(codes, s, domain, &w);
    json_t *x = json_loadb(out.p, out.n, 0, NULL);
    REQUIRE(x != NULL);
    buf_finish(&out);
    return x;
}

static void check_words(const struct scope *s, const struct scope *domain)
{
    struct buf out;
    buf_init(&out);
    for (int zh = 0; zh < 2; zh++) {
        buf_clear(&out);
        scope_words(codes, s, domain, zh, &out);
        struct str x = buf_view(&out);
        REQUIRE(x.n > 0 && str_utf8_valid(x) && !str_find(x, STR(" ·  · "), NULL));
        REQUIRE(!str_has_prefix(x, STR(" ·")) && x.p[x.n - 1] != ' ');
    }
    buf_finish(&out);
}

static void round_trip(const struct scope *scope, const struct scope *domain)
{
    struct scope s = *scope, back, valid = *domain;
    valid.combo &= combos_of(~0u, IMPORT, ~0u) | combos_of(~0u, EXPORT, ~0u);
    scope_and(&s, &valid);
    json_t *x = as_json(scope, domain);
    scope_back(x, &valid, &back);
    json_decref(x);
    REQUIRE(bits_equal(s.sector, back.sector, SECTOR_WORDS));
    REQUIRE(s.combo == back.combo);
    REQUIRE(bits_equal(s.origin, back.origin, ORIGIN_WORDS));
    REQUIRE(bits_equal(s.place, back.place, PLACE_WORDS));
    check_words(scope, domain);
}

/* Sets as laws have them: nodes put in and taken out, now and then single leaves. */
static void random_sectors(uint64_t *set)
{
    if (chance(30))
        bits_set_range(set, 0, (size_t)codes->gbt.n_leaves);
    for (int i = below(12); i > 0; i--) {
        const struct code *x = &codes->gbt.code[below(codes->gbt.n)];
        bool in = chance(50);
        for (int k = x->leaf_from; k < x->leaf_to; k++)
            if (in)
                bit_set(set, (size_t)k);
            else
                bit_clear(set, (size_t)k);
    }
    random_bits(set, codes->gbt.n_leaves, chance(30) ? below(40) : 0);
}

static void random_places(uint64_t *set)
{
    if (chance(40))
        bits_set_range(set, 0, (size_t)codes->n_places);
    if (chance(30))
        place_group_bits(codes, STR("FTZ"), set);
    for (int i = below(5); i > 0; i--) {
        int p = below(codes->n_places);
        for (int k = p; k < codes->place[p].end; k++)
            if (i % 2)
                bit_set(set, (size_t)k);
            else
                bit_clear(set, (size_t)k);
    }
    random_bits(set, codes->n_places, chance(30) ? below(60) : 0);
}

static void random_scope(struct scope *s)
{
    memset(s, 0, sizeof *s);
    random_sectors(s->sector);
    s->combo = chance(30) ? ~(uint64_t)0 >> 16 : 0;
    random_bits(&s->combo, COMBOS, below(101));
    if (chance(50))
        s->combo = combos_of((unsigned)below(32), chance(50) ? IMPORT : EXPORT,
                             (unsigned)below(1 << KIND_COUNT));
    random_bits(s->origin, codes->n_economies, chance(30) ? 100 : chance(50) ? 2 : below(101));
    if (chance(30))
        bit_clear(s->origin, (size_t)below(codes->n_economies));
    random_places(s->place);
}

static void scopes_come_back(void **state)
{
    (void)state;
    rng_seed(&rng, SEED + 2);
    for (round_at = 0; round_at < SCOPES; round_at++) {
        struct scope s, domain;
        random_scope(&s);
        scope_whole(codes, day_from_civil(2014 + below(12), 1, 1), &domain);
        if (chance(30)) {
            random_scope(&domain); /* of another question */
            if (chance(30))
                domain = s;
        }
        round_trip(&s, &domain);
    }
}

static void provisions_come_back(void **state)
{
    (void)state;
    struct scope today;
    scope_whole(codes, day_from_civil(2026, 1, 1), &today);
    for (round_at = 0; round_at < corpus->n_provisions; round_at++) {
        const struct scope *s = &corpus->provision[round_at].scope;
        struct scope all = today;
        memset(all.origin, 0xff, sizeof all.origin);
        bits_set_range(all.place, 0, (size_t)codes->n_places);
        scope_and(&all, s);
        assert_true(bits_equal(all.sector, s->sector, SECTOR_WORDS) &&
                    bits_equal(all.place, s->place, PLACE_WORDS));
        round_trip(s, &today);
    }
    assert_true(round_at > 400);
}

/* --- words -------------------------------------------------------------------------------- */

static void says(const struct scope *s, const struct scope *domain, const char *en, const char *zh)
{
    struct buf out;
    buf_init(&out);
    scope_words(codes, s, domain, false, &out);
    buf_char(&out, 0);
    assert_string_equal(out.p, en);
    buf_clear(&out);
    scope_words(codes, s, domain, true, &out);
    buf_char(&out, 0);
    assert_string_equal(out.p, zh);
    buf_finish(&out);
}

static void only_sectors(struct scope *s, const char *node, const char *except)
{
    memset(s->sector, 0, sizeof s->sector);
    node_apply(node, s->sector, true);
    if (except)
        node_apply(except, s->sector, false);
}

static void only_origins(struct scope *s, const char *const *names, int n)
{
    memset(s->origin, 0, sizeof s->origin);
    for (int i = 0; i < n; i++)
        bit_set(s->origin, (size_t)economy_find(codes, str_from(names[i])));
}

static void says_what_people_say(void **state)
{
    (void)state;
    struct scope whole, s;
    round_at = 0;
    scope_whole(codes, day_from_civil(2026, 1, 1), &whole);
    s = whole;
    says(&s, &whole, "everything", "全部");
    only_sectors(&s, "71", "7115");
    s.combo = combos_of(1u << 1 | 1u << 4, IMPORT, 3u);
    says(&s, &whole, "division 71 (Leasing) except 7115 · import: modes 1 and 4",
         "71大类 租赁业(7115除外) · 进口：模式1、4");
    whole.combo = combos_of(~0u, IMPORT, ~0u);
    s.combo = combos_of(1u << 1 | 1u << 3, IMPORT, 3u);
    only_sectors(&s, "7330", NULL);
    says(&s, &whole, "7330 Research and experimental development on agricultural sciences"
         " · modes 1 and 3 · firms and persons",
         "7330 农业科学研究和试验发展 · 模式1、3 · 企业和个人");
    s = whole;
    s.combo = combos_of(1u << 1, IMPORT, 1u) | combos_of(1u << 4, IMPORT, 2u);
    only_origins(&s, (const char *const[]){"JP", "HK"}, 2);
    says(&s, &whole, "mode 1 (firms), mode 4 (persons) · Hong Kong, China; Japan",
         "模式1(企业)、模式4(个人) · 中国香港、日本");
    s = whole;
    bit_clear(s.origin, (size_t)economy_find(codes, STR("JP")));
    memset(s.place, 0, sizeof s.place);
    place_group_bits(codes, STR("FTZ"), s.place);
    bit_set(s.place, (size_t)place_find(codes, STR("CN-SH")));
    says(&s, &whole, "all except Japan · the pilot free trade zones, Shanghai",
         "除日本外的全部经济体 · 自由贸易试验区、上海市");
    s = whole;
    bit_clear(s.place, (size_t)place_find(codes, STR("CN-HI")));
    bit_clear(s.place, (size_t)place_find(codes, STR("CN-HI-FTZ")));
    says(&s, &whole, "all of China except Hainan and below", "除海南省及所辖外的全国各地");
    memset(s.sector, 0, sizeof s.sector);
    says(&s, &whole, "nothing", "无");
}

/* Words are about the domain: its zones, its economies, its supplies. */
static void says_it_of_the_domain(void **state)
{
    (void)state;
    struct scope whole, s;
    round_at = 0;
    scope_whole(codes, day_from_civil(2016, 1, 1), &whole); /* four zones had been founded */
    s = whole;
    memset(s.place, 0, sizeof s.place);
    place_group_bits(codes, STR("FTZ"), s.place);
    says(&s, &whole, "the pilot free trade zones", "自由贸易试验区");
    s = whole;
    only_origins(&whole, (const char *const[]){"JP", "HK", "DE"}, 3);
    only_origins(&s, (const char *const[]){"JP", "HK"}, 2);
    says(&s, &whole, "all except Germany", "除德国外的全部经济体");
    only_origins(&s, (const char *const[]){"DE"}, 1);
    says(&s, &whole, "Germany", "德国");
    s = whole;
    whole.combo = combos_of(~0u, IMPORT, ~0u) | combos_of(1u << 1, EXPORT, ~0u);
    s.combo = combos_of(1u << 1, IMPORT, 1u) | combos_of(1u << 1, EXPORT, 1u);
    says(&s, &whole, "import: mode 1 · firms; export: firms", "进口：模式1 · 企业；出口：企业");
    s.combo = combos_of(1u << 1, EXPORT, ~0u);
    says(&s, &whole, "export", "出口");
    only_sectors(&whole, "71", NULL);
    only_sectors(&s, "71", "7115");
    says(&s, &whole, "division 71 (Leasing) except 7115 · export",
         "71大类 租赁业(7115除外) · 出口");
    node_apply("73", whole.sector, true);
    node_apply("73", s.sector, true);
    says(&s, &whole, "all except 7115 · export", "全部(7115除外) · 出口");
}

static void cuts_long_lists_short(void **state)
{
    (void)state;
    struct buf out;
    uint64_t set[SECTOR_WORDS] = {0};
    buf_init(&out);
    for (int i = 0; i < codes->gbt.n; i++) /* a class of every section but two: 18 terms */
        if (codes->gbt.code[i].level == 1 && i < codes->gbt.n - 40)
            bit_set(set, (size_t)codes->gbt.code[i].leaf_from);
    sectors_words(codes, set, false, false, &out);
    size_t commas = 0;
    for (size_t i = 0; i < out.n; i++)
        commas += out.p[i] == ',';
    assert_int_equal(commas, 11);
    assert_true(str_find(buf_view(&out), STR(" and "), NULL));
    buf_clear(&out);
    bits_set_range(set, 0, (size_t)codes->gbt.n_leaves);
    sectors_words(codes, set, true, false, &out);
    assert_true(str_eqz(buf_view(&out), "all services"));
    buf_clear(&out);
    node_apply("7231", set, false);
    sectors_words(codes, set, true, true, &out);
    assert_true(str_eqz(buf_view(&out), "全部行业(7231除外)"));
    buf_finish(&out);
}

/* --- the fewest terms --------------------------------------------------------------------- */

/* Leaves of a node that are in the set. */
static int held(const uint64_t *set, const struct code *x)
{
    int n = 0;
    for (int i = x->leaf_from; i < x->leaf_to; i++)
        n += bit_get(set, (size_t)i);
    return n;
}

static int holes_slow(const uint64_t *set, int node)
{
    const struct code *x = &codes->gbt.code[node];
    int in = held(set, x), sum = 0;
    if (in == 0 || in == x->leaf_to - x->leaf_from)
        return in == 0;
    for (int i = node + 1; i < x->end; i = codes->gbt.code[i].end)
        sum += holes_slow(set, i);
    return sum;
}

static int terms_slow(const uint64_t *set, int node)
{
    const struct code *x = &codes->gbt.code[node];
    int in = held(set, x), sum = 0;
    if (in == 0 || in == x->leaf_to - x->leaf_from)
        return in > 0;
    for (int i = node + 1; i < x->end; i = codes->gbt.code[i].end)
        sum += terms_slow(set, i);
    int with_holes = 1 + holes_slow(set, node);
    return sum < with_holes ? sum : with_holes;
}

static int written_for(const uint64_t *set)
{
    struct scope s, whole;
    scope_whole(codes, day_from_civil(2026, 1, 1), &whole);
    s = whole;
    memcpy(s.sector, set, sizeof s.sector);
    json_t *x = as_json(&s, &whole);
    uint64_t back[SECTOR_WORDS] = {0};
    bool star = is_star(json_object_get(x, "sectors"));
    int n = star ? 1 : sectors_back(json_object_get(x, "sectors"), whole.sector, back);
    json_decref(x);
    REQUIRE(bits_equal(set, star ? whole.sector : back, SECTOR_WORDS));
    return n;
}

static void terms_are_fewest(void **state)
{
    (void)state;
    rng_seed(&rng, SEED + 3);
    for (round_at = 0; round_at < SETS; round_at++) {
        uint64_t set[SECTOR_WORDS] = {0};
        random_sectors(set);
        int parts = 0, holes = 1;
        for (int i = 0; i < codes->gbt.n; i = codes->gbt.code[i].end) {
            parts += terms_slow(set, i);
            holes += holes_slow(set, i);
        }
        bool none = !bits_any(set, SECTOR_WORDS);
        REQUIRE(written_for(set) == (none ? 0 : holes < parts ? holes : parts));
    }
}

/* By brute force below one node with few leaves: every node with every choice of exceptions
 * wholly out of the set is a term, and every way to join terms is tried. */
enum { FEW = 7 };

static void add_terms(int top, int node, uint64_t inside, int cost[1 << FEW])
{
    int first = codes->gbt.code[top].leaf_from, n = 0;
    const struct code *x = &codes->gbt.code[node];
    uint64_t all = 0, hole[64];
    for (int i = x->leaf_from; i < x->leaf_to; i++)
        all |= (uint64_t)1 << (i - first);
    for (int i = node + 1; i < x->end; i++) {
        uint64_t below_it = 0;
        for (int k = codes->gbt.code[i].leaf_from; k < codes->gbt.code[i].leaf_to; k++)
            below_it |= (uint64_t)1 << (k - first);
        if (below_it & inside)
            continue;
        hole[n++] = below_it;
    }
    for (uint64_t choice = 0; choice < (uint64_t)1 << n; choice++) {
        uint64_t left = all;
        for (int i = 0; i < n; i++)
            left &= (choice >> i) & 1 ? ~hole[i] : ~(uint64_t)0;
        int price = 1 + __builtin_popcountll(choice);
        if (left != 0 && (left & ~inside) == 0 && price < cost[left])
            cost[left] = price;
    }
}

static int fewest(int top, uint64_t inside)
{
    int cost[1 << FEW], best[1 << FEW];
    for (int i = 0; i < 1 << FEW; i++)
        cost[i] = best[i] = 1000;
    for (int i = top; i < codes->gbt.code[top].end; i++)
        add_terms(top, i, inside, cost);
    best[0] = 0;
    for (int done = 0; done < FEW; done++) /* at most as many terms as leaves */
        for (int a = 0; a < 1 << FEW; a++)
            for (int t = 1; best[a] < 1000 && t < 1 << FEW; t++)
                if (cost[t] < 1000 && best[a] + cost[t] < best[a | t])
                    best[a | t] = best[a] + cost[t];
    return best[inside];
}

static void terms_are_fewest_of_all_there_are(void **state)
{
    (void)state;
    rng_seed(&rng, SEED + 4);
    int tried = 0;
    for (round_at = 0; tried < 300; round_at++) {
        int top = below(codes->gbt.n);
        const struct code *x = &codes->gbt.code[top];
        int leaves = x->leaf_to - x->leaf_from;
        if (leaves < 2 || leaves > FEW || x->level == 4 || (x->level == 3 && chance(80)))
            continue;
        uint64_t inside = rng_next(&rng) & (((uint64_t)1 << leaves) - 1);
        uint64_t set[SECTOR_WORDS] = {0};
        for (int i = 0; i < leaves; i++)
            if ((inside >> i) & 1)
                bit_set(set, (size_t)(x->leaf_from + i));
        REQUIRE(written_for(set) == (inside ? fewest(top, inside) : 0));
        tried++;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_are_exact),
        cmocka_unit_test(covers_keep_their_promises),
        cmocka_unit_test(covers_a_box_by_itself),
        cmocka_unit_test(scopes_come_back),
        cmocka_unit_test(provisions_come_back),
        cmocka_unit_test(says_what_people_say),
        cmocka_unit_test(says_it_of_the_domain),
        cmocka_unit_test(cuts_long_lists_short),
        cmocka_unit_test(terms_are_fewest),
        cmocka_unit_test(terms_are_fewest_of_all_there_are),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
