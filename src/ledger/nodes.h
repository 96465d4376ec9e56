/* Inside ledger: the hashes of complete subtrees, 32 bytes each in the order in which they are
 * completed, in a file or (store in memory) in memory. Node (level, index) is completed by leaf
 * m = ((index + 1) << level) - 1, and before leaf m there are 2m - popcount(m) nodes. */
#ifndef LEDGER_NODES_H
#define LEDGER_NODES_H

#include "ledger/merkle.h"

struct nodes {
    int fd;         /* -1: in memory */
    uint64_t count; /* nodes written */
    struct buf held; /* in memory: all of them; else those not written yet */
};

enum err nodes_open(struct nodes *n, const char *path, struct error *e); /* path NULL: memory */
void nodes_close(struct nodes *n);
static inline uint64_t nodes_before(uint64_t leaf)
{
    return 2 * leaf - (uint64_t)__builtin_popcountll(leaf);
}
/* Where a node lies, and where the next one will: in nodes from the beginning. */
static inline uint64_t nodes_place(int level, uint64_t index)
{
    return nodes_before(((index + 1) << level) - 1) + (uint64_t)level;
}
static inline uint64_t nodes_end(const struct nodes *n)
{
    return (n->fd >= 0 ? n->count : 0) + n->held.n / 32;
}
bool nodes_get(const struct nodes *n, int level, uint64_t index, struct digest *out);
void nodes_add(struct nodes *n, const struct digest *d); /* held until nodes_write */
enum err nodes_write(struct nodes *n, struct error *e);
void nodes_cut(struct nodes *n, uint64_t leaves); /* forgets what later leaves completed */
enum err nodes_sync(struct nodes *n, struct error *e);

#endif
