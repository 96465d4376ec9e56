/*
 * prove: every cell of the law, decided twice. For each elementary rectangle of time (no
 * instrument, dated group or place begins or ends inside it) and each sector and combo, the
 * engine and the judge decide all places and origins; the grids of verdicts must be equal.
 *
 * The engine decides one cell for each class of places and of origins whose columns are equal
 * in every row, layer mask and clause (compared in full, no signatures) and spreads it. The
 * judge (naive.c) knows no classes. What is compared: outcome, both ends of the interval,
 * favoured_by, the prevailing and the flip provisions. Then, for every provision with facts,
 * all valuations of its facts on the cells it touches.
 *
 * The hash covers every verdict of every cell in a fixed order, in words (keys, not numbers),
 * so that two machines with the same law print the same one.
 */
#include "decide/snapshot.h"
#include "law/asks.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { VERDICTS_MAX = 16384, GRID = LIMIT_PLACES * LIMIT_ORIGINS };

struct verdict {
    uint8_t outcome, must, treatment;
    int favoured_by, n_prevailing, n_flip;
    int provision[32]; /* prevailing, then flip; longer lists are cut alike for both */
    uint8_t digest[32];
};

struct rectangle {
    day_t on, known;
    uint64_t place_ok[PLACE_WORDS];
    int n_place_class, n_origin_class;
    int place_class[LIMIT_PLACES], place_first[LIMIT_PLACES];
    int origin_class[LIMIT_ORIGINS], origin_first[LIMIT_ORIGINS];
};

struct job {
    const struct snapshot *s;
    int n_rectangles, n_units;
    struct rectangle *rectangle;
    uint8_t (*unit_digest)[32]; /* rectangle-major: sectors, then provisions */
    atomic_int next;
    atomic_uint_fast64_t cells, valuations, differences;
    pthread_mutex_t lock;
    char first_difference[512];
};

struct worker {
    struct job *job;
    const struct snapshot *s;
    struct question q;
    struct verdict *verdict; /* interned, exact */
    int n_verdicts;
    int slot[VERDICTS_MAX * 2];
    uint16_t engine[GRID], judge[GRID]; /* [place][origin] */
    const struct answer *last;
    uint16_t last_id;
};

/* --- verdicts --------------------------------------------------------------------------- */

static struct verdict verdict_of(const struct answer *a)
{
    struct verdict v = {0};
    v.outcome = (uint8_t)a->outcome;
    v.must = (uint8_t)a->must;
    v.treatment = (uint8_t)a->treatment;
    v.favoured_by = a->favoured_by;
    v.n_prevailing = a->n_prevailing;
    v.n_flip = a->n_flip;
    int n = 0;
    for (int i = 0; i < a->n_prevailing && n < 32; i++)
        v.provision[n++] = a->prevailing[i];
    for (int i = 0; i < a->n_flip && n < 32; i++)
        v.provision[n++] = a->flip[i];
    return v;
}

static void verdict_text(const struct corpus *c, const struct verdict *v, struct buf *b)
{
    buf_printf(b, "%s %s..%s", outcome_name((enum outcome)v->outcome),
               treatment_name((enum treatment)v->must),
               treatment_name((enum treatment)v->treatment));
    if (v->favoured_by >= 0) {
        buf_z(b, " favoured_by ");
        buf_str(b, c->instrument[c->layer[v->favoured_by]].id);
    }
    for (int i = 0; i < v->n_prevailing + v->n_flip && i < 32; i++) {
        const struct provision *p = &c->provision[v->provision[i]];
        buf_z(b, i < v->n_prevailing ? " by " : " flip ");
        buf_str(b, c->instrument[p->instrument].id);
        buf_char(b, '/');
        buf_str(b, p->key);
    }
}

