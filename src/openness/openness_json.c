/* The index as JSON: every quotient beside the two integers it was made of. */
#include "openness/openness.h"
#include "decide/phrase.h"

static void kshare(struct jsonw *w, const char *key, int64_t points, int64_t weight)
{
    char z[24];
    jsonw_key(w, key);
    if (weight == 0) {
        jsonw_null(w); /* no cell is governed: there is no index */
        return;
    }
    share_format(points, weight, z);
    jsonw_raw(w, str_from(z));
}

/* Members of the open object. */
static void sum_members(struct jsonw *w, const struct openness_sum *s)
{
    kshare(w, "lo", s->lo, s->weight);
    kshare(w, "hi", s->hi, s->weight);
    jsonw_kint(w, "lo_points", s->lo);
    jsonw_kint(w, "hi_points", s->hi);
    jsonw_kint(w, "full_points", s->weight * WEIGHT_SCORE);
    jsonw_kint(w, "weight", s->weight);
    jsonw_kint(w, "weight_carved", s->carved);
    jsonw_kint(w, "weight_elsewhere", s->elsewhere);
    jsonw_kint(w, "cells", s->cells);
    jsonw_kint(w, "cells_carved", s->cells_carved);
    jsonw_kint(w, "cells_elsewhere", s->cells_elsewhere);
}

