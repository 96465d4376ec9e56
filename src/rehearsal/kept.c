/* Kept answers: docs/ledger.md. */
#include "rehearsal/kept.h"
#include "law/write.h"

#include <jansson.h>
#include <stdio.h>

/* --- writing: keys in bytewise order, no white space, no floats ----------------------------- */

static void rule_name(const struct corpus *c, int provision, struct buf *b)
{
    const struct provision *p = &c->provision[provision];
    buf_clear(b);
    buf_str(b, c->instrument[p->instrument].id);
    buf_char(b, '/');
    buf_str(b, p->key);
}

static void rules_json(struct jsonw *w, const char *key, const struct corpus *c, const int *list,
                       int n)
{
    struct buf b;
    buf_init(&b);
    jsonw_key(w, key);
    jsonw_array(w);
    for (int i = 0; i < n; i++) {
        rule_name(c, list[i], &b);
        jsonw_str(w, buf_view(&b));
    }
    jsonw_end(w);
    buf_finish(&b);
}

static void answer_json(struct jsonw *w, const struct corpus *c, const struct explanation *x)
{
    const struct answer *a = &x->answer;
    jsonw_key(w, "answer");
    jsonw_object(w);
    kgrade(w, "evidence", x->evidence);
    klayer(w, "favoured_by", c, a->favoured_by);
    rules_json(w, "flip", c, a->flip, a->n_flip);
    jsonw_kz(w, "must", treatment_name(a->must));
    jsonw_kz(w, "outcome", outcome_name(a->outcome));
    rules_json(w, "prevailing", c, a->prevailing, a->n_prevailing);
    jsonw_kz(w, "treatment", treatment_name(a->treatment));
    jsonw_end(w);
}

static void editions_json(struct jsonw *w, const struct corpus *c, const struct explanation *x)
{
    jsonw_key(w, "editions");
    jsonw_array(w);
    for (int i = 0; i < x->n_layers; i++) {
        const struct instrument *t = &c->instrument[c->layer[x->layer[i]]];
        jsonw_object(w);
        jsonw_kz(w, "hash", t->hash);
        jsonw_kstr(w, "id", t->id);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void fact_json(struct jsonw *w, const struct fact *f, int64_t v)
{
    struct buf b;
    jsonw_key(w, f->name.p);
    if (f->type == FACT_BOOL) {
        jsonw_bool(w, v != 0);
    } else if (f->type == FACT_ENUM) {
        jsonw_str(w, f->value[v].value);
    } else { /* a number as its decimal text: a float would not be canonical */
        buf_init(&b);
        buf_printf(&b, "%s%lld", v < 0 ? "-" : "", (long long)(v < 0 ? -(v / FACT_SCALE) : v / FACT_SCALE));
        if (v % FACT_SCALE != 0)
            buf_printf(&b, ".%04lld", (long long)(v < 0 ? -v : v) % FACT_SCALE);
        jsonw_str(w, buf_view(&b));
        buf_finish(&b);
    }
}

/* Facts in order of their names. */
static void facts_json(struct jsonw *w, const struct corpus *c, const struct facts *f)
{
    jsonw_key(w, "facts");
    jsonw_object(w);
    struct str last = {NULL, 0};
    for (;;) {
        int next = -1;
        for (int i = 0; f != NULL && i < c->n_facts; i++)
            if (bit_get(f->known, (size_t)i) && !c->fact[i].derived &&
                (last.p == NULL || str_cmp(c->fact[i].name, last) > 0) &&
                (next < 0 || str_cmp(c->fact[i].name, c->fact[next].name) < 0))
                next = i;
        if (next < 0)
            break;
        fact_json(w, &c->fact[next], f->value[next]);
        last = c->fact[next].name;
    }
    jsonw_end(w);
}

static void question_json(struct jsonw *w, const struct corpus *c, const struct question *q)
{
    jsonw_key(w, "question");
    jsonw_object(w);
    klayers(w, "claims", c, q->claims);
    jsonw_kz(w, "direction", direction_name(q->direction));
    facts_json(w, c, q->facts);
    jsonw_kstr(w, "from", c->codes->economy[q->origin].alpha2);
    jsonw_kz(w, "kind", kind_name(q->kind));
    jsonw_kday(w, "known", q->known);
    jsonw_kint(w, "mode", q->mode);
    jsonw_kday(w, "on", q->on);
    jsonw_kstr(w, "sector", sector_code(c->codes, q->sector));
    jsonw_kstr(w, "to", c->codes->place[q->place].code);
    jsonw_end(w);
}

void kept_content(const struct snapshot *s, const struct question *q,
                  const struct explanation *x, const char *nonce, struct buf *out)
{
    const struct corpus *c = snapshot_corpus(s);
    struct jsonw w;
    jsonw_init(&w, out, false);
    jsonw_object(&w);
    answer_json(&w, c, x);
    editions_json(&w, c, x);
    jsonw_kz(&w, "nonce", nonce);
    question_json(&w, c, q);
    jsonw_kz(&w, "snapshot", c->hash);
    jsonw_end(&w);
}

void kept_name(const uint8_t random[10], char out[KEPT_ID + 1])
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    for (int i = 0; i < KEPT_ID; i++) {
        int bit = i * 5, at = bit / 8, shift = bit % 8;
        unsigned two = (unsigned)random[at] << 8 | (at + 1 < 10 ? random[at + 1] : 0u);
        out[i] = alphabet[two >> (11 - shift) & 31];
    }
    out[KEPT_ID] = 0;
}

static void content_digest(struct str content, char out[65])
{
    uint8_t digest[32];
    hash_sha256(content.p, content.n, digest);
    hash_hex(digest, 32, out);
}

void kept_leaf(int64_t at, struct str content, struct buf *out)
{
    struct jsonw w;
    char digest[65];
    content_digest(content, digest);
    jsonw_init(&w, out, false);
    jsonw_object(&w);
    jsonw_kint(&w, "at", at);
    jsonw_kz(&w, "digest", digest);
    jsonw_kz(&w, "kind", "answer");
    jsonw_end(&w);
}

/* --- reading --------------------------------------------------------------------------------- */

static enum err bad_member(const char *name, struct error *e)
{
    err_set(e, ERR_INVALID, "留存答案的成员 %s 缺失或不合格式",
            "the member %s of the kept answer is missing or malformed", name);
    err_at(e, "", 0, name);
    return ERR_INVALID;
}

static enum err load(struct str text, json_t **out, struct error *e)
{
    json_error_t why;
    if (text.n > KEPT_BYTES)
        return err_set(e, ERR_LIMIT, "留存答案超过 %d 字节", "a kept answer is larger than %d bytes",
                       KEPT_BYTES);
    *out = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &why);
    if (*out != NULL && json_is_object(*out))
        return OK;
    json_decref(*out);
    *out = NULL;
    return err_set(e, ERR_SYNTAX, "留存答案不是有效的 JSON%s", "the kept answer is not valid JSON%s", "");
}

