/* The facts that expressions read. See asks.h. */
#include "law/asks.h"

void expr_facts(const struct corpus *c, int node, uint64_t set[LIMIT_FACTS / 64])
{
    if (node < 0)
        return;
    const struct expr *x = &c->expr[node];
    if (x->fact >= 0 && !c->fact[x->fact].derived)
        bit_set(set, (size_t)x->fact);
    for (int k = x->child; k >= 0; k = c->expr[k].next)
        expr_facts(c, k, set);
}

void provision_facts(const struct corpus *c, const struct provision *p,
                     uint64_t set[LIMIT_FACTS / 64])
{
    for (int i = 0; i < p->n_when; i++)
        expr_facts(c, p->when[i], set);
    for (int i = 0; i < p->n_exceptions; i++)
        expr_facts(c, p->exception[i].when, set);
    for (int i = 0; i < p->n_exemptions; i++)
        expr_facts(c, p->exemption[i].when, set);
    for (int i = 0; i < p->n_lift; i++)
        expr_facts(c, p->lift[i].when, set);
}
