/* The room classification: lists, trees, bridges, economies, places, words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "classification/classification.h"

static struct arena arena;
static const struct classification *c;

static int load(void **state)
{
    (void)state;
    struct error e = {0};
    struct classification *loaded;
    arena_init(&arena);
    if (classification_load(&loaded, &arena, &e) != OK) {
        fprintf(stderr, "%s:%d: %s: %s\n", e.file, e.line, e.field, e.detail_en);
        return -1;
    }
    c = loaded;
    return 0;
}

static int unload(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

static const struct codelist *list_at(int i)
{
    const struct codelist *all[] = {&c->gbt, &c->ebops, &c->cpc, &c->w120, &c->isic};
    return all[i];
}

static void has_the_published_counts(void **state)
{
    (void)state;
    int level[5] = {0};
    for (int i = 0; i < c->gbt.n; i++) {
        assert_in_range(c->gbt.code[i].level, 1, 4);
        level[c->gbt.code[i].level]++;
        assert_int_equal(c->gbt.code[i].level == 4,
                         c->gbt.code[i].leaf_to - c->gbt.code[i].leaf_from == 1 &&
                             c->gbt.code[i].end == i + 1);
    }
    assert_int_equal(level[1], 20);
    assert_int_equal(level[2], 97);
    assert_int_equal(level[3], 473);
    assert_int_equal(level[4], 1381);
    assert_int_equal(c->gbt.n_leaves, 1381);
    assert_int_equal(c->n_economies, 249);
    assert_true(c->ebops.n == 153 && c->cpc.n == 1920 && c->w120.n == 189 && c->isic.n == 766);
    assert_int_equal(c->w120.n_leaves, 160);
}

/* By definition: a node's subtree is the run of nodes whose chain of parents meets it. */
static bool is_below(const struct codelist *l, int node, int top)
{
    while (node > top)
        node = l->code[node].parent;
    return node == top;
}

static void keeps_every_subtree_in_one_interval(void **state)
{
    (void)state;
    for (int k = 0; k < 5; k++) {
        const struct codelist *l = list_at(k);
        for (int i = 0; i < l->n; i++) {
            const struct code *x = &l->code[i];
            int leaves = 0, from = -1;
            assert_true(x->parent < i && x->end > i && x->end <= l->n);
            for (int j = i; j < l->n; j++) {
                assert_int_equal(is_below(l, j, i), j < x->end);
                bool leaf = j + 1 == l->n || l->code[j + 1].parent != j;
                if (j < x->end && leaf) {
                    from = from < 0 ? l->code[j].leaf_from : from;
                    assert_int_equal(l->leaf[l->code[j].leaf_from], j);
                    leaves++;
                }
            }
            assert_int_equal(x->leaf_from, from);
            assert_int_equal(x->leaf_to - x->leaf_from, leaves);
            assert_int_equal(codelist_find(l, x->code), i);
        }
    }
}

static void orders_siblings_by_code(void **state)
{
    (void)state;
    for (int i = 0; i + 1 < c->gbt.n_leaves; i++)
        assert_true(str_cmp(sector_code(c, i), sector_code(c, i + 1)) < 0);
    assert_true(str_eqz(c->gbt.code[0].code, "A"));
    assert_true(codelist_find(&c->w120, STR("2.A")) < codelist_find(&c->w120, STR("10.A")));
}

static struct sector_set parse(const char *spec)
{
    struct sector_set set;
    struct error e = {0};
    if (sector_parse(c, str_from(spec), &set, &e) != OK)
        fail_msg("%s: %s", spec, e.detail_en);
    assert_int_equal(set.count, bits_count(set.leaf, SECTOR_WORDS));
    assert_true(set.count > 0);
    return set;
}

static bool reaches(const struct sector_set *set, const char *class_code)
{
    int at = codelist_find(&c->gbt, str_from(class_code));
    assert_true(at >= 0);
    return bit_get(set->leaf, (size_t)c->gbt.code[at].leaf_from);
}

