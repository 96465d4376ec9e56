/* One provision from its JSON. Field names are those of docs/instrument-format.md. */
#include "law/internal.h"

#include <stdio.h>

enum err read_sectors(struct reader *r, const json_t *list, const char *field, uint64_t *bits)
{
    const struct codelist *g = &r->c->codes->gbt;
    for (size_t i = 0; list && i < json_array_size(list); i++) {
        const char *z = json_string_value(json_array_get(list, i));
        int at = z ? codelist_find(g, str_from(z)) : -1;
        if (at < 0)
            return read_fail(r, field, "未知的行业代码:%s", "unknown sector code: %s",
                             z ? z : "?");
        bits_set_range(bits, (size_t)g->code[at].leaf_from, (size_t)g->code[at].leaf_to);
    }
    return OK;
}

enum err read_places(struct reader *r, const json_t *list, const char *field, uint64_t *bits)
{
    const struct classification *k = r->c->codes;
    for (size_t i = 0; list && i < json_array_size(list); i++) {
        const char *z = json_string_value(json_array_get(list, i));
        int at = z ? place_find(k, str_from(z)) : -1;
        if (at >= 0)
            bits_set_range(bits, (size_t)at, (size_t)k->place[at].end);
        else if (z == NULL || !place_group_bits(k, str_from(z), bits))
            return read_fail(r, field, "未知的地点:%s", "unknown place: %s", z ? z : "?");
    }
    return OK;
}

enum err read_origins(struct reader *r, const json_t *list, const char *field, uint64_t *bits,
                      struct str *group)
{
    const struct classification *k = r->c->codes;
    for (size_t i = 0; list && i < json_array_size(list); i++) {
        const char *z = json_string_value(json_array_get(list, i));
        struct str s = str_from(z);
        if (str_eqz(s, "*")) {
            bits_set_range(bits, 0, (size_t)k->n_economies);
        } else if (group && str_has_prefix(s, STR("group:"))) {
            *group = str_copy(r->a, (struct str){s.p + 6, s.n - 6});
            int members = 0;
            for (int m = 0; m < k->n_memberships; m++)
                if (str_eq(k->membership[m].group, *group)) {
                    bit_set(bits, (size_t)k->membership[m].economy);
                    members++;
                }
            if (members == 0)
                return read_fail(r, field, "未知的经济体组:%s", "unknown group: %s", z);
        } else {
            int at = economy_find(k, s);
            if (at < 0)
                return read_fail(r, field, "未知的经济体:%s", "unknown economy: %s",
                                 z ? z : "?");
            bit_set(bits, (size_t)at);
        }
    }
    return OK;
}

/* Kinds of a list speak of firms and persons; in mode 3 a firm stands for all its forms. */
static enum err read_combos(struct reader *r, const json_t *s, uint64_t *combo)
{
    const json_t *modes, *directions, *kinds;
    TRY(read_array(r, s, "modes", &modes));
    TRY(read_array(r, s, "directions", &directions));
    TRY(read_array(r, s, "kinds", &kinds));
    for (size_t i = 0; modes && i < json_array_size(modes); i++) {
        json_int_t mode = json_integer_value(json_array_get(modes, i));
        if (mode < 1 || mode > 4)
            return read_fail(r, "scope/modes", "模式须为 1 至 4%s", "a mode is 1 to 4%s", "");
        for (size_t d = 0; directions && d < json_array_size(directions); d++) {
            enum direction dir;
            if (!direction_parse(str_from(json_string_value(json_array_get(directions, d))),
                                 &dir))
                return read_fail(r, "scope/directions", "方向须为 import 或 export%s",
                                 "a direction is import or export%s", "");
            for (size_t k = 0; kinds && k < json_array_size(kinds); k++) {
                enum kind kind;
                if (!kind_parse(str_from(json_string_value(json_array_get(kinds, k))), &kind))
                    return read_fail(r, "scope/kinds", "未知的主体类型%s",
                                     "unknown supplier kind%s", "");
                *combo |= (uint64_t)1 << combo_of((int)mode, dir, kind);
                for (int f = KIND_JV; mode == 3 && kind == KIND_FIRM && f < KIND_COUNT; f++)
                    *combo |= (uint64_t)1 << combo_of(3, dir, (enum kind)f);
            }
        }
    }
    if (*combo == 0)
        return read_fail(r, "scope", "范围为空%s", "the scope is empty%s", "");
    return OK;
}

