/* COMMAND: list blame. */
#include "cli/internal.h"
#include "compare/life.h"
#include "law/write.h"

#include <stdio.h>

static const struct instrument *text_of_station(const struct life *l, const struct station *s)
{
    return life_text_of(l, (int)(s - l->at));
}

static void interval(struct buf *b, day_t from, day_t to)
{
    char x[11], y[11];
    day_format(from, x);
    day_format(to, y);
    buf_printf(b, "[%s, %s)", x[0] ? x : "…", y[0] ? y : "…");
}

static void station_text(const struct life *l, const struct station *s, bool zh, struct buf *b)
{
    const struct provision *p = &l->c->provision[s->provision];
    const struct instrument *t = text_of_station(l, s);
    char day[11];
    buf_printf(b, "%.*s  ", STR_ARG(t->id));
    if (p->no > 0)
        buf_printf(b, zh ? "第 %d 项  " : "no. %d  ", p->no);
    buf_printf(b, "%.*s  %s [%c]\n    %s ", STR_ARG(p->section), effect_name(p->effect),
               p->evidence, zh ? "有效" : "valid");
    interval(b, t->valid_from, t->valid_to);
    buf_z(b, zh ? "  已知 " : "  known ");
    interval(b, t->known_from, t->known_to);
    buf_z(b, "\n    ");
    if (s->before < 0) {
        buf_z(b, zh ? "首次出现" : "first seen here");
    } else {
        const struct instrument *o = life_text_of(l, s->before);
        buf_printf(b, zh ? "较 %.*s：" : "against %.*s: ", STR_ARG(o->id));
        for (int i = 0; i < s->n_changed; i++)
            buf_printf(b, "%s%s", i ? ", " : "", s->changed[i]);
        if (s->n_changed == 0)
            buf_z(b, zh ? "无变化" : "unchanged");
    }
    day_format(s->gone_known, day);
    if (day[0])
        buf_printf(b, zh ? "\n    %s 起为平台所知的更正删去了它"
                         : "\n    taken out by the correction known from %s", day);
    buf_char(b, '\n');
}

static void life_text(const struct life *l, bool zh, struct buf *b)
{
    char first[11], last[11];
    const struct provision *p = &l->c->provision[l->at[l->n - 1].provision];
    struct str words = pick_words(zh, p->zh, p->en);
    day_format(life_first(l), first);
    day_format(life_last(l), last);
    buf_printf(b, "%.*s\n%.*s\n\n", STR_ARG(l->key), STR_ARG(words));
    for (int i = 0, same; i < l->n; i += same + 1) {
        station_text(l, &l->at[i], zh, b);
        for (same = 0; i + same + 1 < l->n && life_untouched(l, i + same + 1);)
            same++;
        if (same > 0)
            buf_printf(b, zh ? "    其后 %d 次更正未涉及它\n"
                             : "    later corrections that left it alone: %d\n", same);
    }
    buf_printf(b, zh ? "\n首次生效 %s" : "\nfirst bound on %s", first[0] ? first : "…");
    if (last[0])
        buf_printf(b, zh ? "，最后终止于 %s" : ", went on %s", last);
    else if (life_last(l) == DAY_MIN)
        buf_z(b, zh ? "，已不在任何现行文本中" : ", in no current text any more");
    buf_char(b, '\n');
    for (int i = 0; i < l->n_absent; i++) {
        const struct instrument *t = &l->c->instrument[l->absent[i]];
        buf_printf(b, zh ? "不在其中：%.*s(%s %d/%d)\n" : "not in: %.*s (%s %d/%d)\n", STR_ARG(t->id),
                   zh ? "持有" : "held", t->n, t->published_total);
    }
}

static void station_json(const struct life *l, const struct station *s, struct jsonw *j)
{
    const struct provision *p = &l->c->provision[s->provision];
    const struct instrument *t = text_of_station(l, s);
    jsonw_object(j);
    jsonw_kstr(j, "instrument", t->id);
    kcount(j, "no", p->no);
    jsonw_kstr(j, "section", p->section);
    jsonw_kz(j, "effect", effect_name(p->effect));
    kgrade(j, "evidence", p->evidence);
    instrument_days(j, t);
    jsonw_kz(j, "hash", t->hash);
    jsonw_kstr(j, "against", s->before < 0 ? (struct str){NULL, 0}
                                           : life_text_of(l, s->before)->id);
    jsonw_key(j, "changed");
    jsonw_array(j);
    for (int i = 0; i < s->n_changed; i++)
        jsonw_z(j, s->changed[i]);
    jsonw_end(j);
    jsonw_kday(j, "removed_known", s->gone_known);
    kwords(j, "text", p->zh, p->en);
    jsonw_end(j);
}

