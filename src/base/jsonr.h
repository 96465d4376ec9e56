/* A strict reader of JSON in memory (RFC 8259), pulled value by value: nothing is built, so that a
 * flat object costs its bytes and no more. A string without escapes is a slice of the text; one
 * with escapes is decoded into the arena. Strings are valid UTF-8 without U+0000, or a fault.
 * After a fault every function says no; fault_en and fault_at tell what and where. */
#ifndef BASE_JSONR_H
#define BASE_JSONR_H

#include <stdbool.h>
#include <stddef.h>
#include "base/str.h"

enum jsonr_kind { JSONR_NONE, /* the end of the text, or a fault */
                  JSONR_OBJECT, JSONR_ARRAY, JSONR_STRING, JSONR_NUMBER, JSONR_TRUE, JSONR_FALSE,
                  JSONR_NULL };

struct jsonr {
    const char *p, *end, *start;
    struct arena *arena;
    const char *fault_zh, *fault_en; /* NULL: none */
    const char *fault_at;
};

void jsonr_init(struct jsonr *r, struct str text, struct arena *a);
enum jsonr_kind jsonr_peek(struct jsonr *r); /* of the next value; steps over white space */
/* A container: jsonr_open once, then one of the two for each member until it says no, which is the
 * closing bracket or a fault. `first` is true before the first member. After a yes a value begins
 * at r->p, though it may be broken: a text that ends there is a fault already. */
bool jsonr_open(struct jsonr *r);
bool jsonr_element(struct jsonr *r, bool *first);
bool jsonr_member(struct jsonr *r, bool *first, struct str *name);
/* Values. jsonr_number gives the digits as written. */
bool jsonr_string(struct jsonr *r, struct str *out);
bool jsonr_number(struct jsonr *r, struct str *out);
bool jsonr_literal(struct jsonr *r); /* true, false, null */
bool jsonr_skip(struct jsonr *r);    /* any value, checked whole, nested up to LIMIT_JSON_DEPTH */
bool jsonr_at_end(struct jsonr *r);  /* only white space is left, and no fault */

#endif
