/* The router, and the pages that only show what is held. */
#include "portal/inside.h"

#include "portal/pages.h"

/* --- frame ------------------------------------------------------------------------------ */

static void set_etag(struct response *rs)
{
    uint8_t digest[32];
    char tag[40] = "\"";
    hash_sha256(rs->body.p ? rs->body.p : "", rs->body.n, digest);
    hash_hex(digest, 16, tag + 1);
    tag[33] = '"';
    tag[34] = 0;
    http_set(rs, "ETag", str_from(tag));
}

void frame(struct handled *h, struct str title, struct buf *content)
{
    page_layout(&h->rs->body, h->v.lang, &h->v, title, page_html(content));
    buf_finish(content);
    http_set(h->rs, "Vary", STR("Accept-Language, Cookie"));
}

void error_page(struct handled *h, const struct error *e)
{
    struct buf b;
    if (h->json) {
        api_problem(h->v.rq, e, h->rs);
        return;
    }
    buf_init(&b);
    buf_clear(&h->rs->body);
    h->rs->type = "text/html; charset=utf-8"; /* whichever twin was asked for */
    h->rs->status = api_status(e->code);
    page_error(&b, h->v.lang, &h->v, e);
    frame(h, say(&h->v, e->code == ERR_NOT_FOUND ? MSG_not_found : MSG_error_title), &b);
}

static void not_found(struct handled *h)
{
    struct error e = {0};
    err_set(&e, ERR_NOT_FOUND, "没有“%.*s”", "there is no %.*s",
            (int)(h->v.rq->path_raw.n > 200 ? 200 : h->v.rq->path_raw.n), h->v.rq->path_raw.p);
    err_hint(&e, "/, /check, /lists, /find");
    error_page(h, &e);
}

/* --- pages ------------------------------------------------------------------------------ */

static void home_handle(struct handled *h)
{
    struct buf b;
    buf_init(&b);
    page_home(&b, h->v.lang, &h->v);
    frame(h, say(&h->v, MSG_site_long), &b);
}

static void find_handle(struct handled *h)
{
    struct buf b;
    struct error e = {0};
    struct str words = str_trim(http_query(h->v.rq, "q"));
    if (words.n > LIMIT_WORDS_BYTES) {
        err_set(&e, ERR_LIMIT, "搜索词超过 %d 字节", "the words are longer than %d bytes",
                (int)LIMIT_WORDS_BYTES);
        error_page(h, &e);
        return;
    }
    h->v.words = words;
    if (words.n > 0) {
        classification_find(h->v.codes, words, &h->v.finding);
    }
    if (api_among(h->v.codes, str_trim(http_query(h->v.rq, "among")), &h->v.finding, &e) != OK) {
        error_page(h, &e);
        return;
    }
    if (h->json) {
        api_found_json(&h->v.api, words, &h->v.finding, &h->rs->body, false);
        return;
    }
    buf_init(&b);
    page_find(&b, h->v.lang, &h->v);
    frame(h, say(&h->v, MSG_find_title), &b);
}

static void status_handle(struct handled *h)
{
    const struct corpus *c = h->v.law;
    struct buf b;
    if (h->json) {
        struct jsonw w;
        jsonw_init(&w, &h->rs->body, false);
        jsonw_object(&w);
        jsonw_kz(&w, "version", "0.1.0");
        jsonw_kz(&w, "snapshot", c->hash);
        jsonw_kint(&w, "instruments", c->n_instruments);
        jsonw_kint(&w, "layers", c->n_layers);
        jsonw_kint(&w, "provisions", c->n_provisions);
        jsonw_kint(&w, "facts", c->n_facts);
        jsonw_kint(&w, "classes", h->v.codes->gbt.n_leaves);
        jsonw_end(&w);
        return;
    }
    buf_init(&b);
    page_status(&b, h->v.lang, &h->v);
    frame(h, say(&h->v, MSG_status_title), &b);
}

/* The mark of the head of every page, so that a browser need not ask for /favicon.ico. */
static void icon_handle(struct handled *h)
{
    h->rs->type = "image/svg+xml";
    http_set(h->rs, "Cache-Control", STR("public, max-age=86400"));
    buf_z(&h->rs->body, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\">"
                        "<rect width=\"32\" height=\"32\" rx=\"7\" fill=\"#0b5c5c\"/>"
                        "<circle cx=\"16\" cy=\"16\" r=\"7\" fill=\"none\" stroke=\"#fff\""
                        " stroke-width=\"3\"/></svg>");
}

static void style_handle(struct handled *h)
{
    h->rs->type = "text/css; charset=utf-8";
    buf_str(&h->rs->body, style_text());
    if (http_query(h->v.rq, "v").n > 0) {
        http_set(h->rs, "Cache-Control", STR("public, max-age=31536000, immutable"));
    }
}

