/* Which changes this release may show, and where. See vintage.h. */
#define _GNU_SOURCE /* sort_by_r */
#include <stdlib.h>

#include "disclosure/difference.h"
#include "disclosure/unallocated.h"

/* One contributor at one combination of leaves, in the last release and now. */
struct item {
    int16_t leaf[DIMS_MAX];
    uint32_t party;
    bool in_last, in_now;
    int64_t last, now;         /* at its own place */
    const struct moved *moved; /* what the last release had of it elsewhere; NULL: nothing */
};

enum { OWN = 0 }; /* choices of an item: its own place, 1 + a way of the plan, or to wait */

struct holding {
    const struct hold_task *t;
    const struct release *last; /* NULL: there is none */
    struct arena *arena, *step; /* step: scratch of one earlier release */
    struct item *item;
    size_t n;
    uint8_t *choice; /* per item */
    uint8_t waits;   /* the choice that leaves an item as the last release had it */
    struct release_cell *spare; /* cells not allocated that a change may go to */
    int n_spare;
    struct effects effects;
    struct hold *out;
};

static int64_t moved_value(const struct item *i)
{
    return i->moved ? i->moved->value : 0;
}

static bool changed(const struct item *i)
{
    return i->now - i->last != moved_value(i);
}

static bool below(const struct plan *p, const int16_t *at, const int16_t *leaf)
{
    for (int d = 0; d < p->n_dims; d++) {
        int node = leaf[d];
        while (node > at[d]) /* parents come before children */
            node = p->dim[d].node[node].parent;
        if (node != at[d])
            return false;
    }
    return true;
}

/* --- what there is ------------------------------------------------------------------------- */

/* The lines of the last release at their own places. */
static const struct contribution_at *own_lines(const struct holding *h, size_t *n)
{
    *n = 0;
    if (!h->last)
        return NULL;
    struct contribution_at *own =
        ARENA_ARRAY(h->arena, struct contribution_at, h->last->n_used + 1);
    for (size_t i = 0; i < h->last->n_used; i++)
        if (!unallocated_at(h->t->plan, h->last->used[i].leaf))
            own[(*n)++] = h->last->used[i];
    return contributions_sorted(own, *n, h->t->plan->n_dims, h->arena, n);
}

static uint8_t first_choice(const struct holding *h, const struct item *i)
{
    const struct hold_task *t = h->t;
    int16_t to[DIMS_MAX] = {0};
    if (i->moved && t->benchmark)
        return OWN;
    if (!changed(i))
        return h->waits;
    for (int way = 0; i->moved && !t->stay && way < t->plan->n_ways; way++)
        if (unallocated_place(t->plan, way, i->leaf, to) &&
            leaves_cmp(t->plan->n_dims, to, i->moved->to) == 0)
            return (uint8_t)(1 + way);
    return i->moved ? h->waits : OWN;
}

static int moved_cmp(int n_dims, const struct moved *m, const int16_t *leaf, uint32_t party)
{
    int c = leaves_cmp(n_dims, m->from, leaf);
    return c ? c : (m->party > party) - (m->party < party);
}

static struct item *add_item(struct holding *h, const int16_t *leaf, uint32_t party)
{
    struct item *i = &h->item[h->n++];
    memcpy(i->leaf, leaf, sizeof i->leaf);
    i->party = party;
    return i;
}

static void items_of(struct holding *h)
{
    const struct hold_task *t = h->t;
    int n_dims = t->plan->n_dims;
    size_t n_now, n_last, n_moved = h->last ? h->last->n_moved : 0;
    const struct contribution_at *now =
        contributions_sorted(t->now, t->n_now, n_dims, h->arena, &n_now);
    const struct contribution_at *then = own_lines(h, &n_last);
    const struct moved *m = n_moved ? h->last->moved : NULL, *end = n_moved ? m + n_moved : NULL;
    h->item = ARENA_ARRAY(h->arena, struct item, n_now + n_last + n_moved + 1);
    struct walk w = {then, n_last ? then + n_last : then, now, now + n_now, n_dims};
    struct both b;
    while (walk_step(&w, &b)) {
        const struct contribution_at *any = b.now ? b.now : b.then;
        for (; m < end && moved_cmp(n_dims, m, any->leaf, any->party) < 0; m++)
            add_item(h, m->from, m->party)->moved = m; /* taken back since */
        struct item *i = add_item(h, any->leaf, any->party);
        if (m < end && moved_cmp(n_dims, m, any->leaf, any->party) == 0)
            i->moved = m++;
        i->in_last = b.then != NULL;
        i->in_now = b.now != NULL;
        i->last = b.then ? b.then->value : 0;
        i->now = b.now ? b.now->value : 0;
    }
    for (; m < end; m++)
        add_item(h, m->from, m->party)->moved = m;
    h->choice = ARENA_ARRAY(h->arena, uint8_t, h->n + 1);
    for (size_t i = 0; i < h->n; i++)
        h->choice[i] = first_choice(h, &h->item[i]);
}

