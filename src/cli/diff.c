/* COMMAND: list diff. */
#include "cli/internal.h"
#include "compare/diff.h"

static bool is_file(const char *operand)
{
    size_t n = strlen(operand);
    return n > 5 && strcmp(operand + n - 5, ".json") == 0;
}

/* The world with the draft that one operand names as a file. */
static enum err open_draft(struct world *w, const char *store, const char *file, int *draft,
                           day_t *known, struct error *e)
{
    struct str text;
    TRY(world_open(w, store, e));
    snapshot_destroy(w->snapshot);
    w->snapshot = NULL;
    enum err r = file_read(&w->arena, file, &text, e);
    if (r == OK)
        r = registry_load_draft(w->db, &w->corpus, draft, known, &w->arena, w->codes, text, file, e);
    if (r == OK)
        r = snapshot_create(&w->snapshot, w->corpus, e);
    if (r != OK)
        world_close(w);
    return r;
}

/* Beside a draft an edition is meant as it is known today. */
static enum err operand(const struct world *w, const char *spec, int draft, day_t known,
                        struct side *out, struct error *e)
{
    if (is_file(spec))
        return side_of_record(w->corpus, draft, known, out, e);
    TRY(side_parse(w->corpus, str_from(spec), day_today(), out, e));
    for (int i = 0; draft >= 0 && out->instrument >= 0 && i < w->corpus->n_instruments; i++)
        if (str_eq(w->corpus->instrument[i].id, str_from(spec)) && i != draft &&
            w->corpus->instrument[i].known_to == known)
            return side_of_record(w->corpus, i, day_today(), out, e);
    return OK;
}

static enum err compare(const struct args *a, const struct world *w, int draft, day_t known,
                        struct buf *out, int *status, struct error *e)
{
    struct side x, y;
    struct diff d;
    struct arena arena;
    TRY(operand(w, a->word[2], draft, known, &x, e));
    TRY(operand(w, a->word[3], draft, known, &y, e));
    arena_init(&arena);
    enum err r = diff_make(w->snapshot, &x, &y, &d, &arena, e);
    if (r == OK)
        r = diff_verify(w->snapshot, &d, e);
    if (r == OK && a->output == OUTPUT_JSON) {
        diff_json(w->snapshot, &d, out, true);
        buf_char(out, '\n');
    } else if (r == OK) {
        diff_text(w->snapshot, &d, a->zh, false, out);
    }
    *status = r == OK && d.opened + d.closed > 0 ? 1 : 0;
    arena_finish(&arena);
    return r;
}

int list_diff(const struct args *a)
{
    static const char *const allowed[] = {NULL};
    struct error e = {0};
    struct world w;
    struct buf out;
    int draft = -1, status = 0;
    day_t known = DAY_MIN;
    enum err r = options_check(a, allowed, &e);
    if (r == OK && a->n != 4) {
        r = err_set(&e, ERR_USAGE, "用法:fumao list diff %s", "usage: fumao list diff %s", "A B");
        err_hint(&e, "cn-national-2024 | cross-border@CN-SH@2025-01-01[@HK] | DRAFT.json");
    }
    if (r == OK && is_file(a->word[2]) && is_file(a->word[3]))
        r = err_set(&e, ERR_USAGE, "两侧不能都是草案：%s", "both sides cannot be drafts: %s", a->word[3]);
    if (r != OK)
        return print_fault(a, &e);
    const char *file = is_file(a->word[2]) ? a->word[2] : is_file(a->word[3]) ? a->word[3] : NULL;
    const char *store = option_get(a, "store");
    r = file != NULL ? open_draft(&w, store, file, &draft, &known, &e) : world_open(&w, store, &e);
    if (r != OK)
        return print_fault(a, &e);
    buf_init(&out);
    r = compare(a, &w, draft, known, &out, &status, &e);
    if (r == OK)
        print_out(&out);
    else
        status = print_fault(a, &e);
    buf_finish(&out);
    world_close(&w);
    return status;
}