static uint16_t intern(struct worker *w, const struct answer *a)
{
    struct verdict v = verdict_of(a);
    size_t plain = offsetof(struct verdict, digest);
    uint64_t h = (uint64_t)v.outcome << 16 | (uint64_t)v.must << 8 | v.treatment;
    h = (h ^ (uint64_t)(v.favoured_by + 1)) * 0x9e3779b97f4a7c15u;
    for (int i = 0; i < v.n_prevailing + v.n_flip && i < 32; i++)
        h = (h ^ (uint64_t)v.provision[i]) * 0x9e3779b97f4a7c15u;
    size_t at = (h >> 32) % (VERDICTS_MAX * 2);
    while (w->slot[at] != 0) {
        if (memcmp(&w->verdict[w->slot[at] - 1], &v, plain) == 0)
            return (uint16_t)(w->slot[at] - 1);
        at = (at + 1) % (VERDICTS_MAX * 2);
    }
    check(w->n_verdicts < VERDICTS_MAX);
    struct buf text;
    buf_init(&text);
    verdict_text(w->s->c, &v, &text);
    hash_sha256(text.p, text.n, v.digest);
    buf_finish(&text);
    w->verdict[w->n_verdicts] = v;
    w->slot[at] = ++w->n_verdicts;
    return (uint16_t)(w->n_verdicts - 1);
}

/* --- the two grids ---------------------------------------------------------------------- */

static void engine_grid(struct worker *w, const struct rectangle *r)
{
    struct answer a;
    uint16_t by_class[LIMIT_ORIGINS];
    int economies = w->s->origin.n;
    uint16_t *done[LIMIT_PLACES] = {0};
    for (int p = 0; p < w->s->place.n; p++) {
        uint16_t *row = w->engine + p * LIMIT_ORIGINS;
        if (!bit_get(r->place_ok, (size_t)p))
            continue;
        int k = r->place_class[p];
        if (done[k] != NULL) {
            memcpy(row, done[k], (size_t)economies * sizeof *row);
            continue;
        }
        w->q.place = p;
        for (int o = 0; o < r->n_origin_class; o++) {
            w->q.origin = r->origin_first[o];
            decide(w->s, &w->q, &a);
            by_class[o] = intern(w, &a);
        }
        for (int o = 0; o < economies; o++)
            row[o] = by_class[r->origin_class[o]];
        done[k] = row;
    }
}

static void judge_cells(void *ctx, int place, int from, int to, const struct answer *a)
{
    struct worker *w = ctx;
    if (a != w->last) {
        w->last = a;
        w->last_id = intern(w, a);
    }
    uint16_t *row = w->judge + place * LIMIT_ORIGINS;
    for (int o = from; o < to; o++)
        row[o] = w->last_id;
}

static void report(struct worker *w, int place, int origin)
{
    struct job *j = w->job;
    size_t at = (size_t)(place * LIMIT_ORIGINS + origin);
    struct buf b;
    char day[11];
    buf_init(&b);
    day_format(w->q.on, day);
    buf_printf(&b, "%.*s mode %d %s %s from %.*s to %.*s on %s: engine ",
               STR_ARG(sector_code(w->s->c->codes, w->q.sector)), w->q.mode,
               direction_name(w->q.direction), kind_name(w->q.kind),
               STR_ARG(w->s->c->codes->economy[origin].alpha2),
               STR_ARG(w->s->c->codes->place[place].code), day);
    verdict_text(w->s->c, &w->verdict[w->engine[at]], &b);
    buf_z(&b, "; judge ");
    verdict_text(w->s->c, &w->verdict[w->judge[at]], &b);
    pthread_mutex_lock(&j->lock);
    if (j->first_difference[0] == 0)
        snprintf(j->first_difference, sizeof j->first_difference, "%.*s", (int)b.n, b.p);
    pthread_mutex_unlock(&j->lock);
    buf_finish(&b);
}

/* A row of places in words: runs of origins with the same verdict. */
static void hash_row(struct worker *w, const uint16_t *row, struct hash *h)
{
    int economies = w->s->origin.n;
    for (int o = 0; o < economies;) {
        int run = o;
        while (run < economies && row[run] == row[o])
            run++;
        hash_add(h, w->verdict[row[o]].digest, 32);
        hash_add(h, &(uint16_t){(uint16_t)(run - o)}, 2);
        o = run;
    }
}

