/* Work that goes on when the terminal is let go of: see declaration/job.h for what is on disk. */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include "cli/internal.h"
#include "declaration/intake.h"
#include "declaration/job.h"

/* With --job: `run` in a process of its own, which is followed; gives its exit status, or 0 when
 * the terminal lets go of it (Ctrl-C). Without: run(a). Call it before anything is opened. */
int job_or_here(const struct args *a, const char *what, int (*run)(const struct args *a));
/* Within a job: writes how far it is. False: it is to stop. Without a job: true. */
bool job_progress(const struct intake_progress *p);
/* STORE.jobs of --store. */
enum err job_folder(const struct args *a, char out[JOB_PATH], struct error *e);

#endif
