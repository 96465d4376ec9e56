/* Agreements in words, and the handlers of their pages. */
#include "portal/agreements.h"

#include <stdio.h>

static struct str keep(const struct view *v, struct buf *b)
{
    struct str s = str_copy(v->arena, buf_view(b));
    buf_finish(b);
    return s;
}

struct str agreement_members(const struct view *v, const struct gap *g, bool all)
{
    int shown = 0, most = all ? LIMIT_ORIGINS : AGREEMENT_NAMED;
    struct buf b;
    buf_init(&b);
    if (!all && g->members > AGREEMENT_NAMED) {
        buf_finish(&b);
        return say_d(v, MSG_agr_n_members, g->members, 0);
    }
    for (int o = 0; o < v->codes->n_economies && shown < most; o++) {
        if (bit_get(g->domain.origin, (size_t)o)) {
            buf_z(&b, shown++ == 0 ? "" : v->lang == LANG_EN ? ", " : "、");
            buf_str(&b, economy_name(v, o));
        }
    }
    return keep(v, &b);
}

struct str category_word(const struct view *v, enum gap_category k)
{
    static const enum msg m[GAP_CATEGORIES] = {MSG_gap_breach, MSG_gap_facts,   MSG_gap_water,
                                               MSG_gap_within, MSG_gap_equal,   MSG_gap_unbound,
                                               MSG_gap_ungoverned};
    return say(v, m[k]);
}

struct str standstill_word(const struct view *v, int kind)
{
    static const enum msg m[STANDSTILL_KINDS] = {MSG_still_none, MSG_still_consult,
                                                 MSG_still_fixed, MSG_still_ratchet,
                                                 MSG_still_marked};
    return say(v, m[kind]);
}

struct str mfn_word(const struct view *v, int kind)
{
    static const enum msg m[MFN_KINDS] = {MSG_mfn_none, MSG_mfn_discussion, MSG_mfn_listed,
                                          MSG_mfn_automatic};
    return say(v, m[kind]);
}

struct str mfn_state_text(const struct view *v, const struct gap_mfn *m)
{
    static const enum msg text[] = {MSG_mfn_unknown, MSG_mfn_not_automatic, MSG_mfn_not_marked};
    return m->state == MFN_STATE_DONE ? say_d(v, MSG_mfn_done, m->n_held, m->n_unheld)
                                      : say(v, text[m->state]);
}

/* Nothing that rests on B, C or a line wider than its text is more than possible. */
struct str finding_word(const struct view *v, const struct gap *g, const struct gap_finding *f)
{
    bool possible = gap_possible(v->law, g, f);
    switch (f->category) {
    case GAP_BREACH: return say(v, possible ? MSG_find_breach_possible : MSG_find_breach);
    case GAP_FACTS: return say(v, MSG_find_facts);
    case GAP_WATER: return say(v, possible ? MSG_find_water_possible : MSG_find_water);
    case GAP_WITHIN: return say(v, MSG_find_within);
    default: return say(v, MSG_find_equal);
    }
}

struct str finding_certainty(const struct view *v, const struct gap_finding *f)
{
    bool wider = f->partial || f->contested;
    return grade_word(v, wider ? 'C' : f->evidence);
}

struct str shown_text(const struct view *v, const struct shown *x)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, outcome_sign(x->outcome));
    buf_char(&b, ' ');
    buf_str(&b, outcome_short(v, x->outcome));
    struct str span =
        x->outcome == OUTCOME_CARVED_OUT
            ? STR("")
            : span_text(v, (enum treatment)x->value.lo, (enum treatment)x->value.hi);
    if (span.n > 0) {
        buf_z(&b, v->lang == LANG_EN ? " (" : "（");
        buf_str(&b, span);
        buf_z(&b, v->lang == LANG_EN ? ")" : "）");
    }
    return keep(v, &b);
}

struct str agreement_link(const struct view *v, int instrument, const char *suffix)
{
    return link_to(v, "/agreements/%.*s%s", STR_ARG(v->law->instrument[instrument].id), suffix);
}

int findings_of(const struct gap *g, enum gap_category k, int *first)
{
    int n = 0;
    *first = 0;
    for (int i = 0; i < g->n; i++) {
        if (g->finding[i].category == k && n++ == 0) {
            *first = i;
        }
    }
    return n;
}

/* --- handlers --------------------------------------------------------------------------- */

/* The twins of the list take the gaps side by side. */
static void all_twins(struct handled *h, const struct gap_book *book)
{
    const struct snapshot *s = h->v.portal->snapshot;
    struct gap *g = ARENA_ARRAY(h->v.arena, struct gap, (size_t)gap_book_count(book) + 1);
    int n = 0;
    for (int i = 0; i < gap_book_count(book); i++) {
        const struct gap_entry *e = gap_book_entry(book, i);
        if (e->gap != NULL) {
            g[n] = *e->gap;
            g[n++].request.counts_only = true;
        }
    }
    if (h->twin == TWIN_JSON) {
        gaps_json(s, g, n, &h->rs->body);
    } else {
        gaps_csv(s, g, n, &h->rs->body);
    }
}

void agreements_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct gap_book *book = gap_book_take(v);
    struct agreement_page p = {.book = book, .instrument = -1};
    if (h->twin != TWIN_PAGE) {
        all_twins(h, book);
    } else {
        struct buf b;
        buf_init(&b);
        page_agreements(&b, v->lang, v, &p);
        frame(h, say(v, MSG_agr_title), &b);
    }
    gap_book_give(book);
}

static void one(struct handled *h, const struct agreement_page *p)
{
    struct view *v = &h->v;
    const struct instrument *t = &v->law->instrument[p->instrument];
    if (h->twin != TWIN_PAGE && p->gap == NULL) {
        h->json = true;
        error_page(h, p->why);
    } else if (h->twin == TWIN_JSON) {
        gap_json(v->portal->snapshot, p->gap, &h->rs->body);
    } else if (h->twin == TWIN_CSV) {
        gap_csv(v->portal->snapshot, p->gap, &h->rs->body);
    } else {
        struct buf b;
        buf_init(&b);
        page_agreement(&b, v->lang, v, p);
        frame(h, pick(v, t->title_zh, t->title_en), &b);
    }
}

void agreement_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct gap_book *book = gap_book_take(v);
    int instrument = instrument_find(v->law, h->part[1]);
    const struct gap_entry *e = instrument < 0 ? NULL : gap_book_of(book, instrument);
    if (e == NULL) {
        struct error none = {0};
        err_set(&none, ERR_NOT_FOUND, "没有协定 %.*s", "there is no agreement %.*s",
                (int)(h->part[1].n > 80 ? 80 : h->part[1].n), h->part[1].p);
        err_hint(&none, "/agreements");
        h->json = h->twin != TWIN_PAGE;
        error_page(h, &none);
    } else {
        struct agreement_page p = {book, instrument, e->gap, &e->why,
                                   str_eqz(http_query(v->rq, "members"), "all")};
        one(h, &p);
    }
    gap_book_give(book);
}
