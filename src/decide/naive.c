/*
 * The judge. It reads docs/meaning.md aloud: plain loops over the corpus, section by section,
 * sharing nothing with the engine but the types. Comments cite the section they stand for.
 *
 * A decision is made by judge() from five things only: sector, combo, the facts (derived ones
 * included), the layers that speak, and the list of matching provisions with the exemptions
 * that serve the cell. So two cells for which these are equal have the same answer; that is all
 * the sweep relies on when it hands out an answer again, and it compares them entry by entry.
 */
#include "decide/decide.h"

#include <stdlib.h>

enum truth { NO, UNKNOWN, YES }; /* section 2: false < unknown < true */
enum territory { TERRITORY_CN, TERRITORY_FTZ, TERRITORY_HAINAN };

static enum truth least(enum truth a, enum truth b)
{
    return a < b ? a : b;
}

static enum truth most(enum truth a, enum truth b)
{
    return a > b ? a : b;
}

static bool layer_in(uint64_t layers, int layer)
{
    return (layers >> layer) & 1;
}

/* --- section 1: the derived facts --------------------------------------------------------- */

/* Sets an enumerated fact to a value by name; NULL, or a value the dictionary lacks: unknown. */
static void derive(const struct corpus *c, struct facts *f, int fact, const char *value)
{
    if (fact < 0)
        return;
    bit_clear(f->known, (size_t)fact);
    for (int i = 0; value && i < c->fact[fact].n_values; i++)
        if (str_eq(c->fact[fact].value[i].value, str_from(value))) {
            bit_set(f->known, (size_t)fact);
            f->value[fact] = i;
        }
}

static enum territory territory_of(const struct classification *codes, int place)
{
    for (int p = place; p >= 0; p = codes->place[p].parent)
        if (str_eq(codes->place[p].code, STR("CN-HI")))
            return TERRITORY_HAINAN;
    return str_eq(codes->place[place].kind, STR("ftz")) ? TERRITORY_FTZ : TERRITORY_CN;
}

static void derive_territory(const struct corpus *c, struct facts *f, enum territory t)
{
    static const char *const names[] = {"CN", "FTZ", "HAINAN"};
    derive(c, f, c->fact_territory, names[t]);
}

/* What is known, with mode and form set by the cell; the territory is set apart. */
static void facts_of_combo(const struct corpus *c, struct facts *f, const struct facts *given,
                           int combo)
{
    static const char *const modes[] = {"", "1", "2", "3", "4"};
    enum kind kind = combo_kind(combo);
    if (given)
        *f = *given;
    else
        memset(f->known, 0, sizeof f->known);
    derive(c, f, c->fact_mode, modes[combo_mode(combo)]);
    derive(c, f, c->fact_form,
           kind == KIND_JV ? "joint-venture" : kind > KIND_JV ? "other" : NULL);
}

/* --- section 2: three-valued expressions -------------------------------------------------- */

static enum truth test_value(const struct expr *x, int64_t v)
{
    bool holds = false;
    switch (x->op) {
    case OP_IS: holds = v == x->value; break;
    case OP_NOT: holds = v != x->value; break;
    case OP_IN: holds = v >= 0 && v < 64 && bit_get(&x->values, (size_t)v); break;
    case OP_GTE: holds = v >= x->value; break;
    case OP_LTE: holds = v <= x->value; break;
    case OP_ALL:
    case OP_ANY: check(x->fact >= 0); break; /* not tests: evaluate() takes them apart */
    }
    return holds ? YES : NO;
}

static enum truth evaluate(const struct corpus *c, const struct facts *f, int node)
{
    if (node < 0)
        return UNKNOWN; /* in words only */
    const struct expr *x = &c->expr[node];
    if (x->op != OP_ALL && x->op != OP_ANY)
        return bit_get(f->known, (size_t)x->fact) ? test_value(x, f->value[x->fact]) : UNKNOWN;
    enum truth t = x->op == OP_ALL ? YES : NO;
    for (int i = x->child; i >= 0; i = c->expr[i].next)
        t = x->op == OP_ALL ? least(t, evaluate(c, f, i)) : most(t, evaluate(c, f, i));
    return t;
}

