/*
 * The one question that narrows most. The candidates near the best are split at each level of
 * the tree; a split is worth what it leaves: the candidates that remain after an answer, each
 * answer weighed by how likely its candidates are (the square of their scores).
 */
#include "classification/internal.h"

enum { NEAR_PERCENT = 50, LEVELS = 4 };

struct split {
    int level, n;
    struct narrow_choice choice[NARROW_CANDIDATES];
    int64_t weight[NARROW_CANDIDATES];
};

static int ancestor(const struct codelist *l, int at, int level)
{
    while (l->code[at].level > level)
        at = l->code[at].parent;
    return at;
}

/* The lowest node that holds both. */
static int meeting(const struct codelist *l, int a, int b)
{
    while (a != b) {
        if (l->code[a].level >= l->code[b].level)
            a = l->code[a].parent;
        else
            b = l->code[b].parent;
        if (a < 0 || b < 0)
            return -1;
    }
    return a;
}

static void split_at(struct split *s, const struct classification *c, const struct finding *f,
                     int n, int level)
{
    int top[NARROW_CANDIDATES];
    *s = (struct split){.level = level};
    for (int i = 0; i < n; i++) {
        int node = c->gbt.leaf[f->best[i].leaf], up = ancestor(&c->gbt, node, level), k = 0;
        while (k < s->n && top[k] != up)
            k++;
        if (k == s->n) {
            top[s->n++] = up;
            s->choice[k] = (struct narrow_choice){.node = node};
        }
        struct narrow_choice *to = &s->choice[k];
        to->node = meeting(&c->gbt, to->node, node);
        to->candidate[to->n++] = i;
        s->weight[k] += (int64_t)f->best[i].score * f->best[i].score;
    }
}

static void sort_by_weight(struct split *s)
{
    for (int i = 1; i < s->n; i++) {
        for (int k = i; k > 0 && s->weight[k] > s->weight[k - 1]; k--) {
            struct narrow_choice choice = s->choice[k];
            int64_t weight = s->weight[k];
            s->choice[k] = s->choice[k - 1];
            s->weight[k] = s->weight[k - 1];
            s->choice[k - 1] = choice;
            s->weight[k - 1] = weight;
        }
    }
}

/* More answers than one reads: the least likely become "none of these". */
static void fold_tail(struct split *s)
{
    if (s->n <= NARROW_CHOICES)
        return;
    struct narrow_choice *rest = &s->choice[NARROW_CHOICES - 1];
    rest->node = -1;
    for (int k = NARROW_CHOICES; k < s->n; k++) {
        memcpy(rest->candidate + rest->n, s->choice[k].candidate,
               (size_t)s->choice[k].n * sizeof *rest->candidate);
        rest->n += s->choice[k].n;
        s->weight[NARROW_CHOICES - 1] += s->weight[k];
    }
    s->n = NARROW_CHOICES;
}

/* A thousand times the candidates that are expected to remain. */
static int64_t remaining(const struct split *s)
{
    int64_t sum = 0, whole = 0;
    for (int k = 0; k < s->n; k++) {
        sum += s->weight[k] * s->choice[k].n;
        whole += s->weight[k];
    }
    return whole > 0 ? 1000 * sum / whole : 0;
}

static void put_words(struct narrowing *out, const struct classification *c)
{
    static const char *const zh[] = {"", "属于哪个领域？", "属于哪个领域？", "属于哪一类？",
                                     "是其中哪一项？"};
    static const char *const en[] = {"", "Which field is it in?", "Which field is it in?",
                                     "Which kind is it?", "Which of these is it?"};
    bool single = true;
    for (int k = 0; k < out->n; k++)
        single &= out->choice[k].n == 1;
    int words = single ? LEVELS : out->level;
    out->zh = str_from(zh[words]);
    out->en = str_from(en[words]);
    for (int k = 0; k < out->n; k++) {
        const struct code *x = out->choice[k].node < 0 ? NULL : &c->gbt.code[out->choice[k].node];
        out->choice[k].zh = x != NULL ? x->name_zh : STR("都不是");
        out->choice[k].en = x != NULL ? x->name_en : STR("none of these");
    }
}

bool classification_narrow(const struct classification *c, const struct finding *f,
                           struct narrowing *out)
{
    struct split s;
    int n = 0;
    int64_t best = 0;
    *out = (struct narrowing){0};
    while (n < f->n && 100 * f->best[n].score >= NEAR_PERCENT * f->best[0].score)
        n++;
    if (f->clear || n < 2)
        return false;
    for (int level = 1; level <= LEVELS; level++) {
        split_at(&s, c, f, n, level);
        if (s.n < 2)
            continue;
        sort_by_weight(&s);
        fold_tail(&s);
        int64_t left = remaining(&s);
        if (out->n == 0 || left < best) {
            best = left;
            out->level = s.level;
            out->n = s.n;
            out->of = n;
            out->left_milli = (int)left;
            memcpy(out->choice, s.choice, (size_t)s.n * sizeof *s.choice);
        }
    }
    put_words(out, c);
    return true;
}
