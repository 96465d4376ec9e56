/* NDJSON to checked questions, line by line. See questions.h. */
#include "rehearsal/questions.h"

#include <jansson.h>
#include <stdlib.h>

#define LIMIT_VALUE INT64_C(1000000000000000) /* cents of one question: no enum holds it */

enum { BLOCK = 4 * LIMIT_QUESTION_BYTES, SPEC_MAX = 63, SLOTS = 1024 };

struct slot { /* sectors are asked again and again: the set of the last text of this hash */
    char spec[SPEC_MAX + 1];
    struct sector_set set;
};

struct questions {
    const struct corpus *c;
    FILE *f;
    day_t known, today;
    long line;
    uint64_t bytes;
    size_t at, n; /* in block */
    struct sector_set odd; /* of a text too long for the slots */
    char block[BLOCK];
    struct slot slot[SLOTS];
};

struct questions *questions_create(const struct corpus *c, day_t known, FILE *f)
{
    struct questions *in = calloc(1, sizeof *in);
    check(in != NULL);
    in->c = c;
    in->f = f;
    in->known = known;
    in->today = day_today();
    return in;
}

void questions_destroy(struct questions *in)
{
    free(in);
}

uint64_t questions_bytes(const struct questions *in)
{
    return in->bytes;
}

/* --- lines ------------------------------------------------------------------------------ */

/* Moves what is left to the front and reads on; false at the end of the file. */
static bool refill(struct questions *in)
{
    memmove(in->block, in->block + in->at, in->n - in->at);
    in->n -= in->at;
    in->at = 0;
    size_t got = fread(in->block + in->n, 1, BLOCK - in->n, in->f);
    in->n += got;
    in->bytes += got;
    return got > 0;
}

static bool newline(const struct questions *in, size_t from, size_t *end)
{
    const char *p = from < in->n ? memchr(in->block + from, '\n', in->n - from) : NULL;
    if (p != NULL)
        *end = (size_t)(p - in->block);
    return p != NULL;
}

/* A line past the limit is read to its end, so that the next one starts where it does. */
static enum err skip_line(struct questions *in, struct error *e)
{
    size_t end;
    do
        in->at = in->n;
    while (refill(in) && !newline(in, 0, &end));
    in->at = in->n > 0 && newline(in, 0, &end) ? end + 1 : in->n;
    err_set(e, ERR_LIMIT, "一行超过 %d 字节", "a line of more than %d bytes",
            (int)LIMIT_QUESTION_BYTES);
    return ERR_LIMIT;
}

static enum err next_line(struct questions *in, struct str *text, bool *more, struct error *e)
{
    size_t end;
    *more = true;
    bool whole = newline(in, in->at, &end);
    while (!whole && in->n - in->at <= LIMIT_QUESTION_BYTES && refill(in))
        whole = newline(in, in->at, &end);
    if (ferror(in->f))
        return err_set(e, ERR_IO, "第 %ld 行之后读不下去", "cannot read on behind line %ld",
                       in->line);
    if (!whole && in->at == in->n) {
        *more = false;
        return OK;
    }
    in->line++;
    end = whole ? end : in->n;
    if (end - in->at > LIMIT_QUESTION_BYTES && !whole)
        return skip_line(in, e);
    *text = str_trim((struct str){in->block + in->at, end - in->at});
    bool too_long = end - in->at > LIMIT_QUESTION_BYTES;
    in->at = whole ? end + 1 : end;
    if (too_long)
        return err_set(e, ERR_LIMIT, "一行超过 %d 字节", "a line of more than %d bytes",
                       (int)LIMIT_QUESTION_BYTES);
    return OK;
}

/* --- fields ----------------------------------------------------------------------------- */

static enum err bad_field(const char *name, const char *allowed, struct error *e)
{
    err_set(e, ERR_INVALID, "字段“%.80s”不能这样写", "the field \"%.80s\" cannot be written so", name);
    err_at(e, "", 0, name);
    err_hint(e, "%s", allowed);
    return ERR_INVALID;
}

