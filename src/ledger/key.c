#include "ledger/note.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>

#include "ledger/names.h"

enum { KEY_FILE_BYTES = 4096, ED25519_BYTES = 32, SM2_BYTES = 65, TYPE_BYTES_MAX = 4 };

struct key {
    struct public_key public;
    EVP_PKEY *pkey;
};

/* By enum key_kind. */
static const struct {
    uint8_t type[TYPE_BYTES_MAX];
    size_t type_n, key_n;
    const char *library; /* what OpenSSL calls it */
} kinds[KEY_KINDS] = {
    [KEY_ED25519] = {{0x01}, 1, ED25519_BYTES, "ED25519"},
    [KEY_SM2] = {{0xff, 's', 'm', '2'}, 4, SM2_BYTES, "SM2"},
    [KEY_WITNESS] = {{0x04}, 1, ED25519_BYTES, "ED25519"},
};

/* The user id that GM/T 0009 sets where the parties agreed on none. */
static const char sm2_id[] = "1234567812345678";

bool note_text_valid(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < 0x20) {
            return false;
        }
    }
    return s.n > 0 && str_utf8_valid(s);
}

static bool is_space(int32_t c) /* White_Space of Unicode, without ASCII controls */
{
    return c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
           c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool key_name_valid(struct str s)
{
    if (!note_text_valid(s)) {
        return false;
    }
    for (size_t i = 0; i < s.n;) {
        int32_t c = str_utf8_next(s, &i);
        if (c == '+' || is_space(c)) {
            return false;
        }
    }
    return true;
}

static enum err set_name(struct public_key *k, struct str name, struct error *e)
{
    if (!key_name_valid(name) || name.n >= sizeof k->name) {
        return err_set(e, ERR_INVALID,
                       "密钥名须为 1 至 %d 字节的 UTF-8 文本，不含空格、控制字符和 +",
                       "a key name is 1 to %d bytes of UTF-8 without spaces, control characters "
                       "and +", (int)sizeof k->name - 1);
    }
    memcpy(k->name, name.p, name.n);
    k->name[name.n] = '\0';
    return OK;
}

static void set_id(struct public_key *k)
{
    uint8_t sum[32];
    struct hash h;
    hash_init(&h);
    hash_add(&h, k->name, strlen(k->name));
    hash_add(&h, "\n", 1);
    hash_add(&h, kinds[k->kind].type, kinds[k->kind].type_n);
    hash_add(&h, k->bytes, k->n);
    hash_end(&h, sum);
    memcpy(k->id, sum, sizeof k->id);
}

/* The library's form of a public key; NULL when the bytes are no key of that kind. */
static EVP_PKEY *library_key(const struct public_key *k)
{
    EVP_PKEY *pkey = NULL;
    if (k->kind != KEY_SM2) {
        return EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, k->bytes, k->n);
    }
    char group[] = "SM2";
    uint8_t point[SM2_BYTES];
    memcpy(point, k->bytes, sizeof point);
    OSSL_PARAM p[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
    if (c == NULL || EVP_PKEY_fromdata_init(c) != 1 ||
        EVP_PKEY_fromdata(c, &pkey, EVP_PKEY_PUBLIC_KEY, p) != 1) {
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(c);
    return pkey;
}

/* One context for signing or verifying, with the hash and the user id that SM2 wants. */
static EVP_MD_CTX *start(EVP_PKEY *pkey, enum key_kind kind, bool signing)
{
    EVP_MD_CTX *m = EVP_MD_CTX_new();
    EVP_PKEY_CTX *c = NULL; /* belongs to m */
    const EVP_MD *md = kind == KEY_SM2 ? EVP_sm3() : NULL;
    check(m != NULL);
    if ((signing ? EVP_DigestSignInit(m, &c, md, NULL, pkey)
                 : EVP_DigestVerifyInit(m, &c, md, NULL, pkey)) == 1 &&
        (kind != KEY_SM2 || EVP_PKEY_CTX_set1_id(c, sm2_id, (int)sizeof sm2_id - 1) > 0)) {
        return m;
    }
    EVP_MD_CTX_free(m);
    return NULL;
}

bool public_key_holds(const struct public_key *k, struct str text, const uint8_t *sig, size_t n)
{
    EVP_PKEY *pkey = library_key(k);
    EVP_MD_CTX *m = pkey == NULL ? NULL : start(pkey, k->kind, false);
    bool holds = m != NULL && n > 0 &&
                 EVP_DigestVerify(m, sig, n, (const uint8_t *)text.p, text.n) == 1;
    EVP_MD_CTX_free(m);
    EVP_PKEY_free(pkey);
    return holds;
}

enum err key_sign(const struct key *k, struct str text, uint8_t sig[KEY_SIGNATURE_BYTES], size_t *n,
                  struct error *e)
{
    EVP_MD_CTX *m = start(k->pkey, k->public.kind, true);
    *n = KEY_SIGNATURE_BYTES;
    bool made = m != NULL && EVP_DigestSign(m, sig, n, (const uint8_t *)text.p, text.n) == 1;
    EVP_MD_CTX_free(m);
    /* A signature spoilt by a fault can give the key away, and one that does not hold binds
     * nobody: neither leaves this function. */
    if (!made || !public_key_holds(&k->public, text, sig, *n)) {
        OPENSSL_cleanse(sig, KEY_SIGNATURE_BYTES);
        *n = 0;
        return err_set(e, ERR_INTEGRITY, "密钥 %s 未能作出有效签名",
                       "key %s made no signature that holds", k->public.name);
    }
    return OK;
}

static enum err io_failed(struct error *e, const char *path, int why)
{
    err_set(e, ERR_IO, "不能写密钥文件 %s：%s", "cannot write the key file %s: %s", path,
            strerror(why));
    err_at(e, path, 0, NULL);
    return ERR_IO;
}

static enum err write_key_file(const char *path, const char *pem, size_t n, struct error *e)
{
    struct file_new f;
    bool well = file_new_open(&f, path, 0600) && file_write(f.fd, (struct str){pem, n}) &&
                file_new_end(&f, path, false);
    int why = errno;
    file_new_drop(&f);
    if (well) {
        return OK;
    }
    if (why == EEXIST) {
        err_set(e, ERR_CONFLICT, "%s 已存在，不覆盖", "%s exists and is not overwritten", path);
        err_at(e, path, 0, NULL);
        return ERR_CONFLICT;
    }
    if (f.there) {
        unlink(path); /* ours: it was made a moment ago */
    }
    return io_failed(e, path, why);
}

enum err key_make(const char *path, const char *name, enum key_kind kind, struct error *e)
{
    struct public_key k = {.kind = kind};
    char *pem = NULL;
    check((unsigned)kind < KEY_KINDS);
    TRY(set_name(&k, str_from(name), e));
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, kinds[kind].library);
    BIO *b = BIO_new(BIO_s_secmem()); /* wiped when it is freed */
    enum err code;
    if (pkey == NULL || b == NULL ||
        PEM_write_bio_PKCS8PrivateKey(b, pkey, NULL, NULL, 0, NULL, NULL) != 1) {
        code = err_set(e, ERR_IO, "密码库不能生成 %s 密钥", "the library cannot make a %s key",
                       kinds[kind].library);
    } else {
        long n = BIO_get_mem_data(b, &pem);
        code = write_key_file(path, pem, (size_t)n, e);
    }
    BIO_free(b);
    EVP_PKEY_free(pkey);
    return code;
}

static enum err cannot_open(struct error *e, const char *path, int why)
{
    enum err code;
    if (why == ENOENT || why == ENOTDIR) {
        code = err_set(e, ERR_NOT_FOUND, "没有密钥文件 %s", "there is no key file %s", path);
    } else if (why == ELOOP || why == ENXIO) { /* O_NOFOLLOW met a link; a socket */
        code = err_set(e, ERR_INVALID, "密钥文件 %s 不是普通文件",
                       "the key file %s is not a regular file", path);
    } else if (why == EACCES || why == EPERM) {
        code = err_set(e, ERR_DENIED, "无权读密钥文件 %s", "no right to read the key file %s",
                       path);
    } else {
        code = err_set(e, ERR_IO, "不能读密钥文件 %s：%s", "cannot read the key file %s: %s", path,
                       strerror(why));
    }
    err_at(e, path, 0, NULL);
    return code;
}

/* A key that others could have read or put there is no one's. */
static enum err owner_only(int fd, const char *path, struct error *e)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return cannot_open(e, path, errno);
    }
    if (!S_ISREG(st.st_mode)) {
        return cannot_open(e, path, ENXIO);
    }
    if (st.st_uid != geteuid()) {
        err_set(e, ERR_DENIED, "密钥文件 %s 属于另一用户（uid %u）",
                "the key file %s belongs to another user (uid %u)", path, (unsigned)st.st_uid);
        err_at(e, path, 0, NULL);
        return ERR_DENIED;
    }
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        err_set(e, ERR_DENIED, "密钥文件 %s 的权限为 %04o，他人可访问",
                "the key file %s has mode %04o, which lets others at it", path,
                (unsigned)(st.st_mode & 07777));
        err_at(e, path, 0, NULL);
        err_hint(e, "chmod 600 %s", path);
        return ERR_DENIED;
    }
    return OK;
}

