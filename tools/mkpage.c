/*
 * mkpage IN.page OUT.c [OUT.h]: compiles a page into a C function, so that a page is a pure
 * function of its parameters and every value in it is escaped for the place where it stands.
 *
 *   %page NAME                leading lines: declare
 *   %include "header.h"           void page_NAME(struct buf *b, enum lang lang, TYPE NAME...)
 *   %param TYPE NAME
 *   % C code                  a line whose first non-blank is % (loops and ifs, with braces)
 *   {expr}                    in text: page_put_text; in a "quoted" attribute: page_put_attr;
 *                             at the start of href, src, action...: page_put_url; later in one:
 *                             page_put_urlpart. The type of expr picks the variant (web/page.h).
 *   {=expr}                   raw, only in text, and only for a struct html
 *   {t:key}                   the message po/ has under key, in the language of the request
 *   {{                        a brace
 *
 * Everything else is HTML and copied; comments are dropped. Refused, with file and line: an
 * expression where no escaper is safe (script, style, unquoted or on* attribute, name), inline
 * script and style (the content security policy forbids them), tags that do not nest in the
 * file or inside a C block, a form control without a label, an img without alt.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 64, DEPTH_MAX = 128, ATTRS_MAX = 40, VALUE_MAX_BYTES = 512, IDS_MAX = 256 };

enum state {
    TEXT,
    TAG_NAME,
    IN_TAG, /* between attributes */
    ATTR_NAME,
    AFTER_EQUALS,
    QUOTED, /* "..." */
    SINGLE, /* '...' */
    UNQUOTED,
    RAW /* inside script or style */
};

struct attr {
    char name[NAME_MAX_BYTES];
    char value[VALUE_MAX_BYTES]; /* as written, expressions included; cut if longer */
};

struct control { /* a form control that a <label for> must name */
    char id[VALUE_MAX_BYTES];
    int line;
};

static struct {
    const char *file, *p; /* p: next byte of the source */
    int line;
    enum state state;
    FILE *out;
    bool uses_messages;
    bool dangling; /* the last C line waits for a statement */
    /* literal text not yet written */
    char *lit;
    size_t lit_n, lit_cap;
    int lit_line;
    /* the tag being read */
    char tag[NAME_MAX_BYTES];
    bool closing, slash;
    int tag_line, tag_serial, n_attrs;
    struct attr attrs[ATTRS_MAX];
    /* open elements and open C blocks */
    struct { char name[NAME_MAX_BYTES]; int line; } open[DEPTH_MAX];
    struct { int depth, line, serial; enum state state; } block[DEPTH_MAX];
    int depth, blocks;
    /* labels */
    struct control controls[IDS_MAX];
    char label_for[IDS_MAX][VALUE_MAX_BYTES];
    int n_controls, n_labels;
    /* declaration */
    char name[NAME_MAX_BYTES];
    char params[32][160];
    char includes[32][160];
    int n_params, n_includes;
} pg;

static _Noreturn __attribute__((format(printf, 2, 3))) void die(int line, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "%s:%d: ", pg.file, line);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static bool in_list(const char *word, const char *list) /* list: " a b c " */
{
    char padded[NAME_MAX_BYTES + 3];
    snprintf(padded, sizeof padded, " %s ", word);
    return strstr(list, padded) != NULL;
}

static void append(char *to, size_t cap, char c)
{
    size_t n = strlen(to);
    if (n + 1 < cap) {
        to[n] = c;
        to[n + 1] = '\0';
    }
}

