/* See questions.h. */
#include "questions.h"

static int below(struct rng *r, int n)
{
    return (int)rng_below(r, (uint32_t)n);
}

static void put_facts(const struct corpus *c, struct rng *r, struct jsonw *w)
{
    bool used[LIMIT_FACTS] = {false};
    jsonw_key(w, "facts");
    jsonw_object(w);
    for (int i = 1 + below(r, 4); i > 0; i--) {
        int at = below(r, c->n_facts);
        const struct fact *f = &c->fact[at];
        char name[128];
        if (f->derived || used[at])
            continue;
        used[at] = true;
        snprintf(name, sizeof name, "%.*s", STR_ARG(f->name));
        if (f->type == FACT_BOOL)
            jsonw_kbool(w, name, below(r, 2) == 1);
        else if (f->type == FACT_ENUM)
            jsonw_kstr(w, name, f->value[below(r, f->n_values)].value);
        else
            jsonw_kint(w, name, below(r, str_eqz(f->unit, "share") ? 2 : 100));
    }
    jsonw_end(w);
}

/* A treaty the economy is party to, if there is one among a few drawn. */
static void put_claim(const struct corpus *c, struct rng *r, const struct question *q,
                      struct jsonw *w)
{
    for (int i = 0; i < 8; i++) {
        struct question then = *q;
        int layer = below(r, c->n_layers);
        then.claims = (uint64_t)1 << layer;
        if (question_check(c, &then, NULL) != OK)
            continue;
        jsonw_key(w, "claims");
        jsonw_array(w);
        jsonw_str(w, c->instrument[c->layer[layer]].id);
        jsonw_end(w);
        return;
    }
}

static struct question draw(const struct corpus *c, struct rng *r)
{
    struct question q = {.known = day_today()};
    int combo;
    do
        combo = below(r, COMBOS);
    while (!combo_valid(combo) || (combo_direction(combo) == EXPORT && below(r, 10) > 0));
    q.mode = combo_mode(combo);
    q.kind = combo_kind(combo);
    q.direction = combo_direction(combo);
    q.sector = below(r, c->codes->gbt.n_leaves);
    do {
        q.origin = below(r, c->codes->n_economies);
        q.place = below(r, c->codes->n_places);
        q.on = q.known - below(r, 900);
    } while (question_check(c, &q, NULL) != OK);
    return q;
}

void write_questions(FILE *f, const struct corpus *c, long n, uint64_t seed)
{
    struct rng r;
    struct buf b;
    rng_seed(&r, seed);
    buf_init(&b);
    for (long i = 0; i < n; i++) {
        struct question q = draw(c, &r);
        struct str sector = sector_code(c->codes, q.sector);
        struct jsonw w;
        char mark[24];
        snprintf(mark, sizeof mark, "q%ld", i + 1);
        jsonw_init(&w, &b, false);
        jsonw_object(&w);
        jsonw_kstr(&w, "sector", below(&r, 10) == 0 ? (struct str){sector.p, 2} : sector);
        jsonw_kint(&w, "mode", q.mode);
        jsonw_kstr(&w, "from", c->codes->economy[q.origin].alpha2);
        jsonw_kstr(&w, "to", c->codes->place[q.place].code);
        jsonw_kz(&w, "kind", kind_name(q.kind));
        jsonw_kz(&w, "direction", direction_name(q.direction));
        jsonw_kday(&w, "on", q.on);
        if (below(&r, 3) == 0)
            put_facts(c, &r, &w);
        if (below(&r, 16) == 0)
            put_claim(c, &r, &q, &w);
        jsonw_kz(&w, "id", mark);
        jsonw_kint(&w, "value", (int64_t)below(&r, 1000000) * 100);
        jsonw_end(&w);
        buf_char(&b, '\n');
        if (b.n > 1 << 20 || i + 1 == n) {
            fwrite(b.p, 1, b.n, f);
            buf_clear(&b);
        }
    }
    buf_finish(&b);
}
