/* The fact dictionary and expressions over it. */
#include "law/internal.h"

#include <math.h>
#include <stdio.h>

static enum err read_fact_values(struct reader *r, const json_t *o, struct fact *f)
{
    const json_t *list;
    TRY(read_array(r, o, "values", &list));
    size_t n = list ? json_array_size(list) : 0;
    if (f->type != FACT_ENUM)
        return OK;
    if (n == 0 || n > LIMIT_FACT_VALUES)
        return read_fail(r, "values", "枚举须有 1 至 64 个取值%s",
                         "an enum needs 1 to 64 values%s", "");
    f->n_values = (int)n;
    f->value = ARENA_ARRAY(r->a, struct fact_value, n);
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, i);
        TRY(read_text_needed(r, v, "value", &f->value[i].value));
        TRY(read_text_needed(r, v, "zh", &f->value[i].zh));
        TRY(read_text_needed(r, v, "en", &f->value[i].en));
    }
    return OK;
}

static enum err read_fact(struct reader *r, const json_t *o, struct fact *f)
{
    struct str type, role;
    TRY(read_text_needed(r, o, "name", &f->name));
    TRY(read_text_needed(r, o, "type", &type));
    TRY(read_text_needed(r, o, "role", &role));
    TRY(read_text_needed(r, o, "zh", &f->zh));
    TRY(read_text_needed(r, o, "en", &f->en));
    TRY(read_text(r, o, "help_zh", &f->help_zh));
    TRY(read_text(r, o, "help_en", &f->help_en));
    TRY(read_text(r, o, "unit", &f->unit));
    TRY(read_bool(r, o, "derived", false, &f->derived));
    if (str_eqz(type, "bool"))
        f->type = FACT_BOOL;
    else if (str_eqz(type, "enum"))
        f->type = FACT_ENUM;
    else if (str_eqz(type, "number"))
        f->type = FACT_NUMBER;
    else
        return read_fail(r, "type", "未知的类型:%s", "unknown type: %s", type.p);
    if (str_eqz(role, "scope"))
        f->role = ROLE_SCOPE;
    else if (str_eqz(role, "condition"))
        f->role = ROLE_CONDITION;
    else if (str_eqz(role, "state"))
        f->role = ROLE_STATE;
    else
        return read_fail(r, "role", "未知的角色:%s", "unknown role: %s", role.p);
    return read_fact_values(r, o, f);
}

enum err read_facts(struct reader *r, const json_t *root)
{
    const json_t *list;
    TRY(read_array(r, root, "facts", &list));
    size_t n = list ? json_array_size(list) : 0;
    if (n == 0 || n > LIMIT_FACTS)
        return read_fail(r, "facts", "须有 1 至 256 项%s", "needs 1 to 256 entries%s", "");
    struct corpus *c = r->c;
    c->fact = ARENA_ARRAY(r->a, struct fact, n);
    for (size_t i = 0; i < n; i++) {
        snprintf(r->path, sizeof r->path, "/facts/%zu", i);
        TRY(read_fact(r, json_array_get(list, i), &c->fact[i]));
        if (fact_find(c, c->fact[i].name) >= 0)
            return read_fail(r, "name", "重复的事实:%s", "the fact is there twice: %s",
                             c->fact[i].name.p);
        c->n_facts = (int)i + 1;
    }
    c->fact_mode = fact_find(c, STR("supply.mode"));
    c->fact_territory = fact_find(c, STR("territory"));
    c->fact_form = fact_find(c, STR("entity.form"));
    return OK;
}

int fact_find(const struct corpus *c, struct str name)
{
    for (int i = 0; i < c->n_facts; i++)
        if (str_eq(c->fact[i].name, name))
            return i;
    return -1;
}

void fact_set(struct facts *f, int fact, int64_t value)
{
    bit_set(f->known, (size_t)fact);
    f->value[fact] = value;
}

static int fact_value_find(const struct fact *f, struct str v)
{
    for (int i = 0; i < f->n_values; i++)
        if (str_eq(f->value[i].value, v))
            return i;
    return -1;
}

static void hint_values(struct error *e, const struct fact *f)
{
    char list[300] = "";
    size_t n = 0;
    for (int i = 0; i < f->n_values && n + 1 < sizeof list; i++)
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%.*s", i ? ", " : "",
                              STR_ARG(f->value[i].value));
    err_hint(e, "%s", list);
}

