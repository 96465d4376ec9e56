/* Draft text: its fields, one member written as lines, and lines read back as JSON. */
#include "annex/inside.h"

#include <stdlib.h>

const struct draft_field header_fields[] = {
    {"id", SHAPE_TEXT, false, "\"x\""},
    {"family", SHAPE_TEXT, false, "\"cross-border\""},
    {"layer", SHAPE_TEXT, false, "\"national\""},
    {"default", SHAPE_TEXT, false, "\"equal\""},
    {"territory", SHAPE_WORDS, false, "[\"CN\"]"},
    {"beneficiaries", SHAPE_WORDS, false, "[\"*\"]"},
    {"claimable", SHAPE_BOOL, false, NULL},
    {"replaces", SHAPE_WORDS, false, NULL},
    {"title_zh", SHAPE_TEXT, false, "\"x\""},
    {"title_en", SHAPE_TEXT, false, "\"x\""},
    {"issuer_zh", SHAPE_TEXT, false, NULL},
    {"issuer_en", SHAPE_TEXT, false, NULL},
    {"document_no", SHAPE_TEXT, false, NULL},
    {"published", SHAPE_TEXT, false, NULL},
    {"valid_from", SHAPE_TEXT, false, NULL},
    {"valid_to", SHAPE_TEXT, false, NULL},
    {"known_from", SHAPE_TEXT, false, NULL},
    {"known_to", SHAPE_TEXT, false, NULL},
    {"edition_kind", SHAPE_TEXT, false, "\"working\""},
    {"complete", SHAPE_BOOL, false, NULL},
    {"published_total", SHAPE_INT, false, NULL},
    {"unlocated", SHAPE_INT, false, NULL},
    {"note_zh", SHAPE_TEXT, false, NULL},
    {"note_en", SHAPE_TEXT, false, NULL},
    {"sources", SHAPE_TEXTS, false, NULL},
    {"preamble", SHAPE_JSONS, false, NULL},
    {"facts", SHAPE_JSONS, false, NULL},
    {0},
};

const struct draft_field item_fields[] = {
    {"no", SHAPE_INT, false, NULL},
    {"key", SHAPE_TEXT, false, "\"x\""},
    {"section", SHAPE_TEXT, false, NULL},
    {"zh", SHAPE_TEXT, false, "\"x\""},
    {"en", SHAPE_TEXT, false, "\"x\""},
    {"sectors", SHAPE_WORDS, true, "[\"A\"]"},
    {"except", SHAPE_WORDS, true, NULL},
    {"modes", SHAPE_INTS, true, "[1]"},
    {"directions", SHAPE_WORDS, true, "[\"import\"]"},
    {"kinds", SHAPE_WORDS, true, "[\"firm\"]"},
    {"places", SHAPE_WORDS, true, NULL},
    {"origins", SHAPE_WORDS, true, NULL},
    {"effect", SHAPE_TEXT, false, "\"condition\""},
    {"obligation", SHAPE_TEXT, false, NULL},
    {"market_access", SHAPE_TEXT, false, "\"none\""},
    {"national_treatment", SHAPE_TEXT, false, "\"none\""},
    {"partial", SHAPE_BOOL, false, NULL},
    {"displaces", SHAPE_WORDS, false, NULL},
    {"applies_when", SHAPE_JSONS, false, NULL},
    {"exceptions", SHAPE_JSONS, false, NULL},
    {"exempt_origins", SHAPE_JSONS, false, NULL},
    {"lift_join", SHAPE_TEXT, false, NULL},
    {"lift", SHAPE_JSONS, false, NULL},
    {"authority_zh", SHAPE_TEXT, false, NULL},
    {"authority_en", SHAPE_TEXT, false, NULL},
    {"evidence", SHAPE_TEXT, false, "\"C\""},
    {"basis", SHAPE_JSONS, false, NULL},
    {"sources", SHAPE_TEXTS, false, NULL},
    {"listing", SHAPE_TEXT, false, NULL},
    {"note", SHAPE_TEXT, false, NULL},
    {"number_basis", SHAPE_TEXT, false, NULL},
    {"carve_out_overlap", SHAPE_TEXT, false, NULL},
    {0},
};

const struct draft_field *field_find(const struct draft_field *list, struct str name)
{
    for (; list->name; list++)
        if (str_eqz(name, list->name))
            return list;
    return NULL;
}

