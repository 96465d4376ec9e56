/*
 * The laws of an answer, on random corpora and on the shipped one, and the differential: engine
 * against judge on random questions. Everything comes from one seed, which is printed on failure.
 *
 * FUMAO_SEED (default 1), FUMAO_CASES (cases per law, default 300; 100 under the sanitizers),
 * FUMAO_DECISIONS (decisions of each differential, default 200,000).
 *
 * Four laws hold only as far as docs/meaning.md carries them, and say so where they are written:
 * withdrawing a commitment, deleting a list, the flip, and raising a severity.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "decide/decide.h"
#include "sanitized.h"

enum { LEAVES = 24, ORIGINS = 6, PLACES = 7, FACTS = 12, DAYS = 60, MAX_INSTRUMENTS = 9,
       QUESTIONS_EACH = 400 };

static uint64_t seed = 1;
static int cases = SANITIZED ? 100 : 300;
static long decisions = 200000;
static struct arena program; /* the shipped corpus */
static struct arena season; /* one random corpus and what is made of it */
static const struct corpus *shipped;
static struct rng rng;

static int below(int n)
{
    return (int)rng_below(&rng, (uint32_t)n);
}

static bool chance(int percent)
{
    return below(100) < percent;
}

/* --- a small world ------------------------------------------------------------------------ */

static struct classification *random_codes(void)
{
    static const struct { struct str code, kind; int parent, end; } places[PLACES] = {
        {{"CN", 2}, {"country", 7}, -1, 7},   {{"CN-FJ", 5}, {"province", 8}, 0, 4},
        {{"CN-FJ-FTZ", 9}, {"ftz", 3}, 1, 3}, {{"CN-FJ-XM", 8}, {"city", 4}, 1, 4},
        {{"CN-HI", 5}, {"province", 8}, 0, 7}, {{"CN-HI-FTZ", 9}, {"ftz", 3}, 4, 6},
        {{"CN-HI-SY", 8}, {"city", 4}, 4, 7}};
    static const char *const economies[ORIGINS] = {"AA", "BB", "HK", "MO", "TW", "ZZ"};
    struct classification *k = ARENA_NEW(&season, struct classification);
    k->gbt.n_leaves = LEAVES;
    k->n_places = PLACES;
    k->place = ARENA_ARRAY(&season, struct place, PLACES);
    for (int i = 0; i < PLACES; i++)
        k->place[i] = (struct place){.code = places[i].code, .kind = places[i].kind,
                                     .parent = places[i].parent, .end = places[i].end,
                                     .from = DAY_MIN};
    k->n_economies = ORIGINS;
    k->economy = ARENA_ARRAY(&season, struct economy, ORIGINS);
    for (int i = 0; i < ORIGINS; i++)
        k->economy[i].alpha2 = str_from(economies[i]);
    k->n_memberships = 5;
    k->membership = ARENA_ARRAY(&season, struct membership, 5);
    for (int i = 0; i < 5; i++) {
        day_t from = chance(30) ? DAY_MIN : below(DAYS);
        k->membership[i] = (struct membership){
            STR("pact"), below(ORIGINS), from,
            chance(50) ? DAY_MAX : (from == DAY_MIN ? 0 : from) + 1 + below(DAYS)};
    }
    return k;
}

static struct fact_value *values(int n, const char *const *names)
{
    struct fact_value *v = ARENA_ARRAY(&season, struct fact_value, (size_t)n);
    for (int i = 0; i < n; i++)
        v[i].value = str_from(names[i]);
    return v;
}

static void random_facts(struct corpus *c)
{
    static const char *const modes[] = {"1", "2", "3", "4"};
    static const char *const forms[] = {"joint-venture", "other"};
    static const char *const lands[] = {"CN", "FTZ", "HAINAN"};
    c->n_facts = FACTS;
    c->fact = ARENA_ARRAY(&season, struct fact, FACTS);
    for (int i = 0; i < FACTS; i++) {
        struct fact *f = &c->fact[i];
        f->type = (enum fact_type)below(3);
        f->role = (enum fact_role)below(3);
        f->n_values = f->type == FACT_ENUM ? 3 : 0;
        f->value = values(3, modes);
    }
    c->fact_mode = 0, c->fact_territory = 1, c->fact_form = 2;
    c->fact[0] = (struct fact){.type = FACT_ENUM, .role = ROLE_SCOPE, .derived = true,
                               .n_values = 4, .value = values(4, modes)};
    c->fact[1] = (struct fact){.type = FACT_ENUM, .role = ROLE_SCOPE, .derived = true,
                               .n_values = 3, .value = values(3, lands)};
    c->fact[2] = (struct fact){.type = FACT_ENUM, .role = ROLE_CONDITION, .derived = true,
                               .n_values = 2, .value = values(2, forms)};
}

