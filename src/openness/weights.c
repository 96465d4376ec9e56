#include "openness/weights.h"

#include <stdio.h>

static const char *const shipped_names[] = {"equal", "modes", "trade", "stri", NULL};

struct reading {
    const struct classification *codes;
    struct csv csv;
    const char *file;
    struct weights *w;
    struct error *e;
};

static enum err fail(const struct reading *r, const char *column, const char *zh, const char *en,
                     struct str what)
{
    err_set(r->e, ERR_INVALID, zh, en, STR_ARG(what));
    err_at(r->e, r->file, r->csv.line, column);
    return ERR_INVALID;
}

static enum err number(const struct reading *r, const char *column, int64_t most, int64_t *out)
{
    struct str s = csv_get(&r->csv, column);
    if (str_int(s, out) && *out >= 0 && *out <= most)
        return OK;
    err_set(r->e, ERR_INVALID, "“%.*s”不是 0 到 %lld 的整数",
            "\"%.*s\" is not a whole number from 0 to %lld", STR_ARG(s), (long long)most);
    err_at(r->e, r->file, r->csv.line, column);
    return ERR_INVALID;
}

static enum err take_mode(const struct reading *r, struct str code)
{
    int64_t mode, v;
    if (!str_int(code, &mode) || mode < 1 || mode > 4)
        return fail(r, "code", "模式须为 1 到 4，不是 %.*s", "a mode is 1 to 4, not %.*s", code);
    TRY(number(r, "weight", WEIGHT_MODE_MAX, &v));
    r->w->mode[mode] = (uint32_t)v;
    return OK;
}

static enum err take_score(const struct reading *r, struct str code, const char *column)
{
    int64_t v;
    for (int t = EQUAL; t <= PROHIBITED; t++) {
        if (!str_eqz(code, treatment_name((enum treatment)t)))
            continue;
        TRY(number(r, column, WEIGHT_SCORE, &v));
        r->w->score[t] = (uint32_t)v;
        r->w->score_source = csv_get(&r->csv, "source");
        return OK;
    }
    return fail(r, "code", "没有待遇 %.*s", "there is no treatment %.*s", code);
}

/* The leaves of a code; none (and no error) for a code of a list that reaches no leaf. */
static enum err leaves_of(const struct reading *r, struct str code, struct sector_set *out)
{
    memset(out, 0, sizeof *out);
    if (str_eqz(code, "*")) {
        out->count = r->codes->gbt.n_leaves;
        bits_set_range(out->leaf, 0, (size_t)out->count);
        return OK;
    }
    struct error quiet = {0};
    enum err result = sector_parse(r->codes, code, out, &quiet);
    if (result == ERR_INVALID) { /* a known code without a bridge to GB/T */
        memset(out, 0, sizeof *out);
        return OK;
    }
    if (result != OK && r->e) {
        *r->e = quiet;
        err_at(r->e, r->file, r->csv.line, "code");
    }
    return result;
}

static enum err take_sector(const struct reading *r, struct str code)
{
    struct sector_set set;
    int64_t v;
    TRY(leaves_of(r, code, &set));
    TRY(number(r, "weight", WEIGHT_LEAF_MAX, &v));
    if (set.count == 0)
        return fail(r, "code", "%.*s 不对应任何小类", "%.*s reaches no class", code);
    for (int i = 0; i < r->codes->gbt.n_leaves; i++)
        if (bit_get(set.leaf, (size_t)i))
            r->w->leaf[i] = (uint32_t)v;
    return OK;
}

