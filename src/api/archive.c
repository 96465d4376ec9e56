#include "api/archive.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct archive {
    struct db *write_db, *read_db;
    struct log *write_log, *read_log;
    struct signer signer;
    struct writer *writer;
    pthread_mutex_t lock; /* of the reading side */
};

static enum err open_both(struct archive *a, const char *store, struct error *e)
{
    TRY(db_open(&a->write_db, store, e));
    TRY(log_open(&a->write_log, a->write_db, PROFILE_SHA256, e));
    TRY(signer_open(&a->signer, a->write_log, KEY_ED25519, (int64_t)time(NULL), e));
    TRY(kept_migrate(a->write_db, e));
    TRY(db_open(&a->read_db, store, e));
    TRY(log_open(&a->read_log, a->read_db, PROFILE_SHA256, e));
    return writer_start(&a->writer, a->write_db, a->write_log, &a->signer, e);
}

enum err archive_open(struct archive **out, const char *store, struct error *e)
{
    struct archive *a = calloc(1, sizeof *a);
    check(a != NULL);
    *out = NULL;
    pthread_mutex_init(&a->lock, NULL);
    enum err r = open_both(a, store, e);
    if (r != OK) {
        archive_close(a);
        return r;
    }
    *out = a;
    return OK;
}

void archive_close(struct archive *a)
{
    if (a == NULL)
        return;
    writer_stop(a->writer);
    signer_close(&a->signer);
    log_close(a->write_log);
    db_close(a->write_db);
    log_close(a->read_log);
    db_close(a->read_db);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

struct keeping {
    const char *id;
    struct str content;
};

static enum err keep_job(void *ctx, struct db *d, struct log *l, struct error *e)
{
    const struct keeping *k = ctx;
    uint64_t entry;
    return kept_put(d, l, k->id, (int64_t)time(NULL), k->content, &entry, e);
}

enum err archive_keep(struct archive *a, const struct snapshot *s, const struct question *q,
                      const struct explanation *x, char id[KEPT_ID + 1], struct error *e)
{
    uint8_t random[26];
    char nonce[33];
    struct buf content;
    random_bytes(random, sizeof random);
    kept_name(random, id);
    hash_hex(random + 10, 16, nonce);
    buf_init(&content);
    kept_content(s, q, x, nonce, &content);
    struct keeping k = {id, buf_view(&content)};
    enum err r = writer_run(a->writer, keep_job, &k, e);
    buf_finish(&content);
    return r;
}

static enum err read_one(struct archive *a, struct str id, struct arena *arena,
                         struct archived *out, struct error *e)
{
    struct buf note, file, text;
    TRY(kept_get(a->read_db, id, arena, &out->content, &out->entry, e));
    buf_init(&note);
    buf_init(&file);
    buf_init(&text);
    /* The head first, the leaves after it: the other way round a commit between the two would give
     * a head over leaves this handle has not seen. */
    enum err r = log_last_checkpoint(a->read_log, &note, e);
    if (r == OK)
        r = log_refresh(a->read_log, e);
    if (r == OK)
        r = bundle_make(a->read_log, out->entry, buf_view(&note), key_public(a->signer.key[0]),
                        out->content, &file, e);
    if (r == OK)
        r = log_leaf(a->read_log, out->entry, &text, e);
    if (r == OK) {
        out->leaf = str_copy(arena, buf_view(&text));
        out->note = str_copy(arena, buf_view(&note));
        out->file = str_copy(arena, buf_view(&file));
        buf_clear(&text);
        archive_key(a, &text);
        out->key = str_copy(arena, buf_view(&text));
    }
    buf_finish(&note);
    buf_finish(&file);
    buf_finish(&text);
    return r;
}

enum err archive_get(struct archive *a, struct str id, struct arena *arena, struct archived *out,
                     struct error *e)
{
    pthread_mutex_lock(&a->lock);
    enum err r = read_one(a, id, arena, out, e);
    pthread_mutex_unlock(&a->lock);
    return r;
}

enum err archive_checkpoint(struct archive *a, struct buf *out, struct error *e)
{
    pthread_mutex_lock(&a->lock);
    enum err r = log_last_checkpoint(a->read_log, out, e);
    pthread_mutex_unlock(&a->lock);
    return r;
}

enum err archive_tile(struct archive *a, int level, uint64_t index, int width, struct buf *out,
                      struct error *e)
{
    pthread_mutex_lock(&a->lock);
    enum err r = log_refresh(a->read_log, e);
    if (r == OK)
        r = log_tile(a->read_log, level, index, width, out, e);
    pthread_mutex_unlock(&a->lock);
    return r;
}

enum err archive_leaf(struct archive *a, uint64_t index, struct buf *out, struct error *e)
{
    pthread_mutex_lock(&a->lock);
    enum err r = log_refresh(a->read_log, e);
    if (r == OK)
        r = log_leaf(a->read_log, index, out, e);
    pthread_mutex_unlock(&a->lock);
    return r;
}

uint64_t archive_size(struct archive *a)
{
    pthread_mutex_lock(&a->lock);
    (void)log_refresh(a->read_log, NULL);
    uint64_t n = log_size(a->read_log);
    pthread_mutex_unlock(&a->lock);
    return n;
}

void archive_key(const struct archive *a, struct buf *line)
{
    public_key_write(key_public(a->signer.key[0]), line);
}

const char *archive_origin(const struct archive *a)
{
    return log_origin(a->read_log);
}
