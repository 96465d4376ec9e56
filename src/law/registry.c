/*
 * The registry: instruments in the store, with both clocks. A row is one record of one text; it
 * is never changed but for known_to, which a later record of the same id closes. On first use
 * the shipped texts are put in; a program with newer shipped texts closes the old records, but
 * never a published one: what the department published stands before what the program brings.
 *
 * A shipped text was known from the day it names, whenever this store was made; a published one
 * from the day it was published on. A record closed on the day it began was never known: it
 * stays in the store and in its log, and is left out of the corpus.
 *
 * A corpus has room for 64 layers, and every correction of a list takes one. So the corpus holds
 * a window of knowledge: when the records of lists are more than that, those closed first are
 * left out, and the knowledge of every record in it begins on the day the last of them was
 * closed. A question about an earlier day of knowledge is then refused (docs/meaning.md, 6),
 * never answered from half of the texts; registry_load_known answers it.
 */
#include "ledger/leaf.h"
#include "law/records.h"

#include <time.h>

#include <stdlib.h>

static const char *const migrations[] = {
    "CREATE TABLE instrument ("
    " id TEXT NOT NULL,"
    " hash TEXT NOT NULL,"
    " known_from TEXT NOT NULL,"
    " known_to TEXT,"
    " text TEXT NOT NULL,"
    " PRIMARY KEY (id, hash)) STRICT;"
    "CREATE INDEX instrument_open ON instrument(id) WHERE known_to IS NULL;"
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;",
    /* A text may come back after a correction: records are numbered, not told by their hash. */
    "CREATE TABLE record ("
    " seq INTEGER PRIMARY KEY,"
    " id TEXT NOT NULL,"
    " hash TEXT NOT NULL,"
    " known_from TEXT NOT NULL,"
    " known_to TEXT,"
    " text TEXT NOT NULL) STRICT;"
    "INSERT INTO record(id,hash,known_from,known_to,text)"
    " SELECT id,hash,known_from,known_to,text FROM instrument ORDER BY id,known_to IS NULL,known_from;"
    "DROP TABLE instrument;"
    "ALTER TABLE record RENAME TO instrument;"
    "CREATE UNIQUE INDEX instrument_open ON instrument(id) WHERE known_to IS NULL;",
    /* A published text is known from its row's day; a shipped one from the day it names. */
    "ALTER TABLE instrument ADD COLUMN published INTEGER NOT NULL DEFAULT 0;",
};

static struct str id_of_file(struct str name) /* "instruments/ID.json" */
{
    size_t head = sizeof "instruments/" - 1, tail = sizeof ".json" - 1;
    return (struct str){name.p + head, name.n - head - tail};
}

static bool is_instrument(struct str name)
{
    return str_has_prefix(name, STR("instruments/")) && str_find(name, STR(".json"), NULL);
}

static void text_hash(struct str text, char out[65])
{
    uint8_t digest[32];
    hash_sha256(text.p, text.n, digest);
    hash_hex(digest, 32, out);
}

struct open_row { /* what is open under an id */
    bool there, published;
    char hash[65];
};

static enum err open_record(struct db *d, struct str id, struct open_row *out, struct error *e)
{
    struct db_stmt *s;
    bool row;
    *out = (struct open_row){0};
    TRY(db_prepare(d, "SELECT hash,published FROM instrument WHERE id=?1 AND known_to IS NULL", &s,
                   e));
    db_bind_text(s, 1, id);
    enum err result = db_step(s, &row, e);
    if (result == OK && row && db_text(s, 0).n == 64) {
        out->there = true;
        memcpy(out->hash, db_text(s, 0).p, 65);
        out->published = db_int(s, 1) != 0;
    }
    db_finish(s);
    return result;
}

static enum err close_record(struct db *d, struct str id, const char *day, struct error *e)
{
    struct db_stmt *s;
    bool row;
    TRY(db_prepare(d, "UPDATE instrument SET known_to=?2 WHERE id=?1 AND known_to IS NULL", &s, e));
    db_bind_text(s, 1, id);
    db_bind_text(s, 2, str_from(day));
    enum err result = db_step(s, &row, e);
    db_finish(s);
    return result;
}

