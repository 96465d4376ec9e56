#include "declaration/history.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "declaration/cube.h"
#include "declaration/party_table.h"

enum { MAD_LEAST = HISTORY_LOG / 2, BLOCK = 64 };
#define BIT(rule) (UINT32_C(1) << (rule))

struct seen { /* what the first pass keeps of a record */
    uint32_t party;
    int32_t log;
};
struct refund {
    uint32_t party; /* of the thread, then of all */
    uint8_t code, currency, flow;
    day_t on;
    int64_t amount;
    uint64_t contract; /* hash; 0: none */
    char report_no[24];
    atomic_bool paired;
};
struct band { int32_t low, high, median; }; /* a party's own; low > high: no history */
struct of_party { /* what the second pass asks, in one place: parties come as it falls */
    struct band band;
    uint32_t refunds_from, refunds_to; /* in refund */
    atomic_uint records, queries;
};

struct memory { /* of one thread */
    struct party_table *parties;
    struct seen *seen;
    size_t n_seen, seen_room;
    struct refund *refund;
    size_t n_refunds, refund_room;
    struct history_finding sample[HISTORY_SAMPLES];
    int n_samples;
    int64_t found;
};
struct history {
    const struct scheme *s;
    int n_threads;
    struct memory *of;
    struct parties parties;
    struct party_table *all; /* number = place in parties */
    struct of_party *party;
    struct refund *refund;   /* of all threads, by party */
    size_t n_refunds;
    int64_t with_history;
};

static void *room_for(void *p, size_t n, size_t *room, size_t each)
{
    if (n < *room)
        return p;
    *room = *room == 0 ? 4096 : *room * 2;
    p = realloc(p, *room * each);
    check(p != NULL);
    return p;
}

int32_t history_log(int64_t x)
{
    uint64_t v = (uint64_t)(x < 1 ? 1 : x);
    int top = 63 - __builtin_clzll(v);
    uint64_t rest = v << (63 - top); /* the leading one at the top; ten bits behind it */
    return top * HISTORY_LOG + (int32_t)(rest >> 53 & (HISTORY_LOG - 1));
}

/* The inverse, about: for words like "usually about". */
static int64_t history_exp(int32_t log)
{
    int top = log / HISTORY_LOG, rest = log % HISTORY_LOG;
    return top > 61 ? INT64_MAX : ((int64_t)1 << top) + ((((int64_t)1 << top) * rest) / HISTORY_LOG);
}

struct history *history_create(const struct scheme *s, int n_threads)
{
    struct history *h = calloc(1, sizeof *h);
    check(h != NULL && s->rates != NULL && n_threads > 0);
    h->s = s;
    h->n_threads = n_threads;
    h->of = calloc((size_t)n_threads, sizeof *h->of);
    check(h->of != NULL);
    for (int i = 0; i < n_threads; i++)
        h->of[i].parties = party_table_create();
    return h;
}

void history_destroy(struct history *h)
{
    if (h == NULL)
        return;
    for (int i = 0; i < h->n_threads; i++) {
        party_table_destroy(h->of[i].parties);
        free(h->of[i].seen);
        free(h->of[i].refund);
    }
    free(h->of);
    party_table_destroy(h->all);
    parties_finish(&h->parties);
    free(h->party);
    free(h->refund);
    free(h);
}

static bool cents_of(const struct history *h, const struct declaration *d, int64_t *cents)
{
    return rates_cents(h->s->rates, h->s, d->currency, month_of(d->on), d->amount, cents) &&
           *cents > 0;
}

static uint64_t contract_of(const struct declaration *d)
{
    uint64_t hash[2];
    if (d->contract.n == 0)
        return 0;
    hash_quick(d->contract.p, d->contract.n, 0, hash);
    return hash[0] | 1;
}

static void keep_refund(struct memory *m, uint32_t party, const struct declaration *d)
{
    m->refund = room_for(m->refund, m->n_refunds, &m->refund_room, sizeof *m->refund);
    struct refund *r = &m->refund[m->n_refunds++];
    *r = (struct refund){.party = party, .code = d->code, .currency = d->currency, .flow = d->flow,
                         .on = d->on, .amount = d->amount, .contract = contract_of(d)};
    memcpy(r->report_no, d->report_no.p, d->report_no.n < 23 ? d->report_no.n : 23);
}

