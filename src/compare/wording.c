/* Words, the longest common subsequence of them in linear memory, and the runs to be read. */
#include "compare/wording.h"

#include <stdlib.h>

struct words { /* of one text */
    int n;
    struct str *word;
    uint64_t *key; /* length and first bytes: differs only if the words do */
    bool *kept;
};

struct span { /* words [a0, a1) of one text against [b0, b1) of the other */
    int a0, a1, b0, b1;
};

struct pass {
    struct words a, b;
    int *ahead, *behind; /* lengths of the common subsequence, one row each */
    struct span *todo;
    int n_todo;
};

/* --- words -------------------------------------------------------------------------------- */

enum sort { SORT_SPACE, SORT_LETTER, SORT_MARK, SORT_CHARACTER };

static enum sort sort_of(int32_t c)
{
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0x3000)
        return SORT_SPACE;
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
        (c >= 0xc0 && c <= 0x24f))
        return SORT_LETTER;
    bool mark = c < 0x80 || (c >= 0x2000 && c < 0x2070) || (c >= 0x3001 && c < 0x3040) ||
                (c >= 0xff00 && c < 0xff10) || (c >= 0xff1a && c < 0xff21);
    return mark ? SORT_MARK : SORT_CHARACTER;
}

static uint64_t key_of(struct str word)
{
    uint64_t key = word.n;
    for (size_t i = 0; i < word.n && i < 7; i++)
        key = key << 8 | (unsigned char)word.p[i];
    return key;
}

static struct words words_of(struct str s, struct arena *arena)
{
    struct words w = {0};
    w.word = ARENA_ARRAY(arena, struct str, s.n + 1);
    w.key = ARENA_ARRAY(arena, uint64_t, s.n + 1);
    w.kept = ARENA_ARRAY(arena, bool, s.n + 1);
    enum sort before = SORT_MARK;
    for (size_t at = 0; at < s.n;) {
        size_t from = at;
        enum sort now = sort_of(str_utf8_next(s, &at));
        bool same = w.n > 0 && now == before && now <= SORT_LETTER;
        if (same)
            w.word[w.n - 1].n += at - from;
        else
            w.word[w.n++] = (struct str){s.p + from, at - from};
        before = now;
    }
    for (int i = 0; i < w.n; i++)
        w.key[i] = key_of(w.word[i]);
    return w;
}

/* Characters that a reader sees as more than a mark. */
static int weight(struct str word)
{
    int n = 0;
    for (size_t at = 0; at < word.n;)
        n += sort_of(str_utf8_next(word, &at)) != SORT_SPACE;
    size_t first = 0;
    return word.n > 0 && sort_of(str_utf8_next(word, &first)) == SORT_MARK ? 0 : n;
}

/* --- the longest common subsequence ------------------------------------------------------- */

static bool same_word(const struct pass *p, int i, int j)
{
    return p->a.key[i] == p->b.key[j] &&
           (p->a.word[i].n <= 7 || str_eq(p->a.word[i], p->b.word[j]));
}

static void keep(struct pass *p, int i, int j)
{
    p->a.kept[i] = p->b.kept[j] = true;
}

/* row[j - b0]: the longest common subsequence of a[i0, i1) and b[b0, j). */
static void row_ahead(const struct pass *p, int i0, int i1, int b0, int b1, int *row)
{
    memset(row, 0, (size_t)(b1 - b0 + 1) * sizeof *row);
    for (int i = i0; i < i1; i++)
        for (int j = b0, left = 0; j < b1; j++) {
            int up = row[j - b0 + 1];
            int best = up > row[j - b0] ? up : row[j - b0];
            row[j - b0 + 1] = same_word(p, i, j) ? left + 1 : best;
            left = up;
        }
}

/* row[j - b0]: the longest common subsequence of a[i0, i1) and b[j, b1). */
static void row_behind(const struct pass *p, int i0, int i1, int b0, int b1, int *row)
{
    memset(row, 0, (size_t)(b1 - b0 + 1) * sizeof *row);
    for (int i = i1 - 1; i >= i0; i--)
        for (int j = b1 - 1, right = 0; j >= b0; j--) {
            int up = row[j - b0];
            int best = up > row[j - b0 + 1] ? up : row[j - b0 + 1];
            row[j - b0] = same_word(p, i, j) ? right + 1 : best;
            right = up;
        }
}

/* What both begin and end with is kept; the rest is what is left to do. */
static struct span trim(struct pass *p, struct span s)
{
    while (s.a0 < s.a1 && s.b0 < s.b1 && same_word(p, s.a0, s.b0))
        keep(p, s.a0++, s.b0++);
    while (s.a0 < s.a1 && s.b0 < s.b1 && same_word(p, s.a1 - 1, s.b1 - 1))
        keep(p, --s.a1, --s.b1);
    return s;
}

