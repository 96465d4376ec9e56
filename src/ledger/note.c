#include "ledger/note.h"

#include <stdio.h>

#include "ledger/names.h"

/* An em dash and a space begin a signature line. */
static const char dash[] = "\xE2\x80\x94 ";
enum { ID_BYTES = 4, TIME_BYTES = 8, ED25519_SIGNATURE_BYTES = 64 };

struct signature {
    struct str name;
    const uint8_t *id, *sig; /* in parts.bytes */
    size_t n;                /* of sig, at least 1 */
};

/* A note taken apart, nothing of it believed yet. */
struct parts {
    struct str body; /* with its last newline: what is signed */
    int body_lines;
    int n;
    struct signature at[NOTE_SIGNATURES];
    uint8_t bytes[NOTE_BYTES]; /* of all signatures, one after the other */
};

static enum err fault(struct error *e, enum err code, int line, const char *part)
{
    err_at(e, NULL, line, part);
    return code;
}

static enum err check_text(struct str note, struct error *e)
{
    int line = 1;
    if (note.n > NOTE_BYTES) {
        return err_set(e, ERR_LIMIT, "检查点超过 %d 字节", "the checkpoint exceeds %d bytes",
                       (int)NOTE_BYTES);
    }
    for (size_t i = 0; i < note.n; i++) {
        unsigned char c = (unsigned char)note.p[i];
        if (c < 0x20 && c != '\n') {
            err_set(e, ERR_SYNTAX, "检查点第 %d 行有控制字符 0x%02x",
                    "line %d of the checkpoint has the control character 0x%02x", line, c);
            return fault(e, ERR_SYNTAX, line, NULL);
        }
        line += c == '\n';
    }
    if (!str_utf8_valid(note)) {
        return err_set(e, ERR_SYNTAX, "检查点不是有效的 UTF-8",
                       "the checkpoint is not valid UTF-8");
    }
    if (note.n == 0 || note.p[note.n - 1] != '\n') {
        err_set(e, ERR_SYNTAX, "检查点第 %d 行没有以换行结束",
                "line %d of the checkpoint does not end with a newline", line);
        return fault(e, ERR_SYNTAX, line, NULL);
    }
    return OK;
}

/* "— name base64" without its newline. Bytes go to the end of p->bytes, of which `used` are. */
static enum err read_signature(struct parts *p, struct str text, int line, size_t *used,
                               struct error *e)
{
    char part[32];
    snprintf(part, sizeof part, "signature %d", p->n + 1);
    if (p->n == NOTE_SIGNATURES) {
        err_set(e, ERR_LIMIT, "检查点第 %d 行：签名超过 %d 个",
                "line %d of the checkpoint: more than %d signatures", line, (int)NOTE_SIGNATURES);
        return fault(e, ERR_LIMIT, line, part);
    }
    struct signature *s = &p->at[p->n];
    struct str base64, rest = text;
    bool dashed = str_has_prefix(text, str_from(dash));
    if (dashed) {
        rest = (struct str){text.p + strlen(dash), text.n - strlen(dash)};
    }
    s->name = str_cut(rest, ' ', &base64);
    uint8_t *bytes = p->bytes + *used;
    size_t n;
    if (!dashed || !key_name_valid(s->name) ||
        !base64_read(base64, bytes, sizeof p->bytes - *used, &n) || n <= ID_BYTES) {
        err_set(e, ERR_SYNTAX, "检查点第 %d 行（第 %d 个签名）不是“— 密钥名 base64”的形式",
                "line %d of the checkpoint (signature %d) is not of the form “— name base64”",
                line, p->n + 1);
        return fault(e, ERR_SYNTAX, line, part);
    }
    s->id = bytes;
    s->sig = bytes + ID_BYTES;
    s->n = n - ID_BYTES;
    *used += n;
    p->n++;
    return OK;
}

