/* One stretch of days: exact classes, every class cell decided once, and what that makes of each
 * code's set of supplies. */
#include "declaration/screen_inside.h"
#include "declaration/screen_law.h"

#include <stdatomic.h>
#include <stdlib.h>

static struct question cell_question(const struct screen *s, const struct stretch *t, int sector,
                                     int combo, int o, int p)
{
    int code = t->grid.combo.first[combo];
    return (struct question){.sector = t->grid.sector.first[sector],
                             .mode = combo_mode(code),
                             .direction = IMPORT,
                             .kind = combo_kind(code),
                             .origin = t->grid.origin.first[o],
                             .place = t->grid.place.first[p],
                             .on = t->on,
                             .known = s->known};
}

struct question screen_question(const struct screen *s, const struct stretch *t, size_t at)
{
    const struct grid *g = &t->grid;
    size_t places = (size_t)g->place.n, origins = (size_t)g->origin.n, combos = (size_t)g->combo.n;
    int p = (int)(at % places), o = (int)(at / places % origins);
    int c = (int)(at / places / origins % combos), k = (int)(at / places / origins / combos);
    return cell_question(s, t, k, c, o, p);
}

/* --- classes ---------------------------------------------------------------------------------- */

static void make_grid(const struct screen *s, struct stretch *t)
{
    struct scope domain;
    unsigned modes = 0;
    scope_whole(s->corpus->codes, t->on, &domain);
    memset(domain.sector, 0, sizeof domain.sector);
    for (int r = 0; r < s->n_rows; r++)
        for (int m = 0; m < SCREEN_MODES; m++)
            if (bits_any(s->supplies[r].leaf[m], SECTOR_WORDS)) {
                bits_or(domain.sector, s->supplies[r].leaf[m], SECTOR_WORDS);
                modes |= 2u << m;
            }
    domain.combo = combos_of(modes, IMPORT, 1u << KIND_FIRM | 1u << KIND_PERSON);
    unclaimed_grid(s->snap, t->on, s->known, &domain, &t->grid);
}

/* A place not yet founded was ground of the one above it. */
static void make_lookups(const struct screen *s, struct stretch *t)
{
    const struct classification *c = s->corpus->codes;
    const struct grid *g = &t->grid;
    t->kind_cells = (uint32_t)(g->origin.n * g->place.n);
    t->row_cells = SCREEN_KINDS * t->kind_cells;
    for (int o = 0; o < LIMIT_ORIGINS; o++)
        t->origin_at[o] = o >= c->n_economies || g->origin.of[o] < 0
                              ? UINT32_MAX
                              : (uint32_t)(g->origin.of[o] * g->place.n);
    for (int i = 0; i < c->n_places; i++) {
        int p = i;
        while (c->place[p].from > t->on && c->place[p].parent >= 0)
            p = c->place[p].parent;
        check(g->place.of[p] >= 0);
        t->place_at[i] = (uint8_t)g->place.of[p];
    }
}

static int division_of(const struct classification *c, int leaf)
{
    int at = c->gbt.leaf[leaf], n = 0;
    while (c->gbt.code[at].level > 2)
        at = c->gbt.code[at].parent;
    for (int i = 0; i < at; i++)
        n += c->gbt.code[i].level == 2;
    return n;
}

static void make_row(const struct supplies *from, struct stretch *t, const uint8_t *division,
                     struct row *row)
{
    const struct classes *k = &t->grid.sector;
    row->part = ARENA_ARRAY(&t->arena, struct part, (size_t)(SCREEN_MODES * k->n) + 1);
    for (int m = 0; m < SCREEN_MODES; m++) {
        int first = row->n;
        for (int i = 0; i < k->n; i++)
            row->part[first + i] = (struct part){.class = (int16_t)i, .mode = (uint8_t)(m + 1)};
        for (int leaf = 0; leaf < k->n_codes; leaf++)
            if (bit_get(from->leaf[m], (size_t)leaf)) {
                struct part *p = &row->part[first + k->of[leaf]];
                p->weight++;
                bit_set(p->division, division[leaf]);
            }
        for (int i = 0; i < k->n; i++) /* only classes that the set has leaves of */
            if (row->part[first + i].weight > 0)
                row->part[row->n++] = row->part[first + i];
    }
}

static void make_rows(const struct screen *s, struct stretch *t)
{
    uint8_t division[LIMIT_SECTORS];
    for (int leaf = 0; leaf < s->corpus->codes->gbt.n_leaves; leaf++)
        division[leaf] = (uint8_t)division_of(s->corpus->codes, leaf);
    t->row = ARENA_ARRAY(&t->arena, struct row, (size_t)s->n_rows + 1);
    for (int r = 0; r < s->n_rows; r++)
        make_row(&s->supplies[r], t, division, &t->row[r]);
}

/* --- verdicts --------------------------------------------------------------------------------- */