static enum err unknown_fact(const struct corpus *c, struct str name, struct error *e)
{
    int best = -1, best_distance = 6;
    for (int i = 0; i < c->n_facts; i++) {
        int d = str_distance(name, c->fact[i].name, 6);
        if (d < best_distance) {
            best = i;
            best_distance = d;
        }
    }
    err_set(e, ERR_UNKNOWN_FACT, "没有名为“%.*s”的事实", "there is no fact named \"%.*s\"",
            STR_ARG(name));
    err_at(e, "", 0, "fact");
    if (best >= 0)
        err_hint(e, "%.*s?", STR_ARG(c->fact[best].name));
    else
        err_hint(e, "data/facts.json");
    return ERR_UNKNOWN_FACT;
}

/* A decimal number with at most four places: never rounded, because a share just over a cap must
 * not pass as the cap. */
static bool number_parse(struct str v, int64_t *out)
{
    size_t i = 0, places = 0, digits = 0;
    int64_t n = 0;
    bool minus = v.n > 0 && v.p[0] == '-', point = false;
    for (i = minus ? 1 : 0; i < v.n; i++) {
        if (v.p[i] == '.' && !point) {
            point = true;
        } else if (v.p[i] >= '0' && v.p[i] <= '9' && places < 4 && digits < 12) {
            n = n * 10 + (v.p[i] - '0');
            places += point;
            digits += !point;
        } else {
            return false;
        }
    }
    if (digits == 0 || (point && places == 0))
        return false;
    for (; places < 4; places++)
        n *= 10;
    *out = minus ? -n : n;
    return true;
}

static bool in_range(const struct fact *f, int64_t v)
{
    return !str_eqz(f->unit, "share") || (v >= 0 && v <= FACT_SCALE);
}

enum err fact_parse(const struct corpus *c, struct str assignment, struct facts *f,
                    struct error *e)
{
    struct str v, name = str_trim(str_cut(assignment, '=', &v));
    v = str_trim(v);
    int i = fact_find(c, name);
    if (i < 0)
        return unknown_fact(c, name, e);
    const struct fact *d = &c->fact[i];
    if (d->derived) {
        err_set(e, ERR_UNKNOWN_FACT, "“%.*s”由问题本身得出,不能另给",
                "\"%.*s\" follows from the question and cannot be given", STR_ARG(name));
        err_at(e, "", 0, "fact");
        return ERR_UNKNOWN_FACT;
    }
    int64_t x = -1;
    if (d->type == FACT_BOOL)
        x = str_eqz(v, "true") || str_eqz(v, "yes")  ? 1
            : str_eqz(v, "false") || str_eqz(v, "no") ? 0
                                                      : -1;
    else if (d->type == FACT_ENUM)
        x = fact_value_find(d, v);
    if (d->type == FACT_NUMBER ? !number_parse(v, &x) || !in_range(d, x) : x < 0) {
        err_set(e, ERR_UNKNOWN_FACT, "事实“%.*s”不能取值“%.*s”",
                "the fact \"%.*s\" cannot be \"%.*s\"", STR_ARG(name), STR_ARG(v));
        err_at(e, "", 0, "fact");
        if (d->type == FACT_ENUM)
            hint_values(e, d);
        else
            err_hint(e, "%s", d->type == FACT_BOOL         ? "true, false"
                              : str_eqz(d->unit, "share") ? "0 … 1, e.g. 0.34 (34 %), at most 4 decimals"
                                                          : "12, 0.5, at most 4 decimals");
        return ERR_UNKNOWN_FACT;
    }
    fact_set(f, i, x);
    return OK;
}

/* --- expressions ------------------------------------------------------------------------ */

static int expr_new(struct reader *r)
{
    struct corpus *c = r->c;
    if ((c->n_exprs & (c->n_exprs - 1)) == 0) { /* a power of two: double the room */
        size_t room = c->n_exprs == 0 ? 1 : (size_t)c->n_exprs * 2;
        struct expr *wider = ARENA_ARRAY(r->a, struct expr, room);
        if (c->n_exprs > 0)
            memcpy(wider, c->expr, (size_t)c->n_exprs * sizeof *wider);
        c->expr = wider;
    }
    c->expr[c->n_exprs] = (struct expr){.fact = -1, .child = -1, .next = -1};
    return c->n_exprs++;
}

