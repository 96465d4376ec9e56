/* The made-up economy, from control totals to files. Two passes over the same draws: the first
 * adds up weights, raking turns them into factors, the second writes. */
#include "declaration/generate_inside.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS_MAX = 16, BLOCKS_WANTED = 256, BLOCK_ROWS_MIN = 1024, BLOCK_ROWS_MAX = 1 << 18,
       MONTHS_DEFAULT = 24, LAST_PUBLISHED = 26 * 12 + 3 /* April 2026 */, FIRMS_MIN = 200,
       FIRMS_DEFAULT_MAX = 500000, FIRMS_PER_ROWS = 50 };

/* --- what is asked ------------------------------------------------------------------------ */

static enum err usage(struct error *e, const char *field, const char *zh, const char *en, int64_t n)
{
    err_set(e, ERR_USAGE, zh, en, (long long)n);
    err_at(e, NULL, 0, field);
    return ERR_USAGE;
}

static enum err span_of(const struct generate_options *o, struct controls *k, struct error *e)
{
    int y, m, d;
    k->n = o->months == 0 ? MONTHS_DEFAULT : o->months;
    if (k->n < 1 || k->n > GENERATE_MONTHS)
        return usage(e, "months", "月数应为 1 至 120，不是 %lld", "months are 1 to 120, not %lld", k->n);
    k->from = LAST_PUBLISHED + 1 - k->n;
    if (o->from != 0) {
        day_to_civil(o->from, &y, &m, &d);
        k->from = (y - 2000) * 12 + m - 1;
    }
    day_t first = month_first(k->from);
    if (k->from < 0 || first < o->scheme->from || k->from + k->n > 40 * 12)
        return usage(e, "from", "自 %lld 起的月份早于交易编码表，或超出 2039 年",
                     "months from %lld on are before the transaction codes, or end after 2039",
                     (2000 + k->from / 12) * 100 + k->from % 12 + 1);
    if (o->rows < (int64_t)k->n * GENERATE_MONTH_ROWS || o->rows > INT64_C(1000000000))
        return usage(e, "rows", "记录数应为每月 48 条以上、总数十亿以下，不是 %lld",
                     "rows are 48 a month or more, a thousand million or fewer, not %lld", o->rows);
    if (o->enterprises != 0 && (o->enterprises < FIRMS_MIN || o->enterprises > LIMIT_PARTIES / 4))
        return usage(e, "enterprises", "企业数应为 200 至 4194304，不是 %lld",
                     "enterprises are 200 to 4194304, not %lld", o->enterprises);
    return OK;
}

static int firms_wanted(const struct generate_options *o)
{
    int64_t n = o->rows / FIRMS_PER_ROWS;
    return o->enterprises != 0 ? o->enterprises
           : n < FIRMS_MIN     ? FIRMS_MIN
                               : (int)(n < FIRMS_DEFAULT_MAX ? n : FIRMS_DEFAULT_MAX);
}

enum err generate_controls(const struct generate_options *o, struct arena *a, struct controls *out,
                           struct error *e)
{
    struct calibration *c = ARENA_NEW(a, struct calibration);
    struct rates *rates;
    TRY(span_of(o, out, e));
    TRY(calibration_load(c, a, o, out, e));
    return controls_make(out, a, o, c, &rates, e);
}

/* --- the plan: months, days, blocks ------------------------------------------------------- */

static void plan_cells(struct model *y, int month)
{
    uint64_t weight[CELLS];
    for (int i = 0; i < CELLS; i++)
        weight[i] = (uint64_t)(y->k.month[month][i / CONTROL_ITEMS][i % CONTROL_ITEMS].usd_cents /
                               y->c.mean_usd[i % CONTROL_ITEMS]) + 1;
    alias_make(&y->month[month].cell, y->arena, weight, CELLS);
}

static void plan_days(struct model *y, int month)
{
    struct month_plan *m = &y->month[month];
    int at = y->k.from + month;
    int64_t weight[31], rows[31];
    m->day = month_first(at);
    m->days = month_first(at + 1) - m->day;
    for (int i = 0; i < m->days; i++) {
        int weekday = (m->day + i + 4) % 7; /* 0: Sunday */
        weight[i] = weekday == 0 || weekday == 6 ? y->c.weekend_ppm : PPM;
    }
    parts(m->rows, weight, m->days, rows);
    for (int i = 0; i < m->days; i++)
        m->day_first[i + 1] = m->day_first[i] + rows[i];
}

