/* Making a screen, and the way of a record through it: a cell, a few counters, now and then a
 * sample. */
#include "declaration/screen_inside.h"
#include "base/table.h"
#include "declaration/screen_law.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *const screen_name[SCREEN_COUNT] = {"clean", "possible", "hit", "unscreened"};

/* --- what codes stand for ------------------------------------------------------------------- */

/* Marks the EBOPS items that have a product which no bridge carries to GB/T 4754: what they
 * reach is not all that they mean. */
static enum err find_gaps(const struct classification *c, struct arena *a, uint64_t *gap,
                          struct error *e)
{
    static const char *const columns[] = {"cpc21", "ebops2010", NULL};
    struct table t;
    struct sector_set set;
    char spec[64];
    bool more;
    TRY(table_open(&t, a, "concordances/cpc21_ebops2010.csv", columns, e));
    for (;;) {
        TRY(table_next(&t, &more, e));
        if (!more)
            return OK;
        struct str cpc = table_text(&t, "cpc21");
        int item = codelist_find(&c->ebops, table_text(&t, "ebops2010"));
        if (item < 0) /* of no service item */
            continue;
        size_t n = (size_t)snprintf(spec, sizeof spec, "cpc:%.*s", STR_ARG(cpc));
        if (sector_parse(c, (struct str){spec, n}, &set, NULL) == OK)
            continue;
        for (; item >= 0; item = c->ebops.code[item].parent)
            bit_set(gap, (size_t)item);
    }
}

static void add_item(const struct scheme *s, int ebops, struct supplies *to)
{
    char spec[64];
    struct sector_set set;
    int item = scheme_item(s, ebops);
    bool modes = false;
    size_t n = (size_t)snprintf(spec, sizeof spec, "ebops:%.*s",
                                STR_ARG(s->codes->ebops.code[ebops].code));
    if (item < 0 || sector_parse(s->codes, (struct str){spec, n}, &set, NULL) != OK) {
        to->open = true;
        return;
    }
    for (int m = 0; m < s->n_mode[item]; m++) {
        int mode = s->mode[item][m].to;
        if (s->mode[item][m].ppm <= 0)
            continue;
        check(mode >= 1 && mode <= SCREEN_MODES);
        bits_or(to->leaf[mode - 1], set.leaf, SECTOR_WORDS);
        modes = true;
    }
    to->open |= !modes;
    to->partial |= set.partial;
}

static enum err make_supplies(struct screen *s, struct error *e)
{
    const struct classification *c = s->scheme->codes;
    uint64_t *gap = ARENA_ARRAY(&s->arena, uint64_t, BITS_WORDS((size_t)c->ebops.n));
    TRY(find_gaps(c, &s->arena, gap, e));
    s->supplies = ARENA_ARRAY(&s->arena, struct supplies, SCHEME_CODES);
    for (int i = 0; i < SCHEME_CODES; i++)
        s->row_of[i] = NO_ROW;
    for (int i = 0; i < s->scheme->n_code; i++) {
        const struct itrs_code *k = &s->scheme->code[i];
        struct supplies *to = &s->supplies[s->n_rows];
        memset(to, 0, sizeof *to);
        to->code = i;
        for (int t = 0; k->service && t < k->n_targets; t++)
            if (k->target[t].ppm > 0) {
                add_item(s->scheme, k->target[t].to, to);
                to->open |= bit_get(gap, (size_t)k->target[t].to);
            }
        for (int m = 0; m < SCREEN_MODES; m++)
            to->n += (int)bits_count(to->leaf[m], SECTOR_WORDS);
        if (to->n > 0)
            s->row_of[i] = (int16_t)s->n_rows++;
    }
    return OK;
}

/* --- days ----------------------------------------------------------------------------------- */

static bool places_alike(const struct classification *c, day_t a, day_t b)
{
    for (int p = 0; p < c->n_places; p++)
        if ((c->place[p].from <= a) != (c->place[p].from <= b))
            return false;
    return true;
}

/* The last day of the stretch that begins on `d`: before the next slice of law and before the
 * next founding of a place. */
