/* Made-up direct reports of a made-up cube: what banks declared of each key enterprise, filed by
 * itself, with faults whose place is told. Whole numbers, and a function of seed and cell only. */
#include "declaration/direct_inside.h"

#include <stdio.h>
#include <stdlib.h>

#include "declaration/generate_inside.h"

const char *const direct_plant_name[DIRECT_PLANT_COUNT] = {"none", "silent",   "wrong",
                                                           "late", "replaced", "digit"};
/* Shares of faults, per mille: our choice. */
enum { SILENT = 40, WRONG = 60, LATE = 60, REPLACED = 20, DIGIT = 5 };

struct part { /* what a member has of a month, flow and main item */
    uint32_t member;
    int16_t month;
    uint8_t flow, main;
    int64_t cents;
};
struct making {
    const struct direct_scheme *s;
    const struct cube *c;
    uint64_t seed;
    bool faults;
    struct buf *out, *truth;
    size_t n, cap;
    struct part *part;
    bool wrong[FLOW_COUNT][DIRECT_MAIN]; /* of the enterprise at hand: items it has filed wrong */
};

static int in_order(const void *x, const void *y)
{
    const struct part *a = x, *b = y;
    if (a->member != b->member)
        return a->member < b->member ? -1 : 1;
    if (a->month != b->month)
        return a->month < b->month ? -1 : 1;
    if (a->flow != b->flow)
        return a->flow < b->flow ? -1 : 1;
    return (a->main > b->main) - (a->main < b->main);
}

static void add_part(struct making *k, const struct part *p)
{
    if (k->n == k->cap) {
        k->cap = k->cap == 0 ? 4096 : k->cap * 2;
        k->part = realloc(k->part, k->cap * sizeof *k->part);
        check(k->part != NULL);
    }
    k->part[k->n++] = *p;
}

static void gather(struct making *k)
{
    const struct scheme *s = k->s->scheme;
    for (size_t i = 0; i < k->c->n_contributions; i++) {
        const struct contribution *x = &k->c->contribution[i];
        struct cell_code at = cell_key_code(x->key);
        const struct itrs_code *code = &s->code[at.code];
        int64_t part[SCHEME_TARGETS];
        if (!k->c->reg[x->member].key || k->c->parties.id[x->member][PARTY_ID_BYTES - 1] == 0)
            continue;
        share_out(x->cents, code->target, code->n_targets, part);
        for (int t = 0; t < code->n_targets; t++) {
            int main = direct_main(s->codes, code->target[t].to);
            if (main >= 0)
                add_part(k, &(struct part){x->member, (int16_t)at.month, at.flow, (uint8_t)main,
                                           part[t]});
        }
    }
    sort_by(k->part, k->n, sizeof *k->part, in_order);
}

/* A number of 0 to 999 that hangs on the seed and on what is asked for alone. */
static unsigned drawn(const struct making *k, uint32_t member, int month, int flow, int main,
                      unsigned what)
{
    uint64_t h = mix(k->seed ^ mix(member + UINT64_C(0x100000000) * (uint64_t)(month + 1)));
    h = mix(h ^ ((uint64_t)(flow + 1) << 32 | (uint64_t)(main + 1) << 16 | what));
    return (unsigned)((h >> 32) * 1000 >> 32);
}

static void put_month_text(struct buf *b, int month)
{
    char text[MONTH_TEXT];
    month_format(month, text);
    buf_z(b, text);
}

static void put_truth(struct making *k, const struct part *p, bool month, bool item,
                      enum direct_plant plant)
{
    buf_put(k->truth, k->c->parties.id[p->member], PARTY_ID_BYTES);
    buf_char(k->truth, ',');
    if (month)
        put_month_text(k->truth, p->month);
    buf_char(k->truth, ',');
    if (item)
        buf_printf(k->truth, "%c,S%c", "CD"[p->flow], 'A' + p->main);
    else
        buf_char(k->truth, ',');
    buf_printf(k->truth, ",%s,made up\n", direct_plant_name[plant]);
}

static void put_line(struct making *k, const struct part *p, int mode, int64_t cents, int day,
                     bool bad_digit)
{
    const char *id = k->c->parties.id[p->member];
    buf_put(k->out, id, PARTY_ID_BYTES - 1);
    buf_char(k->out, bad_digit ? (id[PARTY_ID_BYTES - 1] == 'A' ? 'B' : 'A') : id[PARTY_ID_BYTES - 1]);
    buf_printf(k->out, ",%.*s,", STR_ARG(k->s->form[p->main % k->s->n_form].code));
    put_month_text(k->out, p->month);
    buf_printf(k->out, ",%c,S%c,%d,,USD,%lld,", "CD"[p->flow], 'A' + p->main, mode, (long long)cents);
    put_month_text(k->out, p->month + 1);
    buf_printf(k->out, "-%02d,made up\n", day);
}