/* The entry of a record: what it is, and since when it is known. Canonical (ledger/leaf.h). */
static enum err log_record(const struct book *b, struct str id, const char *hash,
                           const char *known, bool published, struct error *e)
{
    struct buf leaf;
    struct jsonw w;
    if (b->log == NULL)
        return OK;
    buf_init(&leaf);
    jsonw_init(&w, &leaf, false);
    jsonw_object(&w);
    jsonw_kint(&w, "at", (int64_t)time(NULL));
    jsonw_kz(&w, "hash", hash);
    jsonw_kstr(&w, "id", id);
    jsonw_kz(&w, "kind", "edition");
    jsonw_kz(&w, "known", known);
    jsonw_kbool(&w, "shipped", !published);
    jsonw_end(&w);
    enum err r = log_append(b->log, buf_view(&leaf), NULL, e);
    buf_finish(&leaf);
    return r;
}

static enum err put(const struct book *b, struct str id, struct str text, day_t known,
                    bool published, struct error *e)
{
    struct db *d = b->d;
    struct open_row open;
    struct db_stmt *s;
    char hash[65], day[11];
    bool row;
    text_hash(text, hash);
    day_format(known, day);
    TRY(open_record(d, id, &open, e));
    if (strcmp(open.hash, hash) == 0 || (open.published && !published))
        return OK;
    TRY(close_record(d, id, day, e));
    TRY(db_prepare(d, "INSERT INTO instrument(id,hash,known_from,text,published)"
                      " VALUES(?1,?2,?3,?4,?5)", &s, e));
    db_bind_text(s, 1, id);
    db_bind_text(s, 2, str_from(hash));
    db_bind_text(s, 3, str_from(day));
    db_bind_text(s, 4, text);
    db_bind_int(s, 5, published);
    enum err result = db_step(s, &row, e);
    db_finish(s);
    return result == OK ? log_record(b, id, hash, day, published, e) : result;
}

enum err registry_put(const struct book *b, struct str id, struct str text, day_t known,
                      struct error *e)
{
    return put(b, id, text, known, true, e);
}

/* One digest over the shipped instruments tells whether they are in the store already. */
static void shipped_digest(char out[65])
{
    struct hash h;
    uint8_t digest[32];
    hash_init(&h);
    for (size_t i = 0; i < shipped_count(); i++)
        if (is_instrument(shipped_name(i))) {
            hash_add(&h, shipped_name(i).p, shipped_name(i).n);
            hash_add(&h, shipped_text(i).p, shipped_text(i).n);
        }
    hash_end(&h, digest);
    hash_hex(digest, 32, out);
}

static enum err meta_get(struct db *d, const char *key, char out[65], struct error *e)
{
    struct db_stmt *s;
    bool row;
    out[0] = 0;
    TRY(db_prepare(d, "SELECT value FROM meta WHERE key=?1", &s, e));
    db_bind_text(s, 1, str_from(key));
    enum err result = db_step(s, &row, e);
    if (result == OK && row && db_text(s, 0).n < 65)
        memcpy(out, db_text(s, 0).p, db_text(s, 0).n + 1);
    db_finish(s);
    return result;
}

static enum err put_shipped(const struct book *b, const char *digest, struct error *e)
{
    struct db_stmt *s;
    bool row;
    for (size_t i = 0; i < shipped_count(); i++)
        if (is_instrument(shipped_name(i)))
            TRY(put(b, id_of_file(shipped_name(i)), shipped_text(i), day_today(), false, e));
    TRY(db_prepare(b->d, "INSERT INTO meta VALUES('shipped',?1) ON CONFLICT(key) DO UPDATE SET value=?1",
                   &s, e));
    db_bind_text(s, 1, str_from(digest));
    enum err result = db_step(s, &row, e);
    db_finish(s);
    return result;
}

static enum err count(struct db *d, const char *sql, int64_t *out, struct error *e)
{
    struct db_stmt *s;
    bool row;
    TRY(db_prepare(d, sql, &s, e));
    enum err result = db_step(s, &row, e);
    *out = result == OK && row ? db_int(s, 0) : 0;
    db_finish(s);
    return result;
}

/* Records from before the store had a log. */
static enum err log_old_records(const struct book *b, struct error *e)
{
    struct db_stmt *s;
    bool row;
    TRY(db_prepare(b->d, "SELECT id,hash,known_from,published FROM instrument ORDER BY seq", &s, e));
    enum err result;
    while ((result = db_step(s, &row, e)) == OK && row) {
        char hash[65] = "", day[11] = "";
        if (db_text(s, 1).n == 64 && db_text(s, 2).n == 10) {
            memcpy(hash, db_text(s, 1).p, 65);
            memcpy(day, db_text(s, 2).p, 11);
        }
        if ((result = log_record(b, db_text(s, 0), hash, day, db_int(s, 3) != 0, e)) != OK)
            break;
    }
    db_finish(s);
    return result;
}