enum err kept_leaf_check(struct str leaf, struct str content, struct error *e)
{
    json_t *root;
    char digest[65];
    TRY(load(leaf, &root, e));
    const char *kind = json_string_value(json_object_get(root, "kind"));
    const char *said = json_string_value(json_object_get(root, "digest"));
    content_digest(content, digest);
    enum err r = OK;
    if (kind == NULL || strcmp(kind, "answer") != 0 || said == NULL)
        r = err_set(e, ERR_INVALID, "这条日志不是%s", "this entry of the log is not %s", "answer");
    else if (strcmp(said, digest) != 0)
        r = err_set(e, ERR_INTEGRITY, "内容与日志里的摘要 %s 不符",
                    "the content is not the one with the digest %s on the log", said);
    json_decref(root);
    return r;
}

static struct str text_of(struct arena *a, const json_t *object, const char *name)
{
    const json_t *v = json_object_get(object, name);
    if (!json_is_string(v))
        return (struct str){NULL, 0};
    return str_copy(a, (struct str){json_string_value(v), json_string_length(v)});
}

static enum err names_of(struct arena *a, const json_t *object, const char *name, struct str **out,
                         int *n, struct error *e)
{
    const json_t *list = json_object_get(object, name), *item;
    size_t i;
    if (!json_is_array(list) || json_array_size(list) > LIMIT_MATCHES)
        return bad_member(name, e);
    *out = ARENA_ARRAY(a, struct str, json_array_size(list) + 1);
    json_array_foreach(list, i, item) {
        if (!json_is_string(item))
            return bad_member(name, e);
        (*out)[(*n)++] = str_copy(a, (struct str){json_string_value(item), json_string_length(item)});
    }
    return OK;
}

static enum err read_answer(struct arena *a, const json_t *root, struct kept *k, struct error *e)
{
    const json_t *answer = json_object_get(root, "answer");
    k->outcome = text_of(a, answer, "outcome");
    k->must = text_of(a, answer, "must");
    k->treatment = text_of(a, answer, "treatment");
    k->evidence = text_of(a, answer, "evidence");
    k->favoured_by = text_of(a, answer, "favoured_by");
    if (k->outcome.p == NULL || k->must.p == NULL || k->treatment.p == NULL ||
        k->evidence.p == NULL)
        return bad_member("answer", e);
    TRY(names_of(a, answer, "prevailing", &k->prevailing, &k->n_prevailing, e));
    return names_of(a, answer, "flip", &k->flip, &k->n_flip, e);
}

