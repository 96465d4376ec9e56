#include "compare/route.h"

#include <stdlib.h>

struct choice { /* one value of one dimension; a place stands for its class */
    enum route_dimension dimension;
    int which;
    int64_t value;
};

struct choices {
    int n, room;
    struct choice *at;
};

struct single { /* a choice made alone */
    struct choice choice;
    bool valid;
    uint8_t lo, hi;
};

struct seek {
    struct arena *a;
    const struct snapshot *s;
    const struct corpus *c;
    const struct question *q;
    struct answer now;
    struct classes place; /* alike on `on` and on every later day */
    int n_days;
    day_t *day; /* later days on which something starts or ends, ascending */
    struct facts facts;   /* of the question that is being tried */
    struct answer answer; /* to it */
    int n, room;
    struct route *route;
};

/* --- questions with changes ---------------------------------------------------------------- */

static void apply(struct seek *k, struct question *q, const struct choice *x)
{
    switch (x->dimension) {
    case ROUTE_CLAIM: q->claims |= (uint64_t)1 << x->which; break;
    case ROUTE_FACT:
        if (q->facts != &k->facts) {
            if (q->facts)
                k->facts = *q->facts;
            else
                memset(&k->facts, 0, sizeof k->facts);
            q->facts = &k->facts;
        }
        fact_set(&k->facts, x->which, x->value);
        break;
    case ROUTE_KIND: q->kind = (enum kind)x->value; break;
    case ROUTE_MODE: q->mode = (int)x->value; break;
    case ROUTE_PLACE: q->place = (int)x->value; break;
    case ROUTE_DATE: q->on = (day_t)x->value; break;
    }
}

/* Decides the question with one or two changes; false if it cannot be asked. */
static bool try(struct seek *k, const struct choice *x, const struct choice *y)
{
    struct question q = *k->q;
    apply(k, &q, x);
    if (y)
        apply(k, &q, y);
    if (!combo_valid(combo_of(q.mode, q.direction, q.kind)) ||
        k->c->codes->place[q.place].from > q.on)
        return false;
    if ((q.claims != k->q->claims || q.on != k->q->on) && question_check(k->c, &q, NULL) != OK)
        return false;
    decide(k->s, &q, &k->answer);
    return true;
}

static bool improves(const struct answer *now, const struct answer *a)
{
    return a->outcome != OUTCOME_ELSEWHERE && a->treatment <= now->treatment &&
           a->must <= now->must && (a->treatment < now->treatment || a->must < now->must);
}

/* --- what may be changed -------------------------------------------------------------------- */

static void add(struct seek *k, struct choices *list, enum route_dimension d, int which,
                int64_t value)
{
    if (list->n == list->room) {
        list->room = list->room == 0 ? 64 : 2 * list->room;
        struct choice *more = ARENA_ARRAY(k->a, struct choice, (size_t)list->room);
        if (list->n > 0)
            memcpy(more, list->at, (size_t)list->n * sizeof *more);
        list->at = more;
    }
    list->at[list->n++] = (struct choice){d, which, value};
}

static void add_value(struct seek *k, struct choices *list, int fact, int64_t value)
{
    const struct facts *f = k->q->facts;
    if (value < 0 || (f && bit_get(f->known, (size_t)fact) && f->value[fact] == value))
        return;
    for (int i = 0; i < list->n; i++)
        if (list->at[i].dimension == ROUTE_FACT && list->at[i].which == fact &&
            list->at[i].value == value)
            return;
    add(k, list, ROUTE_FACT, fact, value);
}

/* The facts of an expression; of a number the breakpoint and both sides of it. */
static void add_expr(struct seek *k, struct choices *list, int node)
{
    if (node < 0)
        return;
    const struct expr *x = &k->c->expr[node];
    for (int child = x->child; child >= 0; child = k->c->expr[child].next)
        add_expr(k, list, child); /* depth is bounded by LIMIT_JSON_DEPTH at loading */
    if (x->fact < 0)
        return;
    const struct fact *f = &k->c->fact[x->fact];
    if (f->role != ROLE_CONDITION || f->derived)
        return;
    for (int v = 0; v < (f->type == FACT_BOOL ? 2 : f->type == FACT_ENUM ? f->n_values : 0); v++)
        add_value(k, list, x->fact, v);
    for (int v = -1; f->type == FACT_NUMBER && v <= 1; v++)
        add_value(k, list, x->fact, x->value + v);
}

