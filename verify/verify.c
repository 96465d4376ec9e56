/*
 * fumao-verify: was this answer really given, and does the public log have it? For whoever holds a
 * kept answer and trusts nobody's server; offline. It shares no code with the program that made the
 * answer: a mistake would have to be made twice to stay unseen.
 *   cc -std=gnu17 -O2 -static -o fumao-verify verify/verify.c -lcrypto
 *   (the linker warns of dlopen and two more in libcrypto: never reached; see meson.build)
 *   fumao-verify FILE.fumao KEY                             a kept answer
 *   fumao-verify --checkpoint NOTE KEY                      a signed checkpoint
 *   fumao-verify --consistency OLD_NOTE NEW_NOTE PROOF KEY  the log only grew between the two
 * KEY: a public key line, <name>+<8 hex digits>+<base64>, or a file of one (what has two "+" is a
 * line). Get it from elsewhere than the answer: who can forge a file can put a key into it. With
 * --trust-file-key as KEY the one in FILE.fumao is taken all the same. PROOF: one base64 hash a
 * line. Says what it found, then "OK" (status 0) or "FAILED: <part>" (1). Status 2: no verdict.
 *
 * "OK" says: the log of this key signed a tree in which this entry stands at this place; not that
 * the entry is right, nor that others are shown the same tree (--consistency with a checkpoint of
 * theirs does). It covers the entry and, through the entry's digest, the content (question and
 * answer), both printed; no other member. Read with FIPS 180-4, RFC 9162 section 2.1, RFC 4648, RFC
 * 8259, C2SP signed-note and tlog-checkpoint. Only Ed25519 (RFC 8032) is a library's.
 */
#define _GNU_SOURCE /* memmem */
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
enum { HASH = 32, PROOF_MAX = 64, FILE_MAX = 1 << 20 };
struct span { const uint8_t *p; size_t n; }; /* bytes of a file; a NUL stands somewhere behind */
#define SPAN(text) ((struct span){(const uint8_t *)(text), strlen(text)})
_Noreturn static void finish(const char *verdict, int status)
{
    puts(verdict);
    exit(fflush(stdout) || ferror(stdout) ? 2 : status); /* an OK that nobody could read is none */
}
/* Every check is a need(): if it does not hold, the program says why and ends. */
#define need(holds, part, why) ((holds) ? (void)0 : (puts(why), finish("FAILED: " part, 1)))
#define need_json(holds) need(holds, "format", "JSON 格式不对 / not the JSON of a fumao file")

/* Text of the log on a terminal. What can hide or reorder other text is shown as \xHH: controls,
 * U+2008..200F, U+2028..202F, U+2060..206F. */
