/* Control totals out of the published months, and the rates that go with them. */
#include "declaration/generate_inside.h"

#include "base/table.h"

#include <stdlib.h>

enum { SPAN = 512, TOTAL = CONTROL_ITEMS, COLUMNS = CONTROL_ITEMS + 1 };
#define CENTS_OF_100M INT64_C(10000000000) /* of 亿 US dollars */

const char *const control_status_name[CONTROL_STATUS_COUNT] = {"published", "published in RMB",
                                                               "shared", "interpolated"};

struct published { /* 亿; -1: not */
    int16_t usd[SPAN][FLOW_COUNT][COLUMNS], rmb[SPAN][FLOW_COUNT][COLUMNS];
    int64_t cny_e10[SPAN];   /* implied, 0: not */
    int64_t cents[SPAN][FLOW_COUNT][COLUMNS]; /* -1: not known */
};

static enum err amount_100m(const struct table *t, const char *column, int16_t *out,
                            struct error *e)
{
    int64_t v;
    *out = -1;
    if (table_text(t, column).n == 0)
        return OK;
    TRY(table_int(t, column, 0, INT16_MAX, &v, e));
    *out = (int16_t)v;
    return OK;
}

static enum err take_published(struct published *p, const struct table *t, struct error *e)
{
    struct str period = table_text(t, "period"), item = table_text(t, "item"),
               flow = table_text(t, "flow");
    int at = TOTAL, month;
    for (int i = 0; i < CONTROL_ITEMS; i++)
        at = str_eq(item, item_name(i)) ? i : at;
    if (!month_parse(period, &month) || month >= SPAN / 12 * 12)
        return table_fail(t, "period", "月份应为 YYYY-MM：%.*s", "a month is YYYY-MM: %.*s", period, e);
    if (at == TOTAL && !str_eqz(item, "S"))
        return table_fail(t, "item", "没有主项目 %.*s", "there is no main item %.*s", item, e);
    int f = str_eqz(flow, "M") ? FLOW_DEBIT : FLOW_CREDIT;
    TRY(amount_100m(t, "value_usd_100m", &p->usd[month][f][at], e));
    return amount_100m(t, "value_rmb_100m", &p->rmb[month][f][at], e);
}

static enum err read_published(struct published *p, struct arena *a, struct error *e)
{
    static const char *const columns[] = {"period", "item", "flow", "value_rmb_100m",
                                          "value_usd_100m", NULL};
    struct table t;
    bool more;
    memset(p->usd, -1, sizeof p->usd);
    memset(p->rmb, -1, sizeof p->rmb);
    TRY(table_open(&t, a, "statistics/safe_monthly_services.csv", columns, e));
    for (;;) {
        TRY(table_next(&t, &more, e));
        if (!more)
            return OK;
        TRY(take_published(p, &t, e));
    }
}

/* Between the nearest known months before and after on a straight line; outside, the nearest. A
 * series is known where it is not negative; false when it is nowhere. */
static bool between(const int64_t *series, int month, int64_t *out)
{
    int a = month, b = month;
    while (a >= 0 && series[a] < 0)
        a--;
    while (b < SPAN && series[b] < 0)
        b++;
    if (a < 0 && b >= SPAN)
        return false;
    if (a < 0 || b >= SPAN || a == b)
        *out = series[a < 0 ? b : a];
    else
        *out = series[a] + (int64_t)((__int128)(series[b] - series[a]) * (month - a) / (b - a));
    return true;
}

/* The yuan of a month: RMB and USD totals of services of both flows, where both were published. */
static bool implied_rates(struct published *p)
{
    int64_t series[SPAN];
    for (int m = 0; m < SPAN; m++) {
        int64_t usd = 0, rmb = 0;
        for (int f = 0; f < FLOW_COUNT; f++) {
            if (p->usd[m][f][TOTAL] > 0 && p->rmb[m][f][TOTAL] > 0) {
                usd += p->usd[m][f][TOTAL];
                rmb += p->rmb[m][f][TOTAL];
            }
        }
        series[m] = rmb > 0 ? usd * INT64_C(10000000000) / rmb : -1;
    }
    for (int m = 0; m < SPAN; m++)
        if (!between(series, m, &p->cny_e10[m]))
            return false;
    return true;
}

