/*
 * The draft of an annex. What the text says stands without a mark (number, section, words);
 * everything else is a proposal with its reason: from the rule of a known edition that the item
 * is most like, else from the item's words.
 */
#include "annex/inside.h"

#include <stdio.h>

struct proposing {
    const struct annex *x;
    const struct corpus *c;
    int base;
    const char *file;
    struct arena *a;
    struct buf *b;
    struct annex_summary *sum;
    json_t **root; /* instrument -> its JSON, NULL if not needed so far */
    bool investment;
    int said; /* findings written as comments */
};

/* A marked line. reason is copied into the comment. */
static void propose(struct proposing *p, const char *name, struct str v, const char *reason)
{
    draft_put_text(p->b, name, v, reason);
    p->sum->proposals++;
}

static const json_t *rule_json(struct proposing *p, int provision)
{
    int i = p->c->provision[provision].instrument;
    const struct instrument *t = &p->c->instrument[i];
    if (p->root[i] == NULL)
        p->root[i] = json_loadb(t->text.p, t->text.n, 0, NULL);
    check(p->root[i] != NULL);
    const json_t *items = json_object_get(p->root[i], "provisions");
    return json_array_get(items, (size_t)(provision - t->first));
}

/* Findings of the lines up to here, as comments before the item they stand at. */
static void put_findings(struct proposing *p, int line)
{
    const struct annex_findings *f = &p->x->findings;
    for (; p->said < f->n && f->at[p->said].line <= line; p->said++)
        buf_printf(p->b, "# %s:%d: %s / %s [%s]\n", p->file, f->at[p->said].line,
                   f->at[p->said].zh, f->at[p->said].en, f->at[p->said].code);
}

/* --- header -------------------------------------------------------------------------------- */

static void propose_member(struct proposing *p, const char *name, const char *otherwise,
                           const char *why)
{
    char reason[160];
    const struct draft_field *f = field_find(header_fields, str_from(name));
    if (otherwise != NULL) {
        propose(p, name, strcmp(otherwise, "-") == 0 ? (struct str){NULL, 0} : str_from(otherwise),
                why);
        return;
    }
    const struct instrument *t = &p->c->instrument[p->base];
    json_t *root = json_loadb(t->text.p, t->text.n, 0, NULL);
    const json_t *v = json_object_get(root, name);
    if (v != NULL && field_fits(f, v)) {
        snprintf(reason, sizeof reason, "as in %.*s", (int)(t->id.n > 60 ? 60 : t->id.n), t->id.p);
        draft_put(p->b, f, v, reason);
        p->sum->proposals += f->shape == SHAPE_JSONS || f->shape == SHAPE_TEXTS
                                 ? (int)json_array_size(v) + (json_array_size(v) == 0)
                                 : 1;
    }
    json_decref(root);
}

/* What kind of list, from its title; from the base where the title is silent. */
static void propose_kind(struct proposing *p)
{
    struct str t = p->x->title;
    bool based = p->base >= 0;
    const char *family = text_has(t, "外商投资")   ? "investment"
                         : text_has(t, "跨境服务贸易") ? "cross-border"
                         : based                     ? NULL
                                                     : "cross-border";
    const char *zone = text_has(t, "自由贸易试验区") ? "FTZ" : text_has(t, "海南") ? "CN-HI" : NULL;
    bool silent = zone == NULL && based;
    p->investment = family ? family[0] == 'i'
                           : p->c->instrument[p->base].family == FAMILY_INVESTMENT;
    propose_member(p, "family", family, "from the title");
    propose_member(p, "layer", silent ? NULL : zone ? "zone" : "national", "from the title");
    propose_member(p, "default", based ? NULL : "equal", "a negative list treats the rest alike");
    propose_member(p, "territory", silent ? NULL : zone ? zone : "CN", "from the title");
    propose_member(p, "beneficiaries", based ? NULL : "*", "no economy is named");
    propose_member(p, "claimable", based ? NULL : "false", "a list binds by itself");
}