static void show(const char *label, struct span s)
{
    printf("%s：", label);
    for (size_t i = 0, hide = 0; i < s.n; i++, hide -= hide > 0) {
        const uint8_t *c = s.p + i; /* UTF-8: after a lead byte stands what it announces */
        hide = *c < 0x20 || *c == 0x7f ? 1 : *c == 0xc2 && c[1] < 0xa0 ? 2
             : *c == 0xe2 && c[1] == 0x80 && (c[2] & 0xd8) == 0x88 ? 3
             : *c == 0xe2 && c[1] == 0x81 && (c[2] & 0xf0) == 0xa0 ? 3 : hide;
        printf(hide ? "\\x%02x" : "%c", *c);
    }
    putchar('\n');
}
/* ---- SHA-256 (FIPS 180-4: 4.1.2, constants 4.2.2 and 5.3.3, padding 5.1.1, loop 6.2.2) ---- */
static const uint32_t sha_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
static uint32_t rotr(uint32_t x, int n) { return x >> n | x << (32 - n); }
/* Of a || b || c. A leaf is 0x00 || leaf, a node 0x01 || left || right; out may be one of them. */
static void sha256(struct span a, struct span b, struct span c, uint8_t out[HASH])
{
    static uint8_t m[FILE_MAX + 256]; /* nothing longer than a file is ever hashed */
    uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}, w[64], v[8];
    size_t n = a.n + b.n + c.n, padded = (n + 8) / 64 * 64 + 64;
    memcpy(m, a.p, a.n);
    memcpy(m + a.n, b.p, b.n);
    memcpy(m + a.n + b.n, c.p, c.n);
    memset(m + n, 0, padded - n);
    m[n] = 0x80;
    for (size_t i = 0; i < 8; i++)
        m[padded - 1 - i] = (uint8_t)((uint64_t)n * 8 >> 8 * i);
    for (uint8_t *p = m; p < m + padded;) { /* a block of 64 bytes */
        for (int t = 0; t < 16; t++, p += 4)
            w[t] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
        for (int t = 16; t < 64; t++)
            w[t] = (rotr(w[t - 2], 17) ^ rotr(w[t - 2], 19) ^ w[t - 2] >> 10) + w[t - 7] +
                   (rotr(w[t - 15], 7) ^ rotr(w[t - 15], 18) ^ w[t - 15] >> 3) + w[t - 16];
        memcpy(v, h, sizeof v); /* a b c d e f g h */
        for (int t = 0; t < 64; t++) {
            uint32_t t1 = v[7] + (rotr(v[4], 6) ^ rotr(v[4], 11) ^ rotr(v[4], 25)) +
                          ((v[4] & v[5]) ^ (~v[4] & v[6])) + sha_k[t] + w[t];
            uint32_t t2 = (rotr(v[0], 2) ^ rotr(v[0], 13) ^ rotr(v[0], 22)) +
                          ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
            memmove(v + 1, v, 7 * sizeof v[0]);
            v[4] += t1;
            v[0] = t1 + t2;
        }
        for (int i = 0; i < 8; i++)
            h[i] += v[i];
    }
    for (int i = 0; i < HASH; i++)
        out[i] = (uint8_t)(h[i / 4] >> (24 - i % 4 * 8));
}
/* ---- The tree (RFC 9162 section 2.1) ---- */
struct proof { size_t n; uint8_t hash[PROOF_MAX][HASH]; };
static void node(const uint8_t *left, const uint8_t *right, uint8_t *out)
{
    sha256(SPAN("\1"), (struct span){left, HASH}, (struct span){right, HASH}, out);
}
/* The loop that 2.1.3.2 (inclusion) and 2.1.4.2 (consistency) share, from hash i of the path on:
 * sr grows into the root of the tree whose last leaf is sn, fr into that of the older tree. The
 * path must be used up just when the root is reached. */
static int walk(const struct proof *p, size_t i, uint64_t fn, uint64_t sn, uint8_t *fr, uint8_t *sr)
{
    for (; i < p->n && sn != 0; i++, fn >>= 1, sn >>= 1) {
        if ((fn & 1) || fn == sn) {
            node(p->hash[i], fr, fr);
            node(p->hash[i], sr, sr);
            for (; !(fn & 1) && fn != 0; fn >>= 1)
                sn >>= 1;
        } else {
            node(sr, p->hash[i], sr);
        }
    }
    return i == p->n && sn == 0;
}
/* ---- Small texts ---- */
static int same(struct span a, struct span b) { return a.n == b.n && !memcmp(a.p, b.p, a.n); }
/* Takes what stands before the first `end` off the front of rest; 0: there is no `end`. */
static int take(struct span *rest, char end, struct span *part)
{
    const uint8_t *e = rest->n ? memchr(rest->p, end, rest->n) : NULL;
    if (!e)
        return 0;
    *part = (struct span){rest->p, (size_t)(e - rest->p)};
    *rest = (struct span){e + 1, rest->n - part->n - 1};
    return 1;
}
static uint64_t decimal(struct span s) /* below 10^18, no leading zero */
{
    need(s.n > 0 && s.n <= 18 && strspn((const char *)s.p, "0123456789") == s.n &&
             (s.p[0] != '0' || s.n == 1), "number", "数字不对 / bad number");
    return strtoull((const char *)s.p, NULL, 10);
}
/* Strict: one text for one value. Returns its length, at most `room`. */
static size_t base64(struct span s, uint8_t *out, size_t room)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 0, pad = s.n < 4 || s.p[s.n - 1] != '=' ? 0 : s.p[s.n - 2] == '=' ? 2 : 1;
    uint32_t bits = 0, have = 0; /* the low `have` of bits are not written yet */
    for (size_t i = 0; i < s.n - pad; i++) {
        const char *d = s.p[i] ? strchr(digits, s.p[i]) : NULL;
        need(d && (have < 2 || n < room), "base64", "base64 不对或过长 / bad or too long base64");
        bits = (bits << 6 | (uint32_t)(d - digits)) & 0xfff;
        have += 6;
        if (have >= 8)
            out[n++] = (uint8_t)(bits >> (have -= 8));
    }
    need(s.n % 4 == 0 && !(bits & ((1u << have) - 1)), "base64", "base64 不完整 / bad end of base64");
    return n;
}
static void hash_add(struct proof *path, struct span text)
{
    need(path->n < PROOF_MAX && base64(text, path->hash[path->n++], HASH) == HASH, "proof",
         "证明过长，或其中散列不对 / the proof is too long, or has a bad hash");
}
/* A whole text file: UTF-8 (Unicode, table 3-7) without NUL. The NUL after it is not counted. */
static struct span read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *p = calloc(FILE_MAX + 2, 1), low = 0x80, high = 0xbf; /* bounds of the next byte */
    struct span s = {p, f && p ? fread(p, 1, FILE_MAX + 1, f) : 0};
    if (!f || !p || ferror(f))
        exit((fprintf(stderr, "无法读取 / cannot read: %s\n", path), 2));
    fclose(f);
    need(s.n <= FILE_MAX, "limit", "文件超过 1 MiB / the file has more than 1 MiB");
    for (int more = 0; p <= s.p + s.n; p++) { /* and the NUL: no character is cut off by the end */
        need(more ? *p >= low && *p <= high
                  : *p < 0x80 ? *p || p == s.p + s.n : *p >= 0xc2 && *p <= 0xf4,
             "utf-8", "不是 UTF-8 文本 / not UTF-8 text");
        more = more ? more - 1 : (*p >= 0xc2) + (*p >= 0xe0) + (*p >= 0xf0);
        low = *p == 0xe0 ? 0xa0 : *p == 0xf0 ? 0x90 : 0x80;
        high = *p == 0xed ? 0x9f : *p == 0xf4 ? 0x8f : 0xbf;
    }
    return s;
}
/* ---- Keys and checkpoints (C2SP signed-note, tlog-checkpoint) ---- */
/* A key line is <name>+<id in hex>+<base64 of raw>; raw is 0x01 (Ed25519), then 32 bytes; id is
 * SHA-256(name || "\n" || raw), its first 4 bytes. */