static void life_json(const struct life *l, struct buf *b)
{
    struct jsonw j;
    jsonw_init(&j, b, true);
    jsonw_object(&j);
    jsonw_kstr(&j, "key", l->key);
    jsonw_kday(&j, "first_valid", life_first(l));
    jsonw_kday(&j, "went", life_last(l));
    jsonw_kbool(&j, "current", life_last(l) == DAY_MAX);
    jsonw_key(&j, "stations");
    jsonw_array(&j);
    for (int i = 0; i < l->n; i++)
        station_json(l, &l->at[i], &j);
    jsonw_end(&j);
    jsonw_key(&j, "absent");
    jsonw_array(&j);
    for (int i = 0; i < l->n_absent; i++) {
        const struct instrument *t = &l->c->instrument[l->absent[i]];
        jsonw_object(&j);
        jsonw_kstr(&j, "instrument", t->id);
        jsonw_kint(&j, "held", t->n);
        jsonw_kint(&j, "published", t->published_total);
        jsonw_kbool(&j, "complete", t->complete);
        jsonw_end(&j);
    }
    jsonw_end(&j);
    jsonw_end(&j);
    buf_char(b, '\n');
}

/* Keys that are near, or have the word in them: three of them at most. */
static void did_you_mean(const struct corpus *c, const char *key, struct error *e)
{
    struct str hint[3];
    int n = 0;
    char words[sizeof e->hint] = "";
    for (int i = 0; i < c->n_provisions && n < 3; i++) {
        struct str k = c->provision[i].key;
        bool near = str_distance(k, str_from(key), 4) < 4 || str_find(k, str_from(key), NULL);
        for (int h = 0; h < n; h++)
            near = near && !str_eq(hint[h], k);
        if (!near || strlen(words) + k.n + 3 > sizeof words)
            continue;
        hint[n++] = k;
        snprintf(words + strlen(words), sizeof words - strlen(words), "%s%.*s", n > 1 ? ", " : "",
                 STR_ARG(k));
    }
    if (n > 0)
        err_hint(e, "%s?", words);
    else
        err_hint(e, "fumao find %s", key);
}

static enum err blame(const struct args *a, struct db *d, struct arena *arena, struct buf *out,
                      struct error *e)
{
    struct classification *codes;
    struct corpus *c;
    struct life l;
    TRY(classification_load(&codes, arena, e));
    TRY(registry_history(d, &c, arena, codes, e));
    life_make(&l, c, str_from(a->word[2]), arena);
    if (l.n == 0) {
        err_set(e, ERR_NOT_FOUND, "任何文件中都没有条目 %s", "no text has an item %s", a->word[2]);
        did_you_mean(c, a->word[2], e);
        return ERR_NOT_FOUND;
    }
    if (a->output == OUTPUT_JSON)
        life_json(&l, out);
    else
        life_text(&l, a->zh, out);
    return OK;
}

int list_blame(const struct args *a)
{
    static const char *const allowed[] = {NULL};
    struct error e = {0};
    struct arena arena;
    struct store store = {0};
    struct buf out;
    enum err r = options_check(a, allowed, &e);
    if (r == OK && a->n != 3)
        r = err_set(&e, ERR_USAGE, "用法：fumao list blame %s", "usage: fumao list blame %s",
                    "KEY [-o text|json]");
    if (r != OK)
        return print_fault(a, &e);
    arena_init(&arena);
    buf_init(&out);
    r = store_open(&store, option_get(a, "store"), false, &e);
    if (r == OK)
        r = blame(a, store.db, &arena, &out, &e);
    print_out(&out);
    buf_finish(&out);
    store_close(&store);
    arena_finish(&arena);
    return r == OK ? 0 : print_fault(a, &e);
}
