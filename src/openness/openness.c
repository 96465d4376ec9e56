#include "openness/openness.h"

#include <stdio.h>
#include <stdlib.h>

struct bound { /* an interval of treatments */
    uint8_t lo, hi;
};

struct tally { /* per leaf of a sector class, in cells; lo and hi in score */
    int64_t cells, carved, elsewhere, lo, hi;
};

/* One measurement. Layers that can speak are bits of `active`; per class of places and origins
 * we know which of them do. */
struct ground {
    const struct corpus *c;
    const struct snapshot *law, *bare; /* bare: the same texts with every provision struck */
    const struct openness_question *q;
    const struct weights *w;
    uint64_t active, default_equal, only;
    uint64_t family[FAMILY_COUNT];
    struct grid grid;
    uint64_t at_place[LIMIT_PLACES], at_origin[LIMIT_ORIGINS]; /* per class */
    enum territory_kind territory[LIMIT_PLACES];               /* per place class */
    int64_t leaf_weight[LIMIT_SECTORS];                        /* per sector class */
    struct tally (*tally)[5][TERRITORY_COUNT];                 /* per sector class */
    struct contribution *contribution;
    int *row; /* provision -> contribution, -1 */
    struct openness *out;
};

struct cell { /* a class cell, decided */
    int s, c, o, p, mode;
    int64_t weight, cells; /* of the whole class cell */
    uint64_t speaking;
    struct question question;
    struct answer answer;
    int bare; /* is it carved out with everything struck? -1: not asked yet */
};

enum territory_kind place_territory(const struct classification *c, int place)
{
    for (int p = place; p >= 0; p = c->place[p].parent)
        if (str_eqz(c->place[p].code, "CN-HI"))
            return TERRITORY_HAINAN;
    return str_eqz(c->place[place].kind, "ftz") ? TERRITORY_ZONES : TERRITORY_NATIONAL;
}

/* --- the domain --------------------------------------------------------------------------- */

enum err openness_domain(const struct corpus *c, int edition, day_t on,
                         const uint64_t places[PLACE_WORDS], struct scope *out, struct error *e)
{
    scope_whole(c->codes, on, out);
    out->combo &= combos_of(0x1e, IMPORT, (1u << KIND_COUNT) - 1);
    if (edition >= 0)
        bits_and(out->place, c->instrument[edition].place, PLACE_WORDS);
    if (places != NULL)
        bits_and(out->place, places, PLACE_WORDS);
    if (bits_any(out->place, PLACE_WORDS))
        return OK;
    char day[11];
    day_format(on, day);
    err_set(e, ERR_PLACE_DATE, "%s 没有可计算的地点", "there is no place to count on %s", day);
    err_at(e, "", 0, "to");
    return ERR_PLACE_DATE;
}

/* --- layers ------------------------------------------------------------------------------- */

static bool in_force(const struct instrument *i, day_t on, day_t known)
{
    return i->valid_from <= on && on < i->valid_to && i->known_from <= known &&
           known < i->known_to;
}

static bool counts(enum family f)
{
    return f != FAMILY_SUPPORT && f != FAMILY_PILOT;
}

bool openness_unseen(const struct corpus *c, const struct openness_question *q, int instrument)
{
    const struct instrument *i = &c->instrument[instrument];
    bool asked = q->edition < 0 || q->edition == instrument;
    bool list = i->edition == EDITION_HEADLINE || (i->layer >= 0 && i->default_equal);
    return asked && list && !i->complete && counts(i->family) && in_force(i, q->on, q->known);
}

static void find_layers(struct ground *g)
{
    for (int l = 0; l < g->c->n_layers; l++) {
        const struct instrument *i = &g->c->instrument[g->c->layer[l]];
        uint64_t bit = (uint64_t)1 << l;
        if (!counts(i->family))
            continue;
        g->family[i->family] |= bit;
        g->default_equal |= i->default_equal ? bit : 0;
        bool asked = g->only == 0 || g->only == bit;
        if (asked && !i->claimable && in_force(i, g->q->on, g->q->known))
            g->active |= bit;
    }
}

static void layer_origins(const struct corpus *c, const struct instrument *i, day_t on,
                          uint64_t out[ORIGIN_WORDS])
{
    memcpy(out, i->origin, ORIGIN_WORDS * sizeof *out);
    if (i->group.n == 0)
        return;
    memset(out, 0, ORIGIN_WORDS * sizeof *out);
    for (int o = 0; o < c->codes->n_economies; o++)
        if (group_has(c->codes, i->group, o, on))
            bit_set(out, (size_t)o);
}

