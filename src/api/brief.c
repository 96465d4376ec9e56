#include "api/brief.h"

/* Constant text and names without anything to escape go out as they are. */
static void put(struct buf *b, struct str s)
{
    memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
}

static bool plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c == '"' || c == '\\')
            return false;
    }
    return true;
}

static void put_name(struct buf *b, struct str key, const char *name)
{
    struct str text = str_from(name);
    put(b, key);
    if (name == NULL) {
        put(b, STR("null"));
        return;
    }
    b->p[b->n++] = '"';
    put(b, text);
    b->p[b->n++] = '"';
}

/* Keys and ids are written by people: what has to be escaped takes the long way. */
static void put_pair(struct buf *b, struct str id, struct str key)
{
    buf_reserve(b, id.n + key.n + 3);
    if (plain(id) && plain(key)) {
        b->p[b->n++] = '"';
        put(b, id);
        if (key.n > 0) {
            b->p[b->n++] = '/';
            put(b, key);
        }
        b->p[b->n++] = '"';
        return;
    }
    struct jsonw w;
    struct buf whole;
    buf_init(&whole);
    buf_str(&whole, id);
    if (key.n > 0)
        buf_char(&whole, '/');
    buf_str(&whole, key);
    jsonw_init(&w, b, false);
    jsonw_str(&w, buf_view(&whole));
    buf_finish(&whole);
}

void brief_json(const struct snapshot *s, const struct question *q, const struct answer *a,
                struct buf *out)
{
    const struct corpus *c = snapshot_corpus(s);
    bool none = a->treatment == SILENT;
    buf_reserve(out, 256); /* the names of enums and the constant text */
    put_name(out, STR("{\"outcome\":"), outcome_name(a->outcome));
    put_name(out, STR(",\"treatment\":"), none ? NULL : treatment_name(a->treatment));
    put_name(out, STR(",\"must\":"), none ? NULL : treatment_name(a->must));
    put(out, STR(",\"favoured_by\":"));
    if (a->favoured_by >= 0)
        put_pair(out, c->instrument[c->layer[a->favoured_by]].id, STR(""));
    else
        buf_z(out, "null");
    buf_z(out, ",\"prevailing\":[");
    for (int i = 0; i < a->n_prevailing; i++) {
        const struct provision *p = &c->provision[a->prevailing[i]];
        if (i > 0)
            buf_char(out, ',');
        put_pair(out, c->instrument[p->instrument].id, p->key);
    }
    buf_reserve(out, 64);
    put_name(out, STR("],\"certainty\":"), certainty_name(answer_evidence(s, q, a)));
    buf_char(out, '}');
}
