/*
 * bench_disclosure: protection and attack on made-up economies. Firms are heavy-tailed (Pareto,
 * exponent 1.15, capped), provinces and partners follow Zipf's law, and a firm declares in one to
 * three items of one province and with one to four partners. Nothing in it is an official figure.
 *
 * bench_disclosure [NAME...]   cube-2200 cube-20000 cube-60000 dense linked-20000 linked-200000
 *                             deep-300 deep-1000 deep-2000 deep-20000; all without a name
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "disclosure/disclosure.h"

enum { THREADS = 2 };

static struct arena season;
static struct rng rng;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double uniform(void)
{
    return ((double)(rng_next(&rng) >> 11) + 0.5) * 0x1p-53;
}

static double normal(void)
{
    return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

/* Rank 0 .. n - 1 with weights 1 / (rank + 1)^exponent. */
static int zipf(int n, double exponent)
{
    double sum = 0, at;
    for (int i = 0; i < n; i++)
        sum += pow(i + 1, -exponent);
    at = uniform() * sum;
    for (int i = 0; i < n - 1; i++) {
        at -= pow(i + 1, -exponent);
        if (at < 0)
            return i;
    }
    return n - 1;
}

/* --- dimensions -------------------------------------------------------------------------- */

/* `leaves` codes, in `groups` of about the same size, or right below the total (groups = 0). */
static struct dimension tree(const char *id, int groups, int leaves)
{
    struct dimension d = {.id = str_from(id), .n = 1 + groups + leaves};
    d.node = ARENA_ARRAY(&season, struct node, (size_t)d.n);
    for (int i = 0; i < d.n; i++) {
        char code[16];
        int length = snprintf(code, sizeof code, "%s%d", id, i);
        d.node[i].code = str_copy(&season, (struct str){code, (size_t)length});
    }
    d.node[0].parent = -1;
    for (int i = 1; i < d.n; i++) {
        bool leaf = i > groups;
        d.node[i].parent = leaf && groups > 0 ? 1 + (i - 1 - groups) % groups : 0;
        d.node[i].depth = leaf && groups > 0 ? 2 : 1;
    }
    return d;
}

static int16_t leaf(int groups, int i)
{
    return (int16_t)(1 + groups + i);
}

/* --- contributions ----------------------------------------------------------------------- */

struct economy {
    struct plan plan;
    struct contribution_at *c;
    size_t n, cap;
};

static void contribute(struct economy *m, struct contribution_at c)
{
    if (m->n == m->cap) {
        m->cap = m->cap == 0 ? 1 << 16 : 2 * m->cap;
        m->c = realloc(m->c, m->cap * sizeof *m->c);
        check(m->c != NULL);
    }
    m->c[m->n++] = c;
}

static int64_t amount(double size)
{
    double v = size * exp(1.1 * normal() - 0.6);
    return v < 1 ? 1 : v > 1e14 ? (int64_t)1e14 : (int64_t)v;
}

static double firm_size(void)
{
    double size = 1e6 * pow(uniform(), -1 / 1.15); /* cents */
    return size > 1e12 ? 1e12 : size;
}

/* a x b x c codes; `each` declarations at most of a firm. */
static void cube(struct economy *m, int a, int b, int c, int firms, int each)
{
    *m = (struct economy){.plan = {.n_dims = 3, .n_tables = 1}};
    m->plan.dim[0] = tree("I", 0, a);
    m->plan.dim[1] = tree("P", 0, b);
    m->plan.dim[2] = tree("M", 0, c);
    m->plan.table = ARENA_ARRAY(&season, struct table_spec, 1);
    m->plan.table[0] = (struct table_spec){.id = STR("cube"), .depth = {1, 1, 1}};
    for (int f = 0; f < firms; f++) {
        double size = firm_size();
        int place = zipf(b, 1), item = zipf(a, 0.8), n = 1 + (int)rng_below(&rng, (uint32_t)each);
        for (int i = 0; i < n; i++) {
            struct contribution_at x = {.party = (uint32_t)f, .value = amount(size)};
            x.leaf[0] = leaf(0, i == 0 ? item : zipf(a, 0.8));
            x.leaf[1] = leaf(0, place);
            x.leaf[2] = leaf(0, zipf(c, 1));
            contribute(m, x);
        }
    }
}

