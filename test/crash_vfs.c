#include "crash_vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

enum { IMAGES = 16, SECTOR = 512 };

struct op { /* a write, or a truncation to `at` when data is NULL */
    uint64_t at;
    size_t n;
    uint8_t *data;
};

/* A file as the disk has it for certain, and what has been done to it since. */
struct image {
    char path[512];
    ino_t inode; /* node files only: they are known by their descriptor */
    struct buf disk;
    struct op *op;
    int n_ops, room;
    bool named;       /* the folder has it for certain */
    bool gone;        /* deleted */
    bool has_ghost;   /* deleted, and perhaps the folder does not know that */
    struct buf ghost; /* what was on the disk then */
};

static struct {
    pthread_mutex_t lock;
    sqlite3_vfs vfs, *real;
    char folder[400];
    struct image image[IMAGES];
    int n;
    struct rng rng;
    uint64_t at, done;
    bool watching, dead, lying;
    struct crash_counts counts;
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- what is remembered of a file --------------------------------------------------------- */

static void forget_ops(struct image *f)
{
    for (int i = 0; i < f->n_ops; i++)
        free(f->op[i].data);
    f->n_ops = 0;
}

static void forget(struct image *f)
{
    forget_ops(f);
    free(f->op);
    buf_finish(&f->disk);
    buf_finish(&f->ghost);
    memset(f, 0, sizeof *f);
}

static void load(const char *path, struct buf *out)
{
    char block[65536];
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    buf_clear(out);
    while (fd >= 0 && (n = read(fd, block, sizeof block)) > 0)
        buf_put(out, block, (size_t)n);
    if (fd >= 0)
        close(fd);
}

static struct image *find(const char *path)
{
    for (int i = 0; i < disk.n; i++)
        if (strcmp(disk.image[i].path, path) == 0)
            return &disk.image[i];
    return NULL;
}

static struct image *watch(const char *path, bool existed)
{
    struct image *f = find(path);
    if (f == NULL) {
        check(disk.n < IMAGES);
        f = &disk.image[disk.n++];
        snprintf(f->path, sizeof f->path, "%s", path);
        f->named = existed;
        if (existed)
            load(path, &f->disk);
    }
    f->gone = false; /* made anew, perhaps before the folder knew that the old one was gone */
    return f;
}

static void remember(struct image *f, uint64_t at, const void *data, size_t n)
{
    if (f->n_ops == f->room) {
        f->room = f->room == 0 ? 64 : 2 * f->room;
        f->op = realloc(f->op, (size_t)f->room * sizeof *f->op);
        check(f->op != NULL);
    }
    uint8_t *copy = NULL;
    if (data != NULL) {
        copy = malloc(n + 1);
        check(copy != NULL);
        memcpy(copy, data, n);
    }
    f->op[f->n_ops++] = (struct op){at, n, copy};
}

static void put(struct buf *b, uint64_t at, const uint8_t *p, size_t n)
{
    while (b->n < at + n)
        buf_char(b, 0);
    memcpy(b->p + at, p, n);
}

static void cut(struct buf *b, uint64_t at)
{
    while (b->n < at)
        buf_char(b, 0);
    b->n = (size_t)at;
}

static void sync_image(struct image *f)
{
    for (int i = 0; i < f->n_ops; i++)
        if (f->op[i].data == NULL)
            cut(&f->disk, f->op[i].at);
        else
            put(&f->disk, f->op[i].at, f->op[i].data, f->op[i].n);
    forget_ops(f);
    f->named = true;
    f->has_ghost = false;
}

/* Counts an operation. False: the power is gone, at this one or before. */
static bool powered(void)
{
    if (disk.dead)
        return false;
    disk.done++;
    if (disk.at != 0 && disk.done >= disk.at) {
        disk.dead = true;
        disk.counts.cuts++;
    }
    return !disk.dead;
}

/* --- what is left of a file --------------------------------------------------------------- */

enum way { NOTHING, ALL, SOME, SOME_IN_ANY_ORDER, SOME_WITH_GARBAGE, WAYS };

static bool chance(uint32_t of)
{
    return rng_below(&disk.rng, of) == 0;
}

/* One write, sector by sector. */
static void arrive(struct image *f, const struct op *o, enum way way)
{
    uint64_t lost = 0, came = 0;
    uint32_t keep = way == ALL ? 8 : rng_below(&disk.rng, 9); /* of 8 sectors */
    for (size_t from = 0, n; from < o->n; from += n) {
        n = SECTOR - (o->at + from) % SECTOR;
        n = n < o->n - from ? n : o->n - from;
        if (rng_below(&disk.rng, 8) >= keep) {
            lost++;
            continue;
        }
        came++;
        put(&f->disk, o->at + from, o->data + from, n);
        if (way != SOME_WITH_GARBAGE || !chance(4))
            continue;
        disk.counts.garbled++;
        for (size_t i = 0; i < n; i++)
            f->disk.p[o->at + from + i] = (char)rng_next(&disk.rng);
    }
    disk.counts.dropped += lost;
    disk.counts.torn += lost > 0 && came > 0;
}

/* Sectors of different writes have no order; the length of a file is kept in order. */
static void shuffle(struct image *f)
{
    for (int i = 1; i < f->n_ops; i++) {
        int j = i;
        while (j > 0 && f->op[j].data != NULL && f->op[j - 1].data != NULL && chance(2)) {
            struct op o = f->op[j];
            f->op[j] = f->op[j - 1];
            f->op[--j] = o;
        }
        disk.counts.reordered += j != i;
    }
}

static void decay(struct image *f)
{
    enum way way = (enum way)rng_below(&disk.rng, WAYS);
    disk.counts.nodes += f->inode != 0 && f->n_ops > 0;
    if (way >= SOME_IN_ANY_ORDER)
        shuffle(f);
    for (int i = 0; i < f->n_ops; i++) {
        if (way == NOTHING)
            disk.counts.dropped += 1 + f->op[i].n / SECTOR;
        else if (f->op[i].data != NULL)
            arrive(f, &f->op[i], way);
        else if (way == ALL || chance(2))
            cut(&f->disk, f->op[i].at);
    }
    forget_ops(f);
}

static void write_out(const struct image *f, const struct buf *b)
{
    int fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    check(fd >= 0);
    for (size_t done = 0; done < b->n;) {
        ssize_t n = write(fd, b->p + done, b->n - done);
        check(n > 0);
        done += (size_t)n;
    }
    close(fd);
}

/* SQLite syncs the folder of files that it needs; nobody does for the node files. */
static bool still_there(const struct image *f)
{
    return !f->gone && (f->named || !chance(f->inode != 0 ? 4 : 2));
}

static void settle(struct image *f)
{
    decay(f);
    if (still_there(f)) {
        write_out(f, &f->disk);
    } else if (f->has_ghost && chance(2)) {
        disk.counts.returned++;
        write_out(f, &f->ghost);
    } else {
        disk.counts.vanished += !f->gone;
        unlink(f->path);
    }
    char shared[600]; /* memory shared by processes that are no more */
    snprintf(shared, sizeof shared, "%s-shm", f->path);
    unlink(shared);
}

/* --- SQLite's side ------------------------------------------------------------------------ */

struct file {
    sqlite3_file base;
    struct image *image; /* NULL: not watched */
    sqlite3_file *real;
};

#define REAL(f) (((struct file *)(f))->real)
#define PASS(f, method, ...) (REAL(f)->pMethods->method(REAL(f), ##__VA_ARGS__))

static int disk_close(sqlite3_file *f)
{
    return PASS(f, xClose);
}

static int disk_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    return PASS(f, xRead, p, n, at);
}

