/*
 * The editor's desk: what goes round comes back the same, texts in several layouts give the
 * drafts beside them, every fault of a text is found at its line, and no text crashes.
 *
 * FUMAO_SEED (default 1), FUMAO_CASES (mutations, default 20,000); ANNEX is test/annex. With
 * FUMAO_GOLDEN=write the golden drafts are written anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "annex/inside.h"

static struct arena program, step; /* step: one case */
static struct classification *codes;
static struct corpus *shipped;
static uint64_t seed = 1;
static long cases = 20000;

static const char *const lists[] = {"cn-national-2024", "cn-ftz-2024",     "cn-hainan-2021",
                                    "cn-fdi-2024",      "cn-fdi-ftz-2021", "wto-gats-china"};

static int list_at(const char *id)
{
    int at = instrument_find(shipped, str_from(id));
    assert_true(at >= 0);
    return at;
}

/* --- the same meaning ---------------------------------------------------------------------- */

static struct corpus *corpus_of(struct str json)
{
    struct corpus *c;
    struct str facts;
    struct error e = {0};
    assert_true(shipped_get("facts.json", &facts));
    assert_int_equal(law_begin(&c, &step, codes, facts, "facts.json", &e), OK);
    if (law_add(c, &step, json, "draft", &e) != OK)
        fail_msg("%s %s %s", e.file, e.field, e.detail_en);
    return c;
}

static void same_str(struct str a, struct str b)
{
    if (!str_eq(a, b))
        fail_msg("\"%.*s\" is not \"%.*s\"", STR_ARG(a), STR_ARG(b));
}

static void same_strs(int n, const struct str *a, int m, const struct str *b)
{
    assert_int_equal(n, m);
    for (int i = 0; i < n; i++)
        same_str(a[i], b[i]);
}

static void same_clauses(int n, const struct clause *a, int m, const struct clause *b)
{
    assert_int_equal(n, m);
    for (int i = 0; i < n; i++) {
        assert_int_equal(a[i].when, b[i].when);
        assert_int_equal(a[i].has_origins, b[i].has_origins);
        assert_memory_equal(a[i].origin, b[i].origin, sizeof a[i].origin);
        assert_memory_equal(a[i].place, b[i].place, sizeof a[i].place);
        assert_int_equal(a[i].evidence, b[i].evidence);
        same_str(a[i].zh, b[i].zh);
        same_str(a[i].en, b[i].en);
    }
}

static void same_words(const struct provision *a, const struct provision *b)
{
    same_str(a->key, b->key);
    same_str(a->section, b->section);
    same_str(a->zh, b->zh);
    same_str(a->en, b->en);
    same_str(a->note, b->note);
    same_str(a->listing, b->listing);
    same_str(a->number_basis, b->number_basis);
    same_str(a->authority_zh, b->authority_zh);
    same_str(a->authority_en, b->authority_en);
    same_str(a->obligation, b->obligation);
    same_str(a->carve_out_overlap, b->carve_out_overlap);
    same_strs(a->n_sources, a->source, b->n_sources, b->source);
    same_strs(a->n_displaces, a->displaces, b->n_displaces, b->displaces);
    assert_int_equal(a->n_basis, b->n_basis);
    for (int i = 0; i < a->n_basis; i++) {
        same_str(a->basis[i].title_zh, b->basis[i].title_zh);
        same_str(a->basis[i].version, b->basis[i].version);
        same_str(a->basis[i].article, b->basis[i].article);
        same_str(a->basis[i].note, b->basis[i].note);
        assert_int_equal(a->basis[i].matched, b->basis[i].matched);
    }
}

static void same_provision(const struct provision *a, const struct provision *b)
{
    same_words(a, b);
    assert_int_equal(a->no, b->no);
    assert_int_equal(a->evidence, b->evidence);
    assert_int_equal(a->effect, b->effect);
    assert_int_equal(a->treatment, b->treatment);
    assert_int_equal(a->partial, b->partial);
    assert_int_equal(a->lift_join, b->lift_join);
    assert_memory_equal(&a->scope, &b->scope, sizeof a->scope);
    assert_int_equal(a->n_when, b->n_when);
    for (int i = 0; i < a->n_when; i++)
        assert_int_equal(a->when[i], b->when[i]);
    same_clauses(a->n_exceptions, a->exception, b->n_exceptions, b->exception);
    same_clauses(a->n_exemptions, a->exemption, b->n_exemptions, b->exemption);
    same_clauses(a->n_lift, a->lift, b->n_lift, b->lift);
}

static void same_instrument(const struct instrument *a, const struct instrument *b)
{
    same_str(a->id, b->id);
    same_str(a->title_zh, b->title_zh);
    same_str(a->title_en, b->title_en);
    same_str(a->document_no, b->document_no);
    same_str(a->note_zh, b->note_zh);
    same_str(a->group, b->group);
    same_strs(a->n_sources, a->source, b->n_sources, b->source);
    assert_int_equal(a->family, b->family);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->edition, b->edition);
    assert_int_equal(a->default_equal, b->default_equal);
    assert_int_equal(a->claimable, b->claimable);
    assert_int_equal(a->complete, b->complete);
    assert_int_equal(a->published_total, b->published_total);
    assert_int_equal(a->unlocated, b->unlocated);
    assert_int_equal(a->published, b->published);
    assert_int_equal(a->valid_from, b->valid_from);
    assert_int_equal(a->valid_to, b->valid_to);
    assert_int_equal(a->known_from, b->known_from);
    assert_memory_equal(a->place, b->place, sizeof a->place);
    assert_memory_equal(a->origin, b->origin, sizeof a->origin);
    assert_int_equal(a->n_notes, b->n_notes);
    assert_int_equal(a->n_headlines, b->n_headlines);
    assert_int_equal(a->n, b->n);
}

