/* Lists compared, mapped and measured: the JSON is that of the verbs of the same names. */
#include "api/routes.h"

#include "compare/diff.h"
#include "compare/map.h"
#include "compare/route.h"
#include "openness/barriers.h"
#include "openness/gap.h"
#include "openness/openness.h"

/*
 * API: GET /api/v1/diff -> diff
 * zh: 两份清单或两种情形按含义比较：放开、收紧、不变
 * en: Two lists, or two views, compared by what they mean: opened, closed, same
 * query a string! | 甲方：清单编号，或情形 cross-border@CN-SH@2025-01-01 | side a: a list's id, or a view cross-border@CN-SH@2025-01-01
 * query b string! | 乙方：同上 | side b: the same
 * example: /api/v1/diff?a=cn-national-2024&b=cn-ftz-2024
 */
enum err api_get_diff(struct api_call *c, struct error *e)
{
    struct diff *d = ARENA_NEW(c->arena, struct diff);
    struct side a, b;
    enum err r = side_parse(c->api->corpus, api_arg(c, "a"), day_today(), &a, e);
    if (r != OK) {
        err_at(e, "", 0, "a");
        return r;
    }
    r = side_parse(c->api->corpus, api_arg(c, "b"), day_today(), &b, e);
    if (r != OK) {
        err_at(e, "", 0, "b");
        return r;
    }
    TRY(diff_make(c->api->snapshot, &a, &b, d, c->arena, e));
    TRY(diff_verify(c->api->snapshot, d, e));
    d->seconds = 0; /* how long it took is no part of the answer: two of them must be alike */
    diff_json(c->api->snapshot, d, &c->rs->body, false);
    return OK;
}

/* The profile in the words of a question; what is not said stands for everything. */
static enum err read_profile(struct api_call *c, struct facts *facts, struct map_profile *p,
                             struct error *e)
{
    const struct classification *k = c->api->codes;
    struct sector_set *set = ARENA_NEW(c->arena, struct sector_set);
    struct ask *ask = ARENA_NEW(c->arena, struct ask);
    struct question q;
    TRY(ask_from_query(c->rq, ask, e));
    bool all_sectors = ask->sector.n == 0, all_places = ask->to.n == 0;
    ask->mode = STR("3"); /* every kind exists in it */
    if (all_sectors) {
        ask->sector = sector_code(k, 0);
    }
    if (all_places) {
        ask->to = k->place[0].code;
    }
    TRY(ask_parse(k, c->api->corpus, ask, set, &q, facts, e));
    *p = (struct map_profile){.origin = q.origin, .kind = q.kind,
                              .place = all_places ? -1 : q.place, .on = q.on, .known = q.known,
                              .facts = facts, .claims = q.claims};
    if (all_sectors) {
        bits_set_range(p->sector, 0, (size_t)k->gbt.n_leaves);
    } else {
        memcpy(p->sector, set->leaf, sizeof p->sector);
    }
    return OK;
}

/*
 * API: GET /api/v1/map -> map
 * zh: 一类提供者能做的一切
 * en: Everything that a supplier's profile may do
 * query from string! | 提供者所属经济体 | economy of the supplier
 * query kind string | 提供者类型，默认 firm | kind of supplier, firm unless said
 * query sector string | 行业；默认全部 | sector; all unless said
 * query to string | 地方；默认全部 | place; all unless said
 * query on date | 法律适用日 | the day of law
 * query known date | 平台所知截止日 | as known on that day
 * query fact string* | 事实，NAME=VALUE | a fact, NAME=VALUE
 * query claim string* | 援引的协定 | an agreement that is claimed
 * example: /api/v1/map?from=SG&to=CN-SH-FTZ&sector=72&on=2026-06-01
 */
enum err api_get_map(struct api_call *c, struct error *e)
{
    struct facts *facts = ARENA_NEW(c->arena, struct facts);
    struct map *m = ARENA_NEW(c->arena, struct map);
    struct map_profile p;
    TRY(read_profile(c, facts, &p, e));
    TRY(map_make(m, c->arena, c->api->snapshot, &p, e));
    map_json(m, c->api->snapshot, &c->rs->body, false);
    return OK;
}

