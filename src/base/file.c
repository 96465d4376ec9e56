#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"

static enum err fail(struct error *e, const char *path, int why)
{
    enum err code = ERR_IO;
    if (why == ENOENT || why == ENOTDIR) {
        code = err_set(e, ERR_NOT_FOUND, "没有文件 %s", "there is no file %s", path);
    } else if (why == ENXIO) { /* a socket, which cannot even be opened */
        code = err_set(e, ERR_INVALID, "%s 不是普通文件", "%s is not a regular file", path);
    } else if (why == EACCES || why == EPERM) {
        code = err_set(e, ERR_DENIED, "无权读取 %s", "no right to read %s", path);
    } else {
        err_set(e, ERR_IO, "不能读取 %s：%s", "cannot read %s: %s", path, strerror(why));
    }
    err_at(e, path, 0, NULL);
    return code;
}

static enum err refuse(int fd, const char *path, struct stat *st, struct error *e)
{
    if (fstat(fd, st) != 0) {
        return fail(e, path, errno);
    }
    if (!S_ISREG(st->st_mode)) {
        return fail(e, path, ENXIO);
    }
    if (st->st_size > LIMIT_FILE_BYTES) {
        err_set(e, ERR_LIMIT, "%s 超过 %d 字节", "%s exceeds %d bytes", path,
                (int)LIMIT_FILE_BYTES);
        err_at(e, path, 0, NULL);
        return ERR_LIMIT;
    }
    return OK;
}

static enum err denied(struct error *e, const char *path, unsigned mode)
{
    if (mode != 0) {
        err_set(e, ERR_DENIED, "%s 的权限为 %04o，他人可访问",
                "%s has mode %04o, which lets others at it", path, mode);
        err_hint(e, "chmod 600 %s", path);
    } else {
        err_set(e, ERR_DENIED, "无权读 %s，或其属于另一用户",
                "no right to read %s, or it belongs to another user", path);
    }
    err_at(e, path, 0, NULL);
    return ERR_DENIED;
}

static enum err owner_only(const struct stat *st, const char *path, struct error *e)
{
    if (st->st_uid != geteuid()) {
        return denied(e, path, 0);
    }
    bool open_to_others = (st->st_mode & (S_IRWXG | S_IRWXO)) != 0;
    return open_to_others ? denied(e, path, (unsigned)(st->st_mode & 07777)) : OK;
}

static enum err read_all(int fd, struct arena *a, const char *path, bool private,
                         struct str *out, struct error *e)
{
    struct stat st;
    TRY(refuse(fd, path, &st, e));
    TRY(private ? owner_only(&st, path, e) : OK);
    /* A file that grows meanwhile is cut at the size it had; one that shrinks ends earlier. */
    size_t size = (size_t)st.st_size, n = 0;
    char *p = arena_alloc(a, size + 1);
    while (n < size) {
        ssize_t got = read(fd, p + n, size - n);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail(e, path, errno);
        }
        if (got == 0) {
            break;
        }
        n += (size_t)got;
    }
    *out = (struct str){p, n};
    return OK;
}

static enum err read_file(struct arena *a, const char *path, bool private, struct str *out,
                          struct error *e)
{
    /* O_NONBLOCK, or opening a pipe would wait for its writer before it can be refused. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        bool no_right = private && (errno == EACCES || errno == EPERM);
        return no_right ? denied(e, path, 0) : fail(e, path, errno);
    }
    enum err code = read_all(fd, a, path, private, out, e);
    close(fd);
    return code;
}

enum err file_read(struct arena *a, const char *path, struct str *out, struct error *e)
{
    return read_file(a, path, false, out, e);
}

enum err file_read_private(struct arena *a, const char *path, struct str *out, struct error *e)
{
    return read_file(a, path, true, out, e);
}

/* --- writing -------------------------------------------------------------------------------- */

bool file_folder(const char *path, char *out, size_t room)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL || slash == path ? 1 : (size_t)(slash - path);
    if (n >= room) {
        return false;
    }
    memcpy(out, slash == NULL ? "." : path, n);
    out[n] = '\0';
    return true;
}

enum err file_may_be_made(const char *path, struct error *e)
{
    char folder[PATH_MAX];
    struct stat st;
    enum err code = OK;
    if (!file_folder(path, folder, sizeof folder) || path[0] == '\0') {
        code = err_set(e, ERR_USAGE, "不能作为文件名：%.200s", "no file can be named %.200s", path);
    } else if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        code = err_set(e, ERR_INVALID, "%s 已存在且不是普通文件，不以文件取代",
                       "%s is there and is not a regular file: it is not replaced", path);
    } else if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode)) {
        code = err_set(e, ERR_NOT_FOUND, "没有文件夹 %s", "there is no folder %s", folder);
        err_hint(e, "mkdir -p %s", folder);
    } else if (access(folder, W_OK | X_OK) != 0) {
        code = err_set(e, ERR_DENIED, "无权在 %s 中建立文件：%s", "no right to make a file in %s: %s",
                       folder, strerror(errno));
    }
    err_at(code != OK ? e : NULL, path, 0, NULL);
    return code;
}

bool file_write(int fd, struct str s)
{
    while (s.n > 0) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            errno = n < 0 ? errno : EIO;
            return false;
        }
        s = (struct str){s.p + n, s.n - (size_t)n};
    }
    return true;
}

bool file_write_at(int fd, const void *p, size_t n, int64_t at)
{
    for (size_t done = 0; done < n;) {
        ssize_t some = pwrite(fd, (const char *)p + done, n - done, at + (int64_t)done);
        if (some < 0 && errno == EINTR) {
            continue;
        }
        if (some <= 0) {
            errno = some < 0 ? errno : ENOSPC;
            return false;
        }
        done += (size_t)some;
    }
    return true;
}

bool file_read_at(int fd, void *p, size_t n, int64_t at)
{
    for (size_t done = 0; done < n;) {
        ssize_t some = pread(fd, (char *)p + done, n - done, at + (int64_t)done);
        if (some < 0 && errno == EINTR) {
            continue;
        }
        if (some <= 0) {
            errno = some < 0 ? errno : EIO;
            return false;
        }
        done += (size_t)some;
    }
    return true;
}
