/*
 * explain: what a person wants beside the verdict. Which facts are missing and which question
 * narrows most, what a claim would give, what one changed circumstance would bring in, which
 * lists spoke, how sure we are. Slow path: it asks decide() again with small changes.
 */
#include "decide/snapshot.h"

static void collect_unknown(const struct corpus *c, const struct question *q, int node,
                            uint64_t *set)
{
    if (node < 0)
        return;
    const struct expr *x = &c->expr[node];
    if (x->fact >= 0 && !c->fact[x->fact].derived &&
        (q->facts == NULL || !bit_get(q->facts->known, (size_t)x->fact)))
        bit_set(set, (size_t)x->fact);
    for (int k = x->child; k >= 0; k = c->expr[k].next)
        collect_unknown(c, q, k, set);
}

static void collect_clauses(const struct corpus *c, const struct question *q,
                            const struct clause *list, int n, uint64_t *set)
{
    for (int i = 0; i < n; i++)
        if (!list[i].has_origins || bit_get(list[i].origin, (size_t)q->origin))
            collect_unknown(c, q, list[i].when, set);
}

/* Unknown facts that a match or a carve-out reads. */
static void unknown_facts(const struct snapshot *s, const struct question *q,
                          const struct answer *a, uint64_t *set)
{
    const struct corpus *c = s->c;
    for (int i = 0; i < a->n_matches; i++) {
        const struct match *m = &a->match[i];
        const struct provision *p = &c->provision[m->provision];
        if (m->reason >= REASON_EXCEPTED)
            continue;
        for (int k = 0; k < p->n_when; k++)
            collect_unknown(c, q, p->when[k], set);
        collect_clauses(c, q, p->exception, p->n_exceptions, set);
        collect_clauses(c, q, p->exemption, p->n_exemptions, set);
        collect_clauses(c, q, p->lift, p->n_lift, set);
    }
    uint64_t speaking = snapshot_speaking(s, q) & snapshot_deciding(s, q);
    for (int i = 0; i < c->n_carve_outs && a->treatment == EQUAL; i++) {
        const struct carve_out *k = &c->carve_out[i];
        int layer = c->instrument[k->instrument].layer;
        if (layer >= 0 && ((speaking >> layer) & 1) && bit_get(k->sector, (size_t)q->sector))
            collect_unknown(c, q, k->when, set);
    }
}

static int width(const struct answer *a)
{
    return (int)a->treatment - (int)a->must + (a->outcome == OUTCOME_UNDETERMINED ? 10 : 0);
}

/* Values to try for a fact: of a number, the breakpoints that the corpus uses. */
static int try_values(const struct corpus *c, int fact, int64_t out[LIMIT_FACT_VALUES])
{
    const struct fact *f = &c->fact[fact];
    int n = f->type == FACT_BOOL ? 2 : f->n_values;
    for (int i = 0; i < n; i++)
        out[i] = i;
    for (int i = 0; f->type == FACT_NUMBER && i < c->n_exprs; i++)
        for (int d = -1; c->expr[i].fact == fact && d <= 1 && n < LIMIT_FACT_VALUES; d += 2)
            out[n++] = c->expr[i].value + d;
    return n;
}

/* How much is left open on average after asking for this fact, in thousandths; -1 when no
 * value changes anything. */
static int open_after(const struct snapshot *s, const struct question *q, int fact,
                      const struct answer *now)
{
    static _Thread_local struct facts facts;
    int64_t value[LIMIT_FACT_VALUES];
    int n = try_values(s->c, fact, value), total = 0;
    bool changes = false;
    struct question then = *q;
    struct answer a;
    if (q->facts)
        facts = *q->facts;
    else
        memset(&facts, 0, sizeof facts);
    then.facts = &facts;
    bit_set(facts.known, (size_t)fact);
    for (int i = 0; i < n; i++) {
        facts.value[fact] = value[i];
        decide(s, &then, &a);
        total += width(&a);
        changes |= a.outcome != now->outcome || a.treatment != now->treatment ||
                   a.must != now->must;
    }
    return changes && n > 0 ? total * 1000 / n : -1;
}

