/* Addresses of our own pages. They are built whole and percent-encoded here; the language rides
 * along when the reader chose it in the link. */
#include "portal/inside.h"

#include <stdarg.h>
#include <stdio.h>

static struct str keep(const struct view *v, struct buf *b)
{
    struct str s = str_copy(v->arena, buf_view(b));
    buf_finish(b);
    return s;
}

static void arg(struct buf *b, const char *key, struct str value, bool *first)
{
    if (value.n == 0) {
        return;
    }
    buf_char(b, *first ? '?' : '&');
    buf_z(b, key);
    buf_char(b, '=');
    page_urlpart_str(b, value);
    *first = false;
}

static void arg_lang(const struct view *v, struct buf *b, bool *first)
{
    if (v->lang_said) {
        arg(b, "lang", v->lang == LANG_EN ? STR("en") : STR("zh"), first);
    }
}

struct str link_to(const struct view *v, const char *fmt, ...)
{
    char z[LIMIT_URL_BYTES];
    struct buf b;
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(z, sizeof z, fmt, ap);
    va_end(ap);
    check(n >= 0 && (size_t)n < sizeof z);
    bool first = strchr(z, '?') == NULL;
    buf_init(&b);
    buf_z(&b, z);
    arg_lang(v, &b, &first);
    return keep(v, &b);
}

static void put_path(struct buf *b, struct str path)
{
    struct str rest = path;
    rest.p++;
    rest.n--;
    do {
        struct str part = str_cut(rest, '/', &rest);
        buf_char(b, '/');
        page_urlpart_str(b, part);
    } while (rest.n > 0);
}

struct str link_lang(const struct view *v)
{
    struct buf b;
    bool first = true;
    buf_init(&b);
    put_path(&b, v->path);
    for (int i = 0; i < v->rq->n_query; i++) {
        const struct http_field *f = &v->rq->query[i];
        if (str_eqz(f->key, "lang") || f->key.n == 0) {
            continue;
        }
        buf_char(&b, first ? '?' : '&');
        page_urlpart_str(&b, f->key);
        buf_char(&b, '=');
        page_urlpart_str(&b, f->value);
        first = false;
    }
    arg(&b, "lang", v->lang == LANG_EN ? STR("zh") : STR("en"), &first);
    return keep(v, &b);
}

struct str link_instrument(const struct view *v, int instrument)
{
    return link_to(v, "/lists/%.*s", STR_ARG(v->law->instrument[instrument].id));
}

struct str link_provision(const struct view *v, const struct provision *p)
{
    struct buf b;
    bool first = true;
    buf_init(&b);
    buf_z(&b, "/lists/");
    page_urlpart_str(&b, v->law->instrument[p->instrument].id);
    buf_char(&b, '/');
    page_urlpart_str(&b, p->key);
    arg_lang(v, &b, &first);
    return keep(v, &b);
}

static struct str answer_link(const struct view *v, const struct ask *a, const char *suffix,
                              int drop_fact, struct str more_claim)
{
    struct buf b;
    bool first = true;
    buf_init(&b);
    buf_z(&b, "/check");
    const struct str part[] = {a->sector, a->mode, a->from, a->to};
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        buf_char(&b, '/');
        page_urlpart_str(&b, part[i]);
    }
    buf_z(&b, suffix);
    arg(&b, "kind", str_eqz(a->kind, "firm") ? STR("") : a->kind, &first);
    arg(&b, "direction", str_eqz(a->direction, "import") ? STR("") : a->direction, &first);
    arg(&b, "on", a->on, &first);
    arg(&b, "known", a->known, &first);
    for (int i = 0; i < a->n_facts; i++) {
        arg(&b, "fact", i == drop_fact ? STR("") : a->fact[i], &first);
    }
    for (int i = 0; i < a->n_claims; i++) {
        arg(&b, "claim", a->claim[i], &first);
    }
    arg(&b, "claim", more_claim, &first);
    arg_lang(v, &b, &first);
    return keep(v, &b);
}

struct str link_answer(const struct view *v, const struct ask *a, const char *suffix)
{
    return answer_link(v, a, suffix, -1, STR(""));
}

struct str link_leaf(const struct view *v, int leaf)
{
    struct ask a = v->ask;
    a.sector = sector_code(v->codes, leaf);
    return link_answer(v, &a, "");
}

struct str link_claim(const struct view *v, int layer)
{
    return answer_link(v, &v->ask, "", -1, v->law->instrument[v->law->layer[layer]].id);
}

struct str link_without_fact(const struct view *v, int i)
{
    return answer_link(v, &v->ask, "", i, STR(""));
}

