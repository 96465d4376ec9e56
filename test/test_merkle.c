/* The tree of RFC 9162 against its own definitions: a naive program that follows section 2.1
 * word by word, published roots and hashes, and more than a million spoilt proofs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <openssl/evp.h>

#include "ledger/merkle.h"
#include "sanitized.h"

enum { SMALL = 300, LARGE = 5000, MUTATIONS = SANITIZED ? 140000 : 560000 };
/* MUTATIONS: of each hash, each proof */

static struct rng rng;

static struct digest raw_hash(enum hash_kind k, const void *p, size_t n)
{
    struct digest d;
    if (k == HASH_SHA256) {
        hash_sha256(p, n, d.b);
    } else {
        assert_int_equal(EVP_Digest(p, n, d.b, NULL, EVP_sm3(), NULL), 1);
    }
    return d;
}

static bool eq(struct digest a, struct digest b)
{
    return memcmp(a.b, b.b, sizeof a.b) == 0;
}

static void from_hex(const char *hex, uint8_t *out)
{
    for (; hex[0] != '\0'; hex += 2) {
        unsigned v;
        assert_int_equal(sscanf(hex, "%2x", &v), 1);
        *out++ = (uint8_t)v;
    }
}

static void assert_hex(struct digest d, const char *want)
{
    char hex[65];
    hash_hex(d.b, sizeof d.b, hex);
    assert_string_equal(hex, want);
}

/* ---- RFC 9162 section 2.1 by its definitions; MTH of every range is kept, for speed ---- */

static struct {
    enum hash_kind k;
    bool known[SMALL + 1][SMALL + 1];
    struct digest kept[SMALL + 1][SMALL + 1]; /* of D[a:b] */
} naive;

static size_t leaf_text(int i, char out[32])
{
    return (size_t)snprintf(out, 32, "{\"seq\":%d}", i);
}

static void naive_begin(enum hash_kind k)
{
    memset(naive.known, 0, sizeof naive.known);
    naive.k = k;
}

static int power_below(int n) /* largest power of two smaller than n */
{
    int k = 1;
    while (2 * k < n) {
        k *= 2;
    }
    return k;
}

static struct digest mth(int a, int b)
{
    uint8_t t[65];
    if (naive.known[a][b]) {
        return naive.kept[a][b];
    }
    struct digest d;
    if (a == b) {
        d = raw_hash(naive.k, "", 0);
    } else if (b - a == 1) {
        t[0] = 0;
        d = raw_hash(naive.k, t, 1 + leaf_text(a, (char *)t + 1));
    } else {
        int k = power_below(b - a);
        struct digest left = mth(a, a + k), right = mth(a + k, b);
        t[0] = 1;
        memcpy(t + 1, left.b, 32);
        memcpy(t + 33, right.b, 32);
        d = raw_hash(naive.k, t, 65);
    }
    naive.known[a][b] = true;
    return naive.kept[a][b] = d;
}

static void append(struct proof_path *p, struct digest d)
{
    p->d[p->n++] = d;
}

static void naive_path(int m, int a, int b, struct proof_path *p)
{
    if (b - a == 1) {
        return;
    }
    int k = power_below(b - a);
    if (m < k) {
        naive_path(m, a, a + k, p);
        append(p, mth(a + k, b));
    } else {
        naive_path(m - k, a + k, b, p);
        append(p, mth(a, a + k));
    }
}

static void naive_subproof(int m, int a, int b, bool whole, struct proof_path *p)
{
    int n = b - a;
    if (m == n) {
        if (!whole) {
            append(p, mth(a, b));
        }
        return;
    }
    int k = power_below(n);
    if (m <= k) {
        naive_subproof(m, a, a + k, whole, p);
        append(p, mth(a + k, b));
    } else {
        naive_subproof(m - k, a + k, b, false, p);
        append(p, mth(a, a + k));
    }
}

static bool path_eq(const struct proof_path *a, const struct proof_path *b)
{
    return a->n == b->n && memcmp(a->d, b->d, (size_t)a->n * sizeof a->d[0]) == 0;
}

/* ---- a grown tree: what a log keeps ---- */

struct tree {
    struct hasher *h;
    struct frontier edge;
    struct digest *level[MERKLE_LEVELS];
    struct digest root[LARGE + 1];
};

static void keep(void *ctx, int level, uint64_t index, const struct digest *d)
{
    struct tree *t = ctx;
    t->level[level][index] = *d;
}

