/*
 * Depth-first search with the cheapest way first. The state is three stacks (cells, tasks, steps),
 * so going back is cutting them.
 */
#include "disclosure/circuit.h"

enum { TASKS_MAX = 96, WAYS_MAX = 24, PULLS_MAX = 16 * CIRCUIT_CELLS };

struct task {
    int dim;
    int base;     /* the first `base` cells are repeated for each new node of this dimension */
    int node;
    int8_t sign;
    bool descend; /* something below the node must move with it; else: something beside or above */
};
struct way { /* one answer to a task */
    int node;   /* -1: nothing has to move */
    bool above; /* it is the parent */
    int64_t cost;
};
struct step {
    int cells, tasks;   /* to go back to */
    int64_t cost;
    int n, at;
    struct way way[WAYS_MAX];
};
struct search {
    const struct ground *g;
    const struct circuit_terms *t;
    int target, looked;
    int n_order, order[DIMS_MAX]; /* dimensions: those in which the target has a parent first */
    int n_begun;                  /* of them */
    int n_cells, n_tasks, n_steps;
    int cell[CIRCUIT_CELLS], level[CIRCUIT_CELLS];
    int8_t sign[CIRCUIT_CELLS];
    struct task task[TASKS_MAX];
    struct step step[TASKS_MAX];
};

static int cell_level(const struct ground *g, int cell)
{
    int level = 0;
    for (int d = 0; d < g->keys->n_dims; d++)
        level += g->s->plan->dim[d].node[g->s->cell[cell].at[d]].depth * g->keys->level_step[d];
    return level;
}

static int64_t may_move(const struct search *s, int cell, int sign)
{
    if (s->t->both || sign < 0) {
        if (bounded(s->g->s, cell) && s->g->s->cell[cell].value < s->t->need)
            return -1;
    }
    return s->t->cost(s->t->ctx, cell);
}

/* What it costs to repeat the base of a task at another node; -1: it cannot be. Adds the cells
 * when `add`. */
static int64_t repeat(struct search *s, const struct task *t, int node, int sign, bool add)
{
    const struct keys *k = s->g->keys;
    const struct node *nodes = s->g->s->plan->dim[t->dim].node;
    int home = s->g->s->cell[s->target].at[t->dim];
    int rise = (nodes[node].depth - nodes[home].depth) * k->level_step[t->dim];
    uint64_t shift = (uint64_t)(int64_t)(node - home) * k->radix[t->dim];
    int64_t cost = 0;
    for (int i = 0; i < t->base; i++) {
        int level = s->level[i] + rise, way = s->sign[i] * sign;
        if (!keys_wanted(k, level))
            continue;
        s->looked++;
        int cell = keys_find(k, k->key[s->cell[i]] + shift);
        int64_t one = cell < 0 ? -1 : may_move(s, cell, way);
        if (one < 0 || cost + one >= s->t->dearest)
            return -1;
        cost += one;
        if (add) {
            if (s->n_cells == CIRCUIT_CELLS)
                return -1;
            s->cell[s->n_cells] = cell;
            s->level[s->n_cells] = level;
            s->sign[s->n_cells++] = (int8_t)way;
        }
    }
    return cost;
}

/* Keeps the cheapest ways in order; among equals the first one found. */
static void keep_way(struct step *p, int most, struct way w)
{
    if (w.cost < 0 || (p->n == most && p->way[most - 1].cost <= w.cost))
        return;
    int i = p->n < most ? p->n++ : most - 1;
    for (; i > 0 && p->way[i - 1].cost > w.cost; i--)
        p->way[i] = p->way[i - 1];
    p->way[i] = w;
}

static bool goes_deeper(const struct search *s, const struct task *t)
{
    const struct keys *k = s->g->keys;
    const struct node *nodes = s->g->s->plan->dim[t->dim].node;
    int home = s->g->s->cell[s->target].at[t->dim];
    if (s->g->child_first[t->dim][t->node] == s->g->child_first[t->dim][t->node + 1])
        return false;
    int rise = (nodes[t->node].depth + 1 - nodes[home].depth) * k->level_step[t->dim];
    for (int i = 0; i < t->base; i++) {
        if (keys_wanted(k, s->level[i] + rise))
            return true;
    }
    return false;
}

static void find_ways(struct search *s, const struct task *t, struct step *p)
{
    const struct ground *g = s->g;
    int most = s->t->branches < WAYS_MAX ? s->t->branches : WAYS_MAX;
    p->n = p->at = 0;
    if (t->descend && !goes_deeper(s, t)) {
        p->way[p->n++] = (struct way){.node = -1};
        return;
    }
    int family = t->descend ? t->node : g->s->plan->dim[t->dim].node[t->node].parent;
    const int *first = g->child_first[t->dim];
    for (int i = first[family]; i < first[family + 1]; i++) {
        int node = g->child[t->dim][i];
        if (t->descend)
            keep_way(p, most, (struct way){node, false, repeat(s, t, node, t->sign, false)});
        else if (node != t->node)
            keep_way(p, most, (struct way){node, false, repeat(s, t, node, -t->sign, false)});
    }
    if (!t->descend)
        keep_way(p, most, (struct way){family, true, repeat(s, t, family, t->sign, false)});
}

static bool add_task(struct search *s, int dim, int base, int node, int sign, bool descend)
{
    if (s->n_tasks == TASKS_MAX)
        return false;
    s->task[s->n_tasks++] = (struct task){dim, base, node, (int8_t)sign, descend};
    return true;
}

/* Begins dimensions until there is a task to do; false: all is done. Steps remember how many
 * tasks there were, and a dimension begins when the tasks of the last one are done, so the number
 * of dimensions begun follows from the tasks. */
