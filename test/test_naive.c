/* The judge against docs/meaning.md, rule by rule, on corpora small enough to decide by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decide/decide.h"

/* Places: CN, CN-FJ > CN-FJ-FTZ, CN-HI > CN-HI-FTZ. Origins: AA HK MO ZZ; HK joins the group
 * "pact" on day 100. Facts by role, and the derived ones. */
enum { CN, FUJIAN, FUJIAN_FTZ, HAINAN, HAINAN_FTZ, PLACES };
enum { AA, HK, MO, ZZ, ORIGINS };
enum { F_SCOPE, F_COND, F_STATE, F_LEVEL, F_MODE, F_TERRITORY, F_FORM, FACTS };
enum { MAX = 16, SECTOR = 7, TODAY = 50 };

static struct place places[PLACES];
static struct membership membership[1];
static struct classification codes;
static struct fact_value modes[4], territories[3], forms[2], levels[3];
static struct fact fact[FACTS];
static struct expr expr[64];
static struct instrument instrument[MAX];
static struct provision provision[MAX];
static struct carve_out carve_out[4];
static struct clause clause[64];
static int when_node[64];
static int n_clauses, n_when;
static struct corpus c;
static struct facts facts;
static struct question q;
static struct answer a;

static void place_is(int i, struct str code, struct str kind, int parent)
{
    places[i] = (struct place){.code = code, .kind = kind, .parent = parent, .from = DAY_MIN};
}

static void fact_is(int i, enum fact_type type, enum fact_role role, int n, struct fact_value *v)
{
    fact[i] = (struct fact){.type = type, .role = role, .n_values = n, .value = v};
}

static int setup(void **state)
{
    (void)state;
    place_is(CN, STR("CN"), STR("country"), -1);
    place_is(FUJIAN, STR("CN-FJ"), STR("province"), CN);
    place_is(FUJIAN_FTZ, STR("CN-FJ-FTZ"), STR("ftz"), FUJIAN);
    place_is(HAINAN, STR("CN-HI"), STR("province"), CN);
    place_is(HAINAN_FTZ, STR("CN-HI-FTZ"), STR("ftz"), HAINAN);
    membership[0] = (struct membership){STR("pact"), HK, 100, 200};
    codes = (struct classification){.n_economies = ORIGINS, .n_memberships = 1,
                                    .membership = membership, .n_places = PLACES,
                                    .place = places};
    modes[0].value = STR("1"), modes[1].value = STR("2");
    modes[2].value = STR("3"), modes[3].value = STR("4");
    territories[0].value = STR("CN"), territories[1].value = STR("FTZ");
    territories[2].value = STR("HAINAN");
    forms[0].value = STR("joint-venture"), forms[1].value = STR("other");
    fact_is(F_SCOPE, FACT_BOOL, ROLE_SCOPE, 0, NULL);
    fact_is(F_COND, FACT_BOOL, ROLE_CONDITION, 0, NULL);
    fact_is(F_STATE, FACT_BOOL, ROLE_STATE, 0, NULL);
    fact_is(F_LEVEL, FACT_ENUM, ROLE_CONDITION, 3, levels);
    fact_is(F_MODE, FACT_ENUM, ROLE_SCOPE, 4, modes);
    fact_is(F_TERRITORY, FACT_ENUM, ROLE_SCOPE, 3, territories);
    fact_is(F_FORM, FACT_ENUM, ROLE_CONDITION, 2, forms);
    c = (struct corpus){.codes = &codes, .instrument = instrument, .provision = provision,
                        .n_facts = FACTS, .fact = fact, .expr = expr, .carve_out = carve_out,
                        .fact_mode = F_MODE, .fact_territory = F_TERRITORY,
                        .fact_form = F_FORM};
    n_clauses = n_when = 0;
    facts = (struct facts){.known = {0}};
    q = (struct question){.sector = SECTOR, .mode = 3, .origin = AA, .place = FUJIAN,
                          .direction = IMPORT, .kind = KIND_FIRM, .on = TODAY, .known = TODAY,
                          .facts = &facts};
    return 0;
}

/* --- building --------------------------------------------------------------------------- */

static struct instrument *list_add(enum family f, enum layer_kind kind, bool default_equal)
{
    struct instrument *i = &instrument[c.n_instruments];
    *i = (struct instrument){.family = f, .kind = kind, .default_equal = default_equal,
                             .is_layer = true, .layer = c.n_layers, .valid_to = DAY_MAX,
                             .known_to = DAY_MAX};
    memset(i->place, 0xff, sizeof i->place);
    memset(i->origin, 0xff, sizeof i->origin);
    c.layer[c.n_layers++] = c.n_instruments++;
    return i;
}

static struct provision *rule_add(int list, enum treatment t)
{
    struct provision *p = &provision[c.n_provisions++];
    *p = (struct provision){.instrument = list, .layer = instrument[list].layer, .treatment = t,
                            .exception = &clause[n_clauses], .evidence = 'A'};
    bit_set(p->scope.sector, SECTOR);
    p->scope.combo = UINT64_MAX;
    memset(p->scope.origin, 0xff, sizeof p->scope.origin);
    memset(p->scope.place, 0xff, sizeof p->scope.place);
    return p;
}

