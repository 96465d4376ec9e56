/* COMMAND: barriers. */
#include "cli/internal.h"

#include "law/write.h"
#include "openness/barriers.h"

struct view { /* what is printed */
    const struct world *w;
    const struct catalogue *k;
    const struct barriers *b;
    day_t on, known;
    bool zh;
};

static const struct {
    const char *key, *zh, *en, *says_zh, *says_en;
} words[BARRIER_KINDS] = {
    {"no_list_item", "无清单依据", "no list item", "规则限制境外提供者，但清单在此没有条目：清单外应同等对待",
     "the rule limits foreign suppliers where the list has no item: outside of the list they are "
     "treated as domestic ones"},
    {"reaches_beyond_item", "超出所依条目", "reaches beyond its item", "规则的范围超出它所落实的清单条目",
     "the rule reaches further than the list item it puts into effect"},
    {"item_without_rule", "条目无规则", "item without rule", "目录中没有落实该条目的规则",
     "no rule in the catalogue puts the item into effect"},
    {"contradiction", "相互矛盾", "contradiction", "按现有编码，一方禁止而另一方给出途径：两处文字须一并细读",
     "as coded, one prohibits where the other gives a path: both texts are to be read"},
    {"local_stricter", "地方更严", "local stricter", "在同一范围内比全国清单更严",
     "stricter than the national list in the same cells"}};

static const char *certainty(char grade, bool zh)
{
    return grade == 'A'   ? (zh ? "已核实" : "confirmed")
           : grade == 'B' ? (zh ? "较有把握" : "likely")
                          : (zh ? "仅供参考" : "indicative");
}

static const struct permit *permit_of(const struct view *v, const struct barrier *b)
{
    return b->permit < 0 ? NULL : &v->k->permit[b->permit];
}

static const struct provision *item_of(const struct view *v, int at)
{
    return at < 0 ? NULL : &v->w->corpus->provision[at];
}

static struct str list_id(const struct view *v, int layer)
{
    return v->w->corpus->instrument[v->w->corpus->layer[layer]].id;
}

static void print_json(const struct view *v, struct buf *out)
{
    barriers_json(v->w->snapshot, v->k, v->b, v->on, v->known, out, true);
    buf_char(out, '\n');
}

/* --- CSV ---------------------------------------------------------------------------------- */

static void csv_lists(const struct view *v, const struct barrier *b, struct buf *out)
{
    struct buf ids;
    buf_init(&ids);
    for (int l = 0; l < v->w->corpus->n_layers; l++)
        if ((b->lists >> l) & 1) {
            buf_z(&ids, ids.n ? " " : "");
            buf_str(&ids, list_id(v, l));
        }
    csv_write_field(out, buf_view(&ids), false);
    buf_finish(&ids);
}

static void csv_number(struct buf *out, uint64_t n)
{
    struct buf b;
    buf_init(&b);
    buf_int(&b, (int64_t)n);
    csv_write_field(out, buf_view(&b), false);
    buf_finish(&b);
}

static void csv_row(const struct view *v, const struct barrier *b, struct buf *out)
{
    const struct permit *r = permit_of(v, b);
    const struct provision *p = item_of(v, b->item), *n = item_of(v, b->other);
    const struct str none = {NULL, 0};
    csv_write_field(out, str_from(barrier_name(b->kind)), true);
    csv_write_field(out, r ? r->id : none, false);
    csv_write_field(out, p ? p->key : none, false);
    csv_write_field(out, n ? n->key : none, false);
    csv_lists(v, b, out);
    csv_number(out, b->cells);
    csv_number(out, b->under_others);
    csv_number(out, (uint64_t)b->n_boxes);
    csv_write_field(out, r ? str_from(effect_name(r->effect)) : none, false);
    csv_write_field(out, p ? str_from(effect_name(p->effect)) : none, false);
    csv_write_field(out, (struct str){&b->evidence, 1}, false);
    csv_write_field(out, str_from(certainty(b->evidence, false)), false);
    csv_write_field(out, b->possible ? STR("true") : STR("false"), false);
    csv_write_field(out, r ? r->zh : none, false);
    csv_write_field(out, r ? r->en : none, false);
    csv_write_field(out, p ? p->zh : none, false);
    csv_write_field(out, p ? p->en : none, false);
    csv_write_end(out);
}

static void print_csv(const struct view *v, struct buf *out)
{
    buf_z(out, "kind,rule,item,national_item,lists,cells,cells_under_other_items,boxes,"
               "rule_effect,item_effect,evidence,certainty,possible,rule_zh,rule_en,item_zh,"
               "item_en");
    csv_write_end(out);
    for (int i = 0; i < v->b->n; i++)
        csv_row(v, &v->b->barrier[i], out);
}

