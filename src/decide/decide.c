/*
 * decide: one question on a snapshot, docs/meaning.md section 4. No allocation, no failure.
 *
 * The AND of six rows gives the matching rules; each falls into its layer's interval; layers
 * into their family's (most favourable); families into the answer's (most restrictive). Layers
 * are bits of one word, so "which lists speak" is four ANDs.
 */
#include "decide/snapshot.h"

struct interval {
    uint8_t lo, hi;
};

struct state { /* what one decision keeps, on the stack */
    uint64_t speaking;
    uint64_t deciding; /* layers of the deciding family that speak */
    uint64_t touched;  /* layers with a match that is not out */
    struct interval layer[LIMIT_LAYERS];
    uint8_t match_layer[LIMIT_MATCHES]; /* beside answer.match: provisions lie far apart */
};

struct family_view {
    uint64_t layers; /* those that are not silent */
    struct interval value;
    int winner; /* -1: no layer counts */
};

uint64_t snapshot_speaking(const struct snapshot *s, const struct question *q)
{
    int v = snapshot_slice(s->valid_day, s->n_valid, q->on);
    int k = snapshot_slice(s->known_day, s->n_known, q->known);
    size_t economies = (size_t)s->origin.n;
    return s->layer_valid[v] & s->layer_known[k] & s->layer_place[q->place] &
           s->layer_origin[(size_t)v * economies + (size_t)q->origin] &
           (~s->claimable | q->claims) & (q->only != 0 ? q->only : ~(uint64_t)0);
}

uint64_t snapshot_deciding(const struct snapshot *s, const struct question *q)
{
    if (q->direction == EXPORT)
        return 0;
    return s->family_layers[q->mode == 3 ? FAMILY_INVESTMENT : FAMILY_CROSS_BORDER] |
           s->family_layers[FAMILY_COMMITMENTS];
}

static void layer_add(struct state *t, int layer, struct interval v)
{
    struct interval *l = &t->layer[layer];
    if (!((t->touched >> layer) & 1)) {
        t->touched |= (uint64_t)1 << layer;
        *l = v;
        return;
    }
    l->lo = v.lo > l->lo ? v.lo : l->lo;
    l->hi = v.hi > l->hi ? v.hi : l->hi;
}

static inline __attribute__((always_inline)) void
take_rule(const struct snapshot *s, const struct question *q, int r,
                      struct state *t, struct answer *a)
{
    const struct rule *rule = &s->rule[r];
    if (!((t->speaking >> rule->layer) & 1))
        return;
    struct match m = {rule->provision, rule->treatment, rule->treatment, REASON_OUTRANKED};
    bool out = false;
    if (!rule->plain) {
        struct bite b = rule_bite(s, &s->c->provision[rule->provision], q);
        m.lo = b.lo;
        m.hi = b.hi;
        out = b.out;
        if (b.out || b.lifted)
            m.reason = b.reason;
    }
    if (!out)
        layer_add(t, rule->layer, (struct interval){m.lo, m.hi});
    if (a->n_matches < LIMIT_MATCHES) {
        t->match_layer[a->n_matches] = rule->layer;
        a->match[a->n_matches++] = m;
    }
}

/* Six rows, eight words (one 512-bit block) at a time; clones pick the widest vectors. */
__attribute__((target_clones("avx512f", "avx2", "default"))) static void
take_matches(const struct snapshot *s, const struct question *q, const uint64_t *row[6],
             struct state *t, struct answer *a)
{
    for (int w = 0; w < s->words; w += 8) {
        uint64_t hit[8] __attribute__((aligned(64)));
        uint64_t any = 0;
        for (int k = 0; k < 8; k++) {
            hit[k] = row[0][w + k] & row[1][w + k] & row[2][w + k] & row[3][w + k] &
                     row[4][w + k] & row[5][w + k];
            any |= hit[k];
        }
        if (any == 0)
            continue;
        for (int k = 0; k < 8; k++)
            for (uint64_t h = hit[k]; h != 0; h &= h - 1)
                take_rule(s, q, (w + k) * 64 + __builtin_ctzll(h), t, a);
    }
}

static bool better(struct interval x, struct interval y)
{
    return x.hi < y.hi || (x.hi == y.hi && x.lo < y.lo);
}

static struct interval layer_value(const struct state *t, int l)
{
    return (t->touched >> l) & 1 ? t->layer[l] : (struct interval){EQUAL, EQUAL};
}

static struct family_view family_value(const struct snapshot *s, const struct state *t,
                                       uint64_t layers)
{
    struct family_view f = {.winner = -1, .value = {SILENT, SILENT}};
    f.layers = layers & t->speaking & (t->touched | s->default_equal);
    struct interval best = {SILENT, SILENT};
    for (uint64_t m = f.layers; m != 0; m &= m - 1) {
        int l = __builtin_ctzll(m);
        struct interval v = layer_value(t, l);
        f.value.lo = v.lo < f.value.lo ? v.lo : f.value.lo;
        f.value.hi = v.hi < f.value.hi ? v.hi : f.value.hi;
        bool tie = f.winner >= 0 && v.lo == best.lo && v.hi == best.hi;
        bool base = (s->base >> l) & 1, winner_base = f.winner >= 0 && ((s->base >> f.winner) & 1);
        if (f.winner < 0 || better(v, best) || (tie && base && !winner_base)) {
            f.winner = l;
            best = v;
        }
    }
    return f;
}

