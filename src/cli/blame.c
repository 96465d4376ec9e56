/* COMMAND: list blame. */
#include "cli/internal.h"
#include "compare/meaning.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIELDS_MAX = 10 };

struct station { /* the rule in one record of one text */
    int provision, before; /* before: the station it is compared with, -1 */
    const char *changed[FIELDS_MAX];
    int n_changed;
    day_t gone_known; /* DAY_MAX: still in the record that follows, or none follows */
};
struct life {
    const struct corpus *c;
    struct str key;
    int n;
    struct station *at; /* in order of time */
    int n_absent;
    int *absent; /* current lists of the same families that do not have it */
};

static const struct instrument *text_of(const struct corpus *c, int provision)
{
    return &c->instrument[c->provision[provision].instrument];
}

static const struct corpus *sorting; /* qsort has no context; one thread, one command */

/* By the day it binds, national lists before zone lists, then by id and by knowledge. */
static int by_time(const void *x, const void *y)
{
    const struct station *a = x, *b = y;
    const struct instrument *s = text_of(sorting, a->provision);
    const struct instrument *t = text_of(sorting, b->provision);
    if (s->valid_from != t->valid_from)
        return s->valid_from < t->valid_from ? -1 : 1;
    if (s->kind != t->kind)
        return s->kind < t->kind ? -1 : 1;
    return (a->provision > b->provision) - (a->provision < b->provision);
}

static void changed(struct station *s, const char *field, bool differs)
{
    if (differs && s->n_changed < FIELDS_MAX)
        s->changed[s->n_changed++] = field;
}

/* The scope as the item says it: places and origins that are simply those of its text are not. */
static struct scope own_scope(const struct corpus *c, const struct provision *p)
{
    const struct instrument *t = &c->instrument[p->instrument];
    struct scope s = p->scope;
    if (bits_equal(s.place, t->place, PLACE_WORDS))
        memset(s.place, 0, sizeof s.place);
    if (bits_equal(s.origin, t->origin, ORIGIN_WORDS))
        memset(s.origin, 0, sizeof s.origin);
    return s;
}

/* What changed, by the names of the instrument file. */
static void compare(const struct corpus *c, struct station *s, const struct station *before)
{
    const struct provision *a = &c->provision[before->provision], *b = &c->provision[s->provision];
    struct scope x = own_scope(c, a), y = own_scope(c, b);
    changed(s, "scope", !scope_equal(&x, &y));
    changed(s, "effect", a->effect != b->effect || a->treatment != b->treatment);
    changed(s, "applies_when", !meaning_part_equal(c, a, b, 0));
    changed(s, "exceptions", !meaning_part_equal(c, a, b, 1));
    changed(s, "exempt_origins", !meaning_part_equal(c, a, b, 2));
    changed(s, "lift", !meaning_part_equal(c, a, b, 3));
    changed(s, "text", !str_eq(a->zh, b->zh) || !str_eq(a->en, b->en));
    changed(s, "no", a->no != b->no);
    changed(s, "section", !str_eq(a->section, b->section));
    changed(s, "evidence", a->evidence != b->evidence);
}

/* The one before: the record before of the same text, else the last earlier one of its family. */
static void find_before(struct life *l, int i)
{
    const struct instrument *t = text_of(l->c, l->at[i].provision);
    l->at[i].before = -1;
    for (int k = 0; k < i; k++) {
        const struct instrument *o = text_of(l->c, l->at[k].provision);
        bool now_same = l->at[i].before >= 0 &&
                        str_eq(text_of(l->c, l->at[l->at[i].before].provision)->id, t->id);
        if (o->family == t->family && (str_eq(o->id, t->id) || !now_same))
            l->at[i].before = k;
    }
    if (l->at[i].before >= 0)
        compare(l->c, &l->at[i], &l->at[l->at[i].before]);
}

/* A later record of the same text without the rule: a correction took it out. */
static void find_gone(struct life *l, struct station *s)
{
    int next = l->c->provision[s->provision].instrument + 1;
    const struct instrument *t = &l->c->instrument[next];
    s->gone_known = DAY_MAX;
    if (next < l->c->n_instruments && str_eq(t->id, t[-1].id) &&
        provision_find(l->c, next, l->key) == NULL)
        s->gone_known = t->known_from;
}

static bool family_there(const struct life *l, enum family f)
{
    for (int i = 0; i < l->n; i++)
        if (text_of(l->c, l->at[i].provision)->family == f)
            return true;
    return false;
}

static void make_life(struct life *l, struct arena *a)
{
    const struct corpus *c = l->c;
    l->at = ARENA_ARRAY(a, struct station, (size_t)c->n_provisions + 1);
    l->absent = ARENA_ARRAY(a, int, (size_t)c->n_instruments + 1);
    for (int i = 0; i < c->n_provisions; i++)
        if (str_eq(c->provision[i].key, l->key))
            l->at[l->n++] = (struct station){.provision = i};
    sorting = c;
    qsort(l->at, (size_t)l->n, sizeof *l->at, by_time);
    for (int i = 0; i < l->n; i++) {
        find_before(l, i);
        find_gone(l, &l->at[i]);
    }
    for (int i = 0; i < c->n_instruments; i++) {
        const struct instrument *t = &c->instrument[i];
        if (instrument_current(t) && t->is_layer && t->default_equal &&
            family_there(l, t->family) && provision_find(c, i, l->key) == NULL)
            l->absent[l->n_absent++] = i;
    }
}

