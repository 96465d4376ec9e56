/* The code lists: trees, names, and what a code of one list stands for in another. */
#include "api/routes.h"
#include "law/write.h"

#include <stdio.h>

enum { LISTS = 5 };
static const struct list_word {
    const char *id, *zh, *en;
} words[LISTS + 2] = {
    {"gbt", "国民经济行业分类 GB/T 4754-2017", "Industrial classification, GB/T 4754-2017"},
    {"ebops", "EBOPS 2010", "EBOPS 2010"},
    {"cpc", "CPC 2.1（第 5 至 9 部类）", "CPC 2.1, sections 5 to 9"},
    {"w120", "服务部门分类清单 MTN.GNS/W/120", "Services sectoral classification list, MTN.GNS/W/120"},
    {"isic", "ISIC 第 4 版", "ISIC, revision 4"},
    {"economies", "经济体（ISO 3166）", "Economies (ISO 3166)"},
    {"places", "地方", "Places"}};

static const struct codelist *list_of(const struct classification *c, int i)
{
    const struct codelist *lists[LISTS] = {&c->gbt, &c->ebops, &c->cpc, &c->w120, &c->isic};
    return lists[i];
}

static enum err list_find(const struct api_call *c, int *out, struct error *e)
{
    for (*out = 0; *out < LISTS + 2; (*out)++) {
        if (str_eqz(c->part[0], words[*out].id)) {
            return OK;
        }
    }
    return api_no(e, ERR_NOT_FOUND, "list", c->part[0],
                  "gbt, ebops, cpc, w120, isic, economies, places");
}

/*
 * API: GET /api/v1/codes -> code_lists
 * zh: 代码表
 * en: The code lists
 * example: /api/v1/codes
 */