/* The strongest role (the least in the order of the enum) among the unknown tests below. */
static enum fact_role role_of(const struct corpus *c, const struct facts *f, int node)
{
    if (node < 0)
        return ROLE_SCOPE; /* in words only */
    const struct expr *x = &c->expr[node];
    if (x->op != OP_ALL && x->op != OP_ANY)
        return bit_get(f->known, (size_t)x->fact) ? ROLE_STATE : c->fact[x->fact].role;
    enum fact_role strongest = ROLE_STATE;
    for (int i = x->child; i >= 0; i = c->expr[i].next) {
        enum fact_role role = role_of(c, f, i);
        strongest = role < strongest ? role : strongest;
    }
    return strongest;
}

/* --- section 3: one provision on one cell ------------------------------------------------- */

/* The provisions left for a cell, in order of the corpus, and the layers that speak there.
 * entry >= 0: a provision; entry < 0: exemption number ~entry of the provision before it, which
 * serves the cell. */
struct left {
    uint64_t layers;
    int n, room;
    int *entry;
};

static void left_push(struct left *l, int entry)
{
    if (l->n == l->room) {
        l->room = l->room ? 2 * l->room : 64;
        l->entry = realloc(l->entry, (size_t)l->room * sizeof *l->entry);
        check(l->entry != NULL);
    }
    l->entry[l->n++] = entry;
}

static bool left_same(const struct left *a, const struct left *b)
{
    if (a->layers != b->layers || a->n != b->n)
        return false;
    for (int i = 0; i < a->n; i++)
        if (a->entry[i] != b->entry[i])
            return false;
    return true;
}

struct judged { /* a match, judged */
    int provision, layer;
    bool out, lifted;
    enum reason reason; /* if out */
    enum treatment lo, hi;
};

struct doubt { /* what a list of exceptions or exemptions has shown */
    bool holds;    /* one is true */
    bool unsure;   /* one is unknown with role scope */
    bool soft;     /* one is unknown with role condition */
};

static void doubt_add(const struct corpus *c, const struct facts *f, int when, struct doubt *d)
{
    enum truth t = evaluate(c, f, when);
    d->holds |= t == YES;
    d->unsure |= t == UNKNOWN && role_of(c, f, when) == ROLE_SCOPE;
    d->soft |= t == UNKNOWN && role_of(c, f, when) == ROLE_CONDITION;
}

/* 3.5, for a provision that has conditions. */
static enum truth lift_of(const struct corpus *c, const struct facts *f,
                          const struct provision *p)
{
    enum truth min = YES, max = NO;
    for (int i = 0; i < p->n_lift; i++) {
        enum truth t = evaluate(c, f, p->lift[i].when);
        min = least(min, t);
        max = most(max, t);
    }
    if (p->lift_join == JOIN_ALL)
        return min;
    if (p->lift_join == JOIN_ANY)
        return max;
    return min == max ? min : UNKNOWN; /* case: all true, all false, or unknown */
}

/* `entry` is the provision, followed by the exemptions that serve the cell, up to `end`. */
static struct judged judge_provision(const struct corpus *c, const struct facts *f,
                                     const int *entry, const int *end)
{
    const struct provision *p = &c->provision[*entry];
    struct judged j = {.provision = *entry, .layer = p->layer, .out = true,
                       .lo = EQUAL, .hi = EQUAL};

    enum truth applies = YES; /* 3.1 */
    for (int i = 0; i < p->n_when; i++)
        applies = least(applies, evaluate(c, f, p->when[i]));
    if (applies == NO) {
        j.reason = REASON_NOT_THIS_ACTIVITY;
        return j;
    }
    struct doubt exception = {0}, exemption = {0}; /* 3.2 */
    for (int i = 0; i < p->n_exceptions; i++)
        doubt_add(c, f, p->exception[i].when, &exception);
    for (const int *x = entry + 1; x < end && *x < 0; x++)
        doubt_add(c, f, p->exemption[~*x].when, &exemption);
    if (exception.holds || exemption.holds) {
        j.reason = exception.holds ? REASON_EXCEPTED : REASON_EXEMPTED;
        return j;
    }
    j.out = false;
    bool sure = applies == YES && !exception.unsure && !exemption.unsure; /* 3.3 */
    bool soft = exception.soft || exemption.soft;                         /* 3.4 */
    bool has_lift = p->n_lift > 0;
    enum truth lift = has_lift ? lift_of(c, f, p) : NO; /* 3.5; none lifts as little as false */
    j.lifted = lift == YES;
    if (j.lifted) /* 3.6 */
        j.hi = EQUAL;
    else if ((lift == UNKNOWN || soft) && p->treatment == PROHIBITED)
        j.hi = CONDITION;
    else
        j.hi = p->treatment;
    j.lo = sure ? j.hi : EQUAL; /* 3.7 */
    return j;
}

