/*
 * From rows to cells. A part holds all rows of its cells: it is sorted by cell, member and day, in
 * cache, and read off run by run. Then the cells of all parts are put in order of key.
 */
#include "declaration/cube_work.h"

#include <stdlib.h>

#include "base/huge.h"

enum { PART_CELLS_MOST = 1 << 24, RANGE = 1 << 14 };

struct kept { /* a contribution, but for what its place tells */
    uint32_t member, count;
    int64_t cents;
};
struct part_cells {
    size_t n_cells, n_kept;
    struct cell *cell;
    struct kept *kept;
    uint32_t *first;      /* of each cell in kept, and the end; NULL when none are kept */
};
struct bench { /* of one thread */
    size_t cap, n_cells, n_kept, n_repeats;
    struct row *row, *spare;
    struct cell *cell;    /* as many as rows */
    struct kept *kept;    /* of the part, or of the open cell only */
    struct kept *fold;
    uint32_t *first;
    struct repeat *repeat; /* 2 x LIMIT_REPEATS, cut to the first LIMIT_REPEATS when full */
    int64_t queried;
    __int128 sum[FLOW_COUNT];
    struct store store;   /* holds the cells of its parts */
};
struct making {
    struct cube_builder *b;
    struct cube *out;
    uint64_t *grouped;    /* bit = member that counts as another contributor; NULL: none does */
    struct bench bench[INTAKE_THREADS];
    struct part_cells part[CUBE_PARTS];
    struct apart apart;   /* fd -1: cells stay in memory */
    struct apart_part piece[CUBE_PARTS];
    uint64_t *order;      /* of all cells: key 32 | part 8 | number in the part 24 */
    size_t *kept_at;      /* first contribution of each RANGE of cells */
};

static enum err changed(struct error *e)
{
    return err_set(e, ERR_CONFLICT, "文件在第一遍和第二遍读取之间变了",
                   "the file changed between its first and its second reading");
}

static enum err overflow(struct error *e)
{
    return err_set(e, ERR_LIMIT, "一个单元的金额超出 64 位整数", "the sum of a cell exceeds 64 bits");
}

/* --- reading a part ------------------------------------------------------------------------ */

static void bench_room(struct bench *w, size_t n)
{
    if (n <= w->cap) {
        return;
    }
    w->cap = n + n / 4;
    free(w->row);
    free(w->spare);
    free(w->cell);
    free(w->kept);
    free(w->fold);
    free(w->first);
    w->row = huge_alloc(w->cap * sizeof *w->row);
    w->spare = huge_alloc(w->cap * sizeof *w->spare);
    w->cell = huge_alloc(w->cap * sizeof *w->cell);
    w->kept = huge_alloc(w->cap * sizeof *w->kept);
    w->fold = huge_alloc(w->cap * sizeof *w->fold);
    w->first = huge_alloc((w->cap + 1) * sizeof *w->first);
}

static enum err read_part(struct making *m, struct bench *w, unsigned part, size_t *n,
                          struct error *e)
{
    size_t all = 0;
    for (int i = 0; i < m->b->n_threads; i++) {
        all += m->b->thread[i].rows->part[part].n;
    }
    *n = 0;
    if (all == 0) {
        return OK;
    }
    bench_room(w, all);
    for (int i = 0; i < m->b->n_threads; i++) {
        const struct lane *l = m->b->thread[i].rows;
        const uint32_t *map = m->out->parties.map[i];
        struct row *row = w->row + *n;
        TRY(lane_read(l, part, row, e));
        for (uint32_t k = 0; k < l->part[part].n; k++) {
            uint64_t word = row[k].word, rest = word & ~(UINT64_C(0xffffff) << 8);
            row[k].word = rest | (uint64_t)map[row_party(word)] << 8;
        }
        *n += l->part[part].n;
    }
    return OK;
}

/* --- one day of one member in one cell: repeats, and rows taken back ------------------------ */

static int by_cents(const void *x, const void *y)
{
    const struct row *a = x, *b = y;
    if (a->cents != b->cents) {
        return a->cents < b->cents ? -1 : 1;
    }
    return (a->word > b->word) - (a->word < b->word);
}

