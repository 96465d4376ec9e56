/* Reading one regular file whole; what comes before and with writing one. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* ERR_NOT_FOUND, ERR_IO, ERR_LIMIT (LIMIT_FILE_BYTES) or ERR_INVALID (not a regular file). */
enum err file_read(struct arena *a, const char *path, struct str *out, struct error *e);
/* The same of a file that nobody but its owner, who is us, may reach: else ERR_DENIED. */
enum err file_read_private(struct arena *a, const char *path, struct str *out, struct error *e);

/* Before long work whose result will be written beside `path` and renamed to it: the folder is there
 * and may be written (ERR_NOT_FOUND, ERR_DENIED), and no link, folder, pipe or device bears the name,
 * which a rename would put a plain file in the place of (ERR_INVALID). */
enum err file_may_be_made(const char *path, struct error *e);

/* The folder that `path` is in, into `out`; false: it has no room. */
bool file_folder(const char *path, char *out, size_t room);
/* A new name is only safe when its folder is on the disk as well. False with errno. */
bool file_sync_folder(const char *path);

/*
 * A file in the making, which bears no name until it is whole: a process that is killed leaves
 * nothing behind. Where the file system has no such files it is written beside, PATH.HEX.part, and
 * that name also stands for the moment from link to rename when something is replaced.
 */
enum { FILE_PATH = 4096 };
struct file_new {
    int fd;     /* -1: closed */
    bool there; /* after file_new_end: the file has its name, whether or not the folder was synced */
    char fresh[FILE_PATH]; /* "" where it has no name */
};
/* In the folder of `path`; with a mode that lets nobody else at it, whatever the umask. False with
 * errno, and nothing to close. */
bool file_new_open(struct file_new *f, const char *path, unsigned mode);
/* On the disk, then under its name (in the same folder), then the folder on the disk. What bears
 * the name is replaced, or else errno is EEXIST. Closed either way. */
bool file_new_end(struct file_new *f, const char *path, bool replace);
void file_new_drop(struct file_new *f); /* not wanted; accepts one that is closed */
/* Open for both, without a name, gone with the process; -1 with errno. */
int file_nameless(const char *folder);

/* All of `s` to an open file, however often the call is cut short; false, and errno, if it fails. */
bool file_write(int fd, struct str s);
/* All of n bytes at a place; false with errno. A file that is shorter than what is asked: EIO. */
bool file_write_at(int fd, const void *p, size_t n, int64_t at);
bool file_read_at(int fd, void *p, size_t n, int64_t at);

#endif