/* --- section 4: layers, families, answer -------------------------------------------------- */

struct span {
    bool there; /* false: silent, or no layer */
    enum treatment lo, hi;
};

struct court {
    const struct corpus *c;
    const struct facts *facts;
    int sector;
    uint64_t layers; /* those that speak */
    int n;
    struct judged *judged;
    int deciding; /* family; -1 for an export */
    struct span layer[LIMIT_LAYERS], family[FAMILY_COUNT];
    int winner[FAMILY_COUNT];
    bool decisive[FAMILY_COUNT];
};

static const struct instrument *instrument_of(const struct court *k, int layer)
{
    return &k->c->instrument[k->c->layer[layer]];
}

/* Layers of `commitments` are layers of the deciding family. */
static int family_of(const struct court *k, int layer)
{
    enum family f = instrument_of(k, layer)->family;
    return f == FAMILY_COMMITMENTS && k->deciding >= 0 ? k->deciding : (int)f;
}

static bool is_base(const struct court *k, int layer)
{
    const struct instrument *i = instrument_of(k, layer);
    return i->kind == LAYER_NATIONAL && i->default_equal;
}

static bool speaks_in(const struct court *k, int layer, int family)
{
    return layer_in(k->layers, layer) && family_of(k, layer) == family;
}

static void span_layers(struct court *k)
{
    for (int l = 0; l < k->c->n_layers; l++)
        k->layer[l] = (struct span){
            .there = layer_in(k->layers, l) && instrument_of(k, l)->default_equal,
            .lo = EQUAL, .hi = EQUAL};
    for (int i = 0; i < k->n; i++) {
        const struct judged *j = &k->judged[i];
        struct span *s = &k->layer[j->layer];
        if (j->out)
            continue;
        s->there = true;
        s->lo = j->lo > s->lo ? j->lo : s->lo;
        s->hi = j->hi > s->hi ? j->hi : s->hi;
    }
}

/* Does layer `a` stand before layer `b` of the same family, where a > b? */
static bool beats(const struct court *k, int a, int b)
{
    const struct span *x = &k->layer[a], *y = &k->layer[b];
    if (x->hi != y->hi)
        return x->hi < y->hi;
    if (x->lo != y->lo)
        return x->lo < y->lo;
    return is_base(k, a) && !is_base(k, b);
}

static void span_families(struct court *k)
{
    for (int f = 0; f < FAMILY_COUNT; f++) {
        k->family[f] = (struct span){.there = false, .lo = SILENT, .hi = SILENT};
        k->winner[f] = -1;
        k->decisive[f] = false;
    }
    for (int l = 0; l < k->c->n_layers; l++) {
        const struct span *s = &k->layer[l];
        if (!s->there)
            continue;
        int f = family_of(k, l);
        struct span *t = &k->family[f];
        t->there = true;
        t->lo = s->lo < t->lo ? s->lo : t->lo;
        t->hi = s->hi < t->hi ? s->hi : t->hi;
        if (k->winner[f] < 0 || beats(k, l, k->winner[f]))
            k->winner[f] = l;
    }
}

static bool family_counts(const struct court *k, int f)
{
    return k->family[f].there && (f == k->deciding || f == FAMILY_MARKET_ACCESS ||
                                  f == FAMILY_PERMITS || f == FAMILY_FLOWS);
}

static void span_answer(struct court *k, struct answer *out)
{
    out->must = out->treatment = EQUAL;
    for (int f = 0; f < FAMILY_COUNT; f++) {
        if (!family_counts(k, f))
            continue;
        out->must = k->family[f].lo > out->must ? k->family[f].lo : out->must;
        out->treatment = k->family[f].hi > out->treatment ? k->family[f].hi : out->treatment;
    }
    for (int f = 0; f < FAMILY_COUNT; f++)
        k->decisive[f] = family_counts(k, f) && k->family[f].hi == out->treatment;
}