static int64_t random_value(const struct corpus *c, int fact)
{
    const struct fact *f = &c->fact[fact];
    return f->type == FACT_BOOL   ? below(2)
           : f->type == FACT_ENUM ? below(f->n_values)
                                  : (int64_t)below(4) * FACT_SCALE / 2;
}

static int random_expr(struct corpus *c, int depth)
{
    int at = c->n_exprs++;
    check(c->n_exprs < LIMIT_EXPR_NODES / 16);
    struct expr x = {.op = OP_IS, .fact = -1, .child = -1, .next = -1};
    if (depth > 0 && chance(25)) {
        x.op = chance(50) ? OP_ALL : OP_ANY;
        for (int i = 1 + below(3); i > 0; i--) {
            int child = random_expr(c, depth - 1);
            c->expr[child].next = x.child;
            x.child = child;
        }
    } else {
        x.fact = below(FACTS);
        x.value = random_value(c, x.fact);
        x.op = (enum op)below(2);
        if (c->fact[x.fact].type == FACT_ENUM && chance(40)) {
            x.op = OP_IN;
            x.values = (uint64_t)below(15) + 1;
        } else if (c->fact[x.fact].type != FACT_BOOL && chance(40)) {
            x.op = chance(50) ? OP_GTE : OP_LTE;
        }
    }
    c->expr[at] = x;
    return at;
}

static void random_bits(uint64_t *w, int n, int percent)
{
    bit_set(w, (size_t)below(n));
    for (int i = 0; i < n; i++)
        if (chance(percent))
            bit_set(w, (size_t)i);
}

static struct clause *random_clauses(struct corpus *c, int *n, bool exemptions)
{
    *n = chance(55) ? 0 : 1 + below(3);
    struct clause *list = ARENA_ARRAY(&season, struct clause, 4);
    for (int i = 0; i < *n; i++) {
        list[i].when = chance(15) ? -1 : random_expr(c, 2);
        bits_set_range(list[i].place, 0, PLACES);
        if (!exemptions)
            continue;
        list[i].has_origins = chance(70);
        random_bits(list[i].origin, list[i].has_origins ? ORIGINS : 1, 40);
        if (chance(30)) {
            memset(list[i].place, 0, sizeof list[i].place);
            random_bits(list[i].place, PLACES, 40);
        }
    }
    return list;
}

static void random_provision(struct corpus *c, struct provision *p)
{
    static const enum treatment commits[] = {EQUAL, CONDITION, APPROVAL, PROHIBITED};
    p->effect = (enum effect)below(EFFECT_COMMIT + 1);
    switch (p->effect) {
    case EFFECT_PROHIBIT:
    case EFFECT_QUALIFICATION_BARRED: p->treatment = PROHIBITED; break;
    case EFFECT_REQUIRE_APPROVAL: p->treatment = APPROVAL; break;
    case EFFECT_NOTIFY:
    case EFFECT_FILE: p->treatment = NOTIFY; break;
    case EFFECT_COMMIT: p->treatment = commits[below(4)]; break;
    default: p->treatment = CONDITION;
    }
    random_bits(p->scope.sector, LEAVES, 40);
    random_bits(&p->scope.combo, COMBOS, 60);
    random_bits(p->scope.origin, ORIGINS, 70);
    random_bits(p->scope.place, PLACES, 70);
    p->n_when = chance(60) ? 0 : 1 + below(2);
    p->when = ARENA_ARRAY(&season, int, 2);
    for (int i = 0; i < p->n_when; i++)
        p->when[i] = random_expr(c, 2);
    p->exception = random_clauses(c, &p->n_exceptions, false);
    p->exemption = random_clauses(c, &p->n_exemptions, true);
    p->lift = random_clauses(c, &p->n_lift, false);
    p->lift_join = (enum join)below(3);
    p->evidence = (char)('A' + below(3));
}

