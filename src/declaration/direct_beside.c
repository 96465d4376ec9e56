/* Direct reports beside the contributions of a cube: who has not answered, where the two sources
 * differ, and by which modes services are supplied. */
#include "declaration/direct_inside.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bits.h"
#include "declaration/party_table.h"

enum { NOBODY = UINT32_MAX };

struct sums { /* of one enterprise, flow and main item */
    int64_t direct, bank, abroad;
};
struct work {
    const struct direct *d;
    const struct cube *c;
    struct direct_beside *out;
    uint32_t *line_party; /* of the cube's parties: number in direct.parties */
    uint32_t *key;        /* of the cube's parties: number among key enterprises */
    size_t n_key, months;
    uint64_t *answered;   /* bit: direct party x months */
    uint64_t *declared;   /* bit: key enterprise x months */
    int64_t *declared_cents; /* key enterprise x months */
    struct sums (*sums)[FLOW_COUNT][DIRECT_MAIN]; /* by direct party */
};

static uint64_t magnitude(int64_t x)
{
    return x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
}

static void *zeroed(size_t n, size_t size)
{
    void *p = calloc(n + 1, size);
    check(p != NULL);
    return p;
}

/* Into a list of at most DIRECT_SAMPLES, before the first that it comes before. */
static void keep_sample(void *list, int *n, size_t size, const void *x,
                        bool (*before)(const void *, const void *))
{
    char *p = list;
    int at = *n;
    while (at > 0 && before(x, p + (size_t)(at - 1) * size))
        at--;
    if (at == DIRECT_SAMPLES)
        return;
    int behind = (*n < DIRECT_SAMPLES ? (*n)++ : DIRECT_SAMPLES - 1) - at;
    memmove(p + (size_t)(at + 1) * size, p + (size_t)at * size, (size_t)behind * size);
    memcpy(p + (size_t)at * size, x, size);
}

/* --- who is who ----------------------------------------------------------------------------- */

static void match_parties(struct work *w)
{
    const struct cube *c = w->c;
    struct party_table *of = parties_index(&w->d->parties);
    check(of != NULL);
    for (uint32_t i = 0; i < c->parties.n; i++) {
        struct party_key k = party_key_of(c->parties.id[i], PARTY_ID_BYTES);
        w->line_party[i] = party_table_find(of, k, party_hash(k));
        w->key[i] = c->reg[i].key ? (uint32_t)w->n_key++ : NOBODY;
    }
    party_table_destroy(of);
}

static void take_lines(struct work *w)
{
    for (size_t i = 0; i < w->d->n; i++) {
        const struct direct_line *x = &w->d->line[i];
        int main = direct_main(w->c->scheme->codes, x->item);
        struct sums *s = &w->sums[x->party][x->flow][main];
        bit_set(w->answered, x->party * w->months + (size_t)(x->month - w->d->from));
        *(x->mode == 3 ? &s->abroad : &s->direct) += x->cents;
        w->out->mode[main][x->mode - 1] += x->cents;
    }
}

static void take_contribution(struct work *w, const struct contribution *x)
{
    struct cell_code k = cell_key_code(x->key);
    size_t month = (size_t)((int)k.month - w->d->from);
    uint32_t party = w->line_party[x->member], key = w->key[x->member];
    if (k.month < w->d->from || month >= w->months)
        return;
    if (key != NOBODY) {
        bit_set(w->declared, key * w->months + month);
        w->declared_cents[key * w->months + month] += (int64_t)magnitude(x->cents);
    }
    if (party == NOBODY || !bit_get(w->answered, party * w->months + month))
        return;
    const struct itrs_code *code = &w->c->scheme->code[k.code];
    int64_t part[SCHEME_TARGETS];
    share_out(x->cents, code->target, code->n_targets, part);
    for (int i = 0; i < code->n_targets; i++) {
        int main = direct_main(w->c->scheme->codes, code->target[i].to);
        if (main >= 0) /* a code may stand for what has no main item, like SN */
            w->sums[party][k.flow][main].bank += part[i];
    }
}

/* --- response ------------------------------------------------------------------------------- */

static bool has_answered(const struct work *w, uint32_t party, size_t month)
{
    return party != NOBODY && bit_get(w->answered, party * w->months + month);
}

static bool misses_more(const void *x, const void *y)
{
    const struct direct_gap *a = x, *b = y;
    return a->cents != b->cents ? a->cents > b->cents : memcmp(a->id, b->id, PARTY_ID_BYTES) < 0;
}

/* One key enterprise, month by month. */
static void count_response(struct work *w, uint32_t member)
{
    uint32_t key = w->key[member], party = w->line_party[member];
    struct direct_gap gap = {.months = 0};
    bool ever = false;
    memcpy(gap.id, w->c->parties.id[member], PARTY_ID_BYTES);
    for (size_t m = 0; m < w->months; m++) {
        bool answered = has_answered(w, party, m);
        int64_t cents = w->declared_cents[key * w->months + m];
        ever |= answered;
        if (!bit_get(w->declared, key * w->months + m))
            continue;
        struct direct_month *at = &w->out->month[m];
        at->expected++;
        at->expected_cents += cents;
        at->answered += answered;
        at->answered_cents += answered ? cents : 0;
        gap.months += !answered;
        gap.cents += answered ? 0 : cents;
    }
    w->out->key++;
    w->out->key_answered += ever;
    w->out->rule[DIRECT_MISSING] += gap.months;
    if (gap.months > 0)
        keep_sample(w->out->missing, &w->out->n_missing, sizeof gap, &gap, misses_more);
}

