/* quarantine: the file in which records that stay out wait, each with its place, its reason and, as
 * the last field, the record as it stood, byte by byte, to be corrected and sent again. There
 * whole or not at all; mode 0600. */
#ifndef DECLARATION_QUARANTINE_H
#define DECLARATION_QUARANTINE_H

#include "declaration/intake.h"

struct quarantine {
    struct file_new file; /* fd -1: nothing is kept */
    char path[FILE_PATH + 8];
    struct buf out, rules; /* rules: of the record at hand */
    const struct scheme *s;
    int64_t n; /* records */
};
/* path NULL: records are counted and not kept. */
enum err quarantine_open(struct quarantine *q, const struct scheme *s, const char *path,
                         struct error *e);
enum err quarantine_add(struct quarantine *q, const struct spoilt *x, struct error *e);
struct quarantine_entry { /* a record of whatever kind of file */
    const char *file, *field; /* field "": none */
    int64_t line;
    int column;
    struct str rule, rules; /* the first, and all of them */
    const char *why_zh, *why_en;
    struct str raw;
};
enum err quarantine_put(struct quarantine *q, const struct quarantine_entry *x, struct error *e);
/* With `r` OK the file gets its name; else it goes, and `r` is given. Accepts one that was not
 * opened with file.fd -1. */
enum err quarantine_end(struct quarantine *q, enum err r, struct error *e);

/* Reads one back: `each` gets the records in order, from 0; the slices live until it returns. */
typedef enum err quarantine_record_fn(void *ctx, int64_t n, struct str record, struct error *e);
enum err quarantine_read(const char *path, quarantine_record_fn *each, void *ctx, struct error *e);

#endif
