/* Inside ledger: files that are there whole or not at all, whatever happens to the machine. */
#ifndef LEDGER_FILES_H
#define LEDGER_FILES_H

#include "base/base.h"

/* A new name is only safe when its folder is on the disk as well. */
bool file_sync_folder(const char *path);
/* Written beside (`path`.new), on the disk, then put in place of what was there. ERR_IO. */
enum err file_replace(const char *path, struct str text, unsigned mode, struct error *e);

#endif
