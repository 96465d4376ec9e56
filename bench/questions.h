/* Seeded questions as NDJSON, for benchmarks and for trying `fumao rehearse`: any class, economy,
 * place and day the platform answers for; every third with facts, every tenth about a division,
 * every sixteenth with a claim. They are made up and say nothing about trade. */
#ifndef BENCH_QUESTIONS_H
#define BENCH_QUESTIONS_H

#include "decide/decide.h"

#include <stdio.h>

void write_questions(FILE *f, const struct corpus *c, long n, uint64_t seed);

#endif