struct hashed { struct party_key key; uint64_t hash; };

/* The table is asked for its lines before the first is looked at. */
static int hash_block(const struct party_table *t, const struct declaration *d, int n,
                      struct hashed k[BLOCK])
{
    n = n < BLOCK ? n : BLOCK;
    for (int i = 0; i < n; i++) {
        k[i].key = party_key_of(d[i].party_id.p, d[i].party_id.n);
        k[i].hash = party_hash(k[i].key);
        party_prefetch(t, k[i].hash);
    }
    return n;
}

static void learn(struct history *h, struct memory *m, const struct declaration *d, int n,
                  const struct hashed *k)
{
    int64_t cents;
    for (int i = 0; i < n; i++) {
        uint32_t party = party_table_number(m->parties, k[i].key, k[i].hash);
        if (party == UINT32_MAX)
            continue; /* the cube of the same pass says that the limit is met */
        if (d[i].advance == ADVANCE_REFUND) {
            keep_refund(m, party, &d[i]);
            continue;
        }
        m->seen = room_for(m->seen, m->n_seen, &m->seen_room, sizeof *m->seen);
        m->seen[m->n_seen++] =
            (struct seen){party, cents_of(h, &d[i], &cents) ? history_log(cents) : INT32_MIN};
    }
}

void history_rows(void *history, int thread, struct declaration *d, int n)
{
    struct history *h = history;
    struct hashed k[BLOCK];
    for (int i = 0, some; i < n; i += some) {
        some = hash_block(h->of[thread].parties, d + i, n - i, k);
        learn(h, &h->of[thread], d + i, some, k);
    }
}

static int by_value(const void *x, const void *y)
{
    int32_t a = *(const int32_t *)x, b = *(const int32_t *)y;
    return a < b ? -1 : a > b;
}

/* The lower median, so that it is a value that occurred. */
static int32_t median_of(int32_t *v, size_t n)
{
    sort_by(v, n, sizeof *v, by_value);
    return v[(n - 1) / 2];
}

static struct band band_of(const struct history *h, int32_t *v, size_t n)
{
    if (n < HISTORY_MIN)
        return (struct band){1, 0, 0};
    int32_t median = median_of(v, n);
    for (size_t i = 0; i < n; i++)
        v[i] = v[i] < median ? median - v[i] : v[i] - median;
    int32_t mad = median_of(v, n), times = (int32_t)h->s->rule[RULE_R8].value;
    int64_t width = (int64_t)(mad < MAD_LEAST ? MAD_LEAST : mad) * times;
    width = width > INT32_MAX / 2 ? INT32_MAX / 2 : width;
    return (struct band){median - (int32_t)width, median + (int32_t)width, median};
}

/* Counting sort of all logs by party, then each party's band. */
static void settle_bands(struct history *h)
{
    uint32_t n = h->parties.n;
    size_t *from = calloc((size_t)n + 2, sizeof *from), total = 0;
    check(from != NULL);
    for (int t = 0; t < h->n_threads; t++)
        for (size_t i = 0; i < h->of[t].n_seen; i++)
            from[h->parties.map[t][h->of[t].seen[i].party] + 1] +=
                h->of[t].seen[i].log != INT32_MIN;
    for (uint32_t p = 0; p < n; p++)
        from[p + 1] += from[p];
    total = from[n];
    int32_t *log = malloc((total + 1) * sizeof *log);
    size_t *at = malloc(((size_t)n + 1) * sizeof *at);
    check(log != NULL && at != NULL);
    memcpy(at, from, ((size_t)n + 1) * sizeof *at);
    for (int t = 0; t < h->n_threads; t++)
        for (size_t i = 0; i < h->of[t].n_seen; i++)
            if (h->of[t].seen[i].log != INT32_MIN)
                log[at[h->parties.map[t][h->of[t].seen[i].party]]++] = h->of[t].seen[i].log;
    for (uint32_t p = 0; p < n; p++) {
        struct band *b = &h->party[p].band;
        *b = band_of(h, log + from[p], from[p + 1] - from[p]);
        h->with_history += b->low <= b->high;
    }
    free(log);
    free(at);
    free(from);
}

