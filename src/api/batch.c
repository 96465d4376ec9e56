/* Many questions at once. See batch.h. */
#include "api/batch.h"

#include "api/body.h"
#include "api/brief.h"

#include <pthread.h>
#include <stdlib.h>

enum { SECTOR_SLOTS = 1024, PLACE_SLOTS = 1024, ECONOMY_SLOTS = 256, DAY_SLOTS = 1024,
       FACT_SLOTS = 1024, WORD_BYTES = 27, FACT_BYTES = 64 - 13 };

/* --- what was said before --------------------------------------------------------------- */

struct word { /* a text that ask_parse() took, and the number it stands for */
    uint8_t n; /* 0: free */
    char text[WORD_BYTES];
    int32_t value;
};
/* question_check() found nothing against this place on the first of these days, nor on the last.
 * What it asks of a day, for one place and one `known`, is that it lies in an interval: so it
 * finds nothing in between either. */
struct asked_days {
    int32_t place; /* -1: free */
    day_t known, first, last;
};
struct fact_word {
    uint8_t n;
    char text[FACT_BYTES];
    int32_t fact;
    int64_t value;
};

/* It outlives a batch, and serves the next one about the same law on the same day. */
struct memory {
    struct memory *next; /* while nobody uses it */
    const struct corpus *corpus;
    char hash[65];
    day_t today;
    int16_t class4[10000], economy2[26 * 26]; /* value + 1 */
    struct word sector[SECTOR_SLOTS], place[PLACE_SLOTS], economy[ECONOMY_SLOTS];
    struct asked_days days[DAY_SLOTS];
    struct fact_word fact[FACT_SLOTS];
};

struct batch {
    const struct api *api;
    struct str text;
    struct batch_options options;
    const uint32_t *element; /* offsets of the elements of an array */
    int n_elements;
    size_t at;               /* next element; or next byte, of lines */
    long line;
    uint64_t answers;
    bool begun, ended;
    struct arena scratch, kept;
    struct memory *memory;
    /* of the question at hand */
    struct ask ask;
    struct sector_set sectors;
    struct facts facts;
    struct answer answer;
    struct explanation *x;
};

enum { MEMORIES_KEPT = 8 };
static pthread_mutex_t idle_lock = PTHREAD_MUTEX_INITIALIZER;
static struct memory *idle;
static int n_idle;

static void memory_clear(struct memory *m, const struct corpus *c, day_t today)
{
    memset(m, 0, sizeof *m);
    m->corpus = c;
    m->today = today;
    memcpy(m->hash, c->hash, sizeof m->hash);
    for (int i = 0; i < DAY_SLOTS; i++)
        m->days[i].place = -1;
}

static struct memory *memory_take(const struct corpus *c)
{
    day_t today = day_today();
    pthread_mutex_lock(&idle_lock);
    struct memory *m = idle;
    if (m != NULL) {
        idle = m->next;
        n_idle--;
    }
    pthread_mutex_unlock(&idle_lock);
    bool fresh = m == NULL;
    m = fresh ? malloc(sizeof *m) : m;
    check(m != NULL);
    if (fresh || m->corpus != c || m->today != today ||
        memcmp(m->hash, c->hash, sizeof m->hash) != 0)
        memory_clear(m, c, today);
    return m;
}

static void memory_give(struct memory *m)
{
    pthread_mutex_lock(&idle_lock);
    bool keep = n_idle < MEMORIES_KEPT;
    if (keep) {
        m->next = idle;
        idle = m;
        n_idle++;
    }
    pthread_mutex_unlock(&idle_lock);
    if (!keep)
        free(m);
}

static uint32_t hash_of(struct str s)
{
    uint64_t h = s.n * 0x9E3779B97F4A7C15u, v = 0;
    size_t i = 0;
    for (; i + 8 <= s.n; i += 8) {
        memcpy(&v, s.p + i, 8);
        h = (h ^ v) * 0x9FB21C651E98DF25u;
        h ^= h >> 32;
    }
    for (v = 0; i < s.n; i++)
        v = v << 8 | (unsigned char)s.p[i];
    h = (h ^ v) * 0x9FB21C651E98DF25u;
    return (uint32_t)(h >> 32);
}

