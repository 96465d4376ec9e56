/*
 * Family diagrams: the answer alone, facts unknown and nothing claimed, for one pair of days.
 *
 * One reduced ordered diagram per family, combo -> sector -> place class -> origin class, and a
 * byte at the end. The families are never multiplied with one another: a query walks the four
 * diagrams side by side (four dependent loads each) and joins the four bytes through a table.
 * The deciding families are one diagram, because the combo says which of them is meant.
 *
 * Nodes of a level have one width and lie in one flat array; an edge is an offset into the next.
 * Equal nodes are one node, and nodes are equal only if every word of them is: no signatures.
 *
 * Building follows the surviving items (rules and carve-outs) of a cell. Two items are of one
 * *shape* if nothing below the level can tell them apart; a list of shapes seen before has its
 * node already. An item whose value hangs on the cell (a derived fact, an exemption for some
 * origins or places) is its own shape, and then the facts of the cell belong to the key too.
 */
#include "decide/snapshot.h"

#include <stdlib.h>
#include <string.h>

enum { FAMILIES = 4 }; /* deciding, market access, permits, flows */

/* Leaves of the deciding family: the interval (lo, hi) as hi (hi + 1) / 2 + lo, and three more.
 * Leaves of a cumulative family: lo and hi as runs of ones, so that OR is the maximum; silent is
 * zero, because a family that does not count and one that says EQUAL join alike. */
enum { LEAF_MAY_BE_CARVED = 15, LEAF_CARVED = 16, LEAF_ELSEWHERE = 17, LEAVES = 18 };

struct tree {
    uint32_t row[COMBOS]; /* -> sector */
    uint8_t place_class[LIMIT_PLACES], origin_class[LIMIT_ORIGINS];
    uint32_t *sector; /* -> place */
    uint32_t *place;  /* -> origin */
    uint8_t *origin;  /* the leaf */
};

struct diagram {
    struct tree tree[FAMILIES];
    struct diagram_answer join[LEAVES][256]; /* deciding leaf, OR of the cumulative leaves */
    size_t bytes;
};

/* --- interning ---------------------------------------------------------------------------- */
struct pool { /* word strings, each once; numbered in order of arrival */
    uint32_t *word, *start, *slot;
    size_t n_words, cap_words;
    uint32_t n, cap, n_slots;
};

static void *grown(void *p, size_t n, size_t each)
{
    check(n < SIZE_MAX / each);
    p = realloc(p, n * each);
    check(p != NULL);
    return p;
}

