#include "ledger/leaf.h"

#include <jansson.h>
#include <stdio.h>

void leaf_key(int64_t at, struct str key_line, struct buf *out)
{
    struct jsonw w;
    jsonw_init(&w, out, false);
    jsonw_object(&w);
    jsonw_kint(&w, "at", at);
    jsonw_kstr(&w, "key", key_line);
    jsonw_kz(&w, "kind", "key");
    jsonw_end(&w);
}

void leaf_restore(int64_t at, uint64_t from, uint64_t witness, struct buf *out)
{
    struct jsonw w;
    jsonw_init(&w, out, false);
    jsonw_object(&w);
    jsonw_kint(&w, "at", at);
    jsonw_kint(&w, "from", (int64_t)from);
    jsonw_kz(&w, "kind", "restore");
    jsonw_kint(&w, "witness", (int64_t)witness);
    jsonw_end(&w);
}

bool leaf_member(struct arena *a, struct str leaf, const char *name, struct str *out)
{
    json_t *root = json_loadb(leaf.p, leaf.n, JSON_REJECT_DUPLICATES, NULL);
    const json_t *v = json_object_get(root, name);
    char z[24];
    bool found = true;
    if (json_is_string(v)) {
        *out = str_copy(a, (struct str){json_string_value(v), json_string_length(v)});
    } else if (json_is_integer(v)) {
        snprintf(z, sizeof z, "%lld", (long long)json_integer_value(v));
        *out = str_copy(a, str_from(z));
    } else {
        found = false;
    }
    json_decref(root);
    return found;
}
