/* One round: what is new for each watch, told, many watches at the same time. */
#include "watch/watch.h"

#include <stdlib.h>
#include <time.h>

#include "compare/chronicle.h"
#include "decide/snapshot.h"
#include "web/post.h"

enum { STATUS_GONE = 410 };

enum err watch_news(const struct snapshot *s, struct follow_words *w, day_t today,
                    struct arena *a, struct watch_news *out, struct error *e)
{
    struct followed cells;
    struct news *news;
    char urn[46];
    TRY(follow_read(s->c->codes, a, w, &cells, e));
    TRY(follow_make(s, &cells, today, a, &news, &out->n, e));
    out->news = ARENA_ARRAY(a, const struct news *, (size_t)out->n + 1);
    out->key = ARENA_ARRAY(a, struct str, (size_t)out->n + 1);
    for (int i = 0; i < out->n; i++) {
        out->news[i] = &news[out->n - 1 - i];
        chronicle_urn(follow_key_name(a, w, out->news[i]), urn);
        out->key[i] = str_copy(a, str_from(urn));
    }
    return OK;
}

bool watch_due(const struct watch *w, int64_t now)
{
    return w->state == WATCH_ACTIVE || (w->state == WATCH_FAILING && w->next_at <= now);
}

/* Leaves what was not told yet. */
static enum err keep_new(struct db *d, int64_t id, struct watch_news *x, struct error *e)
{
    int n = 0;
    for (int i = 0; i < x->n; i++) {
        bool told;
        TRY(watch_told(d, id, x->key[i], &told, e));
        if (told)
            continue;
        x->news[n] = x->news[i];
        x->key[n++] = x->key[i];
    }
    x->n = n;
    return OK;
}

/* --- one watch ------------------------------------------------------------------------------ */

struct sending {
    struct watch *w; /* NULL: the place is free */
    int at;          /* in the round */
    struct arena a;
    struct follow_words said; /* those of *w, which are read into `a` meanwhile */
    struct watch_news x;      /* not told yet */
    int n;               /* of them, in the document under way */
    struct buf body, signature;
    const char *headers[2];
    struct post post;
    struct watch_sent sent;
};

struct round {
    const struct watch_desk *k;
    struct watch *const *w;
    struct arena *a; /* the caller's */
    int n, first;          /* those before `first` have begun */
    bool *begun;
    int *host, *n_at_host; /* of each watch; under way at each host */
    int under_way;
    struct posts *posts;
    struct sending place[LIMIT_POSTS];
    watch_sent_fn *told;
    void *ctx;
    enum err result; /* the first error */
    struct error *e;
};

static void keep_error(struct round *t, enum err r, const struct error *e)
{
    if (r == OK || t->result != OK)
        return;
    t->result = r;
    if (t->e != NULL)
        *t->e = *e;
}

/* The place is free again. `r`: an error that is not the target's. */
static void through(struct round *t, struct sending *s, enum err r, const struct error *e)
{
    keep_error(t, r, e);
    if (r == OK)
        t->told(t->ctx, s->w, &s->sent);
    s->w->words = s->said;
    s->w = NULL;
    t->n_at_host[t->host[s->at]]--;
    t->under_way--;
}

static void not_told(struct round *t, struct sending *s)
{
    struct error e = {0};
    s->sent.end = WATCH_NOT_TOLD;
    enum err r = watch_failed(t->k->db, s->w, &s->sent.why, s->sent.status == STATUS_GONE,
                              (int64_t)time(NULL), &e);
    through(t, s, r, &e);
}

/* It was not taken, and s->sent.why says why. */
static void failed(struct round *t, struct sending *s, enum err r)
{
    if (r == ERR_INVALID) /* no authorities to trust: ours to mend */
        through(t, s, r, &s->sent.why);
    else
        not_told(t, s);
}

/* The first n of what is left, signed. */
static enum err make_post(const struct round *t, struct sending *s, struct error *why)
{
    char secret[WATCH_SECRET_CHARS + 1];
    TRY(watch_secret(t->k->key, s->w, secret, why));
    buf_clear(&s->body);
    buf_clear(&s->signature);
    watch_document(t->k->law->c, &s->a, s->w, &s->x, s->n, s->n < s->x.n, &s->body);
    buf_z(&s->signature, "Fumao-Signature: ");
    watch_signature(secret, (int64_t)time(NULL), buf_view(&s->body), &s->signature);
    buf_char(&s->signature, 0);
    explicit_bzero(secret, sizeof secret);
    s->headers[0] = s->signature.p;
    s->post = (struct post){.url = s->w->url, .within = s->w->within, .ca = t->k->ca,
                            .body = buf_view(&s->body), .headers = s->headers};
    return OK;
}

