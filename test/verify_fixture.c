/*
 * Makes what test/verify.sh hands to verify/fumao-verify: logs, proofs and signatures, by the
 * recursive definitions of RFC 9162 (2.1.1, 2.1.3.1, 2.1.4.1) and with OpenSSL's SHA-256, so that
 * neither src/ nor the verifier is asked about itself.
 *
 *   verify_fixture key NAME SEED [ALGORITHM]       a public key line; ALGORITHM: its first byte
 *   verify_fixture note SIZE NAME SEED [EXTRA...]  a checkpoint; EXTRA: extension lines
 *   verify_fixture sign NAME SEED <TEXT            any text as a signed note
 *   verify_fixture answer SIZE INDEX [LENGTH]      a .fumao file signed by "log.test/fumao" 1
 *   verify_fixture proof FROM TO                   a consistency proof
 *   verify_fixture damage VERIFIER FILE KEY MASKS SCRATCH   see damage()
 */
#include <fcntl.h>
#include <openssl/evp.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HASH = 32, TREE_MAX = 4096, FILE_MAX = 1 << 16 };
extern char **environ;

static void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "verify_fixture: %s\n", what);
        exit(2);
    }
}

/* ---- leaves and the tree ---- */

static long leaf_length = -1; /* of leaf 0, if set */

static size_t leaf(size_t i, char out[1024])
{
    if (i == 0 && leaf_length >= 0) {
        memset(out, 'a', (size_t)leaf_length);
        return (size_t)leaf_length;
    }
    return (size_t)snprintf(out, 1024,
                            "{\"at\":%zu,\"kind\":\"answer\",\"text\":\"法律服务 \\\"7231\\\" \\\\ "
                            "\\u0007 é😀\"}%s",
                            1790000000 + i, i % 5 == 4 ? "\n\t\x01\xe2\x80\xae" : "");
}

static void hash(const char *prefix, const void *a, size_t an, const void *b, size_t bn,
                 uint8_t out[HASH])
{
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    must(c && EVP_DigestInit_ex(c, EVP_sha256(), NULL) && EVP_DigestUpdate(c, prefix, 1) &&
             EVP_DigestUpdate(c, a, an) && EVP_DigestUpdate(c, b, bn) &&
             EVP_DigestFinal_ex(c, out, NULL),
         "SHA-256");
    EVP_MD_CTX_free(c);
}

static size_t split(size_t n) /* the largest power of two below n */
{
    size_t k = 1;
    while (k * 2 < n)
        k *= 2;
    return k;
}

static void tree(size_t from, size_t n, uint8_t out[HASH]) /* MTH(D[from : from + n]) */
{
    uint8_t left[HASH], right[HASH];
    char text[1024];
    if (n == 1) {
        hash("\0", text, leaf(from, text), "", 0, out);
        return;
    }
    tree(from, split(n), left);
    tree(from + split(n), n - split(n), right);
    hash("\1", left, HASH, right, HASH, out);
}

struct path {
    size_t n;
    uint8_t hash[64][HASH];
};

static void inclusion(size_t m, size_t from, size_t n, struct path *p) /* PATH(m, D[...]) */
{
    size_t k = split(n);
    if (n == 1)
        return;
    if (m < k) {
        inclusion(m, from, k, p);
        tree(from + k, n - k, p->hash[p->n++]);
    } else {
        inclusion(m - k, from + k, n - k, p);
        tree(from, k, p->hash[p->n++]);
    }
}

static void consistency(size_t m, size_t from, size_t n, bool known, struct path *p) /* SUBPROOF */
{
    size_t k = split(n);
    if (m == n) {
        if (!known)
            tree(from, n, p->hash[p->n++]);
        return;
    }
    if (m <= k) {
        consistency(m, from, k, known, p);
        tree(from + k, n - k, p->hash[p->n++]);
    } else {
        consistency(m - k, from + k, n - k, false, p);
        tree(from, k, p->hash[p->n++]);
    }
}

/* ---- texts ---- */

static const char *base64(const uint8_t *b, size_t n, char out[256])
{
    must(n <= 180, "base64");
    EVP_EncodeBlock((unsigned char *)out, b, (int)n);
    return out;
}

static uint8_t algorithm = 1; /* Ed25519 */

static EVP_PKEY *key(const char *name, int seed, uint8_t raw[33], uint8_t id[HASH])
{
    uint8_t secret[32] = {(uint8_t)seed, 0x5e};
    char text[256];
    size_t n = 32;
    EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, sizeof secret);
    raw[0] = algorithm;
    must(k && EVP_PKEY_get_raw_public_key(k, raw + 1, &n), "key");
    size_t length = (size_t)snprintf(text, sizeof text, "%s\n", name);
    hash(text, text + 1, length - 1, raw, 33, id);
    return k;
}

