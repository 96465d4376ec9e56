/* STORE.follow: what the secrets of watches are made with. */
#include "watch/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "ledger/files.h"

enum { PATH_ROOM = 700 };

/* Whoever comes second takes the key that is there. */
static enum err make_key(const char *path, struct error *e)
{
    char key[WATCH_KEY_BYTES];
    struct file_new f;
    random_bytes(key, sizeof key);
    bool well = file_new_open(&f, path, 0600) && file_write(f.fd, (struct str){key, sizeof key}) &&
                file_new_end(&f, path, false);
    if (!well && !f.there && errno == EEXIST)
        well = file_sync_folder(path);
    enum err r = well ? OK : file_fault(path, e);
    file_new_drop(&f);
    explicit_bzero(key, sizeof key);
    return r;
}

static enum err read_key(struct watch_key *k, const char *path, struct error *e)
{
    struct arena a;
    struct str s;
    arena_init(&a);
    enum err r = file_read_private(&a, path, &s, e);
    if (r == OK && s.n != WATCH_KEY_BYTES) {
        r = err_set(e, ERR_INTEGRITY, "%s 不是密钥：须为 %d 字节", "%s is no key: it has %d bytes",
                    path, (int)WATCH_KEY_BYTES);
    }
    if (r == OK) {
        uint8_t digest[32];
        memcpy(k->key, s.p, WATCH_KEY_BYTES);
        hash_hmac(k->key, sizeof k->key, "fumao follow key", 16, digest);
        hash_hex(digest, WATCH_ID_CHARS / 2, k->id);
        explicit_bzero((char *)(uintptr_t)s.p, s.n);
    }
    arena_finish(&a);
    return r;
}

enum err watch_key_open(struct watch_key *k, const struct db *d, bool make, struct error *e)
{
    char path[PATH_ROOM];
    memset(k, 0, sizeof *k);
    k->fd = -1;
    if (strcmp(db_path(d), ":memory:") == 0)
        return err_set(e, ERR_USAGE, "内存中的存储不能有关注%s", "a store in memory has no watches%s",
                       "");
    if ((size_t)snprintf(path, sizeof path, "%s.follow", db_path(d)) >= sizeof path)
        return err_set(e, ERR_USAGE, "路径超过 %d 字节", "the path is longer than %d bytes",
                       (int)PATH_ROOM);
    if (make && access(path, F_OK) != 0)
        TRY(make_key(path, e));
    TRY(read_key(k, path, e));
    k->fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (k->fd >= 0)
        return OK;
    enum err r = file_fault(path, e);
    watch_key_close(k);
    return r;
}

void watch_key_close(struct watch_key *k)
{
    if (k->fd > 0)
        close(k->fd);
    explicit_bzero(k, sizeof *k);
}

enum err watch_key_lock(const struct watch_key *k, struct error *e)
{
    if (flock(k->fd, LOCK_EX | LOCK_NB) == 0)
        return OK;
    return err_set(e, ERR_BUSY, "另一个 follow send 正在发送%s", "another follow send is at work%s", "");
}

void watch_salt(char *hex)
{
    uint8_t salt[WATCH_KEY_BYTES];
    random_bytes(salt, sizeof salt);
    hash_hex(salt, sizeof salt, hex);
}

enum err watch_secret(const struct watch_key *k, const struct watch *w,
                      char out[WATCH_SECRET_CHARS + 1], struct error *e)
{
    uint8_t mac[32];
    if (!str_eqz(w->key_id, k->id))
        return err_set(e, ERR_INTEGRITY, "关注 %lld 的密钥不是由现有的 .follow 文件生成的",
                       "the secret of watch %lld was made with another .follow file",
                       (long long)w->id);
    hash_hmac(k->key, sizeof k->key, w->salt.p, w->salt.n, mac);
    memcpy(out, "fumao_follow_", 13);
    hash_hex(mac, sizeof mac, out + 13);
    explicit_bzero(mac, sizeof mac);
    return OK;
}