static bool node_of(void *ctx, int level, uint64_t index, struct digest *out)
{
    struct tree *t = ctx;
    assert_true(((index + 1) << level) <= t->edge.size); /* only complete subtrees are asked for */
    *out = t->level[level][index];
    return true;
}

static void tree_grow(struct tree *t, enum hash_kind k, int size)
{
    char text[32];
    memset(t, 0, sizeof *t);
    t->h = hasher_create(k);
    for (int i = 0; i < MERKLE_LEVELS && size >> i > 0; i++) {
        t->level[i] = calloc((size_t)(size >> i), sizeof *t->level[i]);
        assert_non_null(t->level[i]);
    }
    t->root[0] = frontier_root(t->h, &t->edge);
    for (int i = 0; i < size; i++) {
        struct digest leaf = merkle_leaf(t->h, text, leaf_text(i, text));
        frontier_add(t->h, &t->edge, &leaf, keep, t);
        t->root[i + 1] = frontier_root(t->h, &t->edge);
    }
}

static void tree_finish(struct tree *t)
{
    for (int i = 0; i < MERKLE_LEVELS; i++) {
        free(t->level[i]);
    }
    hasher_destroy(t->h);
}

static struct tree tree; /* too large for a stack */

/* ---- every tree up to 300 leaves ---- */

static void every_proof_of(int n)
{
    struct proof_path got, want;
    for (int i = 0; i < n; i++) {
        want.n = 0;
        naive_path(i, 0, n, &want);
        assert_true(merkle_inclusion(tree.h, (uint64_t)i, (uint64_t)n, node_of, &tree, &got));
        assert_true(path_eq(&got, &want));
        struct digest leaf = mth(i, i + 1);
        assert_true(merkle_check_inclusion(tree.h, &leaf, (uint64_t)i, (uint64_t)n, &got,
                                           &tree.root[n]));
    }
    for (int m = 0; m <= n; m++) {
        want.n = 0;
        if (m > 0) { /* RFC 9162 defines none for m = 0; ours is empty */
            naive_subproof(m, 0, n, true, &want);
        }
        assert_true(merkle_consistency(tree.h, (uint64_t)m, (uint64_t)n, node_of, &tree, &got));
        assert_true(path_eq(&got, &want));
        assert_true(merkle_check_consistency(tree.h, (uint64_t)m, &tree.root[m], (uint64_t)n,
                                             &tree.root[n], &got));
    }
}

static void every_tree(enum hash_kind k)
{
    naive_begin(k);
    tree_grow(&tree, k, SMALL);
    for (int n = 0; n <= SMALL; n++) {
        struct digest root;
        assert_true(merkle_root(tree.h, (uint64_t)n, node_of, &tree, &root));
        assert_true(eq(root, mth(0, n)));
        assert_true(eq(tree.root[n], root));
        every_proof_of(n);
    }
    tree_finish(&tree);
}

static void test_every_tree_sha256(void **state)
{
    (void)state;
    every_tree(HASH_SHA256);
}

static void test_every_tree_sm3(void **state)
{
    (void)state;
    every_tree(HASH_SM3);
}

/* ---- published values ---- */

/* FIPS 180-4 and GB/T 32905 both give "abc" and a message of 64 bytes or more; the mark of a
 * leaf is before our texts, so the hash is tried as a leaf against the library's plain hash. */
static void test_known_hashes(void **state)
{
    (void)state;
    assert_hex(raw_hash(HASH_SHA256, "abc", 3),
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_hex(raw_hash(HASH_SM3, "abc", 3),
               "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    for (int k = 0; k < HASH_KINDS; k++) {
        struct hasher *h = hasher_create((enum hash_kind)k);
        uint8_t text[1200] = {0};
        for (size_t i = 1; i < sizeof text; i++) {
            text[i] = (uint8_t)rng_next(&rng);
        }
        for (size_t n = 0; n + 1 < sizeof text; n++) { /* over the border of the quick way */
            assert_true(eq(merkle_leaf(h, text + 1, n), raw_hash((enum hash_kind)k, text, n + 1)));
        }
        assert_true(eq(merkle_empty(h), raw_hash((enum hash_kind)k, "", 0)));
        hasher_destroy(h);
    }
}

static const char *const ct_leaves[8] = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
};
/* Published with the Certificate Transparency reference trees, sizes 0 to 8. */
static const char *const ct_roots[9] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};
/* The published audit path of leaf 5 in 8, and proof that 2 leaves grew to 5. */
static const char *const ct_path_5_8[3] = {
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
};
static const char *const ct_growth_2_5[2] = {
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
};

