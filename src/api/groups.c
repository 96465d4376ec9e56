/* A foreign code or a branch of the tree stands for many leaves: the leaves by their answer. */
#include "api/api.h"

#include <stdlib.h>

static const int rank[OUTCOME_COUNT] = {
    [OUTCOME_EQUAL] = 0,      [OUTCOME_CONDITIONAL] = 1, [OUTCOME_UNDETERMINED] = 2,
    [OUTCOME_CARVED_OUT] = 3, [OUTCOME_ELSEWHERE] = 4,   [OUTCOME_PROHIBITED] = 5};

static int by_rank(const void *a, const void *b)
{
    const struct answer_group *x = a, *y = b;
    int d = rank[x->outcome] - rank[y->outcome];
    return d != 0 ? d : x->leaf - y->leaf;
}

static bool same(const struct answer_group *g, const struct answer *seen, const struct answer *a,
                 bool full)
{
    if (g->outcome != a->outcome) {
        return false;
    }
    return full || (g->must == a->must && g->treatment == a->treatment &&
                    seen->n_prevailing == a->n_prevailing &&
                    memcmp(seen->prevailing, a->prevailing,
                           (size_t)a->n_prevailing * sizeof *a->prevailing) == 0);
}

int answer_groups(const struct snapshot *s, const struct question *q,
                  const struct sector_set *sectors, struct arena *arena,
                  struct answer_group **out)
{
    struct answer_group *group = ARENA_ARRAY(arena, struct answer_group, API_GROUPS);
    struct answer *seen = ARENA_ARRAY(arena, struct answer, API_GROUPS);
    struct answer *a = ARENA_NEW(arena, struct answer);
    struct question leaf = *q;
    int n = 0;
    for (int i = ask_leaf(sectors, 0); i >= 0; i = ask_leaf(sectors, i + 1)) {
        leaf.sector = i;
        decide(s, &leaf, a);
        bool full = n > API_GROUPS - OUTCOME_COUNT; /* room for one more of each outcome */
        int g = 0;
        while (g < n && !same(&group[g], &seen[g], a, full)) {
            g++;
        }
        if (g == n) {
            n++;
            seen[g] = *a;
            group[g] = (struct answer_group){.outcome = a->outcome, .must = a->must,
                                             .treatment = a->treatment, .leaf = i,
                                             .provision = -1};
            if (a->n_prevailing > 0) {
                group[g].provision = a->prevailing[0];
            }
        }
        bit_set(group[g].leaves, (size_t)i);
        group[g].count++;
    }
    sort_by(group, (size_t)n, sizeof *group, by_rank);
    *out = group;
    return n;
}
