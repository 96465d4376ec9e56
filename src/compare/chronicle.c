#include "compare/chronicle.h"
#include "compare/compare.h"
#include "law/write.h"

#include <stdio.h>
#include <stdlib.h>

/* --- neighbours --------------------------------------------------------------------------- */

static bool begins_before(const struct corpus *c, int a, int b)
{
    const struct instrument *x = &c->instrument[a], *y = &c->instrument[b];
    if (x->valid_from != y->valid_from)
        return x->valid_from < y->valid_from;
    return x->kind != y->kind ? x->kind < y->kind : a < b;
}

static bool comparable(const struct corpus *c, int a, int b, day_t today)
{
    struct side x, y;
    struct scope domain;
    return side_of_record(c, a, today, &x, NULL) == OK &&
           side_of_record(c, b, today, &y, NULL) == OK &&
           sides_domain(c, &x, &y, &domain, NULL) == OK;
}

int chronicle_before(const struct corpus *c, int instrument, day_t today, int out[EVENT_AGAINST])
{
    const struct instrument *t = &c->instrument[instrument];
    int same_kind = -1, n = 0;
    if (!t->default_equal || t->layer < 0)
        return 0;
    for (int i = 0; i < c->n_instruments; i++) {
        const struct instrument *o = &c->instrument[i];
        if (i == instrument || o->family != t->family || !instrument_current(o) ||
            !begins_before(c, i, instrument) || !comparable(c, i, instrument, today))
            continue;
        if (o->kind == t->kind && (same_kind < 0 || begins_before(c, same_kind, i)))
            same_kind = i;
        else if (o->kind != t->kind && t->valid_from < o->valid_to && n < EVENT_AGAINST - 1)
            out[n++] = i;
    }
    if (same_kind >= 0)
        out[n++] = same_kind;
    return n;
}

/* --- events ------------------------------------------------------------------------------- */

static const struct corpus *sorting_of(const struct corpus *set)
{
    static _Thread_local const struct corpus *c; /* qsort has no context */
    if (set != NULL)
        c = set;
    return c;
}

static bool known_kind(enum event_kind k)
{
    return k >= EVENT_KNOWN;
}

static int newest_first(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    if (x->day != y->day)
        return x->day > y->day ? -1 : 1;
    if (x->kind != y->kind && !(known_kind(x->kind) && known_kind(y->kind)))
        return x->kind < y->kind ? -1 : 1;
    const struct instrument *s = sorting_of(NULL)->instrument;
    int by_id = str_cmp(s[x->instrument].id, s[y->instrument].id);
    return by_id != 0 ? by_id : (x->instrument > y->instrument) - (x->instrument < y->instrument);
}

static void add(struct event *list, int *n, enum event_kind kind, day_t day, int instrument)
{
    if (day != DAY_MIN && day != DAY_MAX)
        list[(*n)++] = (struct event){.kind = kind, .day = day, .instrument = instrument};
}

/* Records of one text lie side by side, in order of known_from. */
static bool same_text(const struct corpus *c, int a, int b)
{
    return a >= 0 && b < c->n_instruments && str_eq(c->instrument[a].id, c->instrument[b].id);
}

int chronicle_make(const struct corpus *c, day_t today, struct arena *a, struct event **out)
{
    struct event *list = ARENA_ARRAY(a, struct event, 4 * (size_t)c->n_instruments + 1);
    int n = 0;
    for (int i = 0; i < c->n_instruments; i++) {
        const struct instrument *t = &c->instrument[i];
        add(list, &n, same_text(c, i - 1, i) ? EVENT_CORRECTED : EVENT_KNOWN, t->known_from, i);
        if (!same_text(c, i, i + 1))
            add(list, &n, EVENT_WITHDRAWN, t->known_to, i);
        if (!instrument_current(t))
            continue;
        add(list, &n, EVENT_BEGINS, t->valid_from, i);
        add(list, &n, EVENT_ENDS, t->valid_to, i);
    }
    for (int i = 0; i < n; i++)
        if (list[i].kind == EVENT_BEGINS)
            list[i].n_against = chronicle_before(c, list[i].instrument, today, list[i].against);
    sorting_of(c);
    sort_by(list, (size_t)n, sizeof *list, newest_first);
    *out = list;
    return n;
}

/* --- out ---------------------------------------------------------------------------------- */

const char *event_name(enum event_kind k)
{
    static const char *const names[] = {"begins", "ends", "known", "corrected", "withdrawn"};
    return names[k];
}

void chronicle_urn(struct str name, char out[46])
{
    uint8_t h[32];
    char hex[33];
    hash_sha256(name.p, name.n, h);
    h[6] = (uint8_t)((h[6] & 0x0f) | 0x80);
    h[8] = (uint8_t)((h[8] & 0x3f) | 0x80);
    hash_hex(h, 16, hex);
    snprintf(out, 46, "urn:uuid:%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
             hex + 20);
}

/* Whether a record is the first of its text is seen from the others and may change with them, so
 * that it is not in the name. */
void event_urn(const struct corpus *c, const struct event *x, char out[46])
{
    char day[11];
    struct buf name;
    enum event_kind k = x->kind == EVENT_CORRECTED ? EVENT_KNOWN : x->kind;
    day_format(x->day, day);
    buf_init(&name);
    buf_printf(&name, "fumao chronicle\n%s\n%.*s\n%s", event_name(k),
               STR_ARG(c->instrument[x->instrument].id), day);
    chronicle_urn(buf_view(&name), out);
    buf_finish(&name);
}

static void event_json(const struct corpus *c, const struct event *x, struct jsonw *w)
{
    const struct instrument *t = &c->instrument[x->instrument];
    char urn[46];
    event_urn(c, x, urn);
    jsonw_object(w);
    jsonw_kz(w, "id", urn);
    jsonw_kz(w, "event", event_name(x->kind));
    jsonw_kday(w, "day", x->day);
    jsonw_kstr(w, "instrument", t->id);
    kwords(w, "title", t->title_zh, t->title_en);
    jsonw_kz(w, "family", family_name(t->family));
    jsonw_kz(w, "edition_kind", edition_kind_name(t->edition));
    jsonw_kint(w, "published", t->published_total);
    jsonw_kint(w, "held", t->n);
    jsonw_kday(w, "known_from", t->known_from);
    jsonw_kz(w, "hash", t->hash);
    jsonw_key(w, "against");
    jsonw_array(w);
    for (int i = 0; i < x->n_against; i++)
        jsonw_str(w, c->instrument[x->against[i]].id);
    jsonw_end(w);
    jsonw_end(w);
}

void chronicle_json(const struct corpus *c, const struct event *x, int n, struct buf *out)
{
    struct jsonw w;
    jsonw_init(&w, out, false);
    jsonw_object(&w);
    jsonw_key(&w, "events");
    jsonw_array(&w);
    for (int i = 0; i < n; i++)
        event_json(c, &x[i], &w);
    jsonw_end(&w);
    jsonw_kz(&w, "snapshot", c->hash);
    jsonw_end(&w);
}
