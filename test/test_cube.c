/* Cubes against brute force on random declarations: refunds, groups, ties, doubled report numbers,
 * currencies without a rate; the same cube whatever the order, the threads, the memory and the
 * shards; the file under every flipped byte. FUMAO_SEED (default 1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "declaration/cube_work.h"

enum { RECORDS = 2500, WORLDS = 6, FIRMS = 14, MOST = 2 * RECORDS };

static uint64_t seed = 1;
static struct arena program;
static struct classification *codes;
static struct scheme *scheme;
static struct rates *rates;
static struct rng rng;
static char directory[] = "/tmp/fumao-cube-XXXXXX";
static char path[64], register_path[64];

static int below(int n)
{
    return (int)rng_below(&rng, (uint32_t)n);
}

/* --- random declarations ----------------------------------------------------------------- */

struct world {
    int n;
    struct declaration d[MOST];
    char id[FIRMS][PARTY_ID_BYTES + 1];
    int group[FIRMS]; /* 0: alone */
    int n_numbers;
};
static struct world w;

static void make_register(bool groups)
{
    FILE *f = fopen(register_path, "w");
    assert_non_null(f);
    fprintf(f, "party_id,size,ownership,group,key\n");
    for (int i = 0; i < FIRMS; i++) {
        w.group[i] = groups && below(2) ? 1 + below(3) : 0;
        fprintf(f, "%s,%s,%s,", w.id[i], size_name[i % SIZE_COUNT],
                ownership_name[i % OWNER_COUNT]);
        if (w.group[i]) {
            fprintf(f, "G%d", w.group[i]);
        }
        fprintf(f, ",%d\n", i % 2);
    }
    fprintf(f, "91NOBODYDECLARES00,,,G1,\n");
    fclose(f);
}

static void make_firms(void)
{
    for (int i = 0; i < FIRMS; i++) {
        int n = i % 5 == 4 ? 1 + below(16) : PARTY_ID_BYTES; /* non-residents have shorter ones */
        memset(w.id[i], 0, sizeof w.id[i]);
        for (int k = 0; k < n; k++) {
            w.id[i][k] = (char)('A' + below(k < 3 ? 2 : 26));
        }
        w.id[i][0] = (char)('A' + i); /* no two alike */
    }
}

static int code_named(const char *code)
{
    int at = scheme_code_find(scheme, str_from(code));
    assert_true(at >= 0);
    return at;
}

static struct declaration random_declaration(void)
{
    static const char *const currency[] = {"USD", "CNY", "JPY", "KWD", "EUR"};
    /* In the order of the list AUT is before AUS. */
    static const char *const partner[] = {"AUT", "HKG", "AUS"};
    int firm = below(FIRMS), service = below(4);
    struct declaration d = {.party_id = str_from(w.id[firm]),
                            .flow = (uint8_t)below(2),
                            .advance = below(6) == 0 ? ADVANCE_REFUND : (uint8_t)below(2),
                            .country = (uint8_t)economy_find(codes, str_from(partner[below(3)])),
                            .place = scheme->province[below(2) ? 11 : 31],
                            .bank = (uint16_t)below(3),
                            .amount = below(3) ? 1 + below(4) : 1 + (int64_t)(rng_next(&rng) >> 30),
                            .report_key = (uint64_t)(w.n_numbers / 3), /* told apart by part only */
                            .report_part = (uint8_t)(w.n_numbers % 3)};
    while (!scheme->code[service].service) {
        service++;
    }
    d.code = (uint8_t)(below(12) == 0 ? code_named("999999") : service);
    d.currency = (uint8_t)scheme_currency_find(scheme, str_from(currency[below(5)]));
    d.on = day_from_civil(2024, 1, 30) + below(4);
    if (below(40) == 0) {
        d.on = day_from_civil(2002, 1, 30); /* no rates then */
    }
    w.n_numbers++;
    return d;
}

/* Another record in one thing only. */
static void change_one(struct declaration *d)
{
    switch (below(8)) {
    case 0: d->amount++; break;
    case 1: d->bank++; break;
    case 2: d->flow ^= 1; break;
    case 3: d->contract = STR("2024-7"); break;
    case 4: d->remark = STR("again"); break;
    case 5: d->rate_e8++; break;
    case 6: d->reported++; break;
    default: d->party_kind++; break;
    }
}

static void make_world(bool groups)
{
    w.n = w.n_numbers = 0;
    make_firms();
    make_register(groups);
    for (int i = 0; i < RECORDS; i++) {
        struct declaration d = random_declaration();
        w.d[w.n++] = d;
        if (below(15) == 0) { /* the same number again, once or more, alike or not */
            int how = below(3);
            for (int k = 1 + below(2); k-- > 0;) {
                struct declaration twice = how == 0 ? random_declaration() : d;
                if (how == 1) {
                    change_one(&twice);
                }
                twice.report_key = d.report_key;
                twice.report_part = d.report_part;
                w.d[w.n++] = twice;
            }
        }
    }
}

