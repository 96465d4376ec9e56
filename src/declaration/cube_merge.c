/* The monoid of cubes over shards that are disjoint by contributor. */
#include "declaration/cube_work.h"

#include <stdlib.h>

#include "base/huge.h"

struct merging {
    const struct cube *const *shard;
    int n;
    struct cube *out;
    uint32_t **number; /* [shard][party]: its number in the whole */
    size_t *at;
};

/* The shard whose next identity is least, -1 at the end. */
static int least_party(const struct merging *m)
{
    int best = -1;
    for (int i = 0; i < m->n; i++) {
        if (m->at[i] < m->shard[i]->parties.n &&
            (best < 0 || memcmp(m->shard[i]->parties.id[m->at[i]],
                                m->shard[best]->parties.id[m->at[best]], PARTY_ID_BYTES) < 0)) {
            best = i;
        }
    }
    return best;
}

static enum err renumber(struct merging *m, struct error *e)
{
    struct parties *p = &m->out->parties;
    size_t all = 0;
    for (int i = 0; i < m->n; i++) {
        all += m->shard[i]->parties.n;
        m->number[i] = huge_alloc(m->shard[i]->parties.n * sizeof **m->number);
    }
    if (all > LIMIT_PARTIES) {
        return err_set(e, ERR_LIMIT, "申报主体超过 LIMIT_PARTIES（%d）个",
                       "there are more than LIMIT_PARTIES (%d) parties", (int)LIMIT_PARTIES);
    }
    p->id = huge_alloc((all + 1) * sizeof *p->id);
    m->out->reg = calloc(all + 1, sizeof *m->out->reg);
    check(m->out->reg != NULL);
    for (int i; (i = least_party(m)) >= 0; p->n++) {
        const char *id = m->shard[i]->parties.id[m->at[i]];
        if (p->n > 0 && memcmp(p->id[p->n - 1], id, PARTY_ID_BYTES) == 0) {
            return err_set(e, ERR_INVALID, "申报主体 %.18s 在两个分片里",
                           "party %.18s is in two shards", id);
        }
        memcpy(p->id[p->n], id, PARTY_ID_BYTES);
        m->out->reg[p->n] = m->shard[i]->reg[m->at[i]];
        m->number[i][m->at[i]++] = p->n;
    }
    for (int i = 0; i < m->n; i++) { /* contributors, now that all have their numbers */
        for (uint32_t j = 0; j < m->shard[i]->parties.n; j++) {
            m->out->reg[m->number[i][j]].contributor =
                m->number[i][m->shard[i]->reg[j].contributor];
        }
    }
    return OK;
}

/* The larger first; among equals the lower number. */
static void insert_top(struct cell *c, uint32_t party, int64_t v)
{
    for (int i = 0; i < 2 && party != UINT32_MAX; i++) {
        bool ahead = c->top_party[i] == UINT32_MAX || v > c->top[i] ||
                     (v == c->top[i] && party < c->top_party[i]);
        if (ahead) {
            uint32_t p = c->top_party[i];
            int64_t was = c->top[i];
            c->top_party[i] = party;
            c->top[i] = v;
            party = p;
            v = was;
        }
    }
}

static enum err add_cell(struct cell *to, const struct cell *c, const uint32_t *number,
                         struct error *e)
{
    if (__builtin_add_overflow(to->sum, c->sum, &to->sum)) {
        return err_set(e, ERR_LIMIT, "一个单元的金额超出 64 位整数",
                       "the sum of a cell exceeds 64 bits");
    }
    to->count += c->count;
    to->contributors += c->contributors;
    for (int i = 0; i < 2; i++) {
        insert_top(to, c->top_party[i] == UINT32_MAX ? UINT32_MAX : number[c->top_party[i]],
                   c->top[i]);
    }
    return OK;
}

static int least_cell(const struct merging *m)
{
    int best = -1;
    for (int i = 0; i < m->n; i++) {
        if (m->at[i] < m->shard[i]->n_cells &&
            (best < 0 || m->shard[i]->cell[m->at[i]].key < m->shard[best]->cell[m->at[best]].key)) {
            best = i;
        }
    }
    return best;
}

