/* What every part of the editor's desk needs: encoding, lines, marks, findings, sections. */
#include "annex/inside.h"

#include <stdarg.h>
#include <stdio.h>

void findings_init(struct annex_findings *f, struct arena *a)
{
    *f = (struct annex_findings){.arena = a};
}

void findings_add(struct annex_findings *f, int line, bool stops, const char *code,
                  const char *zh, const char *en, ...)
{
    va_list ap, again;
    f->n_all++;
    f->n_stops += stops;
    if (f->n == LIMIT_ANNEX_FINDINGS)
        return;
    if (f->n == f->room) {
        int room = f->room == 0 ? 8 : f->room * 2;
        struct annex_finding *wider = ARENA_ARRAY(f->arena, struct annex_finding, (size_t)room);
        if (f->n > 0)
            memcpy(wider, f->at, (size_t)f->n * sizeof *wider);
        f->at = wider;
        f->room = room;
    }
    struct annex_finding *x = &f->at[f->n++];
    x->line = line;
    x->stops = stops;
    x->code = code;
    va_start(ap, en);
    va_copy(again, ap);
    vsnprintf(x->zh, sizeof x->zh, zh, ap);
    vsnprintf(x->en, sizeof x->en, en, again);
    va_end(again);
    va_end(ap);
}

/* --- encoding ---------------------------------------------------------------------------- */

/* Every byte fits the shapes of GB18030 (one, two or four bytes). */
static bool looks_gb18030(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    for (size_t i = 0; i < s.n;) {
        if (p[i] == 0 || p[i] == 0x80 || p[i] == 0xFF)
            return false;
        if (p[i] < 0x80) {
            i++;
        } else if (i + 1 < s.n && p[i + 1] >= 0x40 && p[i + 1] != 0x7F && p[i + 1] != 0xFF) {
            i += 2;
        } else if (i + 3 < s.n && p[i + 1] >= '0' && p[i + 1] <= '9' && p[i + 2] > 0x80 &&
                   p[i + 2] < 0xFF && p[i + 3] >= '0' && p[i + 3] <= '9') {
            i += 4;
        } else {
            return false;
        }
    }
    return true;
}

static int first_bad_line(struct str s)
{
    for (int line = 1; s.n > 0; line++)
        if (!str_utf8_valid(str_cut(s, '\n', &s)))
            return line;
    return 1;
}

enum err annex_decode(struct str *text, const char *file, struct error *e)
{
    if (text->n > LIMIT_ANNEX_BYTES) {
        err_set(e, ERR_LIMIT, "文本超过 %d 字节（LIMIT_ANNEX_BYTES）",
                "the text exceeds %d bytes (LIMIT_ANNEX_BYTES)", (int)LIMIT_ANNEX_BYTES);
        err_at(e, file, 0, "");
        return ERR_LIMIT;
    }
    bool wide = str_has_prefix(*text, STR("\xFF\xFE")) || str_has_prefix(*text, STR("\xFE\xFF"));
    if (!wide && str_utf8_valid(*text)) {
        if (str_has_prefix(*text, STR("\xEF\xBB\xBF")))
            *text = (struct str){text->p + 3, text->n - 3};
        return OK;
    }
    const char *name = wide ? "UTF-16" : looks_gb18030(*text) ? "GB18030" : NULL;
    if (name != NULL) {
        err_set(e, ERR_SYNTAX, "文本不是 UTF-8，像是 %s", "the text is not UTF-8; it looks like %s",
                name);
        err_hint(e, "iconv -f %s -t UTF-8 %s", name, file);
        err_at(e, file, wide ? 1 : first_bad_line(*text), "");
        return ERR_SYNTAX;
    }
    err_set(e, ERR_SYNTAX, "文本不是有效的 UTF-8%s", "the text is not valid UTF-8%s", "");
    err_at(e, file, first_bad_line(*text), "");
    return ERR_SYNTAX;
}

bool draft_is(struct str text)
{
    struct str rest, first = str_trim(str_cut(text, '\n', &rest));
    return str_has_prefix(first, STR("fumao-draft"));
}

/* --- lines and characters ------------------------------------------------------------------ */

struct str text_trim(struct str s)
{
    static const char *const blanks[] = {" ", "\t", "\r", "\f", "\v", "\xC2\xA0", "\xE3\x80\x80",
                                         "\xE2\x80\x8B", "\xEF\xBB\xBF", NULL};
    while (text_begins(&s, blanks)) {
    }
    for (bool cut = true; cut;) {
        cut = false;
        for (int i = 0; blanks[i] && !cut; i++) {
            size_t n = strlen(blanks[i]);
            cut = s.n >= n && memcmp(s.p + s.n - n, blanks[i], n) == 0;
            s.n -= cut ? n : 0;
        }
    }
    return s;
}

