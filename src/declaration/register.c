/* The register of enterprises: sizes, ownership, groups. */
#include "declaration/parties.h"

#include <stdlib.h>

#include "declaration/party_table.h"

const char *const size_name[SIZE_COUNT] = {"unknown", "large", "medium", "small", "micro"};
const char *const ownership_name[OWNER_COUNT] = {"unknown", "state", "private", "foreign"};

struct in_group {
    struct str group;
    uint32_t party;
};

enum register_column { REG_PARTY, REG_SIZE, REG_OWNERSHIP, REG_GROUP, REG_KEY, REG_COUNT };
static const char *const register_column[REG_COUNT] = {"party_id", "size", "ownership", "group",
                                                       "key"};

struct reading {
    struct csv csv;
    int column[REG_COUNT]; /* place of each in a line, -1: absent */
    const struct parties *parties;
    struct party_table *table; /* a register is as long as parties are many: no search per line */
    struct register_entry *entry;
    uint64_t *seen; /* bit per party */
    size_t n_grouped, cap_grouped;
    struct in_group *grouped;
};

static enum err fault(const struct reading *r, struct error *e, enum err code, const char *column)
{
    err_at(e, r->csv.file, r->csv.line, column);
    return code;
}

static struct str get(const struct reading *r, enum register_column c)
{
    return r->column[c] >= 0 ? r->csv.field[r->column[c]] : (struct str){NULL, 0};
}

static enum err name_find(const struct reading *r, enum register_column c,
                          const char *const *name, int n, uint8_t *out, struct error *e)
{
    struct str s = get(r, c);
    *out = 0;
    for (int i = 0; i < n && s.n > 0; i++) {
        if (str_eqz(s, name[i])) {
            *out = (uint8_t)i;
            return OK;
        }
    }
    if (s.n == 0) {
        return OK;
    }
    err_set(e, ERR_UNKNOWN_CODE, "企业名录没有“%.*s”这一类", "the register has no class \"%.*s\"",
            STR_ARG(s));
    return fault(r, e, ERR_UNKNOWN_CODE, register_column[c]);
}

static enum err flag_find(const struct reading *r, bool *out, struct error *e)
{
    struct str s = get(r, REG_KEY);
    *out = str_eqz(s, "1");
    if (*out || s.n == 0 || str_eqz(s, "0")) {
        return OK;
    }
    err_set(e, ERR_INVALID, "“%.*s”不是 1 或 0", "\"%.*s\" is neither 1 nor 0", STR_ARG(s));
    return fault(r, e, ERR_INVALID, "key");
}

static void group_add(struct reading *r, struct str group, uint32_t party)
{
    if (r->n_grouped == r->cap_grouped) {
        r->cap_grouped = r->cap_grouped ? 2 * r->cap_grouped : 64;
        r->grouped = realloc(r->grouped, r->cap_grouped * sizeof *r->grouped);
        check(r->grouped != NULL);
    }
    r->grouped[r->n_grouped++] = (struct in_group){group, party};
}

static enum err read_entry(struct reading *r, struct error *e)
{
    struct register_entry x = {0};
    struct str id = get(r, REG_PARTY), group = get(r, REG_GROUP);
    if (id.n == 0 || id.n > PARTY_ID_BYTES) {
        err_set(e, ERR_INVALID, "企业代码“%.*s”应为 1 至 %d 个字符",
                "\"%.*s\" is no identity of 1 to %d characters", STR_ARG(id), (int)PARTY_ID_BYTES);
        return fault(r, e, ERR_INVALID, "party_id");
    }
    TRY(name_find(r, REG_SIZE, size_name, SIZE_COUNT, &x.size, e));
    TRY(name_find(r, REG_OWNERSHIP, ownership_name, OWNER_COUNT, &x.ownership, e));
    TRY(flag_find(r, &x.key, e));
    struct party_key key = party_key_of(id.p, id.n);
    uint32_t at = party_table_find(r->table, key, party_hash(key));
    if (at == UINT32_MAX) { /* it has declared nothing */
        return OK;
    }
    if (r->seen[at / 64] >> (at % 64) & 1) {
        err_set(e, ERR_CONFLICT, "企业 %.*s 在名录里有两行", "%.*s has two lines in the register",
                STR_ARG(id));
        return fault(r, e, ERR_CONFLICT, "party_id");
    }
    r->seen[at / 64] |= UINT64_C(1) << (at % 64);
    x.contributor = at;
    r->entry[at] = x;
    if (group.n > 0) {
        group_add(r, group, at);
    }
    return OK;
}

static int by_group(const void *x, const void *y)
{
    const struct in_group *a = x, *b = y;
    int order = str_cmp(a->group, b->group);
    return order != 0 ? order : (a->party > b->party) - (a->party < b->party);
}

static void join_groups(struct reading *r)
{
    if (r->n_grouped == 0) {
        return;
    }
    sort_by(r->grouped, r->n_grouped, sizeof *r->grouped, by_group);
    uint32_t first = r->grouped[0].party;
    for (size_t i = 0; i < r->n_grouped; i++) {
        if (i > 0 && !str_eq(r->grouped[i].group, r->grouped[i - 1].group)) {
            first = r->grouped[i].party;
        }
        r->entry[r->grouped[i].party].contributor = first;
    }
}

static enum err read_file(struct reading *r, struct arena *a, const char *path, struct error *e)
{
    struct str text;
    TRY(file_read(a, path, &text, e));
    TRY(csv_open(&r->csv, a, text, path, e));
    bool more = true;
    for (int k = 0; k < REG_COUNT; k++) {
        r->column[k] = -1;
        for (int i = 0; i < r->csv.n_head; i++) {
            r->column[k] = str_eqz(r->csv.head[i], register_column[k]) ? i : r->column[k];
        }
    }
    if (r->column[REG_PARTY] < 0) {
        err_set(e, ERR_INVALID, "企业名录缺少 party_id 列", "the register has no column party_id");
        return fault(r, e, ERR_INVALID, "party_id");
    }
    for (;;) {
        TRY(csv_next(&r->csv, &more, e));
        if (!more) {
            break;
        }
        TRY(read_entry(r, e));
    }
    join_groups(r);
    return OK;
}

enum err register_load(struct register_entry **out, const struct parties *p, const char *path,
                       struct error *e)
{
    struct reading r = {.parties = p, .entry = calloc((size_t)p->n + 1, sizeof *r.entry)};
    check(r.entry != NULL);
    for (uint32_t i = 0; i < p->n; i++) {
        r.entry[i].contributor = i;
    }
    *out = r.entry;
    if (path == NULL) {
        return OK;
    }
    struct arena a;
    arena_init(&a);
    r.seen = calloc((size_t)p->n / 64 + 1, sizeof *r.seen);
    check(r.seen != NULL);
    r.table = parties_index(p);
    check(r.table != NULL); /* whoever counted them has looked at LIMIT_PARTIES */
    enum err err = read_file(&r, &a, path, e);
    arena_finish(&a);
    party_table_destroy(r.table);
    free(r.seen);
    free(r.grouped);
    if (err != OK) {
        free(r.entry);
        *out = NULL;
    }
    return err;
}
