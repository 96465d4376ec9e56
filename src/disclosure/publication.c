/* From a cube to the tables that are published: trees, tables, contributions. */
#include "disclosure/publication.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/table.h"

/* leaf[] is indexed by: period: month - month_from; flow: enum flow; item: place in scheme.item;
 * partner: economy; place: place; mode: 0..4; size, ownership: their enumerations; key: 0, 1. */

enum { TREE_NODES = 1024 };

struct tree { /* a dimension while it grows */
    struct arena *arena;
    struct dimension *d;
};

static int tree_add(struct tree *t, struct str code, int parent)
{
    struct dimension *d = t->d;
    check(d->n < TREE_NODES);
    d->node[d->n] = (struct node){.code = code, .parent = parent,
                                  .depth = parent < 0 ? 0 : d->node[parent].depth + 1};
    return d->n++;
}

static struct tree tree_begin(struct publication *p, enum publication_dim dim, const char *id,
                              const char *root, int n_index)
{
    struct dimension *d = &p->plan.dim[dim];
    *d = (struct dimension){str_from(id), 0, ARENA_ARRAY(p->arena, struct node, TREE_NODES)};
    p->leaf[dim] = ARENA_ARRAY(p->arena, int16_t, (size_t)n_index);
    struct tree t = {p->arena, d};
    tree_add(&t, str_from(root), -1);
    return t;
}

/* A leaf "not allocated" below a node (unallocated.h). */
static void tree_add_unallocated(struct publication *p, enum publication_dim dim, struct str code,
                                 int parent)
{
    struct tree t = {p->arena, &p->plan.dim[dim]};
    if (p->plan.unallocated[dim] == NULL)
        p->plan.unallocated[dim] = ARENA_ARRAY(p->arena, int16_t, TREE_NODES);
    p->plan.unallocated[dim][parent] = (int16_t)tree_add(&t, code, parent);
}

static struct str printed(struct arena *a, const char *fmt, int x, int y)
{
    char text[32];
    int n = snprintf(text, sizeof text, fmt, x, y);
    return str_copy(a, (struct str){text, (size_t)n});
}

static bool complete(const struct publication *p, int from, int months)
{
    return from >= p->month_from && from + months <= p->month_from + p->n_months;
}

static void period_tree(struct publication *p)
{
    struct tree t = tree_begin(p, DIM_PERIOD, "period", "_T", p->n_months);
    t.d->node[0].absent = true;
    int year = -1, quarter = -1;
    for (int i = 0; i < p->n_months; i++) {
        int m = p->month_from + i, y = 2000 + m / 12;
        if (i == 0 || m % 12 == 0) {
            year = tree_add(&t, printed(p->arena, "%d", y, 0), 0);
            t.d->node[year].absent = !complete(p, m - m % 12, 12);
        }
        if (i == 0 || m % 3 == 0) {
            quarter = tree_add(&t, printed(p->arena, "%d-Q%d", y, m % 12 / 3 + 1), year);
            t.d->node[quarter].absent = !complete(p, m - m % 3, 3);
        }
        p->leaf[DIM_PERIOD][i] =
            (int16_t)tree_add(&t, printed(p->arena, "%d-%02d", y, m % 12 + 1), quarter);
    }
}

/* Items down to two levels below S. Deeper ones fall to their ancestor there. */
static int item_depth(const struct classification *c, int ebops)
{
    int depth = 0;
    for (int i = ebops; c->ebops.code[i].parent >= 0; i = c->ebops.code[i].parent)
        depth++;
    return depth;
}

static int item_node(const struct dimension *d, const struct classification *c, int ebops)
{
    for (int i = 0; i < d->n; i++)
        if (str_eq(d->node[i].code, c->ebops.code[ebops].code))
            return i;
    return -1;
}

static struct str with_end(struct publication *p, struct str code, const char *end)
{
    struct buf name;
    buf_init(&name);
    buf_str(&name, code);
    buf_z(&name, end);
    code = str_copy(p->arena, buf_view(&name));
    buf_finish(&name);
    return code;
}