static enum err read_editions(struct arena *a, const struct corpus *c, const json_t *root,
                              struct kept *k, struct error *e)
{
    const json_t *list = json_object_get(root, "editions"), *item;
    size_t i;
    if (!json_is_array(list) || json_array_size(list) > KEPT_EDITIONS)
        return bad_member("editions", e);
    json_array_foreach(list, i, item) {
        struct kept_edition *t = &k->edition[k->n_editions++];
        *t = (struct kept_edition){text_of(a, item, "id"), text_of(a, item, "hash"), -1};
        if (t->id.p == NULL || t->hash.p == NULL)
            return bad_member("editions", e);
        for (int n = 0; n < c->n_instruments; n++)
            if (str_eq(c->instrument[n].id, t->id) && str_eqz(t->hash, c->instrument[n].hash))
                t->instrument = n;
    }
    return OK;
}

/* The question is one line in the shape of any kept question, and is read as such. */
static enum err read_question(const struct corpus *c, const json_t *root, struct kept *k,
                              struct error *e)
{
    static _Thread_local struct asked asked;
    const json_t *question = json_object_get(root, "question");
    const char *day = json_string_value(json_object_get(question, "known"));
    bool more = false;
    if (!json_is_object(question) || day == NULL || !day_parse(str_from(day), &k->q.known))
        return bad_member("question", e);
    day_t known = k->q.known;
    char *line = json_dumps(question, JSON_COMPACT | JSON_SORT_KEYS);
    check(line != NULL);
    FILE *f = fmemopen(line, strlen(line), "r");
    check(f != NULL);
    struct questions *in = questions_create(c, known, f);
    enum err r = questions_next(in, &asked, &more, e);
    if (r == OK && !more)
        r = bad_member("question", e);
    if (r == OK) {
        k->q = asked.q;
        k->q.known = known;
        k->facts = asked.facts;
        k->q.facts = &k->facts;
    }
    questions_destroy(in);
    fclose(f);
    free(line);
    return r;
}

enum err kept_read(struct arena *a, const struct corpus *c, struct str content, struct kept *out,
                   struct error *e)
{
    json_t *root;
    memset(out, 0, sizeof *out);
    TRY(load(content, &root, e));
    out->content = str_copy(a, content);
    out->snapshot = text_of(a, root, "snapshot");
    enum err r = out->snapshot.p == NULL ? bad_member("snapshot", e) : OK;
    if (r == OK)
        r = read_answer(a, root, out, e);
    if (r == OK)
        r = read_editions(a, c, root, out, e);
    if (r == OK)
        r = read_question(c, root, out, e);
    json_decref(root);
    return r;
}

/* --- the store -------------------------------------------------------------------------------- */

enum err kept_migrate(struct db *d, struct error *e)
{
    static const char *const migrations[] = {
        "CREATE TABLE kept (id TEXT PRIMARY KEY, content TEXT NOT NULL, entry INTEGER NOT NULL) STRICT;"
        "CREATE TRIGGER kept_stays BEFORE UPDATE ON kept"
        " BEGIN SELECT RAISE(ABORT,'a kept answer is never changed'); END;",
    };
    /* The name stands in stores: it is that of the room in which this once was. */
    return db_migrate(d, "compare", migrations, sizeof migrations / sizeof *migrations, e);
}

enum err kept_put(struct db *d, struct log *l, const char *id, int64_t at, struct str content,
                  uint64_t *entry, struct error *e)
{
    struct db_stmt *s;
    struct buf leaf;
    bool row;
    buf_init(&leaf);
    kept_leaf(at, content, &leaf);
    enum err r = log_append(l, buf_view(&leaf), entry, e);
    buf_finish(&leaf);
    TRY(r);
    TRY(db_prepare(d, "INSERT INTO kept VALUES(?1,?2,?3)", &s, e));
    db_bind_text(s, 1, str_from(id));
    db_bind_text(s, 2, content);
    db_bind_int(s, 3, (int64_t)*entry);
    r = db_step(s, &row, e);
    db_finish(s);
    return r;
}

