/*
 * Scopes in words and as JSON. Both are written from the same lists of terms, so that they
 * never differ in what they say; only the words are cut short after a dozen terms.
 */
#include "space/grid.h"

enum { NODES = 2 * LIMIT_SECTORS, /* of the sector tree: every inner node has leaves */
       EVERYTHING = -1,           /* in place of a node: all leaves of the domain */
       TERMS_SHOWN = 12, NAMES_SHOWN = 4, NAMED_SECTORS = 3 };

static const char *const kinds_en[KIND_COUNT] = {
    "firms", "persons", "joint ventures", "wholly foreign-owned enterprises", "branches",
    "representative offices"};
static const char *const kinds_zh[KIND_COUNT] = {"企业", "个人", "合资企业", "外商独资企业",
                                                 "分支机构", "代表机构"};

static void more(struct buf *out, int n, bool zh)
{
    if (n > 0)
        buf_printf(out, zh ? "，另有%d项" : " and %d more", n);
}

/* --- sectors: the fewest terms over the tree --------------------------------------------- */

struct terms { /* each node is followed by its exceptions */
    int n;
    struct {
        int16_t node;
        bool except;
    } item[LIMIT_SECTORS + 2];
};

struct cut { /* the tree with a set laid over it */
    const struct codelist *list;
    int16_t in[LIMIT_SECTORS + 1];     /* leaves below this number that are in the set */
    int16_t missing[LIMIT_SECTORS + 1]; /* of the domain, that are not */
    int16_t parts[NODES + 1]; /* node -> terms for what is in the set; the last: of all */
    int16_t holes[NODES];     /* node -> nodes wholly out that must be excepted from it */
    bool as_node[NODES];      /* the node with its exceptions is not longer than its parts */
};

static int leaves_in(const struct cut *t, const struct code *x)
{
    return t->in[x->leaf_to] - t->in[x->leaf_from];
}

static void lay(struct cut *t, const struct classification *c, const uint64_t *set,
                const uint64_t *domain)
{
    memset(t, 0, sizeof *t);
    t->list = &c->gbt;
    check(c->gbt.n <= NODES && c->gbt.n_leaves <= LIMIT_SECTORS);
    for (int i = 0; i < c->gbt.n_leaves; i++) {
        bool in = bit_get(set, (size_t)i);
        t->in[i + 1] = (int16_t)(t->in[i] + in);
        t->missing[i + 1] = (int16_t)(t->missing[i] + (bit_get(domain, (size_t)i) && !in));
    }
}

/* Children come after their parents, so going backwards every node finds its sums complete. */
static void plan(struct cut *t)
{
    for (int i = t->list->n - 1; i >= 0; i--) {
        const struct code *x = &t->list->code[i];
        int in = leaves_in(t, x);
        if (in == 0) {
            t->parts[i] = 0, t->holes[i] = 1;
        } else if (in == x->leaf_to - x->leaf_from) {
            t->parts[i] = 1, t->holes[i] = 0;
        } else {
            t->as_node[i] = 1 + t->holes[i] <= t->parts[i];
            if (t->as_node[i])
                t->parts[i] = (int16_t)(1 + t->holes[i]);
        }
        int up = x->parent < 0 ? NODES : x->parent;
        t->parts[up] = (int16_t)(t->parts[up] + t->parts[i]);
        if (x->parent >= 0)
            t->holes[up] = (int16_t)(t->holes[up] + t->holes[i]);
    }
}

/* A node with one leaf is written as that class: 7330 says more than 733. */
static void term_add(const struct cut *t, struct terms *out, int node, bool except)
{
    const struct code *x = &t->list->code[node];
    if (x->leaf_to - x->leaf_from == 1)
        node = t->list->leaf[x->leaf_from];
    check(out->n < (int)(sizeof out->item / sizeof *out->item));
    out->item[out->n].node = (int16_t)node;
    out->item[out->n++].except = except;
}

/* The largest nodes in [i, end) that hold nothing of the set. From everything only what the
 * domain misses need be taken out. */
