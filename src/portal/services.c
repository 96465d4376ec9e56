/* The tree of services: what is answered over a node, which items touch it, and the codes of
 * other classifications that reach it. */
#include "portal/services.h"
#include "law/write.h"

#include <pthread.h>

/* --- answers over the tree -------------------------------------------------------------- */

/* The zone that has been one longest. */
static int first_zone(const struct view *v)
{
    int best = -1;
    for (int i = 1; i < v->codes->n_places; i++) {
        const struct place *p = &v->codes->place[i];
        if (str_eqz(p->kind, "ftz") && p->from <= v->today &&
            (best < 0 || p->from < v->codes->place[best].from)) {
            best = i;
        }
    }
    return best < 0 ? 0 : best;
}

static const struct strip *strip_make(const struct view *v)
{
    struct strip *s = ARENA_NEW(v->arena, struct strip);
    struct grid *g = ARENA_NEW(v->arena, struct grid);
    struct answer *a = ARENA_NEW(v->arena, struct answer);
    struct scope d;
    int hainan = place_find(v->codes, STR("CN-HI"));
    s->origin = plain_economy(v);
    s->place[1] = first_zone(v);
    s->place[2] = hainan < 0 ? 0 : hainan;
    scope_whole(v->codes, v->today, &d);
    d.combo = combos_of(0x1e, IMPORT, 1u << KIND_FIRM);
    memset(d.origin, 0, sizeof d.origin);
    bit_set(d.origin, (size_t)s->origin);
    memset(d.place, 0, sizeof d.place);
    for (int p = 0; p < SERVICE_PLACES; p++) {
        bit_set(d.place, (size_t)s->place[p]);
    }
    snapshot_grid(v->portal->snapshot, v->today, v->today, &d, g);
    s->sector = g->sector;
    for (int k = 0; k < g->sector.n; k++) {
        for (int p = 0; p < SERVICE_PLACES; p++) {
            for (int mode = 1; mode <= 4; mode++) {
                struct question q = {.sector = g->sector.first[k], .mode = mode,
                                     .origin = s->origin, .place = s->place[p],
                                     .direction = IMPORT, .kind = KIND_FIRM,
                                     .on = v->today, .known = v->today};
                decide(v->portal->snapshot, &q, a);
                s->outcome[p][mode][k] = (uint8_t)a->outcome;
            }
        }
    }
    return s;
}

enum outcome service_outcome(const struct service_page *s, int leaf, int place, int mode)
{
    return (enum outcome)s->strip->outcome[place][mode][s->strip->sector.of[leaf]];
}

struct service_counts service_count(const struct view *v, const struct service_page *s, int node,
                                    int place, int mode)
{
    const struct code *k = &v->codes->gbt.code[node];
    struct service_counts n = {{0}};
    for (int leaf = k->leaf_from; leaf < k->leaf_to; leaf++) {
        for (int m = mode == 0 ? 1 : mode; m <= (mode == 0 ? 4 : mode); m++) {
            n.n[service_outcome(s, leaf, place, m)]++;
        }
    }
    return n;
}

char service_grade(const struct view *v, const struct service_page *s, int leaf, int place,
                   int mode)
{
    struct explanation *x = ARENA_NEW(v->arena, struct explanation);
    struct question q = {.sector = leaf, .mode = mode, .origin = s->strip->origin,
                         .place = s->strip->place[place], .direction = IMPORT, .kind = KIND_FIRM,
                         .on = v->today, .known = v->today};
    explain(v->portal->snapshot, &q, x);
    return x->evidence;
}

/* --- the tree --------------------------------------------------------------------------- */

int service_first(const struct view *v, const struct service_page *s)
{
    int child = s->node + 1;
    int end = s->node < 0 ? v->codes->gbt.n : v->codes->gbt.code[s->node].end;
    return child < end ? child : -1;
}

int service_next(const struct view *v, const struct service_page *s, int child)
{
    int next = v->codes->gbt.code[child].end;
    int end = s->node < 0 ? v->codes->gbt.n : v->codes->gbt.code[s->node].end;
    return next < end ? next : -1;
}

struct str service_link(const struct view *v, int node)
{
    return link_to(v, "/services/%.*s", STR_ARG(v->codes->gbt.code[node].code));
}

