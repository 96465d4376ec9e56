/* /check asks one thing a page and never the same thing twice: what was said rides in the
 * query. When all is said the reader checks the answers and goes to the permalink. */
#include "portal/inside.h"

#include "portal/pages.h"

/* What was typed is kept as a code if it is one; words give candidates to choose from, or those of
 * them that an answer to the narrowing question left. */
static enum err settle_sector(struct view *v, struct error *e)
{
    struct sector_set set;
    struct str typed = str_trim(v->ask.sector.n > 0 ? v->ask.sector : http_query(v->rq, "q"));
    v->ask.sector = STR("");
    v->words = typed;
    if (typed.n == 0) {
        return OK;
    }
    if (typed.n <= LIMIT_WORDS_BYTES && sector_spec_is_code(typed) &&
        sector_parse(v->codes, typed, &set, NULL) == OK) {
        v->ask.sector = typed;
        v->sectors = set;
        return OK;
    }
    if (typed.n <= LIMIT_WORDS_BYTES) {
        classification_find(v->codes, typed, &v->finding);
    }
    TRY(api_among(v->codes, str_trim(http_query(v->rq, "among")), &v->finding, e));
    v->remark = v->finding.n == 0;
    return OK;
}

/* An answer that cannot be used is dropped, so that it is asked again. */
static void settle_rest(struct view *v)
{
    struct ask *a = &v->ask;
    enum kind kind;
    if (a->mode.n != 1 || a->mode.p[0] < '1' || a->mode.p[0] > '4') {
        a->mode = STR("");
    } else {
        v->q.mode = a->mode.p[0] - '0';
    }
    bool legal_form = kind_parse(a->kind, &kind) && kind > KIND_PERSON;
    if (!kind_parse(a->kind, &kind) || (legal_form && v->q.mode != 3)) {
        a->kind = STR("");
    } else {
        v->q.kind = kind;
    }
    v->q.origin = economy_find(v->codes, a->from);
    if (v->q.origin < 0 || str_eqz(v->codes->economy[v->q.origin].alpha2, "CN")) {
        a->from = STR("");
    }
    v->q.place = place_find(v->codes, a->to);
    if (v->q.place < 0) {
        a->to = STR("");
    }
    day_t day;
    if (a->on.n > 0 && !day_parse(a->on, &day)) {
        a->on = STR("");
    }
}

void check_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct error e = {0};
    struct buf b;
    if (ask_from_query(v->rq, &v->ask, &e) != OK || settle_sector(v, &e) != OK) {
        error_page(h, &e);
        return;
    }
    settle_rest(v);
    buf_init(&b);
    if (v->ask.sector.n == 0) {
        page_ask_sector(&b, v->lang, v);
    } else if (v->ask.mode.n == 0) {
        page_ask_mode(&b, v->lang, v);
    } else if (v->ask.kind.n == 0) {
        page_ask_kind(&b, v->lang, v);
    } else if (v->ask.from.n == 0) {
        page_ask_from(&b, v->lang, v);
    } else if (v->ask.to.n == 0) {
        page_ask_to(&b, v->lang, v);
    } else if (http_query(v->rq, "go").n > 0) {
        http_redirect(h->rs, link_answer(v, &v->ask, ""));
        buf_finish(&b);
        return;
    } else {
        page_ask_review(&b, v->lang, v);
    }
    frame(h, say(v, MSG_check_title), &b);
}