static bool recall(const struct word *slots, uint32_t n, struct str s, int *value)
{
    if (s.n == 0 || s.n > WORD_BYTES)
        return false;
    const struct word *w = &slots[hash_of(s) % n];
    if (w->n != s.n || memcmp(w->text, s.p, s.n) != 0)
        return false;
    *value = w->value;
    return true;
}

static void remember(struct word *slots, uint32_t n, struct str s, int value)
{
    if (s.n == 0 || s.n > WORD_BYTES)
        return;
    struct word *w = &slots[hash_of(s) % n];
    w->n = (uint8_t)s.n;
    memcpy(w->text, s.p, s.n);
    w->value = value;
}

/* Most codes need no hash: four digits of GB/T, two letters of an economy, each its own slot. */
static int direct(struct str s)
{
    if (s.n == 4) {
        int v = 0;
        for (size_t i = 0; i < 4; i++) {
            if (s.p[i] < '0' || s.p[i] > '9')
                return -1;
            v = v * 10 + (s.p[i] - '0');
        }
        return v;
    }
    if (s.n == 2 && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= 'A' && s.p[1] <= 'Z')
        return (s.p[0] - 'A') * 26 + (s.p[1] - 'A');
    return -1;
}

static bool recall_code(const int16_t *table, const struct word *slots, uint32_t n, struct str s,
                        int *value)
{
    int at = direct(s);
    if (at < 0)
        return recall(slots, n, s, value);
    *value = table[at] - 1;
    return *value >= 0;
}

static void remember_code(int16_t *table, struct word *slots, uint32_t n, struct str s, int value)
{
    int at = direct(s);
    if (at < 0)
        remember(slots, n, s, value);
    else
        table[at] = (int16_t)(value + 1);
}

static struct asked_days *days_slot(struct batch *b, const struct question *q)
{
    uint32_t h = (uint32_t)q->known * 40503u + (uint32_t)q->place;
    return &b->memory->days[h % DAY_SLOTS];
}

static bool recall_days(struct batch *b, const struct question *q)
{
    const struct asked_days *d = days_slot(b, q);
    return d->place == q->place && d->known == q->known && d->first <= q->on && q->on <= d->last;
}

static void remember_days(struct batch *b, const struct question *q)
{
    struct asked_days *d = days_slot(b, q);
    if (d->place != q->place || d->known != q->known)
        *d = (struct asked_days){q->place, q->known, q->on, q->on};
    d->first = q->on < d->first ? q->on : d->first;
    d->last = q->on > d->last ? q->on : d->last;
}

static bool recall_facts(struct batch *b)
{
    const struct ask *k = &b->ask;
    memset(b->facts.known, 0, sizeof b->facts.known);
    for (int i = 0; i < k->n_facts; i++) {
        struct str s = k->fact[i];
        const struct fact_word *w = &b->memory->fact[hash_of(s) % FACT_SLOTS];
        if (w->n != s.n || memcmp(w->text, s.p, s.n) != 0) /* a longer one is never kept */
            return false;
        fact_set(&b->facts, w->fact, w->value);
    }
    return true;
}

static bool take_day(struct str s, day_t today, day_t *out)
{
    *out = today;
    return s.n == 0 || day_parse(s, out);
}

/* The question if every word of it was said before; nothing is decided here about errors. China is
 * no economy of a supplier, and so never among the remembered ones. */
