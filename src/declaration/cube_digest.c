/*
 * The digest of a cube: SHA-256 over a first line and a line of text per cell, in bytewise order of
 * the lines, so that LC_ALL=C sort and sha256sum make it too (docs/statistics.md):
 *
 *   fumao cube 1
 *   C<TAB>221010<TAB>USA<TAB>CN-BJ<TAB>202401<TAB>sum<TAB>count<TAB>contributors<TAB>top1<TAB>top2
 *
 * Codes, not indexes: it survives a change of the code lists.
 */
#include "declaration/cube_work.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHUNK = 8192, SLOTS = 8, LINE_MOST = 320, PLACES = 128 };

struct text_field { /* with the TAB behind it */
    uint8_t n;
    char text[31];
};
struct ranked { /* the values of one field in order of their text */
    uint32_t rank;
    struct text_field f;
};
struct digesting {
    const struct cube *c;
    struct ranked code[128], partner[256], place[PLACES];
    struct text_field month[CUBE_MONTHS];
    size_t n_runs;
    struct run { /* cells of one flow, code and partner; their places are not in order yet */
        uint32_t ranked, first, n;
    } *run;
    size_t n_chunks;
    uint32_t *chunk; /* first run of each, and the end */
    atomic_size_t next;
    pthread_mutex_t lock;
    pthread_cond_t filled, emptied;
    struct {
        struct buf text;
        bool full;
    } slot[SLOTS];
    size_t hashed; /* chunks */
};

/* --- ranks --------------------------------------------------------------------------------- */

static void field_set(struct text_field *f, struct str s)
{
    check(s.n < sizeof f->text);
    memcpy(f->text, s.p, s.n);
    f->text[s.n] = '\t';
    f->n = (uint8_t)(s.n + 1);
}

static int by_text(const void *x, const void *y)
{
    const struct ranked *const *a = x, *const *b = y;
    struct str s = {(*a)->f.text, (*a)->f.n}, t = {(*b)->f.text, (*b)->f.n};
    return str_cmp(s, t);
}

static void rank_fields(struct ranked *r, int n)
{
    struct ranked *order[256];
    for (int i = 0; i < n; i++) {
        order[i] = &r[i];
    }
    sort_by(order, (size_t)n, sizeof order[0], by_text);
    for (int i = 0; i < n; i++) {
        order[i]->rank = (uint32_t)i;
    }
}

static void name_fields(struct digesting *d)
{
    const struct scheme *s = d->c->scheme;
    const struct classification *codes = s->codes;
    for (int i = 0; i < s->n_code; i++) {
        field_set(&d->code[i].f, s->code[i].code);
    }
    for (int i = 0; i < codes->n_economies; i++) {
        field_set(&d->partner[i].f, codes->economy[i].alpha3);
    }
    for (int i = 0; i < codes->n_places; i++) {
        field_set(&d->place[i].f, codes->place[i].code);
    }
    rank_fields(d->code, s->n_code);
    rank_fields(d->partner, codes->n_economies);
    rank_fields(d->place, codes->n_places);
    for (int i = 0; i < CUBE_MONTHS; i++) {
        char text[16];
        int n = snprintf(text, sizeof text, "%04d%02d", 2000 + i / 12, i % 12 + 1);
        field_set(&d->month[i], (struct str){text, (size_t)n});
    }
}

/* --- runs ---------------------------------------------------------------------------------- */

static int by_rank(const void *x, const void *y)
{
    const struct run *a = x, *b = y;
    return (a->ranked > b->ranked) - (a->ranked < b->ranked);
}

static void add_run(struct digesting *d, size_t *cap, size_t first, size_t end)
{
    if (d->n_runs == *cap) {
        *cap = *cap ? 2 * *cap : 1024;
        d->run = realloc(d->run, *cap * sizeof *d->run);
        check(d->run != NULL);
    }
    struct cell_code k = cell_key_code(d->c->cell[first].key);
    d->run[d->n_runs++] = (struct run){
        cell_key_make(k.flow, d->code[k.code].rank, d->partner[k.partner].rank, 0, 0),
        (uint32_t)first, (uint32_t)(end - first)};
}

