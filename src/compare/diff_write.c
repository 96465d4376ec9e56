/* A diff as JSON (the contract of `list diff -o json`) and as sentences. */
#include "compare/diff.h"
#include "decide/phrase.h"

#include <stdio.h>

enum { TEXT_MEASURES = 40, TEXT_PLACES = 4 };

static const char *note_name(enum diff_note n)
{
    static const char *const names[] = {"wording", "rekeyed", "removed", "added", "changed"};
    return names[n];
}

/* --- JSON --------------------------------------------------------------------------------- */

static void edition_json(struct jsonw *w, const struct instrument *i)
{
    jsonw_kstr(w, "edition", i->id);
    kwords(w, "title", i->title_zh, i->title_en);
    instrument_held(w, i);
}

static void side_json(struct jsonw *w, const char *key, const struct corpus *c,
                      const struct side *s)
{
    jsonw_key(w, key);
    jsonw_object(w);
    jsonw_kstr(w, "name", s->name);
    jsonw_kz(w, "family", family_name(s->family));
    if (s->instrument >= 0)
        edition_json(w, &c->instrument[s->instrument]);
    if (s->place >= 0)
        jsonw_kstr(w, "place", c->codes->place[s->place].code);
    if (s->origin >= 0)
        jsonw_kstr(w, "origin", c->codes->economy[s->origin].alpha2);
    jsonw_kday(w, "on", s->on);
    jsonw_kday(w, "known", s->known);
    jsonw_end(w);
}

static void region_json(struct jsonw *w, const struct corpus *c, const struct diff *d,
                        const struct diff_region *r)
{
    const struct provision *p = &c->provision[r->by[0]];
    jsonw_object(w);
    jsonw_kint(w, "cells", (int64_t)r->cells);
    jsonw_kbool(w, "mixed", r->mixed);
    jsonw_key(w, "box");
    scope_json(c->codes, &r->scope, &d->domain, w);
    jsonw_key(w, "by");
    jsonw_array(w);
    for (int i = 0; i < r->n_causes; i++)
        jsonw_str(w, c->provision[r->by[i]].key);
    jsonw_end(w);
    jsonw_key(w, "witness");
    jsonw_object(w);
    jsonw_key(w, "question");
    question_json(c, &r->b, &r->facts, w);
    kanswer(w, "a", r->was.outcome, r->was.must, r->was.treatment);
    kanswer(w, "b", r->is.outcome, r->is.must, r->is.treatment);
    jsonw_end(w);
    kwords(w, "text", p->zh, p->en);
    kgrade(w, "evidence", r->evidence);
    jsonw_kz(w, "certainty", certainty_name(r->evidence));
    jsonw_end(w);
}

static void change_json(struct jsonw *w, const char *key, const struct corpus *c,
                        const struct diff *d, enum change change, uint64_t cells)
{
    jsonw_key(w, key);
    jsonw_object(w);
    jsonw_kint(w, "cells", (int64_t)cells);
    jsonw_key(w, "regions");
    jsonw_array(w);
    for (int i = 0; i < d->n_regions; i++)
        if (d->region[i].change == change)
            region_json(w, c, d, &d->region[i]);
    jsonw_end(w);
    jsonw_end(w);
}

static void item_json(struct jsonw *w, const struct corpus *c, const struct diff_item *i)
{
    jsonw_object(w);
    jsonw_kstr(w, "key", c->provision[i->a >= 0 ? i->a : i->b].key);
    if (i->note == NOTE_REKEYED)
        jsonw_kstr(w, "new_key", c->provision[i->b].key);
    jsonw_kz(w, "note", note_name(i->note));
    if (i->a >= 0)
        kcount(w, "a_no", c->provision[i->a].no);
    if (i->b >= 0)
        kcount(w, "b_no", c->provision[i->b].no);
    jsonw_key(w, "fields");
    jsonw_array(w);
    for (int f = 0; f < i->n_fields; f++)
        jsonw_z(w, i->field[f]);
    jsonw_end(w);
    if (i->note >= NOTE_REMOVED)
        jsonw_kbool(w, "changes_cells", i->moves);
    jsonw_end(w);
}

