/*
 * From a cube to tables and onto the shelf: every cent of the cube is in every table's total;
 * splits by targets and modes; years and quarters are shown when complete; a contributor keeps its
 * number when others join; a release that exposes a cell is refused; what is on the shelf is whole,
 * in order, on the log and can be told when it was touched; one whose publishing is killed is there
 * whole or not at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cut.h"
#include "declaration/party_table.h"
#include "disclosure/shelf.h"
#include "sanitized.h"

enum { FIRMS = 500, ROWS = 8000, MONTHS = 14, EACH = SANITIZED ? 5 : 20, SOME = SANITIZED ? 25 : 7 };

static struct arena arena;
static struct classification *codes;
static struct scheme *scheme;
static char folder[64];

/* A cube by hand: contributions of random firms, some far larger than the others. */
static void make_cube(struct cube *c, int firms, int months, uint64_t seed)
{
    struct rng rng;
    struct party_table *t = party_table_create();
    memset(c, 0, sizeof *c);
    for (int i = 0; i < firms; i++) {
        char id[32];
        snprintf(id, sizeof id, "FIRM%04d", (i * 7919) % 9973);
        party_table_intern(t, id, strlen(id));
    }
    parties_merge(&c->parties, &t, 1);
    party_table_destroy(t);
    c->contribution = calloc(ROWS, sizeof *c->contribution);
    c->cell = calloc(ROWS, sizeof *c->cell);
    c->reg = calloc((size_t)firms, sizeof *c->reg);
    rng_seed(&rng, seed);
    for (uint32_t i = 0; i < (uint32_t)firms; i++)
        c->reg[i] = (struct register_entry){(uint8_t)rng_below(&rng, SIZE_COUNT),
                                            (uint8_t)rng_below(&rng, OWNER_COUNT), i % 9 == 0, i};
    for (int i = 0; i < ROWS; i++) {
        unsigned code = 1 + rng_below(&rng, 61), partner = rng_below(&rng, 30) * 5;
        unsigned place = (unsigned)scheme->province[rng_below(&rng, 2) ? 31 : 44];
        unsigned month = 26 * 12 + rng_below(&rng, (uint32_t)months);
        if (rng_below(&rng, 4) == 0)
            place = (unsigned)place_find(codes, STR("CN-SH-FTZ"));
        uint32_t firm = rng_below(&rng, (uint32_t)firms);
        int64_t cents = 1 + rng_below(&rng, 1000000);
        if (firm % 97 == 0)
            cents *= 6;
        if (rng_below(&rng, 30) == 0)
            cents = -cents / 50;
        cell_key k = cell_key_make(rng_below(&rng, 2), code, partner, place, month);
        c->contribution[i] = (struct contribution){k, firm, cents, 1, firm};
        c->cell[i].key = k;
    }
    c->n_contributions = c->n_cells = ROWS;
    memset(c->digest, 7, sizeof c->digest);
}

static void free_cube(struct cube *c)
{
    free(c->contribution);
    free(c->cell);
    free(c->reg);
    parties_finish(&c->parties);
}

static int depth_of(const struct plan *p, int d, int node)
{
    return p->dim[d].node[node].depth;
}

static void every_cent(void **state)
{
    (void)state;
    struct cube c;
    struct publication *p;
    struct contribution_at *at;
    size_t n;
    make_cube(&c, FIRMS, MONTHS, 1);
    assert_int_equal(publication_open(&p, &arena, scheme, &c, INT32_MAX, NULL), OK);
    assert_int_equal(publication_contributions(p, &c, &arena, &at, &n, NULL), OK);
    int64_t whole = 0, parts = 0;
    for (size_t i = 0; i < c.n_contributions; i++)
        whole += c.contribution[i].cents;
    for (size_t i = 0; i < n; i++) {
        parts += at[i].value;
        for (int d = 0; d < DIM_COUNT; d++) /* every contribution is at a leaf */
            for (int k = 0; k < p->plan.dim[d].n; k++)
                assert_int_not_equal(p->plan.dim[d].node[k].parent, at[i].leaf[d]);
    }
    assert_int_equal(whole, parts);
    const struct dimension *period = &p->plan.dim[DIM_PERIOD];
    for (int i = 0; i < period->n; i++) {
        struct str code = period->node[i].code;
        bool shut = str_eqz(code, "_T") || str_eqz(code, "2027") || str_eqz(code, "2027-Q1");
        assert_int_equal(period->node[i].absent, shut); /* 14 months: 2026 whole, 2027 only begun */
    }
    int item = publication_node(&p->plan, DIM_ITEM, STR("SH_X")); /* code 231990 stands for SH */
    assert_true(item > 0);
    assert_int_equal(depth_of(&p->plan, DIM_ITEM, item), 2);
    int rest = publication_node(&p->plan, DIM_PLACE, STR("CN-SH_X"));
    assert_true(rest > 0 && p->plan.dim[DIM_PLACE].node[rest].hidden);
    /* One code, by hand: 226000 is SG1, supplied by mode 1 alone; 228039 is halves of SJ31, SJ35. */
    int sj = publication_node(&p->plan, DIM_ITEM, STR("SJ3"));
    assert_true(sj > 0);
    free_cube(&c);
}

