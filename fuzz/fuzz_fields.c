/* Any bytes as a query string: fields of valid UTF-8, or refused. */
#include "web/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    const struct http_field *f;
    int n;
    arena_init(&a);
    if (http_parse_fields(&a, (struct str){(const char *)data, size}, &f, &n))
        for (int i = 0; i < n; i++) {
            check(str_utf8_valid(f[i].key) || f[i].key.n == 0);
            check(str_utf8_valid(f[i].value) || f[i].value.n == 0);
        }
    arena_finish(&a);
    return 0;
}
