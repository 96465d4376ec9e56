/* /diff and /diff/{a}...{b}: what is asked, what is shown of it, and its twins. */
#include "portal/versus.h"

#include <stdlib.h>

static struct str keep(const struct view *v, struct buf *b)
{
    struct str s = str_copy(v->arena, buf_view(b));
    buf_finish(b);
    return s;
}

/* --- addresses ---------------------------------------------------------------------------- */

/* A view reads better with its @ as it is, and a path may hold it (RFC 3986, 3.3). */
static void put_side(struct buf *b, struct str s)
{
    for (struct str rest = s; rest.p != NULL;) {
        struct str at = {NULL, 0}, part = rest;
        size_t i;
        if (str_find(rest, STR("@"), &i)) {
            part.n = i;
            at = (struct str){rest.p + i + 1, rest.n - i - 1};
        }
        page_urlpart_str(b, part);
        if (at.p != NULL) {
            buf_char(b, '@');
        }
        rest = at;
    }
}

static struct str pair_path(const struct view *v, struct str a, struct str b)
{
    struct buf out;
    buf_init(&out);
    buf_z(&out, "/diff/");
    put_side(&out, a);
    buf_z(&out, "...");
    put_side(&out, b);
    return keep(v, &out);
}

struct str versus_link(const struct view *v, int a, int b)
{
    struct str path = pair_path(v, v->law->instrument[a].id, v->law->instrument[b].id);
    return link_to(v, "%.*s", STR_ARG(path));
}

static const char *form_name(enum versus_form f)
{
    static const char *const names[] = {"", "side", "inline"};
    return names[f];
}

struct str versus_self(const struct view *v, const struct versus_page *p, const char *key,
                       const char *value)
{
    const struct {
        const char *key;
        struct str value;
    } said[] = {{"view", str_from(form_name(p->form))},
                {"show", p->show},
                {"grade", p->grade},
                {"all", p->all ? STR("1") : STR("")}};
    struct buf b;
    bool first = true;
    buf_init(&b);
    buf_str(&b, p->path);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        bool changed = strcmp(said[i].key, key) == 0;
        struct str x = changed ? str_from(value) : said[i].value;
        if (x.n > 0) {
            buf_printf(&b, "%c%s=%.*s", first ? '?' : '&', said[i].key, STR_ARG(x));
            first = false;
        }
    }
    struct str whole = keep(v, &b);
    return link_to(v, "%.*s", STR_ARG(whole));
}

struct str versus_twin(const struct view *v, const struct versus_page *p, const char *ending)
{
    return link_to(v, "%.*s%s", STR_ARG(p->path), ending);
}

/* --- the page that asks ------------------------------------------------------------------- */

/* A situation out of the fields of the form: family@place[@day][@economy]. */
static struct str situation(const struct view *v, struct str family, const char *place,
                            const char *day)
{
    const struct str part[] = {http_query(v->rq, place), http_query(v->rq, day),
                               http_query(v->rq, "from")};
    struct buf b;
    buf_init(&b);
    buf_str(&b, family);
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        if (part[i].n > 0) {
            buf_char(&b, '@');
            buf_str(&b, part[i]);
        }
    }
    return keep(v, &b);
}

static void find_pairs(const struct view *v, struct versus_choice *c)
{
    for (int i = 0; i < v->law->n_instruments; i++) {
        int before[EVENT_AGAINST];
        if (!instrument_current(&v->law->instrument[i])) {
            continue;
        }
        int n = chronicle_before(v->law, i, v->today, before);
        for (int k = 0; k < n && c->n_pairs < VERSUS_PAIRS; k++) {
            c->pair[c->n_pairs][0] = before[k];
            c->pair[c->n_pairs++][1] = i;
        }
    }
}

void diff_form_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct str a = http_query(v->rq, "a"), b = http_query(v->rq, "b");
    struct str family = http_query(v->rq, "family");
    if (family.n > 0) {
        a = situation(v, family, "to_a", "on_a");
        b = situation(v, family, "to_b", "on_b");
    }
    if (a.n > 0 && b.n > 0 && a.n + b.n < LIMIT_WORDS_BYTES) {
        struct str path = pair_path(v, a, b);
        http_redirect(h->rs, link_to(v, "%.*s", STR_ARG(path)));
        return;
    }
    struct versus_choice c = {0};
    struct buf out;
    find_pairs(v, &c);
    buf_init(&out);
    page_versus_form(&out, v->lang, v, &c);
    frame(h, say(v, MSG_vs_title), &out);
}

/* --- what is asked ------------------------------------------------------------------------ */

