#include "base/bits.h"

#include "base/err.h"

void bits_set_range(uint64_t *w, size_t from, size_t to)
{
    check(from <= to);
    if (from == to) {
        return;
    }
    size_t first = from / 64, last = (to - 1) / 64;
    uint64_t head = ~(uint64_t)0 << (from % 64);
    uint64_t tail = ~(uint64_t)0 >> (63 - (to - 1) % 64);
    if (first == last) {
        w[first] |= head & tail;
        return;
    }
    w[first] |= head;
    for (size_t i = first + 1; i < last; i++) {
        w[i] = ~(uint64_t)0;
    }
    w[last] |= tail;
}

size_t bits_count(const uint64_t *w, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += (size_t)__builtin_popcountll(w[i]);
    }
    return count;
}

/* No early end in these two: sets are a few dozen words, and a loop without a branch is one
 * the compiler vectorises. */
bool bits_any(const uint64_t *w, size_t n)
{
    uint64_t all = 0;
    for (size_t i = 0; i < n; i++) {
        all |= w[i];
    }
    return all != 0;
}

bool bits_equal(const uint64_t *a, const uint64_t *b, size_t n)
{
    uint64_t differ = 0;
    for (size_t i = 0; i < n; i++) {
        differ |= a[i] ^ b[i];
    }
    return differ == 0;
}

void bits_or(uint64_t *a, const uint64_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        a[i] |= b[i];
    }
}

void bits_and(uint64_t *a, const uint64_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        a[i] &= b[i];
    }
}

void bits_minus(uint64_t *a, const uint64_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        a[i] &= ~b[i];
    }
}