/* The body of a checkpoint has no empty line, so the first one ends it. */
static enum err take_apart(struct str note, struct parts *p, struct error *e)
{
    size_t at, used = 0;
    TRY(check_text(note, e));
    if (!str_find(note, STR("\n\n"), &at)) {
        return err_set(e, ERR_SYNTAX, "检查点正文之后没有空行和签名",
                       "the checkpoint has no empty line and signatures after its body");
    }
    p->n = 0;
    p->body = (struct str){note.p, at + 1};
    p->body_lines = 0;
    for (size_t i = 0; i < p->body.n; i++) {
        p->body_lines += note.p[i] == '\n';
    }
    struct str rest = {note.p + at + 2, note.n - at - 2};
    int line = p->body_lines + 2;
    for (; rest.n > 0; line++) {
        struct str text = str_cut(rest, '\n', &rest);
        TRY(read_signature(p, text, line, &used, e));
    }
    if (p->n == 0) {
        err_set(e, ERR_SYNTAX, "检查点第 %d 行：没有签名",
                "line %d of the checkpoint: there is no signature", line);
        return fault(e, ERR_SYNTAX, line, "signature 1");
    }
    return OK;
}

/* Canonical: no sign, no leading zero. False also for a number that no uint64 holds. */
static bool read_decimal(struct str s, uint64_t *out)
{
    uint64_t v = 0;
    if (s.n == 0 || (s.n > 1 && s.p[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(v, (uint64_t)10, &v) ||
            __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v)) {
            return false;
        }
    }
    *out = v;
    return true;
}

static bool read_digest(struct str s, struct digest *out)
{
    size_t n;
    return base64_read(s, out->b, sizeof out->b, &n) && n == sizeof out->b;
}

static enum err read_size(struct str text, uint64_t *size, struct error *e)
{
    if (!read_decimal(text, size)) {
        err_set(e, ERR_SYNTAX, "检查点第 2 行：树的大小不是规范的十进制数",
                "line 2 of the checkpoint: the size of the tree is not a canonical decimal");
        return fault(e, ERR_SYNTAX, 2, "size");
    }
    if (*size > MERKLE_SIZE_MAX) {
        err_set(e, ERR_LIMIT, "检查点第 2 行：树的大小超过 %llu",
                "line 2 of the checkpoint: the size of the tree exceeds %llu",
                (unsigned long long)MERKLE_SIZE_MAX);
        return fault(e, ERR_LIMIT, 2, "size");
    }
    return OK;
}

/* Lines 3 and 4, the second of which need not be there. */
static enum err read_roots(struct str rest, struct checkpoint *c, struct error *e)
{
    struct str root = str_cut(rest, '\n', &rest);
    if (!read_digest(root, &c->root)) {
        err_set(e, ERR_SYNTAX, "检查点第 3 行：树根不是 32 字节的 base64",
                "line 3 of the checkpoint: the root is not base64 of 32 bytes");
        return fault(e, ERR_SYNTAX, 3, "root");
    }
    c->has_sm3 = rest.n > 0;
    if (!c->has_sm3) {
        return OK;
    }
    struct str sm3 = str_cut(rest, '\n', &rest);
    struct str mark = str_cut(sm3, ' ', &sm3);
    if (!str_eqz(mark, "sm3") || !read_digest(sm3, &c->sm3)) {
        err_set(e, ERR_SYNTAX, "检查点第 4 行不是“sm3”与 32 字节的 base64",
                "line 4 of the checkpoint is not “sm3” and base64 of 32 bytes");
        return fault(e, ERR_SYNTAX, 4, "sm3");
    }
    if (rest.n > 0) {
        err_set(e, ERR_SYNTAX, "检查点第 5 行：正文至多四行",
                "line 5 of the checkpoint: the body has at most four lines");
        return fault(e, ERR_SYNTAX, 5, NULL);
    }
    return OK;
}

static enum err read_body(struct str body, struct checkpoint *c, struct error *e)
{
    struct str rest, origin = str_cut(body, '\n', &rest);
    if (!note_text_valid(origin)) {
        err_set(e, ERR_SYNTAX, "检查点第 1 行：来源为空", "line 1 of the checkpoint: no origin");
        return fault(e, ERR_SYNTAX, 1, "origin");
    }
    if (origin.n >= sizeof c->origin) {
        err_set(e, ERR_LIMIT, "检查点第 1 行：来源超过 %d 字节",
                "line 1 of the checkpoint: the origin exceeds %d bytes",
                (int)sizeof c->origin - 1);
        return fault(e, ERR_LIMIT, 1, "origin");
    }
    memcpy(c->origin, origin.p, origin.n);
    c->origin[origin.n] = '\0';
    struct str size = str_cut(rest, '\n', &rest);
    TRY(read_size(size, &c->size, e));
    return read_roots(rest, c, e);
}

