#include "base/shipped.h"

/* Written by tools/mkdata into shipped.S: n entries of {name, start, end}, sorted by name. */
struct shipped_entry {
    const char *name;
    const char *start;
    const char *end;
};
extern const struct shipped_entry shipped_table[];
extern const uint64_t shipped_table_count;

size_t shipped_count(void)
{
    return (size_t)shipped_table_count;
}

struct str shipped_name(size_t i)
{
    return str_from(shipped_table[i].name);
}

struct str shipped_text(size_t i)
{
    return (struct str){shipped_table[i].start,
                        (size_t)(shipped_table[i].end - shipped_table[i].start)};
}

bool shipped_get(const char *name, struct str *out)
{
    for (size_t i = 0; i < shipped_count(); i++) {
        if (strcmp(shipped_table[i].name, name) == 0) {
            *out = shipped_text(i);
            return true;
        }
    }
    return false;
}