static void add_clauses(struct seek *k, struct choices *list, const struct clause *x, int n)
{
    for (int i = 0; i < n; i++)
        add_expr(k, list, x[i].when);
}

static void add_facts(struct seek *k, struct choices *list, const struct answer *a)
{
    for (int i = 0; i < a->n_matches; i++) {
        const struct provision *p = &k->c->provision[a->match[i].provision];
        for (int w = 0; w < p->n_when; w++)
            add_expr(k, list, p->when[w]);
        add_clauses(k, list, p->exception, p->n_exceptions);
        add_clauses(k, list, p->exemption, p->n_exemptions);
        add_clauses(k, list, p->lift, p->n_lift);
    }
}

static bool group_speaks(const struct corpus *c, struct str group)
{
    for (int l = 0; l < c->n_layers; l++)
        if (str_eq(c->instrument[c->layer[l]].group, group))
            return true;
    return false;
}

static void add_day(struct seek *k, day_t d)
{
    int at = 0;
    if (d <= k->q->on || d == DAY_MAX)
        return;
    while (at < k->n_days && k->day[at] < d)
        at++;
    if (at < k->n_days && k->day[at] == d)
        return;
    memmove(&k->day[at + 1], &k->day[at], (size_t)(k->n_days - at) * sizeof *k->day);
    k->day[at] = d;
    k->n_days++;
}

static void find_days(struct seek *k)
{
    const struct corpus *c = k->c;
    const struct classification *codes = c->codes;
    k->day = ARENA_ARRAY(k->a, day_t,
                         2 * (size_t)(c->n_layers + codes->n_memberships) +
                             (size_t)codes->n_places + 1);
    for (int l = 0; l < c->n_layers; l++) {
        add_day(k, c->instrument[c->layer[l]].valid_from);
        add_day(k, c->instrument[c->layer[l]].valid_to);
    }
    for (int m = 0; m < codes->n_memberships; m++)
        if (codes->membership[m].economy == k->q->origin &&
            group_speaks(c, codes->membership[m].group)) {
            add_day(k, codes->membership[m].from);
            add_day(k, codes->membership[m].to);
        }
    for (int p = 0; p < codes->n_places; p++)
        add_day(k, codes->place[p].from);
    int n = 0; /* those that can be asked about */
    for (int i = 0; i < k->n_days; i++) {
        struct question q = *k->q;
        q.on = k->day[i];
        q.claims = 0;
        if (codes->place[q.place].from > q.on)
            q.place = 0;
        if (question_check(c, &q, NULL) == OK)
            k->day[n++] = q.on;
    }
    k->n_days = n;
}

/* Splits the places by what they are on one day; and by whether they exist on it. */
static void split_places(struct seek *k, day_t on)
{
    const struct classification *codes = k->c->codes;
    struct scope domain;
    struct grid *g = ARENA_NEW(k->a, struct grid);
    uint64_t there[PLACE_WORDS] = {0};
    memset(&domain, 0, sizeof domain);
    bit_set(domain.sector, (size_t)k->q->sector);
    bit_set(domain.origin, (size_t)k->q->origin);
    bits_set_range(domain.place, 0, (size_t)codes->n_places);
    snapshot_grid(k->s, on, k->q->known, &domain, g);
    for (int class = 0; class < g->place.n; class++) {
        uint64_t set[PLACE_WORDS] = {0};
        classes_codes(&g->place, class, set);
        classes_split(&k->place, set);
    }
    for (int p = 0; p < codes->n_places; p++)
        if (codes->place[p].from <= on)
            bit_set(there, (size_t)p);
    classes_split(&k->place, there);
}

static void find_places(struct seek *k)
{
    uint64_t all[PLACE_WORDS] = {0};
    bits_set_range(all, 0, (size_t)k->c->codes->n_places);
    classes_init(&k->place, all, k->c->codes->n_places);
    split_places(k, k->q->on);
    for (int i = 0; i < k->n_days; i++)
        split_places(k, k->day[i]);
}

