/* Direct reports: parameters, values of a line, the rules of docs/direct.md. */
#include "declaration/direct_inside.h"

#include <stdio.h>
#include <stdlib.h>

#define BIT(rule) ((int16_t)(1 << (rule)))

/* --- parameters ----------------------------------------------------------------------------- */

static const char *const rule_id[DIRECT_RULES] = {"FORM",     "IDENTITY", "HOME", "WHEN",
                                                  "TWICE",    "REPLACED", "UNRATED", "LATE",
                                                  "USUAL",    "UNLISTED", "DIFFERS", "MISSING"};
const struct reason direct_reason[DIRECT_RULES] = {
    [DIRECT_FORM] = {"无法读取", "cannot be read"},
    [DIRECT_IDENTITY] = {"统一社会信用代码的校验位不符", "the check digit of the unified code does not fit"},
    [DIRECT_HOME] = {"伙伴国不能为中国", "the counterpart cannot be China"},
    [DIRECT_WHEN] = {"报告期在报送日尚未结束，或报送日晚于今日",
                     "the month was not over on the day of filing, or that day lies ahead"},
    [DIRECT_TWICE] = {"同一格同日报送的数额不同", "the cell was filed on the same day with another amount"},
    [DIRECT_REPLACED] = {"该格另有后来的或相同的一行", "a later or an equal line of the cell counts"},
    [DIRECT_UNRATED] = {"该币种当月没有汇率", "there is no rate of the currency for the month"}};

static enum err load_rules(struct direct_scheme *s, struct arena *a, struct error *e)
{
    static const char *const columns[] = {"id", "severity", "title_zh", "title_en", "hint_zh",
                                          "hint_en", "value", "evidence", NULL};
    struct table t;
    bool more;
    int n = 0;
    TRY(table_open(&t, a, "statistics/direct-rules.csv", columns, e));
    for (;; n++) {
        TRY(table_next(&t, &more, e));
        if (!more)
            break;
        struct str id = table_text(&t, "id");
        if (n == DIRECT_RULES || !str_eqz(id, rule_id[n]))
            return table_fail(&t, "id", "此处不应是规则 %.*s", "rule %.*s does not belong here", id, e);
        TRY(scheme_rule_read(&t, &s->rule[n], e));
        if (table_text(&t, "value").n > 0)
            TRY(table_int(&t, "value", 1, 100, &s->rule[n].value, e));
    }
    return n == DIRECT_RULES ? OK
                             : table_fail(&t, "id", "规则不全%.*s", "rules are missing%.*s", STR(""), e);
}

static enum err load_forms(struct direct_scheme *s, struct arena *a, struct error *e)
{
    static const char *const columns[] = {"code", "name_zh", "name_en", "evidence", NULL};
    struct table t;
    bool more;
    TRY(table_open(&t, a, "statistics/direct-forms.csv", columns, e));
    for (;;) {
        TRY(table_next(&t, &more, e));
        if (!more)
            return OK;
        if (s->n_form == DIRECT_FORMS)
            return table_limit(&t, "DIRECT_FORMS", DIRECT_FORMS, e);
        s->form[s->n_form++] =
            (struct direct_form){table_text(&t, "code"), table_text(&t, "name_zh"),
                                 table_text(&t, "name_en"), scheme_grade(&t)};
    }
}

enum err direct_scheme_load(struct direct_scheme **out, struct arena *a, const struct scheme *s,
                            struct error *e)
{
    *out = ARENA_NEW(a, struct direct_scheme);
    (*out)->scheme = s;
    TRY(load_rules(*out, a, e));
    return load_forms(*out, a, e);
}

int direct_main(const struct classification *c, int ebops)
{
    struct str code = c->ebops.code[ebops].code;
    if (code.n < 2 || code.p[0] != 'S' || code.p[1] < 'A' || code.p[1] >= 'A' + DIRECT_MAIN)
        return -1;
    return code.p[1] - 'A';
}

/* --- values --------------------------------------------------------------------------------- */

static const struct reason reason_form = {"没有这张表（direct-forms.csv）", "no such form (direct-forms.csv)"};
static const struct reason reason_period = {"报告期应为 2000 年至 2042 年的 YYYYMM 或 YYYY-MM",
                                            "a period is YYYYMM or YYYY-MM, 2000 to 2042"};
static const struct reason reason_item = {"没有这个 EBOPS 服务项目", "no such EBOPS item of services"};
static const struct reason reason_memo = {"备忘项目所计不是服务额，请按所属的上级项目报送",
                                          "a memorandum item measures something else than the service: "
                                          "report the item above it"};
static const struct reason reason_mode = {"提供模式应为 1 至 4", "a mode of supply is 1 to 4"};
static const struct reason reason_amount = {"数额应为 0 或正整数（最小货币单位），最多 15 位",
                                            "an amount is 0 or a whole number of minor units, of at "
                                            "most 15 digits"};

