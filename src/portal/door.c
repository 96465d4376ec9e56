/* /api: what programs may ask. The examples are asked once a day and kept. */
#include "portal/inside.h"

#include "portal/door.h"

#include <pthread.h>
#include <stdlib.h>

enum { SHOWN_BYTES = 320 };

struct str door_word(const struct view *v, const char *zh, const char *en)
{
    return pick(v, str_from(zh), str_from(en));
}

struct str door_curl(const struct view *v, const struct api_route *r)
{
    struct buf b;
    buf_init(&b);
    if (r->body != NULL) {
        buf_printf(&b, "curl -H 'Content-Type: application/json' -d '%s' \\\n  '$HOST%s'", r->body,
                   r->example);
    } else {
        buf_printf(&b, "curl '$HOST%s'", r->example);
    }
    struct str s = str_copy(v->arena, buf_view(&b));
    buf_finish(&b);
    return s;
}

const char *door_anchor(const struct view *v, const struct api_route *r)
{
    char *z = arena_copy(v->arena, r->id, strlen(r->id));
    for (char *p = z; *p != '\0'; p++) {
        *p = *p == '_' ? '-' : *p;
    }
    return z;
}

bool door_has_query(const struct api_route *r)
{
    return r->n_params > 0;
}

/* A request as the border would hand it on. */
static void make_request(struct arena *a, const struct api_route *r, struct request *rq)
{
    struct str target = str_from(r->example);
    *rq = (struct request){.method = r->body != NULL ? METHOD_POST : METHOD_GET, .arena = a,
                           .target = target};
    rq->path_raw = str_cut(target, '?', &rq->query_raw);
    check(http_decode(a, rq->path_raw, false, &rq->path));
    check(http_parse_fields(a, rq->query_raw, &rq->query, &rq->n_query));
    rq->body = str_from(r->body);
}

/* Whole characters only. */
static struct str first_bytes(struct str s)
{
    size_t n = s.n < SHOWN_BYTES ? s.n : SHOWN_BYTES;
    while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80) {
        n--;
    }
    return (struct str){s.p, n};
}

static struct door_example ask(const struct api *api, const struct api_route *r,
                               struct arena *keep)
{
    struct arena step;
    struct request rq;
    struct door_example x = {.bytes = 0};
    arena_init(&step);
    struct response rs = {.status = 200, .arena = &step};
    make_request(&step, r, &rq);
    api_handle(api, &rq, &rs);
    struct str whole = buf_view(&rs.body), shown = first_bytes(whole);
    x.answer = str_copy(keep, shown);
    x.bytes = whole.n;
    x.cut = shown.n < whole.n;
    buf_finish(&rs.body);
    if (rs.piece_end != NULL) {
        rs.piece_end(rs.piece_ctx);
    }
    arena_finish(&step);
    return x;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    const struct corpus *law;
    day_t day;
    struct arena arena;
    struct door_example *example;
} kept;

/* Copied out under the lock: another day may come while a page is being written. */
static const struct door_example *examples(const struct view *v)
{
    struct door_example *x = ARENA_ARRAY(v->arena, struct door_example, (size_t)api_n_routes);
    pthread_mutex_lock(&lock);
    if (kept.law != v->law || kept.day != v->today) {
        arena_reset(&kept.arena);
        kept.example = ARENA_ARRAY(&kept.arena, struct door_example, (size_t)api_n_routes);
        for (int i = 0; i < api_n_routes; i++) {
            kept.example[i] = ask(&v->api, &api_routes[i], &kept.arena);
        }
        kept.law = v->law;
        kept.day = v->today;
    }
    for (int i = 0; i < api_n_routes; i++) {
        x[i] = kept.example[i];
        x[i].answer = str_copy(v->arena, x[i].answer);
    }
    pthread_mutex_unlock(&lock);
    return x;
}

void api_page_handle(struct handled *h)
{
    struct door d = {.example = examples(&h->v)};
    struct buf b;
    buf_init(&b);
    page_api(&b, h->v.lang, &h->v, &d);
    frame(h, say(&h->v, MSG_api_title), &b);
}
