/*
 * crash_vfs: a disk whose power fails. It stands between SQLite and the disk as the default VFS,
 * and (by the linker's --wrap=pwrite and --wrap=fdatasync) between the node files of a log and
 * the disk. Every write goes through, and is remembered until the file is synced. When the power
 * has failed no write, sync or deletion succeeds any more, and crash_settle puts into each file
 * what a disk may hold then: what was synced, and of the rest nothing, all, or in sectors of 512
 * bytes some, in any order, some of them with garbage in place of what was written.
 *
 *   crash_install -> crash_begin -> open, write, close -> crash_settle -> crash_remove -> open
 * again
 *
 * Only files under the folder named at crash_begin are watched.
 */
#ifndef TEST_CRASH_VFS_H
#define TEST_CRASH_VFS_H

#include <stdbool.h>
#include <stdint.h>

void crash_install(void);
void crash_remove(void); /* the VFS that was the default before is so again */

/* From here on everything in the folder counts as being on the disk. The power fails at
 * operation `at` (writes, syncs, truncations, deletions from 1 on), or at crash_now or
 * crash_settle. */
void crash_begin(const char *folder, uint64_t seed, uint64_t at);
/* A disk that says it has synced the node files and has not. */
void crash_lie(bool lying);
void crash_now(void);
bool crash_happened(void);
/* After everything is closed. */
void crash_settle(void);

/* What has been done to files since the program began; a test in which one stays 0 tests
 * nothing. */
struct crash_counts {
    uint64_t cuts;      /* power failures while something was being written */
    uint64_t dropped;   /* sectors that never arrived */
    uint64_t torn;      /* writes of which some sectors arrived and some did not */
    uint64_t reordered; /* writes that arrived before an older one */
    uint64_t garbled;   /* sectors with other bytes than were written */
    uint64_t vanished;  /* new files of which the folder knew nothing */
    uint64_t returned;  /* deleted files that were there again */
    uint64_t nodes;     /* node files among those with unsynced writes */
};
struct crash_counts crash_counts(void);

#endif
