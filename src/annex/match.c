/*
 * Items to known rules by likeness of words. Pairs of neighbouring characters, each weighed by
 * how few rules have it, so that 境外服务提供者不得 says little and 报关 much. The assignment is
 * the best one (Kuhn, Munkres) within each connected part of the graph of near pairs.
 */
#include "annex/inside.h"

#include <stdlib.h>

enum { NEAREST = 12, RULES = 4096, NEAR_SAME = 350, NEAR_OTHER = 700, SECTION_BONUS = 80,
       NUMBER_BONUS = 40, ORDER_BONUS = 8 };

struct pairs { /* distinct character pairs of a text, ascending */
    int n;
    uint64_t *pair;
    int weight;
    uint64_t whole; /* hash of the spelled text: same words */
};
struct rule_words {
    int provision, order;
    struct pairs words;
};
struct near_rule {
    int rule, value, likeness;
};
struct matching {
    const struct annex *x;
    const struct corpus *c;
    struct arena *a;
    int n_rules;
    struct rule_words *rule;
    int n_known; /* distinct pairs of all rules, with how many rules have each */
    uint64_t *known;
    int *seen_in;
    struct near_rule (*nearest)[NEAREST];
    int *n_nearest;
};

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool counts(int32_t c)
{
    return is_han(c) || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

static struct pairs pairs_of(struct arena *a, struct str s)
{
    struct pairs p = {.whole = 0xcbf29ce484222325}; /* FNV-1a */
    p.pair = ARENA_ARRAY(a, uint64_t, s.n + 1);
    int32_t last = 0;
    int n = 0;
    for (size_t i = 0;;) {
        int32_t c = str_utf8_next(s, &i);
        if (c < 0)
            break;
        c = c >= 'A' && c <= 'Z' ? c + 32 : c >= 0xFF10 && c <= 0xFF19 ? c - 0xFF10 + '0' : c;
        if (!counts(c))
            continue;
        p.whole = (p.whole ^ (uint64_t)c) * (uint64_t)0x100000001b3;
        if (last != 0)
            p.pair[n++] = (uint64_t)last << 32 | (uint64_t)c;
        last = c;
    }
    if (n > 0)
        sort_by(p.pair, (size_t)n, sizeof *p.pair, by_value);
    for (int i = 0; i < n; i++)
        if (i == 0 || p.pair[i] != p.pair[i - 1])
            p.pair[p.n++] = p.pair[i];
    return p;
}

/* --- the known rules ----------------------------------------------------------------------- */

static void add_rules(struct matching *m, int instrument)
{
    const struct instrument *t = &m->c->instrument[instrument];
    for (int k = t->first; k < t->first + t->n && m->n_rules < RULES; k++) {
        const struct provision *p = &m->c->provision[k];
        if (p->effect == EFFECT_DISPLACE)
            continue;
        m->rule[m->n_rules++] = (struct rule_words){k, k - t->first, pairs_of(m->a, p->zh)};
    }
}

static void count_pairs(struct matching *m)
{
    size_t n = 0;
    for (int i = 0; i < m->n_rules; i++)
        n += (size_t)m->rule[i].words.n;
    m->known = ARENA_ARRAY(m->a, uint64_t, n + 1);
    m->seen_in = ARENA_ARRAY(m->a, int, n + 1);
    n = 0;
    for (int i = 0; i < m->n_rules; i++)
        for (int k = 0; k < m->rule[i].words.n; k++)
            m->known[n++] = m->rule[i].words.pair[k];
    if (n > 0)
        sort_by(m->known, n, sizeof *m->known, by_value);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || m->known[i] != m->known[m->n_known - 1])
            m->known[m->n_known++] = m->known[i];
        m->seen_in[m->n_known - 1]++;
    }
}

/* One more than the binary logarithm of how rare; a pair that no rule has says little. */
static int weight_of(const struct matching *m, uint64_t pair)
{
    const uint64_t *at = m->n_known == 0 ? NULL
                                         : bsearch(&pair, m->known, (size_t)m->n_known,
                                                   sizeof *m->known, by_value);
    int w = 1;
    if (at == NULL)
        return 2;
    for (int64_t x = m->seen_in[at - m->known]; 2 * x <= m->n_rules; x *= 2)
        w++;
    return w;
}

static void weigh(const struct matching *m, struct pairs *p)
{
    for (int i = 0; i < p->n; i++)
        p->weight += weight_of(m, p->pair[i]);
}