struct routing { /* what the routes of one class after another go through */
    const struct snapshot *law;
    struct arena step; /* one class */
    struct error *e;
};

static enum err write_routes(void *ctx, const struct question *q, struct buf *out)
{
    struct routing *x = ctx;
    struct routes r;
    arena_reset(&x->step);
    TRY(route_find(&r, &x->step, x->law, q, x->e));
    route_json(&r, x->law, out, false);
    return OK;
}

/* As `fumao route -o json` gives it. */
static enum err many_routes(struct api_call *c, struct question *q, const struct sector_set *set,
                            struct error *e)
{
    struct routing x = {.law = c->api->snapshot, .e = e};
    arena_init(&x.step);
    enum err r = ask_answers(set, q, write_routes, &x, &c->rs->body);
    arena_finish(&x.step);
    return r;
}

/*
 * API: GET /api/v1/route -> route
 * zh: 使答案变好的每一种最小改变
 * en: Every smallest change that makes the answer better
 * query sector string! | 行业代码或文字 | a code of any list, or words
 * query mode integer! | 服务贸易模式 1 至 4 | mode of supply, 1 to 4
 * query from string! | 提供者所属经济体 | economy of the supplier
 * query to string! | 地方 | place
 * query kind string | 提供者类型 | kind of supplier
 * query direction string | import 或 export | import or export
 * query on date | 法律适用日 | the day of law
 * query known date | 平台所知截止日 | as known on that day
 * query fact string* | 事实，NAME=VALUE | a fact, NAME=VALUE
 * query claim string* | 援引的协定 | an agreement that is claimed
 * example: /api/v1/route?sector=7297&mode=1&from=SG&to=CN-SH&on=2026-06-01
 */
enum err api_get_route(struct api_call *c, struct error *e)
{
    struct sector_set *set = ARENA_NEW(c->arena, struct sector_set);
    struct facts *facts = ARENA_NEW(c->arena, struct facts);
    struct ask *ask = ARENA_NEW(c->arena, struct ask);
    struct question q;
    struct routes r;
    TRY(ask_from_query(c->rq, ask, e));
    TRY(ask_parse(c->api->codes, c->api->corpus, ask, set, &q, facts, e));
    if (set->count != 1) {
        return many_routes(c, &q, set, e);
    }
    TRY(route_find(&r, c->arena, c->api->snapshot, &q, e));
    route_json(&r, c->api->snapshot, &c->rs->body, false);
    return OK;
}

/* --- applied against bound -------------------------------------------------------------- */

static struct str short_id(struct str id)
{
    size_t n = sizeof "agreement-" - 1;
    return str_has_prefix(id, STR("agreement-")) ? (struct str){id.p + n, id.n - n} : id;
}

static enum err read_gap(struct api_call *c, struct gap_request *r, struct error *e)
{
    struct str from = api_arg(c, "from"), to = api_arg(c, "to");
    *r = (struct gap_request){.agreement = -1, .origin = -1, .place = -1, .known = day_today()};
    TRY(api_day(c, "on", day_today(), &r->on, e));
    TRY(api_days(c->api, r->on, r->known, e));
    enum err code = from.n > 0 ? economy_parse(c->api->codes, from, &r->origin, e) : OK;
    if (code != OK) {
        err_at(e, "", 0, "from");
        return code;
    }
    code = to.n > 0 ? place_parse(c->api->codes, to, &r->place, e) : OK;
    if (code != OK) {
        err_at(e, "", 0, "to");
    }
    return code;
}

/*
 * API: GET /api/v1/gap -> gaps
 * zh: 每一项协定：实行的与承诺的相比，各类格数
 * en: Every agreement: what applies against what is bound, in counts
 * query from string | 成员经济体 | a member economy
 * query to string | 地方 | place
 * query on date | 法律适用日 | the day of law
 * example: /api/v1/gap?on=2026-06-01
 */
