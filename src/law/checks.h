/*
 * checks: what is wrong, or odd, in one instrument beyond what the loader refuses. An error stops
 * publication; a warning is shown and does not. The loader has refused already: unknown codes,
 * facts and values, a repeated key, an empty interval, a grade A or B without source or basis, a
 * complete edition whose rows differ from the published number, sector codes of another
 * classification. docs/instrument-format.md lists the codes of the findings.
 */
#ifndef LAW_CHECKS_H
#define LAW_CHECKS_H

#include "law/law.h"

enum severity { FINDING_ERROR, FINDING_WARNING };

struct law_finding {
    enum severity severity;
    const char *code;   /* "contradiction", "redundant", "overlap", ... */
    struct str key;     /* of the provision; empty: the instrument */
    int line;           /* 1-based, in the instrument's text; 0 if not known */
    uint64_t cells;     /* of the region meant; 0 if none is */
    struct str zh, en;
};
struct law_findings {
    struct arena *a;
    int n, room, n_errors;
    struct law_finding *f; /* errors first, then in order of line */
};

/* Checks one instrument of a corpus in which it stands beside all others (registry_load_draft).
 * The findings are allocated from the arena. */
void law_checks(const struct corpus *c, int instrument, struct arena *a, struct law_findings *out);

/* Line (1-based) of a member in valid JSON: "/provisions/3/scope". As much of the pointer as
 * there is counts; 0 for an empty text. */
int law_line(struct str json, const char *pointer);

#endif
