/* Lists, one list, one measure: what is asked, and the twins. */
#include "portal/lists.h"
#include "portal/pages.h"

static void no_such(struct handled *h, struct str what)
{
    struct error e = {0};
    err_set(&e, ERR_NOT_FOUND, "没有“%.*s”", "there is no %.*s", (int)(what.n > 200 ? 200 : what.n),
            what.p);
    err_hint(&e, "/lists");
    error_page(h, &e);
}

/* --- all of them -------------------------------------------------------------------------- */

static void find_pairs(const struct view *v, struct lists_page *p)
{
    for (int i = 0; i < v->law->n_instruments; i++) {
        const struct instrument *t = &v->law->instrument[i];
        int before[EVENT_AGAINST], n = 0;
        if (instrument_current(t)) {
            n = chronicle_before(v->law, i, v->today, before);
        }
        for (int k = 0; k < n && p->n_pairs[t->family] < LISTS_PAIRS; k++) {
            int *pair = p->pair[t->family][p->n_pairs[t->family]++];
            pair[0] = before[k];
            pair[1] = i;
        }
    }
}

void lists_handle(struct handled *h)
{
    struct lists_page *p = ARENA_NEW(h->v.arena, struct lists_page);
    struct buf b;
    if (h->json) {
        api_lists_json(&h->v.api, &h->rs->body);
        return;
    }
    find_pairs(&h->v, p);
    buf_init(&b);
    page_lists(&b, h->v.lang, &h->v, p);
    frame(h, say(&h->v, MSG_lists_title), &b);
}

/* --- one list ----------------------------------------------------------------------------- */

static void csv_basis(const struct view *v, const struct provision *p, struct buf *b)
{
    struct buf cell;
    buf_init(&cell);
    for (int i = 0; i < p->n_basis; i++) {
        buf_z(&cell, i > 0 ? "; " : "");
        buf_str(&cell, basis_text(v, &p->basis[i]));
    }
    csv_write_field(b, buf_view(&cell), false);
    buf_finish(&cell);
}

/* Words of both languages, so that the file is the same in either. */
static void write_csv(const struct view *v, const struct instrument *t, struct buf *b)
{
    static const char *const names[] = {
        "instrument", "key", "no", "section", "effect", "treatment", "evidence", "partial",
        "text_zh", "text_en", "authority_zh", "authority_en", "basis", NULL};
    csv_head(b, names);
    for (int i = 0; i < t->n; i++) {
        const struct provision *p = &v->law->provision[t->first + i];
        csv_write_field(b, t->id, true);
        csv_write_field(b, p->key, false);
        csv_write_field(b, p->no > 0 ? number_text(v, p) : STR(""), false);
        csv_write_field(b, p->section, false);
        csv_write_field(b, str_from(effect_name(p->effect)), false);
        csv_write_field(b, str_from(treatment_name(p->treatment)), false);
        csv_grade(b, p->evidence);
        csv_write_field(b, p->partial ? STR("true") : STR("false"), false);
        csv_write_field(b, p->zh, false);
        csv_write_field(b, p->en, false);
        csv_write_field(b, p->authority_zh, false);
        csv_write_field(b, p->authority_en, false);
        csv_basis(v, p, b);
        csv_write_end(b);
    }
}

static enum err parse_section(const struct view *v, int *out, struct error *e)
{
    struct str asked = http_query(v->rq, "section");
    *out = -1;
    if (asked.n == 0) {
        return OK;
    }
    int i = codelist_find(&v->codes->gbt, asked);
    if (i >= 0 && v->codes->gbt.code[i].level == 1) {
        *out = i;
        return OK;
    }
    err_set(e, ERR_UNKNOWN_CODE, "“%.*s”不是门类", "\"%.*s\" is not a section",
            (int)(asked.n > 60 ? 60 : asked.n), asked.p);
    err_hint(e, "?section=A … ?section=T");
    err_at(e, "", 0, "sector");
    return ERR_UNKNOWN_CODE;
}

static void find_neighbours(const struct view *v, struct list_page *p)
{
    for (int i = 0; i < v->law->n_instruments; i++) {
        int before[EVENT_AGAINST], n = 0;
        if (instrument_current(&v->law->instrument[i])) {
            n = chronicle_before(v->law, i, v->today, before);
        }
        for (int k = 0; k < n && p->n_pairs < LIST_PAIRS; k++) {
            if (i == v->instrument || before[k] == v->instrument) {
                p->pair[p->n_pairs][0] = before[k];
                p->pair[p->n_pairs++][1] = i;
            }
        }
    }
}

