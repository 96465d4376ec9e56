/* A builder's life, and the whole road in one call. */
#include "declaration/cube.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "declaration/cube_work.h"

enum { MEMORY_USUAL = 320 << 20 };

/* --- work in parallel --------------------------------------------------------------------- */

struct crew {
    cube_job *job;
    void *ctx;
    unsigned n;
    atomic_uint next;
};
struct worker {
    struct crew *crew;
    int number;
    bool started;
    pthread_t thread;
    enum err err;
    struct error e;
};

static void *labour(void *arg)
{
    struct worker *w = arg;
    struct crew *c = w->crew;
    for (unsigned i; w->err == OK && (i = atomic_fetch_add(&c->next, 1)) < c->n;) {
        w->err = c->job(c->ctx, w->number, i, &w->e);
    }
    return NULL;
}

/* A thread that cannot be had is work for the others. */
enum err cube_parallel(int n_threads, unsigned n, cube_job *job, void *ctx, struct error *e)
{
    struct crew crew = {.job = job, .ctx = ctx, .n = n};
    struct worker w[INTAKE_THREADS] = {{.crew = &crew}};
    check(n_threads >= 1 && n_threads <= INTAKE_THREADS);
    for (int i = 1; i < n_threads; i++) {
        w[i] = (struct worker){.crew = &crew, .number = i};
        w[i].started = pthread_create(&w[i].thread, NULL, labour, &w[i]) == 0;
    }
    labour(&w[0]);
    enum err err = w[0].err;
    const struct error *first = &w[0].e;
    for (int i = 1; i < n_threads; i++) {
        if (w[i].started) {
            check(pthread_join(w[i].thread, NULL) == 0);
        }
        if (err == OK && w[i].err != OK) {
            err = w[i].err;
            first = &w[i].e;
        }
    }
    if (err != OK && e != NULL) {
        *e = *first;
    }
    return err;
}

/* --- the builder -------------------------------------------------------------------------- */

static int threads_of(int wanted)
{
    long n = wanted > 0 ? wanted : sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > INTAKE_THREADS ? INTAKE_THREADS : (int)n;
}

static void fill_tables(struct cube_builder *b)
{
    static const uint64_t usd_e8 = 100000000; /* cents = amount x usd_e10 / 10^(8 + exponent) */
    const struct scheme *s = b->o.scheme;
    for (int i = 0; i < s->n_currency; i++) {
        b->unit[i] = usd_e8;
        for (int k = 0; k < s->currency[i].exponent; k++) {
            b->unit[i] *= 10;
        }
    }
    for (int i = 0; i < s->n_code; i++) {
        b->service[i >> 6] |= (uint64_t)s->code[i].service << (i & 63);
    }
    b->day_from = day_from_civil(2000, 1, 1);
    for (int i = 0; i < CUBE_DAYS; i++) {
        int y, m, d;
        day_to_civil(b->day_from + i, &y, &m, &d);
        b->day[i] = (struct day_split){(uint16_t)((y - 2000) * 12 + m - 1), (uint8_t)d};
    }
    check(b->day[CUBE_DAYS - 1].month < CUBE_MONTHS);
}

enum err cube_begin(struct cube_builder **out, const struct cube_options *o, struct error *e)
{
    (void)e;
    check(o->scheme != NULL && o->rates != NULL);
    struct cube_builder *b = calloc(1, sizeof *b);
    check(b != NULL);
    b->o = *o;
    b->n_threads = threads_of(o->n_threads);
    if (b->o.spill_dir == NULL) {
        const char *dir = getenv("TMPDIR");
        b->o.spill_dir = dir != NULL && dir[0] != '\0' ? dir : "/tmp";
    }
    size_t memory = o->memory_bytes > 0 ? o->memory_bytes : MEMORY_USUAL;
    /* A record is a row of 16 bytes and a key of 8. */
    stock_init(&b->stock);
    pool_init(&b->row_pool, &b->stock, memory / 3 * 2, b->n_threads, b->o.spill_dir);
    pool_region(&b->row_pool, memory / 3 * 2);
    pool_init(&b->key_pool, &b->stock, memory / 3, b->n_threads, b->o.spill_dir);
    b->thread = aligned_alloc(CUBE_LINE, (size_t)b->n_threads * sizeof *b->thread);
    check(b->thread != NULL);
    memset(b->thread, 0, (size_t)b->n_threads * sizeof *b->thread);
    for (int i = 0; i < b->n_threads; i++) {
        struct builder_thread *t = &b->thread[i];
        t->rows = lane_create(&b->row_pool, sizeof(struct row));
        t->keys = lane_create(&b->key_pool, sizeof(uint64_t));
        t->parties = party_table_create();
        buf_init(&t->raw);
        buf_init(&t->fields);
    }
    fill_tables(b);
    b->started = intake_clock();
    *out = b;
    return OK;
}

