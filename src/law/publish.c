/*
 * Publishing and rehearsing a draft: one change, made to the records in memory, and for
 * publishing written to the store as well.
 *
 * The change is: the draft gets a record under its id, which closes the open one. Every text it
 * `replaces` gets a new record that ends (valid_to) on the day the draft begins, unless it ends
 * by then already, and names in `ended_by` what ended it. A correction of the draft moves those
 * ends along, because it was the draft that had set them. A correction of a text that an open
 * one replaces keeps the end that was set: correcting an old list does not bring it back.
 */
#include "law/records.h"

#include <stdlib.h>

struct amended { /* one text of the change */
    struct str id, text;
    const char *file;
};
struct change {
    int n;
    struct amended *put; /* the draft first, then what it replaces */
};
struct draft {
    struct str id;
    day_t valid_from, valid_to, known_from, known_to;
    int n_replaces;
    struct str *replaces;
};

/* Members in their order, numbers as short as they were: all but the end stays as it was. */
static struct str dump(const json_t *root, struct arena *a)
{
    char *z = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15));
    check(z != NULL);
    struct str text = str_copy(a, str_from(z));
    free(z);
    return text;
}

static struct str end_on(json_t *root, day_t day, struct str by, struct arena *a)
{
    char z[11];
    day_format(day, z);
    check(json_object_set_new(root, "valid_to", json_string(z)) == 0);
    check(json_object_set_new(root, "ended_by", json_stringn(by.p, by.n)) == 0);
    return dump(root, a);
}

static enum err read_draft(struct reader *r, const json_t *root, struct draft *d)
{
    TRY(read_text_needed(r, root, "id", &d->id));
    TRY(read_day(r, root, "valid_from", DAY_MIN, &d->valid_from));
    TRY(read_day(r, root, "valid_to", DAY_MAX, &d->valid_to));
    TRY(read_day(r, root, "known_from", DAY_MIN, &d->known_from));
    TRY(read_day(r, root, "known_to", DAY_MAX, &d->known_to));
    TRY(read_texts(r, root, "replaces", &d->n_replaces, &d->replaces));
    if (d->known_to != DAY_MAX)
        return read_fail(r, "known_to", "待发布的文本不得写 known_to%s",
                         "must be absent from a draft%s", "");
    if (d->n_replaces > 0 && d->valid_from == DAY_MIN)
        return read_fail(r, "valid_from", "替代其他文件须写明生效日%s",
                         "is required of a text that replaces others%s", "");
    return OK;
}

/* An open text that replaces the draft's id has set the draft's end: the earliest is kept. */
static enum err keep_end(struct reader *r, const struct records *s, json_t *root, struct draft *d,
                         struct str *text)
{
    struct str by = {NULL, 0};
    day_t end = d->valid_to;
    for (int i = 0; i < s->n; i++) {
        struct draft o = {0};
        json_t *other = NULL;
        if (s->r[i].to != DAY_MAX || str_eq(s->r[i].id, d->id) ||
            !str_find(s->r[i].text, STR("\"replaces\""), NULL))
            continue;
        struct reader there = {.a = r->a, .file = s->r[i].file, .e = r->e};
        enum err result = read_document(&there, s->r[i].text, &other);
        if (result == OK)
            result = read_draft(&there, other, &o);
        json_decref(other);
        TRY(result);
        for (int k = 0; k < o.n_replaces; k++)
            if (str_eq(o.replaces[k], d->id) && o.valid_from < end) {
                end = o.valid_from;
                by = o.id;
            }
    }
    if (by.n == 0)
        return OK;
    if (end <= d->valid_from)
        return read_fail(r, "valid_from", "不得晚于替代本文件的 %s 的生效日",
                         "is not before the day on which %s, which replaces this text, begins",
                         by.p);
    *text = end_on(root, end, by, r->a);
    return OK;
}

