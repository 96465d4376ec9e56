/* stats: the verbs below `fumao stats`; word[1] says which. What they share: parameters, the
 * options of reading files, progress, and words for figures. */
#ifndef CLI_STATS_H
#define CLI_STATS_H

#include "cli/internal.h"
#include "declaration/batch.h"
#include "declaration/intake.h"

int stats_generate(const struct args *a);
int stats_check(const struct args *a);
int stats_compile(const struct args *a);
int stats_direct(const struct args *a);
int stats_audit(const struct args *a);
int stats_publish(const struct args *a);
int stats_query(const struct args *a);
int stats_import(const struct args *a);
int stats_batches(const struct args *a);
int stats_quarantine(const struct args *a);
int stats_delete(const struct args *a);

struct stats_world { /* what every one of them needs; no store */
    struct arena arena;
    struct classification *codes;
    struct scheme *scheme;
    struct rates *rates;
};
/* --rates FILE, else the shipped, made-up table. */
enum err stats_open(struct stats_world *w, const struct args *a, struct error *e);
void stats_close(struct stats_world *w);

/* Files are the words from `first` on ("-": standard input, once); --threads N, --today DATE (default
 * today). ERR_USAGE when there is none. What can be read only once is put into a file first, so that
 * it can be read twice; the other function leaves that, and `path`, to the caller. */
enum err stats_intake_once(const struct args *a, int first, struct stats_world *w,
                           struct intake *in, struct error *e);
enum err stats_intake(const struct args *a, int first, struct stats_world *w, struct intake *in,
                      struct error *e);
/* The step that comes after this one, on standard error, for those who read text. */
void stats_next(const struct args *a, const char *verb, const char *of, const char *more);
/* With --batches: the files of all batches of one kind, in place of words. */
enum err stats_taken_in(const struct args *a, struct stats_world *w, struct store *store,
                        enum batch_kind kind, struct intake *in, struct error *e);
/* A whole number of an option, `otherwise` when it is not given. */
enum err stats_number(const struct args *a, const char *name, int64_t least, int64_t most,
                      int64_t otherwise, int64_t *out, struct error *e);

/* Rows, rate, rejects and time left on stderr, when it is a terminal. */
struct stats_progress {
    const char *what;
    bool zh, terminal;
};
void stats_progress_init(struct stats_progress *p, const struct args *a, const char *what,
                         struct intake *in);
void stats_progress_end(struct stats_progress *p);

/* "1,234,567.89" of cents; "1,234,567". */
void put_cents(struct buf *b, int64_t cents);
void put_count(struct buf *b, int64_t n);
/* What the tally says, for people and as members of the open object. */
void counts_text(const char *const *label, const int64_t *value, int n, struct buf *b);
void rules_text(const struct rule_entry *rule, const int64_t *records, int n, bool zh,
                struct buf *b); /* those that were met */
void tally_text(const struct tally *t, const struct scheme *s, bool zh, struct buf *b);
/* The same of direct reports: counts of lines, and by rule. */
void direct_text(const struct direct_scheme *s, const struct tally *t,
                 const int64_t rule[DIRECT_RULES], bool zh, struct buf *b);
void tally_json(const struct tally *t, const struct scheme *s, struct jsonw *w);

#endif
