/* What `list lint` and `list publish` share: a draft read into the law as it would stand, and
 * what the checks say of it. */
#ifndef CLI_LINT_H
#define CLI_LINT_H

#include "cli/internal.h"
#include "law/checks.h"

struct draft_world { /* the law with the draft in it; the store is not changed */
    struct arena arena;
    struct store store;
    struct db *db; /* of the store */
    struct classification *codes;
    struct corpus *now;    /* the law of the store */
    struct corpus *corpus; /* with the draft; NULL if it could not be read */
    int draft;             /* its index in corpus */
    day_t known;           /* the day from which it would be known */
    struct str text;       /* the file */
    struct law_findings findings;
};

/* On an error w->text is set if the file could be read: *e then says what is wrong in it. */
enum err draft_world_open(struct draft_world *w, const char *store, const char *file,
                          struct error *e);
void draft_world_close(struct draft_world *w);

/* The error is about the draft's text, not about the store or the command. */
bool draft_fault(const struct draft_world *w, const char *file, enum err r, struct error *e);
void findings_text(const struct law_findings *f, const char *file, bool zh, struct buf *out);
/* Writes the members errors, warnings, findings. `e`: what the loader refused, or NULL. */
void findings_json(const struct law_findings *f, const struct error *e, struct jsonw *j);

#endif
