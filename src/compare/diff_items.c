/* Items of two editions side by side. */
#include "compare/diff_items.h"

#include <stdlib.h>

static bool is_rule(const struct provision *p)
{
    return p->layer >= 0;
}

static void field(struct diff_item *i, const char *name, bool differs)
{
    if (differs && i->n_fields < (int)(sizeof i->field / sizeof *i->field))
        i->field[i->n_fields++] = name;
}

static bool basis_equal(const struct provision *a, const struct provision *b)
{
    if (a->n_basis != b->n_basis)
        return false;
    for (int i = 0; i < a->n_basis; i++)
        if (!str_eq(a->basis[i].title_zh, b->basis[i].title_zh) ||
            !str_eq(a->basis[i].article, b->basis[i].article) ||
            !str_eq(a->basis[i].version, b->basis[i].version))
            return false;
    return true;
}

/* What differs in words and papers, for two items that mean the same. */
static void other_fields(const struct provision *a, const struct provision *b,
                         struct diff_item *i)
{
    field(i, "no", a->no != b->no);
    field(i, "section", !str_eq(a->section, b->section));
    field(i, "effect", a->effect != b->effect);
    field(i, "zh", !str_eq(a->zh, b->zh));
    field(i, "en", !str_eq(a->en, b->en));
    field(i, "authority_zh", !str_eq(a->authority_zh, b->authority_zh));
    field(i, "basis", !basis_equal(a, b));
    field(i, "evidence", a->evidence != b->evidence);
}

/* Where both sides can speak: what lies outside changes nothing between them. */
static bool scopes_alike(const struct diff *d, const struct provision *a,
                         const struct provision *b)
{
    struct scope x = a->scope, y = b->scope;
    scope_clip(&x, &d->domain);
    scope_clip(&y, &d->domain);
    return scope_equal(&x, &y);
}

static void meaning_fields(const struct corpus *c, const struct diff *d,
                           const struct provision *a, const struct provision *b,
                           struct diff_item *i)
{
    static const char *const names[] = {"applies_when", "exceptions", "exempt_origins", "lift"};
    field(i, "scope", !scopes_alike(d, a, b));
    field(i, "effect", a->treatment != b->treatment);
    for (int part = 0; part < 4; part++)
        field(i, names[part], !meaning_part_equal(c, a, b, part));
}

struct pairing {
    const struct corpus *c;
    const int *meaning;
    struct diff *d;
    int *other; /* provision of b -> taken */
};

static void add(struct pairing *p, struct diff_item item)
{
    p->d->item[p->d->n_items++] = item;
}

/* Two items under one key: kept, reworded, or changed. */
static void add_namesakes(struct pairing *p, int a, int b)
{
    const struct provision *x = &p->c->provision[a], *y = &p->c->provision[b];
    struct diff_item i = {.a = a, .b = b, .note = NOTE_WORDING};
    if (p->meaning[a] == p->meaning[b] && scopes_alike(p->d, x, y)) {
        other_fields(x, y, &i);
        if (i.n_fields == 0)
            p->d->kept++;
        else
            add(p, i);
        return;
    }
    i.note = NOTE_CHANGED;
    meaning_fields(p->c, p->d, x, y, &i);
    add(p, i);
}

static bool rekeyed(struct pairing *p, int a, const struct instrument *tb)
{
    for (int b = tb->first; b < tb->first + tb->n; b++) {
        const struct provision *x = &p->c->provision[a], *y = &p->c->provision[b];
        if (!is_rule(y) || p->other[b - tb->first] || p->meaning[a] != p->meaning[b] ||
            !scopes_alike(p->d, x, y))
            continue;
        struct diff_item i = {.a = a, .b = b, .note = NOTE_REKEYED};
        other_fields(x, y, &i);
        add(p, i);
        p->other[b - tb->first] = 1;
        return true;
    }
    return false;
}

struct keyed {
    struct str key;
    int provision;
};

static int by_key(const void *a, const void *b)
{
    return str_cmp(((const struct keyed *)a)->key, ((const struct keyed *)b)->key);
}

static int keyed_find(const struct keyed *k, int n, struct str key)
{
    int lo = 0, hi = n;
    while (lo < hi) {
        int mid = lo + (hi - lo) / 2;
        int c = str_cmp(k[mid].key, key);
        if (c == 0)
            return k[mid].provision;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return -1;
}

void diff_items(const struct snapshot *s, const int *meaning, struct diff *d, struct arena *arena)
{
    const struct corpus *c = snapshot_corpus(s);
    const struct instrument *ta = &c->instrument[d->a.instrument];
    const struct instrument *tb = &c->instrument[d->b.instrument];
    struct pairing p = {.c = c, .meaning = meaning, .d = d};
    struct keyed *keys = ARENA_ARRAY(arena, struct keyed, (size_t)tb->n + 1);
    bool *lone = ARENA_ARRAY(arena, bool, (size_t)ta->n + 1);
    p.other = ARENA_ARRAY(arena, int, (size_t)tb->n + 1);
    d->item = ARENA_ARRAY(arena, struct diff_item, (size_t)ta->n + (size_t)tb->n + 1);
    for (int i = 0; i < tb->n; i++)
        keys[i] = (struct keyed){c->provision[tb->first + i].key, tb->first + i};
    sort_by(keys, (size_t)tb->n, sizeof *keys, by_key);
    for (int i = 0; i < ta->n; i++) {
        int a = ta->first + i, b = keyed_find(keys, tb->n, c->provision[a].key);
        if (!is_rule(&c->provision[a]))
            continue;
        lone[i] = b < 0 || !is_rule(&c->provision[b]);
        if (lone[i])
            continue;
        p.other[b - tb->first] = 1;
        add_namesakes(&p, a, b);
    }
    for (int i = 0; i < ta->n; i++)
        if (lone[i] && !rekeyed(&p, ta->first + i, tb))
            add(&p, (struct diff_item){.a = ta->first + i, .b = -1, .note = NOTE_REMOVED});
    for (int i = 0; i < tb->n; i++)
        if (is_rule(&c->provision[tb->first + i]) && !p.other[i])
            add(&p, (struct diff_item){.a = -1, .b = tb->first + i, .note = NOTE_ADDED});
}

static struct diff_item *item_of(const struct diff *d, int provision)
{
    for (int i = 0; i < d->n_items; i++)
        if (d->item[i].a == provision || d->item[i].b == provision)
            return &d->item[i];
    return NULL;
}

bool diff_item_differs(const struct diff *d, int provision)
{
    const struct diff_item *i = item_of(d, provision);
    return i != NULL && i->note >= NOTE_REMOVED;
}

void diff_item_moves(struct diff *d, int provision)
{
    struct diff_item *i = item_of(d, provision);
    if (i != NULL)
        i->moves = true;
}

int diff_namesake(const struct diff *d, int provision)
{
    const struct diff_item *i = item_of(d, provision);
    return i == NULL ? -1 : i->a == provision ? i->b : i->a;
}