static void shuffle(void)
{
    for (int i = w.n - 1; i > 0; i--) {
        int j = below(i + 1);
        struct declaration d = w.d[i];
        w.d[i] = w.d[j];
        w.d[j] = d;
    }
}

/* --- brute force ------------------------------------------------------------------------- */

static bool alike(const struct declaration *a, const struct declaration *b)
{
    return str_eq(a->party_id, b->party_id) && a->flow == b->flow && a->advance == b->advance &&
           a->code == b->code && a->country == b->country && a->place == b->place &&
           a->currency == b->currency && a->bank == b->bank && a->on == b->on &&
           a->amount == b->amount && str_eq(a->contract, b->contract) &&
           str_eq(a->remark, b->remark) && a->rate_e8 == b->rate_e8 &&
           a->reported == b->reported && a->party_kind == b->party_kind;
}

static bool same_number(const struct declaration *a, const struct declaration *b)
{
    return a->report_key == b->report_key && a->report_part == b->report_part;
}

static bool is_void(int i)
{
    bool earlier = false, other = false;
    for (int j = 0; j < w.n; j++) {
        if (j != i && same_number(&w.d[i], &w.d[j])) {
            other |= !alike(&w.d[i], &w.d[j]);
            earlier |= j < i;
        }
    }
    return other || earlier;
}

struct line { /* a record that counts */
    cell_key key;
    int firm, day;
    int64_t cents;
    bool done, day_done;
};
static struct line line[MOST];
static int n_lines;

static struct { int64_t voided, unrated, queried, credit, debit; } sums;

static int firm_of(struct str id)
{
    for (int i = 0; i < FIRMS; i++) {
        if (str_eqz(id, w.id[i])) {
            return i;
        }
    }
    fail();
    return -1;
}

static void read_lines(void)
{
    memset(&sums, 0, sizeof sums);
    n_lines = 0;
    for (int i = 0; i < w.n; i++) {
        const struct declaration *d = &w.d[i];
        int64_t cents;
        if (is_void(i)) {
            sums.voided++;
            continue;
        }
        if (!scheme->code[d->code].service) {
            continue;
        }
        int y, m, day;
        day_to_civil(d->on, &y, &m, &day);
        int month = (y - 2000) * 12 + m - 1;
        if (!rates_cents(rates, scheme, d->currency, month, d->amount, &cents)) {
            sums.unrated++;
            continue;
        }
        bool refund = d->advance == ADVANCE_REFUND;
        unsigned flow = refund ? 1u - d->flow : d->flow;
        cents = refund ? -cents : cents;
        *(flow == FLOW_CREDIT ? &sums.credit : &sums.debit) += cents;
        line[n_lines++] =
            (struct line){cell_key_make(flow, d->code, d->country, d->place, (unsigned)month),
                          firm_of(d->party_id), day, cents, false, false};
    }
}

/* The lowest identity of the firm's group among those that have declared. */
static int contributor_of(int firm)
{
    int best = firm;
    for (int i = 0; i < w.n; i++) {
        int f = firm_of(w.d[i].party_id), month = month_of(w.d[i].on);
        int64_t cents;
        bool rated = scheme->code[w.d[i].code].service &&
                     rates_cents(rates, scheme, w.d[i].currency, month, w.d[i].amount, &cents);
        if (rated && w.group[f] != 0 && w.group[f] == w.group[firm] &&
            memcmp(w.id[f], w.id[best], PARTY_ID_BYTES) < 0) {
            best = f;
        }
    }
    return best;
}

