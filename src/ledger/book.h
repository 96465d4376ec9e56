/* book: a store together with its log and who signs it, so that a change of state, the entry that
 * tells of it and the signed head are one transaction. */
#ifndef LEDGER_BOOK_H
#define LEDGER_BOOK_H

#include "ledger/signer.h"

struct book {
    struct db *d;
    struct log *log;             /* NULL: nothing is logged */
    const struct signer *signer; /* NULL: nothing is signed */
};

/* A transaction of the book: book_end signs and commits if `result` is OK, else rolls back and
 * gives `result`. */
enum err book_begin(const struct book *b, struct error *e);
enum err book_end(const struct book *b, enum err result, struct error *e);

#endif
