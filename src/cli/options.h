/* options: what several verbs read from the command line in the same way, so that the same option
 * means the same to check, route, map and find. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "api/ask.h"
#include "cli/internal.h"

/* The words after the verb, parted by spaces; cut where no question could be that long. Lives
 * until the next call. */
struct str options_words(const struct args *a);
/* A question from --mode --from --to --kind --direction --on --known --fact --claim; what is not
 * said stays empty, the sector too. ERR_LIMIT when there are too many facts or claims. */
enum err options_ask(const struct args *a, struct ask *k, struct error *e);

#endif
