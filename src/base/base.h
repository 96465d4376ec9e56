/*
 * base: the ground floor. Memory with named lifetimes, text as slices, errors as values,
 * civil days, limits, and the streaming writers of the hot path. It knows no trade word.
 *
 * Kinds of failure are never mixed:
 *   a bug            check(cond) prints the place and aborts, in release builds too;
 *   no memory        arena and buf abort: a half-answer is worse than none;
 *   the world        a function returns enum err and fills a caller-owned struct error
 *                    (NULL allowed); TRY(expr) is the only control macro;
 *   a domain answer  (prohibited, undetermined ...) is a value, never an error.
 * Text is struct str {pointer, length} by value and valid UTF-8 from the border on.
 * Any room may include this header; it includes none of ours.
 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include "base/arena.h"
#include "base/bits.h"
#include "base/buf.h"
#include "base/build.h"
#include "base/csv.h"
#include "base/date.h"
#include "base/err.h"
#include "base/jsonr.h"
#include "base/jsonw.h"
#include "base/limits.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/rng.h"
#include "base/shipped.h"
#include "base/sort.h"
#include "base/str.h"

#endif