/* EBOPS 2010 has an item for it. Were declarations ever compiled to that, another is needed: what
 * the hold moves and what was declared must not be one. */
static void unallocated_items(struct publication *p, const bool *inner, int n)
{
    const struct codelist *l = &p->scheme->codes->ebops;
    const struct dimension *d = &p->plan.dim[DIM_ITEM];
    int at = codelist_find(l, STR("SN"));
    bool taken = at >= 0 && scheme_item(p->scheme, at) >= 0;
    for (int i = 1; i < n; i++)
        if (inner[i])
            tree_add_unallocated(p, DIM_ITEM, with_end(p, d->node[i].code, "_N"), i);
    tree_add_unallocated(p, DIM_ITEM, taken ? STR("S_N") : STR("SN"), 0);
}

static void item_tree(struct publication *p)
{
    const struct scheme *s = p->scheme;
    const struct classification *c = s->codes;
    struct tree t = tree_begin(p, DIM_ITEM, "item", "S", SCHEME_ITEMS);
    for (int depth = 1; depth <= 2; depth++) {
        /* In the order of EBOPS, so that the tree does not depend on the order of the tables. */
        for (int ebops = 0; ebops < c->ebops.n; ebops++)
            if (scheme_item(s, ebops) >= 0 && item_depth(c, ebops) == depth)
                tree_add(&t, c->ebops.code[ebops].code,
                         item_node(t.d, c, c->ebops.code[ebops].parent));
    }
    int n = t.d->n;
    bool inner[TREE_NODES] = {false};
    for (int i = 1; i < n; i++)
        inner[t.d->node[i].parent] = true;
    for (int i = 0; i < s->n_item; i++) {
        int ebops = s->item[i];
        while (item_depth(c, ebops) > 2)
            ebops = c->ebops.code[ebops].parent;
        int at = item_node(t.d, c, ebops);
        p->leaf[DIM_ITEM][i] = (int16_t)at;
    }
    /* A code may stand for an item that has parts: what it brings is the part not specified. */
    for (int i = 0; i < s->n_code; i++) {
        for (int k = 0; k < s->code[i].n_targets; k++) {
            int item = scheme_item(s, s->code[i].target[k].to), at = p->leaf[DIM_ITEM][item];
            if (at >= n || !inner[at])
                continue;
            p->leaf[DIM_ITEM][item] =
                (int16_t)tree_add(&t, with_end(p, t.d->node[at].code, "_X"), at);
        }
    }
    unallocated_items(p, inner, n);
}

static enum err partner_tree(struct publication *p, struct error *e)
{
    static const char *const columns[] = {"economy", NULL};
    const struct classification *c = p->scheme->codes;
    struct table table;
    bool more;
    struct tree t = tree_begin(p, DIM_PARTNER, "partner", "W1", c->n_economies);
    TRY(table_open(&table, p->arena, "statistics/partners.csv", columns, e));
    for (;;) {
        TRY(table_next(&table, &more, e));
        if (!more)
            break;
        struct str code = table_text(&table, "economy");
        int at = economy_find(c, code);
        if (at < 0)
            return table_fail(&table, "economy", "没有经济体 %.*s", "there is no economy %.*s", code, e);
        if (p->leaf[DIM_PARTNER][at] == 0)
            p->leaf[DIM_PARTNER][at] = (int16_t)tree_add(&t, c->economy[at].alpha3, 0);
    }
    int others = tree_add(&t, STR("_O"), 0);
    for (int i = 0; i < c->n_economies; i++)
        if (p->leaf[DIM_PARTNER][i] == 0)
            p->leaf[DIM_PARTNER][i] = (int16_t)others;
    return OK;
}

