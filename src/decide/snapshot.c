/* Compiling a corpus into a snapshot. Everything is exact: rows are the scopes themselves. */
#include "decide/snapshot.h"

#include <stdlib.h>

int snapshot_slice(const day_t *days, int n, day_t d)
{
    int lo = 0, hi = n;
    while (hi - lo > 1) {
        int mid = lo + (hi - lo) / 2;
        if (days[mid] <= d)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

static int by_day(const void *a, const void *b)
{
    day_t x = *(const day_t *)a, y = *(const day_t *)b;
    return (x > y) - (x < y);
}

static int unique_days(day_t *d, int n)
{
    sort_by(d, (size_t)n, sizeof *d, by_day);
    int out = 0;
    for (int i = 0; i < n; i++)
        if (d[i] != DAY_MAX && (out == 0 || d[out - 1] != d[i]))
            d[out++] = d[i];
    return out;
}

static bool group_used(const struct corpus *c, struct str group)
{
    for (int l = 0; l < c->n_layers; l++)
        if (str_eq(c->instrument[c->layer[l]].group, group))
            return true;
    return false;
}

/* Elementary slices of the two clocks: answers are constant between two boundaries. */
static void make_slices(struct snapshot *s)
{
    const struct corpus *c = s->c;
    const struct classification *k = c->codes;
    size_t room = 1 + 2 * (size_t)c->n_layers + 2 * (size_t)k->n_memberships;
    s->valid_day = ARENA_ARRAY(&s->arena, day_t, room);
    s->known_day = ARENA_ARRAY(&s->arena, day_t, room);
    int v = 0, w = 0;
    s->valid_day[v++] = s->known_day[w++] = DAY_MIN;
    for (int l = 0; l < c->n_layers; l++) {
        const struct instrument *i = &c->instrument[c->layer[l]];
        s->valid_day[v++] = i->valid_from;
        s->valid_day[v++] = i->valid_to;
        s->known_day[w++] = i->known_from;
        s->known_day[w++] = i->known_to;
    }
    for (int m = 0; m < k->n_memberships; m++)
        if (group_used(c, k->membership[m].group)) {
            s->valid_day[v++] = k->membership[m].from;
            s->valid_day[v++] = k->membership[m].to;
        }
    s->n_valid = unique_days(s->valid_day, v);
    s->n_known = unique_days(s->known_day, w);
}

static void make_layers(struct snapshot *s)
{
    const struct corpus *c = s->c;
    size_t economies = (size_t)c->codes->n_economies;
    s->layer_valid = ARENA_ARRAY(&s->arena, uint64_t, (size_t)s->n_valid);
    s->layer_known = ARENA_ARRAY(&s->arena, uint64_t, (size_t)s->n_known);
    s->layer_place = ARENA_ARRAY(&s->arena, uint64_t, (size_t)c->codes->n_places);
    s->layer_origin = ARENA_ARRAY(&s->arena, uint64_t, (size_t)s->n_valid * economies);
    for (int l = 0; l < c->n_layers; l++) {
        const struct instrument *i = &c->instrument[c->layer[l]];
        uint64_t bit = (uint64_t)1 << l;
        s->family_layers[i->family] |= bit;
        s->default_equal |= i->default_equal ? bit : 0;
        s->claimable |= i->claimable ? bit : 0;
        s->base |= i->default_equal && i->kind == LAYER_NATIONAL ? bit : 0;
        for (int v = 0; v < s->n_valid; v++) {
            if (i->valid_from <= s->valid_day[v] && s->valid_day[v] < i->valid_to)
                s->layer_valid[v] |= bit;
            for (int o = 0; o < (int)economies; o++) {
                bool in = bit_get(i->origin, (size_t)o);
                if (in && i->group.n > 0)
                    in = group_has(c->codes, i->group, o, s->valid_day[v]);
                s->layer_origin[(size_t)v * economies + (size_t)o] |= in ? bit : 0;
            }
        }
        for (int k = 0; k < s->n_known; k++)
            if (i->known_from <= s->known_day[k] && s->known_day[k] < i->known_to)
                s->layer_known[k] |= bit;
        for (int p = 0; p < c->codes->n_places; p++)
            s->layer_place[p] |= bit_get(i->place, (size_t)p) ? bit : 0;
    }
}

static void rows_make(struct snapshot *s, struct rows *r, int n)
{
    r->n = n;
    /* Arena memory is 16-byte aligned; one spare block lets us align the rows to 64. */
    uint64_t *p = ARENA_ARRAY(&s->arena, uint64_t, (size_t)n * (size_t)s->words + 8);
    r->bits = (uint64_t *)(((uintptr_t)p + 63) & ~(uintptr_t)63);
}

static void rows_set(struct snapshot *s, struct rows *r, int code, int rule)
{
    bit_set(r->bits + (size_t)code * (size_t)s->words, (size_t)rule);
}

static void rule_rows(struct snapshot *s, int r)
{
    const struct provision *p = &s->c->provision[s->rule[r].provision];
    const struct instrument *i = &s->c->instrument[p->instrument];
    for (int k = 0; k < s->sector.n; k++)
        if (bit_get(p->scope.sector, (size_t)k))
            rows_set(s, &s->sector, k, r);
    for (int k = 0; k < COMBOS; k++)
        if ((p->scope.combo >> k) & 1)
            rows_set(s, &s->combo, k, r);
    for (int k = 0; k < s->origin.n; k++)
        if (bit_get(p->scope.origin, (size_t)k))
            rows_set(s, &s->origin, k, r);
    for (int k = 0; k < s->place.n; k++)
        if (bit_get(p->scope.place, (size_t)k))
            rows_set(s, &s->place, k, r);
    for (int k = 0; k < s->n_valid; k++)
        if (i->valid_from <= s->valid_day[k] && s->valid_day[k] < i->valid_to)
            rows_set(s, &s->valid, k, r);
    for (int k = 0; k < s->n_known; k++)
        if (i->known_from <= s->known_day[k] && s->known_day[k] < i->known_to)
            rows_set(s, &s->known, k, r);
}

static void make_rules(struct snapshot *s)
{
    const struct corpus *c = s->c;
    s->rule = ARENA_ARRAY(&s->arena, struct rule, (size_t)c->n_provisions + 1);
    for (int i = 0; i < c->n_provisions; i++) {
        const struct provision *p = &c->provision[i];
        if (p->layer < 0)
            continue;
        s->rule[s->n_rules++] = (struct rule){
            .provision = i,
            .layer = (uint8_t)p->layer,
            .treatment = (uint8_t)p->treatment,
            .plain = p->n_when + p->n_exceptions + p->n_exemptions + p->n_lift == 0};
    }
    s->words = (s->n_rules + 511) / 512 * 8;
    s->words = s->words == 0 ? 8 : s->words;
    rows_make(s, &s->sector, c->codes->gbt.n_leaves);
    rows_make(s, &s->combo, COMBOS);
    rows_make(s, &s->origin, c->codes->n_economies);
    rows_make(s, &s->place, c->codes->n_places);
    rows_make(s, &s->valid, s->n_valid);
    rows_make(s, &s->known, s->n_known);
    for (int r = 0; r < s->n_rules; r++)
        rule_rows(s, r);
}

static int value_index(const struct corpus *c, int fact, const char *value)
{
    if (fact < 0)
        return -1;
    for (int i = 0; i < c->fact[fact].n_values; i++)
        if (str_eqz(c->fact[fact].value[i].value, value))
            return i;
    return -1;
}

/* The facts that follow from the question: docs/meaning.md section 1. */
static void make_derived(struct snapshot *s)
{
    static const char *const mode[] = {"", "1", "2", "3", "4"};
    static const char *const territory[] = {"CN", "FTZ", "HAINAN"};
    const struct corpus *c = s->c;
    for (int i = 1; i < 5; i++)
        s->mode_value[i] = value_index(c, c->fact_mode, mode[i]);
    for (int i = 0; i < 3; i++)
        s->territory_value[i] = value_index(c, c->fact_territory, territory[i]);
    s->form_value[0] = value_index(c, c->fact_form, "joint-venture");
    s->form_value[1] = value_index(c, c->fact_form, "other");
    s->place_territory = ARENA_ARRAY(&s->arena, uint8_t, (size_t)c->codes->n_places);
    int hainan = place_find(c->codes, STR("CN-HI"));
    for (int p = 0; p < c->codes->n_places; p++) {
        if (hainan >= 0 && p >= hainan && p < c->codes->place[hainan].end)
            s->place_territory[p] = 2;
        else if (str_eqz(c->codes->place[p].kind, "ftz"))
            s->place_territory[p] = 1;
    }
}

enum err snapshot_create(struct snapshot **out, const struct corpus *c, struct error *e)
{
    *out = NULL;
    if (c->n_provisions > LIMIT_RULES)
        return err_set(e, ERR_LIMIT, "条目超过 %d", "more than %d provisions", LIMIT_RULES);
    struct snapshot *s = calloc(1, sizeof *s);
    check(s != NULL);
    s->c = c;
    arena_init(&s->arena);
    make_slices(s);
    make_layers(s);
    make_derived(s);
    make_rules(s);
    *out = s;
    return OK;
}

void snapshot_destroy(struct snapshot *s)
{
    if (s == NULL)
        return;
    arena_finish(&s->arena);
    free(s);
}

const struct corpus *snapshot_corpus(const struct snapshot *s)
{
    return s->c;
}

size_t snapshot_bytes(const struct snapshot *s)
{
    return s->arena.bytes_total + sizeof *s;
}
