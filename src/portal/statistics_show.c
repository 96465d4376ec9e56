/* Names, amounts, links and the picture of a table of released figures. */
#include "portal/statistics.h"

#include <stdio.h>

static struct str keep(const struct view *v, struct buf *b)
{
    struct str s = str_copy(v->arena, buf_view(b));
    buf_finish(b);
    return s;
}

/* --- names -------------------------------------------------------------------------------- */

struct str stats_code(const struct publication *p, int dim, int node)
{
    return p->plan.dim[dim].node[node].code;
}

struct str stats_dim_word(const struct view *v, int dim)
{
    static const enum msg m[DIM_COUNT] = {MSG_st_period,  MSG_st_flow, MSG_st_item,
                                          MSG_st_partner, MSG_st_place, MSG_st_mode,
                                          MSG_st_size,    MSG_st_ownership, MSG_st_key};
    return say(v, m[dim]);
}

/* "2026", "2026-Q1", "2026-01" */
static struct str period_name(const struct view *v, struct str code)
{
    char z[48];
    int year = 0;
    for (size_t i = 0; i < 4 && i < code.n; i++)
        year = year * 10 + (code.p[i] - '0');
    if (v->lang == LANG_EN) {
        if (code.n != 7 || code.p[5] != 'Q')
            return code;
        snprintf(z, sizeof z, "%d Q%c", year, code.p[6]);
    } else if (code.n == 4) {
        snprintf(z, sizeof z, "%d年", year);
    } else if (code.p[5] == 'Q') {
        static const char *const quarter[] = {"一", "二", "三", "四"};
        snprintf(z, sizeof z, "%d年%s季度", year, quarter[(code.p[6] - '1') & 3]);
    } else {
        snprintf(z, sizeof z, "%d年%d月", year, (code.p[5] - '0') * 10 + code.p[6] - '0');
    }
    return str_copy(v->arena, str_from(z));
}

static struct str item_name(const struct view *v, const struct publication *p, int node)
{
    const struct codelist *l = &v->codes->ebops;
    struct str code = stats_code(p, DIM_ITEM, node);
    int at = codelist_find(l, code);
    if (at >= 0)
        return class_name(v, &l->code[at]);
    at = codelist_find(l, stats_code(p, DIM_ITEM, p->plan.dim[DIM_ITEM].node[node].parent));
    enum msg what = code.p[code.n - 1] == 'N' ? MSG_st_not_allocated_of : MSG_st_not_specified;
    return at < 0 ? code : say_s(v, what, class_name(v, &l->code[at]), STR(""));
}

static struct str coded_word(const struct view *v, struct str code)
{
    static const struct {
        const char *code;
        enum msg m;
    } words[] = {{"unknown", MSG_st_unknown}, {"large", MSG_st_large}, {"medium", MSG_st_medium},
                 {"small", MSG_st_small},     {"micro", MSG_st_micro},     {"state", MSG_st_state},
                 {"private", MSG_st_private}, {"foreign", MSG_st_foreign}, {"Y", MSG_st_key_yes},
                 {"N", MSG_st_key_no},        {"T", MSG_st_both},          {"C", MSG_st_credit},
                 {"D", MSG_st_debit},         {"_T", MSG_st_all}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eqz(code, words[i].code))
            return say(v, words[i].m);
    return code;
}

struct str stats_name(const struct view *v, const struct publication *p, int dim, int node)
{
    struct str code = stats_code(p, dim, node);
    int at;
    if (str_eqz(code, "_N"))
        return say(v, MSG_st_not_allocated);
    switch (dim) {
    case DIM_PERIOD:
        return period_name(v, code);
    case DIM_ITEM:
        return node == 0 ? say(v, MSG_st_all_items) : item_name(v, p, node);
    case DIM_PARTNER:
        at = economy_find(v->codes, code);
        return node == 0 ? say(v, MSG_st_world) : at < 0 ? say(v, MSG_st_others)
                                                         : economy_name(v, at);
    case DIM_PLACE:
        at = place_find(v->codes, code);
        return node == 0 ? say(v, MSG_st_country) : at < 0 ? code : place_name(v, at);
    case DIM_MODE:
        return node == 0 ? say(v, MSG_st_all) : mode_word(v, code.p[0] - '0');
    default:
        return coded_word(v, code);
    }
}

struct str stats_title(const struct view *v, const struct publication *p, int table)
{
    return say_s(v, MSG_st_table_title,
                 pick(v, p->title[table].title_zh, p->title[table].title_en), STR(""));
}

struct str stats_day(const struct view *v, int64_t at)
{
    return day_text(v, (day_t)((at + 8 * 3600) / 86400));
}

