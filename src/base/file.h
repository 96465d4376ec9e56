/* Reading one regular file whole. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* ERR_NOT_FOUND, ERR_IO, ERR_LIMIT (LIMIT_FILE_BYTES) or ERR_INVALID (not a regular file). */
enum err file_read(struct arena *a, const char *path, struct str *out, struct error *e);

#endif
