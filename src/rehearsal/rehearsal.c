/* What a rehearsal found, as JSON. See rehearsal.h. */
#include "rehearsal/rehearsal.h"
#include "decide/phrase.h"

int64_t rehearsal_share(const struct weights *t, const uint64_t leaf[SECTOR_WORDS])
{
    uint64_t all = 0, some = 0;
    for (int i = 0; i < LIMIT_SECTORS; i++) {
        all += t->leaf[i];
        some += bit_get(leaf, (size_t)i) ? t->leaf[i] : 0;
    }
    return all == 0 ? -1 : (int64_t)(some * 1000000 / all);
}

static void put_provision(const struct corpus *c, int at, day_t known, struct jsonw *w)
{
    const struct provision *p = &c->provision[at];
    const struct instrument *i = &c->instrument[p->instrument];
    jsonw_object(w);
    provision_name(w, c, p);
    jsonw_kint(w, "no", p->no);
    jsonw_kz(w, "effect", effect_name(p->effect));
    kgrade(w, "evidence", p->evidence);
    jsonw_kbool(w, "in_draft", i->known_from == known);
    kwords(w, "text", p->zh, p->en);
    jsonw_end(w);
}

static void put_verdict(const struct corpus *c, const char *key, const struct verdict *v,
                        struct jsonw *w)
{
    jsonw_key(w, key);
    jsonw_object(w);
    verdict_members(w, c, v->outcome, v->must, v->treatment, v->favoured_by);
    kgrade(w, "evidence", v->evidence);
    jsonw_kz(w, "certainty", certainty_name(v->evidence));
    jsonw_end(w);
}

static void put_sample(const struct rehearsal *r, const struct sample *s, struct jsonw *w)
{
    const struct corpus *c = snapshot_corpus(r->s);
    jsonw_object(w);
    if (!r->witnesses)
        jsonw_kint(w, "line", s->line);
    jsonw_kz(w, "id", s->id[0] ? s->id : NULL);
    jsonw_kstr(w, "sector", sector_code(c->codes, s->q.sector));
    jsonw_kint(w, "mode", s->q.mode);
    jsonw_kstr(w, "from", c->codes->economy[s->q.origin].alpha2);
    jsonw_kstr(w, "to", c->codes->place[s->q.place].code);
    jsonw_kz(w, "kind", kind_name(s->q.kind));
    jsonw_kz(w, "direction", direction_name(s->q.direction));
    jsonw_kday(w, "on", s->q.on);
    if (r->witnesses)
        jsonw_kint(w, "cells", (int64_t)s->cells);
    else
        jsonw_kint(w, "value", s->value);
    put_verdict(c, "before", &s->before, w);
    put_verdict(c, "after", &s->after, w);
    jsonw_end(w);
}

/* Counts of a tally or a group; the share of the weight is that of the classes it came in. */
static void put_counts(const struct tally *c, const struct weights *t, struct jsonw *w)
{
    int64_t share = t == NULL ? -1 : rehearsal_share(t, c->leaf);
    jsonw_kint(w, "answers", (int64_t)c->answers);
    jsonw_kint(w, "questions", (int64_t)c->questions);
    jsonw_kint(w, "cells", (int64_t)c->cells);
    jsonw_kint(w, "value", c->value);
    jsonw_kint(w, "classes", (int64_t)bits_count(c->leaf, SECTOR_WORDS));
    if (share >= 0) {
        jsonw_key(w, "weight_share");
        jsonw_real(w, (double)share / 1e6, 6);
    }
}

static void put_group(const struct rehearsal *r, const struct shift_group *g,
                      const struct weights *t, struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kz(w, "before", outcome_name(g->before));
    jsonw_kz(w, "after", outcome_name(g->after));
    jsonw_kz(w, "change", shift_name(g->shift));
    put_counts(&g->count, t, w);
    jsonw_kz(w, "without_provision", shift_reason(g));
    jsonw_kint(w, "causes_total", g->n_causes);
    jsonw_key(w, "causes");
    jsonw_array(w);
    for (int i = 0; i < g->n_causes && i < REHEARSE_CAUSES; i++)
        put_provision(snapshot_corpus(r->s), g->cause[i], r->known, w);
    jsonw_end(w);
    jsonw_key(w, "samples");
    jsonw_array(w);
    for (int i = 0; i < g->n_samples; i++)
        put_sample(r, &g->sample[i], w);
    jsonw_end(w);
    jsonw_end(w);
}

static void put_tally(const char *key, const struct tally *c, const struct weights *t,
                      struct jsonw *w)
{
    jsonw_key(w, key);
    jsonw_object(w);
    put_counts(c, t, w);
    jsonw_end(w);
}

