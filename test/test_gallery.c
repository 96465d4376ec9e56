/*
 * Released statistics as the server shows them: a shelf made by hand, read by the gallery, the API
 * and the pages. What is confidential never has a value and is never a zero; only what is released
 * can be asked for; a newer release comes without a restart; a content that was touched is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "api/gallery.h"
#include "db/db.h"
#include "portal/portal.h"
#include "portal/statistics.h"
#include "scratch.h"

static struct arena forever, step;
static char folder[SCRATCH_PATH], store[SCRATCH_PATH + 32];
static struct db *db; /* of who publishes */
static struct portal portal;

/* --- a shelf by hand ---------------------------------------------------------------------- */

static void cell(struct buf *b, const char *period, const char *flow, const char *item,
                 const char *more, const char *value)
{
    buf_printf(b, "%s{\"at\":{\"period\":\"%s\",\"flow\":\"%s\",\"item\":\"%s\"%s},",
               b->p[b->n - 1] == '[' ? "" : ",", period, flow, item, more);
    if (value != NULL)
        buf_printf(b, "\"value\":%s,\"conf_status\":\"F\"}", value);
    else
        buf_z(b, "\"conf_status\":\"C\"}");
}

static void shelve(const char *id, const char *value, bool touched)
{
    struct buf b;
    struct db_stmt *s;
    uint8_t digest[32];
    char hex[65];
    bool row;
    buf_init(&b);
    buf_printf(&b, "{\"release\":\"%s\",\"cube\":\"00\",\"made_at\":1790000000,\"cells\":[", id);
    for (int m = 1; m <= 8; m++) {
        char period[16];
        snprintf(period, sizeof period, "2026-%02d", m);
        cell(&b, period, "T", "S", "", "1500000000");
        cell(&b, period, "C", "S", "", m == 4 ? NULL : "1000000000");
        cell(&b, period, "D", "S", "", "500000000");
        cell(&b, period, "T", "SJ", "", m == 8 ? value : "700000000");
        cell(&b, period, "T", "SF", "", m == 8 ? NULL : "100");
    }
    cell(&b, "2026-Q1", "T", "S", "", "4500000000");
    cell(&b, "2025", "T", "S", "", "9900000000");
    cell(&b, "2025", "T", "S", ",\"place\":\"CN-SH\"", "1234500000");
    cell(&b, "2025", "T", "S", ",\"place\":\"CN-SH-FTZ\"", NULL);
    cell(&b, "2025", "T", "S", ",\"partner\":\"USA\"", "2222200000");
    cell(&b, "2025", "T", "SJ", ",\"partner\":\"USA\"", "1111100000");
    buf_z(&b, "]}");
    hash_sha256(b.p, b.n, digest);
    hash_hex(digest, 32, hex);
    if (touched)
        hex[0] = hex[0] == '0' ? '1' : '0';
    assert_int_equal(db_prepare(db, "INSERT INTO release(id,made_at,digest,cube,cells,open,leaf,"
                                    "public) VALUES(?1,1790000000,?2,'00',44,40,7,?3)", &s, NULL),
                     OK);
    db_bind_text(s, 1, str_from(id));
    db_bind_text(s, 2, str_from(hex));
    db_bind_text(s, 3, buf_view(&b));
    assert_int_equal(db_step(s, &row, NULL), OK);
    db_finish(s);
    buf_finish(&b);
}

static int load(void **state)
{
    struct classification *codes;
    struct corpus *law;
    struct snapshot *s;
    (void)state;
    arena_init(&forever);
    arena_init(&step);
    scratch_make(folder, "gallery");
    snprintf(store, sizeof store, "sqlite:%s/store.db", folder);
    if (classification_load(&codes, &forever, NULL) != OK ||
        law_load_shipped(&law, &forever, codes, NULL) != OK ||
        snapshot_create(&s, law, NULL) != OK || db_open(&db, store, NULL) != OK)
        return 1;
    portal = (struct portal){.codes = codes, .corpus = law, .snapshot = s};
    return gallery_open(&portal.gallery, codes, store, NULL) != OK;
}

static int unload(void **state)
{
    (void)state;
    gallery_close(portal.gallery);
    db_close(db);
    scratch_empty(folder);
    scratch_remove(folder);
    return 0;
}

/* --- asking without a wire ---------------------------------------------------------------- */

struct said {
    int status;
    struct str body, etag;
};

static struct said get(const char *target)
{
    struct request rq = {.method = METHOD_GET, .arena = &step, .target = str_from(target)};
    struct response rs = {.status = 200, .arena = &step};
    struct said out = {0};
    arena_reset(&step);
    rq.path_raw = str_cut(rq.target, '?', &rq.query_raw);
    assert_true(http_decode(&step, rq.path_raw, false, &rq.path));
    assert_true(http_parse_fields(&step, rq.query_raw, &rq.query, &rq.n_query));
    portal_handle(&portal, &rq, &rs);
    out.status = rs.status;
    out.body = str_copy(&step, buf_view(&rs.body));
    for (int i = 0; i < rs.n_headers; i++)
        if (str_eqz(rs.headers[i].key, "ETag"))
            out.etag = str_copy(&step, rs.headers[i].value);
    buf_finish(&rs.body);
    return out;
}

