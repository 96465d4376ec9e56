/*
 * intake: declaration files in, blocks of decoded and checked records out.
 *
 * CSV (RFC 4180; UTF-8 with or without BOM, or GB18030) or NDJSON, plain or gzip; the kind is told
 * by content. A quoted field may run over at most INTAKE_LINES lines; one that is still open then
 * is a fault of its first line, and reading goes on with the second: an unclosed quote costs its
 * own record and no other (so is a record of several lines with another number of fields than the
 * header: its first line is the fault). Lines longer than LIMIT_DECLARATION_BYTES are faults, read
 * past in bounded memory. What a file means does not depend on where it was cut into chunks.
 *
 * Lines end with LF or CRLF; with CR alone when the first one does. Empty lines are no records.
 * Control characters are faults, but for a tab and, within quotes, line breaks. A file is GB18030
 * when in its first megabyte lines that are GB18030 are more than twice those that are UTF-8;
 * text fields are handed out as UTF-8, `line` and `raw` stay as they stood. A column or key that
 * is not in column_name is an error (a misspelt one would be read as absent), and so is a
 * repeated one. A record one of whose values cannot be read is rejected whatever the severities.
 *
 * Threads take chunks in turn; `rows` is called by each with its number and a block of records
 * that no rule of severity reject or exclude met. Everything else goes to `spoilt` (in order of
 * the file, one caller at a time) with its line and column, and is counted.
 */
#ifndef DECLARATION_INTAKE_H
#define DECLARATION_INTAKE_H

#include "declaration/scheme.h"

enum { INTAKE_LINES = 8, INTAKE_BLOCK = 256, INTAKE_THREADS = 16, INTAKE_SAMPLES = 20 };

struct spoilt { /* a record that stays out */
    const char *file;
    int64_t line;      /* 1-based, of the file as it is (after gzip) */
    int column;        /* 1-based character of the record where the fault begins; 0: all of it */
    enum column field; /* COL_COUNT: none */
    enum rule rule;    /* the first that rejects or excludes */
    uint32_t rules;    /* all that were found */
    struct str raw;    /* the bytes of the record, as they stood; of longer ones the first
                          LIMIT_DECLARATION_BYTES */
    const char *why_zh, *why_en; /* static: what is wrong */
    bool counted;       /* RULE_TWICE: a record equal to this one counts, nothing is missing */
    char report_no[24]; /* 22 digits; empty: which record it is cannot be told */
};
typedef void intake_rows_fn(void *ctx, int thread, struct declaration *d, int n);
typedef enum err intake_spoilt_fn(void *ctx, const struct spoilt *s, struct error *e);
double intake_clock(void); /* seconds since some moment; for progress and for how long it took */
struct intake_progress {
    int64_t bytes, bytes_total; /* as stored, of all paths; total 0: unknown (a pipe) */
    int64_t records, spoilt;
    int path;                   /* the file being read, and ... */
    int64_t resume_byte;        /* ... where from_byte may go on: all before has been handed out */
    double seconds;
};
/* false: stop. Called once more when all is over, whatever it answers. */
typedef bool intake_progress_fn(void *ctx, const struct intake_progress *p);

struct intake {
    const struct scheme *scheme;
    const char *const *path; /* "-": standard input */
    int n_paths;
    int n_threads;           /* 0: as many as there are processors, up to INTAKE_THREADS */
    day_t today;             /* RULE_WHEN; DAY_MAX: not looked at */
    intake_rows_fn *rows;    /* NULL allowed */
    void *rows_ctx;
    intake_spoilt_fn *spoilt; /* NULL allowed */
    void *spoilt_ctx;
    intake_progress_fn *progress; /* NULL allowed; at most four times a second */
    void *progress_ctx;
    int64_t from_byte;       /* of the first path, after gzip: go on after a kill, at a record's
                                start; what lies before is read past, for its line numbers */
    size_t chunk_bytes;      /* 0: the usual; tests set it */
};

/* Counts of one pass, mergeable by adding; banks by their four digits. */
struct tally {
    int64_t records, accepted, rejected, excluded, queried;
    int64_t deleted; /* accepted once and taken back since: cube_compile alone counts them */
    int64_t rule[RULE_COUNT];
    int64_t not_service; /* accepted, of another account than services */
    struct bank_tally { int64_t records, rejected, queried, residual; int64_t rule[RULE_COUNT];
    } *bank;             /* 10,000 of them */
};
struct tally *tally_create(void);
void tally_destroy(struct tally *t); /* NULL allowed */

/* Errors: ERR_NOT_FOUND, ERR_IO, ERR_INVALID (no such column, no header, damaged gzip ...),
 * ERR_BUSY when progress said stop. What was read until then has been handed out and counted; of
 * damaged gzip that is every whole line before the damage. */
enum err intake_run(const struct intake *in, struct tally *t, struct error *e);

/* The record-local rules, RULE_IDENTITY to R15 without those that need other records (TWICE, R7,
 * R8, R12, R14); sets d->rules. Written apart from reading so that a test can call it alone. */
void declaration_check(const struct scheme *s, day_t today, struct declaration *d);
/* Severities of a set of rules: bit masks of enum rule. */
struct severities { uint32_t note, query, reject, exclude; };
struct severities scheme_severities(const struct scheme *s);

#endif