static void same_corpus(const struct corpus *a, const struct corpus *b)
{
    assert_int_equal(a->n_instruments, b->n_instruments);
    assert_int_equal(a->n_provisions, b->n_provisions);
    assert_int_equal(a->n_exprs, b->n_exprs);
    for (int i = 0; i < a->n_exprs; i++) {
        const struct expr *x = &a->expr[i], *y = &b->expr[i];
        assert_true(x->op == y->op && x->fact == y->fact && x->value == y->value &&
                    x->values == y->values && x->child == y->child && x->next == y->next);
    }
    for (int i = 0; i < a->n_instruments; i++)
        same_instrument(&a->instrument[i], &b->instrument[i]);
    for (int i = 0; i < a->n_provisions; i++)
        same_provision(&a->provision[i], &b->provision[i]);
}

/* Every shipped instrument, those without rules too. */
static void test_draft_round_trip(void **state)
{
    (void)state;
    for (int i = 0; i < shipped->n_instruments; i++) {
        const struct instrument *t = &shipped->instrument[i];
        struct buf text, json;
        struct draft d;
        struct error e = {0};
        buf_init(&text);
        buf_init(&json);
        draft_write(shipped, i, &text);
        assert_true(draft_is(buf_view(&text)));
        assert_int_equal(
            draft_convert(&d, &step, codes, buf_view(&text), "draft", &json, &e), OK);
        if (d.findings.n_all > 0)
            fail_msg("%.*s:%d: %s", STR_ARG(t->id), d.findings.at[0].line, d.findings.at[0].en);
        assert_int_equal(d.items, t->n);
        json_t *a = json_loadb(t->text.p, t->text.n, 0, NULL);
        json_t *b = json_loadb(json.p, json.n, 0, NULL);
        assert_true(json_equal(a, b));
        json_decref(a);
        json_decref(b);
        same_corpus(corpus_of(t->text), corpus_of(buf_view(&json)));
        buf_finish(&text);
        buf_finish(&json);
        arena_reset(&step);
    }
}

/* Every field of the format, each form of value; what is written is what was read. */
static const char whole[] =
    "fumao-draft 1\nid: sample\nfamily: cross-border\nlayer: zone\ndefault: equal\n"
    "territory: CN-SH CN-HI\nbeneficiaries: SG HK\nclaimable: false\nreplaces: other-list\n"
    "title_zh: 样张\ntitle_en: \" blank before\"\nissuer_zh: 甲\nissuer_en: \"-\"\n"
    "document_no: \"\"\npublished: 2026-11-01\nvalid_from: 2026-12-01\nvalid_to: 2027-12-01\n"
    "known_from: 2026-11-02\nknown_to: -\nedition_kind: official\ncomplete: true\n"
    "published_total: 1\nunlocated: 0\nnote_zh: \"a  # b\"\nnote_en: \"two\\nlines\"\n"
    "sources: one\nsources: two\npreamble: {\"point\": 1, \"zh\": \"a\"}\nfacts: []\n"
    "+other: {\"x\": [1, 2.5, 0.30000000000000004, null]}\n"
    "\n[item]\nno: 1\nkey: one\nsection: L\nzh: 甲\nen: one\nsectors: 72 73\nexcept: 7231\n"
    "modes: 1 2 4\ndirections: import\nkinds: firm person\nplaces: CN-SH\norigins: SG\n"
    "effect: require-approval\nobligation: market-access\npartial: true\n"
    "applies_when: {\"fact\": \"state.exception\", \"is\": false}\n"
    "exceptions: {\"zh\": \"a\", \"when\": null, \"evidence\": \"B\"}\n"
    "exempt_origins: {\"origins\": [\"HK\"], \"zh\": \"a\"}\nlift_join: any\n"
    "lift: {\"zh\": \"a\"}\nlift: {\"zh\": \"b\"}\nauthority_zh: 乙\nauthority_en: b\n"
    "evidence: A\nbasis: {\"title_zh\": \"法\", \"article\": \"1\"}\nsources: one\n"
    "listing: seen\nnote: n\nnumber_basis: n\ncarve_out_overlap: c\n+scope.thing: true\n"
    "+ebops: [\"SJ1\"]\n";

static void test_whole_format(void **state)
{
    (void)state;
    struct draft d;
    struct buf json, text;
    struct error e = {0};
    buf_init(&json);
    buf_init(&text);
    assert_int_equal(draft_convert(&d, &step, codes, str_from(whole), "x", &json, &e), OK);
    if (d.findings.n_all > 0)
        fail_msg("%d: %s", d.findings.at[0].line, d.findings.at[0].en);
    struct corpus *c = corpus_of(buf_view(&json));
    const struct provision *p = &c->provision[0];
    assert_int_equal(bits_count(p->scope.place, PLACE_WORDS),
                     codes->place[place_find(codes, STR("CN-SH"))].end -
                         place_find(codes, STR("CN-SH")));
    assert_int_equal(bits_count(p->scope.origin, ORIGIN_WORDS), 1);
    struct sector_set set;
    assert_int_equal(sector_parse(codes, STR("7231"), &set, NULL), OK);
    bits_and(set.leaf, p->scope.sector, SECTOR_WORDS);
    assert_int_equal(bits_count(set.leaf, SECTOR_WORDS), 0);
    assert_int_equal(p->lift_join, JOIN_ANY);
    same_str(c->instrument[0].note_en, STR("two\nlines"));
    same_str(c->instrument[0].issuer_en, STR("-"));
    draft_write(c, 0, &text);
    same_str(buf_view(&text), str_from(whole));
    buf_finish(&json);
    buf_finish(&text);
    arena_reset(&step);
}

