/* Who asks by a key: the file and each of its faults, keys found and blanked, buckets shared by
 * threads and prices beyond a bucket. What a server makes of it is in test_http.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <pthread.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "web/callers.h"

static char path[] = "/tmp/fumao-callers-XXXXXX";

static void put_file(struct str text, mode_t mode)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

#define HEAD "key_sha256,name,rate_per_s,burst\n"
#define D1 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" /* of "" */
#define D2 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" /* of "abc" */

static void faults(void **state)
{
    static const struct {
        const char *text;
        enum err code;
        int line;
        const char *field;
    } bad[] = {
        {"", ERR_SYNTAX, 1, ""},
        {"name,key_sha256,rate_per_s,burst\n", ERR_INVALID, 1, ""},
        {"key_sha256,name,rate_per_s,burst,note\n", ERR_INVALID, 1, ""},
        {HEAD D1 ",a,1\n", ERR_SYNTAX, 2, ""},
        {HEAD D1 ",a,1,1\n" D2 ",b,0,1\n", ERR_INVALID, 3, "rate_per_s"},
        {HEAD D1 ",a,1000001,1\n", ERR_INVALID, 2, "rate_per_s"},
        {HEAD D1 ",a,1,0\n", ERR_INVALID, 2, "burst"},
        {HEAD D1 ",a,1,1000001\n", ERR_INVALID, 2, "burst"},
        {HEAD D1 ",a,1,x\n", ERR_INVALID, 2, "burst"},
        {HEAD "abc,a,1,1\n", ERR_INVALID, 2, "key_sha256"},
        {HEAD "E" D1 ",a,1,1\n", ERR_INVALID, 2, "key_sha256"},
        {HEAD "E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855,a,1,1\n",
         ERR_INVALID, 2, "key_sha256"},
        {HEAD D1 ",,1,1\n", ERR_INVALID, 2, "name"},
        {HEAD D1 ",=a,1,1\n", ERR_INVALID, 2, "name"},
        {HEAD D1 ",a ,1,1\n", ERR_INVALID, 2, "name"},
        {HEAD D1 ",\"a\nb\",1,1\n", ERR_INVALID, 2, "name"},
        {HEAD D1 ",a,1,1\n" D2 ",a,1,1\n", ERR_CONFLICT, 3, "name"},
        {HEAD D1 ",a,1,1\n\n", ERR_SYNTAX, 3, ""},
        {HEAD D1 ",a,1,1\n" D1 ",b,1,1\n", ERR_CONFLICT, 3, "key_sha256"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct callers *c = NULL;
        struct error e = {0};
        put_file(str_from(bad[i].text), 0600);
        enum err code = callers_read(&c, path, &e);
        if (code != bad[i].code || e.line != bad[i].line || strcmp(e.field, bad[i].field) != 0 ||
            strcmp(e.file, path) != 0 || c != NULL)
            fail_msg("%s: got %s at %s:%d %s", bad[i].text, err_name(code), e.file, e.line,
                     e.field);
    }
}

static void closed_to_others(void **state)
{
    static const mode_t open[] = {0640, 0604, 0620, 0602, 0610, 0601, 0644, 0666};
    struct callers *c = NULL;
    struct error e = {0};
    (void)state;
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        put_file(STR(HEAD D1 ",a,1,1\n"), open[i]);
        assert_int_equal(callers_read(&c, path, &e), ERR_DENIED);
        assert_string_equal(e.file, path);
        assert_non_null(strstr(e.hint, "chmod 600"));
        assert_null(c);
    }
    put_file(STR(HEAD D1 ",a,1,1\n"), 0400);
    assert_int_equal(callers_read(&c, path, &e), OK);
    callers_destroy(c);
    assert_int_equal(callers_read(&c, "/nonexistent/keys.csv", &e), ERR_NOT_FOUND);
    assert_int_equal(callers_read(&c, "/", &e), ERR_INVALID);
    if (geteuid() == 0) { /* only then can a file be another's */
        put_file(STR(HEAD D1 ",a,1,1\n"), 0600);
        assert_int_equal(chown(path, 65534, 65534), 0);
        assert_int_equal(callers_read(&c, path, &e), ERR_DENIED);
        assert_int_equal(chown(path, 0, 0), 0);
    }
}

/* As many callers as there may be, each found by its own key and by no other. */
static void found(void **state)
{
    static char key[LIMIT_CALLERS + 1][CALLER_KEY_CHARS + 1];
    struct callers *c;
    struct error e = {0};
    struct buf b;
    (void)state;
    buf_init(&b);
    callers_write_head(&b);
    for (int i = 0; i <= LIMIT_CALLERS; i++) {
        char name[16];
        struct caller k = {.per_s = i + 1, .burst = 2 * i + 1};
        k.name = (struct str){name, (size_t)snprintf(name, sizeof name, "名,%d", i)};
        caller_make_key(key[i], k.digest);
        assert_int_equal(strlen(key[i]), CALLER_KEY_CHARS);
        if (i < LIMIT_CALLERS)
            caller_write(&k, &b);
    }
    put_file(buf_view(&b), 0600);
    assert_int_equal(callers_read(&c, path, &e), OK);
    assert_int_equal(callers_count(c), LIMIT_CALLERS);
    for (int i = 0; i < LIMIT_CALLERS; i++) {
        struct caller *k = callers_find(c, str_from(key[i]));
        assert_ptr_equal(k, callers_at(c, i));
        assert_int_equal(k->burst, 2 * i + 1);
        assert_null(callers_find(c, (struct str){key[i], CALLER_KEY_CHARS - 1}));
        key[i][i % CALLER_KEY_CHARS] ^= 1;
        assert_null(callers_find(c, str_from(key[i])));
    }
    assert_null(callers_find(c, str_from(key[LIMIT_CALLERS])));
    assert_null(callers_find(c, (struct str){"", 0}));
    callers_destroy(c);
    buf_z(&b, D1 ",one more,1,1\n");
    put_file(buf_view(&b), 0600);
    assert_int_equal(callers_read(&c, path, &e), ERR_LIMIT);
    assert_int_equal(e.line, LIMIT_CALLERS + 2);
    buf_finish(&b);
}