static enum err plan_months(struct model *y, struct error *e)
{
    int64_t weight[GENERATE_MONTHS] = {0}, rows[GENERATE_MONTHS], first = 0;
    int64_t least = CELLS; /* so many records of a month are given their cell */
    int n = y->k.n;
    for (int m = 0; m < n; m++) {
        weight[m] = 1;
        for (int i = 0; i < CELLS; i++)
            weight[m] += y->k.month[m][i / CONTROL_ITEMS][i % CONTROL_ITEMS].usd_cents /
                         y->c.mean_usd[i % CONTROL_ITEMS];
    }
    parts(y->o->rows - least * n, weight, n, rows);
    int64_t block_rows = y->o->rows / BLOCKS_WANTED;
    y->block_rows = block_rows < BLOCK_ROWS_MIN   ? BLOCK_ROWS_MIN
                    : block_rows > BLOCK_ROWS_MAX ? BLOCK_ROWS_MAX
                                                  : block_rows;
    for (int m = 0; m < n; m++) {
        struct month_plan *p = &y->month[m];
        p->rows = rows[m] + least;
        p->first = first;
        p->block = y->n_blocks;
        p->n_blocks = (int)((p->rows + y->block_rows - 1) / y->block_rows);
        first += p->rows;
        y->n_blocks += p->n_blocks;
        plan_cells(y, m);
        plan_days(y, m);
        for (int i = 0; i < p->days; i++)
            if (p->day_first[i + 1] - p->day_first[i] > (int64_t)LAG_ROWS * BANK_OFFICES)
                return err_set(e, ERR_LIMIT, "一天的记录多于申报号码的容量 %d 条",
                               "more records of one day than the %d that report numbers can part",
                               LAG_ROWS * BANK_OFFICES);
    }
    return OK;
}

/* Running sums of the plants' shares; a plant that was not asked for has none. What fits only some
 * records is drawn more often, so that its share is of all. */
static void plan_plants(struct model *y)
{
    uint64_t sum = 0;
    for (int i = 1; i < PLANT_COUNT; i++) {
        bool wanted = i == PLANT_LATE ? y->o->late : y->o->faults;
        if (i == PLANT_LISTED && y->c.n_listed == 0)
            wanted = false;
        int64_t share = i == PLANT_OPEN_QUOTE ? y->c.plant[i] * QUOTE_EVERY
                        : i != PLANT_UNIT     ? y->c.plant[i]
                        : y->firms.steady_ppm > 0 ? y->c.plant[i] * PPM / y->firms.steady_ppm
                                                  : 0;
        sum += wanted ? (uint64_t)(share < PPM / PLANT_COUNT ? share : PPM / PLANT_COUNT) : 0;
        y->plant_cut[i] = (uint32_t)((sum << 32) / PPM);
    }
}

static void plan_words(struct model *y)
{
    const struct scheme *s = y->o->scheme;
    for (int i = 0; i < s->n_code; i++) {
        y->word[i] = -1;
        for (int w = s->n_word - 1; w >= 0; w--)
            if (bit_get(s->word[w].codes, (size_t)i))
                y->word[i] = (int16_t)w;
    }
    memcpy(y->unknown_code, "228999", 6);
    while (scheme_code_find(s, (struct str){y->unknown_code, 6}) >= 0)
        y->unknown_code[5]--;
}

static enum err model_make(struct model *y, struct arena *a, const struct generate_options *o,
                             struct error *e)
{
    uint64_t weight[TENDERS_MAX];
    y->o = o;
    y->arena = a;
    TRY(span_of(o, &y->k, e));
    TRY(calibration_load(&y->c, a, o, &y->k, e));
    TRY(controls_make(&y->k, a, o, &y->c, &y->rates, e));
    TRY(plan_months(y, e));
    plan_words(y);
    for (int i = 0; i < y->c.n_tenders; i++)
        weight[i] = (uint64_t)y->c.tender[i].share;
    alias_make(&y->tender, a, weight, (uint32_t)y->c.n_tenders);
    firms_make(&y->firms, a, &y->c, &y->k, firms_wanted(o), o->rows, o->seed);
    plan_plants(y);
    y->sum = arena_array(a, (size_t)y->n_blocks, sizeof *y->sum);
    y->target = arena_array(a, (size_t)y->n_blocks, sizeof *y->target);
    return OK;
}

/* --- raking ------------------------------------------------------------------------------- */

/* Partners' totals of each cell, over all months: by the shares of the partners and their
 * affinity to the item, fitted to the totals of the items and of the partners both. */