static enum outcome outcome_of(const struct snapshot *s, const struct question *q,
                               const struct state *t, struct interval v)
{
    if (v.lo == PROHIBITED)
        return OUTCOME_PROHIBITED;
    if (v.hi == EQUAL) {
        int k = carve_out_state(s, q, t->deciding, NULL);
        return k > 0 ? OUTCOME_CARVED_OUT : k == 0 ? OUTCOME_UNDETERMINED : OUTCOME_EQUAL;
    }
    return v.lo > EQUAL && v.hi < PROHIBITED ? OUTCOME_CONDITIONAL : OUTCOME_UNDETERMINED;
}

/* The layer of a decisive family whose items would have to go for a better answer. */
static int flip_layer(const struct snapshot *s, const struct state *t, uint64_t layers)
{
    int best = -1;
    for (uint64_t m = layers & s->default_equal; m != 0; m &= m - 1) {
        int l = __builtin_ctzll(m);
        if (best < 0 || layer_value(t, l).hi < layer_value(t, best).hi)
            best = l;
    }
    return best;
}

static bool match_out(const struct match *m)
{
    return m->reason == REASON_EXCEPTED || m->reason == REASON_EXEMPTED ||
           m->reason == REASON_NOT_THIS_ACTIVITY;
}

struct verdict_sets { /* layers by their part in the answer */
    uint64_t winners, decisive_winners, decisive_layers, flips, counted;
};

static void give_reasons(const struct state *t, const struct verdict_sets *v, struct answer *a)
{
    for (int i = 0; i < a->n_matches; i++) {
        struct match *m = &a->match[i];
        if (match_out(m))
            continue;
        int l = t->match_layer[i];
        bool top = m->hi == a->treatment && a->treatment > EQUAL && a->treatment < SILENT;
        if (top && ((v->decisive_winners >> l) & 1)) {
            m->reason = REASON_PREVAILS;
            a->prevailing[a->n_prevailing++] = m->provision;
        } else if (m->reason != REASON_LIFTED) {
            m->reason = !((v->counted >> l) & 1)           ? REASON_NOT_DECISIVE
                        : !((v->winners >> l) & 1)         ? REASON_FAVOURED
                        : !((v->decisive_layers >> l) & 1) ? REASON_NOT_DECISIVE
                                                           : REASON_OUTRANKED;
        }
        if (((v->flips >> l) & 1) && m->hi >= a->treatment && a->treatment > EQUAL)
            a->flip[a->n_flip++] = m->provision;
    }
}

static const enum family cumulative[3] = {FAMILY_MARKET_ACCESS, FAMILY_PERMITS, FAMILY_FLOWS};

/* Joins the families and sorts layers into winners, decisive and flip. */
static void join_families(const struct snapshot *s, const struct question *q, struct state *t,
                          struct answer *a, struct verdict_sets *v)
{
    struct family_view f[4];
    f[0] = family_value(s, t, t->deciding);
    struct interval x = f[0].value;
    for (int i = 0; i < 3; i++) {
        f[i + 1] = family_value(s, t, s->family_layers[cumulative[i]]);
        if (f[i + 1].winner < 0)
            continue;
        x.lo = f[i + 1].value.lo > x.lo ? f[i + 1].value.lo : x.lo;
        x.hi = f[i + 1].value.hi > x.hi ? f[i + 1].value.hi : x.hi;
    }
    a->must = (enum treatment)x.lo;
    a->treatment = (enum treatment)x.hi;
    a->outcome = outcome_of(s, q, t, x);
    if ((f[0].layers & s->base) && !((s->base >> f[0].winner) & 1))
        a->favoured_by = f[0].winner;
    for (int i = 0; i < 4; i++) {
        if (f[i].winner < 0)
            continue;
        v->counted |= f[i].layers;
        v->winners |= (uint64_t)1 << f[i].winner;
        if (f[i].value.hi != x.hi)
            continue;
        v->decisive_layers |= f[i].layers;
        v->decisive_winners |= (uint64_t)1 << f[i].winner;
        int flip = flip_layer(s, t, f[i].layers);
        if (flip >= 0)
            v->flips |= (uint64_t)1 << flip;
    }
}

void decide(const struct snapshot *s, const struct question *q, struct answer *a)
{
    size_t w = (size_t)s->words;
    int combo = combo_of(q->mode, q->direction, q->kind);
    int v = snapshot_slice(s->valid_day, s->n_valid, q->on);
    int k = snapshot_slice(s->known_day, s->n_known, q->known);
    const uint64_t *row[6] = {
        s->sector.bits + (size_t)q->sector * w, s->combo.bits + (size_t)combo * w,
        s->origin.bits + (size_t)q->origin * w, s->place.bits + (size_t)q->place * w,
        s->valid.bits + (size_t)v * w,          s->known.bits + (size_t)k * w};
    struct state t;
    t.speaking = snapshot_speaking(s, q);
    t.deciding = snapshot_deciding(s, q) & t.speaking;
    t.touched = 0;
    a->n_matches = a->n_prevailing = a->n_flip = 0;
    a->favoured_by = -1;
    take_matches(s, q, row, &t, a);
    struct verdict_sets sets = {0};
    if ((t.deciding & s->default_equal) == 0) {
        a->outcome = OUTCOME_ELSEWHERE;
        a->must = a->treatment = SILENT;
    } else {
        join_families(s, q, &t, a, &sets);
    }
    give_reasons(&t, &sets, a);
}
