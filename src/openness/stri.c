#include "openness/stri.h"

struct table {
    struct csv csv;
    const char *file;
    struct error *e;
};

static enum err open_table(struct table *t, const char *file, struct arena *a, struct error *e)
{
    struct str text;
    *t = (struct table){.file = file, .e = e};
    if (!shipped_get(file, &text))
        return err_set(e, ERR_INTEGRITY, "程序内缺少 %s", "the program lacks %s", file);
    return csv_open(&t->csv, a, text, file, e);
}

static struct str cell(const struct table *t, const char *column)
{
    return csv_get(&t->csv, column);
}

static bool flag(const struct table *t, const char *column)
{
    return str_eqz(cell(t, column), "true");
}

static enum err fail(const struct table *t, const char *column)
{
    struct str what = cell(t, column);
    err_set(t->e, ERR_INVALID, "不认识 %.*s", "%.*s is not known here", STR_ARG(what));
    err_at(t->e, t->file, t->csv.line, column);
    return ERR_INVALID;
}

static enum err full(const struct table *t, int n, int most)
{
    return n < most ? OK
                    : err_set(t->e, ERR_LIMIT, "%s 超过 %d 行", "%s has more than %d rows", t->file,
                              most);
}

static int area_find(const struct stri *t, struct str id)
{
    for (int i = 0; i < t->n_areas; i++)
        if (str_eq(t->area[i].id, id))
            return i;
    return -1;
}

static int measure_find(const struct stri *t, struct str id)
{
    for (int i = 0; i < t->n_measures; i++)
        if (str_eq(t->measure[i].id, id))
            return i;
    return -1;
}

static enum err load_areas(struct stri *out, struct arena *a, struct error *e)
{
    struct table t;
    bool more;
    TRY(open_table(&t, "stri/areas.csv", a, e));
    for (;;) {
        TRY(csv_next(&t.csv, &more, e));
        if (!more)
            return OK;
        TRY(full(&t, out->n_areas, STRI_AREAS));
        struct stri_area *x = &out->area[out->n_areas++];
        *x = (struct stri_area){.id = cell(&t, "area"), .zh = cell(&t, "name_zh"),
                                .en = cell(&t, "name_en"), .verified = flag(&t, "verified")};
        if (!str_int(cell(&t, "share"), &x->share) || x->share < 0 || x->share > 100)
            return fail(&t, "share");
    }
}

/* Words parted by ";" as bits of names; false if one is not a name. */
static bool effect_bits(struct str s, unsigned *out)
{
    while (s.n > 0) {
        struct str word = str_cut(s, ';', &s);
        enum effect at;
        if (!effect_parse(word, &at))
            return false;
        *out |= 1u << at;
    }
    return *out != 0;
}

static bool mode_bits(struct str s, unsigned *out)
{
    while (s.n > 0) {
        int64_t mode;
        if (!str_int(str_cut(s, ';', &s), &mode) || mode < 1 || mode > 4)
            return false;
        *out |= 1u << mode;
    }
    return *out != 0;
}

static enum err load_measures(struct stri *out, struct arena *a, struct error *e)
{
    struct table t;
    struct str closed_by[STRI_MEASURES];
    bool more;
    TRY(open_table(&t, "stri/measures.csv", a, e));
    for (;;) {
        TRY(csv_next(&t.csv, &more, e));
        if (!more)
            break;
        TRY(full(&t, out->n_measures, STRI_MEASURES));
        struct stri_measure *x = &out->measure[out->n_measures];
        *x = (struct stri_measure){.id = cell(&t, "measure"), .zh = cell(&t, "name_zh"),
                                   .en = cell(&t, "name_en"), .bundle = cell(&t, "bundle"),
                                   .obligation = cell(&t, "obligations"), .closed_by = -1};
        x->area = area_find(out, cell(&t, "area"));
        if (x->area < 0)
            return fail(&t, "area");
        if (!effect_bits(cell(&t, "effects"), &x->effects))
            return fail(&t, "effects");
        if (!mode_bits(cell(&t, "modes"), &x->modes))
            return fail(&t, "modes");
        closed_by[out->n_measures++] = cell(&t, "closed_by");
    }
    for (int i = 0; i < out->n_measures; i++) {
        if (closed_by[i].n == 0)
            continue;
        out->measure[i].closed_by = measure_find(out, closed_by[i]);
        if (out->measure[i].closed_by < 0)
            return err_set(e, ERR_INVALID, "没有措施 %.*s", "there is no measure %.*s",
                           STR_ARG(closed_by[i]));
    }
    return OK;
}

/* The leaves of ISIC codes parted by ";": a code without a bridge to GB/T makes the set partial. */
static enum err isic_leaves(const struct classification *codes, struct str list, struct arena *a,
                            struct stri_sector *out, struct error *e)
{
    while (list.n > 0) {
        struct str code = str_cut(list, ';', &list);
        struct sector_set *set = ARENA_NEW(a, struct sector_set);
        struct buf spec;
        buf_init(&spec);
        buf_printf(&spec, "isic:%.*s", STR_ARG(code));
        enum err result = sector_parse(codes, str_copy(a, buf_view(&spec)), set, e);
        buf_finish(&spec);
        if (result != OK && result != ERR_INVALID)
            return result;
        out->partial |= result != OK || set->partial;
        if (result == OK)
            bits_or(out->leaf, set->leaf, SECTOR_WORDS);
    }
    out->n_leaves = (int)bits_count(out->leaf, SECTOR_WORDS);
    return OK;
}

