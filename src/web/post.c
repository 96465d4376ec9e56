#include "web/post.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "web/reach.h"

/* --- the address ---------------------------------------------------------------------------- */

static bool is_here(const char *host)
{
    return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "[::1]") == 0;
}

static enum err bad_url(struct error *e, const char *zh, const char *en)
{
    err_set(e, ERR_INVALID, "目标地址：%s", "the target: %s", "");
    snprintf(e->detail_zh, sizeof e->detail_zh, "目标地址：%s", zh);
    snprintf(e->detail_en, sizeof e->detail_en, "the target: %s", en);
    err_hint(e, "https://example.org/path");
    return ERR_INVALID;
}

/* One part of the address, freed by curl_free; NULL when it has none. */
static char *part_of(CURLU *u, CURLUPart part)
{
    char *s = NULL;
    return curl_url_get(u, part, &s, 0) == CURLUE_OK ? s : NULL;
}

static enum err check_parts(CURLU *u, bool within, struct error *e)
{
    char *scheme = part_of(u, CURLUPART_SCHEME), *host = part_of(u, CURLUPART_HOST);
    char *user = part_of(u, CURLUPART_USER), *password = part_of(u, CURLUPART_PASSWORD);
    char *fragment = part_of(u, CURLUPART_FRAGMENT);
    enum err r = OK;
    bool https = scheme != NULL && strcmp(scheme, "https") == 0;
    bool http = scheme != NULL && strcmp(scheme, "http") == 0;
    if (host == NULL || host[0] == 0)
        r = bad_url(e, "没有主机", "it has no host");
    else if (!https && !(http && within && is_here(host)))
        r = bad_url(e, "须为 https；http 仅可用于本机（localhost、127.0.0.1、[::1]），且须加 --private",
                    "it must be https; http is for this machine alone (localhost, 127.0.0.1, "
                    "[::1]), with --private");
    else if (user != NULL || password != NULL)
        r = bad_url(e, "不得含用户名或口令", "no user or password may stand in it");
    else if (fragment != NULL)
        r = bad_url(e, "不得含 # 片段", "no # fragment may stand in it");
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_free(password);
    curl_free(fragment);
    return r;
}

enum err post_check(struct str url, bool within, struct error *e)
{
    char z[LIMIT_POST_URL_BYTES + 1];
    if (url.n > LIMIT_POST_URL_BYTES)
        return err_set(e, ERR_LIMIT, "目标地址超过 %d 字节（LIMIT_POST_URL_BYTES）",
                       "the target is longer than %d bytes (LIMIT_POST_URL_BYTES)",
                       (int)LIMIT_POST_URL_BYTES);
    for (size_t i = 0; i < url.n; i++)
        if (url.p[i] <= ' ' || url.p[i] >= 127)
            return bad_url(e, "须为可见 ASCII 字符；中文域名请写作 xn-- 形式",
                           "it must be of visible ASCII characters; other names as xn--");
    snprintf(z, sizeof z, "%.*s", STR_ARG(url));
    CURLU *u = curl_url();
    check(u != NULL);
    enum err r = curl_url_set(u, CURLUPART_URL, z, 0) == CURLUE_OK
                     ? check_parts(u, within, e)
                     : bad_url(e, "不是网址", "it is no address of the web");
    curl_url_cleanup(u);
    return r;
}

struct str post_host(struct arena *a, struct str url)
{
    char z[LIMIT_POST_URL_BYTES + 1];
    struct str out = {"", 0};
    CURLU *u = curl_url();
    check(u != NULL);
    snprintf(z, sizeof z, "%.*s", STR_ARG(url));
    char *host = curl_url_set(u, CURLUPART_URL, z, 0) == CURLUE_OK ? part_of(u, CURLUPART_HOST) : NULL;
    if (host != NULL) {
        char *low = arena_copy(a, host, strlen(host));
        for (char *c = low; *c != 0; c++)
            *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
        out = str_from(low);
    }
    if (out.n > 1 && out.p[out.n - 1] == '.') /* the same, said to the root */
        out.n--;
    curl_free(host);
    curl_url_cleanup(u);
    return out;
}

/* --- sending -------------------------------------------------------------------------------- */