static int node(struct expr x)
{
    expr[c.n_exprs] = x;
    return c.n_exprs++;
}

static int test(int f, enum op op, int64_t value)
{
    return node((struct expr){.op = op, .fact = f, .value = value, .child = -1, .next = -1});
}

static int pair(enum op op, int x, int y)
{
    expr[x].next = y;
    return node((struct expr){.op = op, .fact = -1, .child = x, .next = -1});
}

static int is(int f)
{
    return test(f, OP_IS, 1);
}

/* Clauses of one list must be added one after the other. */
static struct clause *clause_add(struct clause **list, int *n, int when)
{
    struct clause *x = &clause[n_clauses++];
    if (*n == 0)
        *list = x;
    ++*n;
    *x = (struct clause){.when = when};
    memset(x->place, 0xff, sizeof x->place);
    return x;
}

static void when_add(struct provision *p, int n)
{
    when_node[n_when] = n;
    if (p->n_when++ == 0)
        p->when = &when_node[n_when];
    n_when++;
}

static void except(struct provision *p, int when)
{
    clause_add(&p->exception, &p->n_exceptions, when);
}

static struct clause *exempt(struct provision *p, int when)
{
    return clause_add(&p->exemption, &p->n_exemptions, when);
}

static void lift(struct provision *p, int when)
{
    clause_add(&p->lift, &p->n_lift, when);
}

static void know(int f, int64_t v)
{
    bit_set(facts.known, (size_t)f);
    facts.value[f] = v;
}

/* The national investment list with one rule. */
static struct provision *national(enum treatment t)
{
    list_add(FAMILY_INVESTMENT, LAYER_NATIONAL, true);
    return rule_add(c.n_instruments - 1, t);
}

/* Decides, and asks for outcome and interval. */
static void expect(enum outcome o, enum treatment must, enum treatment treatment)
{
    naive_decide(&c, &q, &a);
    assert_int_equal(a.outcome, o);
    assert_int_equal(a.must, must);
    assert_int_equal(a.treatment, treatment);
}

static void expect_match(int i, int p, enum treatment lo, enum treatment hi, enum reason r)
{
    assert_in_range(i, 0, (uintmax_t)(a.n_matches - 1));
    assert_int_equal(a.match[i].provision, p);
    assert_int_equal(a.match[i].lo, lo);
    assert_int_equal(a.match[i].hi, hi);
    assert_int_equal(a.match[i].reason, r);
}

/* --- section 1 -------------------------------------------------------------------------- */

static void derived_facts_cannot_be_given(void **state)
{
    (void)state;
    struct provision *p = national(PROHIBITED);
    when_add(p, test(F_MODE, OP_IS, 2));
    know(F_MODE, 0);
    expect(OUTCOME_PROHIBITED, PROHIBITED, PROHIBITED);
    q.mode = 1;
    list_add(FAMILY_CROSS_BORDER, LAYER_NATIONAL, true);
    expect(OUTCOME_EQUAL, EQUAL, EQUAL);
    expect_match(0, 0, EQUAL, EQUAL, REASON_NOT_THIS_ACTIVITY);
}

static void derived_form(void **state)
{
    (void)state;
    struct provision *p = national(PROHIBITED);
    except(p, test(F_FORM, OP_IS, 0)); /* joint venture; its role is condition */
    q.kind = KIND_JV;
    expect(OUTCOME_EQUAL, EQUAL, EQUAL);
    q.kind = KIND_BRANCH;
    expect(OUTCOME_PROHIBITED, PROHIBITED, PROHIBITED);
    q.kind = KIND_FIRM;
    know(F_FORM, 0); /* the asker's word does not count: not known */
    expect(OUTCOME_CONDITIONAL, CONDITION, CONDITION);
}

static void derived_territory(void **state)
{
    (void)state;
    static const int want[PLACES] = {0, 0, 1, 2, 2};
    struct provision *p = national(APPROVAL);
    int t = test(F_TERRITORY, OP_IS, 0);
    when_add(p, t);
    for (int i = 0; i < PLACES; i++) {
        q.place = i;
        for (int v = 0; v < 3; v++) {
            expr[t].value = v;
            naive_decide(&c, &q, &a);
            assert_int_equal(a.treatment, v == want[i] ? APPROVAL : EQUAL);
        }
    }
}

/* --- section 2 -------------------------------------------------------------------------- */

static void operators(void **state)
{
    (void)state;
    static const struct { enum op op; int64_t x; bool holds[3]; } t[] = {
        {OP_IS, 1, {0, 1, 0}}, {OP_NOT, 1, {1, 0, 1}}, {OP_GTE, 1, {0, 1, 1}},
        {OP_LTE, 1, {1, 1, 0}}, {OP_IN, 0, {1, 0, 1}}};
    struct provision *p = national(APPROVAL);
    int n = test(F_LEVEL, OP_IS, 0);
    expr[n].values = 5;
    when_add(p, n);
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        for (int v = 0; v < 3; v++) {
            expr[n].op = t[i].op;
            expr[n].value = t[i].x;
            know(F_LEVEL, v);
            naive_decide(&c, &q, &a);
            assert_int_equal(a.treatment, t[i].holds[v] ? APPROVAL : EQUAL);
        }
}

