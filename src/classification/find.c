/*
 * Words to classes. Two passes over the vocabulary; nothing is allocated.
 *
 * What the question says is cut into units (words.c). A leaf has a unit to the degree that a
 * text which speaks for the leaf has it; a unit is worth the more, the fewer leaves have it. The
 * score of a leaf is the worth of the units it has, as a share of the worth of all units that
 * any leaf has, and besides that the share of the one text that covers most of the question
 * and is itself covered. A text that is the whole question counts by a table of its own, and
 * above what is found by parts. Ties go by code. Only whole numbers are used: the answer is the
 * same everywhere.
 */
#include "classification/internal.h"

enum {
    LEAST = 90,
    PARTS_EVEN = 700,        /* a score that no whole match gave counts in full up to here, */
    PARTS_MOST = 880,        /* then by a quarter up to here */
    BELOW_WHOLE = 20,        /* and stays so much below the best whole match; */
    AMONG = 6,               /* among the leaves of one whole match it counts this part, */
    AMONG_MOST = 930,        /* up to here: below the name of a class */
    UNITS_PART = 580,        /* of 1000: the share of units; the rest is the best single text */
    SINGLE_PERCENT = 35,     /* a single character is worth this much of its rarity */
    WEAK_PERCENT = 60,       /* behind "for" stands mostly the client; see search.weak */
    PREFIX_LETTERS = 4,
    SLIP_LETTERS = 5,        /* shorter stems that differ in a letter are mostly other words */
    UNKNOWN_PERCENT = 60,    /* an unknown word counts so much of a known one in the whole */
    NEXT_PERCENT = 25,       /* two units side by side in one text */
    SECOND_PERCENT = 10,     /* a second text that has the unit too */
    SERVICE_PERCENT = 120,   /* services and construction: what the program is asked about */
    MAKING_PERCENT = 90,     /* manufacturing */
    DEED_PERCENT = 115,      /* what the question says is done, see deeds[] */
    RESIDUAL_PERCENT = 95,   /* "other" classes are right only where nothing else is, */
    OTHERS_PERCENT = 110,    /* unless the question itself speaks of others */
    DECIDED = 500,
    AHEAD_PERCENT = 180,
};

enum { HITS = FIND_TERMS + FIND_TERMS / 2 }; /* texts, and some again for starts of words */

enum match { WHOLE, INSIDE_NAME, AROUND_NAME, MATCHES };

struct worth {
    int base, span;
};

static const struct worth worth_of[][MATCHES] = {
    [TERM_CLASS] = {{950, 0}, {600, 250}, {500, 300}},
    [TERM_GROUP] = {{880, 0}, {540, 250}, {450, 300}},
    [TERM_DIVISION] = {{800, 0}, {440, 250}, {380, 250}},
    [TERM_TITLE] = {{800, 0}, {480, 250}, {400, 300}},
    [TERM_FOREIGN] = {{700, 0}, {400, 250}, {350, 300}},
    [TERM_SYNONYM] = {{1000, 0}, {540, 300}, {480, 350}},
    [TERM_WORDS] = {{0, 0}, {0, 0}, {0, 0}},
};

/* How much of a unit a text of each kind gives to its leaves, in percent. */
static const int unit_share[] = {[TERM_CLASS] = 100,  [TERM_GROUP] = 60,   [TERM_DIVISION] = 25,
                                 [TERM_TITLE] = 55,   [TERM_FOREIGN] = 60, [TERM_SYNONYM] = 90,
                                 [TERM_WORDS] = 95};

struct hit {
    int term;
    uint64_t units; /* a bit for each unit of the question that the term has */
};

