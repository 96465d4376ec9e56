/* Pre-order of a forest given by parents, without recursion. */
#include "classification/internal.h"

bool tree_order(struct arena *a, int n, const int *parent, int *order)
{
    int *first = ARENA_ARRAY(a, int, (size_t)n + 1); /* child + 1, 0 if none; [n] are the tops */
    int *next = ARENA_ARRAY(a, int, (size_t)n + 1);
    for (int i = n - 1; i >= 0; i--) {
        int up = parent[i] < 0 ? n : parent[i];
        next[i] = first[up];
        first[up] = i + 1;
    }
    int at = first[n] - 1, written = 0;
    while (at >= 0) {
        order[written++] = at;
        if (first[at] > 0) {
            at = first[at] - 1;
            continue;
        }
        while (at >= 0 && next[at] == 0)
            at = parent[at];
        at = at < 0 ? -1 : next[at] - 1;
    }
    return written == n;
}