static void all_is_least_any_is_most(void **state)
{
    (void)state;
    struct provision *p = national(APPROVAL);
    int n = pair(OP_ALL, is(F_SCOPE), is(F_STATE));
    when_add(p, n);
    know(F_SCOPE, 0);
    expect(OUTCOME_EQUAL, EQUAL, EQUAL); /* all(false, unknown) */
    know(F_SCOPE, 1);
    expect(OUTCOME_UNDETERMINED, EQUAL, APPROVAL);
    expr[n].op = OP_ANY;
    expect(OUTCOME_CONDITIONAL, APPROVAL, APPROVAL); /* any(true, unknown) */
    know(F_SCOPE, 0);
    expect(OUTCOME_UNDETERMINED, EQUAL, APPROVAL);
}

static void role_is_the_strongest_unknown(void **state)
{
    (void)state;
    struct provision *p = national(PROHIBITED);
    except(p, pair(OP_ALL, pair(OP_ALL, is(F_STATE), is(F_COND)), is(F_SCOPE)));
    expect(OUTCOME_UNDETERMINED, EQUAL, PROHIBITED); /* scope, therefore not soft */
    know(F_SCOPE, 1);
    expect(OUTCOME_CONDITIONAL, CONDITION, CONDITION);
    know(F_COND, 1);
    expect(OUTCOME_PROHIBITED, PROHIBITED, PROHIBITED); /* the state's word is missing */
}

/* --- section 3 -------------------------------------------------------------------------- */

static void applies(void **state) /* 3.1, 3.3, 3.7 */
{
    (void)state;
    struct provision *p = national(PROHIBITED);
    when_add(p, is(F_SCOPE));
    when_add(p, is(F_STATE));
    know(F_STATE, 1);
    expect(OUTCOME_UNDETERMINED, EQUAL, PROHIBITED); /* [EQUAL, value] */
    expect_match(0, 0, EQUAL, PROHIBITED, REASON_PREVAILS);
    know(F_SCOPE, 0);
    expect(OUTCOME_EQUAL, EQUAL, EQUAL);
    expect_match(0, 0, EQUAL, EQUAL, REASON_NOT_THIS_ACTIVITY);
    know(F_SCOPE, 1);
    expect(OUTCOME_PROHIBITED, PROHIBITED, PROHIBITED);
    assert_int_equal(a.n_prevailing, 1);
}

static void excepted_before_exempted(void **state) /* 3.2 */
{
    (void)state;
    struct provision *p = national(PROHIBITED);
    except(p, is(F_SCOPE));
    exempt(p, is(F_STATE));
    know(F_SCOPE, 1), know(F_STATE, 1);
    expect(OUTCOME_EQUAL, EQUAL, EQUAL);
    expect_match(0, 0, EQUAL, EQUAL, REASON_EXCEPTED);
    know(F_SCOPE, 0);
    expect(OUTCOME_EQUAL, EQUAL, EQUAL);
    expect_match(0, 0, EQUAL, EQUAL, REASON_EXEMPTED);
    know(F_STATE, 0);
    expect(OUTCOME_PROHIBITED, PROHIBITED, PROHIBITED);
}

static void exemptions_by_origin_and_place(void **state) /* 3.2 */
{
    (void)state;
    struct provision *p = national(PROHIBITED);
    struct clause *x = exempt(p, test(F_MODE, OP_IS, 2)); /* true in mode 3 */
    x->has_origins = true;
    bit_set(x->origin, HK);
    memset(x->place, 0, sizeof x->place);
    bit_set(x->place, FUJIAN);
    expect(OUTCOME_PROHIBITED, PROHIBITED, PROHIBITED);
    q.origin = HK;
    expect(OUTCOME_EQUAL, EQUAL, EQUAL);
    expect_match(0, 0, EQUAL, EQUAL, REASON_EXEMPTED);
    q.place = HAINAN;
    expect(OUTCOME_PROHIBITED, PROHIBITED, PROHIBITED);
}

static void words_only_makes_unsure(void **state) /* 2, 3.3 */
{
    (void)state;
    struct provision *p = national(PROHIBITED);
    except(p, -1);
    expect(OUTCOME_UNDETERMINED, EQUAL, PROHIBITED);
    p->n_exceptions = 0;
    exempt(p, -1);
    expect(OUTCOME_UNDETERMINED, EQUAL, PROHIBITED);
}

static void condition_softens(void **state) /* 3.4, 3.6 */
{
    (void)state;
    struct provision *p = national(PROHIBITED);
    except(p, is(F_COND));
    expect(OUTCOME_CONDITIONAL, CONDITION, CONDITION);
    p->treatment = APPROVAL; /* every other treatment stays */
    expect(OUTCOME_CONDITIONAL, APPROVAL, APPROVAL);
    p->treatment = PROHIBITED;
    lift(p, is(F_SCOPE)); /* soft softens even when the conditions are false */
    know(F_SCOPE, 0);
    expect(OUTCOME_CONDITIONAL, CONDITION, CONDITION);
}

