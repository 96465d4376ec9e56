/* The words that pages share, in the language of the request. */
#include "portal/view.h"

#include <stdio.h>

struct str pick(const struct view *v, struct str zh, struct str en)
{
    struct str first = v->lang == LANG_EN ? en : zh, other = v->lang == LANG_EN ? zh : en;
    return first.n > 0 ? first : other;
}

static struct str keep(const struct view *v, struct buf *b)
{
    struct str s = str_copy(v->arena, buf_view(b));
    buf_finish(b);
    return s;
}

/* Messages carry their own places, %d and %s, in the order of the arguments. */
static struct str fill(const struct view *v, struct str text, const struct str *arg, int n)
{
    struct buf b;
    int used = 0;
    buf_init(&b);
    for (size_t i = 0; i < text.n; i++) {
        bool place = text.p[i] == '%' && i + 1 < text.n &&
                     (text.p[i + 1] == 'd' || text.p[i + 1] == 's') && used < n;
        if (place) {
            buf_str(&b, arg[used++]);
            i++;
        } else {
            buf_char(&b, text.p[i]);
        }
    }
    return keep(v, &b);
}

struct str say_s(const struct view *v, enum msg m, struct str a, struct str b)
{
    struct str arg[2] = {a, b};
    return fill(v, say(v, m), arg, 2);
}

struct str say_d(const struct view *v, enum msg m, int a, int b)
{
    char za[16], zb[16];
    snprintf(za, sizeof za, "%d", a);
    snprintf(zb, sizeof zb, "%d", b);
    return say_s(v, m, str_from(za), str_from(zb));
}

const char *outcome_sign(enum outcome o)
{
    static const char *const sign[OUTCOME_COUNT] = {"✕", "△", "○", "→", "？", "？"};
    return sign[o];
}

struct str outcome_word(const struct view *v, enum outcome o)
{
    static const enum msg m[OUTCOME_COUNT] = {MSG_out_prohibited, MSG_out_conditional,
                                              MSG_out_equal,      MSG_out_elsewhere,
                                              MSG_out_carved_out, MSG_out_undetermined};
    return say(v, m[o]);
}

struct str outcome_short(const struct view *v, enum outcome o)
{
    static const enum msg m[OUTCOME_COUNT] = {MSG_short_prohibited, MSG_short_conditional,
                                              MSG_short_equal,      MSG_short_elsewhere,
                                              MSG_short_carved_out, MSG_short_undetermined};
    return say(v, m[o]);
}

struct str treatment_word(const struct view *v, enum treatment t)
{
    static const enum msg m[] = {MSG_treat_equal,    MSG_treat_notify,     MSG_treat_condition,
                                 MSG_treat_approval, MSG_treat_prohibited, MSG_treat_silent};
    return say(v, m[t]);
}

struct str effect_word(const struct view *v, enum effect e)
{
    static const enum msg m[EFFECT_COUNT] = {
        MSG_eff_prohibit,  MSG_eff_qualification_barred,   MSG_eff_require_approval,
        MSG_eff_require_local_presence, MSG_eff_restrict,  MSG_eff_quota, MSG_eff_condition,
        MSG_eff_notify,    MSG_eff_file, MSG_eff_commit,   MSG_eff_displace};
    return say(v, m[e]);
}

struct str family_word(const struct view *v, enum family f)
{
    static const enum msg m[FAMILY_COUNT] = {
        MSG_fam_cross_border, MSG_fam_investment,  MSG_fam_market_access, MSG_fam_permits,
        MSG_fam_flows,        MSG_fam_commitments, MSG_fam_support,       MSG_fam_pilot};
    return say(v, m[f]);
}

struct str edition_word(const struct view *v, enum edition_kind k)
{
    static const enum msg m[] = {MSG_ed_official, MSG_ed_working, MSG_ed_headline,
                                 MSG_ed_facts};
    return say(v, m[k]);
}

struct str mode_word(const struct view *v, int mode)
{
    static const enum msg m[] = {MSG_mode1_short, MSG_mode2_short, MSG_mode3_short,
                                 MSG_mode4_short};
    return say(v, m[(mode - 1) & 3]);
}

struct str kind_word(const struct view *v, enum kind k)
{
    static const enum msg m[KIND_COUNT] = {MSG_kind_firm, MSG_kind_person, MSG_kind_jv,
                                           MSG_kind_wfoe, MSG_kind_branch, MSG_kind_rep};
    return say(v, m[k]);
}

struct str grade_word(const struct view *v, char grade)
{
    return say(v, grade == 'A' ? MSG_grade_A : grade == 'B' ? MSG_grade_B : MSG_grade_C);
}

struct str field_word(const struct view *v, const char *field)
{
    static const struct {
        const char *field;
        enum msg m;
    } words[] = {{"sector", MSG_field_sector}, {"mode", MSG_field_mode},
                 {"from", MSG_field_from},     {"to", MSG_field_to},
                 {"kind", MSG_field_kind},     {"on", MSG_field_on},
                 {"known", MSG_field_known},   {"fact", MSG_field_fact},
                 {"claim", MSG_field_claim}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].field, field) == 0) {
            return say(v, words[i].m);
        }
    }
    return str_copy(v->arena, str_from(field));
}

