/* The ground floor, function by function. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/bits.h"
#include "base/buf.h"
#include "base/csv.h"
#include "base/date.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/jsonw.h"
#include "base/rng.h"
#include "base/str.h"

static void same(struct str got, const char *want)
{
    if (!str_eqz(got, want)) {
        fail_msg("got \"%.*s\", want \"%s\"", STR_ARG(got), want);
    }
}

static void test_arena(void **state)
{
    (void)state;
    struct arena a = {0};
    struct rng r;
    rng_seed(&r, 1);
    for (int round = 0; round < 3; round++) {
        unsigned char *kept[500];
        size_t size[500];
        for (int i = 0; i < 500; i++) {
            size[i] = rng_below(&r, i % 50 == 0 ? 3000000 : 300);
            kept[i] = arena_alloc(&a, size[i]);
            assert_int_equal((uintptr_t)kept[i] % 16, 0);
            for (size_t k = 0; k < size[i]; k++) {
                assert_int_equal(kept[i][k], 0);
            }
            if (size[i] > 0) {
                memset(kept[i], i % 255 + 1, size[i]);
            }
        }
        /* Nobody wrote into anybody else. */
        for (int i = 0; i < 500; i++) {
            for (size_t k = 0; k < size[i]; k++) {
                assert_int_equal(kept[i][k], i % 255 + 1);
            }
        }
        assert_true(a.bytes_total > 0);
        arena_reset(&a);
        assert_int_equal(a.bytes_total, 0);
    }
    assert_string_equal(arena_copy(&a, "abcd", 3), "abc");
    assert_string_equal(arena_copy(&a, NULL, 0), "");
    arena_finish(&a);
    arena_finish(&a);
}

static void test_str(void **state)
{
    (void)state;
    size_t at = 99;
    struct str rest;
    int64_t v;
    assert_true(str_eq_nocase(STR("Ab1"), STR("aB1")));
    assert_false(str_eq_nocase(STR("@"), STR("`")));
    assert_true(str_cmp(STR("ab"), STR("abc")) < 0 && str_cmp(STR("b"), STR("abc")) > 0);
    assert_true(str_cmp(STR("\xC3"), STR("a")) > 0);
    assert_true(str_has_prefix(STR("abc"), STR("ab")) && !str_has_prefix(STR("a"), STR("ab")));
    assert_true(str_find(STR("hello"), STR("llo"), &at) && at == 2);
    assert_false(str_find(STR("hello"), STR("lol"), NULL));
    same(str_trim(STR(" \t a b\r\n")), "a b");
    same(str_trim(STR("  ")), "");
    same(str_cut(STR("a,b,c"), ',', &rest), "a");
    same(rest, "b,c");
    same(str_cut(STR("abc"), ',', &rest), "abc");
    same(rest, "");
    assert_true(str_int(STR("-9223372036854775808"), &v) && v == INT64_MIN);
    assert_true(str_int(STR("9223372036854775807"), &v) && v == INT64_MAX);
    assert_false(str_int(STR("9223372036854775808"), &v));
    assert_false(str_int(STR(""), &v) || str_int(STR("-"), &v) || str_int(STR("+1"), &v));
    assert_false(str_int(STR("1 "), &v) || str_int(STR("1.0"), &v));
}

