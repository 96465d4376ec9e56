/* What the counts come to, and why an outcome is what it is. */
#include "declaration/screen_inside.h"

#include <stdatomic.h>
#include <stdlib.h>

_Static_assert(sizeof(struct sample) == 64, "samples are compared by memcmp");

void screen_sample_put(struct sample *list, int *n, const struct sample *x)
{
    int at = *n;
    while (at > 0 && (list[at - 1].hash > x->hash ||
                      (list[at - 1].hash == x->hash && memcmp(&list[at - 1], x, sizeof *x) >= 0)))
        at--;
    if (at == SCREEN_SAMPLES || (at < *n && memcmp(&list[at], x, sizeof *x) == 0))
        return;
    int last = *n < SCREEN_SAMPLES ? *n : SCREEN_SAMPLES - 1;
    memmove(list + at + 1, list + at, (size_t)(last - at) * sizeof *list);
    list[at] = *x;
    *n = last + 1;
}

/* --- why -------------------------------------------------------------------------------------- */

static char lower(char a, char b)
{
    return a > b ? a : b;
}

/* The next question and the grade of a grid cell, asked of explain() once. Two threads may both
 * ask; they get the same. */
static void ask_cell(const struct screen *s, const struct stretch *t, size_t at, int *fact,
                     char *evidence)
{
    *fact = atomic_load_explicit(&t->fact[at], memory_order_acquire);
    if (*fact == FACT_NOT_ASKED) {
        struct question q = screen_question(s, t, at);
        struct explanation x;
        explain(s->snap, &q, &x);
        *fact = x.next_fact;
        atomic_store_explicit(&t->evidence[at], x.evidence, memory_order_relaxed);
        atomic_store_explicit(&t->fact[at], (int16_t)x.next_fact, memory_order_release);
    }
    *evidence = atomic_load_explicit(&t->evidence[at], memory_order_relaxed);
}

static void count_supplies(struct screen_reason *out, enum outcome o, int n)
{
    if (o == OUTCOME_PROHIBITED)
        out->n_prohibited += n;
    else if (o == OUTCOME_CONDITIONAL)
        out->n_conditional += n;
    else if (o == OUTCOME_EQUAL)
        out->n_equal += n;
    else
        out->n_other += n;
}

/* The heaviest provisions first; among equals the order of the corpus. */
static void rank_provisions(const struct corpus *c, const int *weight, struct screen_reason *out)
{
    for (int i = 0; i < c->n_provisions; i++) {
        if (weight[i] == 0)
            continue;
        int at = out->n_provisions;
        while (at > 0 && weight[out->provision[at - 1]] < weight[i])
            at--;
        if (at == LIMIT_MATCHES)
            continue;
        int last = out->n_provisions < LIMIT_MATCHES ? out->n_provisions : LIMIT_MATCHES - 1;
        memmove(out->provision + at + 1, out->provision + at,
                (size_t)(last - at) * sizeof *out->provision);
        out->provision[at] = i;
        out->n_provisions = last + 1;
    }
}

static void weigh_parts(const struct screen *s, const struct stretch *t,
                        const struct declaration *d, int *provision, int *fact,
                        struct screen_reason *out)
{
    const struct row *row = &t->row[s->row_of[d->code]];
    uint32_t cell = t->origin_at[d->country] + t->place_at[d->place];
    for (int i = 0; i < row->n; i++) {
        const struct part *p = &row->part[i];
        size_t at = screen_grid_at(t, p, screen_kind(d), cell);
        const struct verdict *v = &t->verdict[t->verdict_of[at]];
        int next;
        char grade;
        count_supplies(out, (enum outcome)v->outcome, p->weight);
        if (v->outcome == OUTCOME_ELSEWHERE)
            continue;
        for (int k = 0; k < v->n; k++)
            provision[v->provision[k]] += p->weight;
        ask_cell(s, t, at, &next, &grade);
        out->evidence = lower(out->evidence, grade);
        if (next >= 0)
            fact[next] += p->weight;
    }
}

