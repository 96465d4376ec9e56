/* Files that are there whole or not at all: killed before each of their calls, with files that have
 * no name and where the file system has none. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "cut.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { TMPFILE = 020000000 /* the bit of O_TMPFILE that no other flag has */ };

static char folder[] = "/tmp/fumao-file-XXXXXX", path[64];
static bool has_nameless; /* here */

static int setup(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/x", folder);
    int fd = open(folder, TMPFILE | O_DIRECTORY | O_RDWR, 0600);
    has_nameless = fd >= 0;
    if (fd >= 0)
        close(fd);
    return 0;
}

/* Names in the folder but x; they are taken away. */
static int sweep(void)
{
    int n = 0;
    DIR *d = opendir(folder);
    for (struct dirent *f; (f = readdir(d)) != NULL;) {
        if (f->d_name[0] == '.' || strcmp(f->d_name, "x") == 0)
            continue;
        assert_int_equal(unlinkat(dirfd(d), f->d_name, 0), 0);
        n++;
    }
    closedir(d);
    return n;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    sweep();
    return rmdir(folder);
}

static bool put(const char *text, bool replace)
{
    struct file_new f;
    bool well = file_new_open(&f, path, 0600) && file_write(f.fd, str_from(text)) &&
                file_new_end(&f, path, replace);
    int why = errno;
    file_new_drop(&f);
    errno = why;
    return well;
}

static bool holds(const char *text)
{
    struct arena a;
    struct str s;
    arena_init(&a);
    bool well = file_read(&a, path, &s, NULL) == OK && str_eqz(s, text);
    arena_finish(&a);
    return well;
}

/* As on a file system that has no files without a name. */
static void without_nameless(void)
{
    struct sock_filter rule[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, TMPFILE, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog all = {sizeof rule / sizeof *rule, rule};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all) != 0)
        _exit(9);
}

struct cuts {
    int old, new, left; /* children that were cut and left this */
};

/* A child puts "new", where `old` is unless it is NULL, and is killed before each change in turn. */
static struct cuts cut_each(const char *old, bool replace, bool nameless)
{
    struct cuts n = {0};
    bool killed = true;
    for (int64_t at = 1; killed; at++) {
        unlink(path);
        if (old != NULL)
            assert_true(put(old, true));
        assert_int_equal(sweep(), 0);
        pid_t pid = fork();
        if (pid == 0) {
            if (!nameless)
                without_nameless();
            cut_here();
            _exit(put("new", replace) ? 0 : 3);
        }
        struct cut c = cut_child(pid, at);
        killed = c.killed;
        int left = sweep();
        assert_true(left <= 1);
        if (!killed) { /* it came to its end */
            assert_int_equal(c.status, 0);
            assert_true(left == 0 && holds("new"));
        }
        bool is_old = old != NULL ? holds(old) : access(path, F_OK) != 0;
        assert_true(is_old || holds("new"));
        assert_false(is_old && n.new > 0);
        n.old += killed && is_old;
        n.new += killed && !is_old;
        n.left += left;
    }
    print_message("cut off: %d old, %d new, %d with something left\n", n.old, n.new, n.left);
    return n;
}

static void nothing_is_left(void **state)
{
    (void)state;
    if (!has_nameless)
        skip();
    struct cuts n = cut_each(NULL, false, true);
    assert_true(n.old > 2 && n.new > 0 && n.left == 0);
    n = cut_each(NULL, true, true);
    assert_true(n.old > 2 && n.new > 0 && n.left == 0);
    n = cut_each("old", true, true);
    assert_true(n.old > 2 && n.new > 0 && n.left == 1); /* between link and rename */
}

static void with_a_name(void **state)
{
    (void)state;
    struct cuts n = cut_each("old", true, false);
    assert_true(n.old > 2 && n.new > 0 && n.left > 1);
    n = cut_each(NULL, false, false);
    assert_true(n.old > 2 && n.new > 0 && n.left > 1);
}

/* 0: as it must be. In a child, because a filter cannot be taken away again. */
static int refusals(bool nameless)
{
    struct stat st;
    struct file_new f;
    if (!nameless)
        without_nameless();
    umask(0277);
    unlink(path);
    if (!put("one", false) || stat(path, &st) != 0 || (st.st_mode & 07777) != 0600)
        return 1;
    if (put("two", false) || errno != EEXIST || !holds("one"))
        return 2;
    if (!put("two", true) || !holds("two"))
        return 3;
    if (file_new_open(&f, "/nowhere/x", 0600) || errno != ENOENT || f.fd != -1)
        return 4;
    if (!file_new_open(&f, path, 0600))
        return 5;
    file_new_drop(&f);
    file_new_drop(&f);
    int fd = file_nameless(folder);
    if (fd < 0 || !file_write_at(fd, "x", 1, 0) || fstat(fd, &st) != 0 || st.st_nlink != 0)
        return 6;
    return holds("two") && sweep() == 0 ? 0 : 7;
}

static void refused(void **state)
{
    (void)state;
    for (int nameless = 0; nameless < 2; nameless++) {
        int status;
        pid_t pid = fork();
        if (pid == 0)
            _exit(refusals(nameless));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_left),
                                       cmocka_unit_test(with_a_name), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
