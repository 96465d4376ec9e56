/*
 * generate: a made-up economy with known truth, to test checks, screening, compilation and
 * disclosure control on. It is calibrated and raked to published totals (docs/statistics.md), its
 * firms are heavy-tailed, its months seasonal; faults, late reporters and listed activities are
 * planted and labelled. Every file it writes says that it is made up; nothing of it is ever shown
 * as real. The same seed gives the same bytes on every machine, whatever the number of threads:
 * whole numbers only, and every record is a function of the seed and of its own number.
 *
 * Control totals. The economy is a copy of one in `scale`: in every month, flow and main item the
 * records without a fault (PLANT_NONE, PLANT_LATE, PLANT_LISTED and, as minus of the other flow,
 * PLANT_REFUND), each in US cents by the rates table written beside, sum to control.usd_cents
 * exactly.
 */
#ifndef DECLARATION_GENERATE_H
#define DECLARATION_GENERATE_H

#include "declaration/parties.h"

enum { CONTROL_ITEMS = 12, /* SA to SL */
       GENERATE_MONTHS = 120, GENERATE_MONTH_ROWS = 48 /* at least, on average */ };
/* Rows done of all; called in order, by one thread at a time. */
typedef void generate_progress_fn(void *ctx, int64_t rows, int64_t of);

struct generate_options {
    const struct scheme *scheme;
    int64_t rows;
    uint64_t seed;
    day_t from;        /* first month; 0: the 24 months (or `months`) up to April 2026, the last
                          one that was published when this was written */
    int months;        /* 0: 24 */
    int enterprises;   /* 0: rows / 50, at least 200 and at most 500,000 */
    bool faults;       /* plant them, refunds and listed activities too */
    bool late;         /* plant late reporters */
    day_t reported_to; /* leave out what is reported after that day; 0: nothing. Earlier lines stay
                          the same: so vintages of one economy are made */
    int n_threads;     /* 0: one for each processor, up to 16 */
    int controls_fd;   /* where control totals go (CSV); 0: nowhere */
    generate_progress_fn *progress; /* NULL allowed */
    void *progress_ctx;
};
enum plant { PLANT_NONE, PLANT_MISCODED, PLANT_PARTNER, PLANT_DUPLICATE, PLANT_TWICE, PLANT_UNIT,
             PLANT_LATE, PLANT_CHECK_DIGIT, PLANT_UNKNOWN_CODE, PLANT_DIRECTION, PLANT_HOME_COUNTRY,
             PLANT_ZERO_AMOUNT, PLANT_CURRENCY, PLANT_BAD_DAY, PLANT_BANK, PLANT_NETTING,
             PLANT_REFUND, PLANT_SHORT_ROW, PLANT_OPEN_QUOTE, PLANT_LISTED, PLANT_COUNT };
extern const char *const plant_name[PLANT_COUNT];

/* Where a control total comes from. */
enum control_status { CONTROL_PUBLISHED, /* in USD, for the item and month */
                      CONTROL_RMB,       /* published in RMB only, at the implied rate */
                      CONTROL_SHARED,    /* a published total of services, parted by the shares of
                                            the months around that have items */
                      CONTROL_INTERPOLATED, CONTROL_STATUS_COUNT };
extern const char *const control_status_name[CONTROL_STATUS_COUNT];
struct control {
    int64_t usd_cents; /* of the copy: published / scale, half to even */
    uint8_t status;
};
struct controls {
    int64_t scale;
    int from, n; /* months since January 2000 */
    struct control (*month)[FLOW_COUNT][CONTROL_ITEMS];
};
/* The control totals of an economy, without making it. ERR_USAGE, ERR_INVALID. */
enum err generate_controls(const struct generate_options *o, struct arena *a,
                           struct controls *out, struct error *e);

/* Writes declarations (CSV), the truth (CSV: line,report_no,plant,rule: one line per planted
 * record; of a report number that differs from its twin, both), the register (CSV) and the rates
 * (CSV). Any but the first may be 0: not written. ERR_IO, ERR_USAGE, ERR_LIMIT. */
enum err generate(const struct generate_options *o, int out_fd, int truth_fd, int register_fd,
                  int rates_fd, struct error *e);

#endif