static void test_utf8(void **state)
{
    (void)state;
    static const struct str bad[] = {
        STR("\x80"), STR("\xC3"), STR("\xC0\xAF"), STR("\xE0\x80\xAF"), STR("\xED\xA0\x80"),
        STR("\xF4\x90\x80\x80"), STR("\xF0\x8F\xBF\xBF"), STR("\xFF"), STR("a\0b"),
        STR("\xE4\xB8"), STR("\xE4\xB8\x2D"), STR("\xF5\x80\x80\x80"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(str_utf8_valid(bad[i]));
    }
    assert_true(str_utf8_valid(STR("\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF")));
    struct str s = STR("a\xE4\xB8\xAD\xF0\x9F\x98\x80\x80z");
    static const int32_t want[] = {'a', 0x4E2D, 0x1F600, 0xFFFD, 'z', -1, -1};
    size_t at = 0;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        assert_int_equal(str_utf8_next(s, &at), want[i]);
    }
    /* Every scalar value, coded here by hand. */
    for (int32_t c = 1; c < 0x110000; c++) {
        char p[4];
        size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const int lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
        for (size_t k = n; k-- > 1;) {
            p[k] = (char)(0x80 | ((c >> (6 * (n - 1 - k))) & 0x3F));
        }
        p[0] = (char)(lead[n] | (c >> (6 * (n - 1))));
        at = 0;
        bool surrogate = c >= 0xD800 && c < 0xE000;
        assert_int_equal(str_utf8_valid((struct str){p, n}), !surrogate);
        assert_int_equal(str_utf8_next((struct str){p, n}, &at), surrogate ? 0xFFFD : c);
    }
}

/* The definition, without a table: what str_distance must give, for short texts. */
static int distance_plain(struct str a, struct str b)
{
    if (a.n == 0 || b.n == 0) {
        return (int)(a.n + b.n);
    }
    struct str a1 = {a.p, a.n - 1}, b1 = {b.p, b.n - 1};
    int d = distance_plain(a1, b1) + (a.p[a.n - 1] != b.p[b.n - 1]);
    int del = distance_plain(a1, b) + 1, ins = distance_plain(a, b1) + 1;
    d = del < d ? del : d;
    d = ins < d ? ins : d;
    if (a.n > 1 && b.n > 1 && a.p[a.n - 1] == b.p[b.n - 2] && a.p[a.n - 2] == b.p[b.n - 1]) {
        int swap = distance_plain((struct str){a.p, a.n - 2}, (struct str){b.p, b.n - 2}) + 1;
        d = swap < d ? swap : d;
    }
    return d;
}

static void test_distance(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 7);
    assert_int_equal(str_distance(STR("sector"), STR("sectro"), 9), 1);
    assert_int_equal(str_distance(STR("kitten"), STR("sitting"), 9), 3);
    assert_int_equal(str_distance(STR("kitten"), STR("sitting"), 2), 2);
    assert_int_equal(str_distance(STR(""), STR("abc"), 9), 3);
    for (int i = 0; i < 3000; i++) {
        char p[2][5];
        struct str s[2];
        for (int k = 0; k < 2; k++) {
            s[k] = (struct str){p[k], rng_below(&r, 6)};
            for (size_t j = 0; j < s[k].n; j++) {
                p[k][j] = (char)('a' + rng_below(&r, 3));
            }
        }
        int cap = (int)rng_below(&r, 7), want = distance_plain(s[0], s[1]);
        assert_int_equal(str_distance(s[0], s[1], cap), want < cap ? want : cap);
    }
    char big[2][400];
    memset(big, 'x', sizeof big);
    big[1][200] = 'y';
    assert_int_equal(str_distance((struct str){big[0], 400}, (struct str){big[1], 400}, 5), 1);
}

static void test_buf(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    assert_non_null(buf_view(&b).p);
    buf_int(&b, INT64_MIN);
    buf_char(&b, ' ');
    buf_int(&b, 0);
    buf_printf(&b, "<%s>", "x");
    same(buf_view(&b), "-9223372036854775808 0<x>");
    buf_clear(&b);
    buf_printf(&b, "%5000d", 7);
    assert_int_equal(b.n, 5000);
    assert_int_equal(b.p[4999], '7');
    buf_finish(&b);
    buf_finish(&b);
}

