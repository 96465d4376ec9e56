/* UTF-8 and GB18030: which of them, where not, and from one to the other. Separators, quotes and
 * line breaks are never a part of a longer character of GB18030, so lines and fields are found
 * before anything is converted. */
#include "declaration/reading.h"

#include <iconv.h>

/* Most text; no NUL either. */
static bool ascii(struct str s)
{
    unsigned char other = 0;
    for (size_t i = 0; i < s.n; i++)
        other |= (unsigned char)((s.p[i] & 0x80) | (s.p[i] == '\0'));
    return other == 0;
}

size_t utf8_fault(struct str s)
{
    if (ascii(s) || str_utf8_valid(s))
        return s.n;
    size_t i = 0;
    while (i < s.n) {
        unsigned char c = (unsigned char)s.p[i];
        size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
        if (i + n > s.n || !str_utf8_valid((struct str){s.p + i, n}))
            break;
        i += n;
    }
    return i;
}

static bool within(char c, int low, int high)
{
    unsigned char u = (unsigned char)c;
    return u >= low && u <= high;
}

/* Bytes of the character of GB18030-2005 at p, by its form; 0: none. */
static size_t gb18030_length(const char *p, size_t n)
{
    if (within(p[0], 0, 0x7F))
        return 1;
    if (n < 2 || !within(p[0], 0x81, 0xFE))
        return 0;
    if (within(p[1], 0x40, 0xFE) && !within(p[1], 0x7F, 0x7F))
        return 2;
    return n >= 4 && within(p[1], 0x30, 0x39) && within(p[2], 0x81, 0xFE) &&
                   within(p[3], 0x30, 0x39)
               ? 4
               : 0;
}

size_t gb18030_fault(struct str s)
{
    size_t i = 0, n = 1;
    while (i < s.n && (n = gb18030_length(s.p + i, s.n - i)) > 0)
        i += n;
    return i;
}

/* Some text is well formed in both, so lines vote. */
bool encoding_is_gb18030(struct str probe, char eol)
{
    int64_t utf8 = 0, gb = 0;
    if (ascii(probe))
        return false;
    while (probe.n > 0) {
        bool cut = memchr(probe.p, eol, probe.n) == NULL; /* the last line may end anywhere */
        struct str line = str_cut(probe, eol, &probe);
        if (ascii(line) || (cut && utf8 + gb > 0))
            continue;
        utf8 += utf8_fault(line) == line.n;
        gb += gb18030_fault(line) == line.n;
    }
    return gb > 2 * utf8;
}

/* In UTF-8 the bytes that continue a character do not count. */
int encoding_column(struct str s, size_t at, bool gb18030)
{
    int column = 1;
    size_t i = 0;
    at = at < s.n ? at : s.n;
    while (i < at) {
        size_t n = gb18030 ? gb18030_length(s.p + i, s.n - i) : 1;
        column += gb18030 || (s.p[i] & 0xC0) != 0x80;
        i += n > 0 ? n : 1;
    }
    return column;
}

bool convert(struct converter *c, struct str s, char *out, size_t *n)
{
    char *in = (char *)(uintptr_t)s.p; /* iconv does not write there */
    size_t left = s.n, room = s.n / 2 * 3 + 1, space = room;
    if (c->iconv == NULL)
        c->iconv = iconv_open("UTF-8", "GB18030");
    check(c->iconv != (iconv_t)-1); /* convert_possible was asked */
    iconv(c->iconv, NULL, NULL, NULL, NULL);
    bool good = iconv(c->iconv, &in, &left, &out, &room) != (size_t)-1 && left == 0;
    *n = space - room;
    return good;
}

void convert_finish(struct converter *c)
{
    if (c->iconv != NULL)
        iconv_close(c->iconv);
    c->iconv = NULL;
}

bool convert_possible(void)
{
    iconv_t c = iconv_open("UTF-8", "GB18030");
    if (c == (iconv_t)-1)
        return false;
    iconv_close(c);
    return true;
}