/* By the modes that a bank could declare; mode 3 has other amounts, which nobody knows here. */
static int modes_of(const struct making *k, int main, struct share out[SCHEME_MODES])
{
    const struct scheme *s = k->s->scheme;
    char code[3] = {'S', (char)('A' + main), 0};
    int ebops = codelist_find(&s->codes->ebops, str_from(code)), n = 0;
    int item = ebops >= 0 ? scheme_item(s, ebops) : -1;
    int32_t whole = 0;
    for (int i = 0; item >= 0 && i < s->n_mode[item]; i++)
        if (s->mode[item][i].to != 3 && s->mode[item][i].ppm > 0) {
            out[n] = s->mode[item][i];
            whole += out[n++].ppm;
        }
    if (n == 0) {
        out[0] = (struct share){1, PPM};
        return 1;
    }
    out[0].ppm += PPM - whole;
    return n;
}

static void put_part(struct making *k, const struct part *p, int day)
{
    struct share mode[SCHEME_MODES];
    int64_t cents[SCHEME_MODES];
    int n = modes_of(k, p->main, mode);
    bool wrong = k->faults && drawn(k, p->member, -1, p->flow, p->main, 1) < WRONG;
    bool again = k->faults && !wrong && drawn(k, p->member, p->month, p->flow, p->main, 2) < REPLACED;
    share_out(wrong ? 3 * p->cents : p->cents, mode, n, cents);
    k->wrong[p->flow][p->main] |= wrong;
    if (again)
        put_truth(k, p, true, true, DIRECT_PLANT_REPLACED);
    for (int i = 0; i < n; i++) {
        if (again)
            put_line(k, p, mode[i].to, 2 * cents[i] + 100, day, false);
        put_line(k, p, mode[i].to, cents[i], day + again, false);
    }
}

/* One month of one enterprise. */
static void put_month(struct making *k, const struct part *p, size_t n)
{
    bool late = k->faults && drawn(k, p->member, p->month, 0, 0, 3) < LATE;
    bool digit = k->faults && drawn(k, p->member, p->month, 0, 0, 4) < DIGIT;
    if (k->faults && drawn(k, p->member, p->month, 0, 0, 5) < SILENT) {
        put_truth(k, p, true, false, DIRECT_PLANT_SILENT);
        return;
    }
    if (late)
        put_truth(k, p, true, false, DIRECT_PLANT_LATE);
    size_t before = k->out->n;
    for (size_t i = 0; i < n; i++)
        if (p[i].cents > 0 && p[i].cents < INT64_MAX / 8)
            put_part(k, &p[i], late ? 15 : 8);
    if (k->out->n == before) /* refunds alone: it answers that there was nothing */
        put_line(k, p, 1, 0, late ? 15 : 8, false);
    if (digit) {
        put_truth(k, p, true, false, DIRECT_PLANT_DIGIT);
        put_line(k, p, 1, 100, late ? 15 : 8, true);
    }
}

static void put_wrong(struct making *k, uint32_t member)
{
    for (int at = 0; at < FLOW_COUNT * DIRECT_MAIN; at++) {
        struct part p = {.member = member, .flow = (uint8_t)(at / DIRECT_MAIN),
                         .main = (uint8_t)(at % DIRECT_MAIN)};
        if (k->wrong[p.flow][p.main])
            put_truth(k, &p, false, true, DIRECT_PLANT_WRONG);
    }
    memset(k->wrong, 0, sizeof k->wrong);
}

/* Parts of one enterprise, month, flow and main item become one. */
static void sum_up(struct making *k)
{
    size_t n = 0;
    for (size_t i = 0, end; i < k->n; i = end) {
        struct part sum = k->part[i];
        for (end = i + 1; end < k->n && in_order(&k->part[i], &k->part[end]) == 0; end++)
            sum.cents += k->part[end].cents;
        k->part[n++] = sum;
    }
    k->n = n;
}

enum err direct_make(const struct direct_scheme *s, const struct cube *c, uint64_t seed, bool faults,
                     struct buf *out, struct buf *truth, struct error *e)
{
    struct making k = {.s = s, .c = c, .seed = seed, .faults = faults, .out = out, .truth = truth};
    if (c->n_cells > 0 && c->n_contributions == 0)
        return err_set(e, ERR_INVALID, "数据立方没有保留各主体的数额%s", "the cube has no contributions%s", "");
    buf_z(out, "party_id,form,period,flow,item,mode,country,currency,amount,filed,remark\n");
    buf_z(truth, "party_id,period,flow,item,plant,note\n");
    gather(&k);
    sum_up(&k);
    for (size_t i = 0, end; i < k.n; i = end) {
        const struct part *p = &k.part[i];
        end = i + 1;
        while (end < k.n && k.part[end].member == p->member && k.part[end].month == p->month)
            end++;
        put_month(&k, p, end - i);
        if (end == k.n || k.part[end].member != p->member)
            put_wrong(&k, p->member);
    }
    free(k.part);
    return OK;
}
