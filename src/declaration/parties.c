#include "declaration/parties.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/huge.h"
#include "declaration/party_table.h"

enum { BUCKETS_FIRST = 1 << 8, SORT_ALONE = 10000 };

static void buckets_make(struct party_table *t, uint64_t n)
{
    t->mask = n - 1;
    t->most = (uint32_t)(n * BUCKET / 4 * 3);
    t->bucket = huge_alloc(n * sizeof *t->bucket);
    memset(t->bucket, 0, n * sizeof *t->bucket);
}

struct party_table *party_table_create(void)
{
    struct party_table *t = calloc(1, sizeof *t);
    check(t != NULL);
    buckets_make(t, BUCKETS_FIRST);
    return t;
}

void party_table_destroy(struct party_table *t)
{
    if (t != NULL) {
        free(t->bucket);
        free(t);
    }
}

static void put(struct party_table *t, struct party_key k, uint64_t hash, uint32_t number)
{
    uint64_t i = hash & t->mask;
    while (t->bucket[i].n == BUCKET) {
        i = (i + 1) & t->mask;
    }
    struct party_bucket *s = &t->bucket[i];
    s->a[s->n] = k.a;
    s->b[s->n] = k.b;
    s->c[s->n] = k.c;
    for (int byte = 0; byte < 3; byte++) {
        s->number[s->n][byte] = (uint8_t)(number >> 8 * byte);
    }
    s->n++;
}

static void table_grow(struct party_table *t)
{
    struct party_bucket *old = t->bucket;
    uint64_t n = t->mask + 1;
    buckets_make(t, 2 * n);
    for (uint64_t i = 0; i < n; i++) {
        for (int j = 0; j < old[i].n; j++) {
            struct party_key k = {old[i].a[j], old[i].b[j], old[i].c[j]};
            put(t, k, party_hash(k), bucket_number(&old[i], j));
        }
    }
    free(old);
}

uint32_t party_table_add(struct party_table *t, struct party_key k, uint64_t hash)
{
    if (t->n == LIMIT_PARTIES) {
        return UINT32_MAX;
    }
    if (t->n == t->most) {
        table_grow(t);
    }
    put(t, k, hash, t->n);
    return t->n++;
}

uint32_t party_table_intern(struct party_table *t, const char *id, size_t n)
{
    struct party_key k = party_key_of(id, n);
    return party_table_number(t, k, party_hash(k));
}

/* --- merging ---------------------------------------------------------------------------- */

struct ordered { /* big-endian, so that integers compare as the bytes do */
    uint64_t a, b;
    uint32_t number;
    uint16_t c;
};

static inline bool before(const struct ordered *x, const struct ordered *y)
{
    if (x->a != y->a) {
        return x->a < y->a;
    }
    return x->b != y->b ? x->b < y->b : x->c < y->c;
}

static void merge_runs(const struct ordered *from, struct ordered *to, size_t low, size_t mid,
                       size_t high)
{
    size_t i = low, j = mid;
    for (size_t k = low; k < high; k++) {
        bool right = i == mid || (j < high && before(&from[j], &from[i]));
        to[k] = right ? from[j++] : from[i++];
    }
}

static void insertion(struct ordered *p, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct ordered x = p[i];
        size_t j = i;
        for (; j > 0 && before(&x, &p[j - 1]); j--) {
            p[j] = p[j - 1];
        }
        p[j] = x;
    }
}

/* Bottom-up merge sort: no worst case, no recursion. Returns the one of the two that holds it. */
static struct ordered *sort_ordered(struct ordered *p, struct ordered *q, size_t n)
{
    enum { RUN = 8 };
    for (size_t i = 0; i < n; i += RUN) {
        insertion(p + i, n - i < RUN ? n - i : RUN);
    }
    for (size_t width = RUN; width < n; width *= 2) {
        for (size_t low = 0; low < n; low += 2 * width) {
            size_t mid = low + width < n ? low + width : n;
            size_t high = mid + width < n ? mid + width : n;
            merge_runs(p, q, low, mid, high);
        }
        struct ordered *swap = p;
        p = q;
        q = swap;
    }
    return p;
}

struct sorting {
    const struct party_table *table;
    struct ordered *list, *spare;
    pthread_t thread;
    bool started;
};

