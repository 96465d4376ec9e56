/*
 * api: the answers as JSON, for programs; docs/api.md. The pages of the portal have twins: the same
 * address with .json gives the same content from the functions below, so that a page and its twin
 * cannot drift apart. Routes, their parameters, /api/v1/openapi.json and the page /api all come
 * from the tags beside the handlers (routes.h). Errors are problem+json (RFC 9457); a domain answer
 * is never an error.
 *
 * What a GET gives is a function of the program, the snapshot, the day and the parameters, and so
 * is its ETag: it is known before the answer is built.
 */
#ifndef API_API_H
#define API_API_H

#include "api/ask.h"
#include "web/http.h"

struct gallery;

struct api {
    const struct classification *codes;
    const struct corpus *corpus;
    const struct snapshot *snapshot;
    struct gallery *gallery; /* released statistics (gallery.h); NULL: none */
};

/* The leaves of a set, by what is answered: same outcome, interval and prevailing provisions. */
enum { API_GROUPS = 128 };
struct answer_group {
    enum outcome outcome;
    enum treatment must, treatment;
    int leaf;       /* the first one */
    int count;
    int provision;  /* the first that prevails, -1 */
    uint64_t leaves[SECTOR_WORDS];
};
/* Best answer first. Beyond API_GROUPS kinds of answer, the outcome alone makes a group.
 * The array lives in the arena. */
int answer_groups(const struct snapshot *s, const struct question *q,
                  const struct sector_set *sectors, struct arena *a, struct answer_group **out);

/* GET and POST below /api/; anything else there is 404. */
void api_handle(const struct api *api, const struct request *rq, struct response *rs);

/* The fields of a question out of the query: sector, mode, from, to, kind, direction, on, known,
 * and every fact and claim. ERR_LIMIT when there are too many. */
enum err ask_from_query(const struct request *rq, struct ask *out, struct error *e);

/* The ETag of such a GET: 128 bits over program, snapshot, day, path and the parameters in one
 * order (`lang` left out). `language`: where the answer depends on it, else "". */
struct str api_etag(const struct api *api, const struct request *rq, const char *language);

/* Bodies. */
void api_answer(const struct api *api, const struct request *rq, const struct ask *ask,
                struct response *rs);
void api_groups_json(const struct api *api, const struct question *q,
                     const struct sector_set *set, struct arena *a, struct buf *out);
void api_lists_json(const struct api *api, struct buf *out);
void api_list_json(const struct api *api, int instrument, struct buf *out);
void api_provision_json(const struct api *api, const struct provision *p, struct buf *out);
void api_find_json(const struct api *api, struct str words, struct buf *out, bool pretty);
/* Of what the words found only the classes that `among` names: codes parted by commas, as an answer
 * to the narrowing question gives them; empty keeps all. ERR_UNKNOWN_CODE. */
enum err api_among(const struct classification *codes, struct str among, struct finding *f,
                   struct error *e);
void api_found_json(const struct api *api, struct str words, const struct finding *f,
                    struct buf *out, bool pretty);
/* `detail` in the language of the request; detail_zh and detail_en are always there. */
void api_problem(const struct request *rq, const struct error *e, struct response *rs);
void api_problem_json(const struct error *e, bool english, struct jsonw *w);
int api_status(enum err code); /* the HTTP status of an error; the only such table here */

#endif
