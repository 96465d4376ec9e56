/* From a decoded record to a row. */
#include "declaration/cube_work.h"

enum { PACK_BLOCK = 256 };

int month_of(day_t d)
{
    int y, m, day;
    day_to_civil(d, &y, &m, &day);
    return (y - 2000) * 12 + m - 1;
}

/* As rates_cents, without its 128-bit division where the product fits 64 bits; test_cube holds
 * the two against each other. */
bool pack_cents(const struct cube_builder *b, int currency, int month, int64_t amount,
                int64_t *cents)
{
    const struct rates *r = b->o.rates;
    uint64_t product, unit = b->unit[currency];
    if (month < 0 || month >= r->n || amount < 0) {
        return rates_cents(r, b->o.scheme, currency, month, amount, cents);
    }
    int64_t rate = r->usd_e10[(size_t)month * SCHEME_CURRENCIES + (size_t)currency];
    if (rate <= 0 || __builtin_mul_overflow((uint64_t)amount, (uint64_t)rate, &product)) {
        return rates_cents(r, b->o.scheme, currency, month, amount, cents);
    }
    uint64_t q = product / unit, left = product - q * unit, half = unit / 2;
    q += left > half || (left == half && (q & 1) != 0);
    *cents = (int64_t)q;
    return true;
}

/* A refund takes back a payment of the other flow: it counts there, as minus. */
enum again_kind pack_row(const struct cube_builder *b, const struct declaration *d,
                         struct row *row)
{
    if ((b->service[d->code >> 6] >> (d->code & 63) & 1) == 0) {
        return AGAIN_OTHER;
    }
    uint32_t at = (uint32_t)d->on - (uint32_t)b->day_from;
    if (at >= CUBE_DAYS) {
        return AGAIN_UNRATED;
    }
    const struct day_split on = b->day[at];
    int64_t cents;
    if (!pack_cents(b, d->currency, on.month, d->amount, &cents)) {
        return AGAIN_UNRATED;
    }
    bool refund = d->advance == ADVANCE_REFUND;
    cell_key key = cell_key_make(refund ? 1u - d->flow : d->flow, d->code, d->country, d->place,
                                 on.month);
    *row = (struct row){row_word(key, 0, on.day, false), refund ? -cents : cents};
    return AGAIN_ROW;
}

struct packed { /* a record between the two rounds over a block */
    struct row row;
    struct party_key key;
    uint64_t hash;
};

static void put_rows(struct builder_thread *t, const struct packed *p, int n)
{
    for (int i = 0; i < n; i++) {
        uint32_t party = party_table_number(t->parties, p[i].key, p[i].hash);
        if (party == UINT32_MAX) {
            t->parties_full = true;
            return;
        }
        struct row r = p[i].row;
        r.word |= (uint64_t)party << 8;
        lane_put_row(t->rows, row_part(row_cell(r.word)), r);
    }
    t->records += n;
}

static void pack_block(const struct cube_builder *b, struct builder_thread *t,
                       const struct declaration *d, int n)
{
    struct packed p[PACK_BLOCK];
    int rows = 0;
    for (int i = 0; i < n; i++) {
        uint64_t turned = key_turn(d[i].report_key);
        lane_put_key(t->keys, key_part(turned, d[i].report_part), turned);
        enum again_kind kind = pack_row(b, &d[i], &p[rows].row);
        if (kind == AGAIN_ROW) {
            p[rows].key = party_key_of(d[i].party_id.p, d[i].party_id.n);
            p[rows].hash = party_hash(p[rows].key);
            party_prefetch(t->parties, p[rows].hash);
            rows++;
        }
        t->unrated += kind == AGAIN_UNRATED;
    }
    put_rows(t, p, rows);
}

void cube_rows(void *builder, int thread, struct declaration *d, int n)
{
    struct cube_builder *b = builder;
    check(thread >= 0 && thread < b->n_threads && !b->looked);
    for (int i = 0; i < n; i += PACK_BLOCK) {
        pack_block(b, &b->thread[thread], d + i, n - i < PACK_BLOCK ? n - i : PACK_BLOCK);
    }
}
