/*
 * The bridges: for every code of a foreign list, the leaves of GB/T it reaches.
 *
 *   ISIC  -> GB/T   by gbt4754_isic4: a row counts for a code when the row's ISIC code lies
 *                   above or below it; then all leaves of the row's group are reached
 *   W/120 -> ISIC   by w120_isic4, the same way
 *   CPC   -> ISIC   by isic4_cpc21, subclass by subclass
 *   EBOPS -> CPC    by cpc21_ebops2010, for the code and its descendants
 *
 * A code above others reaches what they reach together. A set is partial when a row used on
 * the way has a partial flag, when the code is narrower than the row's code, or when something
 * below the code reaches nothing (the bridge to GB/T covers services and construction only).
 */
#include "classification/internal.h"

static void reach_add(struct reach *to, const struct reach *from)
{
    bits_or(to->leaf, from->leaf, SECTOR_WORDS);
    to->any |= from->any;
    to->partial |= from->partial;
}

/* The concordance was first built under a longer name; both are read. */
static const char *group_isic_name(void)
{
    struct str text;
    return shipped_get("concordances/gbt4754_isic4.csv", &text)
               ? "concordances/gbt4754_isic4.csv"
               : "concordances/gbt4754_isic4_services.csv";
}

static enum err load_group_isic(struct classification *c, struct arena *a, struct error *e)
{
    static const char *const columns[] = {"gbt4754_group", "isic4_prefix", "gbt_partial",
                                          "isic4_partial", NULL};
    struct finder *f = c->finder;
    struct table t;
    bool more;
    TRY(table_open(&t, a, group_isic_name(), columns, e));
    f->group_isic = ARENA_ARRAY(a, struct group_isic, (size_t)t.n_rows);
    for (;;) {
        TRY(table_next(&t, &more, e));
        if (!more)
            return OK;
        struct str group = table_text(&t, "gbt4754_group");
        struct str isic = table_text(&t, "isic4_prefix");
        struct group_isic *r = &f->group_isic[f->n_group_isic++];
        r->gbt = codelist_find(&c->gbt, group);
        r->isic = codelist_find(&c->isic, isic);
        r->partial = table_flag(&t, "gbt_partial") || table_flag(&t, "isic4_partial");
        if (r->gbt < 0)
            return table_fail(&t, "gbt4754_group", "没有这个代码：%.*s", "no such code: %.*s",
                              group, e);
        if (r->isic < 0)
            return table_fail(&t, "isic4_prefix", "没有这个代码：%.*s", "no such code: %.*s", isic,
                              e);
    }
}

static bool overlap(const struct code *a, const struct code *b)
{
    return a->leaf_from < b->leaf_to && b->leaf_from < a->leaf_to;
}

static bool narrower(const struct code *a, const struct code *than)
{
    return a->leaf_to - a->leaf_from < than->leaf_to - than->leaf_from;
}

static void reach_of_isic(struct classification *c)
{
    const struct finder *f = c->finder;
    for (int i = 0; i < c->isic.n; i++) {
        struct reach *to = &f->isic[i];
        const struct code *x = &c->isic.code[i];
        for (int k = 0; k < f->n_group_isic; k++) {
            const struct group_isic *r = &f->group_isic[k];
            const struct code *row = &c->isic.code[r->isic];
            if (!overlap(x, row))
                continue;
            const struct code *group = &c->gbt.code[r->gbt];
            bits_set_range(to->leaf, (size_t)group->leaf_from, (size_t)group->leaf_to);
            to->any = true;
            to->partial |= r->partial || narrower(x, row);
        }
    }
}

/* Hands reaches up the tree. With `gaps`, a child that reaches nothing makes its parents
 * partial; EBOPS has memorandum items and other breakdowns as children, which do not. */
static void reach_up(const struct codelist *l, struct reach *reach, bool gaps)
{
    for (int i = l->n - 1; i >= 0; i--) {
        if (gaps && !reach[i].any)
            reach[i].partial = true;
        if (l->code[i].parent >= 0)
            reach_add(&reach[l->code[i].parent], &reach[i]);
    }
}

