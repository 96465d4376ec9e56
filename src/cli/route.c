/* COMMAND: route. Every smallest change that improves the answer. */
#include "cli/options.h"
#include "compare/route.h"

struct telling { /* what the output of one question goes through */
    const struct args *args;
    const struct world *w;
    struct arena arena; /* one question at a time */
    struct buf *out;
    struct error *e;
};

static enum err tell(struct telling *t, const struct question *q, bool head, struct buf *out)
{
    struct routes r;
    arena_reset(&t->arena);
    TRY(route_find(&r, &t->arena, t->w->snapshot, q, t->e));
    if (t->args->output == OUTPUT_JSON)
        route_json(&r, t->w->snapshot, out, head);
    else
        route_text(&r, t->w->snapshot, head, t->args->zh, out);
    return OK;
}

static enum err tell_class(void *ctx, const struct question *q, struct buf *out)
{
    return tell(ctx, q, false, out);
}

/* One paragraph for each group of classes with the same routes. */
static enum err groups_text(struct telling *t, struct question *q, const struct sector_set *set)
{
    enum { GROUPS_MAX = 64 };
    static struct buf text[GROUPS_MAX], codes[GROUPS_MAX];
    enum err r = OK;
    int n = 0;
    for (int l = ask_leaf(set, 0); l >= 0 && r == OK; l = ask_leaf(set, l + 1)) {
        struct buf one;
        buf_init(&one);
        q->sector = l;
        r = tell(t, q, false, &one);
        int g = 0;
        while (g < n && !str_eq(buf_view(&text[g]), buf_view(&one)))
            g++;
        if (g == GROUPS_MAX)
            r = err_set(t->e, ERR_LIMIT, "%.*s 的答案超过 %d 种，请用 -o json",
                        "%.*s has more than %d different answers: use -o json",
                        STR_ARG(set->code), GROUPS_MAX);
        else
            buf_printf(&codes[g], " %.*s", STR_ARG(sector_code(t->w->codes, l)));
        if (g == n && n < GROUPS_MAX)
            text[n++] = one;
        else
            buf_finish(&one);
    }
    buf_printf(t->out, t->args->zh ? "%.*s：%d 个小类，%d 种答案%s\n"
                                   : "%.*s: %d classes, %d different answers%s\n",
               STR_ARG(set->code), set->count, n,
               !set->partial    ? ""
               : t->args->zh ? "（对照只是部分对应）"
                             : " (the concordance is partial)");
    for (int g = 0; g < n; g++) {
        buf_printf(t->out, "\n%.*s\n%.*s", STR_ARG(buf_view(&codes[g])),
                   STR_ARG(buf_view(&text[g])));
        buf_finish(&text[g]);
        buf_finish(&codes[g]);
    }
    return r;
}

int verb_route(const struct args *a)
{
    static const char *const allowed[] = {"mode", "from",  "to",   "kind",  "direction",
                                          "on",   "known", "fact", "claim", NULL};
    static struct facts facts;
    static struct sector_set set;
    struct error e = {0};
    struct world w;
    struct question q;
    struct ask ask;
    struct buf b;
    if (options_check(a, allowed, &e) != OK || world_open(&w, option_get(a, "store"), &e) != OK)
        return print_fault(a, &e);
    struct telling t = {.args = a, .w = &w, .out = &b, .e = &e};
    arena_init(&t.arena);
    buf_init(&b);
    enum err r = options_ask(a, &ask, &e);
    ask.sector = options_words(a);
    if (r == OK)
        r = ask_parse(w.codes, w.corpus, &ask, &set, &q, &facts, &e);
    if (r == OK)
        r = set.count == 1               ? tell(&t, &q, true, &b)
            : a->output == OUTPUT_JSON ? ask_answers(&set, &q, tell_class, &t, &b)
                                       : groups_text(&t, &q, &set);
    if (r == OK && a->output == OUTPUT_JSON)
        buf_char(&b, '\n');
    if (r == OK)
        print_out(&b);
    int status = r == OK ? 0 : print_fault(a, &e);
    buf_finish(&b);
    arena_finish(&t.arena);
    world_close(&w);
    return status;
}