static void random_instrument(struct corpus *c, int at)
{
    static const enum family families[] = {
        FAMILY_CROSS_BORDER, FAMILY_CROSS_BORDER, FAMILY_INVESTMENT, FAMILY_INVESTMENT,
        FAMILY_MARKET_ACCESS, FAMILY_PERMITS, FAMILY_FLOWS, FAMILY_COMMITMENTS, FAMILY_COMMITMENTS,
        FAMILY_SUPPORT};
    struct instrument *i = &c->instrument[at];
    i->id = str_copy(&season, (struct str){(const char *)&"i0i1i2i3i4i5i6i7i8"[2 * at], 2});
    i->family = at < 2 ? (enum family)at : families[below(10)];
    i->kind = at < 2 ? LAYER_NATIONAL : (enum layer_kind)below(4);
    i->default_equal = at < 2 || chance(i->family == FAMILY_COMMITMENTS ? 10 : 60);
    i->claimable = at >= 2 && chance(i->family == FAMILY_COMMITMENTS ? 60 : 10);
    i->is_layer = true;
    i->layer = c->n_layers;
    c->layer[c->n_layers++] = at;
    i->valid_from = chance(at < 2 ? 90 : 70) ? 0 : below(DAYS);
    i->valid_to = chance(at < 2 ? 90 : 70) ? DAY_MAX : i->valid_from + 1 + below(DAYS);
    i->known_from = chance(at < 2 ? 90 : 70) ? 0 : below(DAYS);
    i->known_to = chance(at < 2 ? 90 : 70) ? DAY_MAX : i->known_from + 1 + below(DAYS);
    random_bits(i->place, PLACES, i->kind == LAYER_NATIONAL ? 100 : 50);
    if (at >= 2 && chance(25)) {
        i->group = STR("pact");
        for (int m = 0; m < c->codes->n_memberships; m++)
            bit_set(i->origin, (size_t)c->codes->membership[m].economy);
    } else {
        random_bits(i->origin, ORIGINS, at < 2 ? 95 : 80);
    }
    i->first = c->n_provisions;
    i->n = chance(5) ? 0 : 1 + below(9);
    for (int k = 0; k < i->n; k++) {
        struct provision *p = &c->provision[c->n_provisions];
        char key[16];
        snprintf(key, sizeof key, "p%d", c->n_provisions++);
        p->key = str_copy(&season, str_from(key));
        p->instrument = at;
        p->layer = chance(4) ? -1 : i->layer;
        random_provision(c, p);
    }
}

static struct corpus *random_corpus(void)
{
    arena_reset(&season);
    struct corpus *c = ARENA_NEW(&season, struct corpus);
    c->codes = random_codes();
    c->expr = ARENA_ARRAY(&season, struct expr, LIMIT_EXPR_NODES / 16);
    random_facts(c);
    c->n_instruments = 2 + below(MAX_INSTRUMENTS - 1);
    c->instrument = ARENA_ARRAY(&season, struct instrument, MAX_INSTRUMENTS);
    c->provision = ARENA_ARRAY(&season, struct provision, MAX_INSTRUMENTS * 10);
    for (int i = 0; i < c->n_instruments; i++)
        random_instrument(c, i);
    c->n_carve_outs = below(5);
    c->carve_out = ARENA_ARRAY(&season, struct carve_out, 5);
    for (int i = 0; i < c->n_carve_outs; i++) {
        struct carve_out *k = &c->carve_out[i];
        k->instrument = below(c->n_instruments);
        k->has_sectors = chance(80);
        if (k->has_sectors)
            random_bits(k->sector, LEAVES, 40);
        k->when = chance(30) ? -1 : random_expr(c, 2);
    }
    return c;
}

/* --- random questions --------------------------------------------------------------------- */

/* Leans towards what an expression asks about. */
static void lean(const struct corpus *c, struct facts *f, int node)
{
    if (node < 0)
        return;
    const struct expr *x = &c->expr[node];
    for (int k = x->child; k >= 0; k = c->expr[k].next)
        lean(c, f, k);
    if (x->fact < 0 || chance(30))
        return;
    bool same = x->op != OP_IN && chance(60);
    fact_set(f, x->fact, same ? x->value : random_value(c, x->fact));
}

static void lean_clauses(const struct corpus *c, struct facts *f, const struct clause *k, int n)
{
    for (int i = 0; i < n; i++)
        if (chance(60))
            lean(c, f, k[i].when);
}

static int pick_bit(const uint64_t *w, int n)
{
    int from = below(n);
    for (int i = 0; i < n; i++)
        if (bit_get(w, (size_t)((from + i) % n)))
            return (from + i) % n;
    return from;
}

static void question_combo(struct question *q, int combo)
{
    q->mode = combo_mode(combo);
    q->direction = combo_direction(combo);
    q->kind = combo_kind(combo);
}

static day_t random_day(const struct corpus *c, bool known)
{
    const struct instrument *i = &c->instrument[below(c->n_instruments)];
    day_t from = known ? i->known_from : i->valid_from, to = known ? i->known_to : i->valid_to;
    if (chance(c == shipped ? 30 : 3))
        return known ? 21000 + below(20) : below(21000);
    if (chance(30) && to != DAY_MAX)
        return to - below(2);
    return from == DAY_MIN ? below(DAYS) : from + below(40) - 1;
}

