/* Pictures and words of lists: the time line, how much is held, the heat map, a rule's life. */
#include "portal/lists.h"
#include "portal/versus.h"

#include <stdio.h>

static struct str keep(const struct view *v, struct buf *b)
{
    struct str s = str_copy(v->arena, buf_view(b));
    buf_finish(b);
    return s;
}

/* --- the time line ------------------------------------------------------------------------ */

enum { LABEL_W = 268, LINE_X = 282, LINE_W = 540, LINE_END = 916, LINE_ALL = 926,
       LANE_H = 28, AXIS_H = 34 };

struct axis {
    day_t from, to;
};

static int axis_x(const struct axis *a, day_t d)
{
    day_t clipped = d < a->from ? a->from : d > a->to ? a->to : d;
    return LINE_X + (int)((int64_t)(clipped - a->from) * LINE_W / (a->to - a->from));
}

static int year_of(day_t d)
{
    int year, month, day;
    day_to_civil(d, &year, &month, &day);
    return year;
}

static bool on_line(const struct instrument *t, enum family f)
{
    return t->family == f && instrument_current(t) && t->valid_from != DAY_MIN;
}

/* From the year of the first beginning to the end of next year. False: nothing to draw. */
static bool axis_of(const struct view *v, enum family f, struct axis *a)
{
    day_t first = DAY_MAX;
    for (int i = 0; i < v->law->n_instruments; i++) {
        const struct instrument *t = &v->law->instrument[i];
        if (on_line(t, f) && t->valid_from < first) {
            first = t->valid_from;
        }
    }
    if (first == DAY_MAX) {
        return false;
    }
    int last = year_of(v->today > first ? v->today : first) + 1;
    *a = (struct axis){day_from_civil(year_of(first), 1, 1), day_from_civil(last + 1, 1, 1)};
    return true;
}

static void text(struct buf *b, const char *css, const char *anchor, int x, int y, struct str s)
{
    buf_printf(b, "<text class=\"%s\" text-anchor=\"%s\" x=\"%d\" y=\"%d\">", css, anchor, x, y);
    page_text_str(b, s);
    buf_z(b, "</text>");
}

static void draw_axis(const struct view *v, const struct axis *a, int height, struct buf *b)
{
    int first = year_of(a->from), last = year_of(a->to);
    int step = (last - first + 8) / 9;
    char z[16];
    for (int y = first; y < last; y += step < 1 ? 1 : step) {
        int x = axis_x(a, day_from_civil(y, 1, 1));
        buf_printf(b, "<path class=\"tick\" d=\"M%d %dV%d\"/>", x, AXIS_H - 8, height);
        snprintf(z, sizeof z, "%d", y);
        text(b, "tick-text", "start", x + 3, AXIS_H - 12, str_from(z));
    }
    buf_printf(b, "<path class=\"today\" d=\"M%d %dV%d\"/>", axis_x(a, v->today), AXIS_H - 8,
               height);
    text(b, "tick-text", "end", LINE_END, AXIS_H - 12, say(v, MSG_tl_items));
}

/* The places of a text in a word or two; how many where there is no such word. */
struct str territory_text(const struct view *v, const struct instrument *t)
{
    uint64_t zones[PLACE_WORDS] = {0};
    int top = -1, n = 0;
    if (bits_count(t->place, PLACE_WORDS) >= (size_t)v->codes->n_places) {
        return say(v, MSG_tl_national);
    }
    if (place_group_bits(v->codes, STR("FTZ"), zones) && bits_equal(zones, t->place, PLACE_WORDS)) {
        return say(v, MSG_to_ftz);
    }
    for (int i = 0; i < v->codes->n_places; i++) {
        int up = v->codes->place[i].parent;
        if (bit_get(t->place, (size_t)i) && (up < 0 || !bit_get(t->place, (size_t)up))) {
            top = i;
            n++;
        }
    }
    return n == 1 ? place_name(v, top) : say_d(v, MSG_tl_places, n, 0);
}

/* What fits beside the lane: of a list the place and the year, else the title, cut. */
static struct str lane_name(const struct view *v, int instrument)
{
    const struct instrument *t = &v->law->instrument[instrument];
    struct str title = instrument_title(v, instrument);
    struct buf b;
    char z[16];
    buf_init(&b);
    if (t->family <= FAMILY_MARKET_ACCESS) {
        snprintf(z, sizeof z, " %d", year_of(t->published));
        buf_str(&b, territory_text(v, t));
        buf_z(&b, z);
        return keep(v, &b);
    }
    size_t at = 0;
    int width = 0;
    while (at < title.n) {
        size_t from = at;
        width += str_utf8_next(title, &at) < 0x2e80 ? 8 : 14; /* of letters of 14 px, no less */
        if (width > LABEL_W - 8) {
            buf_z(&b, "…");
            break;
        }
        buf_put(&b, title.p + from, at - from);
    }
    return keep(v, &b);
}