/* --- classes ------------------------------------------------------------------------------ */

static bool is_active(const struct ground *g, int layer)
{
    return layer >= 0 && ((g->active >> layer) & 1);
}

static void split_by_provision(struct grid *x, const struct provision *p)
{
    classes_split(&x->sector, p->scope.sector);
    classes_split(&x->combo, &p->scope.combo);
    classes_split(&x->origin, p->scope.origin);
    classes_split(&x->place, p->scope.place);
    for (int i = 0; i < p->n_exemptions; i++) {
        if (p->exemption[i].has_origins)
            classes_split(&x->origin, p->exemption[i].origin);
        classes_split(&x->place, p->exemption[i].place);
    }
}

/* What the derived facts tell apart: mode, legal form, territory (docs/meaning.md section 1). */
static void split_by_facts(struct ground *g)
{
    uint64_t place[TERRITORY_COUNT][PLACE_WORDS] = {{0}};
    unsigned other_forms = 1u << KIND_WFOE | 1u << KIND_BRANCH | 1u << KIND_REP;
    for (unsigned mode = 1; mode <= 4; mode++) {
        uint64_t combos = combos_of(1u << mode, IMPORT, (1u << KIND_COUNT) - 1);
        classes_split(&g->grid.combo, &combos);
    }
    uint64_t venture = combos_of(0x1e, IMPORT, 1u << KIND_JV);
    uint64_t other = combos_of(0x1e, IMPORT, other_forms);
    classes_split(&g->grid.combo, &venture);
    classes_split(&g->grid.combo, &other);
    for (int p = 0; p < g->c->codes->n_places; p++)
        bit_set(place[place_territory(g->c->codes, p)], (size_t)p);
    for (int t = 0; t < TERRITORY_COUNT; t++)
        classes_split(&g->grid.place, place[t]);
}

static void split_by_layers(struct ground *g)
{
    const struct corpus *c = g->c;
    for (int l = 0; l < c->n_layers; l++) {
        uint64_t origin[ORIGIN_WORDS];
        if (!is_active(g, l))
            continue;
        const struct instrument *i = &c->instrument[c->layer[l]];
        layer_origins(c, i, g->q->on, origin);
        classes_split(&g->grid.origin, origin);
        classes_split(&g->grid.place, i->place);
    }
    for (int i = 0; i < c->n_carve_outs; i++)
        if (c->carve_out[i].has_sectors &&
            is_active(g, c->instrument[c->carve_out[i].instrument].layer))
            classes_split(&g->grid.sector, c->carve_out[i].sector);
    for (int p = 0; p < c->n_provisions; p++)
        if (is_active(g, c->provision[p].layer))
            split_by_provision(&g->grid, &c->provision[p]);
}

/* Which layers speak in each class: its lowest code stands for all. */
static void find_speakers(struct ground *g)
{
    const struct corpus *c = g->c;
    for (int p = 0; p < g->grid.place.n; p++)
        g->territory[p] = place_territory(c->codes, g->grid.place.first[p]);
    for (int l = 0; l < c->n_layers; l++) {
        uint64_t origin[ORIGIN_WORDS], bit = (uint64_t)1 << l;
        if (!is_active(g, l))
            continue;
        const struct instrument *i = &c->instrument[c->layer[l]];
        layer_origins(c, i, g->q->on, origin);
        for (int p = 0; p < g->grid.place.n; p++)
            if (bit_get(i->place, (size_t)g->grid.place.first[p]))
                g->at_place[p] |= bit;
        for (int o = 0; o < g->grid.origin.n; o++)
            if (bit_get(origin, (size_t)g->grid.origin.first[o]))
                g->at_origin[o] |= bit;
    }
}

static void make_grid(struct ground *g)
{
    const struct scope *d = g->q->domain;
    const struct classification *k = g->c->codes;
    classes_init(&g->grid.sector, d->sector, k->gbt.n_leaves);
    classes_init(&g->grid.combo, &d->combo, COMBOS);
    classes_init(&g->grid.origin, d->origin, k->n_economies);
    classes_init(&g->grid.place, d->place, k->n_places);
    split_by_facts(g);
    split_by_layers(g);
    find_speakers(g);
    for (int i = 0; i < k->gbt.n_leaves; i++)
        if (g->grid.sector.of[i] >= 0)
            g->leaf_weight[g->grid.sector.of[i]] += g->w->leaf[i];
}