static enum err one_of(const struct view *v, const char *field, const char *const *values,
                       struct str *out, struct error *e)
{
    *out = http_query(v->rq, field);
    if (out->n == 0) {
        return OK;
    }
    struct buf hint;
    buf_init(&hint);
    for (int i = 0; values[i] != NULL; i++) {
        if (str_eqz(*out, values[i])) {
            buf_finish(&hint);
            return OK;
        }
        buf_printf(&hint, "%s%s=%s", i > 0 ? ", " : "", field, values[i]);
    }
    err_set(e, ERR_INVALID, "不认识 %s=%.*s", "%s=%.*s is not known", field,
            (int)(out->n > 60 ? 60 : out->n), out->p);
    err_hint(e, "%.*s", STR_ARG(buf_view(&hint)));
    buf_finish(&hint);
    return ERR_INVALID;
}

static enum err parse_shape(const struct view *v, struct versus_page *p, struct error *e)
{
    static const char *const forms[] = {"meaning", "side", "inline", NULL};
    static const char *const shows[] = {"opened", "closed", "words", NULL};
    static const char *const grades[] = {"A", "B", "C", NULL};
    static const char *const yes[] = {"1", NULL};
    struct str form, all;
    TRY(one_of(v, "view", forms, &form, e));
    TRY(one_of(v, "show", shows, &p->show, e));
    TRY(one_of(v, "grade", grades, &p->grade, e));
    TRY(one_of(v, "all", yes, &all, e));
    p->form = str_eqz(form, "side")     ? VERSUS_SIDE
              : str_eqz(form, "inline") ? VERSUS_INLINE
                                        : VERSUS_MEANING;
    p->all = all.n > 0;
    return OK;
}

static enum err parse_pair(struct view *v, struct str pair, struct side *a, struct side *b,
                           struct error *e)
{
    size_t at;
    if (!str_find(pair, STR("..."), &at) || at == 0 || at + 3 == pair.n) {
        err_set(e, ERR_SYNTAX, "“%.*s”不是 甲...乙", "\"%.*s\" is not a...b",
                (int)(pair.n > 120 ? 120 : pair.n), pair.p);
        err_hint(e, "/diff/cn-national-2024...cn-ftz-2024, "
                    "/diff/cross-border@CN-SH@2025-01-01...cross-border@CN-HI@2025-01-01");
        return ERR_SYNTAX;
    }
    TRY(side_parse(v->law, (struct str){pair.p, at}, v->today, a, e));
    TRY(side_parse(v->law, (struct str){pair.p + at + 3, pair.n - at - 3}, v->today, b, e));
    return OK;
}

/* --- cards -------------------------------------------------------------------------------- */

static bool same_makers(const struct diff_region *a, const struct diff_region *b)
{
    return a->change == b->change && a->mixed == b->mixed && a->n_by == b->n_by &&
           memcmp(a->by, b->by, sizeof(int) * (size_t)a->n_by) == 0;
}

static bool wanted(const struct versus_page *p, const struct versus_card *c)
{
    bool opened = c->first->change == CHANGE_OPENED;
    return !str_eqz(p->show, "words") && !(str_eqz(p->show, "opened") && !opened) &&
           !(str_eqz(p->show, "closed") && opened) &&
           (p->grade.n == 0 || p->grade.p[0] == c->evidence);
}

/* Changed cells by the lowest grade behind each. */
static void count_grades(struct versus_page *p)
{
    for (int i = 0; i < p->diff->n_regions; i++) {
        const struct diff_region *r = &p->diff->region[i];
        p->by_grade[r->evidence - 'A'] += r->cells;
    }
}

static size_t makers_hash(const struct diff_region *r)
{
    uint64_t h = (uint64_t)r->change * 2 + r->mixed;
    for (int i = 0; i < r->n_by; i++) {
        h = (h ^ (uint64_t)(unsigned)r->by[i]) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 31;
    }
    return (size_t)h;
}

/* The card of every region: regions of the same makers share one. In order of the regions. */
static int group_regions(const struct view *v, struct versus_page *p, int *card_of)
{
    const struct diff *d = p->diff;
    size_t slots = 64;
    while (slots < (size_t)d->n_regions * 2) {
        slots *= 2;
    }
    int *slot = ARENA_ARRAY(v->arena, int, slots), n = 0; /* card + 1 */
    for (int i = 0; i < d->n_regions; i++) {
        const struct diff_region *r = &d->region[i];
        size_t at = makers_hash(r) & (slots - 1);
        while (slot[at] > 0 && !same_makers(p->card[slot[at] - 1].first, r)) {
            at = (at + 1) & (slots - 1);
        }
        if (slot[at] == 0) {
            p->card[n] = (struct versus_card){.first = r};
            slot[at] = ++n;
        }
        struct versus_card *c = &p->card[slot[at] - 1];
        card_of[i] = slot[at] - 1;
        c->n++;
        c->cells += r->cells;
        c->evidence = r->evidence > c->evidence ? r->evidence : c->evidence;
    }
    return n;
}

