/*
 * post: one document to a server of somebody else, many of them at the same time. The address was
 * given by a person and is not trusted: https only, no redirect is followed, no proxy and no cookie,
 * and what the name resolves to is looked at (web/reach.h) when the connection is made, so that a
 * name which changes its address between two looks gains nothing; no connection serves twice, or
 * one made for who may reach more would carry the document of who may not. The answer counts by its
 * status; its text is read up to a limit and dropped.
 */
#ifndef WEB_POST_H
#define WEB_POST_H

#include "base/base.h"

struct post {
    struct str url;    /* passed post_check */
    bool within;       /* private addresses and this machine may be reached; http for the latter */
    const char *ca;    /* PEM file of authorities; NULL: those of the system */
    struct str body;   /* JSON */
    const char *const *headers; /* "Name: value", NULL-ended */
};

/* Is this an address a document may be posted to? Printable ASCII, at most LIMIT_POST_URL_BYTES,
 * scheme https (http with `within`, for a loopback address or localhost), a host, no user, no
 * fragment. ERR_INVALID, ERR_LIMIT. `e` not NULL. */
enum err post_check(struct str url, bool within, struct error *e);

/* The server an address names, to count what is under way to it: lower case, no port. Empty: none. */
struct str post_host(struct arena *a, struct str url);

/* Those under way, at most LIMIT_POSTS; of one thread. */
struct posts;
struct posts *posts_create(void);
void posts_destroy(struct posts *s); /* when none is under way */
/* Begins one, which with all it points to must stay until posts_next gives it back by `whose`. The
 * errors are those of post_check; then nothing is under way. `e` not NULL. */
enum err posts_begin(struct posts *s, const struct post *p, void *whose, struct error *e);

/* OK: the status was one of 200 to 299. ERR_DENIED: no address of the host may be reached. ERR_IO:
 * no connection, no answer in time. ERR_CONFLICT: another status. ERR_INVALID: `ca` holds no
 * certificate, which is no fault of the other side. status: 0 without an answer. */
struct post_end {
    void *whose;
    enum err code;
    int status;
    struct error why;
};
/* One that is over; `wait`: when none is, until one is. False: none is over, or none under way.
 * The clock of a post runs while its sender does other things, so this is called often. */
bool posts_next(struct posts *s, bool wait, struct post_end *out);

#endif
