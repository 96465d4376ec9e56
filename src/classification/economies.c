/* Economies (ISO 3166-1) and the dated groups they belong to. */
#include <stdlib.h>

#include "classification/internal.h"

static int by_alpha2(const void *a, const void *b)
{
    return str_cmp(((const struct economy *)a)->alpha2, ((const struct economy *)b)->alpha2);
}

static enum err load_economies(struct classification *c, struct arena *a, struct error *e)
{
    static const char *const columns[] = {"alpha2", "alpha3", "name_en", "name_zh", NULL};
    struct table t;
    bool more;
    TRY(table_open(&t, a, "codes/economies.csv", columns, e));
    c->economy = ARENA_ARRAY(a, struct economy, LIMIT_ORIGINS);
    for (;;) {
        TRY(table_next(&t, &more, e));
        if (!more)
            break;
        if (c->n_economies == LIMIT_ORIGINS)
            return table_limit(&t, "LIMIT_ORIGINS", LIMIT_ORIGINS, e);
        struct economy x = {table_text(&t, "alpha2"), table_text(&t, "alpha3"),
                            table_text(&t, "name_zh"), table_text(&t, "name_en")};
        if (x.alpha2.n != 2 || x.alpha3.n != 3)
            return table_fail(&t, "alpha2", "不是经济体代码：%.*s", "not an economy code: %.*s",
                              x.alpha2, e);
        if (economy_find(c, x.alpha2) >= 0 || economy_find(c, x.alpha3) >= 0)
            return table_fail(&t, "alpha2", "代码重复：%.*s", "the code stands twice: %.*s",
                              x.alpha2, e);
        c->economy[c->n_economies++] = x;
    }
    sort_by(c->economy, (size_t)c->n_economies, sizeof *c->economy, by_alpha2);
    return OK;
}

enum err economies_load(struct classification *c, struct arena *a, struct error *e)
{
    static const char *const columns[] = {"group", "alpha2", "start", "end", NULL};
    struct table t;
    bool more;
    TRY(load_economies(c, a, e));
    TRY(table_open(&t, a, "codes/economy-groups.csv", columns, e));
    c->membership = ARENA_ARRAY(a, struct membership, (size_t)t.n_rows);
    for (;;) {
        TRY(table_next(&t, &more, e));
        if (!more)
            return OK;
        struct membership *m = &c->membership[c->n_memberships];
        struct str code = table_text(&t, "alpha2");
        m->group = table_text(&t, "group");
        m->economy = economy_find(c, code);
        if (m->group.n == 0 || m->economy < 0)
            return table_fail(&t, "alpha2", "没有这个经济体：%.*s", "no such economy: %.*s", code,
                              e);
        TRY(table_day(&t, "start", DAY_MIN, &m->from, e));
        TRY(table_day(&t, "end", DAY_MAX, &m->to, e));
        if (m->from >= m->to)
            return table_fail(&t, "end", "终止日不晚于起始日：%.*s",
                              "the end is not after the start: %.*s", code, e);
        c->n_memberships++;
    }
}

int economy_find(const struct classification *c, struct str code)
{
    if (code.n != 2 && code.n != 3)
        return -1;
    for (int i = 0; i < c->n_economies; i++) {
        const struct economy *x = &c->economy[i];
        struct str it = code.n == 2 ? x->alpha2 : x->alpha3;
        /* The first letter, without its case bit, turns most of the list away. */
        if (((it.p[0] ^ code.p[0]) & 0x5F) == 0 && str_eq_nocase(code, it))
            return i;
    }
    return -1;
}

bool group_has(const struct classification *c, struct str group, int economy, day_t on)
{
    for (int i = 0; i < c->n_memberships; i++) {
        const struct membership *m = &c->membership[i];
        if (m->economy == economy && m->from <= on && on < m->to &&
            str_eq_nocase(m->group, group))
            return true;
    }
    return false;
}

static struct str economy_code_at(const void *list, int i)
{
    return ((const struct economy *)list)[i].alpha2;
}

/* Codes people write that ISO 3166 does not have, or reserves for another use. */
static struct str usual_code(struct str code)
{
    static const char *const pair[][2] = {{"UK", "GB"}, {"EL", "GR"}, {"ENG", "GB"},
                                          {"GER", "DE"}, {"SUI", "CH"}, {"TPE", "TW"}};
    for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
        if (str_eq_nocase(code, str_from(pair[i][0])))
            return str_from(pair[i][1]);
    }
    return code;
}

static void economy_hint(const struct classification *c, struct str asked, struct error *e)
{
    struct str code = usual_code(asked);
    struct nearest near = {0};
    for (int i = 0; i < c->n_economies; i++) {
        const struct economy *x = &c->economy[i];
        if (str_eq_nocase(code, x->alpha2) || str_eq_nocase(code, x->name_en) ||
            str_eq(code, x->name_zh)) {
            err_hint(e, "did you mean / 是否想要: %.*s (%.*s, %.*s)", STR_ARG(x->alpha2),
                     STR_ARG(x->name_zh), STR_ARG(x->name_en));
            return;
        }
        if (code.n <= 3)
            nearest_offer(&near, i, code.n == 3 ? x->alpha3 : x->alpha2, code);
        else if (str_find(x->name_en, code, NULL) || str_find(x->name_zh, code, NULL))
            nearest_offer(&near, i, code, code);
    }
    nearest_hint(&near, "", "ISO 3166: SG, HK, SGP", economy_code_at, c->economy, e);
}

enum err economy_parse(const struct classification *c, struct str code, int *out,
                       struct error *e)
{
    code = str_trim(code);
    *out = economy_find(c, code);
    if (*out >= 0)
        return OK;
    bool readable = str_utf8_valid(code) && code.n <= 64;
    struct str shown = readable ? code : STR("?");
    err_set(e, ERR_UNKNOWN_CODE, "没有这个经济体代码：%.*s", "no such economy: %.*s",
            STR_ARG(shown));
    if (readable)
        economy_hint(c, code, e);
    return ERR_UNKNOWN_CODE;
}
