/* Where records begin and end. A record is one line, or several when a quoted field runs over
 * line ends; what is not well formed is one line, so that reading goes on with the next. */
#define _GNU_SOURCE /* memrchr */
#include "declaration/reading.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* --- the careful way ------------------------------------------------------------------------ */

struct walk {
    struct str text;
    bool last;
    char eol;
    size_t at;
    size_t line_end; /* the eol of the line, or the end of the text */
    size_t first_end;
    size_t open;     /* the quote that runs over the first line's end */
    size_t control;  /* the first control character; SIZE_MAX: none */
    bool starved;    /* more bytes are needed to tell */
};

/* Finds the end of the line at `from`; false: not in the text yet. */
static bool find_end(struct walk *w, size_t from)
{
    const char *hit =
        from < w->text.n ? memchr(w->text.p + from, w->eol, w->text.n - from) : NULL;
    w->line_end = hit != NULL ? (size_t)(hit - w->text.p) : w->text.n;
    return hit != NULL || w->last;
}

/* The end of the line's text: a CR before LF belongs to the line break. */
static size_t text_end(const struct walk *w)
{
    size_t n = w->line_end;
    return w->eol == '\n' && n > 0 && w->text.p[n - 1] == '\r' ? n - 1 : n;
}

static void note_control(struct walk *w, bool quoted)
{
    unsigned char c = (unsigned char)w->text.p[w->at];
    if (c < 0x20 && c != '\t' && w->control == SIZE_MAX && !(quoted && (c == '\n' || c == '\r')))
        w->control = w->at;
}

/* A quoted field goes on in the next line. False: it may not, or that cannot be told yet. */
static bool over_the_end(struct walk *w, struct record *r, size_t field_from)
{
    if (r->lines == 1)
        w->open = field_from;
    if (w->line_end == w->text.n || r->lines == INTAKE_LINES)
        return false;
    if (!find_end(w, w->line_end + 1) && w->text.n <= LIMIT_DECLARATION_BYTES + 2) {
        w->starved = true;
        return false;
    }
    r->lines++;
    return text_end(w) <= LIMIT_DECLARATION_BYTES;
}

/* w->at stands on the opening quote; ends behind the closing one. */
static enum why walk_quoted(struct walk *w, struct record *r)
{
    size_t from = w->at++;
    for (;; w->at++) {
        if (w->at == w->line_end) {
            if (!over_the_end(w, r, from))
                return WHY_OPEN_QUOTE;
        } else if (w->text.p[w->at] == '"') {
            if (w->at + 1 >= w->line_end || w->text.p[w->at + 1] != '"')
                break;
            w->at++;
        } else {
            note_control(w, true);
        }
    }
    w->at++;
    return w->at == text_end(w) || w->text.p[w->at] == ',' ? WHY_NONE : WHY_BEHIND_QUOTE;
}

static enum why walk_plain(struct walk *w)
{
    size_t end = text_end(w);
    for (; w->at < end && w->text.p[w->at] != ','; w->at++) {
        if (w->text.p[w->at] == '"')
            return WHY_STRAY_QUOTE;
        note_control(w, false);
    }
    return WHY_NONE;
}

static enum why walk_fields(struct walk *w, struct record *r)
{
    for (;;) {
        size_t from = w->at;
        bool quoted = from < w->line_end && w->text.p[from] == '"';
        enum why y = quoted ? walk_quoted(w, r) : walk_plain(w);
        if (y != WHY_NONE)
            return y;
        if (r->n_fields <= COL_COUNT)
            r->field[r->n_fields] = (struct span){from, w->at};
        r->n_fields++;
        if (w->at == text_end(w))
            return WHY_NONE;
        w->at++; /* the comma */
    }
}

static void end_record(const struct walk *w, struct record *r)
{
    r->text = text_end(w);
    r->bytes = w->line_end + (w->line_end < w->text.n);
}

static void fault(struct record *r, enum why y, size_t at)
{
    r->why = y;
    r->at = at;
}

/* Several lines that make no record of the right shape are no record: an unclosed quote costs its
 * own line only. */
static void back_to_first(struct walk *w, struct record *r)
{
    w->line_end = w->first_end;
    r->lines = 1;
    fault(r, WHY_OPEN_QUOTE, w->open);
}

