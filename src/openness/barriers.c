/* Rules against lists, as sets. Nothing here looks at a raw cell: each comparison cuts its own
 * domain into classes by the few scopes that meet it. */
#include "openness/barriers.h"

#include "openness/overlay.h"

struct list { /* a negative list in force */
    int layer, instrument;
    enum family family;
    bool national, selected; /* selected: its items are looked at */
    struct scope speaks;
};
struct item { /* of a selected list, clipped to where its list speaks */
    int provision, list;
    bool grouped; /* a finding of its key has it already */
    struct scope scope;
};
struct found {
    struct barrier b;
    struct found *next;
};
struct search {
    const struct snapshot *s;
    const struct corpus *c;
    const struct catalogue *k;
    day_t on, known;
    struct arena *a;       /* the findings */
    struct arena scratch;  /* one comparison */
    int n_lists, n_items;
    struct list list[LIMIT_LAYERS];
    struct item *item;
    struct found *first, *last;
    struct barriers *out;
    struct error *e;
};

static const char *const names[BARRIER_KINDS] = {"no-list-item", "reaches-beyond-item",
                                                 "item-without-rule", "contradiction",
                                                 "local-stricter"};

const char *barrier_name(enum barrier_kind k)
{
    return names[k];
}

/* --- what is compared --------------------------------------------------------------------- */

static bool in_force(const struct search *q, const struct instrument *i)
{
    return i->valid_from <= q->on && q->on < i->valid_to && i->known_from <= q->known &&
           q->known < i->known_to;
}

/* Where a list speaks and decides: its family's modes, imports, its origins and places. */
static void list_speaks(const struct search *q, struct list *l)
{
    const struct instrument *i = &q->c->instrument[l->instrument];
    unsigned modes = l->family == FAMILY_INVESTMENT ? 1U << 3 : 1U << 1 | 1U << 2 | 1U << 4;
    l->speaks = q->out->domain;
    l->speaks.combo &= combos_of(modes, IMPORT, (1U << KIND_COUNT) - 1);
    bits_and(l->speaks.place, i->place, PLACE_WORDS);
    if (i->group.n == 0)
        bits_and(l->speaks.origin, i->origin, ORIGIN_WORDS);
    for (int o = 0; i->group.n > 0 && o < q->c->codes->n_economies; o++)
        if (!group_has(q->c->codes, i->group, o, q->on))
            bit_clear(l->speaks.origin, (size_t)o);
}

static bool negative_list(const struct instrument *i, bool national)
{
    return i->default_equal && !i->claimable &&
           (i->family == FAMILY_CROSS_BORDER || i->family == FAMILY_INVESTMENT) &&
           i->kind == (national ? LAYER_NATIONAL : LAYER_ZONE);
}

/* The national ones first, so that a finding over several lists shows the national item. */
static void lists_collect(struct search *q, bool national, int edition)
{
    for (int layer = 0; layer < q->c->n_layers; layer++) {
        const struct instrument *i = &q->c->instrument[q->c->layer[layer]];
        if (!negative_list(i, national) || !in_force(q, i))
            continue;
        struct list *l = &q->list[q->n_lists++];
        *l = (struct list){.layer = layer, .instrument = q->c->layer[layer], .family = i->family,
                           .national = national, .selected = edition < 0 || edition == layer};
        list_speaks(q, l);
        if (l->selected)
            q->out->lists |= (uint64_t)1 << layer;
    }
}

static void items_collect(struct search *q)
{
    q->item = ARENA_ARRAY(q->a, struct item, (size_t)q->c->n_provisions + 1);
    for (int l = 0; l < q->n_lists; l++) {
        const struct instrument *i = &q->c->instrument[q->list[l].instrument];
        for (int p = i->first; q->list[l].selected && p < i->first + i->n; p++) {
            struct item *t = &q->item[q->n_items];
            if (q->c->provision[p].layer < 0)
                continue;
            *t = (struct item){.provision = p, .list = l, .scope = q->c->provision[p].scope};
            scope_and(&t->scope, &q->list[l].speaks);
            if (scope_weigh(&t->scope) > 0)
                q->n_items++;
        }
    }
    q->out->n_items = q->n_items;
}

