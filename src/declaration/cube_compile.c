/* All of it in one call: files in, a cube out. */
#include "declaration/cube_work.h"
#include "declaration/report_numbers.h"

#include <string.h>

struct left_out { /* of one thread's records, as deleted */
    _Alignas(CUBE_LINE) int64_t records, queried, not_service, rule[RULE_COUNT];
};
struct compiling {
    struct cube_builder *b;
    const struct report_numbers *without;
    uint32_t query;
    struct left_out left_out[INTAKE_THREADS];
    intake_rows_fn *also;
    void *also_ctx;
    const struct intake *in;
    struct tally *t;
};

/* Moves what stays to the front and gives how many. */
static int leave_out(const struct compiling *c, struct left_out *o, struct declaration *d, int n)
{
    int kept = 0;
    for (int i = 0; i < n; i++) {
        if (report_numbers_find(c->without, d[i].report_no) == NULL) {
            if (kept != i) {
                d[kept] = d[i];
            }
            kept++;
        } else {
            o->records++;
            o->queried += (d[i].rules & c->query) != 0;
            o->not_service += !c->b->o.scheme->code[d[i].code].service;
            for (int r = 0; r < RULE_COUNT; r++) {
                o->rule[r] += d[i].rules >> r & 1;
            }
        }
    }
    return kept;
}

static void count_left_out(struct compiling *c)
{
    for (int i = 0; i < INTAKE_THREADS; i++) {
        const struct left_out *o = &c->left_out[i];
        c->t->accepted -= o->records;
        c->t->deleted += o->records;
        c->t->queried -= o->queried;
        c->t->not_service -= o->not_service;
        for (int r = 0; r < RULE_COUNT; r++) {
            c->t->rule[r] -= o->rule[r];
        }
    }
}

static void rows_and_also(void *ctx, int thread, struct declaration *d, int n)
{
    struct compiling *c = ctx;
    if (c->without != NULL) {
        n = leave_out(c, &c->left_out[thread], d, n);
    }
    cube_rows(c->b, thread, d, n);
    if (c->also != NULL) {
        c->also(c->also_ctx, thread, d, n);
    }
}

/* A void record leaves the accepted ones and goes to quarantine. Of several files it is not known in
 * which it stood: then its report number has to find it. */
static enum err quarantine(void *ctx, const struct again *a, bool same, struct str raw,
                           struct error *e)
{
    struct compiling *c = ctx;
    const uint32_t bit = UINT32_C(1) << RULE_TWICE;
    c->t->accepted--;
    c->t->rejected++;
    c->t->rule[RULE_TWICE]++;
    if (a->kind == AGAIN_OTHER) {
        c->t->not_service--;
    }
    if (c->t->bank != NULL) {
        c->t->bank[a->bank].rejected++;
        c->t->bank[a->bank].rule[RULE_TWICE]++;
    }
    if (c->in->spoilt == NULL) {
        return OK;
    }
    struct spoilt s = {.file = c->in->n_paths == 1 ? c->in->path[0] : "",
                       .line = c->in->n_paths == 1 ? a->line : 0,
                       .field = COL_REPORT_NO,
                       .rule = RULE_TWICE,
                       .rules = a->rules | bit,
                       .raw = raw,
                       .counted = same,
                       .why_zh = same ? "与另一条记录完全相同，只计一次" : "申报号码重复而内容不同",
                       .why_en = same ? "the same record is there again and counts once"
                                      : "the report number is there twice, over different records"};
    const struct doubled *d = &c->b->doubled[a->doubled];
    report_number_of(d->key, d->part, s.report_no);
    return c->in->spoilt(c->in->spoilt_ctx, &s, e);
}

static enum err read_again(struct compiling *c, struct error *e)
{
    struct intake again = *c->in;
    struct tally *second = tally_create();
    for (int i = 0; i < again.n_paths; i++) {
        if (strcmp(again.path[i], "-") == 0) {
            tally_destroy(second);
            err_set(e, ERR_USAGE, "有重复的申报号码，需要再读一遍，而标准输入只能读一次",
                    "report numbers are there twice, so the records must be read again, and "
                    "standard input can be read once only");
            err_hint(e, "FILE.csv");
            return ERR_USAGE;
        }
    }
    again.n_threads = c->b->n_threads;
    again.rows = cube_again; /* what was left out is in no doubled number */
    again.rows_ctx = c->b;
    again.spoilt = NULL;
    enum err err = intake_run(&again, second, e);
    tally_destroy(second);
    return err;
}

static enum err run(struct compiling *c, struct error *e)
{
    struct intake first = *c->in;
    const struct doubled *doubled;
    size_t n;
    first.n_threads = c->b->n_threads;
    first.rows = rows_and_also;
    first.rows_ctx = c;
    TRY(intake_run(&first, c->t, e));
    count_left_out(c);
    TRY(cube_doubled(c->b, &doubled, &n, e));
    if (n > 0) {
        c->b->keep_raw = c->in->spoilt != NULL;
        TRY(read_again(c, e));
    }
    return twice_settle(c->b, quarantine, c, e);
}

enum err cube_compile(const struct cube_options *o, struct intake *in, intake_rows_fn *also,
                      void *also_ctx, struct tally *t, struct cube *out, struct error *e)
{
    struct compiling c = {.without = o->without, .also = also, .also_ctx = also_ctx, .in = in,
                          .t = t, .query = scheme_severities(o->scheme).query};
    struct cube_options with = *o;
    with.n_threads = in->n_threads > 0 ? in->n_threads : o->n_threads;
    *out = (struct cube){0};
    check(t != NULL);
    TRY(cube_begin(&c.b, &with, e));
    enum err err = run(&c, e);
    if (err != OK) {
        cube_abandon(c.b);
        return err;
    }
    return cube_end(c.b, out, e);
}