enum { PERIOD, FLOW, ITEM, PARTNER, PLACE, LINKED_DIMS };
static const int groups_of[] = {0, 0, 12, 6, 7}, leaves_of[] = {4, 2, 40, 60, 31};
static const int most_of[] = {1, 1, 2, 2, 2};

/* Fifty tables: boxes whose depths of item, partner and place sum to 3 at most, the deepest
 * without periods; the largest first. */
static void linked_tables(struct economy *m)
{
    m->plan.table = ARENA_ARRAY(&season, struct table_spec, 50);
    for (int sum = 9; sum > 0; sum--) {
        for (int code = 0; code < 2 * 2 * 27 && m->plan.n_tables < 50; code++) {
            int v[LINKED_DIMS] = {code % 2, code / 2 % 2, code / 4 % 3, code / 12 % 3, code / 36};
            int fine = v[ITEM] + v[PARTNER] + v[PLACE];
            if (fine + v[PERIOD] + v[FLOW] != sum || fine > 3 || (fine == 3 && v[PERIOD] > 0))
                continue;
            struct table_spec *t = &m->plan.table[m->plan.n_tables++];
            t->id = STR("linked");
            for (int d = 0; d < LINKED_DIMS; d++)
                t->depth[d] = v[d] < most_of[d] ? v[d] : most_of[d];
        }
    }
}

/* One table of everything by everything, but for the periods: most of its cells are one firm's. */
static void deep_table(struct economy *m)
{
    m->plan.table = ARENA_ARRAY(&season, struct table_spec, 1);
    m->plan.n_tables = 1;
    m->plan.table[0] = (struct table_spec){.id = STR("deep"), .depth = {0, 1, 2, 2, 2}};
}

static void linked(struct economy *m, int firms, void (*tables)(struct economy *m))
{
    static const char *const names[] = {"Q", "F", "I", "C", "P"};
    *m = (struct economy){.plan = {.n_dims = LINKED_DIMS}};
    for (int d = 0; d < LINKED_DIMS; d++)
        m->plan.dim[d] = tree(names[d], groups_of[d], leaves_of[d]);
    tables(m);
    for (int f = 0; f < firms; f++) {
        double size = firm_size();
        int place = zipf(31, 1), items = 1 + (int)rng_below(&rng, 3);
        int partners = 1 + (int)rng_below(&rng, 4), flow = (int)rng_below(&rng, 2);
        for (int i = 0; i < items * partners; i++) {
            int item = i / partners == 0 ? f % 40 : zipf(40, 0.8), partner = zipf(60, 1.1);
            for (int q = 0; q < 4; q++) {
                struct contribution_at x = {.party = (uint32_t)f, .value = amount(size)};
                int at[LINKED_DIMS] = {q, flow, item, partner, place};
                for (int d = 0; d < LINKED_DIMS; d++)
                    x.leaf[d] = leaf(groups_of[d], at[d]);
                if (rng_below(&rng, 4) != 0)
                    contribute(m, x);
            }
        }
    }
}

/* --- the runs ---------------------------------------------------------------------------- */

static void print_states(const char *name, const struct suppression *u)
{
    double cells = (double)u->cells;
    double all = (double)u->value_open + (double)u->value_suppressed;
    printf("%s: suppressed %d primary (%.1f %%) + %d secondary (%.1f %%) = %.1f %% of %d cells, "
           "%.2f %% of value; %d programs, %.2f s\n",
           name, u->primary, 100 * u->primary / cells, u->secondary, 100 * u->secondary / cells,
           100 * (u->primary + u->secondary) / cells, u->cells,
           100 * (double)u->value_suppressed / all, u->lps, u->seconds);
}