static enum err take_spread(const struct reading *r, struct str code)
{
    struct weights *w = r->w;
    struct sector_set set;
    int64_t v;
    TRY(leaves_of(r, code, &set));
    TRY(number(r, "weight", WEIGHT_LEAF_MAX / WEIGHT_PARTS, &v));
    if (w->n_items == WEIGHT_ITEMS)
        return err_set(r->e, ERR_LIMIT, "分摊项超过 %d 个", "more than %d items to spread",
                       WEIGHT_ITEMS);
    struct str grade = csv_get(&r->csv, "evidence");
    w->item[w->n_items++] = (struct weight_item){
        .code = code, .name = csv_get(&r->csv, "note"), .source = csv_get(&r->csv, "source"),
        .value = v, .leaves = set.count, .partial = set.partial,
        .evidence = grade.n == 1 ? grade.p[0] : 0};
    *(set.count > 0 ? &w->placed : &w->unplaced) += v;
    int64_t parts = v * WEIGHT_PARTS, given = 0;
    for (int i = 0; i < r->codes->gbt.n_leaves && set.count > 0; i++)
        if (bit_get(set.leaf, (size_t)i)) {
            w->leaf[i] += (uint32_t)(parts / set.count + (given++ < parts % set.count));
            if (w->leaf[i] > WEIGHT_LEAF_MAX)
                return err_set(r->e, ERR_LIMIT, "一个小类的权重超过 %d",
                               "the weight of a class is over %d", WEIGHT_LEAF_MAX);
        }
    return OK;
}

static enum err take_row(const struct reading *r)
{
    struct str what = csv_get(&r->csv, "what"), code = csv_get(&r->csv, "code");
    int64_t v;
    if (str_eqz(what, "mode"))
        return take_mode(r, code);
    if (str_eqz(what, "score"))
        return take_score(r, code, "weight");
    if (str_eqz(what, "sector"))
        return take_sector(r, code);
    if (str_eqz(what, "spread"))
        return take_spread(r, code);
    if (!str_eqz(what, "total"))
        return fail(r, "what", "应为 sector、spread、total、mode 或 score，不是 %.*s",
                    "sector, spread, total, mode or score, not %.*s", what);
    TRY(number(r, "weight", WEIGHT_LEAF_MAX, &v));
    r->w->total = v;
    return OK;
}

static enum err open_table(struct reading *r, struct str text, struct arena *a,
                           const char *const *columns)
{
    TRY(csv_open(&r->csv, a, text, r->file, r->e));
    for (int i = 0; columns[i]; i++) {
        bool there = false;
        for (int k = 0; k < r->csv.n_head; k++)
            there |= str_eqz(r->csv.head[k], columns[i]);
        if (!there)
            return fail(r, columns[i], "缺少列 %.*s", "the column %.*s is missing",
                        str_from(columns[i]));
    }
    return OK;
}

static enum err read_scores(struct reading *r, struct arena *a)
{
    static const char *const columns[] = {"treatment", "score", "source", NULL};
    struct str text;
    bool more;
    check(shipped_get("weights/scores.csv", &text));
    TRY(open_table(r, text, a, columns));
    for (;;) {
        TRY(csv_next(&r->csv, &more, r->e));
        if (!more)
            return OK;
        TRY(take_score(r, csv_get(&r->csv, "treatment"), "score"));
    }
}

/* The period asked for, or the last one of the file; rows without a period always count. */
static enum err choose_period(struct reading *r, struct str text, struct arena *a,
                              struct str asked)
{
    static const char *const columns[] = {"what", "code", "weight", "period", "source", NULL};
    bool more;
    struct str last = {NULL, 0};
    TRY(open_table(r, text, a, columns));
    for (;;) {
        TRY(csv_next(&r->csv, &more, r->e));
        if (!more)
            break;
        struct str p = csv_get(&r->csv, "period");
        if (p.n > 0 && (asked.n == 0 ? last.n == 0 || str_cmp(p, last) > 0 : str_eq(p, asked)))
            last = p;
    }
    if (asked.n > 0 && last.n == 0)
        return fail(r, "period", "没有 %.*s 的数据", "there is nothing for %.*s", asked);
    r->w->period = last;
    return OK;
}

/* Sums of weights over all cells must fit, and scores must fall along the chain, so that the
 * worst that may be never scores above the best. */
