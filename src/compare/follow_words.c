/* Followed cells and their news in words: addresses, names, JSON, an example. See follow.h. */
#include "compare/follow.h"

#include "compare/chronicle.h"
#include "decide/phrase.h"

static struct str written(struct arena *a, struct buf *b)
{
    struct str s = str_copy(a, buf_view(b));
    buf_finish(b);
    return s;
}

enum err follow_read(const struct classification *c, struct arena *a, struct follow_words *w,
                     struct followed *out, struct error *e)
{
    struct sector_set set;
    struct buf b;
    int64_t mode;
    TRY(sector_parse(c, w->sector, &set, e));
    if (!str_int(w->mode, &mode) || mode < 1 || mode > 4) {
        err_set(e, ERR_SYNTAX, "模式须为 1 至 4，不是“%.*s”", "the mode is 1 to 4, not \"%.*s\"",
                (int)(w->mode.n > 20 ? 20 : w->mode.n), w->mode.p == NULL ? "" : w->mode.p);
        return ERR_SYNTAX;
    }
    TRY(economy_parse(c, w->from, &out->origin, e));
    TRY(place_parse(c, w->to, &out->place, e));
    memcpy(out->sector, set.leaf, sizeof out->sector);
    out->mode = (int)mode;
    buf_init(&b);
    if (!str_eqz(set.list, "gbt"))
        buf_printf(&b, "%.*s:", STR_ARG(set.list));
    buf_str(&b, set.code);
    w->sector = written(a, &b);
    w->mode = (struct str){&"1234"[mode - 1], 1};
    w->from = c->economy[out->origin].alpha2;
    w->to = c->place[out->place].code;
    return OK;
}

static void put_id_name(const struct follow_words *w, const struct news *n, struct buf *b)
{
    char day[11];
    buf_printf(b, "fumao follow\n%.*s\n%.*s\n%.*s\n%.*s", STR_ARG(w->sector), STR_ARG(w->mode),
               STR_ARG(w->from), STR_ARG(w->to));
    if (n == NULL)
        return;
    day_format(n->day, day);
    buf_printf(b, "\n%s\n%s", follow_name(n->kind), day);
}

struct str follow_id_name(struct arena *a, const struct follow_words *w, const struct news *n)
{
    struct buf b;
    buf_init(&b);
    put_id_name(w, n, &b);
    return written(a, &b);
}

/* The counts of a correction are those of today's law and change with it, which is no news. */
struct str follow_key_name(struct arena *a, const struct follow_words *w, const struct news *n)
{
    struct buf b;
    buf_init(&b);
    put_id_name(w, n, &b);
    if (n->kind != FOLLOW_CORRECTED)
        buf_printf(&b, "\n%llu\n%llu", (unsigned long long)n->opened,
                   (unsigned long long)n->closed);
    return written(a, &b);
}

void follow_members(const struct corpus *c, const struct news *n, struct jsonw *w)
{
    jsonw_kz(w, "kind", follow_name(n->kind));
    jsonw_kday(w, "day", n->day);
    jsonw_kint(w, "opened", (int64_t)n->opened);
    jsonw_kint(w, "closed", (int64_t)n->closed);
    jsonw_key(w, "by");
    jsonw_array(w);
    for (int i = 0; i < n->n_by; i++)
        jsonw_str(w, c->provision[n->by[i]].key);
    jsonw_end(w);
    jsonw_key(w, "example");
    if (n->example)
        question_json(c, &n->b, &n->facts, w);
    else
        jsonw_null(w);
}

void follow_phrase(const struct corpus *c, const struct news *n, bool zh, struct buf *out)
{
    question_phrase(c, &n->b, &n->facts, zh, out);
    buf_z(out, zh ? "：由 " : ": from ");
    answer_phrase(n->was.outcome, n->was.must, n->was.treatment, zh, out);
    buf_z(out, zh ? " 变为 " : " to ");
    answer_phrase(n->is.outcome, n->is.must, n->is.treatment, zh, out);
}