int repeat_order(const void *x, const void *y)
{
    const struct repeat *a = x, *b = y;
    if (a->key != b->key) {
        return a->key < b->key ? -1 : 1;
    }
    if (a->member != b->member) {
        return a->member < b->member ? -1 : 1;
    }
    if (a->day != b->day) {
        return a->day < b->day ? -1 : 1;
    }
    return (a->cents > b->cents) - (a->cents < b->cents);
}

static void note_repeat(struct bench *w, const struct row *r, uint32_t count)
{
    w->queried += count - 1;
    if (w->repeat == NULL) {
        w->repeat = malloc(2 * LIMIT_REPEATS * sizeof *w->repeat);
        check(w->repeat != NULL);
    }
    if (w->n_repeats == 2 * LIMIT_REPEATS) {
        sort_by(w->repeat, w->n_repeats, sizeof *w->repeat, repeat_order);
        w->n_repeats = LIMIT_REPEATS;
    }
    w->repeat[w->n_repeats++] = (struct repeat){.key = row_cell(r->word),
                                                .member = row_party(r->word),
                                                .cents = r->cents,
                                                .count = count,
                                                .day = (uint8_t)row_day(r->word)};
}

/* A day's rows, two or more. Void rows come after the others of the same cents. */
static enum err look_at_day(struct bench *w, struct row *r, size_t n, struct error *e)
{
    if (n == 2 && !row_void(r[1].word)) { /* the usual case */
        if (r[0].cents == r[1].cents) {
            note_repeat(w, r, 2);
        }
        return OK;
    }
    sort_by(r, n, sizeof *r, by_cents);
    for (size_t i = 0, j; i < n; i = j) {
        uint32_t live = 0;
        for (j = i; j < n && r[j].cents == r[i].cents; j++) {
            live += row_void(r[j].word) ? -1u : 1u;
        }
        if (live > n) { /* void, but never there */
            return changed(e);
        }
        if (live > 1) {
            note_repeat(w, &r[i], live);
        }
    }
    return OK;
}

/* --- runs ----------------------------------------------------------------------------------- */

/* The rows of one member in one cell, which share their word from the day up. */
static enum err read_member(struct bench *w, struct row *r, size_t n, struct kept *k,
                            struct error *e)
{
    const uint64_t day_up = ~UINT64_C(7);
    *k = (struct kept){row_party(r[0].word), 0, 0};
    for (size_t i = 0, j; i < n; i = j) {
        for (j = i; j < n && ((r[j].word ^ r[i].word) & day_up) == 0; j++) {
            bool back = row_void(r[j].word);
            k->count += back ? -1u : 1u;
            if (__builtin_add_overflow(k->cents, back ? -r[j].cents : r[j].cents, &k->cents)) {
                return overflow(e);
            }
        }
        if (j - i > 1) {
            TRY(look_at_day(w, r + i, j - i, e));
        } else if (row_void(r[i].word)) {
            return changed(e);
        }
    }
    return OK;
}

/* Contributors come in order of number, so the lower one stays first among equals. */
static void add_contributor(struct cell *c, uint32_t party, int64_t cents)
{
    int64_t v = cents < 0 ? -cents : cents;
    c->contributors++;
    if (v > c->top[0] || c->top_party[0] == UINT32_MAX) {
        c->top[1] = c->top[0];
        c->top_party[1] = c->top_party[0];
        c->top[0] = v;
        c->top_party[0] = party;
    } else if (v > c->top[1] || c->top_party[1] == UINT32_MAX) {
        c->top[1] = v;
        c->top_party[1] = party;
    }
}

static int by_member(const void *x, const void *y)
{
    const struct kept *a = x, *b = y;
    return (a->member > b->member) - (a->member < b->member);
}

static enum err add_grouped(struct making *m, struct bench *w, struct cell *c,
                            const struct kept *k, size_t n, struct error *e)
{
    for (size_t i = 0; i < n; i++) {
        w->fold[i] = k[i];
        if (bit_get(m->grouped, k[i].member)) {
            w->fold[i].member = m->out->reg[k[i].member].contributor;
        }
    }
    sort_by(w->fold, n, sizeof *w->fold, by_member);
    for (size_t i = 0, j; i < n; i = j) {
        int64_t cents = 0;
        for (j = i; j < n && w->fold[j].member == w->fold[i].member; j++) {
            if (__builtin_add_overflow(cents, w->fold[j].cents, &cents)) {
                return overflow(e);
            }
        }
        if (cents == INT64_MIN) {
            return overflow(e);
        }
        add_contributor(c, w->fold[i].member, cents);
    }
    return OK;
}

