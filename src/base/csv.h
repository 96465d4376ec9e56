/* RFC 4180 reader over a whole text (BOM allowed, CRLF or LF, quotes, doubled quotes), and a
 * writer that is safe for spreadsheets: text starting with = + - @ TAB CR gets a leading '. */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

struct csv {
    struct arena *arena; /* owns unquoted copies of fields that held quotes */
    struct str text;
    const char *file; /* for errors; may be NULL */
    size_t at;
    int line;     /* 1-based line of the record just read */
    int breaks;   /* line breaks within its quoted fields */
    int n_fields;
    struct str field[LIMIT_CSV_FIELDS];
    int n_head;
    struct str head[LIMIT_CSV_FIELDS];
};

/* Reads the header record. */
enum err csv_open(struct csv *c, struct arena *a, struct str text, const char *file,
                  struct error *e);
/* Reads the next record; *more = false at the end. A record with another number of fields
 * than the header is an error. */
enum err csv_next(struct csv *c, bool *more, struct error *e);
/* Field by column name in the current record; {NULL,0} if there is no such column. */
struct str csv_get(const struct csv *c, const char *column);

void csv_write_field(struct buf *b, struct str s, bool first);
void csv_write_end(struct buf *b); /* CRLF */

#endif
