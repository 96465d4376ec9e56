/* Reading the parameters of data/statistics/. */
#include "declaration/scheme.h"

struct loading {
    struct scheme *s;
    struct arena *a;
    const struct classification *codes;
    struct error *e;
};

static enum err code_named(const struct table *t, const char *column, const struct scheme *s,
                           struct str code, int *out, struct error *e)
{
    *out = scheme_code_find(s, code);
    if (*out >= 0)
        return OK;
    TRY(table_fail(t, column, "没有交易编码 %.*s", "there is no transaction code %.*s", code, e));
    return OK;
}

static enum err directions(const struct table *t, struct itrs_code *c, struct error *e)
{
    struct str d = table_text(t, "directions");
    c->credit = str_eqz(d, "both") || str_eqz(d, "credit");
    c->debit = str_eqz(d, "both") || str_eqz(d, "debit");
    if (c->credit || c->debit)
        return OK;
    return table_fail(t, "directions", "方向应为 both、credit 或 debit，不是 %.*s",
                      "a direction is both, credit or debit, not %.*s", d, e);
}

char scheme_grade(const struct table *t)
{
    struct str s = table_text(t, "evidence");
    return s.n == 1 && s.p[0] >= 'A' && s.p[0] <= 'C' ? s.p[0] : 'C';
}

/* The structure of the codes: the first digit is the account, 2 being services; ...990 is what
 * has no code of its own; 225 and 226 are insurance and finance. */
static void code_kind(struct itrs_code *c)
{
    c->service = c->code.p[0] == '2';
    c->residual = str_eqz(c->code, "228990");
    c->financial = str_has_prefix(c->code, STR("225")) || str_has_prefix(c->code, STR("226"));
    c->netting = str_eqz(c->code, "999998") || str_eqz(c->code, "999999");
}

static enum err load_codes(struct loading *l)
{
    static const char *const columns[] = {"code", "name_zh", "name_en", "directions", "from", "to",
                                          "evidence", NULL};
    struct table t;
    bool more;
    TRY(table_open(&t, l->a, "statistics/itrs-codes.csv", columns, l->e));
    struct scheme *s = l->s;
    s->from = DAY_MAX;
    for (;;) {
        TRY(table_next(&t, &more, l->e));
        if (!more)
            return OK;
        if (s->n_code == SCHEME_CODES)
            return table_limit(&t, "SCHEME_CODES", SCHEME_CODES, l->e);
        struct itrs_code *c = &s->code[s->n_code];
        c->code = table_text(&t, "code");
        int64_t digits;
        if (c->code.n != 6 || !str_int(c->code, &digits) || digits < 100000)
            return table_fail(&t, "code", "交易编码应为六位数字：%.*s",
                              "a transaction code has six digits: %.*s", c->code, l->e);
        if (scheme_code_find(s, c->code) >= 0)
            return table_fail(&t, "code", "交易编码 %.*s 出现两次",
                              "transaction code %.*s is there twice", c->code, l->e);
        c->name_zh = table_text(&t, "name_zh");
        c->name_en = table_text(&t, "name_en");
        c->evidence = scheme_grade(&t);
        TRY(directions(&t, c, l->e));
        TRY(table_day(&t, "from", DAY_MIN, &c->from, l->e));
        TRY(table_day(&t, "to", DAY_MAX, &c->to, l->e));
        code_kind(c);
        s->from = c->from < s->from ? c->from : s->from;
        s->n_code++;
    }
}

static enum err add_item(struct loading *l, const struct table *t, int ebops)
{
    struct scheme *s = l->s;
    /* Ancestors are items too: totals of the publication. */
    for (int i = ebops; i >= 0; i = l->codes->ebops.code[i].parent) {
        if (scheme_item(s, i) >= 0)
            continue;
        if (s->n_item == SCHEME_ITEMS)
            return table_limit(t, "SCHEME_ITEMS", SCHEME_ITEMS, l->e);
        s->item[s->n_item++] = (int16_t)i;
    }
    return OK;
}