static int by_party(const void *x, const void *y)
{
    const struct refund *a = x, *b = y;
    if (a->party != b->party)
        return a->party < b->party ? -1 : 1;
    return memcmp(a->report_no, b->report_no, sizeof a->report_no);
}

static void settle_refunds(struct history *h)
{
    for (int t = 0; t < h->n_threads; t++)
        h->n_refunds += h->of[t].n_refunds;
    h->refund = calloc(h->n_refunds + 1, sizeof *h->refund);
    check(h->refund != NULL && h->n_refunds <= UINT32_MAX);
    size_t n = 0;
    for (int t = 0; t < h->n_threads; t++) {
        for (size_t i = 0; i < h->of[t].n_refunds; i++) {
            struct refund *r = &h->refund[n++];
            memcpy(r, &h->of[t].refund[i], sizeof *r);
            r->party = h->parties.map[t][r->party];
            h->party[r->party].refunds_to++;
        }
        free(h->of[t].refund);
        h->of[t].refund = NULL;
    }
    uint32_t at = 0;
    for (uint32_t p = 0; p < h->parties.n; p++) {
        h->party[p].refunds_from = at;
        h->party[p].refunds_to = at += h->party[p].refunds_to;
    }
    sort_by(h->refund, h->n_refunds, sizeof *h->refund, by_party);
}

enum err history_settle(struct history *h, struct error *e)
{
    struct party_table *tables[INTAKE_THREADS];
    for (int t = 0; t < h->n_threads; t++)
        tables[t] = h->of[t].parties;
    parties_merge(&h->parties, tables, h->n_threads);
    uint32_t n = h->parties.n;
    h->party = calloc((size_t)n + 1, sizeof *h->party);
    check(h->party != NULL);
    settle_bands(h);
    settle_refunds(h);
    for (int t = 0; t < h->n_threads; t++) {
        free(h->of[t].seen);
        h->of[t].seen = NULL;
    }
    /* One table for all threads, read only from here on: every identity is in it. */
    h->all = parties_index(&h->parties);
    if (h->all == NULL)
        return err_set(e, ERR_LIMIT, "主体数超过上限 %d", "more parties than %d", LIMIT_PARTIES);
    return OK;
}

/* The payment d may be what some of its party's refunds take back. */
static void pair(struct history *h, uint32_t party, const struct declaration *d)
{
    uint64_t contract = 0;
    bool asked = false;
    for (size_t i = h->party[party].refunds_from; i < h->party[party].refunds_to; i++) {
        struct refund *r = &h->refund[i];
        if (r->code != d->code || r->currency != d->currency || r->flow == d->flow ||
            r->on < d->on || r->amount > d->amount)
            continue;
        if (!asked) {
            contract = contract_of(d);
            asked = true;
        }
        if (r->contract == 0 || contract == 0 || r->contract == contract)
            atomic_store_explicit(&r->paired, true, memory_order_relaxed);
    }
}

/* Keeps the samples with the lowest report numbers, so that they do not depend on the threads. */
static void sample(struct history_finding *list, int *n, const struct history_finding *f)
{
    int at = *n;
    while (at > 0 && strcmp(list[at - 1].report_no, f->report_no) > 0)
        at--;
    if (at == HISTORY_SAMPLES)
        return;
    int keep = *n < HISTORY_SAMPLES ? *n : HISTORY_SAMPLES - 1;
    memmove(&list[at + 1], &list[at], (size_t)(keep - at) * sizeof *list);
    list[at] = *f;
    *n = keep + 1;
}

static void copy_id(char *out, size_t room, struct str s)
{
    size_t n = s.n < room - 1 ? s.n : room - 1;
    memcpy(out, s.p, n);
    out[n] = 0;
}