/* By looking at all of them; -1. */
static int number_of(const struct cube *c, int firm)
{
    for (uint32_t i = 0; i < c->parties.n; i++) {
        if (strncmp(c->parties.id[i], w.id[firm], PARTY_ID_BYTES) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static void check_cell(const struct cube *c, const struct cell *cell, const int *contributor)
{
    int64_t sum = 0, own[FIRMS] = {0}, top[2] = {0, 0};
    uint32_t count = 0, contributors = 0, best[2] = {UINT32_MAX, UINT32_MAX};
    bool there[FIRMS] = {false};
    for (int i = 0; i < n_lines; i++) {
        if (line[i].key == cell->key) {
            line[i].done = true;
            sum += line[i].cents;
            own[contributor[line[i].firm]] += line[i].cents;
            there[contributor[line[i].firm]] = true;
            count++;
        }
    }
    for (int k = 0; k < 2; k++) {
        int pick = -1;
        for (int i = 0; i < FIRMS; i++) {
            bool better = there[i] && (pick < 0 || llabs(own[i]) > llabs(own[pick]) ||
                                       (llabs(own[i]) == llabs(own[pick]) &&
                                        number_of(c, i) < number_of(c, pick)));
            if (better && best[0] != (uint32_t)number_of(c, i)) {
                pick = i;
            }
        }
        if (pick >= 0) {
            best[k] = (uint32_t)number_of(c, pick);
            top[k] = llabs(own[pick]);
        }
    }
    for (int i = 0; i < FIRMS; i++) {
        contributors += there[i];
    }
    assert_int_equal(cell->sum, sum);
    assert_int_equal(cell->count, count);
    assert_int_equal(cell->contributors, contributors);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(cell->top_party[k], best[k]);
        assert_int_equal(cell->top[k], top[k]);
    }
}

static void check_contributions(const struct cube *c, const int *contributor)
{
    int64_t records = 0;
    for (size_t i = 0; i < c->n_contributions; i++) {
        const struct contribution *x = &c->contribution[i];
        int64_t cents = 0;
        uint32_t count = 0;
        int firm = -1;
        for (int k = 0; k < n_lines; k++) {
            if (line[k].key == x->key && (uint32_t)number_of(c, line[k].firm) == x->member) {
                cents += line[k].cents;
                count++;
                firm = line[k].firm;
            }
        }
        assert_int_equal(x->cents, cents);
        assert_int_equal(x->count, count);
        assert_true(firm >= 0);
        assert_int_equal(x->party, number_of(c, contributor[firm]));
        if (i > 0) {
            assert_true(x[-1].key < x->key || (x[-1].key == x->key && x[-1].member < x->member));
        }
        records += count;
    }
    assert_int_equal(records, c->records);
}

static void check_repeats(const struct cube *c)
{
    int64_t queried = 0;
    size_t n = 0;
    for (int i = 0; i < n_lines; i++) {
        uint32_t count = 1;
        for (int k = i + 1; k < n_lines && !line[i].day_done; k++) {
            if (line[k].key == line[i].key && line[k].firm == line[i].firm &&
                line[k].day == line[i].day && line[k].cents == line[i].cents) {
                line[k].day_done = true;
                count++;
            }
        }
        queried += count - 1;
        if (count == 1) {
            continue;
        }
        n++;
        bool found = false;
        for (size_t k = 0; k < c->n_repeats; k++) {
            const struct repeat *r = &c->repeat[k];
            found |= r->key == line[i].key && r->cents == line[i].cents && r->count == count &&
                     r->member == (uint32_t)number_of(c, line[i].firm) && r->day == line[i].day;
        }
        assert_true(found);
    }
    assert_int_equal(c->queried_r7, queried);
    assert_int_equal(c->n_repeats, n);
}

static void check_brute(const struct cube *c)
{
    int contributor[FIRMS];
    read_lines();
    for (int i = 0; i < FIRMS; i++) {
        contributor[i] = contributor_of(i);
    }
    assert_int_equal(c->records, n_lines);
    assert_int_equal(c->voided, sums.voided);
    assert_int_equal(c->unrated, sums.unrated);
    assert_int_equal(c->credit, sums.credit);
    assert_int_equal(c->debit, sums.debit);
    for (size_t i = 0; i < c->n_cells; i++) {
        check_cell(c, &c->cell[i], contributor);
        assert_true(i == 0 || c->cell[i - 1].key < c->cell[i].key);
    }
    for (int i = 0; i < n_lines; i++) {
        assert_true(line[i].done);
    }
    check_contributions(c, contributor);
    check_repeats(c);
}

/* --- feeding a builder -------------------------------------------------------------------- */

struct feed {
    struct cube_builder *b;
    intake_rows_fn *rows;
    int thread, from, to;
    pthread_t id;
};

static void *feed_some(void *arg)
{
    struct feed *f = arg;
    for (int i = f->from; i < f->to;) {
        int n = 1 + (i * 7 + f->thread) % 300;
        n = n < f->to - i ? n : f->to - i;
        f->rows(f->b, f->thread, w.d + i, n);
        i += n;
    }
    return NULL;
}

static void feed_all(struct cube_builder *b, intake_rows_fn *rows, int threads)
{
    struct feed f[INTAKE_THREADS];
    for (int i = 0; i < threads; i++) {
        f[i] = (struct feed){b, rows, i, w.n * i / threads, w.n * (i + 1) / threads, 0};
        assert_int_equal(pthread_create(&f[i].id, NULL, feed_some, &f[i]), 0);
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(f[i].id, NULL);
    }
}

static bool contributions = true;
static struct cube_options options(int threads, size_t memory)
{
    return (struct cube_options){.scheme = scheme, .rates = rates, .n_threads = threads,
                                 .memory_bytes = memory, .spill_dir = directory,
                                 .register_path = register_path, .contributions = contributions};
}

static struct cube compile(int threads, size_t memory)
{
    const struct cube_options o = options(threads, memory);
    struct error e = {0};
    struct cube_builder *b;
    struct cube c;
    const struct doubled *doubled;
    size_t n;
    assert_int_equal(cube_begin(&b, &o, &e), OK);
    feed_all(b, cube_rows, threads);
    assert_int_equal(cube_doubled(b, &doubled, &n, &e), OK);
    for (size_t i = 1; i < n; i++) {
        assert_true(doubled[i - 1].part < doubled[i].part ||
                    (doubled[i - 1].part == doubled[i].part &&
                     doubled[i - 1].key < doubled[i].key));
    }
    feed_all(b, cube_again, threads);
    if (cube_end(b, &c, &e) != OK) {
        fail_msg("%s", e.detail_en);
    }
    return c;
}

static void assert_same(const struct cube *a, const struct cube *b)
{
    assert_memory_equal(a->digest, b->digest, 32);
    assert_int_equal(a->records, b->records);
    assert_int_equal(a->voided, b->voided);
    assert_int_equal(a->unrated, b->unrated);
    assert_int_equal(a->queried_r7, b->queried_r7);
    assert_int_equal(a->credit, b->credit);
    assert_int_equal(a->debit, b->debit);
    assert_int_equal(a->n_cells, b->n_cells);
    for (size_t i = 0; i < a->n_cells; i++) {
        const struct cell *x = &a->cell[i], *y = &b->cell[i];
        assert_true(x->key == y->key && x->count == y->count && x->sum == y->sum &&
                    x->contributors == y->contributors && x->top_party[0] == y->top_party[0] &&
                    x->top_party[1] == y->top_party[1] && x->top[0] == y->top[0] &&
                    x->top[1] == y->top[1]);
    }
    assert_int_equal(a->n_contributions, b->n_contributions);
    for (size_t i = 0; i < a->n_contributions; i++) {
        const struct contribution *x = &a->contribution[i], *y = &b->contribution[i];
        assert_true(x->key == y->key && x->member == y->member && x->party == y->party &&
                    x->cents == y->cents && x->count == y->count);
    }
    assert_int_equal(a->n_repeats, b->n_repeats);
    for (size_t i = 0; i < a->n_repeats; i++) {
        const struct repeat *x = &a->repeat[i], *y = &b->repeat[i];
        assert_true(x->key == y->key && x->member == y->member && x->day == y->day &&
                    x->cents == y->cents && x->count == y->count);
    }
    assert_int_equal(a->parties.n, b->parties.n);
    assert_memory_equal(a->parties.id, b->parties.id, a->parties.n * sizeof *a->parties.id);
    for (uint32_t i = 0; i < a->parties.n; i++) {
        assert_int_equal(a->reg[i].contributor, b->reg[i].contributor);
        assert_int_equal(a->reg[i].size, b->reg[i].size);
        assert_int_equal(a->reg[i].ownership, b->reg[i].ownership);
        assert_int_equal(a->reg[i].key, b->reg[i].key);
    }
}

/* --- tests -------------------------------------------------------------------------------- */

static void test_brute(void **state)
{
    (void)state;
    for (int i = 0; i < WORLDS; i++) {
        make_world(i % 2 == 1);
        struct cube c = compile(1 + i % 3, 0);
        assert_true(c.n_cells > 20 && c.voided > 50 && c.unrated > 20 && c.queried_r7 > 5);
        check_brute(&c);
        cube_finish(&c);
    }
}

static void test_order_threads_memory(void **state)
{
    (void)state;
    make_world(true);
    struct cube first = compile(1, 0);
    assert_false(first.spilled);
    for (int i = 0; i < 8; i++) {
        shuffle();
        struct cube c = compile(1 + i / 2, i % 2 ? 1 : (size_t)(i * 100000));
        assert_true(c.spilled || i != 1);
        assert_same(&first, &c);
        cube_finish(&c);
    }
    struct cube c = compile(2, (size_t)1 << 40); /* more than any machine has */
    assert_same(&first, &c);
    cube_finish(&c);
    cube_finish(&first);
}

/* Without contributions the cells of a cube that spilled take another road: through a file. */
static void test_cells_apart(void **state)
{
    (void)state;
    make_world(true);
    contributions = false;
    struct cube first = compile(1, 0);
    for (int threads = 1; threads <= 3; threads++) {
        struct cube c = compile(threads, 1);
        assert_true(c.spilled && !first.spilled && c.n_contributions == 0);
        assert_memory_equal(c.digest, first.digest, 32);
        assert_int_equal(c.n_cells, first.n_cells);
        assert_int_equal(c.credit, first.credit);
        assert_int_equal(c.debit, first.debit);
        assert_int_equal(c.queried_r7, first.queried_r7);
        for (size_t i = 0; i < c.n_cells; i++) {
            assert_int_equal(c.cell[i].key, first.cell[i].key);
        }
        cube_finish(&c);
    }
    contributions = true;
    cube_finish(&first);
}

/* Parts longer than what is read of them at a time, of one cell, and of none. */
static void test_merge_of_parts(void **state)
{
    (void)state;
    enum { PARTS = 37, LONG = 2600 };
    struct apart x;
    struct apart_part part[PARTS] = {{0, 0}};
    struct error e = {0};
    size_t n = 0;
    struct cell *c = calloc(LONG, sizeof *c), *out = calloc(PARTS * LONG, sizeof *out);
    assert_int_equal(apart_open(&x, directory, &e), OK);
    for (int i = 0; i < PARTS; i++) {
        part[i].n = i % 5 == 0 ? 0 : i % 5 == 1 ? 1 : (size_t)below(LONG);
        for (size_t k = 0; k < part[i].n; k++) {
            c[k] = (struct cell){.key = (cell_key)(k * PARTS + (size_t)i), .count = (uint32_t)i,
                                 .sum = (int64_t)k};
        }
        assert_int_equal(apart_put(&x, c, part[i].n, &part[i].at, &e), OK);
        n += part[i].n;
    }
    assert_int_equal(apart_merge(&x, part, PARTS, out, &e), OK);
    for (size_t i = 0; i < n; i++) {
        assert_true(i == 0 || out[i - 1].key < out[i].key);
        assert_int_equal(out[i].key % PARTS, out[i].count);
        assert_int_equal(out[i].key / PARTS, out[i].sum);
    }
    part[2].n += LONG * PARTS; /* more than the file holds */
    assert_int_equal(apart_merge(&x, part, 3, out, &e), ERR_IO);
    assert_non_null(strstr(e.detail_en, "cannot read back"));
    apart_close(&x);
    assert_int_equal(apart_open(&x, "/nowhere/at/all", &e), ERR_IO);
    free(c);
    free(out);
}

/* A crowd on one day in one cell: the sorts of a day must stand it, and voids among equals. */
static void test_one_day(void **state)
{
    (void)state;
    int service = 0;
    while (!scheme->code[service].service) {
        service++;
    }
    make_world(false);
    for (int i = 0; i < w.n; i++) {
        struct declaration *d = &w.d[i];
        d->flow = FLOW_CREDIT;
        d->advance = ADVANCE_NONE;
        d->country = w.d[0].country;
        d->place = w.d[0].place;
        d->code = (uint8_t)service;
        d->on = day_from_civil(2024, 1, 31);
        d->party_id = str_from(w.id[i % 2]);
        d->currency = (uint8_t)scheme_currency_find(scheme, STR("USD"));
        d->amount = 100 + i % 5;
    }
    struct cube c = compile(2, 0);
    assert_true(c.n_cells == 1 && c.voided > 50 && c.queried_r7 > 500);
    check_brute(&c);
    cube_finish(&c);
}

static void test_cents(void **state)
{
    (void)state;
    const struct cube_options o = options(1, 0);
    struct cube_builder *b;
    assert_int_equal(cube_begin(&b, &o, NULL), OK);
    int fast = 0;
    for (int i = 0; i < 2000000; i++) {
        int currency = below(scheme->n_currency), month = below(rates->n + 3) - 1;
        int64_t amount = (int64_t)(rng_next(&rng) >> (1 + below(63))), x = -1, y = -1;
        if (i % 3 == 0) { /* just at a half: amount x rate = (q + 1/2) x unit */
            amount = (int64_t)(b->unit[currency] / 2) * (2 * below(50) + 1);
        }
        bool there = rates_cents(rates, scheme, currency, month, amount, &x);
        assert_int_equal(pack_cents(b, currency, month, amount, &y), there);
        assert_true(!there || x == y);
        fast += there;
    }
    assert_true(fast > 100000);
    cube_abandon(b);
}

/* Halves of a cent at a rate that makes them, to either even side. */
static void test_half_even(void **state)
{
    (void)state;
    int64_t usd_e10[2 * SCHEME_CURRENCIES] = {0}, cents;
    int usd = scheme_currency_find(scheme, STR("USD")), at = SCHEME_CURRENCIES + usd;
    struct rates own = {.n = 2, .usd_e10 = usd_e10};
    struct cube_options o = options(1, 0);
    struct cube_builder *b;
    usd_e10[at] = INT64_C(5000000000);
    o.rates = &own;
    assert_int_equal(cube_begin(&b, &o, NULL), OK);
    const int64_t in[] = {1, 3, 5, 7, 2, 1999999999999999};
    const int64_t out[] = {0, 2, 2, 4, 1, 1000000000000000};
    for (int i = 0; i < 6; i++) {
        assert_true(pack_cents(b, usd, 1, in[i], &cents));
        assert_int_equal(cents, out[i]);
        assert_true(rates_cents(&own, scheme, usd, 1, in[i], &cents));
        assert_int_equal(cents, out[i]);
    }
    assert_false(pack_cents(b, usd, 0, 1, &cents));
    cube_abandon(b);
}

static void keep_shard(const struct world *all, int shard, int shards, const int *contributor)
{
    w = *all;
    w.n = 0;
    for (int i = 0; i < all->n; i++) {
        if (contributor[firm_of(all->d[i].party_id)] % shards == shard) {
            w.d[w.n++] = all->d[i];
        }
    }
}

static void test_merge(void **state)
{
    (void)state;
    static struct world all;
    for (int round = 0; round < 4; round++) {
        int contributor[FIRMS];
        struct cube part[3], merged;
        const struct cube *shard[3];
        struct error e = {0};
        make_world(true);
        for (int i = 0; i < w.n; i++) { /* numbers met twice may lie in two shards */
            w.d[i].report_key = (uint64_t)i + RECORDS;
            if (round % 2) { /* few and alike: ties between contributors of different shards */
                w.d[i].currency = (uint8_t)scheme_currency_find(scheme, STR("USD"));
                w.d[i].amount = 100;
            }
        }
        w.n = round % 2 ? 300 : w.n;
        struct cube whole = compile(2, 0);
        for (int i = 0; i < FIRMS; i++) {
            contributor[i] = w.group[i] ? w.group[i] : FIRMS + i;
        }
        all = w;
        for (int i = 0; i < 3; i++) {
            keep_shard(&all, i, 3, contributor);
            part[i] = compile(1, 0);
            shard[i] = &part[i];
        }
        assert_int_equal(cube_merge(&merged, shard, 3, &e), OK);
        assert_same(&whole, &merged);
        cube_finish(&merged);
        const struct cube *twice[2] = {shard[0], shard[0]};
        assert_int_equal(cube_merge(&merged, twice, 2, &e), ERR_INVALID);
        for (int i = 0; i < 3; i++) {
            cube_finish(&part[i]);
        }
        cube_finish(&whole);
    }
}

static char *read_whole(long *n)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *n = ftell(f);
    rewind(f);
    char *p = malloc((size_t)*n);
    assert_int_equal(fread(p, 1, (size_t)*n, f), *n);
    fclose(f);
    return p;
}

static void write_whole(const char *p, long n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, (size_t)n, f), n);
    fclose(f);
}