/* --- one earlier release ------------------------------------------------------------------- */

/* The cells that an earlier release showed, or all it published. */
static struct release_cell *cells_then(const struct holding *h, const struct release *r,
                                       bool suppressed_too, int *n)
{
    size_t room = (size_t)r->n_cells + (size_t)h->t->n_also + (size_t)h->n_spare + 1;
    struct release_cell *out = ARENA_ARRAY(h->step, struct release_cell, room);
    *n = 0;
    for (int i = 0; i < r->n_cells; i++)
        if (r->cell[i].state == CELL_OPEN ||
            (suppressed_too && r->cell[i].state != CELL_HIDDEN))
            out[(*n)++] = r->cell[i];
    return out;
}

static void published_by(const struct holding *h, const struct release *r, struct cell_index *out)
{
    int n;
    const struct release_cell *cell = cells_then(h, r, true, &n);
    cell_index_init(out, h->step, h->t->plan, cell, sizeof *cell, n);
}

/* Every change of what the last release published. */
static void all_wait(struct holding *h)
{
    struct cell_index published;
    if (!h->last)
        return;
    published_by(h, h->last, &published);
    for (size_t i = 0; i < h->n; i++)
        if (cell_index_covers(&published, h->item[i].leaf))
            h->choice[i] = h->waits;
}

/* All cells not allocated that some change may go to or leave: those of a system of such leaves
 * alone. */
static enum err spare_cells(struct holding *h, struct error *e)
{
    const struct plan *p = h->t->plan;
    struct arena a = {0};
    struct cell_index published;
    struct contribution_at *line =
        ARENA_ARRAY(&a, struct contribution_at, h->n * (size_t)(p->n_ways + 1) + 1);
    size_t n = 0;
    arena_reset(h->step);
    published_by(h, h->last, &published);
    for (size_t i = 0; i < h->n; i++) {
        bool goes = h->choice[i] != h->waits && cell_index_covers(&published, h->item[i].leaf);
        for (int way = 0; goes && way < p->n_ways; way++) {
            line[n].value = 1;
            n += unallocated_place(p, way, h->item[i].leaf, line[n].leaf);
        }
        if (goes && h->item[i].moved) {
            memcpy(line[n].leaf, h->item[i].moved->to, sizeof line[n].leaf);
            line[n++].value = 1;
        }
    }
    const struct contribution_at *each = contributions_sorted(line, n, p->n_dims, &a, &n);
    struct system *s;
    enum err code = system_build(&s, &a, p, h->t->rules, each, n, e);
    h->n_spare = 0;
    if (code == OK)
        h->spare = ARENA_ARRAY(h->arena, struct release_cell, (size_t)s->n_cells + 1);
    for (int c = 0; code == OK && c < s->n_cells; c++)
        if (s->cell[c].state != CELL_HIDDEN && unallocated_at(p, s->cell[c].at))
            memcpy(h->spare[h->n_spare++].at, s->cell[c].at, sizeof h->spare->at);
    arena_finish(&a);
    return code;
}

/* A cell that the release might have had and did not: all know it was zero. */
static bool was_zero(const struct holding *h, const struct cell_index *published,
                     const int16_t *at)
{
    const struct plan *p = h->t->plan;
    for (int d = 0; d < p->n_dims; d++)
        if (!bit_get(published->seen[d], (size_t)at[d]) && !unallocated_node(p, d, at[d]))
            return false;
    return cell_index_find(published, at) < 0;
}

/* The cells of an earlier release whose differences are looked at; of the suppressed ones (the last)
 * only what is not allocated. */
