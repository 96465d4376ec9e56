#include "base/jsonw.h"

#include <math.h>
#include <stdio.h>

#include "base/date.h"
#include "base/err.h"

enum { DEPTH_MAX = sizeof(((struct jsonw *)0)->kind) };

void jsonw_init(struct jsonw *w, struct buf *out, bool pretty)
{
    *w = (struct jsonw){.out = out, .pretty = pretty};
}

static void new_line(struct jsonw *w)
{
    if (w->pretty) {
        buf_char(w->out, '\n');
        for (int i = 0; i < w->depth; i++) {
            buf_put(w->out, "  ", 2);
        }
    }
}

static void next_member(struct jsonw *w)
{
    if (w->filled[w->depth - 1]) {
        buf_char(w->out, ',');
    }
    w->filled[w->depth - 1] = true;
    new_line(w);
}

/* Called before every value: an object wants a key first, an array a comma. */
static void before_value(struct jsonw *w)
{
    if (w->depth == 0) {
        return;
    }
    if (w->kind[w->depth - 1] == '{') {
        check(w->after_key);
        w->after_key = false;
        return;
    }
    next_member(w);
}

static void open(struct jsonw *w, char kind)
{
    before_value(w);
    check(w->depth < DEPTH_MAX);
    w->kind[w->depth] = (uint8_t)kind;
    w->filled[w->depth] = false;
    w->depth++;
    buf_char(w->out, kind);
}

void jsonw_object(struct jsonw *w)
{
    open(w, '{');
}

void jsonw_array(struct jsonw *w)
{
    open(w, '[');
}

void jsonw_end(struct jsonw *w)
{
    check(w->depth > 0 && !w->after_key);
    w->depth--;
    if (w->filled[w->depth]) {
        new_line(w);
    }
    buf_char(w->out, w->kind[w->depth] == '{' ? '}' : ']');
}

static void escape(struct buf *b, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *hit = c == 0 ? NULL : strchr(from, c);
    if (hit != NULL) {
        buf_char(b, '\\');
        buf_char(b, to[hit - from]);
        return;
    }
    buf_put(b, "\\u00", 4);
    buf_char(b, hex[c >> 4]);
    buf_char(b, hex[c & 15]);
}

/* Eight bytes at a time: is one of them a control byte, a quote or a backslash? The usual bit
 * tricks: (x - 0x01..) & ~x & 0x80.. marks a zero byte of x; bytes from 0x80 up never are. */
static bool word_is_plain(uint64_t v)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    uint64_t quote = v ^ (ones * '"'), slash = v ^ (ones * '\\');
    uint64_t bad = ((v - ones * 0x20) & ~v) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash);
    return (bad & tops) == 0;
}

static size_t plain_run(const char *p, size_t n)
{
    size_t i = 0;
    for (uint64_t v; i + 8 <= n; i += 8) {
        memcpy(&v, p + i, 8);
        if (!word_is_plain(v))
            break;
    }
    for (; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if (c < 0x20 || c == '"' || c == '\\')
            break;
    }
    return i;
}

/* Runs of plain bytes go out in one piece; escapes are rare. */
static void quoted(struct buf *b, struct str s)
{
    buf_reserve(b, s.n + 2);
    b->p[b->n++] = '"';
    for (size_t i = 0; i < s.n;) {
        size_t run = plain_run(s.p + i, s.n - i);
        buf_put(b, s.p + i, run);
        i += run;
        if (i < s.n)
            escape(b, (unsigned char)s.p[i++]);
    }
    buf_char(b, '"');
}

void jsonw_key(struct jsonw *w, const char *key)
{
    check(w->depth > 0 && w->kind[w->depth - 1] == '{' && !w->after_key);
    next_member(w);
    quoted(w->out, str_from(key));
    buf_char(w->out, ':');
    if (w->pretty) {
        buf_char(w->out, ' ');
    }
    w->after_key = true;
}

void jsonw_str(struct jsonw *w, struct str s)
{
    if (s.p == NULL) {
        jsonw_null(w);
        return;
    }
    before_value(w);
    quoted(w->out, s);
}

void jsonw_z(struct jsonw *w, const char *z)
{
    jsonw_str(w, str_from(z));
}

void jsonw_int(struct jsonw *w, int64_t v)
{
    before_value(w);
    buf_int(w->out, v);
}

/* printf writes the decimal sign of the locale; JSON knows only the point. JSON has no NaN and
 * no infinity either: both are written as null. */
void jsonw_real(struct jsonw *w, double v, int decimals)
{
    char text[352]; /* 309 digits before the point, at most 17 after it */
    check(decimals >= 0 && decimals <= 17);
    if (!isfinite(v)) {
        jsonw_null(w);
        return;
    }
    before_value(w);
    int n = snprintf(text, sizeof text, "%.*f", decimals, v);
    check(n > 0 && (size_t)n < sizeof text);
    size_t whole = strspn(text, "-0123456789");
    buf_put(w->out, text, whole);
    if (decimals > 0) {
        buf_char(w->out, '.');
        buf_put(w->out, text + n - decimals, (size_t)decimals);
    }
}

void jsonw_bool(struct jsonw *w, bool v)
{
    before_value(w);
    buf_z(w->out, v ? "true" : "false");
}

void jsonw_null(struct jsonw *w)
{
    before_value(w);
    buf_put(w->out, "null", 4);
}

void jsonw_raw(struct jsonw *w, struct str json)
{
    check(json.n > 0);
    before_value(w);
    buf_str(w->out, json);
}

void jsonw_kstr(struct jsonw *w, const char *key, struct str s)
{
    jsonw_key(w, key);
    jsonw_str(w, s);
}

void jsonw_kz(struct jsonw *w, const char *key, const char *z)
{
    jsonw_key(w, key);
    jsonw_z(w, z);
}

void jsonw_kint(struct jsonw *w, const char *key, int64_t v)
{
    jsonw_key(w, key);
    jsonw_int(w, v);
}

void jsonw_kbool(struct jsonw *w, const char *key, bool v)
{
    jsonw_key(w, key);
    jsonw_bool(w, v);
}

void jsonw_kday(struct jsonw *w, const char *key, int32_t day)
{
    char text[11];
    day_format(day, text);
    jsonw_kz(w, key, text[0] == '\0' ? NULL : text);
}