struct str day_text(const struct view *v, day_t d)
{
    char z[48];
    int year, month, day;
    if (d == DAY_MIN || d == DAY_MAX) {
        return STR("–");
    }
    day_to_civil(d, &year, &month, &day);
    if (v->lang == LANG_EN) {
        day_format(d, z);
    } else {
        snprintf(z, sizeof z, "%d年%d月%d日", year, month, day);
    }
    return str_copy(v->arena, str_from(z));
}

struct str validity(const struct view *v, const struct instrument *t)
{
    if (t->valid_to == DAY_MAX) {
        return say_s(v, MSG_since, day_text(v, t->valid_from), STR(""));
    }
    return say_s(v, MSG_until, day_text(v, t->valid_from), day_text(v, t->valid_to - 1));
}

struct str class_name(const struct view *v, const struct code *k)
{
    return pick(v, k->name_zh, k->name_en);
}

struct str economy_name(const struct view *v, int economy)
{
    const struct economy *e = &v->codes->economy[economy];
    return pick(v, e->name_zh, e->name_en);
}

struct str place_name(const struct view *v, int place)
{
    const struct place *p = &v->codes->place[place];
    return pick(v, p->name_zh, p->name_en);
}

struct str fact_value_word(const struct view *v, int fact, int64_t value)
{
    const struct fact *f = &v->law->fact[fact];
    char z[64];
    if (f->type == FACT_BOOL) {
        return say(v, value ? MSG_yes : MSG_no);
    }
    if (f->type == FACT_ENUM) {
        return value >= 0 && value < f->n_values
                   ? pick(v, f->value[value].zh, f->value[value].en)
                   : STR("");
    }
    snprintf(z, sizeof z, "%g %.*s", (double)value / FACT_SCALE, STR_ARG(f->unit));
    return str_copy(v->arena, str_trim(str_from(z)));
}

struct str basis_text(const struct view *v, const struct basis *b)
{
    struct buf out;
    buf_init(&out);
    buf_printf(&out, "《%.*s》", STR_ARG(b->title_zh));
    if (b->article.n > 0) {
        buf_char(&out, ' ');
        buf_str(&out, say_s(v, MSG_article, b->article, STR("")));
    }
    if (b->version.n > 0) {
        buf_printf(&out, v->lang == LANG_EN ? " (%.*s)" : "（%.*s）", STR_ARG(b->version));
    }
    return keep(v, &out);
}

struct str why_text(const struct view *v)
{
    switch (v->x->answer.outcome) {
    case OUTCOME_EQUAL:
        return say(v, MSG_why_equal);
    case OUTCOME_ELSEWHERE:
        return say(v, v->q.direction == EXPORT ? MSG_why_elsewhere_export : MSG_why_elsewhere);
    case OUTCOME_CARVED_OUT:
        return say(v, MSG_why_carved_out);
    case OUTCOME_UNDETERMINED:
        return say(v, MSG_why_undetermined);
    default:
        return STR("");
    }
}

static void test_text(const struct view *v, const struct expr *x, struct buf *out)
{
    static const enum msg op[] = {MSG_none, MSG_op_not, MSG_op_in, MSG_op_gte, MSG_op_lte};
    const struct fact *f = &v->law->fact[x->fact];
    bool first = true;
    buf_str(out, pick(v, f->zh, f->en));
    buf_char(out, ' ');
    if (x->op != OP_IS) { /* the question mark says it */
        buf_str(out, say(v, op[x->op]));
        buf_char(out, ' ');
    }
    if (x->op != OP_IN) {
        buf_str(out, fact_value_word(v, x->fact, x->value));
        return;
    }
    for (int i = 0; i < f->n_values; i++) {
        if ((x->values >> i) & 1) {
            buf_z(out, first ? "" : v->lang == LANG_EN ? ", " : "、");
            buf_str(out, fact_value_word(v, x->fact, i));
            first = false;
        }
    }
}

/* A walk without recursion: a node's next sibling waits on the stack while its children speak. */
struct str expr_text(const struct view *v, int node)
{
    struct {
        int node;
        enum op join;
    } stack[64];
    struct buf out;
    int n = 0;
    buf_init(&out);
    stack[n].node = node;
    stack[n++].join = OP_ALL;
    while (n > 0) {
        int at = stack[--n].node;
        enum op join = stack[n].join;
        if (at < 0) {
            continue;
        }
        const struct expr *x = &v->law->expr[at];
        if (at != node && x->next >= 0 && n < 62) {
            stack[n].node = x->next;
            stack[n++].join = join;
        }
        if (x->fact < 0) {
            stack[n].node = x->child;
            stack[n++].join = x->op;
            continue;
        }
        if (out.n > 0) {
            buf_z(&out, v->lang == LANG_EN ? "; " : "；");
            buf_str(&out, say(v, join == OP_ANY ? MSG_op_any : MSG_op_all));
            buf_char(&out, ' ');
        }
        test_text(v, x, &out);
    }
    return keep(v, &out);
}

bool in_force(const struct view *v, const struct instrument *t)
{
    return t->valid_from <= v->today && v->today < t->valid_to && t->known_from <= v->today &&
           v->today < t->known_to;
}