/* Cells stand in order of key. Their lines want another order of codes, partners and places; but
 * what is alike stays together, so only runs are sorted. */
static void order_runs(struct digesting *d)
{
    const struct cell *c = d->c->cell;
    size_t cap = 0, n = d->c->n_cells;
    for (size_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && (c[j].key ^ c[i].key) >> 16 == 0; j++) {
        }
        add_run(d, &cap, i, j);
    }
    if (n > 0) {
        sort_by(d->run, d->n_runs, sizeof *d->run, by_rank);
    }
}

/* A chunk is runs of CHUNK cells or somewhat more; one run has PLACES x CUBE_MONTHS at most. */
static void cut_chunks(struct digesting *d)
{
    size_t cells = CHUNK;
    d->chunk = malloc((d->n_runs + 1) * sizeof *d->chunk);
    check(d->chunk != NULL);
    for (size_t i = 0; i < d->n_runs; i++) {
        if (cells >= CHUNK) {
            d->chunk[d->n_chunks++] = (uint32_t)i;
            cells = 0;
        }
        cells += d->run[i].n;
    }
    d->chunk[d->n_chunks] = (uint32_t)d->n_runs;
}

/* --- lines --------------------------------------------------------------------------------- */

static inline char *put_field(char *p, const struct text_field *f)
{
    memcpy(p, f->text, 16); /* nearly all are shorter, and there is room */
    if (f->n > 16) {
        memcpy(p + 16, f->text + 16, sizeof f->text - 16);
    }
    return p + f->n;
}

static inline char *put_number(char *p, uint64_t v)
{
    static const char pair[] = "0001020304050607080910111213141516171819202122232425262728293031"
                               "3233343536373839404142434445464748495051525354555657585960616263"
                               "6465666768697071727374757677787980818283848586878889909192939495"
                               "96979899";
    char text[20];
    int at = 20;
    while (v >= 100) {
        at -= 2;
        memcpy(text + at, pair + 2 * (v % 100), 2);
        v /= 100;
    }
    if (v >= 10) {
        at -= 2;
        memcpy(text + at, pair + 2 * v, 2);
    } else {
        text[--at] = (char)('0' + v);
    }
    memcpy(p, text + at, (size_t)(20 - at));
    return p + (20 - at);
}

static char *put_line(const struct digesting *d, const struct cell *c, char *p)
{
    struct cell_code k = cell_key_code(c->key);
    *p++ = k.flow == FLOW_CREDIT ? 'C' : 'D';
    *p++ = '\t';
    p = put_field(p, &d->code[k.code].f);
    p = put_field(p, &d->partner[k.partner].f);
    p = put_field(p, &d->place[k.place].f);
    p = put_field(p, &d->month[k.month]);
    if (c->sum < 0) {
        *p++ = '-';
    }
    p = put_number(p, c->sum < 0 ? 0 - (uint64_t)c->sum : (uint64_t)c->sum);
    *p++ = '\t';
    p = put_number(p, c->count);
    *p++ = '\t';
    p = put_number(p, c->contributors);
    *p++ = '\t';
    p = put_number(p, (uint64_t)c->top[0]);
    *p++ = '\t';
    p = put_number(p, (uint64_t)c->top[1]);
    *p++ = '\n';
    return p;
}

/* A run's places by rank: first cell of each, and how many. */
static char *put_run(const struct digesting *d, const struct run *r, char *p)
{
    const struct cell *c = d->c->cell + r->first;
    uint32_t first[PLACES], n[PLACES] = {0};
    for (uint32_t i = 0, j; i < r->n; i = j) {
        for (j = i + 1; j < r->n && (c[j].key ^ c[i].key) >> 9 == 0; j++) {
        }
        uint32_t rank = d->place[cell_key_code(c[i].key).place].rank;
        first[rank] = i;
        n[rank] = j - i;
    }
    for (int k = 0; k < PLACES; k++) {
        for (uint32_t i = 0; i < n[k]; i++) {
            p = put_line(d, &c[first[k] + i], p);
        }
    }
    return p;
}