static bool quick_question(struct batch *b, struct question *q)
{
    const struct ask *k = &b->ask;
    struct memory *m = b->memory;
    *q = (struct question){.kind = KIND_FIRM, .direction = IMPORT, .facts = &b->facts};
    if (k->n_claims > 0 || k->mode.n != 1 || k->mode.p[0] < '1' || k->mode.p[0] > '4' ||
        !recall_code(m->class4, m->sector, SECTOR_SLOTS, k->sector, &q->sector) ||
        !recall_code(m->economy2, m->economy, ECONOMY_SLOTS, k->from, &q->origin) ||
        !recall(m->place, PLACE_SLOTS, k->to, &q->place) ||
        (k->kind.n > 0 && !kind_parse(k->kind, &q->kind)) ||
        (k->direction.n > 0 && !direction_parse(k->direction, &q->direction)) ||
        !take_day(k->on, m->today, &q->on) || !take_day(k->known, m->today, &q->known))
        return false;
    q->mode = k->mode.p[0] - '0';
    return recall_days(b, q) && combo_valid(combo_of(q->mode, q->direction, q->kind)) &&
           recall_facts(b);
}

static void remember_fact(struct batch *b, struct str s)
{
    struct facts alone;
    if (s.n > FACT_BYTES)
        return;
    memset(alone.known, 0, sizeof alone.known);
    if (fact_parse(b->api->corpus, s, &alone, NULL) != OK)
        return;
    for (int f = 0; f < b->api->corpus->n_facts; f++) {
        if (!bit_get(alone.known, (size_t)f))
            continue;
        struct fact_word *w = &b->memory->fact[hash_of(s) % FACT_SLOTS];
        w->n = (uint8_t)s.n;
        memcpy(w->text, s.p, s.n);
        w->fact = f;
        w->value = alone.value[f];
    }
}

static void remember_question(struct batch *b, const struct question *q)
{
    if (b->sectors.count == 1)
        remember_code(b->memory->class4, b->memory->sector, SECTOR_SLOTS, b->ask.sector, q->sector);
    remember_code(b->memory->economy2, b->memory->economy, ECONOMY_SLOTS, b->ask.from, q->origin);
    remember(b->memory->place, PLACE_SLOTS, b->ask.to, q->place);
    remember_days(b, q);
    for (int i = 0; i < b->ask.n_facts; i++)
        remember_fact(b, b->ask.fact[i]);
}

/* --- one answer ------------------------------------------------------------------------- */

static void write_problem(struct batch *b, const struct error *e, struct buf *out)
{
    struct jsonw w;
    jsonw_init(&w, out, false);
    api_problem_json(e, b->options.english, &w);
}

/* A refused question may have left half a line: what it wrote is taken back. */
static void write_answer(struct batch *b, struct jsonr *r, struct buf *out)
{
    const struct api *api = b->api;
    struct error e;
    struct question q;
    e.code = OK;
    e.hint[0] = e.field[0] = e.file[0] = '\0';
    e.line = 0;
    enum err code = ask_from_json(r, &b->ask, &e);
    if (code == OK && b->options.form == BATCH_LINES && !jsonr_at_end(r))
        code = r->fault_en != NULL
                   ? json_fault(r, &e)
                   : err_set(&e, ERR_SYNTAX, "一行应只有一个 JSON 对象", "one JSON object a line");
    bool quick = code == OK && quick_question(b, &q);
    if (code == OK && !quick) {
        code = ask_parse(api->codes, api->corpus, &b->ask, &b->sectors, &q, &b->facts, &e);
        if (code == OK)
            remember_question(b, &q);
    }
    if (code != OK)
        write_problem(b, &e, out);
    else if (!quick && b->sectors.count != 1)
        api_groups_json(api, &q, &b->sectors, &b->scratch, out);
    else if (b->options.brief) {
        decide(api->snapshot, &q, &b->answer);
        brief_json(api->snapshot, &q, &b->answer, out);
    } else {
        explain(api->snapshot, &q, b->x);
        explanation_json(api->snapshot, &q, b->x, out, false);
    }
    arena_reset(&b->scratch);
    b->answers++;
}

/* --- the frame -------------------------------------------------------------------------- */

/* Every element is read over once, so that a body that is no JSON is refused as a whole and not
 * in the middle of its answers. */
