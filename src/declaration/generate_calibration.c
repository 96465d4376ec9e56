/* The parameters of the made-up economy: data/statistics/calibration-*.csv. */
#include "declaration/generate_inside.h"

#include "base/table.h"

#include <stdlib.h>

const char *const plant_name[PLANT_COUNT] = {
    "none", "miscoded", "partner", "duplicate", "twice", "unit", "late", "check_digit",
    "unknown_code", "direction", "home_country", "zero_amount", "currency", "bad_day", "bank",
    "netting", "refund", "short_row", "open_quote", "listed"};

struct str item_name(int item)
{
    static const char names[] = "SASBSCSDSESFSGSHSISJSKSL";
    return (struct str){names + 2 * item, 2};
}

struct reading {
    struct calibration *c;
    const struct scheme *s;
    struct table t;
    struct error *e;
};
typedef enum err take_fn(struct reading *r);

/* Rows of one file, each given to `take`. */
static enum err read_rows(struct reading *r, struct arena *a, const char *name,
                          const char *const *columns, take_fn *take)
{
    bool more;
    TRY(table_open(&r->t, a, name, columns, r->e));
    for (;;) {
        TRY(table_next(&r->t, &more, r->e));
        if (!more)
            return OK;
        TRY(take(r));
    }
}

static enum err number(struct reading *r, const char *column, int64_t most, int64_t *out)
{
    return table_int(&r->t, column, 0, most, out, r->e);
}

static enum err item_read(struct reading *r, int *item)
{
    struct str s = table_text(&r->t, "item");
    for (*item = 0; *item < CONTROL_ITEMS; ++*item)
        if (str_eq(s, item_name(*item)))
            return OK;
    return table_fail(&r->t, "item", "没有主项目 %.*s", "there is no main item %.*s", s, r->e);
}

static enum err economy_read(struct reading *r, uint8_t *out)
{
    struct str s = table_text(&r->t, "economy");
    int i = economy_find(r->s->codes, s);
    if (i < 0 || i > UINT8_MAX || s.n != 3)
        return table_fail(&r->t, "economy", "没有经济体 %.*s", "there is no economy %.*s", s, r->e);
    *out = (uint8_t)i;
    return OK;
}

static enum err take_item(struct reading *r)
{
    int item = 0;
    TRY(item_read(r, &item));
    return table_int(&r->t, "mean_usd", 1, 1000000000, &r->c->mean_usd[item], r->e);
}

static enum err take_season(struct reading *r)
{
    int64_t month = 1;
    TRY(table_int(&r->t, "month", 1, 12, &month, r->e));
    TRY(table_int(&r->t, "factor_x_ppm", 1, 10 * PPM, &r->c->season[0][month - 1], r->e));
    return table_int(&r->t, "factor_m_ppm", 1, 10 * PPM, &r->c->season[1][month - 1], r->e);
}

static enum err take_partner(struct reading *r)
{
    struct calibration *c = r->c;
    if (c->n_partners == PARTNERS_MAX)
        return table_limit(&r->t, "PARTNERS_MAX", PARTNERS_MAX, r->e);
    struct partner *p = &c->partner[c->n_partners];
    TRY(economy_read(r, &p->economy));
    memcpy(p->alpha3, table_text(&r->t, "economy").p, 3);
    TRY(table_int(&r->t, "share_x_ppm", 1, PPM, &p->share[0], r->e));
    TRY(table_int(&r->t, "share_m_ppm", 1, PPM, &p->share[1], r->e));
    for (int i = 0; i < CONTROL_ITEMS; i++)
        c->affinity[i][c->n_partners] = PPM;
    c->n_partners++;
    return OK;
}

static enum err take_affinity(struct reading *r)
{
    int item = 0;
    uint8_t economy = 0;
    TRY(item_read(r, &item));
    TRY(economy_read(r, &economy));
    for (int p = 0; p < r->c->n_partners; p++)
        if (r->c->partner[p].economy == economy)
            return number(r, "factor_ppm", 100 * PPM, &r->c->affinity[item][p]);
    return OK;
}