/* Carve-outs: YES one applies, UNKNOWN one may apply. */
static enum truth carved_out(const struct court *k)
{
    enum truth t = NO;
    for (int i = 0; i < k->c->n_carve_outs; i++) {
        const struct carve_out *x = &k->c->carve_out[i];
        int layer = k->c->instrument[x->instrument].layer;
        if (layer >= 0 && speaks_in(k, layer, k->deciding) && x->has_sectors &&
            bit_get(x->sector, (size_t)k->sector))
            t = most(t, x->when < 0 ? YES : evaluate(k->c, k->facts, x->when));
    }
    return t;
}

static bool is_elsewhere(const struct court *k)
{
    for (int l = 0; l < k->c->n_layers; l++)
        if (k->deciding >= 0 && speaks_in(k, l, k->deciding) && instrument_of(k, l)->default_equal)
            return false;
    return true;
}

static enum outcome outcome_of(const struct court *k, enum treatment lo, enum treatment hi)
{
    if (lo == PROHIBITED && hi == PROHIBITED)
        return OUTCOME_PROHIBITED;
    if (lo == EQUAL && hi == EQUAL) {
        enum truth t = carved_out(k);
        return t == YES ? OUTCOME_CARVED_OUT : t == UNKNOWN ? OUTCOME_UNDETERMINED
                                                            : OUTCOME_EQUAL;
    }
    return EQUAL < lo && hi < PROHIBITED ? OUTCOME_CONDITIONAL : OUTCOME_UNDETERMINED;
}

static int favoured_by(const struct court *k)
{
    int winner = k->winner[k->deciding];
    for (int l = 0; l < k->c->n_layers; l++)
        if (speaks_in(k, l, k->deciding) && is_base(k, l) && !is_base(k, winner))
            return winner;
    return -1;
}

/* The layer of a decisive family whose provisions would have to go; -1. */
static int flip_layer(const struct court *k, int family)
{
    int best = -1;
    for (int l = 0; l < k->c->n_layers && k->decisive[family]; l++)
        if (speaks_in(k, l, family) && instrument_of(k, l)->default_equal &&
            (best < 0 || k->layer[l].hi < k->layer[best].hi))
            best = l;
    return best;
}

static bool prevails(const struct court *k, const struct judged *j, const struct answer *out)
{
    int f = family_of(k, j->layer);
    return !j->out && out->treatment != EQUAL && k->decisive[f] && k->winner[f] == j->layer &&
           j->hi == out->treatment;
}

static enum reason reason_of(const struct court *k, const struct judged *j,
                             const struct answer *out)
{
    int f = family_of(k, j->layer);
    if (j->out)
        return j->reason;
    if (prevails(k, j, out))
        return REASON_PREVAILS;
    if (j->lifted)
        return REASON_LIFTED;
    if (out->outcome == OUTCOME_ELSEWHERE)
        return REASON_NOT_DECISIVE;
    if (k->winner[f] != j->layer)
        return REASON_FAVOURED;
    return k->decisive[f] ? REASON_OUTRANKED : REASON_NOT_DECISIVE;
}

static void list_provisions(const struct court *k, struct answer *out)
{
    int flip[FAMILY_COUNT];
    for (int f = 0; f < FAMILY_COUNT; f++)
        flip[f] = flip_layer(k, f);
    out->n_prevailing = out->n_flip = out->n_matches = 0;
    for (int i = 0; i < k->n; i++) {
        const struct judged *j = &k->judged[i];
        if (prevails(k, j, out) && out->n_prevailing < LIMIT_MATCHES)
            out->prevailing[out->n_prevailing++] = j->provision;
        if (out->treatment > EQUAL && !j->out &&
            j->layer == flip[family_of(k, j->layer)] && j->hi >= out->treatment &&
            out->n_flip < LIMIT_MATCHES)
            out->flip[out->n_flip++] = j->provision;
        if (out->n_matches < LIMIT_MATCHES)
            out->match[out->n_matches++] =
                (struct match){.provision = j->provision, .lo = (uint8_t)j->lo,
                               .hi = (uint8_t)j->hi, .reason = (uint8_t)reason_of(k, j, out)};
    }
}

