/* COMMAND: ledger. The log from outside: verified, proved, listed; its key. */
#include "cli/ledger.h"
#include "ledger/bundle.h"
#include "ledger/leaf.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { LISTED_MAX = 10000 };

static unsigned long long ull(uint64_t v)
{
    return v;
}

/* --- shared with the other verbs of the log ----------------------------------------------- */

enum err key_argument(const char *word, struct public_key *out, struct error *e)
{
    const char *plus = strchr(word, '+');
    struct arena a;
    struct str text = str_from(word);
    arena_init(&a);
    enum err r = OK;
    if (plus == NULL || strchr(plus + 1, '+') == NULL)
        r = file_read(&a, word, &text, e);
    if (r == OK)
        r = public_key_read(str_trim(text), out, e);
    arena_finish(&a);
    return r;
}

void audit_progress(void *ctx, uint64_t done, uint64_t total, double seconds)
{
    static double last;
    bool tty = *(const bool *)ctx;
    if (seconds < last)
        last = 0; /* another audit */
    if (seconds - last < (tty ? 0.2 : 10) || seconds <= 0)
        return;
    last = seconds;
    double rate = (double)done / seconds;
    uint64_t left = total > done ? total - done : 0;
    fprintf(stderr, "%s%3d%%  %llu/%llu  %.0f/s  %.1f s left%s", tty ? "\r" : "",
            total > 0 ? (int)(100 * done / total) : 100, ull(done), ull(total), rate,
            (double)left / rate, tty ? "  " : "\n");
}

void audit_progress_end(bool tty)
{
    if (tty)
        fprintf(stderr, "\r\033[K");
}

void audit_text(const struct log_audit *a, bool zh, struct buf *out)
{
    char root[65];
    hash_hex(a->head.root.b, 32, root);
    buf_printf(out, zh ? "日志      %s\n条目      %llu\n检查点    %llu，末个大小 %llu\n"
                       : "log          %s\nentries      %llu\ncheckpoints  %llu, the last of size %llu\n",
               a->head.origin[0] ? a->head.origin : "-", ull(a->leaves), ull(a->checkpoints),
               ull(a->head.size));
    if (a->head.origin[0])
        buf_printf(out, zh ? "树根      %s\n" : "root         %s\n", root);
    if (a->key.n > 0) {
        buf_z(out, zh ? "密钥      " : "key          ");
        public_key_write(&a->key, out);
        buf_char(out, '\n');
    }
    if (a->changes > 0)
        buf_printf(out, zh ? "密钥更换  %llu 次\n" : "key changes  %llu\n", ull(a->changes));
    if (a->breaks > 0)
        buf_printf(out,
                   zh ? "  ! 其中 %llu 次未经先前的密钥签名：信任先前密钥的人无法跟随\n"
                      : "  ! %llu of them not signed by the key before: who trusts that one cannot "
                        "follow\n",
                   ull(a->breaks));
}

void audit_members(const struct log_audit *a, struct jsonw *j)
{
    static const char *const seen[] = {NULL, "holds", "shorter", "differs"};
    char root[65];
    struct buf line;
    hash_hex(a->head.root.b, 32, root);
    buf_init(&line);
    if (a->key.n > 0)
        public_key_write(&a->key, &line);
    jsonw_kz(j, "origin", a->head.origin[0] ? a->head.origin : NULL);
    jsonw_kint(j, "entries", (int64_t)a->leaves);
    jsonw_kint(j, "checkpoints", (int64_t)a->checkpoints);
    jsonw_kint(j, "checkpoint_size", (int64_t)a->head.size);
    jsonw_kz(j, "root", a->head.origin[0] ? root : NULL);
    jsonw_kstr(j, "key", a->key.n > 0 ? buf_view(&line) : (struct str){NULL, 0});
    jsonw_kint(j, "key_changes", (int64_t)a->changes);
    jsonw_kint(j, "key_changes_unsigned", (int64_t)a->breaks);
    jsonw_kint(j, "node_hashes", (int64_t)a->node_hashes);
    jsonw_kz(j, "witness", seen[a->seen]);
    jsonw_kint(j, "faults", (int64_t)a->faults);
    jsonw_kz(j, "first_fault_zh", a->faults > 0 ? a->first.detail_zh : NULL);
    jsonw_kz(j, "first_fault_en", a->faults > 0 ? a->first.detail_en : NULL);
    buf_finish(&line);
}