struct call {
    const struct post *p; /* NULL: the place is free */
    void *whose;
    CURL *curl;
    struct curl_slist *headers;
    bool plain;    /* http */
    bool refused;  /* an address that may not be reached was met */
    bool answered; /* the headers of the answer are complete */
    size_t taken;  /* bytes of the answer */
};

static bool may_reach(const struct call *c, const struct sockaddr *a)
{
    enum reach r = reach_of(a);
    if (c->plain) /* nothing is said in the clear beyond this machine */
        return c->p->within && r == REACH_LOOPBACK;
    return r == REACH_PUBLIC || (c->p->within && r != REACH_NEVER);
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct call *c = ctx;
    if (purpose != CURLSOCKTYPE_IPCXN || !may_reach(c, &a->addr)) {
        c->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* Less than was given ends the transfer. */
static size_t drop(char *p, size_t one, size_t n, void *ctx)
{
    struct call *c = ctx;
    (void)p;
    c->taken += one * n;
    return c->taken <= LIMIT_POST_REPLY_BYTES ? n * one : 0;
}

static size_t drop_header(char *p, size_t one, size_t n, void *ctx)
{
    struct call *c = ctx;
    long status = 0;
    bool blank = one * n == 2 && memcmp(p, "\r\n", 2) == 0;
    if (blank && curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK)
        c->answered |= status >= 200;
    return drop(p, one, n, ctx);
}

static struct curl_slist *headers_of(const struct post *p)
{
    struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json");
    list = curl_slist_append(list, "Expect:"); /* no question before the document */
    for (int i = 0; p->headers != NULL && p->headers[i] != NULL; i++)
        list = curl_slist_append(list, p->headers[i]);
    check(list != NULL);
    return list;
}

#define SET(option, value) check(curl_easy_setopt(c->curl, (option), (value)) == CURLE_OK)

static void prepare(struct call *c, const char *url)
{
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PROTOCOLS_STR, c->plain ? "http" : "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, ""); /* whatever the environment says: a proxy would hide the address */
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (c->p->ca != NULL) {
        SET(CURLOPT_CAINFO, c->p->ca);
        SET(CURLOPT_CAPATH, NULL);
    }
    SET(CURLOPT_FRESH_CONNECT, 1L);
    SET(CURLOPT_FORBID_REUSE, 1L);
    SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* given up while a name is looked up: the others do not wait for that */
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)LIMIT_POST_CONNECT_MS);
    SET(CURLOPT_TIMEOUT_MS, (long)LIMIT_POST_MS);
    SET(CURLOPT_USERAGENT, "fumao");
    SET(CURLOPT_HTTPHEADER, c->headers);
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->p->body.n);
    SET(CURLOPT_POSTFIELDS, c->p->body.p);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, c);
    SET(CURLOPT_WRITEFUNCTION, drop);
    SET(CURLOPT_WRITEDATA, c);
    SET(CURLOPT_HEADERFUNCTION, drop_header);
    SET(CURLOPT_HEADERDATA, c);
    SET(CURLOPT_PRIVATE, c);
}

static enum err not_delivered(const struct call *c, CURLcode r, struct error *e)
{
    static const struct {
        CURLcode code;
        const char *zh, *en;
    } words[] = {
        {CURLE_COULDNT_RESOLVE_HOST, "找不到主机", "the host is not found"},
        {CURLE_COULDNT_CONNECT, "连接不上", "no connection"},
        {CURLE_OPERATION_TIMEDOUT, "超时", "not in time"},
        {CURLE_PEER_FAILED_VERIFICATION, "证书不受信任", "the certificate is not trusted"},
        {CURLE_GOT_NOTHING, "对方没有答复", "there was no answer"},
    };
    if (r == CURLE_SSL_CACERT_BADFILE)
        return err_set(e, ERR_INVALID, "%s 中没有可用的证书", "there are no certificates in %s",
                       c->p->ca == NULL ? "/etc/ssl" : c->p->ca);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].code == r) {
            err_set(e, ERR_IO, "%s", "%s", "");
            snprintf(e->detail_zh, sizeof e->detail_zh, "未送达：%s", words[i].zh);
            snprintf(e->detail_en, sizeof e->detail_en, "not delivered: %s", words[i].en);
            return ERR_IO;
        }
    return err_set(e, ERR_IO, "未送达：%s", "not delivered: %s", curl_easy_strerror(r));
}

