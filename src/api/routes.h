/* api, inside: one request on its way, and the table of routes, which tools/mkapi makes from the
 * tags beside the handlers (API: ...), together with the OpenAPI text. What a tag says of the
 * parameters is not only printed: the router refuses any other. */
#ifndef API_ROUTES_H
#define API_ROUTES_H

#include "api/api.h"

enum { API_PARTS = 4 };

struct api_call {
    const struct api *api;
    const struct request *rq;
    struct response *rs;
    struct arena *arena;
    struct str part[API_PARTS]; /* what stands for the {names} of the path, decoded, in order */
};

struct api_param {
    const char *name, *in, *type; /* in: "path", "query" */
    bool required, many;
    const char *zh, *en;
};

struct api_route {
    const char *method, *path, *id, *zh, *en, *example, *body, *schema;
    int n_params;
    const struct api_param *param;
    enum err (*handle)(struct api_call *c, struct error *e);
};

extern const struct api_route api_routes[];
extern const int api_n_routes;
extern const char api_openapi[];
extern const size_t api_openapi_n;

/* --- what handlers share ---------------------------------------------------------------- */
struct str api_arg(const struct api_call *c, const char *name); /* of the query, trimmed */
enum err api_day(const struct api_call *c, const char *name, day_t otherwise, day_t *out,
                 struct error *e);
enum err api_number(const struct api_call *c, const char *name, int otherwise, int most, int *out,
                    struct error *e);
/* Checks that answers can be given for these two days. */
enum err api_days(const struct api *api, day_t on, day_t known, struct error *e);
enum err api_no(struct error *e, enum err code, const char *field, struct str value,
                const char *hint); /* "there is no ..." */

#endif