static struct release_cell *watched(const struct holding *h, const struct release *r,
                                    const struct cell_index *published, int *n)
{
    const struct hold_task *t = h->t;
    struct release_cell *out = cells_then(h, r, false, n);
    for (int i = 0; i < h->n_spare; i++)
        if (was_zero(h, published, h->spare[i].at))
            out[(*n)++] = h->spare[i];
    struct cell_index open;
    cell_index_init(&open, h->step, t->plan, out, sizeof *out, *n);
    for (int i = 0, shown = *n; i < t->n_also; i++)
        if (shown == 0 || cell_index_find(&open, t->also[i].at) < 0)
            out[(*n)++] = t->also[i];
    for (int i = 0; t->plan->n_ways > 0 && i < r->n_cells; i++)
        if (r->cell[i].state == CELL_PRIMARY)
            out[(*n)++] = r->cell[i];
    return out;
}

/* What differs where an item has been, and where it may go to. */
static void effects_of_item(struct holding *h, size_t at, const struct cell_index *x,
                            const struct cell_index *published)
{
    const struct plan *p = h->t->plan;
    const struct item *i = &h->item[at];
    struct effect what = {.party = i->party, .item = (int32_t)at};
    int16_t to[DIMS_MAX] = {0};
    for (int way = 0; way < p->n_ways; way++) {
        what.choice = (uint8_t)(1 + way);
        what.change[0] = i->now - i->last;
        if (what.change[0] != 0 && unallocated_place(p, way, i->leaf, to) &&
            cell_index_covers(published, to)) {
            what.kind = unallocated_kind(p, to);
            effects_add(&h->effects, x, &what, to);
        }
    }
    if (!i->moved || !cell_index_covers(published, i->moved->to))
        return;
    what = (struct effect){.party = i->party, .item = (int32_t)at, .choice = h->waits,
                           .kind = unallocated_kind(p, i->moved->to),
                           .change = {0, -moved_value(i)}};
    effects_add(&h->effects, x, &what, i->moved->to);
}

/* What the last release had at leaves not allocated, against what r had there. */
static void effects_elsewhere(struct holding *h, const struct release *r,
                              const struct cell_index *x, const struct cell_index *published)
{
    const struct plan *p = h->t->plan;
    size_t n_now, n_then;
    const struct contribution_at *then =
        unallocated_lines(p, r->moved, r->n_moved, h->step, &n_then);
    const struct contribution_at *now =
        unallocated_lines(p, h->last->moved, h->last->n_moved, h->step, &n_now);
    struct walk w = {then, then + n_then, now, now + n_now, p->n_dims};
    struct both b;
    while (walk_step(&w, &b)) {
        const struct contribution_at *any = b.now ? b.now : b.then;
        struct effect what = {.party = any->party, .item = -1,
                              .kind = unallocated_kind(p, any->leaf)};
        what.change[0] = (b.now ? b.now->value : 0) - (b.then ? b.then->value : 0);
        if (what.change[0] != 0 && cell_index_covers(published, any->leaf))
            effects_add(&h->effects, x, &what, any->leaf);
    }
}

/* What differs from an earlier release, by what is chosen for each item. */
static void effects_of(struct holding *h, const struct release *r, const struct cell_index *x,
                       const struct cell_index *published)
{
    const struct plan *p = h->t->plan;
    size_t n;
    const struct contribution_at *then =
        contributions_sorted(r->used, r->n_used, p->n_dims, h->step, &n), *end = then + n;
    h->effects.n = 0;
    for (size_t i = 0; i < h->n || then < end;) {
        const struct item *item = i < h->n ? &h->item[i] : NULL;
        int c = !item ? 1 : then == end ? -1 : leaves_cmp(p->n_dims, item->leaf, then->leaf);
        if (c == 0 && item->party != then->party)
            c = item->party < then->party ? -1 : 1;
        int64_t was = c >= 0 ? then->value : 0;
        struct effect what = {.party = c <= 0 ? item->party : then->party,
                              .item = c <= 0 ? (int32_t)i : -1, .choice = OWN,
                              .change = {(c <= 0 ? item->now : 0) - was,
                                         (c <= 0 ? item->last : 0) - was}};
        const int16_t *leaf = c <= 0 ? item->leaf : then->leaf;
        bool goes = c <= 0 && h->choice[i] != h->waits;
        if (c <= 0 && !goes)
            what.change[0] = what.change[1];
        bool differs = what.change[0] != 0 || what.change[1] != 0;
        bool covered = (goes || (differs && !(c > 0 && unallocated_at(p, leaf)))) &&
                       cell_index_covers(published, leaf);
        if (covered && differs)
            effects_add(&h->effects, x, &what, leaf);
        if (covered && goes)
            effects_of_item(h, i, x, published);
        i += c <= 0;
        then += c >= 0;
    }
    effects_elsewhere(h, r, x, published);
    effects_sort(&h->effects, x->n);
}