static const struct provision *item_text(const struct search *q, int item)
{
    return &q->c->provision[q->item[item].provision];
}

/* An absence is never surer than the list is whole: docs/meaning.md section 5. */
static char absence(const struct search *q, const struct list *l)
{
    return q->c->instrument[l->instrument].complete ? 'B' : 'C';
}

static char lower(char a, char b)
{
    return a > b ? a : b;
}

/* --- findings and their boxes ------------------------------------------------------------- */

static struct barrier *finding(struct search *q, enum barrier_kind kind, int permit)
{
    struct found *f = ARENA_NEW(q->a, struct found);
    f->b = (struct barrier){.kind = kind, .permit = permit, .item = -1, .other = -1,
                            .evidence = 'A'};
    if (permit >= 0)
        f->b.evidence = lower(q->k->permit[permit].evidence, q->k->permit[permit].mapping);
    *(q->last ? &q->last->next : &q->first) = f;
    q->last = f;
    q->out->n++;
    q->out->count[kind]++;
    return &f->b;
}

struct covering { /* what grid_cover's boxes go into */
    struct search *q;
    const struct grid *g;
    struct barrier **of; /* by group */
    uint64_t only;       /* layers asked for the witness; 0: those of the finding */
    uint64_t national;   /* asked as well, for what the national list says; 0: not */
};

static struct barrier_box *box_room(struct arena *a, struct barrier *b)
{
    if ((b->n_boxes & (b->n_boxes - 1)) == 0) { /* full at every power of two */
        struct barrier_box *more = ARENA_ARRAY(a, struct barrier_box, (size_t)b->n_boxes * 2 + 1);
        if (b->n_boxes > 0)
            memcpy(more, b->box, (size_t)b->n_boxes * sizeof *more);
        b->box = more;
    }
    return &b->box[b->n_boxes++];
}

static bool matched(const struct answer *a, int provision)
{
    for (int i = 0; i < a->n_matches; i++)
        if (a->match[i].provision == provision)
            return true;
    return a->n_matches == LIMIT_MATCHES; /* it may be one of those that were not written */
}

/* A witness that does not show its finding would be a bug of this file. */
static void witness_check(const struct barrier *b, const struct answer *a)
{
    if (b->kind == BARRIER_NO_LIST_ITEM)
        check(a->outcome != OUTCOME_PROHIBITED && a->outcome != OUTCOME_CONDITIONAL &&
              a->outcome != OUTCOME_ELSEWHERE);
    if (b->kind == BARRIER_BEYOND_ITEM && (b->lists & (b->lists - 1)) == 0)
        check(a->n_matches == LIMIT_MATCHES || !matched(a, b->item));
    if (b->kind == BARRIER_LOCAL_STRICTER && b->permit < 0)
        check(matched(a, b->item));
}

static void box_add(void *ctx, const struct box *x)
{
    struct covering *v = ctx;
    struct barrier *b = v->of[x->group];
    struct barrier_box *out = box_room(v->q->a, b);
    int combo = v->g->combo.first[x->c];
    struct answer a;
    *out = (struct barrier_box){.scope = x->scope, .cells = x->cells, .national = SILENT};
    out->witness = (struct question){
        .sector = v->g->sector.first[x->s], .mode = combo_mode(combo),
        .direction = combo_direction(combo), .kind = combo_kind(combo),
        .origin = v->g->origin.first[x->o], .place = v->g->place.first[x->p], .on = v->q->on,
        .known = v->q->known, .only = v->national ? v->national : v->only};
    if (v->national) {
        decide(v->q->s, &out->witness, &a);
        out->national = a.treatment;
    }
    out->witness.only = v->only ? v->only : b->lists;
    decide(v->q->s, &out->witness, &a);
    out->outcome = a.outcome;
    out->must = a.must;
    out->treatment = a.treatment;
    witness_check(b, &a);
    b->cells += x->cells;
}

