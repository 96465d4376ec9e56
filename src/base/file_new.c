/* Files that are there whole or not at all. See file.h. */
#define _GNU_SOURCE /* O_TMPFILE */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/random.h"

bool file_sync_folder(const char *path)
{
    char folder[FILE_PATH];
    if (!file_folder(path, folder, sizeof folder)) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool well = fd >= 0 && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = why;
    return well;
}

/* The name by which the kernel lets a file without one be linked. */
static void own_name(int fd, char out[40])
{
    snprintf(out, 40, "/proc/self/fd/%d", fd);
}

/* -1: not every file system has such files, and without /proc none could get a name. */
static int nameless(const char *folder, unsigned mode)
{
    char own[40];
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, (mode_t)mode);
    if (fd >= 0) {
        own_name(fd, own);
        if (access(own, F_OK) == 0) {
            return fd;
        }
        close(fd);
    }
    return -1;
}

static bool fresh_name(struct file_new *f, const char *path)
{
    uint64_t any;
    random_bytes(&any, sizeof any);
    int n = snprintf(f->fresh, sizeof f->fresh, "%s.%016llx.part", path, (unsigned long long)any);
    if (n > 0 && (size_t)n < sizeof f->fresh) {
        return true;
    }
    f->fresh[0] = '\0';
    errno = ENAMETOOLONG;
    return false;
}

bool file_new_open(struct file_new *f, const char *path, unsigned mode)
{
    char folder[FILE_PATH];
    f->fd = -1;
    f->there = false;
    f->fresh[0] = '\0';
    if (file_folder(path, folder, sizeof folder)) {
        f->fd = nameless(folder, mode);
    }
    if (f->fd < 0) { /* for whatever reason: with a name it works, or says why not */
        int how = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
        f->fd = fresh_name(f, path) ? open(f->fresh, how, (mode_t)mode) : -1;
    }
    if (f->fd < 0) {
        f->fresh[0] = '\0'; /* not ours */
        return false;
    }
    if ((mode & 077) == 0 && fchmod(f->fd, (mode_t)mode) != 0) { /* whatever the umask */
        file_new_drop(f);
        return false;
    }
    return true;
}

/* linkat() replaces nothing. What is there is replaced by rename(), from a name that only lives from
 * the one call to the other. */
static bool give_name(struct file_new *f, const char *path, bool replace)
{
    char own[40];
    own_name(f->fd, own);
    if (f->fresh[0] == '\0') {
        if (linkat(AT_FDCWD, own, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0) {
            return true;
        }
        if (errno != EEXIST || !replace || !fresh_name(f, path)) {
            return false;
        }
        if (linkat(AT_FDCWD, own, AT_FDCWD, f->fresh, AT_SYMLINK_FOLLOW) != 0) {
            f->fresh[0] = '\0';
            return false;
        }
    }
    if (!replace) {
        return link(f->fresh, path) == 0;
    }
    if (rename(f->fresh, path) != 0) {
        return false;
    }
    f->fresh[0] = '\0';
    return true;
}

bool file_new_end(struct file_new *f, const char *path, bool replace)
{
    f->there = fsync(f->fd) == 0 && give_name(f, path, replace);
    int why = errno;
    file_new_drop(f);
    errno = why;
    return f->there && file_sync_folder(path);
}

void file_new_drop(struct file_new *f)
{
    if (f->fd >= 0) {
        close(f->fd);
    }
    if (f->fresh[0] != '\0') {
        unlink(f->fresh);
    }
    f->fd = -1;
    f->fresh[0] = '\0';
}

int file_nameless(const char *folder)
{
    char path[FILE_PATH];
    int fd = open(folder, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) {
        return fd;
    }
    int n = snprintf(path, sizeof path, "%s/fumao-XXXXXX", folder);
    if (n < 0 || (size_t)n >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) {
        unlink(path);
    }
    return fd;
}
