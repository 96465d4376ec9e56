/* What the beginning of a file says about the rest: kind, line ends, encoding, columns. */
#include "declaration/reading.h"

#include <stdio.h>

const char *const column_name[COL_COUNT] = {
    "report_no", "party_id", "party_kind", "region", "zone",   "bank",    "flow",     "code",
    "country",   "currency", "amount",     "rate",   "date",   "advance", "contract", "remark"};

const struct columns declaration_columns = {
    column_name, COL_COUNT, ((UINT32_C(1) << COL_ADVANCE) - 1) & ~(1u << COL_ZONE | 1u << COL_RATE)};

int column_find(const struct columns *c, struct str name)
{
    int i = 0;
    while (i < c->n && !str_eqz(name, c->name[i]))
        i++;
    return i;
}

static enum err fail(enum err r, const char *path, int line, const char *field, struct error *e)
{
    err_at(e, path, line, field);
    return r;
}

static void hint_columns(const struct columns *c, struct error *e)
{
    char all[256] = "";
    size_t n = 0;
    for (int i = 0; i < c->n; i++)
        n += (size_t)snprintf(all + n, sizeof all - n, "%s%s", i > 0 ? "," : "", c->name[i]);
    err_hint(e, "%s", all);
}

/* The column that a name may have been meant for, in whatever case; else all there are. */
static void hint_near(const struct columns *c, struct str name, struct error *e)
{
    char lower[64];
    size_t n = name.n < sizeof lower ? name.n : 0;
    int best = 3;
    const char *near = NULL;
    for (size_t i = 0; i < n; i++)
        lower[i] = (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] + 32 : name.p[i]);
    for (int i = 0; i < c->n; i++) {
        int d = str_distance((struct str){lower, n}, str_from(c->name[i]), best);
        if (d < best) {
            best = d;
            near = c->name[i];
        }
    }
    if (near != NULL)
        err_hint(e, "%s?", near);
    else
        hint_columns(c, e);
}

/* What people send instead of a table, by its first bytes; told by what it is, since what would be
 * wrong with its "header" helps nobody. */
static enum err other_kind(struct str s, struct error *e)
{
    static const struct {
        const char *begin, *zh, *en;
    } kind[] = {
        {"PK\3\4", "文件是工作簿或压缩包（zip）：请另存为 CSV",
         "the file is a workbook or a zip archive: save it as CSV"},
        {"\xD0\xCF\x11\xE0", "文件是旧式工作簿（xls）：请另存为 CSV",
         "the file is an old workbook (xls): save it as CSV"},
        {"%PDF", "文件是 PDF", "the file is a PDF"},
        {"\x1F\x8B", "文件被 gzip 压缩了两次", "the file is packed twice by gzip"},
        {"[", "文件是 JSON 数组：请每行一个对象（NDJSON）",
         "the file is a JSON array: give one object a line (NDJSON)"},
        {"\xEF\xBB\xBF", "文件开头有两个字节顺序标记（BOM）",
         "the file begins with two byte order marks"},
    };
    for (size_t i = 0; i < sizeof kind / sizeof *kind; i++)
        if (str_has_prefix(s, str_from(kind[i].begin)))
            return err_set(e, ERR_INVALID, "%s%.0s", "%.0s%s", kind[i].zh, kind[i].en);
    bool marked = str_has_prefix(s, STR("\xFF\xFE")) || str_has_prefix(s, STR("\xFE\xFF"));
    if (!marked && (s.n < 2 || (s.p[0] == 0) == (s.p[1] == 0))) /* unmarked: a letter, a zero byte */
        return OK;
    err_set(e, ERR_INVALID, "文件是 UTF-16 编码", "the file is UTF-16");
    err_hint(e, "UTF-8, GB18030");
    return ERR_INVALID;
}

/* One name, and between its parts what other tables are parted by. */
static bool other_comma(struct str name)
{
    return name.n > 0 && (memchr(name.p, ';', name.n) != NULL || memchr(name.p, '\t', name.n) != NULL);
}