static void key_line(const char *name, int seed, char out[512])
{
    uint8_t raw[33], id[HASH];
    char b[256];
    EVP_PKEY_free(key(name, seed, raw, id));
    snprintf(out, 512, "%s+%02x%02x%02x%02x+%s", name, id[0], id[1], id[2], id[3],
             base64(raw, 33, b));
}

/* Appends the empty line and the signature. */
static void sign(char *text, size_t room, const char *name, int seed)
{
    uint8_t raw[33], id[HASH], signature[4 + 64];
    size_t n = 64, length = strlen(text);
    char b[256];
    EVP_PKEY *k = key(name, seed, raw, id);
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    memcpy(signature, id, 4);
    must(c && EVP_DigestSignInit(c, NULL, NULL, NULL, k) &&
             EVP_DigestSign(c, signature + 4, &n, (const uint8_t *)text, length),
         "signature");
    snprintf(text + length, room - length, "\n— %s %s\n", name, base64(signature, 68, b));
    EVP_MD_CTX_free(c);
    EVP_PKEY_free(k);
}

static void head(size_t size, const char *name, char *const *extra, char out[8192])
{
    uint8_t root[HASH];
    char b[256];
    if (size)
        tree(0, size, root);
    else
        must(EVP_Digest("", 0, root, NULL, EVP_sha256(), NULL), "SHA-256");
    int n = snprintf(out, 8192, "%s\n%zu\n%s\n", name, size, base64(root, HASH, b));
    for (; *extra; extra++)
        n += snprintf(out + n, 8192 - (size_t)n, "%s\n", *extra);
}

