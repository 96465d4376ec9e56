/*
 * bench_decide: how fast a question is answered, side by side with an indexed SQLite.
 *
 * The corpus is synthetic and seeded: 60 layers in the proportions of one edition of every list,
 * schedule and permit, zone lists copied to 85 % from the national one, no facts; past one
 * edition it grows by local rules of one place. Code lists are the shipped ones. No law is in it.
 *
 * bench_decide                      every figure for 200, 2,000 and 20,000 provisions
 * bench_decide --export FILE N      the provisions and questions for bench/peers/run.mjs
 */
#define _GNU_SOURCE /* sched_setaffinity */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>
#include <sqlite3.h>

#include "decide/decide.h"

enum { LAYERS = 60, QUESTIONS = 65536, SLOW = 2000, PEER_QUESTIONS = 500, ORIGIN_SETS = 64 };

static struct arena program;
static const struct classification *codes;
static struct rng rng;
static day_t today;

static int below(int n)
{
    return (int)rng_below(&rng, (uint32_t)n);
}

static bool chance(int percent)
{
    return below(100) < percent;
}

/* Seconds of this thread: what other programs took from the core does not count. */
static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- the synthetic corpus --------------------------------------------------------------------- */
struct share { /* provisions per 1,000, over so many layers */
    enum family family;
    enum layer_kind kind;
    int layers, permille;
    bool default_equal;
};
/* One edition of everything: 3,359 provisions in the study behind these proportions. */
static const struct share shares[] = {
    {FAMILY_CROSS_BORDER, LAYER_NATIONAL, 1, 21, true},
    {FAMILY_CROSS_BORDER, LAYER_ZONE, 4, 42, true},
    {FAMILY_INVESTMENT, LAYER_NATIONAL, 1, 9, true},
    {FAMILY_INVESTMENT, LAYER_ZONE, 4, 18, true},
    {FAMILY_COMMITMENTS, LAYER_TREATY, 22, 610, false},
    {FAMILY_MARKET_ACCESS, LAYER_NATIONAL, 1, 40, true},
    {FAMILY_PERMITS, LAYER_NATIONAL, 6, 170, true},
    {FAMILY_FLOWS, LAYER_NATIONAL, 1, 20, true},
    {FAMILY_FLOWS, LAYER_ZONE, 20, 70, true},
};
enum { SHARES = sizeof shares / sizeof *shares };

struct world {
    struct corpus *c;
    uint64_t origin_set[ORIGIN_SETS][ORIGIN_WORDS];
    int *origins_of; /* provision -> origin set */
    struct question *question;
};

static void all_bits(uint64_t *w, int n)
{
    bits_set_range(w, 0, (size_t)n);
}

/* 2 % of the items are about every sector, as in the study; the rest are nodes of the tree, in
 * widths set so that 2,000 provisions give about the 9.6 matches a question of the study. */
static void some_sectors(uint64_t *w)
{
    int kind = below(100), leaf = below(codes->gbt.n_leaves);
    int node = codes->gbt.leaf[leaf];
    int up = kind < 30 ? 0 : kind < 55 ? 1 : kind < 85 ? 2 : 3;
    for (; up > 0 && codes->gbt.code[node].parent >= 0; up--)
        node = codes->gbt.code[node].parent;
    const struct code *k = &codes->gbt.code[node];
    bits_set_range(w, (size_t)k->leaf_from, (size_t)k->leaf_to);
    if (kind >= 98)
        all_bits(w, codes->gbt.n_leaves);
}

static uint64_t some_combos(enum family f)
{
    uint64_t set = 0;
    int modes = f == FAMILY_INVESTMENT     ? 1 << 3
                : f == FAMILY_CROSS_BORDER ? (chance(60) ? 0x16 : 1 << (chance(50) ? 1 : 4))
                                           : (chance(50) ? 0x1e : 1 << (1 + below(4)));
    bool firms_only = chance(30), exports = f >= FAMILY_MARKET_ACCESS && chance(40);
    for (int k = 0; k < COMBOS; k++) {
        if (!combo_valid(k) || !((modes >> combo_mode(k)) & 1) ||
            (combo_direction(k) == EXPORT && !exports) ||
            (firms_only && combo_kind(k) == KIND_PERSON))
            continue;
        set |= (uint64_t)1 << k;
    }
    return set;
}