static uint32_t words_hash(const uint32_t *key, size_t n)
{
    uint64_t h = n;
    for (size_t i = 0; i < n; i++) {
        h = (h ^ key[i]) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    return (uint32_t)(h ^ (h >> 32));
}

static void pool_rehash(struct pool *p)
{
    p->n_slots = p->n_slots == 0 ? 1024 : p->n_slots * 2;
    p->slot = grown(p->slot, p->n_slots, sizeof *p->slot);
    memset(p->slot, 0xff, p->n_slots * sizeof *p->slot);
    for (uint32_t i = 0; i < p->n; i++) {
        size_t length = p->start[i + 1] - p->start[i];
        uint32_t at = words_hash(p->word + p->start[i], length) & (p->n_slots - 1);
        while (p->slot[at] != UINT32_MAX)
            at = (at + 1) & (p->n_slots - 1);
        p->slot[at] = i;
    }
}

/* The number of the string `key`; a new one is added. */
static uint32_t pool_put(struct pool *p, const uint32_t *key, size_t n)
{
    if (p->n * 2 >= p->n_slots)
        pool_rehash(p);
    uint32_t at = words_hash(key, n) & (p->n_slots - 1);
    for (; p->slot[at] != UINT32_MAX; at = (at + 1) & (p->n_slots - 1)) {
        uint32_t i = p->slot[at];
        if (p->start[i + 1] - p->start[i] == n &&
            memcmp(p->word + p->start[i], key, n * sizeof *key) == 0)
            return i;
    }
    if (p->n + 2 > p->cap) {
        p->cap = p->cap * 2 + 64;
        p->start = grown(p->start, p->cap, sizeof *p->start);
        p->start[0] = 0;
    }
    if (p->n_words + n > p->cap_words) {
        p->cap_words = (p->n_words + n) * 2 + 64;
        p->word = grown(p->word, p->cap_words, sizeof *p->word);
    }
    memcpy(p->word + p->n_words, key, n * sizeof *key);
    p->n_words += n;
    check(p->n_words <= UINT32_MAX / 4); /* an edge is a byte offset of 32 bits */
    p->slot[at] = p->n;
    p->start[++p->n] = (uint32_t)p->n_words;
    return p->n - 1;
}

static void pool_finish(struct pool *p)
{
    free(p->word);
    free(p->start);
    free(p->slot);
    *p = (struct pool){0};
}

struct memo { /* a key seen before -> its node */
    struct pool keys;
    uint32_t *node;
    uint32_t cap;
};

/* True if the key is known; *at gets its number, and memo->node[*at] is its node. */
static bool memo_find(struct memo *m, const uint32_t *key, size_t n, uint32_t *at)
{
    uint32_t before = m->keys.n;
    *at = pool_put(&m->keys, key, n);
    if (m->keys.n > m->cap) {
        m->cap = m->keys.n * 2;
        m->node = grown(m->node, m->cap, sizeof *m->node);
    }
    return m->keys.n == before;
}

static void memo_finish(struct memo *m)
{
    pool_finish(&m->keys);
    free(m->node);
    *m = (struct memo){0};
}

/* --- the items of a family ------------------------------------------------------------------ */
struct item { /* a rule, or a carve-out of the deciding family */
    int rule, carve_out; /* one of them is -1 */
    uint8_t layer, lo, hi;
    int8_t state; /* carve-out: 0 may apply, 1 applies */
    bool hangs;   /* its value depends on the cell */
    uint32_t place_shape, origin_shape;
};

struct build {
    const struct snapshot *s;
    struct arena *arena;
    int family; /* 0 deciding, then as `cumulative` */
    int slice;
    uint64_t active; /* layers in force on both days that need no claim */
    int n;
    struct item *item;
    int *first, *holds; /* items of sector k: holds[first[k] .. first[k + 1]) */
    bool hangs;         /* some item does */
    int n_place, n_origin, origin_words; /* classes; words of an origin node */
    int place_of[LIMIT_PLACES], origin_of[LIMIT_ORIGINS]; /* class -> one of its members */
    uint64_t place_layers[LIMIT_PLACES], origin_layers[LIMIT_ORIGINS]; /* per class */
    struct memo place_memo, origin_memo, row_memo;
    struct pool place_nodes, origin_nodes, rows;
    uint32_t *key;
    int *list, *left; /* items that survive sector and combo; and the place too */
    struct tree *tree;
};

static const enum family cumulative[3] = {FAMILY_MARKET_ACCESS, FAMILY_PERMITS, FAMILY_FLOWS};

static bool reads_derived(const struct corpus *c, int node)
{
    if (node < 0)
        return false;
    const struct expr *x = &c->expr[node];
    bool reads = x->fact >= 0 && c->fact[x->fact].derived;
    for (int k = x->child; k >= 0 && x->fact < 0; k = c->expr[k].next)
        reads |= reads_derived(c, k); /* depth is bounded by LIMIT_JSON_DEPTH at loading */
    return reads;
}

static bool clauses_hang(const struct corpus *c, const struct clause *x, int n, bool served)
{
    for (int i = 0; i < n; i++) {
        if (reads_derived(c, x[i].when) || (served && x[i].has_origins))
            return true;
        for (int p = 0; served && p < c->codes->n_places; p++)
            if (!bit_get(x[i].place, (size_t)p))
                return true;
    }
    return false;
}

static bool provision_hangs(const struct corpus *c, const struct provision *p)
{
    for (int i = 0; i < p->n_when; i++)
        if (reads_derived(c, p->when[i]))
            return true;
    return clauses_hang(c, p->exception, p->n_exceptions, false) ||
           clauses_hang(c, p->exemption, p->n_exemptions, true) ||
           clauses_hang(c, p->lift, p->n_lift, false);
}

static const struct provision *item_provision(const struct build *b, const struct item *i)
{
    return &b->s->c->provision[b->s->rule[i->rule].provision];
}

static struct question cell_question(int combo, int origin, int place)
{
    return (struct question){.mode = combo_mode(combo),
                             .direction = combo_direction(combo),
                             .kind = combo_kind(combo),
                             .origin = origin,
                             .place = place};
}

static void add_rules(struct build *b, uint64_t layers, int known)
{
    const struct snapshot *s = b->s;
    const uint64_t *valid = s->valid.bits + (size_t)b->slice * (size_t)s->words;
    const uint64_t *knew = s->known.bits + (size_t)known * (size_t)s->words;
    struct question q = cell_question(0, 0, 0);
    for (int r = 0; r < s->n_rules; r++) {
        const struct rule *rule = &s->rule[r];
        if (!((layers >> rule->layer) & 1) || !bit_get(valid, (size_t)r) ||
            !bit_get(knew, (size_t)r))
            continue;
        struct item i = {.rule = r, .carve_out = -1, .layer = rule->layer,
                         .lo = rule->treatment, .hi = rule->treatment};
        const struct provision *p = item_provision(b, &i);
        i.hangs = !rule->plain && provision_hangs(s->c, p);
        if (!rule->plain && !i.hangs) {
            struct bite v = rule_bite(s, p, &q);
            if (v.out)
                continue;
            i.lo = v.lo;
            i.hi = v.hi;
        }
        b->hangs |= i.hangs;
        b->item[b->n++] = i;
    }
}

static void add_carve_outs(struct build *b, uint64_t layers)
{
    const struct corpus *c = b->s->c;
    struct question q = cell_question(0, 0, 0);
    for (int k = 0; k < c->n_carve_outs; k++) {
        const struct carve_out *x = &c->carve_out[k];
        int layer = c->instrument[x->instrument].layer;
        if (layer < 0 || !((layers >> layer) & 1) || !x->has_sectors)
            continue;
        struct item i = {.rule = -1, .carve_out = k, .layer = (uint8_t)layer,
                         .hangs = reads_derived(c, x->when)};
        enum fact_role role;
        int v = x->when < 0 ? 1 : expr_value(b->s, &q, x->when, &role);
        if (v < 0 && !i.hangs)
            continue;
        i.state = (int8_t)v;
        b->hangs |= i.hangs;
        b->item[b->n++] = i;
    }
}

static bool item_has_sector(const struct build *b, const struct item *i, int k)
{
    return bit_get(i->rule < 0 ? b->s->c->carve_out[i->carve_out].sector
                               : item_provision(b, i)->scope.sector, (size_t)k);
}

static bool item_has_place(const struct build *b, const struct item *i, int p)
{
    return i->rule < 0 || bit_get(item_provision(b, i)->scope.place, (size_t)p);
}

static bool item_has_origin(const struct build *b, const struct item *i, int o)
{
    return i->rule < 0 || bit_get(item_provision(b, i)->scope.origin, (size_t)o);
}

static bool item_has_combo(const struct build *b, const struct item *i, int combo)
{
    return i->rule < 0 || ((item_provision(b, i)->scope.combo >> combo) & 1);
}

/* Counts first, then fills: item after item, because items are far apart in memory. */
static void sort_by_sector(struct build *b)
{
    int n = b->s->sector.n;
    b->first = ARENA_ARRAY(b->arena, int, (size_t)n + 2);
    int *next = b->first + 1; /* the start of a sector moves to its end while it fills */
    for (int i = 0; i < b->n; i++)
        for (int k = 0; k < n; k++)
            if (k + 1 < n && item_has_sector(b, &b->item[i], k))
                next[k + 1]++;
    for (int k = 1; k < n; k++)
        next[k] += next[k - 1];
    int total = n > 0 ? next[n - 1] : 0;
    for (int i = 0; i < b->n; i++)
        total += n > 0 && item_has_sector(b, &b->item[i], n - 1);
    b->holds = ARENA_ARRAY(b->arena, int, (size_t)total + 1);
    for (int i = 0; i < b->n; i++)
        for (int k = 0; k < n; k++)
            if (item_has_sector(b, &b->item[i], k))
                b->holds[next[k]++] = i;
}

/* --- classes and shapes --------------------------------------------------------------------- */

/* Everything that can tell two places (or origins) apart, as a string of words. */
static size_t column(const struct build *b, int code, bool place, uint32_t *out)
{
    size_t n = 0;
    uint64_t layers = place ? b->s->layer_place[code]
                            : b->s->layer_origin[(size_t)b->slice * (size_t)b->s->origin.n +
                                                 (size_t)code];
    layers &= b->active;
    out[n++] = (uint32_t)layers;
    out[n++] = (uint32_t)(layers >> 32);
    out[n++] = place && b->hangs ? b->s->place_territory[code] : 0;
    for (int i = 0; i < b->n; i++) {
        const struct item *x = &b->item[i];
        out[n++] = place ? item_has_place(b, x, code) : item_has_origin(b, x, code);
        if (!x->hangs || x->rule < 0)
            continue;
        const struct provision *p = item_provision(b, x);
        for (int k = 0; k < p->n_exemptions; k++)
            out[n++] = bit_get(place ? p->exemption[k].place : p->exemption[k].origin,
                               (size_t)code);
    }
    return n;
}

static size_t column_words(const struct build *b)
{
    size_t n = 3 + (size_t)b->n;
    for (int i = 0; i < b->n; i++)
        if (b->item[i].rule >= 0)
            n += (size_t)item_provision(b, &b->item[i])->n_exemptions;
    return n;
}

static void make_classes(struct build *b)
{
    uint32_t *col = ARENA_ARRAY(b->arena, uint32_t, column_words(b));
    struct pool places = {0}, origins = {0};
    for (int p = 0; p < b->s->place.n; p++) {
        uint32_t k = pool_put(&places, col, column(b, p, true, col));
        b->tree->place_class[p] = (uint8_t)k;
        b->place_of[k] = p;
        b->place_layers[k] = b->s->layer_place[p] & b->active;
    }
    for (int o = 0; o < b->s->origin.n; o++) {
        uint32_t k = pool_put(&origins, col, column(b, o, false, col));
        b->tree->origin_class[o] = (uint8_t)k;
        b->origin_of[k] = o;
        b->origin_layers[k] =
            b->s->layer_origin[(size_t)b->slice * (size_t)b->s->origin.n + (size_t)o] & b->active;
    }
    b->n_place = (int)places.n;
    b->n_origin = (int)origins.n;
    b->origin_words = (b->n_origin + 3) / 4;
    pool_finish(&places);
    pool_finish(&origins);
}

/* Items get the number of their shape: what is left of them below the sector, and below the
 * place. Items that hang are told apart by their own number. */
static void make_shapes(struct build *b)
{
    struct pool shapes = {0};
    uint32_t key[2 + (ORIGIN_WORDS + PLACE_WORDS) * 2];
    for (int n = 0; n < b->n; n++) {
        struct item *i = &b->item[n];
        memset(key, 0, sizeof key);
        key[0] = i->hangs ? 1 + (uint32_t)n : 0;
        key[1] = (uint32_t)i->layer << 16 | (uint32_t)i->lo << 8 | (uint32_t)i->hi |
                 (i->rule < 0 ? (uint32_t)(2 + i->state) << 24 : 0);
        if (i->rule >= 0)
            memcpy(key + 2, item_provision(b, i)->scope.origin, ORIGIN_WORDS * sizeof(uint64_t));
        i->origin_shape = pool_put(&shapes, key, sizeof key / sizeof *key);
        if (i->rule >= 0)
            memcpy(key + 2 + ORIGIN_WORDS * 2, item_provision(b, i)->scope.place,
                   PLACE_WORDS * sizeof(uint64_t));
        i->place_shape = pool_put(&shapes, key, sizeof key / sizeof *key);
    }
    pool_finish(&shapes);
}

/* --- leaves ----------------------------------------------------------------------------------- */
struct value {
    uint8_t lo, hi;
    int carve_out; /* -1 none, 0 may apply, 1 applies */
};

/* docs/meaning.md section 4 for one family: the most favourable of the layers that count. */
static struct value family_of(const struct build *b, uint64_t speaking, const int *list, int n,
                              const struct question *q)
{
    struct {
        uint8_t lo, hi;
    } layer[LIMIT_LAYERS];
    uint64_t touched = 0;
    struct value v = {SILENT, SILENT, -1};
    for (int k = 0; k < n; k++) {
        const struct item *i = &b->item[list[k]];
        if (!((speaking >> i->layer) & 1) || !item_has_origin(b, i, q->origin))
            continue;
        if (i->rule < 0) {
            enum fact_role role;
            int when = b->s->c->carve_out[i->carve_out].when;
            int state = i->hangs ? expr_value(b->s, q, when, &role) : i->state;
            v.carve_out = state > v.carve_out ? state : v.carve_out;
            continue;
        }
        struct bite x = {.lo = i->lo, .hi = i->hi};
        if (i->hangs)
            x = rule_bite(b->s, item_provision(b, i), q);
        if (x.out)
            continue;
        bool had = (touched >> i->layer) & 1;
        touched |= (uint64_t)1 << i->layer;
        layer[i->layer].lo = had && layer[i->layer].lo > x.lo ? layer[i->layer].lo : x.lo;
        layer[i->layer].hi = had && layer[i->layer].hi > x.hi ? layer[i->layer].hi : x.hi;
    }
    if (speaking & b->s->default_equal & ~touched)
        v.lo = v.hi = EQUAL;
    for (uint64_t m = touched; m != 0; m &= m - 1) {
        int l = __builtin_ctzll(m);
        v.lo = layer[l].lo < v.lo ? layer[l].lo : v.lo;
        v.hi = layer[l].hi < v.hi ? layer[l].hi : v.hi;
    }
    return v;
}

static uint8_t leaf_of(const struct build *b, uint64_t speaking, struct value v)
{
    if (b->family > 0)
        return v.hi == SILENT ? 0
                              : (uint8_t)(((1U << v.lo) - 1) | (((1U << v.hi) - 1) << 4));
    if ((speaking & b->s->default_equal) == 0)
        return LEAF_ELSEWHERE;
    if (v.hi == EQUAL && v.carve_out >= 0)
        return v.carve_out > 0 ? LEAF_CARVED : LEAF_MAY_BE_CARVED;
    return (uint8_t)(v.hi * (v.hi + 1) / 2 + v.lo);
}

/* --- nodes ------------------------------------------------------------------------------------ */
struct branch { /* what the levels above have settled */
    int combo;
    uint64_t layers; /* of the family that this combo asks */
};

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Mode and legal form: the derived facts that follow from the combo. */
static uint32_t combo_facts(int combo)
{
    return (uint32_t)(combo_mode(combo) * 4 + (combo_kind(combo) >= KIND_JV) +
                      (combo_kind(combo) == KIND_JV));
}

/* The key of a list: layers, shapes in order and once each, then what hanging items look at. */
static size_t list_key(struct build *b, const struct branch *at, uint64_t layers, int place,
                       const int *list, int n)
{
    uint32_t *key = b->key;
    bool hangs = false;
    key[0] = (uint32_t)layers;
    key[1] = (uint32_t)(layers >> 32);
    for (int k = 0; k < n; k++) {
        const struct item *i = &b->item[list[k]];
        key[3 + k] = place < 0 ? i->place_shape : i->origin_shape;
        hangs |= i->hangs;
    }
    key[2] = !hangs ? 0 : 1 + combo_facts(at->combo) * 256 + (uint32_t)(place + 1);
    sort_by(key + 3, (size_t)n, sizeof *key, by_number);
    size_t out = 3;
    for (int k = 0; k < n; k++)
        if (k == 0 || key[3 + k] != key[out - 1])
            key[out++] = key[3 + k];
    return out;
}

/* The byte offset of the origin node for items `list` at place class `place`. */
static uint32_t origin_node(struct build *b, const struct branch *at, int place, const int *list,
                            int n)
{
    uint64_t layers = b->place_layers[place] & at->layers;
    uint32_t known;
    size_t length = list_key(b, at, layers, place, list, n);
    if (memo_find(&b->origin_memo, b->key, length, &known))
        return b->origin_memo.node[known];
    uint8_t leaf[LIMIT_ORIGINS] __attribute__((aligned(4))) = {0};
    for (int o = 0; o < b->n_origin; o++) {
        uint64_t speaking = layers & b->origin_layers[o];
        struct question q = cell_question(at->combo, b->origin_of[o], b->place_of[place]);
        leaf[o] = leaf_of(b, speaking, family_of(b, speaking, list, n, &q));
    }
    uint32_t words[LIMIT_ORIGINS / 4];
    memcpy(words, leaf, sizeof words);
    uint32_t node = pool_put(&b->origin_nodes, words, (size_t)b->origin_words);
    return b->origin_memo.node[known] = node * (uint32_t)b->origin_words * 4;
}

static uint32_t place_node(struct build *b, const struct branch *at, int n)
{
    uint32_t known, edge[LIMIT_PLACES];
    size_t length = list_key(b, at, at->layers, -1, b->list, n);
    if (memo_find(&b->place_memo, b->key, length, &known))
        return b->place_memo.node[known];
    for (int p = 0; p < b->n_place; p++) {
        int left = 0;
        for (int k = 0; k < n; k++) {
            const struct item *i = &b->item[b->list[k]];
            if (((b->place_layers[p] >> i->layer) & 1) && item_has_place(b, i, b->place_of[p]))
                b->left[left++] = b->list[k];
        }
        edge[p] = origin_node(b, at, p, b->left, left);
    }
    uint32_t node = pool_put(&b->place_nodes, edge, (size_t)b->n_place);
    return b->place_memo.node[known] = node * (uint32_t)b->n_place;
}

static uint64_t combo_layers(const struct build *b, int combo)
{
    struct question q = cell_question(combo, 0, 0);
    return b->active & (b->family == 0 ? snapshot_deciding(b->s, &q)
                                       : b->s->family_layers[cumulative[b->family - 1]]);
}

/* Combos that the same items hold, and that hanging items cannot tell apart, share a row. */
static uint32_t sector_row(struct build *b, int combo, uint32_t *edge)
{
    struct branch at = {combo, combo_layers(b, combo)};
    size_t length = 0;
    b->key[length++] = (uint32_t)at.layers;
    b->key[length++] = (uint32_t)(at.layers >> 32);
    b->key[length++] = b->hangs ? combo_facts(combo) : 0;
    for (int i = 0; i < b->n; i++)
        if (((at.layers >> b->item[i].layer) & 1) && item_has_combo(b, &b->item[i], combo))
            b->key[length++] = (uint32_t)i;
    uint32_t known;
    if (memo_find(&b->row_memo, b->key, length, &known))
        return b->row_memo.node[known];
    for (int k = 0; k < b->s->sector.n; k++) {
        int n = 0;
        for (int h = b->first[k]; h < b->first[k + 1]; h++) {
            const struct item *i = &b->item[b->holds[h]];
            if (((at.layers >> i->layer) & 1) && item_has_combo(b, i, combo))
                b->list[n++] = b->holds[h];
        }
        edge[k] = place_node(b, &at, n);
    }
    uint32_t node = pool_put(&b->rows, edge, (size_t)b->s->sector.n);
    return b->row_memo.node[known] = node * (uint32_t)b->s->sector.n;
}

/* --- the whole -------------------------------------------------------------------------------- */
static void *kept(const struct pool *p, size_t *bytes)
{
    size_t n = p->n_words * sizeof *p->word;
    void *copy = malloc(n + 1);
    check(copy != NULL);
    if (n > 0)
        memcpy(copy, p->word, n);
    *bytes += n;
    return copy;
}

static void build_family(struct build *b, size_t *bytes)
{
    int known_room = b->n + b->s->sector.n + 4;
    b->key = ARENA_ARRAY(b->arena, uint32_t, (size_t)known_room);
    b->list = ARENA_ARRAY(b->arena, int, (size_t)b->n + 1);
    b->left = ARENA_ARRAY(b->arena, int, (size_t)b->n + 1);
    uint32_t *edge = ARENA_ARRAY(b->arena, uint32_t, (size_t)b->s->sector.n + 1);
    sort_by_sector(b);
    make_classes(b);
    make_shapes(b);
    for (int combo = 0; combo < COMBOS; combo++)
        b->tree->row[combo] = sector_row(b, combo, edge);
    b->tree->sector = kept(&b->rows, bytes);
    b->tree->place = kept(&b->place_nodes, bytes);
    b->tree->origin = kept(&b->origin_nodes, bytes);
    memo_finish(&b->place_memo);
    memo_finish(&b->origin_memo);
    memo_finish(&b->row_memo);
    pool_finish(&b->place_nodes);
    pool_finish(&b->origin_nodes);
    pool_finish(&b->rows);
}

static struct diagram_answer joined(int leaf, unsigned others)
{
    if (leaf == LEAF_ELSEWHERE)
        return (struct diagram_answer){OUTCOME_ELSEWHERE, SILENT, SILENT};
    int hi = 0, lo;
    if (leaf < LEAF_MAY_BE_CARVED)
        while ((hi + 1) * (hi + 2) / 2 <= leaf)
            hi++;
    lo = leaf < LEAF_MAY_BE_CARVED ? leaf - hi * (hi + 1) / 2 : 0;
    int other_lo = __builtin_popcount(others & 15), other_hi = __builtin_popcount(others >> 4);
    lo = other_lo > lo ? other_lo : lo;
    hi = other_hi > hi ? other_hi : hi;
    enum outcome o = lo > EQUAL && hi < PROHIBITED ? OUTCOME_CONDITIONAL : OUTCOME_UNDETERMINED;
    if (lo == PROHIBITED)
        o = OUTCOME_PROHIBITED;
    else if (hi == EQUAL)
        o = leaf == LEAF_CARVED          ? OUTCOME_CARVED_OUT
            : leaf == LEAF_MAY_BE_CARVED ? OUTCOME_UNDETERMINED
                                         : OUTCOME_EQUAL;
    return (struct diagram_answer){(uint8_t)o, (uint8_t)lo, (uint8_t)hi};
}

enum err diagram_create(struct diagram **out, const struct snapshot *s, day_t on, day_t known,
                        struct error *e)
{
    (void)e; /* what can be loaded can be built */
    struct diagram *d = calloc(1, sizeof *d);
    check(d != NULL);
    d->bytes = sizeof *d;
    int v = snapshot_slice(s->valid_day, s->n_valid, on);
    int k = snapshot_slice(s->known_day, s->n_known, known);
    for (int f = 0; f < FAMILIES; f++) {
        struct arena a;
        arena_init(&a);
        struct build *b = ARENA_NEW(&a, struct build);
        *b = (struct build){.s = s, .arena = &a, .family = f, .slice = v, .tree = &d->tree[f]};
        uint64_t layers = f > 0 ? s->family_layers[cumulative[f - 1]]
                                : s->family_layers[FAMILY_CROSS_BORDER] |
                                      s->family_layers[FAMILY_INVESTMENT] |
                                      s->family_layers[FAMILY_COMMITMENTS];
        b->active = layers & s->layer_valid[v] & s->layer_known[k] & ~s->claimable;
        b->item = ARENA_ARRAY(&a, struct item, (size_t)s->n_rules + (size_t)s->c->n_carve_outs + 1);
        add_rules(b, b->active, k);
        if (f == 0)
            add_carve_outs(b, b->active);
        build_family(b, &d->bytes);
        arena_finish(&a);
    }
    for (int leaf = 0; leaf < LEAVES; leaf++)
        for (unsigned others = 0; others < 256; others++)
            d->join[leaf][others] = joined(leaf, others);
    *out = d;
    return OK;
}

void diagram_destroy(struct diagram *d)
{
    if (d == NULL)
        return;
    for (int f = 0; f < FAMILIES; f++) {
        free(d->tree[f].sector);
        free(d->tree[f].place);
        free(d->tree[f].origin);
    }
    free(d);
}

size_t diagram_bytes(const struct diagram *d)
{
    return d->bytes;
}

struct diagram_answer diagram_answer(const struct diagram *d, int sector, int combo, int origin,
                                     int place)
{
    uint8_t leaf[FAMILIES];
    for (int f = 0; f < FAMILIES; f++) {
        const struct tree *t = &d->tree[f];
        uint32_t at = t->sector[t->row[combo] + (uint32_t)sector];
        at = t->place[at + t->place_class[place]];
        leaf[f] = t->origin[at + t->origin_class[origin]];
    }
    return d->join[leaf[0]][leaf[1] | leaf[2] | leaf[3]];
}
