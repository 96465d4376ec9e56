#include "declaration/job.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static const char *const state_name[JOB_STATES] = {"running", "finished", "failed", "stopped",
                                                   "broken"};

const char *job_state_name(enum job_state s)
{
    return state_name[s];
}

bool job_id_valid(struct str id)
{
    for (size_t i = 0; i < id.n; i++)
        if (!((id.p[i] >= '0' && id.p[i] <= '9') || (id.p[i] >= 'a' && id.p[i] <= 'z') ||
              (id.p[i] >= 'A' && id.p[i] <= 'Z') || (i > 0 && id.p[i] == '-')))
            return false;
    return id.n > 0 && id.n <= JOB_ID;
}

void job_path(char out[JOB_PATH], const char *folder, const char *id, const char *ending)
{
    snprintf(out, JOB_PATH, "%.600s/%.40s%s", folder, id, ending);
}

void job_json(const struct job *j, bool closed, const char *folder, struct jsonw *w)
{
    char path[JOB_PATH];
    jsonw_object(w);
    jsonw_kz(w, "id", j->id);
    jsonw_kz(w, "what", j->what);
    jsonw_kz(w, "state", job_state_name(j->state));
    jsonw_kint(w, "started", j->started);
    jsonw_kint(w, "updated", j->updated);
    jsonw_kint(w, "rows", j->rows);
    jsonw_kint(w, "bytes", j->bytes);
    jsonw_kint(w, "total", j->total);
    jsonw_kint(w, "rejects", j->rejects);
    jsonw_kint(w, "rows_per_s", j->rows_per_s);
    jsonw_kint(w, "bytes_per_s", j->bytes_per_s);
    jsonw_kint(w, "seconds_left", j->seconds_left);
    jsonw_kint(w, "status", j->status);
    if (!closed) {
        job_path(path, folder, j->id, ".out");
        jsonw_kz(w, "error", j->error[0] ? j->error : NULL);
        jsonw_kz(w, "output", path);
        jsonw_kint(w, "pid", j->pid);
    }
    jsonw_end(w);
}

/* --- writing -------------------------------------------------------------------------------- */

enum err job_write(const struct job *j, const char *folder, struct error *e)
{
    char path[JOB_PATH], part[JOB_PATH];
    struct jsonw w;
    struct buf b;
    job_path(path, folder, j->id, ".json");
    job_path(part, folder, j->id, ".json.part");
    buf_init(&b);
    jsonw_init(&w, &b, false);
    job_json(j, false, folder, &w);
    buf_char(&b, '\n');
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool well = fd >= 0 && write(fd, b.p, b.n) == (ssize_t)b.n;
    if (fd >= 0)
        well = close(fd) == 0 && well;
    buf_finish(&b);
    if (well && rename(part, path) == 0)
        return OK;
    return err_set(e, ERR_IO, "无法写入 %s：%s", "cannot write %s: %s", path, strerror(errno));
}

/* --- reading -------------------------------------------------------------------------------- */

static const struct member {
    const char *name;
    size_t at;
} numbers[] = {{"started", offsetof(struct job, started)},
               {"updated", offsetof(struct job, updated)},
               {"rows", offsetof(struct job, rows)},
               {"bytes", offsetof(struct job, bytes)},
               {"total", offsetof(struct job, total)},
               {"rejects", offsetof(struct job, rejects)},
               {"rows_per_s", offsetof(struct job, rows_per_s)},
               {"bytes_per_s", offsetof(struct job, bytes_per_s)},
               {"seconds_left", offsetof(struct job, seconds_left)},
               {"pid", offsetof(struct job, pid)}};

static bool keep(char *out, size_t room, struct str s)
{
    if (s.n >= room)
        return false;
    memcpy(out, s.p, s.n);
    out[s.n] = 0;
    return true;
}

static bool read_text(struct job *j, struct str name, struct str s)
{
    if (str_eqz(name, "id"))
        return keep(j->id, sizeof j->id, s);
    if (str_eqz(name, "what"))
        return keep(j->what, sizeof j->what, s);
    if (str_eqz(name, "error"))
        return keep(j->error, sizeof j->error, s);
    if (!str_eqz(name, "state"))
        return true; /* what a later program writes is passed over */
    for (int i = 0; i < JOB_STATES; i++)
        if (str_eqz(s, state_name[i])) {
            j->state = (enum job_state)i;
            return true;
        }
    return false;
}

static bool read_number(struct job *j, struct str name, struct str digits)
{
    int64_t v;
    if (!str_int(digits, &v))
        return false;
    if (str_eqz(name, "status"))
        j->status = (int)v;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (str_eqz(name, numbers[i].name))
            memcpy((char *)j + numbers[i].at, &v, sizeof v);
    return true;
}