static void test_file(void **state)
{
    (void)state;
    struct error e = {0};
    make_world(true);
    struct cube c = compile(2, 0), back;
    assert_int_equal(cube_write(&c, scheme, path, &e), OK);
    assert_int_equal(cube_read(&back, scheme, path, &e), OK);
    assert_same(&c, &back);
    cube_finish(&back);
    long n, step = 1 + below(11);
    char *p = read_whole(&n);
    for (long i = 0; i < n; i += i < 500 || i > n - 500 ? 1 : step) {
        const char was = p[i];
        p[i] = (char)(p[i] ^ (1 << below(8)));
        write_whole(p, n);
        enum err err = cube_read(&back, scheme, path, &e);
        if (err != ERR_INTEGRITY) {
            fail_msg("byte %ld of %ld changed: %s", i, n, err_name(err));
        }
        p[i] = was;
        write_whole(p, i);
        assert_int_equal(cube_read(&back, scheme, path, &e), ERR_INTEGRITY);
    }
    free(p);
    unlink(path);
    assert_int_equal(cube_read(&back, scheme, path, &e), ERR_NOT_FOUND);
    assert_int_equal(cube_write(&c, scheme, "/nowhere/at/all", &e), ERR_NOT_FOUND);
    cube_finish(&c);
}

