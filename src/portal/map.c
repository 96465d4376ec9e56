/* /map: the form, the question behind it, and the map in four forms. */
#include "portal/map.h"

uint64_t map_mode_cells(const struct map *m, int mode)
{
    uint64_t n = 0;
    for (int o = 0; o < OUTCOME_COUNT; o++) {
        n += m->mode[mode][o];
    }
    return n;
}

uint64_t map_open_cells(const uint64_t n[OUTCOME_COUNT])
{
    return n[OUTCOME_CARVED_OUT] + n[OUTCOME_UNDETERMINED];
}

int map_regions_of(const struct map *m, enum outcome o, int *first)
{
    int n = 0;
    *first = 0;
    for (int i = 0; i < m->n_regions; i++) {
        if (m->region[i].outcome == o && n++ == 0) {
            *first = i;
        }
    }
    return n;
}

/* The cell, with what was said of the supplier. */
struct str map_witness(const struct view *v, const struct map_region *r)
{
    struct ask a = v->ask;
    a.sector = sector_code(v->codes, r->witness.sector);
    a.mode = (struct str){&"1234"[r->witness.mode - 1], 1};
    a.to = v->codes->place[r->witness.place].code;
    return link_answer(v, &a, "");
}

static void put(struct buf *b, const char *key, struct str value)
{
    if (value.n > 0) {
        buf_char(b, b->n == 0 ? '?' : '&');
        buf_z(b, key);
        buf_char(b, '=');
        page_urlpart_str(b, value);
    }
}

/* The query of the twins: what was asked, in one order. */
static struct str query_of(const struct view *v, struct str to, struct str sector)
{
    const struct ask *a = &v->ask;
    struct buf b;
    buf_init(&b);
    put(&b, "from", a->from);
    put(&b, "kind", a->kind);
    put(&b, "to", to);
    put(&b, "sector", sector);
    put(&b, "on", a->on);
    put(&b, "known", a->known);
    for (int i = 0; i < a->n_facts; i++) {
        put(&b, "fact", a->fact[i]);
    }
    for (int i = 0; i < a->n_claims; i++) {
        put(&b, "claim", a->claim[i]);
    }
    struct str s = str_copy(v->arena, buf_view(&b));
    buf_finish(&b);
    return s;
}

bool map_offers(const struct view *v, const struct map_page *m, int economy)
{
    bool offered = m->map == NULL || m->all_economies || economy == m->origin;
    for (int i = 0; !offered && i < near_economies(); i++) {
        offered = near_economy(v, i) == economy;
    }
    return offered && !str_eqz(v->codes->economy[economy].alpha2, "CN");
}

struct str map_link(const struct view *v, const struct map_page *m, const char *suffix,
                    bool economies)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, "/map");
    buf_z(&b, suffix);
    buf_str(&b, m->query);
    if (economies) {
        buf_z(&b, "&economies=all");
        if (v->lang_said) {
            buf_z(&b, v->lang == LANG_EN ? "&lang=en" : "&lang=zh");
        }
    }
    struct str s = str_copy(v->arena, buf_view(&b));
    buf_finish(&b);
    return s;
}

/* The words mean what they mean to /check: mode 3 is one in which every kind exists, and a
 * sector or place that is not said stands for all of them. */
static enum err profile_parse(struct view *v, struct map_page *m, struct map_profile *p,
                              struct error *e)
{
    struct ask *a = &v->ask;
    struct str sector = a->sector, to = a->to;
    a->mode = STR("3");
    a->direction = STR("");
    m->query = query_of(v, to, sector);
    if (sector.n == 0) {
        a->sector = sector_code(v->codes, 0);
    }
    if (to.n == 0) {
        a->to = v->codes->place[0].code;
    }
    enum err r = ask_parse(v->codes, v->law, a, &v->sectors, &v->q, &v->facts, e);
    a->sector = sector;
    a->to = to;
    if (r != OK) {
        return r;
    }
    *p = (struct map_profile){.origin = v->q.origin, .kind = v->q.kind,
                              .place = to.n == 0 ? -1 : v->q.place, .on = v->q.on,
                              .known = v->q.known, .facts = &v->facts, .claims = v->q.claims};
    if (sector.n == 0) {
        bits_set_range(p->sector, 0, (size_t)v->codes->gbt.n_leaves);
    } else {
        memcpy(p->sector, v->sectors.leaf, sizeof p->sector);
    }
    return OK;
}

/* The form shows what was chosen even if the rest cannot be asked. */
static void chosen(const struct view *v, struct map_page *m)
{
    m->origin = economy_find(v->codes, v->ask.from);
    m->place = v->ask.to.n > 0 ? place_find(v->codes, v->ask.to) : -1;
    if (!kind_parse(v->ask.kind, &m->kind)) {
        m->kind = KIND_FIRM;
    }
}

static enum err make(struct view *v, struct map_page *m, struct error *e)
{
    struct map_profile p;
    struct map *map = ARENA_NEW(v->arena, struct map);
    TRY(profile_parse(v, m, &p, e));
    TRY(map_make(map, v->arena, v->portal->snapshot, &p, e));
    m->map = map;
    return OK;
}

void map_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct map_page *m = ARENA_NEW(v->arena, struct map_page);
    struct error *e = ARENA_NEW(v->arena, struct error);
    struct buf b;
    bool asked = h->twin != TWIN_PAGE || http_query(v->rq, "from").n > 0;
    enum err r = ask_from_query(v->rq, &v->ask, e);
    m->origin = m->place = -1;
    if (r == OK) {
        chosen(v, m);
        m->all_economies = str_eqz(http_query(v->rq, "economies"), "all");
        r = asked ? make(v, m, e) : OK;
    }
    if (r != OK && h->twin != TWIN_PAGE) {
        h->json = true; /* a problem is JSON for every program */
        error_page(h, e);
        return;
    }
    if (h->twin == TWIN_JSON) {
        map_json(m->map, v->portal->snapshot, &h->rs->body, false);
        return;
    }
    if (h->twin == TWIN_CSV) {
        map_csv(m->map, v->portal->snapshot, &h->rs->body);
        return;
    }
    if (r != OK) {
        m->fault = e;
        h->rs->status = api_status(e->code);
    }
    buf_init(&b);
    page_map(&b, v->lang, v, m);
    frame(h, say(v, MSG_map_title), &b);
}