static struct annex *read_annex(struct str text)
{
    struct annex *x;
    struct error e = {0};
    assert_int_equal(annex_decode(&text, "text", &e), OK);
    assert_int_equal(annex_read(&x, &step, codes, text, "text", &e), OK);
    return x;
}

/* Every item of a list is found again by its own words, with number and section. */
static void test_annex_round_trip(void **state)
{
    (void)state;
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
        int at = list_at(lists[l]);
        const struct instrument *t = &shipped->instrument[at];
        struct buf text;
        buf_init(&text);
        annex_write(shipped, at, &text);
        struct annex *x = read_annex(buf_view(&text));
        struct annex_match *m = ARENA_ARRAY(&step, struct annex_match, (size_t)x->n + 1);
        assert_int_equal(x->findings.n_all, 0);
        assert_int_equal(x->n, t->n);
        same_str(x->title, t->title_zh);
        assert_int_equal(x->n_notes, t->n_notes);
        annex_match(x, shipped, at, &step, m);
        for (int i = 0; i < x->n; i++) {
            const struct provision *p = &shipped->provision[t->first + i];
            assert_int_equal(m[i].likeness, 1000);
            assert_true(m[i].provision >= 0);
            same_str(shipped->provision[m[i].provision].key, p->key);
            same_str(x->item[i].section, p->section);
            same_str(x->item[i].zh, p->zh);
            assert_int_equal(x->item[i].no, p->no);
        }
        buf_finish(&text);
        arena_reset(&step);
    }
}

/* Words with a fifth of their characters gone still find their rule, each its own. */
static void test_match_worn_words(void **state)
{
    (void)state;
    int at = list_at("cn-national-2024"), right = 0;
    const struct instrument *t = &shipped->instrument[at];
    struct annex x = {.n = t->n};
    struct rng r;
    rng_seed(&r, seed);
    x.item = ARENA_ARRAY(&step, struct annex_item, (size_t)t->n);
    for (int i = 0; i < t->n; i++) {
        struct str zh = shipped->provision[t->first + i].zh;
        struct buf b;
        buf_init(&b);
        for (size_t k = 0, from = 0; str_utf8_next(zh, &k) >= 0; from = k)
            if (rng_below(&r, 5) != 0)
                buf_put(&b, zh.p + from, k - from);
        x.item[i].zh = str_copy(&step, buf_view(&b));
        x.item[i].section = shipped->provision[t->first + i].section;
        buf_finish(&b);
    }
    struct annex_match *m = ARENA_ARRAY(&step, struct annex_match, (size_t)x.n);
    annex_match(&x, shipped, at, &step, m);
    for (int i = 0; i < x.n; i++) {
        right += m[i].provision == t->first + i;
        for (int k = 0; k < i; k++)
            assert_true(m[i].provision < 0 || m[i].provision != m[k].provision);
    }
    print_message("worn words: %d of %d found\n", right, x.n);
    assert_true(right * 10 >= x.n * 9);
    arena_reset(&step);
}

/* Against every permutation. */
static void test_assignment(void **state)
{
    (void)state;
    enum { N = 4, M = 5 };
    struct rng r;
    rng_seed(&r, seed);
    for (int t = 0; t < 500; t++) {
        int worth[N * M], column[N], best = -1, sum = 0;
        bool taken[M] = {false};
        for (int i = 0; i < N * M; i++)
            worth[i] = rng_below(&r, 3) == 0 ? 0 : (int)rng_below(&r, 100);
        assign_best(&step, N, M, worth, column);
        for (int i = 0; i < N; i++) {
            assert_true(column[i] >= 0 && column[i] < M && !taken[column[i]]);
            taken[column[i]] = true;
            sum += worth[i * M + column[i]];
        }
        for (int k = 0; k < M * M * M * M; k++) {
            int at[N] = {k % M, k / M % M, k / M / M % M, k / M / M / M}, s = 0;
            bool twice = false;
            for (int i = 0; i < N; i++) {
                s += worth[i * M + at[i]];
                for (int j = 0; j < i; j++)
                    twice |= at[i] == at[j];
            }
            best = !twice && s > best ? s : best;
        }
        assert_int_equal(sum, best);
    }
    arena_reset(&step);
}

