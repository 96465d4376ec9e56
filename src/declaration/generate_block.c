/* Records of one block: drawn, paired, and given amounts that meet the block's targets. */
#include "declaration/generate_inside.h"

enum { NO_PAIR = UINT32_MAX, PAIR_TRIES = 8, SALT_ROW = 4 };

static bool has_weight(const struct drawn *d) /* counts for the control totals, as a plus */
{
    return d->plant == PLANT_NONE || d->plant == PLANT_LATE || d->plant == PLANT_LISTED;
}

struct block block_at(const struct model *y, int block)
{
    int m = 0;
    while (m + 1 < y->k.n && y->month[m + 1].block <= block)
        m++;
    int64_t first = (int64_t)(block - y->month[m].block) * y->block_rows;
    int64_t left = y->month[m].rows - first;
    return (struct block){m, (int)(left < y->block_rows ? left : y->block_rows), first};
}

/* A lognormal factor, 2^-16: three tables, so that the tails are fine. High: between the quantiles
 * .969 and .984, so that a thousand times as much is far from what the firm usually pays. */
static uint32_t lognormal(const struct calibration *c, uint64_t r, bool high)
{
    uint32_t u = (uint32_t)(r >> 32);
    if (high)
        u = (UINT32_C(31) << 27) + (u >> 6);
    int part = u >= UINT32_C(63) << 26 ? 2 : u < UINT32_C(1) << 26 ? 0 : 1;
    uint64_t at; /* within the part, 2^-24 of a knot */
    if (part == 0)
        at = (uint64_t)u << 6;
    else if (part == 2)
        at = (uint64_t)(u - (UINT32_C(63) << 26)) << 6;
    else
        at = (uint64_t)(u - (UINT32_C(1) << 26)) * 32 / 31;
    uint32_t k = (uint32_t)(at >> 24), f = (uint32_t)at & 0xFFFFFF;
    const uint32_t *knot = &c->knot[part][k < KNOTS - 1 ? k : KNOTS - 2];
    return (uint32_t)(((uint64_t)knot[0] * (0x1000000 - f) + (uint64_t)knot[1] * f) >> 24);
}

static uint8_t plant_draw(const struct model *y, uint64_t r)
{
    uint32_t u = (uint32_t)(r >> 32);
    if (u >= y->plant_cut[PLANT_COUNT - 1])
        return PLANT_NONE;
    for (int i = 1; i < PLANT_COUNT; i++)
        if (u < y->plant_cut[i])
            return (uint8_t)i;
    return PLANT_NONE;
}

/* A home partner of the firm, the first most often. */
static uint8_t partner_draw(const struct habit *f, uint64_t r)
{
    uint32_t at = 0, u = (uint32_t)r & 7;
    if (f->n_partners > 1)
        at = u < 5 ? 0 : u < 7 ? 1 : 2 + ((uint32_t)r >> 3 & 1);
    return f->partner[at % f->n_partners];
}

/* Faults that this record cannot have become none. */
static uint8_t plant_fits(const struct model *y, const struct drawn *d, const struct habit *f,
                          int64_t number)
{
    int flow = d->cell / CONTROL_ITEMS;
    switch (d->plant) {
    case PLANT_UNIT:
        return f->steady ? PLANT_UNIT : PLANT_NONE;
    case PLANT_CHECK_DIGIT:
        return f->numbered ? PLANT_CHECK_DIGIT : PLANT_NONE;
    case PLANT_DIRECTION:
        return y->c.n_wrong[flow] > 0 ? PLANT_DIRECTION : PLANT_NONE;
    case PLANT_OPEN_QUOTE: /* two near each other would close each other */
        return number % QUOTE_EVERY == 5 ? PLANT_OPEN_QUOTE : PLANT_NONE;
    default:
        return d->plant;
    }
}

/* Everything of a record that needs no other record. The first records of a month are one of each
 * cell and without a fault, so that every control total has something to stand on. */
