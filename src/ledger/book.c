#include "ledger/book.h"

#include <time.h>

enum err book_begin(const struct book *b, struct error *e)
{
    return db_exec(b->d, "BEGIN IMMEDIATE", e);
}

enum err book_end(const struct book *b, enum err result, struct error *e)
{
    struct buf note;
    buf_init(&note);
    if (result == OK && b->log != NULL && b->signer != NULL)
        result = signer_checkpoint(b->signer, b->log, (int64_t)time(NULL), &note, e);
    buf_finish(&note);
    if (result == OK && (result = db_exec(b->d, "COMMIT", e)) == OK)
        return b->log == NULL ? OK : log_commit(b->log, e);
    db_exec(b->d, "ROLLBACK", NULL);
    if (b->log != NULL)
        log_rollback(b->log);
    return result;
}
