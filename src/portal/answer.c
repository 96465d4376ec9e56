/* /check/{sector}/{mode}/{from}/{to}: the answer, or the answers when the code is wide. */
#include "portal/inside.h"

#include "portal/pages.h"
#include "portal/routes.h"

/* A number is typed into a field named fact.NAME; the permalink has fact=NAME=value. */
static bool take_typed_facts(struct view *v)
{
    struct str prefix = STR("fact.");
    bool any = false;
    for (int i = 0; i < v->rq->n_query; i++) {
        const struct http_field *f = &v->rq->query[i];
        struct buf b;
        if (!str_has_prefix(f->key, prefix) || v->ask.n_facts == ASK_FACTS) {
            continue;
        }
        any = true;
        if (f->value.n == 0) {
            continue;
        }
        buf_init(&b);
        buf_put(&b, f->key.p + prefix.n, f->key.n - prefix.n);
        buf_char(&b, '=');
        buf_str(&b, f->value);
        v->ask.fact[v->ask.n_facts++] = str_copy(v->arena, buf_view(&b));
        buf_finish(&b);
    }
    return any;
}

/* The routes hold the explanation of the answer as it is. Without them the page is whole. */
static void find_routes(struct view *v)
{
    struct routes *r = ARENA_NEW(v->arena, struct routes);
    if (route_find(r, v->arena, v->portal->snapshot, &v->q, NULL) == OK) {
        v->x = r->now;
        v->more = r;
        return;
    }
    v->x = ARENA_NEW(v->arena, struct explanation);
    explain(v->portal->snapshot, &v->q, v->x);
}

static void show_one(struct handled *h)
{
    struct view *v = &h->v;
    struct buf b;
    if (h->json) {
        v->x = ARENA_NEW(v->arena, struct explanation);
        explain(v->portal->snapshot, &v->q, v->x);
        explanation_json(v->portal->snapshot, &v->q, v->x, &h->rs->body, false);
        return;
    }
    find_routes(v);
    buf_init(&b);
    page_answer(&b, v->lang, v, &v->x->answer);
    frame(h, outcome_word(v, v->x->answer.outcome), &b);
}

static void show_groups(struct handled *h)
{
    struct view *v = &h->v;
    struct buf b;
    v->n_groups = answer_groups(v->portal->snapshot, &v->q, &v->sectors, v->arena, &v->group);
    buf_init(&b);
    page_groups(&b, v->lang, v);
    frame(h, pick(v, v->sectors.name_zh, v->sectors.name_en), &b);
}

void answer_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct error e = {0};
    enum err code = ask_from_query(v->rq, &v->ask, &e);
    v->ask.sector = h->part[1];
    v->ask.mode = h->part[2];
    v->ask.from = h->part[3];
    v->ask.to = h->part[4];
    if (code == OK && take_typed_facts(v)) {
        http_redirect(h->rs, link_answer(v, &v->ask, h->json ? ".json" : ""));
        return;
    }
    if (code == OK) {
        code = ask_parse(v->codes, v->law, &v->ask, &v->sectors, &v->q, &v->facts, &e);
    }
    if (code != OK) {
        error_page(h, &e);
    } else if (v->sectors.count == 1) {
        show_one(h);
    } else if (h->json) {
        api_answer(&v->api, v->rq, &v->ask, h->rs);
    } else {
        show_groups(h);
    }
}
