/* Classes of codes. A key per code holds everything that a decision reads of it: its bits in
 * the rules looked at, and the bits of layers, clauses and carve-outs. */
#include "decide/snapshot.h"

#include <stdlib.h>

struct keys {
    int n, words, at; /* codes, words each, bits written so far */
    const uint64_t *domain;
    uint64_t *bits;
};

static uint64_t *key_of(const struct keys *k, int code)
{
    return k->bits + (size_t)code * (size_t)k->words;
}

static bool key_wanted(const struct keys *k, int code)
{
    return bit_get(k->domain, (size_t)code);
}

/* The rows of a dimension under the mask (its words that are not empty), and room for `more`
 * bits after them. */
static struct keys keys_begin(const struct snapshot *s, const struct rows *r,
                              const uint64_t *mask, const uint64_t *domain, int more)
{
    int used = 0;
    int *word = malloc(((size_t)s->words + 1) * sizeof *word);
    check(word != NULL);
    for (int w = 0; w < s->words; w++)
        if (mask[w] != 0)
            word[used++] = w;
    struct keys k = {.n = r->n, .words = used + (int)BITS_WORDS((size_t)more), .at = used * 64,
                     .domain = domain};
    k.bits = calloc((size_t)k.n * (size_t)k.words + 1, sizeof *k.bits);
    check(k.bits != NULL);
    for (int i = 0; i < k.n; i++)
        for (int w = 0; w < used && key_wanted(&k, i); w++)
            key_of(&k, i)[w] = r->bits[(size_t)i * (size_t)s->words + (size_t)word[w]] & mask[word[w]];
    free(word);
    return k;
}

static void keys_end(struct keys *k, struct classes *out)
{
    check(k->at <= k->words * 64);
    classes_by_key(out, k->domain, k->n, k->bits, k->words);
    free(k->bits);
}

/* One more bit in every key: is the code in the set? */
static void key_set(struct keys *k, const uint64_t *set)
{
    for (int code = 0; code < k->n; code++)
        if (key_wanted(k, code) && bit_get(set, (size_t)code))
            bit_set(key_of(k, code), (size_t)k->at);
    k->at++;
}

static void key_word(struct keys *k, int code, uint64_t word)
{
    for (int i = 0; i < 64; i++)
        if ((word >> i) & 1)
            bit_set(key_of(k, code), (size_t)(k->at + i));
}

/* Origins or places of the clauses of the rules looked at. */
static void add_clauses(const struct snapshot *s, struct keys *k, const uint64_t *mask,
                        bool by_origin, int *count)
{
    for (int r = 0; r < s->n_rules; r++) {
        if (!bit_get(mask, (size_t)r))
            continue;
        const struct provision *p = &s->c->provision[s->rule[r].provision];
        for (int i = 0; i < p->n_exceptions + p->n_exemptions; i++) {
            const struct clause *x =
                i < p->n_exceptions ? &p->exception[i] : &p->exemption[i - p->n_exceptions];
            if (by_origin && !x->has_origins)
                continue;
            (*count)++;
            if (k != NULL)
                key_set(k, by_origin ? x->origin : x->place);
        }
    }
}

static int count_clauses(const struct snapshot *s, const uint64_t *mask, bool by_origin)
{
    int n = 0;
    add_clauses(s, NULL, mask, by_origin, &n);
    return n;
}

static void sector_classes(const struct snapshot *s, const struct looked_at *l,
                           const uint64_t *domain, struct classes *out)
{
    struct keys k = keys_begin(s, &s->sector, l->rules, domain, s->c->n_carve_outs);
    for (int i = 0; i < s->c->n_carve_outs; i++) {
        const struct carve_out *c = &s->c->carve_out[i];
        int layer = s->c->instrument[c->instrument].layer;
        if (c->has_sectors && layer >= 0 && ((l->layers >> layer) & 1))
            key_set(&k, c->sector);
    }
    keys_end(&k, out);
}

static void origin_classes(const struct snapshot *s, const struct looked_at *l,
                           const uint64_t *domain, struct classes *out)
{
    int n = 0;
    struct keys k = keys_begin(s, &s->origin, l->rules, domain,
                               128 + count_clauses(s, l->rules, true));
    for (int d = 0; d < 2; d++, k.at += 64)
        for (int code = 0; code < k.n; code++)
            if (key_wanted(&k, code))
                key_word(&k, code, l->layers & s->layer_origin[(size_t)l->valid[d] * (size_t)k.n +
                                                               (size_t)code]);
    add_clauses(s, &k, l->rules, true, &n);
    keys_end(&k, out);
}

static void place_classes(const struct snapshot *s, const struct looked_at *l,
                          const uint64_t *domain, struct classes *out)
{
    int n = 0;
    struct keys k = keys_begin(s, &s->place, l->rules, domain,
                               128 + count_clauses(s, l->rules, false));
    for (int code = 0; code < k.n; code++) {
        if (!key_wanted(&k, code))
            continue;
        key_word(&k, code, l->layers & s->layer_place[code]);
        k.at += 64;
        key_word(&k, code, s->place_territory[code]);
        k.at -= 64;
    }
    k.at += 128;
    add_clauses(s, &k, l->rules, false, &n);
    keys_end(&k, out);
}

void snapshot_grid_of(const struct snapshot *s, const struct looked_at *l,
                      const struct scope *domain, struct grid *out)
{
    sector_classes(s, l, domain->sector, &out->sector);
    classes_each(&out->combo, &domain->combo, COMBOS);
    origin_classes(s, l, domain->origin, &out->origin);
    place_classes(s, l, domain->place, &out->place);
}

void snapshot_grid(const struct snapshot *s, day_t on, day_t known, const struct scope *domain,
                   struct grid *out)
{
    int v = snapshot_slice(s->valid_day, s->n_valid, on);
    int k = snapshot_slice(s->known_day, s->n_known, known);
    uint64_t *rules = malloc((size_t)s->words * sizeof *rules);
    check(rules != NULL);
    memcpy(rules, s->valid.bits + (size_t)v * (size_t)s->words, (size_t)s->words * sizeof *rules);
    bits_and(rules, s->known.bits + (size_t)k * (size_t)s->words, (size_t)s->words);
    struct looked_at l = {.rules = rules, .layers = s->layer_valid[v] & s->layer_known[k],
                          .valid = {v, v}};
    snapshot_grid_of(s, &l, domain, out);
    free(rules);
}
