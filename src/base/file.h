/* Reading one regular file whole; what comes before and with writing one. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* ERR_NOT_FOUND, ERR_IO, ERR_LIMIT (LIMIT_FILE_BYTES) or ERR_INVALID (not a regular file). */
enum err file_read(struct arena *a, const char *path, struct str *out, struct error *e);
/* The same of a file that nobody but its owner, who is us, may reach: else ERR_DENIED. */
enum err file_read_private(struct arena *a, const char *path, struct str *out, struct error *e);

/* Before long work whose result will be written beside `path` and renamed to it: the folder is there
 * and may be written (ERR_NOT_FOUND, ERR_DENIED), and no link, folder, pipe or device bears the name,
 * which a rename would put a plain file in the place of (ERR_INVALID). */
enum err file_may_be_made(const char *path, struct error *e);

/* The folder that `path` is in, into `out`; false: it has no room. */
bool file_folder(const char *path, char *out, size_t room);
/* All of `s` to an open file, however often the call is cut short; false, and errno, if it fails. */
bool file_write(int fd, struct str s);
/* All of n bytes at a place; false with errno. A file that is shorter than what is asked: EIO. */
bool file_write_at(int fd, const void *p, size_t n, int64_t at);
bool file_read_at(int fd, void *p, size_t n, int64_t at);

#endif
