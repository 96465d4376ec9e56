/* What a release and all before it tell together. See vintage.h. */
#include "disclosure/vintage.h"

#include <stdlib.h>
#include <time.h>

#include "disclosure/difference.h"
#include "disclosure/system.h"
#include "disclosure/unallocated.h"

struct interval { double low, high; };

enum then { THEN_ZERO, /* no cell there, among others: a zero that all know */
            THEN_OPEN, THEN_UNKNOWN };

struct aim { /* a sensitive difference */
    int cell, earlier;
    struct sdc_cell d;
};

struct assault {
    const struct system *s;
    const struct contribution_at *used;
    size_t n_used;
    const struct release *const *earlier;
    int n_earlier;
    struct arena *arena, *step; /* step: of one earlier release */
    struct cell_index index;    /* over s */
    uint64_t *shown;
    int *above_first, *above;   /* relations in which a cell is a child */
    int n_aims, cap_aims, cap_exposed;
    struct aim *aim;
    int64_t *width;             /* the greatest that is asked of a cell of s, as a weight */
    struct attack first;        /* on those cells, in this release alone */
    struct vintage_attack *out;
    struct error *e;
    /* One earlier release: */
    int at;
    const struct release *then;
    uint8_t *state;             /* enum then, per cell of s */
    struct system *old;         /* made when first needed */
    uint64_t *old_shown;
    struct inquiry *ask_now, *ask_old; /* of s and of old, made when first needed */
    struct effects effects, remainder, fresh; /* fresh: what is new, see difference.h */
    struct cell_index gone;     /* cells that were open and have no contribution any more */
    struct effects lost;        /* in them */
    uint8_t *mixed;             /* the cell has something new in it */
};

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void expose(struct assault *x, const struct vintage_exposure *found)
{
    struct vintage_attack *out = x->out;
    if (out->n_exposed == x->cap_exposed) {
        x->cap_exposed = x->cap_exposed ? x->cap_exposed * 2 : 64;
        struct vintage_exposure *more =
            ARENA_ARRAY(x->arena, struct vintage_exposure, (size_t)x->cap_exposed);
        if (out->n_exposed)
            memcpy(more, out->exposed, (size_t)out->n_exposed * sizeof *more);
        out->exposed = more;
    }
    out->exposed[out->n_exposed++] = *found;
}

static struct vintage_exposure exposure_at(const struct assault *x, enum exposed_kind kind, int c,
                                           int64_t value, struct interval i)
{
    struct vintage_exposure v = {.kind = kind, .earlier = x->at, .value = value, .low = i.low,
                                 .high = i.high, .insider = UINT32_MAX};
    memcpy(v.at, x->s->cell[c].at, sizeof v.at);
    return v;
}

/* Can the value be placed within its width? Programs in floating point get a margin against us. */
static bool within(const struct rules *r, const struct sdc_cell *d, bool either_sign,
                   struct interval i)
{
    double above = (double)width_above(r, d), below = (double)width_below(r, d, either_sign);
    double v = (double)d->value, margin = 1e-7 * (above + (v < 0 ? -v : v));
    above = above > 1 ? above : 1;
    below = below > 1 || !either_sign ? below : 1;
    return (below > 0 && v - i.low < below - margin) || i.high - v < above - margin;
}

/* --- one earlier release --------------------------------------------------------------------- */

static void states_of(struct assault *x)
{
    struct cell_index index;
    cell_index_init(&index, x->step, x->s->plan, x->then->cell, sizeof *x->then->cell,
                    x->then->n_cells);
    x->state = ARENA_ARRAY(x->step, uint8_t, (size_t)x->s->n_cells + 1);
    for (int c = 0; c < x->s->n_cells; c++) {
        int i = cell_index_find(&index, x->s->cell[c].at);
        bool open = i >= 0 && x->then->cell[i].state == CELL_OPEN, there = true;
        for (int d = 0; d < x->s->plan->n_dims; d++) /* a quarter that was not complete then */
            there &= bit_get(index.seen[d], (size_t)x->s->cell[c].at[d]) ||
                     unallocated_node(x->s->plan, d, x->s->cell[c].at[d]);
        x->state[c] = i < 0 && there ? THEN_ZERO : open ? THEN_OPEN : THEN_UNKNOWN;
    }
}