struct bridge {
    const char *name, *from, *to, *flag[2]; /* columns; flags may be NULL */
    const struct codelist *from_list, *to_list;
    struct reach *from_reach;
    const struct reach *to_reach;
    bool other_sections; /* the table has CPC goods that our list leaves out */
};

static enum err load_bridge(struct arena *a, const struct bridge *b, struct error *e)
{
    const char *columns[] = {b->from, b->to, b->flag[0], b->flag[1], NULL};
    struct table t;
    bool more;
    TRY(table_open(&t, a, b->name, columns, e));
    for (;;) {
        TRY(table_next(&t, &more, e));
        if (!more)
            return OK;
        struct str from = table_text(&t, b->from), to = table_text(&t, b->to);
        int i = codelist_find(b->from_list, from), k = codelist_find(b->to_list, to);
        if (b->other_sections && i < 0 && from.n > 0 && from.p[0] < '5')
            continue;
        if (from.n == 0) /* not_in_ebops_services */
            continue;
        if (i < 0)
            return table_fail(&t, b->from, "没有这个代码：%.*s", "no such code: %.*s", from, e);
        if (k < 0)
            return table_fail(&t, b->to, "没有这个代码：%.*s", "no such code: %.*s", to, e);
        struct reach *reach = &b->from_reach[i];
        reach_add(reach, &b->to_reach[k]);
        for (int x = 0; x < 2 && b->flag[x] != NULL; x++)
            reach->partial |= table_flag(&t, b->flag[x]);
    }
}

static enum err load_hints(struct arena *a, const char *name, const char *column, int *n,
                           struct hint_pair **out, struct error *e)
{
    const char *columns[] = {"w120", column, NULL};
    struct table t;
    bool more;
    TRY(table_open(&t, a, name, columns, e));
    *out = ARENA_ARRAY(a, struct hint_pair, (size_t)t.n_rows);
    for (;;) {
        TRY(table_next(&t, &more, e));
        if (!more)
            return OK;
        (*out)[(*n)++] = (struct hint_pair){table_text(&t, "w120"), table_text(&t, column)};
    }
}

enum err bridges_load(struct classification *c, struct arena *a, struct error *e)
{
    struct finder *f = c->finder;
    f->isic = ARENA_ARRAY(a, struct reach, (size_t)c->isic.n);
    f->cpc = ARENA_ARRAY(a, struct reach, (size_t)c->cpc.n);
    f->w120 = ARENA_ARRAY(a, struct reach, (size_t)c->w120.n);
    f->ebops = ARENA_ARRAY(a, struct reach, (size_t)c->ebops.n);
    TRY(load_group_isic(c, a, e));
    reach_of_isic(c);
    reach_up(&c->isic, f->isic, true);
    const struct bridge w120 = {"concordances/w120_isic4.csv", "w120", "isic4_prefix",
                                {"isic4_partial", NULL}, &c->w120, &c->isic, f->w120, f->isic,
                                false};
    TRY(load_bridge(a, &w120, e));
    reach_up(&c->w120, f->w120, true);
    const struct bridge cpc = {"concordances/isic4_cpc21.csv", "cpc21", "isic4",
                               {"isic4_partial", "cpc21_partial"}, &c->cpc, &c->isic, f->cpc,
                               f->isic, true};
    TRY(load_bridge(a, &cpc, e));
    reach_up(&c->cpc, f->cpc, true);
    const struct bridge ebops = {"concordances/cpc21_ebops2010.csv", "ebops2010", "cpc21",
                                 {"cpc21_partial", "ebops_partial"}, &c->ebops, &c->cpc,
                                 f->ebops, f->cpc, false};
    TRY(load_bridge(a, &ebops, e));
    reach_up(&c->ebops, f->ebops, false);
    TRY(load_hints(a, "concordances/w120_cpc21.csv", "cpc21_prefix", &f->n_cpc_hints,
                   &f->cpc_hint, e));
    return load_hints(a, "concordances/w120_ebops2010.csv", "ebops2010", &f->n_ebops_hints,
                      &f->ebops_hint, e);
}
