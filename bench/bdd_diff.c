/* See bdd_diff.h. */
#include "bdd_diff.h"

#ifdef HAVE_BUDDY

#include <bdd.h>
#include <stdlib.h>
#include <time.h>

enum { SECTOR_BITS = 11, COMBO_BITS = 6, ORIGIN_BITS = 8, PLACE_BITS = 7, SETS = 512 };
enum { SECTOR_AT = 0, COMBO_AT = SECTOR_BITS, ORIGIN_AT = COMBO_AT + COMBO_BITS,
       PLACE_AT = ORIGIN_AT + ORIGIN_BITS, VARIABLES = PLACE_AT + PLACE_BITS };

struct set_of { /* sets come again and again: the function of one seen before */
    uint64_t bits[SECTOR_WORDS];
    int at, words;
    BDD f;
};

static struct set_of seen[SETS];
static int n_seen;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static BDD held(BDD f)
{
    return bdd_addref(f);
}

/* f = f op g, both references given up. */
static BDD fold(BDD f, BDD g, int op)
{
    BDD x = held(bdd_apply(f, g, op));
    bdd_delref(f);
    bdd_delref(g);
    return x;
}

/* The codes [from, from + 2^bits) as a function of the variables at `at`, high bit first. */
static BDD range_bdd(const uint64_t *w, int words, int from, int bits, int at)
{
    bool any = false, all = true;
    for (int i = from; i < from + (1 << bits); i++) {
        bool in = i < words * 64 && bit_get(w, (size_t)i);
        any |= in;
        all &= in;
    }
    if (!any || all)
        return held(all ? bddtrue : bddfalse);
    BDD low = range_bdd(w, words, from, bits - 1, at + 1);
    BDD high = range_bdd(w, words, from + (1 << (bits - 1)), bits - 1, at + 1);
    BDD f = held(bdd_ite(bdd_ithvar(at), high, low));
    bdd_delref(low);
    bdd_delref(high);
    return f;
}

static BDD set_bdd(const uint64_t *w, int words, int bits, int at)
{
    for (int i = 0; i < n_seen; i++)
        if (seen[i].at == at && bits_equal(seen[i].bits, w, (size_t)words))
            return held(seen[i].f);
    BDD f = range_bdd(w, words, 0, bits, at);
    if (n_seen < SETS && at != SECTOR_AT) {
        seen[n_seen] = (struct set_of){.at = at, .words = words, .f = held(f)};
        memcpy(seen[n_seen++].bits, w, (size_t)words * sizeof *w);
    }
    return f;
}

static BDD scope_bdd(const struct scope *s)
{
    BDD f = set_bdd(s->place, PLACE_WORDS, PLACE_BITS, PLACE_AT);
    f = fold(f, set_bdd(s->origin, ORIGIN_WORDS, ORIGIN_BITS, ORIGIN_AT), bddop_and);
    f = fold(f, set_bdd(&s->combo, 1, COMBO_BITS, COMBO_AT), bddop_and);
    return fold(f, set_bdd(s->sector, SECTOR_WORDS, SECTOR_BITS, SECTOR_AT), bddop_and);
}

/* at[t]: the cells with an item of treatment t or above. Items are joined in pairs, and pairs of
 * pairs, which is far faster than one after the other. */
static BDD join(const struct corpus *c, const struct instrument *i, enum treatment t, int from,
                int to)
{
    if (to - from > 1)
        return fold(join(c, i, t, from, (from + to) / 2), join(c, i, t, (from + to) / 2, to),
                    bddop_or);
    const struct provision *p = &c->provision[i->first + from];
    if (to == from || p->layer < 0 || p->treatment != t)
        return held(bddfalse);
    return scope_bdd(&p->scope);
}

static void build(const struct corpus *c, int instrument, BDD domain, BDD at[PROHIBITED + 1])
{
    const struct instrument *i = &c->instrument[instrument];
    for (int t = PROHIBITED; t > EQUAL; t--) {
        at[t] = fold(held(domain), join(c, i, (enum treatment)t, 0, i->n), bddop_and);
        if (t < PROHIBITED)
            at[t] = fold(at[t], held(at[t + 1]), bddop_or);
    }
}

static BDD stricter(const BDD *a, const BDD *b)
{
    BDD f = held(bddfalse);
    for (int t = NOTIFY; t <= PROHIBITED; t++)
        f = fold(f, held(bdd_apply(a[t], b[t], bddop_diff)), bddop_or);
    return f;
}

bool bdd_present(void)
{
    return true;
}

void bdd_diff(const struct corpus *c, int a, int b, const struct scope *domain,
              struct bdd_counts *out)
{
    BDD in_a[PROHIBITED + 1], in_b[PROHIBITED + 1];
    check(bdd_init(1000000, 250000) >= 0);
    bdd_gbc_hook(NULL);
    bdd_setvarnum(VARIABLES);
    n_seen = 0;
    double start = now_s(); /* its tables are not counted against it */
    BDD all = scope_bdd(domain);
    build(c, a, all, in_a);
    build(c, b, all, in_b);
    out->build_s = now_s() - start;
    start = now_s();
    BDD opened = stricter(in_a, in_b), closed = stricter(in_b, in_a);
    out->total = (uint64_t)bdd_satcount(all);
    out->opened = (uint64_t)bdd_satcount(opened);
    out->closed = (uint64_t)bdd_satcount(closed);
    out->diff_s = now_s() - start;
    BDD roots[] = {in_a[1], in_a[2], in_a[3], in_a[4], in_b[1],
                   in_b[2], in_b[3], in_b[4], opened,  closed};
    out->nodes = bdd_anodecount(roots, 10);
    bdd_done();
}

#else

bool bdd_present(void)
{
    return false;
}

void bdd_diff(const struct corpus *c, int a, int b, const struct scope *domain,
              struct bdd_counts *out)
{
    (void)c, (void)a, (void)b, (void)domain, (void)out;
    check(bdd_present());
}

#endif