struct str service_check(const struct view *v, const struct service_page *s, int node, int place,
                         int mode)
{
    struct ask a = {.sector = v->codes->gbt.code[node].code,
                    .mode = {&"1234"[mode - 1], 1},
                    .from = v->codes->economy[s->strip->origin].alpha2,
                    .to = v->codes->place[s->strip->place[place]].code};
    return link_answer(v, &a, "");
}

struct str service_column(const struct view *v, const struct service_page *s, int place)
{
    return place == 0 ? say(v, MSG_svc_national) : place_name(v, s->strip->place[place]);
}

struct str service_level(const struct view *v, int level)
{
    static const enum msg m[] = {MSG_svc_section, MSG_svc_division, MSG_svc_group, MSG_svc_class};
    return say(v, m[(level - 1) & 3]);
}

/* --- items and foreign codes ------------------------------------------------------------ */

static bool touches(const struct provision *p, const struct code *k)
{
    for (int i = k->leaf_from; i < k->leaf_to; i++) {
        if (bit_get(p->scope.sector, (size_t)i)) {
            return true;
        }
    }
    return false;
}

static void items_make(const struct view *v, struct service_page *s)
{
    const struct code *k = &v->codes->gbt.code[s->node];
    for (int i = 0; i < v->law->n_provisions; i++) {
        const struct provision *p = &v->law->provision[i];
        const struct instrument *t = &v->law->instrument[p->instrument];
        if (!instrument_current(t) || !in_force(v, t) || p->effect == EFFECT_DISPLACE ||
            !touches(p, k)) {
            continue;
        }
        int which = t->family == FAMILY_COMMITMENTS;
        if (s->n_items[which] < SERVICE_ITEMS) {
            s->item[which][s->n_items[which]++] = i;
        } else {
            s->more[which]++;
        }
    }
}

const char *service_list_name(const struct codelist *l)
{
    return str_eqz(l->id, "ebops")  ? "EBOPS 2010"
           : str_eqz(l->id, "cpc")  ? "CPC 2.1"
           : str_eqz(l->id, "w120") ? "W/120"
                                    : "ISIC 4";
}

static struct str foreign_spec(const struct view *v, const struct codelist *l, int code)
{
    struct buf b;
    buf_init(&b);
    buf_str(&b, l->id);
    buf_char(&b, ':');
    buf_str(&b, l->code[code].code);
    struct str s = str_copy(v->arena, buf_view(&b));
    buf_finish(&b);
    return s;
}

struct str foreign_check(const struct view *v, const struct foreign *f)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, "/check?sector=");
    page_urlpart_str(&b, foreign_spec(v, f->list, f->code));
    if (v->lang_said) {
        buf_z(&b, v->lang == LANG_EN ? "&lang=en" : "&lang=zh");
    }
    struct str s = str_copy(v->arena, buf_view(&b));
    buf_finish(&b);
    return s;
}

/* What each foreign code that has none below it reaches: a code above says no more than these
 * together. Made once in the process by the first reader: the code lists are shipped and never
 * change, and a thousand codes parsed for each page would be most of its time. */
struct reach {
    int list, code;
    bool partial;
    int count;
    uint64_t leaf[SECTOR_WORDS];
};
static pthread_mutex_t reach_lock = PTHREAD_MUTEX_INITIALIZER;
static bool reach_made;
static struct arena reach_arena;
static struct reach *reach;
static int n_reach;

static void lists_of(const struct classification *c, const struct codelist *list[SERVICE_LISTS])
{
    list[0] = &c->ebops;
    list[1] = &c->cpc;
    list[2] = &c->w120;
    list[3] = &c->isic;
}

static void reach_add(const struct view *v, const struct codelist *l, int list, int code)
{
    struct reach *r = &reach[n_reach];
    struct sector_set set;
    if (l->code[code].end == code + 1 &&
        sector_parse(v->codes, foreign_spec(v, l, code), &set, NULL) == OK) {
        *r = (struct reach){.list = list, .code = code, .partial = set.partial,
                            .count = set.count};
        memcpy(r->leaf, set.leaf, sizeof r->leaf);
        n_reach++;
    }
}