static enum err load_targets(struct loading *l)
{
    static const char *const columns[] = {"code", "ebops", "share_ppm", NULL};
    struct table t;
    bool more;
    TRY(table_open(&t, l->a, "statistics/itrs-ebops.csv", columns, l->e));
    for (;;) {
        TRY(table_next(&t, &more, l->e));
        if (!more)
            break;
        int at;
        int64_t ppm;
        TRY(code_named(&t, "code", l->s, table_text(&t, "code"), &at, l->e));
        struct itrs_code *c = &l->s->code[at];
        struct str item = table_text(&t, "ebops");
        int ebops = codelist_find(&l->codes->ebops, item);
        if (ebops < 0)
            return table_fail(&t, "ebops", "没有 EBOPS 项目 %.*s", "there is no EBOPS item %.*s", item,
                              l->e);
        if (c->n_targets == SCHEME_TARGETS)
            return table_limit(&t, "SCHEME_TARGETS", SCHEME_TARGETS, l->e);
        TRY(table_int(&t, "share_ppm", 1, PPM, &ppm, l->e));
        c->target[c->n_targets++] = (struct share){(int16_t)ebops, (int32_t)ppm};
        TRY(add_item(l, &t, ebops));
    }
    for (int i = 0; i < l->s->n_code; i++) {
        struct itrs_code *c = &l->s->code[i];
        int64_t sum = 0;
        for (int k = 0; k < c->n_targets; k++)
            sum += c->target[k].ppm;
        if (c->service && sum != PPM)
            return table_fail(&t, "share_ppm", "编码 %.*s 的份额之和不是一百万",
                              "the shares of code %.*s do not sum to a million", c->code, l->e);
    }
    return OK;
}

static int rule_named(struct str id)
{
    static const char *const name[RULE_COUNT] = {
        "FORM", "IDENTITY", "REPORT", "TWICE", "WHEN", "R1",  "R2",  "R3",  "R4",  "R5",
        "R6",   "R7",       "R8",     "R9",    "R10",  "R11", "R12", "R13", "R14", "R15"};
    for (int i = 0; i < RULE_COUNT; i++)
        if (str_eqz(id, name[i]))
            return i;
    return -1;
}

enum err scheme_rule_read(const struct table *t, struct rule_entry *out, struct error *e)
{
    static const char *const severity[] = {"note", "query", "reject", "exclude"};
    struct str word = table_text(t, "severity");
    int level = -1;
    for (int i = 0; i < 4; i++)
        level = str_eqz(word, severity[i]) ? i : level;
    if (level < 0)
        return table_fail(t, "severity", "严重程度应为 note、query、reject 或 exclude：%.*s",
                          "a severity is note, query, reject or exclude: %.*s", word, e);
    *out = (struct rule_entry){.id = table_text(t, "id"),
                               .severity = (enum severity)level,
                               .title_zh = table_text(t, "title_zh"),
                               .title_en = table_text(t, "title_en"),
                               .hint_zh = table_text(t, "hint_zh"),
                               .hint_en = table_text(t, "hint_en"),
                               .evidence = scheme_grade(t)};
    return OK;
}

static enum err load_rule(struct loading *l, const struct table *t)
{
    struct str id = table_text(t, "id");
    int at = rule_named(id);
    if (at < 0)
        return table_fail(t, "id", "没有规则 %.*s", "there is no rule %.*s", id, l->e);
    struct rule_entry *r = &l->s->rule[at];
    TRY(scheme_rule_read(t, r, l->e));
    /* What cannot be read cannot be compiled, whatever the table says. */
    if (at <= RULE_WHEN && r->severity != SEVERITY_REJECT)
        return table_fail(t, "severity", "规则 %.*s 只能是 reject", "rule %.*s can only be reject", id,
                          l->e);
    if (table_text(t, "value").n > 0)
        return table_int(t, "value", 0, INT64_MAX, &r->value, l->e);
    return OK;
}

