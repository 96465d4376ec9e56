/* The checks on save. Pairs of items are compared plainly: a list has a few hundred of them. */
#include "law/checks.h"
#include "law/internal.h"
#include "space/grid.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* --- lines -------------------------------------------------------------------------------- */

static size_t skip_space(struct str s, size_t i)
{
    while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == '\t' ||
                       s.p[i] == ',' || s.p[i] == ':'))
        i++;
    return i;
}

static size_t skip_string(struct str s, size_t i) /* at the opening quote */
{
    for (i++; i < s.n && s.p[i] != '"'; i++)
        i += s.p[i] == '\\';
    return i < s.n ? i + 1 : s.n;
}

static size_t skip_value(struct str s, size_t i)
{
    int depth = 0;
    do {
        if (i >= s.n)
            return s.n;
        char ch = s.p[i];
        if (ch == '"') {
            i = skip_string(s, i);
            continue;
        }
        depth += (ch == '{' || ch == '[') - (ch == '}' || ch == ']');
        i++;
    } while (depth > 0 || (i < s.n && !strchr(",]} \n\r\t", s.p[i])));
    return i;
}

/* Where the value of a member or element begins; s.n if it is not there. */
static size_t member(struct str s, size_t i, struct str name)
{
    int64_t index = 0, want = 0;
    bool object = i < s.n && s.p[i] == '{';
    if (!object && (i >= s.n || s.p[i] != '[' || !str_int(name, &want)))
        return s.n;
    for (i = skip_space(s, i + 1); i < s.n && s.p[i] != '}' && s.p[i] != ']';
         i = skip_space(s, skip_value(s, i)), index++) {
        if (!object && index == want)
            return i;
        if (!object)
            continue;
        size_t end = skip_string(s, i);
        struct str key = {s.p + i + 1, end - i - 2};
        i = skip_space(s, end);
        if (str_eq(key, name))
            return i;
    }
    return s.n;
}

int law_line(struct str json, const char *pointer)
{
    struct str rest = str_from(pointer), name;
    size_t at = skip_space(json, 0), next = at;
    if (json.n == 0)
        return 0;
    str_cut(rest, '/', &rest); /* what stands before the first slash is nothing */
    while (rest.n > 0 && next < json.n) {
        at = next;
        name = str_cut(rest, '/', &rest);
        next = member(json, at, name);
    }
    at = next < json.n ? next : at;
    int line = 1;
    for (size_t i = 0; i < at && i < json.n; i++)
        line += json.p[i] == '\n';
    return line;
}

/* --- findings ----------------------------------------------------------------------------- */

struct checker {
    const struct corpus *c;
    int at; /* the instrument */
    const struct instrument *t;
    struct law_findings *out;
};

static struct law_finding *finding_new(struct law_findings *f)
{
    if (f->n == f->room) {
        int room = f->room == 0 ? 16 : 2 * f->room;
        struct law_finding *wider = ARENA_ARRAY(f->a, struct law_finding, (size_t)room);
        if (f->n > 0)
            memcpy(wider, f->f, (size_t)f->n * sizeof *wider);
        f->f = wider;
        f->room = room;
    }
    return &f->f[f->n++];
}

static struct str vformat(struct arena *a, const char *fmt, va_list ap)
{
    char z[4096]; /* a finding is a sentence; a region in words may be cut */
    vsnprintf(z, sizeof z, fmt, ap);
    struct str s = str_from(z);
    while (s.n > 0 && !str_utf8_valid(s))
        s.n--;
    return str_copy(a, s);
}

/* zh and en take the same arguments in the same order. `member` is where: below the provision
 * if there is one. */
static void add(struct checker *k, enum severity severity, const char *code,
                const struct provision *p, const char *member, uint64_t cells, const char *zh,
                const char *en, ...) __attribute__((format(printf, 8, 9)));
static void add(struct checker *k, enum severity severity, const char *code,
                const struct provision *p, const char *member, uint64_t cells, const char *zh,
                const char *en, ...)
{
    char pointer[64];
    va_list ap, again;
    struct law_finding *f = finding_new(k->out);
    *f = (struct law_finding){.severity = severity, .code = code, .cells = cells};
    snprintf(pointer, sizeof pointer, "%s", member);
    if (p != NULL) {
        snprintf(pointer, sizeof pointer, "/provisions/%d%s",
                 (int)(p - k->c->provision) - k->t->first, member);
        f->key = p->key;
    }
    f->line = law_line(k->t->text, pointer);
    k->out->n_errors += severity == FINDING_ERROR;
    va_start(ap, en);
    va_copy(again, ap);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    f->zh = vformat(k->out->a, zh, ap);
    f->en = vformat(k->out->a, en, again);
#pragma GCC diagnostic pop
    va_end(again);
    va_end(ap);
}