/* Cells that were open and are no cells of s: a zero now, that all know. */
static void gone_since(struct assault *x)
{
    const struct release *r = x->then;
    struct release_cell *cell =
        ARENA_ARRAY(x->step, struct release_cell, (size_t)r->n_cells + 1);
    int n = 0;
    for (int i = 0; i < r->n_cells; i++)
        if (r->cell[i].state == CELL_OPEN && cell_index_find(&x->index, r->cell[i].at) < 0)
            cell[n++] = r->cell[i];
    cell_index_init(&x->gone, x->step, x->s->plan, cell, sizeof *cell, n);
    x->lost.n = 0;
}

static void published_then(struct assault *x, struct cell_index *out)
{
    const struct release *r = x->then;
    struct release_cell *cell =
        ARENA_ARRAY(x->step, struct release_cell, (size_t)r->n_cells + 1);
    int n = 0;
    for (int i = 0; i < r->n_cells; i++)
        if (r->cell[i].state != CELL_HIDDEN)
            cell[n++] = r->cell[i];
    cell_index_init(out, x->step, x->s->plan, cell, sizeof *cell, n);
}

/* Cells with a change that were not published then, and have something new as well. */
static void mark_mixed(struct assault *x, const int16_t *const *fresh, size_t n)
{
    const struct system *s = x->s;
    struct cell_index some;
    int n_some = 0;
    int *cell = ARENA_ARRAY(x->step, int, (size_t)s->n_cells + 1);
    struct release_cell *at = ARENA_ARRAY(x->step, struct release_cell, (size_t)s->n_cells + 1);
    x->mixed = ARENA_ARRAY(x->step, uint8_t, (size_t)s->n_cells + 1);
    for (int c = 0; c < s->n_cells; c++) {
        if (x->state[c] != THEN_UNKNOWN || x->effects.start[c] == x->effects.start[c + 1])
            continue;
        memcpy(at[n_some].at, s->cell[c].at, sizeof at->at);
        cell[n_some++] = c;
    }
    cell_index_init(&some, x->step, s->plan, at, sizeof *at, n_some);
    x->fresh.n = 0;
    struct effect what = {.item = -1};
    for (size_t i = 0; i < n; i++)
        effects_add(&x->fresh, &some, &what, fresh[i]);
    for (size_t i = 0; i < x->fresh.n; i++)
        x->mixed[cell[x->fresh.e[i].cell]] = 1;
}

static void changes_of(struct assault *x)
{
    int n_dims = x->s->plan->n_dims;
    size_t n_then, n_now;
    const struct contribution_at *then =
        contributions_sorted(x->then->used, x->then->n_used, n_dims, x->step, &n_then);
    const struct contribution_at *now =
        contributions_sorted(x->used, x->n_used, n_dims, x->step, &n_now);
    struct walk w = {then, then + n_then, now, now + n_now, n_dims};
    struct both b;
    struct cell_index published;
    size_t n_fresh = 0;
    const int16_t **fresh = ARENA_ARRAY(x->step, const int16_t *, n_now + 1);
    published_then(x, &published);
    gone_since(x);
    x->effects.n = 0;
    while (walk_step(&w, &b)) {
        const struct contribution_at *any = b.now ? b.now : b.then;
        struct effect what = {.party = any->party, .item = -1,
                              .kind = unallocated_kind(x->s->plan, any->leaf)};
        what.change[0] = (b.now ? b.now->value : 0) - (b.then ? b.then->value : 0);
        if (what.change[0] == 0)
            continue;
        bool old = cell_index_covers(&published, any->leaf);
        if (old)
            effects_add(&x->effects, &x->index, &what, any->leaf);
        if (old && x->gone.n > 0)
            effects_add(&x->lost, &x->gone, &what, any->leaf);
        if (!old && b.now)
            fresh[n_fresh++] = b.now->leaf;
    }
    effects_sort(&x->effects, x->s->n_cells);
    effects_sort(&x->lost, x->gone.n);
    mark_mixed(x, fresh, n_fresh);
}

