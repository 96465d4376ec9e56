#include "ledger/nodes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err io_error(const char *what, struct error *e)
{
    return err_set(e, ERR_IO, "日志的节点文件%s失败：%s", "the node file of the log: %s failed: %s", what,
                   strerror(errno));
}

enum err nodes_open(struct nodes *n, const char *path, struct error *e)
{
    struct stat st;
    memset(n, 0, sizeof *n);
    buf_init(&n->held);
    n->fd = -1;
    if (path == NULL)
        return OK;
    n->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (n->fd < 0 || fstat(n->fd, &st) != 0)
        return io_error("open", e);
    n->count = (uint64_t)st.st_size / 32;
    return OK;
}

void nodes_close(struct nodes *n)
{
    if (n->fd >= 0)
        close(n->fd);
    buf_finish(&n->held);
    n->fd = -1;
}

bool nodes_get(const struct nodes *n, int level, uint64_t index, struct digest *out)
{
    uint64_t at = nodes_place(level, index), written = n->fd >= 0 ? n->count : 0;
    if (at >= nodes_end(n))
        return false;
    if (at >= written) {
        memcpy(out->b, n->held.p + (at - written) * 32, 32);
        return true;
    }
    return pread(n->fd, out->b, 32, (off_t)(at * 32)) == 32;
}

void nodes_add(struct nodes *n, const struct digest *d)
{
    buf_put(&n->held, (const char *)d->b, 32);
}

enum err nodes_write(struct nodes *n, struct error *e)
{
    if (n->fd < 0)
        return OK;
    for (size_t done = 0; done < n->held.n;) {
        ssize_t w = pwrite(n->fd, n->held.p + done, n->held.n - done,
                           (off_t)(n->count * 32 + done));
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return io_error("write", e);
        done += (size_t)w;
    }
    n->count += n->held.n / 32;
    buf_clear(&n->held);
    return OK;
}

void nodes_cut(struct nodes *n, uint64_t leaves)
{
    uint64_t keep = nodes_before(leaves), written = n->fd >= 0 ? n->count : 0;
    if (keep < written) {
        n->count = keep;
        buf_clear(&n->held);
    } else if ((keep - written) * 32 < n->held.n) {
        n->held.n = (size_t)(keep - written) * 32;
    }
}

enum err nodes_sync(struct nodes *n, struct error *e)
{
    return n->fd < 0 || fdatasync(n->fd) == 0 ? OK : io_error("sync", e);
}
