/* Routes in words and as links. */
#include "portal/routes.h"

#include <stdio.h>

static struct str keep(const struct view *v, struct buf *b)
{
    struct str s = str_copy(v->arena, buf_view(b));
    buf_finish(b);
    return s;
}

static void or(const struct view *v, struct buf *b)
{
    if (b->n > 0) {
        buf_z(b, v->lang == LANG_EN ? " or " : "或");
    }
}

static struct str fact_values(const struct view *v, const struct route_change *x)
{
    struct buf b;
    buf_init(&b);
    if (v->law->fact[x->which].type == FACT_NUMBER) {
        route_fact_words(v->law, x, &b);
        if (v->law->fact[x->which].unit.n > 0) {
            buf_char(&b, ' ');
            buf_str(&b, v->law->fact[x->which].unit);
        }
        return keep(v, &b);
    }
    for (int i = 0; i < x->n; i++) {
        or(v, &b);
        buf_str(&b, fact_value_word(v, x->which, x->value[i]));
    }
    return keep(v, &b);
}

static struct str place_values(const struct view *v, const struct route_change *x)
{
    enum { NAMED = 3 };
    struct buf b;
    buf_init(&b);
    for (int i = 0; i < x->n && i < NAMED; i++) {
        or(v, &b);
        buf_str(&b, place_name(v, (int)x->value[i]));
    }
    if (x->n > NAMED) {
        buf_str(&b, say_d(v, MSG_more_places, x->n - NAMED, 0));
    }
    return keep(v, &b);
}

static struct str change_words(const struct view *v, const struct route_change *x)
{
    struct buf b;
    buf_init(&b);
    switch (x->dimension) {
    case ROUTE_CLAIM:
        buf_str(&b, instrument_title(v, v->law->layer[x->which]));
        return say_s(v, MSG_route_claim, keep(v, &b), STR(""));
    case ROUTE_FACT:
        buf_finish(&b);
        return say_s(v, MSG_route_fact,
                     pick(v, v->law->fact[x->which].zh, v->law->fact[x->which].en),
                     fact_values(v, x));
    case ROUTE_KIND:
        for (int i = 0; i < x->n; i++) {
            or(v, &b);
            buf_str(&b, kind_word(v, (enum kind)x->value[i]));
        }
        return say_s(v, MSG_route_kind, keep(v, &b), STR(""));
    case ROUTE_MODE:
        for (int i = 0; i < x->n; i++) {
            or(v, &b);
            buf_str(&b, mode_word(v, (int)x->value[i]));
        }
        return say_s(v, MSG_route_mode, keep(v, &b), STR(""));
    case ROUTE_PLACE:
        buf_finish(&b);
        return say_s(v, MSG_route_place, place_values(v, x), STR(""));
    case ROUTE_DATE:
        break;
    }
    buf_finish(&b);
    return say_s(v, MSG_route_date, day_text(v, (day_t)x->value[0]), STR(""));
}

struct str route_words(const struct view *v, const struct route *r)
{
    struct str first = change_words(v, &r->change[0]);
    return r->n_changes < 2 ? first
                            : say_s(v, MSG_route_and, first, change_words(v, &r->change[1]));
}

/* A fact that was said before is said anew. */
static void set_fact(const struct view *v, struct ask *a, const struct route_change *x,
                     const struct facts *facts)
{
    struct str pair = fact_pair(v, x->which, facts->value[x->which]), rest;
    struct str name = v->law->fact[x->which].name;
    for (int i = 0; i < a->n_facts; i++) {
        if (str_eq(str_trim(str_cut(a->fact[i], '=', &rest)), name)) {
            a->fact[i] = pair;
            return;
        }
    }
    if (a->n_facts < ASK_FACTS) {
        a->fact[a->n_facts++] = pair;
    }
}

static void set_day(const struct view *v, struct ask *a, day_t day)
{
    char z[11];
    day_format(day, z);
    a->on = str_copy(v->arena, str_from(z));
}

/* The words of the question stay as they were but for what is changed. */
struct str route_link(const struct view *v, const struct route *r)
{
    const struct question *q = &r->example;
    struct ask a = v->ask;
    a.sector = sector_code(v->codes, q->sector);
    for (int i = 0; i < r->n_changes; i++) {
        const struct route_change *x = &r->change[i];
        switch (x->dimension) {
        case ROUTE_CLAIM:
            if (a.n_claims < ASK_CLAIMS) {
                a.claim[a.n_claims++] = v->law->instrument[v->law->layer[x->which]].id;
            }
            break;
        case ROUTE_FACT: set_fact(v, &a, x, q->facts); break;
        case ROUTE_KIND: a.kind = str_from(kind_name(q->kind)); break;
        case ROUTE_MODE: a.mode = (struct str){&"1234"[q->mode - 1], 1}; break;
        case ROUTE_PLACE: a.to = v->codes->place[q->place].code; break;
        case ROUTE_DATE: set_day(v, &a, q->on); break;
        }
    }
    return link_answer(v, &a, "");
}

struct str route_missing(const struct view *v, const struct route *r)
{
    enum { NAMED = 2 };
    struct buf b;
    buf_init(&b);
    for (int i = 0; i < r->n_missing && i < NAMED; i++) {
        const struct fact *f = &v->law->fact[r->missing[i]];
        buf_z(&b, i == 0 ? "" : " ");
        buf_str(&b, pick(v, f->zh, f->en));
    }
    if (r->n_missing > NAMED) {
        char z[16];
        snprintf(z, sizeof z, " +%d", r->n_missing - NAMED);
        buf_z(&b, z);
    }
    return keep(v, &b);
}

struct str route_command(const struct view *v)
{
    struct str check = command_line(v), skip = STR("fumao check");
    struct buf b;
    buf_init(&b);
    buf_z(&b, "fumao route");
    buf_put(&b, check.p + skip.n, check.n - skip.n);
    return keep(v, &b);
}
