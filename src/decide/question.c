/* What decide() takes for granted, checked at the border: docs/meaning.md section 6. */
#include "decide/decide.h"

static day_t first_day(const struct corpus *c, bool known)
{
    day_t first = DAY_MAX;
    for (int i = 0; i < c->n_instruments; i++) {
        day_t d = known ? c->instrument[i].known_from : c->instrument[i].valid_from;
        if (d != DAY_MIN && d < first)
            first = d;
    }
    return first;
}

static enum err check_days(const struct corpus *c, const struct question *q, struct error *e)
{
    char a[11], b[11];
    day_t first = first_day(c, false), last = q->known + 3652;
    day_t first_known = first_day(c, true);
    day_t last_known = day_today() > first_known ? day_today() : first_known;
    if (q->known < first_known || q->known > last_known) {
        day_format(first_known, a);
        day_format(last_known, b);
        err_set(e, ERR_DATE_RANGE, "平台的记载自 %s 起至 %s", "the platform's knowledge runs from %s to %s",
                a, b);
        err_at(e, "", 0, "known");
        return ERR_DATE_RANGE;
    }
    if (q->on < first || q->on > last) {
        day_format(first, a);
        day_format(last, b);
        err_set(e, ERR_DATE_RANGE, "可回答的日期为 %s 至 %s", "answers run from %s to %s", a, b);
        err_at(e, "", 0, "on");
        return ERR_DATE_RANGE;
    }
    return OK;
}

static enum err check_claims(const struct corpus *c, const struct question *q, struct error *e)
{
    for (int l = 0; l < c->n_layers; l++) {
        if (!((q->claims >> l) & 1))
            continue;
        const struct instrument *i = &c->instrument[c->layer[l]];
        bool member = bit_get(i->origin, (size_t)q->origin);
        if (i->group.n > 0)
            member = group_has(c->codes, i->group, q->origin, q->on);
        if (i->claimable && member && i->valid_from <= q->on && q->on < i->valid_to)
            continue;
        err_set(e, ERR_CLAIM, "不能援引 %.*s", "%.*s cannot be claimed here",
                STR_ARG(i->id));
        err_at(e, "", 0, "claim");
        err_hint(e, "%s", i->claimable ? "the supplier's economy is not a party on that day"
                                       : "this text acts by itself");
        return ERR_CLAIM;
    }
    return OK;
}

enum err question_check(const struct corpus *c, const struct question *q, struct error *e)
{
    const struct place *p = &c->codes->place[q->place];
    TRY(check_days(c, q, e));
    if (p->from > q->on) {
        char day[11];
        day_format(p->from, day);
        err_set(e, ERR_PLACE_DATE, "%.*s 设立于 %s", "%.*s was founded on %s", STR_ARG(p->code),
                day);
        err_at(e, "", 0, "to");
        err_hint(e, "%.*s", STR_ARG(c->codes->place[p->parent < 0 ? 0 : p->parent].code));
        return ERR_PLACE_DATE;
    }
    if (str_eqz(c->codes->economy[q->origin].alpha2, "CN")) {
        err_set(e, ERR_INVALID, "%s 的服务提供者不是境外提供者", "a supplier from %s is not foreign", "CN");
        err_at(e, "", 0, "from");
        err_hint(e, "HK, MO, TW, SG, ...");
        return ERR_INVALID;
    }
    if (!combo_valid(combo_of(q->mode, q->direction, q->kind))) {
        err_set(e, ERR_INVALID, "主体类型 %s 只适用于模式 3", "the kind %s exists only in mode 3",
                kind_name(q->kind));
        err_at(e, "", 0, "kind");
        err_hint(e, "firm, person");
        return ERR_INVALID;
    }
    return check_claims(c, q, e);
}