static bool digits(struct str s, size_t least, size_t most, int64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < s.n && i <= most; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        *out = *out * 10 + (s.p[i] - '0');
    }
    return s.n >= least && s.n <= most;
}

/* Of "YYYYMM" or "YYYY-MM". */
static bool month_read(struct str s, int16_t *out)
{
    char text[MONTH_TEXT];
    int month;
    if (s.n == 6)
        s = (struct str){text, (size_t)snprintf(text, sizeof text, "%.4s-%.2s", s.p, s.p + 4)};
    if (!month_parse(s, &month))
        return false;
    *out = (int16_t)month;
    return true;
}

static bool day_read(struct str s, day_t *out)
{
    char text[11];
    if (s.n == 8)
        s = (struct str){text, (size_t)snprintf(text, sizeof text, "%.4s-%.2s-%.2s", s.p, s.p + 4,
                                                s.p + 6)};
    int y, m, d;
    if (!day_parse(s, out))
        return false;
    day_to_civil(*out, &y, &m, &d);
    return y >= 2000 && y <= 2099;
}

static int form_find(const struct direct_scheme *s, struct str code)
{
    for (int i = 0; i < s->n_form; i++)
        if (str_eq(s->form[i].code, code))
            return i;
    return -1;
}

static bool is_capitals(struct str s, size_t n)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 'A' || s.p[i] > 'Z')
            return false;
    return s.n == n;
}

static bool is_unified(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'A' && s.p[i] <= 'Z')))
            return false;
    return s.n == PARTY_ID_BYTES;
}

/* One value. NULL: it was read; else why not. */
static const struct reason *read_value(const struct direct_scheme *s, enum direct_column c,
                                       struct str v, struct direct_line *x)
{
    const struct classification *codes = s->scheme->codes;
    int64_t n;
    int i;
    switch (c) {
    case DIRECT_PARTY:
        return is_unified(v) ? NULL : &why_reason[WHY_PARTY_ID];
    case DIRECT_SHEET:
        x->form = (uint8_t)(i = form_find(s, v));
        return i >= 0 ? NULL : &reason_form;
    case DIRECT_PERIOD:
        return month_read(v, &x->month) ? NULL : &reason_period;
    case DIRECT_FLOW:
        x->flow = str_eqz(v, "D") ? FLOW_DEBIT : FLOW_CREDIT;
        return str_eqz(v, "C") || str_eqz(v, "D") ? NULL : &why_reason[WHY_FLOW];
    case DIRECT_ITEM:
        x->item = (int16_t)(i = codelist_find(&codes->ebops, v));
        if (i < 0 || !str_eq(codes->ebops.code[i].code, v)) /* capitals, as everywhere */
            return &reason_item;
        if (direct_main(codes, i) < 0)
            return &reason_item;
        return codes->ebops.code[i].memo ? &reason_memo : NULL;
    case DIRECT_MODE:
        x->mode = digits(v, 1, 1, &n) ? (uint8_t)n : 0;
        return x->mode >= 1 && x->mode <= SCHEME_MODES ? NULL : &reason_mode;
    case DIRECT_COUNTRY:
        x->country = (int16_t)(i = v.n == 0 ? -1 : economy_find(codes, v));
        return v.n == 0 || (is_capitals(v, 3) && i >= 0) ? NULL : &why_reason[WHY_COUNTRY];
    case DIRECT_CURRENCY:
        x->currency = (uint8_t)(i = is_capitals(v, 3) ? scheme_currency_find(s->scheme, v) : -1);
        return i >= 0 ? NULL : &why_reason[WHY_CURRENCY_UNKNOWN];
    case DIRECT_AMOUNT:
        return digits(v, 1, 15, &x->amount) ? NULL : &reason_amount;
    case DIRECT_FILED:
        return day_read(v, &x->filed) ? NULL : &why_reason[WHY_DATE];
    default:
        return NULL;
    }
}

/* --- rules of one line ---------------------------------------------------------------------- */

/* The item one letter or digit shorter, -1: none. Not the parent, which of SDZ is S. */
static int shorter(const struct codelist *l, int item)
{
    struct str code = l->code[item].code;
    int i = -1;
    while (i < 0 && code.n > 1) {
        code.n--;
        i = codelist_find(l, code);
    }
    return i;
}

/* Is the mode one that modes.csv gives the item, or the longest beginning of its code that has
 * rows, a share of? */
static bool usual_mode(const struct scheme *s, const struct direct_line *x)
{
    for (int i = x->item; i >= 0; i = shorter(&s->codes->ebops, i)) {
        int at = scheme_item(s, i);
        if (at < 0 || s->n_mode[at] == 0)
            continue;
        for (int k = 0; k < s->n_mode[at]; k++)
            if (s->mode[at][k].to == x->mode)
                return true;
        return false;
    }
    return true; /* nothing is said of it */
}