static void cover(struct covering *v, const int32_t *group)
{
    grid_cover(v->g, group, box_add, v);
}

static enum err groups_room(struct search *q, const struct grid *g, int32_t **out)
{
    if (grid_cells(g) > LIMIT_REGION_CELLS)
        return err_set(q->e, ERR_LIMIT, "区域过碎，超过 %d 个格组（LIMIT_REGION_CELLS）",
                       "a region is cut too fine: more than %d class cells (LIMIT_REGION_CELLS)",
                       LIMIT_REGION_CELLS);
    *out = ARENA_ARRAY(&q->scratch, int32_t, grid_cells(g) + 1);
    memset(*out, 0xff, (grid_cells(g) + 1) * sizeof **out);
    return OK;
}

/* The union of scopes becomes the region of the finding. */
static enum err cover_union(struct search *q, struct barrier *b, const struct scope *const *set,
                            int n)
{
    struct scope hull = {0};
    struct overlay *v = ARENA_NEW(&q->scratch, struct overlay);
    int32_t *group = NULL;
    for (int i = 0; i < n; i++) {
        bits_or(hull.sector, set[i]->sector, SECTOR_WORDS);
        hull.combo |= set[i]->combo;
        bits_or(hull.origin, set[i]->origin, ORIGIN_WORDS);
        bits_or(hull.place, set[i]->place, PLACE_WORDS);
    }
    TRY(overlay_build(v, &q->scratch, q->c->codes, &hull, set, n, q->e));
    TRY(groups_room(q, &v->g, &group));
    for (int s = 0; s < v->g.sector.n; s++)
        for (int c = 0; c < v->g.combo.n; c++)
            for (int o = 0; o < v->g.origin.n; o++)
                for (int p = 0; p < v->g.place.n; p++)
                    if (bits_any(overlay_cell(v, s, c, o, p), (size_t)v->words))
                        group[grid_at(&v->g, s, c, o, p)] = 0;
    cover(&(struct covering){.q = q, .g = &v->g, .of = &b}, group);
    return OK;
}

/* --- a rule against the lists that speak -------------------------------------------------- */

struct stand { /* one list against one rule: bits of the overlay */
    int list, bit;
    uint64_t *items, *own; /* its items; those with the key that the rule names */
    bool holds_key;        /* anywhere, also outside of the rule's cells */
    int own_item;          /* provision, -1 */
};
struct facing { /* a rule and all that meets it */
    int permit;
    struct scope domain;
    struct overlay v;
    int n_sets, n_stands;
    const struct scope **set;
    int *item_of; /* set -> item; -1: a list */
    struct stand stand[LIMIT_LAYERS];
    uint64_t lists[2], under_others; /* by group */
};

static bool same_key(struct str a, struct str b)
{
    return a.n > 0 && str_eq(a, b);
}

static void face_lists(struct search *q, struct facing *f)
{
    f->set = ARENA_ARRAY(&q->scratch, const struct scope *, (size_t)(q->n_lists + q->n_items) + 1);
    f->item_of = ARENA_ARRAY(&q->scratch, int, (size_t)(q->n_lists + q->n_items) + 1);
    for (int l = 0; l < q->n_lists; l++)
        if (q->list[l].selected && scope_meets(&q->list[l].speaks, &f->domain)) {
            f->stand[f->n_stands++] = (struct stand){.list = l, .bit = f->n_sets, .own_item = -1};
            f->item_of[f->n_sets] = -1;
            f->set[f->n_sets++] = &q->list[l].speaks;
        }
    for (int i = 0; f->n_stands > 0 && i < q->n_items; i++)
        if (scope_meets(&q->item[i].scope, &f->domain)) {
            f->item_of[f->n_sets] = i;
            f->set[f->n_sets++] = &q->item[i].scope;
        }
}

