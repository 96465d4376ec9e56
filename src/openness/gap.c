/* Categories of every class cell, gathered into findings. */
#include "openness/gap_inside.h"

#include <stdlib.h>

static const char *const names[] = {"breach", "facts", "water", "within",
                                    "equal",  "unbound", "ungoverned"};

const char *gap_category_name(enum gap_category k)
{
    return names[k];
}

char grade_lower(char a, char b)
{
    return a > b ? a : b;
}

struct span span_of(const struct answer *a)
{
    return (struct span){(uint8_t)a->must, (uint8_t)a->treatment};
}

struct shown shown_of(const struct answer *a)
{
    return (struct shown){a->outcome, span_of(a)};
}

enum gap_category gap_category_of(bool governed, struct span applied, struct span bound)
{
    if (!governed)
        return GAP_UNGOVERNED;
    if (bound.hi == SILENT)
        return GAP_UNBOUND;
    if (applied.lo > bound.hi)
        return GAP_BREACH;
    if (applied.hi > bound.hi)
        return GAP_FACTS;
    if (applied.hi < bound.lo)
        return GAP_WATER;
    return applied.lo == bound.lo && applied.hi == bound.hi ? GAP_EQUAL : GAP_WITHIN;
}

bool gap_is_agreement(const struct corpus *c, int instrument, day_t known)
{
    const struct instrument *i = &c->instrument[instrument];
    return i->family == FAMILY_COMMITMENTS && i->kind == LAYER_TREATY && i->known_from <= known &&
           known < i->known_to;
}

/* --- cells -------------------------------------------------------------------------------- */

struct question gap_question(const struct grid *g, size_t at, day_t on, day_t known)
{
    size_t p = at % (size_t)g->place.n, o = at / (size_t)g->place.n % (size_t)g->origin.n;
    size_t rest = at / ((size_t)g->place.n * (size_t)g->origin.n);
    int combo = g->combo.first[rest % (size_t)g->combo.n];
    return (struct question){.sector = g->sector.first[rest / (size_t)g->combo.n],
                             .mode = combo_mode(combo),
                             .direction = combo_direction(combo),
                             .kind = combo_kind(combo),
                             .origin = g->origin.first[o],
                             .place = g->place.first[p],
                             .on = on,
                             .known = known};
}

/* As docs/meaning.md section 5 has it, of the question that was asked. */
char gap_evidence(const struct snapshot *s, const struct question *q, const struct answer *a)
{
    const struct corpus *c = s->c;
    uint64_t layers = snapshot_speaking(s, q) & snapshot_deciding(s, q);
    char worst = 'A';
    for (int i = 0; i < a->n_prevailing; i++)
        worst = grade_lower(worst, c->provision[a->prevailing[i]].evidence);
    if (a->outcome == OUTCOME_CARVED_OUT) {
        int which = -1;
        carve_out_state(s, q, layers, &which);
        return which >= 0 ? c->carve_out[which].evidence : 'C';
    }
    for (uint64_t m = layers & s->default_equal; m != 0 && a->treatment == EQUAL; m &= m - 1)
        worst = grade_lower(
            worst, c->instrument[c->layer[__builtin_ctzll(m)]].complete ? 'B' : 'C');
    return worst;
}

static bool match_counts(const struct match *m)
{
    return m->reason != REASON_EXCEPTED && m->reason != REASON_EXEMPTED &&
           m->reason != REASON_NOT_THIS_ACTIVITY;
}

bool gap_bound(const struct snapshot *s, struct question q, int layer, struct answer *a,
               struct span *out)
{
    uint64_t bit = (uint64_t)1 << layer;
    q.only = q.claims = bit;
    decide(s, &q, a);
    bool none = true, speaks = (snapshot_speaking(s, &q) & bit) != 0;
    *out = (struct span){EQUAL, EQUAL};
    for (int i = 0; i < a->n_matches; i++) {
        const struct match *m = &a->match[i];
        if (!match_counts(m))
            continue;
        none = false;
        out->lo = m->lo > out->lo ? m->lo : out->lo;
        out->hi = m->hi > out->hi ? m->hi : out->hi;
    }
    if (!speaks || (none && !((s->default_equal >> layer) & 1)))
        *out = (struct span){SILENT, SILENT};
    return a->n_matches < LIMIT_MATCHES;
}

