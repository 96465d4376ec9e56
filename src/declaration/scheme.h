/*
 * scheme: every parameter of compilation as data, from data/statistics/ (docs/statistics.md
 * explains each with its source). What is general knowledge or our own choice says so by its
 * grade; nothing here is a constant of the code.
 *
 *   itrs-codes.csv   code,name_zh,name_en,directions,from,to,name_status,evidence,source,note
 *   itrs-ebops.csv   code,ebops,share_ppm,evidence,source   (shares of a code sum to 1,000,000)
 *   rules.csv        id,severity,title_zh,title_en,hint_zh,hint_en,parameter,value,evidence,source
 *   modes.csv        ebops,mode,share_ppm,evidence,source   (longest EBOPS prefix that has rows)
 *   regions.csv      two digits of GB/T 2260, place code, evidence, source
 *   remarks.csv      words of remarks and the codes they speak for (R6, R11)
 *   financial-centres.csv   economies (R13)
 *   exponents.csv    decimals of currencies that have not two; codes in data/codes/currencies.csv
 *   rates            a file of the caller's: period,currency,usd_e10 (units of 1e-10 USD of one
 *                    whole unit of the currency); the shipped one is made up and says so
 */
#ifndef DECLARATION_SCHEME_H
#define DECLARATION_SCHEME_H

#include "base/table.h"
#include "declaration/declaration.h"

enum { SCHEME_CODES = 128, SCHEME_TARGETS = 4, SCHEME_CURRENCIES = 192, SCHEME_ITEMS = 160,
       SCHEME_MODES = 4, PPM = 1000000 };

struct share { /* one part of a split: an EBOPS item or a mode of supply */
    int16_t to; /* index in classification.ebops, or mode 1..4 */
    int32_t ppm;
};
struct itrs_code {
    struct str code, name_zh, name_en;
    bool credit, debit;    /* R2: directions allowed */
    day_t from, to;        /* R1 */
    bool service;          /* first digit 2; others are read and checked, never compiled */
    bool residual;         /* R12: "other", a code for what has none */
    bool financial;        /* R13 */
    bool netting;          /* R10 */
    char evidence;
    int n_targets;
    struct share target[SCHEME_TARGETS];
};
struct rule_entry {
    struct str id;         /* "R7", "FORM" */
    enum severity severity;
    struct str title_zh, title_en, hint_zh, hint_en;
    int64_t value;         /* its parameter, where it has one */
    char evidence;
};
struct currency {
    char code[4];
    int exponent; /* decimals of the minor unit, ISO 4217 */
};
struct scheme {
    const struct classification *codes;
    day_t from; /* of the edition of the transaction codes */
    int home;   /* China in classification.economy: never a counterpart (R3) */
    int n_code, n_currency;
    struct itrs_code code[SCHEME_CODES];
    struct currency currency[SCHEME_CURRENCIES];
    struct rule_entry rule[RULE_COUNT];
    uint8_t province[100]; /* GB/T 2260 first two digits -> place, 0: none */
    int n_item;            /* EBOPS items that codes reach, and their ancestors */
    int16_t item[SCHEME_ITEMS];
    int n_mode[SCHEME_ITEMS];          /* modes of an item */
    struct share mode[SCHEME_ITEMS][SCHEME_MODES];
    struct word { struct str text; uint64_t codes[2]; } *word; /* remarks.csv: bit = code */
    int n_word;
    uint64_t word_begins[1024]; /* by the first two bytes of one, the first one low */
    const struct rates *rates; /* R9 in US cents; NULL: only what is declared in USD */
    uint64_t financial_centre[ORIGIN_WORDS]; /* R13 */
    struct arena *arena;
};
/* From the shipped tables. ERR_INVALID, ERR_UNKNOWN_CODE, ERR_LIMIT with file, line and column. */
enum err scheme_load(struct scheme **out, struct arena *a, const struct classification *codes,
                     struct error *e);
/* One line of a table of rules, all columns but `value`; the severity must be one of the four. */
enum err scheme_rule_read(const struct table *t, struct rule_entry *out, struct error *e);
char scheme_grade(const struct table *t); /* column evidence; C unless it is A or B */
int scheme_code_find(const struct scheme *s, struct str code);         /* -1 */
int scheme_currency_find(const struct scheme *s, struct str currency); /* -1 */
int scheme_item(const struct scheme *s, int ebops); /* place in item[], -1 */

/* Of word_begins. */
static inline unsigned scheme_two_bytes(const char *p)
{
    return (unsigned)(uint8_t)p[0] | (unsigned)(uint8_t)p[1] << 8;
}

/* Months count from January 2000 as 0, up to 512 of them. */
enum { MONTH_TEXT = 8 };
bool month_parse(struct str s, int *month); /* "YYYY-MM" */
void month_format(int month, char out[MONTH_TEXT]);
day_t month_first(int month);

/* Monthly mean rates. */
struct rates {
    struct str source;
    bool made_up;
    int from, n;          /* months */
    int64_t *usd_e10;     /* n x SCHEME_CURRENCIES; 0: none */
};
/* path NULL: the shipped, made-up table. ERR_SYNTAX, ERR_UNKNOWN_CODE with file and line. */
enum err rates_load(struct rates **out, struct arena *a, const struct scheme *s, const char *path,
                    struct error *e);
/* US cents of an amount in minor units, half to even; false: no rate, or too large for int64. */
bool rates_cents(const struct rates *r, const struct scheme *s, int currency, int month,
                 int64_t amount, int64_t *cents);

/* Parts of a whole by ppm, whole cents that sum to it exactly: each part is rounded towards zero
 * and what is left goes to the largest remainders, the earlier one first among equals. */
void share_out(int64_t whole, const struct share *share, int n, int64_t *part);

#endif