enum err text_lines(struct text_lines *out, struct arena *a, struct str text, const char *file,
                    struct error *e)
{
    size_t n = 1;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    out->line = ARENA_ARRAY(a, struct str, n);
    out->n = (int)n;
    for (size_t i = 0; i < n; i++) {
        struct str line = str_cut(text, '\n', &text);
        if (line.n > LIMIT_ANNEX_LINE_BYTES) {
            err_set(e, ERR_LIMIT, "一行超过 %d 字节（LIMIT_ANNEX_LINE_BYTES）",
                    "a line exceeds %d bytes (LIMIT_ANNEX_LINE_BYTES)",
                    (int)LIMIT_ANNEX_LINE_BYTES);
            err_at(e, file, (int)i + 1, "");
            return ERR_LIMIT;
        }
        out->line[i] = text_trim(line);
    }
    return OK;
}

bool text_begins(struct str *s, const char *const *any)
{
    for (int i = 0; any[i]; i++) {
        size_t n = strlen(any[i]);
        if (s->n >= n && memcmp(s->p, any[i], n) == 0) {
            s->p += n;
            s->n -= n;
            return true;
        }
    }
    return false;
}

bool text_ends(struct str s, const char *const *any)
{
    for (int i = 0; any[i]; i++) {
        size_t n = strlen(any[i]);
        if (s.n >= n && memcmp(s.p + s.n - n, any[i], n) == 0)
            return true;
    }
    return false;
}

bool text_has(struct str s, const char *word)
{
    return str_find(s, str_from(word), NULL);
}

int text_length(struct str s)
{
    int n = 0;
    for (size_t i = 0; str_utf8_next(s, &i) >= 0;)
        n++;
    return n;
}

struct str text_start(struct str s)
{
    size_t i = 0;
    for (int n = 0; n < 20 && i < s.n; n++)
        str_utf8_next(s, &i);
    return (struct str){s.p, i};
}

bool is_han(int32_t c)
{
    return (c >= 0x3400 && c <= 0x9FFF) || (c >= 0x20000 && c <= 0x3FFFF);
}

/* --- marks ---------------------------------------------------------------------------------- */

static const char *const opens[] = {"（", "(", NULL};
static const char *const closes[] = {"）", ")", NULL};
static const char *const stops[] = {"、", "．", ".", "﹒", NULL};
static const char *const gaps[] = {" ", "\t", "\xE3\x80\x80", "\xC2\xA0", NULL};
static const char *const after[] = {"：", ":", "、", "．", ".", NULL};

static int digit_at(struct str s, size_t *i)
{
    int32_t c = str_utf8_next(s, i);
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 0xFF10 && c <= 0xFF19 ? c - 0xFF10 : -1;
}

/* Up to four digits, ASCII or full-width; no number begins with 0. */
static bool take_number(struct str *s, int *no)
{
    size_t at = 0;
    int n = 0, digits = 0;
    for (;;) {
        size_t next = at;
        int d = digit_at(*s, &next);
        if (d < 0)
            break;
        n = n * 10 + d;
        at = next;
        if (++digits > 4 || n == 0)
            return false;
    }
    *no = n;
    s->p += at;
    s->n -= at;
    return digits > 0;
}

/* 一 to 九百九十九. */
static bool take_numeral(struct str *s, int *no)
{
    static const char *const ones[] = {"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"};
    static const char *const tens[] = {"十", NULL}, *const hundreds[] = {"百", NULL};
    int total = 0, digit = -1;
    struct str at = *s;
    for (;;) {
        bool found = false;
        for (int d = 0; d < 10 && !found; d++) {
            const char *const one[] = {ones[d], NULL};
            if ((found = text_begins(&at, one)))
                digit = d;
        }
        if (!found && text_begins(&at, hundreds)) {
            found = true;
            total += (digit < 1 ? 1 : digit) * 100;
            digit = -1;
        } else if (!found && text_begins(&at, tens)) {
            found = true;
            total += (digit < 1 ? 1 : digit) * 10;
            digit = -1;
        }
        if (!found)
            break;
        if (total > 999)
            return false;
    }
    total += digit > 0 ? digit : 0;
    if (total == 0)
        return false;
    *no = total;
    *s = at;
    return true;
}

static struct mark marked(enum mark_style style, int no, struct str rest)
{
    return (struct mark){style, no, text_trim(rest), false};
}

static struct mark read_paren(struct str s, struct str line)
{
    struct str t = s;
    int no;
    if (take_number(&t, &no) && text_begins(&t, closes))
        return marked(MARK_PAREN, no, t);
    t = s;
    if (take_numeral(&t, &no) && text_begins(&t, closes))
        return marked(MARK_CN_PAREN, no, t);
    return marked(MARK_NONE, 0, line);
}

static struct mark read_ordinal(struct str s, struct str line)
{
    static const char *const items[] = {"项", "条", NULL};
    static const char *const parts[] = {"部分", "门类", "章", "节", "类", NULL};
    int no;
    if (!take_number(&s, &no) && !take_numeral(&s, &no))
        return marked(MARK_NONE, 0, line);
    bool item = text_begins(&s, items);
    if (!item && !text_begins(&s, parts))
        return marked(MARK_NONE, 0, line);
    text_begins(&s, after);
    return marked(item ? MARK_ITEM : MARK_PART, no, s);
}