/* --- verify: the whole log ------------------------------------------------------------------ */

static const char *const key_sources[] = {"given", "key-file", "log", "store", "file"};
enum key_source { KEY_GIVEN, KEY_OF_FILE, KEY_OF_LOG, KEY_OF_STORE, KEY_IN_BUNDLE };

static const char *source_words(enum key_source s, bool zh)
{
    static const char *const zh_words[] = {"所给的密钥", "存储的密钥文件", "日志自己的第一个密钥",
                                           "本存储的日志所指的密钥", "文件自带的密钥"};
    static const char *const en_words[] = {"the key given", "the key file of the store",
                                           "the log's own first key", "the log of this store",
                                           "the key in the file itself"};
    return zh ? zh_words[s] : en_words[s];
}

static void warn_weak(const struct args *a, enum key_source s)
{
    if (s == KEY_IN_BUNDLE)
        fprintf(stderr,
                a->zh ? "!!! 未给出密钥：用的是文件自带的密钥。能伪造文件的人也能放入密钥，"
                        "单凭它什么也不证明。\n    请从别处取得日志的公钥：--key 公钥\n"
                      : "!!! No key was given: the one in the file itself was used. Whoever forges a "
                        "file can put a key into it;\n    by itself it proves nothing. Get the log's "
                        "public key from elsewhere: --key LINE\n");
    else if (s == KEY_OF_LOG)
        fprintf(stderr, a->zh ? "! 未给出密钥，也读不到密钥文件：只核对日志与其自身是否一致 (--key)\n"
                              : "! No key was given and no key file can be read: the log is only shown to "
                                "agree with itself (--key)\n");
}

static enum err judge_seen(const struct log_audit *a, const struct witness *w, struct error *e)
{
    if (a->seen == SEEN_NONE || a->seen == SEEN_HOLDS)
        return OK;
    if (a->seen == SEEN_SHORTER)
        return err_set(e, ERR_INTEGRITY, "日志有 %llu 条，见证已见 %llu 条：日志被截短，或是旧备份",
                       "the log has %llu entries, the witness saw %llu: it was cut, or is an old backup",
                       ull(a->leaves), ull(w->seen.size));
    return err_set(e, ERR_INTEGRITY, "前 %llu 条不是见证所见的日志",
                   "the first %llu entries are not the log that the witness saw", ull(w->seen.size));
}

static void audited(const struct args *a, const struct log_audit *x, enum key_source source,
                    bool well, double seconds)
{
    struct buf b;
    struct jsonw j;
    buf_init(&b);
    if (a->output == OUTPUT_JSON) {
        jsonw_init(&j, &b, true);
        jsonw_object(&j);
        audit_members(x, &j);
        jsonw_kz(&j, "trusted", key_sources[source]);
        jsonw_key(&j, "seconds");
        jsonw_real(&j, seconds, 2);
        jsonw_kbool(&j, "ok", well);
        jsonw_end(&j);
        buf_char(&b, '\n');
    } else {
        audit_text(x, a->zh, &b);
        buf_printf(&b, a->zh ? "信任      %s\n" : "trusted      %s\n", source_words(source, a->zh));
        if (x->seen == SEEN_HOLDS)
            buf_z(&b, a->zh ? "见证      所见的日志在其中\n" : "witness      what it saw is in the log\n");
        if (well)
            buf_printf(&b, a->zh ? "核对无误，用时 %.2f 秒\n" : "OK, %.2f s\n", seconds);
    }
    print_out(&b);
    buf_finish(&b);
}

static double now_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static enum err audit_store(const struct args *a, struct db *d, struct error *e)
{
    struct public_key key;
    struct witness w = {0};
    struct log_audit x;
    bool tty = isatty(2);
    struct audit_ask ask = {.progress = audit_progress, .ctx = &tty};
    enum key_source source = KEY_OF_LOG;
    const char *given = option_get(a, "key"), *state = option_get(a, "witness");
    if (given != NULL) {
        TRY(key_argument(given, &key, e));
        source = KEY_GIVEN;
    } else if (audit_own_key(d, db_path(d), &key)) {
        source = KEY_OF_FILE;
    }
    if (source != KEY_OF_LOG)
        ask.key = &key;
    if (state != NULL)
        TRY(witness_read(&w, state, e));
    ask.seen = state != NULL ? &w.seen : NULL;
    double began = now_seconds();
    enum err r = log_audit(d, &ask, &x, e);
    audit_progress_end(tty);
    if (r == OK) {
        r = x.faults > 0 ? ERR_INTEGRITY : judge_seen(&x, &w, e);
        if (x.faults > 0)
            *e = x.first;
        warn_weak(a, source);
        audited(a, &x, source, r == OK, now_seconds() - began);
    }
    witness_finish(&w);
    return r;
}

