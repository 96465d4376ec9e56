#include "small.h"

#include <stdio.h>
#include <stdlib.h>

static int below(struct rng *r, int n)
{
    return (int)rng_below(r, (uint32_t)n);
}

static bool chance(struct rng *r, int percent)
{
    return below(r, 100) < percent;
}

static struct classification *small_codes(struct arena *a)
{
    static const struct place places[SMALL_PLACES] = {
        {.code = {"CN", 2}, .kind = {"country", 7}, .parent = -1, .end = 4, .from = DAY_MIN},
        {.code = {"CN-FJ-FTZ", 9}, .kind = {"ftz", 3}, .parent = 0, .end = 2, .from = DAY_MIN},
        {.code = {"CN-HI", 5}, .kind = {"province", 8}, .parent = 0, .end = 4, .from = DAY_MIN},
        {.code = {"CN-HI-SY", 8}, .kind = {"city", 4}, .parent = 2, .end = 4, .from = DAY_MIN}};
    static const char *const economies[SMALL_ORIGINS] = {"AA", "HK", "ZZ"};
    static const char *const leaves[SMALL_LEAVES] = {"0111", "0112", "0113", "0121",
                                                     "0122", "0211", "0212", "0300"};
    struct classification *k = ARENA_NEW(a, struct classification);
    struct codelist *g = &k->gbt;
    g->n = g->n_leaves = SMALL_LEAVES;
    g->code = ARENA_ARRAY(a, struct code, SMALL_LEAVES);
    g->leaf = ARENA_ARRAY(a, int, SMALL_LEAVES);
    for (int i = 0; i < SMALL_LEAVES; i++) {
        struct str code = str_from(leaves[i]);
        g->code[i] = (struct code){.code = code, .name_zh = code, .name_en = code, .parent = -1,
                                   .level = 4, .end = i + 1, .leaf_from = i, .leaf_to = i + 1};
        g->leaf[i] = i;
    }
    k->n_places = SMALL_PLACES;
    k->place = ARENA_ARRAY(a, struct place, SMALL_PLACES);
    memcpy(k->place, places, sizeof places);
    k->n_economies = SMALL_ORIGINS;
    k->economy = ARENA_ARRAY(a, struct economy, SMALL_ORIGINS);
    for (int i = 0; i < SMALL_ORIGINS; i++)
        k->economy[i] = (struct economy){.alpha2 = str_from(economies[i]),
                                         .alpha3 = str_from(economies[i]),
                                         .name_zh = str_from(economies[i]),
                                         .name_en = str_from(economies[i])};
    return k;
}

static void named(struct arena *a, struct fact *f, int n, const char *const *names)
{
    f->n_values = n;
    f->value = ARENA_ARRAY(a, struct fact_value, (size_t)n);
    for (int i = 0; i < n; i++)
        f->value[i].value = str_from(names[i]);
}

struct corpus *small_corpus(struct arena *a, struct rng *r, int room)
{
    static const char *const modes[] = {"1", "2", "3", "4"};
    static const char *const lands[] = {"CN", "FTZ", "HAINAN"};
    static const char *const forms[] = {"joint-venture", "other"};
    static const char *const abc[] = {"a", "b", "other"};
    static const char *const names[SMALL_FACTS] = {"supply.mode", "territory", "entity.form",
                                                   "f.bool", "g.bool", "h.enum", "i.enum", "j.number"};
    struct corpus *c = ARENA_NEW(a, struct corpus);
    c->codes = small_codes(a);
    c->instrument = ARENA_ARRAY(a, struct instrument, 8);
    c->provision = ARENA_ARRAY(a, struct provision, (size_t)room);
    c->expr = ARENA_ARRAY(a, struct expr, (size_t)room * 16 + 16);
    c->fact = ARENA_ARRAY(a, struct fact, SMALL_FACTS);
    c->n_facts = SMALL_FACTS;
    for (int i = 0; i < SMALL_FACTS; i++)
        c->fact[i] = (struct fact){.name = str_from(names[i]), .type = FACT_ENUM,
                                   .derived = i < SMALL_FIRST_FACT,
                                   .role = i < SMALL_FIRST_FACT ? ROLE_SCOPE
                                                                : (enum fact_role)below(r, 3)};
    named(a, &c->fact[0], 4, modes);
    named(a, &c->fact[1], 3, lands);
    named(a, &c->fact[2], 2, forms);
    c->fact[3].type = c->fact[4].type = FACT_BOOL;
    named(a, &c->fact[5], 3, abc);
    named(a, &c->fact[6], 3, abc);
    c->fact[7].type = FACT_NUMBER;
    c->fact_mode = 0, c->fact_territory = 1, c->fact_form = 2;
    return c;
}

