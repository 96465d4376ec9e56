/* A line for exports and one for imports over all periods of a table: what is confidential is a
 * gap, never a zero. */
#include "portal/statistics.h"

#include <stdio.h>

enum { WIDTH = 700, HEIGHT = 260, LEFT = 100, RIGHT = 52, TOP = 40, BOTTOM = 34, LINES = 2 };

struct chart {
    const struct view *v;
    const struct stats_table *t;
    int n_points, *period;  /* nodes, the earliest first */
    int n_lines, flow[LINES];
    const struct gallery_figure **at; /* n_lines x n_points */
    int64_t low, high, step, unit;
};

static struct str keep(const struct view *v, struct buf *b)
{
    struct str s = str_copy(v->arena, buf_view(b));
    buf_finish(b);
    return s;
}

/* --- what is drawn ------------------------------------------------------------------------ */

static int x_of(const struct chart *c, int point)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * point / (c->n_points - 1);
}

static int y_of(const struct chart *c, int64_t value)
{
    __int128 room = HEIGHT - TOP - BOTTOM, up = (__int128)value - c->low;
    return HEIGHT - BOTTOM - (int)(room * up / ((__int128)c->high - c->low));
}

/* Periods of the finest level, the last STATS_POINTS of them. */
static void find_points(struct chart *c, const struct gallery_answer *x)
{
    const struct dimension *d = &c->t->p->plan.dim[DIM_PERIOD];
    bool *met = ARENA_ARRAY(c->v->arena, bool, (size_t)d->n);
    int finest = 0, from = d->n;
    for (int i = 0; i < x->n; i++) {
        met[x->figure[i].at[DIM_PERIOD]] = true;
        int depth = d->node[x->figure[i].at[DIM_PERIOD]].depth;
        finest = depth > finest ? depth : finest;
    }
    for (int i = d->n - 1; i >= 0 && c->n_points < STATS_POINTS; i--)
        if (met[i] && d->node[i].depth == finest) {
            c->n_points++;
            from = i;
        }
    c->period = ARENA_ARRAY(c->v->arena, int, STATS_POINTS);
    for (int i = from, n = 0; i < d->n && n < c->n_points; i++)
        if (met[i] && d->node[i].depth == finest)
            c->period[n++] = i;
}

static int point_of(const struct chart *c, int period)
{
    for (int i = 0; i < c->n_points; i++)
        if (c->period[i] == period)
            return i;
    return -1;
}

static void find_figures(struct chart *c, const struct gallery_answer *x)
{
    c->at = ARENA_ARRAY(c->v->arena, const struct gallery_figure *,
                        (size_t)(LINES * c->n_points) + 1);
    for (int i = 0; i < x->n; i++) {
        const struct gallery_figure *f = &x->figure[i];
        int point = point_of(c, f->at[DIM_PERIOD]);
        for (int k = 0; k < c->n_lines && point >= 0; k++)
            if (f->at[DIM_FLOW] == c->flow[k])
                c->at[k * c->n_points + point] = f;
    }
}

/* Grid lines at 1, 2 or 5 times a power of ten, four or five of them; zero is always in. */
static bool find_scale(struct chart *c)
{
    int64_t low = 0, high = 0, step = 1;
    int open = 0;
    for (int i = 0; i < c->n_lines * c->n_points; i++) {
        if (c->at[i] == NULL || !c->at[i]->open)
            continue;
        open++;
        low = c->at[i]->value < low ? c->at[i]->value : low;
        high = c->at[i]->value > high ? c->at[i]->value : high;
    }
    if (open < STATS_POINTS_MIN || high / 4 - low / 4 < 1)
        return false;
    for (int turn = 0; step < (high / 4 - low / 4) && step < INT64_MAX / 10; turn++)
        step = turn % 3 == 1 ? step / 2 * 5 : step * 2;
    c->step = step;
    c->high = (high + step - 1) / step * step;
    c->low = -((-low + step - 1) / step * step);
    c->unit = stats_unit(c->v, c->high);
    return true;
}

/* --- drawing ------------------------------------------------------------------------------ */

static void text(struct buf *b, const char *css, const char *anchor, int x, int y, struct str s)
{
    buf_printf(b, "<text class=\"%s\" text-anchor=\"%s\" x=\"%d\" y=\"%d\">", css, anchor, x, y);
    page_text_str(b, s);
    buf_z(b, "</text>");
}

static struct str mark_text(const struct chart *c, int64_t y)
{
    int64_t n = y / c->unit;
    if (c->step % c->unit != 0 || y < 0)
        return stats_amount(c->v, y, c->unit);
    return count_text(c->v, (uint64_t)n);
}

static bool begins_year(const struct chart *c, int point)
{
    struct str s = stats_code(c->t->p, DIM_PERIOD, c->period[point]);
    return s.n < 7 || (s.p[6] == '1' && (s.p[5] == '0' || s.p[5] == 'Q'));
}