/* --- one cell ----------------------------------------------------------------------------- */

static uint64_t family_layers(const struct ground *g, int mode, int which)
{
    static const enum family cumulative[3] = {FAMILY_MARKET_ACCESS, FAMILY_PERMITS, FAMILY_FLOWS};
    if (which > 0)
        return g->family[cumulative[which - 1]];
    return g->family[mode == 3 ? FAMILY_INVESTMENT : FAMILY_CROSS_BORDER] |
           g->family[FAMILY_COMMITMENTS];
}

static bool match_out(const struct match *m)
{
    return m->reason == REASON_EXCEPTED || m->reason == REASON_EXEMPTED ||
           m->reason == REASON_NOT_THIS_ACTIVITY;
}

/* docs/meaning.md section 4 over the matches of a decided cell, match `without` left out
 * (-1: none): layers by their strictest match, families by their most favourable layer, the
 * answer by the strictest family. */
static struct bound join(const struct ground *g, const struct cell *x, int without)
{
    struct bound layer[LIMIT_LAYERS], answer = {EQUAL, EQUAL};
    uint64_t touched = 0;
    for (int i = 0; i < x->answer.n_matches; i++) {
        const struct match *m = &x->answer.match[i];
        int l = g->c->provision[m->provision].layer;
        if (i == without || match_out(m))
            continue;
        if (!((touched >> l) & 1))
            layer[l] = (struct bound){EQUAL, EQUAL};
        touched |= (uint64_t)1 << l;
        layer[l].lo = m->lo > layer[l].lo ? m->lo : layer[l].lo;
        layer[l].hi = m->hi > layer[l].hi ? m->hi : layer[l].hi;
    }
    for (int f = 0; f < 4; f++) {
        struct bound family = {SILENT, SILENT};
        uint64_t layers = family_layers(g, x->mode, f) & x->speaking & (touched | g->default_equal);
        if (layers == 0)
            continue;
        for (uint64_t m = layers; m != 0; m &= m - 1) {
            int l = __builtin_ctzll(m);
            struct bound v = (touched >> l) & 1 ? layer[l] : (struct bound){EQUAL, EQUAL};
            family.lo = v.lo < family.lo ? v.lo : family.lo;
            family.hi = v.hi < family.hi ? v.hi : family.hi;
        }
        answer.lo = family.lo > answer.lo ? family.lo : answer.lo;
        answer.hi = family.hi > answer.hi ? family.hi : answer.hi;
    }
    return answer;
}

/* The carve-out of a cell does not hang on provisions: it is asked of the bare law. */
static bool carved_when_bare(const struct ground *g, struct cell *x)
{
    if (x->bare < 0) {
        struct answer a;
        decide(g->bare, &x->question, &a);
        x->bare = a.outcome == OUTCOME_CARVED_OUT || a.outcome == OUTCOME_UNDETERMINED;
    }
    return x->bare > 0;
}

struct points { /* score of the worst and of the best that may be */
    int64_t lo, hi;
};

static struct points score(const struct ground *g, struct bound v, bool carved)
{
    if (v.hi == EQUAL && carved)
        return (struct points){g->w->score[PROHIBITED], g->w->score[EQUAL]};
    return (struct points){g->w->score[v.hi], g->w->score[v.lo]};
}

static void strike(struct ground *g, struct cell *x, struct points now)
{
    for (int i = 0; i < x->answer.n_matches; i++) {
        const struct match *m = &x->answer.match[i];
        if (match_out(m))
            continue;
        struct bound v = join(g, x, i);
        struct points then = score(g, v, v.hi == EQUAL && carved_when_bare(g, x));
        struct contribution *k = &g->contribution[g->row[m->provision]];
        k->lo += (then.lo - now.lo) * x->weight;
        k->hi += (then.hi - now.hi) * x->weight;
        k->cells += then.lo != now.lo || then.hi != now.hi ? x->cells : 0;
    }
    struct points bare = score(g, (struct bound){EQUAL, EQUAL}, carved_when_bare(g, x));
    g->out->all_lo += (bare.lo - now.lo) * x->weight;
    g->out->all_hi += (bare.hi - now.hi) * x->weight;
}

