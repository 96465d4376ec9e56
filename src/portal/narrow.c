/* The narrowing question of the finder as links: each leads to this search with fewer classes, or,
 * where a choice leaves one, to that class. */
#include "portal/view.h"

static struct str keep(const struct view *v, struct buf *b)
{
    struct str s = str_copy(v->arena, buf_view(b));
    buf_finish(b);
    return s;
}

static bool asks(const struct view *v) /* /check, where a class is an answer among others */
{
    return str_eqz(v->path, "/check");
}

const struct narrowing *narrowing_of(const struct view *v)
{
    struct narrowing *n = ARENA_NEW(v->arena, struct narrowing);
    return v->finding.n > 0 && classification_narrow(v->codes, &v->finding, n) ? n : NULL;
}

/* What was said on /check rides along; elsewhere only the language. */
static struct str with_rest(const struct view *v, struct buf *b)
{
    struct hidden_field f;
    for (int i = 0; hidden_field(v, asks(v) ? "sector" : "all", i, &f); i++) {
        if (f.value.n > 0) {
            buf_char(b, '&');
            buf_z(b, f.name);
            buf_char(b, '=');
            page_urlpart_str(b, f.value);
        }
    }
    return keep(v, b);
}

static void begin(const struct view *v, struct buf *b, const char *key, struct str value)
{
    buf_init(b);
    buf_str(b, v->path);
    buf_char(b, '?');
    buf_z(b, key);
    buf_char(b, '=');
    page_urlpart_str(b, value);
}

struct str narrow_link(const struct view *v, const struct narrowing *n, int choice)
{
    const struct narrow_choice *x = &n->choice[choice];
    struct str code = sector_code(v->codes, v->finding.best[x->candidate[0]].leaf);
    bool one = x->n == 1 && x->node >= 0; /* "none of these" always leads to a list */
    struct buf b;
    if (one && !asks(v)) {
        return link_to(v, "/services/%.*s", STR_ARG(code));
    }
    begin(v, &b, one ? "sector" : "q", one ? code : v->words);
    for (int i = 0; !one && i < x->n; i++) {
        buf_z(&b, i == 0 ? "&among=" : ",");
        buf_str(&b, sector_code(v->codes, v->finding.best[x->candidate[i]].leaf));
    }
    return with_rest(v, &b);
}

struct str narrow_count(const struct view *v, const struct narrowing *n, int choice)
{
    const struct narrow_choice *x = &n->choice[choice];
    return x->n == 1 ? sector_code(v->codes, v->finding.best[x->candidate[0]].leaf)
                     : say_d(v, MSG_narrow_classes, x->n, 0);
}

bool narrowed(const struct view *v)
{
    return v->words.n > 0 && str_trim(http_query(v->rq, "among")).n > 0;
}

struct str narrow_undo(const struct view *v)
{
    struct buf b;
    begin(v, &b, "q", v->words);
    return with_rest(v, &b);
}