/* --- findings ----------------------------------------------------------------------------- */

struct sweep {
    struct gap *g;
    const struct snapshot *s;
    struct arena *arena;
    const struct grid *grid;
    uint64_t leave_out; /* layers */
    int n_says_unbound;
    const struct provision **says_unbound; /* lines that confer nothing */
    struct groups groups;
    int32_t *group; /* per class cell, -1 */
};

/* A line that says "unbound" is no rule for decide(); here it is told from a missing line, and
 * where another line binds the same class it casts doubt on that one. */
static void says_unbound_make(struct sweep *w, struct grid *grid)
{
    const struct corpus *c = w->s->c;
    const struct instrument *i = &c->instrument[w->g->request.agreement];
    w->says_unbound = ARENA_ARRAY(w->arena, const struct provision *, (size_t)i->n + 1);
    for (int k = i->first; k < i->first + i->n; k++) {
        const struct provision *p = &c->provision[k];
        if (p->treatment != SILENT || p->effect != EFFECT_COMMIT)
            continue;
        w->says_unbound[w->n_says_unbound++] = p;
        classes_split(&grid->sector, p->scope.sector);
        classes_split(&grid->origin, p->scope.origin);
        classes_split(&grid->place, p->scope.place);
    }
}

static bool says_unbound(const struct sweep *w, const struct question *q)
{
    int combo = combo_of(q->mode, q->direction, q->kind);
    for (int i = 0; i < w->n_says_unbound; i++)
        if (scope_has(&w->says_unbound[i]->scope, q->sector, combo, q->origin, q->place))
            return true;
    return false;
}

/* KEY_HEAD numbers, then the items, then the lines that set the bound. */
enum { KEY_CATEGORY, KEY_ALO, KEY_AHI, KEY_BLO, KEY_BHI, KEY_GRADE, KEY_PARTIAL,
       KEY_CONTESTED, KEY_ITEMS, KEY_HEAD, KEY_ROOM = KEY_HEAD + 2 * LIMIT_MATCHES };

static int finding_key(const struct sweep *w, const struct question *q, enum gap_category k,
                       const struct answer *applied, const struct answer *lines,
                       struct span bound, int32_t key[KEY_ROOM])
{
    const struct provision *law = w->s->c->provision;
    char grade = gap_evidence(w->s, q, applied);
    bool partial = false;
    int n = KEY_HEAD;
    for (int i = 0; i < applied->n_prevailing; i++) {
        key[n++] = applied->prevailing[i];
        partial |= law[applied->prevailing[i]].partial;
    }
    for (int i = 0; i < lines->n_matches; i++) {
        const struct match *m = &lines->match[i];
        if (!match_counts(m) || m->hi != bound.hi)
            continue;
        key[n++] = m->provision;
        grade = grade_lower(grade, law[m->provision].evidence);
        partial |= law[m->provision].partial;
    }
    key[KEY_CATEGORY] = (int32_t)k;
    key[KEY_ALO] = (int32_t)applied->must, key[KEY_AHI] = (int32_t)applied->treatment;
    key[KEY_BLO] = bound.lo, key[KEY_BHI] = bound.hi;
    key[KEY_GRADE] = grade, key[KEY_PARTIAL] = partial;
    key[KEY_CONTESTED] = says_unbound(w, q);
    key[KEY_ITEMS] = applied->n_prevailing;
    return n;
}

static bool partial_lines(const struct corpus *c, const struct answer *lines)
{
    for (int i = 0; i < lines->n_matches; i++)
        if (match_counts(&lines->match[i]) && c->provision[lines->match[i].provision].partial)
            return true;
    return false;
}

