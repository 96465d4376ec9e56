/* Fields to values. Digits are read eight at a time; codes are looked up in tables as wide as what
 * can be written, so that a lookup is one load. */
#include "declaration/reading.h"

#include <stdlib.h>

enum { CODE_SPACE = 1000000, LETTERS = 1 << 15, MONTHS = 1200, ZONE_BITS = 9,
       ZONE_SLOTS = 1 << ZONE_BITS, ZONE_LONGEST = 16 };

struct lookups {
    const struct scheme *scheme;
    uint8_t code[CODE_SPACE]; /* place + 1; pages that are never looked at cost nothing */
    uint8_t economy[LETTERS], currency[LETTERS];
    day_t month[MONTHS + 1]; /* first days of the months of 2000 to 2099, and of 2100 */
    struct zone { /* a code's first eight bytes and, of a longer one, its last eight */
        uint64_t first, last;
        uint8_t n, place; /* n 0: free */
    } zone[ZONE_SLOTS];
};

/* --- letters -------------------------------------------------------------------------------- */

/* 15 bits of three capitals; what is no capital gives a number that no code has. */
static unsigned letters(const char *p)
{
    unsigned a = (unsigned char)p[0] - 'A', b = (unsigned char)p[1] - 'A',
             c = (unsigned char)p[2] - 'A';
    return (a | b | c) > 31 ? LETTERS - 1 : (a << 10) | (b << 5) | c;
}

/* --- digits --------------------------------------------------------------------------------- */

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t load8(const char *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

/* Zero when all eight bytes are digits: no byte is below '0', and none above '9'. A byte that
 * borrows from the next has its own high bit set. */
static inline uint64_t not_digits(uint64_t v)
{
    return ((v + EACH(0x7F - '9')) | (v - EACH('0'))) & EACH(0x80);
}

/* Four pairs of digits, 16 bits each, the first pair lowest. */
static inline uint64_t pairs(uint64_t v)
{
    v = (v & EACH(0x0F)) * 10 + ((v & EACH(0x0F)) >> 8);
    return v & UINT64_C(0x00FF00FF00FF00FF);
}

static inline unsigned pair(uint64_t v, int i)
{
    return (unsigned)(v >> (16 * i)) & 0xFF;
}

/* Eight digits: pairs to fours to the whole, two products at a time. */
static inline uint32_t number8(uint64_t v)
{
    const uint64_t every_other = UINT64_C(0x000000FF000000FF);
    v = pairs(v);
    uint64_t first = (v & every_other) * (UINT64_C(100) + (UINT64_C(1000000) << 32));
    uint64_t second = (v >> 16 & every_other) * (UINT64_C(1) + (UINT64_C(10000) << 32));
    return (uint32_t)((first + second) >> 32);
}

/* The last n bytes of v, with zeros written before them; n in 0..8. Two shifts, since one by 64
 * means nothing. */
static inline uint64_t last_bytes(uint64_t v, size_t n)
{
    unsigned half = (unsigned)(4 * n);
    uint64_t before = ~UINT64_C(0) >> half >> half;
    return (v & ~before) | (EACH('0') & before);
}

/* Exactly six and exactly four digits. */
static inline bool read_six(struct str s, uint32_t *out)
{
    if (s.n != 6)
        return false;
    uint64_t v = load8(s.p) << 16 | (EACH('0') & 0xFFFF);
    *out = number8(v);
    return not_digits(v) == 0;
}

static inline bool read_four(struct str s, uint32_t *out)
{
    if (s.n != 4)
        return false;
    uint64_t v = load8(s.p) << 32 | (EACH('0') & 0xFFFFFFFF);
    *out = number8(v);
    return not_digits(v) == 0;
}

/* Up to 16 digits. No branch on how many: amounts are short and long as it comes. */
static inline bool read_digits(struct str s, uint64_t *out)
{
    const char *end = s.p + s.n;
    uint64_t low = last_bytes(load8(end - 8), s.n < 8 ? s.n : 8);
    uint64_t high = last_bytes(load8(end - 16), s.n < 8 ? 0 : s.n - 8);
    *out = (uint64_t)number8(high) * 100000000 + number8(low);
    return (not_digits(low) | not_digits(high)) == 0;
}

/* --- zones ------------------------------------------------------------------------------------ */

/* Of 1 to ZONE_LONGEST bytes; as everywhere, READ_FRONT bytes lie before and eight behind. */
static inline struct zone zone_of(struct str s)
{
    uint64_t first = load8(s.p), last = load8(s.p + s.n - 8);
    unsigned over = s.n < 8 ? (unsigned)(8 * (8 - s.n)) : 0;
    return (struct zone){first << over, s.n > 8 ? last : 0, (uint8_t)s.n, 0};
}

static inline unsigned zone_slot(const struct zone *z)
{
    uint64_t h = (z->first ^ z->last * UINT64_C(0xff51afd7ed558ccd) ^ z->n) *
                 UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned)(h >> (64 - ZONE_BITS));
}

