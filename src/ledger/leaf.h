/* leaf: the entries this program writes that concern the log itself, and reading one member of
 * any entry. Entries of other rooms are written by those rooms, in the same canonical form:
 * members in bytewise order of their names, no white space, no floats. */
#ifndef LEDGER_LEAF_H
#define LEDGER_LEAF_H

#include "base/base.h"

void leaf_key(int64_t at, struct str key_line, struct buf *out);
/* A restored backup, and why it was allowed: {"at":..,"from":N,"kind":"restore","witness":M}. */
void leaf_restore(int64_t at, uint64_t from, uint64_t witness, struct buf *out);
/* The text, or the number as text, of a member at the top level. False if there is none. */
bool leaf_member(struct arena *a, struct str leaf, const char *name, struct str *out);

#endif
