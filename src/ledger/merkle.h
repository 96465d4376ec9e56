/*
 * merkle: the tree of RFC 9162 section 2.1, as arithmetic over hashes. Nothing is stored here: a
 * caller hands in a function that gives the hash of a complete subtree, and gets roots and
 * proofs; verification needs no function at all.
 *
 *   leaf hash  H(0x00 || leaf)       node hash  H(0x01 || left || right)     empty root  H("")
 *
 * Two hash functions over the same leaves: SHA-256 (FIPS 180-4) and its twin SM3 (GB/T 32905).
 * A complete subtree is named by its level (0: a leaf) and its index on that level: it covers
 * the leaves [index << level, (index + 1) << level).
 */
#ifndef LEDGER_MERKLE_H
#define LEDGER_MERKLE_H

#include "base/base.h"

enum hash_kind { HASH_SHA256, HASH_SM3, HASH_KINDS };
/* A tree has at most 2^47 leaves, so an audit path at most 47 hashes and a consistency proof at
 * most 48. Everything here refuses a larger size (frontier_add: a bug, it aborts). */
enum { MERKLE_LEVELS = 48 };
#define MERKLE_SIZE_MAX (UINT64_C(1) << (MERKLE_LEVELS - 1))

struct digest {
    uint8_t b[32];
};

/* One context a thread; owns the library's. A library that lacks the hash ends the program. */
struct hasher;
struct hasher *hasher_create(enum hash_kind k);
void hasher_destroy(struct hasher *h);
struct digest merkle_leaf(struct hasher *h, const void *leaf, size_t n);
struct digest merkle_node(struct hasher *h, const struct digest *left, const struct digest *right);
struct digest merkle_empty(struct hasher *h);

/* The hash of a complete subtree. False: it cannot be had (a damaged store). */
typedef bool merkle_node_fn(void *ctx, int level, uint64_t index, struct digest *out);

/* These three are false for impossible sizes and when node() is; a proof is then empty. */
bool merkle_root(struct hasher *h, uint64_t size, merkle_node_fn *node, void *ctx,
                 struct digest *out);
struct proof_path {
    int n;
    struct digest d[2 * MERKLE_LEVELS];
};
/* Audit path of leaf `index` in the tree of `size` leaves; index < size. */
bool merkle_inclusion(struct hasher *h, uint64_t index, uint64_t size, merkle_node_fn *node,
                      void *ctx, struct proof_path *out);
/* That the tree of `from` leaves is a prefix of the tree of `to`; from <= to. Empty when from is
 * 0 or equal to `to`. */
bool merkle_consistency(struct hasher *h, uint64_t from, uint64_t to, merkle_node_fn *node,
                        void *ctx, struct proof_path *out);

/* RFC 9162 2.1.3.2 and 2.1.4.2. False for every proof that does not hold, too long, too short,
 * or of impossible sizes. The roots must come with their sizes from a signed checkpoint: a proof
 * binds leaf and index to the root, but trees of other sizes can have a path of the same turns
 * (leaf 0 in 3 leaves and in 4), so it does not show that the root is one of `size` leaves.
 * Outside RFC 9162: from == to holds if the roots are equal, from == 0 if from_root is the empty
 * root; the proof is empty and says nothing of to_root. */
bool merkle_check_inclusion(struct hasher *h, const struct digest *leaf, uint64_t index,
                            uint64_t size, const struct proof_path *p, const struct digest *root);
bool merkle_check_consistency(struct hasher *h, uint64_t from, const struct digest *from_root,
                              uint64_t to, const struct digest *to_root,
                              const struct proof_path *p);

/* Appending: the roots of the complete subtrees on the right edge of a tree, largest first. */
struct frontier {
    uint64_t size;
    struct digest edge[MERKLE_LEVELS]; /* edge[level] holds if bit `level` of size is set */
};
/* Adds a leaf hash; calls made() (may be NULL) for every complete subtree that this finishes,
 * level 0 (the leaf) first. A zeroed frontier is the empty tree. */
typedef void merkle_made_fn(void *ctx, int level, uint64_t index, const struct digest *d);
void frontier_add(struct hasher *h, struct frontier *f, const struct digest *leaf,
                  merkle_made_fn *made, void *ctx);
struct digest frontier_root(struct hasher *h, const struct frontier *f);

/* Base64 (RFC 4648 section 4, with padding), strict: one text for one value. False also when
 * the value has more than `room` bytes; *n is then 0. */
void base64_write(struct buf *b, const uint8_t *p, size_t n);
bool base64_read(struct str s, uint8_t *out, size_t room, size_t *n);

#endif
