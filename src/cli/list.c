/* COMMAND: list log, list show. */
#include "cli/internal.h"
#include "law/write.h"

#include <stdio.h>

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
    kwords(j, "title", t->title_zh, t->title_en);
    instrument_kinds(j, t);
    jsonw_kstr(j, "document_no", t->document_no);
    jsonw_kday(j, "published_on", t->published);
    instrument_days(j, t);
    instrument_held(j, t);
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
        struct str title = pick_words(a->zh, t->title_zh, t->title_en);
        kday(b, t->valid_from);
        buf_printf(b, "  %-24.*s %-13s %3d", STR_ARG(t->id), family_name(t->family), t->n);
        if (t->published_total > 0)
            buf_printf(b, "/%-3d", t->published_total);
        else
            buf_z(b, "    ");
        buf_printf(b, "  A%d B%d C%d  %.*s", t->grades[0], t->grades[1], t->grades[2],
                   STR_ARG(title));
        if (!instrument_current(t)) { /* an earlier record: a correction followed */
            char day[11];
            day_format(t->known_to, day);
            buf_printf(b, a->zh ? "(%s 已被更正)" : " (corrected %s)", day);
        }
        buf_char(b, '\n');
    }
}

/* What a grade says: docs/evidence.md. */
static const struct grade {
    char letter;
    const char *certainty, *zh, *en;
} grades[] = {{'A', "confirmed", "读到了条目原文", "the item's own text was read"},
              {'B', "likely", "在其所依据的法律中读到了该规则", "the rule was read in the statute behind it"},
              {'C', "indicative", "一般了解,有待核实", "general knowledge, to be confirmed"}};

static const struct grade *grade_of(char letter)
{
    return &grades[letter - 'A'];
}

static void grades_text(const struct instrument *t, bool zh, struct buf *b)
{
    for (int g = 0; g < 3; g++)
        if (t->n > 0)
            buf_printf(b, "  %c %3d  %s\n", grades[g].letter, t->grades[g],
                       zh ? grades[g].zh : grades[g].en);
    if (t->unlocated > 0)
        buf_printf(b, zh ? "  未定位 %d 项：已公布而未能找到,未作编造\n"
                         : "  unlocated %d: published, not found, and not invented\n",
                   t->unlocated);
    else if (t->published_total > 0)
        buf_z(b, zh ? "  未定位 0 项\n" : "  unlocated 0\n");
}

static void grades_json(const struct instrument *t, struct jsonw *j)
{
    char letter[2] = "";
    jsonw_key(j, "grades");
    jsonw_object(j);
    for (int g = 0; g < 3; g++) {
        letter[0] = grades[g].letter;
        jsonw_key(j, letter);
        jsonw_object(j);
        jsonw_kint(j, "items", t->grades[g]);
        jsonw_kz(j, "certainty", grades[g].certainty);
        jsonw_kz(j, "zh", grades[g].zh);
        jsonw_kz(j, "en", grades[g].en);
        jsonw_end(j);
    }
    jsonw_end(j);
    ktexts(j, "replaces", t->replaces, t->n_replaces);
    jsonw_kstr(j, "ended_by", t->ended_by);
}

static void provision_line(const struct args *a, const struct provision *p, struct buf *b)
{
    struct str text = pick_words(a->zh, p->zh, p->en);
    if (p->no > 0)
        buf_printf(b, "%3d ", p->no);
    else
        buf_z(b, "  - ");
    buf_printf(b, "%.*s [%c] %s\n      %.*s\n", STR_ARG(p->key), p->evidence,
               effect_name(p->effect), STR_ARG(text));
}

static void provision_object(struct jsonw *j, const struct provision *p)
{
    jsonw_object(j);
    jsonw_kstr(j, "key", p->key);
    kcount(j, "no", p->no);
    jsonw_kstr(j, "section", p->section);
    jsonw_kz(j, "effect", effect_name(p->effect));
    kgrade(j, "evidence", p->evidence);
    jsonw_kz(j, "certainty", grade_of(p->evidence)->certainty);
    jsonw_kstr(j, "listing", p->listing);
    kwords(j, "text", p->zh, p->en);
    jsonw_end(j);
}

static void show_json(const struct corpus *c, const struct instrument *t,
                      const struct provision *one, struct buf *b)
{
    struct jsonw j;
    jsonw_init(&j, b, true);
    instrument_json(&j, t);
    grades_json(t, &j);
    jsonw_key(&j, "provisions");
    jsonw_array(&j);
    for (int k = t->first; k < t->first + t->n; k++)
        if (one == NULL || one == &c->provision[k])
            provision_object(&j, &c->provision[k]);
    jsonw_end(&j);
    jsonw_end(&j);
    buf_char(b, '\n');
}

static void show_head(const struct instrument *t, bool zh, struct buf *b)
{
    struct str title = pick_words(zh, t->title_zh, t->title_en);
    struct str note = pick_words(zh, t->note_zh, t->note_en);
    buf_printf(b, "%.*s\n%.*s · %s\n", STR_ARG(title), STR_ARG(t->document_no),
               edition_kind_name(t->edition));
    buf_printf(b, zh ? "持有 %d / 公布 %d,A %d · B %d · C %d,%s\n"
                     : "held %d / published %d, A %d · B %d · C %d, %s\n",
               t->n, t->published_total, t->grades[0], t->grades[1], t->grades[2],
               t->complete ? (zh ? "条数完整" : "complete in number") : zh ? "不完整" : "incomplete");
    grades_text(t, zh, b);
    if (note.n > 0)
        buf_printf(b, "%.*s\n", STR_ARG(note));
    buf_char(b, '\n');
}

