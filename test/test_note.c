/* Signed notes: keys and their files, published signatures, and a checkpoint of which every byte
 * is tried with every other value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/note.h"

static char dir[] = "/tmp/fumao-note-XXXXXX";
static struct key *ed, *sm, *other; /* made for this run */

/* The path of a file in the test's own directory; four calls may be in use at once. */
static const char *file(const char *name)
{
    static char path[4][256];
    static int next;
    char *p = path[next++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", dir, name);
    return p;
}

static struct key *new_key(const char *name, enum key_kind kind, const char *as)
{
    struct key *k = NULL;
    struct error e = {0};
    assert_int_equal(key_make(file(as), name, kind, &e), OK);
    assert_int_equal(key_open(&k, file(as), name, &e), OK);
    return k;
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL) {
        return 1;
    }
    ed = new_key("example.org/ledger", KEY_ED25519, "ed.pem");
    sm = new_key("example.org/账本", KEY_SM2, "sm.pem");
    other = new_key("witness.example.org/w", KEY_WITNESS, "other.pem");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    key_close(ed);
    key_close(sm);
    key_close(other);
    key_close(NULL);
    char command[300];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command) != 0;
}

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t n = 0;
    for (; hex[0] != '\0'; hex += 2) {
        unsigned v;
        assert_int_equal(sscanf(hex, "%2x", &v), 1);
        out[n++] = (uint8_t)v;
    }
    return n;
}

static struct checkpoint head(bool twin)
{
    struct checkpoint c = {.origin = "example.org/账本 1", .size = 20852163, .has_sm3 = twin};
    memset(c.root.b, 0x5a, sizeof c.root.b);
    memset(c.sm3.b, twin ? 0xc3 : 0, sizeof c.sm3.b);
    return c;
}

static bool same_head(const struct checkpoint *a, const struct checkpoint *b)
{
    return strcmp(a->origin, b->origin) == 0 && a->size == b->size && a->has_sm3 == b->has_sm3 &&
           memcmp(&a->root, &b->root, sizeof a->root) == 0 &&
           (!a->has_sm3 || memcmp(&a->sm3, &b->sm3, sizeof a->sm3) == 0);
}

static enum err open_z(const char *note, const struct key *k, struct error *e)
{
    struct checkpoint c;
    return checkpoint_open(str_from(note), key_public(k), &c, e);
}

/* ---- published values ---- */

static const struct public_key *kat_key(struct public_key *k, enum key_kind kind, const char *hex)
{
    *k = (struct public_key){.name = "kat", .kind = kind};
    k->n = from_hex(hex, k->bytes);
    return k;
}

static void test_ed25519_rfc8032(void **state) /* section 7.1, tests 1 and 2 */
{
    struct public_key k;
    uint8_t sig[64];
    (void)state;
    kat_key(&k, KEY_ED25519, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    from_hex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e"
             "39701cf9b46bd25bf5f0595bbe24655141438e7a100b", sig);
    assert_true(public_key_holds(&k, STR(""), sig, 64));
    assert_false(public_key_holds(&k, STR("r"), sig, 64));
    assert_false(public_key_holds(&k, STR(""), sig, 63));
    kat_key(&k, KEY_ED25519, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    from_hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f"
             "3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00", sig);
    assert_true(public_key_holds(&k, STR("r"), sig, 64));
    sig[10] ^= 4;
    assert_false(public_key_holds(&k, STR("r"), sig, 64));
}

/* The same keys from their published seeds: what we sign is what RFC 8032 says. */
static void test_ed25519_signs_as_published(void **state)
{
    /* PKCS#8 of the seed of test 1: 16 fixed bytes, then the 32 of the seed. */
    uint8_t der[48], sig[KEY_SIGNATURE_BYTES], want[64];
    struct buf pem;
    struct key *k;
    struct error e = {0};
    size_t n;
    (void)state;
    from_hex("302e020100300506032b657004220420"
             "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", der);
    buf_init(&pem);
    buf_z(&pem, "-----BEGIN " "PRIVATE KEY-----\n");
    base64_write(&pem, der, sizeof der);
    buf_z(&pem, "\n-----END " "PRIVATE KEY-----\n");
    int fd = open(file("rfc8032.pem"), O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_int_equal(write(fd, pem.p, pem.n), (long)pem.n);
    close(fd);
    buf_finish(&pem);
    assert_int_equal(key_open(&k, file("rfc8032.pem"), "kat", &e), OK);
    assert_int_equal(key_sign(k, STR(""), sig, &n, &e), OK);
    from_hex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e"
             "39701cf9b46bd25bf5f0595bbe24655141438e7a100b", want);
    assert_int_equal(n, 64);
    assert_memory_equal(sig, want, 64);
    key_close(k);
}