/* --- writing ------------------------------------------------------------------------------- */

static bool all_are(const json_t *list, enum shape shape)
{
    if (!json_is_array(list))
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *v = json_array_get(list, i);
        if (shape == SHAPE_INTS ? !json_is_integer(v) : !json_is_string(v))
            return false;
    }
    return true;
}

bool field_fits(const struct draft_field *f, const json_t *v)
{
    if (json_is_null(v))
        return true;
    switch (f->shape) {
    case SHAPE_TEXT:
        return json_is_string(v);
    case SHAPE_INT:
        return json_is_integer(v);
    case SHAPE_BOOL:
        return json_is_boolean(v);
    case SHAPE_JSONS:
        return json_is_array(v);
    default:
        return all_are(v, f->shape == SHAPE_INTS ? SHAPE_INTS : SHAPE_WORDS);
    }
}

void json_line(struct buf *b, const json_t *v)
{
    for (size_t precision = 15; precision <= 17; precision += 2) {
        char *z = json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(precision));
        check(z != NULL);
        json_t *again = json_loads(z, JSON_DECODE_ANY, NULL);
        bool same = json_equal(again, v) || precision == 17;
        json_decref(again);
        if (same)
            buf_z(b, z);
        free(z);
        if (same)
            return;
    }
}

/* What would be read as something else is written as a JSON string. */
static bool plain_text(struct str s)
{
    struct str trimmed = text_trim(s);
    if (s.n == 0 || trimmed.n != s.n || s.p[0] == '"' || str_eqz(s, "-") || str_eqz(s, "[]") ||
        str_find(s, STR("  #"), NULL) || str_has_prefix(s, STR("#")))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7F)
            return false;
    return true;
}

static void put_text_value(struct buf *b, struct str s)
{
    if (plain_text(s)) {
        buf_str(b, s);
        return;
    }
    json_t *v = json_stringn(s.p, s.n);
    json_line(b, v);
    json_decref(v);
}

static void put_head(struct buf *b, const char *name, const char *reason)
{
    buf_printf(b, "%s%s: ", reason ? "?" : "", name);
}

static void put_tail(struct buf *b, const char *reason)
{
    if (reason != NULL && reason[0])
        buf_printf(b, "   # %s", reason);
    buf_char(b, '\n');
}

void draft_put_text(struct buf *b, const char *name, struct str v, const char *reason)
{
    put_head(b, name, reason);
    if (v.p == NULL)
        buf_char(b, '-');
    else
        put_text_value(b, v);
    put_tail(b, reason);
}

static struct str text_of(const json_t *v)
{
    return (struct str){json_string_value(v), json_string_length(v)};
}

/* Words that are words; a list with an odd one is written as a JSON array. */
static bool plain_words(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct str s = text_of(json_array_get(list, i));
        if (s.n == 0 || s.p[0] == '[' || s.p[0] == '#' || str_eqz(s, "-"))
            return false;
        for (size_t k = 0; k < s.n; k++)
            if ((unsigned char)s.p[k] <= ' ' || (unsigned char)s.p[k] >= 0x7F)
                return false;
    }
    return json_array_size(list) > 0;
}

static void put_one_line(struct buf *b, const struct draft_field *f, const json_t *v)
{
    if (json_is_null(v))
        buf_char(b, '-');
    else if (f->shape == SHAPE_TEXT)
        put_text_value(b, text_of(v));
    else if (f->shape == SHAPE_INTS && json_array_size(v) > 0)
        for (size_t i = 0; i < json_array_size(v); i++)
            buf_printf(b, "%s%lld", i ? " " : "",
                       (long long)json_integer_value(json_array_get(v, i)));
    else if (f->shape == SHAPE_WORDS && plain_words(v))
        for (size_t i = 0; i < json_array_size(v); i++)
            buf_printf(b, "%s%s", i ? " " : "", json_string_value(json_array_get(v, i)));
    else
        json_line(b, v);
}

void draft_put(struct buf *b, const struct draft_field *f, const json_t *v, const char *reason)
{
    bool many = (f->shape == SHAPE_TEXTS || f->shape == SHAPE_JSONS) && json_array_size(v) > 0;
    for (size_t i = 0; many && i < json_array_size(v); i++) {
        const json_t *one = json_array_get(v, i);
        put_head(b, f->name, reason);
        if (f->shape == SHAPE_TEXTS)
            put_text_value(b, text_of(one));
        else
            json_line(b, one);
        put_tail(b, reason);
    }
    if (many)
        return;
    put_head(b, f->name, reason);
    put_one_line(b, f, v);
    put_tail(b, reason);
}