static void far_off(struct history *h, struct memory *m, uint32_t party, int64_t cents,
                    struct declaration *d)
{
    struct history_finding f = {.rule = RULE_R8, .cents = cents,
                                .usual = history_exp(h->party[party].band.median)};
    copy_id(f.report_no, sizeof f.report_no, d->report_no);
    copy_id(f.party_id, sizeof f.party_id, d->party_id);
    sample(m->sample, &m->n_samples, &f);
    m->found++;
    d->rules |= BIT(RULE_R8);
}

static void find(struct history *h, struct memory *m, struct declaration *d, uint32_t party,
                 uint32_t queries)
{
    const struct band *b = &h->party[party].band;
    int64_t cents;
    if (d->advance != ADVANCE_REFUND) {
        pair(h, party, d);
        if (b->low <= b->high && cents_of(h, d, &cents) &&
            (history_log(cents) > b->high || history_log(cents) < b->low))
            far_off(h, m, party, cents, d);
    }
    atomic_fetch_add_explicit(&h->party[party].records, 1, memory_order_relaxed);
    if ((d->rules & queries) != 0)
        atomic_fetch_add_explicit(&h->party[party].queries, 1, memory_order_relaxed);
}

void history_again(void *history, int thread, struct declaration *d, int n)
{
    struct history *h = history;
    uint32_t party[BLOCK], queries = scheme_severities(h->s).query;
    struct hashed k[BLOCK];
    for (int i = 0, some; i < n; i += some) {
        some = hash_block(h->all, d + i, n - i, k);
        for (int j = 0; j < some; j++) {
            party[j] = party_table_find(h->all, k[j].key, k[j].hash);
            if (party[j] < h->parties.n)
                __builtin_prefetch(&h->party[party[j]]);
        }
        for (int j = 0; j < some; j++)
            if (party[j] < h->parties.n) /* else the file has changed between the passes */
                find(h, &h->of[thread], &d[i + j], party[j], queries);
    }
}

static void most_asked(const struct history *h, struct history_report *out)
{
    for (uint32_t p = 0; p < h->parties.n; p++) {
        uint32_t q = atomic_load(&h->party[p].queries);
        if (q == 0)
            continue;
        int at = out->n_parties;
        while (at > 0 && out->party[at - 1].queries < q)
            at--;
        if (at == HISTORY_SAMPLES)
            continue;
        int keep = out->n_parties < HISTORY_SAMPLES ? out->n_parties : HISTORY_SAMPLES - 1;
        memmove(&out->party[at + 1], &out->party[at], (size_t)(keep - at) * sizeof out->party[0]);
        struct history_party *to = &out->party[at];
        *to = (struct history_party){.records = atomic_load(&h->party[p].records), .queries = q};
        memcpy(to->id, h->parties.id[p], PARTY_ID_BYTES);
        out->n_parties = keep + 1;
    }
}

void history_report(struct history *h, struct history_report *out)
{
    memset(out, 0, sizeof *out);
    struct history_finding alone[HISTORY_SAMPLES];
    int n_alone = 0;
    for (int t = 0; t < h->n_threads; t++) {
        out->rule[RULE_R8] += h->of[t].found;
        for (int i = 0; i < h->of[t].n_samples; i++)
            sample(out->sample, &out->n_samples, &h->of[t].sample[i]);
    }
    for (size_t i = 0; i < h->n_refunds; i++) {
        const struct refund *r = &h->refund[i];
        if (atomic_load(&r->paired))
            continue;
        struct history_finding f = {.rule = RULE_R14};
        memcpy(f.report_no, r->report_no, sizeof f.report_no);
        memcpy(f.party_id, h->parties.id[r->party], PARTY_ID_BYTES);
        sample(alone, &n_alone, &f);
        out->rule[RULE_R14]++;
        atomic_fetch_add(&h->party[r->party].queries, 1);
    }
    memcpy(&out->sample[out->n_samples], alone, (size_t)n_alone * sizeof alone[0]);
    out->n_samples += n_alone;
    out->with_history = h->with_history;
    most_asked(h, out);
}
