/* files: files that are there whole or not at all, whatever happens to the machine. */
#ifndef LEDGER_FILES_H
#define LEDGER_FILES_H

#include "base/base.h"

/* Written, on the disk, then put in place of what was there. ERR_IO. */
enum err file_replace(const char *path, struct str text, unsigned mode, struct error *e);

/* SHA-256 of a file, hex. ERR_NOT_FOUND, ERR_IO. */
enum { FILE_HEX = 65 };
enum err file_digest(const char *path, char out[FILE_HEX], struct error *e);
/* From an open file to another; digest and bytes of what went through. `to_name` is for the error.
 * `turn`, when not NULL, is called now and then with the bytes so far; false: stop (ERR_BUSY). */
typedef bool file_turn_fn(void *ctx, int64_t bytes);
enum err file_pour(int from, int to, const char *to_name, file_turn_fn *turn, void *ctx,
                   int64_t *bytes, char hex[FILE_HEX], struct error *e);
/* To a new file of mode 0600, synced, in the place of one of its name. */
enum err file_pour_new(int from, const char *to, char hex[FILE_HEX], struct error *e);
/* A new folder of mode 0700. ERR_CONFLICT when it is there. */
enum err file_new_folder(const char *path, struct error *e);
/* What is in a folder, and its name, on the disk. */
enum err file_sync_whole(const char *folder, struct error *e);
/* A folder and the files in it, as far as it can be. */
void file_remove_folder(const char *path);
enum err file_fault(const char *path, struct error *e); /* ERR_IO, of errno */

#endif
