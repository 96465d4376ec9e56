/* Two answers to every question, and what their difference is laid to. See rehearsal.h. */
#include "rehearsal/rehearsal.h"

#include <stdlib.h>

/* --- one change ------------------------------------------------------------------------- */

struct pair { /* both answers to one question */
    struct answer before, after;
};

static const char *const shift_names[] = {"same", "improved", "worsened", "sideways"};

const char *shift_name(enum shift c)
{
    return shift_names[c];
}

const char *shift_reason(const struct shift_group *g)
{
    bool list = g->before == OUTCOME_ELSEWHERE || g->after == OUTCOME_ELSEWHERE;
    return g->n_causes > 0 ? NULL : list ? "list" : "carve-outs";
}

static enum shift compare(const struct answer *a, const struct answer *b)
{
    if (a->treatment == SILENT || b->treatment == SILENT)
        return a->outcome == b->outcome ? SHIFT_SAME : SHIFT_SIDEWAYS;
    if (a->treatment != b->treatment)
        return b->treatment < a->treatment ? SHIFT_IMPROVED : SHIFT_WORSENED;
    if (a->must != b->must)
        return b->must < a->must ? SHIFT_IMPROVED : SHIFT_WORSENED;
    return a->outcome == b->outcome ? SHIFT_SAME : SHIFT_SIDEWAYS;
}

static bool is_changed(const struct rehearsal *r, const struct provision *p)
{
    const struct instrument *i = &snapshot_corpus(r->s)->instrument[p->instrument];
    return i->known_to == r->known || i->known_from == r->known;
}

/* Does the provision stand in the other answer with the same value? The same rule keeps its key
 * from one edition to the next; only a text that the draft changes has another self. */
static bool stands(const struct rehearsal *r, const struct match *m, const struct answer *other)
{
    const struct corpus *c = snapshot_corpus(r->s);
    const struct provision *x = &c->provision[m->provision];
    for (int i = 0; i < other->n_matches; i++) {
        const struct match *o = &other->match[i];
        const struct provision *y = &c->provision[o->provision];
        bool twin = x == y || (x->instrument != y->instrument && str_eq(x->key, y->key) &&
                               is_changed(r, x) && is_changed(r, y));
        if (twin && m->lo == o->lo && m->hi == o->hi)
            return true;
    }
    return false;
}

static void add_cause(struct shift_group *g, int p)
{
    int at = g->n_causes < REHEARSE_CAUSES ? g->n_causes : REHEARSE_CAUSES;
    for (int k = 0; k < at; k++)
        if (g->cause[k] == p)
            return;
    g->n_causes++;
    if (at == REHEARSE_CAUSES)
        return;
    for (; at > 0 && g->cause[at - 1] > p; at--)
        g->cause[at] = g->cause[at - 1];
    g->cause[at] = p;
}

static bool prevails(const struct answer *a, int provision)
{
    for (int i = 0; i < a->n_prevailing; i++)
        if (a->prevailing[i] == provision)
            return true;
    return false;
}

/* Those of `mine` that do not stand in `other`: of what prevails, or of all matches. */
static void add_moved(const struct rehearsal *r, const struct answer *mine,
                      const struct answer *other, bool prevailing, struct shift_group *g)
{
    const struct corpus *c = snapshot_corpus(r->s);
    for (int i = 0; i < mine->n_matches; i++) {
        const struct match *m = &mine->match[i];
        bool out = m->reason == REASON_EXCEPTED || m->reason == REASON_EXEMPTED ||
                   m->reason == REASON_NOT_THIS_ACTIVITY;
        if (!out && is_changed(r, &c->provision[m->provision]) && !stands(r, m, other) &&
            (!prevailing || prevails(mine, m->provision)))
            add_cause(g, m->provision);
    }
}

static void find_causes(const struct rehearsal *r, const struct pair *p, struct shift_group *g)
{
    const struct answer *worse = g->shift == SHIFT_IMPROVED ? &p->before : &p->after;
    const struct answer *other = g->shift == SHIFT_IMPROVED ? &p->after : &p->before;
    add_moved(r, worse, other, true, g);
    if (g->shift == SHIFT_SIDEWAYS)
        add_moved(r, other, worse, true, g);
    if (g->n_causes == 0) {
        add_moved(r, worse, other, false, g);
        add_moved(r, other, worse, false, g);
    }
    bool found = g->n_causes > 0;
    for (int i = 0; !found && i < worse->n_prevailing; i++)
        add_cause(g, worse->prevailing[i]);
}

/* --- groups ----------------------------------------------------------------------------- */

static bool same_group(const struct shift_group *a, const struct shift_group *b)
{
    int kept = a->n_causes < REHEARSE_CAUSES ? a->n_causes : REHEARSE_CAUSES;
    return a->before == b->before && a->after == b->after && a->shift == b->shift &&
           a->n_causes == b->n_causes &&
           memcmp(a->cause, b->cause, (size_t)kept * sizeof *a->cause) == 0;
}

