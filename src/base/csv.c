#include "base/csv.h"

static enum err fail_at(const struct csv *c, struct error *e, enum err code)
{
    err_at(e, c->file, c->line, NULL);
    return code;
}

static enum err bad_quote(const struct csv *c, struct error *e)
{
    return fail_at(c, e,
                   err_set(e, ERR_SYNTAX, "第 %d 个字段的引号有误", "field %d has a stray quote",
                           c->n_fields + 1));
}

/* c->at is behind the opening quote; ends behind the closing one. */
static enum err read_quoted(struct csv *c, struct str *out, struct error *e)
{
    size_t from = c->at, doubled = 0, i = from;
    for (;; i++) {
        if (i >= c->text.n) {
            return fail_at(c, e,
                           err_set(e, ERR_SYNTAX, "第 %d 个字段的引号没有结束",
                                   "the quote of field %d never ends", c->n_fields + 1));
        }
        if (c->text.p[i] != '"') {
            c->breaks += c->text.p[i] == '\n';
            continue;
        }
        if (i + 1 >= c->text.n || c->text.p[i + 1] != '"') {
            break;
        }
        doubled++;
        i++;
    }
    c->at = i + 1;
    *out = (struct str){c->text.p + from, i - from};
    /* The limit comes before the copy, and only fields with quotes inside need a copy. */
    if (doubled == 0 || out->n - doubled > LIMIT_CSV_FIELD_BYTES) {
        return OK;
    }
    char *copy = arena_alloc(c->arena, out->n - doubled + 1);
    size_t n = 0;
    for (size_t k = 0; k < out->n; k++) {
        copy[n++] = out->p[k];
        k += out->p[k] == '"';
    }
    *out = (struct str){copy, n};
    return OK;
}

static enum err read_field(struct csv *c, struct str *out, struct error *e)
{
    const char *p = c->text.p;
    size_t n = c->text.n;
    if (c->at < n && p[c->at] == '"') {
        c->at++;
        TRY(read_quoted(c, out, e));
    } else {
        /* What a field without quotes may not hold: its end, or a quote that is astray. */
        static const bool stops[256] = {[','] = true, ['\n'] = true, ['\r'] = true, ['"'] = true};
        size_t from = c->at, at = from;
        while (at < n && !stops[(unsigned char)p[at]]) {
            at++;
        }
        c->at = at;
        if (at < n && p[at] == '"') {
            return bad_quote(c, e);
        }
        *out = (struct str){p + from, at - from};
    }
    if (out->n > LIMIT_CSV_FIELD_BYTES) {
        return fail_at(c, e,
                       err_set(e, ERR_LIMIT, "第 %d 个字段超过 %d 字节",
                               "field %d exceeds %d bytes", c->n_fields + 1,
                               (int)LIMIT_CSV_FIELD_BYTES));
    }
    return OK;
}

/* Steps over a comma or the end of the record; *last tells which. */
static enum err read_separator(struct csv *c, bool *last, struct error *e)
{
    const char *p = c->text.p + c->at;
    size_t left = c->text.n - c->at;
    *last = true;
    if (left == 0) {
        return OK;
    }
    if (p[0] == ',') {
        *last = false;
        c->at++;
    } else if (p[0] == '\n') {
        c->at++;
    } else if (p[0] == '\r' && left > 1 && p[1] == '\n') {
        c->at += 2;
    } else if (p[0] == '\r') {
        return fail_at(c, e,
                       err_set(e, ERR_SYNTAX, "回车之后没有换行",
                               "a carriage return is not followed by a line feed"));
    } else {
        c->n_fields--; /* text behind a closing quote: the fault is in the field just read */
        return bad_quote(c, e);
    }
    return OK;
}

