#include "compare/follow.h"

#include <stdlib.h>

struct feed {
    const struct snapshot *s;
    const struct followed *f;
    day_t today;
    struct arena *a;
    struct news *news;
    int n, room;
    struct error *e;
};

const char *follow_name(enum follow_kind k)
{
    static const char *const names[] = {"governed", "ungoverned", "changed", "corrected"};
    return names[k];
}

static struct side view_on(const struct feed *x, day_t on, day_t known)
{
    return (struct side){.name = STR("followed"), .instrument = -1,
                         .family = x->f->mode == 3 ? FAMILY_INVESTMENT : FAMILY_CROSS_BORDER,
                         .place = x->f->place, .origin = x->f->origin, .on = on, .known = known};
}

/* The layers of the family that speak to the followed economy there. */
static uint64_t speaking(const struct feed *x, const struct side *v)
{
    struct question q = {.mode = x->f->mode, .origin = x->f->origin, .place = x->f->place,
                         .on = v->on, .known = v->known};
    return snapshot_speaking(x->s, &q) & snapshot_deciding(x->s, &q);
}

static struct news *add(struct feed *x, enum follow_kind kind, day_t day)
{
    if (x->n == x->room) {
        int room = x->room == 0 ? 16 : 2 * x->room;
        struct news *wider = ARENA_ARRAY(x->a, struct news, (size_t)room);
        if (x->n > 0)
            memcpy(wider, x->news, (size_t)x->n * sizeof *wider);
        x->news = wider;
        x->room = room;
    }
    struct news *n = &x->news[x->n++];
    memset(n, 0, sizeof *n);
    n->kind = kind;
    n->day = day;
    return n;
}

static void add_makers(struct news *n, const struct diff_region *r)
{
    for (int i = 0; i < r->n_causes && n->n_by < FOLLOW_BY; i++) {
        bool there = false;
        for (int k = 0; k < n->n_by; k++)
            there |= n->by[k] == r->by[i];
        if (!there)
            n->by[n->n_by++] = r->by[i];
    }
}

/* The part of a region that lies among the followed cells. */
static uint64_t clipped(const struct feed *x, const struct diff_region *r, int *leaf)
{
    struct scope s = r->scope;
    bits_and(s.sector, x->f->sector, SECTOR_WORDS);
    s.combo &= combos_of(1u << x->f->mode, IMPORT, ~0u);
    *leaf = 0;
    while (*leaf < SECTOR_WORDS * 64 && !bit_get(s.sector, (size_t)*leaf))
        ++*leaf;
    return scope_weigh(&s);
}

/* The same valuation shows the change on every cell of the region that has the witness's items;
 * whether it does here is asked, not assumed. */
static bool shows(const struct feed *x, const struct diff_region *r, int leaf, struct news *n)
{
    struct answer was, is;
    struct question a = r->a, b = r->b;
    if (combo_mode(combo_of(a.mode, a.direction, a.kind)) != x->f->mode)
        return false;
    a.sector = b.sector = leaf;
    n->facts = r->facts;
    a.facts = b.facts = &n->facts;
    decide(x->s, &a, &was);
    decide(x->s, &b, &is);
    if (was.outcome == is.outcome && was.must == is.must && was.treatment == is.treatment)
        return false;
    a.facts = b.facts = NULL;
    n->a = a;
    n->b = b;
    n->was = (struct diff_answer){was.outcome, was.must, was.treatment};
    n->is = (struct diff_answer){is.outcome, is.must, is.treatment};
    return true;
}

static enum err compare(struct feed *x, const struct side *a, const struct side *b,
                        enum follow_kind kind, day_t day)
{
    struct diff d;
    struct news *n = NULL;
    TRY(diff_make(x->s, a, b, &d, x->a, x->e));
    for (int i = 0; i < d.n_regions; i++) {
        const struct diff_region *r = &d.region[i];
        int leaf;
        uint64_t cells = clipped(x, r, &leaf);
        if (cells == 0)
            continue;
        n = n == NULL ? add(x, kind, day) : n;
        *(r->change == CHANGE_OPENED ? &n->opened : &n->closed) += cells;
        add_makers(n, r);
        n->example = n->example || shows(x, r, leaf, n);
    }
    return OK;
}

/* One boundary of the law: the day before against the day. */
static enum err at_day(struct feed *x, day_t day)
{
    struct side a = view_on(x, day - 1, x->today), b = view_on(x, day, x->today);
    uint64_t la = speaking(x, &a), lb = speaking(x, &b);
    bool before = (la & x->s->default_equal) != 0, after = (lb & x->s->default_equal) != 0;
    if (la == lb) /* the same texts, whose items do not change: nothing to compare */
        return OK;
    if (before && after)
        return compare(x, &a, &b, FOLLOW_CHANGED, day);
    if (before != after)
        add(x, after ? FOLLOW_GOVERNED : FOLLOW_UNGOVERNED, day);
    return OK;
}

/* One boundary of knowledge: the law of today, as known before and from that day on. */
static enum err at_known(struct feed *x, day_t day)
{
    struct side a = view_on(x, x->today, day - 1), b = view_on(x, x->today, day);
    uint64_t la = speaking(x, &a), lb = speaking(x, &b), lists = x->s->default_equal;
    return la != lb && (la & lists) != 0 && (lb & lists) != 0
               ? compare(x, &a, &b, FOLLOW_CORRECTED, day)
               : OK;
}

static int newest_first(const void *a, const void *b)
{
    const struct news *x = a, *y = b;
    return x->day != y->day ? (x->day < y->day) - (x->day > y->day)
                            : (x->kind > y->kind) - (x->kind < y->kind);
}

enum err follow_make(const struct snapshot *s, const struct followed *f, day_t today,
                     struct arena *a, struct news **out, int *n, struct error *e)
{
    struct feed x = {.s = s, .f = f, .today = today, .a = a, .e = e};
    for (int i = 0; i < s->n_valid; i++)
        if (s->valid_day[i] != DAY_MIN)
            TRY(at_day(&x, s->valid_day[i]));
    for (int i = 0; i < s->n_known; i++)
        if (s->known_day[i] != DAY_MIN && s->known_day[i] <= today)
            TRY(at_known(&x, s->known_day[i]));
    sort_by(x.news, (size_t)x.n, x.n == 0 ? 1 : sizeof *x.news, newest_first);
    *out = x.news;
    *n = x.n;
    return OK;
}