static void draw(const struct model *y, const struct month_plan *m, int64_t at, struct drawn *d)
{
    struct stream s = {mix(y->o->seed + SALT_ROW) +
                       (uint64_t)(m->first + at) * 0xD1B54A32D192ED03u};
    uint64_t r = stream_next(&s), choice = stream_next(&s);
    *d = (struct drawn){.pair = NO_PAIR, .mark = (uint8_t)r};
    d->plant = at < CELLS ? PLANT_NONE : plant_draw(y, r);
    d->cell = at < CELLS ? (uint8_t)at : (uint8_t)alias_draw(&m->cell, choice);
    uint8_t listed = 0;
    if (d->plant == PLANT_LISTED) {
        listed = y->c.listed[choice % (uint64_t)y->c.n_listed];
        d->cell = (uint8_t)(CONTROL_ITEMS + y->c.item_of[listed]);
    }
    uint64_t who = stream_next(&s), z = stream_next(&s), rest = stream_next(&s);
    const struct choice *c = &y->firms.choice[d->cell][below(who, y->firms.n_choices[d->cell])];
    bool other = (uint32_t)who >= c->cut;
    d->firm = c->firm[other];
    d->code = d->plant == PLANT_LISTED ? listed : c->code[other];
    const struct habit *f = &y->firms.habit[d->firm];
    if (d->plant != PLANT_NONE)
        d->plant = plant_fits(y, d, f, m->first + at);
    uint64_t w = (uint64_t)f->mean * lognormal(&y->c, z, d->plant == PLANT_UNIT) >> 8;
    d->weight = w < UINT32_MAX ? (uint32_t)(w | 1) : UINT32_MAX;
    d->tender = (uint8_t)alias_draw(&y->tender, stream_next(&s));
    d->partner = partner_draw(f, rest);
    d->lag = d->plant == PLANT_LATE ? (uint8_t)(LAGS_IN_TIME + (rest >> 8) % (LAGS - LAGS_IN_TIME))
                                    : (uint8_t)((rest >> 8) % LAGS_IN_TIME);
    d->part = (uint8_t)(8 + (rest >> 16) % 57);
}

/* The largest record without a fault of each cell takes what rounding leaves; it is in USD and no
 * other record is made of it. */
static void mark_closing(struct drawn *d, int n)
{
    int best[CELLS];
    for (int k = 0; k < CELLS; k++)
        best[k] = -1;
    for (int i = 0; i < n; i++)
        if (has_weight(&d[i]) && (best[d[i].cell] < 0 || d[i].weight > d[best[d[i].cell]].weight))
            best[d[i].cell] = i;
    for (int k = 0; k < CELLS; k++)
        if (best[k] >= 0)
            d[best[k]].closes = true;
}

static bool plain(const struct drawn *d)
{
    return d->plant == PLANT_NONE && !d->closes && !d->repeated;
}

/* A refund goes back some way to a payment whose code is for both directions. */
static uint32_t refund_of(const struct model *y, const struct drawn *d, int i)
{
    int reach = i < REACH ? i : REACH;
    uint32_t r = (uint32_t)d[i].part * 2654435761u ^ d[i].weight;
    int back = 1 + (int)(r % (uint32_t)(reach + !reach));
    for (int j = i - back, k = 0; j >= 0 && k < PAIR_TRIES; j--, k++) {
        const struct itrs_code *c = &y->o->scheme->code[d[j].code];
        if (plain(&d[j]) && c->credit && c->debit)
            return (uint32_t)j;
    }
    return NO_PAIR;
}

static bool pairs(uint8_t plant)
{
    return plant == PLANT_DUPLICATE || plant == PLANT_TWICE || plant == PLANT_REFUND;
}

/* Finds what repeated and refunding records are made of. Twice the same number, every second
 * time with another amount: then neither can be trusted. */