static int likeness(const struct pairs *item, const int *weight, const struct pairs *rule)
{
    int common = 0;
    if (item->whole == rule->whole && item->n == rule->n)
        return 1000;
    for (int i = 0, k = 0; i < item->n && k < rule->n;) {
        if (item->pair[i] == rule->pair[k]) {
            common += weight[i++];
            k++;
        } else if (item->pair[i] < rule->pair[k]) {
            i++;
        } else {
            k++;
        }
    }
    if (common == 0)
        return 0;
    int dice = (int)(2000L * common / (item->weight + rule->weight));
    int share = (int)(1000L * common / rule->weight);
    int both = (dice + share) / 2;
    return both > 999 ? 999 : both;
}

/* --- near pairs ---------------------------------------------------------------------------- */

static void offer(struct matching *m, int item, struct near_rule n)
{
    struct near_rule *list = m->nearest[item];
    int at = m->n_nearest[item];
    while (at > 0 && n.value > list[at - 1].value)
        at--;
    if (at == NEAREST)
        return;
    if (m->n_nearest[item] < NEAREST)
        m->n_nearest[item]++;
    memmove(&list[at + 1], &list[at],
            (size_t)(m->n_nearest[item] - 1 - at) * sizeof *list);
    list[at] = n;
}

static void find_near(struct matching *m, int item)
{
    const struct annex_item *t = &m->x->item[item];
    struct pairs p = pairs_of(m->a, t->zh);
    int *weight = ARENA_ARRAY(m->a, int, (size_t)p.n + 1);
    for (int i = 0; i < p.n; i++)
        p.weight += weight[i] = weight_of(m, p.pair[i]);
    for (int k = 0; k < m->n_rules; k++) {
        const struct provision *rule = &m->c->provision[m->rule[k].provision];
        bool section = str_eq(rule->section, t->section);
        int like = likeness(&p, weight, &m->rule[k].words);
        if (like < (section ? NEAR_SAME : NEAR_OTHER))
            continue;
        int away = abs(m->rule[k].order - item);
        int value = like * 16 + (section ? SECTION_BONUS * 16 : 0) +
                    (t->no > 0 && t->no == rule->no ? NUMBER_BONUS * 16 : 0) +
                    (away < ORDER_BONUS ? ORDER_BONUS - away : 0);
        offer(m, item, (struct near_rule){k, value, like});
    }
}

/* --- the assignment ------------------------------------------------------------------------ */

static int root_of(int *up, int i)
{
    while (up[i] != i)
        i = up[i] = up[up[i]];
    return i;
}

/* Rules of one key in several editions are one rule: only the likest of them stands. */
static void join_keys(const struct matching *m, int *slot)
{
    for (int k = 0; k < m->n_rules; k++) {
        slot[k] = k;
        const struct provision *p = &m->c->provision[m->rule[k].provision];
        for (int j = 0; j < k; j++) {
            const struct provision *q = &m->c->provision[m->rule[j].provision];
            if (q->instrument != p->instrument && str_eq(q->key, p->key)) {
                slot[k] = slot[j];
                break;
            }
        }
    }
}

/* Kuhn and Munkres with potentials. */
void assign_best(struct arena *a, int n, int m, const int *worth, int *column_of)
{
    int *u = ARENA_ARRAY(a, int, (size_t)n + 1), *v = ARENA_ARRAY(a, int, (size_t)m + 1);
    int *row = ARENA_ARRAY(a, int, (size_t)m + 1), *way = ARENA_ARRAY(a, int, (size_t)m + 1);
    int *low = ARENA_ARRAY(a, int, (size_t)m + 1);
    bool *used = ARENA_ARRAY(a, bool, (size_t)m + 1);
    for (int i = 1; i <= n; i++) {
        int at = 0;
        row[0] = i;
        for (int j = 0; j <= m; j++) {
            low[j] = INT32_MAX;
            used[j] = false;
        }
        do {
            int r = row[at], step = INT32_MAX, next = 0;
            used[at] = true;
            for (int j = 1; j <= m; j++) {
                if (used[j])
                    continue;
                int cost = -worth[(size_t)(r - 1) * (size_t)m + (size_t)(j - 1)] - u[r] - v[j];
                if (cost < low[j]) {
                    low[j] = cost;
                    way[j] = at;
                }
                if (low[j] < step) {
                    step = low[j];
                    next = j;
                }
            }
            for (int j = 0; j <= m; j++) {
                if (used[j]) {
                    u[row[j]] += step;
                    v[j] -= step;
                } else {
                    low[j] -= step;
                }
            }
            at = next;
        } while (row[at] != 0);
        for (; at != 0; at = way[at])
            row[at] = row[way[at]];
    }
    for (int j = 1; j <= m; j++)
        if (row[j] > 0)
            column_of[row[j] - 1] = j - 1;
}