static void random_question(const struct corpus *c, struct question *q, struct facts *f)
{
    const struct classification *k = c->codes;
    *q = (struct question){.sector = below(k->gbt.n_leaves), .origin = below(k->n_economies),
                           .place = below(k->n_places), .on = random_day(c, false),
                           .known = random_day(c, true)};
    int combo = below(COMBOS), density = below(4) * 30;
    memset(f, 0, sizeof *f);
    for (int i = 0; i < c->n_facts; i++)
        if (chance(density))
            fact_set(f, i, random_value(c, i));
    if (c->n_provisions > 0 && chance(85)) {
        const struct provision *p = &c->provision[below(c->n_provisions)];
        q->sector = pick_bit(p->scope.sector, k->gbt.n_leaves);
        q->origin = pick_bit(p->scope.origin, k->n_economies);
        q->place = pick_bit(p->scope.place, k->n_places);
        combo = pick_bit(&p->scope.combo, COMBOS);
        for (int i = 0; i < p->n_when; i++)
            lean(c, f, p->when[i]);
        lean_clauses(c, f, p->exception, p->n_exceptions);
        lean_clauses(c, f, p->exemption, p->n_exemptions);
        lean_clauses(c, f, p->lift, p->n_lift);
    }
    while (!combo_valid(combo) || (combo_direction(combo) == EXPORT && chance(85)))
        combo = below(COMBOS);
    question_combo(q, combo);
    q->facts = chance(5) ? NULL : f;
    q->claims = chance(50) ? 0 : rng_next(&rng) & (((uint64_t)1 << c->n_layers) - 1);
    if (c == shipped && chance(60)) { /* when all lists speak */
        q->on = day_from_civil(2026, 6, 1);
        q->known = day_from_civil(2026, 11, 22);
    }
}

/* --- answers as values -------------------------------------------------------------------- */

static void ask(const struct corpus *c, const struct question *q, bool judge, struct answer *a)
{
    struct error e = {0};
    struct snapshot *s;
    if (judge) {
        naive_decide(c, q, a);
        return;
    }
    check(snapshot_create(&s, c, &e) == OK);
    decide(s, q, a);
    snapshot_destroy(s);
}

static bool same_ints(const int *a, int n, const int *b, int m)
{
    return n == m && memcmp(a, b, (size_t)n * sizeof *a) == 0;
}

/* Everything that the two programs owe each other; NULL if nothing differs. */
static const char *difference(const struct answer *a, const struct answer *b)
{
    if (a->outcome != b->outcome)
        return "outcome";
    if (a->must != b->must)
        return "must";
    if (a->treatment != b->treatment)
        return "treatment";
    if (a->favoured_by != b->favoured_by)
        return "favoured_by";
    if (!same_ints(a->prevailing, a->n_prevailing, b->prevailing, b->n_prevailing))
        return "prevailing";
    if (!same_ints(a->flip, a->n_flip, b->flip, b->n_flip))
        return "flip";
    if (a->n_matches != b->n_matches)
        return "matches";
    for (int i = 0; i < a->n_matches; i++)
        if (a->match[i].provision != b->match[i].provision || a->match[i].lo != b->match[i].lo ||
            a->match[i].hi != b->match[i].hi)
            return "match";
    return NULL;
}

static bool in_keys(const struct corpus *c, const int *list, int n, const struct provision *p)
{
    for (int i = 0; i < n; i++)
        if (c->provision[list[i]].layer == p->layer && str_eq(c->provision[list[i]].key, p->key))
            return true;
    return false;
}

static bool same_keys(const struct corpus *c, const int *a, int n, const struct corpus *d,
                      const int *b, int m)
{
    if (n != m)
        return false;
    for (int i = 0; i < n; i++)
        if (!in_keys(d, b, m, &c->provision[a[i]]))
            return false;
    return true;
}

/* The same answer from two corpora, provisions compared by key and not by place. */
static bool same_answer(const struct corpus *c, const struct answer *a, const struct corpus *d,
                        const struct answer *b)
{
    int x[LIMIT_MATCHES], y[LIMIT_MATCHES];
    for (int i = 0; i < a->n_matches; i++)
        x[i] = a->match[i].provision;
    for (int i = 0; i < b->n_matches; i++)
        y[i] = b->match[i].provision;
    return a->outcome == b->outcome && a->must == b->must && a->treatment == b->treatment &&
           a->favoured_by == b->favoured_by &&
           same_keys(c, a->prevailing, a->n_prevailing, d, b->prevailing, b->n_prevailing) &&
           same_keys(c, a->flip, a->n_flip, d, b->flip, b->n_flip) &&
           same_keys(c, x, a->n_matches, d, y, b->n_matches);
}

/* --- changing a corpus -------------------------------------------------------------------- */