enum err api_get_code_lists(struct api_call *c, struct error *e)
{
    const struct classification *k = c->api->codes;
    struct jsonw w;
    (void)e;
    jsonw_init(&w, &c->rs->body, false);
    jsonw_object(&w);
    jsonw_key(&w, "lists");
    jsonw_array(&w);
    for (int i = 0; i < LISTS + 2; i++) {
        jsonw_object(&w);
        jsonw_kz(&w, "list", words[i].id);
        kwords(&w, "title", str_from(words[i].zh), str_from(words[i].en));
        jsonw_kint(&w, "codes", i < LISTS    ? list_of(k, i)->n
                                : i == LISTS ? k->n_economies
                                             : k->n_places);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_end(&w);
    return OK;
}

/* --- one code --------------------------------------------------------------------------- */

static void code_head(struct jsonw *w, const struct codelist *l, int at)
{
    const struct code *x = &l->code[at];
    jsonw_kstr(w, "code", x->code);
    if (x->parent >= 0) {
        jsonw_kstr(w, "parent", l->code[x->parent].code);
    } else {
        jsonw_kz(w, "parent", NULL);
    }
    jsonw_kint(w, "level", x->level);
    kwords(w, "title", x->name_zh, x->name_en);
}

static void economy_json(struct jsonw *w, const struct classification *c, int at)
{
    jsonw_kstr(w, "code", c->economy[at].alpha2);
    jsonw_kstr(w, "alpha3", c->economy[at].alpha3);
    kwords(w, "title", c->economy[at].name_zh, c->economy[at].name_en);
    jsonw_key(w, "groups");
    jsonw_array(w);
    for (int i = 0; i < c->n_memberships; i++) {
        if (c->membership[i].economy != at) {
            continue;
        }
        jsonw_object(w);
        jsonw_kstr(w, "group", c->membership[i].group);
        jsonw_kday(w, "from", c->membership[i].from);
        jsonw_kday(w, "to", c->membership[i].to);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void place_json(struct jsonw *w, const struct classification *c, int at)
{
    const struct place *p = &c->place[at];
    jsonw_kstr(w, "code", p->code);
    if (p->parent >= 0) {
        jsonw_kstr(w, "parent", c->place[p->parent].code);
    } else {
        jsonw_kz(w, "parent", NULL);
    }
    jsonw_kstr(w, "kind", p->kind);
    kwords(w, "title", p->name_zh, p->name_en);
    jsonw_kday(w, "founded", p->from);
    kgrade(w, "evidence", p->evidence.n > 0 ? p->evidence.p[0] : '\0');
}

static void one_json(struct jsonw *w, const struct classification *c, int list, int at)
{
    if (list < LISTS) {
        code_head(w, list_of(c, list), at);
    } else if (list == LISTS) {
        economy_json(w, c, at);
    } else {
        place_json(w, c, at);
    }
}

/*
 * API: GET /api/v1/codes/{list} -> code_list
 * zh: 一份代码表：代码、上级、层级、名称，按树的先序
 * en: One code list: codes with parent, level and names, in pre-order of the tree
 * path list string! | gbt、ebops、cpc、w120、isic、economies 或 places | gbt, ebops, cpc, w120, isic, economies or places
 * example: /api/v1/codes/w120
 */
enum err api_get_code_list(struct api_call *c, struct error *e)
{
    const struct classification *k = c->api->codes;
    struct jsonw w;
    int list;
    TRY(list_find(c, &list, e));
    int n = list < LISTS ? list_of(k, list)->n : list == LISTS ? k->n_economies : k->n_places;
    jsonw_init(&w, &c->rs->body, false);
    jsonw_object(&w);
    jsonw_kz(&w, "list", words[list].id);
    kwords(&w, "title", str_from(words[list].zh), str_from(words[list].en));
    jsonw_key(&w, "codes");
    jsonw_array(&w);
    for (int i = 0; i < n; i++) {
        jsonw_object(&w);
        one_json(&w, k, list, i);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_end(&w);
    return OK;
}

static void relatives(struct jsonw *w, const struct codelist *l, int at)
{
    int up[16], n = 0;
    for (int p = l->code[at].parent; p >= 0 && n < 16; p = l->code[p].parent) {
        up[n++] = p;
    }
    jsonw_key(w, "ancestors");
    jsonw_array(w);
    while (n > 0) {
        jsonw_object(w);
        code_head(w, l, up[--n]);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_key(w, "children");
    jsonw_array(w);
    for (int i = at + 1; i < l->code[at].end; i = l->code[i].end) {
        jsonw_object(w);
        code_head(w, l, i);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static bool set_of(const struct classification *c, int list, struct str code,
                   struct sector_set *out)
{
    char spec[80];
    int n = snprintf(spec, sizeof spec, "%s:%.*s", words[list].id, STR_ARG(code));
    return n > 0 && n < (int)sizeof spec &&
           sector_parse(c, (struct str){spec, (size_t)n}, out, NULL) == OK;
}

/* The most specific codes of another list that reach a class of the set. */
static void mapped(struct jsonw *w, const struct classification *c, int list,
                   const struct sector_set *from)
{
    const struct codelist *l = list_of(c, list);
    jsonw_key(w, words[list].id);
    jsonw_array(w);
    for (int i = 0; i < l->n; i++) {
        struct sector_set to;
        uint64_t shared = 0;
        if (l->code[i].end != i + 1 || !set_of(c, list, l->code[i].code, &to)) {
            continue;
        }
        for (int k = 0; k < SECTOR_WORDS; k++) {
            shared |= from->leaf[k] & to.leaf[k];
        }
        if (shared == 0) {
            continue;
        }
        jsonw_object(w);
        jsonw_kstr(w, "code", l->code[i].code);
        kwords(w, "title", l->code[i].name_zh, l->code[i].name_en);
        jsonw_kint(w, "classes", to.count);
        jsonw_kbool(w, "partial", to.partial);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void mappings(struct jsonw *w, const struct classification *c, int list, struct str code)
{
    struct sector_set set = {0};
    bool any = set_of(c, list, code, &set);
    jsonw_kbool(w, "partial", set.partial);
    jsonw_key(w, "classes"); /* of GB/T, which all lists are read through */
    jsonw_array(w);
    for (int i = 0; any && i < LIMIT_SECTORS; i++) {
        if (bit_get(set.leaf, (size_t)i)) {
            jsonw_str(w, sector_code(c, i));
        }
    }
    jsonw_end(w);
    jsonw_key(w, "mappings");
    jsonw_object(w);
    for (int i = 1; any && list == 0 && i < LISTS; i++) {
        mapped(w, c, i, &set);
    }
    jsonw_end(w);
}

/*
 * API: GET /api/v1/codes/{list}/{code} -> code
 * zh: 一个代码：上级、下级、对应的国民经济行业小类；国民经济行业代码另给其他代码表中的对应
 * en: One code: those above and below, the classes of GB/T it stands for; of a GB/T code also its counterparts in the other lists
 * path list string! | 代码表 | the code list
 * path code string! | 代码 | the code
 * example: /api/v1/codes/gbt/7231
 */
enum err api_get_code(struct api_call *c, struct error *e)
{
    const struct classification *k = c->api->codes;
    struct jsonw w;
    int list;
    TRY(list_find(c, &list, e));
    int at = list < LISTS    ? codelist_find(list_of(k, list), c->part[1])
             : list == LISTS ? economy_find(k, c->part[1])
                             : place_find(k, c->part[1]);
    if (at < 0) {
        return api_no(e, ERR_UNKNOWN_CODE, "code", c->part[1], "/api/v1/search?q=");
    }
    jsonw_init(&w, &c->rs->body, false);
    jsonw_object(&w);
    jsonw_kz(&w, "list", words[list].id);
    one_json(&w, k, list, at);
    if (list < LISTS) {
        relatives(&w, list_of(k, list), at);
        mappings(&w, k, list, list_of(k, list)->code[at].code);
    }
    jsonw_end(&w);
    return OK;
}
