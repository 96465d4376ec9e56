/* The findings as JSON, for the verb, the programs' door and the pages. See barriers.h. */
#include "openness/barriers.h"
#include "decide/phrase.h"

struct view { /* what is written */
    const struct corpus *c;
    const struct classification *codes;
    const struct catalogue *k;
    const struct barriers *b;
    day_t on, known;
};

static const struct {
    const char *key, *says_zh, *says_en;
} words[BARRIER_KINDS] = {
    {"no_list_item", "规则限制境外提供者，但清单在此没有条目：清单外应同等对待",
     "the rule limits foreign suppliers where the list has no item: outside of the list they are "
     "treated as domestic ones"},
    {"reaches_beyond_item", "规则的范围超出它所落实的清单条目",
     "the rule reaches further than the list item it puts into effect"},
    {"item_without_rule", "目录中没有落实该条目的规则", "no rule in the catalogue puts the item into effect"},
    {"contradiction", "按现有编码，一方禁止而另一方给出途径：两处文字须一并细读",
     "as coded, one prohibits where the other gives a path: both texts are to be read"},
    {"local_stricter", "在同一范围内比全国清单更严", "stricter than the national list in the same cells"}};

static void rule_json(struct jsonw *j, const struct permit *p)
{
    jsonw_key(j, "rule");
    if (p == NULL) {
        jsonw_null(j);
        return;
    }
    jsonw_object(j);
    jsonw_kstr(j, "id", p->id);
    jsonw_kz(j, "level", level_name(p->level));
    jsonw_kz(j, "binds", binds_name(p->binds));
    jsonw_kz(j, "effect", effect_name(p->effect));
    jsonw_kstr(j, "list_key", p->list_key);
    kwords(j, "authority", p->authority_zh, p->authority_en);
    kwords(j, "text", p->zh, p->en);
    jsonw_key(j, "conditions");
    jsonw_array(j);
    for (int i = 0; i < p->n_conditions; i++) {
        jsonw_object(j);
        jsonw_kz(j, "when", NULL); /* in words only */
        words_members(j, p->condition[i].zh, p->condition[i].en);
        jsonw_end(j);
    }
    jsonw_end(j);
    kgrade(j, "evidence", p->evidence);
    jsonw_kz(j, "mapping", p->mapping == 'A' ? "high" : p->mapping == 'B' ? "medium" : "low");
    jsonw_kstr(j, "note", p->note);
    kbasis(j, p->basis, p->n_basis, false);
    ktexts(j, "sources", p->source, p->n_sources);
    jsonw_end(j);
}

static void item_json(struct jsonw *j, const struct view *v, const char *key, int at)
{
    const struct provision *p = at < 0 ? NULL : &v->c->provision[at];
    jsonw_key(j, key);
    if (p == NULL) {
        jsonw_null(j);
        return;
    }
    jsonw_object(j);
    provision_name(j, v->c, p);
    kcount(j, "no", p->no);
    jsonw_kz(j, "effect", effect_name(p->effect));
    kwords(j, "authority", p->authority_zh, p->authority_en);
    kwords(j, "text", p->zh, p->en);
    kgrade(j, "evidence", p->evidence);
    kbasis(j, p->basis, p->n_basis, false);
    ktexts(j, "sources", p->source, p->n_sources);
    jsonw_end(j);
}

static void witness_json(struct jsonw *j, const struct view *v, const struct barrier_box *x)
{
    const struct classification *k = v->codes;
    const struct question *q = &x->witness;
    jsonw_key(j, "witness");
    jsonw_object(j);
    jsonw_kstr(j, "sector", sector_code(k, q->sector));
    jsonw_kint(j, "mode", q->mode);
    jsonw_kz(j, "direction", direction_name(q->direction));
    jsonw_kz(j, "kind", kind_name(q->kind));
    jsonw_kstr(j, "from", k->economy[q->origin].alpha2);
    jsonw_kstr(j, "to", k->place[q->place].code);
    jsonw_end(j);
    jsonw_key(j, "answer");
    jsonw_object(j);
    jsonw_kz(j, "outcome", outcome_name(x->outcome));
    jsonw_kz(j, "must", treatment_name(x->must));
    jsonw_kz(j, "treatment", treatment_name(x->treatment));
    jsonw_kz(j, "national", x->national == SILENT ? NULL : treatment_name(x->national));
    jsonw_end(j);
}