static void face_items(struct search *q, struct facing *f, const struct permit *p)
{
    for (int k = 0; k < f->n_stands; k++) {
        struct stand *d = &f->stand[k];
        d->items = ARENA_ARRAY(&q->scratch, uint64_t, (size_t)f->v.words);
        d->own = ARENA_ARRAY(&q->scratch, uint64_t, (size_t)f->v.words);
        for (int i = 0; i < q->n_items; i++)
            if (q->item[i].list == d->list && same_key(p->list_key, item_text(q, i)->key)) {
                d->holds_key = true;
                d->own_item = q->item[i].provision;
            }
        for (int i = 0; i < f->n_sets; i++) {
            if (f->item_of[i] < 0 || q->item[f->item_of[i]].list != d->list)
                continue;
            bit_set(d->items, (size_t)i);
            if (same_key(p->list_key, item_text(q, f->item_of[i])->key))
                bit_set(d->own, (size_t)i);
        }
    }
}

static bool common(const uint64_t *a, const uint64_t *b, int words)
{
    for (int i = 0; i < words; i++)
        if (a[i] & b[i])
            return true;
    return false;
}

/* 0: a list that speaks has no item here, nor the rule's own anywhere; 1: the rule's own item
 * does not reach here; -1: in order. */
static int face_cell(const struct search *q, struct facing *f, const uint64_t *cell,
                     uint64_t weight)
{
    uint64_t lists[2] = {0, 0};
    bool all_covered = true;
    for (int k = 0; k < f->n_stands; k++) {
        const struct stand *d = &f->stand[k];
        if (!bit_get(cell, (size_t)d->bit))
            continue;
        bool covered = common(cell, d->items, f->v.words);
        all_covered &= covered;
        if (d->holds_key ? !common(cell, d->own, f->v.words) : !covered)
            lists[d->holds_key] |= (uint64_t)1 << q->list[d->list].layer;
    }
    int group = lists[0] ? 0 : lists[1] ? 1 : -1;
    if (group >= 0)
        f->lists[group] |= lists[group];
    if (group == 1 && all_covered)
        f->under_others += weight;
    return group;
}

static void face_findings(struct search *q, struct facing *f, const int32_t *group)
{
    struct barrier *of[2] = {NULL, NULL};
    for (int g = 0; g < 2; g++) {
        if (f->lists[g] == 0)
            continue;
        struct barrier *b = of[g] = finding(q, g ? BARRIER_BEYOND_ITEM : BARRIER_NO_LIST_ITEM,
                                            f->permit);
        b->lists = f->lists[g];
        b->under_others = g ? f->under_others : 0;
        b->possible = q->k->permit[f->permit].binds == BINDS_UNKNOWN;
        for (int k = 0; k < f->n_stands; k++) {
            const struct stand *d = &f->stand[k];
            if (!((b->lists >> q->list[d->list].layer) & 1))
                continue;
            if (g == 0)
                b->evidence = lower(b->evidence, absence(q, &q->list[d->list]));
            else
                b->evidence = lower(b->evidence, q->c->provision[d->own_item].evidence);
            if (g == 1 && b->item < 0)
                b->item = d->own_item;
        }
    }
    /* All lists of the day are asked: the best of them decides (meaning.md section 4). */
    cover(&(struct covering){.q = q, .g = &f->v.g, .of = of, .only = q->out->lists}, group);
}