static struct mark read_number(struct str s, int no, struct str line)
{
    size_t i = 0;
    if (s.n == 0)
        return marked(MARK_BARE, no, s);
    if (text_begins(&s, closes))
        return marked(MARK_HALF, no, s);
    if (text_begins(&s, stops))
        return (struct mark){MARK_DOT, no, text_trim(s), digit_at(s, &i) >= 0};
    if (text_begins(&s, gaps) && text_trim(s).n > 0 && (text_trim(s).p[0] & 0x80) != 0)
        return marked(MARK_BARE, no, s);
    return marked(MARK_NONE, 0, line);
}

struct mark mark_read(struct str line)
{
    static const char *const none[] = {"［无号］", "[无号]", "【无号】", NULL};
    static const char *const ordinal[] = {"第", NULL};
    struct str s = line;
    size_t i = 0;
    int no;
    if (text_begins(&s, none))
        return marked(MARK_UNNUMBERED, 0, s);
    if (text_begins(&s, opens))
        return read_paren(s, line);
    if (text_begins(&s, ordinal))
        return read_ordinal(s, line);
    int32_t c = str_utf8_next(s, &i);
    if (c >= 0x2460 && c <= 0x2473) /* ① to ⑳ */
        return marked(MARK_CIRCLED, c - 0x245F, (struct str){s.p + i, s.n - i});
    if (c >= 0x2474 && c <= 0x2487) /* ⑴ to ⒇ */
        return marked(MARK_PAREN, c - 0x2473, (struct str){s.p + i, s.n - i});
    if (c >= 0x2488 && c <= 0x249B) /* ⒈ to ⒛ */
        return marked(MARK_DOT, c - 0x2487, (struct str){s.p + i, s.n - i});
    if (take_number(&s, &no))
        return read_number(s, no, line);
    if (take_numeral(&s, &no) && (text_begins(&s, stops) || text_begins(&s, gaps)))
        return marked(MARK_CN, no, s);
    s = line;
    if (c >= 'A' && c <= 'T') {
        s = (struct str){s.p + 1, s.n - 1};
        if (text_begins(&s, stops) || text_begins(&s, gaps))
            return marked(MARK_LETTER, c, s);
    }
    return marked(MARK_NONE, 0, line);
}

/* --- sections -------------------------------------------------------------------------------- */

/* Names differ in punctuation and in their particles (和, 及, 与) from text to text. */
static size_t section_spell(struct str s, int32_t *out, size_t room)
{
    static const int32_t dropped[] = {0x548C, 0x53CA, 0x4E0E, 0x4E1A}; /* 和 及 与 业 */
    size_t n = 0;
    for (size_t i = 0; n < room;) {
        int32_t c = str_utf8_next(s, &i);
        if (c < 0)
            return n;
        bool keep = is_han(c);
        for (size_t k = 0; k < sizeof dropped / sizeof *dropped; k++)
            keep &= c != dropped[k];
        if (keep)
            out[n++] = c;
    }
    return 0; /* too long for a name */
}

static bool same_section(struct str a, struct str b)
{
    int32_t x[64], y[64];
    size_t n = section_spell(a, x, 64), m = section_spell(b, y, 64);
    return n > 0 && n == m && memcmp(x, y, n * sizeof *x) == 0;
}

static struct str without_tail(struct str s) /* （3项） and 领域 */
{
    static const char *const tails[] = {"领域", "行业", "门类"};
    if (text_ends(s, closes)) {
        for (size_t i = s.n; i > 1; i--)
            if (s.p[i - 1] == '(' || (i >= 3 && memcmp(s.p + i - 3, "（", 3) == 0)) {
                s.n = s.p[i - 1] == '(' ? i - 1 : i - 3;
                break;
            }
        s = text_trim(s);
    }
    for (size_t i = 0; i < 3; i++)
        if (s.n > 6 && memcmp(s.p + s.n - 6, tails[i], 6) == 0)
            return text_trim((struct str){s.p, s.n - 6});
    return s;
}

struct str section_of(const struct classification *k, struct str heading)
{
    static const char *const ends[] = {"。", "；", ";", "，", ",", "：", ":", NULL};
    const struct codelist *lists[] = {&k->gbt, &k->w120};
    struct mark m = mark_read(heading);
    struct str name = m.style == MARK_LETTER ? m.rest : heading;
    if (text_ends(name, ends))
        return (struct str){NULL, 0};
    name = without_tail(name);
    for (int l = 0; l < 2; l++)
        for (int i = 0; i < lists[l]->n; i = lists[l]->code[i].end)
            if (same_section(name, lists[l]->code[i].name_zh) &&
                (m.style != MARK_LETTER || lists[l]->code[i].code.p[0] == (char)m.no))
                return lists[l]->code[i].code;
    return (struct str){NULL, 0};
}

struct str section_name(const struct classification *k, struct str code)
{
    const struct codelist *lists[] = {&k->gbt, &k->w120};
    for (int l = 0; l < 2; l++) {
        int at = codelist_find(lists[l], code);
        if (at >= 0 && lists[l]->code[at].level == 1)
            return lists[l]->code[at].name_zh;
    }
    return (struct str){NULL, 0};
}