static void items_json(struct jsonw *w, const char *key, const struct corpus *c,
                       const struct diff *d, bool in_words)
{
    jsonw_key(w, key);
    jsonw_array(w);
    for (int i = 0; i < d->n_items; i++)
        if ((d->item[i].note < NOTE_REMOVED) == in_words)
            item_json(w, c, &d->item[i]);
    jsonw_end(w);
}

void diff_json(const struct snapshot *s, const struct diff *d, struct buf *out, bool pretty)
{
    const struct corpus *c = snapshot_corpus(s);
    struct jsonw w;
    jsonw_init(&w, out, pretty);
    jsonw_object(&w);
    side_json(&w, "a", c, &d->a);
    side_json(&w, "b", c, &d->b);
    change_json(&w, "opened", c, d, CHANGE_OPENED, d->opened);
    change_json(&w, "closed", c, d, CHANGE_CLOSED, d->closed);
    jsonw_kint(&w, "same", (int64_t)d->same);
    jsonw_kint(&w, "total", (int64_t)d->total);
    items_json(&w, "items", c, d, false);
    items_json(&w, "wording_only", c, d, true);
    jsonw_kint(&w, "items_kept", d->kept);
    jsonw_kz(&w, "snapshot", c->hash);
    jsonw_key(&w, "seconds");
    jsonw_real(&w, d->seconds, 6);
    jsonw_end(&w);
}

/* --- sentences ---------------------------------------------------------------------------- */

struct pen {
    const struct corpus *c;
    const struct diff *d;
    bool zh;
    struct buf *b;
};

static void say(const struct pen *p, const char *zh, const char *en)
{
    buf_z(p->b, p->zh ? zh : en);
}

static void thousands(struct buf *b, uint64_t n)
{
    char z[32];
    int len = snprintf(z, sizeof z, "%llu", (unsigned long long)n);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            buf_char(b, ',');
        buf_char(b, z[i]);
    }
}

static void share(const struct pen *p, uint64_t n)
{
    thousands(p->b, n);
    buf_printf(p->b, p->zh ? " 格(%.3f%%)" : " cells (%.3f%%)", 100.0 * (double)n / (double)p->d->total);
}

static void side_line(const struct pen *p, char mark, const struct side *s)
{
    char day[11];
    day_format(s->on, day);
    if (s->instrument < 0) {
        const struct place *at = &p->c->codes->place[s->place];
        buf_printf(p->b, "%c  %s · %.*s %.*s · %s", mark, family_name(s->family),
                   STR_ARG(at->code), STR_ARG(pick_words(p->zh, at->name_zh, at->name_en)), day);
        if (s->origin >= 0)
            buf_printf(p->b, " · %.*s", STR_ARG(p->c->codes->economy[s->origin].alpha2));
        buf_char(p->b, '\n');
        return;
    }
    const struct instrument *i = &p->c->instrument[s->instrument];
    struct str title = pick_words(p->zh, i->title_zh, i->title_en);
    buf_printf(p->b, "%c  %.*s\n   ", mark, STR_ARG(title));
    buf_printf(p->b, p->zh ? "%.*s · 公布 %d 项，持有 %d 条(A %d · B %d · C %d)"
                           : "%.*s · %d measures published, %d held (A %d · B %d · C %d)",
               STR_ARG(i->document_no), i->published_total, i->n, i->grades[0], i->grades[1],
               i->grades[2]);
    if (i->unlocated > 0)
        buf_printf(p->b, p->zh ? "，未定位 %d 项" : ", %d not located", i->unlocated);
    buf_char(p->b, '\n');
}