static void push(struct pass *p, int a0, int a1, int b0, int b1)
{
    p->todo[p->n_todo++] = (struct span){a0, a1, b0, b1};
}

/* Halves a; where b is cut so that both halves together keep most, the subsequence goes through. */
static void halve(struct pass *p, struct span s)
{
    int mid = s.a0 + (s.a1 - s.a0) / 2, cut = 0;
    row_ahead(p, s.a0, mid, s.b0, s.b1, p->ahead);
    row_behind(p, mid, s.a1, s.b0, s.b1, p->behind);
    for (int j = 1; j <= s.b1 - s.b0; j++)
        if (p->ahead[j] + p->behind[j] > p->ahead[cut] + p->behind[cut])
            cut = j;
    push(p, s.a0, mid, s.b0, s.b0 + cut);
    push(p, mid, s.a1, s.b0 + cut, s.b1);
}

static void match(struct pass *p)
{
    struct span whole = trim(p, (struct span){0, p->a.n, 0, p->b.n});
    int64_t cells = (int64_t)(whole.a1 - whole.a0) * (whole.b1 - whole.b0);
    if (cells > LIMIT_WORDING_CELLS)
        return;
    push(p, whole.a0, whole.a1, whole.b0, whole.b1);
    while (p->n_todo > 0) {
        struct span s = trim(p, p->todo[--p->n_todo]);
        if (s.a0 == s.a1 || s.b0 == s.b1)
            continue;
        if (s.a1 - s.a0 > 1) {
            halve(p, s);
            continue;
        }
        for (int j = s.b0; j < s.b1; j++)
            if (same_word(p, s.a0, j)) {
                keep(p, s.a0, j);
                break;
            }
    }
}

/* --- runs --------------------------------------------------------------------------------- */

/* Kept words between two edits that show next to nothing become part of the edit. */
static void give_up_slight(struct pass *p)
{
    int i = 0, j = 0;
    while (i < p->a.n || j < p->b.n) {
        while (i < p->a.n && !p->a.kept[i])
            i++;
        while (j < p->b.n && !p->b.kept[j])
            j++;
        int from = i, n = 0, seen = 0;
        bool inside = i > 0 || j > 0;
        while (i < p->a.n && j < p->b.n && p->a.kept[i] && p->b.kept[j]) {
            seen += weight(p->a.word[i]);
            i++, j++, n++;
        }
        if (n == 0 || seen > 1 || !inside || (i == p->a.n && j == p->b.n))
            continue;
        memset(p->a.kept + from, 0, (size_t)n * sizeof *p->a.kept);
        memset(p->b.kept + (j - n), 0, (size_t)n * sizeof *p->b.kept);
    }
}

/* The text of words [from, to), which lie side by side. */
static struct str joined(const struct words *w, int from, int to)
{
    const struct str *last = &w->word[to - 1];
    return (struct str){w->word[from].p, (size_t)(last->p + last->n - w->word[from].p)};
}

static int edited(const struct words *w, int from)
{
    while (from < w->n && !w->kept[from])
        from++;
    return from;
}

static struct pass matched(struct str a, struct str b, struct arena *arena)
{
    struct pass p = {.a = words_of(a, arena), .b = words_of(b, arena)};
    p.ahead = ARENA_ARRAY(arena, int, (size_t)p.b.n + 1);
    p.behind = ARENA_ARRAY(arena, int, (size_t)p.b.n + 1);
    p.todo = ARENA_ARRAY(arena, struct span, (size_t)p.a.n + 2);
    match(&p);
    return p;
}

int wording_common(struct str a, struct str b, struct arena *arena)
{
    struct pass p = matched(a, b, arena);
    int n = 0;
    for (int i = 0; i < p.a.n; i++)
        n += p.a.kept[i];
    return n;
}

int wording_diff(struct str a, struct str b, struct arena *arena, struct wording_run **out)
{
    struct pass p = matched(a, b, arena);
    struct wording_run *run =
        ARENA_ARRAY(arena, struct wording_run, (size_t)p.a.n + (size_t)p.b.n + 2);
    int n = 0;
    give_up_slight(&p);
    for (int i = 0, j = 0; i < p.a.n || j < p.b.n;) {
        int from = i, to = edited(&p.a, i), come = j;
        j = edited(&p.b, j);
        if (to > from)
            run[n++] = (struct wording_run){WORDING_GONE, joined(&p.a, from, to)};
        if (j > come)
            run[n++] = (struct wording_run){WORDING_CAME, joined(&p.b, come, j)};
        for (from = i = to; i < p.a.n && j < p.b.n && p.a.kept[i] && p.b.kept[j];)
            i++, j++;
        if (i > from)
            run[n++] = (struct wording_run){WORDING_KEPT, joined(&p.a, from, i)};
    }
    *out = run;
    return n;
}