/* The day it first bound, and the day it went: the last day of the texts that have it, unless
 * one of them is open. */
static day_t first_day(const struct life *l)
{
    day_t first = DAY_MAX;
    for (int i = 0; i < l->n; i++) {
        day_t d = text_of(l->c, l->at[i].provision)->valid_from;
        first = d < first ? d : first;
    }
    return first;
}

static day_t last_day(const struct life *l)
{
    day_t last = DAY_MIN;
    for (int i = 0; i < l->n; i++) {
        const struct instrument *t = text_of(l->c, l->at[i].provision);
        if (instrument_current(t) && t->valid_to > last)
            last = t->valid_to;
    }
    return last;
}

/* --- out ---------------------------------------------------------------------------------- */

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
    const struct instrument *t = text_of(l->c, s->provision);
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
        const struct instrument *o = text_of(l->c, l->at[s->before].provision);
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

/* A later record of the same text in which nothing about the rule changed. */
static bool untouched(const struct life *l, int i)
{
    const struct station *s = &l->at[i];
    return s->before == i - 1 && s->n_changed == 0 && s->gone_known == DAY_MAX &&
           str_eq(text_of(l->c, s->provision)->id,
                  text_of(l->c, l->at[i - 1].provision)->id) &&
           text_of(l->c, s->provision)->valid_to == text_of(l->c, l->at[i - 1].provision)->valid_to;
}

static void life_text(const struct life *l, bool zh, struct buf *b)
{
    char first[11], last[11];
    const struct provision *p = &l->c->provision[l->at[l->n - 1].provision];
    struct str words = zh || p->en.n == 0 ? p->zh : p->en;
    day_format(first_day(l), first);
    day_format(last_day(l), last);
    buf_printf(b, "%.*s\n%.*s\n\n", STR_ARG(l->key), STR_ARG(words));
    for (int i = 0, same; i < l->n; i += same + 1) {
        station_text(l, &l->at[i], zh, b);
        for (same = 0; i + same + 1 < l->n && untouched(l, i + same + 1);)
            same++;
        if (same > 0)
            buf_printf(b, zh ? "    其后 %d 次更正未涉及它\n"
                             : "    later corrections that left it alone: %d\n", same);
    }
    buf_printf(b, zh ? "\n首次生效 %s" : "\nfirst bound on %s", first[0] ? first : "…");
    if (last[0])
        buf_printf(b, zh ? "，最后终止于 %s" : ", went on %s", last);
    else if (last_day(l) == DAY_MIN)
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
    const struct instrument *t = text_of(l->c, s->provision);
    char grade[2] = {p->evidence, 0};
    jsonw_object(j);
    jsonw_kstr(j, "instrument", t->id);
    jsonw_key(j, "no");
    if (p->no > 0)
        jsonw_int(j, p->no);
    else
        jsonw_null(j);
    jsonw_kstr(j, "section", p->section);
    jsonw_kz(j, "effect", effect_name(p->effect));
    jsonw_kz(j, "evidence", grade);
    jsonw_kday(j, "valid_from", t->valid_from);
    jsonw_kday(j, "valid_to", t->valid_to);
    jsonw_kday(j, "known_from", t->known_from);
    jsonw_kday(j, "known_to", t->known_to);
    jsonw_kz(j, "hash", t->hash);
    jsonw_kstr(j, "against", s->before < 0 ? (struct str){NULL, 0}
                                           : text_of(l->c, l->at[s->before].provision)->id);
    jsonw_key(j, "changed");
    jsonw_array(j);
    for (int i = 0; i < s->n_changed; i++)
        jsonw_z(j, s->changed[i]);
    jsonw_end(j);
    jsonw_kday(j, "removed_known", s->gone_known);
    jsonw_key(j, "text");
    jsonw_object(j);
    jsonw_kstr(j, "zh", p->zh);
    jsonw_kstr(j, "en", p->en);
    jsonw_end(j);
    jsonw_end(j);
}

static void life_json(const struct life *l, struct buf *b)
{
    struct jsonw j;
    jsonw_init(&j, b, true);
    jsonw_object(&j);
    jsonw_kstr(&j, "key", l->key);
    jsonw_kday(&j, "first_valid", first_day(l));
    jsonw_kday(&j, "went", last_day(l));
    jsonw_kbool(&j, "current", last_day(l) == DAY_MAX);
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
    struct life l = {.key = str_from(a->word[2])};
    TRY(registry_open(d, e));
    TRY(classification_load(&codes, arena, e));
    TRY(registry_history(d, &c, arena, codes, e));
    l.c = c;
    make_life(&l, arena);
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
    struct db *d = NULL;
    struct buf out;
    enum err r = options_check(a, allowed, &e);
    if (r == OK && (a->n != 3 || a->output == OUTPUT_CSV))
        r = err_set(&e, ERR_USAGE, "用法：fumao list blame %s", "usage: fumao list blame %s",
                    "KEY [-o text|json]");
    if (r != OK)
        return print_fault(a, &e);
    arena_init(&arena);
    buf_init(&out);
    r = db_open(&d, option_get(a, "store"), &e);
    if (r == OK)
        r = blame(a, d, &arena, &out, &e);
    print_out(&out);
    buf_finish(&out);
    db_close(d);
    arena_finish(&arena);
    return r == OK ? 0 : print_fault(a, &e);
}
