/* Declaration files read one byte at a time, by the words of intake.h and declaration.h: slow,
 * whole in memory, and apart from src/declaration but for the words of reasons, the check of rules
 * and the calendar. UTF-8 CSV only. */
#ifndef TEST_NAIVE_INTAKE_H
#define TEST_NAIVE_INTAKE_H

#include "declaration/reading.h"

/* What became of each record, one line of text each, in the order of the file. */
void naive_intake(const struct scheme *s, day_t today, struct str file, const uint8_t *columns,
                  int n_columns, char eol, struct buf *out);
void naive_accepted(struct buf *out, const struct declaration *d, int64_t line);
void naive_spoilt(struct buf *out, const struct spoilt *s);

#endif