/* --- who is not asked -----------------------------------------------------------------------
 * A bit for every enterprise of the reports that is marked as key. */

static void mark_by_register(const struct direct *d, const struct register_entry *reg, uint64_t *key)
{
    for (uint32_t p = 0; p < d->parties.n; p++)
        if (reg[p].key)
            bit_set(key, p);
}

static void mark_by_cube(const struct direct *d, const struct cube *c, uint64_t *key)
{
    struct party_table *of = parties_index(&d->parties);
    check(of != NULL);
    for (uint32_t i = 0; i < c->parties.n; i++) {
        struct party_key k = party_key_of(c->parties.id[i], PARTY_ID_BYTES);
        uint32_t p = c->reg[i].key ? party_table_find(of, k, party_hash(k)) : NOBODY;
        if (p != NOBODY)
            bit_set(key, p);
    }
    party_table_destroy(of);
}

void direct_unlisted(const struct direct *d, const struct register_entry *reg, const struct cube *c,
                     struct direct_unlisted *out)
{
    uint64_t *key = zeroed(BITS_WORDS(d->parties.n), sizeof *key);
    *out = (struct direct_unlisted){0};
    if (reg != NULL)
        mark_by_register(d, reg, key);
    else
        mark_by_cube(d, c, key);
    for (size_t i = 0; i < d->n; i++) {
        uint32_t p = d->line[i].party;
        if ((i > 0 && d->line[i - 1].party == p) || bit_get(key, p))
            continue;
        out->n++;
        if (out->n_sample < DIRECT_SAMPLES)
            out->sample[out->n_sample++] = p;
    }
    free(key);
}

/* --- differences ---------------------------------------------------------------------------- */

static bool differs(const struct work *w, const struct sums *s)
{
    __int128 apart = (__int128)s->direct - s->bank;
    uint64_t a = magnitude(s->direct), b = magnitude(s->bank), larger = a > b ? a : b;
    apart = apart < 0 ? -apart : apart;
    return apart * 100 > (__int128)larger * w->d->scheme->rule[DIRECT_DIFFERS].value;
}

static bool wider(const void *x, const void *y)
{
    const struct direct_pair *p = x, *q = y;
    __int128 a = (__int128)p->direct - p->bank, b = (__int128)q->direct - q->bank;
    a = a < 0 ? -a : a;
    b = b < 0 ? -b : b;
    return a > b; /* those met first stay before those that are as wide */
}

static void compare(struct work *w, uint32_t party, int flow, int main)
{
    const struct sums *s = &w->sums[party][flow][main];
    struct direct_item *item = &w->out->item[flow][main];
    item->abroad += s->abroad;
    if (s->direct == 0 && s->bank == 0)
        return;
    item->enterprises++;
    item->direct += s->direct;
    item->bank += s->bank;
    if (!differs(w, s))
        return;
    struct direct_pair p = {party, (uint8_t)flow, (uint8_t)main, s->direct, s->bank};
    item->differ++;
    w->out->rule[DIRECT_DIFFERS]++;
    keep_sample(w->out->differ, &w->out->n_differ, sizeof p, &p, wider);
}

/* --- all of it ------------------------------------------------------------------------------ */

static void work_through(struct work *w)
{
    const struct cube *c = w->c;
    take_lines(w);
    for (size_t i = 0; i < c->n_contributions; i++)
        take_contribution(w, &c->contribution[i]);
    for (uint32_t i = 0; i < c->parties.n; i++)
        if (w->key[i] != NOBODY)
            count_response(w, i);
    for (uint32_t p = 0; p < w->d->parties.n; p++)
        for (int flow = 0; flow < FLOW_COUNT; flow++)
            for (int main = 0; main < DIRECT_MAIN; main++)
                compare(w, p, flow, main);
}

enum err direct_beside(const struct direct *d, const struct cube *c, struct direct_beside *out,
                       struct error *e)
{
    struct work w = {.d = d, .c = c, .out = out, .months = (size_t)d->months};
    *out = (struct direct_beside){.month = zeroed((size_t)d->months, sizeof *out->month)};
    if (c->n_cells > 0 && c->n_contributions == 0) {
        direct_beside_finish(out);
        err_set(e, ERR_INVALID, "数据立方没有保留各主体的数额%s", "the cube has no contributions%s", "");
        err_hint(e, "fumao stats compile FILE --cube d.cube");
        return ERR_INVALID;
    }
    w.line_party = zeroed(c->parties.n, sizeof *w.line_party);
    w.key = zeroed(c->parties.n, sizeof *w.key);
    match_parties(&w);
    w.answered = zeroed(d->parties.n * w.months / 64 + 1, sizeof *w.answered);
    w.declared = zeroed(w.n_key * w.months / 64 + 1, sizeof *w.declared);
    w.declared_cents = zeroed(w.n_key * w.months, sizeof *w.declared_cents);
    w.sums = zeroed(d->parties.n, sizeof *w.sums);
    work_through(&w);
    free(w.line_party);
    free(w.key);
    free(w.answered);
    free(w.declared);
    free(w.declared_cents);
    free(w.sums);
    return OK;
}

void direct_beside_finish(struct direct_beside *b)
{
    free(b->month);
    *b = (struct direct_beside){0};
}
