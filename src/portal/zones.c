/* The grid of 34 units, the places, and the lists that speak in one of them. */
#include "portal/zones.h"
#include "law/write.h"

#include <stdio.h>

/* Where the tiles stand is ours: neighbours are near each other where that can be, and nothing
 * is said of boundaries. */
static const struct {
    const char *code, *sign_zh;
    int column, row;
} grid[ZONES_TILES] = {
    {"CN-HL", "黑", 7, 0}, {"CN-NM", "蒙", 4, 1}, {"CN-BJ", "京", 5, 1},
    {"CN-LN", "辽", 6, 1}, {"CN-JL", "吉", 7, 1}, {"CN-XJ", "新", 0, 2},
    {"CN-GS", "甘", 1, 2}, {"CN-NX", "宁", 2, 2}, {"CN-SN", "陕", 3, 2},
    {"CN-SX", "晋", 4, 2}, {"CN-HE", "冀", 5, 2}, {"CN-TJ", "津", 6, 2},
    {"CN-XZ", "藏", 0, 3}, {"CN-QH", "青", 1, 3}, {"CN-SC", "川", 2, 3},
    {"CN-CQ", "渝", 3, 3}, {"CN-HA", "豫", 4, 3}, {"CN-SD", "鲁", 5, 3},
    {"CN-JS", "苏", 6, 3}, {"CN-SH", "沪", 7, 3}, {"CN-YN", "云", 2, 4},
    {"CN-GZ", "贵", 3, 4}, {"CN-HB", "鄂", 4, 4}, {"CN-AH", "皖", 5, 4},
    {"CN-ZJ", "浙", 6, 4}, {"CN-GX", "桂", 3, 5}, {"CN-HN", "湘", 4, 5},
    {"CN-JX", "赣", 5, 5}, {"CN-FJ", "闽", 6, 5},
    {"TW", "台", 7, 5},
    {"CN-GD", "粤", 4, 6}, {"HK", "港", 5, 6},
    {"CN-HI", "琼", 3, 7}, {"MO", "澳", 4, 7},
};

static struct str keep(const struct view *v, struct buf *b)
{
    struct str s = str_copy(v->arena, buf_view(b));
    buf_finish(b);
    return s;
}

/* --- groups ----------------------------------------------------------------------------- */

static day_t day_or(struct str s, day_t open)
{
    day_t d;
    return day_parse(s, &d) ? d : open;
}

/* The table of groups with its days and grades; what was loaded before cannot fail now. */
static void read_rows(const struct view *v, struct zones_page *z)
{
    struct str text;
    struct csv c;
    bool more = true;
    z->row = ARENA_ARRAY(v->arena, struct membership_row, (size_t)v->codes->n_place_groups + 1);
    if (!shipped_get("codes/place-groups.csv", &text) ||
        csv_open(&c, v->arena, text, "place-groups.csv", NULL) != OK) {
        return;
    }
    while (z->n_rows < v->codes->n_place_groups && csv_next(&c, &more, NULL) == OK && more) {
        struct str grade = csv_get(&c, "evidence");
        z->row[z->n_rows++] = (struct membership_row){
            .group = csv_get(&c, "group"), .name_zh = csv_get(&c, "name_zh"),
            .name_en = csv_get(&c, "name_en"), .note = csv_get(&c, "note"),
            .place = place_find(v->codes, csv_get(&c, "place")),
            .from = day_or(csv_get(&c, "valid_from"), DAY_MIN),
            .to = day_or(csv_get(&c, "valid_to"), DAY_MAX),
            .evidence = grade.n == 1 ? grade.p[0] : 0};
    }
}

bool row_open(const struct view *v, const struct membership_row *r)
{
    return r->from <= v->today && v->today < r->to;
}

struct str row_days(const struct view *v, const struct membership_row *r)
{
    if (r->to != DAY_MAX) {
        return say_s(v, MSG_until, day_text(v, r->from), day_text(v, r->to - 1));
    }
    return r->from == DAY_MIN ? say(v, MSG_day_unknown)
                              : say_s(v, MSG_since, day_text(v, r->from), STR(""));
}

static bool within(const struct view *v, int place, int above)
{
    return place >= above && place < v->codes->place[above].end;
}

/* --- places ----------------------------------------------------------------------------- */

struct str place_kind_word(const struct view *v, const struct place *p)
{
    return say(v, str_eqz(p->kind, "ftz")        ? MSG_place_ftz
                  : str_eqz(p->kind, "city")     ? MSG_place_city
                  : str_eqz(p->kind, "province") ? MSG_place_province
                                                 : MSG_place_country);
}