static void state_neither_softens_nor_unsettles(void **state) /* 3.4 */
{
    (void)state;
    struct provision *p = national(PROHIBITED);
    except(p, is(F_STATE));
    exempt(p, is(F_STATE));
    expect(OUTCOME_PROHIBITED, PROHIBITED, PROHIBITED);
}

static void lift_joins(void **state) /* 3.5 */
{
    (void)state;
    enum { F, U, T };
    static const struct { enum join join; int x, y, lift; } t[] = {
        {JOIN_ALL, T, T, T},  {JOIN_ALL, T, U, U},  {JOIN_ALL, F, U, F},  {JOIN_ALL, T, F, F},
        {JOIN_ANY, T, F, T},  {JOIN_ANY, F, U, U},  {JOIN_ANY, T, U, T},  {JOIN_ANY, F, F, F},
        {JOIN_CASE, T, T, T}, {JOIN_CASE, F, F, F}, {JOIN_CASE, T, F, U}, {JOIN_CASE, U, U, U},
        {JOIN_CASE, T, U, U}, {JOIN_CASE, F, U, U}};
    static const enum treatment value[] = {PROHIBITED, CONDITION, EQUAL};
    struct provision *p = national(PROHIBITED);
    lift(p, is(F_SCOPE));
    lift(p, is(F_STATE));
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        facts.known[0] = 0;
        if (t[i].x != U)
            know(F_SCOPE, t[i].x == T);
        if (t[i].y != U)
            know(F_STATE, t[i].y == T);
        p->lift_join = t[i].join;
        naive_decide(&c, &q, &a);
        assert_int_equal(a.treatment, value[t[i].lift]);
        assert_int_equal(a.must, value[t[i].lift]);
        assert_int_equal(a.match[0].reason, t[i].lift == T ? REASON_LIFTED : REASON_PREVAILS);
    }
}

static void unknown_lift_leaves_other_treatments(void **state) /* 3.6 */
{
    (void)state;
    struct provision *p = national(APPROVAL);
    lift(p, is(F_COND));
    expect(OUTCOME_CONDITIONAL, APPROVAL, APPROVAL);
    lift(p, -1);
    know(F_COND, 1);
    expect(OUTCOME_CONDITIONAL, APPROVAL, APPROVAL);
    p->n_lift = 1;
    expect(OUTCOME_EQUAL, EQUAL, EQUAL);
}

static void scope_and_layer_must_hold_the_cell(void **state)
{
    (void)state;
    struct provision *p = national(PROHIBITED);
    expect(OUTCOME_PROHIBITED, PROHIBITED, PROHIBITED);
    q.sector++;
    expect(OUTCOME_EQUAL, EQUAL, EQUAL);
    assert_int_equal(a.n_matches, 0);
    q.sector--;
    bit_clear(p->scope.origin, AA);
    expect(OUTCOME_EQUAL, EQUAL, EQUAL);
    bit_set(p->scope.origin, AA);
    bit_clear(p->scope.place, FUJIAN);
    expect(OUTCOME_EQUAL, EQUAL, EQUAL);
    bit_set(p->scope.place, FUJIAN);
    bit_clear(&p->scope.combo, (size_t)combo_of(3, IMPORT, KIND_FIRM));
    expect(OUTCOME_EQUAL, EQUAL, EQUAL);
    p->scope.combo = UINT64_MAX;
    p->layer = -1;
    expect(OUTCOME_EQUAL, EQUAL, EQUAL);
}

/* --- section 4: layers ------------------------------------------------------------------ */

static void dates_are_half_open(void **state)
{
    (void)state;
    national(PROHIBITED);
    struct instrument *i = &instrument[0];
    i->valid_from = i->known_from = TODAY;
    i->valid_to = i->known_to = TODAY + 1;
    expect(OUTCOME_PROHIBITED, PROHIBITED, PROHIBITED);
    q.on = TODAY + 1;
    expect(OUTCOME_ELSEWHERE, SILENT, SILENT);
    q.on = TODAY - 1;
    expect(OUTCOME_ELSEWHERE, SILENT, SILENT);
    q.on = TODAY;
    q.known = TODAY + 1;
    expect(OUTCOME_ELSEWHERE, SILENT, SILENT);
    q.known = TODAY - 1;
    expect(OUTCOME_ELSEWHERE, SILENT, SILENT);
}

static void group_by_day(void **state)
{
    (void)state;
    national(APPROVAL);
    list_add(FAMILY_INVESTMENT, LAYER_TREATY, true)->group = STR("pact");
    q.origin = HK;
    q.on = 99;
    expect(OUTCOME_CONDITIONAL, APPROVAL, APPROVAL);
    q.on = 100;
    expect(OUTCOME_EQUAL, EQUAL, EQUAL);
    assert_int_equal(a.favoured_by, 1);
    q.on = 200;
    expect(OUTCOME_CONDITIONAL, APPROVAL, APPROVAL);
    q.on = 100, q.origin = MO;
    expect(OUTCOME_CONDITIONAL, APPROVAL, APPROVAL);
}