/* One connected part: its items and slots as a dense table, padded with columns worth nothing so
 * that an item may stay alone. */
static void assign_part(struct matching *m, const int *slot, int *column, const int *item,
                        int n_items, struct annex_match *out)
{
    int n_slots = 0;
    int *slots = ARENA_ARRAY(m->a, int, (size_t)n_items * NEAREST + 1);
    for (int i = 0; i < n_items; i++)
        for (int k = 0; k < m->n_nearest[item[i]]; k++) {
            int s = slot[m->nearest[item[i]][k].rule];
            if (column[s] < 0) {
                column[s] = n_slots;
                slots[n_slots++] = s;
            }
        }
    int width = n_slots + n_items;
    int *worth = ARENA_ARRAY(m->a, int, (size_t)n_items * (size_t)width);
    int *got = ARENA_ARRAY(m->a, int, (size_t)n_items);
    for (int i = 0; i < n_items; i++)
        for (int k = m->n_nearest[item[i]] - 1; k >= 0; k--) { /* the likest is written last */
            struct near_rule r = m->nearest[item[i]][k];
            worth[(size_t)i * (size_t)width + (size_t)column[slot[r.rule]]] = r.value;
        }
    assign_best(m->a, n_items, width, worth, got);
    for (int i = 0; i < n_items; i++)
        for (int k = 0; k < m->n_nearest[item[i]] && out[item[i]].provision < 0; k++) {
            struct near_rule r = m->nearest[item[i]][k];
            if (column[slot[r.rule]] == got[i])
                out[item[i]] = (struct annex_match){m->rule[r.rule].provision, r.likeness};
        }
    for (int i = 0; i < n_slots; i++)
        column[slots[i]] = -1;
}

static void assign_all(struct matching *m, struct annex_match *out)
{
    int n = m->x->n;
    int *slot = ARENA_ARRAY(m->a, int, (size_t)m->n_rules + 1);
    int *column = ARENA_ARRAY(m->a, int, (size_t)m->n_rules + 1);
    int *up = ARENA_ARRAY(m->a, int, (size_t)(n + m->n_rules) + 1);
    int *part = ARENA_ARRAY(m->a, int, (size_t)n + 1);
    bool *done = ARENA_ARRAY(m->a, bool, (size_t)n + 1);
    join_keys(m, slot);
    for (int k = 0; k < m->n_rules; k++)
        column[k] = -1;
    for (int i = 0; i < n + m->n_rules; i++)
        up[i] = i;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < m->n_nearest[i]; k++)
            up[root_of(up, i)] = root_of(up, n + slot[m->nearest[i][k].rule]);
    for (int i = 0; i < n; i++) {
        int size = 0;
        if (m->n_nearest[i] == 0 || done[i])
            continue;
        for (int k = i; k < n; k++)
            if (m->n_nearest[k] > 0 && root_of(up, k) == root_of(up, i)) {
                part[size++] = k;
                done[k] = true;
            }
        assign_part(m, slot, column, part, size, out);
    }
}

void annex_match(const struct annex *x, const struct corpus *c, int base, struct arena *a,
                 struct annex_match *out)
{
    struct matching m = {.x = x, .c = c, .a = a};
    m.rule = ARENA_ARRAY(a, struct rule_words, RULES);
    /* Of rules that are alike the first one stands, so national lists go first. */
    for (int zone = 0; zone < 2; zone++)
        for (int i = 0; i < c->n_instruments; i++) {
            const struct instrument *t = &c->instrument[i];
            bool wanted = base >= 0 ? i == base : t->is_layer && instrument_current(t);
            if (wanted && (t->kind != LAYER_NATIONAL) == (zone == 1))
                add_rules(&m, i);
        }
    count_pairs(&m);
    for (int k = 0; k < m.n_rules; k++)
        weigh(&m, &m.rule[k].words);
    m.nearest = arena_array(a, (size_t)x->n + 1, sizeof *m.nearest);
    m.n_nearest = ARENA_ARRAY(a, int, (size_t)x->n + 1);
    for (int i = 0; i < x->n; i++) {
        out[i] = (struct annex_match){-1, 0};
        find_near(&m, i);
    }
    assign_all(&m, out);
}