/* Rules that bind all suppliers alike are what equal treatment means: nothing to find. */
static enum err rule_without_item(struct search *q, struct facing *f)
{
    const struct grid *g = &f->v.g;
    int32_t *group = NULL;
    if (q->k->permit[f->permit].binds == BINDS_ALL)
        return OK;
    TRY(overlay_build(&f->v, &q->scratch, q->c->codes, &f->domain, f->set, f->n_sets, q->e));
    face_items(q, f, &q->k->permit[f->permit]);
    TRY(groups_room(q, g, &group));
    for (int s = 0; s < g->sector.n; s++)
        for (int c = 0; c < g->combo.n; c++)
            for (int o = 0; o < g->origin.n; o++)
                for (int p = 0; p < g->place.n; p++)
                    group[grid_at(g, s, c, o, p)] =
                        face_cell(q, f, overlay_cell(&f->v, s, c, o, p),
                                  grid_weight(g, s, c, o, p));
    face_findings(q, f, group);
    return OK;
}

/* --- contradictions ----------------------------------------------------------------------- */

static bool gives_path(enum effect e)
{
    return e == EFFECT_REQUIRE_APPROVAL || e == EFFECT_CONDITION || e == EFFECT_QUOTA ||
           e == EFFECT_NOTIFY || e == EFFECT_FILE;
}

/* A licence that everyone needs is no path for those whom the item keeps out. */
static bool contradicts(const struct permit *r, const struct provision *p)
{
    return (p->treatment == PROHIBITED && gives_path(r->effect) && r->binds != BINDS_ALL) ||
           (r->treatment == PROHIBITED && gives_path(p->effect));
}

static bool same_activity(const struct search *q, const struct permit *r,
                          const struct provision *p)
{
    int activity = r->activity < 0 ? -1 : fact_find(q->c, STR("activity"));
    for (int i = 0; activity >= 0 && i < p->n_when; i++) {
        const struct expr *x = &q->c->expr[p->when[i]];
        if (x->fact == activity && ((x->op == OP_IS && x->value == r->activity) ||
                                    (x->op == OP_IN && ((x->values >> r->activity) & 1))))
            return true;
    }
    return false;
}

/* One finding for all lists that hold the item: a key means the same rule in each of them. */
static enum err contradiction_add(struct search *q, const struct facing *f, const int *clash,
                                  int n, int lead)
{
    const struct provision *first = item_text(q, clash[lead]);
    struct barrier *b = finding(q, BARRIER_CONTRADICTION, f->permit);
    const struct scope **set = ARENA_ARRAY(&q->scratch, const struct scope *, (size_t)n + 1);
    int n_sets = 0;
    b->item = q->item[clash[lead]].provision;
    for (int i = lead; i < n; i++) {
        struct item *t = &q->item[clash[i]];
        if (!str_eq(item_text(q, clash[i])->key, first->key) ||
            q->list[t->list].family != q->list[q->item[clash[lead]].list].family)
            continue;
        struct scope *s = ARENA_NEW(&q->scratch, struct scope);
        *s = t->scope;
        scope_and(s, &f->domain);
        set[n_sets++] = s;
        b->lists |= (uint64_t)1 << q->list[t->list].layer;
        b->evidence = lower(b->evidence, q->c->provision[t->provision].evidence);
        t->grouped = true;
    }
    b->possible = b->evidence != 'A';
    return cover_union(q, b, set, n_sets);
}

static enum err rule_contradictions(struct search *q, const struct facing *f)
{
    const struct permit *r = &q->k->permit[f->permit];
    int *clash = ARENA_ARRAY(&q->scratch, int, (size_t)f->n_sets + 1), n = 0;
    for (int i = 0; i < f->n_sets; i++) {
        if (f->item_of[i] < 0)
            continue;
        const struct provision *p = item_text(q, f->item_of[i]);
        if (contradicts(r, p) && (same_key(r->list_key, p->key) || same_activity(q, r, p)))
            clash[n++] = f->item_of[i];
    }
    for (int i = 0; i < n; i++)
        if (!q->item[clash[i]].grouped)
            TRY(contradiction_add(q, f, clash, n, i));
    for (int i = 0; i < n; i++)
        q->item[clash[i]].grouped = false;
    return OK;
}