/* The answer. `room` holds as many as there are entries in `left`. */
static void judge(const struct corpus *c, const struct facts *facts, int sector, int combo,
                  const struct left *left, struct judged *room, struct answer *out)
{
    struct court k;
    k.c = c;
    k.facts = facts;
    k.sector = sector;
    k.layers = left->layers;
    k.n = 0;
    k.judged = room;
    k.deciding = combo_direction(combo) == EXPORT ? -1
                 : combo_mode(combo) == 3         ? (int)FAMILY_INVESTMENT
                                                  : (int)FAMILY_CROSS_BORDER;
    for (int i = 0; i < left->n; i++)
        if (left->entry[i] >= 0)
            room[k.n++] = judge_provision(c, facts, left->entry + i, left->entry + left->n);
    span_layers(&k);
    span_families(&k);
    out->favoured_by = -1;
    if (is_elsewhere(&k)) { /* no family is decisive: nothing prevails, nothing would flip */
        out->outcome = OUTCOME_ELSEWHERE;
        out->must = out->treatment = SILENT;
    } else {
        span_answer(&k, out);
        out->outcome = outcome_of(&k, out->must, out->treatment);
        out->favoured_by = favoured_by(&k);
    }
    list_provisions(&k, out);
}

/* --- which layers speak, which provisions match ------------------------------------------- */

static bool is_active(const struct instrument *i, day_t on, day_t known)
{
    return i->valid_from <= on && on < i->valid_to && i->known_from <= known &&
           known < i->known_to;
}

/* For whom an instrument speaks on a day: its origins, or the members of its dated group. */
static void origins_of(const struct corpus *c, const struct instrument *i, day_t on,
                       uint64_t out[ORIGIN_WORDS])
{
    memcpy(out, i->origin, sizeof i->origin);
    if (i->group.n == 0)
        return;
    memset(out, 0, sizeof i->origin);
    for (int m = 0; m < c->codes->n_memberships; m++) {
        const struct membership *x = &c->codes->membership[m];
        if (x->from <= on && on < x->to && str_eq(x->group, i->group))
            bit_set(out, (size_t)x->economy);
    }
}

/* Layers that are active and, if claimable, claimed. */
static uint64_t layers_in_force(const struct corpus *c, day_t on, day_t known, uint64_t claims)
{
    uint64_t layers = 0;
    for (int n = 0; n < c->n_instruments; n++) {
        const struct instrument *i = &c->instrument[n];
        if (i->layer >= 0 && is_active(i, on, known) &&
            (!i->claimable || layer_in(claims, i->layer)))
            bit_set(&layers, (size_t)i->layer);
    }
    return layers;
}

static uint64_t layers_at(const struct corpus *c, uint64_t layers, int place)
{
    for (int l = 0; l < c->n_layers; l++)
        if (!bit_get(c->instrument[c->layer[l]].place, (size_t)place))
            bit_clear(&layers, (size_t)l);
    return layers;
}

static bool exempts(const struct clause *x, int origin)
{
    return !x->has_origins || bit_get(x->origin, (size_t)origin);
}

void naive_decide(const struct corpus *c, const struct question *q, struct answer *out)
{
    int combo = combo_of(q->mode, q->direction, q->kind);
    struct facts facts;
    facts_of_combo(c, &facts, q->facts, combo);
    derive_territory(c, &facts, territory_of(c->codes, q->place));

    struct left left = {.layers = layers_at(
                            c, layers_in_force(c, q->on, q->known, q->claims), q->place)};
    for (int l = 0; l < c->n_layers; l++) {
        uint64_t origin[ORIGIN_WORDS];
        if (q->only != 0 && !layer_in(q->only, l))
            bit_clear(&left.layers, (size_t)l);
        if (!layer_in(left.layers, l))
            continue;
        origins_of(c, &c->instrument[c->layer[l]], q->on, origin);
        if (!bit_get(origin, (size_t)q->origin))
            bit_clear(&left.layers, (size_t)l);
    }
    for (int n = 0; n < c->n_provisions; n++) {
        const struct provision *p = &c->provision[n];
        if (p->layer < 0 || !layer_in(left.layers, p->layer) ||
            !bit_get(p->scope.sector, (size_t)q->sector) ||
            !bit_get(&p->scope.combo, (size_t)combo) ||
            !bit_get(p->scope.origin, (size_t)q->origin) ||
            !bit_get(p->scope.place, (size_t)q->place))
            continue;
        left_push(&left, n);
        for (int x = 0; x < p->n_exemptions; x++)
            if (exempts(&p->exemption[x], q->origin) &&
                bit_get(p->exemption[x].place, (size_t)q->place))
                left_push(&left, ~x);
    }
    struct judged *room = malloc(((size_t)left.n + 1) * sizeof *room);
    check(room != NULL);
    judge(c, &facts, q->sector, combo, &left, room, out);
    free(room);
    free(left.entry);
}

