/* --editions DIR: the law of edition files, for checking a kept answer beside whatever law the
 * program itself was built with. ID.json stands in place of the shipped text of that id. */
#include "cli/internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { EDITIONS_MAX = 4096 };

struct edition_text {
    struct str id, text;
    const char *file;
};

/* White space outside of strings says nothing; the program carries its texts without. */
static struct str without_space(struct arena *a, struct str s)
{
    char *out = arena_alloc(a, s.n + 1);
    size_t n = 0;
    bool in_text = false;
    for (size_t i = 0; i < s.n; i++) {
        if (in_text && s.p[i] == '\\' && i + 1 < s.n)
            out[n++] = s.p[i++];
        else if (s.p[i] == '"')
            in_text = !in_text;
        else if (!in_text && strchr(" \t\r\n", s.p[i]) != NULL)
            continue;
        out[n++] = s.p[i];
    }
    return (struct str){out, n};
}

/* The text as it stands if the content names its hash, else without white space. */
static struct str as_meant(struct arena *a, struct str text, struct str content)
{
    uint8_t digest[32];
    char hex[65];
    hash_sha256(text.p, text.n, digest);
    hash_hex(digest, 32, hex);
    return str_find(content, str_from(hex), NULL) ? text : without_space(a, text);
}

static int by_id(const void *a, const void *b)
{
    return str_cmp(((const struct edition_text *)a)->id, ((const struct edition_text *)b)->id);
}

static void put_text(struct edition_text *list, int *n, struct edition_text one)
{
    for (int i = 0; i < *n; i++)
        if (str_eq(list[i].id, one.id)) {
            list[i] = one;
            return;
        }
    list[(*n)++] = one;
}

static struct str id_of(struct arena *a, struct str name, size_t skip)
{
    size_t tail = sizeof ".json" - 1;
    return str_copy(a, (struct str){name.p + skip, name.n - skip - tail});
}

static bool ends_in_json(struct str s)
{
    return s.n > 5 && memcmp(s.p + s.n - 5, ".json", 5) == 0;
}

static enum err read_folder(struct arena *a, const char *folder, struct str content,
                            struct edition_text *list, int *n, struct error *e)
{
    DIR *d = opendir(folder);
    enum err r = OK;
    if (d == NULL)
        return err_set(e, ERR_NOT_FOUND, "打不开文件夹 %s", "the folder %s cannot be opened", folder);
    for (const struct dirent *x; r == OK && (x = readdir(d)) != NULL;) {
        struct str name = str_from(x->d_name), text;
        char path[1024];
        if (!ends_in_json(name))
            continue;
        if (*n == EDITIONS_MAX || snprintf(path, sizeof path, "%s/%s", folder, x->d_name) >= (int)sizeof path) {
            r = err_set(e, ERR_LIMIT, "版本文件超过 %d 个或路径过长", "more than %d editions, or too long a path",
                        EDITIONS_MAX);
            break;
        }
        r = file_read(a, path, &text, e);
        if (r == OK)
            put_text(list, n, (struct edition_text){id_of(a, name, 0), as_meant(a, text, content),
                                                    str_copy(a, str_from(path)).p});
    }
    closedir(d);
    return r;
}

static enum err build(struct world *w, const struct edition_text *list, int n, struct error *e)
{
    struct str text;
    if (!shipped_get("facts.json", &text))
        return err_set(e, ERR_INTEGRITY, "程序内缺少 %s", "the program lacks %s", "facts.json");
    TRY(law_begin(&w->corpus, &w->arena, w->codes, text, "facts.json", e));
    for (int i = 0; i < n; i++)
        TRY(law_add(w->corpus, &w->arena, list[i].text, list[i].file, e));
    if (shipped_get("carve-outs.json", &text))
        TRY(law_carve_outs(w->corpus, &w->arena, text, "carve-outs.json", e));
    TRY(law_finish(w->corpus, &w->arena, e));
    return snapshot_create(&w->snapshot, w->corpus, e);
}

enum err world_editions(struct world *w, const char *folder, struct str content, struct error *e)
{
    struct edition_text *list = ARENA_ARRAY(&w->arena, struct edition_text, EDITIONS_MAX);
    struct str prefix = STR("instruments/");
    int n = 0;
    for (size_t i = 0; i < shipped_count(); i++)
        if (str_has_prefix(shipped_name(i), prefix) && ends_in_json(shipped_name(i)))
            put_text(list, &n, (struct edition_text){id_of(&w->arena, shipped_name(i), prefix.n),
                                                     shipped_text(i), shipped_name(i).p});
    TRY(read_folder(&w->arena, folder, content, list, &n, e));
    sort_by(list, (size_t)n, sizeof *list, by_id);
    snapshot_destroy(w->snapshot);
    w->snapshot = NULL;
    return build(w, list, n, e);
}
