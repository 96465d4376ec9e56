/* The search over facts: docs/compare.md, "diff". */
#include "compare/settle.h"
#include "law/asks.h"

enum { NODES_MAX = 2000000, ITEM_FACTS = 16, GOALS_MAX = SETTLE_ITEMS + SETTLE_LAYERS };

struct goal { /* one item, on the side of its question, at or above the threshold, or below it */
    int provision;
    const struct question *q;
    bool above;
};

struct search {
    const struct snapshot *s;
    const int *meaning;
    const struct cell_side *x, *y; /* can x be stricter than y? */
    bool lower_end;                /* compare lo; else hi */
    uint8_t t;
    int n_goals;
    struct goal goal[GOALS_MAX];
    struct facts *facts;
    long nodes;
    bool spent;
};

/* --- facts -------------------------------------------------------------------------------- */

static bool expr_reads(const struct corpus *c, int node, int fact)
{
    if (node < 0)
        return false;
    const struct expr *x = &c->expr[node];
    if (x->fact == fact)
        return true;
    for (int k = x->child; k >= 0; k = c->expr[k].next)
        if (expr_reads(c, k, fact))
            return true;
    return false;
}

/* Facts of the item that the search has not set yet. */
static int open_facts(const struct search *z, int provision, int *out)
{
    const struct corpus *c = z->s->c;
    uint64_t set[LIMIT_FACTS / 64] = {0};
    int n = 0;
    provision_facts(c, &c->provision[provision], set);
    for (int w = 0; w < LIMIT_FACTS / 64; w++)
        for (uint64_t left = set[w] & ~z->facts->known[w]; left != 0; left &= left - 1) {
            if (n == ITEM_FACTS)
                return -1;
            out[n++] = w * 64 + __builtin_ctzll(left);
        }
    return n;
}

static void add_value(int64_t *out, int *n, int64_t v)
{
    for (int i = 0; i < *n; i++)
        if (out[i] == v)
            return;
    if (*n < LIMIT_FACT_VALUES)
        out[(*n)++] = v;
}

/* The values of a fact that the expressions below a node can tell apart. */
static void named_values(const struct corpus *c, int node, int fact, int64_t *out, int *n)
{
    if (node < 0)
        return;
    const struct expr *x = &c->expr[node];
    if (x->fact == fact && x->op == OP_IN) {
        for (int i = 0; i < 64; i++)
            if ((x->values >> i) & 1)
                add_value(out, n, i);
    } else if (x->fact == fact) {
        bool ordered = c->fact[fact].type != FACT_BOOL && (x->op == OP_GTE || x->op == OP_LTE);
        add_value(out, n, x->value);
        for (int d = -1; d <= 1 && (ordered || c->fact[fact].type == FACT_NUMBER); d += 2)
            if (c->fact[fact].type == FACT_NUMBER ||
                (x->value + d >= 0 && x->value + d < c->fact[fact].n_values))
                add_value(out, n, x->value + d);
    }
    for (int k = x->child; k >= 0; k = c->expr[k].next)
        named_values(c, k, fact, out, n);
}

static void side_values(const struct corpus *c, const struct cell_side *s, int fact,
                        int64_t *out, int *n)
{
    for (int i = 0; i < s->n_items; i++) {
        const struct provision *p = &c->provision[s->item[i]];
        for (int k = 0; k < p->n_when; k++)
            named_values(c, p->when[k], fact, out, n);
        for (int k = 0; k < p->n_exceptions; k++)
            named_values(c, p->exception[k].when, fact, out, n);
        for (int k = 0; k < p->n_exemptions; k++)
            named_values(c, p->exemption[k].when, fact, out, n);
        for (int k = 0; k < p->n_lift; k++)
            named_values(c, p->lift[k].when, fact, out, n);
    }
}

/* A value that is none of out[0..n): the dictionary's "other" if it can be; -1 if all are named. */
static int64_t unnamed_value(const struct fact *f, const int64_t *out, int n)
{
    int64_t unnamed = -1;
    for (int v = 0; v < f->n_values; v++) {
        bool named = false;
        for (int i = 0; i < n; i++)
            named |= out[i] == v;
        if (!named && (unnamed < 0 || str_eqz(f->value[v].value, "other")))
            unnamed = v;
    }
    return unnamed;
}

