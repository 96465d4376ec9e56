/* Floors over time, and the least fixed point of most-favoured-nation clauses. */
#include "openness/floor.h"

enum worse span_worse(struct span then, struct span now)
{
    if (now.lo > then.hi)
        return SURELY_WORSE;
    return now.hi > then.hi || now.lo > then.lo ? MAY_BE_WORSE : NOT_WORSE;
}

static bool more_favourable(struct span x, struct span than)
{
    return x.hi <= than.hi && x.lo <= than.lo && (x.hi < than.hi || x.lo < than.lo);
}

int history_renewals(struct piece *h, int n, int grace)
{
    int out = 0;
    for (int i = 0; i < n; i++) {
        struct piece p = h[i];
        bool inner = out > 0 && i + 1 < n && h[out - 1].governed && h[i + 1].governed;
        if (inner && grace > 0 && h[i + 1].from - p.from <= grace &&
            (!p.governed || (more_favourable(p.value, h[out - 1].value) &&
                             more_favourable(p.value, h[i + 1].value))))
            continue; /* the piece before goes on */
        h[out++] = p;
    }
    return out;
}

static struct span best_of(struct span x, struct span y)
{
    return (struct span){x.lo < y.lo ? x.lo : y.lo, x.hi < y.hi ? x.hi : y.hi};
}

/* The first piece that counts from t0 on: the one that holds on t0. */
static int first_since(const struct piece *h, int n, day_t t0)
{
    int i = 0;
    while (i + 1 < n && h[i + 1].from <= t0)
        i++;
    return i;
}

/* The floor and the piece that set it (the last one that lowered it). */
static int floor_before(const struct piece *h, int n, enum floor_kind kind, day_t t0, int at,
                        struct span *out)
{
    int start = first_since(h, n, t0), by = -1;
    if (at <= start)
        return -1;
    if (kind != FLOOR_RATCHET) {
        by = kind == FLOOR_STEP ? at - 1 : start;
        *out = h[by].value;
        return h[by].governed ? by : -1;
    }
    for (int i = start; i < at; i++) {
        if (!h[i].governed)
            continue;
        struct span x = by < 0 ? h[i].value : best_of(*out, h[i].value);
        if (by < 0 || x.lo != out->lo || x.hi != out->hi)
            by = i;
        *out = x;
    }
    return by;
}

bool history_floor(const struct piece *h, int n, enum floor_kind kind, day_t t0, int at,
                   struct span *out)
{
    return floor_before(h, n, kind, t0, at, out) >= 0;
}

int history_slides(const struct piece *h, int n, enum floor_kind kind, day_t t0,
                   struct slide *out, int room)
{
    int found = 0;
    for (int i = 1; i < n; i++) {
        struct slide s = {.at = i, .value = h[i].value};
        bool same = h[i - 1].governed && h[i].governed && h[i - 1].value.lo == h[i].value.lo &&
                    h[i - 1].value.hi == h[i].value.hi;
        if (!h[i].governed || same)
            continue;
        s.by = floor_before(h, n, kind, t0, i, &s.floor);
        if (s.by < 0 || (s.worse = span_worse(s.floor, s.value)) == NOT_WORSE)
            continue;
        if (found < room)
            out[found] = s;
        found++;
    }
    return found;
}

static size_t mfn_at(const struct mfn_space *m, int agreement, int party)
{
    return ((size_t)agreement * (size_t)m->parties + (size_t)party) * m->cells;
}

/* Lowers what one party has under a clause to what another has; true if anything fell. */
static bool mfn_take(const struct mfn_space *m, const struct mfn_clause *k, size_t to, size_t from,
                     uint8_t *benefit, uint8_t *via)
{
    bool fell = false;
    for (size_t c = 0; c < m->cells; c++) {
        if (benefit[from + c] >= benefit[to + c] || (k->marked && !bit_get(k->marked, c)))
            continue;
        benefit[to + c] = benefit[from + c];
        if (via)
            via[to + c] = via[from + c];
        fell = true;
    }
    return fell;
}

static bool mfn_clause_round(const struct mfn_space *m, const struct mfn_clause *k,
                             uint8_t *benefit, uint8_t *via)
{
    bool fell = false;
    for (int o = 0; o < m->parties; o++) {
        if (!bit_get(k->beneficiary, (size_t)o))
            continue;
        for (int j = 0; j < m->agreements; j++)
            for (int p = 0; p < m->parties && ((k->refers >> j) & 1); p++)
                if (p != o && !bit_get(k->excluded, (size_t)p))
                    fell |= mfn_take(m, k, mfn_at(m, k->agreement, o), mfn_at(m, j, p), benefit,
                                     via);
    }
    return fell;
}

int mfn_least(const struct mfn_space *m, uint8_t *benefit, uint8_t *via)
{
    check(m->agreements <= 64 && m->parties <= LIMIT_ORIGINS);
    memcpy(benefit, m->own, mfn_at(m, m->agreements, 0));
    for (int i = 0; via != NULL && i < m->agreements; i++)
        memset(via + mfn_at(m, i, 0), i, (size_t)m->parties * m->cells);
    int rounds = 0;
    for (bool fell = true; fell; rounds++) {
        fell = false;
        for (int k = 0; k < m->n_clauses; k++)
            fell |= mfn_clause_round(m, &m->clause[k], benefit, via);
    }
    return rounds;
}