static int disk_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    struct image *i = ((struct file *)f)->image;
    bool ok = true;
    pthread_mutex_lock(&disk.lock);
    if (i != NULL && !disk.dead) {
        ok = powered();
        remember(i, (uint64_t)at, p, (size_t)n);
    } else if (i != NULL) {
        ok = false;
    }
    pthread_mutex_unlock(&disk.lock);
    return ok ? PASS(f, xWrite, p, n, at) : SQLITE_IOERR_WRITE;
}

static int disk_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    struct image *i = ((struct file *)f)->image;
    pthread_mutex_lock(&disk.lock);
    bool ok = i == NULL || powered();
    if (i != NULL && ok)
        remember(i, (uint64_t)size, NULL, 0);
    pthread_mutex_unlock(&disk.lock);
    return ok ? PASS(f, xTruncate, size) : SQLITE_IOERR_TRUNCATE;
}

static int disk_sync(sqlite3_file *f, int flags)
{
    struct image *i = ((struct file *)f)->image;
    (void)flags;
    pthread_mutex_lock(&disk.lock);
    bool ok = i == NULL || powered();
    if (i != NULL && ok)
        sync_image(i);
    pthread_mutex_unlock(&disk.lock);
    return ok ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

static int disk_size(sqlite3_file *f, sqlite3_int64 *n)
{
    return PASS(f, xFileSize, n);
}

static int disk_lock(sqlite3_file *f, int level)
{
    return PASS(f, xLock, level);
}

static int disk_unlock(sqlite3_file *f, int level)
{
    return PASS(f, xUnlock, level);
}

static int disk_reserved(sqlite3_file *f, int *out)
{
    return PASS(f, xCheckReservedLock, out);
}

static int disk_control(sqlite3_file *f, int what, void *arg)
{
    return PASS(f, xFileControl, what, arg);
}

static int disk_sector(sqlite3_file *f)
{
    return PASS(f, xSectorSize);
}

static int disk_traits(sqlite3_file *f)
{
    return PASS(f, xDeviceCharacteristics);
}

static int disk_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **p)
{
    return PASS(f, xShmMap, page, size, extend, p);
}