static void test_sm2_gbt32918(void **state) /* GB/T 32918.5 appendix A, the signature example */
{
    struct public_key k;
    uint8_t sig[72];
    (void)state;
    kat_key(&k, KEY_SM2, "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
                         "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13");
    size_t n = from_hex("3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
                        "022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa",
                        sig);
    assert_int_equal(n, sizeof sig);
    assert_true(public_key_holds(&k, STR("message digest"), sig, n));
    assert_false(public_key_holds(&k, STR("message digest."), sig, n));
    assert_false(public_key_holds(&k, STR("message digest"), sig, n - 1));
    for (size_t i = 0; i < n; i++) { /* DER as well: one signature, one text */
        sig[i] ^= 1;
        assert_false(public_key_holds(&k, STR("message digest"), sig, n));
        sig[i] ^= 1;
    }
}

/* A checkpoint that another program signed: the Go checksum database, size 20852163. */
static void test_checkpoint_of_sum_golang_org(void **state)
{
    const char *note = "go.sum database tree\n20852163\n"
                       "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
                       "— sum.golang.org Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"
                       "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
    const char *line = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    struct public_key k;
    struct checkpoint c;
    struct buf out;
    struct error e = {0};
    (void)state;
    assert_int_equal(public_key_read(str_from(line), &k, &e), OK);
    assert_int_equal(k.kind, KEY_ED25519);
    assert_int_equal(checkpoint_open(str_from(note), &k, &c, &e), OK);
    assert_string_equal(c.origin, "go.sum database tree");
    assert_int_equal(c.size, 20852163);
    assert_false(c.has_sm3);
    buf_init(&out);
    checkpoint_body(&c, &out);
    assert_true(str_has_prefix(str_from(note), buf_view(&out)));
    buf_clear(&out);
    public_key_write(&k, &out);
    assert_true(str_eqz(buf_view(&out), line));
    buf_finish(&out);
}

/* ---- public keys ---- */

static void round_trip(const struct public_key *k)
{
    struct public_key back;
    struct buf b;
    struct error e = {0};
    buf_init(&b);
    public_key_write(k, &b);
    assert_int_equal(public_key_read(buf_view(&b), &back, &e), OK);
    assert_string_equal(back.name, k->name);
    assert_int_equal(back.kind, k->kind);
    assert_int_equal(back.n, k->n);
    assert_memory_equal(back.bytes, k->bytes, k->n);
    assert_memory_equal(back.id, k->id, sizeof k->id);
    /* Every byte of the line counts: id against key, key against id. */
    for (size_t i = 0; i < b.n; i++) {
        for (int bit = 0; bit < 8; bit++) {
            b.p[i] = (char)(b.p[i] ^ 1 << bit);
            assert_int_not_equal(public_key_read(buf_view(&b), &back, &e), OK);
            assert_true(e.detail_zh[0] != '\0' && e.detail_en[0] != '\0');
            b.p[i] = (char)(b.p[i] ^ 1 << bit);
        }
    }
    assert_int_not_equal(public_key_read((struct str){b.p, b.n - 1}, &back, &e), OK);
    buf_finish(&b);
}

static void test_public_key_lines(void **state)
{
    struct public_key w = public_key_witness(key_public(other)), k;
    struct error e = {0};
    (void)state;
    round_trip(key_public(ed));
    round_trip(key_public(sm));
    round_trip(&w);
    assert_int_equal(w.kind, KEY_WITNESS);
    assert_memory_not_equal(w.id, key_public(other)->id, sizeof w.id);
    static const char *const bad[] = {
        "", "+", "++", "x", "x+033de0ae", "x+033de0ae+", "x+033DE0AE+Ac4=", " +033de0ae+Ac4=",
        "a b+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.org+033de0ae+As4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8", /* type 2 */
        "sum.golang.org+033DE0AE+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8\n",
        "sum.golang.or+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_not_equal(public_key_read(str_from(bad[i]), &k, &e), OK);
    }
}