static void heading(const struct pen *p)
{
    say(p, "按含义比较\n", "Compared by meaning\n");
    side_line(p, 'A', &p->d->a);
    side_line(p, 'B', &p->d->b);
    struct scope whole;
    scope_whole(p->c->codes, p->d->a.on > p->d->b.on ? p->d->a.on : p->d->b.on, &whole);
    whole.combo = p->d->domain.combo;
    if (p->d->a.instrument >= 0) {
        say(p, "范围：两份清单都能适用之处", "Where both lists can speak");
        if (scope_weigh(&whole) != p->d->total) {
            say(p, "，即 ", ": ");
            scope_words(p->c->codes, &p->d->domain, &whole, p->zh, p->b);
        }
    } else {
        say(p, "范围：两处情形的全部行业、模式、提供者与来源", "All services, modes, suppliers and origins of the two situations");
    }
    say(p, "；共 ", "; ");
    thousands(p->b, p->d->total);
    say(p, " 格\n\n", " cells in all\n\n");
}

static bool same_makers(const struct diff_region *a, const struct diff_region *b)
{
    return a->change == b->change && a->mixed == b->mixed && a->n_by == b->n_by &&
           memcmp(a->by, b->by, sizeof(int) * (size_t)a->n_by) == 0;
}

/* A clause of `p` whose words `other` does not have. */
static void new_clauses(const struct pen *pen, const char *zh, const char *en,
                        const struct clause *x, int n, const struct clause *y, int m)
{
    for (int i = 0; i < n; i++) {
        bool there = false;
        for (int k = 0; k < m; k++)
            there |= str_eq(x[i].zh, y[k].zh);
        if (there)
            continue;
        say(pen, zh, en);
        buf_str(pen->b, pick_words(pen->zh, x[i].zh, x[i].en));
        buf_char(pen->b, '\n');
    }
}

static void clause_changes(const struct pen *p, const struct provision *a,
                           const struct provision *b)
{
    new_clauses(p, "     B 增加例外：", "     B adds the exception: ", b->exception,
                b->n_exceptions, a->exception, a->n_exceptions);
    new_clauses(p, "     B 不再有例外：", "     B no longer has the exception: ", a->exception,
                a->n_exceptions, b->exception, b->n_exceptions);
    new_clauses(p, "     B 增加豁免：", "     B adds the exemption: ", b->exemption,
                b->n_exemptions, a->exemption, a->n_exemptions);
    new_clauses(p, "     B 不再有豁免：", "     B no longer has the exemption: ", a->exemption,
                a->n_exemptions, b->exemption, b->n_exemptions);
    new_clauses(p, "     B 增加解除条件：", "     B adds what lifts it: ", b->lift, b->n_lift,
                a->lift, a->n_lift);
    new_clauses(p, "     B 不再有解除条件：", "     B no longer has what lifts it: ", a->lift,
                a->n_lift, b->lift, b->n_lift);
    if (a->effect != b->effect)
        buf_printf(p->b, p->zh ? "     效力由 %s 改为 %s\n" : "     effect: from %s to %s\n",
                   effect_name(a->effect), effect_name(b->effect));
}

static const struct diff_item *item_with(const struct diff *d, int provision)
{
    for (int i = 0; i < d->n_items; i++)
        if (d->item[i].a == provision || d->item[i].b == provision)
            return &d->item[i];
    return NULL;
}

static void maker(const struct pen *p, int provision)
{
    const struct provision *x = &p->c->provision[provision];
    const struct diff_item *i = item_with(p->d, provision);
    buf_z(p->b, "   ");
    if (x->no > 0)
        buf_printf(p->b, p->zh ? "第%d项 " : "item %d, ", x->no);
    buf_printf(p->b, "%.*s [%c]", STR_ARG(x->key), x->evidence);
    if (i == NULL)
        buf_printf(p->b, " (%.*s)", STR_ARG(p->c->instrument[x->instrument].id));
    else if (i->note == NOTE_REMOVED)
        say(p, " — B 没有此项", " — not in B");
    else if (i->note == NOTE_ADDED)
        say(p, " — B 新增", " — new in B");
    else
        say(p, " — B 有此项而含义不同", " — in both, not the same in meaning");
    buf_z(p->b, "\n     ");
    buf_str(p->b, pick_words(p->zh, x->zh, x->en));
    buf_char(p->b, '\n');
    if (i != NULL && i->note == NOTE_CHANGED)
        clause_changes(p, &p->c->provision[i->a], &p->c->provision[i->b]);
}