static void numbers_last(void **state)
{
    (void)state;
    struct cube c;
    struct publication *p;
    struct contribution_at *few, *many;
    size_t n_few, n_many, met = 0;
    make_cube(&c, FIRMS, 3, 1);
    assert_int_equal(publication_open(&p, &arena, scheme, &c, INT32_MAX, NULL), OK);
    assert_int_equal(publication_contributions(p, &c, &arena, &few, &n_few, NULL), OK);
    /* The same declarations among more parties: ranks shift, numbers here do not. */
    struct cube more;
    make_cube(&more, FIRMS * 2, 3, 1);
    struct party_table *ranks = parties_index(&more.parties);
    assert_non_null(ranks);
    for (size_t i = 0; i < ROWS; i++) {
        more.contribution[i] = c.contribution[i];
        struct party_key k = party_key_of(c.parties.id[c.contribution[i].party], PARTY_ID_BYTES);
        uint32_t rank = party_table_find(ranks, k, party_hash(k));
        assert_true(rank < more.parties.n);
        met += rank != c.contribution[i].party;
        more.contribution[i].party = more.contribution[i].member = rank;
        more.reg[rank] = c.reg[c.contribution[i].member];
    }
    party_table_destroy(ranks);
    assert_true(met > 0);
    assert_int_equal(publication_contributions(p, &more, &arena, &many, &n_many, NULL), OK);
    assert_int_equal(n_few, n_many);
    assert_memory_equal(few, many, n_few * sizeof *few);
    free_cube(&c);
    free_cube(&more);
}

struct shop {
    struct db *db;
    struct log *log;
    struct signer signer;
    struct book book;
};

static enum err shop_try(struct shop *s, const char *name)
{
    char spec[128];
    struct error e;
    snprintf(spec, sizeof spec, "sqlite:%s/%s", folder, name);
    TRY(db_open(&s->db, spec, &e));
    TRY(log_open(&s->log, s->db, PROFILE_SHA256, &e));
    TRY(signer_open(&s->signer, s->log, KEY_ED25519, 1, &e));
    s->book = (struct book){s->db, s->log, &s->signer};
    return shelf_open(&s->book, &e);
}

static void shop_open(struct shop *s, const char *name)
{
    assert_int_equal(shop_try(s, name), OK);
}

static void shop_close(struct shop *s)
{
    signer_close(&s->signer);
    log_close(s->log);
    db_close(s->db);
}

static void prepare(struct cube *c, int to, const char *id, struct shop *s, struct publication **p,
                    struct release *r)
{
    struct rules rules;
    struct contribution_at *at;
    size_t n;
    struct release **earlier;
    struct error e;
    struct vintage v;
    int n_earlier;
    assert_int_equal(rules_load(&rules, &e), OK);
    assert_int_equal(publication_open(p, &arena, scheme, c, to, &e), OK);
    assert_int_equal(publication_contributions(*p, c, &arena, &at, &n, &e), OK);
    assert_int_equal(shelf_releases(s->db, &arena, &(*p)->plan, &earlier, &n_earlier, &e), OK);
    struct vintage_task t = {.plan = &(*p)->plan, .rules = &rules,
                             .earlier = (const struct release *const *)earlier,
                             .n_earlier = n_earlier, .now = at, .n_now = n, .n_threads = 2};
    enum err got = vintage_prepare(&t, &arena, &v, &e);
    if (got != OK)
        print_error("%s\n", e.detail_en);
    assert_int_equal(got, OK);
    assert_true(v.suppression.sensitive > 0 && v.suppression.primary > 0);
    release_of(r, &arena, v.system, str_from(id), 1000, c->digest, &v.used);
}

