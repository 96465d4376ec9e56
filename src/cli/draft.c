/* COMMAND: list import. */
#include "cli/internal.h"
#include "annex/annex.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct desk { /* one run */
    const struct args *a;
    struct world w;
    const char *file, *out; /* out: NULL is stdout */
    struct error e;
    struct buf text; /* what is written: draft or instrument */
    struct jsonw j;
    struct buf json;
};

static enum err write_failed(struct error *e, const char *path)
{
    err_set(e, ERR_IO, "不能写入 %s：%s", "cannot write %s: %s", path, strerror(errno));
    err_at(e, path, 0, "out");
    return ERR_IO;
}

static enum err write_file(const char *path, const struct buf *b, struct error *e)
{
    struct file_new f;
    enum err r = OK;
    if (!file_new_open(&f, path, 0666) || !file_write(f.fd, buf_view(b)) ||
        !file_new_end(&f, path, true))
        r = write_failed(e, path);
    file_new_drop(&f);
    return r;
}

/* A draft may hold an editor's work: it is not written over. */
static enum err out_is_free(struct desk *d)
{
    if (d->out == NULL || access(d->out, F_OK) != 0)
        return OK;
    err_set(&d->e, ERR_CONFLICT, "%s 已存在，草稿不覆盖文件", "%s is there; a draft overwrites no file",
            d->out);
    err_at(&d->e, d->out, 0, "out");
    return ERR_CONFLICT;
}

static enum err edition(struct desk *d, const char *option, int *at)
{
    const char *id = option_get(d->a, option);
    *at = id ? instrument_find(d->w.corpus, str_from(id)) : -1;
    if (id == NULL || *at >= 0)
        return OK;
    err_set(&d->e, ERR_NOT_FOUND, "没有清单 %s", "there is no instrument %s", id);
    err_at(&d->e, "", 0, option);
    err_hint(&d->e, "fumao list log");
    return ERR_NOT_FOUND;
}

/* --- findings ------------------------------------------------------------------------------ */

static void print_findings(const struct desk *d, const struct annex_findings *f)
{
    for (int i = 0; i < f->n; i++)
        fprintf(stderr, "%s:%d: %s [%s]\n", d->file, f->at[i].line,
                d->a->zh ? f->at[i].zh : f->at[i].en, f->at[i].code);
    if (f->n_all > f->n)
        fprintf(stderr, d->a->zh ? "另有 %d 条未列出\n" : "and %d more\n", f->n_all - f->n);
}

static void findings_json(struct jsonw *j, const struct annex_findings *f)
{
    jsonw_kint(j, "findings_total", f->n_all);
    jsonw_key(j, "findings");
    jsonw_array(j);
    for (int i = 0; i < f->n; i++) {
        jsonw_object(j);
        jsonw_kint(j, "line", f->at[i].line);
        jsonw_kz(j, "code", f->at[i].code);
        jsonw_kbool(j, "stops", f->at[i].stops);
        jsonw_kz(j, "zh", f->at[i].zh);
        jsonw_kz(j, "en", f->at[i].en);
        jsonw_end(j);
    }
    jsonw_end(j);
}

/* --- output -------------------------------------------------------------------------------- */

static void json_begin(struct desk *d, const char *kind)
{
    jsonw_init(&d->j, &d->json, true);
    jsonw_object(&d->j);
    jsonw_kz(&d->j, "file", d->file);
    jsonw_kz(&d->j, "kind", kind);
}

/* The text goes to --out, into the JSON, or to stdout; after an error nowhere. */
static enum err deliver(struct desk *d, const char *member, bool raw)
{
    bool json = d->a->output == OUTPUT_JSON, has = d->text.n > 0;
    if (d->out != NULL && has)
        TRY(write_file(d->out, &d->text, &d->e));
    if (json) {
        jsonw_kz(&d->j, "out", has ? d->out : NULL);
        jsonw_key(&d->j, member);
        if (!has || d->out != NULL)
            jsonw_null(&d->j);
        else if (raw)
            jsonw_raw(&d->j, str_trim(buf_view(&d->text)));
        else
            jsonw_str(&d->j, buf_view(&d->text));
        jsonw_end(&d->j);
        buf_char(&d->json, '\n');
        print_out(&d->json);
    } else if (d->out == NULL) {
        print_out(&d->text);
    }
    return OK;
}

/* --- what is done -------------------------------------------------------------------------- */