struct search {
    struct str words; /* spelled */
    struct str kept;  /* the same without what the question itself leaves out */
    struct str close; /* the same without the gaps between Chinese characters */
    int length;
    int n_units, n_full; /* units; the first n_full are no single characters */
    struct str unit[FIND_UNITS];
    uint64_t signature[FIND_UNITS];
    uint64_t weak;    /* behind "for", only the start of a word, or general */
    uint32_t deeds;   /* a bit for each that the question names */
    uint64_t follows; /* unit i+1 stands next to unit i in the question */
    int worth[FIND_UNITS];
    int whole; /* the worth of all units that any leaf has */
    int score[LIMIT_SECTORS];
    const struct term *by[LIMIT_SECTORS];
    uint8_t share[LIMIT_SECTORS][FIND_UNITS];
    int text[LIMIT_SECTORS]; /* the best single text of a leaf, of 1000 */
    int most[LIMIT_SECTORS]; /* the most worth one text has given */
    const struct term *most_by[LIMIT_SECTORS];
    int unique; /* the one leaf of a synonym that is the whole question, or -1; -2: several */
    int n_hits;
    struct hit hit[HITS];
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

/* The whole question; or, for a question without units (one character), any part of a name. */
static void match_term(struct search *s, const struct term *t, struct str words)
{
    int covered = 0;
    enum match m;
    if (t->kind == TERM_WORDS) {
        return;
    } else if (str_eq(t->text, words)) {
        m = WHOLE;
    } else if (s->n_units == 0 && t->text.n > words.n && str_find(t->text, words, NULL)) {
        m = INSIDE_NAME;
        covered = 1000 * s->length / word_length(t->text);
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

static int term_share(const struct term *t)
{
    return unit_share[t->kind] * t->weight / WEIGHT_WHOLE;
}

/* What a text that has these units gives to its leaves. */
static void give(struct search *s, const struct term *terms, int at, uint64_t units)
{
    const struct term *t = &terms[at];
    int share = term_share(t);
    if (s->n_hits < HITS)
        s->hit[s->n_hits++] = (struct hit){at, units};
    for (int i = 0; i < term_count(t); i++) {
        uint8_t *have = s->share[term_leaf(t, i)];
        for (uint64_t rest = units; rest != 0; rest &= rest - 1) {
            int u = __builtin_ctzll(rest);
            int high = have[u] > share ? have[u] : share, low = have[u] + share - high;
            int both = high + low * SECOND_PERCENT / 100;
            have[u] = (uint8_t)(both > 125 ? 125 : both);
        }
    }
}

/* First pass: which units each text has. */
static void share_units(struct search *s, const struct term *terms, int at)
{
    uint64_t units = 0;
    for (int u = 0; u < s->n_units; u++) {
        if ((terms[at].signature & s->signature[u]) != 0 &&
            str_find(terms[at].text, s->unit[u], NULL))
            units |= (uint64_t)1 << u;
    }
    if (units != 0)
        give(s, terms, at, units);
}

/* An English word that no text has is looked for by its start: haircut as hair, psychologist as
 * psycholog. At least PREFIX_LETTERS letters and six tenths of the word must be left. */
static bool retry_prefix(struct search *s, const struct classification *c, int u)
{
    struct str whole = s->unit[u];
    const struct term *terms = c->finder->term;
    size_t letters = whole.n - 2;
    bool found = false;
    for (size_t n = letters; n >= PREFIX_LETTERS && 10 * n >= 6 * letters && !found; n--) {
        struct str start = {whole.p, n + 1};
        for (int i = 0; i < c->finder->n_terms; i++) {
            if (str_find(terms[i].text, start, NULL)) {
                give(s, terms, i, (uint64_t)1 << u);
                found = true;
            }
        }
    }
    s->weak |= (uint64_t)found << u;
    return found;
}

/* One letter more, less or another, or two neighbours that changed places. */
static bool is_slip(struct str a, struct str b)
{
    size_t from = 0, same = 0, least = a.n < b.n ? a.n : b.n;
    while (from < least && a.p[from] == b.p[from])
        from++;
    while (same < least - from && a.p[a.n - 1 - same] == b.p[b.n - 1 - same])
        same++;
    size_t x = a.n - from - same, y = b.n - from - same;
    bool swapped = x == 2 && y == 2 && a.p[from] == b.p[from + 1] && a.p[from + 1] == b.p[from];
    return swapped || (x <= 1 && y <= 1);
}

/* Whether a text has a word that the given one is a slip of. The first letter is mostly right,
 * and most words are passed over by it. */
static bool has_slip(struct str text, struct str word)
{
    size_t from = 0;
    for (size_t i = 0; i <= text.n; i++) {
        if (i < text.n && text.p[i] != ' ')
            continue;
        if (i - from + 1 >= word.n && i - from <= word.n + 1 && text.p[from] == word.p[0] &&
            is_slip(word, (struct str){text.p + from, i - from}))
            return true;
        from = i + 1;
    }
    return false;
}

/* A word that no text has, not even its start, may be mistyped: acountant, trasport. */
static bool retry_slip(struct search *s, const struct classification *c, int u)
{
    struct str word = {s->unit[u].p + 1, s->unit[u].n - 2};
    const struct term *terms = c->finder->term;
    bool found = false;
    for (int i = 0; i < c->finder->n_terms && word.n >= SLIP_LETTERS; i++) {
        if (has_slip(terms[i].text, word)) {
            give(s, terms, i, (uint64_t)1 << u);
            found = true;
        }
    }
    s->weak |= (uint64_t)found << u;
    return found;
}

static void retry_unknown(struct search *s, const struct classification *c)
{
    uint64_t known = 0;
    for (int i = 0; i < s->n_hits; i++)
        known |= s->hit[i].units;
    for (int u = 0; u < s->n_full; u++) {
        if ((known >> u & 1) == 0 && s->unit[u].p[0] == ' ')
            (void)(retry_slip(s, c, u) || retry_prefix(s, c, u));
    }
}

/* Sixteen times the binary logarithm of x / 256, for x >= 256; straight between powers. */
static int logarithm(int64_t x)
{
    int whole = 0;
    for (; x >= 512; x /= 2)
        whole += 16;
    return whole + (int)((x - 256) / 16);
}

/* A unit that no leaf has is worth nothing, but makes the whole larger: pairs of Chinese
 * characters do not, for most of the unknown ones stand across two words. */
static void weigh_units(struct search *s, int n_leaves)
{
    int known = 0, unknown = 0, sum = 0;
    for (int u = 0; u < s->n_units; u++) {
        int64_t have = 0;
        for (int i = 0; i < n_leaves; i++)
            have += s->share[i][u];
        if (have == 0) {
            unknown += s->unit[u].p[0] == ' ';
            continue;
        }
        have = have < 100 ? 100 : have;
        s->worth[u] = logarithm(256 + (int64_t)n_leaves * 100 * 256 / have);
        if (u >= s->n_full)
            s->worth[u] = s->worth[u] * SINGLE_PERCENT / 100;
        else if ((s->weak >> u & 1) != 0)
            s->worth[u] = s->worth[u] * WEAK_PERCENT / 100;
        sum += s->worth[u];
        known++;
    }
    s->whole = sum + (known > 0 ? unknown * (sum / known) * UNKNOWN_PERCENT / 100 : 0);
}

/* Second pass: how much of the question one text covers, and how much of it is covered. */
static void score_text(struct search *s, const struct term *terms, const struct hit *h)
{
    const struct term *t = &terms[h->term];
    int worth = 0, full = 0;
    for (uint64_t rest = h->units; rest != 0; rest &= rest - 1) {
        int u = __builtin_ctzll(rest);
        worth += s->worth[u];
        full += u < s->n_full;
        bool next = u + 1 < s->n_full && (h->units >> u & 2) != 0 && (s->follows >> u & 1) != 0;
        if (next)
            worth += (s->worth[u] < s->worth[u + 1] ? s->worth[u] : s->worth[u + 1]) *
                     NEXT_PERCENT / 100;
    }
    int covered = t->kind == TERM_WORDS || t->n_units == 0 ? 0 : 1000 * full / t->n_units;
    covered = covered > 1000 ? 1000 : covered;
    int share = term_share(t);
    int text = (int)((int64_t)1000 * worth / s->whole * share / 100 * (400 + covered * 6 / 10) /
                     1000);
    for (int i = 0; i < term_count(t); i++) {
        int leaf = term_leaf(t, i);
        int down = t->kind == TERM_SYNONYM && t->leaf != NULL ? i * 15 : 0;
        if (text - down > s->text[leaf])
            s->text[leaf] = text - down;
        if (worth * share > s->most[leaf]) {
            s->most[leaf] = worth * share;
            s->most_by[leaf] = t;
        }
    }
}

static bool between(const struct code *x, const char *from, const char *to)
{
    return str_cmp(x->code, str_from(from)) >= 0 && str_cmp(x->code, str_from(to)) < 0;
}

/* Words that say what is done with a thing, and where in the list that is done. Most things are
 * made, sold, let and repaired: the thing alone does not tell these apart. */
static const struct deed {
    const char *word, *from, *to;
} deeds[] = {
    {"制造", "13", "43"},   {" manufactur ", "13", "43"}, {"批发", "511", "518"},
    {"零售", "52", "53"},   {" wholesal ", "511", "518"}, {" retail ", "52", "53"},
    {"出租", "71", "72"},   {"租赁", "71", "72"},         {" rental ", "71", "72"},
    {" rent ", "71", "72"}, {" leas ", "71", "72"},       {" hir ", "71", "72"},
    {"修理", "431", "44"},  {"维修", "431", "44"},        {" repair ", "431", "44"},
    {"修理", "81", "82"},   {"维修", "81", "82"},         {" repair ", "81", "82"},
    {" fix ", "81", "82"},  {" mend ", "81", "82"},
};

static void find_deeds(struct search *s)
{
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
        s->deeds |= (uint32_t)str_find(s->kept, str_from(deeds[i].word), NULL) << i;
}

static int prior(const struct search *s, const struct code *x, bool others)
{
    int deed = 100;
    for (uint32_t rest = s->deeds; rest != 0; rest &= rest - 1) {
        const struct deed *d = &deeds[__builtin_ctz(rest)];
        deed = between(x, d->from, d->to) ? DEED_PERCENT : deed;
    }
    int percent = between(x, "47", "91") ? SERVICE_PERCENT
                  : between(x, "13", "44") ? MAKING_PERCENT
                                           : 100;
    bool residual = x->code.p[x->code.n - 1] == '9' && str_has_prefix(x->name_zh, STR("其他"));
    int residue = !residual ? 100 : others ? OTHERS_PERCENT : RESIDUAL_PERCENT;
    return percent * residue / 100 * deed / 100;
}

static int compress(int score, int most)
{
    if (score > PARTS_EVEN)
        score = PARTS_EVEN + (score - PARTS_EVEN) / 4;
    return score > most ? most : score;
}

/* The name of a group or a title that reaches several leaves does not say which of them. */
static int among(int whole, int parts)
{
    int sum = whole + parts / AMONG;
    return whole >= AMONG_MOST ? whole : sum > AMONG_MOST ? AMONG_MOST : sum;
}

/* A synonym or name that is the whole question was put there by hand, and stays first. */
static void score_units(struct search *s, const struct classification *c)
{
    int most = 0;
    bool others = s->kept.n < s->words.n || str_find(s->words, STR("其他"), NULL) ||
                  str_find(s->words, STR(" other "), NULL);
    for (int i = 0; i < c->gbt.n_leaves; i++)
        most = s->score[i] > most ? s->score[i] : most;
    most = most > 0 && most - BELOW_WHOLE < PARTS_MOST ? most - BELOW_WHOLE : PARTS_MOST;
    for (int i = 0; s->whole > 0 && i < c->gbt.n_leaves; i++) {
        int64_t got = 0;
        for (int u = 0; u < s->n_units; u++)
            got += s->worth[u] * s->share[i][u];
        int score = (int)(got * UNITS_PART / (100 * s->whole)) +
                    s->text[i] * (1000 - UNITS_PART) / 1000;
        score = compress(score * prior(s, sector_leaf(c, i), others) / 100, PARTS_MOST);
        if (s->by[i] != NULL && s->by[i]->kind != TERM_SYNONYM && s->by[i]->kind != TERM_CLASS)
            s->score[i] = among(s->score[i], score);
        score = score > most ? most : score;
        if (score > s->score[i]) {
            s->score[i] = score;
            s->by[i] = s->most_by[i];
        }
    }
}

/* At least a third of the units are known (pairs across two Chinese words never are): of what
 * is said in unknown words nothing is clear. */
static bool mostly_known(const struct search *s)
{
    int known = 0;
    for (int u = 0; u < s->n_full; u++)
        known += s->worth[u] > 0;
    return 3 * known >= s->n_full;
}

static void choose(struct search *s, const struct classification *c, struct finding *out)
{
    const int most = (int)(sizeof out->best / sizeof *out->best);
    for (int i = 0; i < c->gbt.n_leaves; i++) {
        int score = s->score[i];
        if (score < LEAST || s->by[i] == NULL)
            continue;
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
    bool ahead = first >= DECIDED && 100 * first >= AHEAD_PERCENT * second;
    out->clear = (ahead && mostly_known(s)) || s->unique == out->best[0].leaf;
}

/* Without the spaces that stand between two characters other than ASCII. */
static struct str close_gaps(struct str s, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        bool between_two = s.p[i] == ' ' && i > 0 && i + 1 < s.n && (s.p[i - 1] & 0x80) != 0 &&
                           (s.p[i + 1] & 0x80) != 0;
        if (!between_two)
            out[n++] = s.p[i];
    }
    return (struct str){out, n};
}

/* Words that any supplier may use of any service, and that names have, too. */
static bool is_general(struct str unit)
{
    static const char *const general[] = {"公司", "企业", "客户", "服务", "提供", "业务", "活动",
                                          "单位", "顾客", "各种", " servic ", " activiti ",
                                          " compani ", " firm ", " client ", " customer ",
                                          " provid "};
    for (size_t i = 0; i < sizeof general / sizeof *general; i++) {
        if (str_eqz(unit, general[i]))
            return true;
    }
    return false;
}

static void cut_units(struct search *s)
{
    size_t at;
    s->n_full = s->n_units = word_units(s->kept, s->unit, FIND_UNITS * 5 / 8);
    if (s->n_full > 0)
        s->n_units += word_singles(s->kept, s->unit + s->n_full, FIND_UNITS - s->n_full);
    for (int u = 0; u < s->n_units; u++) {
        s->signature[u] = word_signature(s->unit[u]);
        bool next = u + 1 < s->n_full && s->unit[u + 1].p < s->unit[u].p + s->unit[u].n;
        s->follows |= (uint64_t)next << u;
        bool behind = str_find(s->kept, STR(" for "), &at) && s->unit[u].p > s->kept.p + at;
        s->weak |= (uint64_t)((behind && at > 0) || is_general(s->unit[u])) << u;
    }
}

void classification_find(const struct classification *c, struct str words, struct finding *out)
{
    char spelled[FIND_SPELLED], close[FIND_SPELLED], left[FIND_SPELLED], kept[FIND_SPELLED];
    struct search s = {.unique = -1};
    const struct term *term = c->finder->term;
    *out = (struct finding){0};
    if (words.n > LIMIT_WORDS_BYTES)
        words.n = LIMIT_WORDS_BYTES;
    s.words = (struct str){spelled, word_spell(words, spelled, sizeof spelled)};
    s.close = close_gaps(s.words, close);
    struct str without = {left, word_without_excluded(words, left, sizeof left)};
    s.kept = (struct str){kept, word_spell(without, kept, sizeof kept)};
    s.length = word_length(s.words);
    if (s.length == 0)
        return;
    cut_units(&s);
    find_deeds(&s);
    vocabulary_ready(c->finder);
    for (int i = 0; i < c->finder->n_terms; i++) {
        match_term(&s, &term[i], s.words);
        if (s.close.n < s.words.n) /* "法律 咨询" is also 法律咨询 */
            match_term(&s, &term[i], s.close);
        share_units(&s, term, i);
    }
    retry_unknown(&s, c);
    weigh_units(&s, c->gbt.n_leaves);
    for (int i = 0; i < s.n_hits && s.whole > 0; i++)
        score_text(&s, term, &s.hit[i]);
    score_units(&s, c);
    choose(&s, c, out);
}