static enum err read_value(struct reader *r, const struct fact *d, const json_t *v,
                           const char *field, int64_t *out)
{
    if (d->type == FACT_BOOL && json_is_boolean(v)) {
        *out = json_is_true(v);
        return OK;
    }
    if (d->type == FACT_NUMBER && json_is_number(v)) {
        double scaled = json_number_value(v) * FACT_SCALE;
        if (!(scaled > -1e16 && scaled < 1e16) || fabs(scaled - nearbyint(scaled)) > 1e-6 ||
            !in_range(d, (int64_t)llround(scaled)))
            return read_fail(r, field, "数值须不超过四位小数,份额须在 0 至 1 之间:%s",
                             "a number has at most four decimals, a share lies in 0 to 1: %s",
                             d->name.p);
        *out = (int64_t)llround(scaled);
        return OK;
    }
    if (d->type == FACT_ENUM && json_is_string(v)) {
        *out = fact_value_find(d, str_from(json_string_value(v)));
        if (*out >= 0)
            return OK;
        return read_fail(r, field, "取值不在事实词典中:%s",
                         "the value is not in the fact dictionary: %s", json_string_value(v));
    }
    return read_fail(r, field, "取值类型与事实“%s”不符",
                     "the value does not fit the type of the fact \"%s\"", d->name.p);
}

static enum err read_test(struct reader *r, const json_t *x, const char *field, int node)
{
    static const struct {
        const char *name;
        enum op op;
    } ops[] = {{"is", OP_IS}, {"not", OP_NOT}, {"in", OP_IN}, {"gte", OP_GTE}, {"lte", OP_LTE}};
    const char *name = json_string_value(json_object_get(x, "fact"));
    int fact = name ? fact_find(r->c, str_from(name)) : -1;
    if (fact < 0)
        return read_fail(r, field, "未知的事实:%s", "unknown fact: %s", name ? name : "?");
    const struct fact *d = &r->c->fact[fact];
    int found = 0;
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        const json_t *v = json_object_get(x, ops[i].name);
        if (v == NULL)
            continue;
        found++;
        struct expr t = {.op = ops[i].op, .fact = fact, .child = -1, .next = -1};
        if (t.op == OP_IN) {
            if (d->type != FACT_ENUM || !json_is_array(v))
                return read_fail(r, field, "in 只用于枚举%s", "\"in\" needs an enum%s", "");
            for (size_t k = 0; k < json_array_size(v); k++) {
                int64_t value;
                TRY(read_value(r, d, json_array_get(v, k), field, &value));
                t.values |= (uint64_t)1 << value;
            }
        } else {
            TRY(read_value(r, d, v, field, &t.value));
        }
        r->c->expr[node] = t;
    }
    if (found != 1 || json_object_size(x) != 2)
        return read_fail(r, field, "须恰有一个运算符%s", "needs exactly one operator%s", "");
    return OK;
}

enum err read_expr(struct reader *r, const json_t *x, const char *field, int *out)
{
    *out = -1;
    if (x == NULL || json_is_null(x))
        return OK;
    if (!json_is_object(x))
        return read_fail(r, field, "表达式须为对象%s", "an expression must be an object%s", "");
    const json_t *all = json_object_get(x, "all"), *any = json_object_get(x, "any");
    if (r->c->n_exprs == LIMIT_EXPR_NODES)
        return err_set(r->e, ERR_LIMIT, "表达式节点超过 %d 个", "more than %d nodes of expressions",
                       LIMIT_EXPR_NODES);
    int node = expr_new(r);
    *out = node;
    if (all == NULL && any == NULL)
        return read_test(r, x, field, node);
    const json_t *list = all ? all : any;
    if (!json_is_array(list) || json_array_size(list) == 0 || json_object_size(x) != 1)
        return read_fail(r, field, "all/any 须为非空数组%s", "all/any needs a list%s", "");
    r->c->expr[node].op = all ? OP_ALL : OP_ANY;
    int last = -1;
    for (size_t i = 0; i < json_array_size(list); i++) {
        int child;
        TRY(read_expr(r, json_array_get(list, i), field, &child));
        if (child < 0)
            return read_fail(r, field, "空表达式%s", "an empty expression%s", "");
        if (last < 0)
            r->c->expr[node].child = child;
        else
            r->c->expr[last].next = child;
        last = child;
    }
    return OK;
}