/* --- items that no rule puts into effect -------------------------------------------------- */

static bool is_list(struct str title)
{
    return str_find(title, STR("负面清单"), NULL);
}

static bool permit_in_force(const struct search *q, const struct permit *p)
{
    return p->valid_from <= q->on && q->on < p->valid_to;
}

static bool item_has_rule(struct search *q, const struct provision *p)
{
    bool any = false, other_than_list = false;
    for (int i = 0; i < q->k->n; i++)
        if (permit_in_force(q, &q->k->permit[i]) && same_key(q->k->permit[i].list_key, p->key))
            return true;
    for (int i = 0; i < p->n_basis; i++) {
        any |= p->basis[i].matched;
        other_than_list |= p->basis[i].matched && !is_list(p->basis[i].title_zh);
    }
    q->out->on_list_only += any && !other_than_list;
    return any;
}

static enum err item_without_rule(struct search *q, const int *bare, int n, int lead)
{
    const struct provision *first = item_text(q, bare[lead]);
    struct barrier *b = finding(q, BARRIER_ITEM_WITHOUT_RULE, -1);
    const struct scope **set = ARENA_ARRAY(&q->scratch, const struct scope *, (size_t)n + 1);
    int n_sets = 0;
    b->item = q->item[bare[lead]].provision;
    if (!q->k->complete)
        b->evidence = 'C'; /* the absence of a rule in a catalogue that is only a start */
    for (int i = lead; i < n; i++) {
        struct item *t = &q->item[bare[i]];
        if (!str_eq(item_text(q, bare[i])->key, first->key) ||
            q->list[t->list].family != q->list[q->item[bare[lead]].list].family)
            continue;
        set[n_sets++] = &t->scope;
        b->lists |= (uint64_t)1 << q->list[t->list].layer;
        b->evidence = lower(b->evidence, q->c->provision[t->provision].evidence);
        t->grouped = true;
    }
    return cover_union(q, b, set, n_sets);
}

static enum err items_without_rule(struct search *q)
{
    int *bare = ARENA_ARRAY(q->a, int, (size_t)q->n_items + 1), n = 0;
    for (int i = 0; i < q->n_items; i++)
        if (!item_has_rule(q, item_text(q, i)))
            bare[n++] = i;
    for (int i = 0; i < n; i++) {
        if (q->item[bare[i]].grouped)
            continue;
        arena_reset(&q->scratch);
        TRY(item_without_rule(q, bare, n, i));
    }
    return OK;
}

/* --- narrower territory, stricter --------------------------------------------------------- */

struct duel { /* a zone list or a local rule against the national list, cell by cell */
    struct search *q;
    const struct list *zone, *national; /* zone NULL: the rule */
    int permit;
    struct grid g;
    int32_t *group;
    int *group_of; /* zone provision, from the first of its instrument -> group, -1 */
    struct barrier **of;
    int n;
};

static void duel_ask(const struct duel *d, const struct list *l, const int cell[4],
                     struct answer *a)
{
    int combo = d->g.combo.first[cell[1]];
    struct question x = {.sector = d->g.sector.first[cell[0]], .mode = combo_mode(combo),
                         .direction = combo_direction(combo), .kind = combo_kind(combo),
                         .origin = d->g.origin.first[cell[2]], .place = d->g.place.first[cell[3]],
                         .on = d->q->on, .known = d->q->known,
                         .only = (uint64_t)1 << l->layer};
    decide(d->q->s, &x, a);
}

/* What the finding rests on at the national side: its items there, or their absence. */
static void national_grade(const struct duel *d, struct barrier *b, const struct answer *a)
{
    if (a->n_prevailing == 0)
        b->evidence = lower(b->evidence, absence(d->q, d->national));
    for (int i = 0; i < a->n_prevailing; i++)
        b->evidence = lower(b->evidence, d->q->c->provision[a->prevailing[i]].evidence);
    if (b->other < 0 && a->n_prevailing > 0)
        b->other = a->prevailing[0];
}