static int verify_store(const struct args *a)
{
    struct error e = {0};
    struct db *d;
    enum err r = db_open_old(&d, option_get(a, "store"), &e);
    if (r != OK)
        return print_fault(a, &e);
    r = audit_store(a, d, &e);
    db_close(d);
    return r == OK ? 0 : print_fault(a, &e);
}

/* --- verify: one file ----------------------------------------------------------------------- */

struct file_check {
    struct arena arena;
    struct bundle b;
    struct checkpoint head;
    struct public_key key;
    enum key_source source;
    bool has_world;
    struct world w;
    bool ours;        /* the file is of the store's own log */
    bool log_shorter; /* which does not reach the checkpoint */
};

static enum err open_world(struct file_check *f, const struct args *a, struct error *e)
{
    if (f->has_world)
        return OK;
    TRY(world_open(&f->w, option_get(a, "store"), e));
    f->has_world = true;
    f->ours = strcmp(log_origin(f->w.store.log), f->head.origin) == 0;
    f->log_shorter = f->ours && log_size(f->w.store.log) < f->head.size;
    return OK;
}

static enum err choose_key(struct file_check *f, const struct args *a, struct error *e)
{
    const char *given = option_get(a, "key");
    f->source = KEY_GIVEN;
    if (given != NULL)
        return key_argument(given, &f->key, e);
    TRY(open_world(f, a, e));
    f->source = KEY_OF_STORE;
    if (f->ours && signer_key_at(f->w.store.log, f->head.size, &f->key, NULL) == OK)
        return OK;
    f->source = KEY_IN_BUNDLE;
    return public_key_read(f->b.key, &f->key, e);
}

/* Two heads of one size by one key, and not one root: the log was forked. */
static enum err compare_head(const struct file_check *f, struct error *e)
{
    struct digest root;
    if (!f->has_world || !f->ours || f->log_shorter)
        return OK;
    TRY(log_root(f->w.store.log, f->head.size, HASH_SHA256, &root, e));
    return memcmp(root.b, f->head.root.b, 32) == 0
               ? OK
               : err_set(e, ERR_INTEGRITY, "文件的检查点与存储的日志在 %llu 条处不同：日志有两个版本",
                         "the checkpoint of the file and the log of the store differ at size %llu: "
                         "there are two logs",
                         ull(f->head.size));
}

static void held_text(const struct file_check *f, bool zh, struct buf *out)
{
    buf_printf(out, zh ? "日志  %s，第 %llu 条（检查点大小 %llu）\n条目  %.*s\n密钥  "
                       : "log       %s, entry %llu (checkpoint of size %llu)\nentry     %.*s\nkey       ",
               f->head.origin, ull(f->b.index), ull(f->head.size), STR_ARG(f->b.leaf));
    public_key_write(&f->key, out);
    buf_printf(out, zh ? "（%s）\n✓ 签名成立\n✓ 该条在签名的日志中\n"
                       : " (%s)\n✓ the signature holds\n✓ the entry is in the log that was signed\n",
               source_words(f->source, zh));
    if (f->b.content.n > 0)
        buf_z(out, zh ? "✓ 内容的摘要是该条所载的摘要\n" : "✓ the content has the digest in the entry\n");
    if (f->log_shorter)
        buf_z(out, zh ? "! 本存储的日志比检查点短：旧备份，或被截短\n"
                      : "! the log of this store is shorter than the checkpoint: an older copy, or cut\n");
}

static void held_json(const struct file_check *f, struct jsonw *j)
{
    struct buf line;
    buf_init(&line);
    public_key_write(&f->key, &line);
    jsonw_kz(j, "origin", f->head.origin);
    jsonw_kint(j, "index", (int64_t)f->b.index);
    jsonw_kint(j, "checkpoint_size", (int64_t)f->head.size);
    jsonw_kstr(j, "entry", f->b.leaf);
    jsonw_kstr(j, "key", buf_view(&line));
    jsonw_kz(j, "trusted", key_sources[f->source]);
    jsonw_kbool(j, "store_is_shorter", f->log_shorter);
    buf_finish(&line);
}

