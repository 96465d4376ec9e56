/* RULE_TWICE: report numbers that were met more than once. The same record twice is one record,
 * the same number over records that differ is none; neither depends on the order of reading. */
#include "declaration/cube_work.h"

#include <stdlib.h>

#include "base/huge.h"

/* --- numbers met more than once ------------------------------------------------------------ */

struct looking {
    struct cube_builder *b;
    struct {
        size_t cap;
        uint64_t *key, *spare;
    } scratch[INTAKE_THREADS];
    struct {
        size_t n;
        uint64_t *key;
    } found[CUBE_PARTS];
};

static void take_doubled(struct looking *k, unsigned part, const uint64_t *key, size_t n)
{
    size_t cap = 0, met = 0;
    uint64_t *out = NULL;
    for (size_t i = 1; i < n; i++) {
        if (key[i] != key[i - 1] || (met > 0 && out[met - 1] == key[i])) {
            continue;
        }
        if (met == cap) {
            cap = cap ? 2 * cap : 64;
            out = realloc(out, cap * sizeof *out);
            check(out != NULL);
        }
        out[met++] = key[i];
    }
    k->found[part].key = out;
    k->found[part].n = met;
}

static int by_word(const void *x, const void *y)
{
    const uint64_t *a = x, *b = y;
    return (*a > *b) - (*a < *b);
}

/* Equal keys side by side. Two digits of a turned key tell nearly all apart; what they do not is put
 * in order on its own. */
static uint64_t *put_together(uint64_t *key, uint64_t *spare, size_t n)
{
    const uint64_t digits = ((UINT64_C(1) << 22) - 1) << 34; /* below those that made the part */
    key = sort_words(key, spare, n, digits);
    for (size_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && ((key[j] ^ key[i]) & digits) == 0; j++) {
        }
        if (j - i > 2 || (j - i == 2 && key[i] != key[i + 1])) {
            sort_by(key + i, j - i, sizeof *key, by_word);
        }
    }
    return key;
}

static enum err look_part(void *ctx, int thread, unsigned part, struct error *e)
{
    struct looking *k = ctx;
    size_t n = 0;
    for (int i = 0; i < k->b->n_threads; i++) {
        n += k->b->thread[i].keys->part[part].n;
    }
    if (n < 2) {
        return OK;
    }
    if (n > k->scratch[thread].cap) {
        free(k->scratch[thread].key);
        free(k->scratch[thread].spare);
        k->scratch[thread].cap = n + n / 4;
        k->scratch[thread].key = huge_alloc((n + n / 4) * sizeof(uint64_t));
        k->scratch[thread].spare = huge_alloc((n + n / 4) * sizeof(uint64_t));
    }
    uint64_t *key = k->scratch[thread].key;
    n = 0;
    for (int i = 0; i < k->b->n_threads; i++) {
        TRY(lane_read(k->b->thread[i].keys, part, key + n, e));
        n += k->b->thread[i].keys->part[part].n;
    }
    take_doubled(k, part, put_together(key, k->scratch[thread].spare, n), n);
    return OK;
}

uint64_t twice_hash(uint64_t key, uint8_t part)
{
    return (key ^ (uint64_t)part << 56) * 0x9e3779b97f4a7c15u >> 24;
}

static int by_part_key(const void *x, const void *y)
{
    const struct doubled *a = x, *b = y;
    if (a->part != b->part) {
        return a->part < b->part ? -1 : 1;
    }
    return (a->key > b->key) - (a->key < b->key);
}

static void index_doubled(struct cube_builder *b)
{
    sort_by(b->doubled, b->n_doubled, sizeof *b->doubled, by_part_key);
    for (size_t i = 0; i < b->n_doubled; i++) {
        uint64_t at = twice_hash(b->doubled[i].key, b->doubled[i].part) & b->filter_mask;
        while (b->filter[at] != 0) {
            at = (at + 1) & b->filter_mask;
        }
        b->filter[at] = (uint32_t)i + 1;
    }
}

