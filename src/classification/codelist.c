/*
 * A code list: read, ordered into pre-order, and looked up. Siblings stand in the order of
 * their codes, numbers inside a code by value (2.A before 10.A). Below the top, a child's code
 * starts with its parent's; the lookup relies on that to skip whole subtrees, and loading
 * checks it.
 */
#include <stdlib.h>

#include "classification/internal.h"

struct raw {
    struct str code, parent, name_zh, name_en, kind; /* kind: of some lists */
    int line;
};

static bool is_digit(char x)
{
    return x >= '0' && x <= '9';
}

static size_t digits_at(struct str s, size_t i)
{
    size_t n = i;
    while (n < s.n && is_digit(s.p[n]))
        n++;
    return n - i;
}

/* Runs of digits by length (no list pads its numbers differently among siblings), else bytes. */
static int code_cmp(struct str a, struct str b)
{
    size_t i = 0;
    while (i < a.n && i < b.n) {
        bool at_start = i == 0 || !is_digit(a.p[i - 1]);
        size_t na = at_start ? digits_at(a, i) : 0, nb = at_start ? digits_at(b, i) : 0;
        if (na > 0 && nb > 0 && na != nb)
            return na < nb ? -1 : 1;
        if (a.p[i] != b.p[i])
            return (unsigned char)a.p[i] < (unsigned char)b.p[i] ? -1 : 1;
        i++;
    }
    return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
}

static int by_code(const void *a, const void *b)
{
    return code_cmp(((const struct raw *)a)->code, ((const struct raw *)b)->code);
}

static enum err read_rows(struct table *t, struct raw *raw, int *n, struct error *e)
{
    bool more;
    for (*n = 0;; (*n)++) {
        TRY(table_next(t, &more, e));
        if (!more)
            return OK;
        raw[*n] = (struct raw){table_text(t, "code"), table_text(t, "parent"),
                               table_text(t, "name_zh"), table_text(t, "name_en"),
                               table_text(t, "kind"), t->csv.line};
        if (raw[*n].code.n == 0)
            return table_fail(t, "code", "代码为空%.*s", "the code is empty%.*s", STR(""), e);
    }
}

static enum err link_parents(struct table *t, const struct raw *raw, int n, int *parent,
                             struct error *e)
{
    for (int i = 0; i < n; i++) {
        t->csv.line = raw[i].line;
        if (i > 0 && by_code(&raw[i - 1], &raw[i]) == 0)
            return table_fail(t, "code", "代码重复：%.*s", "the code stands twice: %.*s",
                              raw[i].code, e);
        parent[i] = -1;
        if (raw[i].parent.n == 0)
            continue;
        struct raw key = {.code = raw[i].parent};
        const struct raw *up = bsearch(&key, raw, (size_t)n, sizeof *raw, by_code);
        if (up == NULL)
            return table_fail(t, "parent", "没有这个上级代码：%.*s", "no such parent: %.*s",
                              raw[i].parent, e);
        parent[i] = (int)(up - raw);
    }
    return OK;
}

/* Level, end and leaves; the parents of l->code are set and it is in pre-order. */
static void number_codes(struct codelist *l, struct arena *a)
{
    l->leaf = ARENA_ARRAY(a, int, (size_t)l->n);
    for (int i = 0; i < l->n; i++) {
        struct code *x = &l->code[i];
        x->level = x->parent < 0 ? 1 : l->code[x->parent].level + 1;
        x->leaf_from = l->n_leaves;
        if (i + 1 == l->n || l->code[i + 1].parent != i)
            l->leaf[l->n_leaves++] = i;
        x->leaf_to = l->n_leaves;
        x->end = i + 1;
    }
    for (int i = l->n - 1; i >= 0; i--) {
        struct code *x = &l->code[i];
        if (x->parent < 0)
            continue;
        struct code *up = &l->code[x->parent];
        up->end = up->end < x->end ? x->end : up->end;
        up->leaf_to = up->leaf_to < x->leaf_to ? x->leaf_to : up->leaf_to;
    }
}

static enum err check_prefixes(const struct codelist *l, struct table *t, struct error *e)
{
    for (int i = 0; i < l->n; i++) {
        const struct code *x = &l->code[i];
        if (x->level > 2 && !str_has_prefix(x->code, l->code[x->parent].code))
            return table_fail(t, "parent", "代码不以上级代码开头：%.*s",
                              "the code does not start with its parent's: %.*s", x->code, e);
    }
    return OK;
}

enum err codelist_load(struct codelist *l, struct arena *a, const char *id, const char *name,
                       struct error *e)
{
    static const char *const columns[] = {"code", "parent", "name_zh", "name_en", NULL};
    struct table t;
    TRY(table_open(&t, a, name, columns, e));
    struct raw *raw = ARENA_ARRAY(a, struct raw, (size_t)t.n_rows);
    int *parent = ARENA_ARRAY(a, int, (size_t)t.n_rows);
    int *order = ARENA_ARRAY(a, int, (size_t)t.n_rows);
    int *place = ARENA_ARRAY(a, int, (size_t)t.n_rows);
    int n;
    TRY(read_rows(&t, raw, &n, e));
    sort_by(raw, (size_t)n, sizeof *raw, by_code);
    TRY(link_parents(&t, raw, n, parent, e));
    if (n == 0 || !tree_order(a, n, parent, order))
        return table_fail(&t, "parent", "代码表为空或上级关系成环%.*s",
                          "the list is empty or its parents form a circle%.*s", STR(""), e);
    *l = (struct codelist){.id = str_from(id), .n = n};
    l->code = ARENA_ARRAY(a, struct code, (size_t)n);
    for (int i = 0; i < n; i++)
        place[order[i]] = i;
    for (int i = 0; i < n; i++) {
        const struct raw *r = &raw[order[i]];
        int up = parent[order[i]];
        l->code[i] = (struct code){.code = r->code, .name_zh = r->name_zh,
                                   .name_en = r->name_en, .parent = up < 0 ? -1 : place[up],
                                   .memo = str_eqz(r->kind, "memo")};
    }
    number_codes(l, a);
    return check_prefixes(l, &t, e);
}

static bool starts_nocase(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq_nocase((struct str){s.p, prefix.n}, prefix);
}

/* Case of ASCII letters does not matter: no list has two codes that differ only in it. A node
 * below the top whose code does not start the wanted one has no descendant that is wanted. */
int codelist_find(const struct codelist *l, struct str code)
{
    int i = 0;
    while (i < l->n) {
        const struct code *x = &l->code[i];
        bool fits = starts_nocase(code, x->code);
        if (fits && code.n == x->code.n)
            return i;
        i = fits || x->level == 1 ? i + 1 : x->end;
    }
    return -1;
}