static enum err import_annex(struct desk *d, struct str text, int *findings)
{
    struct annex *x;
    struct annex_summary s = {0};
    int base;
    const char *id = option_get(d->a, "id");
    TRY(out_is_free(d));
    TRY(edition(d, "base", &base));
    TRY(annex_read(&x, &d->w.arena, d->w.codes, text, d->file, &d->e));
    *findings = x->findings.n_all;
    bool written = x->findings.n_stops == 0;
    s.items = x->n;
    if (written)
        annex_propose(x, d->w.corpus, base, str_from(id), d->file, &d->w.arena, &d->text, &s);
    if (d->a->output == OUTPUT_JSON) {
        json_begin(d, "annex");
        jsonw_kz(&d->j, "base", option_get(d->a, "base"));
        jsonw_kint(&d->j, "items", s.items);
        jsonw_kint(&d->j, "matched", s.matched);
        jsonw_kint(&d->j, "same_words", s.same_words);
        jsonw_kint(&d->j, "proposals", s.proposals);
        jsonw_kint(&d->j, "gone", s.gone);
        findings_json(&d->j, &x->findings);
    } else {
        print_findings(d, &x->findings);
    }
    TRY(deliver(d, "draft", false));
    if (d->a->output != OUTPUT_JSON && written)
        fprintf(stderr,
                d->a->zh ? "%s：%d 项，%d 项与已知条目相近（%d 项文字相同），待定建议 %d 处\n"
                         : "%s: %d items, %d like a known rule (%d in the same words), %d "
                           "proposals to decide on\n",
                d->file, s.items, s.matched, s.same_words, s.proposals);
    else if (d->a->output != OUTPUT_JSON)
        fprintf(stderr,
                d->a->zh ? "%s：%d 项，有 %d 处须先改正；未写出\n"
                         : "%s: %d items, %d findings to mend first; nothing written\n",
                d->file, s.items, x->findings.n_stops);
    return OK;
}

static enum err import_draft(struct desk *d, struct str text, int *findings)
{
    struct draft draft;
    TRY(draft_convert(&draft, &d->w.arena, d->w.codes, text, d->file, &d->text, &d->e));
    *findings = draft.findings.n_all;
    if (d->a->output == OUTPUT_JSON) {
        json_begin(d, "draft");
        jsonw_kint(&d->j, "items", draft.items);
        jsonw_kint(&d->j, "proposals_left", draft.marks);
        findings_json(&d->j, &draft.findings);
    } else {
        print_findings(d, &draft.findings);
        if (*findings > 0)
            fprintf(stderr, d->a->zh ? "%s：%d 项，尚有建议 %d 处，问题 %d 处；未写出\n"
                                     : "%s: %d items, %d proposals left, %d findings; nothing "
                                       "written\n",
                    d->file, draft.items, draft.marks, *findings);
    }
    return deliver(d, "instrument", true);
}

static enum err export_edition(struct desk *d)
{
    const char *as = option_get(d->a, "as");
    bool annex = as != NULL && strcmp(as, "annex") == 0;
    int at;
    if (d->a->n != 2 || (as != NULL && !annex && strcmp(as, "draft") != 0))
        return err_set(&d->e, ERR_USAGE, "用法：fumao list import --export EDITION %s",
                       "usage: fumao list import --export EDITION %s",
                       "[--as draft|annex] [--out FILE]");
    TRY(out_is_free(d));
    TRY(edition(d, "export", &at));
    if (annex)
        annex_write(d->w.corpus, at, &d->text);
    else
        draft_write(d->w.corpus, at, &d->text);
    if (d->a->output == OUTPUT_JSON) {
        jsonw_init(&d->j, &d->json, true);
        jsonw_object(&d->j);
        jsonw_kz(&d->j, "edition", option_get(d->a, "export"));
        jsonw_kz(&d->j, "as", annex ? "annex" : "draft");
    }
    return deliver(d, "text", false);
}

static enum err import_file(struct desk *d, int *findings)
{
    struct str text;
    d->file = d->a->word[2];
    TRY(file_read(&d->w.arena, d->file, &text, &d->e));
    TRY(annex_decode(&text, d->file, &d->e));
    if (!draft_is(text))
        return import_annex(d, text, findings);
    const char *odd = option_get(d->a, "base") ? "base" : option_get(d->a, "id") ? "id" : NULL;
    if (odd != NULL)
        return err_set(&d->e, ERR_USAGE, "%s 是草稿，--%s 只用于附件文本",
                       "%s is a draft; --%s is for annex texts", d->file, odd);
    return import_draft(d, text, findings);
}

int list_import(const struct args *a)
{
    static const char *const allowed[] = {"base", "id", "out", "export", "as", NULL};
    struct desk d = {.a = a, .out = option_get(a, "out")};
    int findings = 0;
    bool export = option_get(a, "export") != NULL;
    bool odd = export ? option_get(a, "base") || option_get(a, "id") : option_get(a, "as") != NULL;
    if (options_check(a, allowed, &d.e) != OK)
        return print_fault(a, &d.e);
    if (odd || (!export && a->n != 3)) {
        err_set(&d.e, ERR_USAGE, "用法：fumao list import %s", "usage: fumao list import %s",
                "FILE [--base EDITION] [--id ID] [--out FILE] | --export EDITION [--as annex]");
        return print_fault(a, &d.e);
    }
    if (world_open(&d.w, option_get(a, "store"), &d.e) != OK)
        return print_fault(a, &d.e);
    buf_init(&d.text);
    buf_init(&d.json);
    enum err r = export ? export_edition(&d) : import_file(&d, &findings);
    int status = r != OK ? print_fault(a, &d.e) : findings > 0 ? 1 : 0;
    buf_finish(&d.text);
    buf_finish(&d.json);
    world_close(&d.w);
    return status;
}