/* What is fixed, in words: "SJ Other business services · Exports". */
struct str stats_what(const struct view *v, const struct stats_table *t)
{
    struct buf b;
    buf_init(&b);
    buf_str(&b, stats_name(v, t->p, DIM_FLOW, t->flow));
    for (int d = DIM_ITEM; d < DIM_COUNT; d++) {
        int node = t->q.want[d];
        if (node < 0 || (d == t->row_dim && t->n_rows > 1))
            continue;
        buf_z(&b, " · ");
        buf_str(&b, stats_code(t->p, d, node));
        buf_char(&b, ' ');
        buf_str(&b, stats_name(v, t->p, d, node));
    }
    return keep(v, &b);
}

/* --- amounts ------------------------------------------------------------------------------ */

/* In Chinese by 亿 and 万, in English by billions and millions: the larger one from 10 亿 and from
 * 100 billion on, so that small figures beside large ones keep a digit or two. */
int64_t stats_unit(const struct view *v, int64_t cents)
{
    int64_t large = v->lang == LANG_EN ? INT64_C(100000000000) : INT64_C(10000000000);
    int64_t small = v->lang == LANG_EN ? INT64_C(100000000) : INT64_C(1000000);
    return cents >= large * (v->lang == LANG_EN ? 100 : 10) ? large : small;
}

struct str stats_unit_word(const struct view *v, int64_t unit)
{
    bool large = unit == stats_unit(v, INT64_MAX);
    return say(v, large ? MSG_st_unit_large : MSG_st_unit_small);
}

struct str stats_amount(const struct view *v, int64_t cents, int64_t unit)
{
    int64_t step = unit / 100; /* of the second decimal */
    uint64_t whole = cents < 0 ? 0 - (uint64_t)cents : (uint64_t)cents;
    uint64_t n = whole / (uint64_t)step, rest = whole % (uint64_t)step * 2;
    char z[48];
    n += rest > (uint64_t)step || (rest == (uint64_t)step && n % 2 == 1);
    if (whole == 0)
        return STR("0");
    if (n == 0)
        return cents < 0 ? STR(">-0.01") : STR("<0.01");
    struct str front = count_text(v, n / 100);
    snprintf(z, sizeof z, "%s%.*s.%02d", cents < 0 ? "-" : "", STR_ARG(front), (int)(n % 100));
    return str_copy(v->arena, str_from(z));
}

/* --- links -------------------------------------------------------------------------------- */

struct str stats_link(const struct view *v, const struct stats_table *t, const char *ending,
                      const char *key, struct str value)
{
    const struct plan *p = &t->p->plan;
    struct buf b;
    bool first = true;
    buf_init(&b);
    buf_printf(&b, "/stats/%.*s%s", STR_ARG(p->table[t->q.table].id), ending);
    for (int d = -1; d < DIM_COUNT; d++) {
        const char *name = d < 0 ? "release" : p->dim[d].id.p;
        struct str x = d < 0 ? t->q.release
                       : t->q.want[d] < 0 ? STR("") : stats_code(t->p, d, t->q.want[d]);
        if (strcmp(name, key) == 0)
            x = value;
        if (x.n == 0)
            continue;
        buf_printf(&b, "%c%s=", first ? '?' : '&', name);
        page_urlpart_str(&b, x);
        first = false;
    }
    if (strcmp(key, "page") == 0 && value.n > 0)
        buf_printf(&b, "%cpage=%.*s", first ? '?' : '&', STR_ARG(value));
    /* Not through the format of link_to: what is encoded holds percent signs. */
    struct str path = keep(v, &b);
    return link_to(v, "%.*s", STR_ARG(path));
}

struct str stats_row_link(const struct view *v, const struct stats_table *t, int node)
{
    return stats_link(v, t, "", t->p->plan.dim[t->row_dim].id.p,
                      stats_code(t->p, t->row_dim, node));
}

struct str stats_page_link(const struct view *v, const struct stats_table *t, int page)
{
    char z[16];
    snprintf(z, sizeof z, "%d", page);
    return stats_link(v, t, "", "page", page == 1 ? STR("") : str_from(z));
}

struct str stats_command(const struct view *v, const struct stats_table *t)
{
    const struct plan *p = &t->p->plan;
    struct buf b;
    buf_init(&b);
    buf_printf(&b, "fumao stats query %.*s", STR_ARG(p->table[t->q.table].id));
    if (t->q.release.n > 0)
        buf_printf(&b, " --release %.*s", STR_ARG(t->q.release));
    for (int d = DIM_FLOW; d < DIM_COUNT; d++)
        if (t->q.want[d] >= 0)
            buf_printf(&b, " --%s %.*s", p->dim[d].id.p,
                       STR_ARG(stats_code(t->p, d, t->q.want[d])));
    return keep(v, &b);
}

/* Of periods the years that there are, and what was asked for; of all else what the table may
 * show. */
bool stats_offers(const struct stats_table *t, int dim, int node)
{
    const struct node *n = &t->p->plan.dim[dim].node[node];
    if (dim == DIM_PERIOD)
        return node == t->q.want[DIM_PERIOD] || (n->depth == 1 && t->year[node]);
    return node > 0 && !n->hidden && n->depth <= t->p->plan.table[t->q.table].depth[dim];
}