/* Closes a cell over its members. One whose records are all void is none. */
static enum err close_cell(struct making *m, struct bench *w, cell_key key, size_t n,
                           struct error *e)
{
    struct kept *k = w->kept + w->n_kept;
    struct cell *c = &w->cell[w->n_cells];
    *c = (struct cell){.key = key, .top_party = {UINT32_MAX, UINT32_MAX}};
    bool grouped = false;
    for (size_t i = 0; i < n; i++) {
        c->count += k[i].count;
        if (k[i].cents == INT64_MIN || __builtin_add_overflow(c->sum, k[i].cents, &c->sum)) {
            return overflow(e);
        }
        grouped |= m->grouped != NULL && bit_get(m->grouped, k[i].member);
    }
    for (size_t i = 0; i < n && !grouped; i++) {
        add_contributor(c, k[i].member, k[i].cents);
    }
    if (grouped) {
        TRY(add_grouped(m, w, c, k, n, e));
    }
    if (n > 0) {
        w->n_kept += m->b->o.contributions ? n : 0;
        w->first[++w->n_cells] = (uint32_t)w->n_kept;
    }
    return OK;
}

static enum err read_runs(struct making *m, struct bench *w, struct row *r, size_t n,
                          struct error *e)
{
    w->n_cells = w->n_kept = w->first[0] = 0;
    for (size_t i = 0; i < n;) {
        const cell_key key = row_cell(r[i].word);
        size_t members = 0;
        while (i < n && row_cell(r[i].word) == key) {
            struct kept *k = &w->kept[w->n_kept + members];
            size_t j = i + 1;
            while (j < n && ((r[j].word ^ r[i].word) >> 8) == 0) {
                j++;
            }
            if (j == i + 1) {
                if (row_void(r[i].word)) {
                    return changed(e);
                }
                *k = (struct kept){row_party(r[i].word), 1, r[i].cents};
            } else {
                TRY(read_member(w, r + i, j - i, k, e));
            }
            members += k->count > 0;
            i = j;
        }
        TRY(close_cell(m, w, key, members, e));
    }
    return OK;
}

static void *keep(struct bench *w, const void *p, size_t n, size_t each)
{
    return n == 0 ? NULL : memcpy(store_take(&w->store, n * each), p, n * each);
}

static enum err make_part(void *ctx, int thread, unsigned part, struct error *e)
{
    struct making *m = ctx;
    struct bench *w = &m->bench[thread];
    size_t n;
    TRY(read_part(m, w, part, &n, e));
    if (n == 0) {
        return OK;
    }
    TRY(read_runs(m, w, sort_rows(w->row, w->spare, n), n, e));
    if (w->n_cells > PART_CELLS_MOST) {
        return err_set(e, ERR_LIMIT, "单元数超过 LIMIT_CUBE_CELLS（%d）",
                       "more than LIMIT_CUBE_CELLS (%d) cells", (int)LIMIT_CUBE_CELLS);
    }
    struct part_cells *p = &m->part[part];
    p->n_cells = w->n_cells;
    p->n_kept = w->n_kept;
    if (m->apart.fd >= 0) {
        m->piece[part].n = w->n_cells;
        return apart_put(&m->apart, w->cell, w->n_cells, &m->piece[part].at, e);
    }
    p->cell = keep(w, w->cell, w->n_cells, sizeof *w->cell);
    if (m->b->o.contributions) {
        p->kept = keep(w, w->kept, w->n_kept, sizeof *w->kept);
        p->first = keep(w, w->first, w->n_cells + 1, sizeof *w->first);
    }
    return OK;
}

/* --- all parts in order --------------------------------------------------------------------- */

static inline const struct part_cells *part_at(const struct making *m, size_t i, uint32_t *at)
{
    *at = (uint32_t)m->order[i] & 0xffffff;
    return &m->part[(uint32_t)m->order[i] >> 24];
}

