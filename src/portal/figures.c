/* Numbers, intervals and cells in words, for the pages that count. */
#include "portal/figures.h"

#include <stdio.h>

const enum outcome outcome_order[OUTCOME_COUNT] = {
    OUTCOME_EQUAL,      OUTCOME_CONDITIONAL,  OUTCOME_PROHIBITED,
    OUTCOME_CARVED_OUT, OUTCOME_UNDETERMINED, OUTCOME_ELSEWHERE};

static struct str keep(const struct view *v, struct buf *b)
{
    struct str s = str_copy(v->arena, buf_view(b));
    buf_finish(b);
    return s;
}

struct str count_text(const struct view *v, uint64_t n)
{
    char digits[24], z[32];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n), at = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            z[at++] = ',';
        }
        z[at++] = digits[i];
    }
    z[at] = 0;
    return str_copy(v->arena, str_from(z));
}

struct str percent_text(const struct view *v, uint64_t part, uint64_t whole)
{
    char z[24];
    double share = whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
    if (part > 0 && share < 0.05) {
        return STR("<0.1%");
    }
    snprintf(z, sizeof z, "%.1f%%", share);
    return str_copy(v->arena, str_from(z));
}

struct str span_text(const struct view *v, enum treatment must, enum treatment may)
{
    if (may == SILENT) {
        return STR("");
    }
    return must == may ? treatment_word(v, may)
                       : say_s(v, MSG_span, treatment_word(v, must), treatment_word(v, may));
}

struct str scope_text(const struct view *v, const struct scope *s, const struct scope *domain)
{
    struct buf b;
    buf_init(&b);
    scope_words(v->codes, s, domain, v->lang == LANG_ZH, &b);
    return keep(v, &b);
}

struct str fact_pair(const struct view *v, int fact, int64_t value)
{
    const struct fact *f = &v->law->fact[fact];
    char z[48];
    struct buf b;
    if (f->type != FACT_NUMBER) {
        return fact_assignment(v, fact, (int)value);
    }
    int n = snprintf(z, sizeof z, "%lld.%04lld", (long long)(value / FACT_SCALE),
                     (long long)(value % FACT_SCALE));
    while (n > 0 && z[n - 1] == '0') {
        n--;
    }
    n -= n > 0 && z[n - 1] == '.';
    buf_init(&b);
    buf_str(&b, f->name);
    buf_char(&b, '=');
    buf_put(&b, z, (size_t)n);
    return keep(v, &b);
}

void cell_ask(const struct view *v, const struct question *q, const struct facts *facts, int claim,
              struct ask *out)
{
    char day[11];
    memset(out, 0, sizeof *out);
    out->sector = sector_code(v->codes, q->sector);
    out->mode = (struct str){&"1234"[q->mode - 1], 1};
    out->from = v->codes->economy[q->origin].alpha2;
    out->to = v->codes->place[q->place].code;
    out->kind = str_from(kind_name(q->kind));
    if (q->on != v->today) {
        day_format(q->on, day);
        out->on = str_copy(v->arena, str_from(day));
    }
    for (int f = 0; facts != NULL && f < v->law->n_facts && out->n_facts < ASK_FACTS; f++) {
        if (bit_get(facts->known, (size_t)f) && !v->law->fact[f].derived) {
            out->fact[out->n_facts++] = fact_pair(v, f, facts->value[f]);
        }
    }
    if (claim >= 0) {
        out->claim[out->n_claims++] = v->law->instrument[claim].id;
    }
}

struct str cell_link(const struct view *v, const struct question *q, const struct facts *facts,
                     int claim)
{
    struct ask a;
    cell_ask(v, q, facts, claim, &a);
    return link_answer(v, &a, "");
}

struct str cell_text(const struct view *v, const struct question *q)
{
    const struct code *k = sector_leaf(v->codes, q->sector);
    struct buf b;
    buf_init(&b);
    buf_str(&b, k->code);
    buf_char(&b, ' ');
    buf_str(&b, class_name(v, k));
    buf_z(&b, " · ");
    buf_str(&b, mode_word(v, q->mode));
    buf_z(&b, " · ");
    buf_str(&b, economy_name(v, q->origin));
    buf_z(&b, " → ");
    buf_str(&b, place_name(v, q->place));
    return keep(v, &b);
}

static int texts_for(const struct view *v, int economy)
{
    int n = 0;
    for (int i = 0; i < v->law->n_instruments; i++) {
        const struct instrument *t = &v->law->instrument[i];
        bool for_some = t->kind == LAYER_TREATY || t->kind == LAYER_ARRANGEMENT;
        n += for_some && in_force(v, t) && bit_get(t->origin, (size_t)economy);
    }
    return n;
}

int plain_economy(const struct view *v)
{
    int best = near_economy(v, 0), fewest = texts_for(v, best);
    for (int i = 1; i < near_economies(); i++) {
        int e = near_economy(v, i), n = texts_for(v, e);
        if (n < fewest) {
            best = e;
            fewest = n;
        }
    }
    return best;
}

void csv_count(struct buf *b, uint64_t n)
{
    char z[24];
    snprintf(z, sizeof z, "%llu", (unsigned long long)n);
    csv_write_field(b, str_from(z), false);
}

void csv_grade(struct buf *b, char grade)
{
    char z[2] = {grade, 0};
    csv_write_field(b, str_from(z), false);
}

void csv_head(struct buf *b, const char *const *names)
{
    for (int i = 0; names[i] != NULL; i++) {
        csv_write_field(b, str_from(names[i]), i == 0);
    }
    csv_write_end(b);
}