static void add_zone(struct lookups *l, struct str code, int place)
{
    char room[3 * ZONE_LONGEST] = {0};
    check(code.n > 0 && code.n <= ZONE_LONGEST);
    memcpy(room + ZONE_LONGEST, code.p, code.n);
    struct zone z = zone_of((struct str){room + ZONE_LONGEST, code.n});
    unsigned i = zone_slot(&z);
    while (l->zone[i].n > 0)
        i = (i + 1) % ZONE_SLOTS;
    z.place = (uint8_t)place;
    l->zone[i] = z;
}

static int find_zone(const struct lookups *l, struct str code)
{
    if (code.n > ZONE_LONGEST)
        return -1;
    const struct zone z = zone_of(code);
    for (unsigned i = zone_slot(&z); l->zone[i].n > 0; i = (i + 1) % ZONE_SLOTS) {
        const struct zone *t = &l->zone[i];
        if (t->first == z.first && t->last == z.last && t->n == z.n)
            return t->place;
    }
    return -1;
}

/* --- the tables ------------------------------------------------------------------------------ */

static unsigned code_number(struct str s)
{
    unsigned v = 0;
    for (size_t i = 0; i < s.n; i++)
        v = v * 10 + (unsigned)(s.p[i] - '0');
    return v;
}

struct lookups *lookups_create(const struct scheme *s)
{
    const struct classification *c = s->codes;
    struct lookups *l = calloc(1, sizeof *l);
    check(l != NULL && c->n_economies < 256 && s->n_currency < 256 && s->n_code < 256);
    check(c->n_places < ZONE_SLOTS / 2);
    l->scheme = s;
    for (int i = 0; i < s->n_code; i++) {
        unsigned v = code_number(s->code[i].code);
        check(s->code[i].code.n == 6 && v < CODE_SPACE);
        l->code[v] = (uint8_t)(i + 1);
    }
    for (int i = 0; i < c->n_economies; i++) {
        if (c->economy[i].alpha3.n == 3)
            l->economy[letters(c->economy[i].alpha3.p)] = (uint8_t)(i + 1);
    }
    for (int i = 0; i < s->n_currency; i++)
        l->currency[letters(s->currency[i].code)] = (uint8_t)(i + 1);
    check(l->economy[LETTERS - 1] == 0 && l->currency[LETTERS - 1] == 0);
    for (int i = 0; i <= MONTHS; i++)
        l->month[i] = month_first(i);
    for (int i = 0; i < c->n_places; i++)
        add_zone(l, c->place[i].code, i);
    return l;
}

void lookups_destroy(struct lookups *l)
{
    free(l);
}

/* --- fields ---------------------------------------------------------------------------------- */

static bool find_day(const struct lookups *l, unsigned year, unsigned month, unsigned day,
                     day_t *out)
{
    unsigned m = (year - 2000) * 12 + month - 1;
    if (month - 1 > 11 || m >= MONTHS)
        return false;
    *out = l->month[m] + (day_t)day - 1;
    return day > 0 && *out < l->month[m + 1];
}

