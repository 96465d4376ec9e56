/* The stations of a rule, in order of time, and what changed between them. */
#include "compare/life.h"
#include "compare/meaning.h"

#include <stdlib.h>

static const struct instrument *text_of(const struct corpus *c, int provision)
{
    return &c->instrument[c->provision[provision].instrument];
}

static _Thread_local const struct corpus *sorting; /* qsort has no context */

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
    if (differs && s->n_changed < LIFE_FIELDS)
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

void life_make(struct life *l, const struct corpus *c, struct str key, struct arena *a)
{
    *l = (struct life){.c = c, .key = key};
    l->at = ARENA_ARRAY(a, struct station, (size_t)c->n_provisions + 1);
    l->absent = ARENA_ARRAY(a, int, (size_t)c->n_instruments + 1);
    for (int i = 0; i < c->n_provisions; i++)
        if (str_eq(c->provision[i].key, l->key))
            l->at[l->n++] = (struct station){.provision = i};
    sorting = c;
    sort_by(l->at, (size_t)l->n, sizeof *l->at, by_time);
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

day_t life_first(const struct life *l)
{
    day_t first = DAY_MAX;
    for (int i = 0; i < l->n; i++) {
        day_t d = text_of(l->c, l->at[i].provision)->valid_from;
        first = d < first ? d : first;
    }
    return first;
}

day_t life_last(const struct life *l)
{
    day_t last = DAY_MIN;
    for (int i = 0; i < l->n; i++) {
        const struct instrument *t = text_of(l->c, l->at[i].provision);
        if (instrument_current(t) && t->valid_to > last)
            last = t->valid_to;
    }
    return last;
}

const struct instrument *life_text_of(const struct life *l, int station)
{
    return text_of(l->c, l->at[station].provision);
}

bool life_untouched(const struct life *l, int i)
{
    const struct station *s = &l->at[i];
    return s->before == i - 1 && s->n_changed == 0 && s->gone_known == DAY_MAX &&
           str_eq(text_of(l->c, s->provision)->id,
                  text_of(l->c, l->at[i - 1].provision)->id) &&
           text_of(l->c, s->provision)->valid_to == text_of(l->c, l->at[i - 1].provision)->valid_to;
}