static enum err read_scope(struct reader *r, const json_t *p, struct provision *out)
{
    const json_t *s = json_object_get(p, "scope"), *list;
    const struct instrument *i = &r->c->instrument[out->instrument];
    uint64_t except[SECTOR_WORDS] = {0};
    TRY(read_array(r, s, "sectors", &list));
    TRY(read_sectors(r, list, "scope/sectors", out->scope.sector));
    TRY(read_array(r, s, "except", &list));
    TRY(read_sectors(r, list, "scope/except", except));
    bits_minus(out->scope.sector, except, SECTOR_WORDS);
    TRY(read_array(r, s, "places", &list));
    TRY(read_places(r, list, "scope/places", out->scope.place));
    if (list == NULL)
        memcpy(out->scope.place, i->place, sizeof out->scope.place);
    TRY(read_array(r, s, "origins", &list));
    TRY(read_origins(r, list, "scope/origins", out->scope.origin, NULL));
    if (list == NULL)
        memcpy(out->scope.origin, i->origin, sizeof out->scope.origin);
    return read_combos(r, s, &out->scope.combo);
}

static enum err read_clauses(struct reader *r, const json_t *p, const char *key, int *n,
                             struct clause **out)
{
    const json_t *list, *places, *origins;
    TRY(read_array(r, p, key, &list));
    *n = list ? (int)json_array_size(list) : 0;
    *out = ARENA_ARRAY(r->a, struct clause, (size_t)*n + 1);
    for (int i = 0; i < *n; i++) {
        struct clause *c = &(*out)[i];
        const json_t *o = json_array_get(list, (size_t)i);
        TRY(read_expr(r, json_object_get(o, "when"), key, &c->when));
        TRY(read_text(r, o, "zh", &c->zh));
        TRY(read_text(r, o, "en", &c->en));
        TRY(read_grade(r, o, "evidence", false, &c->evidence));
        TRY(read_array(r, o, "origins", &origins));
        TRY(read_origins(r, origins, key, c->origin, NULL));
        c->has_origins = origins != NULL;
        TRY(read_array(r, o, "places", &places));
        TRY(read_places(r, places, key, c->place));
        if (places == NULL)
            bits_set_range(c->place, 0, (size_t)r->c->codes->n_places);
    }
    return OK;
}

static enum err read_basis(struct reader *r, const json_t *p, struct provision *out)
{
    const json_t *list;
    TRY(read_array(r, p, "basis", &list));
    out->n_basis = list ? (int)json_array_size(list) : 0;
    out->basis = ARENA_ARRAY(r->a, struct basis, (size_t)out->n_basis + 1);
    for (int i = 0; i < out->n_basis; i++) {
        struct basis *b = &out->basis[i];
        const json_t *o = json_array_get(list, (size_t)i);
        TRY(read_text(r, o, "title_zh", &b->title_zh));
        TRY(read_text(r, o, "version", &b->version));
        TRY(read_text(r, o, "article", &b->article));
        TRY(read_text(r, o, "note", &b->note));
        TRY(read_bool(r, o, "matched", false, &b->matched));
    }
    return OK;
}

