/* Writes attack programs for test/glpsol.sh: DIR/N.lp, one linear program each in CPLEX LP form,
 * and on standard output a line "N bound" with what system_interval says of it. The programs are
 * written from the cells and relations themselves, not by way of the room's own programs.
 *
 * attack_lp DIR TABLES [SEED] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "disclosure/disclosure.h"

enum { DIMS = 3, GROUPS = 2, EACH = 3, EACH_TABLE = 3 };

static struct arena season;
static struct rng rng;
static const char *folder;
static int written;

static int below(int n)
{
    return (int)rng_below(&rng, (uint32_t)n);
}

static void grouped(struct dimension *d, const char *id)
{
    d->id = str_from(id);
    d->n = 1 + GROUPS + GROUPS * EACH;
    d->node = ARENA_ARRAY(&season, struct node, (size_t)d->n);
    for (int i = 0; i < d->n; i++)
        d->node[i] = (struct node){.code = STR("x"), .parent = i > GROUPS ? 1 + i % GROUPS : 0,
                                   .depth = i == 0 ? 0 : i > GROUPS ? 2 : 1};
    d->node[0].parent = -1;
}

/* Sparse, so that many wholes have one part; some declare less than nothing. */
static struct system *table(struct plan *p, bool either_sign)
{
    static const char *const names[DIMS] = {"a", "b", "c"};
    struct contribution_at c[160];
    int n = 10 + below(150);
    struct error e = {0};
    struct rules rules = {.contributors_min = 3, .p_percent = 10, .width_percent = 10};
    struct system *s;
    *p = (struct plan){.n_dims = 2 + below(2), .n_tables = 1};
    p->table = ARENA_ARRAY(&season, struct table_spec, 1);
    for (int d = 0; d < p->n_dims; d++) {
        grouped(&p->dim[d], names[d]);
        p->table[0].depth[d] = 2;
    }
    for (int i = 0; i < n; i++) {
        c[i] = (struct contribution_at){.party = (uint32_t)below(12), .value = 1 + below(999)};
        if (either_sign && below(3) == 0)
            c[i].value = -c[i].value;
        for (int d = 0; d < p->n_dims; d++)
            c[i].leaf[d] = (int16_t)(1 + GROUPS + below(GROUPS * EACH));
    }
    check(system_build(&s, &season, p, &rules, c, (size_t)n, &e) == OK);
    s->either_sign = either_sign;
    return s;
}

static bool is_open(const struct system *s, int c)
{
    return s->cell[c].state == CELL_OPEN;
}

/* Sensitive cells are suppressed, and as many others; totals less often. */
static void suppress_some(struct system *s)
{
    for (int c = 0; c < s->n_cells; c++) {
        bool total = s->cell[c].at[0] == 0 || s->cell[c].at[1] == 0;
        s->cell[c].state = s->cell[c].sensitive       ? CELL_PRIMARY
                           : below(total ? 8 : 3) == 0 ? CELL_SECONDARY
                                                       : CELL_OPEN;
    }
    for (int i = 0; i < 2; i++) {
        int a = below(s->n_cells), b = below(s->n_cells);
        if (a != b && s->cell[a].value > 0 && s->cell[b].value > 0)
            check(system_derive(s, a, b, 1, NULL) == OK);
    }
}

static void term(FILE *f, double factor, const struct system *s, int c, double *constant)
{
    if (is_open(s, c))
        *constant += factor * (double)s->cell[c].value;
    else
        fprintf(f, " %c %.17g x%d", factor < 0 ? '-' : '+', fabs(factor), c);
}

/* low a <= b <= high a. */
static void rate(FILE *f, const struct system *s, const struct derived *d, int i)
{
    double constant = 0;
    if (is_open(s, d->a) && is_open(s, d->b))
        return;
    fprintf(f, "l%d:", i);
    term(f, 1, s, d->b, &constant);
    term(f, -d->low, s, d->a, &constant);
    fprintf(f, " >= %.17g\n", -constant);
    constant = 0;
    fprintf(f, "h%d:", i);
    term(f, 1, s, d->b, &constant);
    term(f, -d->high, s, d->a, &constant);
    fprintf(f, " <= %.17g\n", -constant);
}

static void write_program(const struct system *s, int target, bool most)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%d.lp", folder, written);
    FILE *f = fopen(path, "w");
    check(f != NULL);
    fprintf(f, "%s\nobj: x%d\nSubject To\n", most ? "Maximize" : "Minimize", target);
    fprintf(f, "own: x%d >= -1e12\n", target); /* a section without rows is no program */
    for (int r = 0; r < s->n_relations; r++) {
        const int *m = &s->member[s->relation[r].first];
        double constant = 0;
        bool any = false;
        for (int i = 0; i < s->relation[r].n; i++)
            any |= !is_open(s, m[i]);
        if (!any)
            continue;
        fprintf(f, "r%d:", r);
        for (int i = 0; i < s->relation[r].n; i++)
            term(f, i == 0 ? 1 : -1, s, m[i], &constant);
        fprintf(f, " = %.17g\n", -constant);
    }
    for (int i = 0; i < s->n_derived; i++)
        rate(f, s, &s->derived[i], i);
    fprintf(f, "Bounds\n");
    for (int c = 0; c < s->n_cells; c++)
        if (!is_open(s, c) && (s->either_sign || s->cell[c].value < 0))
            fprintf(f, "x%d free\n", c);
    fprintf(f, "End\n");
    check(fclose(f) == 0);
}

int main(int argc, char **argv)
{
    check(argc >= 3);
    folder = argv[1];
    rng_seed(&rng, argc > 3 ? strtoull(argv[3], NULL, 10) : 1);
    for (int t = atoi(argv[2]); t > 0; t--) {
        struct plan p;
        struct error e = {0};
        struct system *s = table(&p, t % 4 == 0);
        suppress_some(s);
        for (int i = 0, tries = 0; i < EACH_TABLE && tries < 100; tries++) {
            int c = below(s->n_cells);
            double low, high;
            if (is_open(s, c))
                continue;
            check(system_interval(s, c, NULL, &low, &high, &e) == OK);
            for (int most = 0; most < 2; most++) {
                write_program(s, c, most);
                printf("%d %.17g\n", written++, most ? high : low);
            }
            i++;
        }
        arena_reset(&season);
    }
    arena_finish(&season);
    return 0;
}