static void joins_children_into_the_parent(void **state)
{
    (void)state;
    for (int i = 0; i < c->gbt.n; i++) {
        const struct code *x = &c->gbt.code[i];
        char spec[80];
        snprintf(spec, sizeof spec, "gbt:%.*s", STR_ARG(x->code));
        struct sector_set whole = parse(spec);
        assert_false(whole.partial);
        uint64_t parts[SECTOR_WORDS] = {0};
        for (int j = i + 1; j < x->end; j = c->gbt.code[j].end) {
            snprintf(spec, sizeof spec, "%.*s", STR_ARG(c->gbt.code[j].code));
            struct sector_set part = parse(spec);
            bits_or(parts, part.leaf, SECTOR_WORDS);
        }
        if (x->level < 4)
            assert_true(bits_equal(parts, whole.leaf, SECTOR_WORDS));
    }
}

/* A foreign code reaches exactly what its children reach, or more through rows of its own. */
static void never_narrows_a_foreign_parent(void **state)
{
    (void)state;
    for (int k = 1; k < 5; k++) {
        const struct codelist *l = list_at(k);
        for (int i = 0; i < l->n; i++) {
            struct sector_set one, up;
            char spec[80];
            if (l->code[i].parent < 0)
                continue;
            snprintf(spec, sizeof spec, "%.*s:%.*s", STR_ARG(l->id), STR_ARG(l->code[i].code));
            if (sector_parse(c, str_from(spec), &one, NULL) != OK)
                continue;
            const struct code *above = &l->code[l->code[i].parent];
            snprintf(spec, sizeof spec, "%.*s:%.*s", STR_ARG(l->id), STR_ARG(above->code));
            up = parse(spec);
            bits_minus(one.leaf, up.leaf, SECTOR_WORDS);
            assert_false(bits_any(one.leaf, SECTOR_WORDS));
            assert_true(up.partial || !one.partial);
        }
    }
}

static void looks_up_known_codes(void **state)
{
    (void)state;
    struct sector_set x = parse("7231");
    assert_true(x.count == 1 && reaches(&x, "7231") && str_eqz(x.list, "gbt"));
    x = parse("l");
    assert_true(reaches(&x, "7231") && reaches(&x, "7111") && str_eqz(x.code, "L"));
    const char *const legal[] = {"isic:6910", "ISIC:69", "w120:1.a.A", "cpc:82110", "cpc:821",
                                 "EBOPS:sj211", " ebops:SJ21 ", "w120:1"};
    for (size_t i = 0; i < sizeof legal / sizeof *legal; i++) {
        x = parse(legal[i]);
        assert_true(reaches(&x, "7231"));
        assert_false(reaches(&x, "6020"));
    }
    x = parse("cpc:82110");
    assert_true(x.partial); /* a part of ISIC 6910 */
    assert_true(str_eqz(x.code, "82110") && x.name_en.n > 0);
    x = parse("isic:6910");
    assert_true(x.partial); /* a part of GB/T 752 and 794 too */
    x = parse("isic:5310");
    assert_false(x.partial); /* post: one group, whole on both sides */
    x = parse("isic:A");
    assert_true(x.partial); /* crops have no bridge */
}

static struct error refuse(const char *spec, enum err want)
{
    struct sector_set set;
    struct error e = {0};
    assert_int_equal(sector_parse(c, str_from(spec), &set, &e), want);
    assert_true(e.detail_zh[0] != 0 && e.detail_en[0] != 0 && e.hint[0] != 0);
    assert_true(str_utf8_valid(str_from(e.hint)) && str_utf8_valid(str_from(e.detail_zh)));
    return e;
}

static void hints_at_the_right_code(void **state)
{
    (void)state;
    assert_non_null(strstr(refuse("7233", ERR_UNKNOWN_CODE).hint, "7231"));
    assert_non_null(strstr(refuse("SJ21", ERR_UNKNOWN_CODE).hint, "ebops:SJ21"));
    assert_non_null(strstr(refuse("1.A.a", ERR_UNKNOWN_CODE).hint, "w120:1.A.a"));
    assert_non_null(strstr(refuse("82110", ERR_UNKNOWN_CODE).hint, "cpc:82110"));
    assert_non_null(strstr(refuse("L7231", ERR_UNKNOWN_CODE).hint, "gbt:7231"));
    assert_non_null(strstr(refuse("ebops:SJ219", ERR_UNKNOWN_CODE).hint, "ebops:SJ21"));
    refuse("nace:62", ERR_UNKNOWN_CODE);
    refuse("isic:", ERR_UNKNOWN_CODE);
    refuse(":", ERR_UNKNOWN_CODE);
    refuse("", ERR_UNKNOWN_CODE);
    refuse("\xff\xfe", ERR_UNKNOWN_CODE);
    refuse("w120:4.D", ERR_INVALID); /* franchising: no group reaches ISIC 774 */
    assert_non_null(strstr(refuse("cpc:61111", ERR_INVALID).hint, "w120:4."));
}