/* The list in order of part and key, and the table that finds a number in it. */
static enum err collect(struct cube_builder *b, const struct looking *k, struct error *e)
{
    size_t n = 0, slots = 1024;
    for (int i = 0; i < CUBE_PARTS; i++) {
        n += k->found[i].n;
    }
    if (n > LIMIT_DOUBLED) {
        return err_set(e, ERR_LIMIT, "重复的申报号码有 %zu 个，超过 LIMIT_DOUBLED（%d）",
                       "%zu report numbers are there twice, more than LIMIT_DOUBLED (%d)", n,
                       (int)LIMIT_DOUBLED);
    }
    while (slots < 2 * n) {
        slots *= 2;
    }
    b->doubled = malloc((n + 1) * sizeof *b->doubled);
    b->filter = calloc(slots, sizeof *b->filter);
    check(b->doubled != NULL && b->filter != NULL);
    b->filter_mask = slots - 1;
    for (unsigned i = 0; i < CUBE_PARTS; i++) {
        for (size_t j = 0; j < k->found[i].n; j++) {
            uint64_t key = k->found[i].key[j];
            b->doubled[b->n_doubled++] =
                (struct doubled){key_turn_back(key), (uint8_t)key_part(key, i)};
        }
    }
    index_doubled(b);
    return OK;
}

enum err cube_doubled(struct cube_builder *b, const struct doubled **out, size_t *n,
                      struct error *e)
{
    if (!b->looked) {
        double from = intake_clock();
        struct looking *k = calloc(1, sizeof *k);
        check(k != NULL);
        k->b = b;
        enum err err = pool_error(&b->key_pool, e);
        if (err == OK) {
            err = cube_parallel(b->n_threads, CUBE_PARTS, look_part, k, e);
        }
        if (err == OK) {
            err = collect(b, k, e);
        }
        for (int i = 0; i < CUBE_PARTS; i++) {
            free(k->found[i].key);
        }
        for (int i = 0; i < INTAKE_THREADS; i++) {
            free(k->scratch[i].key);
            free(k->scratch[i].spare);
        }
        free(k);
        for (int i = 0; i < b->n_threads; i++) {
            lane_destroy(b->thread[i].keys);
            b->thread[i].keys = NULL;
        }
        b->keys_spilled = b->key_pool.spilled > 0;
        pool_finish(&b->key_pool);
        b->looked = err == OK;
        b->busy += intake_clock() - from;
        TRY(err);
    }
    *out = b->doubled;
    *n = b->n_doubled;
    return OK;
}

/* --- their records, read again ------------------------------------------------------------- */

/* Index of a number in the list, -1. */
static int64_t find_doubled(const struct cube_builder *b, uint64_t key, uint8_t part)
{
    uint64_t at = twice_hash(key, part) & b->filter_mask;
    for (; b->filter[at] != 0; at = (at + 1) & b->filter_mask) {
        const struct doubled *d = &b->doubled[b->filter[at] - 1];
        if (d->key == key && d->part == part) {
            return b->filter[at] - 1;
        }
    }
    return -1;
}

static void field_int(struct buf *b, int64_t v)
{
    buf_put(b, (const char *)&v, sizeof v);
}

static void field_text(struct buf *b, struct str s)
{
    field_int(b, (int64_t)s.n);
    buf_str(b, s);
}

/* Equal marks: equal in everything that was decoded. */
static void mark_of(struct buf *b, const struct declaration *d, uint8_t mark[16])
{
    uint8_t digest[32];
    buf_clear(b);
    field_text(b, d->party_id);
    field_text(b, d->contract);
    field_text(b, d->remark);
    const int64_t v[] = {d->party_kind, d->flow, d->advance, d->code,     d->country, d->place,
                         d->currency,   d->bank, d->on,      d->reported, d->amount,  d->rate_e8};
    for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
        field_int(b, v[i]);
    }
    hash_sha256(b->p, b->n, digest);
    memcpy(mark, digest, 16);
}

static void remember(struct cube_builder *b, struct builder_thread *t, int thread, uint32_t at,
                     const struct declaration *d)
{
    if (t->n_again == LIMIT_DOUBLED || t->raw.n + d->line.n > LIMIT_DOUBLED_BYTES) {
        t->again_full = true;
        return;
    }
    if (t->n_again == t->cap_again) {
        t->cap_again = t->cap_again ? 2 * t->cap_again : 64;
        t->again = realloc(t->again, t->cap_again * sizeof *t->again);
        check(t->again != NULL);
    }
    struct again *a = &t->again[t->n_again++];
    *a = (struct again){.doubled = at, .bank = d->bank, .rules = d->rules, .line = d->line_no,
                        .thread = thread};
    mark_of(&t->fields, d, a->mark);
    a->kind = (uint8_t)pack_row(b, d, &a->row);
    if (a->kind == AGAIN_ROW) {
        uint32_t party = party_table_intern(t->parties, d->party_id.p, d->party_id.n);
        t->parties_full |= party == UINT32_MAX;
        a->row.word |= (uint64_t)(party & 0xffffff) << 8;
    }
    if (b->keep_raw) {
        a->raw = t->raw.n;
        a->raw_n = (uint32_t)d->line.n;
        buf_str(&t->raw, d->line);
    }
}