/* --- sweeps ------------------------------------------------------------------------------- */

enum { KEPT_PLACES = 16, KEPT_CELLS = 64 };

struct decided { /* a cell that was decided: all that judge() looked at, and what it said */
    enum territory territory;
    struct left left;
    struct answer answer;
};

struct kept { /* a place that was decided: what was left there, and its answers */
    enum territory territory;
    struct left left;
    const struct answer *answer[LIMIT_ORIGINS];
};

struct sweep {
    const struct corpus *c;
    int sector, combo;
    struct facts facts;
    uint64_t speaks_for[LIMIT_ORIGINS]; /* layers, by origin */
    struct left sector_left;            /* by sector, combo and days */
    struct left place_left;             /* of those, by place */
    struct left cell_left[2];           /* of those, by origin: this cell's and the last one's */
    struct judged *room;
    int n_kept, n_decided, n_spare;
    struct kept kept[KEPT_PLACES];
    struct decided decided[KEPT_CELLS];
    struct answer spare[2]; /* in turn, when KEPT_CELLS are decided: the last one stays whole */
};

static void left_by_sector(struct sweep *s, uint64_t layers)
{
    s->sector_left.layers = layers;
    for (int n = 0; n < s->c->n_provisions; n++) {
        const struct provision *p = &s->c->provision[n];
        if (p->layer < 0 || !layer_in(layers, p->layer) ||
            !bit_get(p->scope.sector, (size_t)s->sector) ||
            !bit_get(&p->scope.combo, (size_t)s->combo))
            continue;
        left_push(&s->sector_left, n);
        for (int x = 0; x < p->n_exemptions; x++)
            left_push(&s->sector_left, ~x);
    }
}

static void left_by_place(struct sweep *s, int place)
{
    const struct left *from = &s->sector_left;
    struct left *to = &s->place_left;
    const struct provision *p = NULL; /* the provision the exemptions belong to, if it stays */
    to->layers = layers_at(s->c, from->layers, place);
    to->n = 0;
    for (int i = 0; i < from->n; i++) {
        int e = from->entry[i];
        if (e >= 0) {
            const struct provision *q = &s->c->provision[e];
            bool stays = layer_in(to->layers, q->layer) && bit_get(q->scope.place, (size_t)place);
            p = stays ? q : NULL;
        }
        if (p != NULL && (e >= 0 || bit_get(p->exemption[~e].place, (size_t)place)))
            left_push(to, e);
    }
}

static void left_by_origin(const struct sweep *s, int origin, struct left *to)
{
    const struct left *from = &s->place_left;
    const struct provision *p = NULL;
    to->layers = from->layers & s->speaks_for[origin];
    to->n = 0;
    for (int i = 0; i < from->n; i++) {
        int e = from->entry[i];
        if (e >= 0) {
            const struct provision *q = &s->c->provision[e];
            bool stays = layer_in(to->layers, q->layer) && bit_get(q->scope.origin, (size_t)origin);
            p = stays ? q : NULL;
        }
        if (p != NULL && (e >= 0 || exempts(&p->exemption[~e], origin)))
            left_push(to, e);
    }
}

/* A place where all that judge() looks at was the same, for every origin; NULL. */
static const struct kept *kept_find(const struct sweep *s, enum territory t)
{
    for (int i = 0; i < s->n_kept; i++)
        if (s->kept[i].territory == t && left_same(&s->kept[i].left, &s->place_left))
            return &s->kept[i];
    return NULL;
}

static void left_copy(struct left *to, const struct left *from)
{
    *to = (struct left){.layers = from->layers};
    for (int i = 0; i < from->n; i++)
        left_push(to, from->entry[i]);
}