/* Rules in the same words: the item takes the one of its own section, then of its number. */
static void test_same_words_twice(void **state)
{
    (void)state;
    static const char text[] =
        "fumao-draft 1\nid: x\nfamily: cross-border\nlayer: national\ndefault: equal\n"
        "territory: CN\nbeneficiaries: *\ntitle_zh: a\ntitle_en: a\nedition_kind: working\n"
        "[item]\nno: 1\nkey: a\nsection: P\nzh: 甲乙丙丁须批准\nen: a\nsectors: P\nmodes: 1\n"
        "directions: import\nkinds: firm\neffect: quota\nevidence: C\n"
        "[item]\nno: 2\nkey: b\nsection: J\nzh: 甲乙丙丁须批准\nen: a\nsectors: J\nmodes: 1\n"
        "directions: import\nkinds: firm\neffect: quota\nevidence: C\n"
        "[item]\nno: 3\nkey: c\nsection: J\nzh: 甲乙丙丁须批准\nen: a\nsectors: J\nmodes: 1\n"
        "directions: import\nkinds: firm\neffect: quota\nevidence: C\n";
    struct draft d;
    struct buf json;
    struct error e = {0};
    struct annex_match m[2];
    buf_init(&json);
    assert_int_equal(draft_convert(&d, &step, codes, str_from(text), "x", &json, &e), OK);
    struct corpus *c = corpus_of(buf_view(&json));
    annex_match(read_annex(STR("样张\n一、金融业\n3．甲乙丙丁须批准\n")), c, 0, &step, m);
    assert_int_equal(m[0].provision, 2);
    annex_match(read_annex(STR("样张\n一、金融业\n2．甲乙丙丁须批准\n3．甲乙丙丁须批准\n")), c, 0,
                &step, m);
    assert_int_equal(m[0].provision, 1);
    assert_int_equal(m[1].provision, 2);
    annex_match(read_annex(STR("样张\n一、金融业\n1．甲乙丙丁须批准\n")), c, 0, &step, m);
    assert_int_equal(m[0].provision, 1);
    buf_finish(&json);
    arena_reset(&step);
}

/* How often the words alone give the effect, kinds and modes that the lists state. The floors are
 * below what was measured when the rules were written. */
static void test_words(void **state)
{
    (void)state;
    int n = 0, effects = 0, kinds = 0, silent = 0;
    for (size_t l = 0; l < 5; l++) {
        if (l == 1 || l == 2 || l == 4) /* nearly the words of their national lists */
            continue;
        const struct instrument *t = &shipped->instrument[list_at(lists[l])];
        for (int k = t->first; k < t->first + t->n; k++) {
            const struct provision *p = &shipped->provision[k];
            const char *word;
            bool firm = false, person = false;
            for (int m = 1; m <= 4; m++) {
                firm |= p->scope.combo >> combo_of(m, IMPORT, KIND_FIRM) & 1;
                person |= p->scope.combo >> combo_of(m, IMPORT, KIND_PERSON) & 1;
            }
            struct guess g = words_effect(p->zh);
            n++;
            silent += !g.known;
            effects += g.known && g.effect == p->effect;
            kinds += words_kinds(p->zh, &word) == ((firm ? 1u : 0) | (person ? 2u : 0));
        }
    }
    print_message("words: effect right %d, silent %d, kinds right %d of %d\n", effects, silent,
                  kinds, n);
    assert_true(effects * 100 >= n * 60);
    assert_true(kinds * 100 >= n * 45);
}

/* --- golden drafts ------------------------------------------------------------------------- */

static const struct {
    const char *name, *base;
    int findings, stops, items, matched;
} golden[] = {
    {"dots", "cn-national-2024", 0, 0, 7, 6},
    {"paren", NULL, 0, 0, 6, 6},
    {"table", NULL, 2, 0, 6, 5},
    {"invest", "cn-fdi-2024", 0, 0, 5, 4},
};

static struct str test_file(const char *name, const char *end)
{
    char path[1024], *dir = getenv("ANNEX");
    struct str text = {NULL, 0};
    snprintf(path, sizeof path, "%s/%s%s", dir ? dir : "test/annex", name, end);
    file_read(&step, path, &text, NULL);
    return text;
}

static void golden_write(const char *name, struct str text)
{
    char path[1024], *dir = getenv("ANNEX");
    snprintf(path, sizeof path, "%s/%s.draft", dir ? dir : "test/annex", name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
    fclose(f);
}

static void first_difference(const char *name, struct str a, struct str b)
{
    for (int line = 1; a.n > 0 || b.n > 0; line++) {
        struct str x = str_cut(a, '\n', &a), y = str_cut(b, '\n', &b);
        if (!str_eq(x, y))
            fail_msg("%s.draft:%d: \"%.*s\", now \"%.*s\"", name, line, STR_ARG(x), STR_ARG(y));
    }
}

static void test_golden(void **state)
{
    (void)state;
    const char *mode = getenv("FUMAO_GOLDEN");
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        char file[64], id[64];
        struct annex_summary s;
        struct buf draft;
        struct str text = test_file(golden[i].name, ".txt");
        struct annex *x = read_annex(text);
        snprintf(file, sizeof file, "%s.txt", golden[i].name);
        snprintf(id, sizeof id, "sample-%s", golden[i].name);
        assert_int_equal(x->findings.n_all, golden[i].findings);
        assert_int_equal(x->findings.n_stops, golden[i].stops);
        buf_init(&draft);
        annex_propose(x, shipped, golden[i].base ? list_at(golden[i].base) : -1, str_from(id), file,
                      &step, &draft, &s);
        assert_int_equal(s.items, golden[i].items);
        if (mode != NULL && strcmp(mode, "write") == 0)
            golden_write(golden[i].name, buf_view(&draft));
        first_difference(golden[i].name, test_file(golden[i].name, ".draft"), buf_view(&draft));
        assert_int_equal(s.matched, golden[i].matched);
        /* as many marks as the summary says, and each is a finding of the draft */
        struct draft d;
        struct buf json;
        struct error e = {0};
        buf_init(&json);
        assert_int_equal(draft_convert(&d, &step, codes, buf_view(&draft), file, &json, &e), OK);
        assert_int_equal(d.marks, s.proposals);
        assert_int_equal(json.n, 0);
        buf_finish(&draft);
        buf_finish(&json);
        arena_reset(&step);
    }
}