enum err kept_get(struct db *d, struct str id, struct arena *a, struct str *content,
                  uint64_t *entry, struct error *e)
{
    struct db_stmt *s;
    bool row;
    TRY(db_prepare(d, "SELECT content,entry FROM kept WHERE id=?1", &s, e));
    db_bind_text(s, 1, id);
    enum err r = db_step(s, &row, e);
    if (r == OK && row) {
        *content = str_copy(a, db_text(s, 0));
        *entry = (uint64_t)db_int(s, 1);
    }
    db_finish(s);
    if (r == OK && !row)
        return err_set(e, ERR_NOT_FOUND, "没有留存的答案 %.*s", "there is no kept answer %.*s",
                       (int)(id.n > 40 ? 40 : id.n), id.p);
    return r;
}

static enum err write_question(struct str content, FILE *out, struct error *e)
{
    json_t *root;
    TRY(load(content, &root, e));
    const json_t *question = json_object_get(root, "question");
    enum err r = json_is_object(question) ? OK : bad_member("question", e);
    if (r == OK && (json_dumpf(question, out, JSON_COMPACT) != 0 || fputc('\n', out) == EOF))
        r = err_set(e, ERR_IO, "写出留存的问题失败%s", "the kept questions could not be written%s", "");
    json_decref(root);
    return r;
}

enum err kept_questions(struct db *d, FILE *out, uint64_t *n, struct error *e)
{
    struct db_stmt *s;
    bool row;
    *n = 0;
    TRY(kept_migrate(d, e));
    TRY(db_prepare(d, "SELECT content FROM kept ORDER BY entry", &s, e));
    enum err r;
    while ((r = db_step(s, &row, e)) == OK && row)
        if ((r = write_question(db_text(s, 0), out, e)) == OK)
            ++*n;
        else
            break;
    db_finish(s);
    return r;
}

/* --- checking -------------------------------------------------------------------------------- */

static bool same_rules(const struct corpus *c, const struct str *said, int n, const int *list,
                       int m)
{
    struct buf b;
    bool same = n == m;
    buf_init(&b);
    for (int i = 0; i < n && same; i++) {
        rule_name(c, list[i], &b);
        same = str_eq(said[i], buf_view(&b));
    }
    buf_finish(&b);
    return same;
}

static const char *first_difference(const struct corpus *c, const struct kept *k,
                                    const struct answer *a)
{
    struct str favoured = a->favoured_by < 0 ? (struct str){NULL, 0}
                                             : c->instrument[c->layer[a->favoured_by]].id;
    if (!str_eqz(k->outcome, outcome_name(a->outcome)))
        return "outcome";
    if (!str_eqz(k->must, treatment_name(a->must)))
        return "must";
    if (!str_eqz(k->treatment, treatment_name(a->treatment)))
        return "treatment";
    if (!str_eq(k->favoured_by, favoured))
        return "favoured_by";
    if (!same_rules(c, k->prevailing, k->n_prevailing, a->prevailing, a->n_prevailing))
        return "prevailing";
    return same_rules(c, k->flip, k->n_flip, a->flip, a->n_flip) ? NULL : "flip";
}

void kept_check(const struct snapshot *s, const struct kept *k, struct kept_check *out)
{
    static _Thread_local struct answer a;
    const struct corpus *c = snapshot_corpus(s);
    memset(out, 0, sizeof *out);
    out->same_snapshot = str_eqz(k->snapshot, c->hash);
    for (int i = 0; i < k->n_editions; i++)
        out->n_missing += k->edition[i].instrument < 0;
    naive_decide(c, &k->q, &a);
    out->field = first_difference(c, k, &a);
    out->holds = out->field == NULL && out->n_missing == 0;
}

static bool among(struct str name, const struct str *list, int n)
{
    for (int i = 0; i < n; i++)
        if (str_eq(list[i], name))
            return true;
    return false;
}

void kept_now(const struct snapshot *s, const struct kept *k, day_t today, struct arena *a,
              struct kept_now *out)
{
    static _Thread_local struct answer now;
    const struct corpus *c = snapshot_corpus(s);
    struct question q = k->q;
    struct str name[LIMIT_MATCHES];
    struct buf b;
    memset(out, 0, sizeof *out);
    q.known = today;
    decide(s, &q, &now);
    out->outcome = now.outcome;
    out->must = now.must;
    out->treatment = now.treatment;
    buf_init(&b);
    for (int i = 0; i < now.n_prevailing; i++) {
        rule_name(c, now.prevailing[i], &b);
        name[i] = str_copy(a, buf_view(&b));
        if (!among(name[i], k->prevailing, k->n_prevailing))
            out->come[out->n_come++] = name[i];
    }
    for (int i = 0; i < k->n_prevailing; i++)
        if (!among(k->prevailing[i], name, now.n_prevailing))
            out->gone[out->n_gone++] = k->prevailing[i];
    buf_finish(&b);
    out->same = first_difference(c, k, &now) == NULL;
}
