/*
 * A draft before the law's own reader. law_add stops at its first error; to find them all, the
 * header and every item go to it alone, and a member that it refuses is put to a neutral value
 * and the rest tried again. At the end the instrument goes to it whole.
 */
#include "annex/inside.h"

#include <stdlib.h>

enum { TRIES = 16 }; /* refused members of one item */

struct checking {
    const struct parsed *p;
    struct annex_findings *f;
    struct corpus *c;
    struct corpus fresh; /* with the facts and no instrument */
    struct arena scratch;
};

int parsed_line(const struct parsed *p, int item, struct str field)
{
    for (int i = 0; i < p->n_lines; i++)
        if (p->line[i].item == item && str_eq(p->line[i].name, field))
            return p->line[i].line;
    if (str_eqz(field, "scope"))
        return parsed_line(p, item, STR("modes"));
    return item >= 0 ? p->item_line[item] : 1;
}

static struct str last_part(struct str path)
{
    for (size_t i = path.n; i > 0; i--)
        if (path.p[i - 1] == '/')
            return (struct str){path.p + i, path.n - i};
    return path;
}

/* --- the law's reader ---------------------------------------------------------------------- */

static enum err law_reads(struct checking *k, const json_t *instrument, struct error *e)
{
    char *z = json_dumps(instrument, JSON_REAL_PRECISION(17));
    check(z != NULL);
    *e = (struct error){0};
    *k->c = k->fresh;
    enum err r = law_add(k->c, &k->scratch, str_from(z), "draft", e);
    *k->c = k->fresh;
    arena_reset(&k->scratch);
    free(z);
    return r;
}

/* Puts a refused member to its neutral value; false if there is nothing left to try. */
static bool set_neutral(json_t *object, const struct draft_field *list, struct str field)
{
    const struct draft_field *f = field_find(list, field);
    json_t *in = f != NULL && f->in_scope ? json_object_get(object, "scope") : object;
    if (str_eqz(field, "scope")) { /* no combination of mode, direction and kind is left */
        json_object_del(object, "scope");
        json_object_set_new(object, "scope", json_pack("{s[s]s[i]s[s]s[s]}", "sectors", "A",
                                                       "modes", 1, "directions", "import",
                                                       "kinds", "firm"));
        return true;
    }
    if (f == NULL)
        return false;
    if (in == NULL) {
        json_object_set_new(object, "scope", json_object());
        in = json_object_get(object, "scope");
    }
    if (f->neutral != NULL)
        return json_object_set_new(in, f->name, json_loads(f->neutral, JSON_DECODE_ANY, NULL)) == 0;
    return json_object_del(in, f->name) == 0;
}

static void refused(struct checking *k, int item, const struct error *e)
{
    struct str field = last_part(str_from(e->field));
    int line = parsed_line(k->p, item, field);
    findings_add(k->f, line, true, err_name(e->code), "%.*s：%s%.0s", "%.*s: %.0s%s",
                 STR_ARG(field), e->detail_zh, e->detail_en);
}

static void try_all(struct checking *k, json_t *instrument, json_t *object, int item,
                    const struct draft_field *list)
{
    struct error e;
    for (int i = 0; i < TRIES && law_reads(k, instrument, &e) != OK; i++) {
        refused(k, item, &e);
        if (!set_neutral(object, list, last_part(str_from(e.field))))
            return;
    }
}

static json_t *neutral_header(void)
{
    json_t *h = json_object();
    for (const struct draft_field *f = header_fields; f->name; f++)
        if (f->neutral != NULL)
            json_object_set_new(h, f->name, json_loads(f->neutral, JSON_DECODE_ANY, NULL));
    return h;
}

static void check_header(struct checking *k)
{
    json_t *h = json_deep_copy(k->p->root);
    json_object_del(h, "published_total"); /* counts are the whole draft's affair */
    json_object_del(h, "complete");
    try_all(k, h, h, -1, header_fields);
    json_decref(h);
}

static void check_item(struct checking *k, int item)
{
    json_t *h = neutral_header(), *list = json_array();
    json_t *copy = json_deep_copy(json_array_get(k->p->items, (size_t)item));
    json_array_append_new(list, copy);
    json_object_set_new(h, "provisions", list);
    try_all(k, h, copy, item, item_fields);
    json_decref(h);
}

