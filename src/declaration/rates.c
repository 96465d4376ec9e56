/* Monthly mean rates, amounts in US cents, and parts of a whole. */
#include "declaration/scheme.h"

#include <stdio.h>

enum { RATE_YEAR_MIN = 2000, RATE_MONTHS = 512, RATE_SCALE_DIGITS = 10 };

static const int64_t ten[] = {1, 10, 100, 1000, 10000, 100000, 1000000};

bool month_parse(struct str s, int *month)
{
    int64_t y, m;
    if (s.n != 7 || s.p[4] != '-' || !str_int((struct str){s.p, 4}, &y) ||
        !str_int((struct str){s.p + 5, 2}, &m) || y < RATE_YEAR_MIN || m < 1 || m > 12)
        return false;
    *month = (int)(y - RATE_YEAR_MIN) * 12 + (int)m - 1;
    return *month < RATE_MONTHS;
}

void month_format(int month, char out[MONTH_TEXT])
{
    unsigned m = (unsigned)month % RATE_MONTHS;
    snprintf(out, MONTH_TEXT, "%04u-%02u", RATE_YEAR_MIN + m / 12, m % 12 + 1);
}

day_t month_first(int month)
{
    return day_from_civil(RATE_YEAR_MIN + month / 12, month % 12 + 1, 1);
}

static enum err take_rate(struct rates *r, const struct table *t, const struct scheme *s,
                          struct error *e)
{
    int month;
    int64_t v;
    struct str period = table_text(t, "period"), code = table_text(t, "currency");
    int currency = scheme_currency_find(s, code);
    if (!month_parse(period, &month))
        return table_fail(t, "period", "月份应为 YYYY-MM：%.*s", "a month is YYYY-MM: %.*s", period, e);
    if (currency < 0)
        return table_fail(t, "currency", "没有币种 %.*s", "there is no currency %.*s", code, e);
    TRY(table_int(t, "usd_e10", 1, INT64_C(1000000000000), &v, e));
    int64_t *at = &r->usd_e10[(size_t)month * SCHEME_CURRENCIES + (size_t)currency];
    if (*at != 0 && *at != v)
        return table_fail(t, "usd_e10", "币种 %.*s 在该月有两个汇率", "two rates of %.*s in one month", code,
                          e);
    *at = v;
    r->made_up |= str_has_prefix(table_text(t, "source"), STR("made up"));
    if (r->n == 0)
        r->source = table_text(t, "source");
    r->n = month + 1 > r->n ? month + 1 : r->n;
    return OK;
}

enum err rates_load(struct rates **out, struct arena *a, const struct scheme *s, const char *path,
                    struct error *e)
{
    static const char *const columns[] = {"period", "currency", "usd_e10", NULL};
    struct table t;
    struct str text;
    bool more;
    if (path == NULL) {
        TRY(table_open(&t, a, "statistics/rates-made-up.csv", columns, e));
    } else {
        TRY(file_read(a, path, &text, e));
        TRY(table_open_text(&t, a, text, path, columns, e));
    }
    struct rates *r = ARENA_NEW(a, struct rates);
    r->usd_e10 = ARENA_ARRAY(a, int64_t, (size_t)RATE_MONTHS * SCHEME_CURRENCIES);
    for (;;) {
        TRY(table_next(&t, &more, e));
        if (!more)
            break;
        TRY(take_rate(r, &t, s, e));
    }
    *out = r;
    return OK;
}

bool rates_cents(const struct rates *r, const struct scheme *s, int currency, int month,
                 int64_t amount, int64_t *cents)
{
    if (month < 0 || month >= r->n)
        return false;
    int64_t rate = r->usd_e10[(size_t)month * SCHEME_CURRENCIES + (size_t)currency];
    if (rate == 0)
        return false;
    /* amount / 10^exponent whole units, times rate / 10^10 dollars, times 100. */
    __int128 product = (__int128)amount * rate;
    int down = RATE_SCALE_DIGITS - 2 + s->currency[currency].exponent;
    __int128 by = (__int128)INT64_C(100000000) * ten[down - 8];
    bool minus = product < 0;
    unsigned __int128 whole = (unsigned __int128)(minus ? -product : product);
    unsigned __int128 q = whole / (unsigned __int128)by, left = whole % (unsigned __int128)by;
    unsigned __int128 twice = left * 2;
    if (twice > (unsigned __int128)by || (twice == (unsigned __int128)by && (q & 1) != 0))
        q++;
    if (q > INT64_MAX)
        return false;
    *cents = minus ? -(int64_t)q : (int64_t)q;
    return true;
}

void share_out(int64_t whole, const struct share *share, int n, int64_t *part)
{
    int64_t left = whole;
    int64_t rest[SCHEME_TARGETS > SCHEME_MODES ? SCHEME_TARGETS : SCHEME_MODES];
    check(n >= 1 && n <= (int)(sizeof rest / sizeof rest[0]));
    int64_t sign = whole < 0 ? -1 : 1;
    for (int i = 0; i < n; i++) {
        __int128 p = (__int128)whole * share[i].ppm;
        part[i] = (int64_t)(p / PPM); /* C rounds towards zero */
        rest[i] = (int64_t)(p % PPM) * sign;
        left -= part[i];
    }
    for (; left != 0; left -= sign) { /* fewer than n times, when the shares sum to a million */
        int most = 0;
        for (int i = 1; i < n; i++)
            most = rest[i] > rest[most] ? i : most;
        part[most] += sign;
        rest[most] = -1;
    }
}