static bool parse(struct job *j, struct str text, struct arena *a)
{
    struct jsonr r;
    struct str name, s;
    bool first = true, well = true;
    jsonr_init(&r, text, a);
    if (!jsonr_open(&r))
        return false;
    while (well && jsonr_member(&r, &first, &name)) {
        enum jsonr_kind kind = jsonr_peek(&r);
        if (kind == JSONR_STRING)
            well = jsonr_string(&r, &s) && read_text(j, name, s);
        else if (kind == JSONR_NUMBER)
            well = jsonr_number(&r, &s) && read_number(j, name, s);
        else
            well = jsonr_skip(&r);
    }
    return well && jsonr_at_end(&r);
}

/* Only the job's own process holds the lock, and no longer than it lives. */
static bool process_gone(const char *folder, const char *id)
{
    char path[JOB_PATH];
    job_path(path, folder, id, ".out");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return true;
    bool gone = flock(fd, LOCK_SH | LOCK_NB) == 0;
    close(fd);
    return gone;
}

static enum err read_once(struct job *out, const char *folder, struct str id, struct error *e)
{
    char path[JOB_PATH], name[JOB_ID + 1];
    struct arena a;
    struct str text;
    memset(out, 0, sizeof *out);
    if (!job_id_valid(id) || !keep(name, sizeof name, id))
        return err_set(e, ERR_NOT_FOUND, "没有任务 %.*s", "there is no job %.*s", STR_ARG(id));
    job_path(path, folder, name, ".json");
    arena_init(&a);
    enum err r = file_read(&a, path, &text, e);
    if (r == ERR_NOT_FOUND)
        err_set(e, ERR_NOT_FOUND, "没有任务 %.*s", "there is no job %.*s", STR_ARG(id));
    if (r == OK && (!parse(out, text, &a) || !str_eqz(id, out->id)))
        r = err_set(e, ERR_INVALID, "%s 不是任务文件", "%s is not the file of a job", path);
    arena_finish(&a);
    return r;
}

enum err job_read(struct job *out, const char *folder, struct str id, struct error *e)
{
    TRY(read_once(out, folder, id, e));
    if (out->state != JOB_RUNNING || !process_gone(folder, out->id))
        return OK;
    TRY(read_once(out, folder, id, e)); /* it may have ended between the two */
    if (out->state == JOB_RUNNING)
        out->state = JOB_BROKEN;
    return OK;
}

static int newest_first(const void *x, const void *y)
{
    return strcmp(*(const char *const *)y, *(const char *const *)x);
}

/* Ids in the folder, the newest first. */
static int ids(struct arena *a, const char *folder, char ***out)
{
    DIR *d = opendir(folder);
    int n = 0, room = 64;
    *out = ARENA_ARRAY(a, char *, 64);
    if (d == NULL)
        return 0;
    for (struct dirent *f; (f = readdir(d)) != NULL;) {
        struct str ending, id = str_cut(str_from(f->d_name), '.', &ending);
        if (!str_eqz(ending, "json") || !job_id_valid(id))
            continue;
        if (n == room) {
            char **more = ARENA_ARRAY(a, char *, (size_t)room * 2);
            memcpy(more, *out, (size_t)room * sizeof *more);
            *out = more;
            room *= 2;
        }
        char *copy = arena_alloc(a, id.n + 1);
        memcpy(copy, id.p, id.n);
        copy[id.n] = 0;
        (*out)[n++] = copy;
    }
    closedir(d);
    sort_by(*out, (size_t)n, sizeof **out, newest_first);
    return n;
}

enum err job_list(struct arena *a, const char *folder, int most, struct job **out, int *n,
                  struct error *e)
{
    char **id;
    int found = ids(a, folder, &id);
    (void)e;
    *n = 0;
    *out = ARENA_ARRAY(a, struct job, (size_t)(found < most ? found : most) + 1);
    for (int i = 0; i < found && *n < most; i++) /* one that goes meanwhile is passed over */
        if (job_read(&(*out)[*n], folder, str_from(id[i]), NULL) == OK)
            ++*n;
    return OK;
}

void job_tidy(const char *folder)
{
    static const char *const endings[] = {".json", ".out", ".err", ".json.part"};
    struct arena a;
    struct job j;
    char **id, path[JOB_PATH];
    int over = 0;
    arena_init(&a);
    int n = ids(&a, folder, &id);
    for (int i = 0; i < n; i++) {
        if (job_read(&j, folder, str_from(id[i]), NULL) != OK || j.state == JOB_RUNNING ||
            ++over <= JOBS_KEPT)
            continue;
        for (size_t k = 0; k < sizeof endings / sizeof *endings; k++) {
            job_path(path, folder, id[i], endings[k]);
            unlink(path);
        }
    }
    arena_finish(&a);
}
