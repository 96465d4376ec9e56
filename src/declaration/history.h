/*
 * history: the rules that need a party's other records. Two passes over the same files: the first
 * learns, the second finds.
 *
 *   R8   |log2 amount - median| > times x MAD over the party's own records (in US cents; parties
 *        with fewer than HISTORY_MIN records have no history; the MAD counts as at least half a
 *        doubling, or a party that always pays the same would be asked about every change)
 *   R14  a refund without a payment it takes back: same party, code and currency, other flow, not
 *        later, not smaller, and the same contract where both name one
 *
 * Whole numbers only, so that a finding does not depend on the machine or the number of threads.
 */
#ifndef DECLARATION_HISTORY_H
#define DECLARATION_HISTORY_H

#include "declaration/intake.h"
#include "declaration/parties.h"

enum { HISTORY_MIN = 8, HISTORY_SAMPLES = 20, HISTORY_LOG = 1024 /* steps of one doubling */ };

struct history_finding { /* one record to ask about; no byte of it is left unset */
    char report_no[24], party_id[PARTY_ID_BYTES + 2];
    enum rule rule;
    int64_t cents;   /* R8: of the record */
    int64_t usual;   /* R8: cents at the median, about */
};
struct history_party { /* a party that is asked about often */
    char id[PARTY_ID_BYTES + 2];
    uint32_t records, queries;
};

struct history;
/* scheme->rates must be there: amounts are compared in one currency. */
struct history *history_create(const struct scheme *s, int n_threads);
void history_destroy(struct history *h); /* NULL allowed */
void history_rows(void *history, int thread, struct declaration *d, int n);  /* first pass */
enum err history_settle(struct history *h, struct error *e);                 /* between them */
void history_again(void *history, int thread, struct declaration *d, int n); /* second pass */

struct history_report {
    int64_t rule[RULE_COUNT];  /* R8 and R14; the others stay 0 */
    int n_samples;             /* those with the lowest report numbers, R8 and R14 */
    struct history_finding sample[2 * HISTORY_SAMPLES];
    int n_parties;             /* most queries of all rules first */
    struct history_party party[HISTORY_SAMPLES];
    int64_t with_history;      /* parties that have one */
};
void history_report(struct history *h, struct history_report *out);

/* About 1,024 times the binary logarithm, rising with x; x >= 1. */
int32_t history_log(int64_t x);

#endif