static void onto_the_shelf(void **state)
{
    (void)state;
    struct cube c;
    struct shop s;
    struct publication *p, *again;
    struct release r, back;
    struct shelf_attack x;
    struct error e;
    struct str text;
    char path[128];
    shop_open(&s, "shelf.db");
    make_cube(&c, FIRMS, MONTHS, 1);
    uint64_t size = log_size(s.log);
    prepare(&c, 26 * 12 + 11, "2026-12", &s, &p, &r);
    snprintf(path, sizeof path, "%s/a.release", folder);
    assert_int_equal(release_write(&r, &p->plan, path, &e), OK);
    assert_int_equal(shelf_read(&arena, scheme, path, &again, &back, &e), OK);
    assert_int_equal(again->month_from, 26 * 12);
    assert_int_equal(again->n_months, 12);
    assert_memory_equal(back.digest, r.digest, 32);
    assert_int_equal(shelf_public(s.db, &arena, STR(""), &text, &e), ERR_NOT_FOUND);
    assert_int_equal(shelf_publish(&s.book, &arena, again, &back, 2, &x, &e), OK);
    assert_int_equal(log_size(s.log), size + 1);
    assert_int_equal(shelf_public(s.db, &arena, STR("2026-12"), &text, &e), OK);
    uint8_t digest[32];
    hash_sha256(text.p, text.n, digest);
    assert_memory_equal(digest, r.digest, 32);
    assert_int_equal(shelf_publish(&s.book, &arena, again, &back, 2, &x, &e), ERR_CONFLICT);
    /* The next month, compared with the first. */
    prepare(&c, 26 * 12 + 12, "2027-01", &s, &p, &r);
    assert_int_equal(shelf_publish(&s.book, &arena, p, &r, 2, &x, &e), OK);
    assert_int_equal(log_size(s.log), size + 2);
    struct release **all;
    int n;
    assert_int_equal(shelf_releases(s.db, &arena, &p->plan, &all, &n, &e), OK);
    assert_int_equal(n, 2);
    free_cube(&c);
    shop_close(&s);
}

/* The store as it was before, with all that lies beside it: TO is what FROM is. */
static void copy_store(const char *from, const char *to)
{
    static const char *const beside[] = {"", ".key", ".sha256", ".releases"};
    char command[512];
    snprintf(command, sizeof command, "cd '%s' && rm -rf %s*", folder, to);
    assert_int_equal(system(command), 0);
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        snprintf(command, sizeof command, "cd '%s' && cp -a %s%s %s%s", folder, from, beside[i], to,
                 beside[i]);
        assert_int_equal(system(command), 0);
    }
}

/* After a kill: the release is there whole or not at all, to a reader and to the next command. */
static bool whole_or_not_at_all(const struct publication *p, const struct release *r,
                                struct str before, uint64_t size)
{
    struct shop s;
    struct shelf_attack x;
    struct error e;
    struct str text;
    int64_t n, now;
    shop_open(&s, "cut.db");
    assert_int_equal(shelf_check(s.db, scheme, NULL, &n, &e), OK);
    assert_true(n == 1 || n == 2);
    assert_int_equal(log_size(s.log), size + (uint64_t)n - 1);
    assert_int_equal(shelf_public(s.db, &arena, STR(""), &text, &e), OK);
    assert_int_equal(str_eq(text, before), n == 1);
    assert_int_equal(shelf_publish(&s.book, &arena, p, r, 2, &x, &e), n == 1 ? OK : ERR_CONFLICT);
    assert_int_equal(shelf_check(s.db, scheme, NULL, &now, &e), OK);
    assert_int_equal(now, 2);
    assert_int_equal(log_size(s.log), size + 1);
    uint8_t digest[32];
    assert_int_equal(shelf_public(s.db, &arena, STR(""), &text, &e), OK);
    hash_sha256(text.p, text.n, digest);
    assert_memory_equal(digest, r->digest, 32);
    shop_close(&s);
    return n == 2;
}

static struct cut publish_in_a_child(const struct publication *p, const struct release *r,
                                     int64_t at)
{
    struct shop s;
    struct shelf_attack x;
    copy_store("first.db", "cut.db");
    pid_t pid = fork();
    if (pid == 0) {
        if (shop_try(&s, "cut.db") != OK)
            _exit(3);
        cut_here();
        _exit(shelf_publish(&s.book, &arena, p, r, 2, &x, NULL) == OK ? 0 : 4);
    }
    return cut_child(pid, at);
}

/* Its first and last changes are what makes it a release; between them are pages of its text. */
static int64_t next_change(int64_t at, int64_t calls)
{
    if (at < EACH || at >= calls - EACH)
        return at + 1;
    return at + SOME < calls - EACH ? at + SOME : calls - EACH;
}