static void judge(struct walk *w, struct record *r, const struct layout *l, enum why y)
{
    if (y == WHY_OPEN_QUOTE || (r->lines > 1 && (y != WHY_NONE || r->n_fields != l->n)))
        back_to_first(w, r);
    else if (y != WHY_NONE)
        fault(r, y, w->at);
    else if (w->control != SIZE_MAX)
        fault(r, WHY_CONTROL, w->control);
    else if (r->n_fields < l->n)
        fault(r, WHY_FEW, text_end(w));
    else if (r->n_fields > l->n)
        fault(r, WHY_MANY, r->field[l->n].from);
}

bool record_read(struct str text, bool last, const struct layout *l, struct record *r)
{
    struct walk w = {.text = text, .last = last, .eol = l->eol, .control = SIZE_MAX};
    r->lines = 1;
    r->n_fields = 0;
    r->why = WHY_NONE;
    r->at = 0;
    if (!find_end(&w, 0))
        return false;
    w.first_end = w.line_end;
    if (text_end(&w) > LIMIT_DECLARATION_BYTES) {
        fault(r, WHY_LONG, LIMIT_DECLARATION_BYTES);
        r->n_fields = 1;
    } else if (text_end(&w) > 0 && !l->json) {
        enum why y = walk_fields(&w, r);
        if (w.starved)
            return false;
        judge(&w, r, l, y);
    }
    end_record(&w, r);
    return true;
}

/* --- the fast way --------------------------------------------------------------------------- */

/* Of 64 bytes; quotes and bytes above 127 are rare enough to be looked for twice. */
struct masks {
    uint64_t comma, control;
    bool quote, high;
};

