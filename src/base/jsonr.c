#include "base/jsonr.h"

#include "base/arena.h"
#include "base/limits.h"

void jsonr_init(struct jsonr *r, struct str text, struct arena *a)
{
    const char *p = text.p != NULL ? text.p : "";
    *r = (struct jsonr){.p = p, .end = p + text.n, .start = p, .arena = a};
}

static bool fault(struct jsonr *r, const char *zh, const char *en)
{
    if (r->fault_en == NULL) {
        r->fault_zh = zh;
        r->fault_en = en;
        r->fault_at = r->p;
    }
    r->p = r->end; /* nothing more is read */
    return false;
}

static void blanks(struct jsonr *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t'))
        r->p++;
}

enum jsonr_kind jsonr_peek(struct jsonr *r)
{
    blanks(r);
    if (r->p == r->end)
        return JSONR_NONE;
    switch (*r->p) {
    case '{':
        return JSONR_OBJECT;
    case '[':
        return JSONR_ARRAY;
    case '"':
        return JSONR_STRING;
    case 't':
        return JSONR_TRUE;
    case 'f':
        return JSONR_FALSE;
    case 'n':
        return JSONR_NULL;
    default:
        if (*r->p == '-' || (*r->p >= '0' && *r->p <= '9'))
            return JSONR_NUMBER;
        fault(r, "此处应是一个值", "a value is expected here");
        return JSONR_NONE;
    }
}

bool jsonr_open(struct jsonr *r)
{
    enum jsonr_kind k = jsonr_peek(r);
    if (k != JSONR_OBJECT && k != JSONR_ARRAY)
        return fault(r, "此处应是对象或数组", "an object or an array is expected here");
    r->p++;
    return true;
}

/* The closing bracket, or what must stand between two members. */
static bool more(struct jsonr *r, char close, bool *first)
{
    blanks(r);
    if (r->p == r->end)
        return fault(r, "文本到此中断", "the text ends too early");
    if (*r->p == close) {
        r->p++;
        return false;
    }
    if (!*first) {
        if (*r->p != ',')
            return fault(r, "缺少逗号或右括号", "a comma or a closing bracket is missing");
        r->p++;
        blanks(r);
    }
    *first = false;
    return true;
}

bool jsonr_element(struct jsonr *r, bool *first)
{
    if (!more(r, ']', first))
        return false;
    if (jsonr_peek(r) == JSONR_NONE)
        return fault(r, "此处应是一个值", "a value is expected here");
    return true;
}

bool jsonr_member(struct jsonr *r, bool *first, struct str *name)
{
    if (!more(r, '}', first))
        return false;
    if (r->p == r->end || *r->p != '"')
        return fault(r, "此处应是字段名", "a name is expected here");
    if (!jsonr_string(r, name))
        return false;
    blanks(r);
    if (r->p == r->end || *r->p != ':')
        return fault(r, "字段名后缺少冒号", "a colon is missing behind a name");
    r->p++;
    if (jsonr_peek(r) == JSONR_NONE)
        return fault(r, "此处应是一个值", "a value is expected here");
    return true;
}

/* --- strings ---------------------------------------------------------------------------- */

/* Eight bytes at a time, as in jsonw.c; *high collects the top bits of all bytes passed. */
static const char *plain_end(const char *p, const char *end, uint64_t *high)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    for (uint64_t v; end - p >= 8; p += 8) {
        memcpy(&v, p, 8);
        uint64_t quote = v ^ (ones * '"'), slash = v ^ (ones * '\\');
        uint64_t bad = ((v - ones * 0x20) & ~v) | ((quote - ones) & ~quote) |
                       ((slash - ones) & ~slash);
        if ((bad & tops) != 0)
            break;
        *high |= v & tops;
    }
    for (; p < end; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c == '"' || c == '\\')
            break;
        *high |= c & 0x80;
    }
    return p;
}

static int hex4(const char *p)
{
    int v = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i], low = (char)(c | 0x20);
        if (c >= '0' && c <= '9')
            v = v * 16 + (c - '0');
        else if (low >= 'a' && low <= 'f')
            v = v * 16 + (low - 'a' + 10);
        else
            return -1;
    }
    return v;
}