/* What a cosignature of v1 signs: its own heading, the time and the body. */
static void witness_text(struct buf *out, uint64_t time, struct str body)
{
    buf_printf(out, "cosignature/v1\ntime %llu\n", (unsigned long long)time);
    buf_str(out, body);
}

static bool holds(const struct public_key *key, struct str body, const struct signature *s,
                  int64_t *time)
{
    uint64_t t = 0;
    if (key->kind != KEY_WITNESS) {
        return public_key_holds(key, body, s->sig, s->n);
    }
    if (s->n != TIME_BYTES + ED25519_SIGNATURE_BYTES) {
        return false;
    }
    for (int i = 0; i < TIME_BYTES; i++) {
        t = t << 8 | s->sig[i];
    }
    struct buf text;
    buf_init(&text);
    witness_text(&text, t, body);
    bool good = t <= INT64_MAX && public_key_holds(key, buf_view(&text), s->sig + TIME_BYTES,
                                                   s->n - TIME_BYTES);
    buf_finish(&text);
    if (good && (int64_t)t > *time) {
        *time = (int64_t)t;
    }
    return good;
}

static enum err verify(const struct parts *p, const struct public_key *key, int64_t *time,
                       struct error *e)
{
    int found = 0;
    char id[2 * sizeof key->id + 1], part[32];
    for (int i = 0; i < p->n; i++) {
        const struct signature *s = &p->at[i];
        if (!str_eqz(s->name, key->name) || memcmp(s->id, key->id, sizeof key->id) != 0) {
            continue; /* signed-note: both must be the key's, or it is another key */
        }
        found++;
        if (!holds(key, p->body, s, time)) {
            int line = p->body_lines + 2 + i;
            snprintf(part, sizeof part, "signature %d", i + 1);
            err_set(e, ERR_INTEGRITY, "检查点第 %d 行：第 %d 个签名（密钥 %s）不成立",
                    "line %d of the checkpoint: signature %d, by key %s, does not hold", line,
                    i + 1, key->name);
            return fault(e, ERR_INTEGRITY, line, part);
        }
    }
    if (found == 0) {
        hash_hex(key->id, sizeof key->id, id);
        err_set(e, ERR_INTEGRITY, "检查点没有密钥 %s（标识 %s）的签名，共 %d 个签名",
                "the checkpoint has no signature by key %s (id %s) among its %d", key->name, id,
                p->n);
        return fault(e, ERR_INTEGRITY, 0, "signature");
    }
    return OK;
}

static enum err open_note(struct str note, const struct public_key *key, struct checkpoint *out,
                          int64_t *time, struct error *e)
{
    struct parts p;
    struct checkpoint c = {0};
    int64_t latest = 0;
    TRY(take_apart(note, &p, e));
    TRY(read_body(p.body, &c, e));
    TRY(verify(&p, key, &latest, e));
    *out = c;
    if (time != NULL) {
        *time = latest;
    }
    return OK;
}

enum err checkpoint_read(struct str note, struct checkpoint *out, struct error *e)
{
    struct parts p;
    struct checkpoint c = {0};
    TRY(take_apart(note, &p, e));
    TRY(read_body(p.body, &c, e));
    *out = c;
    return OK;
}

enum err checkpoint_open(struct str note, const struct public_key *key, struct checkpoint *out,
                         struct error *e)
{
    return open_note(note, key, out, NULL, e);
}

enum err checkpoint_witnessed(struct str note, const struct public_key *witness,
                              struct checkpoint *out, int64_t *time, struct error *e)
{
    check(witness->kind == KEY_WITNESS);
    return open_note(note, witness, out, time, e);
}

void checkpoint_body(const struct checkpoint *c, struct buf *out)
{
    buf_printf(out, "%s\n%llu\n", c->origin, (unsigned long long)c->size);
    base64_write(out, c->root.b, sizeof c->root.b);
    if (c->has_sm3) {
        buf_z(out, "\nsm3 ");
        base64_write(out, c->sm3.b, sizeof c->sm3.b);
    }
    buf_char(out, '\n');
}

