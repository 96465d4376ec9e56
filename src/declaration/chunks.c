/* A file as pieces that begin and end with a record. What is behind the last record of a piece is
 * held for the next one. A line that is too long is read past, and becomes a piece of its own. */
#include "declaration/reading.h"

#include <stdlib.h>

/* A piece may grow until its first record is whole, or is known not to become one. */
static size_t capacity_of(size_t chunk_bytes)
{
    return chunk_bytes + 2 * LIMIT_DECLARATION_BYTES;
}

void chunk_init(struct chunk *k, size_t chunk_bytes)
{
    *k = (struct chunk){.capacity = capacity_of(chunk_bytes)};
    k->memory = calloc(1, READ_FRONT + k->capacity + READ_PAD);
    check(k->memory != NULL);
}

void chunk_finish(struct chunk *k)
{
    free(k->memory);
    k->memory = NULL;
}

static size_t held(const struct chunks *c)
{
    return c->held_to - c->held_from;
}

/* An error of the file waits until what came before it has been handed out. */
static size_t read_more(struct chunks *c, char *p, size_t n)
{
    size_t got = 0;
    if (!c->ended) {
        c->failed = source_read(c->source, p, n, &got, &c->error);
        c->ended = c->failed != OK || got == 0;
    }
    return got;
}

static void fill_held(struct chunks *c, size_t want)
{
    while (held(c) < want && !c->ended)
        c->held_to += read_more(c, c->held + c->held_to, c->held_capacity - c->held_to);
}

static size_t fill(struct chunks *c, char *p, size_t have, size_t want)
{
    size_t some = held(c) < want - have ? held(c) : want - have;
    memcpy(p + have, c->held + c->held_from, some);
    c->held_from += some;
    have += some;
    while (have < want && !c->ended)
        have += read_more(c, p + have, want - have);
    return have;
}

/* All of it came from what was held, unless that is used up. */
static void put_back(struct chunks *c, const char *p, size_t n)
{
    if (held(c) > 0) {
        c->held_from -= n;
        return;
    }
    memcpy(c->held, p, n);
    c->held_from = 0;
    c->held_to = n;
}

static bool at_end(const struct chunks *c)
{
    return c->ended && held(c) == 0;
}

/* A line that damage cut off is no record; the whole lines before it are. */
static size_t last_cut(const struct chunks *c, struct str text)
{
    if (c->failed == OK)
        return text.n;
    size_t n = text.n;
    while (n > 0 && text.p[n - 1] != c->layout.eol)
        n--;
    return n;
}

static size_t find_cut(struct chunks *c, struct str text)
{
    if (at_end(c))
        return last_cut(c, text);
    size_t cut = safe_cut(text, &c->layout);
    if (cut > 0 || c->layout.json)
        return cut;
    struct record r;
    while (record_read((struct str){text.p + cut, text.n - cut}, false, &c->layout, &r))
        cut += r.bytes;
    return cut;
}

static void hand_out(struct chunks *c, struct chunk *k, size_t n)
{
    k->text.n = n;
    memset(k->memory + READ_FRONT + n, c->layout.eol, at_end(c) ? READ_PAD : 0);
    c->line += count_eol(k->text, c->layout.eol);
    c->offset += (int64_t)n;
    c->resume = c->offset;
}

/* Goes on reading past a long line; the piece stays empty until its end is found. */
static void pass(struct chunks *c, struct chunk *k)
{
    char *p = k->memory + READ_FRONT;
    size_t n = fill(c, p, 0, k->capacity);
    const char *hit = memchr(p, c->layout.eol, n);
    size_t past = hit != NULL ? (size_t)(hit - p) + 1 : n;
    put_back(c, p + past, n - past);
    c->offset += (int64_t)past;
    if (hit == NULL && at_end(c) && c->failed != OK) {
        c->over = true;
    } else if (hit != NULL || at_end(c)) {
        c->passing = false;
        memcpy(p, c->long_line, LIMIT_DECLARATION_BYTES);
        k->text.n = LIMIT_DECLARATION_BYTES;
        k->long_line = true;
        c->resume = c->offset;
        c->line++;
    }
}