static void exceptions_add(const struct cut *t, struct terms *out, int i, int end, bool all)
{
    while (i < end) {
        const struct code *x = &t->list->code[i];
        int in = leaves_in(t, x);
        bool done = all ? t->missing[x->leaf_to] == t->missing[x->leaf_from]
                        : in == x->leaf_to - x->leaf_from;
        if (!done && in == 0)
            term_add(t, out, i, true);
        i = done || in == 0 ? x->end : i + 1;
    }
}

/* `domain` only serves the term "everything but": no other term reaches beyond the set. */
static void sector_terms(const struct classification *c, const uint64_t *set,
                         const uint64_t *domain, struct terms *out)
{
    struct cut t;
    lay(&t, c, set, domain);
    plan(&t);
    out->n = 1;
    out->item[0].node = EVERYTHING, out->item[0].except = false;
    if (t.in[c->gbt.n_leaves] > 0)
        exceptions_add(&t, out, 0, c->gbt.n, true);
    if (t.in[c->gbt.n_leaves] > 0 && (out->n < t.parts[NODES] || out->n == 1))
        return;
    out->n = 0;
    for (int i = 0; i < c->gbt.n;) {
        const struct code *x = &c->gbt.code[i];
        int in = leaves_in(&t, x);
        bool whole = in == x->leaf_to - x->leaf_from;
        if (whole || t.as_node[i])
            term_add(&t, out, i, false);
        if (t.as_node[i])
            exceptions_add(&t, out, i + 1, x->end, false);
        i = whole || t.as_node[i] || in == 0 ? x->end : i + 1;
    }
}

static struct str node_code(const struct classification *c, int node)
{
    return node == EVERYTHING ? STR("*") : c->gbt.code[node].code;
}

static void node_words(const struct classification *c, int node, bool names, bool zh, bool all,
                       struct buf *out)
{
    static const char *const levels_zh[] = {"门类", "大类", "中类", ""};
    static const char *const levels_en[] = {"section ", "division ", "group ", ""};
    if (node == EVERYTHING) {
        buf_z(out, zh ? all ? "全部行业" : "全部" : all ? "all services" : "all");
        return;
    }
    const struct code *x = &c->gbt.code[node];
    check(x->level >= 1 && x->level <= 4);
    buf_z(out, zh ? "" : levels_en[x->level - 1]);
    buf_str(out, x->code);
    buf_z(out, zh ? levels_zh[x->level - 1] : "");
    if (!names)
        return;
    bool brackets = !zh && x->level < 4;
    buf_z(out, brackets ? " (" : " ");
    buf_str(out, zh ? x->name_zh : x->name_en);
    buf_z(out, brackets ? ")" : "");
}

/* Writes the exceptions item[i ...) of one node; returns the index after them. */
static int exceptions_words(const struct classification *c, const struct terms *t, int i, bool zh,
                            struct buf *out)
{
    int n = 0;
    for (; i < t->n && t->item[i].except; i++, n++) {
        if (n >= TERMS_SHOWN)
            continue;
        buf_z(out, n == 0 ? zh ? "(" : " except " : zh ? "、" : ", ");
        buf_str(out, node_code(c, t->item[i].node));
    }
    more(out, n - TERMS_SHOWN, zh);
    buf_z(out, n > 0 && zh ? "除外)" : "");
    return i;
}

static void terms_words(const struct classification *c, const struct terms *t, bool names, bool zh,
                        bool all, struct buf *out)
{
    int n = 0;
    bool plain = !names; /* codes alone need no stronger mark between them than a comma */
    for (int i = 0; i < t->n; i++)
        plain &= !t->item[i].except;
    for (int i = 0; i < t->n; n++) {
        if (n >= TERMS_SHOWN) {
            i++;
            while (i < t->n && t->item[i].except)
                i++;
            continue;
        }
        buf_z(out, n == 0 ? "" : zh ? plain ? "、" : "；" : plain ? ", " : "; ");
        node_words(c, t->item[i].node, names, zh, all, out);
        i = exceptions_words(c, t, i + 1, zh, out);
    }
    more(out, n - TERMS_SHOWN, zh);
    if (n == 0)
        buf_z(out, zh ? "无" : "nothing");
}

static void all_leaves(const struct classification *c, uint64_t set[SECTOR_WORDS])
{
    memset(set, 0, SECTOR_WORDS * sizeof *set);
    bits_set_range(set, 0, (size_t)c->gbt.n_leaves);
}