static void sum_add(struct openness_sum *to, const struct tally *t, int64_t weight, int64_t leaves)
{
    to->weight += t->cells * weight;
    to->lo += t->lo * weight;
    to->hi += t->hi * weight;
    to->carved += t->carved * weight;
    to->elsewhere += t->elsewhere * weight;
    to->cells += t->cells * leaves;
    to->cells_carved += t->carved * leaves;
    to->cells_elsewhere += t->elsewhere * leaves;
}

static enum err take_cell(struct ground *g, struct cell *x, struct error *e)
{
    const struct grid *d = &g->grid;
    struct tally t = {0};
    int64_t each = d->combo.weight[x->c] * d->origin.weight[x->o] * d->place.weight[x->p];
    int64_t weight = g->leaf_weight[x->s] * g->w->mode[x->mode];
    decide(g->law, &x->question, &x->answer);
    if (x->answer.n_matches == LIMIT_MATCHES)
        return err_set(e, ERR_LIMIT, "一格上的条目超过 %d 个", "more than %d items on one cell",
                       LIMIT_MATCHES);
    x->bare = -1;
    x->cells = each * d->sector.weight[x->s];
    x->weight = each * weight;
    if (x->answer.outcome == OUTCOME_ELSEWHERE) {
        t.elsewhere = each;
    } else {
        struct bound v = join(g, x, -1);
        check(v.lo == x->answer.must && v.hi == x->answer.treatment);
        bool carved = v.hi == EQUAL && x->answer.outcome != OUTCOME_EQUAL;
        struct points now = score(g, v, carved);
        t = (struct tally){each, carved ? each : 0, 0, now.lo * each, now.hi * each};
        if (x->answer.n_matches > 0)
            strike(g, x, now);
    }
    struct tally *to = &g->tally[x->s][x->mode][g->territory[x->p]];
    to->cells += t.cells;
    to->carved += t.carved;
    to->elsewhere += t.elsewhere;
    to->lo += t.lo;
    to->hi += t.hi;
    sum_add(&g->out->origins[x->o].sum, &t, weight, d->sector.weight[x->s]);
    return OK;
}

static void place_cell(const struct ground *g, struct cell *x, int s, int c, int o, int p)
{
    const struct grid *d = &g->grid;
    int combo = d->combo.first[c];
    x->s = s, x->c = c, x->o = o, x->p = p;
    x->mode = combo_mode(combo);
    x->speaking = g->at_place[p] & g->at_origin[o];
    x->question = (struct question){
        .sector = d->sector.first[s], .mode = x->mode, .origin = d->origin.first[o],
        .place = d->place.first[p], .direction = IMPORT, .kind = combo_kind(combo),
        .on = g->q->on, .known = g->q->known, .only = g->only};
}

static enum err take_cells(struct ground *g, struct error *e)
{
    struct cell x = {0};
    for (int p = 0; p < g->grid.place.n; p++)
        for (int o = 0; o < g->grid.origin.n; o++)
            for (int c = 0; c < g->grid.combo.n; c++)
                for (int s = 0; s < g->grid.sector.n; s++) {
                    place_cell(g, &x, s, c, o, p);
                    TRY(take_cell(g, &x, e));
                }
    return OK;
}

/* --- the whole ---------------------------------------------------------------------------- */

static void add_up(struct ground *g)
{
    const struct codelist *gbt = &g->c->codes->gbt;
    struct openness *out = g->out;
    for (int i = 0; i < gbt->n; i++)
        if (gbt->code[i].parent < 0 && out->n_sections < OPENNESS_SECTIONS)
            out->section[out->n_sections++] = i;
    for (int i = 0; i < gbt->n_leaves; i++) {
        int s = g->grid.sector.of[i], section = -1;
        if (s < 0)
            continue;
        for (int k = 0; k < out->n_sections; k++)
            if (gbt->code[out->section[k]].leaf_from <= i && i < gbt->code[out->section[k]].leaf_to)
                section = k;
        for (int m = 1; m <= 4; m++)
            for (int t = 0; t < TERRITORY_COUNT; t++) {
                const struct tally *x = &g->tally[s][m][t];
                int64_t weight = (int64_t)g->w->leaf[i] * g->w->mode[m];
                sum_add(&out->all, x, weight, 1);
                sum_add(&out->mode[m], x, weight, 1);
                sum_add(&out->place[t], x, weight, 1);
                sum_add(&out->leaf[i], x, weight, 1);
                if (section >= 0)
                    sum_add(&out->by_section[section], x, weight, 1);
            }
    }
}