static void test_bits(void **state)
{
    (void)state;
    uint64_t a[4], b[4];
    for (size_t from = 0; from <= 256; from++) {
        for (size_t to = from; to <= 256; to++) {
            memset(a, 0, sizeof a);
            bits_set_range(a, from, to);
            assert_int_equal(bits_count(a, 4), to - from);
            assert_int_equal(bits_any(a, 4), to > from);
            assert_true(to == from || (bit_get(a, from) && bit_get(a, to - 1)));
        }
    }
    memset(a, 0, sizeof a);
    memset(b, 0, sizeof b);
    bits_set_range(a, 10, 100);
    bits_set_range(b, 90, 200);
    bits_and(a, b, 4);
    assert_int_equal(bits_count(a, 4), 10);
    bits_minus(b, a, 4);
    assert_int_equal(bits_count(b, 4), 100);
    assert_false(bits_equal(a, b, 4));
    bits_or(a, b, 4);
    bit_clear(a, 90);
    bit_set(a, 90);
    memset(b, 0, sizeof b);
    bits_set_range(b, 90, 200);
    assert_true(bits_equal(a, b, 4));
    assert_int_equal(BITS_WORDS(64), 1);
    assert_int_equal(BITS_WORDS(65), 2);
}

static void test_date(void **state)
{
    (void)state;
    static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    day_t next = day_from_civil(1900, 1, 1), d;
    char text[11], want[40];
    assert_int_equal(next, -25567);
    assert_int_equal(day_from_civil(1970, 1, 1), 0);
    for (int y = 1900; y <= 2100; y++) {
        bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
        for (int m = 1; m <= 12; m++) {
            int last = length[m - 1] + (m == 2 && leap);
            for (int day = 1; day <= last; day++, next++) {
                int y2, m2, d2;
                assert_int_equal(day_from_civil(y, m, day), next);
                day_to_civil(next, &y2, &m2, &d2);
                assert_true(y2 == y && m2 == m && d2 == day);
                snprintf(want, sizeof want, "%04d-%02d-%02d", y, m, day);
                day_format(next, text);
                assert_string_equal(text, want);
                assert_true(day_parse(str_from(text), &d) && d == next);
            }
            snprintf(want, sizeof want, "%04d-%02d-%02d", y, m, last + 1);
            assert_false(day_parse(str_from(want), &d));
        }
    }
}

static void test_date_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "2023-02-29", "2024-13-01", "2024-00-01", "2024-01-00", "1900-02-29", "0999-12-31",
        "2024-1-01",  "2024/01/01", "20240101",   "2024-01-01 ", " 2024-01-01", "+024-01-01",
        "2024-01-0x", "",
    };
    day_t d;
    char text[11];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(day_parse(str_from(bad[i]), &d));
    }
    assert_true(day_parse(STR("2024-02-29"), &d));
    assert_true(day_parse(STR("1000-01-01"), &d));
    assert_true(day_parse(STR("9999-12-31"), &d));
    day_format(d, text);
    assert_string_equal(text, "9999-12-31");
    day_format(d + 1, text); /* the exclusive bound after the last day */
    assert_string_equal(text, "");
    day_format(DAY_MIN, text);
    assert_string_equal(text, "");
    day_format(DAY_MAX, text);
    assert_string_equal(text, "");
    assert_true(day_today() > day_from_civil(2024, 1, 1));
}

static void write_sample(struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kstr(w, "a", STR("q\" b\\ n\n t\t \x01 \x1f \x7f 中 /"));
    jsonw_kz(w, "b", NULL);
    jsonw_key(w, "c");
    jsonw_array(w);
    jsonw_int(w, -1);
    jsonw_real(w, 2.5, 2);
    jsonw_real(w, -7.0, 0);
    jsonw_bool(w, true);
    jsonw_str(w, (struct str){NULL, 0});
    jsonw_str(w, STR(""));
    jsonw_raw(w, STR("{}"));
    jsonw_end(w);
    jsonw_key(w, "d");
    jsonw_object(w);
    jsonw_end(w);
    jsonw_kday(w, "e", 0);
    jsonw_kday(w, "f", DAY_MAX);
    jsonw_kbool(w, "g", false);
    jsonw_kint(w, "h", 8);
    jsonw_end(w);
}

