/* The rules that need one record only. docs/statistics.md says each in words; data/statistics/
 * rules.csv gives severity and parameters. */
#include "declaration/intake.h"

#define BIT(rule) (UINT32_C(1) << (rule))

static bool identity_ok(const struct declaration *d)
{
    if (d->party_kind == PARTY_NONRESIDENT)
        return true;
    if (d->party_id.n != 18)
        return false;
    return d->party_kind == PARTY_UNIT ? unified_code_valid(d->party_id.p)
                                       : citizen_number_valid(d->party_id.p);
}

/* The report number names the bank's office: its region is the office's, not the party's. */
static bool report_ok(const struct scheme *s, const struct declaration *d)
{
    const char *n = d->report_no.p;
    if (d->report_no.n != 22)
        return false;
    int bank = (n[6] - '0') * 1000 + (n[7] - '0') * 100 + (n[8] - '0') * 10 + (n[9] - '0');
    return bank == d->bank && s->province[(n[0] - '0') * 10 + (n[1] - '0')] != 0;
}

static bool begins(struct str rest, struct str word)
{
    return rest.n >= word.n && memcmp(rest.p, word.p, word.n) == 0;
}

/* R6: a word of the remark speaks for other codes than the one declared. R11: a code of goods
 * with a remark of services; every word of remarks.csv is one. Two bytes tell nearly always that no
 * word begins: one would not, since all of Chinese begins with six. */
static uint32_t remark_rules(const struct scheme *s, const struct declaration *d)
{
    bool spoken = false, fits = false;
    for (struct str rest = d->remark; rest.n > 1; rest.p++, rest.n--) {
        if (!bit_get(s->word_begins, scheme_two_bytes(rest.p)))
            continue;
        for (int i = 0; i < s->n_word; i++) {
            if (begins(rest, s->word[i].text)) {
                spoken = true;
                fits |= bit_get(s->word[i].codes, d->code);
            }
        }
    }
    if (!spoken || fits)
        return 0;
    return s->code[d->code].code.p[0] == '1' ? BIT(RULE_R11) : BIT(RULE_R6);
}

static bool is_large(const struct scheme *s, const struct declaration *d)
{
    int64_t cents = 0;
    if (memcmp(s->currency[d->currency].code, "USD", 3) == 0)
        return d->amount >= s->rule[RULE_R9].value;
    /* The rate is looked up only for what could be large: no currency is worth 1,000 dollars a
     * minor unit, and most payments are small. */
    if (s->rates == NULL || d->amount < s->rule[RULE_R9].value / 100000)
        return false;
    int y, m, day;
    day_to_civil(d->on, &y, &m, &day);
    return rates_cents(s->rates, s, d->currency, (y - 2000) * 12 + m - 1, d->amount, &cents) &&
           cents >= s->rule[RULE_R9].value;
}

static uint32_t code_rules(const struct scheme *s, const struct declaration *d)
{
    const struct itrs_code *c = &s->code[d->code];
    uint32_t found = 0;
    if (d->on < c->from || d->on >= c->to)
        found |= BIT(RULE_R1);
    /* A refund goes against the code's direction. */
    bool credit = (d->flow == FLOW_CREDIT) != (d->advance == ADVANCE_REFUND);
    if (credit ? !c->credit : !c->debit)
        found |= BIT(RULE_R2);
    if (c->netting)
        found |= BIT(RULE_R10);
    if (!c->financial && c->service && bit_get(s->financial_centre, d->country))
        found |= BIT(RULE_R13);
    return found;
}

void declaration_check(const struct scheme *s, day_t today, struct declaration *d)
{
    uint32_t found = code_rules(s, d);
    if (!identity_ok(d))
        found |= BIT(RULE_IDENTITY);
    if (!report_ok(s, d))
        found |= BIT(RULE_REPORT);
    if (d->on < s->from || d->on > d->reported || d->reported > today)
        found |= BIT(RULE_WHEN);
    if (d->country == s->home) /* HKG, MAC and TWN are economies of their own */
        found |= BIT(RULE_R3);
    if (d->amount <= 0)
        found |= BIT(RULE_R4);
    if (d->remark.n > 0)
        found |= remark_rules(s, d);
    if (is_large(s, d))
        found |= BIT(RULE_R9);
    if (d->reported - d->on > (day_t)s->rule[RULE_R15].value)
        found |= BIT(RULE_R15);
    d->rules |= found;
}

struct severities scheme_severities(const struct scheme *s)
{
    struct severities m = {0, 0, 0, 0};
    for (int i = 0; i < RULE_COUNT; i++) {
        uint32_t *mask[] = {&m.note, &m.query, &m.reject, &m.exclude};
        *mask[s->rule[i].severity] |= BIT(i);
    }
    return m;
}
