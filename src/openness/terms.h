/*
 * terms: what an agreement obliges to beyond its schedule of lines. Standstill and ratchet bind
 * the applied regime over time; a most-favoured-nation clause binds it between economies; other
 * terms say how to read a gap. Compiled from the texts and excerpts that were read
 * (data/obligations.json); a term that was not read is not known, and nothing is inferred.
 * Every known term carries its grade (B: read in a source, C: general knowledge) and sources.
 */
#ifndef OPENNESS_TERMS_H
#define OPENNESS_TERMS_H

#include "law/law.h"

enum standstill_kind { STANDSTILL_NONE, STANDSTILL_CONSULT, STANDSTILL_FIXED, STANDSTILL_RATCHET,
                       STANDSTILL_RATCHET_MARKED, /* only in lines marked in the schedule */
                       STANDSTILL_KINDS };
enum mfn_kind { MFN_NONE, MFN_DISCUSSION, MFN_LISTED_SECTORS, MFN_AUTOMATIC, MFN_KINDS };

struct term {
    bool known;
    int kind;      /* enum standstill_kind or enum mfn_kind */
    day_t from;    /* DAY_MIN: from entry into force */
    char evidence; /* 'A' 'B' 'C' */
    struct str zh, en;
    int n_sources;
    struct str *source;
};

struct terms { /* of one agreement */
    struct str id;
    struct term standstill, renewal, local_exempt, mfn, schedule_state;
    unsigned modes; /* bit m: modes that standstill reaches; 0: all */
    int renewal_days; /* 0: no number of days was read */
    bool mfn_earlier; /* agreements of an earlier day count, too */
    bool has_mfn_sectors;
    uint64_t mfn_sector[SECTOR_WORDS];
    uint64_t mfn_excluded[ORIGIN_WORDS];
};

struct obligations {
    int n;
    struct terms *terms;
    int n_local; /* instruments of local level, exempt where local_exempt says so */
    struct str *local;
};

/* Errors: ERR_SYNTAX, ERR_INVALID with file and field. */
enum err obligations_read(struct obligations **out, struct arena *a,
                          const struct classification *codes, struct str json, const char *file,
                          struct error *e);
enum err obligations_load(struct obligations **out, struct arena *a,
                          const struct classification *codes, struct error *e); /* shipped */
/* The terms of an agreement; all unknown if the data has no row for it. */
const struct terms *terms_of(const struct obligations *o, struct str id);
const char *standstill_name(int kind); /* "none", "consult", "standstill", "ratchet", ... */
const char *mfn_name(int kind);        /* "none", "discussion", "listed-sectors", "automatic" */

#endif
