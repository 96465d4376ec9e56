#include "ledger/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool write_all(int fd, struct str s)
{
    while (s.n > 0) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        s = (struct str){s.p + n, s.n - (size_t)n};
    }
    return true;
}

bool file_sync_folder(const char *path)
{
    char folder[640];
    const char *slash = strrchr(path, '/');
    int n = slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path);
    snprintf(folder, sizeof folder, "%.*s", n, slash == NULL ? "." : path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool well = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return well;
}

enum err file_replace(const char *path, struct str text, unsigned mode, struct error *e)
{
    char fresh[640];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, (mode_t)mode);
    bool well = fd >= 0 && write_all(fd, text) && fsync(fd) == 0;
    if (fd >= 0)
        well = close(fd) == 0 && well;
    if (well && rename(fresh, path) == 0 && file_sync_folder(path))
        return OK;
    err_set(e, ERR_IO, "不能写 %s：%s", "cannot write %s: %s", path, strerror(errno));
    err_at(e, path, 0, "");
    return ERR_IO;
}