static void take(struct chunks *c, struct chunk *k)
{
    char *p = k->memory + READ_FRONT;
    size_t n = fill(c, p, 0, c->chunk_bytes), cut = find_cut(c, (struct str){p, n});
    if (cut == 0 && !at_end(c)) {
        n = fill(c, p, n, k->capacity);
        cut = find_cut(c, (struct str){p, n});
    }
    if (cut == 0 && !at_end(c)) {
        memcpy(c->long_line, p, LIMIT_DECLARATION_BYTES);
        c->offset += (int64_t)n;
        c->passing = true;
        return;
    }
    c->over = at_end(c);
    if (!c->over)
        put_back(c, p + cut, n - cut);
    hand_out(c, k, cut);
}

enum err chunks_take(struct chunks *c, struct chunk *k, bool *more, struct error *e)
{
    *more = !c->over;
    if (c->over) {
        if (c->failed != OK && e != NULL)
            *e = c->error;
        return c->failed;
    }
    k->text = (struct str){k->memory + READ_FRONT, 0};
    k->long_line = false;
    k->line = c->line;
    if (c->passing)
        pass(c, k);
    else
        take(c, k);
    k->end = c->resume;
    k->taken = source_taken(c->source);
    return OK;
}

static enum err no_such_start(struct chunks *c, struct error *e)
{
    enum err r = err_set(e, ERR_INVALID, "字节 %lld 处不是记录的开头",
                         "no record begins at byte %lld", (long long)c->offset);
    err_at(e, c->path, 0, NULL);
    return r;
}

/* What lies before from_byte is read for its line numbers only. */
static enum err pass_to(struct chunks *c, int64_t from_byte, struct error *e)
{
    char before = c->layout.eol;
    while (c->offset < from_byte) {
        if (held(c) == 0) {
            c->held_from = c->held_to = 0;
            fill_held(c, 1);
        }
        if (held(c) == 0)
            return c->failed != OK ? (*e = c->error, c->failed) : no_such_start(c, e);
        int64_t left = from_byte - c->offset;
        size_t n = (int64_t)held(c) < left ? held(c) : (size_t)left;
        struct str text = {c->held + c->held_from, n};
        c->line += count_eol(text, c->layout.eol);
        before = text.p[n - 1];
        c->held_from += n;
        c->offset += (int64_t)n;
    }
    c->resume = c->offset;
    return before == c->layout.eol ? OK : no_such_start(c, e);
}

enum err chunks_open(struct chunks *c, const struct columns *columns, const char *path,
                     size_t chunk_bytes, int64_t from_byte, struct error *e)
{
    struct error ignored;
    e = e != NULL ? e : &ignored;
    *c = (struct chunks){.path = path, .chunk_bytes = chunk_bytes};
    TRY(source_open(&c->source, path, e));
    c->held_capacity = capacity_of(chunk_bytes) > READ_PROBE ? capacity_of(chunk_bytes)
                                                             : READ_PROBE;
    c->held = malloc(c->held_capacity);
    c->long_line = malloc(LIMIT_DECLARATION_BYTES);
    check(c->held != NULL && c->long_line != NULL);
    fill_held(c, READ_PROBE);
    struct str probe = {c->held, held(c)};
    enum err r = layout_read(&c->layout, columns, probe, c->ended, path, e);
    if (r != OK && c->failed != OK) {
        *e = c->error; /* a header may be bad because the file is cut off */
        return c->failed;
    }
    TRY(r);
    c->line = c->layout.line;
    c->offset = (int64_t)c->layout.body;
    c->held_from = c->layout.body < c->held_to ? c->layout.body : c->held_to;
    return pass_to(c, from_byte, e);
}

void chunks_close(struct chunks *c)
{
    source_close(c->source);
    free(c->held);
    free(c->long_line);
    *c = (struct chunks){0};
}
