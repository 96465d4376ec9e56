/* COMMAND: ledger witness. Looks at a log once, remembers, and signs that it only grew. */
#include "cli/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* The name of the key is part of every cosignature, and a PEM file has no place for it: it stands
 * in the public key line beside (FILE.pub), which is what the witness gives out. */
static enum err make_key(const struct args *a, const char *file, struct buf *out, struct error *e)
{
    uint8_t random[4];
    char hex[9], name[128], pub[640];
    struct key *k;
    const char *given = option_get(a, "name");
    random_bytes(random, sizeof random);
    hash_hex(random, sizeof random, hex);
    snprintf(name, sizeof name, "%s", given ? given : "witness/");
    if (given == NULL)
        strcat(name, hex);
    snprintf(pub, sizeof pub, "%s.pub", file);
    TRY(key_make(file, name, KEY_WITNESS, e));
    TRY(key_open(&k, file, name, e));
    struct public_key line = public_key_witness(key_public(k));
    key_close(k);
    public_key_write(&line, out);
    buf_char(out, '\n');
    FILE *f = fopen(pub, "wx");
    bool well = f != NULL && fwrite(out->p, 1, out->n, f) == out->n && fflush(f) == 0 &&
                fsync(fileno(f)) == 0;
    if (f != NULL)
        well = fclose(f) == 0 && well;
    return well ? OK : err_set(e, ERR_IO, "不能写 %s", "cannot write %s", pub);
}

static enum err open_key(struct key **out, const char *file, struct public_key *named,
                         struct error *e)
{
    char pub[640];
    snprintf(pub, sizeof pub, "%s.pub", file);
    enum err r = key_argument(pub, named, e);
    if (r == ERR_NOT_FOUND)
        err_hint(e, "fumao ledger witness --make-key --key FILE");
    TRY(r);
    TRY(key_open(out, file, named->name, e));
    struct public_key mine = public_key_witness(key_public(*out));
    if (named->kind == KEY_WITNESS && memcmp(mine.id, named->id, 4) == 0)
        return OK;
    key_close(*out);
    return err_set(e, ERR_INTEGRITY, "%s 不是密钥文件的公钥", "%s is not the public key of the key file",
                   pub);
}

static void say(const struct args *a, const struct witness *w, const struct public_key *named,
                const struct buf *note, struct buf *out)
{
    struct jsonw j;
    struct buf line;
    char root[65];
    if (a->output != OUTPUT_JSON) {
        buf_str(out, buf_view(note));
        return;
    }
    buf_init(&line);
    hash_hex(w->seen.root.b, 32, root);
    jsonw_init(&j, out, true);
    jsonw_object(&j);
    jsonw_kz(&j, "origin", w->origin);
    jsonw_kint(&j, "size", (int64_t)w->seen.size);
    jsonw_kz(&j, "root", root);
    public_key_write(&w->log_key, &line);
    jsonw_kstr(&j, "log_key", buf_view(&line));
    buf_clear(&line);
    public_key_write(named, &line);
    jsonw_kstr(&j, "witness_key", buf_view(&line));
    jsonw_kstr(&j, "note", buf_view(note));
    jsonw_end(&j);
    buf_char(out, '\n');
    buf_finish(&line);
}

/* The store is opened as it is: a witness puts nothing into a log. */
static enum err open_view(const struct args *a, struct log_view *v, struct db **d, struct error *e)
{
    v->dir = option_get(a, "log");
    if (v->dir != NULL)
        return OK;
    TRY(db_open_old(d, option_get(a, "store"), e));
    return log_open(&v->log, *d, PROFILE_SHA256, e);
}

static enum err look(const struct args *a, const char *file, struct buf *out, struct error *e)
{
    const char *state = option_get(a, "state"), *given = option_get(a, "log-key");
    struct public_key named, log_key;
    struct log_view v = {0};
    struct db *d = NULL;
    struct key *k;
    struct witness w = {0};
    struct buf note;
    if (state == NULL)
        return err_set(e, ERR_USAGE, "缺少选项 %s", "the option %s is missing", "--state");
    if (given != NULL)
        TRY(key_argument(given, &log_key, e));
    TRY(open_key(&k, file, &named, e));
    buf_init(&note);
    enum err r = open_view(a, &v, &d, e);
    if (r == OK)
        r = witness_look(state, &v, k, given ? &log_key : NULL, (int64_t)time(NULL), &w, &note, e);
    if (r == OK)
        say(a, &w, &named, &note, out);
    witness_finish(&w);
    buf_finish(&note);
    log_close(v.log);
    db_close(d);
    key_close(k);
    return r;
}

int ledger_witness(const struct args *a)
{
    static const char *const allowed[] = {"key", "state", "log", "log-key", "make-key", "name", NULL};
    struct error e = {0};
    struct buf out;
    const char *file = option_get(a, "key");
    enum err r = options_check(a, allowed, &e);
    if (r == OK && (file == NULL || strlen(file) > 500))
        r = err_set(&e, ERR_USAGE, "缺少选项 %s", "the option %s is missing", "--key FILE");
    buf_init(&out);
    if (r == OK)
        r = option_given(a, "make-key") ? make_key(a, file, &out, &e) : look(a, file, &out, &e);
    if (r == OK)
        print_out(&out);
    buf_finish(&out);
    return r == OK ? 0 : print_fault(a, &e);
}