/* --- conditions --------------------------------------------------------------------------- */

/* The same expression, node by node; the reader bounds the depth. */
static bool expr_same(const struct corpus *c, int a, int b)
{
    if (a < 0 || b < 0)
        return a == b;
    const struct expr *x = &c->expr[a], *y = &c->expr[b];
    if (x->op != y->op || x->fact != y->fact || x->value != y->value || x->values != y->values)
        return false;
    int i = x->child, j = y->child;
    for (; i >= 0 && j >= 0; i = c->expr[i].next, j = c->expr[j].next)
        if (!expr_same(c, i, j))
            return false;
    return i == j;
}

/* a bites whenever b does: it asks for nothing that b does not ask for, and nothing takes a
 * supply out of it. */
static bool always_with(const struct corpus *c, const struct provision *a,
                        const struct provision *b)
{
    if (a->n_exceptions + a->n_exemptions + a->n_lift > 0)
        return false;
    for (int i = 0; i < a->n_when; i++) {
        bool asked = false;
        for (int j = 0; j < b->n_when; j++)
            asked |= expr_same(c, a->when[i], b->when[j]);
        if (!asked)
            return false;
    }
    return true;
}

static uint64_t allowed(const struct corpus *c, const struct expr *x) /* enum values as bits */
{
    int n = c->fact[x->fact].type == FACT_BOOL ? 2 : c->fact[x->fact].n_values;
    uint64_t all = n >= 64 ? UINT64_MAX : ((uint64_t)1 << n) - 1;
    uint64_t one = x->value >= 0 && x->value < 64 ? (uint64_t)1 << x->value : 0;
    return x->op == OP_IS ? one : x->op == OP_NOT ? all & ~one : x->op == OP_IN ? x->values : all;
}

/* False if no facts can make both bite: they ask for different values of one fact. */
static bool may_meet(const struct corpus *c, const struct provision *a, const struct provision *b)
{
    for (int i = 0; i < a->n_when; i++)
        for (int j = 0; j < b->n_when; j++) {
            const struct expr *x = &c->expr[a->when[i]], *y = &c->expr[b->when[j]];
            if (x->fact < 0 || x->fact != y->fact || c->fact[x->fact].type == FACT_NUMBER)
                continue;
            if ((allowed(c, x) & allowed(c, y)) == 0)
                return false;
        }
    return true;
}

/* --- pairs of items ----------------------------------------------------------------------- */

static bool scope_meet(const struct scope *a, const struct scope *b, struct scope *both)
{
    *both = *a;
    bits_and(both->sector, b->sector, SECTOR_WORDS);
    both->combo &= b->combo;
    bits_and(both->origin, b->origin, ORIGIN_WORDS);
    bits_and(both->place, b->place, PLACE_WORDS);
    return scope_weigh(both) > 0;
}

static bool decides(const struct provision *p)
{
    return p->effect != EFFECT_DISPLACE && p->treatment != SILENT;
}

/* b never decides beside a: a holds all of its cells, always bites with it, is as strict. */
static bool makes_void(const struct corpus *c, const struct provision *a,
                       const struct provision *b, uint64_t cells)
{
    return cells == scope_weigh(&b->scope) && a->treatment >= b->treatment &&
           always_with(c, a, b);
}

static void void_item(struct checker *k, const struct provision *by, const struct provision *p,
                      uint64_t cells)
{
    if (by->treatment == PROHIBITED && p->treatment < PROHIBITED)
        add(k, FINDING_ERROR, "contradiction", p, "/key", cells,
            "与“%.*s”相抵触：该条在本条的全部范围内无条件禁止(%s)，本条(%s)永不生效",
            "contradicts \"%.*s\", which bars (%s) the whole of its scope without a condition: "
            "this item (%s) can never take effect", STR_ARG(by->key), effect_name(by->effect),
            effect_name(p->effect));
    else
        add(k, FINDING_WARNING, "redundant", p, "/key", cells,
            "为“%.*s”(%s)所包含：该条在本条的全部范围内总是适用，且不比本条(%s)宽松",
            "is redundant beside \"%.*s\" (%s), which always applies to the whole of its scope and "
            "is no milder than it (%s)", STR_ARG(by->key), effect_name(by->effect),
            effect_name(p->effect));
}