static void test_published_tree(void **state)
{
    struct tree t = {.h = hasher_create(HASH_SHA256)};
    struct digest rows[4][8];
    struct proof_path p;
    (void)state;
    for (int i = 0; i < 4; i++) {
        t.level[i] = rows[i];
    }
    assert_hex(frontier_root(t.h, &t.edge), ct_roots[0]);
    for (int i = 0; i < 8; i++) {
        uint8_t b[16];
        from_hex(ct_leaves[i], b);
        struct digest leaf = merkle_leaf(t.h, b, strlen(ct_leaves[i]) / 2);
        frontier_add(t.h, &t.edge, &leaf, keep, &t);
        assert_hex(frontier_root(t.h, &t.edge), ct_roots[i + 1]);
    }
    assert_true(merkle_inclusion(t.h, 5, 8, node_of, &t, &p));
    assert_int_equal(p.n, 3);
    for (int i = 0; i < 3; i++) {
        assert_hex(p.d[i], ct_path_5_8[i]);
    }
    assert_true(merkle_consistency(t.h, 2, 5, node_of, &t, &p));
    assert_int_equal(p.n, 2);
    for (int i = 0; i < 2; i++) {
        assert_hex(p.d[i], ct_growth_2_5[i]);
    }
    hasher_destroy(t.h);
}

/* ---- up to 2^47 leaves, all alike: a node depends on its level alone ---- */

struct alike {
    struct digest level[MERKLE_LEVELS];
};

static bool alike_node(void *ctx, int level, uint64_t index, struct digest *out)
{
    (void)index;
    *out = ((struct alike *)ctx)->level[level];
    return true;
}

static void one_vast_size(struct hasher *h, struct alike *a, uint64_t size)
{
    struct digest root, old;
    struct proof_path p;
    assert_true(merkle_root(h, size, alike_node, a, &root));
    for (int i = 0; i < 20; i++) {
        uint64_t at = i == 0 ? size - 1 : rng_next(&rng) % size;
        assert_true(merkle_inclusion(h, at, size, alike_node, a, &p));
        assert_true(p.n <= MERKLE_LEVELS - 1);
        assert_true(merkle_check_inclusion(h, &a->level[0], at, size, &p, &root));
        p.n++;
        p.d[p.n - 1] = a->level[0];
        assert_false(merkle_check_inclusion(h, &a->level[0], at, size, &p, &root));
        assert_true(merkle_root(h, at, alike_node, a, &old));
        assert_true(merkle_consistency(h, at, size, alike_node, a, &p));
        assert_true(p.n <= MERKLE_LEVELS);
        assert_true(merkle_check_consistency(h, at, &old, size, &root, &p));
    }
}

static bool no_node(void *ctx, int level, uint64_t index, struct digest *out)
{
    (void)ctx;
    (void)level;
    (void)index;
    (void)out;
    return false;
}

static void test_vast_and_impossible_sizes(void **state)
{
    struct hasher *h = hasher_create(HASH_SHA256);
    struct alike a;
    struct digest root;
    struct proof_path p;
    const uint64_t max = MERKLE_SIZE_MAX;
    (void)state;
    a.level[0] = merkle_leaf(h, "x", 1);
    for (int i = 1; i < MERKLE_LEVELS; i++) {
        a.level[i] = merkle_node(h, &a.level[i - 1], &a.level[i - 1]);
    }
    one_vast_size(h, &a, max);
    one_vast_size(h, &a, max - 1);
    for (int i = 0; i < 50; i++) {
        one_vast_size(h, &a, 1 + rng_next(&rng) % max);
    }
    assert_true(merkle_root(h, max, alike_node, &a, &root));
    assert_false(merkle_root(h, max + 1, alike_node, &a, &root));
    assert_false(merkle_inclusion(h, 0, max + 1, alike_node, &a, &p));
    assert_false(merkle_inclusion(h, 7, 7, alike_node, &a, &p));
    assert_false(merkle_inclusion(h, 0, 0, alike_node, &a, &p));
    assert_false(merkle_consistency(h, 1, max + 1, alike_node, &a, &p));
    assert_false(merkle_consistency(h, 2, 1, alike_node, &a, &p));
    assert_false(merkle_root(h, 5, no_node, NULL, &root));
    assert_false(merkle_inclusion(h, 3, 5, no_node, NULL, &p));
    assert_int_equal(p.n, 0);
    assert_false(merkle_consistency(h, 3, 5, no_node, NULL, &p));
    assert_int_equal(p.n, 0);
    /* The last size whose proofs the arrays hold, and the verifier beyond it. */
    assert_true(merkle_inclusion(h, 0, max, alike_node, &a, &p));
    assert_true(merkle_check_inclusion(h, &a.level[0], 0, max, &p, &root));
    p.d[p.n++] = a.level[MERKLE_LEVELS - 1];
    struct digest twice = merkle_node(h, &root, &a.level[MERKLE_LEVELS - 1]);
    assert_false(merkle_check_inclusion(h, &a.level[0], 0, 2 * max, &p, &twice));
    p.n = MERKLE_LEVELS + 1;
    assert_false(merkle_check_inclusion(h, &a.level[0], 0, max, &p, &root));
    assert_false(merkle_check_consistency(h, 1, &a.level[0], max, &root, &p));
    p.n = -1;
    assert_false(merkle_check_inclusion(h, &a.level[0], 0, max, &p, &root));
    assert_false(merkle_check_consistency(h, 1, &a.level[0], max, &root, &p));
    hasher_destroy(h);
}