/* Every value that some item of the two sides can tell from another, and one that none names. */
static int fact_values(const struct search *z, int fact, int64_t *out)
{
    const struct corpus *c = z->s->c;
    const struct fact *f = &c->fact[fact];
    int n = 0;
    if (f->type == FACT_BOOL) {
        out[0] = 1;
        out[1] = 0;
        return 2;
    }
    side_values(c, z->x, fact, out, &n);
    side_values(c, z->y, fact, out, &n);
    int64_t unnamed = f->type == FACT_ENUM ? unnamed_value(f, out, n) : -1;
    if (unnamed >= 0)
        add_value(out, &n, unnamed);
    return n;
}

/* --- the search --------------------------------------------------------------------------- */

static bool solve(struct search *z, int g);

static bool goal_met(const struct search *z, const struct goal *g, const struct bite *b)
{
    uint8_t v = b->out ? EQUAL : z->lower_end ? b->lo : b->hi;
    return g->above ? !b->out && v >= z->t : v < z->t;
}

/* Sets the open facts fact[k..n) in all ways and goes on to the next goal. */
static bool assign(struct search *z, int g, const int *fact, int n, int k)
{
    const struct goal *goal = &z->goal[g];
    const struct provision *p = &z->s->c->provision[goal->provision];
    struct question q = *goal->q;
    q.facts = z->facts;
    if (++z->nodes > NODES_MAX) {
        z->spent = true;
        return false;
    }
    struct bite b = rule_bite(z->s, p, &q);
    if (b.out || k == n) /* out is out, whatever the facts that are still open */
        return goal_met(z, goal, &b) && solve(z, g + 1);
    int64_t value[LIMIT_FACT_VALUES];
    int values = fact_values(z, fact[k], value);
    for (int i = 0; i < values && !z->spent; i++) {
        /* What nobody names takes an item out: tried first where it is to be below. */
        fact_set(z->facts, fact[k], value[goal->above ? i : values - 1 - i]);
        if (assign(z, g, fact, n, k + 1))
            return true;
    }
    bit_clear(z->facts->known, (size_t)fact[k]);
    return false;
}

static bool solve(struct search *z, int g)
{
    int fact[ITEM_FACTS];
    if (g == z->n_goals)
        return true;
    int n = open_facts(z, z->goal[g].provision, fact);
    if (n < 0)
        z->spent = true;
    return n >= 0 && assign(z, g, fact, n, 0);
}

static bool served(const struct clause *x, const struct question *q)
{
    return (!x->has_origins || bit_get(x->origin, (size_t)q->origin)) &&
           bit_get(x->place, (size_t)q->place);
}

/* Do two items say the same here, each on its own side's cell? */
static bool same_here(const struct search *z, int p, const struct question *qp, int r,
                      const struct question *qr)
{
    const struct corpus *c = z->s->c;
    if (z->meaning[p] != z->meaning[r])
        return false;
    const struct provision *x = &c->provision[p], *y = &c->provision[r];
    for (int i = 0; i < x->n_exemptions; i++)
        if (served(&x->exemption[i], qp) != served(&y->exemption[i], qr))
            return false;
    if (z->s->place_territory[qp->place] == z->s->place_territory[qr->place])
        return true;
    int t = c->fact_territory;
    for (int i = 0; i < x->n_when; i++)
        if (expr_reads(c, x->when[i], t))
            return false;
    for (int i = 0; i < x->n_exceptions; i++)
        if (expr_reads(c, x->exception[i].when, t))
            return false;
    for (int i = 0; i < x->n_exemptions; i++)
        if (expr_reads(c, x->exemption[i].when, t))
            return false;
    for (int i = 0; i < x->n_lift; i++)
        if (expr_reads(c, x->lift[i].when, t))
            return false;
    return true;
}

static bool layer_has(const struct search *z, const struct cell_layer *l, int provision)
{
    for (int i = l->first; i < l->first + l->n; i++)
        if (same_here(z, provision, &z->x->q, z->y->item[i], &z->y->q))
            return true;
    return false;
}

