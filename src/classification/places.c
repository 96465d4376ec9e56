/* Places of China: the country, its provinces, pilot zones and cities, and named groups. */
#include "classification/internal.h"

static enum err read_place(struct table *t, struct place *x, struct error *e)
{
    *x = (struct place){.code = table_text(t, "code"), .kind = table_text(t, "kind"),
                        .name_zh = table_text(t, "name_zh"), .name_en = table_text(t, "name_en"),
                        .evidence = table_text(t, "evidence"), .note = table_text(t, "note")};
    static const char *const kinds[] = {"country", "province", "ftz", "city"};
    bool known = false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        known |= str_eqz(x->kind, kinds[i]);
    if (!known)
        return table_fail(t, "kind", "没有这类地方：%.*s", "no such kind of place: %.*s", x->kind,
                          e);
    return table_day(t, "valid_from", DAY_MIN, &x->from, e);
}

static int raw_find(const struct place *x, int n, struct str code)
{
    for (int i = 0; i < n; i++) {
        if (str_eq(x[i].code, code))
            return i;
    }
    return -1;
}

/* Reads rows in file order; a row stands after its parent in the file or before it. */
static enum err read_places_file(struct table *t, struct place *raw, struct str *up, int *n,
                                 struct error *e)
{
    bool more;
    for (*n = 0;; (*n)++) {
        TRY(table_next(t, &more, e));
        if (!more)
            return OK;
        if (*n == LIMIT_PLACES)
            return table_limit(t, "LIMIT_PLACES", LIMIT_PLACES, e);
        TRY(read_place(t, &raw[*n], e));
        up[*n] = table_text(t, "parent");
        if (raw[*n].code.n == 0 || raw_find(raw, *n, raw[*n].code) >= 0)
            return table_fail(t, "code", "代码为空或重复：%.*s", "the code is empty or twice: %.*s",
                              raw[*n].code, e);
    }
}

static enum err load_places(struct classification *c, struct arena *a, struct error *e)
{
    static const char *const columns[] = {"code",    "parent",     "kind",     "name_zh",
                                          "name_en", "valid_from", "evidence", "note", NULL};
    struct table t;
    struct place raw[LIMIT_PLACES];
    struct str up[LIMIT_PLACES];
    int parent[LIMIT_PLACES], order[LIMIT_PLACES], stands[LIMIT_PLACES], n;
    TRY(table_open(&t, a, "codes/places.csv", columns, e));
    TRY(read_places_file(&t, raw, up, &n, e));
    int tops = 0;
    for (int i = 0; i < n; i++) {
        parent[i] = raw_find(raw, n, up[i]);
        if (up[i].n > 0 && parent[i] < 0)
            return table_fail(&t, "parent", "没有这个上级代码：%.*s", "no such parent: %.*s",
                              up[i], e);
        tops += parent[i] < 0;
    }
    if (tops != 1 || !tree_order(a, n, parent, order) || !str_eqz(raw[order[0]].code, "CN"))
        return table_fail(&t, "parent", "地方须是以 CN 为根的一棵树%.*s",
                          "places must be one tree with CN at the top%.*s", STR(""), e);
    for (int i = 0; i < n; i++)
        stands[order[i]] = i;
    c->n_places = n;
    c->place = ARENA_ARRAY(a, struct place, (size_t)n);
    for (int i = 0; i < n; i++) {
        c->place[i] = raw[order[i]];
        c->place[i].parent = i == 0 ? -1 : stands[parent[order[i]]];
        c->place[i].end = i + 1;
    }
    for (int i = n - 1; i > 0; i--) {
        struct place *above = &c->place[c->place[i].parent];
        above->end = above->end < c->place[i].end ? c->place[i].end : above->end;
    }
    return OK;
}

enum err places_load(struct classification *c, struct arena *a, struct error *e)
{
    static const char *const columns[] = {"group", "name_zh", "name_en", "place", NULL};
    struct table t;
    bool more;
    TRY(load_places(c, a, e));
    TRY(table_open(&t, a, "codes/place-groups.csv", columns, e));
    c->place_group = ARENA_ARRAY(a, struct place_group, (size_t)t.n_rows);
    for (;;) {
        TRY(table_next(&t, &more, e));
        if (!more)
            return OK;
        struct str code = table_text(&t, "place");
        struct place_group *g = &c->place_group[c->n_place_groups];
        *g = (struct place_group){table_text(&t, "group"), table_text(&t, "name_zh"),
                                  table_text(&t, "name_en"), place_find(c, code)};
        if (g->group.n == 0 || g->place < 0)
            return table_fail(&t, "place", "没有这个地方：%.*s", "no such place: %.*s", code, e);
        c->n_place_groups++;
    }
}

int place_find(const struct classification *c, struct str code)
{
    for (int i = 0; i < c->n_places; i++) {
        if (c->place[i].code.n == code.n && str_eq_nocase(c->place[i].code, code))
            return i;
    }
    return -1;
}

bool place_group_bits(const struct classification *c, struct str group,
                      uint64_t bits[PLACE_WORDS])
{
    bool found = false;
    for (int i = 0; i < c->n_place_groups; i++) {
        if (!str_eq_nocase(c->place_group[i].group, group))
            continue;
        bit_set(bits, (size_t)c->place_group[i].place);
        found = true;
    }
    return found;
}

static struct str place_code_at(const void *list, int i)
{
    return ((const struct place *)list)[i].code;
}

/* Names first ("上海", "Shanghai"), then a code without its CN-, then the nearest codes. */
static void place_hint(const struct classification *c, struct str code, struct error *e)
{
    struct nearest near = {0};
    for (int i = 0; i < c->n_places; i++) {
        const struct place *x = &c->place[i];
        struct str tail = x->code.n > 3 ? (struct str){x->code.p + 3, x->code.n - 3} : x->code;
        if (str_eq_nocase(tail, code) || str_eq_nocase(x->name_en, code) ||
            (code.n >= 6 && str_find(x->name_zh, code, NULL)))
            nearest_offer(&near, i, code, code);
    }
    if (near.n == 0 && code.n <= 12) {
        for (int i = 0; i < c->n_places; i++)
            nearest_offer(&near, i, c->place[i].code, code);
    }
    nearest_hint(&near, "", "CN, CN-SH, CN-SH-FTZ", place_code_at, c->place, e);
}

enum err place_parse(const struct classification *c, struct str code, int *out, struct error *e)
{
    code = str_trim(code);
    *out = place_find(c, code);
    if (*out >= 0)
        return OK;
    bool readable = str_utf8_valid(code) && code.n <= 64;
    struct str shown = readable ? code : STR("?");
    err_set(e, ERR_UNKNOWN_CODE, "没有这个地方代码：%.*s", "no such place: %.*s",
            STR_ARG(shown));
    if (readable)
        place_hint(c, code, e);
    return ERR_UNKNOWN_CODE;
}