enum err api_get_gaps(struct api_call *c, struct error *e)
{
    const struct corpus *law = c->api->corpus;
    struct gap_request r;
    struct obligations *o;
    struct gap *g = ARENA_ARRAY(c->arena, struct gap, (size_t)law->n_instruments + 1);
    int n = 0;
    TRY(read_gap(c, &r, e));
    TRY(obligations_load(&o, c->arena, c->api->codes, e));
    r.counts_only = true;
    for (int i = 0; i < law->n_instruments; i++) {
        if (!gap_is_agreement(law, i, r.known)) {
            continue;
        }
        r.agreement = i;
        TRY(gap_make(&g[n], c->arena, c->api->snapshot, o, &r, e));
        n += g[n].party || r.origin < 0;
    }
    gaps_json(c->api->snapshot, g, n, &c->rs->body);
    return OK;
}

/*
 * API: GET /api/v1/gap/{id} -> gap
 * zh: 一项协定：实行的与承诺的相比，及逐条发现
 * en: One agreement: what applies against what is bound, with the findings
 * path id string! | 协定编号，如 cn-hk-cepa、rcep | the agreement's id, as cn-hk-cepa or rcep
 * query from string | 成员经济体 | a member economy
 * query to string | 地方 | place
 * query on date | 法律适用日 | the day of law
 * example: /api/v1/gap/wto-gats-china?on=2026-06-01&from=SG&to=CN-SH
 */
enum err api_get_gap(struct api_call *c, struct error *e)
{
    const struct corpus *law = c->api->corpus;
    struct gap *g = ARENA_NEW(c->arena, struct gap);
    struct gap_request r;
    struct obligations *o;
    TRY(read_gap(c, &r, e));
    for (int i = 0; i < law->n_instruments && r.agreement < 0; i++) {
        if (gap_is_agreement(law, i, r.known) &&
            str_eq_nocase(short_id(law->instrument[i].id), short_id(c->part[0]))) {
            r.agreement = i;
        }
    }
    if (r.agreement < 0) {
        return api_no(e, ERR_NOT_FOUND, "id", c->part[0], "/api/v1/gap");
    }
    TRY(obligations_load(&o, c->arena, c->api->codes, e));
    TRY(gap_make(g, c->arena, c->api->snapshot, o, &r, e));
    gap_json(c->api->snapshot, g, &c->rs->body);
    return OK;
}

/* --- barriers, openness ----------------------------------------------------------------- */

static bool is_negative_list(const struct instrument *i, day_t on, day_t known)
{
    return i->default_equal && i->kind <= LAYER_ZONE && i->family <= FAMILY_INVESTMENT &&
           i->valid_from <= on && on < i->valid_to && i->known_from <= known && known < i->known_to;
}

/*
 * API: GET /api/v1/barriers -> barriers
 * zh: 隐性壁垒：许可规则与清单的对照
 * en: Hidden barriers: rules of licensing against the lists
 * query on date | 法律适用日 | the day of law
 * query edition string | 只看一份清单 | one list alone
 * example: /api/v1/barriers?on=2026-06-01&edition=cn-hainan-2021
 */
enum err api_get_barriers(struct api_call *c, struct error *e)
{
    const struct corpus *law = c->api->corpus;
    struct barriers *b = ARENA_NEW(c->arena, struct barriers);
    struct catalogue *k;
    struct str id = api_arg(c, "edition");
    day_t on, known = day_today();
    int layer = -1;
    TRY(api_day(c, "on", known, &on, e));
    TRY(api_days(c->api, on, known, e));
    for (int l = 0; l < law->n_layers && id.n > 0; l++) {
        const struct instrument *i = &law->instrument[law->layer[l]];
        layer = str_eq(i->id, id) && is_negative_list(i, on, known) ? l : layer;
    }
    if (id.n > 0 && layer < 0) {
        return api_no(e, ERR_NOT_FOUND, "edition", id, "/api/v1/lists");
    }
    TRY(catalogue_load_shipped(&k, c->arena, law, e));
    TRY(barriers_find(b, c->arena, c->api->snapshot, k, on, known, layer, e));
    barriers_json(c->api->snapshot, k, b, on, known, &c->rs->body, false);
    return OK;
}

