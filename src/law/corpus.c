/* The corpus: everything the platform knows of the law, built once, hashed, immutable. */
#include "law/internal.h"

#include <stdio.h>

enum err law_begin(struct corpus **out, struct arena *a, const struct classification *codes,
                   struct str facts_json, const char *file, struct error *e)
{
    struct corpus *c = ARENA_NEW(a, struct corpus);
    c->codes = codes;
    struct reader r = {.a = a, .c = c, .file = file, .e = e};
    json_t *root;
    TRY(read_document(&r, facts_json, &root));
    enum err result = read_facts(&r, root);
    json_decref(root);
    *out = c;
    return result;
}

int instrument_find(const struct corpus *c, struct str id)
{
    for (int i = c->n_instruments - 1; i >= 0; i--)
        if (str_eq(c->instrument[i].id, id))
            return i;
    return -1;
}

const struct provision *provision_find(const struct corpus *c, int instrument, struct str key)
{
    const struct instrument *i = &c->instrument[instrument];
    for (int k = i->first; k < i->first + i->n; k++)
        if (str_eq(c->provision[k].key, key))
            return &c->provision[k];
    return NULL;
}

static enum err read_carve_out(struct reader *r, const json_t *o, struct carve_out *k)
{
    struct str id;
    const json_t *list;
    TRY(read_text_needed(r, o, "instrument", &id));
    k->instrument = instrument_find(r->c, id);
    if (k->instrument < 0)
        return read_fail(r, "instrument", "未知的文件:%s", "unknown instrument: %s", id.p);
    TRY(read_int(r, o, "point", 0, &k->point));
    TRY(read_text_needed(r, o, "topic", &k->topic));
    TRY(read_text_needed(r, o, "zh", &k->zh));
    TRY(read_text_needed(r, o, "en", &k->en));
    TRY(read_text(r, o, "scope_basis_zh", &k->basis_zh));
    TRY(read_text(r, o, "scope_basis_en", &k->basis_en));
    TRY(read_grade(r, o, "evidence", true, &k->evidence));
    TRY(read_array(r, o, "sectors", &list));
    TRY(read_sectors(r, list, "sectors", k->sector));
    k->has_sectors = list != NULL && json_array_size(list) > 0;
    return read_expr(r, json_object_get(o, "when"), "when", &k->when);
}

static bool has_points(const json_t *list, struct str id)
{
    size_t i;
    const json_t *o;
    json_array_foreach(list, i, o)
        if (str_eqz(id, json_string_value(json_object_get(o, "instrument"))))
            return true;
    return false;
}

/* Does the text end `id`, itself or through one that it ends? (Cycles are a finding of checks.) */
static bool succeeds(const struct corpus *c, const struct instrument *t, struct str id, int depth)
{
    for (int i = 0; i < t->n_replaces; i++) {
        int before = instrument_find(c, t->replaces[i]);
        if (str_eq(t->replaces[i], id) ||
            (before >= 0 && depth < 8 && succeeds(c, &c->instrument[before], id, depth + 1)))
            return true;
    }
    return false;
}

/* The notes are those of every record of the text, earlier ones included, and of the editions
 * that succeed it: until the notes of a new edition have been read it is taken to keep them. */
static void for_each_record(struct corpus *c, const json_t *list, const struct carve_out *k)
{
    struct carve_out one = *k;
    struct str id = c->instrument[k->instrument].id;
    for (int i = 0; i < c->n_instruments; i++) {
        const struct instrument *t = &c->instrument[i];
        if (!str_eq(t->id, id) && (has_points(list, t->id) || !succeeds(c, t, id, 0)))
            continue;
        one.instrument = i;
        c->carve_out[c->n_carve_outs++] = one;
    }
}

enum err law_carve_outs(struct corpus *c, struct arena *a, struct str json, const char *file,
                        struct error *e)
{
    struct reader r = {.a = a, .c = c, .file = file, .e = e};
    json_t *root;
    const json_t *list;
    TRY(read_document(&r, json, &root));
    enum err result = read_array(&r, root, "points", &list);
    size_t n = result == OK && list ? json_array_size(list) : 0;
    c->carve_out = ARENA_ARRAY(a, struct carve_out, n * (size_t)c->n_instruments + 1);
    for (size_t i = 0; i < n && result == OK; i++) {
        struct carve_out *k = &c->carve_out[c->n_carve_outs];
        snprintf(r.path, sizeof r.path, "/points/%zu", i);
        result = read_carve_out(&r, json_array_get(list, i), k);
        if (result == OK)
            for_each_record(c, list, k);
    }
    json_decref(root);
    return result;
}