static void draw_lane(const struct view *v, const struct axis *a, int instrument, int y,
                      struct buf *b)
{
    const struct instrument *t = &v->law->instrument[instrument];
    int x0 = axis_x(a, t->valid_from), x1 = axis_x(a, t->valid_to);
    bool solid = t->edition == EDITION_OFFICIAL || t->edition == EDITION_FACTS;
    x1 = x1 < x0 + 4 ? x0 + 4 : x1;
    text(b, "lane", "end", LABEL_W, y + 18, lane_name(v, instrument));
    buf_printf(b,
               "<rect class=\"span\" fill=\"%s%s%s\" x=\"%d\" y=\"%d\" width=\"%d\" "
               "height=\"14\"/>",
               solid ? "currentColor" : "url(#hatch-", solid ? "" : family_name(t->family),
               solid ? "" : ")", x0, y + 7, x1 - x0);
    if (t->valid_to == DAY_MAX) {
        buf_printf(b, "<path class=\"open\" d=\"M%d %dl8 7l-8 7z\"/>", x1, y + 7);
    }
    text(b, "lane", "end", LINE_END, y + 18, held_text(v, t));
}

/* Drawn by the day it began. */
static int next_lane(const struct view *v, enum family f, int after)
{
    int best = -1;
    const struct instrument *all = v->law->instrument;
    for (int i = 0; i < v->law->n_instruments; i++) {
        bool later = after < 0 || all[i].valid_from > all[after].valid_from ||
                     (all[i].valid_from == all[after].valid_from && i > after);
        if (on_line(&all[i], f) && later &&
            (best < 0 || all[i].valid_from < all[best].valid_from)) {
            best = i;
        }
    }
    return best;
}

struct html lists_timeline(const struct view *v, enum family f)
{
    struct axis a;
    struct buf b;
    int n = 0;
    buf_init(&b);
    if (!axis_of(v, f, &a)) {
        return (struct html){keep(v, &b)};
    }
    for (int i = next_lane(v, f, -1); i >= 0; i = next_lane(v, f, i)) {
        n++;
    }
    int height = AXIS_H + n * LANE_H + 6;
    buf_printf(&b, "<svg class=\"timeline\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
                   "role=\"img\" aria-label=\"", LINE_ALL, height, LINE_ALL, height);
    page_attr_str(&b, say_s(v, MSG_tl_label, family_word(v, f), STR("")));
    buf_printf(&b, "\"><defs><pattern id=\"hatch-%s\" width=\"6\" height=\"6\" "
                   "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
                   "<path class=\"hatch\" d=\"M0 0V6\"/></pattern></defs>", family_name(f));
    draw_axis(v, &a, height, &b);
    int y = AXIS_H;
    for (int i = next_lane(v, f, -1); i >= 0; i = next_lane(v, f, i), y += LANE_H) {
        draw_lane(v, &a, i, y, &b);
    }
    buf_z(&b, "</svg>");
    return (struct html){keep(v, &b)};
}

/* --- how much is held --------------------------------------------------------------------- */

struct html list_held_bar(const struct view *v, const struct instrument *t)
{
    static const char *const css[] = {"grade-a", "grade-b", "grade-c"};
    int total = t->published_total > t->n ? t->published_total : t->n, x = 0;
    struct buf b;
    buf_init(&b);
    buf_z(&b, "<svg class=\"bar\" viewBox=\"0 0 1000 12\" preserveAspectRatio=\"none\" "
              "aria-hidden=\"true\" focusable=\"false\">"
              "<rect class=\"bar-same\" x=\"0\" y=\"0\" width=\"1000\" height=\"12\"/>");
    for (int g = 0; g < 3 && total > 0; g++) {
        int w = t->grades[g] * 1000 / total;
        buf_printf(&b, "<rect class=\"%s\" x=\"%d\" y=\"0\" width=\"%d\" height=\"12\"/>", css[g],
                   x, w);
        x += w;
    }
    buf_z(&b, "</svg>");
    return (struct html){keep(v, &b)};
}

struct str list_held_sentence(const struct view *v, const struct instrument *t)
{
    struct buf b;
    char z[64];
    buf_init(&b);
    if (t->published_total > 0) {
        buf_str(&b, say_d(v, MSG_held_of, t->published_total, t->n));
    } else {
        buf_str(&b, say_d(v, MSG_held_unknown, t->n, 0));
    }
    snprintf(z, sizeof z, "A %d · B %d · C %d", t->grades[0], t->grades[1], t->grades[2]);
    buf_z(&b, z);
    buf_str(&b, say(v, MSG_stop));
    return keep(v, &b);
}

/* --- the heat map ------------------------------------------------------------------------- */

struct str list_section_link(const struct view *v, const struct list_page *p, int code)
{
    struct str id = p->t->id, section = v->codes->gbt.code[code].code;
    struct str path = code == p->section
                          ? link_to(v, "/lists/%.*s", STR_ARG(id))
                          : link_to(v, "/lists/%.*s?section=%.*s", STR_ARG(id), STR_ARG(section));
    struct buf b;
    buf_init(&b);
    buf_str(&b, path);
    buf_z(&b, "#s-");
    buf_str(&b, section);
    return keep(v, &b);
}

