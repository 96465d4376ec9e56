/*
 * watch: cells that somebody follows, and the address at which they want to be told. The news is
 * that of the Atom feed of the same cells (compare/follow.h): a change of the law that does not
 * touch the meaning of the cells is none, and sends nothing.
 *
 * A watch is a row of the store. What was told is kept news by news, not as one mark: a text found
 * late has a day before the last one told. News counts as told when the other side has taken it,
 * and not before: killed in between, the same document goes out again, and its keys tell the
 * receiver that it is the same. A target that fails is tried again after a pause that grows, and
 * stopped after LIMIT_WATCH_TRIES failures in a row, or when it says that it is gone.
 *
 * Secrets are not in the store, which is copied about: the secret of a watch is made of a salt in
 * its row and of the key file STORE.follow (32 random bytes, mode 0600).
 *
 * Registered on the command line alone. A form that made the server call any address would be a
 * tool for attackers.
 */
#ifndef WATCH_WATCH_H
#define WATCH_WATCH_H

#include "compare/follow.h"
#include "db/db.h"

enum { WATCH_SECRET_CHARS = 77, WATCH_KEY_BYTES = 32, WATCH_ID_CHARS = 16 };
enum watch_state { WATCH_ACTIVE, WATCH_FAILING, WATCH_STOPPED, WATCH_STATES };
const char *watch_state_name(enum watch_state s); /* "active" "failing" "stopped" */

struct watch {
    int64_t id;
    struct follow_words words; /* in normal form */
    struct str url;
    bool within;               /* the target may lie in a private network or on this machine */
    struct str salt, key_id;   /* hex; key_id says which key file the secret was made with */
    int64_t created_at, delivered_at; /* seconds since 1970; delivered_at 0: never */
    struct str last;           /* id of the news delivered last; empty: none */
    enum watch_state state;
    int failures;              /* in a row */
    int64_t next_at;           /* failing: not before */
    struct str fault_zh, fault_en; /* why the last try failed; empty: it did not */
};

/* --- rows ------------------------------------------------------------------------------------ */

enum err watch_open(struct db *d, struct error *e); /* makes the tables */
/* All of them in order of id; with `id` not 0, that one (ERR_NOT_FOUND). */
enum err watch_list(struct db *d, struct arena *a, int64_t id, struct watch **out, int *n,
                    struct error *e);
/* A new row out of words, url, within, salt, key_id and created_at; the news with the keys counts
 * as told. Sets w->id. ERR_LIMIT (LIMIT_WATCHES). */
enum err watch_add(struct db *d, struct watch *w, const struct str *keys, int n, struct error *e);
enum err watch_remove(struct db *d, int64_t id, struct error *e); /* ERR_NOT_FOUND */
/* Active again, to be tried at once. ERR_NOT_FOUND. */
enum err watch_resume(struct db *d, int64_t id, struct error *e);
/* Was the news with this key told? */
enum err watch_told(struct db *d, int64_t id, struct str key, bool *told, struct error *e);
/* The other side has taken the news with the keys, `last` the last of it. One transaction. */
enum err watch_delivered(struct db *d, struct watch *w, const struct str *keys, int n,
                         struct str last, int64_t now, struct error *e);
/* It has not. `gone`: it never will. Sets state, failures and next_at of *w as in the row. */
enum err watch_failed(struct db *d, struct watch *w, const struct error *why, bool gone,
                      int64_t now, struct error *e);
int64_t watch_pause_s(int failures); /* after so many in a row, at least 1 */

/* --- secrets --------------------------------------------------------------------------------- */

struct watch_key {
    int fd;
    uint8_t key[WATCH_KEY_BYTES];
    char id[WATCH_ID_CHARS + 1]; /* hex */
};
/* Reads STORE.follow, which is made when it is not there and `make`. ERR_NOT_FOUND, ERR_DENIED when
 * others can reach it, ERR_INTEGRITY when it is no key, ERR_USAGE for a store in memory. */
enum err watch_key_open(struct watch_key *k, const struct db *d, bool make, struct error *e);
void watch_key_close(struct watch_key *k); /* accepts a zeroed one; blanks the key */
/* One sender at a time: holds until the key is closed. ERR_BUSY. */
enum err watch_key_lock(const struct watch_key *k, struct error *e);
/* A salt for a new row; `hex` has room for 2 * WATCH_KEY_BYTES + 1. */
void watch_salt(char *hex);
/* ERR_INTEGRITY when the key is not the one the watch was made with. */
enum err watch_secret(const struct watch_key *k, const struct watch *w,
                      char out[WATCH_SECRET_CHARS + 1], struct error *e);

/* --- sending --------------------------------------------------------------------------------- */

struct watch_desk {
    struct db *db;
    const struct snapshot *law;
    const struct watch_key *key;
    const char *ca; /* see web/post.h */
    day_t today;
    int news_most;  /* in one document; LIMIT_WATCH_NEWS but for tests */
};

/* The news of the cells, oldest first, with the key of each; *w gets its normal form. */
struct watch_news {
    int n;
    const struct news **news;
    struct str *key;
};
enum err watch_news(const struct snapshot *s, struct follow_words *w, day_t today,
                    struct arena *a, struct watch_news *out, struct error *e);
/* The document of n pieces of news from the first on: docs/api.md. */
void watch_document(const struct corpus *c, struct arena *a, const struct watch *w,
                    const struct watch_news *x, int n, bool more, struct buf *out);
/* "t=SECONDS,v1=HEX": HEX = HMAC-SHA-256 of SECONDS "." body, by the characters of the secret. */
void watch_signature(const char *secret, int64_t at, struct str body, struct buf *out);

enum watch_end { WATCH_NOTHING_NEW, WATCH_TOLD, WATCH_NOT_TOLD };
struct watch_sent {
    enum watch_end end;
    int n;            /* news told */
    int status;       /* of the last answer; 0: none */
    struct error why; /* WATCH_NOT_TOLD */
};
/* May it be tried now? */
bool watch_due(const struct watch *w, int64_t now);
/* Told of each watch once, when it is through with it; they end in any order. */
typedef void watch_sent_fn(void *ctx, const struct watch *w, const struct watch_sent *s);
/* Tells n watches what is new, LIMIT_POSTS of them at the same time and LIMIT_POSTS_A_HOST of one
 * host: who says nothing holds up nobody but those at the same host. One watch is told in order,
 * news_most at a time, the next when the last was taken. Each answer is in the row as soon as
 * it has come. A target that does not take it is no error, and is in its row; an error is one of
 * the store or of the authorities to trust: then nothing more goes out, and what is under way ends
 * first. What a watch gets anew lies in `a`. */
enum err watch_send(const struct watch_desk *k, struct watch *const *w, int n, struct arena *a,
                    watch_sent_fn *sent, void *ctx, struct error *e);

#endif
