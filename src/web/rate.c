#include "web/rate.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { RATE_SETS = 4096, RATE_WAYS = 8, PER_S_MAX = 1000000 };

struct slot {
    uint64_t client;  /* hash; 0: free */
    uint64_t full_ns; /* when its bucket is full again */
};

struct set {
    _Alignas(64) struct slot slot[RATE_WAYS];
};

struct rate {
    uint64_t seed, token_ns, burst_ns;
    int burst;
    struct set *set;
    atomic_flag busy[RATE_SETS]; /* held for a few loads and stores */
};

struct rate *rate_create(int per_s, int burst)
{
    check(per_s >= 1 && per_s <= PER_S_MAX && burst >= 1 && burst <= PER_S_MAX);
    struct rate *r = calloc(1, sizeof *r);
    check(r != NULL);
    r->set = aligned_alloc(64, RATE_SETS * sizeof *r->set);
    check(r->set != NULL);
    memset(r->set, 0, RATE_SETS * sizeof *r->set);
    for (int i = 0; i < RATE_SETS; i++)
        atomic_flag_clear(&r->busy[i]);
    random_bytes(&r->seed, sizeof r->seed);
    r->burst = burst;
    r->token_ns = 1000000000u / (uint64_t)per_s;
    r->burst_ns = r->token_ns * (uint64_t)burst;
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

struct rate_verdict rate_take(struct rate *r, struct str client, uint64_t now_ns)
{
    uint64_t h[2];
    hash_quick(client.p, client.n, r->seed, h);
    size_t at = h[0] % RATE_SETS;
    while (atomic_flag_test_and_set_explicit(&r->busy[at], memory_order_acquire))
        ;
    struct slot *s = slot_of(&r->set[at], h[1] | 1);
    uint64_t full = s->full_ns > now_ns ? s->full_ns : now_ns;
    uint64_t after = full + r->token_ns;
    bool allowed = after - now_ns <= r->burst_ns;
    if (allowed)
        s->full_ns = after;
    atomic_flag_clear_explicit(&r->busy[at], memory_order_release);
    struct rate_verdict v = {.allowed = allowed, .burst = r->burst};
    if (allowed) {
        v.remaining = (int)((r->burst_ns - (after - now_ns)) / r->token_ns);
        v.reset_s = seconds_up(after - now_ns);
    } else {
        v.reset_s = seconds_up(full - now_ns);
        v.retry_s = seconds_up(after - now_ns - r->burst_ns);
    }
    return v;
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