static void reach_make(const struct view *v)
{
    const struct codelist *list[SERVICE_LISTS];
    int room = 0;
    pthread_mutex_lock(&reach_lock);
    if (!reach_made) {
        lists_of(v->codes, list);
        for (int l = 0; l < SERVICE_LISTS; l++) {
            room += list[l]->n;
        }
        arena_init(&reach_arena);
        reach = ARENA_ARRAY(&reach_arena, struct reach, (size_t)room + 1);
        n_reach = 0;
        for (int l = 0; l < SERVICE_LISTS; l++) {
            for (int i = 0; i < list[l]->n; i++) {
                reach_add(v, list[l], l, i);
            }
        }
        reach_made = true;
    }
    pthread_mutex_unlock(&reach_lock);
}

/* Partial: a step on the way is, or the code and the node do not cover the same classes. */
static void foreign_make(const struct view *v, struct service_page *s)
{
    const struct codelist *list[SERVICE_LISTS];
    const struct code *k = &v->codes->gbt.code[s->node];
    reach_make(v);
    lists_of(v->codes, list);
    s->foreign = ARENA_ARRAY(v->arena, struct foreign, (size_t)n_reach + 1);
    for (int i = 0; i < n_reach; i++) {
        const struct reach *r = &reach[i];
        int in = 0;
        for (int leaf = k->leaf_from; leaf < k->leaf_to; leaf++) {
            in += bit_get(r->leaf, (size_t)leaf);
        }
        if (in > 0) {
            bool partial = r->partial || in != r->count || in != k->leaf_to - k->leaf_from;
            s->foreign[s->n_foreign++] = (struct foreign){list[r->list], r->code, partial};
        }
    }
}

/* --- twins ------------------------------------------------------------------------------ */

static const char *const count_keys[OUTCOME_COUNT] = {"prohibited", "conditional", "equal",
                                                      "elsewhere",  "carved_out",  "undetermined"};

static void counts_json(struct jsonw *w, const struct view *v, const struct service_page *s,
                        int node)
{
    jsonw_key(w, "answers");
    jsonw_array(w);
    for (int p = 0; p < SERVICE_PLACES; p++) {
        for (int mode = 1; mode <= 4; mode++) {
            struct service_counts n = service_count(v, s, node, p, mode);
            jsonw_object(w);
            jsonw_kstr(w, "to", v->codes->place[s->strip->place[p]].code);
            jsonw_kint(w, "mode", mode);
            for (int o = 0; o < OUTCOME_COUNT; o++) {
                jsonw_kint(w, count_keys[o], n.n[o]);
            }
            jsonw_end(w);
        }
    }
    jsonw_end(w);
}

static void node_json(struct jsonw *w, const struct view *v, const struct service_page *s, int node)
{
    const struct code *k = &v->codes->gbt.code[node];
    jsonw_kstr(w, "code", k->code);
    jsonw_kint(w, "level", k->level);
    kwords(w, "name", k->name_zh, k->name_en);
    jsonw_kint(w, "classes", k->leaf_to - k->leaf_from);
    counts_json(w, v, s, node);
}

