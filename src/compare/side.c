/* Operands of a comparison, and the cells in which both can speak. */
#include "compare/compare.h"

static enum err no_such_list(const struct corpus *c, struct str id, struct error *e)
{
    err_set(e, ERR_NOT_FOUND, "没有清单 %.*s", "there is no list %.*s", STR_ARG(id));
    err_hint(e, "fumao list log");
    for (int i = 0; i < c->n_instruments; i++)
        if (str_distance(id, c->instrument[i].id, 4) < 4)
            err_hint(e, "%.*s?", STR_ARG(c->instrument[i].id));
    return ERR_NOT_FOUND;
}

/* A day on which the text is in force, as near to today as may be. */
static day_t day_in_force(const struct instrument *i, day_t today)
{
    if (today < i->valid_from)
        return i->valid_from;
    return today < i->valid_to ? today : i->valid_to - 1;
}

enum err side_of_record(const struct corpus *c, int instrument, day_t today, struct side *out,
                        struct error *e)
{
    const struct instrument *i = &c->instrument[instrument];
    *out = (struct side){.name = i->id, .instrument = instrument, .family = i->family,
                         .place = -1, .origin = -1};
    if (i->layer < 0 || !i->default_equal) {
        err_set(e, ERR_INVALID, "%.*s 不是逐项持有的负面清单，不能按含义比较",
                "%.*s is not a negative list held item by item: it cannot be compared by meaning",
                STR_ARG(i->id));
        err_hint(e, "fumao gap %.*s", STR_ARG(i->id));
        return ERR_INVALID;
    }
    out->on = day_in_force(i, today);
    out->known = today < i->known_from ? i->known_from : today < i->known_to ? today : i->known_to - 1;
    return OK;
}

static enum err view_part(const struct corpus *c, struct str part, struct side *out,
                          struct error *e)
{
    if (part.n > 0 && part.p[0] >= '0' && part.p[0] <= '9') {
        if (!day_parse(part, &out->on))
            return err_set(e, ERR_SYNTAX, "“%.*s”不是日期", "\"%.*s\" is not a date", STR_ARG(part));
        return OK;
    }
    if (out->place < 0)
        return place_parse(c->codes, part, &out->place, e);
    return economy_parse(c->codes, part, &out->origin, e);
}

/* A negative list of the family must speak at the place on the day: nothing else has a value. */
static enum err view_governed(const struct corpus *c, const struct side *s, struct error *e)
{
    char day[11];
    for (int l = 0; l < c->n_layers; l++) {
        const struct instrument *i = &c->instrument[c->layer[l]];
        if (i->family == s->family && i->default_equal && !i->claimable &&
            i->valid_from <= s->on && s->on < i->valid_to && i->known_from <= s->known &&
            s->known < i->known_to && bit_get(i->place, (size_t)s->place))
            return OK;
    }
    day_format(s->on, day);
    err_set(e, ERR_DATE_RANGE, "%s 当日 %.*s 没有持有的%s负面清单，无从比较",
            "on %s no negative list held spoke in %.*s (%s): there is nothing to compare", day,
            STR_ARG(c->codes->place[s->place].code), family_name(s->family));
    return ERR_DATE_RANGE;
}

static enum err view_parse(const struct corpus *c, struct str spec, day_t today,
                           struct side *out, struct error *e)
{
    struct str rest, family = str_cut(spec, '@', &rest);
    *out = (struct side){.name = spec, .instrument = -1, .place = -1, .origin = -1,
                         .on = today, .known = today};
    if (str_eqz(family, "cross-border"))
        out->family = FAMILY_CROSS_BORDER;
    else if (str_eqz(family, "investment"))
        out->family = FAMILY_INVESTMENT;
    else
        return err_set(e, ERR_SYNTAX, "“%.*s”不是 cross-border 或 investment",
                       "\"%.*s\" is neither cross-border nor investment", STR_ARG(family));
    while (rest.n > 0) {
        struct str part = str_cut(rest, '@', &rest);
        TRY(view_part(c, part, out, e));
    }
    if (out->place < 0)
        return err_set(e, ERR_SYNTAX, "“%.*s”未写地点，例如 cross-border@CN-SH@2025-01-01",
                       "\"%.*s\" names no place, e.g. cross-border@CN-SH@2025-01-01",
                       STR_ARG(spec));
    if (c->codes->place[out->place].from > out->on)
        return err_set(e, ERR_PLACE_DATE, "%.*s 当日尚未设立", "%.*s did not exist on that day",
                       STR_ARG(c->codes->place[out->place].code));
    return view_governed(c, out, e);
}

enum err side_parse(const struct corpus *c, struct str spec, day_t today, struct side *out,
                    struct error *e)
{
    if (str_find(spec, STR("@"), NULL))
        return view_parse(c, spec, today, out, e);
    int i = instrument_find(c, spec);
    if (i < 0)
        return no_such_list(c, spec, e);
    return side_of_record(c, i, today, out, e);
}

static void clip_to_edition(const struct corpus *c, const struct side *s, struct scope *d)
{
    const struct instrument *i = &c->instrument[s->instrument];
    bits_and(d->place, i->place, PLACE_WORDS);
    bits_and(d->origin, i->origin, ORIGIN_WORDS);
}

static void fix_view(const struct side *s, struct scope *d)
{
    memset(d->place, 0, sizeof d->place);
    bit_set(d->place, (size_t)s->place);
    if (s->origin < 0)
        return;
    memset(d->origin, 0, sizeof d->origin);
    bit_set(d->origin, (size_t)s->origin);
}

enum err sides_domain(const struct corpus *c, const struct side *a, const struct side *b,
                      struct scope *out, struct error *e)
{
    if (a->family != b->family)
        return err_set(e, ERR_INVALID, "两侧属于不同的清单类别：%s 与 %s",
                       "the sides are lists of different families: %s and %s",
                       family_name(a->family), family_name(b->family));
    if ((a->instrument < 0) != (b->instrument < 0) || (a->origin < 0) != (b->origin < 0))
        return err_set(e, ERR_INVALID, "两侧须同为版本，或同为地点与日期：%.*s、%.*s",
                       "both sides must be editions, or both a place and a day: %.*s, %.*s",
                       STR_ARG(a->name), STR_ARG(b->name));
    scope_whole(c->codes, a->on > b->on ? a->on : b->on, out);
    out->combo = combos_of(a->family == FAMILY_INVESTMENT ? 1u << 3 : 1u << 1 | 1u << 2 | 1u << 4,
                           IMPORT, ~0u);
    if (a->instrument < 0) {
        fix_view(a, out);
        return OK;
    }
    clip_to_edition(c, a, out);
    clip_to_edition(c, b, out);
    if (!bits_any(out->place, PLACE_WORDS) || !bits_any(out->origin, ORIGIN_WORDS))
        return err_set(e, ERR_INVALID, "%.*s 与 %.*s 没有共同的适用地域",
                       "%.*s and %.*s have no place in common", STR_ARG(a->name),
                       STR_ARG(b->name));
    return OK;
}

void side_question(const struct corpus *c, const struct side *s, int sector, int combo,
                   int origin, int place, struct question *out)
{
    *out = (struct question){.sector = sector, .mode = combo_mode(combo),
                             .direction = combo_direction(combo), .kind = combo_kind(combo),
                             .origin = s->origin >= 0 ? s->origin : origin,
                             .place = s->place >= 0 ? s->place : place,
                             .on = s->on, .known = s->known};
    if (s->instrument >= 0)
        out->only = (uint64_t)1 << c->instrument[s->instrument].layer;
}
