/* A release and its public content. See vintage.h. */
#define _GNU_SOURCE /* sort_by_r */
#include "disclosure/vintage.h"

#include <stdlib.h>

#include "disclosure/codes.h"
#include "disclosure/difference.h"
#include "disclosure/unallocated.h"

/* --- codes -------------------------------------------------------------------------------- */

static int code_cmp(const void *a, const void *b, void *dim)
{
    const struct node *node = ((const struct dimension *)dim)->node;
    return str_cmp(node[*(const int16_t *)a].code, node[*(const int16_t *)b].code);
}

void codes_init(struct codes *c, struct arena *a, const struct plan *p)
{
    *c = (struct codes){.plan = p};
    for (int d = 0; d < p->n_dims; d++) {
        int n = p->dim[d].n;
        c->node[d] = ARENA_ARRAY(a, int16_t, (size_t)n);
        c->rank[d] = ARENA_ARRAY(a, int16_t, (size_t)n);
        for (int i = 0; i < n; i++)
            c->node[d][i] = (int16_t)i;
        sort_by_r(c->node[d], (size_t)n, sizeof(int16_t), code_cmp, (void *)&p->dim[d]);
        for (int i = 0; i < n; i++)
            c->rank[d][c->node[d][i]] = (int16_t)i;
        for (int i = 1; i < n; i++) /* two nodes of one code could not be told apart again */
            check(code_cmp(&c->node[d][i - 1], &c->node[d][i], (void *)&p->dim[d]) != 0);
    }
}

int codes_find(const struct codes *c, int dim, struct str code)
{
    int low = 0, high = c->plan->dim[dim].n;
    while (low < high) {
        int middle = (low + high) / 2;
        if (str_cmp(c->plan->dim[dim].node[c->node[dim][middle]].code, code) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == c->plan->dim[dim].n ||
        !str_eq(c->plan->dim[dim].node[c->node[dim][low]].code, code))
        return -1;
    return c->node[dim][low];
}

/* --- the public content ------------------------------------------------------------------- */

struct page { /* what release_public needs at hand */
    const struct release *r;
    struct codes codes;
    struct str *label[DIMS_MAX]; /* "dimension":"code" of each node, as JSON */
};

static int by_codes(const void *a, const void *b, void *page)
{
    const struct page *p = page;
    const int16_t *x = p->r->cell[*(const int *)a].at, *y = p->r->cell[*(const int *)b].at;
    for (int d = 0; d < p->codes.plan->n_dims; d++)
        if (x[d] != y[d])
            return p->codes.rank[d][x[d]] < p->codes.rank[d][y[d]] ? -1 : 1;
    return 0;
}

static void labels_of(struct page *page, struct arena *a, const struct plan *p)
{
    struct buf b = {0};
    for (int d = 0; d < p->n_dims; d++) {
        page->label[d] = ARENA_ARRAY(a, struct str, (size_t)p->dim[d].n);
        for (int i = 0; i < p->dim[d].n; i++) {
            struct jsonw id, code;
            buf_clear(&b);
            jsonw_init(&id, &b, false);
            jsonw_str(&id, p->dim[d].id);
            buf_char(&b, ':');
            jsonw_init(&code, &b, false);
            jsonw_str(&code, p->dim[d].node[i].code);
            page->label[d][i] = str_copy(a, buf_view(&b));
        }
    }
    buf_finish(&b);
}

static void put_cell(struct buf *out, const struct page *page, const struct release_cell *c)
{
    buf_z(out, "{\"at\":{");
    for (int d = 0; d < page->codes.plan->n_dims; d++) {
        if (d > 0)
            buf_char(out, ',');
        buf_str(out, page->label[d][c->at[d]]);
    }
    buf_z(out, "},");
    if (c->state == CELL_OPEN) {
        buf_z(out, "\"value\":");
        buf_int(out, c->value);
        buf_z(out, ",\"conf_status\":\"F\"}");
    } else {
        buf_z(out, "\"conf_status\":\"C\"}");
    }
}

static void put_head(struct buf *out, const struct release *r, const struct plan *p)
{
    char hex[65];
    struct jsonw w;
    hash_hex(r->cube, sizeof r->cube, hex);
    buf_z(out, "{\"release\":");
    jsonw_init(&w, out, false);
    jsonw_str(&w, r->id);
    buf_z(out, ",\"made_at\":");
    buf_int(out, r->made_at);
    buf_printf(out, ",\"cube\":\"%s\",\"dimensions\":", hex);
    jsonw_init(&w, out, false);
    jsonw_array(&w);
    for (int d = 0; d < p->n_dims; d++)
        jsonw_str(&w, p->dim[d].id);
    jsonw_end(&w);
}

void release_public(const struct release *r, const struct plan *p, struct buf *out)
{
    struct arena a = {0};
    struct page page = {.r = r};
    codes_init(&page.codes, &a, p);
    labels_of(&page, &a, p);
    int *order = ARENA_ARRAY(&a, int, (size_t)r->n_cells + 1);
    int n = 0;
    for (int i = 0; i < r->n_cells; i++)
        if (r->cell[i].state != CELL_HIDDEN)
            order[n++] = i;
    sort_by_r(order, (size_t)n, sizeof *order, by_codes, &page);
    put_head(out, r, p);
    buf_z(out, ",\"cells\":[");
    for (int i = 0; i < n; i++) {
        buf_z(out, i ? ",\n" : "\n");
        put_cell(out, &page, &r->cell[order[i]]);
    }
    buf_z(out, "\n]}\n");
    arena_finish(&a);
}

/* --- a release of a system ------------------------------------------------------------------ */

void release_of(struct release *out, struct arena *a, const struct system *s, struct str id,
                int64_t made_at, const uint8_t cube[32], const struct used *used)
{
    struct buf b = {0};
    *out = (struct release){.id = str_copy(a, id), .made_at = made_at};
    memcpy(out->cube, cube, sizeof out->cube);
    out->cell = ARENA_ARRAY(a, struct release_cell, (size_t)s->n_cells + 1);
    for (int i = 0; i < s->n_cells; i++) {
        const struct sdc_cell *c = &s->cell[i];
        struct release_cell *cell = &out->cell[out->n_cells++];
        memcpy(cell->at, c->at, sizeof cell->at);
        cell->state = c->state == CELL_SECONDARY ? CELL_PRIMARY : c->state;
        cell->value = c->state == CELL_OPEN ? c->value : 0;
    }
    struct arena scratch = {0};
    const struct contribution_at *sorted =
        contributions_sorted(used->line, used->n, s->plan->n_dims, &scratch, &out->n_used);
    out->used = ARENA_ARRAY(a, struct contribution_at, out->n_used + 1);
    if (out->n_used)
        memcpy(out->used, sorted, out->n_used * sizeof *sorted);
    arena_finish(&scratch);
    out->n_moved = used->n_moved;
    out->moved = ARENA_ARRAY(a, struct moved, used->n_moved + 1);
    if (used->n_moved)
        memcpy(out->moved, used->moved, used->n_moved * sizeof *used->moved);
    check(unallocated_agrees(s->plan, out));
    release_public(out, s->plan, &b);
    hash_sha256(b.p, b.n, out->digest);
    buf_finish(&b);
}