/* Small items are published as 0 亿 USD; their RMB figure says more. */
static void known_cents(struct published *p)
{
    for (int i = 0; i < SPAN * FLOW_COUNT * COLUMNS; i++) {
        int m = i / (FLOW_COUNT * COLUMNS), f = i / COLUMNS % FLOW_COUNT, k = i % COLUMNS;
        int64_t usd = p->usd[m][f][k], rmb = p->rmb[m][f][k];
        p->cents[m][f][k] = usd > 0 ? usd * CENTS_OF_100M : rmb > 0 ? rmb * p->cny_e10[m] : -1;
    }
}

/* Total of services of a month: published, or the months around it without their seasons, with
 * the season of this one. */
static int64_t total_of(const struct published *p, const struct calibration *c, int f, int month)
{
    int64_t series[SPAN], out = 0;
    if (p->cents[month][f][TOTAL] > 0)
        return p->cents[month][f][TOTAL];
    for (int m = 0; m < SPAN; m++) {
        int64_t v = p->cents[m][f][TOTAL];
        series[m] = v < 0 ? -1 : (int64_t)((__int128)v * PPM / c->season[f][m % 12]);
    }
    if (!between(series, month, &out))
        return 0;
    return (int64_t)((__int128)out * c->season[f][month % 12] / PPM);
}

/* Share of an item in its total, in 10^-9, from the months around that have it. */
static int64_t share_of(const struct published *p, int f, int item, int month)
{
    int64_t series[SPAN], out = 0;
    for (int m = 0; m < SPAN; m++) {
        int64_t v = p->cents[m][f][item], total = p->cents[m][f][TOTAL];
        series[m] = v < 0 || total <= 0 ? -1 : (int64_t)((__int128)v * 1000000000 / total);
    }
    return between(series, month, &out) ? out : 0;
}

/* One month and flow: known items as they are, the others share what is left of the total. */
static void fill(const struct published *p, const struct calibration *c, int f, int month,
                 struct control out[CONTROL_ITEMS])
{
    int64_t weight[CONTROL_ITEMS], part[CONTROL_ITEMS], left = total_of(p, c, f, month);
    __int128 expected = 0;
    bool any = false, said = p->cents[month][f][TOTAL] > 0;
    int64_t whole = left;
    for (int i = 0; i < CONTROL_ITEMS; i++) {
        int64_t v = p->cents[month][f][i];
        weight[i] = v > 0 ? 0 : share_of(p, f, i, month) + 1;
        any |= weight[i] > 0;
        expected += (__int128)weight[i] * whole / 1000000000;
        left -= v > 0 ? v : 0;
        out[i].usd_cents = v;
        out[i].status = p->usd[month][f][i] > 0 ? CONTROL_PUBLISHED : CONTROL_RMB;
    }
    if (!any)
        return;
    if (left < (int64_t)(expected / 4)) /* known items, rounded, leave no room */
        left = (int64_t)expected;
    parts(left, weight, CONTROL_ITEMS, part);
    for (int i = 0; i < CONTROL_ITEMS; i++)
        if (weight[i] > 0)
            out[i] = (struct control){part[i], said ? CONTROL_SHARED : CONTROL_INTERPOLATED};
}

static int64_t divided(int64_t v, int64_t by) /* half to even */
{
    int64_t q = v / by, twice = 2 * (v % by);
    return q + (twice > by || (twice == by && (q & 1) != 0));
}

/* As many payments as there would be at the mean value of one, against the rows asked for. */
static void scale_down(struct controls *k, const struct calibration *c, int64_t rows)
{
    int64_t full = 0;
    for (int i = 0; i < k->n * CELLS; i++)
        full += k->month[i / CELLS][i / CONTROL_ITEMS % FLOW_COUNT][i % CONTROL_ITEMS].usd_cents /
                100 / c->mean_usd[i % CONTROL_ITEMS];
    k->scale = (full + rows / 2) / rows;
    k->scale = k->scale < 1 ? 1 : k->scale;
    for (int i = 0; i < k->n * CELLS; i++) {
        struct control *t =
            &k->month[i / CELLS][i / CONTROL_ITEMS % FLOW_COUNT][i % CONTROL_ITEMS];
        t->usd_cents = divided(t->usd_cents, k->scale);
    }
}