void sectors_words(const struct classification *c, const uint64_t set[SECTOR_WORDS],
                   bool with_names, bool zh, struct buf *out)
{
    struct terms t;
    uint64_t all[SECTOR_WORDS];
    all_leaves(c, all);
    sector_terms(c, set, all, &t);
    terms_words(c, &t, with_names, zh, true, out);
}

static void scope_sectors(const struct classification *c, const struct scope *s,
                          const struct scope *domain, bool zh, struct buf *out)
{
    struct terms t;
    uint64_t all[SECTOR_WORDS];
    int n = 0;
    all_leaves(c, all);
    sector_terms(c, s->sector, domain->sector, &t);
    for (int i = 0; i < t.n; i++)
        n += !t.item[i].except;
    terms_words(c, &t, n <= NAMED_SECTORS, zh, bits_equal(all, domain->sector, SECTOR_WORDS), out);
}

static void sectors_json(const struct classification *c, const struct scope *s,
                         const struct scope *domain, struct jsonw *w)
{
    struct terms t;
    sector_terms(c, s->sector, domain->sector, &t);
    jsonw_array(w);
    for (int i = 0; i < t.n;) {
        jsonw_object(w);
        jsonw_kstr(w, "code", node_code(c, t.item[i++].node));
        if (i < t.n && t.item[i].except) {
            jsonw_key(w, "except");
            jsonw_array(w);
            for (; i < t.n && t.item[i].except; i++)
                jsonw_str(w, node_code(c, t.item[i].node));
            jsonw_end(w);
        }
        jsonw_end(w);
    }
    jsonw_end(w);
}

/* --- supplies: modes and kinds ------------------------------------------------------------ */

static uint64_t of_direction(uint64_t combos, enum direction d)
{
    return combos & combos_of(~0u, d, ~0u);
}

/* The modes (bits 1 to 4) and the kinds that occur in a set of combos. */
static void spread(uint64_t combos, unsigned *modes, unsigned *kinds)
{
    *modes = *kinds = 0;
    for (int k = 0; k < COMBOS; k++)
        if ((combos >> k) & 1) {
            *modes |= 1u << combo_mode(k);
            *kinds |= 1u << combo_kind(k);
        }
}

static int popcount(unsigned bits)
{
    return __builtin_popcount(bits);
}

/* "mode 1", "modes 1, 2 and 4"; "模式1、2、4" */
static void modes_words(unsigned modes, bool zh, struct buf *out)
{
    int n = popcount(modes), at = 0;
    buf_z(out, zh ? "模式" : n > 1 ? "modes " : "mode ");
    for (int m = 1; m <= 4; m++) {
        if (!((modes >> m) & 1))
            continue;
        buf_z(out, at == 0 ? "" : zh ? "、" : at == n - 1 ? " and " : ", ");
        buf_int(out, m);
        at++;
    }
}

static void kinds_words(unsigned kinds, bool zh, struct buf *out)
{
    int n = popcount(kinds), at = 0;
    for (int k = 0; k < KIND_COUNT; k++) {
        if (!((kinds >> k) & 1))
            continue;
        buf_z(out, at == 0 ? "" : at == n - 1 ? zh ? "和" : " and " : zh ? "、" : ", ");
        buf_z(out, (zh ? kinds_zh : kinds_en)[k]);
        at++;
    }
}

/* Mode by mode: "mode 1 (firms), mode 4"; the kinds only where they are not all. */
static void mode_by_mode(uint64_t set, uint64_t domain, enum direction d, bool zh, struct buf *out)
{
    int at = 0;
    for (unsigned m = 1; m <= 4; m++) {
        unsigned modes, kinds;
        uint64_t of_mode = combos_of(1u << m, d, ~0u);
        spread(set & of_mode, &modes, &kinds);
        if (modes == 0)
            continue;
        buf_z(out, at++ == 0 ? "" : zh ? "、" : ", ");
        modes_words(modes, zh, out);
        if ((set & of_mode) == (domain & of_mode))
            continue;
        buf_z(out, zh ? "(" : " (");
        kinds_words(kinds, zh, out);
        buf_z(out, ")");
    }
}