/* Taking the marks away and filling in what is "-" makes a list that loads. */
static void test_accepting(void **state)
{
    (void)state;
    struct str rest = test_file("dots", ".draft"), line;
    struct buf text, json;
    struct draft d;
    struct error e = {0};
    buf_init(&text);
    buf_init(&json);
    while (rest.n > 0) {
        line = str_cut(rest, '\n', &rest);
        line = str_has_prefix(line, STR("?")) ? (struct str){line.p + 1, line.n - 1} : line;
        if (str_has_prefix(line, STR("valid_from:")))
            buf_z(&text, "valid_from: 2026-12-01\n");
        else if (str_has_prefix(line, STR("sources: -")))
            buf_z(&text, "sources: test/annex/dots.txt\n");
        else if (str_has_prefix(line, STR("en: -")) || str_has_prefix(line, STR("title_en: -")))
            buf_printf(&text, "%.*s: words   # given by the editor\n", line.p[0] == 't' ? 8 : 2,
                       line.p);
        else
            buf_printf(&text, "%.*s\n", STR_ARG(line));
    }
    assert_int_equal(draft_convert(&d, &step, codes, buf_view(&text), "dots", &json, &e), OK);
    if (d.findings.n_all > 0)
        fail_msg("%d: %s", d.findings.at[0].line, d.findings.at[0].en);
    struct corpus *c = corpus_of(buf_view(&json));
    assert_int_equal(c->n_provisions, 7);
    assert_int_equal(c->provision[6].effect, EFFECT_FILE);
    same_str(c->provision[2].key, STR("agri-inputs-direct-sale"));
    same_str(c->instrument[0].title_en, STR("words"));
    buf_finish(&text);
    buf_finish(&json);
    arena_reset(&step);
}

/* --- what is wrong with an annex ----------------------------------------------------------- */

#define HEAD "样张\n一、金融业\n" /* items begin in line 3 */

static const struct {
    const char *text, *code; /* NULL: no finding at all */
    int line;
    bool stops;
    int items;
} annexes[] = {
    {HEAD "1．甲事须批准。\n2．乙事须批准。\n", NULL, 0, false, 2},
    {HEAD "1．甲事须批准。\n3．乙事须批准。\n", "number-gap", 4, false, 2},
    {HEAD "2．甲事须批准。\n", "number-gap", 3, false, 1},
    {HEAD "1．甲事须批准。\n5．乙事须批准。\n", "number-gap", 4, false, 2},
    {HEAD "1．甲。\n1．乙。\n", "number-repeated", 4, true, 2},
    {HEAD "1．甲。\n2．乙。\n二、教育\n1．丙。\n", "number-repeated", 6, true, 3},
    {HEAD "1．甲。\n3．乙。\n2．丙。\n", "number-backward", 5, true, 3},
    {"样张\n1．甲事须批准。\n", "outside-section", 2, true, 1},
    {"样张\n一、金属业\n1．甲。\n2．乙。\n", "unknown-section", 2, true, 2},
    {HEAD "1．甲。\n二、航天业\n2．乙。\n", "unknown-section", 4, true, 2},
    {HEAD "1．\n2．乙。\n", "empty-item", 3, true, 2},
    {HEAD, "no-items", 0, true, 0},
    {"", "no-title", 1, false, 0},
    {HEAD "甲事须批准。\n1．乙。\n", "text-left-out", 3, false, 1},
    {HEAD "1．甲。\n注：乙。\n", "text-left-out", 4, false, 1},
    {HEAD "1．甲。\n2．乙，包括：\n1．丙；\n2．丁；\n3．戊。\n", "number-unclear", 7, true, 2},
    {HEAD "1．甲。\n［无号］乙。\n3．丙。\n", NULL, 0, false, 3},
    {HEAD "1．甲。\n［无号］乙。\n4．丙。\n", "number-gap", 5, false, 3},
    {HEAD "1．甲为\n1.5倍以上，\n3、4类除外。\n2． 3类乙。\n", NULL, 0, false, 2},
    {HEAD "1．甲为\n2、3类除外。\n", "number-unclear", 4, true, 2},
    {HEAD "（1）甲：\n1．乙；\n2．丙。\n（2）丁。\n", NULL, 0, false, 2},
    {HEAD "⒈甲。\n⒉乙。\n", NULL, 0, false, 2},
    {HEAD "1、甲，\r\n　　续。\r\n\r\n- 7 -\r\n2. 乙。\r\n", NULL, 0, false, 2},
    {"样张\n（一）金融业\n1.甲，下列除外：\n（一）乙；\n（二）丙。\n（二）教育\n2.丁。\n", NULL, 0,
     false, 2},
    {"样张\n一、为了测试，制定本表。\n金融业\n1．甲。\n教育\n2．乙。\n", NULL, 0, false, 2},
    {"样张\n第一部分 金融业\n1．甲。\n第二部分：教育领域（1项）\n2．乙。\n", NULL, 0, false, 2},
};