void cube_abandon(struct cube_builder *b)
{
    if (b == NULL) {
        return;
    }
    for (int i = 0; i < b->n_threads; i++) {
        struct builder_thread *t = &b->thread[i];
        lane_destroy(t->rows);
        lane_destroy(t->keys);
        party_table_destroy(t->parties);
        buf_finish(&t->raw);
        buf_finish(&t->fields);
        free(t->again);
    }
    pool_finish(&b->row_pool);
    pool_finish(&b->key_pool);
    stock_finish(&b->stock);
    free(b->thread);
    free(b->doubled);
    free(b->filter);
    free(b);
}

static enum err party_error(struct error *e)
{
    return err_set(e, ERR_LIMIT, "申报主体超过 LIMIT_PARTIES（%d）个",
                   "there are more than LIMIT_PARTIES (%d) parties", (int)LIMIT_PARTIES);
}

static enum err number_parties(struct cube_builder *b, struct cube *out, struct error *e)
{
    struct party_table *table[INTAKE_THREADS];
    for (int i = 0; i < b->n_threads; i++) {
        table[i] = b->thread[i].parties;
        if (b->thread[i].parties_full) {
            return party_error(e);
        }
    }
    parties_merge(&out->parties, table, b->n_threads);
    for (int i = 0; i < b->n_threads; i++) {
        party_table_destroy(b->thread[i].parties);
        b->thread[i].parties = NULL;
    }
    if (out->parties.n > LIMIT_PARTIES) {
        return party_error(e);
    }
    return register_load(&out->reg, &out->parties, b->o.register_path, e);
}

static enum err finish_cube(struct cube_builder *b, struct cube *out, struct error *e)
{
    const struct doubled *doubled;
    size_t n;
    TRY(pool_error(&b->row_pool, e));
    TRY(cube_doubled(b, &doubled, &n, e));
    TRY(twice_settle(b, NULL, NULL, e));
    TRY(number_parties(b, out, e));
    out->scheme = b->o.scheme;
    for (int i = 0; i < b->n_threads; i++) {
        out->records += b->thread[i].records;
        out->unrated += b->thread[i].unrated;
    }
    out->voided = b->voided;
    out->spilled = b->row_pool.spilled > 0 || b->keys_spilled;
    TRY(cells_make(b, out, e));
    double cells = intake_clock();
    cube_digest(out, b->n_threads);
    out->seconds_digest = intake_clock() - cells;
    return OK;
}

enum err cube_end(struct cube_builder *b, struct cube *out, struct error *e)
{
    *out = (struct cube){0};
    double from = intake_clock(), looked = b->busy; /* what cube_doubled adds lies in here too */
    enum err err = finish_cube(b, out, e);
    double all = intake_clock() - from;
    out->seconds_cells = looked + all - out->seconds_digest;
    out->seconds_rows = intake_clock() - b->started - looked - all;
    if (err != OK) {
        cube_finish(out);
    }
    cube_abandon(b);
    return err;
}

void cube_finish(struct cube *c)
{
    free(c->cell);
    free(c->contribution);
    free(c->repeat);
    free(c->reg);
    parties_finish(&c->parties);
    *c = (struct cube){0};
}
