/* One rule on one question, with three-valued facts: docs/meaning.md sections 2 and 3. */
#include "decide/snapshot.h"

static bool derived_value(const struct snapshot *s, const struct question *q, int fact,
                          int64_t *v)
{
    if (fact == s->c->fact_mode)
        *v = s->mode_value[q->mode];
    else if (fact == s->c->fact_territory)
        *v = s->territory_value[s->place_territory[q->place]];
    else if (fact == s->c->fact_form && q->kind >= KIND_JV)
        *v = s->form_value[q->kind != KIND_JV];
    else
        return false;
    return *v >= 0;
}

static bool fact_value(const struct snapshot *s, const struct question *q, int fact, int64_t *v)
{
    if (s->c->fact[fact].derived)
        return derived_value(s, q, fact, v);
    if (q->facts == NULL || !bit_get(q->facts->known, (size_t)fact))
        return false;
    *v = q->facts->value[fact];
    return true;
}

static int test_value(const struct snapshot *s, const struct question *q, const struct expr *x)
{
    int64_t v;
    if (!fact_value(s, q, x->fact, &v))
        return 0;
    bool holds = false;
    switch (x->op) {
    case OP_IS:
        holds = v == x->value;
        break;
    case OP_NOT:
        holds = v != x->value;
        break;
    case OP_IN:
        holds = (x->values >> v) & 1;
        break;
    case OP_GTE:
        holds = v >= x->value;
        break;
    default:
        holds = v <= x->value;
    }
    return holds ? 1 : -1;
}

/* Roles are ordered scope < condition < state in the enum; the strongest is the smallest. The
 * role counts every unknown test below, also where the value is settled without it. */
enum { ROLE_NONE = ROLE_STATE + 1 };
int expr_value(const struct snapshot *s, const struct question *q, int node,
               enum fact_role *role)
{
    if (node < 0) {
        *role = ROLE_SCOPE;
        return 0;
    }
    const struct expr *x = &s->c->expr[node];
    if (x->op != OP_ALL && x->op != OP_ANY) {
        int v = test_value(s, q, x);
        *role = v == 0 ? s->c->fact[x->fact].role : (enum fact_role)ROLE_NONE;
        return v;
    }
    int value = x->op == OP_ALL ? 1 : -1;
    *role = (enum fact_role)ROLE_NONE;
    for (int k = x->child; k >= 0; k = s->c->expr[k].next) {
        enum fact_role r;
        int v = expr_value(s, q, k, &r); /* depth is bounded by LIMIT_JSON_DEPTH at loading */
        *role = r < *role ? r : *role;
        if (x->op == OP_ALL ? v < value : v > value)
            value = v;
    }
    return value;
}

struct taking_out {
    bool out, unsure, soft;
};

/* Exemptions serve only their own origins and places; exceptions serve everyone. */
static struct taking_out clauses_value(const struct snapshot *s, const struct question *q,
                                       const struct clause *list, int n, bool served)
{
    struct taking_out t = {0};
    for (int i = 0; i < n; i++) {
        const struct clause *x = &list[i];
        if (served && ((x->has_origins && !bit_get(x->origin, (size_t)q->origin)) ||
                       !bit_get(x->place, (size_t)q->place)))
            continue;
        enum fact_role role;
        int v = expr_value(s, q, x->when, &role);
        t.out |= v > 0;
        t.unsure |= v == 0 && role == ROLE_SCOPE;
        t.soft |= v == 0 && role == ROLE_CONDITION;
    }
    return t;
}

/* 2: no conditions; else -1 false, 0 unknown, 1 true. */
static int lift_value(const struct snapshot *s, const struct question *q,
                      const struct provision *p)
{
    int least = 1, most = -1;
    for (int i = 0; i < p->n_lift; i++) {
        enum fact_role role;
        int v = expr_value(s, q, p->lift[i].when, &role);
        least = v < least ? v : least;
        most = v > most ? v : most;
    }
    if (p->n_lift == 0)
        return 2;
    if (p->lift_join == JOIN_ALL)
        return least;
    if (p->lift_join == JOIN_ANY)
        return most;
    return least == 1 ? 1 : most == -1 ? -1 : 0;
}

struct bite rule_bite(const struct snapshot *s, const struct provision *p,
                      const struct question *q)
{
    struct bite b = {EQUAL, EQUAL, true, false, REASON_NOT_THIS_ACTIVITY};
    int applies = 1;
    for (int i = 0; i < p->n_when; i++) {
        enum fact_role role;
        int v = expr_value(s, q, p->when[i], &role);
        applies = v < applies ? v : applies;
    }
    if (applies < 0)
        return b;
    struct taking_out x = clauses_value(s, q, p->exception, p->n_exceptions, false);
    struct taking_out o = clauses_value(s, q, p->exemption, p->n_exemptions, true);
    if (x.out || o.out) {
        b.reason = x.out ? REASON_EXCEPTED : REASON_EXEMPTED;
        return b;
    }
    b.out = false;
    int lift = lift_value(s, q, p);
    b.lifted = lift == 1;
    b.reason = REASON_LIFTED;
    b.hi = (uint8_t)p->treatment;
    if (b.lifted)
        b.hi = EQUAL;
    else if ((lift == 0 || x.soft || o.soft) && p->treatment == PROHIBITED)
        b.hi = CONDITION;
    bool sure = applies > 0 && !x.unsure && !o.unsure;
    b.lo = sure ? b.hi : EQUAL;
    return b;
}

int carve_out_state(const struct snapshot *s, const struct question *q, uint64_t speaking,
                    int *which)
{
    int state = -1;
    for (int i = 0; i < s->c->n_carve_outs; i++) {
        const struct carve_out *k = &s->c->carve_out[i];
        int layer = s->c->instrument[k->instrument].layer;
        if (layer < 0 || !((speaking >> layer) & 1) || !k->has_sectors ||
            !bit_get(k->sector, (size_t)q->sector))
            continue;
        enum fact_role role;
        int v = k->when < 0 ? 1 : expr_value(s, q, k->when, &role);
        if (v > state) {
            state = v;
            if (which)
                *which = i;
        }
    }
    return state;
}