static void test_bad_annexes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof annexes / sizeof *annexes; i++) {
        struct annex *x = read_annex(str_from(annexes[i].text));
        const struct annex_findings *f = &x->findings;
        bool found = annexes[i].code == NULL && f->n == 0;
        for (int k = 0; k < f->n && annexes[i].code != NULL; k++)
            found |= strcmp(f->at[k].code, annexes[i].code) == 0 &&
                     f->at[k].line == annexes[i].line && f->at[k].stops == annexes[i].stops;
        if (!found || x->n != annexes[i].items)
            fail_msg("text %zu: %d items, %d findings, first %s in line %d", i, x->n, f->n,
                     f->n > 0 ? f->at[0].code : "-", f->n > 0 ? f->at[0].line : 0);
        for (int k = 0; k < f->n; k++)
            assert_true(f->at[k].zh[0] && f->at[k].en[0]);
        arena_reset(&step);
    }
}

/* --- what is wrong with a draft ------------------------------------------------------------ */

/* Lines 1 to 25 of a draft without a fault; each case replaces one line. */
static const char *const good[] = {
    "fumao-draft 1",
    "id: sample-list",
    "family: cross-border",
    "layer: national",
    "default: equal",
    "territory: CN",
    "beneficiaries: *",
    "title_zh: 样张   # a comment",
    "title_en: \"a sample  # this is no comment\"",
    "edition_kind: working",
    "[item]",
    "no: 1",
    "key: one",
    "section: J",
    "zh: 甲",
    "en: one",
    "sectors: 6720 673",
    "modes: 1 4",
    "directions: import",
    "kinds: firm person",
    "effect: condition",
    "lift: {\"zh\": \"乙\", \"when\": {\"fact\": \"state.exception\", \"is\": true}} # c",
    "evidence: C",
    "[item]   # two",
    "no: 2",
    "key: two",
    "zh: 丙",
    "en: two",
    "sectors: J",
    "modes: 1",
    "directions: import",
    "kinds: firm",
    "effect: prohibit",
    "evidence: B",
    "sources: a book",
    "sources: another   # two of them",
};
enum { GOOD = sizeof good / sizeof *good };

static const struct {
    int line; /* replaced */
    const char *text, *code;
    int at; /* line of the finding */
} drafts[] = {
    {1, "fumao-draft 2", "draft-version", 1},
    {2, "id: Sample List", "bad-name", 2},
    {2, "", "invalid", 1},
    {3, "family: nothing", "invalid", 3},
    {6, "territory: CN-XX", "invalid", 6},
    {7, "beneficiaries: group:NONE", "invalid", 7},
    {8, "valid_from: 2024-13-01", "invalid", 8},
    {10, "?edition_kind: working   # why", "proposal-left", 10},
    {10, "edition: working", "unknown-field", 10},
    {10, "edition kind", "draft-syntax", 10},
    {12, "no: one", "bad-value", 12},
    {13, "key: two", "key-repeated", 26},
    {13, "key: a b", "bad-name", 13},
    {14, "section: Z", "unknown-section", 14},
    {15, "zh: -", "invalid", 15},
    {16, "", "invalid", 11},
    {17, "sectors: 9999", "invalid", 17},
    {18, "modes: 1 5", "invalid", 18},
    {18, "modes: one", "bad-value", 18},
    {19, "directions: inward", "invalid", 19},
    {20, "kinds: robot", "invalid", 20},
    {21, "effect: forbid", "invalid", 21},
    {22, "lift: {\"zh\": \"乙\"", "bad-value", 22},
    {22, "lift: {\"zh\": \"乙\", \"when\": {\"fact\": \"no.fact\", \"is\": true}}", "invalid", 22},
    {22, "lift: {\"zh\": \"乙\"} {}", "bad-value", 22},
    {22, "+thing: {", "bad-value", 22},
    {22, "effect: condition", "repeated-field", 22},
    {23, "evidence: D", "invalid", 23},
    {23, "evidence: A", "invalid", 11}, /* no source: said of the item */
    {25, "no: 1", "number-repeated", 25},
};

static void convert_with(int line, const char *text, struct draft *d, struct buf *json)
{
    struct buf b;
    struct error e = {0};
    buf_init(&b);
    for (int i = 0; i < GOOD; i++)
        buf_printf(&b, "%s\n", i + 1 == line ? text : good[i]);
    struct str s = str_copy(&step, buf_view(&b));
    assert_int_equal(draft_convert(d, &step, codes, s, "draft", json, &e), OK);
    buf_finish(&b);
}

static void test_bad_drafts(void **state)
{
    (void)state;
    struct draft d;
    struct buf json;
    buf_init(&json);
    convert_with(0, "", &d, &json);
    if (d.findings.n > 0)
        fail_msg("%d: %s", d.findings.at[0].line, d.findings.at[0].en);
    struct corpus *c = corpus_of(buf_view(&json));
    same_str(c->instrument[0].title_zh, STR("样张"));
    same_str(c->instrument[0].title_en, STR("a sample  # this is no comment"));
    assert_int_equal(c->provision[0].n_lift, 1);
    assert_int_equal(c->provision[1].n_sources, 2);
    same_str(c->provision[1].source[1], STR("another"));
    for (size_t i = 0; i < sizeof drafts / sizeof *drafts; i++) {
        bool found = false;
        buf_clear(&json);
        convert_with(drafts[i].line, drafts[i].text, &d, &json);
        for (int k = 0; k < d.findings.n; k++)
            found |= strcmp(d.findings.at[k].code, drafts[i].code) == 0 &&
                     d.findings.at[k].line == drafts[i].at;
        if (!found || json.n > 0)
            fail_msg("draft %zu (%s): %d findings, first %s in line %d: %s", i, drafts[i].text,
                     d.findings.n, d.findings.n > 0 ? d.findings.at[0].code : "-",
                     d.findings.n > 0 ? d.findings.at[0].line : 0,
                     d.findings.n > 0 ? d.findings.at[0].en : "");
        arena_reset(&step);
    }
    buf_finish(&json);
}

