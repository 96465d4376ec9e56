/*
 * direct: what key enterprises report themselves, month by month (企业直报), as a second source
 * beside the declarations of banks: read, checked, and set against them. It is never added to the
 * cube, since the same payment would count twice; it tells how far declarations can be trusted, who
 * has not answered, and in which modes services are supplied. docs/direct.md says each rule.
 *
 *   direct_read.c     files to fields: CSV or NDJSON, plain or gzip, UTF-8 or GB18030
 *   direct_check.c    fields to lines; rules of one line; which of several lines counts
 *   direct_beside.c   lines beside the contributions of a cube
 *   direct_make.c     made-up reports of a made-up economy, with known truth
 *
 * Money is int64 in US cents. Nothing depends on the order of files or lines.
 */
#ifndef DECLARATION_DIRECT_H
#define DECLARATION_DIRECT_H

#include "declaration/cube.h"

/* The columns of a file; those not marked * may be absent or empty.
 *   party_id*  18-character unified code (GB 32100-2015)
 *   form*      a code of data/statistics/direct-forms.csv
 *   period*    the month reported, YYYYMM or YYYY-MM
 *   flow*      C credit (export), D debit (import)
 *   item*      EBOPS 2010 item, "SC", "SJ21"
 *   mode*      1 to 4 (GATS I:2)
 *   country    ISO 3166 alpha-3 of the counterpart; empty: all of them together
 *   currency*  ISO 4217
 *   amount*    whole minor units, digits only, at most 15; 0: nothing to report
 *   filed*     day of filing, YYYYMMDD or YYYY-MM-DD
 *   remark     text */
enum direct_column { DIRECT_PARTY, DIRECT_SHEET, DIRECT_PERIOD, DIRECT_FLOW, DIRECT_ITEM, DIRECT_MODE,
                     DIRECT_COUNTRY, DIRECT_CURRENCY, DIRECT_AMOUNT, DIRECT_FILED, DIRECT_REMARK,
                     DIRECT_COLUMNS };
extern const char *const direct_column_name[DIRECT_COLUMNS];

/* In the order of data/statistics/direct-rules.csv. */
enum direct_rule { DIRECT_FORM,     /* reject: a value that cannot be read */
                   DIRECT_IDENTITY, /* reject: check digit */
                   DIRECT_HOME,     /* reject: the counterpart is China */
                   DIRECT_WHEN,     /* reject: a month not over when filed, or filed after today */
                   DIRECT_TWICE,    /* reject: one cell, filed on one day, with other amounts */
                   DIRECT_REPLACED, /* exclude: a later filing, or an equal line, counts */
                   DIRECT_UNRATED,  /* exclude: no rate for the month */
                   DIRECT_LATE,     /* note: filed after the day of the following month */
                   DIRECT_USUAL,    /* note: a mode that modes.csv does not allocate to the item */
                   DIRECT_UNLISTED, /* query: not marked as a key enterprise in the register */
                   DIRECT_DIFFERS,  /* query: too far from the banks' declarations */
                   DIRECT_MISSING,  /* query: a month without a report of a key enterprise */
                   DIRECT_RULES };

enum { DIRECT_MAIN = 12, /* SA to SL */
       DIRECT_FORMS = 16, LIMIT_DIRECT = 8 * 1000 * 1000, /* lines */
       DIRECT_SAMPLES = 20, DIRECT_CELL = 64 };

struct direct_scheme { /* parameters */
    const struct scheme *scheme;
    int n_form;
    struct direct_form { struct str code, name_zh, name_en; char evidence; } form[DIRECT_FORMS];
    struct rule_entry rule[DIRECT_RULES];
};
enum err direct_scheme_load(struct direct_scheme **out, struct arena *a, const struct scheme *s,
                            struct error *e);

struct direct_line {
    uint32_t party;         /* in direct.parties */
    uint32_t file, line;    /* place in options.path, from 0; line from 1 */
    uint8_t form, flow, mode, currency;
    int16_t item, country;  /* in classification.ebops, .economy; country -1: all */
    int16_t month;          /* since January 2000 */
    int16_t rules;          /* bit = enum direct_rule */
    day_t filed;
    int64_t amount, cents;  /* minor units; US cents */
};
struct direct_spoilt { /* a line that stays out */
    const char *file;
    int64_t line;
    int column;                /* character of the record, 0: all of it */
    enum direct_column field;  /* DIRECT_COLUMNS: none */
    enum direct_rule rule;
    struct str raw;            /* as it stood, at most LIMIT_DECLARATION_BYTES; of DIRECT_TWICE
                                  and later rules empty: line says where it is */
    const char *why_zh, *why_en;
    char cell[DIRECT_CELL];    /* direct_cell; empty: another filing of it cannot be told */
};
typedef enum err direct_spoilt_fn(void *ctx, const struct direct_spoilt *s, struct error *e);

