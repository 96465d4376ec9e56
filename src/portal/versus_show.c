/* A comparison in words: sides, measures, clauses, examples. */
#include "portal/versus.h"

#include <stdio.h>

static struct str keep(const struct view *v, struct buf *b)
{
    struct str s = str_copy(v->arena, buf_view(b));
    buf_finish(b);
    return s;
}

static const char *comma(const struct view *v)
{
    return v->lang == LANG_EN ? ", " : "、";
}

/* --- sides -------------------------------------------------------------------------------- */

struct str versus_side_title(const struct view *v, const struct side *s)
{
    struct buf b;
    if (s->instrument >= 0) {
        return instrument_title(v, s->instrument);
    }
    buf_init(&b);
    buf_str(&b, family_word(v, s->family));
    buf_z(&b, " · ");
    buf_str(&b, place_name(v, s->place));
    buf_z(&b, " · ");
    buf_str(&b, day_text(v, s->on));
    if (s->origin >= 0) {
        buf_z(&b, " · ");
        buf_str(&b, economy_name(v, s->origin));
    }
    return keep(v, &b);
}

struct str versus_side_facts(const struct view *v, const struct side *s)
{
    struct buf b;
    char z[64];
    if (s->instrument < 0) {
        return say(v, MSG_vs_situation);
    }
    const struct instrument *t = &v->law->instrument[s->instrument];
    buf_init(&b);
    if (t->document_no.n > 0) {
        buf_str(&b, t->document_no);
        buf_z(&b, " · ");
    }
    buf_str(&b, validity(v, t));
    buf_z(&b, " · ");
    buf_str(&b, say(v, MSG_col_held));
    buf_z(&b, v->lang == LANG_EN ? ": " : "：");
    buf_str(&b, held_text(v, t));
    snprintf(z, sizeof z, " (A %d · B %d · C %d)", t->grades[0], t->grades[1], t->grades[2]);
    buf_z(&b, z);
    return keep(v, &b);
}

struct str versus_side_honesty(const struct view *v, const struct side *s)
{
    struct buf b;
    if (s->instrument < 0) {
        return STR("");
    }
    const struct instrument *t = &v->law->instrument[s->instrument];
    if (t->edition == EDITION_OFFICIAL && t->unlocated == 0) {
        return STR("");
    }
    buf_init(&b);
    buf_str(&b, edition_word(v, t->edition));
    if (t->unlocated > 0) {
        buf_z(&b, v->lang == LANG_EN ? "; " : "；");
        buf_str(&b, say_d(v, MSG_vs_unlocated, t->unlocated, 0));
    }
    buf_str(&b, say(v, MSG_stop));
    return keep(v, &b);
}

struct str versus_headline(const struct view *v, const struct diff *d)
{
    struct str opened = percent_text(v, d->opened, d->total);
    struct str closed = percent_text(v, d->closed, d->total);
    if (d->opened == 0 && d->closed == 0) {
        return say(v, MSG_vs_head_same);
    }
    if (d->closed == 0) {
        return say_s(v, MSG_vs_head_opened, opened, STR(""));
    }
    if (d->opened == 0) {
        return say_s(v, MSG_vs_head_closed, closed, STR(""));
    }
    return say_s(v, MSG_vs_head_both, opened, closed);
}

/* --- items -------------------------------------------------------------------------------- */

struct str versus_note_word(const struct view *v, const struct diff_item *i)
{
    static const enum msg m[] = {MSG_vs_wording, MSG_vs_rekeyed, MSG_vs_removed, MSG_vs_added,
                                 MSG_vs_changed};
    return say(v, m[i->note]);
}

static const struct diff_item *item_with(const struct diff *d, int provision)
{
    for (int i = 0; i < d->n_items; i++) {
        if (d->item[i].a == provision || d->item[i].b == provision) {
            return &d->item[i];
        }
    }
    return NULL;
}

struct str versus_maker_state(const struct view *v, const struct diff *d, int provision)
{
    const struct diff_item *i = item_with(d, provision);
    if (i == NULL) {
        return instrument_title(v, v->law->provision[provision].instrument);
    }
    return versus_note_word(v, i);
}