/* --- judging ------------------------------------------------------------------------------- */

static bool of_kind(const struct plan *p, int kind, const int16_t *leaf)
{
    return kind == EFFECTS_ALL || kind == unallocated_kind(p, leaf);
}

/* What a choice makes of a cell, or of one kind of leaf in it, against the last release. */
static int64_t effect_on(const struct holding *h, const struct item *i, int choice,
                         const int16_t *at, int kind)
{
    const struct plan *p = h->t->plan;
    int16_t to[DIMS_MAX] = {0};
    int64_t out = 0;
    if (choice == h->waits)
        return 0;
    if (choice == OWN)
        memcpy(to, i->leaf, sizeof to);
    else
        unallocated_place(p, choice - 1, i->leaf, to);
    if (below(p, at, to) && of_kind(p, kind, to))
        out += i->now - i->last;
    if (i->moved && below(p, at, i->moved->to) && of_kind(p, kind, i->moved->to))
        out -= i->moved->value;
    return out;
}

/* To the next way that leaves this cell as the last release had it, or to wait. */
static bool go_coarser(struct holding *h, const struct effect *f, const int16_t *at, int kind)
{
    const struct plan *p = h->t->plan;
    const struct item *item = f->item >= 0 ? &h->item[f->item] : NULL;
    int16_t to[DIMS_MAX] = {0};
    if (!item || effect_on(h, item, h->choice[f->item], at, kind) == 0)
        return false;
    int choice = h->t->stay ? h->waits : h->choice[f->item] + 1;
    while (choice < h->waits && (!unallocated_place(p, choice - 1, item->leaf, to) ||
                                 effect_on(h, item, choice, at, kind) != 0))
        choice++;
    h->choice[f->item] = (uint8_t)choice;
    return true;
}

struct judged { /* a cell's difference, or the part of it that lies at one kind of leaf */
    int cell, kind;
    const int16_t *at;
};

/* Of a sensitive difference: those of one party, or all (UINT32_MAX). */
static bool send_away(struct holding *h, const struct judged *j, uint32_t party)
{
    bool began = false;
    for (size_t i = h->effects.start[j->cell]; i < h->effects.start[j->cell + 1]; i++)
        if (party == UINT32_MAX || h->effects.e[i].party == party)
            began |= go_coarser(h, &h->effects.e[i], j->at, j->kind);
    return began;
}

/* The changes of a sensitive difference go coarser, until it is not; says whether one did. Where
 * there are contributors enough the largest is what makes it sensitive, and goes first. */
static bool judge(struct holding *h, const struct judged *j, bool count)
{
    struct sdc_cell d;
    for (bool began = false, more = true;; began |= more) {
        effects_cell_of(&h->effects, j->cell, h->choice, j->kind, &d);
        h->out->differences += count && d.contributors > 0;
        count = false;
        if (!more || d.contributors == 0 || !cell_sensitive(h->t->rules, &d))
            return began;
        bool dominated = d.contributors >= (uint32_t)h->t->rules->contributors_min;
        more = dominated && send_away(h, j, d.top_party[0]);
        more = more || send_away(h, j, UINT32_MAX);
    }
}

/* The whole, and what lies at each kind of leaf: a table that has the one and not the other lets
 * anybody subtract. What is not allocated in a suppressed month is looked at as well: the year will
 * show it. */
static bool judge_cell(struct holding *h, int cell, const struct release_cell *then, bool count)
{
    struct judged j = {cell, EFFECTS_ALL, then->at};
    uint16_t kind[EFFECTS_KINDS];
    bool open = then->state == CELL_OPEN, began = open && judge(h, &j, count);
    for (int n = effects_kinds(&h->effects, cell, kind), k = 0; k < n; k++) {
        j.kind = kind[k];
        began |= (open || j.kind != 0) && judge(h, &j, false);
    }
    return began;
}

struct turn { /* of a cell that something has changed in */
    int cell, rank;
};

/* The finest first: a change that goes away from its own small cell leaves the others' sum safe.
 * Cells not allocated come after their like, which send them what they collect. */
static int by_turn(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank > y->rank ? -1 : 1;
    return (x->cell < y->cell) - (x->cell > y->cell);
}

