/* A question out of a JSON object. See body.h. */
#include "api/body.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIELDS = 8, SEEN_FACTS = FIELDS, SEEN_CLAIMS };

struct str *ask_field(struct ask *a, struct str name, int *which)
{
    static const struct {
        struct str name;
        size_t at;
    } fields[FIELDS] = {{{"sector", 6}, offsetof(struct ask, sector)},
                        {{"mode", 4}, offsetof(struct ask, mode)},
                        {{"from", 4}, offsetof(struct ask, from)},
                        {{"to", 2}, offsetof(struct ask, to)},
                        {{"kind", 4}, offsetof(struct ask, kind)},
                        {{"on", 2}, offsetof(struct ask, on)},
                        {{"known", 5}, offsetof(struct ask, known)},
                        {{"direction", 9}, offsetof(struct ask, direction)}};
    for (int i = 0; i < FIELDS; i++) {
        if (str_eq(name, fields[i].name)) {
            *which = i;
            return (struct str *)(void *)((char *)a + fields[i].at);
        }
    }
    return NULL;
}

static enum err too_many(const char *field, int limit, struct error *e)
{
    err_set(e, ERR_LIMIT, "%s 超过 %d 项", "more than %2$d of %1$s", field, limit);
    err_at(e, "", 0, field);
    return ERR_LIMIT;
}

enum err ask_add_fact(struct ask *a, struct str s, struct error *e)
{
    if (s.n > 0 && a->n_facts == ASK_FACTS) {
        return too_many("fact", ASK_FACTS, e);
    }
    if (s.n > 0) {
        a->fact[a->n_facts++] = s;
    }
    return OK;
}

enum err ask_add_claim(struct ask *a, struct str s, struct error *e)
{
    if (s.n > 0 && a->n_claims == ASK_CLAIMS) {
        return too_many("claim", ASK_CLAIMS, e);
    }
    if (s.n > 0) {
        a->claim[a->n_claims++] = s;
    }
    return OK;
}

static enum err bad_field(struct str name, const char *zh, const char *en, struct error *e)
{
    char z[80];
    snprintf(z, sizeof z, "%.*s", (int)(name.n > 79 ? 79 : name.n), name.p);
    err_set(e, ERR_INVALID, zh, en, z);
    err_at(e, "", 0, z);
    err_hint(e, "{\"sector\":\"7231\",\"mode\":1,\"from\":\"SG\",\"to\":\"CN-SH\","
                "\"facts\":{\"name\":true},\"claims\":[\"wto-gats-china\"]}");
    return ERR_INVALID;
}

static enum err bad_value(struct str name, struct error *e)
{
    if (name.n == 0) /* not even an object */
        return bad_field(name, "正文应是一个问题（对象）或问题的数组%s",
                         "the body is one question (an object) or an array of questions%s", e);
    return bad_field(name, "字段“%s”不能这样写", "the field \"%s\" cannot be written so", e);
}

enum err json_fault(const struct jsonr *r, struct error *e)
{
    const char *at = r->fault_at != NULL ? r->fault_at : r->p;
    err_set(e, ERR_SYNTAX, "不是 JSON：第 %d 字节处有错", "not JSON: a fault at byte %d",
            (int)(at - r->start) + 1);
    if (r->fault_en != NULL) {
        err_hint(e, "%s / %s", r->fault_en, r->fault_zh);
    }
    return ERR_SYNTAX;
}

/* Numbers as people write them: 1e3 is 1000. */
static bool plain_number(struct jsonr *r, struct str raw, struct str *out)
{
    char text[48], plain[48];
    bool power = memchr(raw.p, 'e', raw.n) != NULL || memchr(raw.p, 'E', raw.n) != NULL;
    *out = raw;
    if (!power) {
        return true;
    }
    if (raw.n >= sizeof text) {
        return false;
    }
    memcpy(text, raw.p, raw.n);
    text[raw.n] = '\0';
    int n = snprintf(plain, sizeof plain, "%.15g", strtod(text, NULL));
    *out = str_copy(r->arena, (struct str){plain, (size_t)n});
    return true;
}

/* A text, a number or a truth as the words of a query; false for anything else and for a fault. */
static bool scalar(struct jsonr *r, struct str *out)
{
    struct str raw;
    switch (jsonr_peek(r)) {
    case JSONR_STRING:
        return jsonr_string(r, out);
    case JSONR_NUMBER:
        return jsonr_number(r, &raw) && plain_number(r, raw, out);
    case JSONR_TRUE:
        *out = STR("true");
        return jsonr_literal(r);
    case JSONR_FALSE:
        *out = STR("false");
        return jsonr_literal(r);
    default:
        return false;
    }
}