/* Both grids of one sector, combo and valuation; compares and adds them to the hash. A row that
 * repeats the one before it is hashed as a count. */
static void compare_grids(struct worker *w, const struct rectangle *r, struct hash *h)
{
    size_t economies = (size_t)w->s->origin.n;
    uint64_t cells = 0, differences = 0;
    uint16_t repeats = 0;
    const uint16_t *before = NULL;
    engine_grid(w, r);
    w->last = NULL;
    naive_sweep(w->s->c, w->q.sector, combo_of(w->q.mode, w->q.direction, w->q.kind), w->q.on,
                w->q.known, w->q.facts, r->place_ok, judge_cells, w);
    for (int p = 0; p < w->s->place.n; p++) {
        const uint16_t *e = w->engine + p * LIMIT_ORIGINS, *n = w->judge + p * LIMIT_ORIGINS;
        if (!bit_get(r->place_ok, (size_t)p))
            continue;
        cells += economies;
        if (memcmp(e, n, economies * sizeof *e) != 0)
            for (int o = 0; o < (int)economies; o++)
                if (e[o] != n[o] && differences++ == 0)
                    report(w, p, o);
        if (before != NULL && memcmp(before, e, economies * sizeof *e) == 0) {
            repeats++;
            continue;
        }
        hash_add(h, &repeats, sizeof repeats);
        hash_row(w, e, h);
        repeats = 0;
        before = e;
    }
    hash_add(h, &repeats, sizeof repeats);
    atomic_fetch_add(&w->job->cells, cells);
    atomic_fetch_add(&w->job->differences, differences);
}

/* --- units of work ---------------------------------------------------------------------- */

static void set_combo(struct worker *w, int combo)
{
    w->q.mode = combo_mode(combo);
    w->q.direction = combo_direction(combo);
    w->q.kind = combo_kind(combo);
}

static void sector_unit(struct worker *w, const struct rectangle *r, int sector, struct hash *h)
{
    w->q.sector = sector;
    w->q.facts = NULL;
    for (int combo = 0; combo < COMBOS; combo++) {
        if (!combo_valid(combo))
            continue;
        set_combo(w, combo);
        compare_grids(w, r, h);
    }
}

static bool scopes_meet(const struct scope *a, const struct scope *b)
{
    if ((a->combo & b->combo) == 0)
        return false;
    for (int i = 0; i < SECTOR_WORDS; i++)
        if (a->sector[i] & b->sector[i])
            return true;
    return false;
}

/* The values of an enum that expressions below a node name; ordering names them all. */
static uint64_t named_values(const struct corpus *c, int node, int fact)
{
    uint64_t named = 0;
    if (node < 0)
        return 0;
    const struct expr *x = &c->expr[node];
    if (x->fact == fact)
        named = x->op == OP_IN                           ? x->values
                : x->op == OP_GTE || x->op == OP_LTE ? ~(uint64_t)0
                                                     : (uint64_t)1 << x->value;
    for (int k = x->child; k >= 0; k = c->expr[k].next)
        named |= named_values(c, k, fact);
    return named;
}

static uint64_t values_named_near(const struct corpus *c, const struct provision *p, int fact)
{
    uint64_t named = 0;
    for (int i = 0; i < c->n_provisions; i++) {
        const struct provision *o = &c->provision[i];
        if (o->layer < 0 || !scopes_meet(&p->scope, &o->scope))
            continue;
        for (int k = 0; k < o->n_when; k++)
            named |= named_values(c, o->when[k], fact);
        for (int k = 0; k < o->n_exceptions; k++)
            named |= named_values(c, o->exception[k].when, fact);
        for (int k = 0; k < o->n_exemptions; k++)
            named |= named_values(c, o->exemption[k].when, fact);
        for (int k = 0; k < o->n_lift; k++)
            named |= named_values(c, o->lift[k].when, fact);
    }
    for (int i = 0; i < c->n_carve_outs; i++)
        named |= named_values(c, c->carve_out[i].when, fact);
    return named;
}