static void make_cards(const struct view *v, struct versus_page *p)
{
    const struct diff *d = p->diff;
    size_t room = (size_t)d->n_regions + 1;
    int *card_of = ARENA_ARRAY(v->arena, int, room), *region = ARENA_ARRAY(v->arena, int, room);
    p->card = ARENA_ARRAY(v->arena, struct versus_card, room);
    int n = group_regions(v, p, card_of);
    for (int i = 0; i < n; i++) {
        p->card[i].region = region;
        region += p->card[i].n;
        p->card[i].n = 0;
    }
    for (int i = 0; i < d->n_regions; i++) {
        struct versus_card *c = &p->card[card_of[i]];
        c->region[c->n++] = i;
    }
    for (int i = 0; i < n; i++) {
        if (wanted(p, &p->card[i])) {
            p->card[p->n_cards_all++] = p->card[i];
        }
    }
    int most = p->all ? VERSUS_CARDS_ALL : VERSUS_CARDS;
    p->n_cards = p->n_cards_all > most ? most : p->n_cards_all;
}

/* --- words -------------------------------------------------------------------------------- */

static struct str clauses_text(const struct view *v, const struct clause *x, int n)
{
    struct buf b;
    buf_init(&b);
    for (int i = 0; i < n; i++) {
        buf_z(&b, i == 0 ? "" : v->lang == LANG_EN ? "; " : "；");
        buf_str(&b, pick(v, x[i].zh, x[i].en));
    }
    return keep(v, &b);
}

static void put_field(const struct view *v, struct versus_item *i, enum msg name, struct str a,
                      struct str b)
{
    struct versus_field *f = &i->field[i->n_fields++];
    *f = (struct versus_field){.name = name, .a = a, .b = b};
    f->n = wording_diff(a, b, v->arena, &f->run);
}

/* A part that is alike on both sides is left out. */
static void add_field(const struct view *v, struct versus_item *i, enum msg name, struct str a,
                      struct str b)
{
    if (!str_eq(a, b)) {
        put_field(v, i, name, a, b);
    }
}

/* The text stands first even where it is alike: it says what the rest is about. */
static void word_item(const struct view *v, struct versus_item *i)
{
    static const struct provision none;
    const struct provision *a = i->a ? i->a : &none, *b = i->b ? i->b : &none;
    struct str x = pick(v, a->zh, a->en), y = pick(v, b->zh, b->en);
    bool alike = str_eq(x, y);
    put_field(v, i, MSG_vs_words, x, y);
    add_field(v, i, MSG_exceptions, clauses_text(v, a->exception, a->n_exceptions),
              clauses_text(v, b->exception, b->n_exceptions));
    add_field(v, i, MSG_exemptions, clauses_text(v, a->exemption, a->n_exemptions),
              clauses_text(v, b->exemption, b->n_exemptions));
    add_field(v, i, MSG_conditions, clauses_text(v, a->lift, a->n_lift),
              clauses_text(v, b->lift, b->n_lift));
    if (i->a != NULL && i->b != NULL) {
        add_field(v, i, MSG_authority, pick(v, a->authority_zh, a->authority_en),
                  pick(v, b->authority_zh, b->authority_en));
        add_field(v, i, MSG_col_effect, effect_word(v, a->effect), effect_word(v, b->effect));
    }
    if (alike && i->n_fields == 1) {
        i->n_fields = 0; /* nothing differs that is shown here */
    }
}

static int printed(const struct versus_item *i)
{
    int no = i->a != NULL ? i->a->no : i->b->no;
    return no > 0 ? no : INT32_MAX;
}

static int by_number(const void *x, const void *y)
{
    const struct versus_item *a = x, *b = y;
    int na = printed(a), nb = printed(b);
    if (na != nb) {
        return na < nb ? -1 : 1;
    }
    return str_cmp((a->a ? a->a : a->b)->key, (b->a ? b->a : b->b)->key);
}

static bool item_wanted(const struct versus_page *p, const struct versus_item *i)
{
    if (p->grade.n == 0) {
        return true;
    }
    char g = i->a != NULL ? i->a->evidence : 0;
    g = i->b != NULL && i->b->evidence > g ? i->b->evidence : g;
    return g == p->grade.p[0];
}