/* Places are in pre-order: province, then what lies in it. */
static void place_tree(struct publication *p)
{
    const struct classification *c = p->scheme->codes;
    struct tree t = tree_begin(p, DIM_PLACE, "place", "CN", c->n_places);
    int province[LIMIT_PLACES] = {0};
    for (int i = 1; i < c->n_places; i++)
        if (c->place[i].parent == 0)
            p->leaf[DIM_PLACE][i] = (int16_t)(province[i] = tree_add(&t, c->place[i].code, 0));
    for (int i = 1; i < c->n_places; i++)
        if (c->place[i].parent > 0)
            p->leaf[DIM_PLACE][i] =
                (int16_t)tree_add(&t, c->place[i].code, province[c->place[i].parent]);
    for (int i = 1; i < c->n_places; i++) {
        if (c->place[i].parent != 0 || c->place[i].end == i + 1)
            continue;
        int rest = tree_add(&t, with_end(p, c->place[i].code, "_X"), province[i]);
        t.d->node[rest].hidden = true;
        p->leaf[DIM_PLACE][i] = (int16_t)rest;
    }
}

static void flat_tree(struct publication *p, enum publication_dim dim, const char *id,
                      const char *const *code, int n)
{
    struct tree t = tree_begin(p, dim, id, dim == DIM_FLOW ? "T" : "_T", n);
    for (int i = 0; i < n; i++)
        p->leaf[dim][i] = code[i] == NULL ? 0 : (int16_t)tree_add(&t, str_from(code[i]), 0);
}

/* Depths of the levels that tables.csv names; an empty field is the total. */
static enum err depth_named(const struct table *t, const char *column, int *out, struct error *e)
{
    static const struct level { const char *column, *name; int depth; } levels[] = {
        {"period", "year", 1}, {"period", "quarter", 2}, {"period", "month", 3},
        {"flow", "direction", 1}, {"item", "main", 1}, {"item", "detail", 2},
        {"partner", "partner", 1}, {"place", "province", 1}, {"place", "zone", 2},
        {"mode", "mode", 1}, {"size", "size", 1}, {"ownership", "ownership", 1}, {"key", "key", 1}};
    struct str name = table_text(t, column);
    *out = 0;
    if (name.n == 0)
        return OK;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (strcmp(levels[i].column, column) == 0 && str_eqz(name, levels[i].name)) {
            *out = levels[i].depth;
            return OK;
        }
    }
    return table_fail(t, column, "没有层次 %.*s", "there is no level %.*s", name, e);
}

/* coarser.csv says which levels a way keeps; period and flow it always does. */
static enum err load_ways(struct publication *p, struct error *e)
{
    static const char *const columns[] = {"item", "partner", "place", "mode", "size", "ownership",
                                          "key", NULL};
    struct table t;
    bool more;
    TRY(table_open(&t, p->arena, "statistics/coarser.csv", columns, e));
    p->plan.way = ARENA_ARRAY(p->arena, struct coarser_way, (size_t)t.n_rows + 1);
    for (int dim = DIM_PARTNER; dim < DIM_COUNT; dim++)
        tree_add_unallocated(p, (enum publication_dim)dim, STR("_N"), 0);
    for (;;) {
        TRY(table_next(&t, &more, e));
        if (!more)
            return OK;
        int *depth = p->plan.way[p->plan.n_ways++].depth;
        for (int d = DIM_PERIOD; d < DIM_ITEM; d++)
            depth[d] = INT_MAX;
        for (int d = DIM_ITEM; d < DIM_COUNT; d++)
            TRY(depth_named(&t, columns[d - DIM_ITEM], &depth[d], e));
        if (p->plan.n_ways > LIMIT_WAYS)
            return table_limit(&t, "LIMIT_WAYS", LIMIT_WAYS, e);
    }
}

