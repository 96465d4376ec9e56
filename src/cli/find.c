/* COMMAND: find. */
#include "cli/internal.h"

#include <stdio.h>

enum { PROVISIONS_MAX = 20 };

struct hits { /* provisions that hold the words */
    const struct corpus *law;
    int n; /* how many there are; at[] holds the first */
    int at[PROVISIONS_MAX];
};

static void provisions_json(struct jsonw *j, const struct hits *h)
{
    jsonw_key(j, "provisions");
    jsonw_array(j);
    for (int i = 0; i < h->n && i < PROVISIONS_MAX; i++) {
        const struct provision *p = &h->law->provision[h->at[i]];
        char grade[2] = {p->evidence, 0};
        jsonw_object(j);
        jsonw_kstr(j, "instrument", h->law->instrument[p->instrument].id);
        jsonw_kstr(j, "key", p->key);
        jsonw_kz(j, "evidence", grade);
        jsonw_key(j, "text");
        jsonw_object(j);
        jsonw_kstr(j, "zh", p->zh);
        jsonw_kstr(j, "en", p->en);
        jsonw_end(j);
        jsonw_end(j);
    }
    jsonw_end(j);
    jsonw_kint(j, "provisions_total", h->n);
}

static void put_provisions(struct buf *b, const struct hits *h, bool zh)
{
    for (int i = 0; i < h->n && i < PROVISIONS_MAX; i++) {
        const struct provision *p = &h->law->provision[h->at[i]];
        buf_printf(b, "%.*s/%.*s [%c]\n      %.*s\n",
                   STR_ARG(h->law->instrument[p->instrument].id), STR_ARG(p->key), p->evidence,
                   STR_ARG(zh ? p->zh : p->en));
    }
    if (h->n > PROVISIONS_MAX)
        buf_printf(b, zh ? "……共 %d 条\n" : "... %d provisions in all\n", h->n);
}

static void narrowing_json(struct jsonw *j, const struct classification *c,
                           const struct finding *f)
{
    struct narrowing ask;
    jsonw_key(j, "ask");
    if (!classification_narrow(c, f, &ask)) {
        jsonw_null(j);
        return;
    }
    jsonw_object(j);
    jsonw_kstr(j, "zh", ask.zh);
    jsonw_kstr(j, "en", ask.en);
    jsonw_key(j, "choices");
    jsonw_array(j);
    for (int k = 0; k < ask.n; k++) {
        const struct narrow_choice *x = &ask.choice[k];
        jsonw_object(j);
        jsonw_key(j, "text");
        jsonw_object(j);
        jsonw_kstr(j, "zh", x->zh);
        jsonw_kstr(j, "en", x->en);
        jsonw_end(j);
        jsonw_key(j, "codes");
        jsonw_array(j);
        for (int i = 0; i < x->n; i++)
            jsonw_str(j, sector_code(c, f->best[x->candidate[i]].leaf));
        jsonw_end(j);
        jsonw_end(j);
    }
    jsonw_end(j);
    jsonw_end(j);
}

static void put_narrowing(struct buf *b, const struct classification *c, const struct finding *f,
                          bool zh)
{
    struct narrowing ask;
    if (!classification_narrow(c, f, &ask))
        return;
    buf_printf(b, "\n%.*s\n", STR_ARG(zh ? ask.zh : ask.en));
    for (int k = 0; k < ask.n; k++) {
        const struct narrow_choice *x = &ask.choice[k];
        buf_printf(b, "  %.*s%s", STR_ARG(zh ? x->zh : x->en), zh ? "：" : ":");
        for (int i = 0; i < x->n; i++)
            buf_printf(b, " %.*s", STR_ARG(sector_code(c, f->best[x->candidate[i]].leaf)));
        buf_char(b, '\n');
    }
}

static void put_json(struct buf *b, const struct classification *c, const struct finding *f,
                     const struct hits *h)
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
    narrowing_json(&j, c, f);
    provisions_json(&j, h);
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
    struct world w;
    struct finding f;
    struct hits h;
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
    if (world_open(&w, option_get(a, "store"), &e) != OK)
        return print_fault(a, &e);
    buf_init(&b);
    h.law = w.corpus;
    h.n = law_find(w.corpus, str_from(words), h.at, PROVISIONS_MAX);
    classification_find(w.codes, str_from(words), &f);
    if (a->output == OUTPUT_JSON)
        put_json(&b, w.codes, &f, &h);
    else
        put_text(&b, w.codes, &f, a->output);
    if (a->output == OUTPUT_TEXT) {
        put_narrowing(&b, w.codes, &f, a->zh);
        put_provisions(&b, &h, a->zh);
    }
    print_out(&b);
    int status = f.n + h.n > 0 ? 0 : 3;
    buf_finish(&b);
    world_close(&w);
    return status;
}