/* A place of the column stands for it: the country, the first zone, the port. */
static int column_place(const struct view *v, const struct list_page *p, int column)
{
    for (int i = 0; i < v->codes->n_places; i++) {
        if (bit_get(p->t->place, (size_t)i) && v->codes->place[i].from <= p->heat->on &&
            ((p->heat->column[column] >> place_territory(v->codes, i)) & 1)) {
            return i;
        }
    }
    return 0;
}

struct str list_field_link(const struct view *v, const struct list_page *p, int code, int mode,
                           int column)
{
    struct ask a = {.sector = v->codes->gbt.code[code].code,
                    .mode = (struct str){&"1234"[mode - 1], 1},
                    .from = v->codes->economy[plain_economy(v)].alpha2,
                    .to = v->codes->place[column_place(v, p, column)].code};
    return link_answer(v, &a, "");
}

/* The same page with every item. */
struct str list_items_link(const struct view *v, const struct list_page *p)
{
    struct buf b;
    buf_init(&b);
    buf_printf(&b, "/lists/%.*s", STR_ARG(p->t->id));
    buf_z(&b, "?items=all");
    if (p->section >= 0) {
        buf_printf(&b, "&section=%.*s", STR_ARG(v->codes->gbt.code[p->section].code));
    }
    struct str path = keep(v, &b);
    path = link_to(v, "%.*s", STR_ARG(path));
    buf_init(&b);
    buf_str(&b, path);
    buf_z(&b, "#items");
    return keep(v, &b);
}

struct str list_heat_link(const struct view *v, const struct list_page *p, const char *ending)
{
    struct str id = p->t->id;
    if (p->section < 0) {
        return link_to(v, "/lists/%.*s/heat%s", STR_ARG(id), ending);
    }
    return link_to(v, "/lists/%.*s/heat%s?section=%.*s", STR_ARG(id), ending,
                   STR_ARG(v->codes->gbt.code[p->section].code));
}

struct str list_column_name(const struct view *v, const struct heat *h, int column)
{
    static const enum msg m[] = {MSG_heat_country, MSG_heat_zones, MSG_heat_hainan};
    struct buf b;
    buf_init(&b);
    for (int t = 0; t < TERRITORY_COUNT; t++) {
        if ((h->column[column] >> t) & 1) {
            buf_z(&b, b.n == 0 ? "" : v->lang == LANG_EN ? ", " : "、");
            buf_str(&b, say(v, m[t]));
        }
    }
    return keep(v, &b);
}

enum msg list_field_word(const struct heat_field *f)
{
    static const enum msg m[OUTCOME_COUNT] = {MSG_heat_prohibited, MSG_heat_conditional,
                                              MSG_heat_equal,      MSG_heat_elsewhere,
                                              MSG_heat_carved_out, MSG_heat_undetermined};
    return m[heat_worst(f)];
}

struct str list_share(const struct view *v, const struct heat_field *f)
{
    char z[16];
    uint64_t n = f->outcome[OUTCOME_EQUAL];
    uint64_t tenths = f->cells == 0 ? 0 : n * 1000 / f->cells; /* never rounded up to all */
    if (n > 0 && tenths == 0) {
        return STR("<0.1%");
    }
    snprintf(z, sizeof z, tenths == 1000 ? "100%%" : "%d.%d%%", (int)(tenths / 10),
             (int)(tenths % 10));
    return str_copy(v->arena, str_from(z));
}

/* --- a rule's life ------------------------------------------------------------------------ */

struct str life_sentence(const struct view *v, const struct life *l)
{
    day_t last = life_last(l);
    struct str first = day_text(v, life_first(l));
    if (life_first(l) > v->today) {
        return say_s(v, MSG_life_coming, first, STR(""));
    }
    if (last == DAY_MAX) {
        return say_s(v, MSG_life_open, first, STR(""));
    }
    if (last == DAY_MIN) {
        return say_s(v, MSG_life_gone, first, STR(""));
    }
    return say_s(v, MSG_life_went, first, day_text(v, last - 1));
}

struct str life_changed(const struct view *v, const struct life *l, int station)
{
    const struct station *s = &l->at[station];
    if (s->before < 0) {
        return say(v, MSG_life_first);
    }
    struct str other = instrument_title(v, l->c->provision[l->at[s->before].provision].instrument);
    if (s->n_changed == 0) {
        return say_s(v, MSG_life_unchanged, other, STR(""));
    }
    return say_s(v, MSG_life_changed, other, versus_field_names(v, s->changed, s->n_changed));
}

bool life_untouched_at(const struct life *l, int station)
{
    return station > 0 && life_untouched(l, station);
}

struct str life_diff_link(const struct view *v, const struct life *l, int station)
{
    int before = l->at[station].before, against[EVENT_AGAINST];
    if (before < 0) {
        return STR("");
    }
    int a = l->c->provision[l->at[before].provision].instrument;
    int b = l->c->provision[l->at[station].provision].instrument;
    int n = chronicle_before(v->law, b, v->today, against);
    for (int i = 0; i < n; i++) {
        if (against[i] == a) {
            return versus_link(v, a, b);
        }
    }
    return STR("");
}