static enum err load_rules(struct loading *l)
{
    static const char *const columns[] = {"id", "severity", "title_zh", "title_en", "hint_zh",
                                          "hint_en", "value", "evidence", NULL};
    struct table t;
    bool more;
    TRY(table_open(&t, l->a, "statistics/rules.csv", columns, l->e));
    for (;;) {
        TRY(table_next(&t, &more, l->e));
        if (!more)
            break;
        TRY(load_rule(l, &t));
    }
    for (int i = 0; i < RULE_COUNT; i++)
        if (l->s->rule[i].id.n == 0)
            return table_fail(&t, "id", "缺少规则%.*s", "a rule is missing%.*s", STR(""), l->e);
    return OK;
}

/* Every item that a code stands for is supplied somehow; totals above them need no rows. */
static enum err modes_whole(const struct loading *l, const struct table *t)
{
    const struct scheme *s = l->s;
    for (int i = 0; i < s->n_code; i++) {
        for (int k = 0; k < s->code[i].n_targets; k++) {
            int item = scheme_item(s, s->code[i].target[k].to);
            int64_t sum = 0;
            for (int m = 0; m < s->n_mode[item]; m++)
                sum += s->mode[item][m].ppm;
            if (sum != PPM)
                return table_fail(t, "share_ppm", "项目 %.*s 的模式份额之和不是一百万",
                                  "the modes of item %.*s do not sum to a million",
                                  l->codes->ebops.code[s->item[item]].code, l->e);
        }
    }
    return OK;
}

/* Rows of the longest prefix: SK1 before SK, SK before S. */
static enum err load_modes(struct loading *l)
{
    static const char *const columns[] = {"ebops", "mode", "share_ppm", NULL};
    struct table t;
    bool more;
    int best[SCHEME_ITEMS] = {0};
    struct scheme *s = l->s;
    TRY(table_open(&t, l->a, "statistics/modes.csv", columns, l->e));
    for (;;) {
        TRY(table_next(&t, &more, l->e));
        if (!more)
            break;
        int64_t mode, ppm;
        struct str prefix = table_text(&t, "ebops");
        TRY(table_int(&t, "mode", 1, 4, &mode, l->e));
        TRY(table_int(&t, "share_ppm", 1, PPM, &ppm, l->e));
        for (int i = 0; i < s->n_item; i++) {
            struct str item = l->codes->ebops.code[s->item[i]].code;
            if (!str_has_prefix(item, prefix) || (int)prefix.n < best[i])
                continue;
            if ((int)prefix.n > best[i])
                s->n_mode[i] = 0;
            best[i] = (int)prefix.n;
            if (s->n_mode[i] == SCHEME_MODES)
                return table_limit(&t, "SCHEME_MODES", SCHEME_MODES, l->e);
            s->mode[i][s->n_mode[i]++] = (struct share){(int16_t)mode, (int32_t)ppm};
        }
    }
    return modes_whole(l, &t);
}

static enum err load_regions(struct loading *l)
{
    static const char *const columns[] = {"digits", "place", NULL};
    struct table t;
    bool more;
    TRY(table_open(&t, l->a, "statistics/regions.csv", columns, l->e));
    for (;;) {
        TRY(table_next(&t, &more, l->e));
        if (!more)
            return OK;
        int64_t digits;
        struct str code = table_text(&t, "place");
        TRY(table_int(&t, "digits", 10, 99, &digits, l->e));
        int place = place_find(l->codes, code);
        if (place <= 0)
            return table_fail(&t, "place", "没有地区 %.*s", "there is no place %.*s", code, l->e);
        l->s->province[digits] = (uint8_t)place;
    }
}