static struct turn *turns_of(const struct holding *h, const struct release_cell *cell, int n_cells,
                             int *n)
{
    const struct plan *p = h->t->plan;
    struct turn *turn = ARENA_ARRAY(h->step, struct turn, (size_t)n_cells + 1);
    *n = 0;
    for (int c = 0; c < n_cells; c++) {
        if (h->effects.start[c] == h->effects.start[c + 1])
            continue;
        int rank = unallocated_at(p, cell[c].at) ? 0 : 1;
        for (int d = 0; d < p->n_dims; d++)
            rank += 2 * p->dim[d].node[cell[c].at[d]].depth;
        turn[(*n)++] = (struct turn){c, rank};
    }
    if (*n > 0)
        sort_by(turn, (size_t)*n, sizeof *turn, by_turn);
    return turn;
}

static bool compare(struct holding *h, const struct release *r, bool count)
{
    struct cell_index x, published;
    int n, n_turns;
    bool began = false, again = true;
    arena_reset(h->step);
    published_by(h, r, &published);
    const struct release_cell *cell = watched(h, r, &published, &n);
    cell_index_init(&x, h->step, h->t->plan, cell, sizeof *cell, n);
    effects_of(h, r, &x, &published);
    const struct turn *turn = turns_of(h, cell, n, &n_turns);
    while (again) {
        again = false;
        for (int i = 0; i < n_turns; i++)
            again |= judge_cell(h, turn[i].cell, &cell[turn[i].cell], count);
        began |= again;
        count = false;
    }
    return began;
}

/* --- what is used -------------------------------------------------------------------------- */

static void use_item(struct holding *h, size_t at, struct used *use)
{
    const struct item *i = &h->item[at];
    int choice = h->choice[at];
    struct moved m = {.party = i->party};
    memcpy(m.from, i->leaf, sizeof m.from);
    if (choice == h->waits && i->moved)
        m = *i->moved;
    else if (choice != OWN && choice != h->waits) {
        unallocated_place(h->t->plan, choice - 1, i->leaf, m.to);
        m.value = i->now - i->last;
    }
    if (m.value != 0) {
        use->moved[use->n_moved++] = m;
        h->out->unallocated++;
        h->out->unallocated_value += m.value < 0 ? -m.value : m.value;
    }
    int64_t waits = choice == h->waits ? i->now - i->last - m.value : 0;
    h->out->held += choice == h->waits && changed(i);
    h->out->held_value += waits < 0 ? -waits : waits;
    if (!(choice == OWN ? i->in_now : i->in_last))
        return;
    struct contribution_at *c = &use->line[use->n++];
    memcpy(c->leaf, i->leaf, sizeof c->leaf);
    c->party = i->party;
    c->value = choice == OWN ? i->now : i->last;
}

static void use_of(struct holding *h, struct used *use)
{
    const struct plan *p = h->t->plan;
    size_t n;
    *use = (struct used){.line = ARENA_ARRAY(h->arena, struct contribution_at, 2 * h->n + 1),
                         .moved = ARENA_ARRAY(h->arena, struct moved, h->n + 1)};
    for (size_t i = 0; i < h->n; i++)
        use_item(h, i, use);
    const struct contribution_at *line =
        unallocated_lines(p, use->moved, use->n_moved, h->arena, &n);
    memcpy(use->line + use->n, line, n * sizeof *line);
    use->line = (struct contribution_at *)contributions_sorted(use->line, use->n + n, p->n_dims,
                                                               h->arena, &use->n);
}

static enum err hold_all(struct holding *h, struct error *e)
{
    const struct hold_task *t = h->t;
    items_of(h);
    if (t->all)
        all_wait(h);
    if (t->plan->n_ways > 0 && h->last)
        TRY(spare_cells(h, e));
    /* Round and round, the last release first, until a whole round changed nothing. */
    for (int quiet = 0, i = 0; quiet < t->n_earlier; i++) {
        bool first = i < t->n_earlier;
        const struct release *r = t->earlier[t->n_earlier - 1 - i % t->n_earlier];
        quiet = compare(h, r, first) ? 1 : quiet + 1;
        h->out->rounds = i / t->n_earlier + 1;
    }
    return OK;
}

enum err vintage_hold(const struct hold_task *t, struct arena *a, struct used *use,
                      struct hold *out, struct error *e)
{
    struct arena step = {0};
    struct holding h = {.t = t, .arena = a, .step = &step, .out = out,
                        .waits = (uint8_t)(1 + t->plan->n_ways)};
    *out = (struct hold){.all = t->all};
    h.last = t->n_earlier ? t->earlier[t->n_earlier - 1] : NULL;
    enum err code = hold_all(&h, e);
    if (code == OK)
        use_of(&h, use);
    effects_finish(&h.effects);
    arena_finish(&step);
    return code;
}
