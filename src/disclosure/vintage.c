/* The loop that makes a release safe. See vintage.h. */
#include "disclosure/vintage.h"

#include "disclosure/difference.h"
#include "disclosure/system.h"

void vintage_freeze(struct system *s, const struct release *const *earlier, int n_earlier)
{
    struct arena a = {0};
    struct cell_index x;
    cell_index_init(&x, &a, s->plan, s->cell, sizeof *s->cell, s->n_cells);
    for (int r = 0; r < n_earlier; r++) {
        for (int i = 0; i < earlier[r]->n_cells; i++) {
            int c = earlier[r]->cell[i].state == CELL_PRIMARY
                        ? cell_index_find(&x, earlier[r]->cell[i].at)
                        : -1;
            if (c >= 0)
                s->cell[c].frozen = true;
        }
    }
    arena_finish(&a);
}

/* Marks the cells of s that an earlier release had open with the value they have now. */
static int mark_unchanged(const struct system *s, const struct release *const *earlier,
                          int n_earlier, uint64_t *bits)
{
    struct arena a = {0};
    struct cell_index x;
    int n = 0;
    cell_index_init(&x, &a, s->plan, s->cell, sizeof *s->cell, s->n_cells);
    for (int r = 0; r < n_earlier; r++) {
        for (int i = 0; i < earlier[r]->n_cells; i++) {
            const struct release_cell *then = &earlier[r]->cell[i];
            int c = then->state == CELL_OPEN ? cell_index_find(&x, then->at) : -1;
            if (c < 0 || s->cell[c].value != then->value || bit_get(bits, (size_t)c))
                continue;
            bit_set(bits, (size_t)c);
            n++;
        }
    }
    arena_finish(&a);
    return n;
}

int vintage_shown(const struct system *s, const struct release *const *earlier, int n_earlier,
                  uint64_t *bits)
{
    int n = mark_unchanged(s, earlier, n_earlier, bits);
    for (int c = 0; c < s->n_cells && n > 0; c++) {
        if (!unknown(&s->cell[c]) && bit_get(bits, (size_t)c)) {
            bit_clear(bits, (size_t)c);
            n--;
        }
    }
    return n;
}

/* The same sum of others is another matter: who is new in it knows the rest of it now. */
static bool same_contributors(const struct sdc_cell *x, const struct sdc_cell *y)
{
    return x->contributors == y->contributors && x->weight == y->weight &&
           memcmp(x->top_party, y->top_party, sizeof x->top_party) == 0 &&
           memcmp(x->top, y->top, sizeof x->top) == 0;
}

static enum err spare_known(struct system *s, const struct release *last, int *known,
                            struct error *e)
{
    struct arena a = {0};
    struct system *then;
    enum err r = system_build(&then, &a, s->plan, &s->rules, last->used, last->n_used, e);
    for (int c = 0; r == OK && c < s->n_cells; c++) {
        struct sdc_cell *cell = &s->cell[c];
        int at = cell->shown && cell->sensitive ? system_find(then, cell->at) : -1;
        if (at < 0 || !same_contributors(cell, &then->cell[at]))
            continue;
        cell->sensitive = false;
        ++*known;
    }
    arena_finish(&a);
    return r;
}

/* What all know is a constant: nothing can hide behind it, and suppressing it protects nothing. */
enum err vintage_mark_shown(struct system *s, const struct release *const *earlier, int n_earlier,
                            int *known, struct error *e)
{
    struct arena a = {0};
    uint64_t *bits = ARENA_ARRAY(&a, uint64_t, BITS_WORDS((size_t)s->n_cells) + 1);
    bool some = false;
    *known = 0;
    mark_unchanged(s, earlier, n_earlier, bits);
    for (int c = 0; c < s->n_cells; c++) {
        s->cell[c].shown = bit_get(bits, (size_t)c);
        some |= s->cell[c].shown && s->cell[c].sensitive;
    }
    arena_finish(&a);
    return some ? spare_known(s, earlier[n_earlier - 1], known, e) : OK;
}

/* --- what the rounds have learnt ------------------------------------------------------------ */

struct lesson { /* a set of cells, by coordinates */
    struct release_cell *cell;
    int n, cap;
};

struct preparing {
    const struct vintage_task *t;
    struct arena *arena;
    struct vintage *out;
    struct lesson also;   /* differences that were placed: compared by the hold */
    struct lesson closed; /* to be suppressed besides */
    bool stay;            /* nothing goes coarser */
    bool all;             /* every change waits */
    struct error *e;
};

static bool learn(struct preparing *p, struct lesson *l, const int16_t *at)
{
    for (int i = 0; i < l->n; i++)
        if (leaves_cmp(p->t->plan->n_dims, l->cell[i].at, at) == 0)
            return false;
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 64;
        struct release_cell *more = ARENA_ARRAY(p->arena, struct release_cell, (size_t)l->cap);
        if (l->n)
            memcpy(more, l->cell, (size_t)l->n * sizeof *more);
        l->cell = more;
    }
    memcpy(l->cell[l->n++].at, at, sizeof l->cell->at);
    return true;
}

