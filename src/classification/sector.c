/* Codes to sets of leaves. A bare code is GB/T; a foreign code names its list. */
#include <stdio.h>

#include "classification/internal.h"

enum { SPEC_BYTES = 64 };

struct list_view {
    const char *id;
    const struct codelist *list;
    const struct reach *reach; /* NULL: the spine itself */
};

enum { LISTS = 5 };

static void list_views(const struct classification *c, struct list_view v[LISTS])
{
    v[0] = (struct list_view){"gbt", &c->gbt, NULL};
    v[1] = (struct list_view){"ebops", &c->ebops, c->finder->ebops};
    v[2] = (struct list_view){"cpc", &c->cpc, c->finder->cpc};
    v[3] = (struct list_view){"w120", &c->w120, c->finder->w120};
    v[4] = (struct list_view){"isic", &c->isic, c->finder->isic};
}

struct str sector_code(const struct classification *c, int leaf)
{
    return sector_leaf(c, leaf)->code;
}

const struct code *sector_leaf(const struct classification *c, int leaf)
{
    check(leaf >= 0 && leaf < c->gbt.n_leaves);
    return &c->gbt.code[c->gbt.leaf[leaf]];
}

static bool is_letter(char x)
{
    return (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z');
}

static bool is_digit(char x)
{
    return x >= '0' && x <= '9';
}

/* A list name and a colon: "gbt:72", and also "nace:62", which is then an unknown list. */
static bool has_list_name(struct str s)
{
    size_t i = 0;
    while (i < s.n && (is_letter(s.p[i]) || (i > 0 && is_digit(s.p[i]))))
        i++;
    return i > 1 && i + 1 < s.n && s.p[i] == ':' && !str_find(s, STR(" "), NULL);
}

/* One or two digits and a point: an item of W/120. */
static bool numbered_item(struct str s)
{
    size_t i = 0;
    while (i < s.n && i < 2 && is_digit(s.p[i]))
        i++;
    return i > 0 && i + 1 < s.n && s.p[i] == '.';
}

/* A code: digits; one letter; W/120 "1.A.a"; EBOPS "SJ21", "SJ", "XC.1"; a GB/T code behind the
 * letter of its section, "L72" (refused later, with a hint). "5G", "B2B" and "H5" are words. */
bool sector_spec_is_code(struct str spec)
{
    spec = str_trim(spec);
    if (spec.n == 0 || spec.n > SPEC_BYTES)
        return false;
    if (has_list_name(spec))
        return true;
    size_t digits = 0, letters = 0, dots = 0;
    for (size_t i = 0; i < spec.n; i++) {
        digits += is_digit(spec.p[i]);
        letters += is_letter(spec.p[i]);
        dots += spec.p[i] == '.';
    }
    if (digits + letters + dots != spec.n)
        return false;
    struct str start = {spec.p, spec.n < 3 ? spec.n : 3};
    if (digits == spec.n || (letters == 1 && spec.n == 1))
        return true;
    if (dots > 0)
        return numbered_item(spec) || (digits > 0 && str_eq_nocase(start, STR("XC.")));
    if (letters == 1 && is_letter(spec.p[0]))
        return digits >= 2;
    bool service = (spec.p[0] == 'S' || spec.p[0] == 's') && is_letter(spec.p[1]);
    return service && (digits > 0 || (spec.n == 2 && spec.p[1] >= 'A' && spec.p[1] <= 'N'));
}

static struct str list_code_at(const void *list, int i)
{
    return ((const struct codelist *)list)->code[i].code;
}

/* Unknown in `want`: an exact code of another list, a code behind its section letter, or the
 * nearest codes. */
static void unknown_hint(const struct list_view v[LISTS], const struct list_view *want,
                         struct str code, struct error *e)
{
    char exact[160];
    int n = 0;
    for (int i = 0; i < LISTS; i++) {
        int k = &v[i] == want ? -1 : codelist_find(v[i].list, code);
        if (k >= 0)
            n += snprintf(exact + n, sizeof exact - (size_t)n, "%s%s:%.*s", n > 0 ? ", " : "",
                          v[i].id, STR_ARG(v[i].list->code[k].code));
    }
    if (n > 0) {
        err_hint(e, "did you mean / 是否想要: %s", exact);
        return;
    }
    struct str tail = {code.p + (code.n > 0), code.n - (code.n > 0)};
    if (code.n > 1 && is_letter(code.p[0]) && codelist_find(want->list, tail) >= 0) {
        err_hint(e, "did you mean / 是否想要: %s:%.*s", want->id, STR_ARG(tail));
        return;
    }
    struct nearest near = {0};
    for (int i = 0; i < want->list->n; i++)
        nearest_offer(&near, i, want->list->code[i].code, code);
    char prefix[16];
    snprintf(prefix, sizeof prefix, "%s:", want->id);
    nearest_hint(&near, want->reach == NULL ? "" : prefix,
                 "7231, L, ebops:SJ21, cpc:82110, w120:1.A.a, isic:6910", list_code_at,
                 want->list, e);
}

/* A code that no concordance carries to GB/T: the W/120 item that the other concordances name,
 * or the nearest code above that does reach something. */
static void unreached_hint(const struct classification *c, const struct list_view *v, int at,
                           struct error *e)
{
    const struct finder *f = c->finder;
    bool cpc = v->list == &c->cpc, ebops = v->list == &c->ebops;
    const struct hint_pair *pair = cpc ? f->cpc_hint : f->ebops_hint;
    int n = cpc ? f->n_cpc_hints : ebops ? f->n_ebops_hints : 0;
    struct str code = v->list->code[at].code;
    for (int i = 0; i < n; i++) {
        int item = codelist_find(&c->w120, pair[i].w120);
        bool related = str_has_prefix(code, pair[i].foreign) ||
                       str_has_prefix(pair[i].foreign, code);
        if (related && pair[i].foreign.n > 0 && item >= 0 && f->w120[item].any) {
            err_hint(e, "try / 可试: w120:%.*s", STR_ARG(pair[i].w120));
            return;
        }
    }
    for (int up = v->list->code[at].parent; up >= 0; up = v->list->code[up].parent) {
        if (v->reach[up].any) {
            err_hint(e, "try the code above / 可试上级代码: %s:%.*s", v->id,
                     STR_ARG(v->list->code[up].code));
            return;
        }
    }
    err_hint(e, "give a GB/T 4754 code / 请给出国民经济行业分类代码");
}

static enum err fill(const struct classification *c, const struct list_view *v, int at,
                     struct sector_set *out, struct error *e)
{
    const struct code *x = &v->list->code[at];
    *out = (struct sector_set){.list = v->list->id, .code = x->code, .name_zh = x->name_zh,
                               .name_en = x->name_en};
    if (v->reach == NULL) {
        bits_set_range(out->leaf, (size_t)x->leaf_from, (size_t)x->leaf_to);
    } else {
        bits_or(out->leaf, v->reach[at].leaf, SECTOR_WORDS);
        out->partial = v->reach[at].partial;
    }
    out->count = (int)bits_count(out->leaf, SECTOR_WORDS);
    if (out->count > 0)
        return OK;
    err_set(e, ERR_INVALID, "%s:%.*s 对应不到国民经济行业分类的任何小类",
            "%s:%.*s reaches no class of GB/T 4754", v->id, STR_ARG(x->code));
    unreached_hint(c, v, at, e);
    return ERR_INVALID;
}

enum err sector_parse(const struct classification *c, struct str spec, struct sector_set *out,
                      struct error *e)
{
    struct list_view v[LISTS];
    list_views(c, v);
    *out = (struct sector_set){0};
    spec = str_trim(spec);
    if (spec.n == 0 || spec.n > SPEC_BYTES || !str_utf8_valid(spec)) {
        err_set(e, ERR_UNKNOWN_CODE, "行业代码为空、过长或不可读",
                "the sector code is empty, too long or not readable");
        err_hint(e, "e.g. / 例如 7231, L, ebops:SJ21, cpc:82110, w120:1.A.a, isic:6910");
        return ERR_UNKNOWN_CODE;
    }
    const struct list_view *want = &v[0];
    struct str code = spec, rest;
    if (str_find(spec, STR(":"), NULL)) {
        struct str id = str_trim(str_cut(spec, ':', &rest));
        want = NULL;
        for (int i = 0; i < LISTS; i++) {
            if (str_eq_nocase(id, str_from(v[i].id)))
                want = &v[i];
        }
        if (want == NULL) {
            err_set(e, ERR_UNKNOWN_CODE, "没有这个代码表：%.*s", "no such code list: %.*s",
                    STR_ARG(id));
            err_hint(e, "gbt, ebops, cpc, w120, isic");
            return ERR_UNKNOWN_CODE;
        }
        code = str_trim(rest);
    }
    int at = codelist_find(want->list, code);
    if (at >= 0)
        return fill(c, want, at, out, e);
    err_set(e, ERR_UNKNOWN_CODE, "%s 中没有代码 %.*s", "no code %s:%.*s", want->id,
            STR_ARG(code));
    unknown_hint(v, want, code, e);
    return ERR_UNKNOWN_CODE;
}