static day_t stretch_end(const struct screen *s, day_t d)
{
    const struct classification *c = s->corpus->codes;
    day_t last = unclaimed_until(s->snap, d, s->to);
    for (int p = 0; p < c->n_places; p++)
        if (c->place[p].from > d && c->place[p].from - 1 < last)
            last = c->place[p].from - 1;
    return last;
}

static int stretch_of(struct screen *s, day_t d)
{
    for (int t = 0; t < s->n_stretches; t++)
        if (unclaimed_alike(s->snap, s->stretch[t]->on, d, s->known) &&
            places_alike(s->corpus->codes, s->stretch[t]->on, d))
            return t;
    if (s->n_stretches == SCREEN_STRETCHES)
        return -1;
    struct stretch *t = s->stretch[s->n_stretches] = ARENA_NEW(&s->arena, struct stretch);
    arena_init(&t->arena);
    t->on = d;
    return s->n_stretches++;
}

static enum err make_days(struct screen *s, struct error *e)
{
    size_t days = (size_t)(s->to - s->from) + 1;
    s->stretch_of_day = ARENA_ARRAY(&s->arena, int16_t, days);
    memset(s->stretch_of_day, 0xff, days * sizeof *s->stretch_of_day);
    for (day_t d = s->from; d <= s->to && d <= s->known + 3652;) { /* docs/meaning.md section 6 */
        day_t last = stretch_end(s, d);
        int t = stretch_of(s, d);
        if (t < 0)
            return err_set(e, ERR_LIMIT, "这些日期内法律变动超过 %d 次",
                           "the law changes more than %d times in these days", SCREEN_STRETCHES);
        for (; d <= last; d++)
            s->stretch_of_day[d - s->from] = (int16_t)t;
    }
    return OK;
}

/* --- stretches, on several threads ------------------------------------------------------------ */

struct crew {
    const struct screen *s;
    _Atomic int next;
};

static void *decide_stretches(void *ctx)
{
    struct crew *c = ctx;
    for (int t; (t = atomic_fetch_add(&c->next, 1)) < c->s->n_stretches;)
        screen_stretch_decide(c->s, c->s->stretch[t]);
    return NULL;
}

static void make_stretches(struct screen *s, int n_threads)
{
    pthread_t thread[INTAKE_THREADS];
    struct crew c = {.s = s};
    int n = n_threads > 0 ? n_threads : (int)sysconf(_SC_NPROCESSORS_ONLN), started = 0;
    n = n < s->n_stretches ? n : s->n_stretches;
    n = n < INTAKE_THREADS ? n : INTAKE_THREADS;
    while (started < n - 1 && pthread_create(&thread[started], NULL, decide_stretches, &c) == 0)
        started++;
    decide_stretches(&c);
    for (int i = 0; i < started; i++)
        pthread_join(thread[i], NULL);
    uint64_t cells = SCHEME_CODES;
    for (int t = 0; t < s->n_stretches; t++) {
        s->stretch[t]->base = (uint32_t)cells;
        cells += (uint64_t)s->n_rows * s->stretch[t]->row_cells;
        check(cells < UINT32_MAX);
    }
    s->n_cells = (uint32_t)cells;
    s->outcome = ARENA_ARRAY(&s->arena, uint8_t, cells);
    memset(s->outcome, SCREEN_UNSCREENED, cells);
    for (int t = 0; t < s->n_stretches; t++)
        screen_stretch_fold(s, s->stretch[t]);
}

static enum err check_days(const struct snapshot *snap, day_t from, day_t to, day_t known,
                           struct error *e)
{
    const struct corpus *c = snapshot_corpus(snap);
    struct question q = {.mode = 1, .kind = KIND_FIRM, .on = known, .known = known};
    if (from > to) {
        err_set(e, ERR_USAGE, "起始日在截止日之后", "the first day is after the last");
        err_at(e, "", 0, "from");
        return ERR_USAGE;
    }
    if ((int64_t)to - from >= LIMIT_SCREEN_DAYS)
        return err_set(e, ERR_LIMIT, "一次筛查的日期超过 %d 天",
                       "more than %d days are screened at one time", LIMIT_SCREEN_DAYS);
    while (str_eqz(c->codes->economy[q.origin].alpha2, "CN"))
        q.origin++;
    return question_check(c, &q, e);
}

