#include "disclosure/figures.h"

#include <stdio.h>
#include <stdlib.h>

struct reading {
    const struct figures_question *q;
    struct figures *out;
    int room;
};

/* --- reading -------------------------------------------------------------------------------- */

static int dim_of(const struct publication *p, struct str name)
{
    for (int d = 0; d < DIM_COUNT; d++)
        if (str_eq(p->plan.dim[d].id, name))
            return d;
    return -1;
}

static bool read_at(const struct publication *p, struct jsonr *r, struct figure *f)
{
    struct str name;
    bool first = true;
    if (!jsonr_open(r))
        return false;
    while (jsonr_member(r, &first, &name)) {
        int d = dim_of(p, name);
        if (d < 0 || !jsonr_string(r, &f->code[d]))
            return false;
    }
    return r->fault_en == NULL;
}

static bool read_cell(const struct publication *p, struct jsonr *r, struct figure *f)
{
    struct str name, text;
    bool first = true;
    *f = (struct figure){0};
    for (int d = 0; d < DIM_COUNT; d++)
        f->code[d] = p->plan.dim[d].node[0].code;
    if (!jsonr_open(r))
        return false;
    while (jsonr_member(r, &first, &name)) {
        if (str_eqz(name, "at")) {
            if (!read_at(p, r, f))
                return false;
        } else if (str_eqz(name, "value")) {
            if (!jsonr_number(r, &text) || !str_int(text, &f->value))
                return false;
        } else if (str_eqz(name, "conf_status")) {
            if (!jsonr_string(r, &text))
                return false;
            f->open = str_eqz(text, "F");
        } else if (!jsonr_skip(r)) {
            return false;
        }
    }
    return r->fault_en == NULL;
}

/* A figure of the table: any node down to its depth, and what was asked for by name. Without a
 * table: exactly the nodes named, every period. */
static bool wanted(const struct figures_question *q, const struct figure *f)
{
    const struct plan *p = &q->p->plan;
    for (int d = 0; d < DIM_COUNT; d++) {
        if (q->want[d].n > 0) {
            if (!str_eq(q->want[d], f->code[d]))
                return false;
            continue;
        }
        int node = publication_node(p, d, f->code[d]);
        int depth = q->table >= 0 ? p->table[q->table].depth[d] : d == DIM_PERIOD ? 3 : 0;
        if (node < 0 || p->dim[d].node[node].depth > depth)
            return false;
    }
    return true;
}

static void keep(struct reading *g, const struct figure *f)
{
    struct figures *out = g->out;
    if (out->n == g->room) {
        g->room = g->room == 0 ? 256 : g->room * 2;
        out->figure = realloc(out->figure, (size_t)g->room * sizeof *out->figure);
        check(out->figure != NULL);
    }
    out->figure[out->n++] = *f;
    out->confidential += !f->open;
}

static bool read_cells(struct reading *g, struct jsonr *r)
{
    bool first = true;
    struct figure f;
    if (!jsonr_open(r))
        return false;
    while (jsonr_element(r, &first)) {
        if (!read_cell(g->q->p, r, &f))
            return false;
        if (wanted(g->q, &f))
            keep(g, &f);
    }
    return r->fault_en == NULL;
}

static bool read_all(struct reading *g, struct jsonr *r)
{
    struct str name, text;
    bool first = true, good = jsonr_open(r);
    while (good && jsonr_member(r, &first, &name)) {
        if (str_eqz(name, "release"))
            good = jsonr_string(r, &g->out->release);
        else if (str_eqz(name, "cube"))
            good = jsonr_string(r, &g->out->cube);
        else if (str_eqz(name, "made_at"))
            good = jsonr_number(r, &text) && str_int(text, &g->out->made_at);
        else if (str_eqz(name, "cells"))
            good = read_cells(g, r);
        else
            good = jsonr_skip(r);
    }
    return good && r->fault_en == NULL;
}