static bool next_task(struct search *s)
{
    s->n_begun = s->n_tasks == 0 ? 0 : s->n_begun;
    while (s->n_steps == s->n_tasks) {
        if (s->n_begun == s->n_order)
            return false;
        int dim = s->order[s->n_begun++], node = s->g->s->cell[s->target].at[dim];
        int base = s->n_cells;
        bool fits = true;
        if (node != 0)
            fits = add_task(s, dim, base, node, 1, false);
        fits = fits && add_task(s, dim, base, node, 1, true);
        if (!fits)
            return false;
    }
    return true;
}

/* Takes a way; false: no room. */
static bool follow(struct search *s, struct step *p, const struct task *t, const struct way *w)
{
    s->n_cells = p->cells;
    s->n_tasks = p->tasks;
    if (w->node < 0)
        return true;
    int sign = t->descend || w->above ? t->sign : -t->sign;
    if (repeat(s, t, w->node, sign, true) < 0)
        return false;
    if (w->above)
        return w->node == 0 || add_task(s, t->dim, t->base, w->node, sign, false);
    return add_task(s, t->dim, t->base, w->node, sign, true);
}

struct pull { /* of one cell at one of its relations */
    int relation, sign;
};

static int by_relation(const void *a, const void *b)
{
    int x = ((const struct pull *)a)->relation, y = ((const struct pull *)b)->relation;
    return (x > y) - (x < y);
}

/* Does every relation still hold? A dimension is asked whether it goes deeper by the cells there are
 * when it begins. Those of a dimension that begins later may lie in a table that goes deeper in it
 * where they do not, and then something below them would have to move as well. One table goes as
 * deep everywhere. */
static bool balances(const struct search *s)
{
    const struct ground *g = s->g;
    struct pull pull[PULLS_MAX];
    int n = 0;
    if (g->s->plan->n_tables == 1)
        return true;
    for (int i = 0; i < s->n_cells; i++) {
        int cell = s->cell[i], first = g->relation_first[cell];
        for (int k = first; k < g->relation_first[cell + 1]; k++) {
            bool whole = g->s->member[g->s->relation[g->relation[k]].first] == cell;
            if (n == PULLS_MAX)
                return false;
            pull[n++] = (struct pull){g->relation[k], whole ? s->sign[i] : -s->sign[i]};
        }
    }
    sort_by(pull, (size_t)n, sizeof *pull, by_relation);
    for (int i = 0, sum = 0; i < n; i++) {
        sum += pull[i].sign;
        if ((i + 1 == n || pull[i + 1].relation != pull[i].relation) && sum != 0)
            return false;
    }
    return true;
}

static void keep_circuit(const struct search *s, int64_t cost, struct circuit *out)
{
    out->n = s->n_cells;
    out->cost = cost;
    memcpy(out->cell, s->cell, (size_t)s->n_cells * sizeof *s->cell);
    memcpy(out->sign, s->sign, (size_t)s->n_cells);
}

static void count_begun(struct search *s)
{
    s->n_begun = 0;
    for (int i = 0; i < s->n_tasks; i++) {
        bool first = i == 0 || s->task[i].dim != s->task[i - 1].dim;
        s->n_begun += first;
    }
}

static bool search_run(struct search *s, struct circuit *out)
{
    bool found = false, forward = true;
    int64_t best = s->t->dearest;
    while (s->looked < s->t->budget) {
        if (forward) {
            int64_t cost = s->n_steps == 0 ? 0 : s->step[s->n_steps - 1].cost;
            if (!next_task(s)) {
                if (s->n_steps == s->n_tasks && balances(s)) {
                    keep_circuit(s, cost, out);
                    best = cost;
                    found = true;
                    if (cost <= s->t->enough)
                        return true;
                }
            } else {
                struct step *p = &s->step[s->n_steps];
                p->cells = s->n_cells;
                p->tasks = s->n_tasks;
                find_ways(s, &s->task[s->n_steps++], p);
                p->at = -1;
            }
        }
        /* The next way of the last step, or of the one before it. */
        forward = false;
        while (s->n_steps > 0 && !forward) {
            struct step *p = &s->step[s->n_steps - 1];
            int64_t before = s->n_steps == 1 ? 0 : s->step[s->n_steps - 2].cost;
            if (++p->at >= p->n || before + p->way[p->at].cost >= best) {
                s->n_steps--;
                continue;
            }
            p->cost = before + p->way[p->at].cost;
            forward = follow(s, p, &s->task[s->n_steps - 1], &p->way[p->at]);
            if (forward)
                count_begun(s);
        }
        if (!forward)
            return found;
    }
    return found;
}

bool circuit_find(const struct ground *g, int target, int sign, const struct circuit_terms *t,
                  struct circuit *out)
{
    if (g->keys == NULL)
        return false;
    struct search s;
    s.g = g;
    s.t = t;
    s.target = target;
    s.looked = s.n_order = s.n_begun = s.n_tasks = s.n_steps = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int d = 0; d < g->keys->n_dims; d++) {
            bool below = g->s->cell[target].at[d] != 0;
            if (below == (pass == 0))
                s.order[s.n_order++] = d;
        }
    }
    s.n_cells = 1;
    s.cell[0] = target;
    s.level[0] = cell_level(g, target);
    s.sign[0] = (int8_t)sign;
    /* The target's own cost is no matter; its room is. */
    if ((t->both || sign < 0) && bounded(g->s, target) && g->s->cell[target].value < t->need)
        return false;
    return search_run(&s, out);
}