/* A sensitive cell that is not open is kept apart from its value by the attack on its own release:
 * a difference no larger than the cell is kept apart as far. */
static bool kept_apart(const struct assault *x, int c, const struct sdc_cell *d)
{
    const struct sdc_cell *now = &x->s->cell[c];
    return now->sensitive && unknown(now) && !bit_get(x->shown, (size_t)c) &&
           now->value == now->weight && d->weight <= now->weight;
}

static void add_aim(struct assault *x, int c, const struct sdc_cell *d)
{
    if (x->n_aims == x->cap_aims) {
        x->cap_aims = x->cap_aims ? x->cap_aims * 2 : 256;
        struct aim *more = ARENA_ARRAY(x->arena, struct aim, (size_t)x->cap_aims);
        if (x->n_aims)
            memcpy(more, x->aim, (size_t)x->n_aims * sizeof *more);
        x->aim = more;
    }
    x->aim[x->n_aims++] = (struct aim){c, x->at, *d};
    if (x->width[c] < d->weight)
        x->width[c] = d->weight;
}

static void expose_exact(struct assault *x, enum exposed_kind kind, const int16_t *at,
                         int64_t value)
{
    struct vintage_exposure v = {.kind = kind, .earlier = x->at, .value = value,
                                 .low = (double)value, .high = (double)value,
                                 .insider = UINT32_MAX};
    memcpy(v.at, at, sizeof v.at);
    expose(x, &v);
}

/* What lies at one kind of leaf: other tables may have that apart. Own places only where the whole
 * difference is known. */
static void judge_kinds(struct assault *x, const struct effects *f, int c, const int16_t *at,
                        bool known)
{
    struct sdc_cell d;
    uint16_t kind[EFFECTS_KINDS];
    for (int n = effects_kinds(f, c, kind), k = 0; k < n; k++) {
        effects_cell_of(f, c, NULL, kind[k], &d);
        if ((known || kind[k] != 0) && d.contributors > 0 && cell_sensitive(&x->s->rules, &d))
            expose_exact(x, EXPOSED_REMAINDER, at, d.value);
    }
}

static bool difference_known(const struct assault *x, int c)
{
    return (!unknown(&x->s->cell[c]) || bit_get(x->shown, (size_t)c)) &&
           x->state[c] != THEN_UNKNOWN;
}

static void difference_cell(struct assault *x, int c)
{
    struct sdc_cell d;
    if (x->mixed[c])
        return;
    judge_kinds(x, &x->effects, c, x->s->cell[c].at, difference_known(x, c));
    effects_cell(&x->effects, c, NULL, &d);
    if (d.contributors == 0)
        return;
    x->out->differences++;
    /* Where nothing was then, the cell's own rule is the difference's. */
    if (x->state[c] == THEN_ZERO || !cell_sensitive(&x->s->rules, &d))
        return;
    x->out->sensitive++;
    if (!kept_apart(x, c, &d))
        add_aim(x, c, &d);
}

static void gone_cell(struct assault *x, int g)
{
    struct sdc_cell d;
    const struct release_cell *cell = (const struct release_cell *)(const void *)x->gone.first + g;
    judge_kinds(x, &x->lost, g, cell->at, true);
    effects_cell(&x->lost, g, NULL, &d);
    if (d.contributors == 0)
        return;
    x->out->differences++;
    if (!cell_sensitive(&x->s->rules, &d))
        return;
    x->out->sensitive++;
    expose_exact(x, EXPOSED_DIFFERENCE, cell->at, d.value);
}

/* --- remainders ------------------------------------------------------------------------------ */