/* A digest that differs in one bit, wherever it is, is another's. */
static void every_bit_counts(void **state)
{
    char key[CALLER_KEY_CHARS + 1];
    struct caller k = {.name = STR("a"), .per_s = 1, .burst = 1};
    (void)state;
    caller_make_key(key, k.digest);
    for (int bit = 0; bit <= 8 * CALLER_DIGEST_BYTES; bit++) {
        struct callers *c;
        struct buf b;
        bool whole = bit == 8 * CALLER_DIGEST_BYTES;
        uint8_t flip = (uint8_t)(1u << bit % 8);
        buf_init(&b);
        callers_write_head(&b);
        k.digest[whole ? 0 : bit / 8] ^= whole ? 0 : flip;
        caller_write(&k, &b);
        k.digest[whole ? 0 : bit / 8] ^= whole ? 0 : flip;
        put_file(buf_view(&b), 0600);
        assert_int_equal(callers_read(&c, path, NULL), OK);
        assert_int_equal(callers_find(c, str_from(key)) != NULL, whole);
        callers_destroy(c);
        buf_finish(&b);
    }
}

static void keys_of_headers(void **state)
{
    struct http_field h[] = {{STR("Host"), STR("x")},
                             {STR("x-api-KEY"), STR("one")},
                             {STR("AUTHORIZATION"), STR("bearer  two")},
                             {STR("Authorization"), STR("Basic three")},
                             {STR("X-Api-Keys"), STR("four")},
                             {STR("Authorization"), STR("Bearer")}};
    struct str key;
    (void)state;
    assert_int_equal(callers_take_key(h, 1, &key), 0);
    assert_int_equal(callers_take_key(h, 2, &key), 1);
    assert_true(str_eqz(key, "one"));
    assert_int_equal(h[1].value.n, 0);
    assert_int_equal(callers_take_key(h + 2, 1, &key), 1);
    assert_true(str_eqz(key, "two"));
    assert_int_equal(h[2].value.n, 0);
    assert_int_equal(callers_take_key(h + 3, 2, &key), 0);
    assert_true(str_eqz(h[3].value, "Basic three") && str_eqz(h[4].value, "four"));
    assert_int_equal(callers_take_key(h + 5, 1, &key), 1);
    assert_int_equal(key.n, 0);
}

enum { TAKERS = 4, TAKES = 500000 };
static pthread_barrier_t together;
static struct rate_bucket shared;
static atomic_int let_in;

static void *taker(void *ctx)
{
    int n = 0;
    (void)ctx;
    pthread_barrier_wait(&together);
    for (int i = 0; i < TAKES; i++)
        n += rate_bucket_take(&shared, 1).allowed;
    atomic_fetch_add(&let_in, n);
    return NULL;
}

/* Time stands still: what a full bucket holds is let in, no more and no less. */
static void threads(void **state)
{
    pthread_t t[TAKERS];
    (void)state;
    rate_bucket_init(&shared, 1, RATE_MAX);
    assert_int_equal(pthread_barrier_init(&together, NULL, TAKERS), 0);
    for (int i = 0; i < TAKERS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, taker, NULL), 0);
    for (int i = 0; i < TAKERS; i++)
        pthread_join(t[i], NULL);
    pthread_barrier_destroy(&together);
    assert_int_equal(atomic_load(&let_in), RATE_MAX);
}

/* Random prices at random moments: what the verdict says is true of the same bucket later. */
static void prices(void **state)
{
    struct rng r;
    uint64_t now = 0;
    (void)state;
    rng_seed(&r, 20261130);
    for (int burst = 1; burst < 40; burst++) {
        struct rate_bucket b;
        rate_bucket_init(&b, 1000, burst);
        for (int i = 0; i < 500; i++) {
            now += rng_below(&r, 20) * 1000000u;
            if (!rate_bucket_take(&b, now).allowed)
                continue;
            int price = (int)rng_below(&r, 60);
            uint64_t was = atomic_load(&b.full_ns), owes = was - now;
            struct rate_verdict v = rate_bucket_take_more(&b, price, now);
            uint64_t room = b.burst_ns - owes, want = (uint64_t)price * b.token_ns;
            bool there = want <= room || room == b.burst_ns - b.token_ns;
            assert_int_equal(v.allowed, there);
            if (v.allowed)
                assert_true(atomic_load(&b.full_ns) == was + want);
            else
                assert_true(atomic_load(&b.full_ns) == was && v.retry_s >= 1);
        }
    }
}

static int start(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 || close(fd) != 0;
}

static int finish(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults),  cmocka_unit_test(closed_to_others),
        cmocka_unit_test(found),   cmocka_unit_test(every_bit_counts),
        cmocka_unit_test(keys_of_headers),
        cmocka_unit_test(threads), cmocka_unit_test(prices),
    };
    return cmocka_run_group_tests(tests, start, finish);
}
