/*
 * portal: the pages for people. Every page is written by the server, works without JavaScript,
 * exists in Chinese and English (?lang=, else Accept-Language, else Chinese), and has a JSON
 * twin at the same address with .json. An address is a permalink: it names the whole question,
 * so the same link gives the same answer as long as the law and the data stay.
 *
 * The order of an answer page is fixed: verdict, why, the next question, what to do, how sure,
 * as of when, proof. A verdict that rests on evidence B or C is never shown as final.
 * Everything below ctx is immutable; the handler may run on many threads at once.
 */
#ifndef PORTAL_PORTAL_H
#define PORTAL_PORTAL_H

#include "decide/decide.h"
#include "web/http.h"

struct archive;
struct gallery;

struct portal {
    const struct classification *codes;
    const struct corpus *corpus;
    const struct snapshot *snapshot;
    struct archive *archive; /* NULL: answers cannot be kept; the one thing here that changes */
    struct gallery *gallery; /* released statistics; NULL: no store is open for them */
    const char *jobs;        /* folder of jobs (declaration/job.h); NULL: they are not shown */
};

/* For struct http_options: the paths that take large bodies, and those that take no token. */
extern const char *const portal_large[];
extern const char *const portal_uncounted[];

/* An http_handler; ctx is a const struct portal. */
void portal_handle(void *ctx, const struct request *rq, struct response *rs);

#endif