static void relations_above(struct assault *x)
{
    const struct system *s = x->s;
    int *first = ARENA_ARRAY(x->arena, int, (size_t)s->n_cells + 2);
    x->above = ARENA_ARRAY(x->arena, int, (size_t)s->n_members + 1);
    for (int r = 0; r < s->n_relations; r++)
        for (int i = 1; i < s->relation[r].n; i++)
            first[s->member[s->relation[r].first + i] + 2]++;
    for (int c = 0; c < s->n_cells; c++)
        first[c + 1] += first[c];
    for (int r = 0; r < s->n_relations; r++)
        for (int i = 1; i < s->relation[r].n; i++)
            x->above[first[s->member[s->relation[r].first + i] + 1]++] = r;
    x->above_first = first;
}

/* The unknown children of a parent whose difference is known: their sum is known too. */
static void remainders_of(struct assault *x)
{
    const struct system *s = x->s;
    x->remainder.n = 0;
    for (int c = 0; c < s->n_cells; c++) {
        if (x->effects.start[c] == x->effects.start[c + 1] || difference_known(x, c))
            continue;
        for (int k = x->above_first[c]; k < x->above_first[c + 1]; k++) {
            const struct relation *r = &s->relation[x->above[k]];
            if (!difference_known(x, s->member[r->first]))
                continue;
            for (size_t i = x->effects.start[c]; i < x->effects.start[c + 1]; i++) {
                struct effect f = x->effects.e[i];
                f.cell = x->above[k];
                effects_put(&x->remainder, &f);
            }
        }
    }
    effects_sort(&x->remainder, s->n_relations);
}

static void judge_remainder(struct assault *x, int r)
{
    struct sdc_cell d;
    const struct relation *rel = &x->s->relation[r];
    effects_cell(&x->remainder, r, NULL, &d);
    if (d.contributors == 0 || !cell_sensitive(&x->s->rules, &d))
        return;
    struct interval exact = {(double)d.value, (double)d.value};
    struct vintage_exposure found;
    for (int i = 1; i < rel->n; i++) {
        int c = x->s->member[rel->first + i];
        if (difference_known(x, c) || x->effects.start[c] == x->effects.start[c + 1])
            continue;
        found = exposure_at(x, EXPOSED_REMAINDER, c, d.value, exact);
        expose(x, &found);
    }
}

static void enter(struct assault *x, int i)
{
    inquiry_close(x->ask_old);
    x->ask_old = NULL;
    arena_reset(x->step);
    x->at = i;
    x->then = x->earlier[i];
    x->old = NULL;
    states_of(x);
}

static void look_at(struct assault *x, int i)
{
    enter(x, i);
    changes_of(x);
    for (int c = 0; c < x->s->n_cells; c++)
        if (x->effects.start[c] < x->effects.start[c + 1])
            difference_cell(x, c);
    for (int g = 0; g < x->gone.n; g++)
        gone_cell(x, g);
    remainders_of(x);
    for (int r = 0; r < x->s->n_relations; r++)
        if (x->remainder.start[r] < x->remainder.start[r + 1])
            judge_remainder(x, r);
}

/* --- this release alone ---------------------------------------------------------------------- */

/* Cells that are tied to a shown one by relations of cells that are not open. */
static enum err tied_to_shown(struct assault *x, bool **out)
{
    const struct system *s = x->s;
    int *queue = ARENA_ARRAY(x->arena, int, (size_t)s->n_cells + 1), head = 0, tail = 0;
    bool *met = ARENA_ARRAY(x->arena, bool, (size_t)s->n_cells + 1);
    struct ground g;
    TRY(ground_of(&g, x->arena, s, x->e));
    for (int c = 0; c < s->n_cells; c++)
        if (bit_get(x->shown, (size_t)c))
            met[c] = true, queue[tail++] = c;
    while (head < tail) {
        int c = queue[head++];
        for (int k = g.relation_first[c]; k < g.relation_first[c + 1]; k++) {
            const struct relation *r = &s->relation[g.relation[k]];
            for (int i = 0; i < r->n; i++) {
                int m = s->member[r->first + i];
                if (!met[m] && unknown(&s->cell[m]))
                    met[m] = true, queue[tail++] = m;
            }
        }
    }
    *out = met;
    return OK;
}