struct direct_options {
    const struct direct_scheme *scheme;
    const char *const *path; /* "-": standard input */
    int n_paths;
    day_t today;             /* DAY_MAX: not looked at */
    direct_spoilt_fn *spoilt; /* NULL allowed; of REPLACED too */
    void *spoilt_ctx;
    intake_progress_fn *progress; /* NULL allowed */
    void *progress_ctx;
};
struct direct {
    const struct direct_scheme *scheme;
    int64_t read, accepted, rejected, excluded;
    int64_t rule[DIRECT_RULES];
    struct parties parties;       /* who has a line, be it one that stays out, in order
                                     of identity */
    size_t n;
    struct direct_line *line;     /* accepted, in order of party, month, flow, item, mode, form,
                                     country, currency */
    int from, months;             /* span of the months reported; months 0: nothing */
};
/* Errors as intake_run: what was read until then has been handed to `spoilt`. ERR_LIMIT. */
enum err direct_read(const struct direct_options *o, struct direct *out, struct error *e);
void direct_finish(struct direct *d);
/* 0 for SA to 11 for SL; -1: an item of nothing that has one. */
int direct_main(const struct classification *c, int ebops);
/* The cell of a line in words: party, form, month, flow, item, mode, country (- for all), currency. */
void direct_cell(const struct direct_scheme *s, const char party[PARTY_ID_BYTES],
                 const struct direct_line *x, char out[DIRECT_CELL]);

/* --- beside the declarations -------------------------------------------------------------- */

struct direct_pair { /* one enterprise, flow and main item, over the months it has answered */
    uint32_t party;  /* in direct.parties */
    uint8_t flow, main;
    int64_t direct, bank; /* cents; direct: modes 1, 2 and 4 */
};
struct direct_month { /* key enterprises that have declared through banks in the month */
    int64_t expected, answered;             /* enterprises */
    int64_t expected_cents, answered_cents; /* |what they declared| */
};
struct direct_item {
    int64_t enterprises;  /* compared */
    int64_t direct, bank; /* cents, of those */
    int64_t differ;       /* of them DIRECT_DIFFERS */
    int64_t abroad;       /* cents of mode 3, which no bank declares */
};
struct direct_beside {
    int64_t rule[DIRECT_RULES];   /* DIFFERS, MISSING */
    int64_t key, key_answered;    /* key enterprises of the cube; those with any line */
    struct direct_month *month;   /* one for each of direct.months */
    struct direct_item item[FLOW_COUNT][DIRECT_MAIN];
    int64_t mode[DIRECT_MAIN][SCHEME_MODES]; /* cents of both flows, by mode - 1 */
    int n_differ;
    struct direct_pair differ[DIRECT_SAMPLES]; /* the widest first; among equals by party, flow,
                                                  main item */
    int n_missing;
    struct direct_gap { char id[PARTY_ID_BYTES + 2]; int64_t months, cents; } missing[DIRECT_SAMPLES];
                                  /* who misses most of what it declared, first */
};
/* The cube must have contributions (ERR_INVALID). */
enum err direct_beside(const struct direct *d, const struct cube *c, struct direct_beside *out,
                       struct error *e);
void direct_beside_finish(struct direct_beside *b);

struct direct_unlisted { /* enterprises with a line that counts, not marked as key enterprises */
    int64_t n;
    int n_sample;
    uint32_t sample[DIRECT_SAMPLES]; /* in direct.parties, the first by identity */
};
/* reg: the register's entries of direct.parties; NULL: the entries of the cube, which keeps those
 * of enterprises that have declared, so that the others are listed too. */
void direct_unlisted(const struct direct *d, const struct register_entry *reg, const struct cube *c,
                     struct direct_unlisted *out);

/* --- made up ------------------------------------------------------------------------------ */

enum direct_plant { DIRECT_PLANT_NONE, DIRECT_PLANT_SILENT, /* month without a report */
                    DIRECT_PLANT_WRONG,   /* all of an item three times too much */
                    DIRECT_PLANT_LATE, DIRECT_PLANT_REPLACED, /* a wrong line, then a right one */
                    DIRECT_PLANT_DIGIT, DIRECT_PLANT_COUNT };
extern const char *const direct_plant_name[DIRECT_PLANT_COUNT];
/* Reports of the key enterprises of a made-up cube with contributions, in its own US cents, as CSV;
 * truth: party_id,period,flow,item,plant (those of an enterprise or a month leave the rest empty).
 * Every line says that it is made up. The same seed gives the same bytes. */
enum err direct_make(const struct direct_scheme *s, const struct cube *c, uint64_t seed, bool faults,
                     struct buf *out, struct buf *truth, struct error *e);

#endif