char place_grade(const struct place *p)
{
    return p->evidence.n == 1 ? p->evidence.p[0] : 0;
}

struct str place_link(const struct view *v, int place)
{
    return link_to(v, "/zones/%.*s", STR_ARG(v->codes->place[place].code));
}

static void tiles_make(const struct view *v, struct zones_page *z)
{
    for (int i = 0; i < ZONES_TILES; i++) {
        struct tile *t = &z->tile[i];
        *t = (struct tile){.code = grid[i].code, .sign_zh = grid[i].sign_zh,
                           .column = grid[i].column, .row = grid[i].row,
                           .place = place_find(v->codes, str_from(grid[i].code)),
                           .economy = economy_find(v->codes, str_from(grid[i].code)), .zone = -1,
                           .port = strcmp(grid[i].code, "CN-HI") == 0};
        for (int p = t->place + 1; t->place >= 0 && p < v->codes->place[t->place].end; p++) {
            if (str_eqz(v->codes->place[p].kind, "ftz") && v->codes->place[p].from <= v->today) {
                t->zone = p;
            }
        }
        for (int r = 0; t->place >= 0 && r < z->n_rows; r++) {
            t->pilots += str_eqz(z->row[r].group, "sector-opening-pilots") &&
                         row_open(v, &z->row[r]) && within(v, z->row[r].place, t->place);
        }
    }
}

struct str tile_sign(const struct view *v, const struct tile *t)
{
    struct str code = str_from(t->code);
    if (v->lang == LANG_ZH) {
        return str_from(t->sign_zh);
    }
    return str_has_prefix(code, STR("CN-")) ? (struct str){code.p + 3, code.n - 3} : code;
}

struct str tile_marks(const struct view *v, const struct tile *t)
{
    char z[48];
    snprintf(z, sizeof z, "%s%s%s", t->port ? "★" : t->zone >= 0 ? "◆" : "",
             t->pilots > 0 && t->zone >= 0 ? " " : "", t->pilots > 0 ? "●" : "");
    return str_copy(v->arena, str_from(z));
}

struct str tile_title(const struct view *v, const struct tile *t)
{
    struct buf b;
    buf_init(&b);
    if (t->place >= 0) {
        buf_str(&b, place_name(v, t->place));
    } else if (t->economy >= 0) {
        buf_str(&b, economy_name(v, t->economy));
    }
    if (t->port) {
        buf_z(&b, " · ");
        buf_str(&b, say(v, MSG_zones_port));
    }
    if (t->zone >= 0) {
        buf_z(&b, " · ");
        const struct place *p = &v->codes->place[t->zone];
        buf_str(&b, say_s(v, MSG_zones_since, day_text(v, p->from), p->evidence));
    }
    if (t->pilots > 0) {
        buf_z(&b, " · ");
        buf_str(&b, say_d(v, MSG_zones_pilots, t->pilots, 0));
    }
    return keep(v, &b);
}

/* --- one place -------------------------------------------------------------------------- */

static void lists_make(const struct view *v, struct zones_page *z)
{
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < v->law->n_instruments && z->n_lists < LIMIT_LAYERS; i++) {
            const struct instrument *t = &v->law->instrument[i];
            bool special = !bit_get(t->place, 0) ||
                           bits_count(t->place, PLACE_WORDS) < (size_t)v->codes->n_places;
            if (!in_force(v, t) || !instrument_current(t) || special != (pass == 0) ||
                !bit_get(t->place, (size_t)z->place) || t->kind == LAYER_TREATY) {
                continue;
            }
            z->special[z->n_lists] = special;
            z->list[z->n_lists++] = i;
        }
    }
}

static void view_make(const struct view *v, struct zone_view *z, enum family family, int place)
{
    const struct corpus *c = v->law;
    struct side *side = ARENA_ARRAY(v->arena, struct side, 2);
    struct diff *d = ARENA_NEW(v->arena, struct diff);
    struct error *e = ARENA_NEW(v->arena, struct error);
    char text[96];
    z->family = family;
    snprintf(text, sizeof text, "%s@CN", family_name(family));
    z->national = str_copy(v->arena, str_from(text));
    snprintf(text, sizeof text, "%s@%.*s", family_name(family),
             STR_ARG(v->codes->place[place].code));
    z->here = str_copy(v->arena, str_from(text));
    if (side_parse(c, z->national, v->today, &side[0], e) == OK &&
        side_parse(c, z->here, v->today, &side[1], e) == OK &&
        diff_make(v->portal->snapshot, &side[0], &side[1], d, v->arena, e) == OK) {
        z->diff = d;
    } else {
        z->why = e;
    }
}