static void where(const struct pen *p, const struct diff_region *r)
{
    say(p, "     范围 ", "     where   ");
    scope_words(p->c->codes, &r->scope, &p->d->domain, p->zh, p->b);
    buf_z(p->b, " · ");
    thousands(p->b, r->cells);
    say(p, " 格\n", " cells\n");
}

static void example(const struct pen *p, const struct diff_region *r)
{
    say(p, "     例   ", "     example ");
    question_phrase(p->c, &r->b, &r->facts, p->zh, p->b);
    say(p, "：A ", ": A ");
    answer_phrase(r->was.outcome, r->was.must, r->was.treatment, p->zh, p->b);
    say(p, "，B ", ", B ");
    answer_phrase(r->is.outcome, r->is.must, r->is.treatment, p->zh, p->b);
    say(p, "\n     证据 ", "\n     evidence ");
    buf_printf(p->b, p->zh ? "%c，%s\n" : "%c, %s\n", r->evidence,
               certainty_phrase(r->evidence, p->zh));
}

/* One measure, or several that act together, and every box in which they make the change. */
static void measure(const struct pen *p, int first)
{
    const struct diff_region *r = &p->d->region[first];
    int more = 0, shown = 0;
    for (int i = 0; i < r->n_causes; i++)
        maker(p, r->by[i]);
    if (r->mixed)
        say(p, "     对一些事实收紧，对另一些放宽\n",
            "     less favourable for some facts, more for others\n");
    for (int i = first; i < p->d->n_regions; i++) {
        if (!same_makers(r, &p->d->region[i]))
            continue;
        if (shown++ < TEXT_PLACES)
            where(p, &p->d->region[i]);
        else
            more++;
    }
    if (more > 0)
        buf_printf(p->b, p->zh ? "          另有 %d 处(见 -o json)\n" : "             and %d more (see -o json)\n", more);
    example(p, r);
}

static void changes(const struct pen *p, enum change change, uint64_t cells, bool all)
{
    int measures = 0;
    say(p, change == CHANGE_OPENED ? "放宽 " : "收紧 ", change == CHANGE_OPENED ? "OPENED  " : "CLOSED  ");
    share(p, cells);
    buf_char(p->b, '\n');
    if (cells == 0)
        say(p, "   无\n", "   nothing\n");
    for (int i = 0; i < p->d->n_regions; i++) {
        const struct diff_region *r = &p->d->region[i];
        bool before = r->change != change;
        for (int k = 0; k < i && !before; k++)
            before = same_makers(&p->d->region[k], r);
        if (before)
            continue;
        if (++measures <= TEXT_MEASURES || all)
            measure(p, i);
    }
    if (measures > TEXT_MEASURES && !all)
        buf_printf(p->b, p->zh ? "   另有 %d 项(见 -o json)\n" : "   and %d more measures (see -o json)\n",
                   measures - TEXT_MEASURES);
    buf_char(p->b, '\n');
}

