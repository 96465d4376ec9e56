#include "portal/follow.h"

#include <stdio.h>

#include "compare/chronicle.h"
#include "portal/atom.h"
#include "portal/inside.h"

static struct str written(const struct view *v, struct buf *b)
{
    struct str s = str_copy(v->arena, buf_view(b));
    buf_finish(b);
    return s;
}

struct str follow_title(const struct view *v, const struct follow_page *p)
{
    struct buf b;
    buf_init(&b);
    sectors_words(v->codes, p->cells.sector, true, v->lang == LANG_ZH, &b);
    buf_z(&b, " · ");
    buf_str(&b, mode_word(v, p->cells.mode));
    buf_z(&b, " · ");
    buf_str(&b, economy_name(v, p->cells.origin));
    buf_z(&b, " → ");
    buf_str(&b, place_name(v, p->cells.place));
    return written(v, &b);
}

struct str follow_sentence(const struct view *v, const struct news *n)
{
    static const enum msg words[] = {MSG_fo_governed, MSG_fo_ungoverned, MSG_fo_changed,
                                     MSG_fo_corrected};
    return say(v, words[n->kind]);
}

struct str follow_link(const struct view *v, const struct follow_page *p, const char *ending)
{
    const struct follow_words *w = &p->words;
    return link_to(v, "/follow/%.*s/%.*s/%.*s/%.*s%s", STR_ARG(w->sector), STR_ARG(w->mode),
                   STR_ARG(w->from), STR_ARG(w->to), ending);
}

struct str follow_cells(const struct view *v, uint64_t n)
{
    char z[40];
    snprintf(z, sizeof z, "%llu", (unsigned long long)n);
    return say_s(v, MSG_fo_cells, str_copy(v->arena, str_from(z)), STR(""));
}

struct str follow_example(const struct view *v, const struct news *n)
{
    struct buf b;
    buf_init(&b);
    follow_phrase(v->law, n, v->lang == LANG_ZH, &b);
    return written(v, &b);
}

struct str follow_ask(const struct view *v, const struct news *n)
{
    return link_to(v, "/check/%.*s/%d/%.*s/%.*s", STR_ARG(sector_code(v->codes, n->b.sector)),
                   n->b.mode, STR_ARG(v->codes->economy[n->b.origin].alpha2),
                   STR_ARG(v->codes->place[n->b.place].code));
}

/* --- twins ---------------------------------------------------------------------------------- */

static void news_json(const struct view *v, const struct news *n, struct jsonw *w)
{
    jsonw_object(w);
    follow_members(v->law, n, w);
    jsonw_end(w);
}

static void follow_json(const struct view *v, const struct follow_page *p, struct buf *out)
{
    struct jsonw w;
    jsonw_init(&w, out, false);
    jsonw_object(&w);
    jsonw_kstr(&w, "sector", p->words.sector);
    jsonw_kint(&w, "mode", p->cells.mode);
    jsonw_kstr(&w, "from", p->words.from);
    jsonw_kstr(&w, "to", p->words.to);
    jsonw_key(&w, "news");
    jsonw_array(&w);
    for (int i = 0; i < p->n; i++) {
        news_json(v, &p->news[i], &w);
    }
    jsonw_end(&w);
    jsonw_end(&w);
}

static void atom_news(const struct view *v, const struct follow_page *p, const struct news *n,
                      struct buf *b)
{
    char urn[46];
    chronicle_urn(follow_id_name(v->arena, &p->words, n), urn);
    buf_z(b, "<entry>");
    atom_text(b, "id", str_from(urn));
    atom_text(b, "title", follow_sentence(v, n));
    atom_day(b, "updated", n->day <= v->today ? n->day : v->today);
    atom_link(b, "alternate", "text/html", follow_link(v, p, ""));
    buf_printf(b, "<category term=\"%s\"/>", follow_name(n->kind));
    atom_text(b, "summary", n->example ? follow_example(v, n) : day_text(v, n->day));
    buf_z(b, "</entry>\n");
}

static void follow_atom(const struct view *v, const struct follow_page *p, struct buf *out)
{
    day_t last = DAY_MIN;
    for (int i = 0; i < p->n; i++) {
        day_t d = p->news[i].day <= v->today ? p->news[i].day : v->today;
        last = d > last ? d : last;
    }
    atom_begin(out, v, follow_id_name(v->arena, &p->words, NULL), follow_title(v, p),
               last == DAY_MIN ? v->today : last, follow_link(v, p, ".atom"), follow_link(v, p, ""));
    for (int i = 0; i < p->n; i++) {
        atom_news(v, p, &p->news[i], out);
    }
    atom_end(out);
}

/* --- the handler ---------------------------------------------------------------------------- */

void follow_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct error e = {0};
    struct follow_page *p = ARENA_NEW(v->arena, struct follow_page);
    struct news *news;
    struct buf b;
    p->words = (struct follow_words){h->part[1], h->part[2], h->part[3], h->part[4]};
    enum err code = follow_read(v->codes, v->arena, &p->words, &p->cells, &e);
    if (code == OK) {
        code = follow_make(v->portal->snapshot, &p->cells, v->today, v->arena, &news, &p->n, &e);
    }
    if (code != OK) {
        error_page(h, &e);
        return;
    }
    p->news = news;
    if (h->json) {
        follow_json(v, p, &h->rs->body);
    } else if (h->twin == TWIN_ATOM) {
        follow_atom(v, p, &h->rs->body);
    } else {
        buf_init(&b);
        page_follow(&b, v->lang, v, p);
        frame(h, say(v, MSG_fo_title), &b);
    }
}