static int by_rise(const void *a, const void *b)
{
    const struct contribution *x = a, *y = b;
    if (x->lo != y->lo)
        return x->lo > y->lo ? -1 : 1;
    if (x->hi != y->hi)
        return x->hi > y->hi ? -1 : 1;
    return (x->provision > y->provision) - (x->provision < y->provision);
}

static void list_provisions(struct ground *g, struct arena *a)
{
    const struct corpus *c = g->c;
    struct openness *out = g->out;
    g->row = ARENA_ARRAY(a, int, (size_t)c->n_provisions + 1);
    out->contribution = ARENA_ARRAY(a, struct contribution, (size_t)c->n_provisions + 1);
    g->contribution = out->contribution;
    for (int p = 0; p < c->n_provisions; p++) {
        g->row[p] = -1;
        if (!is_active(g, c->provision[p].layer))
            continue;
        g->row[p] = out->n_contributions;
        out->contribution[out->n_contributions++].provision = p;
        int grade = c->provision[p].evidence - 'A';
        if (grade >= 0 && grade < 3)
            out->grades[grade]++;
    }
}

/* The corpus with every provision struck: its instruments, notes and dates remain. */
static enum err make_bare(const struct corpus *c, struct arena *a, struct snapshot **out,
                          struct error *e)
{
    struct corpus *bare = ARENA_NEW(a, struct corpus);
    *bare = *c;
    bare->provision = ARENA_ARRAY(a, struct provision, (size_t)c->n_provisions + 1);
    if (c->n_provisions > 0)
        memcpy(bare->provision, c->provision, (size_t)c->n_provisions * sizeof *c->provision);
    for (int p = 0; p < c->n_provisions; p++)
        bare->provision[p].layer = -1;
    return snapshot_create(out, bare, e);
}

static void list_origins(struct ground *g, struct arena *a)
{
    struct openness *out = g->out;
    out->n_origins = g->grid.origin.n;
    out->origins = ARENA_ARRAY(a, struct openness_origins, (size_t)out->n_origins + 1);
    for (int o = 0; o < out->n_origins; o++) {
        classes_codes(&g->grid.origin, o, out->origins[o].origin);
        out->origins[o].n = g->grid.origin.weight[o];
    }
}

enum err openness_measure(const struct snapshot *s, const struct openness_question *q,
                          struct arena *a, struct openness *out, struct error *e)
{
    struct ground *g = ARENA_NEW(a, struct ground);
    struct snapshot *bare = NULL;
    memset(out, 0, sizeof *out);
    *g = (struct ground){.c = snapshot_corpus(s), .law = s, .q = q, .w = q->weights, .out = out};
    out->edition = q->edition;
    out->on = q->on;
    out->known = q->known;
    if (q->edition >= 0) {
        check(g->c->instrument[q->edition].layer >= 0);
        g->only = (uint64_t)1 << g->c->instrument[q->edition].layer;
    }
    find_layers(g);
    make_grid(g);
    list_origins(g, a);
    list_provisions(g, a);
    g->tally = arena_array(a, (size_t)g->grid.sector.n + 1, sizeof *g->tally);
    TRY(make_bare(g->c, a, &bare, e));
    g->bare = bare;
    enum err result = take_cells(g, e);
    snapshot_destroy(bare);
    TRY(result);
    out->class_cells = (int64_t)grid_cells(&g->grid);
    add_up(g);
    for (int i = 0; i < out->n_contributions; i++) {
        out->sum_lo += out->contribution[i].lo;
        out->sum_hi += out->contribution[i].hi;
    }
    sort_by(out->contribution, (size_t)out->n_contributions, sizeof *out->contribution, by_rise);
    return OK;
}

void share_format(int64_t points, int64_t weight, char out[24])
{
    __int128 full = (__int128)weight * WEIGHT_SCORE;
    if (weight == 0) {
        snprintf(out, 24, "-");
        return;
    }
    __int128 n = (__int128)(points < 0 ? -points : points) * 10000;
    long long v = (long long)((2 * n + full) / (2 * full));
    snprintf(out, 24, "%s%lld.%04lld", points < 0 && v > 0 ? "-" : "", v / 10000, v % 10000);
}

