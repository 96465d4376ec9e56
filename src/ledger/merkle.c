/* SHA-256 goes through OpenSSL's own functions and not through EVP: of a node's 77 ns EVP would
 * make 96, and a log is rebuilt from its leaves by nothing but these calls. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "ledger/merkle.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>

enum { LEAF_MARK = 0x00, NODE_MARK = 0x01 };

struct hasher {
    enum hash_kind kind;
    EVP_MD *sm3; /* both NULL for SHA-256 */
    EVP_MD_CTX *ctx;
};

struct hasher *hasher_create(enum hash_kind k)
{
    check(k == HASH_SHA256 || k == HASH_SM3);
    struct hasher *h = calloc(1, sizeof *h);
    check(h != NULL);
    h->kind = k;
    if (k == HASH_SM3) {
        h->sm3 = EVP_MD_fetch(NULL, "SM3", NULL);
        h->ctx = EVP_MD_CTX_new();
        check(h->sm3 != NULL && h->ctx != NULL);
        check(EVP_DigestInit_ex2(h->ctx, h->sm3, NULL) == 1);
    }
    return h;
}

void hasher_destroy(struct hasher *h)
{
    if (h == NULL) {
        return;
    }
    EVP_MD_CTX_free(h->ctx);
    EVP_MD_free(h->sm3);
    free(h);
}

/* H(a || b). Hashing memory fails only when the library is broken: that ends the program. */
static struct digest hash_two(struct hasher *h, const void *a, size_t an, const void *b, size_t bn)
{
    struct digest d;
    if (h->kind == HASH_SHA256) {
        SHA256_CTX c;
        check(SHA256_Init(&c) == 1 && SHA256_Update(&c, a, an) == 1 &&
              (bn == 0 || SHA256_Update(&c, b, bn) == 1) && SHA256_Final(d.b, &c) == 1);
    } else {
        check(EVP_DigestInit_ex2(h->ctx, NULL, NULL) == 1 &&
              EVP_DigestUpdate(h->ctx, a, an) == 1 &&
              (bn == 0 || EVP_DigestUpdate(h->ctx, b, bn) == 1) &&
              EVP_DigestFinal_ex(h->ctx, d.b, NULL) == 1);
    }
    return d;
}

struct digest merkle_leaf(struct hasher *h, const void *leaf, size_t n)
{
    uint8_t b[512];
    b[0] = LEAF_MARK;
    if (n >= sizeof b) {
        return hash_two(h, b, 1, leaf, n);
    }
    /* A short leaf is copied behind its mark: one call is quicker than two. */
    if (n > 0) {
        memcpy(b + 1, leaf, n);
    }
    return hash_two(h, b, n + 1, NULL, 0);
}

struct digest merkle_node(struct hasher *h, const struct digest *left, const struct digest *right)
{
    uint8_t b[1 + 2 * sizeof left->b];
    b[0] = NODE_MARK;
    memcpy(b + 1, left->b, sizeof left->b);
    memcpy(b + 1 + sizeof left->b, right->b, sizeof right->b);
    return hash_two(h, b, sizeof b, NULL, 0);
}

struct digest merkle_empty(struct hasher *h)
{
    return hash_two(h, "", 0, NULL, 0);
}