/* The supplies of one direction, less than the domain's. */
static void supplies_of(uint64_t set, uint64_t domain, enum direction d, bool zh, struct buf *out)
{
    unsigned modes, kinds, domain_modes, domain_kinds;
    spread(set, &modes, &kinds);
    spread(domain, &domain_modes, &domain_kinds);
    if ((combos_of(modes, d, kinds) & domain) != set) {
        mode_by_mode(set, domain, d, zh, out);
        return;
    }
    bool all_modes = modes == domain_modes;
    bool all_kinds = set == (combos_of(modes, d, ~0u) & domain);
    if (!all_modes)
        modes_words(modes, zh, out);
    buf_z(out, all_modes || all_kinds ? "" : " · ");
    if (!all_kinds)
        kinds_words(kinds, zh, out);
}

/* Not everything, and not nothing. The direction is named only where the domain has both and
 * the two are not alike. */
static void supplies_words(uint64_t set, uint64_t domain, bool zh, struct buf *out)
{
    static const char *const names_zh[] = {"进口", "出口"};
    uint64_t of[2], whole[2];
    for (enum direction d = IMPORT; d <= EXPORT; d++) {
        of[d] = of_direction(set, d);
        whole[d] = of_direction(domain, d);
    }
    bool both = whole[IMPORT] && whole[EXPORT];
    bool alike = of[IMPORT] << KIND_COUNT == of[EXPORT] &&
                 whole[IMPORT] << KIND_COUNT == whole[EXPORT];
    int at = 0;
    for (enum direction d = IMPORT; d <= EXPORT; d++) {
        if (of[d] == 0 || (alike && d == EXPORT))
            continue;
        buf_z(out, at++ == 0 ? "" : zh ? "；" : "; ");
        bool named = both && !alike;
        if (named)
            buf_z(out, zh ? names_zh[d] : direction_name(d));
        if (of[d] == whole[d])
            continue;
        buf_z(out, !named ? "" : zh ? "：" : ": ");
        supplies_of(of[d], whole[d], d, zh, out);
    }
}

static void supplies_json(uint64_t set, struct jsonw *w)
{
    jsonw_array(w);
    for (enum direction d = IMPORT; d <= EXPORT; d++)
        for (unsigned m = 1; m <= 4; m++) {
            unsigned modes, kinds;
            spread(set & combos_of(1u << m, d, ~0u), &modes, &kinds);
            if (modes == 0)
                continue;
            jsonw_object(w);
            jsonw_kint(w, "mode", (int64_t)m);
            jsonw_kz(w, "direction", direction_name(d));
            jsonw_key(w, "kinds");
            jsonw_array(w);
            for (int k = 0; k < KIND_COUNT; k++)
                if ((kinds >> k) & 1)
                    jsonw_z(w, kind_name((enum kind)k));
            jsonw_end(w);
            jsonw_end(w);
        }
    jsonw_end(w);
}

/* --- origins and places: a list, or everything but a list --------------------------------- */

struct listing {
    bool except; /* the domain without these */
    int n;
    struct {
        int16_t at;  /* economy or place; EVERYTHING: the group FTZ */
        bool below;  /* with all places below it */
    } item[LIMIT_ORIGINS];
};

static void listing_add(struct listing *l, int at, bool below)
{
    check(l->n < LIMIT_ORIGINS);
    l->item[l->n].at = (int16_t)at;
    l->item[l->n++].below = below;
}

static void origin_listing(const struct classification *c, const struct scope *s,
                           const struct scope *domain, struct listing *out)
{
    size_t in = bits_count(s->origin, ORIGIN_WORDS);
    size_t missing = bits_count(domain->origin, ORIGIN_WORDS) - in;
    out->except = in > 0 && missing < in;
    out->n = 0;
    for (int i = 0; i < c->n_economies; i++)
        if (bit_get(domain->origin, (size_t)i) && bit_get(s->origin, (size_t)i) != out->except)
            listing_add(out, i, false);
}

/* Places below p, p too, that lie in the set. */
static int places_in(const struct classification *c, int p, const uint64_t *set)
{
    int n = 0;
    for (int i = p; i < c->place[p].end; i++)
        n += bit_get(set, (size_t)i);
    return n;
}