static int test_expr(struct corpus *c, struct rng *r)
{
    struct expr x = {.fact = chance(r, 12) ? below(r, SMALL_FIRST_FACT)
                                           : SMALL_FIRST_FACT + below(r, SMALL_FACTS - SMALL_FIRST_FACT),
                     .child = -1, .next = -1};
    const struct fact *f = &c->fact[x.fact];
    x.op = (enum op)below(r, 2);
    x.value = f->type == FACT_BOOL ? below(r, 2) : f->type == FACT_ENUM ? below(r, f->n_values)
                                                                        : 10 * FACT_SCALE;
    if (f->type == FACT_ENUM && chance(r, 30)) {
        x.op = OP_IN;
        x.values = (uint64_t)below(r, (1 << f->n_values) - 1) + 1;
    } else if (f->type == FACT_NUMBER) {
        x.op = chance(r, 50) ? OP_GTE : OP_LTE;
    }
    c->expr[c->n_exprs] = x;
    return c->n_exprs++;
}

static int random_expr(struct corpus *c, struct rng *r)
{
    int a = test_expr(c, r);
    if (chance(r, 75))
        return a;
    int b = test_expr(c, r);
    c->expr[a].next = b;
    c->expr[c->n_exprs] = (struct expr){.op = chance(r, 50) ? OP_ALL : OP_ANY, .fact = -1,
                                        .child = a, .next = -1};
    return c->n_exprs++;
}

static void random_bits(struct rng *r, uint64_t *w, int n, int percent)
{
    bit_set(w, (size_t)below(r, n));
    for (int i = 0; i < n; i++)
        if (chance(r, percent))
            bit_set(w, (size_t)i);
}

static struct clause *random_clauses(struct corpus *c, struct arena *a, struct rng *r, int *n,
                                     bool exemptions)
{
    *n = chance(r, 65) ? 0 : 1 + below(r, 2);
    struct clause *list = ARENA_ARRAY(a, struct clause, 2);
    for (int i = 0; i < *n; i++) {
        list[i].when = chance(r, 10) ? -1 : random_expr(c, r);
        list[i].zh = chance(r, 50) ? STR("x") : STR("y");
        bits_set_range(list[i].place, 0, SMALL_PLACES);
        list[i].has_origins = exemptions && chance(r, 70);
        if (list[i].has_origins)
            random_bits(r, list[i].origin, SMALL_ORIGINS, 30);
    }
    return list;
}

void small_item(struct corpus *c, struct arena *a, struct rng *r, struct provision *p)
{
    static const struct { enum effect effect; enum treatment treatment; } kinds[] = {
        {EFFECT_PROHIBIT, PROHIBITED}, {EFFECT_PROHIBIT, PROHIBITED},
        {EFFECT_REQUIRE_APPROVAL, APPROVAL}, {EFFECT_CONDITION, CONDITION}, {EFFECT_FILE, NOTIFY}};
    int k = below(r, 5);
    memset(p->scope.sector, 0, sizeof p->scope.sector);
    p->effect = kinds[k].effect;
    p->treatment = kinds[k].treatment;
    random_bits(r, p->scope.sector, SMALL_LEAVES, 25);
    p->scope.combo = combos_of((unsigned)below(r, 31) | 16u, IMPORT, chance(r, 70) ? ~0u : 1u << below(r, 2));
    bits_set_range(p->scope.origin, 0, SMALL_ORIGINS);
    bits_set_range(p->scope.place, 0, SMALL_PLACES);
    if (chance(r, 20)) {
        memset(p->scope.origin, 0, sizeof p->scope.origin);
        random_bits(r, p->scope.origin, SMALL_ORIGINS, 50);
    }
    if (chance(r, 20)) {
        memset(p->scope.place, 0, sizeof p->scope.place);
        random_bits(r, p->scope.place, SMALL_PLACES, 50);
    }
    p->n_when = chance(r, 50) ? 0 : 1 + below(r, 2);
    p->when = ARENA_ARRAY(a, int, 2);
    for (int i = 0; i < p->n_when; i++)
        p->when[i] = random_expr(c, r);
    p->exception = random_clauses(c, a, r, &p->n_exceptions, false);
    p->exemption = random_clauses(c, a, r, &p->n_exemptions, true);
    p->lift = random_clauses(c, a, r, &p->n_lift, false);
    p->lift_join = (enum join)below(r, 3);
    p->evidence = (char)('A' + below(r, 3));
}