static void regions_json(struct jsonw *j, const struct view *v, const struct barrier *b)
{
    struct buf text[2];
    buf_init(&text[0]);
    buf_init(&text[1]);
    jsonw_key(j, "regions");
    jsonw_array(j);
    for (int i = 0; i < b->n_boxes; i++) {
        const struct barrier_box *x = &b->box[i];
        for (int zh = 0; zh < 2; zh++) {
            buf_clear(&text[zh]);
            scope_words(v->codes, &x->scope, &v->b->domain, zh, &text[zh]);
        }
        jsonw_object(j);
        jsonw_kint(j, "cells", (int64_t)x->cells);
        jsonw_key(j, "box");
        scope_json(v->codes, &x->scope, &v->b->domain, j);
        kwords(j, "text", buf_view(&text[1]), buf_view(&text[0]));
        witness_json(j, v, x);
        jsonw_end(j);
    }
    jsonw_end(j);
    buf_finish(&text[0]);
    buf_finish(&text[1]);
}

static void finding_json(struct jsonw *j, const struct view *v, const struct barrier *b)
{
    jsonw_object(j);
    jsonw_kz(j, "kind", barrier_name(b->kind));
    kwords(j, "says", str_from(words[b->kind].says_zh), str_from(words[b->kind].says_en));
    rule_json(j, b->permit < 0 ? NULL : &v->k->permit[b->permit]);
    item_json(j, v, "item", b->item);
    item_json(j, v, "national_item", b->other);
    klayers(j, "lists", v->c, b->lists);
    jsonw_kint(j, "cells", (int64_t)b->cells);
    jsonw_kint(j, "cells_under_other_items", (int64_t)b->under_others);
    regions_json(j, v, b);
    kgrade(j, "evidence", b->evidence);
    jsonw_kz(j, "certainty", certainty_name(b->evidence));
    jsonw_kbool(j, "possible", b->possible);
    jsonw_end(j);
}

static void head_json(struct jsonw *j, const struct view *v)
{
    const struct barriers *b = v->b;
    jsonw_kday(j, "on", v->on);
    jsonw_kday(j, "known", v->known);
    jsonw_key(j, "catalogue");
    jsonw_object(j);
    jsonw_kstr(j, "id", v->k->id);
    kwords(j, "title", v->k->title_zh, v->k->title_en);
    jsonw_kbool(j, "complete", v->k->complete);
    jsonw_kint(j, "rules", v->k->n);
    jsonw_kint(j, "compared", b->compared);
    jsonw_kint(j, "in_order", b->in_order);
    jsonw_kint(j, "without_scope", b->without_scope);
    jsonw_kint(j, "not_in_force", b->not_in_force);
    jsonw_kint(j, "outside_lists", b->outside);
    jsonw_end(j);
    klayers(j, "lists", v->c, b->lists);
    jsonw_kint(j, "items", b->n_items);
    jsonw_kint(j, "items_on_another_list_only", b->on_list_only);
    jsonw_key(j, "counts");
    jsonw_object(j);
    for (int k = 0; k < BARRIER_KINDS; k++)
        jsonw_kint(j, words[k].key, b->count[k]);
    jsonw_end(j);
}

void barriers_json(const struct snapshot *s, const struct catalogue *k, const struct barriers *b,
                   day_t on, day_t known, struct buf *out, bool pretty)
{
    const struct corpus *c = snapshot_corpus(s);
    const struct view v = {c, c->codes, k, b, on, known};
    struct jsonw j;
    jsonw_init(&j, out, pretty);
    jsonw_object(&j);
    head_json(&j, &v);
    jsonw_key(&j, "findings");
    jsonw_array(&j);
    for (int i = 0; i < b->n; i++)
        finding_json(&j, &v, &b->barrier[i]);
    jsonw_end(&j);
    jsonw_kz(&j, "snapshot", c->hash);
    jsonw_end(&j);
}