static enum err read_words(struct reader *r, const json_t *p, struct provision *out)
{
    TRY(read_text_needed(r, p, "zh", &out->zh));
    TRY(read_text_needed(r, p, "en", &out->en));
    TRY(read_text(r, p, "section", &out->section));
    TRY(read_text(r, p, "note", &out->note));
    TRY(read_text(r, p, "listing", &out->listing));
    TRY(read_text(r, p, "number_basis", &out->number_basis));
    TRY(read_text(r, p, "authority_zh", &out->authority_zh));
    TRY(read_text(r, p, "authority_en", &out->authority_en));
    TRY(read_text(r, p, "obligation", &out->obligation));
    TRY(read_text(r, p, "carve_out_overlap", &out->carve_out_overlap));
    TRY(read_texts(r, p, "sources", &out->n_sources, &out->source));
    TRY(read_texts(r, p, "displaces", &out->n_displaces, &out->displaces));
    if (out->n_sources == 0 && json_array_size(json_object_get(p, "basis")) == 0 &&
        out->evidence != 'C')
        return read_fail(r, "sources", "等级 A、B 须有来源%s", "grades A and B need a source%s",
                         "");
    return OK;
}

/* A schedule line gives as much as its weaker column: market access and national treatment.
 * Unbound confers nothing (SILENT); a line whose mapping covers only a part of the classes is
 * never more than a condition, since the text may not reach the asker's activity. */
static enum treatment commit_treatment(struct str ma, struct str nt, bool partial)
{
    if (str_has_prefix(ma, STR("unbound")) && !str_eqz(ma, "unbound_except"))
        return SILENT;
    bool free = str_eqz(ma, "none") && str_eqz(nt, "none");
    return free && !partial ? EQUAL : CONDITION;
}

static enum err read_effect(struct reader *r, const json_t *p, struct provision *out)
{
    struct str effect, join, ma, nt;
    TRY(read_text_needed(r, p, "effect", &effect));
    if (!effect_parse(effect, &out->effect))
        return read_fail(r, "effect", "未知的效力:%s", "unknown effect: %s", effect.p);
    out->treatment = effect_treatment(out->effect);
    TRY(read_bool(r, p, "partial", false, &out->partial));
    if (out->effect == EFFECT_COMMIT) {
        TRY(read_text_needed(r, p, "market_access", &ma));
        TRY(read_text_needed(r, p, "national_treatment", &nt));
        out->treatment = commit_treatment(ma, nt, out->partial);
    }
    TRY(read_text(r, p, "lift_join", &join));
    out->lift_join = str_eqz(join, "any") ? JOIN_ANY : str_eqz(join, "case") ? JOIN_CASE : JOIN_ALL;
    return OK;
}

static enum err read_when(struct reader *r, const json_t *p, struct provision *out)
{
    const json_t *list;
    TRY(read_array(r, p, "applies_when", &list));
    out->n_when = list ? (int)json_array_size(list) : 0;
    out->when = ARENA_ARRAY(r->a, int, (size_t)out->n_when + 1);
    for (int i = 0; i < out->n_when; i++) {
        TRY(read_expr(r, json_array_get(list, (size_t)i), "applies_when", &out->when[i]));
        if (out->when[i] < 0)
            return read_fail(r, "applies_when", "空表达式%s", "an empty expression%s", "");
    }
    return OK;
}

enum err read_provision(struct reader *r, const json_t *p, struct provision *out)
{
    if (!json_is_object(p))
        return read_fail(r, "", "应为对象%s", "must be an object%s", "");
    TRY(read_text_needed(r, p, "key", &out->key));
    TRY(read_int(r, p, "no", 0, &out->no));
    TRY(read_grade(r, p, "evidence", true, &out->evidence));
    TRY(read_words(r, p, out));
    TRY(read_effect(r, p, out));
    if (out->effect == EFFECT_DISPLACE) {
        out->layer = -1;
        return OK;
    }
    TRY(read_scope(r, p, out));
    TRY(read_when(r, p, out));
    TRY(read_clauses(r, p, "exceptions", &out->n_exceptions, &out->exception));
    TRY(read_clauses(r, p, "exempt_origins", &out->n_exemptions, &out->exemption));
    TRY(read_clauses(r, p, "lift", &out->n_lift, &out->lift));
    return read_basis(r, p, out);
}
