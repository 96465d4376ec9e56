/*
 * catalogue: permits and rules as data. A rule is one licence, approval, bar or duty that an
 * authority applies to the supply of a service, with the statute it rests on, the list item it
 * puts into effect (list_key, where known), whom it binds, and how well all that is known. The
 * format is described in the notes of data/permits.json; its scopes are those of list items
 * (docs/instrument-format.md), so that rules and lists are sets of cells of one space.
 *
 * A catalogue is a start unless it says that it is complete: no rule in it is not "no law".
 * A rule without scope (the source gives none) is kept and counted, never compared.
 *
 * Reading is strict: names that are not of the format, codes that are in no list, a rule without
 * grade, a grade above C without statute, a key that no list holds: ERR_INVALID (ERR_SYNTAX,
 * ERR_LIMIT) with the file and the field ("/rules/3/scope/sectors"). Owner: the arena.
 */
#ifndef OPENNESS_CATALOGUE_H
#define OPENNESS_CATALOGUE_H

#include "law/law.h"

enum binds { BINDS_UNKNOWN, BINDS_FOREIGN, BINDS_ALL };
enum level { LEVEL_NATIONAL, LEVEL_LOCAL };

struct permit {
    struct str id, zh, en, list_key, authority_zh, authority_en, note, source_register;
    enum level level;
    enum binds binds;
    enum effect effect;       /* EFFECT_COUNT: the source does not say (only without scope) */
    enum treatment treatment; /* of the effect; EQUAL if there is none */
    bool has_scope;
    struct scope scope;
    int activity;       /* value of the fact "activity" it is limited to, -1: not limited */
    char evidence;      /* 'B' 'C' (or 'A': the rule's own text in this wording) */
    char mapping;       /* how well the sectors fit its words: high 'A', medium 'B', low 'C' */
    day_t valid_from, valid_to;
    int n_conditions;
    struct clause *condition; /* when -1: in words only */
    int n_basis;
    struct basis *basis;
    int n_sources;
    struct str *source;
};

struct catalogue {
    struct str id, title_zh, title_en;
    bool complete;
    int n;
    struct permit *permit; /* in the order of the file */
};

/* `c` gives the codes, the keys of items and the facts. After an error *out is void. */
enum err catalogue_read(struct catalogue **out, struct arena *a, const struct corpus *c,
                        struct str json, const char *file, struct error *e);
enum err catalogue_load_shipped(struct catalogue **out, struct arena *a, const struct corpus *c,
                                struct error *e);
const char *binds_name(enum binds b); /* "foreign-only", "all", NULL */
const char *level_name(enum level l); /* "national", "local" */

#endif
