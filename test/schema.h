/* Answers held to the schemas of openapi.json. */
#ifndef TEST_SCHEMA_H
#define TEST_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* As much of JSON Schema as src/api/schemas uses: type, const, enum, required, properties, items, anyOf,
 * oneOf (taken as anyOf), $ref into `description`. `where` gets, from `at` on, the first place that
 * does not fit. */
bool schema_fits(const json_t *description, const json_t *schema, const json_t *v, char *where,
                 size_t room, size_t at);

#endif
