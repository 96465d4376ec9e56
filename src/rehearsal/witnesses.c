/* The witness set: what to ask of a draft when no question was kept. See rehearsal.h. */
#include "rehearsal/rehearsal.h"

struct touched { /* what the draft changes, on its first day */
    int n;
    const struct provision **provision;
    int n_instruments;
    const struct instrument *instrument[LIMIT_LAYERS];
    bool after[LIMIT_LAYERS]; /* in force with the draft, not by the law of today */
    int16_t carved[LIMIT_SECTORS]; /* carve-outs of the class: with the draft less today's */
};

static bool in_force(const struct instrument *i, day_t on, day_t known)
{
    return i->layer >= 0 && i->valid_from <= on && on < i->valid_to && i->known_from <= known &&
           known < i->known_to;
}

static void count_carve_outs(const struct corpus *c, int instrument, int by, struct touched *t)
{
    for (int i = 0; i < c->n_carve_outs; i++) {
        const struct carve_out *k = &c->carve_out[i];
        for (int leaf = 0; k->instrument == instrument && k->has_sectors &&
                           leaf < c->codes->gbt.n_leaves; leaf++)
            if (bit_get(k->sector, (size_t)leaf))
                t->carved[leaf] = (int16_t)(t->carved[leaf] + by);
    }
}

static void find_touched(struct rehearsal *r, day_t on, struct touched *t)
{
    const struct corpus *c = snapshot_corpus(r->s);
    memset(t, 0, sizeof *t);
    t->provision = ARENA_ARRAY(&r->arena, const struct provision *, (size_t)c->n_provisions + 1);
    for (int i = 0; i < c->n_instruments; i++) {
        const struct instrument *x = &c->instrument[i];
        bool before = in_force(x, on, r->known - 1), after = in_force(x, on, r->known);
        if (before == after)
            continue;
        t->after[t->n_instruments] = after;
        t->instrument[t->n_instruments++] = x;
        count_carve_outs(c, i, after ? 1 : -1, t);
        for (int k = 0; k < x->n; k++)
            t->provision[t->n++] = &c->provision[x->first + k];
    }
}

/* Classes that neither law tells apart. */
static void join_classes(const struct classes *a, const struct classes *b, const uint64_t *domain,
                         struct classes *out)
{
    static _Thread_local uint64_t key[LIMIT_SECTORS];
    for (int i = 0; i < a->n_codes; i++)
        key[i] = (uint64_t)(uint16_t)a->of[i] << 16 | (uint16_t)b->of[i];
    classes_by_key(out, domain, a->n_codes, key, 1);
}

static void joint_grid(const struct rehearsal *r, day_t on, const struct scope *domain,
                       struct grid *out)
{
    static _Thread_local struct grid a, b;
    snapshot_grid(r->s, on, r->known - 1, domain, &a);
    snapshot_grid(r->s, on, r->known, domain, &b);
    join_classes(&a.sector, &b.sector, domain->sector, &out->sector);
    join_classes(&a.combo, &b.combo, &domain->combo, &out->combo);
    join_classes(&a.origin, &b.origin, domain->origin, &out->origin);
    join_classes(&a.place, &b.place, domain->place, &out->place);
}

static bool speaks(const struct rehearsal *r, const struct touched *t, bool after,
                   const struct question *q)
{
    const struct classification *codes = snapshot_corpus(r->s)->codes;
    for (int i = 0; i < t->n_instruments; i++) {
        const struct instrument *x = t->instrument[i];
        bool cumulative = x->family != FAMILY_INVESTMENT && x->family != FAMILY_CROSS_BORDER;
        if (t->after[i] == after && x->default_equal && !x->claimable &&
            bit_get(x->place, (size_t)q->place) &&
            (x->group.n > 0 ? group_has(codes, x->group, q->origin, q->on)
                            : bit_get(x->origin, (size_t)q->origin)) &&
            (cumulative || (q->direction == IMPORT &&
                            (q->mode == 3) == (x->family == FAMILY_INVESTMENT))))
            return true;
    }
    return false;
}

static bool is_touched(const struct rehearsal *r, const struct touched *t, const struct asked *k,
                       int combo)
{
    const struct question *q = &k->q;
    for (int i = 0; i < t->n; i++)
        if (scope_has(&t->provision[i]->scope, q->sector, combo, q->origin, q->place))
            return true;
    bool before = speaks(r, t, false, q), after = speaks(r, t, true, q);
    return before != after || (before && t->carved[q->sector] != 0);
}

/* All cells of one sector class; `near`: the provisions that hold the sector. */
static enum err ask_sector_class(struct rehearsal *r, const struct grid *g, int s,
                                 const struct touched *near, struct asked *k, struct error *e)
{
    for (int c = 0; c < g->combo.n; c++)
        for (int o = 0; o < g->origin.n; o++)
            for (int p = 0; p < g->place.n; p++) {
                int combo = g->combo.first[c];
                k->q.mode = combo_mode(combo);
                k->q.direction = combo_direction(combo);
                k->q.kind = combo_kind(combo);
                k->q.origin = g->origin.first[o];
                k->q.place = g->place.first[p];
                if (!is_touched(r, near, k, combo))
                    continue;
                k->line++; /* witnesses are numbered, so that each counts as a question */
                k->cells = grid_weight(g, s, c, o, p);
                TRY(rehearse_ask(r, k, e));
            }
    return OK;
}

enum err rehearse_witnesses(struct rehearsal *r, rehearse_progress_fn *progress, void *ctx,
                            struct error *e)
{
    static _Thread_local struct grid g;
    static _Thread_local struct asked k;
    const struct corpus *c = snapshot_corpus(r->s);
    struct scope domain;
    struct touched all, near;
    day_t on = c->instrument[r->draft].valid_from, today = day_today();
    on = on > today ? on : today;
    scope_whole(c->codes, on, &domain);
    find_touched(r, on, &all);
    joint_grid(r, on, &domain, &g);
    near = all;
    near.provision = ARENA_ARRAY(&r->arena, const struct provision *, (size_t)all.n + 1);
    r->witnesses = true;
    memset(&k, 0, sizeof k);
    for (int s = 0; s < g.sector.n; s++) {
        uint64_t leaf[SECTOR_WORDS] = {0};
        int first = g.sector.first[s];
        bit_set(leaf, (size_t)first);
        k.leaves = leaf;
        k.q.sector = first;
        k.q.on = on;
        near.n = 0;
        for (int i = 0; i < all.n; i++)
            if (bit_get(all.provision[i]->scope.sector, (size_t)first))
                near.provision[near.n++] = all.provision[i];
        TRY(ask_sector_class(r, &g, s, &near, &k, e));
        if (progress != NULL)
            progress(ctx, r->questions, (uint64_t)s + 1);
    }
    rehearsal_sort(r);
    return OK;
}