struct str view_family(const struct view *v, const struct zone_view *z)
{
    return family_word(v, z->family);
}

struct str diff_link(const struct view *v, const struct zone_view *z)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, "/diff/");
    page_urlpart_str(&b, z->national);
    buf_z(&b, "...");
    page_urlpart_str(&b, z->here);
    if (v->lang_said) {
        buf_z(&b, v->lang == LANG_EN ? "?lang=en" : "?lang=zh");
    }
    return keep(v, &b);
}

struct str answer_words(const struct view *v, const struct diff_answer *a)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, outcome_sign(a->outcome));
    buf_char(&b, ' ');
    buf_str(&b, outcome_short(v, a->outcome));
    struct str span = a->outcome == OUTCOME_CARVED_OUT ? STR("")
                                                        : span_text(v, a->must, a->treatment);
    if (span.n > 0) {
        buf_z(&b, v->lang == LANG_EN ? " (" : "（");
        buf_str(&b, span);
        buf_z(&b, v->lang == LANG_EN ? ")" : "）");
    }
    return keep(v, &b);
}

/* --- twins ------------------------------------------------------------------------------ */

static void place_json(struct jsonw *w, const struct view *v, int i)
{
    const struct place *p = &v->codes->place[i];
    jsonw_kstr(w, "code", p->code);
    jsonw_kstr(w, "kind", p->kind);
    kwords(w, "name", p->name_zh, p->name_en);
    jsonw_key(w, "in");
    jsonw_str(w, p->parent < 0 ? (struct str){NULL, 0} : v->codes->place[p->parent].code);
    jsonw_kday(w, "from", p->from);
    kgrade(w, "evidence", place_grade(p));
    jsonw_kstr(w, "note", p->note);
}

