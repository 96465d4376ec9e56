#include "web/rate.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { RATE_SETS = 4096, RATE_WAYS = 8 };

struct slot {
    uint64_t client;  /* hash; 0: free */
    uint64_t full_ns; /* when its bucket is full again */
};

struct set {
    _Alignas(64) struct slot slot[RATE_WAYS];
};

/* How large a bucket is and how fast it fills. */
struct pace {
    uint64_t token_ns, burst_ns;
    int burst;
};

struct rate {
    uint64_t seed;
    struct pace pace;
    struct set *set;
    atomic_flag busy[RATE_SETS]; /* held for a few loads and stores */
};

static struct pace pace_of(int per_s, int burst)
{
    check(per_s >= 1 && per_s <= RATE_MAX && burst >= 1 && burst <= RATE_MAX);
    uint64_t token_ns = 1000000000u / (uint64_t)per_s;
    return (struct pace){token_ns, token_ns * (uint64_t)burst, burst};
}

struct rate *rate_create(int per_s, int burst)
{
    struct rate *r = calloc(1, sizeof *r);
    check(r != NULL);
    r->set = aligned_alloc(64, RATE_SETS * sizeof *r->set);
    check(r->set != NULL);
    memset(r->set, 0, RATE_SETS * sizeof *r->set);
    for (int i = 0; i < RATE_SETS; i++)
        atomic_flag_clear(&r->busy[i]);
    random_bytes(&r->seed, sizeof r->seed);
    r->pace = pace_of(per_s, burst);
    return r;
}

void rate_destroy(struct rate *r)
{
    if (r != NULL) {
        free(r->set);
        free(r);
    }
}

/* Its slot, or the one that owes least: a free slot owes nothing. */
static struct slot *slot_of(struct set *s, uint64_t client)
{
    struct slot *least = &s->slot[0];
    for (int i = 0; i < RATE_WAYS; i++) {
        if (s->slot[i].client == client)
            return &s->slot[i];
        if (s->slot[i].full_ns < least->full_ns)
            least = &s->slot[i];
    }
    *least = (struct slot){.client = client};
    return least;
}

static int seconds_up(uint64_t ns)
{
    return (int)((ns + 999999999u) / 1000000000u);
}

/* `paid`: tokens that this request has taken already, 0 or 1. */
static struct rate_verdict spend(struct pace p, uint64_t *full_ns, int tokens, int paid,
                                 uint64_t now_ns)
{
    check(tokens >= 0);
    int room = p.burst - paid; /* what is left of a full bucket is all one can wait for */
    uint64_t needs = p.token_ns * (uint64_t)(tokens < room ? tokens : room);
    uint64_t owes = *full_ns > now_ns ? *full_ns - now_ns : 0;
    struct rate_verdict v = {.allowed = owes + needs <= p.burst_ns, .burst = p.burst};
    if (v.allowed) {
        owes += p.token_ns * (uint64_t)tokens;
        *full_ns = now_ns + owes;
    } else {
        v.retry_s = seconds_up(owes + needs + p.token_ns * (uint64_t)paid - p.burst_ns);
    }
    v.remaining = owes < p.burst_ns ? (int)((p.burst_ns - owes) / p.token_ns) : 0;
    v.reset_s = seconds_up(owes);
    return v;
}

static struct rate_verdict take(struct rate *r, struct str client, int tokens, int paid,
                                uint64_t now_ns)
{
    uint64_t h[2];
    hash_quick(client.p, client.n, r->seed, h);
    size_t at = h[0] % RATE_SETS;
    while (atomic_flag_test_and_set_explicit(&r->busy[at], memory_order_acquire))
        ;
    struct slot *s = slot_of(&r->set[at], h[1] | 1);
    struct rate_verdict v = spend(r->pace, &s->full_ns, tokens, paid, now_ns);
    atomic_flag_clear_explicit(&r->busy[at], memory_order_release);
    return v;
}

struct rate_verdict rate_take(struct rate *r, struct str client, uint64_t now_ns)
{
    return take(r, client, 1, 0, now_ns);
}

struct rate_verdict rate_take_more(struct rate *r, struct str client, int tokens, uint64_t now_ns)
{
    return take(r, client, tokens, 1, now_ns);
}

void rate_bucket_init(struct rate_bucket *b, int per_s, int burst)
{
    struct pace p = pace_of(per_s, burst);
    b->token_ns = p.token_ns;
    b->burst_ns = p.burst_ns;
    b->burst = p.burst;
    atomic_init(&b->full_ns, 0);
}

static struct rate_verdict bucket_take(struct rate_bucket *b, int tokens, int paid,
                                       uint64_t now_ns)
{
    const struct pace p = {b->token_ns, b->burst_ns, b->burst};
    uint64_t was = atomic_load(&b->full_ns), after;
    struct rate_verdict v;
    do { /* another thread may have taken meanwhile */
        after = was;
        v = spend(p, &after, tokens, paid, now_ns);
    } while (v.allowed && !atomic_compare_exchange_weak(&b->full_ns, &was, after));
    return v;
}

struct rate_verdict rate_bucket_take(struct rate_bucket *b, uint64_t now_ns)
{
    return bucket_take(b, 1, 0, now_ns);
}

struct rate_verdict rate_bucket_take_more(struct rate_bucket *b, int tokens, uint64_t now_ns)
{
    return bucket_take(b, tokens, 1, now_ns);
}

struct str rate_client(const struct sockaddr *a)
{
    if (a != NULL && a->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)a;
        return (struct str){(const char *)&v4->sin_addr, 4};
    }
    if (a != NULL && a->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)a;
        return (struct str){(const char *)&v6->sin6_addr, 8};
    }
    return (struct str){NULL, 0};
}

struct str rate_client_forwarded(struct str header, unsigned char out[16])
{
    char text[INET6_ADDRSTRLEN];
    size_t from = header.n;
    if (header.n == 0)
        return (struct str){NULL, 0};
    while (from > 0 && header.p[from - 1] != ',')
        from--;
    struct str last = str_trim((struct str){header.p + from, header.n - from});
    if (last.n == 0 || last.n >= sizeof text)
        return (struct str){NULL, 0};
    memcpy(text, last.p, last.n);
    text[last.n] = '\0';
    if (inet_pton(AF_INET, text, out) == 1)
        return (struct str){(const char *)out, 4};
    if (inet_pton(AF_INET6, text, out) == 1)
        return (struct str){(const char *)out, 8};
    return (struct str){NULL, 0};
}