static void put_header(struct proposing *p, struct str id)
{
    static const struct str none = {NULL, 0};
    const struct instrument *t = p->base >= 0 ? &p->c->instrument[p->base] : NULL;
    char z[64];
    uint8_t digest[32];
    buf_printf(p->b, "fumao-draft 1\n# %s: %d items read. Take the ? away from what you accept; "
                     "docs/draft-format.md\n", p->file, p->x->n);
    put_findings(p, p->x->n > 0 ? p->x->item[0].line - 1 : 0);
    if (id.n > 0) {
        draft_put_text(p->b, "id", id, NULL);
    } else {
        hash_sha256(p->x->title.p, p->x->title.n, digest);
        memcpy(z, "draft-", 6);
        hash_hex(digest, 3, z + 6);
        propose(p, "id", str_from(z), "made from the title; give the list its own name");
    }
    propose_kind(p);
    if (t != NULL)
        propose(p, "replaces", t->id, "the base; - if it stays in force beside this one");
    if (p->x->title.n > 0)
        draft_put_text(p->b, "title_zh", p->x->title, NULL);
    else
        propose(p, "title_zh", none, "not in the text");
    propose(p, "title_en", none, "to be written");
    propose_member(p, "issuer_zh", t ? NULL : "-", "not in the text");
    propose_member(p, "issuer_en", t ? NULL : "-", "not in the text");
    propose(p, "document_no", none, "not in the text");
    propose(p, "published", none, "not in the text: YYYY-MM-DD");
    propose(p, "valid_from", none, "not in the text: YYYY-MM-DD");
    propose(p, "known_from", none, "the day the platform has it; publishing sets it");
    propose(p, "edition_kind", STR("official"), "if this is the official text; else working");
    propose(p, "complete", STR("false"), "true when every published item is here");
    snprintf(z, sizeof z, "%d", p->x->n);
    propose(p, "published_total", str_from(z), "items in the text; compare the published number");
    propose(p, "unlocated", STR("0"), "nothing is known to be missing");
    propose(p, "sources", none, "where the text was read: an address or a document");
    for (int i = 0; i < p->x->n_notes; i++) {
        const struct annex_note *n = &p->x->note[i];
        json_t *o = json_pack("{siss%sn}", "point", n->point, "zh", n->zh.p, n->zh.n, "en");
        snprintf(z, sizeof z, "read in line %d; the English is to be written", n->line);
        buf_z(p->b, "?preamble: ");
        json_line(p->b, o);
        buf_printf(p->b, "   # %s\n", z);
        p->sum->proposals++;
        json_decref(o);
    }
}

/* --- items --------------------------------------------------------------------------------- */

/* key: "item-12-3fa9c1"; the hash is of the item's words. */
static void new_key(const struct annex_item *i, char *out, size_t room)
{
    uint8_t digest[32];
    char hex[7];
    hash_sha256(i->zh.p, i->zh.n, digest);
    hash_hex(digest, 3, hex);
    if (i->no > 0)
        snprintf(out, room, "item-%d-%s", i->no, hex);
    else
        snprintf(out, room, "item-x%d-%s", i->line, hex);
}

static void copy_member(struct proposing *p, const struct draft_field *f, const json_t *item,
                        const char *reason)
{
    const json_t *from = f->in_scope ? json_object_get(item, "scope") : item;
    const json_t *v = json_object_get(from, f->name);
    if (v == NULL || json_is_null(v) || !field_fits(f, v))
        return;
    draft_put(p->b, f, v, reason);
    bool many = f->shape == SHAPE_JSONS || f->shape == SHAPE_TEXTS;
    p->sum->proposals += many && json_array_size(v) > 0 ? (int)json_array_size(v) : 1;
}