/* The values a fact takes in the valuations of p: both of a bool; of an enum those that some
 * expression on these cells names, and one that none names (two unnamed values satisfy the same
 * expressions); of a number the breakpoints that any expression uses and a step to each side. */
static int fact_values(const struct corpus *c, const struct provision *p, int fact,
                       int64_t *out, int room)
{
    const struct fact *f = &c->fact[fact];
    int n = 0;
    if (f->type == FACT_BOOL) {
        out[0] = 0;
        out[1] = 1;
        return 2;
    }
    uint64_t named = f->type == FACT_ENUM ? values_named_near(c, p, fact) : 0;
    bool unnamed = false;
    for (int i = 0; i < f->n_values && f->type == FACT_ENUM && n < room; i++) {
        if (!((named >> i) & 1) && unnamed)
            continue;
        unnamed |= !((named >> i) & 1);
        out[n++] = i;
    }
    for (int i = 0; f->type == FACT_NUMBER && i < c->n_exprs; i++)
        for (int d = -1; c->expr[i].fact == fact && d <= 1; d++) {
            bool there = false;
            for (int k = 0; k < n; k++)
                there |= out[k] == c->expr[i].value + d;
            if (!there && n < room)
                out[n++] = c->expr[i].value + d;
        }
    return n;
}

struct valuation {
    int n, fact[16], n_values[16], at[16]; /* at = n_values: unknown */
    int64_t value[16][LIMIT_FACT_VALUES];
};

static void valuation_start(const struct corpus *c, const struct provision *p,
                            struct valuation *v)
{
    uint64_t set[LIMIT_FACTS / 64] = {0};
    v->n = 0;
    provision_facts(c, p, set);
    for (int f = 0; f < c->n_facts && v->n < 16; f++)
        if (bit_get(set, (size_t)f)) {
            v->fact[v->n] = f;
            v->at[v->n] = 0;
            v->n_values[v->n] = fact_values(c, p, f, v->value[v->n], LIMIT_FACT_VALUES);
            v->n++;
        }
}

static bool valuation_next(struct valuation *v)
{
    for (int i = 0; i < v->n; i++) {
        if (++v->at[i] <= v->n_values[i])
            return true;
        v->at[i] = 0;
    }
    return false;
}

static void valuation_facts(const struct valuation *v, struct facts *f)
{
    memset(f->known, 0, sizeof f->known);
    for (int i = 0; i < v->n; i++)
        if (v->at[i] < v->n_values[i])
            fact_set(f, v->fact[i], v->value[i][v->at[i]]);
}

static void provision_unit(struct worker *w, const struct rectangle *whole, int provision,
                           struct hash *h)
{
    static _Thread_local struct rectangle touched;
    const struct rectangle *r = &touched;
    const struct corpus *c = w->s->c;
    const struct provision *p = &c->provision[provision];
    const struct instrument *i = &c->instrument[p->instrument];
    struct valuation v;
    static _Thread_local struct facts facts;
    if (p->layer < 0 || whole->on < i->valid_from || whole->on >= i->valid_to)
        return;
    touched = *whole;
    bits_and(touched.place_ok, p->scope.place, PLACE_WORDS);
    valuation_start(c, p, &v);
    if (v.n == 0)
        return;
    w->q.facts = &facts;
    do {
        valuation_facts(&v, &facts);
        for (int k = 0; k < w->s->sector.n; k++) {
            if (!bit_get(p->scope.sector, (size_t)k))
                continue;
            w->q.sector = k;
            for (int combo = 0; combo < COMBOS; combo++) {
                if (!combo_valid(combo) || !((p->scope.combo >> combo) & 1))
                    continue;
                set_combo(w, combo);
                compare_grids(w, r, h);
            }
        }
        atomic_fetch_add(&w->job->valuations, 1);
    } while (valuation_next(&v));
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct job *j = w->job;
    int per_rectangle = w->s->sector.n + w->s->c->n_provisions;
    for (;;) {
        int u = atomic_fetch_add(&j->next, 1);
        if (u >= j->n_units)
            return NULL;
        const struct rectangle *r = &j->rectangle[u / per_rectangle];
        int item = u % per_rectangle;
        struct hash h;
        hash_init(&h);
        w->q.on = r->on;
        w->q.known = r->known;
        if (item < w->s->sector.n)
            sector_unit(w, r, item, &h);
        else
            provision_unit(w, r, item - w->s->sector.n, &h);
        hash_end(&h, j->unit_digest[u]);
    }
}