/* --- router ----------------------------------------------------------------------------- */

const char *const portal_large[] = {"/api/v1/decide", NULL};
const char *const portal_uncounted[] = {"/style.css",     "/icon.svg",    "/js/main.js",
                                        "/js/suggest.js", "/js/facets.js", "/js/tips.js",
                                        "/js/fold.js",    "/js/copy.js",  NULL};

/* Among the twins of a route: what it shows follows from the program, the snapshot, the day and the
 * request alone, so that its ETag is known before the page is written. */
enum { PURE = 1 << 16 };

static const struct {
    const char *part[6]; /* "*" takes any segment */
    unsigned twins;      /* enum twin, those it has */
    void (*handle)(struct handled *h);
} routes[] = {
    {{NULL}, PURE, home_handle},
    {{"check", NULL}, PURE, check_handle},
    {{"check", "*", "*", "*", "*", NULL}, TWIN_JSON | PURE, answer_handle},
    {{"lists", NULL}, TWIN_JSON, lists_handle},
    {{"lists", "*", NULL}, TWIN_JSON | TWIN_CSV, list_handle},
    {{"lists", "*", "heat", NULL}, TWIN_JSON | TWIN_CSV, heat_handle},
    {{"lists", "*", "*", NULL}, TWIN_JSON, measure_handle},
    {{"diff", NULL}, 0, diff_form_handle},
    {{"diff", "*", NULL}, TWIN_JSON | TWIN_CSV, diff_handle},
    {{"changes", NULL}, TWIN_JSON | TWIN_ATOM, changes_handle},
    {{"api", NULL}, PURE, api_page_handle},
    {{"find", NULL}, TWIN_JSON | PURE, find_handle},
    {{"map", NULL}, TWIN_JSON | TWIN_CSV | PURE, map_handle},
    {{"services", NULL}, TWIN_JSON | TWIN_CSV | PURE, services_handle},
    {{"services", "*", NULL}, TWIN_JSON | TWIN_CSV | PURE, service_handle},
    {{"zones", NULL}, TWIN_JSON | TWIN_CSV | TWIN_SVG | PURE, zones_handle},
    {{"zones", "*", NULL}, TWIN_JSON | TWIN_CSV | PURE, zone_handle},
    {{"agreements", NULL}, TWIN_JSON | TWIN_CSV | PURE, agreements_handle},
    {{"agreements", "*", NULL}, TWIN_JSON | TWIN_CSV | PURE, agreement_handle},
    {{"follow", "*", "*", "*", "*", NULL}, TWIN_JSON | TWIN_ATOM, follow_handle},
    {{"v", "*", NULL}, TWIN_JSON | TWIN_FUMAO, kept_handle},
    {{"jobs", NULL}, TWIN_JSON, jobs_handle},
    {{"jobs", "*", NULL}, TWIN_JSON, job_handle},
    {{"ledger", NULL}, TWIN_JSON, ledger_handle},
    {{"ledger", "checkpoint", NULL}, 0, checkpoint_handle},
    {{"stats", NULL}, TWIN_JSON | TWIN_CSV, stats_handle},
    {{"stats", "*", NULL}, TWIN_JSON | TWIN_CSV, stats_table_handle},
    {{"status", NULL}, TWIN_JSON, status_handle},
    {{"style.css", NULL}, 0, style_handle},
    {{"icon.svg", NULL}, 0, icon_handle},
    {{"js", "*", NULL}, 0, script_handle},
    {{"view", NULL}, 0, large_handle},
};

static bool fits(const char *const *pattern, const struct handled *h)
{
    int i = 0;
    while (i < h->n_parts && pattern[i] != NULL &&
           (strcmp(pattern[i], "*") == 0 || str_eqz(h->part[i], pattern[i]))) {
        i++;
    }
    return i == h->n_parts && pattern[i] == NULL;
}

bool page_there(struct str path)
{
    struct handled h = {.n_parts = 0};
    struct str rest = {path.p + 1, path.n - 1};
    while (rest.n > 0) {
        if (h.n_parts == (int)(sizeof h.part / sizeof *h.part)) {
            return false;
        }
        h.part[h.n_parts] = str_cut(rest, '/', &rest);
        if (h.part[h.n_parts++].n == 0) {
            return false;
        }
    }
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (fits(routes[i].part, &h)) {
            return true;
        }
    }
    return false;
}

static const struct {
    const char *ending, *type;
    enum twin twin;
} endings[] = {
    {".json", "application/json", TWIN_JSON},
    {".csv", "text/csv; charset=utf-8", TWIN_CSV},
    {".svg", "image/svg+xml", TWIN_SVG},
    {".atom", "application/atom+xml; charset=utf-8", TWIN_ATOM},
    {".fumao", "application/json", TWIN_FUMAO},
};

