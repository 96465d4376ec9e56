/* A streaming JSON writer: commas and escaping are its business, nesting is checked (a bug
 * aborts). Text must be valid UTF-8. Shape: no white space, or two-space indent. */
#ifndef BASE_JSONW_H
#define BASE_JSONW_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/str.h"

struct jsonw {
    struct buf *out;
    uint8_t depth;
    bool pretty;
    bool after_key;
    uint8_t kind[40];  /* '{' or '[' per level */
    bool filled[40];   /* a member was written at this level */
};

void jsonw_init(struct jsonw *w, struct buf *out, bool pretty);
void jsonw_object(struct jsonw *w);
void jsonw_array(struct jsonw *w);
void jsonw_end(struct jsonw *w);
void jsonw_key(struct jsonw *w, const char *key);
void jsonw_str(struct jsonw *w, struct str s); /* {NULL,0} writes null */
void jsonw_z(struct jsonw *w, const char *z);  /* NULL writes null */
void jsonw_int(struct jsonw *w, int64_t v);
void jsonw_real(struct jsonw *w, double v, int decimals);
void jsonw_bool(struct jsonw *w, bool v);
void jsonw_null(struct jsonw *w);
void jsonw_raw(struct jsonw *w, struct str json); /* already valid JSON */
/* Key and value in one call. */
void jsonw_kstr(struct jsonw *w, const char *key, struct str s);
void jsonw_kz(struct jsonw *w, const char *key, const char *z);
void jsonw_kint(struct jsonw *w, const char *key, int64_t v);
void jsonw_kbool(struct jsonw *w, const char *key, bool v);
void jsonw_kday(struct jsonw *w, const char *key, int32_t day); /* open ends write null */

#endif