static void pair_up(const struct model *y, struct drawn *d, int n)
{
    bool closed[CELLS] = {false};
    for (int i = 0; i < n; i++)
        closed[d[i].cell] |= d[i].closes;
    for (int i = 0; i < n; i++) {
        if (!pairs(d[i].plant))
            continue;
        uint32_t j = d[i].plant == PLANT_REFUND ? refund_of(y, d, i)
                     : i > 0 && plain(&d[i - 1]) ? (uint32_t)i - 1
                                                 : NO_PAIR;
        if (j == NO_PAIR) {
            d[i].plant = PLANT_NONE;
            d[i].closes = !closed[d[i].cell];
            closed[d[i].cell] = true;
            continue;
        }
        struct drawn own = d[i];
        d[j].repeated = true;
        d[i] = d[j];
        d[i].plant = own.plant;
        d[i].pair = j;
        d[i].mark = own.mark;
        d[i].part = own.part;
        if (own.plant == PLANT_REFUND)
            d[i].day = own.day;
        if (own.plant != PLANT_TWICE)
            d[i].lag = own.lag;
        else if ((own.mark & 1) != 0)
            d[j].plant = PLANT_TWICE;
    }
}

static void add_up(const struct drawn *d, int n, int64_t sum[CELLS][PARTNERS_MAX])
{
    for (int i = 0; i < n; i++) {
        int64_t *at = &sum[d[i].cell][d[i].partner];
        if (has_weight(&d[i]))
            *at += d[i].weight;
        else if (d[i].plant == PLANT_REFUND)
            *at -= (int64_t)((uint64_t)d[i].weight * d[i].part >> 6);
    }
}

void block_draw(const struct model *y, struct block b, struct drawn *d,
                int64_t sum[CELLS][PARTNERS_MAX])
{
    const struct month_plan *m = &y->month[b.month];
    int day = 0;
    for (int i = 0; i < b.n; i++) {
        while (b.first + i >= m->day_first[day + 1])
            day++;
        draw(y, m, b.first + i, &d[i]);
        d[i].day = (uint8_t)day;
    }
    mark_closing(d, b.n);
    pair_up(y, d, b.n);
    if (sum != NULL)
        add_up(d, b.n, sum);
}

static int64_t at_least_one(int64_t v)
{
    return v > 0 ? v : 1;
}

/* Minor units of the record's currency for cents, to the nearest, at least one. */
static int64_t in_currency(const struct model *y, int month, int tender, int64_t cents)
{
    if (tender == 0)
        return at_least_one(cents);
    static const int64_t ten[] = {1, 10, 100, 1000, 10000};
    int c = y->c.tender[tender].currency, exponent = y->o->scheme->currency[c].exponent;
    int64_t rate = y->rates->usd_e10[(size_t)month * SCHEME_CURRENCIES + (size_t)c];
    __int128 v = (__int128)cents * INT64_C(100000000) * ten[exponent];
    return at_least_one((int64_t)((v + rate / 2) / rate));
}

void block_amounts(const struct model *y, struct block b, struct drawn *d,
                   const int64_t target[CELLS])
{
    int64_t left[CELLS];
    int closes[CELLS], month = y->k.from + b.month;
    memcpy(left, target, sizeof left);
    memset(closes, -1, sizeof closes);
    for (int i = 0; i < b.n; i++) {
        struct drawn *r = &d[i];
        if (r->closes) {
            closes[r->cell] = i;
            r->tender = 0;
            continue;
        }
        __int128 due = (__int128)((uint64_t)r->weight * y->column[r->cell][r->partner] >> 4) *
                       (__int128)y->month[b.month].row[r->cell];
        if (r->pair == NO_PAIR)
            r->amount = in_currency(y, month, r->tender, (int64_t)(due >> 48));
        else if (r->plant == PLANT_REFUND)
            r->amount = at_least_one((int64_t)((__int128)d[r->pair].amount * r->part >> 6));
        else
            r->amount = d[r->pair].amount +
                        (r->plant == PLANT_TWICE && (r->mark & 1) != 0 ? 100 : 0);
        int64_t cents = 0;
        bool minus = r->plant == PLANT_REFUND;
        if (!minus && !has_weight(r))
            continue;
        check(rates_cents(y->rates, y->o->scheme, y->c.tender[r->tender].currency, month, r->amount,
                          &cents));
        left[r->cell] -= minus ? -cents : cents;
    }
    for (int k = 0; k < CELLS; k++)
        if (closes[k] >= 0)
            d[closes[k]].amount = at_least_one(left[k]);
}