static enum err wrong(struct jsonr *r, struct str name, struct error *e)
{
    bool broken = jsonr_peek(r) == JSONR_NONE; /* or the text ends here */
    return broken ? json_fault(r, e) : bad_value(name, e);
}

static struct str assignment(struct arena *a, struct str name, struct str value)
{
    char *p = arena_alloc(a, name.n + value.n + 2);
    memcpy(p, name.p, name.n);
    p[name.n] = '=';
    memcpy(p + name.n + 1, value.p, value.n);
    return (struct str){p, name.n + 1 + value.n};
}

static bool said_already(const struct ask *a, int from, struct str name)
{
    for (int i = from; i < a->n_facts; i++) {
        if (a->fact[i].n > name.n && a->fact[i].p[name.n] == '=' &&
            memcmp(a->fact[i].p, name.p, name.n) == 0) {
            return true;
        }
    }
    return false;
}

/* "facts": {"name": value}, or a list of "name=value". */
static enum err read_facts(struct jsonr *r, struct str field, struct ask *out, struct error *e)
{
    enum jsonr_kind k = jsonr_peek(r);
    int from = out->n_facts;
    bool first = true;
    struct str name, value;
    if (k != JSONR_OBJECT && k != JSONR_ARRAY) {
        return wrong(r, field, e);
    }
    jsonr_open(r);
    while (k == JSONR_OBJECT ? jsonr_member(r, &first, &name) : jsonr_element(r, &first)) {
        if (k == JSONR_ARRAY && jsonr_peek(r) != JSONR_STRING) {
            return wrong(r, field, e);
        }
        if (!scalar(r, &value)) {
            return wrong(r, field, e);
        }
        if (k == JSONR_OBJECT && said_already(out, from, name)) {
            return bad_field(name, "字段“%s”写了两次", "the field \"%s\" is said twice", e);
        }
        TRY(ask_add_fact(out, k == JSONR_ARRAY ? value : assignment(r->arena, name, value), e));
    }
    return r->fault_en != NULL ? json_fault(r, e) : OK;
}

static enum err read_claims(struct jsonr *r, struct str field, struct ask *out, struct error *e)
{
    bool first = true;
    struct str value;
    if (jsonr_peek(r) != JSONR_ARRAY) {
        return wrong(r, field, e);
    }
    jsonr_open(r);
    while (jsonr_element(r, &first)) {
        if (jsonr_peek(r) != JSONR_STRING || !jsonr_string(r, &value)) {
            return wrong(r, field, e);
        }
        TRY(ask_add_claim(out, value, e));
    }
    return r->fault_en != NULL ? json_fault(r, e) : OK;
}

static enum err read_member(struct jsonr *r, struct str name, unsigned *seen, struct ask *out,
                            struct error *e)
{
    int which = -1;
    struct str *at = ask_field(out, name, &which);
    bool facts = str_eqz(name, "facts") || str_eqz(name, "fact");
    bool claims = str_eqz(name, "claims") || str_eqz(name, "claim");
    which = facts ? SEEN_FACTS : claims ? SEEN_CLAIMS : which;
    if (which < 0) {
        return bad_field(name, "没有字段“%s”", "there is no field \"%s\"", e);
    }
    if ((*seen >> which) & 1) {
        return bad_field(name, "字段“%s”写了两次", "the field \"%s\" is said twice", e);
    }
    *seen |= 1u << which;
    if (jsonr_peek(r) == JSONR_NULL) { /* not said */
        return jsonr_literal(r) ? OK : json_fault(r, e);
    }
    if (facts) {
        return read_facts(r, name, out, e);
    }
    if (claims) {
        return read_claims(r, name, out, e);
    }
    return scalar(r, at) ? OK : wrong(r, name, e);
}

enum err ask_from_json(struct jsonr *r, struct ask *out, struct error *e)
{
    unsigned seen = 0;
    bool first = true;
    struct str name;
    memset(out, 0, offsetof(struct ask, fact)); /* what follows is read up to its count */
    if (jsonr_peek(r) != JSONR_OBJECT) {
        return r->fault_en != NULL ? json_fault(r, e) : bad_value(STR(""), e);
    }
    jsonr_open(r);
    while (jsonr_member(r, &first, &name)) {
        TRY(read_member(r, name, &seen, out, e));
    }
    return r->fault_en != NULL ? json_fault(r, e) : OK;
}