/* 22 digits as eleven pairs: region 3, bank 2, branch 1, day 3, serial 2. */
static enum why read_report_no(const struct lookups *l, struct str s, struct declaration *d)
{
    if (s.n != 22)
        return WHY_REPORT_NO;
    uint64_t a = load8(s.p), b = load8(s.p + 8), c = load8(s.p + 14);
    if ((not_digits(a) | not_digits(b) | not_digits(c)) != 0)
        return WHY_REPORT_NO;
    a = pairs(a);
    b = pairs(b);
    c = pairs(c);
    uint64_t region = (pair(a, 0) * 100 + pair(a, 1)) * 100 + pair(a, 2);
    uint64_t bank = pair(a, 3) * 100 + pair(b, 0), branch = pair(b, 1);
    uint64_t serial = pair(c, 2) * 100 + pair(c, 3);
    day_t day;
    if (!find_day(l, 2000 + pair(b, 2), pair(b, 3), pair(c, 1), &day))
        return WHY_REPORT_DAY;
    d->report_no = s;
    d->reported = day;
    uint64_t on = (uint64_t)(day - l->month[0]);
    d->report_key = ((((region << 14 | bank) << 7 | branch) << 16 | on) << 6) | serial >> 8;
    d->report_part = (uint8_t)serial;
    return WHY_NONE;
}

enum { DIGIT = 1, CAPITAL = 2, SMALL = 4 };
static inline unsigned kind_of(char c)
{
    unsigned u = (unsigned char)c;
    return (u - '0' < 10 ? DIGIT : 0u) | (u - 'A' < 26 ? CAPITAL : 0u) |
           (u - 'a' < 26 ? SMALL : 0u);
}

static bool only(struct str s, unsigned kinds)
{
    unsigned other = 0;
    for (size_t i = 0; i < s.n; i++)
        other |= (kind_of(s.p[i]) & kinds) == 0;
    return other == 0;
}

/* A high bit for each byte that is no digit and no capital. */
static inline uint64_t not_capitals(uint64_t v)
{
    uint64_t low = v & EACH(0x7F);
    uint64_t digit = (low + EACH(0x80 - '0')) & ~(low + EACH(0x80 - '9' - 1));
    uint64_t capital = (low + EACH(0x80 - 'A')) & ~(low + EACH(0x80 - 'Z' - 1));
    return (v | ~(digit | capital)) & EACH(0x80);
}

static inline bool is_party_id(struct str s)
{
    return s.n == 18 && (not_capitals(load8(s.p)) | not_capitals(load8(s.p + 8)) |
                         not_capitals(load8(s.p + 10))) == 0;
}

static enum why read_party(struct str id, struct str kind, struct declaration *d, bool *kind_bad)
{
    char c = kind.n == 1 ? kind.p[0] : '\0';
    *kind_bad = c != 'C' && c != 'D' && c != 'F';
    d->party_kind = c == 'C' ? PARTY_UNIT : c == 'D' ? PARTY_RESIDENT : PARTY_NONRESIDENT;
    d->party_id = id;
    if (*kind_bad)
        return WHY_NONE;
    if (d->party_kind == PARTY_NONRESIDENT)
        return id.n >= 1 && id.n <= 18 && only(id, DIGIT | CAPITAL | SMALL) ? WHY_NONE
                                                                           : WHY_PARTY_ANY;
    return is_party_id(id) ? WHY_NONE : WHY_PARTY_ID;
}

static enum why read_region(const struct lookups *l, struct str s, struct declaration *d)
{
    uint32_t v;
    if (!read_six(s, &v))
        return WHY_REGION;
    d->place = l->scheme->province[v / 10000];
    return d->place != 0 ? WHY_NONE : WHY_PROVINCE;
}

/* d->place is the province, 0 when it is not known: then the zone's place is not looked at. */
static enum why read_zone(const struct lookups *l, struct str s, struct declaration *d)
{
    int zone = find_zone(l, s);
    if (zone < 0)
        return WHY_ZONE;
    if (d->place == 0)
        return WHY_NONE;
    if (zone <= d->place || zone >= l->scheme->codes->place[d->place].end)
        return WHY_ZONE_ELSEWHERE;
    d->place = (uint8_t)zone;
    return WHY_NONE;
}

static enum why read_bank(struct str s, struct declaration *d)
{
    uint32_t v;
    if (!read_four(s, &v))
        return WHY_BANK;
    d->bank = (uint16_t)v;
    return WHY_NONE;
}

static enum why read_code(const struct lookups *l, struct str s, struct declaration *d)
{
    uint32_t v;
    if (!read_six(s, &v))
        return WHY_CODE;
    d->code = (uint8_t)(l->code[v] - 1);
    return l->code[v] != 0 ? WHY_NONE : WHY_CODE_UNKNOWN;
}

