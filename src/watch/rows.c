/* The rows of watches, and what each was told. */
#include "watch/watch.h"

static const char *const migrations[] = {
    "CREATE TABLE watch(id INTEGER PRIMARY KEY AUTOINCREMENT, sector TEXT NOT NULL,"
    " mode TEXT NOT NULL, origin TEXT NOT NULL, place TEXT NOT NULL, url TEXT NOT NULL,"
    " within INTEGER NOT NULL CHECK(within IN(0,1)), salt TEXT NOT NULL, key_id TEXT NOT NULL,"
    " created_at INTEGER NOT NULL, delivered_at INTEGER NOT NULL DEFAULT 0,"
    " last TEXT NOT NULL DEFAULT '',"
    " state TEXT NOT NULL DEFAULT 'active' CHECK(state IN('active','failing','stopped')),"
    " failures INTEGER NOT NULL DEFAULT 0, next_at INTEGER NOT NULL DEFAULT 0,"
    " fault_zh TEXT NOT NULL DEFAULT '', fault_en TEXT NOT NULL DEFAULT '') STRICT;"
    /* key: of news that was told, or that was there when the watch was made. */
    "CREATE TABLE watch_told(watch INTEGER NOT NULL REFERENCES watch(id) ON DELETE CASCADE,"
    " key TEXT NOT NULL, PRIMARY KEY(watch,key)) STRICT, WITHOUT ROWID;"};

static const char *const states[WATCH_STATES] = {"active", "failing", "stopped"};

const char *watch_state_name(enum watch_state s)
{
    return states[s];
}

enum err watch_open(struct db *d, struct error *e)
{
    return db_migrate(d, "watch", migrations, sizeof migrations / sizeof *migrations, e);
}

/* --- reading -------------------------------------------------------------------------------- */

static enum watch_state state_of(struct str name)
{
    int s = 0;
    while (s < WATCH_STATES - 1 && !str_eqz(name, states[s]))
        s++;
    return (enum watch_state)s;
}

static struct watch read_row(struct db_stmt *s, struct arena *a)
{
    return (struct watch){.id = db_int(s, 0),
                          .words = {str_copy(a, db_text(s, 1)), str_copy(a, db_text(s, 2)),
                                    str_copy(a, db_text(s, 3)), str_copy(a, db_text(s, 4))},
                          .url = str_copy(a, db_text(s, 5)),
                          .within = db_int(s, 6) != 0,
                          .salt = str_copy(a, db_text(s, 7)),
                          .key_id = str_copy(a, db_text(s, 8)),
                          .created_at = db_int(s, 9),
                          .delivered_at = db_int(s, 10),
                          .last = str_copy(a, db_text(s, 11)),
                          .state = state_of(db_text(s, 12)),
                          .failures = (int)db_int(s, 13),
                          .next_at = db_int(s, 14),
                          .fault_zh = str_copy(a, db_text(s, 15)),
                          .fault_en = str_copy(a, db_text(s, 16))};
}

static enum err missing(int64_t id, struct error *e)
{
    err_set(e, ERR_NOT_FOUND, "没有编号为 %lld 的关注", "there is no watch %lld", (long long)id);
    err_hint(e, "fumao follow list");
    return ERR_NOT_FOUND;
}

enum err watch_list(struct db *d, struct arena *a, int64_t id, struct watch **out, int *n,
                    struct error *e)
{
    struct db_stmt *s;
    struct watch *list = ARENA_ARRAY(a, struct watch, 16);
    int room = 16;
    bool row;
    *n = 0;
    TRY(db_prepare(d, "SELECT id,sector,mode,origin,place,url,within,salt,key_id,created_at,"
                      "delivered_at,last,state,failures,next_at,fault_zh,fault_en FROM watch"
                      " WHERE ?1=0 OR id=?1 ORDER BY id", &s, e));
    db_bind_int(s, 1, id);
    enum err r;
    while ((r = db_step(s, &row, e)) == OK && row) {
        if (*n == room) {
            struct watch *wider = ARENA_ARRAY(a, struct watch, (size_t)room * 2);
            memcpy(wider, list, (size_t)room * sizeof *list);
            list = wider;
            room *= 2;
        }
        list[(*n)++] = read_row(s, a);
    }
    db_finish(s);
    *out = list;
    return r == OK && id != 0 && *n == 0 ? missing(id, e) : r;
}

enum err watch_told(struct db *d, int64_t id, struct str key, bool *told, struct error *e)
{
    struct db_stmt *s;
    TRY(db_prepare(d, "SELECT 1 FROM watch_told WHERE watch=?1 AND key=?2", &s, e));
    db_bind_int(s, 1, id);
    db_bind_text(s, 2, key);
    enum err r = db_step(s, told, e);
    db_finish(s);
    return r;
}

/* --- writing -------------------------------------------------------------------------------- */

/* Runs a statement that gives no rows, and finishes it. */
static enum err run(struct db_stmt *s, struct error *e)
{
    bool row;
    enum err r = db_step(s, &row, e);
    db_finish(s);
    return r;
}

/* One number of one statement with at most one number put in. */
static enum err number(struct db *d, const char *sql, int64_t id, int64_t *out, struct error *e)
{
    struct db_stmt *s;
    bool row;
    TRY(db_prepare(d, sql, &s, e));
    if (id != 0)
        db_bind_int(s, 1, id);
    enum err r = db_step(s, &row, e);
    *out = r == OK && row ? db_int(s, 0) : 0;
    db_finish(s);
    return r;
}