static enum err merge_cells(struct merging *m, struct error *e)
{
    struct cube *out = m->out;
    size_t all = 0;
    for (int i = 0; i < m->n; i++) {
        all += m->shard[i]->n_cells;
        m->at[i] = 0;
    }
    if (all > LIMIT_CUBE_CELLS) {
        return err_set(e, ERR_LIMIT, "单元数超过 LIMIT_CUBE_CELLS（%d）",
                       "more than LIMIT_CUBE_CELLS (%d) cells", (int)LIMIT_CUBE_CELLS);
    }
    out->cell = huge_alloc((all + 1) * sizeof *out->cell);
    for (int i; (i = least_cell(m)) >= 0;) {
        const struct cell *c = &m->shard[i]->cell[m->at[i]++];
        if (out->n_cells == 0 || out->cell[out->n_cells - 1].key != c->key) {
            out->cell[out->n_cells++] =
                (struct cell){.key = c->key, .top_party = {UINT32_MAX, UINT32_MAX}};
        }
        TRY(add_cell(&out->cell[out->n_cells - 1], c, m->number[i], e));
    }
    return OK;
}

static int by_place(const void *x, const void *y)
{
    const struct contribution *a = x, *b = y;
    if (a->key != b->key) {
        return a->key < b->key ? -1 : 1;
    }
    return (a->member > b->member) - (a->member < b->member);
}

static void merge_contributions(struct merging *m)
{
    struct cube *out = m->out;
    size_t all = 0;
    for (int i = 0; i < m->n; i++) {
        if (m->shard[i]->n_contributions == 0 && m->shard[i]->n_cells > 0) {
            return; /* one shard kept none: neither does the whole */
        }
        all += m->shard[i]->n_contributions;
    }
    out->contribution = huge_alloc((all + 1) * sizeof *out->contribution);
    for (int i = 0; i < m->n; i++) {
        for (size_t j = 0; j < m->shard[i]->n_contributions; j++) {
            struct contribution c = m->shard[i]->contribution[j];
            c.member = m->number[i][c.member];
            c.party = out->reg[c.member].contributor;
            out->contribution[out->n_contributions++] = c;
        }
    }
    sort_by(out->contribution, all, sizeof *out->contribution, by_place);
}

static void merge_repeats(struct merging *m)
{
    struct cube *out = m->out;
    size_t all = 0;
    for (int i = 0; i < m->n; i++) {
        all += m->shard[i]->n_repeats;
    }
    out->repeat = calloc(all + 1, sizeof *out->repeat);
    check(out->repeat != NULL);
    for (int i = 0; i < m->n; i++) {
        for (size_t j = 0; j < m->shard[i]->n_repeats; j++) {
            out->repeat[out->n_repeats] = m->shard[i]->repeat[j];
            out->repeat[out->n_repeats].member = m->number[i][m->shard[i]->repeat[j].member];
            out->n_repeats++;
        }
    }
    sort_by(out->repeat, all, sizeof *out->repeat, repeat_order);
    out->n_repeats = all < LIMIT_REPEATS ? all : LIMIT_REPEATS;
}

static enum err merge_all(struct merging *m, struct error *e)
{
    struct cube *out = m->out;
    out->scheme = m->shard[0]->scheme;
    for (int i = 0; i < m->n; i++) {
        const struct cube *c = m->shard[i];
        check(c->scheme == out->scheme);
        out->records += c->records;
        out->voided += c->voided;
        out->queried_r7 += c->queried_r7;
        out->unrated += c->unrated;
        out->spilled |= c->spilled;
        if (__builtin_add_overflow(out->credit, c->credit, &out->credit) ||
            __builtin_add_overflow(out->debit, c->debit, &out->debit)) {
            return err_set(e, ERR_LIMIT, "总额超出 64 位整数", "a total exceeds 64 bits");
        }
    }
    TRY(renumber(m, e));
    TRY(merge_cells(m, e));
    merge_contributions(m);
    merge_repeats(m);
    cube_digest(out, 1);
    return OK;
}

enum err cube_merge(struct cube *out, const struct cube *const *shard, int n, struct error *e)
{
    check(n >= 1);
    *out = (struct cube){0};
    struct merging m = {.shard = shard,
                        .n = n,
                        .out = out,
                        .number = calloc((size_t)n, sizeof *m.number),
                        .at = calloc((size_t)n, sizeof *m.at)};
    check(m.number != NULL && m.at != NULL);
    enum err err = merge_all(&m, e);
    for (int i = 0; i < n; i++) {
        free(m.number[i]);
    }
    free(m.number);
    free(m.at);
    if (err != OK) {
        cube_finish(out);
    }
    return err;
}