/* Set 0 is everybody; 1 to 22 are treaty partners; the rest are regions. */
static void make_origin_sets(struct world *w)
{
    for (int i = 0; i < ORIGIN_SETS; i++) {
        int n = i < 2 ? 0 : i < 23 ? 1 + below(i < 4 ? 14 : 2) : 5 + below(60);
        if (i == 0)
            all_bits(w->origin_set[0], codes->n_economies);
        for (int o = 0; i == 1 && o < codes->n_economies; o++)
            if (chance(66)) /* the WTO */
                bit_set(w->origin_set[1], (size_t)o);
        for (; n > 0; n--)
            bit_set(w->origin_set[i], (size_t)below(codes->n_economies));
    }
}

static struct instrument *add_layer(struct world *w, const struct share *h, int nth)
{
    struct corpus *c = w->c;
    int at = c->n_instruments++;
    struct instrument *i = &c->instrument[at];
    char id[16];
    snprintf(id, sizeof id, "list-%02d", at);
    i->id = str_copy(&program, str_from(id));
    i->family = h->family;
    i->kind = h->kind;
    i->default_equal = h->default_equal;
    i->complete = i->is_layer = true;
    i->layer = at;
    c->layer[c->n_layers++] = at;
    i->known_from = i->valid_from = today - 4000 + below(3000);
    i->known_to = i->valid_to = DAY_MAX;
    if (nth > 0 && chance(20)) /* an edition that is no longer in force */
        i->valid_to = today - below(900) - 1;
    memcpy(i->origin, w->origin_set[h->kind == LAYER_TREATY ? 1 + nth : 0], sizeof i->origin);
    if (h->kind == LAYER_ZONE && nth > 0) { /* the first zone list speaks in every zone */
        int p = 1 + below(codes->n_places - 1);
        bits_set_range(i->place, (size_t)p, (size_t)codes->place[p].end);
    } else if (h->kind == LAYER_ZONE) {
        place_group_bits(codes, STR("FTZ"), i->place);
    }
    if (!bits_any(i->place, PLACE_WORDS))
        all_bits(i->place, codes->n_places);
    return i;
}

static void add_provision(struct world *w, const struct instrument *i,
                          const struct provision *model, bool local)
{
    struct corpus *c = w->c;
    int at = c->n_provisions++;
    struct provision *p = &c->provision[at];
    if (model != NULL)
        *p = *model;
    char key[16];
    snprintf(key, sizeof key, "p%06d", at);
    p->key = str_copy(&program, str_from(key));
    p->instrument = p->layer = i->layer;
    p->evidence = 'A';
    if (model == NULL) {
        static const enum effect effects[] = {EFFECT_PROHIBIT, EFFECT_REQUIRE_APPROVAL,
                                              EFFECT_CONDITION, EFFECT_CONDITION, EFFECT_NOTIFY};
        static const enum treatment means[] = {PROHIBITED, APPROVAL, CONDITION, CONDITION, NOTIFY};
        int k = below(5);
        bool treaty = i->kind == LAYER_TREATY;
        p->effect = treaty ? EFFECT_COMMIT : effects[k];
        p->treatment = treaty && chance(50) ? EQUAL : means[k];
        some_sectors(p->scope.sector);
        p->scope.combo = some_combos(i->family);
    }
    bool region = i->kind == LAYER_NATIONAL && i->family >= FAMILY_MARKET_ACCESS && chance(12);
    w->origins_of[at] = i->kind == LAYER_TREATY ? i->layer - 9 : region ? 23 + below(41) : 0;
    memcpy(p->scope.origin, w->origin_set[w->origins_of[at]], sizeof p->scope.origin);
    memcpy(p->scope.place, i->place, sizeof p->scope.place);
    if (local) {
        int place = 1 + below(codes->n_places - 1);
        memset(p->scope.place, 0, sizeof p->scope.place);
        bit_set(p->scope.place, (size_t)place);
        bits_and(p->scope.place, i->place, PLACE_WORDS);
    }
}