/* /provisions/3/key: item 3, field key. */
static void check_whole(struct checking *k)
{
    struct error e;
    json_t *h = json_copy(k->p->root);
    json_object_set(h, "provisions", k->p->items);
    if (law_reads(k, h, &e) != OK) {
        int64_t item = -1;
        struct str path = str_from(e.field);
        if (str_has_prefix(path, STR("/provisions/"))) {
            struct str rest, number = str_cut((struct str){path.p + 12, path.n - 12}, '/', &rest);
            if (!str_int(number, &item) || item >= k->p->n_items)
                item = -1;
        }
        refused(k, (int)item, &e);
    }
    json_decref(h);
}

/* --- what the reader does not look at ------------------------------------------------------ */

static bool is_name(struct str s, bool capitals)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
              (capitals && (c == '.' || c == '_' || (c >= 'A' && c <= 'Z')))))
            return false;
    }
    return s.n <= 100;
}

static struct str member(const json_t *o, const char *name)
{
    const json_t *v = json_object_get(o, name);
    return (struct str){json_string_value(v), json_string_length(v)};
}

/* Items with one key or one number: the second is named with the line of the first. */
static void check_twice(struct checking *k, const char *field, bool number)
{
    const struct parsed *p = k->p;
    json_t *seen = json_object();
    for (int i = 0; i < p->n_items; i++) {
        const json_t *item = json_array_get(p->items, (size_t)i), *v = json_object_get(item, field);
        char *name = v == NULL || json_is_null(v) ? NULL : json_dumps(v, JSON_ENCODE_ANY);
        if (name == NULL)
            continue;
        struct str start = text_start(str_from(name));
        int line = parsed_line(p, i, str_from(field));
        const json_t *there = json_object_get(seen, name);
        int first = (int)json_integer_value(there);
        if (there == NULL)
            json_object_set_new(seen, name, json_integer(line));
        else if (number)
            findings_add(k->f, line, true, "number-repeated", "编号 %.*s 重复，首见于第 %d 行",
                         "number %.*s is there twice, first in line %d", STR_ARG(start), first);
        else
            findings_add(k->f, line, true, "key-repeated", "键 %.*s 重复，首见于第 %d 行",
                         "the key %.*s is there twice, first in line %d", STR_ARG(start), first);
        free(name);
    }
    json_decref(seen);
}

static void check_names(struct checking *k)
{
    const struct classification *codes = k->c->codes;
    struct str id = member(k->p->root, "id");
    if (!is_name(id, false))
        findings_add(k->f, parsed_line(k->p, -1, STR("id")), true, "bad-name",
                     "标识只用小写字母、数字和连字符：%.*s",
                     "an id has small letters, digits and hyphens only: %.*s",
                     STR_ARG(text_start(id)));
    for (int i = 0; i < k->p->n_items; i++) {
        const json_t *item = json_array_get(k->p->items, (size_t)i);
        struct str key = member(item, "key"), section = member(item, "section");
        if (!is_name(key, true))
            findings_add(k->f, parsed_line(k->p, i, STR("key")), true, "bad-name",
                         "键只用字母、数字、点、连字符和下划线：%.*s",
                         "a key has letters, digits, dots, hyphens and underscores only: %.*s",
                         STR_ARG(text_start(key)));
        if (section.n > 0 && section_name(codes, section).n == 0)
            findings_add(k->f, parsed_line(k->p, i, STR("section")), true, "unknown-section",
                         "不是门类代码：%.*s", "is no code of a section: %.*s",
                         STR_ARG(text_start(section)));
    }
}

static int by_line(const void *a, const void *b)
{
    const struct annex_finding *x = a, *y = b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    int order = strcmp(x->code, y->code);
    return order != 0 ? order : strcmp(x->en, y->en);
}

enum err parsed_check(const struct parsed *p, const struct classification *codes,
                      struct annex_findings *f, struct error *e)
{
    struct checking k = {.p = p, .f = f};
    struct str facts;
    if (!shipped_get("facts.json", &facts))
        return err_set(e, ERR_INTEGRITY, "程序内缺少 %s", "the program lacks %s", "facts.json");
    TRY(law_begin(&k.c, p->arena, codes, facts, "facts.json", e));
    k.fresh = *k.c;
    arena_init(&k.scratch);
    check_names(&k);
    check_twice(&k, "key", false);
    check_twice(&k, "no", true);
    check_header(&k);
    for (int i = 0; i < p->n_items; i++)
        check_item(&k, i);
    if (f->n_stops == 0)
        check_whole(&k);
    arena_finish(&k.scratch);
    if (f->n > 0)
        sort_by(f->at, (size_t)f->n, sizeof *f->at, by_line);
    return OK;
}
