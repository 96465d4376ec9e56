/* A published rate of change or share is a figure too: it ties two cells within its rounding. */
#include "disclosure/system.h"

static void keep_derived(struct system *s, struct derived d)
{
    /* Grows by doubling; the number alone tells when the room is used up. */
    if ((s->n_derived & (s->n_derived - 1)) == 0) {
        size_t room = s->n_derived == 0 ? 1 : 2 * (size_t)s->n_derived;
        struct derived *more = ARENA_ARRAY(s->arena, struct derived, room);
        if (s->n_derived > 0)
            memcpy(more, s->derived, (size_t)s->n_derived * sizeof *more);
        s->derived = more;
    }
    s->derived[s->n_derived++] = d;
}

/* b / a in percent to `decimals` places, and the rate of change 100 (b - a) / a too, fix the
 * quotient within half a unit of the last place. */
enum err system_derive(struct system *s, int a, int b, int decimals, struct error *e)
{
    check(a >= 0 && a < s->n_cells && b >= 0 && b < s->n_cells && a != b);
    check(decimals >= 0 && decimals <= 9);
    int64_t from = s->cell[a].value, to = s->cell[b].value, scale = 100;
    if (from <= 0)
        return err_set(e, ERR_INVALID, "基数不是正数，不能公布变化率或比重",
                       "the base is not positive: no rate or share can be published");
    for (int i = 0; i < decimals; i++)
        scale *= 10;
    __int128 twice = (__int128)to * scale * 2; /* rounded half away from zero */
    __int128 half = twice < 0 ? -(__int128)from : (__int128)from;
    __int128 rounded = (twice + half) / (2 * (__int128)from);
    double unit = (double)scale;
    keep_derived(s, (struct derived){.a = a, .b = b, .low = ((double)rounded - 0.5) / unit,
                                     .high = ((double)rounded + 0.5) / unit});
    return OK;
}