static enum err load_tables(struct publication *p, struct error *e)
{
    static const char *const columns[] = {"id", "title_zh", "title_en", "period", "flow", "item",
                                          "partner", "place", "mode", "size", "ownership", "key",
                                          NULL};
    struct table t;
    bool more;
    TRY(table_open(&t, p->arena, "statistics/tables.csv", columns, e));
    p->plan.table = ARENA_ARRAY(p->arena, struct table_spec, (size_t)t.n_rows);
    p->title = ARENA_ARRAY(p->arena, struct publication_table, (size_t)t.n_rows);
    for (;;) {
        TRY(table_next(&t, &more, e));
        if (!more)
            return OK;
        int at = p->plan.n_tables++;
        p->plan.table[at].id = table_text(&t, "id");
        p->title[at].title_zh = table_text(&t, "title_zh");
        p->title[at].title_en = table_text(&t, "title_en");
        for (int d = 0; d < DIM_COUNT; d++)
            TRY(depth_named(&t, columns[3 + d], &p->plan.table[at].depth[d], e));
    }
}

enum err publication_open_months(struct publication **out, struct arena *a, const struct scheme *s,
                                 int month_from, int n_months, struct error *e)
{
    static const char *const flows[FLOW_COUNT] = {"C", "D"};
    static const char *const modes[] = {NULL, "1", "2", "3", "4"};
    static const char *const keys[] = {"N", "Y"};
    struct publication *p = ARENA_NEW(a, struct publication);
    check(month_from >= 0 && n_months > 0 && month_from + n_months <= PUBLICATION_MONTHS);
    p->scheme = s;
    p->arena = a;
    p->month_from = month_from;
    p->n_months = n_months;
    p->plan.n_dims = DIM_COUNT;
    period_tree(p);
    flat_tree(p, DIM_FLOW, "flow", flows, FLOW_COUNT);
    item_tree(p);
    TRY(partner_tree(p, e));
    place_tree(p);
    flat_tree(p, DIM_MODE, "mode", modes, 5);
    flat_tree(p, DIM_SIZE, "size", size_name, SIZE_COUNT);
    flat_tree(p, DIM_OWNERSHIP, "ownership", ownership_name, OWNER_COUNT);
    flat_tree(p, DIM_KEY, "key", keys, 2);
    TRY(load_tables(p, e));
    TRY(load_ways(p, e));
    *out = p;
    return OK;
}

enum err publication_open(struct publication **out, struct arena *a, const struct scheme *s,
                          const struct cube *c, int to, struct error *e)
{
    int first = INT32_MAX, last = -1;
    for (size_t i = 0; i < c->n_cells; i++) {
        int m = cell_key_code(c->cell[i].key).month;
        if (m <= to) {
            first = m < first ? m : first;
            last = m > last ? m : last;
        }
    }
    if (last < 0)
        return err_set(e, ERR_NOT_FOUND, "该数据立方没有这些月份的单元",
                       "the cube has no cells in these months");
    return publication_open_months(out, a, s, first, last - first + 1, e);
}

/* --- contributions ------------------------------------------------------------------------ */
struct growing {
    struct contribution_at *at;
    size_t n, room;
};

static void put(struct growing *g, const struct contribution_at *c)
{
    if (g->n == g->room) {
        g->room = g->room == 0 ? 65536 : g->room * 2;
        g->at = realloc(g->at, g->room * sizeof *g->at);
        check(g->at != NULL);
    }
    g->at[g->n++] = *c;
}

static void split_modes(const struct publication *p, int item, struct contribution_at c,
                        struct growing *g)
{
    const struct scheme *s = p->scheme;
    int64_t part[SCHEME_MODES];
    share_out(c.value, s->mode[item], s->n_mode[item], part);
    for (int i = 0; i < s->n_mode[item]; i++) {
        c.value = part[i];
        c.leaf[DIM_MODE] = p->leaf[DIM_MODE][s->mode[item][i].to];
        if (c.value != 0)
            put(g, &c);
    }
}

/* Numbers of a cube are ranks among its own parties and shift when one joins; releases are compared
 * with one another, so a contributor is known here by 32 bits of a hash of its identity. Two that
 * meet in one hash count as one contributor, which only ever makes a cell more sensitive. */