/* The attack of system_attack, on a copy in which what is shown is open, with the cells of
 * sensitive differences for its targets, and those that what is shown may tell of. */
static enum err attack_alone(struct assault *x)
{
    struct system copy = *x->s;
    bool *tied;
    TRY(tied_to_shown(x, &tied));
    copy.cell = ARENA_ARRAY(x->arena, struct sdc_cell, (size_t)copy.n_cells + 1);
    memcpy(copy.cell, x->s->cell, (size_t)copy.n_cells * sizeof *copy.cell);
    for (int c = 0; c < copy.n_cells; c++) {
        struct sdc_cell *cell = &copy.cell[c];
        bool tell = tied[c] && cell->sensitive && !bit_get(x->shown, (size_t)c);
        if (bit_get(x->shown, (size_t)c))
            cell->state = CELL_OPEN;
        int64_t asked = tell && cell->weight > x->width[c] ? cell->weight : x->width[c];
        cell->sensitive = asked > 0 && unknown(cell);
        if (cell->sensitive)
            cell->weight = asked;
        x->out->targets += cell->sensitive;
    }
    TRY(system_attack(&copy, processors(), x->arena, &x->first, x->e));
    x->at = -1;
    for (int i = 0; i < x->first.n_exposed; i++) {
        const struct exposure *f = &x->first.exposed[i];
        const struct sdc_cell *cell = &x->s->cell[f->cell];
        struct interval found = {f->low, f->high};
        if (!tied[f->cell] || !cell->sensitive || !within(&x->s->rules, cell, false, found))
            continue;
        struct vintage_exposure v = exposure_at(x, EXPOSED_SHOWN, f->cell, cell->value, found);
        v.insider = f->insider;
        expose(x, &v);
    }
    return OK;
}

/* --- one by one ------------------------------------------------------------------------------ */

/* The system an earlier release was, with the states it had. */
static enum err old_system(struct assault *x)
{
    struct cell_index index;
    TRY(system_build(&x->old, x->step, x->s->plan, &x->s->rules, x->then->used, x->then->n_used,
                     x->e));
    cell_index_init(&index, x->step, x->s->plan, x->then->cell, sizeof *x->then->cell,
                    x->then->n_cells);
    for (int c = 0; c < x->old->n_cells; c++) {
        int i = cell_index_find(&index, x->old->cell[c].at);
        x->old->cell[c].state = i < 0 ? CELL_HIDDEN : x->then->cell[i].state;
    }
    x->old_shown = ARENA_ARRAY(x->step, uint64_t, BITS_WORDS((size_t)x->old->n_cells) + 1);
    vintage_shown(x->old, x->earlier, x->at, x->old_shown);
    return OK;
}

/* What someone knows of a cell: all that is published and shown, and its own lone cells. */
static enum err interval_of(struct assault *x, const struct system *s, const uint64_t *shown,
                            int c, uint32_t insider, struct interval *out)
{
    *out = (struct interval){(double)s->cell[c].value, (double)s->cell[c].value};
    if (!unknown(&s->cell[c]) || bit_get(shown, (size_t)c))
        return OK;
    size_t words = BITS_WORDS((size_t)s->n_cells) + 1;
    uint64_t *known = ARENA_ARRAY(x->step, uint64_t, words);
    memcpy(known, shown, words * sizeof *known);
    for (int i = 0; i < s->n_cells && insider != UINT32_MAX; i++)
        if (lone(&s->cell[i]) && s->cell[i].top_party[0] == insider)
            bit_set(known, (size_t)i);
    x->out->intervals++;
    struct inquiry **ask = s == x->s ? &x->ask_now : &x->ask_old;
    if (*ask == NULL)
        TRY(inquiry_open(ask, s, false, x->e));
    inquiry_interval(*ask, c, known, &out->low, &out->high);
    return OK;
}

