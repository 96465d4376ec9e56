#include "schema.h"

#include <stdio.h>
#include <string.h>

static bool is_type(const json_t *v, const char *t)
{
    return strcmp(t, "object") == 0    ? json_is_object(v)
           : strcmp(t, "array") == 0   ? json_is_array(v)
           : strcmp(t, "string") == 0  ? json_is_string(v)
           : strcmp(t, "integer") == 0 ? json_is_integer(v)
           : strcmp(t, "number") == 0  ? json_is_number(v)
           : strcmp(t, "boolean") == 0 ? json_is_boolean(v)
                                       : json_is_null(v);
}

static bool type_fits(const json_t *type, const json_t *v)
{
    bool any = type == NULL;
    size_t i;
    json_t *t;
    if (json_is_string(type))
        return is_type(v, json_string_value(type));
    json_array_foreach(type, i, t)
        any |= is_type(v, json_string_value(t));
    return any;
}

static bool enum_fits(const json_t *list, const json_t *v)
{
    bool any = list == NULL;
    size_t i;
    json_t *x;
    json_array_foreach(list, i, x)
        any |= json_equal(x, v) != 0;
    return any;
}

bool schema_fits(const json_t *description, const json_t *schema, const json_t *v, char *where,
                 size_t room, size_t at)
{
    const char *ref = json_string_value(json_object_get(schema, "$ref")), *name;
    json_t *x, *list, *props = json_object_get(schema, "properties");
    size_t i;
    if (ref != NULL)
        schema = json_object_get(json_object_get(json_object_get(description, "components"),
                                                 "schemas"), strrchr(ref, '/') + 1);
    if (ref != NULL)
        return schema != NULL && schema_fits(description, schema, v, where, room, at);
    list = json_object_get(schema, "anyOf");
    list = list != NULL ? list : json_object_get(schema, "oneOf");
    bool any = list == NULL;
    json_array_foreach(list, i, x)
        any = any || schema_fits(description, x, v, where, room, at);
    x = json_object_get(schema, "const");
    if (!any || !type_fits(json_object_get(schema, "type"), v) || (x != NULL && !json_equal(x, v)) ||
        !enum_fits(json_object_get(schema, "enum"), v))
        return false;
    json_array_foreach(json_object_get(schema, "required"), i, x) {
        if (json_is_object(v) && json_object_get(v, json_string_value(x)) == NULL) {
            snprintf(where + at, room - at, "/%s is missing", json_string_value(x));
            return false;
        }
    }
    json_object_foreach(props, name, x) {
        const json_t *member = json_object_get(v, name);
        int n = snprintf(where + at, room - at, "/%s", name);
        if (member != NULL && !schema_fits(description, x, member, where, room, at + (size_t)n))
            return false;
    }
    x = json_object_get(schema, "items");
    for (i = 0; x != NULL && i < json_array_size(v); i++) {
        int n = snprintf(where + at, room - at, "/%zu", i);
        if (!schema_fits(description, x, json_array_get(v, i), where, room, at + (size_t)n))
            return false;
    }
    where[at] = '\0';
    return true;
}
