/* The large view (长辈版): a reader chooses it once and keeps it, also when coming back another
 * day from another site, so it is a cookie that says only this. Permalinks stay what they are. */
#include "portal/inside.h"

static const char yes[] = "large";

/* The Cookie header is "name=value; name=value" (RFC 6265 4.2.1). */
bool large_wanted(const struct request *rq)
{
    struct str rest = http_header(rq, "Cookie");
    while (rest.n > 0) {
        struct str value, name = str_cut(str_trim(str_cut(rest, ';', &rest)), '=', &value);
        if (str_eqz(name, "view")) {
            return str_eqz(value, yes);
        }
    }
    return false;
}

/* A path of this site and no other: "//host" and "/\host" lead elsewhere. */
static bool local_path(struct str s)
{
    if (s.n == 0 || s.n > LIMIT_URL_BYTES || s.p[0] != '/' || (s.n > 1 && s.p[1] == '/')) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '\\') {
            return false;
        }
    }
    return true;
}

struct str link_large(const struct view *v)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, v->large ? "/view?to=usual&back=" : "/view?to=large&back=");
    /* encoded it may be three times as long, and has to fit in an address again */
    bool fits = v->rq->target.n < LIMIT_URL_BYTES / 4 && local_path(v->rq->target);
    page_urlpart_str(&b, fits ? v->rq->target : STR("/"));
    struct str s = str_copy(v->arena, buf_view(&b));
    buf_finish(&b);
    return s;
}

/* /view?to=large|usual&back=PATH. Lax, not Strict: the first page that a reader opens from a
 * search engine or a letter has to be large already; the cookie guards nothing. */
void large_handle(struct handled *h)
{
    struct str to = http_query(h->v.rq, "to"), back = http_query(h->v.rq, "back");
    struct error e = {0};
    struct buf b;
    bool large = str_eqz(to, yes);
    if (!large && !str_eqz(to, "usual")) {
        err_set(&e, ERR_INVALID, "to 应为 large 或 usual", "to must be large or usual");
    } else if (back.n > 0 && !local_path(back)) {
        err_set(&e, ERR_INVALID, "back 应为本站的路径", "back must be a path of this site");
    }
    if (e.code != OK) {
        error_page(h, &e);
        return;
    }
    buf_init(&b);
    buf_printf(&b, "view=%s; Path=/; Max-Age=%d; SameSite=Lax; HttpOnly%s", large ? yes : "",
               large ? 31536000 : 0,
               str_eq_nocase(http_header(h->v.rq, "X-Forwarded-Proto"), STR("https")) ? "; Secure"
                                                                                     : "");
    http_set(h->rs, "Set-Cookie", buf_view(&b));
    http_set(h->rs, "Cache-Control", STR("no-store"));
    buf_finish(&b);
    http_redirect(h->rs, back.n > 0 ? back : STR("/"));
}