/* The next document, or the end of this watch. */
static void go_on(struct round *t, struct sending *s)
{
    if (s->x.n == 0 || t->result != OK) {
        through(t, s, OK, NULL);
        return;
    }
    s->n = s->x.n < t->k->news_most ? s->x.n : t->k->news_most;
    s->sent.status = 0;
    enum err r = make_post(t, s, &s->sent.why);
    if (r == OK)
        r = posts_begin(t->posts, &s->post, s, &s->sent.why);
    if (r != OK)
        failed(t, s, r);
}

static void begin(struct round *t, int i)
{
    struct error e = {0};
    struct sending *s = t->place;
    while (s->w != NULL)
        s++;
    s->w = t->w[i];
    s->at = i;
    s->said = s->w->words;
    memset(&s->sent, 0, sizeof s->sent);
    arena_reset(&s->a);
    t->begun[i] = true;
    t->n_at_host[t->host[i]]++;
    t->under_way++;
    if (watch_news(t->k->law, &s->w->words, t->k->today, &s->a, &s->x, &s->sent.why) != OK) {
        not_told(t, s); /* a code that a later list does not have any more */
        return;
    }
    enum err r = keep_new(t->k->db, s->w->id, &s->x, &e);
    if (r == OK && s->x.n == 0 && s->w->state == WATCH_FAILING)
        r = watch_resume(t->k->db, s->w->id, &e); /* what could not be told is no news any more */
    if (r == OK)
        go_on(t, s);
    else
        through(t, s, r, &e);
}

static void answered(struct round *t, const struct post_end *end)
{
    struct sending *s = end->whose;
    struct error e = {0};
    char urn[46];
    s->sent.status = end->status;
    if (end->code != OK) {
        s->sent.why = end->why;
        failed(t, s, end->code);
        return;
    }
    chronicle_urn(follow_id_name(&s->a, &s->w->words, s->x.news[s->n - 1]), urn);
    enum err r = watch_delivered(t->k->db, s->w, s->x.key, s->n, str_copy(t->a, str_from(urn)),
                                 (int64_t)time(NULL), &e);
    if (r != OK) {
        through(t, s, r, &e);
        return;
    }
    s->sent.end = WATCH_TOLD;
    s->sent.n += s->n;
    s->x.n -= s->n;
    s->x.news += s->n;
    s->x.key += s->n;
    go_on(t, s);
}

/* --- all of them ---------------------------------------------------------------------------- */

struct named {
    struct str host;
    int watch;
};

static int by_host(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    return str_cmp(x->host, y->host);
}

/* A number for each host. */
static void number_hosts(struct round *t, struct arena *a)
{
    struct named *list = ARENA_ARRAY(a, struct named, (size_t)t->n + 1);
    int host = 0;
    for (int i = 0; i < t->n; i++)
        list[i] = (struct named){post_host(a, t->w[i]->url), i};
    sort_by(list, (size_t)t->n, sizeof *list, by_host);
    for (int i = 0; i < t->n; i++) {
        host += i > 0 && !str_eq(list[i].host, list[i - 1].host);
        t->host[list[i].watch] = host;
    }
}

/* The first that may begin; -1: none may now. */
static int next_of(struct round *t)
{
    if (t->result != OK || t->under_way == LIMIT_POSTS)
        return -1;
    while (t->first < t->n && t->begun[t->first])
        t->first++;
    for (int i = t->first; i < t->n; i++)
        if (!t->begun[i] && t->n_at_host[t->host[i]] < LIMIT_POSTS_A_HOST)
            return i;
    return -1;
}

static void run(struct round *t)
{
    for (;;) {
        struct post_end end;
        int i = next_of(t);
        if (i >= 0)
            begin(t, i);
        else if (t->under_way == 0)
            return;
        for (bool wait = i < 0; posts_next(t->posts, wait, &end); wait = false)
            answered(t, &end);
    }
}

enum err watch_send(const struct watch_desk *k, struct watch *const *w, int n,
                    struct arena *keep, watch_sent_fn *sent, void *ctx, struct error *e)
{
    struct arena a;
    arena_init(&a);
    struct round *t = ARENA_NEW(&a, struct round);
    *t = (struct round){.k = k, .w = w, .a = keep, .n = n, .told = sent, .ctx = ctx, .e = e};
    t->begun = ARENA_ARRAY(&a, bool, (size_t)n + 1);
    t->host = ARENA_ARRAY(&a, int, (size_t)n + 1);
    t->n_at_host = ARENA_ARRAY(&a, int, (size_t)n + 1);
    t->posts = posts_create();
    for (int i = 0; i < LIMIT_POSTS; i++) {
        arena_init(&t->place[i].a);
        buf_init(&t->place[i].body);
        buf_init(&t->place[i].signature);
    }
    number_hosts(t, &a);
    run(t);
    for (int i = 0; i < LIMIT_POSTS; i++) {
        arena_finish(&t->place[i].a);
        buf_finish(&t->place[i].body);
        buf_finish(&t->place[i].signature);
    }
    posts_destroy(t->posts);
    enum err r = t->result;
    arena_finish(&a);
    return r;
}
