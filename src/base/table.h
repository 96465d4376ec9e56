/* A shipped CSV table (base/shipped.h), read row by row. Every failure names the file, the line
 * and the column; a table that a program was built without is a failure too. */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include "base/csv.h"
#include "base/date.h"

struct table {
    struct csv csv;
    const char *name;
    int n_rows; /* at most so many */
};

/* Opens `name` and looks for the columns it must have (NULL at the end). ERR_INVALID, ERR_SYNTAX. */
enum err table_open(struct table *t, struct arena *a, const char *name,
                    const char *const *columns, struct error *e);
/* The same for a text of the caller's; `name` is for errors. */
enum err table_open_text(struct table *t, struct arena *a, struct str text, const char *name,
                         const char *const *columns, struct error *e);
enum err table_next(struct table *t, bool *more, struct error *e);
struct str table_text(const struct table *t, const char *column); /* trimmed */
/* An empty field is `open`. */
enum err table_day(const struct table *t, const char *column, day_t open, day_t *out,
                   struct error *e);
bool table_flag(const struct table *t, const char *column); /* "1" or "true" */
/* A whole number from `least` to `most`. */
enum err table_int(const struct table *t, const char *column, int64_t least, int64_t most,
                   int64_t *out, struct error *e);
/* zh and en hold one %.*s, which prints `what` (or what the message needs not to name: empty). */
enum err table_fail(const struct table *t, const char *column, const char *zh, const char *en,
                    struct str what, struct error *e);
enum err table_limit(const struct table *t, const char *limit, int most, struct error *e);

#endif
