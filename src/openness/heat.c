#include "openness/heat.h"
#include "compare/compare.h"
#include "decide/snapshot.h"
#include "law/write.h"

#include <stdlib.h>

struct kiln {
    const struct snapshot *s;
    const struct corpus *c;
    struct heat *h;
    struct side side;
    struct grid grid;
    int rows[LIMIT_SECTORS][2];      /* leaf -> its rows, -1 */
    int16_t (*leaves)[HEAT_ROWS];    /* sector class -> leaves in each row */
};

static void find_rows(struct kiln *k, int open)
{
    const struct codelist *l = &k->c->codes->gbt;
    struct heat *h = k->h;
    memset(k->rows, 0xff, sizeof k->rows);
    for (int i = 0; i < l->n && h->n_rows < HEAT_ROWS; i++) {
        const struct code *x = &l->code[i];
        if (x->level > 2 || (x->level == 2 && x->parent != open))
            continue;
        for (int leaf = x->leaf_from; leaf < x->leaf_to; leaf++)
            k->rows[leaf][x->level - 1] = h->n_rows;
        h->row[h->n_rows++] = i;
    }
}

static void make_classes(struct kiln *k, const struct scope *domain)
{
    const struct snapshot *s = k->s;
    uint64_t layer = (uint64_t)1 << k->c->instrument[k->h->edition].layer;
    uint64_t *rules = calloc((size_t)s->words + 1, sizeof *rules);
    int v = snapshot_slice(s->valid_day, s->n_valid, k->side.on);
    check(rules != NULL);
    for (int r = 0; r < s->n_rules; r++)
        if ((layer >> s->rule[r].layer) & 1)
            bit_set(rules, (size_t)r);
    struct looked_at l = {.rules = rules, .layers = layer, .valid = {v, v}};
    snapshot_grid_of(s, &l, domain, &k->grid);
    free(rules);
    for (int leaf = 0; leaf < k->c->codes->gbt.n_leaves; leaf++)
        for (int level = 0; level < 2; level++)
            if (k->grid.sector.of[leaf] >= 0 && k->rows[leaf][level] >= 0)
                k->leaves[k->grid.sector.of[leaf]][k->rows[leaf][level]]++;
}

static char lower(char a, char b)
{
    return a > b ? a : b;
}

/* The grade that the answer rests on, as docs/meaning.md section 5 has it. */
static char grade_of(const struct kiln *k, const struct answer *a, int sector)
{
    const struct instrument *t = &k->c->instrument[k->h->edition];
    char g = 0;
    for (int i = 0; i < a->n_prevailing; i++)
        g = lower(g, k->c->provision[a->prevailing[i]].evidence);
    if (g != 0)
        return g;
    if (a->outcome == OUTCOME_EQUAL)
        return t->complete ? 'B' : 'C';
    for (int i = 0; i < k->c->n_carve_outs; i++) {
        const struct carve_out *x = &k->c->carve_out[i];
        if (x->instrument == k->h->edition && x->has_sectors && bit_get(x->sector, (size_t)sector))
            g = lower(g, x->evidence);
    }
    return g;
}

static void count(struct heat_field *f, enum outcome o, uint64_t cells, char grade)
{
    f->cells += cells;
    f->outcome[o] += cells;
    f->evidence = lower(f->evidence, grade);
}

static void take(struct kiln *k, int s, int c, int o, int p)
{
    const struct grid *g = &k->grid;
    struct question q;
    struct answer a;
    int sector = g->sector.first[s], combo = g->combo.first[c], place = g->place.first[p];
    side_question(k->c, &k->side, sector, combo, g->origin.first[o], place, &q);
    decide(k->s, &q, &a);
    char grade = grade_of(k, &a, sector);
    enum territory_kind t = place_territory(k->c->codes, place);
    uint64_t each = (uint64_t)g->combo.weight[c] * (uint64_t)g->origin.weight[o] *
                    (uint64_t)g->place.weight[p];
    for (int r = 0; r < k->h->n_rows; r++)
        if (k->leaves[s][r] > 0)
            count(&k->h->field[r][q.mode][t], a.outcome, each * (uint64_t)k->leaves[s][r], grade);
    count(&k->h->all, a.outcome, each * (uint64_t)g->sector.weight[s], grade);
}

static bool same_field(const struct heat_field *a, const struct heat_field *b)
{
    for (int o = 0; o < OUTCOME_COUNT; o++)
        if ((unsigned __int128)a->outcome[o] * b->cells !=
            (unsigned __int128)b->outcome[o] * a->cells)
            return false;
    return a->evidence == b->evidence;
}