/* The finding of one zone provision, made when its first cell is met. */
static struct barrier *duel_finding(struct duel *d, int provision, int *group)
{
    struct search *q = d->q;
    int at = provision < 0 ? 0 : provision - q->c->instrument[d->zone->instrument].first;
    *group = d->group_of[at];
    if (*group < 0) {
        struct barrier *b = finding(q, BARRIER_LOCAL_STRICTER, d->permit);
        b->item = provision;
        b->lists = (uint64_t)1 << (d->zone ? d->zone : d->national)->layer;
        if (d->permit >= 0)
            b->possible = q->k->permit[d->permit].binds == BINDS_UNKNOWN;
        if (provision >= 0) {
            const struct provision *p = &q->c->provision[provision];
            const struct provision *n = provision_find(q->c, d->national->instrument, p->key);
            b->evidence = lower(b->evidence, p->evidence);
            b->other = n ? (int)(n - q->c->provision) : -1;
        }
        d->of[d->n] = b;
        *group = d->group_of[at] = d->n++;
    }
    return d->of[*group];
}

/* An item of the zone is stricter than the item of the same key, whatever the facts. */
static int stricter_by_key(const struct duel *d, const struct answer *zone,
                           const struct answer *national)
{
    const struct provision *all = d->q->c->provision;
    for (int i = 0; i < zone->n_matches; i++)
        for (int k = 0; k < national->n_matches; k++) {
            const struct provision *z = &all[zone->match[i].provision];
            const struct provision *n = &all[national->match[k].provision];
            if (str_eq(z->key, n->key) && z->treatment > n->treatment)
                return zone->match[i].provision;
        }
    return -1;
}

static void duel_cell(struct duel *d, const int cell[4])
{
    struct answer zone, national;
    int at = -1, group;
    duel_ask(d, d->national, cell, &national);
    if (d->zone == NULL) {
        if (d->q->k->permit[d->permit].treatment <= national.treatment)
            return;
    } else {
        duel_ask(d, d->zone, cell, &zone);
        if (zone.treatment > national.treatment ||
            (zone.treatment == national.treatment && zone.must > national.must))
            at = zone.prevailing[0];
        else
            at = stricter_by_key(d, &zone, &national);
        if (at < 0)
            return;
    }
    national_grade(d, duel_finding(d, at, &group), &national);
    d->group[grid_at(&d->g, cell[0], cell[1], cell[2], cell[3])] = group;
}

static enum err duel_fight(struct duel *d, const struct scope *domain)
{
    struct search *q = d->q;
    int n = d->zone ? q->c->instrument[d->zone->instrument].n : 1;
    snapshot_grid(q->s, q->on, q->known, domain, &d->g);
    TRY(groups_room(q, &d->g, &d->group));
    d->group_of = ARENA_ARRAY(&q->scratch, int, (size_t)n + 1);
    memset(d->group_of, 0xff, (size_t)n * sizeof *d->group_of);
    d->of = ARENA_ARRAY(&q->scratch, struct barrier *, (size_t)n + 1);
    int cell[4];
    for (cell[0] = 0; cell[0] < d->g.sector.n; cell[0]++)
        for (cell[1] = 0; cell[1] < d->g.combo.n; cell[1]++)
            for (cell[2] = 0; cell[2] < d->g.origin.n; cell[2]++)
                for (cell[3] = 0; cell[3] < d->g.place.n; cell[3]++)
                    duel_cell(d, cell);
    if (d->n > 0)
        cover(&(struct covering){.q = q, .g = &d->g, .of = d->of,
                                 .national = (uint64_t)1 << d->national->layer},
              d->group);
    return OK;
}