struct key { struct span name; uint8_t id[HASH], raw[33]; };
static struct key key_read(struct span line)
{
    struct key k;
    struct span id;
    char hex[9];
    need(take(&line, '+', &k.name) && k.name.n && take(&line, '+', &id) &&
             base64(line, k.raw, 33) == 33 && k.raw[0] == 1,
         "key", "不是 Ed25519 公钥行 / not the line of an Ed25519 public key");
    sha256(k.name, SPAN("\n"), (struct span){k.raw, 33}, k.id);
    snprintf(hex, sizeof hex, "%02x%02x%02x%02x", k.id[0], k.id[1], k.id[2], k.id[3]);
    need(same(id, SPAN(hex)), "key", "公钥编号不符 / the id is not the one of this key");
    return k;
}
static struct key key_open(const char *arg)
{
    const char *plus = strchr(arg, '+');
    struct span s = plus && strchr(plus + 1, '+') ? SPAN(arg) : read_text(arg);
    while (s.n && s.p[s.n - 1] <= ' ')
        s.n--;
    return key_read(s);
}
/* A line "— <name> <base64 of id || signature>": 1 it holds, 0 it is another key's. */
static int signature(struct span text, struct span line, const struct key *k)
{
    struct span dash, name;
    uint8_t raw[8192]; /* post-quantum signatures of others have some 5000 */
    size_t n = 0;
    need(take(&line, ' ', &dash) && same(dash, SPAN("—")) && take(&line, ' ', &name) && name.n &&
             (n = base64(line, raw, sizeof raw)) > 4,
         "checkpoint", "签名行的格式不对 / malformed signature line");
    if (!same(name, k->name) || memcmp(raw, k->id, 4))
        return 0;
    EVP_PKEY *pk = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, k->raw + 1, 32);
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    need(pk && c && EVP_DigestVerifyInit(c, NULL, NULL, NULL, pk) == 1 &&
             EVP_DigestVerify(c, raw + 4, n - 4, text.p, text.n) == 1,
         "signature", "此公钥的签名不成立 / the signature of this key does not hold");
    return 1;
}
struct head { struct span origin; uint64_t size; uint8_t root[HASH]; }; /* of a tree */
static struct head checkpoint(struct span note, const struct key *k)
{
    struct head h;
    struct span text = {note.p, 0}, line, size;
    int held = 0;
    for (size_t i = 0; i < note.n; i++) {
        need(note.p[i] >= ' ' || note.p[i] == '\n', "checkpoint", "控制字符 / control character");
        if (i > 0 && note.p[i] == '\n' && note.p[i - 1] == '\n')
            text.n = i; /* the text goes to the last empty line, the signatures begin after it */
    }
    need(text.n && note.p[note.n - 1] == '\n', "checkpoint", "不是签名文本 / not a signed note");
    for (note.p += text.n + 1, note.n -= text.n + 1; take(&note, '\n', &line);)
        held += signature(text, line, k);
    need(held, "signature", "没有此公钥的签名 / no signature of this key");
    show("签名成立，公钥 / signature holds, key", k->name); /* from here on the text counts */
    need(take(&text, '\n', &h.origin) && h.origin.n && take(&text, '\n', &size) &&
             take(&text, '\n', &line) && base64(line, h.root, HASH) == HASH,
         "checkpoint", "检查点正文不对 / malformed text of the checkpoint");
    while (take(&text, '\n', &line)) /* extension lines: anything, but not empty */
        need(line.n, "checkpoint", "检查点中有空行 / empty line in the checkpoint");
    h.size = decimal(size);
    show("日志 / log", h.origin);
    show("条数 / entries", size);
    return h;
}
/* ---- The .fumao file (RFC 8259). Who reads a thing returns where the next begins. ---- */
static uint8_t *blank(uint8_t *p) { return p + strspn((char *)p, " \t\r\n"); }
static uint8_t *want(uint8_t *p, char c)
{
    need_json(*p == (uint8_t)c);
    return blank(p + 1);
}
static uint32_t hex4(const uint8_t *p)
{
    char z[5] = {0};
    need_json(strspn((const char *)p, "0123456789abcdefABCDEF") >= 4);
    return (uint32_t)strtoul(memcpy(z, p, 4), NULL, 16);
}
/* Unescapes in place: what is written is never longer than what was read. */
static uint8_t *string(uint8_t *p, struct span *s)
{
    static const char escape[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    uint8_t *out = p + 1;
    need_json(*p++ == '"');
    for (s->p = out; *p != '"';) {
        const char *e = *p == '\\' && p[1] ? strchr(escape, p[1]) : NULL;
        need_json(*p >= ' ' && (*p != '\\' || e || p[1] == 'u'));
        if (*p != '\\' || e) {
            *out++ = e ? (uint8_t)meant[e - escape] : *p;
            p += e ? 2 : 1;
            continue;
        }
        uint32_t c = hex4(p + 2), second;
        if (c >> 10 == 0xd800 >> 10 && p[6] == '\\' && p[7] == 'u' &&
            (second = hex4(p + 8)) >> 10 == 0xdc00 >> 10) { /* a surrogate pair */
            c = 0x10000 + ((c & 0x3ff) << 10 | (second & 0x3ff));
            p += 6;
        }
        need_json(c >> 11 != 0xd800 >> 11); /* half a pair */
        p += 6;
        int more = (c >= 0x80) + (c >= 0x800) + (c >= 0x10000);
        *out++ = (uint8_t)((more ? 0xff00 >> (more + 1) & 0xff : 0) | c >> 6 * more);
        while (more--)
            *out++ = (uint8_t)(0x80 | (c >> 6 * more & 0x3f));
    }
    s->n = (size_t)(out - s->p);
    return blank(p + 1);
}
/* A member that is not ours: its strings are read, its brackets counted. */
static uint8_t *pass_over(uint8_t *p)
{
    struct span s;
    need_json(!strchr(",}]", *p));
    for (int depth = 0; depth > 0 || !strchr(",}]", *p);) {
        need_json(*p && strchr("\"{}[],:+-.0123456789eEtrufalsn \t\r\n", *p));
        depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
        p = *p == '"' ? string(p, &s) : p + 1;
    }
    return p;
}
static uint64_t number[3];  /* fumao, index, size */
static struct span text[4]; /* entry, checkpoint, key, content */
static struct proof path;
static void answer_read(struct span file)
{
    static const char *names[] = {"fumao", "index", "size", "entry", "checkpoint", "key", "content",
                                  "proof"};
    unsigned seen = 0, m, known = 8;
    uint8_t *p = blank((uint8_t *)(uintptr_t)file.p);
    for (char before = '{'; *p == before; before = ',') {
        struct span s;
        p = want(string(want(p, before), &s), ':');
        for (m = 0; m < known && !same(s, SPAN(names[m]));)
            m++;
        need(m == known || !(seen >> m & 1), "format", "成员重复 / a member appears twice");
        seen |= 1u << m;
        if (m < 3) {
            s = (struct span){p, strspn((char *)p, "0123456789")};
            number[m] = decimal(s);
            p = blank(p + s.n);
        } else if (m < 7) {
            p = string(p, &text[m - 3]);
        } else if (m < known) {
            for (p = want(p, '['); *p != ']'; hash_add(&path, s))
                p = string(path.n ? want(p, ',') : p, &s);
            p = blank(p + 1);
        } else {
            p = pass_over(p);
        }
    }
    need_json(want(p, '}') == file.p + file.n);
    need((seen & 0x9f) == 0x9f && number[0] == 1, "format", /* all but key and content */
         "不是第 1 版的 fumao 文件 / not a fumao file of version 1");
}
/* ---- What can be asked ---- */
static void check_answer(const char *file, const char *key)
{
    uint8_t unused[HASH] = {0}, hash[HASH];
    char said[80] = "\"digest\":\"";
    int trust = !strcmp(key, "--trust-file-key");
    answer_read(read_text(file));
    if (trust)
        puts("警告：公钥取自文件本身，可能是伪造的 / WARNING: the file's own key, perhaps a forged one");
    struct key k = trust ? key_read(text[2]) : key_open(key);
    struct head h = checkpoint(text[1], &k);
    need(number[2] == h.size, "size", "条数与检查点不符 / size differs from the checkpoint");
    need(number[1] < h.size, "index", "序号超出日志 / the index is beyond the log");
    sha256((struct span){(const uint8_t *)"", 1}, text[0], SPAN(""), hash);
    need(walk(&path, 0, number[1], h.size - 1, unused, hash) && !memcmp(hash, h.root, HASH),
         "proof", "证明不能从条目到达树根 / the proof does not lead from the entry to the root");
    printf("条目在日志中，序号 / the entry is in the log, index：%ju\n", (uintmax_t)number[1]);
    show("条目 / entry", text[0]);
    sha256(SPAN(""), text[3].p ? text[3] : SPAN(""), SPAN(""), hash);
    for (int i = 0; i < HASH; i++)
        snprintf(said + 10 + 2 * i, 4, "%02x\"", hash[i]);
    need(!text[3].p || memmem(text[0].p, text[0].n, said, strlen(said)), "content",
         "内容不是条目所指 / the content is not what the entry commits to");
    show("内容 / content", text[3]);
}
static void check_consistency(char **arg)
{
    struct key k = key_open(arg[3]);
    struct head old = checkpoint(read_text(arg[0]), &k), new = checkpoint(read_text(arg[1]), &k);
    struct span lines = read_text(arg[2]), line;
    uint64_t fn = old.size - 1, sn = new.size - 1;
    int equal = old.size == new.size, first = !equal && (old.size & fn); /* see 2.1.4.2 step 2 */
    uint8_t fr[HASH], sr[HASH];
    need(same(old.origin, new.origin), "origin", "不是同一日志 / not of one log");
    need(old.size > 0 && old.size <= new.size, "size", "旧检查点须不空也不更大 / OLD is empty or larger");
    while (take(&lines, '\n', &line))
        hash_add(&path, line);
    memcpy(fr, first ? path.hash[0] : old.root, HASH);
    memcpy(sr, fr, HASH);
    for (; fn & 1; fn >>= 1)
        sn >>= 1;
    need(lines.n == 0 && (equal ? path.n == 0 : walk(&path, (size_t)first, fn, sn, fr, sr)) &&
             !memcmp(fr, old.root, HASH) && !memcmp(sr, new.root, HASH),
         "proof", "证明不成立 / the proof does not hold: OLD is not shown to be the beginning of NEW");
    puts("日志只增不改 / the new tree begins with the old one: the log has only grown");
}
int main(int argc, char **argv)
{
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL); /* no file may change what is checked */
    if (argc == 3 && strncmp(argv[1], "--", 2))
        check_answer(argv[1], argv[2]);
    else if (argc == 4 && !strcmp(argv[1], "--checkpoint"))
        checkpoint(read_text(argv[2]), (struct key[]){key_open(argv[3])});
    else if (argc == 6 && !strcmp(argv[1], "--consistency"))
        check_consistency(argv + 2);
    else
        return fputs("用法 / usage: fumao-verify FILE.fumao KEY | --checkpoint NOTE KEY |\n"
                     "    --consistency OLD_NOTE NEW_NOTE PROOF KEY\n", stderr), 2;
    finish("OK", 0);
}
