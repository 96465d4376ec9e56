/* meaning: which items say the same, whatever their key, number or words. Two items mean the
 * same if their treatment, activity, exceptions, exemptions and conditions are equal; where
 * they apply (the scope) is compared cell by cell and is no part of it. A clause that stands in
 * words only means the same as another with the same words. */
#ifndef COMPARE_MEANING_H
#define COMPARE_MEANING_H

#include "law/law.h"

bool meaning_equal(const struct corpus *c, const struct provision *a, const struct provision *b);
/* One part alone: 0 activity, 1 exceptions, 2 exemptions by origin, 3 conditions that lift. */
bool meaning_part_equal(const struct corpus *c, const struct provision *a,
                        const struct provision *b, int part);
bool scope_equal(const struct scope *a, const struct scope *b);
/* id[i] of every provision: equal if and only if they mean the same; the lowest index of those
 * that do. */
void meaning_ids(const struct corpus *c, int *id);

#endif
