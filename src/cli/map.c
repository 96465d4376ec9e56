/* COMMAND: map. Everything that a profile may do. */
#include "cli/options.h"
#include "compare/map.h"

/* The options in the words of a question, so that they mean what they mean to check: the mode
 * is one in which every kind exists, and what is not said stands for everything. */
static enum err parse_profile(const struct args *a, const struct world *w, struct facts *facts,
                              struct map_profile *p, struct error *e)
{
    struct ask ask;
    struct sector_set set;
    struct question q;
    TRY(options_ask(a, &ask, e));
    ask.mode = STR("3");
    ask.sector = str_from(option_get(a, "sector"));
    bool all_sectors = ask.sector.n == 0, all_places = ask.to.n == 0;
    if (a->n > 1) {
        err_set(e, ERR_USAGE, "不需要“%s”", "\"%s\" is not needed", a->word[1]);
        err_hint(e, "fumao map --from %.*s --sector %s", STR_ARG(ask.from), a->word[1]);
        return ERR_USAGE;
    }
    if (all_sectors)
        ask.sector = sector_code(w->codes, 0);
    if (all_places)
        ask.to = w->codes->place[0].code;
    TRY(ask_parse(w->codes, w->corpus, &ask, &set, &q, facts, e));
    *p = (struct map_profile){.origin = q.origin, .kind = q.kind,
                              .place = all_places ? -1 : q.place, .on = q.on, .known = q.known,
                              .facts = facts, .claims = q.claims};
    if (all_sectors)
        bits_set_range(p->sector, 0, (size_t)w->codes->gbt.n_leaves);
    else
        memcpy(p->sector, set.leaf, sizeof p->sector);
    return OK;
}

static int show(const struct args *a, const struct world *w, const struct map *m)
{
    struct buf b;
    buf_init(&b);
    if (a->output == OUTPUT_CSV) {
        map_csv(m, w->snapshot, &b);
    } else if (a->output == OUTPUT_JSON) {
        map_json(m, w->snapshot, &b, true);
        buf_char(&b, '\n');
    } else {
        map_text(m, w->snapshot, a->zh, &b);
    }
    print_out(&b);
    buf_finish(&b);
    return 0;
}

int verb_map(const struct args *a)
{
    static const char *const allowed[] = {"from", "kind", "sector", "to",   "on",
                                          "known", "fact", "claim", NULL};
    static struct facts facts;
    static struct map m;
    struct error e = {0};
    struct map_profile p;
    struct world w;
    struct arena arena;
    if (options_check(a, allowed, &e) != OK || world_open(&w, option_get(a, "store"), &e) != OK)
        return print_fault(a, &e);
    arena_init(&arena);
    enum err r = parse_profile(a, &w, &facts, &p, &e);
    if (r == OK)
        r = map_make(&m, &arena, w.snapshot, &p, &e);
    int status = r == OK ? show(a, &w, &m) : print_fault(a, &e);
    arena_finish(&arena);
    world_close(&w);
    return status;
}
