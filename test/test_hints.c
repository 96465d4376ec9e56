/* Hints on the portal's error pages: addresses of our own pages are links, all else is text. */
#include "portal/inside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct arena step;

static struct str page_of(struct portal *p, const char *target, struct response *rs)
{
    struct request rq = {.method = METHOD_GET, .arena = &step, .target = str_from(target)};
    *rs = (struct response){.status = 200, .arena = &step};
    rq.path_raw = str_cut(rq.target, '?', &rq.query_raw);
    assert_true(http_decode(&step, rq.path_raw, false, &rq.path));
    assert_true(http_parse_fields(&step, rq.query_raw, &rq.query, &rq.n_query));
    portal_handle(p, &rq, rs);
    struct str s = str_copy(&step, buf_view(&rs->body));
    buf_finish(&rs->body);
    return s;
}

static void on_pages(void **state)
{
    static const struct {
        const char *target, *link;
    } want[] = {
        {"/no-such-page", "<a href=\"/lists\">/lists</a>,\n"},
        {"/no-such-page?lang=en", "<a href=\"/lists?lang=en\">/lists</a>,\n"},
        {"/no-such-page?lang=zh", "<a href=\"/?lang=zh\">/</a>,\n"},
        {"/lists/none", "<a href=\"/lists\">/lists</a>"},
        {"/services/ZZ?lang=en", "<a href=\"/find?lang=en\">/find</a>"},
        {"/agreements/none", "<a href=\"/agreements\">/agreements</a>"},
        {"/changes?family=x&lang=en",
         "<a href=\"/changes?family=investment&amp;lang=en\">?family=investment</a>"},
        {"/diff/x", "<a href=\"/diff/cn-national-2024...cn-ftz-2024\">"}};
    struct classification *codes;
    struct corpus *law;
    struct snapshot *snapshot;
    struct arena a;
    (void)state;
    arena_init(&a);
    arena_init(&step);
    assert_int_equal(classification_load(&codes, &a, NULL), OK);
    assert_int_equal(law_load_shipped(&law, &a, codes, NULL), OK);
    assert_int_equal(snapshot_create(&snapshot, law, NULL), OK);
    struct portal p = {.codes = codes, .corpus = law, .snapshot = snapshot};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct response rs;
        struct str s = page_of(&p, want[i].target, &rs);
        if (rs.status < 400 || !str_find(s, str_from(want[i].link), NULL))
            fail_msg("%s: %d, without %s", want[i].target, rs.status, want[i].link);
    }
    snapshot_destroy(snapshot);
    arena_finish(&step);
    arena_finish(&a);
}

/* What a reader could bring into a hint: nothing but a page of ours becomes an address. */
static void hostile(void **state)
{
    static const char *const text[] = {
        "//example.org",    "//example.org/lists",      "https://example.org/lists",
        "javascript:x",     "/\\example.org",           "/lists\"><b>",
        "/lists/<b>",       "/no-such-page",            "/lists/a/b/c/d",
        "/lists//x",        "/lists?x=1",               "?x=\"><b>",
        "?=1",              "?x",                       "?x=//example.org",
        "/lists/%2f",       "/api/v1/a/b/c/d/e/f/g/h/i", "?x=1&y=2"};
    struct request rq = {.arena = &step, .path = STR("/li<s>ts")};
    struct view v = {.arena = &step, .rq = &rq, .path = rq.path};
    struct hint_piece piece;
    const char *rest;
    (void)state;
    arena_init(&step);
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        rest = text[i];
        assert_true(hint_piece(&v, &rest, &piece));
        assert_string_equal(piece.text.p, text[i]);
        if (piece.link.n > 0)
            fail_msg("%s became %.*s", text[i], STR_ARG(piece.link));
        assert_false(hint_piece(&v, &rest, &piece));
    }
    rest = "?section=A … ?section=T, /find";
    static const char *const link[] = {"/li%3Cs%3Ets?section=A", "/li%3Cs%3Ets?section=T", "/find"};
    for (int i = 0; i < 3; i++) {
        assert_true(hint_piece(&v, &rest, &piece));
        assert_true(str_eqz(piece.link, link[i]));
    }
    assert_false(hint_piece(&v, &rest, &piece));
    arena_finish(&step);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(on_pages), cmocka_unit_test(hostile)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