static void items_json(struct jsonw *w, const struct view *v, const struct service_page *s)
{
    jsonw_key(w, "items");
    jsonw_array(w);
    for (int which = 0; which < 2; which++) {
        for (int i = 0; i < s->n_items[which]; i++) {
            const struct provision *p = &v->law->provision[s->item[which][i]];
            jsonw_object(w);
            jsonw_kstr(w, "instrument", v->law->instrument[p->instrument].id);
            jsonw_kstr(w, "key", p->key);
            jsonw_kz(w, "effect", effect_name(p->effect));
            kgrade(w, "evidence", p->evidence);
            kwords(w, "text", p->zh, p->en);
            jsonw_end(w);
        }
    }
    jsonw_end(w);
    jsonw_kint(w, "items_left_out", s->more[0] + s->more[1]);
    jsonw_key(w, "foreign");
    jsonw_array(w);
    for (int i = 0; i < s->n_foreign; i++) {
        const struct code *k = &s->foreign[i].list->code[s->foreign[i].code];
        jsonw_object(w);
        jsonw_kstr(w, "list", s->foreign[i].list->id);
        jsonw_kstr(w, "code", k->code);
        kwords(w, "name", k->name_zh, k->name_en);
        jsonw_kbool(w, "partial", s->foreign[i].partial);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void services_json(const struct view *v, const struct service_page *s, struct buf *out)
{
    struct jsonw w;
    jsonw_init(&w, out, false);
    jsonw_object(&w);
    jsonw_kz(&w, "classification", "GB/T 4754-2017");
    jsonw_kstr(&w, "from", v->codes->economy[s->strip->origin].alpha2);
    jsonw_kz(&w, "kind", kind_name(KIND_FIRM));
    jsonw_kday(&w, "on", v->today);
    if (s->node >= 0) {
        node_json(&w, v, s, s->node);
        items_json(&w, v, s);
    }
    jsonw_key(&w, "children");
    jsonw_array(&w);
    for (int i = service_first(v, s); i >= 0; i = service_next(v, s, i)) {
        jsonw_object(&w);
        node_json(&w, v, s, i);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_kz(&w, "snapshot", v->law->hash);
    jsonw_end(&w);
}

static void node_csv(const struct view *v, const struct service_page *s, int node, struct buf *out)
{
    const struct code *k = &v->codes->gbt.code[node];
    for (int p = 0; p < SERVICE_PLACES; p++) {
        for (int mode = 1; mode <= 4; mode++) {
            struct service_counts n = service_count(v, s, node, p, mode);
            csv_write_field(out, k->code, true);
            csv_write_field(out, k->name_zh, false);
            csv_write_field(out, k->name_en, false);
            csv_count(out, (uint64_t)(k->leaf_to - k->leaf_from));
            csv_write_field(out, v->codes->economy[s->strip->origin].alpha2, false);
            csv_write_field(out, v->codes->place[s->strip->place[p]].code, false);
            csv_count(out, (uint64_t)mode);
            for (int o = 0; o < OUTCOME_COUNT; o++) {
                csv_count(out, (uint64_t)n.n[o]);
            }
            csv_write_end(out);
        }
    }
}

/* The node and what lies right below it. */
static void services_csv(const struct view *v, const struct service_page *s, struct buf *out)
{
    static const char *const head[] = {"code", "name_zh", "name_en", "classes", "from", "to",
                                       "mode", "prohibited", "conditional", "equal", "elsewhere",
                                       "carved_out", "undetermined", NULL};
    csv_head(out, head);
    if (s->node >= 0) {
        node_csv(v, s, s->node, out);
    }
    for (int i = service_first(v, s); i >= 0; i = service_next(v, s, i)) {
        node_csv(v, s, i, out);
    }
}

/* --- handlers --------------------------------------------------------------------------- */

static bool twin(struct handled *h, const struct service_page *s)
{
    if (h->twin == TWIN_JSON) {
        services_json(&h->v, s, &h->rs->body);
    } else if (h->twin == TWIN_CSV) {
        services_csv(&h->v, s, &h->rs->body);
    }
    return h->twin != TWIN_PAGE;
}

void services_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct service_page *s = ARENA_NEW(v->arena, struct service_page);
    struct buf b;
    s->node = -1;
    s->strip = strip_make(v);
    if (twin(h, s)) {
        return;
    }
    buf_init(&b);
    page_services(&b, v->lang, v, s);
    frame(h, say(v, MSG_svc_title), &b);
}

void service_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct service_page *s = ARENA_NEW(v->arena, struct service_page);
    struct error e = {0};
    struct buf b;
    s->node = codelist_find(&v->codes->gbt, h->part[1]);
    if (s->node < 0) {
        err_set(&e, ERR_NOT_FOUND, "国民经济行业分类没有代码 %.*s",
                "there is no code %.*s in GB/T 4754-2017",
                (int)(h->part[1].n > 80 ? 80 : h->part[1].n), h->part[1].p);
        err_hint(&e, "/services, /find");
        h->json = h->twin != TWIN_PAGE;
        error_page(h, &e);
        return;
    }
    s->strip = strip_make(v);
    items_make(v, s);
    s->all_items = str_eqz(http_query(v->rq, "items"), "all");
    foreign_make(v, s);
    if (twin(h, s)) {
        return;
    }
    buf_init(&b);
    page_service(&b, v->lang, v, s);
    frame(h, class_name(v, &v->codes->gbt.code[s->node]), &b);
}