static enum err judge_aim(struct assault *x, const struct aim *aim, uint32_t insider)
{
    const struct sdc_cell *d = &aim->d;
    struct interval now, then = {0, 0}, both;
    if (insider != UINT32_MAX && d->contributors == 1 && d->top_party[0] == insider)
        return OK; /* its own figure */
    TRY(interval_of(x, x->s, x->shown, aim->cell, insider, &now));
    then.low = then.high = (double)(x->s->cell[aim->cell].value - d->value);
    both = (struct interval){now.low - then.high, now.high - then.low};
    if (!within(&x->s->rules, d, true, both))
        return OK;
    if (x->state[aim->cell] == THEN_UNKNOWN) {
        if (!x->old)
            TRY(old_system(x));
        int o = system_find(x->old, x->s->cell[aim->cell].at);
        if (o >= 0)
            TRY(interval_of(x, x->old, x->old_shown, o, insider, &then));
    }
    both = (struct interval){now.low - then.high, now.high - then.low};
    if (within(&x->s->rules, d, true, both)) {
        struct vintage_exposure v =
            exposure_at(x, EXPOSED_DIFFERENCE, aim->cell, d->value, both);
        v.insider = insider;
        expose(x, &v);
    }
    return OK;
}

static int exposure_order(const void *cell, const void *exposure)
{
    int c = *(const int *)cell, f = ((const struct exposure *)exposure)->cell;
    return (c > f) - (c < f);
}

/* An aim whose cell has withstood alone, on both sides, is protected. */
static enum err aim_again(struct assault *x, const struct aim *aim)
{
    const struct sdc_cell *cell = &x->s->cell[aim->cell];
    const struct exposure *all = x->first.exposed, *end = all + x->first.n_exposed, *f = NULL;
    if (x->first.n_exposed)
        f = bsearch(&aim->cell, all, (size_t)x->first.n_exposed, sizeof *all, exposure_order);
    bool known = !unknown(cell) || bit_get(x->shown, (size_t)aim->cell);
    bool floor = cell->value >= 0 && cell->value < width_above(&x->s->rules, &aim->d);
    if (known || floor)
        TRY(judge_aim(x, aim, UINT32_MAX));
    while (f && f > all && f[-1].cell == aim->cell)
        f--;
    for (; f && f < end && f->cell == aim->cell; f++)
        if (!known && !(floor && f->insider == UINT32_MAX))
            TRY(judge_aim(x, aim, f->insider));
    return OK;
}

static enum err assault_all(struct assault *x)
{
    const struct system *s = x->s;
    cell_index_init(&x->index, x->arena, s->plan, s->cell, sizeof *s->cell, s->n_cells);
    x->shown = ARENA_ARRAY(x->arena, uint64_t, BITS_WORDS((size_t)s->n_cells) + 1);
    x->width = ARENA_ARRAY(x->arena, int64_t, (size_t)s->n_cells + 1);
    relations_above(x);
    vintage_shown(s, x->earlier, x->n_earlier, x->shown);
    for (int i = x->n_earlier - 1; i >= 0; i--)
        look_at(x, i);
    TRY(attack_alone(x));
    for (int i = 0, at = -1; i < x->n_aims; i++) {
        if (x->aim[i].earlier != at)
            enter(x, at = x->aim[i].earlier);
        TRY(aim_again(x, &x->aim[i]));
    }
    return OK;
}

enum err vintage_attack(const struct system *s, const struct contribution_at *used, size_t n_used,
                        const struct release *const *earlier, int n_earlier, struct arena *a,
                        struct vintage_attack *out, struct error *e)
{
    struct arena step = {0}, sorted = {0};
    *out = (struct vintage_attack){0};
    double begin = seconds();
    struct assault x = {.s = s, .arena = a, .step = &step, .out = out, .e = e,
                        .earlier = earlier, .n_earlier = n_earlier};
    x.used = contributions_sorted(used, n_used, s->plan->n_dims, &sorted, &x.n_used);
    enum err code = assault_all(&x);
    inquiry_close(x.ask_now);
    inquiry_close(x.ask_old);
    effects_finish(&x.effects);
    effects_finish(&x.remainder);
    effects_finish(&x.fresh);
    effects_finish(&x.lost);
    arena_finish(&step);
    arena_finish(&sorted);
    out->seconds = seconds() - begin;
    return code;
}