/* Which measures went, came and changed, in one line each. */
static void measures_of(const struct pen *p, enum diff_note note, const char *zh, const char *en)
{
    int n = 0;
    for (int i = 0; i < p->d->n_items; i++)
        n += p->d->item[i].note == note;
    if (n == 0)
        return;
    say(p, zh, en);
    buf_int(p->b, n);
    for (int i = 0, first = 1; i < p->d->n_items; i++) {
        const struct diff_item *x = &p->d->item[i];
        if (x->note != note)
            continue;
        const struct provision *q = &p->c->provision[x->a >= 0 ? x->a : x->b];
        buf_z(p->b, first ? ": " : ", ");
        first = 0;
        if (q->no > 0)
            buf_printf(p->b, "%d ", q->no);
        buf_str(p->b, q->key);
    }
    buf_char(p->b, '\n');
}

static void measures(const struct pen *p)
{
    if (p->d->a.instrument < 0)
        return;
    buf_printf(p->b, p->zh ? "条目：A 持有 %d 条，B 持有 %d 条，%d 条完全相同\n"
                           : "Measures: %d held in A, %d in B, %d alike in every field\n",
               p->c->instrument[p->d->a.instrument].n, p->c->instrument[p->d->b.instrument].n,
               p->d->kept);
    measures_of(p, NOTE_REMOVED, "   B 没有 ", "   not in B ");
    measures_of(p, NOTE_ADDED, "   B 新增 ", "   new in B ");
    measures_of(p, NOTE_CHANGED, "   含义不同 ", "   not the same in meaning ");
    measures_of(p, NOTE_REKEYED, "   换了键 ", "   under another key ");
    measures_of(p, NOTE_WORDING, "   仅文字不同 ", "   other words only ");
    buf_char(p->b, '\n');
}

static void words_only(const struct pen *p)
{
    int n = 0;
    for (int i = 0; i < p->d->n_items; i++) {
        const struct diff_item *x = &p->d->item[i];
        if (x->note >= NOTE_REMOVED && x->moves)
            continue;
        if (n++ == 0)
            say(p, "文字不同而含义不变\n", "WORDS ONLY (no cell changes)\n");
        buf_printf(p->b, "   %.*s", STR_ARG(p->c->provision[x->a >= 0 ? x->a : x->b].key));
        if (x->note == NOTE_REKEYED)
            buf_printf(p->b, " → %.*s", STR_ARG(p->c->provision[x->b].key));
        buf_printf(p->b, ": %s", note_name(x->note));
        for (int f = 0; f < x->n_fields; f++)
            buf_printf(p->b, "%s%s", f == 0 ? " (" : ", ", x->field[f]);
        buf_z(p->b, x->n_fields > 0 ? ")\n" : "\n");
    }
    if (n > 0)
        buf_char(p->b, '\n');
}

static void honesty(const struct pen *p)
{
    const struct side *side[] = {&p->d->a, &p->d->b};
    for (int k = 0; k < 2; k++) {
        if (side[k]->instrument < 0)
            continue;
        const struct instrument *i = &p->c->instrument[side[k]->instrument];
        if (i->edition == EDITION_OFFICIAL && i->unlocated == 0)
            continue;
        buf_printf(p->b, p->zh ? "%c 是%s，不是官方文本" : "%c is a %s edition, not the official text", 'A' + k,
                   p->zh ? "工作本" : edition_kind_name(i->edition));
        if (i->unlocated > 0)
            buf_printf(p->b, p->zh ? "；其中 %d 项未能定位，可能另有差异" : "; %d of its measures are not located, so there may be more differences",
                       i->unlocated);
        say(p, "。\n", ".\n");
    }
    say(p, "标 B、C 的条目请以官方附件核对。\n",
        "Confirm items graded B or C against the official annex.\n");
}

void diff_text(const struct snapshot *s, const struct diff *d, bool zh, bool all,
               struct buf *out)
{
    struct pen p = {snapshot_corpus(s), d, zh, out};
    heading(&p);
    measures(&p);
    changes(&p, CHANGE_OPENED, d->opened, all);
    changes(&p, CHANGE_CLOSED, d->closed, all);
    say(&p, "不变 ", "SAME    ");
    share(&p, d->same);
    buf_z(out, "\n\n");
    words_only(&p);
    honesty(&p);
}