static void explain_missing(const struct snapshot *s, const struct question *q,
                            struct explanation *x)
{
    uint64_t set[LIMIT_FACTS / 64] = {0};
    int score[32];
    unknown_facts(s, q, &x->answer, set);
    x->next_fact = -1;
    for (int f = 0; f < s->c->n_facts && x->n_missing < 32; f++) {
        if (!bit_get(set, (size_t)f))
            continue;
        int open = open_after(s, q, f, &x->answer);
        int at = x->n_missing++;
        if (open < 0)
            open = 1000000; /* changes nothing alone: last */
        for (; at > 0 && score[at - 1] > open; at--) {
            score[at] = score[at - 1];
            x->missing[at] = x->missing[at - 1];
        }
        score[at] = open;
        x->missing[at] = (struct missing){f, s->c->fact[f].role};
    }
    if (x->n_missing > 0 && score[0] < 1000000)
        x->next_fact = x->missing[0].fact;
}

static void explain_claims(const struct snapshot *s, const struct question *q,
                           struct explanation *x)
{
    struct answer a;
    for (int l = 0; l < s->c->n_layers; l++) {
        struct question then = *q;
        then.claims |= (uint64_t)1 << l;
        if (!((s->claimable >> l) & 1) || ((q->claims >> l) & 1) ||
            question_check(s->c, &then, NULL) != OK)
            continue;
        decide(s, &then, &a);
        if (a.treatment < x->answer.treatment ||
            (a.treatment == x->answer.treatment && a.must < x->answer.must))
            x->claim[x->n_claims++] = (struct claim){l, a.outcome, a.must, a.treatment};
    }
}

static void near_add(struct explanation *x, const struct answer *a, const char *dimension)
{
    for (int i = 0; i < a->n_prevailing && x->n_near < 16; i++) {
        bool there = false;
        for (int k = 0; k < x->n_near; k++)
            there |= x->near[k].provision == a->prevailing[i];
        for (int k = 0; k < x->answer.n_matches; k++)
            there |= x->answer.match[k].provision == a->prevailing[i];
        if (!there)
            x->near[x->n_near++] = (struct near){a->prevailing[i], dimension};
    }
}

/* What one changed circumstance would bring in: another mode, the other kind. */
static void explain_near(const struct snapshot *s, const struct question *q,
                         struct explanation *x)
{
    struct answer a;
    struct question then = *q;
    for (int mode = 1; mode <= 4; mode++) {
        then.mode = mode;
        then.kind = mode == 3 || q->kind <= KIND_PERSON ? q->kind : KIND_FIRM;
        if (mode == q->mode)
            continue;
        decide(s, &then, &a);
        near_add(x, &a, "mode");
    }
    then = *q;
    then.kind = q->kind == KIND_PERSON ? KIND_FIRM : KIND_PERSON;
    decide(s, &then, &a);
    near_add(x, &a, "kind");
}

static bool in_force(const struct instrument *i, const struct question *q)
{
    return i->valid_from <= q->on && q->on < i->valid_to && i->known_from <= q->known &&
           q->known < i->known_to && bit_get(i->place, (size_t)q->place) &&
           bit_get(i->origin, (size_t)q->origin);
}

/* A later list of the same family is held and speaks here: the older one is history, even when
 * the day it ended was never published. */
static bool superseded(const struct snapshot *s, const struct question *q,
                       const struct instrument *t)
{
    for (int l = 0; l < s->c->n_layers; l++) {
        const struct instrument *o = &s->c->instrument[s->c->layer[l]];
        if (o != t && o->family == t->family && o->default_equal && in_force(o, q) &&
            o->valid_from > t->valid_from)
            return true;
    }
    return false;
}