static void *sort_table(void *arg)
{
    struct sorting *s = arg;
    const struct party_table *t = s->table;
    s->list = huge_alloc(t->n * sizeof *s->list);
    s->spare = huge_alloc(t->n * sizeof *s->spare);
    size_t n = 0;
    for (uint64_t i = 0; i <= t->mask; i++) {
        const struct party_bucket *p = &t->bucket[i];
        for (int j = 0; j < p->n; j++) {
            s->list[n++] =
                (struct ordered){__builtin_bswap64(p->a[j]), __builtin_bswap64(p->b[j]),
                                 bucket_number(p, j), __builtin_bswap16(p->c[j])};
        }
    }
    check(n == t->n);
    struct ordered *sorted = sort_ordered(s->list, s->spare, n);
    if (sorted != s->list) {
        s->spare = s->list;
        s->list = sorted;
    }
    free(s->spare);
    return NULL;
}

static void sort_tables(struct sorting *s, struct party_table *const *t, int n)
{
    for (int i = 0; i < n; i++) {
        s[i].table = t[i];
        s[i].started = n > 1 && i > 0 && t[i]->n > SORT_ALONE &&
                       pthread_create(&s[i].thread, NULL, sort_table, &s[i]) == 0;
    }
    for (int i = 0; i < n; i++) {
        if (!s[i].started) {
            sort_table(&s[i]);
        }
    }
    for (int i = 0; i < n; i++) {
        if (s[i].started) {
            check(pthread_join(s[i].thread, NULL) == 0);
        }
    }
}

static void write_id(char id[PARTY_ID_BYTES], const struct ordered *o)
{
    uint64_t a = __builtin_bswap64(o->a), b = __builtin_bswap64(o->b);
    uint16_t c = __builtin_bswap16(o->c);
    memcpy(id, &a, 8);
    memcpy(id + 8, &b, 8);
    memcpy(id + 16, &c, 2);
}

/* The list with the least head, -1 at the end. A handful of lists: no heap needed. */
static int least(const struct sorting *s, const size_t *at, int n)
{
    int best = -1;
    for (int i = 0; i < n; i++) {
        if (at[i] < s[i].table->n &&
            (best < 0 || before(&s[i].list[at[i]], &s[best].list[at[best]]))) {
            best = i;
        }
    }
    return best;
}

void parties_merge(struct parties *out, struct party_table *const *t, int n)
{
    struct sorting *s = calloc((size_t)n + 1, sizeof *s);
    size_t *at = calloc((size_t)n + 1, sizeof *at), most = 1;
    *out = (struct parties){.n_tables = n, .map = calloc((size_t)n + 1, sizeof *out->map)};
    check(s != NULL && at != NULL && out->map != NULL);
    sort_tables(s, t, n);
    for (int i = 0; i < n; i++) {
        most += t[i]->n;
        out->map[i] = huge_alloc(t[i]->n * sizeof **out->map);
    }
    out->id = huge_alloc(most * sizeof *out->id);
    for (int i; (i = least(s, at, n)) >= 0;) {
        const struct ordered o = s[i].list[at[i]];
        write_id(out->id[out->n], &o);
        for (int j = i; j < n; j++) { /* the same party in the tables that come later */
            if (at[j] < t[j]->n && !before(&o, &s[j].list[at[j]])) {
                out->map[j][s[j].list[at[j]++].number] = out->n;
            }
        }
        out->n++;
    }
    for (int i = 0; i < n; i++) {
        free(s[i].list);
    }
    free(s);
    free(at);
}

struct party_table *parties_index(const struct parties *p)
{
    struct party_table *t = party_table_create();
    for (uint32_t i = 0; i < p->n; i++) {
        struct party_key k = party_key_of(p->id[i], PARTY_ID_BYTES);
        if (party_table_number(t, k, party_hash(k)) != i) {
            party_table_destroy(t);
            return NULL;
        }
    }
    return t;
}

void parties_finish(struct parties *p)
{
    for (int i = 0; p->map != NULL && i < p->n_tables; i++) {
        free(p->map[i]);
    }
    free(p->map);
    free(p->id);
    *p = (struct parties){0};
}
