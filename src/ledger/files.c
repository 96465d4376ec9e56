#include "ledger/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum err file_replace(const char *path, struct str text, unsigned mode, struct error *e)
{
    struct file_new f;
    bool well = file_new_open(&f, path, mode) && file_write(f.fd, text) &&
                file_new_end(&f, path, true);
    if (well)
        return OK;
    err_set(e, ERR_IO, "不能写 %s：%s", "cannot write %s: %s", path, strerror(errno));
    err_at(e, path, 0, "");
    file_new_drop(&f);
    return ERR_IO;
}

/* --- large files and folders ---------------------------------------------------------------- */

enum err file_fault(const char *path, struct error *e)
{
    err_set(e, ERR_IO, "无法写入 %s：%s", "cannot write %s: %s", path, strerror(errno));
    err_at(e, path, 0, NULL);
    return ERR_IO;
}

enum err file_digest(const char *path, char out[FILE_HEX], struct error *e)
{
    enum { PIECE = 1 << 20 };
    uint8_t digest[32];
    struct hash h;
    ssize_t got;
    out[0] = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_set(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "不能读取 %s：%s",
                       "cannot read %s: %s", path, strerror(errno));
    char *piece = malloc(PIECE);
    check(piece != NULL);
    hash_init(&h);
    while ((got = read(fd, piece, PIECE)) > 0 || (got < 0 && errno == EINTR))
        hash_add(&h, piece, got > 0 ? (size_t)got : 0);
    enum err r = got == 0 ? OK : err_set(e, ERR_IO, "不能读取 %s：%s", "cannot read %s: %s", path,
                                         strerror(errno));
    hash_end(&h, digest);
    hash_hex(digest, 32, out);
    free(piece);
    close(fd);
    return r;
}

enum err file_pour(int from, int to, const char *to_name, file_turn_fn *turn, void *ctx,
                   int64_t *bytes, char hex[FILE_HEX], struct error *e)
{
    enum { PIECE = 1 << 20 };
    uint8_t digest[32];
    struct hash h;
    enum err r = OK;
    ssize_t got = 0;
    char *piece = malloc(PIECE);
    check(piece != NULL);
    hash_init(&h);
    *bytes = 0;
    while (r == OK && ((got = read(from, piece, PIECE)) > 0 || (got < 0 && errno == EINTR))) {
        if (got > 0 && !file_write(to, (struct str){piece, (size_t)got}))
            r = file_fault(to_name, e);
        hash_add(&h, piece, got > 0 ? (size_t)got : 0);
        *bytes += got > 0 ? got : 0;
        if (r == OK && turn != NULL && !turn(ctx, *bytes))
            r = err_set(e, ERR_BUSY, "已按要求停止", "stopped as asked");
    }
    if (r == OK && got < 0)
        r = err_set(e, ERR_IO, "读取失败：%s", "reading fails: %s", strerror(errno));
    hash_end(&h, digest);
    hash_hex(digest, 32, hex);
    free(piece);
    return r;
}

enum err file_pour_new(int from, const char *to, char hex[FILE_HEX], struct error *e)
{
    struct file_new f;
    int64_t bytes;
    if (!file_new_open(&f, to, 0600))
        return file_fault(to, e);
    enum err r = file_pour(from, f.fd, to, NULL, NULL, &bytes, hex, e);
    if (r == OK && !file_new_end(&f, to, true))
        r = file_fault(to, e);
    file_new_drop(&f);
    return r;
}

enum err file_new_folder(const char *path, struct error *e)
{
    if (mkdir(path, 0700) == 0)
        return OK;
    if (errno != EEXIST)
        return file_fault(path, e);
    return err_set(e, ERR_CONFLICT, "目录 %s 已存在", "there is a folder %s", path);
}

enum err file_sync_whole(const char *folder, struct error *e)
{
    char inside[700];
    snprintf(inside, sizeof inside, "%.680s/.", folder);
    return file_sync_folder(inside) && file_sync_folder(folder) ? OK : file_fault(folder, e);
}

void file_remove_folder(const char *path)
{
    DIR *d = opendir(path);
    if (d == NULL)
        return;
    for (struct dirent *f; (f = readdir(d)) != NULL;)
        (void)unlinkat(dirfd(d), f->d_name, 0); /* not "." and "..", which are folders */
    closedir(d);
    (void)rmdir(path);
}