/* The record of a text that the draft replaces, if its end changes. */
static enum err end_replaced(struct reader *r, const struct records *s, const struct draft *d,
                             struct str id, struct change *out)
{
    struct record *open = records_open(s, id);
    struct str by;
    day_t from, to;
    json_t *root;
    if (open == NULL)
        return read_fail(r, "replaces", "没有现行文件 %s", "there is no text %s to replace", id.p);
    struct reader there = {.a = r->a, .file = open->file, .e = r->e};
    TRY(read_document(&there, open->text, &root));
    enum err result = read_day(&there, root, "valid_from", DAY_MIN, &from);
    if (result == OK)
        result = read_day(&there, root, "valid_to", DAY_MAX, &to);
    if (result == OK)
        result = read_text(&there, root, "ended_by", &by);
    if (result == OK && from >= d->valid_from)
        result = read_fail(r, "valid_from", "不晚于所替代的 %s 的生效日",
                           "is not after the day on which %s, which it replaces, begins", id.p);
    if (result == OK && (to > d->valid_from || (to < d->valid_from && str_eq(by, d->id))))
        out->put[out->n++] = (struct amended){
            id, end_on(root, d->valid_from, d->id, r->a), open->file};
    json_decref(root);
    return result;
}

static bool change_has(const struct change *c, struct str id)
{
    for (int i = 0; i < c->n; i++)
        if (str_eq(c->put[i].id, id))
            return true;
    return false;
}

/* A file laid out for people and the same file without white space are one text. */
static bool same_text(struct str a, struct str b)
{
    bool in_text = false;
    size_t i = 0, k = 0;
    for (;; i++, k++) {
        while (!in_text && i < a.n && strchr(" \n\r\t", a.p[i]))
            i++;
        while (!in_text && k < b.n && strchr(" \n\r\t", b.p[k]))
            k++;
        if (i == a.n || k == b.n)
            return i == a.n && k == b.n;
        if (a.p[i] != b.p[k])
            return false;
        if (in_text && a.p[i] == '\\' && i + 1 < a.n && k + 1 < b.n) {
            if (a.p[++i] != b.p[++k])
                return false;
        } else if (a.p[i] == '"') {
            in_text = !in_text;
        }
    }
}

static enum err change_make(const struct records *s, struct str text, const char *file,
                            struct change *out, struct draft *d, struct error *e)
{
    struct reader r = {.a = s->a, .file = file, .e = e};
    json_t *root;
    TRY(read_document(&r, text, &root));
    text = str_copy(s->a, text);
    enum err result = read_draft(&r, root, d);
    if (result == OK)
        result = keep_end(&r, s, root, d, &text);
    json_decref(root);
    TRY(result);
    const struct record *open = records_open(s, d->id);
    if (open != NULL && same_text(open->text, text))
        text = open->text;
    out->put = ARENA_ARRAY(s->a, struct amended, (size_t)d->n_replaces + 1);
    out->put[out->n++] = (struct amended){d->id, text, file};
    for (int i = 0; i < d->n_replaces; i++) {
        if (str_eq(d->replaces[i], d->id))
            return read_fail(&r, "replaces", "文件不能替代自身：%s", "a text cannot replace itself: %s",
                             d->id.p);
        if (!change_has(out, d->replaces[i]))
            TRY(end_replaced(&r, s, d, d->replaces[i], out));
    }
    return OK;
}

/* The day after today, or after every day on which a record begins or ends to be known. */
static day_t next_known(const struct corpus *c)
{
    day_t last = day_today();
    for (int i = 0; i < c->n_instruments; i++) {
        const struct instrument *t = &c->instrument[i];
        if (t->known_from < KNOWN_DRAFT && t->known_from > last)
            last = t->known_from;
        if (t->known_to < KNOWN_DRAFT && t->known_to > last)
            last = t->known_to;
    }
    return last + 1;
}