static size_t verdict_hash(const struct verdict *v)
{
    uint64_t h = v->outcome;
    for (int i = 0; i < v->n; i++) {
        h = (h ^ (uint64_t)v->provision[i]) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    return (size_t)h;
}

/* Where the verdict is in the hash table, or the free slot for it. */
static size_t verdict_slot(const struct stretch *t, const struct verdict *v)
{
    size_t n = 2 * (size_t)t->room, at = verdict_hash(v) % n;
    for (; t->slot[at] >= 0; at = (at + 1) % n) {
        const struct verdict *x = &t->verdict[t->slot[at]];
        if (x->outcome == v->outcome && x->n == v->n &&
            memcmp(x->provision, v->provision, (size_t)v->n * sizeof(int)) == 0)
            break;
    }
    return at;
}

static void more_room(struct stretch *t)
{
    struct verdict *old = t->verdict;
    t->room = t->room == 0 ? 64 : 2 * t->room;
    t->verdict = ARENA_ARRAY(&t->arena, struct verdict, (size_t)t->room);
    t->slot = ARENA_ARRAY(&t->arena, int32_t, 2 * (size_t)t->room);
    memset(t->slot, 0xff, 2 * (size_t)t->room * sizeof *t->slot);
    for (int i = 0; i < t->n_verdicts; i++) {
        t->verdict[i] = old[i];
        t->slot[verdict_slot(t, &old[i])] = i;
    }
}

static int32_t verdict_of(struct stretch *t, struct answer *a)
{
    if (t->n_verdicts == t->room)
        more_room(t);
    struct verdict v = {(uint8_t)a->outcome, a->n_prevailing, a->prevailing};
    size_t at = verdict_slot(t, &v);
    if (t->slot[at] < 0) {
        v.provision = ARENA_ARRAY(&t->arena, int, (size_t)v.n + 1);
        memcpy(v.provision, a->prevailing, (size_t)v.n * sizeof(int));
        t->slot[at] = t->n_verdicts;
        t->verdict[t->n_verdicts++] = v;
    }
    return t->slot[at];
}

/* Modes in which some code supplies a leaf of the class. */
static void modes_asked(const struct screen *s, const struct stretch *t, uint8_t *modes)
{
    for (int r = 0; r < s->n_rows; r++)
        for (int i = 0; i < t->row[r].n; i++)
            modes[t->row[r].part[i].class] |= (uint8_t)(1u << t->row[r].part[i].mode);
}

void screen_stretch_decide(const struct screen *s, struct stretch *t)
{
    uint8_t modes[LIMIT_SECTORS] = {0};
    struct answer a;
    make_grid(s, t);
    make_lookups(s, t);
    make_rows(s, t);
    modes_asked(s, t, modes);
    const struct grid *g = &t->grid;
    size_t cells = grid_cells(g), at = 0;
    t->verdict_of = ARENA_ARRAY(&t->arena, int32_t, cells + 1);
    t->fact = ARENA_ARRAY(&t->arena, _Atomic int16_t, cells + 1);
    t->evidence = ARENA_ARRAY(&t->arena, _Atomic char, cells + 1);
    for (int k = 0; k < g->sector.n; k++)
        for (int c = 0; c < g->combo.n; c++)
            for (int o = 0; o < g->origin.n; o++)
                for (int p = 0; p < g->place.n; p++, at++) {
                    atomic_init(&t->fact[at], FACT_NOT_ASKED);
                    t->verdict_of[at] = -1;
                    if (!((modes[k] >> combo_mode(g->combo.first[c])) & 1))
                        continue;
                    struct question q = cell_question(s, t, k, c, o, p);
                    decide(s->snap, &q, &a);
                    t->verdict_of[at] = verdict_of(t, &a);
                }
}

/* --- what holds for a set --------------------------------------------------------------------- */

/* `outcomes`: bit = enum outcome that some supply of the set has. */
static enum screen_outcome outcome_of_set(unsigned outcomes, bool open)
{
    const unsigned prohibited = 1u << OUTCOME_PROHIBITED, equal = 1u << OUTCOME_EQUAL;
    const unsigned other = prohibited | 1u << OUTCOME_CONDITIONAL | 1u << OUTCOME_CARVED_OUT |
                           1u << OUTCOME_UNDETERMINED;
    if (outcomes == prohibited && !open)
        return SCREEN_HIT;
    if (outcomes & other)
        return SCREEN_POSSIBLE;
    return outcomes == equal && !open ? SCREEN_CLEAN : SCREEN_UNSCREENED;
}

void screen_stretch_fold(struct screen *s, const struct stretch *t)
{
    for (int r = 0; r < s->n_rows; r++)
        for (int kind = 0; kind < SCREEN_KINDS; kind++) {
            uint8_t *out = s->outcome + t->base + (uint32_t)r * t->row_cells +
                           (uint32_t)kind * t->kind_cells;
            for (uint32_t cell = 0; cell < t->kind_cells; cell++) {
                unsigned outcomes = 0;
                for (int i = 0; i < t->row[r].n; i++) {
                    size_t at = screen_grid_at(t, &t->row[r].part[i], (enum kind)kind, cell);
                    outcomes |= 1u << t->verdict[t->verdict_of[at]].outcome;
                }
                out[cell] = (uint8_t)outcome_of_set(outcomes, s->supplies[r].open);
            }
        }
}

void screen_stretch_finish(struct stretch *t)
{
    arena_finish(&t->arena);
}