static void claims(void **state)
{
    (void)state;
    national(APPROVAL);
    list_add(FAMILY_INVESTMENT, LAYER_ARRANGEMENT, true)->claimable = true;
    rule_add(1, NOTIFY);
    expect(OUTCOME_CONDITIONAL, APPROVAL, APPROVAL);
    assert_int_equal(a.n_matches, 1); /* a layer that does not speak has no matches */
    q.claims = 2;
    expect(OUTCOME_CONDITIONAL, NOTIFY, NOTIFY);
    assert_int_equal(a.favoured_by, 1);
    expect_match(0, 0, APPROVAL, APPROVAL, REASON_FAVOURED);
    expect_match(1, 1, NOTIFY, NOTIFY, REASON_PREVAILS);
}

static void zone_speaks_only_there(void **state)
{
    (void)state;
    national(PROHIBITED);
    struct instrument *z = list_add(FAMILY_INVESTMENT, LAYER_ZONE, true);
    memset(z->place, 0, sizeof z->place);
    bit_set(z->place, FUJIAN_FTZ);
    expect(OUTCOME_PROHIBITED, PROHIBITED, PROHIBITED);
    q.place = FUJIAN_FTZ;
    expect(OUTCOME_EQUAL, EQUAL, EQUAL);
    assert_int_equal(a.favoured_by, 1);
    assert_int_equal(a.n_prevailing, 0);
    expect_match(0, 0, PROHIBITED, PROHIBITED, REASON_FAVOURED);
}

static void silent_without_a_match(void **state)
{
    (void)state;
    national(APPROVAL);
    list_add(FAMILY_COMMITMENTS, LAYER_TREATY, false);
    expect(OUTCOME_CONDITIONAL, APPROVAL, APPROVAL); /* unmatched: silent, not EQUAL */
    struct provision *p = rule_add(1, EQUAL);
    when_add(p, is(F_SCOPE));
    know(F_SCOPE, 0); /* out: does not count as a match */
    expect(OUTCOME_CONDITIONAL, APPROVAL, APPROVAL);
    assert_int_equal(a.favoured_by, -1);
    expect_match(1, 1, EQUAL, EQUAL, REASON_NOT_THIS_ACTIVITY);
    know(F_SCOPE, 1); /* commitments are layers of the deciding family */
    expect(OUTCOME_EQUAL, EQUAL, EQUAL);
    assert_int_equal(a.favoured_by, 1);
}

static void within_a_layer_the_strictest(void **state)
{
    (void)state;
    struct provision *unsure = national(PROHIBITED);
    rule_add(0, NOTIFY);
    when_add(unsure, is(F_SCOPE));
    expect(OUTCOME_UNDETERMINED, NOTIFY, PROHIBITED); /* [max lo, max hi] */
    expect_match(0, 0, EQUAL, PROHIBITED, REASON_PREVAILS);
    expect_match(1, 1, NOTIFY, NOTIFY, REASON_OUTRANKED);
    assert_int_equal(a.n_prevailing, 1);
    assert_int_equal(a.n_flip, 1);
    assert_int_equal(a.flip[0], 0);
}

/* --- section 4: families and outcome ---------------------------------------------------- */

static void deciding_family_by_mode(void **state)
{
    (void)state;
    national(PROHIBITED);
    list_add(FAMILY_CROSS_BORDER, LAYER_NATIONAL, true);
    rule_add(1, NOTIFY);
    expect(OUTCOME_PROHIBITED, PROHIBITED, PROHIBITED);
    expect_match(1, 1, NOTIFY, NOTIFY, REASON_NOT_DECISIVE);
    static const int others[] = {1, 2, 4};
    for (int i = 0; i < 3; i++) {
        q.mode = others[i];
        expect(OUTCOME_CONDITIONAL, NOTIFY, NOTIFY);
        expect_match(0, 0, PROHIBITED, PROHIBITED, REASON_NOT_DECISIVE);
    }
}

static void family_interval_is_least_by_end(void **state)
{
    (void)state;
    struct provision *p = national(PROHIBITED);
    when_add(p, is(F_SCOPE)); /* [EQUAL, PROHIBITED] */
    list_add(FAMILY_INVESTMENT, LAYER_ZONE, true);
    rule_add(1, APPROVAL); /* [APPROVAL, APPROVAL] */
    expect(OUTCOME_UNDETERMINED, EQUAL, APPROVAL);
    assert_int_equal(a.favoured_by, 1);
}

static void cumulative_families(void **state)
{
    (void)state;
    national(NOTIFY);
    list_add(FAMILY_PERMITS, LAYER_NATIONAL, false);
    expect(OUTCOME_CONDITIONAL, NOTIFY, NOTIFY); /* silent: does not count */
    rule_add(1, APPROVAL);
    expect(OUTCOME_CONDITIONAL, APPROVAL, APPROVAL);
    expect_match(0, 0, NOTIFY, NOTIFY, REASON_NOT_DECISIVE);
    expect_match(1, 1, APPROVAL, APPROVAL, REASON_PREVAILS);
    assert_int_equal(a.n_flip, 0); /* its default is not equal */
    list_add(FAMILY_SUPPORT, LAYER_NATIONAL, true);
    rule_add(2, PROHIBITED); /* a family that neither decides nor cumulates */
    expect(OUTCOME_CONDITIONAL, APPROVAL, APPROVAL);
    expect_match(2, 2, PROHIBITED, PROHIBITED, REASON_NOT_DECISIVE);
    list_add(FAMILY_MARKET_ACCESS, LAYER_NATIONAL, true);
    rule_add(3, PROHIBITED);
    expect(OUTCOME_PROHIBITED, PROHIBITED, PROHIBITED);
    assert_int_equal(a.n_prevailing, 1);
    assert_int_equal(a.prevailing[0], 3);
    assert_int_equal(a.flip[0], 3);
}