/* The list of codes has another order when the file is read: keys follow the names. */
static void test_moved(void **state)
{
    (void)state;
    struct error e = {0};
    make_world(false);
    struct cube c = compile(1, 0), back;
    assert_int_equal(cube_write(&c, scheme, path, &e), OK);
    struct scheme *moved = malloc(sizeof *moved);
    *moved = *scheme;
    for (int i = 0; i < scheme->n_code; i++) {
        moved->code[i] = scheme->code[scheme->n_code - 1 - i];
    }
    assert_int_equal(cube_read(&back, moved, path, &e), OK);
    assert_int_equal(back.n_cells, c.n_cells);
    assert_true(back.cell[0].key != c.cell[0].key);
    assert_memory_equal(back.digest, c.digest, 32);
    memset(back.digest, 0, 32);
    cube_digest(&back, 2);
    assert_memory_equal(back.digest, c.digest, 32);
    cube_finish(&back);
    moved->n_code = 1;
    assert_int_equal(cube_read(&back, moved, path, &e), ERR_UNKNOWN_CODE);
    free(moved);
    cube_finish(&c);
    unlink(path);
}

static void test_errors(void **state)
{
    (void)state;
    struct error e = {0};
    struct cube_options o = options(1, 1);
    struct cube_builder *b;
    struct cube c;
    make_world(false);
    o.spill_dir = "/nowhere/at/all";
    assert_int_equal(cube_begin(&b, &o, &e), OK);
    feed_all(b, cube_rows, 1);
    feed_all(b, cube_rows, 1);
    assert_int_equal(cube_end(b, &c, &e), ERR_IO);
    o = options(1, 0); /* doubled numbers, and nobody reads them again */
    assert_int_equal(cube_begin(&b, &o, &e), OK);
    feed_all(b, cube_rows, 1);
    assert_int_equal(cube_end(b, &c, &e), ERR_CONFLICT);
    o.register_path = "/nowhere/at/all";
    w.n = 1;
    assert_int_equal(cube_begin(&b, &o, &e), OK);
    feed_all(b, cube_rows, 1);
    assert_int_equal(cube_end(b, &c, &e), ERR_NOT_FOUND);
    assert_int_equal(cube_begin(&b, &o, &e), OK);
    cube_abandon(b);
    o = options(3, 0); /* nothing at all is a cube, too */
    assert_int_equal(cube_begin(&b, &o, &e), OK);
    assert_int_equal(cube_end(b, &c, &e), OK);
    assert_int_equal(c.n_cells, 0);
    cube_finish(&c);
}

