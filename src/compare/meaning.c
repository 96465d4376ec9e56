/* Equality of meaning between provisions. */
#include "compare/meaning.h"

#include <stdlib.h>

static bool expr_equal(const struct corpus *c, int a, int b)
{
    if (a < 0 || b < 0)
        return a < 0 && b < 0;
    const struct expr *x = &c->expr[a], *y = &c->expr[b];
    if (x->op != y->op || x->fact != y->fact || x->value != y->value || x->values != y->values)
        return false;
    int i = x->child, k = y->child;
    for (; i >= 0 && k >= 0; i = c->expr[i].next, k = c->expr[k].next)
        if (!expr_equal(c, i, k)) /* depth is bounded by LIMIT_JSON_DEPTH at loading */
            return false;
    return i < 0 && k < 0;
}

static bool clause_equal(const struct corpus *c, const struct clause *a, const struct clause *b)
{
    if (!expr_equal(c, a->when, b->when) || a->has_origins != b->has_origins)
        return false;
    if (a->when < 0 && !str_eq(a->zh, b->zh))
        return false;
    return (!a->has_origins || bits_equal(a->origin, b->origin, ORIGIN_WORDS)) &&
           bits_equal(a->place, b->place, PLACE_WORDS);
}

static bool clauses_equal(const struct corpus *c, const struct clause *a, int na,
                          const struct clause *b, int nb)
{
    if (na != nb)
        return false;
    for (int i = 0; i < na; i++)
        if (!clause_equal(c, &a[i], &b[i]))
            return false;
    return true;
}

bool meaning_part_equal(const struct corpus *c, const struct provision *a,
                        const struct provision *b, int part)
{
    switch (part) {
    case 0:
        if (a->n_when != b->n_when)
            return false;
        for (int i = 0; i < a->n_when; i++)
            if (!expr_equal(c, a->when[i], b->when[i]))
                return false;
        return true;
    case 1:
        return clauses_equal(c, a->exception, a->n_exceptions, b->exception, b->n_exceptions);
    case 2:
        return clauses_equal(c, a->exemption, a->n_exemptions, b->exemption, b->n_exemptions);
    default:
        return clauses_equal(c, a->lift, a->n_lift, b->lift, b->n_lift) &&
               (a->n_lift < 2 || a->lift_join == b->lift_join);
    }
}

bool meaning_equal(const struct corpus *c, const struct provision *a, const struct provision *b)
{
    if (a->treatment != b->treatment)
        return false;
    for (int part = 0; part < 4; part++)
        if (!meaning_part_equal(c, a, b, part))
            return false;
    return true;
}

bool scope_equal(const struct scope *a, const struct scope *b)
{
    return a->combo == b->combo && bits_equal(a->sector, b->sector, SECTOR_WORDS) &&
           bits_equal(a->origin, b->origin, ORIGIN_WORDS) &&
           bits_equal(a->place, b->place, PLACE_WORDS);
}

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 31);
}

static uint64_t expr_hash(const struct corpus *c, int node, uint64_t h)
{
    if (node < 0)
        return mix(h, 99);
    const struct expr *x = &c->expr[node];
    h = mix(mix(h, (uint64_t)x->op), (uint64_t)x->fact);
    h = mix(mix(h, (uint64_t)x->value), x->values);
    for (int k = x->child; k >= 0; k = c->expr[k].next)
        h = expr_hash(c, k, h);
    return h;
}

static uint64_t meaning_hash(const struct corpus *c, const struct provision *p)
{
    uint64_t h = mix(0, (uint64_t)p->treatment);
    for (int i = 0; i < p->n_when; i++)
        h = expr_hash(c, p->when[i], h);
    for (int i = 0; i < p->n_exceptions; i++)
        h = expr_hash(c, p->exception[i].when, h);
    for (int i = 0; i < p->n_exemptions; i++)
        h = expr_hash(c, p->exemption[i].when, h);
    for (int i = 0; i < p->n_lift; i++)
        h = expr_hash(c, p->lift[i].when, h);
    return h;
}

void meaning_ids(const struct corpus *c, int *id)
{
    size_t slots = 64;
    while (slots < (size_t)c->n_provisions * 2)
        slots *= 2;
    int *slot = malloc(slots * sizeof *slot);
    check(slot != NULL);
    memset(slot, 0xff, slots * sizeof *slot);
    for (int i = 0; i < c->n_provisions; i++) {
        size_t at = meaning_hash(c, &c->provision[i]) & (slots - 1);
        while (slot[at] >= 0 && !meaning_equal(c, &c->provision[slot[at]], &c->provision[i]))
            at = (at + 1) & (slots - 1);
        if (slot[at] < 0)
            slot[at] = i;
        id[i] = slot[at];
    }
    free(slot);
}