#if defined(__SSE2__)
static inline __m128i load16(const char *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline uint64_t bits(__m128i v, int i)
{
    return (uint64_t)(uint32_t)_mm_movemask_epi8(v) << (16 * i);
}

static inline struct masks masks_of(const char *p)
{
    const __m128i comma = _mm_set1_epi8(','), quote = _mm_set1_epi8('"'),
                  control = _mm_set1_epi8(0x1F);
    struct masks m = {0, 0, false, false};
    __m128i any_quote = _mm_setzero_si128(), any = _mm_setzero_si128();
    for (int i = 0; i < 4; i++) {
        __m128i v = load16(p + 16 * i);
        m.comma |= bits(_mm_cmpeq_epi8(v, comma), i);
        m.control |= bits(_mm_cmpeq_epi8(_mm_min_epu8(v, control), v), i);
        any_quote = _mm_or_si128(any_quote, _mm_cmpeq_epi8(v, quote));
        any = _mm_or_si128(any, v);
    }
    m.quote = _mm_movemask_epi8(any_quote) != 0;
    m.high = _mm_movemask_epi8(any) != 0;
    return m;
}

static uint64_t quotes_of(const char *p)
{
    uint64_t m = 0;
    for (int i = 0; i < 4; i++)
        m |= bits(_mm_cmpeq_epi8(load16(p + 16 * i), _mm_set1_epi8('"')), i);
    return m;
}

static uint64_t high_of(const char *p)
{
    uint64_t m = 0;
    for (int i = 0; i < 4; i++)
        m |= bits(load16(p + 16 * i), i);
    return m;
}
#else
static uint64_t quotes_of(const char *p)
{
    uint64_t m = 0;
    for (int i = 0; i < 64; i++)
        m |= (uint64_t)(p[i] == '"') << i;
    return m;
}

static uint64_t high_of(const char *p)
{
    uint64_t m = 0;
    for (int i = 0; i < 64; i++)
        m |= (uint64_t)((unsigned char)p[i] > 0x7F) << i;
    return m;
}

static inline struct masks masks_of(const char *p)
{
    struct masks m = {0, 0, quotes_of(p) != 0, high_of(p) != 0};
    for (int i = 0; i < 64; i++) {
        m.comma |= (uint64_t)(p[i] == ',') << i;
        m.control |= (uint64_t)((unsigned char)p[i] < 0x20) << i;
    }
    return m;
}
#endif

static inline size_t low_bit(uint64_t m)
{
    return (size_t)__builtin_ctzll(m);
}

/* The first and the last byte above 127 of the line so far. */
static void note_high(struct plain_line *l, uint64_t high, size_t base)
{
    if (high == 0)
        return;
    if (l->high_to == 0)
        l->high_from = base + low_bit(high);
    l->high_to = base + 64 - (size_t)__builtin_clzll(high);
}

/* Which bytes lie within quotes: each bit becomes the parity of the quotes up to it. */
static uint64_t within_quotes(uint64_t quotes, uint64_t *open)
{
    uint64_t in = quotes;
    for (int i = 1; i < 64; i *= 2)
        in ^= in << i;
    in ^= *open;
    *open = 0 - (in >> 63);
    return in;
}

/* Quotes are taken off when they stand around whole fields and nowhere else. */
static bool take_off_quotes(const struct layout *y, struct str f[COL_COUNT], int quotes)
{
    for (int i = 0; i < y->n; i++) {
        struct str *s = &f[y->column[i]];
        if (s->n >= 2 && s->p[0] == '"' && s->p[s->n - 1] == '"') {
            *s = (struct str){s->p + 1, s->n - 2};
            quotes -= 2;
        }
    }
    return quotes == 0;
}

/* Where the line ends; the first control character of a plain line is its end. */
static inline bool plain_end(const char *p, size_t end, char eol, struct plain_line *l)
{
    bool crlf = p[end] == '\r' && eol == '\n' && p[end + 1] == '\n';
    l->text = end;
    l->bytes = end + 1 + crlf;
    return crlf || p[end] == eol;
}

bool plain_line_read(const char *p, const struct layout *y, struct str f[COL_COUNT],
                     struct plain_line *l)
{
    int n = 0, quotes = 0;
    size_t base = 0, from = 0;
    uint64_t open = 0;
    struct masks m;
    l->high_from = l->high_to = 0;
    for (;; base += 64) {
        m = masks_of(p + base);
        uint64_t line = m.control != 0 ? (m.control & (0 - m.control)) - 1 : ~UINT64_C(0);
        m.comma &= line;
        if (m.high)
            note_high(l, high_of(p + base) & line, base);
        if (m.quote) {
            uint64_t q = quotes_of(p + base) & line;
            quotes += __builtin_popcountll(q);
            m.comma &= ~within_quotes(q, &open);
        }
        if (n + __builtin_popcountll(m.comma) >= y->n)
            return false;
        for (; m.comma != 0; m.comma &= m.comma - 1) {
            size_t to = base + low_bit(m.comma);
            f[y->column[n++]] = (struct str){p + from, to - from};
            from = to + 1;
        }
        if (m.control != 0)
            break;
    }
    if (n + 1 != y->n || quotes % 2 != 0 || !plain_end(p, base + low_bit(m.control), y->eol, l))
        return false;
    f[y->column[n]] = (struct str){p + from, l->text - from};
    return l->text <= LIMIT_DECLARATION_BYTES && (quotes == 0 || take_off_quotes(y, f, quotes));
}

/* --- cuts ----------------------------------------------------------------------------------- */

static bool odd_quotes(const char *p, size_t n)
{
    unsigned odd = 0;
    for (size_t i = 0; i < n; i++)
        odd ^= p[i] == '"';
    return odd != 0;
}

/* The first line of a well-formed record of several lines has an odd number of quotes, and a
 * record has at most INTAKE_LINES lines: behind INTAKE_LINES - 1 even lines nothing is open. */
size_t safe_cut(struct str text, const struct layout *l)
{
    const char *hit = text.n > 0 ? memrchr(text.p, l->eol, text.n) : NULL;
    size_t end = hit != NULL ? (size_t)(hit - text.p) + 1 : 0, cut = end;
    if (l->json)
        return cut;
    for (int even = 0; end > 0 && even < INTAKE_LINES - 1;) {
        hit = end > 1 ? memrchr(text.p, l->eol, end - 1) : NULL;
        size_t from = hit != NULL ? (size_t)(hit - text.p) + 1 : 0;
        if (odd_quotes(text.p + from, end - from)) {
            even = 0;
            cut = from;
        } else {
            even++;
        }
        end = from;
    }
    return cut;
}

/* Lanes count up to 255 before they are added up. */
typedef uint8_t lanes __attribute__((vector_size(16)));

int64_t count_eol(struct str text, char eol)
{
    int64_t n = 0;
    size_t i = 0;
    while (text.n - i >= 16) {
        lanes sum = {0}, v;
        for (int k = 0; k < 63 && text.n - i >= 64; k++) { /* four at a time */
            for (int j = 0; j < 4; j++, i += 16) {
                memcpy(&v, text.p + i, 16);
                sum -= (lanes)(v == (uint8_t)eol);
            }
        }
        if (text.n - i >= 16) {
            memcpy(&v, text.p + i, 16);
            sum -= (lanes)(v == (uint8_t)eol);
            i += 16;
        }
        for (int k = 0; k < 16; k++)
            n += sum[k];
    }
    for (; i < text.n; i++)
        n += text.p[i] == eol;
    return n;
}