static enum err load_register(const char *text, struct register_entry **out, struct error *e)
{
    char id[3][PARTY_ID_BYTES] = {"A", "B", "C"};
    const struct parties p = {.n = 3, .id = id};
    *e = (struct error){0};
    write_whole(text, (long)strlen(text));
    return register_load(out, &p, path, e);
}

static void test_register(void **state)
{
    (void)state;
    struct register_entry *r;
    struct error e;
    static const char good[] = "party_id,size,group\nC,large,X\nA,,X\nD,,X\nB,micro,\n";
    assert_int_equal(load_register(good, &r, &e), OK);
    assert_int_equal(r[0].contributor, 0);
    assert_int_equal(r[1].contributor, 1);
    assert_int_equal(r[2].contributor, 0);
    assert_int_equal(r[2].size, SIZE_LARGE);
    assert_int_equal(r[1].size, SIZE_MICRO);
    free(r);
    assert_int_equal(load_register("party_id,size\nA,huge\n", &r, &e), ERR_UNKNOWN_CODE);
    assert_int_equal(e.line, 2);
    assert_int_equal(load_register("party_id\nA\nB\nA\n", &r, &e), ERR_CONFLICT);
    assert_int_equal(e.line, 4);
    assert_int_equal(load_register("id\nA\n", &r, &e), ERR_INVALID);
    assert_int_equal(load_register("party_id,key\nA,maybe\n", &r, &e), ERR_INVALID);
    unlink(path);
}