/* Reads at most KEY_FILE_BYTES; *n is one more when there is more. */
static enum err read_key_file(const char *path, char text[KEY_FILE_BYTES + 1], size_t *n,
                              struct error *e)
{
    /* O_NONBLOCK, or opening a pipe would wait for its writer before it can be refused. */
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return cannot_open(e, path, errno);
    }
    enum err code = owner_only(fd, path, e);
    *n = 0;
    while (code == OK && *n <= KEY_FILE_BYTES) {
        ssize_t got = read(fd, text + *n, KEY_FILE_BYTES + 1 - *n);
        if (got < 0 && errno != EINTR) {
            code = cannot_open(e, path, errno);
        }
        if (got == 0) {
            break;
        }
        *n += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    return code;
}

/* A key under a password is refused: a program that signs by itself has nobody to ask. */
static int no_password(char *out, int size, int writing, void *ctx)
{
    (void)out;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1;
}

static EVP_PKEY *parse_pem(struct str text)
{
    if (text.n > KEY_FILE_BYTES ||
        !str_has_prefix(text, STR("-----BEGIN " "PRIVATE KEY-----\n"))) {
        return NULL;
    }
    BIO *b = BIO_new_mem_buf(text.p, (int)text.n);
    check(b != NULL);
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(b, NULL, no_password, NULL);
    BIO_free(b);
    return pkey;
}

