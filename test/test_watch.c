/* Watches: addresses that may be reached, targets that are taken, signatures, the rows and their
 * pauses, one name for cells in any spelling, the document, the order of what one follower gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <jansson.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/routes.h"
#include "compare/chronicle.h"
#include "schema.h"
#include "watch/watch.h"
#include "web/post.h"
#include "web/reach.h"

static struct arena program, step;
static struct classification *codes;
static struct corpus *law;
static struct snapshot *snapshot;
static struct db *db;
static day_t today;

static int load(void **state)
{
    (void)state;
    struct error e = {0};
    arena_init(&program);
    arena_init(&step);
    day_parse(STR("2026-11-25"), &today);
    return classification_load(&codes, &program, &e) == OK &&
                   law_load_shipped(&law, &program, codes, &e) == OK &&
                   snapshot_create(&snapshot, law, &e) == OK &&
                   db_open(&db, "sqlite::memory:", &e) == OK && watch_open(db, &e) == OK
               ? 0
               : -1;
}

static int unload(void **state)
{
    (void)state;
    db_close(db);
    snapshot_destroy(snapshot);
    arena_finish(&step);
    arena_finish(&program);
    return 0;
}

/* --- addresses ------------------------------------------------------------------------------ */

static enum reach reach(const char *z)
{
    struct sockaddr_in a4 = {.sin_family = AF_INET};
    struct sockaddr_in6 a6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, z, &a4.sin_addr) == 1)
        return reach_of((struct sockaddr *)&a4);
    assert_int_equal(inet_pton(AF_INET6, z, &a6.sin6_addr), 1);
    return reach_of((struct sockaddr *)&a6);
}