/* --- text --------------------------------------------------------------------------------- */

static void text_head(const struct view *v, struct buf *out)
{
    const struct barriers *b = v->b;
    char on[11];
    day_format(v->on, on);
    struct str title = pick_words(v->zh, v->k->title_zh, v->k->title_en);
    buf_printf(out, v->zh ? "隐性壁垒 · %s · %.*s\n" : "hidden barriers · %s · %.*s\n", on,
               STR_ARG(title));
    buf_printf(out,
               v->zh ? "规则 %d 条：比较 %d，来源未给范围 %d，当日未施行 %d，无清单管辖 %d\n条目 %d 个，清单："
                     : "rules %d: compared %d, without scope %d, not in force %d, under no "
                       "list %d\nitems %d of:",
               v->k->n, b->compared, b->without_scope, b->not_in_force, b->outside, b->n_items);
    for (int l = 0; l < v->w->corpus->n_layers; l++)
        if ((b->lists >> l) & 1)
            buf_printf(out, " %.*s", STR_ARG(list_id(v, l)));
    buf_char(out, '\n');
    for (int k = 0; k < BARRIER_KINDS; k++)
        buf_printf(out, "%s%s %d", k ? " · " : "", v->zh ? words[k].zh : words[k].en, b->count[k]);
    buf_printf(out, v->zh ? " · 无异常的规则 %d\n" : " · rules in order %d\n", b->in_order);
    if (!v->k->complete)
        buf_z(out, v->zh ? "目录只是开端：目录中没有规则，不等于没有法律。\n"
                         : "The catalogue is a start: no rule in it does not mean no law.\n");
}

static void text_rule(const struct view *v, const struct permit *p, struct buf *out)
{
    if (p == NULL)
        return;
    struct str says = pick_words(v->zh, p->zh, p->en);
    buf_printf(out, v->zh ? "  规则（%c）：%.*s" : "  rule (%c): %.*s", p->evidence, STR_ARG(says));
    for (int i = 0; i < p->n_basis; i++)
        buf_printf(out, " [%.*s %.*s]", STR_ARG(p->basis[i].title_zh),
                   STR_ARG(p->basis[i].article));
    buf_char(out, '\n');
}

static void text_item(const struct view *v, int at, const char *zh, const char *en,
                      struct buf *out)
{
    const struct provision *p = item_of(v, at);
    if (p == NULL)
        return;
    struct str id = v->w->corpus->instrument[p->instrument].id, says = pick_words(v->zh, p->zh, p->en);
    buf_printf(out, "  %s%s%c%s%.*s %.*s: %.*s\n", v->zh ? zh : en, v->zh ? "（" : " (", p->evidence,
               v->zh ? "）" : ") ", STR_ARG(id), STR_ARG(p->key), STR_ARG(says));
}

static void text_box(const struct view *v, const struct barrier_box *x, struct buf *out)
{
    const struct classification *k = v->w->codes;
    const struct question *q = &x->witness;
    buf_printf(out, v->zh ? "  %llu 格：" : "  %llu cells: ", (unsigned long long)x->cells);
    scope_words(k, &x->scope, &v->b->domain, v->zh, out);
    struct str sector = sector_code(k, q->sector), from = k->economy[q->origin].alpha2,
               to = k->place[q->place].code;
    buf_z(out, v->zh ? "\n    例：" : "\n    e.g. ");
    buf_printf(out, "fumao check %.*s --mode %d --kind %s --from %.*s --to %.*s", STR_ARG(sector),
               q->mode, kind_name(q->kind), STR_ARG(from), STR_ARG(to));
    buf_printf(out, v->zh ? " → 清单：%s" : " → the lists say %s", outcome_name(x->outcome));
    if (x->must == x->treatment)
        buf_printf(out, " (%s)", treatment_name(x->treatment));
    else
        buf_printf(out, " (%s … %s)", treatment_name(x->must), treatment_name(x->treatment));
    if (x->national != SILENT)
        buf_printf(out, v->zh ? "，全国清单：%s" : ", the national list %s",
                   treatment_name(x->national));
    buf_char(out, '\n');
}