/* A second release is killed before changes to files, of which there are about 150. */
static void killed_while_publishing(void **state)
{
    (void)state;
    struct cube c;
    struct shop s;
    struct publication *p;
    struct release r;
    struct shelf_attack x;
    struct error e;
    struct str before;
    int there = 0, cut = 0;
    shop_open(&s, "first.db");
    make_cube(&c, FIRMS, MONTHS, 1);
    prepare(&c, 26 * 12 + 11, "2026-12", &s, &p, &r);
    assert_int_equal(shelf_publish(&s.book, &arena, p, &r, 2, &x, &e), OK);
    assert_int_equal(shelf_public(s.db, &arena, STR(""), &before, &e), OK);
    uint64_t size = log_size(s.log);
    prepare(&c, 26 * 12 + 12, "2027-01", &s, &p, &r);
    shop_close(&s);
    int64_t calls = publish_in_a_child(p, &r, 0).calls;
    assert_true(whole_or_not_at_all(p, &r, before, size) && calls > 2 * EACH);
    for (int64_t at = 1; at <= calls; at = next_change(at, calls), cut++) {
        struct cut k = publish_in_a_child(p, &r, at);
        assert_true(k.killed && WIFSIGNALED(k.status));
        there += whole_or_not_at_all(p, &r, before, size);
    }
    print_message("%d children were cut off, %d of them when the release was there\n", cut, there);
    assert_true(there > 0 && cut > there);
    free_cube(&c);
}

static void exposed_is_refused(void **state)
{
    (void)state;
    struct cube c;
    struct shop s;
    struct publication *p;
    struct release r;
    struct shelf_attack x;
    struct error e;
    struct str text;
    shop_open(&s, "exposed.db");
    make_cube(&c, FIRMS, MONTHS, 5);
    prepare(&c, INT32_MAX, "2027-02", &s, &p, &r);
    uint64_t size = log_size(s.log);
    /* Someone opens what protects another: every suppressed cell that is not sensitive. */
    struct rules rules;
    struct system *sys;
    int opened = 0;
    assert_int_equal(rules_load(&rules, &e), OK);
    assert_int_equal(system_build(&sys, &arena, &p->plan, &rules, r.used, r.n_used, &e), OK);
    for (int i = 0; i < r.n_cells; i++) {
        int at = system_find(sys, r.cell[i].at);
        assert_true(at >= 0);
        if (r.cell[i].state == CELL_OPEN || sys->cell[at].sensitive)
            continue;
        r.cell[i].state = CELL_OPEN;
        r.cell[i].value = sys->cell[at].value;
        opened++;
    }
    assert_true(opened > 0);
    assert_int_equal(shelf_publish(&s.book, &arena, p, &r, 2, &x, &e), ERR_CONFLICT);
    assert_true(x.now.n_exposed > 0);
    assert_int_equal(log_size(s.log), size);
    assert_int_equal(shelf_public(s.db, &arena, STR(""), &text, &e), ERR_NOT_FOUND);
    /* A figure that is not what the release is made of. */
    for (int i = 0; i < r.n_cells; i++)
        if (r.cell[i].state == CELL_OPEN) {
            r.cell[i].value++;
            break;
        }
    assert_int_equal(shelf_publish(&s.book, &arena, p, &r, 2, &x, &e), ERR_INTEGRITY);
    free_cube(&c);
    shop_close(&s);
}

static void ids_stay_in_the_folder(void **state)
{
    (void)state;
    struct shop s;
    const char *path;
    shop_open(&s, "ids.db");
    static const char *const bad[] = {"", "../x", "a/b", ".x", "-x", "a b", "x\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(shelf_path(s.db, &arena, str_from(bad[i]), &path, NULL), ERR_INVALID);
    assert_int_equal(shelf_path(s.db, &arena, STR("2026-Q1.r2"), &path, NULL), OK);
    shop_close(&s);
}

int main(void)
{
    struct error e;
    arena_init(&arena);
    snprintf(folder, sizeof folder, "/tmp/fumao-publication-XXXXXX");
    if (mkdtemp(folder) == NULL || classification_load(&codes, &arena, &e) != OK ||
        scheme_load(&scheme, &arena, codes, &e) != OK) {
        fprintf(stderr, "%s:%d: %s\n", e.file, e.line, e.detail_en);
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cent), cmocka_unit_test(numbers_last), cmocka_unit_test(onto_the_shelf),
        cmocka_unit_test(killed_while_publishing), cmocka_unit_test(exposed_is_refused),
        cmocka_unit_test(ids_stay_in_the_folder)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_finish(&arena);
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return failed + (system(command) != 0);
}
