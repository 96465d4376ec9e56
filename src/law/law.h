/*
 * law: instruments and provisions as data, read once at the border and never changed.
 *
 * An instrument is one published text (a negative list, a treaty, a domestic arrangement). A
 * provision is one article or item of it: a stable key (the same rule keeps its key across
 * editions and lists; the printed number does not carry), a scope, an effect, what makes it
 * bite, what lifts it, the statute behind it, and an evidence grade (A: the item's own text was
 * read; B: the rule was read in the statute behind it; C: general knowledge, to be confirmed).
 *
 * Two clocks: valid [from, to) is when it binds; known [from, to) is when the platform had it.
 * A correction is a new record that closes the old one. The corpus below is what both the
 * engine and the judge read; the *meaning* of these fields is written in docs/meaning.md and
 * implemented twice in decide/, sharing nothing but these types.
 *
 * Errors of loading name file, line or field. Owner of all memory: the arena given.
 */
#ifndef LAW_LAW_H
#define LAW_LAW_H

#include "space/space.h"

enum family { FAMILY_CROSS_BORDER, FAMILY_INVESTMENT, FAMILY_MARKET_ACCESS, FAMILY_PERMITS,
              FAMILY_FLOWS, FAMILY_COMMITMENTS, FAMILY_SUPPORT, FAMILY_PILOT, FAMILY_COUNT };
enum layer_kind { LAYER_NATIONAL, LAYER_ZONE, LAYER_ARRANGEMENT, LAYER_TREATY };
enum edition_kind { EDITION_OFFICIAL, EDITION_WORKING, EDITION_HEADLINE, EDITION_FACTS };

/* Treatments form a chain: equal is the most favourable, prohibited the least. */
enum treatment { EQUAL, NOTIFY, CONDITION, APPROVAL, PROHIBITED, SILENT };

enum effect { EFFECT_PROHIBIT, EFFECT_QUALIFICATION_BARRED, EFFECT_REQUIRE_APPROVAL,
              EFFECT_REQUIRE_LOCAL_PRESENCE, EFFECT_RESTRICT, EFFECT_QUOTA, EFFECT_CONDITION,
              EFFECT_NOTIFY, EFFECT_FILE, EFFECT_COMMIT, EFFECT_DISPLACE, EFFECT_COUNT };

enum join { JOIN_ALL, JOIN_ANY, JOIN_CASE };

/* --- facts ------------------------------------------------------------------------------ */
enum fact_type { FACT_BOOL, FACT_ENUM, FACT_NUMBER };
enum fact_role { ROLE_SCOPE,     /* what the asker does or is */
                 ROLE_CONDITION, /* what the asker can arrange */
                 ROLE_STATE };   /* how the world is, what the state decided */

struct fact_value {
    struct str value, zh, en;
};
struct fact {
    struct str name, unit, zh, en, help_zh, help_en; /* zh, en: the question */
    enum fact_type type;
    enum fact_role role;
    bool derived; /* set by the program from the question: supply.mode, territory, entity.form */
    int n_values;
    struct fact_value *value; /* enums; ordered ones from low to high */
};
/* Values: bool 0/1, enum index of the value, number times 10,000. */
#define FACT_SCALE 10000
struct facts { /* what is known about one supply */
    uint64_t known[LIMIT_FACTS / 64];
    int64_t value[LIMIT_FACTS];
};

/* --- expressions over facts ------------------------------------------------------------- */
enum op { OP_IS, OP_NOT, OP_IN, OP_GTE, OP_LTE, OP_ALL, OP_ANY };
struct expr { /* a node; children of ALL and ANY are linked by next */
    enum op op;
    int fact;        /* index in the dictionary; -1 for ALL and ANY */
    int64_t value;   /* IS NOT GTE LTE */
    uint64_t values; /* IN: bit = enum index */
    int child, next; /* node indexes, -1 if none */
};

struct clause { /* an exception, an exemption or a condition, with its words */
    int when;   /* expr node; -1: in words only, no program can check it */
    bool has_origins;
    uint64_t origin[ORIGIN_WORDS]; /* whom it serves, if has_origins (exemptions) */
    uint64_t place[PLACE_WORDS];   /* where it serves (all places unless it says) */
    struct str zh, en;
    char evidence;     /* 'A' 'B' 'C', 0 if not graded on its own */
    struct str source; /* id of the arrangement it comes from; empty: the provision itself */
};

struct basis { /* the law behind a provision */
    struct str title_zh, version, article, note;
    bool matched;
};

struct provision {
    int instrument, layer; /* layer -1: never a rule (displace, headline) */
    struct str key, section, zh, en, note, listing, number_basis, authority_zh, authority_en,
        obligation, carve_out_overlap, requirement;
    int no; /* printed number, 0 if not known */
    char evidence;
    enum effect effect;
    enum treatment treatment; /* what the effect means when nothing lifts it */
    struct scope scope;
    bool partial;     /* the scope is wider than the text (partial concordance) */
    int n_when;       /* all must hold for it to bite */
    int *when;
    int n_exceptions; /* any that holds takes the supply out */
    struct clause *exception;
    int n_exemptions; /* by origin; any that holds takes the supply out */
    struct clause *exemption;
    enum join lift_join;
    int n_lift;
    struct clause *lift;
    int n_basis;
    struct basis *basis;
    int n_sources;
    struct str *source;
    int n_displaces; /* keys, for EFFECT_DISPLACE */
    struct str *displaces;
};