/* The ending of the last segment says which twin is meant. */
static void cut_ending(struct handled *h, struct str *last)
{
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t n = strlen(endings[i].ending);
        if (last->n > n && memcmp(last->p + last->n - n, endings[i].ending, n) == 0) {
            last->n -= n;
            h->twin = endings[i].twin;
            h->json = h->twin == TWIN_JSON;
            return;
        }
    }
}

static const char *type_of(enum twin t)
{
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (endings[i].twin == t) {
            return endings[i].type;
        }
    }
    return NULL;
}

/* Segments are cut before they are decoded: a code may hold an encoded slash. */
static bool cut_path(struct handled *h)
{
    struct str rest = h->v.rq->path_raw;
    rest.p++;
    rest.n--;
    while (rest.n > 0) {
        struct str raw = str_cut(rest, '/', &rest);
        if (h->n_parts == (int)(sizeof h->part / sizeof *h->part) || !http_decode(h->v.rq->arena, raw, false, &h->part[h->n_parts])) {
            return false;
        }
        h->n_parts++;
    }
    return true;
}

/* The route of the path: as it is written first ("style.css"), then without its ending. */
static int find_route(struct handled *h)
{
    int n = (int)(sizeof routes / sizeof *routes);
    struct str *last = h->n_parts > 0 ? &h->part[h->n_parts - 1] : NULL;
    struct str whole = last != NULL ? *last : STR("");
    for (int i = 0; i < n; i++) {
        if (h->n_parts == 1 && fits(routes[i].part, h) && str_find(whole, STR("."), NULL) &&
            strcmp(routes[i].part[0], "*") != 0) {
            return i;
        }
    }
    if (last != NULL) {
        cut_ending(h, last);
    }
    for (int i = 0; i < n; i++) {
        if (fits(routes[i].part, h) && (h->twin == TWIN_PAGE || (routes[i].twins & h->twin))) {
            return i;
        }
    }
    return -1;
}

static void view_init(struct view *v, const struct portal *p, const struct request *rq)
{
    struct str lang = http_query(rq, "lang");
    v->portal = p;
    v->codes = p->codes;
    v->law = p->corpus;
    v->api = (struct api){p->codes, p->corpus, p->snapshot, p->gallery};
    v->rq = rq;
    v->arena = rq->arena;
    v->lang_said = str_eqz(lang, "en") || str_eqz(lang, "zh");
    v->lang = http_wants_english(rq) ? LANG_EN : LANG_ZH;
    v->large = large_wanted(rq);
    v->today = day_today();
    v->path = rq->path;
    v->instrument = -1;
}

/* A page also depends on its language, on whether its links keep it, on what is on offer and on
 * the view. */
static bool known_already(struct handled *h)
{
    const struct view *v = &h->v;
    char how[5] = {v->lang == LANG_EN ? 'e' : 'z', v->lang_said ? 's' : '-',
                   v->portal->archive != NULL ? 'k' : '-', v->large ? 'l' : '-', '\0'};
    if (h->twin == TWIN_PAGE) {
        http_set(h->rs, "Vary", STR("Accept-Language, Cookie"));
    }
    return http_known(v->rq, h->rs, api_etag(&v->api, v->rq, h->twin == TWIN_PAGE ? how : ""));
}

void portal_handle(void *ctx, const struct request *rq, struct response *rs)
{
    const struct portal *p = ctx;
    struct handled *h = ARENA_NEW(rq->arena, struct handled);
    view_init(&h->v, p, rq);
    h->rs = rs;
    if (str_has_prefix(rq->path, STR("/api/"))) {
        api_handle(&h->v.api, rq, rs);
        return;
    }
    if (rq->method == METHOD_POST && str_eqz(rq->path, "/v")) {
        keep_handle(h);
        return;
    }
    if (rq->method != METHOD_GET) {
        http_set(rs, "Allow", STR("GET, HEAD"));
        http_problem(rq, rs, 405, "这个页面只能读取", "this page can only be read");
        return;
    }
    bool cut = cut_path(h);
    if (cut && h->n_parts >= 4 && str_eqz(h->part[0], "ledger") && str_eqz(h->part[1], "tile")) {
        tile_handle(h); /* its numbers have as many segments as they need */
        return;
    }
    int i = cut ? find_route(h) : -1;
    if (i < 0) {
        not_found(h);
        return;
    }
    if (h->twin != TWIN_PAGE) {
        rs->type = type_of(h->twin);
    }
    if ((routes[i].twins & PURE) != 0) {
        if (!known_already(h)) {
            routes[i].handle(h);
        }
        return;
    }
    routes[i].handle(h);
    if (rs->status == 0 || rs->status == 200) {
        set_etag(rs);
    }
}