static void put_kept(struct making *m, const struct part_cells *p, uint32_t at, cell_key key,
                     size_t *to)
{
    for (uint32_t k = p->first[at]; k < p->first[at + 1]; k++) {
        m->out->contribution[(*to)++] =
            (struct contribution){.key = key,
                                  .party = m->out->reg[p->kept[k].member].contributor,
                                  .cents = p->kept[k].cents,
                                  .count = p->kept[k].count,
                                  .member = p->kept[k].member};
    }
}

static enum err gather_range(void *ctx, int thread, unsigned range, struct error *e)
{
    (void)e;
    struct making *m = ctx;
    size_t i = (size_t)range * RANGE, end = i + RANGE;
    end = end < m->out->n_cells ? end : m->out->n_cells;
    size_t kept = m->kept_at != NULL ? m->kept_at[range] : 0;
    for (; i < end; i++) {
        uint32_t at;
        const struct part_cells *p = part_at(m, i, &at);
        m->out->cell[i] = p->cell[at];
        m->bench[thread].sum[p->cell[at].key >> 31] += p->cell[at].sum;
        if (m->kept_at != NULL) {
            put_kept(m, p, at, p->cell[at].key, &kept);
        }
    }
    return OK;
}

static enum err count_cells(struct making *m, struct error *e)
{
    size_t n = 0;
    for (int i = 0; i < CUBE_PARTS; i++) {
        n += m->part[i].n_cells;
        m->out->n_contributions += m->part[i].n_kept;
    }
    if (n > LIMIT_CUBE_CELLS) {
        return err_set(e, ERR_LIMIT, "单元数超过 LIMIT_CUBE_CELLS（%d）",
                       "more than LIMIT_CUBE_CELLS (%d) cells", (int)LIMIT_CUBE_CELLS);
    }
    if (m->out->n_contributions > LIMIT_CUBE_CONTRIBUTIONS) {
        return err_set(e, ERR_LIMIT, "份额数超过 LIMIT_CUBE_CONTRIBUTIONS（%d）",
                       "more than LIMIT_CUBE_CONTRIBUTIONS (%d) contributions",
                       (int)LIMIT_CUBE_CONTRIBUTIONS);
    }
    m->out->n_cells = n;
    m->out->cell = huge_alloc(n * sizeof *m->out->cell);
    return OK;
}

static void order_cells(struct making *m)
{
    size_t n = m->out->n_cells;
    uint64_t *order = huge_alloc(n * sizeof *order), *spare = huge_alloc(n * sizeof *spare);
    n = 0;
    for (uint64_t i = 0; i < CUBE_PARTS; i++) {
        for (uint64_t j = 0; j < m->part[i].n_cells; j++) {
            order[n++] = (uint64_t)m->part[i].cell[j].key << 32 | i << 24 | j;
        }
    }
    m->order = sort_words(order, spare, n, UINT64_MAX << 32);
    free(m->order == order ? spare : order);
}

static void place_kept(struct making *m)
{
    size_t at = 0;
    m->kept_at = malloc((m->out->n_cells / RANGE + 1) * sizeof *m->kept_at);
    check(m->kept_at != NULL);
    for (size_t i = 0; i < m->out->n_cells; i++) {
        uint32_t j;
        const struct part_cells *p = part_at(m, i, &j);
        if (i % RANGE == 0) {
            m->kept_at[i / RANGE] = at;
        }
        at += p->first[j + 1] - p->first[j];
    }
    m->out->contribution = huge_alloc(at * sizeof *m->out->contribution);
    check(at == m->out->n_contributions);
}

static enum err sum_flows(struct making *m, struct error *e)
{
    __int128 sum[FLOW_COUNT] = {0};
    for (int i = 0; i < INTAKE_THREADS; i++) {
        for (int f = 0; f < FLOW_COUNT; f++) {
            sum[f] += m->bench[i].sum[f];
        }
    }
    m->out->credit = (int64_t)sum[FLOW_CREDIT];
    m->out->debit = (int64_t)sum[FLOW_DEBIT];
    return m->out->credit == sum[FLOW_CREDIT] && m->out->debit == sum[FLOW_DEBIT] ? OK
                                                                                  : overflow(e);
}