/* What RFC 9162 leaves out: from nothing, and to the same tree. */
static void test_growth_from_nothing(void **state)
{
    struct hasher *h = hasher_create(HASH_SM3);
    struct digest none = merkle_empty(h), one = merkle_leaf(h, "x", 1);
    struct proof_path p = {.n = 0};
    (void)state;
    assert_true(merkle_check_consistency(h, 0, &none, 0, &none, &p));
    assert_true(merkle_check_consistency(h, 0, &none, 9, &one, &p));
    assert_true(merkle_check_consistency(h, 9, &one, 9, &one, &p));
    assert_false(merkle_check_consistency(h, 0, &one, 0, &one, &p));
    assert_false(merkle_check_consistency(h, 0, &one, 9, &one, &p));
    assert_false(merkle_check_consistency(h, 0, &none, 0, &one, &p));
    assert_false(merkle_check_consistency(h, 9, &none, 9, &one, &p));
    assert_false(merkle_check_consistency(h, 1, &one, 9, &one, &p)); /* needs a proof */
    assert_false(merkle_check_consistency(h, 9, &one, 1, &one, &p));
    p.n = 1;
    p.d[0] = one;
    assert_false(merkle_check_consistency(h, 0, &none, 9, &one, &p));
    assert_false(merkle_check_consistency(h, 9, &one, 9, &one, &p));
    hasher_destroy(h);
}

/* ---- spoilt proofs ---- */

/* All that a verifier is told. Of an inclusion: a = index, first = leaf. */
struct claim {
    bool growth;
    uint64_t a, b;
    struct digest first, root;
    struct proof_path p;
};

static bool accepted(const struct claim *c)
{
    return c->growth ? merkle_check_consistency(tree.h, c->a, &c->first, c->b, &c->root, &c->p)
                     : merkle_check_inclusion(tree.h, &c->first, c->a, c->b, &c->p, &c->root);
}

/* The turns of a proof, by the recursive definition. Roots do not tell trees apart whose proofs
 * have the same turns: a claim that only names other numbers is then no other claim. */
static void turns_of(bool growth, uint64_t m, uint64_t n, char *out)
{
    char back[80];
    int len = 0;
    bool whole = true;
    while (growth ? m != n : n > 1) {
        uint64_t k = 1;
        while (2 * k < n) {
            k *= 2;
        }
        bool left = growth ? m <= k : m < k;
        back[len++] = left ? 'r' : 'l';
        n = left ? k : n - k;
        m -= left ? 0 : k;
        whole = whole && left;
    }
    back[len++] = growth && !whole ? 'h' : 'w';
    for (int i = 0; i < len; i++) {
        out[i] = back[len - 1 - i];
    }
    out[len] = '\0';
}

static bool claims_alike(const struct claim *a, const struct claim *b)
{
    char x[80], y[80];
    bool possible = a->growth ? a->a > 0 && a->a < a->b : a->a < a->b;
    if (!possible || a->b > MERKLE_SIZE_MAX || !eq(a->first, b->first) || !eq(a->root, b->root) ||
        !path_eq(&a->p, &b->p)) {
        return false;
    }
    turns_of(a->growth, a->a, a->b, x);
    turns_of(b->growth, b->a, b->b, y);
    return strcmp(x, y) == 0;
}

static struct digest some_node(void)
{
    int level = (int)rng_below(&rng, 12);
    return tree.level[level][rng_below(&rng, (uint32_t)(LARGE >> level))];
}