static enum err catch_up_log(const struct book *b, struct error *e)
{
    int64_t records, entries;
    if (b->log == NULL)
        return OK;
    TRY(count(b->d, "SELECT count(*) FROM instrument", &records, e));
    TRY(count(b->d, "SELECT count(*) FROM entry WHERE leaf LIKE '%\"kind\":\"edition\"%'", &entries, e));
    return records > 0 && entries == 0 ? log_old_records(b, e) : OK;
}

enum err registry_open(const struct book *b, struct error *e)
{
    char have[65], want[65];
    int64_t logged = 1;
    TRY(db_migrate(b->d, "law", migrations, sizeof migrations / sizeof *migrations, e));
    TRY(meta_get(b->d, "shipped", have, e));
    shipped_digest(want);
    if (b->log != NULL)
        TRY(count(b->d, "SELECT count(*) FROM (SELECT 1 FROM entry WHERE"
                        " leaf LIKE '%\"kind\":\"edition\"%' LIMIT 1)", &logged, e));
    if (strcmp(have, want) == 0 && logged > 0)
        return OK;
    TRY(book_begin(b, e));
    enum err result = catch_up_log(b, e);
    if (result == OK && strcmp(have, want) != 0)
        result = put_shipped(b, want, e);
    return book_end(b, result, e);
}

/* --- records ------------------------------------------------------------------------------ */

static struct record *record_insert(struct records *s, int at)
{
    if (s->n == s->room) {
        int room = s->room == 0 ? 64 : 2 * s->room;
        struct record *wider = ARENA_ARRAY(s->a, struct record, (size_t)room);
        if (s->n > 0)
            memcpy(wider, s->r, (size_t)s->n * sizeof *wider);
        s->r = wider;
        s->room = room;
    }
    memmove(s->r + at + 1, s->r + at, (size_t)(s->n - at) * sizeof *s->r);
    s->n++;
    s->r[at] = (struct record){.from = DAY_MIN, .to = DAY_MAX};
    return &s->r[at];
}

/* A later record begins where the one before was closed, whatever day its row names. */
static enum err read_row(struct records *out, struct db_stmt *s, struct error *e)
{
    struct record *r = record_insert(out, out->n);
    const struct record *before = r > out->r && str_eq(r[-1].id, db_text(s, 0)) ? r - 1 : NULL;
    day_t from;
    r->id = str_copy(out->a, db_text(s, 0));
    r->text = str_copy(out->a, db_text(s, 1));
    r->file = r->id.p;
    r->published = db_int(s, 5) != 0;
    text_hash(r->text, r->hash);
    if (!str_eqz(db_text(s, 2), r->hash))
        return err_set(e, ERR_INTEGRITY, "存储中的 %s 与其摘要不符",
                       "%s in the store does not match its hash", r->id.p);
    if (!day_parse(db_text(s, 3), &from) ||
        (db_text(s, 4).n > 0 && !day_parse(db_text(s, 4), &r->to)))
        return err_set(e, ERR_INTEGRITY, "存储中 %s 的日期有误", "%s in the store has a bad date",
                       r->id.p);
    r->from = before != NULL ? before->to : DAY_MIN;
    if (r->published && from > r->from)
        r->from = from;
    return OK;
}

enum err records_read(struct records *out, struct db *d, struct arena *a, struct error *e)
{
    struct db_stmt *s;
    bool row;
    *out = (struct records){.a = a};
    TRY(db_prepare(d, "SELECT id,text,hash,known_from,known_to,published FROM instrument"
                      " ORDER BY id,seq", &s, e));
    enum err result;
    while ((result = db_step(s, &row, e)) == OK && row)
        if ((result = read_row(out, s, e)) != OK)
            break;
    db_finish(s);
    return result;
}

static int record_place(const struct records *s, struct str id) /* after the last one of the id */
{
    int at = s->n;
    while (at > 0 && str_cmp(s->r[at - 1].id, id) > 0)
        at--;
    return at;
}

struct record *records_open(const struct records *s, struct str id)
{
    int at = record_place(s, id);
    bool open = at > 0 && str_eq(s->r[at - 1].id, id) && s->r[at - 1].to == DAY_MAX;
    return open ? &s->r[at - 1] : NULL;
}