/* --- rectangles and classes ------------------------------------------------------------- */

static bool clauses_alike(const struct clause *list, int n, int a, int b, bool by_origin)
{
    for (int i = 0; i < n; i++) {
        const struct clause *x = &list[i];
        if (by_origin ? x->has_origins && bit_get(x->origin, (size_t)a) != bit_get(x->origin, (size_t)b)
                      : bit_get(x->place, (size_t)a) != bit_get(x->place, (size_t)b))
            return false;
    }
    return true;
}

static bool columns_alike(const struct snapshot *s, int a, int b, bool by_origin)
{
    const struct rows *r = by_origin ? &s->origin : &s->place;
    size_t w = (size_t)s->words;
    if (!bits_equal(r->bits + (size_t)a * w, r->bits + (size_t)b * w, w))
        return false;
    for (int i = 0; i < s->n_rules; i++) {
        const struct provision *p = &s->c->provision[s->rule[i].provision];
        if (!clauses_alike(p->exception, p->n_exceptions, a, b, by_origin) ||
            !clauses_alike(p->exemption, p->n_exemptions, a, b, by_origin))
            return false;
    }
    return true;
}

static void make_classes(const struct snapshot *s, struct rectangle *r)
{
    int v = snapshot_slice(s->valid_day, s->n_valid, r->on);
    const uint64_t *layers = s->layer_origin + (size_t)v * (size_t)s->origin.n;
    r->n_place_class = r->n_origin_class = 0;
    for (int p = 0; p < s->place.n; p++) {
        int k = 0;
        while (k < r->n_place_class &&
               (s->layer_place[p] != s->layer_place[r->place_first[k]] ||
                s->place_territory[p] != s->place_territory[r->place_first[k]] ||
                !columns_alike(s, p, r->place_first[k], false)))
            k++;
        if (k == r->n_place_class)
            r->place_first[r->n_place_class++] = p;
        r->place_class[p] = k;
    }
    for (int o = 0; o < s->origin.n; o++) {
        int k = 0;
        while (k < r->n_origin_class && (layers[o] != layers[r->origin_first[k]] ||
                                         !columns_alike(s, o, r->origin_first[k], true)))
            k++;
        if (k == r->n_origin_class)
            r->origin_first[r->n_origin_class++] = o;
        r->origin_class[o] = k;
    }
}

static int by_day(const void *a, const void *b)
{
    day_t x = *(const day_t *)a, y = *(const day_t *)b;
    return (x > y) - (x < y);
}

/* First days of the elementary rectangles that a question may ask about. */
static int boundaries(const struct snapshot *s, day_t *days)
{
    const struct classification *k = s->c->codes;
    day_t first = DAY_MAX;
    int n = 0;
    for (int i = 0; i < s->c->n_instruments; i++)
        if (s->c->instrument[i].valid_from != DAY_MIN && s->c->instrument[i].valid_from < first)
            first = s->c->instrument[i].valid_from;
    days[n++] = first;
    for (int i = 0; i < s->n_valid; i++)
        days[n++] = s->valid_day[i];
    for (int p = 0; p < k->n_places; p++)
        days[n++] = k->place[p].from;
    sort_by(days, (size_t)n, sizeof *days, by_day);
    int out = 0;
    for (int i = 0; i < n; i++)
        if (days[i] >= first && (out == 0 || days[out - 1] != days[i]))
            days[out++] = days[i];
    return out;
}