/* First and last address of each range, and the ones beside it. */
static void what_lies_behind_an_address(void **state)
{
    static const struct {
        enum reach reach;
        const char *address[16];
    } want[] = {
        {REACH_PUBLIC,
         {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
          "126.255.255.255", "128.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
          "223.255.255.255", "169.253.255.255", "169.255.0.0"}},
        {REACH_PUBLIC,
         {"2000::", "2001:200::1", "2001:db7:ffff::", "2001:db9::", "2003::1", "2400:cb00::1",
          "3fff:1000::", "3ffe::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"}},
        {REACH_PRIVATE,
         {"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0",
          "192.168.255.255", "100.64.0.0", "100.127.255.255", "fc00::", "fdff:ffff::1",
          "::ffff:10.0.0.1", "64:ff9b::192.168.1.1"}},
        {REACH_LOOPBACK, {"127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"}},
        {REACH_NEVER,
         {"0.0.0.0", "0.255.255.255", "169.254.0.0", "169.254.169.254", "192.0.0.1", "192.0.2.1",
          "198.51.100.7", "203.0.113.7", "198.18.0.1", "198.19.255.255", "224.0.0.1",
          "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.88.99.1"}},
        {REACH_NEVER,
         {"::", "::2", "::127.0.0.1", "fe80::1", "febf::1", "fec0::1", "ff02::1", "2001:db8::1",
          "2002:7f00:1::", "2001::1", "2001:1ff:ffff::", "100::1", "3fff:fff::", "64:ff9b:1::1",
          "::ffff:169.254.169.254"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        for (int k = 0; k < 16 && want[i].address[k] != NULL; k++)
            if (reach(want[i].address[k]) != want[i].reach)
                fail_msg("%s is %d", want[i].address[k], (int)reach(want[i].address[k]));
    struct sockaddr_un other = {.sun_family = AF_UNIX};
    assert_int_equal(reach_of((struct sockaddr *)&other), REACH_NEVER);
}

static void targets(void **state)
{
    static const char *const good[] = {"https://example.org", "https://example.org:8443/a?b=c",
                                       "HTTPS://example.org/", "https://[2400:cb00::1]/"};
    static const char *const here[] = {"http://127.0.0.1:80/", "http://localhost/",
                                       "http://[::1]:9/x"};
    static const char *const bad[] = {
        "", "x", "https://", "//example.org/", "http://example.org/", "ftp://example.org/",
        "https://u@example.org/", "https://u:p@example.org/", "https://example.org/#a",
        "https://example.org/ a", "https://example.org/\n", "https://例/", "javascript:x",
        "http://localhost.example.org/", "https://example.org:99999/"};
    char longest[LIMIT_POST_URL_BYTES + 2] = "https://example.org/";
    struct error e;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        for (int within = 0; within < 2; within++)
            assert_int_equal(post_check(str_from(good[i]), within, &e), OK);
    for (size_t i = 0; i < sizeof here / sizeof *here; i++) {
        assert_int_equal(post_check(str_from(here[i]), true, &e), OK);
        assert_int_equal(post_check(str_from(here[i]), false, &e), ERR_INVALID);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (int within = 0; within < 2; within++) {
            assert_int_equal(post_check(str_from(bad[i]), within, &e), ERR_INVALID);
            assert_true(e.detail_zh[0] && e.detail_en[0] && e.hint[0]);
        }
    memset(longest + 20, 'x', sizeof longest - 21);
    assert_int_equal(post_check(str_from(longest), false, &e), ERR_LIMIT);
    longest[LIMIT_POST_URL_BYTES] = 0;
    assert_int_equal(post_check(str_from(longest), false, &e), OK);
}

/* --- signatures ----------------------------------------------------------------------------- */

static void signatures(void **state)
{
    uint8_t mac[32];
    char hex[65];
    struct buf b;
    (void)state;
    hash_hmac("Jefe", 4, "what do ya want for nothing?", 28, mac); /* RFC 4231, case 2 */
    hash_hex(mac, 32, hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    /* printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac fumao_follow_test */
    buf_init(&b);
    watch_signature("fumao_follow_test", 1700000000, STR("{\"a\":1}"), &b);
    assert_true(str_eq(buf_view(&b),
                       STR("t=1700000000,v1="
                           "23ebc022e4246c16655d13cce6e4b6e463a80d456e1707c119bf5a11e3be9309")));
    buf_finish(&b);
}

/* --- rows ----------------------------------------------------------------------------------- */

static struct watch *row(int64_t id)
{
    struct watch *w;
    struct error e = {0};
    int n;
    assert_int_equal(watch_list(db, &step, id, &w, &n, &e), OK);
    assert_int_equal(n, 1);
    return w;
}

static bool told(int64_t id, const char *key)
{
    bool yes;
    assert_int_equal(watch_told(db, id, str_from(key), &yes, NULL), OK);
    return yes;
}

static struct watch fresh(void)
{
    return (struct watch){.words = {STR("72"), STR("1"), STR("SG"), STR("CN-SH")},
                          .url = STR("https://example.org/"), .salt = STR("aa"),
                          .key_id = STR("bb"), .created_at = 5};
}

static void rows(void **state)
{
    const struct str at_first[] = {STR("a"), STR("b")}, later[] = {STR("c"), STR("d")};
    struct watch w = fresh(), v = fresh();
    struct error e = {0};
    (void)state;
    assert_int_equal(watch_add(db, &w, at_first, 2, &e), OK);
    assert_int_equal(watch_add(db, &v, NULL, 0, &e), OK);
    assert_true(v.id > w.id && told(w.id, "a") && told(w.id, "b"));
    assert_false(told(w.id, "c") || told(v.id, "a"));
    assert_int_equal(watch_delivered(db, &w, later, 2, STR("urn:d"), 99, &e), OK);
    assert_true(told(w.id, "c") && told(w.id, "d") && !told(v.id, "c"));
    assert_true(str_eq(row(w.id)->last, STR("urn:d")) && row(w.id)->delivered_at == 99);
    assert_true(str_eq(row(w.id)->words.to, STR("CN-SH")) && row(v.id)->last.n == 0);
    assert_int_equal(watch_remove(db, w.id, &e), OK);
    assert_false(told(w.id, "a"));
    assert_int_equal(watch_remove(db, w.id, &e), ERR_NOT_FOUND);
    /* Taken away while its document was under way: nothing is told to nobody. */
    assert_int_equal(watch_delivered(db, &w, later, 2, STR("urn:d"), 99, &e), OK);
    assert_false(told(w.id, "c"));
    int64_t gone = w.id;
    w = fresh();
    assert_int_equal(watch_add(db, &w, NULL, 0, &e), OK);
    assert_true(w.id > gone && w.id > v.id); /* a number is never given twice */
    assert_int_equal(watch_remove(db, w.id, &e), OK);
    assert_int_equal(watch_remove(db, v.id, &e), OK);
}

static void pauses(void **state)
{
    struct watch w = fresh();
    struct error e = {0}, why = {.detail_zh = "不通", .detail_en = "down"};
    int64_t now = 1000, pause = LIMIT_WATCH_WAIT_S, sum = 0;
    (void)state;
    assert_int_equal(watch_add(db, &w, NULL, 0, &e), OK);
    for (int i = 1; i < LIMIT_WATCH_TRIES; i++) {
        assert_true(watch_due(&w, now));
        assert_int_equal(watch_failed(db, &w, &why, false, now, &e), OK);
        assert_int_equal(w.next_at - now, pause);
        assert_false(watch_due(&w, w.next_at - 1));
        now = w.next_at;
        sum += pause;
        pause = pause * 2 < LIMIT_WATCH_WAIT_MOST_S ? pause * 2 : LIMIT_WATCH_WAIT_MOST_S;
    }
    assert_true(sum > 3 * 86400 && sum < 5 * 86400); /* what limits.h says: 4 days */
    assert_int_equal(row(w.id)->state, WATCH_FAILING);
    assert_int_equal(watch_failed(db, &w, &why, false, now, &e), OK);
    assert_int_equal(row(w.id)->state, WATCH_STOPPED);
    assert_int_equal(row(w.id)->failures, LIMIT_WATCH_TRIES);
    assert_true(str_eq(row(w.id)->fault_zh, STR("不通")) && str_eq(row(w.id)->fault_en, STR("down")));
    assert_false(watch_due(row(w.id), INT64_MAX));
    assert_int_equal(watch_resume(db, w.id, &e), OK);
    assert_true(watch_due(row(w.id), 0) && row(w.id)->failures == 0 && row(w.id)->fault_en.n == 0);
    w = *row(w.id);
    assert_int_equal(watch_failed(db, &w, &why, true, now, &e), OK); /* gone: at once */
    assert_int_equal(row(w.id)->state, WATCH_STOPPED);
    assert_int_equal(watch_remove(db, w.id, &e), OK);
}

/* --- names and documents -------------------------------------------------------------------- */

static void one_name_for_cells_in_any_spelling(void **state)
{
    static const struct {
        struct follow_words said, want;
    } t[] = {
        {{STR("7231"), STR("1"), STR("SG"), STR("CN-SH")},
         {STR("7231"), STR("1"), STR("SG"), STR("CN-SH")}},
        {{STR(" gbt:7231 "), STR("1"), STR("SGP"), STR("CN-SH")},
         {STR("7231"), STR("1"), STR("SG"), STR("CN-SH")}},
        {{STR("GBT:72"), STR("3"), STR("DE"), STR("CN")},
         {STR("72"), STR("3"), STR("DE"), STR("CN")}},
        {{STR("CPC: 82110"), STR("4"), STR("DEU"), STR("CN-HI")},
         {STR("cpc:82110"), STR("4"), STR("DE"), STR("CN-HI")}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct follow_words w = t[i].said;
        struct followed f;
        struct error e = {0};
        assert_int_equal(follow_read(codes, &step, &w, &f, &e), OK);
        assert_true(str_eq(follow_id_name(&step, &w, NULL),
                           follow_id_name(&step, &t[i].want, NULL)));
    }
    static const char *const modes[] = {"0", "5", "1x", "", "99999999999999999999"};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct follow_words w = {STR("7231"), str_from(modes[i]), STR("SG"), STR("CN-SH")};
        struct followed f;
        assert_int_equal(follow_read(codes, &step, &w, &f, NULL), ERR_SYNTAX);
    }
}

/* A correction is counted in the law of today, which changes without news; other news is not. */
static void keys_change_with_what_is_said(void **state)
{
    const struct follow_words w = {STR("72"), STR("1"), STR("SG"), STR("CN-SH")};
    struct news a = {.kind = FOLLOW_CHANGED, .day = today, .opened = 1}, b = a;
    (void)state;
    b.opened = 2;
    assert_true(str_eq(follow_id_name(&step, &w, &a), follow_id_name(&step, &w, &b)));
    assert_false(str_eq(follow_key_name(&step, &w, &a), follow_key_name(&step, &w, &b)));
    a.kind = b.kind = FOLLOW_CORRECTED;
    assert_true(str_eq(follow_key_name(&step, &w, &a), follow_key_name(&step, &w, &b)));
}

/* What is posted is described like what is asked for. */
static void fits_its_description(json_t *document)
{
    json_t *api = json_loadb(api_openapi, api_openapi_n, 0, NULL);
    json_t *hook = json_object_get(json_object_get(json_object_get(api, "webhooks"), "news"),
                                   "post");
    json_t *content = json_object_get(json_object_get(hook, "requestBody"), "content");
    json_t *schema = json_object_get(json_object_get(content, "application/json"), "schema");
    char where[1024] = "";
    assert_non_null(schema);
    if (!schema_fits(api, schema, document, where, sizeof where, 0))
        fail_msg("the webhook does not fit its schema at %s", where);
    json_object_del(json_array_get(json_object_get(document, "news"), 0), "key");
    assert_false(schema_fits(api, schema, document, where, sizeof where, 0));
    json_decref(api);
}

static void the_document(void **state)
{
    struct watch w = fresh();
    struct watch_news x;
    struct error e = {0};
    struct buf b;
    char urn[46];
    (void)state;
    w.id = 7;
    w.words = (struct follow_words){STR("cpc:82110"), STR("1"), STR("SG"), STR("CN-HI")};
    assert_int_equal(watch_news(snapshot, &w.words, today, &step, &x, &e), OK);
    assert_true(x.n > 0);
    for (int i = 1; i < x.n; i++)
        assert_true(x.news[i - 1]->day <= x.news[i]->day);
    buf_init(&b);
    watch_document(law, &step, &w, &x, x.n, true, &b);
    json_t *d = json_loadb(b.p, b.n, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(d);
    assert_int_equal(json_array_size(json_object_get(d, "news")), x.n);
    assert_string_equal(json_string_value(json_object_get(d, "page")),
                        "/follow/cpc:82110/1/SG/CN-HI");
    assert_true(json_is_true(json_object_get(d, "more")));
    const json_t *first = json_array_get(json_object_get(d, "news"), 0);
    chronicle_urn(follow_id_name(&step, &w.words, x.news[0]), urn);
    assert_string_equal(json_string_value(json_object_get(first, "id")), urn);
    assert_string_equal(json_string_value(json_object_get(first, "kind")),
                        follow_name(x.news[0]->kind));
    fits_its_description(d);
    json_decref(d);
    buf_finish(&b);
}

/* --- in order ------------------------------------------------------------------------------- */

enum { FOLLOWERS = 5, EDITIONS = 6 };

/* A server that takes one document of one piece of news after another, and notes whose and which.
 * Those of the first follower it refuses when `refuse` says so. */
struct taker {
    int fd, n;
    bool refuse;
    struct taken {
        int64_t watch;
        char key[46];
        bool refused;
    } got[256];
    pthread_t thread;
};

static void note_document(struct taker *t, const char *body, size_t n)
{
    json_t *d = json_loadb(body, n, 0, NULL), *news = json_object_get(d, "news");
    struct taken *k = &t->got[t->n++];
    check(d != NULL && json_array_size(news) == 1 && t->n < 256);
    k->watch = json_integer_value(json_object_get(d, "watch"));
    snprintf(k->key, sizeof k->key, "%s",
             json_string_value(json_object_get(json_array_get(news, 0), "key")));
    k->refused = t->refuse && k->watch == t->got[0].watch;
    json_decref(d);
}

/* False when the other side closed without a request: that is how the test ends. */
static bool take_document(struct taker *t, int fd)
{
    char text[1 << 16];
    size_t n = 0;
    const char *body = NULL, *length;
    do {
        ssize_t got = recv(fd, text + n, sizeof text - 1 - n, 0);
        if (got <= 0)
            return false;
        n += (size_t)got;
        text[n] = 0;
        body = strstr(text, "\r\n\r\n");
        length = strstr(text, "Content-Length: ");
    } while (body == NULL || strlen(body + 4) < strtoul(length + 16, NULL, 10));
    note_document(t, body + 4, strlen(body + 4));
    const char *say = t->got[t->n - 1].refused ? "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
                                               : "HTTP/1.1 204 Yes\r\n\r\n";
    return send(fd, say, strlen(say), MSG_NOSIGNAL) == (ssize_t)strlen(say);
}

static void *take_documents(void *ctx)
{
    struct taker *t = ctx;
    for (bool more = true; more;) {
        int fd = accept(t->fd, NULL, NULL);
        more = take_document(t, fd);
        close(fd);
    }
    return NULL;
}

static int taker_begin(struct taker *t)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    t->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(t->fd, (struct sockaddr *)&at, n), 0);
    assert_int_equal(listen(t->fd, 64), 0);
    assert_int_equal(getsockname(t->fd, (struct sockaddr *)&at, &n), 0);
    assert_int_equal(pthread_create(&t->thread, NULL, take_documents, t), 0);
    return ntohs(at.sin_port);
}

static void taker_end(struct taker *t, int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    close(fd);
    pthread_join(t->thread, NULL);
    close(t->fd);
}

struct ends {
    int n, told, failed;
};

static void count_end(void *ctx, const struct watch *w, const struct watch_sent *s)
{
    struct ends *x = ctx;
    (void)w;
    x->n++;
    x->told += s->n;
    x->failed += s->end == WATCH_NOT_TOLD;
}

/* What one follower got, refused ones too, is x from `from` on, n pieces. */
static void got_in_order(const struct taker *t, int64_t watch, const struct watch_news *x, int from,
                         int n)
{
    int at = from;
    for (int i = 0; i < t->n; i++)
        if (t->got[i].watch == watch) {
            assert_true(at < x->n);
            assert_true(str_eqz(x->key[at], t->got[i].key));
            at++;
        }
    assert_int_equal(at, from + n);
}

/* A law whose editions say otherwise year by year of one class. */
static struct snapshot *changing_law(void)
{
    struct error e = {0};
    struct corpus *c;
    struct snapshot *s;
    struct str facts;
    char text[1024];
    assert_true(shipped_get("facts.json", &facts));
    assert_int_equal(law_begin(&c, &program, codes, facts, "facts.json", &e), OK);
    for (int i = 0; i < EDITIONS; i++) {
        int n = snprintf(text, sizeof text,
            "{\"id\":\"e%d\",\"family\":\"cross-border\",\"layer\":\"national\",\"default\":\"equal\","
            "\"territory\":[\"CN\"],\"beneficiaries\":[\"*\"],\"edition_kind\":\"working\","
            "\"title_zh\":\"试\",\"title_en\":\"Trial\",\"valid_from\":\"%d-01-01\",\"valid_to\":\"%d-01-01\",\"provisions\":[{"
            "\"key\":\"k\",\"effect\":\"%s\",\"evidence\":\"C\",\"sources\":[\"x\"],\"zh\":\"事\",\"en\":\"It\","
            "\"scope\":{\"sectors\":[\"7297\"],\"modes\":[1],\"directions\":[\"import\"],"
            "\"kinds\":[\"firm\",\"person\"]}}]}",
            i, 2020 + i, 2021 + i, i % 2 ? "prohibit" : "notify");
        struct str json = {arena_copy(&program, text, (size_t)n), (size_t)n};
        if (law_add(c, &program, json, "edition", &e) != OK)
            fail_msg("%s: %s", e.field, e.detail_en);
    }
    assert_int_equal(law_finish(c, &program, &e), OK);
    assert_int_equal(snapshot_create(&s, c, &e), OK);
    return s;
}

/* Each follower is told its news one by one and oldest first; what comes after news that was not
 * taken waits for the next round, which begins with that. */
static void one_follower_in_order(void **state)
{
    static struct taker t;
    struct watch_key key = {.fd = -1, .id = "bb"};
    struct watch w[FOLLOWERS], *due[FOLLOWERS];
    struct snapshot *changing = changing_law();
    struct watch_desk desk = {db, changing, &key, NULL, today, 1};
    struct watch_news x;
    struct error e = {0};
    char url[64];
    (void)state;
    int port = taker_begin(&t);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
    for (int i = 0; i < FOLLOWERS; i++) {
        w[i] = fresh();
        w[i].url = str_from(url);
        w[i].within = true;
        due[i] = &w[i];
        assert_int_equal(watch_add(db, &w[i], NULL, 0, &e), OK);
    }
    assert_int_equal(watch_news(changing, &w[0].words, today, &step, &x, &e), OK);
    assert_true(x.n >= EDITIONS - 1);
    struct ends ends = {0};
    t.refuse = true; /* the very first document, whoever's it is, and all of the same follower */
    assert_int_equal(watch_send(&desk, due, FOLLOWERS, &step, count_end, &ends, &e), OK);
    assert_int_equal(ends.n, FOLLOWERS);
    assert_int_equal(ends.failed, 1);
    assert_int_equal(ends.told, (FOLLOWERS - 1) * x.n);
    int64_t refused = t.got[0].watch;
    for (int i = 0; i < FOLLOWERS; i++)
        got_in_order(&t, w[i].id, &x, 0, w[i].id == refused ? 1 : x.n);
    t.n = 0;
    t.refuse = false;
    ends = (struct ends){0};
    assert_int_equal(watch_send(&desk, due, FOLLOWERS, &step, count_end, &ends, &e), OK);
    assert_int_equal(ends.told, x.n);
    got_in_order(&t, refused, &x, 0, x.n);
    assert_int_equal(t.n, x.n);
    taker_end(&t, port);
    for (int i = 0; i < FOLLOWERS; i++)
        assert_int_equal(watch_remove(db, w[i].id, &e), OK);
    snapshot_destroy(changing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_behind_an_address),
        cmocka_unit_test(targets),
        cmocka_unit_test(signatures),
        cmocka_unit_test(rows),
        cmocka_unit_test(pauses),
        cmocka_unit_test(one_name_for_cells_in_any_spelling),
        cmocka_unit_test(keys_change_with_what_is_said),
        cmocka_unit_test(the_document),
        cmocka_unit_test(one_follower_in_order),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