/* An unknown column may be a misspelt one, which would then be read as absent. */
static enum err read_name(struct layout *l, struct str name, uint32_t *seen, const char *path,
                          struct error *e)
{
    char shown[64];
    size_t n = utf8_fault((struct str){name.p, name.n < 60 ? name.n : 60});
    snprintf(shown, sizeof shown, "%.*s", (int)n, name.p);
    int c = column_find(l->columns, name);
    if (c == l->columns->n && other_comma(name)) {
        err_set(e, ERR_INVALID, "栏目之间应以逗号分隔", "columns are parted by commas");
        hint_columns(l->columns, e);
        return fail(ERR_INVALID, path, 1, NULL, e);
    }
    if (c == l->columns->n) {
        err_set(e, ERR_INVALID, "没有名为“%s”的栏", "there is no column \"%s\"", shown);
        hint_near(l->columns, name, e);
        return fail(ERR_INVALID, path, 1, shown, e);
    }
    if ((*seen >> c & 1) != 0)
        return fail(err_set(e, ERR_INVALID, "栏“%s”重复", "column \"%s\" is named twice", shown),
                    path, 1, shown, e);
    *seen |= UINT32_C(1) << c;
    l->column[l->n++] = (uint8_t)c;
    return OK;
}

static enum err read_names(struct layout *l, const char *p, const struct record *r,
                           const char *path, struct error *e)
{
    uint32_t seen = 0;
    for (int i = 0; i < r->n_fields; i++) {
        struct str name = {p + r->field[i].from, r->field[i].to - r->field[i].from};
        if (name.n >= 2 && name.p[0] == '"') /* no name has a quote inside */
            name = (struct str){name.p + 1, name.n - 2};
        TRY(read_name(l, name, &seen, path, e));
    }
    for (int i = 0; i < l->columns->n; i++) {
        const char *name = l->columns->name[i];
        if ((l->columns->must & ~seen) >> i & 1)
            return fail(err_set(e, ERR_INVALID, "缺少栏“%s”", "column \"%s\" is missing", name), path,
                        1, name, e);
    }
    return OK;
}

/* The header stands on one line and has each column at most once. */
static enum err read_header(struct layout *l, struct str rest, const char *path, struct error *e)
{
    struct record r;
    record_read(rest, true, l, &r); /* with room for every column: few are no fault here */
    if (r.n_fields > l->columns->n)
        r.n_fields = l->columns->n; /* the next would be unknown or a repetition; names first */
    bool many = r.why == WHY_MANY;
    if (r.why != WHY_NONE && r.why != WHY_FEW && !many)
        return fail(err_set(e, ERR_INVALID, "表头无法读取：%s%.0s",
                            "the header cannot be read: %.0s%s", why_reason[r.why].zh,
                            why_reason[r.why].en),
                    path, 1, NULL, e);
    if (rest.n == 0 || r.n_fields == 0) {
        err_set(e, ERR_INVALID, "没有表头", "there is no header");
        hint_columns(l->columns, e);
        return fail(ERR_INVALID, path, 1, NULL, e);
    }
    l->n = 0;
    TRY(read_names(l, rest.p, &r, path, e));
    if (many)
        return fail(err_set(e, ERR_INVALID, "表头超过 %d 栏", "the header has more than %d columns",
                            l->columns->n),
                    path, 1, NULL, e);
    l->body += r.bytes;
    l->line++;
    return OK;
}

static char find_eol(struct str s)
{
    size_t i = 0;
    while (i < s.n && s.p[i] != '\n' && s.p[i] != '\r')
        i++;
    return i + 1 < s.n && s.p[i] == '\r' && s.p[i + 1] != '\n' ? '\r' : '\n';
}

enum err layout_read(struct layout *l, const struct columns *c, struct str probe, bool whole,
                     const char *path, struct error *e)
{
    *l = (struct layout){.columns = c, .line = 1, .n = c->n};
    bool mark = str_has_prefix(probe, STR("\xEF\xBB\xBF"));
    struct str rest = probe;
    if (mark) {
        l->body = 3;
        rest = (struct str){probe.p + 3, probe.n - 3};
    }
    enum err kind = other_kind(rest, e);
    if (kind != OK)
        return fail(kind, path, 1, NULL, e);
    l->eol = find_eol(rest);
    l->gb18030 = !mark && encoding_is_gb18030(rest, l->eol);
    if (l->gb18030 && !convert_possible())
        return fail(err_set(e, ERR_INVALID, "文件是 GB18030 编码，此系统无法转换",
                            "the file is GB18030, which this system cannot convert"),
                    path, 0, NULL, e);
    size_t i = 0;
    while (i < rest.n && memchr(" \t\r\n", rest.p[i], 4) != NULL)
        i++;
    l->json = i < rest.n && rest.p[i] == '{';
    if (l->json)
        return OK;
    if (!whole && memchr(rest.p, l->eol, rest.n) == NULL)
        return fail(err_set(e, ERR_INVALID, "表头过长", "the header is too long"), path, 1, NULL,
                    e);
    return read_header(l, rest, path, e);
}