static void flip_bit(struct digest *d)
{
    uint32_t bit = rng_below(&rng, 256);
    d->b[bit / 8] ^= (uint8_t)(1u << bit % 8);
}

static uint64_t other_number(uint64_t v)
{
    switch (rng_below(&rng, 4)) {
    case 0:
        return v + 1;
    case 1:
        return v - 1; /* may wrap round: an impossible one */
    case 2:
        return v ^ (uint64_t)1 << rng_below(&rng, 64);
    default:
        return rng_below(&rng, LARGE + 1);
    }
}

static void spoil_path(struct proof_path *p)
{
    int at = p->n == 0 ? 0 : (int)rng_below(&rng, (uint32_t)p->n);
    int to = p->n == 0 ? 0 : (int)rng_below(&rng, (uint32_t)p->n);
    struct digest d = rng_below(&rng, 2) || p->n == 0 ? some_node() : p->d[to];
    switch (rng_below(&rng, 6)) {
    case 0: /* add, anywhere */
        to = (int)rng_below(&rng, (uint32_t)p->n + 1);
        memmove(&p->d[to + 1], &p->d[to], (size_t)(p->n++ - to) * sizeof d);
        p->d[to] = d;
        break;
    case 1: /* drop */
        if (p->n > 0) {
            memmove(&p->d[at], &p->d[at + 1], (size_t)(--p->n - at) * sizeof d);
        }
        break;
    case 2: /* swap */
        d = p->d[at];
        p->d[at] = p->d[to];
        p->d[to] = d;
        break;
    case 3: /* replace */
        p->d[at] = d;
        break;
    case 4: /* cut */
        p->n = at;
        break;
    default:
        flip_bit(&p->d[at]);
    }
}

static void spoil(struct claim *c)
{
    struct digest d;
    switch (rng_below(&rng, 10)) {
    case 0:
        flip_bit(&c->first);
        break;
    case 1:
        flip_bit(&c->root);
        break;
    case 2:
        c->root = tree.root[rng_below(&rng, LARGE + 1)];
        break;
    case 3:
        c->first = c->growth ? tree.root[rng_below(&rng, LARGE + 1)] : some_node();
        break;
    case 4:
        c->a = other_number(c->a);
        break;
    case 5: /* another size with its own root, or that does not exist */
        c->b = other_number(c->b);
        if (c->b <= LARGE) {
            c->root = tree.root[c->b];
        }
        break;
    case 6:
        c->b = other_number(c->b);
        break;
    case 7:
        d = c->first;
        c->first = c->root;
        c->root = d;
        break;
    default:
        spoil_path(&c->p);
    }
}

static void true_claim(struct claim *c, bool growth)
{
    uint32_t most = rng_below(&rng, 4) == 0 ? LARGE : SMALL;
    *c = (struct claim){.growth = growth, .b = 2 + rng_below(&rng, most - 1)};
    c->a = growth ? 1 + rng_below(&rng, (uint32_t)c->b - 1) : rng_below(&rng, (uint32_t)c->b);
    c->root = tree.root[c->b];
    if (growth) {
        c->first = tree.root[c->a];
        assert_true(merkle_consistency(tree.h, c->a, c->b, node_of, &tree, &c->p));
    } else {
        c->first = tree.level[0][c->a];
        assert_true(merkle_inclusion(tree.h, c->a, c->b, node_of, &tree, &c->p));
    }
    assert_true(accepted(c));
}

/* Two steps can lead from one true claim to another (a size less with its own root, and the hash
 * that is then too many cut off), and from nothing every tree grows. */
static bool true_after_all(const struct claim *c)
{
    struct proof_path p;
    if (c->growth && c->a == 0) {
        return c->p.n == 0 && eq(c->first, tree.root[0]);
    }
    if (c->b > LARGE || !eq(c->root, tree.root[c->b]) || (c->growth ? c->a > c->b : c->a >= c->b) ||
        !eq(c->first, c->growth ? tree.root[c->a] : tree.level[0][c->a])) {
        return false;
    }
    return (c->growth ? merkle_consistency(tree.h, c->a, c->b, node_of, &tree, &p)
                      : merkle_inclusion(tree.h, c->a, c->b, node_of, &tree, &p)) &&
           path_eq(&c->p, &p);
}