/* What holds is said, then what the answer itself gives (cli/kept.c), then the verdict. */
static enum err say_file(struct file_check *f, const struct args *a, struct buf *out,
                         struct error *e)
{
    struct jsonw j;
    bool json = a->output == OUTPUT_JSON;
    enum err r = OK;
    if (f->b.content.n > 0)
        TRY(open_world(f, a, e));
    if (f->b.content.n > 0 && option_get(a, "editions") != NULL)
        TRY(world_editions(&f->w, option_get(a, "editions"), f->b.content, e));
    jsonw_init(&j, out, true);
    if (json) {
        jsonw_object(&j);
        held_json(f, &j);
    } else {
        held_text(f, a->zh, out);
    }
    if (f->b.content.n > 0)
        r = verify_kept(&f->w, &f->b, a->zh, json ? &j : NULL, out, e);
    if (json) {
        jsonw_kbool(&j, "ok", r == OK);
        jsonw_end(&j);
        buf_char(out, '\n');
    } else if (r == OK) {
        bool weak = f->source == KEY_IN_BUNDLE;
        buf_z(out, a->zh ? weak ? "与文件自带的密钥一致；是否为该日志，须另行确认\n" : "核对无误\n"
                   : weak ? "agrees with the key in the file; whether that is the log's key must be "
                            "learnt elsewhere\n"
                          : "OK\n");
    }
    return r;
}

static enum err check_file(struct file_check *f, const struct args *a, struct buf *out,
                           struct error *e)
{
    struct str text;
    TRY(file_read(&f->arena, a->word[2], &text, e));
    TRY(bundle_read(&f->arena, text, &f->b, e));
    TRY(checkpoint_read(f->b.note, &f->head, e)); /* whose log it says it is */
    TRY(choose_key(f, a, e));
    TRY(bundle_verify(&f->b, &f->key, &f->head, e));
    TRY(compare_head(f, e));
    return say_file(f, a, out, e);
}

static int verify_file(const struct args *a)
{
    struct error e = {0};
    struct file_check *f = calloc(1, sizeof *f);
    struct buf out;
    check(f != NULL);
    buf_init(&out);
    arena_init(&f->arena);
    enum err r = check_file(f, a, &out, &e);
    if (out.n > 0)
        warn_weak(a, f->source);
    print_out(&out);
    buf_finish(&out);
    if (f->has_world)
        world_close(&f->w);
    arena_finish(&f->arena);
    free(f);
    return r == OK ? 0 : print_fault(a, &e);
}

/* --- proofs ----------------------------------------------------------------------------------- */

static enum err number(const char *name, const char *text, uint64_t *out, struct error *e)
{
    int64_t v;
    if (str_int(str_from(text), &v) && v >= 0) {
        *out = (uint64_t)v;
        return OK;
    }
    err_set(e, ERR_USAGE, "“%s”不是条目的序号或数目", "\"%s\" is not a number of entries", text);
    err_at(e, "", 0, name);
    return ERR_USAGE;
}

static enum err no_checkpoint(struct log *l, uint64_t size, struct error *e)
{
    struct db_stmt *s;
    bool row;
    err_set(e, ERR_NOT_FOUND, "没有大小为 %llu 的检查点", "there is no checkpoint of size %llu",
            ull(size));
    if (db_prepare(log_db(l), "SELECT min(size) FROM checkpoint WHERE size>=?1", &s, NULL) != OK)
        return ERR_NOT_FOUND;
    db_bind_int(s, 1, (int64_t)size);
    if (db_step(s, &row, NULL) == OK && row && db_int(s, 0) > 0)
        err_hint(e, "the next one: --size %lld", (long long)db_int(s, 0));
    db_finish(s);
    return ERR_NOT_FOUND;
}

static enum err note_of(struct log *l, uint64_t size, struct buf *note, struct error *e)
{
    struct db_stmt *s;
    bool row;
    TRY(db_prepare(log_db(l), "SELECT note FROM checkpoint WHERE size=?1", &s, e));
    db_bind_int(s, 1, (int64_t)size);
    enum err r = db_step(s, &row, e);
    buf_clear(note);
    if (r == OK && row)
        buf_str(note, db_text(s, 0));
    db_finish(s);
    return r == OK && !row ? no_checkpoint(l, size, e) : r;
}

