/*
 * Errors of the world: bad input, missing file, full disk. Each has a stable code, a message
 * key (messages live in po/), a detail in the user's own words, a hint, and a place.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

/* Order is the stable numbering; names are what JSON and problem+json print (err_name). */
enum err {
    OK = 0,
    ERR_USAGE,        /* the command line or the request is not well formed */
    ERR_SYNTAX,       /* malformed JSON, CSV, date, number or UTF-8 */
    ERR_LIMIT,        /* a limit of base/limits.h was met */
    ERR_UNKNOWN_CODE, /* a code that is in no list */
    ERR_AMBIGUOUS,    /* words that fit several classes alike */
    ERR_DATE_RANGE,   /* a date outside what can be answered */
    ERR_PLACE_DATE,   /* a place that did not exist on that date */
    ERR_CLAIM,        /* a claim that cannot be made by this asker */
    ERR_UNKNOWN_FACT, /* a fact name or value that is not in the dictionary */
    ERR_INVALID,      /* well formed, but breaks a rule of the format */
    ERR_NOT_FOUND,
    ERR_DENIED,
    ERR_CONFLICT,
    ERR_INTEGRITY,
    ERR_IO,
    ERR_BUSY,
    ERR_COUNT
};

struct error {
    enum err code;
    char detail_zh[320];
    char detail_en[320];
    char hint[320];  /* what to do: a command, a did-you-mean list; may be empty */
    char file[256];  /* where: file or request part; empty if none */
    char field[128]; /* JSON pointer, column or option name; empty if none */
    int line;        /* 1-based, 0 if none */
};

/* Stable lower-case name, e.g. "unknown-code". */
const char *err_name(enum err code);

/* Fills *e (if not NULL) and returns code. zh and en are printf formats that take the SAME
 * arguments in the same order. */
enum err err_set(struct error *e, enum err code, const char *zh, const char *en, ...)
    __attribute__((format(printf, 4, 5)));
void err_hint(struct error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void err_at(struct error *e, const char *file, int line, const char *field);

/* Exit status of the command line for an error (contract: 2 usage, 3 not found, ...). */
int err_exit_status(enum err code);

#define TRY(expr)                      \
    do {                               \
        enum err try_err_ = (expr);    \
        if (try_err_ != OK)            \
            return try_err_;           \
    } while (0)

_Noreturn void check_failed(const char *cond, const char *file, int line);
#define check(cond) ((cond) ? (void)0 : check_failed(#cond, __FILE__, __LINE__))

#endif