static void spoilt_proofs(enum hash_kind k)
{
    struct claim good, bad;
    long tried = 0, wrong = 0, alike = 0;
    tree_grow(&tree, k, LARGE);
    while (tried < 2 * MUTATIONS) {
        true_claim(&good, rng_below(&rng, 2) == 0);
        for (int i = 0; i < 16; i++) {
            bad = good;
            for (uint32_t more = 1 + rng_below(&rng, 8) / 7; more > 0; more--) {
                spoil(&bad);
            }
            if (claims_alike(&bad, &good)) { /* nothing changed, or what no proof can tell */
                assert_true(accepted(&bad));
                alike++;
            } else if (!true_after_all(&bad)) {
                wrong += accepted(&bad);
                tried++;
            }
        }
    }
    tree_finish(&tree);
    print_message("%ld spoilt proofs tried, %ld accepted; %ld of the same turns left out\n", tried,
                  wrong, alike);
    assert_int_equal(wrong, 0);
    assert_true(alike > 0 && alike < tried / 10);
}

static void test_spoilt_proofs_sha256(void **state)
{
    (void)state;
    spoilt_proofs(HASH_SHA256);
}

static void test_spoilt_proofs_sm3(void **state)
{
    (void)state;
    spoilt_proofs(HASH_SM3);
}

/* A proof takes no notice of a node that is handed in as a leaf, nor the other way round: that is
 * what the marks are for. */
static void test_marks_part_leaves_from_nodes(void **state)
{
    struct hasher *h = hasher_create(HASH_SHA256);
    struct digest a = merkle_leaf(h, "a", 1), b = merkle_leaf(h, "b", 1);
    uint8_t both[64];
    (void)state;
    memcpy(both, a.b, 32);
    memcpy(both + 32, b.b, 32);
    assert_false(eq(merkle_leaf(h, both, sizeof both), merkle_node(h, &a, &b)));
    hasher_destroy(h);
}

/* ---- base64 ---- */

static void test_base64_known(void **state)
{
    static const char *const pairs[][2] = { /* RFC 4648 section 10 */
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
    };
    static const char *const bad[] = {
        "Z", "Zg", "Zg=", "Zh==", "Zm9=", "=m9v", "Z=9v", "====", "Zg==Zg==", "Zm9v\n", "Zm9v ",
        "Zm-v", "Zm_v", "Zm9vY===", "\xC3\xA9==",
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct buf b;
        uint8_t out[16];
        size_t n;
        buf_init(&b);
        base64_write(&b, (const uint8_t *)pairs[i][0], strlen(pairs[i][0]));
        assert_true(str_eqz(buf_view(&b), pairs[i][1]));
        assert_true(base64_read(buf_view(&b), out, strlen(pairs[i][0]), &n));
        assert_true(str_eqz((struct str){(char *)out, n}, pairs[i][0]));
        if (n > 0) {
            assert_false(base64_read(buf_view(&b), out, n - 1, &n));
        }
        buf_finish(&b);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t out[16];
        size_t n;
        assert_false(base64_read(str_from(bad[i]), out, sizeof out, &n));
        assert_int_equal(n, 0);
    }
}

/* One text for one value: whatever is read is written back the same. */
static void test_base64_one_text(void **state)
{
    static const char letters[] = "AQgwBZaz09+/=\n-";
    long read = 0;
    (void)state;
    for (int i = 0; i < 200000; i++) {
        char text[8];
        uint8_t out[8];
        size_t n;
        struct str s = {text, 4 + 4 * rng_below(&rng, 2)};
        for (size_t j = 0; j < s.n; j++) {
            text[j] = letters[rng_below(&rng, sizeof letters - 1)];
        }
        if (base64_read(s, out, sizeof out, &n)) {
            struct buf b;
            buf_init(&b);
            base64_write(&b, out, n);
            assert_true(str_eq(buf_view(&b), s));
            buf_finish(&b);
            read++;
        }
    }
    assert_true(read > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_hashes),
        cmocka_unit_test(test_published_tree),
        cmocka_unit_test(test_every_tree_sha256),
        cmocka_unit_test(test_every_tree_sm3),
        cmocka_unit_test(test_vast_and_impossible_sizes),
        cmocka_unit_test(test_growth_from_nothing),
        cmocka_unit_test(test_marks_part_leaves_from_nodes),
        cmocka_unit_test(test_spoilt_proofs_sha256),
        cmocka_unit_test(test_spoilt_proofs_sm3),
        cmocka_unit_test(test_base64_known),
        cmocka_unit_test(test_base64_one_text),
    };
    const char *seed = getenv("FUMAO_SEED");
    rng_seed(&rng, seed != NULL ? strtoull(seed, NULL, 10) : 9162);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