/* The answer of an earlier cell for which all that judge() looks at was the same, or a new one,
 * which is kept if there is room. */
static const struct answer *decide_cell(struct sweep *s, enum territory t, const struct left *left)
{
    struct answer *a;
    for (int i = 0; i < s->n_decided; i++)
        if (s->decided[i].territory == t && left_same(&s->decided[i].left, left))
            return &s->decided[i].answer;
    if (s->n_decided < KEPT_CELLS) {
        struct decided *d = &s->decided[s->n_decided++];
        d->territory = t;
        left_copy(&d->left, left);
        a = &d->answer;
    } else {
        a = &s->spare[s->n_spare++ & 1];
    }
    judge(s->c, &s->facts, s->sector, s->combo, left, s->room, a);
    return a;
}

static void decide_place(struct sweep *s, int place, naive_cells_fn *cells, void *ctx)
{
    int n = s->c->codes->n_economies;
    enum territory t = territory_of(s->c->codes, place);
    left_by_place(s, place);
    const struct kept *same = kept_find(s, t);
    if (same != NULL) {
        for (int o = 0, run; o < n; o = run) {
            for (run = o + 1; run < n && same->answer[run] == same->answer[o];)
                run++;
            cells(ctx, place, o, run, same->answer[o]);
        }
        return;
    }
    struct kept *keep = s->n_kept < KEPT_PLACES ? &s->kept[s->n_kept] : NULL;
    const struct answer *a = NULL;
    int now = 0, spare = s->n_spare, from = 0;
    derive_territory(s->c, &s->facts, t);
    for (int o = 0; o < n; o++) {
        left_by_origin(s, o, &s->cell_left[now]);
        if (a == NULL || !left_same(&s->cell_left[0], &s->cell_left[1])) {
            const struct answer *next = decide_cell(s, t, &s->cell_left[now]);
            if (a != NULL)
                cells(ctx, place, from, o, a); /* two spare answers: a is still what it was */
            from = o;
            a = next;
        }
        now = 1 - now;
        if (keep != NULL)
            keep->answer[o] = a;
    }
    cells(ctx, place, from, n, a);
    if (keep != NULL && spare == s->n_spare) { /* every answer of the place is kept */
        keep->territory = t;
        left_copy(&keep->left, &s->place_left);
        s->n_kept++;
    }
}

static void sweep_origins(struct sweep *s, day_t on)
{
    const struct corpus *c = s->c;
    memset(s->speaks_for, 0, sizeof s->speaks_for);
    for (int l = 0; l < c->n_layers; l++) {
        uint64_t origin[ORIGIN_WORDS];
        if (!layer_in(s->sector_left.layers, l))
            continue;
        origins_of(c, &c->instrument[c->layer[l]], on, origin);
        for (int o = 0; o < c->codes->n_economies; o++)
            if (bit_get(origin, (size_t)o))
                bit_set(&s->speaks_for[o], (size_t)l);
    }
}

void naive_sweep(const struct corpus *c, int sector, int combo, day_t on, day_t known,
                 const struct facts *facts, const uint64_t place_ok[PLACE_WORDS],
                 naive_cells_fn *cells, void *ctx)
{
    struct sweep *s = malloc(sizeof *s);
    check(s != NULL);
    s->c = c;
    s->sector = sector;
    s->combo = combo;
    s->n_kept = s->n_decided = s->n_spare = 0;
    s->sector_left = s->place_left = s->cell_left[0] = s->cell_left[1] = (struct left){0};
    facts_of_combo(c, &s->facts, facts, combo);
    left_by_sector(s, layers_in_force(c, on, known, 0)); /* nothing is claimed */
    sweep_origins(s, on);
    s->room = malloc(((size_t)s->sector_left.n + 1) * sizeof *s->room);
    check(s->room != NULL);
    for (int p = 0; p < c->codes->n_places; p++)
        if (bit_get(place_ok, (size_t)p))
            decide_place(s, p, cells, ctx);
    for (int i = 0; i < s->n_kept; i++)
        free(s->kept[i].left.entry);
    for (int i = 0; i < s->n_decided; i++)
        free(s->decided[i].left.entry);
    free(s->sector_left.entry);
    free(s->place_left.entry);
    free(s->cell_left[0].entry);
    free(s->cell_left[1].entry);
    free(s->room);
    free(s);
}
