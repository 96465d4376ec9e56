/* Inside batch*.c. */
#ifndef DECLARATION_BATCH_INSIDE_H
#define DECLARATION_BATCH_INSIDE_H

#include "declaration/batch.h"
#include "declaration/quarantine.h"
#include "ledger/files.h"

enum { BATCH_PATH = 700 };

/* --- one file on its way in (batch_take.c, batch_direct.c) --------------------------------- */

struct left { /* a record that stays out, until its row is written */
    size_t name; /* place in taking.names, of its report number or its cell */
    uint8_t n_name, rule;
    bool aside;
    int64_t line;
};
struct taking {
    const struct batch_task *t;
    struct db *d;
    char folder[BATCH_PATH], path[BATCH_PATH], quarantine[BATCH_PATH];
    char id[FILE_HEX], quarantine_id[FILE_HEX], name[BATCH_NAME + 1];
    int lock;
    struct file_new copy; /* of the file, until it has its name */
    int64_t bytes, total;
    double began, told; /* intake_clock */
    struct quarantine q;
    struct left *left;
    struct buf names;
    struct direct direct; /* of a file of reports */
    size_t n_left, room;
    struct report_numbers open; /* quarantined before, and what of it was accepted now */
};

/* One more that stays out; its rule, line and whether it is set aside are in `left`. */
enum err batch_left(struct taking *k, struct left left, struct str name, struct error *e);
/* A file of direct reports: read, and what it resolves. */
enum err batch_read_direct(struct taking *k, struct tally *tally, struct error *e);
enum err batch_resolve_direct(struct taking *k, int64_t *n, struct error *e);

enum err batch_has_tables(struct db *d, bool *there, struct error *e);

#endif