static enum err find_elements(struct batch *b, struct error *e)
{
    uint32_t *at = ARENA_ARRAY(&b->kept, uint32_t, LIMIT_BATCH_ITEMS);
    struct jsonr r;
    bool first = true;
    jsonr_init(&r, b->text, &b->scratch);
    jsonr_open(&r);
    while (jsonr_element(&r, &first)) {
        if (b->n_elements == LIMIT_BATCH_ITEMS) {
            err_set(e, ERR_LIMIT, "一次最多 %d 个问题", "at most %d questions at once",
                    (int)LIMIT_BATCH_ITEMS);
            err_hint(e, "Content-Type: application/x-ndjson");
            return ERR_LIMIT;
        }
        jsonr_peek(&r);
        at[b->n_elements++] = (uint32_t)(r.p - r.start);
        jsonr_skip(&r);
        if ((b->n_elements & 255) == 0)
            arena_reset(&b->scratch);
    }
    b->element = at;
    return jsonr_at_end(&r) ? OK : json_fault(&r, e);
}

static void batch_init(struct batch *b, const struct api *api, struct str text,
                       const struct batch_options *o)
{
    b->api = api;
    b->text = text;
    b->options = *o;
    b->memory = memory_take(api->corpus);
    arena_init(&b->scratch);
    arena_init(&b->kept);
    b->x = ARENA_NEW(&b->kept, struct explanation);
}

enum err batch_create(struct batch **out, const struct api *api, struct str text,
                      const struct batch_options *o, struct error *e)
{
    struct batch *b = calloc(1, sizeof *b);
    check(b != NULL && text.n <= UINT32_MAX);
    batch_init(b, api, text, o);
    enum err code = o->form == BATCH_ARRAY ? find_elements(b, e) : OK;
    *out = code == OK ? b : NULL;
    if (code != OK)
        batch_destroy(b);
    return code;
}

void batch_destroy(void *batch)
{
    struct batch *b = batch;
    if (b == NULL)
        return;
    arena_finish(&b->scratch);
    arena_finish(&b->kept);
    memory_give(b->memory);
    free(b);
}

uint64_t batch_questions(const struct batch *b)
{
    if (b->options.form == BATCH_ARRAY)
        return (uint64_t)b->n_elements;
    uint64_t n = 0;
    struct str rest = b->text;
    while (rest.n > 0)
        n += str_trim(str_cut(rest, '\n', &rest)).n > 0;
    return n;
}

uint64_t batch_answers(const struct batch *b)
{
    return b->answers;
}

static bool next_element(struct batch *b, struct buf *out)
{
    struct jsonr r;
    if ((int)b->at == b->n_elements)
        return false;
    size_t from = b->element[b->at++];
    jsonr_init(&r, (struct str){b->text.p + from, b->text.n - from}, &b->scratch);
    if (b->answers > 0)
        buf_char(out, ',');
    write_answer(b, &r, out);
    return true;
}

static bool next_line(struct batch *b, struct buf *out)
{
    while (b->at < b->text.n) {
        const char *from = b->text.p + b->at;
        const char *end = memchr(from, '\n', b->text.n - b->at);
        size_t n = end != NULL ? (size_t)(end - from) : b->text.n - b->at;
        struct str line = str_trim((struct str){from, n});
        struct jsonr r;
        b->at += n + (end != NULL);
        b->line++;
        if (line.n == 0)
            continue;
        jsonr_init(&r, line, &b->scratch);
        if (line.n <= LIMIT_QUESTION_BYTES) {
            write_answer(b, &r, out);
        } else {
            struct error e = {0};
            err_set(&e, ERR_LIMIT, "第 %ld 行超过 %d 字节", "line %ld has more than %d bytes", b->line,
                    (int)LIMIT_QUESTION_BYTES);
            write_problem(b, &e, out);
            b->answers++;
        }
        buf_char(out, '\n');
        return true;
    }
    return false;
}

bool batch_next(struct batch *b, size_t room, struct buf *out)
{
    bool array = b->options.form == BATCH_ARRAY, more = !b->ended;
    size_t until = out->n + room;
    if (!b->begun && array)
        buf_char(out, '[');
    b->begun = true;
    while (more && out->n < until)
        more = array ? next_element(b, out) : next_line(b, out);
    if (!more && !b->ended && array)
        buf_z(out, "]\n");
    b->ended = !more;
    return more;
}