static struct str text_of(const json_t *v)
{
    return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)}
                             : (struct str){NULL, 0};
}

static enum err words_to_class(const struct classification *k, struct str spec,
                               struct sector_set *out, struct error *e)
{
    struct finding f;
    classification_find(k, spec, &f);
    if (f.n > 0 && f.clear)
        return sector_parse(k, sector_code(k, f.best[0].leaf), out, e);
    enum err code = f.n == 0 ? ERR_UNKNOWN_CODE : ERR_AMBIGUOUS;
    return err_set(e, code, "“%.*s”不明确指一个小类", "\"%.*s\" does not mean one class",
                   STR_ARG(spec));
}

/* The leaves of a code, a foreign code or words: as `check` reads them. */
static enum err find_sectors(struct questions *in, struct str spec, const struct sector_set **out,
                             struct error *e)
{
    const struct classification *k = in->c->codes;
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < spec.n; i++)
        hash = (hash ^ (unsigned char)spec.p[i]) * 16777619u;
    struct slot *slot = &in->slot[hash % SLOTS];
    struct sector_set *set = spec.n > SPEC_MAX ? &in->odd : &slot->set;
    *out = set;
    if (spec.n <= SPEC_MAX && spec.n > 0 && str_eqz(spec, slot->spec))
        return OK;
    slot->spec[0] = 0;
    enum err code = spec.n == 0 || spec.n > LIMIT_WORDS_BYTES
                        ? bad_field("sector", "7231; gbt:72; ebops:SJ21; 法律服务; software", e)
                    : sector_spec_is_code(spec) ? sector_parse(k, spec, set, e)
                                                : words_to_class(k, spec, set, e);
    if (code == OK && spec.n <= SPEC_MAX) {
        memcpy(slot->spec, spec.p, spec.n);
        slot->spec[spec.n] = 0;
    }
    err_at(e, "", 0, "sector");
    return code;
}

static enum err read_mode(const json_t *v, struct question *q, struct error *e)
{
    struct str s = text_of(v);
    int64_t mode = json_is_integer(v) ? json_integer_value(v) : s.n == 1 ? s.p[0] - '0' : 0;
    if (mode < 1 || mode > 4)
        return bad_field("mode", "1, 2, 3, 4", e);
    q->mode = (int)mode;
    return OK;
}

static enum err read_day(const char *name, const json_t *v, day_t *out, struct error *e)
{
    return day_parse(text_of(v), out) ? OK : bad_field(name, "YYYY-MM-DD", e);
}

/* "facts": {"name": value}, or a list of "name=value". */
static enum err read_fact(const struct corpus *c, const char *name, const json_t *v,
                          struct facts *f, struct error *e)
{
    char text[256];
    int n = -1;
    if (json_is_string(v))
        n = snprintf(text, sizeof text, "%s=%s", name, json_string_value(v));
    else if (json_is_boolean(v))
        n = snprintf(text, sizeof text, "%s=%s", name, json_is_true(v) ? "true" : "false");
    else if (json_is_integer(v))
        n = snprintf(text, sizeof text, "%s=%lld", name, (long long)json_integer_value(v));
    else if (json_is_real(v))
        n = snprintf(text, sizeof text, "%s=%.15g", name, json_real_value(v));
    if (n < 0 || n >= (int)sizeof text)
        return bad_field("facts", "{\"name\": true}", e);
    return fact_parse(c, (struct str){text, (size_t)n}, f, e);
}

static enum err read_facts(const struct corpus *c, json_t *v, struct facts *f, struct error *e)
{
    const char *name;
    json_t *x;
    size_t i;
    json_array_foreach(v, i, x)
        TRY(json_is_string(x) ? fact_parse(c, text_of(x), f, e)
                              : bad_field("facts", "[\"name=value\"]", e));
    json_object_foreach(v, name, x)
        TRY(read_fact(c, name, x, f, e));
    return json_is_array(v) || json_is_object(v) ? OK
                                                 : bad_field("facts", "{\"name\": true}", e);
}