struct str link_change(const struct view *v, const char *field)
{
    const struct {
        const char *name;
        struct str value;
    } said[] = {{"sector", v->ask.sector}, {"mode", v->ask.mode}, {"kind", v->ask.kind},
                {"from", v->ask.from},     {"to", v->ask.to},     {"on", v->ask.on}};
    struct buf b;
    bool first = true;
    buf_init(&b);
    buf_z(&b, "/check");
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        bool asked_again = strcmp(said[i].name, field) == 0;
        arg(&b, said[i].name, asked_again ? STR("") : said[i].value, &first);
    }
    arg_lang(v, &b, &first);
    return keep(v, &b);
}

/* A word of the shell: quoted unless it is plain. */
static void shell_word(struct buf *b, const char *option, struct str s)
{
    bool plain = s.n > 0;
    if (s.n == 0) {
        return;
    }
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        plain &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 (c != 0 && strchr("-_.:=/", c) != NULL);
    }
    buf_char(b, ' ');
    buf_z(b, option);
    if (plain) {
        buf_str(b, s);
        return;
    }
    buf_char(b, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'') {
            buf_z(b, "'\\''");
        } else {
            buf_char(b, s.p[i]);
        }
    }
    buf_char(b, '\'');
}

struct str command_line(const struct view *v)
{
    const struct ask *a = &v->ask;
    struct buf b;
    buf_init(&b);
    buf_z(&b, "fumao check");
    shell_word(&b, "", a->sector);
    shell_word(&b, "--mode ", a->mode);
    shell_word(&b, "--from ", a->from);
    shell_word(&b, "--to ", a->to);
    shell_word(&b, "--kind ", a->kind);
    shell_word(&b, "--direction ", a->direction);
    shell_word(&b, "--on ", a->on);
    shell_word(&b, "--known ", a->known);
    for (int i = 0; i < a->n_facts; i++) {
        shell_word(&b, "--fact ", a->fact[i]);
    }
    for (int i = 0; i < a->n_claims; i++) {
        shell_word(&b, "--claim ", a->claim[i]);
    }
    return keep(v, &b);
}

struct str link_style(const struct view *v)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, "/style.css?v=");
    buf_str(&b, style_version());
    return keep(v, &b);
}

struct str link_answer_path(const struct view *v)
{
    const struct str part[] = {v->ask.sector, v->ask.mode, v->ask.from, v->ask.to};
    struct buf b;
    buf_init(&b);
    buf_z(&b, "/check");
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        buf_char(&b, '/');
        page_urlpart_str(&b, part[i]);
    }
    return keep(v, &b);
}

struct str link_review(const struct view *v)
{
    struct view with = *v;
    if (with.ask.kind.n == 0) {
        with.ask.kind = STR("firm");
    }
    return link_change(&with, "");
}

/* --- addresses in hints ------------------------------------------------------------------ */

static bool all_of(struct str s, const char *marks)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i], low = (char)(c | 0x20);
        if (!(low >= 'a' && low <= 'z') && !(c >= '0' && c <= '9') &&
            (c == '\0' || strchr(marks, c) == NULL)) {
            return false;
        }
    }
    return s.n > 0;
}

/* "/services" if there is such a page, "?family=investment" on this page; else nothing. Marks that
 * an address would have to escape, and "//", which begins another host's, are in neither. */
static struct str address(const struct view *v, struct str s)
{
    struct str value, key = s.n > 1 ? str_cut((struct str){s.p + 1, s.n - 1}, '=', &value) : STR("");
    struct buf b;
    if (s.n > 0 && s.p[0] == '/' && all_of(s, "/.-@") && page_there(s)) {
        return link_to(v, "%.*s", STR_ARG(s));
    }
    if (s.n == 0 || s.p[0] != '?' || !all_of(key, "_") || !all_of(value, "-.")) {
        return STR("");
    }
    bool first = true;
    buf_init(&b);
    put_path(&b, v->path);
    arg(&b, str_copy(v->arena, key).p, value, &first);
    arg_lang(v, &b, &first);
    return keep(v, &b);
}

bool hint_piece(const struct view *v, const char **rest, struct hint_piece *out)
{
    static const char *const between[] = {", ", " … "};
    size_t n = strlen(*rest), gap = 0;
    if (n == 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof between / sizeof *between; i++) {
        const char *at = strstr(*rest, between[i]);
        if (at != NULL && (size_t)(at - *rest) < n) {
            n = (size_t)(at - *rest);
            gap = strlen(between[i]);
        }
    }
    out->text = (struct str){*rest, n};
    out->after = (struct str){*rest + n, gap > 0 ? gap - 1 : 0}; /* a page breaks the line there */
    out->link = address(v, out->text);
    *rest += n + gap;
    return true;
}