enum err screen_create_known(struct screen **out, const struct scheme *scheme,
                             const struct snapshot *snap, day_t from, day_t to, day_t known,
                             int n_threads, struct error *e)
{
    *out = NULL;
    TRY(check_days(snap, from, to, known, e));
    struct screen *s = calloc(1, sizeof *s);
    check(s != NULL);
    arena_init(&s->arena);
    arena_init(&s->summary_arena);
    s->scheme = scheme;
    s->snap = snap;
    s->corpus = snapshot_corpus(snap);
    s->from = from;
    s->to = to;
    s->known = known;
    enum err r = make_supplies(s, e);
    if (r == OK)
        r = make_days(s, e);
    if (r != OK) {
        screen_destroy(s);
        return r;
    }
    make_stretches(s, n_threads);
    *out = s;
    return OK;
}

enum err screen_create(struct screen **out, const struct scheme *s, const struct snapshot *snap,
                       day_t from, day_t to, int n_threads, struct error *e)
{
    return screen_create_known(out, s, snap, from, to, day_today(), n_threads, e);
}

void screen_destroy(struct screen *s)
{
    if (s == NULL)
        return;
    for (int t = 0; t < s->n_stretches; t++)
        screen_stretch_finish(s->stretch[t]);
    for (int i = 0; i < INTAKE_THREADS; i++)
        free(s->counters[i]);
    arena_finish(&s->summary_arena);
    arena_finish(&s->arena);
    free(s);
}

/* --- records ---------------------------------------------------------------------------------- */

enum screen_outcome screen_one(const struct screen *s, const struct declaration *d)
{
    return (enum screen_outcome)s->outcome[screen_cell(s, d)];
}

uint32_t screen_class(const struct screen *s, const struct declaration *d)
{
    return screen_cell(s, d);
}

uint32_t screen_classes(const struct screen *s)
{
    return s->n_cells;
}

static struct counters *counters_of(struct screen *s, int thread)
{
    check(thread >= 0 && thread < INTAKE_THREADS);
    if (s->counters[thread] == NULL) { /* each thread touches its own */
        struct counters *c = calloc(1, sizeof *c + s->n_cells * sizeof *c->cell);
        check(c != NULL);
        memset(c->least, 0xff, sizeof c->least);
        s->counters[thread] = c;
    }
    return s->counters[thread];
}

static inline uint64_t report_hash(const struct declaration *d)
{
    uint64_t h = d->report_key ^ ((uint64_t)d->report_part << 56);
    h = (h ^ (h >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ (h >> 27)) * UINT64_C(0x94d049bb133111eb);
    return h ^ (h >> 31);
}

static void __attribute__((noinline)) keep_sample(struct counters *c, int outcome,
                                                  const struct declaration *d, uint64_t hash)
{
    struct sample x;
    memset(&x, 0, sizeof x);
    x = (struct sample){.hash = hash, .amount = d->amount, .report_key = d->report_key,
                        .on = d->on, .bank = d->bank, .report_part = d->report_part,
                        .party_kind = d->party_kind, .flow = d->flow, .advance = d->advance,
                        .code = d->code, .country = d->country, .place = d->place,
                        .currency = d->currency};
    size_t n = d->report_no.n < sizeof x.report_no ? d->report_no.n : sizeof x.report_no - 1;
    memcpy(x.report_no, d->report_no.p, n);
    screen_sample_put(c->sample[outcome], &c->n_samples[outcome], &x);
    if (c->n_samples[outcome] == SCREEN_SAMPLES) /* among equal hashes the record decides */
        c->least[outcome] = c->sample[outcome][SCREEN_SAMPLES - 1].hash;
}

void screen_rows(void *screen, int thread, struct declaration *d, int n)
{
    struct screen *s = screen;
    struct counters *c = counters_of(s, thread);
    for (int i = 0; i < n; i++) {
        uint32_t cell = screen_cell(s, &d[i]);
        unsigned o = s->outcome[cell];
        uint64_t h = report_hash(&d[i]);
        check(d[i].bank < SCREEN_BANKS);
        c->cell[cell]++;
        c->place[d[i].place][o]++;
        c->bank[d[i].bank][o]++;
        if (h <= c->least[o])
            keep_sample(c, (int)o, &d[i], h);
    }
}
