/* See lists.h. */
#include "lists.h"

#include <stdio.h>

struct maker {
    struct arena *a;
    const struct classification *codes;
    struct corpus *c;
    struct rng rng;
    bool local; /* so many items that most are of one place */
};

static int below(struct maker *m, int n)
{
    return (int)rng_below(&m->rng, (uint32_t)n);
}

static bool chance(struct maker *m, int percent)
{
    return below(m, 100) < percent;
}

static void some_sectors(struct maker *m, uint64_t *w)
{
    const struct codelist *l = &m->codes->gbt;
    for (int n = m->local ? 1 : 1 + below(m, 3); n > 0; n--) {
        int node = l->leaf[below(m, l->n_leaves)], kind = below(m, 100);
        int up = m->local ? (kind < 80 ? 0 : 1) : kind < 40 ? 0 : kind < 75 ? 1 : kind < 95 ? 2 : 3;
        for (; up > 0 && l->code[node].parent >= 0; up--)
            node = l->code[node].parent;
        bits_set_range(w, (size_t)l->code[node].leaf_from, (size_t)l->code[node].leaf_to);
    }
}

static void some_treatment(struct maker *m, struct provision *p)
{
    static const enum effect effects[] = {EFFECT_PROHIBIT, EFFECT_PROHIBIT, EFFECT_REQUIRE_APPROVAL,
                                          EFFECT_CONDITION, EFFECT_NOTIFY};
    static const enum treatment means[] = {PROHIBITED, PROHIBITED, APPROVAL, CONDITION, NOTIFY};
    int k = below(m, 5);
    p->effect = effects[k];
    p->treatment = means[k];
}

static void fresh_item(struct maker *m, struct provision *p, int number)
{
    static const unsigned modes[] = {1 << 1, 1 << 4, 1 << 1 | 1 << 4, 1 << 1 | 1 << 2 | 1 << 4};
    char key[24];
    memset(p, 0, sizeof *p);
    snprintf(key, sizeof key, "item-%06d", number);
    p->key = str_copy(m->a, str_from(key));
    p->no = number;
    p->evidence = 'A';
    p->lift_join = JOIN_ALL;
    some_treatment(m, p);
    some_sectors(m, p->scope.sector);
    p->scope.combo = combos_of(modes[below(m, 4)], IMPORT,
                               chance(m, 30) ? 1u << KIND_FIRM : 1u << KIND_FIRM | 1u << KIND_PERSON);
    bits_set_range(p->scope.origin, 0, (size_t)m->codes->n_economies);
    bits_set_range(p->scope.place, 0, (size_t)m->codes->n_places);
    if (m->local && chance(m, 90)) {
        int at = below(m, m->codes->n_places);
        memset(p->scope.place, 0, sizeof p->scope.place);
        bits_set_range(p->scope.place, (size_t)at, (size_t)at + 1);
    }
    if (chance(m, 5))
        bit_clear(p->scope.origin, (size_t)below(m, m->codes->n_economies));
}

static struct instrument *add_edition(struct maker *m, const char *id)
{
    struct corpus *c = m->c;
    int at = c->n_instruments++;
    struct instrument *i = &c->instrument[at];
    i->id = i->title_zh = i->title_en = str_from(id);
    i->family = FAMILY_CROSS_BORDER;
    i->kind = LAYER_NATIONAL;
    i->default_equal = i->complete = i->is_layer = true;
    i->layer = c->n_layers;
    c->layer[c->n_layers++] = at;
    i->valid_from = i->known_from = day_from_civil(2024, 1, 1);
    i->valid_to = i->known_to = DAY_MAX;
    bits_set_range(i->place, 0, (size_t)m->codes->n_places);
    bits_set_range(i->origin, 0, (size_t)m->codes->n_economies);
    i->first = c->n_provisions;
    return i;
}

static void edit_item(struct maker *m, struct provision *p)
{
    switch (below(m, 4)) {
    case 0:
        some_treatment(m, p);
        break;
    case 1:
        some_sectors(m, p->scope.sector);
        break;
    case 2:
        for (int n = 1 + below(m, 20); n > 0; n--)
            bit_clear(p->scope.origin, (size_t)below(m, m->codes->n_economies));
        break;
    default:
        for (int n = 1 + below(m, 5); n > 0; n--)
            bit_clear(p->scope.place, (size_t)below(m, m->codes->n_places));
    }
}

static void add_item(struct maker *m, struct instrument *i, const struct provision *p)
{
    struct provision *to = &m->c->provision[m->c->n_provisions++];
    *to = *p;
    to->instrument = (int)(i - m->c->instrument);
    to->layer = i->layer;
    i->n++;
}

/* Every fourth edit leaves an item out, every fourth adds one, the others change one. */
static void second_edition(struct maker *m, const struct instrument *first, int edits)
{
    struct instrument *b = add_edition(m, "list-b");
    int *edit = ARENA_ARRAY(m->a, int, (size_t)first->n + 1); /* 0 kept, 1 left out, 2 changed */
    int added = 0;
    for (int i = 0; i < edits; i++) {
        int at = below(m, first->n);
        if (i % 4 == 3) {
            added++;
            continue;
        }
        while (edit[at] != 0)
            at = (at + 1) % first->n;
        edit[at] = i % 4 == 0 ? 1 : 2;
    }
    for (int i = 0; i < first->n; i++) {
        struct provision p = m->c->provision[first->first + i];
        if (edit[i] == 2)
            edit_item(m, &p);
        if (edit[i] != 1)
            add_item(m, b, &p);
    }
    for (int i = 0; i < added; i++) {
        struct provision p;
        fresh_item(m, &p, first->n + i + 1);
        add_item(m, b, &p);
    }
}

struct corpus *lists_make(struct arena *a, const struct classification *codes, int items,
                          int edits, uint64_t seed)
{
    struct maker m = {.a = a, .codes = codes, .c = ARENA_NEW(a, struct corpus),
                      .local = items > 500};
    struct corpus *c = m.c;
    check(edits * 3 / 4 < items);
    rng_seed(&m.rng, seed);
    c->codes = codes;
    c->instrument = ARENA_ARRAY(a, struct instrument, 2);
    c->provision = ARENA_ARRAY(a, struct provision, (size_t)(2 * items + edits));
    c->fact_mode = c->fact_territory = c->fact_form = -1;
    struct instrument *first = add_edition(&m, "list-a");
    for (int i = 0; i < items; i++) {
        struct provision p;
        fresh_item(&m, &p, i + 1);
        add_item(&m, first, &p);
    }
    second_edition(&m, first, edits);
    return c;
}

struct corpus *lists_plain(struct arena *a, const struct corpus *c)
{
    struct corpus *out = ARENA_NEW(a, struct corpus);
    *out = *c;
    out->provision = ARENA_ARRAY(a, struct provision, (size_t)c->n_provisions + 1);
    for (int i = 0; i < c->n_provisions; i++) {
        struct provision *p = &out->provision[i];
        *p = c->provision[i];
        p->n_when = p->n_exceptions = p->n_exemptions = p->n_lift = 0;
    }
    out->n_carve_outs = 0;
    return out;
}
