/* The bytes of one file, plain or gzip (RFC 1952, members one after the other), from a path or
 * standard input. */
#include "declaration/reading.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { PIECE = 64 * 1024 };

struct source {
    const char *path;
    int fd;
    bool gzip, ended;        /* ended: nothing more comes from fd */
    bool between;            /* at a member's start, where the file may end */
    int64_t read;            /* from fd */
    size_t piece_from, piece_to;
    z_stream z;
    char piece[PIECE];
};

int64_t source_size(const char *path)
{
    struct stat st;
    return strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : 0;
}

int64_t source_taken(const struct source *s)
{
    return s->read - (int64_t)(s->piece_to - s->piece_from);
}

static enum err read_fd(struct source *s, char *p, size_t n, size_t *got, struct error *e)
{
    ssize_t r;
    *got = 0;
    if (s->ended)
        return OK;
    do {
        r = read(s->fd, p, n);
    } while (r < 0 && errno == EINTR);
    if (r < 0) {
        enum err code = err_set(e, ERR_IO, "读取失败，位于字节 %lld：%s",
                                "reading fails at byte %lld: %s", (long long)s->read,
                                strerror(errno));
        err_at(e, s->path, 0, NULL);
        return code;
    }
    s->ended = r == 0;
    s->read += r;
    *got = (size_t)r;
    return OK;
}

static enum err next_piece(struct source *s, struct error *e)
{
    size_t got;
    TRY(read_fd(s, s->piece, PIECE, &got, e));
    s->piece_from = 0;
    s->piece_to = got;
    return OK;
}

static enum err open_path(struct source *s, struct error *e)
{
    struct stat st;
    enum err code = OK;
    s->fd = strcmp(s->path, "-") == 0 ? dup(0) : open(s->path, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0 && errno == ENOENT)
        code = err_set(e, ERR_NOT_FOUND, "没有文件 %s", "there is no file %s", s->path);
    else if (s->fd < 0 && (errno == EACCES || errno == EPERM))
        code = err_set(e, ERR_DENIED, "无权读取 %s", "no right to read %s", s->path);
    else if (s->fd < 0)
        code = err_set(e, ERR_IO, "无法打开 %s：%s", "cannot open %s: %s", s->path,
                       strerror(errno));
    else if (fstat(s->fd, &st) == 0 && S_ISDIR(st.st_mode))
        code = err_set(e, ERR_INVALID, "%s 是文件夹", "%s is a directory", s->path);
    if (code != OK)
        err_at(e, s->path, 0, NULL);
    return code;
}

/* A pipe may give its first bytes one by one. */
static enum err first_piece(struct source *s, struct error *e)
{
    TRY(next_piece(s, e));
    while (s->piece_to < 2 && !s->ended) {
        size_t got;
        TRY(read_fd(s, s->piece + s->piece_to, PIECE - s->piece_to, &got, e));
        s->piece_to += got;
    }
    s->gzip = s->piece_to >= 2 && memcmp(s->piece, "\x1f\x8b", 2) == 0;
    return OK;
}

enum err source_open(struct source **out, const char *path, struct error *e)
{
    struct source *s = calloc(1, sizeof *s);
    check(s != NULL);
    s->path = path;
    enum err r = open_path(s, e);
    if (r == OK)
        r = first_piece(s, e);
    if (r != OK) {
        source_close(s);
        return r;
    }
    if (s->gzip)
        check(inflateInit2(&s->z, 15 + 16) == Z_OK);
    posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    *out = s;
    return OK;
}

void source_close(struct source *s)
{
    if (s == NULL)
        return;
    if (s->gzip)
        inflateEnd(&s->z);
    if (s->fd >= 0)
        close(s->fd);
    free(s);
}

static enum err damaged(struct source *s, const char *zh, const char *en, struct error *e)
{
    enum err r = err_set(e, ERR_INVALID, zh, en, (long long)source_taken(s));
    err_at(e, s->path, 0, NULL);
    return r;
}

/* Once over the input at hand. */
static enum err inflate_some(struct source *s, char *p, size_t n, size_t *got, struct error *e)
{
    s->z.next_in = (Bytef *)s->piece + s->piece_from;
    s->z.avail_in = (uInt)(s->piece_to - s->piece_from);
    s->z.next_out = (Bytef *)p;
    s->z.avail_out = (uInt)n;
    int r = inflate(&s->z, Z_NO_FLUSH);
    s->piece_from = s->piece_to - s->z.avail_in;
    *got = n - s->z.avail_out;
    s->between = r == Z_STREAM_END;
    if (s->between)
        check(inflateReset(&s->z) == Z_OK);
    else if (r != Z_OK && r != Z_BUF_ERROR)
        return damaged(s, "gzip 在字节 %lld 处损坏", "the gzip data are damaged at byte %lld", e);
    return OK;
}

/* What is inflated before the damage is given first; the damage is found again, or the end. */
static enum err read_gzip(struct source *s, char *p, size_t n, size_t *got, struct error *e)
{
    *got = 0;
    while (*got == 0) {
        if (s->piece_from == s->piece_to) {
            TRY(next_piece(s, e));
            if (s->ended && s->between)
                return OK;
            if (s->ended)
                return damaged(s, "gzip 在字节 %lld 处中断，文件不完整",
                               "the gzip data break off at byte %lld: the file is not complete",
                               e);
        }
        TRY(inflate_some(s, p, n, got, e));
    }
    return OK;
}

enum err source_read(struct source *s, char *p, size_t n, size_t *got, struct error *e)
{
    if (s->gzip)
        return read_gzip(s, p, n, got, e);
    size_t here = s->piece_to - s->piece_from;
    if (here == 0)
        return read_fd(s, p, n, got, e);
    *got = here < n ? here : n;
    memcpy(p, s->piece + s->piece_from, *got);
    s->piece_from += *got;
    return OK;
}