static enum err take_home(struct reading *r)
{
    struct calibration *c = r->c;
    const struct classification *k = r->s->codes;
    struct str s = table_text(&r->t, "place");
    int place = place_find(k, s), digits = -1;
    for (int i = 0; i < 100 && place > 0; i++)
        digits = r->s->province[i] == place ? i : digits;
    if (digits < 0)
        return table_fail(&r->t, "place", "%.*s 不是有代码的省级地区", "%.*s is no province with digits", s,
                          r->e);
    if (c->n_homes == REGIONS_MAX)
        return table_limit(&r->t, "REGIONS_MAX", REGIONS_MAX, r->e);
    struct home *h = &c->home[c->n_homes++];
    *h = (struct home){.place = (uint8_t)place,
                       .digits = {(char)('0' + digits / 10), (char)('0' + digits % 10)}};
    for (int i = place + 1; i < k->place[place].end && h->zone == 0; i++)
        if (str_eqz(k->place[i].kind, "ftz"))
            h->zone = (uint8_t)i;
    TRY(table_int(&r->t, "share_ppm", 1, PPM, &h->share, r->e));
    return number(r, "zone_ppm", PPM, &h->zone_ppm);
}

static enum err take_tender(struct reading *r)
{
    struct calibration *c = r->c;
    static const char *const first[] = {"USD", "CNY"};
    struct str s = table_text(&r->t, "currency");
    int at = scheme_currency_find(r->s, s);
    if (at < 0 || (c->n_tenders < 2 && !str_eqz(s, first[c->n_tenders])))
        return table_fail(&r->t, "currency", "没有币种 %.*s，或前两行不是 USD 与 CNY",
                          "there is no currency %.*s, or the first two are not USD and CNY", s,
                          r->e);
    if (c->n_tenders == TENDERS_MAX)
        return table_limit(&r->t, "TENDERS_MAX", TENDERS_MAX, r->e);
    struct tender *t = &c->tender[c->n_tenders++];
    t->currency = at;
    TRY(table_int(&r->t, "share_ppm", 1, PPM, &t->share, r->e));
    TRY(number(r, "usd_e10", INT64_C(1000000000000), &t->usd_e10));
    return number(r, "swing_ppm", PPM / 2, &t->swing_ppm);
}

static enum err take_plant(struct reading *r)
{
    struct str s = table_text(&r->t, "plant");
    for (int i = 1; i < PLANT_COUNT; i++)
        if (str_eqz(s, plant_name[i]))
            return number(r, "share_ppm", PPM / PLANT_COUNT, &r->c->plant[i]);
    return table_fail(&r->t, "plant", "没有植入类别 %.*s", "there is nothing to plant named %.*s", s,
                      r->e);
}

static enum err take_listed(struct reading *r)
{
    struct str s = table_text(&r->t, "code");
    int at = scheme_code_find(r->s, s);
    if (at < 0)
        return table_fail(&r->t, "code", "没有交易编码 %.*s", "there is no transaction code %.*s", s,
                          r->e);
    if (r->c->n_listed == LISTED_MAX)
        return table_limit(&r->t, "LISTED_MAX", LISTED_MAX, r->e);
    if (r->s->code[at].debit && r->c->item_of[at] >= 0)
        r->c->listed[r->c->n_listed++] = (uint8_t)at;
    return OK;
}

static enum err take_knot(struct reading *r)
{
    int64_t part = 0, knot = 0, v = 0;
    TRY(number(r, "part", 2, &part));
    TRY(number(r, "knot", KNOTS - 1, &knot));
    TRY(table_int(&r->t, "factor_e6", 1, INT64_C(60000000000), &v, r->e));
    r->c->knot[part][knot] = (uint32_t)((v << 16) / PPM);
    return OK;
}

static enum err take_parameter(struct reading *r)
{
    struct calibration *c = r->c;
    const struct { const char *name; int64_t *at; } known[] = {
        {"pareto_alpha_ppm", &c->alpha_ppm}, {"size_cap", &c->size_cap},
        {"amount_size_ppm", &c->amount_size_ppm}, {"groups_ppm", &c->groups_ppm},
        {"key_ppm", &c->key_ppm}, {"large_ppm", &c->large_ppm}, {"medium_ppm", &c->medium_ppm},
        {"small_ppm", &c->small_ppm}, {"residents_ppm", &c->residents_ppm},
        {"nonresidents_ppm", &c->nonresidents_ppm}, {"advance_ppm", &c->advance_ppm},
        {"weekend_ppm", &c->weekend_ppm}, {"banks", &c->banks}};
    struct str s = table_text(&r->t, "name");
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_eqz(s, known[i].name))
            return table_int(&r->t, "value", 1, 2 * PPM, known[i].at, r->e);
    return table_fail(&r->t, "name", "没有参数 %.*s", "there is no parameter %.*s", s, r->e);
}