void screen_explain(const struct screen *s, const struct declaration *d, struct screen_reason *out)
{
    const struct corpus *c = s->corpus;
    const struct stretch *t = screen_stretch(s, d);
    int row = s->row_of[d->code];
    memset(out, 0, sizeof *out);
    out->next_fact = -1;
    out->outcome = screen_one(s, d);
    out->open = row == NO_ROW || s->supplies[row].open;
    if (row != NO_ROW) {
        out->partial = s->supplies[row].partial;
        out->n_supplies = s->supplies[row].n;
    }
    if (t == NULL) {
        out->n_other = out->n_supplies;
        return;
    }
    struct arena a;
    arena_init(&a);
    int *provision = ARENA_ARRAY(&a, int, (size_t)c->n_provisions + 1);
    int *fact = ARENA_ARRAY(&a, int, (size_t)c->n_facts + 1);
    weigh_parts(s, t, d, provision, fact, out);
    rank_provisions(c, provision, out);
    for (int f = 0; f < c->n_facts; f++)
        if (fact[f] > (out->next_fact < 0 ? 0 : fact[out->next_fact]))
            out->next_fact = f;
    arena_finish(&a);
}

/* --- counts ----------------------------------------------------------------------------------- */

struct adding {
    struct screen *s;
    struct screen_summary *sum;
    int64_t *cell;                        /* of all threads */
    int64_t (*provision)[2];              /* hit, possible */
    int64_t division[SCREEN_DIVISIONS][2];
    uint32_t *seen, stamp;                /* a provision counts once for a cell */
};

static void add_cell(struct adding *k, const struct stretch *t, const struct row *row, int kind,
                     uint32_t cell, int64_t n, int which)
{
    uint64_t division[DIVISION_WORDS] = {0};
    k->stamp++;
    for (int i = 0; i < row->n; i++) {
        const struct part *p = &row->part[i];
        const struct verdict *v =
            &t->verdict[t->verdict_of[screen_grid_at(t, p, (enum kind)kind, cell)]];
        if (v->outcome == OUTCOME_EQUAL || v->outcome == OUTCOME_ELSEWHERE)
            continue;
        bits_or(division, p->division, DIVISION_WORDS);
        for (int j = 0; j < v->n; j++)
            if (k->seen[v->provision[j]] != k->stamp) {
                k->seen[v->provision[j]] = k->stamp;
                k->provision[v->provision[j]][which] += n;
            }
    }
    for (int i = 0; i < SCREEN_DIVISIONS; i++)
        if (bit_get(division, (size_t)i))
            k->division[i][which] += n;
}

static void add_stretch(struct adding *k, const struct stretch *t)
{
    const struct screen *s = k->s;
    for (int r = 0; r < s->n_rows; r++)
        for (int kind = 0; kind < SCREEN_KINDS; kind++) {
            uint32_t first = t->base + (uint32_t)r * t->row_cells + (uint32_t)kind * t->kind_cells;
            for (uint32_t cell = 0; cell < t->kind_cells; cell++) {
                int64_t n = k->cell[first + cell];
                int o = s->outcome[first + cell];
                if (n == 0)
                    continue;
                k->sum->code[s->supplies[r].code][o] += n;
                if (o == SCREEN_HIT || o == SCREEN_POSSIBLE)
                    add_cell(k, t, &t->row[r], kind, cell, n, o == SCREEN_POSSIBLE);
            }
        }
}

static void add_thread(struct adding *k, const struct counters *c)
{
    struct screen_summary *sum = k->sum;
    for (uint32_t i = 0; i < k->s->n_cells; i++)
        k->cell[i] += c->cell[i];
    for (int o = 0; o < SCREEN_COUNT; o++) {
        for (int p = 0; p < LIMIT_PLACES; p++)
            sum->place[p][o] += c->place[p][o];
        for (int b = 0; b < SCREEN_BANKS; b++)
            sum->bank[b][o] += c->bank[b][o];
    }
}

