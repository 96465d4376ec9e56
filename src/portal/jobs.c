/* /jobs, /jobs/{id}: how far long work is. */
#include "portal/jobs.h"

#include <stdarg.h>
#include <stdio.h>

#include "portal/inside.h"

/* --- what the pages say --------------------------------------------------------------------- */

struct str job_state_text(const struct view *v, const struct job *j)
{
    static const enum msg m[JOB_STATES] = {MSG_job_running, MSG_job_finished, MSG_job_failed,
                                           MSG_job_stopped, MSG_job_broken};
    return say(v, m[j->state]);
}

struct str job_what_text(const struct view *v, const struct job *j)
{
    struct str what = str_from(j->what);
    return str_eqz(what, "import")    ? say(v, MSG_job_import)
           : str_eqz(what, "check")   ? say(v, MSG_job_check)
           : str_eqz(what, "compile") ? say(v, MSG_job_compile)
                                      : what;
}

static struct str text(const struct view *v, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static struct str text(const struct view *v, const char *fmt, ...)
{
    char line[128];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    return str_copy(v->arena, str_from(line));
}

struct str job_time_text(const struct view *v, int64_t seconds)
{
    int64_t here = seconds + 8 * 3600;
    char day[11];
    day_format((day_t)(here / 86400), day);
    return text(v, "%s %02d:%02d:%02d", day, (int)(here / 3600 % 24), (int)(here / 60 % 60),
                (int)(here % 60));
}

struct str job_rate_text(const struct view *v, const struct job *j)
{
    return text(v, "%lld.%lld MB/s", (long long)(j->bytes_per_s / 1000000),
                (long long)(j->bytes_per_s / 100000 % 10));
}

struct str job_left_text(const struct view *v, const struct job *j)
{
    if (j->state != JOB_RUNNING || j->seconds_left < 0) {
        return STR("–");
    }
    return text(v, "%lld s", (long long)j->seconds_left);
}

struct str job_share_text(const struct view *v, const struct job *j)
{
    int64_t part = j->bytes < j->total ? j->bytes : j->total;
    return j->total <= 0 ? STR("") : text(v, "%d %%", (int)((double)part * 100 / (double)j->total));
}

/* How far along in quarters: what is read out should not come every other second. */
struct str job_said_text(const struct view *v, const struct job *j)
{
    struct str how = job_state_text(v, j);
    if (j->state == JOB_RUNNING && j->total > 0) {
        double share = (double)(j->bytes < j->total ? j->bytes : j->total) / (double)j->total;
        how = text(v, "%d %%", (int)(share * 4) * 25);
    }
    return say_s(v, MSG_job_said, job_what_text(v, j), how);
}

/* --- handlers ------------------------------------------------------------------------------- */

/* False, and the answer is that there is no such page, unless the portal shows jobs. */
static bool shown(struct handled *h)
{
    struct error e = {0};
    http_set(h->rs, "Cache-Control", STR("no-store"));
    if (h->v.portal->jobs != NULL) {
        return true;
    }
    err_set(&e, ERR_NOT_FOUND, "本服务不展示任务%s", "this server does not show jobs%s", "");
    error_page(h, &e);
    return false;
}

void jobs_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct jobs_page p = {0};
    struct error e = {0};
    struct buf b;
    if (!shown(h)) {
        return;
    }
    if (job_list(v->arena, v->portal->jobs, JOBS_SHOWN, &p.job, &p.n, &e) != OK) {
        error_page(h, &e);
        return;
    }
    if (h->json) {
        struct jsonw w;
        jsonw_init(&w, &h->rs->body, false);
        jsonw_object(&w);
        jsonw_key(&w, "jobs");
        jsonw_array(&w);
        for (int i = 0; i < p.n; i++) {
            job_json(&p.job[i], true, "", &w);
        }
        jsonw_end(&w);
        jsonw_end(&w);
        return;
    }
    for (int i = 0; i < p.n; i++) {
        p.moves |= p.job[i].state == JOB_RUNNING;
    }
    buf_init(&b);
    page_jobs(&b, v->lang, v, &p);
    frame(h, say(v, MSG_jobs_title), &b);
}

void job_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct error e = {0};
    struct job j;
    struct buf b;
    if (!shown(h)) {
        return;
    }
    if (job_read(&j, v->portal->jobs, h->part[1], &e) != OK) {
        if (e.code != ERR_NOT_FOUND) { /* its detail names a file of this machine */
            err_set(&e, ERR_IO, "任务文件不能读取%s", "the file of the job cannot be read%s", "");
        }
        e.file[0] = 0;
        error_page(h, &e);
        return;
    }
    if (h->json) {
        struct jsonw w;
        jsonw_init(&w, &h->rs->body, false);
        job_json(&j, true, "", &w);
        return;
    }
    buf_init(&b);
    page_job(&b, v->lang, v, &j);
    frame(h, say(v, MSG_job_title), &b);
}
