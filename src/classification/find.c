/*
 * Words to classes. One pass over the vocabulary; nothing is allocated. A leaf's score is the
 * best of what its names say (a table by kind of name and kind of match, higher the more of
 * the longer text is covered) and of how many units of the question it shares, rare units
 * counting more. So the order is a matter of this table alone, and ties go by code.
 */
#include "classification/internal.h"

enum { DECIDED = 600, AHEAD_PERCENT = 125, SERVICE_BONUS = 15, UNITS_SCORE = 560, LEAST = 90 };

enum match { WHOLE, INSIDE_NAME, AROUND_NAME, MATCHES };

struct worth {
    int base, span;
};

static const struct worth worth_of[][MATCHES] = {
    [TERM_CLASS] = {{950, 0}, {600, 250}, {500, 300}},
    [TERM_GROUP] = {{880, 0}, {540, 250}, {450, 300}},
    [TERM_DIVISION] = {{800, 0}, {440, 250}, {380, 250}},
    [TERM_TITLE] = {{800, 0}, {480, 250}, {400, 300}},
    [TERM_SYNONYM] = {{1000, 0}, {540, 300}, {480, 350}},
};

/* How much of a unit a name of each kind gives to its leaves, in percent. */
static const int unit_share[] = {[TERM_CLASS] = 100, [TERM_GROUP] = 60, [TERM_DIVISION] = 30,
                                 [TERM_TITLE] = 60, [TERM_SYNONYM] = 90};

struct search {
    struct str words; /* spelled */
    struct str close; /* the same without the gaps between Chinese characters */
    int length;
    int n_units;
    struct str unit[FIND_UNITS];
    uint64_t signature[FIND_UNITS];
    int seen_in[FIND_UNITS]; /* terms that have the unit */
    int score[LIMIT_SECTORS];
    const struct term *by[LIMIT_SECTORS];
    uint8_t share[LIMIT_SECTORS][FIND_UNITS];
    int shared_most[LIMIT_SECTORS];
    const struct term *shared_by[LIMIT_SECTORS];
    int unique; /* the one leaf of a synonym that is the whole question, or -1; -2: several */
};

static int term_count(const struct term *t)
{
    return t->leaf != NULL ? t->n_leaves : t->leaf_to - t->leaf_from;
}

static int term_leaf(const struct term *t, int i)
{
    return t->leaf != NULL ? t->leaf[i] : t->leaf_from + i;
}

/* Later codes of a synonym come after earlier ones; leaves of a group by code, closely. */
static void score_leaves(struct search *s, const struct term *t, int score)
{
    int step = t->kind == TERM_SYNONYM ? 15 : 2;
    for (int i = 0; i < term_count(t); i++) {
        int leaf = term_leaf(t, i), down = i < 10 ? i * step : 10 * step;
        if (score - down > s->score[leaf]) {
            s->score[leaf] = score - down;
            s->by[leaf] = t;
        }
    }
}

/* Synonyms of weight w: the whole 400 + 600 w, other matches down to seven tenths. */
static int weighed(const struct term *t, enum match m, int score)
{
    if (t->kind == TERM_SYNONYM && m == WHOLE)
        return 400 + 600 * t->weight / WEIGHT_WHOLE;
    return score * (700 + 300 * t->weight / WEIGHT_WHOLE) / 1000;
}

static void match_term(struct search *s, const struct term *t, struct str words)
{
    int length = word_length(t->text), covered = 0;
    enum match m;
    if (str_eq(t->text, words)) {
        m = WHOLE;
    } else if (t->text.n > words.n && str_find(t->text, words, NULL)) {
        m = INSIDE_NAME;
        covered = 1000 * s->length / length;
    } else if (t->text.n < words.n && length > 1 && str_find(words, t->text, NULL)) {
        m = AROUND_NAME;
        covered = 1000 * length / s->length;
    } else {
        return;
    }
    const struct worth *w = &worth_of[t->kind][m];
    score_leaves(s, t, weighed(t, m, w->base + w->span * covered / 1000));
    if (m == WHOLE && t->kind == TERM_SYNONYM) {
        int leaf = t->n_leaves == 1 ? t->leaf[0] : -2;
        s->unique = s->unique == -1 || s->unique == leaf ? leaf : -2;
    }
}