static void put_weights(const struct weights *t, struct jsonw *w)
{
    jsonw_key(w, "weights");
    if (t == NULL) {
        jsonw_null(w);
        return;
    }
    jsonw_object(w);
    jsonw_kstr(w, "name", t->name);
    jsonw_kstr(w, "period", t->period);
    jsonw_kstr(w, "source", t->source);
    jsonw_kint(w, "classes_covered", t->covered);
    jsonw_kint(w, "classes", t->n_leaves);
    jsonw_end(w);
}

static void put_commitments(const struct rehearsal *r, struct jsonw *w)
{
    const struct corpus *c = snapshot_corpus(r->s);
    jsonw_key(w, "commitments");
    jsonw_array(w);
    for (int l = 0; l < c->n_layers; l++) {
        const struct instrument *i = &c->instrument[c->layer[l]];
        if (r->committed[l] == 0)
            continue;
        jsonw_object(w);
        jsonw_kstr(w, "instrument", i->id);
        jsonw_kstr(w, "title_zh", i->title_zh);
        jsonw_kstr(w, "title_en", i->title_en);
        jsonw_kz(w, "edition_kind", edition_kind_name(i->edition));
        jsonw_kint(w, "answers", (int64_t)r->committed[l]);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void put_faults(const struct rehearsal *r, struct jsonw *w)
{
    jsonw_key(w, "errors");
    jsonw_array(w);
    for (int i = 0; i < r->n_faults; i++) {
        const struct error *e = &r->fault[i];
        jsonw_object(w);
        jsonw_kint(w, "line", e->line);
        jsonw_kz(w, "code", err_name(e->code));
        jsonw_kz(w, "field", e->field[0] ? e->field : NULL);
        jsonw_kz(w, "zh", e->detail_zh);
        jsonw_kz(w, "en", e->detail_en);
        jsonw_kz(w, "hint", e->hint[0] ? e->hint : NULL);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void put_matrix(const struct rehearsal *r, struct jsonw *w)
{
    jsonw_key(w, "matrix");
    jsonw_array(w);
    for (int a = 0; a < OUTCOME_COUNT; a++)
        for (int b = 0; b < OUTCOME_COUNT; b++) {
            if (r->matrix[a][b] == 0)
                continue;
            jsonw_object(w);
            jsonw_kz(w, "before", outcome_name((enum outcome)a));
            jsonw_kz(w, "after", outcome_name((enum outcome)b));
            jsonw_kint(w, "answers", (int64_t)r->matrix[a][b]);
            jsonw_end(w);
        }
    jsonw_end(w);
}

static void put_draft(const struct rehearsal *r, struct jsonw *w)
{
    const struct instrument *d = &snapshot_corpus(r->s)->instrument[r->draft];
    jsonw_key(w, "draft");
    jsonw_object(w);
    jsonw_kstr(w, "id", d->id);
    jsonw_kstr(w, "title_zh", d->title_zh);
    jsonw_kstr(w, "title_en", d->title_en);
    jsonw_kday(w, "valid_from", d->valid_from);
    jsonw_kint(w, "provisions", d->n);
    jsonw_kbool(w, "complete", d->complete);
    jsonw_kz(w, "hash", d->hash);
    jsonw_end(w);
}

void rehearsal_json(const struct rehearsal *r, const struct weights *t, double seconds,
                    struct buf *out)
{
    struct jsonw w;
    jsonw_init(&w, out, true);
    jsonw_object(&w);
    put_draft(r, &w);
    jsonw_kz(&w, "asked", r->witnesses ? "witnesses" : "questions");
    jsonw_kint(&w, "rejected", (int64_t)r->rejected);
    put_weights(t, &w);
    put_tally("total", &r->all, t, &w);
    for (int i = 0; i < SHIFT_COUNT; i++)
        put_tally(shift_name((enum shift)i), &r->tally[i], t, &w);
    put_matrix(r, &w);
    jsonw_key(&w, "groups");
    jsonw_array(&w);
    for (int i = 0; i < r->n_groups; i++)
        put_group(r, r->group[i], t, &w);
    jsonw_end(&w);
    put_commitments(r, &w);
    jsonw_key(&w, "alerts"); /* none are kept yet */
    jsonw_array(&w);
    jsonw_end(&w);
    put_faults(r, &w);
    jsonw_kday(&w, "known", r->known - 1);
    jsonw_key(&w, "seconds");
    jsonw_real(&w, seconds, 2);
    jsonw_kz(&w, "snapshot", snapshot_corpus(r->s)->hash);
    jsonw_end(&w);
    buf_char(out, '\n');
}
