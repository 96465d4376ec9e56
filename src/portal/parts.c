/* Small parts of pages that are more than a word: forms so far, examples, scopes in words. */
#include "portal/inside.h"

#include <stdio.h>

struct str say(const struct view *v, enum msg m)
{
    return msg_text(m, v->lang);
}

static struct str keep(const struct view *v, struct buf *b)
{
    struct str s = str_copy(v->arena, buf_view(b));
    buf_finish(b);
    return s;
}

/* --- forms so far ----------------------------------------------------------------------- */

static struct str lang_field(const struct view *v)
{
    return !v->lang_said ? STR("") : v->lang == LANG_EN ? STR("en") : STR("zh");
}

bool hidden_field(const struct view *v, const char *but, int i, struct hidden_field *out)
{
    const struct hidden_field all[] = {
        {"lang", lang_field(v)},  {"sector", v->ask.sector}, {"mode", v->ask.mode},
        {"kind", v->ask.kind},    {"from", v->ask.from},     {"to", v->ask.to},
        {"on", v->ask.on}};
    int n = strcmp(but, "all") == 0 ? 1 : (int)(sizeof all / sizeof *all);
    if (i >= n) {
        return false;
    }
    *out = all[i];
    if (strcmp(all[i].name, but) == 0) {
        out->value = STR("");
    }
    return true;
}

bool hidden_answer_field(const struct view *v, int i, struct hidden_field *out)
{
    const struct hidden_field all[] = {{"lang", lang_field(v)},
                                       {"kind", v->ask.kind},
                                       {"direction", v->ask.direction},
                                       {"on", v->ask.on},
                                       {"known", v->ask.known}};
    int left = i;
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        if (all[k].value.n > 0 && left-- == 0) {
            *out = all[k];
            return true;
        }
    }
    return false;
}

/* --- examples --------------------------------------------------------------------------- */

static const struct {
    enum msg text;
    const char *sector, *mode, *kind, *from, *to;
} examples[] = {
    {MSG_ex1, "7231", "1", "person", "SG", "CN-SH"}, {MSG_ex2, "6513", "1", "", "US", "CN-BJ"},
    {MSG_ex3, "7241", "4", "person", "HK", "CN-GD"}, {MSG_ex4, "6820", "1", "", "DE", "CN"},
    {MSG_ex5, "8334", "3", "", "GB", "CN-HI"},       {MSG_ex6, "7459", "4", "", "JP", "CN-SH-FTZ"},
};

int example_count(void)
{
    return (int)(sizeof examples / sizeof *examples);
}

void example_get(const struct view *v, int i, struct example *out)
{
    struct ask ask = {.sector = str_from(examples[i].sector),
                      .mode = str_from(examples[i].mode),
                      .kind = str_from(examples[i].kind),
                      .from = str_from(examples[i].from),
                      .to = str_from(examples[i].to)};
    struct sector_set *set = ARENA_NEW(v->arena, struct sector_set);
    struct facts *facts = ARENA_NEW(v->arena, struct facts);
    struct answer *a = ARENA_NEW(v->arena, struct answer);
    struct question q;
    enum outcome o = OUTCOME_UNDETERMINED;
    if (ask_parse(v->codes, v->law, &ask, set, &q, facts, NULL) == OK) {
        decide(v->portal->snapshot, &q, a);
        o = a->outcome;
    }
    *out = (struct example){say(v, examples[i].text), link_answer(v, &ask, ""),
                            outcome_word(v, o), outcome_name(o), outcome_sign(o)};
}

/* --- names ------------------------------------------------------------------------------ */

static const char *const usual[] = {"HK", "MO", "TW", "SG", "US", "JP", "KR", "GB",
                                    "DE", "FR", "AU", "CA", "MY", "TH", "VN", "NZ"};

int near_economies(void)
{
    return (int)(sizeof usual / sizeof *usual);
}

int near_economy(const struct view *v, int i)
{
    int e = economy_find(v->codes, str_from(usual[i]));
    return e < 0 ? 0 : e;
}

struct str other_name(const struct view *v, const struct code *k)
{
    struct str other = v->lang == LANG_EN ? k->name_zh : k->name_en;
    return str_eq(other, class_name(v, k)) ? STR("") : other;
}

struct str sector_text(const struct view *v)
{
    const struct sector_set *s = &v->sectors;
    struct buf b;
    buf_init(&b);
    buf_str(&b, pick(v, s->name_zh, s->name_en));
    buf_z(&b, v->lang == LANG_EN ? " (" : "（");
    buf_str(&b, s->code);
    buf_z(&b, v->lang == LANG_EN ? ")" : "）");
    return keep(v, &b);
}

struct str instrument_title(const struct view *v, int instrument)
{
    const struct instrument *t = &v->law->instrument[instrument];
    return pick(v, t->title_zh, t->title_en);
}

struct str held_text(const struct view *v, const struct instrument *t)
{
    char z[40];
    if (t->published_total > 0) {
        snprintf(z, sizeof z, "%d / %d", t->n, t->published_total);
    } else {
        snprintf(z, sizeof z, "%d / –", t->n);
    }
    return str_copy(v->arena, str_from(z));
}

struct str number_text(const struct view *v, const struct provision *p)
{
    char z[16];
    if (p->no <= 0) {
        return STR("–");
    }
    snprintf(z, sizeof z, "%d", p->no);
    return str_copy(v->arena, str_from(z));
}

