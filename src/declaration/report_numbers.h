/* report_numbers: the 22 digits that name a declaration, and sets of them to look records up in.
 * A set is filled by one thread and asked by many; each number counts how often it was met. */
#ifndef DECLARATION_REPORT_NUMBERS_H
#define DECLARATION_REPORT_NUMBERS_H

#include "declaration/declaration.h"

enum { REPORT_DIGITS = 22 };

bool report_number_valid(struct str s); /* 22 digits, whatever they say */
/* The number a piece of text names: its only run of exactly 22 digits; false: none, or more. */
bool report_number_in(struct str text, char out[REPORT_DIGITS + 1]);
/* declaration.report_key and report_part, back to digits. */
void report_number_of(uint64_t key, uint8_t part, char out[REPORT_DIGITS + 1]);

struct report_number {
    char digits[REPORT_DIGITS];
    bool used;
    int32_t met; /* written with atomic adds */
};
struct report_numbers {
    size_t n, mask;
    struct report_number *slot; /* mask + 1 of them, at most half used */
};
void report_numbers_init(struct report_numbers *s);
void report_numbers_finish(struct report_numbers *s); /* accepts zero */
/* False: it was there already. */
bool report_numbers_add(struct report_numbers *s, struct str digits);
struct report_number *report_numbers_find(const struct report_numbers *s, struct str digits);
void report_number_met(struct report_number *r, int32_t by);

#endif