/* --- the time line ------------------------------------------------------------------------ */

static int by_day(const void *a, const void *b)
{
    day_t x = *(const day_t *)a, y = *(const day_t *)b;
    return (x > y) - (x < y);
}

/* May the text change the index of this question? */
static bool matters(const struct corpus *c, const struct openness_question *q, int instrument)
{
    const struct instrument *i = &c->instrument[instrument];
    return i->layer >= 0 && !i->claimable && counts(i->family) &&
           (q->edition < 0 || q->edition == instrument) && i->known_from <= q->known &&
           q->known < i->known_to;
}

/* The first day on which a negative list of a deciding family speaks. */
static day_t first_list(const struct corpus *c, const struct openness_question *q)
{
    day_t first = DAY_MAX;
    for (int i = 0; i < c->n_instruments; i++) {
        const struct instrument *t = &c->instrument[i];
        bool decides = t->family == FAMILY_CROSS_BORDER || t->family == FAMILY_INVESTMENT ||
                       t->family == FAMILY_COMMITMENTS;
        if (matters(c, q, i) && decides && t->default_equal && t->valid_from < first)
            first = t->valid_from;
    }
    return first;
}

static int boundaries(const struct corpus *c, const struct openness_question *q, struct arena *a,
                      day_t **out)
{
    const struct classification *k = c->codes;
    size_t room = 2 * (size_t)c->n_instruments + (size_t)k->n_places +
                  2 * (size_t)k->n_memberships + 1;
    day_t *d = ARENA_ARRAY(a, day_t, room), first = first_list(c, q), last = q->known + 3652;
    int n = 0, kept = 0;
    for (int i = 0; i < c->n_instruments; i++) {
        const struct instrument *t = &c->instrument[i];
        if (!matters(c, q, i))
            continue;
        d[n++] = t->valid_from;
        d[n++] = t->valid_to;
        for (int m = 0; m < k->n_memberships; m++)
            if (t->group.n > 0 && str_eq(k->membership[m].group, t->group) &&
                (size_t)n + 2 <= room) {
                d[n++] = k->membership[m].from;
                d[n++] = k->membership[m].to;
            }
    }
    for (int p = 0; p < k->n_places && (size_t)n < room; p++)
        d[n++] = k->place[p].from;
    sort_by(d, (size_t)n, sizeof *d, by_day);
    for (int i = 0; i < n; i++)
        if (d[i] >= first && d[i] <= last && (kept == 0 || d[kept - 1] != d[i]))
            d[kept++] = d[i];
    *out = d;
    return kept;
}

static void what_changed(const struct corpus *c, const struct openness_question *q,
                         struct moment *m)
{
    for (int i = 0; i < c->n_instruments; i++) {
        if (!matters(c, q, i))
            continue;
        if (c->instrument[i].valid_from == m->from && m->n_began < LIMIT_LAYERS)
            m->began[m->n_began++] = i;
        if (c->instrument[i].valid_to == m->from && m->n_ended < LIMIT_LAYERS)
            m->ended[m->n_ended++] = i;
    }
    for (int p = 0; p < c->codes->n_places; p++)
        m->n_places += c->codes->place[p].from == m->from;
}

enum err openness_timeline(const struct snapshot *s, const struct openness_question *q,
                           const uint64_t places[PLACE_WORDS], struct arena *a,
                           struct moment **out, int *n, struct error *e)
{
    const struct corpus *c = snapshot_corpus(s);
    struct openness *x = ARENA_NEW(a, struct openness);
    day_t *day;
    int days = boundaries(c, q, a, &day);
    *out = ARENA_ARRAY(a, struct moment, (size_t)days + 1);
    *n = 0;
    for (int i = 0; i < days; i++) {
        struct scope domain;
        struct error none = {0};
        struct openness_question at = *q;
        at.on = day[i];
        at.domain = &domain;
        if (openness_domain(c, q->edition, day[i], places, &domain, &none) != OK)
            continue; /* the place was not founded yet */
        struct moment *m = &(*out)[(*n)++];
        m->from = day[i];
        TRY(openness_measure(s, &at, a, x, e));
        m->all = x->all;
        what_changed(c, q, m);
    }
    return OK;
}
