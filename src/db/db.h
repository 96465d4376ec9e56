/*
 * db: one face over the store. Today SQLite (WAL, foreign keys on); the PostgreSQL face comes
 * with the departments' desk. Migrations are numbered scripts, each run once in a transaction.
 * Knows no trade word; statements are prepared, never assembled from input.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include "base/base.h"

struct db;
struct db_stmt;

/* spec: "sqlite:PATH" (made if absent), "sqlite::memory:"; NULL: sqlite under
 * $XDG_DATA_HOME/fumao or ~/.local/share/fumao. ERR_IO, ERR_USAGE, ERR_BUSY. */
enum err db_open(struct db **out, const char *spec, struct error *e);
/* The same for a store that must be there already: ERR_NOT_FOUND. */
enum err db_open_old(struct db **out, const char *spec, struct error *e);
/* One file by its path, to be read only: a backup. ERR_NOT_FOUND, ERR_INTEGRITY (no store). */
enum err db_open_file(struct db **out, const char *path, struct error *e);
/* The path a spec means, without opening anything. ERR_USAGE. */
enum err db_place(const char *spec, char *out, size_t room, struct error *e);
void db_close(struct db *d); /* NULL allowed */
const char *db_path(const struct db *d);

/* Runs scripts[version..] of a room and raises its version step by step, each in a transaction.
 * Every room that keeps tables has scripts of its own. ERR_CONFLICT: made by a newer program. */
enum err db_migrate(struct db *d, const char *room, const char *const *scripts, int n,
                    struct error *e);
enum err db_exec(struct db *d, const char *sql, struct error *e);
/* Writes the store as it is at this moment, others going on meanwhile, to `path`: one file without
 * companions, mode 0600, on the disk when it returns. ERR_CONFLICT when there is a file; one that
 * could not be finished is taken away. */
enum err db_copy(struct db *d, const char *path, struct error *e);
/* Makes the store one file without companions. ERR_BUSY when anybody else has it open. */
enum err db_settle(struct db *d, struct error *e);
/* The store's own checks of pages, indexes and references. ERR_INTEGRITY says the first finding. */
enum err db_integrity(struct db *d, struct error *e);

enum err db_prepare(struct db *d, const char *sql, struct db_stmt **out, struct error *e);
void db_bind_text(struct db_stmt *s, int at, struct str v);
void db_bind_int(struct db_stmt *s, int at, int64_t v);
enum err db_step(struct db_stmt *s, bool *row, struct error *e);
struct str db_text(struct db_stmt *s, int column); /* valid until the next step */
int64_t db_int(struct db_stmt *s, int column);
void db_reset(struct db_stmt *s); /* after the last row that is wanted, to step it again */
void db_finish(struct db_stmt *s);

#endif
