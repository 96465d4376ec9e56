/* COMMAND: list log, list show, list lint. */
#include "cli/internal.h"

#include <stdio.h>

static struct str pick(bool zh, struct str a, struct str b)
{
    return zh || b.n == 0 ? a : b;
}

static void kday(struct buf *b, day_t d)
{
    char z[11];
    day_format(d, z);
    buf_printf(b, "%-10s", z[0] ? z : "-");
}

static void instrument_json(struct jsonw *j, const struct instrument *t)
{
    jsonw_object(j);
    jsonw_kstr(j, "id", t->id);
    jsonw_key(j, "title");
    jsonw_object(j);
    jsonw_kstr(j, "zh", t->title_zh);
    jsonw_kstr(j, "en", t->title_en);
    jsonw_end(j);
    jsonw_kz(j, "family", family_name(t->family));
    jsonw_kz(j, "layer", layer_kind_name(t->kind));
    jsonw_kz(j, "edition_kind", edition_kind_name(t->edition));
    jsonw_kstr(j, "document_no", t->document_no);
    jsonw_kday(j, "published_on", t->published);
    jsonw_kday(j, "valid_from", t->valid_from);
    jsonw_kday(j, "valid_to", t->valid_to);
    jsonw_kday(j, "known_from", t->known_from);
    jsonw_kint(j, "published", t->published_total);
    jsonw_kint(j, "held", t->n);
    jsonw_kint(j, "unlocated", t->unlocated);
    jsonw_kbool(j, "complete", t->complete);
    jsonw_key(j, "by_grade");
    jsonw_object(j);
    jsonw_kint(j, "A", t->grades[0]);
    jsonw_kint(j, "B", t->grades[1]);
    jsonw_kint(j, "C", t->grades[2]);
    jsonw_end(j);
    jsonw_kz(j, "hash", t->hash);
}

static void list_log(const struct args *a, const struct corpus *c, struct buf *b)
{
    struct jsonw j;
    if (a->output == OUTPUT_JSON) {
        jsonw_init(&j, b, true);
        jsonw_object(&j);
        jsonw_key(&j, "instruments");
        jsonw_array(&j);
        for (int i = 0; i < c->n_instruments; i++) {
            instrument_json(&j, &c->instrument[i]);
            jsonw_end(&j);
        }
        jsonw_end(&j);
        jsonw_end(&j);
        buf_char(b, '\n');
        return;
    }
    for (int i = 0; i < c->n_instruments; i++) {
        const struct instrument *t = &c->instrument[i];
        struct str title = pick(a->zh, t->title_zh, t->title_en);
        kday(b, t->valid_from);
        buf_printf(b, "  %-24.*s %-13s %3d", STR_ARG(t->id), family_name(t->family), t->n);
        if (t->published_total > 0)
            buf_printf(b, "/%-3d", t->published_total);
        else
            buf_z(b, "    ");
        buf_printf(b, "  A%d B%d C%d  %.*s\n", t->grades[0], t->grades[1], t->grades[2],
                   STR_ARG(title));
    }
}

static void provision_line(const struct args *a, const struct provision *p, struct buf *b)
{
    struct str text = pick(a->zh, p->zh, p->en);
    if (p->no > 0)
        buf_printf(b, "%3d ", p->no);
    else
        buf_z(b, "  - ");
    buf_printf(b, "%.*s [%c] %s\n      %.*s\n", STR_ARG(p->key), p->evidence,
               effect_name(p->effect), STR_ARG(text));
}

static void provision_object(struct jsonw *j, const struct provision *p)
{
    char grade[2] = {p->evidence, 0};
    jsonw_object(j);
    jsonw_kstr(j, "key", p->key);
    jsonw_key(j, "no");
    if (p->no > 0)
        jsonw_int(j, p->no);
    else
        jsonw_null(j);
    jsonw_kstr(j, "section", p->section);
    jsonw_kz(j, "effect", effect_name(p->effect));
    jsonw_kz(j, "evidence", grade);
    jsonw_kstr(j, "listing", p->listing);
    jsonw_key(j, "text");
    jsonw_object(j);
    jsonw_kstr(j, "zh", p->zh);
    jsonw_kstr(j, "en", p->en);
    jsonw_end(j);
    jsonw_end(j);
}