static bool is_open(const char *name)
{
    for (int i = 0; i < pg.depth; i++) {
        if (strcmp(pg.open[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static const char *attr_value(const char *name) /* NULL if absent */
{
    for (int i = 0; i < pg.n_attrs; i++) {
        if (strcmp(pg.attrs[i].name, name) == 0) {
            return pg.attrs[i].value;
        }
    }
    return NULL;
}

/* ---- output ---- */

static void put_literal(char c)
{
    if (pg.dangling) {
        die(pg.line, "the C line before this HTML opens no block: write it with { and }");
    }
    if (pg.lit_n == 0) {
        pg.lit_line = pg.line;
    }
    if (pg.lit_n == pg.lit_cap) {
        pg.lit_cap = pg.lit_cap == 0 ? 4096 : pg.lit_cap * 2;
        pg.lit = realloc(pg.lit, pg.lit_cap);
        if (pg.lit == NULL) {
            abort();
        }
    }
    pg.lit[pg.lit_n++] = c;
}

static void flush_literal(void)
{
    if (pg.lit_n == 0) {
        return;
    }
    fprintf(pg.out, "#line %d \"%s\"\n    buf_put(b, \"", pg.lit_line, pg.file);
    for (size_t i = 0; i < pg.lit_n; i++) {
        char c = pg.lit[i];
        if (c == '\n') {
            fputs(i + 1 < pg.lit_n ? "\\n\"\n            \"" : "\\n", pg.out);
        } else if (c == '"' || c == '\\') {
            fprintf(pg.out, "\\%c", c);
        } else if (c == '\t') {
            fputs("\\t", pg.out);
        } else {
            fputc(c, pg.out);
        }
    }
    fprintf(pg.out, "\", %zu);\n", pg.lit_n);
    pg.lit_n = 0;
}

static void emit_call(const char *function, const char *expr)
{
    if (pg.dangling) {
        die(pg.line, "the C line before this HTML opens no block: write it with { and }");
    }
    flush_literal();
    fprintf(pg.out, "#line %d \"%s\"\n    %s(b, %s);\n", pg.line, pg.file, function, expr);
}

/* ---- C lines ---- */

static void open_block(void)
{
    if (pg.blocks == DEPTH_MAX) {
        die(pg.line, "C blocks nest too deep");
    }
    pg.block[pg.blocks].depth = pg.depth;
    pg.block[pg.blocks].line = pg.line;
    pg.block[pg.blocks].state = pg.state;
    pg.block[pg.blocks].serial = pg.tag_serial;
    pg.blocks++;
}

static void close_block(void)
{
    if (pg.blocks == 0) {
        die(pg.line, "} closes no C block");
    }
    pg.blocks--;
    if (pg.block[pg.blocks].depth < pg.depth) {
        die(pg.line, "<%s> of line %d is still open where the C block of line %d ends",
            pg.open[pg.depth - 1].name, pg.open[pg.depth - 1].line, pg.block[pg.blocks].line);
    }
    if (pg.block[pg.blocks].state != pg.state ||
        (pg.state == IN_TAG && pg.block[pg.blocks].serial != pg.tag_serial)) {
        die(pg.line, "the C block of line %d ends in another tag than it began in",
            pg.block[pg.blocks].line);
    }
}

/* Past a string or character constant; a quote that does not end on the line is an error. */
static const char *skip_quoted(const char *p, const char *end)
{
    char quote = *p++;
    while (p < end && *p != quote) {
        p += *p == '\\' ? 2 : 1;
    }
    if (p >= end) {
        die(pg.line, "%c is not closed on its line", quote);
    }
    return p + 1;
}

static void c_line(const char *p, const char *end)
{
    char last = ';';
    flush_literal();
    fprintf(pg.out, "#line %d \"%s\"\n    %.*s\n", pg.line, pg.file, (int)(end - p), p);
    while (p < end) {
        if (*p == '"' || *p == '\'') {
            p = skip_quoted(p, end);
            last = '"';
            continue;
        }
        if (p + 1 < end && p[0] == '/' && p[1] == '/') {
            break;
        }
        if (p + 1 < end && p[0] == '/' && p[1] == '*') {
            for (p += 2; p + 1 < end && !(p[0] == '*' && p[1] == '/'); p++) {
            }
            if (p + 1 >= end) {
                die(pg.line, "comment is not closed on its line");
            }
            p += 2;
            continue;
        }
        if (*p == '{') {
            open_block();
        } else if (*p == '}') {
            close_block();
        }
        if (!isspace((unsigned char)*p)) {
            last = *p;
        }
        p++;
    }
    pg.dangling = strchr("{};:", last) == NULL;
}

/* ---- tags ---- */

#define VOID_ELEMENTS " area base br col embed hr img input link meta source track wbr "
#define BLOCK_ELEMENTS                                                                          \
    " address article aside blockquote details div dl fieldset figure footer form h1 h2 h3 h4 " \
    "h5 h6 header hr main menu nav ol p pre section table ul "
#define NOT_IN_ITSELF " a button form label p select "
#define URL_ATTRIBUTES " href src action formaction poster cite data xlink:href "

static void check_control(void)
{
    const char *type = attr_value("type"), *id = attr_value("id");
    if (strcmp(pg.tag, "input") == 0 && type != NULL &&
        in_list(type, " hidden submit button reset ")) {
        return;
    }
    if (is_open("label") || attr_value("aria-label") || attr_value("aria-labelledby")) {
        return;
    }
    if (id == NULL || id[0] == '\0') {
        die(pg.tag_line, "<%s> has no label: give it an id that a <label for> names", pg.tag);
    }
    if (pg.n_controls == IDS_MAX) {
        die(pg.tag_line, "too many form controls");
    }
    snprintf(pg.controls[pg.n_controls].id, VALUE_MAX_BYTES, "%s", id);
    pg.controls[pg.n_controls++].line = pg.tag_line;
}

static void check_element(void)
{
    const char *label_for = attr_value("for");
    if (in_list(pg.tag, " input select textarea ")) {
        check_control();
    }
    if (strcmp(pg.tag, "img") == 0 && attr_value("alt") == NULL) {
        die(pg.tag_line, "<img> has no alt (alt=\"\" if it only decorates)");
    }
    if (strcmp(pg.tag, "label") == 0 && label_for != NULL) {
        if (pg.n_labels == IDS_MAX) {
            die(pg.tag_line, "too many labels");
        }
        snprintf(pg.label_for[pg.n_labels++], VALUE_MAX_BYTES, "%s", label_for);
    }
    if (in_list(pg.tag, NOT_IN_ITSELF) && is_open(pg.tag)) {
        die(pg.tag_line, "<%s> inside <%s>", pg.tag, pg.tag);
    }
    if (in_list(pg.tag, BLOCK_ELEMENTS) && is_open("p")) {
        die(pg.tag_line, "<%s> inside <p>, which it would end", pg.tag);
    }
}

static void close_element(void)
{
    if (in_list(pg.tag, VOID_ELEMENTS)) {
        die(pg.tag_line, "</%s>: a void element has no end tag", pg.tag);
    }
    if (pg.depth == 0) {
        die(pg.tag_line, "</%s> closes nothing", pg.tag);
    }
    if (strcmp(pg.open[pg.depth - 1].name, pg.tag) != 0) {
        die(pg.tag_line, "</%s> where <%s> of line %d is open", pg.tag,
            pg.open[pg.depth - 1].name, pg.open[pg.depth - 1].line);
    }
    if (pg.blocks > 0 && pg.depth == pg.block[pg.blocks - 1].depth) {
        die(pg.tag_line, "</%s> closes a tag that was opened outside the C block of line %d",
            pg.tag, pg.block[pg.blocks - 1].line);
    }
    pg.depth--;
}

static void finish_tag(void)
{
    pg.state = TEXT;
    if (pg.closing) {
        close_element();
        return;
    }
    check_element();
    if (in_list(pg.tag, VOID_ELEMENTS)) {
        return;
    }
    if (pg.slash) {
        if (!is_open("svg") && !is_open("math")) {
            die(pg.tag_line, "<%s/>: HTML ignores the slash; write the end tag", pg.tag);
        }
        return;
    }
    if (pg.depth == DEPTH_MAX) {
        die(pg.tag_line, "tags nest too deep");
    }
    snprintf(pg.open[pg.depth].name, NAME_MAX_BYTES, "%s", pg.tag);
    pg.open[pg.depth++].line = pg.tag_line;
    if (strcmp(pg.tag, "script") == 0 || strcmp(pg.tag, "style") == 0) {
        pg.state = RAW;
    }
}

static void check_attr_name(void)
{
    const char *name = pg.attrs[pg.n_attrs - 1].name;
    if (strncmp(name, "on", 2) == 0) {
        die(pg.line, "attribute %s: event handlers are forbidden; use a script file", name);
    }
    if (in_list(name, " style srcdoc ")) {
        die(pg.line, "attribute %s: the content security policy forbids it; use a class", name);
    }
}

static void start_tag(void)
{
    pg.closing = pg.p[0] == '/';
    if (!isalpha((unsigned char)pg.p[pg.closing ? 1 : 0]) && pg.p[pg.closing ? 1 : 0] != '{') {
        die(pg.line, "lone <: write &lt;");
    }
    put_literal('<');
    if (pg.closing) {
        put_literal(*pg.p++);
    }
    pg.state = TAG_NAME;
    pg.tag[0] = '\0';
    pg.tag_line = pg.line;
    pg.tag_serial++;
    pg.n_attrs = 0;
    pg.slash = false;
}

/* One byte inside a tag, outside a value. */
static void tag_byte(char c)
{
    if (pg.state == ATTR_NAME && (isspace((unsigned char)c) || strchr("=/>", c))) {
        check_attr_name();
        pg.state = c == '=' ? AFTER_EQUALS : IN_TAG;
        if (c == '=') {
            return;
        }
    }
    if (pg.state == TAG_NAME && !isspace((unsigned char)c) && c != '/' && c != '>') {
        append(pg.tag, sizeof pg.tag, (char)tolower((unsigned char)c));
        return;
    }
    if (c == '>') {
        finish_tag();
    } else if (c == '/') {
        pg.slash = true;
        pg.state = IN_TAG;
    } else if (isspace((unsigned char)c)) {
        pg.state = IN_TAG;
    } else if (c == '"' || c == '\'' || c == '<' || c == '=') {
        die(pg.line, "%c is misplaced in <%s>", c, pg.tag);
    } else {
        if (pg.state == IN_TAG) {
            if (pg.n_attrs == ATTRS_MAX) {
                die(pg.line, "too many attributes");
            }
            memset(&pg.attrs[pg.n_attrs++], 0, sizeof pg.attrs[0]);
            pg.state = ATTR_NAME;
        }
        append(pg.attrs[pg.n_attrs - 1].name, NAME_MAX_BYTES, (char)tolower((unsigned char)c));
    }
}

static void check_url_literal(void)
{
    char lower[16] = "";
    const char *value = pg.attrs[pg.n_attrs - 1].value;
    for (int i = 0; i < 15 && value[i] != '\0'; i++) {
        append(lower, sizeof lower, (char)tolower((unsigned char)value[i]));
    }
    if (in_list(pg.attrs[pg.n_attrs - 1].name, URL_ATTRIBUTES) &&
        (strncmp(lower, "javascript:", 11) == 0 || strncmp(lower, "data:", 5) == 0)) {
        die(pg.line, "%s: this scheme is forbidden", lower);
    }
}

static void value_byte(char c)
{
    char *value = pg.attrs[pg.n_attrs - 1].value;
    bool ends = pg.state == QUOTED   ? c == '"'
                : pg.state == SINGLE ? c == '\''
                                     : isspace((unsigned char)c) || c == '>';
    if (!ends) {
        if (pg.state == UNQUOTED && strchr("\"'<=`", c) != NULL) {
            die(pg.line, "%c in an unquoted attribute", c);
        }
        append(value, VALUE_MAX_BYTES, c);
        return;
    }
    check_url_literal();
    bool unquoted = pg.state == UNQUOTED;
    pg.state = IN_TAG;
    if (unquoted) {
        tag_byte(c);
    }
}

static void after_equals(char c)
{
    if (isspace((unsigned char)c)) {
        return;
    }
    pg.state = c == '"' ? QUOTED : c == '\'' ? SINGLE : UNQUOTED;
    if (pg.state == UNQUOTED) {
        if (c == '>') {
            die(pg.line, "attribute %s has no value", pg.attrs[pg.n_attrs - 1].name);
        }
        value_byte(c);
    }
}

/* ---- expressions ---- */

static void refuse_place(void)
{
    switch (pg.state) {
    case TEXT:
    case QUOTED: return;
    case RAW:
        die(pg.line, "expression in <%s>: no escaper is safe there; use a data- attribute",
            pg.open[pg.depth - 1].name);
    case TAG_NAME: die(pg.line, "expression in a tag name");
    case IN_TAG:
    case ATTR_NAME: die(pg.line, "expression in an attribute name; put a %% if around it");
    case AFTER_EQUALS:
    case UNQUOTED:
    case SINGLE:
        die(pg.line, "expression in an unquoted attribute: write %s=\"{...}\"",
            pg.attrs[pg.n_attrs - 1].name);
    }
}

static void put_message(const char *key)
{
    char call[NAME_MAX_BYTES * 2 + 48], name[NAME_MAX_BYTES * 2] = "";
    for (; *key != '\0'; key++) {
        if (!isalnum((unsigned char)*key) && strchr("._-", *key) == NULL) {
            die(pg.line, "bad message key");
        }
        append(name, sizeof name, isalnum((unsigned char)*key) ? *key : '_');
    }
    pg.uses_messages = true;
    if (pg.state == TEXT) {
        snprintf(call, sizeof call, "lang, MSG_%s", name);
        emit_call("page_put_msg", call);
    } else {
        snprintf(call, sizeof call, "msg_text(MSG_%s, lang)", name);
        emit_call("page_put_attr", call);
    }
}

static void put_expr(const char *expr)
{
    bool url = pg.state == QUOTED && in_list(pg.attrs[pg.n_attrs - 1].name, URL_ATTRIBUTES);
    bool raw = expr[0] == '=', msg = strncmp(expr, "t:", 2) == 0;
    if (expr[strspn(expr, " \t=")] == '\0') {
        die(pg.line, "empty expression");
    }
    if (pg.state == QUOTED) {
        struct attr *a = &pg.attrs[pg.n_attrs - 1];
        if (raw || (msg && url)) {
            die(pg.line, "{%s...}: not in %s", raw ? "=" : "t:", raw ? "an attribute" : "a URL");
        }
        if (in_list(a->name, " srcset imagesrcset ping content-security-policy ")) {
            die(pg.line, "expression in %s: no escaper is safe there", a->name);
        }
        if (!msg) {
            emit_call(!url ? "page_put_attr" : a->value[0] ? "page_put_urlpart" : "page_put_url",
                      expr);
        }
    } else if (!msg) {
        emit_call(raw ? "page_put_html" : "page_put_text", raw ? expr + 1 : expr);
    }
    if (msg) {
        put_message(expr + 2);
    }
    if (pg.state == QUOTED) { /* so that id="{x}" and for="{x}" compare equal */
        char *value = pg.attrs[pg.n_attrs - 1].value;
        append(value, VALUE_MAX_BYTES, '{');
        for (const char *s = expr; *s != '\0'; s++) {
            append(value, VALUE_MAX_BYTES, *s);
        }
        append(value, VALUE_MAX_BYTES, '}');
    }
}

/* pg.p is behind the brace. */
static void expression(void)
{
    const char *end = pg.p + strcspn(pg.p, "\n"), *q = pg.p;
    int depth = 0;
    refuse_place();
    while (q < end && (*q != '}' || depth > 0)) {
        if (*q == '"' || *q == '\'') {
            q = skip_quoted(q, end);
            continue;
        }
        depth += *q == '{';
        depth -= *q == '}';
        q++;
    }
    if (q >= end) {
        die(pg.line, "{ is not closed on its line; write {{ for a brace");
    }
    char *expr = strndup(pg.p, (size_t)(q - pg.p));
    if (expr == NULL) {
        abort();
    }
    put_expr(expr);
    free(expr);
    pg.p = q + 1;
}

/* ---- the page ---- */

static void comment(void) /* pg.p is behind "<" */
{
    const char *end = strstr(pg.p, "-->");
    if (end == NULL) {
        die(pg.line, "comment is not closed");
    }
    for (; pg.p < end + 3; pg.p++) {
        pg.line += *pg.p == '\n';
    }
}

static void raw_byte(char c)
{
    const char *name = pg.open[pg.depth - 1].name;
    if (c == '<' && pg.p[0] == '/' && strncasecmp(pg.p + 1, name, strlen(name)) == 0) {
        start_tag();
        return;
    }
    if (!isspace((unsigned char)c)) {
        die(pg.line, "inline <%s>: the content security policy forbids it; use a file", name);
    }
    put_literal(c);
}

static void page_byte(char c)
{
    if (c == '{' && pg.p[0] == '{' && (pg.state == TEXT || pg.state == QUOTED)) {
        pg.p++;
    } else if (c == '{') {
        expression();
        return;
    }
    if (pg.state == RAW) {
        raw_byte(c);
    } else if (pg.state == TEXT && c == '<' && strncmp(pg.p, "!--", 3) == 0) {
        comment();
    } else if (pg.state == TEXT && c == '<' && strncasecmp(pg.p, "!doctype", 8) == 0) {
        put_literal(c);
    } else if (pg.state == TEXT && c == '<') {
        start_tag();
    } else {
        put_literal(c);
        switch (pg.state) {
        case TAG_NAME:
        case IN_TAG:
        case ATTR_NAME: tag_byte(c); break;
        case AFTER_EQUALS: after_equals(c); break;
        case QUOTED:
        case SINGLE:
        case UNQUOTED: value_byte(c); break;
        default: break;
        }
    }
    pg.line += c == '\n';
}

static void body(void)
{
    bool line_start = true;
    while (*pg.p != '\0') {
        const char *p = pg.p + strspn(pg.p, " \t"), *end = pg.p + strcspn(pg.p, "\n");
        if (line_start && *p == '%') {
            if (pg.state != TEXT && pg.state != IN_TAG) {
                die(pg.line, "C line inside an attribute, a name or a script");
            }
            c_line(p + 1, end);
            pg.p = *end == '\n' ? end + 1 : end;
            pg.line++;
            continue;
        }
        char c = *pg.p++;
        line_start = c == '\n';
        if ((unsigned char)c < 0x20 && c != '\n' && c != '\t') {
            die(pg.line, "control byte 0x%02x (lines end in LF)", (unsigned)c);
        }
        page_byte(c);
    }
    flush_literal();
}

static void check_end(void)
{
    if (pg.state != TEXT) {
        die(pg.tag_line, "<%s is not closed", pg.tag);
    }
    if (pg.depth > 0) {
        die(pg.open[pg.depth - 1].line, "<%s> is never closed", pg.open[pg.depth - 1].name);
    }
    if (pg.blocks > 0) {
        die(pg.block[pg.blocks - 1].line, "this C block is never closed");
    }
    for (int i = 0; i < pg.n_controls; i++) {
        bool found = false;
        for (int j = 0; j < pg.n_labels && !found; j++) {
            found = strcmp(pg.controls[i].id, pg.label_for[j]) == 0;
        }
        if (!found) {
            die(pg.controls[i].line, "no <label for=\"%s\"> for this control", pg.controls[i].id);
        }
    }
}

/* Identifier at the end of "TYPE NAME"; NULL if there is none. */
static const char *param_name(const char *param)
{
    const char *p = param + strlen(param);
    while (p > param && (isalnum((unsigned char)p[-1]) || p[-1] == '_')) {
        p--;
    }
    return p == param || *p == '\0' || isdigit((unsigned char)*p) ? NULL : p;
}

static void declare(const char *word, const char *rest)
{
    char(*list)[160] = strcmp(word, "param") == 0 ? pg.params : pg.includes;
    int *n = strcmp(word, "param") == 0 ? &pg.n_params : &pg.n_includes;
    if (strcmp(word, "page") == 0) {
        if (pg.name[0] != '\0' || rest[0] == '\0' ||
            strlen(rest) >= sizeof pg.name ||
            rest[strspn(rest, "abcdefghijklmnopqrstuvwxyz_0123456789")] != '\0') {
            die(pg.line, "%%page wants one lower-case name");
        }
        strcpy(pg.name, rest);
        return;
    }
    if (*n == 32 || strlen(rest) >= sizeof list[0]) {
        die(pg.line, "too many or too long: %%%s", word);
    }
    if (n == &pg.n_params && param_name(rest) == NULL) {
        die(pg.line, "%%param wants TYPE NAME");
    }
    if (n == &pg.n_includes && rest[0] != '"' && rest[0] != '<') {
        die(pg.line, "%%include wants \"header.h\"");
    }
    strcpy(list[(*n)++], rest);
}

/* Reads the leading % lines that declare; blank lines between them are dropped. */
static void declarations(void)
{
    for (;;) {
        size_t n = strcspn(pg.p, "\n");
        char line[256], word[16] = "", rest[240] = "";
        snprintf(line, sizeof line, "%.*s", (int)n, pg.p);
        bool blank = line[strspn(line, " \t")] == '\0' && pg.p[n] == '\n';
        int words = sscanf(line, "%%%15[a-z] %239[^\n]", word, rest);
        if (!blank && (words < 1 || !in_list(word, " page include param "))) {
            break;
        }
        for (size_t m = strlen(rest); m > 0 && isspace((unsigned char)rest[m - 1]); m--) {
            rest[m - 1] = '\0';
        }
        if (!blank) {
            declare(word, rest);
        }
        pg.p += n + (pg.p[n] == '\n');
        pg.line++;
    }
    if (pg.name[0] == '\0') {
        die(1, "%%page NAME is missing");
    }
}

static void write_prototype(FILE *f)
{
    fprintf(f, "void page_%s(struct buf *b, enum lang lang", pg.name);
    for (int i = 0; i < pg.n_params; i++) {
        fprintf(f, ", %s", pg.params[i]);
    }
    fputc(')', f);
}

static void write_includes(FILE *f)
{
    fprintf(f, "/* made by mkpage from %s */\n", pg.file);
    fputs("#include \"web/page.h\"\n", f);
    for (int i = 0; i < pg.n_includes; i++) {
        fprintf(f, "#include %s\n", pg.includes[i]);
    }
}

static void write_c(FILE *f, const char *text)
{
    write_includes(f);
    fputs(pg.uses_messages ? "#include \"messages.h\"\n\n" : "\n", f);
    write_prototype(f);
    fputs(";\n", f);
    write_prototype(f);
    fputs("\n{\n    (void)b;\n    (void)lang;\n", f);
    for (int i = 0; i < pg.n_params; i++) {
        fprintf(f, "    (void)%s;\n", param_name(pg.params[i]));
    }
    fprintf(f, "%s}\n", text);
}

static char *read_all(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = NULL;
    size_t n = 0;
    if (f == NULL || (getdelim(&text, &n, '\0', f) < 0 && !feof(f))) {
        perror(path);
        exit(1);
    }
    if (!feof(f)) {
        fprintf(stderr, "%s:1: NUL byte\n", path);
        exit(1);
    }
    fclose(f);
    return text == NULL ? strdup("") : text;
}

static FILE *create(const char *path)
{
    FILE *f = fopen(path, "w");
    if (f == NULL) {
        perror(path);
        exit(1);
    }
    return f;
}

int main(int argc, char **argv)
{
    char *text = NULL;
    size_t text_n = 0;
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: mkpage IN.page OUT.c [OUT.h]\n");
        return 2;
    }
    pg.file = argv[1];
    pg.line = 1;
    pg.p = read_all(argv[1]);
    pg.out = open_memstream(&text, &text_n);
    declarations();
    body();
    check_end();
    fclose(pg.out);
    FILE *c = create(argv[2]);
    write_c(c, text);
    bool ok = fclose(c) == 0;
    if (argc == 4) {
        FILE *h = create(argv[3]);
        write_includes(h);
        write_prototype(h);
        fputs(";\n", h);
        ok = fclose(h) == 0 && ok;
    }
    free(text);
    return ok ? 0 : 1;
}