static enum err protect(struct preparing *p)
{
    const struct vintage_task *t = p->t;
    struct vintage *out = p->out;
    struct hold_task hold = {t->plan, t->rules, t->earlier, t->n_earlier, t->now, t->n_now,
                             p->also.cell, p->also.n, p->all, p->stay, t->benchmark};
    TRY(vintage_hold(&hold, p->arena, &out->used, &out->hold, p->e));
    TRY(system_build(&out->system, p->arena, t->plan, t->rules, out->used.line, out->used.n,
                     p->e));
    if (t->derive)
        TRY(t->derive(t->derive_ctx, out->system, p->e));
    vintage_freeze(out->system, t->earlier, t->n_earlier);
    for (int i = 0; i < p->closed.n; i++) {
        int c = system_find(out->system, p->closed.cell[i].at);
        if (c >= 0)
            out->system->cell[c].frozen = true;
    }
    TRY(vintage_mark_shown(out->system, t->earlier, t->n_earlier, &out->known, p->e));
    return system_suppress(out->system, t->n_threads, &out->suppression, p->e);
}

/* Suppresses the cell or, where that is not news, the cells of its relations that are open; but
 * not what is shown, which would be no use. */
static int close_around(struct preparing *p, const struct ground *g, const uint64_t *unchanged,
                        const int16_t *at)
{
    const struct system *s = p->out->system;
    int c = system_find(s, at), n = 0;
    if (c < 0)
        return 0;
    if (!unknown(&s->cell[c]))
        return learn(p, &p->closed, at);
    for (int k = g->relation_first[c]; k < g->relation_first[c + 1]; k++) {
        const struct relation *r = &s->relation[g->relation[k]];
        for (int i = 0; i < r->n; i++) {
            int m = s->member[r->first + i];
            if (!unknown(&s->cell[m]) && !bit_get(unchanged, (size_t)m))
                n += learn(p, &p->closed, s->cell[m].at);
        }
    }
    return n;
}

static enum err close_all(struct preparing *p, int *n)
{
    const struct vintage_attack *d = &p->out->differences;
    const struct system *s = p->out->system;
    struct arena a = {0};
    struct ground g;
    uint64_t *unchanged = ARENA_ARRAY(&a, uint64_t, BITS_WORDS((size_t)s->n_cells) + 1);
    mark_unchanged(s, p->t->earlier, p->t->n_earlier, unchanged);
    enum err code = ground_of(&g, &a, s, p->e);
    for (int i = 0; code == OK && i < d->n_exposed; i++)
        *n += close_around(p, &g, unchanged, d->exposed[i].at);
    arena_finish(&a);
    return code;
}

/* First nothing goes coarser any more. Then what the last release showed stays as it was: safe as it
 * was, with only what is new to protect, and all of that can be suppressed. Suppressing more of
 * what is shown would protect nothing. */
static bool wait_for_more(struct preparing *p)
{
    if (p->all || p->t->n_earlier == 0)
        return false;
    if (p->e != NULL)
        *p->e = (struct error){0};
    if (!p->stay && p->t->plan->n_ways > 0)
        return p->stay = true;
    return p->all = true;
}

/* A difference waits; when that is not news, or does not help, more does and at last every change;
 * when that does not either, what is around it is closed. */
static enum err note_exposed(struct preparing *p, int *n)
{
    const struct vintage_attack *d = &p->out->differences;
    *n = 0;
    for (int i = 0; i < d->n_exposed; i++)
        if (d->exposed[i].kind != EXPOSED_SHOWN)
            *n += learn(p, &p->also, d->exposed[i].at);
    if (*n == 0)
        *n = wait_for_more(p);
    return *n > 0 ? OK : close_all(p, n);
}

static enum err refuse(const struct preparing *p)
{
    err_set(p->e, ERR_CONFLICT,
            "有 %d 个单元格仍可被推算，不予发布（差额 %d 个）",
            "%d cells can still be worked out (differences: %d); nothing is released",
            p->out->attack.n_exposed + p->out->differences.n_exposed,
            p->out->differences.n_exposed);
    return ERR_CONFLICT;
}

enum err vintage_prepare(const struct vintage_task *t, struct arena *a, struct vintage *out,
                         struct error *e)
{
    struct preparing p = {.t = t, .arena = a, .out = out, .e = e};
    *out = (struct vintage){0};
    for (out->rounds = 1; out->rounds <= LIMIT_RELEASE_ROUNDS; out->rounds++) {
        enum err code = protect(&p);
        if (code == ERR_LIMIT && wait_for_more(&p)) /* nothing to suppress: all around is shown */
            continue;
        TRY(code);
        TRY(system_attack(out->system, t->n_threads, a, &out->attack, e));
        if (out->attack.n_exposed > 0 && wait_for_more(&p))
            continue;
        if (out->attack.n_exposed > 0)
            return refuse(&p);
        TRY(vintage_attack(out->system, out->used.line, out->used.n, t->earlier, t->n_earlier, a,
                           &out->differences, e));
        int news = 0;
        if (out->differences.n_exposed == 0)
            return OK;
        TRY(note_exposed(&p, &news));
        if (news == 0)
            return refuse(&p);
    }
    return err_set(e, ERR_LIMIT, "经过 %d 轮仍不能安全发布", "not safe after %d rounds",
                   (int)LIMIT_RELEASE_ROUNDS);
}