static void test_jsonw(void **state)
{
    (void)state;
    struct buf b = {0};
    struct jsonw w;
    jsonw_init(&w, &b, false);
    write_sample(&w);
    same(buf_view(&b), "{\"a\":\"q\\\" b\\\\ n\\n t\\t \\u0001 \\u001f \x7f 中 /\",\"b\":null,"
                       "\"c\":[-1,2.50,-7,true,null,\"\",{}],\"d\":{},\"e\":\"1970-01-01\","
                       "\"f\":null,\"g\":false,\"h\":8}");
    buf_clear(&b);
    jsonw_init(&w, &b, true);
    jsonw_object(&w);
    jsonw_key(&w, "a");
    jsonw_array(&w);
    jsonw_int(&w, 1);
    jsonw_int(&w, 2);
    jsonw_end(&w);
    jsonw_key(&w, "b");
    jsonw_array(&w);
    jsonw_end(&w);
    jsonw_end(&w);
    same(buf_view(&b), "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": []\n}");
    buf_clear(&b);
    jsonw_init(&w, &b, false);
    jsonw_str(&w, (struct str){"\0\b\f\r", 4});
    same(buf_view(&b), "\"\\u0000\\b\\f\\r\"");
    buf_finish(&b);
}

static void test_csv(void **state)
{
    (void)state;
    struct arena a = {0};
    struct csv *c = ARENA_NEW(&a, struct csv);
    struct error e = {0};
    bool more;
    struct str text = STR("\xEF\xBB\xBF" "code,name\r\n1,\"a, \"\"b\"\"\nc\"\r\n2,\n\"\",z");
    assert_int_equal(csv_open(c, &a, text, "f.csv", &e), OK);
    same(c->head[0], "code");
    assert_int_equal(csv_next(c, &more, &e), OK);
    assert_true(more);
    assert_int_equal(c->line, 2);
    same(csv_get(c, "name"), "a, \"b\"\nc");
    assert_null(csv_get(c, "nothing").p);
    assert_int_equal(csv_next(c, &more, &e), OK);
    assert_int_equal(c->line, 4); /* the record before had two lines */
    same(csv_get(c, "code"), "2");
    same(csv_get(c, "name"), "");
    assert_int_equal(csv_next(c, &more, &e), OK);
    assert_true(more);
    same(csv_get(c, "code"), "");
    same(csv_get(c, "name"), "z");
    assert_int_equal(csv_next(c, &more, &e), OK);
    assert_false(more);
    arena_finish(&a);
}

/* The error of the first record that is refused. */
static enum err csv_fault(struct str text, struct error *e)
{
    struct arena a = {0};
    struct csv *c = ARENA_NEW(&a, struct csv);
    bool more = true;
    enum err code = csv_open(c, &a, text, "f.csv", e);
    while (code == OK && more) {
        code = csv_next(c, &more, e);
    }
    arena_finish(&a);
    return code;
}

static void test_csv_refused(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        enum err code;
        int line;
    } bad[] = {
        {STR("a,b\n1,2\n3\n"), ERR_SYNTAX, 3},
        {STR("a,b\r\n1,\"x\ny\"\r\n1,2,3\r\n"), ERR_SYNTAX, 4},
        {STR("a,b\n\n"), ERR_SYNTAX, 2},
        {STR("a\n\"x\n"), ERR_SYNTAX, 2},
        {STR("a\n\"x\"y\n"), ERR_SYNTAX, 2},
        {STR("a\nx\"y\n"), ERR_SYNTAX, 2},
        {STR("a\nx\ry\n"), ERR_SYNTAX, 2},
        {STR("a,b,a\n"), ERR_INVALID, 1},
        {STR("a\n\xFF\n"), ERR_SYNTAX, 2},
        {STR(""), ERR_SYNTAX, 1},
        {STR(",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,"), ERR_LIMIT, 1},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error e = {0};
        assert_int_equal(csv_fault(bad[i].text, &e), bad[i].code);
        assert_int_equal(csv_fault(bad[i].text, NULL), bad[i].code);
        assert_int_equal(e.line, bad[i].line);
        assert_string_equal(e.file, "f.csv");
    }
    struct buf b = {0};
    buf_z(&b, "a\n");
    for (int i = 0; i <= LIMIT_CSV_FIELD_BYTES; i++) {
        buf_char(&b, 'x');
    }
    assert_int_equal(csv_fault(buf_view(&b), NULL), ERR_LIMIT);
    buf_finish(&b);
}

