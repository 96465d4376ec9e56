/* One shipped CSV file. Every failure names the file, the line and the column. */
#include "base/table.h"
#include "base/shipped.h"

static int count_lines(struct str text)
{
    int n = 1;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    return n;
}

enum err table_open(struct table *t, struct arena *a, const char *name,
                    const char *const *columns, struct error *e)
{
    struct str text;
    t->name = name;
    if (!shipped_get(name, &text)) {
        enum err code = err_set(e, ERR_INVALID, "程序中没有数据文件 %s",
                                "the program was built without the data file %s", name);
        err_at(e, name, 0, NULL);
        return code;
    }
    return table_open_text(t, a, text, name, columns, e);
}

enum err table_open_text(struct table *t, struct arena *a, struct str text, const char *name,
                         const char *const *columns, struct error *e)
{
    t->name = name;
    if (!str_utf8_valid(text)) {
        enum err code = err_set(e, ERR_SYNTAX, "数据文件 %s 不是有效的 UTF-8",
                                "data file %s is not valid UTF-8", name);
        err_at(e, name, 0, NULL);
        return code;
    }
    t->n_rows = count_lines(text);
    TRY(csv_open(&t->csv, a, text, name, e));
    for (; *columns != NULL; columns++) {
        bool found = false;
        for (int i = 0; i < t->csv.n_head; i++)
            found |= str_eqz(t->csv.head[i], *columns);
        if (!found)
            return table_fail(t, *columns, "缺少列 %.*s", "column %.*s is missing",
                              str_from(*columns), e);
    }
    return OK;
}

enum err table_next(struct table *t, bool *more, struct error *e)
{
    return csv_next(&t->csv, more, e);
}

struct str table_text(const struct table *t, const char *column)
{
    return str_trim(csv_get(&t->csv, column));
}

enum err table_day(const struct table *t, const char *column, day_t open, day_t *out,
                   struct error *e)
{
    struct str s = table_text(t, column);
    *out = open;
    if (s.n == 0 || day_parse(s, out))
        return OK;
    return table_fail(t, column, "不是日期：%.*s", "not a date: %.*s", s, e);
}

enum err table_int(const struct table *t, const char *column, int64_t least, int64_t most,
                   int64_t *out, struct error *e)
{
    struct str s = table_text(t, column);
    if (str_int(s, out) && *out >= least && *out <= most)
        return OK;
    return table_fail(t, column, "不是此处可用的整数：%.*s", "not a whole number that fits: %.*s", s, e);
}

bool table_flag(const struct table *t, const char *column)
{
    struct str s = table_text(t, column);
    return str_eqz(s, "1") || str_eqz(s, "true");
}

enum err table_fail(const struct table *t, const char *column, const char *zh, const char *en,
                    struct str what, struct error *e)
{
    int most = what.n < 80 ? (int)what.n : 80;
    enum err code = err_set(e, ERR_INVALID, zh, en, most, what.n == 0 ? "" : what.p);
    err_at(e, t->name, t->csv.line, column);
    return code;
}

enum err table_limit(const struct table *t, const char *limit, int most, struct error *e)
{
    enum err code = err_set(e, ERR_LIMIT, "超过上限 %s（%d）", "more than %s (%d)", limit, most);
    err_at(e, t->name, t->csv.line, NULL);
    return code;
}