/* The main item all of whose parts a code has; -1 when they lie in several, or there are none. */
static int main_item(const struct scheme *s, const struct itrs_code *code)
{
    int found = -1;
    for (int i = 0; i < code->n_targets; i++) {
        int item = -1;
        for (int at = code->target[i].to; at >= 0; at = s->codes->ebops.code[at].parent)
            for (int k = 0; k < CONTROL_ITEMS; k++)
                item = str_eq(s->codes->ebops.code[at].code, item_name(k)) ? k : item;
        if (item < 0 || (found >= 0 && found != item))
            return -1;
        found = item;
    }
    return found;
}

/* Codes that are in force all the time, by the cells they are for. */
static enum err sort_codes(struct reading *r, const struct controls *span)
{
    struct calibration *c = r->c;
    int end = span->from + span->n;
    day_t from = month_first(span->from);
    day_t to = month_first(end);
    for (int i = 0; i < r->s->n_code; i++) {
        const struct itrs_code *code = &r->s->code[i];
        int item = code->service ? main_item(r->s, code) : -1;
        c->item_of[i] = (int8_t)item;
        if (item < 0 || code->from > from || code->to < to)
            continue;
        for (int f = 0; f < FLOW_COUNT; f++) {
            int cell = f * CONTROL_ITEMS + item;
            bool allowed = f == FLOW_CREDIT ? code->credit : code->debit;
            if (!allowed)
                c->wrong[f][c->n_wrong[f]++] = (uint8_t)i;
            else if (c->n_code[cell] < CODES_PER_CELL)
                c->code[cell][c->n_code[cell]++] = (uint8_t)i;
        }
    }
    for (int i = 0; i < CELLS; i++)
        if (c->n_code[i] == 0)
            return err_set(r->e, ERR_INVALID, "主项目 %.*s 没有可用的交易编码",
                           "main item %.*s has no transaction code to use",
                           STR_ARG(item_name(i % CONTROL_ITEMS)));
    return OK;
}

static enum err read_files(struct reading *r, struct arena *a)
{
#define FILE_OF(name, take, ...)                                                               \
    do {                                                                                       \
        static const char *const columns[] = {__VA_ARGS__, NULL};                              \
        TRY(read_rows(r, a, "statistics/calibration-" name ".csv", columns, take));            \
    } while (0)
    FILE_OF("parameters", take_parameter, "name", "value");
    FILE_OF("items", take_item, "item", "mean_usd");
    FILE_OF("seasons", take_season, "month", "factor_x_ppm", "factor_m_ppm");
    FILE_OF("partners", take_partner, "economy", "share_x_ppm", "share_m_ppm");
    FILE_OF("affinity", take_affinity, "item", "economy", "factor_ppm");
    FILE_OF("regions", take_home, "place", "share_ppm", "zone_ppm");
    FILE_OF("currencies", take_tender, "currency", "share_ppm", "usd_e10", "swing_ppm");
    FILE_OF("plants", take_plant, "plant", "share_ppm");
    FILE_OF("lognormal", take_knot, "part", "knot", "factor_e6");
    FILE_OF("listed", take_listed, "code");
#undef FILE_OF
    return OK;
}

enum err calibration_load(struct calibration *c, struct arena *a, const struct generate_options *o,
                          const struct controls *span, struct error *e)
{
    struct reading r = {.c = c, .s = o->scheme, .e = e};
    memset(c, 0, sizeof *c);
    TRY(sort_codes(&r, span));
    TRY(read_files(&r, a));
    bool whole = c->n_partners > HOME_PARTNERS && c->n_homes > 0 && c->n_tenders >= 2 &&
                 c->alpha_ppm > 0 && c->size_cap > 0 && c->banks > 0 && c->banks <= 24;
    for (int i = 0; i < CONTROL_ITEMS; i++)
        whole = whole && c->mean_usd[i] > 0 && c->season[0][i] > 0 && c->season[1][i] > 0;
    for (int i = 0; i < 3 * KNOTS; i++)
        whole = whole && c->knot[i / KNOTS][i % KNOTS] > 0;
    if (!whole)
        return err_set(e, ERR_INVALID, "%s 的参数不全", "the parameters of %s are not complete",
                       "data/statistics/calibration-*.csv");
    return OK;
}
