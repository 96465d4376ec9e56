/* The rules of a safe cell, in whole numbers. */
#include "base/table.h"
#include "disclosure/system.h"

static enum err rules_row(const struct table *t, struct rules *out, int *seen, struct error *e)
{
    const struct { const char *name; int *into, most; } known[] = {
        {"contributors_min", &out->contributors_min, 1000},
        {"p_percent", &out->p_percent, 100},
        {"dominance_1_percent", &out->k_percent[0], 100},
        {"dominance_2_percent", &out->k_percent[1], 100},
        {"width_percent", &out->width_percent, 100},
    };
    struct str name = table_text(t, "parameter");
    for (int i = 0; i < (int)(sizeof known / sizeof known[0]); i++) {
        if (str_eqz(name, known[i].name)) {
            if (*seen & 1 << i)
                return table_fail(t, "parameter", "参数 %.*s 出现两次",
                                  "parameter %.*s comes twice", name, e);
            int64_t v;
            TRY(table_int(t, "value", 0, known[i].most, &v, e));
            *known[i].into = (int)v;
            *seen |= 1 << i;
            return OK;
        }
    }
    return table_fail(t, "parameter", "没有参数 %.*s", "there is no parameter %.*s", name, e);
}

enum err rules_load(struct rules *out, struct error *e)
{
    static const char *const columns[] = {"parameter", "value", "source", "evidence", NULL};
    struct arena a = {0};
    struct table t;
    int seen = 0;
    bool more = true;
    *out = (struct rules){.n_dominance = {1, 2}};
    enum err r = table_open(&t, &a, "statistics/confidentiality.csv", columns, e);
    while (r == OK && (r = table_next(&t, &more, e)) == OK && more)
        r = rules_row(&t, out, &seen, e);
    if (r == OK && seen != (1 << 5) - 1)
        r = table_fail(&t, "parameter", "缺少参数（%.*s）", "parameters are missing (%.*s)",
                       STR("confidentiality.csv"), e);
    arena_finish(&a);
    return r;
}

bool cell_sensitive(const struct rules *r, const struct sdc_cell *c)
{
    if (r->contributors_min > 0 && c->contributors < (uint32_t)r->contributors_min)
        return true;
    __int128 whole_weight = c->weight, first = c->top[0], two = first + c->top[1];
    /* The second largest contributor subtracts its own figure from the total. */
    if (r->p_percent > 0 && (whole_weight - two) * 100 < first * r->p_percent)
        return true;
    for (int i = 0; i < 2; i++) {
        check(r->n_dominance[i] >= 0 && r->n_dominance[i] <= 2);
        __int128 largest = r->n_dominance[i] == 1 ? first : two;
        if (r->n_dominance[i] > 0 && r->k_percent[i] > 0 &&
            largest * 100 > whole_weight * r->k_percent[i])
            return true;
    }
    return false;
}

int64_t width_above(const struct rules *r, const struct sdc_cell *c)
{
    return (int64_t)(((__int128)c->weight * r->width_percent + 99) / 100);
}

int64_t width_below(const struct rules *r, const struct sdc_cell *c, bool either_sign)
{
    int64_t width = width_above(r, c);
    return !either_sign && c->value >= 0 && c->value < width ? c->value : width;
}

struct sdc_cell cell_without(const struct sdc_cell *c, uint32_t party)
{
    struct sdc_cell rest = *c;
    for (int i = 0; i < 2; i++) {
        if (c->contributors <= (uint32_t)i || c->top_party[i] != party)
            continue;
        rest.weight -= c->top[i];
        rest.value -= c->value == c->weight ? c->top[i] : 0;
    }
    return rest;
}
