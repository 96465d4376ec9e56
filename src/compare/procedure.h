/*
 * procedure: the register of procedures and time limits (data/procedures.json). A procedure
 * belongs to a provision only when the register's own tie says so: by the provision's key, or by
 * family and effect ("permit for a service on the cross-border list"). Nothing else is guessed;
 * a time limit that the register does not have is not known, and the defaults of the
 * Administrative Licensing Law are shown as defaults. Grades: B verified, C general knowledge.
 */
#ifndef COMPARE_PROCEDURE_H
#define COMPARE_PROCEDURE_H

#include "law/law.h"

struct procedure_step {
    struct str by, what;
    int working_days; /* of the authority; -1: not known */
    char evidence;    /* 0 if not graded on its own */
};

struct procedure_tie { /* an empty key: by family and effect */
    struct str key;
    enum family family;
    enum effect effect;
};

struct procedure_default { /* a row of the licensing law */
    struct str key, zh, en;
    int working_days, extension; /* -1: none */
    char evidence;
};

struct procedure {
    struct str key, zh, en, authority, result;
    char evidence;
    int working_days; /* the limits known, added up, renewals left out; -1: none known */
    bool default_limits; /* sector permits: the defaults hold unless the sector law has its own */
    int n_steps, n_sources, n_ties;
    struct procedure_step *step;
    struct str *source;
    struct procedure_tie *tie;
};

struct procedures {
    int n, n_defaults;
    struct procedure *procedure;
    struct procedure_default *defaults;
    struct str defaults_zh, defaults_en; /* title of the law */
};

/* Reads the text of procedures.json. Errors: ERR_SYNTAX, ERR_INVALID with the field. */
enum err procedures_read(struct procedures *out, struct arena *a, struct str json,
                         const char *file, struct error *e);
/* The shipped register. */
enum err procedures_load(struct procedures *out, struct arena *a, struct error *e);
/* The procedure tied to a provision, by key before by family and effect; NULL if none. */
const struct procedure *procedure_of(const struct procedures *r, const struct corpus *c,
                                     int provision);
void procedure_json(const struct procedures *r, const struct procedure *p, struct jsonw *w);

#endif
