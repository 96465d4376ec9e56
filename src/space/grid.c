/* Classes of codes: splitting, grouping by equal keys. */
#include "space/grid.h"

#include <stdlib.h>

static void number(struct classes *c)
{
    int16_t renumber[LIMIT_SECTORS];
    memset(renumber, 0xff, sizeof renumber);
    c->n = 0;
    for (int i = 0; i < c->n_codes; i++) {
        if (c->of[i] < 0)
            continue;
        int16_t *k = &renumber[c->of[i]];
        if (*k < 0) {
            *k = (int16_t)c->n++;
            c->first[*k] = (int16_t)i;
            c->weight[*k] = 0;
        }
        c->of[i] = *k;
        c->weight[*k]++;
    }
}

void classes_init(struct classes *c, const uint64_t *domain, int n_codes)
{
    check(n_codes <= LIMIT_SECTORS);
    c->n_codes = n_codes;
    for (int i = 0; i < n_codes; i++)
        c->of[i] = bit_get(domain, (size_t)i) ? 0 : -1;
    number(c);
}

void classes_each(struct classes *c, const uint64_t *domain, int n_codes)
{
    check(n_codes <= LIMIT_SECTORS);
    c->n_codes = n_codes;
    for (int i = 0; i < n_codes; i++)
        c->of[i] = bit_get(domain, (size_t)i) ? (int16_t)i : (int16_t)-1;
    number(c);
}

void classes_split(struct classes *c, const uint64_t *set)
{
    int16_t in[LIMIT_SECTORS]; /* per class: how many of its codes are in the set */
    int n = c->n;
    memset(in, 0, sizeof *in * (size_t)n);
    for (int i = 0; i < c->n_codes; i++)
        if (c->of[i] >= 0 && bit_get(set, (size_t)i))
            in[c->of[i]]++;
    bool cut = false;
    for (int k = 0; k < n; k++)
        cut |= in[k] != 0 && in[k] != c->weight[k];
    if (!cut)
        return;
    int next = n;
    for (int k = 0; k < n; k++) /* the inner part of a class that is cut gets a new number */
        in[k] = in[k] != 0 && in[k] != c->weight[k] ? (int16_t)next++ : (int16_t)k;
    for (int i = 0; i < c->n_codes; i++)
        if (c->of[i] >= 0 && bit_get(set, (size_t)i))
            c->of[i] = in[c->of[i]];
    number(c);
}

static uint64_t key_hash(const uint64_t *key, int words)
{
    uint64_t h = 0;
    for (int i = 0; i < words; i++) {
        h = (h ^ key[i]) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 32;
    }
    return h;
}

void classes_by_key(struct classes *c, const uint64_t *domain, int n_codes, const uint64_t *key,
                    int words)
{
    enum { SLOTS = 4096 };
    int16_t slot[SLOTS];
    check(n_codes <= LIMIT_SECTORS);
    memset(slot, 0xff, sizeof slot);
    c->n_codes = n_codes;
    for (int i = 0; i < n_codes; i++) {
        const uint64_t *k = key + (size_t)i * (size_t)words;
        c->of[i] = -1;
        if (!bit_get(domain, (size_t)i))
            continue;
        size_t at = key_hash(k, words) % SLOTS;
        while (slot[at] >= 0 &&
               !bits_equal(key + (size_t)slot[at] * (size_t)words, k, (size_t)words))
            at = (at + 1) % SLOTS;
        if (slot[at] < 0)
            slot[at] = (int16_t)i; /* the first of its class stands for it */
        c->of[i] = slot[at];
    }
    number(c);
}

void classes_codes(const struct classes *c, int class, uint64_t *set)
{
    for (int i = 0; i < c->n_codes; i++)
        if (c->of[i] == class)
            bit_set(set, (size_t)i);
}

uint64_t combos_of(unsigned modes, enum direction d, unsigned kinds)
{
    uint64_t set = 0;
    for (int c = 0; c < COMBOS; c++)
        if (combo_valid(c) && combo_direction(c) == d && ((modes >> combo_mode(c)) & 1) &&
            ((kinds >> combo_kind(c)) & 1))
            set |= (uint64_t)1 << c;
    return set;
}

void scope_whole(const struct classification *c, day_t on, struct scope *out)
{
    memset(out, 0, sizeof *out);
    bits_set_range(out->sector, 0, (size_t)c->gbt.n_leaves);
    for (int k = 0; k < COMBOS; k++)
        if (combo_valid(k))
            out->combo |= (uint64_t)1 << k;
    bits_set_range(out->origin, 0, (size_t)c->n_economies);
    int china = economy_find(c, STR("CN"));
    if (china >= 0)
        bit_clear(out->origin, (size_t)china);
    for (int p = 0; p < c->n_places; p++)
        if (c->place[p].from <= on)
            bit_set(out->place, (size_t)p);
}