static void several_decisive_families(void **state)
{
    (void)state;
    list_add(FAMILY_FLOWS, LAYER_NATIONAL, true);
    rule_add(0, APPROVAL);
    list_add(FAMILY_INVESTMENT, LAYER_NATIONAL, true);
    rule_add(1, APPROVAL);
    rule_add(1, NOTIFY);
    rule_add(1, APPROVAL);
    expect(OUTCOME_CONDITIONAL, APPROVAL, APPROVAL);
    assert_int_equal(a.n_prevailing, 3);
    assert_int_equal(a.prevailing[0], 0);
    assert_int_equal(a.prevailing[1], 1);
    assert_int_equal(a.prevailing[2], 3);
    assert_int_equal(a.n_flip, 3);
    expect_match(2, 2, NOTIFY, NOTIFY, REASON_OUTRANKED);
}

static void export_is_elsewhere(void **state)
{
    (void)state;
    struct provision *p = national(PROHIBITED);
    rule_add(0, PROHIBITED);
    q.direction = EXPORT;
    lift(p, is(F_COND));
    know(F_COND, 1);
    expect(OUTCOME_ELSEWHERE, SILENT, SILENT);
    assert_int_equal(a.favoured_by, -1);
    assert_int_equal(a.n_prevailing, 0);
    assert_int_equal(a.n_flip, 0);
    expect_match(0, 0, EQUAL, EQUAL, REASON_LIFTED);
    expect_match(1, 1, PROHIBITED, PROHIBITED, REASON_NOT_DECISIVE);
}

static void no_list_in_force(void **state)
{
    (void)state;
    expect(OUTCOME_ELSEWHERE, SILENT, SILENT);
    list_add(FAMILY_COMMITMENTS, LAYER_TREATY, false);
    rule_add(0, EQUAL);
    list_add(FAMILY_PERMITS, LAYER_NATIONAL, true);
    rule_add(1, APPROVAL);
    expect(OUTCOME_ELSEWHERE, SILENT, SILENT);
    expect_match(0, 0, EQUAL, EQUAL, REASON_NOT_DECISIVE);
    expect_match(1, 1, APPROVAL, APPROVAL, REASON_NOT_DECISIVE);
    list_add(FAMILY_CROSS_BORDER, LAYER_NATIONAL, true); /* not of the deciding family */
    expect(OUTCOME_ELSEWHERE, SILENT, SILENT);
    list_add(FAMILY_PERMITS, LAYER_ZONE, true); /* beats list 1, but nothing is favoured here */
    expect(OUTCOME_ELSEWHERE, SILENT, SILENT);
    expect_match(1, 1, APPROVAL, APPROVAL, REASON_NOT_DECISIVE);
}

/* --- section 4: carve-outs -------------------------------------------------------------- */

static struct carve_out *carve(int list, int when)
{
    struct carve_out *x = &carve_out[c.n_carve_outs++];
    *x = (struct carve_out){.instrument = list, .has_sectors = true, .when = when};
    bit_set(x->sector, SECTOR);
    return x;
}

static void carve_outs(void **state)
{
    (void)state;
    struct provision *p = national(APPROVAL);
    p->n_when = 0;
    lift(p, is(F_COND));
    carve(0, is(F_SCOPE));
    expect(OUTCOME_CONDITIONAL, APPROVAL, APPROVAL); /* only asked of [EQUAL, EQUAL] */
    know(F_COND, 1);
    expect(OUTCOME_UNDETERMINED, EQUAL, EQUAL); /* may apply */
    know(F_SCOPE, 0);
    expect(OUTCOME_EQUAL, EQUAL, EQUAL);
    know(F_SCOPE, 1);
    expect(OUTCOME_CARVED_OUT, EQUAL, EQUAL);
    assert_int_equal(a.n_prevailing, 0);
    facts.known[0] = 0;
    know(F_COND, 1);
    carve(0, -1); /* no expression: applies, and wins over may apply */
    expect(OUTCOME_CARVED_OUT, EQUAL, EQUAL);
}

static void carve_outs_that_do_not_decide(void **state)
{
    (void)state;
    list_add(FAMILY_INVESTMENT, LAYER_NATIONAL, true);
    list_add(FAMILY_CROSS_BORDER, LAYER_NATIONAL, true);
    carve(0, -1)->has_sectors = false;
    bit_clear(carve(0, -1)->sector, SECTOR);
    struct carve_out *other_family = carve(1, -1);
    expect(OUTCOME_EQUAL, EQUAL, EQUAL);
    other_family->instrument = 0;
    expect(OUTCOME_CARVED_OUT, EQUAL, EQUAL);
    list_add(FAMILY_INVESTMENT, LAYER_ZONE, true)->valid_to = TODAY;
    other_family->instrument = 2; /* its layer does not speak */
    expect(OUTCOME_EQUAL, EQUAL, EQUAL);
}