static void partner_totals(const struct model *y, int flow,
                           const int64_t item_total[CONTROL_ITEMS], int64_t *out)
{
    int n = y->c.n_partners;
    int64_t seed[CONTROL_ITEMS * PARTNERS_MAX] = {0}, total[PARTNERS_MAX] = {0}, whole = 0;
    uint32_t column[PARTNERS_MAX];
    uint64_t row[CONTROL_ITEMS];
    for (int i = 0; i < CONTROL_ITEMS; i++)
        whole += item_total[i];
    for (int p = 0; p < n; p++) {
        const struct partner *q = &y->c.partner[p];
        total[p] = (int64_t)((__int128)whole * q->share[flow] / PPM);
        for (int i = 0; i < CONTROL_ITEMS; i++)
            seed[i * n + p] = q->share[flow] * (y->c.affinity[i][p] >> 10) + 1;
    }
    rake(seed, CONTROL_ITEMS, n, item_total, total, column, row);
    for (int i = 0; i < CONTROL_ITEMS * n; i++)
        out[i] = (int64_t)(((unsigned __int128)((uint64_t)seed[i] * column[i % n]) * row[i / n]) >>
                           52);
}

/* Sums of a cell's weights, months x partners. */
static void cell_weights(const struct model *y, int cell, int64_t *out)
{
    int n = y->c.n_partners;
    memset(out, 0, (size_t)y->k.n * (size_t)n * sizeof *out);
    for (int m = 0; m < y->k.n; m++)
        for (int b = 0; b < y->month[m].n_blocks; b++)
            for (int p = 0; p < n; p++)
                out[m * n + p] += y->sum[y->month[m].block + b][cell][p];
}

static void rake_model(struct model *y)
{
    int n = y->c.n_partners;
    int64_t *weight = malloc((size_t)y->k.n * (size_t)n * sizeof *weight);
    int64_t *wanted = malloc((size_t)CONTROL_ITEMS * (size_t)n * sizeof *wanted);
    check(weight != NULL && wanted != NULL);
    for (int f = 0; f < FLOW_COUNT; f++) {
        int64_t item_total[CONTROL_ITEMS] = {0}, month_total[GENERATE_MONTHS];
        uint64_t row[GENERATE_MONTHS];
        for (int i = 0; i < CONTROL_ITEMS * y->k.n; i++)
            item_total[i % CONTROL_ITEMS] +=
                y->k.month[i / CONTROL_ITEMS][f][i % CONTROL_ITEMS].usd_cents;
        partner_totals(y, f, item_total, wanted);
        for (int i = 0; i < CONTROL_ITEMS; i++) {
            int cell = f * CONTROL_ITEMS + i;
            for (int m = 0; m < y->k.n; m++)
                month_total[m] = y->k.month[m][f][i].usd_cents;
            cell_weights(y, cell, weight);
            rake(weight, y->k.n, n, month_total, wanted + i * n, y->column[cell], row);
            for (int m = 0; m < y->k.n; m++)
                y->month[m].row[cell] = row[m];
        }
    }
    free(weight);
    free(wanted);
}

/* A block's part of the control totals is what its weights come to; what rounding leaves goes to
 * the first block of the month, which has a record of each cell. */
static void share_targets(struct model *y)
{
    for (int i = 0; i < y->k.n * CELLS; i++) {
        int m = i / CELLS, cell = i % CELLS, first = y->month[m].block;
        int64_t left = y->k.month[m][cell / CONTROL_ITEMS][cell % CONTROL_ITEMS].usd_cents;
        for (int b = first; b < first + y->month[m].n_blocks; b++) {
            __int128 sum = 0;
            for (int p = 0; p < y->c.n_partners; p++)
                sum += (__int128)y->sum[b][cell][p] * y->column[cell][p];
            y->target[b][cell] = (int64_t)((sum >> 8) * (__int128)y->month[m].row[cell] >> 44);
            left -= y->target[b][cell];
        }
        y->target[first][cell] += left;
    }
}

/* --- threads ------------------------------------------------------------------------------ */

struct crew {
    struct model *y;
    bool adding; /* the first pass */
    int out_fd, truth_fd;
    atomic_int next;
    pthread_mutex_t lock;
    pthread_cond_t turned;
    int turn; /* block that is to be written now */
    int64_t lines, rows;
    bool failed;
    struct error error;
};

static enum err write_all(int fd, const struct buf *b, struct error *e)
{
    if (file_write(fd, buf_view(b)))
        return OK;
    return err_set(e, ERR_IO, "写入失败：%s", "cannot write: %s", strerror(errno));
}

