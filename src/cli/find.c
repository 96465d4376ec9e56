/* COMMAND: find. */
#include "cli/internal.h"

#include <stdio.h>

static void put_json(struct buf *b, const struct classification *c, const struct finding *f)
{
    struct jsonw j;
    jsonw_init(&j, b, true);
    jsonw_object(&j);
    jsonw_key(&j, "classes");
    jsonw_array(&j);
    for (int i = 0; i < f->n; i++) {
        const struct code *k = sector_leaf(c, f->best[i].leaf);
        jsonw_object(&j);
        jsonw_kstr(&j, "code", k->code);
        jsonw_key(&j, "title");
        jsonw_object(&j);
        jsonw_kstr(&j, "zh", k->name_zh);
        jsonw_kstr(&j, "en", k->name_en);
        jsonw_end(&j);
        jsonw_kint(&j, "score", f->best[i].score);
        jsonw_kstr(&j, "matched", f->best[i].matched);
        jsonw_end(&j);
    }
    jsonw_end(&j);
    jsonw_kbool(&j, "clear", f->clear);
    jsonw_end(&j);
    buf_char(b, '\n');
}

static void put_text(struct buf *b, const struct classification *c, const struct finding *f,
                     enum output o)
{
    for (int i = 0; i < f->n; i++) {
        const struct code *k = sector_leaf(c, f->best[i].leaf);
        if (o == OUTPUT_CSV) {
            csv_write_field(b, k->code, true);
            csv_write_field(b, k->name_zh, false);
            csv_write_field(b, k->name_en, false);
            csv_write_end(b);
        } else {
            buf_printf(b, "%.*s  %4d  %.*s  %.*s\n", STR_ARG(k->code), f->best[i].score,
                       STR_ARG(k->name_zh), STR_ARG(k->name_en));
        }
    }
}

int verb_find(const struct args *a)
{
    static const char *const allowed[] = {NULL};
    struct error e = {0};
    struct arena arena;
    struct classification *c;
    struct finding f;
    struct buf b;
    char words[LIMIT_WORDS_BYTES * 2];
    size_t n = 0;
    if (options_check(a, allowed, &e) != OK)
        return print_fault(a, &e);
    words[0] = 0;
    for (int i = 1; i < a->n && n + 1 < sizeof words; i++)
        n += (size_t)snprintf(words + n, sizeof words - n, "%s%s", i > 1 ? " " : "", a->word[i]);
    if (n == 0 || n > LIMIT_WORDS_BYTES) {
        err_set(&e, ERR_USAGE, "须有 1 至 %d 字节的文字", "needs 1 to %d bytes of words",
                LIMIT_WORDS_BYTES);
        return print_fault(a, &e);
    }
    arena_init(&arena);
    buf_init(&b);
    int status = 0;
    if (classification_load(&c, &arena, &e) != OK) {
        status = print_fault(a, &e);
    } else {
        classification_find(c, str_from(words), &f);
        if (a->output == OUTPUT_JSON)
            put_json(&b, c, &f);
        else
            put_text(&b, c, &f, a->output);
        print_out(&b);
        status = f.n > 0 ? 0 : 3;
    }
    buf_finish(&b);
    arena_finish(&arena);
    return status;
}