bool records_put(struct records *s, struct str id, struct str text, const char *file, day_t known)
{
    char hash[65];
    struct record *open = records_open(s, id);
    text_hash(text, hash);
    if (open != NULL && strcmp(open->hash, hash) == 0)
        return false;
    if (open != NULL)
        open->to = known;
    struct record *r = record_insert(s, record_place(s, id));
    *r = (struct record){.id = id, .text = text, .file = file, .from = known, .to = DAY_MAX,
                         .published = true};
    memcpy(r->hash, hash, sizeof hash);
    return true;
}

/* --- the corpus --------------------------------------------------------------------------- */

static int later_first(const void *a, const void *b)
{
    day_t x = *(const day_t *)a, y = *(const day_t *)b;
    return (x < y) - (x > y);
}

/* A text that names an effect may be a layer; one that does not is none. Told without reading
 * the text, so that a long history costs no time. */
static bool may_be_layer(const struct record *r)
{
    return r->to > r->from && str_find(r->text, STR("\"effect\""), NULL);
}

/* The day on which the window of knowledge opens; DAY_MIN if all records fit. */
static day_t window_opens(const struct records *s)
{
    day_t *closed = malloc(((size_t)s->n + 1) * sizeof *closed);
    check(closed != NULL);
    int n = 0, open = 0;
    for (int i = 0; i < s->n; i++)
        if (may_be_layer(&s->r[i])) {
            closed[n++] = s->r[i].to;
            open += s->r[i].to == DAY_MAX;
        }
    sort_by(closed, (size_t)n, sizeof *closed, later_first);
    /* Open ones are never left out: if they alone are too many, law_finish says so. */
    int last = open > LIMIT_LAYERS ? open : LIMIT_LAYERS;
    day_t opens = n > last ? closed[last] : DAY_MIN;
    free(closed);
    return opens;
}

static enum err add_record(const struct record *r, struct corpus *c, struct arena *a, day_t opens,
                           struct error *e)
{
    day_t from = r->from > opens ? r->from : opens;
    if (r->to <= from)
        return OK;
    TRY(law_add(c, a, r->text, r->file, e));
    struct instrument *i = &c->instrument[c->n_instruments - 1];
    if (r->to > i->known_from && from < i->known_to)
        return law_known(c, from, r->to, e);
    /* Closed before the day from which its text says it was known: never known. */
    c->n_provisions = i->first;
    c->n_instruments--;
    return OK;
}

enum err records_begin(const struct records *s, struct corpus **out, struct arena *a,
                       const struct classification *codes, struct error *e)
{
    struct str text;
    day_t opens = window_opens(s);
    if (!shipped_get("facts.json", &text))
        return err_set(e, ERR_INTEGRITY, "程序内缺少 %s", "the program lacks %s", "facts.json");
    TRY(law_begin(out, a, codes, text, "facts.json", e));
    for (int i = 0; i < s->n; i++)
        TRY(add_record(&s->r[i], *out, a, opens, e));
    return OK;
}

enum err records_finish(struct corpus *c, struct arena *a, struct error *e)
{
    struct str text;
    if (shipped_get("carve-outs.json", &text))
        TRY(law_carve_outs(c, a, text, "carve-outs.json", e));
    return law_finish(c, a, e);
}

enum err registry_load(struct db *d, struct corpus **out, struct arena *a,
                       const struct classification *codes, struct error *e)
{
    struct records s;
    TRY(records_read(&s, d, a, e));
    TRY(records_begin(&s, out, a, codes, e));
    return records_finish(*out, a, e);
}

enum err registry_load_known(struct db *d, day_t known, struct corpus **out, struct arena *a,
                             const struct classification *codes, struct error *e)
{
    struct records s;
    TRY(records_read(&s, d, a, e));
    int n = 0;
    for (int i = 0; i < s.n; i++)
        if (s.r[i].from <= known && known < s.r[i].to)
            s.r[n++] = s.r[i];
    s.n = n;
    TRY(records_begin(&s, out, a, codes, e));
    return records_finish(*out, a, e);
}

enum err registry_history(struct db *d, struct corpus **out, struct arena *a,
                          const struct classification *codes, struct error *e)
{
    struct records s;
    struct str text;
    TRY(records_read(&s, d, a, e));
    if (!shipped_get("facts.json", &text))
        return err_set(e, ERR_INTEGRITY, "程序内缺少 %s", "the program lacks %s", "facts.json");
    TRY(law_begin(out, a, codes, text, "facts.json", e));
    for (int i = 0; i < s.n; i++)
        TRY(add_record(&s.r[i], *out, a, DAY_MIN, e));
    return OK;
}