static int new_list(struct corpus *c, const char *id, enum family family, enum layer_kind kind)
{
    int at = c->n_instruments++;
    struct instrument *i = &c->instrument[at];
    *i = (struct instrument){.id = str_from(id), .title_zh = str_from(id), .title_en = str_from(id),
                             .family = family, .kind = kind, .default_equal = true,
                             .is_layer = true, .layer = c->n_layers, .first = c->n_provisions,
                             .complete = true, .valid_from = 0, .valid_to = DAY_MAX,
                             .known_from = 0, .known_to = DAY_MAX};
    bits_set_range(i->place, 0, SMALL_PLACES);
    bits_set_range(i->origin, 0, SMALL_ORIGINS);
    c->layer[c->n_layers++] = at;
    return at;
}

int small_list(struct corpus *c, struct arena *a, struct rng *r, const char *id,
               enum family family, enum layer_kind kind, int n)
{
    int at = new_list(c, id, family, kind);
    for (int i = 0; i < n; i++) {
        struct provision *p = &c->provision[c->n_provisions++];
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        memset(p, 0, sizeof *p);
        p->key = str_copy(a, str_from(key));
        p->instrument = at;
        p->layer = c->instrument[at].layer;
        p->no = i + 1;
        small_item(c, a, r, p);
        c->instrument[at].n++;
    }
    return at;
}

int small_copy(struct corpus *c, struct arena *a, struct rng *r, const char *id, int from,
               small_edit *edit)
{
    const struct instrument source = c->instrument[from];
    int at = new_list(c, id, source.family, source.kind);
    for (int i = 0; i < source.n; i++) {
        struct provision p = c->provision[source.first + i];
        p.instrument = at;
        p.layer = c->instrument[at].layer;
        if (edit != NULL && !edit(c, a, r, &p))
            continue;
        c->provision[c->n_provisions++] = p;
        c->instrument[at].n++;
    }
    return at;
}

static void read_facts(const struct corpus *c, int node, uint64_t *set)
{
    if (node < 0)
        return;
    if (c->expr[node].fact >= SMALL_FIRST_FACT)
        *set |= (uint64_t)1 << c->expr[node].fact;
    for (int k = c->expr[node].child; k >= 0; k = c->expr[k].next)
        read_facts(c, k, set);
}

static void valuations(const struct corpus *c, uint64_t left, struct facts *f,
                       small_facts_fn *each, void *ctx)
{
    if (left == 0) {
        each(ctx, f);
        return;
    }
    int fact = __builtin_ctzll(left);
    int n = c->fact[fact].type == FACT_BOOL ? 2 : 3;
    for (int i = 0; i < n; i++) {
        fact_set(f, fact, c->fact[fact].type == FACT_NUMBER ? 10 * FACT_SCALE + i - 1 : i);
        valuations(c, left & (left - 1), f, each, ctx);
    }
    bit_clear(f->known, (size_t)fact);
}

void small_valuations(const struct corpus *c, small_facts_fn *each, void *ctx)
{
    static struct facts f;
    uint64_t set = 0;
    for (int i = 0; i < c->n_provisions; i++) {
        const struct provision *p = &c->provision[i];
        for (int k = 0; k < p->n_when; k++)
            read_facts(c, p->when[k], &set);
        for (int k = 0; k < p->n_exceptions; k++)
            read_facts(c, p->exception[k].when, &set);
        for (int k = 0; k < p->n_exemptions; k++)
            read_facts(c, p->exemption[k].when, &set);
        for (int k = 0; k < p->n_lift; k++)
            read_facts(c, p->lift[k].when, &set);
    }
    memset(f.known, 0, sizeof f.known);
    valuations(c, set, &f, each, ctx);
}