/* Up and down around the level over five years, a triangle; a wave of its own for each currency. */
static int64_t made_up_rate(const struct tender *t, int n, int month)
{
    enum { WAVE = 60 };
    int64_t at = (month * 7 / 5 + n * 17) % WAVE;
    int64_t height = (at < WAVE / 2 ? at : WAVE - at) - WAVE / 4; /* -15..15 */
    return t->usd_e10 + (int64_t)((__int128)t->usd_e10 * t->swing_ppm * height / (WAVE / 4) / PPM);
}

static struct rates *rates_make(struct arena *a, const struct calibration *c,
                                const struct published *p)
{
    struct rates *r = ARENA_NEW(a, struct rates);
    r->source = STR("made up");
    r->made_up = true;
    r->n = SPAN;
    r->usd_e10 = ARENA_ARRAY(a, int64_t, (size_t)SPAN * SCHEME_CURRENCIES);
    for (int m = 0; m < SPAN; m++) {
        int64_t *row = &r->usd_e10[(size_t)m * SCHEME_CURRENCIES];
        for (int i = 0; i < c->n_tenders; i++)
            row[c->tender[i].currency] = i == 1 ? p->cny_e10[m]
                                                : made_up_rate(&c->tender[i], i, m);
    }
    return r;
}

enum err controls_make(struct controls *out, struct arena *a, const struct generate_options *o,
                       const struct calibration *c, struct rates **rates, struct error *e)
{
    struct published *p = ARENA_NEW(a, struct published);
    TRY(read_published(p, a, e));
    if (!implied_rates(p))
        return err_set(e, ERR_INVALID, "%s 没有成对的人民币与美元总额",
                       "%s has no pair of totals in RMB and USD",
                       "statistics/safe_monthly_services.csv");
    known_cents(p);
    out->month = arena_array(a, (size_t)out->n, sizeof *out->month);
    for (int m = 0; m < out->n; m++)
        for (int f = 0; f < FLOW_COUNT; f++)
            fill(p, c, f, out->from + m, out->month[m][f]);
    scale_down(out, c, o->rows);
    for (int i = 0; i < out->n * CELLS; i++)
        check(out->month[i / CELLS][i / CONTROL_ITEMS % FLOW_COUNT][i % CONTROL_ITEMS].usd_cents >
              0);
    *rates = rates_make(a, c, p);
    return OK;
}

void controls_write(const struct controls *k, struct buf *out)
{
    buf_z(out, "period,flow,item,usd_cents,status,scale,note\n");
    for (int i = 0; i < k->n * CELLS; i++) {
        int m = k->from + i / CELLS, f = i / CONTROL_ITEMS % FLOW_COUNT, item = i % CONTROL_ITEMS;
        const struct control *t = &k->month[i / CELLS][f][item];
        char month[MONTH_TEXT];
        month_format(m, month);
        buf_printf(out, "%s,%s,%.*s,%lld,%s,%lld,control total of a made-up economy\n", month, f == FLOW_CREDIT ? "C" : "D",
                   STR_ARG(item_name(item)), (long long)t->usd_cents,
                   control_status_name[t->status], (long long)k->scale);
    }
}

void rates_write(const struct rates *r, const struct controls *k, const struct calibration *c,
                 const struct scheme *s, struct buf *out)
{
    buf_z(out, "period,currency,usd_e10,evidence,source\n");
    for (int i = 0; i < k->n * c->n_tenders; i++) {
        int m = k->from + i / c->n_tenders, t = i % c->n_tenders, at = c->tender[t].currency;
        static const char *const source[] = {
            "made up with the economy (US dollar: 1 by definition)",
            "made up with the economy (implied by rounded totals in RMB and USD; interpolated)",
            "made up"};
        char month[MONTH_TEXT];
        month_format(m, month);
        buf_printf(out, "%s,%.3s,%lld,C,%s\n", month, s->currency[at].code,
                   (long long)r->usd_e10[(size_t)m * SCHEME_CURRENCIES + (size_t)at],
                   source[t < 2 ? t : 2]);
    }
}