/* Layers are numbered in order of the corpus; only rules that can decide belong to one. */
static enum err number_layers(struct corpus *c, struct error *e)
{
    for (int i = 0; i < c->n_instruments; i++) {
        struct instrument *t = &c->instrument[i];
        if (!t->is_layer)
            continue;
        if (c->n_layers == LIMIT_LAYERS)
            return err_set(e, ERR_LIMIT, "清单层数超过 %d", "more than %d layers", LIMIT_LAYERS);
        t->layer = c->n_layers;
        c->layer[c->n_layers++] = i;
        for (int k = t->first; k < t->first + t->n; k++)
            if (c->provision[k].effect != EFFECT_DISPLACE && c->provision[k].treatment != SILENT)
                c->provision[k].layer = t->layer;
    }
    return OK;
}

/* A displacing arrangement gives effect to exemptions that the lists already state for the same
 * origin: it becomes their source, so that an answer can say which rule displaced which. */
static enum err resolve_displacements(struct corpus *c, struct error *e)
{
    for (int d = 0; d < c->n_provisions; d++) {
        const struct provision *by = &c->provision[d];
        for (int k = 0; k < by->n_displaces; k++) {
            bool known = false;
            for (int p = 0; p < c->n_provisions; p++) {
                struct provision *t = &c->provision[p];
                if (!str_eq(t->key, by->displaces[k]))
                    continue;
                known = true;
                for (int x = 0; x < t->n_exemptions; x++)
                    if (t->exemption[x].source.n == 0)
                        t->exemption[x].source = by->key;
            }
            if (!known) {
                err_set(e, ERR_INVALID, "“%s”所替代的条目“%s”不存在",
                        "\"%s\" displaces \"%s\", which is in no list", by->key.p,
                        by->displaces[k].p);
                err_at(e, c->instrument[by->instrument].id.p, 0, "displaces");
                return ERR_INVALID;
            }
        }
    }
    return OK;
}

static void hash_corpus(struct corpus *c)
{
    struct buf b;
    uint8_t digest[32];
    buf_init(&b);
    for (size_t i = 0; i < shipped_count(); i++)
        if (str_has_prefix(shipped_name(i), STR("codes/")) || str_eqz(shipped_name(i), "facts.json") ||
            str_eqz(shipped_name(i), "carve-outs.json")) {
            hash_sha256(shipped_text(i).p, shipped_text(i).n, digest);
            buf_str(&b, shipped_name(i));
            buf_put(&b, (const char *)digest, 32);
        }
    for (int i = 0; i < c->n_instruments; i++) {
        buf_str(&b, c->instrument[i].id);
        buf_z(&b, c->instrument[i].hash);
        buf_printf(&b, " %d %d ", c->instrument[i].known_from, c->instrument[i].known_to);
    }
    hash_sha256(b.p, b.n, digest);
    hash_hex(digest, 32, c->hash);
    buf_finish(&b);
}

enum err law_finish(struct corpus *c, struct arena *a, struct error *e)
{
    (void)a;
    TRY(number_layers(c, e));
    TRY(resolve_displacements(c, e));
    hash_corpus(c);
    return OK;
}

enum err law_load_shipped(struct corpus **out, struct arena *a,
                          const struct classification *codes, struct error *e)
{
    struct str text;
    if (!shipped_get("facts.json", &text))
        return err_set(e, ERR_INTEGRITY, "程序内缺少 %s", "the program lacks %s", "facts.json");
    TRY(law_begin(out, a, codes, text, "facts.json", e));
    for (size_t i = 0; i < shipped_count(); i++) {
        struct str name = shipped_name(i);
        if (str_has_prefix(name, STR("instruments/")) && str_find(name, STR(".json"), NULL))
            TRY(law_add(*out, a, shipped_text(i), name.p, e));
    }
    if (shipped_get("carve-outs.json", &text))
        TRY(law_carve_outs(*out, a, text, "carve-outs.json", e));
    return law_finish(*out, a, e);
}