static char *put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xC0 | (c >> 6));
        *out++ = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *out++ = (char)(0xE0 | (c >> 12));
        *out++ = (char)(0x80 | ((c >> 6) & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    } else {
        *out++ = (char)(0xF0 | (c >> 18));
        *out++ = (char)(0x80 | ((c >> 12) & 0x3F));
        *out++ = (char)(0x80 | ((c >> 6) & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    }
    return out;
}

/* \uXXXX, or two of them for a character beyond U+FFFF; p stands behind the u. NULL: a fault. */
static const char *unicode(const char *p, const char *end, char **out)
{
    int c = end - p >= 4 ? hex4(p) : -1, low = -1;
    p += 4;
    if (c <= 0 || (c >= 0xDC00 && c <= 0xDFFF))
        return NULL;
    if (c >= 0xD800) {
        if (c <= 0xDBFF) {
            low = end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? hex4(p + 2) : -1;
            if (low < 0xDC00 || low > 0xDFFF)
                return NULL;
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            p += 6;
        }
    }
    *out = put_utf8(*out, (uint32_t)c);
    return p;
}

/* A string with escapes is never longer than its text. */
static bool decode(struct jsonr *r, struct str raw, struct str *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char *text = arena_alloc(r->arena, raw.n + 1), *o = text;
    const char *p = raw.p, *end = raw.p + raw.n;
    while (p < end) {
        if (*p != '\\') {
            *o++ = *p++;
            continue;
        }
        p++; /* the scan saw to it that something follows */
        const char *hit = *p == '\0' ? NULL : strchr(from, *p);
        if (hit != NULL) {
            *o++ = to[hit - from];
            p++;
        } else if (*p != 'u' || (p = unicode(p + 1, end, &o)) == NULL) {
            return fault(r, "字符串中的转义不正确", "a bad escape in a string");
        }
    }
    *out = (struct str){text, (size_t)(o - text)};
    return true;
}

bool jsonr_string(struct jsonr *r, struct str *out)
{
    uint64_t high = 0;
    bool escapes = false;
    if (jsonr_peek(r) != JSONR_STRING)
        return fault(r, "此处应是字符串", "a string is expected here");
    const char *from = r->p + 1, *p = from;
    for (;;) {
        p = plain_end(p, r->end, &high);
        if (p < r->end && *p == '"')
            break;
        if (r->end - p < 2 || *p != '\\') { /* a control byte, or no end */
            r->p = p;
            return fault(r, "字符串中有控制字符，或没有结束", "a control byte in a string, or no end of it");
        }
        escapes = true;
        p += 2;
    }
    *out = (struct str){from, (size_t)(p - from)};
    if (high != 0 && !str_utf8_valid(*out))
        return fault(r, "字符串不是有效的 UTF-8", "a string is not valid UTF-8");
    if (escapes && !decode(r, *out, out))
        return false;
    r->p = p + 1;
    return true;
}

/* --- numbers, literals, anything -------------------------------------------------------- */

static size_t digits(const char *p, const char *end)
{
    size_t n = 0;
    while (p + n < end && p[n] >= '0' && p[n] <= '9')
        n++;
    return n;
}

bool jsonr_number(struct jsonr *r, struct str *out)
{
    if (jsonr_peek(r) != JSONR_NUMBER)
        return fault(r, "此处应是数字", "a number is expected here");
    const char *p = r->p + (*r->p == '-'), *end = r->end;
    size_t n = digits(p, end);
    bool good = n > 0 && (n == 1 || *p != '0');
    p += n;
    if (p < end && *p == '.') {
        n = digits(p + 1, end);
        good = good && n > 0;
        p += n + 1;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p += 1 + (end - p > 1 && (p[1] == '+' || p[1] == '-'));
        n = digits(p, end);
        good = good && n > 0;
        p += n;
    }
    if (!good)
        return fault(r, "数字的写法不正确", "a number is not well formed");
    *out = (struct str){r->p, (size_t)(p - r->p)};
    r->p = p;
    return true;
}

bool jsonr_literal(struct jsonr *r)
{
    enum jsonr_kind k = jsonr_peek(r);
    struct str word = k == JSONR_TRUE    ? STR("true")
                      : k == JSONR_FALSE ? STR("false")
                      : k == JSONR_NULL  ? STR("null")
                                         : STR("");
    if (word.n == 0 || !str_has_prefix((struct str){r->p, (size_t)(r->end - r->p)}, word))
        return fault(r, "此处应是 true、false 或 null", "true, false or null is expected here");
    r->p += word.n;
    return true;
}

static bool skip_scalar(struct jsonr *r, enum jsonr_kind k)
{
    struct str ignored;
    return k == JSONR_STRING   ? jsonr_string(r, &ignored)
           : k == JSONR_NUMBER ? jsonr_number(r, &ignored)
                               : jsonr_literal(r);
}

bool jsonr_skip(struct jsonr *r)
{
    char inside[LIMIT_JSON_DEPTH]; /* '{' or '[' per level; no recursion over input */
    bool first[LIMIT_JSON_DEPTH];
    int depth = 0;
    struct str name;
    do {
        enum jsonr_kind k;
        bool member = depth == 0 || (inside[depth - 1] == '{'
                                         ? jsonr_member(r, &first[depth - 1], &name)
                                         : jsonr_element(r, &first[depth - 1]));
        if (!member) {
            depth--;
        } else if ((k = jsonr_peek(r)) == JSONR_OBJECT || k == JSONR_ARRAY) {
            if (depth == LIMIT_JSON_DEPTH)
                return fault(r, "嵌套过深（LIMIT_JSON_DEPTH）", "nested too deeply (LIMIT_JSON_DEPTH)");
            inside[depth] = *r->p++;
            first[depth++] = true;
        } else if (!skip_scalar(r, k)) {
            return false;
        }
    } while (depth > 0 && r->fault_en == NULL);
    return r->fault_en == NULL;
}

bool jsonr_at_end(struct jsonr *r)
{
    blanks(r);
    return r->fault_en == NULL && r->p == r->end;
}