/* What tells them apart lies in the first eight bytes, the next eight, or the last two. */
static int party_name(char id[32], int i)
{
    static const char *const before[] = {"", "91110000", "911100000"};
    int n = snprintf(id, 32, "%s%.*dX", before[i % 3], 1 + i % 5, i);
    if (i % 7 == 0) {
        n = snprintf(id, 32, "9111000000000000%c%c", 'A' + i / 7 % 26, 'A' + i / 182 % 26);
    }
    return n;
}

static uint32_t look_up(const struct party_table *t, const char *id, size_t n)
{
    struct party_key k = party_key_of(id, n);
    return party_table_find(t, k, party_hash(k));
}

static void test_parties(void **state)
{
    (void)state;
    struct party_table *t[3];
    struct parties p;
    char id[32];
    static uint32_t number[3][30000];
    static int which[3][30000];
    for (int i = 0; i < 3; i++) {
        t[i] = party_table_create();
        for (int k = 0; k < 30000; k++) {
            which[i][k] = below(20000);
            int n = party_name(id, which[i][k]);
            number[i][k] = party_table_intern(t[i], id, (size_t)n);
        }
    }
    parties_merge(&p, t, 3);
    for (uint32_t i = 1; i < p.n; i++) {
        assert_true(memcmp(p.id[i - 1], p.id[i], PARTY_ID_BYTES) < 0);
    }
    struct party_table *all = parties_index(&p);
    assert_non_null(all);
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 30000; k++) {
            int n = party_name(id, which[i][k]);
            uint32_t at = look_up(all, id, (size_t)n);
            assert_true(at < p.n && p.map[i][number[i][k]] == at);
            assert_int_equal(strncmp(p.id[at], id, PARTY_ID_BYTES), 0);
        }
        party_table_destroy(t[i]);
    }
    assert_int_equal(look_up(all, "nobody", 6), UINT32_MAX);
    party_table_destroy(all);
    parties_finish(&p);
}