/* The goals of the layers of x from `layer` on, each by one of its items that layer `y` lacks;
 * then all of y's items below. `first`: the item to take for layer 0, -1: any. */
static bool choose(struct search *z, int layer, const struct cell_layer *y, int first)
{
    if (z->spent)
        return false;
    if (layer == z->x->n_layers) {
        int n = z->n_goals;
        for (int i = y->first; i < y->first + y->n; i++)
            z->goal[z->n_goals++] = (struct goal){z->y->item[i], &z->y->q, false};
        memset(z->facts->known, 0, sizeof z->facts->known);
        bool found = solve(z, 0);
        if (!found)
            z->n_goals = n;
        return found;
    }
    const struct cell_layer *l = &z->x->layer[layer];
    for (int i = l->first; i < l->first + l->n; i++) {
        int p = z->x->item[i];
        if ((layer == 0 && first >= 0 && p != first) || z->s->c->provision[p].treatment < z->t ||
            layer_has(z, y, p))
            continue;
        z->goal[z->n_goals++] = (struct goal){p, &z->x->q, true};
        if (choose(z, layer + 1, y, first))
            return true;
        z->n_goals--;
    }
    return false;
}

/* Can x be at or above t while y is below it? */
static bool stricter_at(struct search *z, uint8_t t, bool lower_end, int first)
{
    z->t = t;
    z->lower_end = lower_end;
    for (int l = 0; l < z->y->n_layers; l++) {
        z->n_goals = 0;
        if (choose(z, 0, &z->y->layer[l], first))
            return true;
    }
    return false;
}

static bool stricter(struct search *z, int first)
{
    for (uint8_t t = PROHIBITED; t > EQUAL; t--)
        if (stricter_at(z, t, false, first) || stricter_at(z, t, true, first))
            return true;
    return false;
}

/* Items of x's first layer that can each make it stricter than y; a witness for the first. */
static void find_causes(struct search *z, struct settled *out)
{
    struct facts first;
    const struct cell_layer *l = &z->x->layer[0];
    for (int i = l->first; i < l->first + l->n && out->n_causes < SETTLE_CAUSES; i++) {
        if (!stricter(z, z->x->item[i]))
            continue;
        if (out->n_causes++ == 0)
            first = *z->facts;
        out->cause[out->n_causes - 1] = z->x->item[i];
    }
    if (out->n_causes > 0)
        *z->facts = first;
}

static bool alike(const struct search *z)
{
    const struct cell_side *x = z->x, *y = z->y;
    if (x->n_layers != y->n_layers || x->n_items != y->n_items)
        return false;
    for (int l = 0; l < x->n_layers; l++)
        if (x->layer[l].n != y->layer[l].n)
            return false;
    for (int i = 0; i < x->n_items; i++)
        if (!same_here(z, x->item[i], &x->q, y->item[i], &y->q))
            return false;
    return true;
}

enum err settle(const struct snapshot *s, const int *meaning, const struct cell_side *a,
                const struct cell_side *b, struct settled *out, struct error *e)
{
    memset(out, 0, sizeof *out);
    struct search z = {.s = s, .meaning = meaning, .x = b, .y = a, .facts = &out->facts};
    if (alike(&z))
        return OK;
    find_causes(&z, out); /* can b be stricter? */
    z.x = a;
    z.y = b;
    if (out->n_causes > 0) {
        struct facts closed = out->facts;
        out->change = CHANGE_CLOSED;
        out->mixed = stricter(&z, -1);
        out->facts = closed;
    } else {
        find_causes(&z, out);
        out->change = out->n_causes > 0 ? CHANGE_OPENED : CHANGE_NONE;
    }
    if (!z.spent)
        return OK;
    const struct provision *p = &s->c->provision[a->n_items > 0 ? a->item[0] : b->item[0]];
    return err_set(e, ERR_LIMIT, "条目 %.*s 处的事实组合过多,无法逐一比较",
                   "at item %.*s there are too many valuations of the facts to compare them all",
                   STR_ARG(p->key));
}