static void test_csv_write(void **state)
{
    (void)state;
    struct buf b = {0};
    csv_write_field(&b, STR("a"), true);
    csv_write_field(&b, STR("b,\"c\""), false);
    csv_write_field(&b, STR("=1+1"), false);
    csv_write_field(&b, STR("-5"), false);
    csv_write_field(&b, STR("\rx"), false);
    csv_write_field(&b, STR(""), false);
    csv_write_end(&b);
    same(buf_view(&b), "a,\"b,\"\"c\"\"\",'=1+1,'-5,\"'\rx\",\r\n");
    buf_finish(&b);
}

static void test_rng(void **state)
{
    (void)state;
    struct rng a, b, c;
    int differ = 0, seen[7] = {0};
    rng_seed(&a, 42);
    rng_seed(&b, 42);
    rng_seed(&c, 43);
    for (int i = 0; i < 1000; i++) {
        uint64_t v = rng_next(&a);
        assert_true(v == rng_next(&b));
        differ += v != rng_next(&c);
    }
    assert_int_equal(differ, 1000);
    for (int i = 0; i < 7000; i++) {
        seen[rng_below(&a, 7)]++;
    }
    for (int i = 0; i < 7; i++) {
        assert_in_range(seen[i], 800, 1200);
    }
    assert_int_equal(rng_below(&a, 1), 0);
    /* Published: first outputs of splitmix64(0), and xoshiro256** from the state 1 2 3 4. */
    rng_seed(&a, 0);
    assert_true(a.s[0] == 0xE220A8397B1DCDAFu && a.s[1] == 0x6E789E6AA1B965F4u);
    a = (struct rng){{1, 2, 3, 4}};
    static const uint64_t known[] = {
        11520u, 0u, 1509978240u, 1215971899390074240u, 1216172134540287360u,
        607988272756665600u, 16172922978634559625u, 8476171486693032832u,
        10595114339597558777u, 2904607092377533576u,
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_true(rng_next(&a) == known[i]);
    }
}