struct str versus_item_no(const struct view *v, const struct provision *p)
{
    return p->no > 0 ? say_d(v, MSG_vs_item, p->no, 0) : say(v, MSG_vs_item_no_number);
}

static enum msg field_msg(const char *field)
{
    static const struct {
        const char *field;
        enum msg m;
    } words[] = {{"scope", MSG_scope},           {"effect", MSG_col_effect},
                 {"applies_when", MSG_vs_when},     {"exceptions", MSG_exceptions},
                 {"exempt_origins", MSG_exemptions}, {"lift", MSG_conditions},
                 {"no", MSG_number},             {"section", MSG_vs_section},
                 {"zh", MSG_vs_words_zh},        {"en", MSG_vs_words_en},
                 {"text", MSG_vs_words},         {"authority_zh", MSG_authority},
                 {"basis", MSG_basis},           {"evidence", MSG_grade}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].field, field) == 0) {
            return words[i].m;
        }
    }
    return MSG_vs_words;
}

struct str versus_field_names(const struct view *v, const char *const *field, int n)
{
    struct buf b;
    buf_init(&b);
    for (int i = 0; i < n; i++) {
        buf_z(&b, i > 0 ? comma(v) : "");
        buf_str(&b, say(v, field_msg(field[i])));
    }
    return keep(v, &b);
}

struct str versus_fields_text(const struct view *v, const struct diff_item *i)
{
    return versus_field_names(v, i->field, i->n_fields);
}

bool versus_differs(const struct diff *d, int provision)
{
    return item_with(d, provision) != NULL;
}

int versus_by_words(const struct diff *d, bool words)
{
    int n = 0;
    for (int i = 0; i < d->n_items; i++) {
        n += (d->item[i].note < NOTE_REMOVED || !d->item[i].moves) == words;
    }
    return n;
}

/* --- what was added or taken away --------------------------------------------------------- */

/* The clauses of x whose words y does not have. */
static int new_clauses(const struct view *v, enum msg what, const struct clause *x, int n,
                       const struct clause *y, int m, struct versus_clause *out)
{
    int found = 0;
    for (int i = 0; i < n && found < VERSUS_CLAUSES / 8; i++) {
        bool there = false;
        for (int k = 0; k < m; k++) {
            there |= str_eq(x[i].zh, y[k].zh);
        }
        if (!there) {
            out[found++] = (struct versus_clause){what, pick(v, x[i].zh, x[i].en)};
        }
    }
    return found;
}

int versus_clauses(const struct view *v, const struct diff *d, int provision,
                   struct versus_clause *out)
{
    const struct diff_item *i = item_with(d, provision);
    if (i == NULL || i->note != NOTE_CHANGED) {
        return 0;
    }
    const struct provision *a = &v->law->provision[i->a], *b = &v->law->provision[i->b];
    int n = new_clauses(v, MSG_vs_adds_exception, b->exception, b->n_exceptions, a->exception,
                        a->n_exceptions, out);
    n += new_clauses(v, MSG_vs_drops_exception, a->exception, a->n_exceptions, b->exception,
                     b->n_exceptions, out + n);
    n += new_clauses(v, MSG_vs_adds_exemption, b->exemption, b->n_exemptions, a->exemption,
                     a->n_exemptions, out + n);
    n += new_clauses(v, MSG_vs_drops_exemption, a->exemption, a->n_exemptions, b->exemption,
                     b->n_exemptions, out + n);
    n += new_clauses(v, MSG_vs_adds_lift, b->lift, b->n_lift, a->lift, a->n_lift, out + n);
    n += new_clauses(v, MSG_vs_drops_lift, a->lift, a->n_lift, b->lift, b->n_lift, out + n);
    if (a->effect != b->effect) {
        out[n++] = (struct versus_clause){
            MSG_vs_effect, say_s(v, MSG_vs_from_to, effect_word(v, a->effect),
                                 effect_word(v, b->effect))};
    }
    return n;
}

/* --- the example -------------------------------------------------------------------------- */