/* Ends a transaction, for better or worse. */
static enum err end(struct db *d, enum err r, struct error *e)
{
    if (r == OK)
        r = db_exec(d, "COMMIT", e);
    if (r != OK)
        db_exec(d, "ROLLBACK", NULL);
    return r;
}

/* Told, unless the watch has been taken away in the meantime. */
static enum err put_told(struct db *d, int64_t id, const struct str *keys, int n, struct error *e)
{
    struct db_stmt *s;
    enum err r = OK;
    bool row;
    TRY(db_prepare(d, "INSERT OR IGNORE INTO watch_told SELECT id,?2 FROM watch WHERE id=?1", &s,
                   e));
    for (int i = 0; i < n && r == OK; i++) {
        db_bind_int(s, 1, id);
        db_bind_text(s, 2, keys[i]);
        r = db_step(s, &row, e);
        db_reset(s);
    }
    db_finish(s);
    return r;
}

static enum err insert(struct db *d, struct watch *w, struct error *e)
{
    struct db_stmt *s;
    int64_t many;
    TRY(number(d, "SELECT count(*) FROM watch", 0, &many, e));
    if (many >= LIMIT_WATCHES)
        return err_set(e, ERR_LIMIT, "关注超过 %d 项（LIMIT_WATCHES）",
                       "more than %d watches (LIMIT_WATCHES)", (int)LIMIT_WATCHES);
    TRY(db_prepare(d, "INSERT INTO watch(sector,mode,origin,place,url,within,salt,key_id,"
                      "created_at) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)", &s, e));
    db_bind_text(s, 1, w->words.sector);
    db_bind_text(s, 2, w->words.mode);
    db_bind_text(s, 3, w->words.from);
    db_bind_text(s, 4, w->words.to);
    db_bind_text(s, 5, w->url);
    db_bind_int(s, 6, w->within);
    db_bind_text(s, 7, w->salt);
    db_bind_text(s, 8, w->key_id);
    db_bind_int(s, 9, w->created_at);
    TRY(run(s, e));
    return number(d, "SELECT last_insert_rowid()", 0, &w->id, e);
}

enum err watch_add(struct db *d, struct watch *w, const struct str *keys, int n, struct error *e)
{
    TRY(db_exec(d, "BEGIN IMMEDIATE", e));
    enum err r = insert(d, w, e);
    if (r == OK)
        r = put_told(d, w->id, keys, n, e);
    return end(d, r, e);
}

static enum err change_one(struct db *d, const char *sql, int64_t id, struct error *e)
{
    struct db_stmt *s;
    int64_t changed = 0;
    TRY(db_exec(d, "BEGIN IMMEDIATE", e));
    enum err r = db_prepare(d, sql, &s, e);
    if (r == OK) {
        db_bind_int(s, 1, id);
        r = run(s, e);
    }
    if (r == OK)
        r = number(d, "SELECT changes()", 0, &changed, e);
    if (r == OK && changed == 0)
        r = missing(id, e);
    return end(d, r, e);
}

enum err watch_remove(struct db *d, int64_t id, struct error *e)
{
    return change_one(d, "DELETE FROM watch WHERE id=?1", id, e);
}

enum err watch_resume(struct db *d, int64_t id, struct error *e)
{
    return change_one(d, "UPDATE watch SET state='active',failures=0,next_at=0,fault_zh='',"
                         "fault_en='' WHERE id=?1", id, e);
}

enum err watch_delivered(struct db *d, struct watch *w, const struct str *keys, int n,
                         struct str last, int64_t now, struct error *e)
{
    struct db_stmt *s;
    TRY(db_exec(d, "BEGIN IMMEDIATE", e));
    enum err r = put_told(d, w->id, keys, n, e);
    if (r == OK)
        r = db_prepare(d, "UPDATE watch SET state='active',failures=0,next_at=0,fault_zh='',"
                          "fault_en='',last=?2,delivered_at=?3 WHERE id=?1", &s, e);
    if (r == OK) {
        db_bind_int(s, 1, w->id);
        db_bind_text(s, 2, last);
        db_bind_int(s, 3, now);
        r = run(s, e);
    }
    TRY(end(d, r, e));
    w->state = WATCH_ACTIVE;
    w->failures = 0;
    w->next_at = 0;
    w->last = last;
    w->delivered_at = now;
    return OK;
}

int64_t watch_pause_s(int failures)
{
    int64_t s = LIMIT_WATCH_WAIT_S;
    for (int i = 1; i < failures && s < LIMIT_WATCH_WAIT_MOST_S; i++)
        s *= 2;
    return s < LIMIT_WATCH_WAIT_MOST_S ? s : LIMIT_WATCH_WAIT_MOST_S;
}

enum err watch_failed(struct db *d, struct watch *w, const struct error *why, bool gone,
                      int64_t now, struct error *e)
{
    struct db_stmt *s;
    w->failures++;
    w->state = gone || w->failures >= LIMIT_WATCH_TRIES ? WATCH_STOPPED : WATCH_FAILING;
    w->next_at = now + watch_pause_s(w->failures);
    TRY(db_prepare(d, "UPDATE watch SET state=?2,failures=?3,next_at=?4,fault_zh=?5,fault_en=?6"
                      " WHERE id=?1", &s, e));
    db_bind_int(s, 1, w->id);
    db_bind_text(s, 2, str_from(states[w->state]));
    db_bind_int(s, 3, w->failures);
    db_bind_int(s, 4, w->next_at);
    db_bind_text(s, 5, str_from(why->detail_zh));
    db_bind_text(s, 6, str_from(why->detail_en));
    return run(s, e);
}