static void text_finding(const struct view *v, const struct barrier *b, struct buf *out)
{
    enum { SHOWN = 3 };
    const struct permit *r = permit_of(v, b);
    const struct provision *p = item_of(v, b->item);
    struct str name = r ? r->id : p->key;
    buf_printf(out, "\n%s %.*s · %s (%c)%s\n  %s\n", v->zh ? words[b->kind].zh : words[b->kind].en,
               STR_ARG(name), certainty(b->evidence, v->zh), b->evidence,
               !b->possible ? "" : v->zh ? " · 可能" : " · possible",
               v->zh ? words[b->kind].says_zh : words[b->kind].says_en);
    text_rule(v, r, out);
    text_item(v, b->item, "条目", "item", out);
    if (b->kind == BARRIER_LOCAL_STRICTER)
        text_item(v, b->other, "全国条目", "national item", out);
    for (int i = 0; i < b->n_boxes && i < SHOWN; i++)
        text_box(v, &b->box[i], out);
    if (b->n_boxes > SHOWN)
        buf_printf(out,
                   v->zh ? "  另有 %d 块，共 %llu 格\n" : "  and %d more boxes, %llu cells in all\n",
                   b->n_boxes - SHOWN, (unsigned long long)b->cells);
    if (b->under_others > 0)
        buf_printf(out,
                   v->zh ? "  其中 %llu 格在其他条目之下\n"
                         : "  %llu of the cells are under other items\n",
                   (unsigned long long)b->under_others);
}

static void print_text(const struct view *v, struct buf *out)
{
    text_head(v, out);
    for (int i = 0; i < v->b->n; i++)
        text_finding(v, &v->b->barrier[i], out);
}

/* --- the verb ----------------------------------------------------------------------------- */

static enum err read_day(const struct args *a, const struct corpus *c, day_t *on, day_t known,
                         struct error *e)
{
    const char *z = option_get(a, "on");
    *on = day_today();
    if (z != NULL && !day_parse(str_from(z), on)) {
        err_set(e, ERR_SYNTAX, "“%s”不是日期", "\"%s\" is not a date", z);
        err_at(e, "", 0, "on");
        return ERR_SYNTAX;
    }
    int origin = str_eqz(c->codes->economy[0].alpha2, "CN"); /* any that is not China */
    struct question q = {.mode = 1, .origin = origin, .on = *on, .known = known};
    return question_check(c, &q, e);
}

static enum err read_edition(const struct args *a, const struct corpus *c, day_t on, day_t known,
                             int *layer, struct error *e)
{
    const char *id = option_get(a, "edition");
    *layer = -1;
    if (id == NULL)
        return OK;
    for (int l = 0; l < c->n_layers; l++) {
        const struct instrument *i = &c->instrument[c->layer[l]];
        if (str_eqz(i->id, id) && i->default_equal && i->kind <= LAYER_ZONE &&
            i->family <= FAMILY_INVESTMENT && i->valid_from <= on && on < i->valid_to &&
            i->known_from <= known && known < i->known_to)
            *layer = l;
    }
    if (*layer >= 0)
        return OK;
    err_set(e, ERR_NOT_FOUND, "当日没有施行的负面清单 %s",
            "no negative list %s is in force on that day", id);
    err_at(e, "", 0, "edition");
    err_hint(e, "fumao list log");
    return ERR_NOT_FOUND;
}

static enum err read_catalogue(const struct args *a, struct world *w, struct catalogue **k,
                               struct error *e)
{
    const char *file = option_get(a, "catalogue");
    struct str json;
    if (file == NULL)
        return catalogue_load_shipped(k, &w->arena, w->corpus, e);
    TRY(file_read(&w->arena, file, &json, e));
    return catalogue_read(k, &w->arena, w->corpus, json, file, e);
}

static enum err find_all(const struct args *a, struct world *w, struct view *v,
                         struct barriers *b, struct error *e)
{
    struct catalogue *k;
    int edition;
    if (a->n > 1)
        return err_set(e, ERR_USAGE, "多余的参数：%s", "too many arguments: %s", a->word[1]);
    v->known = day_today();
    TRY(read_day(a, w->corpus, &v->on, v->known, e));
    TRY(read_edition(a, w->corpus, v->on, v->known, &edition, e));
    TRY(read_catalogue(a, w, &k, e));
    v->k = k;
    return barriers_find(b, &w->arena, w->snapshot, k, v->on, v->known, edition, e);
}

int verb_barriers(const struct args *a)
{
    static const char *const allowed[] = {"on", "edition", "catalogue", NULL};
    struct error e = {0};
    struct world w;
    struct barriers b = {0};
    struct view v = {.w = &w, .b = &b, .zh = a->zh};
    struct buf out;
    if (options_check(a, allowed, &e) != OK || world_open(&w, option_get(a, "store"), &e) != OK)
        return print_fault(a, &e);
    int status = 0;
    buf_init(&out);
    if (find_all(a, &w, &v, &b, &e) != OK)
        status = print_fault(a, &e);
    else {
        status = b.n > 0;
        if (a->output == OUTPUT_JSON)
            print_json(&v, &out);
        else if (a->output == OUTPUT_CSV)
            print_csv(&v, &out);
        else
            print_text(&v, &out);
        print_out(&out);
    }
    buf_finish(&out);
    world_close(&w);
    return status;
}