static void make_rectangles(struct job *j, day_t only, uint64_t layers, struct arena *a)
{
    const struct snapshot *s = j->s;
    day_t *days = ARENA_ARRAY(a, day_t, (size_t)s->n_valid + (size_t)s->place.n + 2);
    int n = boundaries(s, days);
    j->rectangle = ARENA_ARRAY(a, struct rectangle, (size_t)n * (size_t)s->n_known + 1);
    for (int k = 0; k < s->n_known; k++)
        for (int i = 0; i < n && s->known_day[k] != DAY_MIN; i++) {
            if (only != DAY_MIN && (only < days[i] || (i + 1 < n && only >= days[i + 1])))
                continue;
            int v = snapshot_slice(s->valid_day, s->n_valid, days[i]);
            if (layers != 0 && (s->layer_valid[v] & layers) == 0)
                continue;
            struct rectangle *r = &j->rectangle[j->n_rectangles++];
            r->on = days[i];
            r->known = s->known_day[k];
            for (int p = 0; p < s->place.n; p++)
                if (s->c->codes->place[p].from <= r->on)
                    bit_set(r->place_ok, (size_t)p);
            make_classes(s, r);
        }
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void run_workers(struct job *j, int n_threads, proof_progress_fn *progress, void *ctx,
                        double start)
{
    pthread_t thread[64];
    struct worker *w = calloc((size_t)n_threads, sizeof *w);
    check(w != NULL);
    for (int i = 0; i < n_threads; i++) {
        w[i].job = j;
        w[i].s = j->s;
        w[i].verdict = malloc(VERDICTS_MAX * sizeof *w[i].verdict);
        check(w[i].verdict != NULL);
        check(pthread_create(&thread[i], NULL, work, &w[i]) == 0);
    }
    while (progress != NULL && atomic_load(&j->next) < j->n_units) {
        nanosleep(&(struct timespec){0, 50000000}, NULL);
        progress(ctx, atomic_load(&j->next), j->n_units, seconds_now() - start);
    }
    for (int i = 0; i < n_threads; i++) {
        pthread_join(thread[i], NULL);
        free(w[i].verdict);
    }
    free(w);
}

enum err prove(const struct snapshot *s, day_t only, uint64_t layers, int n_threads,
               proof_progress_fn *progress, void *ctx, struct proof *out, struct error *e)
{
    struct arena a;
    struct job j = {.s = s};
    double start = seconds_now();
    if (n_threads < 1 || n_threads > 64)
        return err_set(e, ERR_USAGE, "线程数须为 1 至 %d", "threads must be 1 to %d", 64);
    arena_init(&a);
    pthread_mutex_init(&j.lock, NULL);
    make_rectangles(&j, only, layers, &a);
    if (j.n_rectangles == 0) {
        arena_finish(&a);
        return err_set(e, ERR_DATE_RANGE, "该日不在任何时间矩形%s内", "no time rectangle holds that day%s", "");
    }
    j.n_units = j.n_rectangles * (s->sector.n + s->c->n_provisions);
    j.unit_digest = arena_array(&a, (size_t)j.n_units + 1, 32);
    run_workers(&j, n_threads, progress, ctx, start);
    memset(out, 0, sizeof *out);
    out->cells = j.cells;
    out->valuations = j.valuations;
    out->differences = j.differences;
    out->rectangles = j.n_rectangles;
    uint8_t digest[32];
    hash_sha256(j.unit_digest, (size_t)j.n_units * 32, digest);
    hash_hex(digest, 32, out->hash);
    memcpy(out->first_difference, j.first_difference, sizeof out->first_difference);
    out->seconds = seconds_now() - start;
    pthread_mutex_destroy(&j.lock);
    arena_finish(&a);
    return OK;
}
