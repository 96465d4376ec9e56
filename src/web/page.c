#include "web/page.h"

static bool is_control(unsigned char c)
{
    return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
}

static const char *entity(char c, bool attr)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return attr ? "&quot;" : NULL;
    case '\'': return attr ? "&#39;" : NULL;
    default: return is_control((unsigned char)c) ? "\xEF\xBF\xBD" : NULL;
    }
}

/* Runs of harmless bytes are copied whole. */
static void escape(struct buf *b, struct str s, bool attr)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *instead = entity(s.p[i], attr);
        if (instead != NULL) {
            buf_put(b, s.p + from, i - from);
            buf_z(b, instead);
            from = i + 1;
        }
    }
    buf_put(b, s.p + from, s.n - from);
}

void page_text_str(struct buf *b, struct str s)
{
    if (s.n > 0) {
        escape(b, s, false);
    }
}

void page_attr_str(struct buf *b, struct str s)
{
    if (s.n > 0) {
        escape(b, s, true);
    }
}

void page_int(struct buf *b, int64_t v)
{
    buf_int(b, v);
}

void page_uint(struct buf *b, uint64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    buf_put(b, digits + at, sizeof digits - at);
}

static bool is_alnum(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 3986: unreserved characters, and with `reserved` also the reserved ones and '%', without
 * the quotes, which could end an attribute. */
static bool url_byte(unsigned char c, bool reserved)
{
    if (is_alnum(c)) {
        return true;
    }
    return c != 0 && strchr(reserved ? "-._~:/?#[]@!$()*+,;=%" : "-._~", c) != NULL;
}

static void put_url(struct buf *b, struct str s, bool reserved)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (url_byte(c, reserved)) {
            buf_char(b, (char)c);
        } else if (c == '&' && reserved) {
            buf_z(b, "&amp;");
        } else {
            buf_put(b, (char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
        }
    }
}

static bool scheme_allowed(struct str s)
{
    struct str allowed[] = {STR("http"), STR("https"), STR("mailto")};
    size_t colon = 0;
    while (colon < s.n && strchr(":/?#\\", s.p[colon]) == NULL) {
        colon++;
    }
    if (colon == s.n || s.p[colon] != ':') {
        /* Browsers read '\' as '/', and '//host' leaves this site. */
        bool slashes = s.n >= 2 && strchr("/\\", s.p[0]) && strchr("/\\", s.p[1]);
        return !slashes;
    }
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        if (str_eq_nocase((struct str){s.p, colon}, allowed[i])) {
            return true;
        }
    }
    return false;
}

void page_url_str(struct buf *b, struct str s)
{
    /* Browsers drop control bytes and outer spaces before they read the scheme: a URL with any
     * of them is not one of ours. (strchr above would also match a NUL.) */
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f) {
            buf_char(b, '#');
            return;
        }
    }
    s = str_trim(s);
    if (scheme_allowed(s)) {
        put_url(b, s, true);
    } else {
        buf_char(b, '#');
    }
}

void page_urlpart_str(struct buf *b, struct str s)
{
    put_url(b, s, false);
}

void page_text_z(struct buf *b, const char *z) { page_text_str(b, str_from(z)); }
void page_attr_z(struct buf *b, const char *z) { page_attr_str(b, str_from(z)); }
void page_url_z(struct buf *b, const char *z) { page_url_str(b, str_from(z)); }
void page_urlpart_z(struct buf *b, const char *z) { page_urlpart_str(b, str_from(z)); }

void page_put_html(struct buf *b, struct html h)
{
    buf_str(b, h.s);
}
