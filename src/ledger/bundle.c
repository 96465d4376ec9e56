#include "ledger/bundle.h"
#include "ledger/leaf.h"

#include <jansson.h>

static void write_proof(struct jsonw *w, const struct proof_path *p)
{
    struct buf b;
    buf_init(&b);
    jsonw_key(w, "proof");
    jsonw_array(w);
    for (int i = 0; i < p->n; i++) {
        buf_clear(&b);
        base64_write(&b, p->d[i].b, 32);
        jsonw_str(w, buf_view(&b));
    }
    jsonw_end(w);
    buf_finish(&b);
}

enum err bundle_make(struct log *l, uint64_t index, struct str note,
                     const struct public_key *key, struct str content, struct buf *out,
                     struct error *e)
{
    struct checkpoint c;
    struct proof_path p;
    struct buf leaf, line;
    struct jsonw w;
    TRY(checkpoint_read(note, &c, e));
    TRY(log_inclusion(l, index, c.size, HASH_SHA256, &p, e));
    buf_init(&leaf);
    buf_init(&line);
    enum err r = log_leaf(l, index, &leaf, e);
    if (r == OK) {
        public_key_write(key, &line);
        jsonw_init(&w, out, true);
        jsonw_object(&w);
        jsonw_kint(&w, "fumao", 1);
        jsonw_kint(&w, "index", (int64_t)index);
        jsonw_kint(&w, "size", (int64_t)c.size);
        jsonw_kstr(&w, "entry", buf_view(&leaf));
        write_proof(&w, &p);
        jsonw_kstr(&w, "checkpoint", note);
        jsonw_kstr(&w, "key", buf_view(&line));
        if (content.n > 0)
            jsonw_kstr(&w, "content", content);
        jsonw_end(&w);
        buf_char(out, '\n');
    }
    buf_finish(&leaf);
    buf_finish(&line);
    return r;
}

static enum err bad_member(const char *name, struct error *e)
{
    err_set(e, ERR_INVALID, "成员 %s 缺失或不合格式", "the member %s is missing or malformed", name);
    err_at(e, "", 0, name);
    return ERR_INVALID;
}

static enum err text_member(const json_t *root, const char *name, struct arena *a,
                            struct str *out, struct error *e)
{
    const json_t *v = json_object_get(root, name);
    if (!json_is_string(v))
        return bad_member(name, e);
    *out = str_copy(a, (struct str){json_string_value(v), json_string_length(v)});
    return OK;
}

static enum err count_member(const json_t *root, const char *name, uint64_t *out,
                             struct error *e)
{
    const json_t *v = json_object_get(root, name);
    if (!json_is_integer(v) || json_integer_value(v) < 0)
        return bad_member(name, e);
    *out = (uint64_t)json_integer_value(v);
    return OK;
}

static enum err proof_member(const json_t *root, struct proof_path *out, struct error *e)
{
    const json_t *v = json_object_get(root, "proof"), *item;
    size_t i, n;
    if (!json_is_array(v) || json_array_size(v) > MERKLE_LEVELS)
        return bad_member("proof", e);
    out->n = 0;
    json_array_foreach(v, i, item) {
        struct str s = {json_string_value(item), json_string_length(item)};
        if (!json_is_string(item) || !base64_read(s, out->d[out->n].b, 32, &n) || n != 32)
            return bad_member("proof", e);
        out->n++;
    }
    return OK;
}

static enum err read_members(const json_t *root, struct arena *a, struct bundle *out,
                             struct error *e)
{
    uint64_t version;
    if (!json_is_object(root))
        return bad_member("fumao", e);
    TRY(count_member(root, "fumao", &version, e));
    if (version != 1)
        return bad_member("fumao", e);
    TRY(count_member(root, "index", &out->index, e));
    TRY(count_member(root, "size", &out->size, e));
    TRY(text_member(root, "entry", a, &out->leaf, e));
    TRY(proof_member(root, &out->proof, e));
    TRY(text_member(root, "checkpoint", a, &out->note, e));
    TRY(text_member(root, "key", a, &out->key, e));
    out->content = (struct str){NULL, 0};
    return json_object_get(root, "content") == NULL ? OK
                                                     : text_member(root, "content", a, &out->content, e);
}

enum err bundle_read(struct arena *a, struct str text, struct bundle *out, struct error *e)
{
    json_error_t why;
    if (text.n > BUNDLE_BYTES)
        return err_set(e, ERR_LIMIT, "文件超过 %d 字节", "the file is larger than %d bytes", BUNDLE_BYTES);
    json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL) {
        err_set(e, ERR_SYNTAX, "不是有效的 JSON:%s", "not valid JSON: %s", why.text);
        err_at(e, "", why.line, "");
        return ERR_SYNTAX;
    }
    enum err r = read_members(root, a, out, e);
    json_decref(root);
    return r;
}

static enum err check_content(const struct bundle *b, struct error *e)
{
    struct arena a;
    struct str said;
    uint8_t digest[32];
    char hex[65];
    hash_sha256(b->content.p, b->content.n, digest);
    hash_hex(digest, 32, hex);
    arena_init(&a);
    bool holds = leaf_member(&a, b->leaf, "digest", &said) && str_eqz(said, hex);
    arena_finish(&a);
    return holds ? OK
                 : err_set(e, ERR_INTEGRITY, "内容与条目中的摘要不符：内容的摘要是 %s",
                           "the content is not what the entry commits to: its digest is %s", hex);
}

enum err bundle_verify(const struct bundle *b, const struct public_key *key,
                       struct checkpoint *out, struct error *e)
{
    TRY(checkpoint_open(b->note, key, out, e));
    if (out->size != b->size)
        return err_set(e, ERR_INTEGRITY, "文件所称的日志大小 %llu 与检查点的 %llu 不符",
                       "the size in the file, %llu, is not the checkpoint's, %llu",
                       (unsigned long long)b->size, (unsigned long long)out->size);
    struct hasher *h = hasher_create(HASH_SHA256);
    struct digest leaf = merkle_leaf(h, b->leaf.p, b->leaf.n);
    bool holds = merkle_check_inclusion(h, &leaf, b->index, b->size, &b->proof, &out->root);
    hasher_destroy(h);
    if (!holds)
        return err_set(e, ERR_INTEGRITY, "包含证明不成立:第 %llu 条不在检查点的日志里",
                       "the inclusion proof does not hold: entry %llu is not in the checkpoint's log",
                       (unsigned long long)b->index);
    return b->content.n > 0 ? check_content(b, e) : OK;
}
