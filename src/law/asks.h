/* asks: which facts the law asks for. A derived fact (the mode, the territory, the form of the
 * entity) follows from the question and is never asked for. */
#ifndef LAW_ASKS_H
#define LAW_ASKS_H

#include "law/law.h"

/* Each adds to the set what an expression, or anything in a provision, reads. Node -1 reads
 * nothing. */
void expr_facts(const struct corpus *c, int node, uint64_t set[LIMIT_FACTS / 64]);
void provision_facts(const struct corpus *c, const struct provision *p,
                     uint64_t set[LIMIT_FACTS / 64]);

#endif
