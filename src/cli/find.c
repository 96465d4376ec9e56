/* COMMAND: find. */
#include "api/api.h"
#include "cli/options.h"

enum { PROVISIONS_MAX = 20 };

struct hits { /* provisions that hold the words */
    const struct corpus *law;
    int n; /* how many there are; at[] holds the first */
    int at[PROVISIONS_MAX];
};

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
    struct str words = options_words(a);
    if (options_check(a, allowed, &e) != OK)
        return print_fault(a, &e);
    if (words.n == 0 || words.n > LIMIT_WORDS_BYTES) {
        err_set(&e, ERR_USAGE, "须有 1 至 %d 字节的文字", "needs 1 to %d bytes of words",
                LIMIT_WORDS_BYTES);
        return print_fault(a, &e);
    }
    if (world_open(&w, option_get(a, "store"), &e) != OK)
        return print_fault(a, &e);
    buf_init(&b);
    h.law = w.corpus;
    h.n = law_find(w.corpus, words, h.at, PROVISIONS_MAX);
    classification_find(w.codes, words, &f);
    if (a->output == OUTPUT_JSON) {
        api_find_json(&(struct api){.codes = w.codes, .corpus = w.corpus,
                                     .snapshot = w.snapshot}, words, &b, true);
        buf_char(&b, '\n');
    } else {
        put_text(&b, w.codes, &f, a->output);
    }
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