static void show_list(struct handled *h)
{
    struct view *v = &h->v;
    struct list_page p = {.t = &v->law->instrument[v->instrument]};
    struct heat *heat = ARENA_NEW(v->arena, struct heat);
    struct error e = {0};
    struct buf b;
    if (parse_section(v, &p.section, &e) != OK) {
        error_page(h, &e);
        return;
    }
    if (heat_make(v->portal->snapshot, v->instrument, p.section, v->today, heat, NULL) == OK) {
        p.heat = heat;
    }
    find_neighbours(v, &p);
    bool all = str_eqz(http_query(v->rq, "items"), "all") || p.t->n <= LIST_ITEMS + LIST_ITEMS / 5;
    p.n_items = all ? p.t->n : LIST_ITEMS;
    buf_init(&b);
    page_instrument(&b, v->lang, v, &p);
    frame(h, pick(v, p.t->title_zh, p.t->title_en), &b);
}

void list_handle(struct handled *h)
{
    h->v.instrument = instrument_find(h->v.law, h->part[1]);
    if (h->v.instrument < 0) {
        no_such(h, h->v.rq->path_raw);
    } else if (h->json) {
        api_list_json(&h->v.api, h->v.instrument, &h->rs->body);
    } else if (h->twin == TWIN_CSV) {
        write_csv(&h->v, &h->v.law->instrument[h->v.instrument], &h->rs->body);
    } else {
        show_list(h);
    }
}

/* --- where it bites, in exact counts ------------------------------------------------------ */

static void heat_csv(const struct view *v, const struct heat *x, struct buf *b)
{
    static const char *const territory[] = {"national", "zones", "hainan"};
    static const char *const names[] = {
        "sector", "mode", "territory", "cells", "equal", "conditional", "prohibited", "carved_out",
        "undetermined", "elsewhere", "evidence", NULL};
    csv_head(b, names);
    for (int i = 0; i < x->n_rows * 4 * TERRITORY_COUNT; i++) {
        int row = i / (4 * TERRITORY_COUNT), mode = i / TERRITORY_COUNT % 4 + 1;
        const struct heat_field *f = &x->field[row][mode][i % TERRITORY_COUNT];
        if (f->cells == 0) {
            continue;
        }
        csv_write_field(b, v->codes->gbt.code[x->row[row]].code, true);
        csv_count(b, (uint64_t)mode);
        csv_write_field(b, str_from(territory[i % TERRITORY_COUNT]), false);
        csv_count(b, f->cells);
        for (int o = 0; o < OUTCOME_COUNT; o++) {
            csv_count(b, f->outcome[outcome_order[o]]);
        }
        csv_grade(b, f->evidence);
        csv_write_end(b);
    }
}

/* /lists/{id}/heat: the twins of the heat map; the page itself is part of the list's. */
void heat_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct heat *x = ARENA_NEW(v->arena, struct heat);
    struct error e = {0};
    int section = -1, list = instrument_find(v->law, h->part[1]);
    enum err r = OK;
    if (list < 0) {
        no_such(h, v->rq->path_raw);
        return;
    }
    if (h->twin == TWIN_PAGE) {
        http_redirect(h->rs, link_instrument(v, list));
        return;
    }
    r = parse_section(v, &section, &e);
    if (r == OK) {
        r = heat_make(v->portal->snapshot, list, section, v->today, x, &e);
    }
    if (r != OK) {
        error_page(h, &e);
    } else if (h->json) {
        struct jsonw w;
        jsonw_init(&w, &h->rs->body, false);
        heat_json(v->law, x, &w);
    } else {
        heat_csv(v, x, &h->rs->body);
    }
}

/* --- one measure -------------------------------------------------------------------------- */

void measure_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct measure_page m = {0};
    struct buf b;
    v->instrument = instrument_find(v->law, h->part[1]);
    if (v->instrument >= 0) {
        m.p = provision_find(v->law, v->instrument, h->part[2]);
    }
    if (m.p == NULL) {
        no_such(h, v->rq->path_raw);
        return;
    }
    if (h->json) {
        api_provision_json(&v->api, m.p, &h->rs->body);
        return;
    }
    life_make(&m.life, v->law, m.p->key, v->arena);
    buf_init(&b);
    page_measure(&b, v->lang, v, &m);
    frame(h, m.p->key, &b);
}