static void propose_matched(struct proposing *p, const struct annex_item *i,
                            const struct annex_match *m)
{
    static const char *const taken[] = {
        "sectors", "except", "modes", "directions", "kinds", "places", "origins", "effect",
        "obligation", "market_access", "national_treatment", "partial", "applies_when",
        "exceptions", "exempt_origins", "lift_join", "lift", "authority_zh", "authority_en",
        "basis", "carve_out_overlap"};
    const struct provision *rule = &p->c->provision[m->provision];
    const struct instrument *t = &p->c->instrument[rule->instrument];
    const json_t *item = rule_json(p, m->provision);
    char reason[320], how[160];
    bool same = m->likeness == 1000;
    snprintf(how, sizeof how, "%.*s (%d.%02d)", (int)(t->id.n > 80 ? 80 : t->id.n), t->id.p,
             m->likeness / 1000, m->likeness % 1000 / 10);
    snprintf(reason, sizeof reason, same ? "same words as %s" : "words like %s%s", how,
             str_eq(i->section, rule->section) ? "" : ", which has it in another section");
    propose(p, "key", rule->key, reason);
    snprintf(reason, sizeof reason, same ? "as in %s" : "as in %s, whose Chinese differs: revise",
             how);
    propose(p, "en", rule->en, reason);
    snprintf(reason, sizeof reason, "as in %s", how);
    for (size_t k = 0; k < sizeof taken / sizeof *taken; k++)
        copy_member(p, field_find(item_fields, str_from(taken[k])), item, reason);
}

/* Classes that the words name within the section; the whole section if none is near. */
static void propose_sectors(struct proposing *p, const struct annex_item *i)
{
    struct str activity = words_activity(p->a, i->zh);
    struct finding f;
    struct sector_set section;
    char list[64] = "", reason[240];
    size_t n = 0;
    bool letter = i->section.n == 1 && i->section.p[0] >= 'A';
    char spec[16];
    snprintf(spec, sizeof spec, "%s%.*s", letter ? "" : "w120:", (int)(i->section.n & 7),
             i->section.p);
    if (i->section.n == 0 || sector_parse(p->c->codes, str_from(spec), &section, NULL) != OK) {
        propose(p, "sectors", (struct str){NULL, 0}, "the section reaches no class");
        return;
    }
    classification_find(p->c->codes, activity, &f);
    int best = 0;
    for (int k = 0; k < f.n && n + 6 < sizeof list; k++) {
        if (!bit_get(section.leaf, (size_t)f.best[k].leaf) || f.best[k].score < 200)
            continue;
        best = best ? best : f.best[k].score;
        if (f.best[k].score * 10 >= best * 8)
            n += (size_t)snprintf(list + n, sizeof list - n, "%s%.*s", n ? " " : "",
                                  STR_ARG(sector_code(p->c->codes, f.best[k].leaf)));
    }
    struct str start = text_start(activity);
    snprintf(reason, sizeof reason, "from the words \"%.*s\" (%d of 1000)", STR_ARG(start), best);
    if (n > 0)
        propose(p, "sectors", str_from(list), reason);
    else if (letter)
        propose(p, "sectors", i->section, "no class fits the words: the whole section");
    else
        propose(p, "sectors", (struct str){NULL, 0}, "no class fits the words");
}

static const char *because(char *out, size_t room, const char *word)
{
    if (word == NULL)
        return "no word says it: the wider reading";
    snprintf(out, room, "from the word %s", word);
    return out;
}

