/*
 * kept: an answer somebody relies on, written down so that it can be checked again in ten years.
 *
 * The *content* is one canonical JSON object: the question with its facts and claims, the answer
 * (outcome, interval, what prevails, what would have to go, evidence), the editions that spoke
 * with their hashes, the snapshot's hash, and a nonce. It belongs to whoever asked: its name, which
 * opens it, is given to nobody else. What goes on the public log is the *leaf*: the SHA-256 of the
 * content, and nothing of the question; the nonce keeps anyone from guessing it.
 *
 * To check a content is to find the same editions and to let the judge (not the engine) decide the
 * question again, as of the day of knowledge it was asked on.
 */
#ifndef REHEARSAL_KEPT_H
#define REHEARSAL_KEPT_H

#include "ledger/log.h"
#include "rehearsal/questions.h"

enum { KEPT_ID = 16, KEPT_EDITIONS = LIMIT_LAYERS, KEPT_BYTES = 256 * 1024 };

struct kept_edition {
    struct str id, hash;
    int instrument; /* the record at hand with that hash; -1: not at hand */
};
struct kept {
    struct str content;
    struct str snapshot;
    struct question q; /* facts point below */
    struct facts facts;
    struct str outcome, must, treatment, favoured_by, evidence;
    int n_prevailing, n_flip;
    struct str *prevailing, *flip; /* "instrument/key" */
    int n_editions;
    struct kept_edition edition[KEPT_EDITIONS];
};

/* `nonce`: 32 hex digits from a source nobody can guess. */
void kept_content(const struct snapshot *s, const struct question *q,
                  const struct explanation *x, const char *nonce, struct buf *out);
/* The name an answer gets: 16 characters of RFC 4648 base32, lower case. */
void kept_name(const uint8_t random[10], char out[KEPT_ID + 1]);
void kept_leaf(int64_t at, struct str content, struct buf *out);
/* Does the leaf commit to this content? ERR_INTEGRITY, ERR_INVALID. */
enum err kept_leaf_check(struct str leaf, struct str content, struct error *e);
/* ERR_SYNTAX, ERR_INVALID, ERR_LIMIT; codes, facts and claims as for any question. */
enum err kept_read(struct arena *a, const struct corpus *c, struct str content, struct kept *out,
                   struct error *e);

/* The store's contents by name: the table kept(id, content, entry). */
enum err kept_migrate(struct db *d, struct error *e);
/* Inside a transaction: the row and its entry on the log. */
enum err kept_put(struct db *d, struct log *l, const char *id, int64_t at, struct str content,
                  uint64_t *entry, struct error *e);
enum err kept_get(struct db *d, struct str id, struct arena *a, struct str *content,
                  uint64_t *entry, struct error *e); /* ERR_NOT_FOUND */

/* Writes the question of every kept answer as a line of questions.h, oldest first. A store that
 * never kept one has none. */
enum err kept_questions(struct db *d, FILE *out, uint64_t *n, struct error *e);

struct kept_check {
    bool same_snapshot;  /* nothing at all has been added to the law at hand since */
    int n_missing;       /* editions that are not at hand, or not with that hash */
    bool holds;          /* the judge gives the same answer, in every field that was kept */
    const char *field;   /* the first that differs; NULL */
};
void kept_check(const struct snapshot *s, const struct kept *k, struct kept_check *out);

struct kept_now { /* the same question, by what is known on `today` */
    bool same;
    enum outcome outcome;
    enum treatment must, treatment;
    int n_gone, n_come; /* of what prevails */
    struct str gone[LIMIT_MATCHES], come[LIMIT_MATCHES]; /* "instrument/key" */
};
void kept_now(const struct snapshot *s, const struct kept *k, day_t today, struct arena *a,
              struct kept_now *out);

#endif