static bool same(const struct digest *a, const struct digest *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* The leaves a proof speaks of, and where their complete subtrees come from. */
struct source {
    struct hasher *h;
    merkle_node_fn *node;
    void *ctx;
};

/* MTH(D[begin:begin + n]), n > 0, where begin is a multiple of every power of two in n: the
 * complete subtrees of the range, joined from the right, where they are smallest. */
static bool range_root(const struct source *s, uint64_t begin, uint64_t n, struct digest *out)
{
    bool have = false;
    for (int level = 0; n >> level != 0; level++) {
        uint64_t bit = (uint64_t)1 << level;
        struct digest d;
        if ((n & bit) == 0) {
            continue;
        }
        uint64_t at = begin + (n & ~(2 * bit - 1)); /* what the larger ones cover lies before */
        if (!s->node(s->ctx, level, at >> level, &d)) {
            return false;
        }
        *out = have ? merkle_node(s->h, &d, out) : d;
        have = true;
    }
    return have;
}

bool merkle_root(struct hasher *h, uint64_t size, merkle_node_fn *node, void *ctx,
                 struct digest *out)
{
    if (size > MERKLE_SIZE_MAX) {
        return false;
    }
    if (size == 0) {
        *out = merkle_empty(h);
        return true;
    }
    return range_root(&(struct source){h, node, ctx}, 0, size, out);
}

/* The largest power of two below n, n > 1: where RFC 9162 splits a list of n leaves. */
static uint64_t split_of(uint64_t n)
{
    return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

static bool push(const struct source *s, uint64_t begin, uint64_t n, struct proof_path *p)
{
    check(p->n < MERKLE_LEVELS);
    return range_root(s, begin, n, &p->d[p->n++]);
}

/* Both proofs are defined from the leaf up and found from the root down. */
static void turn_round(struct proof_path *p)
{
    for (int i = 0, j = p->n - 1; i < j; i++, j--) {
        struct digest d = p->d[i];
        p->d[i] = p->d[j];
        p->d[j] = d;
    }
}

/* PATH(m, D[n]) of RFC 9162 2.1.3.1 without its recursion. */
bool merkle_inclusion(struct hasher *h, uint64_t index, uint64_t size, merkle_node_fn *node,
                      void *ctx, struct proof_path *out)
{
    const struct source s = {h, node, ctx};
    out->n = 0;
    if (index >= size || size > MERKLE_SIZE_MAX) {
        return false;
    }
    for (uint64_t begin = 0, n = size; n > 1;) {
        uint64_t k = split_of(n);
        bool left = index - begin < k;
        if (!push(&s, left ? begin + k : begin, left ? n - k : k, out)) {
            out->n = 0;
            return false;
        }
        begin += left ? 0 : k;
        n = left ? k : n - k;
    }
    turn_round(out);
    return true;
}

/* SUBPROOF(m, D[n], whole) of RFC 9162 2.1.4.1 without its recursion; 0 < m < n. */
static bool subproof(const struct source *s, uint64_t m, uint64_t n, struct proof_path *out)
{
    uint64_t begin = 0;
    bool whole = true; /* the old tree is all of what is left: the verifier has its root */
    while (m != n) {
        uint64_t k = split_of(n);
        bool left = m <= k;
        if (!push(s, left ? begin + k : begin, left ? n - k : k, out)) {
            return false;
        }
        begin += left ? 0 : k;
        n = left ? k : n - k;
        m -= left ? 0 : k;
        whole = whole && left;
    }
    return whole || push(s, begin, m, out);
}

bool merkle_consistency(struct hasher *h, uint64_t from, uint64_t to, merkle_node_fn *node,
                        void *ctx, struct proof_path *out)
{
    const struct source s = {h, node, ctx};
    out->n = 0;
    if (from > to || to > MERKLE_SIZE_MAX) {
        return false;
    }
    if (from == 0 || from == to) {
        return true;
    }
    if (!subproof(&s, from, to, out)) {
        out->n = 0;
        return false;
    }
    turn_round(out);
    return true;
}

/* Where a verifier stands: the node's number on its level, and the last one of that level. */
struct climb {
    uint64_t fn, sn;
};

static void climb_one(struct climb *c)
{
    c->fn >>= 1;
    c->sn >>= 1;
}

/* Over the levels on which the node is the last one, alone, and so passed up as it is. */
static void climb_alone(struct climb *c)
{
    while ((c->fn & 1) == 0 && c->fn != 0) {
        climb_one(c);
    }
}

static bool path_possible(const struct proof_path *p)
{
    return p->n >= 0 && p->n <= MERKLE_LEVELS;
}

bool merkle_check_inclusion(struct hasher *h, const struct digest *leaf, uint64_t index,
                            uint64_t size, const struct proof_path *p, const struct digest *root)
{
    if (index >= size || size > MERKLE_SIZE_MAX || !path_possible(p)) {
        return false;
    }
    struct climb c = {index, size - 1};
    struct digest r = *leaf;
    for (int i = 0; i < p->n; i++) {
        if (c.sn == 0) {
            return false; /* at the root already: too long */
        }
        if ((c.fn & 1) != 0 || c.fn == c.sn) {
            r = merkle_node(h, &p->d[i], &r);
            climb_alone(&c);
        } else {
            r = merkle_node(h, &r, &p->d[i]);
        }
        climb_one(&c);
    }
    return c.sn == 0 && same(&r, root);
}

/* 0 < from < to. The first hash of the proof is the subtree both trees have in common; where the
 * old tree is that subtree, its root stands for it and is not in the proof. */
static bool check_growth(struct hasher *h, uint64_t from, const struct digest *from_root,
                         uint64_t to, const struct digest *to_root, const struct proof_path *p)
{
    bool power = (from & (from - 1)) == 0;
    if (p->n == 0) {
        return false;
    }
    struct climb c = {from - 1, to - 1};
    while ((c.fn & 1) != 0) {
        climb_one(&c);
    }
    struct digest fr = power ? *from_root : p->d[0], sr = fr;
    for (int i = power ? 0 : 1; i < p->n; i++) {
        if (c.sn == 0) {
            return false;
        }
        if ((c.fn & 1) != 0 || c.fn == c.sn) {
            fr = merkle_node(h, &p->d[i], &fr);
            sr = merkle_node(h, &p->d[i], &sr);
            climb_alone(&c);
        } else {
            sr = merkle_node(h, &sr, &p->d[i]);
        }
        climb_one(&c);
    }
    return c.sn == 0 && same(&fr, from_root) && same(&sr, to_root);
}

bool merkle_check_consistency(struct hasher *h, uint64_t from, const struct digest *from_root,
                              uint64_t to, const struct digest *to_root,
                              const struct proof_path *p)
{
    if (from > to || to > MERKLE_SIZE_MAX || !path_possible(p)) {
        return false;
    }
    if (from != 0 && from != to) {
        return check_growth(h, from, from_root, to, to_root, p);
    }
    /* RFC 9162 leaves these two out: the same tree, and a tree that began empty. */
    if (p->n != 0 || (from == to && !same(from_root, to_root))) {
        return false;
    }
    struct digest none = merkle_empty(h);
    return from != 0 || same(from_root, &none);
}

void frontier_add(struct hasher *h, struct frontier *f, const struct digest *leaf,
                  merkle_made_fn *made, void *ctx)
{
    check(f->size < MERKLE_SIZE_MAX);
    struct digest d = *leaf;
    int level = 0;
    for (;; level++) {
        if (made != NULL) {
            made(ctx, level, f->size >> level, &d);
        }
        if ((f->size >> level & 1) == 0) {
            break;
        }
        d = merkle_node(h, &f->edge[level], &d);
    }
    f->edge[level] = d;
    f->size++;
}

struct digest frontier_root(struct hasher *h, const struct frontier *f)
{
    struct digest root = merkle_empty(h);
    bool have = false;
    check(f->size <= MERKLE_SIZE_MAX);
    for (int level = 0; level < MERKLE_LEVELS; level++) {
        if ((f->size >> level & 1) != 0) {
            root = have ? merkle_node(h, &f->edge[level], &root) : f->edge[level];
            have = true;
        }
    }
    return root;
}

static const char base64_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_write(struct buf *b, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t v = (uint32_t)p[i] << 16;
        v |= left > 1 ? (uint32_t)p[i + 1] << 8 : 0;
        v |= left > 2 ? (uint32_t)p[i + 2] : 0;
        char four[4] = {base64_letters[v >> 18], base64_letters[v >> 12 & 63],
                        left > 1 ? base64_letters[v >> 6 & 63] : '=',
                        left > 2 ? base64_letters[v & 63] : '='};
        buf_put(b, four, sizeof four);
    }
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_read(struct str s, uint8_t *out, size_t room, size_t *n)
{
    *n = 0;
    if (s.n % 4 != 0) {
        return false;
    }
    size_t pad = s.n == 0 || s.p[s.n - 1] != '=' ? 0 : s.p[s.n - 2] != '=' ? 1 : 2;
    size_t bytes = s.n / 4 * 3 - pad, made = 0;
    if (bytes > room) {
        return false;
    }
    uint32_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        int digit = i < s.n - pad ? base64_value(s.p[i]) : 0;
        if (digit < 0) {
            return false;
        }
        v = v << 6 | (uint32_t)digit;
        for (int shift = 16; i % 4 == 3 && shift >= 0; shift -= 8) {
            uint8_t byte = (uint8_t)(v >> shift);
            if (made < bytes) {
                out[made++] = byte;
            } else if (byte != 0) {
                return false; /* bits that no byte takes up: a second text for one value */
            }
        }
    }
    *n = made;
    return true;
}
