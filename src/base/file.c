#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
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

static enum err read_all(int fd, struct arena *a, const char *path, struct str *out,
                         struct error *e)
{
    struct stat st;
    TRY(refuse(fd, path, &st, e));
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

enum err file_read(struct arena *a, const char *path, struct str *out, struct error *e)
{
    /* O_NONBLOCK, or opening a pipe would wait for its writer before it can be refused. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return fail(e, path, errno);
    }
    enum err code = read_all(fd, a, path, out, e);
    close(fd);
    return code;
}