/* Layers are numbered as the shares are: 0 national, 1-4 zones, 5, 6-9, then treaties 10-31. */
static void fill_layers(struct world *w, int n)
{
    struct corpus *c = w->c;
    int edition = n < 3400 ? n : 3400, layer = 0;
    for (int h = 0; h < SHARES; h++) {
        int national = -1, of_national = 0;
        for (int nth = 0; nth < shares[h].layers; nth++)
            add_layer(w, &shares[h], nth);
        if (shares[h].kind == LAYER_ZONE) {
            national = c->instrument[layer - 1].first;
            of_national = c->instrument[layer - 1].n;
        }
        for (int nth = 0; nth < shares[h].layers; nth++, layer++) {
            struct instrument *i = &c->instrument[layer];
            i->first = c->n_provisions;
            int each = edition * shares[h].permille / 1000 / shares[h].layers;
            bool permits = i->family == FAMILY_PERMITS;
            int more = permits ? (n - edition) / shares[h].layers : 0;
            i->n = (each > 0 ? each : 1) + more;
            for (int k = 0; k < i->n; k++) {
                bool copy = of_national > 0 && chance(85);
                add_provision(w, i, copy ? &c->provision[national + below(of_national)] : NULL,
                              permits && (k >= i->n - more || chance(50)));
            }
        }
    }
}

static void make_questions(struct world *w)
{
    w->question = ARENA_ARRAY(&program, struct question, QUESTIONS);
    for (int i = 0; i < QUESTIONS; i++) {
        struct question *q = &w->question[i];
        int combo = below(COMBOS);
        while (!combo_valid(combo) || (combo_direction(combo) == EXPORT && chance(80)))
            combo = below(COMBOS);
        q->mode = combo_mode(combo);
        q->direction = combo_direction(combo);
        q->kind = combo_kind(combo);
        q->sector = below(codes->gbt.n_leaves);
        q->origin = below(codes->n_economies);
        const uint64_t *partners = w->origin_set[2 + below(21)];
        while (i % 2 == 0 && !bit_get(partners, (size_t)q->origin))
            q->origin = below(codes->n_economies); /* every other asker is a treaty partner */
        q->place = below(codes->n_places);
        q->on = chance(80) ? today : today - below(4000);
        q->known = q->on == today || chance(50) ? today : today - below(4000);
    }
}

static struct world *world_create(int n)
{
    rng_seed(&rng, 20261122);
    struct world *w = ARENA_NEW(&program, struct world);
    struct corpus *c = w->c = ARENA_NEW(&program, struct corpus);
    c->codes = codes;
    c->instrument = ARENA_ARRAY(&program, struct instrument, LAYERS);
    c->provision = ARENA_ARRAY(&program, struct provision, (size_t)n + 200);
    w->origins_of = ARENA_ARRAY(&program, int, (size_t)n + 200);
    c->fact_mode = c->fact_territory = c->fact_form = -1;
    make_origin_sets(w);
    fill_layers(w, n);
    make_questions(w);
    check(c->n_layers == LAYERS);
    return w;
}