/* --- section 4: winner, favoured_by, flip ----------------------------------------------- */

static void winner_by_hi_then_lo_then_number(void **state)
{
    (void)state;
    national(PROHIBITED);                           /* 0: base */
    list_add(FAMILY_INVESTMENT, LAYER_ZONE, true);  /* 1: [CONDITION, CONDITION] */
    rule_add(1, CONDITION);
    list_add(FAMILY_INVESTMENT, LAYER_TREATY, true); /* 2: [EQUAL, CONDITION] */
    when_add(rule_add(2, CONDITION), is(F_SCOPE));
    expect(OUTCOME_UNDETERMINED, EQUAL, CONDITION);
    assert_int_equal(a.favoured_by, 2);
    assert_int_equal(a.n_prevailing, 1);
    assert_int_equal(a.prevailing[0], 2);
    expect_match(1, 1, CONDITION, CONDITION, REASON_FAVOURED);
    assert_int_equal(a.n_flip, 1); /* smallest hi, then the lowest number: lo plays no part */
    assert_int_equal(a.flip[0], 1);
    know(F_SCOPE, 1); /* a tie of (hi, lo): the lowest number */
    expect(OUTCOME_CONDITIONAL, CONDITION, CONDITION);
    assert_int_equal(a.favoured_by, 1);
}

static void base_wins_every_tie(void **state)
{
    (void)state;
    list_add(FAMILY_INVESTMENT, LAYER_ARRANGEMENT, true);
    rule_add(0, APPROVAL);
    struct provision *p = national(APPROVAL); /* the base has the higher number */
    expect(OUTCOME_CONDITIONAL, APPROVAL, APPROVAL);
    assert_int_equal(a.favoured_by, -1);
    assert_int_equal(a.prevailing[0], 1);
    assert_int_equal(a.flip[0], 0); /* flip knows no base */
    p->treatment = PROHIBITED;
    expect(OUTCOME_CONDITIONAL, APPROVAL, APPROVAL);
    assert_int_equal(a.favoured_by, 0);
    instrument[1].kind = LAYER_ZONE; /* no base speaks: nobody was favoured over it */
    expect(OUTCOME_CONDITIONAL, APPROVAL, APPROVAL);
    assert_int_equal(a.favoured_by, -1);
}

static void matches_are_capped(void **state)
{
    (void)state;
    static struct provision many[LIMIT_MATCHES + 9];
    struct provision *p = national(PROHIBITED);
    for (int i = 0; i < LIMIT_MATCHES + 9; i++)
        many[i] = *p;
    c.provision = many;
    c.n_provisions = LIMIT_MATCHES + 9;
    expect(OUTCOME_PROHIBITED, PROHIBITED, PROHIBITED);
    assert_int_equal(a.n_matches, LIMIT_MATCHES);
    assert_int_equal(a.n_prevailing, LIMIT_MATCHES);
    assert_int_equal(a.n_flip, LIMIT_MATCHES);
}

/* --- sweeps ----------------------------------------------------------------------------- */

struct seen {
    int cells, repeats;
    const struct answer *last;
    struct answer copy; /* of what the last pointer held */
};

static void same_answer(const struct answer *x, const struct answer *y)
{
    assert_int_equal(x->outcome, y->outcome);
    assert_int_equal(x->must, y->must);
    assert_int_equal(x->treatment, y->treatment);
    assert_int_equal(x->favoured_by, y->favoured_by);
    assert_int_equal(x->n_prevailing, y->n_prevailing);
    assert_int_equal(x->n_flip, y->n_flip);
    assert_int_equal(x->n_matches, y->n_matches);
    for (int i = 0; i < x->n_prevailing; i++)
        assert_int_equal(x->prevailing[i], y->prevailing[i]);
    for (int i = 0; i < x->n_flip; i++)
        assert_int_equal(x->flip[i], y->flip[i]);
    for (int i = 0; i < x->n_matches; i++) {
        assert_int_equal(x->match[i].provision, y->match[i].provision);
        assert_int_equal(x->match[i].lo, y->match[i].lo);
        assert_int_equal(x->match[i].hi, y->match[i].hi);
        assert_int_equal(x->match[i].reason, y->match[i].reason);
    }
}

static void check_cell(void *ctx, int place, int origin, const struct answer *got)
{
    struct seen *s = ctx;
    q.place = place;
    q.origin = origin;
    naive_decide(&c, &q, &a);
    same_answer(&a, got);
    if (got == s->last) {
        same_answer(&s->copy, got);
        s->repeats++;
    }
    assert_int_equal(s->cells / ORIGINS, place); /* place outermost */
    assert_int_equal(s->cells % ORIGINS, origin);
    s->cells++;
    s->last = got;
    s->copy = *got;
}

/* Random corpora: every cell of a sweep is what naive_decide says. */
static uint32_t seed;

static int chance(int n)
{
    seed = seed * 1664525u + 1013904223u;
    return (int)(seed >> 16) % n;
}