static void write_chunk(const struct digesting *d, size_t chunk, struct buf *out)
{
    size_t cells = 0;
    for (uint32_t i = d->chunk[chunk]; i < d->chunk[chunk + 1]; i++) {
        cells += d->run[i].n;
    }
    buf_clear(out);
    buf_reserve(out, cells * LINE_MOST);
    char *p = out->p;
    for (uint32_t i = d->chunk[chunk]; i < d->chunk[chunk + 1]; i++) {
        p = put_run(d, &d->run[i], p);
    }
    out->n = (size_t)(p - out->p);
}

/* --- hashing in order what several write ---------------------------------------------------- */

static void *write_chunks(void *arg)
{
    struct digesting *d = arg;
    for (size_t i; (i = atomic_fetch_add(&d->next, 1)) < d->n_chunks;) {
        pthread_mutex_lock(&d->lock);
        while (i >= d->hashed + SLOTS) {
            pthread_cond_wait(&d->emptied, &d->lock);
        }
        pthread_mutex_unlock(&d->lock);
        write_chunk(d, i, &d->slot[i % SLOTS].text);
        pthread_mutex_lock(&d->lock);
        d->slot[i % SLOTS].full = true;
        pthread_cond_signal(&d->filled);
        pthread_mutex_unlock(&d->lock);
    }
    return NULL;
}

static void hash_chunks(struct digesting *d, struct hash *h)
{
    for (size_t i = 0; i < d->n_chunks; i++) {
        struct buf *text = &d->slot[i % SLOTS].text;
        pthread_mutex_lock(&d->lock);
        while (!d->slot[i % SLOTS].full) {
            pthread_cond_wait(&d->filled, &d->lock);
        }
        pthread_mutex_unlock(&d->lock);
        hash_add(h, text->p, text->n);
        pthread_mutex_lock(&d->lock);
        d->slot[i % SLOTS].full = false;
        d->hashed = i + 1;
        pthread_cond_broadcast(&d->emptied);
        pthread_mutex_unlock(&d->lock);
    }
}

/* The calling thread hashes, n_threads others write; all alone when there is but one, or no
 * other can be had. */
static void hash_lines(struct digesting *d, int n_threads, struct hash *h)
{
    pthread_t thread[INTAKE_THREADS];
    int started = 0;
    for (int i = 0; n_threads > 1 && d->n_chunks > 1 && i < n_threads; i++) {
        started += pthread_create(&thread[started], NULL, write_chunks, d) == 0;
    }
    if (started > 0) {
        hash_chunks(d, h);
    }
    for (size_t i = 0; started == 0 && i < d->n_chunks; i++) {
        write_chunk(d, i, &d->slot[0].text);
        hash_add(h, d->slot[0].text.p, d->slot[0].text.n);
    }
    for (int i = 0; i < started; i++) {
        check(pthread_join(thread[i], NULL) == 0);
    }
}

void cube_digest(struct cube *c, int n_threads)
{
    static const char first[] = "fumao cube 1\n";
    struct digesting *d = calloc(1, sizeof *d);
    struct hash h;
    check(d != NULL && n_threads <= INTAKE_THREADS);
    check(pthread_mutex_init(&d->lock, NULL) == 0 && pthread_cond_init(&d->filled, NULL) == 0 &&
          pthread_cond_init(&d->emptied, NULL) == 0);
    d->c = c;
    name_fields(d);
    order_runs(d);
    cut_chunks(d);
    hash_init(&h);
    hash_add(&h, first, sizeof first - 1);
    hash_lines(d, n_threads, &h);
    hash_end(&h, c->digest);
    for (int i = 0; i < SLOTS; i++) {
        buf_finish(&d->slot[i].text);
    }
    pthread_mutex_destroy(&d->lock);
    pthread_cond_destroy(&d->filled);
    pthread_cond_destroy(&d->emptied);
    free(d->run);
    free(d->chunk);
    free(d);
}
