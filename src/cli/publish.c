/* COMMAND: list publish. */
#include "cli/lint.h"
#include "compare/diff.h"

#include <stdio.h>
#include <unistd.h>

/* What publishing would do, as records and in cells. */
struct plan {
    const struct draft_world *w;
    const struct instrument *t; /* the draft */
    int before;                 /* the record it is compared with, -1 */
    bool nothing;               /* the store has this text already */
    bool has_diff;
    struct snapshot *snapshot;
    struct diff diff;
    struct error no_diff; /* why there is none */
};

static bool is_new(const struct draft_world *w, int i)
{
    return w->corpus->instrument[i].known_from == w->known;
}

/* The record the draft closes; for a new text, the first it replaces, as it was before. */
static int before(const struct draft_world *w)
{
    const struct corpus *c = w->corpus;
    const struct instrument *t = &c->instrument[w->draft];
    struct str id = t->n_replaces > 0 ? t->replaces[0] : t->id;
    if (w->draft > 0 && str_eq(c->instrument[w->draft - 1].id, t->id))
        id = t->id;
    for (int i = c->n_instruments - 1; i >= 0; i--)
        if (i != w->draft && str_eq(c->instrument[i].id, id) && !is_new(w, i))
            return i;
    return -1;
}

/* CALL SITE of compare/diff.h: what the draft changes in cells. A text that cannot be compared
 * so (no predecessor, a schedule) is published with the reason said. */
static void make_diff(struct plan *p, struct arena *a)
{
    struct side x, y;
    struct error *e = &p->no_diff;
    if (p->before < 0) {
        err_set(e, ERR_NOT_FOUND, "新文件，没有可比较的旧文本%s",
                "a new text: there is none to compare it with%s", "");
        return;
    }
    if (snapshot_create(&p->snapshot, p->w->corpus, e) == OK &&
        side_of_record(p->w->corpus, p->before, p->w->known, &x, e) == OK &&
        side_of_record(p->w->corpus, p->w->draft, p->w->known, &y, e) == OK &&
        diff_make(p->snapshot, &x, &y, &p->diff, a, e) == OK)
        p->has_diff = true;
}

static const char *change_name(const struct plan *p, int i, bool zh)
{
    const struct corpus *c = p->w->corpus;
    bool again = i > 0 && str_eq(c->instrument[i - 1].id, c->instrument[i].id);
    if (i != p->w->draft)
        return zh ? "终止" : "ended";
    return again ? zh ? "更正" : "correction" : zh ? "新增" : "new";
}

static void day_text(struct buf *b, day_t d)
{
    char z[11];
    day_format(d, z);
    buf_z(b, z[0] ? z : "…");
}

static void records_text(const struct plan *p, bool zh, struct buf *out)
{
    const struct corpus *c = p->w->corpus;
    for (int i = 0; i < c->n_instruments && !p->nothing; i++) {
        const struct instrument *t = &c->instrument[i];
        if (!is_new(p->w, i))
            continue;
        buf_printf(out, "%s %.*s  [", change_name(p, i, zh), STR_ARG(t->id));
        day_text(out, t->valid_from);
        buf_z(out, ", ");
        day_text(out, t->valid_to);
        buf_z(out, ")\n");
    }
    if (p->nothing)
        buf_z(out, zh ? "存储中已是此文本，没有改动\n" : "the store has this text already: nothing changes\n");
}

static void plan_text(const struct plan *p, const char *file, bool zh, struct buf *out)
{
    records_text(p, zh, out);
    if (p->has_diff && !p->nothing)
        diff_text(p->snapshot, &p->diff, zh, false, out);
    else if (!p->nothing)
        buf_printf(out, zh ? "未按格比较：%s\n" : "not compared in cells: %s\n",
                   zh ? p->no_diff.detail_zh : p->no_diff.detail_en);
    findings_text(&p->w->findings, file, zh, out);
}

static void records_json(const struct plan *p, struct jsonw *j)
{
    const struct corpus *c = p->w->corpus;
    jsonw_key(j, "records");
    jsonw_array(j);
    for (int i = 0; i < c->n_instruments && !p->nothing; i++) {
        const struct instrument *t = &c->instrument[i];
        if (!is_new(p->w, i))
            continue;
        jsonw_object(j);
        jsonw_kstr(j, "id", t->id);
        jsonw_kz(j, "change", change_name(p, i, false));
        jsonw_kday(j, "valid_from", t->valid_from);
        jsonw_kday(j, "valid_to", t->valid_to);
        jsonw_kz(j, "hash", t->hash);
        jsonw_end(j);
    }
    jsonw_end(j);
}

static void plan_json(const struct plan *p, const char *file, day_t known, bool published,
                      struct buf *out)
{
    struct jsonw j;
    struct buf diff;
    buf_init(&diff);
    jsonw_init(&j, out, true);
    jsonw_object(&j);
    jsonw_kz(&j, "file", file);
    jsonw_kstr(&j, "id", p->t->id);
    jsonw_kday(&j, "known_from", known);
    jsonw_kbool(&j, "published", published);
    jsonw_kbool(&j, "unchanged", p->nothing);
    records_json(p, &j);
    jsonw_key(&j, "changes");
    if (p->has_diff) {
        diff_json(p->snapshot, &p->diff, &diff, false);
        jsonw_raw(&j, str_trim(buf_view(&diff)));
    } else {
        jsonw_null(&j);
    }
    findings_json(&p->w->findings, NULL, &j);
    jsonw_end(&j);
    buf_char(out, '\n');
    buf_finish(&diff);
}