/* A copy with room for more; provisions, instruments and nothing else may be changed in it. */
static struct corpus *copy(const struct corpus *c)
{
    struct corpus *d = ARENA_NEW(&season, struct corpus);
    *d = *c;
    d->instrument = ARENA_ARRAY(&season, struct instrument, (size_t)c->n_instruments + 1);
    memcpy(d->instrument, c->instrument, (size_t)c->n_instruments * sizeof *c->instrument);
    d->provision = ARENA_ARRAY(&season, struct provision, 2 * (size_t)c->n_provisions + 1);
    memcpy(d->provision, c->provision, (size_t)c->n_provisions * sizeof *c->provision);
    return d;
}

static void drop(struct corpus *c, int at)
{
    int of = c->provision[at].instrument;
    memmove(&c->provision[at], &c->provision[at + 1],
            (size_t)(c->n_provisions - at - 1) * sizeof *c->provision);
    c->n_provisions--;
    c->instrument[of].n--;
    for (int i = of + 1; i < c->n_instruments; i++)
        c->instrument[i].first--;
}

static void insert_copy(struct corpus *c, int at)
{
    int of = c->provision[at].instrument;
    memmove(&c->provision[at + 1], &c->provision[at],
            (size_t)(c->n_provisions - at) * sizeof *c->provision);
    c->n_provisions++;
    c->instrument[of].n++;
    for (int i = of + 1; i < c->n_instruments; i++)
        c->instrument[i].first++;
}

static bool has_match(const struct answer *a, int provision)
{
    for (int i = 0; i < a->n_matches; i++)
        if (a->match[i].provision == provision)
            return true;
    return false;
}

static const struct instrument *list_of(const struct corpus *c, int provision)
{
    return &c->instrument[c->provision[provision].instrument];
}

/* --- the laws: false if broken; *used counts the cases a law had something to say on ------- */

struct trial {
    const struct corpus *c;
    struct question q;
    struct facts facts;
    bool judge;
    struct answer before, after;
    int used;
};
typedef bool law_fn(struct trial *t);

static bool not_opened(const struct trial *t)
{
    return t->after.must >= t->before.must && t->after.treatment >= t->before.treatment;
}

static bool not_tightened(const struct trial *t)
{
    return t->after.must <= t->before.must && t->after.treatment <= t->before.treatment;
}

static bool order_is_irrelevant(struct trial *t)
{
    struct corpus *d = copy(t->c);
    for (int i = 0; i < d->n_instruments; i++)
        for (int k = d->instrument[i].n - 1; k > 0; k--) {
            struct provision *list = d->provision + d->instrument[i].first, x = list[k];
            int other = below(k + 1);
            list[k] = list[other];
            list[other] = x;
        }
    t->used++;
    ask(d, &t->q, t->judge, &t->after);
    return same_answer(t->c, &t->before, d, &t->after);
}

static bool removing_a_stranger_changes_nothing(struct trial *t)
{
    struct corpus *d = copy(t->c);
    int at = d->n_provisions > 0 ? below(d->n_provisions) : -1;
    if (at < 0 || has_match(&t->before, at))
        return true;
    drop(d, at);
    t->used++;
    ask(d, &t->q, t->judge, &t->after);
    return same_answer(t->c, &t->before, d, &t->after);
}

static bool removing_a_restriction_never_tightens(struct trial *t)
{
    if (t->before.n_matches == 0)
        return true;
    int at = t->before.match[below(t->before.n_matches)].provision;
    if (!list_of(t->c, at)->default_equal)
        return true;
    struct corpus *d = copy(t->c);
    drop(d, at);
    t->used++;
    ask(d, &t->q, t->judge, &t->after);
    return not_tightened(t);
}

static bool deciding(const struct trial *t, const struct instrument *i)
{
    return i->family == FAMILY_COMMITMENTS ||
           i->family == (t->q.mode == 3 ? FAMILY_INVESTMENT : FAMILY_CROSS_BORDER);
}

/* Of a line that is the only one of its layer to match: where several match, the layer takes
 * their maximum (section 4), and the withdrawal of the strictest opens. */
static bool withdrawing_a_commitment_never_opens(struct trial *t)
{
    if (t->before.n_matches == 0)
        return true;
    int at = t->before.match[below(t->before.n_matches)].provision;
    if (list_of(t->c, at)->default_equal || !deciding(t, list_of(t->c, at)))
        return true;
    for (int i = 0; i < t->before.n_matches; i++)
        if (t->before.match[i].provision != at &&
            list_of(t->c, t->before.match[i].provision) == list_of(t->c, at))
            return true;
    struct corpus *d = copy(t->c);
    drop(d, at);
    t->used++;
    ask(d, &t->q, t->judge, &t->after);
    return not_opened(t);
}

