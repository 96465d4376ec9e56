#include "portal/changes.h"
#include "portal/atom.h"
#include "portal/versus.h"

#include <stdio.h>

static struct str keep(const struct view *v, struct buf *b)
{
    struct str s = str_copy(v->arena, buf_view(b));
    buf_finish(b);
    return s;
}

int changes_run(const struct changes_page *p, int i)
{
    int n = 1;
    while (i + n < p->n && p->event[i + n].day == p->event[i].day &&
           p->event[i + n].kind == p->event[i].kind) {
        n++;
    }
    return n;
}

enum msg changes_word(enum event_kind k)
{
    static const enum msg m[EVENT_COUNT] = {MSG_ch_begins, MSG_ch_ends, MSG_ch_known,
                                            MSG_ch_corrected, MSG_ch_withdrawn};
    return m[k];
}

struct str changes_sentence(const struct view *v, const struct event *x)
{
    return say_s(v, changes_word(x->kind), instrument_title(v, x->instrument), STR(""));
}

struct str changes_link(const struct view *v, const char *ending, struct str family)
{
    return family.n == 0 ? link_to(v, "/changes%s", ending)
                         : link_to(v, "/changes%s?family=%.*s", ending, STR_ARG(family));
}

/* --- the feed ----------------------------------------------------------------------------- */

static day_t updated(const struct view *v, const struct event *x)
{
    day_t known = v->law->instrument[x->instrument].known_from;
    return x->day <= v->today ? x->day : known;
}

static struct str summary(const struct view *v, const struct event *x)
{
    const struct instrument *t = &v->law->instrument[x->instrument];
    struct buf b;
    char z[64];
    buf_init(&b);
    buf_str(&b, day_text(v, x->day));
    buf_z(&b, v->lang == LANG_EN ? ". " : "。");
    buf_str(&b, edition_word(v, t->edition));
    buf_z(&b, v->lang == LANG_EN ? ". " : "。");
    buf_str(&b, say(v, MSG_col_held));
    buf_z(&b, v->lang == LANG_EN ? ": " : "：");
    buf_str(&b, held_text(v, t));
    snprintf(z, sizeof z, " (A %d · B %d · C %d)", t->grades[0], t->grades[1], t->grades[2]);
    buf_z(&b, z);
    return keep(v, &b);
}

static void atom_entry(const struct view *v, const struct event *x, struct buf *b)
{
    const struct instrument *t = &v->law->instrument[x->instrument];
    char urn[46];
    event_urn(v->law, x, urn);
    buf_z(b, "<entry>");
    atom_text(b, "id", str_from(urn));
    atom_text(b, "title", changes_sentence(v, x));
    atom_day(b, "updated", updated(v, x));
    atom_link(b, "alternate", "text/html", link_instrument(v, x->instrument));
    for (int i = 0; i < x->n_against; i++) {
        atom_link(b, "related", "text/html", versus_link(v, x->against[i], x->instrument));
    }
    buf_printf(b, "<category term=\"%s\"/><category term=\"%s\"/>", event_name(x->kind),
               family_name(t->family));
    atom_text(b, "summary", summary(v, x));
    buf_z(b, "</entry>\n");
}

/* The name of a feed, of which its id is made. */
static struct str feed_name(const struct view *v, struct str family)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, "fumao chronicle");
    if (family.n > 0) {
        buf_char(&b, '\n');
        buf_str(&b, family);
    }
    return keep(v, &b);
}

void changes_atom(const struct view *v, struct str family, const struct event *x, int n,
                  struct buf *out)
{
    day_t last = DAY_MIN;
    n = n > CHANGES_FEED ? CHANGES_FEED : n;
    for (int i = 0; i < n; i++) {
        last = updated(v, &x[i]) > last ? updated(v, &x[i]) : last;
    }
    atom_begin(out, v, feed_name(v, family), say_s(v, MSG_ch_feed, say(v, MSG_site), STR("")),
               last == DAY_MIN ? v->today : last, changes_link(v, ".atom", family),
               changes_link(v, "", family));
    for (int i = 0; i < n; i++) {
        atom_entry(v, &x[i], out);
    }
    atom_end(out);
}

/* --- the handler -------------------------------------------------------------------------- */

/* Those of one family of texts; ERR_INVALID for a word that is none. */
static enum err of_family(const struct view *v, struct str family, struct event *x, int *n,
                          struct error *e)
{
    enum family f;
    int left = 0;
    if (family.n == 0) {
        return OK;
    }
    if (!family_parse(family, &f)) {
        err_set(e, ERR_INVALID, "没有“%.*s”这一类清单", "there is no family %.*s",
                (int)(family.n > 60 ? 60 : family.n), family.p);
        err_hint(e, "?family=cross-border, ?family=investment");
        return ERR_INVALID;
    }
    for (int i = 0; i < *n; i++) {
        if (v->law->instrument[x[i].instrument].family == f) {
            x[left++] = x[i];
        }
    }
    *n = left;
    return OK;
}

void changes_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct changes_page p = {.family = http_query(v->rq, "family")};
    struct error e = {0};
    struct event *x;
    struct buf b;
    p.n = chronicle_make(v->law, v->today, v->arena, &x);
    p.event = x;
    if (of_family(v, p.family, x, &p.n, &e) != OK) {
        error_page(h, &e);
    } else if (h->json) {
        chronicle_json(v->law, x, p.n, &h->rs->body);
    } else if (h->twin == TWIN_ATOM) {
        changes_atom(v, p.family, x, p.n, &h->rs->body);
    } else {
        buf_init(&b);
        page_changes(&b, v->lang, v, &p);
        frame(h, say(v, MSG_ch_title), &b);
    }
}
