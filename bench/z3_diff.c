/* See z3_diff.h. */
#include "z3_diff.h"

#ifdef HAVE_Z3

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <z3.h>

enum { SETS = 512 };

struct dimension {
    Z3_ast var;
    Z3_sort sort;
    int words;
};
struct encoder {
    Z3_context z;
    struct dimension sector, combo, origin, place;
    int n_seen;
    struct { /* sets come again and again */
        const struct dimension *d;
        uint64_t bits[SECTOR_WORDS];
        Z3_ast f;
    } seen[SETS];
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void dimension_open(Z3_context z, struct dimension *d, const char *name, unsigned bits,
                           int words)
{
    d->sort = Z3_mk_bv_sort(z, bits);
    d->var = Z3_mk_const(z, Z3_mk_string_symbol(z, name), d->sort);
    d->words = words;
}

static Z3_ast interval(struct encoder *k, const struct dimension *d, int from, int last)
{
    Z3_ast low = Z3_mk_unsigned_int(k->z, (unsigned)from, d->sort);
    if (from == last)
        return Z3_mk_eq(k->z, d->var, low);
    Z3_ast both[] = {Z3_mk_bvuge(k->z, d->var, low),
                     Z3_mk_bvule(k->z, d->var, Z3_mk_unsigned_int(k->z, (unsigned)last, d->sort))};
    return Z3_mk_and(k->z, 2, both);
}

static Z3_ast set_of(struct encoder *k, const struct dimension *d, const uint64_t *w)
{
    static Z3_ast part[LIMIT_SECTORS];
    unsigned n = 0;
    for (int i = 0; i < k->n_seen; i++)
        if (k->seen[i].d == d && bits_equal(k->seen[i].bits, w, (size_t)d->words))
            return k->seen[i].f;
    for (int i = 0; i < d->words * 64; i++) {
        int from = i;
        while (i < d->words * 64 && bit_get(w, (size_t)i))
            i++;
        if (i > from)
            part[n++] = interval(k, d, from, i - 1);
    }
    Z3_ast f = Z3_mk_or(k->z, n, part);
    if (k->n_seen < SETS && d != &k->sector) {
        k->seen[k->n_seen].d = d;
        k->seen[k->n_seen].f = f;
        memcpy(k->seen[k->n_seen++].bits, w, (size_t)d->words * sizeof *w);
    }
    return f;
}

static Z3_ast scope_of(struct encoder *k, const struct scope *s)
{
    Z3_ast part[] = {set_of(k, &k->sector, s->sector), set_of(k, &k->combo, &s->combo),
                     set_of(k, &k->origin, s->origin), set_of(k, &k->place, s->place)};
    return Z3_mk_and(k->z, 4, part);
}

static Z3_ast at_or_above(struct encoder *k, const struct corpus *c, int instrument,
                          enum treatment t)
{
    const struct instrument *i = &c->instrument[instrument];
    Z3_ast *part = malloc(((size_t)i->n + 1) * sizeof *part);
    unsigned n = 0;
    check(part != NULL);
    for (int p = i->first; p < i->first + i->n; p++)
        if (c->provision[p].layer >= 0 && c->provision[p].treatment >= t)
            part[n++] = scope_of(k, &c->provision[p].scope);
    Z3_ast f = Z3_mk_or(k->z, n, part);
    free(part);
    return f;
}

static int code_of(struct encoder *k, Z3_model m, const struct dimension *d)
{
    Z3_ast v;
    int code = -1;
    check(Z3_model_eval(k->z, m, d->var, true, &v) && Z3_get_numeral_int(k->z, v, &code));
    return code;
}

static void solve(struct encoder *k, Z3_ast formula, struct z3_answer *out)
{
    Z3_solver s = Z3_mk_solver(k->z);
    Z3_solver_inc_ref(k->z, s);
    Z3_solver_assert(k->z, s, formula);
    Z3_lbool r = Z3_solver_check(k->z, s);
    out->opened = r == Z3_L_TRUE ? 1 : r == Z3_L_FALSE ? 0 : -1;
    if (r == Z3_L_TRUE) {
        Z3_model m = Z3_solver_get_model(k->z, s);
        Z3_model_inc_ref(k->z, m);
        out->sector = code_of(k, m, &k->sector);
        out->combo = code_of(k, m, &k->combo);
        out->origin = code_of(k, m, &k->origin);
        out->place = code_of(k, m, &k->place);
        Z3_model_dec_ref(k->z, m);
    }
    Z3_solver_dec_ref(k->z, s);
}

bool z3_present(void)
{
    return true;
}

void z3_opened(const struct corpus *c, int a, int b, const struct scope *domain,
               unsigned timeout_ms, struct z3_answer *out)
{
    static struct encoder k;
    Z3_config cfg = Z3_mk_config();
    Z3_ast any[PROHIBITED];
    char timeout[16];
    snprintf(timeout, sizeof timeout, "%u", timeout_ms);
    Z3_set_param_value(cfg, "timeout", timeout);
    double start = now_s();
    memset(&k, 0, sizeof k);
    k.z = Z3_mk_context(cfg);
    dimension_open(k.z, &k.sector, "sector", 11, SECTOR_WORDS);
    dimension_open(k.z, &k.combo, "combo", 6, 1);
    dimension_open(k.z, &k.origin, "origin", 8, ORIGIN_WORDS);
    dimension_open(k.z, &k.place, "place", 7, PLACE_WORDS);
    for (int t = NOTIFY; t <= PROHIBITED; t++) {
        Z3_ast both[] = {at_or_above(&k, c, a, (enum treatment)t),
                         Z3_mk_not(k.z, at_or_above(&k, c, b, (enum treatment)t))};
        any[t - NOTIFY] = Z3_mk_and(k.z, 2, both);
    }
    Z3_ast all[] = {scope_of(&k, domain), Z3_mk_or(k.z, PROHIBITED, any)};
    Z3_ast formula = Z3_mk_and(k.z, 2, all);
    out->build_s = now_s() - start;
    start = now_s();
    solve(&k, formula, out);
    out->solve_s = now_s() - start;
    Z3_del_context(k.z);
    Z3_del_config(cfg);
}

#else

bool z3_present(void)
{
    return false;
}

void z3_opened(const struct corpus *c, int a, int b, const struct scope *domain,
               unsigned timeout_ms, struct z3_answer *out)
{
    (void)c, (void)a, (void)b, (void)domain, (void)timeout_ms, (void)out;
    check(z3_present());
}

#endif
