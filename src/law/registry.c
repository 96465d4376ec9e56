/*
 * The registry: instruments in the store, with both clocks. A row is one record of one text; it
 * is never changed but for known_to, which a later record of the same id closes. On first use
 * the shipped texts are put in; a program with newer shipped texts closes the old records.
 */
#include "law/internal.h"
#include "law/registry.h"

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

static enum err open_record(struct db *d, struct str id, char hash[65], struct error *e)
{
    struct db_stmt *s;
    bool row;
    hash[0] = 0;
    TRY(db_prepare(d, "SELECT hash FROM instrument WHERE id=?1 AND known_to IS NULL", &s, e));
    db_bind_text(s, 1, id);
    enum err result = db_step(s, &row, e);
    if (result == OK && row && db_text(s, 0).n == 64)
        memcpy(hash, db_text(s, 0).p, 65);
    db_finish(s);
    return result;
}

static enum err run_put(struct db *d, const char *sql, struct str id, const char *hash,
                        const char *day, struct str text, struct error *e)
{
    struct db_stmt *s;
    bool row;
    TRY(db_prepare(d, sql, &s, e));
    db_bind_text(s, 1, id);
    db_bind_text(s, 2, str_from(day));
    if (hash != NULL) {
        db_bind_text(s, 3, str_from(hash));
        db_bind_text(s, 4, text);
    }
    enum err result = db_step(s, &row, e);
    db_finish(s);
    return result;
}

enum err registry_put(struct db *d, struct str id, struct str text, day_t known,
                      struct error *e)
{
    char hash[65], open[65], day[11];
    text_hash(text, hash);
    day_format(known, day);
    TRY(open_record(d, id, open, e));
    if (strcmp(open, hash) == 0)
        return OK;
    TRY(run_put(d, "UPDATE instrument SET known_to=?2 WHERE id=?1 AND known_to IS NULL", id, NULL,
                day, text, e));
    return run_put(d, "INSERT INTO instrument(id,known_from,hash,text) VALUES(?1,?2,?3,?4)", id,
                   hash, day, text, e);
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

static enum err put_shipped(struct db *d, const char *digest, struct error *e)
{
    struct db_stmt *s;
    bool row;
    for (size_t i = 0; i < shipped_count(); i++)
        if (is_instrument(shipped_name(i)))
            TRY(registry_put(d, id_of_file(shipped_name(i)), shipped_text(i), day_today(), e));
    TRY(db_prepare(d, "INSERT INTO meta VALUES('shipped',?1) ON CONFLICT(key) DO UPDATE SET value=?1",
                   &s, e));
    db_bind_text(s, 1, str_from(digest));
    enum err result = db_step(s, &row, e);
    db_finish(s);
    return result;
}

enum err registry_open(struct db *d, struct error *e)
{
    char have[65], want[65];
    TRY(db_migrate(d, migrations, sizeof migrations / sizeof *migrations, e));
    TRY(meta_get(d, "shipped", have, e));
    shipped_digest(want);
    if (strcmp(have, want) == 0)
        return OK;
    TRY(db_exec(d, "BEGIN IMMEDIATE", e));
    enum err result = put_shipped(d, want, e);
    if (result == OK)
        return db_exec(d, "COMMIT", e);
    db_exec(d, "ROLLBACK", NULL);
    return result;
}

/* A first record was known from its own day on, as its text says; a later one from the day that
 * closed the one before. A record closed on the day it was made was never known. */
static enum err load_row(struct db_stmt *s, struct corpus *c, struct arena *a, day_t *closed,
                         struct error *e)
{
    struct str id = str_copy(a, db_text(s, 0)), text = str_copy(a, db_text(s, 1));
    char hash[65];
    day_t to = DAY_MAX;
    bool again = c->n_instruments > 0 && str_eq(c->instrument[c->n_instruments - 1].id, id);
    day_t from = again ? *closed : DAY_MIN;
    text_hash(text, hash);
    if (!str_eqz(db_text(s, 2), hash))
        return err_set(e, ERR_INTEGRITY, "存储中的 %s 与其摘要不符",
                       "%s in the store does not match its hash", id.p);
    if (db_text(s, 3).n > 0 && !day_parse(db_text(s, 3), &to))
        return err_set(e, ERR_INTEGRITY, "存储中 %s 的日期有误", "%s in the store has a bad date",
                       id.p);
    *closed = to;
    if (to <= from)
        return OK;
    TRY(law_add(c, a, text, id.p, e));
    return law_known(c, from, to, e);
}

static enum err load_rows(struct db *d, struct corpus *c, struct arena *a, struct error *e)
{
    struct db_stmt *s;
    bool row;
    day_t closed = DAY_MIN;
    TRY(db_prepare(d, "SELECT id,text,hash,known_to FROM instrument ORDER BY id,seq", &s, e));
    enum err result;
    while ((result = db_step(s, &row, e)) == OK && row)
        if ((result = load_row(s, c, a, &closed, e)) != OK)
            break;
    db_finish(s);
    return result;
}

enum err registry_load(struct db *d, struct corpus **out, struct arena *a,
                       const struct classification *codes, struct error *e)
{
    struct str text;
    if (!shipped_get("facts.json", &text))
        return err_set(e, ERR_INTEGRITY, "程序内缺少 %s", "the program lacks %s", "facts.json");
    TRY(law_begin(out, a, codes, text, "facts.json", e));
    TRY(load_rows(d, *out, a, e));
    if (shipped_get("carve-outs.json", &text))
        TRY(law_carve_outs(*out, a, text, "carve-outs.json", e));
    return law_finish(*out, a, e);
}
