/* plain_tree: roots by the definition of RFC 9162 section 2.1.1 alone, over EVP. It shares no line
 * with ledger/merkle.c, and the tests judge by it. */
#ifndef TEST_PLAIN_TREE_H
#define TEST_PLAIN_TREE_H

#include "ledger/merkle.h"

struct digest plain_leaf(enum hash_kind k, struct str leaf);
/* Of leaf hashes [from, to). */
struct digest plain_root(enum hash_kind k, const struct digest *leaf, uint64_t from, uint64_t to);

#endif
