/*
 * screen: every declaration against the law of its own day.
 *
 * A transaction code stands for EBOPS items, an item for a SET of classes of GB/T 4754 and, by the
 * allocation table, for modes of supply: a declaration is a set of supplies, and its outcome says
 * what holds for the set, never for a guess out of it:
 *
 *   hit         every supply of the set is prohibited whatever the facts
 *   possible    some supply is, or may be by facts not declared, other than `equal`: a prohibition,
 *               a condition, an approval, a carve-out; the explanation names the provisions and
 *               the fact that would settle most
 *   clean       every supply of the set is `equal`: the same rules as for domestic suppliers
 *   unscreened  no list of the deciding family was in force there on that day (exports, and dates
 *               before the lists), or the code reaches no class: not the same as clean
 *
 * Which supplies: every class that an item of the code reaches, in every mode that the allocation
 * table gives the item (a share above 0). A partial concordance makes the set wider than the
 * code, and what holds for all of a wider set holds for the code: `partial` is shown with the
 * reason and changes no outcome. The set is `open` when it may lack something: an item, or a
 * product of it (CPC), reaches no class, or an item has no mode. Then it is never a hit and never
 * clean, but possible, or unscreened.
 * A set that is partly `equal` and partly governed elsewhere is unscreened too.
 *
 * Whose law: a debit is an import, a credit an export; a refund is of the flow it takes back. The
 * origin is the counterpart's country, the place is the zone, else the province; a zone that was
 * not yet founded on that day was ground of the place above it, and is asked about as such. Units
 * are firms, individuals persons. No facts are known and nothing is claimed.
 *
 * Decisions are made once for each class of codes that no question can tell apart
 * (snapshot_grid) and looked up per record. A result is tied to the snapshot's hash.
 */
#ifndef DECLARATION_SCREEN_H
#define DECLARATION_SCREEN_H

#include "declaration/intake.h"
#include "decide/decide.h"

enum screen_outcome { SCREEN_CLEAN, SCREEN_POSSIBLE, SCREEN_HIT, SCREEN_UNSCREENED, SCREEN_COUNT };
extern const char *const screen_name[SCREEN_COUNT];

struct screen; /* for one snapshot; lookups are lock-free after screen_create */
/* For payments in [from, to], as known today; what lies outside is unscreened. ERR_LIMIT when the
 * days are more than LIMIT_SCREEN_DAYS, ERR_USAGE when there are none. n_threads 0: as many as
 * there are processors. */
enum err screen_create(struct screen **out, const struct scheme *s, const struct snapshot *snap,
                       day_t from, day_t to, int n_threads, struct error *e);
/* As known on a day of the snapshot's; ERR_DATE_RANGE when the platform knew nothing then. */
enum err screen_create_known(struct screen **out, const struct scheme *s,
                             const struct snapshot *snap, day_t from, day_t to, day_t known,
                             int n_threads, struct error *e);
void screen_destroy(struct screen *s); /* NULL allowed */
enum screen_outcome screen_one(const struct screen *s, const struct declaration *d);
/* intake_rows_fn: counts by outcome, provision, code, sector, bank, place; keeps the samples whose
 * report numbers have the smallest hash, so that they do not depend on threads or order. */
void screen_rows(void *screen, int thread, struct declaration *d, int n);

struct screen_summary {
    int64_t outcome[SCREEN_COUNT];
    int64_t code[SCHEME_CODES][SCREEN_COUNT];
    int64_t place[LIMIT_PLACES][SCREEN_COUNT];
    int64_t (*bank)[SCREEN_COUNT]; /* 10,000 */
    /* Records of which some supply meets the provision, or lies in the sector and is other than
     * `equal`; a record counts once in every line it has to do with. Most first. */
    int n_provisions;
    struct screen_provision { int provision; int64_t hit, possible; } *provision;
    int n_sectors;
    struct screen_sector { int division; /* in classification.gbt */ int64_t hit, possible;
    } *sector;
    int n_samples[SCREEN_COUNT];
    struct screen_sample *sample[SCREEN_COUNT];
};
enum { SCREEN_SAMPLES = 20 };
struct screen_sample { /* report numbers and what was asked; never who */
    char report_no[24];
    struct declaration d; /* its slices are empty */
};
/* Adds up the threads, when no thread is in screen_rows. Lives until the next call. */
const struct screen_summary *screen_summary(struct screen *s);
/* What one declaration's outcome rests on: provisions and the fact that settles most (-1). */
struct screen_reason {
    enum screen_outcome outcome;
    bool partial, open; /* of the set, see above */
    int n_supplies, n_prohibited, n_conditional, n_equal, n_other; /* leaves x modes */
    int n_provisions;
    int provision[LIMIT_MATCHES]; /* in the corpus, those that prevail in most supplies first */
    int next_fact; /* the next question (explain) of most supplies */
    char evidence; /* lowest grade; 0: nothing was answered */
};
void screen_explain(const struct screen *s, const struct declaration *d, struct screen_reason *out);
/* Records of one class have the same outcome and the same reason, so what was found for one may be
 * kept for the others: 0 to screen_classes() - 1. */
uint32_t screen_class(const struct screen *s, const struct declaration *d);
uint32_t screen_classes(const struct screen *s);
/* JSON of the contract of `fumao screen -o json`. */
void screen_json(struct screen *s, struct jsonw *w);

#endif