static enum err read_record(struct csv *c, struct error *e)
{
    bool last = false;
    c->line += 1 + c->breaks;
    c->n_fields = c->breaks = 0;
    while (!last) {
        if (c->n_fields == LIMIT_CSV_FIELDS) {
            return fail_at(c, e,
                           err_set(e, ERR_LIMIT, "一行超过 %d 个字段", "more than %d fields",
                                   (int)LIMIT_CSV_FIELDS));
        }
        TRY(read_field(c, &c->field[c->n_fields], e));
        c->n_fields++;
        TRY(read_separator(c, &last, e));
    }
    return OK;
}

/* A column named twice would make csv_get answer with one of them, silently. */
static enum err check_head(struct csv *c, struct error *e)
{
    for (int i = 0; i < c->n_head; i++) {
        for (int k = 0; k < i; k++) {
            if (str_eq(c->head[i], c->head[k])) {
                return fail_at(c, e,
                               err_set(e, ERR_INVALID, "列名“%.*s”重复",
                                       "column \"%.*s\" is named twice", STR_ARG(c->head[i])));
            }
        }
    }
    return OK;
}

/* The first line that is not valid UTF-8; a line feed never lies inside a character. */
static int line_of_bad_text(struct str text)
{
    int line = 1;
    struct str rest = text, one = str_cut(rest, '\n', &rest);
    while (str_utf8_valid(one) && rest.n > 0) {
        one = str_cut(rest, '\n', &rest);
        line++;
    }
    return line;
}

enum err csv_open(struct csv *c, struct arena *a, struct str text, const char *file,
                  struct error *e)
{
    if (str_has_prefix(text, STR("\xEF\xBB\xBF"))) {
        text.p += 3;
        text.n -= 3;
    }
    c->arena = a;
    c->text = text;
    c->file = file;
    c->at = 0;
    c->line = 0;
    c->n_fields = c->n_head = c->breaks = 0;
    if (!str_utf8_valid(text)) {
        c->line = line_of_bad_text(text);
        return fail_at(c, e,
                       err_set(e, ERR_SYNTAX, "不是有效的 UTF-8 文本", "not valid UTF-8 text"));
    }
    if (text.n == 0) {
        c->line = 1;
        return fail_at(c, e, err_set(e, ERR_SYNTAX, "没有表头", "there is no header record"));
    }
    TRY(read_record(c, e));
    c->n_head = c->n_fields;
    memcpy(c->head, c->field, sizeof c->head[0] * (size_t)c->n_head);
    return check_head(c, e);
}

enum err csv_next(struct csv *c, bool *more, struct error *e)
{
    *more = c->at < c->text.n;
    if (!*more) {
        return OK;
    }
    TRY(read_record(c, e));
    if (c->n_fields != c->n_head) {
        return fail_at(c, e,
                       err_set(e, ERR_SYNTAX, "有 %d 个字段，表头有 %d 个",
                               "%d fields, but the header has %d", c->n_fields, c->n_head));
    }
    return OK;
}

struct str csv_get(const struct csv *c, const char *column)
{
    for (int i = 0; i < c->n_head; i++) {
        if (str_eqz(c->head[i], column)) {
            return c->field[i];
        }
    }
    return (struct str){NULL, 0};
}

void csv_write_field(struct buf *b, struct str s, bool first)
{
    bool guard = s.n > 0 && memchr("=+-@\t\r", s.p[0], 6) != NULL;
    bool quote = s.n > 0 && (s.p[0] == ' ' || s.p[s.n - 1] == ' ');
    for (size_t i = 0; i < s.n && !quote; i++) {
        quote = s.p[i] == ',' || s.p[i] == '"' || s.p[i] == '\n' || s.p[i] == '\r';
    }
    if (!first) {
        buf_char(b, ',');
    }
    if (quote) {
        buf_char(b, '"');
    }
    if (guard) {
        buf_char(b, '\'');
    }
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"') {
            buf_char(b, '"');
        }
        buf_char(b, s.p[i]);
    }
    if (quote) {
        buf_char(b, '"');
    }
}

void csv_write_end(struct buf *b)
{
    buf_put(b, "\r\n", 2);
}
