/* One line of NDJSON: a flat object with the names of the columns as keys. */
#include "declaration/reading.h"

static void fault_at(struct reader *r, const struct evidence *v, const char *at, enum why y)
{
    reader_fault(r, v, RULE_FORM, UINT32_C(1) << RULE_FORM, COL_COUNT, at, why_reason[y]);
}

/* The reader says what is wrong, in words that live as long as the program. */
static void json_fault(struct reader *r, const struct evidence *v, const struct jsonr *j)
{
    struct reason why = {j->fault_zh, j->fault_en};
    reader_fault(r, v, RULE_FORM, UINT32_C(1) << RULE_FORM, COL_COUNT, j->fault_at, why);
}

/* A string or a number as written; null is the same as absent. Text that had escapes lies in the
 * arena and is copied to where there is room around it. False: a fault, WHY_NONE: of JSON. */
static bool read_value(struct reader *r, const struct evidence *v, struct jsonr *j,
                       struct str *out, enum why *y)
{
    enum jsonr_kind k = jsonr_peek(j);
    *y = WHY_NONE;
    *out = (struct str){NULL, 0};
    if (k == JSONR_NULL)
        return jsonr_literal(j);
    if (k == JSONR_NUMBER)
        return jsonr_number(j, out);
    if (k == JSONR_STRING) {
        if (!jsonr_string(j, out))
            return false;
        if (out->n > 0 && (out->p < v->text.p || out->p >= v->text.p + v->text.n))
            *out = reader_keep(r, *out);
        return true;
    }
    *y = k == JSONR_NONE ? WHY_NONE : WHY_KIND;
    return false;
}

static void read_object(struct reader *r, struct evidence *v, struct jsonr *j)
{
    struct str f[COL_COUNT] = {{NULL, 0}}, name;
    uint32_t seen = 0;
    bool first = true;
    if (jsonr_peek(j) != JSONR_OBJECT) {
        fault_at(r, v, j->p, WHY_OBJECT);
        return;
    }
    jsonr_open(j);
    while (jsonr_member(j, &first, &name)) {
        const char *at = name.p - 1; /* the quote; outside the text when the name had escapes */
        int c = column_find(&declaration_columns, name);
        enum why y = c == COL_COUNT ? WHY_KEY : (seen >> c & 1) != 0 ? WHY_KEY_TWICE : WHY_NONE;
        if (y == WHY_NONE) {
            seen |= UINT32_C(1) << c;
            jsonr_peek(j); /* steps over white space */
            v->at[c] = at = j->p;
            if (read_value(r, v, j, &f[c], &y))
                continue;
        }
        if (y != WHY_NONE)
            fault_at(r, v, at, y);
        else
            json_fault(r, v, j);
        return;
    }
    if (j->fault_en != NULL)
        json_fault(r, v, j);
    else if (!jsonr_at_end(j))
        fault_at(r, v, j->p, WHY_BEHIND);
    else
        reader_fields(r, v, f);
}

void ndjson_line(struct reader *r, struct str line)
{
    struct evidence v = {.raw = line, .text = line};
    struct jsonr j;
    if (r->file->layout.gb18030) {
        size_t bad = gb18030_fault(line);
        if (bad < line.n || !reader_convert(r, &v.text)) {
            v.text = line;
            fault_at(r, &v, line.p + bad, WHY_GB18030);
            return;
        }
    } else if (!str_utf8_valid(line)) {
        fault_at(r, &v, line.p + utf8_fault(line), WHY_UTF8);
        return;
    }
    jsonr_init(&j, v.text, &r->arena);
    read_object(r, &v, &j);
    arena_reset(&r->arena);
}
