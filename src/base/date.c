#include "base/date.h"

#include <time.h>

#include "base/err.h"

enum {
    DAYS_400 = 146097,         /* days of 400 Gregorian years */
    EPOCH_FROM_MARCH = 719468, /* days from 0000-03-01 to 1970-01-01 */
    CST_SECONDS = 8 * 3600,
    DAY_SECONDS = 86400,
};

/* Both ways count years from 1 March, so that the leap day is the last of its year, in eras of
 * 400 years (Howard Hinnant, "chrono-compatible low-level date algorithms"). */
day_t day_from_civil(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    int64_t d = era * DAYS_400 + day_of_era - EPOCH_FROM_MARCH;
    check(d >= INT32_MIN && d <= INT32_MAX);
    return (day_t)d;
}

void day_to_civil(day_t d, int *year, int *month, int *day)
{
    int64_t z = (int64_t)d + EPOCH_FROM_MARCH;
    int64_t era = (z >= 0 ? z : z - (DAYS_400 - 1)) / DAYS_400;
    int64_t doe = z - era * DAYS_400;
    int64_t year_of_era = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t m = (5 * doy + 2) / 153; /* 0 is March */
    *day = (int)(doy - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

static int number(const char *p, int digits)
{
    int v = 0;
    for (int i = 0; i < digits; i++) {
        if (p[i] < '0' || p[i] > '9') {
            return -1;
        }
        v = v * 10 + (p[i] - '0');
    }
    return v;
}

bool day_parse(struct str s, day_t *out)
{
    if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-') {
        return false;
    }
    int y = number(s.p, 4), m = number(s.p + 5, 2), d = number(s.p + 8, 2);
    if (y < 1000 || m < 1 || m > 12 || d < 1 || d > 31) {
        return false;
    }
    /* A day the month does not have comes back as a day of the next month. */
    day_t day = day_from_civil(y, m, d);
    int y2, m2, d2;
    day_to_civil(day, &y2, &m2, &d2);
    if (m2 != m) {
        return false;
    }
    *out = day;
    return true;
}

/* A day whose year has not four digits has no such form and is treated like an open end: the
 * exclusive bound after 9999-12-31 is one. */
void day_format(day_t d, char out[11])
{
    int y, m, day;
    day_to_civil(d, &y, &m, &day);
    if (y < 0 || y > 9999) {
        out[0] = '\0';
        return;
    }
    const int part[3] = {y, m, day};
    static const int end[3] = {4, 7, 10};
    for (int i = 0; i < 3; i++) {
        int v = part[i], digits = i == 0 ? 4 : 2;
        for (int k = 1; k <= digits; k++) {
            out[end[i] - k] = (char)('0' + v % 10);
            v /= 10;
        }
    }
    out[4] = out[7] = '-';
    out[10] = '\0';
}

day_t day_today(void)
{
    int64_t t = (int64_t)time(NULL) + CST_SECONDS;
    return (day_t)((t >= 0 ? t : t - (DAY_SECONDS - 1)) / DAY_SECONDS);
}