/* What became of it, in words. An answer that is complete counts by its status, however its text
 * ended. */
static enum err outcome(const struct call *c, CURLcode r, int *status, struct error *e)
{
    long code = 0;
    (void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &code);
    if (c->answered) {
        *status = (int)code;
        if (code >= 200 && code < 300)
            return OK;
        if (code >= 300 && code < 400)
            return err_set(e, ERR_CONFLICT, "对方答复 %d：不跟随重定向",
                           "the answer was %d: redirects are not followed", *status);
        return err_set(e, ERR_CONFLICT, "对方答复 %d", "the answer was %d", *status);
    }
    if (c->refused && r != CURLE_OPERATION_TIMEDOUT)
        return err_set(e, ERR_DENIED, "主机的地址不可访问（本机、内网、链路本地或保留地址）%s",
                       "the host has no address that may be reached (this machine, private, "
                       "link-local or reserved)%s", "");
    if (c->taken > LIMIT_POST_REPLY_BYTES)
        return err_set(e, ERR_IO, "答复头超过 %d 字节（LIMIT_POST_REPLY_BYTES）",
                       "the headers of the answer are longer than %d bytes "
                       "(LIMIT_POST_REPLY_BYTES)",
                       (int)LIMIT_POST_REPLY_BYTES);
    return not_delivered(c, r, e);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void begin(void)
{
    check(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

/* --- many at a time -------------------------------------------------------------------------- */

struct posts {
    CURLM *multi;
    int n; /* under way */
    struct call call[LIMIT_POSTS];
};

struct posts *posts_create(void)
{
    pthread_once(&once, begin);
    struct posts *s = calloc(1, sizeof *s);
    check(s != NULL);
    s->multi = curl_multi_init();
    check(s->multi != NULL);
    return s;
}

void posts_destroy(struct posts *s)
{
    check(s->n == 0);
    curl_multi_cleanup(s->multi);
    free(s);
}

enum err posts_begin(struct posts *s, const struct post *p, void *whose, struct error *e)
{
    char url[LIMIT_POST_URL_BYTES + 1];
    int at = 0;
    TRY(post_check(p->url, p->within, e));
    check(s->n < LIMIT_POSTS);
    while (s->call[at].p != NULL)
        at++;
    struct call *c = &s->call[at];
    *c = (struct call){.p = p, .whose = whose, .plain = str_has_prefix(p->url, STR("http:")),
                       .curl = curl_easy_init(), .headers = headers_of(p)};
    check(c->curl != NULL);
    snprintf(url, sizeof url, "%.*s", STR_ARG(p->url));
    prepare(c, url);
    check(curl_multi_add_handle(s->multi, c->curl) == CURLM_OK);
    s->n++;
    return OK;
}

static void take_end(struct posts *s, CURL *curl, CURLcode r, struct post_end *out)
{
    struct call *c;
    check(curl_easy_getinfo(curl, CURLINFO_PRIVATE, (char **)&c) == CURLE_OK);
    memset(out, 0, sizeof *out);
    out->whose = c->whose;
    out->code = outcome(c, r, &out->status, &out->why);
    check(curl_multi_remove_handle(s->multi, curl) == CURLM_OK);
    curl_easy_cleanup(curl);
    curl_slist_free_all(c->headers);
    c->p = NULL;
    s->n--;
}

bool posts_next(struct posts *s, bool wait, struct post_end *out)
{
    int count;
    for (;;) {
        check(curl_multi_perform(s->multi, &count) == CURLM_OK);
        for (CURLMsg *m; (m = curl_multi_info_read(s->multi, &count)) != NULL;)
            if (m->msg == CURLMSG_DONE) {
                take_end(s, m->easy_handle, m->data.result, out);
                return true;
            }
        if (!wait || s->n == 0)
            return false;
        check(curl_multi_poll(s->multi, NULL, 0, LIMIT_POST_MS, NULL) == CURLM_OK);
    }
}
