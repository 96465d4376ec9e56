/* The data the program was built with: every file of data/ lies inside the binary, so that a
 * copied binary answers without anything beside it. Names are paths below data/, e.g.
 * "codes/economies.csv". The table is written by tools/mkdata at build time. */
#ifndef BASE_SHIPPED_H
#define BASE_SHIPPED_H

#include <stdbool.h>
#include <stddef.h>
#include "base/str.h"

bool shipped_get(const char *name, struct str *out);
size_t shipped_count(void);
struct str shipped_name(size_t i); /* sorted by name */
struct str shipped_text(size_t i);

#endif