static bool sweep_cell(struct sweep *w, size_t at, uint64_t weight)
{
    struct gap *g = w->g;
    struct question q = gap_question(w->grid, at, g->request.on, g->request.known);
    static _Thread_local struct answer applied, lines;
    struct span bound;
    q.only = ~w->leave_out;
    decide(w->s, &q, &applied);
    if (!gap_bound(w->s, q, g->layer, &lines, &bound))
        return false;
    enum gap_category k =
        gap_category_of(applied.outcome != OUTCOME_ELSEWHERE, span_of(&applied), bound);
    g->cells[k] += weight;
    g->total += weight;
    g->on_partial[k] += partial_lines(w->s->c, &lines) ? weight : 0;
    if (k == GAP_UNBOUND) {
        g->unbound_open += applied.treatment == EQUAL ? weight : 0;
        g->unbound_by_line += says_unbound(w, &q) ? weight : 0;
    }
    if (k < GAP_UNBOUND && !g->request.counts_only) {
        int32_t key[KEY_ROOM];
        int n = finding_key(w, &q, k, &applied, &lines, bound, key);
        w->group[at] = groups_put(&w->groups, key, n, at, weight);
    }
    return true;
}

static void finding_witness(const struct sweep *w, struct gap_finding *f, size_t at)
{
    const struct gap *g = w->g;
    uint64_t bit = (uint64_t)1 << g->layer;
    static _Thread_local struct answer a;
    struct question q = gap_question(w->grid, at, g->request.on, g->request.known);
    q.only = ~w->leave_out;
    decide(w->s, &q, &a);
    f->without = shown_of(&a);
    check(f->without.value.lo == f->applied.lo && f->without.value.hi == f->applied.hi);
    f->witness = q;
    f->witness.only = 0;
    q.only = 0;
    q.claims = bit & w->s->claimable;
    decide(w->s, &q, &a);
    f->with = shown_of(&a);
}

static void finding_make(const struct sweep *w, const struct group_key *k, struct gap_finding *f)
{
    int n = k->n - KEY_HEAD;
    int *list = ARENA_ARRAY(w->arena, int, (size_t)n + 1);
    for (int i = 0; i < n; i++)
        list[i] = k->key[KEY_HEAD + i];
    f->category = (enum gap_category)k->key[KEY_CATEGORY];
    f->applied = (struct span){(uint8_t)k->key[KEY_ALO], (uint8_t)k->key[KEY_AHI]};
    f->bound = (struct span){(uint8_t)k->key[KEY_BLO], (uint8_t)k->key[KEY_BHI]};
    f->evidence = (char)k->key[KEY_GRADE];
    f->partial = k->key[KEY_PARTIAL] != 0;
    f->contested = k->key[KEY_CONTESTED] != 0;
    f->n_items = k->key[KEY_ITEMS];
    f->n_lines = n - f->n_items;
    f->item = list;
    f->line = list + f->n_items;
    f->cells = k->cells;
    f->discretion = f->category <= GAP_FACTS && f->applied.hi == APPROVAL &&
                    f->bound.hi >= CONDITION;
    finding_witness(w, f, k->at);
}

static int by_severity(const void *x, const void *y)
{
    const struct gap_finding *a = x, *b = y;
    if (a->category != b->category)
        return (a->category > b->category) - (a->category < b->category);
    if (a->discretion != b->discretion)
        return (int)a->discretion - (int)b->discretion;
    if (a->cells != b->cells)
        return a->cells < b->cells ? 1 : -1;
    return a->first_box - b->first_box;
}

static void take_finding_boxes(void *ctx, int group, int first, int n)
{
    struct gap_finding *f = ctx;
    f[group].first_box = first;
    f[group].n_boxes = n;
}

static enum err sweep_all(struct sweep *w, struct error *e)
{
    const struct grid *d = w->grid;
    for (int s = 0; s < d->sector.n; s++)
        for (int c = 0; c < d->combo.n; c++)
            for (int o = 0; o < d->origin.n; o++)
                for (int p = 0; p < d->place.n; p++)
                    if (!sweep_cell(w, grid_at(d, s, c, o, p), grid_weight(d, s, c, o, p)))
                        return err_set(e, ERR_LIMIT, "一格上的承诺超过 %d 条",
                                       "more than %d lines on one cell", LIMIT_MATCHES);
    return OK;
}