/* --- reading ------------------------------------------------------------------------------- */

struct draft_reading {
    struct parsed p;
    struct draft *out;
    struct arena *a;
    const char *file;
    struct error *e;
    json_t *object; /* header or the item in hand */
    int line;
};

/* The value ends at two blanks, # and a blank. */
static struct str without_comment(struct str s)
{
    size_t at;
    if (str_has_prefix(s, STR("# ")) || str_eqz(s, "#"))
        return (struct str){s.p, 0};
    for (struct str t = s; str_find(t, STR("  #"), &at);) {
        size_t end = (size_t)(t.p - s.p) + at + 3;
        if (end == s.n || s.p[end] == ' ')
            return text_trim((struct str){s.p, end - 3});
        t = (struct str){s.p + end, s.n - end};
    }
    return text_trim(s);
}

/* The law's reader takes 32 levels; four of them are the instrument and the item around it. */
static bool too_deep(struct str s)
{
    bool text = false;
    int depth = 0, deepest = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (text && s.p[i] == '\\')
            i++;
        else if (s.p[i] == '"')
            text = !text;
        else if (!text && (s.p[i] == '[' || s.p[i] == '{'))
            deepest = ++depth > deepest ? depth : deepest;
        else if (!text && (s.p[i] == ']' || s.p[i] == '}'))
            depth--;
    }
    return deepest > LIMIT_JSON_DEPTH - 5;
}

/* One JSON value, then nothing or a comment. NULL if it is not that. */
static json_t *parse_json(struct str s)
{
    json_error_t je;
    if (too_deep(s))
        return NULL;
    json_t *v = json_loadb(s.p, s.n, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK |
                                         JSON_REJECT_DUPLICATES, &je);
    if (v == NULL)
        return NULL;
    size_t at = je.position < 0 ? s.n : (size_t)je.position;
    struct str rest = text_trim((struct str){s.p + at, s.n - at});
    if (rest.n > 0 && rest.p[0] != '#') {
        json_decref(v);
        return NULL;
    }
    return v;
}

static json_t *parse_text(struct str s)
{
    if (s.n > 0 && s.p[0] == '"') {
        json_t *v = parse_json(s);
        if (json_is_string(v))
            return v;
        json_decref(v);
        return NULL;
    }
    s = without_comment(s);
    return s.n > 0 ? json_stringn(s.p, s.n) : NULL;
}

static json_t *parse_list(struct str s, bool ints)
{
    if (s.n > 0 && s.p[0] == '[') {
        json_t *v = parse_json(s);
        if (all_are(v, ints ? SHAPE_INTS : SHAPE_WORDS))
            return v;
        json_decref(v);
        return NULL;
    }
    json_t *list = json_array();
    for (s = without_comment(s); s.n > 0; s = str_trim(s)) {
        int64_t n = 0;
        struct str word = str_cut(s, ' ', &s);
        if (ints && !str_int(word, &n)) {
            json_decref(list);
            return NULL;
        }
        json_array_append_new(list, ints ? json_integer((json_int_t)n)
                                         : json_stringn(word.p, word.n));
    }
    if (json_array_size(list) > 0)
        return list;
    json_decref(list);
    return NULL;
}

static json_t *parse_word(struct str s, enum shape shape)
{
    int64_t n;
    s = without_comment(s);
    if (shape == SHAPE_INT)
        return str_int(s, &n) ? json_integer((json_int_t)n) : NULL;
    if (str_eqz(s, "true") || str_eqz(s, "false"))
        return json_boolean(s.p[0] == 't');
    return NULL;
}

/* The value of one line; NULL if it does not fit the shape. */
static json_t *parse_value(struct str s, enum shape shape)
{
    struct str bare = without_comment(s);
    if (str_eqz(bare, "-"))
        return json_null();
    if ((shape == SHAPE_TEXTS || shape == SHAPE_JSONS) && str_eqz(bare, "[]"))
        return json_array();
    switch (shape) {
    case SHAPE_TEXT:
    case SHAPE_TEXTS:
        return parse_text(s);
    case SHAPE_WORDS:
    case SHAPE_INTS:
        return parse_list(s, shape == SHAPE_INTS);
    case SHAPE_JSONS:
        return parse_json(s);
    default:
        return parse_word(s, shape);
    }
}