struct str versus_example(const struct view *v, const struct diff_region *r)
{
    struct buf b;
    bool first = true;
    buf_init(&b);
    buf_str(&b, cell_text(v, &r->b));
    buf_z(&b, " · ");
    buf_str(&b, kind_word(v, r->b.kind));
    for (int f = 0; f < v->law->n_facts; f++) {
        if (!bit_get(r->facts.known, (size_t)f)) {
            continue;
        }
        buf_str(&b, first ? say(v, MSG_vs_given) : v->lang == LANG_EN ? STR("; ") : STR("；"));
        first = false;
        buf_str(&b, pick(v, v->law->fact[f].zh, v->law->fact[f].en));
        buf_char(&b, ' ');
        buf_str(&b, fact_value_word(v, f, r->facts.value[f]));
    }
    return keep(v, &b);
}

struct str versus_when_where(const struct view *v, const struct diff_region *r, bool b)
{
    const struct question *q = b ? &r->b : &r->a;
    struct buf out;
    buf_init(&out);
    if (r->a.place != r->b.place) {
        buf_str(&out, place_name(v, q->place));
    }
    if (r->a.on != r->b.on) {
        buf_z(&out, out.n > 0 ? " · " : "");
        buf_str(&out, day_text(v, q->on));
    }
    if (r->a.origin != r->b.origin) {
        buf_z(&out, out.n > 0 ? " · " : "");
        buf_str(&out, economy_name(v, q->origin));
    }
    if (out.n > 0) {
        buf_z(&out, v->lang == LANG_EN ? ": " : "：");
    }
    return keep(v, &out);
}

struct str versus_answer(const struct view *v, const struct diff_answer *a)
{
    struct str span = span_text(v, a->must, a->treatment);
    if (a->outcome == OUTCOME_EQUAL || a->outcome == OUTCOME_PROHIBITED || span.n == 0) {
        return outcome_short(v, a->outcome);
    }
    if (a->outcome == OUTCOME_CONDITIONAL && a->must == a->treatment) {
        return span; /* it says which condition */
    }
    return say_s(v, MSG_vs_answer, outcome_short(v, a->outcome), span);
}

struct str versus_check_link(const struct view *v, const struct diff_region *r, bool b)
{
    return cell_link(v, b ? &r->b : &r->a, &r->facts, -1);
}

/* --- pictures ----------------------------------------------------------------------------- */

struct html versus_runs(const struct view *v, const struct versus_field *f, bool gone, bool came)
{
    static const char *const tag[] = {NULL, "del", "ins"};
    struct buf b;
    buf_init(&b);
    for (int i = 0; i < f->n; i++) {
        enum wording_kind k = f->run[i].kind;
        if ((k == WORDING_GONE && !gone) || (k == WORDING_CAME && !came)) {
            continue;
        }
        if (tag[k] != NULL) {
            buf_printf(&b, "<%s>", tag[k]);
        }
        page_text_str(&b, f->run[i].text);
        if (tag[k] != NULL) {
            buf_printf(&b, "</%s>", tag[k]);
        }
    }
    return (struct html){keep(v, &b)};
}

static int bar_part(struct buf *b, const char *css, int x, uint64_t n, uint64_t total, int width)
{
    int w = (int)(n * (uint64_t)width / (total == 0 ? 1 : total));
    if (n > 0 && w < 6) {
        w = 6; /* what is there is seen */
    }
    if (w > 0) {
        buf_printf(b, "<rect class=\"%s\" x=\"%d\" y=\"0\" width=\"%d\" height=\"12\"/>", css, x,
                   w);
    }
    return x + w;
}

struct html versus_bar(const struct view *v, const struct diff *d)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, "<svg class=\"bar\" viewBox=\"0 0 1000 12\" preserveAspectRatio=\"none\" "
              "aria-hidden=\"true\" focusable=\"false\">"
              "<rect class=\"bar-same\" x=\"0\" y=\"0\" width=\"1000\" height=\"12\"/>");
    int x = bar_part(&b, "bar-opened", 0, d->opened, d->total, 988);
    bar_part(&b, "bar-closed", x, d->closed, d->total, 988);
    buf_z(&b, "</svg>");
    return (struct html){keep(v, &b)};
}