static void share_units(struct search *s, const struct term *t)
{
    int at[FIND_UNITS], n = 0;
    for (int u = 0; u < s->n_units; u++) {
        if ((t->signature & s->signature[u]) != 0 && str_find(t->text, s->unit[u], NULL)) {
            at[n++] = u;
            s->seen_in[u]++;
        }
    }
    int share = unit_share[t->kind] * t->weight / WEIGHT_WHOLE;
    for (int i = 0; n > 0 && i < term_count(t); i++) {
        int leaf = term_leaf(t, i);
        for (int k = 0; k < n; k++) {
            uint8_t *have = &s->share[leaf][at[k]];
            *have = *have < share ? (uint8_t)share : *have;
        }
        if (n * share > s->shared_most[leaf]) {
            s->shared_most[leaf] = n * share;
            s->shared_by[leaf] = t;
        }
    }
}

/* One more than the binary logarithm of how rare the unit is. */
static int rarity(int terms, int seen_in)
{
    int w = 1;
    for (int64_t x = seen_in < 1 ? 1 : seen_in; 2 * x <= terms; x *= 2)
        w++;
    return w;
}

/* A single unit is no overlap but a plain match, which match_term has weighed. */
static void score_units(struct search *s, const struct classification *c)
{
    int rare[FIND_UNITS], whole = 0;
    for (int u = 0; u < s->n_units; u++) {
        rare[u] = rarity(c->finder->n_terms, s->seen_in[u]);
        whole += rare[u];
    }
    for (int i = 0; s->n_units > 0 && i < c->gbt.n_leaves; i++) {
        int got = 0;
        for (int u = 0; u < s->n_units; u++)
            got += rare[u] * s->share[i][u];
        int overlap = UNITS_SCORE * got / (100 * whole);
        if (overlap > s->score[i]) {
            s->score[i] = overlap;
            s->by[i] = s->shared_by[i];
        } else if (s->score[i] > 0 && s->score[i] < 800) {
            s->score[i] += overlap / 20;
        }
    }
}

static bool is_service(const struct code *x)
{
    return x->code.n == 4 && x->code.p[0] >= '5' && str_cmp(x->code, STR("51")) >= 0 &&
           str_cmp(x->code, STR("98")) < 0;
}

static void choose(struct search *s, const struct classification *c, struct finding *out)
{
    const int most = (int)(sizeof out->best / sizeof *out->best);
    for (int i = 0; i < c->gbt.n_leaves; i++) {
        int score = s->score[i];
        if (score < LEAST || s->by[i] == NULL)
            continue;
        if (score < 900 && is_service(sector_leaf(c, i)))
            score += SERVICE_BONUS;
        score = score > 1000 ? 1000 : score;
        int at = out->n;
        while (at > 0 && score > out->best[at - 1].score)
            at--;
        if (at == most)
            continue;
        out->n = out->n < most ? out->n + 1 : most;
        memmove(&out->best[at + 1], &out->best[at],
                (size_t)(out->n - 1 - at) * sizeof *out->best);
        out->best[at] = (struct candidate){i, score, s->by[i]->shown};
    }
    if (out->n == 0)
        return;
    int first = out->best[0].score, second = out->n > 1 ? out->best[1].score : 0;
    out->clear = (first >= DECIDED && 100 * first >= AHEAD_PERCENT * second) ||
                 s->unique == out->best[0].leaf;
}

/* Without the spaces that stand between two characters other than ASCII. */
static struct str close_gaps(struct str s, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        bool between = s.p[i] == ' ' && i > 0 && i + 1 < s.n && (s.p[i - 1] & 0x80) != 0 &&
                       (s.p[i + 1] & 0x80) != 0;
        if (!between)
            out[n++] = s.p[i];
    }
    return (struct str){out, n};
}

void classification_find(const struct classification *c, struct str words, struct finding *out)
{
    char spelled[FIND_SPELLED], close[FIND_SPELLED];
    struct search s = {.unique = -1};
    *out = (struct finding){0};
    if (words.n > LIMIT_WORDS_BYTES)
        words.n = LIMIT_WORDS_BYTES;
    s.words = (struct str){spelled, word_spell(words, spelled, sizeof spelled)};
    s.close = close_gaps(s.words, close);
    s.length = word_length(s.words);
    if (s.length == 0)
        return;
    s.n_units = word_units(s.words, s.unit, FIND_UNITS);
    for (int u = 0; u < s.n_units; u++)
        s.signature[u] = word_signature(s.unit[u]);
    for (int i = 0; i < c->finder->n_terms; i++) {
        match_term(&s, &c->finder->term[i], s.words);
        if (s.close.n < s.words.n) /* "法律 咨询" is also 法律咨询 */
            match_term(&s, &c->finder->term[i], s.close);
        share_units(&s, &c->finder->term[i]);
    }
    score_units(&s, c);
    choose(&s, c, out);
}