static void note_line_of(struct draft_reading *r, struct str name)
{
    struct parsed *p = &r->p;
    if (p->n_lines == p->room) {
        p->room = p->room ? p->room * 2 : 256;
        struct draft_line *wider = ARENA_ARRAY(r->a, struct draft_line, (size_t)p->room);
        if (p->n_lines > 0)
            memcpy(wider, p->line, (size_t)p->n_lines * sizeof *wider);
        p->line = wider;
    }
    p->line[p->n_lines++] = (struct draft_line){p->n_items - 1, name, r->line};
}

static void bad_value(struct draft_reading *r, struct str name, enum shape shape)
{
    static const char *const zh[] = {"文本", "整数", "true 或 false", "以空格分开的词", "以空格分开的整数",
                                     "文本", "一行 JSON"};
    static const char *const en[] = {"text", "a whole number", "true or false",
                                     "words parted by spaces", "whole numbers parted by spaces",
                                     "text", "JSON on one line"};
    findings_add(&r->out->findings, r->line, true, "bad-value", "%.*s 的值不是%s%.0s",
                 "the value of %.*s is not %.0s%s", STR_ARG(text_start(name)), zh[shape],
                 en[shape]);
}

/* Puts a value where it belongs; lists of lines grow. */
static void put_member(struct draft_reading *r, json_t *object, const char *name, json_t *v,
                       bool many)
{
    json_t *there = json_object_get(object, name);
    if (there == NULL && many && !json_is_null(v) &&
        !(json_is_array(v) && json_array_size(v) == 0)) {
        json_object_set_new(object, name, json_pack("[o]", v));
    } else if (there == NULL) {
        json_object_set_new(object, name, v);
    } else if (many && json_is_array(there) && json_array_size(there) > 0 && !json_is_null(v)) {
        json_array_append_new(there, v);
    } else {
        json_decref(v);
        findings_add(&r->out->findings, r->line, true, "repeated-field", "%s 重复",
                     "%s is there twice", name);
    }
}

/* "+name: JSON" and "+scope.name: JSON": a member that the format does not know. */
static void read_other(struct draft_reading *r, struct str name, struct str value)
{
    static const char *const scope[] = {"scope.", NULL};
    struct str member = name;
    bool in_scope = r->object != r->p.root && text_begins(&member, scope);
    char *z = arena_copy(r->a, member.p, member.n);
    json_t *v = parse_json(value), *object = r->object;
    if (v == NULL || member.n == 0 || str_eqz(member, "provisions") ||
        (str_eqz(member, "scope") && r->object != r->p.root)) {
        json_decref(v);
        bad_value(r, name, SHAPE_JSONS);
        return;
    }
    if (in_scope) {
        object = json_object_get(r->object, "scope");
        if (object == NULL) {
            json_object_set_new(r->object, "scope", json_object());
            object = json_object_get(r->object, "scope");
        }
    }
    put_member(r, object, z, v, false);
}

static void unknown_field(struct draft_reading *r, const struct draft_field *list, struct str name)
{
    const char *best = NULL;
    int least = 4;
    for (; list->name; list++) {
        int d = str_distance(name, str_from(list->name), 4);
        if (d < least) {
            least = d;
            best = list->name;
        }
    }
    findings_add(&r->out->findings, r->line, true, "unknown-field", "没有字段 %.*s%s%s%s",
                 "there is no field %.*s%s%s%s", STR_ARG(text_start(name)), best ? " (" : "",
                 best ? best : "", best ? "?)" : "");
}

static void read_field(struct draft_reading *r, struct str name, struct str value)
{
    const struct draft_field *list = r->object == r->p.root ? header_fields : item_fields;
    const struct draft_field *f = field_find(list, name);
    if (f == NULL) {
        unknown_field(r, list, name);
        return;
    }
    note_line_of(r, name);
    json_t *v = parse_value(value, f->shape), *object = r->object;
    if (v == NULL) {
        bad_value(r, name, f->shape);
        return;
    }
    if (f->in_scope) {
        object = json_object_get(r->object, "scope");
        if (object == NULL) {
            json_object_set_new(r->object, "scope", json_object());
            object = json_object_get(r->object, "scope");
        }
    }
    put_member(r, object, f->name, v, f->shape == SHAPE_TEXTS || f->shape == SHAPE_JSONS);
}

