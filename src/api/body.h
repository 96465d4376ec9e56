/* body: a question as a JSON object, the same names as in a query, read without building a tree. */
#ifndef API_BODY_H
#define API_BODY_H

#include "api/ask.h"

/* Reads one object at the reader. A field that is not a question's, or one said twice, is refused.
 * Errors: ERR_SYNTAX (with what is wrong), ERR_INVALID and ERR_LIMIT with the field. Text lies in
 * the reader's text or its arena. */
enum err ask_from_json(struct jsonr *r, struct ask *out, struct error *e);
/* The reader's fault as an error; `line` 0: not a file of lines. */
enum err json_fault(const struct jsonr *r, struct error *e);

enum err ask_add_fact(struct ask *a, struct str assignment, struct error *e);
enum err ask_add_claim(struct ask *a, struct str id, struct error *e);
/* Where a field of that name goes; NULL: it is none. *which: its number, 0 to 7. */
struct str *ask_field(struct ask *a, struct str name, int *which);

#endif