static int disk_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    return PASS(f, xShmLock, at, n, flags);
}

static void disk_shm_barrier(sqlite3_file *f)
{
    PASS(f, xShmBarrier);
}

static int disk_shm_unmap(sqlite3_file *f, int delete)
{
    return PASS(f, xShmUnmap, delete);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2, /* no memory map: it would go past us */
    .xClose = disk_close,
    .xRead = disk_read,
    .xWrite = disk_write,
    .xTruncate = disk_truncate,
    .xSync = disk_sync,
    .xFileSize = disk_size,
    .xLock = disk_lock,
    .xUnlock = disk_unlock,
    .xCheckReservedLock = disk_reserved,
    .xFileControl = disk_control,
    .xSectorSize = disk_sector,
    .xDeviceCharacteristics = disk_traits,
    .xShmMap = disk_shm_map,
    .xShmLock = disk_shm_lock,
    .xShmBarrier = disk_shm_barrier,
    .xShmUnmap = disk_shm_unmap,
};

static bool watched(const char *path)
{
    return disk.watching && path != NULL && strncmp(path, disk.folder, strlen(disk.folder)) == 0;
}

static int vfs_open(sqlite3_vfs *v, const char *path, sqlite3_file *file, int flags, int *out)
{
    struct file *f = (struct file *)file;
    (void)v;
    memset(f, 0, sizeof *f);
    f->real = (sqlite3_file *)(void *)(f + 1);
    pthread_mutex_lock(&disk.lock);
    bool ours = watched(path), existed = ours && access(path, F_OK) == 0;
    bool refuse = ours && disk.dead && !existed;
    pthread_mutex_unlock(&disk.lock);
    if (refuse)
        return SQLITE_CANTOPEN;
    int r = disk.real->xOpen(disk.real, path, f->real, flags, out);
    if (r != SQLITE_OK)
        return r;
    f->base.pMethods = &methods;
    pthread_mutex_lock(&disk.lock);
    f->image = ours ? watch(path, existed) : NULL;
    pthread_mutex_unlock(&disk.lock);
    return r;
}

static int vfs_delete(sqlite3_vfs *v, const char *path, int sync)
{
    bool ok = true;
    (void)v;
    pthread_mutex_lock(&disk.lock);
    struct image *f = watched(path) ? find(path) : NULL;
    if (watched(path))
        ok = powered();
    if (f != NULL && ok) {
        forget_ops(f);
        if (!sync && f->named) {
            buf_clear(&f->ghost);
            buf_str(&f->ghost, buf_view(&f->disk));
        }
        f->has_ghost = !sync && (f->named || f->has_ghost);
        buf_clear(&f->disk);
        f->named = false;
        f->gone = true;
    }
    pthread_mutex_unlock(&disk.lock);
    return ok ? disk.real->xDelete(disk.real, path, sync) : SQLITE_IOERR_DELETE;
}