static uint32_t lasting(const struct parties *parties, uint32_t contributor)
{
    uint64_t hash[2];
    hash_quick(parties->id[contributor], PARTY_ID_BYTES, 0, hash);
    uint32_t low = (uint32_t)hash[0];
    return low == UINT32_MAX ? 0 : low; /* UINT32_MAX: nobody */
}

static void split(const struct publication *p, const struct cube *cube,
                  const struct contribution *from, struct growing *g)
{
    static const struct register_entry unknown = {0};
    const struct register_entry *reg = cube->reg != NULL ? &cube->reg[from->member] : &unknown;
    const struct scheme *s = p->scheme;
    struct cell_code k = cell_key_code(from->key);
    const struct itrs_code *code = &s->code[k.code];
    struct contribution_at c = {.party = lasting(&cube->parties, from->party)};
    c.leaf[DIM_PERIOD] = p->leaf[DIM_PERIOD][k.month - p->month_from];
    c.leaf[DIM_FLOW] = p->leaf[DIM_FLOW][k.flow];
    c.leaf[DIM_PARTNER] = p->leaf[DIM_PARTNER][k.partner];
    c.leaf[DIM_PLACE] = p->leaf[DIM_PLACE][k.place];
    c.leaf[DIM_SIZE] = p->leaf[DIM_SIZE][reg->size];
    c.leaf[DIM_OWNERSHIP] = p->leaf[DIM_OWNERSHIP][reg->ownership];
    c.leaf[DIM_KEY] = p->leaf[DIM_KEY][reg->key];
    int64_t part[SCHEME_TARGETS];
    share_out(from->cents, code->target, code->n_targets, part);
    for (int i = 0; i < code->n_targets; i++) {
        int item = scheme_item(s, code->target[i].to);
        c.leaf[DIM_ITEM] = p->leaf[DIM_ITEM][item];
        c.value = part[i];
        split_modes(p, item, c, g);
    }
}

static int order(const void *x, const void *y)
{
    const struct contribution_at *a = x, *b = y;
    for (int d = 0; d < DIMS_MAX; d++)
        if (a->leaf[d] != b->leaf[d])
            return a->leaf[d] < b->leaf[d] ? -1 : 1;
    return a->party < b->party ? -1 : a->party > b->party;
}

enum err publication_contributions(const struct publication *p, const struct cube *c,
                                   struct arena *a, struct contribution_at **out, size_t *n,
                                   struct error *e)
{
    struct growing g = {NULL, 0, 0};
    if (c->n_contributions == 0 && c->n_cells > 0)
        return err_set(e, ERR_INVALID, "该数据立方没有保存贡献者，不能制表",
                       "the cube was made without contributions; tables need them");
    for (size_t i = 0; i < c->n_contributions; i++) {
        const struct contribution *from = &c->contribution[i];
        int month = cell_key_code(from->key).month;
        if (month < p->month_from || month >= p->month_from + p->n_months)
            continue;
        split(p, c, from, &g);
    }
    if (g.n > 0)
        sort_by(g.at, g.n, sizeof *g.at, order);
    size_t kept = 0;
    for (size_t i = 0; i < g.n; i++) {
        if (kept > 0 && order(&g.at[kept - 1], &g.at[i]) == 0)
            g.at[kept - 1].value += g.at[i].value;
        else
            g.at[kept++] = g.at[i];
    }
    *out = ARENA_ARRAY(a, struct contribution_at, kept + 1);
    if (kept > 0)
        memcpy(*out, g.at, kept * sizeof *g.at);
    *n = kept;
    free(g.at);
    return OK;
}

bool publication_made_up(const struct cube *c)
{
    for (uint32_t i = 0; i < c->parties.n; i++)
        if (strncmp(c->parties.id[i], "9199", 4) == 0 || strncmp(c->parties.id[i], "SYN", 3) == 0)
            return true;
    return false;
}

int publication_node(const struct plan *p, int dim, struct str code)
{
    for (int i = 0; i < p->dim[dim].n; i++)
        if (str_eq(p->dim[dim].node[i].code, code))
            return i;
    return -1;
}