static bool fail(struct direct_fault *f, const struct direct_fields *x, enum direct_rule rule,
                 enum direct_column c, struct reason why)
{
    *f = (struct direct_fault){rule, c, x->at[c], why};
    return false;
}

bool direct_judge(const struct direct_scheme *s, day_t today, const struct direct_fields *x,
                  struct direct_line *out, struct direct_fault *fault)
{
    memset(out, 0, sizeof *out);
    for (int c = 0; c < DIRECT_COLUMNS; c++) {
        bool may_be_empty = c == DIRECT_COUNTRY || c == DIRECT_REMARK;
        if (x->f[c].n == 0 && !may_be_empty)
            return fail(fault, x, DIRECT_FORM, (enum direct_column)c, why_reason[WHY_EMPTY]);
        const struct reason *why = read_value(s, (enum direct_column)c, x->f[c], out);
        if (why != NULL)
            return fail(fault, x, DIRECT_FORM, (enum direct_column)c, *why);
    }
    if (!unified_code_valid(x->f[DIRECT_PARTY].p))
        return fail(fault, x, DIRECT_IDENTITY, DIRECT_PARTY, direct_reason[DIRECT_IDENTITY]);
    if (out->country >= 0 && out->country == s->scheme->home)
        return fail(fault, x, DIRECT_HOME, DIRECT_COUNTRY, direct_reason[DIRECT_HOME]);
    day_t over = month_first(out->month + 1);
    if (out->filed < over || out->filed > today)
        return fail(fault, x, DIRECT_WHEN, DIRECT_FILED, direct_reason[DIRECT_WHEN]);
    if (out->filed >= over + (day_t)s->rule[DIRECT_LATE].value)
        out->rules |= BIT(DIRECT_LATE);
    if (!usual_mode(s->scheme, out))
        out->rules |= BIT(DIRECT_USUAL);
    return true;
}

void direct_cell(const struct direct_scheme *s, const char party[PARTY_ID_BYTES],
                 const struct direct_line *x, char out[DIRECT_CELL])
{
    const struct classification *c = s->scheme->codes;
    struct str country = x->country < 0 ? STR("-") : c->economy[x->country].alpha3;
    char month[MONTH_TEXT];
    month_format(x->month, month);
    snprintf(out, DIRECT_CELL, "%.*s %.*s %s %c %.*s %d %.*s %.3s", PARTY_ID_BYTES, party,
             STR_ARG(s->form[x->form].code), month,
             "CD"[x->flow], STR_ARG(c->ebops.code[x->item].code), x->mode, STR_ARG(country),
             s->scheme->currency[x->currency].code);
}

/* --- which line of a cell counts ------------------------------------------------------------ */

static int by_cell(const struct direct_line *a, const struct direct_line *b)
{
    const int64_t x[] = {a->party, a->month, a->flow, a->item, a->mode, a->form, a->country, a->currency};
    const int64_t y[] = {b->party, b->month, b->flow, b->item, b->mode, b->form, b->country, b->currency};
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

/* Of a cell, the latest filing first; then by place. */
static int in_order(const void *x, const void *y)
{
    const struct direct_line *a = x, *b = y;
    int cell = by_cell(a, b);
    if (cell != 0)
        return cell;
    if (a->filed != b->filed)
        return a->filed > b->filed ? -1 : 1;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    return (a->line > b->line) - (a->line < b->line);
}

static void settle_cell(struct direct_line *x, size_t n)
{
    size_t latest = 1;
    bool differ = false;
    while (latest < n && x[latest].filed == x[0].filed)
        differ |= x[latest++].amount != x[0].amount;
    for (size_t i = 0; i < n; i++)
        if (i < latest && differ)
            x[i].rules |= BIT(DIRECT_TWICE);
        else if (i > 0)
            x[i].rules |= BIT(DIRECT_REPLACED);
}

static bool dollars(const struct scheme *s, struct direct_line *x)
{
    return x->amount == 0 ||
           rates_cents(s->rates, s, x->currency, x->month, x->amount, &x->cents);
}

enum err direct_settle(const struct direct_scheme *s, struct direct_line *line, size_t n,
                       struct error *e)
{
    int64_t total = 0;
    sort_by(line, n, sizeof *line, in_order);
    for (size_t i = 0, end; i < n; i = end) {
        end = i + 1;
        while (end < n && by_cell(&line[i], &line[end]) == 0)
            end++;
        settle_cell(&line[i], end - i);
        if (!direct_stays_out(&line[i]) && !dollars(s->scheme, &line[i]))
            line[i].rules |= BIT(DIRECT_UNRATED);
        if (!direct_stays_out(&line[i]) && __builtin_add_overflow(total, line[i].cents, &total))
            return err_set(e, ERR_LIMIT, "数额之和超出 64 位整数%s", "the sum of all amounts is beyond "
                                                                    "64 bits%s", "");
    }
    return OK;
}