/* Lists that speak about this supply but are not held, or held only in part. */
static void explain_elsewhere(const struct snapshot *s, const struct question *q,
                              struct explanation *x)
{
    for (int i = 0; i < s->c->n_instruments && x->n_elsewhere < 16; i++) {
        const struct instrument *t = &s->c->instrument[i];
        enum family f = q->mode == 3 ? FAMILY_INVESTMENT : FAMILY_CROSS_BORDER;
        bool concerns = t->family == f || t->family == FAMILY_MARKET_ACCESS ||
                        t->family == FAMILY_PERMITS || t->family == FAMILY_FLOWS;
        if (!concerns || !in_force(t, q) ||
            (t->edition == EDITION_HEADLINE && superseded(s, q, t)))
            continue;
        bool part = t->published_total > 0 && t->n < t->published_total;
        if ((t->edition == EDITION_HEADLINE && part) || part || t->unlocated > 0)
            x->elsewhere[x->n_elsewhere++] = i;
    }
}

static void explain_carve_outs(const struct snapshot *s, const struct question *q,
                               struct explanation *x)
{
    uint64_t speaking = snapshot_speaking(s, q) & snapshot_deciding(s, q);
    for (int i = 0; i < s->c->n_carve_outs && x->n_carve_outs < 16; i++) {
        const struct carve_out *k = &s->c->carve_out[i];
        int layer = s->c->instrument[k->instrument].layer;
        if (layer < 0 || !((speaking >> layer) & 1))
            continue;
        enum fact_role role;
        int v = k->when < 0 ? 1 : expr_value(s, q, k->when, &role);
        if (!k->has_sectors || (bit_get(k->sector, (size_t)q->sector) && v >= 0))
            x->carve_out[x->n_carve_outs++] = i;
    }
}

static char lowest(char a, char b)
{
    return a > b ? a : b;
}

char answer_evidence(const struct snapshot *s, const struct question *q, const struct answer *a)
{
    const struct corpus *c = s->c;
    uint64_t deciding = snapshot_speaking(s, q) & snapshot_deciding(s, q);
    char grade = 'A';
    for (int i = 0; i < a->n_prevailing; i++)
        grade = lowest(grade, c->provision[a->prevailing[i]].evidence);
    if (a->outcome == OUTCOME_CARVED_OUT) {
        int which = -1;
        carve_out_state(s, q, deciding, &which);
        return which >= 0 ? c->carve_out[which].evidence : 'C';
    }
    if (a->treatment != EQUAL)
        return grade;
    for (uint64_t m = deciding & s->default_equal; m != 0; m &= m - 1)
        grade = lowest(grade, c->instrument[c->layer[__builtin_ctzll(m)]].complete ? 'B' : 'C');
    return grade;
}

const char *certainty_name(char evidence)
{
    return evidence == 'A' ? "confirmed" : evidence == 'B' ? "likely" : "indicative";
}

static void explain_certainty(const struct snapshot *s, const struct question *q,
                              struct explanation *x)
{
    uint64_t layers = snapshot_speaking(s, q) & snapshot_deciding(s, q) & s->default_equal;
    for (int l = 0; l < s->c->n_layers; l++)
        if ((layers >> l) & 1)
            x->layer[x->n_layers++] = l;
    x->evidence = answer_evidence(s, q, &x->answer);
    x->certainty = certainty_name(x->evidence);
}

void explain(const struct snapshot *s, const struct question *q, struct explanation *x)
{
    /* Every list is read up to its count: only the counts need to be cleared. */
    x->n_missing = x->n_claims = x->n_near = x->n_carve_outs = x->n_elsewhere = x->n_layers = 0;
    decide(s, q, &x->answer);
    explain_missing(s, q, x);
    explain_claims(s, q, x);
    explain_near(s, q, x);
    explain_elsewhere(s, q, x);
    explain_carve_outs(s, q, x);
    explain_certainty(s, q, x);
}