static void groups_json(struct jsonw *w, const struct view *v, const struct zones_page *z, int i)
{
    jsonw_key(w, "groups");
    jsonw_array(w);
    for (int r = 0; r < z->n_rows; r++) {
        const struct membership_row *m = &z->row[r];
        if (m->place != i) {
            continue;
        }
        jsonw_object(w);
        jsonw_kstr(w, "group", m->group);
        kwords(w, "name", m->name_zh, m->name_en);
        jsonw_kday(w, "from", m->from);
        jsonw_kday(w, "to", m->to);
        jsonw_kbool(w, "today", row_open(v, m));
        kgrade(w, "evidence", m->evidence);
        jsonw_kstr(w, "note", m->note);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void zones_json(const struct view *v, const struct zones_page *z, struct buf *out)
{
    struct jsonw w;
    jsonw_init(&w, out, false);
    jsonw_object(&w);
    jsonw_kday(&w, "on", v->today);
    jsonw_key(&w, "places");
    jsonw_array(&w);
    for (int i = 0; i < v->codes->n_places; i++) {
        jsonw_object(&w);
        place_json(&w, v, i);
        groups_json(&w, v, z, i);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_kz(&w, "snapshot", v->law->hash);
    jsonw_end(&w);
}

static void zones_csv(const struct view *v, const struct zones_page *z, struct buf *out)
{
    static const char *const head[] = {"code", "kind", "name_zh", "name_en", "in", "from",
                                       "evidence", "note", "groups", NULL};
    csv_head(out, head);
    for (int i = 0; i < v->codes->n_places; i++) {
        const struct place *p = &v->codes->place[i];
        struct buf groups;
        char day[11];
        day_format(p->from, day);
        buf_init(&groups);
        for (int r = 0; r < z->n_rows; r++) {
            if (z->row[r].place == i && row_open(v, &z->row[r])) {
                buf_z(&groups, groups.n > 0 ? " " : "");
                buf_str(&groups, z->row[r].group);
            }
        }
        csv_write_field(out, p->code, true);
        csv_write_field(out, p->kind, false);
        csv_write_field(out, p->name_zh, false);
        csv_write_field(out, p->name_en, false);
        csv_write_field(out, p->parent < 0 ? STR("") : v->codes->place[p->parent].code, false);
        csv_write_field(out, str_from(day), false);
        csv_write_field(out, p->evidence, false);
        csv_write_field(out, p->note, false);
        csv_write_field(out, buf_view(&groups), false);
        csv_write_end(out);
        buf_finish(&groups);
    }
}

static void view_json(struct jsonw *w, const struct view *v, const struct zone_view *x)
{
    struct buf whole;
    jsonw_key(w, family_name(x->family));
    if (x->diff == NULL) {
        jsonw_null(w);
        return;
    }
    buf_init(&whole);
    diff_json(v->portal->snapshot, x->diff, &whole, false);
    jsonw_raw(w, str_trim(buf_view(&whole)));
    buf_finish(&whole);
}

static void zone_json(const struct view *v, const struct zones_page *z, struct buf *out)
{
    struct jsonw w;
    jsonw_init(&w, out, false);
    jsonw_object(&w);
    place_json(&w, v, z->place);
    groups_json(&w, v, z, z->place);
    jsonw_kday(&w, "on", v->today);
    jsonw_key(&w, "lists");
    jsonw_array(&w);
    for (int i = 0; i < z->n_lists; i++) {
        const struct instrument *t = &v->law->instrument[z->list[i]];
        jsonw_object(&w);
        jsonw_kstr(&w, "instrument", t->id);
        kwords(&w, "title", t->title_zh, t->title_en);
        jsonw_kbool(&w, "national", !z->special[i]);
        jsonw_kint(&w, "held", t->n);
        jsonw_kbool(&w, "complete", t->complete);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_key(&w, "against_national");
    jsonw_object(&w);
    view_json(&w, v, &z->view[0]);
    view_json(&w, v, &z->view[1]);
    jsonw_end(&w);
    jsonw_kz(&w, "snapshot", v->law->hash);
    jsonw_end(&w);
}

/* A row for each region that differs. */
static void zone_csv(const struct view *v, const struct zones_page *z, struct buf *out)
{
    static const char *const head[] = {"family", "change", "cells", "where", "items", "evidence",
                                       "witness_sector", "witness_mode", "witness_from", NULL};
    csv_head(out, head);
    for (int k = 0; k < 2; k++) {
        const struct diff *d = z->view[k].diff;
        for (int i = 0; d != NULL && i < d->n_regions; i++) {
            const struct diff_region *r = &d->region[i];
            struct buf keys, where;
            buf_init(&keys);
            buf_init(&where);
            scope_words(v->codes, &r->scope, &d->domain, false, &where);
            for (int p = 0; p < r->n_causes; p++) {
                const struct provision *x = &v->law->provision[r->by[p]];
                buf_printf(&keys, "%s%.*s/%.*s", p > 0 ? " " : "",
                           STR_ARG(v->law->instrument[x->instrument].id), STR_ARG(x->key));
            }
            csv_write_field(out, str_from(family_name(z->view[k].family)), true);
            csv_write_field(out, r->change == CHANGE_OPENED ? STR("opened") : STR("closed"), false);
            csv_count(out, r->cells);
            csv_write_field(out, buf_view(&where), false);
            csv_write_field(out, buf_view(&keys), false);
            csv_grade(out, r->evidence);
            csv_write_field(out, sector_code(v->codes, r->b.sector), false);
            csv_count(out, (uint64_t)r->b.mode);
            csv_write_field(out, v->codes->economy[r->b.origin].alpha2, false);
            csv_write_end(out);
            buf_finish(&where);
            buf_finish(&keys);
        }
    }
}

/* --- handlers --------------------------------------------------------------------------- */

void zones_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct zones_page *z = ARENA_NEW(v->arena, struct zones_page);
    struct buf b;
    read_rows(v, z);
    if (h->twin == TWIN_JSON) {
        zones_json(v, z, &h->rs->body);
        return;
    }
    if (h->twin == TWIN_CSV) {
        zones_csv(v, z, &h->rs->body);
        return;
    }
    tiles_make(v, z);
    if (h->twin == TWIN_SVG) {
        page_tiles(&h->rs->body, v->lang, v, z);
        return;
    }
    buf_init(&b);
    page_zones(&b, v->lang, v, z);
    frame(h, say(v, MSG_zones_title), &b);
}

void zone_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct zones_page *z = ARENA_NEW(v->arena, struct zones_page);
    struct error e = {0};
    struct buf b;
    if (place_parse(v->codes, h->part[1], &z->place, &e) != OK) {
        e.code = ERR_NOT_FOUND;
        h->json = h->twin != TWIN_PAGE;
        error_page(h, &e);
        return;
    }
    read_rows(v, z);
    lists_make(v, z);
    view_make(v, &z->view[0], FAMILY_CROSS_BORDER, z->place);
    view_make(v, &z->view[1], FAMILY_INVESTMENT, z->place);
    if (h->twin == TWIN_JSON) {
        zone_json(v, z, &h->rs->body);
        return;
    }
    if (h->twin == TWIN_CSV) {
        zone_csv(v, z, &h->rs->body);
        return;
    }
    buf_init(&b);
    page_zone(&b, v->lang, v, z);
    frame(h, place_name(v, z->place), &b);
}