/* Blocks are written in their order, whoever made them. */
static bool deliver(struct crew *w, int block, struct block b, const struct written *out,
                    struct buf *truth)
{
    pthread_mutex_lock(&w->lock);
    while (w->turn != block && !w->failed)
        pthread_cond_wait(&w->turned, &w->lock);
    if (!w->failed) {
        enum err r = write_all(w->out_fd, &out->text, &w->error);
        buf_clear(truth);
        if (r == OK && w->truth_fd > 0) {
            truth_write(w->y, out, w->lines + 2, truth); /* line 1 is the header */
            r = write_all(w->truth_fd, truth, &w->error);
        }
        w->lines += out->lines;
        w->rows += b.n;
        w->failed = r != OK;
        w->turn++;
        if (w->y->o->progress != NULL)
            w->y->o->progress(w->y->o->progress_ctx, w->rows, w->y->o->rows);
        pthread_cond_broadcast(&w->turned);
    }
    bool go_on = !w->failed;
    pthread_mutex_unlock(&w->lock);
    return go_on;
}

static void *work(void *arg)
{
    struct crew *w = arg;
    struct model *y = w->y;
    struct drawn *d = malloc((size_t)y->block_rows * sizeof *d);
    struct written out = {0};
    struct buf truth;
    check(d != NULL);
    buf_init(&truth);
    buf_init(&out.text);
    for (;;) {
        int i = atomic_fetch_add(&w->next, 1);
        if (i >= y->n_blocks)
            break;
        struct block b = block_at(y, i);
        block_draw(y, b, d, w->adding ? y->sum[i] : NULL);
        if (w->adding)
            continue;
        block_amounts(y, b, d, y->target[i]);
        block_write(y, b, d, &out);
        if (!deliver(w, i, b, &out, &truth))
            break;
    }
    buf_finish(&truth);
    buf_finish(&out.text);
    free(out.label);
    free(d);
    return NULL;
}

static void pass(struct crew *w, int n_threads)
{
    pthread_t thread[THREADS_MAX];
    atomic_store(&w->next, 0);
    for (int i = 1; i < n_threads; i++)
        check(pthread_create(&thread[i], NULL, work, w) == 0);
    work(w);
    for (int i = 1; i < n_threads; i++)
        pthread_join(thread[i], NULL);
}

static int threads_of(const struct generate_options *o)
{
    long n = o->n_threads > 0 ? o->n_threads : sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (int)n;
}

/* --- files -------------------------------------------------------------------------------- */

static const char column_heads[] =
    "report_no,party_id,party_kind,region,zone,bank,flow,code,country,currency,amount,rate,date,"
    "advance,contract,remark\n";

static enum err write_text(int fd, struct buf *b, struct error *e)
{
    enum err r = fd > 0 ? write_all(fd, b, e) : OK;
    buf_clear(b);
    return r;
}

static enum err write_beside(const struct model *y, int truth_fd, int register_fd, int rates_fd,
                             struct error *e)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, "line,report_no,plant,rule,note\n");
    enum err r = write_text(truth_fd, &b, e);
    if (r == OK && register_fd > 0) {
        register_write(&y->firms, &y->c, &b);
        r = write_text(register_fd, &b, e);
    }
    if (r == OK) {
        rates_write(y->rates, &y->k, &y->c, y->o->scheme, &b);
        r = write_text(rates_fd, &b, e);
    }
    if (r == OK) {
        controls_write(&y->k, &b);
        r = write_text(y->o->controls_fd, &b, e);
    }
    buf_finish(&b);
    return r;
}

static enum err write_rows(struct model *y, int out_fd, int truth_fd, struct error *e)
{
    struct crew w = {.y = y, .adding = true, .out_fd = out_fd, .truth_fd = truth_fd};
    struct buf head;
    int n_threads = threads_of(y->o);
    buf_init(&head);
    buf_z(&head, column_heads);
    enum err r = write_all(out_fd, &head, e);
    buf_finish(&head);
    TRY(r);
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.turned, NULL);
    pass(&w, n_threads);
    rake_model(y);
    share_targets(y);
    w.adding = false;
    pass(&w, n_threads);
    pthread_cond_destroy(&w.turned);
    pthread_mutex_destroy(&w.lock);
    if (w.failed && e != NULL)
        *e = w.error;
    return w.failed ? w.error.code : OK;
}

enum err generate(const struct generate_options *o, int out_fd, int truth_fd, int register_fd,
                  int rates_fd, struct error *e)
{
    struct arena a;
    arena_init(&a);
    struct model *y = ARENA_NEW(&a, struct model);
    enum err r = model_make(y, &a, o, e);
    if (r == OK)
        r = write_beside(y, truth_fd, register_fd, rates_fd, e);
    if (r == OK)
        r = write_rows(y, out_fd, truth_fd, e);
    arena_finish(&a);
    return r;
}
