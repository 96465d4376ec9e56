/* The vocabulary: names of the spine, ISIC titles tied to its groups, shipped synonyms. */
#include "classification/internal.h"

static struct term *add_term(struct finder *f, struct arena *a, struct str shown,
                             enum term_kind kind)
{
    char spelled[FIND_SPELLED];
    struct str text = {spelled, word_spell(shown, spelled, sizeof spelled)};
    if (text.n == 0 || f->n_terms == FIND_TERMS)
        return NULL;
    struct term *t = &f->term[f->n_terms++];
    *t = (struct term){.text = str_copy(a, text), .shown = shown, .kind = kind,
                       .weight = WEIGHT_WHOLE};
    t->signature = word_signature_all(t->text);
    return t;
}

static void add_names(struct classification *c, struct arena *a)
{
    static const enum term_kind kinds[] = {TERM_DIVISION, TERM_GROUP, TERM_CLASS};
    for (int i = 0; i < c->gbt.n; i++) {
        const struct code *x = &c->gbt.code[i];
        if (x->level < 2 || x->level > 4)
            continue;
        struct str name[2] = {x->name_zh, x->name_en};
        for (int k = 0; k < 2; k++) {
            struct term *t = add_term(c->finder, a, name[k], kinds[x->level - 2]);
            if (t != NULL) {
                t->leaf_from = x->leaf_from;
                t->leaf_to = x->leaf_to;
            }
        }
    }
}

/* A title that covers only a part of the group speaks for it a little less. */
static void add_titles(struct classification *c, struct arena *a)
{
    const struct finder *f = c->finder;
    for (int i = 0; i < f->n_group_isic; i++) {
        const struct group_isic *r = &f->group_isic[i];
        const struct code *group = &c->gbt.code[r->gbt], *isic = &c->isic.code[r->isic];
        struct str name[2] = {isic->name_zh, isic->name_en};
        for (int k = 0; k < 2; k++) {
            struct term *t = add_term(c->finder, a, name[k], TERM_TITLE);
            if (t != NULL) {
                t->leaf_from = group->leaf_from;
                t->leaf_to = group->leaf_to;
                t->weight = r->partial ? WEIGHT_WHOLE * 9 / 10 : WEIGHT_WHOLE;
            }
        }
    }
}

/* The leaves of the codes of a synonym, in the order of the codes, each once. */
static enum err read_leaves(const struct classification *c, struct arena *a,
                            const struct table *t, struct term *term, struct error *e)
{
    struct str rest = table_text(t, "codes");
    uint64_t seen[SECTOR_WORDS] = {0};
    int leaf[LIMIT_SECTORS], n = 0;
    while (rest.n > 0) {
        struct str code = str_cut(rest, ' ', &rest);
        if (code.n == 0)
            continue;
        int at = codelist_find(&c->gbt, code);
        if (at < 0)
            return table_fail(t, "codes", "没有这个代码：%.*s", "no such code: %.*s", code, e);
        for (int i = c->gbt.code[at].leaf_from; i < c->gbt.code[at].leaf_to; i++) {
            if (!bit_get(seen, (size_t)i))
                leaf[n++] = i;
            bit_set(seen, (size_t)i);
        }
    }
    if (n == 0)
        return table_fail(t, "codes", "没有代码%.*s", "no code%.*s", STR(""), e);
    int *copy = ARENA_ARRAY(a, int, (size_t)n);
    memcpy(copy, leaf, (size_t)n * sizeof *copy);
    term->leaf = copy;
    term->n_leaves = n;
    return OK;
}

static enum err add_synonyms(struct classification *c, struct arena *a, struct table *t,
                             struct error *e)
{
    bool more;
    for (;;) {
        TRY(table_next(t, &more, e));
        if (!more)
            return OK;
        int64_t weight;
        struct str written = table_text(t, "weight"), word = table_text(t, "term");
        if (!str_int(written, &weight) || weight < 1 || weight > 100)
            return table_fail(t, "weight", "权重须是 1 至 100 的整数：%.*s",
                              "the weight must be a whole number from 1 to 100: %.*s", written,
                              e);
        if (c->finder->n_terms == FIND_TERMS)
            return table_limit(t, "FIND_TERMS", FIND_TERMS, e);
        struct term *term = add_term(c->finder, a, word, TERM_SYNONYM);
        if (term == NULL)
            return table_fail(t, "term", "词为空：%.*s", "the term is empty: %.*s", word, e);
        term->weight = (int)weight * (WEIGHT_WHOLE / 100);
        TRY(read_leaves(c, a, t, term, e));
    }
}

enum err vocabulary_load(struct classification *c, struct arena *a, struct error *e)
{
    static const char *const columns[] = {"term", "lang", "codes", "weight", NULL};
    struct table t;
    TRY(table_open(&t, a, "synonyms.csv", columns, e));
    int most = 2 * c->gbt.n + 2 * c->finder->n_group_isic + t.n_rows;
    if (most > FIND_TERMS)
        return table_limit(&t, "FIND_TERMS", FIND_TERMS, e);
    c->finder->term = ARENA_ARRAY(a, struct term, (size_t)most);
    add_names(c, a);
    add_titles(c, a);
    return add_synonyms(c, a, &t, e);
}
