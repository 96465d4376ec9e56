#include "base/rng.h"

#include "base/err.h"

/* splitmix64 spreads any seed, zero too, over the whole state. */
void rng_seed(struct rng *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        seed += 0x9E3779B97F4A7C15u;
        uint64_t z = seed;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        r->s[i] = z ^ (z >> 31);
    }
}

static uint64_t rotate(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

/* xoshiro256** 1.0 (Blackman and Vigna). */
uint64_t rng_next(struct rng *r)
{
    uint64_t *s = r->s;
    uint64_t out = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return out;
}

/* Lemire's multiplication; the low products that would favour some numbers are drawn again. */
uint32_t rng_below(struct rng *r, uint32_t n)
{
    check(n > 0);
    uint32_t skip = (0 - n) % n;
    uint64_t m;
    do {
        m = (rng_next(r) >> 32) * n;
    } while ((uint32_t)m < skip);
    return (uint32_t)(m >> 32);
}
