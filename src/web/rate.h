/*
 * rate: how often one client may ask. Each client has a bucket that holds `burst` tokens and is
 * filled with `per_s` a second; a request takes one. A bucket is kept as one number, the moment at
 * which it would be full again (the generic cell rate algorithm), so that a client costs 16 bytes
 * and nothing has to be filled by a clock.
 *
 * Memory is fixed: a table of RATE_SETS sets of RATE_WAYS clients. In a full set the client whose
 * bucket is fullest makes room; it loses only what it owes, so that forgetting is always in
 * favour of a client, and a flood of made-up addresses shuts nobody out. Addresses are hashed
 * with a secret of the process; of IPv6 the /64 counts. Any number of threads; no clock inside.
 *
 * A request whose price shows only when its body is read takes the rest of it then. It is let in
 * when all of that is there, or, if it costs more than a bucket holds, when the bucket was full:
 * it then owes, and the requests behind it wait, so that the rate holds in the long run.
 */
#ifndef WEB_RATE_H
#define WEB_RATE_H

#include "base/base.h"

struct sockaddr;
struct rate;

enum { RATE_MAX = 1000000 }; /* of per_s and of burst */

struct rate_verdict {
    bool allowed;
    int burst, remaining; /* tokens of a full bucket; left after this request */
    int reset_s;          /* until the bucket is full, rounded up */
    int retry_s;          /* if not allowed: until there is a token again, rounded up, at least 1 */
};

/* per_s and burst from 1 to RATE_MAX. */
struct rate *rate_create(int per_s, int burst);
void rate_destroy(struct rate *r); /* accepts NULL */
/* now_ns: of a clock that never goes back. */
struct rate_verdict rate_take(struct rate *r, struct str client, uint64_t now_ns);
/* The rest of a price, after rate_take. */
struct rate_verdict rate_take_more(struct rate *r, struct str client, int tokens, uint64_t now_ns);

/* A bucket that stands alone, and is never forgotten. */
struct rate_bucket {
    uint64_t token_ns, burst_ns;
    int burst;
    _Atomic uint64_t full_ns;
};
void rate_bucket_init(struct rate_bucket *b, int per_s, int burst);
struct rate_verdict rate_bucket_take(struct rate_bucket *b, uint64_t now_ns);
struct rate_verdict rate_bucket_take_more(struct rate_bucket *b, int tokens, uint64_t now_ns);

/* The name under which a client is counted: the bytes of its address (a port is not part of it),
 * of IPv6 the first eight; {NULL,0} for other families. Points into `a`. */
struct str rate_client(const struct sockaddr *a);
/* The last address of X-Forwarded-For: what our own proxy saw. `out` has room for 16 bytes.
 * {NULL,0} if it is no address. */
struct str rate_client_forwarded(struct str header, unsigned char out[16]);

#endif
