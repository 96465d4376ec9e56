/* Most-favoured-nation treatment between the agreements whose schedules are held. */
#include "openness/gap_inside.h"

struct parties { /* the space of compare/floor.h, made from the corpus */
    const struct snapshot *s;
    struct gap *g;
    int n; /* agreements in force */
    int instrument[64];
    struct mfn_clause clause[64];
    int n_clauses;
    struct grid grid;
    struct mfn_space space;
};

static bool usable(const struct terms *t)
{
    return t->mfn.known &&
           (t->mfn.kind == MFN_AUTOMATIC ||
            (t->mfn.kind == MFN_LISTED_SECTORS && t->has_mfn_sectors));
}

/* Agreements that hold a schedule or have a clause that can be followed. */
static enum err collect(struct parties *x, const struct obligations *o, struct error *e)
{
    const struct corpus *c = x->s->c;
    const struct gap_request *r = &x->g->request;
    for (int i = 0; i < c->n_instruments; i++) {
        const struct instrument *t = &c->instrument[i];
        if (!gap_is_agreement(c, i, r->known) || t->valid_from > r->on || r->on >= t->valid_to)
            continue;
        x->g->mfn.n_held += t->is_layer && i != r->agreement;
        x->g->mfn.n_unheld += !t->is_layer && i != r->agreement;
        if (!t->is_layer && !usable(terms_of(o, t->id)))
            continue;
        if (x->n == 64)
            return err_set(e, ERR_LIMIT, "协定超过 %d 项", "more than %d agreements", 64);
        x->instrument[x->n++] = i;
    }
    return OK;
}

static void make_grid(struct parties *x, const struct obligations *o)
{
    const struct corpus *c = x->s->c;
    const struct gap_request *r = &x->g->request;
    struct scope d = x->g->domain, whole;
    scope_whole(c->codes, r->on, &whole);
    memcpy(d.origin, whole.origin, sizeof d.origin);
    snapshot_grid(x->s, r->on, r->known, &d, &x->grid);
    for (int i = 0; i < x->n; i++) {
        uint64_t members[ORIGIN_WORDS];
        const struct terms *t = terms_of(o, c->instrument[x->instrument[i]].id);
        gap_members(c, x->instrument[i], r->on, members);
        classes_split(&x->grid.origin, members);
        classes_split(&x->grid.origin, t->mfn_excluded);
        if (usable(t) && t->has_mfn_sectors)
            classes_split(&x->grid.sector, t->mfn_sector);
    }
    if (r->origin >= 0)
        classes_split(&x->grid.origin, x->g->domain.origin);
}

/* The cells of the space of clauses: sector, combo and place of the grid, in that order. */
static size_t cell_of(const struct grid *d, int s, int c, int p)
{
    return ((size_t)s * (size_t)d->combo.n + (size_t)c) * (size_t)d->place.n + (size_t)p;
}

static enum err fill_own(struct parties *x, struct arena *a, struct error *e)
{
    static _Thread_local struct answer answer;
    const struct grid *d = &x->grid;
    const struct gap_request *r = &x->g->request;
    struct mfn_space *m = &x->space;
    size_t bytes = (size_t)m->agreements * (size_t)m->parties * m->cells;
    uint8_t *own = ARENA_ARRAY(a, uint8_t, bytes + 1);
    memset(own, SILENT, bytes);
    for (int i = 0; i < x->n; i++) {
        int layer = x->s->c->instrument[x->instrument[i]].layer;
        for (size_t at = 0; at < grid_cells(d) && layer >= 0; at++) {
            struct span b;
            struct question q = gap_question(d, at, r->on, r->known);
            if (!gap_bound(x->s, q, layer, &answer, &b))
                return err_set(e, ERR_LIMIT, "一格上的承诺超过 %d 条",
                               "more than %d lines on one cell", LIMIT_MATCHES);
            size_t p = at % (size_t)d->place.n, o = at / (size_t)d->place.n % (size_t)d->origin.n;
            size_t sc = at / ((size_t)d->place.n * (size_t)d->origin.n);
            size_t row = ((size_t)i * (size_t)m->parties + o) * m->cells;
            own[row + sc * (size_t)d->place.n + p] = b.hi;
        }
    }
    m->own = own;
    return OK;
}

static void class_bits(const struct classes *k, const uint64_t *codes, uint64_t *out)
{
    for (int i = 0; i < k->n; i++)
        if (bit_get(codes, (size_t)k->first[i]))
            bit_set(out, (size_t)i);
}