static void propose_new(struct proposing *p, const struct annex_item *i)
{
    char key[48], why[80], list[32] = "";
    const char *word;
    size_t n = 0;
    new_key(i, key, sizeof key);
    propose(p, "key", str_from(key), "no known rule is like it; give it a name");
    propose(p, "en", (struct str){NULL, 0}, "to be written");
    propose_sectors(p, i);
    unsigned kinds = words_kinds(i->zh, &word);
    const char *kinds_why = because(why, sizeof why, word);
    char mode_why[80];
    unsigned modes = words_modes(i->zh, kinds, p->investment, &word);
    for (int m = 1; m <= 4; m++)
        if (modes >> m & 1)
            n += (size_t)snprintf(list + n, sizeof list - n, "%s%d", n ? " " : "", m);
    propose(p, "modes", str_from(list), p->investment ? "a list of investment"
                                                      : because(mode_why, sizeof mode_why, word));
    propose(p, "directions", STR("import"), "a list for foreign suppliers");
    propose(p, "kinds", kinds == 1 || p->investment ? STR("firm")
                        : kinds == 2                ? STR("person")
                                                    : STR("firm person"),
            p->investment ? "a list of investment" : kinds_why);
    struct guess g = words_effect(i->zh);
    propose(p, "effect", g.known ? str_from(effect_name(g.effect)) : (struct str){NULL, 0},
            g.known ? because(why, sizeof why, g.word) : "no word says it");
}

static void put_item(struct proposing *p, const struct annex_item *i, const struct annex_match *m)
{
    char reason[160];
    put_findings(p, i->line);
    buf_printf(p->b, "\n[item]   # %s:%d\n", p->file, i->line);
    if (i->no > 0)
        buf_printf(p->b, "no: %d\n", i->no);
    draft_put_text(p->b, "section", i->section, NULL);
    draft_put_text(p->b, "zh", i->zh, NULL);
    if (m->provision >= 0) {
        p->sum->matched++;
        p->sum->same_words += m->likeness == 1000;
        propose_matched(p, i, m);
    } else {
        propose_new(p, i);
    }
    snprintf(reason, sizeof reason,
             "its own text was read in line %d; A is the grade of the words, not of what is "
             "proposed here", i->line);
    propose(p, "evidence", STR("A"), reason);
    propose(p, "sources", (struct str){NULL, 0}, "where the text was read");
    draft_put_text(p->b, "listing", STR("seen"), NULL);
}

/* Rules of the base that no item is like: dropped, merged, or reworded beyond recognition. */
static void put_gone(struct proposing *p, const struct annex_match *m)
{
    const struct instrument *t = &p->c->instrument[p->base];
    for (int k = t->first; k < t->first + t->n; k++) {
        bool found = p->c->provision[k].effect == EFFECT_DISPLACE;
        for (int i = 0; i < p->x->n && !found; i++)
            found = m[i].provision == k;
        if (found)
            continue;
        if (p->sum->gone++ == 0)
            buf_printf(p->b, "\n# Rules of %.*s that no item is like:\n", STR_ARG(t->id));
        buf_printf(p->b, "# %.*s: %.*s\n", STR_ARG(p->c->provision[k].key),
                   STR_ARG(text_start(p->c->provision[k].zh)));
    }
}

/* The name stands in comments: a line break in it would end them. */
static const char *one_line(struct arena *a, const char *file)
{
    char *z = arena_copy(a, file, strlen(file));
    for (char *p = z; *p; p++)
        *p = (unsigned char)*p < ' ' ? '?' : *p;
    return z;
}

void annex_propose(const struct annex *x, const struct corpus *c, int base, struct str id,
                   const char *file, struct arena *a, struct buf *draft,
                   struct annex_summary *out)
{
    *out = (struct annex_summary){.items = x->n};
    struct proposing p = {.x = x, .c = c, .base = base, .a = a, .b = draft,
                          .sum = out};
    struct annex_match *m = ARENA_ARRAY(a, struct annex_match, (size_t)x->n + 1);
    p.file = one_line(a, file);
    p.root = ARENA_ARRAY(a, json_t *, (size_t)c->n_instruments + 1);
    annex_match(x, c, base, a, m);
    put_header(&p, id);
    for (int i = 0; i < x->n; i++)
        put_item(&p, &x->item[i], &m[i]);
    put_findings(&p, INT32_MAX);
    if (base >= 0)
        put_gone(&p, m);
    for (int i = 0; i < c->n_instruments; i++)
        json_decref(p.root[i]);
}
