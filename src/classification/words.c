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

/* companies -> compani, boxes -> box, lawyers -> lawyer. */
static size_t cut_plural(char *w, size_t n)
{
    if (ends_with(w, n, "xes") || ends_with(w, n, "ches") || ends_with(w, n, "shes") ||
        ends_with(w, n, "sses"))
        return n - 2;
    if (ends_with(w, n, "ies"))
        return n - 2;
    bool keeps = ends_with(w, n, "ss") || ends_with(w, n, "us") || ends_with(w, n, "is");
    return ends_with(w, n, "s") && !keeps ? n - 1 : n;
}

/* British and American spelling are one: theatre theater, catalogue catalog, programme program,
 * colour color. A word that is no such pair is changed alike in names and in questions. */
static size_t fold_british(char *w, size_t n)
{
    if (n > 4 && memcmp(w + n - 2, "re", 2) == 0 && strchr("bt", w[n - 3]) != NULL) {
        w[n - 2] = 'e';
        w[n - 1] = 'r';
    }
    if (ends_with(w, n, "gue") || ends_with(w, n, "mme"))
        n -= 2;
    for (size_t i = 3; i + 3 <= n; i++) {
        if (memcmp(w + i, "our", 3) == 0 && strchr("bdlmnpv", w[i - 1]) != NULL) {
            memmove(w + i + 1, w + i + 2, n - i - 2);
            n--;
        }
    }
    return n;
}

/* What is left of organise and organize, defence and defense, after the ending is cut. */
static void fold_letters(char *w, size_t n)
{
    if (n > 4 && w[n - 1] == 's' && (w[n - 2] == 'i' || w[n - 2] == 'y'))
        w[n - 1] = 'z';
    if (n > 4 && w[n - 1] == 'c' && w[n - 2] == 'n')
        w[n - 1] = 's';
}

static size_t cut_tail(char *w, size_t n)
{
    static const char *const tails[] = {"ation", "ating", "ator", "ated", "ative", "ancy", "ance",
                                        "ence", "ment", "ate", "ant", "ent", "ing", "ion", "ian",
                                        "ist", "ism", "or", "er", "ed", "al", "ic", "e"};
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        size_t t = strlen(tails[i]);
        if (!ends_with(w, n, tails[i]) || n - t < (t == 1 ? 3 : 4))
            continue;
        n -= t;
        if (t > 1 && w[n - 1] == w[n - 2] && w[n - 1] != 'l' && w[n - 1] != 's')
            n--;
        break;
    }
    return n;
}

/* Crude, but the same for names and for questions, which is all that is needed: translation,
 * translator and translating -> transl; installer and installing -> install; servic, compani. */
static size_t stem(char *w, size_t n)
{
    n = cut_plural(w, n);
    n = fold_british(w, n);
    n = cut_tail(w, n);
    if (n > 3 && w[n - 1] == 'e')
        n--;
    if (n > 2 && w[n - 1] == 'y')
        w[n - 1] = 'i';
    fold_letters(w, n);
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
    static const char *const stop[] = {
        " a ",    " an ",   " and ",  " as ",   " at ",   " by ",    " except ", " for ",
        " from ", " in ",   " into ", " it ",   " its ",  " nec ",   " of ",     " on ",
        " or ",   " our ",  " the ",  " their ", " them ", " to ",   " under ",  " up ",
        " we ",   " who ",  " wher ", " which ", " with ", " i ",   " you ",    " your ",
        " other ", " c ",   " e ",    " not ", " that ", " n ",     " be ",   " is ",    " are ",
        " my "};
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

/* Characters that say nothing of an activity: particles, pronouns, measure words. */
static bool is_stop_character(struct str one)
{
    static const char stop[] = "的给在和把为用上下里中一个等及与或人家做替帮我你他们是有到对多不"
                               "从向这那可以所类各其些之将被会能要时大小";
    for (size_t i = 0; i + 3 <= sizeof stop - 1; i += 3) {
        if (one.n == 3 && memcmp(one.p, stop + i, 3) == 0)
            return true;
    }
    return false;
}

int word_singles(struct str spelled, struct str *unit, int most)
{
    int n = 0;
    for (size_t i = 0; i < spelled.n && n < most;) {
        size_t end = next_end(spelled, i);
        struct str one = {spelled.p + i, end - i};
        bool skip = end - i < 3 || is_stop_character(one);
        for (int k = 0; k < n && !skip; k++)
            skip = str_eq(unit[k], one);
        if (!skip)
            unit[n++] = one;
        i = end;
    }
    return n;
}

uint64_t word_signature_all(struct str spelled, int *n_units)
{
    uint64_t all = 0;
    struct str unit;
    size_t i = 0;
    for (*n_units = 0; next_unit(spelled, &i, &unit); (*n_units)++)
        all |= word_signature(unit);
    for (i = 0; i < spelled.n;) {
        size_t end = next_end(spelled, i);
        if ((unsigned char)spelled.p[i] >= 0x80)
            all |= word_signature((struct str){spelled.p + i, end - i});
        i = end;
    }
    return all;
}

int word_length(struct str spelled)
{
    int n = 0;
    for (size_t i = 0; i < spelled.n; i++)
        n += spelled.p[i] != ' ' && ((unsigned char)spelled.p[i] & 0xC0) != 0x80;
    return n;
}

/* The end of what is excluded by the words that begin at `at`, or `at` if nothing is. */
static size_t excluded_to(struct str s, size_t at)
{
    static const struct {
        const char *from, *to[4];
    } forms[] = {
        {"除", {"以外", "之外", "外，", "外的"}},
        {"不包括", {"，", "；", "。", NULL}},
        {" except ", {",", ";", ".", NULL}},
        {" excluding ", {",", ";", ".", NULL}},
        {" other than ", {",", ";", ".", NULL}},
    };
    struct str rest = {s.p + at, s.n - at};
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
        size_t found, nearest = rest.n + 1, past = rest.n;
        if (!str_has_prefix(rest, str_from(forms[f].from)))
            continue;
        for (size_t k = 0; k < 4 && forms[f].to[k] != NULL; k++) {
            struct str to = str_from(forms[f].to[k]);
            if (str_find(rest, to, &found) && found < nearest) {
                nearest = found;
                past = found + to.n;
            }
        }
        bool open = f == 0; /* 除 alone is also a verb: it needs its other half */
        if (nearest <= rest.n || !open)
            return at + past;
    }
    return at;
}

size_t word_without_excluded(struct str s, char *out, size_t room)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n && n < room;) {
        size_t to = excluded_to(s, i);
        if (to == i) {
            out[n++] = s.p[i++];
        } else {
            out[n++] = ' ';
            i = to;
        }
    }
    return n;
}
