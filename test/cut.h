/*
 * cut: a child killed (kill -9) at its n-th call that changes files. What a killed process leaves
 * is what its calls did so far, so cutting before each of them in turn tries every state that a
 * kill can leave; with more than one thread, each state of the one that writes. Nothing is built
 * into the program for it: the parent watches the child's calls (ptrace).
 *
 *   pid = fork(); if (pid == 0) { prepare; cut_here(); work; _exit(0); }   cut = cut_child(pid, n);
 */
#ifndef TEST_CUT_H
#define TEST_CUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct cut {
    bool killed;   /* before its call `at` */
    int64_t calls; /* that change files, made or about to be made since cut_here */
    int status;    /* of waitpid; -1: it could not be watched */
};
/* In the child: from here on its calls are counted. It must have one thread only. */
void cut_here(void);
/* In the parent, which has no other child. at 0: lets it end. */
struct cut cut_child(pid_t pid, int64_t at);

#endif