static bool has(struct said x, const char *text)
{
    return str_find(x.body, str_from(text), NULL);
}

static json_t *parse(struct said x)
{
    json_error_t e;
    json_t *j = json_loadb(x.body.p, x.body.n, JSON_REJECT_DUPLICATES, &e);
    if (j == NULL)
        fail_msg("no JSON: %s in %.200s", e.text, x.body.p);
    return j;
}

static void another_second(void)
{
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    do {
        usleep(20000);
        clock_gettime(CLOCK_MONOTONIC, &b);
    } while (a.tv_sec == b.tv_sec);
}

/* --- tests -------------------------------------------------------------------------------- */

static void nothing_yet(void **state)
{
    (void)state;
    struct said x = get("/stats?lang=en");
    assert_int_equal(x.status, 200);
    assert_true(has(x, "No statistics have been released yet"));
    json_t *j = parse(get("/stats.json"));
    assert_int_equal(json_array_size(json_object_get(j, "releases")), 0);
    assert_int_equal(json_array_size(json_object_get(j, "tables")), 11);
    json_decref(j);
    j = parse(get("/stats/month-item.json"));
    assert_true(json_is_null(json_object_get(j, "release")));
    assert_int_equal(json_array_size(json_object_get(j, "figures")), 0);
    json_decref(j);
    assert_true(has(get("/stats/month-item?lang=en"), "No statistics have been released yet"));
    assert_int_equal(get("/stats/month-item?release=2026-08").status, 404);
    struct gallery *g = portal.gallery;
    portal.gallery = NULL; /* a server without a store */
    assert_int_equal(get("/stats").status, 503);
    assert_int_equal(get("/stats/month-item.csv").status, 503);
    assert_int_equal(get("/api/v1/statistics").status, 503);
    portal.gallery = g;
}

static void released(void **state)
{
    (void)state;
    char etag[64];
    struct said x = get("/api/v1/statistics");
    snprintf(etag, sizeof etag, "%.*s", STR_ARG(x.etag));
    shelve("2026-07", "600000000", false);
    shelve("2026-08", "654321", false);
    another_second();
    x = get("/api/v1/statistics"); /* the same connection, the same server */
    assert_string_not_equal(etag, x.etag.p); /* the answer changed, so did its mark */
    json_t *j = parse(x), *first = json_array_get(json_object_get(j, "releases"), 0);
    assert_int_equal(json_array_size(json_object_get(j, "releases")), 2);
    assert_string_equal(json_string_value(json_object_get(first, "id")), "2026-08");
    assert_int_equal(json_integer_value(json_object_get(first, "confidential")), 4);
    json_decref(j);
    x = get("/stats?lang=en");
    assert_true(has(x, "2026-08") && has(x, "release=2026-07") && has(x, "entry 7"));
    assert_true(has(x, "2026-09-21")); /* 1790000000 in China */
    assert_true(has(get("/stats.csv"), "2026-08,1790000000,"));
}

/* Every figure of the answer; the confidential ones have no value. */
static int count_figures(const char *target, int *confidential)
{
    json_t *j = parse(get(target)), *f;
    size_t i;
    *confidential = 0;
    json_array_foreach(json_object_get(j, "figures"), i, f) {
        bool open = strcmp(json_string_value(json_object_get(f, "conf_status")), "F") == 0;
        assert_int_equal(open, json_is_integer(json_object_get(f, "value")));
        assert_int_equal(!open, json_is_null(json_object_get(f, "value")));
        *confidential += !open;
    }
    assert_int_equal(json_integer_value(json_object_get(j, "confidential")), *confidential);
    int n = (int)json_array_size(json_object_get(j, "figures"));
    json_decref(j);
    return n;
}

static void filters(void **state)
{
    (void)state;
    int c;
    assert_int_equal(count_figures("/stats/month-item.json", &c), 42);
    assert_int_equal(c, 2);
    assert_int_equal(count_figures("/api/v1/statistics/month-item?flow=C", &c), 8);
    assert_int_equal(c, 1);
    assert_int_equal(count_figures("/stats/month-item.json?item=SJ", &c), 8);
    assert_int_equal(count_figures("/stats/month-item.json?period=2026-Q1&item=S", &c), 10);
    assert_int_equal(count_figures("/stats/month-item.json?period=2026&flow=T&item=S", &c), 9);
    assert_int_equal(count_figures("/stats/month-item.json?period=2026-03&flow=T", &c), 3);
    assert_int_equal(count_figures("/stats/year-zone.json", &c), 3);
    assert_int_equal(c, 1);
    assert_int_equal(count_figures("/stats/year-zone.json?place=CN-SH", &c), 1);
    struct said x = get("/stats/month-item.csv?item=SF&period=2026-08");
    assert_true(has(x, "2026-08,T,SF,W1,CN,_T,_T,_T,_T,,C"));
    assert_int_equal(get("/stats/month-items").status, 404);
    assert_int_equal(get("/stats/month-item?item=XX").status, 404);
    assert_int_equal(get("/stats/month-item?item=SJ3").status, 404); /* a detail: not in it */
    assert_int_equal(get("/stats/month-item?mode=1").status, 400);
    assert_int_equal(get("/stats/month-item?mode=_T").status, 200);
    assert_int_equal(get("/stats/year-zone?place=CN-SH_X").status, 404); /* is never shown */
    assert_int_equal(get("/stats/month-item?release=2026-09").status, 404);
    assert_int_equal(get("/stats/month-item?page=2").status, 404);
    assert_int_equal(get("/api/v1/statistics/month-item?sector=1").status, 400);
}