static int by_line(const void *x, const void *y)
{
    return strcmp(*(char *const *)x, *(char *const *)y);
}

/* The digest as its documentation says, the long way. */
static void test_digest(void **state)
{
    (void)state;
    make_world(true);
    struct cube c = compile(3, 0);
    char **text = calloc(c.n_cells, sizeof *text);
    struct hash h;
    uint8_t digest[32];
    for (size_t i = 0; i < c.n_cells; i++) {
        const struct cell *x = &c.cell[i];
        struct cell_code k = cell_key_code(x->key);
        text[i] = malloc(300);
        snprintf(text[i], 300, "%c\t%.*s\t%.*s\t%.*s\t%04d%02d\t%lld\t%u\t%u\t%lld\t%lld\n",
                 k.flow == FLOW_CREDIT ? 'C' : 'D', STR_ARG(scheme->code[k.code].code),
                 STR_ARG(codes->economy[k.partner].alpha3), STR_ARG(codes->place[k.place].code),
                 2000 + k.month / 12, k.month % 12 + 1, (long long)x->sum, x->count,
                 x->contributors, (long long)x->top[0], (long long)x->top[1]);
    }
    sort_by(text, c.n_cells, sizeof *text, by_line);
    hash_init(&h);
    hash_add(&h, "fumao cube 1\n", 13);
    for (size_t i = 0; i < c.n_cells; i++) {
        hash_add(&h, text[i], strlen(text[i]));
        free(text[i]);
    }
    hash_end(&h, digest);
    free(text);
    assert_memory_equal(digest, c.digest, 32);
    cube_finish(&c);
}

static int by_word(const void *x, const void *y)
{
    const struct row *a = x, *b = y;
    return (a->word > b->word) - (a->word < b->word);
}

static void test_sort(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    static struct row p[MANY], q[MANY], want[MANY];
    static uint64_t u[MANY], v[MANY];
    for (int round = 0; round < 40; round++) {
        uint64_t mask = rng_next(&rng) & (round % 4 ? rng_next(&rng) : UINT64_MAX);
        size_t n = round < 3 ? (size_t)round : 1 + (size_t)below(MANY);
        for (size_t i = 0; i < n; i++) {
            p[i] = (struct row){rng_next(&rng) & mask, (int64_t)i};
            u[i] = p[i].word;
        }
        memcpy(want, p, n * sizeof *p);
        sort_by(want, n, sizeof *want, by_word);
        const struct row *got = sort_rows(p, q, n);
        const uint64_t *words = sort_words(u, v, n, UINT64_MAX);
        for (size_t i = 0; i < n; i++) {
            assert_true(got[i].word == want[i].word && words[i] == want[i].word);
        }
    }
}

int main(void)
{
    struct error e = {0};
    if (getenv("FUMAO_SEED") != NULL) {
        seed = strtoull(getenv("FUMAO_SEED"), NULL, 10);
    }
    rng_seed(&rng, seed);
    print_message("seed %llu\n", (unsigned long long)seed);
    arena_init(&program);
    if (classification_load(&codes, &program, &e) != OK ||
        scheme_load(&scheme, &program, codes, &e) != OK ||
        rates_load(&rates, &program, scheme, NULL, &e) != OK) {
        fprintf(stderr, "%s %s:%d\n", e.detail_en, e.file, e.line);
        return 1;
    }
    check(mkdtemp(directory) != NULL);
    snprintf(path, sizeof path, "%s/cube", directory);
    snprintf(register_path, sizeof register_path, "%s/register.csv", directory);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_brute),      cmocka_unit_test(test_order_threads_memory),
        cmocka_unit_test(test_cells_apart), cmocka_unit_test(test_merge_of_parts),
        cmocka_unit_test(test_one_day),    cmocka_unit_test(test_cents),
        cmocka_unit_test(test_half_even),  cmocka_unit_test(test_merge),
        cmocka_unit_test(test_file),       cmocka_unit_test(test_moved),
        cmocka_unit_test(test_errors),     cmocka_unit_test(test_register),
        cmocka_unit_test(test_parties),    cmocka_unit_test(test_digest),
        cmocka_unit_test(test_sort),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(register_path);
    rmdir(directory);
    arena_finish(&program);
    return failed;
}