/* Everything but the facts: these depend on what matches. */
static void find_choices(struct seek *k, struct choices *list)
{
    const struct question *q = k->q;
    for (int i = 0; i < k->n_days; i++)
        add(k, list, ROUTE_DATE, 0, k->day[i]);
    for (int p = 0; p < k->place.n; p++)
        if (p != k->place.of[q->place]) /* places alike on every day change nothing */
            add(k, list, ROUTE_PLACE, 0, k->place.first[p]);
    for (int mode = 1; mode <= 4; mode++)
        if (mode != q->mode)
            add(k, list, ROUTE_MODE, 0, mode);
    for (int kind = 0; kind < KIND_COUNT; kind++)
        if (kind != (int)q->kind)
            add(k, list, ROUTE_KIND, 0, kind);
    for (int l = 0; l < k->c->n_layers; l++)
        if (!((q->claims >> l) & 1) && k->c->instrument[k->c->layer[l]].claimable)
            add(k, list, ROUTE_CLAIM, l, 1);
}

/* --- routes --------------------------------------------------------------------------------- */

static struct route_change change_of(struct seek *k, const struct choice *x)
{
    struct route_change c = {x->dimension, x->which, 1, NULL};
    if (x->dimension != ROUTE_PLACE) {
        c.value = ARENA_NEW(k->a, int64_t);
        c.value[0] = x->value;
        return c;
    }
    int class = k->place.of[x->value];
    c.value = ARENA_ARRAY(k->a, int64_t, (size_t)k->place.weight[class]);
    c.n = 0;
    for (int p = 0; p < k->place.n_codes; p++)
        if (k->place.of[p] == class)
            c.value[c.n++] = p;
    return c;
}

static bool before(const struct choice *x, const struct choice *y)
{
    return x->dimension != y->dimension ? x->dimension < y->dimension : x->which < y->which;
}

/* Writes down k->answer as the answer after these changes. */
static void take(struct seek *k, const struct choice *x, const struct choice *y)
{
    const struct answer *a = &k->answer;
    if (k->n == k->room) {
        k->room = k->room == 0 ? 64 : 2 * k->room;
        struct route *more = ARENA_ARRAY(k->a, struct route, (size_t)k->room);
        if (k->n > 0)
            memcpy(more, k->route, (size_t)k->n * sizeof *more);
        k->route = more;
    }
    struct route *r = &k->route[k->n++];
    *r = (struct route){.n_changes = y ? 2 : 1, .outcome = a->outcome, .must = a->must,
                        .treatment = a->treatment, .favoured_by = a->favoured_by,
                        .n_prevailing = a->n_prevailing};
    r->prevailing = ARENA_ARRAY(k->a, int, (size_t)a->n_prevailing + 1);
    memcpy(r->prevailing, a->prevailing, (size_t)a->n_prevailing * sizeof(int));
    int first = y && before(y, x);
    r->change[first] = change_of(k, x);
    if (y)
        r->change[!first] = change_of(k, y);
}

static bool at_least_as_good(uint8_t lo, uint8_t hi, const struct answer *a)
{
    return hi <= a->treatment && lo <= a->must;
}

/* A pair whose first change alone is known; the second is tried when the pair improves. */
static void try_pair(struct seek *k, const struct single *x, const struct choice *y)
{
    if (!try(k, &x->choice, y) || !improves(&k->now, &k->answer) ||
        (x->valid && at_least_as_good(x->lo, x->hi, &k->answer)))
        return;
    struct answer both = k->answer;
    if (try(k, y, NULL) && at_least_as_good((uint8_t)k->answer.must, (uint8_t)k->answer.treatment,
                                            &both))
        return;
    k->answer = both;
    take(k, &x->choice, y);
}

static bool same_dimension(const struct choice *x, const struct choice *y)
{
    return x->dimension == y->dimension && x->which == y->which;
}

static void seek_from(struct seek *k, const struct choices *list, int at)
{
    const struct choice *x = &list->at[at];
    struct single one = {.choice = *x};
    struct choices facts = {0};
    one.valid = try(k, x, NULL);
    if (one.valid) {
        one.lo = (uint8_t)k->answer.must;
        one.hi = (uint8_t)k->answer.treatment;
        if (improves(&k->now, &k->answer))
            take(k, x, NULL);
        if (x->dimension != ROUTE_FACT)
            add_facts(k, &facts, &k->answer);
    }
    /* Facts stand last in the list, so that from a fact only facts of the question are left. */
    for (int i = at + 1; i < list->n; i++)
        if (!same_dimension(x, &list->at[i]) &&
            (x->dimension == ROUTE_FACT || list->at[i].dimension != ROUTE_FACT))
            try_pair(k, &one, &list->at[i]);
    for (int i = 0; i < facts.n; i++)
        try_pair(k, &one, &facts.at[i]);
}