enum err figures_read(const struct figures_question *q, struct str text, struct arena *a,
                      struct figures *out, struct error *e)
{
    struct reading g = {q, out, 0};
    struct jsonr r;
    memset(out, 0, sizeof *out);
    jsonr_init(&r, text, a);
    bool good = read_all(&g, &r);
    struct figure *heap = out->figure;
    out->figure = ARENA_ARRAY(a, struct figure, (size_t)out->n + 1);
    if (out->n > 0)
        memcpy(out->figure, heap, (size_t)out->n * sizeof *heap);
    free(heap);
    return good ? OK
                : err_set(e, ERR_INTEGRITY, "发布内容无法读取%s", "the release cannot be read%s", "");
}

enum err figures_table(const struct publication *p, struct str id, int *out, struct error *e)
{
    *out = -1;
    if (id.p == NULL)
        return OK;
    for (int i = 0; i < p->plan.n_tables; i++)
        if (str_eq(p->plan.table[i].id, id))
            *out = i;
    if (*out >= 0)
        return OK;
    struct buf all;
    err_set(e, ERR_NOT_FOUND, "没有表 %.*s", "there is no table %.*s", STR_ARG(id));
    buf_init(&all);
    for (int i = 0; i < p->plan.n_tables; i++)
        buf_printf(&all, "%s%.*s", i > 0 ? ", " : "", STR_ARG(p->plan.table[i].id));
    err_hint(e, "%.*s", (int)all.n, all.p);
    buf_finish(&all);
    for (int i = 0; i < p->plan.n_tables; i++)
        if (str_distance(p->plan.table[i].id, id, 5) < 5)
            err_hint(e, "%.*s?", STR_ARG(p->plan.table[i].id));
    return ERR_NOT_FOUND;
}

/* --- writing -------------------------------------------------------------------------------- */

void figure_json(const struct figure *f, const struct publication *p, struct jsonw *w)
{
    jsonw_object(w);
    for (int d = 0; d < DIM_COUNT; d++)
        jsonw_kstr(w, p->plan.dim[d].id.p, f->code[d]);
    jsonw_key(w, "value");
    if (f->open)
        jsonw_int(w, f->value);
    else
        jsonw_null(w);
    jsonw_kz(w, "conf_status", f->open ? "F" : "C");
    jsonw_end(w);
}

void figures_json(const struct figures *f, const struct publication *p, struct buf *out)
{
    struct jsonw w;
    jsonw_init(&w, out, false);
    jsonw_object(&w);
    jsonw_kstr(&w, "release", f->release);
    jsonw_kint(&w, "made_at", f->made_at);
    jsonw_kstr(&w, "cube", f->cube);
    jsonw_kz(&w, "unit", "USD cents");
    jsonw_kint(&w, "confidential", f->confidential);
    jsonw_key(&w, "figures");
    jsonw_array(&w);
    for (int i = 0; i < f->n; i++)
        figure_json(&f->figure[i], p, &w);
    jsonw_end(&w);
    jsonw_end(&w);
    buf_char(out, '\n');
}

void figures_csv(const struct figures *f, const struct publication *p, struct buf *out)
{
    for (int d = 0; d < DIM_COUNT; d++)
        csv_write_field(out, p->plan.dim[d].id, d == 0);
    buf_z(out, ",value_usd,conf_status");
    csv_write_end(out);
    for (int i = 0; i < f->n; i++) {
        const struct figure *x = &f->figure[i];
        for (int d = 0; d < DIM_COUNT; d++)
            csv_write_field(out, x->code[d], d == 0);
        buf_char(out, ',');
        if (x->open) /* a number, so that a spreadsheet reads it as one */
            buf_printf(out, "%s%lld.%02lld", x->value < 0 ? "-" : "", llabs(x->value / 100),
                       llabs(x->value % 100));
        csv_write_field(out, x->open ? STR("F") : STR("C"), false);
        csv_write_end(out);
    }
}