/* In the deciding family. A cumulative family (permits ...) whose only list goes does not count
 * any more (section 4), which opens. */
static bool deleting_a_list_never_opens(struct trial *t)
{
    struct corpus *d = copy(t->c);
    struct instrument *i = &d->instrument[below(d->n_instruments)];
    if (i->layer < 0 || i->kind == LAYER_NATIONAL || !deciding(t, i))
        return true;
    i->valid_to = i->valid_from;
    t->used++;
    ask(d, &t->q, t->judge, &t->after);
    return not_opened(t);
}

/* Where every decisive family has a list with default equal: only such lists flip (section 4). */
static bool removing_the_flip_improves(struct trial *t)
{
    const struct answer *a = &t->before;
    if (a->treatment == EQUAL || a->treatment == SILENT)
        return true;
    for (int i = 0; i < a->n_prevailing; i++) {
        const struct instrument *p = list_of(t->c, a->prevailing[i]);
        bool covered = deciding(t, p);
        for (int k = 0; k < a->n_flip; k++)
            covered |= list_of(t->c, a->flip[k])->family == p->family;
        if (!covered)
            return true;
    }
    struct corpus *d = copy(t->c);
    for (int i = a->n_flip - 1; i >= 0; i--)
        drop(d, a->flip[i]);
    t->used++;
    ask(d, &t->q, t->judge, &t->after);
    return t->after.treatment < a->treatment;
}

/* The elementary interval of one clock around a day: no boundary inside. */
static void elementary(const struct corpus *c, bool known, day_t d, day_t *from, day_t *to)
{
    *from = d - 50;
    *to = d + 50;
    for (int i = 0; i < 2 * (c->n_instruments + c->codes->n_memberships); i++) {
        int n = i / 2, m = n - c->n_instruments;
        day_t b;
        if (m >= 0)
            b = i % 2 ? c->codes->membership[m].to : c->codes->membership[m].from;
        else if (known)
            b = i % 2 ? c->instrument[n].known_to : c->instrument[n].known_from;
        else
            b = i % 2 ? c->instrument[n].valid_to : c->instrument[n].valid_from;
        if (b <= d && b > *from)
            *from = b;
        if (b > d && b < *to)
            *to = b;
    }
}

static day_t day_inside(day_t from, day_t to)
{
    return chance(40) ? from : chance(60) ? to - 1 : from + below(to - from);
}

static bool answers_are_constant_in_a_rectangle(struct trial *t)
{
    struct question q = t->q;
    day_t from, to;
    if (t->before.n_matches == 0)
        return true; /* there is nothing that could come or go */
    elementary(t->c, false, q.on, &from, &to);
    q.on = day_inside(from, to);
    elementary(t->c, true, q.known, &from, &to);
    q.known = day_inside(from, to);
    t->used++;
    ask(t->c, &q, t->judge, &t->after);
    return same_answer(t->c, &t->before, t->c, &t->after);
}

/* Not from approval to prohibited where something may still help: section 3.6 turns such a
 * prohibition into a condition, which stands below approval. */
static bool raising_a_severity_never_opens(struct trial *t)
{
    if (t->before.n_matches == 0)
        return true;
    struct corpus *d = copy(t->c);
    struct provision *p = &d->provision[t->before.match[below(t->before.n_matches)].provision];
    enum treatment raised = (enum treatment)((int)p->treatment + 1 + below(4));
    if (raised > PROHIBITED ||
        (p->treatment == APPROVAL && p->n_lift + p->n_exceptions + p->n_exemptions > 0))
        return true;
    p->treatment = raised;
    t->used++;
    ask(d, &t->q, t->judge, &t->after);
    return not_opened(t);
}

static bool splitting_a_scope_changes_nothing(struct trial *t)
{
    if (t->c->n_provisions == 0)
        return true;
    int at = t->before.n_matches > 0 && chance(80)
                 ? t->before.match[below(t->before.n_matches)].provision
                 : below(t->c->n_provisions);
    struct corpus *d = copy(t->c);
    insert_copy(d, at);
    struct scope *a = &d->provision[at].scope, *b = &d->provision[at + 1].scope;
    int along = below(4);
    uint64_t *x[] = {a->sector, &a->combo, a->origin, a->place};
    uint64_t *y[] = {b->sector, &b->combo, b->origin, b->place};
    const int words[] = {SECTOR_WORDS, 1, ORIGIN_WORDS, PLACE_WORDS};
    for (int w = 0; w < words[along]; w++) {
        uint64_t cut = rng_next(&rng);
        x[along][w] &= cut;
        y[along][w] &= ~cut;
    }
    t->used++;
    ask(d, &t->q, t->judge, &t->after);
    return same_answer(t->c, &t->before, d, &t->after);
}