/* The public half, of the two kinds a file can hold. */
static bool take_public(EVP_PKEY *pkey, struct public_key *k)
{
    k->n = sizeof k->bytes;
    if (EVP_PKEY_is_a(pkey, "ED25519")) {
        k->kind = KEY_ED25519;
        return EVP_PKEY_get_raw_public_key(pkey, k->bytes, &k->n) == 1 && k->n == ED25519_BYTES;
    }
    k->kind = KEY_SM2;
    return EVP_PKEY_is_a(pkey, "SM2") &&
           EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                          "uncompressed") == 1 &&
           EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, k->bytes,
                                           sizeof k->bytes, &k->n) == 1 &&
           k->n == SM2_BYTES && k->bytes[0] == 0x04;
}

enum err key_open(struct key **out, const char *path, const char *name, struct error *e)
{
    struct public_key public = {0};
    char text[KEY_FILE_BYTES + 1];
    size_t n = 0;
    TRY(set_name(&public, str_from(name), e));
    enum err code = read_key_file(path, text, &n, e);
    EVP_PKEY *pkey = code == OK ? parse_pem((struct str){text, n}) : NULL;
    OPENSSL_cleanse(text, sizeof text);
    TRY(code);
    if (pkey == NULL || !take_public(pkey, &public)) {
        EVP_PKEY_free(pkey);
        err_set(e, ERR_INVALID, "%s 不是无口令的 PKCS#8 PEM 格式 Ed25519 或 SM2 私钥",
                "%s is no Ed25519 or SM2 private key in PKCS#8 PEM without password", path);
        err_at(e, path, 0, NULL);
        return ERR_INVALID;
    }
    set_id(&public);
    *out = calloc(1, sizeof **out);
    check(*out != NULL);
    **out = (struct key){public, pkey};
    return OK;
}

