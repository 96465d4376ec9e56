/* Who asks by a key. See callers.h. */
#include "web/callers.h"

#include <stdlib.h>

struct callers {
    struct arena arena; /* names */
    int n;
    struct caller *caller; /* an array in the arena */
};

static const char *const columns[] = {"key_sha256", "name", "rate_per_s", "burst"};
enum { N_COLUMNS = sizeof columns / sizeof columns[0] };
static const char key_prefix[] = "fumao_"; /* so that a key in the wrong place is seen to be one */

/* --- the file --------------------------------------------------------------------------- */

bool caller_name_valid(struct str name)
{
    if (name.n == 0 || name.n > CALLER_NAME_BYTES || !str_utf8_valid(name) ||
        !str_eq(str_trim(name), name) || strchr("=+-@'", name.p[0]) != NULL)
        return false;
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] < 0x20 || name.p[i] == 0x7f)
            return false;
    return true;
}

static enum err fault(const struct csv *c, const char *column, enum err code, struct error *e)
{
    err_at(e, c->file, c->line, column);
    return code;
}

/* 64 hex digits, as hash_hex writes them. */
static bool read_digest(struct str s, uint8_t out[CALLER_DIGEST_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    if (s.n != 2 * CALLER_DIGEST_BYTES)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        const char *at = s.p[i] == '\0' ? NULL : strchr(digits, s.p[i]);
        if (at == NULL)
            return false;
        uint8_t d = (uint8_t)(at - digits);
        out[i / 2] = (uint8_t)(i % 2 == 0 ? d << 4 : out[i / 2] | d);
    }
    return true;
}

static enum err read_number(const struct csv *c, const char *column, int *out, struct error *e)
{
    struct str s = csv_get(c, column);
    int64_t n;
    if (str_int(s, &n) && n >= 1 && n <= RATE_MAX) {
        *out = (int)n;
        return OK;
    }
    err_set(e, ERR_INVALID, "须为 1 至 %d 的整数", "is no whole number from 1 to %d", (int)RATE_MAX);
    return fault(c, column, ERR_INVALID, e);
}

static enum err read_caller(const struct csv *c, struct caller *k, struct error *e)
{
    /* The field itself is not repeated: a key may have been put there by mistake. */
    if (!read_digest(csv_get(c, "key_sha256"), k->digest)) {
        err_set(e, ERR_INVALID, "须为密钥 SHA-256 的 64 位小写十六进制",
                "is not the SHA-256 of a key in 64 lower-case hex digits");
        return fault(c, "key_sha256", ERR_INVALID, e);
    }
    k->name = csv_get(c, "name");
    if (!caller_name_valid(k->name)) {
        err_set(e, ERR_INVALID, "名称须为 1 至 %d 字节，不含控制字符，首尾无空格，不以 = + - @ ' 开头",
                "a name has 1 to %d bytes, no control characters, no blank at its ends, and does "
                "not begin with = + - @ '", (int)CALLER_NAME_BYTES);
        return fault(c, "name", ERR_INVALID, e);
    }
    TRY(read_number(c, "rate_per_s", &k->per_s, e));
    TRY(read_number(c, "burst", &k->burst, e));
    rate_bucket_init(&k->bucket, k->per_s, k->burst);
    return OK;
}

static enum err alone(const struct callers *all, const struct caller *k, const struct csv *c,
                      struct error *e)
{
    for (int i = 0; i < all->n; i++) {
        const struct caller *was = &all->caller[i];
        bool name = str_eq(was->name, k->name);
        if (!name && memcmp(was->digest, k->digest, sizeof k->digest) != 0)
            continue;
        err_set(e, ERR_CONFLICT, "上文已有（%.*s）", "stands above already (%.*s)",
                STR_ARG(was->name));
        return fault(c, name ? "name" : "key_sha256", ERR_CONFLICT, e);
    }
    return OK;
}

static enum err check_head(const struct csv *c, struct error *e)
{
    bool well = c->n_head == N_COLUMNS;
    for (int i = 0; i < N_COLUMNS && well; i++)
        well = str_eqz(c->head[i], columns[i]);
    if (well)
        return OK;
    err_set(e, ERR_INVALID, "首行须为 key_sha256,name,rate_per_s,burst",
            "the first line must be key_sha256,name,rate_per_s,burst");
    return fault(c, NULL, ERR_INVALID, e);
}