static enum err known_day(const struct args *a, day_t *known, struct error *e)
{
    const char *z = option_get(a, "known");
    *known = day_today();
    if (z == NULL)
        return OK;
    if (!day_parse(str_from(z), known))
        err_set(e, ERR_SYNTAX, "“%s”不是日期", "\"%s\" is not a date", z);
    else if (*known < day_today())
        err_set(e, ERR_INVALID, "%s 已过去：此前的答案不能因此改变",
                "%s is past: earlier answers must stay as they were", z);
    else
        return OK;
    err_at(e, "", 0, "known");
    return e->code;
}

/* SQLite would say so only half way: whoever may not write the store is told at once. */
static enum err may_write(const struct db *d, struct error *e)
{
    const char *path = db_path(d);
    if (strcmp(path, ":memory:") == 0 || access(path, W_OK) == 0)
        return OK;
    err_set(e, ERR_DENIED, "无权写入存储 %s", "the store %s may not be written", path);
    err_at(e, path, 0, "");
    return ERR_DENIED;
}

static enum err write_down(const struct draft_world *w, const char *file, day_t known,
                           struct error *e)
{
    TRY(may_write(w->db, e));
    if (w->store.signer.n == 0 && strcmp(db_path(w->db), ":memory:") != 0)
        return err_set(e, ERR_DENIED, "日志的密钥不可读，不能发布%s",
                       "the key of the log cannot be read: nothing is published%s", "");
    return registry_publish_seen(&w->store.book, w->text, file, known, w->now->hash, w->codes, e);
}

static void outcome_text(const struct plan *p, const char *file, day_t known, bool yes, bool zh,
                         struct buf *out)
{
    char day[11];
    day_format(known, day);
    if (p->w->findings.n_errors > 0)
        buf_printf(out, zh ? "有 %d 个错误，未发布\n" : "%d errors: not published\n",
                   p->w->findings.n_errors);
    else if (yes && !p->nothing)
        buf_printf(out, zh ? "已发布，自 %s 起为平台所知\n" : "published, known from %s\n", day);
    else if (!p->nothing)
        buf_printf(out, zh ? "以上为预演，未写入。发布：fumao list publish %s --known %s --yes\n"
                           : "a rehearsal: nothing was written. To publish: "
                             "fumao list publish %s --known %s --yes\n", file, day);
}

static bool given(const struct args *a, const char *name) /* an option without a value */
{
    for (int i = 0; i < a->n_options; i++)
        if (strcmp(a->option[i].name, name) == 0)
            return true;
    return false;
}

static int publish(const struct args *a, struct draft_world *w, day_t known)
{
    struct error e = {0};
    struct buf out;
    struct plan p = {.w = w, .t = &w->corpus->instrument[w->draft], .before = before(w),
                     .nothing = w->corpus->instrument[w->draft].known_from < w->known};
    bool yes = given(a, "yes"), ready = w->findings.n_errors == 0;
    buf_init(&out);
    if (!p.nothing)
        make_diff(&p, &w->arena);
    /* What it changes is shown before anything is written. */
    if (a->output == OUTPUT_TEXT) {
        plan_text(&p, a->word[2], a->zh, &out);
        print_out(&out);
        fflush(stdout);
        buf_clear(&out);
    }
    enum err r = ready && yes ? write_down(w, a->word[2], known, &e) : OK;
    if (r == OK && a->output == OUTPUT_TEXT)
        outcome_text(&p, a->word[2], known, yes, a->zh, &out);
    else if (r == OK)
        plan_json(&p, a->word[2], known, ready && yes && !p.nothing, &out);
    print_out(&out);
    buf_finish(&out);
    snapshot_destroy(p.snapshot);
    return r != OK ? print_fault(a, &e) : ready ? 0 : 1;
}

int list_publish(const struct args *a)
{
    static const char *const allowed[] = {"known", "yes", NULL};
    struct error e = {0};
    struct draft_world w = {0};
    day_t known = DAY_MIN;
    enum err r = options_check(a, allowed, &e);
    if (r == OK && a->n != 3)
        r = err_set(&e, ERR_USAGE, "用法：fumao list publish %s", "usage: fumao list publish %s",
                    "DRAFT [--known DATE] [--yes] [-o text|json]");
    if (r == OK)
        r = known_day(a, &known, &e);
    if (r != OK)
        return print_fault(a, &e);
    r = draft_world_open(&w, option_get(a, "store"), a->word[2], &e);
    bool fault = r != OK && draft_fault(&w, a->word[2], r, &e);
    int status = r == OK ? publish(a, &w, known) : print_fault(a, &e);
    draft_world_close(&w);
    return fault ? 1 : status;
}