/* A correction closes the old record on a later day and opens another one. */
static bool later_knowledge_never_rewrites(struct trial *t)
{
    struct corpus *d = copy(t->c);
    int of = below(d->n_instruments);
    if (d->instrument[of].layer < 0 || d->n_layers == LIMIT_LAYERS)
        return true;
    struct instrument *new = &d->instrument[d->n_instruments];
    *new = d->instrument[of];
    new->known_from = t->q.known + 1 + below(3);
    new->known_to = DAY_MAX;
    if (d->instrument[of].known_to > new->known_from)
        d->instrument[of].known_to = new->known_from;
    new->layer = d->n_layers;
    new->first = d->n_provisions;
    d->layer[d->n_layers++] = d->n_instruments++;
    for (int k = 0; k < new->n; k++) {
        struct provision *p = &d->provision[d->n_provisions++];
        *p = t->c->provision[t->c->instrument[of].first + k];
        p->instrument = d->n_instruments - 1;
        p->layer = p->layer < 0 ? -1 : new->layer;
        p->treatment = (enum treatment)below(SILENT);
    }
    t->used++;
    ask(d, &t->q, t->judge, &t->after);
    return same_answer(t->c, &t->before, d, &t->after);
}

/* --- running and shrinking ---------------------------------------------------------------- */

static void print_question(const struct corpus *c, const struct question *q)
{
    print_error("  sector %d mode %d %s %s origin %.*s place %.*s on %d known %d claims %#llx\n",
                q->sector, q->mode, direction_name(q->direction), kind_name(q->kind),
                STR_ARG(c->codes->economy[q->origin].alpha2),
                STR_ARG(c->codes->place[q->place].code), q->on, q->known,
                (unsigned long long)q->claims);
    for (int i = 0; q->facts && i < c->n_facts; i++)
        if (bit_get(q->facts->known, (size_t)i))
            print_error("  fact %d %.*s = %lld (role %d)\n", i, STR_ARG(c->fact[i].name),
                        (long long)q->facts->value[i], (int)c->fact[i].role);
}

static void print_answer(const struct corpus *c, const char *who, const struct answer *a)
{
    print_error("  %s: %s [%s, %s] favoured %d\n", who, outcome_name(a->outcome),
                treatment_name(a->must), treatment_name(a->treatment), a->favoured_by);
    for (int i = 0; i < a->n_matches; i++) {
        const struct provision *p = &c->provision[a->match[i].provision];
        print_error("    match %.*s layer %d [%d, %d] %s\n", STR_ARG(p->key), p->layer,
                    a->match[i].lo, a->match[i].hi, reason_name((enum reason)a->match[i].reason));
    }
    for (int i = 0; i < a->n_prevailing; i++)
        print_error("    prevails %.*s\n", STR_ARG(c->provision[a->prevailing[i]].key));
    for (int i = 0; i < a->n_flip; i++)
        print_error("    flip %.*s\n", STR_ARG(c->provision[a->flip[i]].key));
}

static const char *programs_differ(const struct corpus *c, const struct question *q)
{
    static struct answer a, b;
    ask(c, q, false, &a);
    ask(c, q, true, &b);
    return difference(&a, &b);
}

/* Drops ever smaller runs of provisions while the programs still differ. */
static const struct corpus *shrink(const struct corpus *c, const struct question *q)
{
    for (int run = c->n_provisions / 2 + 1; run >= 1; run /= 2)
        for (int at = 0; at + run <= c->n_provisions;) {
            struct corpus *d = copy(c);
            for (int i = 0; i < run; i++)
                drop(d, at);
            if (programs_differ(d, q))
                c = d;
            else
                at += run;
        }
    return c;
}

static void report_difference(const struct corpus *c, const struct question *q, const char *what)
{
    static struct answer a;
    c = shrink(c, q);
    print_error("engine and judge differ in %s (FUMAO_SEED=%llu), shrunk to %d provisions:\n", what,
                (unsigned long long)seed, c->n_provisions);
    print_question(c, q);
    ask(c, q, false, &a);
    print_answer(c, "engine", &a);
    ask(c, q, true, &a);
    print_answer(c, "judge", &a);
    fail();
}

static void restart(const char *name)
{
    uint64_t h = seed;
    for (; *name; name++)
        h = h * 1099511628211u + (unsigned char)*name;
    rng_seed(&rng, h);
}

