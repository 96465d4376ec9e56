/*
 * callers: who asks by a key. A caller has a name and a bucket of its own (web/rate.h), and is
 * known by a key that only it holds: the file that names the callers has the SHA-256 of each key
 * and never a key. 256 random bits need no slow hash.
 *
 * The file is CSV with the columns key_sha256,name,rate_per_s,burst, reachable by its owner alone.
 * A key is looked for by comparing its digest with every one there is, in a time that does not
 * depend on which it is like; one that was taken out leaves nothing to find. Read once; the buckets
 * may be used by any number of threads.
 */
#ifndef WEB_CALLERS_H
#define WEB_CALLERS_H

#include "web/http.h"
#include "web/rate.h"

enum { CALLER_DIGEST_BYTES = 32, CALLER_NAME_BYTES = 64, CALLER_KEY_CHARS = 70 };

struct caller {
    uint8_t digest[CALLER_DIGEST_BYTES];
    struct str name;
    int per_s, burst;
    struct rate_bucket bucket;
};

struct callers;
/* ERR_NOT_FOUND, ERR_DENIED if others can reach the file, ERR_SYNTAX, ERR_INVALID, ERR_CONFLICT
 * (a name or a digest twice), ERR_LIMIT; each with file and line. */
enum err callers_read(struct callers **out, const char *path, struct error *e);
void callers_destroy(struct callers *c); /* accepts NULL */
int callers_count(const struct callers *c);
const struct caller *callers_at(const struct callers *c, int i);

/* The caller that holds this key; NULL if none does. */
struct caller *callers_find(struct callers *c, struct str key);
/* The key of a request, out of X-Api-Key or Authorization: Bearer. Returns how many it says, and
 * blanks each, so that nothing behind can print one. */
int callers_take_key(struct http_field *headers, int n, struct str *key);

/* Of a new caller: the key, told once, and its digest. */
void caller_make_key(char key[CALLER_KEY_CHARS + 1], uint8_t digest[CALLER_DIGEST_BYTES]);
/* 1 to CALLER_NAME_BYTES of UTF-8 without control characters, blanks at its ends, or a beginning
 * that a spreadsheet would take for a formula. */
bool caller_name_valid(struct str name);
void callers_write_head(struct buf *out);
void caller_write(const struct caller *c, struct buf *out); /* its line */

#endif