enum err registry_load_draft(struct db *d, struct corpus **out, int *draft, day_t *known,
                             struct arena *a, const struct classification *codes,
                             struct str text, const char *file, struct error *e)
{
    struct records s;
    struct change change = {0};
    struct draft head = {0};
    TRY(records_read(&s, d, a, e));
    TRY(change_make(&s, text, file, &change, &head, e));
    for (int i = 0; i < change.n; i++)
        records_put(&s, change.put[i].id, change.put[i].text, change.put[i].file, KNOWN_DRAFT);
    TRY(records_begin(&s, out, a, codes, e));
    *known = next_known(*out);
    for (int i = 0; i < (*out)->n_instruments; i++) {
        struct instrument *t = &(*out)->instrument[i];
        t->known_from = t->known_from == KNOWN_DRAFT ? *known : t->known_from;
        t->known_to = t->known_to == KNOWN_DRAFT ? *known : t->known_to;
    }
    TRY(records_finish(*out, a, e));
    *draft = instrument_find(*out, head.id);
    check(*draft >= 0);
    return OK;
}

/* Knowledge only grows: a record cannot close one that is known from a later day, and nothing
 * becomes known before the platform knew anything. */
static enum err check_known(const struct corpus *c, const struct change *change,
                            const struct draft *d, day_t known, const char *file, struct error *e)
{
    char day[11];
    day_t first = DAY_MAX;
    for (int i = 0; i < c->n_instruments; i++) {
        const struct instrument *t = &c->instrument[i];
        first = t->known_from < first ? t->known_from : first;
        if (!instrument_current(t) || t->known_from <= known || !change_has(change, t->id))
            continue;
        day_format(t->known_from, day);
        err_set(e, ERR_CONFLICT, "%.*s 的现行记录自 %s 起才为平台所知",
                "the open record of %.*s is known only from %s", STR_ARG(t->id), day);
        err_hint(e, "--known %s", day);
        return ERR_CONFLICT;
    }
    day_format(known, day);
    if (d->known_from > known || (known < first && first != DAY_MAX)) {
        err_set(e, ERR_INVALID, "%s 不能作为本文件被知晓之日", "cannot be known from %s", day);
        err_at(e, file, 0, "known_from");
        return ERR_INVALID;
    }
    return OK;
}

/* Inside the transaction. The store is read again after the change: what could not be loaded is
 * never committed. */
static enum err publish(const struct book *b, struct arena *a, struct str text, const char *file,
                        day_t known, const char *seen, const struct classification *codes,
                        struct error *e)
{
    struct records s;
    struct corpus *before, *after;
    struct change change = {0};
    struct draft head = {0};
    TRY(records_read(&s, b->d, a, e));
    TRY(records_begin(&s, &before, a, codes, e));
    TRY(records_finish(before, a, e));
    if (seen != NULL && strcmp(seen, before->hash) != 0) {
        err_set(e, ERR_CONFLICT, "检查之后存储已被他人改动%s", "the store was changed after it was checked%s",
                "");
        err_hint(e, "fumao list publish %s", file);
        return ERR_CONFLICT;
    }
    TRY(change_make(&s, text, file, &change, &head, e));
    for (int i = change.n - 1; i >= 0; i--) { /* those that change nothing are dropped */
        const struct record *open = records_open(&s, change.put[i].id);
        if (open != NULL && str_eq(open->text, change.put[i].text))
            change.put[i] = change.put[--change.n];
    }
    TRY(check_known(before, &change, &head, known, file, e));
    for (int i = 0; i < change.n; i++)
        TRY(registry_put(b, change.put[i].id, change.put[i].text, known, e));
    TRY(records_read(&s, b->d, a, e));
    struct record *open = records_open(&s, head.id);
    check(open != NULL);
    open->file = file; /* for errors */
    TRY(records_begin(&s, &after, a, codes, e));
    return records_finish(after, a, e);
}

enum err registry_publish_seen(const struct book *b, struct str text, const char *file,
                               day_t known, const char *seen, const struct classification *codes,
                               struct error *e)
{
    struct arena a;
    check(known > DAY_MIN && known < KNOWN_DRAFT);
    TRY(book_begin(b, e));
    arena_init(&a);
    enum err result = publish(b, &a, text, file, known, seen, codes, e);
    arena_finish(&a);
    return book_end(b, result, e);
}

enum err registry_publish(const struct book *b, struct str text, const char *file, day_t known,
                          const struct classification *codes, struct error *e)
{
    return registry_publish_seen(b, text, file, known, NULL, codes, e);
}