static enum err prove_entry(const struct args *a, struct log *l, struct buf *out, struct error *e)
{
    uint64_t index, size;
    struct buf note;
    struct checkpoint c;
    struct public_key key;
    const char *at = option_get(a, "size");
    TRY(number("INDEX", a->word[2], &index, e));
    buf_init(&note);
    enum err r = at == NULL ? log_last_checkpoint(l, &note, e) : number("size", at, &size, e);
    if (r == OK && at != NULL)
        r = note_of(l, size, &note, e);
    if (r == OK)
        r = checkpoint_read(buf_view(&note), &c, e);
    if (r == OK)
        r = signer_key_at(l, c.size, &key, e);
    if (r == OK)
        r = bundle_make(l, index, buf_view(&note), &key, (struct str){NULL, 0}, out, e);
    buf_finish(&note);
    return r;
}

/* Text: one hash a line, as fumao-verify --consistency reads it. */
static enum err prove_growth(const struct args *a, struct log *l, struct buf *out, struct error *e)
{
    uint64_t from, to;
    struct proof_path p;
    struct jsonw j;
    struct buf b;
    TRY(number("from", option_get(a, "from"), &from, e));
    TRY(number("to", option_get(a, "to"), &to, e));
    TRY(log_consistency(l, from, to, HASH_SHA256, &p, e));
    buf_init(&b);
    jsonw_init(&j, out, true);
    if (a->output == OUTPUT_JSON) {
        jsonw_object(&j);
        jsonw_kz(&j, "origin", log_origin(l));
        jsonw_kint(&j, "from", (int64_t)from);
        jsonw_kint(&j, "to", (int64_t)to);
        jsonw_key(&j, "proof");
        jsonw_array(&j);
    }
    for (int i = 0; i < p.n; i++) {
        buf_clear(&b);
        base64_write(&b, p.d[i].b, 32);
        if (a->output == OUTPUT_JSON)
            jsonw_str(&j, buf_view(&b));
        else
            buf_printf(out, "%.*s\n", STR_ARG(buf_view(&b)));
    }
    if (a->output == OUTPUT_JSON) {
        jsonw_end(&j);
        jsonw_end(&j);
        buf_char(out, '\n');
    }
    buf_finish(&b);
    return OK;
}

static enum err prove_either(const struct args *a, struct store *s, struct buf *out,
                             struct error *e)
{
    if (a->n == 3)
        return prove_entry(a, s->log, out, e);
    if (a->n == 2 && option_get(a, "from") && option_get(a, "to"))
        return prove_growth(a, s->log, out, e);
    return err_set(e, ERR_USAGE, "用法：%s", "usage: %s",
                   "fumao ledger prove INDEX [--size N] | --from N --to M");
}

/* --- the head and the key ---------------------------------------------------------------------- */

static void key_text(const struct public_key *k, const struct args *a, struct buf *out)
{
    struct jsonw j;
    struct buf line;
    buf_init(&line);
    public_key_write(k, &line);
    if (a->output == OUTPUT_JSON) {
        jsonw_init(&j, out, true);
        jsonw_object(&j);
        jsonw_kz(&j, "kind", k->kind == KEY_SM2 ? "sm2" : "ed25519");
        jsonw_kstr(&j, "key", buf_view(&line));
        jsonw_end(&j);
    } else {
        buf_str(out, buf_view(&line));
    }
    buf_char(out, '\n');
    buf_finish(&line);
}

/* Entries written while the key was not at hand get their signature now. */
static enum err sign_rest(struct store *s, struct buf *note, struct error *e)
{
    TRY(db_exec(s->db, "BEGIN IMMEDIATE", e));
    enum err r = log_refresh(s->log, e);
    if (r == OK)
        r = signer_checkpoint(&s->signer, s->log, (int64_t)time(NULL), note, e);
    if (r == OK)
        return db_exec(s->db, "COMMIT", e);
    db_exec(s->db, "ROLLBACK", NULL);
    return r;
}

