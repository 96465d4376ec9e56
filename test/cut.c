#define _GNU_SOURCE /* __WALL */
#include "cut.h"

#include <signal.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Those without an argument of open flags; an open that makes a file counts as any other open. */
static const long changing[] = {
    SYS_write,    SYS_pwrite64, SYS_writev,    SYS_pwritev,   SYS_openat,   SYS_unlinkat,
    SYS_mkdirat,  SYS_linkat,   SYS_renameat2, SYS_ftruncate, SYS_fsync,    SYS_fdatasync,
    SYS_fallocate, SYS_fchmod,
#ifdef SYS_open /* x86-64 has the older ones too */
    SYS_open,     SYS_creat,    SYS_unlink,    SYS_rmdir,     SYS_mkdir,    SYS_link,
    SYS_rename,
#endif
};

void cut_here(void)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(99);
    raise(SIGSTOP);
}

static bool changes_files(pid_t thread)
{
    struct __ptrace_syscall_info i;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, (void *)sizeof i, &i) <= 0 ||
        i.op != PTRACE_SYSCALL_INFO_ENTRY)
        return false;
    for (size_t k = 0; k < sizeof changing / sizeof *changing; k++)
        if (i.entry.nr == (uint64_t)changing[k])
            return true;
    return false;
}

static bool begin(pid_t pid, int *status)
{
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
    if (waitpid(pid, status, 0) != pid || !WIFSTOPPED(*status))
        return false; /* it ended, and its status says how */
    if (ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)options) == 0 &&
        ptrace(PTRACE_SYSCALL, pid, NULL, NULL) == 0)
        return true;
    kill(pid, SIGKILL);
    waitpid(pid, status, 0);
    *status = -1;
    return false;
}

struct cut cut_child(pid_t pid, int64_t at)
{
    struct cut c = {0};
    int status;
    if (!begin(pid, &c.status))
        return c;
    for (;;) {
        pid_t thread = waitpid(-1, &status, __WALL);
        if (thread < 0)
            status = -1;
        if (thread < 0 || (thread == pid && !WIFSTOPPED(status)))
            break; /* the first thread's end is told last */
        if (!WIFSTOPPED(status) || c.killed)
            continue;
        int sig = WSTOPSIG(status);
        bool call = sig == (SIGTRAP | 0x80);
        if (call && changes_files(thread) && ++c.calls == at) {
            c.killed = kill(pid, SIGKILL) == 0; /* stopped on entry: this call is not made */
            continue;
        }
        /* A new thread begins with SIGSTOP, and its maker tells of it with SIGTRAP. */
        bool ours = call || sig == SIGTRAP || sig == SIGSTOP;
        ptrace(PTRACE_SYSCALL, thread, NULL, (void *)(intptr_t)(ours ? 0 : sig));
    }
    c.status = status;
    return c;
}