static void add_samples(struct screen *s, struct screen_summary *sum, int o)
{
    struct sample best[SCREEN_SAMPLES];
    int n = 0;
    for (int i = 0; i < INTAKE_THREADS; i++)
        for (int k = 0; s->counters[i] != NULL && k < s->counters[i]->n_samples[o]; k++)
            screen_sample_put(best, &n, &s->counters[i]->sample[o][k]);
    sum->n_samples[o] = n;
    sum->sample[o] = ARENA_ARRAY(&s->summary_arena, struct screen_sample, SCREEN_SAMPLES);
    for (int i = 0; i < n; i++) {
        const struct sample *x = &best[i];
        struct screen_sample *to = &sum->sample[o][i];
        memcpy(to->report_no, x->report_no, sizeof to->report_no);
        to->d = (struct declaration){.report_key = x->report_key, .report_part = x->report_part,
                                     .party_kind = x->party_kind, .flow = x->flow,
                                     .advance = x->advance, .code = x->code,
                                     .country = x->country, .place = x->place,
                                     .currency = x->currency, .bank = x->bank, .on = x->on,
                                     .amount = x->amount};
    }
}

static int by_count(int64_t ha, int64_t pa, int64_t hb, int64_t pb, int a, int b)
{
    if (ha + pa != hb + pb)
        return ha + pa > hb + pb ? -1 : 1;
    return ha != hb ? (ha > hb ? -1 : 1) : (a > b) - (a < b);
}

static int by_provision(const void *x, const void *y)
{
    const struct screen_provision *a = x, *b = y;
    return by_count(a->hit, a->possible, b->hit, b->possible, a->provision, b->provision);
}

static int by_sector(const void *x, const void *y)
{
    const struct screen_sector *a = x, *b = y;
    return by_count(a->hit, a->possible, b->hit, b->possible, a->division, b->division);
}

static void list_lines(struct adding *k)
{
    struct screen_summary *sum = k->sum;
    const struct corpus *c = k->s->corpus;
    struct arena *a = &k->s->summary_arena;
    sum->provision = ARENA_ARRAY(a, struct screen_provision, (size_t)c->n_provisions + 1);
    for (int i = 0; i < c->n_provisions; i++)
        if (k->provision[i][0] + k->provision[i][1] > 0)
            sum->provision[sum->n_provisions++] =
                (struct screen_provision){i, k->provision[i][0], k->provision[i][1]};
    sort_by(sum->provision, (size_t)sum->n_provisions, sizeof *sum->provision, by_provision);
    sum->sector = ARENA_ARRAY(a, struct screen_sector, SCREEN_DIVISIONS);
    for (int i = 0, n = 0; i < c->codes->gbt.n; i++) {
        if (c->codes->gbt.code[i].level != 2)
            continue;
        if (k->division[n][0] + k->division[n][1] > 0)
            sum->sector[sum->n_sectors++] =
                (struct screen_sector){i, k->division[n][0], k->division[n][1]};
        n++;
    }
    sort_by(sum->sector, (size_t)sum->n_sectors, sizeof *sum->sector, by_sector);
}

const struct screen_summary *screen_summary(struct screen *s)
{
    struct screen_summary *sum = &s->summary;
    struct arena *a = &s->summary_arena;
    size_t provisions = (size_t)s->corpus->n_provisions + 1;
    arena_reset(a);
    memset(sum, 0, sizeof *sum);
    sum->bank = arena_array(a, SCREEN_BANKS, sizeof *sum->bank);
    struct adding *k = ARENA_NEW(a, struct adding);
    *k = (struct adding){.s = s, .sum = sum};
    k->cell = ARENA_ARRAY(a, int64_t, s->n_cells);
    k->provision = arena_array(a, provisions, sizeof *k->provision);
    k->seen = ARENA_ARRAY(a, uint32_t, provisions);
    for (int i = 0; i < INTAKE_THREADS; i++)
        if (s->counters[i] != NULL)
            add_thread(k, s->counters[i]);
    for (int i = 0; i < SCHEME_CODES; i++)
        sum->code[i][SCREEN_UNSCREENED] += k->cell[i];
    for (int t = 0; t < s->n_stretches; t++)
        add_stretch(k, s->stretch[t]);
    list_lines(k);
    for (int o = 0; o < SCREEN_COUNT; o++) {
        for (int i = 0; i < SCHEME_CODES; i++)
            sum->outcome[o] += sum->code[i][o];
        add_samples(s, sum, o);
    }
    return sum;
}
