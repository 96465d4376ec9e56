/* law, inside: a reader over jansson that turns every misstep into an error with a place. */
#ifndef LAW_INTERNAL_H
#define LAW_INTERNAL_H

#include <jansson.h>
#include "law/law.h"

bool layer_kind_parse(struct str s, enum layer_kind *out);
bool edition_kind_parse(struct str s, enum edition_kind *out);

/* One document being read: where we are, for errors. */
struct reader {
    struct arena *a;
    struct corpus *c;
    const char *file;
    char path[128]; /* "/provisions/3" */
    struct error *e;
};

enum err read_document(struct reader *r, struct str text, json_t **out);
/* Marks the error with file and field and returns code. */
enum err read_fail(struct reader *r, const char *field, const char *zh, const char *en,
                   const char *what);
/* Text of a member, copied; {NULL,0} if absent or null. Wrong type: error. */
enum err read_text(struct reader *r, const json_t *o, const char *key, struct str *out);
enum err read_text_needed(struct reader *r, const json_t *o, const char *key, struct str *out);
enum err read_int(struct reader *r, const json_t *o, const char *key, int absent, int *out);
enum err read_bool(struct reader *r, const json_t *o, const char *key, bool absent, bool *out);
enum err read_day(struct reader *r, const json_t *o, const char *key, day_t absent, day_t *out);
enum err read_grade(struct reader *r, const json_t *o, const char *key, bool needed, char *out);
/* Array member or NULL when absent or null; wrong type: error. */
enum err read_array(struct reader *r, const json_t *o, const char *key, const json_t **out);
enum err read_texts(struct reader *r, const json_t *o, const char *key, int *n,
                    struct str **out);

enum err read_facts(struct reader *r, const json_t *root);
enum err read_expr(struct reader *r, const json_t *x, const char *field, int *out);
enum err read_sectors(struct reader *r, const json_t *list, const char *field, uint64_t *bits);
enum err read_places(struct reader *r, const json_t *list, const char *field, uint64_t *bits);
enum err read_origins(struct reader *r, const json_t *list, const char *field, uint64_t *bits,
                      struct str *group);
enum err read_provision(struct reader *r, const json_t *p, struct provision *out);

#endif