static void test_hash(void **state)
{
    (void)state;
    uint8_t sum[32];
    char hex[65];
    struct hash h;
    hash_sha256("abc", 3, sum); /* FIPS 180-4 example */
    hash_hex(sum, 32, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash_sha256(NULL, 0, sum);
    hash_hex(sum, 32, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    hash_init(&h);
    for (int i = 0; i < 1000000; i += 10) {
        hash_add(&h, "aaaaaaaaaa", 10);
    }
    hash_end(&h, sum);
    hash_hex(sum, 32, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void test_err(void **state)
{
    (void)state;
    static const int status[ERR_COUNT] = {0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 4, 5, 6, 75, 75};
    struct error e = {.line = 9, .hint = "old"};
    for (int i = 0; i < ERR_COUNT; i++) {
        assert_int_equal(err_exit_status((enum err)i), status[i]);
        assert_true(strlen(err_name((enum err)i)) > 1);
    }
    assert_string_equal(err_name(ERR_UNKNOWN_CODE), "unknown-code");
    assert_int_equal(err_set(NULL, ERR_IO, "%d", "%d", 1), ERR_IO);
    assert_int_equal(err_set(&e, ERR_IO, "甲 %d %s", "a %d %s", 1, e.hint), ERR_IO);
    assert_string_equal(e.detail_zh, "甲 1 old");
    assert_string_equal(e.detail_en, "a 1 old");
    assert_int_equal(e.line, 0);
    err_hint(&e, "try %s", "x");
    err_at(&e, NULL, 3, "/a");
    err_at(&e, "f", 0, NULL);
    assert_string_equal(e.hint, "try x");
    assert_true(e.line == 3 && strcmp(e.file, "f") == 0 && strcmp(e.field, "/a") == 0);
    /* Text that is cut off stays valid. */
    char lead[4] = "";
    for (int i = 0; i < 3; i++) {
        char zh[600] = "";
        for (int k = 0; k < 180; k++) {
            memcpy(zh + 3 * k, "中", 4);
        }
        err_set(&e, ERR_IO, "%s%s", "%s%s", lead, zh);
        err_at(&e, zh + i, 0, NULL);
        assert_true(str_utf8_valid(str_from(e.detail_zh)));
        assert_true(strlen(e.detail_zh) >= sizeof e.detail_zh - 4);
        lead[i] = 'x';
    }
}

static void test_file(void **state)
{
    (void)state;
    char dir[] = "/tmp/fumao-test-XXXXXX", path[64], pipe_path[64];
    struct arena a = {0};
    struct str s;
    struct error e;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/f", dir);
    snprintf(pipe_path, sizeof pipe_path, "%s/p", dir);
    assert_int_equal(file_read(&a, path, &s, &e), ERR_NOT_FOUND);
    assert_string_equal(e.file, path);
    assert_int_equal(file_read(&a, dir, &s, &e), ERR_INVALID);
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_int_equal(file_read(&a, pipe_path, &s, NULL), ERR_INVALID);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("one\ntwo", f);
    fclose(f);
    assert_int_equal(file_read(&a, path, &s, &e), OK);
    same(s, "one\ntwo");
    assert_int_equal(truncate(path, (off_t)LIMIT_FILE_BYTES + 1), 0);
    assert_int_equal(file_read(&a, path, &s, &e), ERR_LIMIT);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(file_read(&a, path, &s, &e), OK);
    same(s, "");
    unlink(path);
    unlink(pipe_path);
    rmdir(dir);
    arena_finish(&a);
}

/* A result that is renamed into place must not take the place of what is no plain file. */
static void test_file_may_be_made(void **state)
{
    (void)state;
    char dir[] = "/tmp/fumao-test-XXXXXX", path[64], lost[64], link_path[64];
    struct error e;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/f", dir);
    snprintf(lost, sizeof lost, "%s/no/f", dir);
    snprintf(link_path, sizeof link_path, "%s/l", dir);
    assert_int_equal(file_may_be_made(path, &e), OK);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(file_may_be_made(path, &e), OK);
    assert_int_equal(symlink(path, link_path), 0);
    assert_int_equal(file_may_be_made(link_path, &e), ERR_INVALID);
    assert_string_equal(e.file, link_path);
    assert_int_equal(file_may_be_made("/dev/null", NULL), ERR_INVALID);
    assert_int_equal(file_may_be_made(dir, &e), ERR_INVALID);
    assert_int_equal(file_may_be_made(lost, &e), ERR_NOT_FOUND);
    assert_non_null(strstr(e.hint, "mkdir"));
    assert_int_equal(file_may_be_made("", NULL), ERR_USAGE);
    assert_int_equal(file_may_be_made("only-a-name", NULL), OK);
    unlink(link_path);
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena),       cmocka_unit_test(test_str),
        cmocka_unit_test(test_utf8),        cmocka_unit_test(test_distance),
        cmocka_unit_test(test_buf),         cmocka_unit_test(test_bits),
        cmocka_unit_test(test_date),        cmocka_unit_test(test_date_refused),
        cmocka_unit_test(test_jsonw),       cmocka_unit_test(test_csv),
        cmocka_unit_test(test_csv_refused), cmocka_unit_test(test_csv_write),
        cmocka_unit_test(test_rng),         cmocka_unit_test(test_hash),
        cmocka_unit_test(test_err),         cmocka_unit_test(test_file),
        cmocka_unit_test(test_file_may_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