static void print_attack(const char *name, const char *what, const struct attack *k)
{
    int outside = 0;
    for (int i = 0; i < k->n_exposed; i++)
        outside += k->exposed[i].insider == UINT32_MAX;
    printf("%s: attack on %s: %d targets, %d components, %d programs, %.2f s, exposed %d "
           "(%d to anybody)\n",
           name, what, k->targets, k->components, k->lps, k->seconds, k->n_exposed, outside);
}

static void run(const char *name, struct economy *m, const struct rules *rules, bool naive)
{
    struct error e = {0};
    struct system *s;
    struct suppression u;
    struct attack k;
    double begun = now_s();
    check(system_build(&s, &season, &m->plan, rules, m->c, m->n, &e) == OK);
    printf("%s: %d tables, %zu contributions, %d cells, %d relations, built in %.2f s\n", name,
           m->plan.n_tables, m->n, s->n_cells, s->n_relations, now_s() - begun);
    fflush(stdout);
    if (naive) {
        for (int c = 0; c < s->n_cells; c++)
            s->cell[c].state = s->cell[c].sensitive ? CELL_PRIMARY : CELL_OPEN;
        check(system_attack(s, THREADS, &season, &k, &e) == OK);
        print_attack(name, "primary suppression alone", &k);
    }
    if (system_suppress(s, THREADS, &u, &e) != OK) {
        printf("%s: %s\n", name, e.detail_en);
    } else {
        print_states(name, &u);
        check(system_attack(s, THREADS, &season, &k, &e) == OK);
        print_attack(name, "the release", &k);
    }
    fflush(stdout);
}

static bool chosen(int argc, char **argv, const char *name)
{
    bool any = argc == 1;
    for (int i = 1; i < argc; i++)
        any |= str_eq(str_from(argv[i]), str_from(name));
    return any;
}

static void one(const char *name, struct economy *m, bool naive)
{
    struct rules shipped, plain;
    struct error e = {0};
    char title[64];
    check(rules_load(&shipped, &e) == OK);
    plain = shipped;
    plain.k_percent[0] = plain.k_percent[1] = 0;
    snprintf(title, sizeof title, "%s, p %% and 3 only", name);
    run(title, m, &plain, naive);
    snprintf(title, sizeof title, "%s, shipped rules", name);
    run(title, m, &shipped, naive);
    free(m->c);
    arena_reset(&season);
}

int main(int argc, char **argv)
{
    struct economy m;
    static const int sizes[] = {2200, 20000, 60000};
    for (int i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "cube-%d", sizes[i]);
        rng_seed(&rng, 7);
        if (chosen(argc, argv, name)) {
            cube(&m, 12, 31, 8, sizes[i], 3);
            one(name, &m, true);
        }
    }
    rng_seed(&rng, 8);
    if (chosen(argc, argv, "dense")) {
        cube(&m, 12, 31, 20, 20000, 1);
        one("dense", &m, true);
    }
    for (int firms = 20000; firms <= 200000; firms *= 10) {
        char name[32];
        snprintf(name, sizeof name, "linked-%d", firms);
        rng_seed(&rng, 9);
        if (chosen(argc, argv, name)) {
            linked(&m, firms, linked_tables);
            one(name, &m, false);
        }
    }
    static const int deep[] = {300, 1000, 2000, 20000};
    for (int i = 0; i < 4; i++) {
        int firms = deep[i];
        char name[32];
        snprintf(name, sizeof name, "deep-%d", firms);
        rng_seed(&rng, 10);
        if (chosen(argc, argv, name)) {
            linked(&m, firms, deep_table);
            one(name, &m, false);
        }
    }
    arena_finish(&season);
    return 0;
}