static enum err load_sectors(struct stri *out, const struct classification *codes,
                             struct arena *a, struct error *e)
{
    struct table t;
    bool more;
    TRY(open_table(&t, "stri/sectors.csv", a, e));
    for (;;) {
        TRY(csv_next(&t.csv, &more, e));
        if (!more)
            return OK;
        TRY(full(&t, out->n_sectors, STRI_SECTORS));
        struct stri_sector *x = &out->sector[out->n_sectors++];
        *x = (struct stri_sector){.code = cell(&t, "code"), .zh = cell(&t, "name_zh"),
                                  .en = cell(&t, "name_en"),
                                  .average = cell(&t, "all_country_average"),
                                  .year = cell(&t, "average_year_assumed"),
                                  .note = cell(&t, "note"), .verified = flag(&t, "verified")};
        TRY(isic_leaves(codes, cell(&t, "isic4"), a, x, e));
    }
}

static enum err load_facts(struct stri *out, struct arena *a, struct error *e)
{
    struct table t;
    bool more;
    TRY(open_table(&t, "stri/method.csv", a, e));
    for (;;) {
        TRY(csv_next(&t.csv, &more, e));
        if (!more)
            return OK;
        TRY(full(&t, out->n_facts, STRI_FACTS));
        out->fact[out->n_facts++] = (struct stri_fact){
            .kind = cell(&t, "kind"), .zh = cell(&t, "zh"), .en = cell(&t, "en"),
            .source = cell(&t, "source"), .verified = flag(&t, "verified")};
    }
}

enum err stri_load(struct stri *out, const struct classification *codes, struct arena *a,
                   struct error *e)
{
    memset(out, 0, sizeof *out);
    TRY(load_areas(out, a, e));
    TRY(load_measures(out, a, e));
    TRY(load_sectors(out, codes, a, e));
    return load_facts(out, a, e);
}

/* Both rules only ever add, so that the least set is reached whatever the order. */
static bool close_once(const struct stri *t, const bool *whole, bool *x)
{
    bool grew = false;
    for (int i = 0; i < t->n_measures; i++) {
        const struct stri_measure *m = &t->measure[i];
        bool on = m->closed_by >= 0 && whole[m->closed_by];
        for (int k = 0; k < t->n_measures && m->bundle.n > 0; k++)
            on |= x[k] && str_eq(t->measure[k].bundle, m->bundle);
        grew |= on && !x[i];
        x[i] |= on;
    }
    return grew;
}

void stri_close(const struct stri *t, struct stri_score *s)
{
    memcpy(s->scored, s->found, sizeof s->scored);
    while (close_once(t, s->whole, s->scored))
        continue;
    s->points = s->full = 0;
    for (int i = 0; i < t->n_measures; i++) {
        int64_t share = t->area[t->measure[i].area].share;
        s->full += share;
        s->points += s->scored[i] ? share : 0;
    }
}

static bool sectors_meet(const uint64_t *a, const uint64_t *b)
{
    for (int i = 0; i < SECTOR_WORDS; i++)
        if (a[i] & b[i])
            return true;
    return false;
}

static bool reads(const struct corpus *c, int instrument, int edition, day_t on, day_t known)
{
    const struct instrument *i = &c->instrument[instrument];
    if (edition >= 0)
        return instrument == edition;
    return i->layer >= 0 && i->kind == LAYER_NATIONAL && i->default_equal && i->valid_from <= on &&
           on < i->valid_to && i->known_from <= known && known < i->known_to &&
           i->family != FAMILY_SUPPORT && i->family != FAMILY_PILOT;
}

static bool fits(const struct stri_measure *m, const struct provision *p, int mode)
{
    return ((m->effects >> p->effect) & 1) && ((m->modes >> mode) & 1) &&
           (str_eqz(m->obligation, "*") || str_eq(m->obligation, p->obligation));
}

/* The measure a provision answers in a mode: the first that fits; -1. */
static int measure_of(const struct stri *t, const struct provision *p, unsigned mode)
{
    if (!(p->scope.combo & combos_of(1u << mode, IMPORT, (1u << KIND_COUNT) - 1)))
        return -1;
    for (int m = 0; m < t->n_measures; m++)
        if (fits(&t->measure[m], p, (int)mode))
            return m;
    return -1;
}

void stri_measure_sector(const struct stri *t, const struct corpus *c, int sector, int edition,
                         day_t on, day_t known, struct stri_score *out)
{
    const struct stri_sector *x = &t->sector[sector];
    uint64_t rest[STRI_MEASURES][SECTOR_WORDS]; /* leaves no provision has covered yet */
    memset(out, 0, sizeof *out);
    for (int m = 0; m < t->n_measures; m++)
        memcpy(rest[m], x->leaf, sizeof rest[m]);
    for (int i = 0; i < c->n_provisions; i++) {
        const struct provision *p = &c->provision[i];
        bool answers = false;
        if (p->layer < 0 || !reads(c, p->instrument, edition, on, known) ||
            !sectors_meet(p->scope.sector, x->leaf))
            continue;
        for (unsigned mode = 1; mode <= 4; mode++) {
            int m = measure_of(t, p, mode);
            if (m < 0)
                continue;
            out->found[m] = answers = true;
            bits_minus(rest[m], p->scope.sector, SECTOR_WORDS);
        }
        out->provisions += answers;
        if (answers && p->evidence > out->evidence)
            out->evidence = p->evidence;
    }
    for (int m = 0; m < t->n_measures; m++)
        out->whole[m] = out->found[m] && !bits_any(rest[m], SECTOR_WORDS);
    stri_close(t, out);
}