/* Where years begin, if two of them do; else some, counted from the last. */
static void draw_periods(const struct chart *c, struct buf *b)
{
    enum { LABELS = 6, ROOM = 80 };
    int begins = 0, every = (c->n_points + LABELS - 1) / LABELS, last = WIDTH + ROOM;
    for (int i = 0; i < c->n_points; i++)
        begins += begins_year(c, i);
    for (int i = c->n_points - 1; i >= 0; i--) {
        bool wanted = begins > 1 ? begins_year(c, i) : (c->n_points - 1 - i) % every == 0;
        if (!wanted || last - x_of(c, i) < ROOM)
            continue;
        last = x_of(c, i);
        text(b, "tick-text", "middle", last, HEIGHT - 8,
             stats_code(c->t->p, DIM_PERIOD, c->period[i]));
    }
}

static void draw_grid(const struct chart *c, struct buf *b)
{
    for (int64_t y = c->low; y <= c->high; y += c->step) {
        buf_printf(b, "<path class=\"tick\" d=\"M%d %dH%d\"/>", LEFT, y_of(c, y), WIDTH - RIGHT);
        text(b, "tick-text", "end", LEFT - 8, y_of(c, y) + 5, mark_text(c, y));
    }
    draw_periods(c, b);
    text(b, "tick-text", "start", 4, 18, stats_unit_word(c->v, c->unit));
}

static void draw_point(const struct chart *c, int line, int point, struct buf *b)
{
    const struct gallery_figure *f = c->at[line * c->n_points + point];
    int64_t value = f == NULL ? 0 : f->value;
    buf_printf(b, "<circle class=\"%s\" cx=\"%d\" cy=\"%d\" r=\"4\"><title>",
               line == 0 ? "one" : "two", x_of(c, point), y_of(c, value));
    page_text_str(b, stats_name(c->v, c->t->p, DIM_PERIOD, c->period[point]));
    buf_char(b, ' ');
    page_text_str(b, stats_name(c->v, c->t->p, DIM_FLOW, c->flow[line]));
    buf_char(b, ' ');
    page_text_str(b, stats_amount(c->v, value, c->unit));
    buf_z(b, "</title></circle>");
}

static bool open_at(const struct chart *c, int line, int point)
{
    if (point < 0 || point >= c->n_points)
        return false;
    const struct gallery_figure *f = c->at[line * c->n_points + point];
    return f == NULL || f->open;
}

/* One path through all stretches of open points, with the sample of the key at its head; points
 * above it. */
static void draw_line(const struct chart *c, int line, struct buf *b)
{
    int key = LEFT + 60 + line * 210;
    buf_printf(b, "<path class=\"%s\" d=\"M%d 13h30", line == 0 ? "one" : "two", key);
    for (int i = 0; i < c->n_points; i++) {
        const struct gallery_figure *f = c->at[line * c->n_points + i];
        bool from = open_at(c, line, i - 1);
        if (open_at(c, line, i) && (from || open_at(c, line, i + 1)))
            buf_printf(b, "%c%d %d", from ? 'L' : 'M', x_of(c, i),
                       y_of(c, f == NULL ? 0 : f->value));
    }
    buf_z(b, "\"/>");
    for (int i = 0; i < c->n_points; i++)
        if (open_at(c, line, i))
            draw_point(c, line, i, b);
    text(b, "lane", "start", key + 38, 18, stats_name(c->v, c->t->p, DIM_FLOW, c->flow[line]));
}

static struct html draw(const struct chart *c)
{
    struct buf b;
    buf_init(&b);
    buf_printf(&b, "<svg class=\"timeline chart\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
                   "role=\"img\" aria-label=\"", WIDTH, HEIGHT, WIDTH, HEIGHT);
    page_attr_str(&b, say_s(c->v, MSG_st_chart, stats_title(c->v, c->t->p, c->t->q.table),
                            STR("")));
    buf_z(&b, "\">");
    draw_grid(c, &b);
    for (int k = 0; k < c->n_lines; k++)
        draw_line(c, k, &b);
    buf_z(&b, "</svg>");
    return (struct html){keep(c->v, &b)};
}

/* Of one row: that which was fixed, else the total. */
struct html stats_chart(const struct view *v, const struct stats_table *t)
{
    struct chart c = {.v = v, .t = t, .n_lines = 1, .flow = {t->flow, 0}};
    struct gallery_question q = t->q;
    struct gallery_answer x;
    q.want[DIM_PERIOD] = -1;
    for (int d = DIM_ITEM; d < DIM_COUNT; d++)
        q.want[d] = q.want[d] < 0 ? 0 : q.want[d];
    if (q.want[DIM_FLOW] < 0) {
        c.n_lines = 2;
        c.flow[0] = publication_node(&t->p->plan, DIM_FLOW, STR("C"));
        c.flow[1] = publication_node(&t->p->plan, DIM_FLOW, STR("D"));
    }
    if (!t->answer.released || gallery_read(t->gallery, &q, v->arena, &x, NULL) != OK)
        return (struct html){STR("")};
    find_points(&c, &x);
    if (c.n_points < STATS_POINTS_MIN)
        return (struct html){STR("")};
    find_figures(&c, &x);
    return find_scale(&c) ? draw(&c) : (struct html){STR("")};
}