void key_close(struct key *k)
{
    if (k != NULL) {
        EVP_PKEY_free(k->pkey); /* wipes it */
        free(k);
    }
}

const struct public_key *key_public(const struct key *k)
{
    return &k->public;
}

struct public_key public_key_witness(const struct public_key *k)
{
    struct public_key w = *k;
    check(k->kind != KEY_SM2);
    w.kind = KEY_WITNESS;
    set_id(&w);
    return w;
}

void public_key_write(const struct public_key *k, struct buf *out)
{
    char id[2 * sizeof k->id + 1];
    uint8_t b[TYPE_BYTES_MAX + sizeof k->bytes];
    size_t type_n = kinds[k->kind].type_n;
    hash_hex(k->id, sizeof k->id, id);
    memcpy(b, kinds[k->kind].type, type_n);
    memcpy(b + type_n, k->bytes, k->n);
    buf_printf(out, "%s+%s+", k->name, id);
    base64_write(out, b, type_n + k->n);
}

/* Type bytes and key, as long as the type wants it. */
static bool set_bytes(struct public_key *k, const uint8_t *b, size_t n)
{
    for (int i = 0; i < KEY_KINDS; i++) {
        size_t type_n = kinds[i].type_n;
        if (n == type_n + kinds[i].key_n && memcmp(b, kinds[i].type, type_n) == 0) {
            k->kind = (enum key_kind)i;
            k->n = kinds[i].key_n;
            memcpy(k->bytes, b + type_n, k->n);
            return k->kind != KEY_SM2 || k->bytes[0] == 0x04;
        }
    }
    return false;
}

enum err public_key_read(struct str line, struct public_key *out, struct error *e)
{
    struct public_key k = {0};
    struct str rest, text, name = str_cut(line, '+', &rest);
    struct str id = str_cut(rest, '+', &text);
    uint8_t b[TYPE_BYTES_MAX + sizeof k.bytes];
    char hex[2 * sizeof k.id + 1];
    size_t n;
    TRY(set_name(&k, name, e));
    if (id.n != 2 * sizeof k.id || !base64_read(text, b, sizeof b, &n)) {
        return err_set(e, ERR_SYNTAX, "公钥 %s 不是“名+8 位十六进制标识+base64”的形式",
                       "public key %s is not of the form name+8 hex digits of the id+base64",
                       k.name);
    }
    EVP_PKEY *pkey = set_bytes(&k, b, n) ? library_key(&k) : NULL;
    if (pkey == NULL) {
        return err_set(e, ERR_INVALID, "公钥 %s 的类型、长度或曲线点无效",
                       "public key %s is of an unknown type or length, or no point of its curve",
                       k.name);
    }
    EVP_PKEY_free(pkey);
    set_id(&k);
    hash_hex(k.id, sizeof k.id, hex);
    if (!str_eqz(id, hex)) {
        return err_set(e, ERR_INTEGRITY, "公钥 %s 的标识应为 %s，行中所写不同",
                       "public key %s has the id %s, and its line says another", k.name, hex);
    }
    *out = k;
    return OK;
}