static enum err list_show(const struct args *a, const struct corpus *c, struct buf *b,
                          struct error *e)
{
    int i = a->n > 2 ? instrument_find(c, str_from(a->word[2])) : -1;
    if (i < 0) {
        err_set(e, a->n > 2 ? ERR_NOT_FOUND : ERR_USAGE, "没有清单 %s", "there is no instrument %s",
                a->n > 2 ? a->word[2] : "?");
        err_hint(e, "fumao list log");
        return e->code;
    }
    const struct instrument *t = &c->instrument[i];
    const struct provision *one = a->n > 3 ? provision_find(c, i, str_from(a->word[3])) : NULL;
    if (a->n > 3 && one == NULL)
        return err_set(e, ERR_NOT_FOUND, "清单中没有条目 %s", "the list has no item %s", a->word[3]);
    struct jsonw j;
    if (a->output == OUTPUT_JSON) {
        jsonw_init(&j, b, true);
        instrument_json(&j, t);
        jsonw_key(&j, "provisions");
        jsonw_array(&j);
        for (int k = t->first; k < t->first + t->n; k++)
            if (one == NULL || one == &c->provision[k])
                provision_object(&j, &c->provision[k]);
        jsonw_end(&j);
        jsonw_end(&j);
        buf_char(b, '\n');
        return OK;
    }
    struct str title = pick(a->zh, t->title_zh, t->title_en), note = pick(a->zh, t->note_zh, t->note_en);
    buf_printf(b, "%.*s\n%.*s · %s\n", STR_ARG(title), STR_ARG(t->document_no),
               edition_kind_name(t->edition));
    buf_printf(b, a->zh ? "持有 %d / 公布 %d,A %d · B %d · C %d,%s\n" : "held %d / published %d, A %d · B %d · C %d, %s\n",
               t->n, t->published_total, t->grades[0], t->grades[1], t->grades[2],
               t->complete ? (a->zh ? "条数完整" : "complete in number") : a->zh ? "不完整" : "incomplete");
    if (note.n > 0)
        buf_printf(b, "%.*s\n", STR_ARG(note));
    buf_char(b, '\n');
    for (int k = t->first; k < t->first + t->n; k++)
        if (one == NULL || one == &c->provision[k])
            provision_line(a, &c->provision[k], b);
    for (int k = 0; k < t->n_headlines && one == NULL; k++) {
        struct str text = pick(a->zh, t->headline[k].zh, t->headline[k].en);
        buf_printf(b, "  · %.*s\n", STR_ARG(text));
    }
    return OK;
}

/* Reads one instrument file as the loader would; says what is wrong, or that nothing is. */
static int list_lint(const struct args *a)
{
    struct error e = {0};
    struct arena arena;
    struct classification *codes;
    struct corpus *c;
    struct str text, facts;
    if (a->n != 3) {
        err_set(&e, ERR_USAGE, "用法:fumao list lint %s", "usage: fumao list lint %s", "FILE");
        return print_fault(a, &e);
    }
    arena_init(&arena);
    enum err r = classification_load(&codes, &arena, &e);
    if (r == OK && !shipped_get("facts.json", &facts))
        r = err_set(&e, ERR_INTEGRITY, "程序内缺少 %s", "the program lacks %s", "facts.json");
    if (r == OK)
        r = law_begin(&c, &arena, codes, facts, "facts.json", &e);
    if (r == OK)
        r = file_read(&arena, a->word[2], &text, &e);
    if (r == OK)
        r = law_add(c, &arena, text, a->word[2], &e);
    int status = r == OK ? 0 : print_fault(a, &e);
    if (r == ERR_INVALID || r == ERR_SYNTAX)
        status = 1; /* findings */
    if (r == OK)
        printf("%s: %d %s\n", a->word[2], c->n_provisions, a->zh ? "条,未发现问题" : "provisions, no findings");
    arena_finish(&arena);
    return status;
}

int verb_list(const struct args *a)
{
    static const char *const allowed[] = {NULL};
    struct error e = {0};
    struct world w;
    struct buf b;
    const char *what = a->n > 1 ? a->word[1] : "";
    if (options_check(a, allowed, &e) != OK)
        return print_fault(a, &e);
    if (strcmp(what, "lint") == 0)
        return list_lint(a);
    if (strcmp(what, "log") != 0 && strcmp(what, "show") != 0) {
        err_set(&e, ERR_USAGE, "用法:fumao list %s", "usage: fumao list %s",
                "log | show ID [KEY] | lint FILE");
        return print_fault(a, &e);
    }
    if (world_open(&w, option_get(a, "store"), &e) != OK)
        return print_fault(a, &e);
    buf_init(&b);
    int status = 0;
    if (what[0] == 'l')
        list_log(a, w.corpus, &b);
    else if (list_show(a, w.corpus, &b, &e) != OK)
        status = print_fault(a, &e);
    print_out(&b);
    buf_finish(&b);
    world_close(&w);
    return status;
}
