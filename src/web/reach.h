/* reach: what lies behind an address, so that a program that calls addresses it was given cannot
 * be made to call its own neighbours. By the IANA registries of special-purpose addresses (RFC
 * 6890); an address that carries another (IPv4-mapped, NAT64) is what it carries. */
#ifndef WEB_REACH_H
#define WEB_REACH_H

enum reach {
    REACH_PUBLIC,
    REACH_PRIVATE,  /* RFC 1918, RFC 6598, fc00::/7: a network of one's own */
    REACH_LOOPBACK, /* this machine */
    REACH_NEVER     /* link-local (cloud metadata lies there), multicast, documentation, reserved */
};

struct sockaddr;
enum reach reach_of(const struct sockaddr *a); /* REACH_NEVER for other families */

#endif
