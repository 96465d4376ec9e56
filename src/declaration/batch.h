/*
 * batch: declarations that have been taken in. A batch is one file, named by the SHA-256 of its
 * bytes: the same file twice is the same batch. Its bytes lie beside the store (STORE.batches/ID,
 * folder 0700, file 0600), what was left out of it in ID.quarantine (quarantine.h); a row of the
 * store, the numbers of its quarantined records and an entry of the log, {"at","bytes","digest",
 * "kind","records"}, are made in one transaction when all of it has been read. Until
 * then there is only a file without a row, which says nothing: whatever moment the process is
 * killed at, taking the file in again completes it, and nothing is lost or doubled. Files without
 * a row are cleared away by the next one who takes something in, which is done by one at a time
 * (STORE.batches/lock).
 *
 * Rows are never changed or taken away. A quarantined record is open until a later batch has one
 * accepted under its report number (resolved), or its number is deleted. Where RULE_TWICE has made
 * records void their number is spoilt for good: only deletion settles them. What is set aside, or
 * counts once already, is in the file and not open.
 *
 * Deletion is the one way to take back what was accepted (ITRS: who declared under a wrong identity
 * deletes, and declares under a new number). A deleted number stays so, in all batches, earlier and
 * later ones. The log commits to a salted digest, since numbers could be guessed.
 */
#ifndef DECLARATION_BATCH_H
#define DECLARATION_BATCH_H

#include "declaration/cube.h"
#include "declaration/direct.h"
#include "declaration/report_numbers.h"
#include "ledger/book.h"

enum { BATCH_NAME = 200, BATCH_REASON = 500 };

enum batch_kind { BATCH_DECLARATIONS, /* of banks */
                  BATCH_DIRECT        /* reports of enterprises (direct.h); in `quarantined` the
                                         cell of a line stands for the report number */ };
struct batch {
    enum batch_kind kind;
    struct str id, name, quarantine; /* quarantine: SHA-256 of its file; empty: none */
    int64_t bytes, taken_at, records, accepted, rejected, excluded, queried, leaf;
    int64_t open; /* quarantined records that are */
};
enum err batch_open(const struct book *b, struct error *e); /* makes the tables */
/* In the order they were taken in. */
enum err batch_list(struct db *d, struct arena *a, struct batch **out, int *n, struct error *e);
/* Those of one kind, moved to the front; how many. */
int batch_of_kind(struct batch *list, int n, enum batch_kind kind);
/* The one batch whose id begins so. ERR_NOT_FOUND, ERR_AMBIGUOUS. */
enum err batch_find(const struct batch *list, int n, struct str id, const struct batch **out,
                    struct error *e);
/* STORE.batches/ID and what follows ("" or ".quarantine"), in the arena; id empty: the folder. */
const char *batch_path(const struct db *d, struct arena *a, struct str id, const char *ending);

struct batch_task {
    const struct book *book;
    const struct direct_scheme *direct; /* the file is of direct reports; NULL: of declarations */
    const struct cube_options *cube; /* scheme, rates, memory: for numbers that are there twice */
    struct intake intake;            /* threads, today, progress; the rest is set here */
    const char *path;                /* "-": standard input */
    int64_t now;
};
struct batch_taken {
    struct batch batch;
    bool known;       /* it was there; nothing has changed */
    int64_t resolved; /* records of earlier batches */
    int64_t direct_rule[DIRECT_RULES]; /* of a file of reports */
};
/* ERR_BUSY: somebody else is taking something in, or progress said stop; ERR_LIMIT, and what
 * intake_run and cube_compile say. Nothing is taken in then. */
enum err batch_take(const struct batch_task *t, struct arena *a, struct tally *tally,
                    struct batch_taken *out, struct error *e);

struct quarantined {
    struct str batch, report_no, rule;
    int64_t n, line; /* n: its place in the quarantine file; line 0: not known */
};
typedef enum err quarantined_fn(void *ctx, const struct quarantined *q, struct error *e);
/* The open ones of a batch (id empty: of all), in order. */
enum err batch_quarantined(struct db *d, struct str batch, quarantined_fn *each, void *ctx,
                           struct error *e);
/* The first line of a batch's file, as it stands: the columns. Empty for NDJSON. */
enum err batch_header(const char *path, enum batch_kind kind, struct buf *out, struct error *e);

/* Deletes what a CSV of report_no,reason names, in one transaction with its log entry. What is
 * deleted already is passed over. ERR_NOT_FOUND with its line: no batch has accepted such a number,
 * and none has it in quarantine. `in`: threads and progress of looking through the batches. */
struct batch_deleted { int64_t asked, deleted; };
enum err batch_delete(const struct book *b, const struct scheme *s, struct arena *a,
                      const char *path, const struct intake *in, int64_t now,
                      struct batch_deleted *out, struct error *e);
/* All deleted numbers, into a set made here. */
enum err batch_deletions(struct db *d, struct report_numbers *out, struct error *e);

/* Is every batch what its name says, and its entry on the log? A store without batches passes.
 * `beside`: before ".batches"; NULL: the store's own path. */
enum err batch_check(struct db *d, const char *beside, int64_t *n, struct error *e);
/* The files of all batches of `d` from FROM.batches to TO.batches, which must not be there (where
 * there is none to copy, none is made); synced, and each is what its name says. */
enum err batch_copy(struct db *d, const char *from, const char *to, struct error *e);

#endif
