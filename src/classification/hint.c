/* Did you mean: the nearest codes of a list, for errors. */
#include <stdio.h>

#include "classification/internal.h"

enum { FAR = 3 };

static int shared_start(struct str a, struct str b)
{
    size_t n = 0;
    while (n < a.n && n < b.n &&
           str_eq_nocase((struct str){a.p + n, 1}, (struct str){b.p + n, 1}))
        n++;
    return (int)n;
}

static bool nearer(const struct nearest *w, int at, int distance, int shared)
{
    return distance < w->best[at].distance ||
           (distance == w->best[at].distance && shared > w->best[at].shared);
}

/* Keeps the four best: small distance, then equal length, then long common start, then order
 * of the list. The transposed or mistyped character is the usual slip, so two edits are the
 * most we take. */
void nearest_offer(struct nearest *w, int index, struct str have, struct str asked)
{
    int distance = str_distance(have, asked, FAR);
    int shared = shared_start(have, asked) + (have.n == asked.n ? (int)have.n : 0);
    if (distance >= FAR || (size_t)distance >= asked.n)
        return;
    int at = w->n;
    while (at > 0 && nearer(w, at - 1, distance, shared))
        at--;
    if (at == 4)
        return;
    w->n = w->n < 4 ? w->n + 1 : 4;
    for (int i = w->n - 1; i > at; i--)
        w->best[i] = w->best[i - 1];
    w->best[at].index = index;
    w->best[at].distance = distance;
    w->best[at].shared = shared;
}

/* Writes "did you mean / 是否想要: a, b", or the lead (an example of what is right). */
void nearest_hint(const struct nearest *w, const char *prefix, const char *lead,
                  struct str (*code_at)(const void *list, int index), const void *list,
                  struct error *e)
{
    char text[200];
    int n = 0;
    for (int i = 0; i < w->n && n >= 0 && (size_t)n < sizeof text; i++) {
        struct str code = code_at(list, w->best[i].index);
        n += snprintf(text + n, sizeof text - (size_t)n, "%s%s%.*s", i == 0 ? "" : ", ", prefix,
                      STR_ARG(code));
    }
    if (w->n > 0)
        err_hint(e, "did you mean / 是否想要: %s", text);
    else
        err_hint(e, "e.g. / 例如 %s", lead);
}
