/* portal, inside: what the pages of jobs show (declaration/job.h). They are for the desk: served
 * only when the portal is told a folder of jobs, and without files, errors or processes. */
#ifndef PORTAL_JOBS_H
#define PORTAL_JOBS_H

#include "declaration/job.h"
#include "portal/view.h"

/* A script looks every JOBS_POLL_S for what has moved; without one a reader loads the page anew. */
enum { JOBS_SHOWN = 100, JOBS_POLL_S = 3 };

struct jobs_page { /* the newest first */
    int n;
    struct job *job;
    bool moves; /* one of them at least */
};

void page_jobs(struct buf *b, enum lang lang, const struct view *v, const struct jobs_page *p);
void page_job(struct buf *b, enum lang lang, const struct view *v, const struct job *j);
struct str job_state_text(const struct view *v, const struct job *j);
struct str job_what_text(const struct view *v, const struct job *j);
struct str job_time_text(const struct view *v, int64_t seconds); /* of +08:00 */
struct str job_rate_text(const struct view *v, const struct job *j);
struct str job_left_text(const struct view *v, const struct job *j);
struct str job_said_text(const struct view *v, const struct job *j); /* to be read out */
struct str job_share_text(const struct view *v, const struct job *j); /* "12 %"; empty: unknown */

#endif
