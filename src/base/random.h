/* Bytes nobody can guess, from the kernel. For names, nonces and keys; tests use base/rng.h. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>

void random_bytes(void *out, size_t n);

#endif