static void tells_codes_from_words(void **state)
{
    (void)state;
    const char *const codes[] = {"7231", "72", "L", "SJ21", "SJ", "ebops:SJ21", "w120:1.A.a",
                                 "1.A.a", "10.A", "7.B.f.1", "XC.1", "nace:62", "L72"};
    const char *const words[] = {"", "律师", "law", "5G", "B2B", "H5", "legal services", "IT",
                                 "云计算", "a:b c", "R&D", "spa", "SPA", "Web2.0"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (!sector_spec_is_code(str_from(codes[i])))
            fail_msg("%s is a code", codes[i]);
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (sector_spec_is_code(str_from(words[i])))
            fail_msg("%s is no code", words[i]);
    }
}

static void knows_economies_and_groups_by_date(void **state)
{
    (void)state;
    int au, other;
    struct error e = {0};
    for (int i = 0; i + 1 < c->n_economies; i++)
        assert_true(str_cmp(c->economy[i].alpha2, c->economy[i + 1].alpha2) < 0);
    assert_int_equal(economy_parse(c, STR("aus"), &au, &e), OK);
    assert_int_equal(au, economy_find(c, STR("AU")));
    assert_false(group_has(c, STR("RCEP"), au, day_from_civil(2021, 12, 31)));
    assert_true(group_has(c, STR("RCEP"), au, day_from_civil(2022, 1, 1)));
    assert_false(group_has(c, STR("NONE"), au, day_from_civil(2022, 1, 1)));
    assert_true(economy_find(c, STR("HK")) >= 0 && economy_find(c, STR("MO")) >= 0 &&
                economy_find(c, STR("TW")) >= 0);
    assert_int_equal(economy_parse(c, STR("UK"), &other, &e), ERR_UNKNOWN_CODE);
    assert_non_null(strstr(e.hint, "GB"));
    assert_int_equal(economy_parse(c, STR("新加坡"), &other, &e), ERR_UNKNOWN_CODE);
    assert_non_null(strstr(e.hint, "SG"));
    assert_int_equal(economy_parse(c, STR(""), &other, NULL), ERR_UNKNOWN_CODE);
}

static void knows_places_and_their_groups(void **state)
{
    (void)state;
    uint64_t bits[PLACE_WORDS] = {0};
    int at;
    struct error e = {0};
    assert_true(place_group_bits(c, STR("FTZ"), bits));
    assert_int_equal(bits_count(bits, PLACE_WORDS), 22);
    assert_false(place_group_bits(c, STR("none"), bits));
    assert_true(str_eqz(c->place[0].code, "CN") && c->place[0].end == c->n_places);
    for (int i = 1; i < c->n_places; i++) {
        const struct place *x = &c->place[i];
        assert_true(x->parent < i && x->end <= c->place[x->parent].end);
        assert_int_equal(bit_get(bits, (size_t)i), str_eqz(x->kind, "ftz"));
    }
    assert_int_equal(place_parse(c, STR("cn-sh-ftz"), &at, &e), OK);
    assert_int_equal(c->place[at].from, day_from_civil(2013, 9, 29));
    assert_true(str_eqz(c->place[c->place[at].parent].code, "CN-SH"));
    assert_int_equal(place_parse(c, STR("上海"), &at, &e), ERR_UNKNOWN_CODE);
    assert_non_null(strstr(e.hint, "CN-SH"));
    assert_int_equal(place_parse(c, STR("CN-SHH"), &at, &e), ERR_UNKNOWN_CODE);
    assert_non_null(strstr(e.hint, "CN-SH"));
    assert_int_equal(place_parse(c, STR("\xc3\x28"), &at, &e), ERR_UNKNOWN_CODE);
}

static struct finding find(const char *words)
{
    struct finding f;
    classification_find(c, str_from(words), &f);
    for (int i = 0; i < f.n; i++) {
        assert_in_range(f.best[i].score, 1, 1000);
        assert_true(f.best[i].matched.n > 0);
        assert_true(i == 0 || f.best[i].score < f.best[i - 1].score ||
                    (f.best[i].score == f.best[i - 1].score &&
                     f.best[i].leaf > f.best[i - 1].leaf));
    }
    return f;
}

