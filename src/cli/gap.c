/* COMMAND: gap. Applied against bound, for one agreement or for all of them. */
#include "cli/internal.h"
#include "openness/gap.h"

/* "agreement-cn-hk-cepa" may be called "cn-hk-cepa". */
static struct str short_id(struct str id)
{
    size_t n = sizeof "agreement-" - 1;
    return str_has_prefix(id, STR("agreement-")) ? (struct str){id.p + n, id.n - n} : id;
}

static enum err agreement_parse(const struct corpus *c, const char *word, day_t known, int *out,
                                struct error *e)
{
    int best = -1, distance = 6;
    struct str given = short_id(str_from(word));
    for (int i = 0; i < c->n_instruments; i++) {
        if (!gap_is_agreement(c, i, known))
            continue;
        struct str id = short_id(c->instrument[i].id);
        if (str_eq_nocase(id, given)) {
            *out = i;
            return OK;
        }
        int d = str_distance(id, given, 6);
        if (d < distance)
            best = i, distance = d;
    }
    err_set(e, ERR_NOT_FOUND, "没有协定 %s", "there is no agreement %s", word);
    if (best >= 0)
        err_hint(e, "%.*s?", STR_ARG(c->instrument[best].id));
    else
        err_hint(e, "fumao gap");
    return ERR_NOT_FOUND;
}

static enum err request_parse(const struct args *a, const struct world *w, struct gap_request *r,
                              struct error *e)
{
    const char *from = option_get(a, "from"), *to = option_get(a, "to"), *on = option_get(a, "on");
    *r = (struct gap_request){.agreement = -1, .origin = -1, .place = -1, .on = day_today(),
                              .known = day_today()};
    if (on != NULL && !day_parse(str_from(on), &r->on)) {
        err_set(e, ERR_SYNTAX, "“%s”不是日期", "\"%s\" is not a date", on);
        err_at(e, "", 0, "on");
        return ERR_SYNTAX;
    }
    if (from != NULL)
        TRY(economy_parse(w->codes, str_from(from), &r->origin, e));
    if (to != NULL)
        TRY(place_parse(w->codes, str_from(to), &r->place, e));
    if (a->n > 2)
        return err_set(e, ERR_USAGE, "至多一项协定，多了 %s", "at most one agreement; what is %s?",
                       a->word[2]);
    return a->n > 1 ? agreement_parse(w->corpus, a->word[1], r->known, &r->agreement, e) : OK;
}

static void print_one(const struct args *a, const struct world *w, const struct gap *g,
                      struct buf *b)
{
    if (a->output == OUTPUT_JSON)
        gap_json(w->snapshot, g, b);
    else if (a->output == OUTPUT_CSV)
        gap_csv(w->snapshot, g, b);
    else
        gap_text(w->snapshot, g, a->zh, b);
}

/* All agreements, or those of which --from is a member. */
static enum err all(const struct args *a, struct world *w, const struct obligations *o,
                    struct gap_request r, struct buf *b, struct error *e)
{
    const struct corpus *c = w->corpus;
    struct gap *g = ARENA_ARRAY(&w->arena, struct gap, (size_t)c->n_instruments + 1);
    int n = 0;
    r.counts_only = true;
    for (int i = 0; i < c->n_instruments; i++) {
        if (!gap_is_agreement(c, i, r.known))
            continue;
        r.agreement = i;
        TRY(gap_make(&g[n], &w->arena, w->snapshot, o, &r, e));
        n += g[n].party || r.origin < 0;
    }
    if (a->output == OUTPUT_JSON)
        gaps_json(w->snapshot, g, n, b);
    else if (a->output == OUTPUT_CSV)
        gaps_csv(w->snapshot, g, n, b);
    else
        gaps_text(w->snapshot, g, n, a->zh, b);
    return OK;
}

static enum err run(const struct args *a, struct world *w, struct buf *b, struct error *e)
{
    struct gap_request r;
    struct obligations *o;
    struct gap g;
    TRY(request_parse(a, w, &r, e));
    TRY(obligations_load(&o, &w->arena, w->codes, e));
    if (r.agreement < 0)
        return all(a, w, o, r, b, e);
    TRY(gap_make(&g, &w->arena, w->snapshot, o, &r, e));
    print_one(a, w, &g, b);
    return OK;
}

int verb_gap(const struct args *a)
{
    static const char *const allowed[] = {"from", "to", "on", NULL};
    struct error e = {0};
    struct world w;
    struct buf b;
    if (options_check(a, allowed, &e) != OK || world_open(&w, option_get(a, "store"), &e) != OK)
        return print_fault(a, &e);
    buf_init(&b);
    int status = 0;
    if (run(a, &w, &b, &e) == OK)
        print_out(&b);
    else
        status = print_fault(a, &e);
    buf_finish(&b);
    world_close(&w);
    return status;
}