static enum err zones_stricter(struct search *q)
{
    for (int z = 0; z < q->n_lists; z++)
        for (int n = 0; n < q->n_lists; n++) {
            const struct list *zone = &q->list[z], *national = &q->list[n];
            if (zone->national || !national->national || zone->family != national->family ||
                !(zone->selected || national->selected))
                continue;
            struct scope domain = zone->speaks;
            scope_and(&domain, &national->speaks);
            arena_reset(&q->scratch);
            struct duel *d = ARENA_NEW(&q->scratch, struct duel);
            *d = (struct duel){.q = q, .zone = zone, .national = national, .permit = -1};
            TRY(duel_fight(d, &domain));
        }
    return OK;
}

static enum err rule_stricter(struct search *q, const struct facing *f)
{
    const struct permit *r = &q->k->permit[f->permit];
    for (int l = 0; l < q->n_lists; l++) {
        const struct list *n = &q->list[l];
        struct scope domain = f->domain;
        if (r->level != LEVEL_LOCAL || r->binds == BINDS_ALL || !n->national || !n->selected ||
            !scope_meets(&domain, &n->speaks))
            continue;
        scope_and(&domain, &n->speaks);
        struct duel *d = ARENA_NEW(&q->scratch, struct duel);
        *d = (struct duel){.q = q, .national = n, .permit = f->permit};
        TRY(duel_fight(d, &domain));
    }
    return OK;
}

/* --- all of it ---------------------------------------------------------------------------- */

static enum err rule_compare(struct search *q, int permit)
{
    const struct permit *r = &q->k->permit[permit];
    int before = q->out->n;
    if (!r->has_scope || !permit_in_force(q, r)) {
        q->out->without_scope += !r->has_scope;
        q->out->not_in_force += r->has_scope;
        return OK;
    }
    arena_reset(&q->scratch);
    struct facing *f = ARENA_NEW(&q->scratch, struct facing);
    f->permit = permit;
    f->domain = r->scope;
    scope_and(&f->domain, &q->out->domain);
    face_lists(q, f);
    if (f->n_stands == 0) {
        q->out->outside++;
        return OK;
    }
    q->out->compared++;
    TRY(rule_without_item(q, f));
    TRY(rule_contradictions(q, f));
    TRY(rule_stricter(q, f));
    q->out->in_order += q->out->n == before;
    return OK;
}

static enum err search_run(struct search *q, int edition)
{
    scope_whole(q->c->codes, q->on, &q->out->domain);
    q->out->domain.combo &= combos_of(0x1e, IMPORT, (1U << KIND_COUNT) - 1);
    lists_collect(q, true, edition);
    lists_collect(q, false, edition);
    items_collect(q);
    for (int i = 0; i < q->k->n; i++)
        TRY(rule_compare(q, i));
    TRY(items_without_rule(q));
    return zones_stricter(q);
}

/* By kind; within a kind in the order they were found. */
static void in_order_of_kind(struct search *q)
{
    int at[BARRIER_KINDS] = {0};
    for (int k = 1; k < BARRIER_KINDS; k++)
        at[k] = at[k - 1] + q->out->count[k - 1];
    q->out->barrier = ARENA_ARRAY(q->a, struct barrier, (size_t)q->out->n + 1);
    for (const struct found *f = q->first; f; f = f->next)
        q->out->barrier[at[f->b.kind]++] = f->b;
}

enum err barriers_find(struct barriers *out, struct arena *a, const struct snapshot *s,
                       const struct catalogue *k, day_t on, day_t known, int edition,
                       struct error *e)
{
    struct search *q = ARENA_NEW(a, struct search);
    *out = (struct barriers){0};
    *q = (struct search){.s = s, .c = snapshot_corpus(s), .k = k, .on = on, .known = known,
                         .a = a, .out = out, .e = e};
    arena_init(&q->scratch);
    enum err r = search_run(q, edition);
    if (r == OK)
        in_order_of_kind(q);
    arena_finish(&q->scratch);
    return r;
}