struct headline { /* a fact about a text that is not encoded item by item */
    struct str key, zh, en, value;
    char evidence;
};
struct note { /* a point of the preamble */
    int point;
    struct str zh, en;
};

struct instrument {
    struct str id, title_zh, title_en, issuer_zh, issuer_en, document_no, note_zh, note_en;
    enum family family;
    enum layer_kind kind;
    enum edition_kind edition;
    bool default_equal; /* negative list: unmatched is EQUAL; else unmatched is SILENT */
    bool claimable, complete;
    bool is_layer; /* has rules that decide; layers are numbered in order of the corpus */
    int layer;     /* 0..63, -1 */
    int published_total, unlocated;
    day_t published, valid_from, valid_to, known_from, known_to;
    uint64_t place[PLACE_WORDS];   /* where it speaks */
    uint64_t origin[ORIGIN_WORDS]; /* for whom (dated groups: taken on its first day) */
    struct str group;              /* dated group behind `origin`, empty if none */
    int first, n; /* its provisions: corpus->provision[first .. first+n) */
    int n_sources;
    struct str *source;
    int n_replaces; /* ids of the texts that end where this one begins */
    struct str *replaces;
    struct str ended_by; /* id of the text that ended this one, written when that was published */
    struct str classification; /* of its sector codes; empty: GB/T 4754-2017 */
    int n_notes;
    struct note *note;
    int n_headlines;
    struct headline *headline;
    int grades[3]; /* provisions by grade A, B, C */
    struct str text; /* the JSON it was read from */
    char hash[65];   /* SHA-256 of text */
};

struct carve_out { /* note 4: unlisted measures on these topics keep their current rules */
    int instrument;
    int point;
    struct str topic, zh, en, basis_zh, basis_en;
    bool has_sectors;
    uint64_t sector[SECTOR_WORDS];
    int when; /* expr, -1: the whole of its sectors */
    char evidence;
};

struct corpus {
    const struct classification *codes;
    int n_instruments;
    struct instrument *instrument; /* in order of id */
    int n_provisions;
    struct provision *provision;
    int n_layers;
    int layer[LIMIT_LAYERS]; /* layer -> instrument */
    int n_facts;
    struct fact *fact;
    int n_exprs;
    struct expr *expr;
    int n_carve_outs;
    struct carve_out *carve_out;
    int fact_mode, fact_territory, fact_form; /* the derived facts, -1 if absent */
    char hash[65]; /* of everything above, code lists included */
};

/* The corpus is built in this order: law_begin (facts), law_add for each instrument text in
 * order of id (records of one id in order of known_from), law_carve_outs, law_finish
 * (displacements resolved, checks over the whole,
 * hash). Every function names file, line and field in *e. After an error the corpus is void. */
enum err law_begin(struct corpus **out, struct arena *a, const struct classification *codes,
                   struct str facts_json, const char *file, struct error *e);
enum err law_add(struct corpus *c, struct arena *a, struct str json, const char *file,
                 struct error *e);
/* The record just added was known only in [from, to): a later record of the same id follows, or
 * an earlier one went before. ERR_INVALID if nothing is left of its own interval. */
enum err law_known(struct corpus *c, day_t from, day_t to, struct error *e);
enum err law_carve_outs(struct corpus *c, struct arena *a, struct str json, const char *file,
                        struct error *e);
enum err law_finish(struct corpus *c, struct arena *a, struct error *e);
/* All of that from the shipped files. */
enum err law_load_shipped(struct corpus **out, struct arena *a,
                          const struct classification *codes, struct error *e);

int fact_find(const struct corpus *c, struct str name); /* -1 */
int instrument_find(const struct corpus *c, struct str id); /* the latest record of that id */
/* The record that is open: not closed by a correction. Lists for people show these. */
static inline bool instrument_current(const struct instrument *i)
{
    return i->known_to == DAY_MAX;
}
const struct provision *provision_find(const struct corpus *c, int instrument, struct str key);
/* Provisions whose text, key or authority holds every word of `words` (parted by spaces; exact
 * substrings, so 1, 2 and n Chinese characters alike; ASCII letters without case), in order of
 * the corpus. Returns how many there are; writes at most `room` of them. */
int law_find(const struct corpus *c, struct str words, int *out, int room);
/* "name=value" into *f. ERR_UNKNOWN_FACT with did-you-mean or the list of values. */
enum err fact_parse(const struct corpus *c, struct str assignment, struct facts *f,
                    struct error *e);
void fact_set(struct facts *f, int fact, int64_t value);

const char *family_name(enum family f);
const char *effect_name(enum effect e);
const char *treatment_name(enum treatment t); /* "equal" ... "prohibited"; SILENT: "silent" */
const char *layer_kind_name(enum layer_kind k);
const char *edition_kind_name(enum edition_kind k);
/* False, and the first of them, for a word that is no name. */
bool family_parse(struct str s, enum family *out);
bool effect_parse(struct str s, enum effect *out);
/* What an effect alone comes to (docs/meaning.md section 3); COMMIT carries its own. */
enum treatment effect_treatment(enum effect e);

#endif