static void hold(const char *name, law_fn *law)
{
    static struct trial t;
    int used = 0, i;
    restart(name);
    for (i = 0; used < cases && i < 100 * cases; i++) {
        if (i % 4 == 0)
            arena_reset(&season);
        t.c = i % 4 == 0 ? shipped : random_corpus();
        random_question(t.c, &t.q, &t.facts);
        t.judge = chance(50);
        t.used = 0;
        ask(t.c, &t.q, t.judge, &t.before);
        if (!law(&t)) {
            print_error("%s broken by the %s in case %d (FUMAO_SEED=%llu)\n", name,
                        t.judge ? "judge" : "engine", i, (unsigned long long)seed);
            print_question(t.c, &t.q);
            print_answer(t.c, "before", &t.before);
            print_error("  after: %s [%s, %s]\n", outcome_name(t.after.outcome),
                        treatment_name(t.after.must), treatment_name(t.after.treatment));
            fail();
        }
        used += t.used;
    }
    assert_int_equal(used, cases); /* a law that never had a case proves nothing */
}

#define LAW(name)                    \
    static void test_##name(void **state) \
    {                                \
        (void)state;                 \
        hold(#name, name);           \
    }
LAW(order_is_irrelevant)
LAW(removing_a_stranger_changes_nothing)
LAW(removing_a_restriction_never_tightens)
LAW(withdrawing_a_commitment_never_opens)
LAW(deleting_a_list_never_opens)
LAW(removing_the_flip_improves)
LAW(answers_are_constant_in_a_rectangle)
LAW(raising_a_severity_never_opens)
LAW(splitting_a_scope_changes_nothing)
LAW(later_knowledge_never_rewrites)

static void differ_on(const struct corpus *c, long n, int outcomes[OUTCOME_COUNT])
{
    static struct answer a, b;
    struct question q;
    struct facts f;
    struct snapshot *s;
    struct error e = {0};
    check(snapshot_create(&s, c, &e) == OK);
    for (long i = 0; i < n; i++) {
        random_question(c, &q, &f);
        decide(s, &q, &a);
        naive_decide(c, &q, &b);
        const char *what = difference(&a, &b);
        if (what)
            report_difference(c, &q, what);
        outcomes[a.outcome]++;
    }
    snapshot_destroy(s);
}

static void every_outcome_came(const int outcomes[OUTCOME_COUNT])
{
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        print_message("%s %d  ", outcome_name((enum outcome)i), outcomes[i]);
        if (decisions >= 20000)
            assert_true(outcomes[i] > 0);
    }
    print_message("\n");
}

static void engine_and_judge_on_random_corpora(void **state)
{
    (void)state;
    int outcomes[OUTCOME_COUNT] = {0};
    restart("random");
    for (long i = 0; i < decisions; i += QUESTIONS_EACH)
        differ_on(random_corpus(), QUESTIONS_EACH, outcomes);
    every_outcome_came(outcomes);
}

static void engine_and_judge_on_the_shipped_corpus(void **state)
{
    (void)state;
    int outcomes[OUTCOME_COUNT] = {0};
    restart("shipped");
    arena_reset(&season);
    differ_on(shipped, decisions, outcomes);
    every_outcome_came(outcomes);
}

static int setup(void **state)
{
    (void)state;
    struct classification *codes;
    struct corpus *c = NULL;
    struct error e = {0};
    arena_init(&program);
    arena_init(&season);
    if (classification_load(&codes, &program, &e) != OK ||
        law_load_shipped(&c, &program, codes, &e) != OK)
        fail_msg("%s %s:%d %s", e.detail_en, e.file, e.line, e.field);
    shipped = c;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_finish(&season);
    arena_finish(&program);
    return 0;
}

int main(void)
{
    if (getenv("FUMAO_SEED"))
        seed = strtoull(getenv("FUMAO_SEED"), NULL, 10);
    if (getenv("FUMAO_CASES"))
        cases = atoi(getenv("FUMAO_CASES"));
    if (getenv("FUMAO_DECISIONS"))
        decisions = atol(getenv("FUMAO_DECISIONS"));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_is_irrelevant),
        cmocka_unit_test(test_removing_a_stranger_changes_nothing),
        cmocka_unit_test(test_removing_a_restriction_never_tightens),
        cmocka_unit_test(test_withdrawing_a_commitment_never_opens),
        cmocka_unit_test(test_deleting_a_list_never_opens),
        cmocka_unit_test(test_removing_the_flip_improves),
        cmocka_unit_test(test_answers_are_constant_in_a_rectangle),
        cmocka_unit_test(test_raising_a_severity_never_opens),
        cmocka_unit_test(test_splitting_a_scope_changes_nothing),
        cmocka_unit_test(test_later_knowledge_never_rewrites),
        cmocka_unit_test(engine_and_judge_on_random_corpora),
        cmocka_unit_test(engine_and_judge_on_the_shipped_corpus)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
