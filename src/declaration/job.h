/* job: long work that goes on by itself, and the small file that tells how far it is. STORE.jobs/ID
 * .json is rewritten whole, at most four times a second; STORE.jobs/ID.out holds what the work says
 * on standard output, and is locked as long as its process lives: a job that is not over and whose
 * lock is free is broken. Folder 0700, files 0600. A job says nothing about what it works on. */
#ifndef DECLARATION_JOB_H
#define DECLARATION_JOB_H

#include "base/base.h"

enum { JOB_ID = 40, JOB_PATH = 700, JOBS_KEPT = 100, JOB_WRITES_PER_S = 4 };
enum job_state { JOB_RUNNING, JOB_FINISHED, JOB_FAILED, JOB_STOPPED, JOB_BROKEN, JOB_STATES };
const char *job_state_name(enum job_state s);

struct job {
    char id[JOB_ID + 1];   /* letters, digits and hyphens; later jobs come later in order */
    char what[32];         /* "import" ... */
    char error[640];       /* of a failed one; empty: none */
    enum job_state state;
    int64_t started, updated; /* seconds since 1970 */
    int64_t rows, bytes, total, rejects; /* total 0: not known */
    int64_t rows_per_s, bytes_per_s;
    int64_t seconds_left;  /* -1: not known */
    int64_t pid;
    int status;            /* exit status, once it is over */
};
bool job_id_valid(struct str id);
/* FOLDER/ID and an ending (".json", ".out", ".err"). */
void job_path(char out[JOB_PATH], const char *folder, const char *id, const char *ending);
/* Whole or not at all. ERR_IO. */
enum err job_write(const struct job *j, const char *folder, struct error *e);
/* ERR_NOT_FOUND; a job without a process that says it is running is given as broken. */
enum err job_read(struct job *out, const char *folder, struct str id, struct error *e);
/* The newest first, at most `most`. A folder that is not there has none. */
enum err job_list(struct arena *a, const char *folder, int most, struct job **out, int *n,
                  struct error *e);
/* Takes away files of jobs that are over, beyond the newest JOBS_KEPT of them. */
void job_tidy(const char *folder);
/* For the command line and the page; without what a stranger must not see when `closed`: error,
 * process and files. */
void job_json(const struct job *j, bool closed, const char *folder, struct jsonw *w);

#endif