/* A JSON string; with `ascii` everything beyond ASCII as \u escapes, in pairs where it must. */
static void json(const char *text, size_t n, bool ascii)
{
    putchar('"');
    for (const uint8_t *p = (const uint8_t *)text, *end = p + n; p < end; p++) {
        uint32_t c = *p;
        int more = (c >= 0xc0) + (c >= 0xe0) + (c >= 0xf0);
        if (c == '"' || c == '\\') {
            printf("\\%c", (int)c);
        } else if (c == '\n') {
            printf("\\n");
        } else if (c < 0x20) {
            printf("\\u%04x", c);
        } else if (more && ascii) {
            c &= 0x3fU >> more;
            while (more--)
                c = c << 6 | (*++p & 0x3fU);
            if (c < 0x10000)
                printf("\\u%04X", c);
            else
                printf("\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + (c & 0x3ff));
        } else {
            putchar((int)c);
        }
    }
    putchar('"');
}

static void answer(size_t size, size_t index)
{
    char line[512], note[8192], text[1024], b[256], *no_lines[] = {NULL};
    struct path p = {0};
    size_t n = leaf(index, text);
    head(size, "log.test/fumao", no_lines, note);
    sign(note, sizeof note, "log.test/fumao", 1);
    key_line("log.test/fumao", 1, line);
    inclusion(index, 0, size, &p);
    printf("{\n  \"fumao\": 1,\n  \"index\": %zu,\n  \"size\": %zu,\n  \"entry\": ", index, size);
    json(text, n, index % 2);
    printf(",\n  \"proof\": [");
    for (size_t i = 0; i < p.n; i++)
        printf("%s\n    \"%s\"", i ? "," : "", base64(p.hash[i], HASH, b));
    printf("\n  ],\n  \"checkpoint\": ");
    json(note, strlen(note), index % 2);
    printf(",\n  \"answer\": {\"outcome\":[true,-1.5e+3,null,{}],\"说明\":\"\\\"]}\"},\n  \"key\": ");
    json(line, strlen(line), false);
    printf("\n}\n");
}

/* ---- damage ---- */

struct verdict {
    int status;
    size_t n;
    char text[16384];
};

static struct verdict *ask(const char *verifier, const char *file, const char *key_arg)
{
    static struct verdict v;
    int ends[2], status = 0;
    ssize_t got;
    pid_t pid;
    posix_spawn_file_actions_t act;
    char *argv[] = {(char *)(uintptr_t)verifier, (char *)(uintptr_t)file,
                    (char *)(uintptr_t)key_arg, NULL};
    must(!pipe(ends) && !posix_spawn_file_actions_init(&act) &&
             !posix_spawn_file_actions_adddup2(&act, ends[1], 1) &&
             !posix_spawn_file_actions_addclose(&act, ends[0]) &&
             !posix_spawn(&pid, verifier, &act, NULL, argv, environ),
         "cannot run the verifier");
    posix_spawn_file_actions_destroy(&act);
    close(ends[1]);
    v.n = 0;
    while (v.n < sizeof v.text - 1 &&
           (got = read(ends[0], v.text + v.n, sizeof v.text - 1 - v.n)) > 0)
        v.n += (size_t)got;
    v.text[v.n] = 0;
    close(ends[0]);
    must(waitpid(pid, &status, 0) == pid, "waitpid");
    v.status = WIFEXITED(status) ? WEXITSTATUS(status) : 256;
    return &v;
}

static void write_file(const char *path, const char *b, size_t n)
{
    FILE *f = fopen(path, "wb");
    must(f && fwrite(b, 1, n, f) == n && !fclose(f), "cannot write the scratch file");
}

/* May a change at this place leave the verdict alone? In the two members that are ignored, in
 * white space, and in the case of the hex digits of an escape. */
static bool insignificant(const char *b, size_t at)
{
    size_t line = at;
    while (line > 0 && b[line - 1] != '\n')
        line--;
    if (!strncmp(b + line, "  \"answer\"", 10) || !strncmp(b + line, "  \"key\"", 7) ||
        strchr(" \n", b[at]))
        return true;
    for (size_t i = at; i > 1 && i + 4 > at; i--)
        if (b[i - 1] == 'u' && b[i - 2] == '\\')
            return true;
    return false;
}

/* Tries FILE with each byte changed by each mask (hex digits pairs: "0120ff"), and cut off after
 * each byte. Every one must be refused, or say to the letter what the whole file says, and that
 * only where the change is insignificant. Prints the counts; 1 if a file was wrongly accepted. */
static int damage(char **arg)
{
    static char b[FILE_MAX], whole[16384];
    unsigned refused = 0, alike = 0, wrong = 0, cut = 0;
    FILE *f = fopen(arg[1], "rb");
    must(f, "cannot open the file");
    size_t n = fread(b, 1, sizeof b, f), close_at = 0;
    fclose(f);
    struct verdict *v = ask(arg[0], arg[1], arg[2]);
    must(v->status == 0 && n < sizeof b, "the whole file is not accepted");
    strcpy(whole, v->text);
    for (size_t i = 0; i < n; i++)
        if (b[i] == '}')
            close_at = i;
    for (const char *m = arg[3]; m[0] && m[1]; m += 2) {
        char pair[3] = {m[0], m[1], 0}, mask = (char)strtoul(pair, NULL, 16);
        for (size_t i = 0; i < n; i++) {
            b[i] ^= mask;
            write_file(arg[4], b, n);
            b[i] ^= mask;
            v = ask(arg[0], arg[4], arg[2]);
            bool says_no = v->status == 1 && strstr(v->text, "\nFAILED: ");
            bool says_same = v->status == 0 && !strcmp(v->text, whole) && insignificant(b, i);
            refused += says_no;
            alike += says_same;
            if (!says_no && !says_same && ++wrong)
                printf("byte %zu ('%c') with mask %s: status %d\n%s", i, b[i], pair, v->status,
                       v->text);
        }
    }
    for (size_t i = 0; i <= close_at; i++) {
        write_file(arg[4], b, i);
        v = ask(arg[0], arg[4], arg[2]);
        bool says_no = v->status == 1 && strstr(v->text, "\nFAILED: ");
        cut += says_no;
        if (!says_no && ++wrong)
            printf("cut after %zu bytes: status %d\n%s", i, v->status, v->text);
    }
    printf("%zu bytes, masks %s: %u refused, %u the same verdict; %u truncations refused; "
           "%u wrongly accepted\n", n, arg[3], refused, alike, cut, wrong);
    return wrong > 0;
}

int main(int argc, char **argv)
{
    char out[8192], b[256];
    struct path p = {0};
    const char *verb = argc > 1 ? argv[1] : "";
    if (!strcmp(verb, "key") && (argc == 4 || argc == 5)) {
        algorithm = argc == 5 ? (uint8_t)atoi(argv[4]) : 1;
        key_line(argv[2], atoi(argv[3]), out);
        puts(out);
    } else if (!strcmp(verb, "note") && argc >= 5) {
        head(strtoul(argv[2], NULL, 10), argv[3], argv + 5, out);
        sign(out, sizeof out, argv[3], atoi(argv[4]));
        fputs(out, stdout);
    } else if (!strcmp(verb, "sign") && argc == 4) {
        out[fread(out, 1, 4096, stdin)] = 0;
        sign(out, sizeof out, argv[2], atoi(argv[3]));
        fputs(out, stdout);
    } else if (!strcmp(verb, "answer") && (argc == 4 || argc == 5)) {
        leaf_length = argc == 5 ? atol(argv[4]) : -1;
        must(leaf_length < 1024, "leaf too long");
        answer(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
    } else if (!strcmp(verb, "proof") && argc == 4) {
        size_t from = strtoul(argv[2], NULL, 10), to = strtoul(argv[3], NULL, 10);
        if (from > 0 && from < to)
            consistency(from, 0, to, true, &p);
        for (size_t i = 0; i < p.n; i++)
            puts(base64(p.hash[i], HASH, b));
    } else if (!strcmp(verb, "damage") && argc == 7) {
        return damage(argv + 2);
    } else {
        must(false, "usage: see the top of test/verify_fixture.c");
    }
    return 0;
}
