/*
 * declaration: what banks and enterprises declare of cross-border service payments, and the road
 * from there to statistics: read, check, screen against the lists of the payment's own day,
 * aggregate. Files of the room, each with a header of its own:
 *
 *   scheme.h    parameters as data: transaction codes, splits, rules, modes, regions, rates
 *   intake.h    files in, records out, in blocks and on several threads; rejects to quarantine
 *   parties.h   who declares: dense numbers for enterprises, company groups, their register
 *   cube.h      exact integer cells: sum, count, contributors, first and second contributor
 *   screen.h    every record against the law of its day
 *   direct.h    what key enterprises report themselves, set beside what banks declared
 *   generate.h  a made-up economy with known truth; never presented as real
 *   batch.h     what has been taken in: immutable, content-addressed, resumable
 *
 * A record is one line of an ITRS declaration (涉外收付款申报): BPM6 says what it means, the codes
 * are those of 涉外收支交易编码 (2014). Money is int64 in minor units of its currency; totals do
 * not depend on the order of records, on how files are cut or on the number of threads.
 * A rejected record leaves the statistics, never the house: it waits in quarantine with its reason.
 */
#ifndef DECLARATION_DECLARATION_H
#define DECLARATION_DECLARATION_H

#include "classification/classification.h"

/* BPM6 2.13: a receipt of the resident is a credit (export), a payment a debit (import). */
enum flow { FLOW_CREDIT, FLOW_DEBIT, FLOW_COUNT };
enum party_kind { PARTY_UNIT,        /* C: 对公, 18-character unified code (GB 32100-2015) */
                  PARTY_RESIDENT,    /* D: resident individual, 18-character number (GB 11643) */
                  PARTY_NONRESIDENT  /* F: non-resident individual, any 1..18 letters and digits */ };
enum advance { ADVANCE_NONE,  /* N */
               ADVANCE_PAID,  /* A: prepayment, counted when paid */
               ADVANCE_REFUND /* R: takes back a payment of the OTHER flow, and counts there as
                                 minus (docs/statistics.md) */ };

/* The columns of a file, by their names in its first line, in any order; those not marked * may
 * be absent. NDJSON uses the same names as keys; numbers may be JSON numbers or strings.
 *   report_no*  22 digits: 6 region, 4 bank, 2 branch, 6 day (YYMMDD), 4 serial
 *   party_id*   18 characters (18 or fewer for non-residents)
 *   party_kind* C, D or F
 *   region*     6 digits of GB/T 2260, the first two decide the province
 *   zone        a place code below that province ("CN-SH-FTZ"), empty: none
 *   bank*       4 digits, as in report_no
 *   flow*       C credit (receipt), D debit (payment)
 *   code*       6 digits of the transaction code
 *   country*    ISO 3166 alpha-3 of the counterpart
 *   currency*   ISO 4217 alpha-3
 *   amount*     whole minor units of the currency, digits only, at most 15
 *   rate        the bank's conversion to CNY: digits, up to 8 decimals; empty: none
 *   date*       YYYYMMDD or YYYY-MM-DD: the day of receipt or payment
 *   advance     N, A or R; empty: N
 *   contract    text
 *   remark      text */
enum column { COL_REPORT_NO, COL_PARTY_ID, COL_PARTY_KIND, COL_REGION, COL_ZONE, COL_BANK, COL_FLOW,
              COL_CODE, COL_COUNTRY, COL_CURRENCY, COL_AMOUNT, COL_RATE, COL_DATE, COL_ADVANCE,
              COL_CONTRACT, COL_REMARK, COL_COUNT };
extern const char *const column_name[COL_COUNT];

/* Rules, in the order of data/statistics/rules.csv, which gives each its severity, words and
 * parameters. The first five are ours and about form; R1 to R15 are the working list of
 * docs/statistics.md. */
enum rule { RULE_FORM,     /* number of fields, quotes, encoding, a value that cannot be read */
            RULE_IDENTITY, /* check digit of the party's number */
            RULE_REPORT,   /* parts of the report number disagree with bank, region or a real day */
            RULE_TWICE,    /* the same report number twice (see cube.h) */
            RULE_WHEN,     /* a day before the scheme or after the day of reporting */
            RULE_R1, RULE_R2, RULE_R3, RULE_R4, RULE_R5, RULE_R6, RULE_R7, RULE_R8, RULE_R9,
            RULE_R10, RULE_R11, RULE_R12, RULE_R13, RULE_R14, RULE_R15, RULE_COUNT };
enum severity { SEVERITY_NOTE, SEVERITY_QUERY, SEVERITY_REJECT, SEVERITY_EXCLUDE /* R10: set aside
                of the statistics, not wrong */ };

/* One record, decoded. The slices live until the function that got it returns. */
struct declaration {
    struct str line;           /* as it stood in the file, for quarantine and samples */
    struct str report_no, party_id, contract, remark;
    uint64_t report_key;       /* with report_part: the report number, without loss */
    uint8_t report_part;
    uint8_t party_kind, flow, advance;
    uint8_t code;              /* in scheme.code */
    uint8_t country;           /* in classification.economy */
    uint8_t place;             /* in classification.place: the zone, else the province */
    uint8_t currency;          /* in scheme.currency */
    uint16_t bank;             /* 0..9999 */
    day_t on;                  /* of receipt or payment */
    day_t reported;            /* day in the report number */
    int64_t amount;            /* minor units, > 0 */
    int64_t rate_e8;           /* the bank's rate, 0: none */
    uint32_t rules;            /* bit = enum rule: what was found, RULE_COUNT < 32 */
    uint32_t line_no;          /* of its file, from 1 */
};

/* Party numbers. Both take the 18 characters. */
bool unified_code_valid(const char id[18]);  /* GB 32100-2015: modulo 31 over 0-9A-HJ-NPQRTUWXY */
bool citizen_number_valid(const char id[18]); /* GB 11643-1999: ISO 7064 MOD 11-2 */
char unified_code_check(const char id[17]);   /* the character that makes it valid */
char citizen_number_check(const char id[17]);

#endif