static void make_items(const struct view *v, struct versus_page *p)
{
    const struct diff *d = p->diff;
    p->item = ARENA_ARRAY(v->arena, struct versus_item, (size_t)d->n_items + 1);
    for (int k = 0; k < d->n_items; k++) {
        struct versus_item *i = &p->item[p->n_items];
        const struct diff_item *x = &d->item[k];
        *i = (struct versus_item){.item = x};
        i->a = x->a >= 0 ? &v->law->provision[x->a] : NULL;
        i->b = x->b >= 0 ? &v->law->provision[x->b] : NULL;
        if (!item_wanted(p, i)) {
            continue;
        }
        word_item(v, i);
        p->n_items += i->n_fields > 0;
    }
    sort_by(p->item, (size_t)p->n_items, sizeof *p->item, by_number);
}

/* --- csv ---------------------------------------------------------------------------------- */

static void csv_z(struct buf *b, const char *z)
{
    csv_write_field(b, str_from(z), false);
}

static void csv_answer(struct buf *b, const struct diff_answer *a)
{
    csv_z(b, outcome_name(a->outcome));
    csv_z(b, treatment_name(a->must));
    csv_z(b, treatment_name(a->treatment));
}

static void csv_question(const struct view *v, struct buf *b, const struct diff_region *r)
{
    struct ask ask;
    struct buf facts;
    cell_ask(v, &r->b, &r->facts, -1, &ask);
    const struct str part[] = {ask.sector, ask.mode, ask.kind, ask.from};
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        csv_write_field(b, part[i], false);
    }
    csv_write_field(b, v->codes->place[r->a.place].code, false);
    csv_write_field(b, v->codes->place[r->b.place].code, false);
    buf_init(&facts);
    for (int i = 0; i < ask.n_facts; i++) {
        buf_z(&facts, i > 0 ? " " : "");
        buf_str(&facts, ask.fact[i]);
    }
    csv_write_field(b, buf_view(&facts), false);
    buf_finish(&facts);
}

static void csv_region(const struct view *v, const struct diff *d, const struct diff_region *r,
                       struct buf *b)
{
    struct buf keys;
    buf_init(&keys);
    for (int i = 0; i < r->n_causes; i++) {
        buf_z(&keys, i > 0 ? " " : "");
        buf_str(&keys, v->law->provision[r->by[i]].key);
    }
    csv_write_field(b, r->change == CHANGE_OPENED ? STR("opened") : STR("closed"), true);
    csv_z(b, r->mixed ? "true" : "false");
    csv_count(b, r->cells);
    csv_write_field(b, buf_view(&keys), false);
    csv_grade(b, r->evidence);
    csv_write_field(b, scope_text(v, &r->scope, &d->domain), false);
    csv_question(v, b, r);
    csv_answer(b, &r->was);
    csv_answer(b, &r->is);
    csv_write_field(b, pick(v, v->law->provision[r->by[0]].zh, v->law->provision[r->by[0]].en),
                    false);
    csv_write_end(b);
    buf_finish(&keys);
}

static void write_csv(const struct view *v, const struct diff *d, struct buf *b)
{
    static const char *const names[] = {
        "change", "mixed", "cells", "keys", "evidence", "where", "sector", "mode", "kind",
        "from", "to_a", "to_b", "facts", "a_outcome", "a_must", "a_treatment", "b_outcome",
        "b_must", "b_treatment", "text", NULL};
    csv_head(b, names);
    for (int i = 0; i < d->n_regions; i++) {
        csv_region(v, d, &d->region[i], b);
    }
}

/* --- the handler -------------------------------------------------------------------------- */

static void show(struct handled *h, struct versus_page *p)
{
    struct view *v = &h->v;
    struct buf b;
    make_cards(v, p);
    count_grades(p);
    if (p->form != VERSUS_MEANING) {
        make_items(v, p);
    }
    buf_init(&b);
    page_versus(&b, v->lang, v, p);
    frame(h, say_s(v, MSG_vs_page_title, p->diff->a.name, p->diff->b.name), &b);
}

void diff_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct error e = {0};
    struct side a, b;
    struct diff d;
    struct versus_page p = {.diff = &d};
    enum err r = parse_pair(v, h->part[1], &a, &b, &e);
    if (r == OK) {
        r = parse_shape(v, &p, &e);
    }
    if (r == OK) {
        r = diff_make(v->portal->snapshot, &a, &b, &d, v->arena, &e);
    }
    if (r == OK) {
        r = diff_verify(v->portal->snapshot, &d, &e);
    }
    if (r != OK) {
        error_page(h, &e);
        return;
    }
    d.seconds = 0; /* the same address, the same bytes */
    p.path = pair_path(v, a.name, b.name);
    if (h->twin == TWIN_JSON) {
        diff_json(v->portal->snapshot, &d, &h->rs->body, false);
    } else if (h->twin == TWIN_CSV) {
        write_csv(v, &d, &h->rs->body);
    } else {
        show(h, &p);
    }
}