static enum err show_checkpoint(const struct args *a, struct store *s, struct buf *out,
                                struct error *e)
{
    struct checkpoint c;
    struct jsonw j;
    struct buf note;
    char root[65];
    buf_init(&note);
    enum err r = log_last_checkpoint(s->log, &note, e);
    if (r == OK)
        r = checkpoint_read(buf_view(&note), &c, e);
    if (r == OK && c.size < log_size(s->log) && s->signer.n > 0 &&
        (r = sign_rest(s, &note, e)) == OK)
        r = checkpoint_read(buf_view(&note), &c, e);
    if (r == OK && a->output == OUTPUT_JSON) {
        hash_hex(c.root.b, 32, root);
        jsonw_init(&j, out, true);
        jsonw_object(&j);
        jsonw_kz(&j, "origin", c.origin);
        jsonw_kint(&j, "size", (int64_t)c.size);
        jsonw_kz(&j, "root", root);
        jsonw_kstr(&j, "note", buf_view(&note));
        jsonw_end(&j);
        buf_char(out, '\n');
    } else if (r == OK) {
        buf_str(out, buf_view(&note));
    }
    buf_finish(&note);
    return r;
}

static enum err rotate(const struct args *a, struct store *s, struct buf *out, struct error *e)
{
    const char *kind = option_get(a, "kind"), *path = db_path(s->db);
    bool sm2 = kind != NULL && strcmp(kind, "sm2") == 0, lost = s->signer.n == 0;
    char file[600];
    if (kind != NULL && !sm2 && strcmp(kind, "ed25519") != 0)
        return err_set(e, ERR_USAGE, "密钥种类须为 ed25519 或 sm2，不是 %s",
                       "the kind of key is ed25519 or sm2, not %s", kind);
    snprintf(file, sizeof file, "%s.key", path);
    if (lost && access(file, F_OK) == 0) /* there, and not ours to read */
        return err_set(e, ERR_DENIED, "密钥文件 %s 不可用：须属于本用户，权限 0600",
                       "the key file %s cannot be used: it must be yours, with mode 0600", file);
    /* A program that runs on would sign with the key it has read, and no reader could accept that:
     * the store must be ours alone. */
    TRY(db_settle(s->db, e));
    TRY(db_exec(s->db, "PRAGMA journal_mode=WAL", e));
    TRY(signer_rotate(&s->signer, s->log, sm2 ? KEY_SM2 : KEY_ED25519, (int64_t)time(NULL), e));
    key_text(key_public(s->signer.key[0]), a, out);
    if (lost)
        fprintf(stderr,
                a->zh ? "! 先前的密钥不在：更换只由新密钥签名，信任先前密钥的人无法跟随。请另行公布新公钥。\n"
                      : "! The key before is gone: the change is signed by the new one alone, and who "
                        "trusts the old\n  one cannot follow. Publish the new public key by other means.\n");
    else
        fprintf(stderr, a->zh ? "旧密钥在 %s.old：妥善销毁\n" : "the old key is in %s.old: destroy it safely\n",
                file);
    return OK;
}

static enum err show_key(const struct args *a, struct store *s, struct buf *out, struct error *e)
{
    struct public_key k;
    if (a->n == 3 && strcmp(a->word[2], "rotate") == 0)
        return rotate(a, s, out, e);
    if (a->n > 2)
        return err_set(e, ERR_USAGE, "用法：%s", "usage: %s",
                       "fumao ledger key [rotate [--kind ed25519|sm2]]");
    TRY(signer_key_at(s->log, log_size(s->log), &k, e));
    key_text(&k, a, out);
    return OK;
}

/* --- entries ------------------------------------------------------------------------------------ */

static void list_entry(const struct args *a, int64_t index, struct str leaf, struct jsonw *j,
                       struct buf *out)
{
    struct arena arena;
    struct str at, kind = {NULL, 0};
    int64_t when = 0;
    char day[32] = "";
    struct tm tm;
    arena_init(&arena);
    if (a->output == OUTPUT_JSON) {
        jsonw_object(j);
        jsonw_kint(j, "index", index);
        jsonw_key(j, "entry");
        jsonw_raw(j, leaf);
        jsonw_end(j);
    } else {
        if (leaf_member(&arena, leaf, "at", &at) && str_int(at, &when)) {
            time_t t = (time_t)when;
            gmtime_r(&t, &tm);
            strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%SZ", &tm);
        }
        leaf_member(&arena, leaf, "kind", &kind);
        buf_printf(out, "%6lld  %-20s  %-10.*s  %.*s\n", (long long)index, day, STR_ARG(kind),
                   STR_ARG(leaf));
    }
    arena_finish(&arena);
}