static enum err open_block(struct draft_reading *r)
{
    struct parsed *p = &r->p;
    if (p->n_items == LIMIT_ANNEX_ITEMS) {
        err_set(r->e, ERR_LIMIT, "项目超过 %d 个（LIMIT_ANNEX_ITEMS）",
                "more than %d items (LIMIT_ANNEX_ITEMS)", (int)LIMIT_ANNEX_ITEMS);
        err_at(r->e, r->file, r->line, "");
        return ERR_LIMIT;
    }
    p->item_line[p->n_items++] = r->line;
    json_array_append_new(p->items, json_object());
    r->object = json_array_get(p->items, (size_t)p->n_items - 1);
    return OK;
}

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c == '.' || c == '-';
}

static enum err read_draft_line(struct draft_reading *r, struct str line)
{
    struct str s = line;
    if (line.n == 0 || line.p[0] == '#')
        return OK;
    if (str_eqz(without_comment(line), "[item]"))
        return open_block(r);
    bool mark = s.p[0] == '?';
    s = mark ? text_trim((struct str){s.p + 1, s.n - 1}) : s;
    bool other = s.n > 0 && s.p[0] == '+';
    s = other ? (struct str){s.p + 1, s.n - 1} : s;
    size_t n = 0;
    while (n < s.n && name_char(s.p[n]))
        n++;
    if (n == 0 || n == s.n || s.p[n] != ':') {
        findings_add(&r->out->findings, r->line, true, "draft-syntax",
                     "应为“字段: 值”、“[item]”或“#”开头的注：%.*s",
                     "must be \"field: value\", \"[item]\" or a comment: %.*s",
                     STR_ARG(text_start(line)));
        return OK;
    }
    struct str name = {s.p, n}, value = text_trim((struct str){s.p + n + 1, s.n - n - 1});
    if (mark) {
        r->out->marks++;
        findings_add(&r->out->findings, r->line, true, "proposal-left",
                     "%.*s 还是建议，接受后去掉 ?", "%.*s is still a proposal; take the ? away to "
                     "accept it", STR_ARG(text_start(name)));
    }
    if (other)
        read_other(r, name, value);
    else
        read_field(r, name, value);
    return OK;
}

static void write_instrument(const struct draft_reading *r, struct buf *json)
{
    char *z = json_dumps(r->p.root, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
    check(z != NULL);
    json_t *again = json_loads(z, 0, NULL);
    if (!json_equal(again, r->p.root)) { /* a number with more than 15 digits */
        free(z);
        z = json_dumps(r->p.root, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
        check(z != NULL);
    }
    json_decref(again);
    buf_z(json, z);
    buf_char(json, '\n');
    free(z);
}

enum err draft_convert(struct draft *out, struct arena *a, const struct classification *codes,
                       struct str text, const char *file, struct buf *json, struct error *e)
{
    struct text_lines lines;
    *out = (struct draft){0};
    findings_init(&out->findings, a);
    TRY(text_lines(&lines, a, text, file, e));
    struct draft_reading r = {.out = out, .a = a, .file = file, .e = e, .line = 1};
    r.p.root = json_object();
    r.p.items = json_array();
    r.p.arena = a;
    r.p.item_line = ARENA_ARRAY(a, int, LIMIT_ANNEX_ITEMS);
    r.object = r.p.root;
    enum err result = OK;
    if (!str_eqz(lines.line[0], "fumao-draft 1"))
        findings_add(&out->findings, 1, true, "draft-version", "首行须为 fumao-draft 1%s",
                     "the first line must be fumao-draft 1%s", "");
    for (int i = 1; i < lines.n && result == OK; i++) {
        r.line = i + 1;
        result = read_draft_line(&r, lines.line[i]);
    }
    out->items = r.p.n_items;
    if (result == OK) {
        result = parsed_check(&r.p, codes, &out->findings, e);
        json_object_set(r.p.root, "provisions", r.p.items);
    }
    if (result == OK && r.p.n_items == 0)
        json_object_del(r.p.root, "provisions");
    if (result == OK && out->findings.n_stops == 0)
        write_instrument(&r, json);
    json_decref(r.p.items);
    json_decref(r.p.root);
    return result;
}
