/* Any bytes as CSV: read to the end or refused with a line. */
#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct csv c;
    struct arena a;
    struct error e = {0};
    bool more = true;
    size_t bytes = 0;
    memset(&c, 0, sizeof c);
    arena_init(&a);
    enum err r = csv_open(&c, &a, (struct str){(const char *)data, size}, "input", &e);
    while (r == OK && (r = csv_next(&c, &more, &e)) == OK && more)
        for (int i = 0; i < c.n_fields; i++)
            bytes += c.field[i].n;
    check(bytes <= size);
    check(r == OK || e.line > 0);
    arena_finish(&a);
    return 0;
}