static void overlap(struct checker *k, const struct provision *p, const struct provision *q,
                    const struct scope *both, uint64_t cells)
{
    struct scope whole;
    struct buf zh, en;
    buf_init(&zh);
    buf_init(&en);
    scope_whole(k->c->codes, k->t->valid_from, &whole);
    scope_words(k->c->codes, both, &whole, true, &zh);
    scope_words(k->c->codes, both, &whole, false, &en);
    buf_char(&zh, 0);
    buf_char(&en, 0);
    add(k, FINDING_WARNING, "overlap", q, "/key", cells,
        "与“%.*s”的范围重叠 %llu 格，较严者决定：%s%.0s",
        "overlaps \"%.*s\" in %llu cells, where the stricter decides: %.0s%s",
        STR_ARG(p->key), (unsigned long long)cells, zh.p, en.p);
    buf_finish(&zh);
    buf_finish(&en);
}

static void check_pair(struct checker *k, const struct provision *p, const struct provision *q)
{
    struct scope both;
    if (!scope_meet(&p->scope, &q->scope, &both) || !may_meet(k->c, p, q))
        return;
    uint64_t cells = scope_weigh(&both);
    if (makes_void(k->c, p, q, cells))
        void_item(k, p, q, cells);
    else if (makes_void(k->c, q, p, cells))
        void_item(k, q, p, cells);
    else
        overlap(k, p, q, &both, cells);
}

/* A schedule takes many lines over one class on purpose (columns, parts of a class): the checks
 * of pairs are for negative lists. */
static void check_pairs(struct checker *k)
{
    const struct provision *p = k->c->provision + k->t->first;
    if (!k->t->default_equal)
        return;
    for (int i = 0; i < k->t->n; i++)
        for (int j = i + 1; j < k->t->n; j++)
            if (decides(&p[i]) && decides(&p[j]))
                check_pair(k, &p[i], &p[j]);
}

/* --- numbers, basis, marks ---------------------------------------------------------------- */

static void check_numbers(struct checker *k)
{
    const struct instrument *t = k->t;
    const struct provision *p = k->c->provision + t->first;
    struct buf gaps;
    int missing = 0, unnumbered = 0;
    buf_init(&gaps);
    for (int no = 1; no <= t->published_total; no++) {
        bool held = false;
        for (int i = 0; i < t->n; i++)
            held |= p[i].no == no;
        missing += !held;
        if (!held)
            buf_printf(&gaps, "%s%d", gaps.n ? ", " : "", no);
    }
    for (int i = 0; i < t->n; i++) {
        unnumbered += p[i].no == 0;
        for (int j = 0; j < i; j++)
            if (p[i].no > 0 && p[i].no == p[j].no)
                add(k, FINDING_ERROR, "number-twice", &p[i], "/no", 0, "序号 %d 已用于“%.*s”",
                    "the number %d is that of \"%.*s\" already", p[i].no, STR_ARG(p[j].key));
        if (t->published_total > 0 && p[i].no > t->published_total)
            add(k, FINDING_ERROR, "number-beyond", &p[i], "/no", 0, "序号 %d 超出公布的 %d 项",
                "the number %d is beyond the %d that were published", p[i].no, t->published_total);
    }
    buf_char(&gaps, 0);
    /* An item whose printed number is not known may have any of the missing ones. */
    if (t->complete && missing > unnumbered)
        add(k, FINDING_ERROR, "gap", NULL, "/published_total", 0, "标为完整，但缺第 %s 项",
            "is marked complete, but lacks number %s", gaps.p);
    if (t->unlocated > 0)
        add(k, FINDING_WARNING, "unlocated", NULL, "/unlocated", 0, "公布的条目中有 %d 项未能定位，未作编造",
            "%d of the published items are not located and not invented", t->unlocated);
    buf_finish(&gaps);
}

static void check_basis(struct checker *k)
{
    const struct provision *p = k->c->provision + k->t->first;
    for (int i = 0; i < k->t->n; i++)
        if (p[i].n_basis == 0 && p[i].n_sources == 0)
            add(k, FINDING_WARNING, "no-basis", &p[i], "/key", 0, "等级 %c，既无法律依据也无来源",
                "grade %c, with neither a legal basis nor a source", p[i].evidence);
}