static enum err findings_make(struct gap *g, struct arena *a, const struct snapshot *s,
                              uint64_t leave_out, struct error *e)
{
    struct grid *grid = ARENA_NEW(a, struct grid);
    snapshot_grid(s, g->request.on, g->request.known, &g->domain, grid);
    struct sweep w = {.g = g, .s = s, .arena = a, .grid = grid, .leave_out = leave_out};
    says_unbound_make(&w, grid);
    g->class_cells = grid_cells(grid);
    w.group = ARENA_ARRAY(a, int32_t, g->class_cells + 1);
    memset(w.group, 0xff, g->class_cells * sizeof *w.group);
    groups_init(&w.groups, a);
    TRY(sweep_all(&w, e));
    g->n = w.groups.n;
    g->finding = ARENA_ARRAY(a, struct gap_finding, (size_t)g->n + 1);
    for (int i = 0; i < g->n; i++)
        finding_make(&w, &w.groups.of[i], &g->finding[i]);
    if (g->n > 0)
        gap_cover(g, a, grid, w.group, take_finding_boxes, g->finding);
    sort_by(g->finding, (size_t)g->n, sizeof *g->finding, by_severity);
    return OK;
}

/* --- the whole ---------------------------------------------------------------------------- */

void gap_members(const struct corpus *c, int instrument, day_t on, uint64_t out[ORIGIN_WORDS])
{
    const struct instrument *i = &c->instrument[instrument];
    memset(out, 0, ORIGIN_WORDS * sizeof *out);
    for (int o = 0; o < c->codes->n_economies; o++)
        if (bit_get(i->origin, (size_t)o) &&
            (i->group.n == 0 || group_has(c->codes, i->group, o, on)))
            bit_set(out, (size_t)o);
}

static void domain_make(struct gap *g, const struct corpus *c)
{
    const struct gap_request *r = &g->request;
    const struct instrument *i = &c->instrument[r->agreement];
    uint64_t members[ORIGIN_WORDS];
    struct scope *d = &g->domain;
    scope_whole(c->codes, r->on, d);
    d->combo = combos_of(0x1e, IMPORT, ~0u);
    gap_members(c, r->agreement, r->on, members);
    bits_and(d->origin, members, ORIGIN_WORDS);
    bits_and(d->place, i->place, PLACE_WORDS);
    for (int o = 0; r->origin >= 0 && o < c->codes->n_economies; o++)
        if (o != r->origin)
            bit_clear(d->origin, (size_t)o);
    for (int p = 0; r->place >= 0 && p < c->codes->n_places; p++)
        if (p != r->place)
            bit_clear(d->place, (size_t)p);
    g->members = (int)bits_count(d->origin, ORIGIN_WORDS);
    g->places = (int)bits_count(d->place, PLACE_WORDS);
    g->in_force = i->valid_from <= r->on && r->on < i->valid_to;
    g->party = g->members > 0;
}

uint64_t gap_local_layers(const struct corpus *c, const struct obligations *o)
{
    uint64_t set = 0;
    for (int l = 0; l < c->n_layers; l++)
        for (int i = 0; i < o->n_local; i++)
            if (str_eq(c->instrument[c->layer[l]].id, o->local[i]))
                set |= (uint64_t)1 << l;
    return set;
}

/* Days and the place, by the same rules as any question. */
static enum err request_check(const struct corpus *c, const struct gap_request *r,
                              struct error *e)
{
    int china = economy_find(c->codes, STR("CN"));
    int other = china == 0 && c->codes->n_economies > 1 ? 1 : 0;
    struct question q = {.mode = 1, .on = r->on, .known = r->known, .origin = other,
                         .place = r->place >= 0 ? r->place : 0};
    return question_check(c, &q, e);
}

enum err gap_make(struct gap *out, struct arena *a, const struct snapshot *s,
                  const struct obligations *o, const struct gap_request *r, struct error *e)
{
    const struct corpus *c = s->c;
    const struct instrument *i = &c->instrument[r->agreement];
    memset(out, 0, sizeof *out);
    out->request = *r;
    out->terms = terms_of(o, i->id);
    out->layer = i->is_layer ? i->layer : -1;
    TRY(request_check(c, r, e));
    domain_make(out, c);
    if (!out->in_force || !out->party || out->places == 0)
        return OK;
    uint64_t leave_out = out->layer >= 0 ? (uint64_t)1 << out->layer : 0;
    if (out->terms->local_exempt.known)
        leave_out |= gap_local_layers(c, o);
    if (out->layer >= 0)
        TRY(findings_make(out, a, s, leave_out, e));
    if (r->counts_only)
        return OK;
    gap_slides_make(out, a, s, leave_out);
    return gap_mfn_make(out, a, s, o, e);
}