/* Alike: the same shares by outcome and the same grade in every row and mode. */
static bool same_column(const struct heat *h, int x, int y)
{
    for (int r = 0; r < h->n_rows; r++)
        for (int mode = 1; mode <= 4; mode++)
            if (!same_field(&h->field[r][mode][x], &h->field[r][mode][y]))
                return false;
    return true;
}

static void find_columns(struct heat *h)
{
    for (int t = 0; t < TERRITORY_COUNT; t++) {
        bool any = false;
        int at = 0;
        for (int mode = 1; mode <= 4; mode++)
            if (h->field[0][mode][t].cells > 0) {
                any = true;
                h->modes |= 1u << mode;
            }
        if (!any)
            continue;
        while (at < h->n_columns && !same_column(h, __builtin_ctz(h->column[at]), t))
            at++;
        h->n_columns += at == h->n_columns;
        h->column[at] |= 1u << t;
    }
}

enum err heat_make(const struct snapshot *s, int edition, int open, day_t today, struct heat *out,
                   struct error *e)
{
    static _Thread_local struct kiln k;
    struct scope domain;
    memset(&k, 0, sizeof k);
    memset(out, 0, sizeof *out);
    k.s = s;
    k.c = snapshot_corpus(s);
    k.h = out;
    TRY(side_of_record(k.c, edition, today, &k.side, e));
    TRY(sides_domain(k.c, &k.side, &k.side, &domain, e));
    out->edition = edition;
    out->on = k.side.on;
    out->known = k.side.known;
    out->cells = scope_weigh(&domain);
    k.leaves = calloc(LIMIT_SECTORS, sizeof *k.leaves);
    check(k.leaves != NULL);
    find_rows(&k, open);
    make_classes(&k, &domain);
    const struct grid *g = &k.grid;
    for (int x = 0; x < g->sector.n; x++)
        for (int c = 0; c < g->combo.n; c++)
            for (int o = 0; o < g->origin.n; o++)
                for (int p = 0; p < g->place.n; p++)
                    if (combo_valid(g->combo.first[c]))
                        take(&k, x, c, o, p);
    free(k.leaves);
    check(out->all.cells == out->cells);
    find_columns(out);
    return OK;
}

struct heat_field heat_column(const struct heat *h, int row, int mode, int column)
{
    struct heat_field f = {0};
    for (int t = 0; t < TERRITORY_COUNT; t++) {
        const struct heat_field *x = &h->field[row][mode][t];
        if (!((h->column[column] >> t) & 1))
            continue;
        for (int o = 0; o < OUTCOME_COUNT; o++)
            f.outcome[o] += x->outcome[o];
        f.cells += x->cells;
        f.evidence = lower(f.evidence, x->evidence);
    }
    return f;
}

enum outcome heat_worst(const struct heat_field *f)
{
    static const enum outcome order[] = {OUTCOME_PROHIBITED, OUTCOME_UNDETERMINED,
                                         OUTCOME_CONDITIONAL, OUTCOME_CARVED_OUT,
                                         OUTCOME_ELSEWHERE};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (f->outcome[order[i]] > 0)
            return order[i];
    return OUTCOME_EQUAL;
}

static void field_json(const struct heat_field *f, struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kint(w, "cells", (int64_t)f->cells);
    for (int o = 0; o < OUTCOME_COUNT; o++)
        if (f->outcome[o] > 0)
            jsonw_kint(w, outcome_name((enum outcome)o), (int64_t)f->outcome[o]);
    kgrade(w, "evidence", f->evidence);
    jsonw_end(w);
}

void heat_json(const struct corpus *c, const struct heat *h, struct jsonw *w)
{
    static const char *const territory[] = {"national", "zones", "hainan"};
    jsonw_object(w);
    jsonw_kday(w, "on", h->on);
    jsonw_kday(w, "known", h->known);
    jsonw_key(w, "all");
    field_json(&h->all, w);
    jsonw_key(w, "rows");
    jsonw_array(w);
    for (int r = 0; r < h->n_rows; r++) {
        jsonw_object(w);
        jsonw_kstr(w, "sector", c->codes->gbt.code[h->row[r]].code);
        for (int t = 0; t < TERRITORY_COUNT; t++) {
            jsonw_key(w, territory[t]);
            jsonw_object(w);
            for (int mode = 1; mode <= 4; mode++) {
                char key[2] = {(char)('0' + mode), 0};
                if (h->field[r][mode][t].cells == 0)
                    continue;
                jsonw_key(w, key);
                field_json(&h->field[r][mode][t], w);
            }
            jsonw_end(w);
        }
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_end(w);
}