struct str grade_letter(const struct view *v, char grade)
{
    char z[2] = {grade, 0};
    return str_copy(v->arena, str_from(z));
}

struct str short_hash(const struct view *v)
{
    return (struct str){v->law->hash, 12};
}

bool family_any(const struct view *v, enum family f)
{
    for (int i = 0; i < v->law->n_instruments; i++) {
        if (v->law->instrument[i].family == f) {
            return true;
        }
    }
    return false;
}

/* --- facts and certainty ---------------------------------------------------------------- */

struct str fact_field(const struct view *v, int fact)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, "fact.");
    buf_str(&b, v->law->fact[fact].name);
    return keep(v, &b);
}

struct str fact_assignment(const struct view *v, int fact, int value)
{
    const struct fact *f = &v->law->fact[fact];
    struct buf b;
    buf_init(&b);
    buf_str(&b, f->name);
    buf_char(&b, '=');
    if (f->type == FACT_BOOL) {
        buf_z(&b, value ? "true" : "false");
    } else {
        buf_str(&b, f->value[value].value);
    }
    return keep(v, &b);
}

struct str fact_sentence(const struct view *v, int i)
{
    struct str value, name = str_trim(str_cut(v->ask.fact[i], '=', &value));
    int fact = fact_find(v->law, name);
    struct buf b;
    if (fact < 0) {
        return v->ask.fact[i];
    }
    buf_init(&b);
    buf_str(&b, pick(v, v->law->fact[fact].zh, v->law->fact[fact].en));
    buf_char(&b, ' ');
    buf_str(&b, fact_value_word(v, fact, v->facts.value[fact]));
    return keep(v, &b);
}

enum msg join_msg(const struct provision *p)
{
    return p->lift_join == JOIN_ANY    ? MSG_todo_any
           : p->lift_join == JOIN_CASE ? MSG_todo_case
                                       : MSG_todo_all;
}

enum msg near_msg(const char *dimension)
{
    return strcmp(dimension, "mode") == 0     ? MSG_near_mode
           : strcmp(dimension, "kind") == 0   ? MSG_near_kind
           : strcmp(dimension, "origin") == 0 ? MSG_near_origin
                                              : MSG_near_place;
}

struct str certainty_word(const struct view *v)
{
    return say(v, v->x->evidence == 'A'   ? MSG_sure_confirmed
                  : v->x->evidence == 'B' ? MSG_sure_likely
                                          : MSG_sure_indicative);
}

/* --- scopes in words -------------------------------------------------------------------- */

static void comma(const struct view *v, struct buf *b)
{
    if (b->n > 0) {
        buf_z(b, v->lang == LANG_EN ? ", " : "、");
    }
}

struct str scope_modes_text(const struct view *v, const struct provision *p)
{
    struct buf b;
    buf_init(&b);
    for (int mode = 1; mode <= 4; mode++) {
        bool any = false;
        for (int i = 0; i < COMBOS; i++) {
            any |= combo_mode(i) == mode && combo_valid(i) && ((p->scope.combo >> i) & 1);
        }
        if (any) {
            comma(v, &b);
            buf_str(&b, mode_word(v, mode));
        }
    }
    return keep(v, &b);
}

struct str scope_origins_text(const struct view *v, const struct provision *p)
{
    struct buf b;
    int n = v->codes->n_economies;
    if (bits_count(p->scope.origin, ORIGIN_WORDS) + 1 >= (size_t)n) {
        return say(v, MSG_all_origins);
    }
    buf_init(&b);
    for (int i = 0; i < n; i++) {
        if (bit_get(p->scope.origin, (size_t)i)) {
            comma(v, &b);
            buf_str(&b, economy_name(v, i));
        }
    }
    return keep(v, &b);
}

/* The highest places only: a province speaks for all below it. */
struct str scope_places_text(const struct view *v, const struct provision *p)
{
    struct buf b;
    if (bits_count(p->scope.place, PLACE_WORDS) >= (size_t)v->codes->n_places) {
        return say(v, MSG_all_places);
    }
    buf_init(&b);
    for (int i = 0; i < v->codes->n_places; i++) {
        int up = v->codes->place[i].parent;
        if (bit_get(p->scope.place, (size_t)i) &&
            (up < 0 || !bit_get(p->scope.place, (size_t)up))) {
            comma(v, &b);
            buf_str(&b, place_name(v, i));
        }
    }
    return keep(v, &b);
}

static bool whole(const struct provision *p, const struct code *k)
{
    for (int i = k->leaf_from; i < k->leaf_to; i++) {
        if (!bit_get(p->scope.sector, (size_t)i)) {
            return false;
        }
    }
    return k->leaf_to > k->leaf_from;
}

/* The highest nodes of the tree that lie whole in the scope. */
struct str scope_sectors_text(const struct view *v, const struct provision *p)
{
    const struct codelist *l = &v->codes->gbt;
    struct buf b;
    int shown = 0, more = 0;
    buf_init(&b);
    for (int i = 0; i < l->n;) {
        const struct code *k = &l->code[i];
        if (!whole(p, k)) {
            i++;
            continue;
        }
        i = k->end;
        if (++shown > 40) {
            more++;
            continue;
        }
        comma(v, &b);
        buf_str(&b, k->code);
        buf_char(&b, ' ');
        buf_str(&b, class_name(v, k));
    }
    if (more > 0) {
        comma(v, &b);
        buf_str(&b, say_d(v, MSG_more, more, 0));
    }
    return keep(v, &b);
}