/* --- values that do alike ------------------------------------------------------------------- */

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_values(const struct route_change *a, const struct route_change *b)
{
    for (int i = 0; i < a->n && i < b->n; i++)
        if (a->value[i] != b->value[i])
            return compare(a->value[i], b->value[i]);
    return compare(a->n, b->n);
}

static int compare_answers(const struct route *a, const struct route *b)
{
    int x = compare(a->treatment, b->treatment);
    x = x ? x : compare(a->must, b->must);
    x = x ? x : compare(a->outcome, b->outcome);
    x = x ? x : compare(a->favoured_by, b->favoured_by);
    x = x ? x : compare(a->n_prevailing, b->n_prevailing);
    for (int i = 0; x == 0 && i < a->n_prevailing; i++)
        x = compare(a->prevailing[i], b->prevailing[i]);
    return x;
}

static int compare_dimensions(const struct route *a, const struct route *b)
{
    int x = compare(a->n_changes, b->n_changes);
    for (int i = 0; x == 0 && i < a->n_changes; i++) {
        x = compare(a->change[i].dimension, b->change[i].dimension);
        x = x ? x : compare(a->change[i].which, b->change[i].which);
    }
    return x;
}

/* All but the values of one change: what is equal may be one route. */
static int compare_but(const struct route *a, const struct route *b, int open)
{
    int x = compare_dimensions(a, b);
    x = x ? x : compare_answers(a, b);
    if (x == 0 && a->n_changes == 2)
        x = compare_values(&a->change[!open], &b->change[!open]);
    return x;
}

static int by_all_but_first(const void *a, const void *b)
{
    return compare_but(a, b, 0);
}

static int by_all_but_second(const void *a, const void *b)
{
    return compare_but(a, b, 1);
}

static int by_value(const void *a, const void *b)
{
    return compare(*(const int64_t *)a, *(const int64_t *)b);
}

static void absorb(struct seek *k, struct route_change *a, const struct route_change *b)
{
    int64_t *all = ARENA_ARRAY(k->a, int64_t, (size_t)(a->n + b->n));
    memcpy(all, a->value, (size_t)a->n * sizeof *all);
    memcpy(all + a->n, b->value, (size_t)b->n * sizeof *all);
    a->value = all;
    a->n += b->n;
    sort_by(all, (size_t)a->n, sizeof *all, by_value);
}

/* Routes that differ in one dimension's values only become one; the places first, then days,
 * kinds, modes and facts. The sets stay exact: every combination of the values is a route. */
static void unite(struct seek *k)
{
    static const enum route_dimension order[] = {ROUTE_PLACE, ROUTE_DATE, ROUTE_KIND, ROUTE_MODE,
                                                 ROUTE_FACT};
    for (int d = 0; d < 5; d++)
        for (int open = 1; open >= 0; open--) {
            int n = 0;
            sort_by(k->route, (size_t)k->n, sizeof *k->route,
                  open ? by_all_but_second : by_all_but_first);
            for (int i = 0; i < k->n; i++) {
                const struct route *r = &k->route[i];
                if (n > 0 && open < r->n_changes && r->change[open].dimension == order[d] &&
                    compare_but(&k->route[n - 1], r, open) == 0)
                    absorb(k, &k->route[n - 1].change[open], &r->change[open]);
                else
                    k->route[n++] = *r;
            }
            k->n = n;
        }
}

/* --- what goes with a route ----------------------------------------------------------------- */

static bool reads(const struct corpus *c, int node, int fact)
{
    if (node < 0)
        return false;
    bool there = c->expr[node].fact == fact;
    for (int child = c->expr[node].child; child >= 0; child = c->expr[child].next)
        there |= reads(c, child, fact);
    return there;
}

/* The provision was lifted by a fact that the route sets: its procedure leads there. */
static bool lifted_by(const struct corpus *c, const struct route *r, const struct match *m)
{
    const struct provision *p = &c->provision[m->provision];
    for (int i = 0; i < r->n_changes && m->reason == REASON_LIFTED; i++)
        for (int l = 0; l < p->n_lift && r->change[i].dimension == ROUTE_FACT; l++)
            if (reads(c, p->lift[l].when, r->change[i].which))
                return true;
    return false;
}