static void show_text(const struct args *a, const struct corpus *c, const struct instrument *t,
                      const struct provision *one, struct buf *b)
{
    show_head(t, a->zh, b);
    for (int k = t->first; k < t->first + t->n; k++)
        if (one == NULL || one == &c->provision[k])
            provision_line(a, &c->provision[k], b);
    if (one != NULL)
        buf_printf(b, "      %c：%s\n", one->evidence,
                   a->zh ? grade_of(one->evidence)->zh : grade_of(one->evidence)->en);
    for (int k = 0; k < t->n_headlines && one == NULL; k++) {
        struct str text = pick_words(a->zh, t->headline[k].zh, t->headline[k].en);
        buf_printf(b, "  · %.*s\n", STR_ARG(text));
    }
}

/* The instrument that word[2] names. */
static enum err named(const struct args *a, const struct corpus *c, int *at, struct error *e)
{
    *at = a->n > 2 ? instrument_find(c, str_from(a->word[2])) : -1;
    if (*at >= 0)
        return OK;
    err_set(e, a->n > 2 ? ERR_NOT_FOUND : ERR_USAGE, "没有清单 %s", "there is no instrument %s",
            a->n > 2 ? a->word[2] : "?");
    err_hint(e, "fumao list log");
    return e->code;
}

static enum err list_show(const struct args *a, const struct corpus *c, struct buf *b,
                          struct error *e)
{
    int at;
    TRY(named(a, c, &at, e));
    const struct provision *one = a->n > 3 ? provision_find(c, at, str_from(a->word[3])) : NULL;
    if (a->n > 3 && one == NULL)
        return err_set(e, ERR_NOT_FOUND, "清单中没有条目 %s", "the list has no item %s", a->word[3]);
    if (a->output == OUTPUT_JSON)
        show_json(c, &c->instrument[at], one, b);
    else
        show_text(a, c, &c->instrument[at], one, b);
    return OK;
}

/* --- the records of one text, those that were never known included ------------------------ */

struct record_list {
    bool zh, json;
    struct buf *b;
    struct jsonw j;
};

static void record_out(void *ctx, const struct registry_row *r)
{
    struct record_list *l = ctx;
    bool known = r->known_from < r->known_to;
    if (!l->json) {
        kday(l->b, r->known_from);
        buf_z(l->b, "  ");
        kday(l->b, r->known_to);
        buf_printf(l->b, "  %.12s  %s%s\n", r->hash.p,
                   r->published ? (l->zh ? "发布" : "published") : l->zh ? "随程序" : "shipped",
                   known ? "" : l->zh ? ",当日即被更正" : ", corrected on the same day");
        return;
    }
    jsonw_object(&l->j);
    jsonw_kstr(&l->j, "hash", r->hash);
    jsonw_kday(&l->j, "recorded_on", r->known_from);
    jsonw_kday(&l->j, "closed_on", r->known_to);
    jsonw_kbool(&l->j, "published", r->published);
    jsonw_kbool(&l->j, "known", known);
    jsonw_end(&l->j);
}

static enum err list_records(const struct args *a, const struct world *w, struct buf *b,
                             struct error *e)
{
    struct record_list l = {.zh = a->zh, .json = a->output == OUTPUT_JSON, .b = b};
    int at;
    TRY(named(a, w->corpus, &at, e));
    if (l.json) {
        jsonw_init(&l.j, b, true);
        jsonw_object(&l.j);
        jsonw_kstr(&l.j, "id", w->corpus->instrument[at].id);
        jsonw_key(&l.j, "records");
        jsonw_array(&l.j);
    }
    TRY(registry_log(w->db, w->corpus->instrument[at].id, record_out, &l, e));
    if (l.json) {
        jsonw_end(&l.j);
        jsonw_end(&l.j);
        buf_char(b, '\n');
    }
    return OK;
}

int verb_list(const struct args *a)
{
    static const char *const allowed[] = {NULL};
    struct error e = {0};
    struct world w;
    struct buf b;
    const char *what = a->n > 1 ? a->word[1] : "";
    static const struct {
        const char *name;
        int (*run)(const struct args *a);
    } more[] = {{"diff", list_diff}, {"blame", list_blame}, {"import", list_import},
                {"publish", list_publish}, {"lint", list_lint}};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (strcmp(what, more[i].name) == 0)
            return more[i].run(a);
    if (options_check(a, allowed, &e) != OK)
        return print_fault(a, &e);
    if (strcmp(what, "log") != 0 && strcmp(what, "show") != 0) {
        err_set(&e, ERR_USAGE, "用法:fumao list %s", "usage: fumao list %s",
                "log [ID] | show ID [KEY] | diff A B | blame KEY | lint FILE | import FILE | "
                "publish DRAFT");
        return print_fault(a, &e);
    }
    if (world_open(&w, option_get(a, "store"), &e) != OK)
        return print_fault(a, &e);
    buf_init(&b);
    enum err r = OK;
    if (what[0] == 's')
        r = list_show(a, w.corpus, &b, &e);
    else if (a->n == 2)
        list_log(a, w.corpus, &b);
    else
        r = list_records(a, &w, &b, &e);
    int status = r == OK ? 0 : print_fault(a, &e);
    if (status == 0)
        print_out(&b);
    buf_finish(&b);
    world_close(&w);
    return status;
}
