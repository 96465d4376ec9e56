/* Any bytes as a checkpoint, a public key and base64: refused in both languages, or read and
 * written back as the same text. The key that signed the seeds is that of RFC 8032, test 1. */
#include "ledger/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char log_key[] =
    "example.org/ledger+47c1c1b2+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";

static void try_checkpoint(struct str text, const struct public_key *k)
{
    struct checkpoint c;
    struct buf body;
    struct error e = {0};
    int64_t time;
    enum err code = k->kind == KEY_WITNESS ? checkpoint_witnessed(text, k, &c, &time, &e)
                                           : checkpoint_open(text, k, &c, &e);
    if (code != OK) {
        check(code == ERR_SYNTAX || code == ERR_LIMIT || code == ERR_INTEGRITY);
        check(e.detail_zh[0] != '\0' && e.detail_en[0] != '\0');
        return;
    }
    buf_init(&body);
    checkpoint_body(&c, &body);
    buf_char(&body, '\n');
    check(str_has_prefix(text, buf_view(&body)));
    buf_finish(&body);
}

static void try_public_key(struct str text)
{
    struct public_key k;
    struct buf line;
    struct error e = {0};
    if (public_key_read(text, &k, &e) != OK) {
        check(e.detail_zh[0] != '\0' && e.detail_en[0] != '\0');
        return;
    }
    buf_init(&line);
    public_key_write(&k, &line);
    check(str_eq(text, buf_view(&line)));
    buf_finish(&line);
}

static void try_base64(struct str text)
{
    uint8_t out[256];
    size_t n;
    struct buf back;
    if (!base64_read(text, out, sizeof out, &n)) {
        check(n == 0);
        return;
    }
    buf_init(&back);
    base64_write(&back, out, n);
    check(str_eq(text, buf_view(&back)));
    buf_finish(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct public_key key, witness;
    struct str text = {(const char *)data, size};
    if (key.n == 0) {
        check(public_key_read(str_from(log_key), &key, NULL) == OK);
        witness = public_key_witness(&key);
    }
    try_checkpoint(text, &key);
    try_checkpoint(text, &witness);
    try_public_key(text);
    try_base64(text);
    return 0;
}
