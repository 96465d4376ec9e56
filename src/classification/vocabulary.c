/* The vocabulary: names of the spine, titles of the foreign lists that reach its groups, shipped
 * synonyms, and the words that descriptions of a class, group or division use. */
#include <pthread.h>

#include "classification/internal.h"

static struct term *add_term(struct finder *f, struct str said, enum term_kind kind)
{
    if (said.n == 0 || f->n_terms == FIND_TERMS)
        return NULL;
    struct term *t = &f->term[f->n_terms++];
    *t = (struct term){.said = said, .shown = said, .kind = kind, .weight = WEIGHT_WHOLE};
    return t;
}

/* A letter between two other marks takes three bytes, so twice the bytes and two are enough. */
static size_t spelled_most(struct str said)
{
    return 2 * said.n + 2 < FIND_SPELLED ? 2 * said.n + 2 : FIND_SPELLED;
}

static void reserve_spelled(struct finder *f, struct arena *a)
{
    size_t room = 1;
    for (int i = 0; i < f->n_terms; i++)
        room += spelled_most(f->term[i].said);
    f->spelled = ARENA_ARRAY(a, char, room);
}

void vocabulary_ready(struct finder *f)
{
    static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
    if (atomic_load_explicit(&f->ready, memory_order_acquire))
        return;
    pthread_mutex_lock(&one);
    char *at = f->spelled;
    for (int i = 0; i < f->n_terms && !atomic_load(&f->ready); i++) {
        struct term *t = &f->term[i];
        t->text = (struct str){at, word_spell(t->said, at, spelled_most(t->said))};
        t->signature = word_signature_all(t->text, &t->n_units);
        at += t->text.n;
    }
    atomic_store_explicit(&f->ready, true, memory_order_release);
    pthread_mutex_unlock(&one);
}

static void add_names(struct classification *c)
{
    static const enum term_kind kinds[] = {TERM_DIVISION, TERM_GROUP, TERM_CLASS};
    for (int i = 0; i < c->gbt.n; i++) {
        const struct code *x = &c->gbt.code[i];
        if (x->level < 2 || x->level > 4)
            continue;
        struct str name[2] = {x->name_zh, x->name_en};
        for (int k = 0; k < 2; k++) {
            struct term *t = add_term(c->finder, name[k], kinds[x->level - 2]);
            if (t != NULL) {
                t->leaf_from = x->leaf_from;
                t->leaf_to = x->leaf_to;
            }
        }
    }
}

/* A title that covers only a part of the group speaks for it a little less. */
static void add_titles(struct classification *c)
{
    const struct finder *f = c->finder;
    for (int i = 0; i < f->n_group_isic; i++) {
        const struct group_isic *r = &f->group_isic[i];
        const struct code *group = &c->gbt.code[r->gbt], *isic = &c->isic.code[r->isic];
        struct str name[2] = {isic->name_zh, isic->name_en};
        for (int k = 0; k < 2; k++) {
            struct term *t = add_term(c->finder, name[k], TERM_TITLE);
            if (t != NULL) {
                t->leaf_from = group->leaf_from;
                t->leaf_to = group->leaf_to;
                t->weight = r->partial ? WEIGHT_WHOLE * 9 / 10 : WEIGHT_WHOLE;
            }
        }
    }
}

enum { FOREIGN_LEAVES = 12 }; /* a code that reaches more says too little of each */

/* Titles of the other lists speak for the leaves their codes reach, the less the more they
 * reach; whether they stand high or low in their list makes no other difference. */
static void add_foreign(struct classification *c, struct arena *a, const struct codelist *l,
                        const struct reach *reach)
{
    for (int i = 0; i < l->n; i++) {
        int n = (int)bits_count(reach[i].leaf, SECTOR_WORDS);
        if (n == 0 || n > FOREIGN_LEAVES)
            continue;
        int *leaf = ARENA_ARRAY(a, int, (size_t)n), at = 0;
        for (int w = 0; w < SECTOR_WORDS; w++) {
            for (uint64_t rest = reach[i].leaf[w]; rest != 0; rest &= rest - 1)
                leaf[at++] = 64 * w + __builtin_ctzll(rest);
        }
        struct str name[2] = {l->code[i].name_zh, l->code[i].name_en};
        for (int k = 0; k < 2; k++) {
            struct term *t = add_term(c->finder, name[k], TERM_FOREIGN);
            if (t == NULL)
                continue;
            t->leaf = leaf;
            t->n_leaves = n;
            t->weight = n <= 2 ? WEIGHT_WHOLE : WEIGHT_WHOLE * 2 / n;
        }
    }
}

static enum err add_words(struct classification *c, struct arena *a, struct error *e)
{
    static const char *const columns[] = {"code", "zh", "en", NULL};
    static const char *const languages[] = {"zh", "en"};
    struct table t;
    bool more;
    TRY(table_open(&t, a, "class-words.csv", columns, e));
    for (;;) {
        TRY(table_next(&t, &more, e));
        if (!more)
            return OK;
        struct str code = table_text(&t, "code");
        int at = codelist_find(&c->gbt, code);
        if (at < 0)
            return table_fail(&t, "code", "没有这个代码：%.*s", "no such code: %.*s", code, e);
        const struct code *x = &c->gbt.code[at];
        for (int k = 0; k < 2; k++) {
            struct str words = table_text(&t, languages[k]);
            if (words.n > FIND_SPELLED * 3 / 4)
                return table_limit(&t, "FIND_SPELLED", FIND_SPELLED * 3 / 4, e);
            struct term *term = add_term(c->finder, words, TERM_WORDS);
            if (term == NULL)
                continue;
            term->shown = k == 0 ? x->name_zh : x->name_en;
            term->leaf_from = x->leaf_from;
            term->leaf_to = x->leaf_to;
            term->weight = WEIGHT_WHOLE * (6 + x->level) / 10;
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
        struct term *term = add_term(c->finder, str_trim(word), TERM_SYNONYM);
        if (term == NULL)
            return table_fail(t, "term", "词为空：%.*s", "the term is empty: %.*s", word, e);
        term->weight = (int)weight * (WEIGHT_WHOLE / 100);
        TRY(read_leaves(c, a, t, term, e));
    }
}

static int count_names(const struct codelist *l)
{
    int n = 0;
    for (int i = 0; i < l->n; i++)
        n += (l->code[i].name_zh.n > 0) + (l->code[i].name_en.n > 0);
    return n;
}

enum err vocabulary_load(struct classification *c, struct arena *a, struct error *e)
{
    static const char *const columns[] = {"term", "lang", "codes", "weight", NULL};
    struct table t;
    TRY(table_open(&t, a, "synonyms.csv", columns, e));
    int foreign = count_names(&c->isic) + count_names(&c->cpc) + count_names(&c->w120) +
                  count_names(&c->ebops);
    /* A code has at most one row of words. */
    int most = 4 * c->gbt.n + 2 * c->finder->n_group_isic + t.n_rows + foreign;
    if (most > FIND_TERMS)
        return table_limit(&t, "FIND_TERMS", FIND_TERMS, e);
    c->finder->term = ARENA_ARRAY(a, struct term, (size_t)most);
    add_names(c);
    add_titles(c);
    add_foreign(c, a, &c->isic, c->finder->isic);
    add_foreign(c, a, &c->cpc, c->finder->cpc);
    add_foreign(c, a, &c->w120, c->finder->w120);
    add_foreign(c, a, &c->ebops, c->finder->ebops);
    TRY(add_words(c, a, e));
    TRY(add_synonyms(c, a, &t, e));
    reserve_spelled(c->finder, a);
    return OK;
}