static void first_is(const char *words, const char *code)
{
    struct finding f = find(words);
    if (f.n == 0 || !str_eqz(sector_code(c, f.best[0].leaf), code))
        fail_msg("%s: not %s but %.4s", words, code,
                 f.n == 0 ? "none" : sector_code(c, f.best[0].leaf).p);
}

static void finds_classes_by_words(void **state)
{
    (void)state;
    first_is("律师", "7231");
    first_is("会计", "7241");
    first_is("报关", "7297");
    first_is("Lawyers", "7231");
    first_is("legal service", "7231");
    first_is("ACCOUNTING", "7241");
    first_is("公证服务", "7232");
    first_is("法律 咨询", "7231");
    first_is("我想开一家律师事务所", "7231");
    assert_true(find("律师").clear);
    assert_true(find("公证服务").clear);
    assert_false(find("服务").clear);
    assert_false(find("云计算").clear);
    struct finding f = find("酒"); /* one character: plain substring */
    assert_true(f.n == 20);
    for (int i = 0; i < f.n; i++)
        assert_true(str_find(f.best[i].matched, STR("酒"), NULL));
    f = find("云计算");
    struct str code = sector_code(c, f.best[0].leaf);
    assert_true(str_eqz(code, "6450") || str_eqz(code, "6319") || str_eqz(code, "6540"));
}

/* Every name of a class finds the class, and gives the same answer twice. */
static void finds_every_class_by_its_own_name(void **state)
{
    (void)state;
    int missed = 0;
    for (int i = 0; i < c->gbt.n_leaves; i++) {
        struct finding f, again;
        classification_find(c, sector_leaf(c, i)->name_zh, &f);
        classification_find(c, sector_leaf(c, i)->name_zh, &again);
        assert_int_equal(f.n, again.n);
        bool found = false;
        for (int k = 0; k < f.n; k++) {
            assert_int_equal(f.best[k].leaf, again.best[k].leaf);
            found |= f.best[k].leaf == i && f.best[k].score >= 900;
        }
        missed += !found;
    }
    assert_int_equal(missed, 0);
}

static void survives_hostile_words(void **state)
{
    (void)state;
    assert_int_equal(find("").n, 0);
    assert_int_equal(find(" \t、。()").n, 0);
    assert_int_equal(find("\xff\xfe\xc0\x80\xed\xa0\x80").n, 0);
    find("\xe5\xbe");
    find("律\xe5\xbe\xff师");
    find("zzzzqqqq");
    static char big[10241];
    for (size_t i = 0; i + 3 < sizeof big; i += 3)
        memcpy(big + i, "律", 3);
    find(big);
    memset(big, 'a', sizeof big - 1);
    find(big);
    struct sector_set set;
    struct error e = {0};
    assert_int_equal(sector_parse(c, str_from(big), &set, &e), ERR_UNKNOWN_CODE);
    assert_false(sector_spec_is_code(str_from(big)));
    struct rng r;
    rng_seed(&r, 20261125);
    for (int i = 0; i < 3000; i++) {
        char noise[40];
        size_t n = rng_below(&r, sizeof noise);
        for (size_t k = 0; k < n; k++)
            noise[k] = (char)rng_below(&r, 256);
        struct finding f;
        struct str s = {noise, n};
        int at;
        classification_find(c, s, &f);
        sector_spec_is_code(s);
        assert_true(sector_parse(c, s, &set, &e) != OK || set.count > 0);
        economy_parse(c, s, &at, &e);
        place_parse(c, s, &at, &e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_published_counts),
        cmocka_unit_test(keeps_every_subtree_in_one_interval),
        cmocka_unit_test(orders_siblings_by_code),
        cmocka_unit_test(joins_children_into_the_parent),
        cmocka_unit_test(never_narrows_a_foreign_parent),
        cmocka_unit_test(looks_up_known_codes),
        cmocka_unit_test(hints_at_the_right_code),
        cmocka_unit_test(tells_codes_from_words),
        cmocka_unit_test(knows_economies_and_groups_by_date),
        cmocka_unit_test(knows_places_and_their_groups),
        cmocka_unit_test(finds_classes_by_words),
        cmocka_unit_test(finds_every_class_by_its_own_name),
        cmocka_unit_test(survives_hostile_words),
    };
    return cmocka_run_group_tests_name("classification", tests, load, unload);
}