enum err registry_log(struct db *d, struct str id, registry_row_fn *each, void *ctx,
                      struct error *e)
{
    struct db_stmt *s;
    bool row;
    TRY(db_prepare(d, "SELECT id,hash,known_from,known_to,published FROM instrument"
                      " WHERE id=?1 ORDER BY seq", &s, e));
    db_bind_text(s, 1, id);
    enum err result;
    while ((result = db_step(s, &row, e)) == OK && row) {
        struct registry_row r = {.id = db_text(s, 0), .hash = db_text(s, 1), .known_from = DAY_MIN,
                                 .known_to = DAY_MAX, .published = db_int(s, 4) != 0};
        day_parse(db_text(s, 2), &r.known_from);
        if (db_text(s, 3).n > 0)
            day_parse(db_text(s, 3), &r.known_to);
        each(ctx, &r);
    }
    db_finish(s);
    return result;
}

/* --- replay ------------------------------------------------------------------------------- */

struct replayed { /* a record as the log tells it */
    struct str id, hash, known, closed; /* closed: empty while open */
};
struct replay {
    struct arena a;
    int n, room;
    struct replayed *r;
};

static void replay_add(struct replay *p, struct replayed one)
{
    for (int i = 0; i < p->n; i++)
        if (str_eq(p->r[i].id, one.id) && p->r[i].closed.n == 0)
            p->r[i].closed = one.known;
    if (p->n == p->room) {
        p->room = p->room * 2 + 64;
        p->r = realloc(p->r, (size_t)p->room * sizeof *p->r);
        check(p->r != NULL);
    }
    p->r[p->n++] = one;
}

static enum err replay_leaves(struct db *d, struct replay *p, struct error *e)
{
    struct db_stmt *s;
    bool row;
    TRY(db_prepare(d, "SELECT seq,leaf FROM entry WHERE leaf LIKE '%\"kind\":\"edition\"%' ORDER BY seq",
                   &s, e));
    enum err result;
    while ((result = db_step(s, &row, e)) == OK && row) {
        struct replayed one = {0};
        struct str leaf = db_text(s, 1), kind;
        if (!leaf_member(&p->a, leaf, "kind", &kind) || !str_eqz(kind, "edition"))
            continue; /* the words stand elsewhere in the entry */
        if (!leaf_member(&p->a, leaf, "id", &one.id) || !leaf_member(&p->a, leaf, "hash", &one.hash) ||
            !leaf_member(&p->a, leaf, "known", &one.known)) {
            result = err_set(e, ERR_INTEGRITY, "日志第 %lld 条不完整", "entry %lld of the log is not whole",
                             (long long)db_int(s, 0));
            break;
        }
        replay_add(p, one);
    }
    db_finish(s);
    return result;
}

static enum err differs(struct str id, const char *what, struct error *e)
{
    return err_set(e, ERR_INTEGRITY, "%.*s:存储与日志不符(%s)",
                   "%.*s: the store is not what the log says (%s)", STR_ARG(id), what);
}

/* The rows of the store against the replay, in the order in which they were made. */
static enum err compare_rows(struct db *d, const struct replay *p, struct error *e)
{
    struct db_stmt *s;
    bool row;
    int n = 0;
    char hash[65];
    TRY(db_prepare(d, "SELECT id,hash,known_from,known_to,text FROM instrument ORDER BY seq", &s, e));
    enum err result;
    while ((result = db_step(s, &row, e)) == OK && row) {
        struct str id = db_text(s, 0);
        text_hash(db_text(s, 4), hash);
        const char *what = n >= p->n                                ? "not on the log"
                           : !str_eq(id, p->r[n].id)                ? "order"
                           : !str_eq(db_text(s, 1), p->r[n].hash)   ? "hash"
                           : !str_eqz(p->r[n].hash, hash)           ? "text"
                           : !str_eq(db_text(s, 2), p->r[n].known)  ? "known_from"
                           : !str_eq(db_text(s, 3), p->r[n].closed) ? "known_to"
                                                                    : NULL;
        if (what != NULL) {
            result = differs(id, what, e);
            break;
        }
        n++;
    }
    db_finish(s);
    return result == OK && n < p->n ? differs(p->r[n].id, "missing from the store", e) : result;
}

enum err registry_replay(const struct book *b, uint64_t *records, struct error *e)
{
    struct replay p = {0};
    arena_init(&p.a);
    enum err result = replay_leaves(b->d, &p, e);
    if (result == OK)
        result = compare_rows(b->d, &p, e);
    *records = (uint64_t)p.n;
    free(p.r);
    arena_finish(&p.a);
    return result;
}