static enum why read_country(const struct lookups *l, struct str s, struct declaration *d)
{
    unsigned i = s.n == 3 ? letters(s.p) : LETTERS - 1;
    d->country = (uint8_t)(l->economy[i] - 1);
    return l->economy[i] != 0 ? WHY_NONE : WHY_COUNTRY;
}

static enum why read_currency(const struct lookups *l, struct str s, struct declaration *d)
{
    unsigned i = s.n == 3 ? letters(s.p) : LETTERS - 1;
    d->currency = (uint8_t)(l->currency[i] - 1);
    if (l->currency[i] != 0)
        return WHY_NONE;
    return s.n == 3 && only(s, CAPITAL) ? WHY_CURRENCY_UNKNOWN : WHY_CURRENCY;
}

static enum why read_amount(struct str s, struct declaration *d)
{
    uint64_t v;
    if (s.n < 1 || s.n > 15 || !read_digits(s, &v))
        return WHY_AMOUNT;
    d->amount = (int64_t)v;
    return WHY_NONE;
}

static const int64_t power[9] = {1,      10,      100,      1000,     10000,
                                 100000, 1000000, 10000000, 100000000};

/* The common form: up to eight bytes with a dot. The dot is taken out and the digits read at one
 * go. False: read it the other way. */
static inline bool read_short_rate(struct str s, int64_t *out)
{
    if (s.n < 3 || s.n > 8)
        return false;
    uint64_t v = load8(s.p), x = v ^ EACH('.'), hit = (x - EACH(1)) & ~x & EACH(0x80);
    unsigned at = hit != 0 ? (unsigned)__builtin_ctzll(hit) : 64; /* bits before the dot, and 7 */
    if (at / 8 == 0 || at / 8 + 1 >= s.n)
        return false;
    uint64_t before = (UINT64_C(1) << (at & 56)) - 1;
    v = (v & before) | (v >> 8 & ~before);
    v = last_bytes(v << (8 * (9 - s.n)), s.n - 1);
    *out = (int64_t)number8(v) * power[8 - (s.n - 1 - at / 8)];
    return not_digits(v) == 0;
}

static enum why read_rate(struct str s, struct declaration *d)
{
    if (read_short_rate(s, &d->rate_e8))
        return d->rate_e8 > 0 ? WHY_NONE : WHY_RATE_ZERO;
    const char *dot = s.n <= 18 ? memchr(s.p, '.', s.n) : NULL;
    size_t whole = dot != NULL ? (size_t)(dot - s.p) : s.n;
    size_t decimals = dot != NULL ? s.n - whole - 1 : 0;
    uint64_t v = 0, part = 0;
    if (whole < 1 || whole > 9 || decimals > 8 || (dot != NULL && decimals == 0))
        return WHY_RATE;
    if (!read_digits((struct str){s.p, whole}, &v) ||
        (dot != NULL && !read_digits((struct str){dot + 1, decimals}, &part)))
        return WHY_RATE;
    d->rate_e8 = (int64_t)v * power[8] + (int64_t)part * power[8 - decimals];
    return d->rate_e8 > 0 ? WHY_NONE : WHY_RATE_ZERO;
}

/* Days before 2000 or after 2099 are days too; the rules say what they are worth. */
static bool far_day(uint64_t v, day_t *out)
{
    char text[11] = {(char)('0' + pair(v, 0) / 10), (char)('0' + pair(v, 0) % 10),
                     (char)('0' + pair(v, 1) / 10), (char)('0' + pair(v, 1) % 10), '-',
                     (char)('0' + pair(v, 2) / 10), (char)('0' + pair(v, 2) % 10), '-',
                     (char)('0' + pair(v, 3) / 10), (char)('0' + pair(v, 3) % 10), '\0'};
    return day_parse((struct str){text, 10}, out);
}

static enum why read_date(const struct lookups *l, struct str s, struct declaration *d)
{
    uint64_t v;
    if (s.n == 8) {
        v = load8(s.p);
    } else if (s.n == 10 && s.p[4] == '-' && s.p[7] == '-') {
        v = load8(s.p);
        uint64_t day = load8(s.p + 8);
        v = (v & 0xFFFFFFFF) | (v >> 40 & 0xFFFF) << 32 | (day & 0xFFFF) << 48;
    } else {
        return WHY_DATE;
    }
    if (not_digits(v) != 0)
        return WHY_DATE;
    v = pairs(v);
    unsigned year = pair(v, 0) * 100 + pair(v, 1);
    if (find_day(l, year, pair(v, 2), pair(v, 3), &d->on))
        return WHY_NONE;
    return (year < 2000 || year > 2099) && far_day(v, &d->on) ? WHY_NONE : WHY_DATE;
}

