/* COMMAND: list lint. */
#include "cli/lint.h"
#include "law/write.h"

#include <stdio.h>

enum err draft_world_open(struct draft_world *w, const char *store, const char *file,
                          struct error *e)
{
    memset(w, 0, sizeof *w);
    arena_init(&w->arena);
    TRY(file_read(&w->arena, file, &w->text, e));
    if (str_has_prefix(w->text, STR("fumao-draft"))) {
        err_set(e, ERR_INVALID, "这是编辑用的草案文本，不是文件 JSON：%s",
                "a draft text, not an instrument file: %s", file);
        err_at(e, file, 1, "");
        err_hint(e, "fumao list import %s", file);
        return ERR_INVALID;
    }
    TRY(classification_load(&w->codes, &w->arena, e));
    TRY(store_open(&w->store, store, false, e));
    w->db = w->store.db;
    TRY(registry_load(w->db, &w->now, &w->arena, w->codes, e));
    struct corpus *c = NULL;
    TRY(registry_load_draft(w->db, &c, &w->draft, &w->known, &w->arena, w->codes, w->text,
                            file, e));
    w->corpus = c;
    c->instrument[w->draft].text = w->text; /* lines are those of the file */
    law_checks(c, w->draft, &w->arena, &w->findings);
    return OK;
}

void draft_world_close(struct draft_world *w)
{
    store_close(&w->store);
    arena_finish(&w->arena);
    memset(w, 0, sizeof *w);
}

bool draft_fault(const struct draft_world *w, const char *file, enum err r, struct error *e)
{
    if (w->text.p == NULL || strcmp(e->file, file) != 0 || (r != ERR_INVALID && r != ERR_SYNTAX))
        return false;
    if (e->line == 0 && e->field[0] == '/')
        e->line = law_line(w->text, e->field);
    return true;
}

static int warnings(const struct law_findings *f)
{
    return f->n - f->n_errors;
}

void findings_text(const struct law_findings *f, const char *file, bool zh, struct buf *out)
{
    static const char *const severity[2][2] = {{"error", "错误"}, {"warning", "提示"}};
    for (int i = 0; i < f->n; i++) {
        const struct law_finding *x = &f->f[i];
        struct str words = zh ? x->zh : x->en;
        buf_printf(out, "%s:%d: %s%s%.*s: %.*s [%s]\n", file, x->line,
                   severity[x->severity][zh], x->key.n ? " " : "", STR_ARG(x->key),
                   STR_ARG(words), x->code);
    }
}

static void finding_json(const struct law_finding *x, struct jsonw *j)
{
    jsonw_object(j);
    jsonw_kz(j, "severity", x->severity == FINDING_ERROR ? "error" : "warning");
    jsonw_kz(j, "code", x->code);
    jsonw_kstr(j, "key", x->key);
    jsonw_key(j, "field");
    jsonw_null(j);
    jsonw_kint(j, "line", x->line);
    kcount(j, "cells", (int64_t)x->cells);
    words_members(j, x->zh, x->en);
    jsonw_end(j);
}

static void fault_json(const struct error *e, struct jsonw *j)
{
    jsonw_object(j);
    jsonw_kz(j, "severity", "error");
    jsonw_kz(j, "code", err_name(e->code));
    jsonw_key(j, "key");
    jsonw_null(j);
    jsonw_kz(j, "field", e->field[0] ? e->field : NULL);
    jsonw_kint(j, "line", e->line);
    jsonw_key(j, "cells");
    jsonw_null(j);
    jsonw_kz(j, "zh", e->detail_zh);
    jsonw_kz(j, "en", e->detail_en);
    jsonw_end(j);
}

void findings_json(const struct law_findings *f, const struct error *e, struct jsonw *j)
{
    jsonw_kint(j, "errors", f->n_errors + (e != NULL));
    jsonw_kint(j, "warnings", warnings(f));
    jsonw_key(j, "findings");
    jsonw_array(j);
    if (e != NULL)
        fault_json(e, j);
    for (int i = 0; i < f->n; i++)
        finding_json(&f->f[i], j);
    jsonw_end(j);
}

static void lint_json(const struct draft_world *w, const char *file, const struct error *e,
                      struct buf *out)
{
    const struct instrument *t = w->corpus ? &w->corpus->instrument[w->draft] : NULL;
    struct jsonw j;
    jsonw_init(&j, out, true);
    jsonw_object(&j);
    jsonw_kz(&j, "file", file);
    jsonw_kstr(&j, "id", t ? t->id : (struct str){NULL, 0});
    jsonw_key(&j, "provisions");
    if (t != NULL)
        jsonw_int(&j, t->n);
    else
        jsonw_null(&j);
    findings_json(&w->findings, e, &j);
    jsonw_end(&j);
    buf_char(out, '\n');
}

static void lint_text(const struct draft_world *w, const char *file, bool zh, struct buf *out)
{
    const struct law_findings *f = &w->findings;
    int n = w->corpus->instrument[w->draft].n;
    findings_text(f, file, zh, out);
    if (f->n_errors > 0)
        buf_printf(out, zh ? "%s: %d 条，%d 个错误，%d 个提示\n"
                           : "%s: %d provisions, %d errors, %d warnings\n",
                   file, n, f->n_errors, warnings(f));
    else if (f->n > 0)
        buf_printf(out, zh ? "%s: %d 条，没有阻止发布的问题，%d 个提示\n"
                           : "%s: %d provisions, no findings that stop it, %d warnings\n",
                   file, n, warnings(f));
    else
        buf_printf(out, zh ? "%s: %d 条，未发现问题\n" : "%s: %d provisions, no findings\n", file, n);
}

/* Reads one instrument file as the loader would, beside the law of the store, and checks it. */
int list_lint(const struct args *a)
{
    static const char *const allowed[] = {NULL};
    struct error e = {0};
    struct draft_world w = {0};
    struct buf out;
    enum err r = options_check(a, allowed, &e);
    if (r == OK && a->n != 3)
        r = err_set(&e, ERR_USAGE, "用法：fumao list lint %s", "usage: fumao list lint %s", "FILE");
    if (r != OK)
        return print_fault(a, &e);
    buf_init(&out);
    r = draft_world_open(&w, option_get(a, "store"), a->word[2], &e);
    bool fault = r != OK && draft_fault(&w, a->word[2], r, &e);
    int status = fault || w.findings.n_errors > 0 ? 1 : 0;
    if (a->output == OUTPUT_JSON && (r == OK || fault))
        lint_json(&w, a->word[2], fault ? &e : NULL, &out);
    else if (r == OK)
        lint_text(&w, a->word[2], a->zh, &out);
    else if (print_fault(a, &e) != 0 && !fault)
        status = err_exit_status(r);
    print_out(&out);
    buf_finish(&out);
    draft_world_close(&w);
    return status;
}