/* A claim is made of a text, whichever record of it speaks: the bits of all its layers. */
static enum err read_claims(const struct corpus *c, json_t *v, uint64_t *claims, struct error *e)
{
    json_t *x;
    size_t i;
    if (!json_is_array(v))
        return bad_field("claims", "[\"wto-gats-china\"]", e);
    json_array_foreach(v, i, x) {
        uint64_t of = 0;
        for (int l = 0; l < c->n_layers; l++) {
            const struct instrument *t = &c->instrument[c->layer[l]];
            if (t->claimable && str_eq(t->id, text_of(x)))
                of |= (uint64_t)1 << l;
        }
        if (of == 0) {
            err_set(e, ERR_CLAIM, "没有可援引的“%.*s”", "there is no text \"%.*s\" to claim",
                    STR_ARG(text_of(x)));
            err_at(e, "", 0, "claims");
            return ERR_CLAIM;
        }
        *claims |= of;
    }
    return OK;
}

static enum err read_mark(const json_t *v, char out[LIMIT_QUESTION_ID + 1], struct error *e)
{
    int n = json_is_string(v)    ? snprintf(out, LIMIT_QUESTION_ID + 1, "%s", json_string_value(v))
            : json_is_integer(v) ? snprintf(out, LIMIT_QUESTION_ID + 1, "%lld",
                                            (long long)json_integer_value(v))
                                 : -1;
    return n >= 0 && n <= LIMIT_QUESTION_ID ? OK : bad_field("id", "at most 63 bytes", e);
}

static enum err read_value(const json_t *v, int64_t *out, struct error *e)
{
    int64_t n = json_is_integer(v) ? json_integer_value(v) : -1;
    if (n < 0 || n > LIMIT_VALUE)
        return bad_field("value", "cents, a whole number from 0 to 10^15", e);
    *out = n;
    return OK;
}

static enum err read_codes(struct questions *in, const char *name, const json_t *v,
                           struct asked *out, bool *mine, struct error *e)
{
    const struct classification *k = in->c->codes;
    enum err code = OK;
    *mine = true;
    if (strcmp(name, "sector") == 0) {
        const struct sector_set *set = NULL;
        TRY(find_sectors(in, str_trim(text_of(v)), &set, e));
        out->leaves = set->leaf;
    } else if (strcmp(name, "from") == 0) {
        code = economy_parse(k, text_of(v), &out->q.origin, e);
    } else if (strcmp(name, "to") == 0) {
        code = place_parse(k, text_of(v), &out->q.place, e);
    } else if (strcmp(name, "kind") == 0) {
        code = kind_parse(text_of(v), &out->q.kind)
                   ? OK
                   : bad_field(name, "firm, person; 3: joint-venture, wholly-foreign, branch, "
                                     "representative-office", e);
    } else if (strcmp(name, "direction") == 0) {
        code = direction_parse(text_of(v), &out->q.direction)
                   ? OK
                   : bad_field(name, "import, export", e);
    } else {
        *mine = false;
    }
    if (code != OK)
        err_at(e, "", 0, name);
    return code;
}

static enum err read_field(struct questions *in, const char *name, json_t *v, struct asked *out,
                           struct error *e)
{
    bool done;
    day_t ignored;
    TRY(read_codes(in, name, v, out, &done, e));
    if (done)
        return OK;
    if (strcmp(name, "mode") == 0)
        return read_mode(v, &out->q, e);
    if (strcmp(name, "on") == 0)
        return read_day(name, v, &out->q.on, e);
    if (strcmp(name, "known") == 0)
        return read_day(name, v, &ignored, e);
    if (strcmp(name, "facts") == 0 || strcmp(name, "fact") == 0)
        return read_facts(in->c, v, &out->facts, e);
    if (strcmp(name, "claims") == 0 || strcmp(name, "claim") == 0)
        return read_claims(in->c, v, &out->q.claims, e);
    if (strcmp(name, "id") == 0)
        return read_mark(v, out->id, e);
    if (strcmp(name, "value") == 0)
        return read_value(v, &out->value, e);
    return bad_field(name, "sector mode from to kind direction on known facts claims id value", e);
}

