#include "declaration/report_numbers.h"

#include <stdio.h>
#include <stdlib.h>

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

bool report_number_valid(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!digit(s.p[i]))
            return false;
    return s.n == REPORT_DIGITS;
}

bool report_number_in(struct str text, char out[REPORT_DIGITS + 1])
{
    size_t found = 0, at = 0;
    for (size_t i = 0, j; i < text.n; i = j + 1) {
        for (j = i; j < text.n && digit(text.p[j]);)
            j++;
        if (j - i == REPORT_DIGITS) {
            found++;
            at = i;
        }
    }
    out[0] = 0;
    if (found != 1)
        return false;
    memcpy(out, text.p + at, REPORT_DIGITS);
    out[REPORT_DIGITS] = 0;
    return true;
}

/* See read_report_no in decode.c: region | bank 14 | branch 7 | day 16 | serial 6 and 8. */
void report_number_of(uint64_t key, uint8_t part, char out[REPORT_DIGITS + 1])
{
    int year, month, day;
    char text[96];
    unsigned serial = (unsigned)(key & 63) << 8 | part;
    day_to_civil(day_from_civil(2000, 1, 1) + (day_t)(key >> 6 & 0xffff), &year, &month, &day);
    snprintf(text, sizeof text, "%06u%04u%02u%02d%02d%02d%04u", (unsigned)(key >> 43),
             (unsigned)(key >> 29 & 0x3fff), (unsigned)(key >> 22 & 127), year % 100, month, day,
             serial);
    memcpy(out, text, REPORT_DIGITS);
    out[REPORT_DIGITS] = 0;
}

/* --- sets ----------------------------------------------------------------------------------- */

void report_numbers_init(struct report_numbers *s)
{
    *s = (struct report_numbers){.mask = 63};
    s->slot = calloc(s->mask + 1, sizeof *s->slot);
    check(s->slot != NULL);
}

void report_numbers_finish(struct report_numbers *s)
{
    free(s->slot);
    *s = (struct report_numbers){0};
}

static struct report_number *place(const struct report_numbers *s, const char *digits)
{
    uint64_t a, b, c;
    memcpy(&a, digits, 8);
    memcpy(&b, digits + 8, 8);
    memcpy(&c, digits + 14, 8);
    uint64_t h = (a * 0x9e3779b97f4a7c15u ^ b) * 0xbf58476d1ce4e5b9u ^ c;
    h = (h ^ h >> 29) * 0x94d049bb133111ebu;
    size_t at = (h ^ h >> 32) & s->mask;
    while (s->slot[at].used && memcmp(s->slot[at].digits, digits, REPORT_DIGITS) != 0)
        at = (at + 1) & s->mask;
    return &s->slot[at];
}

static void grow(struct report_numbers *s)
{
    struct report_numbers more = {.n = s->n, .mask = s->mask * 2 + 1};
    more.slot = calloc(more.mask + 1, sizeof *more.slot);
    check(more.slot != NULL);
    for (size_t i = 0; i <= s->mask; i++)
        if (s->slot[i].used)
            *place(&more, s->slot[i].digits) = s->slot[i];
    free(s->slot);
    *s = more;
}

bool report_numbers_add(struct report_numbers *s, struct str digits)
{
    check(digits.n == REPORT_DIGITS);
    if (s->n * 2 > s->mask)
        grow(s);
    struct report_number *r = place(s, digits.p);
    if (r->used)
        return false;
    memcpy(r->digits, digits.p, REPORT_DIGITS);
    r->used = true;
    s->n++;
    return true;
}

struct report_number *report_numbers_find(const struct report_numbers *s, struct str digits)
{
    if (digits.n != REPORT_DIGITS || s->n == 0)
        return NULL;
    struct report_number *r = place(s, digits.p);
    return r->used ? r : NULL;
}

void report_number_met(struct report_number *r, int32_t by)
{
    __atomic_add_fetch(&r->met, by, __ATOMIC_RELAXED);
}