static void test_deep_json(void **state)
{
    (void)state;
    for (int depth = 20; depth < 4000; depth += depth) {
        struct draft d;
        struct buf line, json;
        buf_init(&line);
        buf_init(&json);
        buf_z(&line, "+thing: ");
        for (int i = 0; i < depth; i++)
            buf_char(&line, '[');
        for (int i = 0; i < depth; i++)
            buf_char(&line, ']');
        buf_char(&line, 0);
        convert_with(23, line.p, &d, &json);
        bool said = false;
        for (int i = 0; i < d.findings.n; i++)
            said |= d.findings.at[i].line == 23 && strcmp(d.findings.at[i].code, "bad-value") == 0;
        assert_true(said == (depth > 27));
        buf_finish(&line);
        buf_finish(&json);
        arena_reset(&step);
    }
}

/* All faults of a text at once, not the first only. */
static void test_all_findings(void **state)
{
    (void)state;
    static const char text[] = "fumao-draft 1\nid: x\nfamily: no\nlayer: no\ndefault: equal\n"
                               "territory: CN\nbeneficiaries: *\ntitle_zh: a\ntitle_en: a\n"
                               "edition_kind: working\n[item]\nkey: k\nzh: a\nen: a\n"
                               "sectors: 9999\nmodes: 9\ndirections: import\nkinds: firm\n"
                               "effect: no\nevidence: X\n[item]\nkey: l\nzh: a\nen: a\n"
                               "sectors: 1\nmodes: 1\ndirections: import\nkinds: firm\n"
                               "effect: quota\nevidence: C\n";
    static const int lines[] = {3, 4, 15, 16, 19, 20, 25};
    struct draft d;
    struct buf json;
    struct error e = {0};
    buf_init(&json);
    assert_int_equal(draft_convert(&d, &step, codes, str_from(text), "x", &json, &e), OK);
    assert_int_equal(d.findings.n, sizeof lines / sizeof *lines);
    for (int i = 0; i < d.findings.n; i++)
        assert_int_equal(d.findings.at[i].line, lines[i]);
    buf_finish(&json);
    arena_reset(&step);
}

/* --- encodings and limits ------------------------------------------------------------------ */

static void test_encodings(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        enum err code;
        int line;
        const char *hint;
    } texts[] = {
        {STR("\xEF\xBB\xBF" HEAD "1．甲。"), OK, 0, ""},
        {STR("a\nb \xD2\xBB\xA1\xA2\xBD\xF0\xC8\xDA\xD2\xB5\n"), ERR_SYNTAX, 2,
         "iconv -f GB18030 -t UTF-8 x"},
        {STR("\x81\x30\x81\x30 \xD2\xBB"), ERR_SYNTAX, 1, "iconv -f GB18030 -t UTF-8 x"},
        {STR("\xFF\xFE\x00\x4E"), ERR_SYNTAX, 1, "iconv -f UTF-16 -t UTF-8 x"},
        {STR("\xFE\xFF\x4E\x00"), ERR_SYNTAX, 1, "iconv -f UTF-16 -t UTF-8 x"},
        {STR("a\nb\nc\xFF\n"), ERR_SYNTAX, 3, ""},
        {STR("a\0b"), ERR_SYNTAX, 1, ""},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct str s = texts[i].text;
        struct error e = {0};
        assert_int_equal(annex_decode(&s, "x", &e), texts[i].code);
        assert_int_equal(e.line, texts[i].line);
        assert_string_equal(e.hint, texts[i].hint);
        if (texts[i].code == OK)
            assert_true(str_has_prefix(s, STR("样张")));
    }
}

static void expect_limit(const struct buf *b, int line)
{
    struct annex *x;
    struct error e = {0};
    assert_int_equal(annex_read(&x, &step, codes, buf_view(b), "x", &e), ERR_LIMIT);
    assert_int_equal(e.line, line);
    assert_non_null(strstr(e.detail_en, "LIMIT_ANNEX_"));
    arena_reset(&step);
}

