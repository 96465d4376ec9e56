/* The enterprises and persons of the made-up economy, the largest first. */
#include "declaration/generate_inside.h"

#include <stdio.h>
#include <stdlib.h>

enum { SALT_FIRM = 1, SALT_ID = 2, SALT_GROUP = 3, BANK_FIRST = 9000,
       STEADY_MIN = 100, STEADY_MAX = 240, /* payments */
       PLACED = 4 * CELLS /* firms in the middle that are given their cell */ };

/* Digits of GB 32100, without I, O, S, V and Z. */
static const char letters[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/* GB 11714: weighted sum of the eight characters modulo 11; A counts 10, Z 35. */
static char organisation_check(const char code[8])
{
    static const int weight[8] = {3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;
    for (int i = 0; i < 8; i++)
        sum += weight[i] * (code[i] <= '9' ? code[i] - '0' : code[i] - 'A' + 10);
    int c = 11 - sum % 11;
    return (char)(c == 10 ? 'X' : c == 11 ? '0' : '0' + c);
}

/* 91: enterprise, by the market authority. 99: there is no such province in GB/T 2260, so that no
 * number of ours is that of a real enterprise. Every firm has another number below 31^8. */
static void unit_id(struct firm *f, uint64_t number)
{
    memcpy(f->id, "91990000", 8);
    for (int i = 7; i >= 0; i--, number /= 31)
        f->id[8 + i] = letters[number % 31];
    f->id[16] = organisation_check(f->id + 8);
    f->id[17] = unified_code_check(f->id);
    f->id_bytes = 18;
}

/* Region 99 again; day of birth and order are made of the number of the person. */
static void resident_id(struct firm *f, int n)
{
    char text[24];
    snprintf(text, sizeof text, "99%04d%04d%02d%02d%03d", n / 1000 / 28 / 12 % 10000, 1960 + n % 40,
             n / 1000 / 28 % 12 + 1, n / 1000 % 28 + 1, n % 1000);
    memcpy(f->id, text, 17);
    f->id[17] = citizen_number_check(f->id);
    f->id_bytes = 18;
}

static void person_id(struct firm *f, int n)
{
    char text[24];
    f->id_bytes = (uint8_t)snprintf(text, sizeof text, "SYN%08d", n);
    memcpy(f->id, text, f->id_bytes);
}

/* Size of the firm of a rank: the quantile of the Pareto law, capped. Its mean payment and its
 * number of payments share the size between them. */
static void firm_size(struct firm *f, struct habit *b, const struct calibration *c, int rank,
                      int n)
{
    int64_t log_rank = fixed_log2((uint64_t)rank * 2 + 1) - fixed_log2((uint64_t)n * 2);
    int64_t log_size = (int64_t)((__int128)-log_rank * PPM / c->alpha_ppm);
    int64_t most = fixed_log2((uint64_t)c->size_cap);
    log_size = log_size < most ? log_size : most;
    int64_t log_mean = (int64_t)((__int128)log_size * c->amount_size_ppm / PPM);
    b->mean = (uint32_t)(fixed_exp2(log_mean) >> 8);
    f->weight = (uint32_t)(fixed_exp2(log_size - log_mean) >> 8);
}

struct choosing { /* what firms are drawn from */
    struct arena arena;
    struct alias cell, home, partner[CELLS];
    uint64_t seed;
};

static void choosing_make(struct choosing *ch, const struct calibration *c,
                          const struct controls *k, uint64_t seed)
{
    uint64_t weight[PARTNERS_MAX];
    arena_init(&ch->arena);
    ch->seed = seed;
    for (int i = 0; i < CELLS; i++) {
        weight[i] = 1;
        for (int m = 0; m < k->n; m++)
            weight[i] += (uint64_t)(k->month[m][i / CONTROL_ITEMS][i % CONTROL_ITEMS].usd_cents /
                                    c->mean_usd[i % CONTROL_ITEMS]);
    }
    alias_make(&ch->cell, &ch->arena, weight, CELLS);
    for (int i = 0; i < c->n_homes; i++)
        weight[i] = (uint64_t)c->home[i].share;
    alias_make(&ch->home, &ch->arena, weight, (uint32_t)c->n_homes);
    for (int i = 0; i < CELLS; i++) {
        for (int p = 0; p < c->n_partners; p++)
            weight[p] = (uint64_t)(c->partner[p].share[i / CONTROL_ITEMS] *
                                   c->affinity[i % CONTROL_ITEMS][p]) + 1;
        alias_make(&ch->partner[i], &ch->arena, weight, (uint32_t)c->n_partners);
    }
}

/* Codes of an item, the earlier ones of the table more often: our choice. */
static uint8_t code_of(const struct calibration *c, int cell, uint64_t r)
{
    uint32_t n = (uint32_t)c->n_code[cell], a = below(r, n), b = below(r << 32, n);
    return c->code[cell][a < b ? a : b];
}

static void firm_kind(struct firm *f, const struct calibration *c, int rank, int n, uint64_t r)
{
    uint32_t at = below(r, PPM * 3 / 4);
    /* The largest are enterprises, and those that must be there for a cell. */
    bool person = rank >= n / 4 && (rank < n / 2 || rank >= n / 2 + PLACED);
    if (person && at < c->nonresidents_ppm) {
        f->kind = PARTY_NONRESIDENT;
        person_id(f, rank);
    } else if (person && at < c->nonresidents_ppm + c->residents_ppm) {
        f->kind = PARTY_RESIDENT;
        resident_id(f, rank);
    } else {
        f->kind = PARTY_UNIT;
    }
}

/* What a firm does: its first activity by the number of payments of each cell, others near it.
 * Some firms are placed, so that no cell is without any. */
static int firm_activities(struct firm *f, const struct calibration *c, const struct choosing *ch,
                           int rank, int n, struct stream *s, uint8_t cell[FIRM_SLOTS],
                           uint8_t code[FIRM_SLOTS])
{
    uint64_t r = stream_next(s);
    int slots = (int)(r & 15) < 8 ? 1 : (int)(r & 15) < 13 ? 2 : 3;
    int placed = rank - n / 2;
    cell[0] = (uint8_t)alias_draw(&ch->cell, stream_next(s));
    if (f->kind != PARTY_UNIT) { /* travel */
        slots = 1;
        cell[0] = (uint8_t)((r >> 8 & 1) * CONTROL_ITEMS + 3);
    } else if (placed >= 0 && placed < PLACED) {
        cell[0] = (uint8_t)(placed % CELLS);
    }
    for (int i = 0; i < slots; i++) {
        r = stream_next(s);
        if (i > 0)
            cell[i] = (r & 1) != 0 ? cell[0] : (uint8_t)alias_draw(&ch->cell, stream_next(s));
        code[i] = code_of(c, cell[i], mix(r));
    }
    return slots;
}

static void firm_make(struct firm *f, struct habit *habit, const struct calibration *c,
                      const struct choosing *ch, int rank, int n, uint8_t cell[FIRM_SLOTS],
                      uint8_t code[FIRM_SLOTS])
{
    struct stream s = {mix(ch->seed + SALT_FIRM) + (uint64_t)rank * 0xD1B54A32D192ED03u};
    const uint64_t ids = UINT64_C(852891037441); /* 31^8 */
    memset(f, 0, sizeof *f);
    memset(habit, 0, sizeof *habit);
    firm_size(f, habit, c, rank, n);
    firm_kind(f, c, rank, n, stream_next(&s));
    uint64_t start = mix(ch->seed + SALT_ID) % ids;
    if (f->kind == PARTY_UNIT) /* a step prime to 31^8 meets each number once */
        unit_id(f, (uint64_t)(((unsigned __int128)rank * 526547123603u + start) % ids));
    const struct home *h = &c->home[alias_draw(&ch->home, stream_next(&s))];
    uint64_t r = stream_next(&s);
    f->place = h->place;
    memcpy(f->digits, h->digits, 2);
    f->zone = below(r, PPM) < h->zone_ppm ? h->zone : 0;
    /* The square of a uniform number: the first banks are the largest. */
    uint64_t u = stream_next(&s) >> 32;
    uint64_t bank = ((u * u) >> 32) * (uint64_t)c->banks >> 32;
    f->bank = (uint16_t)(BANK_FIRST + BANK_OFFICES * (int)bank);
    f->n_slots = (uint8_t)firm_activities(f, c, ch, rank, n, &s, cell, code);
    habit->numbered = f->kind != PARTY_NONRESIDENT;
    habit->n_partners = (uint8_t)(1 + (stream_next(&s) >> 62));
    for (int i = 0; i < habit->n_partners; i++)
        habit->partner[i] = (uint8_t)alias_draw(&ch->partner[cell[0]], stream_next(&s));
}

/* Runs of two to six among the larger quarter, in an order that has nothing to do with size. */
static void make_groups(struct firms *f, const struct calibration *c, uint64_t seed)
{
    int among = f->n / 4, left = (int)((int64_t)f->n * c->groups_ppm / PPM);
    uint32_t group = 0;
    struct stream s = {mix(seed + SALT_GROUP)};
    for (int at = 0; left >= 2 && at < 4 * among;) {
        int members = 2 + (int)below(stream_next(&s), 5);
        group++;
        members = members < left ? members : left;
        for (int k = 0; k < members && at < 4 * among; at++) {
            struct firm *m = &f->firm[below(stream_next(&s), (uint32_t)among)];
            if (m->kind != PARTY_UNIT || m->group != 0)
                continue;
            m->group = group;
            k++;
            left--;
        }
    }
}

static void make_choices(struct firms *f, struct arena *a, const uint8_t *cell, const uint8_t *code)
{
    static const uint64_t tenths[FIRM_SLOTS] = {7, 2, 1};
    uint64_t *weight = malloc((size_t)f->n * FIRM_SLOTS * sizeof *weight);
    struct activity *does = malloc((size_t)f->n * FIRM_SLOTS * sizeof *does);
    check(weight != NULL && does != NULL);
    for (int k = 0; k < CELLS; k++) {
        uint32_t n = 0;
        struct alias walker;
        struct arena step;
        for (int i = 0; i < f->n * FIRM_SLOTS; i++) {
            const struct firm *m = &f->firm[i / FIRM_SLOTS];
            if (i % FIRM_SLOTS >= m->n_slots || cell[i] != k)
                continue;
            does[n] = (struct activity){(uint32_t)(i / FIRM_SLOTS), code[i]};
            weight[n++] = (uint64_t)m->weight * tenths[i % FIRM_SLOTS];
        }
        arena_init(&step);
        alias_make(&walker, &step, weight, n);
        f->n_choices[k] = n;
        f->choice[k] = ARENA_ARRAY(a, struct choice, n);
        for (uint32_t i = 0; i < n; i++) {
            const struct activity *x = &does[i], *z = &does[walker.entry[i].other];
            f->choice[k][i] = (struct choice){walker.entry[i].cut, {x->firm, z->firm},
                                              {x->code, z->code}};
        }
        arena_finish(&step);
    }
    free(does);
    free(weight);
}

/* Firms with one activity and so many payments that a mistake shows; the largest are left out, as
 * a thousand times one of their payments would be more than all others together. */
static void mark_steady(struct firms *f, int64_t rows)
{
    uint64_t total = 0, steady = 0;
    for (int i = 0; i < f->n; i++)
        total += f->firm[i].weight;
    for (int i = 0; i < f->n; i++) {
        struct firm *m = &f->firm[i];
        uint64_t payments = (uint64_t)((unsigned __int128)m->weight * (uint64_t)rows / total);
        f->habit[i].steady = m->n_slots == 1 && payments >= STEADY_MIN && payments < STEADY_MAX;
        steady += f->habit[i].steady ? m->weight : 0;
    }
    f->steady_ppm = (int64_t)((unsigned __int128)steady * PPM / total);
}

void firms_make(struct firms *f, struct arena *a, const struct calibration *c,
                const struct controls *k, int n, int64_t rows, uint64_t seed)
{
    struct choosing ch;
    choosing_make(&ch, c, k, seed);
    f->n = n;
    f->firm = ARENA_ARRAY(a, struct firm, (size_t)n);
    f->habit = ARENA_ARRAY(a, struct habit, (size_t)n);
    uint8_t *cell = calloc((size_t)n * FIRM_SLOTS, 2);
    check(cell != NULL);
    uint8_t *code = cell + (size_t)n * FIRM_SLOTS;
    for (int i = 0; i < n; i++)
        firm_make(&f->firm[i], &f->habit[i], c, &ch, i, n, cell + i * FIRM_SLOTS,
                  code + i * FIRM_SLOTS);
    make_groups(f, c, seed);
    mark_steady(f, rows);
    make_choices(f, a, cell, code);
    free(cell);
    arena_finish(&ch.arena);
}

static enum size_class size_of(const struct firms *f, const struct calibration *c, int rank)
{
    int64_t at = (int64_t)rank * PPM / f->n;
    return at < c->large_ppm                                  ? SIZE_LARGE
           : at < c->large_ppm + c->medium_ppm                ? SIZE_MEDIUM
           : at < c->large_ppm + c->medium_ppm + c->small_ppm ? SIZE_SMALL
                                                              : SIZE_MICRO;
}

void register_write(const struct firms *f, const struct calibration *c, struct buf *out)
{
    buf_z(out, "party_id,size,ownership,group,key,note\n");
    for (int i = 0; i < f->n; i++) {
        const struct firm *m = &f->firm[i];
        if (m->kind != PARTY_UNIT)
            continue;
        /* State ownership is likelier among the large: our choice. */
        enum size_class size = size_of(f, c, i);
        uint64_t r = mix((uint64_t)m->id[9] << 40 ^ (uint64_t)m->id[11] << 20 ^ (uint64_t)i) >> 58;
        enum ownership owner = r < (size == SIZE_LARGE ? 24u : 6u) ? OWNER_STATE
                               : r < 40                            ? OWNER_PRIVATE
                                                                   : OWNER_FOREIGN;
        buf_put(out, m->id, m->id_bytes);
        buf_printf(out, ",%s,%s,", size_name[size], ownership_name[owner]);
        if (m->group != 0)
            buf_printf(out, "SYN-G%05u", m->group);
        buf_printf(out, ",%d,made up\n", (int64_t)i * PPM / f->n < c->key_ppm);
    }
}
