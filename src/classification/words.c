/* The spelled form of a text, its units, and their signatures; see internal.h. */
#include "classification/internal.h"

enum { WORD_BYTES = 48 };

struct writer {
    char *p;
    size_t n, room;
    bool gap; /* punctuation or space since the last character */
};

static bool put(struct writer *w, const char *p, size_t n)
{
    if (w->n + n > w->room)
        return false;
    memcpy(w->p + w->n, p, n);
    w->n += n;
    return true;
}

static bool ends_with(const char *w, size_t n, const char *tail)
{
    size_t t = strlen(tail);
    return n > t + 2 && memcmp(w + n - t, tail, t) == 0;
}

/* companies -> company, boxes -> box, services -> servic, consulting -> consult, shipping ->
 * ship: crude, but the same for names and for questions, which is all that is needed. */
static size_t stem(char *w, size_t n)
{
    if (ends_with(w, n, "ies")) {
        w[n - 3] = 'y';
        n -= 2;
    } else if (ends_with(w, n, "xes") || ends_with(w, n, "ches") || ends_with(w, n, "shes")) {
        n -= 2;
    } else if (ends_with(w, n, "s") && !ends_with(w, n, "ss") && !ends_with(w, n, "us") &&
               !ends_with(w, n, "is")) {
        n -= 1;
    }
    if (n > 6 && ends_with(w, n, "ing")) {
        n -= 3;
        if (w[n - 1] == w[n - 2] && w[n - 1] != 'l' && w[n - 1] != 's')
            n--;
    } else if (n > 4 && w[n - 1] == 'e') {
        n--;
    }
    return n;
}

static bool put_word(struct writer *w, char *word, size_t *n)
{
    size_t length = *n;
    *n = 0;
    if (length == 0)
        return true;
    length = stem(word, length);
    if (w->n + length + 2 > w->room)
        return false;
    if (w->n == 0 || w->p[w->n - 1] != ' ')
        w->p[w->n++] = ' ';
    memcpy(w->p + w->n, word, length);
    w->n += length;
    w->p[w->n++] = ' ';
    w->gap = false;
    return true;
}

static bool is_mark(int32_t x)
{
    return x < 0x80 || x == 0xB7 || x == 0xD7 || (x >= 0x2000 && x <= 0x206F) ||
           (x >= 0x3000 && x <= 0x303F) || (x >= 0xFF00 && x <= 0xFFEF) || x == 0xFFFD;
}

/* Full-width ASCII becomes ASCII, capitals become small. */
static int32_t fold(int32_t x)
{
    if (x >= 0xFF01 && x <= 0xFF5E)
        x -= 0xFEE0;
    return x >= 'A' && x <= 'Z' ? x + 32 : x;
}

size_t word_spell(struct str s, char *out, size_t room)
{
    struct writer w = {out, 0, room, false};
    char word[WORD_BYTES];
    size_t n = 0, at = 0, from = 0;
    for (int32_t x = str_utf8_next(s, &at); x >= 0; from = at, x = str_utf8_next(s, &at)) {
        int32_t c = fold(x);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            if (n == WORD_BYTES && !put_word(&w, word, &n))
                return w.n;
            word[n++] = (char)c;
            continue;
        }
        if (c == '\'') /* lawyer's: one word */
            continue;
        if (!put_word(&w, word, &n))
            return w.n;
        if (is_mark(c)) {
            w.gap = true;
            continue;
        }
        bool space = w.gap && w.n > 0 && w.p[w.n - 1] != ' ';
        w.gap = false;
        if ((space && !put(&w, " ", 1)) || !put(&w, s.p + from, at - from))
            break;
    }
    put_word(&w, word, &n);
    return w.n;
}

static size_t next_end(struct str s, size_t i)
{
    str_utf8_next(s, &i);
    return i;
}

static bool is_stop(struct str word)
{
    static const char *const stop[] = {" a ",   " an ",  " and ", " by ", " except ", " for ",
                                       " in ",  " nec ", " of ",  " on ", " or ",     " other ",
                                       " the ", " to ",  " with "};
    for (size_t i = 0; i < sizeof stop / sizeof *stop; i++) {
        if (str_eqz(word, stop[i]))
            return true;
    }
    return false;
}

/* The next unit at or after *i; false at the end. Spaces: a word unit begins at its first
 * space; its last space may be the first of the next word, so *i stays on it. */
static bool next_unit(struct str s, size_t *i, struct str *unit)
{
    while (*i < s.n) {
        unsigned char x = (unsigned char)s.p[*i];
        if (x == ' ') {
            size_t end = *i + 1;
            while (end < s.n && s.p[end] != ' ' && (unsigned char)s.p[end] < 0x80)
                end++;
            bool word = end > *i + 1 && end < s.n && s.p[end] == ' ';
            *unit = (struct str){s.p + *i, end + 1 - *i};
            *i = word ? end : *i + 1;
            if (word)
                return true;
            continue;
        }
        size_t one = next_end(s, *i), two = one < s.n ? next_end(s, one) : one;
        *unit = (struct str){s.p + *i, two - *i};
        *i = one;
        if (two > one && s.p[one] != ' ')
            return true;
    }
    return false;
}

int word_units(struct str spelled, struct str *unit, int most)
{
    int n = 0;
    size_t i = 0;
    while (n < most && next_unit(spelled, &i, &unit[n])) {
        bool again = is_stop(unit[n]);
        for (int k = 0; k < n && !again; k++)
            again = str_eq(unit[k], unit[n]);
        n += !again;
    }
    return n;
}

uint64_t word_signature(struct str unit)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < unit.n; i++)
        h = (h ^ (unsigned char)unit.p[i]) * 16777619u;
    return (uint64_t)1 << ((h ^ (h >> 15)) & 63);
}

uint64_t word_signature_all(struct str spelled)
{
    uint64_t all = 0;
    struct str unit;
    size_t i = 0;
    while (next_unit(spelled, &i, &unit))
        all |= word_signature(unit);
    return all;
}

int word_length(struct str spelled)
{
    int n = 0;
    for (size_t i = 0; i < spelled.n; i++)
        n += spelled.p[i] != ' ' && ((unsigned char)spelled.p[i] & 0xC0) != 0x80;
    return n;
}
