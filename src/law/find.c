/* Words over provisions. Five hundred texts are searched faster than an index is loaded. */
#include "law/law.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool holds(struct str text, struct str word)
{
    for (size_t i = 0; i + word.n <= text.n; i++) {
        size_t k = 0;
        while (k < word.n && lower(text.p[i + k]) == lower(word.p[k]))
            k++;
        if (k == word.n)
            return true;
    }
    return false;
}

static bool provision_holds(const struct provision *p, struct str word)
{
    return holds(p->zh, word) || holds(p->en, word) || holds(p->key, word) ||
           holds(p->authority_zh, word) || holds(p->authority_en, word);
}

int law_find(const struct corpus *c, struct str words, int *out, int room)
{
    int n = 0;
    if (str_trim(words).n == 0)
        return 0;
    for (int i = 0; i < c->n_provisions; i++) {
        struct str rest = str_trim(words), word;
        bool all = instrument_current(&c->instrument[c->provision[i].instrument]);
        while (rest.n > 0 && all) {
            word = str_cut(rest, ' ', &rest);
            all = word.n == 0 || provision_holds(&c->provision[i], word);
        }
        if (!all)
            continue;
        if (n < room)
            out[n] = i;
        n++;
    }
    return n;
}