static void write_signature(struct buf *out, const struct public_key *k, const uint8_t *sig,
                            size_t n)
{
    uint8_t b[ID_BYTES + TIME_BYTES + KEY_SIGNATURE_BYTES];
    check(n <= sizeof b - ID_BYTES);
    memcpy(b, k->id, ID_BYTES);
    memcpy(b + ID_BYTES, sig, n);
    buf_z(out, dash);
    buf_z(out, k->name);
    buf_char(out, ' ');
    base64_write(out, b, ID_BYTES + n);
    buf_char(out, '\n');
}

static enum err sign_all(const struct checkpoint *c, struct key *const *keys, int n,
                         struct buf *note, struct error *e)
{
    uint8_t sig[KEY_SIGNATURE_BYTES];
    size_t sig_n;
    checkpoint_body(c, note);
    struct buf lines;
    enum err code = OK;
    buf_init(&lines);
    for (int i = 0; i < n && code == OK; i++) {
        code = key_sign(keys[i], buf_view(note), sig, &sig_n, e);
        if (code == OK) {
            write_signature(&lines, key_public(keys[i]), sig, sig_n);
        }
    }
    buf_char(note, '\n');
    buf_str(note, buf_view(&lines));
    buf_finish(&lines);
    return code;
}

enum err checkpoint_sign(const struct checkpoint *c, struct key *const *keys, int n,
                         struct buf *out, struct error *e)
{
    struct buf note;
    check(n >= 1 && n <= NOTE_SIGNATURES);
    check(memchr(c->origin, '\0', sizeof c->origin) != NULL);
    if (!note_text_valid(str_from(c->origin)) || c->size > MERKLE_SIZE_MAX) {
        return err_set(e, ERR_INVALID, "检查点的来源或树的大小无效，不予签名",
                       "the checkpoint's origin or size is not valid: it is not signed");
    }
    buf_init(&note);
    enum err code = sign_all(c, keys, n, &note, e);
    if (code == OK) {
        buf_str(out, buf_view(&note));
    }
    buf_finish(&note);
    return code;
}

/* Time and signature, as a cosignature line holds them. */
static enum err cosign_body(const struct key *witness, int64_t now, struct str body, uint8_t *sig,
                            size_t *n, struct error *e)
{
    struct buf text;
    for (int i = 0; i < TIME_BYTES; i++) {
        sig[i] = (uint8_t)((uint64_t)now >> (56 - 8 * i));
    }
    buf_init(&text);
    witness_text(&text, (uint64_t)now, body);
    enum err code = key_sign(witness, buf_view(&text), sig + TIME_BYTES, n, e);
    buf_finish(&text);
    *n += TIME_BYTES;
    return code;
}

static enum err add_line(struct str note, struct str line, struct buf *out, struct error *e)
{
    if (note.n + line.n > NOTE_BYTES) {
        return err_set(e, ERR_LIMIT, "检查点加上见证将超过 %d 字节",
                       "the checkpoint with its cosignature would exceed %d bytes",
                       (int)NOTE_BYTES);
    }
    buf_str(out, note);
    buf_str(out, line);
    return OK;
}

enum err checkpoint_cosign(struct str note, const struct key *witness, int64_t now,
                           struct buf *out, struct error *e)
{
    struct parts p;
    struct checkpoint c;
    uint8_t sig[TIME_BYTES + KEY_SIGNATURE_BYTES];
    size_t n;
    check(now >= 0);
    if (key_public(witness)->kind != KEY_ED25519) {
        return err_set(e, ERR_INVALID, "见证须用 Ed25519 密钥，%s 不是",
                       "a witness signs with an Ed25519 key, which %s is not",
                       key_public(witness)->name);
    }
    TRY(take_apart(note, &p, e));
    TRY(read_body(p.body, &c, e));
    if (p.n == NOTE_SIGNATURES) {
        return err_set(e, ERR_LIMIT, "检查点已有 %d 个签名", "the checkpoint has %d signatures",
                       (int)NOTE_SIGNATURES);
    }
    TRY(cosign_body(witness, now, p.body, sig, &n, e));
    struct public_key k = public_key_witness(key_public(witness));
    struct buf line;
    buf_init(&line);
    write_signature(&line, &k, sig, n);
    enum err code = add_line(note, buf_view(&line), out, e);
    buf_finish(&line);
    return code;
}