/* A set of places as nodes of the tree: a node stands for all below it that the domain has.
 * `group`: the group FTZ is named first if the set holds all of it. */
static void place_nodes(const struct classification *c, const uint64_t *set,
                        const uint64_t *domain, bool group, struct listing *out)
{
    uint64_t ftz[PLACE_WORDS] = {0}, rest[PLACE_WORDS], outside[PLACE_WORDS];
    place_group_bits(c, STR("FTZ"), ftz);
    bits_and(ftz, domain, PLACE_WORDS);
    memcpy(rest, set, sizeof rest);
    memcpy(outside, ftz, sizeof outside);
    bits_minus(outside, set, PLACE_WORDS);
    out->n = 0;
    if (group && bits_any(ftz, PLACE_WORDS) && !bits_any(outside, PLACE_WORDS)) {
        listing_add(out, EVERYTHING, false);
        bits_minus(rest, ftz, PLACE_WORDS);
    }
    for (int p = 0; p < c->n_places;) {
        int left = places_in(c, p, rest);
        bool whole = places_in(c, p, set) == places_in(c, p, domain);
        if (whole && left > 1) {
            listing_add(out, p, true);
            p = c->place[p].end;
        } else {
            if (bit_get(rest, (size_t)p))
                listing_add(out, p, false);
            p++;
        }
    }
}

/* The shortest of four: with the group or without, the set or what it lacks. Ties go to the
 * set itself, without the group. */
static void place_listing(const struct classification *c, const struct scope *s,
                          const struct scope *domain, struct listing *out)
{
    uint64_t missing[PLACE_WORDS];
    memcpy(missing, domain->place, sizeof missing);
    bits_minus(missing, s->place, PLACE_WORDS);
    place_nodes(c, s->place, domain->place, false, out);
    out->except = false;
    if (out->n == 0)
        return;
    for (int way = 1; way < 4; way++) {
        struct listing other;
        place_nodes(c, way < 2 ? s->place : missing, domain->place, way % 2 == 1, &other);
        other.except = way >= 2;
        if (other.n < out->n)
            *out = other;
    }
}

static void origins_words(const struct classification *c, const struct listing *l, bool zh,
                          struct buf *out)
{
    bool names = l->n <= NAMES_SHOWN;
    buf_z(out, !l->except ? "" : zh ? "除" : "all except ");
    for (int i = 0; i < l->n && i < TERMS_SHOWN; i++) {
        const struct economy *x = &c->economy[l->item[i].at];
        buf_z(out, i == 0 ? "" : zh ? "、" : names ? "; " : ", "); /* names have commas */
        buf_str(out, !names ? x->alpha2 : zh ? x->name_zh : x->name_en);
    }
    more(out, l->n - TERMS_SHOWN, zh);
    buf_z(out, l->except && zh ? "外的全部经济体" : "");
}

static void place_words(const struct classification *c, const struct listing *l, int i, bool zh,
                        struct buf *out)
{
    int at = l->item[i].at;
    if (at == EVERYTHING) {
        buf_z(out, zh ? "自由贸易试验区" : "the pilot free trade zones");
        return;
    }
    buf_str(out, zh ? c->place[at].name_zh : c->place[at].name_en);
    if (l->item[i].below)
        buf_z(out, zh ? "及所辖" : " and below");
}

static void places_words(const struct classification *c, const struct listing *l,
                         const struct scope *domain, bool zh, struct buf *out)
{
    bool all = places_in(c, 0, domain->place) > 1 && bit_get(domain->place, 0);
    buf_z(out, !l->except ? "" : zh ? "除" : all ? "all of China except " : "all except ");
    for (int i = 0; i < l->n && i < TERMS_SHOWN; i++) {
        buf_z(out, i == 0 ? "" : zh ? "、" : ", ");
        place_words(c, l, i, zh, out);
    }
    more(out, l->n - TERMS_SHOWN, zh);
    buf_z(out, !l->except ? "" : !zh ? "" : all ? "外的全国各地" : "外的全部地区");
}

