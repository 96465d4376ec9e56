/* scratch: a folder of the test's own, in memory where there is such a place, and gone at the
 * end. */
#ifndef TEST_SCRATCH_H
#define TEST_SCRATCH_H

#include <stddef.h>

enum { SCRATCH_PATH = 200 };

void scratch_make(char out[SCRATCH_PATH], const char *name);
void scratch_empty(const char *folder); /* removes the files in it */
void scratch_remove(const char *folder);

#endif
