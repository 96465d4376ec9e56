/* Civil days: int32 count of days from 1970-01-01 (proleptic Gregorian). Law binds by days of
 * China Standard Time (+08:00, no summer time); there is no time-zone database in law. */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

typedef int32_t day_t;
#define DAY_MIN INT32_MIN /* open start */
#define DAY_MAX INT32_MAX /* open end (exclusive bound) */

day_t day_from_civil(int year, int month, int day);
void day_to_civil(day_t d, int *year, int *month, int *day);
/* Strictly "YYYY-MM-DD" with a real day of the calendar, years 1000 to 9999. */
bool day_parse(struct str s, day_t *out);
/* Writes "YYYY-MM-DD" and a NUL; DAY_MIN and DAY_MAX give an empty string. */
void day_format(day_t d, char out[11]);
day_t day_today(void); /* in +08:00 */

#endif