/* The id as the header writes it, made by hand. */
static void test_key_id(void **state)
{
    const struct public_key *k = key_public(sm);
    uint8_t sum[32];
    struct buf b;
    (void)state;
    assert_int_equal(k->n, 65);
    assert_int_equal(k->bytes[0], 4);
    buf_init(&b);
    buf_z(&b, "example.org/账本\n\xffsm2");
    buf_put(&b, (const char *)k->bytes, k->n);
    hash_sha256(b.p, b.n, sum);
    assert_memory_equal(k->id, sum, 4);
    buf_finish(&b);
}

static void test_point_off_the_curve(void **state)
{
    struct public_key k = *key_public(sm), back;
    struct buf b;
    struct error e = {0};
    uint8_t sum[32];
    (void)state;
    k.bytes[64] ^= 1;
    buf_init(&b);
    buf_z(&b, "example.org/账本\n\xffsm2");
    buf_put(&b, (const char *)k.bytes, k.n);
    hash_sha256(b.p, b.n, sum);
    memcpy(k.id, sum, 4);
    buf_clear(&b);
    public_key_write(&k, &b);
    assert_int_equal(public_key_read(buf_view(&b), &back, &e), ERR_INVALID);
    buf_finish(&b);
}

/* ---- key files ---- */

static void expect_open(const char *as, enum err want)
{
    struct key *k = NULL;
    struct error e = {0};
    assert_int_equal(key_open(&k, file(as), "x", &e), want);
    if (want != OK) {
        assert_null(k);
        assert_true(e.detail_zh[0] != '\0' && e.detail_en[0] != '\0' && e.file[0] != '\0');
    }
    key_close(k);
}

