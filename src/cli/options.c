/* Options that several verbs share. See options.h. */
#include "cli/options.h"

#include <stdio.h>

struct str options_words(const struct args *a)
{
    static char words[LIMIT_WORDS_BYTES * 2];
    size_t n = 0;
    words[0] = 0;
    for (int i = 1; i < a->n && n + 1 < sizeof words; i++)
        n += (size_t)snprintf(words + n, sizeof words - n, "%s%s", i > 1 ? " " : "", a->word[i]);
    return str_from(words);
}

/* False when the list is full. */
static bool add(struct str *list, int *n, int room, const char *value)
{
    if (*n == room)
        return false;
    list[(*n)++] = str_from(value);
    return true;
}

enum err options_ask(const struct args *a, struct ask *k, struct error *e)
{
    bool fits = true;
    memset(k, 0, sizeof *k);
    k->mode = str_from(option_get(a, "mode"));
    k->from = str_from(option_get(a, "from"));
    k->to = str_from(option_get(a, "to"));
    k->kind = str_from(option_get(a, "kind"));
    k->direction = str_from(option_get(a, "direction"));
    k->on = str_from(option_get(a, "on"));
    k->known = str_from(option_get(a, "known"));
    for (int i = 0; i < a->n_options; i++) {
        const struct option *o = &a->option[i];
        if (strcmp(o->name, "fact") == 0)
            fits &= add(k->fact, &k->n_facts, ASK_FACTS, o->value);
        else if (strcmp(o->name, "claim") == 0)
            fits &= add(k->claim, &k->n_claims, ASK_CLAIMS, o->value);
    }
    if (fits)
        return OK;
    return err_set(e, ERR_LIMIT, "最多 %d 个事实、%d 项援引", "at most %d facts and %d claims",
                   (int)ASK_FACTS, (int)ASK_CLAIMS);
}