static uint32_t group_hash(const struct shift_group *g)
{
    uint32_t h = (uint32_t)g->before * 64 + (uint32_t)g->after * 8 + (uint32_t)g->shift;
    for (int i = 0; i < g->n_causes && i < REHEARSE_CAUSES; i++)
        h = (h ^ (uint32_t)g->cause[i]) * 16777619u;
    return h ^ h >> 15;
}

static enum err find_group(struct rehearsal *r, const struct shift_group *like,
                           struct shift_group **out, struct error *e)
{
    uint32_t at = group_hash(like) % REHEARSE_TABLE;
    while (r->table[at] != NULL && !same_group(r->table[at], like))
        at = (at + 1) % REHEARSE_TABLE;
    if (r->table[at] == NULL) {
        if (r->n_groups == LIMIT_REHEARSE_GROUPS)
            return err_set(e, ERR_LIMIT, "变化多于 %d 种", "more than %d kinds of change",
                           (int)LIMIT_REHEARSE_GROUPS);
        r->table[at] = ARENA_NEW(&r->arena, struct shift_group);
        *r->table[at] = *like;
        r->group[r->n_groups++] = r->table[at];
    }
    *out = r->table[at];
    return OK;
}

static struct verdict verdict_of(const struct rehearsal *r, const struct question *q)
{
    static _Thread_local struct explanation x; /* large, and only for samples */
    explain(r->s, q, &x);
    return (struct verdict){x.answer.outcome, x.answer.must, x.answer.treatment,
                            x.answer.favoured_by, x.evidence};
}

static void add_sample(const struct rehearsal *r, const struct asked *k, const struct question *q,
                       struct shift_group *g)
{
    struct sample *s = &g->sample[g->n_samples++];
    struct question then = *q;
    then.known = r->known - 1;
    s->before = verdict_of(r, &then);
    then.known = r->known;
    s->after = verdict_of(r, &then);
    s->line = k->line;
    memcpy(s->id, k->id, sizeof s->id);
    s->value = k->value;
    s->cells = k->cells;
    s->q = *q;
    s->q.facts = NULL;
}

/* --- commitments ------------------------------------------------------------------------ */

static bool may_claim(const struct corpus *c, const struct instrument *t, const struct question *q)
{
    return t->claimable && t->valid_from <= q->on && q->on < t->valid_to &&
           t->known_from <= q->known && q->known < t->known_to &&
           bit_get(t->place, (size_t)q->place) &&
           (t->group.n > 0 ? group_has(c->codes, t->group, q->origin, q->on)
                           : bit_get(t->origin, (size_t)q->origin));
}

static void find_commitments(struct rehearsal *r, const struct question *q,
                             const struct answer *now)
{
    static _Thread_local struct answer a;
    const struct corpus *c = snapshot_corpus(r->s);
    for (int l = 0; l < c->n_layers; l++) {
        struct question claim = *q;
        if (((q->claims >> l) & 1) || !may_claim(c, &c->instrument[c->layer[l]], q))
            continue;
        claim.claims |= (uint64_t)1 << l;
        decide(r->s, &claim, &a);
        if (compare(now, &a) == SHIFT_IMPROVED)
            r->committed[l]++;
    }
}

/* --- one question ----------------------------------------------------------------------- */

static enum err add_value(int64_t *sum, int64_t value, struct error *e)
{
    if (!__builtin_add_overflow(*sum, value, sum))
        return OK;
    return err_set(e, ERR_LIMIT, "贸易额之和超过 %s 分", "the values add up to more than %s cents",
                   "9223372036854775807");
}

static void add_answer(struct tally *t, const struct asked *k, const struct question *q)
{
    t->answers++;
    t->cells += k->cells;
    bit_set(t->leaf, (size_t)q->sector);
}

static enum err add_change(struct rehearsal *r, const struct asked *k, const struct question *q,
                           const struct pair *p, enum shift shift, struct error *e)
{
    struct shift_group like = {.before = p->before.outcome, .after = p->after.outcome,
                                .shift = shift, .last_line = -1};
    struct shift_group *g = NULL;
    find_causes(r, p, &like);
    TRY(find_group(r, &like, &g, e));
    add_answer(&g->count, k, q);
    if (g->last_line != k->line) { /* lines ascend; each witness has a number of its own */
        g->last_line = k->line;
        g->count.questions++;
        TRY(add_value(&g->count.value, k->value, e));
    }
    if (g->n_samples < REHEARSE_SAMPLES)
        add_sample(r, k, q, g);
    if (shift == SHIFT_WORSENED)
        find_commitments(r, q, &p->after);
    return OK;
}