static enum err list_from(const struct args *a, struct db_stmt *s, struct jsonw *j,
                          struct buf *out, struct error *e)
{
    const char *kind = option_get(a, "kind");
    bool row;
    int n = 0;
    for (;;) {
        struct arena arena;
        struct str is;
        TRY(db_step(s, &row, e));
        if (!row)
            return OK;
        struct str leaf = db_text(s, 1);
        arena_init(&arena);
        bool wanted = kind == NULL ||
                      (leaf_member(&arena, leaf, "kind", &is) && str_eqz(is, kind));
        arena_finish(&arena);
        if (!wanted)
            continue;
        if (n++ == LISTED_MAX) {
            fprintf(stderr, a->zh ? "其余从此处起：--from %lld\n" : "the rest begins here: --from %lld\n",
                    (long long)db_int(s, 0));
            return OK;
        }
        list_entry(a, db_int(s, 0), leaf, j, out);
    }
}

static enum err list_entries(const struct args *a, struct store *s, struct buf *out,
                             struct error *e)
{
    struct db_stmt *rows;
    struct jsonw j;
    uint64_t from = 0;
    if (option_get(a, "from"))
        TRY(number("from", option_get(a, "from"), &from, e));
    TRY(db_prepare(s->db, "SELECT seq,leaf FROM entry WHERE seq>=?1 ORDER BY seq", &rows, e));
    db_bind_int(rows, 1, (int64_t)from);
    jsonw_init(&j, out, true);
    if (a->output == OUTPUT_JSON)
        jsonw_array(&j);
    enum err r = list_from(a, rows, &j, out, e);
    db_finish(rows);
    if (r == OK && a->output == OUTPUT_JSON) {
        jsonw_end(&j);
        buf_char(out, '\n');
    }
    return r;
}

/* --- the verb ------------------------------------------------------------------------------------ */

static int verify(const struct args *a)
{
    static const char *const of_store[] = {"key", "witness", NULL}, *const of_file[] = {"key", "editions", NULL};
    struct error e = {0};
    if (a->n > 3)
        err_set(&e, ERR_USAGE, "用法：%s", "usage: %s", "fumao ledger verify [FILE.fumao] [--key LINE]");
    if (a->n > 3 || options_check(a, a->n == 3 ? of_file : of_store, &e) != OK)
        return print_fault(a, &e);
    return a->n == 3 ? verify_file(a) : verify_store(a);
}

typedef enum err ledger_fn(const struct args *a, struct store *s, struct buf *out,
                           struct error *e);

static int with_store(const struct args *a, ledger_fn *fn, const char *const *allowed)
{
    struct error e = {0};
    struct store s;
    struct buf out;
    if (options_check(a, allowed, &e) != OK ||
        store_open(&s, option_get(a, "store"), false, &e) != OK)
        return print_fault(a, &e);
    buf_init(&out);
    enum err r = fn(a, &s, &out, &e);
    store_close(&s);
    if (r == OK)
        print_out(&out);
    buf_finish(&out);
    return r == OK ? 0 : print_fault(a, &e);
}

int verb_ledger(const struct args *a)
{
    static const char *const of_prove[] = {"size", "from", "to", NULL}, *const of_none[] = {NULL},
                      *const of_key[] = {"kind", NULL}, *const of_log[] = {"from", "kind", NULL};
    static const struct {
        const char *name;
        ledger_fn *fn;
        const char *const *allowed;
    } parts[] = {{"prove", prove_either, of_prove},
                 {"checkpoint", show_checkpoint, of_none},
                 {"key", show_key, of_key},
                 {"log", list_entries, of_log}};
    struct error e = {0};
    const char *word = a->n > 1 ? a->word[1] : "";
    if (strcmp(word, "verify") == 0)
        return verify(a);
    if (strcmp(word, "witness") == 0)
        return ledger_witness(a);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strcmp(word, parts[i].name) == 0)
            return with_store(a, parts[i].fn, parts[i].allowed);
    err_set(&e, ERR_USAGE, "没有命令 ledger %s", "there is no verb ledger %s", word);
    err_hint(&e, "fumao ledger verify|prove|checkpoint|key|log|witness");
    return print_fault(a, &e);
}