void weights_json(const struct weights *x, struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kstr(w, "name", x->name);
    jsonw_kstr(w, "period", x->period);
    jsonw_kstr(w, "source", x->source);
    jsonw_kint(w, "leaves", x->n_leaves);
    jsonw_kint(w, "leaves_covered", x->covered);
    jsonw_kint(w, "value_total", x->total);
    jsonw_kint(w, "value_placed", x->placed);
    jsonw_kint(w, "value_unplaced", x->unplaced);
    jsonw_key(w, "modes");
    jsonw_array(w);
    for (int m = 1; m <= 4; m++)
        jsonw_int(w, x->mode[m]);
    jsonw_end(w);
    jsonw_key(w, "scores");
    jsonw_object(w);
    for (int t = EQUAL; t <= PROHIBITED; t++)
        jsonw_kint(w, treatment_name((enum treatment)t), x->score[t]);
    jsonw_end(w);
    jsonw_kint(w, "score_full", WEIGHT_SCORE);
    jsonw_kstr(w, "score_source", x->score_source);
    jsonw_key(w, "items");
    jsonw_array(w);
    for (int i = 0; i < x->n_items; i++) {
        const struct weight_item *t = &x->item[i];
        jsonw_object(w);
        jsonw_kstr(w, "code", t->code);
        jsonw_kstr(w, "name", t->name);
        jsonw_kint(w, "value", t->value);
        jsonw_kint(w, "leaves", t->leaves);
        jsonw_kbool(w, "partial", t->partial);
        kgrade(w, "evidence", t->evidence);
        jsonw_kstr(w, "source", t->source);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_end(w);
}

static void contribution_json(const struct corpus *c, const struct contribution *k,
                              int64_t weight, struct jsonw *w)
{
    const struct provision *p = &c->provision[k->provision];
    jsonw_object(w);
    provision_name(w, c, p);
    kcount(w, "no", p->no);
    jsonw_kz(w, "effect", effect_name(p->effect));
    kgrade(w, "evidence", p->evidence);
    kshare(w, "rise_lo", k->lo, weight);
    kshare(w, "rise_hi", k->hi, weight);
    jsonw_kint(w, "rise_lo_points", k->lo);
    jsonw_kint(w, "rise_hi_points", k->hi);
    jsonw_kint(w, "cells_changed", k->cells);
    kwords(w, "text", p->zh, p->en);
    jsonw_end(w);
}

static void contributions_json(const struct corpus *c, const struct openness *x, struct jsonw *w)
{
    jsonw_key(w, "contributions");
    jsonw_array(w);
    for (int i = 0; i < x->n_contributions; i++)
        contribution_json(c, &x->contribution[i], x->all.weight, w);
    jsonw_end(w);
    jsonw_key(w, "together");
    jsonw_object(w);
    kshare(w, "all_struck_rise_lo", x->all_lo, x->all.weight);
    kshare(w, "all_struck_rise_hi", x->all_hi, x->all.weight);
    jsonw_kint(w, "all_struck_lo_points", x->all_lo);
    jsonw_kint(w, "all_struck_hi_points", x->all_hi);
    jsonw_kint(w, "sum_lo_points", x->sum_lo);
    jsonw_kint(w, "sum_hi_points", x->sum_hi);
    jsonw_kint(w, "remainder_lo_points", x->all_lo - x->sum_lo);
    jsonw_kint(w, "remainder_hi_points", x->all_hi - x->sum_hi);
    jsonw_end(w);
}

static void parts_json(const struct corpus *c, const struct openness *x, struct jsonw *w)
{
    static const char *const places[TERRITORY_COUNT] = {"national", "zones", "hainan"};
    jsonw_key(w, "by_mode");
    jsonw_array(w);
    for (int m = 1; m <= 4; m++) {
        jsonw_object(w);
        jsonw_kint(w, "mode", m);
        sum_members(w, &x->mode[m]);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_key(w, "by_section");
    jsonw_array(w);
    for (int k = 0; k < x->n_sections; k++) {
        const struct code *code = &c->codes->gbt.code[x->section[k]];
        jsonw_object(w);
        jsonw_kstr(w, "code", code->code);
        words_members(w, code->name_zh, code->name_en);
        sum_members(w, &x->by_section[k]);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_key(w, "by_place");
    jsonw_array(w);
    for (int t = 0; t < TERRITORY_COUNT; t++) {
        jsonw_object(w);
        jsonw_kz(w, "places", places[t]);
        sum_members(w, &x->place[t]);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void origins_json(const struct corpus *c, const struct openness *x, struct jsonw *w)
{
    jsonw_key(w, "by_origin");
    jsonw_array(w);
    for (int k = 0; k < x->n_origins; k++) {
        jsonw_object(w);
        jsonw_kint(w, "economies", x->origins[k].n);
        jsonw_key(w, "origins");
        jsonw_array(w);
        for (int o = 0; o < c->codes->n_economies; o++)
            if (bit_get(x->origins[k].origin, (size_t)o))
                jsonw_str(w, c->codes->economy[o].alpha2);
        jsonw_end(w);
        sum_members(w, &x->origins[k].sum);
        jsonw_end(w);
    }
    jsonw_end(w);
}

void openness_json(const struct corpus *c, const struct openness_question *q,
                   const struct openness *x, struct jsonw *w)
{
    jsonw_kstr(w, "edition", x->edition < 0 ? (struct str){NULL, 0} : c->instrument[x->edition].id);
    jsonw_kday(w, "on", x->on);
    jsonw_kday(w, "known", x->known);
    jsonw_kz(w, "snapshot", c->hash);
    jsonw_key(w, "weights");
    weights_json(q->weights, w);
    jsonw_key(w, "index");
    jsonw_object(w);
    sum_members(w, &x->all);
    jsonw_end(w);
    kby_grade(w, x->grades);
    jsonw_key(w, "not_seen");
    jsonw_array(w);
    for (int i = 0; i < c->n_instruments; i++) {
        if (!openness_unseen(c, q, i))
            continue;
        jsonw_object(w);
        jsonw_kstr(w, "instrument", c->instrument[i].id);
        jsonw_kint(w, "held", c->instrument[i].layer < 0 ? 0 : c->instrument[i].n);
        jsonw_kint(w, "published", c->instrument[i].published_total);
        jsonw_end(w);
    }
    jsonw_end(w);
    parts_json(c, x, w);
    origins_json(c, x, w);
    contributions_json(c, x, w);
    jsonw_kint(w, "class_cells", x->class_cells);
}

static void ids_json(const struct corpus *c, const char *key, const int *list, int n,
                     struct jsonw *w)
{
    jsonw_key(w, key);
    jsonw_array(w);
    for (int i = 0; i < n; i++)
        jsonw_str(w, c->instrument[list[i]].id);
    jsonw_end(w);
}

void moments_json(const struct corpus *c, const struct moment *m, int n, struct jsonw *w)
{
    jsonw_key(w, "timeline");
    jsonw_array(w);
    for (int i = 0; i < n; i++) {
        jsonw_object(w);
        jsonw_kday(w, "from", m[i].from);
        sum_members(w, &m[i].all);
        ids_json(c, "began", m[i].began, m[i].n_began, w);
        ids_json(c, "ended", m[i].ended, m[i].n_ended, w);
        jsonw_kint(w, "places_founded", m[i].n_places);
        jsonw_end(w);
    }
    jsonw_end(w);
}