void cube_again(void *builder, int thread, struct declaration *d, int n)
{
    struct cube_builder *b = builder;
    check(thread >= 0 && thread < b->n_threads && b->looked);
    for (int i = 0; i < n; i++) {
        int64_t at = find_doubled(b, d[i].report_key, d[i].report_part);
        if (at >= 0) {
            remember(b, &b->thread[thread], thread, (uint32_t)at, &d[i]);
        }
    }
}

/* --- which of them are void ---------------------------------------------------------------- */

struct suspect { /* pointers, now that the threads' texts grow no more */
    const struct again *a;
    struct str raw;
};

static int by_number(const void *x, const void *y)
{
    const struct suspect *a = x, *b = y;
    if (a->a->doubled != b->a->doubled) {
        return a->a->doubled < b->a->doubled ? -1 : 1;
    }
    int order = memcmp(a->a->mark, b->a->mark, sizeof a->a->mark);
    if (order == 0) {
        order = str_cmp(a->raw, b->raw);
    }
    /* Of records that are the same byte for byte the first of the file counts. */
    return order != 0 ? order : (a->a->line > b->a->line) - (a->a->line < b->a->line);
}

static struct suspect *gather(const struct cube_builder *b, size_t *n)
{
    *n = 0;
    for (int i = 0; i < b->n_threads; i++) {
        *n += b->thread[i].n_again;
    }
    struct suspect *s = calloc(*n + 1, sizeof *s);
    check(s != NULL);
    *n = 0;
    for (int i = 0; i < b->n_threads; i++) {
        const struct builder_thread *t = &b->thread[i];
        for (size_t j = 0; j < t->n_again; j++) {
            const struct again *a = &t->again[j];
            s[(*n)++] = (struct suspect){a, {b->keep_raw ? t->raw.p + a->raw : "", a->raw_n}};
        }
    }
    sort_by(s, *n, sizeof *s, by_number);
    return s;
}

/* A void row stands beside the row it takes back, and the two cancel (cube_cells.c). */
static void make_void(struct cube_builder *b, const struct again *a)
{
    struct builder_thread *t = &b->thread[a->thread];
    b->voided++;
    if (a->kind == AGAIN_ROW) {
        struct row r = a->row;
        r.word |= row_word(0, 0, 0, true);
        lane_put_row(t->rows, row_part(row_cell(r.word)), r);
        t->records--;
    } else if (a->kind == AGAIN_UNRATED) {
        t->unrated--;
    } else {
        b->voided_other++;
    }
}

static enum err settle_all(struct cube_builder *b, const struct suspect *s, size_t n,
                           cube_void_fn *each, void *ctx, struct error *e)
{
    size_t numbers = 0;
    for (size_t i = 0, j; i < n; i = j, numbers++) {
        bool same = true;
        for (j = i + 1; j < n && s[j].a->doubled == s[i].a->doubled; j++) {
            same = same && memcmp(s[j].a->mark, s[i].a->mark, sizeof s[i].a->mark) == 0;
        }
        if (j == i + 1) {
            break; /* met once: see below */
        }
        for (size_t k = same ? i + 1 : i; k < j; k++) {
            make_void(b, s[k].a);
            if (each != NULL) {
                TRY(each(ctx, s[k].a, same, s[k].raw, e));
            }
        }
    }
    if (numbers != b->n_doubled) {
        return err_set(e, ERR_CONFLICT, "有申报号码第一遍读到两次，第二遍没有：文件在读取时变了",
                       "a report number was there twice, but not when read again: the file "
                       "changed meanwhile");
    }
    return OK;
}

enum err twice_settle(struct cube_builder *b, cube_void_fn *each, void *ctx, struct error *e)
{
    if (b->settled) {
        return OK;
    }
    b->settled = true;
    for (int i = 0; i < b->n_threads; i++) {
        if (b->thread[i].again_full) {
            return err_set(e, ERR_LIMIT, "申报号码重复的记录超过 LIMIT_DOUBLED（%d）条",
                           "more than LIMIT_DOUBLED (%d) records have a number met twice",
                           (int)LIMIT_DOUBLED);
        }
    }
    size_t n;
    struct suspect *s = gather(b, &n);
    enum err err = settle_all(b, s, n, each, ctx, e);
    free(s);
    for (int i = 0; i < b->n_threads; i++) {
        struct builder_thread *t = &b->thread[i];
        free(t->again);
        t->again = NULL;
        t->n_again = t->cap_again = 0;
        buf_finish(&t->raw);
        buf_init(&t->raw);
    }
    return err;
}