/* --- one question ----------------------------------------------------------------------- */

/* question_check() asks it of every layer claimed; here one record of each text is enough. */
static enum err check_claims(const struct corpus *c, const struct question *q, struct error *e)
{
    for (int l = 0; l < c->n_layers; l++) {
        bool may = false;
        if (!((q->claims >> l) & 1))
            continue;
        struct str id = c->instrument[c->layer[l]].id;
        for (int k = 0; k < c->n_layers && !may; k++) {
            const struct instrument *t = &c->instrument[c->layer[k]];
            may = ((q->claims >> k) & 1) && str_eq(t->id, id) && t->valid_from <= q->on &&
                  q->on < t->valid_to &&
                  (t->group.n > 0 ? group_has(c->codes, t->group, q->origin, q->on)
                                  : bit_get(t->origin, (size_t)q->origin));
        }
        if (may)
            continue;
        err_set(e, ERR_CLAIM, "不能援引 %.*s", "%.*s cannot be claimed here", STR_ARG(id));
        err_at(e, "", 0, "claims");
        return ERR_CLAIM;
    }
    return OK;
}

static enum err check_asked(struct questions *in, struct asked *out, struct error *e)
{
    static const char *const needed[] = {"sector", "mode", "from", "to"};
    bool said[] = {out->leaves != NULL, out->q.mode != 0, out->q.origin >= 0, out->q.place >= 0};
    for (int i = 0; i < 4; i++)
        if (!said[i]) {
            err_set(e, ERR_USAGE, "缺少“%s”", "%s is missing", needed[i]);
            err_at(e, "", 0, needed[i]);
            return ERR_USAGE;
        }
    while (!bit_get(out->leaves, (size_t)out->q.sector))
        out->q.sector++;
    struct question plain = out->q;
    plain.claims = 0;
    TRY(question_check(in->c, &plain, e));
    return out->q.claims == 0 ? OK : check_claims(in->c, &out->q, e);
}

static enum err read_question(struct questions *in, struct str text, struct asked *out,
                              struct error *e)
{
    json_error_t where;
    const char *name;
    json_t *v;
    json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(root)) {
        err_set(e, ERR_SYNTAX, "不是 JSON 对象：%.120s", "not a JSON object: %.120s",
                root == NULL ? where.text : "");
        json_decref(root);
        return ERR_SYNTAX;
    }
    enum err code = OK;
    json_object_foreach(root, name, v)
        if (code == OK && !json_is_null(v))
            code = read_field(in, name, v, out, e);
    json_decref(root);
    return code == OK ? check_asked(in, out, e) : code;
}

enum err questions_next(struct questions *in, struct asked *out, bool *more, struct error *e)
{
    struct str text = {NULL, 0};
    struct error scratch = {0};
    e = e != NULL ? e : &scratch;
    memset(e, 0, sizeof *e);
    enum err code;
    do
        code = next_line(in, &text, more, e);
    while (code == OK && *more && text.n == 0);
    if (code == OK && !*more)
        return OK;
    out->line = in->line;
    out->id[0] = 0;
    out->value = 0;
    out->cells = 0;
    out->leaves = NULL;
    memset(out->facts.known, 0, sizeof out->facts.known);
    out->q = (struct question){.origin = -1, .place = -1, .kind = KIND_FIRM, .on = in->today,
                               .known = in->known, .facts = &out->facts};
    if (code == OK)
        code = read_question(in, text, out, e);
    if (code != OK && e->line == 0)
        e->line = (int)in->line;
    return code;
}