/* Codes of economies or places, as an array or {"except": [...]}. */
static void listing_json(const struct classification *c, const struct listing *l, bool places,
                         struct jsonw *w)
{
    if (l->except) {
        jsonw_object(w);
        jsonw_key(w, "except");
    }
    jsonw_array(w);
    for (int i = 0; i < l->n; i++) {
        char code[32];
        int at = l->item[i].at;
        struct str x = !places ? c->economy[at].alpha2
                       : at == EVERYTHING ? STR("FTZ") : c->place[at].code;
        check(x.n + 1 < sizeof code);
        memcpy(code, x.p, x.n);
        code[x.n] = '+';
        jsonw_str(w, (struct str){code, x.n + l->item[i].below});
    }
    jsonw_end(w);
    if (l->except)
        jsonw_end(w);
}

/* --- the four together -------------------------------------------------------------------- */

enum { SECTORS = 1, SUPPLIES = 2, ORIGINS = 4, PLACES = 8 };

/* What of the scope lies in the domain, and the dimensions that say something. */
static unsigned narrow(const struct scope *s, const struct scope *domain, struct scope *out,
                       struct scope *whole)
{
    *whole = *domain;
    whole->combo &= combos_of(~0u, IMPORT, ~0u) | combos_of(~0u, EXPORT, ~0u);
    *out = *s;
    bits_and(out->sector, whole->sector, SECTOR_WORDS);
    out->combo &= whole->combo;
    bits_and(out->origin, whole->origin, ORIGIN_WORDS);
    bits_and(out->place, whole->place, PLACE_WORDS);
    return (bits_equal(out->sector, whole->sector, SECTOR_WORDS) ? 0 : (unsigned)SECTORS) |
           (out->combo == whole->combo ? 0 : (unsigned)SUPPLIES) |
           (bits_equal(out->origin, whole->origin, ORIGIN_WORDS) ? 0 : (unsigned)ORIGINS) |
           (bits_equal(out->place, whole->place, PLACE_WORDS) ? 0 : (unsigned)PLACES);
}

static void part(struct buf *out, size_t start)
{
    if (out->n > start)
        buf_z(out, " · ");
}

void scope_words(const struct classification *c, const struct scope *scope,
                 const struct scope *domain, bool zh, struct buf *out)
{
    struct scope s, whole;
    struct listing l;
    size_t start = out->n;
    unsigned said = narrow(scope, domain, &s, &whole);
    if (scope_weigh(&s) == 0) {
        buf_z(out, zh ? "无" : "nothing");
        return;
    }
    if (said == 0)
        buf_z(out, zh ? "全部" : "everything");
    if (said & SECTORS)
        scope_sectors(c, &s, &whole, zh, out);
    if (said & SUPPLIES) {
        part(out, start);
        supplies_words(s.combo, whole.combo, zh, out);
    }
    if (said & ORIGINS) {
        part(out, start);
        origin_listing(c, &s, &whole, &l);
        origins_words(c, &l, zh, out);
    }
    if (said & PLACES) {
        part(out, start);
        place_listing(c, &s, &whole, &l);
        places_words(c, &l, &whole, zh, out);
    }
}

void scope_json(const struct classification *c, const struct scope *scope,
                const struct scope *domain, struct jsonw *w)
{
    struct scope s, whole;
    struct listing l;
    unsigned said = narrow(scope, domain, &s, &whole);
    jsonw_object(w);
    jsonw_key(w, "sectors");
    if (said & SECTORS)
        sectors_json(c, &s, &whole, w);
    else
        jsonw_z(w, "*");
    jsonw_key(w, "supplies");
    if (said & SUPPLIES)
        supplies_json(s.combo, w);
    else
        jsonw_z(w, "*");
    jsonw_key(w, "origins");
    origin_listing(c, &s, &whole, &l);
    if (said & ORIGINS)
        listing_json(c, &l, false, w);
    else
        jsonw_z(w, "*");
    jsonw_key(w, "places");
    place_listing(c, &s, &whole, &l);
    if (said & PLACES)
        listing_json(c, &l, true, w);
    else
        jsonw_z(w, "*");
    jsonw_kint(w, "leaves", (int64_t)bits_count(s.sector, SECTOR_WORDS));
    jsonw_end(w);
}