static enum why read_flow(struct str s, struct declaration *d)
{
    char c = s.n == 1 ? s.p[0] : '\0';
    d->flow = c == 'C' ? FLOW_CREDIT : FLOW_DEBIT;
    return c == 'C' || c == 'D' ? WHY_NONE : WHY_FLOW;
}

static enum why read_advance(struct str s, struct declaration *d)
{
    char c = s.n == 0 ? 'N' : s.n == 1 ? s.p[0] : '\0';
    d->advance = c == 'A' ? ADVANCE_PAID : c == 'R' ? ADVANCE_REFUND : ADVANCE_NONE;
    return c == 'N' || c == 'A' || c == 'R' ? WHY_NONE : WHY_ADVANCE;
}

/* --- a record -------------------------------------------------------------------------------- */

static enum rule rule_of(enum why y)
{
    return y == WHY_CODE_UNKNOWN       ? RULE_R1
           : y == WHY_CURRENCY_UNKNOWN ? RULE_R5
           : y == WHY_REPORT_DAY       ? RULE_REPORT
                                       : RULE_FORM;
}

/* Off the road of good records: which fields are at fault. */
static __attribute__((noinline)) void gather(const enum why y[COL_COUNT],
                                             const struct str f[COL_COUNT],
                                             struct declaration *d, struct trouble *t)
{
    t->why = WHY_NONE;
    t->bank_known = y[COL_BANK] == WHY_NONE;
    for (int i = 0; i < COL_COUNT; i++) {
        if (y[i] == WHY_NONE)
            continue;
        d->rules |= UINT32_C(1) << rule_of(y[i]);
        if (t->why == WHY_NONE) {
            t->why = f[i].n == 0 ? WHY_EMPTY : y[i];
            t->field = (enum column)i;
            t->rule = rule_of(y[i]);
        }
    }
}

bool decode(const struct lookups *l, const struct str f[COL_COUNT], struct declaration *d,
            struct trouble *t)
{
    bool kind_bad;
    enum why y[COL_COUNT] = {WHY_NONE}; /* by column */
    d->rules = 0;
    d->rate_e8 = 0;
    /* Summed up on the way: reading all of y again would wait for its bytes to be written. */
    unsigned any = 0;
#define FIELD(column, reading) any |= (unsigned)(y[column] = (reading))
    FIELD(COL_REPORT_NO, read_report_no(l, f[COL_REPORT_NO], d));
    FIELD(COL_PARTY_ID, read_party(f[COL_PARTY_ID], f[COL_PARTY_KIND], d, &kind_bad));
    FIELD(COL_PARTY_KIND, kind_bad ? WHY_PARTY_KIND : WHY_NONE);
    FIELD(COL_REGION, read_region(l, f[COL_REGION], d));
    if (f[COL_ZONE].n > 0)
        FIELD(COL_ZONE, read_zone(l, f[COL_ZONE], d));
    FIELD(COL_BANK, read_bank(f[COL_BANK], d));
    FIELD(COL_FLOW, read_flow(f[COL_FLOW], d));
    FIELD(COL_CODE, read_code(l, f[COL_CODE], d));
    FIELD(COL_COUNTRY, read_country(l, f[COL_COUNTRY], d));
    FIELD(COL_CURRENCY, read_currency(l, f[COL_CURRENCY], d));
    FIELD(COL_AMOUNT, read_amount(f[COL_AMOUNT], d));
    if (f[COL_RATE].n > 0)
        FIELD(COL_RATE, read_rate(f[COL_RATE], d));
    FIELD(COL_DATE, read_date(l, f[COL_DATE], d));
    FIELD(COL_ADVANCE, read_advance(f[COL_ADVANCE], d));
#undef FIELD
    d->contract = f[COL_CONTRACT];
    d->remark = f[COL_REMARK];
    if (any == 0)
        return true;
    gather(y, f, d, t);
    return false;
}