static enum err read_all(struct callers *all, const char *path, struct error *e)
{
    struct str text;
    struct csv c;
    bool more;
    TRY(file_read_private(&all->arena, path, &text, e));
    TRY(csv_open(&c, &all->arena, text, path, e));
    TRY(check_head(&c, e));
    all->caller = ARENA_ARRAY(&all->arena, struct caller, LIMIT_CALLERS);
    for (;;) {
        TRY(csv_next(&c, &more, e));
        if (!more)
            return OK;
        if (all->n == LIMIT_CALLERS) {
            err_set(e, ERR_LIMIT, "密钥超过 %d 个（LIMIT_CALLERS）",
                    "more than %d keys (LIMIT_CALLERS)", (int)LIMIT_CALLERS);
            return fault(&c, NULL, ERR_LIMIT, e);
        }
        TRY(read_caller(&c, &all->caller[all->n], e));
        TRY(alone(all, &all->caller[all->n], &c, e));
        all->n++;
    }
}

enum err callers_read(struct callers **out, const char *path, struct error *e)
{
    struct callers *all = calloc(1, sizeof *all);
    check(all != NULL);
    arena_init(&all->arena);
    enum err code = read_all(all, path, e);
    *out = code == OK ? all : NULL;
    if (code != OK)
        callers_destroy(all);
    return code;
}

void callers_destroy(struct callers *c)
{
    if (c != NULL) {
        arena_finish(&c->arena);
        free(c);
    }
}

int callers_count(const struct callers *c)
{
    return c->n;
}

const struct caller *callers_at(const struct callers *c, int i)
{
    check(i >= 0 && i < c->n);
    return &c->caller[i];
}

void callers_write_head(struct buf *out)
{
    for (int i = 0; i < N_COLUMNS; i++)
        csv_write_field(out, str_from(columns[i]), i == 0);
    csv_write_end(out);
}

void caller_write(const struct caller *c, struct buf *out)
{
    char hex[2 * CALLER_DIGEST_BYTES + 1];
    hash_hex(c->digest, sizeof c->digest, hex);
    csv_write_field(out, str_from(hex), true);
    csv_write_field(out, c->name, false);
    buf_printf(out, ",%d,%d", c->per_s, c->burst);
    csv_write_end(out);
}

/* --- keys ------------------------------------------------------------------------------- */

void caller_make_key(char key[CALLER_KEY_CHARS + 1], uint8_t digest[CALLER_DIGEST_BYTES])
{
    uint8_t secret[32];
    size_t n = sizeof key_prefix - 1;
    random_bytes(secret, sizeof secret);
    memcpy(key, key_prefix, n);
    hash_hex(secret, sizeof secret, key + n);
    hash_sha256(key, CALLER_KEY_CHARS, digest);
    explicit_bzero(secret, sizeof secret);
}

/* All ones where both digests are the same, else 0; the same steps for any two. */
static uint64_t same(const uint64_t a[4], const uint8_t digest[CALLER_DIGEST_BYTES])
{
    uint64_t b[4];
    memcpy(b, digest, sizeof b);
    uint64_t differ = (a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]);
    return ((differ | (0 - differ)) >> 63) - 1;
}

struct caller *callers_find(struct callers *c, struct str key)
{
    uint8_t digest[CALLER_DIGEST_BYTES];
    uint64_t words[4], found = 0;
    hash_sha256(key.p, key.n, digest);
    memcpy(words, digest, sizeof words);
    for (int i = 0; i < c->n; i++)
        found |= same(words, c->caller[i].digest) & (uint64_t)(i + 1);
    return found != 0 ? &c->caller[found - 1] : NULL;
}

/* "Bearer" and what stands behind it (RFC 6750 2.1); other schemes are not ours. */
static bool bearer(struct str value, struct str *key)
{
    struct str scheme = str_cut(value, ' ', key);
    *key = str_trim(*key);
    return str_eq_nocase(scheme, STR("Bearer"));
}

int callers_take_key(struct http_field *headers, int n, struct str *key)
{
    int said = 0;
    *key = (struct str){"", 0};
    for (int i = 0; i < n; i++) {
        struct str k = headers[i].key, value = headers[i].value;
        bool is_key = k.n == 9 && str_eq_nocase(k, STR("X-Api-Key"));
        if (!is_key && k.n == 13 && str_eq_nocase(k, STR("Authorization")))
            is_key = bearer(value, &value);
        if (!is_key)
            continue;
        *key = value;
        headers[i].value = (struct str){"", 0};
        said++;
    }
    return said;
}