static enum err ask_leaf(struct rehearsal *r, const struct asked *k, struct question *q,
                         bool met[SHIFT_COUNT], struct error *e)
{
    static _Thread_local struct pair p;
    q->known = r->known - 1;
    decide(r->s, q, &p.before);
    q->known = r->known;
    decide(r->s, q, &p.after);
    enum shift shift = compare(&p.before, &p.after);
    add_answer(&r->all, k, q);
    add_answer(&r->tally[shift], k, q);
    r->matrix[p.before.outcome][p.after.outcome]++;
    met[shift] = true;
    return shift == SHIFT_SAME ? OK : add_change(r, k, q, &p, shift, e);
}

enum err rehearse_ask(struct rehearsal *r, const struct asked *k, struct error *e)
{
    const struct corpus *c = snapshot_corpus(r->s);
    struct question q = k->q;
    bool met[SHIFT_COUNT] = {false};
    day_t first = c->instrument[r->draft].valid_from;
    q.on = q.on < first ? first : q.on;
    for (int leaf = q.sector; leaf < c->codes->gbt.n_leaves; leaf++)
        if (bit_get(k->leaves, (size_t)leaf)) {
            q.sector = leaf;
            TRY(ask_leaf(r, k, &q, met, e));
        }
    if (met[SHIFT_IMPROVED] || met[SHIFT_WORSENED] || met[SHIFT_SIDEWAYS])
        met[SHIFT_SAME] = false;
    r->questions++;
    r->all.questions++;
    TRY(add_value(&r->all.value, k->value, e));
    for (int i = 0; i < SHIFT_COUNT; i++)
        if (met[i]) {
            r->tally[i].questions++;
            TRY(add_value(&r->tally[i].value, k->value, e));
        }
    return OK;
}

/* --- all of them ------------------------------------------------------------------------ */

void rehearsal_init(struct rehearsal *r, const struct snapshot *s, int draft, day_t known)
{
    memset(r, 0, sizeof *r);
    arena_init(&r->arena);
    r->s = s;
    r->draft = draft;
    r->known = known;
    r->table = ARENA_ARRAY(&r->arena, struct shift_group *, REHEARSE_TABLE);
    r->group = ARENA_ARRAY(&r->arena, struct shift_group *, LIMIT_REHEARSE_GROUPS);
}

void rehearsal_finish(struct rehearsal *r)
{
    arena_finish(&r->arena);
    memset(r, 0, sizeof *r);
}

uint64_t rehearsal_changed(const struct rehearsal *r)
{
    return r->all.answers - r->tally[SHIFT_SAME].answers;
}

/* Most answers first; then the greater value; then as the causes come in the corpus. */
static int by_weight(const void *a, const void *b)
{
    const struct shift_group *x = *(struct shift_group *const *)a;
    const struct shift_group *y = *(struct shift_group *const *)b;
    if (x->count.answers != y->count.answers)
        return x->count.answers < y->count.answers ? 1 : -1;
    if (x->count.value != y->count.value)
        return x->count.value < y->count.value ? 1 : -1;
    for (int i = 0; i < x->n_causes && i < y->n_causes && i < REHEARSE_CAUSES; i++)
        if (x->cause[i] != y->cause[i])
            return x->cause[i] < y->cause[i] ? -1 : 1;
    if (x->n_causes != y->n_causes)
        return x->n_causes < y->n_causes ? -1 : 1;
    return ((int)x->before * 8 + (int)x->after) - ((int)y->before * 8 + (int)y->after);
}

void rehearsal_sort(struct rehearsal *r)
{
    sort_by(r->group, (size_t)r->n_groups, sizeof *r->group, by_weight);
}

/* The day that questions are checked against: today, where the platform knows it. */
static day_t asking_day(const struct rehearsal *r)
{
    const struct corpus *c = snapshot_corpus(r->s);
    day_t first = DAY_MAX, today = day_today();
    for (int i = 0; i < c->n_instruments; i++) {
        day_t d = c->instrument[i].known_from;
        first = d != DAY_MIN && d < first ? d : first;
    }
    today = today < r->known - 1 ? today : r->known - 1;
    return today > first ? today : first;
}

enum err rehearse_file(struct rehearsal *r, FILE *f, rehearse_progress_fn *progress, void *ctx,
                       struct error *e)
{
    struct questions *in = questions_create(snapshot_corpus(r->s), asking_day(r), f);
    static _Thread_local struct asked k;
    struct error fault;
    bool more = true;
    enum err code = OK;
    while (code == OK && more) {
        enum err bad = questions_next(in, &k, &more, &fault);
        if (bad == ERR_IO) {
            code = err_set(e, ERR_IO, "%s", "%s", fault.detail_en);
        } else if (bad != OK) {
            if (r->n_faults < REHEARSE_FAULTS)
                r->fault[r->n_faults++] = fault;
            r->rejected++;
        } else if (more) {
            code = rehearse_ask(r, &k, e);
        }
        if (progress != NULL && (r->questions + r->rejected) % 4096 == 0)
            progress(ctx, r->questions + r->rejected, questions_bytes(in));
    }
    questions_destroy(in);
    rehearsal_sort(r);
    return code;
}