static void random_world(void)
{
    static const enum family families[] = {FAMILY_INVESTMENT, FAMILY_INVESTMENT,
                                           FAMILY_COMMITMENTS, FAMILY_PERMITS, FAMILY_SUPPORT};
    setup(NULL);
    for (int i = 0, n = 1 + chance(6); i < n; i++) {
        enum family family = families[chance(5)];
        enum layer_kind kind = (enum layer_kind)chance(4);
        struct instrument *l = list_add(family, kind, chance(3) > 0);
        l->claimable = chance(6) == 0;
        l->place[0] = chance(2) ? UINT64_MAX : (uint64_t)chance(32);
        l->origin[0] = chance(2) ? UINT64_MAX : (uint64_t)chance(16);
        if (chance(4) == 0)
            l->group = STR("pact");
        for (int k = 0, m = chance(3); k < m; k++) {
            struct provision *p = rule_add(i, (enum treatment)chance(5));
            p->scope.place[0] = chance(2) ? UINT64_MAX : (uint64_t)chance(32);
            p->scope.origin[0] = chance(2) ? UINT64_MAX : (uint64_t)chance(16);
            if (chance(3) == 0)
                when_add(p, test(F_TERRITORY, OP_IS, chance(3)));
            if (chance(3) == 0)
                except(p, is(chance(3)));
            for (int x = chance(3); x > 0; x--) {
                struct clause *y = exempt(p, chance(4) ? is(chance(3)) : -1);
                y->has_origins = chance(2);
                y->origin[0] = (uint64_t)chance(16);
                y->place[0] = chance(2) ? UINT64_MAX : (uint64_t)chance(32);
            }
        }
    }
    if (chance(2))
        carve(0, chance(2) ? -1 : is(F_SCOPE));
    for (int f = 0; f < 3; f++)
        if (chance(3))
            know(f, chance(2));
    q.on = chance(2) ? 50 : 150;
    q.kind = chance(2) ? KIND_JV : KIND_FIRM;
}

static void check_cells(void *ctx, int place, int from, int to, const struct answer *got)
{
    for (int o = from; o < to; o++)
        check_cell(ctx, place, o, got);
}

static void sweep_is_decide(void **state)
{
    (void)state;
    seed = 1;
    const uint64_t all[PLACE_WORDS] = {(1u << PLACES) - 1};
    int repeats = 0;
    for (int i = 0; i < 3000; i++) {
        random_world();
        struct seen s = {0};
        naive_sweep(&c, SECTOR, combo_of(3, IMPORT, q.kind), q.on, q.known, &facts, all,
                    check_cells, &s);
        assert_int_equal(s.cells, PLACES * ORIGINS);
        repeats += s.repeats;
    }
    assert_true(repeats > 0);
}

static void count_cell(void *ctx, int place, int origin, const struct answer *got)
{
    struct seen *s = ctx;
    (void)origin;
    assert_true(place == FUJIAN_FTZ || place == HAINAN_FTZ);
    s->repeats += got == s->last;
    s->cells++;
    s->last = got;
}

static void count_cells(void *ctx, int place, int from, int to, const struct answer *got)
{
    for (int o = from; o < to; o++)
        count_cell(ctx, place, o, got);
}

static void sweep_reuses_and_skips_places(void **state)
{
    (void)state;
    national(APPROVAL);
    const uint64_t some[PLACE_WORDS] = {1u << FUJIAN_FTZ | 1u << HAINAN_FTZ};
    struct seen s = {0};
    naive_sweep(&c, SECTOR, combo_of(3, IMPORT, KIND_FIRM), TODAY, TODAY, NULL, some, count_cells,
                &s);
    assert_int_equal(s.cells, 2 * ORIGINS);
    assert_int_equal(s.repeats, 2 * (ORIGINS - 1)); /* not across territories */
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(derived_facts_cannot_be_given),
        TEST(derived_form),
        TEST(derived_territory),
        TEST(operators),
        TEST(all_is_least_any_is_most),
        TEST(role_is_the_strongest_unknown),
        TEST(applies),
        TEST(excepted_before_exempted),
        TEST(exemptions_by_origin_and_place),
        TEST(words_only_makes_unsure),
        TEST(condition_softens),
        TEST(state_neither_softens_nor_unsettles),
        TEST(lift_joins),
        TEST(unknown_lift_leaves_other_treatments),
        TEST(scope_and_layer_must_hold_the_cell),
        TEST(dates_are_half_open),
        TEST(group_by_day),
        TEST(claims),
        TEST(zone_speaks_only_there),
        TEST(silent_without_a_match),
        TEST(within_a_layer_the_strictest),
        TEST(deciding_family_by_mode),
        TEST(family_interval_is_least_by_end),
        TEST(cumulative_families),
        TEST(several_decisive_families),
        TEST(export_is_elsewhere),
        TEST(no_list_in_force),
        TEST(carve_outs),
        TEST(carve_outs_that_do_not_decide),
        TEST(winner_by_hi_then_lo_then_number),
        TEST(base_wins_every_tie),
        TEST(matches_are_capped),
        TEST(sweep_is_decide),
        TEST(sweep_reuses_and_skips_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