static void pages(void **state)
{
    (void)state;
    struct said x = get("/stats/month-item?lang=en");
    assert_int_equal(x.status, 200);
    assert_true(has(x, "2026-03") && !has(x, ">2026-02</th>")); /* the last six */
    assert_true(has(x, "<td class=\"num\">15.00</td>") && has(x, "USD M"));
    assert_true(has(x, "<td class=\"num conf\"><small>confidential</small> c</td>"));
    assert_true(has(x, "&lt;0.01")); /* a dollar is not nothing */
    assert_true(has(x, "<svg") && has(x, "2026-05 Exports (credit) 10.00"));
    assert_false(has(x, "2026-04 Exports (credit)")); /* a gap */
    assert_true(has(x, "release=2026-08")); /* the permanent link names its release */
    x = get("/stats/month-item?lang=zh&item=SJ");
    assert_true(has(x, "700.00") && has(x, "万美元") && has(x, "0.65"));
    x = get("/stats/month-item?lang=zh&flow=C");
    assert_true(has(x, "保密") && has(x, "1,000.00"));
    x = get("/stats/month-item?lang=en&release=2026-07&item=SJ");
    assert_true(has(x, "6.00"));
    x = get("/stats/year-zone?lang=en&period=2025");
    assert_true(has(x, "CN-SH-FTZ") && has(x, "12.34") && !has(x, "<svg"));
    x = get("/stats/month-item?lang=en&period=2026-Q1");
    assert_true(has(x, ">2026-01</th>") && has(x, ">2026-03</th>") && !has(x, ">2026-04</th>"));
    assert_true(has(x, "<option value=\"2026\">") && has(x, "<option value=\"2025\">"));
    assert_false(has(x, "<option value=\"2024\">")); /* nothing is there */
    assert_true(has(x, "2026-05 Exports (credit)"));  /* the picture has every period */
    x = get("/stats/year-item-partner?lang=en"); /* rows are partners, each leads to its items */
    assert_true(has(x, "partner=USA") && has(x, "22.22") && !has(x, "11.11"));
    x = get("/stats/year-item-partner?lang=en&partner=USA");
    assert_true(has(x, "22.22") && has(x, "11.11"));
    assert_true(has(x, "item=SJ&amp;partner=USA"));
    x = get("/stats/month-item?lang=en&flow=D&item=SF");
    assert_true(has(x, "This release has no such figures"));
}

static void amounts(void **state)
{
    (void)state;
    struct view v = {.arena = &step, .lang = LANG_EN};
    static const struct { int64_t cents, unit; const char *text; } want[] = {
        {0, 100000000, "0"},          {499999, 100000000, "<0.01"},
        {500000, 100000000, "<0.01"}, {500001, 100000000, "0.01"},
        {-1, 100000000, ">-0.01"},    {1500000, 100000000, "0.02"},
        {2500000, 100000000, "0.02"}, {-123456789012, 100000000, "-1,234.57"},
        {INT64_MIN, 100000000000, "-92,233,720.37"}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        assert_string_equal(stats_amount(&v, want[i].cents, want[i].unit).p, want[i].text);
    assert_true(stats_unit(&v, INT64_C(9999999999999)) == 100000000);
    assert_true(stats_unit(&v, INT64_C(10000000000000)) == 100000000000);
    v.lang = LANG_ZH;
    assert_true(stats_unit(&v, INT64_C(99999999999)) == 1000000);
    assert_true(stats_unit(&v, INT64_C(100000000000)) == 10000000000);
}

static void touched(void **state)
{
    (void)state;
    shelve("2026-09", "1", true);
    another_second();
    assert_int_equal(get("/stats/month-item").status, 500);
    assert_int_equal(get("/stats/month-item?release=2026-08").status, 200);
    char at[64];
    int c;
    for (int i = 10; i < 17; i++) {
        snprintf(at, sizeof at, "2027-%02d", i);
        shelve(at, "700000000", false);
    }
    another_second();
    for (int i = 10; i < 17; i++) { /* more than are kept at once */
        snprintf(at, sizeof at, "/stats/month-item.json?release=2027-%02d", i);
        assert_int_equal(count_figures(at, &c), 42);
    }
    assert_int_equal(count_figures("/stats/month-item.json?release=2026-07", &c), 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_yet), cmocka_unit_test(released), cmocka_unit_test(filters),
        cmocka_unit_test(pages),       cmocka_unit_test(amounts),  cmocka_unit_test(touched)};
    return cmocka_run_group_tests(tests, load, unload);
}
