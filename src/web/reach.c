#include "web/reach.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

struct range { /* an address belongs to the first it fits */
    uint8_t prefix[16];
    uint8_t bits;
    enum reach reach;
};

/* https://www.iana.org/assignments/iana-ipv4-special-registry */
static const struct range ranges4[] = {
    {{127}, 8, REACH_LOOPBACK},
    {{10}, 8, REACH_PRIVATE},
    {{172, 16}, 12, REACH_PRIVATE},
    {{192, 168}, 16, REACH_PRIVATE},
    {{100, 64}, 10, REACH_PRIVATE},     /* behind a carrier's NAT */
    {{0}, 8, REACH_NEVER},
    {{169, 254}, 16, REACH_NEVER},      /* link-local */
    {{192, 0, 0}, 24, REACH_NEVER},
    {{192, 0, 2}, 24, REACH_NEVER},     /* documentation, and two more */
    {{198, 51, 100}, 24, REACH_NEVER},
    {{203, 0, 113}, 24, REACH_NEVER},
    {{192, 88, 99}, 24, REACH_NEVER},   /* 6to4 relays, deprecated */
    {{198, 18}, 15, REACH_NEVER},       /* benchmarking */
    {{224}, 3, REACH_NEVER},            /* multicast, reserved, broadcast */
    {{0}, 0, REACH_PUBLIC},
};

/* https://www.iana.org/assignments/iana-ipv6-special-registry; global unicast is 2000::/3. */
static const struct range ranges6[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, REACH_LOOPBACK},
    {{0xfc}, 7, REACH_PRIVATE},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, REACH_NEVER}, /* documentation */
    {{0x3f, 0xff, 0x00}, 20, REACH_NEVER},       /* documentation */
    {{0x20, 0x01, 0x00}, 23, REACH_NEVER},       /* protocol assignments; Teredo carries IPv4 */
    {{0x20, 0x02}, 16, REACH_NEVER},             /* 6to4 carries IPv4 */
    {{0x20}, 3, REACH_PUBLIC},
    {{0}, 0, REACH_NEVER},
};

static bool in_range(const uint8_t *a, const struct range *r)
{
    size_t whole = r->bits / 8;
    uint8_t rest = (uint8_t)(0xff00 >> (r->bits % 8));
    return memcmp(a, r->prefix, whole) == 0 &&
           (r->bits % 8 == 0 || ((a[whole] ^ r->prefix[whole]) & rest) == 0);
}

static enum reach first_of(const uint8_t *a, const struct range *r)
{
    while (!in_range(a, r))
        r++; /* the last has no bits: every address fits */
    return r->reach;
}

enum reach reach_of(const struct sockaddr *a)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    uint8_t b[16];
    if (a->sa_family == AF_INET) {
        memcpy(b, &((const struct sockaddr_in *)(const void *)a)->sin_addr, 4);
        return first_of(b, ranges4);
    }
    if (a->sa_family != AF_INET6)
        return REACH_NEVER;
    memcpy(b, &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, 16);
    if (memcmp(b, mapped, 12) == 0 || memcmp(b, nat64, 12) == 0)
        return first_of(b + 12, ranges4);
    return first_of(b, ranges6);
}