static void collect_repeats(struct making *m)
{
    struct cube *c = m->out;
    for (int i = 0; i < INTAKE_THREADS; i++) {
        struct bench *w = &m->bench[i];
        c->queried_r7 += w->queried;
        if (w->n_repeats > 0) {
            c->repeat = realloc(c->repeat, (c->n_repeats + w->n_repeats) * sizeof *c->repeat);
            check(c->repeat != NULL);
            memcpy(c->repeat + c->n_repeats, w->repeat, w->n_repeats * sizeof *c->repeat);
            c->n_repeats += w->n_repeats;
        }
    }
    if (c->n_repeats > 0) {
        sort_by(c->repeat, c->n_repeats, sizeof *c->repeat, repeat_order);
    }
    c->n_repeats = c->n_repeats < LIMIT_REPEATS ? c->n_repeats : LIMIT_REPEATS;
}

static void free_bench(struct bench *w)
{
    free(w->row);
    free(w->spare);
    free(w->cell);
    free(w->kept);
    free(w->fold);
    free(w->first);
    w->row = w->spare = NULL;
    w->cell = NULL;
    w->kept = w->fold = NULL;
    w->first = NULL;
    w->cap = 0;
}

static enum err gather_all(struct making *m, struct error *e)
{
    order_cells(m);
    if (m->b->o.contributions) {
        place_kept(m);
    }
    unsigned ranges = (unsigned)((m->out->n_cells + RANGE - 1) / RANGE);
    return cube_parallel(m->b->n_threads, ranges, gather_range, m, e);
}

static enum err merge_all(struct making *m, struct error *e)
{
    TRY(apart_merge(&m->apart, m->piece, CUBE_PARTS, m->out->cell, e));
    for (size_t i = 0; i < m->out->n_cells; i++) {
        m->bench[0].sum[m->out->cell[i].key >> 31] += m->out->cell[i].sum;
    }
    return OK;
}

/* Where rows went to a file, cells do too, rather than be in memory twice; but contributions, which
 * are more than cells, are wanted in memory anyway. */
static enum err make_all(struct making *m, struct error *e)
{
    TRY(pool_error(&m->b->row_pool, e));
    if (m->b->row_pool.spilled > 0 && !m->b->o.contributions) {
        TRY(apart_open(&m->apart, m->b->o.spill_dir, e));
    }
    TRY(cube_parallel(m->b->n_threads, CUBE_PARTS, make_part, m, e));
    for (int i = 0; i < INTAKE_THREADS; i++) {
        free_bench(&m->bench[i]);
    }
    pool_finish(&m->b->row_pool); /* before the cells are there twice */
    stock_empty(&m->b->stock);
    TRY(count_cells(m, e));
    TRY(m->apart.fd >= 0 ? merge_all(m, e) : gather_all(m, e));
    collect_repeats(m);
    return sum_flows(m, e);
}

/* Most members are contributors of their own: a bit tells in the first cache. */
static void find_grouped(struct making *m)
{
    const struct cube *c = m->out;
    for (uint32_t i = 0; i < c->parties.n; i++) {
        if (c->reg[i].contributor != i) {
            if (m->grouped == NULL) {
                m->grouped = calloc(c->parties.n / 64 + 1, sizeof *m->grouped);
                check(m->grouped != NULL);
            }
            bit_set(m->grouped, i);
        }
    }
}

enum err cells_make(struct cube_builder *b, struct cube *out, struct error *e)
{
    struct making *m = calloc(1, sizeof *m);
    check(m != NULL);
    m->b = b;
    m->out = out;
    for (int i = 0; i < INTAKE_THREADS; i++) {
        m->bench[i].store.stock = &b->stock;
    }
    find_grouped(m);
    m->apart.fd = -1;
    enum err err = make_all(m, e);
    apart_close(&m->apart);
    for (int i = 0; i < INTAKE_THREADS; i++) {
        store_finish(&m->bench[i].store);
        free_bench(&m->bench[i]);
        free(m->bench[i].repeat);
    }
    free(m->grouped);
    free(m->order);
    free(m->kept_at);
    free(m);
    for (int i = 0; i < out->parties.n_tables; i++) { /* map: of no use from here on */
        free(out->parties.map[i]);
    }
    free(out->parties.map);
    out->parties.map = NULL;
    out->parties.n_tables = 0;
    return err;
}