void crash_install(void)
{
    disk.real = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.real;
    disk.vfs.pNext = NULL;
    disk.vfs.zName = "crash";
    disk.vfs.szOsFile = (int)sizeof(struct file) + disk.real->szOsFile;
    disk.vfs.xOpen = vfs_open;
    disk.vfs.xDelete = vfs_delete;
    check(sqlite3_vfs_register(&disk.vfs, 1) == SQLITE_OK);
}

void crash_remove(void)
{
    check(sqlite3_vfs_unregister(&disk.vfs) == SQLITE_OK);
    check(sqlite3_vfs_register(disk.real, 1) == SQLITE_OK);
}

/* --- the node files' side ----------------------------------------------------------------- */

ssize_t __real_pwrite64(int fd, const void *p, size_t n, off_t at);
int __real_fdatasync(int fd);
ssize_t __wrap_pwrite64(int fd, const void *p, size_t n, off_t at);
ssize_t __wrap_pwrite(int fd, const void *p, size_t n, off_t at);
int __wrap_fdatasync(int fd);

/* By descriptor; NULL for files that are not watched. */
static struct image *node_file(int fd)
{
    char link[64], path[512];
    struct stat st;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return NULL;
    path[n] = 0;
    if (!watched(path))
        return NULL;
    struct image *f = watch(path, st.st_size > 0);
    f->inode = st.st_ino;
    return f;
}

ssize_t __wrap_pwrite64(int fd, const void *p, size_t n, off_t at)
{
    pthread_mutex_lock(&disk.lock);
    struct image *f = disk.watching ? node_file(fd) : NULL;
    bool ok = true;
    if (f != NULL && !disk.dead) {
        ok = powered();
        remember(f, (uint64_t)at, p, n);
    } else if (f != NULL) {
        ok = false;
    }
    pthread_mutex_unlock(&disk.lock);
    if (ok)
        return __real_pwrite64(fd, p, n, at);
    errno = EIO;
    return -1;
}

ssize_t __wrap_pwrite(int fd, const void *p, size_t n, off_t at)
{
    return __wrap_pwrite64(fd, p, n, at);
}

int __wrap_fdatasync(int fd)
{
    pthread_mutex_lock(&disk.lock);
    struct image *f = disk.watching ? node_file(fd) : NULL;
    bool ok = f == NULL || powered();
    if (f != NULL && ok && !disk.lying) {
        bool named = f->named; /* its contents are safe, its name is not */
        sync_image(f);
        f->named = named;
    }
    pthread_mutex_unlock(&disk.lock);
    if (ok)
        return f != NULL ? 0 : __real_fdatasync(fd);
    errno = EIO;
    return -1;
}

/* --- the test's side ---------------------------------------------------------------------- */

void crash_begin(const char *folder, uint64_t seed, uint64_t at)
{
    snprintf(disk.folder, sizeof disk.folder, "%s/", folder);
    rng_seed(&disk.rng, seed);
    for (int i = 0; i < disk.n; i++)
        forget(&disk.image[i]);
    disk.n = 0;
    disk.at = at;
    disk.done = 0;
    disk.dead = disk.lying = false;
    disk.watching = true;
}

void crash_lie(bool lying)
{
    disk.lying = lying;
}

void crash_now(void)
{
    pthread_mutex_lock(&disk.lock);
    disk.counts.cuts += !disk.dead;
    disk.dead = true;
    pthread_mutex_unlock(&disk.lock);
}

bool crash_happened(void)
{
    return disk.dead;
}

void crash_settle(void)
{
    disk.watching = false;
    for (int i = 0; i < disk.n; i++) {
        settle(&disk.image[i]);
        forget(&disk.image[i]);
    }
    disk.n = 0;
    disk.dead = false;
}

struct crash_counts crash_counts(void)
{
    return disk.counts;
}
