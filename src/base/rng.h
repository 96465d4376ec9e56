/* Seeded random numbers (splitmix64 seeding xoshiro256**): same seed, same sequence, on every
 * machine. For tests, generators and benchmarks; never for secrets. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t s[4];
};

void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
uint32_t rng_below(struct rng *r, uint32_t n); /* uniform in [0, n), n > 0 */

#endif