static void test_key_file_modes(void **state)
{
    struct stat st;
    struct error e = {0};
    (void)state;
    mode_t old = umask(0);
    key_close(new_key("x", KEY_ED25519, "modes.pem"));
    umask(0277);
    key_close(new_key("x", KEY_ED25519, "narrow.pem"));
    umask(old);
    assert_int_equal(stat(file("modes.pem"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(file("narrow.pem"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    for (mode_t m = 1; m <= 077; m++) {
        assert_int_equal(chmod(file("modes.pem"), 0600 | m), 0);
        expect_open("modes.pem", ERR_DENIED);
    }
    chmod(file("modes.pem"), 0644);
    struct key *k;
    assert_int_equal(key_open(&k, file("modes.pem"), "x", &e), ERR_DENIED);
    assert_non_null(strstr(e.detail_en, "0644"));
    assert_non_null(strstr(e.hint, "chmod 600"));
    chmod(file("modes.pem"), 0400);
    expect_open("modes.pem", OK);
    assert_int_equal(key_make(file("modes.pem"), "x", KEY_ED25519, &e), ERR_CONFLICT);
    expect_open("modes.pem", OK); /* and is still the key it was */
    if (geteuid() == 0) { /* only root can give a file away */
        assert_int_equal(chown(file("modes.pem"), 12345, (gid_t)-1), 0);
        expect_open("modes.pem", ERR_DENIED);
    }
}

static void put_file(const char *as, const char *text)
{
    int fd = open(file(as), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (long)strlen(text));
    close(fd);
}

static void test_what_is_no_key_file(void **state)
{
    struct error e = {0};
    char big[8192];
    (void)state;
    expect_open("absent.pem", ERR_NOT_FOUND);
    expect_open("ed.pem/x", ERR_NOT_FOUND);
    assert_int_equal(mkdir(file("folder"), 0700), 0);
    expect_open("folder", ERR_INVALID);
    assert_int_equal(mkfifo(file("pipe"), 0600), 0);
    expect_open("pipe", ERR_INVALID);
    assert_int_equal(symlink(file("ed.pem"), file("link.pem")), 0);
    expect_open("link.pem", ERR_INVALID);
    assert_int_equal(key_make(file("link.pem"), "x", KEY_SM2, &e), ERR_CONFLICT);
    assert_int_equal(symlink(file("nowhere"), file("dangling.pem")), 0);
    assert_int_equal(key_make(file("dangling.pem"), "x", KEY_SM2, &e), ERR_CONFLICT);
    assert_int_equal(access(file("nowhere"), F_OK), -1);
    put_file("empty.pem", "");
    expect_open("empty.pem", ERR_INVALID);
    put_file("half.pem", "-----BEGIN " "PRIVATE KEY-----\nMC4CAQAw\n");
    expect_open("half.pem", ERR_INVALID);
    memset(big, 'A', sizeof big);
    big[sizeof big - 1] = '\0';
    put_file("big.pem", big);
    expect_open("big.pem", ERR_INVALID);
    assert_int_equal(key_make(file("no/such/folder.pem"), "x", KEY_ED25519, &e), ERR_IO);
    static const char *const names[] = {"", "a b", "a+b", "a\tb", "a\xC2\xA0z", "\xE3\x80\x80",
                                        "\xff"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(key_make(file("named.pem"), names[i], KEY_ED25519, &e), ERR_INVALID);
        assert_int_equal(access(file("named.pem"), F_OK), -1);
    }
}

/* ---- checkpoints ---- */

static void sign(const struct checkpoint *c, struct key *a, struct key *b, struct buf *out)
{
    struct key *const keys[] = {a, b};
    struct error e = {0};
    buf_init(out);
    assert_int_equal(checkpoint_sign(c, keys, b == NULL ? 1 : 2, out, &e), OK);
}

static void test_two_signatures(void **state)
{
    (void)state;
    for (int twin = 0; twin < 2; twin++) {
        struct checkpoint c = head(twin != 0), back;
        struct buf note;
        struct error e = {0};
        sign(&c, ed, sm, &note);
        assert_int_equal(checkpoint_open(buf_view(&note), key_public(ed), &back, &e), OK);
        assert_true(same_head(&c, &back));
        assert_int_equal(checkpoint_open(buf_view(&note), key_public(sm), &back, &e), OK);
        assert_true(same_head(&c, &back));
        memset(&back, 0x77, sizeof back);
        struct checkpoint before = back;
        assert_int_equal(checkpoint_open(buf_view(&note), key_public(other), &back, &e),
                         ERR_INTEGRITY);
        assert_memory_equal(&back, &before, sizeof back); /* a refusal leaves it alone */
        assert_non_null(strstr(e.detail_en, "witness.example.org/w"));
        assert_non_null(strstr(e.detail_zh, "witness.example.org/w"));
        buf_finish(&note);
    }
}

/* A key of the right name that signed nothing here, and the id of ours on a stranger's line. */
static void test_wrong_keys(void **state)
{
    struct checkpoint c = head(true), back;
    struct buf note;
    struct error e = {0};
    struct public_key fake = *key_public(ed);
    struct key *namesake = new_key("example.org/ledger", KEY_ED25519, "namesake.pem");
    (void)state;
    sign(&c, ed, NULL, &note);
    assert_int_equal(checkpoint_open(buf_view(&note), key_public(namesake), &back, &e),
                     ERR_INTEGRITY);
    assert_non_null(strstr(e.detail_en, "no signature by key"));
    memcpy(fake.bytes, key_public(namesake)->bytes, 32); /* as if the ids had collided */
    assert_int_equal(checkpoint_open(buf_view(&note), &fake, &back, &e), ERR_INTEGRITY);
    assert_non_null(strstr(e.detail_en, "signature 1"));
    assert_int_equal(e.line, 6);
    assert_string_equal(e.field, "signature 1");
    key_close(namesake);
    buf_finish(&note);
}

/* Of one of our own lines that does not hold, the other that does makes nothing good. */
static void test_one_bad_signature_refuses(void **state)
{
    struct checkpoint c = head(false), c2 = c, back;
    struct buf one, two;
    struct error e = {0};
    size_t at;
    (void)state;
    c2.size++;
    sign(&c, ed, NULL, &one);
    sign(&c2, ed, NULL, &two);
    assert_true(str_find(buf_view(&two), STR("\n\n"), &at));
    buf_put(&one, two.p + at + 2, two.n - at - 2); /* a signature of ours, of another head */
    assert_int_equal(checkpoint_open(buf_view(&one), key_public(ed), &back, &e), ERR_INTEGRITY);
    assert_string_equal(e.field, "signature 2");
    buf_finish(&one);
    buf_finish(&two);
}

static long signed_part(struct str note)
{
    size_t at;
    assert_true(str_find(note, STR("\n\n"), &at));
    return (long)at + 1;
}

/* Every byte, every other value (eight of them where SM2 would take too long). What passes must
 * be the same head, changed on another key's line only; refusals have words in both languages. */
static void every_byte(struct key *mine, struct key *second, bool mine_first)
{
    struct checkpoint c = head(true), back;
    struct buf note;
    long passed = 0;
    sign(&c, mine_first ? mine : second, mine_first ? second : mine, &note);
    long body = signed_part(buf_view(&note)), split = body + 1;
    while (note.p[split++] != '\n') {
    }
    long from = mine_first ? split : body + 1, to = mine_first ? (long)note.n : split;
    for (long i = 0; i < (long)note.n; i++) {
        char kept = note.p[i];
        bool theirs = i >= from && i < to;
        for (int v = 1; v < (theirs ? 256 : key_public(mine)->kind == KEY_SM2 ? 9 : 256); v++) {
            struct error e = {0};
            note.p[i] = (char)(kept ^ v);
            if (checkpoint_open(buf_view(&note), key_public(mine), &back, &e) == OK) {
                assert_true(theirs && same_head(&c, &back));
                passed++;
            } else {
                assert_true(e.detail_zh[0] != '\0' && e.detail_en[0] != '\0');
            }
        }
        note.p[i] = kept;
    }
    assert_true(passed > 0); /* another name or signature on the other line is unknown to us */
    buf_finish(&note);
}

static void test_every_byte(void **state)
{
    (void)state;
    every_byte(ed, other, true);
    every_byte(ed, sm, false);
    every_byte(sm, ed, true);
}

static void test_every_truncation(void **state)
{
    struct checkpoint c = head(true), back;
    struct buf note;
    struct error e = {0};
    long lines = 0;
    (void)state;
    sign(&c, ed, sm, &note);
    for (size_t n = 0; n < note.n; n++) {
        struct str cut = {note.p, n};
        if (checkpoint_open(cut, key_public(ed), &back, &e) == OK) {
            lines++; /* the second signature line gone as a whole: the first still holds */
            assert_int_equal(cut.p[n - 1], '\n');
        }
        assert_int_not_equal(checkpoint_open(cut, key_public(sm), &back, &e), OK);
    }
    assert_int_equal(lines, 1);
    buf_finish(&note);
}

#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
#define SIG "\n— x AAAAAAA=\n"

/* Notes of bad form: the code and the line that is named. */
static void test_bad_forms(void **state)
{
    static const struct {
        const char *note;
        enum err code;
        int line;
    } bad[] = {
        {"", ERR_SYNTAX, 1},
        {"x", ERR_SYNTAX, 1},
        {"x\n1\n" ROOT "\n", ERR_SYNTAX, 0},
        {"x\n1\n" ROOT "\n\n", ERR_SYNTAX, 5},
        {"\n1\n" ROOT "\n" SIG, ERR_SYNTAX, 1},
        {"x\n" SIG, ERR_SYNTAX, 2},
        {"x\n1\n" SIG, ERR_SYNTAX, 3},
        {"x\r\n1\n" ROOT "\n" SIG, ERR_SYNTAX, 1},
        {"x\n1\n" ROOT "\n" "\n— x\x01 AAAAAAA=\n", ERR_SYNTAX, 5},
        {"x\n1\t\n" ROOT "\n" SIG, ERR_SYNTAX, 2},
        {"x\n01\n" ROOT "\n" SIG, ERR_SYNTAX, 2},
        {"x\n00\n" ROOT "\n" SIG, ERR_SYNTAX, 2},
        {"x\n+1\n" ROOT "\n" SIG, ERR_SYNTAX, 2},
        {"x\n-1\n" ROOT "\n" SIG, ERR_SYNTAX, 2},
        {"x\n 1\n" ROOT "\n" SIG, ERR_SYNTAX, 2},
        {"x\n1e3\n" ROOT "\n" SIG, ERR_SYNTAX, 2},
        {"x\n0x1\n" ROOT "\n" SIG, ERR_SYNTAX, 2},
        {"x\n18446744073709551617\n" ROOT "\n" SIG, ERR_SYNTAX, 2},
        {"x\n140737488355329\n" ROOT "\n" SIG, ERR_LIMIT, 2},
        {"x\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n" SIG, ERR_SYNTAX, 3},
        {"x\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jx\n" SIG, ERR_SYNTAX, 3},
        {"x\n1\n" ROOT " \n" SIG, ERR_SYNTAX, 3},
        {"x\n1\n" ROOT "\nsm3\n" SIG, ERR_SYNTAX, 4},
        {"x\n1\n" ROOT "\nsm3  " ROOT "\n" SIG, ERR_SYNTAX, 4},
        {"x\n1\n" ROOT "\nSM3 " ROOT "\n" SIG, ERR_SYNTAX, 4},
        {"x\n1\n" ROOT "\nother line\n" SIG, ERR_SYNTAX, 4},
        {"x\n1\n" ROOT "\nsm3 " ROOT "\nsm3 " ROOT "\n" SIG, ERR_SYNTAX, 5},
        {"x\n1\n" ROOT "\n\n- x AAAAAAA=\n", ERR_SYNTAX, 5},
        {"x\n1\n" ROOT "\n\n—  x AAAAAAA=\n", ERR_SYNTAX, 5},
        {"x\n1\n" ROOT "\n\n— x AAAAAA==\n", ERR_SYNTAX, 5}, /* an id and nothing */
        {"x\n1\n" ROOT "\n\n— x AAAAAAA=", ERR_SYNTAX, 5},
        {"x\n1\n" ROOT "\n\n— x+ AAAAAAA=\n", ERR_SYNTAX, 5},
        {"x\n1\n" ROOT "\n\n— x\xC2\xA0y AAAAAAA=\n", ERR_SYNTAX, 5},
        {"x\n1\n" ROOT "\n\n— x AAAAAAA= \n", ERR_SYNTAX, 5},
        {"x\n1\n" ROOT "\n" SIG "\n", ERR_SYNTAX, 6},
        {"x\n1\n" ROOT "\n" SIG SIG, ERR_SYNTAX, 6},
        {"x\xff\n1\n" ROOT "\n" SIG, ERR_SYNTAX, 0},
        {"x\n1\n" ROOT "\n" SIG, ERR_INTEGRITY, 0}, /* well formed; no key of ours */
        {"x\n140737488355328\n" ROOT "\n" SIG, ERR_INTEGRITY, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct error e = {0};
        enum err code = open_z(bad[i].note, ed, &e);
        if (code != bad[i].code || e.line != bad[i].line) {
            fail_msg("note %zu: %s, line %d: %s", i, err_name(code), e.line, e.detail_en);
        }
        char word[32];
        snprintf(word, sizeof word, "%d", e.line);
        assert_true(e.line == 0 || (strstr(e.detail_zh, word) && strstr(e.detail_en, word)));
    }
}

/* A control character is named as what it is, wherever it stands. */
static void test_control_characters(void **state)
{
    struct checkpoint c = head(true);
    struct buf note;
    struct error e = {0};
    (void)state;
    sign(&c, ed, NULL, &note);
    for (size_t i = 0; i < note.n; i++) {
        char kept = note.p[i];
        note.p[i] = '\x1f';
        struct checkpoint back;
        assert_int_equal(checkpoint_open(buf_view(&note), key_public(ed), &back, &e), ERR_SYNTAX);
        assert_non_null(strstr(e.detail_en, "control character 0x1f"));
        note.p[i] = kept;
    }
    buf_finish(&note);
}

static void test_limits(void **state)
{
    struct checkpoint c = head(false), back;
    struct buf note;
    struct error e = {0};
    (void)state;
    sign(&c, ed, NULL, &note);
    for (int i = 1; i < NOTE_SIGNATURES; i++) {
        assert_int_equal(checkpoint_open(buf_view(&note), key_public(ed), &back, &e), OK);
        buf_z(&note, "— x AAAAAAA=\n");
    }
    assert_int_equal(checkpoint_open(buf_view(&note), key_public(ed), &back, &e), OK);
    buf_z(&note, "— x AAAAAAA=\n");
    assert_int_equal(checkpoint_open(buf_view(&note), key_public(ed), &back, &e), ERR_LIMIT);
    assert_string_equal(e.field, "signature 17");
    buf_clear(&note);
    while (note.n <= NOTE_BYTES) {
        buf_z(&note, "x\n");
    }
    assert_int_equal(checkpoint_open(buf_view(&note), key_public(ed), &back, &e), ERR_LIMIT);
    buf_clear(&note);
    for (int i = 0; i < 128; i++) {
        buf_char(&note, 'o');
    }
    buf_z(&note, "\n1\n" ROOT "\n" SIG);
    assert_int_equal(checkpoint_open(buf_view(&note), key_public(ed), &back, &e), ERR_LIMIT);
    assert_int_equal(e.line, 1);
    buf_clear(&note);
    /* What cannot be read back is not signed. */
    c.size = MERKLE_SIZE_MAX + 1;
    assert_int_equal(checkpoint_sign(&c, &ed, 1, &note, &e), ERR_INVALID);
    c = (struct checkpoint){.origin = "two\nlines"};
    assert_int_equal(checkpoint_sign(&c, &ed, 1, &note, &e), ERR_INVALID);
    c = (struct checkpoint){.origin = ""};
    assert_int_equal(checkpoint_sign(&c, &ed, 1, &note, &e), ERR_INVALID);
    assert_int_equal(note.n, 0);
    buf_finish(&note);
}

/* ---- the witness ---- */

static void test_cosignature(void **state)
{
    struct checkpoint c = head(true), back;
    struct public_key w = public_key_witness(key_public(other));
    struct buf note, one = {0}, two = {0};
    struct error e = {0};
    int64_t time = -1;
    (void)state;
    sign(&c, ed, NULL, &note);
    assert_int_equal(checkpoint_witnessed(buf_view(&note), &w, &back, &time, &e), ERR_INTEGRITY);
    assert_int_equal(checkpoint_cosign(buf_view(&note), sm, 1, &one, &e), ERR_INVALID);
    assert_int_equal(one.n, 0);
    assert_int_equal(checkpoint_cosign(buf_view(&note), other, 1679315147, &one, &e), OK);
    assert_int_equal(checkpoint_open(buf_view(&one), key_public(ed), &back, &e), OK);
    assert_int_equal(checkpoint_open(buf_view(&one), key_public(other), &back, &e),
                     ERR_INTEGRITY); /* a witness has not signed as the log */
    assert_int_equal(checkpoint_witnessed(buf_view(&one), &w, &back, &time, &e), OK);
    assert_true(same_head(&c, &back));
    assert_int_equal(time, 1679315147);
    assert_int_equal(checkpoint_cosign(buf_view(&one), other, 1679315000, &two, &e), OK);
    assert_int_equal(checkpoint_witnessed(buf_view(&two), &w, &back, &time, &e), OK);
    assert_int_equal(time, 1679315147); /* the latest */
    for (size_t i = 0; i < one.n; i++) {
        bool logs_line = i > (size_t)signed_part(buf_view(&note)) && i < note.n;
        one.p[i] ^= 1;
        time = -1;
        if (checkpoint_witnessed(buf_view(&one), &w, &back, &time, &e) == OK) {
            assert_true(logs_line && same_head(&c, &back) && time == 1679315147);
        } else {
            assert_int_equal(time, -1);
        }
        one.p[i] ^= 1;
    }
    buf_finish(&note);
    buf_finish(&one);
    buf_finish(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ed25519_rfc8032),
        cmocka_unit_test(test_ed25519_signs_as_published),
        cmocka_unit_test(test_sm2_gbt32918),
        cmocka_unit_test(test_checkpoint_of_sum_golang_org),
        cmocka_unit_test(test_public_key_lines),
        cmocka_unit_test(test_key_id),
        cmocka_unit_test(test_point_off_the_curve),
        cmocka_unit_test(test_key_file_modes),
        cmocka_unit_test(test_what_is_no_key_file),
        cmocka_unit_test(test_two_signatures),
        cmocka_unit_test(test_wrong_keys),
        cmocka_unit_test(test_one_bad_signature_refuses),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_bad_forms),
        cmocka_unit_test(test_control_characters),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_cosignature),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