static const uint64_t *marked_cells(const struct parties *x, struct arena *a,
                                    const struct terms *t)
{
    const struct grid *d = &x->grid;
    if (!t->has_mfn_sectors)
        return NULL;
    uint64_t *set = ARENA_ARRAY(a, uint64_t, BITS_WORDS(x->space.cells) + 1);
    for (int s = 0; s < d->sector.n; s++)
        for (int c = 0; c < d->combo.n && bit_get(t->mfn_sector, (size_t)d->sector.first[s]); c++)
            for (int p = 0; p < d->place.n; p++)
                bit_set(set, cell_of(d, s, c, p));
    return set;
}

static void make_clauses(struct parties *x, struct arena *a, const struct obligations *o)
{
    const struct corpus *c = x->s->c;
    for (int i = 0; i < x->n; i++) {
        const struct instrument *t = &c->instrument[x->instrument[i]];
        const struct terms *k = terms_of(o, t->id);
        if (!usable(k))
            continue;
        struct mfn_clause *out = &x->clause[x->n_clauses++];
        *out = (struct mfn_clause){.agreement = i, .marked = marked_cells(x, a, k)};
        for (int j = 0; j < x->n; j++) { /* "signed earlier": by the day the text was made */
            const struct instrument *other = &c->instrument[x->instrument[j]];
            if (j != i && (k->mfn_earlier || other->published > t->published))
                out->refers |= (uint64_t)1 << j;
        }
        uint64_t members[ORIGIN_WORDS];
        gap_members(c, x->instrument[i], x->g->request.on, members);
        class_bits(&x->grid.origin, members, out->beneficiary);
        class_bits(&x->grid.origin, k->mfn_excluded, out->excluded);
    }
}

/* Cells in which a member has more by the clause than by all its own agreements. */
static void count_further(struct parties *x, const uint8_t *benefit, const uint8_t *via)
{
    const struct grid *d = &x->grid;
    const struct mfn_space *m = &x->space;
    struct gap_mfn *out = &x->g->mfn;
    int self = 0;
    while (x->instrument[self] != x->g->request.agreement)
        self++;
    for (size_t at = 0; at < grid_cells(d); at++) {
        size_t p = at % (size_t)d->place.n, o = at / (size_t)d->place.n % (size_t)d->origin.n;
        size_t sc = at / ((size_t)d->place.n * (size_t)d->origin.n);
        size_t cell = sc * (size_t)d->place.n + p;
        if (!bit_get(x->g->domain.origin, (size_t)d->origin.first[o]))
            continue;
        uint8_t best = SILENT;
        for (int i = 0; i < x->n; i++) {
            uint8_t v = m->own[((size_t)i * (size_t)m->parties + o) * m->cells + cell];
            best = v < best ? v : best;
        }
        size_t mine = ((size_t)self * (size_t)m->parties + o) * m->cells + cell;
        if (benefit[mine] >= best)
            continue;
        uint64_t weight = grid_weight(d, (int)(sc / (size_t)d->combo.n),
                                      (int)(sc % (size_t)d->combo.n), (int)o, (int)p);
        out->further += weight;
        out->from[x->s->c->instrument[x->instrument[via[mine]]].layer] += weight;
    }
}

enum err gap_mfn_make(struct gap *g, struct arena *a, const struct snapshot *s,
                      const struct obligations *o, struct error *e)
{
    const struct terms *t = g->terms;
    struct parties *x = ARENA_NEW(a, struct parties);
    x->s = s, x->g = g;
    TRY(collect(x, o, e));
    g->mfn.state = !t->mfn.known                       ? MFN_STATE_UNKNOWN
                   : t->mfn.kind <= MFN_DISCUSSION     ? MFN_STATE_NOT_AUTOMATIC
                   : !usable(t)                        ? MFN_STATE_NOT_MARKED
                                                       : MFN_STATE_DONE;
    if (g->mfn.state != MFN_STATE_DONE)
        return OK;
    make_grid(x, o);
    const struct grid *d = &x->grid;
    x->space = (struct mfn_space){.agreements = x->n, .parties = d->origin.n,
                                  .cells = (size_t)d->sector.n * (size_t)d->combo.n *
                                           (size_t)d->place.n};
    TRY(fill_own(x, a, e));
    make_clauses(x, a, o);
    x->space.clause = x->clause;
    x->space.n_clauses = x->n_clauses;
    size_t bytes = (size_t)x->n * (size_t)d->origin.n * x->space.cells;
    uint8_t *benefit = ARENA_ARRAY(a, uint8_t, bytes + 1);
    uint8_t *via = ARENA_ARRAY(a, uint8_t, bytes + 1);
    g->mfn.rounds = mfn_least(&x->space, benefit, via);
    count_further(x, benefit, via);
    return OK;
}