static enum err check_whole(const struct reading *r)
{
    const struct weights *w = r->w;
    uint64_t sum = 0, mode = 0;
    for (int i = 0; i < w->n_leaves; i++)
        sum += w->leaf[i];
    for (int m = 1; m <= 4; m++)
        mode = w->mode[m] > mode ? w->mode[m] : mode;
    if (sum * (mode > 0 ? mode : 1) > WEIGHT_SUM_MAX)
        return err_set(r->e, ERR_LIMIT, "权重之和超过 %lld", "the weights add up to more than %lld",
                       (long long)WEIGHT_SUM_MAX);
    for (int t = EQUAL; t < PROHIBITED; t++)
        if (w->score[t] < w->score[t + 1])
            return fail(r, "score", "%.*s 的得分高于更优惠的待遇",
                        "%.*s scores above a more favourable treatment",
                        str_from(treatment_name((enum treatment)(t + 1))));
    return OK;
}

enum err weights_read(const struct classification *codes, struct str text, const char *file,
                      struct str period, struct arena *a, struct weights *out, struct error *e)
{
    static const char *const none[] = {NULL};
    struct reading r = {.codes = codes, .file = "weights/scores.csv", .w = out, .e = e};
    bool more;
    check(codes->gbt.n_leaves <= LIMIT_SECTORS);
    memset(out, 0, sizeof *out);
    out->name = str_copy(a, str_from(file));
    out->n_leaves = codes->gbt.n_leaves;
    for (int m = 1; m <= 4; m++)
        out->mode[m] = 1;
    TRY(read_scores(&r, a));
    r.file = file;
    TRY(choose_period(&r, text, a, period));
    TRY(open_table(&r, text, a, none));
    for (;;) {
        TRY(csv_next(&r.csv, &more, e));
        if (!more)
            break;
        struct str p = csv_get(&r.csv, "period");
        if (p.n > 0 && !str_eq(p, out->period))
            continue;
        TRY(take_row(&r));
        if (out->source.n == 0)
            out->source = csv_get(&r.csv, "source");
    }
    for (int i = 0; i < out->n_leaves; i++)
        out->covered += out->leaf[i] > 0;
    TRY(check_whole(&r));
    if (out->covered == 0)
        return fail(&r, "weight", "%.*s 没有给任何小类权重", "%.*s gives no class a weight",
                    out->name);
    return OK;
}

static bool is_shipped(struct str name)
{
    for (int i = 0; shipped_names[i]; i++)
        if (str_eqz(name, shipped_names[i]))
            return true;
    return false;
}

enum err weights_load(const struct classification *codes, struct str name, struct arena *a,
                      struct weights *out, struct error *e)
{
    struct str period, text, base = str_cut(name, '@', &period);
    char file[64];
    snprintf(file, sizeof file, "weights/%.*s.csv", base.n < 32 ? (int)base.n : 32, base.p);
    if (!is_shipped(base) || !shipped_get(file, &text)) {
        err_set(e, ERR_NOT_FOUND, "没有权重 %.*s", "there are no weights %.*s", STR_ARG(name));
        err_hint(e, "equal, modes, trade, stri");
        return ERR_NOT_FOUND;
    }
    TRY(weights_read(codes, text, file, period, a, out, e));
    out->name = str_copy(a, base);
    return OK;
}

enum err weights_open(const struct classification *codes, const char *name_or_file,
                      struct arena *a, struct weights *out, struct error *e)
{
    struct str rest, text, name = str_from(name_or_file);
    if (is_shipped(str_cut(name, '@', &rest)))
        return weights_load(codes, name, a, out, e);
    enum err result = file_read(a, name_or_file, &text, e);
    if (result == ERR_NOT_FOUND)
        err_hint(e, "equal, modes, trade, stri");
    TRY(result);
    return weights_read(codes, text, name_or_file, (struct str){NULL, 0}, a, out, e);
}