static bool is_mark(const char *z)
{
    static const char *const whole[] = {"?", "\xEF\xBC\x9F"}, /* the full-width one too */
        *const words[] = {"TODO", "TBD", "FIXME", "\xE3\x80\x90\xE5\xBE\x85"}; /* 【待 */
    for (int i = 0; i < 2; i++)
        if (strncmp(z, whole[i], strlen(whole[i])) == 0)
            return true;
    for (int i = 0; i < 4; i++)
        if (strstr(z, words[i]) != NULL)
            return true;
    return false;
}

/* The first text below v that an editor has marked as undecided; NULL. The reader bounds depth. */
static const char *find_mark(json_t *v)
{
    const char *key, *mark = NULL;
    json_t *m;
    if (json_is_string(v))
        return is_mark(json_string_value(v)) ? json_string_value(v) : NULL;
    for (size_t i = 0; json_is_array(v) && i < json_array_size(v) && mark == NULL; i++)
        mark = find_mark(json_array_get(v, i));
    if (json_is_object(v))
        json_object_foreach(v, key, m)
            if (mark == NULL)
                mark = find_mark(m);
    return mark;
}

static void check_marks(struct checker *k)
{
    const char *key, *mark;
    json_t *root = json_loadb(k->t->text.p, k->t->text.n, 0, NULL), *v;
    if (root == NULL) /* a corpus made without texts */
        return;
    json_object_foreach(root, key, v)
    {
        bool items = strcmp(key, "provisions") == 0 && json_is_array(v);
        for (size_t i = 0; items && i < json_array_size(v); i++)
            if ((mark = find_mark(json_array_get(v, i))) != NULL)
                add(k, FINDING_ERROR, "mark-left", &k->c->provision[k->t->first + (int)i], "", 0,
                    "草案标记未处理：%.120s", "a mark of the draft is left: %.120s", mark);
        char member[64];
        snprintf(member, sizeof member, "/%.60s", key);
        if (!items && (mark = find_mark(v)) != NULL)
            add(k, FINDING_ERROR, "mark-left", NULL, member, 0, "草案标记未处理：%.120s",
                "a mark of the draft is left: %.120s", mark);
    }
    json_decref(root);
}

/* --- texts that replace texts, arrangements that displace items -------------------------- */

struct arrows { /* a graph over nodes 0..n-1 */
    int n;
    int (*to)(const struct corpus *c, int node, int k); /* k-th arrow; -1: to nothing, -2: none */
    struct str (*name)(const struct corpus *c, int node);
};

static int replaces_to(const struct corpus *c, int node, int k)
{
    const struct instrument *t = &c->instrument[node];
    return k < t->n_replaces ? instrument_find(c, t->replaces[k]) : -2;
}

static struct str instrument_name(const struct corpus *c, int node)
{
    return c->instrument[node].id;
}

static int displaces_to(const struct corpus *c, int node, int k)
{
    const struct provision *p = &c->provision[node];
    if (k >= p->n_displaces)
        return -2;
    for (int i = c->n_provisions - 1; i >= 0; i--)
        if (c->provision[i].n_displaces > 0 && str_eq(c->provision[i].key, p->displaces[k]))
            return i;
    return -1;
}

static struct str provision_name(const struct corpus *c, int node)
{
    return c->provision[node].key;
}

/* The shortest way from a node back to itself in words: "a → b → a". False if there is none. */
static bool cycle(const struct corpus *c, const struct arrows *g, int start, struct buf *out)
{
    size_t room = (size_t)g->n + 1;
    int *from = malloc(room * sizeof *from), *queue = malloc(room * sizeof *queue);
    int head = 0, tail = 0, last = -1;
    check(from != NULL && queue != NULL);
    for (int i = 0; i < g->n; i++)
        from[i] = -1;
    queue[tail++] = start;
    while (head < tail && last < 0) {
        int at = queue[head++];
        for (int k = 0, to; last < 0 && (to = g->to(c, at, k)) != -2; k++) {
            if (to == start)
                last = at;
            else if (to >= 0 && from[to] < 0) {
                from[to] = at;
                queue[tail++] = to;
            }
        }
    }
    int n = 0;
    for (int at = last; last >= 0 && at != start; at = from[at])
        queue[n++] = at; /* backwards */
    buf_str(out, g->name(c, start));
    while (n > 0) {
        buf_z(out, " → ");
        buf_str(out, g->name(c, queue[--n]));
    }
    buf_z(out, " → ");
    buf_str(out, g->name(c, start));
    buf_char(out, 0);
    free(from);
    free(queue);
    return last >= 0;
}