static enum err load_words(struct loading *l)
{
    static const char *const columns[] = {"word", "codes", NULL};
    struct table t;
    bool more;
    TRY(table_open(&t, l->a, "statistics/remarks.csv", columns, l->e));
    l->s->word = ARENA_ARRAY(l->a, struct word, (size_t)t.n_rows);
    for (;;) {
        TRY(table_next(&t, &more, l->e));
        if (!more)
            return OK;
        struct word *w = &l->s->word[l->s->n_word++];
        w->text = table_text(&t, "word");
        if (w->text.n < 2)
            return table_fail(&t, "word", "词“%.*s”应至少有两个字节",
                              "the word \"%.*s\" should have two bytes at least", w->text, l->e);
        bit_set(l->s->word_begins, scheme_two_bytes(w->text.p));
        for (struct str rest = table_text(&t, "codes"), one; rest.n > 0;) {
            int at;
            one = str_cut(rest, ' ', &rest);
            TRY(code_named(&t, "codes", l->s, one, &at, l->e));
            bit_set(w->codes, (size_t)at);
        }
    }
}

static enum err load_centres(struct loading *l)
{
    static const char *const columns[] = {"economy", NULL};
    struct table t;
    bool more;
    TRY(table_open(&t, l->a, "statistics/financial-centres.csv", columns, l->e));
    for (;;) {
        TRY(table_next(&t, &more, l->e));
        if (!more)
            return OK;
        struct str code = table_text(&t, "economy");
        int at = economy_find(l->codes, code);
        if (at < 0)
            return table_fail(&t, "economy", "没有经济体 %.*s", "there is no economy %.*s", code, l->e);
        bit_set(l->s->financial_centre, (size_t)at);
    }
}

static enum err load_currencies(struct loading *l)
{
    static const char *const columns[] = {"code", NULL};
    static const char *const decimals[] = {"currency", "decimals", NULL};
    struct table t;
    bool more;
    struct scheme *s = l->s;
    TRY(table_open(&t, l->a, "codes/currencies.csv", columns, l->e));
    for (;;) {
        TRY(table_next(&t, &more, l->e));
        if (!more)
            break;
        struct str code = table_text(&t, "code");
        if (code.n != 3)
            return table_fail(&t, "code", "币种代码应为三个字母：%.*s",
                              "a currency has three letters: %.*s", code, l->e);
        if (s->n_currency == SCHEME_CURRENCIES)
            return table_limit(&t, "SCHEME_CURRENCIES", SCHEME_CURRENCIES, l->e);
        memcpy(s->currency[s->n_currency].code, code.p, 3);
        s->currency[s->n_currency++].exponent = 2;
    }
    TRY(table_open(&t, l->a, "statistics/exponents.csv", decimals, l->e));
    for (;;) {
        TRY(table_next(&t, &more, l->e));
        if (!more)
            return OK;
        int64_t exponent;
        int at = scheme_currency_find(s, table_text(&t, "currency"));
        if (at < 0)
            return table_fail(&t, "currency", "没有币种 %.*s", "there is no currency %.*s",
                              table_text(&t, "currency"), l->e);
        TRY(table_int(&t, "decimals", 0, 4, &exponent, l->e));
        s->currency[at].exponent = (int)exponent;
    }
}

enum err scheme_load(struct scheme **out, struct arena *a, const struct classification *codes,
                     struct error *e)
{
    struct scheme *s = ARENA_NEW(a, struct scheme);
    struct loading l = {s, a, codes, e};
    s->codes = codes;
    s->arena = a;
    s->home = economy_find(codes, STR("CN"));
    TRY(load_codes(&l));
    TRY(load_targets(&l));
    TRY(load_rules(&l));
    TRY(load_modes(&l));
    TRY(load_regions(&l));
    TRY(load_words(&l));
    TRY(load_centres(&l));
    TRY(load_currencies(&l));
    *out = s;
    return OK;
}

int scheme_code_find(const struct scheme *s, struct str code)
{
    for (int i = 0; i < s->n_code; i++)
        if (str_eq(s->code[i].code, code))
            return i;
    return -1;
}

int scheme_currency_find(const struct scheme *s, struct str currency)
{
    for (int i = 0; i < s->n_currency; i++)
        if (currency.n == 3 && memcmp(s->currency[i].code, currency.p, 3) == 0)
            return i;
    return -1;
}

int scheme_item(const struct scheme *s, int ebops)
{
    for (int i = 0; i < s->n_item; i++)
        if (s->item[i] == ebops)
            return i;
    return -1;
}