static void find_procedure(const struct seek *k, const struct routes *all, struct route *r,
                           const struct answer *a)
{
    for (int i = 0; i < a->n_matches && r->procedure == NULL; i++)
        if (lifted_by(k->c, r, &a->match[i]))
            r->procedure = procedure_of(&all->procedures, k->c, a->match[i].provision);
    for (int i = 0; i < r->n_prevailing && r->procedure == NULL; i++)
        r->procedure = procedure_of(&all->procedures, k->c, r->prevailing[i]);
}

/* The value to show: of a number the breakpoint itself rather than a hair beside it. */
static int64_t example_value(const struct corpus *c, const struct route_change *x)
{
    if (x->dimension == ROUTE_FACT && c->fact[x->which].type == FACT_NUMBER)
        for (int v = 0; v < x->n; v++)
            for (int i = 0; i < c->n_exprs; i++)
                if (c->expr[i].fact == x->which && c->expr[i].value == x->value[v])
                    return x->value[v];
    return x->value[0];
}

static void describe(struct seek *k, const struct routes *all, struct route *r,
                     struct explanation *x)
{
    struct question q = *k->q;
    for (int i = 0; i < r->n_changes; i++) {
        const struct route_change *c = &r->change[i];
        struct choice choice = {c->dimension, c->which, example_value(k->c, c)};
        apply(k, &q, &choice);
    }
    if (q.facts == &k->facts) { /* the scratch copy goes on changing */
        struct facts *own = ARENA_NEW(k->a, struct facts);
        *own = k->facts;
        q.facts = own;
    }
    r->example = q;
    explain(k->s, &q, x);
    check(x->answer.treatment == r->treatment && x->answer.must == r->must);
    r->evidence = x->evidence;
    r->certainty = x->certainty;
    r->n_missing = x->n_missing;
    r->missing = ARENA_ARRAY(k->a, int, (size_t)x->n_missing + 1);
    for (int i = 0; i < x->n_missing; i++)
        r->missing[i] = x->missing[i].fact;
    find_procedure(k, all, r, &x->answer);
}

static int working_days(const struct route *r)
{
    return r->procedure && r->procedure->working_days >= 0 ? r->procedure->working_days
                                                           : INT32_MAX;
}

static int by_rank(const void *p, const void *q)
{
    const struct route *a = p, *b = q;
    int x = compare(a->treatment, b->treatment);
    x = x ? x : compare(a->must, b->must);
    x = x ? x : compare(a->n_changes, b->n_changes);
    x = x ? x : compare(working_days(a), working_days(b));
    x = x ? x : compare_dimensions(a, b);
    for (int i = 0; x == 0 && i < a->n_changes; i++)
        x = compare_values(&a->change[i], &b->change[i]);
    return x;
}

static void seek_all(struct seek *k, struct routes *out)
{
    struct choices list = {0};
    find_days(k);
    find_places(k);
    find_choices(k, &list);
    add_facts(k, &list, &k->now);
    for (int i = 0; i < list.n; i++)
        seek_from(k, &list, i);
    if (k->n > 0)
        unite(k);
    struct explanation *x = ARENA_NEW(k->a, struct explanation);
    for (int i = 0; i < k->n; i++)
        describe(k, out, &k->route[i], x);
    if (k->n > 0)
        sort_by(k->route, (size_t)k->n, sizeof *k->route, by_rank);
    out->n = k->n;
    out->route = k->route;
}

enum err route_find(struct routes *out, struct arena *a, const struct snapshot *s,
                    const struct question *q, struct error *e)
{
    const struct corpus *c = snapshot_corpus(s);
    memset(out, 0, sizeof *out);
    TRY(question_check(c, q, e));
    TRY(procedures_load(&out->procedures, a, e));
    out->question = *q;
    out->now = ARENA_NEW(a, struct explanation);
    explain(s, q, out->now);
    struct seek *k = ARENA_NEW(a, struct seek);
    k->a = a;
    k->s = s;
    k->c = c;
    k->q = &out->question;
    k->now = out->now->answer;
    out->state = k->now.outcome == OUTCOME_ELSEWHERE ? ROUTE_ELSEWHERE
                 : k->now.treatment == EQUAL         ? ROUTE_NOT_NEEDED
                                                     : ROUTE_SOUGHT;
    if (out->state == ROUTE_SOUGHT)
        seek_all(k, out);
    return OK;
}