static void check_cycles(struct checker *k)
{
    struct arrows replaces = {k->c->n_instruments, replaces_to, instrument_name};
    struct arrows displaces = {k->c->n_provisions, displaces_to, provision_name};
    struct buf b;
    buf_init(&b);
    if (cycle(k->c, &replaces, k->at, &b))
        add(k, FINDING_ERROR, "cycle", NULL, "/replaces", 0, "替代关系成环：%s",
            "texts replace one another in a circle: %s", b.p);
    for (int i = k->t->first; i < k->t->first + k->t->n; i++) {
        buf_clear(&b);
        if (k->c->provision[i].n_displaces > 0 && cycle(k->c, &displaces, i, &b))
            add(k, FINDING_ERROR, "cycle", &k->c->provision[i], "/displaces", 0, "取代关系成环：%s",
                "arrangements displace one another in a circle: %s", b.p);
    }
    buf_finish(&b);
}

static bool replaces(const struct instrument *t, struct str id)
{
    for (int i = 0; i < t->n_replaces; i++)
        if (str_eq(t->replaces[i], id))
            return true;
    return false;
}

static void check_replaces(struct checker *k)
{
    const struct instrument *t = k->t;
    for (int i = 0; i < t->n_replaces; i++) {
        int at = instrument_find(k->c, t->replaces[i]);
        const struct instrument *o = at < 0 ? NULL : &k->c->instrument[at];
        if (o == NULL)
            add(k, FINDING_ERROR, "replaces-unknown", NULL, "/replaces", 0, "没有可替代的文件 %.*s",
                "there is no text %.*s to replace", STR_ARG(t->replaces[i]));
        else if (t->valid_from <= o->valid_from)
            add(k, FINDING_ERROR, "replaces-later", NULL, "/valid_from", 0, "生效日不晚于所替代的 %.*s 的生效日",
                "begins no later than %.*s, which it replaces", STR_ARG(o->id));
        else if (o->family != t->family)
            add(k, FINDING_WARNING, "replaces-family", NULL, "/replaces", 0, "所替代的 %.*s 属于另一类别(%s)",
                "replaces %.*s, which is of another family (%s)", STR_ARG(o->id),
                family_name(o->family));
    }
    for (int i = 0; i < k->c->n_instruments; i++) {
        const struct instrument *o = &k->c->instrument[i];
        if (instrument_current(o) && str_eq(o->ended_by, t->id) && !replaces(t, o->id))
            add(k, FINDING_WARNING, "still-ended", NULL, "/replaces", 0,
                "不再替代 %.*s，但后者仍于此前所定之日终止：如应恢复，请发布其更正",
                "no longer replaces %.*s, which still ends on the day set before: publish a "
                "correction of it if it goes on", STR_ARG(o->id));
    }
}

/* The loader wants the key of a displaced item to be in some list. */
static void check_displaces(struct checker *k)
{
    for (int i = k->t->first; i < k->t->first + k->t->n; i++) {
        const struct provision *p = &k->c->provision[i];
        for (int d = 0; d < p->n_displaces; d++) {
            bool there = false;
            for (int q = 0; q < k->c->n_provisions; q++)
                there |= str_eq(k->c->provision[q].key, p->displaces[d]) &&
                         instrument_current(&k->c->instrument[k->c->provision[q].instrument]);
            if (!there)
                add(k, FINDING_WARNING, "displaces-gone", p, "/displaces", 0,
                    "所取代的条目“%.*s”已不在任何现行清单中",
                    "displaces \"%.*s\", which is in no current list any more",
                    STR_ARG(p->displaces[d]));
        }
    }
}

static int by_line(const void *a, const void *b)
{
    const struct law_finding *x = a, *y = b;
    if (x->severity != y->severity)
        return (x->severity > y->severity) - (x->severity < y->severity);
    if (x->line != y->line)
        return (x->line > y->line) - (x->line < y->line);
    int order = str_cmp(x->key, y->key);
    return order != 0 ? order : str_cmp(x->en, y->en);
}

void law_checks(const struct corpus *c, int instrument, struct arena *a, struct law_findings *out)
{
    struct checker k = {.c = c, .at = instrument, .t = &c->instrument[instrument], .out = out};
    *out = (struct law_findings){.a = a};
    check_numbers(&k);
    check_basis(&k);
    check_marks(&k);
    check_replaces(&k);
    check_displaces(&k);
    check_cycles(&k);
    check_pairs(&k);
    if (out->n > 0)
        sort_by(out->f, (size_t)out->n, sizeof *out->f, by_line);
}