static enum err read_openness(struct api_call *c, struct openness_question *q, uint64_t *places,
                              struct error *e)
{
    const struct classification *k = c->api->codes;
    struct str edition = api_arg(c, "edition"), to = api_arg(c, "to");
    TRY(api_day(c, "known", day_today(), &q->known, e));
    TRY(api_day(c, "on", q->known, &q->on, e));
    TRY(api_days(c->api, q->on, q->known, e));
    q->edition = edition.n > 0 ? instrument_find(c->api->corpus, edition) : -1;
    if (edition.n > 0 && (q->edition < 0 || c->api->corpus->instrument[q->edition].layer < 0 ||
                          !c->api->corpus->instrument[q->edition].default_equal)) {
        return api_no(e, ERR_NOT_FOUND, "edition", edition, "/api/v1/lists");
    }
    if (to.n == 0) {
        return OK;
    }
    bool below = to.p[to.n - 1] == '+';
    int place;
    to.n -= below;
    if (!below && place_find(k, to) < 0 && place_group_bits(k, to, places)) {
        return OK;
    }
    enum err code = place_parse(k, to, &place, e);
    if (code != OK) {
        err_at(e, "", 0, "to");
        return code;
    }
    bits_set_range(places, (size_t)place, below ? (size_t)k->place[place].end : (size_t)place + 1);
    return OK;
}

/*
 * API: GET /api/v1/openness -> openness
 * zh: 开放度指数及其构成，每一条目的影响
 * en: The index of openness with its parts, and what every item takes from it
 * query edition string | 只看一份清单；默认现行规定 | one list alone; the law in force unless said
 * query weights string | equal（默认）、modes 或 trade | equal (unless said), modes or trade
 * query to string | 地方、CN-HI+（连同下级）或 FTZ | a place, CN-HI+ (with what lies below) or FTZ
 * query on date | 法律适用日 | the day of law
 * query known date | 平台所知截止日 | as known on that day
 * query timeline boolean | true：加上逐日变化 | true: with the index on every day on which it changed
 * example: /api/v1/openness?edition=cn-hainan-2021&on=2026-06-01
 */
enum err api_get_openness(struct api_call *c, struct error *e)
{
    struct openness *x = ARENA_NEW(c->arena, struct openness);
    struct weights *weights = ARENA_NEW(c->arena, struct weights);
    struct scope *domain = ARENA_NEW(c->arena, struct scope);
    struct openness_question q = {.weights = weights, .domain = domain};
    uint64_t places[PLACE_WORDS] = {0};
    struct str name = api_arg(c, "weights"), to = api_arg(c, "to");
    struct jsonw w;
    TRY(read_openness(c, &q, places, e));
    if (str_has_prefix(name, STR("stri"))) {
        return api_no(e, ERR_INVALID, "weights", name, "fumao openness --weights stri");
    }
    TRY(weights_load(c->api->codes, name.n > 0 ? name : STR("equal"), c->arena, weights, e));
    const uint64_t *only = to.n > 0 ? places : NULL;
    TRY(openness_domain(c->api->corpus, q.edition, q.on, only, domain, e));
    TRY(openness_measure(c->api->snapshot, &q, c->arena, x, e));
    struct moment *moment = NULL;
    int n = 0;
    bool timeline = str_eqz(api_arg(c, "timeline"), "true");
    if (timeline) {
        TRY(openness_timeline(c->api->snapshot, &q, only, c->arena, &moment, &n, e));
    }
    jsonw_init(&w, &c->rs->body, false);
    jsonw_object(&w);
    openness_json(c->api->corpus, &q, x, &w);
    if (timeline) {
        moments_json(c->api->corpus, moment, n, &w);
    }
    jsonw_end(&w);
    return OK;
}