/* --- the engine ------------------------------------------------------------------------------- */
static int by_ns(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static volatile uint64_t sink;

/* Seconds per question over whole rounds of the questions, at least a second of them. */
static double time_decide(const struct snapshot *s, const struct world *w)
{
    static struct answer a;
    long done = 0;
    double from = now_s(), t;
    do {
        for (int i = 0; i < QUESTIONS; i++) {
            decide(s, &w->question[i], &a);
            sink += (uint64_t)a.outcome + (uint64_t)a.n_matches;
        }
        done += QUESTIONS;
        t = now_s() - from;
    } while (t < 1.0);
    return t / (double)done;
}

static double time_diagram(const struct diagram *d, const struct world *w)
{
    long done = 0;
    double from = now_s(), t;
    do {
        for (int i = 0; i < QUESTIONS; i++) {
            const struct question *q = &w->question[i];
            sink += diagram_answer(d, q->sector, combo_of(q->mode, q->direction, q->kind),
                                   q->origin, q->place).treatment;
        }
        done += QUESTIONS;
        t = now_s() - from;
    } while (t < 1.0);
    return t / (double)done;
}

static void percentiles(const struct snapshot *s, const struct world *w, int64_t *p50, int64_t *p99,
                        int64_t *clock_cost)
{
    static int64_t ns[QUESTIONS], empty[QUESTIONS];
    static struct answer a;
    for (int i = 0; i < QUESTIONS; i++) {
        int64_t from = now_ns();
        decide(s, &w->question[i], &a);
        ns[i] = now_ns() - from;
        from = now_ns();
        empty[i] = now_ns() - from;
    }
    sort_by(ns, QUESTIONS, sizeof *ns, by_ns);
    sort_by(empty, QUESTIONS, sizeof *empty, by_ns);
    *p50 = ns[QUESTIONS / 2];
    *p99 = ns[QUESTIONS / 100 * 99];
    *clock_cost = empty[QUESTIONS / 2];
}

/* Every question with its day set to today: the diagram says what decide() says. */
static void check_diagram(const struct snapshot *s, const struct diagram *d, const struct world *w)
{
    static struct answer a;
    for (int i = 0; i < QUESTIONS; i++) {
        struct question q = w->question[i];
        q.on = q.known = today;
        decide(s, &q, &a);
        struct diagram_answer x = diagram_answer(
            d, q.sector, combo_of(q.mode, q.direction, q.kind), q.origin, q.place);
        check(x.outcome == a.outcome && x.must == a.must && x.treatment == a.treatment);
    }
}

/* --- SQLite ----------------------------------------------------------------------------------- */
static sqlite3_stmt *prepared(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *q = NULL;
    check(sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK);
    return q;
}

static void put(sqlite3_stmt *q, int n, const int64_t *v)
{
    for (int i = 0; i < n; i++)
        check(sqlite3_bind_int64(q, i + 1, v[i]) == SQLITE_OK);
    check(sqlite3_step(q) == SQLITE_DONE);
    sqlite3_reset(q);
}

/* Place sets are shared like origin sets; the number of an equal one, or a new one. */
static int place_set(uint64_t (*sets)[PLACE_WORDS], int *n, const uint64_t *places)
{
    for (int i = 0; i < *n; i++)
        if (bits_equal(sets[i], places, PLACE_WORDS))
            return i;
    memcpy(sets[*n], places, sizeof sets[0]);
    return (*n)++;
}

static void sqlite_provisions(sqlite3 *db, const struct world *w)
{
    static uint64_t sets[1024][PLACE_WORDS];
    int n_sets = 0;
    sqlite3_stmt *row = prepared(db, "INSERT INTO provision VALUES(?,?,?,?,?,?,?,?,?,?)");
    sqlite3_stmt *sector = prepared(db, "INSERT INTO scope_sector VALUES(?,?)");
    sqlite3_stmt *place = prepared(db, "INSERT INTO scope_place VALUES(?,?)");
    sqlite3_stmt *origin = prepared(db, "INSERT INTO scope_origin VALUES(?,?)");
    for (int i = 0; i < w->c->n_provisions; i++) {
        const struct provision *p = &w->c->provision[i];
        const struct instrument *l = &w->c->instrument[p->instrument];
        int set = place_set(sets, &n_sets, p->scope.place);
        put(row, 10, (int64_t[]){i, p->layer, p->treatment, (int64_t)p->scope.combo,
                                 w->origins_of[i], set, l->valid_from, l->valid_to,
                                 l->known_from, l->known_to});
        for (int k = 0; k < codes->gbt.n_leaves; k++)
            if (bit_get(p->scope.sector, (size_t)k))
                put(sector, 2, (int64_t[]){k, i});
    }
    for (int i = 0; i < n_sets; i++)
        for (int k = 0; k < codes->n_places; k++)
            if (bit_get(sets[i], (size_t)k))
                put(place, 2, (int64_t[]){i, k});
    for (int i = 0; i < ORIGIN_SETS; i++)
        for (int k = 0; k < codes->n_economies; k++)
            if (bit_get(w->origin_set[i], (size_t)k))
                put(origin, 2, (int64_t[]){i, k});
    sqlite3_finalize(row);
    sqlite3_finalize(sector);
    sqlite3_finalize(place);
    sqlite3_finalize(origin);
}

static sqlite3 *sqlite_load(const struct world *w)
{
    sqlite3 *db = NULL;
    check(sqlite3_open(":memory:", &db) == SQLITE_OK);
    check(sqlite3_exec(db,
                       "CREATE TABLE provision(id INTEGER PRIMARY KEY, layer, treatment, combos,"
                       " origins, places, valid_from, valid_to, known_from, known_to);"
                       "CREATE TABLE scope_sector(sector INTEGER, provision INTEGER,"
                       " PRIMARY KEY(sector, provision)) WITHOUT ROWID;"
                       "CREATE TABLE scope_place(set_no INTEGER, place INTEGER,"
                       " PRIMARY KEY(set_no, place)) WITHOUT ROWID;"
                       "CREATE TABLE scope_origin(set_no INTEGER, origin INTEGER,"
                       " PRIMARY KEY(set_no, origin)) WITHOUT ROWID; BEGIN",
                       NULL, NULL, NULL) == SQLITE_OK);
    sqlite_provisions(db, w);
    check(sqlite3_exec(db, "COMMIT; ANALYZE", NULL, NULL, NULL) == SQLITE_OK);
    return db;
}

static const char sqlite_question[] =
    "SELECT p.id, p.layer, p.treatment FROM scope_sector s JOIN provision p ON p.id = s.provision"
    " WHERE s.sector = ?1 AND (p.combos & ?2) != 0"
    " AND p.valid_from <= ?5 AND ?5 < p.valid_to AND p.known_from <= ?6 AND ?6 < p.known_to"
    " AND EXISTS (SELECT 1 FROM scope_place WHERE set_no = p.places AND place = ?4)"
    " AND EXISTS (SELECT 1 FROM scope_origin WHERE set_no = p.origins AND origin = ?3)"
    " ORDER BY p.id";

static int sqlite_ask(sqlite3_stmt *st, const struct question *q, int *provision)
{
    int64_t v[6] = {q->sector, (int64_t)1 << combo_of(q->mode, q->direction, q->kind), q->origin,
                    q->place, q->on, q->known};
    int n = 0;
    for (int i = 0; i < 6; i++)
        sqlite3_bind_int64(st, i + 1, v[i]);
    while (sqlite3_step(st) == SQLITE_ROW)
        if (n < LIMIT_MATCHES)
            provision[n++] = sqlite3_column_int(st, 0);
    sqlite3_reset(st);
    return n;
}

static double time_sqlite(const struct snapshot *s, const struct world *w, long *matches)
{
    static struct answer a;
    int provision[LIMIT_MATCHES];
    sqlite3 *db = sqlite_load(w);
    sqlite3_stmt *st = prepared(db, sqlite_question);
    *matches = 0;
    for (int i = 0; i < SLOW; i++) { /* checked first, timed after */
        int n = sqlite_ask(st, &w->question[i], provision);
        decide(s, &w->question[i], &a);
        check(n == a.n_matches && n < LIMIT_MATCHES);
        for (int k = 0; k < n; k++)
            check(provision[k] == a.match[k].provision);
        *matches += n;
    }
    long done = 0;
    double from = now_s(), t;
    do {
        for (int i = 0; i < SLOW; i++)
            sink += (uint64_t)sqlite_ask(st, &w->question[i], provision);
        done += SLOW;
        t = now_s() - from;
    } while (t < 1.0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return t / (double)done;
}

/* --- JSON text in and out --------------------------------------------------------------------- */
static struct str sector_text(int leaf)
{
    return sector_code(codes, leaf);
}

static void question_text(const struct question *q, struct buf *out)
{
    char on[11], known[11];
    day_format(q->on, on);
    day_format(q->known, known);
    struct jsonw j;
    jsonw_init(&j, out, false);
    jsonw_object(&j);
    jsonw_kstr(&j, "sector", sector_text(q->sector));
    jsonw_kint(&j, "mode", q->mode);
    jsonw_kz(&j, "direction", direction_name(q->direction));
    jsonw_kz(&j, "kind", kind_name(q->kind));
    jsonw_kstr(&j, "origin", codes->economy[q->origin].alpha2);
    jsonw_kstr(&j, "place", codes->place[q->place].code);
    jsonw_kz(&j, "on", on);
    jsonw_kz(&j, "known", known);
    jsonw_end(&j);
}

static struct str text_of(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    check(json_is_string(v));
    return (struct str){json_string_value(v), json_string_length(v)};
}

static void read_question(struct str text, struct question *q)
{
    json_t *o = json_loadb(text.p, text.n, 0, NULL);
    check(o != NULL);
    int node = codelist_find(&codes->gbt, text_of(o, "sector"));
    check(node >= 0);
    *q = (struct question){.sector = codes->gbt.code[node].leaf_from,
                           .mode = (int)json_integer_value(json_object_get(o, "mode")),
                           .origin = economy_find(codes, text_of(o, "origin")),
                           .place = place_find(codes, text_of(o, "place"))};
    check(direction_parse(text_of(o, "direction"), &q->direction) &&
          kind_parse(text_of(o, "kind"), &q->kind) && day_parse(text_of(o, "on"), &q->on) &&
          day_parse(text_of(o, "known"), &q->known));
    check(q->origin >= 0 && q->place >= 0);
    json_decref(o);
}

static void answer_text(const struct corpus *c, const struct answer *a, struct buf *out)
{
    struct jsonw j;
    buf_clear(out);
    jsonw_init(&j, out, false);
    jsonw_object(&j);
    jsonw_kz(&j, "outcome", outcome_name(a->outcome));
    jsonw_kz(&j, "must", treatment_name(a->must));
    jsonw_kz(&j, "treatment", treatment_name(a->treatment));
    jsonw_key(&j, "matches");
    jsonw_array(&j);
    for (int i = 0; i < a->n_matches; i++) {
        jsonw_object(&j);
        jsonw_kstr(&j, "provision", c->provision[a->match[i].provision].key);
        jsonw_kz(&j, "reason", reason_name((enum reason)a->match[i].reason));
        jsonw_end(&j);
    }
    jsonw_end(&j);
    jsonw_end(&j);
}

static double time_json(const struct snapshot *s, const struct world *w)
{
    static struct answer a;
    struct buf in = {0}, out = {0};
    static size_t start[SLOW + 1];
    for (int i = 0; i < SLOW; i++) {
        question_text(&w->question[i], &in);
        start[i + 1] = in.n;
    }
    long done = 0;
    double from = now_s(), t;
    do {
        for (int i = 0; i < SLOW; i++) {
            struct question q;
            read_question((struct str){in.p + start[i], start[i + 1] - start[i]}, &q);
            decide(s, &q, &a);
            answer_text(w->c, &a, &out);
            sink += out.n;
        }
        done += SLOW;
        t = now_s() - from;
    } while (t < 1.0);
    buf_finish(&in);
    buf_finish(&out);
    return t / (double)done;
}

/* --- for the peers ---------------------------------------------------------------------------- */
static void put_set(struct jsonw *j, const char *key, const uint64_t *bits, int n)
{
    jsonw_key(j, key);
    jsonw_array(j);
    for (int i = 0; i < n; i++)
        if (bit_get(bits, (size_t)i))
            jsonw_int(j, i);
    jsonw_end(j);
}

static void put_days(struct jsonw *j, const struct instrument *l)
{
    jsonw_kint(j, "validFrom", l->valid_from);
    jsonw_kint(j, "validTo", l->valid_to);
    jsonw_kint(j, "knownFrom", l->known_from);
    jsonw_kint(j, "knownTo", l->known_to);
}

static void put_questions(struct jsonw *j, const struct snapshot *s, const struct world *w)
{
    static struct answer a;
    jsonw_key(j, "questions");
    jsonw_array(j);
    for (int i = 0; i < PEER_QUESTIONS; i++) {
        const struct question *q = &w->question[i];
        decide(s, q, &a);
        jsonw_object(j);
        jsonw_kint(j, "sector", q->sector);
        jsonw_kint(j, "combo", combo_of(q->mode, q->direction, q->kind));
        jsonw_kint(j, "origin", q->origin);
        jsonw_kint(j, "place", q->place);
        jsonw_kint(j, "on", q->on);
        jsonw_kint(j, "known", q->known);
        jsonw_key(j, "matches");
        jsonw_array(j);
        for (int k = 0; k < a.n_matches; k++)
            jsonw_int(j, a.match[k].provision);
        jsonw_end(j);
        jsonw_end(j);
    }
    jsonw_end(j);
}

static int export_world(const char *path, int n)
{
    struct world *w = world_create(n);
    struct snapshot *s;
    struct buf out = {0};
    struct jsonw j;
    check(snapshot_create(&s, w->c, NULL) == OK);
    jsonw_init(&j, &out, false);
    jsonw_object(&j);
    double each = time_decide(s, w), json = time_json(s, w);
    jsonw_kint(&j, "n", n);
    jsonw_kint(&j, "decisionsPerSecond", (int64_t)(1 / each));
    jsonw_kint(&j, "jsonPerSecond", (int64_t)(1 / json));
    jsonw_key(&j, "provisions");
    jsonw_array(&j);
    for (int i = 0; i < w->c->n_provisions; i++) {
        const struct provision *p = &w->c->provision[i];
        jsonw_object(&j);
        put_set(&j, "sectors", p->scope.sector, codes->gbt.n_leaves);
        put_set(&j, "combos", &p->scope.combo, COMBOS);
        put_set(&j, "origins", p->scope.origin, codes->n_economies);
        put_set(&j, "places", p->scope.place, codes->n_places);
        put_days(&j, &w->c->instrument[p->instrument]);
        jsonw_end(&j);
    }
    jsonw_end(&j);
    put_questions(&j, s, w);
    jsonw_end(&j);
    FILE *f = fopen(path, "w");
    bool written = f != NULL && fwrite(out.p, 1, out.n, f) == out.n;
    if (f != NULL && fclose(f) != 0)
        written = false;
    if (!written)
        fprintf(stderr, "bench_decide: cannot write %s\n", path);
    buf_finish(&out);
    snapshot_destroy(s);
    return written ? 0 : 1;
}

/* --- the report ------------------------------------------------------------------------------- */
static void measure(int n)
{
    struct world *w = world_create(n);
    struct snapshot *s;
    struct diagram *d;
    int64_t p50, p99, clock_cost;
    long matches;
    check(snapshot_create(&s, w->c, NULL) == OK);
    double from = now_s();
    check(diagram_create(&d, s, today, today, NULL) == OK);
    double built = now_s() - from;
    check_diagram(s, d, w);
    double each = time_decide(s, w);
    percentiles(s, w, &p50, &p99, &clock_cost);
    double alone = time_diagram(d, w), json = time_json(s, w);
    double sqlite = time_sqlite(s, w, &matches);
    double again = time_decide(s, w); /* the ratio takes the slower of the two around it */
    each = again > each ? again : each;
    printf("%d provisions, %d layers, %.1f matches a question\n", w->c->n_provisions,
           w->c->n_layers, (double)matches / SLOW);
    printf("  decide, explained        %11.0f /s   mean %.0f ns, p50 %lld, p99 %lld"
           " (the clock's own %lld included)\n",
           1 / each, each * 1e9, (long long)p50, (long long)p99, (long long)clock_cost);
    printf("  diagram, answer alone    %11.0f /s   mean %.1f ns, built in %.3f s\n", 1 / alone,
           alone * 1e9, built);
    printf("  index                    %11zu bytes, diagrams of one day %zu\n", snapshot_bytes(s),
           diagram_bytes(d));
    printf("  JSON text in and out     %11.0f /s   mean %.0f ns\n", 1 / json, json * 1e9);
    printf("  SQLite %s, indexed   %11.0f /s   decide is %.0f x, JSON in and out %.1f x\n",
           sqlite3_libversion(), 1 / sqlite, sqlite / each, sqlite / json);
    fflush(stdout);
    diagram_destroy(d);
    snapshot_destroy(s);
}

static void shipped_index(void)
{
    struct corpus *c;
    struct snapshot *s;
    struct diagram *d;
    struct error e = {0};
    check(law_load_shipped(&c, &program, codes, &e) == OK && snapshot_create(&s, c, &e) == OK);
    double from = now_s();
    check(diagram_create(&d, s, today, today, &e) == OK);
    printf("shipped corpus: %d provisions, index %zu bytes, diagrams of one day %zu bytes, built in"
           " %.3f s\n",
           c->n_provisions, snapshot_bytes(s), diagram_bytes(d), now_s() - from);
    diagram_destroy(d);
    snapshot_destroy(s);
}

int main(int argc, char **argv)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    bool pinned = sched_setaffinity(0, sizeof one, &one) == 0;
    struct classification *k;
    struct error e = {0};
    arena_init(&program);
    check(classification_load(&k, &program, &e) == OK);
    codes = k;
    today = day_from_civil(2026, 11, 22);
    int status = 0;
    if (argc == 3 || argc == 4) {
        status = strcmp(argv[1], "--export") == 0
                     ? export_world(argv[2], argc == 4 ? atoi(argv[3]) : 2000)
                     : 2;
    } else if (argc == 1) {
        printf("synthetic corpus, seed 20261122, one thread%s; per second of its CPU time\n",
               pinned ? " on core 0" : "");
        shipped_index();
        static const int sizes[] = {200, 2000, 20000};
        for (int i = 0; i < 3; i++)
            measure(sizes[i]);
        printf("SQLite returned the same provisions as decide on %d questions of each size.\n",
               SLOW);
    } else {
        status = 2;
    }
    if (status == 2)
        fprintf(stderr, "usage: bench_decide [--export FILE [N]]\n");
    arena_finish(&program);
    return status;
}