static void test_limits(void **state)
{
    (void)state;
    struct buf b;
    struct error e = {0};
    buf_init(&b);
    buf_z(&b, HEAD);
    for (int i = 1; i <= LIMIT_ANNEX_ITEMS + 1; i++)
        buf_printf(&b, "%d．甲。\n", i);
    expect_limit(&b, LIMIT_ANNEX_ITEMS + 3);
    buf_clear(&b);
    buf_z(&b, "fumao-draft 1\n");
    for (int i = 0; i <= LIMIT_ANNEX_ITEMS; i++)
        buf_z(&b, "[item]\n");
    struct draft d;
    struct buf json = {0};
    assert_int_equal(draft_convert(&d, &step, codes, buf_view(&b), "x", &json, &e), ERR_LIMIT);
    assert_int_equal(e.line, LIMIT_ANNEX_ITEMS + 2);
    buf_clear(&b);
    buf_z(&b, "样张\n");
    for (int i = 0; i <= LIMIT_ANNEX_LINE_BYTES; i++)
        buf_char(&b, 'a');
    expect_limit(&b, 2);
    while (b.n <= LIMIT_ANNEX_BYTES)
        buf_z(&b, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    struct str s = buf_view(&b);
    assert_int_equal(annex_decode(&s, "x", &e), ERR_LIMIT);
    buf_finish(&b);
    arena_reset(&step);
}

/* 2,000 items against all lists: the assignment ends in good time. */
static void test_large(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    buf_z(&b, HEAD);
    for (int i = 1; i <= LIMIT_ANNEX_ITEMS; i++) {
        struct str zh = shipped->provision[i % shipped->n_provisions].zh;
        buf_printf(&b, "%d． %.*s\n", i, STR_ARG(zh));
    }
    struct annex *x = read_annex(buf_view(&b));
    struct annex_match *m = ARENA_ARRAY(&step, struct annex_match, (size_t)x->n);
    annex_match(x, shipped, -1, &step, m);
    assert_int_equal(x->n, LIMIT_ANNEX_ITEMS);
    buf_finish(&b);
    arena_reset(&step);
}

/* --- any text ------------------------------------------------------------------------------ */

static const char *const spice[] = {"\n", "：", "1．", "（一）", "一、", "?", "  # ", "[item]\n", "\"",
                                    "{", "[", "]", "-", "+", "第", "项", "金融业", "［无号］", "\xE3",
                                    "\xFF", "\t", "9999", "key: ", "scope.", "\xEF\xBB\xBF", "\r"};

static void mutate(struct rng *r, struct buf *b, struct str from)
{
    buf_clear(b);
    buf_str(b, from);
    for (uint32_t i = 1 + rng_below(r, 6); i > 0 && b->n > 0; i--) {
        size_t at = rng_below(r, (uint32_t)b->n), n = rng_below(r, 40);
        n = n > b->n - at ? b->n - at : n;
        switch (rng_below(r, 4)) {
        case 0: /* a piece goes */
            memmove(b->p + at, b->p + at + n, b->n - at - n);
            b->n -= n;
            break;
        case 1: /* a byte changes */
            b->p[at] = (char)rng_below(r, 256);
            break;
        case 2: { /* something comes in */
            struct str s = str_from(spice[rng_below(r, sizeof spice / sizeof *spice)]);
            buf_reserve(b, s.n);
            memmove(b->p + at + s.n, b->p + at, b->n - at);
            memcpy(b->p + at, s.p, s.n);
            b->n += s.n;
            break;
        }
        default: /* a piece is copied to the end */
            buf_reserve(b, n);
            memcpy(b->p + b->n, b->p + at, n);
            b->n += n;
        }
    }
}

static void try_text(struct str text, bool proposing)
{
    struct error e = {0};
    struct annex *x;
    struct draft d;
    struct annex_summary s;
    struct buf out;
    if (annex_decode(&text, "x", &e) != OK)
        return;
    buf_init(&out);
    if (draft_is(text)) {
        check(draft_convert(&d, &step, codes, text, "x", &out, &e) == OK || e.code == ERR_LIMIT);
        check((out.n > 0) == (e.code == OK && d.findings.n_stops == 0));
    } else if (annex_read(&x, &step, codes, text, "x", &e) == OK && proposing &&
               x->findings.n_stops == 0) {
        annex_propose(x, shipped, -1, STR("x"), "x", &step, &out, &s);
        struct buf json;
        buf_init(&json);
        check(draft_convert(&d, &step, codes, buf_view(&out), "x", &json, &e) == OK);
        check(d.marks == s.proposals && d.items == x->n);
        buf_finish(&json);
    }
    buf_finish(&out);
}

static void test_mutations(void **state)
{
    (void)state;
    struct rng r;
    struct buf b, sample;
    struct str text[5];
    rng_seed(&r, seed);
    buf_init(&b);
    buf_init(&sample);
    for (int i = 0; i < GOOD; i++)
        buf_printf(&sample, "%s\n", good[i]);
    for (size_t i = 0; i < 4; i++) {
        struct str s = test_file(golden[i].name, ".txt");
        assert_true(s.n > 0);
        text[i] = str_copy(&program, s);
    }
    text[4] = buf_view(&sample);
    for (long i = 0; i < cases; i++) {
        mutate(&r, &b, text[rng_below(&r, 5)]);
        try_text(buf_view(&b), i % 50 == 0);
        arena_reset(&step);
    }
    buf_finish(&b);
    buf_finish(&sample);
}

static int setup(void **state)
{
    (void)state;
    struct error e = {0};
    seed = getenv("FUMAO_SEED") ? strtoull(getenv("FUMAO_SEED"), NULL, 10) : seed;
    cases = getenv("FUMAO_CASES") ? strtol(getenv("FUMAO_CASES"), NULL, 10) : cases;
    print_message("FUMAO_SEED=%llu\n", (unsigned long long)seed);
    arena_init(&program);
    arena_init(&step);
    return classification_load(&codes, &program, &e) != OK ||
           law_load_shipped(&shipped, &program, codes, &e) != OK;
}

static int teardown(void **state)
{
    (void)state;
    arena_finish(&step);
    arena_finish(&program);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_draft_round_trip), cmocka_unit_test(test_whole_format),
        cmocka_unit_test(test_assignment),       cmocka_unit_test(test_same_words_twice),
        cmocka_unit_test(test_annex_round_trip),
        cmocka_unit_test(test_match_worn_words), cmocka_unit_test(test_words),
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_accepting),        cmocka_unit_test(test_bad_annexes),
        cmocka_unit_test(test_bad_drafts),       cmocka_unit_test(test_all_findings),
        cmocka_unit_test(test_deep_json),
        cmocka_unit_test(test_encodings),        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_large),            cmocka_unit_test(test_mutations),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
