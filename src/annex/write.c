/* An edition as draft text, from the JSON it was read from, and as annex text. */
#include "annex/inside.h"

/* Members in the order of the table, then those that the format does not know. */
static void put_known(struct buf *b, const struct draft_field *list, const json_t *object)
{
    const json_t *scope = json_object_get(object, "scope");
    for (const struct draft_field *f = list; f->name; f++) {
        const json_t *v = json_object_get(f->in_scope ? scope : object, f->name);
        if (v != NULL && field_fits(f, v))
            draft_put(b, f, v, NULL);
    }
}

static void put_other(struct buf *b, const struct draft_field *list, const json_t *object,
                      bool scope)
{
    const char *name;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)object, name, v)
    {
        const struct draft_field *f = field_find(list, str_from(name));
        if (strcmp(name, "provisions") == 0 || (!scope && strcmp(name, "scope") == 0 &&
                                                list == item_fields))
            continue;
        if (f != NULL && f->in_scope == scope && field_fits(f, v))
            continue;
        buf_printf(b, "+%s%s: ", scope ? "scope." : "", name);
        json_line(b, v);
        buf_char(b, '\n');
    }
}

void draft_write(const struct corpus *c, int instrument, struct buf *out)
{
    const struct instrument *t = &c->instrument[instrument];
    json_t *root = json_loadb(t->text.p, t->text.n, 0, NULL);
    check(root != NULL); /* it was read before */
    const json_t *items = json_object_get(root, "provisions");
    buf_z(out, "fumao-draft 1\n");
    put_known(out, header_fields, root);
    put_other(out, header_fields, root, false);
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        buf_z(out, "\n[item]\n");
        put_known(out, item_fields, item);
        put_other(out, item_fields, json_object_get(item, "scope"), true);
        put_other(out, item_fields, item, false);
    }
    json_decref(root);
}

/* --- annex text ---------------------------------------------------------------------------- */

static void put_numeral(struct buf *b, int n) /* 1 to 99 */
{
    static const char *const ones[] = {"", "一", "二", "三", "四", "五", "六", "七", "八", "九"};
    if (n >= 20)
        buf_z(b, ones[n / 10]);
    if (n >= 10)
        buf_z(b, "十");
    buf_z(b, ones[n % 10]);
}

/* A line break in our words would end the line; an annex is wrapped by whoever prints it. */
static void put_words(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        buf_char(b, s.p[i] == '\n' || s.p[i] == '\r' ? ' ' : s.p[i]);
    buf_char(b, '\n');
}

void annex_write(const struct corpus *c, int instrument, struct buf *out)
{
    const struct instrument *t = &c->instrument[instrument];
    struct str section = {NULL, 0};
    int heading = 0;
    put_words(out, t->title_zh);
    if (t->n_notes > 0)
        buf_z(out, "\n说明\n");
    for (int i = 0; i < t->n_notes; i++) {
        put_numeral(out, i + 1 > 99 ? 99 : i + 1);
        buf_z(out, "、");
        put_words(out, t->note[i].zh);
    }
    for (int k = t->first; k < t->first + t->n; k++) {
        const struct provision *p = &c->provision[k];
        if (!str_eq(p->section, section)) {
            section = p->section;
            buf_char(out, '\n');
            put_numeral(out, ++heading > 99 ? 99 : heading);
            buf_z(out, "、");
            put_words(out, section_name(c->codes, section).n > 0 ? section_name(c->codes, section)
                                                                  : section);
        }
        if (p->no > 0)
            buf_printf(out, "%d．%s", p->no, p->zh.n > 0 && p->zh.p[0] <= '9' ? " " : "");
        else
            buf_z(out, "［无号］");
        put_words(out, p->zh);
    }
}
